#include "packets.h"

#include "history.h"

#include <glib.h>
#include <string.h>

static void assert_same_state(const struct flow_state *left, const struct flow_state *right)
{
    g_assert_true(memcmp(left, right, sizeof *left) == 0);
}

static struct flow_fact random_fact(GRand *rand, uint32_t frame, uint32_t flow)
{
    struct flow_fact fact = {
        .time_ns = g_rand_int_range(rand, 0, 1000000),
        .frame = frame,
        .flow = flow,
        .cap_len = g_rand_int(rand) % 1500,
        .wire_len = g_rand_int(rand) % 1500,
        .payload_len = g_rand_int(rand) % 3,
        .tcp_seq = g_rand_int(rand) % 16,
        .tcp_ack = g_rand_int(rand) % 16,
        .ip_id = (uint16_t)(g_rand_int(rand) % 512),
        .tcp_flags = (uint8_t)(g_rand_int(rand) & g_rand_int(rand)),
        .bits =
            (uint8_t)(g_rand_int(rand) & (FLOW_FACT_DOWN | FLOW_FACT_TIME | FLOW_FACT_TCP |
                                          FLOW_FACT_IP_ID | FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG)),
    };

    return fact;
}

/*
 * A history of random facts and, beside it, what folding them gives.  A flow's
 * first fact is a packet; later ones may be events.
 */
struct record {
    struct flow_history *history;
    GRand *rand;
    uint32_t flows, facts;
    struct flow_state *fold;     /* by flow: after its last fact */
    struct flow_state *expected; /* by fact: after that one */
    GPtrArray *kept;             /* what flow_history_record() gave */
};

static void record_next(struct record *record, uint32_t flow, bool may_be_event)
{
    struct flow_fact fact = random_fact(record->rand, record->facts + 1, flow);

    if (may_be_event && g_rand_int(record->rand) % 5 == 0)
        fact.bits |= FLOW_FACT_EVENT;
    flow_state_apply(&record->fold[flow], &fact);
    record->expected[record->facts++] = record->fold[flow];
    g_ptr_array_add(record->kept, (void *)flow_history_record(record->history, fact));
}

static struct record record_of(uint32_t flows, uint32_t facts, uint32_t seed)
{
    struct record record = { .history = flow_history_new(),
                             .rand = g_rand_new_with_seed(seed),
                             .flows = flows,
                             .fold = g_new0(struct flow_state, flows),
                             .expected = g_new0(struct flow_state, facts),
                             .kept = g_ptr_array_new() };

    for (uint32_t i = 0; i < facts; i++)
        if (i < flows)
            record_next(&record, i, false);
        else
            record_next(&record, g_rand_int(record.rand) % flows, true);
    return record;
}

static void record_clear(struct record *record)
{
    flow_history_free(record->history);
    g_rand_free(record->rand);
    g_free(record->fold);
    g_free(record->expected);
    g_ptr_array_unref(record->kept);
}

static void assert_state_at(struct record *record, uint32_t number)
{
    assert_same_state(
        flow_history_state_at(record->history, flow_history_at(record->history, number)),
        &record->expected[number]);
}

enum order { FORWARDS, BACKWARDS, AT_RANDOM, TWICE, BY_FLOW, ORDERS };

