#include "texts.h"

#include "hash.h"

#include <glib.h>

struct flow_texts {
    GPtrArray *texts;
    GHashTable *numbers; /* of texts */
};

struct flow_texts *flow_texts_new(void)
{
    struct flow_texts *texts = g_new0(struct flow_texts, 1);

    texts->texts = g_ptr_array_new_with_free_func(g_free);
    texts->numbers = g_hash_table_new(flow_hash_text, g_str_equal);
    return texts;
}

void flow_texts_free(struct flow_texts *texts)
{
    if (!texts)
        return;
    g_hash_table_unref(texts->numbers);
    g_ptr_array_unref(texts->texts);
    g_free(texts);
}

void flow_texts_clear(struct flow_texts *texts)
{
    g_hash_table_remove_all(texts->numbers);
    g_ptr_array_set_size(texts->texts, 0);
}

uint32_t flow_texts_count(const struct flow_texts *texts)
{
    return texts->texts->len;
}

uint32_t flow_texts_find(const struct flow_texts *texts, const char *text)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(texts->numbers, text));
}

uint32_t flow_texts_number(struct flow_texts *texts, const char *text)
{
    uint32_t number = flow_texts_find(texts, text);

    if (number > 0)
        return number;
    char *copy = g_strdup(text);
    g_ptr_array_add(texts->texts, copy);
    g_hash_table_insert(texts->numbers, copy, GUINT_TO_POINTER(texts->texts->len));
    return texts->texts->len;
}

const char *flow_texts_at(const struct flow_texts *texts, uint32_t number)
{
    return texts->texts->pdata[number - 1];
}
