#ifndef FLOWSTATS_FRAGMENTS_H
#define FLOWSTATS_FRAGMENTS_H

#include <flowstats/packet.h>

/*
 * Which flow the fragments of a datagram belong to, and the fragments that came
 * before their first one, in the order in which they came.
 *
 * They are released in that order, so only the oldest one's age is checked.
 *
 * A datagram is complete when the bytes of its fragments reach from 0 to the end
 * of the last one.  Then it is over, but for copies: repeats of its fragments
 * within FLOW_FRAGMENTS_COPY_NS.
 *
 * Bounded: FLOW_FRAGMENTS_DATAGRAMS latest first fragments are remembered, and
 * FLOW_FRAGMENTS_PIECES fragments of each; of more it is not known whether they
 * are copies, or came out of order.  FLOW_FRAGMENTS_WAITING fragments may wait.
 */
enum {
    FLOW_FRAGMENTS_DATAGRAMS = 65536,
    FLOW_FRAGMENTS_PIECES = 64,
    FLOW_FRAGMENTS_WAITING = 16384
};

/* How long a fragment waits for its first one, in capture time. */
#define FLOW_FRAGMENTS_WAIT_NS (60 * INT64_C(1000000000))

/* How long after the completion of its datagram a repeated fragment is a copy. */
#define FLOW_FRAGMENTS_COPY_NS INT64_C(1000000000)

struct flow_fragments;

/* One that waits.  Its packet has its own copy of the notes, and no layers but those of path. */
struct flow_waiting;

struct flow_fragments *flow_fragments_new(void);
void flow_fragments_free(struct flow_fragments *fragments); /* NULL is fine */

/*
 * Learn where the first fragment of a datagram goes, and those that wait for it;
 * the latest one stands.  encapsulation: flow_paths_compared() of the packet,
 * here and below.  flow: any number that tells it from all others.
 */
void flow_fragments_learn(struct flow_fragments *fragments, const struct flow_packet *first,
                          uint32_t encapsulation, uint64_t flow, enum flow_dir dir);

/* Add a later fragment to its datagram, whose flow and direction return; false: it has none. */
bool flow_fragments_join(struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t encapsulation, uint64_t *ret_flow, enum flow_dir *ret_dir);

/* Let a fragment wait for its first one.  path: flow_paths_shown() of its layers. */
void flow_fragments_wait(struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t encapsulation, uint32_t path);

/* Whether a fragment waits for this first one. */
bool flow_fragments_are_waiting(const struct flow_fragments *fragments,
                                const struct flow_packet *first, uint32_t encapsulation);

/*
 * Take the next fragment that waits for this first one, or whose time is over at
 * now_ns or that is one too many, or that waits at all.  NULL: none.  Free it
 * with flow_waiting_free().
 */
struct flow_waiting *flow_fragments_take_of(struct flow_fragments *fragments,
                                            const struct flow_packet *first,
                                            uint32_t encapsulation);
struct flow_waiting *flow_fragments_take_overdue(struct flow_fragments *fragments, int64_t now_ns);
struct flow_waiting *flow_fragments_take(struct flow_fragments *fragments);

/* Whether no fragment waits. */
bool flow_fragments_is_empty(const struct flow_fragments *fragments);

/* Whether the fragment that came last waits, and is this frame's. */
bool flow_fragments_is_waiting(const struct flow_fragments *fragments, uint32_t frame);

const struct flow_packet *flow_waiting_packet(const struct flow_waiting *waiting);
uint32_t flow_waiting_encapsulation(const struct flow_waiting *waiting);
uint32_t flow_waiting_path(const struct flow_waiting *waiting);
void flow_waiting_free(struct flow_waiting *waiting);

#endif
