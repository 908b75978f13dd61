#include "conversations.h"

#include "clock.h"
#include "core.h"
#include "drawing.h"
#include "field.h"
#include "program.h"
#include "session.h"
#include "span.h"
#include "tally.h"

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

/* Ends */

/* The ends of a flow as Wireshark's addresses, by who they are. */
struct ends {
    address addr[FLOW_DIRS];
    char *text[FLOW_DIRS]; /* address and port; NULL: the address stands for itself */
    uint16_t port[FLOW_DIRS];
    uint32_t flow; /* its id */
};

/*
 * tshark prints ports of what it calls TCP, UDP and SCTP alone, and of ours
 * nothing but the address: so there the address says the port.
 */
static void put_port_into(struct ends *ends, enum flow_dir dir)
{
    address *addr = &ends->addr[dir];
    char *alone = address_to_display(NULL, addr);

    ends->text[dir] =
        g_strdup_printf(addr->type == AT_IPv6 ? "[%s]:%u" : "%s:%u", alone, ends->port[dir]);
    wmem_free(NULL, alone);
    set_address(addr, AT_STRINGZ, (int)strlen(ends->text[dir]) + 1, ends->text[dir]);
}

static struct ends ends_of(const struct flow *flow)
{
    static const struct {
        int type;
        int length;
    } families[] = {
        [FLOW_LINK] = { AT_ETHER, 6 },
        [FLOW_IPV4] = { AT_IPv4, 4 },
        [FLOW_IPV6] = { AT_IPv6, 16 },
    };
    struct ends ends = { .flow = flow->id };

    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++) {
        const struct flow_end *end = flow_end_of(flow, dir);
        set_address(&ends.addr[dir], families[flow->key.family].type,
                    families[flow->key.family].length, end->addr);
        ends.port[dir] = end->port;
        if ((flow->key.bits & FLOW_TUPLE_PORTS) && fs_program_runs_once())
            put_port_into(&ends, dir);
    }
    return ends;
}

static void ends_clear(struct ends *ends)
{
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        g_free(ends->text[dir]);
}

/* Adding to Wireshark's tables, which copy what they keep */

/* What one end of a flow sent, at a time. */
struct sent {
    nstime_t abs;
    nstime_t rel; /* since the first frame of the file */
    uint64_t bytes;
    uint32_t pkts;
    enum flow_dir sender;
};

typedef void (*add_function)(conv_hash_t *hash, const struct ends *ends, const struct sent *sent);

static void conversation_add(conv_hash_t *hash, const struct ends *ends, const struct sent *sent)
{
    static ct_dissector_info_t info = { conversation_filter };
    nstime_t abs = sent->abs, rel = sent->rel;
    enum flow_dir from = sent->sender;

    add_conversation_table_data_with_conv_id(
        hash, &ends->addr[from], &ends->addr[!from], ends->port[from], ends->port[!from],
        ends->flow, (int)sent->pkts, (int)sent->bytes, &rel, &abs, &info, CONVERSATION_NONE);
}

static void endpoint_add(conv_hash_t *hash, const struct ends *ends, const struct sent *sent)
{
    static et_dissector_info_t info = { endpoint_filter };

    if (sent->pkts == 0 && sent->bytes == 0)
        return;
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        add_endpoint_table_data(hash, &ends->addr[dir], ends->port[dir], dir == sent->sender,
                                (int)sent->pkts, (int)sent->bytes, &info, ENDPOINT_NONE);
}

/* Wireshark adds an int at a time. */
static void add_in_parts(add_function add, conv_hash_t *hash, const struct ends *ends,
                         const struct sent *sent)
{
    struct sent left = *sent, part = *sent;

    do {
        part.pkts = MIN(left.pkts, INT_MAX);
        part.bytes = MIN(left.bytes, INT_MAX);
        add(hash, ends, &part);
        left.pkts -= part.pkts;
        left.bytes -= part.bytes;
    } while (left.pkts > 0 || left.bytes > 0);
}

/*
 * Which address a conversation shows first is decided when it is first heard of:
 * that of the flow's source, as if it had sent nothing.
 */
