#ifndef FLOWSTATS_EXTRACT_H
#define FLOWSTATS_EXTRACT_H

#include "walk.h"

/*
 * From the layers of the frame just dissected to the engine's packet.  False
 * where the frame belongs to no flow.  The packet refers to the walk, and is valid
 * until the next one.
 */
bool fs_extract(tvbuff_t *tvb, packet_info *pinfo, const struct fs_walk_options *options,
                struct fs_walk *ret_walk, struct flow_packet *ret_packet);

#endif
