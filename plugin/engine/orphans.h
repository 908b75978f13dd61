#ifndef FLOWSTATS_ENGINE_ORPHANS_H
#define FLOWSTATS_ENGINE_ORPHANS_H

#include "key.h"

/*
 * ICMP errors about flows that no packet was captured of before them: they may
 * be about flows of an earlier file.  Those about one flow are kept as one.
 */
struct flow_orphans;

/* What identifies the flow that errors speak of; without padding. */
struct flow_orphan_flow {
    struct flow_key key;
    uint32_t encapsulation; /* of what key.end[sender] sent */
    uint32_t sender;
};

struct flow_orphan {
    struct flow_orphan_flow flow; /* first: looked up by it */
    uint32_t errors;
    uint32_t frame; /* of the last one, and its type and code */
    uint8_t type;
    uint8_t code;
};

struct flow_orphans *flow_orphans_new(void);
void flow_orphans_free(struct flow_orphans *orphans); /* NULL is fine */

/* Record an error. */
void flow_orphans_add(struct flow_orphans *orphans, const struct flow_orphan_flow *flow,
                      const struct flow_fact *error);

/* Return the n-th, in the order of their first errors; NULL past the last. */
const struct flow_orphan *flow_orphans_nth(const struct flow_orphans *orphans, unsigned n);

#endif
