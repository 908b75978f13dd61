#include "packets.h"

#include <engine/message.h>

#include <glib.h>

enum {
    REQUEST = FLOW_MESSAGE_REQUEST,
    RESPONSE = FLOW_MESSAGE_RESPONSE,
    SILENT = FLOW_MESSAGE_UNKNOWN,
};

/* Requests, solicitations, reports and errors go up; replies and the like down. */
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
        g_assert_cmpint(flow_message_of_icmp(FLOW_PROTOCOL_ICMP, (uint8_t)icmp_types[i].type), ==,
                        icmp_types[i].message);
    }
}

static void test_icmpv6_types(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(icmpv6_types); i++) {
        g_test_message("%u", icmpv6_types[i].type);
        g_assert_cmpint(flow_message_of_icmp(FLOW_PROTOCOL_ICMPV6, (uint8_t)icmpv6_types[i].type),
                        ==, icmpv6_types[i].message);
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

static void test_other_protocols_have_no_icmp_type(void)
{
    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        g_assert_cmpint(flow_message_of_icmp(FLOW_PROTOCOL_UDP, (uint8_t)type), ==, SILENT);
        g_assert_false(flow_icmp_has_ident(FLOW_PROTOCOL_TCP, (uint8_t)type));
        g_assert_false(flow_icmp_is_error(FLOW_PROTOCOL_SCTP, (uint8_t)type));
    }
}

static bool is_in(unsigned type, const uint8_t *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (types[i] == type)
            return true;
    return false;
}

static void test_which_types_have_identifiers(void)
{
    static const uint8_t icmp[] = { 0, 8, 13, 14, 15, 16, 17, 18, 42, 43 };
    static const uint8_t icmpv6[] = { 128, 129, 160, 161 };

    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        g_assert_cmpint(flow_icmp_has_ident(FLOW_PROTOCOL_ICMP, (uint8_t)type), ==,
                        is_in(type, icmp, sizeof icmp));
        g_assert_cmpint(flow_icmp_has_ident(FLOW_PROTOCOL_ICMPV6, (uint8_t)type), ==,
                        is_in(type, icmpv6, sizeof icmpv6));
    }
}

static void test_which_types_are_errors(void)
{
    static const uint8_t icmp[] = { 3, 4, 5, 11, 12, 31 };

    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        g_assert_cmpint(flow_icmp_is_error(FLOW_PROTOCOL_ICMP, (uint8_t)type), ==,
                        is_in(type, icmp, sizeof icmp));
        g_assert_cmpint(flow_icmp_is_error(FLOW_PROTOCOL_ICMPV6, (uint8_t)type), ==,
                        type >= 1 && type <= 127);
    }
}

/* The first chunk's type is in byte 12, DCCP's in four bits of byte 8. */
static const struct type chunks[] = {
    { 1, REQUEST },   /* INIT */
    { 2, RESPONSE },  /* INIT ACK */
    { 10, REQUEST },  /* COOKIE ECHO */
    { 11, RESPONSE }, /* COOKIE ACK */
    { 0, SILENT },    /* DATA */
    { 3, SILENT },    { 4, SILENT }, { 5, SILENT },  { 6, SILENT },
    { 7, SILENT },    { 8, SILENT }, { 14, SILENT }, { 255, SILENT },
};

static const struct type dccp_types[] = {
    { 0, REQUEST },  /* Request */
    { 1, RESPONSE }, /* Response */
    { 2, SILENT },   /* Data */
    { 3, SILENT },   { 4, SILENT }, { 5, SILENT }, { 7, SILENT }, { 15, SILENT },
};

static void test_handshakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
        uint8_t header[16] = { 0x9c, 0x40, 0x27, 0x0f, [12] = (uint8_t)chunks[i].type };
        g_test_message("SCTP %u", chunks[i].type);
        g_assert_cmpint(flow_message_of_handshake(FLOW_PROTOCOL_SCTP, header, 13), ==,
                        chunks[i].message);
        g_assert_cmpint(flow_message_of_handshake(FLOW_PROTOCOL_SCTP, header, 12), ==, SILENT);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(dccp_types); i++) {
        uint8_t header[16] = { 0x9c, 0x40, 0x27,
                               0x0f, [8] = (uint8_t)(dccp_types[i].type << 1 | 1) };
        g_test_message("DCCP %u", dccp_types[i].type);
        g_assert_cmpint(flow_message_of_handshake(FLOW_PROTOCOL_DCCP, header, 9), ==,
                        dccp_types[i].message);
        g_assert_cmpint(flow_message_of_handshake(FLOW_PROTOCOL_DCCP, header, 8), ==, SILENT);
    }
}

static void test_other_protocols_have_no_handshake_here(void)
{
    static const uint8_t init[16] = { [12] = 1 };

    g_assert_cmpint(flow_message_of_handshake(FLOW_PROTOCOL_UDP, init, sizeof init), ==, SILENT);
    g_assert_cmpint(flow_message_of_handshake(FLOW_PROTOCOL_TCP, init, sizeof init), ==, SILENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/message/icmp-types", test_icmp_types);
    g_test_add_func("/message/icmpv6-types", test_icmpv6_types);
    g_test_add_func("/message/arp-opcodes", test_arp_opcodes);
    g_test_add_func("/message/other-protocols-have-no-icmp-type",
                    test_other_protocols_have_no_icmp_type);
    g_test_add_func("/message/which-types-have-identifiers", test_which_types_have_identifiers);
    g_test_add_func("/message/which-types-are-errors", test_which_types_are_errors);
    g_test_add_func("/message/handshakes-of-sctp-and-dccp", test_handshakes);
    g_test_add_func("/message/other-protocols-have-no-handshake-here",
                    test_other_protocols_have_no_handshake_here);
    return g_test_run();
}
