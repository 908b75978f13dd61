#include "expiry.h"

#include "queue.h"

struct flow_expiry {
    const struct flow_limits *limits;
    struct flow_queue open;
    struct flow_queue lingering; /* of those that are open: may be closed */
    struct flow_queue ended;
    uint32_t max_flows;
};

struct flow_expiry *flow_expiry_new(const struct flow_limits *limits, uint32_t max_flows)
{
    struct flow_expiry *expiry = g_new0(struct flow_expiry, 1);

    expiry->limits = limits;
    expiry->max_flows = MAX(max_flows, 1);
    flow_queue_init(&expiry->open);
    flow_queue_init(&expiry->lingering);
    flow_queue_init(&expiry->ended);
    return expiry;
}

void flow_expiry_free(struct flow_expiry *expiry)
{
    if (!expiry)
        return;
    flow_queue_clear(&expiry->open);
    flow_queue_clear(&expiry->lingering);
    flow_queue_clear(&expiry->ended);
    g_free(expiry);
}

void flow_expiry_packet(struct flow_expiry *expiry, const struct flow *flow, bool may_close)
{
    flow_queue_put(&expiry->open, flow->index);
    if (may_close)
        flow_queue_put(&expiry->lingering, flow->index);
}

void flow_expiry_ended(struct flow_expiry *expiry, const struct flow *flow)
{
    flow_expiry_forgotten(expiry, flow);
    flow_queue_put(&expiry->ended, flow->index);
}

void flow_expiry_forgotten(struct flow_expiry *expiry, const struct flow *flow)
{
    flow_queue_remove(&expiry->open, flow->index);
    flow_queue_remove(&expiry->lingering, flow->index);
    flow_queue_remove(&expiry->ended, flow->index);
}

/* Whether the first of a queue has been silent for longer. */
static bool first_is_silent(const struct flow_queue *queue, const struct flow_table *table,
                            int64_t now_ns, int64_t for_ns, uint32_t *ret_flow)
{
    struct flow_limits limits = { .idle_ns = for_ns };
    uint32_t first;

    if (!flow_queue_first(queue, &first) ||
        flow_limits_passed(&limits, flow_table_at(table, first), now_ns) == FLOW_SUCCESSOR_NONE)
        return false;
    *ret_flow = first;
    return true;
}

bool flow_expiry_silent(const struct flow_expiry *expiry, const struct flow_table *table,
                        int64_t now_ns, uint32_t *ret_flow)
{
    const struct flow_limits *limits = expiry->limits;
    int64_t for_ns = limits->idle_ns > 0 ? limits->idle_ns : limits->active_ns;

    return first_is_silent(&expiry->open, table, now_ns, for_ns, ret_flow);
}

bool flow_expiry_lingering(struct flow_expiry *expiry, const struct flow_table *table,
                           int64_t now_ns, uint32_t *ret_flow)
{
    if (!first_is_silent(&expiry->lingering, table, now_ns, FLOW_EXPIRY_LINGER_NS, ret_flow))
        return false;
    flow_queue_remove(&expiry->lingering, *ret_flow);
    return true;
}

bool flow_expiry_surplus(const struct flow_expiry *expiry, uint32_t *ret_flow)
{
    return expiry->open.count + expiry->ended.count > expiry->max_flows &&
           (flow_queue_first(&expiry->ended, ret_flow) ||
            flow_queue_first(&expiry->open, ret_flow));
}

bool flow_expiry_any(const struct flow_expiry *expiry, uint32_t *ret_flow)
{
    return flow_queue_first(&expiry->open, ret_flow);
}
