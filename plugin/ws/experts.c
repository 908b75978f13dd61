#include "experts.h"

#include "prefs.h"

#include <flowstats/field.h>

static expert_field ei_unanswered = EI_INIT;
static expert_field ei_reset_before_data = EI_INIT;
static expert_field ei_slow_handshake = EI_INIT;
static expert_field ei_ip_id_gap = EI_INIT;
static const char *our_name;

void fs_experts_register(int proto)
{
    static ei_register_info ei[] = {
        { &ei_unanswered,
          { FLOW_PREFIX ".expert.unanswered", PI_SEQUENCE, PI_NOTE, "SYN without an answer of TCP",
            EXPFILL } },
        { &ei_reset_before_data,
          { FLOW_PREFIX ".expert.reset_before_data", PI_SEQUENCE, PI_NOTE,
            "Connection reset before any data", EXPFILL } },
        { &ei_slow_handshake,
          { FLOW_PREFIX ".expert.slow_handshake", PI_SEQUENCE, PI_NOTE, "Slow handshake",
            EXPFILL } },
        { &ei_ip_id_gap,
          { FLOW_PREFIX ".expert.ip_id_gap", PI_SEQUENCE, PI_CHAT, "Gap in the IP identification",
            EXPFILL } },
    };

    our_name = proto_get_protocol_short_name(find_protocol_by_id(proto));
    expert_register_field_array(expert_register_protocol(proto), ei, (int)G_N_ELEMENTS(ei));
}

bool fs_experts_are_heard(void)
{
    static int tap_expert; /* Wireshark registers it after all protocols */

    if (!tap_expert)
        tap_expert = find_tap_id("expert");
    return fs_prefs->experts && have_tap_listener(tap_expert);
}

/* What takes the whole flow. */
static void add_whole(packet_info *pinfo, proto_item *item, const struct flow_view *view)
{
    const struct flow_state *whole = view->whole;
    const struct flow_fact *fact = view->fact;
    bool has_data = whole->half[FLOW_UP].payload_bytes || whole->half[FLOW_DOWN].payload_bytes;

    if (whole->tcp_state == FLOW_TCP_SYN_SENT && !flow_history_previous(view->history, fact))
        expert_add_info(pinfo, item, &ei_unanswered);
    if (whole->tcp_state == FLOW_TCP_RESET && (fact->tcp_flags & FLOW_TCP_RST) && !has_data)
        expert_add_info(pinfo, item, &ei_reset_before_data);
}

static bool is_end_of_slow_handshake(const struct flow_state *so_far, uint32_t frame)
{
    uint16_t times = FLOW_STATE_SYN_TIME | FLOW_STATE_ACK_TIME;
    int64_t limit_ns = (int64_t)fs_prefs->slow_handshake * 1000000;

    return (so_far->bits & times) == times && so_far->ack_frame == frame && limit_ns > 0 &&
           so_far->ack_ns - so_far->syn_ns > limit_ns;
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

void fs_experts_add(packet_info *pinfo, proto_item *item, struct flow_view *view)
{
    if (!fs_prefs->experts)
        return;

    const char *current = pinfo->current_proto;
    pinfo->current_proto = our_name; /* whose they are; our dissector's handle has no name */
    if (view->whole)
        add_whole(pinfo, item, view);
    if (is_after_gap(view))
        expert_add_info(pinfo, item, &ei_ip_id_gap);
    if (is_end_of_slow_handshake(flow_view_so_far(view), view->fact->frame))
        expert_add_info(pinfo, item, &ei_slow_handshake);
    pinfo->current_proto = current;
}
