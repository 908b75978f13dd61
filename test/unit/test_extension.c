#include "ask.h"
#include "traffic.h"

#include "tally.h"

#include <string.h>

enum { RANDOM_FRAMES = 4000 };

/* An extension that adds up what its notes say, apart for each direction. */
struct sum {
    uint64_t of_notes[FLOW_DIRS];
    uint32_t facts;
    uint32_t events;
    uint32_t pkts; /* as the state had them, with the last fact */
    uint32_t unused;
};

static void fold_sum(void *data, const struct flow_fact *fact, const void *note,
                     const struct flow_state *state)
{
    struct sum *sum = data;

    sum->of_notes[flow_fact_dir(fact)] += *(const uint32_t *)note;
    sum->facts++;
    sum->events += (fact->bits & FLOW_FACT_EVENT) != 0;
    sum->pkts = state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

static struct flow_value value_of_notes(const struct flow_extension_row *row, const void *data,
                                        const struct flow_state *state, enum flow_dir dir)
{
    (void)row, (void)state;
    return (struct flow_value){ .known = true,
                                .as.number = ((const struct sum *)data)->of_notes[dir] };
}

static struct flow_value value_of_facts(const struct flow_extension_row *row, const void *data,
                                        const struct flow_state *state, enum flow_dir dir)
{
    (void)state, (void)dir;
    return (struct flow_value){ .known = true,
                                .as.number = ((const struct sum *)data)->facts + row->number };
}

static const struct flow_extension_row sum_rows[] = {
    { .name = "notes",
      .label = "Notes",
      .help = "The sum of the notes.",
      .value = value_of_notes,
      .kind = FLOW_UINT64,
      .each_way = true },
    { .name = "",
      .label = "Facts",
      .help = "Facts, and a thousand.",
      .value = value_of_facts,
      .kind = FLOW_UINT32,
      .number = 1000 },
    { .name = NULL },
};

static const struct flow_extension sum_extension = { .version = FLOW_EXTENSION_VERSION,
                                                     .data_size = sizeof(struct sum),
                                                     .note_size = sizeof(uint32_t),
                                                     .name = "unit.sum",
                                                     .rows = sum_rows,
                                                     .fold = fold_sum };

/* One that has no note and the smallest data. */
static void fold_parity(void *data, const struct flow_fact *fact, const void *note,
                        const struct flow_state *state)
{
    (void)fact, (void)note, (void)state;
    *(uint8_t *)data ^= 1;
}

static const struct flow_extension parity_extension = {
    .version = FLOW_EXTENSION_VERSION, .data_size = 1, .name = "unit.parity", .fold = fold_parity
};

static struct flow_extensions both(void)
{
    struct flow_extensions extensions = { .count = 0 };

    flow_extensions_add(&extensions, &parity_extension);
    flow_extensions_add(&extensions, &sum_extension);
    return extensions;
}

static const struct sum *sum_behind(const struct flow_extensions *extensions,
                                    const struct flow_state *state)
{
    return flow_extensions_data(extensions, &sum_extension, state);
}

static void test_registered_in_order(void)
{
    g_assert_null(flow_extensions_registered());
    flow_extension_register(&sum_extension);
    flow_extension_register(&parity_extension);
    GSList *list = flow_extensions_registered();
    g_assert_cmpuint(g_slist_length(list), ==, 2);
    g_assert_true(list->data == &sum_extension);
    g_assert_true(list->next->data == &parity_extension);
}

/* Whatever the sizes, places are aligned as the sizes ask for, and none overlaps another. */
static void test_places_are_aligned_and_apart(void)
{
    static const uint16_t sizes[] = { 1, 8, 2, 12, 0, 4, 3, 24, 16, 6 };
    struct flow_extension extension[G_N_ELEMENTS(sizes)] = { { 0 } };
    struct flow_extensions extensions = { .count = 0 };
    size_t end = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        extension[i].data_size = extension[i].note_size = sizes[i];
        g_assert_true(flow_extensions_add(&extensions, &extension[i]));
        g_assert_cmpuint(extensions.on[i].data_at, >=, end);
        g_assert_cmpuint(extensions.on[i].note_at, >=, end);
        for (unsigned power = 2; power <= 8; power *= 2)
            if (sizes[i] > 0 && sizes[i] % power == 0)
                g_assert_cmpuint(extensions.on[i].data_at % power, ==, 0);
        end = extensions.on[i].data_at + sizes[i];
        g_assert_cmpuint(extensions.data_size, ==, end);
        g_assert_cmpuint(extensions.note_size, ==, end);
    }
}

static void test_there_is_room_for_so_many(void)
{
    struct flow_extensions extensions = { .count = 0 };

    for (unsigned i = 0; i < FLOW_EXTENSIONS_MAX; i++)
        g_assert_true(flow_extensions_add(&extensions, &parity_extension));
    g_assert_false(flow_extensions_add(&extensions, &sum_extension));
    g_assert_cmpuint(extensions.count, ==, FLOW_EXTENSIONS_MAX);
}

