#ifndef FLOWSTATS_PLOT_H
#define FLOWSTATS_PLOT_H

#include "ws_compat.h"

/* -z flowstats,plot,FILE[,VIEW[,FILTER]]: a picture of the flows, without a window. */
void fs_plot_register(void);

#endif
