#include "ask.h"
#include "packets.h"
#include "traffic.h"

#include "field.h"
#include "member.h"
#include "tally.h"

#include <glib.h>
#include <string.h>

/* Flows that go on from file to file, and streams: what is kept is bounded, what is told is not. */

enum { RANDOM_FRAMES = 3000 };

/* What was told of each flow, by id. */
struct told {
    GHashTable *flows; /* texts, by id */
    struct flow_tally *tally;
    uint32_t highest_place;
};

static void append_value(GString *text, const struct flow_field *field,
                         const struct flow_value *value)
{
    g_string_append_printf(text, "%s=", field->name);
    switch (flow_member_of(field->kind)) {
    case FLOW_MEMBER_REAL: g_string_append_printf(text, "%g ", value->as.real); break;
    case FLOW_MEMBER_NS: g_string_append_printf(text, "%" G_GINT64_FORMAT " ", value->as.ns); break;
    case FLOW_MEMBER_TEXT: g_string_append_printf(text, "%s ", value->as.text); break;
    case FLOW_MEMBER_ADDR: g_string_append(text, "known "); break;
    case FLOW_MEMBER_NUMBER:
        g_string_append_printf(text, "%" G_GUINT64_FORMAT " ", (uint64_t)value->as.number);
        break;
    }
}

static char *text_of(struct flow_view *view)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);
        struct flow_value value = flow_field_value(field, view);
        if (flow_field_is_of_flow(field) && value.known)
            append_value(text, field, &value);
    }
    return g_string_free(text, FALSE);
}

static void tell(struct flow_view *view, void *data)
{
    struct told *told = data;
    void *id = GUINT_TO_POINTER(view->flow->id);

    g_assert_false(g_hash_table_contains(told->flows, id));
    g_hash_table_insert(told->flows, id, text_of(view));
    told->highest_place = MAX(told->highest_place, view->index);
}

static void ended(struct flow_view *view, void *data)
{
    struct told *told = data;

    flow_tally_last(told->tally, view, tell, told);
}

static void forgetting(struct flow_view *view, uint32_t facts, void *data)
{
    struct told *told = data;

    flow_tally_keep(told->tally, view, facts);
}

static struct told told_new(bool is_filtered)
{
    return (struct told){ .flows =
                              g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free),
                          .tally = flow_tally_new(is_filtered) };
}

static void told_clear(struct told *told)
{
    g_hash_table_unref(told->flows);
    flow_tally_free(told->tally);
}

static struct flow_meter *meter_of(struct told *told, bool is_stream, uint32_t max_open,
                                   const struct flow_limits *limits)
{
    struct flow_bounds bounds = { .max_open = max_open,
                                  .is_stream = is_stream,
                                  .ended = ended,
                                  .forgetting = is_stream ? forgetting : NULL,
                                  .data = told };
    struct flow_meter *meter = flow_meter_new(limits, 0, NULL);

    flow_meter_bound(meter, &bounds);
    return meter;
}

static void next_file(struct flow_meter *meter, struct told *told, bool is_stream, uint32_t frames)
{
    flow_meter_end_file(meter, frames, true);
    if (!is_stream)
        flow_tally_each(told->tally, meter, tell, told);
    flow_tally_go_on(told->tally, meter);
    flow_meter_begin_file(meter);
}

static void finish(struct flow_meter *meter, struct told *told, bool is_stream)
{
    flow_meter_finish(meter);
    if (!is_stream)
        flow_tally_each(told->tally, meter, tell, told);
    flow_meter_free(meter);
}

/*
 * Some random packets, but those that come too late: fragments of a connection that
 * has ended with its file and, in a stream, segments of one that is closed.
 */
static bool may_be_late(const struct flow_packet *packet, bool is_stream)
{
    return packet->tuple.protocol == FLOW_PROTOCOL_TCP &&
           (is_stream || (packet->fact.bits & FLOW_FACT_FRAG));
}

static struct flow_packet packet_for(GRand *rand, uint32_t frame, bool is_stream)
{
    struct flow_packet packet = random_packet(rand, frame);

