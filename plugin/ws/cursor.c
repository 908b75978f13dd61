#include "cursor.h"

void fs_cursor_begin(struct fs_cursor *cursor, const packet_info *pinfo,
                     const struct fs_walk_options *options, const struct fs_listing *listing,
                     struct flow_layer *path)
{
    memset(cursor, 0, offsetof(struct fs_cursor, carrier));
    cursor->pinfo = pinfo;
    cursor->options = options;
    cursor->listing = listing;
    cursor->path = path;
    cursor->on_link = true;
}

void fs_cursor_branch(const struct fs_cursor *cursor, struct fs_cursor *ret_branch)
{
    fs_cursor_begin(ret_branch, cursor->pinfo, cursor->options, cursor->listing, cursor->path);
    ret_branch->source = cursor->source;
    ret_branch->path_count = cursor->path_count;
}

bool fs_bytes_of(const GSList *source, struct fs_bytes *ret_bytes)
{
    tvbuff_t *tvb = get_data_source_tvb(source->data);
    uint32_t captured = tvb_captured_length(tvb);

    if (captured == 0)
        return false;
    ret_bytes->data = tvb_get_ptr(tvb, 0, (int)captured);
    ret_bytes->at = 0;
    ret_bytes->cap = captured;
    ret_bytes->end = tvb_reported_length(tvb);
    return true;
}

bool fs_cursor_enter(struct fs_cursor *cursor, const GSList *source)
{
    if (!fs_bytes_of(source, &cursor->here))
        return false;
    cursor->source = source;
    return true;
}

struct flow_layer *fs_add_layer(struct fs_cursor *cursor, const char *name, uint8_t bits)
{
    if (cursor->path_count == FS_LAYERS_MAX)
        return NULL;
    struct flow_layer *layer = &cursor->path[cursor->path_count++];

    memset(layer, 0, sizeof *layer);
    layer->name = name;
    layer->bits = bits & (uint8_t)~FLOW_LAYER_ENDS_KEY;
    if (cursor->depth > 0 && cursor->ends_free) {
        const struct fs_net *net = &cursor->nets[cursor->depth - 1];
        memcpy(layer->end, net->addr, sizeof layer->end);
        layer->family = net->family;
        layer->bits = bits | FLOW_LAYER_ENDS;
        cursor->ends_free = false;
    }
    return layer;
}
