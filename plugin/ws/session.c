#include "session.h"

#include "clock.h"
#include "host.h"
#include "prefs.h"
#include "program.h"

static void (*before_opening)(void);
static void (*at_first_frame)(void);

static struct flow_meter *meter;

/* A statistic that goes on from file to file. */
struct statistic {
    void (*take)(void *data);
    void *data;
};

static GSList *statistics;

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

    meter = flow_meter_new(&limits, next_id, fs_host_choose());
    frames_seen = 0;
}

static void close_session(void)
{
    bool goes_on = !is_drawn && fs_program_runs_once();

    if (!meter)
        return;
    if (goes_on) {
        flow_meter_finish(meter);
        for (GSList *item = statistics; item; item = item->next) {
            const struct statistic *statistic = item->data;
            statistic->take(statistic->data);
        }
        next_id += flow_meter_flows(meter);
    }
    flow_meter_free(meter);
    meter = NULL;
    fs_host_close();
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

void fs_session_attach(void (*take)(void *data), void *data)
{
    struct statistic *statistic = g_new(struct statistic, 1);

    *statistic = (struct statistic){ .take = take, .data = data };
    statistics = g_slist_append(statistics, statistic);
}

void fs_session_detach(void *data)
{
    for (GSList *item = statistics; item; item = item->next) {
        struct statistic *statistic = item->data;
        if (statistic->data == data) {
            statistics = g_slist_delete_link(statistics, item);
            g_free(statistic);
            return;
        }
    }
}
