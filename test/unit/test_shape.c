#include "ask.h"
#include "packets.h"

#include "core.h"
#include "holes.h"
#include "shape.h"

#include <glib.h>
#include <math.h>

#define MS INT64_C(1000000)

/* A packet, in a row of a test: UDP, frame by frame. */
struct row {
    enum flow_dir dir;
    uint32_t wire_len;
    uint32_t payload_len;
    int64_t ms; /* since the first; negative in the first place: no time */
};

static struct flow_groups groups;

static struct flow_meter *meter_of(const struct row *rows, size_t count, uint8_t protocol)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < count; i++) {
        bool is_up = rows[i].dir == FLOW_UP;
        struct flow_packet packet =
            packet_of(i + 1, is_up ? tuple_with_ports(FLOW_IPV4, protocol, 1, 50000, 2, 53)
                                   : tuple_with_ports(FLOW_IPV4, protocol, 2, 53, 1, 50000));
        packet.fact.wire_len = packet.fact.cap_len = rows[i].wire_len;
        packet.fact.payload_len = rows[i].payload_len;
        packet.fact.time_ns = 1000 * SECOND + rows[i].ms * MS;
        if (protocol == FLOW_PROTOCOL_TCP)
            make_segment(&packet.fact, "A", 1, 1);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    return meter;
}

#define METER(rows) meter_of(rows, G_N_ELEMENTS(rows), FLOW_PROTOCOL_UDP)

#define expect_real(meter, frame, name, want)                                                      \
    g_assert_cmpfloat_with_epsilon(ask_known(meter, frame, name).as.real, want, 1e-9)

/* Up 100, 300 and 200 bytes, down 60 and 1000. */
static const struct row talk[] = {
    { FLOW_UP, 100, 58, 0 },      { FLOW_DOWN, 60, 0, 10 },   { FLOW_UP, 300, 258, 40 },
    { FLOW_DOWN, 1000, 958, 50 }, { FLOW_UP, 200, 158, 100 },
};

static void test_lengths_each_way_and_both(void)
{
    struct flow_meter *meter = METER(talk);

    expect_number(meter, 1, "len.min", 60);
    expect_number(meter, 1, "len.max", 1000);
    expect_real(meter, 1, "len.mean", 332);
    /* squares of the distances: 232, 272, 32, 668, 132; their sum is 592480 */
    expect_real(meter, 1, "len.stddev", sqrt(592480 / 4.0));
    expect_number(meter, 1, "len.up.min", 100);
    expect_number(meter, 1, "len.up.max", 300);
    expect_real(meter, 1, "len.up.mean", 200);
    expect_real(meter, 1, "len.up.stddev", 100);
    expect_number(meter, 1, "len.down.min", 60);
    expect_real(meter, 1, "len.down.mean", 530);
    flow_meter_free(meter);
}

static void test_payload_is_that_of_packets_with_some(void)
{
    struct flow_meter *meter = METER(talk);

    expect_number(meter, 1, "payload.min", 58);
    expect_number(meter, 1, "payload.max", 958);
    expect_real(meter, 1, "payload.mean", 358);
    expect_number(meter, 1, "payload.down.min", 958);
    expect_absent(meter, 1, "payload.down.stddev");
    expect_absent(meter, 2, "sofar.payload.down.min");
    flow_meter_free(meter);
}

static void test_gaps_of_a_direction_are_between_its_own_packets(void)
{
    struct flow_meter *meter = METER(talk);

    expect_ns(meter, 1, "iat.min", 10 * MS);
    expect_ns(meter, 1, "iat.max", 50 * MS);
    expect_ns(meter, 1, "iat.mean", 25 * MS);
    /* 10, 30, 10, 50: distances 15, 5, 15, 25 */
    expect_ns(meter, 1, "iat.stddev", llround(sqrt(1100 / 3.0) * 1e6));
    expect_ns(meter, 1, "iat.up.mean", 50 * MS);
    expect_ns(meter, 1, "iat.up.min", 40 * MS);
    expect_ns(meter, 1, "iat.down.max", 40 * MS);
    expect_absent(meter, 1, "iat.down.stddev");
    expect_absent(meter, 1, "sofar.iat.min");
    expect_ns(meter, 3, "sofar.iat.max", 30 * MS);
    flow_meter_free(meter);
}

