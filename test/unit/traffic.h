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

/* What the IP header says, but for one packet of eight whose header is not known. */
static inline void make_header(GRand *rand, struct flow_fact *fact)
{
    static const uint8_t ttls[] = { 1, 63, 64, 128 }, marks[] = { 0, 0, 3, 0xb8 };

    if (g_rand_int(rand) % 8 == 0)
        return;
    fact->bits |= FLOW_FACT_IP | (g_rand_int(rand) % 4 ? 0 : FLOW_FACT_DF | FLOW_FACT_IP_ID) |
                  (g_rand_int(rand) % 2 ? FLOW_FACT_CHECKSUM : 0);
    fact->ttl = ttls[g_rand_int(rand) % G_N_ELEMENTS(ttls)];
    fact->tos = marks[g_rand_int(rand) % G_N_ELEMENTS(marks)];
    fact->ip_len = 20 + g_rand_int(rand) % 1480;
    fact->header_words = (uint8_t)(g_rand_int(rand) % 16);
    fact->checksum = (uint16_t)(g_rand_int(rand) % 4);
}

/* A segment; of every other one the options are known, each of which is there or not. */
static inline void make_random_segment(GRand *rand, struct flow_fact *fact)
{
    static const char *const flags[] = { "S", "SA", "A", "A", "A", "A", "FA", "RA" };

    make_segment(fact, flags[g_rand_int(rand) % G_N_ELEMENTS(flags)], g_rand_int(rand) % 4,
                 g_rand_int(rand) % 8);
    fact->tcp_window = (uint16_t)(g_rand_int(rand) % 3 * 1000);
    fact->record = (uint8_t)(g_rand_int(rand) % 3);
    if (g_rand_boolean(rand))
        return;
    fact->bits |= FLOW_FACT_OPTIONS;
    fact->tcp_options = (struct flow_tcp_options){ .tsval = g_rand_int(rand) % 100,
                                                   .tsecr = g_rand_int(rand) % 100,
                                                   .mss = (uint16_t)(g_rand_int(rand) % 1461),
                                                   .wscale = (uint8_t)(g_rand_int(rand) % 15),
                                                   .bits = (uint8_t)(g_rand_int(rand) % 32) };
}

static inline struct flow_packet random_packet(GRand *rand, uint32_t frame)
{
    struct flow_packet packet = packet_of(frame, random_tuple(rand));
    uint32_t dice = g_rand_int(rand) % 20;

    packet.fact.time_ns += g_rand_int_range(rand, -3, 3) * SECOND;
    packet.fact.cap_len = g_rand_int(rand) % 1500;
    packet.fact.wire_len = packet.fact.cap_len + g_rand_int(rand) % 2 * 100;
    packet.fact.payload_len = g_rand_int(rand) % 3;
    packet.fact.ip_id = (uint16_t)(frame * 3);
    packet.fact.bits |= dice % 2 ? FLOW_FACT_IP_ID : 0;
    packet.message_type = packet.tuple.protocol == FLOW_PROTOCOL_ICMP ? (uint8_t)(dice % 3) : 0;
    let_say(&packet, (enum flow_message)(g_rand_int(rand) % 3));
    make_header(rand, &packet.fact);
    if (packet.tuple.protocol == FLOW_PROTOCOL_TCP)
        make_random_segment(rand, &packet.fact);
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
