#include "table.h"

#include "direction.h"
#include "pages.h"

#include <string.h>

/* Flows with a key that have no packet from one of its ends yet, the latest begun first. */
struct open_flows {
    struct flow_key key; /* first: looked up by it; its way is the end that sent nothing */
    struct flow *latest;
};

/*
 * Most packets are of a flow that had one not long ago.  So the flows found last
 * have places, chosen by their keys.  That needs no secret: a flow whose place
 * another one has is looked up in the index, as one that is new.  Where many flows
 * take turns a place has another one's as a rule, which is not looked at then.
 */
enum { RECENT_BITS = 10, RECENT = 1 << RECENT_BITS };

struct recent {
    struct flow *flow; /* NULL: none */
    uint64_t sum;      /* sum_of() its key */
};

struct flow_table {
    struct pages flows; /* struct flow */
    GArray *free;       /* uint32_t: places of flows that were forgotten */
    GPtrArray *order;   /* struct flow, in the order of ids; NULL: that of their places */
    GHashTable *plain;  /* a set of struct flow: the current one of each key without tunnels */
    /* A set of struct flow_tunnelled_way: the current flow of each key, direction and
     * encapsulation. */
    GHashTable *tunnelled;
    GHashTable *open; /* a set of struct open_flows */
    struct flow_paths *paths;
    bool has_gaps; /* some flow was forgotten */
    uint32_t next_id;
    struct recent recent[RECENT]; /* by recent_place(): those found last */
};

enum { NEWER, OLDER }; /* flow.open[] */

static uint64_t sum_of(const struct flow_key *key)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* Knuth's multiplicative hashing */
    uint64_t words[sizeof *key / sizeof(uint64_t)], sum = 0;

    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        sum = sum * 3 + words[i];
    return sum * golden;
}

static struct recent *recent_place(struct flow_table *table, uint64_t sum)
{
    return &table->recent[sum >> (64 - RECENT_BITS)];
}

static struct flow_key key_of_way(const struct flow_tunnelled_way *way)
{
    const struct flow *flow = way->flow;
    enum flow_dir dir = way == &flow->tunnelled->way[FLOW_UP] ? FLOW_UP : FLOW_DOWN;
    struct flow_key key = flow->key;

    key.path = way->encapsulation;
    key.way = (uint8_t)(flow->source ^ dir);
    return key;
}

static unsigned way_hash(const void *way)
{
    struct flow_key key = key_of_way(way);

    return flow_key_hash(&key);
}

static int way_equal(const void *left, const void *right)
{
    struct flow_key left_key = key_of_way(left), right_key = key_of_way(right);

    return flow_key_equal(&left_key, &right_key);
}

struct flow_table *flow_table_new(uint32_t first_id, struct flow_paths *paths)
{
    struct flow_table *table = g_new0(struct flow_table, 1);

    table->next_id = first_id;
    table->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    table->paths = paths;
    pages_init(&table->flows, sizeof(struct flow));
    table->plain = g_hash_table_new(flow_key_hash, flow_key_equal);
    table->tunnelled = g_hash_table_new(way_hash, way_equal);
    table->open = g_hash_table_new_full(flow_key_hash, flow_key_equal, g_free, NULL);
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    g_hash_table_unref(table->open);
    g_hash_table_unref(table->tunnelled);
    g_hash_table_unref(table->plain);
    for (uint32_t i = 0; i < table->flows.count; i++)
        g_free(((struct flow *)pages_at(&table->flows, i))->tunnelled);
    if (table->order)
        g_ptr_array_unref(table->order);
    g_array_unref(table->free);
    pages_clear(&table->flows);
    g_free(table);
}

uint32_t flow_table_count(const struct flow_table *table)
{
    return table->flows.count;
}

struct flow *flow_table_at(const struct flow_table *table, uint32_t index)
{
    struct flow *flow = index < table->flows.count ? pages_at(&table->flows, index) : NULL;

