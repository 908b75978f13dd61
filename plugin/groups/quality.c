#include "quality.h"

#include "span.h"
#include "tcp_group.h"
#include "view.h"

#define NS_IN_MS INT64_C(1000000)

/* How far a copy can be from its original, in milliseconds; where the IP identification tells. */
static uint32_t duplicate_window = 5;
enum { DUPLICATE_WINDOW_OF_ID = 100 };

/* The largest IP packet that a wire carries: jumbo frames, as most switches have them. */
enum { IP_LEN_MAX = 9216 };

static const struct flow_setting settings[] = {
    { .name = "duplicate_window",
      .title = "Window of copies (milliseconds)",
      .help = "How far apart a frame and its copy by a mirror port can be where the IP "
              "identification does not tell; where it does it is 100 ms or this, whichever is "
              "more: flow.quality.duplicate_of.",
      .value = &duplicate_window,
      .least = 0,
      .most = 60000 },
    { .name = NULL },
};

/* Copies */

static bool has_time(const struct flow_fact *fact)
{
    return fact->bits & FLOW_FACT_TIME;
}

/* Later fragments have no checksum and share their identification: nothing tells them apart. */
static bool can_have_copies(const struct flow_fact *fact)
{
    bool is_later_fragment = (fact->bits & FLOW_FACT_FRAG) && !(fact->bits & FLOW_FACT_FIRST_FRAG);

    return has_time(fact) && (fact->bits & FLOW_FACT_IP) && !is_later_fragment;
}

static struct quality_seen seen_of(const struct flow_fact *fact, uint32_t other_repeats)
{
    enum { KNOWN = FLOW_FACT_IP_ID | FLOW_FACT_DF | FLOW_FACT_CHECKSUM | FLOW_FACT_TCP };

    return (struct quality_seen){
        .time_ns = fact->time_ns,
        .frame = fact->frame,
        .ip_len = fact->ip_len,
        .seq = fact->tcp_seq,
        .ack = fact->tcp_ack,
        .other_repeats = other_repeats,
        .ip_id = fact->ip_id,
        .checksum = fact->checksum,
        .window = fact->tcp_window,
        .bits = fact->bits & KNOWN,
        .flags = fact->tcp_flags,
        .ttl = fact->ttl,
    };
}

static bool has_id(const struct quality_seen *packet)
{
    return (packet->bits & (FLOW_FACT_IP_ID | FLOW_FACT_DF)) && packet->ip_id != 0;
}

/* Equal in all that does not change on the way. */
static bool is_equal(const struct quality_seen *one, const struct quality_seen *other)
{
    return one->bits == other->bits && one->ip_id == other->ip_id && one->ip_len == other->ip_len &&
           one->checksum == other->checksum && one->seq == other->seq && one->ack == other->ack &&
           one->flags == other->flags && one->window == other->window;
}

static bool is_within(const struct quality_seen *one, const struct quality_seen *other, uint32_t ms)
{
    int64_t first = MIN(one->time_ns, other->time_ns), last = MAX(one->time_ns, other->time_ns);

    return (uint64_t)last - (uint64_t)first <= ms * (uint64_t)NS_IN_MS;
}

/* Whether a packet that is not equal has the same identification: its sender does not count. */
static bool is_id_shared(const struct quality_half *half, const struct quality_seen *packet)
{
    for (unsigned i = 0; i < QUALITY_SEEN; i++) {
        const struct quality_seen *seen = &half->seen[i];
        if (seen->frame > 0 && has_id(seen) && seen->ip_id == packet->ip_id &&
            !is_equal(seen, packet))
            return true;
    }
    return false;
}

/*
 * What is equal but for the identification may have been sent twice: an empty
 * segment, for each one that came, and a datagram, whose checksum is not there
 * yet where its sender captured it.  Two things cannot be: that a router was
 * passed, and that new payload was sent again so soon, without being asked for.
 */
static bool was_sent_once(const struct quality_seen *original, const struct quality_seen *packet,
                          bool takes_numbers)
{
    if (packet->ttl < original->ttl)
        return true;
    return takes_numbers && packet->other_repeats == original->other_repeats;
}

/* Whether the segment is in the sequence of what is sent: others are repeated as they are. */
static bool takes_numbers(const struct flow_fact *fact)
{
    return (fact->bits & FLOW_FACT_TCP) &&
           (fact->payload_len > 0 || (fact->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_FIN)));
}

