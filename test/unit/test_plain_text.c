#include "plain_text.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

enum { ENOUGH = 100 };

static const struct {
    const char *claim;
    const char *bytes;
    size_t most;
    const char *text;
} rows[] = {
    { "nothing", "", ENOUGH, "" },
    { "plain", "www.a.org", ENOUGH, "www.a.org" },
    { "all that is plain begins and ends here", " ~", ENOUGH, " ~" },
    { "plain, as long as it may be", "abcdef", 6, "abcdef" },
    { "plain, cut", "abcdef", 5, "abcde" },
    { "control characters", "a\x1b[2Jb\x07", ENOUGH, "a\\x1b[2Jb\\x07" },
    { "the first of them", "\x01", ENOUGH, "\\x01" },
    { "a delete", "a\x7f", ENOUGH, "a\\x7f" },
    { "a control character of two bytes", "a\xc2\x80", ENOUGH, "a\\x80" },
    { "two bytes a character", "h\xc3\xa4", ENOUGH, "h\xc3\xa4" },
    { "as long as it may be", "h\xc3\xa4", 3, "h\xc3\xa4" },
    { "cut between characters", "h\xc3\xa4", 2, "h" },
    { "cut behind one", "h\xc3\xa4u", 3, "h\xc3\xa4" },
    { "cut before an escape", "ab\x07", 5, "ab" },
    { "cut behind one, which fits", "ab\x07u", 6, "ab\\x07" },
    { "nothing fits", "\xe2\x86\x92", 2, "" },
    { "what is no UTF-8",
      "a\xff"
      "b",
      ENOUGH,
      "a\xef\xbf\xbd"
      "b" },
};

static void test_texts_of_packets(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t length = strlen(rows[i].bytes);
        char *exact = g_memdup2(rows[i].bytes, MAX(length, 1)); /* a byte too far is seen */
        char *text = flow_plain_text(exact, length, rows[i].most);

        g_test_message("%s", rows[i].claim);
        g_assert_cmpstr(text, ==, rows[i].text);
        g_free(text);
        g_free(exact);
    }
}

/* Every byte alone is a character that can be shown, or is escaped, or is none. */
static void test_any_byte(void)
{
    for (unsigned byte = 1; byte <= UINT8_MAX; byte++) {
        const char bytes[] = { 'a', (char)byte, 'b' };
        char *text = flow_plain_text(bytes, sizeof bytes, ENOUGH);
        char *want = byte < 0x20 || byte == 0x7f ? g_strdup_printf("a\\x%02xb", byte)
                     : byte < 0x80               ? g_strdup_printf("a%cb", (int)byte)
                                                 : g_strdup("a\xef\xbf\xbd"
                                                                          "b");

        g_assert_cmpstr(text, ==, want);
        g_free(want);
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plain-text/texts-of-packets", test_texts_of_packets);
    g_test_add_func("/plain-text/any-byte", test_any_byte);
    return g_test_run();
}
