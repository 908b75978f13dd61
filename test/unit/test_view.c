#include "packets.h"

#include "core.h"
#include "meter.h"

#include <glib.h>
#include <string.h>

/* States of a flow as a view has them: at a packet, whole, and of what a statistic selects. */

/* A group of frames: how many, and their sum. */
struct frames {
    uint32_t count;
    uint32_t sum;
    uint32_t family;
    uint32_t protocol;
};

static uint64_t folds;

static void fold_frames(void *state, const struct flow_fold *from)
{
    struct frames *frames = state;

    folds++;
    frames->count++;
    frames->sum += from->fact->frame;
    frames->family = from->family;
    frames->protocol = from->protocol;
}

static const struct flow_row no_rows[] = { { .name = NULL } };

#define FRAMES_GROUP(title)                                                                        \
    {                                                                                              \
        .version = FLOW_EXTENSION_VERSION, .state_size = sizeof(struct frames), .name = (title),   \
        .rows = no_rows, .fold = fold_frames                                                       \
    }
static const struct flow_group first_group = FRAMES_GROUP("unit.first"),
                               second_group = FRAMES_GROUP("unit.second"),
                               off_group = FRAMES_GROUP("unit.off");
static struct flow_groups groups;

/* Flow 0 has frames 1, 2, 4 and 5 and an error at frame 6; flow 1 has frame 3, that error's 6. */
static struct flow_meter *two_flows(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet error = packet_of(6, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 2, 1));
    const struct flow_packet packets[] = {
        udp_packet(1, 1, 50000, 2, 53), udp_packet(2, 2, 53, 1, 50000),
        udp_packet(3, 1, 50001, 2, 53), udp_packet(4, 1, 50000, 2, 53),
        udp_packet(5, 1, 50000, 2, 53),
    };

    error.quote = packets[0].tuple;
    error.bits = FLOW_PACKET_QUOTE;
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_meter_account(meter, &packets[i]);
    flow_meter_account(meter, &error);
    return meter;
}

static void assert_frames(const struct frames *frames, uint32_t count, uint32_t sum)
{
    g_assert_nonnull(frames);
    g_assert_cmpuint(frames->count, ==, count);
    g_assert_cmpuint(frames->sum, ==, sum);
}

static bool passes(const struct flow_fact *fact, void *data)
{
    const uint32_t *frames = data; /* a bit each */

    return *frames >> fact->frame & 1;
}

/* Room for the states of all groups, with rubbish in it. */
static struct flow_selection selection_of(struct frames *room, flow_passes passes_filter,
                                          void *data)
{
    static struct flow_state core;
    struct flow_selection selection = { .passes = passes_filter, .data = data };

    memset(room, 0xa5, 2 * sizeof *room);
    selection.states[0] = &core;
    selection.states[1] = &room[0];
    selection.states[2] = &room[1];
    return selection;
}

static void test_a_view_has_the_states_of_its_packet(void)
{
    struct flow_meter *meter = two_flows();
    struct flow_view view;

    g_assert_true(flow_meter_view(meter, 4, true, &view));
    assert_frames(flow_view_so_far(&view, &second_group), 3, 1 + 2 + 4);
    assert_frames(flow_view_whole(&view, &second_group), 5, 1 + 2 + 4 + 5 + 6);
    g_assert_null(flow_view_so_far(&view, &off_group));
    g_assert_null(flow_view_whole(&view, &off_group));
    g_assert_true(flow_meter_view(meter, 4, false, &view));
    assert_frames(flow_view_so_far(&view, &first_group), 3, 1 + 2 + 4);
    g_assert_null(flow_view_whole(&view, &first_group)); /* a first dissection */
    g_assert_true(flow_meter_flow_view(meter, 1, &view));
    g_assert_null(flow_view_so_far(&view, &first_group)); /* of no packet */
    assert_frames(flow_view_whole(&view, &first_group), 1, 3);
    flow_meter_free(meter);
}

