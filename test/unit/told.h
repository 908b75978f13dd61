#ifndef TEST_UNIT_TOLD_H
#define TEST_UNIT_TOLD_H

#include <glib.h>
#include <wsutil/report_message.h>

/* What users hear, a line each, and what else a test writes down there.  Made by the test. */
static GString *told;

G_GNUC_PRINTF(2, 0)
static inline void tell_more(const char *before, const char *format, va_list rest)
{
    g_string_append(told, before);
    g_string_append_vprintf(told, format, rest);
    g_string_append_c(told, '\n');
}

static inline void has_told(const char *want)
{
    g_assert_cmpstr(told->str, ==, want);
    g_string_truncate(told, 0);
}

void report_warning(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    tell_more("warning: ", format, rest);
    va_end(rest);
}

void report_failure(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    tell_more("failure: ", format, rest);
    va_end(rest);
}

#endif
