#include "packets.h"

#include "setup.h"
#include "tcp_conversation.h"

/*
 * Which of Wireshark's conversations a packet belongs to.  Here Wireshark has
 * those that a test makes, and answers as it does: one of which less is known is
 * found by a question that leaves it out, too.
 */

enum { FRAME = 9, SETUP = 4, CLIENT = 1, SERVER = 2, CLIENT_PORT = 50000, SERVER_PORT = 5060 };
enum { SOME_PROTO = 3, OTHER_PROTO = 4 };

struct known {
    conversation_type type;
    unsigned from; /* the end that is known: its host, and port */
    uint16_t from_port;
    unsigned options; /* which tell what is not known of the other one */
    conversation_t is;
};

static struct known known[8];
static size_t known_count;
static unsigned questions, questions_of_tcp;

static void begin(void)
{
    known_count = questions = questions_of_tcp = 0;
}

static conversation_t *make(conversation_type type, unsigned from, uint16_t from_port,
                            unsigned options, uint32_t frame)
{
    struct known *made = &known[known_count++];

    *made = (struct known){ type, from, from_port, options, { .setup_frame = frame } };
    return &made->is;
}

/* Wireshark's, which is asked in the direction of a packet. */
static bool is_that(const struct known *one, const address *from, const address *to,
                    uint32_t from_port, uint32_t to_port)
{
    const uint8_t *host = from->data, *other = to->data;
    unsigned rest = one->from == CLIENT ? SERVER : CLIENT;
    uint16_t rest_port = one->from_port == CLIENT_PORT ? SERVER_PORT : CLIENT_PORT;

    return host[3] == one->from && from_port == one->from_port &&
           ((one->options & NO_ADDR_B) || other[3] == rest) &&
           ((one->options & NO_PORT_B) || to_port == rest_port);
}

conversation_t *find_conversation(const uint32_t frame, const address *from, const address *to,
                                  const conversation_type type, const uint32_t from_port,
                                  const uint32_t to_port, const unsigned options)
{
    questions++;
    g_assert_cmpuint(frame, ==, FRAME);
    g_assert_cmpint(from->len, ==, 4);
    for (size_t i = 0; i < known_count; i++)
        if (known[i].type == type && known[i].options == options &&
            is_that(&known[i], from, to, from_port, to_port))
            return &known[i].is;
    return NULL;
}

struct fs_tcp_conversation fs_tcp_conversation_of(const struct flow_packet *packet, uint32_t frame,
                                                  const uint16_t port[2])
{
    address from = fs_address_of(&packet->tuple, 0), to = fs_address_of(&packet->tuple, 1);

    questions_of_tcp++;
    return (struct fs_tcp_conversation){
        .conversation = find_conversation(frame, &from, &to, CONVERSATION_TCP, port[0], port[1], 0)
    };
}

address fs_address_of(const struct flow_tuple *tuple, unsigned end)
{
    return (address){ .type = AT_IPv4, .len = 4, .data = tuple->end[end].addr };
}

void *conversation_get_proto_data(const conversation_t *conversation, const int proto)
{
    g_assert_nonnull(conversation);
    return proto == SOME_PROTO ? &questions : NULL;
}

struct kind {
    uint8_t protocol;
    port_type port;
    conversation_type type;
};

static const struct kind udp = { FLOW_PROTOCOL_UDP, PT_UDP, CONVERSATION_UDP };
static const struct kind kinds[] = {
    { FLOW_PROTOCOL_TCP, PT_TCP, CONVERSATION_TCP },
    { FLOW_PROTOCOL_UDP, PT_UDP, CONVERSATION_UDP },
    { FLOW_PROTOCOL_UDPLITE, PT_UDP, CONVERSATION_UDP },
    { FLOW_PROTOCOL_DCCP, PT_DCCP, CONVERSATION_DCCP },
    { FLOW_PROTOCOL_SCTP, PT_SCTP, CONVERSATION_SCTP },
};

/* From the client to the server, as it has just been dissected. */
struct sent {
    struct flow_packet packet;
    packet_info pinfo;
};

static struct sent sent_as(const struct kind *kind)
{
    return (struct sent){
        .packet = packet_of(FRAME, tuple_with_ports(FLOW_IPV4, kind->protocol, CLIENT, CLIENT_PORT,
                                                    SERVER, SERVER_PORT)),
        .pinfo = { .num = FRAME,
                   .ptype = kind->port,
                   .srcport = CLIENT_PORT,
                   .destport = SERVER_PORT },
    };
}

static uint32_t setup_frame(const struct sent *sent)
{
    return fs_setup_frame(&sent->pinfo, &sent->packet);
}