static void test_a_selection_stands_for_the_whole(void)
{
    uint32_t chosen = 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6;
    struct flow_meter *meter = two_flows();
    struct frames room[2];
    struct flow_selection selection = selection_of(room, passes, &chosen);
    struct flow_view view;

    g_assert_true(flow_meter_flow_view(meter, 0, &view));
    view.selection = &selection;
    folds = 0;
    assert_frames(flow_view_whole(&view, &second_group), 3, 2 + 5 + 6);
    g_assert_cmpuint(folds, ==, 3); /* nobody has asked for the others */
    g_assert_cmpuint(selection.folded, ==, 1 << 2);
    assert_frames(flow_view_whole(&view, &second_group), 3, 2 + 5 + 6);
    g_assert_cmpuint(folds, ==, 3); /* and what was asked for is there */
    assert_frames(flow_view_whole(&view, &first_group), 3, 2 + 5 + 6);
    g_assert_cmpuint(folds, ==, 6);
    g_assert_null(flow_view_whole(&view, &off_group));
    flow_meter_free(meter);
}

/* Several groups in one pass, each after its own state of what is not kept. */
static void test_a_selection_goes_on_from_what_is_settled(void)
{
    struct flow_meter *meter = two_flows();
    uint8_t *settled = g_malloc0(groups.state_size);
    const struct frames before[] = { { .count = 10, .sum = 100 }, { .count = 20, .sum = 200 } };
    struct frames room[2];
    struct flow_selection selection = selection_of(room, NULL, NULL);
    struct flow_view view;

    for (unsigned i = 0; i < 2; i++)
        memcpy(settled + groups.on[1 + i].state_at, &before[i], sizeof before[i]);
    g_assert_true(flow_meter_flow_view(meter, 0, &view));
    view.selection = &selection;
    selection.settled = settled;
    flow_view_select(&view, 1 << 1 | 1 << 2);
    g_assert_cmpuint(selection.folded, ==, 1 << 1 | 1 << 2);
    assert_frames(&room[0], 10 + 5, 100 + 18);
    assert_frames(&room[1], 20 + 5, 200 + 18);
    assert_frames(flow_view_whole(&view, &first_group), 15, 118);
    g_free(settled);
    flow_meter_free(meter);
}

/* A group that is on or not, over all facts, or those that pass. */
static void test_any_group_can_be_folded(void)
{
    static const struct {
        bool is_selected, is_filtered;
        uint32_t count, sum;
    } rows[] = { { false, false, 5, 18 }, { true, false, 5, 18 }, { true, true, 2, 1 + 4 } };
    uint32_t chosen = 1 << 1 | 1 << 3 | 1 << 4;
    struct flow_meter *meter = two_flows();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct frames room[2], frames = { .count = 0 };
        struct flow_selection selection =
            selection_of(room, rows[i].is_filtered ? passes : NULL, &chosen);
        struct flow_view view;

        g_assert_true(flow_meter_flow_view(meter, 0, &view));
        view.selection = rows[i].is_selected ? &selection : NULL;
        flow_view_fold(&view, &off_group, &frames);
        assert_frames(&frames, rows[i].count, rows[i].sum);
        g_assert_cmpuint(frames.family, ==, FLOW_IPV4);
        g_assert_cmpuint(frames.protocol, ==, FLOW_PROTOCOL_UDP);
    }
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &first_group);
    flow_groups_add(&groups, &second_group);
    g_test_add_func("/view/a-view-has-the-states-of-its-packet",
                    test_a_view_has_the_states_of_its_packet);
    g_test_add_func("/view/a-selection-stands-for-the-whole",
                    test_a_selection_stands_for_the_whole);
    g_test_add_func("/view/a-selection-goes-on-from-what-is-settled",
                    test_a_selection_goes_on_from_what_is_settled);
    g_test_add_func("/view/any-group-can-be-folded", test_any_group_can_be_folded);
    return g_test_run();
}
