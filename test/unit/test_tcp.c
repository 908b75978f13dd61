#include "ask.h"
#include "packets.h"

#include "core.h"
#include "names.h"
#include "state.h"
#include "tcp_group.h"

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
    return (struct flow_fact){ .bits = dir == FLOW_DOWN ? FLOW_FACT_DOWN : 0 };
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
    struct segment segments[16];
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
        { '<', "A", 301, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "responders-payload-after-its-syn-ack-establishes",
      { { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '<', "A", 301, 101, 0, SYN_RECEIVED },
        { '<', "A", 301, 101, 9, ESTABLISHED },
        { '<', "FA", 310, 101, 0, FIN_WAIT } } },
    { "payload-on-the-syn-ack-does-not",
      { { '>', "S", 100, 0, 3, SYN_SENT },
        { '<', "SA", 300, 104, 5, SYN_RECEIVED },
        { '>', "A", 104, 306, 0, ESTABLISHED } } },
    { "responders-payload-without-a-syn-ack-does-not",
      { { '>', "S", 100, 0, 0, SYN_SENT }, { '<', "A", 301, 101, 9, SYN_SENT } } },
    { "syn-ack-of-another-number-moves-nothing",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 100, 0, SYN_SENT },
        { '<', "SA", 300, 102, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED } } },
    { "syn-ack-may-acknowledge-part-of-the-syns-data",
      { { '>', "S", 100, 0, 40, SYN_SENT },
        { '<', "SA", 300, 142, 0, SYN_SENT },
        { '<', "SA", 300, 100, 0, SYN_SENT },
        { '<', "SA", 300, 120, 0, SYN_RECEIVED } } },
    { "a-syn-repeated-without-its-data-leaves-its-end",
      { { '>', "S", 100, 0, 40, SYN_SENT },
        { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 141, 0, SYN_RECEIVED } } },
    { "numbers-of-a-syn-wrap-around",
      { { '>', "S", 0xffffffff, 0, 2, SYN_SENT },
        { '<', "SA", 0xffffffff, 3, 0, SYN_SENT },
        { '<', "SA", 0xffffffff, 2, 0, SYN_RECEIVED },
        { '>', "A", 2, 0xffffffff, 0, SYN_RECEIVED },
        { '>', "A", 2, 0, 0, ESTABLISHED } } },
    { "ack-below-the-syn-acks-number-ends-no-handshake",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 300, 0, SYN_RECEIVED },
        { '>', "A", 101, 300 + 0x80000001, 0, SYN_RECEIVED },
        { '>', "A", 101, 300 + 0x80000000, 0, ESTABLISHED } } },
    { "ack-of-any-syn-ack-counts",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '<', "SA", 0x90000000, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 0x90000001, 0, ESTABLISHED } } },
    { "syn-after-a-syn-ack-that-is-none-of-it-is-sent",
      { { '<', "SA", 300, 900, 0, SYN_RECEIVED },
        { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED } } },
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
        { '<', "SA", 300, 101, 0, ESTABLISHED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "simultaneous-open-with-a-syn-ack-of-another-number",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "S", 300, 0, 0, SYN_RECEIVED },
        { '>', "SA", 100, 300, 0, SYN_RECEIVED },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "SA", 100, 301, 0, ESTABLISHED } } },
    { "initiators-syn-ack-counts-in-a-simultaneous-open-only",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '>', "SA", 100, 301, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED } } },
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
    { "the-first-fin-of-a-side-is-the-one-to-be-acknowledged",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '>', "FA", 151, 301, 0, FIN_WAIT },
        { '<', "A", 301, 102, 0, CLOSE_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '<', "FA", 351, 102, 0, CLOSING },
        { '>', "A", 102, 302, 0, CLOSED } } },
    { "nothing-leaves-closed",
      { CLOSED_BY_BOTH,
        { '>', "S", 100, 0, 0, CLOSED },
        { '<', "SA", 300, 101, 0, CLOSED },
        { '<', "FA", 301, 102, 0, CLOSED },
        { '>', "A", 102, 302, 0, CLOSED },
        { '<', "A", 302, 102, 5, CLOSED },
        { '<', "R", 302, 0, 0, CLOSED },
        { '>', "A", 102, 302, 0, CLOSED } } },

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
    { "rst-after-both-fins-closes",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING },
        { '>', "R", 102, 0, 0, CLOSED },
        { '<', "A", 302, 102, 0, CLOSED },
        { '>', "A", 102, 302, 0, CLOSED } } },
    { "rst-with-fin-is-a-rst", { HANDSHAKE, { '>', "FRA", 101, 301, 0, RESET } } },
    { "the-other-side-does-not-undo-a-rst",
      { HANDSHAKE,
        { '<', "RA", 301, 101, 0, RESET },
        { '>', "S", 100, 0, 0, RESET },
        { '>', "A", 101, 301, 9, RESET },
        { '>', "FA", 110, 301, 0, RESET } } },
    { "a-later-syn-undoes-its-senders-rst",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "A", 777, 666, 0, SYN_SENT },
        { '>', "R", 666, 0, 0, RESET },
        { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED } } },
    { "a-later-syn-ack-undoes-its-senders-rst",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "RA", 0, 101, 0, RESET },
        { '>', "S", 100, 0, 0, RESET },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED },
        { '>', "A", 101, 301, 0, ESTABLISHED } } },
    { "data-undoes-a-rst-after-the-other-side-went-on",
      { HANDSHAKE,
        { '<', "R", 4000000, 0, 0, RESET },
        { '<', "A", 301, 101, 0, RESET },
        { '>', "A", 101, 301, 50, RESET },
        { '<', "A", 301, 151, 0, ESTABLISHED } } },
    { "the-other-sides-rst-is-no-going-on",
      { HANDSHAKE,
        { '<', "R", 4000000, 0, 0, RESET },
        { '>', "R", 101, 0, 0, RESET },
        { '<', "A", 301, 101, 0, RESET } } },
    { "data-undoes-a-rst-at-once-where-its-sender-is-alone",
      { { '>', "A", 101, 301, 9, UNKNOWN },
        { '>', "R", 4000000, 0, 0, RESET },
        { '>', "A", 110, 301, 9, UNKNOWN } } },
    { "what-the-rst-has-overtaken-undoes-nothing",
      { HANDSHAKE,
        { '<', "R", 100301, 0, 0, RESET },
        { '>', "A", 101, 301, 50, RESET },
        { '<', "A", 100201, 151, 100, RESET },
        { '<', "A", 34766, 151, 0, RESET },
        { '<', "A", 34765, 151, 0, ESTABLISHED } } },
    { "what-goes-on-from-the-rst-undoes-it",
      { HANDSHAKE,
        { '<', "R", 301, 0, 0, RESET },
        { '>', "A", 101, 301, 50, RESET },
        { '<', "A", 301, 151, 0, RESET },
        { '<', "A", 301, 151, 1, ESTABLISHED } } },
    { "without-ack-fin-and-payload-nothing-is-said",
      { HANDSHAKE,
        { '<', "R", 4000000, 0, 0, RESET },
        { '>', "A", 101, 301, 50, RESET },
        { '<', "", 301, 0, 0, RESET },
        { '<', "F", 301, 0, 0, FIN_WAIT } } },
    { "each-rst-is-undone-alone",
      { HANDSHAKE,
        { '<', "R", 4000000, 0, 0, RESET },
        { '>', "R", 5000000, 0, 0, RESET },
        { '>', "A", 101, 301, 50, RESET },
        { '<', "A", 301, 151, 0, RESET },
        { '>', "A", 151, 301, 50, ESTABLISHED } } },
    { "a-survived-rst-leaves-no-trace",
      { HANDSHAKE,
        { '>', "FA", 101, 301, 0, FIN_WAIT },
        { '<', "R", 4000000, 102, 0, RESET },
        { '>', "FA", 101, 301, 0, RESET },
        { '<', "A", 301, 101, 0, FIN_WAIT },
        { '<', "FA", 301, 102, 0, CLOSING } } },
    { "states-go-on-below-a-rst",
      { { '>', "S", 100, 0, 0, SYN_SENT },
        { '<', "R", 4000000, 0, 0, RESET },
        { '>', "S", 100, 0, 0, RESET },
        { '<', "SA", 300, 101, 0, SYN_RECEIVED } } },
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
    struct flow_tcp tcp = { 0 };

    for (const struct segment *at = story->segments; at->arrow; at++) {
        struct flow_fact fact = fact_of(at);
        flow_tcp_apply(&tcp, &fact);
        g_assert_cmpstr(name_in(flow_tcp_state_names, tcp.state), ==,
                        name_in(flow_tcp_state_names, (uint32_t)at->state));
    }
}

