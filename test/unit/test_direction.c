#include "names.h"
#include "packets.h"

#include <flowstats/direction.h>

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

/* Rule 4 */

static const struct {
    uint16_t sender, receiver;
    int dir, reason;
} port_pairs[] = {
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

static void test_ports(void)
{
    static const uint8_t protocols[] = { FLOW_PROTOCOL_TCP, FLOW_PROTOCOL_UDP,
                                         FLOW_PROTOCOL_UDPLITE, FLOW_PROTOCOL_SCTP,
                                         FLOW_PROTOCOL_DCCP };

    for (size_t i = 0; i < G_N_ELEMENTS(port_pairs); i++)
        for (size_t p = 0; p < G_N_ELEMENTS(protocols); p++)
            for (uint8_t lower_is_sender = 0; lower_is_sender < 2; lower_is_sender++) {
                uint8_t from = lower_is_sender ? 1 : 2, to = lower_is_sender ? 2 : 1;
                struct flow_packet packet = packet_of(
                    1, tuple_with_ports(FLOW_IPV4, protocols[p], from, port_pairs[i].sender, to,
                                        port_pairs[i].receiver));
                g_test_message("%u -> %u", port_pairs[i].sender, port_pairs[i].receiver);
                assert_direction(&packet, port_pairs[i].dir, port_pairs[i].reason);
            }
}

static void test_nothing_known_is_up(void)
{
    struct flow_packet ospf = packet_of(1, tuple_of(FLOW_IPV4, 89, 2, 1));
    struct flow_packet lldp = packet_of(1, tuple_of(FLOW_LINK, 0, 2, 1));

    /* A number that is no port is not looked at. */
    ospf.tuple.end[0].port = 1;
    ospf.tuple.end[1].port = 2;
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
        [4] = "ports",     [5] = "first packet",
    };

    g_assert_cmpint(FLOW_REASON_HANDSHAKE, ==, 1);
    g_assert_cmpint(FLOW_REASON_FIRST_PACKET, ==, 5);
    for (unsigned i = 1; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpstr(name_in(flow_reason_names, i), ==, names[i]);
}

/* Rule 2: requests, solicitations, reports and errors up; replies and the like down. */
struct type {
    unsigned type;
    int message;
};

static const struct type icmp_types[] = {
    { 8, REQUEST },  { 0, RESPONSE },  /* echo */
    { 10, REQUEST }, { 9, RESPONSE },  /* router solicitation, advertisement */
    { 13, REQUEST }, { 14, RESPONSE }, /* timestamp */
    { 15, REQUEST }, { 16, RESPONSE }, /* information */
    { 17, REQUEST }, { 18, RESPONSE }, /* address mask */
    { 33, REQUEST }, { 34, RESPONSE }, /* where are you, I am here */
    { 35, REQUEST }, { 36, RESPONSE }, /* mobile registration */
    { 37, REQUEST }, { 38, RESPONSE }, /* domain name */
    { 42, REQUEST }, { 43, RESPONSE }, /* extended echo */
    { 3, REQUEST },                    /* destination unreachable */
    { 4, REQUEST },                    /* source quench */
    { 5, REQUEST },                    /* redirect */
    { 11, REQUEST },                   /* time exceeded */
    { 12, REQUEST },                   /* parameter problem */
    { 31, REQUEST },                   /* datagram conversion error */
    { 1, SILENT },   { 2, SILENT },    { 255, SILENT },
};

static const struct type icmpv6_types[] = {
    { 1, REQUEST },                       /* destination unreachable */
    { 2, REQUEST },                       /* packet too big */
    { 3, REQUEST },                       /* time exceeded */
    { 4, REQUEST },                       /* parameter problem */
    { 128, REQUEST },  { 129, RESPONSE }, /* echo */
    { 130, RESPONSE },                    /* multicast listener query */
    { 131, REQUEST },                     /* multicast listener report */
    { 132, REQUEST },                     /* multicast listener done */
    { 143, REQUEST },                     /* multicast listener report, version 2 */
    { 133, REQUEST },  { 134, RESPONSE }, /* router solicitation, advertisement */
    { 135, REQUEST },  { 136, RESPONSE }, /* neighbour solicitation, advertisement */
    { 137, REQUEST },                     /* redirect */
    { 139, REQUEST },  { 140, RESPONSE }, /* node information query, reply */
    { 141, REQUEST },  { 142, RESPONSE }, /* inverse neighbour solicitation, advertisement */
    { 144, REQUEST },  { 145, RESPONSE }, /* home agent address discovery */
    { 146, REQUEST },  { 147, RESPONSE }, /* mobile prefix solicitation, advertisement */
    { 148, REQUEST },  { 149, RESPONSE }, /* certification path solicitation, advertisement */
    { 152, REQUEST },  { 151, RESPONSE }, /* multicast router solicitation, advertisement */
    { 157, REQUEST },  { 158, RESPONSE }, /* duplicate address request, confirmation */
    { 160, REQUEST },  { 161, RESPONSE }, /* extended echo */
    { 200, SILENT },   { 255, SILENT },
};

static const struct type arp_opcodes[] = {
    { 1, REQUEST }, { 2, RESPONSE }, /* ARP */
    { 3, REQUEST }, { 4, RESPONSE }, /* RARP */
    { 8, REQUEST }, { 9, RESPONSE }, /* InARP */
    { 0, SILENT },  { 0xffff, SILENT }, { 0x0101, SILENT },
};

static void test_icmp_types(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(icmp_types); i++) {
        g_test_message("%u", icmp_types[i].type);
        g_assert_cmpint(flow_message_of_icmp((uint8_t)icmp_types[i].type), ==,
                        icmp_types[i].message);
    }
}

