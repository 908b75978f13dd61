#include "export.h"

#include "columns.h"
#include "output.h"
#include "program.h"
#include "session.h"
#include "sink.h"
#include "tally.h"
#include "tap.h"

#include <epan/stat_tap_ui.h>
#include <stdlib.h>
#include <unistd.h>
#include <wsutil/report_message.h>

static const struct fs_sink *const sinks[] = {
    &fs_csv, &fs_json, &fs_conn_log, &fs_trust, &fs_cic, &fs_nfstream,
};

struct export
{
    const struct fs_sink *sink;
    struct fs_output *output;
    struct flow_tally *tally;
    GString *rows;   /* that are not written yet */
    void *sums;      /* of a sink that adds up */
    FILE *file;      /* where to write them now; NULL: they are kept */
    bool is_refused; /* the program writes to this file itself */
};

/* Rows are written when there are so many bytes of them. */
enum { CHUNK = 1 << 16 };

/* A write that failed is told by the exit code, after everything has been drawn. */
static bool has_failed;

static GSList *exports; /* struct export */

/* Takes the error; an empty one is not worth a word. */
static void report(char *error)
{
    if (*error)
        report_failure("%s", error);
    g_free(error);
}

static tap_packet_status pass(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                              const void *tapped _U_, tap_flags_t flags _U_)
{
    const struct export *export = data;

    flow_tally_pass(export->tally, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void reset(void *data)
{
    const struct export *export = data;

    flow_tally_clear(export->tally);
    g_string_truncate(export->rows, 0);
    memset(export->sums, 0, export->sink->sums_size);
}

static void write_rows(struct export *export)
{
    fwrite(export->rows->str, 1, export->rows->len, export->file);
    g_string_truncate(export->rows, 0);
}

static void add_row(struct flow_view *view, void *data)
{
    struct export *export = data;

    if (export->sink->add) {
        export->sink->add(export->sums, view);
        return;
    }
    export->sink->row(export->rows, view);
    if (export->file && export->rows->len >= CHUNK)
        write_rows(export);
}

/* The file is about to be closed, and another one comes: its rows are kept as they are. */
static void take(void *data)
{
    struct export *export = data;

    flow_tally_each(export->tally, fs_session_meter(), add_row, export);
    flow_tally_clear(export->tally);
}

/* What was kept of earlier files and the flows of this one; drawing again counts nothing twice. */
static void write_report(struct export *export)
{
    void *kept = export->sums;

    export->sums = g_memdup2(kept, export->sink->sums_size);
    flow_tally_each(export->tally, fs_session_meter(), add_row, export);
    export->sink->report(export->rows, export->sums);
    write_rows(export);
    g_free(export->sums);
    export->sums = kept;
}

static void write_rows_of_all(struct export *export)
{
    GString *kept = export->rows;

    export->rows = g_string_new(NULL);
    if (export->sink->begin)
        export->sink->begin(export->rows);
    write_rows(export);
    fwrite(kept->str, 1, kept->len, export->file);
    flow_tally_each(export->tally, fs_session_meter(), add_row, export);
    if (export->sink->end)
        export->sink->end(export->rows);
    write_rows(export);
    g_string_free(export->rows, TRUE);
    export->rows = kept;
}

static void draw(void *data)
{
    struct export *export = data;
    char *error = NULL;

    fs_session_draw();
    if (export->is_refused)
        return;
    export->file = fs_output_open(export->output, &error);
    if (export->file) {
        if (export->sink->report)
            write_report(export);
        else
            write_rows_of_all(export);
        export->file = NULL;
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
        struct export *export = item->data;
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
    struct export *export = data;

    exports = g_slist_remove(exports, export);
    fs_session_detach(export);
    flow_tally_free(export->tally);
    g_string_free(export->rows, TRUE);
    g_free(export->sums);
    fs_output_free(export->output);
    g_free(export);
}

/* Whether a filter stands where the file is expected: few files are called "tcp.port==443". */
static bool is_filter(const char *file)
{
    ws_filter_error *error = NULL;
    dfilter_t *filter = NULL;
    bool has_operator = strpbrk(file, "=<>!&|~{ ") != NULL;

    if (!has_operator || !dfilter_compile(file, &filter, &error)) {
        ws_filter_error_free(error);
        return false;
    }
    dfilter_free(filter);
    return true;
}

/* "flowstats,csv,FILE,FILTER": the filter is all behind the third comma. */
static ws_stat_init_ret init(const char *argument, void *data)
{
    const struct fs_sink *sink = data;
    const char *rest = argument + strlen(sink->cli);
    char **parts = g_strsplit(*rest == ',' ? rest + 1 : "", ",", 2);
    const char *file = parts[0] ? parts[0] : "";
    const char *filter = parts[0] && parts[1] && *parts[1] ? parts[1] : NULL;
    struct fs_output *output;
    char *error = NULL;

    if (*rest && *rest != ',') {
        error = g_strdup_printf("flowstats: -z %s: there is no such statistic", argument);
    } else if (is_filter(file)) {
        error = g_strdup_printf("flowstats: -z %s: a filter stands where the file is expected; for "
                                "standard output write -z %s,-,%s",
                                argument, sink->cli, rest + 1);
    } else if ((!sink->has_columns || fs_columns_check(&error)) &&
               (output = fs_output_new(file, &error))) {
        struct export *export = g_new0(struct export, 1);
        export->sink = sink;
        export->rows = g_string_new(NULL);
        export->sums = g_malloc0(MAX(sink->sums_size, 1));
        export->output = output;
        export->tally = flow_tally_new(filter != NULL);
        fs_session_attach(take, export);
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

void fs_export_register(void)
{
    fs_session_at_first_frame(refuse_open_files);
    for (size_t i = 0; i < G_N_ELEMENTS(sinks); i++) {
        stat_tap_ui ui = { .group = REGISTER_STAT_GROUP_GENERIC,
                           .cli_string = sinks[i]->cli,
                           .tap_init_cb = init };
        register_stat_tap_ui(&ui, (void *)sinks[i]);
    }
}

/* Runs when the plugin is unloaded, the last of it that runs. */
__attribute__((destructor)) static void exit_as_failed(void)
{
    if (has_failed && fs_program_runs_once()) {
        fflush(NULL);
        _exit(EXIT_FAILURE);
    }
}
