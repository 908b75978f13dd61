#include "output.h"

#include "arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is added to a file's name until it is whole, and the letters that follow. */
#define UNFINISHED ".flowstats-"
enum { UNFINISHED_LETTERS = 6 };

struct fs_output {
    FILE *file;      /* while it is open */
    char *shown;     /* the name that the user gave */
    char *target;    /* where it is to appear; NULL: written directly */
    char *temporary; /* where it is until then; NULL: nowhere, it has no name */
    bool is_stdout;
    bool is_in_place; /* while it is open: it is the target */
};

static GSList *outputs; /* those that have a target */

static bool fail(const char *name, const char *why, char **ret_error)
{
    *ret_error = g_strdup_printf("%s: %s", name, why);
    return false;
}

static bool fail_with(const char *name, int error, char **ret_error)
{
    return fail(name, g_strerror(error), ret_error);
}

static bool is_same_file(const struct stat *left, const struct stat *right)
{
    return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/* "-", nothing, and /dev/stdout, wherever it leads. */
static bool is_stdout(const char *name)
{
    struct stat named, standard;

    return *name == '\0' || strcmp(name, "-") == 0 ||
           (stat(name, &named) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
            is_same_file(&named, &standard));
}

static bool is_special(const char *name)
{
    struct stat named;

    return stat(name, &named) == 0 && !S_ISREG(named.st_mode);
}

/* Targets */

/* What a link points at, seen from the link's folder; NULL where it is no link. */
static char *followed(const char *name)
{
    char *points_at = g_file_read_link(name, NULL);

    if (!points_at || g_path_is_absolute(points_at))
        return points_at;
    char *folder = g_path_get_dirname(name);
    char *path = g_build_filename(folder, points_at, NULL);
    g_free(folder);
    g_free(points_at);
    return path;
}

/* The path of a file without links in it, also of one that is not there yet. */
static char *target_of(const char *name)
{
    enum { LINKS_MAX = 40 };
    char *path = g_strdup(name), *next;

    for (unsigned i = 0; i < LINKS_MAX && (next = followed(path)); i++) {
        g_free(path);
        path = next;
    }
    char *folder = g_path_get_dirname(path), *file = g_path_get_basename(path);
    char *real = realpath(folder, NULL);
    char *target = real ? g_build_filename(real, file, NULL) : g_strdup(path);
    free(real);
    g_free(file);
    g_free(folder);
    g_free(path);
    return target;
}

/* A file that is there twice, by hard links, is one target. */
static bool is_taken(const char *target)
{
    struct stat ours, theirs;
    bool is_there = stat(target, &ours) == 0;

    for (GSList *item = outputs; item; item = item->next) {
        const struct fs_output *other = item->data;
        if (strcmp(other->target, target) == 0 ||
            (is_there && stat(other->target, &theirs) == 0 && is_same_file(&ours, &theirs)))
            return true;
    }
    return false;
}

#define WRITTEN "The program writes this file"

/* A program that reads or writes captures has few files open, and the first numbers for them. */
static bool is_not_open(const struct fs_output *output, char **ret_error)
{
    enum { DESCRIPTORS = 1024 };
    struct stat target, open;

    if (!output->target || stat(output->target, &target) != 0)
        return true;
    for (int i = 0; i < DESCRIPTORS; i++)
        if (fstat(i, &open) == 0 && is_same_file(&open, &target))
            return fail(output->shown,
                        (fcntl(i, F_GETFL) & O_ACCMODE) == O_RDONLY ? "The program reads this file"
                                                                    : WRITTEN,
                        ret_error);
    return true;
}

static bool stat_named(const char *name, struct stat *ret_file)
{
    return (is_stdout(name) ? fstat(STDOUT_FILENO, ret_file) : stat(name, ret_file)) == 0;
}

/* A device, as /dev/null, takes what all write. */
static bool leads_to(const char *name, const struct stat *file)
{
    struct stat named;

    return stat_named(name, &named) && !S_ISCHR(named.st_mode) && is_same_file(&named, file);
}

/* Whether tshark's -w writes there. */
static bool is_of_capture(const char *name)
{
    const char *capture = fs_arguments_value('w');
    struct stat written;

    return capture && stat_named(capture, &written) && leads_to(name, &written);
}

/* A capture without frames has been closed before anyone could see it open. */
bool fs_output_is_ours(const struct fs_output *output, char **ret_error)
{
    if (!is_not_open(output, ret_error))
        return false;
    return !output->target || !is_of_capture(output->target) ||
           fail(output->shown, WRITTEN, ret_error);
}

/* Whether the capture comes from there, by -r or by -i. */
static bool is_read(const char *name)
{
    const char *captures[] = { fs_arguments_value('r'), fs_arguments_value('i') };
    struct stat read;

    for (size_t i = 0; i < G_N_ELEMENTS(captures); i++)
        if (captures[i] && stat(captures[i], &read) == 0 && leads_to(name, &read))
            return true;
    return false;
}

/*
 * What is written directly would go in between the packets of -w, and a pipe
 * that packets come from has no other reader.
 */
static bool is_apart(const struct fs_output *output, const char *name, char **ret_error)
{
    if (!output->is_stdout && !is_special(name))
        return true;
    if (is_of_capture(name))
        return fail(output->shown, "The program writes the capture there", ret_error);
    return !is_read(name) ||
           fail(output->shown, "The program reads the capture from there", ret_error);
}

/* Temporary files */

/* Remove what a run to the same target left when it was killed: nobody holds its lock. */
static void sweep_one(const char *path)
{
    struct stat left;
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (descriptor < 0)
        return;
    if (fstat(descriptor, &left) == 0 && S_ISREG(left.st_mode) && left.st_uid == geteuid() &&
        flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        g_unlink(path);
    close(descriptor);
}

static void sweep(const char *target)
{
    char *folder = g_path_get_dirname(target), *file = g_path_get_basename(target);
    char *prefix = g_strconcat(file, UNFINISHED, NULL);
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, prefix) && strlen(name) == strlen(prefix) + UNFINISHED_LETTERS) {
            char *path = g_build_filename(folder, name, NULL);
            sweep_one(path);
            g_free(path);
        }
    if (dir)
        g_dir_close(dir);
    g_free(prefix);
    g_free(file);
    g_free(folder);
}

