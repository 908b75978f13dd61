#include "packets.h"

#include "state.h"

#include <glib.h>
#include <string.h>

static struct flow_fact fact_going(enum flow_dir dir)
{
    return (struct flow_fact){ .cap_len = FRAME_LEN,
                               .wire_len = WIRE_LEN,
                               .bits = dir == FLOW_DOWN ? FLOW_FACT_DOWN : 0 };
}

static void assert_same_state(const struct flow_state *left, const struct flow_state *right)
{
    g_assert_true(memcmp(left, right, sizeof *left) == 0);
}

/* Counters */

static void test_nothing_is_known_before_the_first_fact(void)
{
    struct flow_state state = { 0 };

    g_assert_cmpuint(state.bits, ==, 0);
    g_assert_cmpuint(state.half[FLOW_UP].bits | state.half[FLOW_DOWN].bits, ==, 0);
}

static void test_each_direction_counts_its_own(void)
{
    static const struct {
        enum flow_dir dir;
        uint32_t cap_len, wire_len, payload_len;
        unsigned bits;
    } facts[] = {
        { FLOW_UP, 60, 1514, 1400, 0 },
        { FLOW_UP, 64, 64, 0, 0 },
        { FLOW_UP, 96, 1514, 1472, FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG },
        { FLOW_UP, 96, 520, 480, FLOW_FACT_FRAG },
        { FLOW_DOWN, 70, 71, 1, 0 },
    };
    struct flow_state state = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        struct flow_fact fact = fact_going(facts[i].dir);
        fact.cap_len = facts[i].cap_len;
        fact.wire_len = facts[i].wire_len;
        fact.payload_len = facts[i].payload_len;
        fact.bits |= (uint16_t)facts[i].bits;
        flow_state_apply(&state, &fact);
    }

    const struct flow_half *up = &state.half[FLOW_UP], *down = &state.half[FLOW_DOWN];
    g_assert_cmpuint(up->pkts, ==, 4);
    g_assert_cmpuint(up->bytes, ==, 60 + 64 + 96 + 96);
    g_assert_cmpuint(up->wire_bytes, ==, 1514 + 64 + 1514 + 520);
    g_assert_cmpuint(up->payload_pkts, ==, 3);
    g_assert_cmpuint(up->payload_bytes, ==, 1400 + 1472 + 480);
    g_assert_cmpuint(up->frags, ==, 2);
    g_assert_cmpuint(up->frag_pkts, ==, 1);
    g_assert_cmpuint(down->pkts, ==, 1);
    g_assert_cmpuint(down->bytes, ==, 70);
    g_assert_cmpuint(down->wire_bytes, ==, 71);
    g_assert_cmpuint(down->payload_pkts, ==, 1);
    g_assert_cmpuint(down->payload_bytes, ==, 1);
    g_assert_cmpuint(down->frags, ==, 0);
    g_assert_cmpuint(down->frag_pkts, ==, 0);
}

static void test_bytes_are_64_bit(void)
{
    struct flow_state state = { 0 };
    struct flow_fact fact = fact_going(FLOW_DOWN);

    fact.cap_len = fact.wire_len = fact.payload_len = UINT32_MAX;
    flow_state_apply(&state, &fact);
    flow_state_apply(&state, &fact);
    g_assert_cmpuint(state.half[FLOW_DOWN].bytes, ==, UINT64_C(2) * UINT32_MAX);
    g_assert_cmpuint(state.half[FLOW_DOWN].wire_bytes, ==, UINT64_C(2) * UINT32_MAX);
    g_assert_cmpuint(state.half[FLOW_DOWN].payload_bytes, ==, UINT64_C(2) * UINT32_MAX);
}

/* IP identifications of one direction; DF stands for a packet that has DF set. */
enum { DF = -1, END = -2 };

