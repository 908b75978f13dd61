#include <flowstats/state.h>

#include "tcp.h"

#include <stddef.h>

/* The largest jump of an IP identification that still counts as packets missed. */
enum { LOST_WINDOW = 128 };

static void ip_id_apply(struct flow_half *half, uint16_t ip_id)
{
    uint16_t delta = (uint16_t)(ip_id - half->ip_id);

    if ((half->bits & FLOW_HALF_IP_ID) && delta > 0 && delta < LOST_WINDOW)
        half->lost += delta - 1u;
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
        return;
    }
    half_apply(&state->half[flow_fact_dir(fact)], fact);
    if (fact->bits & FLOW_FACT_TIME)
        time_apply(state, fact->time_ns);
    if (fact->bits & FLOW_FACT_TCP)
        flow_tcp_apply(state, fact);
}

const struct flow_name flow_tcp_state_names[] = {
    { FLOW_TCP_CLOSED, "Closed" },
    { FLOW_TCP_SYN_SENT, "SynSent" },
    { FLOW_TCP_SYN_RECEIVED, "SynReceived" },
    { FLOW_TCP_ESTABLISHED, "Established" },
    { FLOW_TCP_FIN_WAIT, "FinWait" },
    { FLOW_TCP_CLOSE_WAIT, "CloseWait" },
    { FLOW_TCP_CLOSING, "Closing" },
    { FLOW_TCP_RESET, "Reset" },
    { FLOW_TCP_UNKNOWN, "Unknown" },
    { 0, NULL },
};
