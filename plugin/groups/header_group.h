#ifndef FLOWSTATS_GROUPS_HEADER_GROUP_H
#define FLOWSTATS_GROUPS_HEADER_GROUP_H

#include <flowstats/extension.h>

/* What the IP and TCP headers of a flow said, each way. */

enum { HEADERS_TCP_FLAGS = 8 };

enum headers_half_bits {
    HEADERS_IP = 1 << 0,      /* a packet came: the members that are of IP are known */
    HEADERS_TCP = 1 << 1,     /* a segment came: tcp_flags and win_init are known */
    HEADERS_WINDOW = 1 << 2,  /* win_min and win_max are known */
    HEADERS_OPTIONS = 1 << 3, /* a SYN came whose options were captured: options is known */
};

struct headers_half {
    uint32_t dscp_changes;
    uint32_t ect0; /* packets, by ECN field */
    uint32_t ect1;
    uint32_t ce;
    uint32_t first_label; /* the IPv6 flow label */
    uint32_t last_label;
    uint32_t label_changes;
    uint32_t flag_count[HEADERS_TCP_FLAGS]; /* segments, by bit of enum flow_tcp_flags */
    struct flow_tcp_options options;        /* of the last SYN */
    uint16_t win_init;                      /* as sent: none of the windows is scaled */
    uint16_t win_min;
    uint16_t win_max;
    uint8_t ttl_min;
    uint8_t ttl_max;
    uint8_t first_dscp;
    uint8_t last_dscp;
    uint8_t tcp_flags; /* of all segments */
    uint8_t bits;      /* enum headers_half_bits */
    uint8_t unused[2];
};

struct headers_state {
    struct headers_half half[FLOW_DIRS];
};

extern const struct flow_group flow_headers;

#endif
