#include "tcp_conversation.h"

#include "hash.h"

/*
 * Wireshark hashes addresses byte by byte, and twice on the way back, which
 * costs as much as all the rest of this plugin.  So what was found is kept, by
 * the two ends; it is the same where TCP has just used it for this frame.  Slots
 * become more when connections drive each other out of them.
 */
struct found {
    struct fs_tcp_conversation is;
    uint64_t ends; /* ends_of() */
};

enum { SLOTS_FIRST = 1 << 10, SLOTS_MOST = 1 << 17 };

static struct {
    struct found *slots; /* of the open file; NULL: none yet */
    uint32_t count;
    uint32_t driven_out; /* since there have been so many */
} found;

static ws_bool forget(wmem_allocator_t *scope _U_, wmem_cb_event_t event _U_, void *data _U_)
{
    found.slots = NULL;
    return FALSE;
}

/* A number that stands for two ends, the same both ways: nobody can know which ends share one. */
static uint64_t ends_of(const struct flow_end end[2])
{
    return flow_digest(0, &end[0], sizeof end[0]) + flow_digest(0, &end[1], sizeof end[1]);
}

static struct found *slot_of(uint64_t ends)
{
    return &found.slots[ends & (found.count - 1)];
}

static void make_slots(uint32_t count)
{
    found.slots = wmem_alloc0_array(wmem_file_scope(), struct found, count);
    found.count = count;
    found.driven_out = 0;
}

static void double_slots(void)
{
    struct found *before = found.slots;
    uint32_t count = found.count;

    make_slots(2 * count);
    for (uint32_t i = 0; i < count; i++)
        if (before[i].is.tcp)
            *slot_of(before[i].ends) = before[i];
    wmem_free(wmem_file_scope(), before);
}

/* Where what is found for these ends is kept, and was perhaps. */
static struct found *place_of(uint64_t ends)
{
    if (!found.slots) {
        make_slots(SLOTS_FIRST);
        wmem_register_callback(wmem_file_scope(), forget, NULL);
    }
    if (found.driven_out > found.count / 4 && found.count < SLOTS_MOST)
        double_slots();
    return slot_of(ends);
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
    uint64_t ends = ends_of(tuple->end);
    struct found *last = place_of(ends);
    if (last->ends == ends && last->is.tcp && last->is.conversation->last_frame == frame)
        return last->is;
    found.driven_out += last->is.tcp && last->ends != ends;
    *last = (struct found){ .is = find(tuple, frame, port), .ends = ends };
    return last->is;
}
