#include <flowstats/path.h>

#include "hash.h"
#include "text.h"

#include <glib.h>
#include <string.h>

struct flow_paths {
    GHashTable *numbers; /* GBytes -> number */
    GStringChunk *texts;
};

/* What of a layer is part of the key; without padding, and the ends in canonical order. */
struct layer_key {
    const char *name;
    uint8_t end[2][FLOW_ADDR_LEN];
    uint32_t id[2];
    uint32_t ids;
    uint32_t family;
};

_Static_assert(sizeof(struct layer_key) == sizeof(char *) + 48, "compared as memory");

static unsigned bytes_hash(const void *key)
{
    size_t size;
    const void *data = g_bytes_get_data((GBytes *)key, &size);

    return flow_hash(data, size);
}

struct flow_paths *flow_paths_new(void)
{
    struct flow_paths *paths = g_new0(struct flow_paths, 1);

    paths->numbers =
        g_hash_table_new_full(bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    paths->texts = g_string_chunk_new(1024);
    return paths;
}

void flow_paths_free(struct flow_paths *paths)
{
    if (!paths)
        return;
    g_hash_table_unref(paths->numbers);
    g_string_chunk_free(paths->texts);
    g_free(paths);
}

static struct layer_key layer_key_of(const struct flow_layer *layer)
{
    struct layer_key key;

    memset(&key, 0, sizeof key);
    key.name = layer->name;
    if (layer->bits & FLOW_LAYER_ENDS) {
        unsigned swap = memcmp(layer->end[0], layer->end[1], FLOW_ADDR_LEN) > 0;
        memcpy(key.end[swap], layer->end[0], FLOW_ADDR_LEN);
        memcpy(key.end[!swap], layer->end[1], FLOW_ADDR_LEN);
        key.family = layer->family;
    }
    if (layer->bits & FLOW_LAYER_ID_KEY) {
        key.ids = layer->ids;
        memcpy(key.id, layer->id, layer->ids * sizeof layer->id[0]);
    }
    return key;
}

uint32_t flow_paths_number(struct flow_paths *paths, const struct flow_layer *layers, size_t count)
{
    struct layer_key few[8], *keys = few;
    size_t used = 0;
    uint32_t number = 0;

    for (size_t i = 0; i < count; i++)
        used += (layers[i].bits & FLOW_LAYER_KEY) != 0;
    if (used == 0)
        return 0;

    if (used > G_N_ELEMENTS(few))
        keys = g_new(struct layer_key, used);
    for (size_t i = 0, k = 0; i < count; i++)
        if (layers[i].bits & FLOW_LAYER_KEY)
            keys[k++] = layer_key_of(&layers[i]);

    GBytes *bytes = g_bytes_new_static(keys, used * sizeof *keys);
    number = GPOINTER_TO_UINT(g_hash_table_lookup(paths->numbers, bytes));
    if (number == 0) {
        number = g_hash_table_size(paths->numbers) + 1;
        g_hash_table_insert(paths->numbers, g_bytes_new(keys, used * sizeof *keys),
                            GUINT_TO_POINTER(number));
    }
    g_bytes_unref(bytes);
    if (keys != few)
        g_free(keys);
    return number;
}

static void append_layer(GString *text, const struct flow_layer *layer, enum flow_dir dir)
{
    char end[FLOW_ADDR_TEXT_LEN];
    const char *separator = "(";

    g_string_append(text, layer->name);
    for (unsigned i = 0; i < layer->ids; i++) {
        g_string_append_printf(text, layer->bits & FLOW_LAYER_HEX ? "%s0x%08x" : "%s%u",
                               i > 0 ? "/" : separator, layer->id[i]);
        separator = ", ";
    }
    if (layer->bits & FLOW_LAYER_ENDS) {
        flow_addr_text(layer->family, layer->end[dir], end);
        g_string_append_printf(text, "%s%s↔", separator, end);
        flow_addr_text(layer->family, layer->end[!dir], end);
        g_string_append(text, end);
        separator = ", ";
    }
    if (*separator == ',')
        g_string_append_c(text, ')');
}

const char *flow_paths_text(struct flow_paths *paths, const struct flow_layer *layers, size_t count,
                            enum flow_dir dir)
{
    if (count == 0)
        return NULL;

    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            g_string_append(text, " › ");
        append_layer(text, &layers[i], dir);
    }
    const char *kept = g_string_chunk_insert_const(paths->texts, text->str);
    g_string_free(text, TRUE);
    return kept;
}
