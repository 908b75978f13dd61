#include "stat_table.h"

#include "clock.h"
#include "drawing.h"
#include "field.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "tally.h"
#include "tap.h"
#include "text.h"

#include <epan/stat_tap_ui.h>
#include <stdlib.h>
#include <wsutil/report_message.h>

#define TITLE "Flow Statistics"

/*
 * How a cell shows a value.  In Wireshark's tables integers have 32 bits, so
 * bytes are floats without decimals, and only strings can be absent: numbers
 * that can be absent are strings of one width, which sort as numbers do.
 */
enum cell {
    CELL_ID,
    CELL_END, /* an end of the flow, with its port */
    CELL_TEXT,
    CELL_PACKETS,
    CELL_BYTES,
    CELL_COUNT,   /* may be absent */
    CELL_REAL,    /* likewise */
    CELL_SECONDS, /* likewise */
    CELL_START,   /* likewise; since the first frame of the file */
};

struct column {
    const char *title;
    enum cell cell;
    const char *field;
};

static const struct column own_columns[] = {
    { "Flow", CELL_ID, "id" },
    { "Source", CELL_END, "src" },
    { "Destination", CELL_END, "dst" },
    { "Protocol", CELL_TEXT, "proto_name" },
    { "Encapsulation", CELL_TEXT, "vni" },
    { "Start", CELL_START, "start" },
    { "Duration", CELL_SECONDS, "duration" },
    { "Packets up", CELL_PACKETS, "up.pkts" },
    { "Packets down", CELL_PACKETS, "down.pkts" },
    { "Bytes up", CELL_BYTES, "up.bytes" },
    { "Bytes down", CELL_BYTES, "down.bytes" },
    { "Payload up", CELL_BYTES, "up.payload_bytes" },
    { "Payload down", CELL_BYTES, "down.payload_bytes" },
    { "IP-ID gaps up", CELL_COUNT, "up.lost" },
    { "IP-ID gaps down", CELL_COUNT, "down.lost" },
    { "State", CELL_TEXT, "tcp.state_name" },
    { "RTT", CELL_SECONDS, "tcp.rtt" },
    { "RTT net", CELL_SECONDS, "tcp.rtt_net" },
    { "RTT user", CELL_SECONDS, "tcp.rtt_user" },
    { "End", CELL_TEXT, "end_reason_name" },
};

/* Those and, after them, the columns that rows of the groups ask for. */
enum { COLUMNS_MAX = 64 };

static struct column columns[COLUMNS_MAX];
static unsigned column_count;
static const struct flow_field *field_of[COLUMNS_MAX];

/* The rows past the limit become one: how many they are, and the sums of their counts. */
static struct {
    uint32_t shown;
    uint32_t more;
    stat_tap_table_item_type row[COLUMNS_MAX];
} rows;

/* What a table is waiting for. */
static enum {
    DONE,       /* nothing: it is on the screen, or nobody asked for it */
    TO_FILL,    /* the end of the retap that fills it */
    FILLED_NOW, /* the listener, which may get the last frame too */
} stage;

static stat_tap_table_ui *table_ui;
static stat_tap_table *table;
static struct flow_tally *tally;
static int64_t file_start_ns;

/* Cells */

static stat_tap_table_item_enum type_of(enum cell cell)
{
    switch (cell) {
    case CELL_PACKETS: return TABLE_ITEM_UINT;
    case CELL_BYTES: return TABLE_ITEM_FLOAT;
    case CELL_ID:
    case CELL_END:
    case CELL_TEXT:
    case CELL_COUNT:
    case CELL_REAL:
    case CELL_SECONDS:
    case CELL_START: break;
    }
    return TABLE_ITEM_STRING;
}

static const char *format_of(enum cell cell)
{
    switch (type_of(cell)) {
    case TABLE_ITEM_UINT: return "%u";
    case TABLE_ITEM_FLOAT: return "%.0f";
    default: return "%s";
    }
}

