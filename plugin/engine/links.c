#include "links.h"

#include <glib.h>
#include <string.h>

struct link {
    uint32_t frame;
    uint32_t parent_id;
};

/* Few flows have parents, so there is room for those alone. */
struct flow_links {
    const struct flow_history *history;
    const struct flow_table *table;
    const struct flow_paths *paths;
    GHashTable *of;       /* struct link, by the child's number */
    GHashTable *children; /* how many, by the parent's number */
};

struct flow_links *flow_links_new(const struct flow_history *history,
                                  const struct flow_table *table, const struct flow_paths *paths)
{
    struct flow_links *links = g_new0(struct flow_links, 1);

    links->history = history;
    links->table = table;
    links->paths = paths;
    links->of = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    links->children = g_hash_table_new(NULL, NULL);
    return links;
}

void flow_links_free(struct flow_links *links)
{
    if (!links)
        return;
    g_hash_table_unref(links->of);
    g_hash_table_unref(links->children);
    g_free(links);
}

/* To Wireshark both are one conversation: tenants, or one after the other. */
static bool have_same_ends(const struct flow_key *left, const struct flow_key *right)
{
    return left->protocol == right->protocol && left->family == right->family &&
           memcmp(left->end, right->end, sizeof left->end) == 0;
}

static bool is_icmp(const struct flow_key *key)
{
    return key->protocol == FLOW_PROTOCOL_ICMP || key->protocol == FLOW_PROTOCOL_ICMPV6;
}

static bool is_end(const uint8_t *addr, const struct flow_key *key)
{
    return memcmp(addr, key->end[0].addr, FLOW_ADDR_LEN) == 0 ||
           memcmp(addr, key->end[1].addr, FLOW_ADDR_LEN) == 0;
}

/* Whether a flow is the tunnel of another: frames with a packet inside are the inner flow's. */
static bool carries(const struct flow_links *links, const struct flow_key *tunnel,
                    const struct flow *inner)
{
    struct flow_layer layer;
    uint32_t path = inner->way[flow_first_dir(inner)].path;
    size_t at = 0;

    while (flow_paths_next(links->paths, path, &at, &layer))
        if ((layer.bits & FLOW_LAYER_ENDS) && layer.family == tunnel->family &&
            is_end(layer.end[0], tunnel) && is_end(layer.end[1], tunnel))
            return true;
    return false;
}

static bool is_parent(const struct flow_links *links, const struct flow *parent,
                      const struct flow *flow)
{
    return parent && parent != flow && !have_same_ends(&parent->key, &flow->key) &&
           !is_icmp(&parent->key) && !carries(links, &flow->key, parent);
}

void flow_links_learn(struct flow_links *links, const struct flow *flow, uint32_t frame)
{
    struct flow_place place;

    if (!flow_history_find(links->history, frame, &place))
        return;
    const struct flow *parent = flow_table_at(links->table, place.flow);
    if (!is_parent(links, parent, flow))
        return;
    struct link link = { .frame = frame, .parent_id = parent->id };
    uint32_t children = flow_links_children(links, parent->index);
    g_hash_table_replace(links->of, GUINT_TO_POINTER(flow->index), g_memdup2(&link, sizeof link));
    g_hash_table_replace(links->children, GUINT_TO_POINTER(parent->index),
                         GUINT_TO_POINTER(children + 1));
}

uint32_t flow_links_parent(const struct flow_links *links, uint32_t flow, uint32_t *ret_id)
{
    const struct link *link = g_hash_table_lookup(links->of, GUINT_TO_POINTER(flow));

    if (!link)
        return 0;
    *ret_id = link->parent_id;
    return link->frame;
}

uint32_t flow_links_children(const struct flow_links *links, uint32_t flow)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(links->children, GUINT_TO_POINTER(flow)));
}

void flow_links_forget(struct flow_links *links, uint32_t flow)
{
    g_hash_table_remove(links->of, GUINT_TO_POINTER(flow));
    g_hash_table_remove(links->children, GUINT_TO_POINTER(flow));
}
