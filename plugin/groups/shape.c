#include "shape.h"

#include "core.h"
#include "span.h"
#include "view.h"

#define NS_IN_S  INT64_C(1000000000)
#define NS_IN_MS INT64_C(1000000)

/* Both in milliseconds. */
static uint32_t idle_gap = 5000;
static uint32_t peak_interval = 1000;

static const struct flow_setting settings[] = {
    { .name = "idle_gap",
      .title = "Idle gap (milliseconds)",
      .help = "A longer silence of a flow is one of its idle periods, and stands between two of "
              "activity: flow.idle.count, flow.active.count and what belongs to them.",
      .value = &idle_gap,
      .least = 1,
      .most = UINT32_MAX },
    { .name = "peak_interval",
      .title = "Interval of peak rates (milliseconds)",
      .help = "The length of the intervals whose rates flow.rate.peak compares.",
      .value = &peak_interval,
      .least = 1,
      .most = UINT32_MAX },
    { .name = NULL },
};

/* Fold */

/* Let a packet's time come, and return the time since the packet before; 0 for the first. */
static int64_t tick(struct shape_clock *clock, int64_t time_ns)
{
    int64_t gap_ns = 0;

    if (clock->packets == 0) {
        clock->first_ns = clock->latest_ns = time_ns;
    } else {
        gap_ns = MAX(flow_span(clock->latest_ns, time_ns), 0);
        flow_samples_add(&clock->gaps, gap_ns);
        clock->latest_ns = MAX(clock->latest_ns, time_ns);
    }
    clock->packets++;
    return gap_ns;
}

static void end_interval(struct shape_bin *bin)
{
    bin->greatest = MAX(bin->greatest, bin->bytes);
    bin->bytes = 0;
}

static void fold_peak(struct shape_state *state, const struct flow_fact *fact)
{
    uint64_t since = (uint64_t)flow_span(state->clock.first_ns, state->clock.latest_ns);
    uint64_t interval = since / ((uint64_t)peak_interval * NS_IN_MS);

    for (unsigned i = 0; interval != state->interval && i <= FLOW_DIRS; i++)
        end_interval(&state->bins[i]);
    state->interval = interval;
    state->bins[flow_fact_dir(fact)].bytes += fact->wire_len;
    state->bins[FLOW_DIRS].bytes += fact->wire_len;
}

static void fold_periods(struct shape_state *state, int64_t before_ns, int64_t gap_ns)
{
    if (state->clock.packets == 1)
        state->active_since_ns = state->clock.latest_ns;
    if (gap_ns <= idle_gap * NS_IN_MS)
        return;
    flow_samples_add(&state->active, flow_span(state->active_since_ns, before_ns));
    flow_samples_add(&state->idle, gap_ns);
    state->active_since_ns = state->clock.latest_ns;
}

static void fold_time(struct shape_state *state, const struct flow_fact *fact)
{
    struct shape_half *half = &state->half[flow_fact_dir(fact)];
    int64_t before_ns = state->clock.latest_ns;
    int64_t gap_ns = tick(&state->clock, fact->time_ns);

    tick(&half->clock, fact->time_ns);
    fold_periods(state, before_ns, gap_ns);
    fold_peak(state, fact);
    if (fact->payload_len == 0)
        return;
    if (half->payload_packets++ == 0)
        half->payload_first_ns = half->clock.latest_ns;
    half->payload_last_ns = half->clock.latest_ns;
}

static void fold(void *of, const struct flow_fold *from)
{
    struct shape_state *state = of;
    const struct flow_fact *fact = from->fact;
    struct shape_half *half = &state->half[flow_fact_dir(fact)];

    if (fact->bits & FLOW_FACT_EVENT)
        return;
    flow_samples_add(&half->len, fact->wire_len);
    if (fact->payload_len > 0)
        flow_samples_add(&half->payload, fact->payload_len);
    if (fact->bits & FLOW_FACT_TIME)
        fold_time(state, fact);
}

/* Rows */

struct flow_samples flow_shape_both(const struct flow_samples *up, const struct flow_samples *down)
{
    struct flow_samples sum = *up;

    flow_samples_merge(&sum, down);
    return sum;
}

/* Of a direction; with FLOW_DIRS, of both together. */
static struct flow_samples len(const struct shape_state *state, enum flow_dir dir)
{
    const struct shape_half *half = state->half;

    return dir < FLOW_DIRS ? half[dir].len
                           : flow_shape_both(&half[FLOW_UP].len, &half[FLOW_DOWN].len);
}

static struct flow_samples payload(const struct shape_state *state, enum flow_dir dir)
{
    const struct shape_half *half = state->half;

