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
    /* One that adds flows up in place of writing them has these five and nothing else. */
    void (*add)(void *sums, struct flow_view *view);
    void (*report)(GString *out, const void *sums);
    void *(*sums_new)(void);
    void *(*sums_copy)(const void *sums);
    void (*sums_free)(void *sums);
    bool has_columns; /* those of flow.columns */
    bool needs_facts; /* all of a flow: it folds groups of its own */
    /* Return why it cannot be made, of the packets that a filter selects (NULL: all); NULL: it can.
     */
    const char *(*obstacle)(const char *filter);
};

/* CSV as in RFC 4180, with a heading: a column for each field. */
extern const struct fs_sink fs_csv;

/* JSON lines: an object for each flow, with a member for each field that is known. */
extern const struct fs_sink fs_json;

/* Zeek's conn.log: a JSON object a line, in Zeek's words; link-layer flows are not in it. */
extern const struct fs_sink fs_conn_log;

/* One page of text: how far the numbers of the capture can be trusted. */
extern const struct fs_sink fs_trust;

/* CSV: a row for each tunnel. */
extern const struct fs_sink fs_tunnels;

/* The columns of CICFlowMeter, of TCP and UDP flows. */
extern const struct fs_sink fs_cic;

/* The columns of NFStream, of IP flows. */
extern const struct fs_sink fs_nfstream;

/* CSV of what a merge with the flows of other files needs: share/flowstats/parts.sql. */
extern const struct fs_sink fs_parts;

#endif
