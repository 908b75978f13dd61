#include "tcp_conversation.h"

#include "bytes.h"

/*
 * Wireshark hashes addresses byte by byte, and twice on the way back, which
 * costs as much as all the rest of this plugin.  So what was found is kept, by
 * the two ends; it is the same where TCP has just used it for this frame.
 */
struct found {
    struct fs_tcp_conversation is;
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

address fs_address_of(const struct flow_tuple *tuple, unsigned end)
{
    address addr;

    if (tuple->family == FLOW_IPV4)
        set_address(&addr, AT_IPv4, 4, tuple->end[end].addr);
    else
        set_address(&addr, AT_IPv6, FLOW_ADDR_LEN, tuple->end[end].addr);
    return addr;
}

static struct fs_tcp_conversation find(const struct flow_tuple *tuple, uint32_t frame,
                                       const uint16_t port[2])
{
    static int proto_tcp;
    const address sender = fs_address_of(tuple, 0), receiver = fs_address_of(tuple, 1);

    if (proto_tcp <= 0)
        proto_tcp = proto_get_id_by_filter_name("tcp");
    conversation_t *conversation =
        find_conversation(frame, &sender, &receiver, CONVERSATION_TCP, port[0], port[1], 0);
    return (struct fs_tcp_conversation){
        .conversation = conversation,
        .tcp = conversation ? conversation_get_proto_data(conversation, proto_tcp) : NULL
    };
}

struct fs_tcp_conversation fs_tcp_conversation_of(const struct flow_packet *packet, uint32_t frame,
                                                  const uint16_t port[2])
{
    const struct flow_tuple *tuple = &packet->tuple;

    if (packet->fact.bits & FLOW_FACT_FRAG)
        return find(tuple, frame, port);
    if (!found) {
        found = wmem_alloc0_array(wmem_file_scope(), struct found, FOUND);
        wmem_register_callback(wmem_file_scope(), forget, NULL);
    }
    struct found *last = &found[slot_of(tuple->end)];
    if (!last->is.tcp || last->is.conversation->last_frame != frame ||
        !is_between(last, tuple->end)) {
        last->is = find(tuple, frame, port);
        memcpy(last->end, tuple->end, sizeof last->end);
    }
    return last->is;
}
