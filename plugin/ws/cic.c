#include "cells.h"
#include "sink.h"

#include "core.h"
#include "span.h"
#include "text.h"

#include <groups/header_group.h>
#include <groups/shape.h>
#include <time.h>

/*
 * CICFlowMeter's columns, with numbers that are right: doc/other-tools.md says
 * which of its own are not.  What no sample tells is 0, as it is there.
 */

#define NS_IN_S  INT64_C(1000000000)
#define NS_IN_US 1000.0

/* What it calls a bulk: at least so many packets with payload in a row, one way, without a pause.
 */
enum { BULK_PACKETS = 4 };
static const int64_t pause_ns = NS_IN_S;

struct half {
    uint64_t bulks;
    uint64_t bulk_packets;
    uint64_t bulk_bytes;
    int64_t bulk_ns;
    uint64_t header_bytes; /* of transport headers */
    uint64_t header_min;   /* 0: no header was captured */
};

struct state {
    struct half half[FLOW_DIRS];
    uint64_t run_packets; /* with payload, one after another in one direction */
    uint64_t run_bytes;
    int64_t run_since_ns;
    int64_t run_until_ns;
    int64_t latest_ns;
    uint32_t timed;  /* packets with a time */
    uint32_t pauses; /* of the flow */
    uint8_t run_dir; /* enum flow_dir */
    uint8_t unused[7];
};

/* Fold */

static void start_run(struct state *state, const struct flow_fact *fact)
{
    state->run_dir = (uint8_t)flow_fact_dir(fact);
    state->run_packets = 1;
    state->run_bytes = fact->payload_len;
    state->run_since_ns = state->run_until_ns = state->latest_ns;
}

/* All of a run counts from the packet on that makes it a bulk. */
static void go_on(struct state *state, const struct flow_fact *fact)
{
    struct half *half = &state->half[state->run_dir];
    bool begins = ++state->run_packets == BULK_PACKETS;

    state->run_bytes += fact->payload_len;
    if (state->run_packets >= BULK_PACKETS) {
        half->bulks += begins;
        half->bulk_packets += begins ? BULK_PACKETS : 1;
        half->bulk_bytes += begins ? state->run_bytes : fact->payload_len;
        half->bulk_ns +=
            flow_span(begins ? state->run_since_ns : state->run_until_ns, state->latest_ns);
    }
    state->run_until_ns = state->latest_ns;
}

static void fold_payload(struct state *state, const struct flow_fact *fact)
{
    bool is_same_way = state->run_packets > 0 && state->run_dir == flow_fact_dir(fact);

    if (is_same_way && flow_span(state->run_until_ns, state->latest_ns) <= pause_ns)
        go_on(state, fact);
    else
        start_run(state, fact);
}

static void fold_time(struct state *state, const struct flow_fact *fact)
{
    if (state->timed++ == 0)
        state->latest_ns = fact->time_ns;
    state->pauses += flow_span(state->latest_ns, fact->time_ns) > pause_ns;
    state->latest_ns = MAX(state->latest_ns, fact->time_ns);
    if (fact->payload_len > 0)
        fold_payload(state, fact);
}

static void fold(void *of, const struct flow_fold *from)
{
    struct state *state = of;
    const struct flow_fact *fact = from->fact;
    struct half *half = &state->half[flow_fact_dir(fact)];
    uint64_t header = fact->header_words * UINT64_C(4);

    if (fact->bits & FLOW_FACT_EVENT)
        return;
    half->header_bytes += header;
    if (header > 0 && (half->header_min == 0 || header < half->header_min))
        half->header_min = header;
    if (fact->bits & FLOW_FACT_TIME)
        fold_time(state, fact);
}

/* Nobody is told of it: it has no fields, and is folded for this export alone. */
static const struct flow_group own_group = { .state_size = sizeof(struct state), .fold = fold };

/* What the columns are made of. */
struct cic {
    const struct flow *flow;
    const struct flow_state *core;
    struct shape_state shape;
    struct headers_state headers;
    struct state own;
    struct flow_samples length[FLOW_DIRS + 1]; /* payload of all packets, also of those without */
    struct flow_samples active;
    int64_t duration_ns;
    char address[FLOW_DIRS][FLOW_ADDR_TEXT_LEN];
    char id[2 * FLOW_ADDR_TEXT_LEN + 32];
    char timestamp[32];
};

/* Packets without payload add nothing to the sums. */
static struct flow_samples lengths_of(const struct shape_half *half)
{
    struct flow_samples samples = half->payload;

    if (half->len.count > samples.count)
        samples.min = 0;
    samples.count = half->len.count;
    return samples;
}

