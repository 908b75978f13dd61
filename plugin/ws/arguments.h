#ifndef FLOWSTATS_ARGUMENTS_H
#define FLOWSTATS_ARGUMENTS_H

#include "ws_compat.h"

/*
 * What the program was started with, and which fields that names.
 *
 * tshark 4.0 tells a plugin neither what -e wants nor that -2 was given, so the
 * words of its command line are read from where the system keeps them.  Where
 * it keeps none, and in any program but tshark, no option counts as given.
 */

/* Return whether the program is tshark, as far as its command line tells. */
bool fs_arguments_are_of_tshark(void);

/* Return whether an option was given, by its short form: '2', 'Y' for --display-filter. */
bool fs_arguments_have(char option);

/* Return what was given to an option, the last time; NULL where it was not given. */
const char *fs_arguments_of(char option);

/*
 * Return whether a field is named in what was given to one of the options, each
 * by its short form: "eY".  A display filter after all options counts as -Y.
 * field: the whole name, as "flow.bytes".
 */
bool fs_arguments_name(const char *options, const char *field);

/* Return whether a display filter, or a text with filters in it, names a field outside quotes. */
bool fs_filter_names(const char *filter, const char *field);

#endif
