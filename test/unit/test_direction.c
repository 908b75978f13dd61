#include "names.h"
#include "packets.h"

#include <engine/direction.h>

#include <glib.h>
#include <string.h>

enum { UP = FLOW_UP, DOWN = FLOW_DOWN };
enum {
    REQUEST = FLOW_MESSAGE_REQUEST,
    RESPONSE = FLOW_MESSAGE_RESPONSE,
    SILENT = FLOW_MESSAGE_UNKNOWN,
};

static void assert_direction(const struct flow_packet *packet, int dir, int reason)
{
    enum flow_reason said;

    g_assert_cmpint(flow_direction_of(packet, &said), ==, dir);
    g_assert_cmpint((int)said, ==, reason);
}

/* Ports */

static const struct {
    uint16_t sender, receiver;
    int dir, reason;
} tcp_ports[] = {
    { 51234, 443, UP, FLOW_REASON_PORTS },
    { 443, 51234, DOWN, FLOW_REASON_PORTS },
    { 51234, 8080, UP, FLOW_REASON_PORTS },
    { 8080, 51234, DOWN, FLOW_REASON_PORTS },
    { 8080, 443, UP, FLOW_REASON_PORTS },
    /* the ranks' ends */
    { 1025, 1024, UP, FLOW_REASON_PORTS },
    { 1024, 1025, DOWN, FLOW_REASON_PORTS },
    { 49152, 49151, UP, FLOW_REASON_PORTS },
    { 49151, 49152, DOWN, FLOW_REASON_PORTS },
    { 65535, 49152, UP, FLOW_REASON_PORTS },
    { 1025, 0, UP, FLOW_REASON_PORTS },
    { 0, 65535, DOWN, FLOW_REASON_PORTS },
    /* within a rank the lower number is the server */
    { 80, 443, DOWN, FLOW_REASON_PORTS },
    { 443, 80, UP, FLOW_REASON_PORTS },
    { 1023, 1024, DOWN, FLOW_REASON_PORTS },
    { 1024, 0, UP, FLOW_REASON_PORTS },
    { 1025, 49151, DOWN, FLOW_REASON_PORTS },
    { 49151, 1025, UP, FLOW_REASON_PORTS },
    { 5432, 5431, UP, FLOW_REASON_PORTS },
    { 49152, 65535, DOWN, FLOW_REASON_PORTS },
    { 60000, 50000, UP, FLOW_REASON_PORTS },
    /* equal ports say nothing */
    { 123, 123, UP, FLOW_REASON_FIRST_PACKET },
    { 5353, 5353, UP, FLOW_REASON_FIRST_PACKET },
    { 51820, 51820, UP, FLOW_REASON_FIRST_PACKET },
    { 0, 0, UP, FLOW_REASON_FIRST_PACKET },
};

/* Without connections only an answer from a system port to an ephemeral one tells. */
static const struct {
    uint16_t sender, receiver;
    int dir, reason;
} other_ports[] = {
    { 53, 32768, DOWN, FLOW_REASON_PORTS },         { 1023, 65535, DOWN, FLOW_REASON_PORTS },
    { 0, 50000, DOWN, FLOW_REASON_PORTS },          { 53, 32767, UP, FLOW_REASON_FIRST_PACKET },
    { 1024, 32768, UP, FLOW_REASON_FIRST_PACKET },  { 2049, 1022, UP, FLOW_REASON_FIRST_PACKET },
    { 1022, 2049, UP, FLOW_REASON_FIRST_PACKET },   { 33000, 33434, UP, FLOW_REASON_FIRST_PACKET },
    { 50000, 40000, UP, FLOW_REASON_FIRST_PACKET }, { 40000, 53, UP, FLOW_REASON_FIRST_PACKET },
    { 123, 123, UP, FLOW_REASON_FIRST_PACKET },
};

