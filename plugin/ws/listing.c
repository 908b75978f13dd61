#include "listing.h"

#include "headers.h"
#include "run.h"

#include <wiretap/wtap.h>

/* How often an IP header that is not listed is searched for in one frame. */
enum { SEARCHES_MAX = 4 };

/* Tell which layers the walk ends at, and where a quote starts. */
static inline void note_layer(struct fs_listing *listing, enum fs_header_kind kind, size_t layer)
{
    if (kind < FS_HEADER_LLC || kind > FS_HEADER_QUOTE || listing->has_quote)
        return;
    if (kind == FS_HEADER_QUOTE)
        listing->has_quote = listing->last_net != FS_NOWHERE && listing->icmp == FS_NOWHERE;
    else if (kind == FS_HEADER_LLC)
        listing->icmp = FS_NOWHERE; /* no quote has a link header */
    else if (listing->icmp != FS_NOWHERE)
        return;
    else if (kind != FS_HEADER_ICMP)
        listing->last_net = layer;
    else if (listing->last_net != FS_NOWHERE)
        listing->icmp = layer;
}

void fs_listing_read(const packet_info *pinfo, struct fs_listing *ret_listing)
{
    struct fs_header_rows rows = fs_header_rows();
    wmem_list_frame_t *layer = wmem_list_head(pinfo->layers);
    size_t count = 0;

    ret_listing->last_net = ret_listing->icmp = FS_NOWHERE;
    ret_listing->has_quote = false;
    for (layer = layer ? wmem_list_frame_next(layer) : NULL; layer && count < FS_LAYERS_MAX;
         layer = wmem_list_frame_next(layer), count++) {
        uint8_t row = fs_header_row(&rows, fs_proto_listed(layer));

        ret_listing->layer[count] = layer;
        ret_listing->row[count] = row;
        note_layer(ret_listing, fs_header_kind(row), count);
    }
    ret_listing->count = count;
}

/* What 4.4 and later leave out */

static int proto_named(const char *name)
{
    return proto_get_id_by_filter_name(name);
}

static bool is_listed(const struct fs_listing *listing, size_t layer, const char *name)
{
    return fs_proto_listed(listing->layer[layer]) == proto_named(name);
}

static bool carries_ethernet(const struct fs_listing *listing, size_t layer)
{
    while (layer < listing->count && fs_header_kind(listing->row[layer]) == FS_HEADER_PSEUDO)
        layer++;
    return layer < listing->count &&
           (is_listed(listing, layer, "eth") || is_listed(listing, layer, "pwethcw"));
}

/* Where no IP header is listed, the addresses that Wireshark left are those of the unlisted one. */
static enum flow_family family_left_behind(const struct fs_cursor *start)
{
    int type = start->pinfo->net_src.type;

    if (start->listing->last_net != FS_NOWHERE)
        return FLOW_LINK;
    return type == AT_IPv4 ? FLOW_IPV4 : type == AT_IPv6 ? FLOW_IPV6 : FLOW_LINK;
}

static uint8_t row_named(const char *name)
{
    struct fs_header_rows rows = fs_header_rows();

    return fs_header_row(&rows, proto_named(name));
}

static uint8_t row_of_family(enum flow_family family)
{
    return row_named(family == FLOW_IPV4 ? "ip" : "ipv6");
}

static void append(struct fs_listing *listing, uint8_t row)
{
    size_t layer = listing->count++;

    listing->layer[layer] = NULL;
    listing->row[layer] = row;
    note_layer(listing, fs_header_kind(row), layer);
}

static bool is_tag(const uint8_t *type)
{
    uint16_t number = flow_be16(type);

    return number == 0x8100 || number == 0x88a8 || number == 0x9100;
}

/*
 * The list is empty where TCP reassembles nothing and what it carries asks for
 * more.  The addresses are left: list the link header, its tags and the header
 * that has them again, but no tunnel.
 */
