#ifndef FLOWSTATS_REMINDER_H
#define FLOWSTATS_REMINDER_H

#include "ws_compat.h"

/*
 * What becomes of a question about whole flows that was asked when nobody could
 * answer it: tshark says so when it ends, and a window filters its list again
 * when it has read the file.
 */

/* Ask Wireshark to tell when files open, have been read, and close; once. */
void fs_reminder_register(void);

/* Take note that a frame is dissected, for the first time or again. */
void fs_reminder_dissected(bool visited);

#endif
