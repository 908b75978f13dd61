#ifndef FLOWSTATS_VALUE_H
#define FLOWSTATS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* What can be said of a flow or a packet, and how it is to be shown. */
enum flow_kind {
    FLOW_UINT8, /* as.number, decimal */
    FLOW_UINT16,
    FLOW_UINT32,
    FLOW_UINT64,
    FLOW_HEX16, /* as.number, hexadecimal */
    FLOW_HEX32,
    FLOW_FRAME,    /* as.number: a frame number, a link in the tree */
    FLOW_FLAG,     /* as.number: 1; a flag that is not set is absent */
    FLOW_DOUBLE,   /* as.real */
    FLOW_SPAN,     /* as.ns: a duration */
    FLOW_INSTANT,  /* as.ns: a point in time, since the epoch */
    FLOW_TEXT,     /* as.text: UTF-8, valid until the next value from the same view */
    FLOW_ADDR_MAC, /* as.addr: in network order, valid as long as the flow */
    FLOW_ADDR_IPV4,
    FLOW_ADDR_IPV6,
};

struct flow_value {
    bool known; /* false: say nothing rather than 0 */
    union {
        uint64_t number;
        double real;
        int64_t ns;
        const char *text;
        const uint8_t *addr;
    } as;
};

/* The name of a number, laid out as Wireshark's value_string; a list ends with name NULL. */
struct flow_name {
    uint32_t number;
    const char *name;
};

#endif
