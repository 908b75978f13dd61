#include "meter.h"

#include "all.h"
#include "among.h"
#include "among_flows.h"
#include "ending.h"
#include "field.h"

#include "expiry.h"
#include "fragments.h"
#include "links.h"
#include "orphans.h"

#include <glib.h>

struct flow_meter {
    struct flow_table *table;
    struct flow_history *history;
    struct flow_evaluation *evaluation;
    struct flow_among *among;
    struct flow_links *links; /* NULL: the group that shows them is off */
    const struct flow_groups *groups;
    struct flow_paths *paths;
    struct flow_fragments *fragments;
    struct flow_expiry *expiry;   /* in a stream; else NULL */
    struct flow_orphans *orphans; /* where they are kept; else NULL */
    struct flow_capture capture;
    struct flow_bounds bounds;
    const struct flow *begun; /* the last packet was its first; NULL: that of none */
    uint32_t frames;          /* of the files that have ended */
};

/* Those that no preference switches off. */
static const struct flow_groups *fixed_groups(void)
{
    static struct flow_groups fixed;

    bool is_new = fixed.count == 0;

    for (size_t i = 0; is_new && flow_groups_all[i]; i++)
        if (flow_groups_all[i]->is_fixed)
            flow_groups_add(&fixed, flow_groups_all[i]);
    return &fixed;
}

static uint32_t in_words(uint32_t size)
{
    return (size + 7) / 8 * 8;
}

struct flow_meter *flow_meter_new(const struct flow_limits *limits, uint32_t first_id,
                                  const struct flow_groups *groups)
{
    struct flow_meter *meter = g_new0(struct flow_meter, 1);

    meter->groups = groups ? groups : fixed_groups();
    meter->paths = flow_paths_new();
    meter->table = flow_table_new(first_id, meter->paths);
    meter->history = flow_history_new(meter->groups->note_size, in_words(meter->groups->once_size));
    meter->evaluation = flow_evaluation_new(meter->history, meter->table, meter->groups);
    meter->among = flow_among_new(meter->history, meter->table, meter->paths, meter->evaluation,
                                  meter->groups);
    if (flow_groups_have(meter->groups, &flow_among_flows))
        meter->links = flow_links_new(meter->history, meter->table, meter->paths);
    meter->fragments = flow_fragments_new();
    if (limits)
        meter->capture.limits = *limits;
    return meter;
}

void flow_meter_free(struct flow_meter *meter)
{
    if (!meter)
        return;
    flow_among_free(meter->among);
    flow_links_free(meter->links);
    flow_expiry_free(meter->expiry);
    flow_orphans_free(meter->orphans);
    flow_evaluation_free(meter->evaluation);
    flow_history_free(meter->history);
    flow_table_free(meter->table);
    flow_paths_free(meter->paths);
    flow_fragments_free(meter->fragments);
    g_free(meter);
}

void flow_meter_bound(struct flow_meter *meter, const struct flow_bounds *bounds)
{
    meter->bounds = *bounds;
    flow_history_number_files(meter->history, bounds->files_before);
    if (bounds->keeps_orphans && !meter->orphans)
        meter->orphans = flow_orphans_new();
    if (!bounds->is_stream || meter->expiry)
        return;
    meter->expiry = flow_expiry_new(&meter->capture.limits, bounds->max_open);
    flow_history_bound(meter->history);
    meter->capture.is_partial = true;
}

static void view_flow(struct flow_meter *meter, struct flow *flow, bool with_whole,
                      struct flow_view *ret_view);

/* Forgetting */

/* Forget the first so many packets of a flow, after all who need their facts have folded them. */
static void forget_facts(struct flow_meter *meter, struct flow *flow, uint32_t packets)
{
    uint32_t facts = flow_history_facts_until(meter->history, flow->index, packets) - 1;
    struct flow_view view;

    if (facts == flow_history_forgotten(meter->history, flow->index))
        return;
    if (meter->bounds.forgetting) {
        view_flow(meter, flow, true, &view);
        meter->bounds.forgetting(&view, facts, meter->bounds.data);
    }
    flow_evaluate_settle(meter->evaluation, flow->index, facts);
    flow_history_forget(meter->history, flow->index, packets);
}

