#ifndef FLOWSTATS_ENGINE_AMONG_H
#define FLOWSTATS_ENGINE_AMONG_H

#include "evaluate.h"

/*
 * Values across flows: what no flow knows of itself.
 *
 * They are computed in one pass over all flows when the first is asked for, and
 * stand until a fact is recorded.  Flows that were forgotten are not among them.
 */
struct flow_among;
struct flow_tunnels;

/* All five outlive it. */
struct flow_among *flow_among_new(struct flow_history *history, struct flow_table *table,
                                  const struct flow_paths *paths,
                                  struct flow_evaluation *evaluation,
                                  const struct flow_groups *groups);
void flow_among_free(struct flow_among *among); /* NULL is fine */

/* Return which flow has most bytes on the wire, from 1; of two with as many the earlier one. */
uint32_t flow_among_rank(struct flow_among *among, uint32_t flow);

/* Return a flow's part of the bytes on the wire of all flows, in percent; false where they are 0.
 */
bool flow_among_share(struct flow_among *among, uint32_t flow, double *ret_percent);

/* Return how many flows have begun at a frame, it included, and have not ended before it. */
uint32_t flow_among_live(struct flow_among *among, uint32_t frame);

/*
 * Return how many TCP connections are open after a frame: in the states from
 * SynSent to Closing.  A flow that another one takes the place of is over then.
 */
uint32_t flow_among_live_tcp(struct flow_among *among, uint32_t frame);

/*
 * Return how many flows before that one had its ends in its encapsulation, and the
 * id of the last of them; 0 of them: *ret_id is untouched.  This needs no pass: flows
 * are looked at once.
 */
uint32_t flow_among_earlier(struct flow_among *among, uint32_t flow, uint32_t *ret_id);

/* Return the tunnels that flows came through, with what they carried. */
const struct flow_tunnels *flow_among_tunnels(struct flow_among *among);

/*
 * Where flows are forgotten: one is about to be, and from the first of those on
 * (or from before) another one has begun.  What those before it were it keeps.
 */
void flow_among_begun(struct flow_among *among, uint32_t flow);
void flow_among_forget(struct flow_among *among);

#endif
