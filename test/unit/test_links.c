#include "ask.h"
#include "packets.h"

#include "among_flows.h"
#include "core.h"

#include <string.h>

static struct flow_groups groups;

static struct flow_meter *meter_new(void)
{
    return flow_meter_new(NULL, 7, &groups);
}

/* Account a packet whose conversation was set up by a frame. */
static void account(struct flow_meter *meter, struct flow_packet packet, uint32_t setup_frame)
{
    flow_meter_account(meter, &packet);
    if (flow_meter_wants_link(meter))
        flow_meter_link(meter, setup_frame);
}

/* The control connection of two others. */
static void account_family(struct flow_meter *meter)
{
    account(meter, tcp_packet(1, 1, 50000, 2, 21, "S", 100, 0), 0);
    account(meter, tcp_packet(2, 1, 50001, 2, 6000, "S", 100, 0), 1);
    account(meter, tcp_packet(3, 2, 21, 1, 50000, "A", 100, 0), 0);
    account(meter, tcp_packet(4, 2, 20, 1, 50002, "S", 100, 0), 3);
    account(meter, tcp_packet(5, 1, 50002, 2, 20, "A", 100, 0), 1);
}

static void test_a_frame_of_another_flow_links_two(void)
{
    struct flow_meter *meter = meter_new();

    account_family(meter);
    expect_absent(meter, 1, "parent");
    expect_absent(meter, 1, "parent_frame");
    expect_number(meter, 1, "children", 2);
    expect_number(meter, 2, "parent", 7);
    expect_number(meter, 2, "parent_frame", 1);
    expect_number(meter, 2, "children", 0);
    expect_number(meter, 4, "parent_frame", 3);
    expect_number(meter, 5, "parent_frame", 3);          /* what its first packet said */
    g_assert_true(ask(meter, 4, "parent", false).known); /* at once */
    expect_absent_first(meter, 1, "children");
    flow_meter_free(meter);
}

static void test_links_outlive_forgotten_states(void)
{
    struct flow_meter *meter = meter_new();

    account_family(meter);
    flow_meter_forget_states(meter);
    expect_number(meter, 2, "parent", 7);
    expect_number(meter, 1, "children", 2);
    flow_meter_free(meter);
}

static void test_only_the_first_packet_of_a_flow_links(void)
{
    struct flow_meter *meter = meter_new();

    account_family(meter);
    g_assert_false(flow_meter_wants_link(meter));
    struct flow_packet other = udp_packet(6, 1, 1, 2, 2);
    flow_meter_account(meter, &other);
    g_assert_true(flow_meter_wants_link(meter));
    flow_meter_free(meter);
}

/* One conversation to Wireshark: a connection after another, and a flow of its own. */
static void test_the_same_ends_are_no_link(void)
{
    struct flow_meter *meter = meter_new();

    account(meter, tcp_packet(1, 1, 50000, 2, 21, "S", 100, 0), 1);
    account(meter, tcp_packet(2, 1, 50000, 2, 21, "S", 900, 0), 1);
    account(meter, udp_packet(3, 1, 50000, 2, 21), 0);
    expect_number(meter, 2, "prev_flow", 7);
    for (uint32_t frame = 1; frame <= 3; frame++)
        expect_absent(meter, frame, "parent");
    flow_meter_free(meter);
}

static void test_what_is_no_flow_is_no_parent(void)
{
    struct flow_meter *meter = meter_new();

    account(meter, udp_packet(2, 1, 50000, 2, 53), 1);
    account(meter, udp_packet(3, 1, 50001, 2, 53), 99);
    expect_absent(meter, 2, "parent");
    expect_absent(meter, 3, "parent");
    flow_meter_free(meter);
}

/* Wireshark makes the conversation of what an ICMP error quotes. */
static void test_an_error_is_no_parent(void)
{
    struct flow_meter *meter = meter_new();

    account(meter, packet_of(1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 3, 1)), 0);
    account(meter, udp_packet(2, 1, 50000, 2, 53), 1);
    expect_absent(meter, 2, "parent");
    flow_meter_free(meter);
}

