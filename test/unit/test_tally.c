#include "packets.h"
#include "traffic.h"

#include "all.h"
#include "core.h"
#include "field.h"
#include "shape.h"
#include "tally.h"

#include <glib.h>
#include <string.h>

enum { RANDOM_FRAMES = 3000 };

/* What a tally told: a row a flow. */
struct row {
    uint32_t id;
    uint32_t up_pkts, down_pkts;
    struct flow_state whole;
};

static const struct flow_state *whole_of(struct flow_view *view)
{
    return flow_view_whole(view, &flow_core);
}

static void add_row(struct flow_view *view, void *data)
{
    const struct flow_state *whole = whole_of(view);
    struct row row = { .id = view->flow->id,
                       .up_pkts = whole->half[FLOW_UP].pkts,
                       .down_pkts = whole->half[FLOW_DOWN].pkts,
                       .whole = *whole };

    g_array_append_val((GArray *)data, row);
}

static GArray *rows_of(struct flow_tally *tally, struct flow_meter *meter)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct row));

    flow_tally_each(tally, meter, add_row, rows);
    return rows;
}

static void assert_row(const GArray *rows, unsigned number, uint32_t id, uint32_t up_pkts,
                       uint32_t down_pkts)
{
    const struct row *row = &g_array_index(rows, struct row, number);

    g_assert_cmpuint(row->id, ==, id);
    g_assert_cmpuint(row->up_pkts, ==, up_pkts);
    g_assert_cmpuint(row->down_pkts, ==, down_pkts);
}

static void account(struct flow_meter *meter, struct flow_packet packet)
{
    flow_meter_account(meter, &packet);
}

/* Flow 0 has frames 1, 2 and 4, flow 1 has frame 3. */
static struct flow_meter *two_flows(uint32_t first_id)
{
    struct flow_meter *meter = flow_meter_new(NULL, first_id, NULL);

    account(meter, udp_packet(1, 1, 50000, 2, 53));
    account(meter, udp_packet(2, 2, 53, 1, 50000));
    account(meter, udp_packet(3, 1, 50001, 2, 53));
    account(meter, udp_packet(4, 1, 50000, 2, 53));
    flow_meter_finish(meter);
    return meter;
}

static void test_without_a_filter_all_flows_as_they_are(void)
{
    struct flow_tally *tally = flow_tally_new(false);
    struct flow_meter *meter = two_flows(0);
    GArray *rows = rows_of(tally, meter);

    g_assert_cmpuint(rows->len, ==, 2);
    assert_row(rows, 0, 0, 2, 1);
    assert_row(rows, 1, 1, 1, 0);
    g_array_unref(rows);
    flow_meter_free(meter);
    flow_tally_free(tally);
    flow_tally_free(NULL);
}

static const struct {
    const char *claim;
    uint32_t passed[4];
    unsigned flows;
    uint32_t id, up_pkts, down_pkts; /* of the first row */
} filters[] = {
    { "nothing", { 0 }, 0, 0, 0, 0 },
    { "one packet", { 4 }, 1, 0, 1, 0 },
    { "one direction", { 1, 4 }, 1, 0, 2, 0 },
    { "the answer alone", { 2 }, 1, 0, 0, 1 },
    { "the other flow", { 3 }, 1, 1, 1, 0 },
    { "some of each", { 3, 2, 1 }, 2, 0, 1, 1 },
    { "everything", { 1, 2, 3, 4 }, 2, 0, 2, 1 },
    { "frames of no flow", { 77, 4096, 1000003 }, 0, 0, 0, 0 },
};

static void test_a_filter_leaves_what_passed(void)
{
    struct flow_meter *meter = two_flows(0);

    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        struct flow_tally *tally = flow_tally_new(true);

        g_test_message("%s", filters[i].claim);
        for (size_t n = 0; n < G_N_ELEMENTS(filters[i].passed) && filters[i].passed[n]; n++)
            flow_tally_pass(tally, filters[i].passed[n]);
        GArray *rows = rows_of(tally, meter);
        g_assert_cmpuint(rows->len, ==, filters[i].flows);
        if (rows->len > 0)
            assert_row(rows, 0, filters[i].id, filters[i].up_pkts, filters[i].down_pkts);
        g_array_unref(rows);
        flow_tally_free(tally);
    }
    flow_meter_free(meter);
}

static void test_a_frame_may_pass_more_than_once(void)
{
    struct flow_meter *meter = two_flows(0);
    struct flow_tally *tally = flow_tally_new(true);

    flow_tally_pass(tally, 1);
    flow_tally_pass(tally, 1);
    GArray *rows = rows_of(tally, meter);
    assert_row(rows, 0, 0, 1, 0);
    g_array_unref(rows);
    flow_tally_free(tally);
    flow_meter_free(meter);
}

