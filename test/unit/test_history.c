#include "facts.h"

#include "history.h"

#include <glib.h>
#include <string.h>

enum { NOTES = 24 };

/*
 * A history of random facts and, beside it, what was recorded.  A flow's first
 * fact is a packet; later ones may be events.
 */
struct kept {
    struct flow_fact fact;
    uint32_t packet; /* its number; of an event, that of the next packet */
    uint8_t notes[NOTES];
};

struct record {
    struct flow_history *history;
    GRand *rand;
    uint32_t flows;
    GArray **of_flow; /* struct kept: the facts of each */
    GArray *order;    /* struct place: all facts in the order of accounting */
};

struct place {
    uint32_t flow, number;
};

static struct record record_new(uint32_t flows, uint32_t seed)
{
    struct record record = { .history = flow_history_new(NOTES, 0),
                             .rand = g_rand_new_with_seed(seed),
                             .flows = flows,
                             .of_flow = g_new0(GArray *, flows),
                             .order = g_array_new(FALSE, FALSE, sizeof(struct place)) };

    for (uint32_t flow = 0; flow < flows; flow++)
        record.of_flow[flow] = g_array_new(FALSE, FALSE, sizeof(struct kept));
    return record;
}

static void record_clear(struct record *record)
{
    flow_history_free(record->history);
    g_rand_free(record->rand);
    for (uint32_t flow = 0; flow < record->flows; flow++)
        g_array_unref(record->of_flow[flow]);
    g_free(record->of_flow);
    g_array_unref(record->order);
}

static void record_next(struct record *record, uint32_t flow, bool is_event)
{
    uint32_t frame = record->order->len + 1;
    struct place place = { .flow = flow, .number = record->of_flow[flow]->len };
    struct kept kept = { .fact = is_event ? random_event(record->rand, frame)
                                          : random_fact(record->rand, frame),
                         .packet = flow_history_packets(record->history, flow) };
    bool has_notes = !is_event && g_rand_int(record->rand) % 4;

    if (has_notes)
        random_notes(record->rand, kept.notes, NOTES);
    if (is_event)
        flow_history_record_event(record->history, flow, &kept.fact);
    else
        g_assert_cmpuint(
            flow_history_record(record->history, flow, &kept.fact, has_notes ? kept.notes : NULL),
            ==, kept.packet);
    kept.fact.flow = flow;
    kept.fact.ordinal = place.number;
    g_array_append_val(record->of_flow[flow], kept);
    g_array_append_val(record->order, place);
}

static void record_by_chance(struct record *record)
{
    uint32_t facts = record->order->len;

    if (facts < record->flows)
        record_next(record, facts, false);
    else
        record_next(record, g_rand_int(record->rand) % record->flows,
                    g_rand_int(record->rand) % 5 == 0);
}

static struct record record_of(uint32_t flows, uint32_t facts, uint32_t seed)
{
    struct record record = record_new(flows, seed);

    for (uint32_t i = 0; i < facts; i++)
        record_by_chance(&record);
    return record;
}

static struct place place_at(const struct record *record, uint32_t number)
{
    return g_array_index(record->order, struct place, number);
}

static const struct kept *kept_at(const struct record *record, uint32_t flow, uint32_t number)
{
    return &g_array_index(record->of_flow[flow], struct kept, number);
}

static bool is_event(const struct kept *kept)
{
    return kept->fact.bits & FLOW_FACT_EVENT;
}

static void assert_fact(const struct record *record, uint32_t flow, uint32_t number)
{
    const struct kept *kept = kept_at(record, flow, number);
    const void *notes;
    const struct flow_fact *fact = flow_history_fact(record->history, flow, number, &notes);

    g_assert_nonnull(fact);
    g_assert_true(memcmp(fact, &kept->fact, sizeof *fact) == 0);
    g_assert_true(memcmp(notes, kept->notes, NOTES) == 0);
    if (!is_event(kept))
        g_assert_cmpuint(flow_history_facts_until(record->history, flow, kept->packet), ==,
                         number + 1);
}

static void assert_fact_in_order(const struct record *record, uint32_t number)
{
    struct place place = place_at(record, number);

    assert_fact(record, place.flow, place.number);
}

