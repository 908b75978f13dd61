#include "tcp_data.h"

struct segment {
    const uint8_t *header;
    uint16_t port[2];
};

static uint16_t be16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static uint32_t be32(const uint8_t *data)
{
    return (uint32_t)be16(data) << 16 | be16(data + 2);
}

/* A header that was not captured whole gets no verdict on the screen. */
static bool read_header(const uint8_t *data, uint32_t captured, struct segment *ret_segment)
{
    enum { SHORTEST = 20 };

    if (captured < SHORTEST || data[12] >> 4 < SHORTEST / 4 || (data[12] >> 4) * 4u > captured)
        return false;
    ret_segment->header = data;
    ret_segment->port[0] = be16(data);
    ret_segment->port[1] = be16(data + 2);
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
static bool find_segment(const struct flow_packet *packet, const packet_info *pinfo,
                         struct segment *ret_segment)
{
    if (packet->tuple.protocol != FLOW_PROTOCOL_TCP || pinfo->ptype != PT_TCP)
        return false;
    if (packet->fact.bits & FLOW_FACT_FRAG)
        return find_reassembled(pinfo, ret_segment);
    return read_header(packet->transport, packet->transport_len, ret_segment) &&
           ret_segment->port[0] == pinfo->srcport && ret_segment->port[1] == pinfo->destport;
}

static const struct tcp_analysis *conversation_of(const struct flow_packet *packet, uint32_t frame,
                                                  const struct segment *segment)
{
    static int proto_tcp;
    const struct flow_tuple *tuple = &packet->tuple;
    address end[2];

    if (proto_tcp <= 0)
        proto_tcp = proto_get_id_by_filter_name("tcp");
    for (unsigned i = 0; i < 2; i++)
        if (tuple->family == FLOW_IPV4)
            set_address(&end[i], AT_IPv4, 4, tuple->end[i].addr);
        else
            set_address(&end[i], AT_IPv6, FLOW_ADDR_LEN, tuple->end[i].addr);
    conversation_t *conversation = find_conversation(frame, &end[0], &end[1], CONVERSATION_TCP,
                                                     segment->port[0], segment->port[1], 0);
    return conversation ? conversation_get_proto_data(conversation, proto_tcp) : NULL;
}

static bool look_up(const struct flow_extract *from, struct fs_tcp_data *ret_data)
{
    struct segment segment;

    if (!find_segment(from->packet, from->pinfo, &segment))
        return false;
    ret_data->conversation = conversation_of(from->packet, from->pinfo->num, &segment);
    ret_data->seq = be32(segment.header + 4);
    ret_data->ack = be32(segment.header + 8);
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
