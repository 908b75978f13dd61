#ifndef FLOWSTATS_TABLES_H
#define FLOWSTATS_TABLES_H

#include "ws_compat.h"

/* The flow table: Statistics > Flow Statistics, and -z flowstats,table[,FILTER]. */
void fs_tables_register(void);

/* A frame is being dissected again; at the last one of the file a retap comes to its end. */
void fs_tables_later_dissection(bool is_last);

#endif
