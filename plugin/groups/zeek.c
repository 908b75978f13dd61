#include "zeek.h"

#include "view.h"

#include <flowstats/packet.h>
#include <glib.h>
#include <string.h>

enum { CONTROL = FLOW_TCP_SYN | FLOW_TCP_FIN | FLOW_TCP_RST };

/* A SYN or RST that is further away from what was sent says nothing about it. */
enum { FAR = 1 << 20 };

/* A segment on its way through the rules. */
struct step {
    struct zeek_state *state;
    const struct flow_fact *fact;
    struct zeek_half *sender;
    struct zeek_half *receiver;
    int64_t seq; /* from the sender's start */
    uint32_t len;
    enum flow_dir dir;
    uint8_t flags;
};

static bool has(const struct step *step, uint8_t flag)
{
    return step->flags & flag;
}

/* History */

static void add_letter(struct zeek_state *state, enum flow_dir dir, char letter)
{
    size_t length = strlen(state->history);

    if (length < ZEEK_HISTORY_LEN)
        state->history[length] = dir == FLOW_UP ? letter : g_ascii_tolower(letter);
}

static void add_caret(struct zeek_state *state, enum flow_dir dir)
{
    if (dir == FLOW_DOWN && state->half[FLOW_UP].pkts + state->half[FLOW_DOWN].pkts == 1)
        add_letter(state, dir, '^');
}

/* Add a letter that a side has once; return whether it had it before. */
static bool add_once(const struct step *step, uint8_t mark, char letter)
{
    bool had = step->sender->marks & mark;

    if (!had)
        add_letter(step->state, step->dir, letter);
    step->sender->marks |= mark;
    return had;
}

/* Add a letter that comes again with each other number. */
static void add_by_number(const struct step *step, uint8_t mark, char letter, int64_t number,
                          int64_t *last)
{
    if (add_once(step, mark, letter) && number != *last)
        add_letter(step->state, step->dir, letter);
    *last = number;
}

/* Count, and add a letter for the 1st, the 10th, the 100th ... */
static void add_by_count(struct zeek_state *state, enum flow_dir dir, char letter, uint32_t *count)
{
    *count += *count < UINT32_MAX;
    uint32_t rest = *count;

    while (rest % 10 == 0)
        rest /= 10;
    if (rest == 1)
        add_letter(state, dir, letter);
}

static void note_flags(const struct step *step)
{
    struct zeek_half *sender = step->sender;

    switch (step->flags & CONTROL) {
    case 0:
        if (step->len > 0)
            add_once(step, ZEEK_HAS_DATA, 'D');
        else if (has(step, FLOW_TCP_ACK))
            add_once(step, ZEEK_HAS_ACK, 'A');
        break;
    case FLOW_TCP_SYN:
        add_by_number(step, ZEEK_HAS_SYN, has(step, FLOW_TCP_ACK) ? 'H' : 'S', step->seq,
                      &sender->last_syn);
        break;
    case FLOW_TCP_FIN:
        add_by_number(step, ZEEK_HAS_FIN, 'F', step->seq + step->len, &sender->last_fin);
        break;
    case FLOW_TCP_RST: add_by_number(step, ZEEK_HAS_RST, 'R', step->seq, &sender->last_rst); break;
    case FLOW_TCP_FIN | FLOW_TCP_RST:
    case CONTROL: add_once(step, ZEEK_HAS_FIN_RST, 'I'); break;
    default: add_once(step, ZEEK_HAS_OTHER_PAIR, 'Q'); break;
    }
}

static void note_window(const struct step *step)
{
    if (step->fact->tcp_window == 0 && !has(step, FLOW_TCP_RST) &&
        step->receiver->state != ZEEK_CLOSED && step->sender->state != ZEEK_RESET)
        add_by_count(step->state, step->dir, 'W', &step->sender->zero_windows);
}

/* Numbers */

/* A raw number, counted from the side's start: the one that is nearest to another. */
static int64_t number_near(const struct zeek_half *half, uint32_t raw, int64_t near)
{
    return near + (int32_t)(raw - half->start - (uint32_t)near);
}

static void start(struct zeek_half *half, uint32_t number, int64_t top)
{
    half->start = number;
    half->top = top;
    half->acked = 0;
}