static void test_icmpv6_types(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(icmpv6_types); i++) {
        g_test_message("%u", icmpv6_types[i].type);
        g_assert_cmpint(flow_message_of_icmpv6((uint8_t)icmpv6_types[i].type), ==,
                        icmpv6_types[i].message);
    }
}

static void test_arp_opcodes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(arp_opcodes); i++) {
        g_test_message("%u", arp_opcodes[i].type);
        g_assert_cmpint(flow_message_of_arp((uint16_t)arp_opcodes[i].type), ==,
                        arp_opcodes[i].message);
    }
}

/* Rule 3: literal messages. */
enum transport { OVER_UDP, OVER_TCP };

struct message {
    const char *claim;
    const char *application;
    enum transport transport;
    int message;
    size_t length;
    const uint8_t *data;
};

#define BYTES(...)                                                                                 \
    sizeof((const uint8_t[]){ __VA_ARGS__ }), (const uint8_t[])                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define TEXT(text) sizeof(text) - 1, (const uint8_t *)(text)

#define DNS_QUESTION 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 0, 0, 1, 0, 1
#define DHCP(op, ...)                                                                              \
    BYTES([0] = op, 1, 6, 0, 0x39, 3, 0xf3, 0x26, [28] = 2, 0, 0, 0, 0, 1, [236] = 0x63, 0x82,     \
          0x53, 0x63, __VA_ARGS__)
#define TLS_RECORD(type, handshake) BYTES(type, 3, 1, 0, 6, handshake, 0, 0, 2, 3, 3)
#define DTLS_RECORD(type, epoch, handshake)                                                        \
    BYTES(type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, 14, handshake, 0, 0, 2, 0, 0, 0, 0, 0,  \
          0, 0, 2, 0xfe, 0xfd)
#define STUN_COOKIE    0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define SNMP_COMMUNITY 4, 6, 'p', 'u', 'b', 'l', 'i', 'c'
#define SNMP_PDU(tag)  tag, 11, 2, 1, 1, 2, 1, 0, 2, 1, 0, 48, 0
#define SNMP_V3        48, 13, 2, 1, 7, 2, 2, 5, 0xdc, 4, 1, 4, 2, 1, 3, 4, 2, 48, 0
#define RADIUS(code)   BYTES(code, 7, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)

