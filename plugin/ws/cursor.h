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

/* Put these into the key although the two directions may differ in them. */
struct fs_walk_options {
    bool key_vlan;   /* VLAN and MPLS, their presence included */
    bool key_labels; /* identifiers that each direction chooses for itself */
};

/* The frame's layers after "frame" itself. */
struct fs_listing {
    uint8_t row[FS_LAYERS_MAX];              /* numbers in the table of headers.c */
    wmem_list_frame_t *layer[FS_LAYERS_MAX]; /* in Wireshark's list; NULL: it is not there */
    size_t count;
    size_t last_net; /* the last network header that counts; FS_NOWHERE: none */
    size_t icmp;     /* the ICMP after it; FS_NOWHERE: none */
};

/* The outermost link header. */
struct fs_link {
    const uint8_t *mac[2];   /* sender, receiver; or NULL */
    struct fs_bytes payload; /* what follows it and its tags; is_known */
    uint16_t eth_type;       /* likewise */
    uint16_t layers;         /* how many of the path's layers are its tags; likewise */
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

    bool on_link;              /* only link headers and their tags so far */
    bool is_wlan;              /* the link is 802.11: its type comes with LLC */
    struct fs_bytes subframes; /* of an A-MSDU, those not walked yet; no data: none */
    struct fs_link link;

    struct flow_layer *path; /* FS_LAYERS_MAX; a branch shares that of the walk it left */
    uint16_t path_count;
    bool ends_free;                    /* the innermost net's addresses are no layer's ends yet */
    size_t depth;                      /* of nets */
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

/* Add a layer to the path; NULL where it is too long. */
struct flow_layer *fs_add_layer(struct fs_cursor *cursor, const char *name, uint8_t bits);

static inline void fs_add_id(struct flow_layer *layer, uint32_t id)
{
    if (layer)
        layer->id[layer->ids++] = id;
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
