#include "export.h"

#include "output.h"
#include "program.h"
#include "session.h"
#include "tap.h"

#include <epan/stat_tap_ui.h>
#include <epan/to_str.h>
#include <flowstats/field.h>
#include <stdlib.h>
#include <unistd.h>
#include <wsutil/json_dumper.h>
#include <wsutil/report_message.h>

struct export_file {
    const struct format *format;
    struct fs_output *output;
    struct flow_tally *tally;
    bool is_refused; /* the program writes to this file itself */
};

struct format {
    const char *cli; /* after -z */
    void (*header)(FILE *file);
    void (*row)(struct flow_view *view, void *file);
};

/* A write that failed is told by the exit code, after everything has been drawn. */
static bool has_failed;

static GSList *exports; /* struct export_file */

/* Takes the error. */
static void report(char *error)
{
    report_failure("%s", error);
    g_free(error);
}

static bool is_exported(const struct flow_field *field)
{
    return field->scope == FLOW_SCOPE_FLOW || field->scope == FLOW_SCOPE_WHOLE;
}

/*
 * A file has as many values as it has rows times columns, nearly all of them
 * integers; printf takes ten times as long for one as its digits do.
 */

enum { VALUE_TEXT_LEN = 64 };

/* The digits of a number that end before the end of a text; at least so many. */
static char *digits_before(char *end, uint64_t number, int least)
{
    for (; number > 0 || least > 0; number /= 10, least--)
        *--end = (char)('0' + number % 10);
    return end;
}

static const char *integer_text(uint64_t number, char text[VALUE_TEXT_LEN])
{
    char *end = text + VALUE_TEXT_LEN - 1;

    *end = '\0';
    return digits_before(end, number, 1);
}

/* Seconds with all nine decimals; the sign stands also before a zero. */
static const char *seconds_text(int64_t ns, char text[VALUE_TEXT_LEN])
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    char *at = text + VALUE_TEXT_LEN - 1;

    *at = '\0';
    at = digits_before(at, size % 1000000000, 9);
    *--at = '.';
    at = digits_before(at, size / 1000000000, 1);
    if (ns < 0)
        *--at = '-';
    return at;
}

/* A value as text, and whether the text is a number.  text: room for what is not text itself. */
static const char *value_text(enum flow_kind kind, const struct flow_value *value,
                              char text[VALUE_TEXT_LEN], bool *ret_is_number)
{
    address addr;

    *ret_is_number = true;
    switch (kind) {
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_UINT32:
    case FLOW_UINT64:
    case FLOW_HEX16:
    case FLOW_FRAME:
    case FLOW_FLAG: return integer_text(value->as.number, text);
    case FLOW_DOUBLE: return g_ascii_formatd(text, VALUE_TEXT_LEN, "%.15g", value->as.real);
    case FLOW_SPAN:
    case FLOW_INSTANT: return seconds_text(value->as.ns, text);
    case FLOW_TEXT: *ret_is_number = false; return value->as.text;
    case FLOW_ADDR_MAC: set_address(&addr, AT_ETHER, 6, value->as.addr); break;
    case FLOW_ADDR_IPV4: set_address(&addr, AT_IPv4, 4, value->as.addr); break;
    case FLOW_ADDR_IPV6: set_address(&addr, AT_IPv6, 16, value->as.addr); break;
    }
    *ret_is_number = false;
    address_to_str_buf(&addr, text, VALUE_TEXT_LEN);
    return text;
}

static void put(FILE *file, const char *text)
{
    for (; *text; text++)
        putc_unlocked(*text, file);
}

/* RFC 4180: what has a comma, a quote or a line break is quoted, and quotes are doubled. */
static void put_quoted(FILE *file, const char *text)
{
    putc_unlocked('"', file);
    for (; *text; text++) {
        if (*text == '"')
            putc_unlocked('"', file);
        putc_unlocked(*text, file);
    }
    putc_unlocked('"', file);
}

/* What a spreadsheet takes for a formula, if a cell begins with it. */
static bool is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text);
}

/* Texts of packets can be anything: an apostrophe makes them texts in a spreadsheet too. */
static void put_text(FILE *file, const char *text)
{
    char *disarmed = is_formula(text) ? g_strconcat("'", text, NULL) : NULL;
    const char *shown = disarmed ? disarmed : text;

    if (strpbrk(shown, ",\"\r\n"))
        put_quoted(file, shown);
    else
        put(file, shown);
    g_free(disarmed);
}

static void put_value(FILE *file, const struct flow_field *field, const struct flow_value *value)
{
    char room[VALUE_TEXT_LEN];
    bool is_number;
    const char *text = value_text(field->kind, value, room, &is_number);

    if (is_number)
        put(file, text);
    else
        put_text(file, text);
}

static void csv_header(FILE *file)
{
    const char *separator = "";

    for (size_t i = 0; i < flow_field_count; i++) {
        if (!is_exported(&flow_fields[i]))
            continue;
        fprintf(file, "%s" FLOW_PREFIX ".%s", separator, flow_fields[i].name);
        separator = ",";
    }
    fputs("\r\n", file);
}