static void test_a_late_packet_has_no_gap_and_moves_no_clock(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 60, 0, 0 },
        { FLOW_UP, 60, 0, 100 },
        { FLOW_UP, 60, 0, 30 },
        { FLOW_UP, 60, 0, 110 },
    };
    struct flow_meter *meter = METER(rows);

    expect_ns(meter, 1, "iat.min", 0);
    expect_ns(meter, 1, "iat.max", 100 * MS);
    expect_ns(meter, 4, "sofar.iat.mean", 36666667); /* 100 + 0 + 10 */
    flow_meter_free(meter);
}

static void test_packets_without_a_time_have_lengths_and_no_gaps(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t frame = 1; frame <= 3; frame++) {
        struct flow_packet packet = udp_packet(frame, 1, 50000, 2, 53);
        if (frame == 2)
            packet = without_time(packet);
        flow_meter_account(meter, &packet);
    }
    expect_number(meter, 3, "len.min", WIRE_LEN);
    expect_ns(meter, 3, "iat.min", 2 * SECOND);
    expect_absent(meter, 3, "iat.stddev");
    flow_meter_free(meter);
}

/* Gaps of 6, 5 and 7 s: only what is longer than 5 s is an idle period. */
static const struct row pauses[] = {
    { FLOW_UP, 60, 0, 0 },     { FLOW_UP, 60, 0, 2000 },  { FLOW_DOWN, 60, 0, 8000 },
    { FLOW_UP, 60, 0, 13000 }, { FLOW_UP, 60, 0, 20000 },
};

static void test_long_gaps_part_periods_of_activity(void)
{
    struct flow_meter *meter = METER(pauses);

    expect_number(meter, 1, "active.count", 3);
    expect_ns(meter, 1, "active.min", 0); /* the last packet alone */
    expect_ns(meter, 1, "active.max", 5 * SECOND);
    expect_ns(meter, 1, "active.mean", 2333333333); /* 2 + 5 + 0 */
    expect_number(meter, 1, "idle.count", 2);
    expect_ns(meter, 1, "idle.min", 6 * SECOND);
    expect_ns(meter, 1, "idle.max", 7 * SECOND);
    expect_ns(meter, 1, "idle.mean", 6500 * MS);
    expect_ns(meter, 1, "idle.stddev", 707106781);
    expect_number(meter, 2, "sofar.active.count", 1);
    expect_number(meter, 2, "sofar.idle.count", 0);
    expect_absent(meter, 2, "sofar.idle.min");
    expect_ns(meter, 2, "sofar.active.mean", 2 * SECOND);
    flow_meter_free(meter);
}

static void test_rates_are_over_the_time_of_the_flow(void)
{
    struct flow_meter *meter = METER(talk);

    expect_real(meter, 1, "rate.bits", 8 * 1660 / 0.1);
    expect_real(meter, 1, "rate.pkts", 50);
    expect_real(meter, 1, "rate.up.bits", 8 * 600 / 0.1);
    expect_real(meter, 1, "rate.down.pkts", 20);
    expect_absent(meter, 1, "sofar.rate.bits");
    expect_real(meter, 2, "sofar.rate.up.bits", 8 * 100 / 0.01);
    flow_meter_free(meter);
}

/*
 * Intervals of a second: 300 and 200 bytes, nothing, 450, and 517 of one that is open, the last
 * ones late: a packet counts when it comes.
 */
static void test_the_peak_is_the_busiest_interval(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 300, 0, 0 },      { FLOW_DOWN, 200, 0, 999 }, { FLOW_UP, 450, 0, 2000 },
        { FLOW_DOWN, 100, 0, 3000 }, { FLOW_UP, 360, 0, 3999 },  { FLOW_UP, 7, 0, 3100 },
        { FLOW_UP, 50, 0, 2100 },
    };
    struct flow_meter *meter = METER(rows);

    expect_real(meter, 1, "rate.peak", 8 * 517);
    expect_real(meter, 1, "rate.up.peak", 8 * 450);
    expect_real(meter, 1, "rate.down.peak", 8 * 200);
    expect_real(meter, 1, "sofar.rate.peak", 8 * 300);
    flow_meter_free(meter);
}

