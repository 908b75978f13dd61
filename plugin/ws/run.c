#include "run.h"

#include "headers.h"

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
    }
    if (cursor->depth > 0 && cursor->ends_free)
        fs_add_layer(cursor,
                     ip_in_ip((enum flow_family)cursor->nets[cursor->depth - 1].family, family),
                     FLOW_LAYER_KEY);

    struct fs_net *net = &cursor->nets[cursor->depth++];
    if (net != read)
        *net = *read;
    net->layers_outside = cursor->path_count;
    cursor->ends_free = true;
    cursor->here = net->payload;
    cursor->lost = cursor->named = cursor->on_link = false;
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
 * occurs exactly once in the remaining bytes, the header is there; otherwise give up.
 */
static bool find_ipv6(struct fs_cursor *cursor)
{
    const address *sender = &cursor->pinfo->net_src, *receiver = &cursor->pinfo->net_dst;
    struct fs_bytes hit;
    const GSList *hit_source = NULL;
    unsigned hits = 0;

    if (sender->type != AT_IPv6 || receiver->type != AT_IPv6)
        return false;
    do {
        for (; fs_bytes_here(&cursor->here) >= 40; cursor->here.at++) {
            const uint8_t *header = cursor->here.data + cursor->here.at;
            if (header[0] >> 4 != 6 || memcmp(header + 8, sender->data, FLOW_ADDR_LEN) != 0 ||
                memcmp(header + 24, receiver->data, FLOW_ADDR_LEN) != 0)
                continue;
            hit = cursor->here;
            hit_source = cursor->source;
            hits++;
        }
        cursor->source = cursor->source ? cursor->source->next : NULL;
    } while (cursor->source && fs_cursor_enter(cursor, cursor->source));

    if (hits != 1)
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

static bool pass_net(struct fs_cursor *cursor, size_t layer, enum flow_family family)
{
    uint32_t needed = family == FLOW_IPV4 ? 20 : 40;
    bool is_last = layer == cursor->listing->last_net;
    /* What an ICMP error quotes may have left its own addresses behind. */
    bool can_check = is_last && cursor->listing->icmp == FS_NOWHERE;

    if (!cursor->lost && fs_bytes_here(&cursor->here) >= needed &&
        (!can_check || is_last_decoded(cursor, family)) && add_net(cursor, family))
        return true;
    if (is_last && (family == FLOW_IPV4 ? find_ipv4(cursor) : find_ipv6(cursor)))
        return true;
    cursor->lost = true;
    return false;
}

/* The loop */

static void pass_unknown(struct fs_cursor *cursor, size_t layer)
{
    bool is_link = cursor->on_link && layer == 0;

    if (!is_link && !cursor->named) {
        fs_add_layer(cursor,
                     proto_get_protocol_filter_name(fs_proto_listed(cursor->listing->layer[layer])),
                     FLOW_LAYER_KEY);
        cursor->named = true;
    }
    cursor->lost = true;
}

bool fs_run(struct fs_cursor *cursor, size_t from, size_t to)
{
    for (size_t i = from; i <= to; i++) {
        uint8_t row = cursor->listing->row[i];
        enum fs_header_kind kind = fs_header_kind(row);

        cursor->at = i;
        switch (kind) {
        case FS_HEADER_PSEUDO: break;
        case FS_HEADER_OPAQUE: cursor->lost = true; break;
        case FS_HEADER_LLC:
            cursor->lost =
                (!fs_next_subframe(cursor) && cursor->lost) || !fs_header_pass(cursor, row);
            break;
        case FS_HEADER_PLAIN: cursor->lost = cursor->lost || !fs_header_pass(cursor, row); break;
        case FS_HEADER_IPV4:
        case FS_HEADER_IPV6:
            if (pass_net(cursor, i, kind == FS_HEADER_IPV4 ? FLOW_IPV4 : FLOW_IPV6) &&
                (cursor->nets[cursor->depth - 1].bits & FS_NET_FRAGMENT))
                return false;
            break;
        case FS_HEADER_ICMP:
        case FS_HEADER_APPLICATION:
        case FS_HEADER_UNKNOWN: pass_unknown(cursor, i); break;
        }
    }
    return true;
}
