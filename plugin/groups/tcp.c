#include "tcp.h"

#include <string.h>

/* A segment that comes again sooner than this, with the same TSval, is a copy: a mirror made it. */
enum { COPY_NS = 20000000 };

/* An ACK or data that was sent before a RST may come after it, but not from farther back. */
enum { OVERTAKEN_WINDOW = 1 << 16 };

/* What a segment without RST means to the handshake. */
enum step {
    STEP_NONE,
    STEP_SYN,           /* the initiator's */
    STEP_OTHER_SYN,     /* the other side's: a simultaneous open */
    STEP_SYN_ACK,       /* one that counts */
    STEP_BOTH_SYN_ACKS, /* and the other side has sent one, too */
    STEP_ACK,           /* the initiator's, which counts */
    STEP_PAYLOAD,       /* the responder's, after its SYN-ACK */
};

static enum flow_dir initiator_of(const struct flow_tcp *tcp)
{
    return tcp->bits & FLOW_TCP_INITIATOR_DOWN ? FLOW_DOWN : FLOW_UP;
}

static bool is_initiator(const struct flow_tcp *tcp, enum flow_dir dir)
{
    return (tcp->bits & FLOW_TCP_INITIATOR) && dir == initiator_of(tcp);
}

/* Whether an acknowledgement is at least number, less than 2^31 beyond. */
static bool reaches(uint32_t ack, uint32_t number)
{
    return (int32_t)(ack - number) >= 0;
}

/* Whether an acknowledgement is of the side's SYN, up to the end of the data that it carried. */
static bool acknowledges_syn(const struct flow_tcp_half *half, uint32_t ack)
{
    return ack - half->syn_seq - 1 < half->syn_end - half->syn_seq;
}

/* The number after a segment. */
static uint32_t end_of(const struct flow_fact *segment)
{
    return segment->tcp_seq + segment->payload_len + !!(segment->tcp_flags & FLOW_TCP_SYN) +
           !!(segment->tcp_flags & FLOW_TCP_FIN);
}

static struct flow_tcp_sent sent_of(const struct flow_fact *segment)
{
    struct flow_tcp_sent sent = { .frame = segment->frame,
                                  .seq = segment->tcp_seq,
                                  .ack = segment->tcp_ack };

    if (segment->bits & FLOW_FACT_TIME) {
        sent.ns = segment->time_ns;
        sent.bits |= FLOW_TCP_SENT_TIME;
    }
    if ((segment->bits & FLOW_FACT_OPTIONS) &&
        (segment->tcp_options.bits & FLOW_TCP_OPTION_TIMESTAMPS)) {
        sent.tsval = segment->tcp_options.tsval;
        sent.tsecr = segment->tcp_options.tsecr;
        sent.bits |= FLOW_TCP_SENT_TIMESTAMPS;
    }
    return sent;
}

static bool has(const struct flow_tcp_sent *sent, uint16_t bits)
{
    return (sent->bits & bits) == bits;
}

static uint32_t kept_of(uint32_t count)
{
    return count < FLOW_TCP_KEPT ? count : FLOW_TCP_KEPT;
}

static bool have_same_tsval(const struct flow_tcp_sent *left, const struct flow_tcp_sent *right)
{
    return (left->bits & right->bits & FLOW_TCP_SENT_TIMESTAMPS) && left->tsval == right->tsval;
}

static bool have_same_tsecr(const struct flow_tcp_sent *left, const struct flow_tcp_sent *right)
{
    return (left->bits & right->bits & FLOW_TCP_SENT_TIMESTAMPS) && left->tsecr == right->tsecr;
}

/* Whether a segment is a copy of the one before it.  A SYN after a RST is sent anew. */
static bool is_copy(const struct flow_tcp_sent *before, const struct flow_tcp_sent *sent)
{
    /* As unsigned numbers: any two stamps may come. */
    uint64_t apart = sent->ns > before->ns ? (uint64_t)sent->ns - (uint64_t)before->ns
                                           : (uint64_t)before->ns - (uint64_t)sent->ns;
    bool have_none = !((before->bits | sent->bits) & FLOW_TCP_SENT_TIMESTAMPS);

    return (before->bits & sent->bits & FLOW_TCP_SENT_TIME) && apart < COPY_NS &&
           !(before->bits & FLOW_TCP_SENT_REFUSED) && (have_none || have_same_tsval(before, sent));
}

