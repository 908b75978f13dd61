#include "packets.h"

#include "fragments.h"

#include <glib.h>

static struct flow_packet first(uint32_t frame, uint32_t ident)
{
    return first_fragment(udp_packet(frame, 1, 50000, 2, 53), ident);
}

static struct flow_packet later(uint32_t frame, uint32_t ident)
{
    return later_fragment(frame, FLOW_PROTOCOL_UDP, 1, 2, ident);
}

static struct flow_packet as_ipv6(struct flow_packet packet)
{
    packet.tuple.family = FLOW_IPV6;
    return packet;
}

static void assert_frame(struct flow_waiting *waiting, uint32_t frame)
{
    g_assert_nonnull(waiting);
    g_assert_cmpuint(flow_waiting_packet(waiting)->fact.frame, ==, frame);
    flow_waiting_free(waiting);
}

/* What makes fragments those of one datagram. */
static void test_what_makes_a_datagram(void)
{
    struct {
        const char *claim;
        struct flow_packet later;
        uint32_t path;
        bool found;
    } rows[] = {
        { "the same", later(2, 7), 3, true },
        { "another identification", later(2, 8), 3, false },
        { "another sender", later_fragment(2, FLOW_PROTOCOL_UDP, 9, 2, 7), 3, false },
        { "another receiver", later_fragment(2, FLOW_PROTOCOL_UDP, 1, 9, 7), 3, false },
        { "the way back", later_fragment(2, FLOW_PROTOCOL_UDP, 2, 1, 7), 3, false },
        { "another protocol", later_fragment(2, FLOW_PROTOCOL_TCP, 1, 2, 7), 3, false },
        { "another encapsulation", later(2, 7), 4, false },
        { "another family", as_ipv6(later(2, 7)), 3, false },
    };
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = first(1, 7);

    flow_fragments_learn(fragments, &head, 3, 11, FLOW_DOWN);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t flow = 99;
        enum flow_dir dir = FLOW_UP;
        bool found = flow_fragments_join(fragments, &rows[i].later, rows[i].path, &flow, &dir);

        g_test_message("%s", rows[i].claim);
        g_assert_cmpint(found, ==, rows[i].found);
        g_assert_cmpuint(flow, ==, rows[i].found ? 11 : 99);
        g_assert_cmpint((int)dir, ==, rows[i].found ? FLOW_DOWN : FLOW_UP);
    }
    flow_fragments_free(fragments);
}

/* Extension headers before UDP: the fragment's own header names the first of them. */
static void test_protocol_is_the_fragments_own(void)
{
    enum { DESTINATION_OPTIONS = 60 };
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = first(1, 7), tail = later(2, 7);
    uint64_t flow;
    enum flow_dir dir;

    head.fragment.protocol = tail.fragment.protocol = DESTINATION_OPTIONS;
    tail.tuple.protocol = DESTINATION_OPTIONS;
    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    g_assert_true(flow_fragments_join(fragments, &tail, 0, &flow, &dir));
    flow_fragments_free(fragments);
}

static void test_the_latest_first_fragment_stands(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = first(1, 7), tail = later(2, 7);
    uint64_t flow;
    enum flow_dir dir;

    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    flow_fragments_learn(fragments, &head, 0, 6, FLOW_DOWN);
    g_assert_true(flow_fragments_join(fragments, &tail, 0, &flow, &dir));
    g_assert_cmpuint(flow, ==, 6);
    g_assert_cmpint((int)dir, ==, FLOW_DOWN);
    flow_fragments_free(fragments);
}

