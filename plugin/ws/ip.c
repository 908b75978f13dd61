#include "ip.h"

#include <epan/prefs-int.h>

/* The IANA numbers of the headers that may stand between an IP header and its payload. */
enum extension {
    EXTENSION_HOP_BY_HOP = 0,
    EXTENSION_ROUTING = 43,
    EXTENSION_FRAGMENT = 44,
    EXTENSION_AH = 51,
    EXTENSION_DESTINATION = 60,
    EXTENSION_MOBILITY = 135,
    EXTENSION_SHIM6 = 140,
};

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, AH_MIN = 8, EXTENSION_MIN = 8 };

/* Whether an IPv6 payload length of 0 means the frame's, as segmentation offload leaves it. */
static bool is_offload_seen(void)
{
    static pref_t *preference;
    module_t *ipv6 = preference ? NULL : prefs_find_module("ipv6");

    if (ipv6)
        preference = prefs_find_preference(ipv6, "tso_support");
    return preference && prefs_get_bool_value(preference, pref_current);
}

/* The authentication header is an extension header of either family. */
static void skip_ah(struct fs_net *net)
{
    struct fs_bytes *here = &net->payload;

    while (net->protocol == EXTENSION_AH && fs_bytes_here(here) >= AH_MIN) {
        net->protocol = here->data[here->at];
        here->at += (here->data[here->at + 1] + 2u) * 4;
    }
}

/*
 * Where the address that Wireshark shows as the destination stands: the last
 * one of a source route that is not used up (RFC 791, 3.1).
 */
static uint32_t ipv4_destination(const uint8_t *header, uint32_t length)
{
    enum { DESTINATION = 16, END = 0, NOP = 1, LSRR = 131, SSRR = 137 };
    uint32_t at = IPV4_HEADER;

    while (at < length && header[at] != END) {
        if (header[at] == NOP) {
            at++;
            continue;
        }
        if (at + 2 >= length || header[at + 1] < 2 || at + header[at + 1] > length)
            break;
        uint32_t size = header[at + 1];
        if (header[at] == LSRR || header[at] == SSRR) {
            uint32_t pointer = header[at + 2];
            bool is_open = pointer >= 4 && pointer % 4 == 0 && pointer <= size;
            return is_open ? at + size - 4 : DESTINATION;
        }
        at += size;
    }
    return DESTINATION;
}

static void set_fragment(struct fs_net *net, uint32_t offset, bool more)
{
    net->fragment_offset = offset;
    net->bits |= FS_NET_FRAGMENT;
    net->bits |= offset ? FS_NET_LATER_FRAGMENT : 0;
    net->bits |= more ? 0 : FS_NET_LAST_FRAGMENT;
}

static bool ipv4_read(const struct fs_bytes *here, struct fs_net *net)
{
    const uint8_t *header = here->data + here->at;
    uint32_t captured = fs_bytes_here(here);

    if (captured < IPV4_HEADER || header[0] >> 4 != 4)
        return false;
    uint32_t header_length = (header[0] & 0xfu) * 4;
    uint32_t total_length = flow_be16(header + 2);
    if (total_length == 0) { /* segmentation offload: all of the frame */
        total_length = fs_bytes_on_wire(here);
        net->bits |= FS_NET_NO_LENGTH;
    }
    if (header_length < IPV4_HEADER || total_length < header_length)
        return false;

    uint16_t fragment = flow_be16(header + 6);
    bool dont_fragment = fragment & 0x4000, more = fragment & 0x2000;
    uint32_t offset = (fragment & 0x1fffu) * 8;
    uint32_t destination = ipv4_destination(header, MIN(header_length, captured));

    memcpy(net->addr[0], header + 12, 4);
    memcpy(net->addr[1], header + destination, 4);
    net->family = FLOW_IPV4;
    net->ident = flow_be16(header + 4);
    net->protocol = net->fragment_protocol = header[9];
    net->ttl = header[8];
    net->tos = header[1];
    net->length = total_length;
    net->bits |= FS_NET_IP_ID | (dont_fragment ? FS_NET_DF : 0);
    if (more || offset)
        set_fragment(net, offset, more);
    net->start = header;
    net->payload = *here;
    net->payload.at += header_length;
    net->payload.end = MIN(here->end, here->at + total_length);
    net->fragment_at = net->payload.at;
    if (!offset)
        skip_ah(net);
    return true;
}

/* The length in a jumbo payload option (RFC 2675); 0 where there is none. */
static uint32_t jumbo_length(const struct fs_bytes *options)
{
    enum { PAD1 = 0, JUMBO = 0xc2 };
    const uint8_t *data = options->data + options->at;
    uint32_t captured = fs_bytes_here(options);

    if (captured < EXTENSION_MIN)
        return 0;
    uint32_t length = MIN(captured, (data[1] + 1u) * 8), at = 2;
    while (at + 1 < length) {
        if (data[at] == PAD1) {
            at++;
            continue;
        }
        if (data[at] == JUMBO && data[at + 1] == 4 && at + 6 <= length)
            return flow_be32(data + at + 2);
        at += 2u + data[at + 1];
    }
    return 0;
}

/* A home address option stands for the source (RFC 6275, 6.3). */
static void home_address(struct fs_net *net, const uint8_t *options, uint32_t length)
{
    enum { PAD1 = 0, HOME_ADDRESS = 0xc9 };
    uint32_t at = 2;

    while (at + 1 < length) {
        if (options[at] == PAD1) {
            at++;
            continue;
        }
        if (options[at] == HOME_ADDRESS && options[at + 1] == 16 && at + 18 <= length)
            memcpy(net->addr[0], options + at + 2, FLOW_ADDR_LEN);
        at += 2u + options[at + 1];
    }
}

