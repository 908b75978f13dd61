#ifndef FLOWSTATS_PATH_H
#define FLOWSTATS_PATH_H

#include "packet.h"

/*
 * Encapsulation paths as small numbers and as readable text, each kept once.
 *
 * Two packets have the same number when those of their layers that are part of
 * the key agree, whichever way the packets go: the endpoints of a tunnel are an
 * unordered pair.
 */
struct flow_paths;

struct flow_paths *flow_paths_new(void);
void flow_paths_free(struct flow_paths *paths); /* NULL is fine */

/* The number of a packet's path: 0 where no layer is part of the key. */
uint32_t flow_paths_number(struct flow_paths *paths, const struct flow_layer *layers, size_t count);

/*
 * The path as text, outermost first: "vlan(100) › vxlan(5001, 10.0.0.1↔10.0.0.2)".
 * Endpoints are turned when the packet goes down.  NULL without layers; else
 * valid as long as paths.
 */
const char *flow_paths_text(struct flow_paths *paths, const struct flow_layer *layers, size_t count,
                            enum flow_dir dir);

#endif
