#include "holes.h"

#include "segments.h"

#include <glib.h>
#include <string.h>

/* The numbers of a connection whose SYNs are 99 and 499. */
#define HANDSHAKE UP("S", 99, 0, 0), DOWN("SA", 499, 100, 0), UP("A", 100, 500, 0)

/* No window is larger. */
#define WINDOW (1u << 30)

struct sums {
    uint64_t missed[FLOW_DIRS];
    uint64_t unique[FLOW_DIRS];
};

static const struct {
    const char *claim;
    struct segment segments[SEGMENTS_MAX];
    struct sums sums;
} rows[] = {
    { "a handshake carries nothing", { HANDSHAKE }, { { 0, 0 }, { 0, 0 } } },
    { "what is captured is not missed",
      { HANDSHAKE, UP("A", 100, 500, 10), DOWN("A", 500, 110, 20), UP("A", 110, 520, 0) },
      { { 0, 0 }, { 10, 20 } } },
    { "a retransmission is counted once",
      { HANDSHAKE, UP("A", 100, 500, 10), UP("A", 100, 500, 10), UP("A", 105, 500, 10) },
      { { 0, 0 }, { 15, 0 } } },
    { "what is acknowledged and was not captured is missed",
      { HANDSHAKE, UP("A", 120, 500, 10), DOWN("A", 500, 130, 0) },
      { { 20, 0 }, { 10, 0 } } },
    { "it is missed also where nothing was captured",
      { HANDSHAKE, DOWN("A", 500, 130, 0) },
      { { 30, 0 }, { 0, 0 } } },
    { "what is not acknowledged is not missed",
      { HANDSHAKE, UP("A", 120, 500, 10), DOWN("A", 500, 100, 0) },
      { { 0, 0 }, { 10, 0 } } },
    { "two holes are missed at once",
      { HANDSHAKE, UP("A", 110, 500, 10), UP("A", 125, 500, 10), DOWN("A", 500, 135, 0) },
      { { 15, 0 }, { 20, 0 } } },
    { "a hole that is filled before the acknowledgement is none",
      { HANDSHAKE, UP("A", 110, 500, 10), UP("A", 100, 500, 10), DOWN("A", 500, 120, 0) },
      { { 0, 0 }, { 20, 0 } } },
    { "data that the capture has after its acknowledgement is not missed",
      { HANDSHAKE, DOWN("A", 500, 120, 0), UP("A", 100, 500, 20) },
      { { 0, 0 }, { 20, 0 } } },
    { "late data fills only what it carries",
      { HANDSHAKE, DOWN("A", 500, 130, 0), UP("A", 110, 500, 10) },
      { { 20, 0 }, { 10, 0 } } },
    { "an acknowledged FIN is no byte",
      { HANDSHAKE, UP("FA", 100, 500, 5), DOWN("FA", 500, 106, 0), UP("A", 106, 501, 0) },
      { { 0, 0 }, { 5, 0 } } },
    { "nor is one that the capture has after its acknowledgement",
      { HANDSHAKE, DOWN("A", 500, 101, 0), UP("FA", 100, 500, 0) },
      { { 0, 0 }, { 0, 0 } } },
    { "nor is any of two FINs",
      { HANDSHAKE, UP("FA", 100, 500, 0), DOWN("A", 500, 101, 0), UP("FA", 101, 500, 0),
        DOWN("A", 500, 102, 0) },
      { { 0, 0 }, { 0, 0 } } },
    { "a FIN that was not captured is taken for a byte",
      { HANDSHAKE, DOWN("A", 500, 101, 0) },
      { { 1, 0 }, { 0, 0 } } },
    { "data of a SYN comes after its number",
      { UP("S", 99, 0, 8), DOWN("SA", 499, 108, 0), UP("A", 108, 500, 2) },
      { { 0, 0 }, { 10, 0 } } },
    { "without a SYN the first segment's number is the start",
      { UP("A", 100, 500, 10), DOWN("A", 500, 110, 0) },
      { { 0, 0 }, { 10, 0 } } },
    { "or the other side's acknowledgement, if that comes first",
      { UP("A", 100, 500, 10), DOWN("A", 520, 110, 10), UP("A", 110, 530, 0) },
      { { 0, 20 }, { 10, 10 } } },
    { "so that a hole before the side's own first segment is known",
      { DOWN("SA", 499, 100, 0), UP("A", 120, 500, 10), DOWN("A", 500, 130, 0) },
      { { 20, 0 }, { 10, 0 } } },
    { "but not if the side's own first segment is further away than any window",
      { UP("A", 100, 1u << 31, 10), DOWN("A", 500, 110, 10), UP("A", 110, 510, 0) },
      { { 0, 0 }, { 10, 10 } } },
    { "from one more than a window on",
      { UP("A", 100, 500, 10), DOWN("A", 501 + WINDOW, 110, 10) },
      { { 0, 0 }, { 10, 10 } } },
    { "or before it",
      { UP("A", 100, 500, 10), DOWN("A", 499 - WINDOW, 110, 10) },
      { { 0, 0 }, { 10, 10 } } },
    { "not from a window on",
      { UP("A", 100, 500, 10), DOWN("A", 500 + WINDOW, 110, 10) },
      { { 0, 0 }, { 10, 0 } } },
    { "what lies before the start counts nowhere",
      { UP("A", 100, 500, 10), UP("A", 80, 500, 25) },
      { { 0, 0 }, { 10, 0 } } },
    { "a keep-alive at the start is no hole",
      { UP("A", 99, 500, 0), DOWN("A", 500, 100, 0), UP("A", 100, 500, 10),
        DOWN("A", 500, 110, 0) },
      { { 0, 0 }, { 10, 0 } } },
    { "nor is one that is acknowledged with the data after it",
      { UP("A", 99, 500, 0), UP("A", 100, 500, 10), DOWN("A", 500, 110, 0) },
      { { 0, 0 }, { 10, 0 } } },
    { "nor is one whose data was not captured, and what comes later is",
      { UP("A", 99, 500, 0), UP("A", 105, 500, 5), DOWN("A", 500, 100, 0), DOWN("A", 500, 110, 0) },
      { { 5, 0 }, { 5, 0 } } },
    { "nor is one whose start was acknowledged before",
      { UP("A", 99, 500, 0), DOWN("A", 500, 99, 0), UP("A", 100, 500, 10), DOWN("A", 500, 110, 0) },
      { { 0, 0 }, { 10, 0 } } },
    { "what was missed before it is not missed again",
      { UP("A", 99, 500, 0), DOWN("A", 500, 105, 0), UP("A", 100, 500, 2), DOWN("A", 500, 110, 0) },
      { { 9, 0 }, { 2, 0 } } },
    { "a byte after a first one that carried something is a hole",
      { UP("A", 100, 500, 1), DOWN("A", 500, 102, 0) },
      { { 1, 0 }, { 1, 0 } } },
    { "and so is the first one where a SYN told the start",
      { UP("A", 100, 500, 0), UP("S", 99, 0, 0), DOWN("A", 500, 101, 0) },
      { { 1, 0 }, { 0, 0 } } },
    { "but a longer hole at the start is",
      { UP("A", 100, 500, 0), DOWN("A", 500, 102, 0) },
      { { 2, 0 }, { 0, 0 } } },
    { "whether data comes after it or not",
      { UP("A", 99, 500, 0), UP("A", 105, 500, 5), DOWN("A", 500, 110, 0) },
      { { 6, 0 }, { 5, 0 } } },
    { "a RST acknowledges nothing and carries nothing",
      { HANDSHAKE, DOWN("RA", 500, 150, 7), UP("R", 120, 0, 7) },
      { { 0, 0 }, { 0, 0 } } },
    { "numbers wrap",
      { UP("S", UINT32_MAX - 10, 0, 0), DOWN("SA", 499, UINT32_MAX - 9, 0),
        UP("A", UINT32_MAX - 9, 500, 20), UP("A", 20, 500, 5), DOWN("A", 500, 25, 0) },
      { { 10, 0 }, { 25, 0 } } },
    { "an acknowledgement further ahead than any window is none",
      { HANDSHAKE, DOWN("A", 500, 100 + (1u << 30) + 1, 0) },
      { { 0, 0 }, { 0, 0 } } },
    { "nor is a distant one of 0",
      { UP("S", UINT32_MAX - (2u << 20), 0, 0), DOWN("SA", 499, UINT32_MAX - (2u << 20) + 1, 0),
        DOWN("A", 500, 0, 0) },
      { { 0, 0 }, { 0, 0 } } },
    { "one as far ahead as a window is",
      { HANDSHAKE, DOWN("A", 500, 100 + WINDOW, 0), UP("A", 100, 500, 10),
        UP("A", 100 + WINDOW, 500, 10) },
      { { WINDOW, 0 }, { 10, 0 } } },
    { "of 0, one that is a mebibyte ahead is",
      { UP("S", UINT32_MAX - (1u << 20), 0, 0), DOWN("SA", 499, UINT32_MAX - (1u << 20) + 1, 0),
        DOWN("A", 500, 0, 0) },
      { { 1u << 20, 0 }, { 0, 0 } } },
    { "and one that is a byte further ahead is not",
      { UP("S", UINT32_MAX - (1u << 20) - 1, 0, 0), DOWN("SA", 499, UINT32_MAX - (1u << 20), 0),
        DOWN("A", 500, 0, 0) },
      { { 0, 0 }, { 0, 0 } } },
    { "data further ahead than any window is no data of the stream",
      { HANDSHAKE, UP("A", 100 + (1u << 30), 500, 10), UP("A", 100, 500, 10) },
      { { 0, 0 }, { 10, 0 } } },
    { "data that ends with the window is",
      { HANDSHAKE, UP("A", 90 + WINDOW, 500, 10), UP("A", 100, 500, 10) },
      { { 0, 0 }, { 20, 0 } } },
    { "and data that ends one byte later is not",
      { HANDSHAKE, UP("A", 91 + WINDOW, 500, 10), UP("A", 100, 500, 10) },
      { { 0, 0 }, { 10, 0 } } },
    { "data of a window or more is no segment's",
      { HANDSHAKE, UP("A", 100, 500, WINDOW) },
      { { 0, 0 }, { 0, 0 } } },
    { "where data goes on for a window, what was before its first hole counts no more",
      { HANDSHAKE, UP("A", 100 + WINDOW / 2, 500, 10), UP("A", 100 + WINDOW, 500, 10),
        UP("A", 100, 500, 10) },
      { { 0, 0 }, { 20, 0 } } },
    { "and before that it does",
      { HANDSHAKE, UP("A", 100 + WINDOW / 2, 500, 10), UP("A", 90 + WINDOW, 500, 10),
        UP("A", 100, 500, 10) },
      { { 0, 0 }, { 30, 0 } } },
    { "likewise where acknowledgements do, by half of one",
      { HANDSHAKE, DOWN("A", 500, 101 + WINDOW / 2, 0), UP("A", 100, 500, 10) },
      { { 1 + WINDOW / 2, 0 }, { 0, 0 } } },
    { "and not by less",
      { HANDSHAKE, DOWN("A", 500, 100 + WINDOW / 2, 0), UP("A", 100, 500, 10) },
      { { WINDOW / 2 - 10, 0 }, { 10, 0 } } },
    { "a SYN-ACK with another number starts the stream anew",
      { HANDSHAKE, DOWN("A", 500, 100, 10), DOWN("SA", 8999, 100, 0), DOWN("A", 9000, 100, 10),
        UP("A", 100, 9010, 0) },
      { { 0, 0 }, { 0, 20 } } },
    { "a repeated SYN-ACK does not",
      { HANDSHAKE, DOWN("A", 500, 100, 10), DOWN("SA", 499, 100, 0), DOWN("A", 500, 100, 10) },
      { { 0, 0 }, { 0, 10 } } },
};

