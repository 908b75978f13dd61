#ifndef FLOWSTATS_GROUPS_SPLT_H
#define FLOWSTATS_GROUPS_SPLT_H

#include <flowstats/extension.h>

/* The first packets of a flow: how long each one is, which way it goes, and when. */

enum { SPLT_PACKETS_MAX = 64 };

struct splt_state {
    int64_t time_ns[SPLT_PACKETS_MAX];
    uint64_t down;    /* a bit for each */
    uint64_t untimed; /* likewise: its time is not known */
    uint32_t len[SPLT_PACKETS_MAX];
    uint32_t count;
    uint32_t unused;
};

/* It counts payload alone, and lists packets that have some, unless the user wants all. */
extern const struct flow_group flow_splt;

/* Return how many packets the user wants to see. */
uint32_t flow_splt_packets(void);

/* List one more packet, of that length, if there is room. */
void flow_splt_add(struct splt_state *state, const struct flow_fact *fact, uint32_t len);

#endif