static int64_t length_of(const struct step *step)
{
    return (int64_t)(has(step, FLOW_TCP_RST) ? 0 : step->len) + has(step, FLOW_TCP_SYN) +
           has(step, FLOW_TCP_FIN);
}

/* Whether a SYN of a side in that state says where it starts. */
static bool is_start(const struct zeek_half *half, uint32_t number)
{
    switch ((enum zeek_endpoint_state)half->state) {
    case ZEEK_SYN_SENT:
    case ZEEK_SYN_ACK_SENT: return number != half->start;
    case ZEEK_INACTIVE:
    case ZEEK_PARTIAL:
    case ZEEK_ESTABLISHED: return true;
    case ZEEK_CLOSED: return false;
    case ZEEK_RESET: return half->before == ZEEK_INACTIVE;
    }
    return false;
}

/* What the other side acknowledged before says nothing: Zeek looks no further back. */
static void start_sender(const struct step *step)
{
    struct holes_half *holes = &step->state->holes[step->dir];
    uint32_t raw = step->fact->tcp_seq;

    if (has(step, FLOW_TCP_SYN) && is_start(step->sender, raw)) {
        start(step->sender, raw, length_of(step));
        if (!(holes->bits & HOLES_STARTED) || holes->start != raw)
            holes_begin(holes, raw);
    } else if (step->sender->state == ZEEK_INACTIVE) {
        start(step->sender, raw - 1, 1);
        holes_begin(holes, raw - 1);
    }
}

static void acknowledge(const struct step *step, struct holes_news *ret_news)
{
    struct zeek_half *receiver = step->receiver;
    uint32_t raw = step->fact->tcp_ack;

    if (receiver->state == ZEEK_INACTIVE) {
        start(receiver, raw - 1, 0);
        holes_begin(&step->state->holes[!step->dir], raw - 1);
        return;
    }
    int64_t ack = number_near(receiver, raw, receiver->acked);
    bool is_broken = raw == 0 && ack - receiver->acked > FAR;
    if (ack < 0 || is_broken || has(step, FLOW_TCP_RST))
        return;
    receiver->acked = MAX(receiver->acked, ack);
    /* A FIN's number is no byte. */
    bool is_of_fin = (receiver->marks & ZEEK_SENT_FIN) && (int32_t)(raw - receiver->fin) > 0;
    holes_acknowledge(&step->state->holes[!step->dir], is_of_fin ? receiver->fin : raw, ret_news);
}

/* Whether what a segment carries is another word on how far its sender has come. */
static bool is_further(const struct step *step, int64_t end)
{
    const struct zeek_half *sender = step->sender;

    if (has(step, FLOW_TCP_FIN) && sender->top == 1)
        return true;
    return sender->state != ZEEK_RESET && end > sender->top;
}

static void move_top(const struct step *step)
{
    struct zeek_half *sender = step->sender;
    int64_t end = step->seq + length_of(step);

    if (has(step, FLOW_TCP_SYN | FLOW_TCP_RST) && ABS(end - sender->top) > FAR)
        return;
    if (is_further(step, end))
        sender->top = end;
    else if (sender->state != ZEEK_RESET && step->len > 0)
        add_by_count(step->state, step->dir, 'T', &sender->retransmissions);
}

/* States: one function for each that a segment finds its sender in. */

static void become(struct zeek_half *half, enum zeek_endpoint_state state)
{
    half->before = half->state;
    half->state = (uint8_t)state;
}

static void syn_when_inactive(const struct step *step)
{
    if (step->dir == FLOW_UP) {
        become(step->sender, has(step, FLOW_TCP_ACK) ? ZEEK_SYN_ACK_SENT : ZEEK_SYN_SENT);
        return;
    }
    if (step->receiver->state == ZEEK_SYN_SENT ||
        (step->receiver->state == ZEEK_SYN_ACK_SENT && !has(step, FLOW_TCP_ACK)))
        become(step->receiver, ZEEK_ESTABLISHED);
    become(step->sender, ZEEK_ESTABLISHED);
}

