#include "fragments.h"

#include "hash.h"
#include "span.h"

#include <glib.h>
#include <string.h>

/* All fragments of a datagram share this; without padding, for it is hashed as memory. */
struct datagram_key {
    uint8_t addr[2][FLOW_ADDR_LEN]; /* sender, receiver */
    uint32_t ident;
    uint32_t encapsulation;
    uint8_t protocol;
    uint8_t family;
    uint8_t unused[2];
};

_Static_assert(sizeof(struct datagram_key) == 44, "no padding: compared as memory");

/* Bytes of a datagram that a fragment carried: from begin (in units of 8) on, len. */
struct piece {
    uint16_t begin;
    uint16_t len;
};

/* A datagram whose first fragment came. */
struct datagram {
    struct datagram_key key;
    uint64_t flow;
    uint32_t reach; /* from 0 to here all bytes came */
    uint32_t end;   /* where the last fragment ends; 0: not known */
    uint8_t dir;
    uint8_t piece_count;
    bool is_complete;
    bool has_time;
    struct piece *pieces;
    int64_t complete_ns; /* if has_time: when it was complete */
    GList link;          /* in order of the first fragments */
};

/* The fragments that wait for the first one of their datagram. */
struct pile {
    struct datagram_key key;
    GQueue waiting;
};

struct flow_waiting {
    struct flow_packet packet;
    uint32_t encapsulation;
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

static struct datagram_key datagram_key_of(const struct flow_packet *packet, uint32_t encapsulation)
{
    struct datagram_key key;

    memset(&key, 0, sizeof key);
    for (unsigned i = 0; i < 2; i++)
        memcpy(key.addr[i], packet->tuple.end[i].addr, FLOW_ADDR_LEN);
    key.ident = packet->fragment.ident;
    key.encapsulation = encapsulation;
    key.protocol = packet->fragment.protocol;
    key.family = packet->tuple.family;
    return key;
}

static void datagram_free(void *data)
{
    struct datagram *datagram = data;

    g_free(datagram->pieces);
    g_free(datagram);
}

struct flow_fragments *flow_fragments_new(void)
{
    struct flow_fragments *fragments = g_new0(struct flow_fragments, 1);

    fragments->datagrams =
        g_hash_table_new_full(datagram_key_hash, datagram_key_equal, datagram_free, NULL);
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

static struct piece piece_of(const struct flow_fragment *fragment)
{
    return (struct piece){ .begin = (uint16_t)(fragment->offset / 8),
                           .len = (uint16_t)MIN(fragment->len, UINT16_MAX) };
}

static bool is_known(const struct datagram *datagram, struct piece piece)
{
    for (unsigned i = 0; i < datagram->piece_count; i++)
        if (datagram->pieces[i].begin == piece.begin && datagram->pieces[i].len == piece.len)
            return true;
    return false;
}

static void keep(struct datagram *datagram, struct piece piece)
{
    unsigned count = datagram->piece_count;

    if (count == FLOW_FRAGMENTS_PIECES)
        return;
    if ((count & (count - 1)) == 0) /* room for a power of two is full */
        datagram->pieces = g_renew(struct piece, datagram->pieces, MAX(2 * count, 1));
    datagram->pieces[datagram->piece_count++] = piece;
}

static bool reaches_further(struct datagram *datagram, struct piece piece)
{
    uint32_t begin = piece.begin * 8u, end = begin + piece.len;

    if (begin > datagram->reach || end <= datagram->reach)
        return false;
    datagram->reach = end;
    return true;
}

/* Each round but the last takes in a piece that had come too early. */
static void reach_on(struct datagram *datagram)
{
    bool further = true;

    while (further) {
        further = false;
        for (unsigned i = 0; i < datagram->piece_count; i++)
            further |= reaches_further(datagram, datagram->pieces[i]);
    }
}

/* now: the fact of the frame that brings the fragment, or lets it join. */
static void add_piece(struct datagram *datagram, const struct flow_fragment *fragment,
                      const struct flow_fact *now)
{
    struct piece piece = piece_of(fragment);

    if (datagram->is_complete || is_known(datagram, piece))
        return;
    keep(datagram, piece);
    if (fragment->is_last && datagram->end == 0)
        datagram->end = fragment->offset + fragment->len;
    if (reaches_further(datagram, piece))
        reach_on(datagram);
    if (datagram->end > 0 && datagram->reach >= datagram->end) {
        datagram->is_complete = true;
        datagram->has_time = now->bits & FLOW_FACT_TIME;
        datagram->complete_ns = now->time_ns;
    }
}

/* Without timestamps nothing is known to be later than a copy would be. */
static bool is_copy(const struct datagram *datagram, const struct flow_packet *packet)
{
    uint64_t then = (uint64_t)datagram->complete_ns, now = (uint64_t)packet->fact.time_ns;
    uint64_t apart = packet->fact.time_ns > datagram->complete_ns ? now - then : then - now;

    return is_known(datagram, piece_of(&packet->fragment)) &&
           (!datagram->has_time || !(packet->fact.bits & FLOW_FACT_TIME) ||
            apart <= (uint64_t)FLOW_FRAGMENTS_COPY_NS);
}

static struct datagram *find(const struct flow_fragments *fragments,
                             const struct flow_packet *packet, uint32_t encapsulation)
{
    struct datagram_key key = datagram_key_of(packet, encapsulation);

    return g_hash_table_lookup(fragments->datagrams, &key);
}

static struct datagram *add_datagram(struct flow_fragments *fragments,
                                     const struct flow_packet *first, uint32_t encapsulation)
{
    struct datagram *datagram = g_new0(struct datagram, 1);

    datagram->key = datagram_key_of(first, encapsulation);
    datagram->link.data = datagram;
    g_hash_table_add(fragments->datagrams, datagram);
    return datagram;
}

/* The same first fragment once more, of a datagram that is not complete: a copy. */
static bool is_begun_by(const struct datagram *datagram, const struct flow_packet *first,
                        uint64_t flow, enum flow_dir dir)
{
    return !datagram->is_complete && datagram->flow == flow && datagram->dir == dir &&
           is_known(datagram, piece_of(&first->fragment));
}

static void begin_datagram(struct datagram *datagram, uint64_t flow, enum flow_dir dir)
{
    datagram->flow = flow;
    datagram->dir = (uint8_t)dir;
    datagram->reach = datagram->end = 0;
    datagram->piece_count = 0;
    datagram->is_complete = false;
    g_clear_pointer(&datagram->pieces, g_free);
}

static struct pile *find_pile(const struct flow_fragments *fragments,
                              const struct flow_packet *packet, uint32_t encapsulation)
{
    struct datagram_key key = datagram_key_of(packet, encapsulation);

    return g_hash_table_lookup(fragments->piles, &key);
}

static void forget_oldest(struct flow_fragments *fragments)
{
    GList *oldest = g_queue_pop_head_link(&fragments->datagram_order);

    g_hash_table_remove(fragments->datagrams, oldest->data);
}

void flow_fragments_learn(struct flow_fragments *fragments, const struct flow_packet *first,
                          uint32_t encapsulation, uint64_t flow, enum flow_dir dir)
{
    struct datagram *datagram = find(fragments, first, encapsulation);
    struct pile *pile = find_pile(fragments, first, encapsulation);

    if (datagram)
        g_queue_unlink(&fragments->datagram_order, &datagram->link);
    else
        datagram = add_datagram(fragments, first, encapsulation);
    if (!is_begun_by(datagram, first, flow, dir))
        begin_datagram(datagram, flow, dir);
    add_piece(datagram, &first->fragment, &first->fact);
    for (GList *link = pile ? pile->waiting.head : NULL; link; link = link->next) {
        const struct flow_waiting *waiting = link->data;
        add_piece(datagram, &waiting->packet.fragment, &first->fact);
    }
    g_queue_push_tail_link(&fragments->datagram_order, &datagram->link);
    if (fragments->datagram_order.length > FLOW_FRAGMENTS_DATAGRAMS)
        forget_oldest(fragments);
}

bool flow_fragments_join(struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t encapsulation, uint64_t *ret_flow, enum flow_dir *ret_dir)
{
    struct datagram *datagram = find(fragments, packet, encapsulation);

    if (!datagram || (datagram->is_complete && !is_copy(datagram, packet)))
        return false;
    add_piece(datagram, &packet->fragment, &packet->fact);
    *ret_flow = datagram->flow;
    *ret_dir = (enum flow_dir)datagram->dir;
    return true;
}

/* What of the packet is valid only while it is accounted does not wait. */
static struct flow_packet waiting_packet(const struct flow_packet *packet)
{
    struct flow_packet waiting = *packet;

