#include "part.h"

/* A later fragment in front of all else came before its first one: it asks for no flow itself. */
static bool is_ahead(const struct flow_part *part, const struct flow_fact *fact)
{
    return part->packets == 0 && (fact->bits & FLOW_FACT_FOLLOWS);
}

static bool has_flags(const struct flow_fact *fact, unsigned mask, unsigned flags)
{
    return (fact->bits & FLOW_FACT_TCP) && (fact->tcp_flags & mask) == flags;
}

bool flow_part_is_over(const struct flow_part *part, const struct flow_fact *fact)
{
    return part->packets > 0 && has_flags(fact, FLOW_TCP_SYN | FLOW_TCP_ACK, FLOW_TCP_SYN) &&
           !(part->half[flow_fact_dir(fact)].bits & FLOW_PART_OPEN);
}

static uint32_t end_of(const struct flow_fact *segment)
{
    return segment->tcp_seq + segment->payload_len + !!(segment->tcp_flags & FLOW_TCP_SYN) +
           !!(segment->tcp_flags & FLOW_TCP_FIN);
}

static void lead_apply(struct flow_part *part, const struct flow_fact *segment)
{
    part->lead_seq = segment->tcp_seq;
    part->lead_flags = segment->tcp_flags;
    if (flow_fact_dir(segment) == FLOW_DOWN)
        part->bits |= FLOW_PART_LEAD_DOWN;
}

/* As the table learns them (table.c), from RSTs too. */
static void numbers_apply(struct flow_part_half *sender, struct flow_part_half *receiver,
                          const struct flow_fact *segment)
{
    if (segment->tcp_flags & FLOW_TCP_SYN) {
        sender->number = sender->base = segment->tcp_seq;
        sender->bits |= FLOW_PART_OPEN | FLOW_PART_BASE;
    } else if (!(sender->bits & FLOW_PART_BASE)) {
        sender->base = segment->tcp_seq - 1;
        sender->bits |= FLOW_PART_BASE;
    }
    if ((segment->tcp_flags & FLOW_TCP_ACK) && !(receiver->bits & FLOW_PART_BASE)) {
        receiver->base = segment->tcp_ack - 1;
        receiver->bits |= FLOW_PART_BASE;
    }
}

static void syn_apply(struct flow_part *part, struct flow_part_half *sender,
                      const struct flow_fact *syn)
{
    sender->syns++;
    if (!(sender->bits & FLOW_PART_SYN)) {
        sender->syn_seq = syn->tcp_seq;
        sender->syn_end = end_of(syn);
        sender->bits |= FLOW_PART_SYN;
    } else if (sender->syn_seq != syn->tcp_seq || sender->syn_end != end_of(syn)) {
        part->bits |= FLOW_PART_OTHER_SYN;
    }
}

static void syn_ack_apply(struct flow_part *part, const struct flow_fact *syn_ack)
{
    if (!(part->bits & (FLOW_PART_ANSWER_UP | FLOW_PART_ANSWER_DOWN))) {
        part->answer_seq = syn_ack->tcp_seq;
        part->answer_ack = syn_ack->tcp_ack;
    } else if (part->answer_seq != syn_ack->tcp_seq || part->answer_ack != syn_ack->tcp_ack) {
        part->bits |= FLOW_PART_OTHER_ANSWER;
    }
    part->bits |= flow_fact_dir(syn_ack) == FLOW_UP ? FLOW_PART_ANSWER_UP : FLOW_PART_ANSWER_DOWN;
}

static void keep_first_ack(struct flow_part_half *sender, const struct flow_fact *segment)
{
    if (sender->bits & FLOW_PART_ACK)
        return;
    sender->bits |= FLOW_PART_ACK;
    sender->first_ack = (struct flow_tcp_sent){ .ns = segment->time_ns,
                                                .frame = segment->frame,
                                                .ack = segment->tcp_ack };
    if (segment->bits & FLOW_FACT_TIME)
        sender->first_ack.bits = FLOW_TCP_SENT_TIME;
}

static void acks_apply(struct flow_part_half *sender, uint32_t ack)
{
    if (!(sender->bits & FLOW_PART_ACKS))
        sender->ack_low = sender->ack_high = ack;
    sender->bits |= FLOW_PART_ACKS;
    if ((int32_t)(ack - sender->ack_high) > 0)
        sender->ack_high = ack;
    else if ((int32_t)(ack - sender->ack_low) < 0)
        sender->ack_low = ack;
    if ((int32_t)(sender->ack_high - sender->ack_low) < 0)
        sender->bits |= FLOW_PART_WIDE;
}

