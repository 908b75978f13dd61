#include "extract.h"

#include "clock.h"
#include "message.h"
#include "transport.h"

#include <flowstats/direction.h>

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
    if (fs_has_ports(net->protocol) && captured >= 4) {
        tuple.end[0].port = fs_be16(data);
        tuple.end[1].port = fs_be16(data + 2);
        tuple.bits |= FLOW_TUPLE_PORTS;
    } else if (captured >= 6 && fs_has_ident(net->protocol, data[0])) {
        tuple.ident = fs_be16(data + 4);
        tuple.bits |= FLOW_TUPLE_IDENT;
    }
    return tuple;
}

static void read_tcp(struct flow_fact *fact, const uint8_t *header, uint32_t captured)
{
    if (captured < 14)
        return;
    fact->tcp_seq = fs_be32(header + 4);
    fact->tcp_ack = fs_be32(header + 8);
    fact->tcp_flags = header[13];
    fact->bits |= FLOW_FACT_TCP;
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

static uint32_t payload_of(const struct fs_net *net)
{
    const uint8_t *data = net->payload.data + net->payload.at;
    uint32_t captured = fs_bytes_here(&net->payload);
    uint32_t room = fs_bytes_on_wire(&net->payload), header;

    if (net->bits & FS_NET_LATER_FRAGMENT)
        return room;
    if (net->protocol == FLOW_PROTOCOL_UDP && !(net->bits & FS_NET_FRAGMENT))
        return udp_payload(net, data, captured);
    if (!fs_transport_header(net->protocol, data, captured, &header))
        return 0; /* no payload is sure */
    return less(room, header);
}

/* Fragments wait for their first one where it alone says what flow they belong to. */
static bool waits(const struct fs_net *net)
{
    uint8_t protocol = net->fragment_protocol;

    return fs_has_ports(protocol) || protocol == FLOW_PROTOCOL_ICMP ||
           protocol == FLOW_PROTOCOL_ICMPV6 || fs_net_hides_transport(net);
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
    packet->application = fs_message_of;
    packet->source = walk;
    if (walk->quote) {
        packet->quote = tuple_of(walk->quote);
        packet->bits |= FLOW_PACKET_QUOTE;
    }
}

static void read_link(struct flow_packet *packet, const struct fs_walk *walk)
{
    const struct fs_link *link = walk->link;
    const struct fs_bytes *payload = &link->payload;

    memcpy(packet->tuple.end[0].addr, link->mac[0], FLOW_MAC_LEN);
    memcpy(packet->tuple.end[1].addr, link->mac[1], FLOW_MAC_LEN);
    packet->tuple.family = FLOW_LINK;
    packet->tuple.ident = link->eth_type;
    packet->fact.payload_len = fs_bytes_on_wire(payload);
    if (walk->is_arp && fs_bytes_here(payload) >= 8)
        packet->message_type =
            (uint8_t)flow_message_of_arp(fs_be16(payload->data + payload->at + 6));
}

static void read_macs(struct flow_packet *packet, const struct fs_link *link)
{
    if (!link->is_known)
        return;
    memcpy(packet->mac[0], link->mac[0], FLOW_MAC_LEN);
    memcpy(packet->mac[1], link->mac[1], FLOW_MAC_LEN);
    packet->eth_type = link->eth_type;
    packet->bits |= FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
}

bool fs_extract(tvbuff_t *tvb, packet_info *pinfo, const struct fs_walk_options *options,
                struct fs_walk *ret_walk, struct flow_packet *ret_packet)
{
    fs_walk(tvb, pinfo, options, ret_walk);
    if (!ret_walk->net && !ret_walk->link->is_known)
        return false;

    *ret_packet = (struct flow_packet){ .layers = ret_walk->layers,
                                        .layer_count = ret_walk->layer_count,
                                        .payload = ret_walk->payload };
    read_frame(&ret_packet->fact, pinfo);
    read_macs(ret_packet, ret_walk->link);
    if (ret_walk->net)
        read_net(ret_packet, ret_walk);
    else
        read_link(ret_packet, ret_walk);
    return true;
}
