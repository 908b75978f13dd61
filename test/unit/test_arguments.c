#include "apart.h"

#include "arguments.h"

/*
 * What tshark was started with.  The words are read once in a run, so each line
 * here is that of a program of its own; where the system keeps none, there is no
 * file to read.
 */

static const char *const *started_with; /* the words, ended by NULL; NULL: there is no file */

static char *kept; /* it lasts as long as the program */

gboolean g_file_get_contents(const char *path, char **ret_text, gsize *ret_len, GError **error)
{
    GString *text = g_string_new(NULL);

    g_assert_cmpstr(path, ==, "/proc/self/cmdline");
    g_assert_null(error);
    g_assert_null(kept); /* they are read once */
    for (const char *const *word = started_with; word && *word; word++)
        g_string_append_len(text, *word, (gssize)strlen(*word) + 1);
    *ret_len = text->len;
    *ret_text = kept = g_string_free(text, FALSE);
    return started_with != NULL;
}

enum { WORDS_MAX = 12 };

struct line {
    const char *claim;
    const char *words[WORDS_MAX];
    const char *given; /* options in order of their letters, with what was given to them */
    bool asks_for_fields_alone;
};

static const struct line lines[] = {
    { "nothing", { "tshark" }, "", false },
    { "path", { "/usr/bin/tshark", "-2" }, "2", false },
    { "windows", { "tshark.exe", "-2" }, "2", false },
    { "libtool", { "/x/.libs/lt-tshark", "-2" }, "2", false },
    { "letters-together", { "tshark", "-n2q" }, "2 n q", false },
    { "argument-apart", { "tshark", "-r", "a.pcap", "-2" }, "2 r=a.pcap", false },
    { "argument-close", { "tshark", "-ra.pcap", "-2" }, "2 r=a.pcap", false },
    { "argument-after-letters", { "tshark", "-n2ra.pcap", "-q" }, "2 n q r=a.pcap", false },
    { "argument-like-an-option", { "tshark", "-r", "-2" }, "r=-2", false },
    { "argument-missing", { "tshark", "-2", "-r" }, "2 r", false },
    { "argument-empty", { "tshark", "-Y", "", "-2" }, "2 Y=", false },
    { "last-counts", { "tshark", "-Y", "a", "-Y", "b" }, "Y=b", false },
    { "no-options-after-a-word", { "tshark", "-n", "port", "-2" }, "n", false },
    { "dash-is-a-word", { "tshark", "-n", "-", "-2" }, "n", false },
    { "end-of-options", { "tshark", "-n", "--", "-2" }, "n", false },
    { "filter-of-a-file", { "tshark", "-r", "a", "flow.id", "==", "1" }, "Y=1 r=a", false },
    { "filter-after-the-end", { "tshark", "-r", "a", "--", "-2" }, "Y=-2 r=a", false },
    { "filter-of-a-capture", { "tshark", "-i", "eth0", "port", "80" }, "i=eth0", false },
    { "long", { "tshark", "--display-filter", "x", "-2" }, "2 Y=x", false },
    { "long-with-equals", { "tshark", "--display-filter=x=y", "-2" }, "2 Y=x=y", false },
    { "long-with-nothing", { "tshark", "--display-filter=", "-2" }, "2 Y=", false },
    { "long-without-an-end", { "tshark", "-2", "--read-filter" }, "2 R", false },
    { "long-shortened", { "tshark", "--read-filt", "x", "--read-file", "y" }, "R=x r=y", false },
    { "long-read-filter", { "tshark", "--read-filter", "x", "-2" }, "2 R=x", false },
    { "long-whole-before-longer", { "tshark", "--print", "-2" }, "2", false },
    { "long-longer", { "tshark", "--print-timers", "-2" }, "2", false },
    { "long-without-an-argument", { "tshark", "--color=x", "-2" }, "2", false },
    { "long-unknown", { "tshark", "-n", "--unknown", "-2" }, "n", false },
    { "long-unknown-with-equals", { "tshark", "--unknown=x", "-2" }, "2", false },
    { "long-file-has-a-filter", { "tshark", "--read-file=a", "x" }, "Y=x r=a", false },
    { "fields", { "tshark", "-T", "fields", "-e", "flow.id" }, "T=fields e=flow.id", true },
    { "fields-close", { "tshark", "-Tfields" }, "T=fields", true },
    { "no-fields", { "tshark", "-T", "fields", "-T", "json" }, "T=json", false },
    { "fields-and-unknown", { "tshark", "-T", "fields", "--unknown" }, "T=fields", false },
    { "format-missing", { "tshark", "-T" }, "T", false },
    { "wireshark", { "wireshark", "-T", "fields" }, "", false },
    { "other", { "tsharkd", "-2" }, "", false },
    { "none", { NULL }, "", false },
};

/* Each option that was given, and its argument where there is one. */
static GString *given(void)
{
    GString *text = g_string_new(NULL);

    for (int letter = '!'; letter <= '~'; letter++) {
        const char *value = fs_arguments_value((char)letter);
        if (!fs_arguments_have((char)letter)) {
            g_assert_null(value);
            continue;
        }
        g_string_append_printf(text, "%s%c", text->len > 0 ? " " : "", letter);
        if (value)
            g_string_append_printf(text, "=%s", value);
    }
    return text;
}