    return flow && !(flow->bits & FLOW_FORGOTTEN) ? flow : NULL;
}

uint32_t flow_table_index(const struct flow_table *table, const struct flow *flow)
{
    (void)table;
    return flow->index;
}

uint32_t flow_table_next_id(const struct flow_table *table)
{
    return table->next_id;
}

uint32_t flow_table_flows(const struct flow_table *table)
{
    return table->flows.count - table->free->len;
}

/* Ids can come round again: what lies before the next one is older. */
static int compare_ids(const void *left, const void *right, void *data)
{
    const struct flow_table *table = data;
    uint32_t left_age = table->next_id - (*(const struct flow *const *)left)->id;
    uint32_t right_age = table->next_id - (*(const struct flow *const *)right)->id;

    return (left_age < right_age) - (left_age > right_age);
}

static GPtrArray *in_order(struct flow_table *table)
{
    GPtrArray *order = g_ptr_array_new();

    for (uint32_t i = 0; i < table->flows.count; i++) {
        struct flow *flow = flow_table_at(table, i);
        if (flow)
            g_ptr_array_add(order, flow);
    }
    g_ptr_array_sort_with_data(order, compare_ids, table);
    return order;
}

/* Without gaps the order of places is that of ids: a flow that takes the place of another comes
 * late. */
struct flow *flow_table_nth(struct flow_table *table, uint32_t n)
{
    if (!table->has_gaps)
        return flow_table_at(table, n);
    if (!table->order)
        table->order = in_order(table);
    return n < table->order->len ? table->order->pdata[n] : NULL;
}

static void change_order(struct flow_table *table)
{
    if (table->order)
        g_ptr_array_unref(table->order);
    table->order = NULL;
}

struct flow_search flow_table_search(const struct flow_table *table,
                                     const struct flow_packet *packet, uint32_t encapsulation)
{
    struct flow_search search = { .encapsulation = encapsulation };
    unsigned sender;
    enum flow_reason reason;

    uint32_t kinds = encapsulation ? flow_paths_kinds(table->paths, encapsulation) : 0;

    search.key = flow_key_make(&packet->tuple, kinds, &sender);
    search.sender = (uint8_t)sender;
    if (flow_key_has_same_ends(&search.key)) {
        search.sender = (uint8_t)flow_direction_of(packet, &reason);
        search.reason = (uint8_t)reason;
    }
    return search;
}

/* A bit of a direction, from FLOW_..._UP. */
static bool has(const struct flow *flow, enum flow_bits up, enum flow_dir dir)
{
    return flow->bits & (unsigned)up << dir;
}

static void set(struct flow *flow, enum flow_bits up, enum flow_dir dir)
{
    flow->bits |= (unsigned)up << dir;
}

/* Without tunnels the flow is found by its key alone. */
static bool is_plain(const struct flow *flow)
{
    return flow->key.path == 0;
}

/* Whether the search is for a packet of the flow, without a look at the index. */
static bool is_of(const struct flow *flow, const struct flow_search *search)
{
    enum flow_dir dir = flow_dir_of(flow, search->sender);

    return flow_key_equal(&flow->key, &search->key) &&
           (search->encapsulation == 0 || (has(flow, FLOW_KNOWN_UP, dir) &&
                                           flow_encapsulation(flow, dir) == search->encapsulation));
}

/* The current flow whose packets from that end of the key have that encapsulation. */
static struct flow *current(const struct flow_table *table, const struct flow_key *key,
                            unsigned end, uint32_t encapsulation)
{
    const struct flow_tunnelled_way *way;
    struct flow_tunnelled tunnelled;
    struct flow probe;

    if (encapsulation == 0)
        return g_hash_table_lookup(table->plain, key);
    probe.key = *key;
    probe.source = (uint8_t)end;
    probe.tunnelled = &tunnelled;
    tunnelled.way[FLOW_UP].flow = &probe;
    tunnelled.way[FLOW_UP].encapsulation = encapsulation;
    way = g_hash_table_lookup(table->tunnelled, &tunnelled.way[FLOW_UP]);
    return way ? way->flow : NULL;
}

