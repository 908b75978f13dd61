#include "extract.h"

#include "clock.h"
#include "payload.h"
#include "transport.h"

#include <engine/message.h>

#include "tcp_options.h"

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

static bool is_answer(uint8_t protocol, uint8_t type)
{
    return flow_message_of_icmp(protocol, type) == FLOW_MESSAGE_RESPONSE;
}

/* Ends, ports or identifier of a header and what was captured after it. */
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
        tuple.end[0].port = flow_be16(data);
        tuple.end[1].port = flow_be16(data + 2);
        tuple.bits |= FLOW_TUPLE_PORTS;
    } else if (captured >= 6 && flow_icmp_has_ident(net->protocol, data[0])) {
        tuple.ident = flow_be16(data + 4);
        tuple.bits |=
            FLOW_TUPLE_IDENT | (is_answer(net->protocol, data[0]) ? FLOW_TUPLE_ANSWER : 0);
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
    uint32_t length;

    if (captured < 16 || !fs_tcp_header(header, captured, &length))
        return;
    fact->tcp_seq = flow_be32(header + 4);
    fact->tcp_ack = flow_be32(header + 8);
    fact->tcp_flags = header[13];
    fact->tcp_window = flow_be16(header + 14);
    fact->bits |= FLOW_FACT_TCP;
    read_tcp_options(fact, header, MIN(captured, length));
}

/* The length of UDP is its own, within what IP has room for; 0 means all of it in IPv6. */
static uint32_t udp_payload(const struct fs_net *net, const uint8_t *header, uint32_t captured)
{
    uint32_t room = fs_bytes_on_wire(&net->payload);
    uint32_t stated = captured >= 6 ? flow_be16(header + 4) : room;

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

static void read_fragment(struct flow_packet *packet, const struct fs_net *net)
{
    packet->fragment = (struct flow_fragment){
        .ident = net->ident,
        .offset = net->fragment_offset,
        .len = net->payload.end - MIN(net->fragment_at, net->payload.end),
        .protocol = net->fragment_protocol,
        .waits = waits(net),
        .is_last = net->bits & FS_NET_LAST_FRAGMENT,
    };
}

/* Of the fragment that completed the datagram which the packet came out of. */
static void read_carrier(struct flow_packet *packet, const struct fs_net *carrier)
{
    read_fragment(packet, carrier);
    packet->carrier = tuple_of(carrier);
    packet->carrier_layers = carrier->layers_outside;
    packet->bits |= FLOW_PACKET_CARRIER;
    if (!(carrier->bits & FS_NET_LATER_FRAGMENT))
        packet->bits |= FLOW_PACKET_CARRIER_FIRST;
}

static void read_ip(struct flow_fact *fact, const struct fs_net *net)
{
    bool is_first = !(net->bits & FS_NET_LATER_FRAGMENT);

    fact->ip_len = net->length;
    fact->ttl = net->ttl;
    fact->tos = net->tos;
    fact->flow_label = net->flow_label;
    fact->bits |= FLOW_FACT_IP;
    if (net->bits & FS_NET_NO_LENGTH)
        fact->bits |= FLOW_FACT_NO_LENGTH;
    if (net->bits & FS_NET_IP_ID) {
        fact->ip_id = (uint16_t)net->ident;
        fact->bits |= net->bits & FS_NET_DF ? FLOW_FACT_DF : FLOW_FACT_IP_ID;
    }
    if (net->bits & FS_NET_FRAGMENT)
        fact->bits |= FLOW_FACT_FRAG | (is_first ? FLOW_FACT_FIRST_FRAG : 0);
}

static void read_transport(struct flow_fact *fact, uint8_t protocol, const uint8_t *header,
                           uint32_t captured)
{
    uint32_t length, checksum_at = fs_checksum_at(protocol);

    if (fs_transport_header(protocol, header, captured, &length))
        fact->header_words = (uint8_t)(length / 4);
    if (checksum_at > 0 && captured >= checksum_at + 2) {
        fact->checksum = flow_be16(header + checksum_at);
        fact->bits |= FLOW_FACT_CHECKSUM;
    }
    if (protocol == FLOW_PROTOCOL_TCP)
        read_tcp(fact, header, captured);
    if ((protocol == FLOW_PROTOCOL_ICMP || protocol == FLOW_PROTOCOL_ICMPV6) && captured >= 2) {
        fact->icmp_type = header[0];
        fact->icmp_code = header[1];
    }
}

static void read_net(const packet_info *pinfo, struct flow_packet *packet,
                     const struct fs_walk *walk)
{
    const struct fs_net *net = walk->net;
    const uint8_t *data = net->payload.data + net->payload.at;
    uint32_t captured = fs_bytes_here(&net->payload);

    packet->transport = data;
    packet->transport_len = captured;
    packet->tuple = tuple_of(net);
    packet->fact.payload_len = payload_of(net);
    read_ip(&packet->fact, net);
    if (net->bits & FS_NET_FRAGMENT)
        read_fragment(packet, net);
    if (walk->carrier)
        read_carrier(packet, walk->carrier);
    if (net->bits & FS_NET_LATER_FRAGMENT)
        return;

    read_transport(&packet->fact, net->protocol, data, captured);
    packet->fact.record = (uint8_t)fs_record_of(pinfo, packet, walk);
    if (captured > 0)
        packet->message_type = (uint8_t)flow_message_of_icmp(net->protocol, data[0]);
    packet->handshake = (uint8_t)flow_message_of_handshake(net->protocol, data, captured);
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

    memcpy(packet->tuple.end[0].addr, link->mac[0], FLOW_MAC_LEN);
    memcpy(packet->tuple.end[1].addr, link->mac[1], FLOW_MAC_LEN);
    packet->tuple.family = FLOW_LINK;
    packet->tuple.ident = link->eth_type;
    packet->fact.payload_len = fs_bytes_on_wire(&link->payload);
    if (walk->arp && fs_bytes_here(walk->arp) >= 8)
        packet->message_type =
            (uint8_t)flow_message_of_arp(flow_be16(walk->arp->data + walk->arp->at + 6));
}

static void read_macs(struct flow_packet *packet, const struct fs_link *link)
{
    if (!link->mac[0])
        return;
    memcpy(packet->mac[0], link->mac[0], FLOW_MAC_LEN);
    if (!link->mac[1]) {
        packet->bits |= FLOW_PACKET_MAC_SENDER;
        return;
    }
    memcpy(packet->mac[1], link->mac[1], FLOW_MAC_LEN);
    packet->eth_type = link->eth_type;
    if (link->is_known)
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
        read_net(pinfo, ret_packet, ret_walk);
    else
        read_link(ret_packet, ret_walk);
    return true;
}