static void test_what_passed_may_be_forgotten(void)
{
    struct flow_meter *meter = two_flows(0);
    struct flow_tally *tally = flow_tally_new(true);

    flow_tally_pass(tally, 1);
    flow_tally_pass(tally, 2);
    flow_tally_clear(tally);
    GArray *rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 0);
    g_array_unref(rows);

    flow_tally_pass(tally, 3);
    rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 1);
    g_array_unref(rows);
    flow_tally_free(tally);
    flow_meter_free(meter);
}

/* Another file's flows: what passed in the closed one does not pass in this one. */
static void test_another_file_begins_with_nothing_passed(void)
{
    struct flow_tally *tally = flow_tally_new(true);
    struct flow_meter *meter = two_flows(0);

    flow_tally_pass(tally, 1);
    flow_tally_pass(tally, 3);
    GArray *rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 2);
    assert_row(rows, 0, 0, 1, 0);
    assert_row(rows, 1, 1, 1, 0);
    g_array_unref(rows);
    flow_meter_free(meter);

    flow_tally_clear(tally);
    meter = two_flows(2);
    flow_tally_pass(tally, 2);
    rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 1);
    assert_row(rows, 0, 2, 0, 1);
    g_array_unref(rows);
    flow_meter_free(meter);
    rows = rows_of(tally, NULL);
    g_assert_cmpuint(rows->len, ==, 0);
    g_array_unref(rows);
    flow_tally_free(tally);
}

/* Of a number that was used again the last packet passes, and it alone. */
static void test_a_frame_number_used_again_passes_with_its_last_packet(void)
{
    struct flow_packet rejected = udp_packet(2, 1, 50000, 2, 53), taken = rejected;
    struct flow_packet elsewhere = udp_packet(2, 1, 50001, 2, 53);
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_tally *tally = flow_tally_new(true);

    rejected.fact.cap_len = 1000;
    taken.fact.cap_len = 30;
    account(meter, udp_packet(1, 1, 50000, 2, 53));
    account(meter, rejected);
    account(meter, taken);
    flow_tally_pass(tally, 2);
    GArray *rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 1);
    assert_row(rows, 0, 0, 1, 0);
    g_assert_cmpuint(g_array_index(rows, struct row, 0).whole.half[FLOW_UP].bytes, ==, 30);
    g_array_unref(rows);

    account(meter, elsewhere);
    rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 1);
    assert_row(rows, 0, 1, 1, 0);
    g_array_unref(rows);
    flow_tally_free(tally);
    flow_meter_free(meter);
}

static void assert_fields_of_a_flow(struct flow_view *view, void *data)
{
    unsigned *known = data;

    for (size_t i = 0; i < flow_field_count(); i++) {
        struct flow_value value = flow_field_value(flow_field_at(i), view);

        enum flow_scope scope = flow_field_at(i)->scope;
        if (scope == FLOW_SCOPE_PACKET || scope == FLOW_SCOPE_LATER || scope == FLOW_SCOPE_SOFAR)
            g_assert_false(value.known);
        *known += value.known;
        if (value.known && strcmp(flow_field_at(i)->name, "vni") == 0)
            g_assert_cmpstr(value.as.text, ==, "vlan(100)");
    }
}

/* All that can be asked about a flow can be asked under a filter. */
static void test_filtered_flows_know_their_fields(void)
{
    static const char vlan[] = "vlan";
    struct flow_layer layer = { .name = vlan, .id = { 100 }, .ids = 1 };
    struct flow_tally *tallies[] = { flow_tally_new(false), flow_tally_new(true) };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet packet = tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0);
    unsigned known[2] = { 0 };

    packet.layers = &layer;
    packet.layer_count = 1;
    account(meter, packet);
    flow_meter_finish(meter);
    for (unsigned filtered = 0; filtered < 2; filtered++) {
        flow_tally_pass(tallies[filtered], 1);
        flow_tally_each(tallies[filtered], meter, assert_fields_of_a_flow, &known[filtered]);
        flow_tally_free(tallies[filtered]);
    }
    g_assert_cmpuint(known[0], >, 20);
    g_assert_cmpuint(known[1], ==, known[0]);
    flow_meter_free(meter);
}