static const struct message messages[] = {
    { "query", "dns", OVER_UDP, REQUEST, BYTES(0x12, 0x34, 0x01, 0x00, DNS_QUESTION) },
    { "answer", "dns", OVER_UDP, RESPONSE, BYTES(0x12, 0x34, 0x81, 0x80, DNS_QUESTION) },
    { "query", "dns", OVER_TCP, REQUEST, BYTES(0, 21, 0x12, 0x34, 0x01, 0, DNS_QUESTION) },
    { "answer", "dns", OVER_TCP, RESPONSE, BYTES(0, 21, 0x12, 0x34, 0x81, 0x80, DNS_QUESTION) },
    { "query", "mdns", OVER_UDP, REQUEST, BYTES(0, 0, 0, 0, DNS_QUESTION) },
    { "announcement", "mdns", OVER_UDP, RESPONSE, BYTES(0, 0, 0x84, 0, DNS_QUESTION) },
    { "query", "llmnr", OVER_UDP, REQUEST, BYTES(7, 7, 0, 0, DNS_QUESTION) },
    { "answer", "llmnr", OVER_UDP, RESPONSE, BYTES(7, 7, 0x80, 0, DNS_QUESTION) },
    { "query", "nbns", OVER_UDP, REQUEST, BYTES(7, 7, 0x01, 0x10, DNS_QUESTION) },
    { "answer", "nbns", OVER_UDP, RESPONSE, BYTES(7, 7, 0x85, 0, DNS_QUESTION) },

    { "discover", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1, 1, 255) },
    { "offer", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 2, 255) },
    { "request", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1, 3, 255) },
    { "decline", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1, 4, 255) },
    { "ack", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 5, 255) },
    { "nak", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 6, 255) },
    { "release", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1, 7, 255) },
    { "inform", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1, 8, 255) },
    { "force-renew", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 9, 255) },
    { "lease-query", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1, 10, 255) },
    { "lease-unassigned", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 11, 255) },
    { "lease-unknown", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 12, 255) },
    { "lease-active", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 53, 1, 13, 255) },
    { "type-after-other-options", "dhcp", OVER_UDP, RESPONSE,
      DHCP(2, 0, 0, 54, 4, 10, 0, 0, 1, 53, 1, 5, 255) },
    { "bootp-request", "dhcp", OVER_UDP, REQUEST, DHCP(1, 255) },
    { "bootp-reply", "dhcp", OVER_UDP, RESPONSE, DHCP(2, 255) },

    { "solicit", "dhcpv6", OVER_UDP, REQUEST, BYTES(1, 0, 1, 2, 0, 8, 0, 2, 0, 0) },
    { "advertise", "dhcpv6", OVER_UDP, RESPONSE, BYTES(2, 0, 1, 2, 0, 8, 0, 2, 0, 0) },
    { "request", "dhcpv6", OVER_UDP, REQUEST, BYTES(3, 0, 1, 2) },
    { "confirm", "dhcpv6", OVER_UDP, REQUEST, BYTES(4, 0, 1, 2) },
    { "renew", "dhcpv6", OVER_UDP, REQUEST, BYTES(5, 0, 1, 2) },
    { "rebind", "dhcpv6", OVER_UDP, REQUEST, BYTES(6, 0, 1, 2) },
    { "reply", "dhcpv6", OVER_UDP, RESPONSE, BYTES(7, 0, 1, 2) },
    { "release", "dhcpv6", OVER_UDP, REQUEST, BYTES(8, 0, 1, 2) },
    { "decline", "dhcpv6", OVER_UDP, REQUEST, BYTES(9, 0, 1, 2) },
    { "reconfigure", "dhcpv6", OVER_UDP, RESPONSE, BYTES(10, 0, 1, 2) },
    { "information-request", "dhcpv6", OVER_UDP, REQUEST, BYTES(11, 0, 1, 2) },
    { "relay-forward", "dhcpv6", OVER_UDP, REQUEST, BYTES(12, 0, 0xfe, 0x80) },
    { "relay-reply", "dhcpv6", OVER_UDP, RESPONSE, BYTES(13, 0, 0xfe, 0x80) },
    { "lease-query", "dhcpv6", OVER_UDP, REQUEST, BYTES(14, 0, 1, 2) },
    { "lease-query-reply", "dhcpv6", OVER_UDP, RESPONSE, BYTES(15, 0, 1, 2) },
    { "unheard-of", "dhcpv6", OVER_UDP, SILENT, BYTES(200, 0, 1, 2) },

    { "symmetric-active", "ntp", OVER_UDP, REQUEST, BYTES(0x21, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "symmetric-passive", "ntp", OVER_UDP, RESPONSE, BYTES(0x22, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "client", "ntp", OVER_UDP, REQUEST, BYTES(0xe3, 0, 6, 0xec, 0, 0, 0, 0) },
    { "server", "ntp", OVER_UDP, RESPONSE, BYTES(0x24, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "broadcast", "ntp", OVER_UDP, RESPONSE, BYTES(0x25, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "reserved", "ntp", OVER_UDP, SILENT, BYTES(0x20, 2, 6, 0xe9) },
    { "control", "ntp", OVER_UDP, SILENT, BYTES(0x16, 2, 0, 1) },
    { "private", "ntp", OVER_UDP, SILENT, BYTES(0x17, 0, 3, 42) },

    { "get", "http", OVER_TCP, REQUEST, TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
    { "post", "http", OVER_TCP, REQUEST, TEXT("POST /form HTTP/1.0\r\n\r\n") },
    { "options", "http", OVER_TCP, REQUEST, TEXT("OPTIONS * HTTP/1.1\r\n\r\n") },
    { "connect", "http", OVER_TCP, REQUEST, TEXT("CONNECT a:443 HTTP/1.1\r\n\r\n") },
    { "hyphenated-method", "http", OVER_TCP, REQUEST, TEXT("VERSION-CONTROL /a HTTP/1.1\r\n") },
    { "ok", "http", OVER_TCP, RESPONSE, TEXT("HTTP/1.1 200 OK\r\n\r\n") },
    { "not-found", "http", OVER_TCP, RESPONSE, TEXT("HTTP/1.0 404 Not Found\r\n\r\n") },
    { "middle-of-a-body", "http", OVER_TCP, SILENT, TEXT("<p>GET this</p>") },
    { "words-of-a-body", "http", OVER_TCP, SILENT, TEXT(" AND SO ON") },
    { "binary-body", "http", OVER_TCP, SILENT, BYTES(0x1f, 0x8b, 8, 0, 0, 0) },

    { "search", "ssdp", OVER_UDP, REQUEST, TEXT("M-SEARCH * HTTP/1.1\r\n\r\n") },
    { "notify", "ssdp", OVER_UDP, REQUEST, TEXT("NOTIFY * HTTP/1.1\r\n\r\n") },
    { "found", "ssdp", OVER_UDP, RESPONSE, TEXT("HTTP/1.1 200 OK\r\n\r\n") },

    { "client-hello", "tls", OVER_TCP, REQUEST, TLS_RECORD(22, 1) },
    { "server-hello", "tls", OVER_TCP, RESPONSE, TLS_RECORD(22, 2) },
    { "certificate", "tls", OVER_TCP, SILENT, TLS_RECORD(22, 11) },
    { "change-cipher-spec", "tls", OVER_TCP, SILENT, BYTES(20, 3, 3, 0, 1, 1) },
    { "application-data", "tls", OVER_TCP, SILENT, TLS_RECORD(23, 1) },
    { "alert", "tls", OVER_TCP, SILENT, BYTES(21, 3, 3, 0, 2, 1, 0) },

    { "client-hello", "dtls", OVER_UDP, REQUEST, DTLS_RECORD(22, 0, 1) },
    { "server-hello", "dtls", OVER_UDP, RESPONSE, DTLS_RECORD(22, 0, 2) },
    { "certificate", "dtls", OVER_UDP, SILENT, DTLS_RECORD(22, 0, 11) },
    { "application-data", "dtls", OVER_UDP, SILENT, DTLS_RECORD(23, 1, 1) },
    { "another-type-of-record", "dtls", OVER_UDP, SILENT, DTLS_RECORD(20, 0, 1) },
    { "encrypted-handshake-is-no-hello", "dtls", OVER_UDP, SILENT, DTLS_RECORD(22, 1, 1) },

    { "client-hello", "quic", OVER_UDP, REQUEST, BYTES(6, 0, 0x41, 0x0a, 1, 0, 1, 6, 3, 3) },
    { "server-hello-after-ack", "quic", OVER_UDP, RESPONSE,
      BYTES(2, 0, 0x40, 0x64, 0, 0, 6, 0, 0x40, 0x5a, 2, 0, 0, 0x56, 3, 3) },
    { "server-hello-after-ack-of-ranges", "quic", OVER_UDP, RESPONSE,
      BYTES(2, 9, 0, 2, 0, 9, 8, 9, 8, 6, 0, 4, 2, 0, 0, 0) },
    { "server-hello-after-ack-with-ecn", "quic", OVER_UDP, RESPONSE,
      BYTES(3, 9, 0, 0, 0, 9, 8, 9, 6, 0, 4, 2, 0, 0, 0) },
    { "client-hello-after-padding-and-ping", "quic", OVER_UDP, REQUEST,
      BYTES(0, 0, 0, 1, 0, 6, 0, 4, 1, 0, 0, 0) },
    { "client-hello-in-shuffled-pieces", "quic", OVER_UDP, REQUEST,
      BYTES(6, 4, 3, 9, 9, 9, 1, 6, 0, 4, 1, 0, 0, 3) },
    { "middle-of-a-client-hello", "quic", OVER_UDP, SILENT, BYTES(6, 0x41, 0, 2, 1, 1) },
    { "ack-alone", "quic", OVER_UDP, SILENT, BYTES(2, 0, 0, 0, 0) },
    { "connection-close", "quic", OVER_UDP, SILENT, BYTES(0x1c, 0, 6, 0) },

    { "binding-request", "stun", OVER_UDP, REQUEST, BYTES(0, 1, STUN_COOKIE) },
    { "binding-success", "stun", OVER_UDP, RESPONSE, BYTES(1, 1, STUN_COOKIE) },
    { "binding-error", "stun", OVER_UDP, RESPONSE, BYTES(1, 0x11, STUN_COOKIE) },
    { "binding-indication", "stun", OVER_UDP, SILENT, BYTES(0, 0x11, STUN_COOKIE) },
    { "allocate-request", "stun", OVER_UDP, REQUEST, BYTES(0, 3, STUN_COOKIE) },
    { "allocate-success", "stun", OVER_UDP, RESPONSE, BYTES(1, 3, STUN_COOKIE) },
    { "data-indication", "stun", OVER_UDP, SILENT, BYTES(0, 0x17, STUN_COOKIE) },
    { "channel-data-is-no-request", "stun", OVER_UDP, SILENT, BYTES(0x40, 1, 0, 4, 1, 2, 3, 4) },

    { "invite", "sip", OVER_UDP, REQUEST, TEXT("INVITE sip:bob@a SIP/2.0\r\n") },
    { "register", "sip", OVER_TCP, REQUEST, TEXT("REGISTER sip:a SIP/2.0\r\n") },
    { "ringing", "sip", OVER_UDP, RESPONSE, TEXT("SIP/2.0 180 Ringing\r\n") },
    { "ok", "sip", OVER_TCP, RESPONSE, TEXT("SIP/2.0 200 OK\r\n") },
    { "keep-alive", "sip", OVER_UDP, SILENT, TEXT("\r\n\r\n") },

    { "access-request", "radius", OVER_UDP, REQUEST, RADIUS(1) },
    { "access-accept", "radius", OVER_UDP, RESPONSE, RADIUS(2) },
    { "access-reject", "radius", OVER_UDP, RESPONSE, RADIUS(3) },
    { "accounting-request", "radius", OVER_UDP, REQUEST, RADIUS(4) },
    { "accounting-response", "radius", OVER_UDP, RESPONSE, RADIUS(5) },
    { "access-challenge", "radius", OVER_UDP, RESPONSE, RADIUS(11) },
    { "status-server", "radius", OVER_UDP, REQUEST, RADIUS(12) },
    { "disconnect-request", "radius", OVER_UDP, REQUEST, RADIUS(40) },
    { "disconnect-ack", "radius", OVER_UDP, RESPONSE, RADIUS(41) },
    { "disconnect-nak", "radius", OVER_UDP, RESPONSE, RADIUS(42) },
    { "coa-request", "radius", OVER_UDP, REQUEST, RADIUS(43) },
    { "coa-ack", "radius", OVER_UDP, RESPONSE, RADIUS(44) },
    { "coa-nak", "radius", OVER_UDP, RESPONSE, RADIUS(45) },
    { "unheard-of", "radius", OVER_UDP, SILENT, RADIUS(250) },

    { "get", "snmp", OVER_UDP, REQUEST, BYTES(48, 24, 2, 1, 0, SNMP_COMMUNITY, SNMP_PDU(0xa0)) },
    { "get-next", "snmp", OVER_UDP, REQUEST,
      BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa1)) },
    { "response", "snmp", OVER_UDP, RESPONSE,
      BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa2)) },
    { "set", "snmp", OVER_UDP, REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa3)) },
    { "get-bulk", "snmp", OVER_UDP, REQUEST,
      BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa5)) },
    { "inform", "snmp", OVER_UDP, REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa6)) },
    { "trap", "snmp", OVER_UDP, REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa7)) },
    { "trap-of-version-1", "snmp", OVER_UDP, REQUEST,
      BYTES(48, 24, 2, 1, 0, SNMP_COMMUNITY, SNMP_PDU(0xa4)) },
    { "response-with-long-lengths", "snmp", OVER_UDP, RESPONSE,
      BYTES(48, 0x82, 0, 28, 2, 1, 1, 4, 0x81, 6, 'p', 'u', 'b', 'l', 'i', 'c', SNMP_PDU(0xa2)) },
    { "get-of-version-3", "snmp", OVER_UDP, REQUEST,
      BYTES(48, 41, 2, 1, 3, SNMP_V3, 48, 17, 4, 0, 4, 0, SNMP_PDU(0xa0)) },
    { "response-of-version-3", "snmp", OVER_UDP, RESPONSE,
      BYTES(48, 41, 2, 1, 3, SNMP_V3, 48, 17, 4, 0, 4, 0, SNMP_PDU(0xa2)) },
    { "report-of-version-3", "snmp", OVER_UDP, RESPONSE,
      BYTES(48, 41, 2, 1, 3, SNMP_V3, 48, 17, 4, 0, 4, 0, SNMP_PDU(0xa8)) },
    { "response-in-a-context", "snmp", OVER_UDP, RESPONSE,
      BYTES(48, 47, 2, 1, 3, SNMP_V3, 48, 23, 4, 3, 0x80, 0, 1, 4, 3, 'c', 't', 'x',
            SNMP_PDU(0xa2)) },
    { "encrypted", "snmp", OVER_UDP, SILENT,
      BYTES(48, 28, 2, 1, 3, SNMP_V3, 4, 4, 0xa0, 0xa0, 0xa2, 0xa2) },
    { "not-snmp", "snmp", OVER_UDP, SILENT, BYTES(0x31, 3, 2, 1, 1) },
};

