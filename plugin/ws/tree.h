#ifndef FLOWSTATS_TREE_H
#define FLOWSTATS_TREE_H

#include "ws_compat.h"

#include "field.h"

/* Register the fields that there are; again when there are more. */
void fs_tree_register(int proto);
void fs_tree_register_more(void);

/* Add the item that says of the frame's flow in short what the fields below it say. */
proto_item *fs_tree_add_root(proto_tree *tree, tvbuff_t *tvb, struct flow_view *view);

/* Add the fields below it; what is to come first there is added before. */
void fs_tree_add_fields(proto_item *root, tvbuff_t *tvb, struct flow_view *view, bool with_sofar);

#endif
