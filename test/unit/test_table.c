#include "packets.h"

#include "table.h"

#include <engine/direction.h>
#include <glib.h>
#include <string.h>

enum { UP = FLOW_UP, DOWN = FLOW_DOWN, LINK_BITS = FLOW_MAC_UP | FLOW_MAC_DOWN | FLOW_ETH_TYPE };

/* A table with its paths, and the few things that are done with it. */
struct world {
    struct flow_paths *paths;
    struct flow_table *table;
};

static struct world world_of(uint32_t first_id)
{
    struct world world = { .paths = flow_paths_new() };

    world.table = flow_table_new(first_id, world.paths);
    return world;
}

static void world_free(struct world *world)
{
    flow_table_free(world->table);
    flow_paths_free(world->paths);
}

static struct flow_search search_of(const struct world *world, const struct flow_packet *packet)
{
    return flow_table_search(
        world->table, packet,
        flow_paths_compared(world->paths, packet->layers, packet->layer_count));
}

static struct flow *begin(struct world *world, const struct flow_packet *packet)
{
    struct flow_search search = search_of(world, packet);
    enum flow_dir dir;

    return flow_table_begin(world->table, &search, packet,
                            flow_table_find(world->table, &search, &packet->fact), &dir);
}

static struct flow *find(struct world *world, const struct flow_packet *packet)
{
    struct flow_search search = search_of(world, packet);

    return flow_table_find(world->table, &search, &packet->fact);
}

static void test_ids_count_from_the_first(void)
{
    struct world world = world_of(5);
    struct flow_table *table = world.table;

    g_assert_cmpuint(flow_table_count(table), ==, 0);
    g_assert_null(flow_table_at(table, 0));
    for (uint16_t i = 0; i < 3000; i++) {
        struct flow_packet packet = udp_packet(1, 1, (uint16_t)(50000 + i), 2, 53);
        struct flow *flow = begin(&world, &packet);

        g_assert_cmpuint(flow->id, ==, 5u + i);
        g_assert_cmpuint(flow_table_index(table, flow), ==, i);
        g_assert_true(flow_table_at(table, i) == flow);
        g_assert_cmpuint(flow_table_count(table), ==, i + 1u);
    }
    g_assert_null(flow_table_at(table, 3000));
    g_assert_cmpuint(flow_table_at(table, 0)->id, ==, 5);
    world_free(&world);
    flow_table_free(NULL);
}

static void test_the_latest_flow_of_a_key_is_found(void)
{
    struct world world = world_of(0);
    struct flow_packet there = udp_packet(1, 1, 50000, 2, 53),
                       back = udp_packet(2, 2, 53, 1, 50000),
                       other = udp_packet(3, 1, 50001, 2, 53);

    g_assert_null(find(&world, &there));
    struct flow *first = begin(&world, &there);
    g_assert_true(find(&world, &there) == first);
    g_assert_true(find(&world, &back) == first);
    g_assert_null(find(&world, &other));

    struct flow *second = begin(&world, &back);
    g_assert_true(second != first);
    g_assert_true(find(&world, &there) == second);
    g_assert_true(find(&world, &back) == second);
    g_assert_true(flow_table_at(world.table, 0) == first);
    world_free(&world);
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
        struct world world = world_of(0);
        struct flow_packet packet =
            udp_packet(1, rows[i].from, rows[i].from_port, rows[i].to, rows[i].to_port);
        unsigned sender = search_of(&world, &packet).sender;
        struct flow *flow = begin(&world, &packet);

        g_assert_cmpint((int)flow->reason, ==, rows[i].reason);
        g_assert_cmpuint(flow_end_of(flow, FLOW_UP)->port, ==, 50000);
        g_assert_cmpuint(flow_end_of(flow, FLOW_DOWN)->port, ==, 53);
        g_assert_cmpint((int)flow_dir_of(flow, sender), ==, rows[i].dir);
        g_assert_cmpint((int)flow_dir_of(flow, !sender), ==, !rows[i].dir);
        world_free(&world);
    }
}

