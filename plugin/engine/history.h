#ifndef FLOWSTATS_ENGINE_HISTORY_H
#define FLOWSTATS_ENGINE_HISTORY_H

#include <flowstats/fact.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * The facts of a capture: each flow's own, in the order of accounting, found by
 * (flow, number), and its packets also by frame.
 *
 * A flow's facts are its packets and, between them, its events.  Packets are
 * numbered from 0, and so are facts; the two differ where a flow has events.
 */
struct flow_history;

/* A packet of a flow. */
struct flow_place {
    uint32_t flow;
    uint32_t packet;
};

/* note_size: bytes of notes that each packet has; once_size: bytes that each flow has. */
struct flow_history *flow_history_new(uint32_t note_size, uint32_t once_size);
void flow_history_free(struct flow_history *history); /* NULL is fine */

/*
 * Record a packet of a flow; flows are numbered from 0 without gaps.  It becomes
 * that of its frame, in place of an earlier one (a frame number can be used
 * again).  notes: NULL for zeros.  Returns its number in the flow.
 */
uint32_t flow_history_record(struct flow_history *history, uint32_t flow,
                             const struct flow_fact *fact, const void *notes);

/* Record an event after the last packet of a flow, which has one. */
void flow_history_record_event(struct flow_history *history, uint32_t flow,
                               const struct flow_fact *event);

/* Find the packet of a frame; false where there is none. */
bool flow_history_find(const struct flow_history *history, uint32_t frame,
                       struct flow_place *ret_place);

/* Return how many packets a flow has, and how many facts. */
uint32_t flow_history_packets(const struct flow_history *history, uint32_t flow);
uint32_t flow_history_facts(const struct flow_history *history, uint32_t flow);

/* Return how many facts were recorded, of all flows. */
uint64_t flow_history_recorded(const struct flow_history *history);

/* Return how many facts a flow had when that packet was recorded, it included. */
uint32_t flow_history_facts_until(const struct flow_history *history, uint32_t flow,
                                  uint32_t packet);

/*
 * Return a fact, its flow and ordinal filled in, and the notes of it (zeros of an
 * event); NULL past the end.  Both are valid until the next question.  The fact
 * after the one that was asked for last of that flow is one step away; any other
 * is at most FLOW_HISTORY_STRIDE steps away.
 */
enum { FLOW_HISTORY_STRIDE = 128 };
const struct flow_fact *flow_history_fact(struct flow_history *history, uint32_t flow,
                                          uint32_t number, const void **ret_notes);

/* Read a packet of a flow; false past the end.  As quick as flow_history_fact(). */
bool flow_history_packet(struct flow_history *history, uint32_t flow, uint32_t packet,
                         struct flow_fact *ret_fact);

/* Return the frame of a flow's first and last packet; the flow has packets. */
uint32_t flow_history_first_frame(const struct flow_history *history, uint32_t flow);
uint32_t flow_history_last_frame(const struct flow_history *history, uint32_t flow);

/* Return the time of a flow's first packet; false where it has none. */
bool flow_history_first_time(const struct flow_history *history, uint32_t flow,
                             int64_t *ret_time_ns);

/* Return the bytes that a flow has for itself, zeros in the beginning; NULL without any. */
void *flow_history_once(struct flow_history *history, uint32_t flow);

/* Record which flow an ICMP error speaks of. */
void flow_history_record_error_for(struct flow_history *history, struct flow_place place,
                                   uint32_t flow);
bool flow_history_error_for(const struct flow_history *history, struct flow_place place,
                            uint32_t *ret_flow);

#endif
