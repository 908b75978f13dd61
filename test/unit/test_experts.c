#include "packets.h"

#include "experts.h"
#include "meter.h"
#include "prefs.h"

#include <epan/exceptions.h>

/*
 * What an analyst is told of a flow, packet by packet, when a file is dissected
 * again.  What adds it is Wireshark's own, for its result is of another type in 4.0.
 */

/* By their place among what is registered. */
enum { UNANSWERED = 1, RESET = 2, SLOW = 4, GAP = 8 };
enum { PROTO = 77, EXPERT_TAP = 5, CLIENT = 1, SERVER = 2, CLIENT_PORT = 50000, SERVER_PORT = 80 };
#define MS INT64_C(1000000)

static struct fs_prefs preferences;
const struct fs_prefs *const fs_prefs = &preferences;

static char protocol, module; /* only handed on */
static ei_register_info *registered;
static int registered_count, tap, taps_asked;
static bool is_heard;

protocol_t *find_protocol_by_id(const int proto)
{
    g_assert_cmpint(proto, ==, PROTO);
    return (protocol_t *)&protocol;
}

const char *proto_get_protocol_short_name(const protocol_t *of)
{
    g_assert_true(of == (protocol_t *)&protocol);
    return "Flow";
}

expert_module_t *expert_register_protocol(int proto)
{
    g_assert_cmpint(proto, ==, PROTO);
    return (expert_module_t *)&module;
}

void expert_register_field_array(expert_module_t *to, ei_register_info *rows, const int count)
{
    g_assert_true(to == (expert_module_t *)&module);
    registered = rows;
    registered_count = count;
}

int find_tap_id(const char *name)
{
    g_assert_cmpstr(name, ==, "expert");
    taps_asked++;
    return tap;
}

ws_bool have_tap_listener(int asked)
{
    return asked == EXPERT_TAP && is_heard;
}

/* One packet of the client's (up) or the server's, and what is told of it. */
struct row {
    int64_t ns;
    enum flow_dir dir;
    const char *flags; /* NULL: not TCP */
    uint32_t seq;
    uint32_t ack;
    uint32_t len;
    uint16_t ident; /* of IP; 0: it has none */
    unsigned want;
};

static struct flow_packet packet_by(const struct row *row, uint32_t frame)
{
    bool is_up = row->dir == FLOW_UP;
    struct flow_packet packet = packet_of(
        frame, tuple_with_ports(FLOW_IPV4, row->flags ? FLOW_PROTOCOL_TCP : FLOW_PROTOCOL_UDP,
                                is_up ? CLIENT : SERVER, is_up ? CLIENT_PORT : SERVER_PORT,
                                is_up ? SERVER : CLIENT, is_up ? SERVER_PORT : CLIENT_PORT));

    packet.fact.time_ns = row->ns;
    packet.fact.payload_len = row->len;
    packet.fact.ip_id = row->ident;
    packet.fact.bits |= row->ident ? FLOW_FACT_IP_ID : 0;
    if (row->flags)
        make_segment(&packet.fact, row->flags, row->seq, row->ack);
    return packet;
}

