#ifndef FLOWSTATS_ENGINE_TALLY_H
#define FLOWSTATS_ENGINE_TALLY_H

#include "meter.h"

/*
 * The flows as one statistic sees them: all of them as they are, or those of
 * the packets that passed its filter, with the measures of these packets alone.
 *
 * It remembers which frames passed (a bit each) and folds their facts when it
 * is asked; what it says is right also of fragments that were accounted after
 * their own frame.
 */
struct flow_tally;

struct flow_tally *flow_tally_new(bool is_filtered);
void flow_tally_free(struct flow_tally *tally); /* NULL is fine */

/* Begin again: forget what passed. */
void flow_tally_clear(struct flow_tally *tally);

/* A file is over and another one follows: remember what passed as far as flows go on. */
void flow_tally_go_on(struct flow_tally *tally, struct flow_meter *meter);

/* Record that a frame passed the filter. */
void flow_tally_pass(struct flow_tally *tally, uint32_t frame);

/* Return whether a frame has passed; where there is no filter, each has. */
bool flow_tally_has_passed(const struct flow_tally *tally, uint32_t frame);

/*
 * Call back for every flow of a meter in the order of ids; between two files for
 * those that do not go on.  Of a view only fields
 * of scope FLOW and WHOLE are known.
 */
void flow_tally_each(struct flow_tally *tally, struct flow_meter *meter,
                     void (*call)(struct flow_view *view, void *data), void *data);

/* Call back likewise for one flow, which is about to be forgotten. */
void flow_tally_last(struct flow_tally *tally, struct flow_view *view,
                     void (*call)(struct flow_view *view, void *data), void *data);

/* The first so many facts of a flow are about to be forgotten: take what of them passed. */
void flow_tally_keep(struct flow_tally *tally, struct flow_view *view, uint32_t facts);

#endif
