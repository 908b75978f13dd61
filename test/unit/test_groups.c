#include "ask.h"
#include "traffic.h"

#include "core.h"
#include "tally.h"

#include <string.h>

enum { RANDOM_FRAMES = 4000 };

/* A group that adds up what its notes say, apart for each direction. */
struct sum {
    uint64_t of_notes[FLOW_DIRS];
    uint32_t facts;
    uint32_t events;
};

static void fold_sum(void *state, const struct flow_fold *from)
{
    struct sum *sum = state;

    sum->of_notes[flow_fact_dir(from->fact)] += *(const uint32_t *)from->note;
    sum->facts++;
    sum->events += (from->fact->bits & FLOW_FACT_EVENT) != 0;
}

static struct flow_value value_of_notes(const struct flow_asked *asked)
{
    const struct sum *sum = asked->state;

    return (struct flow_value){ .known = true, .as.number = sum->of_notes[asked->dir] };
}

static struct flow_value value_of_facts(const struct flow_asked *asked)
{
    const struct sum *sum = asked->state;

    return (struct flow_value){ .known = true, .as.number = sum->facts + asked->row->number };
}

/* A value over the states of two groups, and one by a field's name, as other plugins have it. */
static struct flow_value value_of_core_too(const struct flow_asked *asked)
{
    const struct sum *sum = asked->state;
    const struct flow_state *core = flow_asked_state(asked, &flow_core);

    return (struct flow_value){ .known = true,
                                .as.number = sum->facts - sum->events - flow_state_pkts(core) };
}

static struct flow_value value_by_name(const struct flow_asked *asked)
{
    return flow_view_value(asked->view, asked->is_whole ? "up.pkts" : "sofar.up.pkts");
}

static const struct flow_row sum_rows[] = {
    { .name = "unit.sum.*.notes",
      .label = "Notes",
      .help = "The sum of the notes.",
      .value = value_of_notes,
      .kind = FLOW_UINT64,
      .scope = FLOW_SCOPE_MEASURE,
      .ways = FLOW_WAYS_EACH },
    { .name = "unit.sum.facts",
      .label = "Facts",
      .help = "Facts, and a thousand.",
      .value = value_of_facts,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_MEASURE,
      .number = 1000 },
    { .name = "unit.sum.difference",
      .label = "Difference",
      .help = "Packets that core does not know of.",
      .value = value_of_core_too,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = "unit.sum.up_pkts",
      .label = "Packets by name",
      .help = "What core says of packets up.",
      .value = value_by_name,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = NULL },
};

static const struct flow_group sum_group = { .version = FLOW_EXTENSION_VERSION,
                                             .state_size = sizeof(struct sum),
                                             .note_size = sizeof(uint32_t),
                                             .name = "unit.sum",
                                             .rows = sum_rows,
                                             .fold = fold_sum };

/* One that has no note and the smallest state, and keeps something once a flow. */
static void fold_parity(void *state, const struct flow_fold *from)
{
    (void)from;
    *(uint8_t *)state ^= 1;
}

static struct flow_value value_of_once(const struct flow_asked *asked)
{
    const uint64_t *once = asked->once;

    return once ? (struct flow_value){ .known = true, .as.number = *once }
                : (struct flow_value){ .known = false };
}

static const struct flow_row parity_rows[] = {
    { .name = "unit.parity",
      .label = "Kept once",
      .help = "What is kept once.",
      .value = value_of_once,
      .kind = FLOW_UINT64,
      .scope = FLOW_SCOPE_FLOW },
    { .name = NULL },
};

static const struct flow_group parity_group = { .version = FLOW_EXTENSION_VERSION,
                                                .state_size = 1,
                                                .once_size = sizeof(uint64_t),
                                                .name = "unit.parity",
                                                .rows = parity_rows,
                                                .fold = fold_parity };

/* Core is the first of them, always. */
static const struct flow_groups *all_groups(void)
{
    static struct flow_groups groups;

    if (groups.count == 0) {
        flow_groups_add(&groups, &flow_core);
        flow_groups_add(&groups, &parity_group);
        flow_groups_add(&groups, &sum_group);
    }
    return &groups;
}