/* Say of a segment, and of those before it, what they have in common. */
static void compare(struct flow_tcp_sent *kept, uint32_t count, struct flow_tcp_sent *sent)
{
    enum { INHERITED = FLOW_TCP_SENT_SAME_TSVAL | FLOW_TCP_SENT_ECHOES_AGAIN };
    uint32_t places = kept_of(count);

    if (places > 0 && is_copy(&kept[places - 1], sent)) {
        sent->bits |= FLOW_TCP_SENT_COPY | (kept[places - 1].bits & INHERITED);
        return;
    }
    for (uint32_t i = 0; i < places; i++) {
        if (have_same_tsval(&kept[i], sent)) {
            kept[i].bits |= FLOW_TCP_SENT_SAME_TSVAL;
            sent->bits |= FLOW_TCP_SENT_SAME_TSVAL;
        }
        if (have_same_tsecr(&kept[i], sent))
            sent->bits |= FLOW_TCP_SENT_ECHOES_AGAIN;
    }
}

/* Keep the first ones and the last. */
static void keep(struct flow_tcp_sent *kept, uint32_t *count, const struct flow_tcp_sent *sent)
{
    kept[*count < FLOW_TCP_KEPT ? *count : FLOW_TCP_KEPT - 1] = *sent;
    *count += *count < UINT32_MAX;
}

/* The handshake */

static void forget_ack(struct flow_tcp *tcp)
{
    tcp->ack = (struct flow_tcp_sent){ 0 };
    tcp->answer = 0;
    tcp->bits &= (uint16_t) ~(FLOW_TCP_HANDSHAKE_DONE | FLOW_TCP_ACK_NAMED);
}

/* The file has SYN-ACKs before the initiator's SYN: those that are none of it never counted. */
static void recount_syn_acks(struct flow_tcp *tcp)
{
    const struct flow_tcp_half *initiator = &tcp->half[initiator_of(tcp)];
    struct flow_tcp_sent was[FLOW_TCP_KEPT];
    uint32_t places = kept_of(tcp->syn_ack_count), stay = 0;

    memcpy(was, tcp->syn_ack, sizeof was);
    for (uint32_t i = 0; i < places; i++)
        stay += acknowledges_syn(initiator, was[i].ack);
    if (stay == places)
        return;
    memset(tcp->syn_ack, 0, sizeof tcp->syn_ack);
    tcp->syn_ack_count = tcp->syn_acks = tcp->syn_ack_retrans = 0;
    tcp->half[!initiator_of(tcp)].bits &= ~(uint32_t)FLOW_TCP_HALF_SYN_ACK;
    forget_ack(tcp);
    for (uint32_t i = 0; i < places; i++)
        if (acknowledges_syn(initiator, was[i].ack)) {
            keep(tcp->syn_ack, &tcp->syn_ack_count, &was[i]);
            tcp->syn_acks += !(was[i].bits & FLOW_TCP_SENT_COPY);
            tcp->half[!initiator_of(tcp)].bits |= FLOW_TCP_HALF_SYN_ACK;
        }
    tcp->syn_ack_retrans = stay > 0 ? stay - 1 : 0;
}

/* The sender of the first SYN or, where none was captured, the receiver of the first SYN-ACK. */
static void learn_initiator(struct flow_tcp *tcp, uint8_t flags, enum flow_dir dir)
{
    bool is_syn = !(flags & FLOW_TCP_ACK);
    enum flow_dir initiator = is_syn ? dir : !dir;

    if (tcp->bits & (is_syn ? FLOW_TCP_INITIATOR_SYN : FLOW_TCP_INITIATOR))
        return;
    if ((tcp->bits & FLOW_TCP_INITIATOR) && initiator != initiator_of(tcp)) {
        memset(tcp->syn_ack, 0, sizeof tcp->syn_ack);
        tcp->syn_ack_count = tcp->syn_acks = tcp->syn_ack_retrans = 0;
        forget_ack(tcp);
    }
    tcp->bits &= (uint16_t)~FLOW_TCP_INITIATOR_DOWN;
    tcp->bits |= FLOW_TCP_INITIATOR;
    if (is_syn)
        tcp->bits |= FLOW_TCP_INITIATOR_SYN;
    if (initiator == FLOW_DOWN)
        tcp->bits |= FLOW_TCP_INITIATOR_DOWN;
}