enum order { FORWARDS, BACKWARDS, AT_RANDOM, TWICE, BY_FLOW, ORDERS };

static void ask_in(const struct record *record, enum order order)
{
    uint32_t facts = record->order->len;

    switch (order) {
    case FORWARDS:
        for (uint32_t i = 0; i < facts; i++)
            assert_fact_in_order(record, i);
        break;
    case BACKWARDS:
        for (uint32_t i = facts; i > 0; i--)
            assert_fact_in_order(record, i - 1);
        break;
    case AT_RANDOM:
        for (uint32_t i = 0; i < facts; i++)
            assert_fact_in_order(record, g_rand_int(record->rand) % facts);
        break;
    case TWICE:
        for (uint32_t i = 0; i < facts; i += 3) {
            assert_fact_in_order(record, i);
            assert_fact_in_order(record, i);
        }
        break;
    case BY_FLOW:
        for (uint32_t flow = 0; flow < record->flows; flow++)
            for (uint32_t i = 0; i < record->of_flow[flow]->len; i++)
                assert_fact(record, flow, i);
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
    { "one-less-than-a-stride", 1, FLOW_HISTORY_STRIDE - 1 },
    { "as-long-as-a-stride", 1, FLOW_HISTORY_STRIDE },
    { "one-more-than-a-stride", 1, FLOW_HISTORY_STRIDE + 1 },
    { "two-strides", 1, 2 * FLOW_HISTORY_STRIDE },
    { "few-long-flows", 8, 8000 },
    { "flows-of-a-stride", 100, 100 * FLOW_HISTORY_STRIDE },
    { "many-short-flows", 3000, 9000 },
};

/* In whatever order they are asked for, facts and notes come out as they went in. */
static void test_facts_are_what_was_recorded(const void *data)
{
    const struct shape *shape = data;
    struct record record = record_of(shape->flows, shape->facts, 1);
    const void *notes;

    for (unsigned order = 0; order < ORDERS; order++)
        ask_in(&record, (enum order)order);
    for (uint32_t flow = 0; flow < record.flows; flow++) {
        uint32_t facts = record.of_flow[flow]->len;
        g_assert_cmpuint(flow_history_facts(record.history, flow), ==, facts);
        g_assert_null(flow_history_fact(record.history, flow, facts, &notes));
        g_assert_null(flow_history_fact(record.history, flow, UINT32_MAX, &notes));
    }
    record_clear(&record);
}

/* As in a first pass, and in a live capture: questions between the records. */
static void test_facts_are_what_was_recorded_while_it_grows(void)
{
    static const uint32_t flows[] = { 1, 4, 2000 };

    for (size_t n = 0; n < G_N_ELEMENTS(flows); n++) {
        struct record record = record_new(flows[n], 2);

        for (uint32_t i = 0; i < 4000; i++) {
            record_by_chance(&record);
            assert_fact_in_order(&record, i);
            assert_fact_in_order(&record, g_rand_int(record.rand) % (i + 1));
        }
        ask_in(&record, FORWARDS);
        record_clear(&record);
    }
}

static void assert_packet(const struct record *record, uint32_t flow, const struct kept *packet)
{
    struct flow_fact fact;

    g_assert_true(flow_history_packet(record->history, flow, packet->packet, &fact));
    g_assert_true(memcmp(&fact, &packet->fact, sizeof fact) == 0);
}

/* From the first to the last and back: all packets of a flow, and no event. */
static void test_packets_are_the_facts_that_are_no_events(void)
{
    struct record record = record_of(40, 6000, 4);

    for (uint32_t flow = 0; flow < record.flows; flow++) {
        const struct kept *before = NULL; /* the packet */
        uint32_t packets = 0;
        struct flow_fact fact;

        for (uint32_t i = 0; i < record.of_flow[flow]->len; i++) {
            const struct kept *kept = kept_at(&record, flow, i);
            if (is_event(kept))
                continue;
            g_assert_cmpuint(kept->packet, ==, packets++);
            /* As at a frame that is shown: it, its neighbour before, and it again. */
            assert_packet(&record, flow, kept);
            if (before) {
                assert_packet(&record, flow, before);
                assert_packet(&record, flow, kept);
            }
            before = kept;
        }
        for (uint32_t i = record.of_flow[flow]->len; i > 0; i--)
            if (!is_event(kept_at(&record, flow, i - 1)))
                assert_packet(&record, flow, kept_at(&record, flow, i - 1));
        g_assert_cmpuint(flow_history_packets(record.history, flow), ==, packets);
        g_assert_false(flow_history_packet(record.history, flow, packets, &fact));
        g_assert_cmpuint(flow_history_first_frame(record.history, flow), ==,
                         kept_at(&record, flow, 0)->fact.frame);
        g_assert_cmpuint(flow_history_last_frame(record.history, flow), ==,
                         before ? before->fact.frame : 0);
    }
    record_clear(&record);
}

/* The next packet and the one before, asked for in turn with other flows' between. */
static void test_neighbours_of_random_packets(void)
{
    struct record record = record_of(3, 3000, 6);

    for (uint32_t i = 0; i < 20000; i++) {
        struct place place = place_at(&record, g_rand_int(record.rand) % record.order->len);
        const struct kept *kept = kept_at(&record, place.flow, place.number);
        uint32_t packets = flow_history_packets(record.history, place.flow);
        int64_t packet = (int64_t)kept->packet + g_rand_int_range(record.rand, -2, 3);
        struct flow_fact fact;

        if (packet < 0 || packet >= packets)
            continue;
        g_assert_true(flow_history_packet(record.history, place.flow, (uint32_t)packet, &fact));
        g_assert_true(
            memcmp(&fact, &kept_at(&record, place.flow, fact.ordinal)->fact, sizeof fact) == 0);
        g_assert_cmpuint(kept_at(&record, place.flow, fact.ordinal)->packet, ==, packet);
    }
    record_clear(&record);
}

/* Forgetting */

/* What is left of a flow after its first so many packets were forgotten, and the first one. */
static void assert_rest(const struct record *record, uint32_t flow, uint32_t packets)
{
    uint32_t facts = record->of_flow[flow]->len, gone = 0;
    const void *notes;
    struct flow_fact fact;

    for (uint32_t i = 0; i < facts; i++) {
        const struct kept *kept = kept_at(record, flow, i);
        bool is_gone = is_event(kept) ? kept->packet <= packets : kept->packet < packets;
        gone += packets > 0 && is_gone;
    }
    g_assert_cmpuint(flow_history_forgotten(record->history, flow), ==, gone);
    g_assert_cmpuint(flow_history_facts(record->history, flow), ==, facts);
    g_assert_cmpuint(flow_history_kept(record->history, flow), ==,
                     flow_history_packets(record->history, flow) - packets);
    for (uint32_t i = 0; i < gone; i++) {
        const struct kept *kept = kept_at(record, flow, i);
        g_assert_null(flow_history_fact(record->history, flow, i, &notes));
        if (!is_event(kept) && i > 0)
            g_assert_false(flow_history_packet(record->history, flow, kept->packet, &fact));
    }
    assert_packet(record, flow, kept_at(record, flow, 0));
    for (uint32_t i = gone; i < facts; i++)
        assert_fact(record, flow, i);
    for (uint32_t i = facts; i > gone; i--)
        assert_fact(record, flow, i - 1);
}

/* One packet after another, so many facts apart. */
static void assert_pairs(const struct record *record, uint32_t flow)
{
    uint32_t facts = record->of_flow[flow]->len;

    for (uint32_t apart = 1; apart < facts; apart += 5)
        for (uint32_t i = flow_history_forgotten(record->history, flow); i + apart < facts; i += 7)
            if (!is_event(kept_at(record, flow, i)) &&
                !is_event(kept_at(record, flow, i + apart))) {
                assert_packet(record, flow, kept_at(record, flow, i + apart));
                assert_packet(record, flow, kept_at(record, flow, i));
            }
}

/* Of all packets, forgotten or not, and of no event. */
static void assert_wire_bytes(const struct record *record, uint32_t flow)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < record->of_flow[flow]->len; i++)
        bytes += is_event(kept_at(record, flow, i)) ? 0 : kept_at(record, flow, i)->fact.wire_len;
    g_assert_cmpuint(flow_history_wire_bytes(record->history, flow), ==, bytes);
}

