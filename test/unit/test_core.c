#include "ask.h"
#include "packets.h"

#include "all.h"
#include "core.h"

#include <glib.h>

/* What the core's rows say of the layers that a flow came through. */

static const char vlan_name[] = "vlan", gre_name[] = "gre", mpls_name[] = "mpls";

static void account(struct flow_meter *meter, uint32_t frame, enum flow_dir dir,
                    const struct flow_layer *layers, uint16_t count)
{
    struct flow_packet packet =
        dir == FLOW_UP ? udp_packet(frame, 1, 50000, 2, 53) : udp_packet(frame, 2, 53, 1, 50000);

    packet.layers = layers;
    packet.layer_count = count;
    flow_meter_account(meter, &packet);
}

static struct flow_value nth(struct flow_meter *meter, uint32_t frame, const char *name, unsigned n)
{
    static struct flow_view view;

    g_assert_true(flow_meter_view(meter, frame, true, &view));
    return flow_field_value_nth(flow_field_named(name), &view, n);
}

/* Those of both directions, each once, the source's first. */
static void expect_ids(struct flow_meter *meter, const uint32_t *ids, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct flow_value value = nth(meter, 1, "vni.id", i);
        g_assert_true(value.known);
        g_assert_cmpuint(value.as.number, ==, ids[i]);
    }
    g_assert_false(nth(meter, 1, "vni.id", count).known);
    g_assert_false(nth(meter, 1, "vni.id", UINT_MAX).known);
}

/* A second number of a layer that has one is nothing, whatever it is. */
static const struct flow_layer up[] = {
    { .name = vlan_name, .id = { 100, 7 }, .ids = 1 },
    { .name = gre_name, .id = { 8, 9 }, .ids = 0 },
    { .name = vlan_name, .id = { 200, 300 }, .ids = 2 },
    { .name = mpls_name, .id = { 100 }, .ids = 1 },
};
static const struct flow_layer down[] = {
    { .name = vlan_name, .id = { 400, 7 }, .ids = 1 },
    { .name = vlan_name, .id = { 300, 500 }, .ids = 2 },
};

static void test_identifiers_of_both_directions_are_there_once(void)
{
    static const uint32_t ids[] = { 100, 200, 300, 400, 500 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, 1, FLOW_UP, up, G_N_ELEMENTS(up));
    expect_ids(meter, ids, 3);
    account(meter, 2, FLOW_DOWN, down, G_N_ELEMENTS(down));
    expect_ids(meter, ids, G_N_ELEMENTS(ids));
    flow_meter_free(meter);
}

static void test_layers_have_names_and_a_flow_without_them_none(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, 1, FLOW_UP, up, G_N_ELEMENTS(up));
    for (unsigned i = 0; i < G_N_ELEMENTS(up); i++)
        g_assert_cmpstr(nth(meter, 1, "vni.name", i).as.text, ==, up[i].name);
    g_assert_false(nth(meter, 1, "vni.name", G_N_ELEMENTS(up)).known);
    flow_meter_free(meter);

    meter = flow_meter_new(NULL, 0, NULL);
    account(meter, 1, FLOW_UP, NULL, 0);
    expect_ids(meter, NULL, 0);
    g_assert_false(nth(meter, 1, "vni.name", 0).known);
    flow_meter_free(meter);
}

/* Of so many layers that not all of their identifiers have room, the first ones. */
static void test_many_identifiers(void)
{
    enum { LAYERS = 12, ROOM = 32 };
    struct flow_layer layers[FLOW_DIRS][LAYERS];
    uint32_t ids[ROOM];
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (uint32_t i = 0; i < FLOW_DIRS * LAYERS; i++)
        layers[i / LAYERS][i % LAYERS] = (struct flow_layer){ .name = vlan_name,
                                                              .id = { 1000 + 2 * i, 1001 + 2 * i },
                                                              .ids = 2 };
    for (uint32_t i = 0; i < ROOM; i++)
        ids[i] = 1000 + i;
    account(meter, 1, FLOW_UP, layers[FLOW_UP], LAYERS);
    expect_ids(meter, ids, 2 * LAYERS);
    account(meter, 2, FLOW_DOWN, layers[FLOW_DOWN], LAYERS);
    expect_ids(meter, ids, ROOM);
    flow_meter_free(meter);
}

/* An ICMP error about a flow, with all that a packet could have, between two packets. */
static void test_events_are_packets_to_no_group(void)
{
    struct flow_fact packet = { .time_ns = SECOND,
                                .frame = 1,
                                .wire_len = 100,
                                .cap_len = 100,
                                .payload_len = 10,
                                .ip_len = 50,
                                .bits = FLOW_FACT_TIME | FLOW_FACT_IP };
    struct flow_fact event = { .time_ns = 2 * SECOND,
                               .frame = 2,
                               .ordinal = 1,
                               .wire_len = 7000,
                               .cap_len = 7000,
                               .payload_len = 6000,
                               .ip_len = 6500,
                               .bits = FLOW_FACT_TIME | FLOW_FACT_IP | FLOW_FACT_EVENT };

    for (size_t i = 0; flow_groups_all[i]; i++) {
        const struct flow_group *group = flow_groups_all[i];
        if (!group->fold || group == &flow_core)
            continue;
        g_test_message("%s", group->name);
        void *state = g_malloc0(MAX(group->state_size, 1));
        void *note = g_malloc0(MAX(group->note_size, 1));
        struct flow_fold from = {
            .fact = &packet, .note = note, .family = FLOW_IPV4, .protocol = FLOW_PROTOCOL_UDP
        };
        group->fold(state, &from);
        void *before = g_memdup2(state, group->state_size);
        from.fact = &event;
        group->fold(state, &from);
        g_assert_cmpmem(state, group->state_size, before, group->state_size);
        g_free(before);
        g_free(note);
        g_free(state);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/core/identifiers-of-both-directions-are-there-once",
                    test_identifiers_of_both_directions_are_there_once);
    g_test_add_func("/core/layers-have-names-and-a-flow-without-them-none",
                    test_layers_have_names_and_a_flow_without_them_none);
    g_test_add_func("/core/many-identifiers", test_many_identifiers);
    g_test_add_func("/core/events-are-packets-to-no-group", test_events_are_packets_to_no_group);
    return g_test_run();
}
