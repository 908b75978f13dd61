#include "payload.h"

#include "headers.h"
#include "setup.h"
#include "transport.h"

#include <engine/application.h>

struct message {
    const struct flow_application *application;
    struct fs_bytes bytes;
};

/* The first protocol that the tracked packet carries, if direction knows it. */
static const struct flow_application *application_of(const struct fs_walk *walk)
{
    struct fs_header_rows rows = fs_header_rows();

    for (wmem_list_frame_t *layer = walk->payload; layer; layer = wmem_list_frame_next(layer)) {
        int proto = fs_proto_listed(layer);
        const struct flow_application *application = fs_header_application(proto);

        if (application)
            return application;
        switch (fs_header_kind(fs_header_row(&rows, proto))) {
        case FS_HEADER_PSEUDO:
        case FS_HEADER_ARP:
        case FS_HEADER_PLAIN: continue;
        case FS_HEADER_UNKNOWN:
        case FS_HEADER_OPAQUE:
        case FS_HEADER_MIRROR:
        case FS_HEADER_LLC:
        case FS_HEADER_IPV4:
        case FS_HEADER_IPV6:
        case FS_HEADER_ICMP:
        case FS_HEADER_QUOTE: return NULL;
        }
    }
    return NULL;
}

/* What follows the transport header. */
static bool find_segment(const struct fs_net *net, struct fs_bytes *ret_segment)
{
    const uint8_t *header = net->payload.data + net->payload.at;
    uint32_t length;

    *ret_segment = net->payload;
    switch (net->protocol) {
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_UDPLITE:
    case FLOW_PROTOCOL_TCP:
        if (!fs_transport_header(net->protocol, header, fs_bytes_here(&net->payload), &length))
            return false;
        ret_segment->at += length;
        return true;
    default: return false;
    }
}

static bool find_message(const struct fs_walk *walk, struct message *ret_message)
{
    const GSList *next = walk->source ? walk->source->next : NULL;

    ret_message->application = application_of(walk);
    if (!ret_message->application || !find_segment(walk->net, &ret_message->bytes))
        return false;
    /* That of QUIC is in the next buffer, decrypted. */
    if (next && strcmp(ret_message->application->name, "quic") == 0)
        fs_bytes_of(next, &ret_message->bytes);
    return true;
}

enum flow_message fs_message_of(const void *source)
{
    const struct fs_walk *walk = source;
    struct message message;

    if (!find_message(walk, &message))
        return FLOW_MESSAGE_UNKNOWN;
    return flow_application_message(message.application, walk->net->protocol == FLOW_PROTOCOL_TCP,
                                    message.bytes.data + message.bytes.at,
                                    fs_bytes_here(&message.bytes));
}

static bool is_listed(wmem_list_frame_t *layer, int proto)
{
    while (layer && fs_proto_listed(layer) != proto)
        layer = wmem_list_frame_next(layer);
    return layer != NULL;
}

enum flow_record fs_record_of(const packet_info *pinfo, const struct flow_packet *packet,
                              const struct fs_walk *walk)
{
    enum { HANDSHAKE = 22, APPLICATION_DATA = 23, VERSION = 3, CLIENT_HELLO = 1, HEADER = 5 };
    static int proto_tls;
    struct fs_bytes segment;

    if (walk->net->protocol != FLOW_PROTOCOL_TCP || !find_segment(walk->net, &segment) ||
        fs_bytes_here(&segment) <= HEADER)
        return FLOW_RECORD_NONE;
    const uint8_t *record = segment.data + segment.at;
    bool is_hello = record[0] == HANDSHAKE && record[HEADER] == CLIENT_HELLO;
    if (record[1] != VERSION || !(is_hello || record[0] == APPLICATION_DATA))
        return FLOW_RECORD_NONE;
    if (proto_tls <= 0)
        proto_tls = proto_get_id_by_filter_name("tls");
    if (!is_listed(walk->payload, proto_tls) && !fs_is_known_to(pinfo, packet, proto_tls))
        return FLOW_RECORD_NONE;
    return is_hello ? FLOW_RECORD_CLIENT_HELLO : FLOW_RECORD_APPLICATION_DATA;
}
