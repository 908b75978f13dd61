#include "cells.h"

#include "span.h"
#include "value_text.h"

#include <string.h>

static void end_cell(GString *out)
{
    g_string_append_c(out, ',');
}

static void append_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

void fs_put_text(GString *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        append_quoted(out, text);
    else
        g_string_append(out, text);
}

void fs_cell_text(GString *out, const char *text)
{
    if (text)
        fs_put_text(out, text);
    end_cell(out);
}

void fs_cell_number(GString *out, uint64_t number)
{
    fs_value_append(out, FLOW_UINT64, (struct flow_value){ .as.number = number });
    end_cell(out);
}

void fs_cell_integer(GString *out, int64_t number)
{
    g_string_append_printf(out, "%" G_GINT64_FORMAT, number);
    end_cell(out);
}

void fs_cell_real(GString *out, double real)
{
    fs_value_append(out, FLOW_DOUBLE, (struct flow_value){ .as.real = real });
    end_cell(out);
}

/* A number of units that are 10^decimals to one; zeros at the end are left out. */
static void append_decimal(GString *out, int64_t number, int decimals)
{
    uint64_t size = flow_span_size(number), unit = 1;

    for (int i = 0; i < decimals; i++)
        unit *= 10;
    g_string_append_printf(out, "%s%" G_GUINT64_FORMAT, number < 0 ? "-" : "", size / unit);
    if (size % unit == 0)
        return;
    g_string_append_printf(out, ".%0*" G_GUINT64_FORMAT, decimals, size % unit);
    while (out->str[out->len - 1] == '0')
        g_string_truncate(out, out->len - 1);
}

void fs_cell_us(GString *out, int64_t ns)
{
    append_decimal(out, ns, 3);
    end_cell(out);
}

void fs_cell_ms(GString *out, int64_t ns)
{
    append_decimal(out, ns, 6);
    end_cell(out);
}

void fs_cells_end(GString *out)
{
    out->str[out->len - 1] = '\n';
}
