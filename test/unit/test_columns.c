#include "columns.h"

#include "all.h"
#include "prefs.h"
#include "program.h"

#include <wsutil/report_message.h>

/*
 * Which columns a preference stands for.  The groups are ours and three of this
 * test, of which each rule has a field.
 */

static struct fs_prefs preferences = { .columns = "" };
static bool runs_once;
static GString *told;

const struct fs_prefs *const fs_prefs = &preferences;

bool fs_program_runs_once(void)
{
    return runs_once;
}

void report_failure(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    g_string_append_vprintf(told, format, rest);
    va_end(rest);
}

static struct flow_value say(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = true, .as.number = asked->row->number };
}

#define ROW(field, of, ...)                                                                        \
    {                                                                                              \
        .name = field, .label = "A field", .help = "A field.", .value = say, .kind = FLOW_UINT32,  \
        .scope = of, __VA_ARGS__                                                                   \
    }
#define NO_MORE_ROWS                                                                               \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const struct flow_row plain_rows[] = {
    ROW("plain.late", FLOW_SCOPE_FLOW, .is_late = true),
    ROW("plain.flow", FLOW_SCOPE_FLOW, .number = 1),
    ROW("plain.measure", FLOW_SCOPE_MEASURE, .number = 1),
    ROW("plain.whole", FLOW_SCOPE_WHOLE, .number = 1),
    ROW("plain.whole.inside", FLOW_SCOPE_WHOLE, .number = 1),
    ROW("plain.packet", FLOW_SCOPE_PACKET, .number = 1),
    ROW("plain.later", FLOW_SCOPE_LATER, .number = 1),
    ROW("plain.several", FLOW_SCOPE_FLOW, .is_repeated = true),
    NO_MORE_ROWS,
};
static const struct flow_row quiet_rows[] = {
    ROW("quiet.silent", FLOW_SCOPE_FLOW, .number = 1),
    ROW("quiet.late", FLOW_SCOPE_FLOW, .is_late = true),
    ROW("quiet.shown", FLOW_SCOPE_FLOW, .column = "Shown"),
    NO_MORE_ROWS,
};
static const struct flow_row packets_rows[] = {
    ROW("packets.one", FLOW_SCOPE_PACKET, .number = 1),
    NO_MORE_ROWS,
};
static const struct flow_row added_rows[] = {
    ROW("added.one", FLOW_SCOPE_FLOW, .number = 1),
    NO_MORE_ROWS,
};

#define GROUP(word, quiet)                                                                         \
    {                                                                                              \
        .version = FLOW_EXTENSION_VERSION, .is_quiet = quiet, .name = #word, .title = "A group",   \
        .help = "A group.", .rows = word##_rows                                                    \
    }

static const struct flow_group plain = GROUP(plain, false), quiet = GROUP(quiet, true),
                               packets = GROUP(packets, false), added = GROUP(added, false);

static bool is_ours(const struct flow_field *field)
{
    return field->group != &plain && field->group != &quiet && field->group != &added;
}

/* The names of the columns, those of this test's groups alone. */
static char *chosen(void)
{
    const GPtrArray *columns = fs_columns();
    GString *names = g_string_new(NULL);

    for (unsigned i = 0; i < columns->len; i++) {
        const struct flow_field *field = columns->pdata[i];
        if (!is_ours(field))
            g_string_append_printf(names, "%s ", field->name);
    }
    return g_string_free(names, FALSE);
}

static unsigned count_ours(void)
{
    const GPtrArray *columns = fs_columns();
    unsigned count = 0;

    for (unsigned i = 0; i < columns->len; i++)
        count += is_ours(columns->pdata[i]);
    return count;
}

struct choice {
    const char *text;
    const char *names;
    const char *error;
};

#define IS_OF_A_PACKET "is about one packet, and a row is about a whole flow"