/* Whether a packet is a copy of one that is equal to it; few have such a one. */
static bool is_original(const struct quality_half *half, const struct quality_seen *seen,
                        const struct quality_seen *packet, bool numbered)
{
    bool id_tells = has_id(packet) && !is_id_shared(half, packet);
    uint32_t window = id_tells ? MAX(duplicate_window, DUPLICATE_WINDOW_OF_ID) : duplicate_window;

    return is_within(seen, packet, window) && (id_tells || was_sent_once(seen, packet, numbered));
}

static const struct quality_seen *original_of(const struct quality_half *half,
                                              const struct quality_seen *packet, bool numbered)
{
    for (unsigned i = 1; i <= QUALITY_SEEN; i++) { /* the latest first */
        const struct quality_seen *seen =
            &half->seen[(half->next + QUALITY_SEEN - i) % QUALITY_SEEN];
        if (seen->frame == 0)
            break;
        if (is_equal(seen, packet) && is_original(half, seen, packet, numbered))
            return seen;
    }
    return NULL;
}

static void remember(struct quality_half *half, const struct quality_seen *packet)
{
    half->seen[half->next] = *packet;
    half->next = (uint8_t)((half->next + 1) % QUALITY_SEEN);
}

static void fold_copies(struct quality_state *state, const struct flow_fact *fact)
{
    enum flow_dir dir = flow_fact_dir(fact);
    struct quality_half *half = &state->half[dir];
    struct quality_seen packet = seen_of(fact, state->half[!dir].repeats);

    state->copy_of = 0;
    if (!can_have_copies(fact))
        return;
    const struct quality_seen *original = original_of(half, &packet, takes_numbers(fact));
    if (!original) {
        remember(half, &packet);
        return;
    }
    state->copy_of = original->frame;
    state->ttl_delta = (uint8_t)(MAX(original->ttl, packet.ttl) - MIN(original->ttl, packet.ttl));
    half->duplicates++;
}

/* What else is folded */

static void fold_cut(struct quality_half *half, const struct flow_fact *fact)
{
    if (fact->cap_len >= fact->wire_len)
        return;
    half->cut_pkts++;
    half->cut_bytes += fact->wire_len - fact->cap_len;
}

static void fold_time(struct quality_state *state, int64_t time_ns)
{
    if (!(state->bits & QUALITY_TIME) || time_ns >= state->latest_ns) {
        state->latest_ns = time_ns;
        state->bits |= QUALITY_TIME;
        return;
    }
    state->late++;
    state->late_max_ns = MAX(state->late_max_ns, flow_span(time_ns, state->latest_ns));
}

/* Merged packets are told by what the receiver can take, where it said so. */
static bool is_merged(const struct quality_half *receiver, const struct flow_fact *fact)
{
    if (fact->bits & FLOW_FACT_NO_LENGTH)
        return true;
    if ((fact->bits & FLOW_FACT_TCP) && (receiver->bits & QUALITY_MSS))
        return fact->payload_len > receiver->mss;
    return fact->ip_len > IP_LEN_MAX;
}

/* RFC 5681: an acknowledgement without news asks for what is missing after it. */
static bool asks_again(const struct quality_half *half, const struct flow_fact *fact)
{
    return (half->bits & QUALITY_ACK) && fact->tcp_ack == half->ack && !takes_numbers(fact);
}

static void fold_ack(struct quality_half *half, const struct flow_fact *fact)
{
    uint32_t ack = fact->tcp_flags & FLOW_TCP_ACK ? fact->tcp_ack : 0;

    half->repeats += asks_again(half, fact);
    if ((half->bits & QUALITY_ACK) && ack != half->ack)
        half->bits |= QUALITY_ACK_MOVED;
    half->ack = ack;
    half->bits |= QUALITY_ACK;
}

static void fold_tcp(struct quality_state *state, const struct flow_fact *fact)
{
    struct quality_half *half = &state->half[flow_fact_dir(fact)];
    bool is_syn = fact->tcp_flags & FLOW_TCP_SYN;

    state->bits |= QUALITY_TCP | (is_syn ? QUALITY_SYN : 0);
    if (!(fact->tcp_flags & FLOW_TCP_RST) && state->copy_of == 0)
        fold_ack(half, fact);
    if (is_syn && (fact->bits & FLOW_FACT_OPTIONS) &&
        (fact->tcp_options.bits & FLOW_TCP_OPTION_MSS) && fact->tcp_options.mss > 0) {
        half->mss = fact->tcp_options.mss;
        half->bits |= QUALITY_MSS;
    }
}