/* Of an open flow in a stream the latest packets are kept. */
static void forget_earlier_facts(struct flow_meter *meter, struct flow *flow)
{
    uint32_t packets = flow_history_packets(meter->history, flow->index);

    if (flow_history_kept(meter->history, flow->index) >= 2 * FLOW_HISTORY_STRIDE)
        forget_facts(meter, flow, packets - FLOW_HISTORY_STRIDE);
}

/* Events are kept with the packets around them; where they are very many, all go. */
static void forget_many_events(struct flow_meter *meter, struct flow *flow)
{
    uint32_t facts = flow_history_facts(meter->history, flow->index);
    uint32_t kept = facts - flow_history_forgotten(meter->history, flow->index);

    if (kept >= 4 * FLOW_HISTORY_STRIDE)
        forget_facts(meter, flow, flow_history_packets(meter->history, flow->index));
}

/* Forget what a flow was made of; it is still found by its ends. */
static void forget_content(struct flow_meter *meter, struct flow *flow)
{
    flow_evaluate_forget(meter->evaluation, flow->index);
    flow_history_forget_flow(meter->history, flow->index);
}

static void forget_flow(struct flow_meter *meter, struct flow *flow)
{
    meter->capture.is_partial = true;
    flow_among_forget(meter->among);
    if (meter->links)
        flow_links_forget(meter->links, flow->index);
    forget_content(meter, flow);
    if (meter->expiry)
        flow_expiry_forgotten(meter->expiry, flow);
    flow_table_forget(meter->table, flow);
}

/* A flow of a stream ends: it is told, and remembered for those that go on with it. */
static void end_flow(struct flow_meter *meter, struct flow *flow, enum flow_successor successor)
{
    struct flow_view view;

    if (flow->successor == FLOW_SUCCESSOR_NONE)
        flow->successor = (uint8_t)successor;
    view_flow(meter, flow, true, &view);
    meter->bounds.ended(&view, meter->bounds.data);
    flow->bits |= FLOW_ENDED;
    forget_content(meter, flow);
    flow_expiry_ended(meter->expiry, flow);
}

/* Another flow has the place of this one in the table. */
static void leave_behind(struct flow_meter *meter, struct flow *earlier)
{
    if (!meter->expiry || !earlier)
        return;
    if (!(earlier->bits & FLOW_ENDED))
        end_flow(meter, earlier, FLOW_SUCCESSOR_NONE);
    forget_flow(meter, earlier);
}

static bool is_closed(struct flow_meter *meter, struct flow *flow)
{
    struct flow_view view;

    view_flow(meter, flow, true, &view);
    return flow_end_reason_of(&view) == FLOW_END_DETECTED;
}

/* Which reason a flow has to go, where there are too many. */
static enum flow_successor surplus_reason(const struct flow_meter *meter, const struct flow *flow)
{
    enum flow_successor passed =
        flow_limits_passed(&meter->capture.limits, flow, meter->capture.last_ns);

    return passed == FLOW_SUCCESSOR_NONE ? FLOW_SUCCESSOR_RESOURCES : passed;
}

static void expire_silent(struct flow_meter *meter, int64_t now_ns)
{
    uint32_t index;

    while (flow_expiry_silent(meter->expiry, meter->table, now_ns, &index)) {
        struct flow *flow = flow_table_at(meter->table, index);
        end_flow(meter, flow, flow_limits_passed(&meter->capture.limits, flow, now_ns));
    }
    while (flow_expiry_lingering(meter->expiry, meter->table, now_ns, &index)) {
        struct flow *flow = flow_table_at(meter->table, index);
        if (is_closed(meter, flow))
            end_flow(meter, flow, FLOW_SUCCESSOR_NONE);
    }
}

