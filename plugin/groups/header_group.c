#include "header_group.h"

#include "view.h"

/* RFC 3168's field, the last two bits of the byte that DSCP begins. */
enum ecn { NOT_ECT, ECT1, ECT0, CE, ECN_MASK = 3 };

/* RFC 7323: a greater shift counts as this. */
enum { WSCALE_MAX = 14 };

/* Fold */

static uint8_t dscp_of(const struct flow_fact *fact)
{
    return fact->tos >> 2;
}

static void start_ip(struct headers_half *half, const struct flow_fact *fact)
{
    half->ttl_min = half->ttl_max = fact->ttl;
    half->first_dscp = half->last_dscp = dscp_of(fact);
    half->first_label = half->last_label = fact->flow_label;
    half->bits |= HEADERS_IP;
}

static void fold_ip(struct headers_half *half, const struct flow_fact *fact)
{
    if (!(half->bits & HEADERS_IP))
        start_ip(half, fact);
    half->ttl_min = MIN(half->ttl_min, fact->ttl);
    half->ttl_max = MAX(half->ttl_max, fact->ttl);
    half->dscp_changes += half->last_dscp != dscp_of(fact);
    half->last_dscp = dscp_of(fact);
    half->label_changes += half->last_label != fact->flow_label;
    half->last_label = fact->flow_label;
    half->ect0 += (fact->tos & ECN_MASK) == ECT0;
    half->ect1 += (fact->tos & ECN_MASK) == ECT1;
    half->ce += (fact->tos & ECN_MASK) == CE;
}

static void fold_window(struct headers_half *half, uint16_t window)
{
    if (!(half->bits & HEADERS_WINDOW))
        half->win_min = half->win_max = window;
    half->win_min = MIN(half->win_min, window);
    half->win_max = MAX(half->win_max, window);
    half->bits |= HEADERS_WINDOW;
}

/* A header without room for options has none: those are known, too. */
static bool knows_options(const struct flow_fact *fact)
{
    enum { FIXED_WORDS = 5 };

    return (fact->bits & FLOW_FACT_OPTIONS) || fact->header_words == FIXED_WORDS;
}

static void fold_tcp(struct headers_half *half, const struct flow_fact *fact)
{
    if (!(half->bits & HEADERS_TCP))
        half->win_init = fact->tcp_window;
    half->bits |= HEADERS_TCP;
    half->tcp_flags |= fact->tcp_flags;
    for (unsigned bit = 0; bit < HEADERS_TCP_FLAGS; bit++)
        half->flag_count[bit] += fact->tcp_flags >> bit & 1;
    if (!(fact->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_RST)))
        fold_window(half, fact->tcp_window);
    if ((fact->tcp_flags & FLOW_TCP_SYN) && knows_options(fact)) {
        half->options = fact->tcp_options;
        half->bits |= HEADERS_OPTIONS;
    }
}

static void fold(void *of, const struct flow_fold *from)
{
    const struct flow_fact *fact = from->fact;
    struct headers_half *half = &((struct headers_state *)of)->half[flow_fact_dir(fact)];

    if (fact->bits & FLOW_FACT_EVENT)
        return;
    if (fact->bits & FLOW_FACT_IP)
        fold_ip(half, fact);
    if (fact->bits & FLOW_FACT_TCP)
        fold_tcp(half, fact);
}

/* Merge */

static void merge_ip(struct headers_half *half, const struct headers_half *later)
{
    bool is_first = !(half->bits & HEADERS_IP);

    half->dscp_changes += later->dscp_changes + (!is_first && half->last_dscp != later->first_dscp);
    half->label_changes +=
        later->label_changes + (!is_first && half->last_label != later->first_label);
    half->ttl_min = is_first ? later->ttl_min : MIN(half->ttl_min, later->ttl_min);
    half->ttl_max = MAX(half->ttl_max, later->ttl_max);
    half->first_dscp = is_first ? later->first_dscp : half->first_dscp;
    half->first_label = is_first ? later->first_label : half->first_label;
    half->last_dscp = later->last_dscp;
    half->last_label = later->last_label;
    half->ect0 += later->ect0;
    half->ect1 += later->ect1;
    half->ce += later->ce;
}