typedef enum flow_message (*reader)(const uint8_t *data, size_t length);

static reader reader_of(const char *name, enum transport transport)
{
    for (size_t i = 0; i < flow_application_count; i++)
        if (strcmp(flow_applications[i].name, name) == 0)
            return transport == OVER_TCP ? flow_applications[i].over_tcp
                                         : flow_applications[i].over_udp;
    return NULL;
}

/* In memory of exactly that size, so that the sanitizers see a byte too far. */
static int read_exactly(reader read, const uint8_t *data, size_t length)
{
    uint8_t *copy = g_malloc(length + 1); /* g_malloc(0) would be NULL */
    uint8_t *exact = length > 0 ? g_memdup2(data, length) : copy;
    int message = (int)read(exact, length);

    if (exact != copy)
        g_free(exact);
    g_free(copy);
    return message;
}

static void test_message(const void *data)
{
    const struct message *message = data;
    reader read = reader_of(message->application, message->transport);

    if (!read) {
        g_test_fail();
        return;
    }
    g_assert_cmpint(read_exactly(read, message->data, message->length), ==, message->message);

    /* A message that is cut says the same or nothing, and is not read behind its end. */
    for (size_t length = 0; length < message->length; length++) {
        int said = read_exactly(read, message->data, length);
        g_assert_true(said == SILENT || said == message->message);
    }
    g_assert_cmpint(read_exactly(read, message->data, 0), ==, SILENT);
}