/* Between its making and its locking a file may be swept by another program: then make one more. */
static int make_temporary(const char *target, char **ret_path)
{
    struct stat made;

    for (;;) {
        char *path = g_strconcat(target, UNFINISHED "XXXXXX", NULL);
        int descriptor = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0666);
        if (descriptor < 0) {
            g_free(path);
            return -1;
        }
        if (flock(descriptor, LOCK_EX) != 0 || fstat(descriptor, &made) != 0 || made.st_nlink > 0) {
            *ret_path = path;
            return descriptor;
        }
        close(descriptor);
        g_free(path);
    }
}

/* Only a file that one name leads to can be replaced by another of the same owner and mode. */
static bool takes_the_place_of(int descriptor, const struct stat *target)
{
    struct stat made;

    if (target->st_nlink != 1 || fstat(descriptor, &made) != 0)
        return false;
    if ((made.st_uid != target->st_uid || made.st_gid != target->st_gid) &&
        fchown(descriptor, target->st_uid, target->st_gid) != 0)
        return false;
    return fchmod(descriptor, target->st_mode & 07777) == 0;
}

/* A file in the target's folder, to be renamed; if that cannot be, one without a name, to be
 * copied. */
static FILE *open_unfinished(struct fs_output *output)
{
    struct stat target;
    bool is_there = stat(output->target, &target) == 0;
    int descriptor = make_temporary(output->target, &output->temporary);

    if (descriptor >= 0 && (!is_there || takes_the_place_of(descriptor, &target)))
        return fdopen(descriptor, "w+");
    if (descriptor >= 0) {
        close(descriptor);
        g_unlink(output->temporary);
        g_clear_pointer(&output->temporary, g_free);
    }
    return is_there && g_access(output->target, W_OK) == 0 ? tmpfile() : NULL;
}

static void drop_unfinished(struct fs_output *output)
{
    if (output->temporary)
        g_unlink(output->temporary);
    g_clear_pointer(&output->temporary, g_free);
}

/* Opening */

