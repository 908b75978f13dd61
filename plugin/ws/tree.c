#include "tree.h"

#include "clock.h"
#include "session.h"

/* Each extension has a section of its own; in one more are the sections of what was so far. */
enum {
    SECTION_SO_FAR = FLOW_SECTION_EXTENSION + FLOW_EXTENSIONS_MAX,
    SECTIONS,
};

/* A section is an item without a value: its name stays the same in JSON, where that counts. */
struct section {
    hf_register_info registration;
    int hf;
    int ett;
};

/* Where a field is shown; epan keeps a pointer to what it was registered with. */
struct place {
    hf_register_info registration;
    int hf;
    unsigned section;
    size_t field; /* in flow_fields */
};

/* What the flow is as a whole, with what does not change; and what it was up to the packet. */
enum reading { WHOLE, SO_FAR, READINGS };

static int proto_flow;
static GPtrArray *places[READINGS]; /* struct place, in the order of the fields */
static GPtrArray *extensions;       /* those that have fields */
static struct section sections[SECTIONS];
static int ett_flow = -1;

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

static void register_section(unsigned number, const char *name, const char *title)
{
    struct section *section = &sections[number];

    section->hf = -1;
    section->registration = (hf_register_info){
        &section->hf,
        { title, g_strconcat(FLOW_PREFIX ".section.", name, NULL), FT_NONE, BASE_NONE, NULL, 0,
          NULL, HFILL },
    };
    proto_register_field_array(proto_flow, &section->registration, 1);
}

static unsigned section_of(const struct flow_field *field)
{
    unsigned number;

    if (!field->extension)
        return field->section;
    if (!g_ptr_array_find(extensions, field->extension, &number)) {
        number = extensions->len;
        g_ptr_array_add(extensions, (void *)field->extension);
        register_section(FLOW_SECTION_EXTENSION + number, field->extension->name,
                         field->extension->title);
    }
    return FLOW_SECTION_EXTENSION + number;
}

void fs_tree_register_more(void)
{
    for (size_t i = places[WHOLE]->len + places[SO_FAR]->len; i < flow_field_count; i++) {
        const struct flow_field *field = &flow_fields[i];
        struct place *place = g_new0(struct place, 1);

        place->hf = -1;
        place->section = section_of(field);
        place->field = i;
        place->registration = (hf_register_info){
            &place->hf,
            { field->label, g_strconcat(FLOW_PREFIX ".", field->name, NULL), type_of(field->kind),
              display_of(field->kind), NULL, 0, field->help, HFILL },
        };
        g_ptr_array_add(places[field->scope == FLOW_SCOPE_SOFAR ? SO_FAR : WHOLE], place);
        proto_register_field_array(proto_flow, &place->registration, 1);
    }
}

void fs_tree_register(int proto)
{
    static const struct {
        unsigned section;
        const char *name, *title;
    } own[] = {
        { FLOW_SECTION_IDENTITY, "identity", "Identity" },
        { FLOW_SECTION_PACKET, "packet", "This packet" },
        { FLOW_SECTION_TOTAL, "total", "Both directions" },
        { FLOW_SECTION_UP, "up", "Up" },
        { FLOW_SECTION_DOWN, "down", "Down" },
        { FLOW_SECTION_TCP, "tcp", "TCP" },
        { SECTION_SO_FAR, "sofar", "So far" },
    };
    int *ett[SECTIONS + 1] = { &ett_flow };

    proto_flow = proto;
    for (size_t i = 0; i < READINGS; i++)
        places[i] = g_ptr_array_new();
    extensions = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        register_section(own[i].section, own[i].name, own[i].title);
    fs_tree_register_more();

    for (size_t i = 0; i < SECTIONS; i++) {
        sections[i].ett = -1;
        ett[i + 1] = &sections[i].ett;
    }
    proto_register_subtree_array(ett, (int)G_N_ELEMENTS(ett));
}

/*
 * What lines say in short of those below them.  Wireshark makes no text before
 * it is shown, but for lines like these: so they are made of integers, and
 * those of the sections only for windows, which fold what is below.
 */

enum { SHORT = 16, LONG = 64 };

static const char *amount(uint64_t bytes, char text[SHORT])
{
    static const char units[] = "kMGTPE";
    uint64_t unit = 1000;
    size_t prefix = 0;

    if (bytes < 1000) {
        g_snprintf(text, SHORT, "%u B", (unsigned)bytes);
        return text;
    }
    while (bytes / unit >= 1000 || (bytes / unit == 999 && bytes % unit >= unit / 2)) {
        unit *= 1000;
        prefix++;
    }
    unsigned tenths = (unsigned)((bytes + unit / 20) / (unit / 10));
    if (tenths < 100)
        g_snprintf(text, SHORT, "%u.%u %cB", tenths / 10, tenths % 10, units[prefix]);
    else
        g_snprintf(text, SHORT, "%u %cB", (unsigned)((bytes + unit / 2) / unit), units[prefix]);
    return text;
}

/* Three digits, and all that stand before the point. */
static const char *milliseconds(int64_t ns, char text[LONG])
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, step = 1, scale = 1000000;
    const char *sign = ns < 0 ? "-" : "";
    int decimals = 6;

    /* A step is one of the last digit that is shown; a millisecond has scale of them. */
    for (; decimals > 0 && (size + step / 2) / step >= 1000; decimals--) {
        step *= 10;
        scale /= 10;
    }
    size = (size + step / 2) / step;
    if (decimals == 0)
        g_snprintf(text, LONG, "%s%" G_GUINT64_FORMAT, sign, size);
    else
        g_snprintf(text, LONG, "%s%u.%0*u", sign, (unsigned)(size / scale), decimals,
                   (unsigned)(size % scale));
    return text;
}

