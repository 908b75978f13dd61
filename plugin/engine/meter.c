#include <flowstats/meter.h>

#include <flowstats/fragments.h>
#include <flowstats/path.h>

#include <glib.h>

struct flow_meter {
    struct flow_table *table;
    struct flow_history *history;
    struct flow_paths *paths;
    struct flow_fragments *fragments;
    struct flow_limits limits;
    uint32_t first_id;
    int64_t last_ns; /* the latest timestamp of the capture */
    bool has_time;
    bool finished;
};

struct flow_meter *flow_meter_new(const struct flow_limits *limits, uint32_t first_id)
{
    struct flow_meter *meter = g_new0(struct flow_meter, 1);

    meter->table = flow_table_new(first_id);
    meter->history = flow_history_new();
    meter->paths = flow_paths_new();
    meter->fragments = flow_fragments_new();
    meter->first_id = first_id;
    if (limits)
        meter->limits = *limits;
    return meter;
}

void flow_meter_free(struct flow_meter *meter)
{
    if (!meter)
        return;
    flow_table_free(meter->table);
    flow_history_free(meter->history);
    flow_paths_free(meter->paths);
    flow_fragments_free(meter->fragments);
    g_free(meter);
}

void flow_meter_extend(struct flow_meter *meter, const struct flow_extensions *extensions)
{
    flow_history_extend(meter->history, extensions);
}

/*
 * Few facts keep options: SYNs, SYN-ACKs, and the first ACKs after them, which
 * may be the handshake's.
 */
static void thin_options(struct flow *flow, enum flow_dir dir, struct flow_fact *fact)
{
    enum { ACKS = 4 };

    if (fact->tcp_flags & FLOW_TCP_SYN) {
        flow->acks_with_options[!dir] = ACKS;
    } else if ((fact->tcp_flags & FLOW_TCP_ACK) && flow->acks_with_options[dir] > 0) {
        flow->acks_with_options[dir]--;
    } else {
        fact->tcp_options = (struct flow_tcp_options){ 0 };
        fact->bits &= (uint16_t)~FLOW_FACT_OPTIONS;
    }
}

static const struct flow_fact *record(struct flow_meter *meter, struct flow *flow,
                                      enum flow_dir dir, const struct flow_packet *packet)
{
    struct flow_fact fact = packet->fact;

    fact.flow = flow_table_index(meter->table, flow);
    if (dir == FLOW_DOWN)
        fact.bits |= FLOW_FACT_DOWN;
    flow_learn_base(flow, &fact);
    if (fact.bits & FLOW_FACT_TCP)
        thin_options(flow, dir, &fact);
    return flow_history_record_noted(meter->history, &fact, packet->notes);
}

static struct flow *begin(struct flow_meter *meter, const struct flow_key *key, unsigned sender,
                          const struct flow_packet *packet)
{
    struct flow *flow = flow_table_begin(meter->table, key, sender, packet);

    flow->vni = flow_paths_text(meter->paths, packet->layers, packet->layer_count,
                                flow_dir_of(flow, sender, packet));
    return flow;
}

static const struct flow_state *state_of(const struct flow_meter *meter, const struct flow *flow)
{
    return flow_history_final(meter->history, flow_table_index(meter->table, flow));
}

/* The flow that a packet belongs to, by its key alone; it may begin with this packet. */
static struct flow *flow_of(struct flow_meter *meter, const struct flow_packet *packet,
                            uint32_t path, enum flow_dir *ret_dir)
{
    unsigned sender;
    struct flow_key key = flow_key_make(&packet->tuple, path, &sender);
    struct flow *flow = flow_table_find(meter->table, &key);
    enum flow_successor successor = FLOW_SUCCESSOR_NONE;

    if (flow) {
        enum flow_dir dir = flow_dir_of(flow, sender, packet);
        successor = flow_successor_of(flow, state_of(meter, flow), packet, dir, &meter->limits);
        if (successor == FLOW_SUCCESSOR_NONE) {
            *ret_dir = dir;
            return flow;
        }
        flow->successor = (uint8_t)successor;
    }
    flow = begin(meter, &key, sender, packet);
    if (successor == FLOW_SUCCESSOR_IDLE || successor == FLOW_SUCCESSOR_ACTIVE)
        flow->bits |= FLOW_CONTINUES;
    *ret_dir = flow_dir_of(flow, sender, packet);
    return flow;
}