static void test_link_addresses_are_turned_to_the_flow(void)
{
    static const uint8_t client[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 1 },
                         server[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 2 };
    struct flow_packet packets[] = { udp_packet(1, 1, 50000, 2, 53),
                                     udp_packet(1, 2, 53, 1, 50000) };

    for (unsigned down = 0; down < 2; down++) {
        struct world world = world_of(0);
        struct flow_packet *packet = &packets[down];

        memcpy(packet->mac[down], client, FLOW_MAC_LEN);
        memcpy(packet->mac[!down], server, FLOW_MAC_LEN);
        packet->eth_type = 0x0800;
        packet->bits = FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
        struct flow *flow = begin(&world, packet);
        g_assert_cmpuint(flow->bits & LINK_BITS, ==, LINK_BITS);
        g_assert_true(memcmp(flow->way[FLOW_UP].mac, client, FLOW_MAC_LEN) == 0);
        g_assert_true(memcmp(flow->way[FLOW_DOWN].mac, server, FLOW_MAC_LEN) == 0);
        g_assert_cmpuint(flow->eth_type, ==, 0x0800);
        world_free(&world);
    }
}

static void test_no_link_header_no_link_addresses(void)
{
    struct world world = world_of(0);
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);

    g_assert_cmpuint(begin(&world, &packet)->bits & LINK_BITS, ==, 0);
    world_free(&world);
}

/* Of a cooked capture each packet tells its sender's address: those of both ways make the pair. */
static void test_cooked_link_addresses_come_one_by_one(void)
{
    static const uint8_t client[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 1 },
                         server[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 2 },
                         router[FLOW_MAC_LEN] = { 2, 0, 0, 0, 0, 3 };
    struct world world = world_of(0);
    struct flow_packet there = udp_packet(1, 1, 50000, 2, 53),
                       back = udp_packet(2, 2, 53, 1, 50000);
    struct flow *flow = begin(&world, &there);

    there.bits |= FLOW_PACKET_MAC_SENDER;
    back.bits |= FLOW_PACKET_MAC_SENDER;
    memcpy(back.mac[0], server, FLOW_MAC_LEN);
    flow_learn(flow, &back, FLOW_DOWN);
    g_assert_cmpuint(flow->bits & LINK_BITS, ==, FLOW_MAC_DOWN);
    memcpy(there.mac[0], client, FLOW_MAC_LEN);
    flow_learn(flow, &there, FLOW_UP);
    memcpy(there.mac[0], router, FLOW_MAC_LEN);
    flow_learn(flow, &there, FLOW_UP);
    g_assert_cmpuint(flow->bits & LINK_BITS, ==, FLOW_MAC_UP | FLOW_MAC_DOWN);
    g_assert_true(memcmp(flow->way[FLOW_UP].mac, client, FLOW_MAC_LEN) == 0);
    g_assert_true(memcmp(flow->way[FLOW_DOWN].mac, server, FLOW_MAC_LEN) == 0);
    world_free(&world);
}

static enum flow_message count_calls(const void *calls)
{
    ++**(unsigned *const *)calls;
    return FLOW_MESSAGE_RESPONSE;
}

/* Reading a message costs more than all the rest: only where no rule before it speaks. */
static void test_messages_are_read_when_needed(void)
{
    struct world world = world_of(0);
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);
    struct flow_packet segment = tcp_packet(2, 1, 50000, 2, 443, "S", 1, 0);
    unsigned calls = 0, *source = &calls;

    packet.application = segment.application = count_calls;
    packet.source = segment.source = &source;
    begin(&world, &segment);
    g_assert_cmpuint(calls, ==, 0);
    begin(&world, &packet);
    g_assert_cmpuint(calls, ==, 1);
    find(&world, &packet);
    g_assert_cmpuint(calls, ==, 1);
    world_free(&world);
}

