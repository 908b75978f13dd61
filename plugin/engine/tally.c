#include "tally.h"

#include "core.h"

#include <string.h>

enum { FRAMES_OF_EARLIER_FILES = 1 << 20 };

/* The states of a flow's first facts, of those that passed. */
struct settled {
    uint32_t facts;
    uint64_t states[];
};

struct flow_tally {
    bool is_filtered;
    GByteArray *passed;  /* a bit for each frame, from that number on */
    uint32_t first;      /* a multiple of 8 */
    uint32_t before;     /* frames in earlier files */
    GHashTable *settled; /* struct settled, by the flow's id; of a statistic with a filter */
};

struct flow_tally *flow_tally_new(bool is_filtered)
{
    struct flow_tally *tally = g_new0(struct flow_tally, 1);

    tally->is_filtered = is_filtered;
    tally->passed = g_byte_array_new();
    tally->settled = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    return tally;
}

void flow_tally_free(struct flow_tally *tally)
{
    if (!tally)
        return;
    g_byte_array_unref(tally->passed);
    g_hash_table_unref(tally->settled);
    g_free(tally);
}

void flow_tally_clear(struct flow_tally *tally)
{
    g_byte_array_set_size(tally->passed, 0);
    g_hash_table_remove_all(tally->settled);
    tally->first = tally->before = 0;
}

void flow_tally_pass(struct flow_tally *tally, uint32_t frame)
{
    uint32_t place = tally->before + frame - tally->first;
    unsigned byte = place / 8, length = tally->passed->len;

    if (!tally->is_filtered)
        return;
    if (byte >= length) {
        g_byte_array_set_size(tally->passed, byte + 1);
        memset(tally->passed->data + length, 0, byte + 1 - length);
    }
    tally->passed->data[byte] |= (uint8_t)(1u << place % 8);
}

static bool has_passed(const struct flow_tally *tally, uint32_t frame)
{
    uint32_t place = frame - tally->first;
    unsigned byte = place / 8;

    return byte < tally->passed->len && (tally->passed->data[byte] >> place % 8 & 1);
}

bool flow_tally_has_passed(const struct flow_tally *tally, uint32_t frame)
{
    return !tally->is_filtered || has_passed(tally, frame);
}

/* What has passed: of a frame number that was used again, the packet that came last. */
struct passing {
    const struct flow_tally *tally;
    const struct flow_history *history;
    uint32_t from; /* of the flow's facts: from that one on, before that one */
    uint32_t until;
};

static bool passes(const struct flow_fact *fact, void *data)
{
    const struct passing *passing = data;
    struct flow_place place;

    if (fact->ordinal < passing->from || fact->ordinal >= passing->until ||
        !has_passed(passing->tally, fact->frame))
        return false;
    if (fact->bits & FLOW_FACT_EVENT)
        return true;
    return !flow_history_find(passing->history, fact->frame, &place) ||
           (place.flow == fact->flow &&
            flow_history_facts_until(passing->history, place.flow, place.packet) ==
                fact->ordinal + 1);
}

static void make_room(const struct flow_groups *groups, struct flow_selection *selection)
{
    for (size_t i = 0; i < groups->count; i++)
        selection->states[i] = g_malloc0(MAX(groups->on[i].group->state_size, 1));
}

/* A bit for each group. */
static uint32_t all_of(const struct flow_groups *groups)
{
    return (uint32_t)((UINT64_C(1) << groups->count) - 1);
}

static void free_room(const struct flow_groups *groups, struct flow_selection *selection)
{
    for (size_t i = 0; i < groups->count; i++)
        g_free(selection->states[i]);
}

static struct settled *settled_of(const struct flow_tally *tally, const struct flow_view *view)
{
    return g_hash_table_lookup(tally->settled, GUINT_TO_POINTER(view->flow->id));
}

/* Begin a flow's selection after its facts that were settled: without a filter all passed. */
static void begin_flow(const struct flow_tally *tally, const struct flow_view *view,
                       struct flow_selection *selection)
{
    struct passing *passing = selection->data;
    const struct settled *settled = settled_of(tally, view);

    selection->folded = 0;
    selection->settled = NULL;
    passing->from = settled ? settled->facts : 0;
    if (settled)
        selection->settled = (const uint8_t *)settled->states;
    else if (!tally->is_filtered)
        selection->settled = flow_evaluate_settled(view->evaluation, view->index);
}

static bool is_listed(const struct flow_view *view)
{
    bool goes_on = view->capture->is_between && view->flow->successor == FLOW_SUCCESSOR_NONE;

    return !goes_on && !(view->flow->bits & FLOW_ENDED);
}