static const struct flow_groups *groups_without_sum(void)
{
    static struct flow_groups groups;

    if (groups.count == 0) {
        flow_groups_add(&groups, &flow_core);
        flow_groups_add(&groups, &parity_group);
    }
    return &groups;
}

static void test_registered_in_order(void)
{
    g_assert_null(flow_extensions_registered());
    flow_extension_register(&sum_group);
    flow_extension_register(&parity_group);
    GSList *list = flow_extensions_registered();
    g_assert_cmpuint(g_slist_length(list), ==, 2);
    g_assert_true(list->data == &sum_group);
    g_assert_true(list->next->data == &parity_group);
}

/* As the largest power of two in a size asks for, and not wider. */
static void assert_place(uint32_t at, uint32_t end, uint16_t size)
{
    uint32_t alignment = 1;

    while (alignment < 8 && size % (2 * alignment) == 0)
        alignment *= 2;
    g_assert_cmpuint(at, >=, end);
    g_assert_cmpuint(at - end, <, size> 0 ? alignment : 1);
    g_assert_cmpuint(size > 0 ? at % alignment : 0, ==, 0);
}

/* Whatever the sizes, places are aligned as the sizes ask for, and none overlaps another. */
static void test_places_are_aligned_and_apart(void)
{
    static const uint16_t sizes[] = { 1, 8, 2, 12, 0, 4, 3, 24, 16, 6 };
    struct flow_group group[G_N_ELEMENTS(sizes)] = { { 0 } };
    struct flow_groups groups = { .count = 0 };
    uint32_t notes_end = 0, states_end = 0;
    uint32_t once_end = sizeof(uint32_t); /* a bit for each group before */

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const struct flow_group_place *place = &groups.on[i];

        group[i].note_size = group[i].state_size = group[i].once_size = sizes[i];
        g_assert_true(flow_groups_add(&groups, &group[i]));
        assert_place(place->note_at, notes_end, sizes[i]);
        assert_place(place->state_at, states_end, sizes[i]);
        if (sizes[i] > 0) {
            assert_place(place->once_at, once_end, sizes[i]);
            once_end = place->once_at + sizes[i];
        }
        notes_end = place->note_at + sizes[i];
        states_end = place->state_at + sizes[i];
        g_assert_cmpuint(groups.note_size, ==, notes_end);
        g_assert_cmpuint(groups.state_size, ==, states_end);
        g_assert_cmpuint(groups.once_size, ==, once_end);
    }
}

static void test_nothing_kept_once_takes_no_room(void)
{
    struct flow_groups groups = { .count = 0 };

    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &sum_group);
    g_assert_cmpuint(groups.once_size, ==, 0);
    g_assert_cmpuint(groups.note_size, ==, sizeof(uint32_t));
}

static void test_there_is_room_for_so_many(void)
{
    struct flow_groups groups = { .count = 0 };

    for (unsigned i = 0; i < FLOW_EXTENSIONS_MAX; i++)
        g_assert_true(flow_groups_add(&groups, &parity_group));
    g_assert_false(flow_groups_add(&groups, &sum_group));
    g_assert_cmpuint(groups.count, ==, FLOW_EXTENSIONS_MAX);
}

static void test_groups_are_found(void)
{
    const struct flow_groups *groups = all_groups();

    g_assert_cmpuint(flow_groups_find(groups, &flow_core), ==, 0);
    g_assert_cmpuint(flow_groups_find(groups, &sum_group), ==, 2);
    g_assert_cmpuint(flow_groups_find(groups_without_sum(), &sum_group), ==, 2);
    g_assert_cmpuint(groups_without_sum()->count, ==, 2);
}

