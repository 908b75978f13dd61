#include "experts.h"

#include "prefs.h"

#include <flowstats/field.h>

enum expert { UNANSWERED, RESET_BEFORE_DATA, SLOW_HANDSHAKE, IP_ID_GAP, EXPERTS };

static expert_field ei[EXPERTS];
static const char *our_name;

void fs_experts_register(int proto)
{
    static ei_register_info rows[EXPERTS] = {
        [UNANSWERED] = { &ei[UNANSWERED],
                         { FLOW_PREFIX ".expert.unanswered", PI_SEQUENCE, PI_NOTE,
                           "SYN without an answer of TCP", EXPFILL } },
        [RESET_BEFORE_DATA] = { &ei[RESET_BEFORE_DATA],
                                { FLOW_PREFIX ".expert.reset_before_data", PI_SEQUENCE, PI_NOTE,
                                  "Connection reset before any data", EXPFILL } },
        [SLOW_HANDSHAKE] = { &ei[SLOW_HANDSHAKE],
                             { FLOW_PREFIX ".expert.slow_handshake", PI_SEQUENCE, PI_NOTE,
                               "Slow handshake", EXPFILL } },
        [IP_ID_GAP] = { &ei[IP_ID_GAP],
                        { FLOW_PREFIX ".expert.ip_id_gap", PI_SEQUENCE, PI_CHAT,
                          "Gap in the IP identification", EXPFILL } },
    };

    for (unsigned i = 0; i < EXPERTS; i++)
        ei[i] = (expert_field)EI_INIT;
    our_name = proto_get_protocol_short_name(find_protocol_by_id(proto));
    expert_register_field_array(expert_register_protocol(proto), rows, EXPERTS);
}

bool fs_experts_are_heard(void)
{
    static int tap_expert; /* Wireshark registers it after all protocols */

    if (!tap_expert)
        tap_expert = find_tap_id("expert");
    return fs_prefs->experts && have_tap_listener(tap_expert);
}

static bool is_unanswered(const struct flow_view *view)
{
    return view->whole && view->whole->tcp.state == FLOW_TCP_SYN_SENT &&
           !flow_history_previous(view->history, view->fact);
}

/* Whether the capture has the flow's packets from its SYN on, none of them in another flow. */
static bool is_captured_from_its_start(const struct flow_view *view)
{
    const struct flow_fact *first = flow_history_first(view->history, view->fact->flow);
    uint8_t flags = first->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK);

    return (view->whole->tcp.bits & FLOW_TCP_INITIATOR_SYN) && flags == FLOW_TCP_SYN &&
           !(view->flow->bits & FLOW_CONTINUES) && view->flow->successor != FLOW_SUCCESSOR_IDLE &&
           view->flow->successor != FLOW_SUCCESSOR_ACTIVE;
}

/* On the first RST that stands and on those after it. */
static bool is_reset_before_data(const struct flow_view *view)
{
    const struct flow_state *whole = view->whole;
    const struct flow_tcp_rst *reset = whole ? flow_tcp_reset(&whole->tcp) : NULL;

    return reset && (view->fact->tcp_flags & FLOW_TCP_RST) && view->fact->frame >= reset->frame &&
           !whole->half[FLOW_UP].payload_bytes && !whole->half[FLOW_DOWN].payload_bytes &&
           is_captured_from_its_start(view);
}

static bool is_end_of_slow_handshake(const struct flow_state *so_far, uint32_t frame)
{
    const struct flow_tcp_sent *ack = flow_tcp_moment(&so_far->tcp, FLOW_TCP_MOMENT_ACK);
    int64_t limit_ns = (int64_t)fs_prefs->slow_handshake * 1000000, rtt_ns;

    return ack && ack->frame == frame && limit_ns > 0 &&
           flow_tcp_span(&so_far->tcp, FLOW_TCP_RTT, &rtt_ns) && rtt_ns > limit_ns;
}

static bool is_after_gap(struct flow_view *view)
{
    const struct flow_fact *previous = flow_history_previous(view->history, view->fact);
    enum flow_dir dir = flow_fact_dir(view->fact);

    if (!previous || !(view->fact->bits & FLOW_FACT_IP_ID))
        return false;
    /* In the order of the flow: each state is a step from the one before. */
    uint32_t before = flow_history_state_at(view->history, previous)->half[dir].lost;
    return flow_view_so_far(view)->half[dir].lost > before;
}

unsigned fs_experts_of(struct flow_view *view)
{
    unsigned experts = 0;

    if (!fs_prefs->experts)
        return 0;
    if (fs_prefs->experts_ip_id && is_after_gap(view))
        experts |= 1u << IP_ID_GAP;
    if (is_end_of_slow_handshake(flow_view_so_far(view), view->fact->frame))
        experts |= 1u << SLOW_HANDSHAKE;
    if (is_unanswered(view))
        experts |= 1u << UNANSWERED;
    if (is_reset_before_data(view))
        experts |= 1u << RESET_BEFORE_DATA;
    return experts;
}

void fs_experts_add(packet_info *pinfo, proto_item *item, unsigned experts)
{
    const char *current = pinfo->current_proto;

    pinfo->current_proto = our_name; /* whose they are; our dissector's handle has no name */
    for (unsigned i = 0; i < EXPERTS; i++)
        if (experts & 1u << i)
            expert_add_info(pinfo, item, &ei[i]);
    pinfo->current_proto = current;
}
