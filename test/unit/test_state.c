#include "names.h"
#include "packets.h"

#include <flowstats/state.h>

#include <glib.h>
#include <string.h>

enum {
    CLOSED = FLOW_TCP_CLOSED,
    SYN_SENT = FLOW_TCP_SYN_SENT,
    SYN_RECEIVED = FLOW_TCP_SYN_RECEIVED,
    ESTABLISHED = FLOW_TCP_ESTABLISHED,
    FIN_WAIT = FLOW_TCP_FIN_WAIT,
    CLOSE_WAIT = FLOW_TCP_CLOSE_WAIT,
    CLOSING = FLOW_TCP_CLOSING,
    RESET = FLOW_TCP_RESET,
    UNKNOWN = FLOW_TCP_UNKNOWN,
};

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

static enum flow_dir dir_of(char arrow)
{
    return arrow == '<' ? FLOW_DOWN : FLOW_UP;
}

/*
 * TCP as stories: '>' goes up and '<' down, and the state is what stands after
 * the segment.  The initiator's SYN has number 100, the responder's 300.
 */
struct segment {
    char arrow; /* 0: the story is over */
    const char *flags;
    uint32_t seq, ack, len;
    int state;
};

struct story {
    const char *claim;
    struct segment segments[14];
};

#define HANDSHAKE                                                                                  \
    { '>', "S", 100, 0, 0, SYN_SENT }, { '<', "SA", 300, 101, 0, SYN_RECEIVED },                   \
    {                                                                                              \
        '>', "A", 101, 301, 0, ESTABLISHED                                                         \
    }

#define CLOSED_BY_BOTH                                                                             \
    HANDSHAKE, { '>', "FA", 101, 301, 0, FIN_WAIT }, { '<', "A", 301, 102, 0, CLOSE_WAIT },        \
        { '<', "FA", 301, 102, 0, CLOSING },                                                       \
    {                                                                                              \
        '>', "A", 102, 302, 0, CLOSED                                                              \
    }

