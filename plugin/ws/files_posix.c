#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): dladdr() */
#include "files.h"

#ifndef _WIN32

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fs_file file_of(const struct stat *file)
{
    return (struct fs_file){ .device = file->st_dev,
                             .number = file->st_ino,
                             .is_there = true,
                             .is_regular = S_ISREG(file->st_mode),
                             .is_character = S_ISCHR(file->st_mode) };
}

struct fs_file fs_file_of(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? file_of(&file) : (struct fs_file){ 0 };
}

struct fs_file fs_file_of_stdout(void)
{
    struct stat file;

    return fstat(STDOUT_FILENO, &file) == 0 ? file_of(&file) : (struct fs_file){ 0 };
}

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

char *fs_file_followed(const char *name)
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

/* A program that reads or writes captures has few files open, and the first numbers for them. */
enum fs_file_use fs_file_use(const char *path)
{
    enum { DESCRIPTORS = 1024 };
    struct stat file, open;

    if (stat(path, &file) != 0)
        return FS_FILE_UNUSED;
    for (int i = 0; i < DESCRIPTORS; i++)
        if (fstat(i, &open) == 0 && open.st_dev == file.st_dev && open.st_ino == file.st_ino)
            return (fcntl(i, F_GETFL) & O_ACCMODE) == O_RDONLY ? FS_FILE_READ : FS_FILE_WRITTEN;
    return FS_FILE_UNUSED;
}

bool fs_file_may_write(const char *path)
{
    return g_access(path, W_OK) == 0;
}

/* Between its making and its locking a file may be swept by another program: then make one more. */
static int make(const char *target, const char *ending, char **ret_path)
{
    struct stat made;

    for (;;) {
        char *path = g_strconcat(target, ending, NULL);
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

FILE *fs_file_open_replacement(const char *target, const char *ending, char **ret_path)
{
    struct stat there;
    bool is_there = stat(target, &there) == 0;
    int descriptor = make(target, ending, ret_path);

    if (descriptor < 0)
        return NULL;
    if (!is_there || takes_the_place_of(descriptor, &there))
        return fdopen(descriptor, "w+");
    close(descriptor);
    g_unlink(*ret_path);
    g_clear_pointer(ret_path, g_free);
    errno = EACCES;
    return NULL;
}

/* The second descriptor keeps the lock until the file has its name. */
bool fs_file_replace(FILE *file, const char *path, const char *target)
{
    int lock = dup(fileno(file));
    bool is_done = fclose(file) == 0 && g_rename(path, target) == 0;
    int error = errno;

    if (!is_done)
        g_unlink(path);
    if (lock >= 0)
        close(lock);
    errno = error;
    return is_done;
}

/* Nobody holds the lock of what a killed run left. */
void fs_file_sweep(const char *path)
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

char *fs_file_of_function(void (*function)(void))
{
    Dl_info info;

    return dladdr((const void *)function, &info) ? g_strdup(info.dli_fname) : NULL;
}

#endif
