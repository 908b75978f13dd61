#include "turns.h"

#include "direction.h"
#include "tcp_group.h"
#include "view.h"

/* No TCP window is larger: what lies further away is no retransmission. */
#define FAR (1 << 30)

static bool has(uint64_t bits, uint64_t wanted)
{
    return (bits & wanted) == wanted;
}

/* Return the time between two moments; false where the later one is stamped earlier. */
static bool span(int64_t from_ns, int64_t to_ns, int64_t *ret_ns)
{
    uint64_t ns = (uint64_t)to_ns - (uint64_t)from_ns;

    if (to_ns < from_ns || ns > INT64_MAX)
        return false;
    *ret_ns = (int64_t)ns;
    return true;
}

/* TCP: which payload is new */

static void start_top(struct turns_half *half, uint32_t top)
{
    half->top = top;
    half->bits |= TURNS_TOP;
}

/* A SYN with another number begins anew, unless the side has gone on: then it is a stray one. */
static void learn_syn(struct turns_half *sender, const struct flow_fact *segment)
{
    if ((sender->bits & TURNS_BEGUN) ||
        ((sender->bits & TURNS_SYN) && sender->syn == segment->tcp_seq))
        return;
    sender->syn = segment->tcp_seq;
    sender->bits |= TURNS_SYN;
    start_top(sender, segment->tcp_seq + 1);
}

/*
 * Where a side's first captured byte is a keep-alive, its number and that of the
 * acknowledgements before it tell.
 */
static void learn_tops(struct turns_half *sender, struct turns_half *receiver,
                       const struct flow_fact *segment)
{
    if (segment->tcp_flags & FLOW_TCP_SYN)
        learn_syn(sender, segment);
    else if (!(sender->bits & TURNS_TOP) && segment->payload_len == 0)
        start_top(sender, segment->tcp_seq);
    if ((segment->tcp_flags & FLOW_TCP_ACK) && !(receiver->bits & TURNS_TOP))
        start_top(receiver, segment->tcp_ack);
    if (!(segment->tcp_flags & FLOW_TCP_SYN))
        sender->bits |= TURNS_BEGUN;
}

static bool is_new(struct turns_half *sender, const struct flow_fact *segment)
{
    uint32_t end =
        segment->tcp_seq + segment->payload_len + ((segment->tcp_flags & FLOW_TCP_SYN) != 0);
    int32_t ahead = (int32_t)(end - sender->top);

    if (segment->payload_len == 0 || ((sender->bits & TURNS_TOP) && ahead <= 0 && ahead >= -FAR))
        return false;
    start_top(sender, end);
    return true;
}

static void note_finish(struct turns_half *sender, const struct flow_fact *segment)
{
    if (!(segment->tcp_flags & (FLOW_TCP_FIN | FLOW_TCP_RST)) || (sender->bits & TURNS_FINISHED))
        return;
    sender->bits |= TURNS_FINISHED;
    if (!(segment->bits & FLOW_FACT_TIME))
        return;
    sender->finish_ns = segment->time_ns;
    sender->bits |= TURNS_FINISH_TIME;
}

/* Return whether a segment brings new payload. */
static bool fold_segment(struct turns_state *state, const struct flow_fact *segment)
{
    enum flow_dir dir = flow_fact_dir(segment);
    struct turns_half *sender = &state->half[dir];
    bool brings = false;

    if (!(segment->tcp_flags & FLOW_TCP_RST)) {
        learn_tops(sender, &state->half[!dir], segment);
        brings = is_new(sender, segment);
    }
    if (brings)
        sender->bits &= ~(uint32_t)(TURNS_FINISHED | TURNS_FINISH_TIME);
    note_finish(sender, segment);
    return brings;
}

/* Turns */

static bool has_any(const struct turns_state *state)
{
    return state->half[FLOW_UP].turns + state->half[FLOW_DOWN].turns > 0;
}

/* The direction of the last turn, of a flow that has one. */
static enum flow_dir last_dir(const struct turns_state *state)
{
    return state->bits & TURNS_DOWN ? FLOW_DOWN : FLOW_UP;
}