/* Behind a separator; empty where it is no TCP. */
static const char *state_text(const struct flow_state *state, const char *separator,
                              char text[LONG])
{
    char rtt[LONG];
    const char *name = flow_tcp_state_name((enum flow_tcp_state)state->tcp.state);
    int64_t rtt_ns;

    *text = '\0';
    if (!(state->bits & FLOW_STATE_TCP))
        return text;
    if (flow_tcp_span(&state->tcp, FLOW_TCP_RTT, &rtt_ns))
        g_snprintf(text, LONG, "%s%s, RTT %s ms", separator, name, milliseconds(rtt_ns, rtt));
    else
        g_snprintf(text, LONG, "%s%s", separator, name);
    return text;
}

static uint32_t packets(const struct flow_state *state)
{
    return state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

/* Whether the tree is one that somebody may look at, and not only one to take values from. */
static bool is_visible(proto_tree *tree)
{
    return PTREE_DATA(tree)->visible;
}

static void set_root_text(proto_item *item, struct flow_view *view)
{
    const struct flow_state *so_far = flow_view_so_far(view);
    const struct flow_state *known = view->whole ? view->whole : so_far;
    const char *tuple = flow_field_value(flow_field_named("tuple"), view).as.text;
    char of[SHORT] = "", up[SHORT], down[SHORT], state[LONG];

    if (view->whole)
        g_snprintf(of, sizeof of, " of %u", packets(view->whole));
    proto_item_set_text(item, "%s: flow %u, %s, packet %u%s, %s up, %s down%s",
                        proto_get_protocol_name(proto_flow), view->flow->id, tuple, packets(so_far),
                        of, amount(known->half[FLOW_UP].bytes, up),
                        amount(known->half[FLOW_DOWN].bytes, down), state_text(known, ", ", state));
}

proto_item *fs_tree_add_root(proto_tree *tree, tvbuff_t *tvb, struct flow_view *view)
{
    proto_item *item = proto_tree_add_item(tree, proto_flow, tvb, 0, 0, ENC_NA);

    proto_item_set_generated(item);
    if (is_visible(tree))
        set_root_text(item, view);
    return item;
}

static void append_half(proto_item *item, const struct flow_half *half)
{
    char bytes[SHORT];

    proto_item_append_text(item, ": %u packet%s, %s", half->pkts, half->pkts == 1 ? "" : "s",
                           amount(half->bytes, bytes));
}

static void append_summary(proto_item *item, unsigned section, const struct flow_state *state)
{
    char text[LONG];

    switch (section) {
    case FLOW_SECTION_UP: append_half(item, &state->half[FLOW_UP]); break;
    case FLOW_SECTION_DOWN: append_half(item, &state->half[FLOW_DOWN]); break;
    case FLOW_SECTION_TCP: proto_item_append_text(item, "%s", state_text(state, ": ", text)); break;
    default: break;
    }
}

/* state: what the section is about; NULL where there is nothing to say in short. */
static proto_tree *add_section(proto_tree *parent, tvbuff_t *tvb, unsigned section,
                               const struct flow_state *state)
{
    proto_item *item = proto_tree_add_item(parent, sections[section].hf, tvb, 0, 0, ENC_NA);

    proto_item_set_generated(item);
    if (state && is_visible(parent) && fs_session_has_windows())
        append_summary(item, section, state);
    return proto_item_add_subtree(item, sections[section].ett);
}

/* proto_field_is_referenced() of a tree that is not visible, which looks the field up first. */
static bool is_asked_for(const struct place *place)
{
    return place->registration.hfinfo.ref_type != HF_REF_TYPE_NONE ||
           sections[place->section].registration.hfinfo.ref_type != HF_REF_TYPE_NONE;
}

/* The fields of one reading that are asked for, each in its section. */
static void add_reading(proto_tree *parent, tvbuff_t *tvb, struct flow_view *view,
                        enum reading reading)
{
    const struct flow_state *state = reading == SO_FAR ? flow_view_so_far(view) : view->whole;
    proto_tree *trees[SECTIONS] = { NULL };
    bool is_all = is_visible(parent);

    for (unsigned i = 0; i < places[reading]->len; i++) {
        const struct place *place = places[reading]->pdata[i];
        if (!is_all && !is_asked_for(place))
            continue;
        const struct flow_field *field = &flow_fields[place->field];
        struct flow_value value = flow_field_value_at(field, view, state);
        if (!value.known)
            continue;

        proto_tree **tree = &trees[place->section];
        if (!*tree)
            *tree = add_section(parent, tvb, place->section, state);
        proto_item_set_generated(add_value(*tree, tvb, place->hf, field->kind, &value));
    }
}

void fs_tree_add_fields(proto_item *root, tvbuff_t *tvb, struct flow_view *view, bool with_sofar)
{
    proto_tree *tree = proto_item_add_subtree(root, ett_flow);

    add_reading(tree, tvb, view, WHOLE);
    if (with_sofar)
        add_reading(add_section(tree, tvb, SECTION_SO_FAR, NULL), tvb, view, SO_FAR);
}
