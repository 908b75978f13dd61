#include "value_text.h"

#include "member.h"
#include "number_text.h"

#include <epan/to_str.h>
#include <string.h>

static char *put_addr(char *at, enum flow_kind kind, const uint8_t *bytes)
{
    address addr;

    set_address(&addr,
                kind == FLOW_ADDR_MAC    ? AT_ETHER
                : kind == FLOW_ADDR_IPV4 ? AT_IPv4
                                         : AT_IPv6,
                (int)flow_addr_len(kind), bytes);
    address_to_str_buf(&addr, at, FS_VALUE_TEXT_LEN);
    return at + strlen(at);
}

/* Write what is not text itself; return its end. */
static char *put_value(char *at, enum flow_kind kind, struct flow_value value)
{
    switch (flow_member_of(kind)) {
    case FLOW_MEMBER_NUMBER: return flow_put_integer(at, value.as.number);
    case FLOW_MEMBER_REAL: return flow_put_real(at, value.as.real);
    case FLOW_MEMBER_NS: return flow_put_seconds(at, value.as.ns);
    case FLOW_MEMBER_ADDR: return put_addr(at, kind, value.as.addr);
    case FLOW_MEMBER_TEXT: break;
    }
    return at;
}

const char *fs_value_text(enum flow_kind kind, const struct flow_value *value,
                          char text[FS_VALUE_TEXT_LEN], bool *ret_is_number)
{
    enum flow_member member = flow_member_of(kind);

    *ret_is_number = member != FLOW_MEMBER_TEXT && member != FLOW_MEMBER_ADDR;
    if (member == FLOW_MEMBER_TEXT)
        return value->as.text;
    put_value(text, kind, *value);
    return text;
}

/* Numbers are written where they stay: to copy them would take as long again. */
void fs_value_append(GString *out, enum flow_kind kind, struct flow_value value)
{
    size_t length = out->len;

    if (out->allocated_len - length < FS_VALUE_TEXT_LEN)
        g_string_set_size(out, length + FS_VALUE_TEXT_LEN);
    out->len = (size_t)(put_value(out->str + length, kind, value) - out->str);
}