/* A routing header with segments left says where the packet is to go in the end. */
static void final_destination(struct fs_net *net, const uint8_t *routing, uint32_t length)
{
    enum { SOURCE_ROUTE = 0, MOBILITY = 2, RPL = 3, SEGMENT_ROUTING = 4 };
    enum { FIRST = 8 }; /* where the addresses start */
    uint32_t stated = (routing[1] + 1u) * 8, last;

    if (routing[3] == 0)
        return;
    switch (routing[2]) {
    case SOURCE_ROUTE:
        last = FIRST + routing[1] / 2u * FLOW_ADDR_LEN;
        if (last > FIRST && last <= length)
            memcpy(net->addr[1], routing + last - FLOW_ADDR_LEN, FLOW_ADDR_LEN);
        break;
    case MOBILITY:
    case SEGMENT_ROUTING: /* its list starts with the last segment (RFC 8754, 2) */
        if (FIRST + FLOW_ADDR_LEN <= length)
            memcpy(net->addr[1], routing + FIRST, FLOW_ADDR_LEN);
        break;
    case RPL: { /* the last address without the bytes that it shares (RFC 6554, 3) */
        uint32_t size = FLOW_ADDR_LEN - (routing[4] & 0xfu), pad = routing[5] >> 4;
        if (stated >= FIRST + pad + size && stated <= length)
            memcpy(net->addr[1] + FLOW_ADDR_LEN - size, routing + stated - pad - size, size);
        break;
    }
    default: break;
    }
}

/* One extension header; false where the chain ends, is cut, or a later fragment hides the rest. */
static bool extension_read(struct fs_net *net)
{
    struct fs_bytes *here = &net->payload;
    const uint8_t *header = here->data + here->at;
    uint32_t captured = fs_bytes_here(here);
    uint8_t kind = net->protocol;

    if (captured < EXTENSION_MIN)
        return false;
    uint32_t length = (header[1] + 1u) * 8;
    switch (kind) {
    case EXTENSION_HOP_BY_HOP:
    case EXTENSION_MOBILITY:
    case EXTENSION_SHIM6: break;
    case EXTENSION_DESTINATION: home_address(net, header, MIN(length, captured)); break;
    case EXTENSION_ROUTING: final_destination(net, header, MIN(length, captured)); break;
    case EXTENSION_AH: length = (header[1] + 2u) * 4; break;
    case EXTENSION_FRAGMENT: {
        uint16_t fragment = flow_be16(header + 2);
        length = EXTENSION_MIN;
        if (fragment & 0xfff9) { /* an offset, or more to come: not atomic (RFC 6946) */
            set_fragment(net, fragment & 0xfff8, fragment & 1);
            net->fragment_at = here->at + length;
            net->ident = flow_be32(header + 4);
            net->fragment_protocol = header[0];
        }
        break;
    }
    default: return false;
    }
    net->protocol = header[0];
    here->at += length;
    return !(net->bits & FS_NET_LATER_FRAGMENT);
}

static bool ipv6_read(const struct fs_bytes *here, struct fs_net *net)
{
    const uint8_t *header = here->data + here->at;

    if (fs_bytes_here(here) < IPV6_HEADER || header[0] >> 4 != 6)
        return false;
    memcpy(net->addr[0], header + 8, FLOW_ADDR_LEN);
    memcpy(net->addr[1], header + 24, FLOW_ADDR_LEN);
    net->family = FLOW_IPV6;
    net->protocol = header[6];
    net->ttl = header[7];
    net->tos = (uint8_t)(flow_be16(header) >> 4);
    net->flow_label = flow_be32(header) & 0xfffff;
    net->start = header;
    net->payload = *here;
    net->payload.at += IPV6_HEADER;

    uint32_t length = flow_be16(header + 4);
    net->length = IPV6_HEADER + (length ? length : fs_bytes_on_wire(&net->payload));
    if (length == 0 && net->protocol == EXTENSION_HOP_BY_HOP)
        length = jumbo_length(&net->payload);
    else if (length == 0 && is_offload_seen())
        length = fs_bytes_on_wire(&net->payload);
    net->payload.end =
        length < fs_bytes_on_wire(&net->payload) ? net->payload.at + length : here->end;
    while (extension_read(net))
        ;
    return true;
}

void fs_net_reassembled(struct fs_net *net, const struct fs_bytes *datagram)
{
    net->payload = *datagram;
    net->protocol = net->fragment_protocol;
    net->bits &= (uint8_t) ~(FS_NET_FRAGMENT | FS_NET_LATER_FRAGMENT | FS_NET_LAST_FRAGMENT);
    if (net->family == FLOW_IPV4)
        skip_ah(net);
    else
        while (extension_read(net))
            ;
}

bool fs_net_read(const struct fs_bytes *here, enum flow_family family, struct fs_net *ret_net)
{
    *ret_net = (struct fs_net){ 0 };
    return family == FLOW_IPV4 ? ipv4_read(here, ret_net) : ipv6_read(here, ret_net);
}

bool fs_net_hides_transport(const struct fs_net *net)
{
    switch (net->fragment_protocol) {
    case EXTENSION_AH: return true;
    case EXTENSION_HOP_BY_HOP:
    case EXTENSION_ROUTING:
    case EXTENSION_DESTINATION:
    case EXTENSION_MOBILITY:
    case EXTENSION_SHIM6: return net->family == FLOW_IPV6;
    default: return false;
    }
}
