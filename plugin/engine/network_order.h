#ifndef FLOWSTATS_ENGINE_NETWORK_ORDER_H
#define FLOWSTATS_ENGINE_NETWORK_ORDER_H

#include <stdint.h>

/* Numbers as headers have them, the most significant byte first (RFC 1700). */

static inline uint16_t flow_be16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t flow_be32(const uint8_t *data)
{
    return (uint32_t)flow_be16(data) << 16 | flow_be16(data + 2);
}

#endif
