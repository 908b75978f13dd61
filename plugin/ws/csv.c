#include "cells.h"
#include "columns.h"
#include "sink.h"
#include "value_text.h"

/* What a spreadsheet takes for a formula, if a cell begins with it. */
static bool is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text);
}

/* Texts of packets can be anything: an apostrophe makes them texts in a spreadsheet too. */
static void put_text(GString *out, const char *text)
{
    char *disarmed = is_formula(text) ? g_strconcat("'", text, NULL) : NULL;

    fs_put_text(out, disarmed ? disarmed : text);
    g_free(disarmed);
}

static void put_value(GString *out, const struct flow_field *field, struct flow_value value)
{
    if (field->kind == FLOW_TEXT)
        put_text(out, value.as.text);
    else
        fs_value_append(out, field->kind, value);
}

static void begin(GString *out)
{
    const GPtrArray *columns = fs_columns();

    for (unsigned i = 0; i < columns->len; i++) {
        const struct flow_field *field = columns->pdata[i];
        g_string_append_printf(out, "%s" FLOW_PREFIX ".%s", i > 0 ? "," : "", field->name);
    }
    g_string_append(out, "\r\n");
}

static void row(GString *out, struct flow_view *view)
{
    const GPtrArray *columns = fs_columns();
    struct flow_inquiry inquiry = { .asked.view = view };

    for (unsigned i = 0; i < columns->len; i++) {
        const struct flow_field *field = columns->pdata[i];
        struct flow_value value = flow_inquiry_value(&inquiry, field);
        if (i > 0)
            g_string_append_c(out, ',');
        if (value.known)
            put_value(out, field, value);
    }
    g_string_append(out, "\r\n");
}

const struct fs_sink fs_csv = {
    .cli = "flowstats,csv", .begin = begin, .row = row, .has_columns = true
};
