#ifndef FLOWSTATS_EXTENSION_H
#define FLOWSTATS_EXTENSION_H

#include "fact.h"
#include "packet.h"
#include "value.h"

#include <glib.h>

/*
 * A group of measures: what is counted of each flow, and the fields that say it.
 *
 * The built-in groups and those of other plugins are the same kind of thing.  A
 * group is a constant that lives as long as the program.  On a packet's first
 * dissection nothing of a group runs but extract() and once(), where it has
 * them.  Its state is folded from the flow's facts when somebody asks for one of
 * its fields: as often as it is asked for, from any fact on, at any time.
 *
 * Nothing here changes when a field is added to flowstats: states are seen by
 * their own group alone, and values of other groups come by name.
 *
 * All functions run in Wireshark's one thread, never throw and never fail.
 */
enum { FLOW_EXTENSION_VERSION = 3, FLOW_EXTENSIONS_MAX = 32 };

/* Wireshark's, for groups that include its headers. */
struct pref_module;
struct _packet_info; /* NOLINT(bugprone-reserved-identifier): Wireshark's name */

struct flow_group;
struct flow_view; /* a flow, at one of its packets or as a whole */

/* A packet on its first dissection.  Nothing here outlives the call. */
struct flow_extract {
    const struct flow_packet *packet; /* its flow and its direction are not known yet */
    struct _packet_info *pinfo;
    uint64_t serial; /* from 1, one more for each packet: a frame's number can come again */
    const GPtrArray *const *fields; /* by wanted[]: struct field_info; NULL: not in this packet */
    const uint8_t *transport;       /* what follows the tracked IP header, as captured */
    uint32_t transport_len;         /* bytes of it; 0 in a link-layer flow */
    void *payload; /* wmem_list_frame_t of what follows the tracked header; NULL: not known */
};

/* What a fold gets to see of one fact. */
struct flow_fold {
    const struct flow_fact *fact;
    const void *note; /* the group's note of this packet; all zero with events */
    uint8_t family;   /* enum flow_family of the flow */
    uint8_t protocol; /* IP protocol of the flow; 0 in a link-layer flow */
};

/* Which readings a row has. */
enum flow_scope {
    FLOW_SCOPE_FLOW,    /* one: it does not change */
    FLOW_SCOPE_PACKET,  /* one: it is about one packet */
    FLOW_SCOPE_LATER,   /* one: about one packet too, but unknown on its first dissection */
    FLOW_SCOPE_WHOLE,   /* one: flow.X, of the whole flow; unknown on a first dissection */
    FLOW_SCOPE_MEASURE, /* two: flow.X of the whole flow, flow.sofar.X up to a packet */
    FLOW_SCOPE_SOFAR,   /* of fields, not of rows: the second reading of a measure */
    FLOW_SCOPE_PART,    /* none: no field, but what a merge of parts needs; built-in groups' own */
};

/* For which directions a row has fields.  The name's '*' stands for "up" and "down". */
enum flow_ways {
    FLOW_WAYS_NONE, /* one field; the name has no '*' */
    FLOW_WAYS_EACH, /* two: for up and for down */
    FLOW_WAYS_ALL,  /* three: those, and one for both together, whose name lacks the '*' */
};

/* How JSON writes a text that lists several values, separated by blanks. */
enum flow_list { FLOW_LIST_NONE, FLOW_LIST_TEXTS, FLOW_LIST_NUMBERS };

/* What a row's value is asked about.  New members come at the end. */
struct flow_asked {
    const struct flow_row *row;
    const void *state; /* of the row's group in the reading that is asked for; measures only */
    const void *once;  /* what once() kept of the flow, NULL where there is nothing (yet) */
    struct flow_view *view;
    const struct flow_fact *fact; /* of rows about one packet; else NULL */
    enum flow_dir dir;            /* FLOW_DIRS: both together */
    unsigned nth;                 /* which value of a row that is repeated, from 0 */
    bool is_whole;                /* the reading: of the whole flow, or so far */
};

/*
 * One row: the fields of one measure.  Rows, settings and groups are static, or in zeroed
 * memory: what later versions add may lie where there was padding.
 */
struct flow_row {
    const char *name;   /* below "flow.": it starts with the group's name and a dot, or is it */
    const char *label;  /* in the tree; " up", " down" and " so far" are added */
    const char *help;   /* the definition: a sentence */
    const char *column; /* the heading of a column in the flow table; NULL: none */
    /* Return the value; unknown ends the values of a row that is repeated. */
    struct flow_value (*value)(const struct flow_asked *asked);
    const struct flow_name *names; /* of its numbers: there is a text NAME_name, too */
    uint32_t number;               /* what value() likes */
    enum flow_kind kind;
    enum flow_scope scope;
    enum flow_ways ways;
    enum flow_list list;
    uint8_t section;     /* built-in groups' own */
    bool is_repeated;    /* has several values at once, asked for by nth */
    bool is_late;        /* exports have it after the columns that are older; of a quiet group they
                            have no others, unless the user chooses some */
    bool is_hidden;      /* filters find it, trees do not show it */
    bool is_zero_shown;  /* trees show the measure also when it is 0, though it is a number of 32 or
                            64 bits, as counts are */
    bool is_echo_hidden; /* trees show the number only where it is not that of the row before */
    uint8_t merge;       /* built-in groups' own */
};

