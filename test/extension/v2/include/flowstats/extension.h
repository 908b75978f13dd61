#ifndef FLOWSTATS_EXTENSION_H
#define FLOWSTATS_EXTENSION_H

#include "packet.h"
#include "state.h"
#include "value.h"

#include <glib.h>

/*
 * Custom data on a flow: what another plugin counts of each flow, as fields
 * flow.NAME.* and flow.sofar.NAME.*, in the flow table, in CSV and in JSON.
 *
 * An extension is a constant that lives as long as the program.  It takes a
 * note from each packet when the packet is dissected for the first time, and
 * folds facts and notes into its data of the flow.  The host keeps both: the
 * note beside the packet's fact, the data behind the flow's state.  While the
 * extension is switched off nothing is kept, and nothing taken or folded.
 *
 * All functions run in Wireshark's one thread, never throw and never fail.
 */
enum { FLOW_EXTENSION_VERSION = 2, FLOW_EXTENSIONS_MAX = 16 };

/* Wireshark's, for extensions that include its headers. */
struct pref_module;
struct _packet_info; /* NOLINT(bugprone-reserved-identifier): Wireshark's name */

/* A packet on its first dissection.  Nothing here outlives the call. */
struct flow_extract {
    const struct flow_packet *packet; /* its flow and its direction are not known yet */
    struct _packet_info *pinfo;
    uint64_t serial; /* from 1, one more for each packet: a frame's number can come again */
    const GPtrArray *const *fields; /* by wanted[]: struct field_info; NULL: not in this packet */
};

/* One field, in both readings; each_way: two of them, for up and down. */
struct flow_extension_row {
    const char *name;   /* "retransmission"; "": the field is called as the extension is */
    const char *label;  /* in the tree; " up", " down" and " so far" are added */
    const char *help;   /* the definition, a sentence */
    const char *column; /* the heading of a column in the flow table; NULL: none; no addresses */
    /* Must not keep or change the data.  dir: of a row that is each_way. */
    struct flow_value (*value)(const struct flow_extension_row *row, const void *data,
                               const struct flow_state *state, enum flow_dir dir);
    uint32_t number; /* what value() likes */
    enum flow_kind kind;
    bool each_way;
};

struct flow_extension {
    uint32_t version;          /* FLOW_EXTENSION_VERSION, or the host refuses it */
    uint16_t data_size;        /* bytes for each flow, all zero in the beginning; no pointers */
    uint16_t note_size;        /* bytes for each packet; 0: none */
    bool is_on;                /* unless the user says otherwise */
    const char *name;          /* "tcp.analysis": lower case, as in a display filter */
    const char *title;         /* a few words, for the tree and the preferences */
    const char *help;          /* a sentence or two, for the preferences */
    const char *const *wanted; /* names of Wireshark's fields, NULL behind the last; wanting any
                                  makes Wireshark build a tree of every packet.  NULL: none */
    const struct flow_extension_row *rows; /* likewise: name is NULL behind the last */

    /* Take the note, which is all zero before; NULL where there is none. */
    void (*extract)(const struct flow_extract *from, void *ret_note);

    /*
     * Fold one more fact into the data; state is the flow's, with this fact.
     * Pure: it is repeated whenever the data is wanted at some packet of the
     * past.  Events (FLOW_FACT_EVENT) come here too; their note is all zero.
     */
    void (*fold)(void *data, const struct flow_fact *fact, const void *note,
                 const struct flow_state *state);

    /* The file is closed: forget what notes and data refer to.  NULL: nothing. */
    void (*close)(void);

    /* Register preferences of its own beside its switch, in flowstats' module.  NULL: none. */
    void (*preferences)(struct pref_module *module);

    /*
     * Preferences may have changed: what wanted and rows point to can change
     * here, and rows can be added, but none can go.  NULL: nothing changes.
     */
    void (*apply)(void);
};

/*
 * Make an extension known, from plugin_register(): the order in which plugins
 * are loaded does not matter, and no plugin needs to be linked to another.
 * GLib is shared by all of them and keeps the list.
 */
#define FLOW_EXTENSIONS_LIST "flowstats-extensions"

static inline GSList *flow_extensions_registered(void)
{
    GQuark list = g_quark_from_string(FLOW_EXTENSIONS_LIST);

    return (GSList *)g_dataset_id_get_data(g_quark_to_string(list), list);
}

static inline void flow_extension_register(const struct flow_extension *extension)
{
    GQuark list = g_quark_from_string(FLOW_EXTENSIONS_LIST);

    g_dataset_id_set_data(g_quark_to_string(list), list,
                          g_slist_append(flow_extensions_registered(), (void *)extension));
}

/*
 * The extensions that are switched on, and where the data and the note of each
 * lie in the memory of a state and of a fact.  All zero: none.
 */
struct flow_extension_place {
    const struct flow_extension *extension;
    size_t data_at; /* behind struct flow_state */
    size_t note_at; /* behind struct flow_fact */
};

struct flow_extensions {
    struct flow_extension_place on[FLOW_EXTENSIONS_MAX];
    size_t count;
    size_t data_size; /* where the last one's end */
    size_t note_size;
};

/* False where there are FLOW_EXTENSIONS_MAX already. */
bool flow_extensions_add(struct flow_extensions *extensions,
                         const struct flow_extension *extension);

/* Fold a fact, with the notes behind it, into the data behind a state, which has seen the fact. */
void flow_extensions_fold(const struct flow_extensions *extensions, struct flow_state *state,
                          const struct flow_fact *fact);

/* The data of an extension behind a state; NULL where the extension is off. */
const void *flow_extensions_data(const struct flow_extensions *extensions,
                                 const struct flow_extension *extension,
                                 const struct flow_state *state);

#endif
