#include "packets.h"

#include "key.h"

#include <glib.h>
#include <string.h>

static struct flow_tuple reversed(struct flow_tuple tuple)
{
    struct flow_end sender = tuple.end[0];

    tuple.end[0] = tuple.end[1];
    tuple.end[1] = sender;
    return tuple;
}

static bool is_same_flow(const struct flow_tuple *left, uint32_t left_path,
                         const struct flow_tuple *right, uint32_t right_path)
{
    unsigned sender;
    struct flow_key left_key = flow_key_make(left, left_path, &sender);
    struct flow_key right_key = flow_key_make(right, right_path, &sender);
    bool equal = flow_key_equal(&left_key, &right_key);

    if (equal)
        g_assert_cmpuint(flow_key_hash(&left_key), ==, flow_key_hash(&right_key));
    return equal;
}

static struct flow_tuple tcp(uint8_t from, uint16_t from_port, uint8_t to, uint16_t to_port)
{
    return tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_TCP, from, from_port, to, to_port);
}

static struct flow_tuple ping(uint16_t ident)
{
    struct flow_tuple tuple = tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 2);

    tuple.ident = ident;
    tuple.bits = FLOW_TUPLE_IDENT;
    return tuple;
}

static struct flow_tuple to_itself(struct flow_tuple tuple)
{
    tuple.end[1] = tuple.end[0];
    return tuple;
}

static struct flow_tuple answered(struct flow_tuple tuple)
{
    tuple = reversed(tuple);
    tuple.bits |= FLOW_TUPLE_ANSWER;
    return tuple;
}

static struct flow_tuple link_of(uint16_t eth_type)
{
    struct flow_tuple tuple = tuple_of(FLOW_LINK, 0, 1, 2);

    tuple.ident = eth_type;
    return tuple;
}

static void test_key(void)
{
    struct rows {
        const char *claim;
        struct flow_tuple left;
        uint32_t left_path;
        struct flow_tuple right;
        uint32_t right_path;
        bool same;
    } rows[] = {
        { "itself", tcp(1, 1000, 2, 80), 0, tcp(1, 1000, 2, 80), 0, true },
        { "the way back", tcp(1, 1000, 2, 80), 0, tcp(2, 80, 1, 1000), 0, true },
        { "the way back between two ports of one host", tcp(1, 1000, 1, 80), 0, tcp(1, 80, 1, 1000),
          0, true },
        { "ports belong to their addresses", tcp(1, 1000, 2, 80), 0, tcp(1, 80, 2, 1000), 0,
          false },
        { "another source", tcp(1, 1000, 2, 80), 0, tcp(3, 1000, 2, 80), 0, false },
        { "another source port", tcp(1, 1000, 2, 80), 0, tcp(1, 1001, 2, 80), 0, false },
        { "another destination", tcp(1, 1000, 2, 80), 0, tcp(1, 1000, 3, 80), 0, false },
        { "another destination port", tcp(1, 1000, 2, 80), 0, tcp(1, 1000, 2, 81), 0, false },
        { "another protocol", tcp(1, 53, 2, 53), 0,
          tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_UDP, 1, 53, 2, 53), 0, false },
        { "another encapsulation", tcp(1, 1000, 2, 80), 0, tcp(1, 1000, 2, 80), 1, false },
        { "the way back in the same encapsulation", tcp(1, 1000, 2, 80), 7, tcp(2, 80, 1, 1000), 7,
          true },
        { "ports 0 are ports", tcp(1, 0, 2, 0), 0, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_TCP, 1, 2), 0,
          false },
        { "no ports, the way back", tuple_of(FLOW_IPV4, 89, 1, 2), 0, tuple_of(FLOW_IPV4, 89, 2, 1),
          0, true },
        { "another IP protocol", tuple_of(FLOW_IPV4, 89, 1, 2), 0, tuple_of(FLOW_IPV4, 88, 1, 2), 0,
          false },
        { "the same ping", ping(7), 0, ping(7), 0, true },
        { "the answer to a ping", ping(7), 0, answered(ping(7)), 0, true },
        { "a ping the other way", ping(7), 0, reversed(ping(7)), 0, false },
        { "and its answer", reversed(ping(7)), 0, answered(reversed(ping(7))), 0, true },
        { "the two answers", answered(ping(7)), 0, answered(reversed(ping(7))), 0, false },
        { "a ping of oneself", to_itself(ping(7)), 0, answered(to_itself(ping(7))), 0, true },
        { "another ping", ping(7), 0, ping(8), 0, false },
        { "identifier 0 is an identifier", ping(0), 0,
          tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 2), 0, false },
        { "IPv6 is not IPv4", tuple_of(FLOW_IPV4, 89, 1, 2), 0, tuple_of(FLOW_IPV6, 89, 1, 2), 0,
          false },
        { "IPv6, the way back", tuple_with_ports(FLOW_IPV6, 17, 1, 9, 2, 8), 0,
          tuple_with_ports(FLOW_IPV6, 17, 2, 8, 1, 9), 0, true },
        { "link, the way back", link_of(0x0806), 0, reversed(link_of(0x0806)), 0, true },
        { "another EtherType", link_of(0x0806), 0, link_of(0x88cc), 0, false },
        { "an 802.3 length frame", link_of(0), 0, link_of(0x0806), 0, false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].claim);
        g_assert_cmpint(
            is_same_flow(&rows[i].left, rows[i].left_path, &rows[i].right, rows[i].right_path), ==,
            rows[i].same);
    }
}

static void test_families_differ_by_themselves(void)
{
    struct flow_tuple ipv4 = tuple_of(FLOW_IPV4, 0, 1, 2), link = ipv4;

    link.family = FLOW_LINK;
    g_assert_false(is_same_flow(&ipv4, 0, &link, 0));
}

