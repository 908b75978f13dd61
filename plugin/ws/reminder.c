#include "reminder.h"

#include "arguments.h"
#include "program.h"
#include "session.h"

#include "field.h"
#include <cfile.h>
#include <epan/plugin_if.h>
#include <wsutil/report_message.h>

static bool is_dissected, is_dissected_again; /* some frame of the open file */

static guint refiltering; /* the source of GLib that is to filter again; 0: none */

void fs_reminder_dissected(bool visited)
{
    is_dissected = true;
    is_dissected_again |= visited;
}

/* Return the fields of the whole flow that are named there; names: fs_arguments_name() or such. */
static GPtrArray *whole_fields_in(const char *where,
                                  bool (*names)(const char *where, const char *field))
{
    GPtrArray *named = g_ptr_array_new();

    for (size_t i = 0; i < flow_field_count(); i++) {
        char *name = g_strconcat(FLOW_PREFIX ".", flow_field_at(i)->name, NULL);
        if (flow_field_needs_whole(flow_field_at(i)) && names(where, name))
            g_ptr_array_add(named, (void *)flow_field_at(i));
        g_free(name);
    }
    return named;
}

/* "flow.bytes, flow.pkts"; so_far: of those that have it, the other reading. */
static char *list_of(const GPtrArray *fields, bool so_far)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = 0; i < fields->len; i++) {
        const struct flow_field *field = fields->pdata[i];
        char *name = g_strconcat(so_far ? "sofar." : "", field->name, NULL);
        if (flow_field_named(name))
            g_string_append_printf(list, "%s" FLOW_PREFIX ".%s", list->len ? ", " : "", name);
        g_free(name);
    }
    return g_string_free(list, FALSE);
}

static void say(const GPtrArray *fields, const char *why, const char *way)
{
    char *names = list_of(fields, false), *so_far = list_of(fields, true);

    report_warning("flowstats: %s: %s: %s%s%s", names, why, way, *so_far ? ", or use " : "",
                   so_far);
    g_free(names);
    g_free(so_far);
}

/* What stands in the way of an answer: where it was asked for, why it is none, and what to do. */
struct obstacle {
    const char *options, *why, *way;
};

static const struct obstacle *obstacle_met(void)
{
    static const struct obstacle
        read_filter = { "R", "a read filter (-R) comes before the whole flow is known",
                        "filter with -Y instead of -R" },
        one_pass = { "eYz", "a single pass does not know the whole flow",
                     "read the file twice with -2" },
        live = { "eYz", "a live capture does not know the whole flow",
                 "write a file and read it twice with -2" };

    if (fs_arguments_have('2'))
        return &read_filter;
    if (is_dissected_again)
        return NULL;
    return fs_arguments_have('r') ? &one_pass : &live;
}

static void end_of_session(void)
{
    static bool is_said;
    const struct obstacle *obstacle = obstacle_met();

    if (is_said || !obstacle || !is_dissected || !fs_arguments_are_of_tshark() ||
        fs_arguments_have('Q'))
        return;
    GPtrArray *fields = whole_fields_in(obstacle->options, fs_arguments_name);
    if (fields->len > 0) {
        say(fields, obstacle->why, obstacle->way);
        is_said = true;
    }
    g_ptr_array_free(fields, TRUE);
}

/* The list of a window. */

static void *standing_filter(capture_file *file, void *data _U_)
{
    return file ? g_strdup(file->dfilter) : NULL;
}

static bool names_whole_flow(const char *filter)
{
    GPtrArray *fields = whole_fields_in(filter, fs_filter_names);
    bool is_any = fields->len > 0;

    g_ptr_array_free(fields, TRUE);
    return is_any;
}

/* The filter that stands is no new one to Wireshark: so it gets a blank, or loses it. */
static gboolean filter_again(void *data _U_)
{
    char *filter = plugin_if_get_capture_file(standing_filter, NULL);

    refiltering = 0;
    if (filter && names_whole_flow(filter)) {
        char *other = g_str_has_suffix(filter, " ") ? g_strchomp(g_strdup(filter))
                                                    : g_strconcat(filter, " ", NULL);
        plugin_if_apply_filter(other, TRUE);
        g_free(other);
    }
    g_free(filter);
    return G_SOURCE_REMOVE;
}

static void forget_filter(void)
{
    if (refiltering)
        g_source_remove(refiltering);
    refiltering = 0;
}

/* Wireshark is not done with the file yet, so its list is filtered a little later. */
static void file_was_read(void)
{
    if (is_dissected && !refiltering && (fs_program() == FS_WIRESHARK))
        refiltering = g_idle_add(filter_again, NULL);
}

static void open_session(void)
{
    is_dissected = is_dissected_again = false;
}

static void close_session(void)
{
    forget_filter();
    if (!(fs_program() == FS_WIRESHARK))
        end_of_session();
    is_dissected = false;
}

void fs_reminder_register(void)
{
    register_init_routine(open_session);
    register_cleanup_routine(close_session);
    register_postseq_cleanup_routine(file_was_read);
}
