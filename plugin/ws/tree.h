#ifndef FLOWSTATS_TREE_H
#define FLOWSTATS_TREE_H

#include "ws_compat.h"

#include <flowstats/field.h>

/* Register the fields; once. */
void fs_tree_register(int proto);

/* Add the frame's flow to the tree; returns the item that all others are under. */
proto_item *fs_tree_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, struct flow_view *view,
                        bool with_sofar);

#endif
