#include "span.h"

#include <glib.h>

static void test_of_moments(void)
{
    g_assert_cmpint(flow_span(1000, 1700), ==, 700);
    g_assert_cmpint(flow_span(1700, 1000), ==, -700);
    g_assert_cmpint(flow_span(-5, 5), ==, 10);
    g_assert_cmpint(flow_span(INT64_MIN, -1), ==, INT64_MAX);
    g_assert_cmpint(flow_span(0, INT64_MIN), ==, INT64_MIN);
}

static void test_of_what_is_too_far_apart(void)
{
    g_assert_cmpint(flow_span(INT64_MIN, INT64_MAX), ==, INT64_MAX);
    g_assert_cmpint(flow_span(-1, INT64_MAX), ==, INT64_MAX);
    g_assert_cmpint(flow_span(INT64_MAX, INT64_MIN), ==, INT64_MIN);
    g_assert_cmpint(flow_span(2, INT64_MIN), ==, INT64_MIN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/span/of-moments", test_of_moments);
    g_test_add_func("/span/of-what-is-too-far-apart", test_of_what_is_too_far_apart);
    return g_test_run();
}
