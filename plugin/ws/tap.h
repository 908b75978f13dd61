#ifndef FLOWSTATS_WS_TAP_H
#define FLOWSTATS_WS_TAP_H

#include "ws_compat.h"

#include "field.h"

/*
 * The tap "flow", which our statistics listen to, and whoever else likes to;
 * and one that no frame is handed to, for listeners that only draw.
 */
#define FS_TAP_OF_NONE FLOW_PREFIX ".none"

void fs_tap_register(void);

/* Hand the frame to the listeners, if there are any; once a dissection. */
void fs_tap_queue(packet_info *pinfo);

#endif