/* Where both ends are the same the rules of direction speak for each packet. */
static void test_between_an_end_and_itself(void)
{
    struct world world = world_of(0);
    struct flow_packet packet = udp_packet(1, 1, 500, 1, 500);

    static const struct {
        enum flow_message message;
        int dir;
    } rows[] = {
        { FLOW_MESSAGE_REQUEST, UP },
        { FLOW_MESSAGE_RESPONSE, DOWN },
        { FLOW_MESSAGE_UNKNOWN, UP },
    };

    let_say(&packet, FLOW_MESSAGE_RESPONSE);
    struct flow *flow = begin(&world, &packet);
    g_assert_cmpint((int)flow->reason, ==, FLOW_REASON_APPLICATION);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        let_say(&packet, rows[i].message);
        g_assert_true(find(&world, &packet) == flow);
        g_assert_cmpint((int)flow_dir_of(flow, search_of(&world, &packet).sender), ==, rows[i].dir);
    }
    world_free(&world);
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
    struct world world = world_of(0);
    struct flow_packet last = packet_of_segment(&reuse->last);
    /* The source is the same whatever comes first. */
    struct flow_packet maker = packet_of_segment(&(struct segment){ '>', "A", 1, 1 });
    struct flow *flow = begin(&world, &maker);

    for (unsigned i = 0; i < G_N_ELEMENTS(reuse->seen) && reuse->seen[i].arrow; i++) {
        struct flow_packet packet = packet_of_segment(&reuse->seen[i]);
        flow_learn(flow, &packet, flow_fact_dir(&packet.fact));
    }
    g_assert_cmpint((int)flow_successor_of(flow, &last, flow_fact_dir(&last.fact), &limits), ==,
                    (int)reuse->successor);
    world_free(&world);
}

/* Of a packet without TCP header, a later fragment's too, flags and numbers are not looked at. */
static void test_only_tcp_has_connections(void)
{
    const struct flow_limits limits = { 0, 0 };
    struct flow_packet syn = tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0), other = syn;

    other.fact.bits &= (uint8_t)~FLOW_FACT_TCP;
    other.fact.tcp_seq = 200;
    for (unsigned learnt = 0; learnt < 2; learnt++) {
        struct world world = world_of(0);
        struct flow *flow = begin(&world, &syn);

        flow_learn(flow, learnt ? &syn : &other, FLOW_UP);
        g_assert_cmpint((int)flow_successor_of(flow, learnt ? &other : &syn, FLOW_UP, &limits), ==,
                        FLOW_SUCCESSOR_NONE);
        world_free(&world);
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
    { "idle for the limit itself", 10, 0, 0, 100, 110, FLOW_SUCCESSOR_NONE },
    { "idle", 10, 0, 0, 100, 111, FLOW_SUCCESSOR_IDLE },
    { "idle counts from the latest packet", 10, 0, 0, 100, 101, FLOW_SUCCESSOR_NONE },
    { "not active for long yet", 0, 60, 0, 59, 59, FLOW_SUCCESSOR_NONE },
    { "active for the limit itself", 0, 60, 0, 59, 60, FLOW_SUCCESSOR_NONE },
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
        struct world world = world_of(0);
        struct flow_packet packet = udp_packet(0, 1, 50000, 2, 53);
        struct flow *flow = begin(&world, &packet);

        g_test_message("%s", timeouts[i].claim);
        if (timeouts[i].start != NEVER) {
            struct flow_packet begun = at_second(packet, timeouts[i].start),
                               went_on = at_second(packet, timeouts[i].last);
            flow_learn(flow, &went_on, FLOW_UP);
            flow_learn(flow, &begun, FLOW_DOWN);
        }
        if (timeouts[i].next == NEVER)
            packet = without_time(at_second(packet, 1000000));
        else
            packet = at_second(packet, timeouts[i].next);
        g_assert_cmpint((int)flow_successor_of(flow, &packet, FLOW_UP, &limits), ==,
                        (int)timeouts[i].successor);
        world_free(&world);
    }
}

/* Clocks at the ends of the scale: no difference overflows. */
static void test_timeouts_at_the_ends_of_the_scale(void)
{
    const struct flow_limits limits = { INT64_MAX, 0 };
    struct world world = world_of(0);
    struct flow_packet packet = udp_packet(0, 1, 50000, 2, 53);
    struct flow *flow = begin(&world, &packet);

    packet.fact.time_ns = INT64_MIN;
    flow_learn(flow, &packet, FLOW_UP);
    g_assert_cmpint((int)flow_limits_passed(&limits, flow, INT64_MAX), ==, FLOW_SUCCESSOR_IDLE);
    g_assert_cmpint((int)flow_limits_passed(&limits, flow, -1), ==, FLOW_SUCCESSOR_NONE);
    g_assert_cmpint((int)flow_limits_passed(&limits, flow, INT64_MIN), ==, FLOW_SUCCESSOR_NONE);
    world_free(&world);
}