/* In UTC, with its clock of twelve hours. */
static void put_timestamp(const struct flow_state *core, char *ret_text, size_t size)
{
    time_t seconds = (time_t)(core->start_ns / NS_IN_S - (core->start_ns % NS_IN_S < 0));
    GDateTime *start = core->bits & FLOW_STATE_TIME ? g_date_time_new_from_unix_utc(seconds) : NULL;

    *ret_text = '\0';
    if (!start)
        return;
    int hour = g_date_time_get_hour(start);
    g_snprintf(ret_text, (unsigned long)size, "%02d/%02d/%04d %02d:%02d:%02d %s",
               g_date_time_get_day_of_month(start), g_date_time_get_month(start),
               g_date_time_get_year(start), hour % 12 == 0 ? 12 : hour % 12,
               g_date_time_get_minute(start), g_date_time_get_second(start),
               hour < 12 ? "AM" : "PM");
    g_date_time_unref(start);
}

static void put_names(struct cic *cic)
{
    const struct flow_key *key = &cic->flow->key;

    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        flow_addr_text((enum flow_family)key->family, flow_end_of(cic->flow, dir)->addr,
                       cic->address[dir]);
    g_snprintf(cic->id, sizeof cic->id, "%s-%s-%u-%u-%u", cic->address[FLOW_UP],
               cic->address[FLOW_DOWN], flow_end_of(cic->flow, FLOW_UP)->port,
               flow_end_of(cic->flow, FLOW_DOWN)->port, key->protocol);
    put_timestamp(cic->core, cic->timestamp, sizeof cic->timestamp);
}

static void gather(struct flow_view *view, struct cic *ret_cic)
{
    memset(ret_cic, 0, sizeof *ret_cic);
    ret_cic->flow = view->flow;
    ret_cic->core = flow_view_whole(view, &flow_core);
    flow_view_fold(view, &flow_shape, &ret_cic->shape);
    flow_view_fold(view, &flow_headers, &ret_cic->headers);
    flow_view_fold(view, &own_group, &ret_cic->own);
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        ret_cic->length[dir] = lengths_of(&ret_cic->shape.half[dir]);
    ret_cic->length[FLOW_DIRS] =
        flow_shape_both(&ret_cic->length[FLOW_UP], &ret_cic->length[FLOW_DOWN]);
    ret_cic->active = flow_shape_active(&ret_cic->shape);
    if (ret_cic->core->bits & FLOW_STATE_TIME)
        ret_cic->duration_ns = flow_span(ret_cic->core->start_ns, ret_cic->core->last_ns);
    put_names(ret_cic);
}

/* The words of the columns. */

static double ratio(double of, double to)
{
    return to > 0 ? of / to : 0;
}

static double per_second(const struct cic *cic, uint64_t count)
{
    return ratio((double)count, (double)cic->duration_ns / (double)NS_IN_S);
}

/* The sum of a direction's gaps. */
static int64_t time_of(const struct cic *cic, enum flow_dir dir)
{
    const struct shape_clock *clock = &cic->shape.half[dir].clock;

    return flow_span(clock->first_ns, clock->latest_ns);
}

/* Of a direction; with FLOW_DIRS, of both. */
static uint64_t flags(const struct cic *cic, enum flow_dir dir, enum flow_tcp_flags flag)
{
    uint64_t count = 0;

    for (enum flow_dir one = FLOW_UP; one < FLOW_DIRS; one++)
        if (dir == one || dir == FLOW_DIRS)
            count += cic->headers.half[one].flag_count[g_bit_nth_lsf(flag, -1)];
    return count;
}

static double per_bulk(const struct cic *cic, enum flow_dir dir, uint64_t of)
{
    return ratio((double)of, (double)cic->own.half[dir].bulks);
}

static double bulk_rate(const struct cic *cic, enum flow_dir dir)
{
    const struct half *half = &cic->own.half[dir];

    return ratio((double)half->bulk_bytes, (double)half->bulk_ns / (double)NS_IN_S);
}

/* Pauses divide a flow into subflows. */
static double per_subflow(const struct cic *cic, uint64_t of)
{
    return (double)of / (1 + cic->own.pauses);
}

static void begin(GString *out)
{
#define TEXT(name, value) fs_cell_text(out, name);
#define NUMBER            TEXT
#define REAL              TEXT
#define US                TEXT
#include "cic.def"
#undef TEXT
#undef NUMBER
#undef REAL
#undef US
    fs_cells_end(out);
}

/* It knows TCP and UDP, and calls all else protocol 0. */
static bool is_known(const struct flow_key *key)
{
    return key->protocol == FLOW_PROTOCOL_TCP || key->protocol == FLOW_PROTOCOL_UDP;
}

static void row(GString *out, struct flow_view *view)
{
    struct cic cic, *c = &cic;

    if (!is_known(&view->flow->key))
        return;
    gather(view, c);
#define TEXT(name, value)   fs_cell_text(out, value);
#define NUMBER(name, value) fs_cell_number(out, (uint64_t)(value));
#define REAL(name, value)   fs_cell_real(out, value);
#define US(name, value)     fs_cell_us(out, value);
#include "cic.def"
#undef TEXT
#undef NUMBER
#undef REAL
#undef US
    fs_cells_end(out);
}

const struct fs_sink fs_cic = {
    .cli = "flowstats,cic",
    .begin = begin,
    .row = row,
    .needs_facts = true,
};
