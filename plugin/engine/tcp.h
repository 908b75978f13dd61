#ifndef FLOWSTATS_TCP_H
#define FLOWSTATS_TCP_H

#include <flowstats/state.h>

/* The TCP part of flow_state_apply(): fold a segment into handshake timing and state. */
void flow_tcp_apply(struct flow_state *state, const struct flow_fact *segment);

#endif
