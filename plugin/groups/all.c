#include "all.h"

#include "among_flows.h"
#include "core.h"
#include "turns.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,
    &flow_turns,
    &flow_among_flows,
    NULL,
};
