#include "columns.h"
#include "sink.h"
#include "value_text.h"

#include <wsutil/json_dumper.h>

/* A text that lists several values becomes an array of them. */
static void put_list(json_dumper *dumper, const char *text, enum flow_list list)
{
    char **items = g_strsplit(text, " ", -1);

    json_dumper_begin_array(dumper);
    for (char **item = items; *item; item++)
        if (list == FLOW_LIST_NUMBERS)
            json_dumper_value_anyf(dumper, "%s", *item);
        else
            json_dumper_value_string(dumper, *item);
    json_dumper_end_array(dumper);
    g_strfreev(items);
}

static void put_value(json_dumper *dumper, const struct flow_field *field,
                      const struct flow_value *value)
{
    char room[FS_VALUE_TEXT_LEN];
    bool is_number;
    const char *text = fs_value_text(field->kind, value, room, &is_number);

    if (field->kind == FLOW_FLAG)
        json_dumper_value_anyf(dumper, "true");
    else if (field->row->list != FLOW_LIST_NONE)
        put_list(dumper, text, field->row->list);
    else if (is_number)
        json_dumper_value_anyf(dumper, "%s", text);
    else
        json_dumper_value_string(dumper, text);
}

static void row(GString *out, struct flow_view *view)
{
    const GPtrArray *columns = fs_columns();
    struct flow_inquiry inquiry = { .asked.view = view };
    json_dumper dumper = { .output_string = out };
    char name[128];

    json_dumper_begin_object(&dumper);
    for (unsigned i = 0; i < columns->len; i++) {
        const struct flow_field *field = columns->pdata[i];
        struct flow_value value = flow_inquiry_value(&inquiry, field);
        if (!value.known)
            continue;
        g_snprintf(name, sizeof name, FLOW_PREFIX ".%s", field->name);
        json_dumper_set_member_name(&dumper, name);
        put_value(&dumper, field, &value);
    }
    json_dumper_end_object(&dumper);
    json_dumper_finish(&dumper);
}

const struct fs_sink fs_json = { .cli = "flowstats,json", .row = row, .has_columns = true };