/* The message type of DHCP decides; BOOTP's operation stands in where it is not captured. */
static const struct message dhcp_types[] = {
    { "at once", "dhcp", OVER_UDP, RESPONSE, DHCP(1, 53, 1, 2, 255) },
    { "after padding", "dhcp", OVER_UDP, RESPONSE, DHCP(1, 0, 0, 0, 53, 1, 2, 255) },
    { "after another option", "dhcp", OVER_UDP, RESPONSE, DHCP(1, 50, 4, 53, 1, 1, 1, 53, 1, 2) },
    { "after an empty option", "dhcp", OVER_UDP, RESPONSE, DHCP(1, 80, 0, 53, 1, 2) },
    { "not after the end", "dhcp", OVER_UDP, REQUEST, DHCP(1, 255, 53, 1, 2) },
    { "cut before its value", "dhcp", OVER_UDP, REQUEST, DHCP(1, 53, 1) },
    { "cut inside another option", "dhcp", OVER_UDP, REQUEST, DHCP(1, 50, 200, 53, 1, 2) },
};

static void test_dhcp_type_goes_before_operation(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(dhcp_types); i++) {
        g_test_message("%s", dhcp_types[i].claim);
        g_assert_cmpint(
            read_exactly(reader_of("dhcp", OVER_UDP), dhcp_types[i].data, dhcp_types[i].length), ==,
            dhcp_types[i].message);
    }
}

