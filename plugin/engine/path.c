#include "path.h"

#include "address.h"
#include "hash.h"

#include <glib.h>
#include <string.h>

/* Its records are packed: name, ids, family, bits, and then the identifiers and endpoints. */
struct path {
    const uint8_t *records;
    uint64_t rest;   /* digest of what is compared of the layers that are not kept */
    uint32_t size;   /* of records */
    uint32_t layers; /* all of them */
    uint32_t number;
    uint32_t kinds; /* number of the path with the kinds alone */
};

struct flow_paths {
    const struct path *recent; /* the one compared last, or NULL: packets come in trains */
    GHashTable *known;         /* a set of struct path */
    GPtrArray *by_number;      /* of number 1 and on */
};

/* A path in the making. */
struct draft {
    struct path path;
    uint8_t records[FLOW_PATH_BYTES];
};

static unsigned path_hash(const void *data)
{
    const struct path *path = data;

    return flow_hash_after(path->rest ^ (uint64_t)path->layers << 32, path->records, path->size);
}

static int path_equal(const void *left_data, const void *right_data)
{
    const struct path *left = left_data, *right = right_data;

    return left->size == right->size && left->layers == right->layers &&
           left->rest == right->rest && memcmp(left->records, right->records, left->size) == 0;
}

struct flow_paths *flow_paths_new(void)
{
    struct flow_paths *paths = g_new0(struct flow_paths, 1);

    paths->known = g_hash_table_new(path_hash, path_equal);
    paths->by_number = g_ptr_array_new_with_free_func(g_free);
    return paths;
}

void flow_paths_free(struct flow_paths *paths)
{
    if (!paths)
        return;
    g_hash_table_unref(paths->known);
    g_ptr_array_unref(paths->by_number);
    g_free(paths);
}

static const struct path *path_at(const struct flow_paths *paths, uint32_t number)
{
    static const struct path none;

    return number == 0 || number > paths->by_number->len ? &none
                                                         : paths->by_number->pdata[number - 1];
}

static struct path *keep(struct flow_paths *paths, const struct path *draft)
{
    struct path *path = g_malloc(sizeof *path + draft->size);

    *path = *draft;
    memcpy(path + 1, draft->records, draft->size);
    path->records = (const uint8_t *)(path + 1);
    g_ptr_array_add(paths->by_number, path);
    path->number = paths->by_number->len;
    g_hash_table_add(paths->known, path);
    return path;
}

/* NVGRE is GRE with a key, which one direction may lack. */
static const char *kind_name(const char *name)
{
    static const char gre[] = "gre";

    return strcmp(name, "gre") == 0 || strcmp(name, "nvgre") == 0 ? gre : name;
}

/* What of a layer each of the three sorts of path has. */
static struct flow_layer kind_of(const struct flow_layer *layer)
{
    return (struct flow_layer){ .name = kind_name(layer->name), .bits = FLOW_LAYER_KEY };
}

static struct flow_layer compared_of(const struct flow_layer *layer)
{
    struct flow_layer compared = { .name = layer->name, .bits = FLOW_LAYER_KEY };

    if (layer->bits & FLOW_LAYER_ID_KEY) {
        compared.ids = layer->ids;
        memcpy(compared.id, layer->id, sizeof compared.id);
        compared.bits |= FLOW_LAYER_ID_KEY;
    }
    if (layer->bits & FLOW_LAYER_ENDS_KEY) {
        compared.family = layer->family;
        memcpy(compared.end, layer->end, sizeof compared.end);
        compared.bits |= FLOW_LAYER_ENDS | FLOW_LAYER_ENDS_KEY;
    }
    return compared;
}

static struct flow_layer turned_of(const struct flow_layer *layer)
{
    struct flow_layer turned = *layer;

    memcpy(turned.end[0], layer->end[1], FLOW_ADDR_LEN);
    memcpy(turned.end[1], layer->end[0], FLOW_ADDR_LEN);
    return turned;
}

static size_t addr_len(uint8_t family)
{
    static const uint8_t len[] = {
        [FLOW_LINK] = FLOW_MAC_LEN, [FLOW_IPV4] = 4, [FLOW_IPV6] = FLOW_ADDR_LEN
    };

    return len[family];
}