static void when_inactive(const struct step *step)
{
    struct zeek_half *sender = step->sender, *receiver = step->receiver;

    if (has(step, FLOW_TCP_SYN))
        syn_when_inactive(step);
    if (has(step, FLOW_TCP_FIN))
        become(sender, ZEEK_CLOSED);
    if (has(step, FLOW_TCP_RST))
        become(sender, ZEEK_RESET);
    if (has(step, CONTROL))
        return;
    /* Some acknowledge a SYN before they send their own. */
    if (step->dir == FLOW_DOWN && step->len == 0 && receiver->state == ZEEK_SYN_SENT)
        return;
    bool is_answer = has(step, FLOW_TCP_ACK) && receiver->state == ZEEK_ESTABLISHED;
    become(sender, is_answer ? ZEEK_ESTABLISHED : ZEEK_PARTIAL);
}

static void when_syn_sent(const struct step *step)
{
    if (has(step, FLOW_TCP_FIN))
        become(step->sender, ZEEK_CLOSED);
    if (has(step, FLOW_TCP_RST))
        become(step->sender, ZEEK_RESET);
}

static void when_established(const struct step *step)
{
    struct zeek_half *sender = step->sender, *receiver = step->receiver;

    if (has(step, FLOW_TCP_SYN) && !has(step, FLOW_TCP_ACK) && sender->state == ZEEK_PARTIAL &&
        receiver->state == ZEEK_INACTIVE)
        become(sender, ZEEK_SYN_SENT);
    if (has(step, FLOW_TCP_RST)) {
        become(sender, ZEEK_RESET);
    } else if (has(step, FLOW_TCP_FIN)) {
        become(sender, ZEEK_CLOSED);
        if (receiver->state == ZEEK_RESET && receiver->before == ZEEK_CLOSED)
            become(receiver, ZEEK_CLOSED);
    }
}

static void when_closed(const struct step *step)
{
    if (has(step, FLOW_TCP_RST) && step->receiver->state != ZEEK_CLOSED)
        become(step->sender, ZEEK_RESET);
}

static void move_state(const struct step *step)
{
    switch ((enum zeek_endpoint_state)step->sender->state) {
    case ZEEK_INACTIVE: when_inactive(step); break;
    case ZEEK_SYN_SENT:
    case ZEEK_SYN_ACK_SENT: when_syn_sent(step); break;
    case ZEEK_PARTIAL:
    case ZEEK_ESTABLISHED: when_established(step); break;
    case ZEEK_CLOSED: when_closed(step); break;
    case ZEEK_RESET: break;
    }
}

/* Gaps */

static bool is_in_order(const struct zeek_half *half)
{
    return half->state == ZEEK_ESTABLISHED ||
           (half->state == ZEEK_CLOSED && half->before == ZEEK_ESTABLISHED);
}

static void note_gaps(const struct step *step, const struct holes_news *news)
{
    struct zeek_state *state = step->state;
    bool is_start = state->is_partial && step->receiver->acked <= 2;

    if (!is_in_order(step->sender) || !is_in_order(step->receiver) || is_start ||
        state->holes[!step->dir].bits & HOLES_FRAGMENTED)
        return;
    state->missed_bytes += news->missed_bytes;
    for (uint32_t i = 0; i < news->holes; i++)
        add_by_count(state, !step->dir, 'G', &step->receiver->gaps);
}

/* Folding */

static void note_first(struct zeek_state *state, const struct flow_fact *fact)
{
    if (!state->has_segment && !(fact->tcp_flags & FLOW_TCP_SYN))
        state->is_partial = 1;
    state->has_segment = 1;
}

static void note_content(const struct step *step)
{
    uint32_t seq = step->fact->tcp_seq + has(step, FLOW_TCP_SYN);

    if (!has(step, FLOW_TCP_RST))
        holes_fill(&step->state->holes[step->dir], seq, step->len);
    if (!has(step, FLOW_TCP_FIN))
        return;
    step->sender->fin = seq + step->len;
    step->sender->marks |= ZEEK_SENT_FIN;
}

static void fold_segment(struct zeek_state *state, const struct flow_fact *fact)
{
    enum flow_dir dir = flow_fact_dir(fact);
    struct holes_news news = { 0 };
    struct step step = { .state = state,
                         .fact = fact,
                         .sender = &state->half[dir],
                         .receiver = &state->half[!dir],
                         .len = fact->payload_len,
                         .dir = dir,
                         .flags = fact->tcp_flags };

    note_first(state, fact);
    add_caret(state, dir);
    start_sender(&step);
    step.seq = number_near(step.sender, fact->tcp_seq, step.sender->top);
    note_flags(&step);
    note_window(&step);
    if (has(&step, FLOW_TCP_ACK))
        acknowledge(&step, &news);
    move_top(&step);
    move_state(&step);
    note_gaps(&step, &news);
    note_content(&step);
}