static void check(const struct holes_state *state, const struct sums *sums)
{
    for (int dir = FLOW_UP; dir < FLOW_DIRS; dir++) {
        g_assert_cmpuint(state->half[dir].missed_bytes, ==, sums->missed[dir]);
        g_assert_cmpuint(state->half[dir].unique_bytes, ==, sums->unique[dir]);
    }
}

static void test_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct holes_state state = { 0 };
        g_test_message("%s", rows[i].claim);
        fold_segments(&flow_holes, &state, rows[i].segments);
        check(&state, &rows[i].sums);
    }
}

/* Holes of 10 bytes at 100, 120, 140 ...: more than are kept open. */
static void test_many_holes_are_all_missed(void)
{
    struct holes_state state = { 0 };
    const struct segment handshake[] = { HANDSHAKE, NO_MORE_SEGMENTS };
    enum { HOLES = HOLES_RANGES * 3 };

    fold_segments(&flow_holes, &state, handshake);
    for (uint32_t i = 0; i < HOLES; i++) {
        struct segment data[] = { UP("A", 110 + 20 * i, 500, 10), DOWN("A", 500, 120 + 20 * i, 0),
                                  NO_MORE_SEGMENTS };
        fold_segments(&flow_holes, &state, data);
    }
    check(&state, &(struct sums){ { 10 * HOLES, 0 }, { 10 * HOLES, 0 } });
}

