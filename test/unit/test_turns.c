#include "ask.h"
#include "packets.h"

#include "core.h"
#include "tcp_group.h"
#include "turns.h"

#include <glib.h>
#include <math.h>

#define MS INT64_C(1000000)

/* A packet, in a row of a test; frames count from 1. */
struct row {
    enum flow_dir dir;
    int64_t ms;
    uint32_t payload_len;
    const char *flags; /* of TCP; NULL: UDP */
    uint32_t seq;
    uint32_t ack;
};

static struct flow_groups groups;

static struct flow_packet packet_from(const struct row *row, uint32_t frame)
{
    bool is_up = row->dir == FLOW_UP;
    uint8_t protocol = row->flags ? FLOW_PROTOCOL_TCP : FLOW_PROTOCOL_UDP;
    struct flow_packet packet =
        packet_of(frame, is_up ? tuple_with_ports(FLOW_IPV4, protocol, 1, 50000, 2, 80)
                               : tuple_with_ports(FLOW_IPV4, protocol, 2, 80, 1, 50000));

    packet.fact.time_ns = 1000 * SECOND + row->ms * MS;
    packet.fact.payload_len = row->payload_len;
    if (row->flags)
        make_segment(&packet.fact, row->flags, row->seq, row->ack);
    return packet;
}

static struct flow_meter *meter_of(const struct row *rows, size_t count)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < count; i++) {
        struct flow_packet packet = packet_from(&rows[i], i + 1);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    return meter;
}

#define METER(rows) meter_of(rows, G_N_ELEMENTS(rows))

/* Two packets up, two down, one up, one down, of UDP. */
static const struct row talk[] = {
    { FLOW_UP, 0, 10, NULL, 0, 0 },    { FLOW_UP, 5, 10, NULL, 0, 0 },
    { FLOW_DOWN, 25, 10, NULL, 0, 0 }, { FLOW_DOWN, 33, 10, NULL, 0, 0 },
    { FLOW_UP, 133, 10, NULL, 0, 0 },  { FLOW_DOWN, 193, 10, NULL, 0, 0 },
};

static void test_turns_are_runs_of_one_direction(void)
{
    struct flow_meter *meter = METER(talk);

    expect_number(meter, 1, "turns", 4);
    expect_number(meter, 1, "up.turns", 2);
    expect_number(meter, 1, "down.turns", 2);
    expect_number(meter, 2, "sofar.turns", 1);
    expect_number(meter, 3, "sofar.turns", 2);
    expect_number(meter, 4, "sofar.down.turns", 1);
    flow_meter_free(meter);
}

static void test_waits_are_from_the_last_packet_to_the_first(void)
{
    struct flow_meter *meter = METER(talk);

    expect_number(meter, 1, "response.count", 2);
    expect_ns(meter, 1, "response.first", 20 * MS);
    expect_ns(meter, 1, "response.min", 20 * MS);
    expect_ns(meter, 1, "response.mean", 40 * MS);
    expect_ns(meter, 1, "response.max", 60 * MS);
    expect_ns(meter, 1, "response.stddev", llround(sqrt(800) * 1e6));
    expect_ns(meter, 1, "response.upload_max", 5 * MS);
    expect_ns(meter, 1, "response.download_max", 8 * MS);
    expect_number(meter, 1, "think.count", 1);
    expect_ns(meter, 1, "think.mean", 100 * MS);
    expect_absent(meter, 1, "think.stddev");
    expect_absent(meter, 1, "response.server");
    expect_absent(meter, 1, "greeting");
    expect_absent(meter, 1, "request.wait");
    expect_absent(meter, 1, "request.unanswered");
    flow_meter_free(meter);
}

