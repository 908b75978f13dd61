#include "columns.h"

#include <string.h>

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

/* A cell has one value. */
static bool is_column(const struct flow_field *field)
{
    return !is_inside_another(field) && flow_field_is_of_flow(field) && !field->row->is_repeated &&
           !field->group->is_quiet;
}

const GPtrArray *fs_columns(void)
{
    static GPtrArray *columns;
    static size_t chosen_of; /* so many fields */

    if (!columns)
        columns = g_ptr_array_new();
    if (chosen_of == flow_field_count())
        return columns;
    chosen_of = flow_field_count();
    g_ptr_array_set_size(columns, 0);
    for (int rank = FIRST; rank < RANKS; rank++)
        for (size_t i = 0; i < flow_field_count(); i++) {
            const struct flow_field *field = flow_field_at(i);
            if (is_column(field) && (int)rank_of(field) == rank)
                g_ptr_array_add(columns, (void *)field);
        }
    return columns;
}