/* A fragment whose first one is not coming: a packet of its addresses and protocol, without ports.
 */
static void account_lone(struct flow_meter *meter, struct flow_waiting *waiting)
{
    const struct flow_packet *packet = flow_waiting_packet(waiting);
    enum flow_dir dir;
    struct flow *flow = flow_of(meter, packet, flow_waiting_path(waiting), &dir);

    record(meter, flow, dir, packet);
    flow_waiting_free(waiting);
}

static void account_overdue(struct flow_meter *meter, int64_t now_ns)
{
    struct flow_waiting *waiting;

    while ((waiting = flow_fragments_take_overdue(meter->fragments, now_ns)))
        account_lone(meter, waiting);
}

/* A later fragment goes where its first one went, or waits for it. */
static void account_later_fragment(struct flow_meter *meter, const struct flow_packet *packet,
                                   uint32_t path, int64_t now_ns)
{
    uint32_t index;
    enum flow_dir dir;

    if (flow_fragments_find(meter->fragments, packet, path, &index, &dir)) {
        record(meter, flow_table_at(meter->table, index), dir, packet);
        return;
    }
    flow_fragments_wait(meter->fragments, packet, path);
    account_overdue(meter, now_ns);
}

/* Those that waited for this first fragment come just before it. */
static void account_waiting(struct flow_meter *meter, const struct flow_packet *first,
                            uint32_t path, struct flow *flow, enum flow_dir dir)
{
    struct flow_waiting *waiting;

    flow_fragments_learn(meter->fragments, first, path, flow_table_index(meter->table, flow), dir);
    while ((waiting = flow_fragments_take_of(meter->fragments, first, path))) {
        record(meter, flow, dir, flow_waiting_packet(waiting));
        flow_waiting_free(waiting);
    }
}

/* An ICMP error is an event of the flow that it speaks of. */
static void account_quote(struct flow_meter *meter, const struct flow_packet *packet, uint32_t path,
                          const struct flow_fact *error)
{
    unsigned sender;
    struct flow_key key = flow_key_make(&packet->quote, path, &sender);
    struct flow *flow = flow_table_find(meter->table, &key);
    struct flow_fact event = { .frame = error->frame, .bits = FLOW_FACT_EVENT };

    if (!flow)
        return;
    event.flow = flow_table_index(meter->table, flow);
    flow_history_note_error_for(meter->history, error, event.flow);
    flow_history_record(meter->history, event);
}

void flow_meter_account(struct flow_meter *meter, const struct flow_packet *packet)
{
    uint32_t path = flow_paths_number(meter->paths, packet->layers, packet->layer_count);
    uint16_t bits = packet->fact.bits;
    int64_t now_ns = bits & FLOW_FACT_TIME ? packet->fact.time_ns : INT64_MIN;
    bool is_fragment = (bits & FLOW_FACT_FRAG) && packet->fragment.waits;
    enum flow_dir dir;

    if ((bits & FLOW_FACT_TIME) && (!meter->has_time || now_ns > meter->last_ns)) {
        meter->last_ns = now_ns;
        meter->has_time = true;
    }
    account_overdue(meter, now_ns);
    if (is_fragment && !(bits & FLOW_FACT_FIRST_FRAG)) {
        account_later_fragment(meter, packet, path, now_ns);
        return;
    }

    struct flow *flow = flow_of(meter, packet, path, &dir);
    if (is_fragment)
        account_waiting(meter, packet, path, flow, dir);
    const struct flow_fact *fact = record(meter, flow, dir, packet);
    if (packet->bits & FLOW_PACKET_QUOTE)
        account_quote(meter, packet, path, fact);
}

void flow_meter_finish(struct flow_meter *meter)
{
    struct flow_waiting *waiting;

    while ((waiting = flow_fragments_take(meter->fragments)))
        account_lone(meter, waiting);
    meter->finished = true;
}

