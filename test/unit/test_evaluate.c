#include "facts.h"
#include "traffic.h"

#include "core.h"
#include "evaluate.h"
#include "field.h"
#include "meter.h"

#include <glib.h>
#include <string.h>

/*
 * The laws of every group, without naming any: those that the list of fields
 * knows are looked up there.  A built-in group is in it from the beginning, so a
 * new one is under these laws as soon as it has fields.  The groups below add
 * what the built-in ones may not have: notes, what is kept once, large, odd and
 * empty states, a merge.
 */

/* Everything that a fold gets to see, in its order. */
struct seen {
    uint64_t digest;
    uint32_t facts;
    uint32_t unused;
};

struct seen_note {
    uint64_t number;
    uint32_t other;
    uint32_t unused;
};

static uint64_t digest_of(uint64_t digest, const void *data, size_t size)
{
    for (size_t at = 0; at < size; at += sizeof digest) {
        uint64_t word = 0;
        memcpy(&word, (const uint8_t *)data + at, MIN(sizeof word, size - at));
        digest = (digest ^ word) * UINT64_C(0x100000001b3);
        digest ^= digest >> 29;
    }
    return digest;
}

static void fold_seen(void *state, const struct flow_fold *from)
{
    struct seen *seen = state;
    const struct seen_note *note = from->note;
    uint8_t key[] = { from->family, from->protocol };

    seen->digest = digest_of(seen->digest, from->fact, sizeof *from->fact);
    seen->digest = digest_of(seen->digest + note->number, &note->other, sizeof note->other);
    seen->digest = digest_of(seen->digest, key, sizeof key);
    seen->facts++;
}

static struct flow_value value_of_seen(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = true,
                                .as.number = ((const struct seen *)asked->state)->facts };
}

static const struct flow_row seen_rows[] = {
    { .name = "unit.seen",
      .label = "Seen",
      .help = "Facts.",
      .value = value_of_seen,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = NULL },
};

static const struct flow_group seen_group = { .version = FLOW_EXTENSION_VERSION,
                                              .state_size = sizeof(struct seen),
                                              .note_size = sizeof(struct seen_note),
                                              .once_size = 3,
                                              .name = "unit.seen",
                                              .rows = seen_rows,
                                              .fold = fold_seen };

/* Sums, of which parts can be put together. */
struct sums {
    uint64_t bytes[FLOW_DIRS];
    uint64_t notes[FLOW_DIRS];
};

static void fold_sums(void *state, const struct flow_fold *from)
{
    struct sums *sums = state;
    enum flow_dir dir = flow_fact_dir(from->fact);

    sums->bytes[dir] += from->fact->wire_len;
    sums->notes[dir] += *(const uint16_t *)from->note;
}

static void merge_sums(void *state, const void *later)
{
    struct sums *sums = state;
    const struct sums *more = later;

    for (unsigned dir = 0; dir < FLOW_DIRS; dir++) {
        sums->bytes[dir] += more->bytes[dir];
        sums->notes[dir] += more->notes[dir];
    }
}

static struct flow_value value_of_sums(const struct flow_asked *asked)
{
    const struct sums *sums = asked->state;
    const uint64_t *sum = asked->row->number ? sums->notes : sums->bytes;
    bool both = asked->dir == FLOW_DIRS;

    return (struct flow_value){ .known = true,
                                .as.number =
                                    both ? sum[FLOW_UP] + sum[FLOW_DOWN] : sum[asked->dir] };
}

static const struct flow_row sums_rows[] = {
    { .name = "unit.sums.*.bytes",
      .label = "Bytes",
      .help = "Bytes.",
      .value = value_of_sums,
      .kind = FLOW_UINT64,
      .scope = FLOW_SCOPE_MEASURE,
      .ways = FLOW_WAYS_ALL },
    { .name = "unit.sums.*.notes",
      .label = "Notes",
      .help = "Notes.",
      .value = value_of_sums,
      .number = 1,
      .kind = FLOW_UINT64,
      .scope = FLOW_SCOPE_MEASURE,
      .ways = FLOW_WAYS_ALL },
    { .name = NULL },
};

static const struct flow_group sums_group = { .version = FLOW_EXTENSION_VERSION,
                                              .state_size = sizeof(struct sums),
                                              .note_size = sizeof(uint16_t),
                                              .name = "unit.sums",
                                              .rows = sums_rows,
                                              .fold = fold_sums,
                                              .merge = merge_sums };

/* A large state, each fact leaving something at another place of it. */
enum { LARGE = 300, ODD = 13 };

static void fold_large(void *state, const struct flow_fold *from)
{
    uint8_t *bytes = state;

    bytes[from->fact->ordinal % LARGE] ^= (uint8_t)(from->fact->frame + 1);
    bytes[(from->fact->ordinal * 7 + 3) % LARGE] += 1;
}

static struct flow_value value_of_byte(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = true, .as.number = *(const uint8_t *)asked->state };
}

static const struct flow_row large_rows[] = {
    { .name = "unit.large",
      .label = "Large",
      .help = "The first byte.",
      .value = value_of_byte,
      .kind = FLOW_UINT8,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = NULL },
};

static const struct flow_group large_group = { .version = FLOW_EXTENSION_VERSION,
                                               .state_size = LARGE,
                                               .name = "unit.large",
                                               .rows = large_rows,
                                               .fold = fold_large };