enum { RECORD_HEAD = sizeof(char *) + 3, RECORD_MAX = RECORD_HEAD + 8 + 2 * FLOW_ADDR_LEN };

static size_t pack(const struct flow_layer *layer, uint8_t record[RECORD_MAX])
{
    const uint8_t head[] = { layer->ids, layer->family, layer->bits };
    size_t ids = layer->ids * sizeof layer->id[0], size = RECORD_HEAD;

    memcpy(record, &layer->name, sizeof layer->name);
    memcpy(record + sizeof layer->name, head, sizeof head);
    memcpy(record + size, layer->id, ids);
    size += ids;
    for (unsigned i = 0; i < 2 && (layer->bits & FLOW_LAYER_ENDS); i++) {
        size_t length = addr_len(layer->family);
        memcpy(record + size, layer->end[i], length);
        size += length;
    }
    return size;
}

static size_t unpack(const uint8_t *record, struct flow_layer *ret_layer)
{
    size_t size = RECORD_HEAD;

    memset(ret_layer, 0, sizeof *ret_layer);
    memcpy(&ret_layer->name, record, sizeof ret_layer->name);
    ret_layer->ids = record[sizeof ret_layer->name];
    ret_layer->family = record[sizeof ret_layer->name + 1];
    ret_layer->bits = record[sizeof ret_layer->name + 2];
    memcpy(ret_layer->id, record + size, ret_layer->ids * sizeof ret_layer->id[0]);
    size += ret_layer->ids * sizeof ret_layer->id[0];
    for (unsigned i = 0; i < 2 && (ret_layer->bits & FLOW_LAYER_ENDS); i++) {
        memcpy(ret_layer->end[i], record + size, addr_len(ret_layer->family));
        size += addr_len(ret_layer->family);
    }
    return size;
}

static void draft_begin(struct draft *draft)
{
    draft->path = (struct path){ .records = draft->records };
}

/* Endpoints are not in the digest: it is the same for the way back. */
static void draft_digest(struct draft *draft, const struct flow_layer *layer)
{
    struct flow_layer without_ends = *layer;
    uint8_t record[RECORD_MAX];

    without_ends.bits &= (uint8_t)~FLOW_LAYER_ENDS;
    draft->path.rest = flow_digest(draft->path.rest, record, pack(&without_ends, record));
}

static bool draft_add(struct draft *draft, const struct flow_layer *layer)
{
    struct path *path = &draft->path;
    uint8_t record[RECORD_MAX];
    size_t size = pack(layer, record);

    path->layers++;
    if (path->rest != 0 || path->size + size > sizeof draft->records)
        return false;
    memcpy(draft->records + path->size, record, size);
    path->size += (uint32_t)size;
    return true;
}

static struct path *known(const struct flow_paths *paths, const struct draft *draft)
{
    return g_hash_table_lookup(paths->known, &draft->path);
}

static struct path *known_or_kept(struct flow_paths *paths, const struct draft *draft)
{
    struct path *path = known(paths, draft);

    return path ? path : keep(paths, &draft->path);
}

uint32_t flow_paths_shown(struct flow_paths *paths, const struct flow_layer *layers, size_t count)
{
    struct draft draft;

    if (count == 0)
        return 0;
    draft_begin(&draft);
    for (size_t i = 0; i < count && draft_add(&draft, &layers[i]); i++)
        continue;
    draft.path.layers = (uint32_t)count;
    return known_or_kept(paths, &draft)->number;
}

static void draft_add_compared(struct draft *draft, const struct flow_layer *layer)
{
    if (!draft_add(draft, layer))
        draft_digest(draft, layer);
}

static uint32_t number_of_kinds(struct flow_paths *paths, const struct flow_layer *layers,
                                size_t count)
{
    struct draft draft;

    draft_begin(&draft);
    for (size_t i = 0; i < count; i++) {
        struct flow_layer kind = kind_of(&layers[i]);
        if (layers[i].bits & FLOW_LAYER_KEY)
            draft_add_compared(&draft, &kind);
    }
    return known_or_kept(paths, &draft)->number;
}