static void test_what_is_not_forgotten_stays(void)
{
    enum { STRIDE = FLOW_HISTORY_STRIDE };
    static const uint32_t forgotten[] = { 0, STRIDE, STRIDE, 3 * STRIDE, 4 * STRIDE };
    struct record record = record_of(2, 16 * STRIDE, 7);

    for (size_t i = 0; i < G_N_ELEMENTS(forgotten); i++) {
        flow_history_forget(record.history, 0, forgotten[i]);
        assert_rest(&record, 0, forgotten[i]);
        assert_rest(&record, 1, 0);
        assert_pairs(&record, 0);
        for (unsigned n = 0; n < STRIDE; n++)
            record_by_chance(&record);
        assert_rest(&record, 0, forgotten[i]);
    }
    for (unsigned round = 0; round < 2; round++) { /* all of them, and once more */
        uint32_t packets = flow_history_packets(record.history, 0);
        flow_history_forget(record.history, 0, packets);
        assert_rest(&record, 0, packets);
        for (unsigned n = 0; n < 3 * STRIDE; n++)
            record_by_chance(&record);
        assert_rest(&record, 0, packets);
        assert_pairs(&record, 0);
        assert_wire_bytes(&record, 0);
    }
    assert_rest(&record, 1, 0);
    assert_wire_bytes(&record, 1);
    record_clear(&record);
}

