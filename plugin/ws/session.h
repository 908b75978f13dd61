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

/* Call this when the first frame of a session comes; for several callers. */
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

/* Let flows end with their file: a statistic needs all facts of each. */
void fs_session_end_with_files(void);

/* Let the meter keep ICMP errors about flows that it has no packets of: struct flow_bounds. */
void fs_session_keep_orphans(void);

/* Return how many frames of the file have been dissected. */
uint32_t fs_session_frames(void);

/*
 * A stream of flows: let flows end as the capture goes on (meter.h: struct
 * flow_bounds), and take() be called between two files.  Where statistics are
 * attached, too, the meter keeps all flows and no stream is served.
 */
struct fs_stream {
    void (*ended)(struct flow_view *view, void *data);
    void (*forgetting)(struct flow_view *view, uint32_t facts, void *data);
    void (*take)(void *data);
    void *data;
};

/* Attach a stream before the file opens; it is not copied. */
void fs_session_attach_stream(const struct fs_stream *stream);
void fs_session_detach_stream(const struct fs_stream *stream);

/* Return whether the meter serves streams. */
bool fs_session_is_stream(void);

#endif
