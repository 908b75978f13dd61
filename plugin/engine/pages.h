#ifndef FLOWSTATS_PAGES_H
#define FLOWSTATS_PAGES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A long array that grows by pages: items never move, and growing copies
 * nothing.  Either all items come from pages_add(), or all from pages_make().
 */
struct pages {
    GPtrArray *pages;
    size_t item_size;
    uint32_t count; /* items added with pages_add() */
};

enum { PAGE_ITEMS = 1024 };

static inline void pages_init(struct pages *pages, size_t item_size)
{
    pages->pages = g_ptr_array_new_with_free_func(g_free);
    pages->item_size = item_size;
    pages->count = 0;
}

static inline void pages_clear(struct pages *pages)
{
    g_ptr_array_unref(pages->pages);
}

static inline void *pages_item(const struct pages *pages, uint32_t number)
{
    uint8_t *items = pages->pages->pdata[number / PAGE_ITEMS];

    return items + (number % PAGE_ITEMS) * pages->item_size;
}

/* Forget a page of items that came from pages_make(): they are zero bytes again. */
static inline void pages_forget(struct pages *pages, uint32_t page)
{
    if (page < pages->pages->len)
        g_clear_pointer(&pages->pages->pdata[page], g_free);
}

/* An item that is there; NULL where its page never was. */
static inline void *pages_at(const struct pages *pages, uint32_t number)
{
    uint32_t page = number / PAGE_ITEMS;
    bool is_there = page < pages->pages->len && pages->pages->pdata[page];

    return is_there ? pages_item(pages, number) : NULL;
}

/* An item that need not be there yet: zero bytes where nobody wrote. */
static inline void *pages_make(struct pages *pages, uint32_t number)
{
    uint32_t page = number / PAGE_ITEMS;

    if (page >= pages->pages->len)
        g_ptr_array_set_size(pages->pages, (int)page + 1);
    if (!pages->pages->pdata[page])
        pages->pages->pdata[page] = g_malloc0_n(PAGE_ITEMS, pages->item_size);
    return pages_item(pages, number);
}

/* Room for the next item, to be written as a whole. */
static inline void *pages_add(struct pages *pages)
{
    uint32_t number = pages->count++;

    if (number % PAGE_ITEMS == 0)
        g_ptr_array_add(pages->pages, g_malloc_n(PAGE_ITEMS, pages->item_size));
    return pages_item(pages, number);
}

#endif