static void test_so_far_knows_what_has_come(void)
{
    struct flow_meter *meter = METER(talk);

    expect_number(meter, 2, "sofar.response.count", 0);
    expect_absent(meter, 2, "sofar.response.min");
    expect_ns(meter, 2, "sofar.response.upload_max", 5 * MS); /* of one turn */
    expect_absent(meter, 2, "sofar.response.download_max");
    expect_ns(meter, 4, "sofar.response.download_max", 8 * MS);
    expect_ns(meter, 4, "sofar.response.max", 20 * MS);
    expect_absent(meter, 4, "sofar.think.min");
    expect_ns(meter, 5, "sofar.think.first", 100 * MS);
    flow_meter_free(meter);
}

static void test_questions_and_answers_are_linked(void)
{
    struct flow_meter *meter = METER(talk);

    expect_absent(meter, 1, "response.answer_frame");
    expect_number(meter, 2, "response.answer_frame", 3);
    expect_absent_first(meter, 2, "response.answer_frame");
    expect_ns(meter, 3, "response.time", 20 * MS);
    expect_number(meter, 3, "response.request_frame", 2);
    g_assert_true(ask(meter, 3, "response.time", false).known);
    expect_absent(meter, 4, "response.time");
    expect_absent(meter, 4, "response.request_frame");
    expect_absent(meter, 5, "response.time");
    expect_number(meter, 5, "response.answer_frame", 6);
    expect_ns(meter, 6, "response.time", 60 * MS);
    expect_number(meter, 6, "response.request_frame", 5);
    flow_meter_free(meter);
}

static void test_a_first_turn_down_answers_nothing(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 0, 0, NULL, 0, 0 },
        { FLOW_DOWN, 10, 10, NULL, 0, 0 },
        { FLOW_UP, 30, 10, NULL, 0, 0 },
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "turns", 2);
    expect_absent(meter, 2, "response.time");
    expect_absent(meter, 2, "response.request_frame");
    expect_ns(meter, 1, "think.min", 20 * MS);
    flow_meter_free(meter);
}

static void test_a_wait_is_never_negative(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 10, 10, NULL, 0, 0 },
        { FLOW_DOWN, 5, 10, NULL, 0, 0 },
        { FLOW_UP, 20, 10, NULL, 0, 0 },
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "response.count", 0);
    expect_absent(meter, 2, "response.time");
    expect_number(meter, 2, "response.request_frame", 1);
    expect_ns(meter, 1, "think.min", 15 * MS);
    flow_meter_free(meter);
}

static void test_packets_without_a_time_take_turns_and_time_nothing(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < G_N_ELEMENTS(talk); i++) {
        struct flow_packet packet = packet_from(&talk[i], i + 1);
        packet.fact.time_ns -= 2000 * SECOND; /* before the epoch, and no time is later */
        if (i == 2 || i == 4) {
            packet = without_time(packet);
            packet.fact.time_ns = 0;
        }
        flow_meter_account(meter, &packet);
    }
    expect_number(meter, 1, "turns", 4);
    expect_number(meter, 1, "response.count", 0); /* the first answer, the second request */
    expect_number(meter, 1, "think.count", 0);
    expect_ns(meter, 1, "response.download_max", 0);
    expect_number(meter, 2, "response.answer_frame", 3);
    flow_meter_free(meter);
}

/* Where the last packet of a turn has no time the others of it are not waited from. */
static void test_a_wait_is_not_from_the_last_but_one(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < G_N_ELEMENTS(talk); i++) {
        struct flow_packet packet = packet_from(&talk[i], i + 1);
        if (i == 1)
            packet = without_time(packet);
        flow_meter_account(meter, &packet);
    }
    expect_absent(meter, 3, "response.time");
    expect_number(meter, 1, "response.count", 1);
    expect_ns(meter, 1, "response.first", 60 * MS); /* of the second answer */
    flow_meter_free(meter);
}

static void test_fragments_and_errors_take_no_turns(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet packets[] = {
        first_fragment(udp_packet(1, 1, 50000, 2, 80), 7),
        later_fragment(2, FLOW_PROTOCOL_UDP, 1, 2, 7),
        packet_of(3, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 2, 1)),
        udp_packet(10, 2, 80, 1, 50000),
    };

    packets[2].quote = packets[0].tuple;
    packets[2].bits |= FLOW_PACKET_QUOTE;
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_meter_account(meter, &packets[i]);
    expect_number(meter, 1, "pkts", 3);
    expect_number(meter, 1, "icmp_errors", 1);
    expect_number(meter, 1, "turns", 2);
    expect_ns(meter, 10, "response.time", 9 * SECOND);
    expect_number(meter, 1, "response.answer_frame", 10);
    expect_absent(meter, 2, "response.answer_frame");
    flow_meter_free(meter);
}