static void fold_datagram(struct zeek_state *state, enum flow_dir dir)
{
    struct step step = { .state = state, .sender = &state->half[dir], .dir = dir };

    add_caret(state, dir);
    add_once(&step, ZEEK_HAS_DATA, 'D');
}

static void count(struct zeek_half *half, const struct flow_fact *fact)
{
    half->pkts++;
    half->payload_bytes += fact->payload_len;
    half->ip_bytes += fact->bits & FLOW_FACT_IP ? fact->ip_len : 0;
}

static void fold(void *data, const struct flow_fold *from)
{
    struct zeek_state *state = data;
    const struct flow_fact *fact = from->fact;
    enum flow_dir dir = flow_fact_dir(fact);

    state->protocol = from->protocol;
    state->family = from->family;
    if (fact->bits & FLOW_FACT_EVENT)
        return;
    count(&state->half[dir], fact);
    if (fact->bits & FLOW_FACT_FRAG)
        state->holes[dir].bits |= HOLES_FRAGMENTED;
    if (fact->bits & FLOW_FACT_TCP)
        fold_segment(state, fact);
    else if (from->protocol == FLOW_PROTOCOL_UDP)
        fold_datagram(state, dir);
}

/* Verdicts */

static bool is_unseen(const struct zeek_half *half)
{
    return half->state == ZEEK_INACTIVE || half->state == ZEEK_PARTIAL;
}

static bool is_syn_sent(const struct zeek_half *half)
{
    return half->state == ZEEK_SYN_SENT || half->state == ZEEK_SYN_ACK_SENT;
}

static uint64_t tcp_size(const struct zeek_half *half, const struct zeek_half *other)
{
    if (half->state == ZEEK_RESET && half->before == ZEEK_SYN_SENT &&
        other->state == ZEEK_INACTIVE && half->acked <= 1)
        return 0;
    int64_t size = MAX(half->top, half->acked) - 1 - !!(half->marks & ZEEK_SENT_FIN);
    return size > 0 ? (uint64_t)size : 0;
}

uint64_t zeek_size(const struct zeek_state *state, enum flow_dir dir)
{
    return state->protocol == FLOW_PROTOCOL_TCP ? tcp_size(&state->half[dir], &state->half[!dir])
                                                : state->half[dir].payload_bytes;
}

/* Whether a SYN of the source was reset by itself before anything was answered. */
static bool is_given_up(const char *history)
{
    const char *at = history + (history[0] == '^');

    return *at == 'S' && at[1 + strcspn(at + 1, "HAFGIQR")] == 'R';
}

static const char *state_when_reset_down(const struct zeek_state *state)
{
    const struct zeek_half *up = &state->half[FLOW_UP];
    bool is_empty = zeek_size(state, FLOW_UP) == 0 && zeek_size(state, FLOW_DOWN) == 0;

    if (is_syn_sent(up) || (up->state == ZEEK_RESET && is_empty))
        return "REJ";
    return is_unseen(up) ? "RSTRH" : "RSTR";
}

static const char *state_when_reset_up(const struct zeek_state *state)
{
    if (!is_unseen(&state->half[FLOW_DOWN]))
        return "RSTO";
    return is_given_up(state->history) ? "RSTOS0" : "OTH";
}

static const char *tcp_conn_state(const struct zeek_state *state)
{
    const struct zeek_half *up = &state->half[FLOW_UP], *down = &state->half[FLOW_DOWN];

    if (down->state == ZEEK_RESET)
        return state_when_reset_down(state);
    if (up->state == ZEEK_RESET)
        return state_when_reset_up(state);
    if (up->state == ZEEK_CLOSED && down->state == ZEEK_CLOSED)
        return "SF";
    if (up->state == ZEEK_CLOSED)
        return is_unseen(down) ? "SH" : "S2";
    if (down->state == ZEEK_CLOSED)
        return is_unseen(up) ? "SHR" : "S3";
    if (up->state == ZEEK_SYN_SENT && down->state == ZEEK_INACTIVE)
        return "S0";
    return up->state == ZEEK_ESTABLISHED && down->state == ZEEK_ESTABLISHED ? "S1" : "OTH";
}

