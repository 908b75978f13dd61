#include <flowstats/table.h>

#include "direction.h"
#include "pages.h"

#include <string.h>

struct flow_table {
    struct pages flows;  /* struct flow */
    GHashTable *current; /* a set: the latest flow of each key */
    struct flow *recent; /* the one of them found last, or NULL: packets come in trains */
    uint32_t first_id;
};

struct flow_table *flow_table_new(uint32_t first_id)
{
    struct flow_table *table = g_new0(struct flow_table, 1);

    table->first_id = first_id;
    pages_init(&table->flows, sizeof(struct flow));
    table->current = g_hash_table_new(flow_key_hash, flow_key_equal);
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    g_hash_table_unref(table->current);
    pages_clear(&table->flows);
    g_free(table);
}

uint32_t flow_table_count(const struct flow_table *table)
{
    return table->flows.count;
}

struct flow *flow_table_at(const struct flow_table *table, uint32_t index)
{
    return index < table->flows.count ? pages_at(&table->flows, index) : NULL;
}

uint32_t flow_table_index(const struct flow_table *table, const struct flow *flow)
{
    return flow->id - table->first_id;
}

struct flow *flow_table_find(struct flow_table *table, const struct flow_key *key)
{
    if (!table->recent || !flow_key_equal(&table->recent->key, key))
        table->recent = g_hash_table_lookup(table->current, key);
    return table->recent;
}

struct flow *flow_table_begin(struct flow_table *table, const struct flow_key *key, unsigned sender,
                              const struct flow_packet *packet)
{
    uint32_t id = table->first_id + table->flows.count;
    struct flow *flow = pages_add(&table->flows);
    enum flow_reason reason;
    enum flow_dir dir = flow_direction_of(packet, &reason);

    *flow = (struct flow){
        .key = *key, .id = id, .source = (uint8_t)(sender ^ dir), .reason = (uint8_t)reason
    };
    if (flow_key_has_same_ends(key))
        flow->bits |= FLOW_SAME_ENDS;
    if (packet->bits & FLOW_PACKET_MACS) {
        memcpy(flow->mac[FLOW_UP], packet->mac[dir], FLOW_MAC_LEN);
        memcpy(flow->mac[FLOW_DOWN], packet->mac[!dir], FLOW_MAC_LEN);
        flow->bits |= FLOW_MACS;
    }
    if (packet->bits & FLOW_PACKET_ETH_TYPE) {
        flow->eth_type = packet->eth_type;
        flow->bits |= FLOW_ETH_TYPE;
    }
    g_hash_table_add(table->current, flow);
    table->recent = flow;
    return flow;
}

enum flow_dir flow_dir_of(const struct flow *flow, unsigned sender,
                          const struct flow_packet *packet)
{
    enum flow_reason reason;

    /* Nothing else tells the directions of a flow between an end and itself. */
    if (flow->bits & FLOW_SAME_ENDS)
        return flow_direction_of(packet, &reason);
    return sender == flow->source ? FLOW_UP : FLOW_DOWN;
}

static uint8_t base_bit(enum flow_dir dir)
{
    return dir == FLOW_UP ? FLOW_BASE_UP : FLOW_BASE_DOWN;
}

static bool opens_connection(const struct flow_fact *fact)
{
    return (fact->bits & FLOW_FACT_TCP) &&
           (fact->tcp_flags & (FLOW_TCP_SYN | FLOW_TCP_ACK)) == FLOW_TCP_SYN;
}

enum flow_successor flow_successor_of(const struct flow *flow, const struct flow_state *state,
                                      const struct flow_packet *packet, enum flow_dir dir,
                                      const struct flow_limits *limits)
{
    const struct flow_fact *fact = &packet->fact;

    if (opens_connection(fact) && (flow->bits & base_bit(dir)) &&
        flow->base_seq[dir] != fact->tcp_seq)
        return FLOW_SUCCESSOR_CONNECTION;
    if (!(fact->bits & FLOW_FACT_TIME) || !(state->bits & FLOW_STATE_TIME))
        return FLOW_SUCCESSOR_NONE;
    if (limits->idle_ns > 0 && fact->time_ns - state->last_ns > limits->idle_ns)
        return FLOW_SUCCESSOR_IDLE;
    if (limits->active_ns > 0 && fact->time_ns - state->start_ns > limits->active_ns)
        return FLOW_SUCCESSOR_ACTIVE;
    return FLOW_SUCCESSOR_NONE;
}

/* As Wireshark learns the numbers that it makes sequence numbers relative to. */
void flow_learn_base(struct flow *flow, const struct flow_fact *fact)
{
    enum flow_dir dir = flow_fact_dir(fact);

    if (!(fact->bits & FLOW_FACT_TCP))
        return;
    if (fact->tcp_flags & FLOW_TCP_SYN) {
        flow->base_seq[dir] = fact->tcp_seq;
        flow->bits |= base_bit(dir);
    } else if (!(flow->bits & base_bit(dir))) {
        flow->base_seq[dir] = fact->tcp_seq - 1;
        flow->bits |= base_bit(dir);
    }
    if ((fact->tcp_flags & FLOW_TCP_ACK) && !(flow->bits & base_bit(!dir))) {
        flow->base_seq[!dir] = fact->tcp_ack - 1;
        flow->bits |= base_bit(!dir);
    }
}
