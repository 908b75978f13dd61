#include "hash.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static void test_any_size(void)
{
    uint8_t data[64] = { 0 };

    for (size_t size = 1; size <= sizeof data; size++) {
        uint8_t *copy = g_memdup2(data, size);
        unsigned hash = flow_hash(copy, size);

        g_assert_cmpuint(flow_hash(copy, size), ==, hash);
        g_assert_cmpuint(flow_hash(data, size - 1), !=, hash);
        copy[size - 1] = 1;
        g_assert_cmpuint(flow_hash(copy, size), !=, hash);
        g_free(copy);
    }
}

static void test_texts(void)
{
    g_assert_cmpuint(flow_hash_text("vlan(100)"), ==, flow_hash("vlan(100)", 9));
    g_assert_cmpuint(flow_hash_text("vlan(100)"), !=, flow_hash_text("vlan(101)"));
}

/* Two parts are not the whole, but depend on all of it. */
static void test_digests_go_on(void)
{
    uint64_t before = flow_digest(0, "mpls(1)", 7);

    g_assert_true(flow_digest(before, "x", 1) == flow_digest(before, "x", 1));
    g_assert_true(flow_digest(before, "x", 1) != flow_digest(before, "y", 1));
    g_assert_true(flow_digest(before, "x", 1) != flow_digest(0, "x", 1));
}

/* The product of 64-bit numbers is the same with and without a type that holds it. */
static void test_halves_fold_to_the_same(void)
{
    static const uint64_t edges[] = { 0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX };
    GRand *rand = g_rand_new_with_seed(7);

    /* 0xffffffffffffffff squared is 0xfffffffffffffffe and 0x0000000000000001. */
    g_assert_true(flow_fold_by_halves(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
    for (size_t i = 0; i < G_N_ELEMENTS(edges); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(edges); k++)
            g_assert_true(flow_fold(edges[i], edges[k]) == flow_fold_by_halves(edges[i], edges[k]));
    for (unsigned round = 0; round < 10000; round++) {
        uint64_t left = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        uint64_t right = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        g_assert_true(flow_fold(left, right) == flow_fold_by_halves(left, right));
    }
    g_rand_free(rand);
}

/*
 * Hash flooding: what all meets in one slot of one process is spread in another.
 * Sizes are those of a number, a datagram, a key and a text.
 */
enum { SLOTS = 4096, CHOSEN = 512 };

static const size_t sizes[] = { 4, 44, 48, 57 };

static unsigned slot_of(size_t size, uint32_t number)
{
    uint8_t data[64] = { 0 };

    memcpy(data + (size - sizeof number) / 2, &number, sizeof number);
    return flow_hash(data, size) % SLOTS;
}

static unsigned count_slots(char *const *numbers, size_t size)
{
    bool is_used[SLOTS] = { false };
    unsigned used = 0;

    for (unsigned i = 0; i < CHOSEN; i++) {
        unsigned slot = slot_of(size, (uint32_t)g_ascii_strtoull(numbers[i], NULL, 10));
        used += !is_used[slot];
        is_used[slot] = true;
    }
    return used;
}

static void choose(GStrvBuilder *builder, size_t size)
{
    for (uint32_t number = 0, chosen = 0; chosen < CHOSEN; number++) {
        if (slot_of(size, number) != 0)
            continue;
        char *text = g_strdup_printf("%u", number);
        g_strv_builder_add(builder, text);
        g_free(text);
        chosen++;
    }
}

static void test_chosen_keys_are_spread(void)
{
    static const char variable[] = "FLOWSTATS_CHOSEN_KEYS";

    if (g_test_subprocess()) {
        char **numbers = g_strsplit(g_getenv(variable), " ", 0);
        g_assert_cmpuint(g_strv_length(numbers), ==, CHOSEN * G_N_ELEMENTS(sizes));
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
            g_assert_cmpuint(count_slots(numbers + i * CHOSEN, sizes[i]), >, CHOSEN * 3 / 4);
        g_strfreev(numbers);
        return;
    }
    GStrvBuilder *builder = g_strv_builder_new();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        choose(builder, sizes[i]);
    char **numbers = g_strv_builder_end(builder);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        g_assert_cmpuint(count_slots(numbers + i * CHOSEN, sizes[i]), ==, 1);
    char *joined = g_strjoinv(" ", numbers);
    g_setenv(variable, joined, TRUE);
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_free(joined);
    g_strfreev(numbers);
    g_strv_builder_unref(builder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/hash/any-size", test_any_size);
    g_test_add_func("/hash/texts", test_texts);
    g_test_add_func("/hash/digests-go-on", test_digests_go_on);
    g_test_add_func("/hash/halves-fold-to-the-same", test_halves_fold_to_the_same);
    g_test_add_func("/hash/chosen-keys-are-spread", test_chosen_keys_are_spread);
    return g_test_run();
}