/* A size that is no multiple of anything, and how often anything was folded at all. */
static uint64_t folds;

static void fold_odd(void *state, const struct flow_fold *from)
{
    uint8_t *bytes = state;

    folds++;
    for (unsigned i = 0; i < ODD; i++)
        bytes[i] = (uint8_t)(bytes[i] * 3 + from->fact->frame + i);
}

static const struct flow_row odd_rows[] = {
    { .name = "unit.odd",
      .label = "Odd",
      .help = "The first byte.",
      .value = value_of_byte,
      .kind = FLOW_UINT8,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = NULL },
};

static const struct flow_group odd_group = { .version = FLOW_EXTENSION_VERSION,
                                             .state_size = ODD,
                                             .name = "unit.odd",
                                             .rows = odd_rows,
                                             .fold = fold_odd };

/* No state: all that it has is kept once. */
static void fold_nothing(void *state, const struct flow_fold *from)
{
    (void)state, (void)from;
}

static struct flow_value value_of_once(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = asked->once != NULL };
}

static const struct flow_row once_rows[] = {
    { .name = "unit.once",
      .label = "Once",
      .help = "Whether it is known.",
      .value = value_of_once,
      .kind = FLOW_FLAG,
      .scope = FLOW_SCOPE_FLOW },
    { .name = NULL },
};

static const struct flow_group once_group = { .version = FLOW_EXTENSION_VERSION,
                                              .once_size = 8,
                                              .name = "unit.once",
                                              .rows = once_rows,
                                              .fold = fold_nothing };

/* All groups that the list of fields knows; core is the first. */
static const struct flow_groups *known_groups(void)
{
    static struct flow_groups groups;

    for (size_t i = 0; groups.count == 0 || i < flow_field_count(); i++) {
        const struct flow_group *group = flow_field_at(i)->group;
        if (group->fold && flow_groups_find(&groups, group) == groups.count)
            flow_groups_add(&groups, group);
    }
    return &groups;
}

static const struct flow_groups *groups_of(const struct flow_group *group)
{
    struct flow_groups *groups = g_new0(struct flow_groups, 1);

    flow_groups_add(groups, group);
    return groups;
}

static size_t size_of(const struct flow_groups *groups, size_t group)
{
    return groups->on[group].group->state_size;
}

/* A record of facts and, beside it, digests of what plain folding gives. */
struct digests {
    uint64_t of_group[FLOW_EXTENSIONS_MAX];
};

struct noted_fact {
    struct flow_fact fact;
    uint32_t notes_at; /* in notes */
};

struct record {
    const struct flow_groups *groups;
    struct flow_table *table;
    struct flow_paths *paths;
    struct flow_history *history;
    struct flow_evaluation *evaluation;
    GRand *rand;
    GPtrArray *states;   /* by flow: void *[count], after its last fact */
    GPtrArray *expected; /* by flow: GArray of struct digests, after each of its facts */
    GArray *facts;       /* struct noted_fact, in the order of accounting */
    GByteArray *notes;
    uint32_t note_size;
};

static void free_digests(void *digests)
{
    g_array_unref(digests);
}

static struct record *record_new(const struct flow_groups *groups, uint32_t seed)
{
    struct record *record = g_new0(struct record, 1);

    record->groups = groups;
    record->note_size = groups->note_size;
    record->paths = flow_paths_new();
    record->table = flow_table_new(0, record->paths);
    record->history = flow_history_new(record->note_size, (groups->once_size + 7) / 8 * 8);
    record->evaluation = flow_evaluation_new(record->history, record->table, groups);
    record->rand = g_rand_new_with_seed(seed);
    record->states = g_ptr_array_new();
    record->expected = g_ptr_array_new_with_free_func(free_digests);
    record->facts = g_array_new(FALSE, FALSE, sizeof(struct noted_fact));
    record->notes = g_byte_array_new();
    return record;
}

static void record_free(struct record *record)
{
    flow_evaluation_free(record->evaluation);
    flow_history_free(record->history);
    flow_table_free(record->table);
    flow_paths_free(record->paths);
    g_rand_free(record->rand);
    for (unsigned i = 0; i < record->states->len; i++) {
        void **states = record->states->pdata[i];
        for (size_t group = 0; group < record->groups->count; group++)
            g_free(states[group]);
        g_free(states);
    }
    g_ptr_array_unref(record->states);
    g_ptr_array_unref(record->expected);
    g_array_unref(record->facts);
    g_byte_array_unref(record->notes);
    g_free(record);
}

static void **states_new(const struct flow_groups *groups)
{
    void **states = g_new0(void *, FLOW_EXTENSIONS_MAX);

    for (size_t group = 0; group < groups->count; group++)
        states[group] = g_malloc0(MAX(size_of(groups, group), 1));
    return states;
}

static void states_free(const struct flow_groups *groups, void **states)
{
    for (size_t group = 0; group < groups->count; group++)
        g_free(states[group]);
    g_free(states);
}

