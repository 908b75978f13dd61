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
 *
 * Facts can be forgotten, the earliest of a flow first.  The others keep their
 * numbers, and what is counted here counts those that were forgotten, too.  Of a
 * flow's first packet the fact can be read all the same.
 *
 * Frames go on being numbered from file to file of one history: what facts say
 * is the number in all of them, one after the other.
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
 * event); NULL past the end, and where it was forgotten.  Both are valid until the next question.
 * The fact after the one that was asked for last of that flow is one step away; any other is at
 * most FLOW_HISTORY_STRIDE steps away.
 */
enum { FLOW_HISTORY_STRIDE = 128 };
const struct flow_fact *flow_history_fact(struct flow_history *history, uint32_t flow,
                                          uint32_t number, const void **ret_notes);

/*
 * Read a packet of a flow; false past the end, and where it was forgotten and is
 * not the first.  As quick as flow_history_fact().
 */
bool flow_history_packet(struct flow_history *history, uint32_t flow, uint32_t packet,
                         struct flow_fact *ret_fact);

/* Return the frame of a flow's first and last packet; the flow has packets. */
uint32_t flow_history_first_frame(const struct flow_history *history, uint32_t flow);
uint32_t flow_history_last_frame(const struct flow_history *history, uint32_t flow);

/* Return the bytes on the wire of a flow's packets. */
uint64_t flow_history_wire_bytes(struct flow_history *history, uint32_t flow);

/* Return the time of a flow's first packet; false where it has none. */
bool flow_history_first_time(const struct flow_history *history, uint32_t flow,
                             int64_t *ret_time_ns);

/* Return the bytes that a flow has for itself, zeros in the beginning; NULL without any. */
void *flow_history_once(struct flow_history *history, uint32_t flow);

/* Record the id of the flow that an ICMP error speaks of. */
void flow_history_record_error_for(struct flow_history *history, struct flow_place place,
                                   uint32_t id);
bool flow_history_error_for(const struct flow_history *history, struct flow_place place,
                            uint32_t *ret_id);

/* Forget */

/* Remember the places of the latest frames and errors alone, from now on. */
void flow_history_bound(struct flow_history *history);

/*
 * Forget the first so many packets of a flow and the events among them: all, or
 * a multiple of FLOW_HISTORY_STRIDE of those that are kept.
 */
void flow_history_forget(struct flow_history *history, uint32_t flow, uint32_t packets);

/* Return how many packets of a flow are kept, and how many facts were forgotten. */
uint32_t flow_history_kept(const struct flow_history *history, uint32_t flow);
uint32_t flow_history_forgotten(const struct flow_history *history, uint32_t flow);

/* Forget a flow: another one may have its number. */
void flow_history_forget_flow(struct flow_history *history, uint32_t flow);

/*
 * Begin another file, whose frames are numbered from 1, after one that had so
 * many: its frames are found no more.
 */
void flow_history_begin_file(struct flow_history *history, uint32_t frames);

/* Return how many frames there were in files before this one. */
uint32_t flow_history_frames_before(const struct flow_history *history);

/* Count files from this many on, whose flows and frames were others' (0 without this). */
void flow_history_number_files(struct flow_history *history, uint32_t files_before);

/* Return in which file a frame is, from 1; frames are counted through all files. */
uint32_t flow_history_file(const struct flow_history *history, uint32_t frame);

#endif