static void expire_surplus(struct flow_meter *meter)
{
    uint32_t index;

    while (flow_expiry_surplus(meter->expiry, &index)) {
        struct flow *flow = flow_table_at(meter->table, index);
        if (!(flow->bits & FLOW_ENDED))
            end_flow(meter, flow, surplus_reason(meter, flow));
        forget_flow(meter, flow);
    }
}

/* Accounting */

/*
 * Few facts keep options: SYNs, SYN-ACKs, and the first ACKs after them, which
 * may be the handshake's.
 */
static void thin_options(struct flow *flow, enum flow_dir dir, struct flow_fact *fact)
{
    enum { ACKS = 4 };

    if (fact->tcp_flags & FLOW_TCP_SYN) {
        flow->acks_with_options[!dir] = ACKS;
    } else if ((fact->tcp_flags & FLOW_TCP_ACK) && flow->acks_with_options[dir] > 0) {
        flow->acks_with_options[dir]--;
    } else {
        fact->tcp_options = (struct flow_tcp_options){ 0 };
        fact->bits &= (uint16_t)~FLOW_FACT_OPTIONS;
    }
}

/* Record a packet of a flow, in that direction and with more bits, and return its number in it. */
static uint32_t record(struct flow_meter *meter, struct flow *flow, enum flow_dir dir,
                       const struct flow_packet *packet, uint16_t bits)
{
    struct flow_fact fact = packet->fact;

    fact.bits |= bits;
    if (dir == FLOW_DOWN)
        fact.bits |= FLOW_FACT_DOWN;
    flow_learn(flow, packet, dir);
    if (fact.bits & FLOW_FACT_TCP) {
        thin_options(flow, dir, &fact);
        if (fact.tcp_flags & (FLOW_TCP_FIN | FLOW_TCP_RST))
            flow->bits |= FLOW_MAY_CLOSE;
    }
    uint32_t number = flow_history_record(meter->history, flow->index, &fact, packet->notes);
    if (meter->expiry) {
        flow_expiry_packet(meter->expiry, flow, flow->bits & FLOW_MAY_CLOSE);
        forget_earlier_facts(meter, flow);
    }
    return number;
}

static uint32_t encapsulation_of(struct flow_meter *meter, const struct flow_packet *packet)
{
    return packet->layer_count > 0
               ? flow_paths_compared(meter->paths, packet->layers, packet->layer_count)
               : 0;
}

/* The flow that a packet belongs to; it may begin with this packet. */
static struct flow *flow_of(struct flow_meter *meter, const struct flow_packet *packet,
                            const struct flow_search *search, enum flow_dir *ret_dir)
{
    struct flow *flow = flow_table_find(meter->table, search, &packet->fact);
    enum flow_successor successor = FLOW_SUCCESSOR_NONE;

    if (flow) {
        enum flow_dir dir = flow_dir_of(flow, search->sender);
        successor = flow_successor_of(flow, packet, dir, &meter->capture.limits);
        if (successor == FLOW_SUCCESSOR_NONE && (flow->bits & FLOW_ENDED))
            successor = FLOW_SUCCESSOR_IDLE; /* too late: it goes on with what has ended */
        if (successor == FLOW_SUCCESSOR_NONE) {
            flow_table_join(meter->table, flow, search, packet);
            *ret_dir = dir;
            return flow;
        }
        flow->successor = (uint8_t)successor;
    }
    struct flow *earlier = flow;
    flow = flow_table_begin(meter->table, search, packet, earlier, ret_dir);
    if (successor == FLOW_SUCCESSOR_IDLE || successor == FLOW_SUCCESSOR_ACTIVE)
        flow->bits |= FLOW_CONTINUES;
    if (meter->capture.is_partial)
        flow_among_begun(meter->among, flow->index);
    leave_behind(meter, earlier);
    return flow;
}

