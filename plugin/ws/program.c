#include "program.h"

#include <epan/plugin_if.h>
#include <stdlib.h>

static bool has_started, has_failed;

/* Each program tells GLib its name, whatever its file is called. */
static enum fs_program recognise(void)
{
    static const struct {
        const char *name;
        enum fs_program program;
    } programs[] = {
        { "tshark", FS_TSHARK },
        { "wireshark", FS_WIRESHARK },
        { "stratoshark", FS_WIRESHARK },
        { "sharkd", FS_SHARKD },
    };
    const char *name = g_get_prgname();

    for (size_t i = 0; name && i < G_N_ELEMENTS(programs); i++)
        if (g_ascii_strcasecmp(name, programs[i].name) == 0)
            return programs[i].program;
    return FS_OTHER;
}

enum fs_program fs_program(void)
{
    static bool is_known;
    static enum fs_program program;

    if (!is_known) {
        program = recognise();
        is_known = true;
    }
    return program;
}

bool fs_program_runs_once(void)
{
    return fs_program() == FS_TSHARK;
}

void fs_program_has_started(void)
{
    has_started = true;
}

bool fs_program_has_read_all(void)
{
    ws_info_t *info = NULL;

    plugin_if_get_ws_info(&info);
    return !info || !info->ws_info_supported || info->cf_state == FILE_READ_DONE;
}

bool fs_program_may_end(void)
{
    return fs_program_runs_once() && !has_started;
}

void fs_program_fail(void)
{
    has_failed = true;
}

/* Runs when the plugin is unloaded, the last of it that runs. */
__attribute__((destructor)) static void exit_as_failed(void)
{
    if (has_failed && fs_program_runs_once()) {
        fflush(NULL);
        _Exit(EXIT_FAILURE);
    }
}
