#ifndef FLOWSTATS_WALK_H
#define FLOWSTATS_WALK_H

#include "cursor.h"

/*
 * The walk: Wireshark's list of a frame's layers says what comes after what,
 * the header bytes say what each layer says.  It ends at the tracked header,
 * that of the innermost packet which Wireshark decoded.
 */
struct fs_walk {
    const struct flow_layer *layers; /* valid until the next walk, as all that this points to */
    const struct fs_link *link;
    const struct fs_net *net;   /* the tracked header; NULL: none */
    const struct fs_net *quote; /* the innermost header that an ICMP error quotes; NULL: none */
    /* The fragment that completed the datagram which holds net; NULL: none. */
    const struct fs_net *carrier;
    const struct fs_bytes *arp; /* where no IP header is listed, an ARP message; NULL: none */
    const GSList *source;       /* the buffer that net's payload is in; NULL: not known */
    wmem_list_frame_t *payload; /* in Wireshark's list, what follows the tracked header; or NULL */
    uint16_t layer_count;
};

/*
 * Walk the layers of the frame just dissected.  Reads captured bytes only and
 * never throws.
 */
void fs_walk(tvbuff_t *tvb, const packet_info *pinfo, const struct fs_walk_options *options,
             struct fs_walk *ret_walk);

#endif