static void keep_syn(struct flow_tcp *tcp, struct flow_tcp_sent sent)
{
    compare(tcp->syn, tcp->syn_count, &sent);
    keep(tcp->syn, &tcp->syn_count, &sent);
    if (sent.bits & FLOW_TCP_SENT_COPY)
        return;
    tcp->syns++;
    for (uint32_t i = 0; i < kept_of(tcp->syn_ack_count); i++) {
        struct flow_tcp_sent *syn_ack = &tcp->syn_ack[i];
        if ((sent.bits & syn_ack->bits & FLOW_TCP_SENT_TIME) && sent.ns <= syn_ack->ns)
            syn_ack->syns = (uint16_t)(syn_ack->syns + (syn_ack->syns < UINT16_MAX));
    }
}

static enum step syn_apply(struct flow_tcp *tcp, const struct flow_fact *segment, enum flow_dir dir)
{
    struct flow_tcp_half *sender = &tcp->half[dir];
    bool is_first = !(sender->bits & FLOW_TCP_HALF_SYN);
    uint32_t end = end_of(segment);

    tcp->syn_retrans += !is_first;
    if (is_first || sender->syn_seq != segment->tcp_seq || reaches(end, sender->syn_end))
        sender->syn_end = end;
    sender->syn_seq = segment->tcp_seq;
    sender->bits |= FLOW_TCP_HALF_SYN;
    if (!is_initiator(tcp, dir))
        return STEP_OTHER_SYN;
    if (is_first)
        recount_syn_acks(tcp);
    keep_syn(tcp, sent_of(segment));
    return STEP_SYN;
}

/*
 * Whether a SYN-ACK that the file has after the handshake's ACK is the one that
 * this ACK answered.  An ACK of other numbers was none of the handshake.
 */
static bool belongs_before_ack(struct flow_tcp *tcp, const struct flow_tcp_sent *syn_ack)
{
    if (tcp->syn_ack_count > 0)
        return false;
    if (reaches(tcp->ack.ack, syn_ack->seq + 1))
        return (syn_ack->bits & tcp->ack.bits & FLOW_TCP_SENT_TIME) && syn_ack->ns <= tcp->ack.ns;
    forget_ack(tcp);
    return true;
}

static void keep_syn_ack(struct flow_tcp *tcp, struct flow_tcp_sent sent)
{
    if ((tcp->bits & FLOW_TCP_HANDSHAKE_DONE) && !belongs_before_ack(tcp, &sent))
        return;
    sent.syns = (uint16_t)(tcp->syns < UINT16_MAX ? tcp->syns : UINT16_MAX);
    compare(tcp->syn_ack, tcp->syn_ack_count, &sent);
    keep(tcp->syn_ack, &tcp->syn_ack_count, &sent);
    tcp->syn_acks += !(sent.bits & FLOW_TCP_SENT_COPY);
}

static enum step syn_ack_apply(struct flow_tcp *tcp, const struct flow_fact *segment,
                               enum flow_dir dir)
{
    struct flow_tcp_half *sender = &tcp->half[dir];
    const struct flow_tcp_half *receiver = &tcp->half[!dir];
    bool is_responder = !is_initiator(tcp, dir);
    bool counts = receiver->bits & FLOW_TCP_HALF_SYN ? acknowledges_syn(receiver, segment->tcp_ack)
                                                     : is_responder;

    if (!counts)
        return STEP_NONE;
    tcp->syn_ack_retrans += (sender->bits & FLOW_TCP_HALF_SYN_ACK) != 0;
    sender->bits |= FLOW_TCP_HALF_SYN_ACK;
    if (is_responder)
        keep_syn_ack(tcp, sent_of(segment));
    return receiver->bits & FLOW_TCP_HALF_SYN_ACK ? STEP_BOTH_SYN_ACKS : STEP_SYN_ACK;
}

static bool ack_counts(const struct flow_tcp *tcp, uint32_t ack)
{
    for (uint32_t i = 0; i < kept_of(tcp->syn_ack_count); i++)
        if (reaches(ack, tcp->syn_ack[i].seq + 1))
            return true;
    return tcp->syn_ack_count == 0;
}

