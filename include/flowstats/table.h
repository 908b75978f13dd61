#ifndef FLOWSTATS_TABLE_H
#define FLOWSTATS_TABLE_H

#include "direction.h"
#include "key.h"
#include "state.h"

/*
 * The flows of a capture by number and by key: when a flow begins, and when a
 * packet with its key no longer belongs to it.
 */

/* Why the next packet with a flow's key started a new flow. */
enum flow_successor {
    FLOW_SUCCESSOR_NONE,
    FLOW_SUCCESSOR_CONNECTION, /* a SYN of a new TCP connection on its ports */
    FLOW_SUCCESSOR_IDLE,       /* idle timeout */
    FLOW_SUCCESSOR_ACTIVE,     /* active timeout */
};

enum flow_bits {
    FLOW_MACS = 1 << 0,      /* mac[] is known */
    FLOW_ETH_TYPE = 1 << 1,  /* eth_type is known */
    FLOW_BASE_UP = 1 << 2,   /* base_seq[FLOW_UP] is known */
    FLOW_BASE_DOWN = 1 << 3, /* base_seq[FLOW_DOWN] is known */
    FLOW_SAME_ENDS = 1 << 4, /* both ends of the key are the same */
    FLOW_CONTINUES = 1 << 5, /* it goes on with what a timeout has cut */
};

/* What does not change in a flow, and what decides whether it goes on. */
struct flow {
    struct flow_key key; /* first: the table's set of flows is looked up by it */
    const char *vni;     /* flow_paths_text() of its first packet; NULL: none */
    uint32_t id;
    uint32_t base_seq[FLOW_DIRS];         /* TCP: the number before each side's first byte */
    uint16_t eth_type;                    /* of the first packet's outermost link header */
    uint8_t mac[FLOW_DIRS][FLOW_MAC_LEN]; /* likewise: source, destination */
    uint8_t acks_with_options[FLOW_DIRS]; /* how many more ACKs of a side keep their TCP options */
    uint8_t source;                       /* which of key.end[] is the flow's source */
    uint8_t reason;                       /* enum flow_reason */
    uint8_t successor;                    /* enum flow_successor */
    uint8_t bits;                         /* enum flow_bits */
};

/* An end of the flow: of FLOW_UP's sender, the source, or FLOW_DOWN's, the destination. */
static inline const struct flow_end *flow_end_of(const struct flow *flow, enum flow_dir sender)
{
    return &flow->key.end[flow->source ^ sender];
}

/* Timeouts in nanoseconds of capture time; 0: never. */
struct flow_limits {
    int64_t idle_ns;
    int64_t active_ns;
};

struct flow_table;

/* first_id: the number of the first flow. */
struct flow_table *flow_table_new(uint32_t first_id);
void flow_table_free(struct flow_table *table); /* NULL is fine */

uint32_t flow_table_count(const struct flow_table *table);

/* The n-th flow of the table; NULL from flow_table_count() on. */
struct flow *flow_table_at(const struct flow_table *table, uint32_t index);

/* Which one a flow is. */
uint32_t flow_table_index(const struct flow_table *table, const struct flow *flow);

/* The latest flow with that key, NULL where there is none. */
struct flow *flow_table_find(struct flow_table *table, const struct flow_key *key);

/*
 * Make the next flow, with the direction that packet, sent by key.end[sender],
 * decides.  It takes the place of an earlier flow with the same key.
 */
struct flow *flow_table_begin(struct flow_table *table, const struct flow_key *key, unsigned sender,
                              const struct flow_packet *packet);

/* The direction of a packet that key.end[sender] sent. */
enum flow_dir flow_dir_of(const struct flow *flow, unsigned sender,
                          const struct flow_packet *packet);

/* Whether the packet, in that direction, belongs to the flow, whose state so far is given. */
enum flow_successor flow_successor_of(const struct flow *flow, const struct flow_state *state,
                                      const struct flow_packet *packet, enum flow_dir dir,
                                      const struct flow_limits *limits);

/* Learn base sequence numbers from a packet of the flow. */
void flow_learn_base(struct flow *flow, const struct flow_fact *fact);

#endif
