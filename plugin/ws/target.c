#include "target.h"

#include "program.h"

#include <wsutil/report_message.h>

/* Whether a filter stands where the file is expected: few files are called "tcp.port==443". */
static bool is_filter(const char *file)
{
    ws_filter_error *error = NULL;
    dfilter_t *filter = NULL;
    bool has_operator = strpbrk(file, "=<>!&|~{ ") != NULL;

    if (!has_operator || !dfilter_compile(file, &filter, &error)) {
        ws_filter_error_free(error);
        return false;
    }
    dfilter_free(filter);
    return true;
}

/* rest: what follows the name. */
static char *complaint(const char *argument, const char *name, const char *rest, const char *file)
{
    if (*rest && *rest != ',')
        return g_strdup_printf("-z %s: there is no such statistic", argument);
    if (is_filter(file))
        return g_strdup_printf("-z %s: a filter stands where the file is expected; for "
                               "standard output write -z %s,-,%s",
                               argument, name, rest + 1);
    return NULL;
}

bool fs_target_read(const char *argument, const char *name, struct fs_target *ret_target,
                    char **ret_error)
{
    const char *rest = argument + strlen(name);
    char **parts = g_strsplit(*rest == ',' ? rest + 1 : "", ",", 2);
    const char *file = parts[0] ? parts[0] : "";
    const char *filter = parts[0] && parts[1] && *parts[1] ? parts[1] : NULL;
    char *error = complaint(argument, name, rest, file);
    struct fs_output *output = error ? NULL : fs_output_new(file, &error);

    if (output)
        *ret_target = (struct fs_target){ .output = output, .filter = g_strdup(filter) };
    else
        *ret_error = error;
    g_strfreev(parts);
    return output != NULL;
}

char *fs_target_refusal(const char *argument, GString *refusal)
{
    char *error = g_strdup_printf("-z %s: %s", argument, refusal->str);

    g_string_free(refusal, TRUE);
    return error;
}

void fs_target_report(char *error)
{
    if (*error)
        report_failure("flowstats: %s", error);
    g_free(error);
}

bool fs_target_goes_on(char *error)
{
    if (!error)
        return true;
    fs_target_report(error);
    return !fs_program_may_end();
}
