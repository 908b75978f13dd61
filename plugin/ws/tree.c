#include "tree.h"

#include "clock.h"

/* Each extension has a section of its own. */
enum { SECTIONS = FLOW_SECTION_EXTENSION + FLOW_EXTENSIONS_MAX };

/* Where a field is shown; epan keeps a pointer to what it was registered with. */
struct place {
    hf_register_info registration;
    int hf;
    unsigned section;
};

static int proto_flow;
static GPtrArray *places;     /* struct place, by field */
static GPtrArray *extensions; /* those that have fields */
static int ett_flow = -1, ett_sofar = -1, ett_section[SECTIONS];

/* The places where a kind of value meets Wireshark: its type, its display, and how to add it. */

static enum ftenum type_of(enum flow_kind kind)
{
    switch (kind) {
    case FLOW_UINT8: return FT_UINT8;
    case FLOW_UINT16:
    case FLOW_HEX16: return FT_UINT16;
    case FLOW_UINT32: return FT_UINT32;
    case FLOW_UINT64: return FT_UINT64;
    case FLOW_FRAME: return FT_FRAMENUM;
    case FLOW_FLAG: return FT_BOOLEAN;
    case FLOW_DOUBLE: return FT_DOUBLE;
    case FLOW_SPAN: return FT_RELATIVE_TIME;
    case FLOW_INSTANT: return FT_ABSOLUTE_TIME;
    case FLOW_TEXT: return FT_STRING;
    case FLOW_ADDR_MAC: return FT_ETHER;
    case FLOW_ADDR_IPV4: return FT_IPv4;
    case FLOW_ADDR_IPV6: return FT_IPv6;
    }
    return FT_NONE;
}

static int display_of(enum flow_kind kind)
{
    switch (kind) {
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_UINT32:
    case FLOW_UINT64: return BASE_DEC;
    case FLOW_HEX16: return BASE_HEX;
    case FLOW_INSTANT: return ABSOLUTE_TIME_LOCAL;
    case FLOW_FRAME:
    case FLOW_FLAG:
    case FLOW_DOUBLE:
    case FLOW_SPAN:
    case FLOW_TEXT:
    case FLOW_ADDR_MAC:
    case FLOW_ADDR_IPV4:
    case FLOW_ADDR_IPV6: break;
    }
    return BASE_NONE;
}

static proto_item *add_value(proto_tree *tree, tvbuff_t *tvb, int hf, enum flow_kind kind,
                             const struct flow_value *value)
{
    uint64_t number = value->as.number;
    ws_in4_addr addr;
    nstime_t time;

    switch (kind) {
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_HEX16:
    case FLOW_UINT32:
    case FLOW_FRAME: return proto_tree_add_uint(tree, hf, tvb, 0, 0, (uint32_t)number);
    case FLOW_UINT64: return proto_tree_add_uint64(tree, hf, tvb, 0, 0, number);
    case FLOW_FLAG: return proto_tree_add_boolean(tree, hf, tvb, 0, 0, (uint32_t)number);
    case FLOW_DOUBLE: return proto_tree_add_double(tree, hf, tvb, 0, 0, value->as.real);
    case FLOW_SPAN:
    case FLOW_INSTANT:
        time = fs_nstime_of(value->as.ns);
        return proto_tree_add_time(tree, hf, tvb, 0, 0, &time);
    case FLOW_TEXT: return proto_tree_add_string(tree, hf, tvb, 0, 0, value->as.text);
    case FLOW_ADDR_MAC: return proto_tree_add_ether(tree, hf, tvb, 0, 0, value->as.addr);
    case FLOW_ADDR_IPV4:
        memcpy(&addr, value->as.addr, sizeof addr);
        return proto_tree_add_ipv4(tree, hf, tvb, 0, 0, addr);
    case FLOW_ADDR_IPV6:
        return proto_tree_add_ipv6(tree, hf, tvb, 0, 0, (const ws_in6_addr *)value->as.addr);
    }
    return NULL;
}

static unsigned section_of(const struct flow_field *field)
{
    unsigned number;

    if (!field->extension)
        return field->section;
    if (!g_ptr_array_find(extensions, field->extension, &number)) {
        number = extensions->len;
        g_ptr_array_add(extensions, (void *)field->extension);
    }
    return FLOW_SECTION_EXTENSION + number;
}

void fs_tree_register_more(void)
{
    for (size_t i = places->len; i < flow_field_count; i++) {
        const struct flow_field *field = &flow_fields[i];
        struct place *place = g_new0(struct place, 1);

        place->hf = -1;
        place->section = section_of(field);
        place->registration = (hf_register_info){
            &place->hf,
            { field->label, g_strconcat(FLOW_PREFIX ".", field->name, NULL), type_of(field->kind),
              display_of(field->kind), NULL, 0, field->help, HFILL },
        };
        g_ptr_array_add(places, place);
        proto_register_field_array(proto_flow, &place->registration, 1);
    }
}

void fs_tree_register(int proto)
{
    int *ett[SECTIONS + 2] = { &ett_flow, &ett_sofar };

    proto_flow = proto;
    places = g_ptr_array_new();
    extensions = g_ptr_array_new();
    fs_tree_register_more();

    for (size_t i = 0; i < SECTIONS; i++) {
        ett_section[i] = -1;
        ett[i + 2] = &ett_section[i];
    }
    proto_register_subtree_array(ett, (int)G_N_ELEMENTS(ett));
}

/* What the lines of the tree say in short. */

