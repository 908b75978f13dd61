#include "community_id.h"

#include "ask.h"
#include "core.h"
#include "groups.h"
#include "packets.h"
#include "zeek.h"

#include <string.h>

/* Return the text of a field of the flow that one packet makes, NULL where it is absent. */
static char *text_of_flow(const struct flow_packet *packet, const char *name)
{
    struct flow_groups groups = { 0 };

    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_zeek);
    flow_groups_add(&groups, &flow_community_id);
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    flow_meter_account(meter, packet);
    struct flow_value value = ask(meter, packet->fact.frame, name, false);
    char *text = value.known ? g_strdup(value.as.text) : NULL;
    flow_meter_free(meter);
    return text;
}

static char *id_of(struct flow_packet packet)
{
    return text_of_flow(&packet, "community_id");
}

#define expect_same(left, right, is_same)                                                          \
    G_STMT_START                                                                                   \
    {                                                                                              \
        char *one = left, *other = right;                                                          \
        g_assert_nonnull(one);                                                                     \
        g_assert_nonnull(other);                                                                   \
        g_assert_cmpint(g_str_equal(one, other), ==, is_same);                                     \
        g_free(one);                                                                               \
        g_free(other);                                                                             \
    }                                                                                              \
    G_STMT_END

static struct flow_packet packet_with_ports(uint8_t protocol, uint8_t from, uint16_t from_port,
                                            uint8_t to, uint16_t to_port)
{
    return packet_of(1, tuple_with_ports(FLOW_IPV4, protocol, from, from_port, to, to_port));
}

static struct flow_packet icmp_packet(enum flow_family family, uint8_t type, uint8_t code,
                                      uint8_t from, uint8_t to)
{
    uint8_t protocol = family == FLOW_IPV4 ? FLOW_PROTOCOL_ICMP : FLOW_PROTOCOL_ICMPV6;
    struct flow_packet packet = packet_of(1, tuple_of(family, protocol, from, to));

    packet.fact.icmp_type = type;
    packet.fact.icmp_code = code;
    packet.fact.bits |= FLOW_FACT_CHECKSUM;
    return packet;
}

static void test_both_ways_are_one_flow(void)
{
    static const uint8_t protocols[] = { FLOW_PROTOCOL_TCP, FLOW_PROTOCOL_UDP, FLOW_PROTOCOL_SCTP };

    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        expect_same(id_of(packet_with_ports(protocols[i], 1, 40000, 2, 80)),
                    id_of(packet_with_ports(protocols[i], 2, 80, 1, 40000)), true);
        expect_same(id_of(packet_with_ports(protocols[i], 1, 40000, 2, 80)),
                    id_of(packet_with_ports(protocols[i], 1, 80, 2, 40000)), false);
        /* One address: the smaller port is first. */
        expect_same(id_of(packet_with_ports(protocols[i], 1, 40000, 1, 80)),
                    id_of(packet_with_ports(protocols[i], 1, 80, 1, 40000)), true);
    }
}

static void test_other_protocols_have_no_ports(void)
{
    static const uint8_t protocols[] = { FLOW_PROTOCOL_UDPLITE, FLOW_PROTOCOL_DCCP };

    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        expect_same(id_of(packet_with_ports(protocols[i], 1, 40000, 2, 80)),
                    id_of(packet_of(1, tuple_of(FLOW_IPV4, protocols[i], 2, 1))), true);
}

