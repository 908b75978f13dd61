#ifndef FLOWSTATS_GROUPS_ENDING_H
#define FLOWSTATS_GROUPS_ENDING_H

#include "view.h"

/* IPFIX flowEndReason (information element 136). */
enum flow_end_reason {
    FLOW_END_OPEN = 0, /* not over yet */
    FLOW_END_IDLE_TIMEOUT = 1,
    FLOW_END_ACTIVE_TIMEOUT = 2,
    FLOW_END_DETECTED = 3,
    FLOW_END_FORCED = 4,
    FLOW_END_NO_RESOURCES = 5,
};

/* Return why the whole flow ended, the first reason that applies. */
enum flow_end_reason flow_end_reason_of(struct flow_view *view);

#endif
