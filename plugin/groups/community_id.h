#ifndef FLOWSTATS_GROUPS_COMMUNITY_ID_H
#define FLOWSTATS_GROUPS_COMMUNITY_ID_H

#include <flowstats/extension.h>

/* The group of one field: the Community ID of a flow, version 1, by which tools name the same flow.
 */
extern const struct flow_group flow_community_id;

struct flow_view;

/*
 * Return what stands for the ports of an ICMP or ICMPv6 flow's source and
 * destination: the type of its first packet, and that of what answers it, or else
 * its code; false where the type was not captured, and of other flows.
 */
bool flow_icmp_ports(struct flow_view *view, uint16_t ret_ports[FLOW_DIRS]);

#endif
