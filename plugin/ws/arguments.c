#include "arguments.h"

/* Where Linux and others with such a file system keep the words, each with a zero at its end. */
#define COMMAND_LINE "/proc/self/cmdline"

/* Those of tshark's options with one letter that take an argument, in any version. */
#define WITH_ARGUMENT "aAbBcCdeEfFHijJKMNoOrRsStTuUwWXyYz"

struct long_option {
    const char *name;
    bool has_argument;
    char letter; /* of the short form; zero where nobody asks for it */
};

/* All of 4.0 to 4.6: of an option that is missing here nobody knows whether an argument follows. */
static const struct long_option long_options[] = {
    { "display-filter", true, 'Y' },
    { "read-filter", true, 'R' },
    { "read-file", true, 'r' },
    { "autostop", true, 0 },
    { "buffer-size", true, 0 },
    { "capture-comment", true, 0 },
    { "color", false, 0 },
    { "compress", true, 0 },
    { "disable-all-protocols", false, 0 },
    { "disable-heuristic", true, 0 },
    { "disable-protocol", true, 0 },
    { "elastic-mapping-filter", true, 0 },
    { "enable-heuristic", true, 0 },
    { "enable-protocol", true, 0 },
    { "export-objects", true, 0 },
    { "export-tls-session-keys", true, 0 },
    { "global-profile", false, 0 },
    { "help", false, 0 },
    { "hexdump", true, 0 },
    { "interface", true, 0 },
    { "linktype", true, 0 },
    { "list-data-link-types", false, 0 },
    { "list-interfaces", false, 0 },
    { "list-time-stamp-types", false, 0 },
    { "log-debug", true, 0 },
    { "log-domains", true, 0 },
    { "log-fatal", true, 0 },
    { "log-fatal-domains", true, 0 },
    { "log-file", true, 0 },
    { "log-level", true, 0 },
    { "log-noisy", true, 0 },
    { "monitor-mode", false, 0 },
    { "no-duplicate-keys", false, 0 },
    { "no-optimize", false, 0 },
    { "no-promiscuous-mode", false, 0 },
    { "only-protocols", true, 0 },
    { "print", false, 0 },
    { "print-timers", false, 0 },
    { "ring-buffer", true, 0 },
    { "selected-frame", true, 0 },
    { "snapshot-length", true, 0 },
    { "temp-dir", true, 0 },
    { "time-stamp-type", true, 0 },
    { "update-interval", true, 0 },
    { "version", false, 0 },
};

struct argument {
    char option;
    const char *text; /* NULL: it takes none */
};

/* Read once; they last as long as the program. */
static struct {
    GPtrArray *words;  /* without the program's name */
    GArray *arguments; /* struct argument */
    bool is_tshark;
    bool is_understood; /* to its end */
} line;

static void add(char option, const char *text)
{
    struct argument argument = { option, text };

    g_array_append_val(line.arguments, argument);
}

/* NULL past the last one. */
static const char *word(unsigned number)
{
    return number < line.words->len ? line.words->pdata[number] : NULL;
}

static bool is_program_tshark(const char *path)
{
    char *name = g_path_get_basename(path);
    bool is_tshark = strcmp(name, "tshark") == 0 || g_str_has_prefix(name, "tshark.") ||
                     strcmp(name, "lt-tshark") == 0;

    g_free(name);
    return is_tshark;
}

/* The option, which may be shortened as long as no other begins so; NULL where there is none. */
static const struct long_option *long_option_of(const char *name, size_t len)
{
    const struct long_option *found = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(long_options); i++) {
        const struct long_option *option = &long_options[i];
        if (strncmp(option->name, name, len) != 0)
            continue;
        if (strlen(option->name) == len)
            return option;
        found = option;
    }
    return found;
}

