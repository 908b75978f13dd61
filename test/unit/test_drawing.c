#include "drawing.h"

#include "session.h"
#include "tap.h"

/*
 * What statistics do before they are drawn: Wireshark draws by its listeners, in
 * the order in which they registered, and here by those of this file.
 */

static tap_draw_cb listeners[4];
static void *listener_data[4];
static unsigned listener_count;
static bool is_refused;
static GString *done;

GString *register_tap_listener(const char *name, void *data, const char *filter, unsigned flags,
                               tap_reset_cb reset, tap_packet_cb packet, tap_draw_cb drawn,
                               tap_finish_cb finish)
{
    (void)filter;
    (void)flags;
    (void)reset;
    (void)packet;
    (void)finish;
    g_assert_cmpstr(name, ==, FS_TAP_OF_NONE);
    if (is_refused)
        return g_string_new("no such tap");
    g_assert_cmpuint(listener_count, <, G_N_ELEMENTS(listeners));
    listener_data[listener_count] = data;
    listeners[listener_count++] = drawn;
    return NULL;
}

void remove_tap_listener(void *data)
{
    g_assert_cmpuint(listener_count, ==, 1);
    g_assert_true(listener_data[0] == data);
    listener_count--;
    g_string_append(done, "again ");
}

void fs_session_draw(void)
{
    g_string_append(done, "over ");
}

static void fill(void *data)
{
    g_string_append_printf(done, "%s ", (const char *)data);
}

static void draws(const char *want)
{
    for (unsigned i = 0; i < listener_count; i++)
        listeners[i](listener_data[i]);
    g_assert_cmpstr(done->str, ==, want);
    g_string_truncate(done, 0);
}

static void test_all_are_filled_once(void)
{
    static char table[] = "table", tree[] = "tree",
                bars[] = "bars", *const of[] = { table, tree, bars };

    done = g_string_new(NULL);
    is_refused = true;
    fs_drawing_before(fill, table);
    draws("");
    is_refused = false;
    fs_drawing_forget(table);
    fs_drawing_before(fill, table); /* nobody is removed who was refused */
    draws("over table ");
    fs_drawing_before(fill, table);
    draws("over table ");
    fs_drawing_before(fill, tree);
    draws("again over table tree ");
    fs_drawing_before(fill, bars); /* after all that registered since */
    draws("again over table tree bars ");
    fs_drawing_forget(tree);
    draws("over table bars ");
    fs_drawing_forget(tree);
    fs_drawing_before(fill, bars);
    draws("over table bars ");
    fs_drawing_before(fill, tree);
    draws("again over table bars tree ");
    for (unsigned i = 0; i < G_N_ELEMENTS(of); i++)
        fs_drawing_forget(of[i]);
    draws("over ");
    g_string_free(done, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drawing/all-are-filled-once", test_all_are_filled_once);
    return g_test_run();
}