/* The same for an absent value in every column of strings. */
static char *text_of(const struct column *column, struct flow_view *view,
                     const struct flow_value *value)
{
    char text[64] = "-";

    switch (column->cell) {
    case CELL_ID: return g_strdup_printf("%10u", view->flow->id);
    case CELL_END:
        flow_end_text(view->flow, strcmp(column->field, "src") == 0 ? FLOW_UP : FLOW_DOWN, text,
                      sizeof text);
        break;
    case CELL_TEXT: return g_strdup(value->known ? value->as.text : text);
    case CELL_COUNT:
        if (value->known)
            g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, value->as.number);
        return g_strdup_printf("%10s", text);
    case CELL_REAL:
        if (value->known)
            g_ascii_formatd(text, sizeof text, "%.3f", value->as.real);
        return g_strdup_printf("%14s", text);
    case CELL_SECONDS:
    case CELL_START:
        if (value->known)
            g_snprintf(text, sizeof text, "%.6f",
                       (double)(value->as.ns - (column->cell == CELL_START ? file_start_ns : 0)) /
                           1e9);
        return g_strdup_printf("%14s", text);
    case CELL_PACKETS:
    case CELL_BYTES: break;
    }
    return g_strdup(text);
}

static void fill_row(stat_tap_table_item_type *row, struct flow_view *view)
{
    for (size_t i = 0; i < column_count; i++) {
        struct flow_value value = flow_field_value(field_of[i], view);
        row[i].type = type_of(columns[i].cell);
        if (row[i].type == TABLE_ITEM_UINT)
            row[i].value.uint_value = (unsigned)value.as.number;
        else if (row[i].type == TABLE_ITEM_FLOAT)
            row[i].value.float_value = (double)value.as.number;
        else
            row[i].value.string_value = text_of(&columns[i], view, &value);
    }
}

static void add_to_rest(struct flow_view *view)
{
    for (size_t i = 0; i < column_count; i++) {
        struct flow_value value = flow_field_value(field_of[i], view);
        if (columns[i].cell == CELL_PACKETS)
            rows.row[i].value.uint_value += (unsigned)value.as.number;
        else if (columns[i].cell == CELL_BYTES)
            rows.row[i].value.float_value += (double)value.as.number;
    }
    rows.more++;
}

static void add_row(struct flow_view *view, void *data _U_)
{
    stat_tap_table_item_type row[COLUMNS_MAX];

    if (rows.shown >= fs_prefs->table_rows) {
        add_to_rest(view);
        return;
    }
    fill_row(row, view);
    stat_tap_init_table_row(table, rows.shown++, column_count, row);
}

static void add_rest(void)
{
    for (size_t i = 0; i < column_count; i++) {
        stat_tap_table_item_type *item = &rows.row[i];
        item->type = type_of(columns[i].cell);
        if (item->type != TABLE_ITEM_STRING)
            continue;
        item->value.string_value = strcmp(columns[i].field, "src") == 0
                                       ? g_strdup_printf("… and %u more flows", rows.more)
                                       : g_strdup("");
    }
    stat_tap_init_table_row(table, rows.shown, column_count, rows.row);
}

/* Filling and emptying */

