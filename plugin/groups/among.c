#include "among.h"

#include "sorted.h"
#include "tcp.h"
#include "tcp_group.h"
#include "tunnels.h"

#include <glib.h>
#include <string.h>

struct ranked {
    uint64_t wire_bytes;
    uint32_t flow;
};

/* The flows in whose place one is: they had its ends in its encapsulation. */
struct earlier {
    uint32_t count;
    uint32_t last_id; /* of the last of them, where count is not 0 */
};

/* A connection opens or closes; when they are sorted, the sum until then. */
struct change {
    uint32_t frame;
    int32_t open;
};

/* When an answer was computed. */
struct stamp {
    uint64_t facts; /* that there were then */
    bool is_known;
};

struct flow_among {
    struct flow_history *history;
    struct flow_table *table;
    const struct flow_paths *paths;
    struct flow_evaluation *evaluation;
    size_t tcp; /* the number of the group */
    bool has_tcp;
    struct stamp computed;    /* bytes, ranks, firsts and lasts */
    struct stamp tcp_changed; /* changes */
    struct stamp summed;      /* tunnels */
    uint64_t wire_bytes;      /* of all flows */
    GArray *bytes;            /* uint64_t: of each flow */
    GArray *ranks;            /* uint32_t: of each flow, from 0 */
    GArray *firsts;           /* uint32_t: frames of the flows' first packets, sorted */
    GArray *lasts;            /* likewise of the last packets */
    GArray *changes;          /* struct change: of all TCP connections, sorted */
    GArray *earlier;          /* struct earlier: of the flows that were looked at */
    struct flow_tunnels *tunnels;
};

struct flow_among *flow_among_new(struct flow_history *history, struct flow_table *table,
                                  const struct flow_paths *paths,
                                  struct flow_evaluation *evaluation,
                                  const struct flow_groups *groups)
{
    struct flow_among *among = g_new0(struct flow_among, 1);

    among->history = history;
    among->table = table;
    among->paths = paths;
    among->evaluation = evaluation;
    among->tcp = flow_groups_find(groups, &flow_tcp_group);
    among->has_tcp = among->tcp < groups->count;
    among->bytes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    among->ranks = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    among->firsts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    among->lasts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    among->changes = g_array_new(FALSE, FALSE, sizeof(struct change));
    among->earlier = g_array_new(FALSE, FALSE, sizeof(struct earlier));
    return among;
}

void flow_among_free(struct flow_among *among)
{
    if (!among)
        return;
    g_array_unref(among->bytes);
    g_array_unref(among->ranks);
    g_array_unref(among->firsts);
    g_array_unref(among->lasts);
    g_array_unref(among->changes);
    g_array_unref(among->earlier);
    flow_tunnels_free(among->tunnels);
    g_free(among);
}

/* The pass */

static int by_bytes(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->wire_bytes != b->wire_bytes)
        return a->wire_bytes > b->wire_bytes ? -1 : 1;
    return a->flow < b->flow ? -1 : a->flow > b->flow;
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return a < b ? -1 : a > b;
}

/* Whether a place of the table has a flow with all that is known of it. */
static bool is_there(const struct flow_among *among, uint32_t flow)
{
    const struct flow *of = flow_table_at(among->table, flow);

    return of && !(of->bits & FLOW_ENDED);
}

static void rank(struct flow_among *among, uint32_t flows)
{
    GArray *order = g_array_sized_new(FALSE, FALSE, sizeof(struct ranked), flows);

    for (uint32_t flow = 0; flow < flows; flow++) {
        struct ranked ranked = { .wire_bytes = g_array_index(among->bytes, uint64_t, flow),
                                 .flow = flow };
        g_array_append_val(order, ranked);
    }
    g_array_sort(order, by_bytes);
    g_array_set_size(among->ranks, flows);
    for (uint32_t i = 0; i < flows; i++)
        g_array_index(among->ranks, uint32_t, g_array_index(order, struct ranked, i).flow) = i;
    g_array_unref(order);
}

