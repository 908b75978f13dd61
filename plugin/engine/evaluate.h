#ifndef FLOWSTATS_ENGINE_EVALUATE_H
#define FLOWSTATS_ENGINE_EVALUATE_H

#include "groups.h"
#include "history.h"

#include "table.h"

/*
 * The states of flows, so far and whole, folded from their facts when asked.
 *
 * What was folded last of a flow is kept, in caches of bounded size, and goes on
 * from there; in long flows checkpoints are left on the way, so that a jump to
 * any packet folds few facts.  The order of questions changes no answer.
 */
struct flow_evaluation;

/* All three outlive it; groups does not change. */
struct flow_evaluation *flow_evaluation_new(struct flow_history *history,
                                            const struct flow_table *table,
                                            const struct flow_groups *groups);
void flow_evaluation_free(struct flow_evaluation *evaluation); /* NULL is fine */

/*
 * Return the state of a group, by its number among the groups, after so many
 * facts of a flow.  flow_evaluate_whole(): after all that there are.  Valid until
 * the next question about that group, or until a fact is recorded.
 */
const void *flow_evaluate_at(struct flow_evaluation *evaluation, size_t group, uint32_t flow,
                             uint32_t facts);
const void *flow_evaluate_whole(struct flow_evaluation *evaluation, size_t group, uint32_t flow);

/*
 * Fold the facts that are kept of one flow in one pass, into the states of those
 * groups (a bit each), but for facts that passes() does not let through (NULL:
 * all).  states: a pointer to each of these groups' state, by number, of the facts
 * before them.
 */
typedef bool (*flow_passes)(const struct flow_fact *fact, void *data);
void flow_evaluate_flow(struct flow_evaluation *evaluation, uint32_t flow, uint32_t groups,
                        flow_passes passes, void *data, void *const *states);

/*
 * Facts can be forgotten when they are settled: folded once and for all.
 */

/* Settle the first so many facts of a flow, those among them that were not settled before. */
void flow_evaluate_settle(struct flow_evaluation *evaluation, uint32_t flow, uint32_t facts);

/*
 * Return the states of the facts that are settled, each group's where its state_at
 * says; NULL: none are.  Valid until more are.
 */
const uint8_t *flow_evaluate_settled(const struct flow_evaluation *evaluation, uint32_t flow);

/* Forget all about a flow: another one may have its number. */
void flow_evaluate_forget(struct flow_evaluation *evaluation, uint32_t flow);

#endif