static struct flow_fact fact_of(uint32_t frame)
{
    return (struct flow_fact){ .frame = frame };
}

static uint32_t record(struct flow_history *history, uint32_t flow, struct flow_fact fact)
{
    return flow_history_record(history, flow, &fact, NULL);
}

static void record_error(struct flow_history *history, uint32_t flow, uint32_t frame)
{
    struct flow_fact event = { .frame = frame, .bits = FLOW_FACT_EVENT };

    flow_history_record_event(history, flow, &event);
}

static void assert_frame_at(struct flow_history *history, uint32_t packet, uint32_t frame)
{
    struct flow_fact fact;

    g_assert_true(flow_history_packet(history, 0, packet, &fact));
    g_assert_cmpuint(fact.frame, ==, frame);
}

/* Events one after another, at the end, and more than a stride of them. */
static void test_events_are_stepped_over(void)
{
    enum { EVENTS = 3 * FLOW_HISTORY_STRIDE };
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_fact fact;

    g_assert_cmpuint(record(history, 0, fact_of(1)), ==, 0);
    for (uint32_t i = 0; i < EVENTS; i++)
        record_error(history, 0, i);
    g_assert_cmpuint(flow_history_packets(history, 0), ==, 1);
    g_assert_cmpuint(flow_history_facts(history, 0), ==, EVENTS + 1);
    g_assert_cmpuint(flow_history_last_frame(history, 0), ==, 1);
    g_assert_false(flow_history_packet(history, 0, 1, &fact));

    g_assert_cmpuint(record(history, 0, fact_of(2)), ==, 1);
    record_error(history, 0, 3);
    assert_frame_at(history, 0, 1);
    assert_frame_at(history, 1, 2);
    assert_frame_at(history, 0, 1);
    g_assert_false(flow_history_packet(history, 0, 2, &fact));
    g_assert_cmpuint(flow_history_first_frame(history, 0), ==, 1);
    g_assert_cmpuint(flow_history_last_frame(history, 0), ==, 2);
    g_assert_cmpuint(flow_history_facts_until(history, 0, 0), ==, 1);
    g_assert_cmpuint(flow_history_facts_until(history, 0, 1), ==, EVENTS + 2);
    g_assert_cmpuint(flow_history_facts(history, 0), ==, EVENTS + 3);
    flow_history_free(history);
}

static void test_a_frame_leads_to_its_packet(void)
{
    struct record record = record_of(30, 3000, 5);

    for (uint32_t i = 0; i < record.order->len; i++) {
        struct place place = place_at(&record, i);
        const struct kept *kept = kept_at(&record, place.flow, place.number);
        struct flow_place found;

        if (is_event(kept)) {
            g_assert_false(flow_history_find(record.history, kept->fact.frame, &found));
            continue;
        }
        g_assert_true(flow_history_find(record.history, kept->fact.frame, &found));
        g_assert_cmpuint(found.flow, ==, place.flow);
        g_assert_cmpuint(found.packet, ==, kept->packet);
    }
    record_clear(&record);
}