/* A meter of random traffic whose packets have their frame number as note. */
static struct flow_meter *noted_meter(const struct flow_extensions *extensions, uint32_t seed)
{
    GRand *rand = g_rand_new_with_seed(seed);
    struct flow_meter *meter = flow_meter_new(NULL, 0);
    size_t at = extensions->on[1].note_at;

    flow_meter_extend(meter, extensions);
    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        uint8_t notes[16] = { 0 };
        struct flow_packet packet = random_packet(rand, frame);
        memcpy(notes + at, &frame, sizeof frame);
        packet.notes = notes;
        packet.note_size = (uint16_t)extensions->note_size;
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    g_rand_free(rand);
    return meter;
}

struct folding {
    struct sum *sums; /* by flow */
    GArray *expected; /* struct sum, by frame: after its packet */
};

static void fold_by_hand(const struct flow_fact *fact, void *data)
{
    struct folding *folding = data;
    struct sum *sum = &folding->sums[fact->flow];
    bool is_event = fact->bits & FLOW_FACT_EVENT;

    sum->of_notes[flow_fact_dir(fact)] += is_event ? 0 : fact->frame;
    sum->facts++;
    sum->events += is_event;
    sum->pkts += !is_event;
    if (!is_event)
        g_array_index(folding->expected, struct sum, fact->frame) = *sum;
}

static void assert_same_sum(const struct sum *left, const struct sum *right)
{
    g_assert_true(memcmp(left, right, sizeof *left) == 0);
}

/* Notes go with their packets, early fragments' too; data at any packet is what folding gives. */
static void test_replay_equals_fold(void)
{
    struct flow_extensions extensions = both();
    struct flow_meter *meter = noted_meter(&extensions, 41);
    struct folding folding = { .sums = g_new0(struct sum, flow_meter_flows(meter)),
                               .expected = g_array_new(FALSE, TRUE, sizeof(struct sum)) };
    GRand *rand = g_rand_new_with_seed(42);
    uint32_t events = 0;
    struct flow_view view;

    g_array_set_size(folding.expected, RANDOM_FRAMES + 1);
    flow_meter_each_fact(meter, fold_by_hand, &folding);
    for (uint32_t i = 1; i <= 3 * RANDOM_FRAMES; i++) {
        uint32_t frame = i <= RANDOM_FRAMES       ? i
                         : i <= 2 * RANDOM_FRAMES ? 2 * RANDOM_FRAMES + 1 - i
                                                  : 1 + g_rand_int(rand) % RANDOM_FRAMES;
        g_assert_true(flow_meter_view(meter, frame, true, &view));
        assert_same_sum(sum_behind(&extensions, flow_view_so_far(&view)),
                        &g_array_index(folding.expected, struct sum, frame));
    }
    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++) {
        assert_same_sum(sum_behind(&extensions, view.whole), &folding.sums[flow]);
        events += folding.sums[flow].events;
    }
    g_assert_cmpuint(events, >, 0);
    g_array_unref(folding.expected);
    g_free(folding.sums);
    g_rand_free(rand);
    flow_meter_free(meter);
}

/* What extensions keep changes nothing else. */
static void test_states_are_the_same_without(void)
{
    struct flow_extensions extensions = both(), none = { .count = 0 };
    struct flow_meter *with = noted_meter(&extensions, 43);
    struct flow_meter *without = flow_meter_new(NULL, 0);
    GRand *rand = g_rand_new_with_seed(43);
    struct flow_view left, right;

    flow_meter_extend(without, &none);
    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        struct flow_packet packet = random_packet(rand, frame);
        flow_meter_account(without, &packet);
    }
    flow_meter_finish(without);
    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        g_assert_true(flow_meter_view(with, frame, true, &left));
        g_assert_true(flow_meter_view(without, frame, true, &right));
        g_assert_true(memcmp(flow_view_so_far(&left), flow_view_so_far(&right),
                             sizeof(struct flow_state)) == 0);
    }
    g_rand_free(rand);
    flow_meter_free(with);
    flow_meter_free(without);
}