uint32_t flow_paths_compared(struct flow_paths *paths, const struct flow_layer *layers,
                             size_t count)
{
    struct draft draft;

    draft_begin(&draft);
    for (size_t i = 0; i < count; i++)
        if (layers[i].bits & FLOW_LAYER_KEY) {
            struct flow_layer compared = compared_of(&layers[i]);
            draft_add_compared(&draft, &compared);
        }
    if (draft.path.layers == 0)
        return 0;

    if (paths->recent && path_equal(paths->recent, &draft.path))
        return paths->recent->number;

    struct path *path = known_or_kept(paths, &draft);
    if (path->kinds == 0)
        path->kinds = number_of_kinds(paths, layers, count);
    paths->recent = path;
    return path->number;
}

uint32_t flow_paths_kinds(const struct flow_paths *paths, uint32_t compared)
{
    return path_at(paths, compared)->kinds;
}

bool flow_paths_turned(const struct flow_paths *paths, uint32_t compared, uint32_t *ret_turned)
{
    const struct path *path = path_at(paths, compared), *turned;
    struct draft draft;
    struct flow_layer layer;

    draft_begin(&draft);
    for (size_t at = 0; flow_paths_next(paths, compared, &at, &layer);) {
        layer = turned_of(&layer);
        draft_add(&draft, &layer);
    }
    draft.path.layers = path->layers;
    draft.path.rest = path->rest;
    turned = path->layers > 0 ? known(paths, &draft) : path;
    if (!turned)
        return false;
    *ret_turned = turned->number;
    return true;
}

bool flow_paths_have_same_ids(const struct flow_paths *paths, uint32_t left, uint32_t right)
{
    struct flow_layer left_layer, right_layer;
    size_t left_at = 0, right_at = 0;
    bool has_ids = path_at(paths, left)->rest != 0;

    if (path_at(paths, left)->rest != path_at(paths, right)->rest)
        return false;
    while (flow_paths_next(paths, left, &left_at, &left_layer) &&
           flow_paths_next(paths, right, &right_at, &right_layer)) {
        if (left_layer.ids != right_layer.ids ||
            memcmp(left_layer.id, right_layer.id, sizeof left_layer.id) != 0)
            return false;
        has_ids |= left_layer.ids > 0;
    }
    return has_ids;
}

uint32_t flow_paths_depth(const struct flow_paths *paths, uint32_t path)
{
    return path_at(paths, path)->layers;
}

bool flow_paths_next(const struct flow_paths *paths, uint32_t number, size_t *at,
                     struct flow_layer *ret_layer)
{
    const struct path *path = path_at(paths, number);

    if (*at >= path->size)
        return false;
    *at += unpack(path->records + *at, ret_layer);
    return true;
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

void flow_paths_text(const struct flow_paths *paths, uint32_t path, enum flow_dir dir,
                     char ret_text[FLOW_PATH_TEXT_LEN])
{
    GString *text = g_string_sized_new(128);
    struct flow_layer layer;
    uint32_t shown = 0;
    size_t whole = 0; /* length of the layers that fit */

    for (size_t at = 0; flow_paths_next(paths, path, &at, &layer); shown++) {
        g_string_append(text, shown > 0 ? " › " : "");
        append_layer(text, &layer, dir);
        if (text->len > FLOW_PATH_TEXT_BYTES)
            break;
        whole = text->len;
    }
    if (shown < flow_paths_depth(paths, path)) {
        g_string_truncate(text, whole);
        g_string_append(text, whole > 0 ? " › …" : "…");
    }
    g_strlcpy(ret_text, text->str, FLOW_PATH_TEXT_LEN);
    g_string_free(text, TRUE);
}

void flow_layer_text(const struct flow_layer *layer, enum flow_dir dir,
                     char ret_text[FLOW_PATH_TEXT_LEN])
{
    GString *text = g_string_sized_new(128);

    append_layer(text, layer, dir);
    g_strlcpy(ret_text, text->str, FLOW_PATH_TEXT_LEN);
    g_string_free(text, TRUE);
}
