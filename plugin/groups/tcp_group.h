#ifndef FLOWSTATS_GROUPS_TCP_GROUP_H
#define FLOWSTATS_GROUPS_TCP_GROUP_H

#include "tcp.h"

#include <flowstats/extension.h>

/* The group tcp, always on: state, resets and the handshake.  Its state is struct flow_tcp. */
extern const struct flow_group flow_tcp_group;

extern const struct flow_name flow_tcp_state_names[];

#endif
