#include "apart.h"
#include "folder.h"
#include "packets.h"
#include "told.h"

#include "export.h"
#include "stream.h"

#include "arguments.h"
#include "columns.h"
#include "core.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "sink.h"
#include "tap.h"
#include "target.h"

#include <epan/stat_tap_ui.h>
#include <stdio.h>

/*
 * Exports and streams: when they write what, and when nothing.  Wireshark, the
 * session and the outputs are those of this test, which write down what happens;
 * formats write the numbers of flows.
 */

static void tell(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void tell(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    tell_more("", format, rest);
    va_end(rest);
}

/* The program and its preferences */

static enum fs_program program;
static bool is_read_twice, may_end;
static struct fs_prefs preferences;
const struct fs_prefs *const fs_prefs = &preferences;

enum fs_program fs_program(void)
{
    return program;
}

bool fs_program_runs_once(void)
{
    return program == FS_TSHARK;
}

void fs_program_fail(void)
{
    tell("failed");
}

bool fs_arguments_have(char option)
{
    g_assert_cmpint(option, ==, '2');
    return is_read_twice;
}

static const char *columns_error;

bool fs_columns_check(char **ret_error)
{
    if (columns_error)
        *ret_error = g_strdup(columns_error);
    return !columns_error;
}

/* The session: attached are a statistic, and a stream. */

static struct flow_meter *meter;
static void (*at_first_frame[2])(void);
static unsigned first_frame_calls;
static void (*take_rows)(void *data);
static void *attached;
static const struct fs_stream *served;
static bool is_stream;

struct flow_meter *fs_session_meter(void)
{
    return meter;
}

void fs_session_at_first_frame(void (*call)(void))
{
    at_first_frame[first_frame_calls++] = call;
}

void fs_session_draw(void)
{
    tell("draws");
}

void fs_session_attach(void (*take)(void *data), void *data)
{
    take_rows = take;
    attached = data;
}

void fs_session_detach(void *data)
{
    g_assert_true(attached == data);
    attached = NULL;
}

void fs_session_end_with_files(void)
{
    tell("flows end with files");
}

void fs_session_attach_stream(const struct fs_stream *stream)
{
    served = stream;
}

void fs_session_detach_stream(const struct fs_stream *stream)
{
    if (served == stream)
        served = NULL;
}

bool fs_session_is_stream(void)
{
    return is_stream;
}

/* Wireshark: the statistics that it knows, and one listener. */

enum { STATISTICS_MAX = 16 };

static struct {
    stat_tap_ui ui;
    void *data;
} statistics[STATISTICS_MAX];
static unsigned statistic_count;

void register_stat_tap_ui(stat_tap_ui *ui, void *data)
{
    g_assert_cmpint(ui->group, ==, REGISTER_STAT_GROUP_GENERIC);
    statistics[statistic_count].ui = *ui;
    statistics[statistic_count++].data = data;
}

static struct {
    const char *tap;
    void *data;
    char *filter;
    tap_reset_cb reset;
    tap_packet_cb packet;
    tap_draw_cb draw;
    tap_finish_cb finish;
} listener;
static bool is_filter_refused;

GString *register_tap_listener(const char *tap, void *data, const char *filter, unsigned flags,
                               tap_reset_cb reset, tap_packet_cb packet, tap_draw_cb draw,
                               tap_finish_cb finish)
{
    g_assert_cmpuint(flags, ==, TL_REQUIRES_NOTHING);
    if (is_filter_refused)
        return g_string_new("no");
    listener.tap = tap;
    listener.data = data;
    g_free(listener.filter);
    listener.filter = g_strdup(filter);
    listener.reset = reset;
    listener.packet = packet;
    listener.draw = draw;
    listener.finish = finish;
    return NULL;
}

/* Outputs, and where they go to. */

struct fs_output {
    FILE *file;
};

static unsigned open_outputs;
static GString *written; /* of the output that was closed last */
static const char *target_error, *owner_error, *open_error, *close_error, *special_file;

bool fs_target_read(const char *argument, const char *name, struct fs_target *ret_target,
                    char **ret_error)
{
    g_assert_true(g_str_has_prefix(argument, name));
    char **parts = g_strsplit(argument, ",", 4); /* flowstats, its name, the file, the filter */

    g_assert_nonnull(parts[2]);
    ret_target->filter = g_strdup(parts[3]);
    g_strfreev(parts);
    if (target_error) {
        *ret_error = g_strdup(target_error);
        g_clear_pointer(&ret_target->filter, g_free);
        return false;
    }
    ret_target->output = g_new0(struct fs_output, 1);
    open_outputs++;
    return true;
}

char *fs_target_refusal(const char *argument, GString *refusal)
{
    char *text = g_strdup_printf("%s: %s", argument, refusal->str);

    g_string_free(refusal, TRUE);
    return text;
}

void fs_target_report(char *error)
{
    tell("%s", error);
    g_free(error);
}

bool fs_target_goes_on(char *error)
{
    if (!error)
        return true;
    fs_target_report(error);
    return !may_end;
}

void fs_output_free(struct fs_output *output)
{
    g_assert_null(output->file);
    open_outputs--;
    g_free(output);
}

bool fs_output_is_ours(const struct fs_output *output, char **ret_error)
{
    g_assert_nonnull(output);
    if (owner_error)
        *ret_error = g_strdup(owner_error);
    return !owner_error;
}

FILE *fs_output_open(struct fs_output *output, char **ret_error)
{
    if (open_error)
        *ret_error = g_strdup(open_error);
    else
        output->file = special_file ? fopen(special_file, "w") : tmpfile();
    return output->file;
}

FILE *fs_output_open_in_place(struct fs_output *output, char **ret_error)
{
    tell("opens in place");
    return fs_output_open(output, ret_error);
}

bool fs_output_close(struct fs_output *output, char **ret_error)
{
    char text[256];
    size_t length;

    g_string_truncate(written, 0);
    rewind(output->file);
    while ((length = fread(text, 1, sizeof text, output->file)) > 0)
        g_string_append_len(written, text, (gssize)length);
    fclose(output->file);
    output->file = NULL;
    if (close_error)
        *ret_error = g_strdup(close_error);
    return !close_error;
}

static void has_written(const char *want)
{
    g_assert_cmpstr(written->str, ==, want);
    g_string_assign(written, "nothing");
}

/* Formats: a line a flow, the number of flows, and a lot of each. */

static struct flow_value value_of(struct flow_view *view, const char *name)
{
    return flow_field_value(flow_field_named(name), view);
}

static void begin_rows(GString *out)
{
    g_string_append(out, "begin ");
}

static void put_row(GString *out, struct flow_view *view)
{
    g_string_append_printf(out, "%u:%u ", view->flow->id,
                           (unsigned)value_of(view, "pkts").as.number);
}

static void end_rows(GString *out)
{
    g_string_append(out, "end");
}

const struct fs_sink fs_csv = { .cli = "flowstats,csv",
                                .begin = begin_rows,
                                .row = put_row,
                                .end = end_rows,
                                .has_columns = true };
const struct fs_sink fs_json = { .cli = "flowstats,json", .row = put_row, .has_columns = true };

static const char *obstacle;

static const char *obstacle_of(const char *filter)
{
    g_assert_cmpstr(filter, ==, "x");
    return obstacle;
}

const struct fs_sink fs_parts = { .cli = "flowstats,parts",
                                  .row = put_row,
                                  .obstacle = obstacle_of };
const struct fs_sink fs_cic = { .cli = "flowstats,cic", .row = put_row, .needs_facts = true };
const struct fs_sink fs_trust = { .cli = "flowstats,quality", .row = put_row };
const struct fs_sink fs_conn_log = { .cli = "flowstats,zeek", .row = put_row };

enum { LOT = 40000 };

static bool is_kept;

/* What is not kept for another file is written when there is much of it. */
static void put_lot(GString *out, struct flow_view *view)
{
    g_assert_true(is_kept || out->len < LOT + LOT);
    for (int i = 0; i < LOT; i++)
        g_string_append_c(out, (char)('0' + view->flow->id));
}

const struct fs_sink fs_nfstream = { .cli = "flowstats,nfstream", .row = put_lot };

static unsigned sums_alive;

static void *sums_new(void)
{
    sums_alive++;
    return g_new0(uint32_t, 1);
}

static void *sums_copy(const void *sums)
{
    uint32_t *copy = sums_new();

    *copy = *(const uint32_t *)sums;
    return copy;
}

static void sums_free(void *sums)
{
    sums_alive--;
    g_free(sums);
}

static void add_to_sums(void *sums, struct flow_view *view)
{
    *(uint32_t *)sums += (uint32_t)value_of(view, "pkts").as.number;
}

static void report_sums(GString *out, const void *sums)
{
    g_string_append_printf(out, "%u", *(const uint32_t *)sums);
}

const struct fs_sink fs_tunnels = { .cli = "flowstats,tunnels",
                                    .add = add_to_sums,
                                    .report = report_sums,
                                    .sums_new = sums_new,
                                    .sums_copy = sums_copy,
                                    .sums_free = sums_free };

/* A statistic is started by the argument of -z. */
static void start(const char *argument)
{
    const char *comma = strchr(argument, ',');
    const char *rest = strchr(comma + 1, ',');
    size_t length = rest ? (size_t)(rest - argument) : strlen(argument);

    for (unsigned i = 0; i < statistic_count; i++)
        if (strncmp(statistics[i].ui.cli_string, argument, length) == 0 &&
            strlen(statistics[i].ui.cli_string) == length) {
            statistics[i].ui.tap_init_cb(argument, statistics[i].data);
            return;
        }
    g_assert_not_reached();
}

static void begin(enum fs_program in)
{
    program = in;
    is_read_twice = may_end = is_filter_refused = is_stream = false;
    preferences = (struct fs_prefs){ .columns = "" };
    target_error = owner_error = open_error = close_error = columns_error = obstacle =
        special_file = NULL;
    g_clear_pointer(&listener.filter, g_free);
    listener.data = NULL;
    g_string_assign(written, "nothing");
}

static void end(void)
{
    if (listener.data)
        listener.finish(listener.data);
    listener.data = NULL;
    g_assert_null(attached);
    g_assert_null(served);
    g_assert_cmpuint(sums_alive, ==, 0);
    g_assert_cmpuint(open_outputs, ==, 0);
    has_told("");
}

static void draw(void)
{
    listener.draw(listener.data);
}

static void call_at_first_frame(void)
{
    for (unsigned i = 0; i < first_frame_calls; i++)
        at_first_frame[i]();
}

static void pass(uint32_t frame)
{
    packet_info pinfo = { .num = frame };

    g_assert_cmpint(listener.packet(listener.data, &pinfo, NULL, NULL, 0), ==, TAP_PACKET_REDRAW);
}

static void test_what_there_is(void)
{
    static const char *const names[] = {
        "csv", "json", "zeek", "quality", "tunnels", "cic", "nfstream", "parts", "stream",
    };

    g_assert_cmpuint(statistic_count, ==, G_N_ELEMENTS(names));
    for (unsigned i = 0; i < statistic_count; i++)
        g_assert_cmpstr(statistics[i].ui.cli_string + strlen("flowstats,"), ==, names[i]);
    g_assert_cmpuint(first_frame_calls, ==, 2);
}

/* Exports */

static void test_an_export(void)
{
    begin(FS_TSHARK);
    start("flowstats,csv,out");
    g_assert_cmpstr(listener.tap, ==, "flow.none");
    g_assert_null(listener.packet);
    g_assert_nonnull(attached);
    call_at_first_frame();
    has_told("");
    draw();
    has_told("draws\n");
    has_written("begin 0:2 1:1 2:1 end");
    draw();
    has_told("draws\n");
    has_written("begin 0:2 1:1 2:1 end");
    end();
}

static void test_a_filter(void)
{
    begin(FS_TSHARK);
    start("flowstats,json,out,a,b");
    g_assert_cmpstr(listener.tap, ==, "flow");
    g_assert_cmpstr(listener.filter, ==, "a,b");
    pass(1);
    pass(4);
    draw();
    has_told("draws\n");
    has_written("0:1 2:1 ");
    end();
}

/* It draws what has been handed something new, and resets before the next pass. */
static void test_a_window(void)
{
    begin(FS_WIRESHARK);
    start("flowstats,json,out");
    g_assert_cmpstr(listener.tap, ==, "flow");
    pass(1);
    draw();
    has_written("0:2 1:1 2:1 ");
    listener.reset(listener.data);
    draw();
    has_written("0:2 1:1 2:1 ");
    listener.finish(listener.data);
    start("flowstats,json,out,x");
    pass(1);
    listener.reset(listener.data);
    pass(3);
    draw();
    has_written("1:1 ");
    g_string_truncate(told, 0);
    end();
}

/* tshark -M: rows of a file are kept when another one comes. */
static void test_files_one_after_the_other(void)
{
    begin(FS_TSHARK);
    start("flowstats,csv,out");
    take_rows(attached);
    draw();
    has_written("begin 0:2 1:1 2:1 0:2 1:1 2:1 end");
    draw();
    has_written("begin 0:2 1:1 2:1 0:2 1:1 2:1 end");
    listener.reset(listener.data);
    draw();
    has_written("begin 0:2 1:1 2:1 end");
    listener.finish(listener.data);
    start("flowstats,json,out,x");
    pass(1);
    take_rows(attached);
    pass(4); /* of the other file */
    draw();
    has_written("0:1 2:1 ");
    g_string_truncate(told, 0);
    end();
}

static void test_sums(void)
{
    begin(FS_TSHARK);
    start("flowstats,tunnels,out");
    draw();
    has_written("4");
    draw();
    has_written("4");
    take_rows(attached);
    draw();
    has_written("8");
    draw();
    has_written("8");
    listener.reset(listener.data);
    draw();
    has_written("4");
    g_string_truncate(told, 0);
    end();
}

/* Many rows are not kept until the end. */
static void test_many_rows(void)
{
    begin(FS_TSHARK);
    start("flowstats,nfstream,out");
    draw();
    g_assert_cmpuint(written->len, ==, 3 * LOT);
    for (size_t i = 0; i < written->len; i++)
        g_assert_cmpint(written->str[i], ==, (int)('0' + i / LOT));
    is_kept = true;
    take_rows(attached);
    is_kept = false;
    draw();
    g_assert_cmpuint(written->len, ==, 6 * LOT);
    g_string_truncate(told, 0);
    end();
}

static void test_a_format_that_needs_facts(void)
{
    begin(FS_TSHARK);
    start("flowstats,cic,out");
    has_told("flows end with files\n");
    end();
    start("flowstats,csv,out");
    end();
}

/* What the program has come to write itself is said once in a run, and left alone. */
static void test_a_file_of_the_program(void)
{
    begin(FS_TSHARK);
    start("flowstats,csv,out");
    owner_error = "not ours";
    call_at_first_frame();
    has_told("not ours\nfailed\n");
    call_at_first_frame();
    has_told("");
    draw();
    has_told("draws\n");
    has_written("nothing");
    end();

    begin(FS_TSHARK); /* seen when it is drawn */
    start("flowstats,csv,out");
    call_at_first_frame();
    owner_error = "not ours";
    draw();
    has_told("draws\nnot ours\nfailed\n");
    has_written("nothing");
    end();

    begin(FS_SHARKD); /* where the next file may be another one */
    start("flowstats,csv,out");
    owner_error = "not ours";
    call_at_first_frame();
    has_told("not ours\nfailed\n");
    owner_error = NULL;
    call_at_first_frame();
    draw();
    has_told("draws\n");
    has_written("begin 0:2 1:1 2:1 end");
    end();
}

static void test_files_that_fail(void)
{
    begin(FS_TSHARK);
    start("flowstats,csv,out");
    open_error = "cannot be opened";
    draw();
    has_told("draws\ncannot be opened\nfailed\n");
    has_written("nothing");
    open_error = NULL;
    close_error = "disk is full";
    draw();
    has_told("draws\ndisk is full\nfailed\n");
    end();
}

static void is_refused(const char *argument, const char *why)
{
    start(argument);
    has_told(why);
    g_assert_null(listener.data);
    g_assert_null(attached);
    end();
}

static void test_exports_that_cannot_be(void)
{
    begin(FS_TSHARK);
    columns_error = "no such column";
    is_refused("flowstats,csv,out", "no such column\n");
    start("flowstats,cic,out"); /* which has columns of its own */
    has_told("flows end with files\n");
    end();
    columns_error = NULL;
    is_filter_refused = true;
    is_refused("flowstats,csv,out,bad", "flowstats,csv,out,bad: no\n");
    is_refused("flowstats,tunnels,out,bad", "flowstats,tunnels,out,bad: no\n");
    is_filter_refused = false;
    obstacle = "not now";
    is_refused("flowstats,parts,out,x", "-z flowstats,parts,out,x: not now\n");
    obstacle = NULL;
    start("flowstats,parts,out,x");
    g_assert_nonnull(attached);
    end();
    target_error = "no such folder";
    is_refused("flowstats,csv,out", "no such folder\n");
}

/* Streams */

static struct flow_view *view_of(unsigned flow)
{
    static struct flow_view view;

    g_assert_true(flow_meter_flow_view(meter, flow, &view));
    return &view;
}

static void end_flow(unsigned flow)
{
    served->ended(view_of(flow), served->data);
}

static void start_stream(const char *argument)
{
    begin(FS_TSHARK);
    preferences.idle_timeout = 60;
    is_stream = true;
    start(argument);
    has_told("");
    g_assert_nonnull(served);
}

static void test_a_stream(void)
{
    if (!is_apart_and_well())
        return;
    call_at_first_frame(); /* there is none yet */
    begin(FS_TSHARK);
    is_filter_refused = true;
    is_refused("flowstats,stream,out,bad", "flowstats,stream,out,bad: no\n");
    start_stream("flowstats,stream,out");
    g_assert_cmpstr(listener.tap, ==, "flow.none");
    g_assert_null(listener.packet);
    call_at_first_frame();
    has_told("opens in place\n");
    call_at_first_frame();
    has_told("");
    end_flow(2);
    end_flow(0);
    draw();
    has_told("draws\n");
    has_written("2:1 0:2 ");
    end_flow(1); /* it is closed */
    draw();
    has_told("draws\n");
    has_written("nothing");
    end();
}

/* A line can be read when it has been written. */
static void test_lines_of_a_stream_come_at_once(void)
{
    if (!is_apart_and_well())
        return;
    enter();
    start_stream("flowstats,stream,out");
    special_file = "stream";
    call_at_first_frame();
    end_flow(1);
    holds("stream", "1:1 ");
    draw();
    has_told("opens in place\ndraws\n");
    end();
    leave();
}

static void test_a_filter_of_a_stream(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out,a,b");
    g_assert_cmpstr(listener.tap, ==, "flow");
    g_assert_cmpstr(listener.filter, ==, "a,b");
    call_at_first_frame();
    pass(1);
    end_flow(0);
    end_flow(1);
    draw();
    has_told("opens in place\ndraws\n");
    has_written("0:1 ");
    end();
}

/* Nothing was captured: the file is there, and empty. */
static void test_a_stream_of_nothing(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out");
    draw();
    has_told("draws\nopens in place\n");
    has_written("");
    end();
}

static void test_two_streams(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,one");
    void *first = listener.data;
    start_stream("flowstats,stream,other");
    call_at_first_frame();
    has_told("opens in place\nopens in place\n");
    listener.draw(first);
    has_told("draws\n");
    listener.finish(first);
    draw();
    has_told("draws\n");
    end();
}

static void test_what_comes_last(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out");
    preferences.idle_timeout = 0;
    call_at_first_frame();
    has_told("warning: flowstats: -z flowstats,stream: without flow.idle_timeout or "
             "flow.active_timeout, flows that have no end of their own are written when the "
             "capture ends\nopens in place\n");
    call_at_first_frame();
    has_told("");
    draw();
    has_told("draws\n");
    end();
}

static void test_streams_with_an_active_timeout(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out");
    preferences.idle_timeout = 0;
    preferences.active_timeout = 60;
    call_at_first_frame();
    has_told("opens in place\n");
    draw();
    has_told("draws\n");
    end();
}

/* A statistic wants all flows, and those of a stream are forgotten. */
static void test_a_statistic_beside_a_stream(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out");
    is_stream = false;
    call_at_first_frame();
    has_told("failure: flowstats: -z flowstats,stream: no other statistic of flows can be made in "
             "the same run, for flows that have ended are forgotten\nfailed\n");
    draw();
    has_told("draws\n");
    has_written("nothing");
    end();
}

static void test_a_stream_to_a_file_of_the_program(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out");
    owner_error = "not ours";
    call_at_first_frame();
    has_told("not ours\nfailed\n");
    owner_error = NULL;
    end_flow(0);
    draw();
    has_told("draws\n");
    has_written("nothing");
    end();
}

static void test_a_stream_that_cannot_be_opened(void)
{
    if (!is_apart_and_well())
        return;
    start_stream("flowstats,stream,out");
    open_error = "cannot be opened";
    call_at_first_frame();
    has_told("opens in place\ncannot be opened\nfailed\n");
    end_flow(0);
    draw();
    has_told("draws\n");
    end();
}

/* It is said once, and nothing is written any more. */
static void test_a_full_disk(void)
{
    if (!is_apart_and_well())
        return;
    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS))
        return;
    start_stream("flowstats,stream,out");
    special_file = "/dev/full";
    call_at_first_frame();
    g_string_truncate(told, 0);
    close_error = "disk is full";
    end_flow(0);
    has_told("disk is full\nfailed\n");
    end_flow(1);
    draw();
    has_told("draws\n");
    end();
}

