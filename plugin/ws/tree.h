#ifndef FLOWSTATS_TREE_H
#define FLOWSTATS_TREE_H

#include "ws_compat.h"

#include <flowstats/field.h>

/* Register the fields that there are; again when there are more. */
void fs_tree_register(int proto);
void fs_tree_register_more(void);

/* Add the frame's flow to the tree. */
void fs_tree_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, struct flow_view *view,
                 bool with_sofar);

#endif
