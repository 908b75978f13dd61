/*
 * The engine under any packets: keys, paths, table, history, fragments, fields
 * and tallies, checked against a plain fold of the same facts.
 */
#include "../unit/packets.h"
#include "bytes.h"

#include "all.h"
#include "core.h"
#include "field.h"
#include "meter.h"
#include "splt.h"
#include "tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LAYERS = 12 };

/* Few addresses, so that packets meet. */
static void take_tuple(struct bytes *bytes, struct flow_tuple *ret_tuple)
{
    static const uint8_t protocols[] = { 1, 6, 17, 33, 58, 89, 132, 136 };
    uint8_t shape = take8(bytes);
    size_t sizes[] = { [FLOW_LINK] = FLOW_MAC_LEN, [FLOW_IPV4] = 4, [FLOW_IPV6] = FLOW_ADDR_LEN };

    ret_tuple->family = shape % 3;
    ret_tuple->protocol = protocols[shape / 3 % G_N_ELEMENTS(protocols)];
    for (unsigned i = 0; i < 2; i++) {
        uint8_t host = take8(bytes);
        struct flow_end *end = &ret_tuple->end[i];
        end->addr[0] = host & 3;
        end->addr[sizes[ret_tuple->family] - 1] = host >> 2 & 3;
        if (host & 0x80) {
            end->port = (uint16_t)(host & 0x40 ? take16(bytes) : host);
            ret_tuple->bits |= FLOW_TUPLE_PORTS;
        }
    }
    if (shape >= 0xc0) {
        ret_tuple->ident = take8(bytes) & 7;
        ret_tuple->bits = FLOW_TUPLE_IDENT;
    }
}

static uint16_t take_layers(struct bytes *bytes, struct flow_layer *ret_layers)
{
    static const char *const names[] = { "vlan", "mpls", "vxlan", "gre" };
    uint8_t head = take8(bytes);
    uint16_t count = head < 0xa0 ? 0 : head % (LAYERS + 1);

    for (uint16_t i = 0; i < count; i++) {
        struct flow_layer *layer = &ret_layers[i];
        uint8_t shape = take8(bytes);
        *layer = (struct flow_layer){ .name = names[shape & 3],
                                      .ids = (shape >> 2 & 3) % 3,
                                      .id = { shape & 0xc0 ? take32(bytes) : 1, 2 },
                                      .family = shape % 3,
                                      .bits = take8(bytes) & 0xf };
        layer->end[shape >> 4 & 1][0] = 9;
    }
    return count;
}

static void take_packet(struct bytes *bytes, uint32_t frame, struct flow_layer *layers,
                        struct flow_packet *ret_packet)
{
    struct flow_fact *fact = &ret_packet->fact;
    uint8_t shape = take8(bytes), step = take8(bytes);

    memset(ret_packet, 0, sizeof *ret_packet);
    fact->frame = frame;
    fact->time_ns = (int64_t)frame * 1000000000;
    if (step == 0xff)
        fact->time_ns = (int64_t)((uint64_t)take32(bytes) << 31) - (INT64_C(1) << 61);
    else
        fact->time_ns += ((int64_t)step - 100) * 100000000;
    fact->cap_len = step & 1 ? take32(bytes) : step;
    fact->wire_len = step & 2 ? take32(bytes) : step;
    fact->payload_len = step & 4 ? 0 : step;
    fact->bits = shape & (FLOW_FACT_TIME | FLOW_FACT_TCP | FLOW_FACT_IP_ID | FLOW_FACT_FRAG);
    if (!(fact->bits & FLOW_FACT_TIME))
        fact->time_ns = 0;
    if (fact->bits & FLOW_FACT_TCP) {
        fact->tcp_flags = take8(bytes);
        fact->tcp_seq = take8(bytes) & 7;
        fact->tcp_ack = take8(bytes) & 7;
    }
    if (fact->bits & FLOW_FACT_IP_ID)
        fact->ip_id = take16(bytes);
    take_tuple(bytes, &ret_packet->tuple);
    ret_packet->layers = layers;
    ret_packet->layer_count = take_layers(bytes, layers);
    if (fact->bits & FLOW_FACT_FRAG) {
        uint8_t fragment = take8(bytes);
        fact->bits |= fragment & 1 ? FLOW_FACT_FIRST_FRAG : 0;
        ret_packet->fragment = (struct flow_fragment){ .ident = fragment >> 2 & 7,
                                                       .protocol = ret_packet->tuple.protocol,
                                                       .waits = fragment & 2 };
    }
    if (shape & 0x40) {
        take_tuple(bytes, &ret_packet->quote);
        ret_packet->bits |= FLOW_PACKET_QUOTE;
    }
    if (shape & 0x80) {
        uint8_t rules = take8(bytes);
        ret_packet->message_type = (rules & 3) % 3;
        let_say(ret_packet, (enum flow_message)((rules >> 2 & 3) % 3));
        ret_packet->handshake = (rules >> 4 & 3) % 3;
        ret_packet->bits |= FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
        ret_packet->mac[0][0] = rules;
    }
}

/*
 * A text is UTF-8 that a terminal, CSV, JSON and XML can have as it is; but the
 * first packets' directions are signs that XML escapes.
 */
