#include "ask.h"
#include "packets.h"
#include "traffic.h"

#include "core.h"
#include "direction.h"
#include "member.h"

#include <glib.h>
#include <string.h>

enum { UP = FLOW_UP, DOWN = FLOW_DOWN };

static void account(struct flow_meter *meter, struct flow_packet packet)
{
    flow_meter_account(meter, &packet);
}

static bool has_view(struct flow_meter *meter, uint32_t frame)
{
    struct flow_view view;

    return flow_meter_view(meter, frame, true, &view);
}

static const struct flow_state *whole_of(struct flow_view *view)
{
    return flow_view_whole(view, &flow_core);
}

static struct flow_packet udp_up(uint32_t frame)
{
    return udp_packet(frame, 1, 50000, 2, 53);
}

static struct flow_packet udp_down(uint32_t frame)
{
    return udp_packet(frame, 2, 53, 1, 50000);
}

static struct flow_packet tcp_up(uint32_t frame, const char *flags, uint32_t seq, uint32_t ack)
{
    return tcp_packet(frame, 1, 50000, 2, 80, flags, seq, ack);
}

static struct flow_packet tcp_down(uint32_t frame, const char *flags, uint32_t seq, uint32_t ack)
{
    return tcp_packet(frame, 2, 80, 1, 50000, flags, seq, ack);
}

/* Identity and navigation */

static void test_ids_are_in_the_order_of_flows(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, udp_packet(2, 3, 50000, 2, 53));
    account(meter, udp_down(3));
    account(meter, tcp_up(4, "S", 1, 0));
    g_assert_cmpuint(flow_meter_flows(meter), ==, 3);
    expect_number(meter, 1, "id", 0);
    expect_number(meter, 2, "id", 1);
    expect_number(meter, 3, "id", 0);
    expect_number(meter, 4, "id", 2);
    flow_meter_free(meter);
    flow_meter_free(NULL);
}

static void test_ids_may_begin_later(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 40, NULL);
    struct flow_view view;

    account(meter, udp_up(1));
    account(meter, udp_packet(2, 3, 50000, 2, 53));
    expect_number(meter, 2, "id", 41);
    g_assert_true(flow_meter_flow_view(meter, 1, &view));
    g_assert_cmpuint(view.flow->id, ==, 41);
    g_assert_false(flow_meter_flow_view(meter, 2, &view));
    flow_meter_free(meter);
}

static void test_links_lead_through_the_flow(void)
{
    static const struct {
        uint32_t frame, index, previous, next; /* 0: none */
    } rows[] = { { 2, 1, 0, 3 }, { 3, 2, 2, 7 }, { 7, 3, 3, 9 }, { 9, 4, 7, 0 } };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_packet(1, 8, 50000, 9, 53));
    account(meter, udp_up(2));
    account(meter, udp_down(3));
    account(meter, udp_packet(5, 8, 50000, 9, 53));
    account(meter, udp_up(7));
    account(meter, udp_down(9));

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t frame = rows[i].frame;

        expect_number(meter, frame, "index", rows[i].index);
        expect_number(meter, frame, "first_frame", 2);
        expect_number(meter, frame, "last_frame", 9);
        g_assert_cmpint(ask(meter, frame, "is_first", true).known, ==, rows[i].previous == 0);
        g_assert_cmpint(ask(meter, frame, "is_last", true).known, ==, rows[i].next == 0);
        if (rows[i].previous > 0)
            expect_number(meter, frame, "prev_frame", rows[i].previous);
        else
            expect_absent(meter, frame, "prev_frame");
        if (rows[i].next > 0)
            expect_number(meter, frame, "next_frame", rows[i].next);
        else
            expect_absent(meter, frame, "next_frame");
        expect_absent_first(meter, frame, "next_frame");
        expect_absent_first(meter, frame, "last_frame");
        expect_absent_first(meter, frame, "is_last");
    }
    flow_meter_free(meter);
}

static void test_frames_without_a_flow_have_no_view(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    g_assert_false(has_view(meter, 0));
    g_assert_false(has_view(meter, 1));
    account(meter, udp_up(5));
    g_assert_false(has_view(meter, 4));
    g_assert_false(has_view(meter, 6));
    g_assert_false(has_view(meter, UINT32_MAX));
    g_assert_true(has_view(meter, 5));
    flow_meter_free(meter);
}

static void test_both_readings(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, udp_up(2));
    account(meter, udp_down(3));
    expect_number(meter, 1, "sofar.pkts", 1);
    expect_number(meter, 2, "sofar.up.bytes", 2 * FRAME_LEN);
    expect_number(meter, 2, "sofar.down.bytes", 0);
    expect_number(meter, 3, "sofar.down.payload_bytes", PAYLOAD_LEN);
    for (uint32_t frame = 1; frame <= 3; frame++) {
        expect_number(meter, frame, "pkts", 3);
        expect_number(meter, frame, "bytes", 3 * FRAME_LEN);
        expect_number(meter, frame, "wire_bytes", 3 * WIRE_LEN);
        expect_number(meter, frame, "payload_bytes", 3 * PAYLOAD_LEN);
        expect_number(meter, frame, "up.pkts", 2);
        expect_number(meter, frame, "down.pkts", 1);
        expect_absent_first(meter, frame, "pkts");
    }
    expect_number(meter, 1, "direction", UP);
    expect_text(meter, 1, "direction_name", "up");
    expect_number(meter, 3, "direction", DOWN);
    expect_text(meter, 3, "direction_name", "down");
    expect_number(meter, 3, "direction_reason", 5);
    expect_text(meter, 3, "direction_reason_name", "first packet");
    flow_meter_free(meter);
}

static void test_a_frame_number_used_again(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, udp_packet(2, 8, 50000, 9, 53));
    account(meter, udp_down(2));
    expect_number(meter, 2, "id", 0);
    expect_number(meter, 2, "index", 2);
    expect_number(meter, 1, "pkts", 2);
    g_assert_cmpuint(flow_meter_flows(meter), ==, 2);

    account(meter, udp_down(2)); /* and once more, in the same flow: both are counted */
    expect_number(meter, 2, "index", 3);
    expect_number(meter, 1, "pkts", 3);
    flow_meter_free(meter);
}

static void test_a_flow_has_a_view_of_its_own(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_view view;

    g_assert_false(flow_meter_flow_view(meter, 0, &view));
    account(meter, udp_up(1));
    account(meter, udp_down(2));
    g_assert_true(flow_meter_flow_view(meter, 0, &view));
    g_assert_cmpuint(flow_field_value(flow_field_named("pkts"), &view).as.number, ==, 2);
    g_assert_cmpuint(flow_field_value(flow_field_named("last_frame"), &view).as.number, ==, 2);
    g_assert_false(flow_field_value(flow_field_named("index"), &view).known);
    g_assert_false(flow_field_value(flow_field_named("sofar.pkts"), &view).known);
    g_assert_null(flow_view_so_far(&view, &flow_core));
    flow_meter_free(meter);
}

/* Time */

