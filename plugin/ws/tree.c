#include "tree.h"

#include "arguments.h"
#include "clock.h"
#include "field.h"
#include "program.h"
#include "summary.h"

#include <math.h>

/*
 * The sections of the tree, in the order of interest: those of the core group,
 * one for each other group, the identity of the flow, and what was so far.  Of
 * each but the last there are two readings, the second inside the last one.
 */
enum { SECTIONS_MAX = FLOW_SECTIONS + FLOW_EXTENSIONS_MAX };

/* A section is an item without a value: its name stays the same in JSON, where that counts. */
struct section {
    const struct flow_group *group; /* NULL: of core */
    struct place *place;
    GPtrArray *fields[2]; /* struct place, by reading */
    enum flow_section core;
    int ett;
};

/* Where a field is shown; epan keeps a pointer to what it was registered with. */
struct place {
    hf_register_info registration;
    int hf;
    struct section *section;
    const struct flow_field *field; /* NULL: the place of the section itself */
    bool is_named;                  /* after -e, where the program does not say so */
};

/*
 * Places are in one block of memory, so that looking at all of them costs little:
 * Wireshark does not tell which of a thousand fields are asked for, and every tree
 * asks anew.
 */
enum { BATCH = 256, GLANCE = 8 };

struct batch {
    struct place places[BATCH];
    unsigned count;
};

/* What the flow is as a whole, with what does not change; and what it was up to the packet. */
enum reading { WHOLE, SO_FAR };

static int proto_flow;
static int ett_flow = -1;
static struct section sections[SECTIONS_MAX];
static size_t section_count;
static struct section so_far; /* its own fields are none */
static bool is_root_read;     /* somebody may read the text of the first line */
static bool is_tree_read;     /* and the tree below it, where it is visible */
static GPtrArray *batches;    /* struct batch: all but the last are full */
static size_t registered;     /* fields that have a place */

/* The places where a kind of value meets Wireshark: its type, its display, and how to add it. */

