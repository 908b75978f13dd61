#include "ask.h"
#include "packets.h"

#include "core.h"
#include "tunnel.h"
#include "tunnels.h"

#include <string.h>

static struct flow_groups groups;

/* Kinds of layers are told apart by the address of their names. */
static const char gre[] = "gre", vlan[] = "vlan";

/* Through a tunnel of one host to another, with an identifier, and a tag around it. */
static void account_through(struct flow_meter *meter, struct flow_packet packet,
                            enum flow_family family, uint8_t from, uint8_t to, uint32_t id)
{
    struct flow_layer layers[] = {
        { .name = vlan, .id = { packet.fact.frame }, .ids = 1 },
        { .name = gre,
          .id = { id },
          .ids = 1,
          .family = (uint8_t)family,
          .bits = FLOW_LAYER_ENDS | FLOW_LAYER_ID_KEY | FLOW_LAYER_KEY },
    };

    memcpy(layers[1].end[0], host_end(FLOW_IPV4, from, 0).addr, FLOW_ADDR_LEN);
    memcpy(layers[1].end[1], host_end(FLOW_IPV4, to, 0).addr, FLOW_ADDR_LEN);
    packet.layers = layers;
    packet.layer_count = from > 0 ? 2 : 1;
    packet.fact.wire_len = 100 * packet.fact.frame;
    flow_meter_account(meter, &packet);
}

static void account(struct flow_meter *meter, uint32_t frame, uint16_t port, uint8_t from,
                    uint8_t to, uint32_t id)
{
    account_through(meter, udp_packet(frame, 1, port, 2, 53), FLOW_IPV4, from, to, id);
}

static void answer(struct flow_meter *meter, uint32_t frame, uint16_t port, uint8_t from,
                   uint8_t to, uint32_t id)
{
    account_through(meter, udp_packet(frame, 2, 53, 1, port), FLOW_IPV4, from, to, id);
}

static struct flow_meter *meter_of_three(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 7, &groups);

    account(meter, 1, 50000, 0, 0, 0);
    account(meter, 2, 50001, 8, 9, 5);
    account(meter, 3, 50002, 8, 7, 5);
    account(meter, 4, 50001, 8, 9, 5);
    account(meter, 5, 50003, 9, 8, 6); /* the other way, with another identifier */
    return meter;
}

static void test_a_tunnel_is_a_kind_between_two_ends(void)
{
    struct flow_meter *meter = meter_of_three();

    expect_absent(meter, 1, "tunnel.id");
    expect_absent(meter, 1, "tunnel.flows");
    expect_number(meter, 2, "tunnel.id", 0);
    expect_number(meter, 3, "tunnel.id", 1);
    expect_number(meter, 5, "tunnel.id", 0);
    expect_text(meter, 5, "tunnel.layers", "gre(10.0.0.8↔10.0.0.9)");
    expect_text(meter, 3, "tunnel.layers", "gre(10.0.0.8↔10.0.0.7)");
    expect_absent_first(meter, 5, "tunnel.id");
    flow_meter_free(meter);
}

static void test_its_flows_are_summed(void)
{
    struct flow_meter *meter = meter_of_three();

    expect_number(meter, 2, "tunnel.flows", 2);
    expect_number(meter, 2, "tunnel.pkts", 3);
    expect_number(meter, 2, "tunnel.wire_bytes", 200 + 400 + 500);
    expect_number(meter, 2, "tunnel.first_frame", 2);
    expect_number(meter, 2, "tunnel.last_frame", 5);
    expect_number(meter, 3, "tunnel.wire_bytes", 300);
    account(meter, 6, 50004, 7, 8, 1); /* what is recorded later counts */
    expect_number(meter, 3, "tunnel.wire_bytes", 900);
    expect_number(meter, 6, "tunnel.flows", 2);
    flow_meter_forget_states(meter);
    expect_number(meter, 6, "tunnel.flows", 2);
    answer(meter, 7, 50004, 8, 7, 1);
    expect_number(meter, 7, "tunnel.flows", 2);
    expect_number(meter, 7, "tunnel.pkts", 3);
    expect_number(meter, 7, "tunnel.wire_bytes", 300 + 600 + 700);
    flow_meter_free(meter);
}

