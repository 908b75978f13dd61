#ifndef FLOWSTATS_VIEW_H
#define FLOWSTATS_VIEW_H

#include "history.h"
#include "table.h"

/* IPFIX flowEndReason (information element 136). */
enum flow_end_reason {
    FLOW_END_OPEN = 0, /* not over yet */
    FLOW_END_IDLE_TIMEOUT = 1,
    FLOW_END_ACTIVE_TIMEOUT = 2,
    FLOW_END_DETECTED = 3,
    FLOW_END_FORCED = 4,
};

const char *flow_end_reason_name(enum flow_end_reason reason);

/*
 * What can be asked about a flow, at one of its packets or as a whole.  What
 * costs something is computed when it is asked for.
 */
struct flow_view {
    struct flow_history *history;             /* NULL in the view of a flow whose file is closed */
    const struct flow_extensions *extensions; /* whose data lie behind the states; NULL: none */
    const struct flow *flow;
    const struct flow_paths *paths; /* of flow->way[].path; NULL: the file is closed */
    const char *vni;                /* then: the text that flow.vni had */
    const struct flow_fact *fact;   /* this packet; NULL in the view of a flow */
    uint32_t first_frame;           /* of the flow's first and last packet */
    uint32_t last_frame;
    uint32_t first_id;               /* id of the file's first flow */
    const struct flow_state *whole;  /* NULL while it cannot be known: a first dissection */
    enum flow_end_reason end_reason; /* of the whole flow */
    char text[FLOW_PATH_TEXT_LEN];   /* the last text value */
};

/*
 * The state up to and including this packet, valid until it is asked for at
 * another packet; NULL in the view of a flow.
 */
const struct flow_state *flow_view_so_far(struct flow_view *view);

#endif
