#include "plot.h"

#include "arguments.h"
#include "output.h"
#include "picture_module.h"
#include "pictures.h"
#include "program.h"
#include "session.h"
#include "tap.h"
#include "target.h"

#include <epan/stat_tap_ui.h>

#define CLI "flowstats,plot"

static const char *const formats[] = {
    [FLOW_PICTURE_PNG] = ".png",
    [FLOW_PICTURE_PDF] = ".pdf",
    [FLOW_PICTURE_SVG] = ".svg",
};

static const char *const views[FLOW_PICTURE_VIEWS] = {
    [FLOW_PICTURE_TIMELINE] = "timeline",
    [FLOW_PICTURE_OVER_TIME] = "time",
    [FLOW_PICTURE_WHO] = "who",
    [FLOW_PICTURE_SCATTER] = "scatter",
};

struct plot {
    char *filter;
    struct fs_output *output;
    char *error;
    struct flow_tally *tally;
    enum flow_picture_view view;
    enum flow_picture_format format;
};

static tap_packet_status pass(void *data, packet_info *pinfo, epan_dissect_t *edt _U_,
                              const void *tapped _U_, tap_flags_t flags _U_)
{
    flow_tally_pass(((struct plot *)data)->tally, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void reset(void *data)
{
    flow_tally_clear(((struct plot *)data)->tally);
}

/* The module copies what there is to know of the flows of this file. */
static void read_flows(struct plot *plot)
{
    const char *error = NULL;
    const struct flow_picture_module *module = fs_picture_module(&error);

    if (module)
        error = module->take(fs_pictures_host(plot->tally), plot->view, plot);
    if (error && !plot->error)
        plot->error = g_strdup(error);
}

/* The file is about to be closed, and another one follows. */
static void take(void *data)
{
    struct plot *plot = data;

    read_flows(plot);
    flow_tally_go_on(plot->tally, fs_session_meter());
}

static void write_bytes(const void *bytes, size_t count, void *data)
{
    fwrite(bytes, 1, count, data);
}

static void write_picture(struct plot *plot)
{
    const char *capture = fs_arguments_value('r'), *error = NULL;
    const struct flow_picture_module *module = fs_picture_module(&error);
    FILE *file = fs_output_is_ours(plot->output, &plot->error)
                     ? fs_output_open(plot->output, &plot->error)
                     : NULL;

    if (!file || !module)
        return;
    char *name = g_path_get_basename(capture && strcmp(capture, "-") != 0 ? capture : "flows");
    struct flow_picture_order order = { .format = plot->format,
                                        .file = name,
                                        .filter = plot->filter,
                                        .write = write_bytes,
                                        .data = file };
    error = module->draw(&order, plot);
    fs_output_close(plot->output, &plot->error);
    if (error && !plot->error)
        plot->error = g_strdup(error);
    g_free(name);
}

static void draw(void *data)
{
    struct plot *plot = data;

    fs_session_draw();
    read_flows(plot);
    if (!plot->error)
        write_picture(plot);
    flow_tally_clear(plot->tally);
    if (!plot->error)
        return;
    fs_target_report(g_steal_pointer(&plot->error));
    fs_program_fail();
}

static void finish(void *data)
{
    struct plot *plot = data;

    fs_session_detach(plot);
    flow_tally_free(plot->tally);
    fs_output_free(plot->output);
    g_free(plot->filter);
    g_free(plot->error);
    g_free(plot);
}

/* The place of a text in a list, or the end of it. */
static size_t place_of(const char *const *list, size_t count, const char *text,
                       ws_bool (*is_same)(const char *text, const char *item))
{
    size_t i = 0;

    while (i < count && !is_same(text, list[i]))
        i++;
    return i;
}

static ws_bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length > tail && g_ascii_strcasecmp(text + length - tail, end) == 0;
}

static ws_bool is_equal(const char *text, const char *item)
{
    return strcmp(text, item) == 0;
}

/* Return the plot that the words after the second comma ask for; NULL where they make no sense. */
static struct plot *plot_new(char **words, char **ret_error)
{
    const char *file = words[0] ? words[0] : "";
    const char *view = *file && words[1] && *words[1] ? words[1] : views[FLOW_PICTURE_TIMELINE];
    size_t format = place_of(formats, G_N_ELEMENTS(formats), file, ends_with);
    size_t chosen = place_of(views, G_N_ELEMENTS(views), view, is_equal);

    if (format == G_N_ELEMENTS(formats)) {
        *ret_error = g_strdup("the name of the file must end with .png, .pdf or .svg");
        return NULL;
    }
    if (chosen == G_N_ELEMENTS(views)) {
        *ret_error = g_strdup_printf("there is no view %s; there are timeline, time, who and "
                                     "scatter",
                                     view);
        return NULL;
    }
    struct fs_output *output = fs_output_new(file, ret_error);
    if (!output)
        return NULL;
    struct plot *plot = g_new0(struct plot, 1);
    plot->format = (enum flow_picture_format)format;
    plot->view = (enum flow_picture_view)chosen;
    plot->output = output;
    plot->filter = g_strdup(words[1] && words[2] ? words[2] : "");
    return plot;
}

/* Return why it cannot be, NULL where all is well. */
static char *listen(struct plot *plot)
{
    const char *filter = *plot->filter ? plot->filter : NULL;

    plot->tally = flow_tally_new(filter != NULL);
    fs_session_attach(take, plot);
    if (plot->view == FLOW_PICTURE_OVER_TIME)
        fs_session_end_with_files(); /* it counts each packet */
    GString *refusal =
        register_tap_listener(filter ? FLOW_PREFIX : FS_TAP_OF_NONE, plot, filter,
                              TL_REQUIRES_NOTHING, reset, filter ? pass : NULL, draw, finish);
    if (!refusal)
        return NULL;
    finish(plot);
    return g_string_free(refusal, FALSE);
}

static char *start(char **words)
{
    const char *missing = NULL;
    char *error = NULL;

    if (!fs_program_runs_once())
        return g_strdup("only tshark draws without a window; see Statistics > Flow Timeline");
    if (!fs_picture_module(&missing))
        return g_strdup(missing);
    struct plot *plot = plot_new(words, &error);
    return plot ? listen(plot) : error;
}

static ws_stat_init_ret init(const char *argument, void *data _U_)
{
    const char *rest = argument + strlen(CLI);
    char **words = g_strsplit(*rest == ',' ? rest + 1 : "", ",", 3);
    char *error = start(words);

    char *said = error ? g_strdup_printf("-z %s: %s", argument, error) : NULL;

    g_strfreev(words);
    g_free(error);
    if (fs_target_goes_on(said))
        WS_STAT_INIT_OK;
    WS_STAT_INIT_FAIL;
}

void fs_plot_register(void)
{
    stat_tap_ui ui = { .group = REGISTER_STAT_GROUP_GENERIC,
                       .cli_string = CLI,
                       .tap_init_cb = init };

    fs_pictures_register();
    register_stat_tap_ui(&ui, NULL);
}