/* Who is up does not matter to TCP: the state is the same in the mirror. */
static void test_stories_in_the_mirror(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        struct flow_tcp tcp = { 0 };

        for (const struct segment *at = stories[i].segments; at->arrow; at++) {
            struct flow_fact fact = fact_of(at);
            fact.bits ^= FLOW_FACT_DOWN;
            flow_tcp_apply(&tcp, &fact);
            g_assert_cmpuint(tcp.state, ==, (unsigned)at->state);
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
    struct flow_tcp tcp = { 0 };
    struct flow_fact fragment = fact_going(FLOW_UP);

    g_assert_cmpuint(tcp.state, ==, FLOW_TCP_CLOSED);
    fragment.bits |= FLOW_FACT_FRAG;
    flow_tcp_apply(&tcp, &fragment);
    g_assert_cmpuint(tcp.state, ==, FLOW_TCP_CLOSED);
}

/* A fragmented segment counts at its first fragment; the others have no TCP header. */
static void test_fragments_without_tcp_header_move_nothing(void)
{
    struct flow_tcp tcp = { 0 }, before;
    struct flow_fact syn = fact_going(FLOW_UP), fragment = fact_going(FLOW_UP);

    make_segment(&syn, "S", 100, 0);
    flow_tcp_apply(&tcp, &syn);
    before = tcp;
    fragment.bits |= FLOW_FACT_FRAG;
    fragment.tcp_flags = FLOW_TCP_RST;
    flow_tcp_apply(&tcp, &fragment);
    g_assert_cmpuint(tcp.state, ==, FLOW_TCP_SYN_SENT);
    g_assert_cmpuint(tcp.syn_retrans, ==, before.syn_retrans);
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

/*
 * The handshake's clock.  A segment is an arrow, flags, TSval/TSecr where it has
 * them, and its second, '-' for a frame without timestamp.  '>' has number 100
 * and '<' 300, and each acknowledges the other's; '!' acknowledges nothing of it.
 */
struct timing {
    const char *claim;
    const char *segments;
    const char
        *clock; /* moments, spans, and SYNs and SYN-ACKs sent again; what is absent is left out */
};

static const struct timing timings[] = {
    { "clean-handshake", ">S@10 <SA@20 >A@35",
      "syn 10 syn-ack 20 ack 35 net 10 user 15 rtt 25 connect 25" },
    { "not-answered", ">S@10", "syn 10" },
    { "not-answered-and-repeated", ">S@10 >S@11 >S@13", "syn 13 syns 2" },
    { "not-acknowledged", ">S@10 <SA@20", "syn 10 syn-ack 20 net 10" },
    { "refused", ">S@10 <RA@20", "syn 10" },
    { "no-handshake-captured", ">A@10 <A@20 >A@30", "" },
    { "syn-not-captured", "<SA@20 >A@30", "syn-ack 20 ack 30 user 10" },
    { "syn-ack-not-captured", ">S@10 >A@30", "syn 10 ack 30 rtt 20 connect 20" },
    { "syn-ack-not-captured-and-syn-repeated", ">S@10 >S@11 >A@30",
      "syn 11 ack 30 connect 20 syns 1" },
    { "initiator-may-be-the-destination", "<S@10 >SA@20 >A@25 <A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },

    /* What counts */
    { "syn-ack-of-another-number-sets-no-time-and-is-no-repeat", ">S@10 <SA!@15 <SA@20 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "ack-of-another-number-ends-nothing", ">S@10 <SA@20 >A!@25 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "ack-before-the-syn-ends-nothing", ">A@5 >S@10 <SA@20 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "an-ack-of-other-numbers-before-the-syn-ack-ended-nothing", ">S@10 >A!@12 <SA@20 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "rst-is-no-ack", ">S@10 <SA@20 >RA@30", "syn 10 syn-ack 20 net 10" },
    { "responders-ack-ends-nothing", ">S@10 <SA@20 <A@25 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "only-the-first-ack-ends-the-handshake", ">S@10 <SA@20 >A@30 >A@40",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "fin-may-end-the-handshake", ">S@10 <SA@20 >FA@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "the-first-syn-names-the-initiator", ">SA@5 >S@10 <SA@20 <A@25 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "syn-ack-before-a-syn-that-it-is-none-of", "<SA!@5 <SA!@6 >S@10 <SA@20 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },

    { "the-syn-comes-last-in-the-file", "<SA@20 >A@30 >S@10",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "the-syn-comes-last-and-its-syn-ack-was-sent-again", "<SA@20 <SA@1020 >A@1030 >S@10",
      "syn 10 syn-ack 20 ack 1030 net 10 connect 1020 syn-acks 1" },
    { "the-syn-comes-last-and-one-syn-ack-is-none-of-it", "<SA!@15 <SA@20 >S@10 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "syn-acks-of-the-true-initiator-are-none", ">SA@5 >SA@6 >S@10 >A@30",
      "syn 10 ack 30 rtt 20 connect 20" },

    /* Repeats: of an answer that may be one of several, there is no time */
    { "repeated-syn-is-ambiguous", ">S@10 >S@1010 <SA@1020 >A@1030",
      "syn 1010 syn-ack 1020 ack 1030 user 10 connect 1020 syns 1" },
    { "repeated-syn-ack-is-ambiguous", ">S@10 <SA@20 <SA@1020 >A@1030",
      "syn 10 syn-ack 20 ack 1030 net 10 connect 1020 syn-acks 1" },
    { "syn-repeated-after-the-answer-is-no-matter", ">S@10 <SA@20 >S@30 <SA@40 >A@50",
      "syn 10 syn-ack 20 ack 50 net 10 connect 40 syns 1 syn-acks 1" },
    { "repeats-after-the-handshake-count-and-move-nothing", ">S@10 <SA@20 >A@30 <SA@40 >S@50 >A@60",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20 syns 1 syn-acks 1" },
    { "syn-stamped-as-the-syn-ack-may-be-what-it-answers", ">S@10 <SA@20 >S@20 >A@30",
      "syn 20 syn-ack 20 ack 30 user 10 connect 20 syns 1" },
    { "late-syn-ack-sets-no-time", ">S@10 >A@30 <SA@40", "syn 10 ack 30 rtt 20 connect 20" },
    { "syn-ack-that-the-file-has-after-its-ack", ">S@10 >A@30 <SA@20 <SA@25",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20 syn-acks 1" },
    { "syn-that-the-file-has-after-its-syn-ack", "<SA@20 >S@10 >A@30",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "syn-stamped-before-the-syn-ack-is-a-repeat-wherever-the-file-has-it",
      ">S@10 <SA@20 >S@15 >A@30", "syn 15 syn-ack 20 ack 30 user 10 connect 20 syns 1" },
    { "a-copy-is-no-repeat", ">S@10 >S@10.019 <SA@20 <SA@20.019 >A@30",
      "syn 10.019 syn-ack 20 ack 30 net 9.981 user 10 rtt 19.981 connect 20 syns 1 syn-acks 1" },
    { "after-20-ms-it-is-a-repeat", ">S@10 >S@10.02 <SA@20 <SA@20.02 >A@30",
      "syn 10.02 syn-ack 20 ack 30 connect 20 syns 1 syn-acks 1" },
    { "with-another-tsval-it-is-a-repeat", ">S:1/0@10 >S:2/0@10.001 <SA:7/1@20 >A:3/7@30",
      "syn 10.001 syn-ack 20 ack 30 user 10 connect 20 syns 1" },
    { "with-a-tsval-where-the-other-has-none-it-is-a-repeat", ">S:1/0@10 >S@10.001 <SA@20 >A@30",
      "syn 10.001 syn-ack 20 ack 30 user 10 connect 20 syns 1" },
    { "a-copy-of-a-copy-is-no-repeat", ">S@10 >S@10.015 >S@10.03 <SA@20 >A@30",
      "syn 10.03 syn-ack 20 ack 30 net 9.97 user 10 rtt 19.97 connect 20 syns 2" },
    { "syns-before-a-rst-that-answered-them-are-no-repeats",
      ">S@10 >S@12 <RA@13 >S@20 <SA@21 >A@23",
      "syn 20 syn-ack 21 ack 23 net 1 user 2 rtt 3 connect 13 syns 2" },
    { "a-rst-of-another-number-answered-no-syn", ">S@10 <RA!@13 >S@20 <SA@21 >A@23",
      "syn 20 syn-ack 21 ack 23 user 2 connect 13 syns 1" },
    { "nor-did-one-without-ack", ">S@10 <R@13 >S@20 <SA@21 >A@23",
      "syn 20 syn-ack 21 ack 23 user 2 connect 13 syns 1" },
    { "a-rst-after-the-handshake-refuses-no-syn", ">S@10 <SA@20 >A@30 <RA@40",
      "syn 10 syn-ack 20 ack 30 net 10 user 10 rtt 20 connect 20" },
    { "a-syn-right-after-a-rst-is-no-copy", ">S@10 <RA@10.001 >S@10.002 <SA@10.003 >A@10.004",
      "syn 10.002 syn-ack 10.003 ack 10.004 net 0.001 user 0.001 rtt 0.002 connect 0.004 syns 1" },

    /* Timestamps of RFC 7323 tell which one was answered */
    { "echo-of-the-last-syn-proves-it", ">S:1/0@10 >S:2/0@11 <SA:7/2@13 >A:3/7@14",
      "syn 11 syn-ack 13 ack 14 net 2 user 1 rtt 3 connect 4 syns 1" },
    { "echo-of-an-earlier-syn-proves-nothing", ">S:1/0@10 >S:2/0@11 <SA:7/1@13 >A:3/7@14",
      "syn 11 syn-ack 13 ack 14 user 1 connect 4 syns 1" },
    { "echo-of-a-tsval-that-two-syns-have-proves-nothing",
      ">S:1/0@10 >S:1/0@11 <SA:7/1@13 >A:3/7@14",
      "syn 11 syn-ack 13 ack 14 user 1 connect 4 syns 1" },
    { "nor-where-the-second-came-later", ">S:5/0@9 >S:1/0@10 <SA:7/1@13 >S:1/0@14 >A:3/7@15",
      "syn 10 syn-ack 13 ack 15 user 2 connect 6 syns 2" },
    { "ack-names-the-syn-ack", ">S:1/0@10 <SA:7/1@13 >S:2/0@14 <SA:8/2@15 >A:3/8@17",
      "syn 14 syn-ack 15 ack 17 net 1 user 2 rtt 3 connect 7 syns 1 syn-acks 1" },
    { "ack-names-the-first-syn-ack", ">S:1/0@10 <SA:7/1@13 <SA:8/1@15 >A:3/7@17",
      "syn 10 syn-ack 13 ack 17 net 3 user 4 rtt 7 connect 7 syn-acks 1" },
    { "a-syn-ack-sent-again-by-its-own-clock-is-no-answer-to-the-syn",
      ">S:1/0@10 <SA:7/1@11 <SA:8/1@31 >A:3/8@32",
      "syn 10 syn-ack 31 ack 32 user 1 connect 22 syn-acks 1" },
    { "ack-that-names-two-names-none", ">S:1/0@10 <SA:7/1@13 <SA:7/1@15 >A:3/7@17",
      "syn 10 syn-ack 13 ack 17 net 3 connect 7 syn-acks 1" },
    { "ack-that-names-none", ">S:1/0@10 <SA:7/1@13 <SA:8/1@15 >A:3/9@17",
      "syn 10 syn-ack 13 ack 17 net 3 connect 7 syn-acks 1" },
    { "ack-that-names-a-copied-syn-ack",
      ">S:1/0@10 <SA:7/1@13 <SA:7/1@13.001 <SA:8/1@15 <SA:8/1@15.001 >A:3/7@17",
      "syn 10 syn-ack 13 ack 17 net 3 user 4 rtt 7 connect 7 syn-acks 3" },
    { "one-syn-ack-needs-no-name", ">S:1/0@10 <SA:7/1@13 >A:3/9@17",
      "syn 10 syn-ack 13 ack 17 net 3 user 4 rtt 7 connect 7" },

    /* The first three and the last are kept */
    { "ack-names-the-last-of-many",
      ">S:1/0@10 <SA:1/1@11 <SA:2/1@12 <SA:3/1@13 <SA:4/1@14 <SA:5/1@15 >A:9/5@17",
      "syn 10 syn-ack 15 ack 17 user 2 connect 7 syn-acks 4" },
    { "ack-names-one-of-many-that-is-not-kept",
      ">S:1/0@10 <SA:1/1@11 <SA:2/1@12 <SA:3/1@13 <SA:4/1@14 <SA:5/1@15 >A:9/4@17",
      "ack 17 connect 7 syn-acks 4" },
    { "ack-that-names-none-of-many", ">S@10 <SA@11 <SA@12 <SA@13 <SA@14 <SA@15 >A@17",
      "syn 10 syn-ack 11 ack 17 net 1 connect 7 syn-acks 4" },
    { "the-last-of-many-syns",
      ">S:1/0@10 >S:2/0@11 >S:3/0@12 >S:4/0@13 >S:5/0@14 <SA:7/5@15 >A:9/7@17",
      "syn 14 syn-ack 15 ack 17 net 1 user 2 rtt 3 connect 7 syns 4" },
    { "one-of-many-syns-that-is-not-kept", ">S@10 >S@11 >S@12 >S@13 <SA@14 >S@15 >A@17",
      "syn-ack 14 ack 17 user 3 connect 7 syns 4" },

    /* Simultaneous open */
    { "simultaneous-open-clocks-the-initiators-side", ">S@10 <S@12 >SA@20 <SA@22 >A@30",
      "syn 10 syn-ack 22 ack 30 net 12 user 8 rtt 20 connect 20" },
    { "simultaneous-open-with-retransmissions", ">S@10 <S@12 <S@13 >SA@20 >SA@21 >A@30",
      "syn 10 ack 30 rtt 20 connect 20 syns 1 syn-acks 1" },

    /* Stamps */
    { "syn-without-time", ">S@- <SA@20 >A@30", "syn-ack 20 ack 30 user 10" },
    { "syn-ack-without-time", ">S@10 <SA@- >A@30", "syn 10 ack 30 connect 20" },
    { "ack-without-time", ">S@10 <SA@20 >A@- >A@40", "syn 10 syn-ack 20 net 10" },
    { "retransmitted-syn-without-time-moves-none-but-is-a-repeat", ">S@10 >S@- <SA@20 >A@30",
      "syn 10 syn-ack 20 ack 30 user 10 connect 20 syns 1" },
    { "first-syn-without-time-leaves-no-connect-time", ">S@- >S@15 <SA@20 >A@30",
      "syn 15 syn-ack 20 ack 30 user 10 syns 1" },
    { "what-is-negative-is-absent", ">S@30 <SA@20 >A@10", "syn 30 syn-ack 20 ack 10" },
    { "syn-ack-stamped-before-the-syn", "<SA@20 >S@20.5 >A@21",
      "syn 20.5 syn-ack 20 ack 21 user 1 connect 0.5" },
    { "ack-stamped-before-the-syn-ack", ">S@10 <SA@20 >A@15",
      "syn 10 syn-ack 20 ack 15 net 10 connect 5" },
    { "no-time-at-all-may-be-0", ">S@10 <SA@10 >A@10",
      "syn 10 syn-ack 10 ack 10 net 0 user 0 rtt 0 connect 0" },
};

static int64_t ns_of(const char *seconds)
{
    return (int64_t)(g_ascii_strtod(seconds, NULL) * 1000 + 0.5) * (SECOND / 1000);
}

static void read_timestamps(struct flow_fact *fact, const char *text)
{
    char *end;

    fact->tcp_options.tsval = (uint32_t)g_ascii_strtoull(text, &end, 10);
    fact->tcp_options.tsecr = (uint32_t)g_ascii_strtoull(end + 1, NULL, 10);
    fact->tcp_options.bits = FLOW_TCP_OPTION_TIMESTAMPS;
    fact->bits |= FLOW_FACT_OPTIONS;
}

static struct flow_fact fact_of_word(char *word, uint32_t frame)
{
    char **parts = g_strsplit_set(word, ":@", -1);
    guint last = g_strv_length(parts) - 1;
    bool is_down = *word == '<', is_stray = strchr(parts[0], '!');
    uint32_t own = is_down ? 300 : 100, others = is_down ? 101 : 301;
    struct flow_fact fact = fact_going(is_down ? FLOW_DOWN : FLOW_UP);

    make_segment(&fact, parts[0] + 1, strchr(parts[0], 'S') ? own : own + 1,
                 is_stray ? others - 50 : others);
    fact.frame = frame;
    if (last == 2)
        read_timestamps(&fact, parts[1]);
    if (*parts[last] != '-') {
        fact.time_ns = ns_of(parts[last]);
        fact.bits |= FLOW_FACT_TIME;
    }
    g_strfreev(parts);
    return fact;
}

static void say(GString *text, const char *name, int64_t ns)
{
    g_string_append_printf(text, "%s%s %g", text->len > 0 ? " " : "", name, (double)ns / SECOND);
}

static void say_count(GString *text, const char *name, uint32_t count)
{
    if (count > 0)
        g_string_append_printf(text, "%s%s %u", text->len > 0 ? " " : "", name, count);
}

/* The moments' frames are those with their times. */
static char *clock_text(const struct flow_tcp *tcp, const int64_t *ns_of_frame)
{
    static const char *const moments[] = { "syn", "syn-ack", "ack" };
    static const struct {
        enum flow_tcp_span span;
        const char *name;
    } spans[] = { { FLOW_TCP_RTT_NET, "net" },
                  { FLOW_TCP_RTT_USER, "user" },
                  { FLOW_TCP_RTT, "rtt" },
                  { FLOW_TCP_CONNECT_TIME, "connect" } };
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(moments); i++) {
        const struct flow_tcp_sent *sent = flow_tcp_moment(tcp, (enum flow_tcp_moment)i);
        if (!sent)
            continue;
        say(text, moments[i], sent->ns);
        g_assert_cmpint(sent->ns, ==, ns_of_frame[sent->frame]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        int64_t ns = -1;
        if (flow_tcp_span(tcp, spans[i].span, &ns))
            say(text, spans[i].name, ns);
    }
    say_count(text, "syns", tcp->syn_retrans);
    say_count(text, "syn-acks", tcp->syn_ack_retrans);
    return g_string_free(text, FALSE);
}

static void test_timing(const void *data)
{
    const struct timing *timing = data;

    for (unsigned mirror = 0; mirror < 2; mirror++) {
        char **words = g_strsplit(timing->segments, " ", -1);
        struct flow_tcp tcp = { 0 };
        int64_t ns_of_frame[20] = { 0 };

        for (uint32_t i = 0; words[i]; i++) {
            struct flow_fact fact = fact_of_word(words[i], i);
            fact.bits ^= mirror ? FLOW_FACT_DOWN : 0;
            ns_of_frame[i] = fact.time_ns;
            flow_tcp_apply(&tcp, &fact);
        }
        char *text = clock_text(&tcp, ns_of_frame);
        g_assert_cmpstr(text, ==, timing->clock);
        g_free(text);
        g_strfreev(words);
    }
}

/* Who reset it: the first RST that stands. */
static void test_first_rst_that_stands(void)
{
    static const struct {
        struct segment segment;
        int by; /* -1: absent */
        uint32_t frame;
    } rows[] = {
        { { '>', "S", 100, 0, 0, 0 }, -1, 0 },
        { { '<', "R", 4000000, 0, 0, 0 }, FLOW_DOWN, 1 },
        { { '>', "R", 101, 0, 0, 0 }, FLOW_DOWN, 1 },
        { { '<', "R", 5000000, 0, 0, 0 }, FLOW_DOWN, 1 },
        { { '<', "SA", 300, 101, 0, 0 }, FLOW_UP, 2 },
        { { '>', "S", 100, 0, 0, 0 }, -1, 0 },
        { { '<', "R", 301, 0, 0, 0 }, FLOW_DOWN, 6 },
        { { '<', "R", 301, 0, 0, 0 }, FLOW_DOWN, 6 },
    };
    struct flow_tcp tcp = { 0 };

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_fact fact = fact_of(&rows[i].segment);
        fact.frame = i;
        flow_tcp_apply(&tcp, &fact);
        const struct flow_tcp_rst *rst = flow_tcp_reset(&tcp);
        g_assert_cmpint(rst ? (int)flow_tcp_rst_dir(rst) : -1, ==, rows[i].by);
        g_assert_cmpuint(rst ? rst->frame : 0, ==, rows[i].frame);
    }
}

/* However many RSTs come, the first stays the first, and a SYN of their sender undoes them all. */
static void test_many_rsts(void)
{
    struct flow_tcp tcp = { 0 };
    struct flow_fact rst = fact_going(FLOW_DOWN), syn_ack = fact_going(FLOW_DOWN);

    make_segment(&rst, "R", 1, 0);
    make_segment(&syn_ack, "SA", 300, 101);
    for (rst.frame = 1; rst.frame <= 1000; rst.frame++) {
        flow_tcp_apply(&tcp, &rst);
        g_assert_cmpuint(flow_tcp_reset(&tcp)->frame, ==, 1);
    }
    flow_tcp_apply(&tcp, &syn_ack);
    g_assert_cmpuint(tcp.state, ==, FLOW_TCP_SYN_RECEIVED);
}

static struct flow_fact random_segment(GRand *rand)
{
    static const char *const flags[] = {
        "S", "S", "SA", "SA", "A", "A", "A", "FA", "F", "", "FSRA"
    };
    struct flow_fact fact = fact_going(g_rand_boolean(rand) ? FLOW_UP : FLOW_DOWN);

    make_segment(&fact, flags[g_rand_int(rand) % G_N_ELEMENTS(flags)], g_rand_int(rand) % 8 - 4,
                 g_rand_int(rand) % 8 - 4);
    fact.payload_len = g_rand_int(rand) % 3;
    fact.frame = g_rand_int(rand);
    fact.time_ns = g_rand_int_range(rand, 0, 8) * 15000000;
    fact.tcp_options = (struct flow_tcp_options){ .tsval = g_rand_int(rand) % 4,
                                                  .tsecr = g_rand_int(rand) % 4,
                                                  .bits = FLOW_TCP_OPTION_TIMESTAMPS };
    fact.bits |= (g_rand_int(rand) % 8 ? FLOW_FACT_TIME : 0) |
                 (g_rand_boolean(rand) ? FLOW_FACT_OPTIONS : 0);
    return fact;
}

static void assert_promises(const struct flow_tcp *tcp)
{
    const struct flow_tcp_sent *syn = flow_tcp_moment(tcp, FLOW_TCP_MOMENT_SYN);
    const struct flow_tcp_sent *syn_ack = flow_tcp_moment(tcp, FLOW_TCP_MOMENT_SYN_ACK);
    int64_t rtt = 0, net = 0, user = 0;

    g_assert_cmpuint(tcp->state, <, FLOW_TCP_STATES);
    g_assert_cmpuint(tcp->undisturbed, <, FLOW_TCP_STATES);
    g_assert_cmpuint(tcp->undisturbed, !=, FLOW_TCP_RESET);
    g_assert_true((flow_tcp_reset(tcp) != NULL) == (tcp->rst_count > 0));
    if (flow_tcp_span(tcp, FLOW_TCP_RTT_NET, &net))
        g_assert_true(syn && syn_ack && net >= 0 && net == syn_ack->ns - syn->ns);
    if (flow_tcp_span(tcp, FLOW_TCP_RTT_USER, &user))
        g_assert_cmpint(user, >=, 0);
    if (flow_tcp_span(tcp, FLOW_TCP_RTT, &rtt) && syn_ack)
        g_assert_cmpint(rtt, ==, net + user);
    g_assert_cmpint(rtt, >=, 0);
}

/* Whatever comes, the promises hold; and who is up does not matter. */
static void test_laws(void)
{
    GRand *rand = g_rand_new_with_seed(42);

    for (unsigned round = 0; round < 2000; round++) {
        struct flow_tcp tcp = { 0 }, mirrored = { 0 };
        bool ended = false;

        for (unsigned i = 0; i < 40; i++) {
            struct flow_fact fact = random_segment(rand);
            flow_tcp_apply(&tcp, &fact);
            assert_promises(&tcp);
            fact.bits ^= FLOW_FACT_DOWN;
            flow_tcp_apply(&mirrored, &fact);
            g_assert_cmpuint(tcp.state, ==, mirrored.state);
            g_assert_true(memcmp(&tcp.syn, &mirrored.syn, offsetof(struct flow_tcp, half)) == 0);
            if (ended)
                g_assert_cmpuint(tcp.undisturbed, ==, FLOW_TCP_CLOSED);
            ended =
                tcp.undisturbed == FLOW_TCP_CLOSED && (tcp.half[FLOW_UP].bits & FLOW_TCP_HALF_FIN);
        }
    }
    g_rand_free(rand);
}

/* Two flows that differ in RSTs only which the connection survived end in one state. */
static void test_survived_rsts_leave_no_trace(void)
{
    GRand *rand = g_rand_new_with_seed(7);

    for (unsigned round = 0; round < 2000; round++) {
        struct flow_tcp with = { 0 }, without = { 0 };

        for (unsigned i = 0; i < 20; i++) {
            struct flow_fact fact = random_segment(rand), rst = fact;
            flow_tcp_apply(&with, &fact);
            if (!(fact.tcp_flags & FLOW_TCP_RST))
                flow_tcp_apply(&without, &fact);
            if (g_rand_int(rand) % 4 == 0 && !(with.half[FLOW_UP].bits & FLOW_TCP_HALF_FIN)) {
                rst.tcp_flags = FLOW_TCP_RST;
                flow_tcp_apply(&with, &rst);
            }
            if (!(with.bits & FLOW_TCP_ENDED) && with.rst_count == 0)
                g_assert_cmpuint(with.state, ==, without.state);
        }
    }
    g_rand_free(rand);
}

/* The fields, of which one direction is enough. */
static void test_rows_of_one_direction(void)
{
    static const struct {
        const char *flags;
        enum flow_dir dir;
    } rows[] = { { "R", FLOW_UP }, { "S", FLOW_UP }, { "SA", FLOW_DOWN } };
    struct flow_groups groups = { .count = 0 };

    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_tcp_group);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
        struct flow_packet packet = tcp_packet(1, 1, 50000, 2, 80, rows[i].flags, 100, 300);

        flow_meter_account(meter, &packet);
        expect_number(meter, 1, "direction", (uint64_t)rows[i].dir);
        expect_number(meter, 1, "tcp.syn_retrans", 0);
        g_assert_true(ask_known(meter, 1, "tcp.state_name").as.text != NULL);
        flow_meter_free(meter);
    }

    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet datagram = udp_packet(1, 1, 50000, 2, 53);
    flow_meter_account(meter, &datagram);
    expect_absent(meter, 1, "tcp.state");
    expect_absent(meter, 1, "tcp.syn_retrans");
    expect_absent(meter, 1, "tcp.reset_by_name");
    flow_meter_free(meter);
}

static void test_who_reset_it_has_a_name(void)
{
    static const char *const names[] = { [FLOW_UP] = "up", [FLOW_DOWN] = "down" };
    struct flow_groups groups = { .count = 0 };

    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_tcp_group);
    for (unsigned dir = 0; dir < FLOW_DIRS; dir++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
        const struct flow_packet packets[] = {
            tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0),
            tcp_packet(2, 2, 80, 1, 50000, "SA", 300, 101),
            tcp_packet(3, 1, 50000, 2, 80, "A", 101, 301),
            dir == FLOW_UP ? tcp_packet(4, 1, 50000, 2, 80, "R", 101 + PAYLOAD_LEN, 0)
                           : tcp_packet(4, 2, 80, 1, 50000, "R", 301 + PAYLOAD_LEN, 0),
        };

        for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
            flow_meter_account(meter, &packets[i]);
        expect_text(meter, 4, "tcp.reset_by_name", names[dir]);
        expect_number(meter, 4, "tcp.reset_by", dir);
        expect_number(meter, 4, "tcp.reset_frame", 4);
        flow_meter_free(meter);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_fields_add(&flow_tcp_group);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        char *path = g_strdup_printf("/tcp/state/%s", stories[i].claim);
        g_test_add_data_func(path, &stories[i], test_story);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(timings); i++) {
        char *path = g_strdup_printf("/tcp/handshake/%s", timings[i].claim);
        g_test_add_data_func(path, &timings[i], test_timing);
        g_free(path);
    }
    g_test_add_func("/tcp/state/is-the-same-in-the-mirror", test_stories_in_the_mirror);
    g_test_add_func("/tcp/state/names-and-numbers", test_state_names_and_numbers);
    g_test_add_func("/tcp/state/closed-before-the-first-segment",
                    test_closed_before_the_first_segment);
    g_test_add_func("/tcp/state/fragments-without-tcp-header-move-nothing",
                    test_fragments_without_tcp_header_move_nothing);
    g_test_add_func("/tcp/seq-is-that-of-the-last-segment", test_seq_is_that_of_the_last_segment);
    g_test_add_func("/tcp/reset/the-first-rst-that-stands", test_first_rst_that_stands);
    g_test_add_func("/tcp/reset/many-rsts", test_many_rsts);
    g_test_add_func("/tcp/reset/survived-rsts-leave-no-trace", test_survived_rsts_leave_no_trace);
    g_test_add_func("/tcp/rows-of-one-direction", test_rows_of_one_direction);
    g_test_add_func("/tcp/who-reset-it-has-a-name", test_who_reset_it_has_a_name);
    g_test_add_func("/tcp/laws-hold-for-random-segments", test_laws);
    return g_test_run();
}