/* Flows of all families and some protocols, so that a fold that mixes them up shows. */
static void begin_flow(struct record *record)
{
    static const struct {
        enum flow_family family;
        uint8_t protocol;
    } kinds[] = { { FLOW_IPV4, 6 }, { FLOW_IPV6, 17 }, { FLOW_LINK, 0 }, { FLOW_IPV6, 6 } };
    uint32_t flow = record->states->len;
    struct flow_packet packet =
        packet_of(1, tuple_of(kinds[flow % 4].family, kinds[flow % 4].protocol, 1, 2));
    struct flow_search search = flow_table_search(record->table, &packet, 0);
    enum flow_dir dir;

    flow_table_begin(record->table, &search, &packet, NULL, &dir);
    g_ptr_array_add(record->states, states_new(record->groups));
    g_ptr_array_add(record->expected, g_array_new(FALSE, FALSE, sizeof(struct digests)));
}

static void fold_one(const struct flow_groups *groups, size_t group, void *state,
                     const struct flow *flow, const struct flow_fact *fact, const uint8_t *notes)
{
    const struct flow_group_place *place = &groups->on[group];
    struct flow_fold fold = { .fact = fact,
                              .note = notes + place->note_at,
                              .family = flow->key.family,
                              .protocol = flow->key.protocol };

    if (place->group->fold)
        place->group->fold(state, &fold);
}

static void fold_plainly(struct record *record, const struct flow_fact *fact, const uint8_t *notes)
{
    void **states = record->states->pdata[fact->flow];
    struct digests digests = { { 0 } };

    for (size_t group = 0; group < record->groups->count; group++) {
        fold_one(record->groups, group, states[group], flow_table_at(record->table, fact->flow),
                 fact, notes);
        digests.of_group[group] = digest_of(0, states[group], size_of(record->groups, group));
    }
    g_array_append_val((GArray *)record->expected->pdata[fact->flow], digests);
}

/* Record one more fact of a flow, which may be the next new one. */
static void record_next(struct record *record, uint32_t flow, bool is_event)
{
    uint32_t frame = record->facts->len + 1;
    struct noted_fact noted = { .fact = is_event ? random_event(record->rand, frame)
                                                 : random_fact(record->rand, frame),
                                .notes_at = record->notes->len };
    uint8_t *notes = g_malloc0(record->note_size + 8);
    bool has_notes = !is_event && g_rand_int(record->rand) % 4;

    if (flow == record->states->len)
        begin_flow(record);
    if (has_notes)
        random_notes(record->rand, notes, record->note_size);
    if (is_event)
        flow_history_record_event(record->history, flow, &noted.fact);
    else
        flow_history_record(record->history, flow, &noted.fact, has_notes ? notes : NULL);
    noted.fact.flow = flow;
    noted.fact.ordinal = ((GArray *)record->expected->pdata[flow])->len;
    g_array_append_val(record->facts, noted);
    g_byte_array_append(record->notes, notes, (record->note_size + 7) / 8 * 8); /* aligned */
    fold_plainly(record, &noted.fact, notes);
    g_free(notes);
}

static struct record *record_of(const struct flow_groups *groups, uint32_t flows, uint32_t facts,
                                uint32_t seed)
{
    struct record *record = record_new(groups, seed);

    for (uint32_t i = 0; i < facts; i++)
        record_next(record, i < flows ? i : g_rand_int(record->rand) % flows,
                    i >= flows && g_rand_int(record->rand) % 5 == 0);
    return record;
}

static const struct flow_fact *fact_at(const struct record *record, uint32_t number)
{
    return &g_array_index(record->facts, struct noted_fact, number).fact;
}

static const uint8_t *notes_of(const struct record *record, uint32_t number)
{
    return record->notes->data + g_array_index(record->facts, struct noted_fact, number).notes_at;
}

static uint64_t expected_after(const struct record *record, size_t group, uint32_t flow,
                               uint32_t facts)
{
    const GArray *expected = record->expected->pdata[flow];

    if (facts > 0)
        return g_array_index(expected, struct digests, facts - 1).of_group[group];
    void *zeros = g_malloc0(size_of(record->groups, group) + 1);
    uint64_t digest = digest_of(0, zeros, size_of(record->groups, group));
    g_free(zeros);
    return digest;
}

static void assert_digest(const struct record *record, size_t group, const void *state,
                          uint64_t expected)
{
    if (digest_of(0, state, size_of(record->groups, group)) == expected)
        return;
    g_test_message("%s", record->groups->on[group].group->name);
    g_test_fail();
}

static void assert_at(const struct record *record, uint32_t flow, uint32_t facts)
{
    for (size_t group = 0; group < record->groups->count; group++)
        assert_digest(record, group, flow_evaluate_at(record->evaluation, group, flow, facts),
                      expected_after(record, group, flow, facts));
}

static void assert_at_fact(const struct record *record, uint32_t number)
{
    const struct flow_fact *fact = fact_at(record, number);

    assert_at(record, fact->flow, fact->ordinal + 1);
}

static void assert_whole(const struct record *record, uint32_t flow)
{
    uint32_t facts = flow_history_facts(record->history, flow);

    for (size_t group = 0; group < record->groups->count; group++)
        assert_digest(record, group, flow_evaluate_whole(record->evaluation, group, flow),
                      expected_after(record, group, flow, facts));
}

enum order { FORWARDS, BACKWARDS, AT_RANDOM, TWICE, BY_FLOW, ORDERS };

