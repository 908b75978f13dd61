#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fs_output {
    FILE *file;
    char *shown;     /* the name that the user gave */
    char *target;    /* where it is to appear; NULL: written directly */
    char *temporary; /* where it is until then */
};

static bool fail(const char *name, int error, char **ret_error)
{
    *ret_error = g_strdup_printf("flowstats: %s: %s", name, g_strerror(error));
    return false;
}

static bool is_stdout(const char *name)
{
    return *name == '\0' || strcmp(name, "-") == 0;
}

static bool is_special(const char *name)
{
    return g_file_test(name, G_FILE_TEST_EXISTS) && !g_file_test(name, G_FILE_TEST_IS_REGULAR);
}

/* A link stays a link: what it points at is replaced. */
static char *target_of(const char *name)
{
    char *target = realpath(name, NULL);
    char *copy = g_strdup(target ? target : name);

    free(target);
    return copy;
}

/* Made by us, so errors are reported for the name that the user gave. */
static struct fs_output *open_temporary(const char *name, char **ret_error)
{
    char *target = target_of(name);
    char *temporary = g_strdup_printf("%s.XXXXXX", target);
    int descriptor = g_mkstemp_full(temporary, O_WRONLY, 0666);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;

    if (!file) {
        fail(name, errno, ret_error);
        if (descriptor >= 0) {
            close(descriptor);
            g_unlink(temporary);
        }
        g_free(temporary);
        g_free(target);
        return NULL;
    }
    struct fs_output *output = g_new0(struct fs_output, 1);
    output->file = file;
    output->shown = g_strdup(name);
    output->target = target;
    output->temporary = temporary;
    return output;
}

struct fs_output *fs_output_open(const char *name, char **ret_error)
{
    FILE *file = stdout;

    if (!is_stdout(name)) {
        if (!is_special(name))
            return open_temporary(name, ret_error);
        file = fopen(name, "w");
    }
    if (!file) {
        fail(name, errno, ret_error);
        return NULL;
    }
    struct fs_output *output = g_new0(struct fs_output, 1);
    output->file = file;
    output->shown = g_strdup(is_stdout(name) ? "standard output" : name);
    return output;
}

static void free_output(struct fs_output *output)
{
    g_free(output->shown);
    g_free(output->target);
    g_free(output->temporary);
    g_free(output);
}

bool fs_output_can_open(const char *name, char **ret_error)
{
    if (is_stdout(name))
        return true;
    if (is_special(name)) /* opening a pipe to see whether it opens would wait for a reader */
        return g_access(name, W_OK) == 0 && !g_file_test(name, G_FILE_TEST_IS_DIR)
                   ? true
                   : fail(name, g_file_test(name, G_FILE_TEST_IS_DIR) ? EISDIR : errno, ret_error);

    struct fs_output *output = open_temporary(name, ret_error);
    if (!output)
        return false;
    fclose(output->file);
    g_unlink(output->temporary);
    free_output(output);
    return true;
}

FILE *fs_output_file(struct fs_output *output)
{
    return output->file;
}

bool fs_output_close(struct fs_output *output, char **ret_error)
{
    bool is_whole = fflush(output->file) == 0 && !ferror(output->file);
    int error = errno;

    if (output->file != stdout && fclose(output->file) != 0 && is_whole) {
        error = errno;
        is_whole = false;
    }
    if (is_whole && output->target && g_rename(output->temporary, output->target) != 0) {
        error = errno;
        is_whole = false;
    }
    if (!is_whole && output->temporary)
        g_unlink(output->temporary);
    /* Who reads no further, as head, knows why: tshark says nothing then, and nor do we. */
    if (!is_whole && output->file == stdout && error == EPIPE)
        *ret_error = g_strdup("");
    else if (!is_whole)
        fail(output->shown, error, ret_error);
    free_output(output);
    return is_whole;
}
