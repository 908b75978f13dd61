#ifndef FLOWSTATS_WS_HOST_H
#define FLOWSTATS_WS_HOST_H

#include "ws_compat.h"

#include "groups.h"

/* The host of the groups: which there are, which are switched on, and what they see. */

/* Register a preference and the fields for each group; once, when all plugins are loaded. */
void fs_host_register(module_t *preferences);

/*
 * Preferences have changed, or a file is about to be opened: take over the groups'
 * settings and want fields of Wireshark's.  Return whether states that were folded
 * before are to be folded anew.
 */
bool fs_host_apply(dissector_handle_t post_dissector);

/* Return those that are switched on now, core first; the answer stands until the next question. */
const struct flow_groups *fs_host_choose(void);

/*
 * Let each group take its note of the packet; valid until the next packet.  For
 * the packet's flow, fs_host_keep_once() asks for what they keep once, when it has
 * been accounted; once: flow_meter_once().
 */
void fs_host_extract(packet_info *pinfo, proto_tree *tree, struct flow_packet *packet);
void fs_host_keep_once(void *once);

/* Forget what notes and states of a file refer to. */
void fs_host_close(void);

#endif