/* Account a packet with that note for the group that sums. */
static void account_noted(struct flow_meter *meter, struct flow_packet packet, uint32_t note)
{
    const struct flow_groups *groups = all_groups();
    uint64_t notes[2] = { 0 };

    memcpy((uint8_t *)notes + groups->on[2].note_at, &note, sizeof note);
    packet.notes = notes;
    packet.note_size = (uint16_t)groups->note_size;
    flow_meter_account(meter, &packet);
}

/* A meter of random traffic whose packets have their frame number as note. */
static struct flow_meter *noted_meter(uint32_t seed)
{
    GRand *rand = g_rand_new_with_seed(seed);
    struct flow_meter *meter = flow_meter_new(NULL, 0, all_groups());

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++)
        account_noted(meter, random_packet(rand, frame), frame);
    flow_meter_finish(meter);
    g_rand_free(rand);
    return meter;
}

/* What the sum is after each frame's packet, in expected, and after all facts of the flow. */
static struct sum fold_by_hand(struct flow_view *view, struct sum *expected)
{
    const struct flow_fact *fact;
    const void *notes;
    struct sum sum = { 0 };

    for (uint32_t i = 0; (fact = flow_history_fact(view->history, view->index, i, &notes)); i++) {
        bool is_event = fact->bits & FLOW_FACT_EVENT;

        sum.of_notes[flow_fact_dir(fact)] += is_event ? 0 : fact->frame;
        sum.facts++;
        sum.events += is_event;
        if (!is_event)
            expected[fact->frame] = sum;
    }
    return sum;
}

static void assert_same_sum(const struct sum *left, const struct sum *right)
{
    g_assert_true(memcmp(left, right, sizeof *left) == 0);
}

/* Notes go with their packets, early fragments' too; states at any packet are what folding gives.
 */
static void test_replay_equals_fold(void)
{
    struct flow_meter *meter = noted_meter(41);
    struct sum *sums = g_new0(struct sum, flow_meter_flows(meter));
    struct sum *expected = g_new0(struct sum, RANDOM_FRAMES + 1);
    GRand *rand = g_rand_new_with_seed(42);
    uint32_t events = 0;
    struct flow_view view;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++)
        sums[flow] = fold_by_hand(&view, expected);
    for (uint32_t i = 1; i <= 3 * RANDOM_FRAMES; i++) {
        uint32_t frame = i <= RANDOM_FRAMES       ? i
                         : i <= 2 * RANDOM_FRAMES ? 2 * RANDOM_FRAMES + 1 - i
                                                  : 1 + g_rand_int(rand) % RANDOM_FRAMES;
        g_assert_true(flow_meter_view(meter, frame, true, &view));
        assert_same_sum(flow_view_so_far(&view, &sum_group), &expected[frame]);
    }
    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        assert_same_sum(flow_view_whole(&view, &sum_group), &sums[flow]);
        events += sums[flow].events;
    }
    g_assert_cmpuint(events, >, 0);
    g_free(expected);
    g_free(sums);
    g_rand_free(rand);
    flow_meter_free(meter);
}

/* What groups keep changes nothing else. */
static void test_states_are_the_same_without(void)
{
    struct flow_meter *with = noted_meter(43);
    struct flow_meter *without = flow_meter_new(NULL, 0, NULL);
    GRand *rand = g_rand_new_with_seed(43);
    struct flow_view left, right;

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        struct flow_packet packet = random_packet(rand, frame);
        flow_meter_account(without, &packet);
    }
    flow_meter_finish(without);
    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        g_assert_true(flow_meter_view(with, frame, true, &left));
        g_assert_true(flow_meter_view(without, frame, true, &right));
        g_assert_true(memcmp(flow_view_so_far(&left, &flow_core),
                             flow_view_so_far(&right, &flow_core), sizeof(struct flow_state)) == 0);
    }
    g_rand_free(rand);
    flow_meter_free(with);
    flow_meter_free(without);
}

static void test_an_early_fragment_keeps_its_note(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, all_groups());

    account_noted(meter, later_fragment(1, FLOW_PROTOCOL_UDP, 1, 2, 9), 7);
    account_noted(meter, first_fragment(udp_packet(2, 1, 50000, 2, 53), 9), 100);
    expect_number(meter, 1, "sofar.unit.sum.up.notes", 7);
    expect_number(meter, 2, "sofar.unit.sum.up.notes", 107);
    flow_meter_free(meter);
}