static void fold(void *of, const struct flow_fold *from)
{
    struct quality_state *state = of;
    const struct flow_fact *fact = from->fact;
    enum flow_dir dir = flow_fact_dir(fact);
    struct quality_half *half = &state->half[dir];

    if (fact->bits & FLOW_FACT_EVENT)
        return;
    half->pkts++;
    fold_cut(half, fact);
    fold_copies(state, fact);
    if (has_time(fact))
        fold_time(state, fact->time_ns);
    if (fact->bits & FLOW_FACT_IP)
        half->offload += is_merged(&state->half[!dir], fact);
    if (fact->bits & FLOW_FACT_TCP)
        fold_tcp(state, fact);
}

/* Rows */

static bool is_ip(const struct flow_view *view)
{
    return view->flow->key.family != FLOW_LINK;
}

/* The state whose last packet is the view's. */
static const struct quality_state *here(struct flow_view *view)
{
    return flow_view_so_far(view, &flow_quality);
}

static bool is_one_sided(const struct quality_state *state)
{
    return (state->half[FLOW_UP].pkts > 0) != (state->half[FLOW_DOWN].pkts > 0);
}

static bool is_other_unseen(const struct quality_state *state)
{
    uint8_t bits = state->half[FLOW_UP].bits | state->half[FLOW_DOWN].bits;

    return is_one_sided(state) && (bits & QUALITY_ACK_MOVED);
}

/* Where on the path */

enum vantage { VANTAGE_UNKNOWN, VANTAGE_CLIENT, VANTAGE_SERVER, VANTAGE_BETWEEN };

static const struct flow_name vantage_names[] = { { VANTAGE_CLIENT, "client" },
                                                  { VANTAGE_SERVER, "server" },
                                                  { VANTAGE_BETWEEN, "between" },
                                                  { 0, NULL } };

static enum vantage vantage(const struct flow_asked *asked)
{
    const struct flow_tcp *tcp = flow_asked_state(asked, &flow_tcp_group);
    int64_t all, responder, initiator;

    if (!tcp || !flow_tcp_span(tcp, FLOW_TCP_RTT, &all) || all <= 0 ||
        !flow_tcp_span(tcp, FLOW_TCP_RTT_NET, &responder) || responder < 0 ||
        !flow_tcp_span(tcp, FLOW_TCP_RTT_USER, &initiator) || initiator < 0)
        return VANTAGE_UNKNOWN;
    if (initiator <= all / 10)
        return VANTAGE_CLIENT;
    return responder <= all / 10 ? VANTAGE_SERVER : VANTAGE_BETWEEN;
}

#define ROWS_FILE  "quality.def"
#define ROWS_STATE struct quality_state
#define ROWS_HALF  struct quality_half
#include "rows.h"

/* "12 copies, 3 cut, 1 late, midstream", or that there is nothing of all that */
static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const struct quality_state *state = asked->state;
    const struct quality_half *up = &state->half[FLOW_UP], *down = &state->half[FLOW_DOWN];
    GString *text = g_string_new(NULL);
    const struct {
        uint64_t count;
        const char *what;
    } counts[] = {
        { (uint64_t)up->duplicates + down->duplicates, "copies" },
        { (uint64_t)up->cut_pkts + down->cut_pkts, "cut" },
        { state->late, "late" },
        { (uint64_t)up->offload + down->offload, "merged" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        if (counts[i].count > 0)
            g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "",
                                   counts[i].count, counts[i].what);
    if (is_one_sided(state))
        g_string_append_printf(text, "%sone-sided", text->len > 0 ? ", " : "");
    if ((state->bits & QUALITY_TCP) && !(state->bits & QUALITY_SYN))
        g_string_append_printf(text, "%smidstream", text->len > 0 ? ", " : "");
    g_strlcpy(ret_text, text->len > 0 ? text->str : "nothing noticed", size);
    g_string_free(text, TRUE);
}

/*
 * Parts of a flow cannot be put together: a packet of the later part may be a
 * copy of one of the earlier part, and would be its original there.
 */
const struct flow_group flow_quality = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct quality_state),
    .is_on = true,
    .is_quiet = true,
    .name = "quality",
    .title = "Quality of the capture",
    .help =
        "How far the capture of each flow can be trusted: copies by mirror ports, cut frames, a "
        "side or a beginning that was not captured, packets out of order or merged, and where "
        "it was captured.",
    .rows = rows,
    .fold = fold,
    .summary = summary,
    .settings = settings,
};
