#include "tcp_data.h"

#include "transport.h"

struct segment {
    const uint8_t *header;
    uint16_t port[2];
};

/* A header that was not captured whole gets no verdict on the screen. */
static bool read_header(const uint8_t *data, uint32_t captured, struct segment *ret_segment)
{
    enum { SHORTEST = 20 };
    uint32_t length;

    if (!fs_tcp_header(data, captured, &length) || length < SHORTEST || length > captured)
        return false;
    ret_segment->header = data;
    ret_segment->port[0] = fs_be16(data);
    ret_segment->port[1] = fs_be16(data + 2);
    return true;
}

/* A segment in IP fragments is analysed in the frame that completes it, in a buffer of its own. */
static bool find_reassembled(const packet_info *pinfo, struct segment *ret_segment)
{
    const GSList *source = pinfo->data_src ? pinfo->data_src->next : NULL;

    for (; source; source = source->next) {
        tvbuff_t *tvb = get_data_source_tvb(source->data);
        uint32_t captured = tvb_captured_length(tvb);
        if (captured > 0 &&
            read_header(tvb_get_ptr(tvb, 0, (int)captured), captured, ret_segment) &&
            ret_segment->port[0] == pinfo->srcport && ret_segment->port[1] == pinfo->destport)
            return true;
    }
    return false;
}

/* The segment that Wireshark's TCP has just dissected; false where it is another's or none. */
static bool find_segment(const struct flow_extract *from, struct segment *ret_segment)
{
    const struct flow_packet *packet = from->packet;
    const packet_info *pinfo = from->pinfo;

    if (packet->tuple.protocol != FLOW_PROTOCOL_TCP || pinfo->ptype != PT_TCP)
        return false;
    if (packet->fact.bits & FLOW_FACT_FRAG)
        return find_reassembled(pinfo, ret_segment);
    return read_header(from->transport, from->transport_len, ret_segment) &&
           ret_segment->port[0] == pinfo->srcport && ret_segment->port[1] == pinfo->destport;
}

static conversation_t *find(const struct flow_tuple *tuple, uint32_t frame,
                            const struct segment *segment)
{
    address end[2];

    for (unsigned i = 0; i < 2; i++)
        if (tuple->family == FLOW_IPV4)
            set_address(&end[i], AT_IPv4, 4, tuple->end[i].addr);
        else
            set_address(&end[i], AT_IPv6, FLOW_ADDR_LEN, tuple->end[i].addr);
    return find_conversation(frame, &end[0], &end[1], CONVERSATION_TCP, segment->port[0],
                             segment->port[1], 0);
}

/*
 * Wireshark hashes addresses byte by byte, and twice on the way back, which
 * costs as much as all the rest of this plugin.  So what was found is kept, by
 * the two ends; it is the same where TCP has just used it for this frame.
 */
struct found {
    const conversation_t *conversation;
    const struct tcp_analysis *tcp; /* its data */
    struct flow_end end[2];
};

enum { FOUND_BITS = 10, FOUND = 1 << FOUND_BITS };

static struct found *found; /* of the open file; NULL: none yet */

static ws_bool forget(wmem_allocator_t *scope _U_, wmem_cb_event_t event _U_, void *data _U_)
{
    found = NULL;
    return FALSE;
}

/* Of one end, so that numbers which the two ends share do not cancel out. */
static uint32_t hash_of(const struct flow_end *end)
{
    enum { GOLDEN = 0x9e3779b1 }; /* Knuth's multiplicative hashing */
    /* IPv4 addresses are in the first four bytes; IPv6 hosts differ in the last ones. */
    uint32_t hash =
        (fs_be32(end->addr) ^ fs_be32(end->addr + FLOW_ADDR_LEN - 4)) * GOLDEN + end->port;

    return (hash ^ hash >> 15) * GOLDEN;
}

/* The same both ways. */
static unsigned slot_of(const struct flow_end end[2])
{
    return (hash_of(&end[0]) + hash_of(&end[1])) >> (32 - FOUND_BITS);
}

static bool is_between(const struct found *last, const struct flow_end end[2])
{
    enum { SIZE = sizeof(struct flow_end) };
    unsigned first = last->end[0].port != end[0].port;

    return memcmp(&last->end[first], &end[0], SIZE) == 0 &&
           memcmp(&last->end[!first], &end[1], SIZE) == 0;
}

static const struct tcp_analysis *data_of(conversation_t *conversation)
{
    static int proto_tcp;

    if (proto_tcp <= 0)
        proto_tcp = proto_get_id_by_filter_name("tcp");
    return conversation ? conversation_get_proto_data(conversation, proto_tcp) : NULL;
}

static const struct tcp_analysis *conversation_of(const struct flow_packet *packet, uint32_t frame,
                                                  const struct segment *segment)
{
    const struct flow_tuple *tuple = &packet->tuple;

    if (packet->fact.bits & FLOW_FACT_FRAG)
        return data_of(find(tuple, frame, segment));
    if (!found) {
        found = wmem_alloc0_array(wmem_file_scope(), struct found, FOUND);
        wmem_register_callback(wmem_file_scope(), forget, NULL);
    }
    struct found *last = &found[slot_of(tuple->end)];
    if (!last->tcp || last->conversation->last_frame != frame || !is_between(last, tuple->end)) {
        conversation_t *conversation = find(tuple, frame, segment);
        last->conversation = conversation;
        last->tcp = data_of(conversation);
        memcpy(last->end, tuple->end, sizeof last->end);
    }
    return last->tcp;
}

static bool look_up(const struct flow_extract *from, struct fs_tcp_data *ret_data)
{
    struct segment segment;

    if (!find_segment(from, &segment))
        return false;
    ret_data->conversation = conversation_of(from->packet, from->pinfo->num, &segment);
    ret_data->seq = fs_be32(segment.header + 4);
    ret_data->ack = fs_be32(segment.header + 8);
    return ret_data->conversation != NULL;
}

/* More than one extension asks about the same packet. */
const struct fs_tcp_data *fs_tcp_data_of(const struct flow_extract *from)
{
    static struct fs_tcp_data data;
    static uint64_t serial;
    static bool is_known;

    if (serial != from->serial) {
        serial = from->serial;
        is_known = look_up(from, &data);
    }
    return is_known ? &data : NULL;
}
