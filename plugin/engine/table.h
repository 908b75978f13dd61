#ifndef FLOWSTATS_TABLE_H
#define FLOWSTATS_TABLE_H

#include "key.h"
#include "path.h"

/*
 * The flows of a capture by number and by ends: when a flow begins, which of
 * the flows of its ends a packet belongs to, and when it no longer does.
 *
 * Several flows can have one key: those of tenants whose tunnels have other
 * identifiers or endpoints (definitions, Encapsulation).  A packet of a
 * known flow takes one look at an index.  Another takes three, and looks at
 * FLOW_TABLE_CANDIDATES flows at most: those of its key that began last, among
 * those that have no packet in its direction yet.
 */
enum { FLOW_TABLE_CANDIDATES = 32 };

/* Why the next packet of a flow's ends started a new flow. */
enum flow_successor {
    FLOW_SUCCESSOR_NONE,
    FLOW_SUCCESSOR_CONNECTION, /* a SYN of a new TCP connection on its ports */
    FLOW_SUCCESSOR_IDLE,       /* idle timeout */
    FLOW_SUCCESSOR_ACTIVE,     /* active timeout */
    FLOW_SUCCESSOR_RESOURCES,  /* there were too many flows: the longest silent ones are given up */
};

/* Those with two directions are FLOW_..._UP << direction. */
enum flow_bits {
    FLOW_SEEN_UP = 1 << 0, /* a packet went that way; way[].path is known */
    FLOW_SEEN_DOWN = 1 << 1,
    /* flow_encapsulation() is known: of a packet, or of the flow that a timeout cut before */
    FLOW_KNOWN_UP = 1 << 2,
    FLOW_KNOWN_DOWN = 1 << 3,
    FLOW_BASE_UP = 1 << 4, /* base_seq is known */
    FLOW_BASE_DOWN = 1 << 5,
    FLOW_SYN_UP = 1 << 6, /* it is a SYN's, and syn_len is known */
    FLOW_SYN_DOWN = 1 << 7,
    FLOW_MAC_UP = 1 << 8, /* mac is known */
    FLOW_MAC_DOWN = 1 << 9,
    FLOW_ETH_TYPE = 1 << 10,   /* eth_type is known */
    FLOW_TIME = 1 << 11,       /* start_ns and last_ns are known */
    FLOW_FIRST_DOWN = 1 << 12, /* its first packet went down */
    FLOW_CONTINUES = 1 << 13,  /* it goes on with what a timeout has cut */
    FLOW_MAY_CLOSE = 1 << 17,  /* TCP: a FIN or a RST came */
    FLOW_REPLACED = 1 << 14,   /* another flow has its ends now */
    FLOW_ENDED = 1 << 15,      /* it has been told as ended: a packet of its ends begins another */
    FLOW_FORGOTTEN = 1 << 16,  /* it is none: another one may take its place */
};

/* What accounting knows of one direction of a flow. */
struct flow_way {
    uint32_t path;             /* flow_paths_shown() of its first packet; 0: none */
    uint32_t base_seq;         /* TCP: the number before its first byte */
    uint16_t syn_len;          /* bytes of data that its SYN carried */
    uint8_t mac[FLOW_MAC_LEN]; /* link address of its sender */
};

/* What a flow in tunnels has besides: its key alone does not tell it from others. */
struct flow_tunnelled {
    struct flow_tunnelled_way {
        struct flow *flow;      /* whose way it is */
        uint32_t encapsulation; /* flow_paths_compared() of its packets */
        uint32_t seq;           /* TCP: of its last segment */
    } way[FLOW_DIRS];
    struct flow *open[2]; /* the neighbours in the table's list of those open one way */
};

/* What does not change in a flow, and what decides whether it goes on. */
struct flow {
    struct flow_key key; /* first: the table looks flows up by it */
    struct flow_way way[FLOW_DIRS];
    struct flow_tunnelled *tunnelled; /* NULL: its key has no tunnels */
    int64_t start_ns;                 /* earliest and latest timestamp */
    int64_t last_ns;
    uint32_t id;
    uint32_t index;                       /* its place in the table */
    uint32_t bits;                        /* enum flow_bits */
    uint16_t eth_type;                    /* of the first packet's outermost link header */
    uint8_t acks_with_options[FLOW_DIRS]; /* how many more ACKs of a side keep their TCP options */
    uint8_t source;                       /* which of key.end[] is the flow's source */
    uint8_t reason;                       /* enum flow_reason */
    uint8_t successor;                    /* enum flow_successor */
    uint32_t earlier; /* 1 + the index, then, of the flow in whose place it is; 0: of none */
};

