#include "tally.h"

#include "core.h"

#include <string.h>

struct flow_tally {
    bool is_filtered;
    GByteArray *passed; /* a bit for each frame */
};

struct flow_tally *flow_tally_new(bool is_filtered)
{
    struct flow_tally *tally = g_new0(struct flow_tally, 1);

    tally->is_filtered = is_filtered;
    tally->passed = g_byte_array_new();
    return tally;
}

void flow_tally_free(struct flow_tally *tally)
{
    if (!tally)
        return;
    g_byte_array_unref(tally->passed);
    g_free(tally);
}

void flow_tally_clear(struct flow_tally *tally)
{
    g_byte_array_set_size(tally->passed, 0);
}

void flow_tally_pass(struct flow_tally *tally, uint32_t frame)
{
    unsigned byte = frame / 8, length = tally->passed->len;

    if (!tally->is_filtered)
        return;
    if (byte >= length) {
        g_byte_array_set_size(tally->passed, byte + 1);
        memset(tally->passed->data + length, 0, byte + 1 - length);
    }
    tally->passed->data[byte] |= (uint8_t)(1u << frame % 8);
}

static bool has_passed(const struct flow_tally *tally, uint32_t frame)
{
    unsigned byte = frame / 8;

    return byte < tally->passed->len && (tally->passed->data[byte] >> frame % 8 & 1);
}

bool flow_tally_has_passed(const struct flow_tally *tally, uint32_t frame)
{
    return !tally->is_filtered || has_passed(tally, frame);
}

/* What has passed: of a frame number that was used again, the packet that came last. */
struct passing {
    const struct flow_tally *tally;
    const struct flow_history *history;
};

static bool passes(const struct flow_fact *fact, void *data)
{
    const struct passing *passing = data;
    struct flow_place place;

    if (!has_passed(passing->tally, fact->frame))
        return false;
    if (fact->bits & FLOW_FACT_EVENT)
        return true;
    return flow_history_find(passing->history, fact->frame, &place) && place.flow == fact->flow &&
           flow_history_facts_until(passing->history, place.flow, place.packet) ==
               fact->ordinal + 1;
}

static void make_room(const struct flow_groups *groups, struct flow_selection *selection)
{
    for (size_t i = 0; i < groups->count; i++)
        selection->states[i] = g_malloc0(MAX(groups->on[i].group->state_size, 1));
}

static void free_room(const struct flow_groups *groups, struct flow_selection *selection)
{
    for (size_t i = 0; i < groups->count; i++)
        g_free(selection->states[i]);
}

/* Fold the groups that the last flow was asked for, in one pass through the facts. */
static void fold_ahead(struct flow_view *view, uint32_t groups)
{
    struct flow_selection *selection = view->selection;

    for (size_t i = 0; i < view->groups->count; i++)
        if (groups & 1u << i && selection->states[i])
            memset(selection->states[i], 0, view->groups->on[i].group->state_size);
    flow_evaluate_flow(view->evaluation, view->index, groups, selection->passes, selection->data,
                       selection->states);
    selection->folded = groups;
}

void flow_tally_each(struct flow_tally *tally, struct flow_meter *meter,
                     void (*call)(struct flow_view *view, void *data), void *data)
{
    struct passing passing = { .tally = tally };
    struct flow_selection selection = { .passes = tally->is_filtered ? passes : NULL,
                                        .data = &passing };
    uint32_t groups = 1; /* core, which says whether any packet has passed */
    struct flow_view view;

    if (!meter || !flow_meter_flow_view(meter, 0, &view))
        return;
    const struct flow_groups *all = view.groups;
    passing.history = view.history;
    make_room(all, &selection);
    for (uint32_t i = 0; flow_meter_flow_view(meter, i, &view); i++) {
        view.selection = &selection;
        fold_ahead(&view, groups);
        if (flow_state_pkts(flow_view_whole(&view, &flow_core)) > 0)
            call(&view, data);
        groups |= selection.folded;
    }
    free_room(all, &selection);
}