    while (may_be_late(&packet, is_stream))
        packet = random_packet(rand, frame);
    return packet;
}

/* Every third frame passes the filter.  files: 0 for one file. */
static struct told run(uint32_t seed, bool is_stream, bool is_filtered, unsigned files,
                       bool of_a_stream)
{
    struct told told = told_new(is_filtered);
    struct flow_meter *meter = meter_of(&told, is_stream, UINT32_MAX, NULL);
    GRand *rand = g_rand_new_with_seed(seed), *cuts = g_rand_new_with_seed(files);
    uint32_t before = 0;

    for (uint32_t frame = 1; frame <= RANDOM_FRAMES; frame++) {
        struct flow_packet packet = packet_for(rand, frame, of_a_stream);
        packet.fact.frame = frame - before;
        flow_meter_account(meter, &packet);
        if (frame % 3 == 0)
            flow_tally_pass(told.tally, frame - before);
        if (files > 0 && g_rand_int(cuts) % (RANDOM_FRAMES / files) == 0) {
            next_file(meter, &told, is_stream, frame - before);
            before = frame;
        }
    }
    finish(meter, &told, is_stream);
    g_rand_free(cuts);
    g_rand_free(rand);
    return told;
}

static void assert_same(const struct told *left, const struct told *right)
{
    GHashTableIter iter;
    void *id, *text;

    g_hash_table_iter_init(&iter, left->flows);
    while (g_hash_table_iter_next(&iter, &id, &text))
        g_assert_cmpstr(g_hash_table_lookup(right->flows, id), ==, text);
    g_assert_cmpuint(g_hash_table_size(left->flows), ==, g_hash_table_size(right->flows));
    g_assert_cmpuint(g_hash_table_size(left->flows), >, 20);
}

/* Every field of every flow, wherever the files are cut, with a filter and without one. */
static void test_cuts_change_nothing(void)
{
    for (uint32_t seed = 1; seed <= 6; seed++)
        for (int is_filtered = 0; is_filtered < 2; is_filtered++) {
            struct told whole = run(seed, false, is_filtered, 0, false);
            for (unsigned files = 1; files <= 1000; files *= 10) {
                struct told cut = run(seed, false, is_filtered, files, false);
                assert_same(&whole, &cut);
                told_clear(&cut);
            }
            told_clear(&whole);
        }
}

static void test_a_stream_is_the_whole(void)
{
    for (uint32_t seed = 1; seed <= 6; seed++)
        for (int is_filtered = 0; is_filtered < 2; is_filtered++) {
            struct told whole = run(seed, false, is_filtered, 0, true);
            for (unsigned files = 0; files <= 100; files += 50) {
                struct told stream = run(seed, true, is_filtered, files, true);
                assert_same(&whole, &stream);
                told_clear(&stream);
            }
            told_clear(&whole);
        }
}

/* An hour of a ring, a file a second: a connection that lasts, and new ones in each file. */
static void test_an_hour_of_a_ring(void)
{
    enum { FILES = 3600, NEW = 20, OPEN = 50 };

    for (int is_stream = 0; is_stream < 2; is_stream++) {
        struct told told = told_new(false);
        struct flow_meter *meter = meter_of(&told, is_stream, OPEN, NULL);
        for (uint32_t file = 0; file < FILES; file++) {
            struct flow_packet packet = udp_packet(1, 1, 1, 2, 53);
            packet = at_second(packet, file);
            flow_meter_account(meter, &packet);
            for (uint32_t i = 0; i < NEW; i++) {
                packet = udp_packet(2 + i, 1, (uint16_t)(1000 + i), 2, (uint16_t)(2000 + file));
                packet = at_second(packet, file);
                flow_meter_account(meter, &packet);
            }
            next_file(meter, &told, is_stream, NEW + 1);
            g_assert_cmpuint(flow_meter_flows(meter), <=, OPEN);
        }
        finish(meter, &told, is_stream);
        g_assert_cmpuint(told.highest_place, <=, OPEN + NEW);
        g_assert_cmpuint(g_hash_table_size(told.flows), ==, 1 + FILES * NEW);
        const char *lasting = g_hash_table_lookup(told.flows, GUINT_TO_POINTER(0));
        g_assert_nonnull(strstr(lasting, " pkts=3600 "));
        g_assert_nonnull(strstr(lasting, " first_frame=1 "));
        g_assert_nonnull(strstr(lasting, " last_frame=75580 ")); /* 3599 * 21 + 1 */
        told_clear(&told);
    }
}

