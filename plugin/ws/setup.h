#ifndef FLOWSTATS_WS_SETUP_H
#define FLOWSTATS_WS_SETUP_H

#include "ws_compat.h"

#include <flowstats/packet.h>

/*
 * Return the frame that set up Wireshark's conversation of a packet which has
 * just been dissected; 0 where that is the packet's own, or not known.
 */
uint32_t fs_setup_frame(const packet_info *pinfo, const struct flow_packet *packet);

/*
 * Whether a dissector keeps something about that conversation: it was called for
 * a packet of it, also for those that it is not listed for, as a segment that
 * waits for the rest of a message.
 */
bool fs_is_known_to(const packet_info *pinfo, const struct flow_packet *packet, int proto);

#endif
