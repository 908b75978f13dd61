#include "search.h"

#include "headers.h"

/* How far a header is looked for, and how often in vain in one frame. */
enum { FAR = 2048, FAILURES_MAX = 4 };

/* Whether a number in one of Wireshark's tables leads to a listed layer. */
static bool table_leads_to(dissector_table_t table, uint32_t number,
                           const struct fs_listing *listing, size_t layer)
{
    dissector_handle_t handle = table ? dissector_get_uint_handle(table, number) : NULL;

    return handle &&
           dissector_handle_get_protocol_index(handle) == fs_proto_listed(listing->layer[layer]);
}

/* Whether an EtherType, or a length of 802.3, leads to a listed layer. */
static bool leads_to(const struct fs_listing *listing, uint16_t type, size_t layer)
{
    static dissector_table_t ethertypes;

    if (type < FS_ETHERTYPE_MIN)
        return fs_header_kind(listing->row[layer]) == FS_HEADER_LLC;
    if (!ethertypes)
        ethertypes = find_dissector_table("ethertype");
    return table_leads_to(ethertypes, type, listing, layer);
}

static bool is_checksum_right(const uint8_t *header, uint32_t length)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < length; i += 2)
        sum += flow_be16(header + i);
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* Without a checksum, as offload leaves it, the length must be right to the byte. */
static bool is_ipv4(const struct fs_bytes *here)
{
    const uint8_t *header = here->data + here->at;
    uint32_t captured = fs_bytes_here(here), room = fs_bytes_on_wire(here);

    if (captured < 20 || header[0] >> 4 != 4)
        return false;
    uint32_t length = (header[0] & 0xfu) * 4, total = flow_be16(header + 2);
    if (length < 20 || length > captured || total < length || total > room)
        return false;
    return flow_be16(header + 10) ? is_checksum_right(header, length) : total == room;
}

static bool has_addresses(const packet_info *pinfo, const uint8_t *header)
{
    return pinfo->net_src.type == AT_IPv6 && pinfo->net_dst.type == AT_IPv6 &&
           memcmp(header + 8, pinfo->net_src.data, FLOW_ADDR_LEN) == 0 &&
           memcmp(header + 24, pinfo->net_dst.data, FLOW_ADDR_LEN) == 0;
}

/* IPv6 has no checksum: its length is right to the byte, or Wireshark decoded its addresses. */
static bool is_ipv6(const struct fs_cursor *cursor, const struct fs_bytes *here, bool is_last)
{
    const uint8_t *header = here->data + here->at;
    uint32_t room = fs_bytes_on_wire(here);

    if (fs_bytes_here(here) < 40 || header[0] >> 4 != 6)
        return false;
    uint32_t length = 40 + flow_be16(header + 4);
    return length == room || (length <= room && is_last && has_addresses(cursor->pinfo, header));
}

/* One for IPv4 over something with hardware addresses of six bytes (RFC 826). */
static bool is_arp(const struct fs_bytes *here)
{
    static const uint8_t start[] = { 0x08, 0x00, FLOW_MAC_LEN, 4, 0 };

    return fs_bytes_here(here) >= 28 && memcmp(here->data + here->at + 2, start, sizeof start) == 0;
}

/* Whether a header says itself where it ends. */
static bool can_pass(uint8_t row)
{
    return fs_header_kind(row) == FS_HEADER_PLAIN || fs_header_kind(row) == FS_HEADER_LLC;
}

static size_t layer_after(const struct fs_listing *listing, size_t layer)
{
    do
        layer++;
    while (layer < listing->count && fs_header_kind(listing->row[layer]) == FS_HEADER_PSEUDO);
    return layer;
}

/* Without a right checksum or length: the lengths fit, and it carries the next listed layer. */
static bool carries_listed(const struct fs_listing *listing, size_t layer,
                           const struct fs_bytes *here, enum flow_family family)
{
    static dissector_table_t protocols;
    size_t next = layer_after(listing, layer);
    struct fs_net net;

    if (fs_bytes_here(here) == 0 || here->data[here->at] >> 4 != (family == FLOW_IPV4 ? 4 : 6))
        return false; /* as nearly everywhere */
    if (!protocols)
        protocols = find_dissector_table("ip.proto");
    return next < listing->count && fs_net_read(here, family, &net) &&
           net.length <= fs_bytes_on_wire(here) &&
           table_leads_to(protocols, net.protocol, listing, next);
}

/* Whether the listed header is here; is_named: an EtherType right before it says so. */
static bool is_proven(const struct fs_cursor *cursor, size_t layer, const struct fs_bytes *here,
                      bool is_named)
{
    const struct fs_listing *listing = cursor->listing;

    switch (fs_header_kind(listing->row[layer])) {
    case FS_HEADER_IPV4: return is_ipv4(here) || carries_listed(listing, layer, here, FLOW_IPV4);
    case FS_HEADER_IPV6:
        return is_ipv6(cursor, here, layer == listing->last_net) ||
               carries_listed(listing, layer, here, FLOW_IPV6);
    case FS_HEADER_ARP: return is_arp(here);
    case FS_HEADER_UNKNOWN: return is_named;
    case FS_HEADER_PSEUDO:
    case FS_HEADER_OPAQUE:
    case FS_HEADER_MIRROR:
    case FS_HEADER_PLAIN:
    case FS_HEADER_LLC:
    case FS_HEADER_ICMP:
    case FS_HEADER_QUOTE: break;
    }
    return false;
}

/* Pass a header; false where an EtherType ends it that does not lead to the next listed layer. */
static bool pass_link(struct fs_cursor *ahead, size_t layer, size_t next, bool *ret_is_named)
{
    const struct fs_listing *listing = ahead->listing;
    uint8_t row = listing->row[layer];
    bool has_type = fs_header_ends_in_type(row);

    ahead->at = layer;
    if (next == listing->count || !fs_header_pass(ahead, row) || ahead->here.at > ahead->here.cap)
        return false;
    *ret_is_named =
        has_type && leads_to(listing, flow_be16(ahead->here.data + ahead->here.at - 2), next);
    return *ret_is_named || !has_type;
}

static bool is_chain(const struct fs_cursor *cursor, size_t layer, const struct fs_bytes *here)
{
    const struct fs_listing *listing = cursor->listing;
    struct fs_cursor ahead;
    bool is_named = false;

    if (!can_pass(listing->row[layer]))
        return is_proven(cursor, layer, here, is_named);
    if (!fs_header_ends_in_type(listing->row[layer]))
        return false;
    fs_cursor_branch(cursor, &ahead);
    ahead.here = *here;
    while (can_pass(listing->row[layer])) {
        size_t next = layer_after(listing, layer);
        if (!pass_link(&ahead, layer, next, &is_named))
            return false;
        layer = next;
    }
    return is_proven(cursor, layer, &ahead.here, is_named);
}

bool fs_search(struct fs_cursor *cursor, size_t layer)
{
    const GSList *source = cursor->source;
    struct fs_bytes here = cursor->here;

    if (cursor->failures == FAILURES_MAX)
        return false;
    do {
        for (uint32_t end = here.at + FAR; here.at < end && fs_bytes_here(&here) > 0; here.at++) {
            if (!is_chain(cursor, layer, &here))
                continue;
            cursor->here = here;
            cursor->source = source;
            cursor->lost = cursor->named = false;
            return true;
        }
        source = source ? source->next : NULL;
    } while (source && fs_bytes_of(source, &here));
    cursor->failures++;
    return false;
}
