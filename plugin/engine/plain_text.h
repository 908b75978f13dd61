#ifndef FLOWSTATS_ENGINE_PLAIN_TEXT_H
#define FLOWSTATS_ENGINE_PLAIN_TEXT_H

#include <stddef.h>

/* Texts of packets as they can be shown. */

/*
 * Make bytes a text of at most so many: UTF-8, control characters escaped, cut
 * between characters.  The caller frees it.
 */
char *flow_plain_text(const char *bytes, size_t length, size_t most);

#endif
