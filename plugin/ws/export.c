#include "export.h"

#include "columns.h"
#include "output.h"
#include "program.h"
#include "session.h"
#include "sink.h"
#include "tally.h"
#include "tap.h"
#include "target.h"

#include <epan/stat_tap_ui.h>

static const struct fs_sink *const sinks[] = {
    &fs_csv, &fs_json, &fs_conn_log, &fs_trust, &fs_tunnels, &fs_cic, &fs_nfstream, &fs_parts,
};

struct export
{
    const struct fs_sink *sink;
    struct fs_output *output;
    struct flow_tally *tally;
    GString *rows;   /* that are not written yet */
    void *sums;      /* of a sink that adds up; else NULL */
    FILE *file;      /* where to write them now; NULL: they are kept */
    bool is_refused; /* the program writes to this file itself */
};

/* Rows are written when there are so many bytes of them. */
enum { CHUNK = 1 << 16 };

static GSList *exports; /* struct export */

static tap_packet_status pass(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                              const void *tapped _U_, tap_flags_t flags _U_)
{
    const struct export *export = data;

    flow_tally_pass(export->tally, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void forget_sums(struct export *export)
{
    if (export->sums)
        export->sink->sums_free(export->sums);
    export->sums = NULL;
}

static void begin_sums(struct export *export)
{
    forget_sums(export);
    if (export->sink->add)
        export->sums = export->sink->sums_new();
}

static void reset(void *data)
{
    struct export *export = data;

    flow_tally_clear(export->tally);
    g_string_truncate(export->rows, 0);
    begin_sums(export);
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
    flow_tally_go_on(export->tally, fs_session_meter());
}

/* What was kept of earlier files and the flows of this one; drawing again counts nothing twice. */
static void write_report(struct export *export)
{
    void *kept = export->sums;

    export->sums = export->sink->sums_copy(kept);
    flow_tally_each(export->tally, fs_session_meter(), add_row, export);
    export->sink->report(export->rows, export->sums);
    write_rows(export);
    forget_sums(export);
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

/* Refuse a file that the program has come to write itself. */
static void look_whose(struct export *export)
{
    char *error = NULL;

    export->is_refused = !fs_output_is_ours(export->output, &error);
    if (export->is_refused) {
        fs_target_report(error);
        fs_program_fail();
    }
}

/* tshark opens the file of -w after it has read -z, and before the first frame. */
static void refuse_open_files(void)
{
    for (GSList *item = exports; item; item = item->next) {
        struct export *export = item->data;
        /* A later session of the same run has been refused already. */
        if (!export->is_refused || !fs_program_runs_once())
            look_whose(export);
    }
}

static void draw(void *data)
{
    struct export *export = data;
    char *error = NULL;

    fs_session_draw();
    if (!export->is_refused)
        look_whose(export);
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
        fs_target_report(error);
        fs_program_fail();
    }
}

static void finish(void *data)
{
    struct export *export = data;

    exports = g_slist_remove(exports, export);
    fs_session_detach(export);
    flow_tally_free(export->tally);
    g_string_free(export->rows, TRUE);
    forget_sums(export);
    fs_output_free(export->output);
    g_free(export);
}

/* Else the target is given back. */
static bool is_possible(const struct fs_sink *sink, const char *argument, struct fs_target *target,
                        char **ret_error)
{
    const char *why_not = sink->obstacle ? sink->obstacle(target->filter) : NULL;

    if (!why_not)
        return true;
    *ret_error = g_strdup_printf("-z %s: %s", argument, why_not);
    fs_output_free(target->output);
    g_free(target->filter);
    return false;
}

static ws_stat_init_ret init(const char *argument, void *data)
{
    const struct fs_sink *sink = data;
    struct fs_target target;
    char *error = NULL;

    if ((!sink->has_columns || fs_columns_check(&error)) &&
        fs_target_read(argument, sink->cli, &target, &error) &&
        is_possible(sink, argument, &target, &error)) {
        struct export *export = g_new0(struct export, 1);
        export->sink = sink;
        export->rows = g_string_new(NULL);
        begin_sums(export);
        export->output = target.output;
        export->tally = flow_tally_new(target.filter != NULL);
        fs_session_attach(take, export);
        if (sink->needs_facts)
            fs_session_end_with_files();
        exports = g_slist_prepend(exports, export);
        /* Other programs draw what has been handed something new. */
        bool is_handed = target.filter || !fs_program_runs_once();
        GString *refusal = register_tap_listener(is_handed ? FLOW_PREFIX : FS_TAP_OF_NONE, export,
                                                 target.filter, TL_REQUIRES_NOTHING, reset,
                                                 is_handed ? pass : NULL, draw, finish);
        if (refusal) {
            error = fs_target_refusal(argument, refusal);
            finish(export);
        }
        g_free(target.filter);
    }
    if (fs_target_goes_on(error))
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
