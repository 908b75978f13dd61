#include "packets.h"
#include "stat_table.h"

#include "all.h"
#include "columns.h"
#include "core.h"
#include "drawing.h"
#include "field.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "stat_rows.h"

#include <wsutil/report_message.h>

/*
 * The flow table: which columns it has, and when it is filled with what.  Wireshark,
 * the session and the rows are of this test: a row says which flow it is, how many of
 * its packets passed, and how many seconds after the first frame the flow began.
 */

/* The program, its preferences and its session */

static bool runs_once, may_end;
static const char *columns_error;
static struct fs_prefs preferences = { .columns = "", .table_rows = 7 };
const struct fs_prefs *const fs_prefs = &preferences;

static struct flow_meter *meter;
static uint32_t frames; /* that the session has seen */
static void (*take_rows)(void *data);
static void *taker;
static void (*fill_table)(void *data);
static void *filler;

bool fs_program_runs_once(void)
{
    return runs_once;
}

bool fs_program_may_end(void)
{
    return may_end;
}

void report_failure(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    char *text = g_strdup_vprintf(format, rest);
    va_end(rest);
    g_printerr("%s\n", text);
    g_free(text);
}

struct flow_meter *fs_session_meter(void)
{
    return meter;
}

bool fs_session_is_last(uint32_t frame)
{
    return frame == frames;
}

/* It is attached once, and for good. */
void fs_session_attach(void (*take)(void *data), void *data)
{
    g_assert_null(taker);
    take_rows = take;
    taker = data;
}

void fs_drawing_before(void (*fill)(void *data), void *data)
{
    g_assert_true(runs_once); /* a window fills the table when its last frame comes */
    g_assert_true(!filler || filler == data);
    fill_table = fill;
    filler = data;
}

static GPtrArray *chosen; /* NULL: the user has chosen none */

const GPtrArray *fs_columns(void)
{
    return chosen;
}

bool fs_columns_are_chosen(void)
{
    return chosen != NULL;
}

bool fs_columns_check(char **ret_error)
{
    if (columns_error)
        *ret_error = g_strdup(columns_error);
    return !columns_error;
}

/* Rows */

struct fs_rows {
    GPtrArray *texts;
    unsigned column_count;
};

static unsigned rows_made, rows_alive;
static const struct fs_column *made_of; /* they stay where they are */

/* Kinds that differ, in columns that nobody has listed. */
enum fs_cell fs_cell_of(enum flow_kind kind)
{
    return kind == FLOW_TEXT ? FS_CELL_TEXT : kind == FLOW_DOUBLE ? FS_CELL_REAL : FS_CELL_INTEGER;
}

struct fs_rows *fs_rows_new(const struct fs_column *columns, unsigned column_count, unsigned limit)
{
    struct fs_rows *rows = g_new0(struct fs_rows, 1);

    g_assert_cmpuint(limit, ==, 7);
    rows->texts = g_ptr_array_new_with_free_func(g_free);
    made_of = columns;
    rows->column_count = column_count;
    rows_made++;
    rows_alive++;
    return rows;
}

void fs_rows_free(struct fs_rows *rows)
{
    if (!rows)
        return;
    g_ptr_array_unref(rows->texts);
    g_free(rows);
    rows_alive--;
}

void fs_rows_add(struct fs_rows *rows, struct flow_view *view, int64_t file_start_ns)
{
    struct flow_value packets = flow_field_value(flow_field_named("pkts"), view);
    unsigned count = (unsigned)packets.as.number;
    int64_t start_ns = flow_field_value(flow_field_named("start"), view).as.ns;

    g_ptr_array_add(rows->texts, g_strdup_printf("%u:%u@%d", view->flow->id, count,
                                                 (int)((start_ns - file_start_ns) / SECOND)));
}

/* Wireshark: one table, with its rows. */

static stat_tap_table_ui *ui;
static stat_tap_table *open; /* NULL: none is */
static unsigned fills;

void register_stat_tap_table_ui(stat_tap_table_ui *of)
{
    ui = of;
}

stat_tap_table *stat_tap_find_table(stat_tap_table_ui *of, const char *title)
{
    g_assert_true(of == ui);
    g_assert_cmpstr(title, ==, "Flow Statistics");
    return open;
}

