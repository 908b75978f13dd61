#ifndef FLOWSTATS_ENGINE_TUNNELS_H
#define FLOWSTATS_ENGINE_TUNNELS_H

#include "address.h"
#include "table.h"

/*
 * Flows summed up by the tunnel that they came through: the outermost layer with
 * endpoints, of a flow's first packet.  A tunnel is a kind of layer between two
 * endpoints, whichever way; identifiers do not tell tunnels apart.
 */
struct flow_tunnels;

struct flow_tunnel {
    uint64_t pkts;
    uint64_t wire_bytes;
    uint32_t number; /* from 0, in the order of their first flows */
    uint32_t flows;
    uint32_t first_frame;
    uint32_t last_frame;
    struct flow_layer layer; /* without identifiers; from end[0] to end[1] goes what goes up */
};

/* What a flow adds to its tunnel. */
struct flow_tunneled {
    uint64_t pkts;
    uint64_t wire_bytes;
    uint32_t first_frame;
    uint32_t last_frame;
};

struct flow_tunnels *flow_tunnels_new(void);
void flow_tunnels_free(struct flow_tunnels *tunnels); /* NULL is fine */

/* Add a flow; one that came through no tunnel adds nothing. */
void flow_tunnels_add(struct flow_tunnels *tunnels, const struct flow_paths *paths,
                      const struct flow *flow, const struct flow_tunneled *more);

/* Return the tunnel of a flow; NULL where it has none, or none that was added. */
const struct flow_tunnel *flow_tunnels_find(const struct flow_tunnels *tunnels,
                                            const struct flow_paths *paths,
                                            const struct flow *flow);

/* Return the n-th tunnel; NULL past the last. */
const struct flow_tunnel *flow_tunnels_nth(const struct flow_tunnels *tunnels, uint32_t n);

/* Add the sums of others; their tunnels that are new here come after those that are not. */
void flow_tunnels_merge(struct flow_tunnels *tunnels, const struct flow_tunnels *later);

#endif
