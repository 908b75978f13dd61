#include "output.h"

#include "arguments.h"
#include "files.h"

#include <errno.h>
#include <glib/gstdio.h>

/* What is added to a file's name until it is whole, and the letters that follow. */
#define UNFINISHED         ".flowstats-"
#define UNFINISHED_LETTERS "XXXXXX"

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

static bool is_same(struct fs_file left, struct fs_file right)
{
    return left.is_there && right.is_there && left.number != 0 && left.number == right.number &&
           left.device == right.device;
}

/* "-", nothing, and /dev/stdout, wherever it leads. */
static bool is_stdout(const char *name)
{
    return *name == '\0' || strcmp(name, "-") == 0 ||
           is_same(fs_file_of(name), fs_file_of_stdout());
}

static bool is_special(const char *name)
{
    struct fs_file file = fs_file_of(name);

    return file.is_there && !file.is_regular;
}

/* Targets */

/* A file that is there twice, by hard links, is one target. */
static bool is_taken(const char *target)
{
    struct fs_file file = fs_file_of(target);

    for (GSList *item = outputs; item; item = item->next) {
        const struct fs_output *other = item->data;
        if (strcmp(other->target, target) == 0 || is_same(file, fs_file_of(other->target)))
            return true;
    }
    return false;
}

static const char *const uses[] = {
    [FS_FILE_READ] = "The program reads this file",
    [FS_FILE_WRITTEN] = "The program writes this file",
    [FS_FILE_OPEN] = "A program has this file open",
};

static bool is_not_open(const struct fs_output *output, char **ret_error)
{
    enum fs_file_use use = output->target ? fs_file_use(output->target) : FS_FILE_UNUSED;

    return use == FS_FILE_UNUSED || fail(output->shown, uses[use], ret_error);
}

static struct fs_file file_named(const char *name)
{
    return is_stdout(name) ? fs_file_of_stdout() : fs_file_of(name);
}

/* A device, as /dev/null, takes what all write. */
static bool leads_to(const char *name, struct fs_file file)
{
    return !file.is_character && is_same(file_named(name), file);
}

/* Whether tshark's -w writes there. */
static bool is_of_capture(const char *name)
{
    const char *capture = fs_arguments_value('w');

    return capture && leads_to(name, file_named(capture));
}

/* A capture without frames has been closed before anyone could see it open. */
bool fs_output_is_ours(const struct fs_output *output, char **ret_error)
{
    if (!is_not_open(output, ret_error))
        return false;
    return !output->target || !is_of_capture(output->target) ||
           fail(output->shown, uses[FS_FILE_WRITTEN], ret_error);
}

/* Whether the capture comes from there, by -r or by -i. */
static bool is_read(const char *name)
{
    const char *captures[] = { fs_arguments_value('r'), fs_arguments_value('i') };

    for (size_t i = 0; i < G_N_ELEMENTS(captures); i++)
        if (captures[i] && leads_to(name, fs_file_of(captures[i])))
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

/* Remove what a run to the same target left when it was killed. */
static void sweep(const char *target)
{
    char *folder = g_path_get_dirname(target), *file = g_path_get_basename(target);
    char *prefix = g_strconcat(file, UNFINISHED, NULL);
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, prefix) &&
            strlen(name) == strlen(prefix) + strlen(UNFINISHED_LETTERS)) {
            char *path = g_build_filename(folder, name, NULL);
            fs_file_sweep(path);
            g_free(path);
        }
    if (dir)
        g_dir_close(dir);
    g_free(prefix);
    g_free(file);
    g_free(folder);
}

/* A file in the target's folder, to be renamed; if that cannot be, one without a name, to be
 * copied. */
static FILE *open_unfinished(struct fs_output *output)
{
    bool is_there = g_file_test(output->target, G_FILE_TEST_EXISTS);
    FILE *file =
        fs_file_open_replacement(output->target, UNFINISHED UNFINISHED_LETTERS, &output->temporary);

    if (file || !is_there || !fs_file_may_write(output->target))
        return file;
    return tmpfile();
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
        return fs_file_may_write(name) || fail_with(name, errno, ret_error);

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

    output->target = fs_file_followed(output->shown);
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
        output->file = g_fopen(output->shown, "wb");
    if (!output->file)
        fail_with(output->shown, errno, ret_error);
    return output->file;
}

FILE *fs_output_open_in_place(struct fs_output *output, char **ret_error)
{
    if (!output->target)
        return fs_output_open(output, ret_error);
    output->is_in_place = true;
    output->file = g_fopen(output->target, "wb");
    if (!output->file)
        fail_with(output->shown, errno, ret_error);
    return output->file;
}

/* Closing: each step is true where all went well, and leaves errno where not. */

static bool copy(FILE *from, const char *target)
{
    char bytes[1 << 16];
    FILE *to = g_fopen(target, "wb");
    bool is_whole = to && fseek(from, 0, SEEK_SET) == 0;
    size_t count;

    while (is_whole && (count = fread(bytes, 1, sizeof bytes, from)) > 0)
        is_whole = fwrite(bytes, 1, count, to) == count;
    is_whole = is_whole && !ferror(from);
    if (to)
        is_whole = fclose(to) == 0 && is_whole;
    return is_whole;
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
    return output->temporary ? fs_file_replace(output->file, output->temporary, output->target)
                             : copy_and_close(output);
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
