#ifndef FLOWSTATS_OUTPUT_H
#define FLOWSTATS_OUTPUT_H

#include "ws_compat.h"

#include <stdio.h>

/*
 * A file that appears whole or not at all: it is written under another name in
 * the same folder, and renamed when all is well.  What is no regular file (a
 * pipe, a device), and standard output, for the name "-" or "", is written
 * directly.
 */
struct fs_output;

/* Whether it could be opened; if not, *ret_error says why, to be freed with g_free(). */
bool fs_output_can_open(const char *name, char **ret_error);

struct fs_output *fs_output_open(const char *name, char **ret_error);

FILE *fs_output_file(struct fs_output *output);

/*
 * Close it; false where not all was written: then there is no file.  Where the
 * reader of standard output went away the reason is empty.
 */
bool fs_output_close(struct fs_output *output, char **ret_error);

#endif