/* Whichever address is the lower one. */
static void assert_ports(uint8_t protocol, uint16_t sender, uint16_t receiver, int dir, int reason)
{
    for (uint8_t from = 1; from <= 2; from++) {
        struct flow_packet packet =
            packet_of(1, tuple_with_ports(FLOW_IPV4, protocol, from, sender, 3 - from, receiver));
        g_test_message("%u -> %u", sender, receiver);
        assert_direction(&packet, dir, reason);
    }
}

static void test_tcp_ports(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tcp_ports); i++)
        assert_ports(FLOW_PROTOCOL_TCP, tcp_ports[i].sender, tcp_ports[i].receiver,
                     tcp_ports[i].dir, tcp_ports[i].reason);
}

static void test_other_ports(void)
{
    static const uint8_t protocols[] = { FLOW_PROTOCOL_UDP, FLOW_PROTOCOL_UDPLITE,
                                         FLOW_PROTOCOL_SCTP, FLOW_PROTOCOL_DCCP };

    for (size_t p = 0; p < G_N_ELEMENTS(protocols); p++)
        for (size_t i = 0; i < G_N_ELEMENTS(other_ports); i++)
            assert_ports(protocols[p], other_ports[i].sender, other_ports[i].receiver,
                         other_ports[i].dir, other_ports[i].reason);
}

/* Group addresses */

static struct flow_packet packet_to(enum flow_family family, uint8_t protocol,
                                    const uint8_t address[FLOW_ADDR_LEN])
{
    struct flow_packet packet = packet_of(1, tuple_of(family, protocol, 1, 2));

    memcpy(packet.tuple.end[1].addr, address, FLOW_ADDR_LEN);
    return packet;
}

static const struct {
    const char *claim;
    int family;
    uint8_t address[FLOW_ADDR_LEN];
    bool is_group;
} receivers[] = {
    { "224.0.0.0", FLOW_IPV4, { 224 }, true },
    { "239.255.255.250", FLOW_IPV4, { 239, 255, 255, 250 }, true },
    { "255.255.255.255", FLOW_IPV4, { 255, 255, 255, 255 }, true },
    { "223.255.255.255", FLOW_IPV4, { 223, 255, 255, 255 }, false },
    { "240.0.0.1", FLOW_IPV4, { 240, 0, 0, 1 }, false },
    { "10.0.0.255", FLOW_IPV4, { 10, 0, 0, 255 }, false },
    { "ff02::1", FLOW_IPV6, { 0xff, 2, [15] = 1 }, true },
    { "fe80::1", FLOW_IPV6, { 0xfe, 0x80, [15] = 1 }, false },
    { "ff:ff:ff:ff:ff:ff", FLOW_LINK, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, true },
    { "01:80:c2:00:00:0e", FLOW_LINK, { 1, 0x80, 0xc2, 0, 0, 0x0e }, true },
    { "02:00:00:00:00:ff", FLOW_LINK, { 2, 0, 0, 0, 0, 0xff }, false },
};

static void test_a_group_is_never_the_source(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(receivers); i++) {
        struct flow_packet packet = packet_to(
            (enum flow_family)receivers[i].family,
            receivers[i].family == FLOW_LINK ? 0 : FLOW_PROTOCOL_UDP, receivers[i].address);

        g_test_message("%s", receivers[i].claim);
        packet.message_type = RESPONSE;
        if (receivers[i].is_group)
            assert_direction(&packet, UP, FLOW_REASON_GROUP);
        else
            assert_direction(&packet, DOWN, FLOW_REASON_MESSAGE_TYPE);
    }
}

