#ifndef FLOWSTATS_WS_STAT_TABLE_H
#define FLOWSTATS_WS_STAT_TABLE_H

#include "ws_compat.h"

/* The flow table: Statistics > Flow Statistics, and -z flowstats,table[,FILTER]. */
void fs_stat_table_register(void);

/* Preferences have been applied: let the next table have the columns that the user has chosen. */
void fs_stat_table_apply(void);

/* Note that a frame is dissected again; at the last one of the file a retap comes to its end. */
void fs_stat_table_later_dissection(bool is_last);

#endif
