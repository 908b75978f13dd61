#include "stream.h"

#include "arguments.h"
#include "columns.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "sink.h"
#include "tally.h"
#include "tap.h"
#include "target.h"

#include <epan/stat_tap_ui.h>
#include <wsutil/report_message.h>

#define NAME "flowstats,stream"

struct stream {
    struct fs_stream served;
    struct fs_output *output;
    struct flow_tally *tally;
    GString *line;
    FILE *file;     /* NULL: it is not open, or nobody reads it any more */
    bool is_opened; /* it is, or that failed */
};

static GSList *streams; /* struct stream */

static void fail(struct stream *stream, char *error)
{
    fs_target_report(error);
    fs_program_fail();
    stream->file = NULL;
}

static void open_stream(struct stream *stream)
{
    char *error = NULL;

    if (stream->is_opened)
        return;
    stream->is_opened = true;
    if (fs_output_is_ours(stream->output, &error))
        stream->file = fs_output_open_in_place(stream->output, &error);
    if (!stream->file)
        fail(stream, error);
}

static void close_stream(struct stream *stream)
{
    char *error = NULL;

    if (stream->file)
        fs_output_close(stream->output, &error);
    stream->file = NULL;
    if (error)
        fail(stream, error);
}

/* A line is written as a whole, and at once. */
static void write_line(struct flow_view *view, void *data)
{
    struct stream *stream = data;

    if (!stream->file)
        return;
    g_string_truncate(stream->line, 0);
    fs_json.row(stream->line, view);
    fwrite(stream->line->str, 1, stream->line->len, stream->file);
    if (fflush(stream->file) != 0)
        close_stream(stream);
}

static void ended(struct flow_view *view, void *data)
{
    struct stream *stream = data;

    flow_tally_last(stream->tally, view, write_line, stream);
}

static void forgetting(struct flow_view *view, uint32_t facts, void *data)
{
    struct stream *stream = data;

    flow_tally_keep(stream->tally, view, facts);
}

static void take(void *data)
{
    struct stream *stream = data;

    flow_tally_go_on(stream->tally, fs_session_meter());
}

static tap_packet_status pass(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                              const void *tapped _U_, tap_flags_t flags _U_)
{
    const struct stream *stream = data;

    flow_tally_pass(stream->tally, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void say_what_comes_last(void)
{
    if (fs_prefs->idle_timeout == 0 && fs_prefs->active_timeout == 0)
        report_warning("flowstats: -z " NAME
                       ": without flow.idle_timeout or flow.active_timeout, flows that have no end "
                       "of their own are written when the capture ends");
}

/* tshark has read all of -z, and opened the file of -w. */
static void begin(void)
{
    static bool has_begun;

    if (!streams || has_begun)
        return;
    has_begun = true;
    if (!fs_session_is_stream()) {
        report_failure("flowstats: -z " NAME ": no other statistic of flows can be made in the "
                       "same run, for flows that have ended are forgotten");
        fs_program_fail();
        return;
    }
    say_what_comes_last();
    for (GSList *item = streams; item; item = item->next)
        open_stream(item->data);
}

static void draw(void *data)
{
    struct stream *stream = data;

    fs_session_draw();
    if (fs_session_is_stream())
        open_stream(stream);
    close_stream(stream);
}

static void finish(void *data)
{
    struct stream *stream = data;

    streams = g_slist_remove(streams, stream);
    fs_session_detach_stream(&stream->served);
    flow_tally_free(stream->tally);
    g_string_free(stream->line, TRUE);
    fs_output_free(stream->output);
    g_free(stream);
}

/* Why there can be no stream; NULL: there can. */
static const char *obstacle(void)
{
    if (fs_program() != FS_TSHARK)
        return "only tshark writes it, for other programs read a file as often as they like";
    if (fs_arguments_have('2'))
        return "flows are written while the capture is read for the first time: leave out -2";
    return NULL;
}

static char *add(const char *argument)
{
    const char *why_not = obstacle();
    struct fs_target target;
    char *error = NULL;

    if (why_not)
        return g_strdup_printf("-z %s: %s", argument, why_not);
    if (!fs_columns_check(&error) || !fs_target_read(argument, NAME, &target, &error))
        return error;

    struct stream *stream = g_new0(struct stream, 1);
    stream->served = (struct fs_stream){
        .ended = ended, .forgetting = forgetting, .take = take, .data = stream
    };
    stream->output = target.output;
    stream->tally = flow_tally_new(target.filter != NULL);
    stream->line = g_string_new(NULL);
    streams = g_slist_append(streams, stream);
    fs_session_attach_stream(&stream->served);
    GString *refusal =
        register_tap_listener(target.filter ? FLOW_PREFIX : FS_TAP_OF_NONE, stream, target.filter,
                              TL_REQUIRES_NOTHING, NULL, target.filter ? pass : NULL, draw, finish);
    if (refusal) {
        error = fs_target_refusal(argument, refusal);
        finish(stream);
    }
    g_free(target.filter);
    return error;
}

static ws_stat_init_ret init(const char *argument, void *data _U_)
{
    if (fs_target_goes_on(add(argument)))
        WS_STAT_INIT_OK;
    WS_STAT_INIT_FAIL;
}

void fs_stream_register(void)
{
    stat_tap_ui ui = { .group = REGISTER_STAT_GROUP_GENERIC,
                       .cli_string = NAME,
                       .tap_init_cb = init };

    fs_session_at_first_frame(begin);
    register_stat_tap_ui(&ui, NULL);
}