static void add_notes(struct flow_view *view, void *data)
{
    uint64_t *sum = data;
    const struct flow_field *up = flow_field_named("unit.sum.up.notes"),
                            *down = flow_field_named("unit.sum.down.notes");
    struct flow_value value = flow_field_value(up, view);

    g_assert_true(value.known);
    *sum += value.as.number + flow_field_value(down, view).as.number;
}

/* Statistics under a filter fold the notes of the packets that passed. */
static void test_tallies_have_the_states(void)
{
    struct flow_meter *meter = noted_meter(44);
    struct flow_tally *odd = flow_tally_new(true), *all = flow_tally_new(false);
    uint64_t sum = 0, of_odd = 0, of_all = 0;

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        of_all += frame;
        if (frame % 2) {
            flow_tally_pass(odd, frame);
            of_odd += frame;
        }
    }
    flow_tally_each(odd, meter, add_notes, &sum);
    g_assert_cmpuint(sum, ==, of_odd);
    sum = 0;
    flow_tally_each(all, meter, add_notes, &sum);
    g_assert_cmpuint(sum, ==, of_all);
    flow_tally_free(odd);
    flow_tally_free(all);
    flow_meter_free(meter);
}

static void test_fields_are_made_of_the_rows(void)
{
    static const struct {
        const char *name, *label, *help;
        enum flow_scope scope;
    } wanted[] = {
        { "unit.sum.up.notes", "Notes up", "Up: The sum of the notes.", FLOW_SCOPE_WHOLE },
        { "unit.sum.down.notes", "Notes down", "Down: The sum of the notes.", FLOW_SCOPE_WHOLE },
        { "unit.sum.facts", "Facts", "Facts, and a thousand.", FLOW_SCOPE_WHOLE },
        { "sofar.unit.sum.up.notes", "Notes up so far", "So far, up: The sum of the notes.",
          FLOW_SCOPE_SOFAR },
        { "sofar.unit.sum.down.notes", "Notes down so far", "So far, down: The sum of the notes.",
          FLOW_SCOPE_SOFAR },
        { "sofar.unit.sum.facts", "Facts so far", "So far: Facts, and a thousand.",
          FLOW_SCOPE_SOFAR },
    };
    size_t count = flow_field_count();

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const struct flow_field *field = flow_field_named(wanted[i].name);
        g_assert_nonnull(field);
        g_assert_cmpstr(field->label, ==, wanted[i].label);
        g_assert_cmpstr(field->help, ==, wanted[i].help);
        g_assert_cmpint((int)field->scope, ==, (int)wanted[i].scope);
        g_assert_true(field->group == &sum_group);
    }
    flow_fields_add(&sum_group);
    g_assert_cmpuint(flow_field_count(), ==, count);
    g_assert_null(flow_field_at(count));
    for (size_t i = 0; i < count; i++)
        g_assert_true(flow_field_named(flow_field_at(i)->name) == flow_field_at(i));
}

static void test_both_readings(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, all_groups());

    for (uint32_t frame = 1; frame <= 3; frame++)
        account_noted(meter, udp_packet(frame, 1, 50000, 2, 53), frame);
    expect_absent_first(meter, 1, "unit.sum.up.notes");
    expect_number(meter, 1, "unit.sum.up.notes", 6);
    expect_number(meter, 2, "sofar.unit.sum.up.notes", 3);
    expect_number(meter, 2, "sofar.unit.sum.down.notes", 0);
    expect_number(meter, 3, "unit.sum.facts", 1003);
    flow_meter_free(meter);
}