/* Of a flow that is open the latest packets are kept, however many there were. */
static void test_a_stream_keeps_few_packets(void)
{
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, true, 10, NULL);
    struct flow_view view;

    for (uint32_t frame = 1; frame <= 5000; frame++) {
        struct flow_packet packet = udp_packet(frame, 1, 1, 2, 53);
        flow_meter_account(meter, &packet);
        g_assert_true(flow_meter_view(meter, frame, false, &view));
        g_assert_cmpuint(flow_history_kept(view.history, view.index), <, 2 * FLOW_HISTORY_STRIDE);
        struct flow_value so_far = flow_field_value(flow_field_named("sofar.pkts"), &view);
        g_assert_cmpuint(so_far.as.number, ==, frame);
        struct flow_value delta = flow_field_value(flow_field_named("delta"), &view);
        g_assert_true(delta.known == (frame > 1));
    }
    finish(meter, &told, true);
    g_assert_cmpuint(g_hash_table_size(told.flows), ==, 1);
    told_clear(&told);
}

/* A packet knows frames of its own file, by their number in it. */
static void test_links_stay_in_the_file(void)
{
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, false, 10, NULL);
    struct flow_packet packet;

    for (uint32_t frame = 1; frame <= 3; frame++) {
        packet = udp_packet(frame, 1, 1, 2, 53);
        flow_meter_account(meter, &packet);
    }
    expect_number(meter, 2, "prev_frame", 1);
    next_file(meter, &told, false, 5);
    packet = udp_packet(1, 1, 1, 2, 53);
    flow_meter_account(meter, &packet);
    packet = udp_packet(2, 1, 1, 2, 53);
    flow_meter_account(meter, &packet);
    expect_absent(meter, 1, "prev_frame");
    expect_absent(meter, 1, "first_frame");
    expect_absent(meter, 3, "index");
    expect_number(meter, 1, "index", 4);
    expect_number(meter, 1, "next_frame", 2);
    expect_number(meter, 2, "prev_frame", 1);
    expect_number(meter, 2, "last_frame", 2);
    finish(meter, &told, false);
    const char *text = g_hash_table_lookup(told.flows, GUINT_TO_POINTER(0));
    g_assert_nonnull(strstr(text, " first_frame=1 last_frame=7 "));
    told_clear(&told);
}

/* Closed is the state of a connection without segments, too. */
static void test_fragments_of_no_segment_end_with_the_capture(void)
{
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, false, 10, NULL);
    struct flow_packet packet = later_fragment(1, FLOW_PROTOCOL_TCP, 1, 2, 7);

    flow_meter_account(meter, &packet);
    finish(meter, &told, false);
    const char *text = g_hash_table_lookup(told.flows, GUINT_TO_POINTER(0));
    g_assert_nonnull(strstr(text, " end_reason=4 "));
    told_clear(&told);
}

/* Of a flow's first packet the fact is kept, whatever is forgotten. */
static void test_the_first_packet_is_not_forgotten(void)
{
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, false, 10, NULL);
    struct flow_packet packet = udp_packet(1, 1, 1, 2, 53);
    struct flow_fact first;
    struct flow_view view;

    for (unsigned file = 0; file < 3; file++) {
        flow_meter_account(meter, &packet);
        flow_meter_account(meter, &packet);
        next_file(meter, &told, false, 1);
        g_assert_true(flow_meter_flow_view(meter, 0, &view));
        g_assert_true(flow_view_packet(&view, 0, &first));
        g_assert_cmpuint(first.frame, ==, 1);
        g_assert_false(flow_view_packet(&view, 1, &first));
    }
    finish(meter, &told, false);
    told_clear(&told);
}

