#ifndef TEST_UNIT_TRAFFIC_H
#define TEST_UNIT_TRAFFIC_H

#include "packets.h"

#include <glib.h>

/* Random packets of few hosts: connections, pings, fragments, errors, out of order in time. */

static inline struct flow_tuple random_tuple(GRand *rand)
{
    static const uint8_t protocols[] = { FLOW_PROTOCOL_TCP, FLOW_PROTOCOL_UDP, FLOW_PROTOCOL_ICMP,
                                         89 };
    uint8_t protocol = protocols[g_rand_int(rand) % G_N_ELEMENTS(protocols)];
    uint8_t from = (uint8_t)g_rand_int_range(rand, 1, 5),
            to = (uint8_t)g_rand_int_range(rand, 1, 5);
    uint16_t client = (uint16_t)g_rand_int_range(rand, 50000, 50004);
    bool turned = g_rand_boolean(rand);

    if (protocol == FLOW_PROTOCOL_TCP || protocol == FLOW_PROTOCOL_UDP)
        return turned ? tuple_with_ports(FLOW_IPV4, protocol, from, 80, to, client)
                      : tuple_with_ports(FLOW_IPV4, protocol, from, client, to, 80);
    struct flow_tuple tuple = tuple_of(FLOW_IPV4, protocol, from, to);
    if (protocol == FLOW_PROTOCOL_ICMP && turned) {
        tuple.ident = (uint16_t)g_rand_int_range(rand, 1, 4);
        tuple.bits = FLOW_TUPLE_IDENT;
    }
    return tuple;
}

static inline struct flow_packet random_packet(GRand *rand, uint32_t frame)
{
    static const char *const flags[] = { "S", "SA", "A", "A", "A", "A", "FA", "RA" };
    struct flow_packet packet = packet_of(frame, random_tuple(rand));
    uint32_t dice = g_rand_int(rand) % 20;

    packet.fact.time_ns += g_rand_int_range(rand, -3, 3) * SECOND;
    packet.fact.cap_len = g_rand_int(rand) % 1500;
    packet.fact.payload_len = g_rand_int(rand) % 3;
    packet.fact.ip_id = (uint16_t)(frame * 3);
    packet.fact.bits |= dice % 2 ? FLOW_FACT_IP_ID : 0;
    packet.message_type = packet.tuple.protocol == FLOW_PROTOCOL_ICMP ? (uint8_t)(dice % 3) : 0;
    let_say(&packet, (enum flow_message)(g_rand_int(rand) % 3));
    if (packet.tuple.protocol == FLOW_PROTOCOL_TCP)
        make_segment(&packet.fact, flags[g_rand_int(rand) % G_N_ELEMENTS(flags)],
                     g_rand_int(rand) % 4, g_rand_int(rand) % 8);
    if (dice == 0)
        return without_time(packet);
    if (dice <= 2)
        return first_fragment(packet, g_rand_int(rand) % 4);
    if (dice <= 5)
        return later_fragment(frame, packet.tuple.protocol, packet.tuple.end[0].addr[3],
                              packet.tuple.end[1].addr[3], g_rand_int(rand) % 4);
    if (packet.tuple.protocol == FLOW_PROTOCOL_ICMP && dice <= 12) {
        packet.quote = random_tuple(rand);
        packet.bits |= FLOW_PACKET_QUOTE;
    }
    return packet;
}

#endif
