#include "drawing.h"

#include "session.h"
#include "tap.h"

struct waiting {
    void (*fill)(void *data);
    void *data;
};

static GSList *all; /* struct waiting */
static int listener;
static bool is_listening;

static void draw(void *data _U_)
{
    fs_session_draw();
    for (GSList *item = all; item; item = item->next) {
        const struct waiting *waiting = item->data;
        waiting->fill(waiting->data);
    }
}

static bool is_known(const void *data)
{
    for (GSList *item = all; item; item = item->next)
        if (((const struct waiting *)item->data)->data == data)
            return true;
    return false;
}

void fs_drawing_before(void (*fill)(void *data), void *data)
{
    if (is_known(data))
        return;
    struct waiting *waiting = g_new(struct waiting, 1);
    *waiting = (struct waiting){ .fill = fill, .data = data };
    all = g_slist_append(all, waiting);

    /* Before this one, which registered since. */
    if (is_listening)
        remove_tap_listener(&listener);
    GString *error = register_tap_listener(FS_TAP_OF_NONE, &listener, NULL, TL_REQUIRES_NOTHING,
                                           NULL, NULL, draw, NULL);
    is_listening = !error;
    if (error)
        g_string_free(error, TRUE);
}

void fs_drawing_forget(void *data)
{
    for (GSList *item = all; item; item = item->next) {
        struct waiting *waiting = item->data;
        if (waiting->data == data) {
            all = g_slist_delete_link(all, item);
            g_free(waiting);
            return;
        }
    }
}
