#include <flowstats/fragments.h>

#include "hash.h"

#include <glib.h>
#include <string.h>

/* All fragments of a datagram share this; without padding, for it is hashed as memory. */
struct datagram_key {
    uint8_t addr[2][FLOW_ADDR_LEN]; /* sender, receiver */
    uint32_t ident;
    uint32_t path;
    uint8_t protocol;
    uint8_t family;
    uint8_t unused[2];
};

_Static_assert(sizeof(struct datagram_key) == 44, "no padding: compared as memory");

/* A datagram whose first fragment came. */
struct datagram {
    struct datagram_key key;
    uint32_t flow;
    uint8_t dir;
    GList link; /* in order of the first fragments */
};

/* The fragments that wait for the first one of their datagram. */
struct pile {
    struct datagram_key key;
    GQueue waiting;
};

struct flow_waiting {
    struct flow_packet packet;
    uint32_t path;
    struct pile *pile;
    GList in_order; /* of all that wait */
    GList in_pile;
};

struct flow_fragments {
    GHashTable *datagrams; /* a set of struct datagram */
    GQueue datagram_order;
    GHashTable *piles; /* a set of struct pile */
    GQueue waiting;
};

static unsigned datagram_key_hash(const void *key)
{
    return flow_hash(key, sizeof(struct datagram_key));
}

static int datagram_key_equal(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct datagram_key)) == 0;
}

static struct datagram_key datagram_key_of(const struct flow_packet *packet, uint32_t path)
{
    struct datagram_key key;

    memset(&key, 0, sizeof key);
    for (unsigned i = 0; i < 2; i++)
        memcpy(key.addr[i], packet->tuple.end[i].addr, FLOW_ADDR_LEN);
    key.ident = packet->fragment.ident;
    key.path = path;
    key.protocol = packet->fragment.protocol;
    key.family = packet->tuple.family;
    return key;
}

struct flow_fragments *flow_fragments_new(void)
{
    struct flow_fragments *fragments = g_new0(struct flow_fragments, 1);

    fragments->datagrams =
        g_hash_table_new_full(datagram_key_hash, datagram_key_equal, g_free, NULL);
    fragments->piles = g_hash_table_new_full(datagram_key_hash, datagram_key_equal, g_free, NULL);
    g_queue_init(&fragments->datagram_order);
    g_queue_init(&fragments->waiting);
    return fragments;
}

void flow_fragments_free(struct flow_fragments *fragments)
{
    struct flow_waiting *waiting;

    if (!fragments)
        return;
    while ((waiting = flow_fragments_take(fragments)))
        flow_waiting_free(waiting);
    g_hash_table_unref(fragments->piles);
    g_hash_table_unref(fragments->datagrams);
    g_free(fragments);
}

void flow_fragments_learn(struct flow_fragments *fragments, const struct flow_packet *first,
                          uint32_t path, uint32_t flow, enum flow_dir dir)
{
    struct datagram_key key = datagram_key_of(first, path);
    struct datagram *datagram = g_hash_table_lookup(fragments->datagrams, &key);

    if (datagram) {
        g_queue_unlink(&fragments->datagram_order, &datagram->link);
    } else {
        datagram = g_new0(struct datagram, 1);
        datagram->key = key;
        datagram->link.data = datagram;
        g_hash_table_add(fragments->datagrams, datagram);
    }
    datagram->flow = flow;
    datagram->dir = (uint8_t)dir;
    g_queue_push_tail_link(&fragments->datagram_order, &datagram->link);

    if (fragments->datagram_order.length > FLOW_FRAGMENTS_DATAGRAMS) {
        GList *oldest = g_queue_pop_head_link(&fragments->datagram_order);
        g_hash_table_remove(fragments->datagrams, oldest->data);
    }
}

