#ifndef FLOWSTATS_PICTURES_H
#define FLOWSTATS_PICTURES_H

/*
 * What the plugin, in C, and its module that draws flows, in C++ with Qt, know of
 * each other: values of flows by the names of their fields, and a few requests.
 *
 * Nothing that one hands to the other is kept: pointers are valid until the call
 * returns.  A flow is a number that means something in its generation only; a
 * question about another generation is not answered.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes with anything below; a module of another version is not used. */
enum { FLOW_PICTURES_VERSION = 3 };

enum { FLOW_PICTURES_NO_FLOW = UINT32_MAX };

/* Colours that Wireshark has for conversations. */
enum { FLOW_PICTURE_COLOURS = 10 };

enum flow_picture_kind {
    FLOW_PICTURE_COUNT,   /* number */
    FLOW_PICTURE_REAL,    /* number */
    FLOW_PICTURE_SPAN,    /* ns */
    FLOW_PICTURE_INSTANT, /* ns, since the epoch */
    FLOW_PICTURE_TEXT,    /* text */
};

struct flow_picture_field {
    const char *name; /* without "flow." */
    const char *label;
    enum flow_picture_kind kind;
};

struct flow_picture_value {
    double number;
    int64_t ns;
    const char *text;
    bool known;
};

/* What is told of a packet beside its direction. */
enum flow_picture_mark {
    FLOW_PICTURE_RETRANSMISSION,
    FLOW_PICTURE_GAP, /* segments before it are missing */
    FLOW_PICTURE_ZERO_WINDOW,
    FLOW_PICTURE_RESET,
    FLOW_PICTURE_MARKS
};

struct flow_picture_packet {
    int64_t time_ns;
    int64_t response_ns; /* of the first packet of an answer: since its request; else -1 */
    uint32_t frame;
    uint32_t bytes; /* of the frame on the wire */
    uint8_t marks;  /* a bit for each enum flow_picture_mark */
    bool is_down;
    bool has_time;
};

/* What is asked of packets beside what every packet says. */
enum flow_picture_detail {
    FLOW_PICTURE_PLAIN,
    FLOW_PICTURE_WITH_MARKS,
    FLOW_PICTURE_WITH_RESPONSES,
};

/* What there is now.  When anything in it is another than before, there is something to draw. */
struct flow_picture_now {
    uint64_t generation; /* 0: no file is open */
    uint64_t packets;    /* grows with the packets of flows so far */
    uint64_t displayed;  /* changes with the packets that the packet list shows */
    uint32_t flow;       /* that of the packet that is selected in the packet list */
    uint32_t frame;      /* that packet; 0: none */
    const char *path;    /* of the file; "": none */
    const char *filter;  /* of the packet list; "": none */
};

enum flow_picture_scope {
    FLOW_PICTURE_ALL,
    FLOW_PICTURE_DISPLAYED, /* those with packets in the packet list, and these packets alone */
    FLOW_PICTURE_TALLY,     /* those that a statistic without a window was asked for */
};

struct flow_picture_question {
    uint64_t generation;
    enum flow_picture_scope scope;
    const char *const *fields;
    size_t count;
    void (*row)(uint32_t flow, const struct flow_picture_value *values, void *data);
    void *data;
};

/* What the plugin does for the module; it stays as long as the program runs. */
struct flow_picture_host {
    void (*now)(struct flow_picture_now *ret_now);

    /* The fields of whole flows that a value can be asked of; false past the end. */
    bool (*field)(size_t number, struct flow_picture_field *ret_field);

    /* Hand over the values of every flow, in the order of ids; false where nothing can be said. */
    bool (*flows)(const struct flow_picture_question *question);

    /*
     * Hand over the packets of a flow, of the same scope as the last question about
     * flows, until packet() returns false.  Return false where they are not known.
     */
    bool (*packets)(uint64_t generation, uint32_t flow, enum flow_picture_detail detail,
                    bool (*packet)(const struct flow_picture_packet *packet, void *data),
                    void *data);

    void (*go_to)(uint32_t frame);
    void (*filter)(const char *text); /* apply it */

    /* Let a filter's packets have one of the FLOW_PICTURE_COLOURS, from 1; NULL: none has one. */
    void (*colour)(unsigned number, const char *filter);
};

enum flow_picture_view {
    FLOW_PICTURE_TIMELINE,
    FLOW_PICTURE_OVER_TIME,
    FLOW_PICTURE_WHO,
    FLOW_PICTURE_SCATTER,
    FLOW_PICTURE_VIEWS
};

enum flow_picture_format { FLOW_PICTURE_PNG, FLOW_PICTURE_PDF, FLOW_PICTURE_SVG };

/* A picture without a window. */
struct flow_picture_order {
    enum flow_picture_format format;
    const char *file;   /* that is drawn, for the title */
    const char *filter; /* likewise; "": none */
    void (*write)(const void *bytes, size_t count, void *data);
    void *data;
};

/* What the module does for the plugin.  An error is a text that stays; NULL: all is well. */
struct flow_picture_module {
    unsigned version;

    /* Open the window, or bring it to the front, with that view. */
    const char *(*open)(const struct flow_picture_host *host, enum flow_picture_view view);

    /* Take the flows for a picture without a window, once for each file, and draw all of them. */
    const char *(*take)(const struct flow_picture_host *host, enum flow_picture_view view,
                        const void *picture);
    const char *(*draw)(const struct flow_picture_order *order, const void *picture);
};

/* The one symbol that the module has. */
#define FLOW_PICTURE_SYMBOL "flow_picture_module_get"
const struct flow_picture_module *flow_picture_module_get(void);

#ifdef __cplusplus
}
#endif

#endif