/* A fragment whose first one is not coming: a packet of its addresses and protocol alone. */
static void account_lone(struct flow_meter *meter, struct flow_waiting *waiting)
{
    const struct flow_packet *packet = flow_waiting_packet(waiting);
    struct flow_search search =
        flow_table_search(meter->table, packet, flow_waiting_encapsulation(waiting));
    enum flow_dir dir;

    search.path = flow_waiting_path(waiting);
    struct flow *flow = flow_of(meter, packet, &search, &dir);
    record(meter, flow, dir, packet, 0);
    flow_waiting_free(waiting);
}

static void account_overdue(struct flow_meter *meter, int64_t now_ns)
{
    struct flow_waiting *waiting;

    while ((waiting = flow_fragments_take_overdue(meter->fragments, now_ns)))
        account_lone(meter, waiting);
}

/* A number for fragments to remember a flow by: another flow in its place has another id. */
static uint64_t reference_to(const struct flow *flow)
{
    return (uint64_t)flow->id << 32 | flow->index;
}

/* Return the flow that is referred to, NULL where it has ended. */
static struct flow *referred_to(struct flow_meter *meter, uint64_t reference)
{
    struct flow *flow = flow_table_at(meter->table, (uint32_t)reference);

    return flow && flow->id == reference >> 32 && !(flow->bits & FLOW_ENDED) ? flow : NULL;
}

/* A later fragment goes where its first one went, or waits for it. */
static void account_later_fragment(struct flow_meter *meter, const struct flow_packet *packet,
                                   uint32_t encapsulation, int64_t now_ns)
{
    struct flow *flow = NULL;
    uint64_t reference;
    enum flow_dir dir;

    if (flow_fragments_join(meter->fragments, packet, encapsulation, &reference, &dir))
        flow = referred_to(meter, reference);
    if (flow) {
        record(meter, flow, dir, packet, FLOW_FACT_FOLLOWS);
        return;
    }
    flow_fragments_wait(meter->fragments, packet, encapsulation,
                        flow_paths_shown(meter->paths, packet->layers, packet->layer_count));
    account_overdue(meter, now_ns);
}

/* Those that waited for this first fragment come just before it. */
static void account_waiting(struct flow_meter *meter, const struct flow_packet *first,
                            uint32_t encapsulation, struct flow *flow, enum flow_dir dir)
{
    struct flow_waiting *waiting;

    flow_fragments_learn(meter->fragments, first, encapsulation, reference_to(flow), dir);
    while ((waiting = flow_fragments_take_of(meter->fragments, first, encapsulation))) {
        record(meter, flow, dir, flow_waiting_packet(waiting), FLOW_FACT_FOLLOWS);
        flow_waiting_free(waiting);
    }
}

/* The fragment of a tunnel that this frame is, although the frame counts for the packet inside. */
static struct flow_packet carrier_of(const struct flow_packet *packet)
{
    struct flow_packet carrier = *packet;
    bool is_first = packet->bits & FLOW_PACKET_CARRIER_FIRST;

    carrier.tuple = packet->carrier;
    carrier.layer_count = packet->carrier_layers;
    carrier.fact.bits = (uint16_t)((packet->fact.bits & FLOW_FACT_TIME) | FLOW_FACT_FRAG |
                                   (is_first ? FLOW_FACT_FIRST_FRAG : 0));
    carrier.bits &= FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE | FLOW_PACKET_MAC_SENDER;
    carrier.handshake = carrier.message_type = FLOW_MESSAGE_UNKNOWN;
    return carrier;
}

/* The datagram's other fragments are the tunnel's, which has a flow only where there are some. */
static void account_carrier(struct flow_meter *meter, const struct flow_packet *packet)
{
    struct flow_packet carrier = carrier_of(packet);
    uint32_t encapsulation = encapsulation_of(meter, &carrier);
    uint64_t reference;
    enum flow_dir dir;

    if (!(packet->bits & FLOW_PACKET_CARRIER_FIRST)) {
        flow_fragments_join(meter->fragments, &carrier, encapsulation, &reference, &dir);
    } else if (flow_fragments_are_waiting(meter->fragments, &carrier, encapsulation)) {
        struct flow_search search = flow_table_search(meter->table, &carrier, encapsulation);
        struct flow *flow = flow_of(meter, &carrier, &search, &dir);
        account_waiting(meter, &carrier, encapsulation, flow, dir);
    }
}

