#include "session.h"

#include "clock.h"
#include "host.h"
#include "prefs.h"
#include "program.h"

static void (*before_opening)(void);
static GPtrArray *at_first_frame; /* void (*)(void) */

static struct flow_meter *meter;

/* A statistic that goes on from file to file. */
struct statistic {
    void (*take)(void *data);
    void *data;
};

static GSList *statistics;
static GSList *streams; /* const struct fs_stream */

static bool ends_with_files; /* flows do, whatever the preference says */
static bool keeps_orphans;
static bool is_drawn; /* statistics are, so this session is the last of the program */

/*
 * Where flows end with their files (-M, -b), their numbers go on nevertheless, and
 * so does that of the file.
 */
static uint32_t next_id, files_before;

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

bool fs_session_is_stream(void)
{
    return streams && !statistics;
}

static void tell_ended(struct flow_view *view, void *data _U_)
{
    for (GSList *item = streams; item; item = item->next) {
        const struct fs_stream *stream = item->data;
        stream->ended(view, stream->data);
    }
}

static void tell_forgetting(struct flow_view *view, uint32_t facts, void *data _U_)
{
    for (GSList *item = streams; item; item = item->next) {
        const struct fs_stream *stream = item->data;
        stream->forgetting(view, facts, stream->data);
    }
}

/* Statistics are attached before or after the file is opened, and before the first frame. */
static void bound(void)
{
    bool is_stream = fs_session_is_stream();
    struct flow_bounds bounds = { .max_open = MAX(fs_prefs->max_open, 1),
                                  .files_before = files_before,
                                  .is_stream = is_stream,
                                  .keeps_orphans = keeps_orphans,
                                  .ended = tell_ended,
                                  .forgetting = is_stream ? tell_forgetting : NULL };

    flow_meter_bound(meter, &bounds);
}

static void open_session(void)
{
    before_opening();
    frames_seen = 0;
    if (meter) { /* flows go on */
        flow_meter_begin_file(meter);
        return;
    }

    struct flow_limits limits = { .idle_ns = (int64_t)fs_prefs->idle_timeout * FS_NS_IN_S,
                                  .active_ns = (int64_t)fs_prefs->active_timeout * FS_NS_IN_S };

    meter = flow_meter_new(&limits, next_id, fs_host_choose());
}

/* Before a meter goes, or forgets what ends with a file. */
static void take_all(void)
{
    for (GSList *item = statistics; item; item = item->next) {
        const struct statistic *statistic = item->data;
        statistic->take(statistic->data);
    }
    for (GSList *item = streams; item; item = item->next) {
        const struct fs_stream *stream = item->data;
        stream->take(stream->data);
    }
}

static void close_session(void)
{
    bool goes_on = !is_drawn && fs_program_runs_once();

    if (!meter)
        return;
    if (goes_on && fs_prefs->carry_over && !ends_with_files) {
        flow_meter_end_file(meter, frames_seen, statistics != NULL);
        take_all();
        return;
    }
    if (goes_on) {
        flow_meter_finish(meter);
        take_all();
        next_id = flow_meter_next_id(meter);
        files_before += frames_seen > 0; /* a live capture begins empty ones, too */
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
    if (!at_first_frame)
        at_first_frame = g_ptr_array_new();
    g_ptr_array_add(at_first_frame, (void *)call);
}

void fs_session_first_dissection(uint32_t frame)
{
    fs_program_has_started();
    if (frames_seen == 0)
        bound();
    for (unsigned i = 0; frames_seen == 0 && at_first_frame && i < at_first_frame->len; i++)
        ((void (*)(void))at_first_frame->pdata[i])();
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

void fs_session_end_with_files(void)
{
    ends_with_files = true;
}

void fs_session_keep_orphans(void)
{
    keeps_orphans = true;
}

uint32_t fs_session_frames(void)
{
    return frames_seen;
}

void fs_session_attach_stream(const struct fs_stream *stream)
{
    streams = g_slist_append(streams, (void *)stream);
}

void fs_session_detach_stream(const struct fs_stream *stream)
{
    streams = g_slist_remove(streams, stream);
}
