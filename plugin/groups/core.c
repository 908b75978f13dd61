#include "core.h"

#include "direction.h"
#include "ending.h"

#include "span.h"
#include "text.h"
#include "view.h"

#include <glib.h>

/* The words that the rows' expressions are made of. */

static bool is_family(const struct flow_view *view, enum flow_family family)
{
    return view->flow->key.family == family;
}

static bool is_ip(const struct flow_view *view)
{
    return view->flow->key.family != FLOW_LINK;
}

static bool has_ports(const struct flow_view *view)
{
    return view->flow->key.bits & FLOW_TUPLE_PORTS;
}

/* What encapsulation is shown is that of the flow's first packet. */
static uint32_t path_of(const struct flow_view *view)
{
    return view->flow->way[flow_first_dir(view->flow)].path;
}

static const char *path_text(struct flow_view *view)
{
    flow_paths_text(view->paths, path_of(view), flow_first_dir(view->flow), view->text);
    return view->text;
}

static const char *nth_layer_name(const struct flow_asked *asked)
{
    const struct flow_view *view = asked->view;
    struct flow_layer layer;
    size_t at = 0;

    for (unsigned n = 0; flow_paths_next(view->paths, path_of(view), &at, &layer); n++)
        if (n == asked->nth)
            return layer.name;
    return NULL;
}

enum { IDS_MAX = 32 };

/* Collect the identifiers of a path that are not there yet. */
static unsigned add_ids(const struct flow_paths *paths, uint32_t path, uint32_t ids[IDS_MAX],
                        unsigned count)
{
    struct flow_layer layer;
    size_t at = 0;

    while (flow_paths_next(paths, path, &at, &layer))
        for (unsigned i = 0; i < layer.ids && count < IDS_MAX; i++) {
            unsigned known = 0;
            while (known < count && ids[known] != layer.id[i])
                known++;
            ids[known] = layer.id[i];
            count += known == count;
        }
    return count;
}

static bool nth_layer_id(const struct flow_asked *asked, uint32_t *ret_id)
{
    const struct flow *flow = asked->view->flow;
    uint32_t ids[IDS_MAX];
    unsigned count = 0;

    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        count = add_ids(asked->view->paths, flow->way[dir].path, ids, count);
    if (asked->nth >= count)
        return false;
    *ret_id = ids[asked->nth];
    return true;
}

static uint32_t layer_id(const struct flow_asked *asked)
{
    uint32_t id = 0;

    nth_layer_id(asked, &id);
    return id;
}

static bool has_time(const struct flow_fact *fact)
{
    return fact->bits & FLOW_FACT_TIME;
}

static const char *tuple_text(struct flow_view *view)
{
    flow_tuple_text(view->flow, view->text);
    return view->text;
}

static const char *protocol_text(struct flow_view *view)
{
    flow_protocol_text(view->flow, view->text, sizeof view->text);
    return view->text;
}

static const char *end_text(struct flow_view *view, enum flow_dir sender)
{
    flow_addr_text((enum flow_family)view->flow->key.family, flow_end_of(view->flow, sender)->addr,
                   view->text);
    return view->text;
}

/* Of a row that is repeated: the source's value, then the destination's. */
static bool is_an_end(const struct flow_asked *asked)
{
    return asked->nth < FLOW_DIRS;
}

static const struct flow_end *nth_end(const struct flow_asked *asked)
{
    return flow_end_of(asked->view->flow, (enum flow_dir)asked->nth);
}

static bool is_last(const struct flow_view *view)
{
    return view->with_whole && view->packet + 1 == flow_history_packets(view->history, view->index);
}

/* The neighbours of this packet; NULL at the ends of the flow.  Valid until asked again. */
static const struct flow_fact *previous_packet(struct flow_view *view)
{
    static struct flow_fact fact;

    return view->packet > 0 && flow_view_packet(view, view->packet - 1, &fact) ? &fact : NULL;
}

static const struct flow_fact *next_packet(struct flow_view *view)
{
    static struct flow_fact fact;

    return flow_view_packet(view, view->packet + 1, &fact) ? &fact : NULL;
}

static bool has_delta(struct flow_view *view)
{
    const struct flow_fact *previous = previous_packet(view);

    return has_time(view->fact) && previous && has_time(previous);
}

static bool has_first_time(const struct flow_view *view)
{
    int64_t ns;

    return has_time(view->fact) && flow_history_first_time(view->history, view->index, &ns);
}

static int64_t first_time(const struct flow_view *view)
{
    int64_t ns = 0;

    flow_history_first_time(view->history, view->index, &ns);
    return ns;
}

static bool has_error_for(const struct flow_view *view, uint32_t *ret_id)
{
    struct flow_place place = { .flow = view->index, .packet = view->packet };

    return flow_history_error_for(view->history, place, ret_id);
}

static uint32_t error_for(const struct flow_view *view)
{
    uint32_t id = 0;

    has_error_for(view, &id);
    return id;
}

static bool is_error(const struct flow_view *view)
{
    uint32_t id;

    return has_error_for(view, &id);
}

static const struct flow_name direction_names[] = { { FLOW_UP, "up" },
                                                    { FLOW_DOWN, "down" },
                                                    { 0, NULL } };

static const struct flow_name end_reason_names[] = {
    { FLOW_END_IDLE_TIMEOUT, "idle timeout" },      { FLOW_END_ACTIVE_TIMEOUT, "active timeout" },
    { FLOW_END_DETECTED, "end of flow" },           { FLOW_END_FORCED, "end of capture" },
    { FLOW_END_NO_RESOURCES, "lack of resources" }, { 0, NULL },
};

#define ROWS_FILE  "core.def"
#define ROWS_STATE struct flow_state
#define ROWS_HALF  struct flow_half
#include "rows.h"

static void fold(void *state, const struct flow_fold *from)
{
    flow_state_apply(state, from->fact);
}

static void merge(void *state, const void *later)
{
    flow_state_merge(state, later);
}

const struct flow_group flow_core = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct flow_state),
    .is_on = true,
    .is_fixed = true,
    .name = "core",
    .title = "Core",
    .help = "Who talks to whom, counters each way, and times.",
    .rows = rows,
    .fold = fold,
    .merge = merge,
};