static void test_streams_that_cannot_be(void)
{
    begin(FS_WIRESHARK);
    is_refused("flowstats,stream,out", "-z flowstats,stream,out: only tshark writes it, for other "
                                       "programs read a file as often as they like\n");
    begin(FS_TSHARK);
    is_read_twice = true;
    is_refused("flowstats,stream,out",
               "-z flowstats,stream,out: flows are written while the capture is read for the "
               "first time: leave out -2\n");
    is_read_twice = false;
    columns_error = "no such column";
    is_refused("flowstats,stream,out", "no such column\n");
    columns_error = NULL;
    target_error = "no such folder";
    is_refused("flowstats,stream,out", "no such folder\n");
    target_error = NULL;
    is_filter_refused = true;
    is_refused("flowstats,stream,out,bad", "flowstats,stream,out,bad: no\n");
}

/* Two packets of the first flow, and one of each other. */
static void make_meter(void)
{
    static struct flow_groups groups;

    flow_groups_add(&groups, &flow_core);
    meter = flow_meter_new(NULL, 0, &groups);
    for (uint32_t frame = 1; frame <= 4; frame++) {
        struct flow_packet packet =
            udp_packet(frame, frame == 2 ? 1 : (uint8_t)frame, 50000, 99, 53);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    told = g_string_new(NULL);
    written = g_string_new(NULL);
    make_meter();
    fs_export_register();
    fs_stream_register();
    g_test_add_func("/export/what-there-is", test_what_there_is);
    g_test_add_func("/export/an-export", test_an_export);
    g_test_add_func("/export/a-filter", test_a_filter);
    g_test_add_func("/export/a-window", test_a_window);
    g_test_add_func("/export/files-one-after-the-other", test_files_one_after_the_other);
    g_test_add_func("/export/sums", test_sums);
    g_test_add_func("/export/many-rows", test_many_rows);
    g_test_add_func("/export/a-format-that-needs-facts", test_a_format_that_needs_facts);
    g_test_add_func("/export/a-file-of-the-program", test_a_file_of_the_program);
    g_test_add_func("/export/files-that-fail", test_files_that_fail);
    g_test_add_func("/export/exports-that-cannot-be", test_exports_that_cannot_be);
    g_test_add_func("/stream/a-stream", test_a_stream);
    g_test_add_func("/stream/lines-come-at-once", test_lines_of_a_stream_come_at_once);
    g_test_add_func("/stream/a-filter", test_a_filter_of_a_stream);
    g_test_add_func("/stream/of-nothing", test_a_stream_of_nothing);
    g_test_add_func("/stream/two-streams", test_two_streams);
    g_test_add_func("/stream/what-comes-last", test_what_comes_last);
    g_test_add_func("/stream/an-active-timeout", test_streams_with_an_active_timeout);
    g_test_add_func("/stream/a-statistic-beside-it", test_a_statistic_beside_a_stream);
    g_test_add_func("/stream/a-file-of-the-program", test_a_stream_to_a_file_of_the_program);
    g_test_add_func("/stream/that-cannot-be-opened", test_a_stream_that_cannot_be_opened);
    g_test_add_func("/stream/a-full-disk", test_a_full_disk);
    g_test_add_func("/stream/streams-that-cannot-be", test_streams_that_cannot_be);
    int failed = g_test_run();
    flow_meter_free(meter);
    g_string_free(written, TRUE);
    g_string_free(told, TRUE);
    return failed;
}