/* Settings */

/* Two packets: one a millisecond after the other, or as late as can be. */
static void test_settings_have_ends(void)
{
    static const struct row close[] = { { FLOW_UP, 100, 0, 0 }, { FLOW_UP, 300, 0, 1 } };
    static const struct row later[] = { { FLOW_UP, 100, 0, 0 }, { FLOW_UP, 100, 0, 2 } };
    static const struct row far[] = { { FLOW_UP, 100, 0, 0 }, { FLOW_UP, 100, 0, UINT32_MAX } };
    static const struct row farther[] = { { FLOW_UP, 100, 0, 0 },
                                          { FLOW_UP, 100, 0, INT64_C(1) + UINT32_MAX } };
    const struct flow_setting *gap = setting_named(&flow_shape, "idle_gap"),
                              *interval = setting_named(&flow_shape, "peak_interval");
    const uint32_t usual_gap = *gap->value, usual_interval = *interval->value;
    struct flow_meter *meter;

    *gap->value = gap->least;
    *interval->value = interval->least;
    meter = METER(close);
    expect_number(meter, 1, "idle.count", 0);
    expect_real(meter, 1, "rate.peak", 8 * 300 * 1000); /* a millisecond each */
    flow_meter_free(meter);
    meter = METER(later);
    expect_number(meter, 1, "idle.count", 1);
    flow_meter_free(meter);

    *gap->value = gap->most;
    *interval->value = interval->most;
    meter = METER(far);
    expect_number(meter, 1, "idle.count", 0);
    expect_real(meter, 1, "rate.peak",
                8 * 100 * 1000.0 / UINT32_MAX); /* the second is in another */
    flow_meter_free(meter);
    meter = METER(farther);
    expect_number(meter, 1, "idle.count", 1);
    flow_meter_free(meter);

    *gap->value = usual_gap;
    *interval->value = usual_interval;
}

static void test_goodput_is_between_packets_with_payload(void)
{
    struct flow_meter *meter = METER(talk);

    expect_real(meter, 1, "rate.up.goodput", 8 * (58 + 258 + 158) / 0.1);
    expect_absent(meter, 1, "rate.down.goodput"); /* one packet */
    flow_meter_free(meter);
}

/* By the clock of their direction: late for the flow is not late for them, and late moves none. */
static void test_goodput_goes_by_its_direction(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 60, 0, 0 },   { FLOW_DOWN, 60, 0, 200 }, { FLOW_UP, 70, 10, 100 },
        { FLOW_UP, 60, 0, 150 }, { FLOW_UP, 80, 20, 120 },
    };
    struct flow_meter *meter = METER(rows);

    expect_real(meter, 1, "rate.up.goodput", 8 * 30 / 0.05); /* from 100 to 150 */
    flow_meter_free(meter);
}

/* All segments begin at the same number: the second one up has the first one's bytes and more. */
static void test_goodput_of_tcp_is_that_of_unique_bytes(void)
{
    static const struct row more[] = { { FLOW_UP, 100, 58, 0 },
                                       { FLOW_UP, 300, 258, 40 },
                                       { FLOW_UP, 442, 400, 100 } };
    struct flow_meter *meter = meter_of(talk, G_N_ELEMENTS(talk), FLOW_PROTOCOL_TCP);

    expect_absent(meter, 1, "rate.up.goodput"); /* nobody knows them */
    flow_meter_free(meter);

    struct flow_groups before = groups;
    flow_groups_add(&groups, &flow_holes);
    meter = meter_of(talk, G_N_ELEMENTS(talk), FLOW_PROTOCOL_TCP);
    expect_real(meter, 1, "rate.up.goodput", 8 * 258 / 0.1);
    expect_real(meter, 3, "sofar.rate.up.goodput", 8 * 258 / 0.04);
    expect_absent(meter, 1, "rate.down.goodput");
    flow_meter_free(meter);
    meter = meter_of(more, G_N_ELEMENTS(more), FLOW_PROTOCOL_TCP);
    expect_real(meter, 1, "rate.up.goodput", 8 * 400 / 0.1);
    expect_real(meter, 2, "sofar.rate.up.goodput", 8 * 258 / 0.04);
    flow_meter_free(meter);
    groups = before;
}

