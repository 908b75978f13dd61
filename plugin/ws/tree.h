#ifndef FLOWSTATS_TREE_H
#define FLOWSTATS_TREE_H

#include "ws_compat.h"

#include "field.h"

/* Register the fields that there are; again when there are more. */
void fs_tree_register(int proto);
void fs_tree_register_more(void);

/* Add the root item; its text sums up the frame's flow in one line. */
proto_item *fs_tree_add_root(proto_tree *tree, tvbuff_t *tvb, struct flow_view *view);

/*
 * Add the fields below the root.  What must precede them, such as expert infos, is
 * added before this call.
 */
void fs_tree_add_fields(proto_item *root, tvbuff_t *tvb, struct flow_view *view, bool with_sofar);

#endif
