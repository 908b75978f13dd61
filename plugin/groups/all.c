#include "all.h"

#include "core.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,
    NULL,
};
