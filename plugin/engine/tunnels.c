#include "tunnels.h"

#include "hash.h"

#include <glib.h>
#include <string.h>

struct flow_tunnels {
    GPtrArray *all;   /* struct flow_tunnel */
    GHashTable *same; /* of these */
};

static int order_of(const struct flow_layer *layer)
{
    return memcmp(layer->end[0], layer->end[1], FLOW_ADDR_LEN) > 0;
}

/* The same both ways. */
static unsigned tunnel_hash(const void *key)
{
    const struct flow_layer *layer = &((const struct flow_tunnel *)key)->layer;
    int first = order_of(layer);
    uint64_t digest = flow_digest(0, &layer->name, sizeof layer->name);

    digest = flow_digest(digest, layer->end[first], FLOW_ADDR_LEN);
    return flow_hash_after(digest, layer->end[!first], FLOW_ADDR_LEN);
}

static int tunnel_equal(const void *left, const void *right)
{
    const struct flow_layer *a = &((const struct flow_tunnel *)left)->layer;
    const struct flow_layer *b = &((const struct flow_tunnel *)right)->layer;
    int a_first = order_of(a), b_first = order_of(b);

    return a->name == b->name && a->family == b->family &&
           memcmp(a->end[a_first], b->end[b_first], FLOW_ADDR_LEN) == 0 &&
           memcmp(a->end[!a_first], b->end[!b_first], FLOW_ADDR_LEN) == 0;
}

struct flow_tunnels *flow_tunnels_new(void)
{
    struct flow_tunnels *tunnels = g_new0(struct flow_tunnels, 1);

    tunnels->all = g_ptr_array_new_with_free_func(g_free);
    tunnels->same = g_hash_table_new(tunnel_hash, tunnel_equal);
    return tunnels;
}

void flow_tunnels_free(struct flow_tunnels *tunnels)
{
    if (!tunnels)
        return;
    g_hash_table_unref(tunnels->same);
    g_ptr_array_unref(tunnels->all);
    g_free(tunnels);
}

/* The tunnel as its flow sees it; false where it came through none. */
static bool read_tunnel(const struct flow_paths *paths, const struct flow *flow,
                        struct flow_tunnel *ret_tunnel)
{
    enum flow_dir dir = flow_first_dir(flow);
    struct flow_layer layer;
    size_t at = 0;

    while (flow_paths_next(paths, flow->way[dir].path, &at, &layer)) {
        if (!(layer.bits & FLOW_LAYER_ENDS))
            continue;
        *ret_tunnel = (struct flow_tunnel){
            .layer = { .name = layer.name, .family = layer.family, .bits = FLOW_LAYER_ENDS }
        };
        for (int i = 0; i < 2; i++)
            memcpy(ret_tunnel->layer.end[i], layer.end[i ^ (int)dir], FLOW_ADDR_LEN);
        return true;
    }
    return false;
}

/* Return the tunnel with the layer of this one; it is new where there is none. */
static struct flow_tunnel *find_or_add(struct flow_tunnels *tunnels, const struct flow_tunnel *like)
{
    struct flow_tunnel *tunnel = g_hash_table_lookup(tunnels->same, like);

    if (tunnel)
        return tunnel;
    tunnel = g_new0(struct flow_tunnel, 1);
    tunnel->layer = like->layer;
    tunnel->number = tunnels->all->len;
    tunnel->first_frame = UINT32_MAX;
    g_ptr_array_add(tunnels->all, tunnel);
    g_hash_table_add(tunnels->same, tunnel);
    return tunnel;
}

static void add(struct flow_tunnel *tunnel, uint32_t flows, const struct flow_tunneled *more)
{
    tunnel->flows += flows;
    tunnel->pkts += more->pkts;
    tunnel->wire_bytes += more->wire_bytes;
    tunnel->first_frame = MIN(tunnel->first_frame, more->first_frame);
    tunnel->last_frame = MAX(tunnel->last_frame, more->last_frame);
}

void flow_tunnels_add(struct flow_tunnels *tunnels, const struct flow_paths *paths,
                      const struct flow *flow, const struct flow_tunneled *more)
{
    struct flow_tunnel like;

    if (read_tunnel(paths, flow, &like))
        add(find_or_add(tunnels, &like), 1, more);
}

const struct flow_tunnel *flow_tunnels_find(const struct flow_tunnels *tunnels,
                                            const struct flow_paths *paths, const struct flow *flow)
{
    struct flow_tunnel like;

    return read_tunnel(paths, flow, &like) ? g_hash_table_lookup(tunnels->same, &like) : NULL;
}

const struct flow_tunnel *flow_tunnels_nth(const struct flow_tunnels *tunnels, uint32_t n)
{
    return n < tunnels->all->len ? tunnels->all->pdata[n] : NULL;
}

void flow_tunnels_merge(struct flow_tunnels *tunnels, const struct flow_tunnels *later)
{
    const struct flow_tunnel *tunnel;

    for (uint32_t i = 0; (tunnel = flow_tunnels_nth(later, i)); i++) {
        struct flow_tunneled more = { .pkts = tunnel->pkts,
                                      .wire_bytes = tunnel->wire_bytes,
                                      .first_frame = tunnel->first_frame,
                                      .last_frame = tunnel->last_frame };
        add(find_or_add(tunnels, tunnel), tunnel->flows, &more);
    }
}