_Static_assert(sizeof(struct flow) <= 128, "kept for each flow, with its paths for each one only");

/* flow_paths_compared() of the packets of a direction; 0: none. */
static inline uint32_t flow_encapsulation(const struct flow *flow, enum flow_dir dir)
{
    return flow->tunnelled ? flow->tunnelled->way[dir].encapsulation : 0;
}

/* An end of the flow: of FLOW_UP's sender, the source, or FLOW_DOWN's, the destination. */
static inline const struct flow_end *flow_end_of(const struct flow *flow, enum flow_dir sender)
{
    return &flow->key.end[flow->source ^ sender];
}

/* The direction of what key.end[sender] sent. */
static inline enum flow_dir flow_dir_of(const struct flow *flow, unsigned sender)
{
    return sender == flow->source ? FLOW_UP : FLOW_DOWN;
}

/* The direction of the flow's first packet: way[] of it has the path that flow.vni shows. */
static inline enum flow_dir flow_first_dir(const struct flow *flow)
{
    return flow->bits & FLOW_FIRST_DOWN ? FLOW_DOWN : FLOW_UP;
}

/* Timeouts in nanoseconds of capture time; 0: never. */
struct flow_limits {
    int64_t idle_ns;
    int64_t active_ns;
};

/* What a packet's flow is found by. */
struct flow_search {
    struct flow_key key;
    uint32_t encapsulation; /* flow_paths_compared(), of the packet's direction */
    uint32_t path;          /* flow_paths_shown(), where the packet's layers are no longer there */
    uint8_t sender;         /* which of key.end[] sent it; of same ends, its direction */
    uint8_t reason;         /* of same ends: enum flow_reason that told the direction */
};

struct flow_table;

/* first_id: the number of the first flow.  paths outlive the table. */
struct flow_table *flow_table_new(uint32_t first_id, struct flow_paths *paths);
void flow_table_free(struct flow_table *table); /* NULL is fine */

/* Return how many places the table has: as many as flows, where none was forgotten. */
uint32_t flow_table_count(const struct flow_table *table);

/* Return the flow at a place of the table; NULL from flow_table_count() on, and where there is
 * none. */
struct flow *flow_table_at(const struct flow_table *table, uint32_t index);

/* Return how many flows there are, and the n-th of them in the order of ids; NULL past the last. */
uint32_t flow_table_flows(const struct flow_table *table);
struct flow *flow_table_nth(struct flow_table *table, uint32_t n);

/* Return the id of the next flow. */
uint32_t flow_table_next_id(const struct flow_table *table);

/* Forget a flow: its packets will find it no more, and the next one may have its place. */
void flow_table_forget(struct flow_table *table, struct flow *flow);

/* The index of a flow: the inverse of flow_table_at(). */
uint32_t flow_table_index(const struct flow_table *table, const struct flow *flow);

/*
 * Make a search for a packet with that tuple and encapsulation.  Nothing but
 * the packet itself tells the direction between an end and itself: the rules of
 * direction are asked then.
 */
struct flow_search flow_table_search(const struct flow_table *table,
                                     const struct flow_packet *packet, uint32_t encapsulation);

/*
 * Find the flow that a packet with that fact belongs to by its ends and its
 * encapsulation; NULL: none yet.  Timeouts and new connections are
 * flow_successor_of()'s.
 */
struct flow *flow_table_find(struct flow_table *table, const struct flow_search *search,
                             const struct flow_fact *fact);

/* Whether the packet, in that direction, begins a new flow in place of this one. */
enum flow_successor flow_successor_of(const struct flow *flow, const struct flow_packet *packet,
                                      enum flow_dir dir, const struct flow_limits *limits);

/* Which timeout, if any, of a flow has passed at a time. */
enum flow_successor flow_limits_passed(const struct flow_limits *limits, const struct flow *flow,
                                       int64_t now_ns);

/*
 * Make the next flow, in place of earlier (NULL: of none), whose successor says
 * why.  *ret_dir is the packet's direction: as in a flow that a timeout cut, or
 * what the rules say.
 */
struct flow *flow_table_begin(struct flow_table *table, const struct flow_search *search,
                              const struct flow_packet *packet, struct flow *earlier,
                              enum flow_dir *ret_dir);

/* Add a packet that was searched for to the flow that was found: its way is known from now on. */
void flow_table_join(struct flow_table *table, struct flow *flow, const struct flow_search *search,
                     const struct flow_packet *packet);

/* Learn times, sequence numbers and link addresses from a packet of the flow. */
void flow_learn(struct flow *flow, const struct flow_packet *packet, enum flow_dir dir);

#endif