/* Places, and what flows leave in a stream */

static void account(struct flow_meter *meter, struct flow_packet packet)
{
    flow_meter_account(meter, &packet);
}

static uint32_t place_of(struct flow_meter *meter, uint32_t frame)
{
    struct flow_view view;

    g_assert_true(flow_meter_view(meter, frame, false, &view));
    return view.index;
}

static const char *told_of(const struct told *told, uint32_t id)
{
    return g_hash_table_lookup(told->flows, GUINT_TO_POINTER(id));
}

/* Each connection from the same ports ends the one before, which leaves its place. */
static void test_a_stream_forgets_what_is_replaced(void)
{
    enum { CONNECTIONS = 20, FIRST_ID = 7 };
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, true, 10, NULL);

    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        account(meter, tcp_packet(1 + i, 1, 50000, 2, 80, "S", 1000000 * (i + 1), 0));
        g_assert_cmpuint(flow_meter_flows(meter), ==, 1);
        g_assert_cmpuint(place_of(meter, 1 + i), ==, i % 2);
        g_assert_cmpuint(g_hash_table_size(told.flows), ==, i);
    }
    finish(meter, &told, true);
    g_assert_cmpuint(g_hash_table_size(told.flows), ==, CONNECTIONS);
    told_clear(&told);
}

/* Of two that are replaced at once the later one's place is taken first; ids may come round. */
static void test_flows_in_places_of_others_are_in_the_order_of_ids(void)
{
    static const uint32_t first_ids[] = { 0, UINT32_MAX - 1, UINT32_MAX - 3, UINT32_MAX - 4 };
    struct flow_view view;

    for (size_t i = 0; i < G_N_ELEMENTS(first_ids); i++) {
        struct told told = told_new(false);
        struct flow_bounds bounds = {
            .max_open = 10, .is_stream = true, .ended = ended, .data = &told
        };
        struct flow_meter *meter = flow_meter_new(NULL, first_ids[i], NULL);

        flow_meter_bound(meter, &bounds);
        account(meter, tcp_packet(1, 1, 50000, 2, 80, "S", 1000000, 0));
        account(meter, tcp_packet(2, 1, 50000, 2, 80, "S", 2000000, 0));
        for (uint32_t frame = 3; frame <= 6; frame++)
            account(meter, udp_packet(frame, 1, (uint16_t)frame, 2, 53));
        g_assert_cmpuint(place_of(meter, 2), ==, 1);
        g_assert_cmpuint(place_of(meter, 3), ==, 0);
        g_assert_cmpuint(place_of(meter, 4), ==, 2);
        g_assert_cmpuint(flow_meter_flows(meter), ==, 5);
        for (uint32_t n = 0; n < 5; n++) {
            g_assert_true(flow_meter_flow_view(meter, n, &view));
            g_assert_cmpuint(view.flow->id, ==, first_ids[i] + 1 + n);
        }
        g_assert_false(flow_meter_flow_view(meter, 5, &view));
        finish(meter, &told, true);
        told_clear(&told);
    }
}

/* A connection of no data that both sides close. */
static void account_closed(struct flow_meter *meter)
{
    struct flow_packet segments[] = {
        tcp_packet(1, 2, 50000, 1, 80, "S", 100, 0),
        tcp_packet(2, 1, 80, 2, 50000, "SA", 200, 101),
        tcp_packet(3, 2, 50000, 1, 80, "FA", 101, 201),
        tcp_packet(4, 1, 80, 2, 50000, "FA", 201, 102),
        tcp_packet(5, 2, 50000, 1, 80, "A", 102, 202),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        segments[i].fact.payload_len = 0;
        account(meter, at_second(segments[i], 0));
    }
}