/* A SYN-ACK answers the number of the SYN, or of data that the SYN carried. */
static bool answers_syn(const struct flow_way *way, uint32_t ack)
{
    uint32_t distance = ack - way->base_seq;

    return distance >= 1 && distance <= 1 + (uint32_t)way->syn_len;
}

/* A flow that is open has segments in one direction alone: they told base_seq and seq. */
static bool fits_segment(const struct flow *flow, enum flow_dir dir, const struct flow_fact *fact)
{
    enum { WITHIN = 1 << 24 };
    const struct flow_way *other = &flow->way[!dir];
    uint32_t distance = fact->tcp_ack - flow->tunnelled->way[!dir].seq;

    if (!(fact->tcp_flags & FLOW_TCP_ACK) || !has(flow, FLOW_BASE_UP, !dir))
        return false;
    if ((fact->tcp_flags & FLOW_TCP_SYN) && has(flow, FLOW_SYN_UP, !dir))
        return answers_syn(other, fact->tcp_ack);
    return distance <= WITHIN || -distance <= WITHIN;
}

static bool has_passed(int64_t since_ns, int64_t now_ns, int64_t limit_ns)
{
    return now_ns > since_ns && (uint64_t)now_ns - (uint64_t)since_ns > (uint64_t)limit_ns;
}

/* Without timestamps nothing is known to be old. */
static bool is_fresh(const struct flow *flow, const struct flow_fact *fact)
{
    const int64_t limit_ns = 60 * INT64_C(1000000000);

    return !(flow->bits & FLOW_TIME) || !(fact->bits & FLOW_FACT_TIME) ||
           !has_passed(flow->last_ns, fact->time_ns, limit_ns);
}

static bool fits(const struct flow *flow, enum flow_dir dir, const struct flow_fact *fact)
{
    return fact->bits & FLOW_FACT_TCP ? fits_segment(flow, dir, fact) : is_fresh(flow, fact);
}

static struct open_flows *open_flows_of(const struct flow_table *table, const struct flow_key *key,
                                        unsigned end)
{
    struct flow_key open = *key;

    open.way = (uint8_t)end;
    return g_hash_table_lookup(table->open, &open);
}

static struct flow *older(const struct flow *flow)
{
    return flow->tunnelled->open[OLDER];
}

/*
 * A flow that has no packet in this direction yet: the one whose other
 * direction has the same tunnels, else the same identifiers, else the one that
 * the packet fits.
 */
static struct flow *find_open(const struct flow_table *table, const struct flow_search *search,
                              const struct flow_fact *fact)
{
    const struct open_flows *open = open_flows_of(table, &search->key, search->sender);
    struct flow *fitting = NULL, *flow;
    uint32_t turned;

    if (!open)
        return NULL;
    if (flow_paths_turned(table->paths, search->encapsulation, &turned)) {
        flow = current(table, &search->key, !search->sender, turned);
        if (flow && !has(flow, FLOW_SEEN_UP, flow_dir_of(flow, search->sender)))
            return flow;
    }
    flow = open->latest;
    for (unsigned i = 0; flow && i < FLOW_TABLE_CANDIDATES; i++, flow = older(flow)) {
        enum flow_dir dir = flow_dir_of(flow, search->sender);
        if (flow_paths_have_same_ids(table->paths, flow_encapsulation(flow, !dir),
                                     search->encapsulation))
            return flow;
        if (!fitting && fits(flow, dir, fact))
            fitting = flow;
    }
    return fitting;
}

