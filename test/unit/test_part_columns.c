#include "facts.h"
#include "part_columns.h"

#include <glib.h>

/* What two parts say of their whole; unknown where neither says anything. */
static struct flow_value merged(enum flow_merge merge, struct flow_value one,
                                struct flow_value later)
{
    struct flow_value value = one;

    if (!one.known || !later.known)
        return one.known ? one : later;
    switch (merge) {
    case FLOW_MERGE_SUM: value.as.number += later.as.number; break;
    case FLOW_MERGE_LEAST: value.as.ns = MIN(one.as.ns, later.as.ns); break;
    case FLOW_MERGE_GREATEST: value.as.ns = MAX(one.as.ns, later.as.ns); break;
    case FLOW_MERGE_BITS: value.as.number |= later.as.number; break;
    case FLOW_MERGE_LAST: return later;
    case FLOW_MERGE_FIRST:
    case FLOW_MERGE_NONE: break;
    }
    return value;
}

/* What lies between two parts can be counted, too: merge.sql adds it to their sum. */
static void assert_merges(const struct flow_part_column *column, struct flow_value whole,
                          struct flow_value parts)
{
    bool is_less = column->row->merge == FLOW_MERGE_SUM && parts.as.number < whole.as.number;

    if (whole.known != parts.known ||
        (whole.known && whole.as.number != parts.as.number && !is_less))
        g_error("%s", column->name);
}

static void test_columns_merge_as_their_rows_say(void)
{
    enum { FACTS = 40, ROUNDS = 500 };
    GRand *rand = g_rand_new_with_seed(21);
    struct flow flow = { .key = { .family = FLOW_IPV4, .protocol = FLOW_PROTOCOL_TCP } };
    struct flow_view view = { .flow = &flow };
    void *whole = flow_part_states_new();
    void *parts[2] = { flow_part_states_new(), flow_part_states_new() };
    const struct flow_part_column *column;

    for (int round = 0; round < ROUNDS; round++) {
        int cut = g_rand_int_range(rand, 0, FACTS);
        flow_part_states_clear(whole);
        flow_part_states_clear(parts[0]);
        flow_part_states_clear(parts[1]);
        for (int i = 0; i < FACTS; i++) {
            struct flow_fact fact = random_fact(rand, (uint32_t)i + 1);
            flow_part_states_apply(whole, &flow.key, &fact);
            flow_part_states_apply(parts[i >= cut], &flow.key, &fact);
        }
        for (size_t i = 0; (column = flow_part_column(i)); i++)
            if (column->row->kind != FLOW_TEXT)
                assert_merges(column, flow_part_value(column, whole, &view),
                              merged((enum flow_merge)column->row->merge,
                                     flow_part_value(column, parts[0], &view),
                                     flow_part_value(column, parts[1], &view)));
    }
    g_free(whole);
    g_free(parts[0]);
    g_free(parts[1]);
    g_rand_free(rand);
}

static void test_columns_have_names_of_their_own(void)
{
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    const struct flow_part_column *column;

    for (size_t i = 0; (column = flow_part_column(i)); i++)
        if (!g_hash_table_add(names, (void *)column->name) || strpbrk(column->name, ".*"))
            g_error("%s", column->name);
    g_assert_true(g_hash_table_contains(names, "pkts0"));
    g_assert_true(g_hash_table_contains(names, "start"));
    g_hash_table_unref(names);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/part-columns/merge-as-their-rows-say", test_columns_merge_as_their_rows_say);
    g_test_add_func("/part-columns/have-names-of-their-own", test_columns_have_names_of_their_own);
    return g_test_run();
}
