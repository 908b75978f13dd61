#include "files.h"

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".part-XXXXXX"

static bool is_there(const char *name)
{
    struct stat file;

    return lstat(name, &file) == 0;
}

static struct stat stat_of(const char *name)
{
    struct stat file;

    g_assert_cmpint(stat(name, &file), ==, 0);
    return file;
}

static bool is_locked(const char *name)
{
    int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    bool is_locked = flock(descriptor, LOCK_EX | LOCK_NB) != 0;

    g_assert_cmpint(descriptor, >=, 0);
    close(descriptor);
    return is_locked;
}

/* What a name leads to */

static void test_kinds_of_files(void)
{
    enter();
    save("file", "text");
    g_assert_cmpint(link("file", "same"), ==, 0);
    save("other", "text");
    struct fs_file file = fs_file_of("file"), same = fs_file_of("same"),
                   other = fs_file_of("other");
    struct fs_file device = fs_file_of("/dev/null"), here = fs_file_of("."),
                   none = fs_file_of("no");

    g_assert_true(file.is_there && file.is_regular && !file.is_character);
    g_assert_true(file.number == same.number && file.device == same.device);
    g_assert_true(file.number != other.number && file.number != 0);
    g_assert_true(device.is_there && !device.is_regular && device.is_character);
    g_assert_true(device.device != file.device);
    g_assert_true(here.is_there && !here.is_regular && !here.is_character);
    g_assert_true(!none.is_there && !none.is_regular && !none.is_character);
    g_assert_true(none.number == 0 && none.device == 0);
    leave();
}

static void test_standard_output_is_a_file(void)
{
    enter();
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), file = open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    dup2(file, STDOUT_FILENO);
    struct fs_file to_file = fs_file_of_stdout();
    close(STDOUT_FILENO);
    struct fs_file closed = fs_file_of_stdout();
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(file);

    g_assert_true(to_file.is_there && to_file.is_regular);
    g_assert_cmpuint(to_file.number, ==, fs_file_of("file").number);
    g_assert_false(closed.is_there);
    g_assert_true(closed.device == 0 && closed.number == 0);
    leave();
}

static void follow(const char *name, const char *where, const char *file)
{
    char *found = fs_file_followed(name), *real = realpath(where, NULL);
    char *want = g_build_filename(real, file, NULL);

    g_assert_cmpstr(found, ==, want);
    g_free(want);
    free(real);
    g_free(found);
}

static void test_links_are_followed(void)
{
    enter();
    g_assert_cmpint(g_mkdir("data", 0700), ==, 0);
    char *absolute = g_build_filename(folder, "data/file", NULL);
    g_assert_cmpint(symlink("data/second", "first"), ==, 0);
    g_assert_cmpint(symlink("file", "data/second"), ==, 0);
    g_assert_cmpint(symlink(absolute, "absolute"), ==, 0);
    g_assert_cmpint(symlink("self", "self"), ==, 0);
    g_assert_cmpint(symlink("data", "short"), ==, 0);

    follow("file", ".", "file");
    follow("first", "data", "file");
    follow("absolute", "data", "file");
    follow("short/file", "data", "file");
    follow("self", ".", "self");
    char *nowhere = fs_file_followed("no/file");
    g_assert_cmpstr(nowhere, ==, "no/file");
    g_free(nowhere);
    g_free(absolute);
    g_remove("data/second");
    leave();
}

/* As many as the system follows. */
static void test_many_links_are_followed(void)
{
    enum { LINKS = 40 };

    enter();
    save("0", "text");
    for (unsigned i = 0; i < LINKS; i++) {
        char *to = g_strdup_printf("%u", i), *from = g_strdup_printf("%u", i + 1);
        g_assert_cmpint(symlink(to, from), ==, 0);
        g_free(from);
        g_free(to);
    }
    follow("40", ".", "0");
    leave();
}