struct flow *flow_table_find(struct flow_table *table, const struct flow_search *search,
                             const struct flow_fact *fact)
{
    uint64_t sum = sum_of(&search->key);
    struct recent *recent = recent_place(table, sum);
    struct flow *flow = recent->flow;

    if (flow && recent->sum == sum && is_of(flow, search))
        return flow;
    flow = current(table, &search->key, search->sender, search->encapsulation);
    if (!flow && search->encapsulation != 0)
        flow = find_open(table, search, fact);
    if (flow)
        *recent = (struct recent){ .flow = flow, .sum = sum };
    return flow;
}

/* The end that sent nothing, of a flow that is open. */
static unsigned silent_end(const struct flow *flow)
{
    return flow->source ^ !flow_first_dir(flow);
}

static void list_as_open(struct flow_table *table, struct flow *flow)
{
    struct open_flows *open = open_flows_of(table, &flow->key, silent_end(flow));

    if (!open) {
        open = g_new0(struct open_flows, 1);
        open->key = flow->key;
        open->key.way = (uint8_t)silent_end(flow);
        g_hash_table_add(table->open, open);
    }
    flow->tunnelled->open[OLDER] = open->latest;
    if (open->latest)
        open->latest->tunnelled->open[NEWER] = flow;
    open->latest = flow;
}

static bool is_open(const struct flow *flow)
{
    return !is_plain(flow) && !has(flow, FLOW_SEEN_UP, !flow_first_dir(flow));
}

/* Before the other direction's bit is set. */
static void unlist(struct flow_table *table, struct flow *flow)
{
    struct open_flows *open;

    if (!is_open(flow))
        return;
    open = open_flows_of(table, &flow->key, silent_end(flow));
    struct flow **neighbours = flow->tunnelled->open;
    if (neighbours[OLDER])
        neighbours[OLDER]->tunnelled->open[NEWER] = neighbours[NEWER];
    if (neighbours[NEWER])
        neighbours[NEWER]->tunnelled->open[OLDER] = neighbours[OLDER];
    else
        open->latest = neighbours[OLDER];
    neighbours[NEWER] = neighbours[OLDER] = NULL;
    if (!open->latest)
        g_hash_table_remove(table->open, open);
}

static void unset_encapsulation(struct flow_table *table, struct flow *flow, enum flow_dir dir)
{
    if (has(flow, FLOW_KNOWN_UP, dir) && !is_plain(flow))
        g_hash_table_remove(table->tunnelled, &flow->tunnelled->way[dir]);
}

static void set_encapsulation(struct flow_table *table, struct flow *flow, enum flow_dir dir,
                              uint32_t encapsulation)
{
    unset_encapsulation(table, flow, dir);
    set(flow, FLOW_KNOWN_UP, dir);
    if (is_plain(flow))
        return;
    flow->tunnelled->way[dir].encapsulation = encapsulation;
    g_hash_table_add(table->tunnelled, &flow->tunnelled->way[dir]);
}

/* Let another flow take its place in the indexes. */
static void replace(struct flow_table *table, struct flow *flow)
{
    if (is_plain(flow))
        g_hash_table_remove(table->plain, flow);
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        unset_encapsulation(table, flow, dir);
    unlist(table, flow);
    flow->bits |= FLOW_REPLACED;
}

void flow_table_forget(struct flow_table *table, struct flow *flow)
{
    struct recent *recent = recent_place(table, sum_of(&flow->key));

    if (!(flow->bits & FLOW_REPLACED))
        replace(table, flow);
    if (recent->flow == flow)
        recent->flow = NULL;
    g_clear_pointer(&flow->tunnelled, g_free);
    g_array_append_val(table->free, flow->index);
    flow->bits = FLOW_FORGOTTEN;
    table->has_gaps = true;
    change_order(table);
}