static void test_icmp_answers_are_of_the_flow_they_answer(void)
{
    static const struct {
        enum flow_family family;
        uint8_t ask, answer;
    } pairs[] = {
        { FLOW_IPV4, 8, 0 },     { FLOW_IPV4, 13, 14 },   { FLOW_IPV4, 15, 16 },
        { FLOW_IPV4, 17, 18 },   { FLOW_IPV4, 10, 9 },    { FLOW_IPV6, 128, 129 },
        { FLOW_IPV6, 133, 134 }, { FLOW_IPV6, 135, 136 }, { FLOW_IPV6, 130, 131 },
        { FLOW_IPV6, 139, 140 }, { FLOW_IPV6, 144, 145 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        expect_same(id_of(icmp_packet(pairs[i].family, pairs[i].ask, 0, 1, 2)),
                    id_of(icmp_packet(pairs[i].family, pairs[i].answer, 0, 2, 1)), true);
        expect_same(id_of(icmp_packet(pairs[i].family, pairs[i].ask, 0, 1, 2)),
                    id_of(icmp_packet(pairs[i].family, pairs[i].ask, 0, 2, 1)), false);
    }
}

/* Type and code are in the order of the sender and the receiver, whoever has the smaller address.
 */
static void test_other_icmp_is_one_way(void)
{
    expect_same(id_of(icmp_packet(FLOW_IPV4, 3, 1, 1, 2)),
                id_of(icmp_packet(FLOW_IPV4, 3, 1, 2, 1)), false);
    expect_same(id_of(icmp_packet(FLOW_IPV4, 3, 1, 1, 2)),
                id_of(icmp_packet(FLOW_IPV4, 3, 2, 1, 2)), false);
}

static void test_what_was_not_captured_has_none(void)
{
    struct flow_packet cut = icmp_packet(FLOW_IPV4, 0, 0, 1, 2);

    cut.fact.bits &= (uint16_t)~FLOW_FACT_CHECKSUM;
    g_assert_null(id_of(cut));
    g_assert_null(id_of(packet_of(1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_UDP, 1, 2))));
    g_assert_null(id_of(packet_of(1, tuple_of(FLOW_LINK, 0, 1, 2))));
}

/* What stands for ports: the type at the sender's side, its answer's or the code at the other. */
static void test_ports_of_icmp(void)
{
    struct flow_packet answer = icmp_packet(FLOW_IPV6, 129, 0, 2, 1);
    answer.message_type = FLOW_MESSAGE_RESPONSE;
    struct flow_packet cut = icmp_packet(FLOW_IPV4, 8, 0, 1, 2);
    cut.fact.bits &= (uint16_t)~FLOW_FACT_CHECKSUM;
    const struct {
        struct flow_packet packet;
        bool has_ports;
        uint16_t ports[FLOW_DIRS];
    } rows[] = {
        { icmp_packet(FLOW_IPV4, 8, 0, 1, 2), true, { 8, 0 } },
        { icmp_packet(FLOW_IPV4, 13, 0, 1, 2), true, { 13, 14 } },
        { icmp_packet(FLOW_IPV4, 3, 1, 1, 2), true, { 3, 1 } },
        { answer, true, { 128, 129 } },
        { cut, false, { 0, 0 } },
        { packet_with_ports(FLOW_PROTOCOL_TCP, 1, 40000, 2, 80), false, { 0, 0 } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        struct flow_view view;
        uint16_t ports[FLOW_DIRS] = { 0, 0 };
        flow_meter_account(meter, &rows[i].packet);
        g_assert_true(flow_meter_flow_view(meter, 0, &view));
        g_assert_cmpint(flow_icmp_ports(&view, ports), ==, rows[i].has_ports);
        g_assert_cmpmem(ports, sizeof ports, rows[i].ports, sizeof rows[i].ports);
        flow_meter_free(meter);
    }
}

/* The identifier of conn.log: the same both ways, another at another time. */
static void test_uid(void)
{
    struct flow_packet there = tcp_packet(1, 1, 40000, 2, 80, "S", 99, 0);
    struct flow_packet back = tcp_packet(1, 2, 80, 1, 40000, "SA", 499, 100);
    struct flow_packet later = at_second(there, 2);

    expect_same(text_of_flow(&there, "zeek.uid"), text_of_flow(&back, "zeek.uid"), true);
    expect_same(text_of_flow(&there, "zeek.uid"), text_of_flow(&later, "zeek.uid"), false);
    char *uid = text_of_flow(&there, "zeek.uid");
    g_assert_cmpuint(strlen(uid), ==, 18);
    g_free(uid);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_fields_add(&flow_zeek);
    flow_fields_add(&flow_community_id);
    g_test_add_func("/community-id/both-ways-are-one-flow", test_both_ways_are_one_flow);
    g_test_add_func("/community-id/other-protocols-have-no-ports",
                    test_other_protocols_have_no_ports);
    g_test_add_func("/community-id/icmp-answers-are-of-the-flow-they-answer",
                    test_icmp_answers_are_of_the_flow_they_answer);
    g_test_add_func("/community-id/other-icmp-is-one-way", test_other_icmp_is_one_way);
    g_test_add_func("/community-id/what-was-not-captured-has-none",
                    test_what_was_not_captured_has_none);
    g_test_add_func("/community-id/ports-of-icmp", test_ports_of_icmp);
    g_test_add_func("/community-id/uid", test_uid);
    return g_test_run();
}