/* A preference of a group: a number that its fold or its rows read. */
struct flow_setting {
    const char *name;  /* below "flow.": "idle_gap" */
    const char *title; /* a few words */
    const char *help;  /* a sentence or two */
    uint32_t *value;   /* set to the default in the beginning, and when preferences are applied */
    uint32_t least;    /* what is less or more becomes the nearest of these */
    uint32_t most;
    bool is_flag; /* 0 or 1 */
};

struct flow_group {
    uint32_t version;            /* FLOW_EXTENSION_VERSION, or the host refuses it */
    uint16_t state_size;         /* bytes; all zero is valid, no pointers, copied with memcpy */
    uint16_t note_size;          /* bytes for each packet; 0: none */
    uint16_t once_size;          /* bytes for each flow; 0: none */
    bool is_fixed;               /* on, and no preference switches it off */
    bool is_on;                  /* unless the user says otherwise */
    bool is_quiet;               /* trees outside windows have those of its fields that are asked
                                    for, and no others */
    const char *name;            /* "tcp.analysis": lower case, as in a display filter */
    const char *title;           /* a few words, for the tree and the preferences */
    const char *help;            /* a sentence or two, for the preferences */
    const char *const *wanted;   /* names of Wireshark's fields, ended by NULL; wanting any makes
                                    Wireshark build a tree of every packet.  NULL: none */
    const struct flow_row *rows; /* ended by one whose name is NULL */

    /* Take the note of a packet, which is all zero before; NULL where there is none. */
    void (*extract)(const struct flow_extract *from, void *ret_note);

    /*
     * Keep what Wireshark says once of a flow, by the first packet that knows it:
     * called for each packet of a flow until it returns true.  NULL: nothing.
     */
    bool (*once)(const struct flow_extract *from, void *ret_once);

    /*
     * Fold one more fact into the state.  Pure: it is repeated for the same facts.
     * NULL: the group has no state, and what it knows is kept once.
     */
    void (*fold)(void *state, const struct flow_fold *from);

    /*
     * Add the state of the packets that came later, of the same flow, to a state.
     * NULL: parts of a flow cannot be put together.
     */
    void (*merge)(void *state, const void *later);

    /* Write a summary of one line for the tree, of the whole flow or so far.  NULL: none. */
    void (*summary)(const struct flow_asked *asked, char *ret_text, size_t size);

    /* The file is closed: forget what notes and states refer to.  NULL: nothing. */
    void (*close)(void);

    /* Its numbers beside its switch, ended by one whose name is NULL.  NULL: none. */
    const struct flow_setting *settings;

    /* Register other preferences, in flowstats' module.  NULL: none. */
    void (*preferences)(struct pref_module *module);

    /*
     * Preferences may have changed: what wanted and rows point to can change here,
     * and rows can be added, but none can go.  NULL: nothing changes.
     */
    void (*apply)(void);
};

/* What a view begins with, for plugins that are not linked to flowstats. */
struct flow_view_head {
    struct flow_value (*value)(struct flow_view *view, const char *name);
};

/*
 * Return the value of any field at the view's packet, or of its whole flow, by
 * its name below "flow."; unknown where it has none or is not known.  A text is
 * valid until the next value is asked for.
 */
static inline struct flow_value flow_view_value(struct flow_view *view, const char *name)
{
    const struct flow_view_head *head = (const struct flow_view_head *)(void *)view;

    return head->value(view, name);
}

/*
 * Make a group known, from plugin_register(): the order in which plugins are
 * loaded does not matter, and no plugin needs to be linked to another.  GLib is
 * shared by all of them and keeps the list.
 */
#define FLOW_EXTENSIONS_LIST "flowstats-extensions"

static inline GSList *flow_extensions_registered(void)
{
    GQuark list = g_quark_from_string(FLOW_EXTENSIONS_LIST);

    return (GSList *)g_dataset_id_get_data(g_quark_to_string(list), list);
}

static inline void flow_extension_register(const struct flow_group *group)
{
    GQuark list = g_quark_from_string(FLOW_EXTENSIONS_LIST);

    g_dataset_id_set_data(g_quark_to_string(list), list,
                          g_slist_append(flow_extensions_registered(), (void *)group));
}

#endif
