#ifndef FLOWSTATS_WS_STAT_ROWS_H
#define FLOWSTATS_WS_STAT_ROWS_H

#include "ws_compat.h"

#include "field.h"
#include <epan/stat_tap_ui.h>

/*
 * The rows of the flow table: they are gathered flow by flow, the largest flows
 * are kept, and only when all are there each column gets its type.
 *
 * In Wireshark's tables an integer has 32 bits and only a string can be absent.
 * So a column of integers is one of strings where a row lacks its value, one of
 * floats where a value is larger, else one of integers.  Strings that are numbers
 * have one width, and sort as numbers do.
 */

enum fs_cell {
    FS_CELL_RANK, /* the row's number */
    FS_CELL_END,  /* an end of the flow, with its port */
    FS_CELL_TEXT, /* and what else is text: addresses */
    FS_CELL_INTEGER,
    FS_CELL_SUM,     /* an integer that can be added up */
    FS_CELL_ROUNDED, /* a real number, without decimals */
    FS_CELL_REAL,
    FS_CELL_SECONDS,
    FS_CELL_START, /* since the first frame of the file */
};

struct fs_column {
    const char *title;
    enum fs_cell cell;
    const char *field; /* below the prefix; NULL of the rank */
};

/* Return how a value of some kind is shown where nothing else is said. */
enum fs_cell fs_cell_of(enum flow_kind kind);

static inline bool fs_cell_is_left(enum fs_cell cell)
{
    return cell == FS_CELL_END || cell == FS_CELL_TEXT;
}

struct fs_rows;

/* Make room for rows of columns that stay where they are; so many of the largest are kept. */
struct fs_rows *fs_rows_new(const struct fs_column *columns, unsigned column_count, unsigned limit);
void fs_rows_free(struct fs_rows *rows); /* NULL is fine */

/* Add a flow's row; view: of a flow. */
void fs_rows_add(struct fs_rows *rows, struct flow_view *view, int64_t file_start_ns);

/*
 * Fill a table, the largest flow first; a last row says how many are not shown.
 * Each column's type goes to the items, too, for tshark reads it there.  Strings
 * are to be freed with g_free().
 */
void fs_rows_put(struct fs_rows *rows, stat_tap_table *table, stat_tap_table_item *items);

#endif
