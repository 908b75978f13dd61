#ifndef FLOWSTATS_WS_PAYLOAD_H
#define FLOWSTATS_WS_PAYLOAD_H

#include "walk.h"

/* What the application says in the tracked packet. */

/*
 * Say whether the application's message in the tracked packet asks or answers;
 * source is the struct fs_walk.  For flow_packet.application: called only where
 * direction needs it, before the next walk.
 */
enum flow_message fs_message_of(const void *source);

/* The TLS record that the payload begins with, where Wireshark takes the connection for TLS. */
enum flow_record fs_record_of(const packet_info *pinfo, const struct flow_packet *packet,
                              const struct fs_walk *walk);

#endif