static void ask_in(const struct record *record, enum order order)
{
    uint32_t facts = record->facts->len, flows = record->states->len;
    uint32_t step = facts > 1000 ? 29 : 1; /* a jump is a hundred folds of each group */

    switch (order) {
    case FORWARDS:
        for (uint32_t i = 0; i < facts; i++)
            assert_at_fact(record, i);
        break;
    case BACKWARDS:
        for (uint32_t i = facts; i > 0; i -= MIN(i, step))
            assert_at_fact(record, i - 1);
        break;
    case AT_RANDOM:
        for (uint32_t i = 0; i < facts; i += step) {
            assert_at_fact(record, g_rand_int(record->rand) % facts);
            if (i % 7 == 0)
                assert_whole(record, g_rand_int(record->rand) % flows);
        }
        break;
    case TWICE:
        for (uint32_t i = 0; i < facts; i += 3) {
            assert_at_fact(record, i);
            assert_at_fact(record, i);
        }
        break;
    case BY_FLOW:
        for (uint32_t flow = 0; flow < flows; flow++)
            for (uint32_t i = 0; i <= flow_history_facts(record->history, flow); i++)
                assert_at(record, flow, i);
        break;
    case ORDERS: break;
    }
}

static const struct shape {
    const char *claim;
    uint32_t flows, facts;
} shapes[] = {
    { "one-fact", 1, 1 },
    { "one-long-flow", 1, 5000 },
    { "a-thousand-facts", 1, 1000 },
    { "one-less-than-a-stride", 1, FLOW_HISTORY_STRIDE - 1 },
    { "as-long-as-a-stride", 1, FLOW_HISTORY_STRIDE },
    { "one-more-than-a-stride", 1, FLOW_HISTORY_STRIDE + 1 },
    { "two-strides", 1, 2 * FLOW_HISTORY_STRIDE },
    { "few-long-flows", 8, 8000 },
    { "flows-of-a-stride", 100, 100 * FLOW_HISTORY_STRIDE },
    { "many-short-flows", 3000, 9000 },
};

/* Whatever the traffic, the group and the order of asking: replaying gives what folding gave. */
static void test_replay_equals_fold(const void *data)
{
    const struct shape *shape = data;

    for (unsigned first = 0; first < ORDERS; first++) {
        struct record *record = record_of(known_groups(), shape->flows, shape->facts, first + 1);

        ask_in(record, (enum order)first);
        ask_in(record, (enum order)((first + 1) % ORDERS));
        for (uint32_t flow = 0; flow < shape->flows; flow++)
            assert_whole(record, flow);
        record_free(record);
    }
}

/* Settling */

/* Forget the first so many packets of a flow, as a meter does; return how many facts they were. */
static uint32_t forget_packets(struct record *record, uint32_t flow, uint32_t packets)
{
    uint32_t facts = flow_history_facts_until(record->history, flow, packets) - 1;

    flow_evaluate_settle(record->evaluation, flow, facts);
    flow_history_forget(record->history, flow, packets);
    return facts;
}

static void assert_settled(const struct record *record, uint32_t flow, uint32_t facts)
{
    const uint8_t *settled = flow_evaluate_settled(record->evaluation, flow);

    g_assert_nonnull(settled);
    for (size_t group = 0; group < record->groups->count; group++)
        assert_digest(record, group, settled + record->groups->on[group].state_at,
                      expected_after(record, group, flow, facts));
}

/* What is kept of a flow goes on from what is settled, in whatever order. */
static void assert_rest(const struct record *record, uint32_t flow, uint32_t settled)
{
    uint32_t facts = flow_history_facts(record->history, flow);

    assert_whole(record, flow);
    for (uint32_t i = facts; i > settled; i -= MIN(i, 13))
        assert_at(record, flow, i);
    for (uint32_t i = settled; i <= facts; i += 3)
        assert_at(record, flow, i);
    for (unsigned i = 0; i < 50; i++)
        assert_at(record, flow,
                  (uint32_t)g_rand_int_range(record->rand, (int)settled, (int)facts + 1));
    assert_whole(record, flow);
}

/* In one pass, after the states of what is settled. */
static void assert_passed(const struct record *record, uint32_t flow)
{
    void **states = states_new(record->groups);
    const uint8_t *settled = flow_evaluate_settled(record->evaluation, flow);
    uint32_t facts = flow_history_facts(record->history, flow);

    for (size_t group = 0; group < record->groups->count; group++)
        memcpy(states[group], settled + record->groups->on[group].state_at,
               size_of(record->groups, group));
    flow_evaluate_flow(record->evaluation, flow, UINT32_MAX, NULL, NULL, states);
    for (size_t group = 0; group < record->groups->count; group++)
        assert_digest(record, group, states[group], expected_after(record, group, flow, facts));
    states_free(record->groups, states);
}

static void test_what_is_settled_is_folded(void)
{
    enum { STRIDE = FLOW_HISTORY_STRIDE };
    static const uint32_t forgotten[] = { 0, STRIDE, STRIDE, 3 * STRIDE, 4 * STRIDE };
    struct record *record = record_of(known_groups(), 2, 16 * STRIDE, 11);

    g_assert_null(flow_evaluate_settled(record->evaluation, 0));
    for (size_t i = 0; i < G_N_ELEMENTS(forgotten); i++) {
        uint32_t settled = forget_packets(record, 0, forgotten[i]);
        assert_settled(record, 0, settled);
        assert_rest(record, 0, settled);
        assert_passed(record, 0);
        for (unsigned n = 0; n < STRIDE; n++)
            record_next(record, n % 2, n % 5 == 0);
        assert_at(record, 0, settled); /* the latest question is the oldest fact */
    }
    for (unsigned round = 0; round < 2; round++) {
        uint32_t all = forget_packets(record, 0, flow_history_packets(record->history, 0));
        assert_settled(record, 0, all);
        assert_rest(record, 0, all);
        for (unsigned n = 0; n < 2 * STRIDE; n++)
            record_next(record, 0, n % 5 == 4);
        assert_rest(record, 0, all);
    }
    g_assert_null(flow_evaluate_settled(record->evaluation, 1));
    assert_rest(record, 1, 0);
    record_free(record);
}

