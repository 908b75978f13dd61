#include "picture_module.h"

#include "files.h"

#include <gmodule.h>

#define FILE_NAME "flowstats-view." G_MODULE_SUFFIX

#define MISSING                                                                                    \
    "Flow Timeline needs " FILE_NAME ", which this installation lacks: it comes with the package " \
    "flowstats-view, or with a build where Qt and QCustomPlot are found.\n"

/* ".../epan/flowstats.so" -> ".../flowstats/flowstats-view.so" */
static char *path_of_module(void)
{
    char *plugin = fs_file_of_function((void (*)(void))fs_picture_module);

    if (!plugin)
        return NULL;
    char *folder = g_path_get_dirname(plugin), *above = g_path_get_dirname(folder);
    char *path = g_build_filename(above, "flowstats", FILE_NAME, NULL);
    g_free(folder);
    g_free(above);
    g_free(plugin);
    return path;
}

static const struct flow_picture_module *load(const char **ret_error)
{
    const struct flow_picture_module *(*symbol)(void) = NULL;
    char *path = path_of_module();
    GModule *file = path ? g_module_open(path, G_MODULE_BIND_LOCAL) : NULL;

    if (!file) {
        *ret_error = g_strconcat(MISSING, g_module_error(), NULL);
    } else if (!g_module_symbol(file, FLOW_PICTURE_SYMBOL, (void **)&symbol) ||
               symbol()->version != FLOW_PICTURES_VERSION) {
        *ret_error = g_strconcat(path, " is of another version of flowstats", NULL);
        symbol = NULL;
    }
    if (symbol)
        g_module_make_resident(file); /* Qt cannot be unloaded */
    g_free(path);
    return symbol ? symbol() : NULL;
}

const struct flow_picture_module *fs_picture_module(const char **ret_error)
{
    static const struct flow_picture_module *module;
    static const char *error;

    if (!module && !error)
        module = load(&error);
    *ret_error = error;
    return module;
}