static void test_what_the_program_does_with_a_file(void)
{
    enter();
    save("read", "");
    save("written", "");
    save("both", "");
    save("unused", "");
    int kept = dup(STDIN_FILENO), read = open("read", O_RDONLY | O_CLOEXEC);
    int written = open("written", O_WRONLY | O_APPEND | O_CLOEXEC);
    int both = open("both", O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fs_file_use("read"), ==, FS_FILE_READ);
    g_assert_cmpint(fs_file_use("written"), ==, FS_FILE_WRITTEN);
    g_assert_cmpint(fs_file_use("both"), ==, FS_FILE_WRITTEN);
    g_assert_cmpint(fs_file_use("unused"), ==, FS_FILE_UNUSED);
    g_assert_cmpint(fs_file_use("no"), ==, FS_FILE_UNUSED);
    dup2(read, STDIN_FILENO);
    close(read);
    g_assert_cmpint(fs_file_use("read"), ==, FS_FILE_READ); /* as by tshark -r - */
    if (kept >= 0)
        dup2(kept, STDIN_FILENO);
    else
        close(STDIN_FILENO);
    close(kept);
    g_assert_cmpint(fs_file_use("read"), ==, FS_FILE_UNUSED);
    close(written);
    close(both);
    g_assert_true(fs_file_may_write("unused"));
    g_assert_false(fs_file_may_write("no"));
    g_assert_cmpint(errno, ==, ENOENT);
    leave();
}

/* A file that takes another one's place */

static void test_a_new_file(void)
{
    char *path = NULL;

    enter();
    int before = next_descriptor();
    mode_t mask = umask(0020);
    FILE *file = fs_file_open_replacement("target", ENDING, &path);
    umask(mask);
    g_assert_nonnull(file);
    g_assert_true(g_str_has_prefix(path, "target.part-") && !g_str_has_suffix(path, "XXXXXX"));
    g_assert_cmpuint(strlen(path), ==, strlen("target" ENDING));
    g_assert_cmpuint(stat_of(path).st_mode & 07777, ==, 0646);
    g_assert_cmpint(fcntl(fileno(file), F_GETFD) & FD_CLOEXEC, !=, 0);
    g_assert_true(is_locked(path));
    fs_file_sweep(path);
    g_assert_true(is_there(path));
    g_assert_false(is_there("target"));

    fputs("text", file);
    rewind(file);
    g_assert_cmpint(fgetc(file), ==, 't');
    g_assert_true(fs_file_replace(file, path, "target"));
    holds("target", "text");
    g_assert_false(is_locked("target"));
    g_assert_cmpuint(count_files(), ==, 1);
    g_assert_cmpint(next_descriptor(), ==, before);
    g_free(path);
    leave();
}

static void test_it_has_the_mode_of_the_one_before(void)
{
    static const mode_t modes[] = { 0600, 0640, 0666, 04751, 01777 };

    enter();
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        char *path = NULL;
        save("target", "old");
        g_assert_cmpint(chmod("target", modes[i]), ==, 0);
        FILE *file = fs_file_open_replacement("target", ENDING, &path);
        g_assert_nonnull(file);
        holds("target", "old");
        g_assert_true(fs_file_replace(file, path, "target"));
        holds("target", "");
        g_assert_cmpuint(stat_of("target").st_mode & 07777, ==, modes[i]);
        g_free(path);
    }
    leave();
}

static void test_it_has_the_owner_of_the_one_before(void)
{
    static const struct {
        uid_t user;
        gid_t group;
    } rows[] = { { 4242, 0 }, { 0, 4343 }, { 4242, 4343 } };

    if (geteuid() != 0) {
        g_test_skip("only root gives files away");
        return;
    }
    enter();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = NULL;
        save("target", "old");
        g_assert_cmpint(chown("target", rows[i].user, rows[i].group), ==, 0);
        FILE *file = fs_file_open_replacement("target", ENDING, &path);
        g_assert_true(fs_file_replace(file, path, "target"));
        g_assert_cmpuint(stat_of("target").st_uid, ==, rows[i].user);
        g_assert_cmpuint(stat_of("target").st_gid, ==, rows[i].group);
        g_free(path);
    }
    leave();
}