void flow_table_join(struct flow_table *table, struct flow *flow, const struct flow_search *search,
                     const struct flow_packet *packet)
{
    enum flow_dir dir = flow_dir_of(flow, search->sender);

    if (has(flow, FLOW_SEEN_UP, dir))
        return;
    if (dir != flow_first_dir(flow))
        unlist(table, flow);
    if (!has(flow, FLOW_KNOWN_UP, dir) || flow_encapsulation(flow, dir) != search->encapsulation)
        set_encapsulation(table, flow, dir, search->encapsulation);
    set(flow, FLOW_SEEN_UP, dir);
    flow->way[dir].path = search->path
                              ? search->path
                              : flow_paths_shown(table->paths, packet->layers, packet->layer_count);
}

static bool is_cut_by_timeout(const struct flow *flow)
{
    return flow &&
           (flow->successor == FLOW_SUCCESSOR_IDLE || flow->successor == FLOW_SUCCESSOR_ACTIVE);
}

/* Which end is the source, and who says so: the flow before a timeout, or the rules. */
static void decide_source(struct flow *flow, const struct flow_search *search,
                          const struct flow_packet *packet, const struct flow *earlier)
{
    enum flow_reason reason = (enum flow_reason)search->reason;

    if (is_cut_by_timeout(earlier)) {
        flow->source = earlier->source;
        flow->reason = earlier->reason;
        return;
    }
    if (!flow_key_has_same_ends(&search->key))
        flow->source = (uint8_t)(search->sender ^ flow_direction_of(packet, &reason));
    flow->reason = (uint8_t)reason;
}

/* Room for another flow. */
static struct flow *take_place(struct flow_table *table)
{
    GArray *places = table->free;
    uint32_t index = table->flows.count;
    struct flow *flow;

    if (places->len > 0) {
        index = g_array_index(places, uint32_t, places->len - 1);
        g_array_set_size(places, places->len - 1);
        flow = pages_at(&table->flows, index);
    } else {
        flow = pages_add(&table->flows);
    }
    *flow = (struct flow){ .index = index, .id = table->next_id++ };
    change_order(table);
    return flow;
}

static void learn_link(struct flow *flow, const struct flow_packet *packet, enum flow_dir dir)
{
    if (packet->bits & FLOW_PACKET_MACS) {
        memcpy(flow->way[dir].mac, packet->mac[0], FLOW_MAC_LEN);
        memcpy(flow->way[!dir].mac, packet->mac[1], FLOW_MAC_LEN);
        flow->bits |= FLOW_MAC_UP | FLOW_MAC_DOWN;
    }
    if (packet->bits & FLOW_PACKET_ETH_TYPE) {
        flow->eth_type = packet->eth_type;
        flow->bits |= FLOW_ETH_TYPE;
    }
}

struct flow *flow_table_begin(struct flow_table *table, const struct flow_search *search,
                              const struct flow_packet *packet, struct flow *earlier,
                              enum flow_dir *ret_dir)
{
    struct flow *flow = take_place(table);
    enum flow_dir dir;

    flow->key = search->key;
    flow->earlier = earlier ? earlier->index + 1 : 0;
    if (!is_plain(flow)) {
        flow->tunnelled = g_new0(struct flow_tunnelled, 1);
        flow->tunnelled->way[FLOW_UP].flow = flow->tunnelled->way[FLOW_DOWN].flow = flow;
    }
    decide_source(flow, search, packet, earlier);
    dir = flow_dir_of(flow, search->sender);
    flow->bits |= dir == FLOW_DOWN ? FLOW_FIRST_DOWN : 0;
    learn_link(flow, packet, dir);
    if (earlier)
        replace(table, earlier);
    if (is_plain(flow))
        g_hash_table_add(table->plain, flow);
    flow_table_join(table, flow, search, packet);
    /* The network is the same after a timeout. */
    if (is_cut_by_timeout(earlier) && has(earlier, FLOW_KNOWN_UP, !dir))
        set_encapsulation(table, flow, !dir, flow_encapsulation(earlier, !dir));
    if (is_open(flow))
        list_as_open(table, flow);
    uint64_t sum = sum_of(&flow->key);
    *recent_place(table, sum) = (struct recent){ .flow = flow, .sum = sum };
    *ret_dir = dir;
    return flow;
}

