#ifndef FLOWSTATS_ENGINE_LINKS_H
#define FLOWSTATS_ENGINE_LINKS_H

#include "history.h"
#include "table.h"

/*
 * Which flow was set up by which: a dissector reads in one flow that another one
 * is coming (FTP's data, the media of a call), and Wireshark keeps the frame in
 * which it read that with the conversation of the other.
 */
struct flow_links;

/* All three outlive it. */
struct flow_links *flow_links_new(const struct flow_history *history,
                                  const struct flow_table *table, const struct flow_paths *paths);
void flow_links_free(struct flow_links *links); /* NULL is fine */

/*
 * The frame, by its number in all files, that set up the conversation of a
 * flow's first packet.  It is a link where it is another flow's, and not because
 * that flow has the same ends, speaks of the flow, or carries it.
 */
void flow_links_learn(struct flow_links *links, const struct flow *flow, uint32_t frame);

/* Return the frame that set a flow up, and the id of that frame's flow; 0: none. */
uint32_t flow_links_parent(const struct flow_links *links, uint32_t flow, uint32_t *ret_id);

/* Return how many flows were set up by one. */
uint32_t flow_links_children(const struct flow_links *links, uint32_t flow);

/* Forget a flow: another one may have its number. */
void flow_links_forget(struct flow_links *links, uint32_t flow);

#endif
