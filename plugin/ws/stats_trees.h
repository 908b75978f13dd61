#ifndef FLOWSTATS_WS_STATS_TREES_H
#define FLOWSTATS_WS_STATS_TREES_H

#include "ws_compat.h"

/* The distributions of the flows: Statistics > Flow Distributions, and -z flowstats.X,tree. */
void fs_stats_trees_register(void);

#endif