/* The handshake takes 40 ms to the server and 2 ms to the client. */
#define HANDSHAKE                                                                                  \
    { FLOW_UP, 0, 0, "S", 999, 0 }, { FLOW_DOWN, 40, 0, "SA", 4999, 1000 },                        \
    {                                                                                              \
        FLOW_UP, 42, 0, "A", 1000, 5000                                                            \
    }

static void test_retransmissions_and_keep_alives_take_no_turns(void)
{
    static const struct row rows[] = {
        HANDSHAKE,
        { FLOW_UP, 50, 100, "A", 1000, 5000 },
        { FLOW_UP, 350, 100, "A", 1000, 5000 },    /* 5: again */
        { FLOW_DOWN, 400, 200, "A", 5000, 1100 },  /* 6: the answer */
        { FLOW_UP, 450, 100, "A", 1000, 5000 },    /* 7: and again */
        { FLOW_DOWN, 500, 200, "A", 5200, 1100 },  /* 8: goes on */
        { FLOW_UP, 60500, 1, "A", 1099, 5400 },    /* 9: keep-alive */
        { FLOW_DOWN, 60501, 0, "A", 5400, 1100 },  /* 10 */
        { FLOW_UP, 60600, 150, "A", 1050, 5400 },  /* 11: half of it is new */
        { FLOW_DOWN, 60700, 9, "RA", 5400, 1200 }, /* 12: RSTs say nothing */
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "turns", 3);
    expect_ns(meter, 6, "response.time", 350 * MS);
    expect_number(meter, 6, "response.request_frame", 4);
    expect_number(meter, 4, "response.answer_frame", 6);
    expect_absent(meter, 5, "response.answer_frame");
    expect_absent(meter, 7, "response.answer_frame");
    expect_absent(meter, 8, "response.time");
    expect_absent(meter, 9, "response.answer_frame");
    expect_ns(meter, 1, "think.max", 60100 * MS);
    expect_ns(meter, 1, "response.download_max", 100 * MS);
    expect_number(meter, 1, "request.unanswered", 1);
    flow_meter_free(meter);
}

static void test_the_server_is_what_the_network_leaves(void)
{
    static const struct row rows[] = {
        HANDSHAKE,
        { FLOW_UP, 50, 100, "A", 1000, 5000 },
        { FLOW_DOWN, 100, 200, "A", 5000, 1100 },
        { FLOW_UP, 200, 100, "A", 1100, 5200 },
        { FLOW_DOWN, 230, 200, "A", 5200, 1200 },
    };
    struct flow_meter *meter = METER(rows);

    expect_ns(meter, 5, "sofar.response.server", 10 * MS);
    expect_ns(meter, 1, "response.min", 30 * MS);
    expect_ns(meter, 1, "response.server", 0); /* 30 ms, and 40 of them on the way */
    expect_ns(meter, 1, "request.wait", 8 * MS);
    expect_absent(meter, 1, "greeting");
    flow_meter_free(meter);
}

static void test_a_server_that_speaks_first_greets(void)
{
    static const struct row rows[] = {
        HANDSHAKE,
        { FLOW_DOWN, 142, 20, "A", 5000, 1000 },
        { FLOW_UP, 150, 10, "A", 1000, 5020 },
    };
    struct flow_meter *meter = METER(rows);

    expect_ns(meter, 1, "greeting", 100 * MS);
    expect_absent(meter, 1, "request.wait");
    expect_absent(meter, 3, "sofar.greeting");
    flow_meter_free(meter);
}

