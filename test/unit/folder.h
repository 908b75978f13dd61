#ifndef TEST_UNIT_FOLDER_H
#define TEST_UNIT_FOLDER_H

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* A folder for each test, from which it starts. */

static char *folder;

static inline void enter(void)
{
    folder = g_dir_make_tmp("flowstats-XXXXXX", NULL);
    g_assert_cmpint(g_chdir(folder), ==, 0);
}

static inline void leave(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)))
        g_remove(name);
    g_dir_close(dir);
    g_assert_cmpint(g_chdir("/"), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_clear_pointer(&folder, g_free);
}

static inline void save(const char *name, const char *text)
{
    g_assert_true(g_file_set_contents(name, text, -1, NULL));
}

static inline void holds(const char *name, const char *text)
{
    char *found = NULL;

    g_assert_true(g_file_get_contents(name, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
    g_free(found);
}

static inline unsigned count_files(void)
{
    GDir *dir = g_dir_open(".", 0, NULL);
    unsigned count = 0;

    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

/* The next descriptor: the same one as before where all were closed. */
static inline int next_descriptor(void)
{
    int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(descriptor);
    return descriptor;
}

#endif
