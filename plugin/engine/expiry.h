#ifndef FLOWSTATS_ENGINE_EXPIRY_H
#define FLOWSTATS_ENGINE_EXPIRY_H

#include "table.h"

/*
 * Which flows of a stream may have ended: those that were silent for long, and
 * the longest silent ones where there are too many.
 *
 * A flow that ended is remembered as long as there is room, for what goes on
 * with it keeps its direction.  Each question costs the same, however many flows
 * there are; flows leave in the order of their last packets.
 */
struct flow_expiry;

/* Closed and reset connections end after so long a silence: late segments are theirs. */
#define FLOW_EXPIRY_LINGER_NS (5 * INT64_C(1000000000))

/* max_flows: open and remembered ones together, at least 1.  limits outlive it. */
struct flow_expiry *flow_expiry_new(const struct flow_limits *limits, uint32_t max_flows);
void flow_expiry_free(struct flow_expiry *expiry); /* NULL is fine */

/* An open flow has another packet; may_close: it may be closed or reset by now. */
void flow_expiry_packet(struct flow_expiry *expiry, const struct flow *flow, bool may_close);

/* A flow has ended and is remembered, or it is forgotten. */
void flow_expiry_ended(struct flow_expiry *expiry, const struct flow *flow);
void flow_expiry_forgotten(struct flow_expiry *expiry, const struct flow *flow);

/*
 * Find a flow, false where there is none; now_ns: the time of the packet that came last.
 *
 * flow_expiry_silent(): that the idle timeout has ended; where there is none, one
 * that was silent for the active timeout.  (Where both are set, silence alone
 * does not tell which of them its next packet will meet.)
 * flow_expiry_lingering(): that may be closed and has lingered; each silence of a
 * flow is told once.
 * flow_expiry_surplus(): that has to go, for there are too many: the remembered
 * one that ended first, or the open one that is silent for longest.
 * flow_expiry_any(): any that is open, the longest silent first.
 */
bool flow_expiry_silent(const struct flow_expiry *expiry, const struct flow_table *table,
                        int64_t now_ns, uint32_t *ret_flow);
bool flow_expiry_lingering(struct flow_expiry *expiry, const struct flow_table *table,
                           int64_t now_ns, uint32_t *ret_flow);
bool flow_expiry_surplus(const struct flow_expiry *expiry, uint32_t *ret_flow);
bool flow_expiry_any(const struct flow_expiry *expiry, uint32_t *ret_flow);

#endif