/* The client thinks of the greeting first: 8 ms, an answer after 50, a thought of 12. */
static void test_thoughts_are_no_answers(void)
{
    static const struct row rows[] = {
        HANDSHAKE,
        { FLOW_DOWN, 142, 20, "A", 5000, 1000 },
        { FLOW_UP, 150, 10, "A", 1000, 5020 }, /* 5: one thought, no answer */
        { FLOW_DOWN, 200, 20, "A", 5020, 1010 },
        { FLOW_UP, 212, 10, "A", 1010, 5040 }, /* 7: two, and one */
    };
    static const char *const names[] = { "first", "min", "mean", "max" };
    struct flow_meter *meter = METER(rows), *other = METER(talk);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *thought = g_strconcat("sofar.think.", names[i], NULL);
        char *answer = g_strconcat("sofar.response.", names[i], NULL);
        expect_ns(meter, 5, thought, 8 * MS);
        expect_absent(meter, 5, answer);
        expect_ns(other, 3, answer, 20 * MS);
        expect_absent(other, 3, thought);
        g_free(answer);
        g_free(thought);
    }
    expect_ns(meter, 7, "think.stddev", llround(sqrt(8) * 1e6)); /* 2 ms from their mean each */
    expect_absent(meter, 7, "response.stddev");
    flow_meter_free(other);
    flow_meter_free(meter);
}

/* Fast Open: the request comes with the SYN, and again after the handshake. */
static void test_payload_of_a_syn_opens_a_turn(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 0, 100, "S", 999, 0 },         { FLOW_UP, 1000, 0, "S", 999, 0 },
        { FLOW_DOWN, 1040, 0, "SA", 4999, 1000 }, { FLOW_UP, 1042, 100, "A", 1000, 5000 },
        { FLOW_DOWN, 1100, 10, "A", 5000, 1100 },
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "turns", 2);
    expect_ns(meter, 5, "response.time", 1100 * MS);
    expect_number(meter, 5, "response.request_frame", 1);
    expect_absent(meter, 1, "request.wait"); /* it was over before it began */
    flow_meter_free(meter);
}

/* In the middle of a connection the acknowledgements tell that a first byte is a keep-alive. */
static void test_a_keep_alive_is_known_by_the_acknowledgements_before_it(void)
{
    static const struct row rows[] = {
        { FLOW_DOWN, 0, 100, "A", 7000, 2000 },
        { FLOW_UP, 10, 1, "A", 1999, 7100 },
        { FLOW_DOWN, 11, 0, "A", 7100, 2000 },
        { FLOW_UP, 500, 50, "A", 2000, 7100 },
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "turns", 2);
    expect_ns(meter, 1, "think.first", 500 * MS);
    flow_meter_free(meter);
}

/* The first byte after a SYN is new, and the SYN's number is none. */
static void test_the_byte_after_a_syn_is_new(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 0, 0, "S", 100, 0 },    { FLOW_DOWN, 10, 0, "SA", 300, 101 },
        { FLOW_UP, 20, 1, "A", 101, 301 }, { FLOW_DOWN, 30, 1, "A", 301, 102 },
        { FLOW_UP, 40, 1, "A", 101, 302 }, { FLOW_DOWN, 50, 1, "A", 300, 102 },
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "up.turns", 1);
    expect_number(meter, 1, "down.turns", 1);
    flow_meter_free(meter);
}

/* So does the number of a segment of its own without payload. */
static void test_a_keep_alive_is_known_by_the_number_before_it(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 0, 0, "", 2000, 0 },
        { FLOW_UP, 10, 1, "", 1999, 0 },
        { FLOW_DOWN, 20, 5, "", 7000, 0 },
    };
    static const struct row after_syn[] = {
        { FLOW_UP, 0, 0, "S", 2000, 0 },
        { FLOW_UP, 10, 1, "", 2000, 0 },
        { FLOW_DOWN, 20, 5, "", 7000, 0 },
    };
    struct flow_meter *meters[] = { METER(rows), METER(after_syn) };

    for (size_t i = 0; i < G_N_ELEMENTS(meters); i++) {
        expect_number(meters[i], 1, "up.turns", 0);
        expect_number(meters[i], 1, "down.turns", 1);
        flow_meter_free(meters[i]);
    }
}

