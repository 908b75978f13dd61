#ifndef FLOWSTATS_EXPERTS_H
#define FLOWSTATS_EXPERTS_H

#include "ws_compat.h"

#include "view.h"

/* What an analyst wants to be told of a flow, as expert infos that do not shout. */

void fs_experts_register(int proto);

/* Whether somebody listens to expert infos, so that they are wanted without a tree too. */
bool fs_experts_are_heard(void);

/*
 * Those of the packet, a bit each; 0 where the preference says so.  To be asked
 * before anything else about the packet: it looks at the state before it, and
 * states are made in the order of the flow.
 */
unsigned fs_experts_of(struct flow_view *view);

/* item: where they are shown, NULL without a tree. */
void fs_experts_add(packet_info *pinfo, proto_item *item, unsigned experts);

#endif