/* What an ICMP error speaks of: a packet the other way in the error's own encapsulation. */
static struct flow_search quoted(struct flow_meter *meter, const struct flow_packet *packet,
                                 uint32_t encapsulation)
{
    struct flow_search search = { .encapsulation = encapsulation };
    unsigned sender;

    search.key =
        flow_key_make(&packet->quote, flow_paths_kinds(meter->paths, encapsulation), &sender);
    search.sender = !sender;
    return search;
}

static void keep_orphan(struct flow_meter *meter, const struct flow_search *search,
                        const struct flow_fact *event)
{
    struct flow_orphan_flow flow = { .key = search->key,
                                     .encapsulation = search->encapsulation,
                                     .sender = search->sender };

    if (meter->orphans)
        flow_orphans_add(meter->orphans, &flow, event);
}

/* An ICMP error is an event of the flow that it speaks of. */
static void account_quote(struct flow_meter *meter, const struct flow_packet *packet,
                          uint32_t encapsulation, struct flow_place error)
{
    struct flow_search search = quoted(meter, packet, encapsulation);
    struct flow *flow = flow_table_find(meter->table, &search, &packet->fact);
    struct flow_fact event = { .frame = packet->fact.frame,
                               .bits = FLOW_FACT_EVENT,
                               .icmp_type = packet->fact.icmp_type,
                               .icmp_code = packet->fact.icmp_code };

    if (!flow)
        keep_orphan(meter, &search, &event);
    if (!flow || (flow->bits & FLOW_ENDED))
        return;
    if (meter->expiry)
        forget_many_events(meter, flow);
    flow_history_record_error_for(meter->history, error, flow->id);
    flow_history_record_event(meter->history, flow->index, &event);
}

static void account_whole(struct flow_meter *meter, const struct flow_packet *packet,
                          uint32_t encapsulation, bool is_fragment)
{
    struct flow_search search = flow_table_search(meter->table, packet, encapsulation);
    enum flow_dir dir;
    struct flow *flow = flow_of(meter, packet, &search, &dir);

    if (is_fragment)
        account_waiting(meter, packet, encapsulation, flow, dir);
    struct flow_place place = { .flow = flow->index,
                                .packet = record(meter, flow, dir, packet, 0) };
    meter->begun = place.packet == 0 ? flow : NULL;
    if (packet->bits & FLOW_PACKET_QUOTE)
        account_quote(meter, packet, encapsulation, place);
}

static void note_time(struct flow_capture *capture, const struct flow_fact *fact)
{
    if (!(fact->bits & FLOW_FACT_TIME))
        return;
    if (!capture->has_time || fact->time_ns > capture->last_ns)
        capture->last_ns = fact->time_ns;
    if (!capture->has_time || fact->time_ns < capture->first_ns)
        capture->first_ns = fact->time_ns;
    capture->has_time = true;
}

static void account(struct flow_meter *meter, const struct flow_packet *packet, int64_t now_ns)
{
    uint32_t encapsulation = encapsulation_of(meter, packet);
    uint16_t bits = packet->fact.bits;
    bool is_carried = packet->bits & FLOW_PACKET_CARRIER;
    bool is_fragment = (bits & FLOW_FACT_FRAG) && packet->fragment.waits && !is_carried;

    meter->begun = NULL;
    note_time(&meter->capture, &packet->fact);
    account_overdue(meter, now_ns);
    if (is_carried)
        account_carrier(meter, packet);
    if (is_fragment && !(bits & FLOW_FACT_FIRST_FRAG))
        account_later_fragment(meter, packet, encapsulation, now_ns);
    else
        account_whole(meter, packet, encapsulation, is_fragment);
}

