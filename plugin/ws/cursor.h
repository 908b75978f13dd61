#ifndef FLOWSTATS_CURSOR_H
#define FLOWSTATS_CURSOR_H

#include "ip.h"

/*
 * Where a walk is in a frame: the place, what encloses it, and the path of
 * layers that led there.
 */

/* Wireshark lets no frame have more layers than its tree may be deep. */
enum { FS_LAYERS_MAX = 512 };

#define FS_NOWHERE SIZE_MAX

/* What tells flows apart beyond the kinds and the shared identifiers of their tunnels. */
struct fs_walk_options {
    bool key_vlan;   /* VLAN and MPLS, their presence included */
    bool key_labels; /* identifiers that change within a flow's life, and mirrors */
    bool key_ends;   /* endpoints, of tunnels without an identifier */
};

/* The frame's layers after "frame" itself. */
struct fs_listing {
    uint8_t row[FS_LAYERS_MAX];              /* numbers in the table of headers.c */
    wmem_list_frame_t *layer[FS_LAYERS_MAX]; /* in Wireshark's list; NULL: it is not there */
    size_t count;
    size_t last_net; /* the last network header that counts; FS_NOWHERE: none */
    size_t icmp;     /* the ICMP after it; FS_NOWHERE: none */
    bool has_quote;  /* packets are quoted after it, otherwise than by ICMP */
};

/* The outermost link header. */
struct fs_link {
    const uint8_t *mac[2];   /* sender, receiver; or NULL; a cooked capture has the sender's */
    struct fs_bytes payload; /* what follows it and its tags; is_known */
    uint16_t eth_type;       /* is_known */
    uint16_t layers;         /* how many of the path's layers are its tags; is_known */
    bool is_known;
};

struct fs_cursor {
    const packet_info *pinfo;
    const struct fs_walk_options *options;
    const struct fs_listing *listing;
    size_t at; /* the layer being passed */

    struct fs_bytes here;
    const GSList *source; /* the buffer that here is in */
    bool lost;            /* a layer came that nobody could pass */
    bool named;           /* that layer is in the path already */
    uint8_t failures;     /* of searches for what follows such layers */
    uint16_t missed_ipv6; /* how many IPv6 headers were listed, but not found, since the last net */

    bool on_link;              /* only link headers and their tags so far */
    bool has_header;           /* and at least one that has a row */
    bool llc_has_type;         /* the link's type comes with LLC */
    struct fs_bytes subframes; /* of an A-MSDU, those not walked yet; no data: none */
    struct fs_link link;
    struct fs_bytes arp;   /* an ARP message; no data: none */
    bool is_gre_sequenced; /* the last GRE header had a sequence number */

    struct flow_layer *path; /* FS_LAYERS_MAX; a branch shares that of the walk it left */
    uint16_t path_count;
    bool ends_free;       /* the innermost net's addresses are no layer's ends yet */
    size_t depth;         /* of nets */
    size_t carrier_depth; /* how many nets enclose what the carrier's datagram holds; 0: none */

    struct fs_net carrier; /* the fragment that completed the datagram of the nets after it */
    struct fs_net nets[FS_LAYERS_MAX]; /* from the outermost that encloses here */
};

/* Begin a walk along the listed layers.  Its place is the caller's to set. */
void fs_cursor_begin(struct fs_cursor *cursor, const packet_info *pinfo,
                     const struct fs_walk_options *options, const struct fs_listing *listing,
                     struct flow_layer *path);

/* Begin a walk of its own along the same layers, from any place in the same buffer. */
void fs_cursor_branch(const struct fs_cursor *cursor, struct fs_cursor *ret_branch);

/* Go to the start of another buffer of the frame; false where it is empty. */
bool fs_cursor_enter(struct fs_cursor *cursor, const GSList *source);

/* The stretch that a buffer is; false where it is empty. */
bool fs_bytes_of(const GSList *source, struct fs_bytes *ret_bytes);

/*
 * Add a layer to the path; NULL where it is too long.  The first layer over a
 * network header has that one's addresses as its endpoints; for others the bit
 * FLOW_LAYER_ENDS_KEY is void.
 */
struct flow_layer *fs_add_layer(struct fs_cursor *cursor, const char *name, uint8_t bits);

static inline void fs_add_id(struct flow_layer *layer, uint32_t id)
{
    if (layer)
        layer->id[layer->ids++] = id;
}

/* A layer that enters the key by its kind and, where it has any, its endpoints. */
static inline uint8_t fs_kind_and_ends(const struct fs_cursor *cursor)
{
    return FLOW_LAYER_KEY | (cursor->options->key_ends ? FLOW_LAYER_ENDS_KEY : 0);
}

/* The next count bytes; NULL where they were not captured. */
static inline const uint8_t *fs_peek(const struct fs_cursor *cursor, uint32_t count)
{
    return fs_bytes_here(&cursor->here) >= count ? cursor->here.data + cursor->here.at : NULL;
}

/* Go on by so many bytes.  Return true, as the end of a header's function. */
static inline bool fs_skip(struct fs_cursor *cursor, uint32_t count)
{
    cursor->here.at += count;
    return true;
}

/* What follows ends after length bytes from start, unless it ends earlier. */
static inline void fs_narrow(struct fs_cursor *cursor, uint32_t start, uint32_t length)
{
    if (length < cursor->here.end - MIN(start, cursor->here.end))
        cursor->here.end = start + length;
}

/* Wireshark's number of a listed layer's protocol; -1 where it is not in Wireshark's list. */
static inline int fs_proto_listed(wmem_list_frame_t *layer)
{
    return layer ? GPOINTER_TO_INT(wmem_list_frame_data(layer)) : -1;
}

#endif
