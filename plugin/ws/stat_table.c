#include "stat_table.h"

#include "clock.h"
#include "columns.h"
#include "drawing.h"
#include "field.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "stat_rows.h"
#include "tally.h"
#include "tap.h"

#include <epan/stat_tap_ui.h>
#include <stdlib.h>
#include <wsutil/report_message.h>

#define TITLE "Flow Statistics"

/*
 * The columns that are of interest first, then those that rows of the groups ask
 * for, then the last ones.  A field that there is not has no column.  Wireshark's
 * window sorts by the first column, so that the largest flow is on top.
 */
static const struct fs_column first_columns[] = {
    { "#", FS_CELL_RANK, NULL }, /* in this order: the largest flow is the first */
    { "Flow", FS_CELL_INTEGER, "id" },
    { "Protocol", FS_CELL_TEXT, "proto_name" },
    { "Source", FS_CELL_END, "src" },
    { "Destination", FS_CELL_END, "dst" },
    { "Application", FS_CELL_TEXT, "app" },
    { "Host", FS_CELL_TEXT, "host" },
    { "Bytes", FS_CELL_SUM, "bytes" },
    { "Packets", FS_CELL_SUM, "pkts" },
    { "Duration", FS_CELL_SECONDS, "duration" },
    { "Bits/s up", FS_CELL_ROUNDED, "rate.up.bits" },
    { "Bits/s down", FS_CELL_ROUNDED, "rate.down.bits" },
    { "RTT", FS_CELL_SECONDS, "tcp.rtt" },
    { "State", FS_CELL_TEXT, "tcp.state_name" },
    { "Retransmissions up", FS_CELL_INTEGER, "tcp.analysis.up.retransmission" },
    { "Retransmissions down", FS_CELL_INTEGER, "tcp.analysis.down.retransmission" },
    { "Lost segments up", FS_CELL_INTEGER, "tcp.analysis.up.lost_segment" },
    { "Lost segments down", FS_CELL_INTEGER, "tcp.analysis.down.lost_segment" },
    { "Start", FS_CELL_START, "start" },
    { "Packets up", FS_CELL_SUM, "up.pkts" },
    { "Packets down", FS_CELL_SUM, "down.pkts" },
    { "Bytes up", FS_CELL_SUM, "up.bytes" },
    { "Bytes down", FS_CELL_SUM, "down.bytes" },
    { "Payload up", FS_CELL_SUM, "up.payload_bytes" },
    { "Payload down", FS_CELL_SUM, "down.payload_bytes" },
    { "RTT to the responder", FS_CELL_SECONDS, "tcp.rtt_net" },
    { "RTT to the initiator", FS_CELL_SECONDS, "tcp.rtt_user" },
    { "End", FS_CELL_TEXT, "end_reason_name" },
};

static const struct fs_column last_columns[] = {
    { "IP-ID gaps up", FS_CELL_INTEGER, "up.lost" },
    { "IP-ID gaps down", FS_CELL_INTEGER, "down.lost" },
    { "Encapsulation", FS_CELL_TEXT, "vni" },
};

enum { COLUMNS_MAX = 512 };

/* A table that is open keeps the columns that it was made with. */
static struct fs_column columns[COLUMNS_MAX];
static stat_tap_table_item items[COLUMNS_MAX]; /* what Wireshark knows of them */
static unsigned column_count;
static GPtrArray *titles; /* of columns that are not on the lists */

static struct fs_rows *rows; /* gathered since the table was asked for; in tshark of all files */

/* What a table is waiting for. */
static enum {
    DONE,       /* nothing: it is on the screen, or nobody asked for it */
    TO_FILL,    /* the end of the retap that fills it */
    FILLED_NOW, /* the listener, which may get the last frame too */
} stage;

static stat_tap_table_ui ui;
static stat_tap_table *table;
static struct flow_tally *tally;
static int64_t file_start_ns;

/* Filling and emptying */

static void free_item(stat_tap_table *of _U_, ws_uint row _U_, ws_uint column _U_,
                      stat_tap_table_item_type *item)
{
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
}

/* Rows that a second window still shows are left to it. */
static void empty(stat_tap_table *of)
{
    if (ui.refcount <= 1)
        for (unsigned row = 0; row < of->num_elements; row++) {
            for (unsigned i = 0; i < column_count; i++)
                free_item(of, row, i, stat_tap_get_field_data(of, row, i));
            g_free(of->elements[row]);
        }
    of->num_elements = 0;
}

static void add_row(struct flow_view *view, void *data _U_)
{
    fs_rows_add(rows, view, file_start_ns);
}

static void gather(void)
{
    if (!rows)
        rows = fs_rows_new(columns, column_count, fs_prefs->table_rows);
    flow_tally_each(tally, fs_session_meter(), add_row, NULL);
}

static void forget_rows(void)
{
    fs_rows_free(rows);
    rows = NULL;
}

static bool is_open(void)
{
    return table && stat_tap_find_table(&ui, TITLE) == table;
}

/* tshark fills it once, with the rows of the files before; a window as often as it is asked. */
static void fill(void)
{
    if (!is_open())
        return; /* its window was closed meanwhile */
    empty(table);
    gather();
    fs_rows_put(rows, table, items);
    forget_rows();
}

/* The file is about to be closed, and another one comes. */
static void take(void *data _U_)
{
    if (!is_open())
        return;
    gather();
    flow_tally_go_on(tally, fs_session_meter());
}

/*
 * A table that is about to be drawn is told so in tshark.  A window draws after it
 * has had all frames dissected again: the table is filled at the last one.
 */
static void draw(void *data _U_)
{
    if (stage == TO_FILL)
        fill();
    stage = DONE;
}