void flow_meter_account(struct flow_meter *meter, const struct flow_packet *packet)
{
    int64_t now_ns = packet->fact.bits & FLOW_FACT_TIME ? packet->fact.time_ns : INT64_MIN;
    uint32_t before = flow_history_frames_before(meter->history);

    if (before > 0) {
        struct flow_packet numbered = *packet;
        numbered.fact.frame += before;
        account(meter, &numbered, now_ns);
    } else {
        account(meter, packet, now_ns);
    }
    if (!meter->expiry)
        return;
    expire_silent(meter, now_ns);
    expire_surplus(meter);
}

bool flow_meter_wants_link(const struct flow_meter *meter)
{
    return meter->links && meter->begun && !(meter->begun->bits & (FLOW_ENDED | FLOW_FORGOTTEN));
}

void flow_meter_link(struct flow_meter *meter, uint32_t frame)
{
    g_return_if_fail(flow_meter_wants_link(meter));
    if (frame > 0)
        flow_links_learn(meter->links, meter->begun,
                         frame + flow_history_frames_before(meter->history));
}

void flow_meter_finish(struct flow_meter *meter)
{
    struct flow_waiting *waiting;
    uint32_t index;

    while ((waiting = flow_fragments_take(meter->fragments)))
        account_lone(meter, waiting);
    meter->capture.is_over = true;
    while (meter->expiry && flow_expiry_any(meter->expiry, &index))
        end_flow(meter, flow_table_at(meter->table, index), FLOW_SUCCESSOR_NONE);
}

/* The flow whose last packet came first is the first. */
static int compare_last(const void *left, const void *right, void *data)
{
    const struct flow_meter *meter = data;
    uint32_t left_frame =
        flow_history_last_frame(meter->history, (*(const struct flow *const *)left)->index);
    uint32_t right_frame =
        flow_history_last_frame(meter->history, (*(const struct flow *const *)right)->index);

    return (left_frame > right_frame) - (left_frame < right_frame);
}

static GPtrArray *flows_that_go_on(struct flow_meter *meter)
{
    GPtrArray *flows = g_ptr_array_new();

    for (uint32_t i = 0; i < flow_table_count(meter->table); i++) {
        struct flow *flow = flow_table_at(meter->table, i);
        if (flow && flow->successor == FLOW_SUCCESSOR_NONE)
            g_ptr_array_add(flows, flow);
    }
    return flows;
}

/*
 * The longest silent of too many flows have a reason to go; then there are no longer
 * too many.  In a stream there never are.
 */
static void decide_surplus(struct flow_meter *meter)
{
    if (meter->expiry)
        return;
    GPtrArray *flows = flows_that_go_on(meter);
    if (flows->len > meter->bounds.max_open)
        g_ptr_array_sort_with_data(flows, compare_last, meter);
    for (uint32_t i = 0; i + meter->bounds.max_open < flows->len; i++) {
        struct flow *flow = flows->pdata[i];
        flow->successor = (uint8_t)surplus_reason(meter, flow);
    }
    g_ptr_array_unref(flows);
}

void flow_meter_end_file(struct flow_meter *meter, uint32_t frames, bool is_told)
{
    meter->frames += frames;
    meter->capture.is_between = true;
    if (is_told)
        decide_surplus(meter);
}

void flow_meter_begin_file(struct flow_meter *meter)
{
    decide_surplus(meter);
    for (uint32_t i = 0; i < flow_table_count(meter->table); i++) {
        struct flow *flow = flow_table_at(meter->table, i);
        if (flow && !(flow->bits & FLOW_ENDED)) {
            if (flow->successor == FLOW_SUCCESSOR_NONE)
                forget_facts(meter, flow, flow_history_packets(meter->history, i));
            else
                forget_flow(meter, flow);
        }
    }
    flow_history_begin_file(meter->history,
                            meter->frames - flow_history_frames_before(meter->history));
    meter->capture.is_between = false;
}

const struct flow_capture *flow_meter_capture(const struct flow_meter *meter)
{
    return &meter->capture;
}

