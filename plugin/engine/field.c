#include <flowstats/field.h>

#include "text.h"

#include <glib.h>
#include <string.h>

/* The words that the rows' expressions are made of. */

static bool is_family(const struct flow_view *view, enum flow_family family)
{
    return view->flow->key.family == family;
}

static bool is_ip(const struct flow_view *view)
{
    return view->flow->key.family != FLOW_LINK;
}

static bool has_ports(const struct flow_view *view)
{
    return view->flow->key.bits & FLOW_TUPLE_PORTS;
}

static bool has_time(const struct flow_fact *fact)
{
    return fact && (fact->bits & FLOW_FACT_TIME);
}

static bool has(const struct flow_state *state, uint16_t bits)
{
    return (state->bits & bits) == bits;
}

static bool is_tcp(const struct flow_state *state)
{
    return has(state, FLOW_STATE_TCP);
}

static uint32_t pkts(const struct flow_state *state)
{
    return state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts;
}

void flow_end_text(const struct flow *flow, enum flow_dir sender, char *ret_text, size_t size)
{
    const struct flow_end *end = flow_end_of(flow, sender);
    char addr[FLOW_ADDR_TEXT_LEN];

    flow_addr_text(flow->key.family, end->addr, addr);
    if (!(flow->key.bits & FLOW_TUPLE_PORTS))
        g_strlcpy(ret_text, addr, size);
    else
        g_snprintf(ret_text, size, flow->key.family == FLOW_IPV6 ? "[%s]:%u" : "%s:%u", addr,
                   end->port);
}

void flow_protocol_text(const struct flow *flow, char *ret_text, size_t size)
{
    static const char *const ip[256] = {
        [1] = "ICMP",   [2] = "IGMP",    [4] = "IPIP",   [6] = "TCP",        [17] = "UDP",
        [33] = "DCCP",  [41] = "IPv6",   [46] = "RSVP",  [47] = "GRE",       [50] = "ESP",
        [51] = "AH",    [58] = "ICMPv6", [88] = "EIGRP", [89] = "OSPF",      [103] = "PIM",
        [112] = "VRRP", [115] = "L2TP",  [132] = "SCTP", [136] = "UDP-Lite",
    };
    static const struct {
        uint16_t type;
        const char *name;
    } link[] = {
        { 0x0000, "802.3" }, { 0x0800, "IPv4" }, { 0x0806, "ARP" },    { 0x8035, "RARP" },
        { 0x86dd, "IPv6" },  { 0x8809, "Slow" }, { 0x8863, "PPPoED" }, { 0x8864, "PPPoES" },
        { 0x888e, "EAPOL" }, { 0x88cc, "LLDP" }, { 0x88f7, "PTP" },
    };

    if (flow->key.family != FLOW_LINK) {
        if (ip[flow->key.protocol])
            g_strlcpy(ret_text, ip[flow->key.protocol], size);
        else
            g_snprintf(ret_text, size, "IP %u", flow->key.protocol);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(link); i++)
        if (link[i].type == flow->key.ident) {
            g_strlcpy(ret_text, link[i].name, size);
            return;
        }
    g_snprintf(ret_text, size, "EtherType 0x%04x", flow->key.ident);
}

enum { TUPLE_TEXT_LEN = sizeof((struct flow_view *)NULL)->text };

static void make_tuple_text(const struct flow *flow, char ret_text[TUPLE_TEXT_LEN])
{
    char protocol[32], source[64], destination[64], ident[16] = "", *at;

    flow_protocol_text(flow, protocol, sizeof protocol);
    flow_end_text(flow, FLOW_UP, source, sizeof source);
    flow_end_text(flow, FLOW_DOWN, destination, sizeof destination);
    if (flow->key.bits & FLOW_TUPLE_IDENT)
        g_snprintf(ident, sizeof ident, " id %u", flow->key.ident);
    /* Together they are shorter than the text; printf would take as long again as all of them. */
    at = g_stpcpy(g_stpcpy(ret_text, protocol), " ");
    at = g_stpcpy(g_stpcpy(at, source), " → ");
    g_stpcpy(g_stpcpy(at, destination), ident);
}

