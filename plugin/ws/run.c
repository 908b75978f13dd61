#include "run.h"

#include "headers.h"
#include "search.h"

/* Network headers */

static const char *ip_in_ip(enum flow_family outer, enum flow_family inner)
{
    if (outer == FLOW_IPV4)
        return inner == FLOW_IPV4 ? "ipip" : "6in4";
    return inner == FLOW_IPV4 ? "4in6" : "ip6tnl";
}

static bool encloses(const struct fs_net *net, const struct fs_bytes *here)
{
    if (net->payload.data != here->data)
        return true; /* here's buffer came from what the net carries */
    return here->at >= net->payload.at && here->at < net->payload.end;
}

static bool add_net(struct fs_cursor *cursor, enum flow_family family)
{
    struct fs_net *read = &cursor->nets[cursor->depth];

    if (cursor->depth == FS_LAYERS_MAX || !fs_net_read(&cursor->here, family, read))
        return false;
    /* A header beside another one is not inside it. */
    while (cursor->depth > 0 && !encloses(&cursor->nets[cursor->depth - 1], &cursor->here)) {
        cursor->depth--;
        cursor->path_count = cursor->nets[cursor->depth].layers_outside;
        cursor->ends_free = false;
        if (cursor->depth < cursor->carrier_depth)
            cursor->carrier_depth = 0;
    }
    if (cursor->depth > 0 && cursor->ends_free)
        fs_add_layer(cursor,
                     ip_in_ip((enum flow_family)cursor->nets[cursor->depth - 1].family, family),
                     fs_kind_and_ends(cursor));

    struct fs_net *net = &cursor->nets[cursor->depth++];
    if (net != read)
        *net = *read;
    net->layers_outside = cursor->path_count;
    cursor->ends_free = true;
    cursor->here = net->payload;
    cursor->lost = cursor->named = cursor->on_link = false;
    cursor->missed_ipv6 = 0;
    return true;
}

/* Wireshark points at the source address of the last IPv4 header it decoded. */
static bool find_ipv4(struct fs_cursor *cursor)
{
    const uint8_t *address = cursor->pinfo->net_src.data;
    struct fs_bytes before = cursor->here;

    if (cursor->pinfo->net_src.type != AT_IPv4)
        return false;
    for (const GSList *source = cursor->pinfo->data_src; source; source = source->next) {
        if (!fs_cursor_enter(cursor, source))
            continue;
        const struct fs_bytes *here = &cursor->here;
        if (address < here->data + 12 || address >= here->data + here->cap)
            continue;
        if (here->data == before.data)
            cursor->here.end = before.end;
        cursor->here.at = (uint32_t)(address - here->data) - 12;
        return add_net(cursor, FLOW_IPV4);
    }
    return false;
}

/*
 * Wireshark keeps only copies of the last IPv6 header's addresses.  If that pair
 * occurs exactly once in the remaining bytes, the header is there; if it occurs
 * as often as IPv6 headers are listed, the last one is there; otherwise give up.
 */
static bool find_ipv6(struct fs_cursor *cursor)
{
    const address *sender = &cursor->pinfo->net_src, *receiver = &cursor->pinfo->net_dst;
    struct fs_bytes here = cursor->here, hit;
    const GSList *source = cursor->source, *hit_source = NULL;
    unsigned hits = 0;

    if (sender->type != AT_IPv6 || receiver->type != AT_IPv6)
        return false;
    do {
        for (; fs_bytes_here(&here) >= 40; here.at++) {
            const uint8_t *header = here.data + here.at;
            if (header[0] >> 4 != 6 || memcmp(header + 8, sender->data, FLOW_ADDR_LEN) != 0 ||
                memcmp(header + 24, receiver->data, FLOW_ADDR_LEN) != 0)
                continue;
            hit = here;
            hit_source = source;
            hits++;
        }
        source = source ? source->next : NULL;
    } while (source && fs_bytes_of(source, &here));

    if (hits == 0 || (hits > 1 && hits != cursor->missed_ipv6 + 1u))
        return false;
    cursor->here = hit;
    cursor->source = hit_source;
    return add_net(cursor, FLOW_IPV6);
}

/* Whether the header found is the one that Wireshark decoded last. */
static bool is_last_decoded(const struct fs_cursor *cursor, enum flow_family family)
{
    const uint8_t *header = cursor->here.data + cursor->here.at;
    const address *source = &cursor->pinfo->net_src;

    if (family == FLOW_IPV4)
        return source->type == AT_IPv4 && (const uint8_t *)source->data == header + 12;
    return source->type == AT_IPv6 && memcmp(source->data, header + 8, 16) == 0;
}

static bool find_last(struct fs_cursor *cursor, enum flow_family family)
{
    struct fs_bytes here = cursor->here;
    const GSList *source = cursor->source;

    if (family == FLOW_IPV4 ? find_ipv4(cursor) : find_ipv6(cursor))
        return true;
    cursor->here = here;
    cursor->source = source;
    return false;
}

/*
 * Whether the addresses that Wireshark shows are those of a header which encloses
 * this one: a dissector put them back after it, so that what it decoded is
 * quoted, and no packet.
 */