/* After 10 bytes holes of 10 bytes at 110, 130, 150 ..., each filled once all are there. */
static void test_so_many_holes_stay_open(void)
{
    for (uint32_t more = 0; more <= 1; more++) {
        struct holes_state state = { 0 };
        const struct segment first[] = { HANDSHAKE, UP("A", 100, 500, 10), NO_MORE_SEGMENTS };
        uint32_t holes = HOLES_RANGES - 1 + more;

        fold_segments(&flow_holes, &state, first);
        for (uint32_t i = 0; i < 2 * holes; i++) {
            uint32_t nth = i % holes, seq = (i < holes ? 120 : 110) + 20 * nth;
            struct segment data[] = { UP("A", seq, 500, 10), NO_MORE_SEGMENTS };
            fold_segments(&flow_holes, &state, data);
        }
        /* With one too many the first is given up. */
        check(&state, &(struct sums){ { 0, 0 }, { 10 + 20 * holes - 10 * more, 0 } });
    }
}

/* A stream with holes, retransmissions and late data: as a set of its bytes counts it. */
static void test_it_counts_as_a_set_does(void)
{
    enum { STREAM = 1 << 16, NEAR = 400 };
    GRand *rand = g_rand_new_with_seed(17);
    char *captured = g_malloc0(STREAM + NEAR);
    struct holes_state state = { 0 };
    const struct segment handshake[] = { HANDSHAKE, NO_MORE_SEGMENTS };
    uint32_t acked = 0, at = 0;
    uint64_t unique = 0, missed = 0;

    fold_segments(&flow_holes, &state, handshake);
    while (at < STREAM - NEAR) {
        uint32_t from = at + (uint32_t)g_rand_int_range(rand, 0, NEAR / 2);
        uint32_t len = (uint32_t)g_rand_int_range(rand, 50, NEAR / 2);
        struct segment data[] = { UP("A", 100 + from, 500, len), NO_MORE_SEGMENTS };
        fold_segments(&flow_holes, &state, data);
        memset(captured + from, 1, len);
        if (g_rand_boolean(rand)) {
            acked = MAX(acked, at + (uint32_t)g_rand_int_range(rand, 0, NEAR / 2));
            struct segment ack[] = { DOWN("A", 500, 100 + acked, 0), NO_MORE_SEGMENTS };
            fold_segments(&flow_holes, &state, ack);
        }
        at += (uint32_t)g_rand_int_range(rand, 0, 60);
    }
    for (uint32_t i = 0; i < STREAM + NEAR; i++) {
        unique += captured[i] == 1;
        missed += i < acked && !captured[i];
    }
    g_assert_cmpuint(missed, >, 0);
    check(&state, &(struct sums){ { missed, 0 }, { unique, 0 } });
    g_free(captured);
    g_rand_free(rand);
}

