#ifndef FLOWSTATS_GROUPS_AMONG_FLOWS_H
#define FLOWSTATS_GROUPS_AMONG_FLOWS_H

#include <flowstats/extension.h>

/* A flow among the others: its rank and share, and those that had its key before. */
extern const struct flow_group flow_among_flows;

#endif
