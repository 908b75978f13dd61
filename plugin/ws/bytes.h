#ifndef FLOWSTATS_BYTES_H
#define FLOWSTATS_BYTES_H

#include "network_order.h"

/* Captured bytes: a place in a buffer. */

/* A stretch of a buffer: data[at] to data[cap - 1] were captured; it goes to end on the wire. */
struct fs_bytes {
    const uint8_t *data;
    uint32_t at;
    uint32_t cap;
    uint32_t end;
};

/* How many bytes were captured at a place, and lie in what encloses it. */
static inline uint32_t fs_bytes_here(const struct fs_bytes *bytes)
{
    uint32_t end = bytes->cap < bytes->end ? bytes->cap : bytes->end;

    return bytes->at < end ? end - bytes->at : 0;
}

/* How many there are on the wire. */
static inline uint32_t fs_bytes_on_wire(const struct fs_bytes *bytes)
{
    return bytes->at < bytes->end ? bytes->end - bytes->at : 0;
}

#endif
