#include "packets.h"
#include "session.h"

#include "core.h"
#include "host.h"
#include "prefs.h"
#include "program.h"

/*
 * When a meter begins and ends: Wireshark opens and closes files by its routines,
 * and here a program does so of which each test says what it is.
 */

static void (*open_file)(void), (*close_file)(void), (*file_was_read)(void);
static bool runs_once, has_read_all;
static unsigned starts, openings, hosts_closed;
static struct fs_prefs preferences;
static struct flow_groups groups;
static GString *told;

const struct fs_prefs *const fs_prefs = &preferences;

void register_init_routine(void (*routine)(void))
{
    open_file = routine;
}

void register_cleanup_routine(void (*routine)(void))
{
    close_file = routine;
}

void register_postseq_cleanup_routine(void (*routine)(void))
{
    file_was_read = routine;
}

bool fs_program_runs_once(void)
{
    return runs_once;
}

void fs_program_has_started(void)
{
    starts++;
}

bool fs_program_has_read_all(void)
{
    return has_read_all;
}

const struct flow_groups *fs_host_choose(void)
{
    return &groups;
}

void fs_host_close(void)
{
    hosts_closed++;
}

static void note_opening(void)
{
    openings++;
}

static void begin(bool once, bool carry_over)
{
    preferences = (struct fs_prefs){ .max_open = 100, .carry_over = carry_over };
    runs_once = once;
    has_read_all = true;
    starts = openings = hosts_closed = 0;
    told = g_string_new(NULL);
}

static void has_said(const char *want)
{
    g_assert_cmpstr(told->str, ==, want);
    g_string_truncate(told, 0);
}

static void end(void)
{
    runs_once = false; /* whatever goes on ends */
    close_file();
    g_assert_null(fs_session_meter());
    g_string_free(told, TRUE);
}

/* The frame has a packet of the flow of that host. */
static void dissect(uint32_t frame, uint8_t host)
{
    struct flow_packet packet = udp_packet(frame, host, 50000, 99, 53);

    fs_session_first_dissection(frame);
    flow_meter_account(fs_session_meter(), &packet);
}

static void take(void *data)
{
    g_string_append_printf(told, "take %s ", (const char *)data);
}

static void tell_ended(struct flow_view *view, void *data)
{
    (void)view;
    g_string_append_printf(told, "ended %s ", (const char *)data);
}

static void tell_forgetting(struct flow_view *view, uint32_t facts, void *data)
{
    (void)view;
    (void)facts;
    g_string_append_printf(told, "forgetting %s ", (const char *)data);
}

static char one[] = "one", other[] = "other";
static const struct fs_stream stream = { tell_ended, tell_forgetting, take, one };

static void test_frames_are_counted(void)
{
    begin(false, true);
    open_file();
    g_assert_cmpuint(openings, ==, 1);
    g_assert_cmpuint(fs_session_frames(), ==, 0);
    dissect(1, 1);
    dissect(5, 1);
    fs_session_first_dissection(3); /* whose turn comes later, in a window */
    g_assert_cmpuint(fs_session_frames(), ==, 5);
    g_assert_true(fs_session_is_last(5));
    g_assert_false(fs_session_is_last(3));
    g_assert_cmpuint(starts, ==, 3);
    close_file();
    g_assert_cmpuint(hosts_closed, ==, 1);
    g_assert_null(fs_session_meter());
    close_file(); /* there is none */
    g_assert_cmpuint(hosts_closed, ==, 1);
    open_file();
    g_assert_cmpuint(fs_session_frames(), ==, 0);
    end();
}

static unsigned first_frames;

static void note_first_frame(void)
{
    first_frames++;
}

static void test_the_first_frame_is_told(void)
{
    begin(false, true);
    fs_session_at_first_frame(note_first_frame);
    open_file();
    g_assert_cmpuint(first_frames, ==, 0);
    dissect(1, 1);
    g_assert_cmpuint(first_frames, ==, 1);
    dissect(2, 1);
    g_assert_cmpuint(first_frames, ==, 1);
    end();
}

/* In a window a file is another session, and all of its flows are new. */
static void test_a_window_begins_anew(void)
{
    begin(false, true);
    fs_session_attach(take, one);
    open_file();
    dissect(1, 1);
    close_file();
    has_said("");
    open_file();
    g_assert_cmpuint(flow_meter_next_id(fs_session_meter()), ==, 0);
    dissect(1, 1);
    end();
    fs_session_detach(one);
}