static void test_time(void)
{
    static const struct {
        int second; /* -1: no timestamp */
        int delta;  /* -1000: absent */
        int relative, start, last;
    } rows[] = {
        { 100, -1000, 0, 100, 100 }, { 103, 3, 3, 100, 103 },   { 101, -2, 1, 100, 103 },
        { 90, -11, -10, 90, 103 },   { -1, -1000, 0, 90, 103 }, { 104, -1000, 4, 90, 104 },
    };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_packet packet = at_second(udp_up(i + 1), rows[i].second);
        account(meter, rows[i].second == -1 ? without_time(packet) : packet);
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t frame = i + 1;

        if (rows[i].delta == -1000)
            expect_absent(meter, frame, "delta");
        else
            expect_ns(meter, frame, "delta", rows[i].delta * SECOND);
        if (rows[i].second == -1)
            expect_absent(meter, frame, "time_relative");
        else
            expect_ns(meter, frame, "time_relative", rows[i].relative * SECOND);
        expect_ns(meter, frame, "sofar.start", rows[i].start * SECOND);
        expect_ns(meter, frame, "sofar.last", rows[i].last * SECOND);
        expect_ns(meter, frame, "sofar.duration", (rows[i].last - rows[i].start) * SECOND);
        expect_ns(meter, frame, "start", 90 * SECOND);
        expect_ns(meter, frame, "last", 104 * SECOND);
        expect_ns(meter, frame, "duration", 14 * SECOND);
    }
    flow_meter_free(meter);
}

static void test_a_flow_without_timestamps_has_no_times(void)
{
    static const char *const names[] = { "start",       "last",  "duration",
                                         "sofar.start", "delta", "time_relative" };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, without_time(udp_up(1)));
    account(meter, without_time(udp_up(2)));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        expect_absent(meter, 2, names[i]);
    expect_number(meter, 2, "pkts", 2);

    /* The packet with index 1 has no timestamp, so nothing is relative to it. */
    account(meter, udp_up(3));
    expect_absent(meter, 3, "time_relative");
    expect_ns(meter, 3, "start", 3 * SECOND);
    flow_meter_free(meter);
}

/* TCP through all rooms */

static struct flow_packet with_stamps(struct flow_packet packet, uint32_t tsval, uint32_t tsecr)
{
    packet.fact.tcp_options = (struct flow_tcp_options){ .tsval = tsval,
                                                         .tsecr = tsecr,
                                                         .bits = FLOW_TCP_OPTION_TIMESTAMPS };
    packet.fact.bits |= FLOW_FACT_OPTIONS;
    return packet;
}

static void note_options(const struct flow_fact *fact, GString *kept)
{
    static const struct flow_tcp_options none;
    bool has = fact->bits & FLOW_FACT_OPTIONS;

    g_assert_cmpint(has, ==, memcmp(&fact->tcp_options, &none, sizeof none) != 0);
    g_string_append_c(kept, has ? 'o' : '.');
}

/* Options are kept of SYNs and SYN-ACKs, and of four ACKs of the other side after each. */
static void test_options_are_rare(void)
{
    static const char *const segments[] = { ">A", ">S",  "<SA", ">A", ">A", ">R", "<A", "<A",
                                            ">A", ">FA", ">A",  "<A", "<A", "<A", "<S", ">A" };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_view view;
    GString *kept = g_string_new(NULL);

    for (uint32_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        bool is_down = *segments[i] == '<', is_syn = strchr(segments[i], 'S');
        uint32_t seq = is_down ? 300 : 100;
        account(meter, with_stamps((is_down ? tcp_down : tcp_up)(i + 1, segments[i] + 1,
                                                                 is_syn ? seq : seq + 1, 0),
                                   7, 1));
    }
    for (uint32_t frame = 1; flow_meter_view(meter, frame, true, &view); frame++)
        note_options(view.fact, kept);
    g_assert_cmpstr(kept->str, ==, ".oooo.oooo.oo.oo");
    g_string_free(kept, TRUE);
    flow_meter_free(meter);
}

static void test_handshake(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, with_stamps(at_second(tcp_up(1, "S", 100, 0), 10), 1, 0));
    account(meter, with_stamps(at_second(tcp_up(2, "S", 100, 0), 11), 2, 0));
    account(meter, with_stamps(at_second(tcp_down(3, "SA", 300, 101), 13), 7, 2));
    account(meter, with_stamps(at_second(tcp_up(4, "A", 101, 301), 18), 3, 7));
    expect_ns(meter, 1, "tcp.rtt", 7 * SECOND);
    expect_ns(meter, 1, "tcp.rtt_net", 2 * SECOND);
    expect_ns(meter, 1, "tcp.rtt_user", 5 * SECOND);
    expect_ns(meter, 1, "tcp.connect_time", 8 * SECOND);
    expect_ns(meter, 1, "tcp.ts_syn", 11 * SECOND);
    expect_ns(meter, 1, "tcp.ts_syn_ack", 13 * SECOND);
    expect_ns(meter, 1, "tcp.ts_ack", 18 * SECOND);
    expect_number(meter, 1, "tcp.syn_frame", 2);
    expect_number(meter, 1, "tcp.syn_ack_frame", 3);
    expect_number(meter, 1, "tcp.ack_frame", 4);
    expect_number(meter, 1, "tcp.syn_retrans", 1);
    expect_number(meter, 1, "tcp.syn_ack_retrans", 0);
    expect_number(meter, 1, "tcp.state", 3);
    expect_text(meter, 1, "tcp.state_name", "Established");
    expect_text(meter, 1, "sofar.tcp.state_name", "SynSent");
    expect_absent(meter, 3, "sofar.tcp.rtt");
    expect_absent(meter, 2, "sofar.tcp.rtt_net");
    expect_ns(meter, 3, "sofar.tcp.rtt_net", 2 * SECOND);
    expect_ns(meter, 1, "sofar.tcp.ts_syn", 10 * SECOND);
    expect_number(meter, 1, "direction_reason", 1);
    flow_meter_free(meter);
}

static const struct {
    const char *claim;
    const char *flags[3]; /* of the initiator's SYN, the SYN-ACK, the ACK; NULL: not captured */
    const char *known[2];
    const char *absent[4];
} handshakes[] = {
    { "no SYN-ACK",
      { "S", NULL, "A" },
      { "tcp.rtt", "tcp.connect_time" },
      { "tcp.rtt_net", "tcp.rtt_user", "tcp.ts_syn_ack", "tcp.syn_ack_frame" } },
    { "no SYN",
      { NULL, "SA", "A" },
      { "tcp.rtt_user", "tcp.syn_ack_frame" },
      { "tcp.rtt", "tcp.rtt_net", "tcp.connect_time", "tcp.syn_frame" } },
    { "no ACK",
      { "S", "SA", NULL },
      { "tcp.rtt_net", "tcp.ts_syn" },
      { "tcp.rtt", "tcp.rtt_user", "tcp.connect_time", "tcp.ack_frame" } },
};

static void test_intervals_need_their_timestamps(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(handshakes); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        uint32_t last = 0;

        g_test_message("%s", handshakes[i].claim);
        for (uint32_t n = 0; n < 3; n++)
            if (handshakes[i].flags[n])
                account(meter,
                        n == 1 ? tcp_down(last = n + 1, handshakes[i].flags[n], 300, 101)
                               : tcp_up(last = n + 1, handshakes[i].flags[n], 100 + n / 2, 301));
        for (size_t n = 0; n < 2; n++)
            g_assert_true(ask(meter, last, handshakes[i].known[n], true).known);
        for (size_t n = 0; n < 4; n++)
            expect_absent(meter, last, handshakes[i].absent[n]);
        flow_meter_free(meter);
    }
}

