#ifndef FLOWSTATS_PART_H
#define FLOWSTATS_PART_H

#include "tcp.h"

/*
 * What a run of a flow's packets says of itself, and what it does to whatever
 * came before it in another file: what only the order of segments tells.  All else
 * are columns of their own (part_columns.h).
 *
 * Directions are ends of the flow's key here, not up and down: which end is the
 * source may be decided in an earlier file.  share/flowstats/merge.sql puts parts
 * together; what it may conclude from them is said there and in doc/scale.md.
 *
 *  - All zero bytes is the valid beginning.
 */

/* What a part's segments are to a handshake that an earlier part may have begun. */
enum flow_part_handshake {
    FLOW_PART_NO_SYN,  /* no segment with SYN: it goes on with any connection */
    FLOW_PART_SYNS,    /* SYNs of one end with one number, and nothing else */
    FLOW_PART_OPENS,   /* begins with such a SYN; further ones are the same, SYN-ACKs the other's */
    FLOW_PART_ANSWERS, /* begins with a SYN-ACK; further ones are the same, and no SYN */
    FLOW_PART_MIXED,   /* anything else */
};

enum flow_part_half_bits {
    FLOW_PART_SYN = 1 << 0,   /* syn_seq, syn_end: of its SYNs, which are all the same */
    FLOW_PART_OPEN = 1 << 1,  /* number: of its last segment with SYN */
    FLOW_PART_BASE = 1 << 2,  /* base is known */
    FLOW_PART_ACK = 1 << 3,   /* first_ack is known */
    FLOW_PART_ACKS = 1 << 4,  /* ack_low and ack_high are known */
    FLOW_PART_DATA = 1 << 5,  /* sent payload in a segment without SYN and RST */
    FLOW_PART_VOICE = 1 << 6, /* sent a segment that may say that a RST of its own was survived */
    FLOW_PART_WIDE = 1 << 7,  /* its acknowledgements are further apart than numbers can tell */
};

struct flow_part_half {
    struct flow_tcp_sent first_ack; /* its first segment with ACK and without SYN and RST */
    uint32_t syns;                  /* segments with SYN and without ACK and RST */
    uint32_t syn_seq;
    uint32_t syn_end;
    uint32_t number;
    uint32_t base;    /* the number before its first byte, as the table learns it */
    uint32_t ack_low; /* the earliest and the latest that its segments without RST acknowledge */
    uint32_t ack_high;
    uint32_t fin_frame; /* of its first FIN; 0: none */
    uint32_t bits;      /* enum flow_part_half_bits */
};

enum flow_part_bits {
    FLOW_PART_TIME = 1 << 0,         /* begin_ns is known */
    FLOW_PART_LEAD_DOWN = 1 << 1,    /* end[1] sent its first segment */
    FLOW_PART_SYN_RST = 1 << 2,      /* some segment has SYN and RST */
    FLOW_PART_OTHER_SYN = 1 << 3,    /* SYNs of one end are not all the same */
    FLOW_PART_OTHER_ANSWER = 1 << 4, /* SYN-ACKs do not all say the same */
    FLOW_PART_ANSWER_UP = 1 << 5,    /* end[0] sent a SYN-ACK */
    FLOW_PART_ANSWER_DOWN = 1 << 6,  /* end[1] did */
};

struct flow_part {
    struct flow_tcp tcp;      /* of these packets alone */
    struct flow_tcp tcp_amid; /* likewise, but both ends had sent something before */
    struct flow_part_half half[FLOW_DIRS];
    int64_t begin_ns; /* of the first packet that asks for its flow */
    uint32_t begin_frame;
    uint32_t first_frame;
    uint32_t last_frame;
    uint32_t segments;
    uint32_t packets;    /* but for fragments that came before their first one */
    uint32_t lead_seq;   /* of the first segment */
    uint32_t lead_flags; /* enum flow_tcp_flags */
    uint32_t answer_seq; /* of the first SYN-ACK */
    uint32_t answer_ack;
    uint32_t last_rst; /* frame of the last RST; 0: none */
    uint32_t bits;     /* enum flow_part_bits */
};

/*
 * Return whether a fact may begin another flow where it does not in its own file:
 * a new connection's SYN, whose end's numbers only an earlier file may know.
 */
bool flow_part_is_over(const struct flow_part *part, const struct flow_fact *fact);

/* Add a fact, whose direction is the end that sent it. */
void flow_part_apply(struct flow_part *part, const struct flow_fact *fact);

enum flow_part_handshake flow_part_handshake_of(const struct flow_part *part);

/* Return which end sent the first segment. */
static inline enum flow_dir flow_part_lead(const struct flow_part *part)
{
    return part->bits & FLOW_PART_LEAD_DOWN ? FLOW_DOWN : FLOW_UP;
}

/* Return whether the first segment has SYN and no ACK: a new connection's, perhaps. */
static inline bool flow_part_connects(const struct flow_part *part)
{
    return (part->lead_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) == FLOW_TCP_SYN;
}

#endif
