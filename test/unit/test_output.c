#include "output.h"

#include "arguments.h"
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Outputs of a program whose command line is that of each test, in a folder of its own. */

static const char *given[UINT8_MAX + 1]; /* by the option's short form */

const char *fs_arguments_value(char option)
{
    return given[(uint8_t)option];
}

static void begin(void)
{
    memset(given, 0, sizeof given);
    enter();
}

static struct fs_output *new_output(const char *name)
{
    char *error = NULL;
    struct fs_output *output = fs_output_new(name, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(output);
    return output;
}

static void refuses(const char *name, const char *why)
{
    char *error = NULL;

    g_assert_null(fs_output_new(name, &error));
    g_assert_cmpstr(error, ==, why);
    g_free(error);
}

static FILE *open_output(struct fs_output *output)
{
    char *error = NULL;
    FILE *file = fs_output_open(output, &error);

    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(file);
    return file;
}

/* Close it; why: NULL where all went well. */
static void ends(struct fs_output *output, const char *why)
{
    char *error = NULL;

    g_assert_cmpint(fs_output_close(output, &error), ==, why == NULL);
    g_assert_cmpstr(error, ==, why);
    g_free(error);
}

static void writes(const char *name, const char *text)
{
    struct fs_output *output = new_output(name);

    fputs(text, open_output(output));
    ends(output, NULL);
    fs_output_free(output);
}

/* Standard output goes elsewhere for a while. */

static int kept;

static void redirect(int descriptor)
{
    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    g_assert_cmpint(dup2(descriptor, STDOUT_FILENO), ==, STDOUT_FILENO);
    close(descriptor);
}

static void come_back(void)
{
    fflush(stdout);
    clearerr(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

/* Where and when it appears */

static void test_a_file_appears_when_it_is_whole(void)
{
    begin();
    int before = next_descriptor();
    for (unsigned is_there = 0; is_there <= 1; is_there++) {
        struct fs_output *output = new_output("file");
        g_assert_cmpuint(count_files(), ==, is_there);
        FILE *file = open_output(output);
        fputs(is_there ? "second" : "first", file);
        fflush(file);
        g_assert_cmpuint(count_files(), ==, is_there + 1);
        if (is_there)
            holds("file", "first");
        ends(output, NULL);
        holds("file", is_there ? "second" : "first");
        g_assert_cmpuint(count_files(), ==, 1);
        fputs("again", open_output(output)); /* a second time */
        ends(output, NULL);
        holds("file", "again");
        fs_output_free(output);
        save("file", "first");
    }
    g_assert_cmpint(next_descriptor(), ==, before);
    leave();
}

/* More than what is copied at once, and one byte that is left. */
static void test_a_file_with_two_names_keeps_them(void)
{
    char *text = g_strnfill((3 << 16) + 1, 'a');

    begin();
    int before = next_descriptor();
    text[70000] = 'b';
    save("file", "old");
    g_assert_cmpint(link("file", "same"), ==, 0);
    struct fs_output *output = new_output("file");
    fputs(text, open_output(output));
    holds("same", "old");
    ends(output, NULL);
    fs_output_free(output);
    holds("same", text);
    holds("file", text);
    g_assert_cmpuint(count_files(), ==, 2);
    g_assert_cmpint(next_descriptor(), ==, before);
    g_free(text);
    leave();
}

static void test_a_link_leads_to_the_file(void)
{
    begin();
    g_assert_cmpint(symlink("file", "link"), ==, 0);
    writes("link", "text");
    holds("file", "text");
    g_assert_true(g_file_test("link", G_FILE_TEST_IS_SYMLINK));
    leave();
}

static void test_a_file_in_place_has_its_lines_at_once(void)
{
    char *error = NULL;

    begin();
    int before = next_descriptor();
    save("file", "old");
    struct fs_output *output = new_output("file");
    holds("file", "old");
    FILE *file = fs_output_open_in_place(output, &error);
    g_assert_nonnull(file);
    fputs("line", file);
    fflush(file);
    holds("file", "line");
    ends(output, NULL);
    holds("file", "line");
    g_assert_cmpint(next_descriptor(), ==, before);

    g_remove("file");
    g_assert_cmpint(g_mkdir("file", 0700), ==, 0);
    g_assert_null(fs_output_open_in_place(output, &error));
    g_assert_cmpstr(error, ==, "file: Is a directory");
    g_free(error);
    fs_output_free(output);
    leave();
}

static void test_what_a_killed_run_left_is_swept(void)
{
    begin();
    save("file.flowstats-Ab12Cd", "");
    save("file.flowstats-Ab12C", "");
    save("file.flowstats-Ab12Cde", "");
    save("files.flowstats-Ab12Cd", "");
    save("file.Ab12Cd", "");
    fs_output_free(new_output("file"));
    g_assert_false(g_file_test("file.flowstats-Ab12Cd", G_FILE_TEST_EXISTS));
    g_assert_cmpuint(count_files(), ==, 4);
    leave();
}

/* What is refused */

static void test_one_file_is_one_output(void)
{
    begin();
    save("file", "old");
    save("another", "old");
    g_assert_cmpint(link("file", "same"), ==, 0);
    g_assert_cmpint(symlink("new", "link"), ==, 0);
    struct fs_output *first = new_output("file"), *second = new_output("new");
    refuses("file", "file: Another output goes to this file");
    refuses("same", "same: Another output goes to this file");
    refuses("new", "new: Another output goes to this file");
    refuses("link", "link: Another output goes to this file");
    struct fs_output *third = new_output("another");
    fs_output_free(first);
    fs_output_free(new_output("same"));
    refuses("another", "another: Another output goes to this file");
    refuses("new", "new: Another output goes to this file");
    fs_output_free(second);
    fs_output_free(third);
    leave();
}

static void test_what_cannot_be_written_is_refused(void)
{
    begin();
    int before = next_descriptor();
    refuses(".", ".: Is a directory");
    refuses("no/file", "no/file: No such file or directory");
    g_assert_cmpuint(count_files(), ==, 0);
    g_assert_cmpint(next_descriptor(), ==, before);
    leave();
}

static void is_not_ours(const struct fs_output *output, const char *why)
{
    char *error = NULL;

    g_assert_cmpint(fs_output_is_ours(output, &error), ==, why == NULL);
    g_assert_cmpstr(error, ==, why);
    g_free(error);
}

static void test_a_file_that_the_program_has_open_is_not_ours(void)
{
    begin();
    save("read", "");
    save("written", "");
    struct fs_output *output = new_output("read"), *other = new_output("out"),
                     *direct = new_output("/dev/null"), *standard = new_output("-");
    int read = open("read", O_RDONLY | O_CLOEXEC), written = open("written", O_WRONLY | O_CLOEXEC);

    refuses("written", "written: The program writes this file");
    is_not_ours(output, "read: The program reads this file");
    close(read);
    close(written);
    is_not_ours(output, NULL);
    is_not_ours(other, NULL);
    is_not_ours(direct, NULL);
    is_not_ours(standard, NULL);
    save("out", "");
    given['w'] = "./out"; /* closed before anyone could see it open */
    is_not_ours(other, "out: The program writes this file");
    is_not_ours(output, NULL);
    given['w'] = "new";
    is_not_ours(other, NULL);
    fs_output_free(output);
    fs_output_free(other);
    fs_output_free(direct);
    fs_output_free(standard);
    leave();
}

static void test_packets_and_flows_are_apart(void)
{
    begin();
    save("file", "");
    g_assert_cmpint(mkfifo("pipe", 0600), ==, 0);
    g_assert_cmpint(mkfifo("another", 0600), ==, 0);
    redirect(open("out", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    given['w'] = "-";
    refuses("-", "standard output: The program writes the capture there");
    refuses("", "standard output: The program writes the capture there");
    fs_output_free(new_output("pipe"));
    given['w'] = "pipe";
    refuses("pipe", "pipe: The program writes the capture there");
    fs_output_free(new_output("another"));
    fs_output_free(new_output("file"));
    given['w'] = "/dev/null";
    fs_output_free(new_output("/dev/null")); /* a device takes both */
    given['w'] = NULL;
    for (const char *option = "ri"; *option; option++) {
        given[(uint8_t)*option] = "pipe";
        refuses("pipe", "pipe: The program reads the capture from there");
        fs_output_free(new_output("another"));
        fs_output_free(new_output("-"));
        given[(uint8_t)*option] = "file"; /* what may be written to it is asked when it is open */
        fs_output_free(new_output("file"));
        given[(uint8_t)*option] = NULL;
    }
    come_back();
    leave();
}

/* Standard output, and what fails while it is written */

static void test_standard_output_stays_open(void)
{
    static const char *const names[] = { "-", "", "/dev/stdout", "file" };

    begin();
    redirect(open("file", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct fs_output *output = new_output(names[i]);
        bool is_stdout = open_output(output) == stdout;
        fputs("line\n", stdout);
        ends(output, NULL);
        fs_output_free(output);
        if (!is_stdout || fcntl(STDOUT_FILENO, F_GETFD) < 0)
            fputs("another file\n", stdout);
    }
    come_back();
    holds("file", "line\nline\nline\nline\n");
    leave();
}

static void test_who_reads_no_further_knows_why(void)
{
    int ends_of_pipe[2];

    begin();
    signal(SIGPIPE, SIG_IGN);
    g_assert_cmpint(pipe(ends_of_pipe), ==, 0);
    close(ends_of_pipe[0]);
    redirect(ends_of_pipe[1]);
    char *error = NULL;
    struct fs_output *output = fs_output_new("-", &error);
    bool is_stdout = output && fs_output_open(output, &error) == stdout;
    fputs("line\n", stdout);
    bool is_whole = fs_output_close(output, &error);
    come_back();
    g_assert_true(is_stdout);
    g_assert_false(is_whole);
    g_assert_cmpstr(error, ==, "");
    g_free(error);
    fs_output_free(output);

    mkfifo("pipe", 0600);
    output = new_output("pipe");
    int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fputs("line\n", open_output(output));
    close(reader);
    ends(output, "pipe: Broken pipe");
    fs_output_free(output);
    leave();
}

static void test_a_full_disk_is_told(void)
{
    begin();
    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
        g_test_skip("this system has no device that is full");
        leave();
        return;
    }
    int before = next_descriptor();
    struct fs_output *output = new_output("/dev/full");
    fputs("line\n", open_output(output));
    ends(output, "/dev/full: No space left on device");
    fs_output_free(output);
    g_assert_cmpint(next_descriptor(), ==, before);

    redirect(open("/dev/full", O_WRONLY | O_CLOEXEC));
    output = new_output("-");
    fputs("line\n", open_output(output));
    char *error = NULL;
    bool is_whole = fs_output_close(output, &error);
    bool is_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    come_back();
    g_assert_false(is_whole);
    g_assert_true(is_open);
    g_assert_cmpstr(error, ==, "standard output: No space left on device");
    g_free(error);
    fs_output_free(output);
    leave();
}

static void may_write(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* A copy over a file with two names is written where the first part of it may have gone already. */
static void test_what_is_too_large_leaves_the_file_as_it_was(void)
{
    begin();
    int before = next_descriptor();
    save("file", "old");
    struct fs_output *output = new_output("file");
    FILE *file = open_output(output);
    may_write(100);
    for (unsigned i = 0; i < 101; i++)
        fputc('a', file);
    ends(output, "file: File too large");
    may_write(RLIM_INFINITY);
    holds("file", "old");
    g_assert_cmpuint(count_files(), ==, 1);
    fputs("new", open_output(output));
    ends(output, NULL);
    holds("file", "new");
    file = open_output(output); /* a part is lost, and what follows is written */
    setvbuf(file, NULL, _IONBF, 0);
    fputs("more", file);
    may_write(2);
    fputs("more", file);
    may_write(RLIM_INFINITY);
    fputs("more", file);
    ends(output, "file: File too large");
    holds("file", "new");
    fs_output_free(output);

    g_assert_cmpint(link("file", "same"), ==, 0);
    output = new_output("file");
    file = open_output(output);
    for (unsigned i = 0; i < 101; i++)
        fputc('a', file);
    fflush(file);
    may_write(100);
    ends(output, "file: File too large");
    may_write(RLIM_INFINITY);
    g_assert_cmpint(next_descriptor(), ==, before);
    fs_output_free(output);
    leave();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/a-file-appears-when-it-is-whole",
                    test_a_file_appears_when_it_is_whole);
    g_test_add_func("/output/a-file-with-two-names-keeps-them",
                    test_a_file_with_two_names_keeps_them);
    g_test_add_func("/output/a-link-leads-to-the-file", test_a_link_leads_to_the_file);
    g_test_add_func("/output/a-file-in-place-has-its-lines-at-once",
                    test_a_file_in_place_has_its_lines_at_once);
    g_test_add_func("/output/what-a-killed-run-left-is-swept",
                    test_what_a_killed_run_left_is_swept);
    g_test_add_func("/output/one-file-is-one-output", test_one_file_is_one_output);
    g_test_add_func("/output/what-cannot-be-written-is-refused",
                    test_what_cannot_be_written_is_refused);
    g_test_add_func("/output/a-file-that-the-program-has-open-is-not-ours",
                    test_a_file_that_the_program_has_open_is_not_ours);
    g_test_add_func("/output/packets-and-flows-are-apart", test_packets_and_flows_are_apart);
    g_test_add_func("/output/standard-output-stays-open", test_standard_output_stays_open);
    g_test_add_func("/output/who-reads-no-further-knows-why", test_who_reads_no_further_knows_why);
    g_test_add_func("/output/a-full-disk-is-told", test_a_full_disk_is_told);
    g_test_add_func("/output/what-is-too-large-leaves-the-file-as-it-was",
                    test_what_is_too_large_leaves_the_file_as_it_was);
    return g_test_run();
}