static const struct choice choices[] = {
    { "flow.plain.whole", "plain.whole ", NULL },
    { "flow.plain.whole,flow.plain.flow", "plain.whole plain.flow ", NULL },
    { " flow.plain.whole ,, flow.plain.flow,", "plain.whole plain.flow ", NULL },
    { "flow.plain.whole,flow.plain.whole", "plain.whole ", NULL },
    { "flow.plain.w*", "plain.whole ", NULL },
    { "flow.plain.late,plain", "plain.late plain.flow plain.measure plain.whole ", NULL },
    { "plain", "plain.flow plain.measure plain.whole plain.late ", NULL },
    { "quiet", "quiet.silent quiet.late quiet.shown ", NULL },
    { "flow.quiet.silent", "quiet.silent ", NULL },
    { "all", "plain.flow plain.measure plain.whole plain.late quiet.silent quiet.late quiet.shown ",
      NULL },
    { "flow.*",
      "plain.flow plain.measure plain.whole plain.late quiet.silent quiet.late quiet.shown ",
      NULL },
    { "flow.plain.flow,flow.nothing", "plain.flow ", "there is no field flow.nothing" },
    { "flow.", "", "there is no field flow." },
    { "nothing", "", "there is no group nothing, and names of fields begin with \"flow.\"" },
    { "plain.flow", "", "there is no group plain.flow, and names of fields begin with \"flow.\"" },
    { "nothing,flow.nothing", "",
      "there is no group nothing, and names of fields begin with \"flow.\"" },
    { "packets", "", "packets cannot be a column: it " IS_OF_A_PACKET },
    { "flow.plain.packet", "", "flow.plain.packet cannot be a column: it " IS_OF_A_PACKET },
    { "flow.plain.later", "", "flow.plain.later cannot be a column: it " IS_OF_A_PACKET },
    { "flow.sofar.plain.measure", "",
      "flow.sofar.plain.measure cannot be a column: it says what was so far at one packet, and a "
      "row is about a whole flow" },
    { "flow.plain.several", "",
      "flow.plain.several cannot be a column: it has several values at once, and a cell has one" },
    { "flow.plain.whole.inside", "",
      "flow.plain.whole.inside cannot be a column: it has its name inside that of another one" },
};

static void test_choice(const void *data)
{
    const struct choice *choice = data;
    char *error = NULL, *want = NULL;

    preferences.columns = choice->text;
    char *names = chosen();
    g_assert_cmpstr(names, ==, choice->names);
    if (choice->error)
        want = g_strconcat("flow.columns: ", choice->error, NULL);
    g_assert_true(fs_columns_check(&error) == !want);
    g_assert_cmpstr(error, ==, want);
    g_free(names);
    g_free(error);
    g_free(want);
}

static void test_default(void)
{
    static const char *const texts[] = { "", ",", " , " };
    unsigned of_all = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        preferences.columns = texts[i];
        char *names = chosen();
        g_assert_cmpstr(names, ==,
                        "plain.flow plain.measure plain.whole plain.late quiet.late quiet.shown ");
        g_free(names);
        g_assert_false(fs_columns_are_chosen());
        of_all = count_ours();
    }
    preferences.columns = " , core";
    g_assert_true(fs_columns_are_chosen());
    unsigned of_core = count_ours();
    g_assert_cmpuint(of_core, >, 0);
    g_assert_cmpuint(of_core, <, of_all);
}

/* What is late stands after all that is not, of all groups. */
static void test_order(void)
{
    preferences.columns = "";
    const GPtrArray *columns = fs_columns();
    int last = 0;

    g_assert_true(columns->pdata[0] == flow_field_at(0));
    for (unsigned i = 0; i < columns->len; i++) {
        const struct flow_field *field = columns->pdata[i];
        int rank = field->group->is_quiet ? 2 : field->row->is_late;
        g_assert_cmpint(rank, >=, last);
        last = rank;
    }
    g_assert_cmpint(last, ==, 2);
}

/* Other plugins may come with fields when columns have been chosen. */
static void test_fields_that_come_later(void)
{
    preferences.columns = "flow.added.*";
    char *names = chosen(), *error = NULL;

    g_assert_cmpstr(names, ==, "");
    g_assert_false(fs_columns_check(&error));
    g_free(error);
    g_free(names);
    flow_fields_add(&added);
    names = chosen();
    g_assert_cmpstr(names, ==, "added.one ");
    g_free(names);
    g_assert_true(fs_columns_check(&error));
}

static void applied(const char *text, const char *want)
{
    preferences.columns = text;
    fs_columns_applied();
    g_assert_cmpstr(told->str, ==, want);
    g_string_truncate(told, 0);
}

/* The user of a program that goes on is told of an error once. */
static void test_what_is_told(void)
{
    static const char no_x[] = "flowstats: flow.columns: there is no field flow.x",
                      no_y[] = "flowstats: flow.columns: there is no field flow.y";

    runs_once = true; /* it ends by it, and says so then */
    applied("flow.x", "");
    runs_once = false;
    applied("core", "");
    applied("flow.x", no_x);
    applied("flow.x", "");
    applied("flow.x,flow.z", "");
    applied("flow.y", no_y);
    applied("flow.x", no_x);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    told = g_string_new(NULL);
    flow_fields_add(&plain);
    flow_fields_add(&quiet);
    flow_fields_add(&packets);
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        char *path = g_strconcat("/columns/", choices[i].text, NULL);
        g_test_add_data_func(path, &choices[i], test_choice);
        g_free(path);
    }
    g_test_add_func("/columns/default", test_default);
    g_test_add_func("/columns/order", test_order);
    g_test_add_func("/columns/fields-that-come-later", test_fields_that_come_later);
    g_test_add_func("/columns/what-is-told", test_what_is_told);
    int failed = g_test_run();
    g_string_free(told, TRUE);
    return failed;
}
