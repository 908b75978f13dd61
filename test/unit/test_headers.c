#include "ask.h"
#include "packets.h"

#include "core.h"
#include "header_group.h"

#include <glib.h>

static struct flow_groups groups;

static struct flow_packet ip_packet(uint32_t frame, enum flow_dir dir, uint8_t ttl, uint8_t tos)
{
    struct flow_packet packet =
        dir == FLOW_UP ? udp_packet(frame, 1, 50000, 2, 53) : udp_packet(frame, 2, 53, 1, 50000);

    packet.fact.bits |= FLOW_FACT_IP;
    packet.fact.ttl = ttl;
    packet.fact.tos = tos;
    return packet;
}

static void account(struct flow_meter *meter, struct flow_packet packet)
{
    flow_meter_account(meter, &packet);
}

static void test_hops_are_counted_from_the_next_usual_beginning(void)
{
    static const struct {
        uint8_t ttl, hops;
    } cases[] = { { 0, 32 }, { 1, 31 },  { 32, 0 },  { 33, 31 },   { 57, 7 },
                  { 64, 0 }, { 65, 63 }, { 128, 0 }, { 129, 126 }, { 255, 0 } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
        account(meter, ip_packet(1, FLOW_UP, cases[i].ttl, 0));
        expect_number(meter, 1, "up.hops", cases[i].hops);
        expect_absent(meter, 1, "down.hops");
        flow_meter_free(meter);
    }
}

static void test_ttl_dscp_and_ecn_each_way(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account(meter, ip_packet(1, FLOW_UP, 60, 46 << 2 | 2));
    account(meter, ip_packet(2, FLOW_UP, 64, 46 << 2 | 3));
    account(meter, ip_packet(3, FLOW_DOWN, 120, 1));
    account(meter, ip_packet(4, FLOW_UP, 62, 0));
    account(meter, ip_packet(5, FLOW_UP, 62, 46 << 2));
    expect_number(meter, 1, "up.ttl_min", 60);
    expect_number(meter, 1, "up.ttl_max", 64);
    expect_number(meter, 1, "down.ttl_min", 120);
    expect_number(meter, 1, "down.hops", 8);
    expect_number(meter, 1, "up.dscp", 46);
    expect_number(meter, 4, "sofar.up.dscp", 0);
    expect_number(meter, 1, "up.dscp_changes", 2);
    expect_number(meter, 1, "down.dscp_changes", 0);
    expect_number(meter, 1, "up.ect0", 1);
    expect_number(meter, 1, "up.ce", 1);
    expect_number(meter, 1, "up.ect1", 0);
    expect_number(meter, 1, "down.ect1", 1);
    expect_absent(meter, 1, "up.flow_label");
    expect_absent(meter, 1, "tcp.up.syn");
    flow_meter_free(meter);
}

static void test_flow_labels_are_of_the_first_packet(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    static const uint32_t labels[] = { 0, 0xabcde, 0xabcde, 0x12345 };

    for (uint32_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        struct flow_packet packet =
            packet_of(i + 1, tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 1, 50000, 2, 53));
        packet.fact.bits |= FLOW_FACT_IP;
        packet.fact.flow_label = labels[i];
        account(meter, packet);
    }
    expect_number(meter, 1, "up.flow_label", 0);
    expect_number(meter, 1, "up.flow_label_changes", 2);
    expect_absent(meter, 1, "down.flow_label");
    expect_number(meter, 1, "down.flow_label_changes", 0);
    flow_meter_free(meter);
}

static struct flow_packet segment(uint32_t frame, enum flow_dir dir, const char *flags,
                                  uint16_t window)
{
    struct flow_packet packet = dir == FLOW_UP ? tcp_packet(frame, 1, 50000, 2, 80, flags, 1, 1)
                                               : tcp_packet(frame, 2, 80, 1, 50000, flags, 1, 1);

    packet.fact.tcp_window = window;
    return packet;
}

