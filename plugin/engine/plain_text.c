#include "plain_text.h"

#include <glib.h>
#include <stdbool.h>

/* Nearly all names are: such a text needs no look at each character again. */
static bool is_printable_ascii(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isprint(bytes[i]))
            return false;
    return true;
}

char *flow_plain_text(const char *bytes, size_t length, size_t most)
{
    if (is_printable_ascii(bytes, length))
        return g_strndup(bytes, MIN(length, most));

    char *valid = g_utf8_make_valid(bytes, (gssize)length);
    GString *text = g_string_new(NULL);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        size_t before = text->len;
        if (g_unichar_iscntrl(character))
            g_string_append_printf(text, "\\x%02x", character);
        else
            g_string_append_unichar(text, character);
        if (text->len > most) {
            g_string_truncate(text, before);
            break;
        }
    }
    g_free(valid);
    return g_string_free(text, FALSE);
}
