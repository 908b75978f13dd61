#include "columns.h"

#include "prefs.h"
#include "program.h"

#include <string.h>
#include <wsutil/report_message.h>

/* Where a column stands: what came to flowstats later stands after what was there. */
enum rank { FIRST, LATE, QUIET, RANKS };

static enum rank rank_of(const struct flow_field *field)
{
    if (field->group->is_quiet)
        return QUIET;
    return field->row->is_late ? LATE : FIRST;
}

/* JSON cannot have both a value and a group of values under one name. */
static bool is_inside_another(const struct flow_field *field)
{
    const char *dot = strrchr(field->name, '.');
    char *parent = dot ? g_strndup(field->name, (size_t)(dot - field->name)) : NULL;
    bool is_inside = parent && flow_field_named(parent);

    g_free(parent);
    return is_inside;
}

/* Return why a field cannot be a column; NULL where it can. */
static const char *obstacle_of(const struct flow_field *field)
{
    if (field->scope == FLOW_SCOPE_SOFAR)
        return "says what was so far at one packet, and a row is about a whole flow";
    if (!flow_field_is_of_flow(field))
        return "is about one packet, and a row is about a whole flow";
    if (field->row->is_repeated)
        return "has several values at once, and a cell has one";
    return is_inside_another(field) ? "has its name inside that of another one" : NULL;
}

static bool is_default(const struct flow_field *field)
{
    return !field->group->is_quiet || field->row->is_late || field->row->column;
}

/* What a word of the preference stands for. */

static bool is_field_name(const char *word)
{
    return g_str_has_prefix(word, FLOW_PREFIX ".");
}

static bool is_named(const struct flow_field *field, const char *word)
{
    if (!is_field_name(word))
        return strcmp(word, "all") == 0 || strcmp(word, field->group->name) == 0;
    return g_pattern_match_simple(word + strlen(FLOW_PREFIX "."), field->name);
}

static void add_once(GPtrArray *columns, const struct flow_field *field)
{
    if (!g_ptr_array_find(columns, field, NULL))
        g_ptr_array_add(columns, (void *)field);
}

/* Add the columns that a word stands for, the default ones without; return how many there are. */
static unsigned add_columns(GPtrArray *columns, const char *word)
{
    unsigned count = 0;

    for (int rank = FIRST; rank < RANKS; rank++)
        for (size_t i = 0; i < flow_field_count(); i++) {
            const struct flow_field *field = flow_field_at(i);
            if ((int)rank_of(field) != rank || obstacle_of(field) ||
                !(word ? is_named(field, word) : is_default(field)))
                continue;
            add_once(columns, field);
            count++;
        }
    return count;
}

/* Why a word stands for no column: what the first field that it names is. */
static char *error_of(const char *word)
{
    const struct flow_field *field = NULL;

    for (size_t i = 0; !field && i < flow_field_count(); i++)
        if (is_named(flow_field_at(i), word))
            field = flow_field_at(i);
    if (!field)
        return g_strdup_printf(is_field_name(word) ? "flow.columns: there is no field %s"
                                                   : "flow.columns: there is no group "
                                                     "%s, and names of fields begin with "
                                                     "\"" FLOW_PREFIX ".\"",
                               word);
    return g_strdup_printf("flow.columns: %s cannot be a column: it %s", word, obstacle_of(field));
}

/* What the preference says, taken apart once. */
static struct {
    GPtrArray *fields;
    char *text;   /* of the preference; NULL: nothing yet */
    size_t known; /* so many fields there were */
    char *error;  /* about the first word that cannot be one; NULL: all can */
} columns;

static void choose(const char *text)
{
    char **words = g_strsplit(text, ",", -1);
    bool has_any = false;

    for (char **word = words; *word; word++) {
        if (!*g_strstrip(*word))
            continue;
        has_any = true;
        if (add_columns(columns.fields, *word) == 0 && !columns.error)
            columns.error = error_of(*word);
    }
    if (!has_any)
        add_columns(columns.fields, NULL);
    g_strfreev(words);
}

const GPtrArray *fs_columns(void)
{
    if (!columns.fields)
        columns.fields = g_ptr_array_new();
    if (columns.known == flow_field_count() && g_strcmp0(columns.text, fs_prefs->columns) == 0)
        return columns.fields;
    columns.known = flow_field_count();
    g_free(columns.text);
    columns.text = g_strdup(fs_prefs->columns);
    g_clear_pointer(&columns.error, g_free);
    g_ptr_array_set_size(columns.fields, 0);
    choose(columns.text);
    return columns.fields;
}

bool fs_columns_are_chosen(void)
{
    return strspn(fs_prefs->columns, ", ") < strlen(fs_prefs->columns);
}

bool fs_columns_check(char **ret_error)
{
    fs_columns();
    if (columns.error)
        *ret_error = g_strdup(columns.error);
    return !columns.error;
}

void fs_columns_applied(void)
{
    static char *told; /* the same is told once */
    char *error = NULL;

    if (fs_program_runs_once() || fs_columns_check(&error) || g_strcmp0(error, told) == 0) {
        g_free(error);
        return;
    }
    g_free(told);
    told = error;
    report_failure("flowstats: %s", error);
}