static struct flow_meter *meter_of(const struct row *rows, size_t count,
                                   const struct flow_limits *limits)
{
    struct flow_meter *meter = flow_meter_new(limits, 0, NULL);

    for (size_t i = 0; i < count; i++) {
        const struct flow_packet packet = packet_by(&rows[i], (uint32_t)i + 1);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    return meter;
}

static unsigned experts_at(struct flow_meter *meter, uint32_t frame, bool again)
{
    struct flow_view view;

    g_assert_true(flow_meter_view(meter, frame, again, &view));
    return fs_experts_of(&view);
}

static void expect_limited(const struct row *rows, size_t count, const struct flow_limits *limits)
{
    struct flow_meter *meter = meter_of(rows, count, limits);

    for (size_t i = 0; i < count; i++) {
        uint32_t frame = (uint32_t)i + 1;
        unsigned experts = experts_at(meter, frame, true);
        if (experts != rows[i].want)
            g_test_message("frame %u", frame);
        g_assert_cmpuint(experts, ==, rows[i].want);
        /* The whole flow is not known yet. */
        g_assert_cmpuint(experts_at(meter, frame, false), ==, rows[i].want & (SLOW | GAP));
    }
    flow_meter_free(meter);
}

#define EXPECT_LIMITED(rows, limits) expect_limited(rows, G_N_ELEMENTS(rows), limits)
#define EXPECT(rows)                 EXPECT_LIMITED(rows, NULL)

static void begin(void)
{
    preferences = (struct fs_prefs){ .experts = true, .experts_ip_id = true };
}

static void test_registering(void)
{
    static const struct {
        const char *name;
        int severity;
        const char *summary;
    } rows[] = {
        { "flow.expert.unanswered", PI_NOTE, "SYN without an answer of TCP" },
        { "flow.expert.reset_before_data", PI_NOTE, "Connection reset before any data" },
        { "flow.expert.slow_handshake", PI_NOTE, "Slow handshake" },
        { "flow.expert.ip_id_gap", PI_CHAT, "Gap in the IP identification" },
    };

    g_assert_cmpint(registered_count, ==, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpstr(registered[i].eiinfo.name, ==, rows[i].name);
        g_assert_cmpint(registered[i].eiinfo.group, ==, PI_SEQUENCE);
        g_assert_cmpint(registered[i].eiinfo.severity, ==, rows[i].severity);
        g_assert_cmpstr(registered[i].eiinfo.summary, ==, rows[i].summary);
        g_assert_true(registered[i].ids == registered[0].ids + i); /* a field each */
        g_assert_cmpint(registered[i].ids->ei, ==, EI_INIT_EI);
        g_assert_cmpint(registered[i].ids->hf, ==, EI_INIT_HF);
    }
}

/* Wireshark registers the tap after us. */
static void test_whether_somebody_hears(void)
{
    begin();
    is_heard = true;
    g_assert_false(fs_experts_are_heard());
    tap = EXPERT_TAP;
    g_assert_true(fs_experts_are_heard());
    tap = 0;
    g_assert_true(fs_experts_are_heard());
    g_assert_cmpint(taps_asked, ==, 2);
    preferences.experts = false;
    g_assert_false(fs_experts_are_heard());
    preferences.experts = true;
    is_heard = false;
    g_assert_false(fs_experts_are_heard());
}

/* On the first packet alone. */
static void test_a_syn_without_an_answer(void)
{
    static const struct row unanswered[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, UNANSWERED },
        { 1000 * MS, FLOW_UP, "S", 100, 0, 0, 0, 0 },
    };
    static const struct row answered[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
    };
    static const struct row of_no_tcp[] = { { 0, FLOW_UP, NULL, 0, 0, 10, 0, 0 } };

    begin();
    EXPECT(unanswered);
    EXPECT(answered);
    EXPECT(of_no_tcp);
}

static void test_a_reset_before_data(void)
{
    static const struct row refused[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "RA", 0, 101, 0, 0, RESET },
        { 60 * MS, FLOW_DOWN, "RA", 0, 101, 0, 0, RESET },
    };
    static const struct row after_a_handshake[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 60 * MS, FLOW_UP, "A", 101, 501, 0, 0, 0 },
        { 70 * MS, FLOW_UP, "RA", 101, 501, 0, 0, RESET },
        { 80 * MS, FLOW_DOWN, "A", 501, 101, 0, 0, 0 }, /* on its way when the RST came */
    };
    static const struct row none_stands[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "RA", 0, 101, 0, 0, 0 },
        { 60 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
    };
    /* The server answers for all that, so its first RST was another's. */
    static const struct row the_second_stands[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "RA", 0, 101, 0, 0, 0 },
        { 60 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 70 * MS, FLOW_UP, "R", 101, 0, 0, 0, RESET },
    };

    begin();
    EXPECT(refused);
    EXPECT(after_a_handshake);
    EXPECT(none_stands);
    EXPECT(the_second_stands);
}

static void test_a_reset_after_data(void)
{
    static const struct row of_the_client[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 60 * MS, FLOW_UP, "A", 101, 501, 7, 0, 0 },
        { 70 * MS, FLOW_DOWN, "RA", 501, 108, 0, 0, 0 },
    };
    static const struct row of_the_server[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 50 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 60 * MS, FLOW_DOWN, "A", 501, 101, 7, 0, 0 },
        { 70 * MS, FLOW_UP, "RA", 101, 508, 0, 0, 0 },
    };

    begin();
    EXPECT(of_the_client);
    EXPECT(of_the_server);
}

