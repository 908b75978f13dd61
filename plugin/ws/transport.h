#ifndef FLOWSTATS_TRANSPORT_H
#define FLOWSTATS_TRANSPORT_H

#include "bytes.h"

#include <stdbool.h>

/* Transport headers: which have ports, and how long they are. */

bool fs_has_ports(uint8_t protocol);

/* Find where a TCP header ends; false where the byte that says so was not captured. */
static inline bool fs_tcp_header(const uint8_t *header, uint32_t captured, uint32_t *ret_length)
{
    if (captured <= 12)
        return false;
    *ret_length = (header[12] >> 4) * 4u;
    return true;
}

/* Likewise for any transport protocol; the length is 0 for those that have no header here. */
bool fs_transport_header(uint8_t protocol, const uint8_t *header, uint32_t captured,
                         uint32_t *ret_length);

/* Where in a transport header its checksum is; 0: it has none of 16 bits. */
uint32_t fs_checksum_at(uint8_t protocol);

#endif
