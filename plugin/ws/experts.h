#ifndef FLOWSTATS_EXPERTS_H
#define FLOWSTATS_EXPERTS_H

#include "ws_compat.h"

#include "view.h"

/* What an analyst wants to be told of a flow, as expert infos at Note and Chat level. */

void fs_experts_register(int proto);

/* Whether somebody listens to expert infos, so that they are wanted without a tree too. */
bool fs_experts_are_heard(void);

/*
 * Return the packet's expert infos, one bit each; 0 where they are switched off.
 * Cheapest when asked first: it needs the state before this packet, and states
 * are folded forward.
 */
unsigned fs_experts_of(struct flow_view *view);

/* Add expert infos to an item; NULL without a tree. */
void fs_experts_add(packet_info *pinfo, proto_item *item, unsigned experts);

#endif