static bool is_quoted(const struct fs_cursor *cursor)
{
    const address *sender = &cursor->pinfo->net_src, *receiver = &cursor->pinfo->net_dst;

    for (size_t i = 0; i < cursor->depth; i++) {
        const struct fs_net *net = &cursor->nets[i];
        const uint8_t *header = net->start;
        if (net->family == FLOW_IPV4 && sender->type == AT_IPv4 && sender->data == header + 12)
            return true;
        if (net->family == FLOW_IPV6 && sender->type == AT_IPv6 && receiver->type == AT_IPv6 &&
            memcmp(sender->data, net->addr[0], FLOW_ADDR_LEN) == 0 &&
            memcmp(receiver->data, net->addr[1], FLOW_ADDR_LEN) == 0)
            return true;
    }
    return false;
}

/*
 * A header is where the walk has come to, unless it is the last one and Wireshark
 * decoded that elsewhere.  Of the last one Wireshark keeps the addresses, until a
 * dissector above IP overwrites them.
 */
static bool pass_net(struct fs_cursor *cursor, size_t layer, enum flow_family family)
{
    uint32_t needed = family == FLOW_IPV4 ? 20 : 40;
    bool is_last = layer == cursor->listing->last_net;
    bool is_here = !cursor->lost && fs_bytes_here(&cursor->here) >= needed;
    /* What is quoted may have left its own addresses. */
    bool can_check = cursor->listing->icmp == FS_NOWHERE && !cursor->listing->has_quote;

    if (is_here && (!is_last || !can_check || is_last_decoded(cursor, family)) &&
        add_net(cursor, family))
        return true;
    if (is_last && find_last(cursor, family))
        return true;
    if (!(can_check && is_quoted(cursor)) &&
        ((is_here && add_net(cursor, family)) ||
         (fs_search(cursor, layer) && add_net(cursor, family))))
        return true;
    if (family == FLOW_IPV6)
        cursor->missed_ipv6++;
    cursor->lost = true;
    return false;
}

/* Fragments */

static bool holds(const struct fs_bytes *datagram, const struct fs_net *fragment)
{
    uint32_t start = fragment->fragment_at, end = MIN(fragment->payload.cap, fragment->payload.end);
    uint32_t offset = fragment->fragment_offset;

    return start < end && offset < datagram->cap && end - start <= datagram->cap - offset &&
           memcmp(datagram->data + offset, fragment->payload.data + start, end - start) == 0;
}

/*
 * A fragment is not looked into, unless it completes a datagram in which Wireshark
 * decoded another network header: go on in the buffer of that datagram.
 */
static bool enter_datagram(struct fs_cursor *cursor)
{
    struct fs_net *net = &cursor->nets[cursor->depth - 1];
    const GSList *source = cursor->source ? cursor->source->next : NULL;
    struct fs_bytes datagram;

    for (; source; source = source->next) {
        if (!fs_bytes_of(source, &datagram) || !holds(&datagram, net))
            continue;
        if (cursor->carrier_depth == 0) {
            cursor->carrier = *net;
            cursor->carrier_depth = cursor->depth;
        }
        fs_net_reassembled(net, &datagram);
        cursor->here = net->payload;
        cursor->source = source;
        return true;
    }
    return false;
}

/* The loop */

/* An encapsulation, unless it is the link itself: nothing known came before it. */
static void pass_unknown(struct fs_cursor *cursor, size_t layer, uint8_t bits)
{
    int proto = fs_proto_listed(cursor->listing->layer[layer]);
    bool is_link = cursor->on_link && !cursor->has_header;

    if (!is_link && !cursor->named) {
        fs_add_layer(cursor, proto_get_protocol_filter_name(proto), bits);
        cursor->named = true;
    }
    cursor->on_link = is_link;
    cursor->lost = true;
}

/* A header that says it is longer than what was captured is not believed. */
static void pass_header(struct fs_cursor *cursor, size_t layer)
{
    if (cursor->lost && !fs_search(cursor, layer))
        return;
    struct fs_bytes before = cursor->here;
    cursor->has_header = true;
    cursor->lost = !fs_header_pass(cursor, cursor->listing->row[layer]);
    if (cursor->here.data == before.data && cursor->here.at > cursor->here.cap) {
        cursor->here = before;
        cursor->lost = true;
    }
}

static bool is_in_fragment(const struct fs_cursor *cursor)
{
    return cursor->nets[cursor->depth - 1].bits & FS_NET_FRAGMENT;
}

bool fs_run(struct fs_cursor *cursor, size_t from, size_t to)
{
    for (size_t i = from; i <= to; i++) {
        enum fs_header_kind kind = fs_header_kind(cursor->listing->row[i]);

        cursor->at = i;
        switch (kind) {
        case FS_HEADER_PSEUDO: break;
        case FS_HEADER_OPAQUE: cursor->lost = true; break;
        case FS_HEADER_LLC:
            if (fs_next_subframe(cursor))
                cursor->lost = false;
            pass_header(cursor, i);
            break;
        case FS_HEADER_ARP:
        case FS_HEADER_PLAIN: pass_header(cursor, i); break;
        case FS_HEADER_IPV4:
        case FS_HEADER_IPV6:
            if (pass_net(cursor, i, kind == FS_HEADER_IPV4 ? FLOW_IPV4 : FLOW_IPV6) &&
                is_in_fragment(cursor) && (i == to || !enter_datagram(cursor)))
                return false;
            break;
        case FS_HEADER_MIRROR:
            pass_unknown(cursor, i, cursor->options->key_labels ? fs_kind_and_ends(cursor) : 0);
            break;
        case FS_HEADER_ICMP:
        case FS_HEADER_QUOTE:
        case FS_HEADER_UNKNOWN: pass_unknown(cursor, i, fs_kind_and_ends(cursor)); break;
        }
    }
    return true;
}
