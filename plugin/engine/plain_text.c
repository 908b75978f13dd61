#include "plain_text.h"

#include <glib.h>

char *flow_plain_text(const char *bytes, size_t length, size_t most)
{
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
