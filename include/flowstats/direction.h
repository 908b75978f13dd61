#ifndef FLOWSTATS_DIRECTION_H
#define FLOWSTATS_DIRECTION_H

#include "packet.h"
#include "value.h"

/* Which way a flow's first packet goes, and the rule that knew.  SPEC calls the rules 1 to 5. */
enum flow_reason {
    FLOW_REASON_HANDSHAKE = 1, /* TCP SYN or SYN-ACK */
    FLOW_REASON_MESSAGE_TYPE,  /* ICMP type, ARP opcode */
    FLOW_REASON_APPLICATION,   /* request or response of the application */
    FLOW_REASON_PORTS,         /* the server has the lower port */
    FLOW_REASON_FIRST_PACKET,  /* nobody knew: up */
};

extern const struct flow_name flow_reason_names[];

/* Ask the rules in order; *ret_reason names the one that spoke. */
enum flow_dir flow_direction_of(const struct flow_packet *packet, enum flow_reason *ret_reason);

/* Rule 2: what an ICMP or ICMPv6 type says, and what an ARP, RARP or InARP opcode says. */
enum flow_message flow_message_of_icmp(uint8_t type);
enum flow_message flow_message_of_icmpv6(uint8_t type);
enum flow_message flow_message_of_arp(uint16_t opcode);

/*
 * Rule 3: the applications whose messages tell, by the names that Wireshark has
 * for them in its display filters; over_udp or over_tcp is NULL where it does
 * not speak.  They get the length captured bytes behind the transport header;
 * quic gets the decrypted payload of an Initial packet.
 *
 * A message over TCP may go on in later segments; then Wireshark decodes it in
 * the frame that completes it, although its list of this frame's layers may
 * have the application too.  tcp_size says how long a message is, 0 where that
 * is not known: only what is whole in its segment tells.
 */
struct flow_application {
    const char *name;
    enum flow_message (*over_udp)(const uint8_t *data, size_t length);
    enum flow_message (*over_tcp)(const uint8_t *data, size_t length);
    size_t (*tcp_size)(const uint8_t *data, size_t length);
};

extern const struct flow_application flow_applications[];
extern const size_t flow_application_count;

#endif
