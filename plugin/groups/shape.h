#ifndef FLOWSTATS_GROUPS_SHAPE_H
#define FLOWSTATS_GROUPS_SHAPE_H

#include "samples.h"

#include <flowstats/extension.h>

/*
 * The shape of a flow: how long its packets are, and when they come.
 *
 * Times are those of a clock that never goes back: a packet that is older than
 * one before it counts at the time of that one.  Packets without a time have
 * lengths, and no gaps.
 */
struct shape_clock {
    int64_t first_ns; /* of the first packet */
    int64_t latest_ns;
    uint64_t packets; /* with a time; 0: no time is known */
    struct flow_samples gaps;
};

struct shape_half {
    struct shape_clock clock;
    struct flow_samples len;     /* of frames */
    struct flow_samples payload; /* of packets that have some */
    uint64_t payload_packets;    /* those of them with a time */
    int64_t payload_first_ns;    /* by the clock of this direction */
    int64_t payload_last_ns;
};

/* Bytes on the wire in intervals of time. */
struct shape_bin {
    uint64_t bytes;    /* in the interval that is open */
    uint64_t greatest; /* in one of those before */
};

struct shape_state {
    struct shape_half half[FLOW_DIRS];
    struct shape_clock clock;
    struct flow_samples active; /* periods that are over */
    struct flow_samples idle;
    int64_t active_since_ns;
    uint64_t interval;                    /* which one is open, from 0 */
    struct shape_bin bins[FLOW_DIRS + 1]; /* up, down, both */
};

extern const struct flow_group flow_shape;

/* Return the samples of both directions together. */
struct flow_samples flow_shape_both(const struct flow_samples *up, const struct flow_samples *down);

/* Return the periods of activity; the one that goes on counts as if it were over. */
struct flow_samples flow_shape_active(const struct shape_state *state);

#endif
