#include "extract.h"

#include "clock.h"

#include <flowstats/tcp_options.h>

/*
 * The lengths are frame.cap_len and frame.len.  The frame's buffer does not have them any more: IP
 * right on the link trims it.  frame.len ends at G_MAXINT; a damaged file can state more.
 */
static void read_frame(struct flow_fact *fact, const packet_info *pinfo)
{
    fact->frame = pinfo->num;
    fact->cap_len = pinfo->fd->cap_len;
    fact->wire_len = MIN(pinfo->fd->pkt_len, (uint32_t)G_MAXINT);
    if ((pinfo->presence_flags & PINFO_HAS_TS) && fs_ns_of(&pinfo->abs_ts, &fact->time_ns))
        fact->bits |= FLOW_FACT_TIME;
}

static uint32_t less(uint32_t length, uint32_t header)
{
    return length > header ? length - header : 0;
}

static bool has_ports(uint8_t protocol)
{
    switch (protocol) {
    case FLOW_PROTOCOL_TCP:
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_UDPLITE:
    case FLOW_PROTOCOL_SCTP:
    case FLOW_PROTOCOL_DCCP: return true;
    default: return false;
    }
}

/* Whether an ICMP message has an identifier: echo, timestamp, information, mask, extended echo. */
static bool has_ident(uint8_t protocol, uint8_t type)
{
    if (protocol == FLOW_PROTOCOL_ICMP)
        return type == 0 || type == 8 || (type >= 13 && type <= 18) || type == 42 || type == 43;
    return protocol == FLOW_PROTOCOL_ICMPV6 &&
           (type == 128 || type == 129 || type == 160 || type == 161);
}

/* Ends, ports or identifier of a header and what was captured behind it. */
static struct flow_tuple tuple_of(const struct fs_net *net)
{
    struct flow_tuple tuple;
    const uint8_t *data = net->payload.data + net->payload.at;
    uint32_t captured = fs_bytes_here(&net->payload);

    memset(&tuple, 0, sizeof tuple);
    memcpy(tuple.end[0].addr, net->addr[0], FLOW_ADDR_LEN);
    memcpy(tuple.end[1].addr, net->addr[1], FLOW_ADDR_LEN);
    tuple.family = net->family;
    tuple.protocol = net->protocol;
    if (net->bits & FS_NET_LATER_FRAGMENT)
        return tuple;
    if (has_ports(net->protocol) && captured >= 4) {
        tuple.end[0].port = fs_be16(data);
        tuple.end[1].port = fs_be16(data + 2);
        tuple.bits |= FLOW_TUPLE_PORTS;
    } else if (captured >= 6 && has_ident(net->protocol, data[0])) {
        tuple.ident = fs_be16(data + 4);
        tuple.bits |= FLOW_TUPLE_IDENT;
    }
    return tuple;
}

/* All of a SYN or SYN-ACK; of other segments, of which there are many, the timestamps alone. */
static void read_tcp_options(struct flow_fact *fact, const uint8_t *header, uint32_t size)
{
    enum { FIXED = 20 };
    bool is_syn = fact->tcp_flags & FLOW_TCP_SYN;

    if (size <= FIXED)
        return;
    if (is_syn)
        fact->tcp_options = flow_tcp_options_read(header + FIXED, size - FIXED);
    if (is_syn || flow_tcp_timestamps_read(header + FIXED, size - FIXED, &fact->tcp_options))
        fact->bits |= FLOW_FACT_OPTIONS;
}

static void read_tcp(struct flow_fact *fact, const uint8_t *header, uint32_t captured)
{
    if (captured < 14)
        return;
    fact->tcp_seq = fs_be32(header + 4);
    fact->tcp_ack = fs_be32(header + 8);
    fact->tcp_flags = header[13];
    fact->bits |= FLOW_FACT_TCP;
    read_tcp_options(fact, header, MIN(captured, (uint32_t)(header[12] >> 4) * 4));
}

/* The length of UDP is its own, within what IP has room for; 0 means all of it in IPv6. */
static uint32_t udp_payload(const struct fs_net *net, const uint8_t *header, uint32_t captured)
{
    uint32_t room = fs_bytes_on_wire(&net->payload);
    uint32_t stated = captured >= 6 ? fs_be16(header + 4) : room;

    if (stated == 0 && net->family == FLOW_IPV6)
        stated = room;
    return less(MIN(stated, room), 8);
}

/* TCP and DCCP state where their header ends, in words of 4 bytes; unknown: no payload is sure. */
static uint32_t offset_payload(uint32_t room, const uint8_t *offset, unsigned shift)
{
    return offset ? less(room, (uint32_t)(*offset >> shift) * 4) : 0;
}

static uint32_t payload_of(const struct fs_net *net)
{
    const uint8_t *data = net->payload.data + net->payload.at;
    uint32_t captured = fs_bytes_here(&net->payload);
    uint32_t room = fs_bytes_on_wire(&net->payload);

    if (net->bits & FS_NET_LATER_FRAGMENT)
        return room;
    switch (net->protocol) {
    case FLOW_PROTOCOL_TCP: return offset_payload(room, captured > 12 ? data + 12 : NULL, 4);
    case FLOW_PROTOCOL_DCCP: return offset_payload(room, captured > 4 ? data + 4 : NULL, 0);
    case FLOW_PROTOCOL_UDP:
        return net->bits & FS_NET_FRAGMENT ? less(room, 8) : udp_payload(net, data, captured);
    case FLOW_PROTOCOL_UDPLITE:
    case FLOW_PROTOCOL_ICMP:
    case FLOW_PROTOCOL_ICMPV6: return less(room, 8);
    case FLOW_PROTOCOL_SCTP: return less(room, 12);
    default: return room;
    }
}

