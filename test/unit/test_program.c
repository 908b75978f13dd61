#include "apart.h"

#include "program.h"

#include <epan/plugin_if.h>

/*
 * Which program it is, is asked once in a run: each test here is one of a name of
 * its own.  What Wireshark's window knows of the open file each test says.
 */

static ws_info_t info;
static bool has_window;

void plugin_if_get_ws_info(ws_info_t **ret_info)
{
    *ret_info = has_window ? &info : NULL;
}

struct called {
    const char *path, *name;
    enum fs_program program;
};

static const struct called programs[] = {
    { "/program/tshark", "tshark", FS_TSHARK },
    { "/program/tshark.exe", "TShark", FS_TSHARK },
    { "/program/wireshark", "wireshark", FS_WIRESHARK },
    { "/program/stratoshark", "stratoshark", FS_WIRESHARK },
    { "/program/sharkd", "sharkd", FS_SHARKD },
    { "/program/fuzzshark", "fuzzshark", FS_OTHER },
    { "/program/tsharks", "tsharks", FS_OTHER },
    { "/program/none", "", FS_OTHER },
};

static void test_program(const void *data)
{
    const struct called *called = data;

    if (!is_apart()) {
        g_test_trap_assert_passed();
        return;
    }
    bool is_tshark = called->program == FS_TSHARK;
    g_set_prgname(called->name);
    g_assert_cmpint(fs_program(), ==, called->program);
    g_set_prgname("another");
    g_assert_cmpint(fs_program(), ==, called->program); /* it stays what it is */
    g_assert_true(fs_program_runs_once() == is_tshark);
    g_assert_true(fs_program_may_end() == is_tshark);
    fs_program_has_started();
    g_assert_false(fs_program_may_end());
    g_assert_true(fs_program_runs_once() == is_tshark);
}

/* Only the exit code of a program that runs once speaks of what failed, and when all is done. */
static void test_failing(const void *data)
{
    const struct called *called = data;

    if (!is_apart()) {
        if (called->program == FS_TSHARK)
            g_test_trap_assert_failed();
        else
            g_test_trap_assert_passed();
        g_test_trap_assert_stdout("*the last words*");
        return;
    }
    g_set_prgname(called->name);
    fs_program_fail();
    fputs("the last words", stdout);
}

static void test_nothing_failed(void)
{
    if (!is_apart()) {
        g_test_trap_assert_passed();
        return;
    }
    g_set_prgname("tshark");
    g_assert_true(fs_program_runs_once());
}

static void test_reading(void)
{
    has_window = false;
    g_assert_true(fs_program_has_read_all());
    has_window = true;
    info = (ws_info_t){ .ws_info_supported = false, .cf_state = FILE_READ_IN_PROGRESS };
    g_assert_true(fs_program_has_read_all()); /* it does not say */
    info.ws_info_supported = true;
    g_assert_false(fs_program_has_read_all());
    info.cf_state = FILE_READ_ABORTED;
    g_assert_false(fs_program_has_read_all());
    info.cf_state = FILE_READ_DONE;
    g_assert_true(fs_program_has_read_all());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        const struct called *called = &programs[i];
        char *failing = g_strconcat(called->path, "-fails", NULL);
        g_test_add_data_func(called->path, called, test_program);
        g_test_add_data_func(failing, called, test_failing);
        g_free(failing);
    }
    g_test_add_func("/program/nothing-failed", test_nothing_failed);
    g_test_add_func("/program/reading", test_reading);
    return g_test_run();
}