static const struct story stories[] = {
    /* The handshake */
    { "handshake-establishes", { HANDSHAKE } },
    { "data-keeps-established",
      { HANDSHAKE,
        { '>', "A", 101, 301, 50, ESTABLISHED },
        { '<', "A", 301, 151, 900, ESTABLISHED },
        { '<', "A", 1201, 151, 900, ESTABLISHED },
        { '>', "A", 151, 2101, 0, ESTABLISHED } } },
    { "handshake-may-begin-at-the-destination",
      { { '<', "S", 100, 0, 0, SYN_SENT },
        { '>', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 301, 101, 0, SYN_RECEIVED },
        { '<', "A", 101, 301, 0, ESTABLISHED } } },
    { "handshakes-ack-may-carry-data",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 20, ESTABLISHED } } },
    { "syn-may-carry-data",
      { { '>', "S", 100, 0, 40, SYN_SENT },
        { '<', "SA", 300, 141, 0, SYN_RECEIVED },
        { '>', "A", 141, 301, 0, ESTABLISHED } } },
    { "retransmitted-syn-moves-no-state-back",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "S", 100, 0, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED },
        { '>', "S", 100, 0, 0, ESTABLISHED },
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '>', "S", 100, 0, 0, FIN_WAIT },
        { '<', "A", 301, 102, 0, CLOSE_WAIT },
        { '>', "S", 100, 0, 0, CLOSE_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '>', "S", 100, 0, 0, CLOSING } } },
    { "retransmitted-syn-ack-moves-no-state-back",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED },
        { '<', "SA", 300, 101, 0, ESTABLISHED },
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "SA", 300, 101, 0, FIN_WAIT },
        { '<', "A", 301, 102, 0, CLOSE_WAIT },
        { '<', "SA", 300, 101, 0, CLOSE_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '<', "SA", 300, 101, 0, CLOSING } } },
    { "responders-ack-ends-no-handshake",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "A", 300, 90, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '<', "A", 301, 101, 9, SYN_RECEIVED },
        { '>', "A", 101, 310, 0, ESTABLISHED } } },
    { "ack-after-the-syn-alone-establishes",
      { { '>', "S", 100, 0, 0, SYN_SENT }, { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "late-syn-ack-does-not-reset-established",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '>', "A", 101, 301, 0, ESTABLISHED },
        { '<', "SA", 300, 101, 0, ESTABLISHED } } },
    { "ack-after-the-syn-ack-alone-establishes",
      { { '<', "SA", 300, 101, 0, SYN_RECEIVED }, { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "late-syn-after-the-syn-ack-moves-nothing-back",
      { { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "S", 100, 0, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "simultaneous-open",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "S", 300, 0, 0, SYN_RECEIVED },
        { '>', "SA", 100, 301, 0, SYN_RECEIVED },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "simultaneous-open-with-retransmissions",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "S", 300, 0, 0, SYN_RECEIVED },
        { '>', "S", 100, 0, 0, SYN_RECEIVED },
        { '<', "S", 300, 0, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED },
        { '<', "S", 300, 0, 0, ESTABLISHED } } },

    /* Joined in the middle */
    { "one-side-alone-is-unknown",
      { { '>', "A", 500, 900, 10, UNKNOWN },
        { '>', "A", 510, 900, 10, UNKNOWN },
        { '>', "A", 520, 900, 0, UNKNOWN } } },
    { "the-destination-alone-is-unknown-too",
      { { '<', "A", 900, 500, 10, UNKNOWN }, { '<', "A", 910, 500, 10, UNKNOWN } } },
    { "both-sides-in-the-middle-are-established",
      { { '>', "A", 500, 900, 10, UNKNOWN },
        { '<', "A", 900, 510, 0, ESTABLISHED },
        { '>', "A", 510, 900, 10, ESTABLISHED } } },
    { "syn-leads-from-unknown-to-syn-sent",
      { { '>', "A", 101, 301, 0, UNKNOWN },
        { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "the-other-sides-syn-leads-from-unknown-to-syn-sent",
      { { '>', "A", 301, 101, 0, UNKNOWN },
        { '<', "S", 100, 0, 0, SYN_SENT },
        { '>', "SA", 300, 101, 0, SYN_RECEIVED },
        { '<', "A", 101, 301, 0, ESTABLISHED } } },
    { "syn-ack-leads-from-unknown-to-syn-received",
      { { '>', "A", 101, 301, 0, UNKNOWN },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },

    /* Closing */
    { "close-from-the-source", { CLOSED_BY_BOTH } },
    { "close-from-the-destination",
      { HANDSHAKE,
        { '<', "FA", 301, 101, 0, FIN_WAIT },
        { '>', "A", 101, 302, 0, CLOSE_WAIT },
        { '>', "FA", 101, 302, 0, CLOSING },
        { '<', "A", 302, 102, 0, CLOSED } } },
    { "fin-with-data-is-acknowledged-behind-its-data",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 10, FIN_WAIT },
        { '<', "A", 301, 111, 0, FIN_WAIT },
        { '<', "A", 301, 112, 0, CLOSE_WAIT } } },
    { "an-older-acknowledgement-is-none-of-the-fin",
      { HANDSHAKE,
        { '>', "A", 101, 301, 50, ESTABLISHED },
        { '>', "FA", 151, 301, 0, FIN_WAIT },
        { '<', "A", 301, 101, 0, FIN_WAIT },
        { '<', "A", 301, 151, 0, FIN_WAIT },
        { '<', "A", 301, 152, 0, CLOSE_WAIT } } },
    { "without-ack-nothing-is-acknowledged",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "", 301, 102, 5, FIN_WAIT },
        { '<', "A", 306, 102, 0, CLOSE_WAIT } } },
    { "sequence-numbers-wrap-around-at-a-fin",
      { { '>', "A", 0xfffffff0, 301, 15, UNKNOWN },
        { '<', "A", 301, 0xffffffff, 0, ESTABLISHED },
        { '>', "FA", 0xffffffff, 301, 0, FIN_WAIT },
        { '<', "A", 301, 0xffffffff, 0, FIN_WAIT },
        { '<', "A", 301, 0, 0, CLOSE_WAIT } } },
    { "a-half-closed-flow-goes-on",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "A", 301, 102, 0, CLOSE_WAIT },
        { '<', "A", 301, 102, 700, CLOSE_WAIT },
        { '>', "A", 102, 1001, 0, CLOSE_WAIT },
        { '<', "FA", 1001, 102, 70, CLOSING },
        { '>', "A", 102, 1071, 0, CLOSING },
        { '>', "A", 102, 1072, 0, CLOSED } } },
    { "the-second-fin-may-acknowledge-the-first",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '>', "A", 102, 302, 0, CLOSED } } },
    { "simultaneous-close",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "FA", 301, 101, 0, CLOSING },
        { '>', "A", 102, 302, 0, CLOSING },
        { '<', "A", 302, 102, 0, CLOSED } } },
    { "the-first-fin-may-be-acknowledged-late",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "FA", 301, 101, 0, CLOSING },
        { '<', "A", 302, 102, 0, CLOSING },
        { '>', "A", 102, 302, 0, CLOSED } } },
    { "retransmitted-fin-moves-no-state",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "A", 301, 102, 0, CLOSE_WAIT },
        { '>', "FA", 101, 301, 0, CLOSE_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '>', "FA", 101, 301, 0, CLOSING },
        { '>', "A", 102, 302, 0, CLOSED },
        { '<', "FA", 301, 102, 0, CLOSED } } },
    { "fin-with-the-handshakes-ack-takes-two-steps",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "FA", 101, 301, 5, FIN_WAIT },
        { '<', "A", 301, 107, 0, CLOSE_WAIT } } },
    { "fin-with-the-syn-takes-two-steps",
      { { '>', "FS", 100, 0, 5, FIN_WAIT }, { '<', "SA", 300, 107, 0, CLOSE_WAIT } } },
    { "fin-in-the-middle-is-a-first-fin",
      { { '>', "FA", 500, 900, 0, FIN_WAIT },
        { '<', "A", 900, 501, 0, CLOSE_WAIT },
        { '<', "FA", 900, 501, 0, CLOSING },
        { '>', "A", 501, 901, 0, CLOSED } } },
    { "after-closed-only-rst-moves-the-state",
      { CLOSED_BY_BOTH,
        { '>', "S", 100, 0, 0, CLOSED },
        { '<', "SA", 300, 101, 0, CLOSED },
        { '<', "FA", 301, 102, 0, CLOSED },
        { '>', "A", 102, 302, 0, CLOSED },
        { '<', "A", 302, 102, 5, CLOSED },
        { '<', "R", 302, 0, 0, RESET } } },

    /* Reset */
    { "rst-as-the-first-segment", { { '>', "R", 101, 0, 0, RESET } } },
    { "rst-in-unknown", { { '>', "A", 1, 1, 0, UNKNOWN }, { '<', "R", 1, 0, 0, RESET } } },
    { "rst-in-syn-sent", { { '>', "S", 100, 0, 0, SYN_SENT }, { '<', "RA", 0, 101, 0, RESET } } },
    { "rst-in-syn-received",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "RA", 101, 301, 0, RESET } } },
    { "rst-in-established", { HANDSHAKE, { '>', "R", 101, 0, 0, RESET } } },
    { "rst-in-fin-wait",
      { HANDSHAKE, { '>', "FA", 101, 301, 0, FIN_WAIT }, { '<', "R", 301, 0, 0, RESET } } },
    { "rst-in-close-wait",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "A", 301, 102, 0, CLOSE_WAIT },
        { '<', "R", 301, 0, 0, RESET } } },
    { "rst-in-closing",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '>', "R", 102, 0, 0, RESET } } },
    { "rst-with-fin-is-a-rst", { HANDSHAKE, { '>', "FRA", 101, 301, 0, RESET } } },
    { "nothing-leaves-reset",
      { HANDSHAKE,
        { '<', "RA", 301, 101, 0, RESET },
        { '>', "S", 100, 0, 0, RESET },
        { '<', "SA", 300, 101, 0, RESET },
        { '>', "A", 101, 301, 0, RESET },
        { '>', "FA", 101, 301, 0, RESET },
        { '<', "FA", 301, 102, 0, RESET },
        { '>', "A", 102, 302, 0, RESET } } },
};

