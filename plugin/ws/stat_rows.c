#include "stat_rows.h"

#include "core.h"
#include "member.h"
#include "span.h"
#include "text.h"
#include "value_text.h"

#include <math.h>

struct cell {
    union {
        uint64_t number;
        int64_t ns;
        double real;
        char *text;
    } as;
    bool known;
};

struct row {
    uint64_t bytes;
    uint32_t flow;
    struct cell cells[];
};

struct fs_rows {
    const struct fs_column *columns;
    const struct flow_field **fields;
    GPtrArray *kept;   /* struct row: the largest, and fewer than twice as many as fit */
    struct cell *rest; /* what those that do not fit add up to */
    unsigned column_count;
    unsigned limit;
    unsigned rest_count;
};

/* Cells */

enum fs_cell fs_cell_of(enum flow_kind kind)
{
    switch (flow_member_of(kind)) {
    case FLOW_MEMBER_NS: return kind == FLOW_SPAN ? FS_CELL_SECONDS : FS_CELL_START;
    case FLOW_MEMBER_REAL: return FS_CELL_REAL;
    case FLOW_MEMBER_TEXT:
    case FLOW_MEMBER_ADDR: return FS_CELL_TEXT;
    case FLOW_MEMBER_NUMBER: break;
    }
    return FS_CELL_INTEGER;
}

static char *end_text(const struct fs_column *column, const struct flow *flow)
{
    char text[FLOW_TUPLE_TEXT_LEN];

    flow_end_text(flow, strcmp(column->field, "src") == 0 ? FLOW_UP : FLOW_DOWN, text, sizeof text);
    return g_strdup(text);
}

static char *value_text(enum flow_kind kind, const struct flow_value *value)
{
    char room[FS_VALUE_TEXT_LEN];
    bool is_number;

    return g_strdup(fs_value_text(kind, value, room, &is_number));
}

static struct cell cell_at(const struct fs_rows *rows, unsigned i, struct flow_view *view,
                           int64_t file_start_ns)
{
    const struct fs_column *column = &rows->columns[i];
    struct cell cell = { 0 };

    if (!rows->fields[i])
        return cell;
    struct flow_value value = flow_field_value(rows->fields[i], view);
    cell.known = value.known;
    if (!value.known)
        return cell;
    switch (column->cell) {
    case FS_CELL_END: cell.as.text = end_text(column, view->flow); break;
    case FS_CELL_TEXT: cell.as.text = value_text(rows->fields[i]->kind, &value); break;
    case FS_CELL_INTEGER:
    case FS_CELL_SUM: cell.as.number = value.as.number; break;
    case FS_CELL_ROUNDED: cell.as.number = (uint64_t)llround(MIN(value.as.real, 9e18)); break;
    case FS_CELL_REAL: cell.as.real = value.as.real; break;
    case FS_CELL_SECONDS: cell.as.ns = value.as.ns; break;
    case FS_CELL_START: cell.as.ns = flow_span(file_start_ns, value.as.ns); break;
    case FS_CELL_RANK: break;
    }
    return cell;
}

/* Rows */

static void row_free(const struct fs_rows *rows, struct row *row)
{
    for (unsigned i = 0; i < rows->column_count; i++)
        if (fs_cell_is_left(rows->columns[i].cell))
            g_free(row->cells[i].as.text);
    g_free(row);
}

struct fs_rows *fs_rows_new(const struct fs_column *columns, unsigned column_count, unsigned limit)
{
    struct fs_rows *rows = g_new0(struct fs_rows, 1);

    rows->columns = columns;
    rows->column_count = column_count;
    rows->limit = limit;
    rows->fields = g_new0(const struct flow_field *, column_count);
    rows->rest = g_new0(struct cell, column_count);
    rows->kept = g_ptr_array_new();
    for (unsigned i = 0; i < column_count; i++)
        if (columns[i].field)
            rows->fields[i] = flow_field_named(columns[i].field);
    return rows;
}

