#include "packets.h"

#include <engine/text.h>

#include <glib.h>
#include <string.h>

/* Flows in words. */

static const struct {
    uint8_t protocol;
    const char *name;
} protocols[] = {
    { 0, "IP 0" },       { 1, "ICMP" },     { 2, "IGMP" },   { 3, "IP 3" },    { 4, "IPIP" },
    { 6, "TCP" },        { 17, "UDP" },     { 33, "DCCP" },  { 41, "IPv6" },   { 46, "RSVP" },
    { 47, "GRE" },       { 50, "ESP" },     { 51, "AH" },    { 58, "ICMPv6" }, { 88, "EIGRP" },
    { 89, "OSPF" },      { 103, "PIM" },    { 112, "VRRP" }, { 115, "L2TP" },  { 132, "SCTP" },
    { 136, "UDP-Lite" }, { 255, "IP 255" },
};

static const struct {
    uint16_t type;
    const char *name;
} types[] = {
    { 0x0000, "802.3" },
    { 0x0001, "EtherType 0x0001" },
    { 0x0800, "IPv4" },
    { 0x0806, "ARP" },
    { 0x8035, "RARP" },
    { 0x86dd, "IPv6" },
    { 0x8809, "Slow" },
    { 0x8863, "PPPoED" },
    { 0x8864, "PPPoES" },
    { 0x888e, "EAPOL" },
    { 0x88cc, "LLDP" },
    { 0x88f7, "PTP" },
    { 0xffff, "EtherType 0xffff" },
};

static struct flow flow_of(struct flow_tuple tuple, uint32_t id)
{
    unsigned sender;
    struct flow flow = { .key = flow_key_make(&tuple, 0, &sender), .id = id };

    flow.source = (uint8_t)sender;
    return flow;
}

static void assert_protocol(const struct flow *flow, const char *name)
{
    char text[64];

    flow_protocol_text(flow, text, sizeof text);
    g_assert_cmpstr(text, ==, name);
}

static void test_protocols_have_names(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        struct flow ipv4 = flow_of(tuple_of(FLOW_IPV4, protocols[i].protocol, 1, 2), 0);
        struct flow ipv6 = flow_of(tuple_of(FLOW_IPV6, protocols[i].protocol, 1, 2), 0);
        assert_protocol(&ipv4, protocols[i].name);
        assert_protocol(&ipv6, protocols[i].name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        struct flow_tuple tuple = tuple_of(FLOW_LINK, 0, 1, 2);
        tuple.ident = types[i].type;
        struct flow flow = flow_of(tuple, 0);
        assert_protocol(&flow, types[i].name);
    }
}

static void assert_tuple(const struct flow *flow, const char *want)
{
    for (unsigned round = 0; round < 2; round++) { /* the second time it is remembered */
        char text[FLOW_TUPLE_TEXT_LEN];
        flow_tuple_text(flow, text);
        g_assert_cmpstr(text, ==, want);
    }
}

static void test_a_tuple_in_one_line(void)
{
    struct flow_tuple ping = tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 2);
    struct flow_tuple longest = tuple_with_ports(FLOW_IPV6, 136, 1, 51234, 2, 44321);

    static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab };
    struct flow_tuple mac = tuple_of(FLOW_LINK, 0, 2, 1), four = tuple_of(FLOW_IPV4, 89, 1, 2);

    memcpy(mac.end[0].addr, bytes, sizeof bytes);
    memcpy(four.end[0].addr, bytes, 4);
    four.end[1].addr[0] = 255;
    ping.ident = 65535;
    ping.bits = FLOW_TUPLE_IDENT;
    for (unsigned end = 0; end < 2; end++)
        for (unsigned i = 0; i < FLOW_ADDR_LEN; i++)
            longest.end[end].addr[i] = (uint8_t)(0x11 * (end + 1));
    const struct {
        struct flow_tuple tuple;
        const char *text;
    } rows[] = {
        { tuple_with_ports(FLOW_IPV4, 6, 2, 443, 1, 51234), "TCP 10.0.0.2:443 → 10.0.0.1:51234" },
        { tuple_with_ports(FLOW_IPV6, 17, 1, 53, 2, 0), "UDP [fd00::1]:53 → [fd00::2]:0" },
        { tuple_of(FLOW_IPV4, 89, 1, 2), "OSPF 10.0.0.1 → 10.0.0.2" },
        { tuple_of(FLOW_IPV6, 89, 2, 1), "OSPF fd00::2 → fd00::1" },
        { mac, "802.3 01:23:45:67:89:ab → 02:00:00:00:00:01" },
        { four, "OSPF 1.35.69.103 → 255.0.0.2" },
        { ping, "ICMP 10.0.0.1 → 10.0.0.2 id 65535" },
        { longest, "UDP-Lite [1111:1111:1111:1111:1111:1111:1111:1111]:51234 → "
                   "[2222:2222:2222:2222:2222:2222:2222:2222]:44321" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow flow = flow_of(rows[i].tuple, (uint32_t)i);
        assert_tuple(&flow, rows[i].text);
    }
}

/* Files have flows of the same number, and flows share what is remembered. */
static void test_a_text_is_of_its_flow(void)
{
    struct flow flow = flow_of(tuple_with_ports(FLOW_IPV4, 17, 1, 50000, 2, 53), 7), other = flow,
                again = flow;

    assert_tuple(&flow, "UDP 10.0.0.1:50000 → 10.0.0.2:53");
    flow.source = !flow.source; /* of the same ends */
    assert_tuple(&flow, "UDP 10.0.0.2:53 → 10.0.0.1:50000");
    other.key.end[0].port = 54;
    assert_tuple(&other, "UDP 10.0.0.1:50000 → 10.0.0.2:54");
    assert_tuple(&again, "UDP 10.0.0.1:50000 → 10.0.0.2:53");
    for (uint32_t id = 0; id < 1024; id++) {
        char *text = g_strdup_printf("UDP 10.0.0.1:%u → 10.0.0.2:53", 50000 + id);
        struct flow one =
            flow_of(tuple_with_ports(FLOW_IPV4, 17, 1, (uint16_t)(50000 + id), 2, 53), id);
        assert_tuple(&one, text);
        g_free(text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/protocols-have-names", test_protocols_have_names);
    g_test_add_func("/text/a-tuple-in-one-line", test_a_tuple_in_one_line);
    g_test_add_func("/text/a-text-is-of-its-flow", test_a_text_is_of_its_flow);
    return g_test_run();
}
