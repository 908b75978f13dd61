#ifndef FLOWSTATS_ENGINE_FIELD_H
#define FLOWSTATS_ENGINE_FIELD_H

#include "section.h"
#include "view.h"

/*
 * The one list of what can be asked about a flow and a packet: the fields made
 * from the rows of all groups that are known, switched on or not.
 */

/* Every filter name starts with this and a dot. */
#define FLOW_PREFIX "flow"

struct flow_field {
    const char *name;  /* below FLOW_PREFIX: the filter, the CSV column, the JSON key */
    const char *label; /* the tree item and the table heading */
    const char *help;  /* the definition */
    const struct flow_row *row;
    const struct flow_group *group;
    enum flow_kind kind;
    enum flow_scope scope; /* never FLOW_SCOPE_MEASURE: that makes two fields */
    enum flow_section section;
    enum flow_dir dir; /* of a field of one direction; FLOW_DIRS: of both */
    bool is_name;      /* the name of the row's number */
};

size_t flow_field_count(void);

/* Return the n-th field; it stays where it is as long as the program runs. */
const struct flow_field *flow_field_at(size_t number);

/*
 * Add the fields of a group's rows; those that are there already are left as they
 * are.  Those of the built-in groups are there from the beginning.
 */
void flow_fields_add(const struct flow_group *group);

/* Return the field with that name below the prefix, NULL where there is none. */
const struct flow_field *flow_field_named(const char *name);

/*
 * Return a field's value, or the nth one (from 0) of a field that is repeated.  A
 * text is valid until the next value is asked for.
 */
struct flow_value flow_field_value(const struct flow_field *field, struct flow_view *view);
struct flow_value flow_field_value_nth(const struct flow_field *field, struct flow_view *view,
                                       unsigned nth);

/*
 * Many fields of one view that has a selection, asked for one after the other, as a
 * row of an export does: what fields of a group have in common is looked up once
 * where they follow one another.  asked.view is to be set, the rest is all zero.
 */
struct flow_inquiry {
    struct flow_asked asked;
    const struct flow_group *group; /* of the last field; NULL: none was asked for yet */
    enum flow_scope scope;          /* likewise */
    bool is_askable;                /* whether such fields can be asked for */
};

/* Return what flow_field_value() would. */
struct flow_value flow_inquiry_value(struct flow_inquiry *inquiry, const struct flow_field *field);

/* Return whether no first dissection knows the field's value. */
bool flow_field_needs_whole(const struct flow_field *field);

/* Whether an export can have the field: a value of the flow, not of one packet. */
static inline bool flow_field_is_of_flow(const struct flow_field *field)
{
    return field->scope == FLOW_SCOPE_FLOW || field->scope == FLOW_SCOPE_WHOLE;
}

#endif