/* Messages with random bytes in them are read within their bounds, too. */
static void test_random_messages(void)
{
    GRand *rand = g_rand_new_with_seed(3);

    for (unsigned round = 0; round < 200; round++)
        for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
            reader read = reader_of(messages[i].application, messages[i].transport);
            uint8_t *copy = g_memdup2(messages[i].data, messages[i].length);

            for (unsigned changes = 0; changes < 3; changes++)
                copy[g_rand_int(rand) % messages[i].length] = (uint8_t)g_rand_int(rand);
            int said = read_exactly(read, copy, g_rand_int(rand) % (messages[i].length + 1));
            g_assert_true(said == SILENT || said == REQUEST || said == RESPONSE);
            g_free(copy);
        }
    g_rand_free(rand);
}

static void test_random_bytes(void)
{
    GRand *rand = g_rand_new_with_seed(4);
    uint8_t data[64];

    for (unsigned round = 0; round < 500; round++)
        for (size_t i = 0; i < flow_application_count; i++) {
            for (size_t at = 0; at < sizeof data; at++)
                data[at] = (uint8_t)(g_rand_int(rand) & (round % 2 ? 0xff : 0x8f));
            size_t length = g_rand_int(rand) % (sizeof data + 1);
            if (flow_applications[i].over_udp)
                read_exactly(flow_applications[i].over_udp, data, length);
            if (flow_applications[i].over_tcp)
                read_exactly(flow_applications[i].over_tcp, data, length);
        }
    g_rand_free(rand);
}