/* A closed connection ends after five seconds; then a late segment begins another flow. */
static void test_what_is_late_is_told_too(void)
{
    static const struct {
        int64_t second;
        unsigned flows, before;
    } rows[] = { { 5, 2, 1 }, { 6, 3, 2 } }; /* told: at the end, before it */

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct told told = told_new(false);
        struct flow_meter *meter = meter_of(&told, true, 10, NULL);

        account_closed(meter);
        account(meter, at_second(udp_packet(6, 1, 1, 2, 53), rows[i].second));
        g_assert_cmpuint(g_hash_table_size(told.flows), ==, rows[i].before - 1);
        account(meter, at_second(tcp_packet(7, 1, 80, 2, 50000, "A", 202, 102), rows[i].second));
        g_assert_cmpuint(flow_meter_flows(meter), ==, 2);
        finish(meter, &told, true);
        g_assert_cmpuint(g_hash_table_size(told.flows), ==, rows[i].flows);
        g_assert_nonnull(strstr(told_of(&told, 0), rows[i].flows == 2 ? " pkts=6 " : " pkts=5 "));
        g_assert_nonnull(strstr(told_of(&told, 0), " end_reason=3 "));
        if (rows[i].flows == 3) { /* from the same source on */
            g_assert_nonnull(strstr(told_of(&told, 2), "srcport=50000 "));
            g_assert_nonnull(strstr(told_of(&told, 2), " down.pkts=1 "));
        }
        told_clear(&told);
    }
}

/* Flow 0 is silent since second 30, flow 1 since 20, flow 2 since 25. */
static void account_three(struct flow_meter *meter)
{
    static const struct {
        uint16_t port;
        int64_t second;
    } packets[] = { { 1, 0 }, { 2, 0 }, { 3, 0 }, { 2, 20 }, { 3, 25 }, { 1, 30 } };

    for (uint32_t i = 0; i < G_N_ELEMENTS(packets); i++)
        account(meter, at_second(udp_packet(1 + i, 1, packets[i].port, 2, 53), packets[i].second));
}

static const struct {
    const char *claim;
    int64_t idle, active; /* seconds */
    uint32_t too_many;
    unsigned reasons[3]; /* of flows 0, 1 and 2 */
} surplus[] = {
    { "room for all", 0, 0, 0, { 4, 4, 4 } },
    { "one too many", 0, 0, 1, { 4, 5, 4 } },
    { "two too many", 0, 0, 2, { 4, 5, 5 } },
    { "none has room", 0, 0, 3, { 5, 5, 5 } },
    { "active for too long", 50, 30, 1, { 2, 2, 2 } },
    { "active for too long, all of them", 50, 30, 3, { 2, 2, 2 } },
    { "not yet", 50, 33, 3, { 5, 5, 5 } },
};

static void assert_reasons(const struct told *told, size_t row)
{
    g_test_message("%s", surplus[row].claim);
    for (uint32_t id = 0; id < G_N_ELEMENTS(surplus[row].reasons); id++) {
        char *reason = g_strdup_printf(" end_reason=%u ", surplus[row].reasons[id]);
        g_assert_nonnull(strstr(told_of(told, id), reason));
        g_free(reason);
    }
}

/* The longest silent flows go, by a timeout that has passed, or because there is no room. */
static void test_too_many_flows_in_a_stream(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(surplus); i++) {
        const struct flow_limits limits = { surplus[i].idle * SECOND, surplus[i].active * SECOND };
        struct told told = told_new(false);
        struct flow_meter *meter = meter_of(&told, true, 3, &limits);

        account_three(meter);
        for (uint32_t n = 0; n < surplus[i].too_many; n++)
            account(meter, at_second(udp_packet(7 + n, 1, (uint16_t)(4 + n), 2, 53), 33));
        g_assert_cmpuint(g_hash_table_size(told.flows), ==, surplus[i].too_many);
        g_assert_cmpuint(flow_meter_flows(meter), ==, 3);
        finish(meter, &told, true);
        assert_reasons(&told, i);
        told_clear(&told);
    }
}