/* It is asked for at every packet that is shown, and depends on nothing but key and source. */
static const char *tuple_text(struct flow_view *view)
{
    enum { RECENT = 256 };
    static struct {
        struct flow_key key;
        uint8_t source;
        char text[TUPLE_TEXT_LEN];
    } recent[RECENT];
    const struct flow *flow = view->flow;
    unsigned slot = flow->id % RECENT;

    if (!*recent[slot].text || recent[slot].source != flow->source ||
        !flow_key_equal(&recent[slot].key, &flow->key)) {
        recent[slot].key = flow->key;
        recent[slot].source = flow->source;
        make_tuple_text(flow, recent[slot].text);
    }
    g_strlcpy(view->text, recent[slot].text, sizeof view->text);
    return view->text;
}

/* How a row's value becomes a value of its kind. */
#define MEMBER_UINT8     number
#define MEMBER_UINT16    number
#define MEMBER_UINT32    number
#define MEMBER_UINT64    number
#define MEMBER_HEX16     number
#define MEMBER_FRAME     number
#define MEMBER_FLAG      number
#define MEMBER_SPAN      ns
#define MEMBER_INSTANT   ns
#define MEMBER_TEXT      text
#define MEMBER_ADDR_MAC  addr
#define MEMBER_ADDR_IPV4 addr
#define MEMBER_ADDR_IPV6 addr

/*
 * The first pass over fields.def makes one small function of each row ...  Not
 * every expression needs all of v, f, s, h, number and ns.
 */
#define VALUE(prefix, id, kind, is_known, expr)                                                    \
    static struct flow_value prefix##_##id(struct flow_view *v, const struct flow_state *s,        \
                                           enum flow_dir dir)                                      \
    {                                                                                              \
        const struct flow_fact *f = v->fact;                                                       \
        const struct flow_half *h = s ? &s->half[dir] : NULL;                                      \
        struct flow_value value = { .known = false };                                              \
        uint32_t number = 0;                                                                       \
        int64_t ns = 0;                                                                            \
                                                                                                   \
        (void)f, (void)s, (void)h, (void)number, (void)ns;                                         \
        if (!(is_known))                                                                           \
            return value;                                                                          \
        value.known = true;                                                                        \
        value.as.MEMBER_##kind = expr;                                                             \
        return value;                                                                              \
    }
#define FLOW(id, kind, name, section, label, is_known, expr, help)                                 \
    VALUE(value_of, id, kind, is_known, expr)
#define PACKET                                            FLOW
#define MEASURE                                           FLOW
#define WHOLE                                             FLOW
#define HALF(id, kind, name, label, is_known, expr, help) VALUE(half_of, id, kind, is_known, expr)
#include "fields.def"
#undef FLOW
#undef PACKET
#undef MEASURE
#undef WHOLE
#undef HALF

/* ... and the second puts the rows in a table, ... */
#define NOTHING(...)
#define FIELD(function, of_kind, of_scope, of_name, of_section, of_dir, of_label, of_help)         \
    { .name = of_name,                                                                             \
      .label = of_label,                                                                           \
      .help = of_help,                                                                             \
      .value = function,                                                                           \
      .kind = FLOW_##of_kind,                                                                      \
      .scope = FLOW_SCOPE_##of_scope,                                                              \
      .section = FLOW_SECTION_##of_section,                                                        \
      .dir = of_dir },
