#include "direction.h"

#include <glib.h>
#include <string.h>

const struct flow_name flow_reason_names[] = {
    { FLOW_REASON_HANDSHAKE, "handshake" },
    { FLOW_REASON_MESSAGE_TYPE, "message type" },
    { FLOW_REASON_APPLICATION, "application" },
    { FLOW_REASON_PORTS, "ports" },
    { FLOW_REASON_FIRST_PACKET, "first packet" },
    { FLOW_REASON_GROUP, "group address" },
    { 0, NULL },
};

static enum flow_message of_handshake(const struct flow_packet *packet)
{
    if (!(packet->fact.bits & FLOW_FACT_TCP))
        return (enum flow_message)packet->handshake;
    if (!(packet->fact.tcp_flags & FLOW_TCP_SYN))
        return FLOW_MESSAGE_UNKNOWN;
    return packet->fact.tcp_flags & FLOW_TCP_ACK ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
}

/* An address that ends in 255 may be a host's: a broadcast frame proves that it is a group's. */
static bool is_ipv4_group(const uint8_t *address, const struct flow_packet *packet)
{
    static const uint8_t all[FLOW_MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (address[0] >> 4 == 0xe || memcmp(address, all, 4) == 0)
        return true;
    return address[3] == 0xff && (packet->bits & FLOW_PACKET_MACS) &&
           memcmp(packet->mac[1], all, FLOW_MAC_LEN) == 0;
}

static bool is_to_group(const struct flow_packet *packet)
{
    const uint8_t *receiver = packet->tuple.end[1].addr;

    switch ((enum flow_family)packet->tuple.family) {
    case FLOW_LINK: return receiver[0] & 1;
    case FLOW_IPV4: return is_ipv4_group(receiver, packet);
    case FLOW_IPV6: return receiver[0] == 0xff;
    }
    return false;
}

/* Connections are between two; anonymized captures have such addresses all the same. */
static bool is_connection(uint8_t protocol)
{
    return protocol == FLOW_PROTOCOL_TCP || protocol == FLOW_PROTOCOL_SCTP ||
           protocol == FLOW_PROTOCOL_DCCP;
}

static enum flow_message of_group(const struct flow_packet *packet)
{
    return !is_connection(packet->tuple.protocol) && is_to_group(packet) ? FLOW_MESSAGE_REQUEST
                                                                         : FLOW_MESSAGE_UNKNOWN;
}

static enum flow_message of_message_type(const struct flow_packet *packet)
{
    return (enum flow_message)packet->message_type;
}

static enum flow_message of_application(const struct flow_packet *packet)
{
    /* What a fragment carries is not all of the message. */
    if ((packet->fact.bits & FLOW_FACT_FRAG) || !packet->application)
        return FLOW_MESSAGE_UNKNOWN;
    return packet->application(packet->source);
}

/* IANA's ranks end here: system ports, registered ones, dynamic ones. */
enum { REGISTERED = 1024, EPHEMERAL = 32768 };

/*
 * The ranks rise with the number, so that the lower rank, and within a rank the
 * lower number, is the lower port.
 */
static enum flow_message of_tcp_ports(uint16_t sender, uint16_t receiver)
{
    if (sender == receiver)
        return FLOW_MESSAGE_UNKNOWN;
    return sender < receiver ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
}

/* Without connections many ports talk to many: only an answer to an ephemeral port is sure. */
static enum flow_message of_ports(const struct flow_packet *packet)
{
    uint16_t sender = packet->tuple.end[0].port, receiver = packet->tuple.end[1].port;

    if (!(packet->tuple.bits & FLOW_TUPLE_PORTS))
        return FLOW_MESSAGE_UNKNOWN;
    if (packet->tuple.protocol == FLOW_PROTOCOL_TCP)
        return of_tcp_ports(sender, receiver);
    return sender < REGISTERED && receiver >= EPHEMERAL ? FLOW_MESSAGE_RESPONSE
                                                        : FLOW_MESSAGE_UNKNOWN;
}

enum flow_dir flow_direction_of(const struct flow_packet *packet, enum flow_reason *ret_reason)
{
    static const struct {
        enum flow_reason reason;
        enum flow_message (*says)(const struct flow_packet *packet);
    } rules[] = {
        { FLOW_REASON_HANDSHAKE, of_handshake },
        { FLOW_REASON_GROUP, of_group },
        { FLOW_REASON_MESSAGE_TYPE, of_message_type },
        { FLOW_REASON_APPLICATION, of_application },
        { FLOW_REASON_PORTS, of_ports },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        enum flow_message message = rules[i].says(packet);
        if (message != FLOW_MESSAGE_UNKNOWN) {
            *ret_reason = rules[i].reason;
            return message == FLOW_MESSAGE_REQUEST ? FLOW_UP : FLOW_DOWN;
        }
    }
    *ret_reason = FLOW_REASON_FIRST_PACKET;
    return FLOW_UP;
}
