#include "menu.h"

#include "picture_module.h"
#include "pictures.h"

#include <epan/plugin_if.h>
#include <wsutil/report_message.h>

static const struct {
    const char *label;
    const char *tooltip;
} entries[FLOW_PICTURE_VIEWS] = {
    [FLOW_PICTURE_TIMELINE] = { "Timeline",
                                "A bar for each flow, from its first packet to its last" },
    [FLOW_PICTURE_OVER_TIME] = { "Over Time",
                                 "Throughput, live flows and response times over time" },
    [FLOW_PICTURE_WHO] = { "Who", "The hosts, ports, applications and conversations with the most "
                                  "bytes, packets or flows" },
    [FLOW_PICTURE_SCATTER] = { "Scatter", "A dot for each flow: any field against any other" },
};

static void choose(ext_menubar_gui_type type _U_, gpointer object _U_, gpointer data)
{
    const char *error = NULL;
    const struct flow_picture_module *module = fs_picture_module(&error);

    if (module)
        error = module->open(fs_pictures_host(NULL), GPOINTER_TO_UINT(data));
    if (error)
        report_failure("%s", error);
}

void fs_menu_register(int proto)
{
    ext_menu_t *menu = ext_menubar_register_menu(proto, "Flow Timeline", TRUE);

    ext_menubar_set_parentmenu(menu, "Statistics");
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++)
        ext_menubar_add_entry(menu, entries[i].label, entries[i].tooltip, choose,
                              GUINT_TO_POINTER(i));
}