static void csv_row(struct flow_view *view, void *data)
{
    FILE *file = data;
    const char *separator = "";

    for (size_t i = 0; i < flow_field_count; i++) {
        const struct flow_field *field = &flow_fields[i];
        if (!is_exported(field))
            continue;
        put(file, separator);
        separator = ",";
        struct flow_value value = flow_field_value_at(field, view, view->whole);
        if (value.known)
            put_value(file, field, &value);
    }
    put(file, "\r\n");
}

static void no_header(FILE *file _U_) {}

static void json_row(struct flow_view *view, void *data)
{
    json_dumper dumper = { .output_file = data };
    char text[VALUE_TEXT_LEN], name[128];
    bool is_number;

    json_dumper_begin_object(&dumper);
    for (size_t i = 0; i < flow_field_count; i++) {
        const struct flow_field *field = &flow_fields[i];
        if (!is_exported(field))
            continue;
        struct flow_value value = flow_field_value_at(field, view, view->whole);
        if (!value.known)
            continue;
        const char *shown = value_text(field->kind, &value, text, &is_number);
        g_snprintf(name, sizeof name, FLOW_PREFIX ".%s", field->name);
        json_dumper_set_member_name(&dumper, name);
        if (is_number)
            json_dumper_value_anyf(&dumper, "%s", shown);
        else
            json_dumper_value_string(&dumper, shown);
    }
    json_dumper_end_object(&dumper);
    json_dumper_finish(&dumper);
}

static const struct format csv = { "flowstats,csv", csv_header, csv_row };
static const struct format json = { "flowstats,json", no_header, json_row };

static tap_packet_status pass(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                              const void *tapped _U_, tap_flags_t flags _U_)
{
    const struct export_file *export = data;

    flow_tally_pass(export->tally, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void reset(void *data)
{
    const struct export_file *export = data;

    flow_tally_clear(export->tally);
}

static void draw(void *data)
{
    const struct export_file *export = data;
    char *error = NULL;

    fs_session_draw();
    if (export->is_refused)
        return;
    FILE *file = fs_output_open(export->output, &error);
    if (file) {
        export->format->header(file);
        flow_tally_each(export->tally, fs_session_meter(), export->format->row, file);
        fs_output_close(export->output, &error);
    }
    if (error) {
        report(error);
        has_failed = true;
    }
}

/* tshark opens the file of -w after it has read -z, and before the first frame. */
static void refuse_open_files(void)
{
    for (GSList *item = exports; item; item = item->next) {
        struct export_file *export = item->data;
        char *error = NULL;
        if (export->is_refused && fs_program_runs_once())
            continue; /* another session of the same run */
        export->is_refused = !fs_output_is_ours(export->output, &error);
        if (export->is_refused) {
            report(error);
            has_failed = true;
        }
    }
}

static void finish(void *data)
{
    struct export_file *export = data;

    exports = g_slist_remove(exports, export);
    fs_session_detach(export->tally);
    flow_tally_free(export->tally);
    fs_output_free(export->output);
    g_free(export);
}

/* "flowstats,csv,FILE,FILTER": the filter is all behind the third comma. */
static ws_stat_init_ret init(const char *argument, void *data)
{
    const struct format *format = data;
    const char *rest = argument + strlen(format->cli);
    char **parts = g_strsplit(*rest == ',' ? rest + 1 : "", ",", 2);
    const char *file = parts[0] ? parts[0] : "";
    const char *filter = parts[0] && parts[1] && *parts[1] ? parts[1] : NULL;
    struct fs_output *output;
    char *error = NULL;

    if (*rest && *rest != ',') {
        error = g_strdup_printf("flowstats: -z %s: there is no such statistic", argument);
    } else if ((output = fs_output_new(file, &error))) {
        struct export_file *export = g_new0(struct export_file, 1);
        export->format = format;
        export->output = output;
        export->tally = flow_tally_new(filter != NULL);
        fs_session_attach(export->tally);
        exports = g_slist_prepend(exports, export);
        /* Other programs draw what has been handed something new. */
        bool is_handed = filter || !fs_program_runs_once();
        GString *refusal = register_tap_listener(is_handed ? FLOW_PREFIX : FS_TAP_OF_NONE, export,
                                                 filter, TL_REQUIRES_NOTHING, reset,
                                                 is_handed ? pass : NULL, draw, finish);
        if (refusal) {
            error = g_strdup_printf("flowstats: -z %s: %s", argument, refusal->str);
            g_string_free(refusal, TRUE);
            finish(export);
        }
    }
    g_strfreev(parts);
    if (!error)
        WS_STAT_INIT_OK;

    report(error);
    if (!fs_program_may_end())
        WS_STAT_INIT_OK;
    WS_STAT_INIT_FAIL;
}

static void register_format(const struct format *format)
{
    stat_tap_ui ui = { .group = REGISTER_STAT_GROUP_GENERIC,
                       .cli_string = format->cli,
                       .tap_init_cb = init };

    register_stat_tap_ui(&ui, (void *)format);
}

void fs_export_register(void)
{
    fs_session_at_first_frame(refuse_open_files);
    register_format(&csv);
    register_format(&json);
}

/* Runs when the plugin is unloaded, the last of it that runs. */
__attribute__((destructor)) static void exit_as_failed(void)
{
    if (has_failed && fs_program_runs_once()) {
        fflush(NULL);
        _exit(EXIT_FAILURE);
    }
}
