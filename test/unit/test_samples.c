#include "samples.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum { RANDOM_SAMPLES = 2000, PARTS = 50 };

static struct flow_samples samples_of(const int64_t *values, size_t count)
{
    struct flow_samples samples = { 0 };

    for (size_t i = 0; i < count; i++)
        flow_samples_add(&samples, values[i]);
    return samples;
}

#define SAMPLES(...)                                                                               \
    samples_of((const int64_t[]){ __VA_ARGS__ },                                                   \
               sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static int64_t mean_of(const struct flow_samples *samples)
{
    int64_t mean;

    g_assert_true(flow_samples_mean_rounded(samples, &mean));
    return mean;
}

static int64_t stddev_of(const struct flow_samples *samples)
{
    int64_t stddev;

    g_assert_true(flow_samples_stddev_rounded(samples, &stddev));
    return stddev;
}

static void assert_real(double real, double expected)
{
    g_assert_cmpfloat(fabs(real - expected), <=, fabs(expected) * 1e-15);
}

static void test_none(void)
{
    struct flow_samples none = { 0 };
    int64_t rounded = 7;
    double real = 7;

    g_assert_false(flow_samples_mean(&none, &real));
    g_assert_false(flow_samples_mean_rounded(&none, &rounded));
    g_assert_false(flow_samples_stddev(&none, &real));
    g_assert_false(flow_samples_stddev_rounded(&none, &rounded));
    g_assert_cmpfloat(real, ==, 7);
    g_assert_cmpint(rounded, ==, 7);
}

static void test_one(void)
{
    struct flow_samples one = SAMPLES(-5);
    double real = 7;

    g_assert_cmpint(one.count, ==, 1);
    g_assert_cmpint(one.min, ==, -5);
    g_assert_cmpint(one.max, ==, -5);
    g_assert_cmpint(mean_of(&one), ==, -5);
    g_assert_false(flow_samples_stddev(&one, &real));
    g_assert_cmpfloat(real, ==, 7);
}

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 40 / 8, squares of the differences 32, so sqrt(32 / 7). */
static void test_textbook(void)
{
    struct flow_samples samples = SAMPLES(2, 4, 4, 4, 5, 5, 7, 9);
    double real;

    g_assert_cmpint(samples.min, ==, 2);
    g_assert_cmpint(samples.max, ==, 9);
    g_assert_true(flow_samples_mean(&samples, &real));
    assert_real(real, 5);
    g_assert_true(flow_samples_stddev(&samples, &real));
    assert_real(real, 2.1380899352993951);
    g_assert_cmpint(stddev_of(&samples), ==, 2);
}

static void test_halves_are_rounded_away_from_zero(void)
{
    struct flow_samples above = SAMPLES(1, 2), below = SAMPLES(-1, -2);
    struct flow_samples third = SAMPLES(1, 1, 2), minus_third = SAMPLES(-1, -1, -2);
    double real;

    g_assert_cmpint(mean_of(&above), ==, 2);
    g_assert_cmpint(mean_of(&below), ==, -2);
    g_assert_cmpint(mean_of(&third), ==, 1);
    g_assert_cmpint(mean_of(&minus_third), ==, -1);
    g_assert_true(flow_samples_mean(&below, &real));
    assert_real(real, -1.5);
}

/* The variance of INT64_MIN and INT64_MAX is (2^64 - 1)^2 / 2: its root has no int64_t. */
static void test_extremes(void)
{
    struct flow_samples least = SAMPLES(INT64_MIN, INT64_MIN, INT64_MIN);
    struct flow_samples most = SAMPLES(INT64_MAX, INT64_MAX, INT64_MAX);
    struct flow_samples both = SAMPLES(INT64_MIN, INT64_MAX);
    double real;

    g_assert_cmpint(mean_of(&least), ==, INT64_MIN);
    g_assert_cmpint(stddev_of(&least), ==, 0);
    g_assert_cmpint(mean_of(&most), ==, INT64_MAX);
    g_assert_cmpint(stddev_of(&most), ==, 0);
    g_assert_cmpint(mean_of(&both), ==, -1);
    g_assert_cmpint(both.min, ==, INT64_MIN);
    g_assert_cmpint(both.max, ==, INT64_MAX);
    g_assert_true(flow_samples_stddev(&both, &real));
    assert_real(real, 18446744073709551615.0 / sqrt(2));
    g_assert_cmpint(stddev_of(&both), ==, INT64_MAX);
}

/* 64 round-trip times of 68 years: their squares need 128 bits and more. */
static void test_long_spans_do_not_overflow(void)
{
    const int64_t years_68 = INT64_C(2147483000) * 1000000000;
    struct flow_samples samples = { 0 };

    for (unsigned i = 0; i < 64; i++)
        flow_samples_add(&samples, years_68 + i % 2);
    g_assert_cmpint(mean_of(&samples), ==, years_68 + 1); /* and a half */
    double real;
    g_assert_true(flow_samples_stddev(&samples, &real));
    assert_real(real, sqrt(64 * 0.25 / 63));
}

/* As many as a count can hold, by doubling. */
static void test_sums_hold_any_number_of_samples(void)
{
    struct flow_samples samples = SAMPLES(INT64_MIN);

    for (unsigned i = 0; i < 63; i++)
        flow_samples_merge(&samples, &samples);
    g_assert_cmpuint(samples.count, ==, UINT64_C(1) << 63);
    g_assert_cmpint(mean_of(&samples), ==, INT64_MIN);
    g_assert_cmpint(stddev_of(&samples), ==, 0);
}

/* A difference of one nanosecond in times since 1970. */
static void test_large_values_keep_small_differences(void)
{
    const int64_t now_ns = INT64_C(1700000000) * 1000000000;
    struct flow_samples samples = SAMPLES(now_ns, now_ns + 1, now_ns + 2);
    double real;

    g_assert_cmpint(mean_of(&samples), ==, now_ns + 1);
    g_assert_true(flow_samples_stddev(&samples, &real));
    assert_real(real, 1);
}

static int64_t random_value(void)
{
    uint64_t bits = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();

    return (int64_t)bits >> g_test_rand_int_range(0, 64);
}

static void test_parts_merge_into_the_whole(void)
{
    struct flow_samples whole = { 0 }, parts[PARTS] = { { 0 } }, merged = { 0 };

    for (unsigned i = 0; i < RANDOM_SAMPLES; i++) {
        int64_t value = random_value();
        flow_samples_add(&whole, value);
        flow_samples_add(&parts[g_test_rand_int_range(1, PARTS)], value); /* 0 stays empty */
    }
    for (unsigned i = PARTS; i-- > 0;)
        flow_samples_merge(&merged, &parts[i]);
    g_assert_cmpmem(&merged, sizeof merged, &whole, sizeof whole);
}

/* Where nothing, one or two were before, and whatever their signs. */
static void test_extremes_of_few_merge(void)
{
    static const int64_t values[] = { -9, -2, 3, 8 };
    enum { ALL = G_N_ELEMENTS(values) };

    for (unsigned left = 0; left < 1 << ALL; left++)
        for (unsigned right = 0; right < 1 << ALL; right++) {
            struct flow_samples one = { 0 }, other = { 0 }, both = { 0 };
            for (unsigned i = 0; i < ALL; i++) {
                if (left >> i & 1)
                    flow_samples_add(&one, values[i]);
                if (right >> i & 1)
                    flow_samples_add(&other, values[i]);
                for (unsigned n = (left >> i & 1) + (right >> i & 1); n > 0; n--)
                    flow_samples_add(&both, values[i]);
            }
            flow_samples_merge(&one, &other);
            g_assert_cmpmem(&one, sizeof one, &both, sizeof both);
        }
}

/* Against the definition, in floating point. */
static void test_equals_the_definition(void)
{
    int64_t values[RANDOM_SAMPLES];
    double sum = 0, squares = 0, mean, stddev;

    for (unsigned i = 0; i < RANDOM_SAMPLES; i++) {
        values[i] = g_test_rand_int_range(-1000000, 1000000);
        sum += (double)values[i];
    }
    for (unsigned i = 0; i < RANDOM_SAMPLES; i++)
        squares += pow((double)values[i] - sum / RANDOM_SAMPLES, 2);
    struct flow_samples samples = samples_of(values, RANDOM_SAMPLES);
    g_assert_true(flow_samples_mean(&samples, &mean));
    g_assert_true(flow_samples_stddev(&samples, &stddev));
    g_assert_cmpfloat_with_epsilon(mean, sum / RANDOM_SAMPLES, 1e-6);
    g_assert_cmpfloat_with_epsilon(stddev, sqrt(squares / (RANDOM_SAMPLES - 1)), 1e-6);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/samples/none-is-absent", test_none);
    g_test_add_func("/samples/one-has-no-deviation", test_one);
    g_test_add_func("/samples/textbook", test_textbook);
    g_test_add_func("/samples/halves-are-rounded-away-from-zero",
                    test_halves_are_rounded_away_from_zero);
    g_test_add_func("/samples/extremes", test_extremes);
    g_test_add_func("/samples/long-spans-do-not-overflow", test_long_spans_do_not_overflow);
    g_test_add_func("/samples/sums-hold-any-number-of-samples",
                    test_sums_hold_any_number_of_samples);
    g_test_add_func("/samples/large-values-keep-small-differences",
                    test_large_values_keep_small_differences);
    g_test_add_func("/samples/parts-merge-into-the-whole", test_parts_merge_into_the_whole);
    g_test_add_func("/samples/extremes-of-few-merge", test_extremes_of_few_merge);
    g_test_add_func("/samples/equals-the-definition", test_equals_the_definition);
    return g_test_run();
}
