#ifndef FLOWSTATS_GROUPS_SPLT_H
#define FLOWSTATS_GROUPS_SPLT_H

#include <flowstats/extension.h>

/* The first packets of a flow: how long each one's payload is, which way it goes, and when. */

enum { SPLT_PACKETS_MAX = 64 };

struct splt_state {
    int64_t time_ns[SPLT_PACKETS_MAX];
    uint64_t down;    /* a bit for each */
    uint64_t untimed; /* likewise: its time is not known */
    uint32_t payload_len[SPLT_PACKETS_MAX];
    uint32_t count;
    uint32_t unused;
};

extern const struct flow_group flow_splt;

#endif