/* Another flow of as many facts has its number: none of what was known of it is left. */
static void test_a_forgotten_flow_leaves_no_state(void)
{
    enum { FACTS = 3 * FLOW_HISTORY_STRIDE };

    for (unsigned is_settled = 0; is_settled < 2; is_settled++) {
        struct record *record = record_of(known_groups(), 2, 2, 12);
        uint32_t settled = 0;

        for (unsigned round = 0; round < 3; round++) {
            while (flow_history_facts(record->history, 1) < FACTS)
                record_next(record, 1, false);
            if (is_settled)
                settled = forget_packets(record, 1, FLOW_HISTORY_STRIDE);
            assert_rest(record, 1, settled);
            flow_evaluate_forget(record->evaluation, 1);
            flow_history_forget_flow(record->history, 1);
            g_assert_null(flow_evaluate_settled(record->evaluation, 1));
            states_free(record->groups, record->states->pdata[1]);
            record->states->pdata[1] = states_new(record->groups);
            g_array_set_size(record->expected->pdata[1], 0);
            assert_at(record, 1, 0);
        }
        assert_whole(record, 0);
        record_free(record);
    }
}

/* As in a first pass, and in a live capture: questions between the records. */
static void test_replay_equals_fold_while_it_grows(void)
{
    enum { FACTS = 1500 };
    static const uint32_t flows[] = { 1, 4, 1000 };

    for (size_t n = 0; n < G_N_ELEMENTS(flows); n++) {
        struct record *record = record_new(known_groups(), 2);

        for (uint32_t i = 0; i < FACTS; i++) {
            uint32_t flow = g_rand_int(record->rand) % flows[n];
            bool is_new = flow >= record->states->len;

            flow = MIN(flow, record->states->len);
            record_next(record, flow, !is_new && g_rand_int(record->rand) % 5 == 0);
            assert_at_fact(record, i);
            assert_whole(record, flow);
            assert_at_fact(record, g_rand_int(record->rand) % (i + 1));
            assert_whole(record, g_rand_int(record->rand) % record->states->len);
        }
        ask_in(record, FORWARDS);
        record_free(record);
    }
}

/* One after another at the end, and more than a stride of them. */
static void test_events_in_a_row(void)
{
    enum { EVENTS = 3 * FLOW_HISTORY_STRIDE };
    struct record *record = record_new(known_groups(), 3);

    record_next(record, 0, false);
    for (uint32_t i = 0; i < EVENTS; i++)
        record_next(record, 0, true);
    for (unsigned order = 0; order < ORDERS; order++)
        ask_in(record, (enum order)order);
    assert_whole(record, 0);
    record_next(record, 0, false);
    record_next(record, 0, true);
    for (unsigned order = 0; order < ORDERS; order++)
        ask_in(record, (enum order)order);
    assert_whole(record, 0);
    record_free(record);
}

/* Filters */

static bool passes_all(const struct flow_fact *fact, void *data)
{
    (void)fact, (void)data;
    return true;
}

static bool passes_none(const struct flow_fact *fact, void *data)
{
    (void)fact, (void)data;
    return false;
}

static bool passes_by_chance(const struct flow_fact *fact, void *data)
{
    return digest_of(*(uint32_t *)data, &fact->frame, sizeof fact->frame) % 3 == 0;
}

static const struct {
    const char *claim;
    flow_passes passes;
} filters[] = {
    { "no filter", NULL },
    { "all pass", passes_all },
    { "none passes", passes_none },
    { "some pass", passes_by_chance },
};

static void assert_folds_what_passed(const struct record *record, flow_passes passes,
                                     uint32_t groups)
{
    uint32_t seed = 17;
    void **states = states_new(record->groups), **expected = states_new(record->groups);

    for (uint32_t flow = 0; flow < record->states->len; flow++) {
        for (size_t group = 0; group < record->groups->count; group++) {
            memset(states[group], 0, size_of(record->groups, group));
            memset(expected[group], 0, size_of(record->groups, group));
        }
        for (uint32_t i = 0; i < record->facts->len; i++) {
            const struct flow_fact *fact = fact_at(record, i);
            if (fact->flow != flow || (passes && !passes(fact, &seed)))
                continue;
            for (size_t group = 0; group < record->groups->count; group++)
                if (groups & 1u << group)
                    fold_one(record->groups, group, expected[group],
                             flow_table_at(record->table, flow), fact, notes_of(record, i));
        }
        flow_evaluate_flow(record->evaluation, flow, groups, passes, &seed, states);
        for (size_t group = 0; group < record->groups->count; group++)
            g_assert_true(memcmp(states[group], expected[group], size_of(record->groups, group)) ==
                          0);
    }
    states_free(record->groups, states);
    states_free(record->groups, expected);
}

