#include "ws_compat.h"

#include "builtin.h"
#include "samples.h"
#include "tcp_data.h"

/*
 * The verdicts stand in the data of the TCP conversation when a frame has been
 * dissected, with a tree and without.  They are looked up, never made: so they
 * are those that Wireshark shows for this frame.
 */

struct note {
    int32_t rtt_s; /* both 0: no sample */
    int32_t rtt_ns;
    uint16_t flags; /* WS_TCP_... */
    bool is_analysed;
};

/* What a leaf counts: segments with one of these flags. */
enum verdict {
    RETRANSMISSION,
    FAST_RETRANSMISSION,
    SPURIOUS_RETRANSMISSION,
    OUT_OF_ORDER,
    DUPLICATE_ACK,
    LOST_SEGMENT,
    ACK_LOST_SEGMENT,
    ZERO_WINDOW,
    WINDOW_FULL,
    KEEP_ALIVE,
    WINDOW_UPDATE,
    VERDICTS
};

/* Wireshark shows fast and spurious retransmissions as retransmissions too. */
static const uint16_t flags_of[VERDICTS] = {
    [RETRANSMISSION] =
        WS_TCP_RETRANSMISSION | WS_TCP_FAST_RETRANSMISSION | WS_TCP_SPURIOUS_RETRANSMISSION,
    [FAST_RETRANSMISSION] = WS_TCP_FAST_RETRANSMISSION,
    [SPURIOUS_RETRANSMISSION] = WS_TCP_SPURIOUS_RETRANSMISSION,
    [OUT_OF_ORDER] = WS_TCP_OUT_OF_ORDER,
    [DUPLICATE_ACK] = WS_TCP_DUPLICATE_ACK,
    [LOST_SEGMENT] = WS_TCP_LOST_PACKET,
    [ACK_LOST_SEGMENT] = WS_TCP_ACK_LOST_PACKET,
    [ZERO_WINDOW] = WS_TCP_ZERO_WINDOW,
    [WINDOW_FULL] = WS_TCP_WINDOW_FULL,
    [KEEP_ALIVE] = WS_TCP_KEEP_ALIVE,
    [WINDOW_UPDATE] = WS_TCP_WINDOW_UPDATE,
};

struct half {
    struct flow_samples rtt; /* in nanoseconds */
    uint32_t segments;       /* that Wireshark analysed */
    uint32_t count[VERDICTS];
};

struct state {
    struct half half[FLOW_DIRS];
};

/* Extract */

/* What Wireshark knows of this segment of this frame; NULL where it has nothing to say. */
static const struct tcp_acked *find_acked(const struct fs_tcp_data *tcp, uint32_t frame)
{
    uint32_t seq = tcp->seq, ack = tcp->ack;
    wmem_tree_key_t key[] = { { 1, &frame }, { 1, &seq }, { 1, &ack }, { 0, NULL } };

    return wmem_tree_lookup32_array(tcp->conversation->acked_table, key);
}

static void extract(const struct flow_extract *from, void *ret_note)
{
    const struct fs_tcp_data *tcp = fs_tcp_data_of(from);
    struct note *note = ret_note;

    if (!tcp || !tcp->conversation->flow1.tcp_analyze_seq_info)
        return; /* TCP analysis is switched off */

    note->is_analysed = true;
    const struct tcp_acked *acked = find_acked(tcp, from->pinfo->num);
    if (!acked)
        return;
    note->flags = acked->flags;
    if (acked->frame_acked && acked->ts.secs == (int32_t)acked->ts.secs) {
        note->rtt_s = (int32_t)acked->ts.secs;
        note->rtt_ns = acked->ts.nsecs;
    }
}

/* Fold */

static void fold(void *state, const struct flow_fold *from)
{
    struct half *half = &((struct state *)state)->half[flow_fact_dir(from->fact)];
    const struct note *note = from->note;

    half->segments += note->is_analysed;
    for (unsigned i = 0; note->flags != 0 && i < VERDICTS; i++)
        half->count[i] += (note->flags & flags_of[i]) != 0;
    if (note->rtt_s != 0 || note->rtt_ns != 0)
        flow_samples_add(&half->rtt, note->rtt_s * INT64_C(1000000000) + note->rtt_ns);
}

/* Sums are those of the whole; the verdicts at the seam are those of the later part alone. */
static void merge(void *state, const void *later)
{
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++) {
        struct half *half = &((struct state *)state)->half[dir];
        const struct half *more = &((const struct state *)later)->half[dir];
        half->segments += more->segments;
        for (unsigned i = 0; i < VERDICTS; i++)
            half->count[i] += more->count[i];
        flow_samples_merge(&half->rtt, &more->rtt);
    }
}

/* Rows */

static const struct half *half_of(const struct flow_asked *asked, enum flow_dir dir)
{
    return &((const struct state *)asked->state)->half[dir];
}

/* Absent, not 0, where nothing was analysed; both directions have the fields, or neither. */
static bool is_analysed(const struct flow_asked *asked)
{
    return half_of(asked, FLOW_UP)->segments > 0 || half_of(asked, FLOW_DOWN)->segments > 0;
}

static struct flow_value count_of(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = is_analysed(asked),
                                .as.number =
                                    half_of(asked, asked->dir)->count[asked->row->number] };
}

static struct flow_value share_of(const struct flow_asked *asked)
{
    const struct half *half = half_of(asked, asked->dir);
    struct flow_value value = { .known = half->segments > 0 };

    if (value.known)
        value.as.real = 100.0 * half->count[asked->row->number] / half->segments;
    return value;
}