static void plain_apply(struct flow_part_half *sender, const struct flow_fact *segment)
{
    bool is_syn = segment->tcp_flags & FLOW_TCP_SYN, is_ack = segment->tcp_flags & FLOW_TCP_ACK;
    bool is_fin = segment->tcp_flags & FLOW_TCP_FIN;

    if (is_ack && !is_syn)
        keep_first_ack(sender, segment);
    if (is_ack)
        acks_apply(sender, segment->tcp_ack);
    if (is_fin && sender->fin_frame == 0)
        sender->fin_frame = segment->frame;
    if (segment->payload_len > 0 && !is_syn)
        sender->bits |= FLOW_PART_DATA;
    if (is_syn || is_ack || is_fin || segment->payload_len > 0)
        sender->bits |= FLOW_PART_VOICE;
}

static void segment_apply(struct flow_part *part, const struct flow_fact *segment)
{
    enum flow_dir dir = flow_fact_dir(segment);
    struct flow_part_half *sender = &part->half[dir];

    if (part->segments++ == 0)
        lead_apply(part, segment);
    numbers_apply(sender, &part->half[!dir], segment);
    flow_tcp_apply(&part->tcp, segment);
    for (enum flow_dir end = FLOW_UP; end < FLOW_DIRS; end++)
        part->tcp_amid.half[end].bits |= FLOW_TCP_HALF_SEEN;
    flow_tcp_apply(&part->tcp_amid, segment);
    if (segment->tcp_flags & FLOW_TCP_RST) {
        part->last_rst = segment->frame;
        if (segment->tcp_flags & FLOW_TCP_SYN)
            part->bits |= FLOW_PART_SYN_RST;
        return;
    }
    if (has_flags(segment, FLOW_TCP_SYN | FLOW_TCP_ACK, FLOW_TCP_SYN))
        syn_apply(part, sender, segment);
    else if (segment->tcp_flags & FLOW_TCP_SYN)
        syn_ack_apply(part, segment);
    plain_apply(sender, segment);
}

static void begin_apply(struct flow_part *part, const struct flow_fact *fact)
{
    part->begin_frame = fact->frame;
    if (!(fact->bits & FLOW_FACT_TIME))
        return;
    part->begin_ns = fact->time_ns;
    part->bits |= FLOW_PART_TIME;
}

void flow_part_apply(struct flow_part *part, const struct flow_fact *fact)
{
    if (fact->bits & FLOW_FACT_EVENT)
        return;
    if (!is_ahead(part, fact) && part->packets++ == 0)
        begin_apply(part, fact);
    if (part->first_frame == 0)
        part->first_frame = fact->frame;
    part->last_frame = fact->frame;
    if (fact->bits & FLOW_FACT_TCP)
        segment_apply(part, fact);
}

static bool sent_answer(const struct flow_part *part, enum flow_dir end)
{
    return part->bits & (end == FLOW_UP ? FLOW_PART_ANSWER_UP : FLOW_PART_ANSWER_DOWN);
}

/* Whether the first segment is a SYN-ACK, and all others with SYN are the same. */
static bool answers(const struct flow_part *part, enum flow_dir lead)
{
    return (part->lead_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) == (FLOW_TCP_SYN | FLOW_TCP_ACK) &&
           part->half[FLOW_UP].syns + part->half[FLOW_DOWN].syns == 0 && !sent_answer(part, !lead);
}

enum flow_part_handshake flow_part_handshake_of(const struct flow_part *part)
{
    enum flow_dir lead = flow_part_lead(part);
    uint32_t syns = part->half[lead].syns, others = part->half[!lead].syns;
    bool is_answered = sent_answer(part, FLOW_UP) || sent_answer(part, FLOW_DOWN);

    if (part->bits & (FLOW_PART_SYN_RST | FLOW_PART_OTHER_SYN | FLOW_PART_OTHER_ANSWER))
        return FLOW_PART_MIXED;
    if (syns + others == 0 && !is_answered)
        return FLOW_PART_NO_SYN;
    if (syns == part->segments)
        return FLOW_PART_SYNS;
    if (flow_part_connects(part) && others == 0 && !sent_answer(part, lead))
        return FLOW_PART_OPENS;
    return answers(part, lead) ? FLOW_PART_ANSWERS : FLOW_PART_MIXED;
}
