#include "ask.h"
#include "packets.h"

#include "among_flows.h"
#include "core.h"
#include "tcp_group.h"

#include <glib.h>

static struct flow_groups groups, with_tcp;

/* A datagram of the n-th client, in a row of a test; frames count from 1. */
struct row {
    uint16_t client;
    uint32_t wire_len;
};

static void account(struct flow_meter *meter, uint32_t frame, struct row row)
{
    struct flow_packet packet = udp_packet(frame, 1, (uint16_t)(50000 + row.client), 2, 53);

    packet.fact.wire_len = row.wire_len;
    flow_meter_account(meter, &packet);
}

static struct flow_meter *meter_of(const struct row *rows, size_t count)
{
    struct flow_meter *meter = flow_meter_new(NULL, 7, &groups);

    for (uint32_t i = 0; i < count; i++)
        account(meter, i + 1, rows[i]);
    flow_meter_finish(meter);
    return meter;
}

/* Flows of 300, 500, 300 and 0 bytes. */
static const struct row rows[] = {
    { 0, 100 }, { 1, 500 }, { 2, 300 }, { 0, 200 }, { 3, 0 },
};

static void test_most_bytes_are_first_and_earlier_flows_before_later_ones(void)
{
    struct flow_meter *meter = meter_of(rows, G_N_ELEMENTS(rows));

    expect_number(meter, 1, "rank", 2);
    expect_number(meter, 4, "rank", 2);
    expect_number(meter, 2, "rank", 1);
    expect_number(meter, 3, "rank", 3);
    expect_number(meter, 5, "rank", 4);
    expect_absent_first(meter, 2, "rank");
    flow_meter_free(meter);
}

static void test_shares_are_parts_of_a_hundred(void)
{
    struct flow_meter *meter = meter_of(rows, G_N_ELEMENTS(rows));
    static const uint32_t frames[] = { 1, 2, 3, 5 };
    double sum = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        sum += ask_known(meter, frames[i], "share").as.real;
    g_assert_cmpfloat_with_epsilon(sum, 100, 1e-9);
    g_assert_cmpfloat_with_epsilon(ask_known(meter, 2, "share").as.real, 500 / 11.0, 1e-9);
    g_assert_true(ask_known(meter, 5, "share").as.real == 0);
    flow_meter_free(meter);

    meter = meter_of(&(struct row){ 0, 0 }, 1);
    expect_absent(meter, 1, "share"); /* of nothing */
    flow_meter_free(meter);
}

static void test_flows_live_from_their_first_packet_to_their_last(void)
{
    struct flow_meter *meter = meter_of(rows, G_N_ELEMENTS(rows));

    expect_number(meter, 1, "live", 1);
    expect_number(meter, 2, "live", 2);
    expect_number(meter, 3, "live", 2); /* the second one is over */
    expect_number(meter, 4, "live", 1);
    expect_number(meter, 5, "live", 1);
    expect_absent_first(meter, 3, "live");
    flow_meter_free(meter);
}

static void test_what_is_recorded_later_counts(void)
{
    struct flow_meter *meter = meter_of(rows, G_N_ELEMENTS(rows));

    expect_number(meter, 5, "rank", 4);
    account(meter, 6, (struct row){ 3, 1000 });
    expect_number(meter, 5, "rank", 1);
    expect_number(meter, 2, "rank", 2);
    expect_number(meter, 6, "live", 1);
    account(meter, 7, (struct row){ 4, 1 });
    expect_number(meter, 7, "rank", 5);
    flow_meter_forget_states(meter);
    expect_number(meter, 5, "rank", 1);
    flow_meter_free(meter);
}

/* What has ended with an earlier file is not among the flows, and has no place among the others. */
static void test_flows_that_were_forgotten_are_not_among_them(void)
{
    const struct flow_bounds bounds = { .max_open = 2 };
    struct flow_meter *meter = flow_meter_new(NULL, 7, &groups);

    flow_meter_bound(meter, &bounds);
    for (uint32_t i = 0; i < 3; i++)
        account(meter, i + 1, (struct row){ (uint16_t)i, 1000 - 100 * i });
    flow_meter_end_file(meter, 3, true);
    flow_meter_begin_file(meter);
    account(meter, 1, (struct row){ 5, 300 });
    account(meter, 2, (struct row){ 2, 100 });
    flow_meter_finish(meter);
    expect_number(meter, 1, "live", 2);
    expect_number(meter, 2, "live", 1);
    expect_number(meter, 2, "live_tcp", 0);
    expect_absent(meter, 1, "rank");
    expect_absent(meter, 1, "share");
    flow_meter_free(meter);
}

