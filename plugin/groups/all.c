#include "all.h"

#include "community_id.h"
#include "core.h"
#include "holes.h"
#include "quality.h"
#include "tcp_group.h"
#include "zeek.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core, &flow_tcp_group, &flow_holes, &flow_zeek, &flow_community_id, &flow_quality, NULL,
};
