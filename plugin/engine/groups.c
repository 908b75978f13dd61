#include "groups.h"

enum { ALIGNMENT = 8 };

/* No type asks for more than the largest power of two in its size. */
static uint32_t place_after(uint32_t end, uint32_t size)
{
    uint32_t power = size & -size, alignment = MIN(power, ALIGNMENT);

    return size > 0 ? (end + alignment - 1) / alignment * alignment : end;
}

bool flow_groups_add(struct flow_groups *groups, const struct flow_group *group)
{
    if (groups->count == FLOW_EXTENSIONS_MAX)
        return false;

    struct flow_group_place *place = &groups->on[groups->count++];
    place->group = group;
    place->note_at = place_after(groups->note_size, group->note_size);
    groups->note_size = place->note_at + group->note_size;
    place->state_at = place_after(groups->state_size, group->state_size);
    groups->state_size = place->state_at + group->state_size;
    if (group->once_size > 0) {
        uint32_t end = MAX(groups->once_size, (uint32_t)sizeof(uint32_t));
        place->once_at = place_after(end, group->once_size);
        groups->once_size = place->once_at + group->once_size;
    }
    return true;
}

size_t flow_groups_find(const struct flow_groups *groups, const struct flow_group *group)
{
    size_t i = 0;

    while (i < groups->count && groups->on[i].group != group)
        i++;
    return i;
}
