#ifndef FLOWSTATS_FIELD_H
#define FLOWSTATS_FIELD_H

#include "view.h"

/*
 * The one list of what can be asked about a flow and a packet: the rows of
 * fields.def, and those of the extensions behind them.
 */

/* Every filter name starts with this and a dot. */
#define FLOW_PREFIX "flow"

/* Which state a field reads. */
enum flow_scope {
    FLOW_SCOPE_FLOW,   /* identity: does not change */
    FLOW_SCOPE_PACKET, /* about this packet */
    FLOW_SCOPE_LATER,  /* likewise, and about what comes after it; unknown on a first dissection */
    FLOW_SCOPE_WHOLE,  /* the whole flow; unknown on a first dissection */
    FLOW_SCOPE_SOFAR,  /* up to and including this packet */
};

/* Which part of the tree shows a field. */
enum flow_section {
    FLOW_SECTION_IDENTITY,
    FLOW_SECTION_PACKET,
    FLOW_SECTION_TOTAL,
    FLOW_SECTION_UP,
    FLOW_SECTION_DOWN,
    FLOW_SECTION_TCP,
    FLOW_SECTION_EXTENSION, /* of the field's extension */
    FLOW_SECTIONS
};

struct flow_field {
    const char *name;  /* under FLOW_PREFIX: the filter, the CSV column, the JSON key */
    const char *label; /* the tree item and the table heading */
    const char *help;  /* the definition; the README's table is made of these */
    struct flow_value (*value)(struct flow_view *view, const struct flow_state *state,
                               enum flow_dir dir);
    const struct flow_extension *extension; /* NULL, and row too: a row of fields.def */
    const struct flow_extension_row *row;   /* its value() stands in for value */
    enum flow_kind kind;
    enum flow_scope scope;
    enum flow_section section;
    enum flow_dir dir; /* of a field that exists for each direction */
};

extern const struct flow_field *flow_fields;
extern size_t flow_field_count;

/*
 * Add the fields of an extension's rows; names that are there already are left
 * as they are.  The list may move.
 */
void flow_fields_add(const struct flow_extension *extension);

struct flow_value flow_field_value(const struct flow_field *field, struct flow_view *view);

/* The same where many are asked for; state: view->whole or flow_view_so_far(), as the scope says.
 */
struct flow_value flow_field_value_at(const struct flow_field *field, struct flow_view *view,
                                      const struct flow_state *state);

/* Return whether no first dissection knows the field's value. */
bool flow_field_needs_whole(const struct flow_field *field);

/* The field with that name under the prefix, NULL where there is none. */
const struct flow_field *flow_field_named(const char *name);

/* "TCP", "OSPF", "IP 253"; of a link-layer flow "ARP", "EtherType 0x88cc". */
void flow_protocol_text(const struct flow *flow, char *ret_text, size_t size);

/* An end of the flow as text: "10.0.0.1:443", "[2001:db8::1]:53", "00:11:22:33:44:55". */
void flow_end_text(const struct flow *flow, enum flow_dir sender, char *ret_text, size_t size);

#endif