static void forget_from(struct fs_rows *rows, unsigned first)
{
    for (unsigned i = first; i < rows->kept->len; i++)
        row_free(rows, rows->kept->pdata[i]);
    g_ptr_array_set_size(rows->kept, (int)MIN(first, rows->kept->len));
}

void fs_rows_free(struct fs_rows *rows)
{
    if (!rows)
        return;
    forget_from(rows, 0);
    g_ptr_array_unref(rows->kept);
    g_free(rows->rest);
    g_free(rows->fields);
    g_free(rows);
}

static int larger_first(const void *a, const void *b)
{
    const struct row *one = *(struct row *const *)a, *other = *(struct row *const *)b;

    if (one->bytes != other->bytes)
        return one->bytes > other->bytes ? -1 : 1;
    return one->flow < other->flow ? -1 : one->flow > other->flow;
}

static void add_to_rest(struct fs_rows *rows, const struct row *row)
{
    for (unsigned i = 0; i < rows->column_count; i++) {
        if (rows->columns[i].cell != FS_CELL_SUM || !row->cells[i].known)
            continue;
        rows->rest[i].known = true;
        rows->rest[i].as.number += row->cells[i].as.number;
    }
    rows->rest_count++;
}

/* The largest flows stay, in their order; the others are added up. */
static void keep_largest(struct fs_rows *rows)
{
    g_ptr_array_sort(rows->kept, larger_first);
    for (unsigned i = rows->limit; i < rows->kept->len; i++)
        add_to_rest(rows, rows->kept->pdata[i]);
    forget_from(rows, rows->limit);
}

void fs_rows_add(struct fs_rows *rows, struct flow_view *view, int64_t file_start_ns)
{
    const struct flow_state *state = flow_view_whole(view, &flow_core);
    struct row *row = g_malloc(sizeof *row + rows->column_count * sizeof row->cells[0]);

    *row = (struct row){ .bytes = state->half[FLOW_UP].bytes + state->half[FLOW_DOWN].bytes,
                         .flow = view->flow->id };
    for (unsigned i = 0; i < rows->column_count; i++)
        row->cells[i] = cell_at(rows, i, view, file_start_ns);
    g_ptr_array_add(rows->kept, row);
    if (rows->kept->len / 2 >= rows->limit)
        keep_largest(rows);
}

/* Filling a table */

static char *text_of(enum fs_cell kind, const struct cell *cell)
{
    char text[64];

    if (!cell->known)
        return g_strdup("-");
    switch (kind) {
    case FS_CELL_END:
    case FS_CELL_TEXT: return g_strdup(cell->as.text);
    case FS_CELL_RANK:
    case FS_CELL_INTEGER:
    case FS_CELL_SUM:
    case FS_CELL_ROUNDED: return g_strdup_printf("%" G_GUINT64_FORMAT, cell->as.number);
    case FS_CELL_REAL: return g_strdup(g_ascii_formatd(text, sizeof text, "%.3f", cell->as.real));
    case FS_CELL_SECONDS:
    case FS_CELL_START:
        return g_strdup(g_ascii_formatd(text, sizeof text, "%.6f", (double)cell->as.ns / 1e9));
    }
    return NULL;
}

static bool is_integer(enum fs_cell kind)
{
    return kind == FS_CELL_RANK || kind == FS_CELL_INTEGER || kind == FS_CELL_SUM ||
           kind == FS_CELL_ROUNDED;
}

static stat_tap_table_item_enum type_of(enum fs_cell kind, const struct cell *cells, unsigned count)
{
    stat_tap_table_item_enum type = TABLE_ITEM_UINT;

    if (!is_integer(kind))
        return TABLE_ITEM_STRING;
    for (unsigned i = 0; i < count; i++) {
        if (!cells[i].known)
            return TABLE_ITEM_STRING;
        if (cells[i].as.number > UINT32_MAX)
            type = TABLE_ITEM_FLOAT;
    }
    return type;
}