static void test_waiting_ones_come_in_order(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet packets[] = { later(1, 7), later(2, 8), later(3, 7), later(4, 9),
                                     later(5, 7) };
    struct flow_packet head = first(6, 7);

    g_assert_true(flow_fragments_is_empty(fragments));
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_fragments_wait(fragments, &packets[i], 0, 0);
    g_assert_false(flow_fragments_is_empty(fragments));
    assert_frame(flow_fragments_take_of(fragments, &head, 0), 1);
    assert_frame(flow_fragments_take_of(fragments, &head, 0), 3);
    assert_frame(flow_fragments_take_of(fragments, &head, 0), 5);
    g_assert_null(flow_fragments_take_of(fragments, &head, 0));
    g_assert_null(flow_fragments_take_of(fragments, &head, 1));
    assert_frame(flow_fragments_take(fragments), 2);
    assert_frame(flow_fragments_take(fragments), 4);
    g_assert_null(flow_fragments_take(fragments));
    g_assert_true(flow_fragments_is_empty(fragments));
    flow_fragments_free(fragments);
}

static void test_waiting_ones_keep_their_encapsulation(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_layer layer = { .name = "vlan", .id = { 100 }, .ids = 1 };
    struct flow_packet packet = later(1, 7);

    packet.layers = &layer;
    packet.layer_count = 1;
    flow_fragments_wait(fragments, &packet, 42, 43);

    struct flow_waiting *waiting = flow_fragments_take(fragments);
    g_assert_cmpuint(flow_waiting_encapsulation(waiting), ==, 42);
    g_assert_cmpuint(flow_waiting_path(waiting), ==, 43);
    g_assert_null(flow_waiting_packet(waiting)->layers);
    g_assert_cmpuint(flow_waiting_packet(waiting)->layer_count, ==, 0);
    flow_waiting_free(waiting);
    flow_waiting_free(NULL);
    flow_fragments_free(fragments);
}

static void test_overdue_after_60_seconds(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet packets[] = { later(100, 7), later(130, 8), later(131, 7) };

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_fragments_wait(fragments, &packets[i], 0, 0);
    g_assert_null(flow_fragments_take_overdue(fragments, 50 * SECOND));
    g_assert_null(flow_fragments_take_overdue(fragments, 160 * SECOND));
    assert_frame(flow_fragments_take_overdue(fragments, 161 * SECOND), 100);
    g_assert_null(flow_fragments_take_overdue(fragments, 161 * SECOND));
    assert_frame(flow_fragments_take_overdue(fragments, 200 * SECOND), 130);
    assert_frame(flow_fragments_take_overdue(fragments, 200 * SECOND), 131);
    g_assert_null(flow_fragments_take_overdue(fragments, 200 * SECOND));
    flow_fragments_free(fragments);
}

static void test_without_timestamp_none_is_overdue(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet packet = without_time(later(1, 7));

    flow_fragments_wait(fragments, &packet, 0, 0);
    g_assert_null(flow_fragments_take_overdue(fragments, 1000000 * SECOND));
    g_assert_false(flow_fragments_is_empty(fragments));
    flow_fragments_free(fragments); /* with one that waits */
    flow_fragments_free(NULL);
}