static void test_flows_go_on_from_file_to_file(void)
{
    begin(true, true);
    fs_session_attach(take, one);
    fs_session_attach(take, other);
    open_file();
    struct flow_meter *meter = fs_session_meter();
    dissect(1, 1);
    dissect(2, 2);
    close_file();
    has_said("take one take other ");
    g_assert_true(fs_session_meter() == meter);
    g_assert_true(flow_meter_is_between(meter));
    g_assert_cmpuint(hosts_closed, ==, 0);
    open_file();
    g_assert_false(flow_meter_is_between(meter));
    g_assert_true(fs_session_meter() == meter);
    g_assert_cmpuint(openings, ==, 2);
    g_assert_cmpuint(flow_meter_frames(meter), ==, 2);
    g_assert_cmpuint(fs_session_frames(), ==, 0);
    dissect(1, 1);
    g_assert_cmpuint(flow_meter_next_id(meter), ==, 2);
    fs_session_detach(one);
    close_file();
    has_said("take other ");
    fs_session_detach(other);
    open_file();
    close_file();
    has_said("");
    end();
}

/* Their numbers go on nevertheless. */
static void test_flows_end_with_their_file(void)
{
    begin(true, false);
    fs_session_attach(take, one);
    open_file();
    dissect(1, 1);
    dissect(2, 2);
    close_file();
    has_said("take one ");
    g_assert_null(fs_session_meter());
    g_assert_cmpuint(hosts_closed, ==, 1);
    open_file();
    g_assert_cmpuint(flow_meter_next_id(fs_session_meter()), ==, 2);
    close_file();
    open_file();
    dissect(1, 1);
    g_assert_cmpuint(flow_meter_next_id(fs_session_meter()), ==, 3);
    g_string_truncate(told, 0);
    end();
    fs_session_detach(one);
}

static void test_a_stream_hears_of_flows_that_end(void)
{
    begin(true, true);
    preferences.max_open = 0; /* one at least */
    g_assert_false(fs_session_is_stream());
    fs_session_attach_stream(&stream);
    g_assert_true(fs_session_is_stream());
    open_file();
    dissect(1, 1);
    has_said("");
    dissect(2, 2);
    has_said("ended one ");
    close_file();
    has_said("take one ");
    /* A statistic beside it wants all flows. */
    fs_session_attach(take, other);
    g_assert_false(fs_session_is_stream());
    fs_session_detach(other);
    fs_session_detach_stream(&stream);
    g_assert_false(fs_session_is_stream());
    end();
}

/* A pass is over when the last frame of the file has been dissected once more. */
static void test_a_pass_is_over_with_the_last_frame(void)
{
    begin(false, true);
    open_file();
    struct flow_meter *meter = fs_session_meter();
    dissect(1, 1);
    dissect(2, 1);
    g_assert_false(flow_meter_is_finished(meter));
    fs_session_later_dissection();
    g_assert_false(flow_meter_is_finished(meter)); /* nobody has said where the file ends */
    file_was_read();
    g_assert_true(flow_meter_is_finished(meter));
    close_file();

    open_file(); /* dissected again */
    meter = fs_session_meter();
    dissect(1, 1);
    fs_session_later_dissection();
    g_assert_false(flow_meter_is_finished(meter));
    dissect(2, 1);
    has_read_all = false; /* another file, which goes on */
    fs_session_later_dissection();
    g_assert_false(flow_meter_is_finished(meter));
    has_read_all = true;
    fs_session_later_dissection();
    g_assert_true(flow_meter_is_finished(meter));
    close_file();
    open_file(); /* another one, of one frame */
    dissect(1, 1);
    file_was_read();
    close_file();
    open_file();
    dissect(1, 1);
    fs_session_later_dissection();
    g_assert_true(flow_meter_is_finished(fs_session_meter()));
    close_file();
    file_was_read(); /* there is no meter, and no frame */
    end();
}

/* The last of the program, as a statistic is drawn once: nothing goes on. */
static void test_what_is_drawn_is_the_last(void)
{
    begin(false, true);
    open_file();
    dissect(1, 1);
    fs_session_draw(); /* in a window they are drawn while it goes on */
    g_assert_false(flow_meter_is_finished(fs_session_meter()));
    close_file();
    runs_once = true;
    fs_session_attach(take, one);
    open_file();
    dissect(1, 1);
    fs_session_draw();
    g_assert_true(flow_meter_is_finished(fs_session_meter()));
    close_file();
    has_said("");
    g_assert_null(fs_session_meter());
    fs_session_draw();
    fs_session_detach(one);
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    fs_session_register(note_opening);
    g_test_add_func("/session/frames-are-counted", test_frames_are_counted);
    g_test_add_func("/session/the-first-frame-is-told", test_the_first_frame_is_told);
    g_test_add_func("/session/a-window-begins-anew", test_a_window_begins_anew);
    g_test_add_func("/session/flows-go-on-from-file-to-file", test_flows_go_on_from_file_to_file);
    g_test_add_func("/session/a-stream-hears-of-flows-that-end",
                    test_a_stream_hears_of_flows_that_end);
    g_test_add_func("/session/flows-end-with-their-file", test_flows_end_with_their_file);
    g_test_add_func("/session/a-pass-is-over-with-the-last-frame",
                    test_a_pass_is_over_with_the_last_frame);
    g_test_add_func("/session/what-is-drawn-is-the-last", test_what_is_drawn_is_the_last);
    return g_test_run();
}