static void free_item(stat_tap_table *of _U_, ws_uint row _U_, ws_uint column,
                      stat_tap_table_item_type *item)
{
    if (type_of(columns[column].cell) == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
}

/* Rows that a second window still shows are left to it. */
static void empty(stat_tap_table *of)
{
    if (table_ui && table_ui->refcount <= 1)
        for (unsigned row = 0; row < of->num_elements; row++) {
            for (unsigned i = 0; i < column_count; i++)
                free_item(of, row, i, stat_tap_get_field_data(of, row, i));
            g_free(of->elements[row]);
        }
    of->num_elements = 0;
}

static void forget_rows(void)
{
    empty(table);
    memset(&rows, 0, sizeof rows);
}

static void add_rows(void)
{
    for (size_t i = 0; i < column_count; i++)
        field_of[i] = flow_field_named(columns[i].field);
    flow_tally_each(tally, fs_session_meter(), add_row, NULL);
}

static bool is_open(void)
{
    return table && stat_tap_find_table(table_ui, TITLE) == table;
}

/* tshark fills it once, after the rows of the files before; a window as often as it is asked. */
static void fill(void)
{
    if (!is_open())
        return; /* its window was closed meanwhile */
    if (!fs_program_runs_once())
        forget_rows();
    add_rows();
    if (rows.more > 0)
        add_rest();
}

/* The file is about to be closed, and another one comes. */
static void take(void *data _U_)
{
    if (!is_open())
        return;
    add_rows();
    flow_tally_clear(tally);
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
    int64_t now_ns, since_start_ns;

    if (fs_program_runs_once())
        fs_drawing_before(draw, &tally);
    if (fs_ns_of(&pinfo->abs_ts, &now_ns) && fs_ns_of(&pinfo->rel_ts, &since_start_ns))
        file_start_ns = now_ns - since_start_ns;
    flow_tally_pass(tally, pinfo->num);
    if (!fs_session_is_last(pinfo->num))
        stage = TO_FILL; /* what looked like the end was the window painting the last row */
    else if (stage == FILLED_NOW)
        fill();
    return TAP_PACKET_REDRAW;
}

static void init(stat_tap_table_ui *ui)
{
    table = stat_tap_find_table(ui, TITLE);
    if (table && fs_program_may_end()) {
        /* Wireshark's tables of one kind share their rows: two filters cannot be told apart. */
        report_failure("flowstats: -z flowstats,table can be given once");
        exit(EXIT_FAILURE);
    }
    table_ui = ui;
    stage = TO_FILL;
    if (table) {
        forget_rows();
    } else {
        table = stat_tap_init_table(TITLE, (int)column_count, 0, NULL);
        stat_tap_add_table(ui, table);
    }
    if (tally) {
        flow_tally_clear(tally);
    } else {
        tally = flow_tally_new(true);
        fs_session_attach(take, &tally);
    }
}

/* False for what no cell shows: addresses. */
static bool cell_of(enum flow_kind kind, enum cell *ret_cell)
{
    switch (kind) {
    case FLOW_SPAN: *ret_cell = CELL_SECONDS; return true;
    case FLOW_INSTANT: *ret_cell = CELL_START; return true;
    case FLOW_DOUBLE: *ret_cell = CELL_REAL; return true;
    case FLOW_TEXT: *ret_cell = CELL_TEXT; return true;
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_UINT32:
    case FLOW_UINT64:
    case FLOW_HEX16:
    case FLOW_HEX32:
    case FLOW_FRAME:
    case FLOW_FLAG: *ret_cell = CELL_COUNT; return true;
    case FLOW_ADDR_MAC:
    case FLOW_ADDR_IPV4:
    case FLOW_ADDR_IPV6: break;
    }
    return false;
}

/* A group that is off leaves its columns, with nothing in them: a window may show them. */
static void collect_columns(void)
{
    memcpy(columns, own_columns, sizeof own_columns);
    column_count = G_N_ELEMENTS(own_columns);
    for (size_t i = 0; i < flow_field_count() && column_count < COLUMNS_MAX; i++) {
        const struct flow_field *field = flow_field_at(i);
        enum cell cell;
        if (!field->row->column || field->is_name || field->scope != FLOW_SCOPE_WHOLE ||
            !cell_of(field->kind, &cell))
            continue;
        const char *way = field->dir == FLOW_DIRS ? "" : field->dir == FLOW_UP ? " up" : " down";
        columns[column_count++] = (struct column){
            .title = g_strconcat(field->row->column, way, NULL), .cell = cell, .field = field->name
        };
    }
}

void fs_stat_table_register(void)
{
    static stat_tap_table_item items[COLUMNS_MAX];
    static stat_tap_table_ui ui = {
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

    collect_columns();
    for (size_t i = 0; i < column_count; i++)
        items[i] = (stat_tap_table_item){ .type = type_of(columns[i].cell),
                                          .align = columns[i].cell <= CELL_TEXT ? TAP_ALIGN_LEFT
                                                                                : TAP_ALIGN_RIGHT,
                                          .column_name = columns[i].title,
                                          .field_format = format_of(columns[i].cell) };
    ui.nfields = column_count;
    register_stat_tap_table_ui(&ui);
}
