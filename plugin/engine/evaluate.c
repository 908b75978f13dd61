#include "evaluate.h"

#include "pages.h"

#include <string.h>

/*
 * Each group has two caches, of whole states and of states so far, for the two
 * are asked for in turn and would drive each other out.  A cache has a slot for
 * each flow up to CACHE_BYTES, from there on flows share slots.
 *
 * Checkpoints are left at every stride-th fact when a fold comes by: one byte of
 * them for each fact or two, and at most some thousand facts to be folded again.
 */

enum { SLOTS_FIRST = 64, STRIDE_MIN = 128 };

#define CACHE_BYTES ((size_t)64 << 20)

_Static_assert((int)STRIDE_MIN >= (int)FLOW_HISTORY_STRIDE, "jumping is what reading is, or more");

struct slot {
    uint32_t flow;  /* + 1; 0: none */
    uint32_t facts; /* that were folded */
    uint64_t state[];
};

struct cache {
    uint8_t *slots;
    size_t count;
    size_t slot_size;
};

enum reading { SO_FAR, WHOLE, READINGS };

struct evaluated {
    struct cache caches[READINGS];
    GHashTable *checkpoints; /* GByteArray of states, by flow; of long flows */
    uint32_t stride;
};

/* The states of a flow's first facts. */
struct settled {
    uint32_t facts;
    uint64_t states[];
};

struct flow_evaluation {
    struct flow_history *history;
    const struct flow_table *table;
    const struct flow_groups *groups;
    struct evaluated evaluated[FLOW_EXTENSIONS_MAX];
    GHashTable *settled; /* struct settled, by flow */
};

static size_t state_size(const struct flow_evaluation *evaluation, size_t group)
{
    return evaluation->groups->on[group].group->state_size;
}

static void free_checkpoints(void *checkpoints)
{
    g_byte_array_unref(checkpoints);
}

static uint32_t stride_of(size_t size)
{
    uint32_t stride = STRIDE_MIN;

    while (stride < size / 2)
        stride *= 2;
    return stride;
}

struct flow_evaluation *flow_evaluation_new(struct flow_history *history,
                                            const struct flow_table *table,
                                            const struct flow_groups *groups)
{
    struct flow_evaluation *evaluation = g_new0(struct flow_evaluation, 1);

    evaluation->history = history;
    evaluation->table = table;
    evaluation->groups = groups;
    evaluation->settled = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    for (size_t i = 0; i < groups->count; i++) {
        struct evaluated *evaluated = &evaluation->evaluated[i];
        size_t size = state_size(evaluation, i);
        evaluated->checkpoints =
            g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_checkpoints);
        evaluated->stride = stride_of(size);
        for (size_t k = 0; k < READINGS; k++)
            evaluated->caches[k].slot_size = sizeof(struct slot) + (size + 7) / 8 * 8;
    }
    return evaluation;
}

void flow_evaluation_free(struct flow_evaluation *evaluation)
{
    if (!evaluation)
        return;
    g_hash_table_unref(evaluation->settled);
    for (size_t i = 0; i < evaluation->groups->count; i++) {
        g_hash_table_unref(evaluation->evaluated[i].checkpoints);
        for (size_t k = 0; k < READINGS; k++)
            g_free(evaluation->evaluated[i].caches[k].slots);
    }
    g_free(evaluation);
}

/* Caches */

static struct slot *slot_at(const struct cache *cache, uint32_t flow)
{
    return (struct slot *)(void *)(cache->slots + flow % cache->count * cache->slot_size);
}

/* Slots are as many as flows, in powers of two; those that move keep their states. */
static void grow(struct cache *cache, uint32_t flows)
{
    struct cache old = *cache;
    size_t count = MAX(old.count, SLOTS_FIRST);

    while (count < flows && count * 2 * cache->slot_size <= CACHE_BYTES)
        count *= 2;
    if (count == old.count)
        return;
    cache->count = count;
    cache->slots = g_malloc0_n(count, cache->slot_size);
    for (uint32_t i = 0; i < old.count; i++) {
        const struct slot *slot = slot_at(&old, i);
        if (slot->flow)
            memcpy(slot_at(cache, slot->flow - 1), slot, cache->slot_size);
    }
    g_free(old.slots);
}

