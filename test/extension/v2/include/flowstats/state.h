#ifndef FLOWSTATS_STATE_H
#define FLOWSTATS_STATE_H

#include "fact.h"

#include <stdbool.h>

/*
 * Everything known about a flow after some number of facts.
 *
 *  - All zero bytes is the valid state of a flow without facts.
 *  - It holds no pointers and no padding: a copy with = is a complete copy.
 *
 * The history relies on both.
 */
enum flow_half_bits {
    FLOW_HALF_IP_ID = 1 << 0,     /* ip_id is known */
    FLOW_HALF_SEQ = 1 << 1,       /* seq is known */
    FLOW_HALF_SYN = 1 << 2,       /* sent a SYN without ACK */
    FLOW_HALF_SYN_ACK = 1 << 3,   /* sent a SYN with ACK */
    FLOW_HALF_ACK = 1 << 4,       /* sent a segment with ACK and without SYN */
    FLOW_HALF_FIN = 1 << 5,       /* sent a FIN; fin_end is known */
    FLOW_HALF_FIN_ACKED = 1 << 6, /* and the other side acknowledged it */
};

struct flow_half {
    uint64_t bytes;      /* captured */
    uint64_t wire_bytes; /* on the wire */
    uint64_t payload_bytes;
    uint32_t pkts;
    uint32_t payload_pkts;
    uint32_t frags;
    uint32_t frag_pkts;
    uint32_t lost;
    uint32_t seq;
    uint32_t fin_end; /* the sequence number behind the first FIN */
    uint16_t ip_id;
    uint16_t bits; /* enum flow_half_bits */
};

/* RFC 9293's states as an observer in the middle sees them: SPEC section 6. */
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

enum flow_state_bits {
    FLOW_STATE_TIME = 1 << 0,           /* start_ns and last_ns are known */
    FLOW_STATE_TCP = 1 << 1,            /* a segment came */
    FLOW_STATE_INITIATOR = 1 << 2,      /* the initiator is known */
    FLOW_STATE_INITIATOR_DOWN = 1 << 3, /* and it is the flow's destination */
    FLOW_STATE_INITIATOR_SYN = 1 << 4,  /* its SYN was captured */
    FLOW_STATE_HANDSHAKE_DONE = 1 << 5, /* the handshake's ACK came */
    FLOW_STATE_FIRST_SYN_TIME = 1 << 6, /* first_syn_ns is known */
    FLOW_STATE_SYN_TIME = 1 << 7,       /* syn_ns is known */
    FLOW_STATE_SYN_ACK_TIME = 1 << 8,   /* syn_ack_ns is known */
    FLOW_STATE_ACK_TIME = 1 << 9,       /* ack_ns is known */
};

struct flow_state {
    struct flow_half half[FLOW_DIRS];
    int64_t start_ns; /* earliest and latest timestamp */
    int64_t last_ns;
    int64_t first_syn_ns;
    int64_t syn_ns; /* most recent before the handshake ended */
    int64_t syn_ack_ns;
    int64_t ack_ns;
    uint32_t syn_frame; /* the frames of those three */
    uint32_t syn_ack_frame;
    uint32_t ack_frame;
    uint32_t syn_retrans;
    uint32_t syn_ack_retrans;
    uint32_t icmp_errors;
    uint32_t icmp_error_frame; /* of the last one */
    uint16_t bits;             /* enum flow_state_bits */
    uint8_t tcp_state;         /* enum flow_tcp_state */
    uint8_t unused;
};

_Static_assert(sizeof(struct flow_state) == 192,
               "no padding: states are compared as memory, and kept once in 32 facts of a flow");

/* Fold one more fact into the state.  Pure: the result depends on nothing else. */
void flow_state_apply(struct flow_state *state, const struct flow_fact *fact);

const char *flow_tcp_state_name(enum flow_tcp_state state);

#endif
