#ifndef FLOWSTATS_SAMPLES_H
#define FLOWSTATS_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Statistics of whole numbers: spans in nanoseconds, which may be negative, or lengths.
 *
 * They are kept as power sums in integers that no capture can overflow: 2^64
 * samples of any 64-bit value fit.  So the order of samples does not matter,
 * and the samples of two parts merge into exactly those of the whole.
 */
struct flow_samples {
    uint64_t count;
    int64_t min; /* this and max: 0 where there is no sample */
    int64_t max;
    uint64_t sum[2];     /* two's complement, least significant first */
    uint64_t squares[3]; /* likewise, never negative: the sum of the squares */
};

_Static_assert(sizeof(struct flow_samples) == 64, "states hold dozens of them");

void flow_samples_add(struct flow_samples *samples, int64_t value);

/* Add all samples of another. */
void flow_samples_merge(struct flow_samples *samples, const struct flow_samples *more);

/* Return the mean; false where there is no sample. */
bool flow_samples_mean(const struct flow_samples *samples, double *ret_mean);

/* Return the sample standard deviation; false under two samples. */
bool flow_samples_stddev(const struct flow_samples *samples, double *ret_stddev);

/*
 * Return the same, rounded to a whole number, halves away from zero: the mean
 * exactly, so that it lies between min and max; the deviation at most INT64_MAX.
 */
bool flow_samples_mean_rounded(const struct flow_samples *samples, int64_t *ret_mean);
bool flow_samples_stddev_rounded(const struct flow_samples *samples, int64_t *ret_stddev);

/* The same for callers that have looked at the count: 0 where there are too few samples. */

static inline double flow_mean(struct flow_samples samples)
{
    double mean = 0;

    flow_samples_mean(&samples, &mean);
    return mean;
}

static inline double flow_stddev(struct flow_samples samples)
{
    double stddev = 0;

    flow_samples_stddev(&samples, &stddev);
    return stddev;
}

static inline int64_t flow_mean_rounded(struct flow_samples samples)
{
    int64_t mean = 0;

    flow_samples_mean_rounded(&samples, &mean);
    return mean;
}

static inline int64_t flow_stddev_rounded(struct flow_samples samples)
{
    int64_t stddev = 0;

    flow_samples_stddev_rounded(&samples, &stddev);
    return stddev;
}

#endif
