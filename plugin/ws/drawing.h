#ifndef FLOWSTATS_WS_DRAWING_H
#define FLOWSTATS_WS_DRAWING_H

#include "ws_compat.h"

/*
 * Wireshark's own statistics (trees, conversation tables) get packets one by one
 * and are drawn without a word to those who fill them.  Here they are told: what
 * only the end of a pass knows, as which flow a fragment belongs to, is filled in
 * just before.
 */

/*
 * Call back whenever listeners are about to be drawn.  To be asked for by a
 * listener in its packet callback, for then it is registered: who registers later
 * is drawn first.  Asking again for the same data changes nothing.
 */
void fs_drawing_before(void (*fill)(void *data), void *data);

/* No longer call back for that data. */
void fs_drawing_forget(void *data);

#endif
