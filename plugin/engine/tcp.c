#include "tcp.h"

enum segment_kind { SEGMENT_SYN, SEGMENT_SYN_ACK, SEGMENT_ACK, SEGMENT_OTHER };

static enum segment_kind kind_of(const struct flow_fact *segment)
{
    switch (segment->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) {
    case FLOW_TCP_SYN: return SEGMENT_SYN;
    case FLOW_TCP_SYN | FLOW_TCP_ACK: return SEGMENT_SYN_ACK;
    case FLOW_TCP_ACK: return SEGMENT_ACK;
    default: return SEGMENT_OTHER;
    }
}

/* The sender of the first SYN or, where none was captured, the receiver of the first SYN-ACK. */
static void learn_initiator(struct flow_state *state, enum segment_kind kind, enum flow_dir dir)
{
    enum flow_dir initiator;

    if (kind == SEGMENT_SYN && !(state->bits & FLOW_STATE_INITIATOR_SYN))
        initiator = dir;
    else if (kind == SEGMENT_SYN_ACK && !(state->bits & FLOW_STATE_INITIATOR))
        initiator = !dir;
    else
        return;

    state->bits &= (uint16_t)~FLOW_STATE_INITIATOR_DOWN;
    state->bits |= FLOW_STATE_INITIATOR;
    if (kind == SEGMENT_SYN)
        state->bits |= FLOW_STATE_INITIATOR_SYN;
    if (initiator == FLOW_DOWN)
        state->bits |= FLOW_STATE_INITIATOR_DOWN;
}

static bool is_initiator(const struct flow_state *state, enum flow_dir dir)
{
    enum flow_dir initiator = state->bits & FLOW_STATE_INITIATOR_DOWN ? FLOW_DOWN : FLOW_UP;

    return (state->bits & FLOW_STATE_INITIATOR) && dir == initiator;
}

/* Moves a timestamp of the handshake and the frame of it; frames without a time move none. */
static void stamp(struct flow_state *state, uint16_t bit, int64_t *time_ns, uint32_t *frame,
                  const struct flow_fact *segment)
{
    if (!(segment->bits & FLOW_FACT_TIME))
        return;
    *time_ns = segment->time_ns;
    *frame = segment->frame;
    state->bits |= bit;
}

static void handshake_apply(struct flow_state *state, const struct flow_fact *segment,
                            enum segment_kind kind, bool initiator)
{
    bool is_first = !(state->half[flow_fact_dir(segment)].bits & FLOW_HALF_SYN);

    if (state->bits & FLOW_STATE_HANDSHAKE_DONE)
        return;

    if (kind == SEGMENT_SYN && initiator) {
        stamp(state, FLOW_STATE_SYN_TIME, &state->syn_ns, &state->syn_frame, segment);
        if (is_first && (segment->bits & FLOW_FACT_TIME)) {
            state->first_syn_ns = segment->time_ns;
            state->bits |= FLOW_STATE_FIRST_SYN_TIME;
        }
    } else if (kind == SEGMENT_SYN_ACK && !initiator) {
        stamp(state, FLOW_STATE_SYN_ACK_TIME, &state->syn_ack_ns, &state->syn_ack_frame, segment);
    } else if (kind == SEGMENT_ACK && initiator && !(segment->tcp_flags & FLOW_TCP_RST)) {
        stamp(state, FLOW_STATE_ACK_TIME, &state->ack_ns, &state->ack_frame, segment);
        state->bits |= FLOW_STATE_HANDSHAKE_DONE;
    }
}

static void count_retransmissions(struct flow_state *state, struct flow_half *sender,
                                  enum segment_kind kind)
{
    if (kind == SEGMENT_SYN) {
        state->syn_retrans += (sender->bits & FLOW_HALF_SYN) != 0;
        sender->bits |= FLOW_HALF_SYN;
    } else if (kind == SEGMENT_SYN_ACK) {
        state->syn_ack_retrans += (sender->bits & FLOW_HALF_SYN_ACK) != 0;
        sender->bits |= FLOW_HALF_SYN_ACK;
    }
}

/* A FIN and its acknowledgement; only a side's first FIN counts. */
static void close_apply(struct flow_half *sender, struct flow_half *receiver,
                        const struct flow_fact *segment)
{
    uint8_t flags = segment->tcp_flags;

    if ((flags & FLOW_TCP_FIN) && !(sender->bits & FLOW_HALF_FIN)) {
        sender->fin_end = segment->tcp_seq + segment->payload_len + 1 + !!(flags & FLOW_TCP_SYN);
        sender->bits |= FLOW_HALF_FIN;
    }
    if ((flags & FLOW_TCP_ACK) && (receiver->bits & FLOW_HALF_FIN) &&
        (int32_t)(segment->tcp_ack - receiver->fin_end) >= 0)
        receiver->bits |= FLOW_HALF_FIN_ACKED;
}

