#include <flowstats/history.h>

#include "pages.h"

#include <string.h>

/*
 * Facts sit in pages in the order of accounting and are linked backwards along
 * their flow, so recording touches nothing old.  Of every flow the history
 * keeps the newest state and, before its facts 32, 64, ..., a checkpoint: the
 * state there and the number of the fact that follows it.  Whatever lies in the
 * past of a flow is at most 31 hops behind a checkpoint or behind its end:
 * that finds the n-th fact without an index of all facts, and a state by
 * replaying few of them.  A second pass through the file asks for a flow's
 * states in turn; a cursor remembers where the last answers were, so that the
 * next one is mostly one step away.
 *
 * Behind each fact lie the notes of the extensions, and behind each state their
 * data: what has a state in it has the state at its end.
 */

enum { NO_FACT = UINT32_MAX, CURSORS = 256 };

struct checkpoint {
    uint32_t state; /* number in history->checkpoints */
    uint32_t fact;  /* number of the first fact behind it */
};

struct tail {
    GArray *checkpoints; /* struct checkpoint; NULL for short flows */
    uint32_t first;      /* the number of the flow's first fact, and of its last */
    uint32_t last;
    uint32_t last_packet; /* of its last fact that is no event */
    uint32_t facts;
    struct flow_state state; /* after the last fact */
};

struct cursor {
    uint32_t flow;
    uint32_t ordinal;
    bool used;
    struct flow_state state; /* after that fact */
};

struct error_for {
    uint32_t fact;
    uint32_t flow;
};

struct flow_history {
    struct pages facts;       /* struct flow_fact */
    struct pages frames;      /* uint32_t, by frame: number of its packet + 1; 0: none */
    struct pages tails;       /* struct tail, by flow */
    struct pages checkpoints; /* struct flow_state */
    struct pages cursors;     /* struct cursor */
    GArray *errors;           /* struct error_for, in the order of facts */
    const struct flow_extensions *extensions;
    size_t state_size; /* with the extensions' data */
};

static const struct flow_extensions no_extensions;

static struct flow_fact *fact_at(const struct flow_history *history, uint32_t number)
{
    return pages_at(&history->facts, number);
}

static struct tail *tail_of(const struct flow_history *history, uint32_t flow)
{
    return flow < history->tails.count ? pages_at(&history->tails, flow) : NULL;
}

static void free_checkpoints(struct flow_history *history)
{
    for (uint32_t flow = 0; flow < history->tails.count; flow++) {
        struct tail *tail = tail_of(history, flow);
        if (tail->checkpoints)
            g_array_unref(tail->checkpoints);
    }
}

struct flow_history *flow_history_new(void)
{
    struct flow_history *history = g_new0(struct flow_history, 1);

    pages_init(&history->facts, sizeof(struct flow_fact));
    pages_init(&history->frames, sizeof(uint32_t));
    pages_init(&history->tails, sizeof(struct tail));
    pages_init(&history->checkpoints, sizeof(struct flow_state));
    pages_init(&history->cursors, sizeof(struct cursor));
    history->extensions = &no_extensions;
    history->state_size = sizeof(struct flow_state);
    history->errors = g_array_new(FALSE, FALSE, sizeof(struct error_for));
    return history;
}

void flow_history_free(struct flow_history *history)
{
    if (!history)
        return;
    free_checkpoints(history);
    pages_clear(&history->facts);
    pages_clear(&history->frames);
    pages_clear(&history->tails);
    pages_clear(&history->checkpoints);
    pages_clear(&history->cursors);
    g_array_unref(history->errors);
    g_free(history);
}

static size_t in_words(size_t size)
{
    return (size + 7) / 8 * 8;
}

void flow_history_extend(struct flow_history *history, const struct flow_extensions *extensions)
{
    size_t data_size = in_words(extensions->data_size);

    g_return_if_fail(history->facts.count == 0);
    history->extensions = extensions;
    history->state_size = sizeof(struct flow_state) + data_size;
    history->facts.item_size = sizeof(struct flow_fact) + in_words(extensions->note_size);
    history->tails.item_size = sizeof(struct tail) + data_size;
    history->checkpoints.item_size = history->state_size;
    history->cursors.item_size = sizeof(struct cursor) + data_size;
}

const struct flow_extensions *flow_history_extensions(const struct flow_history *history)
{
    return history->extensions;
}