static const struct {
    const char *claim;
    int ids[6];
    int ip_id; /* DF: unknown */
    unsigned lost;
} losses[] = {
    { "one packet tells nothing", { 77, END }, 77, 0 },
    { "neighbours miss nothing", { 5, 6, 7, END }, 7, 0 },
    { "a gap of three misses two", { 5, 8, END }, 8, 2 },
    { "gaps add up", { 5, 8, 10, 11, 20, END }, 20, 2 + 1 + 0 + 8 },
    { "the same again misses nothing", { 5, 5, 5, END }, 5, 0 },
    { "from zero", { 0, 2, END }, 2, 1 },
    { "127 is the widest gap", { 1000, 1127, END }, 1127, 126 },
    { "128 is no gap", { 1000, 1128, END }, 1128, 0 },
    { "129 is no gap", { 1000, 1129, END }, 1129, 0 },
    { "around the end", { 65535, 0, END }, 0, 0 },
    { "a gap around the end", { 65534, 1, END }, 1, 2 },
    { "127 around the end", { 65500, 91, END }, 91, 126 },
    { "128 around the end", { 65500, 92, END }, 92, 0 },
    { "back is no gap, and counting goes on from there", { 10, 5, 7, END }, 7, 1 },
    { "one back is no gap", { 6, 5, END }, 5, 0 },
    { "packets with DF have no identification", { DF, DF, END }, DF, 0 },
    { "packets with DF are looked through", { 5, DF, 8, END }, 8, 2 },
    { "the last one without DF stands", { 5, DF, END }, 5, 0 },
    { "the first without DF tells nothing", { DF, 100, 101, END }, 101, 0 },
};

static void test_lost(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(losses); i++)
        for (unsigned dir = 0; dir < FLOW_DIRS; dir++) {
            struct flow_state state = { 0 };
            const struct flow_half *half = &state.half[dir], *other = &state.half[!dir];

            g_test_message("%s", losses[i].claim);
            for (const int *id = losses[i].ids; *id != END; id++) {
                struct flow_fact fact = fact_going((enum flow_dir)dir);
                if (*id != DF) {
                    fact.ip_id = (uint16_t)*id;
                    fact.bits |= FLOW_FACT_IP_ID;
                }
                flow_state_apply(&state, &fact);
            }
            g_assert_cmpuint(half->lost, ==, losses[i].lost);
            g_assert_cmpint((half->bits & FLOW_HALF_IP_ID) != 0, ==, losses[i].ip_id != DF);
            if (losses[i].ip_id != DF)
                g_assert_cmpint(half->ip_id, ==, losses[i].ip_id);
            g_assert_cmpuint(other->lost, ==, 0);
            g_assert_false(other->bits & FLOW_HALF_IP_ID);
        }
}

static void test_each_direction_has_its_own_identifications(void)
{
    static const struct {
        enum flow_dir dir;
        uint16_t ip_id;
    } facts[] = { { FLOW_UP, 10 },
                  { FLOW_DOWN, 40000 },
                  { FLOW_UP, 12 },
                  { FLOW_UP, 13 },
                  { FLOW_DOWN, 40004 } };
    struct flow_state state = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        struct flow_fact fact = fact_going(facts[i].dir);
        fact.ip_id = facts[i].ip_id;
        fact.bits |= FLOW_FACT_IP_ID;
        flow_state_apply(&state, &fact);
    }
    g_assert_cmpuint(state.half[FLOW_UP].lost, ==, 1);
    g_assert_cmpuint(state.half[FLOW_DOWN].lost, ==, 3);
}

/* Time */

static void apply_at(struct flow_state *state, int64_t time_ns)
{
    struct flow_fact fact = fact_going(FLOW_UP);

    fact.time_ns = time_ns;
    fact.bits |= FLOW_FACT_TIME;
    flow_state_apply(state, &fact);
}

static void test_start_is_earliest_and_last_is_latest(void)
{
    static const struct {
        int64_t time, start, last;
    } rows[] = { { 100, 100, 100 }, { 250, 100, 250 }, { 40, 40, 250 }, { 200, 40, 250 },
                 { 40, 40, 250 },   { 250, 40, 250 },  { -7, -7, 250 }, { 251, -7, 251 } };
    struct flow_state state = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        apply_at(&state, rows[i].time);
        g_assert_true(state.bits & FLOW_STATE_TIME);
        g_assert_cmpint(state.start_ns, ==, rows[i].start);
        g_assert_cmpint(state.last_ns, ==, rows[i].last);
    }
}

static void test_frames_without_timestamp_move_no_time(void)
{
    struct flow_state state = { 0 };
    struct flow_fact fact = fact_going(FLOW_UP);

    fact.time_ns = 999;
    flow_state_apply(&state, &fact);
    g_assert_false(state.bits & FLOW_STATE_TIME);
    apply_at(&state, 100);
    flow_state_apply(&state, &fact);
    g_assert_cmpint(state.start_ns, ==, 100);
    g_assert_cmpint(state.last_ns, ==, 100);
    g_assert_cmpuint(state.half[FLOW_UP].pkts, ==, 3);
}

