#include "all.h"

#include "core.h"
#include "headers.h"
#include "shape.h"
#include "splt.h"
#include "tcp_group.h"

const struct flow_group *const flow_groups_all[] = {
    &flow_core, &flow_tcp_group, &flow_shape, &flow_splt, &flow_headers, NULL,
};
