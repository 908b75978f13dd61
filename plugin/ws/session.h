#ifndef FLOWSTATS_SESSION_H
#define FLOWSTATS_SESSION_H

#include "ws_compat.h"

#include "meter.h"

/* The meter of the open file: when it begins and ends, and when a pass through the file is over. */

/* Ask Wireshark to tell when files open and close; once.  opening: called before a file opens. */
void fs_session_register(void (*opening)(void));

/* The meter of the open file; NULL where none is open. */
struct flow_meter *fs_session_meter(void);

/* A frame is dissected: for the first time, or once more. */
void fs_session_first_dissection(uint32_t frame);
void fs_session_later_dissection(void);

/* Call this when the first frame of a session comes. */
void fs_session_at_first_frame(void (*call)(void));

/* Return whether this is the highest frame number seen so far. */
bool fs_session_is_last(uint32_t frame);

/* Note that statistics are drawn; in a program that does so once, all frames have been read. */
void fs_session_draw(void);

/*
 * A statistic over all files that the program reads one after the other (tshark
 * -M): take() is called before a meter goes and another one comes, to take what
 * the statistic needs of it.  Attach it once with its data, and detach it.
 */
void fs_session_attach(void (*take)(void *data), void *data);
void fs_session_detach(void *data);

#endif
