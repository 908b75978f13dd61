#include "walk.h"

#include "headers.h"
#include "listing.h"
#include "run.h"

#include <engine/message.h>

/* Wireshark dissects in one thread; valid until the next walk. */
static struct {
    struct fs_cursor cursor;
    struct fs_listing listing;
    struct flow_layer path[FS_LAYERS_MAX];
    struct fs_net quote;
} walk;

/* ICMP errors have what they quote after 8 bytes; redirects of ICMPv6 have it in an option. */
static bool find_quote(const struct fs_net *net, struct fs_bytes *ret_quote)
{
    enum { HEADER = 8, V6_REDIRECT = 137, REDIRECT_HEADER = 40, REDIRECTED = 4 };
    struct fs_bytes here = net->payload;
    const uint8_t *icmp = here.data + here.at;
    uint32_t captured = fs_bytes_here(&here);

    if (captured < HEADER)
        return false;
    if (flow_icmp_is_error(net->protocol, icmp[0])) {
        here.at += HEADER;
    } else if (net->protocol == FLOW_PROTOCOL_ICMPV6 && icmp[0] == V6_REDIRECT) {
        uint32_t at = REDIRECT_HEADER;
        while (at + 8 <= captured && icmp[at] != REDIRECTED && icmp[at + 1] > 0)
            at += icmp[at + 1] * 8u;
        if (at + 8 > captured || icmp[at] != REDIRECTED)
            return false;
        here.at += at + 8;
    } else {
        return false;
    }
    *ret_quote = here;
    return true;
}

/* The innermost header that an error quotes: the walk goes on where the quote starts. */
static const struct fs_net *walk_quote(const struct fs_cursor *cursor, const struct fs_net *net)
{
    const struct fs_listing *listing = cursor->listing;
    struct fs_cursor quoted;
    size_t last = FS_NOWHERE;

    fs_cursor_branch(cursor, &quoted);
    for (size_t i = listing->icmp + 1;
         i < listing->count && fs_header_kind(listing->row[i]) != FS_HEADER_ICMP; i++)
        if (fs_header_is_net(listing->row[i]))
            last = i;
    if (last == FS_NOWHERE || !find_quote(net, &quoted.here))
        return NULL;
    fs_run(&quoted, listing->icmp + 1, last);
    if (quoted.depth == 0)
        return NULL;
    walk.quote = quoted.nets[quoted.depth - 1];
    return &walk.quote;
}

/* Nothing but link headers and tags: a link-layer flow, if any. */
static void finish_link(const struct fs_cursor *cursor, struct fs_walk *out)
{
    out->layer_count = cursor->link.layers;
    out->payload = cursor->listing->layer[0];
    out->arp = cursor->arp.data ? &cursor->arp : NULL;
}

/* Where nothing was found in a reassembled datagram, the frame is a fragment like others. */
static void leave_datagram(struct fs_cursor *cursor)
{
    cursor->nets[cursor->depth - 1] = cursor->carrier;
    cursor->carrier_depth = 0;
    cursor->lost = true;
}

static void finish_net(struct fs_cursor *cursor, struct fs_walk *out)
{
    const struct fs_listing *listing = cursor->listing;
    wmem_list_frame_t *tracked = listing->layer[listing->last_net];

    if (cursor->carrier_depth == cursor->depth)
        leave_datagram(cursor);
    out->net = &cursor->nets[cursor->depth - 1];
    out->layer_count = out->net->layers_outside;
    out->source = cursor->source;
    /* A packet in fragments inside fragments waits for its own datagram. */
    if (cursor->carrier_depth > 0 && !(out->net->bits & FS_NET_FRAGMENT))
        out->carrier = &cursor->carrier;
    if (!cursor->lost && tracked)
        out->payload = wmem_list_frame_next(tracked);
    if (listing->icmp != FS_NOWHERE)
        out->quote = walk_quote(cursor, out->net);
}

static bool enter_frame(struct fs_cursor *cursor, tvbuff_t *frame)
{
    cursor->source = cursor->pinfo->data_src;
    cursor->here.cap = tvb_captured_length(frame);
    cursor->here.end = tvb_reported_length(frame);
    if (cursor->here.cap > 0)
        cursor->here.data = tvb_get_ptr(frame, 0, (int)cursor->here.cap);
    return cursor->here.cap > 0;
}

void fs_walk(tvbuff_t *tvb, const packet_info *pinfo, const struct fs_walk_options *options,
             struct fs_walk *ret_walk)
{
    struct fs_cursor *cursor = &walk.cursor;
    struct fs_listing *listing = &walk.listing;

    *ret_walk = (struct fs_walk){ .layers = walk.path, .link = &cursor->link };
    fs_cursor_begin(cursor, pinfo, options, listing, walk.path);
    if (!enter_frame(cursor, tvb))
        return;
    fs_listing_read(pinfo, listing);
    fs_listing_repair(cursor, listing);
    if (listing->count == 0)
        return;

    fs_run(cursor, 0, listing->last_net != FS_NOWHERE ? listing->last_net : listing->count - 1);
    if (cursor->depth > 0)
        finish_net(cursor, ret_walk);
    else
        finish_link(cursor, ret_walk);
}