/* Texts of numbers get one width. */
static void align(stat_tap_table_item_type *items, unsigned count)
{
    size_t width = 0;

    for (unsigned i = 0; i < count; i++)
        width = MAX(width, strlen(items[i].value.string_value));
    for (unsigned i = 0; i < count; i++) {
        char *text = (char *)items[i].value.string_value;
        items[i].value.string_value = g_strdup_printf("%*s", (int)width, text);
        g_free(text);
    }
}

/* Return the type that all cells of a column have. */
static stat_tap_table_item_enum put_cells(enum fs_cell kind, const struct cell *cells,
                                          unsigned count, stat_tap_table_item_type *ret_items)
{
    stat_tap_table_item_enum type = type_of(kind, cells, count);

    for (unsigned i = 0; i < count; i++) {
        ret_items[i].type = type;
        if (type == TABLE_ITEM_UINT)
            ret_items[i].value.uint_value = (unsigned)cells[i].as.number;
        else if (type == TABLE_ITEM_FLOAT)
            ret_items[i].value.float_value = (double)cells[i].as.number;
        else
            ret_items[i].value.string_value = text_of(kind, &cells[i]);
    }
    if (type == TABLE_ITEM_STRING && !fs_cell_is_left(kind))
        align(ret_items, count);
    return type;
}

static const char *format_of(stat_tap_table_item_enum type)
{
    switch (type) {
    case TABLE_ITEM_UINT: return "%u";
    case TABLE_ITEM_FLOAT: return "%.0f";
    default: return "%s";
    }
}

static void set_text(stat_tap_table_item_type *item, const char *text)
{
    g_free((char *)item->value.string_value);
    item->value.string_value = text;
}

/* The first text of the last row says what it is, and the others nothing. */
static void put_rest(const struct fs_rows *rows, stat_tap_table_item_type *row)
{
    char *text = g_strdup_printf("… and %u more flows", rows->rest_count);

    for (unsigned i = 0; i < rows->column_count; i++)
        if (fs_cell_is_left(rows->columns[i].cell)) {
            set_text(&row[i], text ? text : g_strdup(""));
            text = NULL;
        }
    g_free(text);
}

static struct cell kept_cell(const struct fs_rows *rows, unsigned row, unsigned column)
{
    if (rows->columns[column].cell == FS_CELL_RANK)
        return (struct cell){ .as.number = row + 1u, .known = true };
    if (row == rows->kept->len)
        return rows->rest[column];
    return ((const struct row *)rows->kept->pdata[row])->cells[column];
}

void fs_rows_put(struct fs_rows *rows, stat_tap_table *table, stat_tap_table_item *items)
{
    keep_largest(rows);
    unsigned count = rows->kept->len + (rows->rest_count > 0);
    struct cell *cells = g_new(struct cell, count);
    stat_tap_table_item_type *all = g_new0(stat_tap_table_item_type, count);
    stat_tap_table_item_type *empty_row = g_new0(stat_tap_table_item_type, rows->column_count);

    for (unsigned row = 0; row < count; row++)
        stat_tap_init_table_row(table, row, rows->column_count, empty_row);
    for (unsigned i = 0; i < rows->column_count; i++) {
        for (unsigned row = 0; row < count; row++)
            cells[row] = kept_cell(rows, row, i);
        items[i].type = put_cells(rows->columns[i].cell, cells, count, all);
        items[i].field_format = format_of(items[i].type);
        for (unsigned row = 0; row < count; row++)
            *stat_tap_get_field_data(table, row, i) = all[row];
    }
    if (rows->rest_count > 0)
        put_rest(rows, stat_tap_get_field_data(table, count - 1, 0));
    g_free(empty_row);
    g_free(all);
    g_free(cells);
}
