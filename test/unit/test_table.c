#include "packets.h"

#include <flowstats/table.h>

#include <engine/direction.h>
#include <glib.h>
#include <string.h>

enum { UP = FLOW_UP, DOWN = FLOW_DOWN };

static struct flow *begin(struct flow_table *table, const struct flow_packet *packet)
{
    unsigned sender;
    struct flow_key key = flow_key_make(&packet->tuple, 0, &sender);

    return flow_table_begin(table, &key, sender, packet);
}

static struct flow *find(struct flow_table *table, const struct flow_packet *packet)
{
    unsigned sender;
    struct flow_key key = flow_key_make(&packet->tuple, 0, &sender);

    return flow_table_find(table, &key);
}

static void test_ids_count_from_the_first(void)
{
    struct flow_table *table = flow_table_new(5);

    g_assert_cmpuint(flow_table_count(table), ==, 0);
    g_assert_null(flow_table_at(table, 0));
    for (uint16_t i = 0; i < 3000; i++) {
        struct flow_packet packet = udp_packet(1, 1, (uint16_t)(50000 + i), 2, 53);
        struct flow *flow = begin(table, &packet);

        g_assert_cmpuint(flow->id, ==, 5u + i);
        g_assert_cmpuint(flow_table_index(table, flow), ==, i);
        g_assert_true(flow_table_at(table, i) == flow);
        g_assert_cmpuint(flow_table_count(table), ==, i + 1u);
    }
    g_assert_null(flow_table_at(table, 3000));
    g_assert_cmpuint(flow_table_at(table, 0)->id, ==, 5);
    flow_table_free(table);
    flow_table_free(NULL);
}

static void test_the_latest_flow_of_a_key_is_found(void)
{
    struct flow_table *table = flow_table_new(0);
    struct flow_packet there = udp_packet(1, 1, 50000, 2, 53),
                       back = udp_packet(2, 2, 53, 1, 50000),
                       other = udp_packet(3, 1, 50001, 2, 53);

    g_assert_null(find(table, &there));
    struct flow *first = begin(table, &there);
    g_assert_true(find(table, &there) == first);
    g_assert_true(find(table, &back) == first);
    g_assert_null(find(table, &other));

    struct flow *second = begin(table, &back);
    g_assert_true(second != first);
    g_assert_true(find(table, &there) == second);
    g_assert_true(find(table, &back) == second);
    g_assert_true(flow_table_at(table, 0) == first);
    flow_table_free(table);
}

/* The first packet decides which end is the source; the answer's ends are turned. */
static void test_the_first_packet_decides_the_source(void)
{
    static const struct {
        uint8_t from;
        uint16_t from_port;
        uint8_t to;
        uint16_t to_port;
        int dir, reason;
    } rows[] = {
        { 1, 50000, 2, 53, UP, FLOW_REASON_FIRST_PACKET },
        { 2, 53, 1, 50000, DOWN, FLOW_REASON_PORTS },
        { 2, 50000, 1, 53, UP, FLOW_REASON_FIRST_PACKET },
        { 1, 53, 2, 50000, DOWN, FLOW_REASON_PORTS },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_table *table = flow_table_new(0);
        struct flow_packet packet =
            udp_packet(1, rows[i].from, rows[i].from_port, rows[i].to, rows[i].to_port);
        unsigned sender;
        struct flow *flow = begin(table, &packet);

        flow_key_make(&packet.tuple, 0, &sender);
        g_assert_cmpint((int)flow->reason, ==, rows[i].reason);
        g_assert_cmpuint(flow_end_of(flow, FLOW_UP)->port, ==, 50000);
        g_assert_cmpuint(flow_end_of(flow, FLOW_DOWN)->port, ==, 53);
        g_assert_cmpint((int)flow_dir_of(flow, sender, &packet), ==, rows[i].dir);
        g_assert_cmpint((int)flow_dir_of(flow, !sender, &packet), ==, !rows[i].dir);
        flow_table_free(table);
    }
}

