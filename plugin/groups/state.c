#include "state.h"

/* The largest jump of an IP identification that still counts as packets missed. */
enum { LOST_WINDOW = 128 };

static void ip_id_apply(struct flow_half *half, uint16_t ip_id)
{
    uint16_t delta = (uint16_t)(ip_id - half->ip_id);

    if ((half->bits & FLOW_HALF_IP_ID) && delta > 0 && delta < LOST_WINDOW)
        half->lost += delta - 1u;
    if (!(half->bits & FLOW_HALF_IP_ID))
        half->first_ip_id = ip_id;
    half->ip_id = ip_id;
    half->bits |= FLOW_HALF_IP_ID;
}

static void half_apply(struct flow_half *half, const struct flow_fact *fact)
{
    half->pkts++;
    half->bytes += fact->cap_len;
    half->wire_bytes += fact->wire_len;
    half->payload_pkts += fact->payload_len > 0;
    half->payload_bytes += fact->payload_len;
    half->ip_bytes += fact->ip_len;
    half->frags += (fact->bits & FLOW_FACT_FRAG) != 0;
    half->frag_pkts += (fact->bits & FLOW_FACT_FIRST_FRAG) != 0;
    if (fact->bits & FLOW_FACT_IP_ID)
        ip_id_apply(half, fact->ip_id);
    if (fact->bits & FLOW_FACT_TCP) {
        half->seq = fact->tcp_seq;
        half->bits |= FLOW_HALF_SEQ;
    }
}

static void time_apply(struct flow_state *state, int64_t time_ns)
{
    if (!(state->bits & FLOW_STATE_TIME)) {
        state->start_ns = state->last_ns = time_ns;
        state->bits |= FLOW_STATE_TIME;
    } else if (time_ns > state->last_ns) {
        state->last_ns = time_ns;
    } else if (time_ns < state->start_ns) {
        state->start_ns = time_ns;
    }
}

void flow_state_apply(struct flow_state *state, const struct flow_fact *fact)
{
    if (fact->bits & FLOW_FACT_EVENT) {
        state->icmp_errors++;
        state->icmp_error_frame = fact->frame;
        state->icmp_error_type = fact->icmp_type;
        state->icmp_error_code = fact->icmp_code;
        return;
    }
    half_apply(&state->half[flow_fact_dir(fact)], fact);
    if (fact->bits & FLOW_FACT_TIME)
        time_apply(state, fact->time_ns);
}

/* The gap between the parts is one more. */
static void merge_ip_id(struct flow_half *half, const struct flow_half *later)
{
    if (!(later->bits & FLOW_HALF_IP_ID))
        return;
    ip_id_apply(half, later->first_ip_id);
    half->ip_id = later->ip_id;
}

static void merge_half(struct flow_half *half, const struct flow_half *later)
{
    half->pkts += later->pkts;
    half->bytes += later->bytes;
    half->wire_bytes += later->wire_bytes;
    half->payload_pkts += later->payload_pkts;
    half->payload_bytes += later->payload_bytes;
    half->ip_bytes += later->ip_bytes;
    half->frags += later->frags;
    half->frag_pkts += later->frag_pkts;
    half->lost += later->lost;
    merge_ip_id(half, later);
    if (later->bits & FLOW_HALF_SEQ)
        half->seq = later->seq;
    half->bits |= later->bits;
}

void flow_state_merge(struct flow_state *state, const struct flow_state *later)
{
    for (enum flow_dir dir = FLOW_UP; dir < FLOW_DIRS; dir++)
        merge_half(&state->half[dir], &later->half[dir]);
    if (later->bits & FLOW_STATE_TIME) {
        time_apply(state, later->start_ns);
        time_apply(state, later->last_ns);
    }
    if (later->icmp_errors > 0) {
        state->icmp_error_frame = later->icmp_error_frame;
        state->icmp_error_type = later->icmp_error_type;
        state->icmp_error_code = later->icmp_error_code;
    }
    state->icmp_errors += later->icmp_errors;
}