/* SPEC's list; each is there once, and its own messages are above. */
static void test_every_application_has_a_row(void)
{
    static const char *const names[] = { "dns",  "mdns", "llmnr",  "nbns", "dhcp", "dhcpv6",
                                         "ntp",  "http", "ssdp",   "tls",  "dtls", "quic",
                                         "stun", "sip",  "radius", "snmp" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        unsigned rows = 0, requests = 0, responses = 0;

        for (size_t a = 0; a < flow_application_count; a++)
            rows += strcmp(flow_applications[a].name, names[i]) == 0;
        for (size_t m = 0; m < G_N_ELEMENTS(messages); m++)
            if (strcmp(messages[m].application, names[i]) == 0) {
                requests += messages[m].message == REQUEST;
                responses += messages[m].message == RESPONSE;
            }
        g_test_message("%s", names[i]);
        g_assert_cmpuint(rows, ==, 1);
        g_assert_cmpuint(requests, >, 0);
        g_assert_cmpuint(responses, >, 0);
    }
}

/* Only a message that is whole in its segment tells. */
static void test_sizes_on_a_stream(void)
{
    static const struct {
        const char *application, *text;
        size_t size;
    } rows[] = {
        { "http", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27 },
        { "http", "GET / HTTP/1.1\r\nHost: a\r\n", 0 },
        { "http", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nbody", 45 },
        { "http", "HTTP/1.1 200 OK\r\n\r\n", 0 },
        { "http", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0 },
        { "sip", "SIP/2.0 200 OK\r\ncontent-length:0\r\n\r\n", 36 },
        { "tls", "\x16\x03\x03\x01\x02", 5 + 0x102 },
        { "tls", "\x16\x03", 0 },
        { "dns", "\x01\x02", 2 + 0x102 },
        { "stun", "\x01\x01\x01\x04", 20 + 0x104 },
        { "radius", "\x02\x01\x01\x14", 0x114 },
        { "snmp", "\x30\x1b\x02", 2 + 0x1b },
        { "snmp", "\x30", 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t n = 0; n < flow_application_count; n++)
            if (strcmp(flow_applications[n].name, rows[i].application) == 0)
                g_assert_cmpuint(flow_applications[n].tcp_size((const uint8_t *)rows[i].text,
                                                               strlen(rows[i].text)),
                                 ==, rows[i].size);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/direction/sizes-on-a-stream", test_sizes_on_a_stream);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/direction/the-lower-port-is-the-server", test_ports);
    g_test_add_func("/direction/nothing-known-is-up", test_nothing_known_is_up);
    g_test_add_func("/direction/the-first-rule-that-speaks-decides", test_order_of_rules);
    g_test_add_func("/direction/flags-count-only-where-there-is-tcp",
                    test_flags_count_only_where_there_is_tcp);
    g_test_add_func("/direction/reasons-have-numbers-and-names",
                    test_reasons_have_numbers_and_names);
    g_test_add_func("/direction/icmp-types", test_icmp_types);
    g_test_add_func("/direction/icmpv6-types", test_icmpv6_types);
    g_test_add_func("/direction/arp-opcodes", test_arp_opcodes);
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        char *path =
            g_strdup_printf("/direction/%s-over-%s/%s", messages[i].application,
                            messages[i].transport == OVER_TCP ? "tcp" : "udp", messages[i].claim);
        g_test_add_data_func(path, &messages[i], test_message);
        g_free(path);
    }
    g_test_add_func("/direction/dhcp-type-goes-before-operation",
                    test_dhcp_type_goes_before_operation);
    g_test_add_func("/direction/every-application-has-a-row", test_every_application_has_a_row);
    g_test_add_func("/direction/changed-messages-are-read-within-bounds", test_random_messages);
    g_test_add_func("/direction/random-bytes-are-read-within-bounds", test_random_bytes);
    return g_test_run();
}
