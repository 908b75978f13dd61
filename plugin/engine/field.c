#include "field.h"

#include "all.h"

#include <string.h>

/* Made once and never freed: fields are for the program's life. */
static GPtrArray *fields;
static GHashTable *by_name; /* of the same fields */

/* What a reading and a direction add to a row's words. */

static const char *const way_names[] = { [FLOW_UP] = "up", [FLOW_DOWN] = "down" };

/* "len.*.min" for up is "len.up.min", for both directions "len.min". */
static char *name_of(const struct flow_row *row, enum flow_scope scope, enum flow_dir dir)
{
    const char *star = row->ways == FLOW_WAYS_NONE ? NULL : strchr(row->name, '*');
    const char *so_far = scope == FLOW_SCOPE_SOFAR ? "sofar." : "";

    if (!star)
        return g_strconcat(so_far, row->name, NULL);
    return dir == FLOW_DIRS ? g_strdup_printf("%s%.*s%s", so_far, (int)(star - row->name),
                                              row->name, star[1] == '.' ? star + 2 : star + 1)
                            : g_strdup_printf("%s%.*s%s%s", so_far, (int)(star - row->name),
                                              row->name, way_names[dir], star + 1);
}

static char *label_of(const struct flow_row *row, enum flow_scope scope, enum flow_dir dir)
{
    return g_strconcat(row->label, dir == FLOW_DIRS ? "" : " ",
                       dir == FLOW_DIRS ? "" : way_names[dir],
                       scope == FLOW_SCOPE_SOFAR ? " so far" : "", NULL);
}

static char *help_of(const struct flow_row *row, enum flow_scope scope, enum flow_dir dir)
{
    static const char *const prefixes[2][FLOW_DIRS + 1] = {
        { [FLOW_UP] = "Up: ", [FLOW_DOWN] = "Down: ", [FLOW_DIRS] = "" },
        { [FLOW_UP] = "So far, up: ", [FLOW_DOWN] = "So far, down: ", [FLOW_DIRS] = "So far: " },
    };

    return g_strconcat(prefixes[scope == FLOW_SCOPE_SOFAR][dir], row->help, NULL);
}

static enum flow_section section_of(const struct flow_row *row, enum flow_dir dir)
{
    if (row->section != FLOW_SECTION_EACH)
        return (enum flow_section)row->section;
    return dir == FLOW_UP ? FLOW_SECTION_UP : FLOW_SECTION_DOWN;
}

/* Take a field, with its texts. */
static void add(struct flow_field field)
{
    if (g_hash_table_contains(by_name, field.name)) {
        g_free((void *)field.name);
        g_free((void *)field.label);
        g_free((void *)field.help);
        return;
    }
    struct flow_field *kept = g_memdup2(&field, sizeof field);
    g_ptr_array_add(fields, kept);
    g_hash_table_insert(by_name, (void *)kept->name, kept);
}

/* A number that has names has a text with the name beside it, for columns and exports. */
static void add_field(const struct flow_group *group, const struct flow_row *row,
                      enum flow_scope scope, enum flow_dir dir)
{
    struct flow_field field = { .name = name_of(row, scope, dir),
                                .label = label_of(row, scope, dir),
                                .help = help_of(row, scope, dir),
                                .row = row,
                                .group = group,
                                .kind = row->kind,
                                .scope = scope,
                                .section = section_of(row, dir),
                                .dir = dir };
    struct flow_field name = field;

    if (row->names) {
        name.name = g_strconcat(field.name, "_name", NULL);
        name.label = g_strconcat(field.label, " (name)", NULL);
        name.help = g_strconcat("As text: ", field.help, NULL);
        name.kind = FLOW_TEXT;
        name.is_name = true;
    }
    add(field);
    if (row->names)
        add(name);
}

static void add_ways(const struct flow_group *group, const struct flow_row *row,
                     enum flow_scope scope)
{
    if (row->ways != FLOW_WAYS_EACH)
        add_field(group, row, scope, FLOW_DIRS);
    for (enum flow_dir dir = FLOW_UP; row->ways != FLOW_WAYS_NONE && dir < FLOW_DIRS; dir++)
        add_field(group, row, scope, dir);
}

static void add_rows(const struct flow_group *group)
{
    for (const struct flow_row *row = group->rows; row->name; row++)
        if (row->scope != FLOW_SCOPE_PART)
            add_ways(group, row, row->scope == FLOW_SCOPE_MEASURE ? FLOW_SCOPE_WHOLE : row->scope);
    for (const struct flow_row *row = group->rows; row->name; row++)
        if (row->scope == FLOW_SCOPE_MEASURE)
            add_ways(group, row, FLOW_SCOPE_SOFAR);
}