static void test_the_frame_proves_a_broadcast_address(void)
{
    static const uint8_t address[FLOW_ADDR_LEN] = { 10, 0, 0, 255 };
    static const uint8_t host[FLOW_ADDR_LEN] = { 10, 0, 0, 2 };
    struct flow_packet packet = packet_to(FLOW_IPV4, FLOW_PROTOCOL_UDP, address);
    struct flow_packet unicast = packet_to(FLOW_IPV4, FLOW_PROTOCOL_UDP, host);

    memset(packet.mac[1], 0xff, FLOW_MAC_LEN);
    memset(unicast.mac[1], 0xff, FLOW_MAC_LEN);
    assert_direction(&packet, UP, FLOW_REASON_FIRST_PACKET); /* no link header */
    packet.bits |= FLOW_PACKET_MACS;
    assert_direction(&packet, UP, FLOW_REASON_GROUP);
    packet.mac[1][5] = 0xfe;
    assert_direction(&packet, UP, FLOW_REASON_FIRST_PACKET);
    unicast.bits |= FLOW_PACKET_MACS;
    assert_direction(&unicast, UP, FLOW_REASON_FIRST_PACKET);
}

static void test_connections_have_no_groups(void)
{
    static const uint8_t address[FLOW_ADDR_LEN] = { 224, 0, 0, 1 };
    static const uint8_t protocols[] = { FLOW_PROTOCOL_SCTP, FLOW_PROTOCOL_DCCP };
    struct flow_packet tcp = packet_to(FLOW_IPV4, FLOW_PROTOCOL_TCP, address);

    make_segment(&tcp.fact, "SA", 1, 1);
    assert_direction(&tcp, DOWN, FLOW_REASON_HANDSHAKE);
    make_segment(&tcp.fact, "A", 1, 1);
    assert_direction(&tcp, UP, FLOW_REASON_FIRST_PACKET);
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        struct flow_packet packet = packet_to(FLOW_IPV4, protocols[i], address);
        assert_direction(&packet, UP, FLOW_REASON_FIRST_PACKET);
        packet.handshake = RESPONSE;
        assert_direction(&packet, DOWN, FLOW_REASON_HANDSHAKE);
        packet.handshake = REQUEST;
        assert_direction(&packet, UP, FLOW_REASON_HANDSHAKE);
    }
}

static void test_a_group_that_sends_is_a_sender(void)
{
    struct flow_packet packet = packet_of(1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_UDP, 1, 2));

    packet.tuple.end[0].addr[0] = 224;
    assert_direction(&packet, UP, FLOW_REASON_FIRST_PACKET);
}

static void test_nothing_known_is_up(void)
{
    struct flow_packet ospf = packet_of(1, tuple_of(FLOW_IPV4, 89, 2, 1));
    struct flow_packet lldp = packet_of(1, tuple_of(FLOW_LINK, 0, 2, 1));

    /* Numbers that are no ports are not looked at. */
    ospf.tuple.end[0].port = 53;
    ospf.tuple.end[1].port = 50000;
    assert_direction(&ospf, UP, FLOW_REASON_FIRST_PACKET);
    assert_direction(&lldp, UP, FLOW_REASON_FIRST_PACKET);
}

