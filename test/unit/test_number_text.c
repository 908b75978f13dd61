#include "number_text.h"

#include <float.h>
#include <glib.h>
#include <math.h>
#include <string.h>

enum { RANDOM_NUMBERS = 50000 };

/* What is written ends where the answer says. */
static void assert_ends(const char *end, const char *text)
{
    g_assert_true(end == text + strlen(text));
}

static void assert_integer(uint64_t number, const char *expected)
{
    char text[FLOW_NUMBER_TEXT_LEN];

    assert_ends(flow_put_integer(text, number), text);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_seconds(int64_t ns, const char *expected)
{
    char text[FLOW_NUMBER_TEXT_LEN];

    assert_ends(flow_put_seconds(text, ns), text);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_real(double real)
{
    char text[FLOW_NUMBER_TEXT_LEN], expected[FLOW_NUMBER_TEXT_LEN];

    g_ascii_formatd(expected, sizeof expected, "%.15g", real);
    assert_ends(flow_put_real(text, real), text);
    g_assert_cmpstr(text, ==, expected);
}

static void integers(void)
{
    assert_integer(0, "0");
    assert_integer(9, "9");
    assert_integer(10, "10");
    assert_integer(9999999999999999999U, "9999999999999999999");
    assert_integer(10000000000000000000U, "10000000000000000000");
    assert_integer(UINT64_MAX, "18446744073709551615");
}

static void seconds(void)
{
    assert_seconds(0, "0.000000000");
    assert_seconds(-1, "-0.000000001");
    assert_seconds(1000000000, "1.000000000");
    assert_seconds(-12345678901, "-12.345678901");
    assert_seconds(INT64_MAX, "9223372036.854775807");
    assert_seconds(INT64_MIN, "-9223372036.854775808");
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
        NAN,
        1e300,
        1e15,
        999999999999999,
        999999999999999.5,
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
    for (size_t i = 0; i < G_N_ELEMENTS(some); i++)
        assert_real(-some[i]);
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
