#ifndef FLOWSTATS_ENGINE_GROUPS_H
#define FLOWSTATS_ENGINE_GROUPS_H

#include <flowstats/extension.h>

/*
 * The groups that are switched on, and where the notes, the states and the flow's
 * facts of each lie among those of all.  All zero: none.
 */
struct flow_group_place {
    const struct flow_group *group;
    uint32_t note_at;
    uint32_t state_at;
    uint32_t once_at; /* after what flow_once_is_known() reads */
};

struct flow_groups {
    struct flow_group_place on[FLOW_EXTENSIONS_MAX];
    size_t count;
    uint32_t note_size; /* of all */
    uint32_t state_size;
    uint32_t once_size; /* of all, those bytes included; 0: none has any */
};

/* Add a group; false where there are FLOW_EXTENSIONS_MAX already. */
bool flow_groups_add(struct flow_groups *groups, const struct flow_group *group);

/*
 * What all groups keep once of a flow begins with a bit for each of them, by its
 * number among those that are on: whether once() knows.
 */
_Static_assert(FLOW_EXTENSIONS_MAX <= 32, "they have a bit each");

static inline bool flow_once_is_known(const void *once, size_t number)
{
    const uint32_t *known = once;

    return *known >> number & 1;
}

static inline void flow_once_set_known(void *once, size_t number)
{
    uint32_t *known = once;

    *known |= UINT32_C(1) << number;
}

/* Return the number of a group among those that are on; count where it is off. */
size_t flow_groups_find(const struct flow_groups *groups, const struct flow_group *group);

static inline bool flow_groups_have(const struct flow_groups *groups,
                                    const struct flow_group *group)
{
    return flow_groups_find(groups, group) < groups->count;
}

#endif