/* The rules in their order: the ports of these packets say down. */
static const struct {
    const char *claim;
    const char *flags; /* NULL: not TCP */
    int message_type, application;
    unsigned fragment;
    int dir, reason;
} orders[] = {
    { "syn", "S", SILENT, SILENT, 0, UP, FLOW_REASON_HANDSHAKE },
    { "syn-ack", "SA", SILENT, SILENT, 0, DOWN, FLOW_REASON_HANDSHAKE },
    { "syn-beats-application", "S", SILENT, RESPONSE, 0, UP, FLOW_REASON_HANDSHAKE },
    { "syn-ack-beats-application", "SA", SILENT, REQUEST, 0, DOWN, FLOW_REASON_HANDSHAKE },
    { "syn-in-a-first-fragment", "S", SILENT, SILENT, FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG, UP,
      FLOW_REASON_HANDSHAKE },
    { "ack-is-no-handshake", "A", SILENT, SILENT, 0, DOWN, FLOW_REASON_PORTS },
    { "rst-is-no-handshake", "RA", SILENT, SILENT, 0, DOWN, FLOW_REASON_PORTS },
    { "fin-is-no-handshake", "FA", SILENT, SILENT, 0, DOWN, FLOW_REASON_PORTS },
    { "application-beats-ports", "A", SILENT, REQUEST, 0, UP, FLOW_REASON_APPLICATION },
    { "response-of-the-application", "A", SILENT, RESPONSE, 0, DOWN, FLOW_REASON_APPLICATION },
    { "application-over-udp", NULL, SILENT, REQUEST, 0, UP, FLOW_REASON_APPLICATION },
    { "message-type-beats-application", NULL, REQUEST, RESPONSE, 0, UP, FLOW_REASON_MESSAGE_TYPE },
    { "message-type-of-a-reply", NULL, RESPONSE, REQUEST, 0, DOWN, FLOW_REASON_MESSAGE_TYPE },
    { "message-type-of-a-first-fragment", NULL, REQUEST, SILENT,
      FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG, UP, FLOW_REASON_MESSAGE_TYPE },
    { "application-is-silent-in-a-first-fragment", NULL, SILENT, REQUEST,
      FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG, DOWN, FLOW_REASON_PORTS },
    { "application-is-silent-in-a-fragment", NULL, SILENT, REQUEST, FLOW_FACT_FRAG, DOWN,
      FLOW_REASON_PORTS },
    { "ports-when-all-are-silent", NULL, SILENT, SILENT, 0, DOWN, FLOW_REASON_PORTS },
};

static void test_order_of_rules(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        struct flow_packet packet = udp_packet(1, 1, 80, 2, 51234);

        g_test_message("%s", orders[i].claim);
        if (orders[i].flags) {
            packet.tuple.protocol = FLOW_PROTOCOL_TCP;
            make_segment(&packet.fact, orders[i].flags, 1, 1);
        }
        packet.message_type = (uint8_t)orders[i].message_type;
        let_say(&packet, (enum flow_message)orders[i].application);
        packet.fact.bits |= (uint8_t)orders[i].fragment;
        assert_direction(&packet, orders[i].dir, orders[i].reason);
    }
}

static void test_flags_count_only_where_there_is_tcp(void)
{
    struct flow_packet packet = udp_packet(1, 1, 80, 2, 51234);

    packet.fact.tcp_flags = FLOW_TCP_SYN;
    assert_direction(&packet, DOWN, FLOW_REASON_PORTS);
}

static void test_reasons_have_numbers_and_names(void)
{
    static const char *const names[] = {
        [1] = "handshake", [2] = "message type", [3] = "application",
        [4] = "ports",     [5] = "first packet", [6] = "group address",
    };

    g_assert_cmpint(FLOW_REASON_HANDSHAKE, ==, 1);
    g_assert_cmpint(FLOW_REASON_FIRST_PACKET, ==, 5);
    g_assert_cmpint(FLOW_REASON_GROUP, ==, 6);
    for (unsigned i = 1; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpstr(name_in(flow_reason_names, i), ==, names[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/direction/of-tcp-the-lower-port-is-the-server", test_tcp_ports);
    g_test_add_func("/direction/of-others-an-answer-to-an-ephemeral-port-tells", test_other_ports);
    g_test_add_func("/direction/a-group-is-never-the-source", test_a_group_is_never_the_source);
    g_test_add_func("/direction/the-frame-proves-a-broadcast-address",
                    test_the_frame_proves_a_broadcast_address);
    g_test_add_func("/direction/connections-have-no-groups", test_connections_have_no_groups);
    g_test_add_func("/direction/a-group-that-sends-is-a-sender",
                    test_a_group_that_sends_is_a_sender);
    g_test_add_func("/direction/nothing-known-is-up", test_nothing_known_is_up);
    g_test_add_func("/direction/the-first-rule-that-speaks-decides", test_order_of_rules);
    g_test_add_func("/direction/flags-count-only-where-there-is-tcp",
                    test_flags_count_only_where_there_is_tcp);
    g_test_add_func("/direction/reasons-have-numbers-and-names",
                    test_reasons_have_numbers_and_names);
    return g_test_run();
}
