#include "all.h"

#include "core.h"
#include "turns.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,
    &flow_turns,
    NULL,
};