/* What went before may have been data. */
static void test_a_reset_of_what_began_earlier(void)
{
    static const struct row without_syn[] = {
        { 0, FLOW_UP, "A", 101, 501, 0, 0, 0 },
        { 10 * MS, FLOW_DOWN, "RA", 501, 101, 0, 0, 0 },
    };
    static const struct row with_a_syn_ack[] = {
        { 0, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 10 * MS, FLOW_UP, "R", 101, 0, 0, 0, 0 },
    };
    /* The SYN came late into the capture. */
    static const struct row syn_ack_first[] = {
        { 0, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 10 * MS, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 20 * MS, FLOW_UP, "A", 101, 501, 0, 0, 0 },
        { 30 * MS, FLOW_DOWN, "RA", 501, 101, 0, 0, 0 },
    };
    static const struct row a_syn_that_resets[] = { { 0, FLOW_UP, "SR", 100, 0, 0, 0, 0 } };

    begin();
    EXPECT(without_syn);
    EXPECT(with_a_syn_ack);
    EXPECT(syn_ack_first);
    EXPECT(a_syn_that_resets);
}

static void test_a_reset_of_what_a_timeout_cut(void)
{
    static const struct flow_limits idle = { .idle_ns = 10 * SECOND };
    static const struct flow_limits active = { .active_ns = 10 * SECOND };
    /* The first of both goes on in the other one. */
    static const struct row goes_on[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 1 * SECOND, FLOW_DOWN, "RA", 0, 101, 0, 0, 0 },
        { 20 * SECOND, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 21 * SECOND, FLOW_DOWN, "RA", 0, 101, 0, 0, 0 },
    };
    /* A SYN of another number is another connection. */
    static const struct row anew[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 1 * SECOND, FLOW_DOWN, "RA", 0, 101, 0, 0, RESET },
        { 20 * SECOND, FLOW_UP, "S", 7000, 0, 0, 0, 0 },
        { 21 * SECOND, FLOW_DOWN, "RA", 0, 7001, 0, 0, RESET },
    };

    begin();
    EXPECT_LIMITED(goes_on, &idle);
    EXPECT_LIMITED(goes_on, &active);
    EXPECT_LIMITED(anew, &idle);
    EXPECT_LIMITED(anew, &active);
}

/* From the SYN to the ACK 100 ms and 50 ns. */
static void expect_handshake(unsigned limit_ms, unsigned want)
{
    const struct row rows[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 40 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 100 * MS + 50, FLOW_UP, "A", 101, 501, 0, 0, want },
        { 200 * MS, FLOW_UP, "A", 101, 501, 7, 0, 0 },
        { 300 * MS, FLOW_DOWN, "A", 501, 108, 0, 0, 0 },
    };

    preferences.slow_handshake = limit_ms;
    EXPECT(rows);
}

static void test_a_slow_handshake(void)
{
    static const struct row exactly[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 40 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 100 * MS, FLOW_UP, "A", 101, 501, 0, 0, 0 },
    };
    /* The SYN-ACK answers one of two SYNs, and none says which. */
    static const struct row of_two_syns[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 1000 * MS, FLOW_UP, "S", 100, 0, 0, 0, 0 },
        { 1200 * MS, FLOW_DOWN, "SA", 500, 101, 0, 0, 0 },
        { 1400 * MS, FLOW_UP, "A", 101, 501, 0, 0, 0 },
    };

    begin();
    expect_handshake(99, SLOW);
    expect_handshake(100, SLOW);
    expect_handshake(101, 0);
    expect_handshake(1, SLOW);
    expect_handshake(0, 0);
    preferences.slow_handshake = 100;
    EXPECT(exactly);
    EXPECT(of_two_syns);
}