#define FLOW(id, kind, name, section, label, known, value, help)                                   \
    FIELD(value_of_##id, kind, FLOW, name, section, FLOW_UP, label, help)
#define PACKET(id, kind, name, section, label, known, value, help)                                 \
    FIELD(value_of_##id, kind, PACKET, name, section, FLOW_UP, label, help)
#define WHOLE(id, kind, name, section, label, known, value, help)                                  \
    FIELD(value_of_##id, kind, WHOLE, name, section, FLOW_UP, label, help)
#define MEASURE WHOLE
#define HALF(id, kind, name, label, known, value, help)                                            \
    FIELD(half_of_##id, kind, WHOLE, "up." name, UP, FLOW_UP, label " up", "Up: " help)            \
    FIELD(half_of_##id, kind, WHOLE, "down." name, DOWN, FLOW_DOWN, label " down", "Down: " help)
static const struct flow_field rows[] = {
#include "fields.def"
#undef FLOW
#undef PACKET
#undef WHOLE
#undef MEASURE
#undef HALF
/* ... and the third adds the second reading of the measures. */
#define FLOW   NOTHING
#define PACKET NOTHING
#define WHOLE  NOTHING
#define MEASURE(id, kind, name, section, label, known, value, help)                                \
    FIELD(value_of_##id, kind, SOFAR, "sofar." name, section, FLOW_UP, label " so far",            \
          "So far: " help)
#define HALF(id, kind, name, label, known, value, help)                                            \
    FIELD(half_of_##id, kind, SOFAR, "sofar.up." name, UP, FLOW_UP, label " up so far",            \
          "So far, up: " help)                                                                     \
    FIELD(half_of_##id, kind, SOFAR, "sofar.down." name, DOWN, FLOW_DOWN, label " down so far",    \
          "So far, down: " help)
#include "fields.def"
};

const struct flow_field *flow_fields = rows;
size_t flow_field_count = G_N_ELEMENTS(rows);

/* Its words are made once and never freed: fields are for the program's life. */
static struct flow_field field_of_row(const struct flow_extension *extension,
                                      const struct flow_extension_row *row, enum flow_scope scope,
                                      enum flow_dir dir, const char *name)
{
    const char *way = !row->each_way ? "" : dir == FLOW_UP ? " up" : " down";
    const char *prefix = !row->each_way ? "" : dir == FLOW_UP ? "Up: " : "Down: ";
    const char *so_far = scope == FLOW_SCOPE_SOFAR ? " so far" : "";

    if (*so_far)
        prefix = !row->each_way ? "So far: " : dir == FLOW_UP ? "So far, up: " : "So far, down: ";
    return (struct flow_field){
        .name = name,
        .label = g_strconcat(row->label, way, so_far, NULL),
        .help = g_strconcat(prefix, row->help, NULL),
        .extension = extension,
        .row = row,
        .kind = row->kind,
        .scope = scope,
        .section = FLOW_SECTION_EXTENSION,
        .dir = dir,
    };
}

static char *name_of_row(const struct flow_extension *extension,
                         const struct flow_extension_row *row, enum flow_scope scope,
                         enum flow_dir dir)
{
    return g_strconcat(scope == FLOW_SCOPE_SOFAR ? "sofar." : "", extension->name,
                       !row->each_way   ? ""
                       : dir == FLOW_UP ? ".up"
                                        : ".down",
                       *row->name ? "." : "", row->name, NULL);
}

static void add_field(const struct flow_extension *extension, const struct flow_extension_row *row,
                      enum flow_scope scope, enum flow_dir dir)
{
    static GArray *all;
    char *name = name_of_row(extension, row, scope, dir);

    if (flow_field_named(name)) {
        g_free(name);
        return;
    }
    if (!all) {
        all = g_array_new(FALSE, FALSE, sizeof(struct flow_field));
        g_array_append_vals(all, rows, G_N_ELEMENTS(rows));
    }
    struct flow_field field = field_of_row(extension, row, scope, dir, name);
    g_array_append_val(all, field);
    flow_fields = (const struct flow_field *)(void *)all->data;
    flow_field_count = all->len;
}

void flow_fields_add(const struct flow_extension *extension)
{
    static const enum flow_scope scopes[] = { FLOW_SCOPE_WHOLE, FLOW_SCOPE_SOFAR };

    for (size_t scope = 0; scope < G_N_ELEMENTS(scopes); scope++)
        for (const struct flow_extension_row *row = extension->rows; row->name; row++) {
            add_field(extension, row, scopes[scope], FLOW_UP);
            if (row->each_way)
                add_field(extension, row, scopes[scope], FLOW_DOWN);
        }
}

static struct flow_value value_of_row(const struct flow_field *field, const struct flow_view *view,
                                      const struct flow_state *state)
{
    const void *data =
        view->extensions ? flow_extensions_data(view->extensions, field->extension, state) : NULL;

    return data ? field->row->value(field->row, data, state, field->dir)
                : (struct flow_value){ .known = false };
}

struct flow_value flow_field_value_at(const struct flow_field *field, struct flow_view *view,
                                      const struct flow_state *state)
{
    bool is_askable = field->scope == FLOW_SCOPE_FLOW ||
                      (field->scope == FLOW_SCOPE_PACKET ? view->fact != NULL : state != NULL);

    if (!is_askable)
        return (struct flow_value){ .known = false };
    return field->extension ? value_of_row(field, view, state)
                            : field->value(view, state, field->dir);
}

struct flow_value flow_field_value(const struct flow_field *field, struct flow_view *view)
{
    const struct flow_state *state =
        field->scope == FLOW_SCOPE_SOFAR ? flow_view_so_far(view) : view->whole;

    return flow_field_value_at(field, view, state);
}

const struct flow_field *flow_field_named(const char *name)
{
    for (size_t i = 0; i < flow_field_count; i++)
        if (strcmp(flow_fields[i].name, name) == 0)
            return &flow_fields[i];
    return NULL;
}