static void add_wait(struct turns_half *half, const struct turns_turn *before, int64_t first_ns)
{
    int64_t ns;

    if (!(before->bits & TURNS_LAST_TIME) || !span(before->last_ns, first_ns, &ns))
        return;
    if (half->waits.count == 0)
        half->first_wait_ns = ns;
    flow_samples_add(&half->waits, ns);
    half->turn.wait_ns = ns;
    half->turn.bits |= TURNS_WAIT;
}

static void begin_turn(struct turns_state *state, const struct flow_fact *fact)
{
    enum flow_dir dir = flow_fact_dir(fact);
    struct turns_half *half = &state->half[dir];
    bool has_time = fact->bits & FLOW_FACT_TIME, is_first = !has_any(state);

    half->turns++;
    half->turn = (struct turns_turn){ .first_fact = fact->ordinal };
    if (has_time) {
        half->turn.first_ns = fact->time_ns;
        half->turn.bits |= TURNS_FIRST_TIME;
    }
    if (has_time && is_first) {
        state->start_ns = fact->time_ns;
        state->bits |= TURNS_START_TIME;
    }
    if (has_time && !is_first)
        add_wait(half, &state->half[!dir].turn, fact->time_ns);

    state->bits &= ~(uint64_t)TURNS_DOWN;
    if (dir == FLOW_DOWN)
        state->bits |= TURNS_DOWN | (is_first ? TURNS_FIRST_DOWN : 0);
}

static void go_on(struct turns_half *half, const struct flow_fact *fact)
{
    struct turns_turn *turn = &half->turn;
    int64_t ns;

    turn->last_fact = fact->ordinal;
    turn->last_frame = fact->frame;
    turn->bits &= ~(uint32_t)TURNS_LAST_TIME;
    if (!(fact->bits & FLOW_FACT_TIME))
        return;
    turn->last_ns = fact->time_ns;
    turn->bits |= TURNS_LAST_TIME;
    if ((turn->bits & TURNS_FIRST_TIME) && span(turn->first_ns, turn->last_ns, &ns))
        half->longest_ns = MAX(half->longest_ns, ns);
}

/* TLS */

static void fold_record(struct turns_state *state, const struct flow_fact *fact)
{
    bool has_time = fact->bits & FLOW_FACT_TIME;

    if (fact->record == FLOW_RECORD_CLIENT_HELLO && !(state->bits & TURNS_HELLO)) {
        state->bits |= TURNS_HELLO | (has_time ? TURNS_HELLO_TIME : 0);
        state->hello_ns = has_time ? fact->time_ns : 0;
    } else if (fact->record == FLOW_RECORD_APPLICATION_DATA && flow_fact_dir(fact) == FLOW_UP &&
               has(state->bits, TURNS_HELLO) && !(state->bits & TURNS_DATA)) {
        state->bits |= TURNS_DATA | (has_time ? TURNS_DATA_TIME : 0);
        state->data_ns = has_time ? fact->time_ns : 0;
    }
}

static void fold(void *of, const struct flow_fold *from)
{
    struct turns_state *state = of;
    const struct flow_fact *fact = from->fact;
    enum flow_dir dir = flow_fact_dir(fact);
    bool is_later_fragment =
        (fact->bits & (FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG)) == FLOW_FACT_FRAG;
    bool brings = fact->payload_len > 0;

    if ((fact->bits & FLOW_FACT_EVENT) || is_later_fragment)
        return;
    if (from->protocol == FLOW_PROTOCOL_TCP)
        brings = (fact->bits & FLOW_FACT_TCP) && fold_segment(state, fact);
    if (!brings)
        return;
    if (!has_any(state) || last_dir(state) != dir)
        begin_turn(state, fact);
    go_on(&state->half[dir], fact);
    fold_record(state, fact);
}

/* Rows of the flow */

static uint32_t turns(const struct turns_state *state, enum flow_dir dir)
{
    return dir < FLOW_DIRS ? state->half[dir].turns
                           : state->half[FLOW_UP].turns + state->half[FLOW_DOWN].turns;
}

static const struct flow_samples *waits(const struct turns_state *state, enum flow_dir dir)
{
    return &state->half[dir].waits;
}

/* The connection in the reading that is asked for; NULL where it cannot be known. */
static const struct flow_tcp *tcp_of(const struct flow_asked *asked)
{
    return flow_asked_state(asked, &flow_tcp_group);
}