static void ignore(struct flow_view *view, void *data)
{
    (void)view;
    (void)data;
}

/* In a stream, too. */
static void test_flows_that_ended_are_not_among_them(void)
{
    const struct flow_bounds bounds = { .max_open = 2, .is_stream = true, .ended = ignore };
    struct flow_meter *meter = flow_meter_new(NULL, 7, &groups);

    flow_meter_bound(meter, &bounds);
    for (uint32_t i = 0; i < 4; i++) {
        account(meter, i + 1, (struct row){ (uint16_t)i, 1000 - 100 * i });
        expect_number(meter, i + 1, "live", 1);
        expect_number(meter, i + 1, "live_tcp", 0);
        expect_absent(meter, i + 1, "rank");
    }
    flow_meter_free(meter);
}

/* Of a long connection in a stream the handshake is forgotten before it ends. */
static void test_a_connection_is_open_whose_beginning_is_forgotten(void)
{
    enum { SEGMENTS = 3 * FLOW_HISTORY_STRIDE };
    const struct flow_bounds bounds = { .max_open = 9, .is_stream = true, .ended = ignore };
    uint32_t frame = 0;

    struct flow_meter *meter = flow_meter_new(NULL, 0, &with_tcp);
    flow_meter_bound(meter, &bounds);
    const struct flow_packet syn = tcp_packet(++frame, 1, 50000, 2, 80, "S", 100, 0);
    flow_meter_account(meter, &syn);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        const struct flow_packet data = tcp_packet(++frame, 1, 50000, 2, 80, "A", 101, 500);
        flow_meter_account(meter, &data);
        expect_number(meter, frame, "live_tcp", 1);
    }
    const struct flow_packet other = udp_packet(++frame, 1, 50000, 2, 53);
    flow_meter_account(meter, &other);
    expect_number(meter, frame, "live_tcp", 1);
    const struct flow_packet reset = tcp_packet(++frame, 1, 50000, 2, 80, "RA", 101, 500);
    flow_meter_account(meter, &reset);
    expect_number(meter, frame, "live_tcp", 0);
    expect_number(meter, frame - 1, "live_tcp", 1);
    flow_meter_free(meter);
}

/* Three connections on the same ports, and one on others between them. */
static void test_flows_know_who_had_their_ports(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 7, &groups);
    const struct flow_packet packets[] = {
        tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0), tcp_packet(2, 1, 50001, 2, 80, "S", 100, 0),
        tcp_packet(3, 1, 50000, 2, 80, "S", 900, 0), tcp_packet(4, 2, 80, 1, 50000, "S", 5000, 0),
        tcp_packet(5, 1, 50001, 2, 80, "A", 101, 1),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++) {
        flow_meter_account(meter, &packets[i]);
        g_assert_true(ask(meter, (uint32_t)i + 1, "reuse", false).known); /* at once */
    }
    expect_number(meter, 1, "reuse", 0);
    expect_absent(meter, 1, "prev_flow");
    expect_number(meter, 2, "reuse", 0);
    expect_number(meter, 3, "reuse", 1);
    expect_number(meter, 3, "prev_flow", 7);
    expect_number(meter, 5, "reuse", 0);
    expect_absent(meter, 5, "prev_flow");
    flow_meter_free(meter);
}

/* One is refused, one closes by both FINs, one is followed by another on its ports. */
static void test_connections_are_open_from_their_syn_on(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    const struct flow_packet packets[] = {
        tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0),
        tcp_packet(2, 1, 50001, 2, 80, "S", 200, 0),
        tcp_packet(3, 2, 80, 1, 50001, "RA", 0, 201),
        udp_packet(4, 1, 50000, 2, 53),
        tcp_packet(5, 1, 50002, 2, 80, "S", 300, 0),
        tcp_packet(6, 2, 80, 1, 50002, "SA", 400, 301),
        tcp_packet(7, 1, 50002, 2, 80, "FA", 301, 401),
        tcp_packet(8, 2, 80, 1, 50002, "FA", 401, 302 + PAYLOAD_LEN),
        tcp_packet(9, 1, 50002, 2, 80, "A", 302 + PAYLOAD_LEN, 402 + PAYLOAD_LEN),
        tcp_packet(10, 1, 50000, 2, 80, "S", 900, 0),
    };
    static const uint32_t open[] = { 1, 2, 1, 1, 2, 2, 2, 2, 1, 1 };

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_meter_account(meter, &packets[i]);
    for (uint32_t i = 0; i < G_N_ELEMENTS(open); i++)
        expect_number(meter, i + 1, "live_tcp", open[i]);
    expect_absent_first(meter, 1, "live_tcp");
    expect_number(meter, 10, "reuse", 1);
    flow_meter_free(meter);
}

