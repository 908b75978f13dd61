#ifndef FLOWSTATS_ENGINE_CORE_H
#define FLOWSTATS_ENGINE_CORE_H

#include <flowstats/extension.h>
#include <flowstats/state.h>

/*
 * The group that is always on: who talks to whom, counters, times and TCP.  Its
 * state is struct flow_state.
 */
extern const struct flow_group flow_core;

/* Return how many packets a flow had. */
static inline uint32_t flow_state_pkts(const struct flow_state *state)
{
    return state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

/* Return the round-trip time of the handshake; false where it is not known. */
bool flow_state_rtt(const struct flow_state *state, int64_t *ret_ns);

#endif