static struct slot *slot_of(const struct flow_evaluation *evaluation, struct cache *cache,
                            uint32_t flow)
{
    if (flow >= cache->count)
        grow(cache, flow_table_count(evaluation->table));
    return slot_at(cache, flow);
}

/* Folding */

static void start_fold(const struct flow_evaluation *evaluation, uint32_t flow,
                       struct flow_fold *ret_fold)
{
    const struct flow *of = flow_table_at(evaluation->table, flow);

    *ret_fold = (struct flow_fold){ .family = of->key.family, .protocol = of->key.protocol };
}

/* Fold one fact into a group's state; a group of fields that need no state has no fold. */
static void fold_one(const struct flow_group_place *place, struct flow_fold *fold,
                     const void *notes, void *state)
{
    fold->note = (const uint8_t *)notes + place->note_at;
    if (place->group->fold)
        place->group->fold(state, fold);
}

/* The checkpoints of a flow: states after stride, 2 * stride ... facts. */
static GByteArray *checkpoints_of(const struct evaluated *evaluated, uint32_t flow)
{
    return g_hash_table_lookup(evaluated->checkpoints, GUINT_TO_POINTER(flow));
}

static void keep_checkpoint(struct evaluated *evaluated, const struct slot *slot, size_t size)
{
    void *key = GUINT_TO_POINTER(slot->flow - 1);
    GByteArray *checkpoints = checkpoints_of(evaluated, slot->flow - 1);
    size_t before = ((size_t)slot->facts / evaluated->stride - 1) * size;

    if (!checkpoints) {
        checkpoints = g_byte_array_new();
        g_hash_table_insert(evaluated->checkpoints, key, checkpoints);
    }
    /* Only the next one in turn: all before it are there. */
    if (checkpoints->len == before)
        g_byte_array_append(checkpoints, (const uint8_t *)slot->state, (unsigned)size);
}

static struct settled *settled_of(const struct flow_evaluation *evaluation, uint32_t flow)
{
    return g_hash_table_lookup(evaluation->settled, GUINT_TO_POINTER(flow));
}

/* Before all facts that are kept. */
static void start_slot(const struct flow_evaluation *evaluation, size_t group, uint32_t flow,
                       struct slot *slot)
{
    const struct settled *settled = settled_of(evaluation, flow);
    size_t size = state_size(evaluation, group);

    slot->facts = settled ? settled->facts : 0;
    if (settled)
        memcpy(slot->state,
               (const uint8_t *)settled->states + evaluation->groups->on[group].state_at, size);
    else
        memset(slot->state, 0, size);
}

/* Start a slot anew, or go on from the last checkpoint that is not past that fact. */
static void jump(const struct flow_evaluation *evaluation, size_t group, struct slot *slot,
                 uint32_t flow, uint32_t facts)
{
    const struct evaluated *evaluated = &evaluation->evaluated[group];
    size_t size = state_size(evaluation, group);
    const GByteArray *checkpoints =
        facts >= evaluated->stride ? checkpoints_of(evaluated, flow) : NULL;
    uint32_t strides = checkpoints && size > 0
                           ? MIN(facts / evaluated->stride, (uint32_t)(checkpoints->len / size))
                           : 0;
    bool goes_on = slot->flow == flow + 1 && slot->facts <= facts;

    if (goes_on && slot->facts >= strides * evaluated->stride)
        return;
    slot->flow = flow + 1;
    if (strides == 0) {
        start_slot(evaluation, group, flow, slot);
        return;
    }
    slot->facts = strides * evaluated->stride;
    memcpy(slot->state, checkpoints->data + (strides - 1) * size, size);
}

static const void *evaluate(struct flow_evaluation *evaluation, size_t group, uint32_t flow,
                            uint32_t facts, enum reading reading)
{
    struct evaluated *evaluated = &evaluation->evaluated[group];
    const struct flow_group_place *place = &evaluation->groups->on[group];
    size_t size = place->group->state_size;
    struct slot *slot = slot_of(evaluation, &evaluated->caches[reading], flow);
    struct flow_fold fold;

    jump(evaluation, group, slot, flow, facts);
    if (!place->group->fold)
        return slot->state;
    if (slot->facts < facts)
        start_fold(evaluation, flow, &fold);
    while (slot->facts < facts) {
        const void *notes;
        fold.fact = flow_history_fact(evaluation->history, flow, slot->facts, &notes);
        fold_one(place, &fold, notes, slot->state);
        slot->facts++;
        if (slot->facts % evaluated->stride == 0)
            keep_checkpoint(evaluated, slot, size);
    }
    return slot->state;
}