stat_tap_table *stat_tap_init_table(const char *title, int columns, int rows, const char *filter)
{
    stat_tap_table *table = g_new0(stat_tap_table, 1);

    g_assert_cmpint(columns, ==, (int)ui->nfields);
    g_assert_cmpint(rows, ==, 0);
    g_assert_null(filter);
    table->title = title;
    table->num_fields = (unsigned)columns;
    return table;
}

void stat_tap_add_table(stat_tap_table_ui *of, stat_tap_table *table)
{
    g_assert_true(of == ui);
    g_assert_null(open);
    open = table;
}

stat_tap_table_item_type *stat_tap_get_field_data(const stat_tap_table *table, ws_uint row,
                                                  ws_uint column)
{
    g_assert_cmpuint(row, <, table->num_elements);
    g_assert_cmpuint(column, <, table->num_fields);
    return &table->elements[row][column];
}

/* The first cell of a row and the last one are texts, the others numbers. */
static stat_tap_table_item_type *row_of(const char *text, unsigned columns)
{
    stat_tap_table_item_type *row = g_new0(stat_tap_table_item_type, columns);

    for (unsigned i = 0; i < columns; i++) {
        row[i].type = TABLE_ITEM_UINT;
        row[i].value.uint_value = 1; /* no address */
    }
    row[0].type = row[columns - 1].type = TABLE_ITEM_STRING;
    row[0].value.string_value = g_strdup(text);
    row[columns - 1].value.string_value = g_strdup("last");
    return row;
}

void fs_rows_put(struct fs_rows *rows, stat_tap_table *table, stat_tap_table_item *items)
{
    g_assert_true(table == open);
    g_assert_true(items == ui->fields);
    g_assert_cmpuint(table->num_elements, ==, 0);
    fills++;
    table->num_elements = rows->texts->len;
    table->elements = g_renew(stat_tap_table_item_type *, table->elements, rows->texts->len + 1);
    for (unsigned i = 0; i < rows->texts->len; i++)
        table->elements[i] = row_of(rows->texts->pdata[i], rows->column_count);
}

static void free_rows(stat_tap_table_item_type **rows, unsigned count, unsigned columns)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned column = 0; column < columns; column++)
            ui->stat_tap_free_table_item_cb(open, i, column, &rows[i][column]);
        g_free(rows[i]);
    }
}

static void close_table(void)
{
    free_rows(open->elements, open->num_elements, open->num_fields);
    g_free(open->elements);
    g_free(open);
    open = NULL;
}

/* Its rows, and how often it was filled since it was asked before. */
static void shows(const char *want, unsigned want_fills)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < open->num_elements; i++)
        g_string_append_printf(out, "%s ", open->elements[i][0].value.string_value);
    g_assert_cmpstr(out->str, ==, want);
    g_assert_cmpuint(fills, ==, want_fills);
    g_string_free(out, TRUE);
    fills = 0;
}

/* Columns */

static struct flow_value say_nothing(const struct flow_asked *asked)
{
    (void)asked;
    return (struct flow_value){ .known = false };
}

#define ROW(field, kind_of, of, ...)                                                               \
    {                                                                                              \
        .name = field, .label = "Label", .help = "Help.", .value = say_nothing, .kind = kind_of,   \
        .scope = of, __VA_ARGS__                                                                   \
    }
#define NO_MORE_ROWS                                                                               \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const struct flow_name names[] = { { 1, "one" }, { 0, NULL } };

