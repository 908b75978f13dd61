#include "hash.h"

#include <glib.h>
#include <string.h>

static uint64_t random_seed(void)
{
    return ((uint64_t)g_random_int() << 32 | g_random_int()) | 1;
}

/* Multiply and fold, eight bytes a step, as wyhash does; the rest is filled up with zeros. */
uint64_t flow_digest(uint64_t before, const void *data, size_t size)
{
    static uint64_t seed[2];
    const uint8_t *bytes = data;
    uint64_t hash, word;

    if (!seed[0]) {
        seed[0] = random_seed();
        seed[1] = random_seed();
    }
    hash = seed[0] ^ before ^ size;
    for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = flow_fold(hash ^ word, seed[1]);
    }
    if (size > 0) {
        word = 0;
        memcpy(&word, bytes, size);
        hash = flow_fold(hash ^ word, seed[1]);
    }
    return hash;
}

unsigned flow_hash_after(uint64_t before, const void *data, size_t size)
{
    uint64_t hash = flow_digest(before, data, size);

    return (unsigned)(hash ^ hash >> 32);
}

unsigned flow_hash(const void *data, size_t size)
{
    return flow_hash_after(0, data, size);
}

unsigned flow_hash_text(const void *text)
{
    return flow_hash(text, strlen(text));
}
