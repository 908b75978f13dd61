#include "holes.h"

#include <glib.h>

/*
 * Sequence numbers are compared by their distance from the floor, or from the
 * greatest acknowledgement.  No window is larger than 2^30, and what lies
 * further away is no segment of this stream.
 */
#define FAR (INT64_C(1) << 30)

/* An acknowledgement of 0 that is further ahead is a broken one. */
enum { FAR_FOR_ZERO = 1 << 20 };

/* A part of a stream as distances from its floor. */
struct part {
    int64_t begin;
    int64_t end;
};

static int64_t above_floor(const struct holes_half *half, uint32_t seq)
{
    return (int32_t)(seq - half->floor);
}

static struct part part_of(const struct holes_half *half, const struct holes_range *range)
{
    return (struct part){ .begin = above_floor(half, range->begin),
                          .end = above_floor(half, range->end) };
}

/* Count the bytes of a part that were not captured, and the holes in it that they make. */
static uint64_t holes_in(const struct holes_half *half, struct part part, uint32_t *ret_holes)
{
    uint64_t bytes = 0;

    *ret_holes = 0;
    part.begin = MAX(part.begin, 0);
    for (unsigned i = 0; i <= half->ranges && part.begin < part.end; i++) {
        struct part captured = { part.end, part.end };
        if (i < half->ranges)
            captured = part_of(half, &half->range[i]);
        int64_t end = MIN(captured.begin, part.end);
        if (end > part.begin) {
            bytes += (uint64_t)(end - part.begin);
            ++*ret_holes;
        }
        part.begin = MAX(part.begin, captured.end);
    }
    return bytes;
}

static uint64_t not_captured(const struct holes_half *half, struct part part)
{
    uint32_t holes;

    return holes_in(half, part, &holes);
}

static void remove_ranges(struct holes_half *half, unsigned at, unsigned count)
{
    half->ranges = (uint8_t)(half->ranges - count);
    for (unsigned i = at; i < half->ranges; i++)
        half->range[i] = half->range[i + count];
}

/* Give up the lowest hole, with what was captured after it. */
static void raise_floor(struct holes_half *half)
{
    half->floor = half->range[0].end;
    if (above_floor(half, half->acked) < 0)
        half->acked = half->floor;
    remove_ranges(half, 0, 1);
}

static void insert(struct holes_half *half, unsigned at, struct holes_range range)
{
    for (unsigned i = half->ranges++; i > at; i--)
        half->range[i] = half->range[i - 1];
    half->range[at] = range;
    if (above_floor(half, half->range[0].begin) == 0 || half->ranges == HOLES_RANGES)
        raise_floor(half);
}

/* Put a part among the ranges: those that it touches become one with it. */
static void cover(struct holes_half *half, struct part part)
{
    unsigned first = 0, last;

    while (first < half->ranges && part_of(half, &half->range[first]).end < part.begin)
        first++;
    for (last = first; last < half->ranges; last++) {
        struct part captured = part_of(half, &half->range[last]);
        if (captured.begin > part.end)
            break;
        part.begin = MIN(part.begin, captured.begin);
        part.end = MAX(part.end, captured.end);
    }
    remove_ranges(half, first, last - first);
    insert(half, first,
           (struct holes_range){ .begin = half->floor + (uint32_t)part.begin,
                                 .end = half->floor + (uint32_t)part.end });
}

static uint32_t top_of(const struct holes_half *half)
{
    return half->ranges > 0 ? half->range[half->ranges - 1].end : half->floor;
}

uint64_t holes_fill(struct holes_half *half, uint32_t seq, uint32_t len)
{
    if (len >= FAR || (int32_t)(seq - top_of(half)) > FAR - (int64_t)len)
        return 0;
    while (above_floor(half, seq) + len > FAR && half->ranges > 0)
        raise_floor(half);

    struct part part = { above_floor(half, seq), above_floor(half, seq) + len };
    part.begin = MAX(part.begin, 0);
    if (part.begin >= part.end)
        return 0;
    struct part late = { part.begin, MIN(part.end, above_floor(half, half->acked)) };
    uint64_t bytes = not_captured(half, part);
    half->missed_bytes -= not_captured(half, late);
    cover(half, part);
    return bytes;
}

void holes_begin(struct holes_half *half, uint32_t number)
{
    half->start = number;
    half->floor = half->acked = number + 1;
    half->ranges = 0;
    half->bits = (uint8_t)((half->bits & HOLES_FRAGMENTED) | HOLES_STARTED);
}

/*
 * Where the start is guessed from an empty segment, that may have been a
 * keep-alive, which has the number before the next byte's: a hole of this one
 * byte at the start is none.
 */
static void forget_keep_alive(struct holes_half *half, uint32_t ack)
{
    bool is_lone =
        ack - half->floor == 1 || (half->ranges > 0 && half->range[0].begin - half->floor == 1);

    if (half->floor == half->start + 1 && is_lone)
        half->acked = ++half->floor;
    half->bits &= (uint8_t)~HOLES_UNSURE;
}

