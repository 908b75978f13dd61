#ifndef FLOWSTATS_HASH_H
#define FLOWSTATS_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The hash of everything that packets or their texts feed.  It is seeded at
 * random once a process, so nobody can prepare a capture whose keys all meet in
 * one slot of a table.
 */

/* Hash size bytes at data. */
unsigned flow_hash(const void *data, size_t size);

/* Hash them with what was hashed before. */
unsigned flow_hash_after(uint64_t before, const void *data, size_t size);

/* Hash a text: a GHashFunc in place of g_str_hash(). */
unsigned flow_hash_text(const void *text);

/* Go on hashing: 64 bits that stand for what was hashed before and for size bytes more. */
uint64_t flow_digest(uint64_t before, const void *data, size_t size);

/* Multiply, and fold the 128 bits of the product, where the compiler has no such type. */
static inline uint64_t flow_fold_by_halves(uint64_t left, uint64_t right)
{
    uint64_t low = (left & UINT32_MAX) * (right & UINT32_MAX);
    uint64_t middle = (left >> 32) * (right & UINT32_MAX) + (low >> 32);
    uint64_t other = (left & UINT32_MAX) * (right >> 32) + (middle & UINT32_MAX);
    uint64_t high = (left >> 32) * (right >> 32) + (middle >> 32) + (other >> 32);

    return (other << 32 | (low & UINT32_MAX)) ^ high;
}

static inline uint64_t flow_fold(uint64_t left, uint64_t right)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 uint128;
    uint128 product = (uint128)left * right;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    return flow_fold_by_halves(left, right);
#endif
}

#endif
