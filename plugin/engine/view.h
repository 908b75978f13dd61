#ifndef FLOWSTATS_ENGINE_VIEW_H
#define FLOWSTATS_ENGINE_VIEW_H

#include "evaluate.h"
#include "table.h"

/* What all flows of a capture share. */
struct flow_capture {
    struct flow_limits limits;
    int64_t first_ns; /* the earliest and the latest timestamp */
    int64_t last_ns;
    bool has_time;
    bool is_over;    /* no packet will come any more */
    bool is_between; /* the file is over, and another one follows */
    bool is_partial; /* flows are forgotten */
};

/*
 * The states of one flow as a statistic sees them: of the packets that passed
 * its filter.  Each is folded when it is first asked for.
 */
struct flow_selection {
    void *states[FLOW_EXTENSIONS_MAX]; /* room for each group's */
    const uint8_t *settled; /* states of facts that are not kept, by state_at; NULL: of none */
    uint32_t folded;        /* a bit for each group whose state is there */
    flow_passes passes;     /* NULL: all packets pass */
    void *data;
};

struct flow_among; /* values across flows: among.h */
struct flow_links; /* which flow set up which: links.h */

/*
 * What can be asked about a flow, at one of its packets or as a whole.  What
 * costs something is computed when it is asked for.  Not to be copied: fact
 * points into it.
 */
struct flow_view {
    struct flow_view_head head;
    struct flow_history *history;
    struct flow_evaluation *evaluation;
    struct flow_among *among;
    const struct flow_links *links;
    const struct flow_groups *groups;
    const struct flow_paths *paths;
    const struct flow_capture *capture;
    const struct flow *flow;
    uint32_t index;                   /* which flow of the capture, from 0 */
    uint32_t packet;                  /* which packet of the flow, from 0 */
    uint32_t facts;                   /* of the flow up to and including this packet */
    const struct flow_fact *fact;     /* this packet; NULL in the view of a flow */
    struct flow_selection *selection; /* whose states stand for the whole; NULL: the flow's own */
    size_t group;    /* number of the one that was asked last: often the next one, too */
    bool with_whole; /* false: the whole flow cannot be known yet: a first dissection */
    struct flow_fact packet_fact;
    char text[FLOW_PATH_TEXT_LEN]; /* the last text value */
};

/* Return whether a group is on. */
bool flow_view_has(struct flow_view *view, const struct flow_group *group);

/*
 * Return the state of a group at this packet, or of the whole flow; NULL where it
 * cannot be known, or the group is off.  Valid until the next question about that
 * group.
 */
const void *flow_view_so_far(struct flow_view *view, const struct flow_group *group);
const void *flow_view_whole(struct flow_view *view, const struct flow_group *group);

/* Return the state of another group in the reading that a row is asked about. */
const void *flow_asked_state(const struct flow_asked *asked, const struct flow_group *group);

/*
 * Fold a group that has no notes, whether it is on or not, over the facts that
 * flow_view_whole() stands for.  ret_state: zeroed room.
 */
void flow_view_fold(struct flow_view *view, const struct flow_group *group, void *ret_state);

/* Fold the states of some groups (a bit each) for the view's selection. */
void flow_view_select(struct flow_view *view, uint32_t groups);

/* Return what a group keeps once of the flow, NULL where there is nothing (yet). */
const void *flow_view_once(struct flow_view *view, const struct flow_group *group);

/* Read another packet of the flow; false where there is none, or none is seen here. */
bool flow_view_packet(struct flow_view *view, uint32_t packet, struct flow_fact *ret_fact);

#endif
