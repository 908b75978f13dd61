#include "number_text.h"

#include "span.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

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
    UINT64_C(10000000000000000000),
};

static unsigned length_of(uint64_t number)
{
    unsigned length = 1;

    while (length < G_N_ELEMENTS(tens) && number >= tens[length])
        length++;
    return length;
}

/* A number with so many digits, zeros before it: two at a time, as each division takes its time. */
static char *put_digits(char *at, uint64_t number, unsigned count)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char *end = at + count, *digit = end;

    for (; digit - at > 1; number /= 100)
        memcpy(digit -= 2, pairs + number % 100 * 2, 2);
    if (digit > at)
        *at = (char)('0' + number);
    *end = '\0';
    return end;
}

/* A number whose last digits, so many, stand after a point; with none there is no point. */
static char *put_decimal(char *at, uint64_t number, unsigned decimals)
{
    at = flow_put_integer(at, number / tens[decimals]);
    if (decimals == 0)
        return at;
    *at = '.';
    return put_digits(at + 1, number % tens[decimals], decimals);
}

char *flow_put_integer(char *at, uint64_t number)
{
    return put_digits(at, number, length_of(number));
}

char *flow_put_seconds(char *at, int64_t ns)
{
    if (ns < 0)
        *at++ = '-';
    return put_decimal(at, flow_span_size(ns), 9);
}

/* What nearly every number is within: its 15 digits have at most 18 decimals. */
#define LEAST_REAL 1e-4
#define MOST_REAL  1e14

/* Whole numbers below this have 15 digits at the most: all are shown. */
#define MOST_WHOLE 1e15

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

char *flow_put_real(char *at, double real)
{
    double size = fabs(real);
    uint64_t digits;
    unsigned decimals;

    if (signbit(real))
        *at++ = '-';
    if (size < MOST_WHOLE && size == (double)(uint64_t)size)
        return flow_put_integer(at, (uint64_t)size);
    if (!digits_of(size, &digits, &decimals)) {
        g_ascii_formatd(at, FLOW_NUMBER_TEXT_LEN - 1, "%.15g", size);
        return at + strlen(at);
    }
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    return put_decimal(at, digits, decimals);
}
