#include "texts.h"

#include <glib.h>
#include <string.h>

enum { CHOICES = 10, TEXTS = 1 << CHOICES };

/*
 * The work of a table of texts is the texts that it compares.  GLib compares
 * them with this function, which stands in front of the C library's.
 */
static unsigned comparisons;

__attribute__((visibility("default"))) int strcmp(const char *left, const char *right)
{
    comparisons++;
    while (*left && *left == *right) {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

static void test_each_text_has_one_number(void)
{
    struct flow_texts *texts = flow_texts_new();
    char mutable[] = "vxlan(1)";

    g_assert_cmpuint(flow_texts_find(texts, mutable), ==, 0);
    g_assert_cmpuint(flow_texts_count(texts), ==, 0);
    g_assert_cmpuint(flow_texts_number(texts, mutable), ==, 1);
    g_assert_cmpuint(flow_texts_find(texts, mutable), ==, 1);
    g_assert_cmpuint(flow_texts_number(texts, "vxlan(2)"), ==, 2);
    g_assert_cmpuint(flow_texts_number(texts, ""), ==, 3);
    mutable[0] = 'x';
    g_assert_cmpuint(flow_texts_number(texts, "vxlan(1)"), ==, 1);
    g_assert_cmpuint(flow_texts_number(texts, ""), ==, 3);
    g_assert_cmpuint(flow_texts_count(texts), ==, 3);
    g_assert_cmpstr(flow_texts_at(texts, 1), ==, "vxlan(1)");
    g_assert_cmpstr(flow_texts_at(texts, 2), ==, "vxlan(2)");
    g_assert_cmpstr(flow_texts_at(texts, 3), ==, "");
    flow_texts_free(texts);
}

static void test_cleared_begins_again(void)
{
    struct flow_texts *texts = flow_texts_new();

    flow_texts_number(texts, "one");
    flow_texts_number(texts, "two");
    flow_texts_clear(texts);
    g_assert_cmpuint(flow_texts_number(texts, "two"), ==, 1);
    g_assert_cmpstr(flow_texts_at(texts, 1), ==, "two");
    flow_texts_free(texts);
    flow_texts_free(NULL);
}

/* Texts of "aB" and "b!", which g_str_hash() cannot tell apart. */
static void collide(unsigned number, char ret_text[2 * CHOICES + 1])
{
    for (unsigned i = 0; i < CHOICES; i++)
        memcpy(ret_text + (size_t)2 * i, number >> i & 1 ? "aB" : "b!", 2);
    ret_text[2 * CHOICES] = '\0';
}

static void test_chosen_texts_cost_as_others_do(void)
{
    struct flow_texts *texts = flow_texts_new();
    char text[2 * CHOICES + 1], first[2 * CHOICES + 1];

    collide(0, first);
    collide(1, text);
    g_assert_cmpuint(g_str_hash(first), ==, g_str_hash(text));
    comparisons = 0;
    for (unsigned i = 0; i < TEXTS; i++) {
        collide(i, text);
        flow_texts_number(texts, text); /* twice: to add and to find it */
        flow_texts_number(texts, text);
    }
    /* Finding compares once; that hashes of 32 bits meet by chance comes once in 8000 runs. */
    g_assert_cmpuint(comparisons, >=, TEXTS);
    g_assert_cmpuint(comparisons, <, 2 * TEXTS);
    flow_texts_free(texts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/texts/each-has-one-number", test_each_text_has_one_number);
    g_test_add_func("/texts/cleared-begins-again", test_cleared_begins_again);
    g_test_add_func("/texts/chosen-ones-cost-as-others-do", test_chosen_texts_cost_as_others_do);
    return g_test_run();
}
