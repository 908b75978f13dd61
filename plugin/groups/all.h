#ifndef FLOWSTATS_GROUPS_ALL_H
#define FLOWSTATS_GROUPS_ALL_H

#include <flowstats/extension.h>

/* The groups that need facts alone, core first; NULL after the last.  A new one is listed here. */
extern const struct flow_group *const flow_groups_all[];

#endif
