#include "all.h"

#include "core.h"
#include "tcp_group.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core,
    &flow_tcp_group,
    NULL,
};
