#ifndef FLOWSTATS_TCP_H
#define FLOWSTATS_TCP_H

#include <flowstats/fact.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * What TCP's segments say of their connection: the state that it is in, who
 * reset it, and the times of its handshake (definitions, TCP).
 *
 *  - All zero bytes is the valid beginning of a flow without segments.
 *  - It holds no pointers and no padding: a copy with = is a complete copy.
 */

/* RFC 9293's states as an observer in the middle sees them. */
enum flow_tcp_state {
    FLOW_TCP_CLOSED,
    FLOW_TCP_SYN_SENT,
    FLOW_TCP_SYN_RECEIVED,
    FLOW_TCP_ESTABLISHED,
    FLOW_TCP_FIN_WAIT,
    FLOW_TCP_CLOSE_WAIT,
    FLOW_TCP_CLOSING,
    FLOW_TCP_RESET,
    FLOW_TCP_UNKNOWN,
    FLOW_TCP_STATES
};

/*
 * How many SYNs of the initiator, SYN-ACKs of the responder and RSTs that stand
 * are kept: where there are more, the first three and the last.  One that is
 * not kept still counts as a repeat.  What it alone could tell is absent: the
 * times of a handshake whose ACK names no SYN-ACK that is kept, and the SYN
 * before a SYN-ACK where one that is not kept may have come between.
 */
enum { FLOW_TCP_KEPT = 4 };

enum flow_tcp_sent_bits {
    FLOW_TCP_SENT_TIME = 1 << 0,       /* ns is known */
    FLOW_TCP_SENT_TIMESTAMPS = 1 << 1, /* tsval and tsecr are known */
    FLOW_TCP_SENT_COPY = 1 << 2,       /* a copy of the one before */
    FLOW_TCP_SENT_SAME_TSVAL = 1 << 3, /* another one that is no copy of it has its TSval */
    FLOW_TCP_SENT_ECHOES_AGAIN = 1
                                 << 4, /* a SYN-ACK before it that it is no copy of has its TSecr */
    FLOW_TCP_SENT_REFUSED = 1 << 5,    /* a SYN that a RST answered */
};

/* A segment of the handshake. */
struct flow_tcp_sent {
    int64_t ns;
    uint32_t frame;
    uint32_t seq;
    uint32_t ack;
    uint32_t tsval;
    uint32_t tsecr;
    uint16_t bits; /* enum flow_tcp_sent_bits */
    uint16_t syns; /* of a SYN-ACK: SYNs before it that are no copies and were not refused */
};

enum flow_tcp_rst_bits {
    FLOW_TCP_RST_DOWN = 1 << 0,     /* the flow's destination sent it */
    FLOW_TCP_RST_ANSWERED = 1 << 1, /* the other side sent a segment without RST after it */
};

struct flow_tcp_rst {
    uint32_t frame;
    uint32_t seq;
    uint32_t bits; /* enum flow_tcp_rst_bits */
};

enum flow_tcp_half_bits {
    FLOW_TCP_HALF_SEEN = 1 << 0,      /* sent a segment */
    FLOW_TCP_HALF_SYN = 1 << 1,       /* sent a SYN without ACK; syn_seq and syn_end are known */
    FLOW_TCP_HALF_SYN_ACK = 1 << 2,   /* sent a SYN-ACK that counts */
    FLOW_TCP_HALF_ACK = 1 << 3,       /* sent a segment with ACK and without SYN */
    FLOW_TCP_HALF_FIN = 1 << 4,       /* sent a FIN; fin_end is known */
    FLOW_TCP_HALF_FIN_ACKED = 1 << 5, /* and the other side acknowledged it */
};

/* What one side sent.  RSTs count in FLOW_TCP_HALF_SEEN alone. */
struct flow_tcp_half {
    uint32_t syn_seq; /* the number of its SYN, and the one after the SYN and its data */
    uint32_t syn_end;
    uint32_t fin_end; /* the number after its first FIN */
    uint32_t bits;    /* enum flow_tcp_half_bits */
};

enum flow_tcp_bits {
    FLOW_TCP_INITIATOR = 1 << 0,      /* the initiator is known */
    FLOW_TCP_INITIATOR_DOWN = 1 << 1, /* and it is the flow's destination */
    FLOW_TCP_INITIATOR_SYN = 1 << 2,  /* its SYN was captured */
    FLOW_TCP_HANDSHAKE_DONE = 1 << 3, /* the handshake's ACK came: ack is known */
    FLOW_TCP_ACK_NAMED = 1 << 4,      /* and its TSecr named the SYN-ACK */
    FLOW_TCP_ENDED = 1 << 5,          /* a RST came after both FINs */
};

struct flow_tcp {
    struct flow_tcp_sent syn[FLOW_TCP_KEPT];     /* of the initiator */
    struct flow_tcp_sent syn_ack[FLOW_TCP_KEPT]; /* of the responder, those that count */
    struct flow_tcp_sent ack;                    /* the initiator's, which ends the handshake */
    struct flow_tcp_half half[FLOW_DIRS];
    struct flow_tcp_rst rst[FLOW_TCP_KEPT]; /* those that stand, in their order */
    uint32_t syn_retrans;
    uint32_t syn_ack_retrans;
    uint32_t syn_count; /* all that came for syn[], and for syn_ack[] */
    uint32_t syn_ack_count;
    uint32_t syns;       /* of them: SYNs that are no copies, since the last RST that refused one */
    uint32_t syn_acks;   /* SYN-ACKs that are no copies */
    uint16_t bits;       /* enum flow_tcp_bits */
    uint8_t rst_count;   /* used places of rst[] */
    uint8_t answer;      /* which of syn_ack[] the handshake is about */
    uint8_t state;       /* enum flow_tcp_state */
    uint8_t undisturbed; /* enum flow_tcp_state: the one that all segments but the RSTs lead to */
    uint8_t unused[2];
};

_Static_assert(sizeof(struct flow_tcp) == 400, "no padding: states are compared as memory");

/* Fold one more fact into it; only segments change it.  Pure: nothing else does. */
void flow_tcp_apply(struct flow_tcp *tcp, const struct flow_fact *segment);

enum flow_tcp_moment { FLOW_TCP_MOMENT_SYN, FLOW_TCP_MOMENT_SYN_ACK, FLOW_TCP_MOMENT_ACK };

/* Return the segment that one of the handshake's timestamps is of; NULL where it is not known. */
const struct flow_tcp_sent *flow_tcp_moment(const struct flow_tcp *tcp,
                                            enum flow_tcp_moment moment);

enum flow_tcp_span {
    FLOW_TCP_RTT,
    FLOW_TCP_RTT_NET,
    FLOW_TCP_RTT_USER,
    FLOW_TCP_CONNECT_TIME, /* from the first SYN */
};

/* Return whether one of the handshake's durations is known, neither ambiguous nor negative. */
bool flow_tcp_span(const struct flow_tcp *tcp, enum flow_tcp_span span, int64_t *ret_ns);

/* Return the first RST that stands, NULL where the state is not Reset. */
static inline const struct flow_tcp_rst *flow_tcp_reset(const struct flow_tcp *tcp)
{
    return tcp->state == FLOW_TCP_RESET ? &tcp->rst[0] : NULL;
}

static inline enum flow_dir flow_tcp_rst_dir(const struct flow_tcp_rst *rst)
{
    return rst->bits & FLOW_TCP_RST_DOWN ? FLOW_DOWN : FLOW_UP;
}

#endif
