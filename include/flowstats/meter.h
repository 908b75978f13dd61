#ifndef FLOWSTATS_METER_H
#define FLOWSTATS_METER_H

#include "view.h"

/*
 * The flows of one open file: packets go in, in the order of their frames, and
 * views come out, in any order.
 */
struct flow_meter;

/* limits: NULL for none.  first_id: the id of the first flow. */
struct flow_meter *flow_meter_new(const struct flow_limits *limits, uint32_t first_id);
void flow_meter_free(struct flow_meter *meter); /* NULL is fine */

/* Keep notes and data of extensions: flow_history_extend(). */
void flow_meter_extend(struct flow_meter *meter, const struct flow_extensions *extensions);

/* Account a packet.  All fragments that are due before it are counted before it. */
void flow_meter_account(struct flow_meter *meter, const struct flow_packet *packet);

/*
 * The first pass is over: count the fragments that still wait, and let open
 * flows end with the capture.  More packets may follow all the same.
 */
void flow_meter_finish(struct flow_meter *meter);

uint32_t flow_meter_flows(const struct flow_meter *meter);

/* Whether flow_meter_finish() would change anything. */
bool flow_meter_is_finished(const struct flow_meter *meter);

/*
 * The view of a frame's packet; with_whole: on any dissection but the first.
 * False where the frame has no flow, or its fragment still waits.
 * A view is valid until the next packet is accounted.
 */
bool flow_meter_view(struct flow_meter *meter, uint32_t frame, bool with_whole,
                     struct flow_view *ret_view);

/* Whether the fragment that came last waits for the first one of its datagram, and is this frame's.
 */
bool flow_meter_is_waiting(const struct flow_meter *meter, uint32_t frame);

/* The view of the n-th flow, as a whole; false from flow_meter_flows() on. */
bool flow_meter_flow_view(struct flow_meter *meter, uint32_t flow, struct flow_view *ret_view);

/*
 * Call back for every fact in the order of accounting, but for packets whose
 * frame number was used again.  flow_view.history folds them, with their notes.
 */
void flow_meter_each_fact(const struct flow_meter *meter,
                          void (*call)(const struct flow_fact *fact, void *data), void *data);

#endif
