#include "packets.h"

#include "hash.h"
#include "tcp_conversation.h"

#include <glib.h>

/*
 * What is kept of Wireshark's conversations.  Here the test says which ends share
 * a slot, and writes down what Wireshark is asked: each host has one conversation,
 * with the server, which is host 0.
 */

enum { TCP_PROTO = 1, FRAME = 9, SLOTS_FIRST = 1024, SLOTS_MOST = 131072 };
enum { CLIENT_PORT = 50000, SERVER_PORT = 80 };
enum { FAR = 1 << 20 }; /* hosts so far from each other share a slot, however many there are */

struct asked {
    uint32_t frame, from, to;
    uint16_t from_port, to_port;
};

static struct asked asked; /* the last question */
static unsigned questions, questions_of_proto;
static int proto = -1; /* of TCP: not yet known */
static GHashTable *conversations;
static struct tcp_analysis analyses[1]; /* those that know it have the same */

static wmem_user_cb_t closing;
static void *slots; /* all that is allocated in the file's scope */
static size_t slots_size;

wmem_allocator_t *wmem_file_scope(void)
{
    return (wmem_allocator_t *)analyses; /* only handed on */
}

void *wmem_alloc0(wmem_allocator_t *scope, const size_t size)
{
    g_assert_true(scope == wmem_file_scope());
    slots = g_malloc0(size);
    slots_size = size;
    return slots;
}

void wmem_free(wmem_allocator_t *scope, void *memory)
{
    g_assert_true(scope == wmem_file_scope());
    g_assert_true(memory != slots);
    g_free(memory);
}

ws_uint wmem_register_callback(wmem_allocator_t *scope, wmem_user_cb_t call, void *data)
{
    g_assert_true(scope == wmem_file_scope());
    g_assert_null(closing);
    g_assert_null(data);
    closing = call;
    return 1;
}