/* Captured are 110 to 120, 130 to 140 and 150 to 160: what each acknowledgement adds. */
static void test_news_are_of_holes(void)
{
    static const struct {
        uint32_t ack;
        struct holes_news news;
    } acks[] = {
        { 105, { .missed_bytes = 5, .holes = 1 } },
        { 110, { .missed_bytes = 5, .holes = 1 } }, /* the rest of it */
        { 120, { 0 } },
        { 115, { 0 } },
        { 145, { .missed_bytes = 15, .holes = 2 } },
        { 160, { .missed_bytes = 5, .holes = 1 } },
    };
    struct holes_half half = { 0 };
    struct holes_news sum = { 0 };

    holes_begin(&half, 99);
    for (uint32_t seq = 110; seq < 160; seq += 20)
        g_assert_cmpuint(holes_fill(&half, seq, 10), ==, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(acks); i++) {
        holes_acknowledge(&half, acks[i].ack, &sum);
        g_assert_cmpuint(sum.missed_bytes, ==, acks[i].news.missed_bytes);
        g_assert_cmpuint(sum.holes, ==, acks[i].news.holes);
        sum = (struct holes_news){ 0 };
    }
}

static void test_fragments_are_not_told(void)
{
    struct holes_state state = { 0 };
    struct flow_fact later = { .bits = FLOW_FACT_FRAG | FLOW_FACT_DOWN, .payload_len = 8 };

    fold_fact(&flow_holes, &state, &later);
    g_assert_cmpuint(state.half[FLOW_DOWN].bits, ==, HOLES_FRAGMENTED);
    g_assert_cmpuint(state.half[FLOW_UP].bits, ==, 0);
    struct segment syn[] = { DOWN("SA", 499, 100, 0), NO_MORE_SEGMENTS };
    fold_segments(&flow_holes, &state, syn);
    g_assert_true(state.half[FLOW_DOWN].bits & HOLES_FRAGMENTED);
}

