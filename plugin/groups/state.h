#ifndef FLOWSTATS_STATE_H
#define FLOWSTATS_STATE_H

#include <flowstats/fact.h>

#include <stdbool.h>

/*
 * The counters and times of a flow after some number of facts.
 *
 *  - All zero bytes is the valid state of a flow without facts.
 *  - It holds no pointers and no padding: a copy with = is a complete copy.
 *
 * Folding relies on both.
 */
enum flow_half_bits {
    FLOW_HALF_IP_ID = 1 << 0, /* ip_id is known */
    FLOW_HALF_SEQ = 1 << 1,   /* seq is known */
};

struct flow_half {
    uint64_t bytes;      /* captured */
    uint64_t wire_bytes; /* on the wire */
    uint64_t payload_bytes;
    uint64_t ip_bytes;
    uint32_t pkts;
    uint32_t payload_pkts;
    uint32_t frags;
    uint32_t frag_pkts;
    uint32_t lost;
    uint32_t seq;
    uint16_t ip_id;
    uint16_t first_ip_id; /* of the first packet that has one: a merge needs it */
    uint32_t bits;        /* enum flow_half_bits */
};

enum flow_state_bits {
    FLOW_STATE_TIME = 1 << 0, /* start_ns and last_ns are known */
};

struct flow_state {
    struct flow_half half[FLOW_DIRS];
    int64_t start_ns; /* earliest and latest timestamp */
    int64_t last_ns;
    uint32_t icmp_errors;
    uint32_t icmp_error_frame; /* of the last one */
    uint32_t bits;             /* enum flow_state_bits */
    uint8_t icmp_error_type;   /* of the last one, likewise */
    uint8_t icmp_error_code;
    uint16_t unused;
};

_Static_assert(sizeof(struct flow_state) == 160, "no padding: states are compared as memory");

/* Fold one more fact into the state.  Pure: the result depends on nothing else. */
void flow_state_apply(struct flow_state *state, const struct flow_fact *fact);

/* Add what the state of later facts of the flow counts. */
void flow_state_merge(struct flow_state *state, const struct flow_state *later);

#endif
