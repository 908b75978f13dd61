#ifndef FLOWSTATS_ENGINE_METER_H
#define FLOWSTATS_ENGINE_METER_H

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

/*
 * Account a packet, after all fragments that are due before it.  Its notes are
 * those of all groups, as flow_groups_add() placed them.
 */
void flow_meter_account(struct flow_meter *meter, const struct flow_packet *packet);

/*
 * The first pass is over: count the fragments that still wait, and let open
 * flows end with the capture.  More packets may follow all the same.
 */
void flow_meter_finish(struct flow_meter *meter);

uint32_t flow_meter_flows(const struct flow_meter *meter);

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

/* Make the view of the n-th flow, as a whole; false from flow_meter_flows() on. */
bool flow_meter_flow_view(struct flow_meter *meter, uint32_t flow, struct flow_view *ret_view);

/* Forget states that were folded: what folds read beside facts has changed. */
void flow_meter_forget_states(struct flow_meter *meter);

/*
 * Return what groups keep once of the flow of a frame, to be written: a byte for
 * each group (whether it knows), then their values.  NULL where the frame has no
 * flow, or no group keeps anything.
 */
void *flow_meter_once(struct flow_meter *meter, uint32_t frame);

#endif