/* A fragment that waited is accounted after its own frame, and passes with it all the same. */
static void test_early_fragments_pass_by_their_own_frame(void)
{
    struct flow_tally *tally = flow_tally_new(true);
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, later_fragment(1, FLOW_PROTOCOL_UDP, 1, 2, 7));
    flow_tally_pass(tally, 1);
    account(meter, first_fragment(udp_packet(2, 1, 50000, 2, 53), 7));
    GArray *rows = rows_of(tally, meter);
    g_assert_cmpuint(rows->len, ==, 1);
    assert_row(rows, 0, 0, 1, 0);
    g_assert_cmpuint(g_array_index(rows, struct row, 0).whole.half[FLOW_UP].frag_pkts, ==, 0);
    g_array_unref(rows);
    flow_meter_free(meter);
    flow_tally_free(tally);
}

/* A fragment may wait for long: what passed is remembered for a million frames, and no longer. */
static void test_frames_of_earlier_files(void)
{
    enum { FIRST = 1 << 20, MORE = 800 };
    static const uint32_t passed[] = { 1, 100, MORE - 1, MORE, MORE + 1, MORE + 9, FIRST + MORE };
    const struct flow_bounds bounds = { .max_open = 10 };
    struct flow_tally *tally = flow_tally_new(true);
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    flow_meter_bound(meter, &bounds);
    for (size_t i = 0; i < G_N_ELEMENTS(passed); i++)
        flow_tally_pass(tally, passed[i]);
    flow_meter_end_file(meter, FIRST, true);
    flow_tally_go_on(tally, meter);
    for (uint32_t frame = 1, i = 0; frame <= FIRST + MORE; frame++) {
        bool has_passed = frame == passed[i];
        if (flow_tally_has_passed(tally, frame) != has_passed)
            g_error("frame %u", frame);
        i += has_passed;
    }
    flow_meter_end_file(meter, MORE, true);
    flow_tally_go_on(tally, meter);
    for (size_t i = 0; i < G_N_ELEMENTS(passed); i++)
        g_assert_cmpint(flow_tally_has_passed(tally, passed[i]), ==, passed[i] >= MORE);

    /* Frames of this file follow; of a file in which none passed nothing is kept. */
    flow_tally_pass(tally, 7);
    g_assert_true(flow_tally_has_passed(tally, FIRST + MORE + 7));
    g_assert_false(flow_tally_has_passed(tally, FIRST + MORE + 6));
    g_assert_false(flow_tally_has_passed(tally, 7));
    flow_meter_end_file(meter, 3 * FIRST, true);
    flow_tally_go_on(tally, meter);
    g_assert_false(flow_tally_has_passed(tally, FIRST + MORE + 7));
    flow_tally_pass(tally, 8);
    g_assert_true(flow_tally_has_passed(tally, 4 * FIRST + MORE + 8));
    g_assert_false(flow_tally_has_passed(tally, 4 * FIRST + MORE + 7));
    flow_meter_free(meter);
    flow_tally_free(tally);
}

static struct flow_meter *random_meter_of(uint32_t seed, const struct flow_groups *groups)
{
    GRand *rand = g_rand_new_with_seed(seed);
    struct flow_meter *meter = flow_meter_new(NULL, 0, groups);

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++)
        account(meter, random_packet(rand, frame));
    flow_meter_finish(meter);
    g_rand_free(rand);
    return meter;
}

static struct flow_meter *random_meter(uint32_t seed)
{
    return random_meter_of(seed, NULL);
}

static void assert_same_value(const struct flow_field *field, struct flow_value value,
                              struct flow_inquiry *inquiry)
{
    char *text = value.known && field->kind == FLOW_TEXT ? g_strdup(value.as.text) : NULL;
    struct flow_value other = flow_inquiry_value(inquiry, field);

    g_test_message("%s", field->name);
    g_assert_cmpint(other.known, ==, value.known);
    if (text)
        g_assert_cmpstr(other.as.text, ==, text);
    else if (value.known)
        g_assert_cmpuint(other.as.number, ==, value.as.number);
    g_free(text);
}

/* Fields as they come, and each far from the one before. */
static void assert_inquiry(struct flow_view *view, void *data)
{
    static const size_t steps[] = { 1, 211 };
    size_t count = flow_field_count();
    unsigned *known = data;

    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        struct flow_inquiry inquiry = { .asked.view = view };
        for (size_t n = 0; n < count; n++) {
            const struct flow_field *field = flow_field_at(n * steps[i] % count);
            struct flow_value value = flow_field_value(field, view);
            *known += value.known;
            assert_same_value(field, value, &inquiry);
        }
    }
}