static void test_a_file_with_two_names_cannot_be_replaced(void)
{
    char *path = NULL;

    enter();
    int before = next_descriptor();
    save("target", "old");
    g_assert_cmpint(link("target", "same"), ==, 0);
    errno = 0;
    g_assert_null(fs_file_open_replacement("target", ENDING, &path));
    g_assert_cmpint(errno, ==, EACCES);
    g_assert_null(path);
    g_assert_cmpuint(count_files(), ==, 2);
    g_assert_cmpint(next_descriptor(), ==, before);

    errno = 0;
    g_assert_null(fs_file_open_replacement("no/target", ENDING, &path));
    g_assert_cmpint(errno, ==, ENOENT);
    g_assert_null(path);
    leave();
}

static void test_what_fails_leaves_nothing_but_the_reason(void)
{
    char *path = NULL;

    enter();
    int before = next_descriptor();
    FILE *file = fs_file_open_replacement("target", ENDING, &path);
    errno = 0;
    g_assert_false(fs_file_replace(file, path, "no/target"));
    g_assert_cmpint(errno, ==, ENOENT);
    g_assert_false(is_there(path));
    g_free(path);

    if (is_there("/dev/full")) {
        save("target", "old");
        save("part", "new");
        for (unsigned is_gone = 0; is_gone <= 1; is_gone++) {
            FILE *full = fopen("/dev/full", "we");
            fputs("text", full);
            errno = 0;
            g_assert_false(fs_file_replace(full, "part", "target"));
            g_assert_cmpint(errno, ==, ENOSPC);
            g_assert_false(is_there("part"));
            holds("target", "old");
        }
    }
    g_assert_cmpint(next_descriptor(), ==, before);
    leave();
}

/* Of what is not a file of ours nothing is removed, and a pipe is not waited for. */
static void test_files_that_nobody_writes_are_swept(void)
{
    enter();
    int before = next_descriptor();
    save("left", "");
    save("busy", "");
    save("target", "");
    g_assert_cmpint(symlink("target", "link"), ==, 0);
    g_assert_cmpint(mkfifo("pipe", 0600), ==, 0);
    int busy = open("busy", O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(flock(busy, LOCK_SH), ==, 0);

    fs_file_sweep("left");
    fs_file_sweep("busy");
    fs_file_sweep("link");
    fs_file_sweep("pipe");
    fs_file_sweep("no");
    g_assert_false(is_there("left"));
    g_assert_true(is_there("busy") && is_there("link") && is_there("target") && is_there("pipe"));
    close(busy);
    g_assert_cmpint(next_descriptor(), ==, before);
    if (geteuid() == 0) {
        g_assert_cmpint(chown("busy", 4242, 0), ==, 0);
        fs_file_sweep("busy");
        g_assert_true(is_there("busy"));
    }
    leave();
}

static void test_a_function_is_in_its_program(void)
{
    char *path = fs_file_of_function(test_a_function_is_in_its_program);

    g_assert_nonnull(path);
    g_assert_true(g_str_has_suffix(path, "test_files_posix"));
    g_free(path);
    g_assert_null(fs_file_of_function(NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/files-posix/kinds-of-files", test_kinds_of_files);
    g_test_add_func("/files-posix/standard-output-is-a-file", test_standard_output_is_a_file);
    g_test_add_func("/files-posix/links-are-followed", test_links_are_followed);
    g_test_add_func("/files-posix/many-links-are-followed", test_many_links_are_followed);
    g_test_add_func("/files-posix/what-the-program-does-with-a-file",
                    test_what_the_program_does_with_a_file);
    g_test_add_func("/files-posix/a-new-file", test_a_new_file);
    g_test_add_func("/files-posix/it-has-the-mode-of-the-one-before",
                    test_it_has_the_mode_of_the_one_before);
    g_test_add_func("/files-posix/it-has-the-owner-of-the-one-before",
                    test_it_has_the_owner_of_the_one_before);
    g_test_add_func("/files-posix/a-file-with-two-names-cannot-be-replaced",
                    test_a_file_with_two_names_cannot_be_replaced);
    g_test_add_func("/files-posix/what-fails-leaves-nothing-but-the-reason",
                    test_what_fails_leaves_nothing_but_the_reason);
    g_test_add_func("/files-posix/files-that-nobody-writes-are-swept",
                    test_files_that_nobody_writes_are_swept);
    g_test_add_func("/files-posix/a-function-is-in-its-program", test_a_function_is_in_its_program);
    return g_test_run();
}