static void test_link_addresses_are_turned_to_the_flow(void)
{
    static const uint8_t client[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 1 },
                         server[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 2 };
    struct flow_packet packets[] = { udp_packet(1, 1, 50000, 2, 53),
                                     udp_packet(1, 2, 53, 1, 50000) };

    for (unsigned down = 0; down < 2; down++) {
        struct flow_table *table = flow_table_new(0);
        struct flow_packet *packet = &packets[down];

        memcpy(packet->mac[down], client, FLOW_MAC_LEN);
        memcpy(packet->mac[!down], server, FLOW_MAC_LEN);
        packet->eth_type = 0x0800;
        packet->bits = FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
        struct flow *flow = begin(table, packet);
        g_assert_cmpuint(flow->bits & (FLOW_MACS | FLOW_ETH_TYPE), ==, FLOW_MACS | FLOW_ETH_TYPE);
        g_assert_true(memcmp(flow->mac[FLOW_UP], client, FLOW_MAC_LEN) == 0);
        g_assert_true(memcmp(flow->mac[FLOW_DOWN], server, FLOW_MAC_LEN) == 0);
        g_assert_cmpuint(flow->eth_type, ==, 0x0800);
        flow_table_free(table);
    }
}

static void test_no_link_header_no_link_addresses(void)
{
    struct flow_table *table = flow_table_new(0);
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);

    g_assert_cmpuint(begin(table, &packet)->bits & (FLOW_MACS | FLOW_ETH_TYPE), ==, 0);
    flow_table_free(table);
}

static enum flow_message count_calls(const void *calls)
{
    ++**(unsigned *const *)calls;
    return FLOW_MESSAGE_RESPONSE;
}

/* Reading a message costs more than all the rest: only where no rule before it speaks. */
static void test_messages_are_read_when_needed(void)
{
    struct flow_table *table = flow_table_new(0);
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);
    struct flow_packet segment = tcp_packet(2, 1, 50000, 2, 443, "S", 1, 0);
    unsigned calls = 0, *source = &calls;

    packet.application = segment.application = count_calls;
    packet.source = segment.source = &source;
    begin(table, &segment);
    g_assert_cmpuint(calls, ==, 0);
    struct flow *flow = begin(table, &packet);
    g_assert_cmpuint(calls, ==, 1);
    flow_dir_of(flow, 0, &packet);
    g_assert_cmpuint(calls, ==, 1);
    flow_table_free(table);
}

/* Where both ends are the same the rules of direction speak for each packet. */
static void test_between_an_end_and_itself(void)
{
    struct flow_table *table = flow_table_new(0);
    struct flow_packet packet = udp_packet(1, 1, 500, 1, 500);

    let_say(&packet, FLOW_MESSAGE_REQUEST);
    struct flow *flow = begin(table, &packet);
    g_assert_cmpint((int)flow_dir_of(flow, 0, &packet), ==, UP);
    let_say(&packet, FLOW_MESSAGE_RESPONSE);
    g_assert_cmpint((int)flow_dir_of(flow, 0, &packet), ==, DOWN);
    let_say(&packet, FLOW_MESSAGE_UNKNOWN);
    g_assert_cmpint((int)flow_dir_of(flow, 0, &packet), ==, UP);
    flow_table_free(table);
}

/*
 * When a SYN opens a new connection: segments that a flow has seen, and then a
 * SYN without ACK (or what is written last).
 */
struct segment {
    char arrow; /* 0: none */
    const char *flags;
    uint32_t seq, ack;
};