/* Sequence numbers wrap; and after a long gap in the capture what comes is new. */
static void test_numbers_go_round_and_far_ones_are_new(void)
{
    static const struct row rows[] = {
        { FLOW_UP, 0, 100, "A", UINT32_MAX - 49, 1 },
        { FLOW_DOWN, 10, 10, "A", 1, 51 },
        { FLOW_UP, 20, 100, "A", UINT32_MAX - 49, 11 }, /* again */
        { FLOW_UP, 30, 100, "A", 50, 11 },
        { FLOW_DOWN, 35, 10, "A", UINT32_C(0xc0000001), 150 }, /* ends 2^30 before its last byte */
        { FLOW_DOWN, 40, 10, "A", UINT32_C(0xc0000000), 150 }, /* and one more */
    };
    struct flow_meter *meter = METER(rows);

    expect_absent(meter, 5, "response.time");
    expect_ns(meter, 6, "response.time", 10 * MS);
    expect_number(meter, 1, "up.turns", 2);
    expect_ns(meter, 1, "think.first", 20 * MS);
    expect_number(meter, 1, "down.turns", 2);
    flow_meter_free(meter);
}

/* A stray SYN of another connection does not move what is new. */
static void test_a_stray_syn_moves_nothing(void)
{
    static const struct row rows[] = {
        HANDSHAKE,
        { FLOW_UP, 50, 100, "A", 1000, 5000 },
        { FLOW_DOWN, 60, 0, "A", 5000, 1100 },
        { FLOW_DOWN, 61, 0, "SA", 900, 1000 },
        { FLOW_DOWN, 90, 10, "A", 5000, 1100 },
        { FLOW_DOWN, 91, 10, "A", 5000, 1100 },
        { FLOW_UP, 95, 10, "A", 1100, 5010 },
    };
    struct flow_meter *meter = METER(rows);

    expect_number(meter, 1, "turns", 3);
    expect_ns(meter, 1, "response.download_max", 0);
    flow_meter_free(meter);
}

/* The end of a flow, in rows of a test: what came after the answer at 100 ms. */
static const struct {
    const char *claim;
    struct row rows[3];
    bool is_unanswered;
} ends[] = {
    { "a-request-waits-till-the-end", { { FLOW_UP, 200, 10, "A", 1100, 5200 } }, true },
    { "an-ack-is-no-answer",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_DOWN, 240, 0, "A", 5200, 1110 } },
      true },
    { "nor-is-a-retransmission",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_DOWN, 240, 200, "A", 5000, 1110 } },
      true },
    { "a-client-gave-up",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_UP, 9000, 0, "FA", 1110, 5200 } },
      true },
    { "a-server-closed",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_DOWN, 201, 0, "FA", 5200, 1110 } },
      true },
    { "good-bye",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_UP, 201, 0, "FA", 1110, 5200 } },
      false },
    { "good-bye-just-before-an-answer-can-be-there",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_UP, 249, 0, "FA", 1110, 5200 } },
      false },
    { "not-when-an-answer-can-be-there",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_UP, 250, 0, "FA", 1110, 5200 } },
      true },
    { "good-bye-in-one-segment", { { FLOW_UP, 200, 10, "FA", 1100, 5200 } }, false },
    { "the-first-close-counts",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 },
        { FLOW_UP, 201, 0, "FA", 1110, 5200 },
        { FLOW_UP, 9000, 0, "RA", 1111, 5200 } },
      false },
    { "a-request-after-the-close",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 },
        { FLOW_UP, 201, 0, "FA", 1110, 5200 },
        { FLOW_UP, 9000, 10, "A", 1111, 5200 } },
      true },
    { "answered",
      { { FLOW_UP, 200, 10, "A", 1100, 5200 }, { FLOW_DOWN, 240, 10, "A", 5200, 1110 } },
      false },
};