/* Of several SYN-ACKs the handshake is about the first, or about the one that the ACK names. */
static void find_answer(struct flow_tcp *tcp)
{
    uint32_t places = kept_of(tcp->syn_ack_count);

    if (tcp->syn_acks <= 1 || !(tcp->ack.bits & FLOW_TCP_SENT_TIMESTAMPS))
        return;
    for (uint32_t i = 0; i < places; i++) {
        const struct flow_tcp_sent *syn_ack = &tcp->syn_ack[i];
        if (!has(syn_ack, FLOW_TCP_SENT_TIMESTAMPS) || syn_ack->tsval != tcp->ack.tsecr)
            continue;
        if (!has(syn_ack, FLOW_TCP_SENT_SAME_TSVAL)) {
            tcp->answer = (uint8_t)i;
            tcp->bits |= FLOW_TCP_ACK_NAMED;
        }
        return;
    }
    if (tcp->syn_ack_count > FLOW_TCP_KEPT)
        tcp->answer = FLOW_TCP_KEPT; /* it may be one that is not kept */
}

static enum step ack_apply(struct flow_tcp *tcp, const struct flow_fact *segment, enum flow_dir dir)
{
    if (!is_initiator(tcp, dir))
        return segment->payload_len > 0 && (tcp->half[dir].bits & FLOW_TCP_HALF_SYN_ACK)
                   ? STEP_PAYLOAD
                   : STEP_NONE;
    if ((tcp->bits & FLOW_TCP_HANDSHAKE_DONE) || !(segment->tcp_flags & FLOW_TCP_ACK) ||
        !ack_counts(tcp, segment->tcp_ack))
        return STEP_NONE;
    tcp->ack = sent_of(segment);
    tcp->bits |= FLOW_TCP_HANDSHAKE_DONE;
    find_answer(tcp);
    return STEP_ACK;
}

static enum step handshake_apply(struct flow_tcp *tcp, const struct flow_fact *segment,
                                 enum flow_dir dir)
{
    uint8_t flags = segment->tcp_flags;

    if (!(flags & FLOW_TCP_SYN))
        return ack_apply(tcp, segment, dir);
    learn_initiator(tcp, flags, dir);
    return flags & FLOW_TCP_ACK ? syn_ack_apply(tcp, segment, dir) : syn_apply(tcp, segment, dir);
}

/* A RST that answers the initiator's SYN: the SYNs until then are no repeats of a later one. */
static void refuse(struct flow_tcp *tcp, const struct flow_fact *rst, enum flow_dir dir)
{
    bool answers = (tcp->bits & FLOW_TCP_INITIATOR_SYN) && !is_initiator(tcp, dir) &&
                   (rst->tcp_flags & FLOW_TCP_ACK) &&
                   acknowledges_syn(&tcp->half[!dir], rst->tcp_ack);

    if (!answers || tcp->syn_ack_count > 0 || (tcp->bits & FLOW_TCP_HANDSHAKE_DONE))
        return;
    for (uint32_t i = 0; i < kept_of(tcp->syn_count); i++)
        tcp->syn[i].bits |= FLOW_TCP_SENT_REFUSED;
    tcp->syns = 0;
}

/* A FIN and its acknowledgement; only a side's first FIN counts. */
static void close_apply(struct flow_tcp_half *sender, struct flow_tcp_half *receiver,
                        const struct flow_fact *segment)
{
    uint8_t flags = segment->tcp_flags;

    if ((flags & FLOW_TCP_FIN) && !(sender->bits & FLOW_TCP_HALF_FIN)) {
        sender->fin_end = end_of(segment);
        sender->bits |= FLOW_TCP_HALF_FIN;
    }
    if ((flags & FLOW_TCP_ACK) && (receiver->bits & FLOW_TCP_HALF_FIN) &&
        reaches(segment->tcp_ack, receiver->fin_end))
        receiver->bits |= FLOW_TCP_HALF_FIN_ACKED;
}

/* Until a first FIN the state follows the handshake: one function per old state. */