static void check_text(const char *text, const struct flow_group *group)
{
    const char *escaped = group == &flow_splt ? "\"\\&" : "\"\\<>&";

    HOLDS(g_utf8_validate(text, -1, NULL));
    for (; *text; text++)
        HOLDS((uint8_t)*text >= ' ' && *text != 0x7f && !strchr(escaped, *text));
}

static void check_values(struct flow_view *view)
{
    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);
        struct flow_value value = flow_field_value(field, view);
        if (flow_field_needs_whole(field) && !view->with_whole)
            HOLDS(!value.known);
        if (value.known && field->kind == FLOW_TEXT)
            check_text(value.as.text, field->group);
    }
}

/* The fold of all facts, and what each packet must have been told. */
struct oracle {
    struct flow_state *states; /* by flow */
    struct flow_state *at;     /* by frame */
    uint32_t *last;            /* by flow: the frame of its last packet */
    uint32_t facts;
};

static void fold(struct oracle *oracle, const struct flow_fact *fact)
{
    struct flow_state *state = &oracle->states[fact->flow];

    flow_state_apply(state, fact);
    oracle->facts++;
    if (fact->bits & FLOW_FACT_EVENT)
        return;
    oracle->at[fact->frame] = *state;
    oracle->last[fact->flow] = fact->frame;
}

static void fold_all(struct flow_meter *meter, struct oracle *oracle)
{
    struct flow_view view;
    const struct flow_fact *fact;
    const void *notes;

    for (uint32_t flow = 0; flow_meter_flow_view(meter, flow, &view); flow++)
        for (uint32_t i = 0; (fact = flow_history_fact(view.history, flow, i, &notes)); i++)
            fold(oracle, fact);
}

static bool is_same(const void *state, const struct flow_state *expected)
{
    return memcmp(state, expected, sizeof *expected) == 0;
}

static void check_frame(struct flow_meter *meter, const struct oracle *oracle, uint32_t frame)
{
    struct flow_view view;
    struct flow_fact next;

    HOLDS(flow_meter_view(meter, frame, true, &view));
    HOLDS(view.fact->frame == frame);
    HOLDS(is_same(flow_view_so_far(&view, &flow_core), &oracle->at[frame]));
    HOLDS(is_same(flow_view_whole(&view, &flow_core), &oracle->states[view.index]));
    HOLDS(flow_history_last_frame(view.history, view.index) == oracle->last[view.index]);
    bool has_next = flow_view_packet(&view, view.packet + 1, &next);
    HOLDS(has_next == (frame != oracle->last[view.index]));
    HOLDS(!has_next || next.flow == view.index);
    check_values(&view);
}

static void count_packets(struct flow_view *view, void *data)
{
    *(uint64_t *)data += flow_state_pkts(flow_view_whole(view, &flow_core));
    check_values(view);
}

/* Frame 1 to frames: ask for all in an order that is not theirs. */
static void check(struct flow_meter *meter, struct flow_tally *tally, uint32_t frames,
                  uint64_t passed)
{
    uint32_t flows = flow_meter_flows(meter);
    struct oracle oracle = { .states = g_new0(struct flow_state, flows),
                             .at = g_new0(struct flow_state, frames + 1),
                             .last = g_new0(uint32_t, flows) };
    uint64_t counted = 0;

    fold_all(meter, &oracle);
    for (uint32_t i = 0; i < frames; i++)
        check_frame(meter, &oracle, i * 7919 % frames + 1);
    for (uint32_t frame = frames; frame > 0; frame--)
        check_frame(meter, &oracle, frame);
    flow_tally_each(tally, meter, count_packets, &counted);
    HOLDS(counted == passed);
    g_free(oracle.states);
    g_free(oracle.at);
    g_free(oracle.last);
}

static void check_sender(struct flow_meter *meter, const struct flow_packet *packet)
{
    struct flow_view view;

    if (!flow_meter_view(meter, packet->fact.frame, false, &view)) {
        HOLDS(flow_meter_is_waiting(meter, packet->fact.frame));
        return;
    }
    check_values(&view);
    for (unsigned i = 0; i < 2; i++)
        HOLDS(memcmp(flow_end_of(view.flow, flow_fact_dir(view.fact) ^ i)->addr,
                     packet->tuple.end[i].addr, FLOW_ADDR_LEN) == 0);
}

static const struct flow_groups *all_groups(void)
{
    static struct flow_groups groups;

    for (size_t i = groups.count; flow_groups_all[i]; i++)
        flow_groups_add(&groups, flow_groups_all[i]);
    return &groups;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = { data, size };
    struct flow_limits limits = { .idle_ns = take8(&bytes) % 8 * INT64_C(1000000000),
                                  .active_ns = take8(&bytes) % 8 * INT64_C(3000000000) };
    uint32_t first_id = take8(&bytes), frame = 0;
    struct flow_meter *meter = flow_meter_new(&limits, first_id, all_groups());
    struct flow_tally *tally = flow_tally_new(true);
    struct flow_layer layers[LAYERS];
    uint64_t passed = 0;

    while (bytes.left > 0) {
        struct flow_packet packet;
        take_packet(&bytes, ++frame, layers, &packet);
        flow_meter_account(meter, &packet);
        check_sender(meter, &packet);
        if (packet.fact.cap_len % 3 == 0) {
            flow_tally_pass(tally, frame);
            passed++;
        }
    }
    flow_meter_finish(meter);
    check(meter, tally, frame, passed);
    flow_meter_free(meter);
    flow_tally_free(tally);
    return 0;
}
