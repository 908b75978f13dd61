#ifndef FLOWSTATS_CLOCK_H
#define FLOWSTATS_CLOCK_H

#include "ws_compat.h"

/* Wireshark's times as the engine's, which are nanoseconds, and back. */

enum { FS_NS_IN_S = 1000000000 };

/*
 * False where the time is so far from the epoch (146 years) that the span
 * between two of them would not fit: no clock says that, a damaged file does.
 */
static inline bool fs_ns_of(const nstime_t *time, int64_t *ret_ns)
{
    const int64_t limit = (INT64_C(1) << 62) / FS_NS_IN_S;

    if (time->secs >= limit || time->secs <= -limit)
        return false;
    *ret_ns = (int64_t)time->secs * FS_NS_IN_S + time->nsecs;
    return true;
}

/* Seconds are rounded towards zero: both parts of a negative time are negative. */
static inline nstime_t fs_nstime_of(int64_t ns)
{
    return (nstime_t){ .secs = (time_t)(ns / FS_NS_IN_S), .nsecs = (int)(ns % FS_NS_IN_S) };
}

/* Tell by a frame when the first frame of the file was; false where one of both has no time. */
static inline bool fs_start_of_file(const packet_info *pinfo, int64_t *ret_ns)
{
    int64_t now_ns, since_start_ns;

    if (!fs_ns_of(&pinfo->abs_ts, &now_ns) || !fs_ns_of(&pinfo->rel_ts, &since_start_ns))
        return false;
    *ret_ns = now_ns - since_start_ns;
    return true;
}

#endif