/* The flow's quickest answer took 50 ms, the way there and back 40. */
static void test_requests_without_an_answer(const void *data)
{
    size_t end = GPOINTER_TO_SIZE(data);
    struct row rows[8] = { HANDSHAKE,
                           { FLOW_UP, 50, 100, "A", 1000, 5000 },
                           { FLOW_DOWN, 100, 200, "A", 5000, 1100 } };
    size_t count = 5;

    for (size_t i = 0; i < 3 && ends[end].rows[i].ms > 0; i++)
        rows[count++] = ends[end].rows[i];
    struct flow_meter *meter = meter_of(rows, count);
    struct flow_value value = ask(meter, 1, "request.unanswered", true);

    g_assert_cmpint(value.known, ==, ends[end].is_unanswered);
    expect_absent_first(meter, 1, "request.unanswered");
    flow_meter_free(meter);
}

static void test_a_datagram_to_a_group_asks_nobody(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 5353);

    packet.tuple.end[1].addr[0] = 224;
    flow_meter_account(meter, &packet);
    expect_number(meter, 1, "up.turns", 1);
    expect_absent(meter, 1, "request.unanswered");
    flow_meter_free(meter);
}

/* Frame 4 begins with a ClientHello, frames 6, 8 and 9 with data; one frame may have no time. */
static struct flow_meter *meter_of_tls(uint32_t timeless)
{
    static const struct row rows[] = {
        HANDSHAKE,
        { FLOW_UP, 50, 100, "A", 1000, 5000 },
        { FLOW_DOWN, 100, 200, "A", 5000, 1100 },
        { FLOW_DOWN, 101, 200, "A", 5200, 1100 },
        { FLOW_UP, 130, 80, "A", 1100, 5400 },
        { FLOW_UP, 131, 90, "A", 1180, 5400 },
        { FLOW_UP, 132, 90, "A", 1270, 5400 },
    };
    static const uint8_t records[] = { 0,
                                       0,
                                       0,
                                       FLOW_RECORD_CLIENT_HELLO,
                                       0,
                                       FLOW_RECORD_APPLICATION_DATA,
                                       0,
                                       FLOW_RECORD_APPLICATION_DATA,
                                       FLOW_RECORD_APPLICATION_DATA };
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_packet packet = packet_from(&rows[i], i + 1);
        packet.fact.record = records[i];
        if (i + 1 == timeless)
            packet = without_time(packet);
        flow_meter_account(meter, &packet);
    }
    return meter;
}

static void test_tls_is_set_up_between_two_records(void)
{
    struct flow_meter *meter = meter_of_tls(0);

    expect_ns(meter, 1, "tls.setup_time", 81 * MS);
    expect_absent(meter, 7, "sofar.tls.setup_time");
    expect_ns(meter, 8, "sofar.tls.setup_time", 81 * MS);
    flow_meter_free(meter);
}

/* Nor do later records tell it in their place, and the turns are the same. */
static void test_records_without_a_time_do_not_tell_it(void)
{
    static const uint32_t timeless[] = { 4, 8 };

    for (size_t i = 0; i < G_N_ELEMENTS(timeless); i++) {
        struct flow_meter *meter = meter_of_tls(timeless[i]);
        expect_absent(meter, 1, "tls.setup_time");
        expect_number(meter, 1, "up.turns", 2);
        expect_number(meter, 1, "down.turns", 1);
        flow_meter_free(meter);
    }
}

/*
 * Question, as many ACKs, answer, twice, and at the end a question without one.
 * All links are right, and none costs a walk through the silence.
 */