static enum flow_tcp_state from_start(enum step step)
{
    switch (step) {
    case STEP_SYN:
    case STEP_OTHER_SYN: return FLOW_TCP_SYN_SENT;
    case STEP_SYN_ACK:
    case STEP_BOTH_SYN_ACKS: return FLOW_TCP_SYN_RECEIVED;
    case STEP_NONE:
    case STEP_ACK:
    case STEP_PAYLOAD: break;
    }
    return FLOW_TCP_UNKNOWN;
}

static enum flow_tcp_state from_syn_sent(enum step step)
{
    switch (step) {
    case STEP_OTHER_SYN:
    case STEP_SYN_ACK: return FLOW_TCP_SYN_RECEIVED;
    case STEP_ACK: /* the SYN-ACK was not captured */
    case STEP_BOTH_SYN_ACKS: return FLOW_TCP_ESTABLISHED;
    case STEP_NONE:
    case STEP_SYN:
    case STEP_PAYLOAD: break;
    }
    return FLOW_TCP_SYN_SENT;
}

static enum flow_tcp_state from_syn_received(enum step step, const struct flow_tcp *tcp)
{
    const struct flow_tcp_half *responder = &tcp->half[!initiator_of(tcp)];

    switch (step) {
    case STEP_ACK:
    case STEP_PAYLOAD: /* the ACK was not captured */
    case STEP_BOTH_SYN_ACKS: return FLOW_TCP_ESTABLISHED;
    case STEP_SYN: /* the file has it after SYN-ACKs, which may be none of it */
        return responder->bits & (FLOW_TCP_HALF_SYN | FLOW_TCP_HALF_SYN_ACK) ? FLOW_TCP_SYN_RECEIVED
                                                                             : FLOW_TCP_SYN_SENT;
    case STEP_NONE:
    case STEP_OTHER_SYN:
    case STEP_SYN_ACK: break;
    }
    return FLOW_TCP_SYN_RECEIVED;
}

static enum flow_tcp_state from_unknown(enum step step, const struct flow_tcp *tcp)
{
    enum flow_tcp_state opened = from_start(step);

    if (opened != FLOW_TCP_UNKNOWN)
        return opened;
    return tcp->half[FLOW_UP].bits & tcp->half[FLOW_DOWN].bits & FLOW_TCP_HALF_ACK
               ? FLOW_TCP_ESTABLISHED
               : FLOW_TCP_UNKNOWN;
}

/* From the first FIN on it follows the FINs and their acknowledgements alone. */
static enum flow_tcp_state while_closing(const struct flow_tcp_half half[FLOW_DIRS])
{
    uint32_t either = half[FLOW_UP].bits | half[FLOW_DOWN].bits;
    uint32_t both = half[FLOW_UP].bits & half[FLOW_DOWN].bits;

    if (both & FLOW_TCP_HALF_FIN_ACKED)
        return FLOW_TCP_CLOSED;
    if (both & FLOW_TCP_HALF_FIN)
        return FLOW_TCP_CLOSING;
    return either & FLOW_TCP_HALF_FIN_ACKED ? FLOW_TCP_CLOSE_WAIT : FLOW_TCP_FIN_WAIT;
}

static bool is_closing(const struct flow_tcp *tcp)
{
    return (tcp->half[FLOW_UP].bits | tcp->half[FLOW_DOWN].bits) & FLOW_TCP_HALF_FIN;
}

static enum flow_tcp_state next_state(const struct flow_tcp *tcp, enum step step)
{
    enum flow_tcp_state old = (enum flow_tcp_state)tcp->undisturbed;

    if (tcp->bits & FLOW_TCP_ENDED)
        return FLOW_TCP_CLOSED;
    if (is_closing(tcp))
        return while_closing(tcp->half);

    switch (old) {
    case FLOW_TCP_CLOSED: return from_start(step); /* no segment before: nothing is closing */
    case FLOW_TCP_SYN_SENT: return from_syn_sent(step);
    case FLOW_TCP_SYN_RECEIVED: return from_syn_received(step, tcp);
    case FLOW_TCP_UNKNOWN: return from_unknown(step, tcp);
    case FLOW_TCP_ESTABLISHED:
    case FLOW_TCP_FIN_WAIT:
    case FLOW_TCP_CLOSE_WAIT:
    case FLOW_TCP_CLOSING:
    case FLOW_TCP_RESET:
    case FLOW_TCP_STATES: break;
    }
    return old;
}