static uint32_t number_of(const uint8_t *addr)
{
    return (uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 | (uint32_t)addr[2] << 8 | addr[3];
}

/* The host is the slot, and the port what tells it from others besides. */
uint64_t flow_digest(uint64_t before, const void *data, size_t size)
{
    const struct flow_end *end = data;

    g_assert_cmpuint(before, ==, 0);
    g_assert_cmpuint(size, ==, sizeof *end);
    return (uint64_t)end->port << 40 | number_of(end->addr);
}

int proto_get_id_by_filter_name(const char *name)
{
    g_assert_cmpstr(name, ==, "tcp");
    questions_of_proto++;
    return proto;
}

/* Of the client that has this number. */
static conversation_t *conversation_of(uint32_t client)
{
    return g_hash_table_lookup(conversations, GUINT_TO_POINTER(client));
}

static conversation_t *make(uint32_t client)
{
    conversation_t *made = g_new0(conversation_t, 1);

    made->last_frame = FRAME; /* TCP has just used it */
    g_hash_table_insert(conversations, GUINT_TO_POINTER(client), made);
    return made;
}

conversation_t *find_conversation(const uint32_t frame, const address *from, const address *to,
                                  const conversation_type type, const uint32_t from_port,
                                  const uint32_t to_port, const unsigned options)
{
    g_assert_cmpint(from->type, ==, AT_IPv4);
    g_assert_cmpint(type, ==, CONVERSATION_TCP);
    g_assert_cmpuint(options, ==, 0);
    questions++;
    asked = (struct asked){ frame, number_of(from->data), number_of(to->data), (uint16_t)from_port,
                            (uint16_t)to_port };
    return conversation_of(asked.from + asked.to);
}

/* TCP knows those of whom it has dissected a segment. */
void *conversation_get_proto_data(const conversation_t *of, const int asked_proto)
{
    g_assert_cmpint(asked_proto, ==, proto);
    return proto == TCP_PROTO && of->last_frame > 0 ? analyses : NULL;
}

static void begin(void)
{
    conversations = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    proto = TCP_PROTO;
    questions = questions_of_proto = 0;
}

static void close_file(void)
{
    wmem_user_cb_t call = closing;

    g_clear_pointer(&slots, g_free);
    closing = NULL;
    slots_size = 0;
    if (call)
        g_assert_false(call(wmem_file_scope(), WMEM_CB_FREE_EVENT, NULL));
}

static void end(void)
{
    close_file();
    g_hash_table_unref(conversations);
}

static void set_host(struct flow_end *end_of, uint32_t number)
{
    memset(end_of->addr, 0, sizeof end_of->addr);
    for (unsigned i = 0; i < 4; i++)
        end_of->addr[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* From a client to the server. */
static struct flow_packet segment_of(uint32_t client)
{
    struct flow_packet packet = tcp_packet(FRAME, 1, CLIENT_PORT, 2, SERVER_PORT, "A", 101, 501);

    set_host(&packet.tuple.end[0], client);
    set_host(&packet.tuple.end[1], 0);
    return packet;
}

static struct fs_tcp_conversation look_up(const struct flow_packet *packet, uint32_t frame)
{
    const uint16_t port[2] = { packet->tuple.end[0].port, packet->tuple.end[1].port };

    return fs_tcp_conversation_of(packet, frame, port);
}

/* Return whether Wireshark had to be asked about a client's segment. */
static bool is_asked(uint32_t client)
{
    const struct flow_packet packet = segment_of(client);
    unsigned before = questions;

    if (!conversation_of(client))
        make(client);
    const struct fs_tcp_conversation found = look_up(&packet, FRAME);
    g_assert_true(found.conversation == conversation_of(client));
    g_assert_true(found.tcp == analyses);
    g_assert_cmpuint(questions - before, <=, 1);
    return questions > before;
}

/* Let two clients drive each other out of their slot so many times. */
static void drive_out(unsigned times)
{
    static unsigned turn;

    for (unsigned i = 0; i < times; i++)
        g_assert_true(is_asked(FAR * (2 + turn++ % 2) + 5));
}

static void test_ends_as_addresses(void)
{
    static const struct {
        enum flow_family family;
        int type, length;
    } rows[] = { { FLOW_IPV4, AT_IPv4, 4 }, { FLOW_IPV6, AT_IPv6, 16 } };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct flow_tuple tuple = tuple_of(rows[i].family, FLOW_PROTOCOL_TCP, 1, 2);
        for (unsigned at = 0; at < 2; at++) {
            const address addr = fs_address_of(&tuple, at);
            g_assert_cmpint(addr.type, ==, rows[i].type);
            g_assert_cmpint(addr.len, ==, rows[i].length);
            g_assert_true(addr.data == tuple.end[at].addr);
        }
    }
}

/* Before TCP is registered nothing is known of it; then it is asked for once. */
static void test_the_number_of_tcp(void)
{
    const struct flow_packet packet = segment_of(3);

    begin();
    proto = -1;
    make(3);
    g_assert_null(look_up(&packet, FRAME).tcp);
    g_assert_null(look_up(&packet, FRAME).tcp);
    g_assert_cmpuint(questions_of_proto, ==, 2);
    proto = TCP_PROTO;
    g_assert_true(look_up(&packet, FRAME).tcp == analyses);
    g_assert_cmpuint(questions_of_proto, ==, 3);
    g_assert_true(is_asked(4));
    g_assert_cmpuint(questions_of_proto, ==, 3);
    end();
}

static void expect_asked(uint32_t frame, uint32_t from, uint32_t to, uint16_t from_port,
                         uint16_t to_port)
{
    g_assert_cmpuint(asked.frame, ==, frame);
    g_assert_cmpuint(asked.from, ==, from);
    g_assert_cmpuint(asked.to, ==, to);
    g_assert_cmpuint(asked.from_port, ==, from_port);
    g_assert_cmpuint(asked.to_port, ==, to_port);
}

/* As long as its last segment is this frame's: each way, and by its ports. */
static void test_what_is_found_is_kept(void)
{
    struct flow_packet packet = segment_of(3);

    begin();
    conversation_t *own = make(3);
    look_up(&packet, FRAME);
    expect_asked(FRAME, 3, 0, CLIENT_PORT, SERVER_PORT);
    g_assert_false(is_asked(3));
    packet.tuple.end[1] = packet.tuple.end[0];
    set_host(&packet.tuple.end[0], 0);
    packet.tuple.end[0].port = SERVER_PORT;
    g_assert_true(look_up(&packet, FRAME).conversation == own);
    g_assert_cmpuint(questions, ==, 1);
    look_up(&packet, FRAME + 1); /* TCP has not used it for that one */
    g_assert_cmpuint(questions, ==, 2);
    expect_asked(FRAME + 1, 0, 3, SERVER_PORT, CLIENT_PORT);
    own->last_frame = FRAME + 1;
    g_assert_true(look_up(&packet, FRAME + 1).conversation == own);
    g_assert_cmpuint(questions, ==, 2);
    packet.tuple.end[1].port++;
    look_up(&packet, FRAME + 1);
    expect_asked(FRAME + 1, 0, 3, SERVER_PORT, CLIENT_PORT + 1);
    g_assert_cmpuint(questions, ==, 3);
    end();
}

/* Nor is it taken for driven out. */
static void test_what_is_not_found_is_not_kept(void)
{
    const struct flow_packet packet = segment_of(3);

    begin();
    g_assert_null(look_up(&packet, FRAME).conversation);
    g_assert_null(look_up(&packet, FRAME).tcp);
    g_assert_cmpuint(questions, ==, 2);
    conversation_t *own = make(3);
    own->last_frame = 0; /* not TCP's */
    g_assert_true(look_up(&packet, 0).conversation == own);
    g_assert_null(look_up(&packet, 0).tcp);
    g_assert_cmpuint(questions, ==, 4);
    g_assert_true(is_asked(3 + FAR));
    g_assert_false(is_asked(3 + FAR));
    end();
}

/* A fragment's ports are not those of its tuple: it is asked for, and what is kept stays. */
static void test_fragments(void)
{
    static const uint16_t ports[2] = { 7, 8 };
    struct flow_packet packet = segment_of(3);

    begin();
    g_assert_true(is_asked(3));
    packet.fact.bits |= FLOW_FACT_FRAG;
    for (unsigned i = 0; i < 2; i++) {
        const struct fs_tcp_conversation found = fs_tcp_conversation_of(&packet, FRAME, ports);
        g_assert_true(found.conversation == conversation_of(3));
        g_assert_true(found.tcp == analyses);
        expect_asked(FRAME, 3, 0, 7, 8);
        g_assert_cmpuint(questions, ==, 2 + i);
    }
    g_assert_false(is_asked(3));
    end();
}

static void test_ends_share_slots(void)
{
    begin();
    for (unsigned i = 1; i < SLOTS_FIRST; i++)
        g_assert_true(is_asked(i));
    for (unsigned i = 1; i < SLOTS_FIRST; i++)
        g_assert_false(is_asked(i));
    g_assert_true(is_asked(SLOTS_FIRST + 7));
    g_assert_false(is_asked(SLOTS_FIRST + 7));
    g_assert_true(is_asked(7));
    g_assert_true(is_asked(SLOTS_FIRST + 7));
    end();
}

/* One more than a quarter of the slots has to be driven out; who asks next finds twice as many. */
static void test_slots_double(void)
{
    begin();
    g_assert_true(is_asked(FAR)); /* in the first of them */
    g_assert_true(is_asked(SLOTS_FIRST - 1));
    size_t first_size = slots_size;
    drive_out(1 + SLOTS_FIRST / 4); /* the first one finds its slot empty */
    g_assert_false(is_asked(FAR));
    g_assert_cmpuint(slots_size, ==, first_size);
    drive_out(1);
    g_assert_cmpuint(slots_size, ==, first_size);
    g_assert_false(is_asked(FAR));
    g_assert_cmpuint(slots_size, ==, 2 * first_size);
    g_assert_false(is_asked(SLOTS_FIRST - 1));
    g_assert_true(is_asked(2 * SLOTS_FIRST - 1));
    g_assert_false(is_asked(SLOTS_FIRST - 1));
    drive_out(2 * SLOTS_FIRST / 4);
    g_assert_false(is_asked(FAR));
    g_assert_cmpuint(slots_size, ==, 2 * first_size);
    drive_out(1);
    g_assert_false(is_asked(FAR));
    g_assert_cmpuint(slots_size, ==, 4 * first_size);
    end();
}

/* A connection that is asked for again drives nobody out of its slot. */
static void test_going_on_drives_nobody_out(void)
{
    const struct flow_packet packet = segment_of(3);

    begin();
    make(3);
    for (uint32_t frame = FRAME + 1; frame <= FRAME + SLOTS_FIRST; frame++)
        look_up(&packet, frame); /* of which TCP has not used it */
    g_assert_cmpuint(questions, ==, SLOTS_FIRST);
    size_t first_size = slots_size;
    look_up(&packet, FRAME);
    g_assert_cmpuint(slots_size, ==, first_size);
    end();
}

static void test_there_are_not_more_than_most(void)
{
    begin();
    drive_out(2); /* one finds its slot empty */
    size_t first_size = slots_size;
    for (size_t i = 1; i < SLOTS_MOST / SLOTS_FIRST; i *= 2) {
        drive_out((unsigned)(SLOTS_FIRST * i / 4)); /* and one before */
        g_assert_cmpuint(slots_size, ==, i * first_size);
        drive_out(1);
        g_assert_cmpuint(slots_size, ==, 2 * i * first_size);
    }
    drive_out(SLOTS_MOST);
    g_assert_cmpuint(slots_size, ==, SLOTS_MOST / SLOTS_FIRST * first_size);
    end();
}

/* All is forgotten with the file, and so few slots are made for the next one. */
static void test_files(void)
{
    begin();
    g_assert_true(is_asked(3));
    size_t first_size = slots_size;
    drive_out(2 + SLOTS_FIRST);
    g_assert_cmpuint(slots_size, >, first_size);
    g_assert_false(is_asked(3));
    close_file();
    g_assert_true(is_asked(3));
    g_assert_false(is_asked(3));
    g_assert_cmpuint(slots_size, ==, first_size);
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp-conversation/ends-as-addresses", test_ends_as_addresses);
    g_test_add_func("/tcp-conversation/the-number-of-tcp", test_the_number_of_tcp);
    g_test_add_func("/tcp-conversation/what-is-found-is-kept", test_what_is_found_is_kept);
    g_test_add_func("/tcp-conversation/what-is-not-found-is-not-kept",
                    test_what_is_not_found_is_not_kept);
    g_test_add_func("/tcp-conversation/fragments", test_fragments);
    g_test_add_func("/tcp-conversation/ends-share-slots", test_ends_share_slots);
    g_test_add_func("/tcp-conversation/slots-double", test_slots_double);
    g_test_add_func("/tcp-conversation/going-on-drives-nobody-out",
                    test_going_on_drives_nobody_out);
    g_test_add_func("/tcp-conversation/there-are-not-more-than-most",
                    test_there_are_not_more_than_most);
    g_test_add_func("/tcp-conversation/files", test_files);
    return g_test_run();
}