/* As an export does that goes on from file to file. */
static void test_sums_merge(void)
{
    struct flow_meter *meter = meter_of_three();
    struct flow_tunnels *first = flow_tunnels_new(), *later = flow_tunnels_new();
    struct flow_tunneled more = { .pkts = 3, .wire_bytes = 5, .first_frame = 7, .last_frame = 9 };
    struct flow_view view;

    g_assert_true(flow_meter_flow_view(meter, 1, &view));
    flow_tunnels_add(later, view.paths, view.flow, &more);
    g_assert_true(flow_meter_flow_view(meter, 2, &view));
    flow_tunnels_add(first, view.paths, view.flow, &more);
    flow_tunnels_add(later, view.paths, view.flow,
                     &(struct flow_tunneled){ .pkts = 1, .first_frame = 4, .last_frame = 5 });
    flow_tunnels_merge(first, later);
    const struct flow_tunnel *tunnel = flow_tunnels_nth(first, 0);
    g_assert_cmpuint(tunnel->flows, ==, 2);
    g_assert_cmpuint(tunnel->pkts, ==, 4);
    g_assert_cmpuint(tunnel->wire_bytes, ==, 5);
    g_assert_cmpuint(tunnel->first_frame, ==, 4);
    g_assert_cmpuint(tunnel->last_frame, ==, 9);
    g_assert_cmpuint(flow_tunnels_nth(first, 1)->number, ==, 1);
    g_assert_null(flow_tunnels_nth(first, 2));
    g_assert_true(flow_tunnels_find(first, view.paths, view.flow) == tunnel);
    g_assert_true(flow_meter_flow_view(meter, 0, &view));
    g_assert_null(flow_tunnels_find(first, view.paths, view.flow));
    flow_tunnels_free(first);
    flow_tunnels_free(later);
    flow_meter_free(meter);
}

/* a00:8:: has the bytes of 10.0.0.8. */
static void test_the_same_bytes_are_not_the_same_address(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account(meter, 1, 50000, 8, 9, 5);
    account_through(meter, udp_packet(2, 1, 50001, 2, 53), FLOW_IPV6, 8, 9, 5);
    account_through(meter, udp_packet(3, 1, 50002, 2, 53), FLOW_IPV6, 9, 8, 5);
    account(meter, 4, 50003, 8, 8, 5); /* to itself */
    expect_number(meter, 1, "tunnel.id", 0);
    expect_number(meter, 2, "tunnel.id", 1);
    expect_number(meter, 3, "tunnel.id", 1);
    expect_number(meter, 4, "tunnel.id", 2);
    expect_text(meter, 2, "tunnel.layers", "gre(a00:8::↔a00:9::)");
    flow_meter_free(meter);
}

/* One that was forgotten may have been in any of them. */
static void test_where_flows_were_forgotten_no_tunnel_is_known(void)
{
    const struct flow_bounds bounds = { .max_open = 2 };
    struct flow_meter *meter = flow_meter_new(NULL, 7, &groups);

    flow_meter_bound(meter, &bounds);
    for (uint16_t i = 0; i < 3; i++)
        account(meter, i + 1u, 50000 + i, 8, 9, 5);
    expect_number(meter, 3, "tunnel.flows", 3);
    flow_meter_end_file(meter, 3, true);
    flow_meter_begin_file(meter);
    account(meter, 1, 50002, 8, 9, 5);
    flow_meter_finish(meter);
    expect_absent(meter, 1, "tunnel.id");
    expect_absent(meter, 1, "tunnel.flows");
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_tunnel_group);
    g_test_add_func("/tunnels/a-tunnel-is-a-kind-between-two-ends",
                    test_a_tunnel_is_a_kind_between_two_ends);
    g_test_add_func("/tunnels/its-flows-are-summed", test_its_flows_are_summed);
    g_test_add_func("/tunnels/sums-merge", test_sums_merge);
    g_test_add_func("/tunnels/the-same-bytes-are-not-the-same-address",
                    test_the_same_bytes_are_not_the_same_address);
    g_test_add_func("/tunnels/where-flows-were-forgotten-no-tunnel-is-known",
                    test_where_flows_were_forgotten_no_tunnel_is_known);
    return g_test_run();
}
