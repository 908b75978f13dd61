#ifndef FLOWSTATS_FRAGMENTS_H
#define FLOWSTATS_FRAGMENTS_H

#include "packet.h"

/*
 * Which flow the fragments of a datagram belong to, and the fragments that came
 * before their first one, in the order in which they came.
 *
 * They are counted in that order, so the oldest holds back the others: only its
 * time is looked at.
 *
 * Bounded: FLOW_FRAGMENTS_DATAGRAMS latest first fragments are remembered, and
 * FLOW_FRAGMENTS_WAITING fragments may wait.
 */
enum { FLOW_FRAGMENTS_DATAGRAMS = 65536, FLOW_FRAGMENTS_WAITING = 16384 };

/* How long a fragment waits for its first one, in capture time. */
#define FLOW_FRAGMENTS_WAIT_NS (60 * INT64_C(1000000000))

struct flow_fragments;

/* One that waits.  Its packet's layers and notes are the waiting fragment's own copies. */
struct flow_waiting;

struct flow_fragments *flow_fragments_new(void);
void flow_fragments_free(struct flow_fragments *fragments); /* NULL is fine */

/* Where the first fragment went; the latest one stands. */
void flow_fragments_learn(struct flow_fragments *fragments, const struct flow_packet *first,
                          uint32_t path, uint32_t flow, enum flow_dir dir);

/* The flow and direction of the datagram of a later fragment; false where they are not known. */
bool flow_fragments_find(const struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t path, uint32_t *ret_flow, enum flow_dir *ret_dir);

/* Let a fragment wait for its first one. */
void flow_fragments_wait(struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t path);

/*
 * Take the next fragment that waits for this first fragment, the next one whose
 * time is over at now_ns or that is one too many, or simply the next one.  NULL:
 * none.  The caller frees it with flow_waiting_free().
 */
struct flow_waiting *flow_fragments_take_of(struct flow_fragments *fragments,
                                            const struct flow_packet *first, uint32_t path);
struct flow_waiting *flow_fragments_take_overdue(struct flow_fragments *fragments, int64_t now_ns);
struct flow_waiting *flow_fragments_take(struct flow_fragments *fragments);

/* Whether none waits, and whether that frame is one that does: the one that came last, that is. */
bool flow_fragments_is_empty(const struct flow_fragments *fragments);
bool flow_fragments_is_waiting(const struct flow_fragments *fragments, uint32_t frame);

const struct flow_packet *flow_waiting_packet(const struct flow_waiting *waiting);
uint32_t flow_waiting_path(const struct flow_waiting *waiting);
void flow_waiting_free(struct flow_waiting *waiting);

#endif