/* Of those groups that were asked for, and of no other. */
static void test_a_filter_folds_what_passed(void)
{
    struct record *record = record_of(known_groups(), 20, 4000, 4);
    uint32_t all = (1u << record->groups->count) - 1;

    for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
        g_test_message("%s", filters[i].claim);
        assert_folds_what_passed(record, filters[i].passes, all);
        for (size_t group = 0; group < record->groups->count; group++)
            assert_folds_what_passed(record, filters[i].passes, 1u << group);
        assert_folds_what_passed(record, filters[i].passes, 0);
    }
    for (uint32_t flow = 0; flow < record->states->len; flow++)
        assert_whole(record, flow); /* and the flow's own state is another one */
    record_free(record);
}

/* Values */

enum { RANDOM_FRAMES = 3000 };

static struct flow_meter *random_meter(uint32_t seed)
{
    const struct flow_groups *groups = known_groups();
    GRand *rand = g_rand_new_with_seed(seed);
    struct flow_meter *meter = flow_meter_new(NULL, 0, groups);
    uint8_t *notes = g_malloc0(groups->note_size + 8);

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        struct flow_packet packet = random_packet(rand, frame);
        random_notes(rand, notes, groups->note_size);
        packet.notes = notes;
        packet.note_size = (uint16_t)groups->note_size;
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    g_free(notes);
    g_rand_free(rand);
    return meter;
}

/* A view of a flow whose groups have these states, whatever its facts. */
static bool view_with(struct flow_meter *meter, uint32_t flow, void **states,
                      struct flow_selection *ret_selection, struct flow_view *ret_view)
{
    if (!flow_meter_flow_view(meter, flow, ret_view))
        return false;
    *ret_selection = (struct flow_selection){ .folded = UINT32_MAX };
    memcpy(ret_selection->states, states, sizeof ret_selection->states);
    ret_view->selection = ret_selection;
    return true;
}

static bool are_equal(const struct flow_field *field, struct flow_value left,
                      struct flow_value right)
{
    if (!left.known || !right.known)
        return left.known == right.known;
    if (field->kind == FLOW_TEXT)
        return strcmp(left.as.text, right.as.text) == 0;
    return left.as.number == right.as.number;
}

/* Fold a part of a flow's facts in a meter. */
static void fold_part(struct flow_view *view, size_t group, uint32_t from, uint32_t to, void *state)
{
    const struct flow_fact *fact;
    const void *notes;

    memset(state, 0, view->groups->on[group].group->state_size);
    for (uint32_t i = from;
         i < to && (fact = flow_history_fact(view->history, view->index, i, &notes)); i++)
        fold_one(view->groups, group, state, view->flow, fact, notes);
}

static void assert_same_values(struct flow_meter *meter, uint32_t flow,
                               const struct flow_group *group, void **merged)
{
    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);
        struct flow_selection selection;
        struct flow_view view, other;

        if (field->group != group)
            continue;
        g_assert_true(flow_meter_flow_view(meter, flow, &view));
        g_assert_true(view_with(meter, flow, merged, &selection, &other));
        for (unsigned nth = 0; nth < 3; nth++)
            if (!are_equal(field, flow_field_value_nth(field, &view, nth),
                           flow_field_value_nth(field, &other, nth))) {
                g_test_message("flow %u: %s", flow, field->name);
                g_test_fail();
            }
    }
}

/* A flow in two parts, wherever it is cut, has the values of the whole one. */
static void test_merged_parts_have_the_values_of_the_whole(void)
{
    const struct flow_groups *groups = known_groups();
    struct flow_meter *meter = random_meter(5);
    void **merged = states_new(groups), **later = states_new(groups);
    GRand *rand = g_rand_new_with_seed(6);
    struct flow_view view;
    unsigned merges = 0;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        uint32_t facts = flow_history_facts(view.history, flow);
        uint32_t cut = g_rand_int(rand) % (facts + 1);

        for (size_t group = 0; group < groups->count; group++)
            fold_part(&view, group, 0, facts, merged[group]);
        for (size_t group = 0; group < groups->count; group++) {
            const struct flow_group *of = groups->on[group].group;
            if (!of->merge)
                continue;
            fold_part(&view, group, 0, cut, merged[group]);
            fold_part(&view, group, cut, facts, later[group]);
            of->merge(merged[group], later[group]);
            assert_same_values(meter, flow, of, merged);
            merges++;
        }
    }
    g_assert_cmpuint(merges, >, 0);
    g_rand_free(rand);
    states_free(groups, merged);
    states_free(groups, later);
    flow_meter_free(meter);
}

/* A flow none of whose packets passed, and a state before its first fact. */
static void test_a_state_of_zeros_is_valid(void)
{
    const struct flow_groups *groups = known_groups();
    struct flow_meter *meter = random_meter(7);
    void **zeros = states_new(groups);
    struct flow_selection selection;
    struct flow_view view;

    for (uint32_t flow = 0; view_with(meter, flow, zeros, &selection, &view); flow++)
        for (size_t i = 0; i < flow_field_count(); i++) {
            const struct flow_field *field = flow_field_at(i);

            g_test_message("flow %u: %s", flow, field->name);
            for (unsigned nth = 0; nth < 3; nth++) {
                struct flow_value value = flow_field_value_nth(field, &view, nth);

                if (value.known && field->kind == FLOW_TEXT)
                    g_assert_true(value.as.text && g_utf8_validate(value.as.text, -1, NULL));
                if (value.known && field->kind == FLOW_DOUBLE)
                    g_assert_true(value.as.real - value.as.real == 0); /* neither inf nor NaN */
            }
        }
    states_free(groups, zeros);
    flow_meter_free(meter);
}