static void test_an_early_fragment_keeps_its_note(void)
{
    struct flow_extensions extensions = { .count = 0 };
    struct flow_meter *meter = flow_meter_new(NULL, 0);
    uint32_t note = 7;

    flow_extensions_add(&extensions, &sum_extension);
    flow_meter_extend(meter, &extensions);
    struct flow_packet packet = later_fragment(1, FLOW_PROTOCOL_UDP, 1, 2, 9);
    packet.notes = &note;
    packet.note_size = sizeof note;
    flow_meter_account(meter, &packet);
    note = 100;
    packet = first_fragment(udp_packet(2, 1, 50000, 2, 53), 9);
    packet.notes = &note;
    packet.note_size = sizeof note;
    flow_meter_account(meter, &packet);

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

/* Statistics under a filter fold the notes of the packets that passed; kept flows keep their data.
 */
static void test_tallies_have_the_data(void)
{
    struct flow_extensions extensions = both();
    struct flow_meter *meter = noted_meter(&extensions, 44);
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
    flow_tally_keep(all, meter);
    flow_tally_keep(odd, meter);
    flow_meter_free(meter);
    sum = 0;
    flow_tally_each(all, NULL, add_notes, &sum);
    g_assert_cmpuint(sum, ==, of_all);
    sum = 0;
    flow_tally_each(odd, NULL, add_notes, &sum);
    g_assert_cmpuint(sum, ==, of_odd);
    flow_tally_free(odd);
    flow_tally_free(all);
}

static void test_fields_are_made_of_the_rows(void)
{
    static const struct {
        const char *name, *label, *help;
        enum flow_scope scope;
    } wanted[] = {
        { "unit.sum.up.notes", "Notes up", "Up: The sum of the notes.", FLOW_SCOPE_WHOLE },
        { "unit.sum.down.notes", "Notes down", "Down: The sum of the notes.", FLOW_SCOPE_WHOLE },
        { "unit.sum", "Facts", "Facts, and a thousand.", FLOW_SCOPE_WHOLE },
        { "sofar.unit.sum.up.notes", "Notes up so far", "So far, up: The sum of the notes.",
          FLOW_SCOPE_SOFAR },
        { "sofar.unit.sum.down.notes", "Notes down so far", "So far, down: The sum of the notes.",
          FLOW_SCOPE_SOFAR },
        { "sofar.unit.sum", "Facts so far", "So far: Facts, and a thousand.", FLOW_SCOPE_SOFAR },
    };
    size_t count = flow_field_count;

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const struct flow_field *field = &flow_fields[count - G_N_ELEMENTS(wanted) + i];
        g_assert_cmpstr(field->name, ==, wanted[i].name);
        g_assert_cmpstr(field->label, ==, wanted[i].label);
        g_assert_cmpstr(field->help, ==, wanted[i].help);
        g_assert_cmpint(field->scope, ==, wanted[i].scope);
        g_assert_true(field->extension == &sum_extension);
        g_assert_true(flow_field_named(wanted[i].name) == field);
    }
    flow_fields_add(&sum_extension);
    g_assert_cmpuint(flow_field_count, ==, count);
}

static void test_both_readings(void)
{
    struct flow_extensions extensions = { .count = 0 };
    struct flow_meter *meter = flow_meter_new(NULL, 0);

    flow_extensions_add(&extensions, &sum_extension);
    flow_meter_extend(meter, &extensions);
    for (uint32_t frame = 1; frame <= 3; frame++) {
        struct flow_packet packet = udp_packet(frame, 1, 50000, 2, 53);
        packet.notes = &frame;
        packet.note_size = sizeof frame;
        flow_meter_account(meter, &packet);
    }
    expect_absent_first(meter, 1, "unit.sum.up.notes");
    expect_number(meter, 1, "unit.sum.up.notes", 6);
    expect_number(meter, 2, "sofar.unit.sum.up.notes", 3);
    expect_number(meter, 2, "sofar.unit.sum.down.notes", 0);
    expect_number(meter, 3, "unit.sum", 1003);
    flow_meter_free(meter);
}

static void test_off_is_absent(void)
{
    struct flow_extensions extensions = { .count = 0 };
    struct flow_meter *meters[2] = { flow_meter_new(NULL, 0), flow_meter_new(NULL, 0) };
    struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);

    flow_extensions_add(&extensions, &parity_extension);
    flow_meter_extend(meters[1], &extensions);
    for (unsigned i = 0; i < G_N_ELEMENTS(meters); i++) {
        flow_meter_account(meters[i], &packet);
        expect_absent(meters[i], 1, "unit.sum");
        expect_absent(meters[i], 1, "sofar.unit.sum.up.notes");
        flow_meter_free(meters[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    flow_fields_add(&sum_extension);
    g_test_add_func("/extension/registered-in-order", test_registered_in_order);
    g_test_add_func("/extension/places-are-aligned-and-apart", test_places_are_aligned_and_apart);
    g_test_add_func("/extension/there-is-room-for-so-many", test_there_is_room_for_so_many);
    g_test_add_func("/extension/replay-equals-fold", test_replay_equals_fold);
    g_test_add_func("/extension/states-are-the-same-without", test_states_are_the_same_without);
    g_test_add_func("/extension/an-early-fragment-keeps-its-note",
                    test_an_early_fragment_keeps_its_note);
    g_test_add_func("/extension/tallies-have-the-data", test_tallies_have_the_data);
    g_test_add_func("/extension/fields-are-made-of-the-rows", test_fields_are_made_of_the_rows);
    g_test_add_func("/extension/both-readings", test_both_readings);
    g_test_add_func("/extension/off-is-absent", test_off_is_absent);
    return g_test_run();
}
