#ifndef FLOWSTATS_DIRECTION_H
#define FLOWSTATS_DIRECTION_H

#include <flowstats/packet.h>
#include <flowstats/value.h>

/*
 * Which end is a flow's source: the way of its first packet, and the rule that
 * knew (definitions, Direction).  The numbers are those that users see; the
 * order in which the rules are asked is that of the table in direction.c.
 */
enum flow_reason {
    FLOW_REASON_HANDSHAKE = 1, /* TCP SYN or SYN-ACK, SCTP chunk, DCCP type */
    FLOW_REASON_MESSAGE_TYPE,  /* ICMP type, ARP opcode */
    FLOW_REASON_APPLICATION,   /* request or response of the application */
    FLOW_REASON_PORTS,         /* the server has the lower port */
    FLOW_REASON_FIRST_PACKET,  /* no rule decided: up */
    FLOW_REASON_GROUP,         /* a group address is never the source */
};

extern const struct flow_name flow_reason_names[];

/* Ask the rules in order; *ret_reason names the one that spoke. */
enum flow_dir flow_direction_of(const struct flow_packet *packet, enum flow_reason *ret_reason);

#endif