/* To open a pipe to see whether it opens would wait for a reader. */
static bool can_open(struct fs_output *output, char **ret_error)
{
    const char *name = output->shown;

    if (g_file_test(name, G_FILE_TEST_IS_DIR))
        return fail_with(name, EISDIR, ret_error);
    if (!output->target || g_file_test(name, G_FILE_TEST_EXISTS))
        return g_access(name, W_OK) == 0 || fail_with(name, errno, ret_error);

    FILE *file = open_unfinished(output);
    if (!file)
        return fail_with(name, errno, ret_error);
    fclose(file);
    drop_unfinished(output);
    return true;
}

/* Give the output its target, where that may be one. */
static bool claim(struct fs_output *output, char **ret_error)
{
    if (is_special(output->shown))
        return can_open(output, ret_error);

    output->target = target_of(output->shown);
    if (is_taken(output->target))
        return fail(output->shown, "Another output goes to this file", ret_error);
    if (!is_not_open(output, ret_error) || !can_open(output, ret_error))
        return false;
    sweep(output->target);
    outputs = g_slist_prepend(outputs, output);
    return true;
}

struct fs_output *fs_output_new(const char *name, char **ret_error)
{
    struct fs_output *output = g_new0(struct fs_output, 1);

    output->is_stdout = is_stdout(name);
    output->shown = g_strdup(output->is_stdout ? "standard output" : name);
    if (is_apart(output, name, ret_error) && (output->is_stdout || claim(output, ret_error)))
        return output;
    fs_output_free(output);
    return NULL;
}

void fs_output_free(struct fs_output *output)
{
    outputs = g_slist_remove(outputs, output);
    g_free(output->shown);
    g_free(output->target);
    g_free(output->temporary);
    g_free(output);
}

FILE *fs_output_open(struct fs_output *output, char **ret_error)
{
    if (output->is_stdout)
        output->file = stdout;
    else if (output->target)
        output->file = open_unfinished(output);
    else
        output->file = fopen(output->shown, "w");
    if (!output->file)
        fail_with(output->shown, errno, ret_error);
    return output->file;
}

FILE *fs_output_open_in_place(struct fs_output *output, char **ret_error)
{
    if (!output->target)
        return fs_output_open(output, ret_error);
    output->is_in_place = true;
    output->file = fopen(output->target, "w");
    if (!output->file)
        fail_with(output->shown, errno, ret_error);
    return output->file;
}

/* Closing: each step is true where all went well, and leaves errno where not. */

static bool copy(FILE *from, const char *target)
{
    char bytes[1 << 16];
    FILE *to = fopen(target, "w");
    bool is_whole = to && fseek(from, 0, SEEK_SET) == 0;
    size_t count;

    while (is_whole && (count = fread(bytes, 1, sizeof bytes, from)) > 0)
        is_whole = fwrite(bytes, 1, count, to) == count;
    is_whole = is_whole && !ferror(from);
    if (to)
        is_whole = fclose(to) == 0 && is_whole;
    return is_whole;
}

/* The second descriptor keeps the lock until the file has its name. */
static bool close_and_rename(struct fs_output *output)
{
    int lock = dup(fileno(output->file));
    bool is_done = fclose(output->file) == 0 && g_rename(output->temporary, output->target) == 0;
    int error = errno;

    if (!is_done)
        g_unlink(output->temporary);
    if (lock >= 0)
        close(lock);
    errno = error;
    return is_done;
}

static bool copy_and_close(struct fs_output *output)
{
    bool is_done = copy(output->file, output->target);
    int error = errno;

    fclose(output->file);
    errno = error;
    return is_done;
}

static bool finish(struct fs_output *output)
{
    if (output->is_stdout)
        return true;
    if (!output->target || output->is_in_place)
        return fclose(output->file) == 0;
    return output->temporary ? close_and_rename(output) : copy_and_close(output);
}

static void give_up(struct fs_output *output)
{
    if (!output->is_stdout)
        fclose(output->file);
    drop_unfinished(output);
}

bool fs_output_close(struct fs_output *output, char **ret_error)
{
    bool is_written = fflush(output->file) == 0 && !ferror(output->file);
    bool is_whole = is_written && finish(output);

    /* Who reads no further, as head, knows why: tshark says nothing then, and nor do we. */
    if (!is_whole && output->is_stdout && errno == EPIPE)
        *ret_error = g_strdup("");
    else if (!is_whole)
        fail_with(output->shown, errno, ret_error);
    if (!is_written)
        give_up(output);
    g_clear_pointer(&output->temporary, g_free);
    output->file = NULL;
    return is_whole;
}
