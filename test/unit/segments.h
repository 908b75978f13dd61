#ifndef TEST_UNIT_SEGMENTS_H
#define TEST_UNIT_SEGMENTS_H

#include "packets.h"

#include <flowstats/extension.h>

/* A TCP connection in few words: a row a segment, ended by one without flags. */
struct segment {
    enum flow_dir dir;
    const char *flags; /* F, S, R and A; "" for none */
    uint32_t seq;
    uint32_t ack;
    uint32_t len;
    bool has_no_window;
};

/* Rows: the letters of the flags, sequence number, acknowledgement, payload bytes. */
#define SEGMENT(dir, flags, seq, ack, len)                                                         \
    {                                                                                              \
        dir, flags, seq, ack, len, false                                                           \
    }
#define UP(...)          SEGMENT(FLOW_UP, __VA_ARGS__)
#define DOWN(...)        SEGMENT(FLOW_DOWN, __VA_ARGS__)
#define NO_MORE_SEGMENTS SEGMENT(FLOW_UP, NULL, 0, 0, 0)

enum { SEGMENTS_MAX = 32 };

static inline struct flow_fact fact_of(const struct segment *segment)
{
    struct flow_fact fact = {
        .payload_len = segment->len,
        .ip_len = 40 + segment->len,
        .tcp_window = segment->has_no_window ? 0 : 1000,
        .bits = (uint16_t)(FLOW_FACT_IP | (segment->dir == FLOW_DOWN ? FLOW_FACT_DOWN : 0))
    };

    make_segment(&fact, segment->flags, segment->seq, segment->ack);
    return fact;
}

static inline void fold_fact(const struct flow_group *group, void *state,
                             const struct flow_fact *fact)
{
    struct flow_fold from = { .fact = fact, .family = FLOW_IPV4, .protocol = FLOW_PROTOCOL_TCP };

    group->fold(state, &from);
}

static inline void fold_segments(const struct flow_group *group, void *state,
                                 const struct segment *segments)
{
    for (; segments->flags; segments++) {
        struct flow_fact fact = fact_of(segments);
        fold_fact(group, state, &fact);
    }
}

#endif