static void merge_tcp(struct headers_half *half, const struct headers_half *later)
{
    if (!(half->bits & HEADERS_TCP))
        half->win_init = later->win_init;
    half->tcp_flags |= later->tcp_flags;
    for (unsigned bit = 0; bit < HEADERS_TCP_FLAGS; bit++)
        half->flag_count[bit] += later->flag_count[bit];
    if (later->bits & HEADERS_WINDOW) {
        fold_window(half, later->win_min);
        fold_window(half, later->win_max);
    }
    if (later->bits & HEADERS_OPTIONS)
        half->options = later->options;
}

static void merge(void *of, const void *more)
{
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++) {
        struct headers_half *half = &((struct headers_state *)of)->half[dir];
        const struct headers_half *later = &((const struct headers_state *)more)->half[dir];
        if (later->bits & HEADERS_IP)
            merge_ip(half, later);
        if (later->bits & HEADERS_TCP)
            merge_tcp(half, later);
        half->bits |= later->bits;
    }
}

/* Rows */

static bool is_ip(const struct flow_view *view)
{
    return view->flow->key.family != FLOW_LINK;
}

static bool is_ipv6(const struct flow_view *view)
{
    return view->flow->key.family == FLOW_IPV6;
}

static bool is_tcp(const struct headers_state *state)
{
    return (state->half[FLOW_UP].bits | state->half[FLOW_DOWN].bits) & HEADERS_TCP;
}

/* Senders begin with one of these. */
static uint8_t hops(uint8_t ttl)
{
    static const uint8_t begins[] = { 32, 64, 128, 255 };
    size_t i = 0;

    while (begins[i] < ttl)
        i++;
    return begins[i] - ttl;
}

static uint32_t flag_count(const struct headers_half *half, enum flow_tcp_flags flag)
{
    return half->flag_count[g_bit_nth_lsf(flag, -1)];
}

static bool has_option(const struct headers_half *half, enum flow_tcp_option_bits option)
{
    return (half->bits & HEADERS_OPTIONS) && (half->options.bits & option);
}

/*
 * How far a side's windows are shifted: both SYNs must have the option (RFC
 * 7323), so one without it tells that they are not, and one with it alone tells
 * nothing.
 */
static bool shift_of(const struct headers_state *state, enum flow_dir dir, unsigned *ret_shift)
{
    bool all_have = true, one_lacks = false;

    for (enum flow_dir side = FLOW_UP; side < FLOW_DIRS; side++) {
        const struct headers_half *half = &state->half[side];
        bool has = has_option(half, FLOW_TCP_OPTION_WSCALE);
        all_have &= has;
        one_lacks |= (half->bits & HEADERS_OPTIONS) && !has;
    }
    *ret_shift = all_have ? MIN(state->half[dir].options.wscale, WSCALE_MAX) : 0;
    return all_have || one_lacks;
}

static bool has_window(const struct headers_state *state, enum flow_dir dir)
{
    unsigned shift;

    return (state->half[dir].bits & HEADERS_WINDOW) && shift_of(state, dir, &shift);
}

static uint32_t scaled(const struct headers_state *state, enum flow_dir dir, uint16_t window)
{
    unsigned shift = 0;

    shift_of(state, dir, &shift);
    return (uint32_t)window << shift;
}

#define ROWS_FILE  "headers.def"
#define ROWS_STATE struct headers_state
#define ROWS_HALF  struct headers_half
#include "rows.h"

/* "6 hops up, 11 down" */
static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const struct headers_half *half = ((const struct headers_state *)asked->state)->half;
    const struct headers_half *up = &half[FLOW_UP], *down = &half[FLOW_DOWN];
    char way_up[32] = "", way_down[32] = "";

    if (up->bits & HEADERS_IP)
        g_snprintf(way_up, sizeof way_up, "%u hops up", hops(up->ttl_max));
    if (down->bits & HEADERS_IP)
        g_snprintf(way_down, sizeof way_down, "%u hops down", hops(down->ttl_max));
    g_snprintf(ret_text, size, "%s%s%s", way_up, *way_up && *way_down ? ", " : "", way_down);
}

const struct flow_group flow_headers = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct headers_state),
    .is_on = true,
    .is_quiet = true,
    .name = "headers",
    .title = "Headers",
    .help = "What the IP and TCP headers of each flow said, each way: TTL, DSCP and ECN, flow "
            "label, TCP flags, windows and options.",
    .rows = rows,
    .fold = fold,
    .merge = merge,
    .summary = summary,
};
