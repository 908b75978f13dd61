#include "number_text.h"

#include <float.h>
#include <glib.h>
#include <math.h>

enum { RANDOM_NUMBERS = 50000 };

static void assert_real(double real)
{
    char text[FLOW_NUMBER_TEXT_LEN], expected[FLOW_NUMBER_TEXT_LEN];

    g_ascii_formatd(expected, sizeof expected, "%.15g", real);
    g_assert_cmpstr(flow_real_text(real, text), ==, expected);
}

static void integers(void)
{
    char text[FLOW_NUMBER_TEXT_LEN];

    g_assert_cmpstr(flow_integer_text(0, text), ==, "0");
    g_assert_cmpstr(flow_integer_text(9, text), ==, "9");
    g_assert_cmpstr(flow_integer_text(10, text), ==, "10");
    g_assert_cmpstr(flow_integer_text(UINT64_MAX, text), ==, "18446744073709551615");
}

static void seconds(void)
{
    char text[FLOW_NUMBER_TEXT_LEN];

    g_assert_cmpstr(flow_seconds_text(0, text), ==, "0.000000000");
    g_assert_cmpstr(flow_seconds_text(-1, text), ==, "-0.000000001");
    g_assert_cmpstr(flow_seconds_text(1000000000, text), ==, "1.000000000");
    g_assert_cmpstr(flow_seconds_text(-12345678901, text), ==, "-12.345678901");
    g_assert_cmpstr(flow_seconds_text(INT64_MAX, text), ==, "9223372036.854775807");
    g_assert_cmpstr(flow_seconds_text(INT64_MIN, text), ==, "-9223372036.854775808");
}

/* Ties, ends of the range and what lies beyond, powers of ten and their neighbours. */
static void reals(void)
{
    static const double some[] = {
        0,
        -0.0,
        1,
        0.5,
        -2.5,
        1e14,
        0.1,
        1.0 / 3,
        2.0 / 3,
        1e-4,
        9.99e-5,
        DBL_MIN,
        DBL_MAX,
        INFINITY,
        1e300,
        1e15,
        1e16,
        123456789012345.5,
        99999999999999.96,
        1000000000000.0005,
        0.00099999999999999999,
        12345678901234.25,
        12345678901234.75,
        1234567890123.125,
        1234567890123.375,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(some); i++)
        assert_real(some[i]);
    for (double power = 1e-6; power < 1e18; power *= 10) {
        assert_real(power);
        assert_real(nextafter(power, 0));
        assert_real(nextafter(power, INFINITY));
    }
}

/* Quotients, as rates are; many have more digits than are shown. */
static void random_reals(void)
{
    for (unsigned i = 0; i < RANDOM_NUMBERS; i++) {
        double bytes = g_test_rand_int_range(0, 1 << g_test_rand_int_range(1, 31));
        assert_real(bytes * 8 / g_test_rand_int_range(1, 1 << g_test_rand_int_range(1, 31)));
        assert_real(g_test_rand_double_range(0, pow(10, g_test_rand_int_range(-5, 16))));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/number_text/integers", integers);
    g_test_add_func("/number_text/seconds", seconds);
    g_test_add_func("/number_text/reals", reals);
    g_test_add_func("/number_text/random_reals", random_reals);
    return g_test_run();
}