/* RSTs */

static void rst_apply(struct flow_tcp *tcp, const struct flow_fact *rst, enum flow_dir dir)
{
    refuse(tcp, rst, dir);
    if (tcp->half[FLOW_UP].bits & tcp->half[FLOW_DOWN].bits & FLOW_TCP_HALF_FIN) {
        tcp->bits |= FLOW_TCP_ENDED;
        tcp->undisturbed = FLOW_TCP_CLOSED;
        return;
    }
    if (tcp->rst_count < FLOW_TCP_KEPT)
        tcp->rst_count++;
    tcp->rst[tcp->rst_count - 1] = (struct flow_tcp_rst){
        .frame = rst->frame, .seq = rst->tcp_seq, .bits = dir == FLOW_DOWN ? FLOW_TCP_RST_DOWN : 0
    };
}

/* Whether a later segment of its sender shows that the connection survived the RST. */
static bool is_undone(const struct flow_tcp *tcp, const struct flow_tcp_rst *rst,
                      const struct flow_fact *segment)
{
    const struct flow_tcp_half *other = &tcp->half[!flow_fact_dir(segment)];
    bool says_something =
        (segment->tcp_flags & (FLOW_TCP_ACK | FLOW_TCP_FIN)) || segment->payload_len > 0;
    bool is_overtaken = rst->seq - end_of(segment) < OVERTAKEN_WINDOW;

    if (segment->tcp_flags & FLOW_TCP_SYN)
        return true;
    if (!(rst->bits & FLOW_TCP_RST_ANSWERED) && (other->bits & FLOW_TCP_HALF_SEEN))
        return false;
    return says_something && !is_overtaken;
}

/* What a segment without RST says of the RSTs before it; those that stand stay in their order. */
static void review_rsts(struct flow_tcp *tcp, const struct flow_fact *segment, enum flow_dir dir)
{
    uint8_t stay = 0;

    for (uint8_t i = 0; i < tcp->rst_count; i++) {
        struct flow_tcp_rst rst = tcp->rst[i];
        if (flow_tcp_rst_dir(&rst) != dir)
            rst.bits |= FLOW_TCP_RST_ANSWERED;
        else if (is_undone(tcp, &rst, segment))
            continue;
        tcp->rst[stay++] = rst;
    }
    for (uint8_t i = stay; i < tcp->rst_count; i++)
        tcp->rst[i] = (struct flow_tcp_rst){ 0 };
    tcp->rst_count = stay;
}

void flow_tcp_apply(struct flow_tcp *tcp, const struct flow_fact *segment)
{
    enum flow_dir dir = flow_fact_dir(segment);
    struct flow_tcp_half *sender = &tcp->half[dir];

    if (!(segment->bits & FLOW_FACT_TCP))
        return;
    if (segment->tcp_flags & FLOW_TCP_RST) {
        rst_apply(tcp, segment, dir);
    } else {
        enum step step = handshake_apply(tcp, segment, dir);
        close_apply(sender, &tcp->half[!dir], segment);
        if ((segment->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) == FLOW_TCP_ACK)
            sender->bits |= FLOW_TCP_HALF_ACK;
        tcp->undisturbed = (uint8_t)next_state(tcp, step);
        review_rsts(tcp, segment, dir);
    }
    sender->bits |= FLOW_TCP_HALF_SEEN;
    tcp->state = tcp->rst_count > 0 ? FLOW_TCP_RESET : tcp->undisturbed;
}

/* Times, when somebody asks */

static const struct flow_tcp_sent *timed(const struct flow_tcp_sent *sent)
{
    return has(sent, FLOW_TCP_SENT_TIME) ? sent : NULL;
}

static const struct flow_tcp_sent *answer_of(const struct flow_tcp *tcp)
{
    return tcp->answer < kept_of(tcp->syn_ack_count) ? timed(&tcp->syn_ack[tcp->answer]) : NULL;
}

/* The last SYN of those stamped no later than a time. */
static const struct flow_tcp_sent *last_syn(const struct flow_tcp *tcp, int64_t until_ns)
{
    for (uint32_t i = kept_of(tcp->syn_count); i > 0; i--) {
        const struct flow_tcp_sent *syn = timed(&tcp->syn[i - 1]);
        if (syn && syn->ns <= until_ns)
            return syn;
    }
    return NULL;
}

