#include "part_columns.h"

#include "all.h"

#include <string.h>

/* Made once and never freed. */
static GArray *columns;
static struct flow_groups groups; /* that have any */

/* The name in SQL: the end is its last letter, and stands for the direction. */
static char *name_of(const struct flow_row *row, enum flow_dir end)
{
    static const char *const suffixes[] = { [FLOW_UP] = "0", [FLOW_DOWN] = "1", [FLOW_DIRS] = "" };
    char **words = g_strsplit(row->name, "*.", 2);
    char *name = g_strconcat(words[0], words[1] ? words[1] : "", suffixes[end], NULL);

    g_strfreev(words);
    return g_strdelimit(name, ".", '_');
}

static void add(const struct flow_group *group, const struct flow_row *row, enum flow_dir end)
{
    struct flow_part_column column = {
        .name = name_of(row, end), .group = group, .row = row, .end = end
    };

    if (!flow_groups_have(&groups, group))
        flow_groups_add(&groups, group);
    g_array_append_val(columns, column);
}

static void add_row(const struct flow_group *group, const struct flow_row *row)
{
    for (enum flow_dir end = FLOW_UP; row->ways != FLOW_WAYS_NONE && end < FLOW_DIRS; end++)
        add(group, row, end);
    if (row->ways != FLOW_WAYS_EACH)
        add(group, row, FLOW_DIRS);
}

static void add_all(void)
{
    if (columns)
        return;
    columns = g_array_new(FALSE, FALSE, sizeof(struct flow_part_column));
    for (size_t i = 0; flow_groups_all[i]; i++)
        for (const struct flow_row *row = flow_groups_all[i]->rows; row->name; row++)
            if (row->merge != FLOW_MERGE_NONE)
                add_row(flow_groups_all[i], row);
}

const struct flow_part_column *flow_part_column(size_t number)
{
    add_all();
    return number < columns->len ? &g_array_index(columns, struct flow_part_column, number) : NULL;
}

void *flow_part_states_new(void)
{
    add_all();
    return g_malloc0(groups.state_size);
}

void flow_part_states_clear(void *states)
{
    memset(states, 0, groups.state_size);
}

void *flow_part_state(void *states, const struct flow_group *group)
{
    return (uint8_t *)states + groups.on[flow_groups_find(&groups, group)].state_at;
}

void flow_part_states_apply(void *states, const struct flow_key *key, const struct flow_fact *fact)
{
    struct flow_fold fold = { .fact = fact, .family = key->family, .protocol = key->protocol };

    for (size_t i = 0; i < groups.count; i++)
        if (groups.on[i].group->fold)
            groups.on[i].group->fold((uint8_t *)states + groups.on[i].state_at, &fold);
}

struct flow_value flow_part_value(const struct flow_part_column *column, void *states,
                                  struct flow_view *view)
{
    struct flow_asked asked = { .row = column->row,
                                .state = flow_part_state(states, column->group),
                                .view = view,
                                .dir = column->end,
                                .is_whole = true };

    return column->row->value(&asked);
}