static bool is_acceptable(const struct holes_half *half, uint32_t ack)
{
    int64_t ahead = (int32_t)(ack - half->acked);

    return ahead > 0 && ahead <= FAR && !(ack == 0 && ahead > FAR_FOR_ZERO);
}

/* Hold the floor near enough: what is far before the acknowledgement comes no more. */
static void follow(struct holes_half *half)
{
    while (above_floor(half, half->acked) > FAR / 2 && half->ranges > 0)
        raise_floor(half);
    if (above_floor(half, half->acked) > FAR / 2)
        half->floor = half->acked;
}

void holes_acknowledge(struct holes_half *half, uint32_t ack, struct holes_news *ret_news)
{
    if (!is_acceptable(half, ack))
        return;
    if (half->bits & HOLES_UNSURE)
        forget_keep_alive(half, ack);
    struct part part = { above_floor(half, half->acked), above_floor(half, ack) };
    uint32_t holes;
    uint64_t bytes = holes_in(half, part, &holes);
    ret_news->missed_bytes += bytes;
    ret_news->holes += holes;
    half->missed_bytes += bytes;
    half->acked = ack;
    follow(half);
}

/* Whether a segment is the sender's first, and shows that the other side's word is not true of it.
 */
static bool is_another_start(const struct holes_half *half, uint32_t seq)
{
    return (half->bits & HOLES_BY_OTHER) && ABS(above_floor(half, seq)) > FAR;
}

static void begin(struct holes_half *half, const struct flow_fact *segment)
{
    if (segment->tcp_flags & FLOW_TCP_SYN) {
        if (!(half->bits & HOLES_STARTED) || half->start != segment->tcp_seq)
            holes_begin(half, segment->tcp_seq);
        half->bits &= (uint8_t)~HOLES_UNSURE;
    } else if (!(half->bits & HOLES_STARTED) || is_another_start(half, segment->tcp_seq)) {
        holes_begin(half, segment->tcp_seq - 1);
        half->bits |= segment->payload_len == 0 ? HOLES_UNSURE : 0;
    }
    half->bits &= (uint8_t)~HOLES_BY_OTHER;
}

static void fold_segment(struct holes_half *sender, struct holes_half *receiver,
                         const struct flow_fact *segment)
{
    uint32_t seq = segment->tcp_seq + !!(segment->tcp_flags & FLOW_TCP_SYN);
    struct holes_news ignored = { 0 };

    begin(sender, segment);
    if ((segment->tcp_flags & FLOW_TCP_ACK) && (receiver->bits & HOLES_STARTED)) {
        holes_acknowledge(receiver, segment->tcp_ack, &ignored);
    } else if (segment->tcp_flags & FLOW_TCP_ACK) {
        holes_begin(receiver, segment->tcp_ack - 1);
        receiver->bits |= HOLES_BY_OTHER;
    }
    sender->unique_bytes += holes_fill(sender, seq, segment->payload_len);
    /* A FIN has a number of its own, which is acknowledged and no payload. */
    if (segment->tcp_flags & FLOW_TCP_FIN)
        holes_fill(sender, seq + segment->payload_len, 1);
}

static void fold(void *data, const struct flow_fold *from)
{
    struct holes_state *state = data;
    const struct flow_fact *fact = from->fact;
    enum flow_dir dir = flow_fact_dir(fact);

    if (fact->bits & FLOW_FACT_EVENT)
        return;
    if (fact->bits & FLOW_FACT_FRAG)
        state->half[dir].bits |= HOLES_FRAGMENTED;
    if (!(fact->bits & FLOW_FACT_TCP))
        return;
    state->segments++;
    if (!(fact->tcp_flags & FLOW_TCP_RST))
        fold_segment(&state->half[dir], &state->half[!dir], fact);
}

static bool is_known(const struct holes_state *state, const struct holes_half *half)
{
    return state->segments > 0 && !(half->bits & HOLES_FRAGMENTED);
}

static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const struct holes_state *state = asked->state;

    if (is_known(state, &state->half[FLOW_UP]) && is_known(state, &state->half[FLOW_DOWN]))
        g_snprintf(ret_text, size,
                   "%" G_GUINT64_FORMAT " B up and %" G_GUINT64_FORMAT " B down missed",
                   state->half[FLOW_UP].missed_bytes, state->half[FLOW_DOWN].missed_bytes);
}

#define ROWS_FILE  "holes.def"
#define ROWS_STATE struct holes_state
#define ROWS_HALF  struct holes_half
#include "rows.h"

/* Parts of a flow cannot be put together: what fills a hole can come in a later one. */
const struct flow_group flow_holes = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct holes_state),
    .is_on = true,
    .is_quiet = true,
    .name = "holes",
    .title = "Holes",
    .help = "Which bytes of a TCP stream were captured once, and which the capture lacks though "
            "they were acknowledged.",
    .rows = rows,
    .fold = fold,
    .summary = summary,
};