/* The shortest timeout that there is; 0 is none. */
static void test_a_nanosecond_is_a_timeout(void)
{
    const struct flow_limits idle = { .idle_ns = 1 }, active = { .active_ns = 1 }, none = { 0 };
    struct world world = world_of(0);
    struct flow_packet packet = udp_packet(0, 1, 50000, 2, 53);
    struct flow *flow = begin(&world, &packet);

    flow_learn(flow, &packet, FLOW_UP);
    g_assert_cmpint((int)flow_limits_passed(&idle, flow, SECOND), ==, FLOW_SUCCESSOR_IDLE);
    g_assert_cmpint((int)flow_limits_passed(&active, flow, SECOND), ==, FLOW_SUCCESSOR_ACTIVE);
    g_assert_cmpint((int)flow_limits_passed(&none, flow, SECOND), ==, FLOW_SUCCESSOR_NONE);
    world_free(&world);
}

/* A timeout's flow keeps source and reason; a connection's asks the rules, and once. */
static void test_who_decides_the_source_of_a_successor(void)
{
    static const struct {
        enum flow_successor successor;
        unsigned calls;
        int dir;
        enum flow_reason reason;
    } rows[] = {
        { FLOW_SUCCESSOR_IDLE, 0, UP, FLOW_REASON_FIRST_PACKET },
        { FLOW_SUCCESSOR_ACTIVE, 0, UP, FLOW_REASON_FIRST_PACKET },
        { FLOW_SUCCESSOR_CONNECTION, 1, DOWN, FLOW_REASON_APPLICATION },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world world = world_of(0);
        struct flow_packet packet = udp_packet(1, 1, 7000, 2, 7000);
        struct flow *flow = begin(&world, &packet);
        unsigned calls = 0, *source = &calls;
        struct flow_search search = search_of(&world, &packet);
        enum flow_dir dir;

        packet.application = count_calls;
        packet.source = &source;
        flow->successor = (uint8_t)rows[i].successor;
        struct flow *next = flow_table_begin(world.table, &search, &packet, flow, &dir);
        g_assert_cmpuint(calls, ==, rows[i].calls);
        g_assert_cmpint((int)dir, ==, rows[i].dir);
        g_assert_cmpint((int)flow_dir_of(next, search.sender), ==, rows[i].dir);
        g_assert_cmpint((int)next->reason, ==, (int)rows[i].reason);
        world_free(&world);
    }
}

/* Replaced by a new connection goes before the timeouts, as in flow.end_reason. */
static void test_a_new_connection_goes_before_timeouts(void)
{
    const struct flow_limits limits = { SECOND, SECOND };
    struct world world = world_of(0);
    struct flow_packet syn = tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0);
    struct flow *flow = begin(&world, &syn);

    flow_learn(flow, &syn, FLOW_UP);
    struct flow_packet next = tcp_packet(100, 1, 50000, 2, 80, "S", 200, 0);
    g_assert_cmpint((int)flow_successor_of(flow, &next, FLOW_UP, &limits), ==,
                    FLOW_SUCCESSOR_CONNECTION);
    next.fact.tcp_seq = 100;
    g_assert_cmpint((int)flow_successor_of(flow, &next, FLOW_UP, &limits), ==, FLOW_SUCCESSOR_IDLE);
    world_free(&world);
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
    g_test_add_func("/table/cooked-link-addresses-come-one-by-one",
                    test_cooked_link_addresses_come_one_by_one);
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
    g_test_add_func("/table/timeouts-at-the-ends-of-the-scale",
                    test_timeouts_at_the_ends_of_the_scale);
    g_test_add_func("/table/a-nanosecond-is-a-timeout", test_a_nanosecond_is_a_timeout);
    g_test_add_func("/table/who-decides-the-source-of-a-successor",
                    test_who_decides_the_source_of_a_successor);
    g_test_add_func("/table/a-new-connection-goes-before-timeouts",
                    test_a_new_connection_goes_before_timeouts);
    return g_test_run();
}