/* A frame with a packet inside is the inner flow's: it has the outer ends all the same. */
static void test_what_a_tunnel_carries_is_not_its_parent(void)
{
    struct flow_layer layer = { .name = "gtp", .family = FLOW_IPV4, .bits = FLOW_LAYER_ENDS };
    struct flow_meter *meter = meter_new();
    struct flow_packet inner = udp_packet(1, 1, 50000, 2, 53);

    memcpy(layer.end[0], host_end(FLOW_IPV4, 8, 0).addr, FLOW_ADDR_LEN);
    memcpy(layer.end[1], host_end(FLOW_IPV4, 9, 0).addr, FLOW_ADDR_LEN);
    inner.layers = &layer;
    inner.layer_count = 1;
    account(meter, inner, 0);
    account(meter, udp_packet(2, 9, 2152, 8, 2152), 1);
    account(meter, udp_packet(3, 9, 6000, 7, 6000), 1); /* another host's: a call by VPN */
    expect_absent(meter, 2, "parent");
    expect_number(meter, 3, "parent", 7);
    flow_meter_free(meter);
}

/* Of another file, frames are numbered from 1 again. */
static void test_links_across_files(void)
{
    struct flow_bounds bounds = { .max_open = 10 };
    struct flow_meter *meter = meter_new();

    flow_meter_bound(meter, &bounds);
    account(meter, udp_packet(1, 1, 50000, 2, 53), 0);
    account(meter, udp_packet(2, 1, 50001, 2, 6000), 1);
    flow_meter_end_file(meter, 2, true);
    flow_meter_begin_file(meter);
    account(meter, udp_packet(1, 1, 50001, 2, 6000), 0);
    account(meter, udp_packet(2, 1, 50002, 2, 6001), 1);
    account(meter, udp_packet(3, 1, 50003, 2, 6001), 0);
    expect_number(meter, 1, "parent", 7);
    expect_absent(meter, 1, "parent_frame"); /* in a file that is closed */
    expect_number(meter, 2, "parent", 8);
    expect_number(meter, 2, "parent_frame", 1);
    expect_absent(meter, 3, "parent");
    flow_meter_free(meter);
}

/* Finding a conversation is the dearest thing that is done for a flow. */
static void test_nobody_asks_for_links_that_nothing_shows(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 7, NULL);
    const struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);

    flow_meter_account(meter, &packet);
    g_assert_false(flow_meter_wants_link(meter));
    flow_meter_free(meter);
}

static void ignore(struct flow_view *view, void *data)
{
    (void)view, (void)data;
}

/* In a stream of two flows at once places are taken again. */
static void test_a_forgotten_flow_leaves_no_link(void)
{
    struct flow_bounds bounds = { .max_open = 2, .is_stream = true, .ended = ignore };
    struct flow_meter *meter = meter_new();

    flow_meter_bound(meter, &bounds);
    account(meter, udp_packet(1, 1, 50000, 2, 53), 0);
    account(meter, udp_packet(2, 1, 50001, 2, 53), 1);
    expect_number(meter, 2, "parent", 7);
    for (uint32_t i = 0; i < 6; i++) {
        account(meter, udp_packet(3 + i, 1, (uint16_t)(51000 + i), 2, 53), 0);
        expect_absent(meter, 3 + i, "parent");
        expect_absent(meter, 3 + i, "children");
    }
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_among_flows);
    g_test_add_func("/links/a-frame-of-another-flow-links-two",
                    test_a_frame_of_another_flow_links_two);
    g_test_add_func("/links/links-outlive-forgotten-states", test_links_outlive_forgotten_states);
    g_test_add_func("/links/only-the-first-packet-of-a-flow-links",
                    test_only_the_first_packet_of_a_flow_links);
    g_test_add_func("/links/the-same-ends-are-no-link", test_the_same_ends_are_no_link);
    g_test_add_func("/links/what-is-no-flow-is-no-parent", test_what_is_no_flow_is_no_parent);
    g_test_add_func("/links/an-error-is-no-parent", test_an_error_is_no_parent);
    g_test_add_func("/links/what-a-tunnel-carries-is-not-its-parent",
                    test_what_a_tunnel_carries_is_not_its_parent);
    g_test_add_func("/links/links-across-files", test_links_across_files);
    g_test_add_func("/links/a-forgotten-flow-leaves-no-link", test_a_forgotten_flow_leaves_no_link);
    g_test_add_func("/links/nobody-asks-for-links-that-nothing-shows",
                    test_nobody_asks_for_links_that_nothing_shows);
    return g_test_run();
}
