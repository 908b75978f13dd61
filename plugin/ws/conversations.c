#include "conversations.h"

#include "arguments.h"
#include "session.h"

#include "field.h"
#include <epan/conversation_filter.h>
#include <epan/conversation_table.h>
#include <epan/to_str.h>

static const char *address_field(const address *of)
{
    switch (of->type) {
    case AT_IPv4: return "ip.addr";
    case AT_IPv6: return "ipv6.addr";
    default: return "eth.addr";
    }
}

/*
 * Wireshark builds a filter "NAME==ADDRESS" from what this returns, for one
 * address or for both.  The number of the flow goes before the name, so that
 * the filter selects this flow alone, whatever else has the same addresses.
 */
static const char *conversation_filter(conv_item_t *item, conv_filter_type_e type)
{
    static char filters[3][64];
    static const char *const fields[3][3] = {
        { "ip.src", "ip.dst", "ip.addr" },
        { "ipv6.src", "ipv6.dst", "ipv6.addr" },
        { "eth.src", "eth.dst", "eth.addr" },
    };
    unsigned family = item->src_address.type == AT_IPv4   ? 0
                      : item->src_address.type == AT_IPv6 ? 1
                                                          : 2;
    unsigned which;

    switch (type) {
    case CONV_FT_SRC_ADDRESS: which = 0; break;
    case CONV_FT_DST_ADDRESS: which = 1; break;
    case CONV_FT_ANY_ADDRESS: which = 2; break;
    default: return CONV_FILTER_INVALID;
    }
    g_snprintf(filters[which], sizeof filters[which], FLOW_PREFIX ".id==%u && %s", item->conv_id,
               fields[family][which]);
    return filters[which];
}

static const char *endpoint_filter(endpoint_item_t *item, conv_filter_type_e type)
{
    static char filter[128];

    if (type != CONV_FT_ANY_ADDRESS)
        return CONV_FILTER_INVALID;
    g_snprintf(filter, sizeof filter,
               "(" FLOW_PREFIX ".srcport==%u || " FLOW_PREFIX ".dstport==%u) && %s", item->port,
               item->port, address_field(&item->myaddress));
    return item->port ? filter : address_field(&item->myaddress);
}

static bool view_of(packet_info *pinfo, struct flow_view *ret_view)
{
    return fs_session_meter() && flow_meter_view(fs_session_meter(), pinfo->num, false, ret_view);
}

/* A tapped packet: its flow, who sent it, and the flow's ends as Wireshark's addresses. */
struct tapped {
    struct flow_view view;
    address end[FLOW_DIRS];
    uint16_t port[FLOW_DIRS];
    enum flow_dir sender;
};

/*
 * tshark prints ports of what it calls TCP, UDP and SCTP alone, and of ours
 * nothing but the address: so there the address says the port.
 */
static void put_port_into(address *end, uint16_t port, wmem_allocator_t *pool)
{
    const char *form = end->type == AT_IPv6 ? "[%s]:%u" : "%s:%u";
    char *text = wmem_strdup_printf(pool, form, address_to_display(pool, end), port);

    set_address(end, AT_STRINGZ, (int)strlen(text) + 1, text);
}

static bool read_tapped(packet_info *pinfo, struct tapped *ret_tapped)
{
    static const struct {
        int type;
        int length;
    } families[] = {
        [FLOW_LINK] = { AT_ETHER, 6 },
        [FLOW_IPV4] = { AT_IPv4, 4 },
        [FLOW_IPV6] = { AT_IPv6, 16 },
    };

    if (!view_of(pinfo, &ret_tapped->view))
        return false;
    const struct flow *flow = ret_tapped->view.flow;
    ret_tapped->sender = flow_fact_dir(ret_tapped->view.fact);
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++) {
        const struct flow_end *end = flow_end_of(flow, dir);
        set_address(&ret_tapped->end[dir], families[flow->key.family].type,
                    families[flow->key.family].length, end->addr);
        ret_tapped->port[dir] = end->port;
        if ((flow->key.bits & FLOW_TUPLE_PORTS) && fs_arguments_are_of_tshark())
            put_port_into(&ret_tapped->end[dir], end->port, pinfo->pool);
    }
    return true;
}

static tap_packet_status add_conversation(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                                          const void *tap_data _U_, tap_flags_t flags)
{
    static ct_dissector_info_t info = { conversation_filter };
    conv_hash_t *hash = data;
    struct tapped packet;

    hash->flags = flags;
    if (!read_tapped(pinfo, &packet))
        return TAP_PACKET_DONT_REDRAW;
    enum flow_dir from = packet.sender;
    add_conversation_table_data_with_conv_id(
        hash, &packet.end[from], &packet.end[!from], packet.port[from], packet.port[!from],
        packet.view.flow->id, 1, (int)packet.view.fact->wire_len, &pinfo->rel_ts, &pinfo->abs_ts,
        &info, CONVERSATION_NONE);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status add_endpoints(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                                       const void *tap_data _U_, tap_flags_t flags)
{
    static et_dissector_info_t info = { endpoint_filter };
    conv_hash_t *hash = data;
    struct tapped packet;

    hash->flags = flags;
    if (!read_tapped(pinfo, &packet))
        return TAP_PACKET_DONT_REDRAW;
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        add_endpoint_table_data(hash, &packet.end[dir], packet.port[dir], dir == packet.sender, 1,
                                (int)packet.view.fact->wire_len, &info, ENDPOINT_NONE);
    return TAP_PACKET_REDRAW;
}

static ws_bool has_flow(packet_info *pinfo WS_CONVERSATION_FILTER_DATA)
{
    struct flow_view view;

    return view_of(pinfo, &view);
}

static char *flow_filter(packet_info *pinfo WS_CONVERSATION_FILTER_DATA)
{
    struct flow_view view;

    return view_of(pinfo, &view) ? g_strdup_printf(FLOW_PREFIX ".id == %u", view.flow->id) : NULL;
}

void fs_conversations_register(int proto)
{
    register_conversation_table(proto, FALSE, add_conversation, add_endpoints);
    ws_register_conversation_filter(FLOW_PREFIX, "Flow", has_flow, flow_filter);
}
