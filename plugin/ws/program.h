#ifndef FLOWSTATS_PROGRAM_H
#define FLOWSTATS_PROGRAM_H

#include "ws_compat.h"

/* The program that we run in: which it is, and what follows from that. */
enum fs_program {
    FS_OTHER, /* a fuzzer, a converter: treated as sharkd */
    FS_TSHARK,
    FS_WIRESHARK,
    FS_SHARKD,
};

enum fs_program fs_program(void);

/*
 * Return whether the program reads its input once, perhaps as several sessions
 * (tshark -M), draws all statistics at the end, and tells by its exit code
 * whether all went well.  The others open files and draw statistics as often as
 * somebody asks.
 */
bool fs_program_runs_once(void);

/* Note that the first frame has come: from now on the program is no longer starting up. */
void fs_program_has_started(void);

/*
 * Return whether the open file has been read to its end, as far as the program
 * says: in Wireshark, where a capture may still be going on.
 */
bool fs_program_has_read_all(void);

/*
 * Return whether an error of the user's may end the program: one that is
 * starting up, for it ends by its own errors too.  Later, and in other
 * programs, an error is an answer.
 */
bool fs_program_may_end(void);

/* Let the exit code of a program that runs once say that something failed, when all else is done.
 */
void fs_program_fail(void);

#endif
