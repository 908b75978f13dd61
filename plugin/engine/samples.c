#include "samples.h"

#include "span.h"

#include <math.h>

/* Sums: numbers of several 64-bit words, least significant first. */

/* Add a word at a place; what no longer fits goes on to the next ones. */
static void add_word(uint64_t *words, unsigned count, unsigned at, uint64_t word)
{
    for (; at < count && word > 0; at++) {
        words[at] += word;
        word = words[at] < word;
    }
}

/* Each word is read before it is written: a sum may be added to itself. */
static void add_words(uint64_t *words, const uint64_t *more, unsigned count)
{
    uint64_t carry = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t word = more[i] + carry;
        carry = word < carry;
        words[i] += word;
        carry += words[i] < word;
    }
}

static bool is_negative(const uint64_t words[2])
{
    return words[1] >> 63;
}

static void negate(uint64_t words[2])
{
    words[0] = ~words[0];
    words[1] = ~words[1];
    add_word(words, 2, 0, 1);
}

/* By halves of 32 bits, as no standard type holds the square of a word. */
static void add_square(uint64_t squares[3], uint64_t size)
{
    uint64_t high = size >> 32, low = (uint32_t)size;

    add_word(squares, 3, 0, low * low);
    if (high == 0)
        return;
    uint64_t mixed = high * low; /* counts 2^33 times */
    add_word(squares, 3, 0, mixed << 33);
    add_word(squares, 3, 1, mixed >> 31);
    add_word(squares, 3, 1, high * high);
}

void flow_samples_add(struct flow_samples *samples, int64_t value)
{
    uint64_t words[2] = { (uint64_t)value, value < 0 ? UINT64_MAX : 0 };

    if (samples->count == 0 || value < samples->min)
        samples->min = value;
    if (samples->count == 0 || value > samples->max)
        samples->max = value;
    samples->count++;
    add_words(samples->sum, words, 2);
    add_square(samples->squares, flow_span_size(value));
}

void flow_samples_merge(struct flow_samples *samples, const struct flow_samples *more)
{
    if (more->count == 0)
        return;
    if (samples->count == 0 || more->min < samples->min)
        samples->min = more->min;
    if (samples->count == 0 || more->max > samples->max)
        samples->max = more->max;
    samples->count += more->count;
    add_words(samples->sum, more->sum, 2);
    add_words(samples->squares, more->squares, 3);
}

/* Statistics: exact integers up to the last division, as differences of large numbers are small. */

/* Eight 32-bit digits, least significant first: as wide as the square of a sum. */
enum { DIGITS = 8 };

static void digits_of(const uint64_t *words, unsigned count, uint32_t ret_digits[DIGITS])
{
    for (unsigned i = 0; i < DIGITS; i++)
        ret_digits[i] = i / 2 < count ? (uint32_t)(words[i / 2] >> (i % 2 * 32)) : 0;
}

/* The product is known to fit. */
static void multiply(const uint64_t *left, unsigned left_count, const uint64_t *right,
                     unsigned right_count, uint32_t ret_product[DIGITS])
{
    uint32_t a[DIGITS], b[DIGITS];
    unsigned b_length = right_count * 2;

    digits_of(left, left_count, a);
    digits_of(right, right_count, b);
    for (unsigned i = 0; i < DIGITS; i++)
        ret_product[i] = 0;
    for (unsigned i = 0; i < DIGITS; i++) {
        uint64_t carry = 0;
        for (unsigned j = 0; a[i] > 0 && i + j < DIGITS && (j < b_length || carry > 0); j++) {
            carry += (uint64_t)a[i] * b[j] + ret_product[i + j];
            ret_product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
}

static void subtract(uint32_t digits[DIGITS], const uint32_t less[DIGITS])
{
    uint64_t borrow = 0;

    for (unsigned i = 0; i < DIGITS; i++) {
        uint64_t digit = (uint64_t)digits[i] - less[i] - borrow;
        digits[i] = (uint32_t)digit;
        borrow = digit >> 63;
    }
}

static double real_of(const uint32_t digits[DIGITS])
{
    double real = 0;

    for (unsigned i = DIGITS; i-- > 0;)
        real = real * 0x1p32 + digits[i];
    return real;
}

/* Bit by bit; the quotient is known to fit a word. */
static uint64_t divide(const uint64_t words[2], uint64_t by, uint64_t *ret_rest)
{
    uint64_t quotient = 0, rest = 0;

    if (words[1] == 0) { /* as nearly always */
        *ret_rest = words[0] % by;
        return words[0] / by;
    }
    for (unsigned bit = 128; bit-- > 0;) {
        bool overflows = rest >> 63;
        rest = rest << 1 | (words[bit / 64] >> bit % 64 & 1);
        bool fits = overflows || rest >= by;
        rest -= fits ? by : 0;
        quotient = quotient << 1 | fits;
    }
    *ret_rest = rest;
    return quotient;
}

bool flow_samples_mean_rounded(const struct flow_samples *samples, int64_t *ret_mean)
{
    uint64_t sum[2] = { samples->sum[0], samples->sum[1] }, rest;
    bool below_zero = is_negative(sum);

    if (samples->count == 0)
        return false;
    if (below_zero)
        negate(sum);
    uint64_t mean = divide(sum, samples->count, &rest);
    mean += rest >= samples->count - rest;
    *ret_mean = (int64_t)(below_zero ? -mean : mean);
    return true;
}

bool flow_samples_mean(const struct flow_samples *samples, double *ret_mean)
{
    uint64_t sum[2] = { samples->sum[0], samples->sum[1] };
    double sign = is_negative(sum) ? -1 : 1;

    if (samples->count == 0)
        return false;
    if (sign < 0)
        negate(sum);
    *ret_mean = sign * ((double)sum[1] * 0x1p64 + (double)sum[0]) / (double)samples->count;
    return true;
}

bool flow_samples_stddev(const struct flow_samples *samples, double *ret_stddev)
{
    uint64_t sum[2] = { samples->sum[0], samples->sum[1] };
    uint32_t spread[DIGITS], square[DIGITS];
    double count = (double)samples->count;

    if (samples->count < 2)
        return false;
    if (is_negative(sum))
        negate(sum);
    multiply(samples->squares, 3, &samples->count, 1, spread);
    multiply(sum, 2, sum, 2, square);
    subtract(spread, square);
    *ret_stddev = sqrt(real_of(spread) / count / (count - 1));
    return true;
}

bool flow_samples_stddev_rounded(const struct flow_samples *samples, int64_t *ret_stddev)
{
    double stddev;

    if (!flow_samples_stddev(samples, &stddev))
        return false;
    *ret_stddev = stddev < 0x1p63 ? llround(stddev) : INT64_MAX;
    return true;
}