static void test_a_new_connection_is_a_new_flow(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, tcp_up(1, "S", 100, 0));
    account(meter, tcp_down(2, "SA", 300, 101));
    account(meter, tcp_up(3, "A", 101, 301));
    account(meter, tcp_up(4, "S", 900, 0));
    account(meter, tcp_down(5, "SA", 700, 901));
    account(meter, tcp_up(6, "S", 900, 0)); /* the same number: a retransmission */
    flow_meter_finish(meter);
    expect_number(meter, 3, "id", 0);
    expect_number(meter, 4, "id", 1);
    expect_number(meter, 5, "id", 1);
    expect_number(meter, 6, "id", 1);
    expect_number(meter, 6, "tcp.syn_retrans", 1);
    expect_number(meter, 1, "end_reason", 3);
    expect_number(meter, 4, "end_reason", 4);
    expect_number(meter, 1, "pkts", 3);
    expect_number(meter, 4, "pkts", 3);
    expect_number(meter, 4, "index", 1);
    flow_meter_free(meter);
}

static void test_a_new_connection_may_turn_the_flow(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, tcp_up(1, "S", 100, 0));
    account(meter, tcp_down(2, "SA", 300, 101));
    account(meter, tcp_down(3, "S", 5000, 0));
    account(meter, tcp_up(4, "SA", 6000, 5001));
    expect_number(meter, 3, "id", 1);
    expect_number(meter, 3, "srcport", 80);
    expect_number(meter, 3, "direction", UP);
    expect_number(meter, 4, "direction", DOWN);
    flow_meter_free(meter);
}

static void test_the_same_number_after_a_reset_stays(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, tcp_up(1, "S", 100, 0));
    account(meter, tcp_down(2, "RA", 0, 101));
    account(meter, tcp_up(3, "S", 100, 0));
    account(meter, tcp_up(4, "S", 101, 0));
    expect_number(meter, 3, "id", 0);
    expect_text(meter, 3, "sofar.tcp.state_name", "Reset");
    expect_number(meter, 4, "id", 1);
    flow_meter_free(meter);
}

/* What came first decides which number a SYN is compared with. */
static void test_base_numbers_are_learnt_in_the_middle(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, tcp_down(1, "A", 300, 101)); /* up's base is 100, down's 299 */
    account(meter, tcp_up(2, "S", 100, 0));
    expect_number(meter, 2, "id", 0);
    account(meter, tcp_up(3, "S", 101, 0));
    expect_number(meter, 3, "id", 1);
    flow_meter_free(meter);
}

static void test_udp_has_no_connections(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (uint32_t frame = 1; frame <= 50; frame++)
        account(meter, frame % 3 ? udp_up(frame * 1000) : udp_down(frame * 1000));
    g_assert_cmpuint(flow_meter_flows(meter), ==, 1);
    flow_meter_free(meter);
}

/* The ends of flows, in the order in which the definitions ask */

static const struct {
    const char *claim;
    const char *flags[4]; /* of segments going up, down, up, down */
    int idle, active;     /* seconds */
    int silence;          /* of the capture, after the flow's last packet */
    bool finished;
    unsigned reason; /* 0: absent */
    const char *name;
    int apart; /* seconds between the flow's packets */
} ends[] = {
    { "open in a live capture", { "S", "SA", "A" }, 0, 0, 0, false, 0, NULL, 0 },
    { "cut by the end of the capture", { "S", "SA", "A" }, 0, 0, 0, true, 4, "end of capture", 0 },
    { "reset", { "S", "RA" }, 0, 0, 0, true, 3, "end of flow", 0 },
    { "reset, in a live capture", { "S", "RA" }, 0, 0, 0, false, 3, "end of flow", 0 },
    { "closed", { "FA", "FA", "A" }, 0, 0, 0, false, 3, "end of flow", 0 },
    { "closing only", { "FA", "FA" }, 0, 0, 0, true, 4, "end of capture", 0 },
    { "idle", { "A", "A" }, 30, 0, 31, true, 1, "idle timeout", 0 },
    { "idle, in a live capture", { "A", "A" }, 30, 0, 31, false, 1, "idle timeout", 0 },
    { "not idle yet", { "A", "A" }, 30, 0, 29, true, 4, "end of capture", 0 },
    { "active", { "A", "A" }, 0, 30, 31, true, 2, "active timeout", 0 },
    { "idle before active", { "A", "A" }, 30, 30, 40, true, 1, "idle timeout", 0 },
    { "reset before idle", { "A", "R" }, 30, 30, 40, true, 3, "end of flow", 0 },
    { "closed before active", { "FA", "FA", "A" }, 0, 30, 40, true, 3, "end of flow", 0 },
    { "idle for the limit itself", { "A", "A" }, 30, 0, 30, true, 4, "end of capture", 0 },
    { "idle since its last packet", { "A", "A" }, 30, 0, 20, true, 4, "end of capture", 20 },
    { "active since its first packet", { "A", "A" }, 0, 30, 11, true, 2, "active timeout", 20 },
    { "active for the limit itself", { "A", "A" }, 0, 30, 10, true, 4, "end of capture", 20 },
};

static void test_end_reasons(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        const struct flow_limits limits = { ends[i].idle * SECOND, ends[i].active * SECOND };
        struct flow_meter *meter = flow_meter_new(&limits, 0, NULL);
        int last = 0;

        g_test_message("%s", ends[i].claim);
        for (uint32_t n = 0; n < 4 && ends[i].flags[n]; n++) {
            /* Every FIN is acknowledged by what comes next. */
            struct flow_packet packet = n % 2 ? tcp_down(n + 1, ends[i].flags[n], 300, 200)
                                              : tcp_up(n + 1, ends[i].flags[n], 100, 400);
            last = (int)n * ends[i].apart;
            account(meter, at_second(packet, last));
        }
        account(meter, at_second(udp_packet(9, 8, 50000, 9, 53), last + ends[i].silence));
        if (ends[i].finished)
            flow_meter_finish(meter);
        if (ends[i].reason) {
            expect_number(meter, 1, "end_reason", ends[i].reason);
            expect_text(meter, 1, "end_reason_name", ends[i].name);
        } else {
            expect_absent(meter, 1, "end_reason");
            expect_absent(meter, 1, "end_reason_name");
        }
        expect_absent_first(meter, 1, "end_reason");
        flow_meter_free(meter);
    }
}

