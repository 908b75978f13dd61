#ifndef FLOWSTATS_TREES_H
#define FLOWSTATS_TREES_H

#include "ws_compat.h"

/* How the flows are distributed: Statistics > Flow Statistics, and -z flowstats.X,tree. */
void fs_trees_register(void);

#endif