static void test_too_many_flows_for_the_next_file(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(surplus); i++) {
        const struct flow_limits limits = { surplus[i].idle * SECOND, surplus[i].active * SECOND };
        struct told told = told_new(false);
        struct flow_meter *meter = meter_of(&told, false, 4 - surplus[i].too_many, &limits);

        account_three(meter);
        account(meter, at_second(udp_packet(7, 1, 4, 2, 53), 33));
        next_file(meter, &told, false, 7);
        g_assert_cmpuint(g_hash_table_size(told.flows), ==, surplus[i].too_many);
        g_assert_cmpuint(flow_meter_flows(meter), ==, 4 - surplus[i].too_many);
        finish(meter, &told, false);
        assert_reasons(&told, i);
        told_clear(&told);
    }
}

static void test_too_many_flows_go_where_nobody_is_told(void)
{
    const struct flow_limits limits = { 0, 0 };
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, false, 2, &limits);

    account_three(meter);
    flow_meter_end_file(meter, 6, false);
    g_assert_cmpuint(flow_meter_flows(meter), ==, 3);
    flow_meter_begin_file(meter);
    g_assert_cmpuint(flow_meter_flows(meter), ==, 2);
    finish(meter, &told, false);
    g_assert_cmpuint(g_hash_table_size(told.flows), ==, 2);
    told_clear(&told);
}

/* Errors are kept with the packets around them, as long as they are not very many. */
static void test_a_stream_keeps_few_events(void)
{
    enum { EVENTS = 5000 };
    struct told told = told_new(false);
    struct flow_meter *meter = meter_of(&told, true, 10, NULL);
    struct flow_packet error = packet_of(2, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));
    uint32_t most = 0;

    account(meter, udp_packet(1, 1, 50000, 2, 53));
    error.quote = udp_packet(1, 1, 50000, 2, 53).tuple;
    error.bits = FLOW_PACKET_QUOTE;
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct flow_view view;
        error.fact.frame = 2 + i;
        account(meter, error);
        g_assert_true(flow_meter_flow_view(meter, 0, &view));
        uint32_t kept = flow_history_facts(view.history, view.index) -
                        flow_history_forgotten(view.history, view.index);
        most = MAX(most, kept);
    }
    g_assert_cmpuint(most, ==, 4 * FLOW_HISTORY_STRIDE);
    account(meter, udp_packet(EVENTS + 2, 1, 50000, 2, 53));
    finish(meter, &told, true);
    g_assert_nonnull(strstr(told_of(&told, 0), " icmp_errors=5000 "));
    g_assert_nonnull(strstr(told_of(&told, 0), " pkts=2 "));
    told_clear(&told);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/files/cuts-change-nothing", test_cuts_change_nothing);
    g_test_add_func("/files/a-stream-is-the-whole", test_a_stream_is_the_whole);
    g_test_add_func("/files/an-hour-of-a-ring", test_an_hour_of_a_ring);
    g_test_add_func("/files/a-stream-keeps-few-packets", test_a_stream_keeps_few_packets);
    g_test_add_func("/files/links-stay-in-the-file", test_links_stay_in_the_file);
    g_test_add_func("/files/fragments-of-no-segment-end-with-the-capture",
                    test_fragments_of_no_segment_end_with_the_capture);
    g_test_add_func("/files/the-first-packet-is-not-forgotten",
                    test_the_first_packet_is_not_forgotten);
    g_test_add_func("/files/a-stream-forgets-what-is-replaced",
                    test_a_stream_forgets_what_is_replaced);
    g_test_add_func("/files/flows-in-places-of-others-are-in-the-order-of-ids",
                    test_flows_in_places_of_others_are_in_the_order_of_ids);
    g_test_add_func("/files/what-is-late-is-told-too", test_what_is_late_is_told_too);
    g_test_add_func("/files/too-many-flows-in-a-stream", test_too_many_flows_in_a_stream);
    g_test_add_func("/files/too-many-flows-for-the-next-file",
                    test_too_many_flows_for_the_next_file);
    g_test_add_func("/files/too-many-flows-go-where-nobody-is-told",
                    test_too_many_flows_go_where_nobody_is_told);
    g_test_add_func("/files/a-stream-keeps-few-events", test_a_stream_keeps_few_events);
    return g_test_run();
}
