#include "value_text.h"

#include <epan/to_str.h>

/*
 * A file has as many values as it has rows times columns, nearly all of them
 * integers; printf takes ten times as long for one as its digits do.
 */

/* The digits of a number that end before the end of a text; at least so many. */
static char *digits_before(char *end, uint64_t number, int least)
{
    for (; number > 0 || least > 0; number /= 10, least--)
        *--end = (char)('0' + number % 10);
    return end;
}

static const char *integer_text(uint64_t number, char text[FS_VALUE_TEXT_LEN])
{
    char *end = text + FS_VALUE_TEXT_LEN - 1;

    *end = '\0';
    return digits_before(end, number, 1);
}

/* Seconds with all nine decimals; the sign stands also before a zero. */
static const char *seconds_text(int64_t ns, char text[FS_VALUE_TEXT_LEN])
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    char *at = text + FS_VALUE_TEXT_LEN - 1;

    *at = '\0';
    at = digits_before(at, size % 1000000000, 9);
    *--at = '.';
    at = digits_before(at, size / 1000000000, 1);
    if (ns < 0)
        *--at = '-';
    return at;
}

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
    case FLOW_FLAG: return integer_text(value->as.number, text);
    case FLOW_DOUBLE: return g_ascii_formatd(text, FS_VALUE_TEXT_LEN, "%.15g", value->as.real);
    case FLOW_SPAN:
    case FLOW_INSTANT: return seconds_text(value->as.ns, text);
    case FLOW_TEXT: *ret_is_number = false; return value->as.text;
    case FLOW_ADDR_MAC: set_address(&addr, AT_ETHER, 6, value->as.addr); break;
    case FLOW_ADDR_IPV4: set_address(&addr, AT_IPv4, 4, value->as.addr); break;
    case FLOW_ADDR_IPV6: set_address(&addr, AT_IPv6, 16, value->as.addr); break;
    }
    *ret_is_number = false;
    address_to_str_buf(&addr, text, FS_VALUE_TEXT_LEN);
    return text;
}
