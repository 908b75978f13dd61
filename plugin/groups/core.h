#ifndef FLOWSTATS_GROUPS_CORE_H
#define FLOWSTATS_GROUPS_CORE_H

#include "state.h"

#include <flowstats/extension.h>

/*
 * The group that is always on: who talks to whom, counters and times.  Its
 * state is struct flow_state.
 */
extern const struct flow_group flow_core;

/* Return how many packets a flow had. */
static inline uint32_t flow_state_pkts(const struct flow_state *state)
{
    return state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

#endif
