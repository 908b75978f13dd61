#ifndef FLOWSTATS_LISTING_H
#define FLOWSTATS_LISTING_H

#include "cursor.h"

/* Wireshark's list of a frame's layers, and what newer versions leave out of it. */

void fs_listing_read(const packet_info *pinfo, struct fs_listing *ret_listing);

/* Complete the list.  The cursor is at the start of the frame, and stays there. */
void fs_listing_repair(const struct fs_cursor *start, struct fs_listing *listing);

#endif
