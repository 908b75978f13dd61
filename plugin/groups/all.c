#include "all.h"

#include "core.h"
#include "quality.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,
    &flow_quality,
    NULL,
};