static const struct flow_row app_rows[] = {
    ROW("app", FLOW_TEXT, FLOW_SCOPE_FLOW, .number = 0),
    NO_MORE_ROWS,
};
static const struct flow_row quiet_rows[] = {
    ROW("quiet.all", FLOW_UINT32, FLOW_SCOPE_WHOLE, .column = "Quiet"),
    NO_MORE_ROWS,
};
/* Of those with a column the ones of a whole flow have one, and no name has. */
static const struct flow_row loud_rows[] = {
    ROW("loud.none", FLOW_UINT32, FLOW_SCOPE_WHOLE, .number = 0),
    ROW("loud.*.ways", FLOW_UINT32, FLOW_SCOPE_MEASURE, .column = "Ways", .ways = FLOW_WAYS_ALL),
    ROW("loud.named", FLOW_UINT32, FLOW_SCOPE_WHOLE, .column = "Named", .names = names),
    ROW("loud.packet", FLOW_UINT32, FLOW_SCOPE_PACKET, .column = "Packet"),
    ROW("loud.flow", FLOW_UINT32, FLOW_SCOPE_FLOW, .column = "Flow"),
    ROW("loud.text", FLOW_TEXT, FLOW_SCOPE_WHOLE, .column = "Text"),
    ROW("loud.real", FLOW_DOUBLE, FLOW_SCOPE_WHOLE, .column = "Real"),
    NO_MORE_ROWS,
};

#define GROUP(of, its_rows, ...)                                                                   \
    {                                                                                              \
        .version = FLOW_EXTENSION_VERSION, .name = of, .rows = its_rows, __VA_ARGS__               \
    }
static const struct flow_group app = GROUP("app", app_rows, .is_on = true);
static const struct flow_group quiet = GROUP("quiet", quiet_rows, .is_quiet = true);
static const struct flow_group loud = GROUP("loud", loud_rows, .is_on = true);

struct want {
    const char *title;
    enum fs_cell cell;
    const char *field;
    bool is_left;
};

/* Texts are on the left.  The host and what tcp.analysis says have no field here. */
static const struct want usual[] = {
    { "#", FS_CELL_RANK, NULL, false },
    { "Flow", FS_CELL_INTEGER, "id", false },
    { "Protocol", FS_CELL_TEXT, "proto_name", true },
    { "Source", FS_CELL_END, "src", true },
    { "Destination", FS_CELL_END, "dst", true },
    { "Application", FS_CELL_TEXT, "app", true },
    { "Bytes", FS_CELL_SUM, "bytes", false },
    { "Packets", FS_CELL_SUM, "pkts", false },
    { "Duration", FS_CELL_SECONDS, "duration", false },
    { "Bits/s up", FS_CELL_ROUNDED, "rate.up.bits", false },
    { "Bits/s down", FS_CELL_ROUNDED, "rate.down.bits", false },
    { "RTT", FS_CELL_SECONDS, "tcp.rtt", false },
    { "State", FS_CELL_TEXT, "tcp.state_name", true },
    { "Start", FS_CELL_START, "start", false },
    { "Packets up", FS_CELL_SUM, "up.pkts", false },
    { "Packets down", FS_CELL_SUM, "down.pkts", false },
    { "Bytes up", FS_CELL_SUM, "up.bytes", false },
    { "Bytes down", FS_CELL_SUM, "down.bytes", false },
    { "Payload up", FS_CELL_SUM, "up.payload_bytes", false },
    { "Payload down", FS_CELL_SUM, "down.payload_bytes", false },
    { "RTT to the responder", FS_CELL_SECONDS, "tcp.rtt_net", false },
    { "RTT to the initiator", FS_CELL_SECONDS, "tcp.rtt_user", false },
    { "End", FS_CELL_TEXT, "end_reason_name", true },
    /* Of groups that are not quiet, then of quiet ones, among them "shape". */
    { "Ways", FS_CELL_INTEGER, "loud.ways", false },
    { "Ways up", FS_CELL_INTEGER, "loud.up.ways", false },
    { "Ways down", FS_CELL_INTEGER, "loud.down.ways", false },
    { "Named", FS_CELL_INTEGER, "loud.named", false },
    { "Text", FS_CELL_TEXT, "loud.text", true },
    { "Real", FS_CELL_REAL, "loud.real", false },
    { "Bits/s", FS_CELL_REAL, "rate.bits", false },
    { "Packets/s", FS_CELL_REAL, "rate.pkts", false },
    { "Packets/s up", FS_CELL_REAL, "rate.up.pkts", false },
    { "Packets/s down", FS_CELL_REAL, "rate.down.pkts", false },
    { "Quiet", FS_CELL_INTEGER, "quiet.all", false },
    { "IP-ID gaps up", FS_CELL_INTEGER, "up.lost", false },
    { "IP-ID gaps down", FS_CELL_INTEGER, "down.lost", false },
    { "Encapsulation", FS_CELL_TEXT, "vni", true },
};