static enum ftenum type_of(enum flow_kind kind)
{
    switch (kind) {
    case FLOW_UINT8: return FT_UINT8;
    case FLOW_UINT16:
    case FLOW_HEX16: return FT_UINT16;
    case FLOW_UINT32:
    case FLOW_HEX32: return FT_UINT32;
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
    case FLOW_HEX16:
    case FLOW_HEX32: return BASE_HEX;
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
    case FLOW_HEX32:
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

/* Register */

static struct place *add_place(struct section *section, const struct flow_field *field)
{
    struct batch *batch = batches->len > 0 ? batches->pdata[batches->len - 1] : NULL;

    if (!batch || batch->count == BATCH) {
        batch = g_new0(struct batch, 1);
        g_ptr_array_add(batches, batch);
    }
    struct place *place = &batch->places[batch->count++];
    *place = (struct place){ .hf = -1, .section = section, .field = field };
    return place;
}

static void register_place(struct place *place, header_field_info info)
{
    place->registration = (hf_register_info){ &place->hf, info };
    proto_register_field_array(proto_flow, &place->registration, 1);
}

static void register_section(struct section *section, const char *name, const char *title)
{
    char *filter = g_strconcat(FLOW_PREFIX ".section.", name, NULL);

    section->ett = -1;
    section->fields[WHOLE] = g_ptr_array_new();
    section->fields[SO_FAR] = g_ptr_array_new();
    section->place = add_place(section, NULL);
    register_place(section->place,
                   (header_field_info){ title, filter, FT_NONE, BASE_NONE, NULL, 0, NULL, HFILL });
    section->place->is_named = fs_arguments_name("e", filter);
}

static struct section *add_section(const struct flow_group *group, enum flow_section core,
                                   const char *name, const char *title)
{
    struct section *section = &sections[section_count++];
    int *ett[] = { &section->ett };

    section->group = group;
    section->core = core;
    register_section(section, name, title);
    proto_register_subtree_array(ett, (int)G_N_ELEMENTS(ett));
    return section;
}

/* The section that a field is shown in; a group's own is made for its first field. */
static struct section *section_for(const struct flow_field *field)
{
    bool is_core = field->section != FLOW_SECTION_GROUP;

    for (size_t i = 0; i < section_count; i++)
        if (is_core ? !sections[i].group && sections[i].core == field->section
                    : sections[i].group == field->group)
            return &sections[i];
    return add_section(field->group, FLOW_SECTION_GROUP, field->group->name, field->group->title);
}

/* What a field's definition is followed by where a first dissection cannot know it. */
static const char *blurb_of(const struct flow_field *field)
{
    return flow_field_needs_whole(field)
               ? g_strconcat(field->help, " Needs a second look (-2).", NULL)
               : field->help;
}

static void register_field(const struct flow_field *field)
{
    struct place *place = add_place(section_for(field), field);
    enum reading reading = field->scope == FLOW_SCOPE_SOFAR ? SO_FAR : WHOLE;
    const struct flow_name *names = field->is_name ? NULL : field->row->names;
    char *filter = g_strconcat(FLOW_PREFIX ".", field->name, NULL);

    register_place(place, (header_field_info){
                              field->label, filter, type_of(field->kind), display_of(field->kind),
                              names ? VALS((const value_string *)(const void *)names) : NULL, 0,
                              blurb_of(field), HFILL });
    g_ptr_array_add(place->section->fields[reading], place);
    place->is_named = fs_arguments_name("e", filter);
}

void fs_tree_register_more(void)
{
    for (; registered < flow_field_count(); registered++)
        register_field(flow_field_at(registered));
}

void fs_tree_register(int proto)
{
    static const struct {
        enum flow_section section;
        const char *name, *title;
    } own[] = {
        { FLOW_SECTION_TCP, "tcp", "TCP" },
        { FLOW_SECTION_TOTAL, "total", "Both directions" },
        { FLOW_SECTION_UP, "up", "Up" },
        { FLOW_SECTION_DOWN, "down", "Down" },
        { FLOW_SECTION_PACKET, "packet", "This packet" },
        { FLOW_SECTION_IDENTITY, "identity", "Identity" },
    };
    int *ett[] = { &ett_flow, &so_far.ett };

    proto_flow = proto;
    is_tree_read = !fs_arguments_ask_for_fields_alone();
    is_root_read = is_tree_read || fs_arguments_name("e", FLOW_PREFIX);
    batches = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        add_section(NULL, own[i].section, own[i].name, own[i].title);
    register_section(&so_far, "sofar", "So far");
    fs_tree_register_more();
    proto_register_subtree_array(ett, (int)G_N_ELEMENTS(ett));
}

/* Show */

/* The fields of a section, in one reading, as they are shown at a packet. */
struct showing {
    struct section *section;
    proto_tree *parent;
    proto_tree *tree; /* of the section, which is there where one of its fields is; NULL: not yet */
    tvbuff_t *tvb;
    struct flow_view *view;
    enum reading reading;
    uint64_t last_number; /* of the field that was shown before; 0 where there is none */
};

static proto_tree *add_item_of(struct section *section, proto_tree *parent, tvbuff_t *tvb,
                               const char *summary)
{
    proto_item *item = proto_tree_add_item(parent, section->place->hf, tvb, 0, 0, ENC_NA);

    proto_item_set_generated(item);
    if (*summary)
        proto_item_append_text(item, ": %s", summary);
    return proto_item_add_subtree(item, section->ett);
}

static void begin_section(struct showing *showing)
{
    struct section *section = showing->section;
    char summary[FS_SUMMARY_LEN] = "";

    if (showing->reading == WHOLE && fs_program() == FS_WIRESHARK) {
        if (section->group)
            fs_summary_of_group(section->group, showing->view, summary);
        else
            fs_summary_of_section(section->core, showing->view, summary);
    }
    showing->tree = add_item_of(section, showing->parent, showing->tvb, summary);
}

/* A count of nothing, or a share of it, says little: it can be filtered, and is not seen. */
static bool is_count_of_nothing(const struct flow_field *field, const struct flow_value *value)
{
    bool is_count = field->kind == FLOW_UINT32 || field->kind == FLOW_UINT64;
    bool is_none = (is_count && value->as.number == 0) ||
                   (field->kind == FLOW_DOUBLE && fpclassify(value->as.real) == FP_ZERO);

    return is_none && field->row->scope == FLOW_SCOPE_MEASURE && !field->row->is_zero_shown;
}

/* Whether filters find a value that nobody needs to read. */
static bool is_to_be_hidden(const struct showing *showing, const struct flow_field *field,
                            const struct flow_value *value)
{
    const struct flow_row *row = field->row;
    bool is_echo = row->is_echo_hidden && value->as.number == showing->last_number;

    return field->is_name || row->is_hidden || is_echo || is_count_of_nothing(field, value);
}

/* Add a field's values, which are one but where it is repeated. */
static void show_field(struct showing *showing, const struct place *place)
{
    const struct flow_field *field = place->field;
    struct flow_value value;

    for (unsigned nth = 0; (value = flow_field_value_nth(field, showing->view, nth)).known; nth++) {
        if (!showing->tree)
            begin_section(showing);
        proto_item *item = add_value(showing->tree, showing->tvb, place->hf, field->kind, &value);
        proto_item_set_generated(item);
        if (is_to_be_hidden(showing, field, &value))
            proto_item_set_hidden(item);
        showing->last_number = value.as.number;
        if (!field->row->is_repeated)
            break;
    }
}

static bool is_asked_for(const struct place *place)
{
    return place->is_named || place->registration.hfinfo.ref_type != HF_REF_TYPE_NONE;
}

/*
 * Whether a visible tree shows a field: the fields of quiet groups that are on are
 * for windows, and of these only the first reading, where neither they nor their
 * section are asked for.
 */
static bool is_shown(const struct showing *showing, const struct place *place)
{
    const struct flow_group *group = showing->section->group;

    if (!group || !group->is_quiet || is_asked_for(showing->section->place))
        return true;
    return is_asked_for(place) || (showing->reading == WHOLE && fs_program() == FS_WIRESHARK &&
                                   flow_view_has(showing->view, group));
}

static void show_section(struct section *section, proto_tree *parent, tvbuff_t *tvb,
                         struct flow_view *view, enum reading reading)
{
    struct showing showing = {
        .section = section, .parent = parent, .tvb = tvb, .view = view, .reading = reading
    };
    const GPtrArray *places = section->fields[reading];

    for (unsigned i = 0; i < places->len; i++)
        if (is_shown(&showing, places->pdata[i]))
            show_field(&showing, places->pdata[i]);
}

static bool is_identity(const struct section *section)
{
    return !section->group && section->core == FLOW_SECTION_IDENTITY;
}

/* Who it is comes last: the first line has said it. */
static void show_sections(proto_tree *parent, tvbuff_t *tvb, struct flow_view *view,
                          enum reading reading)
{
    for (int last = 0; last < 2; last++)
        for (size_t i = 0; i < section_count; i++)
            if (is_identity(&sections[i]) == last)
                show_section(&sections[i], parent, tvb, view, reading);
}

/* Whether any of those from the n-th on, a glance of them, is asked for. */
static bool is_any_asked_for(const struct batch *batch, unsigned n)
{
    unsigned any = HF_REF_TYPE_NONE;

    for (unsigned i = n; i < n + GLANCE; i++)
        any |= (unsigned)batch->places[i].registration.hfinfo.ref_type | batch->places[i].is_named;
    return any != HF_REF_TYPE_NONE;
}

_Static_assert(HF_REF_TYPE_NONE == 0 && BATCH % GLANCE == 0, "a glance is an or");

/* In each place that a visible tree has it in: a first pass has none but those of so far. */
static void show_whole_section(const struct showing *showing, struct section *section,
                               bool with_sofar)
{
    if (section == &so_far && with_sofar)
        add_item_of(&so_far, showing->tree, showing->tvb, "");
    show_section(section, showing->tree, showing->tvb, showing->view, WHOLE);
    if (with_sofar)
        show_section(section, showing->tree, showing->tvb, showing->view, SO_FAR);
}

/* Whether a field that is asked for comes with its section, which is asked for too. */
static bool comes_with_section(const struct place *place, bool with_sofar)
{
    return is_asked_for(place->section->place) &&
           (with_sofar || place->field->scope != FLOW_SCOPE_SOFAR);
}

static void find_asked_for(GPtrArray *ret_places)
{
    g_ptr_array_set_size(ret_places, 0);
    for (unsigned b = 0; b < batches->len; b++) {
        struct batch *batch = batches->pdata[b];
        for (unsigned n = 0; n < batch->count; n += GLANCE) {
            if (!is_any_asked_for(batch, n))
                continue;
            for (unsigned i = n; i < n + GLANCE; i++)
                if (is_asked_for(&batch->places[i]))
                    g_ptr_array_add(ret_places, &batch->places[i]);
        }
    }
}

/*
 * The places that are asked for at a packet.  tshark asks for the same fields at
 * each frame of a pass, in the order of frames, so one look at all places does for
 * many; the other programs ask for others in each tree.
 */
static const GPtrArray *asked_for(const struct flow_view *view)
{
    enum { AGAIN = 256 };
    static GPtrArray *places;
    static uint32_t last_frame, asked;

    if (!places)
        places = g_ptr_array_new();
    if (!fs_program_runs_once() || view->fact->frame <= last_frame || asked % AGAIN == 0)
        find_asked_for(places);
    last_frame = view->fact->frame;
    asked++;
    return places;
}

/*
 * In a tree that nobody looks at, which -T fields has made visible or not, only
 * the fields that somebody asks for are added, right inside the root.  A section
 * that is asked for stands for all of its fields.
 */
static void show_asked_for(proto_tree *tree, tvbuff_t *tvb, struct flow_view *view, bool with_sofar)
{
    struct showing showing = { .tree = tree, .tvb = tvb, .view = view };
    const GPtrArray *places = asked_for(view);

    for (unsigned i = 0; i < places->len; i++) {
        const struct place *place = places->pdata[i];
        if (!place->field)
            show_whole_section(&showing, place->section, with_sofar);
        else if (!comes_with_section(place, with_sofar))
            show_field(&showing, place);
    }
}

proto_item *fs_tree_add_root(proto_tree *tree, tvbuff_t *tvb, struct flow_view *view)
{
    proto_item *item = proto_tree_add_item(tree, proto_flow, tvb, 0, 0, ENC_NA);
    char summary[FS_SUMMARY_LEN];

    proto_item_set_generated(item);
    if (is_root_read && ws_tree_is_visible(tree)) {
        fs_summary_of_flow(view, summary);
        proto_item_set_text(item, "%s: %s", proto_get_protocol_name(proto_flow), summary);
    }
    return item;
}

void fs_tree_add_fields(proto_item *root, tvbuff_t *tvb, struct flow_view *view, bool with_sofar)
{
    proto_tree *tree = proto_item_add_subtree(root, ett_flow);

    if (!is_tree_read || !ws_tree_is_visible(tree)) {
        show_asked_for(tree, tvb, view, with_sofar);
        return;
    }
    show_sections(tree, tvb, view, WHOLE);
    if (with_sofar)
        show_sections(add_item_of(&so_far, tree, tvb, ""), tvb, view, SO_FAR);
}