static struct flow_fact fact_of(const struct segment *segment)
{
    struct flow_fact fact = fact_going(dir_of(segment->arrow));

    make_segment(&fact, segment->flags, segment->seq, segment->ack);
    fact.payload_len = segment->len;
    return fact;
}

static void test_story(const void *data)
{
    const struct story *story = data;
    struct flow_state state = { 0 };

    for (const struct segment *at = story->segments; at->arrow; at++) {
        struct flow_fact fact = fact_of(at);
        flow_state_apply(&state, &fact);
        g_assert_cmpstr(name_in(flow_tcp_state_names, state.tcp_state), ==,
                        name_in(flow_tcp_state_names, (unsigned)at->state));
    }
}

/* Who is up does not matter to TCP: the state is the same in the mirror. */
static void test_stories_in_the_mirror(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        struct flow_state state = { 0 };

        for (const struct segment *at = stories[i].segments; at->arrow; at++) {
            struct flow_fact fact = fact_of(at);
            fact.bits ^= FLOW_FACT_DOWN;
            flow_state_apply(&state, &fact);
            g_assert_cmpuint(state.tcp_state, ==, (unsigned)at->state);
        }
    }
}

static void test_state_names_and_numbers(void)
{
    static const char *const names[] = { "Closed",      "SynSent", "SynReceived",
                                         "Established", "FinWait", "CloseWait",
                                         "Closing",     "Reset",   "Unknown" };

    g_assert_cmpuint(G_N_ELEMENTS(names), ==, FLOW_TCP_STATES);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpstr(name_in(flow_tcp_state_names, i), ==, names[i]);
    g_assert_null(name_in(flow_tcp_state_names, FLOW_TCP_STATES));
}

