#ifndef FLOWSTATS_ENGINE_METER_H
#define FLOWSTATS_ENGINE_METER_H

#include "orphans.h"
#include "view.h"

/*
 * The flows of one open file: packets go in, in the order of their frames, and
 * views come out, in any order.
 */
struct flow_meter;

/*
 * limits: NULL for none.  first_id: the id of the first flow.  groups: those that
 * are on, core the first of them; they outlive the meter and do not change; NULL:
 * those that are always on.
 */
struct flow_meter *flow_meter_new(const struct flow_limits *limits, uint32_t first_id,
                                  const struct flow_groups *groups);
void flow_meter_free(struct flow_meter *meter); /* NULL is fine */

/* What a meter is to keep, and who wants to know of what it does not. */
struct flow_bounds {
    uint32_t max_open;     /* flows: the longest silent ones end where there are more */
    uint32_t files_before; /* files that ended with their flows, before this meter's first one */
    /*
     * In a stream flows end as the capture goes on, and no facts are kept but the
     * latest of open flows.  Else all is kept as long as its file is open, and
     * flows end with the file or with the capture.
     */
    bool is_stream;
    bool keeps_orphans; /* errors about flows that there are no packets of */
    /* In a stream: a flow has ended.  Nothing is known of it after the call. */
    void (*ended)(struct flow_view *view, void *data);
    /* The first so many facts of the view's flow are about to be forgotten; NULL: nobody asks. */
    void (*forgetting)(struct flow_view *view, uint32_t facts, void *data);
    void *data;
};

/* Set the bounds of a meter, before its first packet. */
void flow_meter_bound(struct flow_meter *meter, const struct flow_bounds *bounds);

/*
 * Account a packet, after all fragments that are due before it.  Its notes are
 * those of all groups, as flow_groups_add() placed them.
 */
void flow_meter_account(struct flow_meter *meter, const struct flow_packet *packet);

/* Return whether the packet that was accounted last is the first of a flow, and links are shown. */
bool flow_meter_wants_link(const struct flow_meter *meter);

/* The frame of this file that set up the conversation of that packet (links.h); 0: none did. */
void flow_meter_link(struct flow_meter *meter, uint32_t frame);

/*
 * The first pass is over: count the fragments that still wait, and let open
 * flows end with the capture.  More packets may follow all the same.
 */
void flow_meter_finish(struct flow_meter *meter);

/*
 * One file is over, and another one follows.  flow_meter_end_file(): so many
 * frames were in it.  Where somebody is told of flows before that one begins, those
 * that do not go on have their successor; else this waits, for it looks at all flows,
 * and a program may end here.
 * flow_meter_begin_file(): forget those, and the facts of the others, which go on
 * with the states that they have.  Frames are numbered from 1 again: what is told
 * of a packet are frames of its own file, by their number in it; what is told of a
 * flow are frames by their number in all files, one after the other.
 */
void flow_meter_end_file(struct flow_meter *meter, uint32_t frames, bool is_told);
void flow_meter_begin_file(struct flow_meter *meter);

/* Return whether one file has ended, and the next one has not begun. */
bool flow_meter_is_between(const struct flow_meter *meter);

/* Return how many frames there were in the files that have ended. */
uint32_t flow_meter_frames(const struct flow_meter *meter);

/* Return the id of the next flow. */
uint32_t flow_meter_next_id(const struct flow_meter *meter);

uint32_t flow_meter_flows(const struct flow_meter *meter);

/* Return what all its flows share, and the paths that they refer to. */
const struct flow_capture *flow_meter_capture(const struct flow_meter *meter);
const struct flow_paths *flow_meter_paths(const struct flow_meter *meter);

/* Return the n-th flow that only errors speak of; NULL past the last, and where none are kept. */
const struct flow_orphan *flow_meter_orphan(const struct flow_meter *meter, unsigned n);

/* Whether flow_meter_finish() would change nothing. */
bool flow_meter_is_finished(const struct flow_meter *meter);

/*
 * Make the view of a frame's packet; with_whole: on any dissection but the first.
 * False where the frame has no flow, or its fragment still waits.
 * A view is valid until the next packet is accounted.
 */
bool flow_meter_view(struct flow_meter *meter, uint32_t frame, bool with_whole,
                     struct flow_view *ret_view);

/*
 * Whether the latest fragment that waits for the first one of its datagram is
 * that frame's.
 */
bool flow_meter_is_waiting(const struct flow_meter *meter, uint32_t frame);

/* Make the view of the n-th flow in order of ids, as a whole; false from flow_meter_flows() on. */
bool flow_meter_flow_view(struct flow_meter *meter, uint32_t n, struct flow_view *ret_view);

/* Forget states that were folded: what folds read beside facts has changed. */
void flow_meter_forget_states(struct flow_meter *meter);

/*
 * Return what groups keep once of the flow of a frame, to be written (groups.h).
 * NULL where the frame has no flow, or no group keeps anything.
 */
void *flow_meter_once(struct flow_meter *meter, uint32_t frame);

#endif