static struct flow_value rtt_count(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = is_analysed(asked),
                                .as.number = half_of(asked, asked->dir)->rtt.count };
}

/* What a leaf says of the samples. */
enum statistic { MINIMUM, MEAN, MAXIMUM, DEVIATION };

static struct flow_value rtt_of(const struct flow_asked *asked)
{
    const struct flow_samples *rtt = &half_of(asked, asked->dir)->rtt;
    struct flow_value value = { .known = rtt->count > 0 };

    switch ((enum statistic)asked->row->number) {
    case MINIMUM: value.as.ns = rtt->min; break;
    case MEAN: flow_samples_mean_rounded(rtt, &value.as.ns); break;
    case MAXIMUM: value.as.ns = rtt->max; break;
    case DEVIATION: value.known = flow_samples_stddev_rounded(rtt, &value.as.ns); break;
    }
    return value;
}

/* The members of a row. */
#define VERDICT(verdict, of_name, of_label, of_column, of_help)                                    \
    .name = "tcp.analysis.*." of_name, .label = of_label, .help = of_help, .column = of_column,    \
    .value = count_of, .number = verdict, .kind = FLOW_UINT32, .scope = FLOW_SCOPE_MEASURE,        \
    .ways = FLOW_WAYS_EACH
#define RTT(statistic, of_name, of_label, of_help)                                                 \
    .name = "tcp.analysis.*." of_name, .label = of_label, .help = of_help, .value = rtt_of,        \
    .number = statistic, .kind = FLOW_SPAN, .scope = FLOW_SCOPE_MEASURE, .ways = FLOW_WAYS_EACH

static const struct flow_row rows[] = {
    { VERDICT(RETRANSMISSION, "retransmission", "Retransmissions", "Retrans.",
              "Retransmitted segments, fast and spurious ones included.") },
    { .name = "tcp.analysis.*.retransmission_share",
      .label = "Retransmission share (%)",
      .help = "Retransmitted segments in percent of all segments.",
      .value = share_of,
      .number = RETRANSMISSION,
      .kind = FLOW_DOUBLE,
      .scope = FLOW_SCOPE_MEASURE,
      .ways = FLOW_WAYS_EACH },
    { VERDICT(FAST_RETRANSMISSION, "fast_retransmission", "Fast retransmissions", NULL,
              "Fast retransmissions.") },
    { VERDICT(SPURIOUS_RETRANSMISSION, "spurious_retransmission", "Spurious retransmissions", NULL,
              "Retransmissions of what was acknowledged already.") },
    { VERDICT(OUT_OF_ORDER, "out_of_order", "Out of order", NULL, "Segments out of order.") },
    { VERDICT(DUPLICATE_ACK, "duplicate_ack", "Duplicate ACKs", NULL, "Duplicate ACKs.") },
    { VERDICT(LOST_SEGMENT, "lost_segment", "Gaps", NULL,
              "Segments before which others were not captured.") },
    { VERDICT(ACK_LOST_SEGMENT, "ack_lost_segment", "ACKs of lost segments", NULL,
              "ACKs of segments that were not captured.") },
    { VERDICT(ZERO_WINDOW, "zero_window", "Zero windows", NULL,
              "Segments whose sender can receive no more.") },
    { VERDICT(WINDOW_FULL, "window_full", "Full windows", NULL,
              "Segments that fill the receiver's window.") },
    { VERDICT(KEEP_ALIVE, "keep_alive", "Keep-alives", NULL, "Keep-alive segments.") },
    { VERDICT(WINDOW_UPDATE, "window_update", "Window updates", NULL,
              "ACKs that do nothing but change the window.") },
    { .name = "tcp.analysis.*.ack_rtt_count",
      .label = "ACK RTT samples",
      .help = "ACKs with a round-trip time (tcp.analysis.ack_rtt): that since the segment which "
              "they acknowledge, and which went the other way.",
      .value = rtt_count,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_MEASURE,
      .ways = FLOW_WAYS_EACH },
    { RTT(MINIMUM, "ack_rtt_min", "ACK RTT minimum", "Least of these round-trip times.") },
    { RTT(MEAN, "ack_rtt_mean", "ACK RTT mean", "Mean of these round-trip times.") },
    { RTT(MAXIMUM, "ack_rtt_max", "ACK RTT maximum", "Greatest of these round-trip times.") },
    { RTT(DEVIATION, "ack_rtt_stddev", "ACK RTT standard deviation",
          "Sample standard deviation of these round-trip times; absent under two of them.") },
    { .name = NULL },
};

/* "no retransmissions", "3 retransmissions" */
static void summarise(const struct flow_asked *asked, char *ret_text, size_t size)
{
    uint64_t again = 0;

    if (!is_analysed(asked))
        return;
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        again += half_of(asked, dir)->count[RETRANSMISSION];
    if (again == 0)
        g_strlcpy(ret_text, "no retransmissions", size);
    else
        g_snprintf(ret_text, (gulong)size, "%" G_GUINT64_FORMAT " retransmission%s", again,
                   again == 1 ? "" : "s");
}

const struct flow_group fs_tcp_analysis = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct state),
    .note_size = sizeof(struct note),
    .is_on = true,
    .name = "tcp.analysis",
    .title = "TCP analysis",
    .help =
        "Count Wireshark's verdicts on TCP segments (retransmissions, duplicate ACKs ...) and "
        "its round-trip times. Absent where the TCP preference \"Analyze TCP sequence numbers\" "
        "is off.",
    .rows = rows,
    .extract = extract,
    .fold = fold,
    .merge = merge,
    .summary = summarise,
};
