#ifndef FLOWSTATS_FILES_H
#define FLOWSTATS_FILES_H

#include "ws_compat.h"

#include <stdio.h>

/*
 * What GLib does not tell of files, asked of the system: files_posix.c and
 * files_windows.c.  Paths are in GLib's encoding of file names.
 */

/* What a name leads to, through all links; two are one file where device and number are equal. */
struct fs_file {
    uint64_t device, number; /* number 0: the system tells none */
    bool is_there;
    bool is_regular;
    bool is_character; /* a terminal, /dev/null */
};

/* Nothing is there: all members are zero. */
struct fs_file fs_file_of(const char *path);
struct fs_file fs_file_of_stdout(void);

/* Return the path of a file without links in it, also of one that is not there yet. */
char *fs_file_followed(const char *name);

/* What the program itself does with a file; Windows tells only that some program has it open. */
enum fs_file_use { FS_FILE_UNUSED, FS_FILE_READ, FS_FILE_WRITTEN, FS_FILE_OPEN };
enum fs_file_use fs_file_use(const char *path);

/* Return whether the user may write to a file that is there; else errno says why not. */
bool fs_file_may_write(const char *path);

/*
 * Make an empty file, to be written and read and then to take the target's
 * place, with its owner and mode where it is there.  ending: what follows the
 * target's name, with "XXXXXX" at its end for letters of choice.  NULL where
 * that cannot be, with the reason in errno; else *ret_path is its name.
 * Until it is closed, fs_file_sweep() leaves it.
 */
FILE *fs_file_open_replacement(const char *target, const char *ending, char **ret_path);

/* Close it and give it the target's name; false where that fails: it is gone, errno says why. */
bool fs_file_replace(FILE *file, const char *path, const char *target);

/* Remove a file of ours that nobody is writing. */
void fs_file_sweep(const char *path);

/* Return the path of the library that a function is in; NULL where the system does not tell. */
char *fs_file_of_function(void (*function)(void));

#endif
