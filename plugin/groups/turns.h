#ifndef FLOWSTATS_GROUPS_TURNS_H
#define FLOWSTATS_GROUPS_TURNS_H

#include "samples.h"

#include <flowstats/extension.h>

/*
 * The turns of a flow: who spoke, how long, and how long the other side waited.
 *
 * A turn is a longest run of packets with payload in one direction.  What brings
 * no new payload takes part in none: TCP's retransmissions and keep-alives,
 * segments with RST, and fragments after the first one (definitions, Turns).
 */
enum turns_turn_bits {
    TURNS_FIRST_TIME = 1 << 0, /* first_ns is known */
    TURNS_LAST_TIME = 1 << 1,  /* last_ns is known */
    TURNS_WAIT = 1 << 2,       /* wait_ns is known */
};

struct turns_turn {
    int64_t first_ns; /* of its first packet, and of its last one */
    int64_t last_ns;
    int64_t wait_ns;     /* since the last packet of the turn before it */
    uint32_t first_fact; /* which facts of the flow these packets are */
    uint32_t last_fact;
    uint32_t last_frame;
    uint32_t bits; /* enum turns_turn_bits */
};

enum turns_half_bits {
    TURNS_TOP = 1 << 0,         /* top is known */
    TURNS_SYN = 1 << 1,         /* syn is known */
    TURNS_BEGUN = 1 << 2,       /* TCP: sent more than SYNs and RSTs */
    TURNS_FINISHED = 1 << 3,    /* TCP: sent a FIN or a RST after its last payload */
    TURNS_FINISH_TIME = 1 << 4, /* finish_ns is known */
};

struct turns_half {
    struct turns_turn turn;    /* the last one; all zero without any */
    struct flow_samples waits; /* before its turns */
    int64_t first_wait_ns;     /* the first of them */
    int64_t longest_ns;        /* the longest of its turns, first packet to last */
    int64_t finish_ns;         /* when it sent the first of those FINs and RSTs */
    uint32_t turns;
    uint32_t top;  /* TCP: the number after its last payload */
    uint32_t syn;  /* TCP: the number of its SYN */
    uint32_t bits; /* enum turns_half_bits */
};

enum turns_bits {
    TURNS_DOWN = 1 << 0,       /* the last turn is down; else, of any, up */
    TURNS_FIRST_DOWN = 1 << 1, /* likewise the first one */
    TURNS_START_TIME = 1 << 2, /* start_ns is known */
    TURNS_HELLO = 1 << 3,      /* a ClientHello came */
    TURNS_HELLO_TIME = 1 << 4, /* hello_ns is known */
    TURNS_DATA = 1 << 5,       /* application data went up after it */
    TURNS_DATA_TIME = 1 << 6,  /* data_ns is known */
};

struct turns_state {
    struct turns_half half[FLOW_DIRS];
    int64_t start_ns; /* of the first packet of the first turn */
    int64_t hello_ns;
    int64_t data_ns;
    uint64_t bits; /* enum turns_bits */
};

extern const struct flow_group flow_turns;

#endif
