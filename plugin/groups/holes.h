#ifndef FLOWSTATS_GROUPS_HOLES_H
#define FLOWSTATS_GROUPS_HOLES_H

#include <flowstats/extension.h>

/*
 * The group of holes: which bytes of a TCP stream the capture has, and which it
 * lacks though the receiver acknowledged them.
 */
extern const struct flow_group flow_holes;

enum { HOLES_RANGES = 64 };

/* What was captured, in raw sequence numbers: from begin on, before end. */
struct holes_range {
    uint32_t begin;
    uint32_t end;
};

enum holes_bits {
    HOLES_STARTED = 1 << 0,    /* start, floor and acked are known */
    HOLES_UNSURE = 1 << 1,     /* it began with an empty segment: maybe a keep-alive */
    HOLES_BY_OTHER = 1 << 2,   /* the start is the other side's word: it has sent nothing itself */
    HOLES_FRAGMENTED = 1 << 3, /* IP fragments came: what they carried is not known */
};

/* The stream that one side sends. */
struct holes_half {
    uint64_t unique_bytes; /* captured, each once */
    uint64_t missed_bytes; /* acknowledged by the other side and not captured until now */
    struct holes_range range[HOLES_RANGES]; /* captured from floor on, in order, with holes between
                                               them */
    uint32_t start;                         /* the number before the first byte */
    uint32_t floor; /* what comes before is captured, or given up: it counts no more */
    uint32_t acked; /* greatest acknowledgement, and no less than floor */
    uint8_t ranges;
    uint8_t bits; /* enum holes_bits */
    uint8_t unused[2];
};

struct holes_state {
    struct holes_half half[FLOW_DIRS];
    uint64_t segments;
};

/* What an acknowledgement revealed of a stream. */
struct holes_news {
    uint64_t missed_bytes;
    uint32_t holes;
};

/*
 * The parts of the fold, for groups that see a connection otherwise.  Sums stay
 * when a stream begins anew, with the number before its first byte.
 * holes_acknowledge() adds what it reveals to *ret_news, holes_fill() returns how
 * many bytes had not come before.
 */
void holes_begin(struct holes_half *half, uint32_t number);
void holes_acknowledge(struct holes_half *half, uint32_t ack, struct holes_news *ret_news);
uint64_t holes_fill(struct holes_half *half, uint32_t seq, uint32_t len);

#endif