/* All groups are on but one. */
static void test_an_inquiry_answers_as_single_questions_do(void)
{
    struct flow_groups groups = { .count = 0 };
    unsigned known = 0;

    for (size_t i = 0; flow_groups_all[i]; i++)
        if (flow_groups_all[i] != &flow_shape)
            flow_groups_add(&groups, flow_groups_all[i]);
    struct flow_meter *meter = random_meter_of(23, &groups);
    for (unsigned is_filtered = 0; is_filtered < 2; is_filtered++) {
        struct flow_tally *tally = flow_tally_new(is_filtered);
        for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame += 2)
            flow_tally_pass(tally, frame);
        flow_tally_each(tally, meter, assert_inquiry, &known);
        flow_tally_free(tally);
    }
    g_assert_cmpuint(known, >, 10000);
    flow_meter_free(meter);
}

/* A filter that lets all pass is no filter. */
static void test_all_passed_is_the_whole(void)
{
    struct flow_meter *meter = random_meter(21);
    struct flow_tally *all = flow_tally_new(false), *passed = flow_tally_new(true);

    for (uint32_t frame = RANDOM_FRAMES; frame > 0; frame--)
        flow_tally_pass(passed, frame);
    GArray *left = rows_of(all, meter), *right = rows_of(passed, meter);
    g_assert_cmpuint(left->len, ==, flow_meter_flows(meter));
    g_assert_cmpuint(left->len, ==, right->len);
    for (unsigned i = 0; i < left->len && i < right->len; i++)
        g_assert_true(memcmp(&g_array_index(left, struct row, i).whole,
                             &g_array_index(right, struct row, i).whole,
                             sizeof(struct flow_state)) == 0);
    g_array_unref(left);
    g_array_unref(right);
    flow_tally_free(all);
    flow_tally_free(passed);
    flow_meter_free(meter);
}

static void test_a_filter_and_its_opposite_sum_to_the_whole(void)
{
    struct flow_meter *meter = random_meter(22);
    struct flow_tally *tallies[2] = { flow_tally_new(true), flow_tally_new(true) };
    GRand *rand = g_rand_new_with_seed(23);
    uint64_t pkts = 0, payload = 0, want_payload = 0;
    struct flow_view view;

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++)
        flow_tally_pass(tallies[g_rand_int(rand) % 2], frame);
    for (unsigned side = 0; side < 2; side++) {
        GArray *rows = rows_of(tallies[side], meter);
        uint32_t last_id = 0;

        for (unsigned i = 0; i < rows->len; i++) {
            const struct row *row = &g_array_index(rows, struct row, i);
            pkts += row->up_pkts + row->down_pkts;
            payload += row->whole.half[0].payload_bytes + row->whole.half[1].payload_bytes;
            g_assert_cmpuint(row->up_pkts + row->down_pkts, >, 0);
            g_assert_true(i == 0 || row->id > last_id);
            last_id = row->id;
        }
        g_array_unref(rows);
        flow_tally_free(tallies[side]);
    }
    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++)
        want_payload +=
            whole_of(&view)->half[0].payload_bytes + whole_of(&view)->half[1].payload_bytes;
    g_assert_cmpuint(pkts, ==, RANDOM_FRAMES);
    g_assert_cmpuint(payload, ==, want_payload);
    g_rand_free(rand);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/tally/without-a-filter-all-flows-as-they-are",
                    test_without_a_filter_all_flows_as_they_are);
    g_test_add_func("/tally/a-filter-leaves-what-passed", test_a_filter_leaves_what_passed);
    g_test_add_func("/tally/a-frame-may-pass-more-than-once", test_a_frame_may_pass_more_than_once);
    g_test_add_func("/tally/what-passed-may-be-forgotten", test_what_passed_may_be_forgotten);
    g_test_add_func("/tally/another-file-begins-with-nothing-passed",
                    test_another_file_begins_with_nothing_passed);
    g_test_add_func("/tally/a-frame-number-used-again-passes-with-its-last-packet",
                    test_a_frame_number_used_again_passes_with_its_last_packet);
    g_test_add_func("/tally/filtered-flows-know-their-fields",
                    test_filtered_flows_know_their_fields);
    g_test_add_func("/tally/early-fragments-pass-by-their-own-frame",
                    test_early_fragments_pass_by_their_own_frame);
    g_test_add_func("/tally/frames-of-earlier-files", test_frames_of_earlier_files);
    g_test_add_func("/tally/an-inquiry-answers-as-single-questions-do",
                    test_an_inquiry_answers_as_single_questions_do);
    g_test_add_func("/tally/all-passed-is-the-whole", test_all_passed_is_the_whole);
    g_test_add_func("/tally/a-filter-and-its-opposite-sum-to-the-whole",
                    test_a_filter_and_its_opposite_sum_to_the_whole);
    return g_test_run();
}
