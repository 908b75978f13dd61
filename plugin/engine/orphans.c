#include "orphans.h"

#include "hash.h"

#include <glib.h>
#include <string.h>

_Static_assert(sizeof(struct flow_orphan_flow) == 56, "no padding: compared as memory");

struct flow_orphans {
    GHashTable *known; /* a set of struct flow_orphan */
    GPtrArray *in_order;
};

static unsigned orphan_hash(const void *orphan)
{
    return flow_hash(orphan, sizeof(struct flow_orphan_flow));
}

static int orphan_equal(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct flow_orphan_flow)) == 0;
}

struct flow_orphans *flow_orphans_new(void)
{
    struct flow_orphans *orphans = g_new0(struct flow_orphans, 1);

    orphans->known = g_hash_table_new(orphan_hash, orphan_equal);
    orphans->in_order = g_ptr_array_new_with_free_func(g_free);
    return orphans;
}

void flow_orphans_free(struct flow_orphans *orphans)
{
    if (!orphans)
        return;
    g_hash_table_unref(orphans->known);
    g_ptr_array_unref(orphans->in_order);
    g_free(orphans);
}

static struct flow_orphan *orphan_of(struct flow_orphans *orphans,
                                     const struct flow_orphan_flow *flow)
{
    struct flow_orphan *orphan = g_hash_table_lookup(orphans->known, flow);

    if (orphan)
        return orphan;
    orphan = g_new0(struct flow_orphan, 1);
    orphan->flow = *flow;
    g_hash_table_add(orphans->known, orphan);
    g_ptr_array_add(orphans->in_order, orphan);
    return orphan;
}

void flow_orphans_add(struct flow_orphans *orphans, const struct flow_orphan_flow *flow,
                      const struct flow_fact *error)
{
    struct flow_orphan *orphan = orphan_of(orphans, flow);

    orphan->errors++;
    orphan->frame = error->frame;
    orphan->type = error->icmp_type;
    orphan->code = error->icmp_code;
}

const struct flow_orphan *flow_orphans_nth(const struct flow_orphans *orphans, unsigned n)
{
    return n < orphans->in_order->len ? orphans->in_order->pdata[n] : NULL;
}