/* Work */

/* How many facts are folded again at the most, once all have been: as many as a state has bytes. */
static uint32_t folds_at_most(const struct flow_group *group)
{
    return MAX((uint32_t)FLOW_HISTORY_STRIDE, group->state_size);
}

static struct flow_fact plain_fact(uint32_t frame)
{
    return (struct flow_fact){ .frame = frame, .cap_len = 60, .wire_len = 60 };
}

static struct record *plain_record(const struct flow_group *group)
{
    struct record *record = record_new(groups_of(group), 8);

    begin_flow(record);
    return record;
}

static void plain_record_free(struct record *record)
{
    const struct flow_groups *groups = record->groups;

    record_free(record);
    g_free((void *)groups);
}

static uint64_t folds_for(struct record *record, uint32_t facts)
{
    uint64_t before = folds;

    flow_evaluate_at(record->evaluation, 0, 0, facts);
    return folds - before;
}

/* However long the flow is. */
static void assert_jumps_are_short(struct record *record, uint32_t facts)
{
    uint32_t most = folds_at_most(&odd_group);
    uint64_t before;

    g_assert_cmpuint(folds_for(record, facts), <=, facts);
    g_assert_cmpuint(folds_for(record, facts), ==, 0);
    g_assert_cmpuint(folds_for(record, 1), <=, 1);
    g_assert_cmpuint(folds_for(record, facts), <=, most);
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t at = g_rand_int(record->rand) % facts;
        g_assert_cmpuint(folds_for(record, at), <=, most);
        g_assert_cmpuint(folds_for(record, at + 1), <=, 1); /* next door is one step */
    }
    before = folds;
    flow_evaluate_whole(record->evaluation, 0, 0);
    g_assert_cmpuint(folds - before, <=, most);
    flow_evaluate_whole(record->evaluation, 0, 0);
    g_assert_cmpuint(folds - before, <=, most);
}

static void test_a_jump_in_a_long_flow_folds_few_facts(void)
{
    enum { PACKETS = 5000000 };
    struct record *record = plain_record(&odd_group);

    for (uint32_t i = 0; i < PACKETS; i++)
        flow_history_record(record->history, 0, &(struct flow_fact){ .frame = i }, NULL);
    assert_jumps_are_short(record, PACKETS);
    plain_record_free(record);
}

/* A million errors about a flow between two of its packets cost no packet anything. */
static void test_a_million_events_are_no_hindrance(void)
{
    enum { EVENTS = 1000000 };
    struct record *record = plain_record(&odd_group);
    struct flow_fact event = { .bits = FLOW_FACT_EVENT }, fact = plain_fact(1);
    struct flow_fact packet;
    const void *notes;

    flow_history_record(record->history, 0, &fact, NULL);
    for (uint32_t i = 0; i < EVENTS; i++) {
        event.frame = i + 2;
        flow_history_record_event(record->history, 0, &event);
    }
    fact = plain_fact(EVENTS + 2);
    flow_history_record(record->history, 0, &fact, NULL);
    assert_jumps_are_short(record, EVENTS + 2);

    /* A search through all events for each question would take half an hour. */
    for (uint32_t i = 0; i < EVENTS; i++) {
        g_assert_cmpuint(flow_history_facts_until(record->history, 0, i % 2), ==,
                         i % 2 ? EVENTS + 2 : 1);
        g_assert_true(flow_history_packet(record->history, 0, i % 2, &packet));
        g_assert_cmpuint(packet.frame, ==, i % 2 ? EVENTS + 2 : 1);
        g_assert_cmpuint(packet.ordinal, ==, i % 2 ? EVENTS + 1 : 0);
        g_assert_cmpuint(flow_history_fact(record->history, 0, i + 1, &notes)->frame, ==, i + 2);
    }
    g_assert_cmpuint(flow_history_first_frame(record->history, 0), ==, 1);
    g_assert_cmpuint(flow_history_last_frame(record->history, 0), ==, EVENTS + 2);
    plain_record_free(record);
}

/* A flow that grows while it is asked, as on a first pass: each fact is folded once or twice. */
static void test_a_growing_flow_is_folded_once_for_each_reading(void)
{
    enum { PACKETS = 20000 };
    struct record *record = plain_record(&odd_group);

    folds = 0;
    for (uint32_t i = 0; i < PACKETS; i++) {
        struct flow_fact fact = plain_fact(i + 1);
        flow_history_record(record->history, 0, &fact, NULL);
        flow_evaluate_at(record->evaluation, 0, 0, i + 1);
        flow_evaluate_whole(record->evaluation, 0, 0);
    }
    g_assert_cmpuint(folds, <=, 2 * PACKETS);
    plain_record_free(record);
}

