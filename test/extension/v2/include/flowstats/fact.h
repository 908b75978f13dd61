#ifndef FLOWSTATS_FACT_H
#define FLOWSTATS_FACT_H

#include <stdint.h>

/*
 * A fact is what one frame said about one flow.  It is the only thing the
 * engine ever learns: a flow's state is the fold of its facts, in the order of
 * accounting.
 *
 * A fact is a packet of the flow or an event, something that another flow's
 * packet said about this one (an ICMP error).  Events have no index and no
 * bytes.
 */
enum flow_dir {
    FLOW_UP,   /* from the flow's source to its destination */
    FLOW_DOWN, /* the way back */
    FLOW_DIRS
};

enum flow_fact_bits {
    FLOW_FACT_DOWN = 1 << 0,       /* enum flow_dir, as a bit */
    FLOW_FACT_TIME = 1 << 1,       /* time_ns is known */
    FLOW_FACT_TCP = 1 << 2,        /* tcp_seq, tcp_ack and tcp_flags are known */
    FLOW_FACT_IP_ID = 1 << 3,      /* ip_id is known: an IPv4 packet without DF */
    FLOW_FACT_FRAG = 1 << 4,       /* an IP fragment, the first one of its datagram included */
    FLOW_FACT_FIRST_FRAG = 1 << 5, /* the fragment with offset 0 */
    FLOW_FACT_EVENT = 1 << 6,      /* an ICMP error about the flow, not a packet of it */
};

enum flow_tcp_flags {
    FLOW_TCP_FIN = 0x01,
    FLOW_TCP_SYN = 0x02,
    FLOW_TCP_RST = 0x04,
    FLOW_TCP_ACK = 0x10,
};

struct flow_fact {
    int64_t time_ns; /* since the epoch */
    uint32_t frame;
    uint32_t flow;        /* which flow of the file, from 0 */
    uint32_t ordinal;     /* 0 for the flow's first fact; filled in by the history */
    uint32_t previous;    /* the history's number of the flow's fact before this one; likewise */
    uint32_t cap_len;     /* captured bytes of the frame */
    uint32_t wire_len;    /* bytes of the frame on the wire */
    uint32_t payload_len; /* transport payload, as the headers state it */
    uint32_t tcp_seq;     /* raw */
    uint32_t tcp_ack;     /* raw */
    uint16_t ip_id;
    uint8_t tcp_flags; /* enum flow_tcp_flags and the rest of that byte */
    uint8_t bits;      /* enum flow_fact_bits */
};

_Static_assert(sizeof(struct flow_fact) == 48,
               "one fact a frame: every byte is paid a million times");

static inline enum flow_dir flow_fact_dir(const struct flow_fact *fact)
{
    return fact->bits & FLOW_FACT_DOWN ? FLOW_DOWN : FLOW_UP;
}

#endif
