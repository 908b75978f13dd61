#include "ending.h"

#include "tcp_group.h"

/* Closed is also the state before any segment: fragments without their first one have none. */
static bool has_segments(const struct flow_tcp *tcp)
{
    return (tcp->half[FLOW_UP].bits | tcp->half[FLOW_DOWN].bits) & FLOW_TCP_HALF_SEEN;
}

/* Whether TCP has ended the connection, as the whole flow says, whatever a statistic selects. */
static bool is_ended(struct flow_view *view)
{
    bool is_selected = view->selection && view->selection->passes;
    size_t number = flow_groups_find(view->groups, &flow_tcp_group);
    const struct flow_tcp *whole = is_selected
                                       ? flow_evaluate_whole(view->evaluation, number, view->index)
                                       : flow_view_whole(view, &flow_tcp_group);

    return has_segments(whole) &&
           (whole->state == FLOW_TCP_CLOSED || whole->state == FLOW_TCP_RESET);
}

enum flow_end_reason flow_end_reason_of(struct flow_view *view)
{
    enum flow_successor successor = (enum flow_successor)view->flow->successor;

    if (!view->with_whole)
        return FLOW_END_OPEN;
    if (view->flow->key.protocol == FLOW_PROTOCOL_TCP && is_ended(view))
        return FLOW_END_DETECTED;
    if (successor == FLOW_SUCCESSOR_NONE)
        successor = flow_limits_passed(&view->capture->limits, view->flow, view->capture->last_ns);
    switch (successor) {
    case FLOW_SUCCESSOR_CONNECTION: return FLOW_END_DETECTED;
    case FLOW_SUCCESSOR_IDLE: return FLOW_END_IDLE_TIMEOUT;
    case FLOW_SUCCESSOR_ACTIVE: return FLOW_END_ACTIVE_TIMEOUT;
    case FLOW_SUCCESSOR_RESOURCES: return FLOW_END_NO_RESOURCES;
    case FLOW_SUCCESSOR_NONE: break;
    }
    return view->capture->is_over ? FLOW_END_FORCED : FLOW_END_OPEN;
}