/* Until a first FIN the state follows the handshake: one function per old state. */

static enum flow_tcp_state from_start(enum segment_kind kind)
{
    switch (kind) {
    case SEGMENT_SYN: return FLOW_TCP_SYN_SENT;
    case SEGMENT_SYN_ACK: return FLOW_TCP_SYN_RECEIVED;
    case SEGMENT_ACK:
    case SEGMENT_OTHER: break;
    }
    return FLOW_TCP_UNKNOWN;
}

static enum flow_tcp_state from_syn_sent(enum segment_kind kind, bool initiator)
{
    switch (kind) {
    case SEGMENT_SYN: return initiator ? FLOW_TCP_SYN_SENT : FLOW_TCP_SYN_RECEIVED;
    case SEGMENT_SYN_ACK: return FLOW_TCP_SYN_RECEIVED;
    /* The SYN-ACK was not captured. */
    case SEGMENT_ACK: return initiator ? FLOW_TCP_ESTABLISHED : FLOW_TCP_SYN_SENT;
    case SEGMENT_OTHER: break;
    }
    return FLOW_TCP_SYN_SENT;
}

static enum flow_tcp_state from_syn_received(enum segment_kind kind, bool initiator)
{
    return kind == SEGMENT_ACK && initiator ? FLOW_TCP_ESTABLISHED : FLOW_TCP_SYN_RECEIVED;
}

static enum flow_tcp_state from_unknown(enum segment_kind kind, const struct flow_state *state)
{
    if (kind == SEGMENT_SYN || kind == SEGMENT_SYN_ACK)
        return from_start(kind);
    return state->half[FLOW_UP].bits & state->half[FLOW_DOWN].bits & FLOW_HALF_ACK
               ? FLOW_TCP_ESTABLISHED
               : FLOW_TCP_UNKNOWN;
}

/* From the first FIN on it follows the FINs and their acknowledgements alone. */
static enum flow_tcp_state while_closing(const struct flow_half half[FLOW_DIRS])
{
    uint16_t either = half[FLOW_UP].bits | half[FLOW_DOWN].bits;
    uint16_t both = half[FLOW_UP].bits & half[FLOW_DOWN].bits;

    if (both & FLOW_HALF_FIN_ACKED)
        return FLOW_TCP_CLOSED;
    if (both & FLOW_HALF_FIN)
        return FLOW_TCP_CLOSING;
    return either & FLOW_HALF_FIN_ACKED ? FLOW_TCP_CLOSE_WAIT : FLOW_TCP_FIN_WAIT;
}

static bool is_closing(const struct flow_state *state)
{
    return (state->half[FLOW_UP].bits | state->half[FLOW_DOWN].bits) & FLOW_HALF_FIN;
}

static enum flow_tcp_state next_state(const struct flow_state *state,
                                      const struct flow_fact *segment, enum segment_kind kind,
                                      bool initiator)
{
    enum flow_tcp_state old = (enum flow_tcp_state)state->tcp_state;

    if ((segment->tcp_flags & FLOW_TCP_RST) || old == FLOW_TCP_RESET)
        return FLOW_TCP_RESET;
    if (is_closing(state))
        return while_closing(state->half);

    switch (old) {
    case FLOW_TCP_CLOSED: return from_start(kind); /* no segment before: nothing is closing */
    case FLOW_TCP_SYN_SENT: return from_syn_sent(kind, initiator);
    case FLOW_TCP_SYN_RECEIVED: return from_syn_received(kind, initiator);
    case FLOW_TCP_UNKNOWN: return from_unknown(kind, state);
    case FLOW_TCP_ESTABLISHED:
    case FLOW_TCP_FIN_WAIT:
    case FLOW_TCP_CLOSE_WAIT:
    case FLOW_TCP_CLOSING:
    case FLOW_TCP_RESET:
    case FLOW_TCP_STATES: break;
    }
    return old;
}

void flow_tcp_apply(struct flow_state *state, const struct flow_fact *segment)
{
    enum flow_dir dir = flow_fact_dir(segment);
    struct flow_half *sender = &state->half[dir];
    enum segment_kind kind = kind_of(segment);

    learn_initiator(state, kind, dir);
    bool initiator = is_initiator(state, dir);
    handshake_apply(state, segment, kind, initiator);
    count_retransmissions(state, sender, kind);
    close_apply(sender, &state->half[!dir], segment);
    if (kind == SEGMENT_ACK)
        sender->bits |= FLOW_HALF_ACK;

    state->tcp_state = (uint8_t)next_state(state, segment, kind, initiator);
    state->bits |= FLOW_STATE_TCP;
    sender->seq = segment->tcp_seq;
    sender->bits |= FLOW_HALF_SEQ;
}