const void *flow_evaluate_at(struct flow_evaluation *evaluation, size_t group, uint32_t flow,
                             uint32_t facts)
{
    return evaluate(evaluation, group, flow, facts, SO_FAR);
}

const void *flow_evaluate_whole(struct flow_evaluation *evaluation, size_t group, uint32_t flow)
{
    return evaluate(evaluation, group, flow, flow_history_facts(evaluation->history, flow), WHOLE);
}

/* List those of some groups (a bit each) that have a fold, and return how many there are. */
static size_t list_folding(const struct flow_groups *all, uint32_t groups,
                           size_t ret_folding[FLOW_EXTENSIONS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++)
        if ((groups & 1u << i) && all->on[i].group->fold)
            ret_folding[count++] = i;
    return count;
}

void flow_evaluate_flow(struct flow_evaluation *evaluation, uint32_t flow, uint32_t groups,
                        flow_passes passes, void *data, void *const *states)
{
    const struct flow_groups *all = evaluation->groups;
    size_t folding[FLOW_EXTENSIONS_MAX], count = list_folding(all, groups, folding);
    struct flow_fold fold;
    const void *notes;

    start_fold(evaluation, flow, &fold);
    for (uint32_t i = flow_history_forgotten(evaluation->history, flow);
         (fold.fact = flow_history_fact(evaluation->history, flow, i, &notes)); i++) {
        if (passes && !passes(fold.fact, data))
            continue;
        for (size_t k = 0; k < count; k++)
            fold_one(&all->on[folding[k]], &fold, notes, states[folding[k]]);
    }
}

/* Settling */

static struct settled *make_settled(struct flow_evaluation *evaluation, uint32_t flow)
{
    struct settled *settled = settled_of(evaluation, flow);

    if (!settled) {
        settled = g_malloc0(sizeof *settled + evaluation->groups->state_size);
        g_hash_table_insert(evaluation->settled, GUINT_TO_POINTER(flow), settled);
    }
    return settled;
}

/* Fold one fact into the states of all groups. */
static void fold_all(const struct flow_groups *groups, struct flow_fold *fold, const void *notes,
                     uint8_t *states)
{
    for (size_t i = 0; i < groups->count; i++)
        fold_one(&groups->on[i], fold, notes, states + groups->on[i].state_at);
}

/* A fold goes on from its slot: from there facts are about to go. */
static void leave_slots(struct flow_evaluation *evaluation, uint32_t flow, uint32_t facts)
{
    for (size_t i = 0; i < evaluation->groups->count; i++) {
        struct evaluated *evaluated = &evaluation->evaluated[i];
        g_hash_table_remove(evaluated->checkpoints, GUINT_TO_POINTER(flow));
        for (size_t k = 0; k < READINGS; k++) {
            struct cache *cache = &evaluated->caches[k];
            struct slot *slot = cache->count > 0 ? slot_at(cache, flow) : NULL;
            if (slot && slot->flow == flow + 1 && slot->facts < facts)
                slot->flow = 0;
        }
    }
}

void flow_evaluate_settle(struct flow_evaluation *evaluation, uint32_t flow, uint32_t facts)
{
    struct settled *settled = make_settled(evaluation, flow);
    struct flow_fold fold;
    const void *notes;

    start_fold(evaluation, flow, &fold);
    for (; settled->facts < facts; settled->facts++) {
        fold.fact = flow_history_fact(evaluation->history, flow, settled->facts, &notes);
        g_return_if_fail(fold.fact);
        fold_all(evaluation->groups, &fold, notes, (uint8_t *)settled->states);
    }
    leave_slots(evaluation, flow, facts);
}

const uint8_t *flow_evaluate_settled(const struct flow_evaluation *evaluation, uint32_t flow)
{
    const struct settled *settled = settled_of(evaluation, flow);

    return settled ? (const uint8_t *)settled->states : NULL;
}

void flow_evaluate_forget(struct flow_evaluation *evaluation, uint32_t flow)
{
    g_hash_table_remove(evaluation->settled, GUINT_TO_POINTER(flow));
    leave_slots(evaluation, flow, UINT32_MAX);
}