const struct flow_orphan *flow_meter_orphan(const struct flow_meter *meter, unsigned n)
{
    return meter->orphans ? flow_orphans_nth(meter->orphans, n) : NULL;
}

const struct flow_paths *flow_meter_paths(const struct flow_meter *meter)
{
    return meter->paths;
}

bool flow_meter_is_between(const struct flow_meter *meter)
{
    return meter->capture.is_between;
}

uint32_t flow_meter_frames(const struct flow_meter *meter)
{
    return meter->frames;
}

uint32_t flow_meter_next_id(const struct flow_meter *meter)
{
    return flow_table_next_id(meter->table);
}

bool flow_meter_is_finished(const struct flow_meter *meter)
{
    return meter->capture.is_over && flow_fragments_is_empty(meter->fragments);
}

uint32_t flow_meter_flows(const struct flow_meter *meter)
{
    return flow_table_flows(meter->table);
}

static struct flow_value value_by_name(struct flow_view *view, const char *name)
{
    const struct flow_field *field = flow_field_named(name);

    return field ? flow_field_value(field, view) : (struct flow_value){ .known = false };
}

static void view_flow(struct flow_meter *meter, struct flow *flow, bool with_whole,
                      struct flow_view *ret_view)
{
    ret_view->head.value = value_by_name;
    ret_view->history = meter->history;
    ret_view->evaluation = meter->evaluation;
    ret_view->among = meter->among;
    ret_view->links = meter->links;
    ret_view->groups = meter->groups;
    ret_view->paths = meter->paths;
    ret_view->capture = &meter->capture;
    ret_view->flow = flow;
    ret_view->index = flow->index;
    ret_view->fact = NULL;
    ret_view->selection = NULL;
    ret_view->group = 0;
    ret_view->with_whole = with_whole;
}

/* The flow of a frame, by its number in this file; *frame becomes that in all files. */
static struct flow *find_flow(const struct flow_meter *meter, uint32_t *frame,
                              struct flow_place *ret_place)
{
    *frame += flow_history_frames_before(meter->history);
    return flow_history_find(meter->history, *frame, ret_place)
               ? flow_table_at(meter->table, ret_place->flow)
               : NULL;
}

bool flow_meter_view(struct flow_meter *meter, uint32_t frame, bool with_whole,
                     struct flow_view *ret_view)
{
    struct flow_place place;
    struct flow *flow = find_flow(meter, &frame, &place);

    if (!flow)
        return false;
    view_flow(meter, flow, with_whole, ret_view);
    ret_view->packet = place.packet;
    ret_view->facts = flow_history_facts_until(meter->history, place.flow, place.packet);
    ret_view->fact = &ret_view->packet_fact;
    return flow_view_packet(ret_view, place.packet, &ret_view->packet_fact) &&
           ret_view->packet_fact.frame == frame;
}

bool flow_meter_is_waiting(const struct flow_meter *meter, uint32_t frame)
{
    return flow_fragments_is_waiting(meter->fragments,
                                     frame + flow_history_frames_before(meter->history));
}

bool flow_meter_flow_view(struct flow_meter *meter, uint32_t n, struct flow_view *ret_view)
{
    struct flow *flow = flow_table_nth(meter->table, n);

    if (flow)
        view_flow(meter, flow, true, ret_view);
    return flow != NULL;
}

void *flow_meter_once(struct flow_meter *meter, uint32_t frame)
{
    struct flow_place place;

    return meter->groups->once_size > 0 && find_flow(meter, &frame, &place)
               ? flow_history_once(meter->history, place.flow)
               : NULL;
}

void flow_meter_forget_states(struct flow_meter *meter)
{
    flow_among_free(meter->among);
    flow_evaluation_free(meter->evaluation);
    meter->evaluation = flow_evaluation_new(meter->history, meter->table, meter->groups);
    meter->among = flow_among_new(meter->history, meter->table, meter->paths, meter->evaluation,
                                  meter->groups);
}
