#ifndef FLOWSTATS_WS_STREAM_H
#define FLOWSTATS_WS_STREAM_H

#include "ws_compat.h"

/*
 * -z flowstats,stream[,FILE[,FILTER]]: a line of JSON for each flow, when it has
 * ended, while the capture goes on.
 */
void fs_stream_register(void);

#endif
