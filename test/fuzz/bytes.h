#ifndef TEST_FUZZ_BYTES_H
#define TEST_FUZZ_BYTES_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of the fuzzer, taken from the front; behind their end all are zero. */
struct bytes {
    const uint8_t *data;
    size_t left;
};

static inline void take(struct bytes *bytes, void *ret_data, size_t size)
{
    size_t here = MIN(size, bytes->left);

    memset(ret_data, 0, size);
    memcpy(ret_data, bytes->data, here);
    bytes->data += here;
    bytes->left -= here;
}

static inline uint8_t take8(struct bytes *bytes)
{
    uint8_t value;

    take(bytes, &value, sizeof value);
    return value;
}

static inline uint16_t take16(struct bytes *bytes)
{
    uint16_t value;

    take(bytes, &value, sizeof value);
    return value;
}

static inline uint32_t take32(struct bytes *bytes)
{
    uint32_t value;

    take(bytes, &value, sizeof value);
    return value;
}

/* What must be true of all inputs. */
#define HOLDS(expression)                                                                          \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            g_printerr("%s:%d: %s does not hold\n", __FILE__, __LINE__, #expression);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