bool flow_meter_is_finished(const struct flow_meter *meter)
{
    return meter->finished && flow_fragments_is_empty(meter->fragments);
}

uint32_t flow_meter_flows(const struct flow_meter *meter)
{
    return flow_table_count(meter->table);
}

/* Nothing came after the flow: has a timeout passed since, until the end of the capture? */
static enum flow_successor timeout_of(const struct flow_meter *meter,
                                      const struct flow_state *whole)
{
    const struct flow_limits *limits = &meter->limits;

    if (!(whole->bits & FLOW_STATE_TIME))
        return FLOW_SUCCESSOR_NONE;
    if (limits->idle_ns > 0 && meter->last_ns - whole->last_ns > limits->idle_ns)
        return FLOW_SUCCESSOR_IDLE;
    if (limits->active_ns > 0 && meter->last_ns - whole->start_ns > limits->active_ns)
        return FLOW_SUCCESSOR_ACTIVE;
    return FLOW_SUCCESSOR_NONE;
}

/* The first that applies, in SPEC's order. */
static enum flow_end_reason end_reason_of(const struct flow_meter *meter, const struct flow *flow,
                                          const struct flow_state *whole)
{
    enum flow_successor successor = (enum flow_successor)flow->successor;

    if ((whole->bits & FLOW_STATE_TCP) &&
        (whole->tcp.state == FLOW_TCP_CLOSED || whole->tcp.state == FLOW_TCP_RESET))
        return FLOW_END_DETECTED;
    if (successor == FLOW_SUCCESSOR_NONE)
        successor = timeout_of(meter, whole);
    switch (successor) {
    case FLOW_SUCCESSOR_CONNECTION: return FLOW_END_DETECTED;
    case FLOW_SUCCESSOR_IDLE: return FLOW_END_IDLE_TIMEOUT;
    case FLOW_SUCCESSOR_ACTIVE: return FLOW_END_ACTIVE_TIMEOUT;
    case FLOW_SUCCESSOR_NONE: break;
    }
    return meter->finished ? FLOW_END_FORCED : FLOW_END_OPEN;
}

static void view_flow(struct flow_meter *meter, uint32_t index, bool with_whole,
                      struct flow_view *ret_view)
{
    const struct flow *flow = flow_table_at(meter->table, index);
    const struct flow_state *whole = flow_history_final(meter->history, index);

    ret_view->history = meter->history;
    ret_view->extensions = flow_history_extensions(meter->history);
    ret_view->flow = flow;
    ret_view->first_frame = flow_history_first(meter->history, index)->frame;
    ret_view->last_frame = flow_history_last(meter->history, index)->frame;
    ret_view->first_id = meter->first_id;
    ret_view->fact = NULL;
    ret_view->whole = with_whole ? whole : NULL;
    ret_view->end_reason = with_whole ? end_reason_of(meter, flow, whole) : FLOW_END_OPEN;
}

bool flow_meter_view(struct flow_meter *meter, uint32_t frame, bool with_whole,
                     struct flow_view *ret_view)
{
    const struct flow_fact *fact = flow_history_frame(meter->history, frame);

    if (!fact)
        return false;
    view_flow(meter, fact->flow, with_whole, ret_view);
    ret_view->fact = fact;
    return true;
}

bool flow_meter_is_waiting(const struct flow_meter *meter, uint32_t frame)
{
    return flow_fragments_is_waiting(meter->fragments, frame);
}

bool flow_meter_flow_view(struct flow_meter *meter, uint32_t flow, struct flow_view *ret_view)
{
    if (flow >= flow_meter_flows(meter))
        return false;
    view_flow(meter, flow, true, ret_view);
    return true;
}

void flow_meter_each_fact(const struct flow_meter *meter,
                          void (*call)(const struct flow_fact *fact, void *data), void *data)
{
    const struct flow_fact *fact;

    for (uint32_t i = 0; (fact = flow_history_at(meter->history, i)); i++)
        if ((fact->bits & FLOW_FACT_EVENT) ||
            flow_history_frame(meter->history, fact->frame) == fact)
            call(fact, data);
}