bool flow_fragments_find(const struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t path, uint32_t *ret_flow, enum flow_dir *ret_dir)
{
    struct datagram_key key = datagram_key_of(packet, path);
    const struct datagram *datagram = g_hash_table_lookup(fragments->datagrams, &key);

    if (!datagram)
        return false;
    *ret_flow = datagram->flow;
    *ret_dir = (enum flow_dir)datagram->dir;
    return true;
}

void flow_fragments_wait(struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t path)
{
    struct datagram_key key = datagram_key_of(packet, path);
    struct pile *pile = g_hash_table_lookup(fragments->piles, &key);
    struct flow_waiting *waiting = g_new0(struct flow_waiting, 1);

    if (!pile) {
        pile = g_new0(struct pile, 1);
        pile->key = key;
        g_hash_table_add(fragments->piles, pile);
    }
    waiting->packet = *packet;
    waiting->packet.application = NULL;
    waiting->packet.layers =
        g_memdup2(packet->layers, packet->layer_count * sizeof *packet->layers);
    waiting->packet.transport = NULL;
    waiting->packet.transport_len = 0;
    waiting->packet.notes = g_memdup2(packet->notes, packet->note_size);
    waiting->path = path;
    waiting->pile = pile;
    waiting->in_order.data = waiting->in_pile.data = waiting;
    g_queue_push_tail_link(&fragments->waiting, &waiting->in_order);
    g_queue_push_tail_link(&pile->waiting, &waiting->in_pile);
}

static struct flow_waiting *take(struct flow_fragments *fragments, struct flow_waiting *waiting)
{
    struct pile *pile = waiting->pile;

    g_queue_unlink(&fragments->waiting, &waiting->in_order);
    g_queue_unlink(&pile->waiting, &waiting->in_pile);
    if (g_queue_is_empty(&pile->waiting))
        g_hash_table_remove(fragments->piles, pile);
    return waiting;
}

struct flow_waiting *flow_fragments_take_of(struct flow_fragments *fragments,
                                            const struct flow_packet *first, uint32_t path)
{
    struct datagram_key key = datagram_key_of(first, path);
    struct pile *pile = g_hash_table_lookup(fragments->piles, &key);

    return pile ? take(fragments, g_queue_peek_head(&pile->waiting)) : NULL;
}

static bool is_overdue(const struct flow_fact *fact, int64_t now_ns)
{
    return (fact->bits & FLOW_FACT_TIME) && now_ns > fact->time_ns &&
           (uint64_t)now_ns - (uint64_t)fact->time_ns > FLOW_FRAGMENTS_WAIT_NS;
}

struct flow_waiting *flow_fragments_take_overdue(struct flow_fragments *fragments, int64_t now_ns)
{
    struct flow_waiting *oldest = g_queue_peek_head(&fragments->waiting);

    if (!oldest || (fragments->waiting.length <= FLOW_FRAGMENTS_WAITING &&
                    !is_overdue(&oldest->packet.fact, now_ns)))
        return NULL;
    return take(fragments, oldest);
}

struct flow_waiting *flow_fragments_take(struct flow_fragments *fragments)
{
    struct flow_waiting *oldest = g_queue_peek_head(&fragments->waiting);

    return oldest ? take(fragments, oldest) : NULL;
}

bool flow_fragments_is_empty(const struct flow_fragments *fragments)
{
    return fragments->waiting.length == 0;
}

bool flow_fragments_is_waiting(const struct flow_fragments *fragments, uint32_t frame)
{
    const struct flow_waiting *newest = g_queue_peek_tail((GQueue *)&fragments->waiting);

    return newest && newest->packet.fact.frame == frame;
}

const struct flow_packet *flow_waiting_packet(const struct flow_waiting *waiting)
{
    return &waiting->packet;
}

uint32_t flow_waiting_path(const struct flow_waiting *waiting)
{
    return waiting->path;
}

void flow_waiting_free(struct flow_waiting *waiting)
{
    if (!waiting)
        return;
    g_free((void *)waiting->packet.layers);
    g_free((void *)waiting->packet.notes);
    g_free(waiting);
}
