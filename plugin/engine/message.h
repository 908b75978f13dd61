#ifndef FLOWSTATS_MESSAGE_H
#define FLOWSTATS_MESSAGE_H

#include <flowstats/packet.h>

/* What the code of a message says: whether it asks or answers, quotes, identifies. */

/* A code of a protocol, and what it says. */
struct flow_code {
    uint16_t code;
    uint8_t message; /* enum flow_message */
};

/* Return what codes say of code; nothing where it is not among them. */
enum flow_message flow_code_message(const struct flow_code *codes, size_t count, unsigned code);

/* Direction's rule of the message type.  Of a protocol that is not ICMP or ICMPv6: nothing. */
enum flow_message flow_message_of_icmp(uint8_t protocol, uint8_t type);
enum flow_message flow_message_of_arp(uint16_t opcode);

/* Tell whether a type of ICMP or ICMPv6 has an identifier in bytes 4 and 5 of its header. */
bool flow_icmp_has_ident(uint8_t protocol, uint8_t type);

/* Tell whether it is an error, which quotes a packet after 8 bytes of header. */
bool flow_icmp_is_error(uint8_t protocol, uint8_t type);

/*
 * Direction's rule of the handshake for SCTP (the first chunk) and DCCP: header
 * is theirs, of which length bytes were captured.
 */
enum flow_message flow_message_of_handshake(uint8_t protocol, const uint8_t *header, size_t length);

#endif