    return dir < FLOW_DIRS ? half[dir].payload
                           : flow_shape_both(&half[FLOW_UP].payload, &half[FLOW_DOWN].payload);
}

static const struct shape_clock *clock_of(const struct shape_state *state, enum flow_dir dir)
{
    return dir < FLOW_DIRS ? &state->half[dir].clock : &state->clock;
}

static struct flow_samples gaps(const struct shape_state *state, enum flow_dir dir)
{
    return clock_of(state, dir)->gaps;
}

struct flow_samples flow_shape_active(const struct shape_state *state)
{
    struct flow_samples periods = state->active;

    if (state->clock.packets > 0)
        flow_samples_add(&periods, flow_span(state->active_since_ns, state->clock.latest_ns));
    return periods;
}

/* The sum of lengths of frames is far from the end of 64 bits. */
static double total(struct flow_samples lengths)
{
    return (double)lengths.sum[0];
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_IN_S;
}

/* flow.duration in seconds; 0 where it is not known. */
static double duration(const struct flow_asked *asked)
{
    const struct flow_state *core = flow_asked_state(asked, &flow_core);

    return core && core->bits & FLOW_STATE_TIME ? seconds(flow_span(core->start_ns, core->last_ns))
                                                : 0;
}

static double peak(const struct shape_state *state, enum flow_dir dir)
{
    const struct shape_bin *bin = &state->bins[dir];

    return 8 * (double)MAX(bin->greatest, bin->bytes) * 1000 / peak_interval;
}

/* TCP sends bytes again: there the group of holes knows how many came once. */
static bool new_bytes(const struct flow_asked *asked, const struct shape_half *half,
                      double *ret_bytes)
{
    static const char *const names[2][FLOW_DIRS] = {
        { [FLOW_UP] = "sofar.tcp.up.unique_bytes", [FLOW_DOWN] = "sofar.tcp.down.unique_bytes" },
        { [FLOW_UP] = "tcp.up.unique_bytes", [FLOW_DOWN] = "tcp.down.unique_bytes" },
    };
    struct flow_value unique = { .known = true, .as.number = half->payload.sum[0] };

    if (asked->view->flow->key.protocol == FLOW_PROTOCOL_TCP)
        unique = flow_view_value(asked->view, names[asked->is_whole][asked->dir]);
    *ret_bytes = (double)unique.as.number;
    return unique.known;
}

static bool has_goodput(const struct flow_asked *asked, const struct shape_half *half)
{
    double bytes;

    return half->payload_last_ns > half->payload_first_ns && new_bytes(asked, half, &bytes);
}

static double goodput(const struct flow_asked *asked, const struct shape_half *half)
{
    double bytes = 0;

    new_bytes(asked, half, &bytes);
    return 8 * bytes / seconds(flow_span(half->payload_first_ns, half->payload_last_ns));
}

/* The producer-consumer ratio. */
static double pcr(const struct shape_state *state)
{
    double up = total(state->half[FLOW_UP].payload), down = total(state->half[FLOW_DOWN].payload);

    return (up - down) / (up + down);
}

static bool has_payload(const struct shape_state *state)
{
    return state->half[FLOW_UP].payload.count + state->half[FLOW_DOWN].payload.count > 0;
}

#define ROWS_FILE  "shape.def"
#define ROWS_STATE struct shape_state
#define ROWS_HALF  struct shape_half
#include "rows.h"

/* "frames of 60 to 1514 bytes, mean gap 12.345 ms" */
static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const struct shape_state *state = asked->state;
    struct flow_samples lengths = len(state, FLOW_DIRS);
    int64_t us = flow_mean_rounded(state->clock.gaps) / 1000;
    char most[24] = "", mean_gap[48] = "";

    if (state->clock.gaps.count > 0)
        g_snprintf(mean_gap, sizeof mean_gap, ", mean gap %" G_GINT64_FORMAT ".%03u ms", us / 1000,
                   (unsigned)(us % 1000));
    if (lengths.max > lengths.min)
        g_snprintf(most, sizeof most, " to %u", (unsigned)lengths.max);
    g_snprintf(ret_text, size, "frames of %u%s bytes%s", (unsigned)lengths.min, most, mean_gap);
}

/* No merge: a packet that comes late at the seam changes the gaps that follow it. */
const struct flow_group flow_shape = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct shape_state),
    .is_on = true,
    .is_quiet = true,
    .name = "shape",
    .title = "Shape",
    .help = "How long the packets of each flow are, how much time lies between them, and how fast "
            "they come.",
    .rows = rows,
    .fold = fold,
    .summary = summary,
    .settings = settings,
};
