#ifndef FLOWSTATS_SESSION_H
#define FLOWSTATS_SESSION_H

#include "ws_compat.h"

#include <flowstats/meter.h>
#include <flowstats/tally.h>

/* The meter of the open file: when it begins and ends, and when a pass through the file is over. */

/* Ask Wireshark to tell when files open and close; once. */
void fs_session_register(void);

/* The meter of the open file; NULL where none is open. */
struct flow_meter *fs_session_meter(void);

/* A frame is dissected: for the first time, or once more. */
void fs_session_first_dissection(uint32_t frame);
void fs_session_later_dissection(void);

/* Whether it is the last one that has come so far. */
bool fs_session_is_last(uint32_t frame);

/* All frames have been read, in a program that draws its statistics once, at the end. */
void fs_session_draw(void);

/*
 * A tally that goes on when tshark -M closes a session and begins another.  It
 * is kept until fs_session_detach().
 */
void fs_session_attach(struct flow_tally *tally);
void fs_session_detach(struct flow_tally *tally);

/*
 * Whether windows are there: then an error does not end the program.  Asking
 * costs as much as ten items of a tree; the other one has asked when the file
 * was opened.
 */
bool fs_has_windows(void);
bool fs_session_has_windows(void);

#endif
