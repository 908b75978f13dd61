#ifndef FLOWSTATS_GROUPS_ZEEK_H
#define FLOWSTATS_GROUPS_ZEEK_H

#include "holes.h"

/*
 * The group of Zeek's verdicts: what its conn.log says of a connection, in its
 * words.  The originator is the flow's source, no checksum is verified, and
 * no connection is removed from memory before its time.
 */
extern const struct flow_group flow_zeek;

/* What one side has sent so far. */
enum zeek_endpoint_state {
    ZEEK_INACTIVE,
    ZEEK_SYN_SENT,
    ZEEK_SYN_ACK_SENT,
    ZEEK_PARTIAL, /* joined in the middle */
    ZEEK_ESTABLISHED,
    ZEEK_CLOSED,
    ZEEK_RESET,
};

/* Letters of the history that a side has. */
enum zeek_marks {
    ZEEK_HAS_SYN = 1 << 0,
    ZEEK_HAS_FIN = 1 << 1,
    ZEEK_HAS_RST = 1 << 2,
    ZEEK_HAS_FIN_RST = 1 << 3,
    ZEEK_HAS_OTHER_PAIR = 1 << 4, /* another two of SYN, FIN and RST in one segment */
    ZEEK_HAS_DATA = 1 << 5,
    ZEEK_HAS_ACK = 1 << 6,
    ZEEK_SENT_FIN = 1 << 7, /* alone or not */
};

enum { ZEEK_HISTORY_LEN = 31 };

/* Sequence numbers count from start, which is 0, and do not wrap. */
struct zeek_half {
    uint64_t payload_bytes;
    uint64_t ip_bytes;
    int64_t top;      /* where what it sent ends */
    int64_t acked;    /* greatest acknowledgement by the other side */
    int64_t last_syn; /* this, last_fin and last_rst: of the last segment with that letter */
    int64_t last_fin;
    int64_t last_rst;
    uint32_t start; /* raw: of its SYN, or the one before its first byte */
    uint32_t fin;   /* raw: of its last FIN */
    uint32_t pkts;
    uint32_t retransmissions;
    uint32_t zero_windows;
    uint32_t gaps;
    uint8_t state;  /* enum zeek_endpoint_state */
    uint8_t before; /* the state before that one */
    uint8_t marks;  /* enum zeek_marks */
    uint8_t unused[5];
};

_Static_assert(sizeof(struct zeek_half) == 88, "no padding: states are compared as memory");

struct zeek_state {
    struct holes_half holes[FLOW_DIRS];
    struct zeek_half half[FLOW_DIRS];
    uint64_t missed_bytes;
    char history[ZEEK_HISTORY_LEN + 1];
    uint8_t protocol; /* of the flow */
    uint8_t family;
    uint8_t has_segment;
    uint8_t is_partial; /* its first segment had no SYN */
    uint8_t unused[4];
};

/* Return Zeek's conn_state. */
const char *zeek_conn_state(const struct zeek_state *state);

/* Return the payload bytes of one direction as Zeek counts them: of TCP by sequence numbers. */
uint64_t zeek_size(const struct zeek_state *state, enum flow_dir dir);

#endif