static void test_the_summary_is_of_both_ways(void)
{
    for (int dir = FLOW_UP; dir <= FLOW_DIRS; dir++) {
        struct holes_state state = { .half = { { .missed_bytes = 3 }, { .missed_bytes = 5 } },
                                     .segments = 1 };
        const struct flow_asked asked = { .state = &state };
        char text[64] = "";

        if (dir < FLOW_DIRS) /* what one side sent is not known */
            state.half[dir].bits = HOLES_FRAGMENTED;
        flow_holes.summary(&asked, text, sizeof text);
        g_assert_cmpstr(text, ==, dir < FLOW_DIRS ? "" : "3 B up and 5 B down missed");
    }
}

static void test_events_are_no_segments(void)
{
    struct holes_state state = { 0 };
    struct flow_fact event = { .bits = FLOW_FACT_EVENT };

    fold_fact(&flow_holes, &state, &event);
    g_assert_cmpuint(state.segments, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/holes/rows", test_rows);
    g_test_add_func("/holes/many-holes-are-all-missed", test_many_holes_are_all_missed);
    g_test_add_func("/holes/so-many-holes-stay-open", test_so_many_holes_stay_open);
    g_test_add_func("/holes/it-counts-as-a-set-does", test_it_counts_as_a_set_does);
    g_test_add_func("/holes/news-are-of-holes", test_news_are_of_holes);
    g_test_add_func("/holes/fragments-are-not-told", test_fragments_are_not_told);
    g_test_add_func("/holes/the-summary-is-of-both-ways", test_the_summary_is_of_both_ways);
    g_test_add_func("/holes/events-are-no-segments", test_events_are_no_segments);
    return g_test_run();
}