    waiting.application = NULL;
    waiting.source = NULL;
    waiting.payload = NULL;
    waiting.layers = NULL;
    waiting.layer_count = 0;
    waiting.transport = NULL;
    waiting.transport_len = 0;
    waiting.notes = g_memdup2(packet->notes, packet->note_size);
    return waiting;
}

void flow_fragments_wait(struct flow_fragments *fragments, const struct flow_packet *packet,
                         uint32_t encapsulation, uint32_t path)
{
    struct pile *pile = find_pile(fragments, packet, encapsulation);
    struct flow_waiting *waiting = g_new0(struct flow_waiting, 1);

    if (!pile) {
        pile = g_new0(struct pile, 1);
        pile->key = datagram_key_of(packet, encapsulation);
        g_hash_table_add(fragments->piles, pile);
    }
    waiting->packet = waiting_packet(packet);
    waiting->encapsulation = encapsulation;
    waiting->path = path;
    waiting->pile = pile;
    waiting->in_order.data = waiting->in_pile.data = waiting;
    g_queue_push_tail_link(&fragments->waiting, &waiting->in_order);
    g_queue_push_tail_link(&pile->waiting, &waiting->in_pile);
}

bool flow_fragments_are_waiting(const struct flow_fragments *fragments,
                                const struct flow_packet *first, uint32_t encapsulation)
{
    return find_pile(fragments, first, encapsulation) != NULL;
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
                                            const struct flow_packet *first, uint32_t encapsulation)
{
    struct pile *pile = find_pile(fragments, first, encapsulation);

    return pile ? take(fragments, g_queue_peek_head(&pile->waiting)) : NULL;
}

static bool is_overdue(const struct flow_fact *fact, int64_t now_ns)
{
    return (fact->bits & FLOW_FACT_TIME) &&
           flow_span(fact->time_ns, now_ns) > FLOW_FRAGMENTS_WAIT_NS;
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

uint32_t flow_waiting_encapsulation(const struct flow_waiting *waiting)
{
    return waiting->encapsulation;
}

uint32_t flow_waiting_path(const struct flow_waiting *waiting)
{
    return waiting->path;
}

void flow_waiting_free(struct flow_waiting *waiting)
{
    if (!waiting)
        return;
    g_free((void *)waiting->packet.notes);
    g_free(waiting);
}