static void test_times_at_the_ends_of_the_scale(void)
{
    static const struct {
        int64_t then, now;
        bool overdue;
    } rows[] = {
        { INT64_MIN, INT64_MAX, true },
        { INT64_MAX, INT64_MIN, false },
        { INT64_MIN, INT64_MIN, false },
        { -SECOND, 60 * SECOND, true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_fragments *fragments = flow_fragments_new();
        struct flow_packet packet = later(1, 7);

        packet.fact.time_ns = rows[i].then;
        flow_fragments_wait(fragments, &packet, 0, 0);
        struct flow_waiting *waiting = flow_fragments_take_overdue(fragments, rows[i].now);
        g_assert_cmpint(waiting != NULL, ==, rows[i].overdue);
        flow_waiting_free(waiting);
        flow_fragments_free(fragments);
    }
}

static void test_one_too_many_is_overdue(void)
{
    struct flow_fragments *fragments = flow_fragments_new();

    for (uint32_t i = 0; i < FLOW_FRAGMENTS_WAITING; i++) {
        struct flow_packet packet = without_time(later(i + 1, i));
        flow_fragments_wait(fragments, &packet, 0, 0);
    }
    g_assert_null(flow_fragments_take_overdue(fragments, 0));
    struct flow_packet packet = without_time(later(777777, 777777));
    flow_fragments_wait(fragments, &packet, 0, 0);
    assert_frame(flow_fragments_take_overdue(fragments, 0), 1);
    g_assert_null(flow_fragments_take_overdue(fragments, 0));
    flow_fragments_free(fragments);
}

static void test_the_latest_datagrams_are_remembered(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet tail = later(1, 0);
    uint64_t flow;
    enum flow_dir dir;

    for (uint32_t i = 0; i < FLOW_FRAGMENTS_DATAGRAMS; i++) {
        struct flow_packet head = first(1, i);
        flow_fragments_learn(fragments, &head, 0, i, FLOW_UP);
    }
    g_assert_true(flow_fragments_join(fragments, &tail, 0, &flow, &dir));
    g_assert_cmpuint(flow, ==, 0);

    struct flow_packet again = first(1, 0), more = first(1, FLOW_FRAGMENTS_DATAGRAMS);
    flow_fragments_learn(fragments, &again, 0, 5, FLOW_UP);
    flow_fragments_learn(fragments, &more, 0, 6, FLOW_UP);
    g_assert_true(flow_fragments_join(fragments, &tail, 0, &flow, &dir));
    g_assert_cmpuint(flow, ==, 5);
    tail.fragment.ident = 1;
    g_assert_false(flow_fragments_join(fragments, &tail, 0, &flow, &dir));
    tail.fragment.ident = FLOW_FRAGMENTS_DATAGRAMS;
    g_assert_true(flow_fragments_join(fragments, &tail, 0, &flow, &dir));
    flow_fragments_free(fragments);
}

/* Fragments that say what they carry, in units of 8 bytes; '$' ends the datagram. */
static struct flow_packet carrying(struct flow_packet packet, uint32_t begin, uint32_t units,
                                   bool is_last)
{
    packet.fragment.offset = begin * 8;
    packet.fragment.len = units * 8;
    packet.fragment.is_last = is_last;
    return packet;
}

/* Letters and digits stand for units: "H" is the first, "1" to "9" later ones, "$" ends it. */
static struct flow_packet unit(char letter, uint32_t last)
{
    uint32_t begin = letter == 'H' ? 0 : letter == '$' ? last : (uint32_t)(letter - '0');
    struct flow_packet packet = letter == 'H' ? first(1, 7) : later(1, 7);

    return carrying(packet, begin, 1, letter == '$');
}

/* One after the other: does the fragment after them still belong to the datagram? */
static const struct {
    const char *claim;
    const char *before;
    uint32_t last; /* unit of '$' */
    char after;
    bool belongs;
} units[] = {
    { "the rest belongs", "H", 1, '$', true },
    { "a gap is no end", "H$", 2, '1', true },
    { "all there: over", "H$", 1, '2', false },
    { "in any order", "H$321", 4, '5', false },
    { "not before all are there", "H$31", 4, '2', true },
    { "a copy stays", "H1$", 2, '1', true },
    { "also of the last", "H1$", 2, '$', true },
    { "copies fill no gap", "HH11$$", 3, '2', true },
    { "copies of the first begin nothing before the end", "H1H$", 2, '3', false },
    { "a first one after the end begins the next", "H$H", 1, '5', true },
};

static bool join(struct flow_fragments *fragments, const struct flow_packet *packet)
{
    uint64_t flow;
    enum flow_dir dir;

    return flow_fragments_join(fragments, packet, 0, &flow, &dir);
}

static void test_complete_datagrams_are_over(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        struct flow_fragments *fragments = flow_fragments_new();

        g_test_message("%s", units[i].claim);
        for (const char *letter = units[i].before; *letter; letter++) {
            struct flow_packet packet = unit(*letter, units[i].last);
            if (*letter == 'H')
                flow_fragments_learn(fragments, &packet, 0, 5, FLOW_UP);
            else
                g_assert_true(join(fragments, &packet));
        }
        struct flow_packet after = unit(units[i].after, units[i].last);
        g_assert_cmpint(join(fragments, &after), ==, units[i].belongs);
        flow_fragments_free(fragments);
    }
}

