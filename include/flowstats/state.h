#ifndef FLOWSTATS_STATE_H
#define FLOWSTATS_STATE_H

#include "fact.h"
#include "tcp.h"

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
    FLOW_HALF_IP_ID = 1 << 0, /* ip_id is known */
    FLOW_HALF_SEQ = 1 << 1,   /* seq is known */
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
    uint16_t ip_id;
    uint16_t bits; /* enum flow_half_bits */
    uint32_t unused;
};

enum flow_state_bits {
    FLOW_STATE_TIME = 1 << 0, /* start_ns and last_ns are known */
    FLOW_STATE_TCP = 1 << 1,  /* a segment came */
};

struct flow_state {
    struct flow_half half[FLOW_DIRS];
    struct flow_tcp tcp;
    int64_t start_ns; /* earliest and latest timestamp */
    int64_t last_ns;
    uint32_t icmp_errors;
    uint32_t icmp_error_frame; /* of the last one */
    uint32_t bits;             /* enum flow_state_bits */
    uint32_t unused;
};

_Static_assert(sizeof(struct flow_state) == 544,
               "no padding: states are compared as memory, and kept once in 32 facts of a flow");

/* Fold one more fact into the state.  Pure: the result depends on nothing else. */
void flow_state_apply(struct flow_state *state, const struct flow_fact *fact);

#endif