static void ask(struct record *record, enum order order)
{
    switch (order) {
    case FORWARDS:
        for (uint32_t i = 0; i < record->facts; i++)
            assert_state_at(record, i);
        break;
    case BACKWARDS:
        for (uint32_t i = record->facts; i > 0; i--)
            assert_state_at(record, i - 1);
        break;
    case AT_RANDOM:
        for (uint32_t i = 0; i < record->facts; i++)
            assert_state_at(record, g_rand_int(record->rand) % record->facts);
        break;
    case TWICE:
        for (uint32_t i = 0; i < record->facts; i += 3) {
            assert_state_at(record, i);
            assert_state_at(record, i);
        }
        break;
    case BY_FLOW:
        for (uint32_t flow = 0; flow < record->flows; flow++)
            for (uint32_t i = 0; i < record->facts; i++)
                if (flow_history_at(record->history, i)->flow == flow)
                    assert_state_at(record, i);
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
    { "as-long-as-a-stride", 1, FLOW_HISTORY_STRIDE },
    { "one-more-than-a-stride", 1, FLOW_HISTORY_STRIDE + 1 },
    { "two-strides", 1, 2 * FLOW_HISTORY_STRIDE },
    { "few-long-flows", 8, 8000 },
    { "flows-of-a-stride", 100, 100 * FLOW_HISTORY_STRIDE },
    { "many-short-flows", 3000, 9000 },
};

/* Whatever the traffic and the order of asking, replaying gives what folding gave. */
static void test_replay_equals_fold(const void *data)
{
    const struct shape *shape = data;
    struct record record = record_of(shape->flows, shape->facts, 1);

    for (unsigned order = 0; order < ORDERS; order++)
        if (order != BY_FLOW || shape->flows <= 100)
            ask(&record, (enum order)order);
    for (uint32_t flow = 0; flow < shape->flows; flow++)
        assert_same_state(flow_history_final(record.history, flow), &record.fold[flow]);
    record_clear(&record);
}

/* As in a first pass, and in a live capture: questions between the records. */
static void test_replay_equals_fold_while_it_grows(void)
{
    enum { FLOWS = 4, FACTS = 3000 };
    struct record record = record_of(FLOWS, FLOWS, 2);

    record.expected = g_renew(struct flow_state, record.expected, FACTS);
    while (record.facts < FACTS) {
        record_next(&record, g_rand_int(record.rand) % FLOWS, true);
        assert_state_at(&record, record.facts - 1);
        assert_state_at(&record, g_rand_int(record.rand) % record.facts);
        assert_same_state(flow_history_final(record.history, 1), &record.fold[1]);
    }
    ask(&record, FORWARDS);
    record_clear(&record);
}

static void test_facts_are_kept_in_the_order_of_accounting(void)
{
    struct record record = record_of(7, 5000, 3);
    uint32_t ordinals[7] = { 0 };

    for (uint32_t i = 0; i < record.facts; i++) {
        const struct flow_fact *fact = flow_history_at(record.history, i);

        g_assert_true(fact == record.kept->pdata[i]);
        g_assert_cmpuint(fact->frame, ==, i + 1);
        g_assert_cmpuint(fact->ordinal, ==, ordinals[fact->flow]++);
    }
    g_assert_null(flow_history_at(record.history, record.facts));
    g_assert_null(flow_history_at(record.history, UINT32_MAX));
    record_clear(&record);
}

static bool is_event(const struct flow_fact *fact)
{
    return fact->bits & FLOW_FACT_EVENT;
}

/* From the first to the last and back: all packets of a flow, and no event. */
static void test_previous_and_next_are_inverse(void)
{
    struct record record = record_of(40, 6000, 4);

    for (uint32_t flow = 0; flow < record.flows; flow++) {
        const struct flow_fact *at = flow_history_first(record.history, flow), *last = NULL;

        for (uint32_t i = 0; i < record.facts; i++) {
            const struct flow_fact *fact = flow_history_at(record.history, i);
            if (fact->flow != flow || is_event(fact))
                continue;
            g_assert_true(at == fact);
            g_assert_true(flow_history_previous(record.history, at) == last);
            if (last)
                g_assert_true(flow_history_next(record.history, last) == at);
            last = at;
            at = flow_history_next(record.history, at);
        }
        g_assert_null(at);
        g_assert_true(flow_history_last(record.history, flow) == last);
    }
    record_clear(&record);
}

/* Events behind each other, at the end, and more than a stride of them. */
static void test_events_are_stepped_over(void)
{
    enum { EVENTS = 3 * FLOW_HISTORY_STRIDE };
    struct flow_history *history = flow_history_new();
    const struct flow_fact *first =
        flow_history_record(history, (struct flow_fact){ .frame = 1, .bits = FLOW_FACT_TIME });

    for (uint32_t i = 0; i < EVENTS; i++)
        flow_history_record(history, (struct flow_fact){ .frame = i, .bits = FLOW_FACT_EVENT });
    g_assert_true(flow_history_last(history, 0) == first);
    g_assert_null(flow_history_next(history, first));

    const struct flow_fact *second = flow_history_record(history, (struct flow_fact){ .frame = 2 });
    flow_history_record(history, (struct flow_fact){ .frame = 3, .bits = FLOW_FACT_EVENT });
    g_assert_true(flow_history_next(history, first) == second);
    g_assert_true(flow_history_previous(history, second) == first);
    g_assert_null(flow_history_previous(history, first));
    g_assert_null(flow_history_next(history, second));
    g_assert_true(flow_history_first(history, 0) == first);
    g_assert_true(flow_history_last(history, 0) == second);
    g_assert_cmpuint(flow_history_final(history, 0)->icmp_errors, ==, EVENTS + 1);
    flow_history_free(history);
}

static void test_a_frame_leads_to_its_packet(void)
{
    struct record record = record_of(30, 3000, 5);

    for (uint32_t i = 0; i < record.facts; i++) {
        const struct flow_fact *fact = flow_history_at(record.history, i);
        g_assert_true(flow_history_frame(record.history, fact->frame) ==
                      (is_event(fact) ? NULL : fact));
    }
    record_clear(&record);
}

static void test_unknown_frames_and_flows(void)
{
    struct flow_history *history = flow_history_new();

    g_assert_null(flow_history_at(history, 0));
    g_assert_null(flow_history_frame(history, 0));
    g_assert_null(flow_history_frame(history, 1));
    g_assert_null(flow_history_first(history, 0));
    g_assert_null(flow_history_last(history, 0));
    g_assert_null(flow_history_final(history, 0));
    flow_history_record(history, (struct flow_fact){ .frame = 5000 });
    g_assert_null(flow_history_frame(history, 0));
    g_assert_null(flow_history_frame(history, 4999));
    g_assert_null(flow_history_frame(history, 5001));
    g_assert_null(flow_history_frame(history, UINT32_MAX));
    g_assert_null(flow_history_final(history, 1));
    g_assert_null(flow_history_final(history, UINT32_MAX));
    g_assert_nonnull(flow_history_frame(history, 5000));
    flow_history_free(history);
    flow_history_free(NULL);
}

static void test_frames_may_come_in_any_order(void)
{
    static const uint32_t frames[] = { 9, 3, 70000, 1, 2 };
    struct flow_history *history = flow_history_new();

    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        flow_history_record(history, (struct flow_fact){ .frame = frames[i] });
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        g_assert_cmpuint(flow_history_frame(history, frames[i])->ordinal, ==, i);
    flow_history_free(history);
}

/* The record is replaced; what was counted stays counted. */
static void test_a_frame_number_used_again(void)
{
    struct flow_history *history = flow_history_new();

    flow_history_record(history, (struct flow_fact){ .frame = 1, .cap_len = 10 });
    flow_history_record(history, (struct flow_fact){ .frame = 2, .cap_len = 20 });
    flow_history_record(history, (struct flow_fact){ .frame = 2, .flow = 1, .cap_len = 300 });
    g_assert_cmpuint(flow_history_frame(history, 2)->flow, ==, 1);
    g_assert_cmpuint(flow_history_final(history, 0)->half[FLOW_UP].bytes, ==, 30);
    g_assert_cmpuint(flow_history_final(history, 1)->half[FLOW_UP].bytes, ==, 300);
    g_assert_cmpuint(flow_history_at(history, 1)->cap_len, ==, 20);
    flow_history_free(history);
}

static void test_an_event_leaves_its_frame_alone(void)
{
    struct flow_history *history = flow_history_new();
    const struct flow_fact *error;

    flow_history_record(history, (struct flow_fact){ .frame = 1 });
    error = flow_history_record(history, (struct flow_fact){ .frame = 2, .flow = 1 });
    flow_history_record(history, (struct flow_fact){ .frame = 2, .bits = FLOW_FACT_EVENT });
    g_assert_true(flow_history_frame(history, 2) == error);
    g_assert_cmpuint(flow_history_final(history, 0)->icmp_error_frame, ==, 2);
    flow_history_free(history);
}

static void test_errors_say_what_they_are_for(void)
{
    enum { FACTS = 500 };
    struct flow_history *history = flow_history_new();
    uint32_t flow;

    for (uint32_t frame = 1; frame <= FACTS; frame++) {
        const struct flow_fact *fact =
            flow_history_record(history, (struct flow_fact){ .frame = frame });
        g_assert_false(flow_history_error_for(history, fact, &flow));
        if (frame % 7 == 0)
            flow_history_note_error_for(history, fact, frame * 2);
    }
    for (uint32_t frame = 1; frame <= FACTS; frame++) {
        flow = 1;
        bool is_error = flow_history_error_for(history, flow_history_frame(history, frame), &flow);
        g_assert_cmpint(is_error, ==, frame % 7 == 0);
        g_assert_cmpuint(flow, ==, is_error ? frame * 2 : 1);
    }
    flow_history_free(history);
}

/* The frame's packet is another one now, and that is no error. */
static void test_errors_go_with_their_frame(void)
{
    struct flow_history *history = flow_history_new();
    uint32_t flow;

    flow_history_note_error_for(history,
                                flow_history_record(history, (struct flow_fact){ .frame = 1 }), 0);
    g_assert_true(flow_history_error_for(history, flow_history_frame(history, 1), &flow));
    flow_history_record(history, (struct flow_fact){ .frame = 1 });
    g_assert_false(flow_history_error_for(history, flow_history_frame(history, 1), &flow));
    flow_history_free(history);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        char *path = g_strdup_printf("/history/replay-equals-fold/%s", shapes[i].claim);
        g_test_add_data_func(path, &shapes[i], test_replay_equals_fold);
        g_free(path);
    }
    g_test_add_func("/history/replay-equals-fold/while-it-grows",
                    test_replay_equals_fold_while_it_grows);
    g_test_add_func("/history/facts-are-kept-in-the-order-of-accounting",
                    test_facts_are_kept_in_the_order_of_accounting);
    g_test_add_func("/history/previous-and-next-are-inverse", test_previous_and_next_are_inverse);
    g_test_add_func("/history/events-are-stepped-over", test_events_are_stepped_over);
    g_test_add_func("/history/a-frame-leads-to-its-packet", test_a_frame_leads_to_its_packet);
    g_test_add_func("/history/unknown-frames-and-flows", test_unknown_frames_and_flows);
    g_test_add_func("/history/frames-may-come-in-any-order", test_frames_may_come_in_any_order);
    g_test_add_func("/history/a-frame-number-used-again", test_a_frame_number_used_again);
    g_test_add_func("/history/an-event-leaves-its-frame-alone",
                    test_an_event_leaves_its_frame_alone);
    g_test_add_func("/history/errors-say-what-they-are-for", test_errors_say_what_they_are_for);
    g_test_add_func("/history/errors-go-with-their-frame", test_errors_go_with_their_frame);
    return g_test_run();
}
