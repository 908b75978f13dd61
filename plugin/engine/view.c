#include "view.h"

#include "core.h"

#include <string.h>

static const void *state_of(struct flow_view *view, const struct flow_group *group, bool whole)
{
    size_t number = flow_groups_find(view->groups, group);

    if (number == view->groups->count)
        return NULL;
    if (!whole)
        return view->fact ? flow_evaluate_at(view->evaluation, number, view->index, view->facts)
                          : NULL;
    if (!view->selection)
        return view->with_whole ? flow_evaluate_whole(view->evaluation, number, view->index) : NULL;

    struct flow_selection *selection = view->selection;
    if (!(selection->folded & 1u << number)) {
        memset(selection->states[number], 0, group->state_size);
        flow_evaluate_flow(view->evaluation, view->index, 1u << number, selection->passes,
                           selection->data, selection->states);
        selection->folded |= 1u << number;
    }
    return selection->states[number];
}

const void *flow_view_so_far(struct flow_view *view, const struct flow_group *group)
{
    return state_of(view, group, false);
}

const void *flow_view_whole(struct flow_view *view, const struct flow_group *group)
{
    return state_of(view, group, true);
}

const void *flow_asked_state(const struct flow_asked *asked, const struct flow_group *group)
{
    return state_of(asked->view, group, asked->is_whole);
}

void flow_view_fold(struct flow_view *view, const struct flow_group *group, void *ret_state)
{
    const struct flow_selection *selection = view->selection;
    struct flow_fold fold = { .family = view->flow->key.family,
                              .protocol = view->flow->key.protocol };

    for (uint32_t i = 0; (fold.fact = flow_history_fact(view->history, view->index, i, &fold.note));
         i++)
        if (!selection || !selection->passes || selection->passes(fold.fact, selection->data))
            group->fold(ret_state, &fold);
}

const void *flow_view_once(struct flow_view *view, const struct flow_group *group)
{
    size_t number = flow_groups_find(view->groups, group);
    const uint8_t *once = flow_history_once(view->history, view->index);

    return once && number < view->groups->count && once[number]
               ? once + view->groups->on[number].once_at
               : NULL;
}

bool flow_view_packet(struct flow_view *view, uint32_t packet, struct flow_fact *ret_fact)
{
    return flow_history_packet(view->history, view->index, packet, ret_fact);
}

/* Nothing came after the flow: has a timeout passed since, until the end of the capture? */
static enum flow_successor timeout_of(const struct flow_capture *capture,
                                      const struct flow_state *whole)
{
    const struct flow_limits *limits = &capture->limits;

    if (!(whole->bits & FLOW_STATE_TIME))
        return FLOW_SUCCESSOR_NONE;
    if (limits->idle_ns > 0 && capture->last_ns - whole->last_ns > limits->idle_ns)
        return FLOW_SUCCESSOR_IDLE;
    if (limits->active_ns > 0 && capture->last_ns - whole->start_ns > limits->active_ns)
        return FLOW_SUCCESSOR_ACTIVE;
    return FLOW_SUCCESSOR_NONE;
}

enum flow_end_reason flow_view_end_reason(struct flow_view *view)
{
    const struct flow_state *whole = flow_view_whole(view, &flow_core);
    enum flow_successor successor = (enum flow_successor)view->flow->successor;

    if (!whole)
        return FLOW_END_OPEN;
    if ((whole->bits & FLOW_STATE_TCP) &&
        (whole->tcp_state == FLOW_TCP_CLOSED || whole->tcp_state == FLOW_TCP_RESET))
        return FLOW_END_DETECTED;
    if (successor == FLOW_SUCCESSOR_NONE)
        successor = timeout_of(view->capture, whole);
    switch (successor) {
    case FLOW_SUCCESSOR_CONNECTION: return FLOW_END_DETECTED;
    case FLOW_SUCCESSOR_IDLE: return FLOW_END_IDLE_TIMEOUT;
    case FLOW_SUCCESSOR_ACTIVE: return FLOW_END_ACTIVE_TIMEOUT;
    case FLOW_SUCCESSOR_NONE: break;
    }
    return view->capture->is_over ? FLOW_END_FORCED : FLOW_END_OPEN;
}
