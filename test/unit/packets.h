#ifndef TEST_UNIT_PACKETS_H
#define TEST_UNIT_PACKETS_H

#include <flowstats/packet.h>

/*
 * Packets in few words: host N is 10.0.0.N, fd00::N or 02:00:00:00:00:0N, and
 * frame N is captured N seconds after the epoch.
 */
#define SECOND INT64_C(1000000000)

enum { FRAME_LEN = 100, WIRE_LEN = 120, PAYLOAD_LEN = 10 };

static inline struct flow_end host_end(enum flow_family family, uint8_t host, uint16_t port)
{
    struct flow_end end = { .port = port };

    switch (family) {
    case FLOW_LINK:
        end.addr[0] = 2;
        end.addr[5] = host;
        break;
    case FLOW_IPV4:
        end.addr[0] = 10;
        end.addr[3] = host;
        break;
    case FLOW_IPV6:
        end.addr[0] = 0xfd;
        end.addr[15] = host;
        break;
    }
    return end;
}

static inline struct flow_tuple tuple_of(enum flow_family family, uint8_t protocol, uint8_t from,
                                         uint8_t to)
{
    return (struct flow_tuple){ .end = { host_end(family, from, 0), host_end(family, to, 0) },
                                .family = (uint8_t)family,
                                .protocol = protocol };
}

static inline struct flow_tuple tuple_with_ports(enum flow_family family, uint8_t protocol,
                                                 uint8_t from, uint16_t from_port, uint8_t to,
                                                 uint16_t to_port)
{
    return (struct flow_tuple){ .end = { host_end(family, from, from_port),
                                         host_end(family, to, to_port) },
                                .family = (uint8_t)family,
                                .protocol = protocol,
                                .bits = FLOW_TUPLE_PORTS };
}

static inline struct flow_packet packet_of(uint32_t frame, struct flow_tuple tuple)
{
    return (struct flow_packet){ .fact = { .time_ns = frame * SECOND,
                                           .frame = frame,
                                           .cap_len = FRAME_LEN,
                                           .wire_len = WIRE_LEN,
                                           .payload_len = PAYLOAD_LEN,
                                           .bits = FLOW_FACT_TIME },
                                 .tuple = tuple };
}

static inline struct flow_packet udp_packet(uint32_t frame, uint8_t from, uint16_t from_port,
                                            uint8_t to, uint16_t to_port)
{
    return packet_of(frame,
                     tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_UDP, from, from_port, to, to_port));
}

/* The letters F, S, R and A. */
static inline uint8_t flags_of(const char *letters)
{
    unsigned flags = 0;

    for (; *letters; letters++)
        switch (*letters) {
        case 'F': flags |= FLOW_TCP_FIN; break;
        case 'S': flags |= FLOW_TCP_SYN; break;
        case 'R': flags |= FLOW_TCP_RST; break;
        case 'A': flags |= FLOW_TCP_ACK; break;
        default: break;
        }
    return (uint8_t)flags;
}

static inline void make_segment(struct flow_fact *fact, const char *flags, uint32_t seq,
                                uint32_t ack)
{
    fact->tcp_flags = flags_of(flags);
    fact->tcp_seq = seq;
    fact->tcp_ack = ack;
    fact->bits |= FLOW_FACT_TCP;
}

static inline struct flow_packet tcp_packet(uint32_t frame, uint8_t from, uint16_t from_port,
                                            uint8_t to, uint16_t to_port, const char *flags,
                                            uint32_t seq, uint32_t ack)
{
    struct flow_packet packet = packet_of(
        frame, tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_TCP, from, from_port, to, to_port));

    make_segment(&packet.fact, flags, seq, ack);
    return packet;
}

static inline struct flow_packet first_fragment(struct flow_packet packet, uint32_t ident)
{
    packet.fact.bits |= FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG;
    packet.fragment =
        (struct flow_fragment){ .ident = ident, .protocol = packet.tuple.protocol, .waits = true };
    return packet;
}

static inline struct flow_packet later_fragment(uint32_t frame, uint8_t protocol, uint8_t from,
                                                uint8_t to, uint32_t ident)
{
    struct flow_packet packet = packet_of(frame, tuple_of(FLOW_IPV4, protocol, from, to));

    packet.fact.bits |= FLOW_FACT_FRAG;
    packet.fragment = (struct flow_fragment){ .ident = ident, .protocol = protocol, .waits = true };
    return packet;
}

static inline enum flow_message said(const void *message)
{
    return *(const enum flow_message *)message;
}

/* Let a packet's application say that. */
static inline void let_say(struct flow_packet *packet, enum flow_message message)
{
    static const enum flow_message messages[] = { FLOW_MESSAGE_UNKNOWN, FLOW_MESSAGE_REQUEST,
                                                  FLOW_MESSAGE_RESPONSE };

    packet->application = said;
    packet->source = &messages[message];
}

static inline struct flow_packet at_second(struct flow_packet packet, int64_t second)
{
    packet.fact.time_ns = second * SECOND;
    return packet;
}

static inline struct flow_packet without_time(struct flow_packet packet)
{
    packet.fact.bits &= (uint16_t)~FLOW_FACT_TIME;
    return packet;
}

#endif