/* end[] of the key at the place that ret_sender names is the tuple's sender. */
static void test_sender(void)
{
    struct flow_tuple there = tcp(2, 80, 1, 1000), back = reversed(there);
    unsigned there_sender, back_sender;
    struct flow_key key = flow_key_make(&there, 3, &there_sender);

    flow_key_make(&back, 3, &back_sender);
    g_assert_cmpuint(there_sender, ==, !back_sender);
    g_assert_cmpuint(key.end[there_sender].port, ==, 80);
    g_assert_cmpuint(key.end[back_sender].port, ==, 1000);
    g_assert_cmpuint(key.end[there_sender].addr[3], ==, 2);
    g_assert_cmpuint(key.path, ==, 3);
    g_assert_cmpuint(key.protocol, ==, FLOW_PROTOCOL_TCP);
    g_assert_cmpuint(key.family, ==, FLOW_IPV4);
    g_assert_cmpuint(key.bits, ==, FLOW_TUPLE_PORTS);
    g_assert_false(flow_key_has_same_ends(&key));
}

static void test_same_ends(void)
{
    static const struct {
        uint8_t from;
        uint16_t from_port;
        uint8_t to;
        uint16_t to_port;
        bool same;
    } rows[] = {
        { 1, 500, 1, 500, true },
        { 1, 500, 1, 501, false },
        { 1, 500, 2, 500, false },
        { 1, 0, 1, 0, true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_tuple tuple = tcp(rows[i].from, rows[i].from_port, rows[i].to, rows[i].to_port);
        unsigned sender;
        struct flow_key key = flow_key_make(&tuple, 0, &sender);

        g_assert_cmpint(flow_key_has_same_ends(&key), ==, rows[i].same);
        if (rows[i].same)
            g_assert_cmpuint(sender, ==, 0);
    }
}

static struct flow_tuple random_tuple(GRand *rand)
{
    struct flow_tuple tuple = { .protocol = (uint8_t)g_rand_int(rand),
                                .family = (uint8_t)g_rand_int_range(rand, 0, 3),
                                .ident = (uint16_t)g_rand_int_range(rand, 0, 3),
                                .bits = (uint8_t)g_rand_int_range(rand, 0, 4) };

    for (unsigned i = 0; i < 2; i++) {
        for (unsigned byte = 0; byte < FLOW_ADDR_LEN; byte++)
            tuple.end[i].addr[byte] = (uint8_t)g_rand_int_range(rand, 0, 2);
        tuple.end[i].port = (uint16_t)g_rand_int(rand);
    }
    return tuple;
}

static void test_symmetry(void)
{
    GRand *rand = g_rand_new_with_seed(5);

    for (unsigned round = 0; round < 20000; round++) {
        struct flow_tuple tuple = random_tuple(rand), back = reversed(tuple);
        unsigned sender, receiver;
        uint32_t path = g_rand_int(rand);

        if (tuple.bits & FLOW_TUPLE_IDENT)
            back.bits ^= FLOW_TUPLE_ANSWER;
        struct flow_key key = flow_key_make(&tuple, path, &sender);
        struct flow_key back_key = flow_key_make(&back, path, &receiver);

        g_assert_true(memcmp(&key, &back_key, sizeof key) == 0);
        g_assert_cmpuint(flow_key_hash(&key), ==, flow_key_hash(&back_key));
        g_assert_true(flow_key_has_same_ends(&key) || sender != receiver);
        g_assert_true(memcmp(&key.end[sender], &tuple.end[0], sizeof tuple.end[0]) == 0);
        g_assert_true(memcmp(&key.end[receiver], &tuple.end[1], sizeof tuple.end[1]) == 0 ||
                      sender == receiver);
    }
    g_rand_free(rand);
}

/* Neighbouring addresses and ports are what captures are made of. */
static void test_hashes_of_neighbours_differ(void)
{
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    unsigned sender, keys = 0;

    for (uint8_t host = 1; host <= 50; host++)
        for (uint16_t port = 50000; port < 50100; port++) {
            struct flow_tuple tuple = tcp(host, port, 200, 443);
            struct flow_key key = flow_key_make(&tuple, 0, &sender);
            g_hash_table_add(seen, GUINT_TO_POINTER(flow_key_hash(&key)));
            keys++;
        }
    g_assert_cmpuint(g_hash_table_size(seen), >, keys - 20);
    g_hash_table_unref(seen);
}

/* Which end asks is part of the key where an identifier is, and ends differ. */
static void test_who_asks(void)
{
    for (unsigned turned = 0; turned < 2; turned++) {
        struct flow_tuple request = turned ? reversed(ping(5)) : ping(5);
        unsigned sender;
        struct flow_key key = flow_key_make(&request, 0, &sender);

        g_assert_cmpuint(sender, ==, turned);
        g_assert_cmpuint(key.asker, ==, turned);
        request.bits |= FLOW_TUPLE_ANSWER;
        key = flow_key_make(&request, 0, &sender);
        g_assert_cmpuint(sender, ==, turned);
        g_assert_cmpuint(key.asker, ==, !turned);
        request = to_itself(request);
        key = flow_key_make(&request, 0, &sender);
        g_assert_cmpuint(key.asker, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/key/tells-flows-apart", test_key);
    g_test_add_func("/key/families-differ-by-themselves", test_families_differ_by_themselves);
    g_test_add_func("/key/sender-is-where-it-says", test_sender);
    g_test_add_func("/key/same-ends-are-seen", test_same_ends);
    g_test_add_func("/key/is-symmetric", test_symmetry);
    g_test_add_func("/key/hashes-of-neighbours-differ", test_hashes_of_neighbours_differ);
    g_test_add_func("/key/who-asks", test_who_asks);
    return g_test_run();
}