static void test_timeouts_split_flows(void)
{
    static const struct {
        const char *claim;
        int idle, active;
        int seconds[6];
        unsigned ids[6];
        unsigned reason; /* of flow 0 */
    } rows[] = {
        { "none", 0, 0, { 0, 100, 5000, 9000, 9001, 99999 }, { 0, 0, 0, 0, 0, 0 }, 4 },
        { "idle", 10, 0, { 0, 9, 18, 30, 39, 50 }, { 0, 0, 0, 1, 1, 2 }, 1 },
        { "active", 0, 20, { 0, 9, 19, 21, 40, 42 }, { 0, 0, 0, 1, 1, 2 }, 2 },
        { "idle, at the limit", 10, 0, { 0, 10, 20, 30, 41, 51 }, { 0, 0, 0, 0, 1, 1 }, 1 },
        { "active, at the limit", 0, 20, { 0, 10, 20, 21, 41, 42 }, { 0, 0, 0, 1, 1, 2 }, 2 },
        { "both", 10, 20, { 0, 9, 19, 21, 32, 33 }, { 0, 0, 0, 1, 2, 2 }, 2 },
        { "out of order", 10, 0, { 20, 12, 29, 1, 28, 38 }, { 0, 0, 0, 0, 0, 0 }, 4 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct flow_limits limits = { rows[i].idle * SECOND, rows[i].active * SECOND };
        struct flow_meter *meter = flow_meter_new(&limits, 0, NULL);

        g_test_message("%s", rows[i].claim);
        for (uint32_t n = 0; n < 6; n++)
            account(meter, at_second(n % 2 ? udp_down(n + 1) : udp_up(n + 1), rows[i].seconds[n]));
        flow_meter_finish(meter);
        for (uint32_t n = 0; n < 6; n++)
            expect_number(meter, n + 1, "id", rows[i].ids[n]);
        expect_number(meter, 1, "end_reason", rows[i].reason);
        flow_meter_free(meter);
    }
}

/* Whoever sends first after a timeout: the pieces have one source. */
static void test_a_timeout_keeps_the_source(void)
{
    const struct flow_limits limits = { 10 * SECOND, 0 };
    struct flow_meter *meter = flow_meter_new(&limits, 0, NULL);

    account(meter, at_second(tcp_up(1, "S", 100, 0), 0));
    account(meter, at_second(tcp_down(2, "A", 900, 101), 20));
    account(meter, at_second(tcp_up(3, "A", 101, 901), 40));
    for (uint32_t frame = 1; frame <= 3; frame++) {
        expect_number(meter, frame, "id", frame - 1);
        expect_number(meter, frame, "srcport", 50000);
        expect_number(meter, frame, "direction_reason", FLOW_REASON_HANDSHAKE);
    }
    expect_number(meter, 2, "direction", DOWN);
    account(meter, at_second(tcp_down(4, "S", 7000, 0), 60));
    expect_number(meter, 4, "id", 3);
    expect_number(meter, 4, "srcport", 80);
    flow_meter_free(meter);
}

/* Two hosts that ping each other with one identifier: who asks is in the key. */
static void test_pings_both_ways_are_two_flows(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    static const struct {
        uint8_t from, to;
        bool answers;
        uint32_t flow;
    } rows[] = {
        { 1, 2, false, 0 }, { 2, 1, false, 1 }, { 2, 1, true, 0 },
        { 1, 2, true, 1 },  { 1, 2, false, 0 },
    };

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_packet packet =
            packet_of(i + 1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, rows[i].from, rows[i].to));
        packet.tuple.ident = 7;
        packet.tuple.bits = FLOW_TUPLE_IDENT | (rows[i].answers ? FLOW_TUPLE_ANSWER : 0);
        packet.message_type = rows[i].answers ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
        account(meter, packet);
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        expect_number(meter, i + 1, "id", rows[i].flow);
        expect_number(meter, i + 1, "direction", rows[i].answers ? DOWN : UP);
    }
    flow_meter_free(meter);
}

/* Clocks start anywhere, and a frame without timestamp moves none. */
static const struct {
    const char *claim;
    int64_t flow, others; /* seconds */
    bool flow_has_time, others_have_time;
    unsigned reason;
} clocks[] = {
    { "before the epoch", -1000, -995, true, true, 4 },
    { "before the epoch, idle", -1000, -900, true, true, 1 },
    { "the others have no time", 100, 100000, true, false, 4 },
    { "the flow has no time", 0, 1000, false, true, 4 },
    { "nothing has a time", 0, 1000, false, false, 4 },
};

static void test_timeouts_go_by_timestamps(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(clocks); i++) {
        const struct flow_limits limits = { 10 * SECOND, 20 * SECOND };
        struct flow_meter *meter = flow_meter_new(&limits, 0, NULL);
        struct flow_packet packet = at_second(udp_up(1), clocks[i].flow);
        struct flow_packet other = at_second(udp_packet(2, 8, 50000, 9, 53), clocks[i].others);

        g_test_message("%s", clocks[i].claim);
        account(meter, clocks[i].flow_has_time ? packet : without_time(packet));
        account(meter, clocks[i].others_have_time ? other : without_time(other));
        flow_meter_finish(meter);
        expect_number(meter, 1, "end_reason", clocks[i].reason);
        flow_meter_free(meter);
    }
}

static void test_a_replaced_flow_ended_by_itself_first(void)
{
    const struct flow_limits limits = { 10 * SECOND, 0 };
    struct flow_meter *meter = flow_meter_new(&limits, 0, NULL);

    /* A new connection after a long silence: replaced goes before idle. */
    account(meter, at_second(tcp_up(1, "S", 100, 0), 0));
    account(meter, at_second(tcp_up(2, "S", 900, 0), 100));
    expect_number(meter, 2, "id", 1);
    expect_number(meter, 1, "end_reason", 3);
    flow_meter_free(meter);
}

/* Encapsulation */

static void test_encapsulation_is_part_of_the_key(void)
{
    static const char vlan[] = "vlan", vxlan[] = "vxlan";
    struct flow_layer layers[] = {
        { .name = vlan, .id = { 100 }, .ids = 1 },
        { .name = vxlan,
          .id = { 5001 },
          .ids = 1,
          .family = FLOW_IPV4,
          .bits = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY | FLOW_LAYER_ENDS },
    };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet there = udp_up(2), back = udp_down(3), tagged = udp_down(4);

    account(meter, udp_up(1)); /* outside */
    memcpy(layers[1].end[0], (const uint8_t[]){ 10, 0, 0, 1 }, 4);
    memcpy(layers[1].end[1], (const uint8_t[]){ 10, 0, 0, 2 }, 4);
    there.layers = layers;
    there.layer_count = 2;
    account(meter, there);
    memcpy(layers[1].end[0], (const uint8_t[]){ 10, 0, 0, 2 }, 4);
    memcpy(layers[1].end[1], (const uint8_t[]){ 10, 0, 0, 1 }, 4);
    back.layers = layers + 1; /* untagged */
    back.layer_count = 1;
    account(meter, back);
    tagged.layers = layers;
    tagged.layer_count = 1;
    account(meter, tagged);

    expect_number(meter, 1, "id", 0);
    expect_absent(meter, 1, "vni");
    expect_number(meter, 2, "id", 1);
    expect_number(meter, 3, "id", 1);
    expect_number(meter, 3, "direction", DOWN);
    expect_text(meter, 3, "vni", "vlan(100) › vxlan(5001, 10.0.0.1↔10.0.0.2)");
    expect_number(meter, 4, "id", 0);
    flow_meter_free(meter);
}

static void test_endpoints_are_in_the_flows_direction(void)
{
    static const char ipip[] = "ipip";
    struct flow_layer layer = { .name = ipip,
                                .end = { { 10, 0, 0, 2 }, { 10, 0, 0, 1 } },
                                .family = FLOW_IPV4,
                                .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet answer = udp_down(1);

    answer.layers = &layer;
    answer.layer_count = 1;
    account(meter, answer);
    expect_number(meter, 1, "direction", DOWN);
    expect_text(meter, 1, "vni", "ipip(10.0.0.1↔10.0.0.2)");
    flow_meter_free(meter);
}

/* Fragments */

static struct flow_packet head(uint32_t frame, uint32_t ident)
{
    return first_fragment(udp_up(frame), ident);
}

static struct flow_packet tail(uint32_t frame, uint32_t ident)
{
    return later_fragment(frame, FLOW_PROTOCOL_UDP, 1, 2, ident);
}

/* Three fragments of one datagram in every order: 'H' is the first one, '1' and '2' the others. */
static const struct {
    const char *frames;
    uint32_t order[3]; /* frames in the order of accounting */
} fragment_orders[] = {
    { "H12", { 1, 2, 3 } }, { "H21", { 1, 2, 3 } }, { "1H2", { 1, 2, 3 } },
    { "2H1", { 1, 2, 3 } }, { "12H", { 1, 2, 3 } }, { "21H", { 1, 2, 3 } },
};

static void test_fragments_in_all_orders(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fragment_orders); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        bool head_came = false;

        g_test_message("%s", fragment_orders[i].frames);
        for (uint32_t n = 0; n < 3; n++) {
            bool is_head = fragment_orders[i].frames[n] == 'H';
            account(meter, is_head ? head(n + 1, 7) : tail(n + 1, 7));
            head_came |= is_head;
            g_assert_cmpint(has_view(meter, n + 1), ==, head_came);
            g_assert_cmpint(flow_meter_is_waiting(meter, n + 1), ==, !head_came);
        }
        g_assert_cmpuint(flow_meter_flows(meter), ==, 1);
        for (uint32_t n = 0; n < 3; n++) {
            expect_number(meter, fragment_orders[i].order[n], "index", n + 1);
            expect_number(meter, n + 1, "srcport", 50000);
            expect_number(meter, n + 1, "direction", UP);
        }
        expect_number(meter, 1, "up.frags", 3);
        expect_number(meter, 1, "up.frag_pkts", 1);
        expect_number(meter, 1, "up.pkts", 3);
        expect_number(meter, 1, "up.payload_bytes", 3 * PAYLOAD_LEN);
        flow_meter_free(meter);
    }
}