/* What Wireshark knows of the columns, and rows that come into them. */

static void has_items(const struct want *want, size_t count)
{
    for (size_t i = 0; i < MIN(count, ui->nfields); i++) {
        g_assert_cmpstr(made_of[i].title, ==, want[i].title);
        g_assert_cmpint(made_of[i].cell, ==, want[i].cell);
        g_assert_cmpstr(made_of[i].field, ==, want[i].field);
        g_assert_cmpstr(ui->fields[i].column_name, ==, want[i].title);
        g_assert_cmpint(ui->fields[i].type, ==, TABLE_ITEM_STRING);
        g_assert_cmpstr(ui->fields[i].field_format, ==, "%s");
        g_assert_cmpint(ui->fields[i].align, ==,
                        want[i].is_left ? TAP_ALIGN_LEFT : TAP_ALIGN_RIGHT);
    }
    g_assert_cmpuint(ui->nfields, ==, count);
}

static void ask_for_table(void)
{
    ui->stat_tap_init_cb(ui);
    g_assert_cmpuint(rows_alive, ==, 0);
}

static void test_what_it_is(void)
{
    g_assert_cmpint(ui->group, ==, REGISTER_PACKET_STAT_GROUP_UNSORTED);
    g_assert_cmpstr(ui->title, ==, "Flow Statistics");
    g_assert_cmpstr(ui->tap_name, ==, "flow");
    g_assert_cmpstr(ui->cli_string, ==, "flowstats,table");
}

static void test_usual_columns(void)
{
    fs_stat_table_apply();
    has_items(usual, G_N_ELEMENTS(usual));
}

static void choose(const char *const *fields)
{
    chosen = g_ptr_array_new();
    for (; *fields; fields++) {
        const struct flow_field *field = flow_field_named(*fields);
        g_assert_nonnull(field);
        g_ptr_array_add(chosen, (void *)field);
    }
}

static void choose_usual(void)
{
    g_clear_pointer(&chosen, g_ptr_array_unref);
    fs_stat_table_apply();
}

/* The rank comes first; those that are listed keep their titles, and others have headings. */
static void test_chosen_columns(void)
{
    static const char *const fields[] = {
        "vni",          "pkts", "end_reason_name", "loud.none", "loud.named", "loud.named_name",
        "loud.up.ways", "app",  "up.lost",         NULL
    };
    static const struct want want[] = {
        { "#", FS_CELL_RANK, NULL, false },
        { "Encapsulation", FS_CELL_TEXT, "vni", true },
        { "Packets", FS_CELL_SUM, "pkts", false },
        { "End", FS_CELL_TEXT, "end_reason_name", true },
        { "Label", FS_CELL_INTEGER, "loud.none", false },
        { "Named", FS_CELL_INTEGER, "loud.named", false },
        { "Label (name)", FS_CELL_TEXT, "loud.named_name", true },
        { "Ways up", FS_CELL_INTEGER, "loud.up.ways", false },
        { "Application", FS_CELL_TEXT, "app", true },
        { "IP-ID gaps up", FS_CELL_INTEGER, "up.lost", false },
    };

    choose(fields);
    fs_stat_table_apply();
    has_items(want, G_N_ELEMENTS(want));
    choose_usual();
    has_items(usual, G_N_ELEMENTS(usual));
}

/* There is room for 512 columns. */
static void test_too_many_columns(void)
{
    chosen = g_ptr_array_new();
    for (int i = 0; i < 600; i++)
        g_ptr_array_add(chosen, (void *)flow_field_named(i % 2 ? "id" : "loud.none"));
    fs_stat_table_apply();
    g_assert_cmpuint(ui->nfields, ==, 512);
    choose_usual();
}

/* Filling */

static void begin(bool once)
{
    runs_once = may_end = once;
    columns_error = NULL;
    fills = rows_made = 0;
    filler = NULL;
    ui->refcount = 1;
}

static void end(void)
{
    g_assert_cmpuint(rows_alive, ==, 0);
    if (open)
        close_table();
}

