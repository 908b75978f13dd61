#include "packets.h"

#include <flowstats/fragments.h>

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
        uint32_t flow = 99;
        enum flow_dir dir = FLOW_UP;
        bool found = flow_fragments_find(fragments, &rows[i].later, rows[i].path, &flow, &dir);

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
    uint32_t flow;
    enum flow_dir dir;

    head.fragment.protocol = tail.fragment.protocol = DESTINATION_OPTIONS;
    tail.tuple.protocol = DESTINATION_OPTIONS;
    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    g_assert_true(flow_fragments_find(fragments, &tail, 0, &flow, &dir));
    flow_fragments_free(fragments);
}

static void test_the_latest_first_fragment_stands(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet head = first(1, 7), tail = later(2, 7);
    uint32_t flow;
    enum flow_dir dir;

    flow_fragments_learn(fragments, &head, 0, 5, FLOW_UP);
    flow_fragments_learn(fragments, &head, 0, 6, FLOW_DOWN);
    g_assert_true(flow_fragments_find(fragments, &tail, 0, &flow, &dir));
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
        flow_fragments_wait(fragments, &packets[i], 0);
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

static void test_waiting_ones_keep_path_and_layers(void)
{
    static const char name[] = "vlan";
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_layer *layers = g_new0(struct flow_layer, 2);
    struct flow_packet packet = later(1, 7);

    layers[0] = (struct flow_layer){ .name = name, .id = { 100 }, .ids = 1 };
    layers[1] = (struct flow_layer){ .name = name, .id = { 200 }, .ids = 1 };
    packet.layers = layers;
    packet.layer_count = 2;
    flow_fragments_wait(fragments, &packet, 42);
    g_free(layers);

    struct flow_waiting *waiting = flow_fragments_take(fragments);
    g_assert_cmpuint(flow_waiting_path(waiting), ==, 42);
    g_assert_cmpuint(flow_waiting_packet(waiting)->layer_count, ==, 2);
    g_assert_cmpuint(flow_waiting_packet(waiting)->layers[1].id[0], ==, 200);
    flow_waiting_free(waiting);
    flow_waiting_free(NULL);
    flow_fragments_free(fragments);
}

static void test_overdue_after_60_seconds(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet packets[] = { later(100, 7), later(130, 8), later(131, 7) };

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_fragments_wait(fragments, &packets[i], 0);
    g_assert_null(flow_fragments_take_overdue(fragments, 50 * SECOND));
    g_assert_null(flow_fragments_take_overdue(fragments, 159 * SECOND));
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

    flow_fragments_wait(fragments, &packet, 0);
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
        flow_fragments_wait(fragments, &packet, 0);
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
        flow_fragments_wait(fragments, &packet, 0);
    }
    g_assert_null(flow_fragments_take_overdue(fragments, 0));
    struct flow_packet packet = without_time(later(777777, 777777));
    flow_fragments_wait(fragments, &packet, 0);
    assert_frame(flow_fragments_take_overdue(fragments, 0), 1);
    g_assert_null(flow_fragments_take_overdue(fragments, 0));
    flow_fragments_free(fragments);
}

static void test_the_latest_datagrams_are_remembered(void)
{
    struct flow_fragments *fragments = flow_fragments_new();
    struct flow_packet tail = later(1, 0);
    uint32_t flow;
    enum flow_dir dir;

    for (uint32_t i = 0; i < FLOW_FRAGMENTS_DATAGRAMS; i++) {
        struct flow_packet head = first(1, i);
        flow_fragments_learn(fragments, &head, 0, i, FLOW_UP);
    }
    g_assert_true(flow_fragments_find(fragments, &tail, 0, &flow, &dir));
    g_assert_cmpuint(flow, ==, 0);

    struct flow_packet again = first(1, 0), more = first(1, FLOW_FRAGMENTS_DATAGRAMS);
    flow_fragments_learn(fragments, &again, 0, 5, FLOW_UP);
    flow_fragments_learn(fragments, &more, 0, 6, FLOW_UP);
    g_assert_true(flow_fragments_find(fragments, &tail, 0, &flow, &dir));
    g_assert_cmpuint(flow, ==, 5);
    tail.fragment.ident = 1;
    g_assert_false(flow_fragments_find(fragments, &tail, 0, &flow, &dir));
    tail.fragment.ident = FLOW_FRAGMENTS_DATAGRAMS;
    g_assert_true(flow_fragments_find(fragments, &tail, 0, &flow, &dir));
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
    g_test_add_func("/fragments/waiting-ones-keep-path-and-layers",
                    test_waiting_ones_keep_path_and_layers);
    g_test_add_func("/fragments/overdue-after-60-seconds", test_overdue_after_60_seconds);
    g_test_add_func("/fragments/without-timestamp-none-is-overdue",
                    test_without_timestamp_none_is_overdue);
    g_test_add_func("/fragments/times-at-the-ends-of-the-scale",
                    test_times_at_the_ends_of_the_scale);
    g_test_add_func("/fragments/one-too-many-is-overdue", test_one_too_many_is_overdue);
    g_test_add_func("/fragments/the-latest-datagrams-are-remembered",
                    test_the_latest_datagrams_are_remembered);
    return g_test_run();
}