static void begin(add_function add, conv_hash_t *hash, const struct ends *ends,
                  const struct sent *first)
{
    add(hash, ends, &(struct sent){ .abs = first->abs, .rel = first->rel, .sender = FLOW_UP });
}

/* A program with windows: each packet when it comes, for it dissects all of them again. */

static tap_packet_status add_packet(add_function add, conv_hash_t *hash, packet_info *pinfo)
{
    struct flow_view view;

    if (!view_of(pinfo, &view))
        return TAP_PACKET_DONT_REDRAW;
    struct ends ends = ends_of(view.flow);
    struct sent sent = { .abs = pinfo->abs_ts,
                         .rel = pinfo->rel_ts,
                         .bytes = view.fact->wire_len,
                         .pkts = 1,
                         .sender = flow_fact_dir(view.fact) };
    begin(add, hash, &ends, &sent);
    add(hash, &ends, &sent);
    ends_clear(&ends);
    return TAP_PACKET_REDRAW;
}

/*
 * tshark, which reads a file once: packets only note that they passed, and are
 * added by flows when these have ended, for only then it is known which flow each
 * fragment belongs to.
 */
struct gathering {
    conv_hash_t *hash; /* the listener's, which lives as long as tshark */
    add_function add;
    struct flow_tally *tally;
    int64_t file_start_ns;
};

static GHashTable *gatherings; /* by hash */

static struct sent sent_at(const struct gathering *gathering, const struct flow_state *state,
                           int64_t ns)
{
    struct sent sent = { 0 };

    if (state->bits & FLOW_STATE_TIME) {
        sent.abs = fs_nstime_of(ns);
        sent.rel = fs_nstime_of(flow_span(gathering->file_start_ns, ns));
    }
    return sent;
}

static void add_flow(struct flow_view *view, void *data)
{
    const struct gathering *gathering = data;
    const struct flow_state *state = flow_view_whole(view, &flow_core);
    struct sent first = sent_at(gathering, state, state->start_ns);
    struct sent sent = sent_at(gathering, state, state->last_ns);
    struct ends ends = ends_of(view->flow);

    begin(gathering->add, gathering->hash, &ends, &first);
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++) {
        sent.sender = dir;
        sent.pkts = state->half[dir].pkts;
        sent.bytes = state->half[dir].wire_bytes;
        if (sent.pkts > 0)
            add_in_parts(gathering->add, gathering->hash, &ends, &sent);
    }
    ends_clear(&ends);
}

static void fill(void *data)
{
    struct gathering *gathering = data;

    flow_tally_each(gathering->tally, fs_session_meter(), add_flow, gathering);
    flow_tally_go_on(gathering->tally, fs_session_meter());
}

static struct gathering *gathering_of(conv_hash_t *hash, add_function add)
{
    if (!gatherings)
        gatherings = g_hash_table_new(NULL, NULL);
    struct gathering *gathering = g_hash_table_lookup(gatherings, hash);

    if (!gathering) {
        gathering = g_new(struct gathering, 1);
        *gathering = (struct gathering){ .hash = hash, .add = add, .tally = flow_tally_new(true) };
        g_hash_table_insert(gatherings, hash, gathering);
        fs_session_attach(fill, gathering);
    }
    return gathering;
}

static tap_packet_status gather(struct gathering *gathering, packet_info *pinfo)
{
    fs_start_of_file(pinfo, &gathering->file_start_ns);
    flow_tally_pass(gathering->tally, pinfo->num);
    fs_drawing_before(fill, gathering);
    return TAP_PACKET_REDRAW;
}

/* Listeners */

static tap_packet_status tapped(add_function add, conv_hash_t *hash, packet_info *pinfo,
                                tap_flags_t flags)
{
    hash->flags = flags;
    return fs_program_runs_once() ? gather(gathering_of(hash, add), pinfo)
                                  : add_packet(add, hash, pinfo);
}

static tap_packet_status add_conversation(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                                          const void *tap_data _U_, tap_flags_t flags)
{
    return tapped(conversation_add, data, pinfo, flags);
}

static tap_packet_status add_endpoints(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                                       const void *tap_data _U_, tap_flags_t flags)
{
    return tapped(endpoint_add, data, pinfo, flags);
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
