#include <flowstats/extension.h>

enum { ALIGNMENT = 8 };

/* No type asks for more than the largest power of two in its size. */
static size_t place_behind(size_t end, size_t size)
{
    size_t power = size & -size, alignment = MIN(power, ALIGNMENT);

    return size > 0 ? (end + alignment - 1) / alignment * alignment : end;
}

bool flow_extensions_add(struct flow_extensions *extensions, const struct flow_extension *extension)
{
    if (extensions->count == FLOW_EXTENSIONS_MAX)
        return false;

    struct flow_extension_place *place = &extensions->on[extensions->count++];
    place->extension = extension;
    place->data_at = place_behind(extensions->data_size, extension->data_size);
    place->note_at = place_behind(extensions->note_size, extension->note_size);
    extensions->data_size = place->data_at + extension->data_size;
    extensions->note_size = place->note_at + extension->note_size;
    return true;
}

void flow_extensions_fold(const struct flow_extensions *extensions, struct flow_state *state,
                          const struct flow_fact *fact)
{
    uint8_t *data = (uint8_t *)(state + 1);
    const uint8_t *notes = (const uint8_t *)(fact + 1);

    for (size_t i = 0; i < extensions->count; i++) {
        const struct flow_extension_place *place = &extensions->on[i];
        place->extension->fold(data + place->data_at, fact, notes + place->note_at, state);
    }
}

const void *flow_extensions_data(const struct flow_extensions *extensions,
                                 const struct flow_extension *extension,
                                 const struct flow_state *state)
{
    for (size_t i = 0; i < extensions->count; i++)
        if (extensions->on[i].extension == extension)
            return (const uint8_t *)(state + 1) + extensions->on[i].data_at;
    return NULL;
}
