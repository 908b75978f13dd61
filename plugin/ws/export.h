#ifndef FLOWSTATS_EXPORT_H
#define FLOWSTATS_EXPORT_H

#include "ws_compat.h"

/*
 * -z flowstats,csv[,FILE[,FILTER]] and -z flowstats,json[,FILE[,FILTER]]: a row
 * a flow, with every field that a whole flow has.  -z flowstats,zeek likewise, in
 * the words of Zeek's conn.log, and -z flowstats,quality, one page on all of them.
 */
void fs_export_register(void);

#endif
