#include "all.h"

#include "core.h"
#include "holes.h"
#include "zeek.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,
    &flow_holes,
    &flow_zeek,
    NULL,
};