void fs_stat_table_later_dissection(bool is_last)
{
    if (stage == DONE)
        return;
    if (stage == FILLED_NOW) {
        stage = DONE;
    } else if (is_last && !fs_program_runs_once()) {
        fill();
        stage = FILLED_NOW;
    }
}

static tap_packet_status pass(void *data _U_, packet_info *pinfo, epan_dissect_t *edt _U_,
                              const void *tapped _U_, tap_flags_t flags _U_)
{
    if (fs_program_runs_once())
        fs_drawing_before(draw, &tally);
    fs_start_of_file(pinfo, &file_start_ns);
    flow_tally_pass(tally, pinfo->num);
    if (!fs_session_is_last(pinfo->num))
        stage = TO_FILL; /* no end: the window painted the last row */
    else if (stage == FILLED_NOW)
        fill();
    return TAP_PACKET_REDRAW;
}

static void end_with(const char *error)
{
    report_failure("flowstats: %s", error);
    exit(EXIT_FAILURE);
}

static void init(stat_tap_table_ui *of _U_)
{
    char *error = NULL;

    table = stat_tap_find_table(&ui, TITLE);
    /* Wireshark's tables of one kind share their rows: two filters cannot be told apart. */
    if (table && fs_program_may_end())
        end_with("-z flowstats,table can be given once");
    if (fs_program_may_end() && !fs_columns_check(&error))
        end_with(error);
    stage = TO_FILL;
    forget_rows();
    if (table) {
        empty(table);
    } else {
        table = stat_tap_init_table(TITLE, (int)column_count, 0, NULL);
        stat_tap_add_table(&ui, table);
    }
    if (tally) {
        flow_tally_clear(tally);
    } else {
        tally = flow_tally_new(true);
        fs_session_attach(take, &tally);
    }
}

/* Columns */

static bool is_column(const char *field)
{
    for (unsigned i = 0; i < column_count; i++)
        if (g_strcmp0(columns[i].field, field) == 0)
            return true;
    return false;
}

static void add_columns(const struct fs_column *some, size_t count)
{
    for (size_t i = 0; i < count && column_count < COLUMNS_MAX; i++)
        if (!some[i].field || flow_field_named(some[i].field))
            columns[column_count++] = some[i];
}

/* The heading that a row asks for, else what the field is called. */
static char *heading_of(const struct flow_field *field)
{
    const char *way = field->dir == FLOW_DIRS ? "" : field->dir == FLOW_UP ? " up" : " down";

    return field->row->column && !field->is_name ? g_strconcat(field->row->column, way, NULL)
                                                 : g_strdup(field->label);
}

static void add_field(const struct flow_field *field)
{
    char *title = heading_of(field);

    g_ptr_array_add(titles, title);
    add_columns(&(struct fs_column){ title, fs_cell_of(field->kind), field->name }, 1);
}

/* A group that is off leaves its columns, with nothing in them: a window may show them. */
static void add_columns_of_groups(void)
{
    for (int quiet = 0; quiet < 2; quiet++)
        for (size_t i = 0; i < flow_field_count(); i++) {
            const struct flow_field *field = flow_field_at(i);
            if (field->row->column && !field->is_name && field->scope == FLOW_SCOPE_WHOLE &&
                field->group->is_quiet == quiet && !is_column(field->name))
                add_field(field);
        }
}

static void collect_usual(void)
{
    add_columns(first_columns, G_N_ELEMENTS(first_columns));
    add_columns_of_groups();
    add_columns(last_columns, G_N_ELEMENTS(last_columns));
}

static const struct fs_column *listed_among(const struct fs_column *some, size_t count,
                                            const char *field)
{
    for (size_t i = 0; i < count; i++)
        if (g_strcmp0(some[i].field, field) == 0)
            return &some[i];
    return NULL;
}

static const struct fs_column *listed(const char *field)
{
    const struct fs_column *column =
        listed_among(first_columns, G_N_ELEMENTS(first_columns), field);

    return column ? column : listed_among(last_columns, G_N_ELEMENTS(last_columns), field);
}

static void collect_chosen(void)
{
    const GPtrArray *fields = fs_columns();

    add_columns(first_columns, 1); /* the rank: Wireshark sorts by the first column */
    for (unsigned i = 0; i < fields->len; i++) {
        const struct flow_field *field = fields->pdata[i];
        const struct fs_column *column = listed(field->name);
        if (column)
            add_columns(column, 1);
        else
            add_field(field);
    }
}

void fs_stat_table_apply(void)
{
    if (is_open())
        return;
    if (titles)
        g_ptr_array_unref(titles);
    titles = g_ptr_array_new_with_free_func(g_free);
    column_count = 0;
    if (fs_columns_are_chosen())
        collect_chosen();
    else
        collect_usual();
    for (size_t i = 0; i < column_count; i++)
        items[i] = (stat_tap_table_item){
            .type = TABLE_ITEM_STRING,
            .align = fs_cell_is_left(columns[i].cell) ? TAP_ALIGN_LEFT : TAP_ALIGN_RIGHT,
            .column_name = columns[i].title,
            .field_format = "%s",
        };
    ui.nfields = column_count;
}

void fs_stat_table_register(void)
{
    ui = (stat_tap_table_ui){
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
        .title = TITLE,
        .tap_name = FLOW_PREFIX,
        .cli_string = "flowstats,table",
        .stat_tap_init_cb = init,
        .packet_func = pass,
        .stat_tap_reset_table_cb = empty,
        .stat_tap_free_table_item_cb = free_item,
        .fields = items,
    };
    fs_stat_table_apply();
    register_stat_tap_table_ui(&ui);
}