static const char *amount(packet_info *pinfo, uint64_t bytes)
{
    static const char units[] = "kMGTPE";
    double value = (double)bytes;
    unsigned unit = 0;

    if (bytes < 1000)
        return wmem_strdup_printf(pinfo->pool, "%" G_GUINT64_FORMAT " B", bytes);
    for (value /= 1000; value >= 999.5 && units[unit + 1]; unit++)
        value /= 1000;
    return wmem_strdup_printf(pinfo->pool, value < 9.95 ? "%.1f %cB" : "%.0f %cB", value,
                              units[unit]);
}

static const char *milliseconds(packet_info *pinfo, int64_t ns)
{
    return wmem_strdup_printf(pinfo->pool, "%.3g ms", (double)ns / 1e6);
}

static bool has_rtt(const struct flow_state *state)
{
    return (state->bits & FLOW_STATE_SYN_TIME) && (state->bits & FLOW_STATE_ACK_TIME);
}

static void append_state(proto_item *item, packet_info *pinfo, const struct flow_state *state,
                         const char *separator)
{
    if (!(state->bits & FLOW_STATE_TCP))
        return;
    proto_item_append_text(item, "%s%s", separator,
                           flow_tcp_state_name((enum flow_tcp_state)state->tcp_state));
    if (has_rtt(state))
        proto_item_append_text(item, ", RTT %s",
                               milliseconds(pinfo, state->ack_ns - state->syn_ns));
}

static uint32_t packets(const struct flow_state *state)
{
    return state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

proto_item *fs_tree_add_root(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
                             struct flow_view *view)
{
    const struct flow_state *so_far = flow_view_so_far(view);
    const struct flow_state *known = view->whole ? view->whole : so_far;
    const char *tuple = flow_field_value(flow_field_named("tuple"), view).as.text;
    proto_item *item = proto_tree_add_item(tree, proto_flow, tvb, 0, 0, ENC_NA);

    proto_item_set_generated(item);
    proto_item_append_text(item, ": flow %u, %s, packet %u", view->flow->id, tuple,
                           packets(so_far));
    if (view->whole)
        proto_item_append_text(item, " of %u", packets(view->whole));
    proto_item_append_text(item, ", %s up, %s down", amount(pinfo, known->half[FLOW_UP].bytes),
                           amount(pinfo, known->half[FLOW_DOWN].bytes));
    append_state(item, pinfo, known, ", ");
    return item;
}

static const char *half_text(packet_info *pinfo, const struct flow_half *half)
{
    return wmem_strdup_printf(pinfo->pool, "%u packet%s, %s", half->pkts,
                              half->pkts == 1 ? "" : "s", amount(pinfo, half->bytes));
}

static proto_tree *add_section(proto_tree *parent, tvbuff_t *tvb, packet_info *pinfo,
                               unsigned section, const struct flow_state *state)
{
    static const char *const titles[FLOW_SECTION_EXTENSION] = {
        [FLOW_SECTION_IDENTITY] = "Identity",
        [FLOW_SECTION_PACKET] = "This packet",
        [FLOW_SECTION_TOTAL] = "Both directions",
        [FLOW_SECTION_UP] = "Up",
        [FLOW_SECTION_DOWN] = "Down",
        [FLOW_SECTION_TCP] = "TCP",
    };
    const char *title =
        section < FLOW_SECTION_EXTENSION
            ? titles[section]
            : ((const struct flow_extension *)extensions->pdata[section - FLOW_SECTION_EXTENSION])
                  ->title;
    proto_item *item;
    proto_tree *tree =
        proto_tree_add_subtree(parent, tvb, 0, 0, ett_section[section], &item, title);

    proto_item_set_generated(item);
    if (state && section == FLOW_SECTION_UP)
        proto_item_append_text(item, ": %s", half_text(pinfo, &state->half[FLOW_UP]));
    else if (state && section == FLOW_SECTION_DOWN)
        proto_item_append_text(item, ": %s", half_text(pinfo, &state->half[FLOW_DOWN]));
    else if (state && section == FLOW_SECTION_TCP)
        append_state(item, pinfo, state, ": ");
    return tree;
}

/* The fields of one reading, each in its section. */
static void add_reading(proto_tree *parent, tvbuff_t *tvb, packet_info *pinfo,
                        struct flow_view *view, bool is_sofar)
{
    proto_tree *sections[SECTIONS] = { NULL };

    for (size_t i = 0; i < flow_field_count; i++) {
        const struct flow_field *field = &flow_fields[i];
        const struct place *place = places->pdata[i];
        if ((field->scope == FLOW_SCOPE_SOFAR) != is_sofar)
            continue;
        struct flow_value value = flow_field_value(field, view);
        if (!value.known)
            continue;

        proto_tree **section = &sections[place->section];
        if (!*section)
            *section = add_section(parent, tvb, pinfo, place->section,
                                   is_sofar ? flow_view_so_far(view) : view->whole);
        proto_item_set_generated(add_value(*section, tvb, place->hf, field->kind, &value));
    }
}

void fs_tree_add_fields(proto_item *root, tvbuff_t *tvb, packet_info *pinfo, struct flow_view *view,
                        bool with_sofar)
{
    proto_tree *flow_tree = proto_item_add_subtree(root, ett_flow);
    proto_item *item;

    add_reading(flow_tree, tvb, pinfo, view, false);
    if (!with_sofar)
        return;
    proto_tree *sofar_tree =
        proto_tree_add_subtree(flow_tree, tvb, 0, 0, ett_sofar, &item, "So far");
    proto_item_set_generated(item);
    add_reading(sofar_tree, tvb, pinfo, view, true);
}
