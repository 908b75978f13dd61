#ifndef FLOWSTATS_WS_VALUE_TEXT_H
#define FLOWSTATS_WS_VALUE_TEXT_H

#include "ws_compat.h"

#include <flowstats/value.h>
#include <glib.h>

/* Values as exports write them: numbers in decimal, times in seconds with nine decimals. */

enum { FS_VALUE_TEXT_LEN = 64 };

/*
 * Return a value as text, and whether the text is a number.  text: room for what
 * is not text itself; the answer is valid as long as that and the value.
 */
const char *fs_value_text(enum flow_kind kind, const struct flow_value *value,
                          char text[FS_VALUE_TEXT_LEN], bool *ret_is_number);

/* Append the text of a value that is no text itself. */
void fs_value_append(GString *out, enum flow_kind kind, struct flow_value value);

#endif
