#include "setup.h"

#include "tcp_conversation.h"

/* What Wireshark calls a protocol: of packets, and of conversations. */
static const struct kind {
    uint8_t protocol;
    port_type port;
    conversation_type conversation;
} kinds[] = {
    { FLOW_PROTOCOL_TCP, PT_TCP, CONVERSATION_TCP },
    { FLOW_PROTOCOL_UDP, PT_UDP, CONVERSATION_UDP },
    { FLOW_PROTOCOL_UDPLITE, PT_UDP, CONVERSATION_UDP },
    { FLOW_PROTOCOL_DCCP, PT_DCCP, CONVERSATION_DCCP },
    { FLOW_PROTOCOL_SCTP, PT_SCTP, CONVERSATION_SCTP },
};

static const struct kind *kind_of(uint8_t protocol)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].protocol == protocol)
            return &kinds[i];
    return NULL;
}

/*
 * Whether the packet's ports are those that a dissector read last: then its
 * conversation has been looked up, and is not made here.
 */
static bool is_dissected(const packet_info *pinfo, const struct flow_packet *packet,
                         const struct kind *kind)
{
    const struct flow_end *end = packet->tuple.end;

    return (packet->tuple.bits & FLOW_TUPLE_PORTS) && !(packet->fact.bits & FLOW_FACT_FRAG) &&
           pinfo->ptype == kind->port && pinfo->srcport == end[0].port &&
           pinfo->destport == end[1].port;
}

/* A conversation of which as much is known as "options" leave: the end "from" is always known. */
static const conversation_t *find(const packet_info *pinfo, const struct flow_tuple *tuple,
                                  const struct kind *kind, unsigned from, unsigned options)
{
    const address first = fs_address_of(tuple, from), second = fs_address_of(tuple, !from);

    return find_conversation(pinfo->num, &first, &second, kind->conversation, tuple->end[from].port,
                             tuple->end[!from].port, options);
}

/*
 * A conversation of which one end was announced, and stays so: asking completes
 * none of UDP.  RTP shows who announced the destination where both ends did; the
 * one that was announced may send first.
 */
static const conversation_t *find_announced(const packet_info *pinfo,
                                            const struct flow_tuple *tuple, const struct kind *kind)
{
    if (kind->conversation != CONVERSATION_UDP)
        return NULL;
    static const unsigned options[] = { NO_PORT_B, NO_ADDR_B };
    const conversation_t *conversation = NULL;

    for (unsigned end = 2; end-- > 0 && !conversation;)
        for (size_t i = 0; i < G_N_ELEMENTS(options) && !conversation; i++)
            conversation = find(pinfo, tuple, kind, end, options[i]);
    return conversation;
}

/* That of a packet which has just been dissected; NULL: none.  What was announced goes first. */
static const conversation_t *conversation_of(const packet_info *pinfo,
                                             const struct flow_packet *packet)
{
    const struct flow_tuple *tuple = &packet->tuple;
    const struct kind *kind = kind_of(tuple->protocol);

    if (!kind || !is_dissected(pinfo, packet, kind))
        return NULL;
    if (kind->conversation == CONVERSATION_TCP) {
        const uint16_t port[2] = { tuple->end[0].port, tuple->end[1].port };
        return fs_tcp_conversation_of(packet, pinfo->num, port).conversation;
    }
    /* UDP's dissector of 4.6 makes one of both ends beside it, which would be found first. */
    const conversation_t *conversation = find_announced(pinfo, tuple, kind);
    return conversation ? conversation : find(pinfo, tuple, kind, 0, 0);
}

uint32_t fs_setup_frame(const packet_info *pinfo, const struct flow_packet *packet)
{
    const conversation_t *conversation = conversation_of(pinfo, packet);

    return conversation && conversation->setup_frame != pinfo->num ? conversation->setup_frame : 0;
}

bool fs_is_known_to(const packet_info *pinfo, const struct flow_packet *packet, int proto)
{
    const conversation_t *conversation = conversation_of(pinfo, packet);

    return conversation && conversation_get_proto_data(conversation, proto);
}