static void begin_selection(const struct flow_tally *tally, struct passing *passing,
                            const struct flow_groups *groups, struct flow_selection *ret_selection)
{
    *ret_selection =
        (struct flow_selection){ .passes = tally->is_filtered ? passes : NULL, .data = passing };
    make_room(groups, ret_selection);
}

/*
 * The groups that were asked for, a bit each, are folded in one pass through the
 * facts; return those that have been by now.
 */
static uint32_t tell(const struct flow_tally *tally, struct flow_view *view,
                     struct flow_selection *selection, uint32_t groups,
                     void (*call)(struct flow_view *view, void *data), void *data)
{
    begin_flow(tally, view, selection);
    view->selection = selection;
    flow_view_select(view, groups);
    if (flow_state_pkts(flow_view_whole(view, &flow_core)) > 0)
        call(view, data);
    return groups | selection->folded;
}

/* Core says whether any packet has passed. */
enum { CORE = 1 };

void flow_tally_each(struct flow_tally *tally, struct flow_meter *meter,
                     void (*call)(struct flow_view *view, void *data), void *data)
{
    struct passing passing = { .tally = tally, .until = UINT32_MAX };
    struct flow_selection selection;
    uint32_t groups = CORE;
    struct flow_view view;

    if (!meter || !flow_meter_flow_view(meter, 0, &view))
        return;
    passing.history = view.history;
    begin_selection(tally, &passing, view.groups, &selection);
    for (uint32_t i = 0; flow_meter_flow_view(meter, i, &view); i++)
        if (is_listed(&view))
            groups = tell(tally, &view, &selection, groups, call, data);
    free_room(view.groups, &selection);
}

void flow_tally_last(struct flow_tally *tally, struct flow_view *view,
                     void (*call)(struct flow_view *view, void *data), void *data)
{
    struct passing passing = { .tally = tally, .history = view->history, .until = UINT32_MAX };
    struct flow_selection selection;

    begin_selection(tally, &passing, view->groups, &selection);
    tell(tally, view, &selection, all_of(view->groups), call, data);
    free_room(view->groups, &selection);
    view->selection = NULL;
    g_hash_table_remove(tally->settled, GUINT_TO_POINTER(view->flow->id));
}

static struct settled *make_settled(struct flow_tally *tally, const struct flow_view *view)
{
    void *id = GUINT_TO_POINTER(view->flow->id);
    struct settled *settled = settled_of(tally, view);

    if (!settled) {
        settled = g_malloc0(sizeof *settled + view->groups->state_size);
        g_hash_table_insert(tally->settled, id, settled);
    }
    return settled;
}

void flow_tally_keep(struct flow_tally *tally, struct flow_view *view, uint32_t facts)
{
    struct passing passing = { .tally = tally, .history = view->history, .until = facts };
    void *states[FLOW_EXTENSIONS_MAX];

    if (!tally->is_filtered)
        return;
    struct settled *settled = make_settled(tally, view);
    for (size_t i = 0; i < view->groups->count; i++)
        states[i] = (uint8_t *)settled->states + view->groups->on[i].state_at;
    passing.from = settled->facts;
    flow_evaluate_flow(view->evaluation, view->index, all_of(view->groups), passes, &passing,
                       states);
    settled->facts = facts;
}

/* A fragment that waits may be counted in a later file. */
static void forget_old_frames(struct flow_tally *tally)
{
    uint32_t frames = tally->before - tally->first;
    unsigned bytes = frames > FRAMES_OF_EARLIER_FILES ? (frames - FRAMES_OF_EARLIER_FILES) / 8 : 0;

    bytes = MIN(bytes, tally->passed->len);
    if (bytes > 0)
        g_byte_array_remove_range(tally->passed, 0, bytes);
    tally->first += bytes * 8;
}

void flow_tally_go_on(struct flow_tally *tally, struct flow_meter *meter)
{
    struct flow_view view;

    if (!meter || !flow_meter_is_between(meter)) {
        flow_tally_clear(tally);
        return;
    }
    for (uint32_t i = 0; tally->is_filtered && flow_meter_flow_view(meter, i, &view); i++) {
        if (view.flow->successor == FLOW_SUCCESSOR_NONE)
            flow_tally_keep(tally, &view, flow_history_facts(view.history, view.index));
        else
            g_hash_table_remove(tally->settled, GUINT_TO_POINTER(view.flow->id));
    }
    tally->before = flow_meter_frames(meter);
    forget_old_frames(tally);
}
