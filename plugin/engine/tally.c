#include <flowstats/tally.h>

#include <glib.h>
#include <string.h>

/* What is left of a flow whose file is closed. */
struct row {
    struct flow flow;
    struct flow_state *whole; /* with the data of the extensions */
    const struct flow_extensions *extensions;
    const char *vni;
    uint32_t first_frame;
    uint32_t last_frame;
    enum flow_end_reason end_reason;
};

struct flow_tally {
    bool is_filtered;
    GByteArray *passed; /* a bit for each frame */
    GArray *kept;       /* struct row */
    GStringChunk *texts;
};

static void clear_row(void *row)
{
    g_free(((struct row *)row)->whole);
}

struct flow_tally *flow_tally_new(bool is_filtered)
{
    struct flow_tally *tally = g_new0(struct flow_tally, 1);

    tally->is_filtered = is_filtered;
    tally->passed = g_byte_array_new();
    tally->kept = g_array_new(FALSE, FALSE, sizeof(struct row));
    g_array_set_clear_func(tally->kept, clear_row);
    tally->texts = g_string_chunk_new(256);
    return tally;
}

void flow_tally_free(struct flow_tally *tally)
{
    if (!tally)
        return;
    g_byte_array_unref(tally->passed);
    g_array_unref(tally->kept);
    g_string_chunk_free(tally->texts);
    g_free(tally);
}

static void forget_frames(struct flow_tally *tally)
{
    g_byte_array_set_size(tally->passed, 0);
}

void flow_tally_clear(struct flow_tally *tally)
{
    forget_frames(tally);
    g_array_set_size(tally->kept, 0);
    g_string_chunk_clear(tally->texts);
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

/* States of all flows of a meter, with the data of the extensions. */
struct folding {
    const struct flow_tally *tally;
    const struct flow_history *history;
    uint8_t *states;
    size_t state_size;
};

static struct flow_state *folded(const struct folding *folding, uint32_t flow)
{
    return (struct flow_state *)(void *)(folding->states + flow * folding->state_size);
}

static void fold(const struct flow_fact *fact, void *data)
{
    const struct folding *folding = data;

    if (has_passed(folding->tally, fact->frame))
        flow_history_apply(folding->history, folded(folding, fact->flow), fact);
}

static uint32_t pkts(const struct flow_state *state)
{
    return state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

static void each_of_meter(const struct flow_tally *tally, struct flow_meter *meter,
                          void (*call)(struct flow_view *view, void *data), void *data)
{
    struct folding folding = { .tally = tally };
    struct flow_view view;

    if (tally->is_filtered && flow_meter_flow_view(meter, 0, &view)) {
        folding.history = view.history;
        folding.state_size = flow_history_state_size(view.history);
        folding.states = g_malloc0_n(flow_meter_flows(meter), folding.state_size);
        flow_meter_each_fact(meter, fold, &folding);
    }
    for (uint32_t i = 0; flow_meter_flow_view(meter, i, &view); i++) {
        if (folding.states)
            view.whole = folded(&folding, i);
        if (pkts(view.whole) > 0)
            call(&view, data);
    }
    g_free(folding.states);
}

static void each_kept(const struct flow_tally *tally,
                      void (*call)(struct flow_view *view, void *data), void *data)
{
    for (unsigned i = 0; i < tally->kept->len; i++) {
        const struct row *row = &g_array_index(tally->kept, struct row, i);
        struct flow_view view = { .extensions = row->extensions,
                                  .flow = &row->flow,
                                  .vni = row->vni,
                                  .first_frame = row->first_frame,
                                  .last_frame = row->last_frame,
                                  .whole = row->whole,
                                  .end_reason = row->end_reason };
        call(&view, data);
    }
}

void flow_tally_each(struct flow_tally *tally, struct flow_meter *meter,
                     void (*call)(struct flow_view *view, void *data), void *data)
{
    each_kept(tally, call, data);
    if (meter)
        each_of_meter(tally, meter, call, data);
}

static void keep(struct flow_view *view, void *data)
{
    struct flow_tally *tally = data;
    size_t size = flow_history_state_size(view->history);
    struct row row = { .flow = *view->flow,
                       .whole = g_memdup2(view->whole, size),
                       .extensions = view->extensions,
                       .first_frame = view->first_frame,
                       .last_frame = view->last_frame,
                       .end_reason = view->end_reason };

    enum flow_dir dir = flow_first_dir(view->flow);
    flow_paths_text(view->paths, view->flow->way[dir].path, dir, view->text);
    row.vni = g_string_chunk_insert(tally->texts, view->text);
    g_array_append_val(tally->kept, row);
}

void flow_tally_keep(struct flow_tally *tally, struct flow_meter *meter)
{
    each_of_meter(tally, meter, keep, tally);
    forget_frames(tally);
}