static void add_built_in(void)
{
    if (fields)
        return;
    fields = g_ptr_array_new();
    by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; flow_groups_all[i]; i++)
        add_rows(flow_groups_all[i]);
}

size_t flow_field_count(void)
{
    add_built_in();
    return fields->len;
}

const struct flow_field *flow_field_at(size_t number)
{
    add_built_in();
    return number < fields->len ? fields->pdata[number] : NULL;
}

const struct flow_field *flow_field_named(const char *name)
{
    add_built_in();
    return g_hash_table_lookup(by_name, name);
}

void flow_fields_add(const struct flow_group *group)
{
    add_built_in();
    add_rows(group);
}

/* Value */

static struct flow_value name_value(const struct flow_row *row, struct flow_value value)
{
    const struct flow_name *name = row->names;

    while (name->name && name->number != value.as.number)
        name++;
    return (struct flow_value){ .known = value.known && name->name, .as.text = name->name };
}

static bool is_on(const struct flow_field *field, struct flow_view *view)
{
    return flow_view_has(view, field->group);
}

/* Whether a row can be asked; its state is looked up where it is about one. */
static bool is_askable(const struct flow_field *field, struct flow_asked *asked)
{
    struct flow_view *view = asked->view;

    switch (field->scope) {
    case FLOW_SCOPE_FLOW: return is_on(field, view);
    case FLOW_SCOPE_PACKET: asked->fact = view->fact; return view->fact && is_on(field, view);
    case FLOW_SCOPE_LATER:
        asked->fact = view->fact;
        return view->fact && view->with_whole && is_on(field, view);
    case FLOW_SCOPE_WHOLE:
        asked->is_whole = true;
        asked->state = flow_view_whole(view, field->group);
        return asked->state != NULL;
    case FLOW_SCOPE_PART:
    case FLOW_SCOPE_SOFAR:
    case FLOW_SCOPE_MEASURE: asked->state = flow_view_so_far(view, field->group); break;
    }
    return asked->state != NULL;
}

/*
 * Frames of earlier files cannot be gone to from a packet: it knows those of its own
 * file, by their number in it.
 */
static struct flow_value in_file(struct flow_value value, const struct flow_view *view)
{
    uint32_t before = flow_history_frames_before(view->history);

    value.known = value.known && value.as.number > before;
    value.as.number -= before;
    return value;
}

/*
 * Look up what is the same for all fields of a group and a scope.  Inline it would make
 * every question longer, and most do without.
 */
G_GNUC_NO_INLINE static void turn_to(struct flow_inquiry *inquiry, const struct flow_field *field)
{
    struct flow_asked *asked = &inquiry->asked;

    *asked = (struct flow_asked){ .view = asked->view, .nth = asked->nth };
    inquiry->group = field->group;
    inquiry->scope = field->scope;
    inquiry->is_askable = is_askable(field, asked);
    if (inquiry->is_askable && field->group->once_size > 0)
        asked->once = flow_view_once(asked->view, field->group);
}

struct flow_value flow_inquiry_value(struct flow_inquiry *inquiry, const struct flow_field *field)
{
    struct flow_asked *asked = &inquiry->asked;

    if (inquiry->scope != field->scope || inquiry->group != field->group)
        turn_to(inquiry, field);
    if (!inquiry->is_askable)
        return (struct flow_value){ .known = false };
    asked->row = field->row;
    asked->dir = field->dir;
    struct flow_value value = field->row->value(asked);
    if (field->kind == FLOW_FRAME && asked->view->fact)
        value = in_file(value, asked->view);
    return field->is_name ? name_value(field->row, value) : value;
}

struct flow_value flow_field_value_nth(const struct flow_field *field, struct flow_view *view,
                                       unsigned nth)
{
    struct flow_inquiry inquiry = { .asked = { .view = view, .nth = nth } };

    if (nth > 0 && !field->row->is_repeated)
        return (struct flow_value){ .known = false };
    return flow_inquiry_value(&inquiry, field);
}

struct flow_value flow_field_value(const struct flow_field *field, struct flow_view *view)
{
    return flow_field_value_nth(field, view, 0);
}

bool flow_field_needs_whole(const struct flow_field *field)
{
    return field->scope == FLOW_SCOPE_WHOLE || field->scope == FLOW_SCOPE_LATER;
}