static struct flow_packet with_scale(struct flow_packet packet, uint8_t wscale)
{
    packet.fact.bits |= FLOW_FACT_OPTIONS;
    packet.fact.tcp_options = (struct flow_tcp_options){
        .mss = 1460, .wscale = wscale, .bits = FLOW_TCP_OPTION_MSS | FLOW_TCP_OPTION_WSCALE
    };
    return packet;
}

/* A handshake, and a segment each way with windows of 100 up and 200 down. */
static struct flow_meter *connection(struct flow_packet syn, struct flow_packet syn_ack)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account(meter, syn);
    account(meter, syn_ack);
    account(meter, segment(3, FLOW_UP, "A", 100));
    account(meter, segment(4, FLOW_DOWN, "A", 200));
    account(meter, segment(5, FLOW_UP, "RA", 0));
    return meter;
}

static struct flow_packet syn(void)
{
    return segment(1, FLOW_UP, "S", 64240);
}

static struct flow_packet syn_ack(void)
{
    return segment(2, FLOW_DOWN, "SA", 65535);
}

static struct flow_packet without_options(struct flow_packet packet)
{
    packet.fact.header_words = 5;
    return packet;
}

static void test_windows_are_scaled_where_both_sides_scale(void)
{
    struct flow_meter *meter = connection(with_scale(syn(), 7), with_scale(syn_ack(), 15));

    expect_number(meter, 1, "tcp.up.win_init", 64240);
    expect_number(meter, 1, "tcp.up.win_min", 100 << 7);
    expect_number(meter, 1, "tcp.up.win_max", 100 << 7);
    expect_number(meter, 1, "tcp.down.win_max", 200 << 14); /* the most that RFC 7323 allows */
    expect_number(meter, 1, "tcp.up.wscale", 7);
    expect_number(meter, 1, "tcp.down.wscale", 14);
    expect_number(meter, 1, "tcp.up.mss", 1460);
    expect_absent(meter, 1, "tcp.up.sack_permitted");
    expect_absent(meter, 3, "sofar.tcp.down.win_min");
    flow_meter_free(meter);
}

static void test_windows_are_as_sent_where_one_side_does_not_scale(void)
{
    struct flow_meter *meter = connection(with_scale(syn(), 7), without_options(syn_ack()));

    expect_number(meter, 1, "tcp.up.win_min", 100);
    expect_number(meter, 1, "tcp.down.win_min", 200);
    expect_absent(meter, 1, "tcp.down.mss");
    flow_meter_free(meter);

    meter = connection(without_options(syn()), with_scale(syn_ack(), 7));
    expect_number(meter, 1, "tcp.up.win_min", 100);
    expect_number(meter, 1, "tcp.down.win_min", 200);
    expect_absent(meter, 1, "tcp.up.mss");
    flow_meter_free(meter);
}

static void test_windows_are_absent_where_no_syn_tells(void)
{
    struct flow_meter *one = connection(with_scale(syn(), 7), syn_ack());
    struct flow_meter *none = connection(syn(), syn_ack());

    expect_absent(one, 1, "tcp.up.win_min");
    expect_absent(none, 1, "tcp.up.win_max");
    expect_number(none, 1, "tcp.up.win_init", 64240);
    flow_meter_free(none);
    flow_meter_free(one);
}

static void test_flags_are_counted_and_united(void)
{
    struct flow_meter *meter = connection(syn(), syn_ack());

    expect_number(meter, 1, "tcp.up.flags", FLOW_TCP_SYN | FLOW_TCP_ACK | FLOW_TCP_RST);
    expect_number(meter, 1, "tcp.down.flags", FLOW_TCP_SYN | FLOW_TCP_ACK);
    expect_number(meter, 1, "tcp.up.syn", 1);
    expect_number(meter, 1, "tcp.up.ack", 2);
    expect_number(meter, 1, "tcp.up.rst", 1);
    expect_number(meter, 1, "tcp.down.ack", 2);
    expect_number(meter, 1, "tcp.down.rst", 0);
    expect_number(meter, 1, "tcp.up.fin", 0);
    expect_absent(meter, 1, "sofar.tcp.down.flags");
    expect_number(meter, 1, "sofar.tcp.down.syn", 0);
    flow_meter_free(meter);
}