/* Joined in order, just before the first fragment; packets between them come before. */
static void test_early_fragments_join_just_before_the_first(void)
{
    static const uint32_t accounted[] = { 1, 3, 2, 4, 5, 6 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, tail(2, 7));
    account(meter, udp_down(3));
    account(meter, tail(4, 7));
    expect_number(meter, 3, "index", 2);
    expect_absent(meter, 3, "next_frame");
    account(meter, head(5, 7));
    account(meter, udp_down(6));
    for (uint32_t n = 0; n < G_N_ELEMENTS(accounted); n++) {
        expect_number(meter, accounted[n], "index", n + 1);
        if (n > 0)
            expect_number(meter, accounted[n], "prev_frame", accounted[n - 1]);
        if (n + 1 < G_N_ELEMENTS(accounted))
            expect_number(meter, accounted[n], "next_frame", accounted[n + 1]);
    }
    expect_number(meter, 2, "sofar.up.frags", 1);
    expect_number(meter, 5, "sofar.up.frags", 3);
    flow_meter_free(meter);
}

static void test_an_early_fragment_may_be_the_first_packet(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet answer = first_fragment(udp_down(2), 7);

    account(meter, later_fragment(1, FLOW_PROTOCOL_UDP, 2, 1, 7));
    account(meter, answer);
    expect_number(meter, 1, "index", 1);
    expect_number(meter, 2, "first_frame", 1);
    expect_number(meter, 1, "direction", DOWN);
    expect_number(meter, 1, "direction_reason", 4);
    expect_number(meter, 1, "dstport", 53);
    g_assert_true(ask(meter, 1, "is_first", true).known);
    flow_meter_free(meter);
}

static void test_the_way_back_is_another_datagram(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, head(1, 7));
    account(meter, later_fragment(2, FLOW_PROTOCOL_UDP, 2, 1, 7));
    g_assert_false(has_view(meter, 2));
    flow_meter_free(meter);
}

static void test_the_latest_first_fragment_wins(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, head(1, 7));
    account(meter, first_fragment(udp_packet(2, 1, 50001, 2, 53), 7));
    account(meter, tail(3, 7));
    expect_number(meter, 3, "id", 1);
    account(meter, head(4, 7));
    account(meter, tail(5, 7));
    expect_number(meter, 5, "id", 0);
    flow_meter_free(meter);
}

static struct flow_packet carrying(struct flow_packet packet, uint32_t offset, bool is_last)
{
    packet.fragment.offset = offset;
    packet.fragment.len = 400;
    packet.fragment.is_last = is_last;
    return packet;
}

/* The next datagram's end, which comes before its first fragment, is not the last one's. */
static void test_complete_datagrams_are_over(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, carrying(head(1, 7), 0, false));
    account(meter, carrying(tail(2, 7), 400, true));
    account(meter, carrying(tail(4, 7), 400, true));
    g_assert_true(flow_meter_is_waiting(meter, 4));
    account(meter, carrying(first_fragment(udp_packet(5, 1, 50001, 2, 53), 7), 0, false));
    expect_number(meter, 1, "pkts", 2);
    expect_number(meter, 2, "id", 0);
    expect_number(meter, 4, "id", 1);
    expect_number(meter, 5, "pkts", 2);
    flow_meter_free(meter);
}

static void test_lone_fragments_are_counted_after_60_seconds(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, at_second(tail(1, 7), 100));
    account(meter, at_second(tail(2, 8), 120));
    account(meter, at_second(udp_up(3), 159));
    account(meter, without_time(at_second(udp_up(9), 100000))); /* nobody knows when */
    g_assert_false(has_view(meter, 1));
    account(meter, at_second(udp_up(4), 161));
    g_assert_true(has_view(meter, 1));
    g_assert_false(has_view(meter, 2));
    expect_absent(meter, 1, "srcport");
    expect_number(meter, 1, "proto", FLOW_PROTOCOL_UDP);
    expect_number(meter, 1, "id", 1);
    expect_number(meter, 1, "up.frags", 1);
    expect_number(meter, 1, "up.frag_pkts", 0);
    expect_number(meter, 1, "direction_reason", 5);

    /* Its first fragment is too late for it, not for those that still come. */
    account(meter, at_second(head(5, 7), 162));
    account(meter, at_second(tail(6, 7), 163));
    expect_number(meter, 1, "id", 1);
    expect_number(meter, 6, "id", 0);
    flow_meter_free(meter);
}

static void test_the_first_fragment_is_in_time_after_60_seconds(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, at_second(tail(1, 7), 100));
    account(meter, at_second(head(2, 7), 160));
    expect_number(meter, 1, "srcport", 50000);
    flow_meter_free(meter);
}

static void test_the_first_fragment_is_too_late_after_61_seconds(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, at_second(tail(1, 7), 100));
    account(meter, at_second(head(2, 7), 161));
    expect_absent(meter, 1, "srcport");
    expect_number(meter, 1, "id", 0);
    expect_number(meter, 2, "id", 1);
    flow_meter_free(meter);
}

static void test_finish_counts_what_waits(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, tail(2, 7));
    account(meter, tail(3, 8));
    g_assert_false(flow_meter_is_finished(meter));
    g_assert_false(has_view(meter, 2));
    flow_meter_finish(meter);
    g_assert_true(flow_meter_is_finished(meter));
    expect_number(meter, 2, "id", 1);
    expect_number(meter, 3, "id", 1);
    expect_number(meter, 2, "index", 1);
    expect_number(meter, 3, "index", 2);
    expect_absent(meter, 2, "srcport");

    account(meter, tail(4, 9)); /* more packets may follow all the same */
    g_assert_false(has_view(meter, 4));
    g_assert_false(flow_meter_is_finished(meter));
    flow_meter_finish(meter);
    expect_number(meter, 4, "index", 3);
    flow_meter_free(meter);
}

static void test_more_wait_than_may(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    enum { BOUND = 16384 };

    for (uint32_t frame = 1; frame <= BOUND; frame++)
        account(meter, at_second(tail(frame, frame), 0));
    g_assert_cmpuint(flow_meter_flows(meter), ==, 0);
    account(meter, at_second(tail(BOUND + 1, BOUND + 1), 0));
    g_assert_true(has_view(meter, 1));
    g_assert_false(has_view(meter, 2));
    g_assert_false(has_view(meter, BOUND + 1));
    flow_meter_finish(meter);
    expect_number(meter, 1, "pkts", BOUND + 1);
    for (uint32_t frame = 1; frame <= BOUND + 1; frame += 999)
        expect_number(meter, frame, "index", frame);
    flow_meter_free(meter);
}

