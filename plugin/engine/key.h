#ifndef FLOWSTATS_KEY_H
#define FLOWSTATS_KEY_H

#include <flowstats/packet.h>

/*
 * Who talks to whom, the same for both directions: the ends are in a canonical
 * order.  All bytes are defined (keys are hashed and compared as memory).
 */
struct flow_key {
    struct flow_end end[2];
    uint32_t path;    /* flow_paths_kinds() */
    uint16_t ident;   /* as in struct flow_tuple */
    uint8_t family;   /* enum flow_family */
    uint8_t protocol; /* IP protocol */
    uint8_t bits;     /* FLOW_TUPLE_PORTS, FLOW_TUPLE_IDENT */
    uint8_t asker;    /* of an identifier: which of end[] asks; 0 where both are the same */
    uint8_t way;      /* 0 but in the indexes of struct flow_table */
    uint8_t unused;
};

_Static_assert(sizeof(struct flow_key) == 48, "no padding: keys are compared as memory");

/*
 * The key of a tuple.  *ret_sender is the index in key.end[] of the tuple's
 * end[0]; where both ends are the same it is 0.
 */
struct flow_key flow_key_make(const struct flow_tuple *tuple, uint32_t path, unsigned *ret_sender);

bool flow_key_has_same_ends(const struct flow_key *key);

/* GHashFunc and GEqualFunc. */
unsigned flow_key_hash(const void *key);
int flow_key_equal(const void *left, const void *right);

#endif
