#include "ask.h"
#include "packets.h"

#include "core.h"
#include "splt.h"

#include <glib.h>

static struct flow_groups groups;

static void account(struct flow_meter *meter, uint32_t frame, enum flow_dir dir, uint32_t payload,
                    int64_t us)
{
    struct flow_packet packet =
        dir == FLOW_UP ? udp_packet(frame, 1, 50000, 2, 53) : udp_packet(frame, 2, 53, 1, 50000);

    packet.fact.payload_len = payload;
    packet.fact.time_ns = SECOND + us * 1000;
    flow_meter_account(meter, &packet);
}

/* 517 up, an ACK, 1448 down twice, 64 up; the last one comes late. */
static struct flow_meter *hello(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account(meter, 1, FLOW_UP, 517, 0);
    account(meter, 2, FLOW_DOWN, 0, 5);
    account(meter, 3, FLOW_DOWN, 1448, 21034);
    account(meter, 4, FLOW_DOWN, 1448, 21045);
    account(meter, 5, FLOW_UP, 64, 21040);
    return meter;
}

static void test_packets_with_payload_are_listed_with_their_way(void)
{
    struct flow_meter *meter = hello();

    expect_text(meter, 1, "splt", ">517 <1448 <1448 >64");
    expect_text(meter, 1, "splt_delta", "0 21034 11 -5");
    expect_text(meter, 2, "sofar.splt", ">517");
    expect_text(meter, 3, "sofar.splt_delta", "0 21034");
    flow_meter_free(meter);
}

/* Half a microsecond is one, each way; less than that is 0, without a sign. */
static void test_deltas_are_rounded(void)
{
    static const int64_t ns[] = { 0, 499, 0, 500, 0, 1499, 0 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < G_N_ELEMENTS(ns); i++) {
        struct flow_packet packet = udp_packet(i + 1, 1, 50000, 2, 53);
        packet.fact.time_ns = SECOND + ns[i];
        flow_meter_account(meter, &packet);
    }
    expect_text(meter, 1, "splt_delta", "0 0 0 1 -1 1 -1");
    flow_meter_free(meter);
}

static void test_a_setting_lists_empty_packets_too(void)
{
    *setting_named(&flow_splt, "splt_empty")->value = 1;
    struct flow_meter *meter = hello();

    expect_text(meter, 1, "splt", ">517 <0 <1448 <1448 >64");
    expect_text(meter, 1, "splt_delta", "0 5 21029 11 -5");
    flow_meter_free(meter);
    *setting_named(&flow_splt, "splt_empty")->value = 0;
}

static void test_a_setting_says_how_many(void)
{
    *setting_named(&flow_splt, "splt_packets")->value = 2;
    struct flow_meter *meter = hello();

    expect_text(meter, 1, "splt", ">517 <1448");
    flow_meter_free(meter);
    *setting_named(&flow_splt, "splt_packets")->value = 20;
}

static void test_nothing_is_listed_of_a_flow_without_payload(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account(meter, 1, FLOW_UP, 0, 0);
    expect_absent(meter, 1, "splt");
    expect_absent(meter, 1, "splt_delta");
    flow_meter_free(meter);
}

static void test_gaps_are_absent_where_a_time_is_unknown(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet packet = without_time(udp_packet(1, 1, 50000, 2, 53));

    flow_meter_account(meter, &packet);
    account(meter, 2, FLOW_DOWN, 7, 0);
    expect_text(meter, 1, "splt", ">10 <7");
    expect_absent(meter, 1, "splt_delta");
    flow_meter_free(meter);
}

/* Sixty-four of the longest numbers that there are. */
static void test_the_longest_list_has_room(void)
{
    *setting_named(&flow_splt, "splt_packets")->value = SPLT_PACKETS_MAX;
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    int64_t far_us = INT64_C(4000000000000000);

    for (uint32_t frame = 1; frame <= 70; frame++)
        account(meter, frame, FLOW_UP, UINT32_MAX, frame % 2 ? far_us : -far_us);
    char **items = g_strsplit(ask_known(meter, 1, "splt").as.text, " ", -1);
    g_assert_cmpuint(g_strv_length(items), ==, 64);
    g_assert_cmpstr(items[63], ==, ">4294967295");
    g_strfreev(items);
    items = g_strsplit(ask_known(meter, 1, "splt_delta").as.text, " ", -1);
    g_assert_cmpuint(g_strv_length(items), ==, 64);
    g_assert_cmpstr(items[63], ==, "-8000000000000000");
    g_strfreev(items);
    flow_meter_free(meter);
    *setting_named(&flow_splt, "splt_packets")->value = 20;
}

static void assert_parts_merge(const struct flow_fact *facts, unsigned count, unsigned cut)
{
    struct splt_state whole = { .count = 0 }, parts[2] = { { .count = 0 }, { .count = 0 } };

    for (unsigned i = 0; i < count; i++) {
        struct flow_fold from = { .fact = &facts[i] };
        flow_splt.fold(&whole, &from);
        flow_splt.fold(&parts[i >= cut], &from);
    }
    flow_splt.merge(&parts[0], &parts[1]);
    g_assert_cmpmem(&whole, sizeof whole, &parts[0], sizeof parts[0]);
}

/* Law: the lists of two parts are the list of the whole, wherever it is cut, full or not. */
static void test_parts_merge(void)
{
    struct flow_fact facts[40];

    for (unsigned i = 0; i < G_N_ELEMENTS(facts); i++)
        facts[i] = (struct flow_fact){ .payload_len = (uint32_t)g_test_rand_int_range(0, 3),
                                       .time_ns = g_test_rand_int_range(0, 1000),
                                       .bits = (uint16_t)g_test_rand_int_range(0, 4) };
    for (unsigned count = 0; count <= G_N_ELEMENTS(facts); count += 10)
        for (unsigned cut = 0; cut <= count; cut++)
            assert_parts_merge(facts, count, cut);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_splt);
    flow_fields_add(&flow_splt);
    g_test_add_func("/splt/packets-with-payload-are-listed-with-their-way",
                    test_packets_with_payload_are_listed_with_their_way);
    g_test_add_func("/splt/a-setting-lists-empty-packets-too",
                    test_a_setting_lists_empty_packets_too);
    g_test_add_func("/splt/a-setting-says-how-many", test_a_setting_says_how_many);
    g_test_add_func("/splt/nothing-is-listed-of-a-flow-without-payload",
                    test_nothing_is_listed_of_a_flow_without_payload);
    g_test_add_func("/splt/gaps-are-absent-where-a-time-is-unknown",
                    test_gaps_are_absent_where_a_time_is_unknown);
    g_test_add_func("/splt/the-longest-list-has-room", test_the_longest_list_has_room);
    g_test_add_func("/splt/parts-merge", test_parts_merge);
    g_test_add_func("/splt/deltas-are-rounded", test_deltas_are_rounded);
    return g_test_run();
}