static void test_each_protocol_has_its_own(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const struct sent sent = sent_as(&kinds[i]);
        begin();
        for (size_t other = 0; other < G_N_ELEMENTS(kinds); other++)
            if (kinds[other].type != kinds[i].type)
                make(kinds[other].type, CLIENT, CLIENT_PORT, 0, SETUP);
        g_assert_cmpuint(setup_frame(&sent), ==, 0);
        conversation_t *own = make(kinds[i].type, CLIENT, CLIENT_PORT, 0, SETUP);
        g_assert_cmpuint(setup_frame(&sent), ==, SETUP);
        own->setup_frame = FRAME; /* the packet's own */
        g_assert_cmpuint(setup_frame(&sent), ==, 0);
        g_assert_cmpuint(questions_of_tcp, ==, kinds[i].type == CONVERSATION_TCP ? 3 : 0);
    }
}

/* No conversation is looked for: one would be made where Wireshark made none. */
static void has_none(const struct sent *sent)
{
    begin();
    make(CONVERSATION_UDP, CLIENT, CLIENT_PORT, 0, SETUP);
    make(CONVERSATION_TCP, CLIENT, CLIENT_PORT, 0, SETUP);
    g_assert_cmpuint(setup_frame(sent), ==, 0);
    g_assert_false(fs_is_known_to(&sent->pinfo, &sent->packet, SOME_PROTO));
    g_assert_cmpuint(questions, ==, 0);
}

static void test_only_what_was_dissected_has_one(void)
{
    static const struct kind gre = { 47, PT_UDP, CONVERSATION_UDP };
    struct sent sent = sent_as(&gre);

    has_none(&sent);
    sent = sent_as(&udp);
    sent.pinfo.ptype = PT_TCP;
    has_none(&sent);
    sent = sent_as(&udp);
    sent.pinfo.srcport++; /* those of a tunnel within */
    has_none(&sent);
    sent = sent_as(&udp);
    sent.pinfo.destport++;
    has_none(&sent);
    sent = sent_as(&udp);
    sent.packet.tuple.bits = 0; /* ports were not captured */
    has_none(&sent);
    sent = sent_as(&udp);
    sent.packet.fact.bits |= FLOW_FACT_FRAG;
    has_none(&sent);
    sent = sent_as(&kinds[0]);
    sent.packet.fact.bits |= FLOW_FACT_FRAG;
    has_none(&sent);
}

/* Of several that were announced, that of the destination, by its host and port first. */
static void test_what_was_announced_goes_first(void)
{
    static const struct {
        unsigned from;
        uint16_t from_port;
        unsigned options;
        uint32_t frame;
    } rising[] = {
        { CLIENT, CLIENT_PORT, 0, 1 },         { CLIENT, CLIENT_PORT, NO_ADDR_B, 2 },
        { CLIENT, CLIENT_PORT, NO_PORT_B, 3 }, { SERVER, SERVER_PORT, NO_ADDR_B, 4 },
        { SERVER, SERVER_PORT, NO_PORT_B, 5 },
    };
    const struct sent sent = sent_as(&udp);

    begin();
    for (size_t i = 0; i < G_N_ELEMENTS(rising); i++) {
        make(CONVERSATION_UDP, rising[i].from, rising[i].from_port, rising[i].options,
             rising[i].frame);
        g_assert_cmpuint(setup_frame(&sent), ==, rising[i].frame);
    }
}

static void test_only_udp_is_announced(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type == CONVERSATION_UDP)
            continue;
        const struct sent sent = sent_as(&kinds[i]);
        begin();
        make(kinds[i].type, SERVER, SERVER_PORT, NO_PORT_B, SETUP);
        make(kinds[i].type, CLIENT, CLIENT_PORT, NO_ADDR_B, SETUP);
        g_assert_cmpuint(setup_frame(&sent), ==, 0);
    }
}

static void test_whom_it_is_known_to(void)
{
    const struct sent sent = sent_as(&udp);

    begin();
    g_assert_false(fs_is_known_to(&sent.pinfo, &sent.packet, SOME_PROTO));
    make(CONVERSATION_UDP, CLIENT, CLIENT_PORT, 0, FRAME);
    g_assert_true(fs_is_known_to(&sent.pinfo, &sent.packet, SOME_PROTO));
    g_assert_false(fs_is_known_to(&sent.pinfo, &sent.packet, OTHER_PROTO));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/setup/each-protocol-has-its-own", test_each_protocol_has_its_own);
    g_test_add_func("/setup/only-what-was-dissected-has-one", test_only_what_was_dissected_has_one);
    g_test_add_func("/setup/what-was-announced-goes-first", test_what_was_announced_goes_first);
    g_test_add_func("/setup/only-udp-is-announced", test_only_udp_is_announced);
    g_test_add_func("/setup/whom-it-is-known-to", test_whom_it_is_known_to);
    return g_test_run();
}
