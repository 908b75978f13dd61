#ifndef FLOWSTATS_HISTORY_H
#define FLOWSTATS_HISTORY_H

#include "extension.h"

/*
 * The facts of a capture in the order of accounting, and the answer to "what
 * did we know about this flow at that frame?".
 *
 * A state is rebuilt, not stored: the nearest checkpoint before the fact, plus
 * at most FLOW_HISTORY_STRIDE facts replayed through flow_state_apply().
 */
enum { FLOW_HISTORY_STRIDE = 32 };

struct flow_history;

struct flow_history *flow_history_new(void);
void flow_history_free(struct flow_history *history); /* NULL is fine */

/*
 * Keep notes and data of extensions from now on; before the first fact.  The
 * set is the caller's and outlives the history.
 */
void flow_history_extend(struct flow_history *history, const struct flow_extensions *extensions);
const struct flow_extensions *flow_history_extensions(const struct flow_history *history);

/*
 * Record a fact of fact.flow; flows are numbered from 0 without gaps.  The
 * history fills in what links it to the flow's others.  A packet becomes that
 * of its frame, in place of an earlier one (a frame number can be used again).
 * Returns the history's copy, valid as long as the history.
 */
const struct flow_fact *flow_history_record(struct flow_history *history, struct flow_fact fact);

/* The same with the notes of all extensions, as flow_extensions_add() placed them; NULL: all zero.
 */
const struct flow_fact *flow_history_record_noted(struct flow_history *history,
                                                  const struct flow_fact *fact, const void *notes);

/* The n-th fact, in the order of accounting; NULL behind the last. */
const struct flow_fact *flow_history_at(const struct flow_history *history, uint32_t number);

/* The packet of a frame, NULL where there is none. */
const struct flow_fact *flow_history_frame(const struct flow_history *history, uint32_t frame);

/*
 * The state of fact->flow just after that fact, with the extensions' data
 * behind it.  Valid until the next one is asked for, or a fact is recorded.
 */
const struct flow_state *flow_history_state_at(struct flow_history *history,
                                               const struct flow_fact *fact);

/* The state after the flow's last fact so far: the whole flow once the file is read. */
const struct flow_state *flow_history_final(const struct flow_history *history, uint32_t flow);

/*
 * States of one's own, with the extensions' data behind them: their size, and
 * how to fold a fact of the history into one of them.
 */
size_t flow_history_state_size(const struct flow_history *history);
void flow_history_apply(const struct flow_history *history, struct flow_state *state,
                        const struct flow_fact *fact);

/* A flow's packets in the order of accounting, events left out; NULL at the ends. */
const struct flow_fact *flow_history_first(const struct flow_history *history, uint32_t flow);
const struct flow_fact *flow_history_last(const struct flow_history *history, uint32_t flow);
const struct flow_fact *flow_history_previous(const struct flow_history *history,
                                              const struct flow_fact *fact);
const struct flow_fact *flow_history_next(const struct flow_history *history,
                                          const struct flow_fact *fact);

/* That the packet is an ICMP error about a flow, and which; false where it is none. */
void flow_history_note_error_for(struct flow_history *history, const struct flow_fact *fact,
                                 uint32_t flow);
bool flow_history_error_for(const struct flow_history *history, const struct flow_fact *fact,
                            uint32_t *ret_flow);

#endif
