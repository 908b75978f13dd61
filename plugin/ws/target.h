#ifndef FLOWSTATS_WS_TARGET_H
#define FLOWSTATS_WS_TARGET_H

#include "output.h"

/* Where a statistic goes to and what it is of: -z NAME[,FILE[,FILTER]]. */
struct fs_target {
    struct fs_output *output;
    char *filter; /* all that follows the comma after FILE; NULL: none */
};

/*
 * Read the argument of -z, which begins with the name.  False where it cannot be:
 * *ret_error says why.  The output and the filter become the caller's.
 */
bool fs_target_read(const char *argument, const char *name, struct fs_target *ret_target,
                    char **ret_error);

/* Say that a tap refused the filter; takes the refusal. */
char *fs_target_refusal(const char *argument, GString *refusal);

/* Tell the user an error, after our name, and take it; an empty one is not worth a word. */
void fs_target_report(char *error);

/*
 * The same of the start of a statistic; NULL: there is no error.  Return whether the program goes
 * on without the statistic, or with it.
 */
bool fs_target_goes_on(char *error);

#endif