/* The one that had its ports is forgotten, and so is what it left open. */
static void test_a_connection_outlives_what_is_known_of_the_one_before(void)
{
    const struct flow_bounds bounds = { .max_open = 2 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, &with_tcp);
    const struct flow_packet packets[] = {
        tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0),
        tcp_packet(2, 1, 50000, 2, 80, "S", 900, 0),
        tcp_packet(3, 1, 50000, 2, 80, "A", 901, 1),
        tcp_packet(4, 1, 50001, 2, 80, "S", 100, 0), /* in the place of the first */
        tcp_packet(5, 2, 80, 1, 50001, "RA", 0, 101),
    };
    static const uint32_t open[] = { 1, 2, 1 };

    flow_meter_bound(meter, &bounds);
    for (size_t i = 0; i < 2; i++)
        flow_meter_account(meter, &packets[i]);
    flow_meter_end_file(meter, 2, true);
    flow_meter_begin_file(meter);
    for (uint32_t i = 0; i < G_N_ELEMENTS(open); i++) {
        flow_meter_account(meter, &packets[2 + i]);
        expect_number(meter, 3 + i, "live_tcp", open[i]);
    }
    flow_meter_free(meter);
}

/* Asked of each packet on a first pass, and then again: neither is a pass through all flows. */
static void test_many_flows(void)
{
    enum { FLOWS = 20000 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    uint64_t ranks = 0;

    for (uint32_t i = 0; i < FLOWS; i++) {
        struct flow_packet packet = udp_packet(i + 1, 1, (uint16_t)(i + 1), 2, 60000);
        packet.fact.wire_len = i;
        flow_meter_account(meter, &packet);
        g_assert_cmpuint(ask(meter, i + 1, "reuse", false).as.number, ==, 0);
        g_assert_false(ask(meter, i + 1, "rank", false).known);
    }
    for (uint32_t i = 0; i < FLOWS; i++) {
        ranks += ask_known(meter, i + 1, "rank").as.number;
        expect_number(meter, i + 1, "live", 1);
    }
    g_assert_cmpuint(ranks, ==, (uint64_t)FLOWS * (FLOWS + 1) / 2);
    expect_number(meter, FLOWS, "rank", 1);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_among_flows);
    flow_groups_add(&with_tcp, &flow_core);
    flow_groups_add(&with_tcp, &flow_tcp_group);
    flow_groups_add(&with_tcp, &flow_among_flows);
    flow_fields_add(&flow_among_flows);
    g_test_add_func("/among/most-bytes-are-first-and-earlier-flows-before-later-ones",
                    test_most_bytes_are_first_and_earlier_flows_before_later_ones);
    g_test_add_func("/among/shares-are-parts-of-a-hundred", test_shares_are_parts_of_a_hundred);
    g_test_add_func("/among/flows-live-from-their-first-packet-to-their-last",
                    test_flows_live_from_their_first_packet_to_their_last);
    g_test_add_func("/among/what-is-recorded-later-counts", test_what_is_recorded_later_counts);
    g_test_add_func("/among/flows-that-were-forgotten-are-not-among-them",
                    test_flows_that_were_forgotten_are_not_among_them);
    g_test_add_func("/among/flows-that-ended-are-not-among-them",
                    test_flows_that_ended_are_not_among_them);
    g_test_add_func("/among/a-connection-is-open-whose-beginning-is-forgotten",
                    test_a_connection_is_open_whose_beginning_is_forgotten);
    g_test_add_func("/among/flows-know-who-had-their-ports", test_flows_know_who_had_their_ports);
    g_test_add_func("/among/connections-are-open-from-their-syn-on",
                    test_connections_are_open_from_their_syn_on);
    g_test_add_func("/among/a-connection-outlives-what-is-known-of-the-one-before",
                    test_a_connection_outlives_what_is_known_of_the_one_before);
    g_test_add_func("/among/many-flows", test_many_flows);
    return g_test_run();
}