/* In each direction by itself: the next identification is one more. */
static void test_a_gap(void)
{
    static const struct row rows[] = {
        { 0, FLOW_UP, NULL, 0, 0, 10, 1, 0 },
        { 1, FLOW_UP, NULL, 0, 0, 10, 3, GAP }, /* without 2 */
        { 2, FLOW_UP, NULL, 0, 0, 10, 4, 0 },
        { 3, FLOW_DOWN, NULL, 0, 0, 10, 900, 0 },
        { 4, FLOW_UP, NULL, 0, 0, 10, 5, 0 },
        { 5, FLOW_DOWN, NULL, 0, 0, 10, 902, GAP }, /* 901 */
        { 6, FLOW_UP, NULL, 0, 0, 10, 0, 0 },
        { 7, FLOW_UP, NULL, 0, 0, 10, 6, 0 },
        { 8, FLOW_UP, NULL, 0, 0, 10, 9, GAP }, /* 7 and 8 */
        { 9, FLOW_DOWN, NULL, 0, 0, 10, 903, 0 },
    };
    static const struct row of_tcp[] = {
        { 0, FLOW_UP, "S", 100, 0, 0, 1, 0 },
        { 1, FLOW_DOWN, "RA", 0, 101, 0, 50, RESET },
        { 2, FLOW_DOWN, "RA", 0, 101, 0, 52, RESET | GAP },
    };

    begin();
    EXPECT(rows);
    EXPECT(of_tcp);
}

/* All at once: a handshake without a SYN-ACK, which a RST ends. */
static const struct row all[] = {
    { 0, FLOW_UP, "S", 100, 0, 0, 1, 0 },
    { 100 * MS, FLOW_UP, "A", 101, 501, 0, 3, SLOW | GAP },
    { 200 * MS, FLOW_UP, "R", 101, 0, 0, 5, RESET | GAP },
};

static void test_what_is_switched_off(void)
{
    struct row without_gaps[G_N_ELEMENTS(all)];

    begin();
    preferences.slow_handshake = 50;
    EXPECT(all);
    memcpy(without_gaps, all, sizeof all);
    preferences.experts_ip_id = false;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        without_gaps[i].want &= ~(unsigned)GAP;
    EXPECT(without_gaps);
    preferences.experts_ip_id = true;
    preferences.experts = false;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        without_gaps[i].want = 0;
    EXPECT(without_gaps);
}

/* Return whether any was added: Wireshark knows none of ours here, and throws. */
static bool is_added(packet_info *pinfo, unsigned experts)
{
    volatile bool has_thrown = false;

    TRY
    {
        fs_experts_add(pinfo, NULL, experts);
    }
    CATCH_ALL
    {
        has_thrown = true;
    }
    ENDTRY;
    return has_thrown;
}

/* Each bit is one; they are ours, whatever the dissector before us was. */
static void test_adding(void)
{
    except_init();
    for (unsigned bit = UNANSWERED; bit <= GAP; bit *= 2) {
        packet_info pinfo = { .current_proto = "TCP" };
        g_assert_true(is_added(&pinfo, bit));
        g_assert_cmpstr(pinfo.current_proto, ==, "Flow");
    }
    packet_info pinfo = { .current_proto = "TCP" };
    g_assert_false(is_added(&pinfo, 0));
    g_assert_false(is_added(&pinfo, 2 * GAP)); /* there are no more */
    g_assert_cmpstr(pinfo.current_proto, ==, "TCP");
    except_deinit();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fs_experts_register(PROTO);
    g_test_add_func("/experts/registering", test_registering);
    g_test_add_func("/experts/whether-somebody-hears", test_whether_somebody_hears);
    g_test_add_func("/experts/a-syn-without-an-answer", test_a_syn_without_an_answer);
    g_test_add_func("/experts/a-reset-before-data", test_a_reset_before_data);
    g_test_add_func("/experts/a-reset-after-data", test_a_reset_after_data);
    g_test_add_func("/experts/a-reset-of-what-began-earlier", test_a_reset_of_what_began_earlier);
    g_test_add_func("/experts/a-reset-of-what-a-timeout-cut", test_a_reset_of_what_a_timeout_cut);
    g_test_add_func("/experts/a-slow-handshake", test_a_slow_handshake);
    g_test_add_func("/experts/a-gap", test_a_gap);
    g_test_add_func("/experts/what-is-switched-off", test_what_is_switched_off);
    g_test_add_func("/experts/adding", test_adding);
    return g_test_run();
}
