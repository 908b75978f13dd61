#ifndef FLOWSTATS_TABLES_H
#define FLOWSTATS_TABLES_H

#include "ws_compat.h"

/* The flow table: Statistics > Flow Statistics, and -z flowstats,table[,FILTER]. */
void fs_tables_register(void);

/* The last frame of the file is being dissected again: a retap comes to its end. */
void fs_tables_end_of_retap(void);

#endif