static void test_closed_before_the_first_segment(void)
{
    struct flow_state state = { 0 };
    struct flow_fact fragment = fact_going(FLOW_UP);

    g_assert_cmpuint(state.tcp_state, ==, FLOW_TCP_CLOSED);
    fragment.bits |= FLOW_FACT_FRAG;
    flow_state_apply(&state, &fragment);
    g_assert_cmpuint(state.tcp_state, ==, FLOW_TCP_CLOSED);
}

/* A fragmented segment counts at its first fragment; the others have no TCP header. */
static void test_fragments_without_tcp_header_move_nothing(void)
{
    struct flow_state state = { 0 }, before;
    struct flow_fact syn = fact_going(FLOW_UP), fragment = fact_going(FLOW_UP);

    make_segment(&syn, "S", 100, 0);
    flow_state_apply(&state, &syn);
    before = state;
    fragment.bits |= FLOW_FACT_FRAG;
    fragment.tcp_flags = FLOW_TCP_RST;
    flow_state_apply(&state, &fragment);
    g_assert_cmpuint(state.tcp_state, ==, FLOW_TCP_SYN_SENT);
    g_assert_cmpuint(state.half[FLOW_UP].seq, ==, 100);
    g_assert_cmpuint(state.syn_retrans, ==, before.syn_retrans);
}