static enum flow_message message_of(const void *source)
{
    const struct fs_walk *walk = source;
    struct fs_message message;

    if (!fs_find_message(walk, &message))
        return FLOW_MESSAGE_UNKNOWN;
    const struct flow_application *application = message.application;
    const uint8_t *data = message.bytes.data + message.bytes.at;
    uint32_t captured = fs_bytes_here(&message.bytes);
    if (walk->net->protocol != FLOW_PROTOCOL_TCP)
        return application->over_udp(data, captured);
    if (!application->over_tcp)
        return FLOW_MESSAGE_UNKNOWN;
    enum flow_message says = application->over_tcp(data, captured);
    size_t size = says != FLOW_MESSAGE_UNKNOWN ? application->tcp_size(data, captured) : 0;
    return size > 0 && size <= captured ? says : FLOW_MESSAGE_UNKNOWN;
}

/* Fragments wait for their first one where it alone says what flow they belong to. */
static bool waits(const struct fs_net *net)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, AH = 51, DESTINATION = 60, MOBILITY = 135, SHIM6 = 140 };

    if (has_ports(net->fragment_protocol))
        return true;
    switch (net->fragment_protocol) {
    case FLOW_PROTOCOL_ICMP:
    case FLOW_PROTOCOL_ICMPV6:
    case AH: return true;
    case HOP_BY_HOP:
    case ROUTING:
    case DESTINATION:
    case MOBILITY:
    case SHIM6: return net->family == FLOW_IPV6;
    default: return false;
    }
}

static void read_net(struct flow_packet *packet, const struct fs_walk *walk)
{
    const struct fs_net *net = walk->net;
    const uint8_t *data = net->payload.data + net->payload.at;
    uint32_t captured = fs_bytes_here(&net->payload);
    bool is_later = net->bits & FS_NET_LATER_FRAGMENT;

    packet->transport = data;
    packet->transport_len = captured;
    packet->tuple = tuple_of(net);
    packet->fact.payload_len = payload_of(net);
    if (net->bits & FS_NET_IP_ID) {
        packet->fact.ip_id = (uint16_t)net->ident;
        packet->fact.bits |= FLOW_FACT_IP_ID;
    }
    if (net->bits & FS_NET_FRAGMENT) {
        packet->fact.bits |= FLOW_FACT_FRAG | (is_later ? 0 : FLOW_FACT_FIRST_FRAG);
        packet->fragment.ident = net->ident;
        packet->fragment.protocol = net->fragment_protocol;
        packet->fragment.waits = waits(net);
    }
    if (is_later)
        return;

    if (net->protocol == FLOW_PROTOCOL_TCP)
        read_tcp(&packet->fact, data, captured);
    else if (net->protocol == FLOW_PROTOCOL_ICMP && captured > 0)
        packet->message_type = (uint8_t)flow_message_of_icmp(data[0]);
    else if (net->protocol == FLOW_PROTOCOL_ICMPV6 && captured > 0)
        packet->message_type = (uint8_t)flow_message_of_icmpv6(data[0]);
    packet->application = message_of;
    packet->source = walk;
    if (walk->has_quote) {
        packet->quote = tuple_of(&walk->quote);
        packet->bits |= FLOW_PACKET_QUOTE;
    }
}

static void read_link(struct flow_packet *packet, const struct fs_walk *walk)
{
    memcpy(packet->tuple.end[0].addr, walk->mac[0], FLOW_MAC_LEN);
    memcpy(packet->tuple.end[1].addr, walk->mac[1], FLOW_MAC_LEN);
    packet->tuple.family = FLOW_LINK;
    packet->tuple.ident = walk->eth_type;
    packet->fact.payload_len = fs_bytes_on_wire(&walk->link);
    if (walk->is_arp && fs_bytes_here(&walk->link) >= 8)
        packet->message_type =
            (uint8_t)flow_message_of_arp(fs_be16(walk->link.data + walk->link.at + 6));
}

bool fs_extract(tvbuff_t *tvb, packet_info *pinfo, const struct fs_walk_options *options,
                struct fs_walk *ret_walk, struct flow_packet *ret_packet)
{
    fs_walk(tvb, pinfo, options, ret_walk);
    if (!ret_walk->net && !ret_walk->has_link)
        return false;

    *ret_packet = (struct flow_packet){ .layers = ret_walk->layers,
                                        .layer_count = ret_walk->layer_count,
                                        .payload = ret_walk->payload };
    read_frame(&ret_packet->fact, pinfo);
    if (ret_walk->has_link) {
        memcpy(ret_packet->mac[0], ret_walk->mac[0], FLOW_MAC_LEN);
        memcpy(ret_packet->mac[1], ret_walk->mac[1], FLOW_MAC_LEN);
        ret_packet->eth_type = ret_walk->eth_type;
        ret_packet->bits |= FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
    }
    if (ret_walk->net)
        read_net(ret_packet, ret_walk);
    else
        read_link(ret_packet, ret_walk);
    return true;
}
