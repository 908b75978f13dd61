#include "splt.h"

#include "number_text.h"
#include "span.h"
#include "view.h"

/* How many packets are listed, and whether those without payload are too. */
static uint32_t packets = 20;
static uint32_t with_empty;

static const struct flow_setting settings[] = {
    { .name = "splt_packets",
      .title = "Packets in flow.splt",
      .help = "How many of a flow's first packets flow.splt and flow.splt_delta list, at most 64.",
      .value = &packets,
      .least = 1,
      .most = SPLT_PACKETS_MAX },
    { .name = "splt_empty",
      .title = "Packets without payload in flow.splt",
      .help = "List them too. Off by default: the first packets with payload tell applications "
              "apart, whatever ACKs come between them.",
      .value = &with_empty,
      .most = 1,
      .is_flag = true },
    { .name = NULL },
};

uint32_t flow_splt_packets(void)
{
    return packets;
}

void flow_splt_add(struct splt_state *state, const struct flow_fact *fact, uint32_t len)
{
    uint32_t at = state->count;

    if (at == packets)
        return;
    state->len[at] = len;
    state->down |= (uint64_t)flow_fact_dir(fact) << at;
    state->time_ns[at] = fact->time_ns;
    state->untimed |= (uint64_t) !(fact->bits & FLOW_FACT_TIME) << at;
    state->count++;
}

static void fold(void *state, const struct flow_fold *from)
{
    const struct flow_fact *fact = from->fact;

    if (!(fact->bits & FLOW_FACT_EVENT) && (fact->payload_len > 0 || with_empty))
        flow_splt_add(state, fact, fact->payload_len);
}

/* Rows: what they list is longer than a view's own text can be. */

enum { ITEM_LEN = 24 }; /* a blank, a sign and 20 digits */

static char list[SPLT_PACKETS_MAX * ITEM_LEN];

static const char *lengths(const struct splt_state *state)
{
    char *at = list;

    *at = '\0';
    for (uint32_t i = 0; i < state->count; i++) {
        at = g_stpcpy(g_stpcpy(at, i > 0 ? " " : ""), state->down >> i & 1 ? "<" : ">");
        at = flow_put_integer(at, state->len[i]);
    }
    return list;
}

/* In microseconds, halves away from zero. */
static uint64_t rounded(uint64_t ns)
{
    return (ns + 500) / 1000;
}

static const char *deltas(const struct splt_state *state)
{
    char *at = list;

    *at = '\0';
    for (uint32_t i = 0; i < state->count; i++) {
        int64_t delta_ns = i > 0 ? state->time_ns[i] - state->time_ns[i - 1] : 0;
        uint64_t delta = rounded(flow_span_size(delta_ns));
        at = g_stpcpy(g_stpcpy(at, i > 0 ? " " : ""), delta_ns < 0 && delta > 0 ? "-" : "");
        at = flow_put_integer(at, delta);
    }
    return list;
}

#define ROWS_FILE  "splt.def"
#define ROWS_STATE struct splt_state
#include "rows.h"

static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    g_strlcpy(ret_text, lengths(asked->state), size);
}

/* Add what later packets of the flow fill the list up with. */
static void merge(void *of, const void *later)
{
    struct splt_state *state = of;
    const struct splt_state *more = later;

    for (uint32_t i = 0; i < more->count && state->count < packets; i++) {
        uint32_t at = state->count++;
        state->len[at] = more->len[i];
        state->down |= (more->down >> i & 1) << at;
        state->time_ns[at] = more->time_ns[i];
        state->untimed |= (more->untimed >> i & 1) << at;
    }
}

const struct flow_group flow_splt = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct splt_state),
    .is_on = true,
    .is_quiet = true,
    .name = "splt",
    .title = "First packets",
    .help = "List the lengths, directions and times of the first packets of each flow.",
    .rows = rows,
    .fold = fold,
    .merge = merge,
    .summary = summary,
    .settings = settings,
};