static const struct reuse {
    const char *claim;
    struct segment seen[3], last;
    enum flow_successor successor;
} reuses[] = {
    { "syn-with-the-number-of-the-syn-stays",
      { { '>', "S", 100, 0 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },
    { "syn-with-another-number-is-new",
      { { '>', "S", 100, 0 } },
      { '>', "S", 200, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "one-more-is-another-number",
      { { '>', "S", 100, 0 } },
      { '>', "S", 101, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "number-0-is-a-number",
      { { '>', "S", 100, 0 } },
      { '>', "S", 0, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "syn-0-stays-on-0", { { '>', "S", 0, 0 } }, { '>', "S", 0, 0 }, FLOW_SUCCESSOR_NONE },
    { "the-first-syn-stands-after-a-close",
      { { '>', "S", 100, 0 }, { '<', "SA", 300, 101 }, { '>', "FA", 101, 301 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },
    { "new-connection-after-a-close",
      { { '>', "S", 100, 0 }, { '<', "SA", 300, 101 }, { '>', "FA", 101, 301 } },
      { '>', "S", 5000, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "new-connection-from-the-other-side",
      { { '>', "S", 100, 0 }, { '<', "SA", 300, 101 } },
      { '<', "S", 7000, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "a-syn-with-the-syn-acks-number-stays",
      { { '>', "S", 100, 0 }, { '<', "SA", 300, 101 } },
      { '<', "S", 300, 0 },
      FLOW_SUCCESSOR_NONE },
    { "simultaneous-open-is-one-connection",
      { { '>', "S", 100, 0 } },
      { '<', "S", 300, 0 },
      FLOW_SUCCESSOR_NONE },
    { "retransmitted-in-a-simultaneous-open",
      { { '>', "S", 100, 0 }, { '<', "S", 300, 0 } },
      { '<', "S", 300, 0 },
      FLOW_SUCCESSOR_NONE },

    { "first-segment-minus-1-stays",
      { { '>', "A", 101, 301 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },
    { "first-segments-own-number-is-new",
      { { '>', "A", 101, 301 } },
      { '>', "S", 101, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "first-segment-0-minus-1-wraps-around",
      { { '>', "A", 0, 301 } },
      { '>', "S", 0xffffffff, 0 },
      FLOW_SUCCESSOR_NONE },
    { "later-segments-teach-nothing",
      { { '>', "A", 101, 301 }, { '>', "A", 201, 301 } },
      { '>', "S", 200, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "a-first-rst-is-a-first-segment",
      { { '>', "R", 101, 0 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },

    { "the-other-sides-acknowledgement-minus-1-stays",
      { { '<', "A", 500, 101 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },
    { "the-other-sides-acknowledgement-itself-is-new",
      { { '<', "A", 500, 101 } },
      { '>', "S", 101, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "only-the-first-acknowledgement-counts",
      { { '<', "A", 500, 101 }, { '<', "A", 600, 201 } },
      { '>', "S", 200, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "learnt-from-the-acknowledgement-before-the-segment",
      { { '<', "A", 500, 101 }, { '>', "A", 151, 500 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },
    { "learnt-from-the-segment-before-the-acknowledgement",
      { { '>', "A", 151, 500 }, { '<', "A", 500, 101 } },
      { '>', "S", 150, 0 },
      FLOW_SUCCESSOR_NONE },
    { "without-ack-nothing-is-acknowledged",
      { { '>', "S", 100, 777 } },
      { '<', "S", 900, 0 },
      FLOW_SUCCESSOR_NONE },
    { "the-syn-acks-acknowledgement-is-the-syns-number",
      { { '<', "SA", 300, 101 } },
      { '>', "S", 100, 0 },
      FLOW_SUCCESSOR_NONE },
    { "the-syn-acks-acknowledgement-tells-new",
      { { '<', "SA", 300, 101 } },
      { '>', "S", 222, 0 },
      FLOW_SUCCESSOR_CONNECTION },

    { "a-syn-acks-number-replaces-what-was-learnt",
      { { '>', "A", 101, 301 }, { '<', "SA", 800, 101 } },
      { '<', "S", 800, 0 },
      FLOW_SUCCESSOR_NONE },
    { "a-syn-acks-number-replaces-for-good",
      { { '>', "A", 101, 301 }, { '<', "SA", 800, 101 } },
      { '<', "S", 300, 0 },
      FLOW_SUCCESSOR_CONNECTION },
    { "a-syn-acks-number-replaces-another-one",
      { { '<', "SA", 300, 101 }, { '<', "SA", 800, 101 } },
      { '<', "S", 800, 0 },
      FLOW_SUCCESSOR_NONE },

    { "syn-ack-opens-nothing",
      { { '>', "S", 100, 0 }, { '<', "SA", 300, 101 } },
      { '<', "SA", 999, 101 },
      FLOW_SUCCESSOR_NONE },
    { "ack-opens-nothing", { { '>', "S", 100, 0 } }, { '>', "A", 999, 1 }, FLOW_SUCCESSOR_NONE },
    { "rst-opens-nothing", { { '>', "S", 100, 0 } }, { '>', "R", 999, 0 }, FLOW_SUCCESSOR_NONE },
};

static struct flow_packet packet_of_segment(const struct segment *segment)
{
    bool down = segment->arrow == '<';
    struct flow_packet packet =
        down ? tcp_packet(1, 2, 80, 1, 50000, segment->flags, segment->seq, segment->ack)
             : tcp_packet(1, 1, 50000, 2, 80, segment->flags, segment->seq, segment->ack);

    packet.fact.bits |= down ? FLOW_FACT_DOWN : 0;
    return packet;
}

static void test_reuse(const void *data)
{
    const struct reuse *reuse = data;
    const struct flow_limits limits = { 0, 0 };
    struct flow_table *table = flow_table_new(0);
    struct flow_packet last = packet_of_segment(&reuse->last);
    struct flow_state state = { 0 };
    /* The source is the same whatever comes first. */
    struct flow_packet maker = packet_of_segment(&(struct segment){ '>', "A", 1, 1 });
    struct flow *flow = begin(table, &maker);

    for (unsigned i = 0; i < G_N_ELEMENTS(reuse->seen) && reuse->seen[i].arrow; i++) {
        struct flow_packet packet = packet_of_segment(&reuse->seen[i]);
        flow_learn_base(flow, &packet.fact);
        flow_state_apply(&state, &packet.fact);
    }
    g_assert_cmpint((int)flow_successor_of(flow, &state, &last, flow_fact_dir(&last.fact), &limits),
                    ==, (int)reuse->successor);
    flow_table_free(table);
}

/* Of a packet without TCP header, a later fragment's too, flags and numbers are not looked at. */
static void test_only_tcp_has_connections(void)
{
    const struct flow_limits limits = { 0, 0 };
    struct flow_packet syn = tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0), other = syn;
    struct flow_state state = { 0 };

    other.fact.bits &= (uint8_t)~FLOW_FACT_TCP;
    other.fact.tcp_seq = 200;
    for (unsigned learnt = 0; learnt < 2; learnt++) {
        struct flow_table *table = flow_table_new(0);
        struct flow *flow = begin(table, &syn);

        flow_learn_base(flow, learnt ? &syn.fact : &other.fact);
        g_assert_cmpint(
            (int)flow_successor_of(flow, &state, learnt ? &other : &syn, FLOW_UP, &limits), ==,
            FLOW_SUCCESSOR_NONE);
        flow_table_free(table);
    }
}

/* Timeouts in seconds: a flow from start to last, and the time of the next packet. */
enum { NEVER = -1 };

static const struct {
    const char *claim;
    int idle, active;
    int start, last, next; /* NEVER: no timestamp */
    enum flow_successor successor;
} timeouts[] = {
    { "no timeouts", 0, 0, 0, 0, 1000000, FLOW_SUCCESSOR_NONE },
    { "not idle yet", 10, 0, 0, 100, 109, FLOW_SUCCESSOR_NONE },
    { "idle", 10, 0, 0, 100, 111, FLOW_SUCCESSOR_IDLE },
    { "idle counts from the latest packet", 10, 0, 0, 100, 101, FLOW_SUCCESSOR_NONE },
    { "not active for long yet", 0, 60, 0, 59, 59, FLOW_SUCCESSOR_NONE },
    { "active for too long", 0, 60, 0, 59, 61, FLOW_SUCCESSOR_ACTIVE },
    { "active counts from the earliest packet", 0, 60, 30, 89, 89, FLOW_SUCCESSOR_NONE },
    { "idle before active", 10, 60, 0, 50, 100, FLOW_SUCCESSOR_IDLE },
    { "active though not idle", 10, 60, 0, 55, 61, FLOW_SUCCESSOR_ACTIVE },
    { "idle though not active for long", 10, 60, 0, 5, 20, FLOW_SUCCESSOR_IDLE },
    { "back in time", 10, 60, 100, 100, 5, FLOW_SUCCESSOR_NONE },
    { "a packet without timestamp", 10, 60, 0, 0, NEVER, FLOW_SUCCESSOR_NONE },
    { "a flow without timestamps", 10, 60, NEVER, NEVER, 1000, FLOW_SUCCESSOR_NONE },
};

static void test_timeouts(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(timeouts); i++) {
        const struct flow_limits limits = { timeouts[i].idle * SECOND,
                                            timeouts[i].active * SECOND };
        struct flow_table *table = flow_table_new(0);
        struct flow_packet packet = udp_packet(0, 1, 50000, 2, 53);
        struct flow_state state = { 0 };
        struct flow *flow = begin(table, &packet);

        g_test_message("%s", timeouts[i].claim);
        if (timeouts[i].start != NEVER) {
            state.start_ns = timeouts[i].start * SECOND;
            state.last_ns = timeouts[i].last * SECOND;
            state.bits |= FLOW_STATE_TIME;
        }
        if (timeouts[i].next == NEVER)
            packet = without_time(at_second(packet, 1000000));
        else
            packet = at_second(packet, timeouts[i].next);
        g_assert_cmpint((int)flow_successor_of(flow, &state, &packet, FLOW_UP, &limits), ==,
                        (int)timeouts[i].successor);
        flow_table_free(table);
    }
}

/* Replaced by a new connection goes before the timeouts, as in flow.end_reason. */
static void test_a_new_connection_goes_before_timeouts(void)
{
    const struct flow_limits limits = { SECOND, SECOND };
    struct flow_table *table = flow_table_new(0);
    struct flow_packet syn = tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0);
    struct flow_state state = { 0 };
    struct flow *flow = begin(table, &syn);

    flow_learn_base(flow, &syn.fact);
    flow_state_apply(&state, &syn.fact);
    struct flow_packet next = tcp_packet(100, 1, 50000, 2, 80, "S", 200, 0);
    g_assert_cmpint((int)flow_successor_of(flow, &state, &next, FLOW_UP, &limits), ==,
                    FLOW_SUCCESSOR_CONNECTION);
    next.fact.tcp_seq = 100;
    g_assert_cmpint((int)flow_successor_of(flow, &state, &next, FLOW_UP, &limits), ==,
                    FLOW_SUCCESSOR_IDLE);
    flow_table_free(table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/table/ids-count-from-the-first", test_ids_count_from_the_first);
    g_test_add_func("/table/the-latest-flow-of-a-key-is-found",
                    test_the_latest_flow_of_a_key_is_found);
    g_test_add_func("/table/the-first-packet-decides-the-source",
                    test_the_first_packet_decides_the_source);
    g_test_add_func("/table/link-addresses-are-turned-to-the-flow",
                    test_link_addresses_are_turned_to_the_flow);
    g_test_add_func("/table/no-link-header-no-link-addresses",
                    test_no_link_header_no_link_addresses);
    g_test_add_func("/table/messages-are-read-when-needed", test_messages_are_read_when_needed);
    g_test_add_func("/table/between-an-end-and-itself-each-packet-speaks",
                    test_between_an_end_and_itself);
    for (size_t i = 0; i < G_N_ELEMENTS(reuses); i++) {
        char *path = g_strdup_printf("/table/connections/%s", reuses[i].claim);
        g_test_add_data_func(path, &reuses[i], test_reuse);
        g_free(path);
    }
    g_test_add_func("/table/connections/only-tcp-has-them", test_only_tcp_has_connections);
    g_test_add_func("/table/timeouts", test_timeouts);
    g_test_add_func("/table/a-new-connection-goes-before-timeouts",
                    test_a_new_connection_goes_before_timeouts);
    return g_test_run();
}