static void test_line(const void *data)
{
    const struct line *line = data;

    if (!is_apart_and_well())
        return;
    started_with = line->words[0] ? line->words : NULL;
    GString *options = given();
    g_assert_cmpstr(options->str, ==, line->given);
    g_string_free(options, TRUE);
    g_assert_true(fs_arguments_ask_for_fields_alone() == line->asks_for_fields_alone);
    bool is_tshark =
        line->words[0] && strstr(line->words[0], "tshark") && !strstr(line->words[0], "tsharkd");
    g_assert_true(fs_arguments_are_of_tshark() == is_tshark);
}

/* tshark's, by its manual page: those with an argument eat the word after them. */
static const char with_argument[] =
    "-a -A -b -B -c -C -d -e -E -f -F -H -i -j -J -K -M -N -o -O -r -R -s -S -t -T -u -U -w "
    "-W -X -y -Y -z --autostop --buffer-size --capture-comment --compress --disable-heuristic "
    "--disable-protocol --display-filter --elastic-mapping-filter --enable-heuristic "
    "--enable-protocol --export-objects --export-tls-session-keys --hexdump --interface "
    "--linktype --log-debug --log-domains --log-fatal --log-fatal-domains --log-file "
    "--log-level --log-noisy --only-protocols --read-file --read-filter --ring-buffer "
    "--selected-frame --snapshot-length --temp-dir --time-stamp-type --update-interval";

static const char without_argument[] =
    "-D -g -G -h -I -l -L -n -p -P -q -Q -v -V -x --color --disable-all-protocols "
    "--global-profile --help --list-data-link-types --list-interfaces --list-time-stamp-types "
    "--monitor-mode --no-duplicate-keys --no-optimize --no-promiscuous-mode --print "
    "--print-timers --version";

/* Start with all of these options, each with "-2" after it or none, and "-k" after the last. */
static void start_with(const char *options, bool each)
{
    char **names = g_strsplit(options, " ", -1);
    GPtrArray *words = g_ptr_array_new();

    g_ptr_array_add(words, "tshark");
    for (char **name = names; *name; name++) {
        g_ptr_array_add(words, *name);
        if (each)
            g_ptr_array_add(words, "-2");
    }
    g_ptr_array_add(words, "-k");
    g_ptr_array_add(words, NULL);
    started_with = (const char *const *)words->pdata;
    g_assert_true(fs_arguments_have('k')); /* all before it are known */
    g_ptr_array_unref(words);
    g_strfreev(names);
}

static void test_options_with_an_argument(void)
{
    if (!is_apart_and_well())
        return;
    start_with(with_argument, true);
    g_assert_false(fs_arguments_have('2'));
    g_assert_true(fs_arguments_have('z'));
    g_assert_cmpstr(fs_arguments_value('R'), ==, "-2");
}

static void test_options_without_an_argument(void)
{
    if (!is_apart_and_well())
        return;
    start_with(without_argument, false);
    g_assert_true(fs_arguments_have('x'));
}

static void test_fields_that_are_named(void)
{
    static const char *const words[] = {
        "tshark",    "-e",     "flow.id", "-Y", "flow.bytes > 3", "-e",
        "flow.pkts", "--help", "-zio,x",  "-r", "flow.is",        NULL,
    };

    if (!is_apart_and_well())
        return;
    started_with = words;
    g_assert_true(fs_arguments_name("e", "flow.id"));
    g_assert_true(fs_arguments_name("e", "flow.pkts"));
    g_assert_false(fs_arguments_name("e", "flow.bytes"));
    g_assert_true(fs_arguments_name("eY", "flow.bytes"));
    g_assert_false(fs_arguments_name("Y", "flow.id"));
    g_assert_false(fs_arguments_name("eY", "flow.is"));
    g_assert_false(fs_arguments_name("", "flow.is"));
}

static void test_fields_in_filters(void)
{
    static const struct {
        const char *filter;
        bool has_flow_id;
    } rows[] = {
        { "flow.id", true },
        { "flow.id == 1", true },
        { "ip && (flow.id)", true },
        { "!flow.id", true },
        { "{flow.id,flow.x}", true },
        { "flow.idx", false },
        { "flow.id2", false },
        { "flow.id_x", false },
        { "flow.id.x", false },
        { "xflow.id", false },
        { "x.flow.id", false },
        { "flow", false },
        { "", false },
        { "ip == \"flow.id\"", false },
        { "ip == 'flow.id'", false },
        { "ip == \"a\" && flow.id", true },
        { "ip == 'a' && flow.id", true },
        { "ip == \"a\\\"\" && flow.id", true },
        { "ip == \"a\\\" && flow.id", false },
        { "ip == \"a'\" && flow.id", true },
        { "ip == \"flow.id", false },
        { "ip == \"\\", false },
        { "\"\"flow.id", true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (fs_filter_names(rows[i].filter, "flow.id") != rows[i].has_flow_id) {
            g_test_message("%s", rows[i].filter);
            g_test_fail();
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        char *path = g_strconcat("/arguments/", lines[i].claim, NULL);
        g_test_add_data_func(path, &lines[i], test_line);
        g_free(path);
    }
    g_test_add_func("/arguments/options-with-an-argument", test_options_with_an_argument);
    g_test_add_func("/arguments/options-without-an-argument", test_options_without_an_argument);
    g_test_add_func("/arguments/fields-that-are-named", test_fields_that_are_named);
    g_test_add_func("/arguments/fields-in-filters", test_fields_in_filters);
    return g_test_run();
}