/* Read "--NAME[=ARGUMENT]" and return the number of the next word; 0: it is not known. */
static unsigned read_long(unsigned number)
{
    const char *name = word(number) + 2;
    const char *equals = strchr(name, '=');
    const struct long_option *option =
        long_option_of(name, equals ? (size_t)(equals - name) : strlen(name));

    number++;
    if (!option)
        return equals ? number : 0;
    if (!option->has_argument)
        add(option->letter, NULL);
    else
        add(option->letter, equals ? equals + 1 : word(number++));
    return number;
}

/* Read "-nqY FILTER" and return the number of the next word. */
static unsigned read_short(unsigned number)
{
    for (const char *letter = word(number++) + 1; *letter; letter++) {
        if (!strchr(WITH_ARGUMENT, *letter)) {
            add(*letter, NULL);
            continue;
        }
        add(*letter, letter[1] ? letter + 1 : word(number++));
        break;
    }
    return number;
}

/* What stands after all options filters the packets of a file. */
static void read_rest(unsigned number)
{
    bool has_file = false;

    for (unsigned i = 0; i < line.arguments->len; i++)
        has_file |= g_array_index(line.arguments, struct argument, i).option == 'r';
    for (; has_file && word(number); number++)
        add('Y', word(number));
}

static void read_arguments(void)
{
    unsigned number = 0;

    while (word(number) && word(number)[0] == '-' && word(number)[1]) {
        if (strcmp(word(number), "--") == 0) {
            number++;
            break;
        }
        number = word(number)[1] == '-' ? read_long(number) : read_short(number);
        if (number == 0)
            return;
    }
    line.is_understood = true;
    read_rest(number);
}

static void read_line(void)
{
    char *text = NULL;
    size_t len = 0;

    if (line.words)
        return;
    line.words = g_ptr_array_new();
    line.arguments = g_array_new(FALSE, FALSE, sizeof(struct argument));
    if (!g_file_get_contents(COMMAND_LINE, &text, &len, NULL))
        return;
    line.is_tshark = is_program_tshark(text);
    for (const char *at = text + strlen(text) + 1; at < text + len; at += strlen(at) + 1)
        g_ptr_array_add(line.words, (void *)at);
    if (line.is_tshark)
        read_arguments();
}

bool fs_arguments_are_of_tshark(void)
{
    read_line();
    return line.is_tshark;
}

bool fs_arguments_ask_for_fields_alone(void)
{
    const char *format = fs_arguments_value('T');

    return line.is_understood && format && strcmp(format, "fields") == 0;
}

/* NULL where the option was not given. */
static const struct argument *last_of(char option)
{
    read_line();
    for (unsigned i = line.arguments->len; i > 0; i--) {
        const struct argument *argument = &g_array_index(line.arguments, struct argument, i - 1);
        if (argument->option == option)
            return argument;
    }
    return NULL;
}

bool fs_arguments_have(char option)
{
    return last_of(option) != NULL;
}

const char *fs_arguments_value(char option)
{
    const struct argument *last = last_of(option);

    return last ? last->text : NULL;
}

bool fs_arguments_name(const char *options, const char *field)
{
    read_line();
    for (unsigned i = 0; i < line.arguments->len; i++) {
        const struct argument *argument = &g_array_index(line.arguments, struct argument, i);
        if (argument->text && argument->option && strchr(options, argument->option) &&
            fs_filter_names(argument->text, field))
            return true;
    }
    return false;
}

static const char *after_quotes(const char *at)
{
    char quote = *at++;

    for (; *at && *at != quote; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static size_t name_len(const char *at)
{
    size_t len = 0;

    while (g_ascii_isalnum(at[len]) || at[len] == '_' || at[len] == '.')
        len++;
    return len;
}

bool fs_filter_names(const char *filter, const char *field)
{
    size_t wanted = strlen(field), len;

    for (const char *at = filter; *at; at += len) {
        len = name_len(at);
        if (len == wanted && strncmp(at, field, len) == 0)
            return true;
        if (len > 0)
            continue;
        len = *at == '"' || *at == '\'' ? (size_t)(after_quotes(at) - at) : 1;
    }
    return false;
}
