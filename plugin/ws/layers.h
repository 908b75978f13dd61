#ifndef FLOWSTATS_LAYERS_H
#define FLOWSTATS_LAYERS_H

#include "ws_compat.h"

#include <engine/application.h>

/*
 * The walk: Wireshark's list of a frame's layers says what comes after what,
 * the header bytes say what each layer says.  It ends at the tracked header,
 * that of the innermost packet which Wireshark decoded.
 */

/* A stretch of a buffer: data[at] to data[cap - 1] were captured; it goes to end on the wire. */
struct fs_bytes {
    const uint8_t *data;
    uint32_t at;
    uint32_t cap;
    uint32_t end;
};

enum fs_net_bits {
    FS_NET_FRAGMENT = 1 << 0,       /* ident and fragment_protocol are known */
    FS_NET_LATER_FRAGMENT = 1 << 1, /* and it is not the first */
    FS_NET_IP_ID = 1 << 2,          /* ident is known: IPv4 without DF */
};

/* An IP header with its extension headers. */
struct fs_net {
    struct fs_bytes payload; /* what follows them */
    uint32_t header;         /* where in payload.data it starts */
    uint32_t ident;
    uint8_t addr[2][FLOW_ADDR_LEN]; /* of the sender and the receiver, as Wireshark shows them */
    uint8_t family;                 /* FLOW_IPV4 or FLOW_IPV6 */
    uint8_t protocol;               /* of the payload */
    uint8_t fragment_protocol; /* what the fragment's header says: extension headers may follow */
    uint8_t bits;              /* enum fs_net_bits */
    uint16_t layers_outside;   /* how many of the layers are outside it */
};

/* Which identifiers that need not be the same both ways are part of the key, all the same. */
struct fs_walk_options {
    bool key_vlan;   /* VLAN and MPLS, their presence included */
    bool key_labels; /* identifiers that each direction chooses for itself */
};

struct fs_walk {
    const struct flow_layer *layers; /* valid until the next walk */
    const uint8_t *mac[2];           /* of the outermost link header: sender, receiver; or NULL */
    const struct fs_net *net;        /* the tracked header, likewise valid; NULL: none */
    const GSList *source;            /* the buffer that net's payload is in; NULL: not known */
    wmem_list_frame_t *payload; /* in Wireshark's list, what follows the tracked header; or NULL */
    uint16_t layer_count;
    uint16_t eth_type;
    bool has_quote;
    bool has_link;        /* eth_type and link are known */
    bool is_arp;          /* an ARP message follows the link header */
    struct fs_bytes link; /* what follows the outermost link header and its tags; has_link */
    struct fs_net quote;  /* the innermost header that an ICMP error quotes; has_quote */
};

/* Look the names up; once, when all dissectors are registered. */
void fs_layers_register(void);

/*
 * Walk the layers of the frame just dissected.  Reads captured bytes only and
 * never throws.
 */
void fs_walk(tvbuff_t *tvb, const packet_info *pinfo, const struct fs_walk_options *options,
             struct fs_walk *ret_walk);

/* What the tracked packet carries, where it tells the direction. */
struct fs_message {
    const struct flow_application *application;
    struct fs_bytes bytes;
};

/* False where there is none.  Later than the walk, while the same frame is dissected. */
bool fs_find_message(const struct fs_walk *walk, struct fs_message *ret_message);

/* How many bytes were captured at a place, and lie in what encloses it. */
static inline uint32_t fs_bytes_here(const struct fs_bytes *bytes)
{
    uint32_t end = MIN(bytes->cap, bytes->end);

    return bytes->at < end ? end - bytes->at : 0;
}

/* How many there are on the wire. */
static inline uint32_t fs_bytes_on_wire(const struct fs_bytes *bytes)
{
    return bytes->at < bytes->end ? bytes->end - bytes->at : 0;
}

static inline uint16_t fs_be16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t fs_be32(const uint8_t *data)
{
    return (uint32_t)fs_be16(data) << 16 | fs_be16(data + 2);
}

#endif