static bool rtt_net(const struct flow_asked *asked, int64_t *ret_ns)
{
    const struct flow_tcp *tcp = tcp_of(asked);

    return tcp && flow_tcp_span(tcp, FLOW_TCP_RTT_NET, ret_ns);
}

/* When the handshake ended. */
static bool ts_ack(const struct flow_asked *asked, int64_t *ret_ns)
{
    const struct flow_tcp *tcp = tcp_of(asked);
    const struct flow_tcp_sent *ack = tcp ? flow_tcp_moment(tcp, FLOW_TCP_MOMENT_ACK) : NULL;

    if (ack)
        *ret_ns = ack->ns;
    return ack != NULL;
}

/* What the answer that came soonest took, less the way to the responder and back. */
static bool has_server(const struct flow_asked *asked, int64_t *ret_ns)
{
    const struct turns_state *state = asked->state;
    const struct flow_samples *answers = waits(state, FLOW_DOWN);

    if (answers->count == 0 || !rtt_net(asked, ret_ns))
        return false;
    *ret_ns = *ret_ns < answers->min ? answers->min - *ret_ns : 0;
    return true;
}

static int64_t server(const struct flow_asked *asked)
{
    int64_t ns = 0;

    has_server(asked, &ns);
    return ns;
}

/* From the end of the handshake to the first packet of the first turn, which is of that side. */
static bool has_opening(const struct flow_asked *asked, enum flow_dir dir, int64_t *ret_ns)
{
    const struct turns_state *state = asked->state;
    enum flow_dir first = state->bits & TURNS_FIRST_DOWN ? FLOW_DOWN : FLOW_UP;
    int64_t ack_ns;

    return (state->bits & TURNS_START_TIME) && first == dir && ts_ack(asked, &ack_ns) &&
           span(ack_ns, state->start_ns, ret_ns);
}

static int64_t opening(const struct flow_asked *asked, enum flow_dir dir)
{
    int64_t ns = 0;

    has_opening(asked, dir, &ns);
    return ns;
}

static bool has_setup(const struct turns_state *state, int64_t *ret_ns)
{
    return has(state->bits, TURNS_HELLO_TIME | TURNS_DATA_TIME) &&
           span(state->hello_ns, state->data_ns, ret_ns);
}

static int64_t setup(const struct turns_state *state)
{
    int64_t ns = 0;

    has_setup(state, &ns);
    return ns;
}

/*
 * Who says good-bye waits for no answer: TLS's close_notify, MySQL's quit.  It
 * closes sooner than any answer came, or than one could have come.
 */
static bool was_good_bye(const struct flow_asked *asked)
{
    const struct turns_state *state = asked->state;
    const struct turns_half *up = &state->half[FLOW_UP];
    const struct flow_samples *answers = waits(state, FLOW_DOWN);
    int64_t patience_ns, least_ns = answers->min, way_ns;

    if (!has(up->bits, TURNS_FINISH_TIME) || !has(up->turn.bits, TURNS_LAST_TIME))
        return false;
    if (rtt_net(asked, &way_ns))
        least_ns = MAX(least_ns, way_ns);
    return !span(up->turn.last_ns, up->finish_ns, &patience_ns) || patience_ns < least_ns;
}

/* A group of hosts has no address of its own to answer from. */
static bool is_unanswered(const struct flow_asked *asked)
{
    const struct turns_state *state = asked->state;

    return has_any(state) && last_dir(state) == FLOW_UP &&
           asked->view->flow->reason != FLOW_REASON_GROUP && !was_good_bye(asked);
}

/* Rows of a packet */

/* Return the state up to this packet where its turn is in that direction. */
static const struct turns_state *turn_at(const struct flow_asked *asked, enum flow_dir dir)
{
    const struct turns_state *state = flow_view_so_far(asked->view, &flow_turns);

    return state && has_any(state) && last_dir(state) == dir ? state : NULL;
}

/* Return the turn that an answer begins with this packet, NULL where it begins none. */
static const struct turns_state *answer_at(const struct flow_asked *asked)
{
    const struct turns_state *state = turn_at(asked, FLOW_DOWN);

    return state && state->half[FLOW_DOWN].turn.first_fact == asked->fact->ordinal ? state : NULL;
}