/* Whatever the reading, states of other groups and values by name are of the same one. */
static void test_rows_see_other_groups(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, all_groups());

    for (uint32_t frame = 1; frame <= 3; frame++)
        account_noted(meter, udp_packet(frame, 1, 50000, 2, 53), frame);
    for (uint32_t frame = 1; frame <= 3; frame++) {
        expect_number(meter, frame, "unit.sum.difference", 0);
        expect_number(meter, frame, "sofar.unit.sum.difference", 0);
        expect_number(meter, frame, "unit.sum.up_pkts", 3);
        expect_number(meter, frame, "sofar.unit.sum.up_pkts", frame);
    }
    flow_meter_free(meter);
}

/* A flow's own facts are known as soon as a packet said them, at all of its packets. */
static void test_what_is_kept_once_is_of_the_flow(void)
{
    const struct flow_groups *groups = all_groups();
    struct flow_meter *meter = flow_meter_new(NULL, 0, groups);
    size_t number = flow_groups_find(groups, &parity_group);
    uint64_t said = UINT64_C(0x123456789abcdef0);

    g_assert_null(flow_meter_once(meter, 1));
    account_noted(meter, udp_packet(1, 1, 50000, 2, 53), 0);
    account_noted(meter, udp_packet(2, 2, 53, 1, 50000), 0);
    account_noted(meter, udp_packet(3, 1, 50001, 2, 53), 0);
    expect_absent(meter, 1, "unit.parity");

    uint8_t *once = flow_meter_once(meter, 2);
    g_assert_nonnull(once);
    g_assert_true(flow_meter_once(meter, 1) == once);
    g_assert_cmpint((uint8_t *)flow_meter_once(meter, 3) - once, ==,
                    (groups->once_size + 7) / 8 * 8); /* words, for numbers that are read there */
    flow_once_set_known(once, number);
    memcpy(once + groups->on[number].once_at, &said, sizeof said);
    expect_number(meter, 1, "unit.parity", said);
    expect_number(meter, 2, "unit.parity", said);
    g_assert_true(ask(meter, 1, "unit.parity", false).known);
    expect_absent(meter, 3, "unit.parity");
    g_assert_null(flow_meter_once(meter, 4));
    flow_meter_free(meter);
}

static void test_off_is_absent(void)
{
    struct flow_meter *meters[2] = { flow_meter_new(NULL, 0, NULL),
                                     flow_meter_new(NULL, 0, groups_without_sum()) };
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);

    for (unsigned i = 0; i < G_N_ELEMENTS(meters); i++) {
        flow_meter_account(meters[i], &packet);
        expect_absent(meters[i], 1, "unit.sum.facts");
        expect_absent(meters[i], 1, "sofar.unit.sum.up.notes");
        flow_meter_free(meters[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    flow_fields_add(&sum_group);
    flow_fields_add(&parity_group);
    g_test_add_func("/groups/registered-in-order", test_registered_in_order);
    g_test_add_func("/groups/places-are-aligned-and-apart", test_places_are_aligned_and_apart);
    g_test_add_func("/groups/nothing-kept-once-takes-no-room",
                    test_nothing_kept_once_takes_no_room);
    g_test_add_func("/groups/there-is-room-for-so-many", test_there_is_room_for_so_many);
    g_test_add_func("/groups/are-found", test_groups_are_found);
    g_test_add_func("/groups/replay-equals-fold", test_replay_equals_fold);
    g_test_add_func("/groups/states-are-the-same-without", test_states_are_the_same_without);
    g_test_add_func("/groups/an-early-fragment-keeps-its-note",
                    test_an_early_fragment_keeps_its_note);
    g_test_add_func("/groups/tallies-have-the-states", test_tallies_have_the_states);
    g_test_add_func("/groups/fields-are-made-of-the-rows", test_fields_are_made_of_the_rows);
    g_test_add_func("/groups/both-readings", test_both_readings);
    g_test_add_func("/groups/rows-see-other-groups", test_rows_see_other_groups);
    g_test_add_func("/groups/what-is-kept-once-is-of-the-flow",
                    test_what_is_kept_once_is_of_the_flow);
    g_test_add_func("/groups/off-is-absent", test_off_is_absent);
    return g_test_run();
}