static void look_at(struct flow_among *among, uint32_t flow)
{
    uint64_t bytes = is_there(among, flow) ? flow_history_wire_bytes(among->history, flow) : 0;
    uint32_t first = flow_history_first_frame(among->history, flow);
    uint32_t last = flow_history_last_frame(among->history, flow);

    among->wire_bytes += bytes;
    g_array_append_val(among->bytes, bytes);
    if (!is_there(among, flow))
        return;
    g_array_append_val(among->firsts, first);
    g_array_append_val(among->lasts, last);
}

/* Whether what was computed then stands; from now on it does. */
static bool stands(const struct flow_among *among, struct stamp *stamp)
{
    struct stamp now = { .facts = flow_history_recorded(among->history), .is_known = true };
    bool is_same = stamp->is_known && stamp->facts == now.facts;

    *stamp = now;
    return is_same;
}

static void compute(struct flow_among *among)
{
    uint32_t flows = flow_table_count(among->table);

    if (stands(among, &among->computed))
        return;
    among->wire_bytes = 0;
    g_array_set_size(among->bytes, 0);
    g_array_set_size(among->firsts, 0);
    g_array_set_size(among->lasts, 0);
    for (uint32_t flow = 0; flow < flows; flow++)
        look_at(among, flow);
    g_array_sort(among->firsts, by_number);
    g_array_sort(among->lasts, by_number);
    rank(among, flows);
}

/* Answers */

uint32_t flow_among_rank(struct flow_among *among, uint32_t flow)
{
    compute(among);
    return flow < among->ranks->len ? g_array_index(among->ranks, uint32_t, flow) + 1 : 0;
}

bool flow_among_share(struct flow_among *among, uint32_t flow, double *ret_percent)
{
    compute(among);
    if (among->wire_bytes == 0 || flow >= among->bytes->len)
        return false;
    *ret_percent =
        100 * (double)g_array_index(among->bytes, uint64_t, flow) / (double)among->wire_bytes;
    return true;
}

uint32_t flow_among_live(struct flow_among *among, uint32_t frame)
{
    compute(among);
    return flow_sorted_less(among->firsts, (uint64_t)frame + 1) -
           flow_sorted_less(among->lasts, frame);
}

static struct earlier *earlier_at(const struct flow_among *among, uint32_t flow)
{
    return &g_array_index(among->earlier, struct earlier, flow);
}

static void learn_earlier(struct flow_among *among, uint32_t flow)
{
    const struct flow *of = flow_table_at(among->table, flow);
    const struct flow *last =
        of && of->earlier > 0 ? flow_table_at(among->table, of->earlier - 1) : NULL;
    struct earlier earlier = { .count = 0 };

    if (last) {
        earlier.last_id = last->id;
        earlier.count = earlier_at(among, last->index)->count + 1;
    }
    *earlier_at(among, flow) = earlier;
}

/* Without gaps the order of places is that in which flows began. */
static void learn_until(struct flow_among *among, uint32_t flow)
{
    while (among->earlier->len <= flow) {
        g_array_set_size(among->earlier, among->earlier->len + 1);
        learn_earlier(among, among->earlier->len - 1);
    }
}

uint32_t flow_among_earlier(struct flow_among *among, uint32_t flow, uint32_t *ret_id)
{
    learn_until(among, flow);

    const struct earlier *earlier = earlier_at(among, flow);
    if (earlier->count > 0)
        *ret_id = earlier->last_id;
    return earlier->count;
}

void flow_among_begun(struct flow_among *among, uint32_t flow)
{
    if (flow < among->earlier->len)
        learn_earlier(among, flow); /* in the place of one that was forgotten */
    else
        learn_until(among, flow);
}

void flow_among_forget(struct flow_among *among)
{
    learn_until(among, flow_table_count(among->table) - 1);
}

/* Tunnels */

static void add_to_tunnel(struct flow_among *among, const struct flow *flow)
{
    struct flow_tunneled more = {
        .pkts = flow_history_packets(among->history, flow->index),
        .wire_bytes = flow_history_wire_bytes(among->history, flow->index),
        .first_frame = flow_history_first_frame(among->history, flow->index),
        .last_frame = flow_history_last_frame(among->history, flow->index)
    };

    flow_tunnels_add(among->tunnels, among->paths, flow, &more);
}