static void test_fragments_of_portless_protocols_do_not_wait(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet fragment = later_fragment(1, 89, 1, 2, 7);

    fragment.fragment.waits = false;
    account(meter, fragment);
    expect_number(meter, 1, "index", 1);
    expect_number(meter, 1, "proto", 89);
    expect_number(meter, 1, "up.frags", 1);
    flow_meter_free(meter);
}

/* The reply to a fragmented ping: identifiers are in the first fragment only. */
static void test_fragments_of_pings(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet ping = packet_of(1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 2));
    struct flow_packet reply = packet_of(4, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 2, 1));

    ping.tuple.ident = reply.tuple.ident = 77;
    ping.tuple.bits = FLOW_TUPLE_IDENT;
    reply.tuple.bits = FLOW_TUPLE_IDENT | FLOW_TUPLE_ANSWER;
    ping.message_type = FLOW_MESSAGE_REQUEST;
    reply.message_type = FLOW_MESSAGE_RESPONSE;
    account(meter, first_fragment(ping, 5));
    account(meter, later_fragment(2, FLOW_PROTOCOL_ICMP, 1, 2, 5));
    account(meter, later_fragment(3, FLOW_PROTOCOL_ICMP, 2, 1, 6));
    account(meter, first_fragment(reply, 6));
    g_assert_cmpuint(flow_meter_flows(meter), ==, 1);
    expect_number(meter, 1, "up.frags", 2);
    expect_number(meter, 1, "down.frags", 2);
    expect_number(meter, 3, "direction", DOWN);
    expect_number(meter, 1, "direction_reason", 2);
    flow_meter_free(meter);
}

/* The first fragment's SYN counts, whatever came before it. */
static void test_a_fragmented_segment_counts_at_its_first_fragment(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, later_fragment(1, FLOW_PROTOCOL_TCP, 1, 2, 7));
    account(meter, first_fragment(tcp_up(2, "S", 100, 0), 7));
    account(meter, later_fragment(3, FLOW_PROTOCOL_TCP, 1, 2, 7));
    expect_text(meter, 2, "sofar.tcp.state_name", "SynSent");
    expect_text(meter, 3, "sofar.tcp.state_name", "SynSent");
    expect_number(meter, 3, "tcp.syn_retrans", 0);
    expect_number(meter, 3, "tcp.syn_frame", 2);
    flow_meter_free(meter);
}

/* ICMP errors */

static struct flow_packet icmp_error(uint32_t frame, struct flow_tuple quote)
{
    struct flow_packet packet = packet_of(frame, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));

    packet.message_type = FLOW_MESSAGE_REQUEST;
    packet.quote = quote;
    packet.bits |= FLOW_PACKET_QUOTE;
    return packet;
}

static void test_icmp_errors_are_events(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 3, NULL);

    account(meter, udp_up(1));
    account(meter, icmp_error(2, udp_up(0).tuple));
    account(meter, udp_up(3));
    account(meter, icmp_error(4, udp_up(0).tuple));
    expect_number(meter, 1, "icmp_errors", 2);
    expect_number(meter, 1, "icmp_error_frame", 4);
    expect_number(meter, 1, "sofar.icmp_errors", 0);
    expect_number(meter, 3, "sofar.icmp_errors", 1);

    /* They are no packets of the flow ... */
    expect_number(meter, 1, "pkts", 2);
    expect_number(meter, 1, "bytes", 2 * FRAME_LEN);
    expect_number(meter, 3, "index", 2);
    expect_number(meter, 1, "next_frame", 3);
    expect_number(meter, 3, "prev_frame", 1);
    expect_number(meter, 1, "last_frame", 3);
    g_assert_true(ask(meter, 3, "is_last", true).known);
    expect_ns(meter, 1, "last", 3 * SECOND);

    /* ... but of a flow of their own. */
    expect_number(meter, 2, "id", 4);
    expect_number(meter, 2, "icmp_error_for", 3);
    expect_number(meter, 4, "icmp_error_for", 3);
    expect_number(meter, 4, "index", 2);
    expect_number(meter, 2, "icmp_errors", 0);
    expect_absent(meter, 1, "icmp_error_for");
    g_assert_true(ask(meter, 4, "icmp_error_for", false).known);
    flow_meter_free(meter);
}

static void test_errors_about_nothing_known(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, icmp_error(2, udp_packet(0, 1, 50001, 2, 53).tuple));
    expect_absent(meter, 2, "icmp_error_for");
    expect_number(meter, 1, "icmp_errors", 0);
    expect_absent(meter, 1, "icmp_error_frame");
    g_assert_cmpuint(flow_meter_flows(meter), ==, 2); /* what is quoted makes no flow */
    flow_meter_free(meter);
}

static void test_errors_quote_either_direction(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, udp_up(1));
    account(meter, icmp_error(2, udp_down(0).tuple));
    expect_number(meter, 2, "icmp_error_for", 0);
    expect_number(meter, 1, "icmp_errors", 1);
    flow_meter_free(meter);
}

static void test_errors_are_for_the_latest_flow(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account(meter, tcp_up(1, "S", 100, 0));
    account(meter, icmp_error(2, tcp_up(0, "S", 0, 0).tuple));
    account(meter, tcp_up(3, "S", 900, 0));
    account(meter, icmp_error(4, tcp_up(0, "S", 0, 0).tuple));
    expect_number(meter, 2, "icmp_error_for", 0);
    expect_number(meter, 4, "icmp_error_for", 2);
    expect_number(meter, 1, "icmp_errors", 1);
    expect_number(meter, 3, "icmp_errors", 1);
    flow_meter_free(meter);
}

static void test_errors_are_looked_up_in_their_own_encapsulation(void)
{
    static const char gre[] = "gre";
    struct flow_layer layer = { .name = gre, .bits = FLOW_LAYER_KEY };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet inside = udp_up(2), error = icmp_error(3, udp_up(0).tuple);

    account(meter, udp_up(1));
    inside.layers = error.layers = &layer;
    inside.layer_count = error.layer_count = 1;
    account(meter, inside);
    account(meter, error);
    expect_number(meter, 3, "icmp_error_for", 1);
    expect_number(meter, 1, "icmp_errors", 0);
    expect_number(meter, 2, "icmp_errors", 1);
    flow_meter_free(meter);
}

/* Between an end and itself */

static void test_self_talk(void)
{
    static const int applications[] = { FLOW_MESSAGE_REQUEST, FLOW_MESSAGE_RESPONSE,
                                        FLOW_MESSAGE_UNKNOWN, FLOW_MESSAGE_RESPONSE };
    static const int dirs[] = { UP, DOWN, UP, DOWN };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (uint32_t i = 0; i < G_N_ELEMENTS(dirs); i++) {
        struct flow_packet packet = udp_packet(i + 1, 1, 500, 1, 500);
        let_say(&packet, (enum flow_message)applications[i]);
        account(meter, packet);
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(dirs); i++) {
        expect_number(meter, i + 1, "id", 0);
        expect_number(meter, i + 1, "direction", (unsigned)dirs[i]);
    }
    expect_number(meter, 1, "up.pkts", 2);
    expect_number(meter, 1, "down.pkts", 2);
    flow_meter_free(meter);
}

