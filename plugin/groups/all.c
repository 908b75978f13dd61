#include "all.h"

#include "among_flows.h"
#include "community_id.h"
#include "core.h"
#include "header_group.h"
#include "holes.h"
#include "quality.h"
#include "shape.h"
#include "splt.h"
#include "tcp_group.h"
#include "tunnel.h"
#include "turns.h"
#include "zeek.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,        &flow_tcp_group,    &flow_shape,   &flow_splt, &flow_headers,
    &flow_holes,       &flow_turns,        &flow_quality, &flow_zeek, &flow_community_id,
    &flow_among_flows, &flow_tunnel_group, NULL,
};
