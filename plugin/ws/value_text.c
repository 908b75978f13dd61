#include "value_text.h"

#include "number_text.h"

#include <epan/to_str.h>

const char *fs_value_text(enum flow_kind kind, const struct flow_value *value,
                          char text[FS_VALUE_TEXT_LEN], bool *ret_is_number)
{
    address addr;

    *ret_is_number = true;
    switch (kind) {
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_UINT32:
    case FLOW_UINT64:
    case FLOW_HEX16:
    case FLOW_HEX32:
    case FLOW_FRAME:
    case FLOW_FLAG: return flow_integer_text(value->as.number, text);
    case FLOW_DOUBLE: return flow_real_text(value->as.real, text);
    case FLOW_SPAN:
    case FLOW_INSTANT: return flow_seconds_text(value->as.ns, text);
    case FLOW_TEXT: *ret_is_number = false; return value->as.text;
    case FLOW_ADDR_MAC: set_address(&addr, AT_ETHER, 6, value->as.addr); break;
    case FLOW_ADDR_IPV4: set_address(&addr, AT_IPv4, 4, value->as.addr); break;
    case FLOW_ADDR_IPV6: set_address(&addr, AT_IPv6, 16, value->as.addr); break;
    }
    *ret_is_number = false;
    address_to_str_buf(&addr, text, FS_VALUE_TEXT_LEN);
    return text;
}
