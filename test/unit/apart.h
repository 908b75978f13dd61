#ifndef TEST_UNIT_APART_H
#define TEST_UNIT_APART_H

#include <glib.h>
#include <stdbool.h>

/* A test in a program of its own: of what is read, or begins, once in a run. */

/* Return whether this is that program; else it has run, and the caller says how it has to end. */
static inline bool is_apart(void)
{
    if (g_test_subprocess())
        return true;
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    return false;
}

/* The same of one that has to end well: no assertion fails. */
static inline bool is_apart_and_well(void)
{
    if (is_apart())
        return true;
    g_test_trap_assert_passed();
    return false;
}

#endif