size_t flow_history_state_size(const struct flow_history *history)
{
    return history->state_size;
}

void flow_history_apply(const struct flow_history *history, struct flow_state *state,
                        const struct flow_fact *fact)
{
    flow_state_apply(state, fact);
    if (history->extensions->count > 0)
        flow_extensions_fold(history->extensions, state, fact);
}

static void add_checkpoint(struct flow_history *history, struct tail *tail, uint32_t next_fact)
{
    struct checkpoint checkpoint = { .state = history->checkpoints.count, .fact = next_fact };

    if (!tail->checkpoints)
        tail->checkpoints = g_array_new(FALSE, FALSE, sizeof(struct checkpoint));
    memcpy(pages_add(&history->checkpoints), &tail->state, history->state_size);
    g_array_append_val(tail->checkpoints, checkpoint);
}

const struct flow_fact *flow_history_record(struct flow_history *history, struct flow_fact fact)
{
    return flow_history_record_noted(history, &fact, NULL);
}

const struct flow_fact *flow_history_record_noted(struct flow_history *history,
                                                  const struct flow_fact *fact, const void *notes)
{
    uint32_t number = history->facts.count;

    g_return_val_if_fail(fact->flow <= history->tails.count && number < NO_FACT, NULL);
    struct tail *tail = tail_of(history, fact->flow);
    if (!tail) {
        tail = pages_add(&history->tails);
        memset(tail, 0, history->tails.item_size);
    }

    uint32_t ordinal = tail->facts++;
    if (ordinal > 0 && ordinal % FLOW_HISTORY_STRIDE == 0)
        add_checkpoint(history, tail, number);

    struct flow_fact *kept = pages_add(&history->facts);
    *kept = *fact;
    kept->ordinal = ordinal;
    kept->previous = ordinal > 0 ? tail->last : NO_FACT;
    if (notes)
        memcpy(kept + 1, notes, history->extensions->note_size);
    else if (history->extensions->note_size > 0)
        memset(kept + 1, 0, history->extensions->note_size);
    if (ordinal == 0)
        tail->first = number;
    tail->last = number;
    flow_history_apply(history, &tail->state, kept);
    if (!(fact->bits & FLOW_FACT_EVENT)) {
        tail->last_packet = number;
        *(uint32_t *)pages_make(&history->frames, fact->frame) = number + 1;
    }
    return kept;
}

const struct flow_fact *flow_history_at(const struct flow_history *history, uint32_t number)
{
    return number < history->facts.count ? fact_at(history, number) : NULL;
}

const struct flow_fact *flow_history_frame(const struct flow_history *history, uint32_t frame)
{
    const uint32_t *number = pages_at(&history->frames, frame);

    return number && *number > 0 ? fact_at(history, *number - 1) : NULL;
}

static const struct checkpoint *checkpoint_of(const struct tail *tail, uint32_t stride)
{
    return stride > 0 && tail->checkpoints && stride <= tail->checkpoints->len
               ? &g_array_index(tail->checkpoints, struct checkpoint, stride - 1)
               : NULL;
}

const struct flow_state *flow_history_state_at(struct flow_history *history,
                                               const struct flow_fact *fact)
{
    const struct flow_fact *replay[FLOW_HISTORY_STRIDE];
    uint32_t stride = fact->ordinal / FLOW_HISTORY_STRIDE;
    uint32_t done = stride * FLOW_HISTORY_STRIDE; /* facts that the starting state has seen */
    const struct tail *tail = tail_of(history, fact->flow);

    if (fact->ordinal + 1 == tail->facts)
        return &tail->state;
    struct cursor *cursor = pages_make(&history->cursors, fact->flow % CURSORS);
    if (cursor->used && cursor->flow == fact->flow && cursor->ordinal >= done &&
        cursor->ordinal <= fact->ordinal) {
        done = cursor->ordinal + 1;
    } else if (stride > 0) {
        const struct checkpoint *checkpoint = checkpoint_of(tail, stride);
        memcpy(&cursor->state, pages_at(&history->checkpoints, checkpoint->state),
               history->state_size);
    } else {
        memset(&cursor->state, 0, history->state_size);
    }

    uint32_t length = fact->ordinal + 1 - done;
    const struct flow_fact *at = fact;
    for (uint32_t i = length; i > 0; i--) {
        replay[i - 1] = at;
        at = fact_at(history, at->previous);
    }
    for (uint32_t i = 0; i < length; i++)
        flow_history_apply(history, &cursor->state, replay[i]);

    cursor->flow = fact->flow;
    cursor->ordinal = fact->ordinal;
    cursor->used = true;
    return &cursor->state;
}