const char *zeek_conn_state(const struct zeek_state *state)
{
    if (state->protocol == FLOW_PROTOCOL_TCP)
        return tcp_conn_state(state);
    if (state->protocol != FLOW_PROTOCOL_UDP)
        return "OTH";
    if (state->half[FLOW_DOWN].pkts == 0)
        return "S0";
    return state->half[FLOW_UP].pkts == 0 ? "SHR" : "SF";
}

/* The identifier: "C" and 17 digits to the base of 62, as Zeek's are, of a hash of 96 bits. */

enum { UID_WORDS = 3, UID_DIGITS = 17 };

static void add_key(GChecksum *sum, const struct flow_key *key)
{
    uint8_t numbers[] = { key->family, key->protocol, (uint8_t)(key->ident >> 8),
                          (uint8_t)key->ident, key->asker };

    for (int i = 0; i < 2; i++) {
        uint8_t port[] = { (uint8_t)(key->end[i].port >> 8), (uint8_t)key->end[i].port };
        g_checksum_update(sum, key->end[i].addr, sizeof key->end[i].addr);
        g_checksum_update(sum, port, sizeof port);
    }
    g_checksum_update(sum, numbers, sizeof numbers);
}

/* Numbers of paths are those of a run, so the text. */
static void add_path(GChecksum *sum, const struct flow_view *view)
{
    enum flow_dir dir = flow_first_dir(view->flow);
    char text[FLOW_PATH_TEXT_LEN];

    if (!view->flow->way[dir].path)
        return;
    flow_paths_text(view->paths, view->flow->way[dir].path, dir, text);
    g_checksum_update(sum, (const guchar *)text, -1);
}

static void add_start(GChecksum *sum, const struct flow_view *view)
{
    int64_t start_ns = 0;
    uint8_t bytes[sizeof start_ns];

    flow_history_first_time(view->history, view->index, &start_ns);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)start_ns >> (8 * i));
    g_checksum_update(sum, bytes, sizeof bytes);
}

/* Divide a number of several words, the greatest first, by 62 and return the rest as a digit. */
static char next_digit(uint32_t number[UID_WORDS])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t rest = 0;

    for (int i = 0; i < UID_WORDS; i++) {
        rest = rest << 32 | number[i];
        number[i] = (uint32_t)(rest / 62);
        rest %= 62;
    }
    return digits[rest];
}

static const char *uid_text(struct flow_view *view)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
    uint8_t digest[20];
    gsize length = sizeof digest;
    uint32_t number[UID_WORDS];

    add_key(sum, &view->flow->key);
    add_path(sum, view);
    add_start(sum, view);
    g_checksum_get_digest(sum, digest, &length);
    g_checksum_free(sum);
    memcpy(number, digest, sizeof number);
    for (int i = 0; i < UID_WORDS; i++)
        number[i] = GUINT32_FROM_BE(number[i]);
    view->text[0] = 'C';
    for (int i = UID_DIGITS; i > 0; i--)
        view->text[i] = next_digit(number);
    view->text[1 + UID_DIGITS] = '\0';
    return view->text;
}

/* "SF ShADadFf"; in a link-layer flow, which has neither, the identifier. */
static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const struct zeek_state *state = asked->state;

    if (state->family == FLOW_LINK)
        g_strlcpy(ret_text, uid_text(asked->view), size);
    else
        g_snprintf(ret_text, size, "%s%s%s", zeek_conn_state(state), *state->history ? " " : "",
                   state->history);
}

#define ROWS_FILE  "zeek.def"
#define ROWS_STATE struct zeek_state
#include "rows.h"

/* Parts of a flow cannot be put together: what a segment means depends on those before it. */
const struct flow_group flow_zeek = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct zeek_state),
    .is_on = true,
    .is_quiet = true,
    .name = "zeek",
    .title = "Zeek",
    .help = "How Zeek's conn.log calls what happened: conn_state, history and missed_bytes.",
    .rows = rows,
    .fold = fold,
    .summary = summary,
};
