#ifndef FLOWSTATS_WS_CELLS_H
#define FLOWSTATS_WS_CELLS_H

#include <glib.h>
#include <stdint.h>

/* Append what is in a cell: what has a comma, a quote or a line break is quoted, as in RFC 4180. */
void fs_put_text(GString *out, const char *text);

/* Rows of comma-separated cells, as other tools write them: each call appends one cell. */

/* NULL: an empty cell. */
void fs_cell_text(GString *out, const char *text);
void fs_cell_number(GString *out, uint64_t number);
void fs_cell_integer(GString *out, int64_t number);
void fs_cell_real(GString *out, double real);

/* Nanoseconds as exact microseconds and milliseconds, with as many decimals as there are. */
void fs_cell_us(GString *out, int64_t ns);
void fs_cell_ms(GString *out, int64_t ns);

/* End the row, which has cells. */
void fs_cells_end(GString *out);

#endif
