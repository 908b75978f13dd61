#include "session.h"

#include "clock.h"
#include "extensions.h"
#include "prefs.h"
#include "program.h"

static void (*before_opening)(void);
static void (*at_first_frame)(void);

static struct flow_meter *meter;
static GSList *tallies; /* struct flow_tally */

static bool is_drawn; /* statistics are, so this session is the last of the program */

/* tshark reads one file; when a session begins again there (-M), the numbers of flows go on. */
static uint32_t next_id;

/*
 * That a pass through all frames is over is told once, when a file has been
 * read, and not when it is dissected again.  So the number of its frames is
 * kept: the pass is over when that frame has been dissected again.  Another
 * file may have as many frames so far, and go on.
 */
static uint32_t frames_seen, frames_of_file;

struct flow_meter *fs_session_meter(void)
{
    return meter;
}

static void open_session(void)
{
    before_opening();

    struct flow_limits limits = { .idle_ns = (int64_t)fs_prefs->idle_timeout * FS_NS_IN_S,
                                  .active_ns = (int64_t)fs_prefs->active_timeout * FS_NS_IN_S };

    meter = flow_meter_new(&limits, next_id);
    flow_meter_extend(meter, fs_extensions_choose());
    frames_seen = 0;
}

static void close_session(void)
{
    bool goes_on = !is_drawn && fs_program_runs_once();

    if (!meter)
        return;
    if (goes_on) {
        flow_meter_finish(meter);
        for (GSList *tally = tallies; tally; tally = tally->next)
            flow_tally_keep(tally->data, meter);
        next_id += flow_meter_flows(meter);
    }
    flow_meter_free(meter);
    meter = NULL;
    if (!goes_on || !tallies)
        fs_extensions_close();
}

static void file_was_read(void)
{
    frames_of_file = frames_seen;
    if (meter)
        flow_meter_finish(meter);
}

void fs_session_register(void (*opening)(void))
{
    before_opening = opening;
    register_init_routine(open_session);
    register_cleanup_routine(close_session);
    register_postseq_cleanup_routine(file_was_read);
}

void fs_session_at_first_frame(void (*call)(void))
{
    at_first_frame = call;
}

void fs_session_first_dissection(uint32_t frame)
{
    fs_program_has_started();
    if (frames_seen == 0 && at_first_frame)
        at_first_frame();
    frames_seen = MAX(frames_seen, frame);
}

void fs_session_later_dissection(void)
{
    if (frames_of_file > 0 && frames_seen == frames_of_file && !flow_meter_is_finished(meter) &&
        fs_program_has_read_all())
        flow_meter_finish(meter);
}

bool fs_session_is_last(uint32_t frame)
{
    return frame == frames_seen;
}

void fs_session_draw(void)
{
    if (!fs_program_runs_once())
        return;
    is_drawn = true;
    if (meter)
        flow_meter_finish(meter);
}

void fs_session_attach(struct flow_tally *tally)
{
    tallies = g_slist_prepend(tallies, tally);
}

void fs_session_detach(struct flow_tally *tally)
{
    tallies = g_slist_remove(tallies, tally);
}
