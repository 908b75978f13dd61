#include "experts.h"

#include "core.h"
#include "prefs.h"
#include "tcp_group.h"

#include "field.h"

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

static const struct flow_tcp *whole_tcp(struct flow_view *view)
{
    return flow_view_whole(view, &flow_tcp_group);
}

static bool is_unanswered(struct flow_view *view)
{
    const struct flow_tcp *whole = whole_tcp(view);

    return whole && whole->state == FLOW_TCP_SYN_SENT && view->packet == 0;
}

/* Whether the capture has the flow's packets from its SYN on, none of them in another flow. */
static bool is_captured_from_its_start(struct flow_view *view)
{
    const struct flow *flow = view->flow;
    struct flow_fact first;

    return (whole_tcp(view)->bits & FLOW_TCP_INITIATOR_SYN) && flow_view_packet(view, 0, &first) &&
           (first.tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) == FLOW_TCP_SYN &&
           !(flow->bits & FLOW_CONTINUES) && flow->successor != FLOW_SUCCESSOR_IDLE &&
           flow->successor != FLOW_SUCCESSOR_ACTIVE;
}

static bool has_data(struct flow_view *view)
{
    const struct flow_state *whole = flow_view_whole(view, &flow_core);

    return whole->half[FLOW_UP].payload_bytes || whole->half[FLOW_DOWN].payload_bytes;
}

/* On the first RST that stands and on those after it. */
static bool is_reset_before_data(struct flow_view *view)
{
    const struct flow_tcp *whole = whole_tcp(view);
    const struct flow_tcp_rst *reset = whole ? flow_tcp_reset(whole) : NULL;

    return reset && (view->fact->tcp_flags & FLOW_TCP_RST) && view->fact->frame >= reset->frame &&
           !has_data(view) && is_captured_from_its_start(view);
}

static bool is_end_of_slow_handshake(struct flow_view *view)
{
    const struct flow_tcp *so_far = flow_view_so_far(view, &flow_tcp_group);
    const struct flow_tcp_sent *ack = flow_tcp_moment(so_far, FLOW_TCP_MOMENT_ACK);
    int64_t limit_ns = (int64_t)fs_prefs->slow_handshake * 1000000, rtt_ns;

    return limit_ns > 0 && ack && ack->frame == view->fact->frame &&
           flow_tcp_span(so_far, FLOW_TCP_RTT, &rtt_ns) && rtt_ns > limit_ns;
}

static bool is_after_gap(struct flow_view *view)
{
    enum flow_dir dir = flow_fact_dir(view->fact);

    if (view->packet == 0 || !(view->fact->bits & FLOW_FACT_IP_ID))
        return false;
    /* In the order of the flow: each state is a step from the one before. */
    const struct flow_state *before =
        flow_evaluate_at(view->evaluation, 0, view->index, view->facts - 1);
    uint32_t lost = before->half[dir].lost;
    const struct flow_state *so_far = flow_view_so_far(view, &flow_core);
    return so_far->half[dir].lost > lost;
}

unsigned fs_experts_of(struct flow_view *view)
{
    unsigned experts = 0;

    if (!fs_prefs->experts)
        return 0;
    if (fs_prefs->experts_ip_id && is_after_gap(view))
        experts |= 1u << IP_ID_GAP;
    if (view->flow->key.protocol != FLOW_PROTOCOL_TCP)
        return experts;
    if (is_end_of_slow_handshake(view))
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