static const struct flow_tcp_sent *syn_of(const struct flow_tcp *tcp)
{
    const struct flow_tcp_sent *answer = answer_of(tcp);
    const struct flow_tcp_sent *syn = answer ? last_syn(tcp, answer->ns) : NULL;
    bool is_open = tcp->answer == FLOW_TCP_KEPT;
    bool is_before_gap = syn == &tcp->syn[FLOW_TCP_KEPT - 2] && tcp->syn_count > FLOW_TCP_KEPT;

    if (is_open || is_before_gap) /* it may be one that is not kept */
        return NULL;
    return syn ? syn : last_syn(tcp, INT64_MAX);
}

const struct flow_tcp_sent *flow_tcp_moment(const struct flow_tcp *tcp, enum flow_tcp_moment moment)
{
    switch (moment) {
    case FLOW_TCP_MOMENT_SYN: return syn_of(tcp);
    case FLOW_TCP_MOMENT_SYN_ACK: return answer_of(tcp);
    case FLOW_TCP_MOMENT_ACK: return timed(&tcp->ack);
    }
    return NULL;
}

/* The time between two moments, where it is not negative. */
static bool between(const struct flow_tcp_sent *from, const struct flow_tcp_sent *until,
                    int64_t *ret_ns)
{
    if (!from || !until || until->ns < from->ns)
        return false;
    uint64_t apart = (uint64_t)until->ns - (uint64_t)from->ns;
    if (apart > INT64_MAX)
        return false;
    *ret_ns = (int64_t)apart;
    return true;
}

/*
 * Whether the SYN-ACK answers this SYN: as the first answer to the only one, or
 * because it is the first that echoes the SYN's TSval, which no other SYN has.
 */
static bool is_answer(const struct flow_tcp *tcp, const struct flow_tcp_sent *syn,
                      const struct flow_tcp_sent *syn_ack)
{
    if (has(syn, FLOW_TCP_SENT_REFUSED))
        return false;
    if (syn_ack == &tcp->syn_ack[0] && syn_ack->syns == 1)
        return true;
    return (syn->bits & syn_ack->bits & FLOW_TCP_SENT_TIMESTAMPS) && syn_ack->tsecr == syn->tsval &&
           !has(syn, FLOW_TCP_SENT_SAME_TSVAL) && !has(syn_ack, FLOW_TCP_SENT_ECHOES_AGAIN);
}

static bool rtt_net(const struct flow_tcp *tcp, int64_t *ret_ns)
{
    const struct flow_tcp_sent *syn = syn_of(tcp), *syn_ack = answer_of(tcp);

    return syn && syn_ack && is_answer(tcp, syn, syn_ack) && between(syn, syn_ack, ret_ns);
}

static bool rtt_user(const struct flow_tcp *tcp, int64_t *ret_ns)
{
    bool is_sure = tcp->syn_acks == 1 || (tcp->bits & FLOW_TCP_ACK_NAMED);

    return is_sure && between(answer_of(tcp), timed(&tcp->ack), ret_ns);
}

static bool rtt(const struct flow_tcp *tcp, int64_t *ret_ns)
{
    int64_t net_ns, user_ns;

    if (tcp->syn_ack_count == 0)
        return tcp->syns == 1 && between(syn_of(tcp), timed(&tcp->ack), ret_ns);
    if (!rtt_net(tcp, &net_ns) || !rtt_user(tcp, &user_ns))
        return false;
    return between(syn_of(tcp), timed(&tcp->ack), ret_ns);
}

bool flow_tcp_span(const struct flow_tcp *tcp, enum flow_tcp_span span, int64_t *ret_ns)
{
    switch (span) {
    case FLOW_TCP_RTT: return rtt(tcp, ret_ns);
    case FLOW_TCP_RTT_NET: return rtt_net(tcp, ret_ns);
    case FLOW_TCP_RTT_USER: return rtt_user(tcp, ret_ns);
    case FLOW_TCP_CONNECT_TIME: return between(timed(&tcp->syn[0]), timed(&tcp->ack), ret_ns);
    }
    return false;
}