static void test_pcr_tells_who_produces(void)
{
    static const struct row empty[] = { { FLOW_UP, 60, 0, 0 } };
    static const struct row one_way[] = { { FLOW_UP, 60, 18, 0 } };
    struct flow_meter *meter = METER(talk), *silent = METER(empty), *sender = METER(one_way);

    expect_real(meter, 1, "pcr", (474.0 - 958) / (474 + 958));
    expect_absent(silent, 1, "pcr");
    expect_real(sender, 1, "pcr", 1);
    flow_meter_free(sender);
    flow_meter_free(silent);
    flow_meter_free(meter);
}

/* Law: all time between the first packet and the latest is a gap, and is active or idle. */
static void test_gaps_and_periods_fill_the_time_of_the_flow(void)
{
    struct shape_state state = { .interval = 0 };
    int64_t time_ns = 0;

    for (unsigned i = 0; i < 5000; i++) {
        struct flow_fact fact = { .bits = FLOW_FACT_TIME | (uint16_t)g_test_rand_int_range(0, 2),
                                  .time_ns = time_ns };
        struct flow_fold from = { .fact = &fact };
        flow_shape.fold(&state, &from);
        time_ns += g_test_rand_int_range(-2000, 8000) * MS;
    }
    uint64_t whole = (uint64_t)(state.clock.latest_ns - state.clock.first_ns);
    uint64_t last = (uint64_t)(state.clock.latest_ns - state.active_since_ns);
    g_assert_cmpuint(state.clock.gaps.count, ==, 4999);
    g_assert_cmpuint(state.clock.gaps.sum[0], ==, whole);
    g_assert_cmpuint(state.active.sum[0] + state.idle.sum[0] + last, ==, whole);
    g_assert_cmpuint(state.active.count, ==, state.idle.count);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_shape);
    g_test_add_func("/shape/lengths-each-way-and-both", test_lengths_each_way_and_both);
    g_test_add_func("/shape/payload-is-that-of-packets-with-some",
                    test_payload_is_that_of_packets_with_some);
    g_test_add_func("/shape/gaps-of-a-direction-are-between-its-own-packets",
                    test_gaps_of_a_direction_are_between_its_own_packets);
    g_test_add_func("/shape/a-late-packet-has-no-gap-and-moves-no-clock",
                    test_a_late_packet_has_no_gap_and_moves_no_clock);
    g_test_add_func("/shape/packets-without-a-time-have-lengths-and-no-gaps",
                    test_packets_without_a_time_have_lengths_and_no_gaps);
    g_test_add_func("/shape/long-gaps-part-periods-of-activity",
                    test_long_gaps_part_periods_of_activity);
    g_test_add_func("/shape/rates-are-over-the-time-of-the-flow",
                    test_rates_are_over_the_time_of_the_flow);
    g_test_add_func("/shape/the-peak-is-the-busiest-interval",
                    test_the_peak_is_the_busiest_interval);
    g_test_add_func("/shape/settings-have-ends", test_settings_have_ends);
    g_test_add_func("/shape/goodput-is-between-packets-with-payload",
                    test_goodput_is_between_packets_with_payload);
    g_test_add_func("/shape/goodput-goes-by-its-direction", test_goodput_goes_by_its_direction);
    g_test_add_func("/shape/goodput-of-tcp-is-that-of-unique-bytes",
                    test_goodput_of_tcp_is_that_of_unique_bytes);
    g_test_add_func("/shape/pcr-tells-who-produces", test_pcr_tells_who_produces);
    g_test_add_func("/shape/gaps-and-periods-fill-the-time-of-the-flow",
                    test_gaps_and_periods_fill_the_time_of_the_flow);
    return g_test_run();
}
