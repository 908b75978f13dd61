#ifndef FLOWSTATS_WS_SINK_H
#define FLOWSTATS_WS_SINK_H

#include "view.h"

/*
 * A format of exports: what is written before the flows, of each flow, and after
 * them.  It appends to a text, which the export writes to its file now and then.
 */
struct fs_sink {
    const char *cli;             /* after -z */
    void (*begin)(GString *out); /* this and end: NULL for nothing */
    void (*row)(GString *out, struct flow_view *view);
    void (*end)(GString *out);
};

/* CSV as in RFC 4180, with a heading: a column a field. */
extern const struct fs_sink fs_csv;

/* A JSON object a line, with a member for each field that is known. */
extern const struct fs_sink fs_json;

/* Zeek's conn.log: a JSON object a line, in Zeek's words; link-layer flows are not in it. */
extern const struct fs_sink fs_conn_log;

#endif