static struct flow_fact random_fact(void)
{
    struct flow_fact fact = { .bits = (uint16_t)g_test_rand_int_range(0, 1 << 12),
                              .flow_label = (uint32_t)g_test_rand_int_range(0, 2),
                              .tcp_window = (uint16_t)g_test_rand_int_range(0, 1 << 16),
                              .tcp_flags = (uint8_t)g_test_rand_int_range(0, 256),
                              .header_words = (uint8_t)g_test_rand_int_range(4, 7),
                              .ttl = (uint8_t)g_test_rand_int_range(0, 256),
                              .tos = (uint8_t)g_test_rand_int_range(0, 256) };

    if (fact.bits & FLOW_FACT_OPTIONS)
        fact.tcp_options.bits = (uint8_t)g_test_rand_int_range(0, 32);
    return fact;
}

/* Law: the states of two parts are the state of the whole, wherever it is cut. */
static void test_parts_merge(void)
{
    struct flow_fact facts[30];

    for (unsigned i = 0; i < G_N_ELEMENTS(facts); i++)
        facts[i] = random_fact();
    for (unsigned cut = 0; cut <= G_N_ELEMENTS(facts); cut++) {
        struct headers_state whole = { .half = { { .ce = 0 } } }, parts[2] = { whole, whole };
        for (unsigned i = 0; i < G_N_ELEMENTS(facts); i++) {
            struct flow_fold from = { .fact = &facts[i] };
            flow_headers.fold(&whole, &from);
            flow_headers.fold(&parts[i >= cut], &from);
        }
        flow_headers.merge(&parts[0], &parts[1]);
        g_assert_cmpmem(&whole, sizeof whole, &parts[0], sizeof parts[0]);
    }
}

static void test_ip_bytes_are_counted_with_their_headers(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet up = ip_packet(1, FLOW_UP, 64, 0), down = ip_packet(2, FLOW_DOWN, 64, 0);

    up.fact.ip_len = 86;
    down.fact.ip_len = 28;
    account(meter, up);
    account(meter, down);
    expect_number(meter, 1, "ip_bytes", 114);
    expect_number(meter, 1, "up.ip_bytes", 86);
    expect_number(meter, 1, "sofar.down.ip_bytes", 0);
    flow_meter_free(meter);
}

static void test_a_link_layer_flow_has_no_headers(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account(meter, packet_of(1, tuple_of(FLOW_LINK, 0, 1, 2)));
    expect_absent(meter, 1, "up.ttl_min");
    expect_absent(meter, 1, "up.ce");
    expect_absent(meter, 1, "ip_bytes");
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_headers);
    flow_fields_add(&flow_headers);
    g_test_add_func("/headers/hops-are-counted-from-the-next-usual-beginning",
                    test_hops_are_counted_from_the_next_usual_beginning);
    g_test_add_func("/headers/ttl-dscp-and-ecn-each-way", test_ttl_dscp_and_ecn_each_way);
    g_test_add_func("/headers/flow-labels-are-of-the-first-packet",
                    test_flow_labels_are_of_the_first_packet);
    g_test_add_func("/headers/windows-are-scaled-where-both-sides-scale",
                    test_windows_are_scaled_where_both_sides_scale);
    g_test_add_func("/headers/windows-are-as-sent-where-one-side-does-not-scale",
                    test_windows_are_as_sent_where_one_side_does_not_scale);
    g_test_add_func("/headers/windows-are-absent-where-no-syn-tells",
                    test_windows_are_absent_where_no_syn_tells);
    g_test_add_func("/headers/flags-are-counted-and-united", test_flags_are_counted_and_united);
    g_test_add_func("/headers/parts-merge", test_parts_merge);
    g_test_add_func("/headers/ip-bytes-are-counted-with-their-headers",
                    test_ip_bytes_are_counted_with_their_headers);
    g_test_add_func("/headers/a-link-layer-flow-has-no-headers",
                    test_a_link_layer_flow_has_no_headers);
    return g_test_run();
}
