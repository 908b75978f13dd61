#ifndef FLOWSTATS_PATH_H
#define FLOWSTATS_PATH_H

#include <flowstats/packet.h>

/*
 * Encapsulation paths as small numbers: the layers that a packet came through,
 * in its own direction, each sequence kept once.  0 is the path without layers.
 *
 *  - A path is *shown*, with all that its layers say, or *compared*, with the
 *    kinds of the layers in the key, and of these the identifiers and endpoints
 *    that tell flows apart.
 *  - Of a path at most FLOW_PATH_BYTES are kept.  The layers past them are
 *    counted; of a compared path, a digest stands for their kinds and identifiers.
 */
enum {
    FLOW_PATH_BYTES = 1200,     /* 80 layers with an identifier */
    FLOW_PATH_TEXT_BYTES = 1000 /* of a path's text, after which it ends with "…" */
};

enum { FLOW_PATH_TEXT_LEN = FLOW_PATH_TEXT_BYTES + 16 };

struct flow_paths;

struct flow_paths *flow_paths_new(void);
void flow_paths_free(struct flow_paths *paths); /* NULL is fine */

/* Return the number of the path that is shown, or compared, of these layers. */
uint32_t flow_paths_shown(struct flow_paths *paths, const struct flow_layer *layers, size_t count);
uint32_t flow_paths_compared(struct flow_paths *paths, const struct flow_layer *layers,
                             size_t count);

/* Return the number of a compared path's kinds, which are the same both ways; 0 for 0 alone. */
uint32_t flow_paths_kinds(const struct flow_paths *paths, uint32_t compared);

/* Find the compared path of the way back through the same tunnels; false where no packet had it. */
bool flow_paths_turned(const struct flow_paths *paths, uint32_t compared, uint32_t *ret_turned);

/* Whether two compared paths of the same kinds have identifiers, and the same. */
bool flow_paths_have_same_ids(const struct flow_paths *paths, uint32_t left, uint32_t right);

/* Return how many layers a shown path has, also where not all are kept. */
uint32_t flow_paths_depth(const struct flow_paths *paths, uint32_t path);

/*
 * Read the layers of a path, outermost first, with their names and identifiers:
 * *at is 0 before the first one.  False after the last one that is kept.
 */
bool flow_paths_next(const struct flow_paths *paths, uint32_t path, size_t *at,
                     struct flow_layer *ret_layer);

/*
 * Write a shown path as text, outermost first:
 * "vlan(100) › vxlan(5001, 10.0.0.1↔10.0.0.2)".  Endpoints are turned when its
 * packet goes down.
 */
void flow_paths_text(const struct flow_paths *paths, uint32_t path, enum flow_dir dir,
                     char ret_text[FLOW_PATH_TEXT_LEN]);

/* Write one layer in the same way. */
void flow_layer_text(const struct flow_layer *layer, enum flow_dir dir,
                     char ret_text[FLOW_PATH_TEXT_LEN]);

#endif