static void test_self_talk_may_begin_with_the_answer(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet reply = packet_of(1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 1));
    struct flow_packet ping = packet_of(2, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 1));

    reply.message_type = FLOW_MESSAGE_RESPONSE;
    ping.message_type = FLOW_MESSAGE_REQUEST;
    account(meter, reply);
    account(meter, ping);
    expect_number(meter, 1, "direction", DOWN);
    expect_number(meter, 2, "direction", UP);
    flow_meter_free(meter);
}

static void test_one_address_and_two_ports_are_two_ends(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet answer = udp_packet(2, 1, 53, 1, 50000);

    let_say(&answer, FLOW_MESSAGE_REQUEST); /* does not matter any more */
    account(meter, udp_packet(1, 1, 50000, 1, 53));
    account(meter, answer);
    expect_number(meter, 1, "direction", UP);
    expect_number(meter, 2, "direction", DOWN);
    flow_meter_free(meter);
}

static void test_later_packets_go_by_the_source(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet first = udp_packet(1, 2, 53, 1, 50000);

    /* A "query" from port 53 makes it the source; what follows is measured by that. */
    let_say(&first, FLOW_MESSAGE_REQUEST);
    account(meter, first);
    account(meter, udp_up(2));
    expect_number(meter, 1, "direction", UP);
    expect_number(meter, 1, "direction_reason", 3);
    expect_number(meter, 2, "direction", DOWN);
    expect_number(meter, 2, "srcport", 53);
    flow_meter_free(meter);
}

/* Laws */

enum { RANDOM_FRAMES = 4000 };

static struct flow_meter *random_meter(const struct flow_limits *limits, uint32_t seed)
{
    GRand *rand = g_rand_new_with_seed(seed);
    struct flow_meter *meter = flow_meter_new(limits, 0, NULL);

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++)
        account(meter, random_packet(rand, frame));
    flow_meter_finish(meter);
    g_rand_free(rand);
    return meter;
}

static const struct flow_limits some_limits = { 200 * SECOND, 900 * SECOND };

/* Whatever the frame's dissection, the first or a later one, so far is the same. */
static void test_so_far_is_the_same_on_every_dissection(void)
{
    GRand *rand = g_rand_new_with_seed(7);
    struct flow_meter *meter = flow_meter_new(&some_limits, 0, NULL);
    struct flow_state *first = g_new0(struct flow_state, RANDOM_FRAMES + 1);
    bool *seen = g_new0(bool, RANDOM_FRAMES + 1);
    struct flow_view view;

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        account(meter, random_packet(rand, frame));
        seen[frame] = flow_meter_view(meter, frame, false, &view);
        if (seen[frame])
            first[frame] = *(const struct flow_state *)flow_view_so_far(&view, &flow_core);
        g_assert_true(!seen[frame] || flow_view_whole(&view, &flow_core) == NULL);
    }
    flow_meter_finish(meter);
    for (unsigned again = 0; again < 2; again++)
        for (uint32_t i = 1; i <= RANDOM_FRAMES; i++) {
            uint32_t frame = again ? RANDOM_FRAMES + 1 - i : i;

            g_assert_true(flow_meter_view(meter, frame, true, &view));
            if (seen[frame])
                g_assert_true(memcmp(flow_view_so_far(&view, &flow_core), &first[frame],
                                     sizeof first[0]) == 0);
        }
    g_free(seen);
    g_free(first);
    flow_meter_free(meter);
    g_rand_free(rand);
}

static void test_parts_sum_to_the_whole(void)
{
    GRand *rand = g_rand_new_with_seed(8);
    struct flow_meter *meter = flow_meter_new(&some_limits, 0, NULL);
    uint64_t bytes = 0, wire_bytes = 0, payload_bytes = 0, frags = 0;
    uint64_t sum_pkts = 0, sum_bytes = 0, sum_wire = 0, sum_payload = 0, sum_frags = 0;
    struct flow_view view;

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        struct flow_packet packet = random_packet(rand, frame);
        bytes += packet.fact.cap_len;
        wire_bytes += packet.fact.wire_len;
        payload_bytes += packet.fact.payload_len;
        frags += (packet.fact.bits & FLOW_FACT_FRAG) != 0;
        account(meter, packet);
    }
    flow_meter_finish(meter);
    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++)
        for (unsigned dir = 0; dir < FLOW_DIRS; dir++) {
            const struct flow_half *half = &whole_of(&view)->half[dir];
            sum_pkts += half->pkts;
            sum_bytes += half->bytes;
            sum_wire += half->wire_bytes;
            sum_payload += half->payload_bytes;
            sum_frags += half->frags;
        }
    g_assert_cmpuint(sum_pkts, ==, RANDOM_FRAMES);
    g_assert_cmpuint(sum_bytes, ==, bytes);
    g_assert_cmpuint(sum_wire, ==, wire_bytes);
    g_assert_cmpuint(sum_payload, ==, payload_bytes);
    g_assert_cmpuint(sum_frags, ==, frags);
    flow_meter_free(meter);
    g_rand_free(rand);
}

static void test_each_fact_folds_to_the_whole(void)
{
    struct flow_meter *meter = random_meter(&some_limits, 9);
    uint32_t facts = 0, events = 0;
    struct flow_view view;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        struct flow_state state = { 0 };
        const struct flow_fact *fact;
        const void *notes;

        for (uint32_t i = 0; (fact = flow_history_fact(view.history, flow, i, &notes));
             i++, facts++)
            flow_state_apply(&state, fact);
        g_assert_true(memcmp(whole_of(&view), &state, sizeof state) == 0);
        events += state.icmp_errors;
    }
    g_assert_cmpuint(events, >, 0);
    g_assert_cmpuint(facts, ==, RANDOM_FRAMES + events);
    flow_meter_free(meter);
}

/* Along the links from first to last: all packets of the flow, numbered from 1. */
static void test_links_and_indexes_agree(void)
{
    struct flow_meter *meter = random_meter(&some_limits, 10);
    struct flow_view view;
    uint32_t walked = 0;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        uint32_t frame = flow_history_first_frame(view.history, flow);
        uint32_t last = flow_history_last_frame(view.history, flow), index = 1;

        g_assert_true(ask(meter, frame, "is_first", true).known);
        g_assert_true(ask(meter, last, "is_last", true).known);
        while (true) {
            struct flow_value next = ask(meter, frame, "next_frame", true);

            walked++;
            expect_number(meter, frame, "id", flow);
            expect_number(meter, frame, "index", index++);
            if (!next.known)
                break;
            g_assert_false(ask(meter, frame, "is_last", true).known);
            g_assert_false(ask(meter, (uint32_t)next.as.number, "is_first", true).known);
            expect_number(meter, (uint32_t)next.as.number, "prev_frame", frame);
            frame = (uint32_t)next.as.number;
        }
        g_assert_cmpuint(frame, ==, last);
    }
    g_assert_cmpuint(walked, ==, RANDOM_FRAMES);
    flow_meter_free(meter);
}

static bool are_equal(const struct flow_field *field, struct flow_value left,
                      struct flow_value right)
{
    if (!left.known || !right.known)
        return left.known == right.known;
    switch (flow_member_of(field->kind)) {
    case FLOW_MEMBER_TEXT: return strcmp(left.as.text, right.as.text) == 0;
    case FLOW_MEMBER_ADDR:
        return memcmp(left.as.addr, right.as.addr, flow_addr_len(field->kind)) == 0;
    case FLOW_MEMBER_REAL: return memcmp(&left.as.real, &right.as.real, sizeof left.as.real) == 0;
    case FLOW_MEMBER_NS: return left.as.ns == right.as.ns;
    case FLOW_MEMBER_NUMBER: return left.as.number == right.as.number;
    }
    return false;
}