const struct flow_tunnels *flow_among_tunnels(struct flow_among *among)
{
    const struct flow *flow;

    if (stands(among, &among->summed))
        return among->tunnels;
    flow_tunnels_free(among->tunnels);
    among->tunnels = flow_tunnels_new();
    for (uint32_t i = 0; (flow = flow_table_nth(among->table, i)); i++)
        if (is_there(among, flow->index))
            add_to_tunnel(among, flow);
    return among->tunnels;
}

/* Open connections */

static int by_frame(const void *left, const void *right)
{
    const struct change *a = left, *b = right;

    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

static void change(struct flow_among *among, uint32_t frame, int32_t open)
{
    struct change change = { .frame = frame, .open = open };

    g_array_append_val(among->changes, change);
}

static bool is_open(const struct flow_tcp *tcp)
{
    return tcp->state >= FLOW_TCP_SYN_SENT && tcp->state <= FLOW_TCP_CLOSING;
}

/* Note when a connection opens and closes; return since which frame it is open in the end, or 0. */
static uint32_t note_changes(struct flow_among *among, uint32_t flow)
{
    uint32_t since = flow_history_first_frame(among->history, flow);
    uint32_t forgotten = flow_history_forgotten(among->history, flow);
    struct flow_tcp tcp = { .state = FLOW_TCP_CLOSED };
    const struct flow_fact *fact;
    const void *notes;

    if (forgotten > 0 && among->has_tcp)
        memcpy(&tcp, flow_evaluate_at(among->evaluation, among->tcp, flow, forgotten), sizeof tcp);
    bool was_open = is_open(&tcp);
    if (was_open) /* since a frame that nobody can ask about any more */
        change(among, since, 1);
    for (uint32_t i = forgotten; (fact = flow_history_fact(among->history, flow, i, &notes)); i++) {
        flow_tcp_apply(&tcp, fact);
        if (is_open(&tcp) == was_open)
            continue;
        change(among, fact->frame, was_open ? -1 : 1);
        since = fact->frame;
        was_open = !was_open;
    }
    return was_open ? since : 0;
}

/* Since when the flow in whose place that one is was left open; 0: it was not. */
static uint32_t before_is_open_since(struct flow_among *among, uint32_t flow, const GArray *open)
{
    uint32_t id;

    if (flow_among_earlier(among, flow, &id) == 0)
        return 0;
    uint32_t before = flow_table_at(among->table, flow)->earlier - 1;
    return is_there(among, before) && flow_table_at(among->table, before)->id == id
               ? g_array_index(open, uint32_t, before)
               : 0;
}

/* A late fragment can open a connection after another one has taken its place. */
static void follow(struct flow_among *among, uint32_t flow, GArray *open)
{
    uint32_t before;

    if (!is_there(among, flow) ||
        flow_table_at(among->table, flow)->key.protocol != FLOW_PROTOCOL_TCP)
        return;
    before = before_is_open_since(among, flow, open);
    if (before > 0)
        change(among, MAX(before, flow_history_first_frame(among->history, flow)), -1);
    g_array_index(open, uint32_t, flow) = note_changes(among, flow);
}

static void compute_tcp(struct flow_among *among)
{
    uint32_t flows = flow_table_count(among->table);
    GArray *open = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    const struct flow *flow;
    int32_t sum = 0;

    if (!stands(among, &among->tcp_changed)) {
        g_array_set_size(open, flows);
        g_array_set_size(among->changes, 0);
        for (uint32_t i = 0; (flow = flow_table_nth(among->table, i)); i++)
            follow(among, flow->index, open);
        g_array_sort(among->changes, by_frame);
        for (unsigned i = 0; i < among->changes->len; i++) {
            struct change *at = &g_array_index(among->changes, struct change, i);
            at->open = sum += at->open;
        }
    }
    g_array_unref(open);
}

uint32_t flow_among_live_tcp(struct flow_among *among, uint32_t frame)
{
    uint32_t low = 0, high;

    compute_tcp(among);
    for (high = among->changes->len; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (g_array_index(among->changes, struct change, middle).frame <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? (uint32_t)g_array_index(among->changes, struct change, low - 1).open : 0;
}