static void test_events_are_no_packets(void)
{
    struct flow_state state = { 0 }, before;
    struct flow_fact event = { .frame = 8,
                               .time_ns = 5,
                               .cap_len = 70,
                               .wire_len = 70,
                               .payload_len = 28,
                               .bits = FLOW_FACT_EVENT };

    apply_at(&state, 100);
    before = state;
    flow_state_apply(&state, &event);
    g_assert_cmpuint(state.icmp_errors, ==, 1);
    g_assert_cmpuint(state.icmp_error_frame, ==, 8);
    event.frame = 11;
    flow_state_apply(&state, &event);
    g_assert_cmpuint(state.icmp_errors, ==, 2);
    g_assert_cmpuint(state.icmp_error_frame, ==, 11);

    before.icmp_errors = state.icmp_errors;
    before.icmp_error_frame = state.icmp_error_frame;
    assert_same_state(&state, &before);
}

static struct flow_fact random_fact(GRand *rand)
{
    struct flow_fact fact = { .time_ns = g_rand_int_range(rand, -1000, 1000),
                              .frame = g_rand_int(rand),
                              .cap_len = g_rand_int(rand),
                              .wire_len = g_rand_int(rand),
                              .payload_len = g_rand_int(rand) % 3,
                              .tcp_seq = g_rand_int(rand) % 8 - 4,
                              .tcp_ack = g_rand_int(rand) % 8 - 4,
                              .ip_id = (uint16_t)g_rand_int(rand),
                              .tcp_flags = (uint8_t)g_rand_int(rand),
                              .bits = (uint8_t)g_rand_int(rand) };

    return fact;
}

/* What a later part does not know stays as it was. */
static void test_parts_without_news_change_nothing(void)
{
    struct flow_state state = { .icmp_errors = 2, .icmp_error_frame = 5 }, nothing = { 0 };

    state.half[FLOW_DOWN] = (struct flow_half){
        .seq = 7, .ip_id = 3, .first_ip_id = 1, .bits = FLOW_HALF_SEQ | FLOW_HALF_IP_ID
    };
    state.start_ns = state.last_ns = 9;
    state.bits |= FLOW_STATE_TIME;
    struct flow_state before = state;
    flow_state_merge(&state, &nothing);
    g_assert_cmpmem(&state, sizeof state, &before, sizeof before);

    nothing.half[FLOW_DOWN] = (struct flow_half){ .seq = 9, .bits = FLOW_HALF_SEQ };
    nothing.icmp_errors = 1;
    nothing.icmp_error_frame = 8;
    flow_state_merge(&state, &nothing);
    g_assert_cmpuint(state.half[FLOW_DOWN].seq, ==, 9);
    g_assert_cmpuint(state.icmp_error_frame, ==, 8);
    g_assert_cmpuint(state.icmp_errors, ==, 3);
}

/* Whatever comes, the promises hold. */
static void test_laws(void)
{
    GRand *rand = g_rand_new_with_seed(42);

    for (unsigned round = 0; round < 500; round++) {
        struct flow_state state = { 0 };
        unsigned events = 0, facts = 0;

        for (unsigned i = 0; i < 60; i++) {
            struct flow_fact fact = random_fact(rand);
            struct flow_state old = state;
            flow_state_apply(&state, &fact);
            facts++;
            events += (fact.bits & FLOW_FACT_EVENT) != 0;

            g_assert_cmpuint(state.half[0].pkts + state.half[1].pkts + events, ==, facts);
            g_assert_cmpuint(state.icmp_errors, ==, events);
            g_assert_cmpint(state.start_ns, <=, state.last_ns);
            g_assert_cmpuint(state.bits & old.bits, ==, old.bits);
        }
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/state/parts-without-news-change-nothing",
                    test_parts_without_news_change_nothing);
    g_test_add_func("/state/nothing-is-known-before-the-first-fact",
                    test_nothing_is_known_before_the_first_fact);
    g_test_add_func("/state/each-direction-counts-its-own", test_each_direction_counts_its_own);
    g_test_add_func("/state/bytes-are-64-bit", test_bytes_are_64_bit);
    g_test_add_func("/state/lost-is-the-gaps-of-identifications", test_lost);
    g_test_add_func("/state/each-direction-has-its-own-identifications",
                    test_each_direction_has_its_own_identifications);
    g_test_add_func("/state/start-is-earliest-and-last-is-latest",
                    test_start_is_earliest_and_last_is_latest);
    g_test_add_func("/state/frames-without-timestamp-move-no-time",
                    test_frames_without_timestamp_move_no_time);
    g_test_add_func("/state/events-are-no-packets", test_events_are_no_packets);
    g_test_add_func("/state/laws-hold-for-random-facts", test_laws);
    return g_test_run();
}