static bool opens_connection(const struct flow_fact *fact)
{
    return (fact->bits & FLOW_FACT_TCP) &&
           (fact->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) == FLOW_TCP_SYN;
}

enum flow_successor flow_limits_passed(const struct flow_limits *limits, const struct flow *flow,
                                       int64_t now_ns)
{
    if (!(flow->bits & FLOW_TIME))
        return FLOW_SUCCESSOR_NONE;
    if (limits->idle_ns > 0 && has_passed(flow->last_ns, now_ns, limits->idle_ns))
        return FLOW_SUCCESSOR_IDLE;
    if (limits->active_ns > 0 && has_passed(flow->start_ns, now_ns, limits->active_ns))
        return FLOW_SUCCESSOR_ACTIVE;
    return FLOW_SUCCESSOR_NONE;
}

enum flow_successor flow_successor_of(const struct flow *flow, const struct flow_packet *packet,
                                      enum flow_dir dir, const struct flow_limits *limits)
{
    const struct flow_fact *fact = &packet->fact;

    if (opens_connection(fact) && has(flow, FLOW_BASE_UP, dir) &&
        flow->way[dir].base_seq != fact->tcp_seq)
        return FLOW_SUCCESSOR_CONNECTION;
    return fact->bits & FLOW_FACT_TIME ? flow_limits_passed(limits, flow, fact->time_ns)
                                       : FLOW_SUCCESSOR_NONE;
}

static void learn_time(struct flow *flow, int64_t time_ns)
{
    if (!(flow->bits & FLOW_TIME) || time_ns < flow->start_ns)
        flow->start_ns = time_ns;
    if (!(flow->bits & FLOW_TIME) || time_ns > flow->last_ns)
        flow->last_ns = time_ns;
    flow->bits |= FLOW_TIME;
}

static void learn_syn(struct flow *flow, enum flow_dir dir, const struct flow_fact *fact)
{
    struct flow_way *way = &flow->way[dir];
    uint16_t len = (uint16_t)MIN(fact->payload_len, UINT16_MAX);

    way->syn_len = has(flow, FLOW_SYN_UP, dir) ? MAX(way->syn_len, len) : len;
    way->base_seq = fact->tcp_seq;
    set(flow, FLOW_BASE_UP, dir);
    set(flow, FLOW_SYN_UP, dir);
}

/* As Wireshark learns the numbers that it makes sequence numbers relative to. */
static void learn_segment(struct flow *flow, enum flow_dir dir, const struct flow_fact *fact)
{
    if (flow->tunnelled)
        flow->tunnelled->way[dir].seq = fact->tcp_seq;
    if (fact->tcp_flags & FLOW_TCP_SYN) {
        learn_syn(flow, dir, fact);
    } else if (!has(flow, FLOW_BASE_UP, dir)) {
        flow->way[dir].base_seq = fact->tcp_seq - 1;
        set(flow, FLOW_BASE_UP, dir);
    }
    if ((fact->tcp_flags & FLOW_TCP_ACK) && !has(flow, FLOW_BASE_UP, !dir)) {
        flow->way[!dir].base_seq = fact->tcp_ack - 1;
        set(flow, FLOW_BASE_UP, !dir);
    }
}

void flow_learn(struct flow *flow, const struct flow_packet *packet, enum flow_dir dir)
{
    const struct flow_fact *fact = &packet->fact;

    if (fact->bits & FLOW_FACT_TIME)
        learn_time(flow, fact->time_ns);
    if (fact->bits & FLOW_FACT_TCP)
        learn_segment(flow, dir, fact);
    if ((packet->bits & FLOW_PACKET_MAC_SENDER) && !has(flow, FLOW_MAC_UP, dir)) {
        memcpy(flow->way[dir].mac, packet->mac[0], FLOW_MAC_LEN);
        set(flow, FLOW_MAC_UP, dir);
    }
}
