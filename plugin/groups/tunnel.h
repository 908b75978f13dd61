#ifndef FLOWSTATS_ENGINE_TUNNEL_H
#define FLOWSTATS_ENGINE_TUNNEL_H

#include <flowstats/extension.h>

/* flow.tunnel.*: what the tunnel of a flow carries. */
extern const struct flow_group flow_tunnel_group;

#endif
