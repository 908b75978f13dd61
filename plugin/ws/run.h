#ifndef FLOWSTATS_RUN_H
#define FLOWSTATS_RUN_H

#include "cursor.h"

/*
 * The loop of a walk: from one listed layer to the next, and where a network
 * header is when a layer before it could not be passed.
 */

/* Pass the layers from one to another; false at an IP fragment, which is not looked into. */
bool fs_run(struct fs_cursor *cursor, size_t from, size_t to);

#endif
