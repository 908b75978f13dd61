#ifndef FLOWSTATS_GROUPS_PART_COLUMNS_H
#define FLOWSTATS_GROUPS_PART_COLUMNS_H

#include "merge.h"
#include "view.h"

/*
 * The columns of -z flowstats,parts that rows make: those that say how two parts
 * of a flow merge.  test/reference.py writes what SQL does with them.
 *
 * Directions are ends of the flow's key here, not up and down.
 */
struct flow_part_column {
    const char *name; /* "pkts0" of "*.pkts", "tcp_flags1" of "tcp.*.flags", "start" */
    const struct flow_group *group;
    const struct flow_row *row;
    enum flow_dir end; /* FLOW_DIRS: both together */
};

/* Return a column by its number from 0; NULL past the end. */
const struct flow_part_column *flow_part_column(size_t number);

/* The states of all groups that have columns, for a part.  All zero is the valid beginning. */

void *flow_part_states_new(void); /* g_free() it */

void flow_part_states_clear(void *states);

/* Return the state of a group that has columns. */
void *flow_part_state(void *states, const struct flow_group *group);

/* Add a fact of a flow, whose direction is the end that sent it. */
void flow_part_states_apply(void *states, const struct flow_key *key, const struct flow_fact *fact);

/* Return the value that a part has in a column.  The view has the flow, if nothing else. */
struct flow_value flow_part_value(const struct flow_part_column *column, void *states,
                                  struct flow_view *view);

#endif
