/*
 * Make the rows of a group from a list of them: included by the group's .c file
 * after
 *
 *     #define ROWS_FILE "shape.def"
 *     #define ROWS_STATE struct shape_state
 *     #define ROWS_HALF struct shape_half     (where the state has half[FLOW_DIRS])
 *
 * It leaves `static const struct flow_row rows[]`, ended by one without a name.
 * A row of the list is one of
 *
 *     FLOW(id, KIND, "name", SECTION, "Label", known, value, "Definition.", ...)
 *     PACKET, LATER, WHOLE, MEASURE  likewise: the scopes of enum flow_scope
 *     EACH, ALL               MEASURE for each direction: enum flow_ways
 *     HALF(id, KIND, "name", "Label", known, value, "Definition.", ...)
 *                             EACH with the name "*.name"
 *     PART(id, KIND, "name", WAYS, known, value, MERGE)
 *                             no field: what a merge of parts needs beside fields
 *
 * known and value are expressions over
 *
 *     v    the view (view.h), and v->flow
 *     f    this packet's fact, in PACKET and LATER rows
 *     s    the group's state, in WHOLE, MEASURE, EACH, ALL, HALF and PART rows
 *     h    the half of the direction, in EACH, HALF and, for one direction, ALL and PART rows
 *     dir  the direction; FLOW_DIRS: both together
 *     a    the question (struct flow_asked)
 *
 * The value is looked at only where known is true.  What follows the definition
 * are further members of struct flow_row: .column = "RTT", .names = state_names, and
 * MERGE(SUM) or another of enum flow_merge where two parts of a flow merge so.
 */

/* No include guard: each group's rows are made anew. */

#ifndef FLOWSTATS_ENGINE_ROWS_H
#define FLOWSTATS_ENGINE_ROWS_H

#include "merge.h"
#include "section.h"
#include "view.h"

/* How a row's value becomes a value of its kind. */
#define MEMBER_UINT8     number
#define MEMBER_UINT16    number
#define MEMBER_UINT32    number
#define MEMBER_UINT64    number
#define MEMBER_HEX16     number
#define MEMBER_HEX32     number
#define MEMBER_FRAME     number
#define MEMBER_FLAG      number
#define MEMBER_DOUBLE    real
#define MEMBER_SPAN      ns
#define MEMBER_INSTANT   ns
#define MEMBER_TEXT      text
#define MEMBER_ADDR_MAC  addr
#define MEMBER_ADDR_IPV4 addr
#define MEMBER_ADDR_IPV6 addr

/* How two parts of a flow merge. */
#define MERGE(how) .merge = FLOW_MERGE_##how

#define SCOPED(of_scope, function, of_kind, of_name, of_section, of_label, of_help, ...)           \
    { .name = of_name,                                                                             \
      .label = of_label,                                                                           \
      .help = of_help,                                                                             \
      .value = function,                                                                           \
      .kind = FLOW_##of_kind,                                                                      \
      .scope = FLOW_SCOPE_##of_scope,                                                              \
      .section = FLOW_SECTION_##of_section,                                                        \
      __VA_ARGS__ },

#endif

#ifdef ROWS_HALF
#define ROWS_HALF_OF(s, dir) ((s) && (dir) < FLOW_DIRS ? &(s)->half[dir] : NULL)
#else
#define ROWS_HALF            void
#define ROWS_HALF_OF(s, dir) NULL
#endif

/* The first pass over the list makes one small function of each row ... */
#define VALUE(function, of_kind, is_known, expr)                                                   \
    static struct flow_value function(const struct flow_asked *a)                                  \
    {                                                                                              \
        struct flow_view *v = a->view;                                                             \
        const struct flow_fact *f = a->fact;                                                       \
        const ROWS_STATE *s = a->state;                                                            \
        enum flow_dir dir = a->dir;                                                                \
        const ROWS_HALF *h = ROWS_HALF_OF(s, dir);                                                 \
        struct flow_value value = { .known = false };                                              \
                                                                                                   \
        (void)v, (void)f, (void)s, (void)h, (void)dir;                                             \
        if (!(is_known))                                                                           \
            return value;                                                                          \
        value.known = true;                                                                        \
        value.as.MEMBER_##of_kind = expr;                                                          \
        return value;                                                                              \
    }
#define FLOW(id, kind, name, section, label, is_known, expr, ...)                                  \
    VALUE(value_of_##id, kind, is_known, expr)
#define PACKET                                           FLOW
#define LATER                                            FLOW
#define WHOLE                                            FLOW
#define MEASURE                                          FLOW
#define EACH                                             FLOW
#define ALL                                              FLOW
#define HALF(id, kind, name, label, is_known, expr, ...) VALUE(half_of_##id, kind, is_known, expr)
#define PART(id, kind, name, way, is_known, expr, how)   VALUE(part_of_##id, kind, is_known, expr)
#include ROWS_FILE
#undef FLOW
#undef PACKET
#undef LATER
#undef WHOLE
#undef MEASURE
#undef EACH
#undef ALL
#undef HALF
#undef PART
#undef VALUE

/* ... and the second puts the rows in a table. */
#define FLOW(id, kind, name, section, label, is_known, expr, ...)                                  \
    SCOPED(FLOW, value_of_##id, kind, name, section, label, __VA_ARGS__, )
#define PACKET(id, kind, name, section, label, is_known, expr, ...)                                \
    SCOPED(PACKET, value_of_##id, kind, name, section, label, __VA_ARGS__, )
#define LATER(id, kind, name, section, label, is_known, expr, ...)                                 \
    SCOPED(LATER, value_of_##id, kind, name, section, label, __VA_ARGS__, )
#define WHOLE(id, kind, name, section, label, is_known, expr, ...)                                 \
    SCOPED(WHOLE, value_of_##id, kind, name, section, label, __VA_ARGS__, )
#define MEASURE(id, kind, name, section, label, is_known, expr, ...)                               \
    SCOPED(MEASURE, value_of_##id, kind, name, section, label, __VA_ARGS__, )
#define EACH(id, kind, name, section, label, is_known, expr, ...)                                  \
    SCOPED(MEASURE, value_of_##id, kind, name, section, label, __VA_ARGS__, .ways = FLOW_WAYS_EACH)
#define ALL(id, kind, name, section, label, is_known, expr, ...)                                   \
    SCOPED(MEASURE, value_of_##id, kind, name, section, label, __VA_ARGS__, .ways = FLOW_WAYS_ALL)
#define HALF(id, kind, name, label, is_known, expr, ...)                                           \
    SCOPED(MEASURE, half_of_##id, kind, "*." name, EACH, label, __VA_ARGS__, .ways = FLOW_WAYS_EACH)
#define PART(id, of_kind, of_name, way, is_known, expr, how)                                       \
    { .name = of_name,                                                                             \
      .value = part_of_##id,                                                                       \
      .kind = FLOW_##of_kind,                                                                      \
      .scope = FLOW_SCOPE_PART,                                                                    \
      .ways = FLOW_WAYS_##way,                                                                     \
      MERGE(how) },
static const struct flow_row rows[] = {
#include ROWS_FILE
    { .name = NULL },
};
#undef FLOW
#undef PACKET
#undef LATER
#undef WHOLE
#undef MEASURE
#undef EACH
#undef ALL
#undef HALF
#undef PART
