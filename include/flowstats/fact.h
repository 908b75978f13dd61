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
    FLOW_FACT_TCP = 1 << 2,        /* the members that start with tcp_ are known */
    FLOW_FACT_IP_ID = 1 << 3,      /* ip_id is known: an IPv4 packet without DF */
    FLOW_FACT_FRAG = 1 << 4,       /* an IP fragment, the first one of its datagram included */
    FLOW_FACT_FIRST_FRAG = 1 << 5, /* the fragment with offset 0 */
    FLOW_FACT_EVENT = 1 << 6,      /* an ICMP error about the flow, not a packet of it */
    FLOW_FACT_DF = 1 << 7,         /* an IPv4 packet with DF; ip_id is known, too */
    FLOW_FACT_NO_LENGTH = 1 << 8,  /* the length in its IPv4 header is 0 (segmentation offload) */
    FLOW_FACT_IP = 1 << 9,         /* ip_len, ttl and tos are known */
    FLOW_FACT_CHECKSUM = 1 << 10,  /* checksum is known */
    FLOW_FACT_OPTIONS = 1 << 11,   /* tcp_options is known */
    FLOW_FACT_FOLLOWS = 1 << 12,   /* a later fragment that is in this flow for its first one is */
};

enum flow_tcp_flags {
    FLOW_TCP_FIN = 0x01,
    FLOW_TCP_SYN = 0x02,
    FLOW_TCP_RST = 0x04,
    FLOW_TCP_PSH = 0x08,
    FLOW_TCP_ACK = 0x10,
    FLOW_TCP_URG = 0x20,
    FLOW_TCP_ECE = 0x40,
    FLOW_TCP_CWR = 0x80,
};

/* What the options of a SYN, a SYN-ACK or one of the first ACKs after it say. */
enum flow_tcp_option_bits {
    FLOW_TCP_OPTION_MSS = 1 << 0,
    FLOW_TCP_OPTION_WSCALE = 1 << 1,
    FLOW_TCP_OPTION_SACK_PERMITTED = 1 << 2,
    FLOW_TCP_OPTION_TIMESTAMPS = 1 << 3, /* RFC 7323: tsval and tsecr are known */
    FLOW_TCP_OPTION_FAST_OPEN = 1 << 4,  /* RFC 7413, a cookie or a request for one */
};

struct flow_tcp_options {
    uint32_t tsval;
    uint32_t tsecr;
    uint16_t mss;
    uint8_t wscale; /* as sent */
    uint8_t bits;   /* enum flow_tcp_option_bits */
};

/* What a payload begins with, where Wireshark decoded TLS in the frame. */
enum flow_record {
    FLOW_RECORD_NONE,
    FLOW_RECORD_CLIENT_HELLO,     /* a handshake record (22) with a ClientHello (1) */
    FLOW_RECORD_APPLICATION_DATA, /* type 23 */
};

struct flow_fact {
    int64_t time_ns; /* since the epoch */
    uint32_t frame;
    uint32_t flow;        /* which flow of the file, from 0 */
    uint32_t ordinal;     /* which fact of the flow, from 0; filled in by the history */
    uint32_t cap_len;     /* captured bytes of the frame */
    uint32_t wire_len;    /* bytes of the frame on the wire */
    uint32_t ip_len;      /* of the IP packet, header included; this fragment's own */
    uint32_t payload_len; /* transport payload, as the headers state it */
    uint32_t flow_label;  /* of an IPv6 packet; else 0 */
    uint32_t tcp_seq;     /* raw */
    uint32_t tcp_ack;     /* raw */
    struct flow_tcp_options tcp_options;
    uint16_t tcp_window; /* as sent: not scaled */
    uint16_t ip_id;
    uint16_t checksum;    /* of TCP, UDP, UDP-Lite, ICMP, ICMPv6, DCCP: as sent */
    uint16_t bits;        /* enum flow_fact_bits */
    uint8_t tcp_flags;    /* enum flow_tcp_flags */
    uint8_t header_words; /* length of the transport header in units of 4 bytes; 0: not known */
    uint8_t ttl;          /* TTL or hop limit */
    uint8_t tos;          /* DSCP and ECN: IPv4's TOS byte, IPv6's traffic class */
    uint8_t icmp_type;    /* of an ICMP or ICMPv6 message; of an event: the error's */
    uint8_t icmp_code;
    uint8_t record; /* enum flow_record */
    uint8_t unused[5];
};

_Static_assert(sizeof(struct flow_fact) == 80, "no padding: facts are compared as memory");

static inline enum flow_dir flow_fact_dir(const struct flow_fact *fact)
{
    return fact->bits & FLOW_FACT_DOWN ? FLOW_DOWN : FLOW_UP;
}

#endif
