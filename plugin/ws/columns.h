#ifndef FLOWSTATS_WS_COLUMNS_H
#define FLOWSTATS_WS_COLUMNS_H

#include "field.h"

/*
 * The columns of exports: which fields of a flow there are, and in which order.
 *
 * The preference flow.columns names them, with commas between: fields, patterns
 * with '*', groups ("core", "shape") and "all".  Where it is empty they are the
 * fields of the groups that are not quiet, and of the quiet ones those that are
 * late.
 */

/* Return the fields, struct flow_field; valid until preferences are applied. */
const GPtrArray *fs_columns(void);

/* Return whether the user has chosen them. */
bool fs_columns_are_chosen(void);

/*
 * Return whether all that the preference names can be columns; else
 * *ret_error, to be freed, says which name cannot, and why.
 */
bool fs_columns_check(char **ret_error);

/* Preferences have been applied: tell the user of a program that goes on what cannot be one. */
void fs_columns_applied(void);

#endif