static void test_the_answer_is_found_after_a_long_silence(void)
{
    enum { SILENCE = 200000 };
    const struct row question = { FLOW_UP, 0, 10, NULL, 0, 0 };
    const struct row answer = { FLOW_DOWN, 1, 10, NULL, 0, 0 };
    const struct row nothing = { FLOW_UP, 0, 0, NULL, 0, 0 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    uint32_t frame = 0;

    for (unsigned i = 0; i < 2 * SILENCE + 6; i++) {
        unsigned place = i % (SILENCE + 2);
        struct flow_packet packet = packet_from(place == 0             ? &question
                                                : place == SILENCE + 1 ? &answer
                                                                       : &nothing,
                                                ++frame);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    for (unsigned i = 0; i < 200; i++) {
        expect_number(meter, 1, "response.answer_frame", SILENCE + 2);
        expect_number(meter, SILENCE + 3, "response.answer_frame", 2 * SILENCE + 4);
        expect_absent(meter, 2 * SILENCE + 5, "response.answer_frame");
        expect_absent(meter, SILENCE / 2, "response.answer_frame");
    }
    expect_number(meter, SILENCE + 2, "response.request_frame", 1);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_tcp_group);
    flow_groups_add(&groups, &flow_turns);
    flow_fields_add(&flow_turns);
    g_test_add_func("/turns/are-runs-of-one-direction", test_turns_are_runs_of_one_direction);
    g_test_add_func("/turns/waits-are-from-the-last-packet-to-the-first",
                    test_waits_are_from_the_last_packet_to_the_first);
    g_test_add_func("/turns/so-far-knows-what-has-come", test_so_far_knows_what_has_come);
    g_test_add_func("/turns/questions-and-answers-are-linked",
                    test_questions_and_answers_are_linked);
    g_test_add_func("/turns/a-first-turn-down-answers-nothing",
                    test_a_first_turn_down_answers_nothing);
    g_test_add_func("/turns/a-wait-is-never-negative", test_a_wait_is_never_negative);
    g_test_add_func("/turns/packets-without-a-time-take-turns-and-time-nothing",
                    test_packets_without_a_time_take_turns_and_time_nothing);
    g_test_add_func("/turns/a-wait-is-not-from-the-last-but-one",
                    test_a_wait_is_not_from_the_last_but_one);
    g_test_add_func("/turns/fragments-and-errors-take-no-turns",
                    test_fragments_and_errors_take_no_turns);
    g_test_add_func("/turns/retransmissions-and-keep-alives-take-no-turns",
                    test_retransmissions_and_keep_alives_take_no_turns);
    g_test_add_func("/turns/the-server-is-what-the-network-leaves",
                    test_the_server_is_what_the_network_leaves);
    g_test_add_func("/turns/a-server-that-speaks-first-greets",
                    test_a_server_that_speaks_first_greets);
    g_test_add_func("/turns/thoughts-are-no-answers", test_thoughts_are_no_answers);
    g_test_add_func("/turns/payload-of-a-syn-opens-a-turn", test_payload_of_a_syn_opens_a_turn);
    g_test_add_func("/turns/the-byte-after-a-syn-is-new", test_the_byte_after_a_syn_is_new);
    g_test_add_func("/turns/a-keep-alive-is-known-by-the-number-before-it",
                    test_a_keep_alive_is_known_by_the_number_before_it);
    g_test_add_func("/turns/a-keep-alive-is-known-by-the-acknowledgements-before-it",
                    test_a_keep_alive_is_known_by_the_acknowledgements_before_it);
    g_test_add_func("/turns/numbers-go-round-and-far-ones-are-new",
                    test_numbers_go_round_and_far_ones_are_new);
    g_test_add_func("/turns/a-stray-syn-moves-nothing", test_a_stray_syn_moves_nothing);
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        char *path = g_strdup_printf("/turns/unanswered/%s", ends[i].claim);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_requests_without_an_answer);
        g_free(path);
    }
    g_test_add_func("/turns/a-datagram-to-a-group-asks-nobody",
                    test_a_datagram_to_a_group_asks_nobody);
    g_test_add_func("/turns/tls-is-set-up-between-two-records",
                    test_tls_is_set_up_between_two_records);
    g_test_add_func("/turns/records-without-a-time-do-not-tell-it",
                    test_records_without_a_time_do_not_tell_it);
    g_test_add_func("/turns/the-answer-is-found-after-a-long-silence",
                    test_the_answer_is_found_after_a_long_silence);
    return g_test_run();
}