static void list_again(const struct fs_cursor *start, struct fs_listing *listing)
{
    enum flow_family family = family_left_behind(start);
    const uint8_t *type = start->here.data + 12, *end = start->here.data + start->here.cap;

    if (family == FLOW_LINK)
        return;
    if (start->pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_ETHERNET) {
        append(listing, row_named("eth"));
        for (; end - type >= 4 && is_tag(type) && listing->count < FS_LAYERS_MAX - 1; type += 4)
            append(listing, row_named("vlan"));
    }
    append(listing, row_of_family(family));
}

static void insert(struct fs_listing *listing, size_t layer, uint8_t row)
{
    for (size_t i = listing->count++; i > layer; i--) {
        listing->row[i] = listing->row[i - 1];
        listing->layer[i] = listing->layer[i - 1];
    }
    listing->layer[layer] = listing->layer[layer - 1];
    listing->row[layer] = row;
    listing->last_net = listing->icmp = FS_NOWHERE;
    listing->has_quote = false;
    for (size_t i = 0; i < listing->count; i++)
        note_layer(listing, fs_header_kind(listing->row[i]), i);
}

/* Whether a walk that knew of the header at this layer would find it inside depth others. */
static bool would_be_found(const struct fs_cursor *start, size_t layer, enum flow_family family,
                           size_t depth)
{
    struct fs_listing with_it = *start->listing;
    struct fs_cursor ahead;

    insert(&with_it, layer, row_of_family(family));
    fs_cursor_branch(start, &ahead);
    ahead.listing = &with_it;
    ahead.here = start->here;
    fs_run(&ahead, 0, layer);
    return !ahead.lost && ahead.depth > depth;
}

/* After a layer that nobody could pass: where it was decoded last, or is found within searches. */
static enum flow_family family_searched(const struct fs_cursor *start, size_t layer, size_t depth,
                                        unsigned *searches)
{
    if (start->listing->last_net == FS_NOWHERE)
        return family_left_behind(start);
    if (*searches == 0)
        return FLOW_LINK;
    --*searches;
    if (would_be_found(start, layer, FLOW_IPV4, depth))
        return FLOW_IPV4;
    return would_be_found(start, layer, FLOW_IPV6, depth) ? FLOW_IPV6 : FLOW_LINK;
}

/*
 * The family of the IP header after an MPLS label stack, which Wireshark finds
 * by its first nibble; FLOW_LINK where there is none, or it is listed.
 */
static enum flow_family unlisted_after_mpls(const struct fs_cursor *start, size_t mpls,
                                            unsigned *searches)
{
    const struct fs_listing *listing = start->listing;
    struct fs_net ignored;
    struct fs_cursor ahead;

    if (mpls + 1 < listing->count &&
        (fs_header_is_net(listing->row[mpls + 1]) || carries_ethernet(listing, mpls + 1)))
        return FLOW_LINK;
    fs_cursor_branch(start, &ahead);
    ahead.here = start->here;
    if (!fs_run(&ahead, 0, mpls))
        return FLOW_LINK;
    if (ahead.lost)
        return family_searched(start, mpls + 1, ahead.depth, searches);
    if (fs_bytes_here(&ahead.here) == 0)
        return FLOW_LINK;
    enum flow_family family = ahead.here.data[ahead.here.at] >> 4 == 4 ? FLOW_IPV4 : FLOW_IPV6;
    return fs_net_read(&ahead.here, family, &ignored) ? family : FLOW_LINK;
}

static void list_after_mpls(const struct fs_cursor *start, struct fs_listing *listing)
{
    static uint8_t mpls;
    unsigned searches = SEARCHES_MAX;

    if (!mpls)
        mpls = row_named("mpls");
    for (size_t i = 0; i < listing->count && listing->count < FS_LAYERS_MAX; i++) {
        enum flow_family family =
            listing->row[i] == mpls ? unlisted_after_mpls(start, i, &searches) : FLOW_LINK;
        if (family != FLOW_LINK)
            insert(listing, ++i, row_of_family(family));
    }
}

void fs_listing_repair(const struct fs_cursor *start, struct fs_listing *listing)
{
    if (WS_MPLS_HIDES_IP)
        list_after_mpls(start, listing);
    if (listing->count == 0)
        list_again(start, listing);
}
