#ifndef FLOWSTATS_ENGINE_MEMBER_H
#define FLOWSTATS_ENGINE_MEMBER_H

#include <flowstats/packet.h>
#include <flowstats/value.h>

/* Which member of struct flow_value has the value of a kind. */
enum flow_member {
    FLOW_MEMBER_NUMBER,
    FLOW_MEMBER_REAL,
    FLOW_MEMBER_NS,
    FLOW_MEMBER_TEXT,
    FLOW_MEMBER_ADDR,
};

static inline enum flow_member flow_member_of(enum flow_kind kind)
{
    switch (kind) {
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_UINT32:
    case FLOW_UINT64:
    case FLOW_HEX16:
    case FLOW_HEX32:
    case FLOW_FRAME:
    case FLOW_FLAG: break;
    case FLOW_DOUBLE: return FLOW_MEMBER_REAL;
    case FLOW_SPAN:
    case FLOW_INSTANT: return FLOW_MEMBER_NS;
    case FLOW_TEXT: return FLOW_MEMBER_TEXT;
    case FLOW_ADDR_MAC:
    case FLOW_ADDR_IPV4:
    case FLOW_ADDR_IPV6: return FLOW_MEMBER_ADDR;
    }
    return FLOW_MEMBER_NUMBER;
}

/* Bytes of an address of a kind. */
static inline size_t flow_addr_len(enum flow_kind kind)
{
    return kind == FLOW_ADDR_MAC ? FLOW_MAC_LEN : kind == FLOW_ADDR_IPV4 ? 4 : FLOW_ADDR_LEN;
}

#endif