/* Those that waited complete it with the first one. */
static void test_reversed_datagrams_are_over(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet end = unit('$', 2), middle = unit('1', 2), head = unit('H', 2),
                       next = unit('3', 2);

    flow_fragments_wait(fragments, &end, 0, 0);
    flow_fragments_wait(fragments, &middle, 0, 0);
    g_assert_true(flow_fragments_are_waiting(fragments, &head, 0));
    g_assert_false(flow_fragments_are_waiting(fragments, &head, 1));
    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    g_assert_false(join(fragments, &next));
    g_assert_true(join(fragments, &middle));
    flow_fragments_free(fragments);
}

/* What waited with them, but lies behind the end, is not the datagram's. */
static void test_what_is_over_takes_nothing_in(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet end = unit('$', 1), next = unit('3', 1), head = unit('H', 1);

    flow_fragments_wait(fragments, &end, 0, 0);
    flow_fragments_wait(fragments, &next, 0, 0);
    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    g_assert_true(join(fragments, &end));
    g_assert_false(join(fragments, &next));
    flow_fragments_free(fragments);
}

/* Copies take no room from the pieces that have to be remembered. */
static void test_copies_are_no_pieces(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = unit('H', 3), middle = unit('1', 3), early = unit('2', 3),
                       end = unit('$', 3), next = unit('5', 3);

    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    for (unsigned i = 0; i <= FLOW_FRAGMENTS_PIECES; i++)
        g_assert_true(join(fragments, &early));
    g_assert_true(join(fragments, &end));
    g_assert_true(join(fragments, &middle));
    g_assert_false(join(fragments, &next));
    flow_fragments_free(fragments);
}

static enum flow_message unknown(const void *source)
{
    (void)source;
    return FLOW_MESSAGE_UNKNOWN;
}

/* All but what the packet only lends for the time of its frame; notes are copied. */
static void test_what_waits_points_nowhere(void)
{
    static const uint8_t bytes[] = { 1, 2, 3 };
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_layer layer = { .ids = 0 };
    struct flow_packet packet = later(1, 7);

    packet.application = unknown;
    packet.source = packet.transport = packet.notes = bytes;
    packet.payload = &layer;
    packet.layers = &layer;
    packet.layer_count = 1;
    packet.transport_len = packet.note_size = sizeof bytes;
    flow_fragments_wait(fragments, &packet, 0, 0);
    struct flow_waiting *waiting = flow_fragments_take(fragments);
    const struct flow_packet *kept = flow_waiting_packet(waiting);
    g_assert_null(kept->application);
    g_assert_null(kept->source);
    g_assert_null(kept->payload);
    g_assert_null(kept->layers);
    g_assert_cmpuint(kept->layer_count, ==, 0);
    g_assert_null(kept->transport);
    g_assert_cmpuint(kept->transport_len, ==, 0);
    g_assert_true(kept->notes != bytes);
    g_assert_cmpmem(kept->notes, kept->note_size, bytes, sizeof bytes);
    flow_waiting_free(waiting);
    flow_waiting_free(NULL);
    flow_fragments_free(fragments);
}

static const struct {
    const char *claim;
    int64_t then, now;
    bool then_known, now_known, copy;
} repeats[] = {
    { "at once", 0, 0, true, true, true },
    { "after a second", 0, SECOND, true, true, true },
    { "after more", 0, SECOND + 1, true, true, false },
    { "a little before", SECOND, 0, true, true, true },
    { "long before", 10 * SECOND, 0, true, true, false },
    { "at the ends of the scale", INT64_MIN, INT64_MAX, true, true, false },
    { "the datagram has no time", 0, 10 * SECOND, false, true, true },
    { "the repeat has no time", 0, 10 * SECOND, true, false, true },
};

