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
    ret_segment->port[0] = flow_be16(data);
    ret_segment->port[1] = flow_be16(data + 2);
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

static bool look_up(const struct flow_extract *from, struct fs_tcp_data *ret_data)
{
    struct segment segment;

    if (!find_segment(from, &segment))
        return false;
    ret_data->conversation =
        fs_tcp_conversation_of(from->packet, from->pinfo->num, segment.port).tcp;
    ret_data->seq = flow_be32(segment.header + 4);
    ret_data->ack = flow_be32(segment.header + 8);
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

/* TCP numbers what waits as it shows numbers, relative or not. */
bool fs_tcp_is_unfinished(const struct flow_extract *from)
{
    const struct fs_tcp_data *tcp = fs_tcp_data_of(from);

    if (!tcp)
        return false;
    const tcp_flow_t *sender = tcp->conversation->fwd;
    const uint32_t starts[] = { tcp->seq, tcp->seq - sender->base_seq };
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        const struct tcp_multisegment_pdu *waiting =
            wmem_tree_lookup32(sender->multisegment_pdus, starts[i]);
        if (waiting && waiting->first_frame == from->pinfo->num &&
            !(waiting->flags & MSP_FLAGS_GOT_ALL_SEGMENTS))
            return true;
    }
    return false;
}