const struct flow_state *flow_history_final(const struct flow_history *history, uint32_t flow)
{
    const struct tail *tail = tail_of(history, flow);

    return tail ? &tail->state : NULL;
}

/* The n-th fact of a flow: back from the checkpoint behind it, or from the flow's end. */
static const struct flow_fact *nth_fact(const struct flow_history *history, uint32_t flow,
                                        uint32_t ordinal)
{
    const struct tail *tail = tail_of(history, flow);

    if (!tail || ordinal >= tail->facts)
        return NULL;
    uint32_t stride = (ordinal + FLOW_HISTORY_STRIDE - 1) / FLOW_HISTORY_STRIDE;
    const struct checkpoint *checkpoint = checkpoint_of(tail, stride);
    const struct flow_fact *fact = fact_at(history, checkpoint ? checkpoint->fact : tail->last);
    while (fact->ordinal > ordinal)
        fact = fact_at(history, fact->previous);
    return fact;
}

static bool is_packet(const struct flow_fact *fact)
{
    return !(fact->bits & FLOW_FACT_EVENT);
}

/* The packet at or behind a place in the flow. */
static const struct flow_fact *packet_from(const struct flow_history *history, uint32_t flow,
                                           uint32_t ordinal)
{
    const struct flow_fact *fact = nth_fact(history, flow, ordinal);

    while (fact && !is_packet(fact))
        fact = nth_fact(history, flow, fact->ordinal + 1);
    return fact;
}

/* The packet at or before a fact. */
static const struct flow_fact *packet_until(const struct flow_history *history,
                                            const struct flow_fact *fact)
{
    while (fact && !is_packet(fact))
        fact = fact->ordinal > 0 ? fact_at(history, fact->previous) : NULL;
    return fact;
}

const struct flow_fact *flow_history_first(const struct flow_history *history, uint32_t flow)
{
    const struct tail *tail = tail_of(history, flow);

    /* Nobody speaks of a flow before its first packet: the first fact is no event. */
    return tail ? fact_at(history, tail->first) : NULL;
}

const struct flow_fact *flow_history_last(const struct flow_history *history, uint32_t flow)
{
    const struct tail *tail = tail_of(history, flow);

    return tail ? fact_at(history, tail->last_packet) : NULL;
}

const struct flow_fact *flow_history_previous(const struct flow_history *history,
                                              const struct flow_fact *fact)
{
    return fact->ordinal > 0 ? packet_until(history, fact_at(history, fact->previous)) : NULL;
}

const struct flow_fact *flow_history_next(const struct flow_history *history,
                                          const struct flow_fact *fact)
{
    return fact == flow_history_last(history, fact->flow)
               ? NULL
               : packet_from(history, fact->flow, fact->ordinal + 1);
}

static uint32_t number_of(const struct flow_history *history, const struct flow_fact *fact)
{
    const uint32_t *number = pages_at(&history->frames, fact->frame);

    return number && *number > 0 && fact_at(history, *number - 1) == fact ? *number - 1 : NO_FACT;
}

void flow_history_note_error_for(struct flow_history *history, const struct flow_fact *fact,
                                 uint32_t flow)
{
    struct error_for error = { .fact = number_of(history, fact), .flow = flow };

    if (error.fact != NO_FACT)
        g_array_append_val(history->errors, error);
}

static int compare_errors(const void *left, const void *right)
{
    uint32_t a = ((const struct error_for *)left)->fact,
             b = ((const struct error_for *)right)->fact;

    return (a > b) - (a < b);
}

bool flow_history_error_for(const struct flow_history *history, const struct flow_fact *fact,
                            uint32_t *ret_flow)
{
    struct error_for wanted = { .fact = number_of(history, fact) };
    unsigned found;

    if (history->errors->len == 0 || wanted.fact == NO_FACT ||
        !g_array_binary_search(history->errors, &wanted, compare_errors, &found))
        return false;
    *ret_flow = g_array_index(history->errors, struct error_for, found).flow;
    return true;
}