static void test_unknown_frames_and_flows(void)
{
    static const uint32_t unknown[] = { 0, 1, 4999, 5001, UINT32_MAX };
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_place place;
    struct flow_fact fact;
    const void *notes;
    int64_t ns = 77;

    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++)
            g_assert_false(flow_history_find(history, unknown[i], &place));
        for (uint32_t flow = round; flow < UINT32_MAX - 1; flow = flow * 2 + 1) {
            g_assert_null(flow_history_fact(history, flow, 0, &notes));
            g_assert_false(flow_history_packet(history, flow, 0, &fact));
            g_assert_false(flow_history_first_time(history, flow, &ns));
            g_assert_cmpuint(flow_history_packets(history, flow), ==, 0);
            g_assert_cmpuint(flow_history_facts(history, flow), ==, 0);
        }
        if (round == 0)
            record(history, 0, fact_of(5000));
    }
    g_assert_cmpint(ns, ==, 77);
    g_assert_true(flow_history_find(history, 5000, &place));
    flow_history_free(history);
    flow_history_free(NULL);
}

static void test_frames_may_come_in_any_order(void)
{
    static const uint32_t frames[] = { 9, 3, 70000, 1, 2 };
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_place place;

    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        record(history, 0, fact_of(frames[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_assert_true(flow_history_find(history, frames[i], &place));
        g_assert_cmpuint(place.packet, ==, i);
        assert_frame_at(history, (uint32_t)i, frames[i]);
    }
    g_assert_cmpuint(flow_history_first_frame(history, 0), ==, 9);
    g_assert_cmpuint(flow_history_last_frame(history, 0), ==, 2);
    flow_history_free(history);
}

/* The frame leads to the last packet; what was recorded stays recorded. */
static void test_a_frame_number_used_again(void)
{
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_place place;
    struct flow_fact fact;

    record(history, 0, (struct flow_fact){ .frame = 1, .cap_len = 10 });
    record(history, 0, (struct flow_fact){ .frame = 2, .cap_len = 20 });
    record(history, 1, (struct flow_fact){ .frame = 2, .cap_len = 300 });
    g_assert_true(flow_history_find(history, 2, &place));
    g_assert_cmpuint(place.flow, ==, 1);
    g_assert_cmpuint(place.packet, ==, 0);
    g_assert_cmpuint(flow_history_packets(history, 0), ==, 2);
    g_assert_true(flow_history_packet(history, 0, 1, &fact));
    g_assert_cmpuint(fact.cap_len, ==, 20);
    g_assert_true(flow_history_packet(history, 1, 0, &fact));
    g_assert_cmpuint(fact.cap_len, ==, 300);
    flow_history_free(history);
}

static void test_an_event_leaves_its_frame_alone(void)
{
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_place place;
    const void *notes;

    record(history, 0, fact_of(1));
    record(history, 1, fact_of(2));
    record_error(history, 0, 2);
    g_assert_true(flow_history_find(history, 2, &place));
    g_assert_cmpuint(place.flow, ==, 1);
    g_assert_cmpuint(flow_history_fact(history, 0, 1, &notes)->frame, ==, 2);
    flow_history_free(history);
}

/* The first packet's, even where a later one is earlier. */
static void test_first_time(void)
{
    struct flow_history *history = flow_history_new(0, 0);
    int64_t ns = 77;

    record(history, 0, (struct flow_fact){ .frame = 1, .time_ns = -5, .bits = FLOW_FACT_TIME });
    record(history, 0, (struct flow_fact){ .frame = 2, .time_ns = -9, .bits = FLOW_FACT_TIME });
    record(history, 1, fact_of(3));
    record(history, 1, (struct flow_fact){ .frame = 4, .time_ns = 8, .bits = FLOW_FACT_TIME });
    g_assert_false(flow_history_first_time(history, 1, &ns));
    g_assert_cmpint(ns, ==, 77);
    g_assert_true(flow_history_first_time(history, 0, &ns));
    g_assert_cmpint(ns, ==, -5);
    flow_history_free(history);
}

/* Zeros in the beginning, and where they are as long as the history. */
static void test_each_flow_has_bytes_of_its_own(void)
{
    enum { FLOWS = 3000, ONCE = 40 };
    static const uint8_t zeros[ONCE];
    struct flow_history *history = flow_history_new(0, ONCE), *without = flow_history_new(8, 0);
    uint8_t *first = NULL;

    for (uint32_t flow = 0; flow < FLOWS; flow++) {
        record(history, flow, fact_of(flow + 1));
        uint8_t *once = flow_history_once(history, flow);
        g_assert_true(memcmp(once, zeros, ONCE) == 0);
        memset(once, (int)(flow % 251), ONCE);
        first = first ? first : once;
    }
    g_assert_true(flow_history_once(history, 0) == first);
    for (uint32_t flow = 0; flow < FLOWS; flow++)
        for (unsigned i = 0; i < ONCE; i++)
            g_assert_cmpuint(((uint8_t *)flow_history_once(history, flow))[i], ==, flow % 251);
    record(without, 0, fact_of(1));
    g_assert_null(flow_history_once(without, 0));
    flow_history_free(history);
    flow_history_free(without);
}

/* One without a frame is none. */
static void test_frames_are_in_files(void)
{
    static const uint32_t frames[] = { 3, 1, 0, 5 }, files[] = { 1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 4 };
    struct flow_history *history = flow_history_new(0, 0);

    g_assert_cmpuint(flow_history_file(history, 1), ==, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        flow_history_begin_file(history, frames[i]);
    for (uint32_t i = 0; i < G_N_ELEMENTS(files); i++)
        g_assert_cmpuint(flow_history_file(history, i + 1), ==, files[i]);
    flow_history_free(history);
}

static void test_errors_say_what_they_are_for(void)
{
    enum { FACTS = 500 };
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_place place;
    uint32_t flow;

    for (uint32_t frame = 1; frame <= FACTS; frame++) {
        place = (struct flow_place){ .packet = record(history, 0, fact_of(frame)) };
        g_assert_false(flow_history_error_for(history, place, &flow));
        if (frame % 7 == 0)
            flow_history_record_error_for(history, place, frame * 2);
    }
    for (uint32_t frame = 1; frame <= FACTS; frame++) {
        flow = 1;
        g_assert_true(flow_history_find(history, frame, &place));
        bool is_error = flow_history_error_for(history, place, &flow);
        g_assert_cmpint(is_error, ==, frame % 7 == 0);
        g_assert_cmpuint(flow, ==, is_error ? frame * 2 : 1);
    }
    flow_history_free(history);
}

/* The frame's packet is another one now, and that is no error. */
static void test_errors_go_with_their_frame(void)
{
    struct flow_history *history = flow_history_new(0, 0);
    struct flow_place place = { .packet = record(history, 0, fact_of(1)) };
    uint32_t flow;

    flow_history_record_error_for(history, place, 0);
    g_assert_true(flow_history_find(history, 1, &place));
    g_assert_true(flow_history_error_for(history, place, &flow));
    record(history, 0, fact_of(1));
    g_assert_true(flow_history_find(history, 1, &place));
    g_assert_false(flow_history_error_for(history, place, &flow));
    flow_history_free(history);
}

/* A flow of one packet has them, too, before and after an event, and when it is forgotten. */
static void test_wire_bytes_of_one_packet(void)
{
    struct flow_history *history = flow_history_new(0, 0);

    g_assert_cmpuint(flow_history_wire_bytes(history, 0), ==, 0);
    record(history, 0, (struct flow_fact){ .frame = 1, .wire_len = 60 });
    g_assert_cmpuint(flow_history_wire_bytes(history, 0), ==, 60);
    record_error(history, 0, 2);
    g_assert_cmpuint(flow_history_wire_bytes(history, 0), ==, 60);
    flow_history_forget(history, 0, 1);
    g_assert_cmpuint(flow_history_wire_bytes(history, 0), ==, 60);
    flow_history_forget_flow(history, 0);
    g_assert_cmpuint(flow_history_wire_bytes(history, 0), ==, 0);
    record(history, 0, (struct flow_fact){ .frame = 3, .wire_len = 70 });
    g_assert_cmpuint(flow_history_wire_bytes(history, 0), ==, 70);
    flow_history_free(history);
}

/* Another one has its number, and nothing of it. */
static void test_a_flow_is_forgotten(void)
{
    enum { ONCE = 8 };
    static const uint8_t zeros[ONCE];
    struct flow_history *history = flow_history_new(0, ONCE);
    struct flow_place place;
    struct flow_fact fact;
    int64_t ns;

    for (uint32_t flow = 0; flow < 2; flow++) {
        record(history, flow,
               (struct flow_fact){ .frame = 1 + flow, .time_ns = 5, .bits = FLOW_FACT_TIME });
        record(history, flow, fact_of(3 + flow));
        record_error(history, flow, 5 + flow);
        memset(flow_history_once(history, flow), 1, ONCE);
    }
    g_assert_true(flow_history_packet(history, 0, 1, &fact));
    flow_history_forget_flow(history, 0);
    g_assert_cmpuint(flow_history_packets(history, 0), ==, 0);
    g_assert_cmpuint(flow_history_facts(history, 0), ==, 0);
    g_assert_cmpuint(flow_history_kept(history, 0), ==, 0);
    g_assert_cmpuint(flow_history_last_frame(history, 0), ==, 0);
    g_assert_false(flow_history_packet(history, 0, 0, &fact));
    g_assert_false(flow_history_first_time(history, 0, &ns));
    g_assert_cmpmem(flow_history_once(history, 0), ONCE, zeros, ONCE);
    g_assert_cmpuint(flow_history_facts(history, 1), ==, 3);
    g_assert_true(memcmp(flow_history_once(history, 1), zeros, ONCE) != 0);

    g_assert_cmpuint(record(history, 0, fact_of(7)), ==, 0);
    g_assert_cmpuint(record(history, 0, fact_of(8)), ==, 1);
    g_assert_cmpuint(flow_history_first_frame(history, 0), ==, 7);
    g_assert_false(flow_history_first_time(history, 0, &ns));
    assert_frame_at(history, 1, 8);
    assert_frame_at(history, 0, 7);
    g_assert_true(flow_history_find(history, 8, &place));
    g_assert_cmpuint(place.packet, ==, 1);
    flow_history_free(history);
}

static void test_what_is_not_there_is_forgotten(void)
{
    struct flow_history *histories[] = { flow_history_new(0, 0), flow_history_new(0, 8) };

    for (size_t i = 0; i < G_N_ELEMENTS(histories); i++) {
        for (unsigned round = 0; round < 2; round++) {
            flow_history_forget(histories[i], 1, 0);
            flow_history_forget_flow(histories[i], 1);
            g_assert_cmpuint(flow_history_kept(histories[i], 1), ==, 0);
            g_assert_cmpuint(flow_history_forgotten(histories[i], 1), ==, 0);
            record(histories[i], 0, fact_of(1 + round));
        }
        flow_history_forget_flow(histories[i], 0);
        flow_history_forget_flow(histories[i], 0);
        g_assert_cmpuint(flow_history_facts(histories[i], 0), ==, 0);
        flow_history_free(histories[i]);
    }
}

static void assert_found(const struct flow_history *history, uint32_t frame, bool is_found)
{
    struct flow_place place;

    g_assert_cmpint(flow_history_find(history, frame, &place), ==, is_found);
}

/* The file's own frames are found; numbers go on from file to file. */
static void test_frames_are_found_in_their_file(void)
{
    enum { FRAMES = 3000 };

    for (unsigned is_bounded = 0; is_bounded < 2; is_bounded++) {
        struct flow_history *history = flow_history_new(0, 0);
        uint32_t flow, before = 0;

        if (is_bounded)
            flow_history_bound(history);
        for (unsigned file = 0; file < 3; file++, before += FRAMES) {
            struct flow_place place = { 0 };
            g_assert_cmpuint(flow_history_frames_before(history), ==, before);
            for (uint32_t frame = 1; frame <= FRAMES; frame++)
                place.packet = record(history, 0, fact_of(before + frame));
            flow_history_record_error_for(history, place, 0);
            g_assert_true(flow_history_error_for(history, place, &flow));
            record(history, 0, fact_of(before)); /* a late one */
            assert_found(history, before, false);
            assert_found(history, before + 1, !is_bounded);
            assert_found(history, before + 1023, !is_bounded); /* a page's last one */
            assert_found(history, before + 1024, true);
            record(history, 0, fact_of(before + 1023)); /* a very late one */
            assert_found(history, before + 1023, !is_bounded);
            assert_found(history, before + FRAMES, true);
            assert_found(history, before + FRAMES + 1, false);
            flow_history_begin_file(history, FRAMES);
            assert_found(history, before + FRAMES, false);
            assert_found(history, before + FRAMES + FRAMES, false);
            g_assert_false(flow_history_error_for(history, place, &flow));
        }
        record(history, 0, fact_of(before + 1));
        assert_found(history, before + 1, true);
        flow_history_free(history);
    }
}

/* In a stream the latest one is remembered. */
static void test_errors_of_a_stream(void)
{
    const struct flow_place places[] = { { .packet = 3 }, { .packet = 5 } };

    for (unsigned is_bounded = 0; is_bounded < 2; is_bounded++) {
        struct flow_history *history = flow_history_new(0, 0);
        uint32_t flow;

        if (is_bounded)
            flow_history_bound(history);
        flow_history_record_error_for(history, places[0], 7);
        flow_history_record_error_for(history, places[1], 8);
        g_assert_cmpint(flow_history_error_for(history, places[0], &flow), ==, !is_bounded);
        g_assert_true(flow_history_error_for(history, places[1], &flow));
        g_assert_cmpuint(flow, ==, 8);
        flow_history_free(history);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        char *path = g_strdup_printf("/history/facts-are-what-was-recorded/%s", shapes[i].claim);
        g_test_add_data_func(path, &shapes[i], test_facts_are_what_was_recorded);
        g_free(path);
    }
    g_test_add_func("/history/facts-are-what-was-recorded/while-it-grows",
                    test_facts_are_what_was_recorded_while_it_grows);
    g_test_add_func("/history/packets-are-the-facts-that-are-no-events",
                    test_packets_are_the_facts_that_are_no_events);
    g_test_add_func("/history/neighbours-of-random-packets", test_neighbours_of_random_packets);
    g_test_add_func("/history/what-is-not-forgotten-stays", test_what_is_not_forgotten_stays);
    g_test_add_func("/history/wire-bytes-of-one-packet", test_wire_bytes_of_one_packet);
    g_test_add_func("/history/a-flow-is-forgotten", test_a_flow_is_forgotten);
    g_test_add_func("/history/what-is-not-there-is-forgotten", test_what_is_not_there_is_forgotten);
    g_test_add_func("/history/frames-are-found-in-their-file", test_frames_are_found_in_their_file);
    g_test_add_func("/history/errors-of-a-stream", test_errors_of_a_stream);
    g_test_add_func("/history/events-are-stepped-over", test_events_are_stepped_over);
    g_test_add_func("/history/a-frame-leads-to-its-packet", test_a_frame_leads_to_its_packet);
    g_test_add_func("/history/unknown-frames-and-flows", test_unknown_frames_and_flows);
    g_test_add_func("/history/frames-may-come-in-any-order", test_frames_may_come_in_any_order);
    g_test_add_func("/history/a-frame-number-used-again", test_a_frame_number_used_again);
    g_test_add_func("/history/an-event-leaves-its-frame-alone",
                    test_an_event_leaves_its_frame_alone);
    g_test_add_func("/history/first-time", test_first_time);
    g_test_add_func("/history/each-flow-has-bytes-of-its-own", test_each_flow_has_bytes_of_its_own);
    g_test_add_func("/history/frames-are-in-files", test_frames_are_in_files);
    g_test_add_func("/history/errors-say-what-they-are-for", test_errors_say_what_they_are_for);
    g_test_add_func("/history/errors-go-with-their-frame", test_errors_go_with_their_frame);
    return g_test_run();
}
