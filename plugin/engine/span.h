#ifndef FLOWSTATS_SPAN_H
#define FLOWSTATS_SPAN_H

#include <stdint.h>

/*
 * Return the time from one moment to another, in nanoseconds; negative where the
 * other one is earlier.  Captures may say anything: moments that are further
 * apart than can be said are as far apart as can be said.
 */
static inline int64_t flow_span(int64_t from_ns, int64_t to_ns)
{
    int64_t ns;

    if (__builtin_sub_overflow(to_ns, from_ns, &ns))
        return to_ns > from_ns ? INT64_MAX : INT64_MIN;
    return ns;
}

/* Return how long a span is, whatever its sign. */
static inline uint64_t flow_span_size(int64_t ns)
{
    return ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
}

#endif
