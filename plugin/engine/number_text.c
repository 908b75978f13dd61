#include "number_text.h"

#include "span.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The digits of a number that end before the end of a text; at least so many. */
static char *digits_before(char *end, uint64_t number, int least)
{
    for (; number > 0 || least > 0; number /= 10, least--)
        *--end = (char)('0' + number % 10);
    return end;
}

static const uint64_t tens[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
};

/* A number whose last digits, so many, stand behind a point; with none there is no point. */
static char *decimal_before(char *end, uint64_t number, unsigned decimals)
{
    if (decimals > 0) {
        end = digits_before(end, number % tens[decimals], (int)decimals);
        *--end = '.';
    }
    return digits_before(end, number / tens[decimals], 1);
}

const char *flow_integer_text(uint64_t number, char text[FLOW_NUMBER_TEXT_LEN])
{
    char *end = text + FLOW_NUMBER_TEXT_LEN - 1;

    *end = '\0';
    return digits_before(end, number, 1);
}

const char *flow_seconds_text(int64_t ns, char text[FLOW_NUMBER_TEXT_LEN])
{
    char *at = text + FLOW_NUMBER_TEXT_LEN - 1;

    *at = '\0';
    at = decimal_before(at, flow_span_size(ns), 9);
    if (ns < 0)
        *--at = '-';
    return at;
}

/* What nearly every number is within: its 15 digits have at most 18 decimals. */
#define LEAST_REAL 1e-4
#define MOST_REAL  1e14

/* The 15 digits of a number as an integer, exactly rounded, and how many of them are decimals. */
static bool digits_of(double real, uint64_t *ret_digits, unsigned *ret_decimals)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 uint128;

    if (!(real >= LEAST_REAL && real < MOST_REAL))
        return false;
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    /* The number is mantissa / 2^shift, and less than 2^exponent; shift is 6 to 66. */
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    int exponent = (int)(bits >> 52) - 1022, shift = 53 - exponent;
    /* 1233 / 4096 is the logarithm of 2: so many decimals at least. */
    int decimals = MAX((14 * 4096 - 1233 * exponent) >> 12, 0);
    uint128 product = (uint128)mantissa * tens[decimals], half = (uint128)1 << (shift - 1);
    while (product >> shift < tens[14])
        product = (uint128)mantissa * tens[++decimals];
    *ret_decimals = (unsigned)decimals;
    uint128 rest = product & (half * 2 - 1);
    *ret_digits = (uint64_t)(product >> shift);
    *ret_digits += rest > half || (rest == half && *ret_digits % 2 != 0);
    return true;
#else
    (void)real, (void)ret_digits, (void)ret_decimals;
    return false;
#endif
}

const char *flow_real_text(double real, char text[FLOW_NUMBER_TEXT_LEN])
{
    uint64_t digits;
    unsigned decimals;

    if (real == 0 && !signbit(real))
        return flow_integer_text(0, text);
    if (!digits_of(real, &digits, &decimals))
        return g_ascii_formatd(text, FLOW_NUMBER_TEXT_LEN, "%.15g", real);
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;

    char *end = text + FLOW_NUMBER_TEXT_LEN - 1;
    *end = '\0';
    return decimal_before(end, digits, decimals);
}