static void test_copies_come_within_a_second(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(repeats); i++) {
        struct flow_fragments *fragments = flow_fragments_new();
        struct flow_packet head = unit('H', 1), end = unit('$', 1), again = end;

        g_test_message("%s", repeats[i].claim);
        end.fact.time_ns = repeats[i].then;
        again.fact.time_ns = repeats[i].now;
        flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
        end = repeats[i].then_known ? end : without_time(end);
        g_assert_true(join(fragments, &end));
        again = repeats[i].now_known ? again : without_time(again);
        g_assert_cmpint(join(fragments, &again), ==, repeats[i].copy);
        flow_fragments_free(fragments);
    }
}

static void test_a_repeat_has_offset_and_length(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = unit('H', 1), end = carrying(later(2, 7), 1, 2, true),
                       longer = carrying(later(2, 7), 1, 3, true),
                       elsewhere = carrying(later(2, 7), 2, 2, true);

    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    g_assert_true(join(fragments, &end));
    g_assert_false(join(fragments, &longer));
    g_assert_false(join(fragments, &elsewhere));
    g_assert_true(join(fragments, &end));
    flow_fragments_free(fragments);
}

/* In order, any number of fragments is followed to the end. */
static void test_many_pieces(void)
{
    enum { PIECES = 5000 };
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = unit('H', 0);

    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    for (uint32_t i = 1; i <= PIECES; i++) {
        struct flow_packet packet = carrying(later(2, 7), i, 1, i == PIECES);
        g_assert_true(join(fragments, &packet));
    }
    struct flow_packet next = carrying(later(2, 7), PIECES + 1, 1, false),
                       known = carrying(later(2, 7), FLOW_FRAGMENTS_PIECES - 1, 1, false),
                       not_known = carrying(later(2, 7), FLOW_FRAGMENTS_PIECES, 1, false);
    g_assert_false(join(fragments, &next));
    g_assert_true(join(fragments, &known));
    g_assert_false(join(fragments, &not_known));
    flow_fragments_free(fragments);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fragments/what-makes-a-datagram", test_what_makes_a_datagram);
    g_test_add_func("/fragments/protocol-is-the-fragments-own", test_protocol_is_the_fragments_own);
    g_test_add_func("/fragments/the-latest-first-fragment-stands",
                    test_the_latest_first_fragment_stands);
    g_test_add_func("/fragments/waiting-ones-come-in-order", test_waiting_ones_come_in_order);
    g_test_add_func("/fragments/waiting-ones-keep-their-encapsulation",
                    test_waiting_ones_keep_their_encapsulation);
    g_test_add_func("/fragments/overdue-after-60-seconds", test_overdue_after_60_seconds);
    g_test_add_func("/fragments/without-timestamp-none-is-overdue",
                    test_without_timestamp_none_is_overdue);
    g_test_add_func("/fragments/times-at-the-ends-of-the-scale",
                    test_times_at_the_ends_of_the_scale);
    g_test_add_func("/fragments/one-too-many-is-overdue", test_one_too_many_is_overdue);
    g_test_add_func("/fragments/the-latest-datagrams-are-remembered",
                    test_the_latest_datagrams_are_remembered);
    g_test_add_func("/fragments/complete-datagrams-are-over", test_complete_datagrams_are_over);
    g_test_add_func("/fragments/reversed-datagrams-are-over", test_reversed_datagrams_are_over);
    g_test_add_func("/fragments/what-is-over-takes-nothing-in", test_what_is_over_takes_nothing_in);
    g_test_add_func("/fragments/copies-are-no-pieces", test_copies_are_no_pieces);
    g_test_add_func("/fragments/what-waits-points-nowhere", test_what_waits_points_nowhere);
    g_test_add_func("/fragments/copies-come-within-a-second", test_copies_come_within_a_second);
    g_test_add_func("/fragments/a-repeat-has-offset-and-length",
                    test_a_repeat_has_offset_and_length);
    g_test_add_func("/fragments/many-pieces", test_many_pieces);
    return g_test_run();
}