static void test_one_capture_twice_gives_the_same(void)
{
    struct flow_meter *left = random_meter(&some_limits, 11);
    struct flow_meter *right = random_meter(&some_limits, 11);
    struct flow_view left_view, right_view;

    g_assert_cmpuint(flow_meter_flows(left), ==, flow_meter_flows(right));
    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        g_assert_true(flow_meter_view(left, frame, true, &left_view));
        g_assert_true(flow_meter_view(right, frame, true, &right_view));
        for (size_t i = 0; i < flow_field_count(); i++)
            g_assert_true(are_equal(flow_field_at(i),
                                    flow_field_value(flow_field_at(i), &left_view),
                                    flow_field_value(flow_field_at(i), &right_view)));
    }
    flow_meter_free(left);
    flow_meter_free(right);
}

/* At a flow's last packet so far is the whole flow, but for errors that came later. */
static void test_last_so_far_is_the_whole(void)
{
    struct flow_meter *meter = random_meter(NULL, 12);
    struct flow_view view;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        uint32_t last = flow_history_last_frame(view.history, flow);

        g_assert_true(flow_meter_view(meter, last, true, &view));
        struct flow_state so_far = *(const struct flow_state *)flow_view_so_far(&view, &flow_core);
        const struct flow_state *whole = whole_of(&view);
        so_far.icmp_errors = whole->icmp_errors;
        so_far.icmp_error_frame = whole->icmp_error_frame;
        g_assert_true(memcmp(&so_far, whole, sizeof so_far) == 0);
    }
    flow_meter_free(meter);
}

static void test_rtt_is_the_sum_of_its_parts(void)
{
    struct flow_meter *meter = random_meter(NULL, 13);
    struct flow_view view;
    unsigned sums = 0;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        struct flow_value rtt = flow_field_value(flow_field_named("tcp.rtt"), &view);
        struct flow_value net = flow_field_value(flow_field_named("tcp.rtt_net"), &view);
        struct flow_value user = flow_field_value(flow_field_named("tcp.rtt_user"), &view);

        if (!rtt.known || !net.known || !user.known)
            continue;
        g_assert_cmpint(rtt.as.ns, ==, net.as.ns + user.as.ns);
        sums++;
    }
    g_assert_cmpuint(sums, >, 0);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(void);
    } tests[] = {
        { "ids-are-in-the-order-of-flows", test_ids_are_in_the_order_of_flows },
        { "ids-may-begin-later", test_ids_may_begin_later },
        { "links-lead-through-the-flow", test_links_lead_through_the_flow },
        { "frames-without-a-flow-have-no-view", test_frames_without_a_flow_have_no_view },
        { "both-readings", test_both_readings },
        { "a-frame-number-used-again", test_a_frame_number_used_again },
        { "a-flow-has-a-view-of-its-own", test_a_flow_has_a_view_of_its_own },
        { "time/forwards-backwards-and-unknown", test_time },
        { "time/a-flow-without-timestamps-has-none", test_a_flow_without_timestamps_has_no_times },
        { "tcp/handshake", test_handshake },
        { "tcp/options-are-rare", test_options_are_rare },
        { "tcp/intervals-need-their-timestamps", test_intervals_need_their_timestamps },
        { "tcp/a-new-connection-is-a-new-flow", test_a_new_connection_is_a_new_flow },
        { "tcp/a-new-connection-may-turn-the-flow", test_a_new_connection_may_turn_the_flow },
        { "tcp/the-same-number-after-a-reset-stays", test_the_same_number_after_a_reset_stays },
        { "tcp/base-numbers-are-learnt-in-the-middle", test_base_numbers_are_learnt_in_the_middle },
        { "udp-has-no-connections", test_udp_has_no_connections },
        { "ends/reasons-in-their-order", test_end_reasons },
        { "ends/timeouts-split-flows", test_timeouts_split_flows },
        { "ends/a-timeout-keeps-the-source", test_a_timeout_keeps_the_source },
        { "identity/pings-both-ways-are-two-flows", test_pings_both_ways_are_two_flows },
        { "ends/timeouts-go-by-timestamps", test_timeouts_go_by_timestamps },
        { "ends/replaced-goes-before-idle", test_a_replaced_flow_ended_by_itself_first },
        { "encapsulation/is-part-of-the-key", test_encapsulation_is_part_of_the_key },
        { "encapsulation/endpoints-are-in-the-flows-direction",
          test_endpoints_are_in_the_flows_direction },
        { "fragments/in-all-orders", test_fragments_in_all_orders },
        { "fragments/early-ones-join-just-before-the-first",
          test_early_fragments_join_just_before_the_first },
        { "fragments/an-early-one-may-be-the-first-packet",
          test_an_early_fragment_may_be_the_first_packet },
        { "fragments/the-way-back-is-another-datagram", test_the_way_back_is_another_datagram },
        { "fragments/the-latest-first-fragment-wins", test_the_latest_first_fragment_wins },
        { "fragments/lone-ones-are-counted-after-60-seconds",
          test_lone_fragments_are_counted_after_60_seconds },
        { "fragments/the-first-is-in-time-after-60-seconds",
          test_the_first_fragment_is_in_time_after_60_seconds },
        { "fragments/the-first-is-too-late-after-61-seconds",
          test_the_first_fragment_is_too_late_after_61_seconds },
        { "fragments/finish-counts-what-waits", test_finish_counts_what_waits },
        { "fragments/more-wait-than-may", test_more_wait_than_may },
        { "fragments/of-portless-protocols-do-not-wait",
          test_fragments_of_portless_protocols_do_not_wait },
        { "fragments/complete-datagrams-are-over", test_complete_datagrams_are_over },
        { "fragments/of-pings-follow-the-identifier", test_fragments_of_pings },
        { "fragments/a-segment-counts-at-its-first",
          test_a_fragmented_segment_counts_at_its_first_fragment },
        { "errors/are-events", test_icmp_errors_are_events },
        { "errors/about-nothing-known", test_errors_about_nothing_known },
        { "errors/quote-either-direction", test_errors_quote_either_direction },
        { "errors/are-for-the-latest-flow", test_errors_are_for_the_latest_flow },
        { "errors/are-looked-up-in-their-own-encapsulation",
          test_errors_are_looked_up_in_their_own_encapsulation },
        { "direction/self-talk-lets-each-packet-speak", test_self_talk },
        { "direction/self-talk-may-begin-with-the-answer",
          test_self_talk_may_begin_with_the_answer },
        { "direction/one-address-and-two-ports-are-two-ends",
          test_one_address_and_two_ports_are_two_ends },
        { "direction/later-packets-go-by-the-source", test_later_packets_go_by_the_source },
        { "laws/so-far-is-the-same-on-every-dissection",
          test_so_far_is_the_same_on_every_dissection },
        { "laws/parts-sum-to-the-whole", test_parts_sum_to_the_whole },
        { "laws/each-fact-folds-to-the-whole", test_each_fact_folds_to_the_whole },
        { "laws/links-and-indexes-agree", test_links_and_indexes_agree },
        { "laws/one-capture-twice-gives-the-same", test_one_capture_twice_gives_the_same },
        { "laws/last-so-far-is-the-whole", test_last_so_far_is_the_whole },
        { "laws/rtt-is-the-sum-of-its-parts", test_rtt_is_the_sum_of_its_parts },
    };

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strconcat("/meter/", tests[i].path, NULL);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