static bool has_response_time(const struct flow_asked *asked, int64_t *ret_ns)
{
    const struct turns_state *state = answer_at(asked);

    if (!state || !(state->half[FLOW_DOWN].turn.bits & TURNS_WAIT))
        return false;
    *ret_ns = state->half[FLOW_DOWN].turn.wait_ns;
    return true;
}

static int64_t response_time(const struct flow_asked *asked)
{
    int64_t ns = 0;

    has_response_time(asked, &ns);
    return ns;
}

/* The last frame of the request that this packet begins to answer; 0: none. */
static uint32_t request_frame(const struct flow_asked *asked)
{
    const struct turns_state *state = answer_at(asked);

    return state && state->half[FLOW_UP].turns > 0 ? state->half[FLOW_UP].turn.last_frame : 0;
}

/* Whether the state is of after a packet that takes part in a turn, later than that one. */
static bool goes_on_after(const struct turns_state *state, uint32_t fact)
{
    return state->half[last_dir(state)].turn.last_fact > fact;
}

/* Whether no packet after that fact takes part in a turn, of all that there are. */
static bool is_last_word(const struct flow_view *view, uint32_t fact)
{
    size_t group = flow_groups_find(view->groups, &flow_turns);

    return !goes_on_after(flow_evaluate_whole(view->evaluation, group, view->index), fact);
}

/*
 * Find the first fact after one that takes part in a turn; there is one.  It is
 * among the next few, or else in a long silence, which is halved until it is
 * found: states at any fact are made out of few facts.
 */
static uint32_t next_in_turn(struct flow_view *view, const struct turns_state *now, uint32_t fact)
{
    size_t group = flow_groups_find(view->groups, &flow_turns);
    uint32_t low = fact + 1, high = flow_history_facts(view->history, view->index);
    struct turns_state state = *now;
    struct flow_fold next = { .family = view->flow->key.family,
                              .protocol = view->flow->key.protocol };

    for (uint32_t end = MIN(high, low + FLOW_HISTORY_STRIDE); low < end; low++) {
        const void *notes;
        next.fact = flow_history_fact(view->history, view->index, low, &notes);
        fold(&state, &next);
        if (goes_on_after(&state, fact))
            return low;
    }
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct turns_state *there =
            flow_evaluate_at(view->evaluation, group, view->index, middle);
        if (goes_on_after(there, fact))
            high = middle;
        else
            low = middle;
    }
    return low;
}

/* The frame that begins the answer to what ends with this packet; 0: none. */
static uint32_t answer_frame(const struct flow_asked *asked)
{
    struct flow_view *view = asked->view;
    uint32_t fact = asked->fact->ordinal;
    const struct turns_state *now = turn_at(asked, FLOW_UP);
    const void *notes;

    if (!now || now->half[FLOW_UP].turn.last_fact != fact || is_last_word(view, fact))
        return 0;
    const struct flow_fact *next =
        flow_history_fact(view->history, view->index, next_in_turn(view, now, fact), &notes);
    return flow_fact_dir(next) == FLOW_DOWN ? next->frame : 0;
}

#define ROWS_FILE  "turns.def"
#define ROWS_STATE struct turns_state
#define ROWS_HALF  struct turns_half
#include "rows.h"

/* "12 turns, 6 answers after 1.234 ms on average" */
static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const struct turns_state *state = asked->state;
    const struct flow_samples *answers = waits(state, FLOW_DOWN);
    uint32_t count = turns(state, FLOW_DIRS);
    int64_t us = flow_mean_rounded(*answers) / 1000;
    char text[80] = "";

    if (answers->count > 0)
        g_snprintf(text, sizeof text, ", %u answer%s after %" G_GINT64_FORMAT ".%03u ms%s",
                   (unsigned)answers->count, answers->count == 1 ? "" : "s", us / 1000,
                   (unsigned)(us % 1000), answers->count == 1 ? "" : " on average");
    g_snprintf(ret_text, size, "%u turn%s%s", count, count == 1 ? "" : "s", text);
}

/* No merge: whether the first payload of a later part is new depends on what came before. */
const struct flow_group flow_turns = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct turns_state),
    .is_on = true,
    .is_quiet = true,
    .name = "turns",
    .title = "Turns",
    .help = "Who waited for whom: how long answers take, and how long the client thinks between "
            "them, whatever the protocol.",
    .rows = rows,
    .fold = fold,
    .summary = summary,
};
