#ifndef FLOWSTATS_OUTPUT_H
#define FLOWSTATS_OUTPUT_H

#include "ws_compat.h"

#include <stdio.h>

/*
 * A file that appears whole or not at all: it is written under another name,
 * which nobody keeps if we are killed, and takes its place when all is well.
 *
 * A file that is there keeps its mode and its owner, and a link stays a link.
 * A file that the program has open itself (the capture that it reads, that of
 * -w) is refused, and so is a second output to one file.  What is no regular
 * file (a pipe, a device), and standard output, for the name "-" or "", is
 * written directly, and refused where -w writes there too or packets come from it.
 *
 * Where something fails, *ret_error says what, to be freed with g_free().
 */
struct fs_output;

/* Return an output that nothing is written to yet; NULL where it could not be opened. */
struct fs_output *fs_output_new(const char *name, char **ret_error);
void fs_output_free(struct fs_output *output);

/* Return false where the program has opened the file meanwhile, or wrote it by -w. */
bool fs_output_is_ours(const struct fs_output *output, char **ret_error);

/* Open it, for the first time or once more; NULL where that fails. */
FILE *fs_output_open(struct fs_output *output, char **ret_error);

/*
 * Open it in its place: what is written is seen as it comes, and a file that was
 * there is emptied.
 */
FILE *fs_output_open_in_place(struct fs_output *output, char **ret_error);

/*
 * Close it; false where not all was written: then the file is as it was before,
 * unless it lies where no other can be made, and so has to be written in place.
 * Where the reader of standard output went away the reason is empty.
 */
bool fs_output_close(struct fs_output *output, char **ret_error);

#endif