/* More flows than there are slots: what was folded before is not folded again. */
static void test_a_cache_that_grows_keeps_its_states(void)
{
    enum { FLOWS = 1000, FACTS = 100 };
    struct record *record = plain_record(&odd_group);

    for (uint32_t flow = 0; flow < FLOWS; flow++) {
        if (flow > 0)
            begin_flow(record);
        for (uint32_t i = 0; i < FACTS; i++) {
            struct flow_fact fact = plain_fact(flow * FACTS + i + 1);
            flow_history_record(record->history, flow, &fact, NULL);
        }
        folds = 0;
        flow_evaluate_at(record->evaluation, 0, flow, FACTS);
        g_assert_cmpuint(folds, ==, FACTS);
        for (uint32_t before = 0; before <= flow; before += 7)
            flow_evaluate_at(record->evaluation, 0, before, FACTS);
        flow_evaluate_at(record->evaluation, 0, flow, FACTS);
        g_assert_cmpuint(folds, ==, FACTS);
    }
    plain_record_free(record);
}

/* What nobody asks for is never folded. */
static void test_recording_folds_nothing(void)
{
    struct record *record = plain_record(&odd_group);

    folds = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        struct flow_fact fact = plain_fact(i + 1);
        flow_history_record(record->history, 0, &fact, NULL);
    }
    g_assert_cmpuint(folds, ==, 0);
    plain_record_free(record);
}

/* A state as large as one can be. */
enum { HUGE_STATE = 60000, CACHE_BYTES = 64 << 20 };

static void fold_huge(void *state, const struct flow_fold *from)
{
    uint32_t *words = state;

    folds++;
    words[from->fact->frame % (HUGE_STATE / 4)] += from->fact->flow + 1;
}

static const struct flow_group huge_group = { .version = FLOW_EXTENSION_VERSION,
                                              .state_size = HUGE_STATE,
                                              .name = "unit.huge",
                                              .fold = fold_huge };

/*
 * More flows than a cache has room for share it: all answers are right, and what
 * is answered without folding, because it is still there, is no more than 64 MB.
 */
static void test_caches_are_bounded(void)
{
    enum { FLOWS = 4 * CACHE_BYTES / HUGE_STATE };
    struct record *record = plain_record(&huge_group);
    uint32_t kept = 0;

    for (uint32_t flow = 0; flow < FLOWS; flow++) {
        struct flow_fact fact = plain_fact(flow + 1);
        if (flow > 0)
            begin_flow(record);
        flow_history_record(record->history, flow, &fact, NULL);
        const uint32_t *words = flow_evaluate_at(record->evaluation, 0, flow, 1);
        g_assert_cmpuint(words[(flow + 1) % (HUGE_STATE / 4)], ==, flow + 1);
        g_clear_pointer(&((void **)record->states->pdata[flow])[0], g_free); /* only the caches' */
    }
    for (uint32_t flow = FLOWS; flow > 0; flow--) {
        uint64_t before = folds;
        const uint32_t *words = flow_evaluate_at(record->evaluation, 0, flow - 1, 1);
        g_assert_cmpuint(words[flow % (HUGE_STATE / 4)], ==, flow);
        kept += folds == before;
    }
    g_test_message("%u of %u flows kept", kept, (unsigned)FLOWS);
    g_assert_cmpuint((uint64_t)kept * HUGE_STATE, <=, CACHE_BYTES);
    g_assert_cmpuint((uint64_t)kept * HUGE_STATE, >=, CACHE_BYTES / 4); /* and it is used */
    plain_record_free(record);
}

int main(int argc, char **argv)
{
    static const struct flow_group *const own[] = { &seen_group, &sums_group, &large_group,
                                                    &odd_group, &once_group };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        flow_fields_add(own[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        char *path = g_strdup_printf("/evaluate/replay-equals-fold/%s", shapes[i].claim);
        g_test_add_data_func(path, &shapes[i], test_replay_equals_fold);
        g_free(path);
    }
    g_test_add_func("/evaluate/replay-equals-fold/while-it-grows",
                    test_replay_equals_fold_while_it_grows);
    g_test_add_func("/evaluate/replay-equals-fold/events-in-a-row", test_events_in_a_row);
    g_test_add_func("/evaluate/what-is-settled-is-folded", test_what_is_settled_is_folded);
    g_test_add_func("/evaluate/a-forgotten-flow-leaves-no-state",
                    test_a_forgotten_flow_leaves_no_state);
    g_test_add_func("/evaluate/a-filter-folds-what-passed", test_a_filter_folds_what_passed);
    g_test_add_func("/evaluate/merged-parts-have-the-values-of-the-whole",
                    test_merged_parts_have_the_values_of_the_whole);
    g_test_add_func("/evaluate/a-state-of-zeros-is-valid", test_a_state_of_zeros_is_valid);
    g_test_add_func("/evaluate/recording-folds-nothing", test_recording_folds_nothing);
    g_test_add_func("/evaluate/a-growing-flow-is-folded-once-for-each-reading",
                    test_a_growing_flow_is_folded_once_for_each_reading);
    g_test_add_func("/evaluate/a-cache-that-grows-keeps-its-states",
                    test_a_cache_that_grows_keeps_its_states);
    g_test_add_func("/evaluate/a-jump-in-a-long-flow-folds-few-facts",
                    test_a_jump_in_a_long_flow_folds_few_facts);
    g_test_add_func("/evaluate/a-million-events-are-no-hindrance",
                    test_a_million_events_are_no_hindrance);
    g_test_add_func("/evaluate/caches-are-bounded", test_caches_are_bounded);
    return g_test_run();
}
