#include "value_text.h"

#include "member.h"
#include "number_text.h"

#include <epan/to_str.h>

const char *fs_value_text(enum flow_kind kind, const struct flow_value *value,
                          char text[FS_VALUE_TEXT_LEN], bool *ret_is_number)
{
    address addr;

    *ret_is_number = true;
    switch (flow_member_of(kind)) {
    case FLOW_MEMBER_NUMBER: return flow_integer_text(value->as.number, text);
    case FLOW_MEMBER_REAL: return flow_real_text(value->as.real, text);
    case FLOW_MEMBER_NS: return flow_seconds_text(value->as.ns, text);
    case FLOW_MEMBER_TEXT: *ret_is_number = false; return value->as.text;
    case FLOW_MEMBER_ADDR: break;
    }
    *ret_is_number = false;
    set_address(&addr,
                kind == FLOW_ADDR_MAC    ? AT_ETHER
                : kind == FLOW_ADDR_IPV4 ? AT_IPv4
                                         : AT_IPv6,
                (int)flow_addr_len(kind), value->as.addr);
    address_to_str_buf(&addr, text, FS_VALUE_TEXT_LEN);
    return text;
}
