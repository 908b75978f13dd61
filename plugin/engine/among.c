#include "among.h"

#include <flowstats/state.h>

#include <glib.h>

struct ranked {
    uint64_t wire_bytes;
    uint32_t flow;
};

/* The flows before one that had its key. */
struct earlier {
    uint32_t count;
    uint32_t last; /* where count is not 0 */
};

struct flow_among {
    struct flow_history *history;
    const struct flow_table *table;
    struct flow_evaluation *evaluation;
    uint64_t facts;      /* that there were when all of this was computed */
    bool is_known;       /* and it was */
    uint64_t wire_bytes; /* of all flows */
    GArray *bytes;       /* uint64_t: of each flow */
    GArray *ranks;       /* uint32_t: of each flow, from 0 */
    GArray *firsts;      /* uint32_t: frames of the flows' first packets, sorted */
    GArray *lasts;       /* likewise of the last packets */
    GArray *earlier;     /* struct earlier: of the flows that were looked at */
    GHashTable *latest;  /* flow + 1, by key: the last of those */
};

struct flow_among *flow_among_new(struct flow_history *history, const struct flow_table *table,
                                  struct flow_evaluation *evaluation)
{
    struct flow_among *among = g_new0(struct flow_among, 1);

    among->history = history;
    among->table = table;
    among->evaluation = evaluation;
    among->bytes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    among->ranks = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    among->firsts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    among->lasts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    among->earlier = g_array_new(FALSE, FALSE, sizeof(struct earlier));
    among->latest = g_hash_table_new(flow_key_hash, flow_key_equal);
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
    g_array_unref(among->earlier);
    g_hash_table_unref(among->latest);
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

static uint64_t wire_bytes_of(const struct flow_among *among, uint32_t flow)
{
    const struct flow_state *state = flow_evaluate_whole(among->evaluation, 0, flow);

    return state->half[FLOW_UP].wire_bytes + state->half[FLOW_DOWN].wire_bytes;
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
    uint64_t bytes = wire_bytes_of(among, flow);
    uint32_t first = flow_history_first_frame(among->history, flow);
    uint32_t last = flow_history_last_frame(among->history, flow);

    among->wire_bytes += bytes;
    g_array_append_val(among->bytes, bytes);
    g_array_append_val(among->firsts, first);
    g_array_append_val(among->lasts, last);
}

static void compute(struct flow_among *among)
{
    uint64_t facts = flow_history_recorded(among->history);
    uint32_t flows = flow_table_count(among->table);

    if (among->is_known && among->facts == facts)
        return;
    among->is_known = true;
    among->facts = facts;
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

/* How many of sorted numbers are less than that one. */
static uint32_t less_than(const GArray *numbers, uint64_t number)
{
    uint32_t low = 0, high = numbers->len;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g_array_index(numbers, uint32_t, middle) < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t flow_among_live(struct flow_among *among, uint32_t frame)
{
    compute(among);
    return less_than(among->firsts, (uint64_t)frame + 1) - less_than(among->lasts, frame);
}

static void learn_earlier(struct flow_among *among, uint32_t flow)
{
    const struct flow_key *key = &flow_table_at(among->table, flow)->key;
    uint32_t latest = GPOINTER_TO_UINT(g_hash_table_lookup(among->latest, key));
    struct earlier earlier = { .count = 0 };

    if (latest > 0) {
        earlier.last = latest - 1;
        earlier.count = g_array_index(among->earlier, struct earlier, earlier.last).count + 1;
    }
    g_array_append_val(among->earlier, earlier);
    g_hash_table_replace(among->latest, (void *)key, GUINT_TO_POINTER(flow + 1));
}

uint32_t flow_among_earlier(struct flow_among *among, uint32_t flow, uint32_t *ret_flow)
{
    while (among->earlier->len <= flow)
        learn_earlier(among, among->earlier->len);

    const struct earlier *earlier = &g_array_index(among->earlier, struct earlier, flow);
    if (earlier->count > 0)
        *ret_flow = earlier->last;
    return earlier->count;
}
