#include "view.h"

#include <string.h>

void flow_view_select(struct flow_view *view, uint32_t groups)
{
    struct flow_selection *selection = view->selection;

    for (size_t i = 0; i < view->groups->count; i++) {
        const struct flow_group_place *place = &view->groups->on[i];
        if (!(groups & 1u << i))
            continue;
        if (selection->settled)
            memcpy(selection->states[i], selection->settled + place->state_at,
                   place->group->state_size);
        else
            memset(selection->states[i], 0, place->group->state_size);
    }
    flow_evaluate_flow(view->evaluation, view->index, groups, selection->passes, selection->data,
                       selection->states);
    selection->folded |= groups;
}

/* That of no group where it is off. */
static size_t number_of(struct flow_view *view, const struct flow_group *group)
{
    const struct flow_groups *groups = view->groups;

    if (view->group >= groups->count || groups->on[view->group].group != group)
        view->group = flow_groups_find(groups, group);
    return view->group;
}

bool flow_view_has(struct flow_view *view, const struct flow_group *group)
{
    return number_of(view, group) < view->groups->count;
}

static const void *state_of(struct flow_view *view, const struct flow_group *group, bool whole)
{
    size_t number = number_of(view, group);

    if (number == view->groups->count)
        return NULL;
    if (!whole)
        return view->fact ? flow_evaluate_at(view->evaluation, number, view->index, view->facts)
                          : NULL;
    if (!view->selection)
        return view->with_whole ? flow_evaluate_whole(view->evaluation, number, view->index) : NULL;

    struct flow_selection *selection = view->selection;
    if (!(selection->folded & 1u << number))
        flow_view_select(view, 1u << number);
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
    size_t number = number_of(view, group);
    const uint8_t *once = flow_history_once(view->history, view->index);

    return once && number < view->groups->count && flow_once_is_known(once, number)
               ? once + view->groups->on[number].once_at
               : NULL;
}

bool flow_view_packet(struct flow_view *view, uint32_t packet, struct flow_fact *ret_fact)
{
    return flow_history_packet(view->history, view->index, packet, ret_fact);
}