/* The first frame of the file is of second 1. */
static void pass(uint32_t frame)
{
    packet_info pinfo = { .num = frame,
                          .abs_ts = { .secs = (time_t)frame },
                          .rel_ts = { .secs = (time_t)frame - 1 } };

    g_assert_cmpint(ui->packet_func(open, &pinfo, NULL, NULL, 0), ==, TAP_PACKET_REDRAW);
}

/* What a program that draws once does then, if any frame has passed. */
static void draw(void)
{
    fill_table(filler);
}

/* A window dissects all frames anew; those from one on to another pass the filter. */
static void dissect_again(uint32_t first, uint32_t last)
{
    for (uint32_t frame = 1; frame <= frames; frame++) {
        fs_stat_table_later_dissection(fs_session_is_last(frame));
        if (frame >= first && frame <= last)
            pass(frame);
    }
}

/* A table that is filled tells which columns its rows are made of. */
static void learn_columns(void)
{
    begin(false);
    ask_for_table();
    dissect_again(1, 1);
    end();
}

static void test_it_is_filled_when_it_is_drawn(void)
{
    begin(true);
    ask_for_table();
    for (uint32_t frame = 1; frame <= 4; frame++) {
        fs_stat_table_later_dissection(fs_session_is_last(frame)); /* tshark -2 */
        pass(frame);
    }
    shows("", 0);
    draw();
    shows("0:2@0 1:1@2 2:1@3 ", 1);
    draw(); /* nobody has asked for it since */
    shows("0:2@0 1:1@2 2:1@3 ", 0);
    end();
}

static void test_a_filter(void)
{
    begin(true);
    ask_for_table();
    pass(2);
    pass(4);
    draw();
    shows("0:1@1 2:1@3 ", 1);
    end();
}

/* The last frame fills it, also if it does not pass, and with it once more if it does. */
static void test_a_window(void)
{
    begin(false);
    ask_for_table();
    dissect_again(1, 3);
    shows("0:2@0 1:1@2 ", 1);
    fs_stat_table_later_dissection(true); /* shown in the list: it is filled already */
    shows("0:2@0 1:1@2 ", 0);
    fs_stat_table_later_dissection(true);
    shows("0:2@0 1:1@2 ", 0);

    ask_for_table();
    shows("", 0);
    dissect_again(2, 4);
    shows("0:1@1 1:1@2 2:1@3 ", 2);
    fs_stat_table_later_dissection(false);
    fs_stat_table_later_dissection(true);
    shows("0:1@1 1:1@2 2:1@3 ", 0);
    pass(4); /* painted once more */
    shows("0:1@1 1:1@2 2:1@3 ", 0);
    dissect_again(2, 4); /* for another window */
    shows("0:1@1 1:1@2 2:1@3 ", 2);
    end();
}

/* None passes: columns learn all the same what they are of. */
static void test_a_window_of_nothing(void)
{
    begin(false);
    ask_for_table();
    dissect_again(5, 5);
    shows("", 1);
    end();
}

static void test_a_window_that_is_closed(void)
{
    begin(false);
    ask_for_table();
    close_table();
    for (uint32_t frame = 1; frame <= frames; frame++)
        fs_stat_table_later_dissection(fs_session_is_last(frame));
    g_assert_cmpuint(fills, ==, 0);
    take_rows(taker);
    g_assert_cmpuint(rows_made, ==, 0);
    end();
}

/* Rows that a second window shows are not freed with those of the first. */
static void test_two_windows(void)
{
    begin(false);
    ask_for_table();
    dissect_again(1, 4);
    shows("0:2@0 1:1@2 2:1@3 ", 2);
    stat_tap_table_item_type **rows = g_memdup2(open->elements, 3 * sizeof *rows);
    ui->refcount = 2;
    ask_for_table();
    shows("", 0);
    dissect_again(1, 1);
    shows("0:1@0 ", 1);
    g_assert_cmpstr(rows[2][0].value.string_value, ==, "2:1@3");
    free_rows(rows, 3, open->num_fields);
    g_free(rows);
    ui->refcount = 1;
    ui->stat_tap_reset_table_cb(open);
    shows("", 0);
    end();
}

