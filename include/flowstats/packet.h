#ifndef FLOWSTATS_PACKET_H
#define FLOWSTATS_PACKET_H

#include "fact.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the front end took from one frame: who talks to whom, through which
 * tunnels, and the fact.  Plain data, in the packet's own direction: end[0]
 * sent it, end[1] is to receive it.
 */
enum flow_family {
    FLOW_LINK, /* addresses are MAC addresses, in the first 6 bytes */
    FLOW_IPV4, /* in the first 4 bytes */
    FLOW_IPV6,
};

/* The IP protocols that the engine treats differently from others (IANA's numbers). */
enum flow_protocol {
    FLOW_PROTOCOL_ICMP = 1,
    FLOW_PROTOCOL_TCP = 6,
    FLOW_PROTOCOL_UDP = 17,
    FLOW_PROTOCOL_DCCP = 33,
    FLOW_PROTOCOL_ICMPV6 = 58,
    FLOW_PROTOCOL_SCTP = 132,
    FLOW_PROTOCOL_UDPLITE = 136,
};

enum { FLOW_ADDR_LEN = 16, FLOW_MAC_LEN = 6 };

struct flow_end {
    uint8_t addr[FLOW_ADDR_LEN]; /* network order, zero past the family's length */
    uint16_t port;               /* host order; 0 without ports */
};

enum flow_tuple_bits {
    FLOW_TUPLE_PORTS = 1 << 0,  /* the ports were captured */
    FLOW_TUPLE_IDENT = 1 << 1,  /* ident is an ICMP identifier */
    FLOW_TUPLE_ANSWER = 1 << 2, /* and the message answers: end[1] asked */
};

struct flow_tuple {
    struct flow_end end[2];
    uint16_t ident;   /* ICMP identifier; in a link-layer flow the EtherType */
    uint8_t family;   /* enum flow_family */
    uint8_t protocol; /* IP protocol; 0 in a link-layer flow */
    uint8_t bits;     /* enum flow_tuple_bits */
};

/* One layer between the link and the tracked header. */
enum flow_layer_bits {
    FLOW_LAYER_KEY = 1 << 0,      /* its kind is part of the flow's key, the same both ways */
    FLOW_LAYER_ID_KEY = 1 << 1,   /* its identifiers are compared, each direction by itself */
    FLOW_LAYER_ENDS = 1 << 2,     /* it has endpoints */
    FLOW_LAYER_HEX = 1 << 3,      /* its identifiers are shown in hexadecimal, as Wireshark does */
    FLOW_LAYER_ENDS_KEY = 1 << 4, /* its endpoints are compared, each direction by itself */
};

struct flow_layer {
    const char *name; /* static and unique: compared by address */
    uint8_t end[2][FLOW_ADDR_LEN];
    uint32_t id[2];
    uint8_t ids;    /* how many of id[] are there */
    uint8_t family; /* enum flow_family of the endpoints */
    uint8_t bits;   /* enum flow_layer_bits */
};

/* Whether a message asks or answers, and which rule of direction knew. */
enum flow_message {
    FLOW_MESSAGE_UNKNOWN,
    FLOW_MESSAGE_REQUEST,  /* goes up */
    FLOW_MESSAGE_RESPONSE, /* goes down */
};

/* Where a fragment belongs: the same for all fragments of a datagram. */
struct flow_fragment {
    uint32_t ident;
    uint32_t offset;  /* in bytes, of what it carries of the datagram */
    uint32_t len;     /* bytes of the datagram that it carries */
    uint8_t protocol; /* as the fragment's own header says, before extension headers */
    bool waits;   /* its protocol has ports or identifiers, and they are in the first fragment */
    bool is_last; /* no more fragments follow it in the datagram */
};

enum flow_packet_bits {
    FLOW_PACKET_MACS = 1 << 0,       /* mac[] is known */
    FLOW_PACKET_ETH_TYPE = 1 << 1,   /* eth_type is known */
    FLOW_PACKET_QUOTE = 1 << 2,      /* an ICMP error: quote is known */
    FLOW_PACKET_MAC_SENDER = 1 << 3, /* of a cooked capture: of mac[] only the sender's is known */
    /*
     * The packet came out of a datagram that this frame completed: carrier is the
     * tuple of the frame's own IP header, fragment says which fragment the frame is.
     */
    FLOW_PACKET_CARRIER = 1 << 4,
    FLOW_PACKET_CARRIER_FIRST = 1 << 5, /* and it is the first one, so carrier has its ports */
};

struct flow_packet {
    struct flow_fact fact;           /* direction, flow and links are filled in by the meter */
    const struct flow_layer *layers; /* outermost first; valid while the packet is accounted */
    /*
     * What the application's header says; NULL: nothing.  Called with source, and
     * only where direction needs it: reading costs more than all the rest.
     */
    enum flow_message (*application)(const void *source);
    const void *source;       /* valid while the packet is accounted */
    const uint8_t *transport; /* what follows the tracked IP header, as captured; valid as long */
    const void *notes;        /* note_size bytes, of all groups; valid as long */
    /* wmem_list_frame_t of what follows the tracked header in Wireshark's list; NULL: not known. */
    void *payload;
    struct flow_tuple tuple;
    struct flow_tuple quote;   /* of the innermost header that an ICMP error quotes */
    struct flow_tuple carrier; /* of the fragmented tunnel packet that held this one */
    struct flow_fragment fragment;
    uint32_t transport_len; /* bytes of it; 0 in a link-layer flow */
    uint16_t layer_count;
    uint16_t carrier_layers;      /* the first so many of layers are the carrier's */
    uint16_t note_size;           /* 0: none, notes is NULL */
    uint16_t eth_type;            /* of the outermost link header, after its tags */
    uint8_t mac[2][FLOW_MAC_LEN]; /* of the outermost link header */
    uint8_t handshake;            /* enum flow_message: what an SCTP chunk or a DCCP type says */
    uint8_t message_type;         /* enum flow_message: what an ICMP type or an ARP opcode says */
    uint8_t bits;                 /* enum flow_packet_bits */
};

#endif