static void test_seq_is_that_of_the_last_segment(void)
{
    struct flow_state state = { 0 };
    static const struct segment segments[] = {
        { '>', "S", 100, 0, 0, 0 },
        { '<', "SA", 300, 101, 0, 0 },
        { '>', "A", 101, 301, 50, 0 },
        { '>', "A", 90, 301, 0, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        struct flow_fact fact = fact_of(&segments[i]);
        flow_state_apply(&state, &fact);
        g_assert_true(state.half[dir_of(segments[i].arrow)].bits & FLOW_HALF_SEQ);
        g_assert_cmpuint(state.half[dir_of(segments[i].arrow)].seq, ==, segments[i].seq);
        if (i == 0)
            g_assert_false(state.half[FLOW_DOWN].bits & FLOW_HALF_SEQ);
    }
}

/* The handshake's clock: segments at seconds of the capture, '-' for a frame without timestamp. */
enum { NEVER = -1 };

struct timing {
    const char *claim;
    const char *segments;
    struct {
        int syn, syn_ack, ack, first_syn; /* NEVER: absent */
        unsigned syn_retrans, syn_ack_retrans;
    } clock;
};

static const struct timing timings[] = {
    { "clean-handshake", ">S@10 <SA@20 >A@35", { 10, 20, 35, 10, 0, 0 } },
    { "not-answered", ">S@10", { 10, NEVER, NEVER, 10, 0, 0 } },
    { "not-answered-and-repeated", ">S@10 >S@11 >S@13", { 13, NEVER, NEVER, 10, 2, 0 } },
    { "not-acknowledged", ">S@10 <SA@20", { 10, 20, NEVER, 10, 0, 0 } },
    { "retransmitted-syn-moves-its-time",
      ">S@10 >S@1010 <SA@1020 >A@1030",
      { 1010, 1020, 1030, 10, 1, 0 } },
    { "retransmitted-syn-ack-moves-its-time",
      ">S@10 <SA@20 <SA@1020 >A@1030",
      { 10, 1020, 1030, 10, 0, 1 } },
    { "both-retransmitted", ">S@10 <SA@20 >S@30 <SA@40 >A@50", { 30, 40, 50, 10, 1, 1 } },
    { "retransmissions-after-the-handshake-count-and-move-nothing",
      ">S@10 <SA@20 >A@30 <SA@40 >S@50 >A@60",
      { 10, 20, 30, 10, 1, 1 } },
    { "syn-not-captured", "<SA@20 >A@30", { NEVER, 20, 30, NEVER, 0, 0 } },
    { "syn-ack-not-captured", ">S@10 >A@30", { 10, NEVER, 30, 10, 0, 0 } },
    { "late-syn-ack-sets-no-time", ">S@10 >A@30 <SA@40", { 10, NEVER, 30, 10, 0, 0 } },
    { "late-syn-sets-no-time", "<SA@20 >A@30 >S@40", { NEVER, 20, 30, NEVER, 0, 0 } },
    { "no-handshake-captured", ">A@10 <A@20 >A@30", { NEVER, NEVER, NEVER, NEVER, 0, 0 } },
    { "ack-before-the-syn-ends-nothing", ">A@5 >S@10 <SA@20 >A@30", { 10, 20, 30, 10, 0, 0 } },
    { "refused", ">S@10 <RA@20", { 10, NEVER, NEVER, 10, 0, 0 } },
    { "rst-is-no-ack", ">S@10 <SA@20 >RA@30", { 10, 20, NEVER, 10, 0, 0 } },
    { "responders-ack-ends-nothing", ">S@10 <SA@20 <A@25 >A@30", { 10, 20, 30, 10, 0, 0 } },
    { "only-the-first-ack-ends-the-handshake",
      ">S@10 <SA@20 >A@30 >A@40",
      { 10, 20, 30, 10, 0, 0 } },
    { "fin-may-end-the-handshake", ">S@10 <SA@20 >FA@30", { 10, 20, 30, 10, 0, 0 } },
    { "initiator-may-be-the-destination", "<S@10 >SA@20 >A@25 <A@30", { 10, 20, 30, 10, 0, 0 } },
    { "simultaneous-open-clocks-the-initiators-side",
      ">S@10 <S@12 >SA@20 <SA@22 >A@30",
      { 10, 22, 30, 10, 0, 0 } },
    { "simultaneous-open-with-retransmissions",
      ">S@10 <S@12 <S@13 >SA@20 >SA@21 >A@30",
      { 10, NEVER, 30, 10, 1, 1 } },
    { "the-first-syn-names-the-initiator",
      ">SA@5 >S@10 <SA@20 <A@25 >A@30",
      { 10, 20, 30, 10, 0, 0 } },
    { "syn-without-time", ">S@- <SA@20 >A@30", { NEVER, 20, 30, NEVER, 0, 0 } },
    { "syn-ack-without-time", ">S@10 <SA@- >A@30", { 10, NEVER, 30, 10, 0, 0 } },
    { "ack-without-time", ">S@10 <SA@20 >A@- >A@40", { 10, 20, NEVER, 10, 0, 0 } },
    { "retransmitted-syn-without-time-moves-none",
      ">S@10 >S@- <SA@20 >A@30",
      { 10, 20, 30, 10, 1, 0 } },
    { "first-syn-without-time-leaves-no-connect-time",
      ">S@- >S@15 <SA@20 >A@30",
      { 15, 20, 30, NEVER, 1, 0 } },
    { "time-may-go-backwards", ">S@30 <SA@20 >A@10", { 30, 20, 10, 30, 0, 0 } },
};

struct tick {
    char arrow;
    const char *flags;
    int second;
};

static struct tick tick_of(char *word)
{
    char *at = strchr(word, '@');
    struct tick tick = { .arrow = word[0], .flags = word + 1 };

    tick.second = at[1] == '-' ? NEVER : (int)g_ascii_strtoll(at + 1, NULL, 10);
    *at = 0;
    return tick;
}

static void assert_time(const struct flow_state *state, unsigned bit, int64_t time_ns, int second)
{
    g_assert_cmpint((state->bits & bit) != 0, ==, second != NEVER);
    if (second != NEVER)
        g_assert_cmpint(time_ns, ==, second * SECOND);
}

static void test_timing(const void *data)
{
    const struct timing *timing = data;
    char **words = g_strsplit(timing->segments, " ", -1);
    uint32_t syn_frame = 0, syn_ack_frame = 0, ack_frame = 0;
    struct flow_state state = { 0 };

    for (uint32_t i = 0; words[i]; i++) {
        struct tick tick = tick_of(words[i]);
        struct flow_fact fact = fact_going(dir_of(tick.arrow));

        make_segment(&fact, tick.flags, 100, 300);
        fact.frame = i + 1;
        if (tick.second != NEVER) {
            fact.time_ns = tick.second * SECOND;
            fact.bits |= FLOW_FACT_TIME;
            syn_frame = tick.second == timing->clock.syn ? fact.frame : syn_frame;
            syn_ack_frame = tick.second == timing->clock.syn_ack ? fact.frame : syn_ack_frame;
            ack_frame = tick.second == timing->clock.ack ? fact.frame : ack_frame;
        }
        flow_state_apply(&state, &fact);
    }
    g_strfreev(words);
    assert_time(&state, FLOW_STATE_SYN_TIME, state.syn_ns, timing->clock.syn);
    assert_time(&state, FLOW_STATE_SYN_ACK_TIME, state.syn_ack_ns, timing->clock.syn_ack);
    assert_time(&state, FLOW_STATE_ACK_TIME, state.ack_ns, timing->clock.ack);
    assert_time(&state, FLOW_STATE_FIRST_SYN_TIME, state.first_syn_ns, timing->clock.first_syn);
    g_assert_cmpuint(state.syn_frame, ==, syn_frame);
    g_assert_cmpuint(state.syn_ack_frame, ==, syn_ack_frame);
    g_assert_cmpuint(state.ack_frame, ==, ack_frame);
    g_assert_cmpuint(state.syn_retrans, ==, timing->clock.syn_retrans);
    g_assert_cmpuint(state.syn_ack_retrans, ==, timing->clock.syn_ack_retrans);
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
                              .bits = (uint16_t)g_rand_int(rand) };

    return fact;
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
            g_assert_cmpuint(state.tcp_state, <, FLOW_TCP_STATES);
            g_assert_cmpint(state.start_ns, <=, state.last_ns);
            g_assert_cmpuint(state.bits & old.bits & ~(unsigned)FLOW_STATE_INITIATOR_DOWN, ==,
                             old.bits & ~(unsigned)FLOW_STATE_INITIATOR_DOWN);
            if (old.tcp_state == FLOW_TCP_RESET)
                g_assert_cmpuint(state.tcp_state, ==, FLOW_TCP_RESET);
            if (old.tcp_state == FLOW_TCP_CLOSED && (old.bits & FLOW_STATE_TCP))
                g_assert_true(state.tcp_state == FLOW_TCP_CLOSED ||
                              state.tcp_state == FLOW_TCP_RESET);
        }
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        char *path = g_strdup_printf("/state/tcp/%s", stories[i].claim);
        g_test_add_data_func(path, &stories[i], test_story);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(timings); i++) {
        char *path = g_strdup_printf("/state/handshake/%s", timings[i].claim);
        g_test_add_data_func(path, &timings[i], test_timing);
        g_free(path);
    }
    g_test_add_func("/state/tcp/is-the-same-in-the-mirror", test_stories_in_the_mirror);
    g_test_add_func("/state/tcp/names-and-numbers", test_state_names_and_numbers);
    g_test_add_func("/state/tcp/closed-before-the-first-segment",
                    test_closed_before_the_first_segment);
    g_test_add_func("/state/tcp/fragments-without-tcp-header-move-nothing",
                    test_fragments_without_tcp_header_move_nothing);
    g_test_add_func("/state/tcp/seq-is-that-of-the-last-segment",
                    test_seq_is_that_of_the_last_segment);
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