/* Of files one after the other it has all rows; it is filled when the last one is over. */
static void test_files_one_after_the_other(void)
{
    begin(true);
    ask_for_table();
    for (uint32_t frame = 1; frame <= 4; frame++)
        pass(frame);
    take_rows(taker);
    pass(3); /* of the next one */
    draw();
    shows("0:2@0 1:1@2 2:1@3 1:1@2 ", 1);
    g_assert_cmpuint(rows_made, ==, 1);
    end();
}

/* What was gathered is forgotten when a table is asked for again. */
static void test_rows_of_a_table_before(void)
{
    begin(false);
    ask_for_table();
    pass(1);
    take_rows(taker);
    g_assert_cmpuint(rows_alive, ==, 1);
    ask_for_table();
    dissect_again(3, 3);
    shows("1:1@2 ", 1);
    end();
}

/* An open table keeps its columns. */
static void test_preferences_while_it_is_open(void)
{
    static const char *const fields[] = { "id", NULL };

    begin(false);
    ask_for_table();
    choose(fields);
    fs_stat_table_apply();
    has_items(usual, G_N_ELEMENTS(usual));
    close_table();
    fs_stat_table_apply();
    g_assert_cmpuint(ui->nfields, ==, 2);
    choose_usual();
    end();
}

static void ends_with(const char *said)
{
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(said);
}

static void test_two_tables_in_tshark(void)
{
    if (g_test_subprocess()) {
        begin(true);
        ask_for_table();
        ask_for_table();
        exit(0);
    }
    ends_with("flowstats: -z flowstats,table can be given once\n");
}

static void test_columns_that_cannot_be(void)
{
    if (g_test_subprocess()) {
        begin(true);
        columns_error = "no such column";
        ask_for_table();
        exit(0);
    }
    ends_with("flowstats: no such column\n");
}

/* A window says so elsewhere. */
static void test_a_window_does_not_end(void)
{
    begin(false);
    columns_error = "no such column";
    ask_for_table();
    ask_for_table();
    end();
}

/* Two packets of the first flow, and one of each other. */
static void make_meter(void)
{
    static struct flow_groups groups;

    flow_groups_add(&groups, &flow_core);
    meter = flow_meter_new(NULL, 0, &groups);
    for (frames = 0; frames < 4;) {
        uint32_t frame = ++frames;
        struct flow_packet packet =
            udp_packet(frame, frame == 2 ? 1 : (uint8_t)frame, 50000, 99, 53);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_fields_add(&quiet);
    flow_fields_add(&app);
    flow_fields_add(&loud);
    make_meter();
    fs_stat_table_register();
    learn_columns();
    g_test_add_func("/stat_table/what-it-is", test_what_it_is);
    g_test_add_func("/stat_table/columns/usual", test_usual_columns);
    g_test_add_func("/stat_table/columns/chosen", test_chosen_columns);
    g_test_add_func("/stat_table/columns/too-many", test_too_many_columns);
    g_test_add_func("/stat_table/columns/while-it-is-open", test_preferences_while_it_is_open);
    g_test_add_func("/stat_table/it-is-filled-when-it-is-drawn",
                    test_it_is_filled_when_it_is_drawn);
    g_test_add_func("/stat_table/a-filter", test_a_filter);
    g_test_add_func("/stat_table/a-window", test_a_window);
    g_test_add_func("/stat_table/a-window-of-nothing", test_a_window_of_nothing);
    g_test_add_func("/stat_table/a-window-that-is-closed", test_a_window_that_is_closed);
    g_test_add_func("/stat_table/two-windows", test_two_windows);
    g_test_add_func("/stat_table/files-one-after-the-other", test_files_one_after_the_other);
    g_test_add_func("/stat_table/rows-of-a-table-before", test_rows_of_a_table_before);
    g_test_add_func("/stat_table/two-tables-in-tshark", test_two_tables_in_tshark);
    g_test_add_func("/stat_table/columns-that-cannot-be", test_columns_that_cannot_be);
    g_test_add_func("/stat_table/a-window-does-not-end", test_a_window_does_not_end);
    int failed = g_test_run();
    flow_meter_free(meter);
    return failed;
}
