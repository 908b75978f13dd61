#ifndef FLOWSTATS_ENGINE_TEXT_H
#define FLOWSTATS_ENGINE_TEXT_H

#include "address.h"
#include "table.h"

/* Flows as people write them. */

enum { FLOW_TUPLE_TEXT_LEN = 256 };

/* Write "TCP", "OSPF", "IP 253"; of a link-layer flow "ARP", "EtherType 0x88cc". */
void flow_protocol_text(const struct flow *flow, char *ret_text, size_t size);

/* Write an end of the flow: "10.0.0.1:443", "[2001:db8::1]:53", "00:11:22:33:44:55". */
void flow_end_text(const struct flow *flow, enum flow_dir sender, char *ret_text, size_t size);

/* Write protocol, source and destination in one line. */
void flow_tuple_text(const struct flow *flow, char ret_text[FLOW_TUPLE_TEXT_LEN]);

#endif
