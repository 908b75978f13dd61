#include "ask.h"
#include "names.h"
#include "packets.h"

#include "text.h"

#include <glib.h>
#include <string.h>

/* What the definitions promise (doc/definitions.md). */
enum readings { ONE, WITH_SOFAR };

static const struct promise {
    const char *name;
    enum flow_kind kind;
    enum readings readings;
} promises[] = {
    /* section 4 */
    { "up.pkts", FLOW_UINT32, WITH_SOFAR },
    { "up.bytes", FLOW_UINT64, WITH_SOFAR },
    { "up.wire_bytes", FLOW_UINT64, WITH_SOFAR },
    { "up.payload_pkts", FLOW_UINT32, WITH_SOFAR },
    { "up.payload_bytes", FLOW_UINT64, WITH_SOFAR },
    { "up.frags", FLOW_UINT32, WITH_SOFAR },
    { "up.frag_pkts", FLOW_UINT32, WITH_SOFAR },
    { "up.ip_id", FLOW_UINT16, WITH_SOFAR },
    { "up.lost", FLOW_UINT32, WITH_SOFAR },
    { "up.seq", FLOW_UINT32, WITH_SOFAR },
    { "down.pkts", FLOW_UINT32, WITH_SOFAR },
    { "down.bytes", FLOW_UINT64, WITH_SOFAR },
    { "down.wire_bytes", FLOW_UINT64, WITH_SOFAR },
    { "down.payload_pkts", FLOW_UINT32, WITH_SOFAR },
    { "down.payload_bytes", FLOW_UINT64, WITH_SOFAR },
    { "down.frags", FLOW_UINT32, WITH_SOFAR },
    { "down.frag_pkts", FLOW_UINT32, WITH_SOFAR },
    { "down.ip_id", FLOW_UINT16, WITH_SOFAR },
    { "down.lost", FLOW_UINT32, WITH_SOFAR },
    { "down.seq", FLOW_UINT32, WITH_SOFAR },
    { "icmp_errors", FLOW_UINT32, WITH_SOFAR },
    { "icmp_error_frame", FLOW_FRAME, ONE },
    { "icmp_error_for", FLOW_UINT32, ONE },
    { "pkts", FLOW_UINT32, WITH_SOFAR },
    { "bytes", FLOW_UINT64, WITH_SOFAR },
    { "wire_bytes", FLOW_UINT64, WITH_SOFAR },
    { "payload_bytes", FLOW_UINT64, WITH_SOFAR },
    /* section 5 */
    { "start", FLOW_INSTANT, WITH_SOFAR },
    { "last", FLOW_INSTANT, WITH_SOFAR },
    { "duration", FLOW_SPAN, WITH_SOFAR },
    { "time_relative", FLOW_SPAN, ONE },
    { "delta", FLOW_SPAN, ONE },
    /* section 6 */
    { "tcp.state", FLOW_UINT8, WITH_SOFAR },
    { "tcp.state_name", FLOW_TEXT, WITH_SOFAR },
    { "tcp.reset_by", FLOW_UINT8, WITH_SOFAR },
    { "tcp.reset_by_name", FLOW_TEXT, WITH_SOFAR },
    { "tcp.reset_frame", FLOW_FRAME, WITH_SOFAR },
    { "tcp.ts_syn", FLOW_INSTANT, WITH_SOFAR },
    { "tcp.ts_syn_ack", FLOW_INSTANT, WITH_SOFAR },
    { "tcp.ts_ack", FLOW_INSTANT, WITH_SOFAR },
    { "tcp.rtt", FLOW_SPAN, WITH_SOFAR },
    { "tcp.rtt_net", FLOW_SPAN, WITH_SOFAR },
    { "tcp.rtt_user", FLOW_SPAN, WITH_SOFAR },
    { "tcp.connect_time", FLOW_SPAN, WITH_SOFAR },
    { "tcp.syn_retrans", FLOW_UINT32, WITH_SOFAR },
    { "tcp.syn_ack_retrans", FLOW_UINT32, WITH_SOFAR },
    { "tcp.syn_frame", FLOW_FRAME, WITH_SOFAR },
    { "tcp.syn_ack_frame", FLOW_FRAME, WITH_SOFAR },
    { "tcp.ack_frame", FLOW_FRAME, WITH_SOFAR },
    /* section 7, and 3 */
    { "id", FLOW_UINT32, ONE },
    { "tuple", FLOW_TEXT, ONE },
    { "src", FLOW_TEXT, ONE },
    { "dst", FLOW_TEXT, ONE },
    { "proto_name", FLOW_TEXT, ONE },
    { "proto", FLOW_UINT8, ONE },
    { "ip.src", FLOW_ADDR_IPV4, ONE },
    { "ip.dst", FLOW_ADDR_IPV4, ONE },
    { "ipv6.src", FLOW_ADDR_IPV6, ONE },
    { "ipv6.dst", FLOW_ADDR_IPV6, ONE },
    { "srcport", FLOW_UINT16, ONE },
    { "dstport", FLOW_UINT16, ONE },
    { "ip.addr", FLOW_ADDR_IPV4, ONE },
    { "ipv6.addr", FLOW_ADDR_IPV6, ONE },
    { "port", FLOW_UINT16, ONE },
    { "eth.src", FLOW_ADDR_MAC, ONE },
    { "eth.dst", FLOW_ADDR_MAC, ONE },
    { "eth.type", FLOW_HEX16, ONE },
    { "vni", FLOW_TEXT, ONE },
    { "index", FLOW_UINT32, ONE },
    { "first_frame", FLOW_FRAME, ONE },
    { "prev_frame", FLOW_FRAME, ONE },
    { "next_frame", FLOW_FRAME, ONE },
    { "last_frame", FLOW_FRAME, ONE },
    { "is_first", FLOW_FLAG, ONE },
    { "is_last", FLOW_FLAG, ONE },
    { "end_reason", FLOW_UINT8, ONE },
    { "end_reason_name", FLOW_TEXT, ONE },
    { "direction", FLOW_UINT8, ONE },
    { "direction_name", FLOW_TEXT, ONE },
    { "direction_reason", FLOW_UINT8, ONE },
    { "direction_reason_name", FLOW_TEXT, ONE },
};

static const struct flow_field *sofar_of(const char *name)
{
    char *sofar = g_strconcat("sofar.", name, NULL);
    const struct flow_field *field = flow_field_named(sofar);

    g_free(sofar);
    return field;
}

static void test_every_promised_field_is_there(void)
{
    size_t promised = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(promises); i++) {
        const struct flow_field *field = flow_field_named(promises[i].name);
        const struct flow_field *sofar = sofar_of(promises[i].name);

        g_test_message("%s", promises[i].name);
        g_assert_nonnull(field);
        g_assert_cmpint((int)field->kind, ==, (int)promises[i].kind);
        g_assert_cmpint(sofar != NULL, ==, promises[i].readings == WITH_SOFAR);
        promised++;
        if (!sofar)
            continue;
        g_assert_cmpint((int)sofar->kind, ==, (int)promises[i].kind);
        g_assert_cmpint((int)sofar->scope, ==, FLOW_SCOPE_SOFAR);
        g_assert_cmpint((int)field->scope, ==, FLOW_SCOPE_WHOLE);
        g_assert_cmpint((int)sofar->section, ==, (int)field->section);
        g_assert_cmpint((int)sofar->dir, ==, (int)field->dir);
        promised++;
    }
    g_assert_cmpuint(promised, <=, flow_field_count());
}

/* A field that says the whole flow's has "sofar" in its name where there is another reading. */
static void test_scopes_show_in_names(void)
{
    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);

        g_test_message("%s", field->name);
        g_assert_cmpint(g_str_has_prefix(field->name, "sofar."), ==,
                        field->scope == FLOW_SCOPE_SOFAR);
        if (field->scope == FLOW_SCOPE_SOFAR)
            g_assert_nonnull(flow_field_named(field->name + strlen("sofar.")));
        if (strstr(field->name, "up.") || strstr(field->name, "down."))
            g_assert_cmpint((int)field->dir, ==, strstr(field->name, "up.") ? FLOW_UP : FLOW_DOWN);
    }
}

static void test_fields_are_found_by_name(void)
{
    for (size_t i = 0; i < flow_field_count(); i++)
        g_assert_true(flow_field_named(flow_field_at(i)->name) == flow_field_at(i));
    g_assert_null(flow_field_named(""));
    g_assert_null(flow_field_named("flow.pkts"));
    g_assert_null(flow_field_named("pkt"));
    g_assert_null(flow_field_named("pkts "));
    g_assert_null(flow_field_named("sofar.id"));
}

static void test_names_are_fit_for_filters(void)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_assert_cmpstr(FLOW_PREFIX, ==, "flow");
    for (size_t i = 0; i < flow_field_count(); i++) {
        const char *name = flow_field_at(i)->name;

        g_test_message("%s", name);
        g_assert_true(g_regex_match_simple("^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$", name, 0, 0));
        /* Elasticsearch and -T ek write the dots as underscores. */
        g_assert_true(g_hash_table_add(seen, g_strdelimit(g_strdup(name), ".", '_')));
        /* A name is a value or a group of values, but for vni: exports leave out what is in it. */
        for (size_t other = 0; other < flow_field_count(); other++)
            g_assert_false(strcmp(name, "vni") != 0 &&
                           g_str_has_prefix(flow_field_at(other)->name, name) &&
                           flow_field_at(other)->name[strlen(name)] == '.');
    }
    g_hash_table_unref(seen);
}

static bool are_twins(const struct flow_field *left, const struct flow_field *right)
{
    return (g_str_has_prefix(left->name, "ip.") && g_str_has_prefix(right->name, "ipv6.")) ||
           (g_str_has_prefix(left->name, "ipv6.") && g_str_has_prefix(right->name, "ip."));
}

/* The addresses of IPv4 and IPv6 may share a label: no flow has both. */
static void test_labels_are_short_and_tell_apart(void)
{
    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);

        g_test_message("%s: %s", field->name, field->label);
        g_assert_cmpuint(strlen(field->label), >, 0);
        g_assert_cmpuint(strlen(field->label), <=, 40);
        g_assert_true(g_ascii_isupper(field->label[0]));
        for (size_t other = 0; other < i; other++)
            g_assert_true(strcmp(field->label, flow_field_at(other)->label) != 0 ||
                          are_twins(field, flow_field_at(other)));
    }
}

static void test_help_is_a_sentence(void)
{
    for (size_t i = 0; i < flow_field_count(); i++) {
        const char *help = flow_field_at(i)->help;

        g_test_message("%s: %s", flow_field_at(i)->name, help);
        g_assert_true(g_str_has_suffix(help, "."));
        g_assert_true(g_utf8_validate(help, -1, NULL));
        g_assert_null(strpbrk(help, "|\n\r\t")); /* fits a cell of a markdown table */
    }
}

/* A flow in which all that can be known is known. */
static struct flow_meter *talkative_meter(void)
{
    static const char vlan[] = "vlan";
    struct flow_layer layer = { .name = vlan, .id = { 7 }, .ids = 1 };
    struct flow_packet packets[] = {
        tcp_packet(1, 1, 50000, 2, 80, "S", 100, 0),
        tcp_packet(2, 2, 80, 1, 50000, "SA", 300, 101),
        tcp_packet(3, 1, 50000, 2, 80, "A", 101, 301),
        tcp_packet(4, 2, 80, 1, 50000, "RA", 301, 101),
    };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++) {
        packets[i].layers = &layer;
        packets[i].layer_count = 1;
        packets[i].eth_type = 0x0800;
        packets[i].bits = FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
        packets[i].fact.ip_id = (uint16_t)i;
        packets[i].fact.bits |= FLOW_FACT_IP_ID;
        flow_meter_account(meter, &packets[i]);
    }
    struct flow_packet error = packet_of(5, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));
    error.quote = packets[0].tuple;
    error.bits |= FLOW_PACKET_QUOTE;
    error.layers = &layer;
    error.layer_count = 1;
    flow_meter_account(meter, &error);
    flow_meter_finish(meter);
    return meter;
}

static void test_whole_flow_is_unknown_in_a_first_pass(void)
{
    struct flow_meter *meter = talkative_meter();

    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);
        bool whole = flow_field_needs_whole(field);

        g_test_message("%s", field->name);
        for (uint32_t frame = 1; frame <= 5; frame++) {
            struct flow_value first = ask(meter, frame, field->name, false);
            struct flow_value again = ask(meter, frame, field->name, true);
            if (whole)
                g_assert_false(first.known);
            else
                g_assert_cmpint(first.known, ==, again.known);
        }
    }
    flow_meter_free(meter);
}

/*
 * Somewhere in that flow each field has a value, but for those of other kinds of
 * flows, and those of quiet groups, whose own tests have them.
 */
static void test_every_field_has_a_value_somewhere(void)
{
    static const char *const elsewhere[] = { "ipv6.src", "ipv6.dst", "ipv6.addr",
                                             "sofar.icmp_error_type", "sofar.icmp_error_code" };
    struct flow_meter *meter = talkative_meter();

    for (size_t i = 0; i < flow_field_count(); i++) {
        const char *name = flow_field_at(i)->name;
        bool known = false;

        g_test_message("%s", name);
        for (uint32_t frame = 1; frame <= 5; frame++)
            known |= ask(meter, frame, name, true).known;
        for (size_t n = 0; n < G_N_ELEMENTS(elsewhere); n++)
            known |= strcmp(name, elsewhere[n]) == 0;
        g_assert_true(known || flow_field_at(i)->group->is_quiet);
    }
    flow_meter_free(meter);
}

/* What has no meaning in a flow is absent, not 0. */
static const struct {
    const char *claim;
    enum flow_family family;
    uint8_t protocol;
    bool ports;
    const char *absent[14];
    const char *present[10];
} kinds[] = {
    { "UDP over IPv4",
      FLOW_IPV4,
      FLOW_PROTOCOL_UDP,
      true,
      { "tcp.state", "tcp.state_name", "tcp.rtt", "tcp.syn_retrans", "sofar.tcp.state", "up.seq",
        "down.seq", "up.ip_id", "ipv6.src", "ipv6.dst", "ipv6.addr", "vni", "eth.src" },
      { "proto", "ip.src", "ip.dst", "ip.addr", "srcport", "dstport", "port", "up.frags", "up.lost",
        "icmp_errors" } },
    { "UDP over IPv6",
      FLOW_IPV6,
      FLOW_PROTOCOL_UDP,
      true,
      { "up.lost", "down.lost", "sofar.up.lost", "up.ip_id", "ip.src", "ip.dst", "ip.addr",
        "up.seq", "tcp.state" },
      { "proto", "ipv6.src", "ipv6.dst", "ipv6.addr", "port", "srcport", "dstport", "up.frags",
        "down.frag_pkts" } },
    { "OSPF",
      FLOW_IPV4,
      89,
      false,
      { "srcport", "dstport", "port", "tcp.state", "up.seq" },
      { "proto", "proto_name", "src", "dst", "ip.src", "up.pkts", "up.frags", "up.lost" } },
    { "ARP",
      FLOW_LINK,
      0,
      false,
      { "proto", "srcport", "dstport", "port", "ip.src", "ipv6.src", "ip.addr", "ipv6.addr",
        "up.frags", "down.frag_pkts", "up.lost", "up.ip_id", "up.seq", "tcp.state" },
      { "id", "tuple", "src", "dst", "proto_name", "up.pkts", "up.payload_bytes", "down.pkts",
        "duration" } },
};

static void test_what_has_no_meaning_is_absent(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct flow_tuple tuple =
            kinds[i].ports ? tuple_with_ports(kinds[i].family, kinds[i].protocol, 1, 50000, 2, 53)
                           : tuple_of(kinds[i].family, kinds[i].protocol, 1, 2);
        struct flow_packet packet = packet_of(1, tuple);
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

        flow_meter_account(meter, &packet);
        flow_meter_finish(meter);
        for (size_t n = 0; n < G_N_ELEMENTS(kinds[i].absent) && kinds[i].absent[n]; n++) {
            g_test_message("%s: %s", kinds[i].claim, kinds[i].absent[n]);
            g_assert_nonnull(flow_field_named(kinds[i].absent[n]));
            expect_absent(meter, 1, kinds[i].absent[n]);
        }
        for (size_t n = 0; n < G_N_ELEMENTS(kinds[i].present) && kinds[i].present[n]; n++) {
            g_test_message("%s: %s", kinds[i].claim, kinds[i].present[n]);
            g_assert_true(ask(meter, 1, kinds[i].present[n], true).known);
        }
        flow_meter_free(meter);
    }
}

static const struct {
    const char *text;
    enum flow_family family;
    uint8_t protocol;
    bool ports;
    uint16_t ident; /* in a link-layer flow the EtherType */
} tuples[] = {
    { "TCP 10.0.0.1:51234 → 10.0.0.2:443", FLOW_IPV4, FLOW_PROTOCOL_TCP, true, 0 },
    { "UDP [fd00::1]:51234 → [fd00::2]:443", FLOW_IPV6, FLOW_PROTOCOL_UDP, true, 0 },
    { "OSPF 10.0.0.1 → 10.0.0.2", FLOW_IPV4, 89, false, 0 },
    { "IP 253 fd00::1 → fd00::2", FLOW_IPV6, 253, false, 0 },
    { "ARP 02:00:00:00:00:01 → 02:00:00:00:00:02", FLOW_LINK, 0, false, 0x0806 },
    { "EtherType 0x1234 02:00:00:00:00:01 → 02:00:00:00:00:02", FLOW_LINK, 0, false, 0x1234 },
};

static void test_tuple_is_one_line(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tuples); i++)
        for (unsigned turned = 0; turned < 2; turned++) {
            struct flow_tuple tuple =
                tuple_with_ports(tuples[i].family, tuples[i].protocol, 1, 51234, 2, 443);
            if (!tuples[i].ports)
                tuple = tuple_of(tuples[i].family, tuples[i].protocol, 1, 2);
            tuple.ident = tuples[i].ident;
            struct flow_packet packet = packet_of(1, tuple);
            struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

            if (turned) { /* the answer is captured first */
                packet.tuple.end[0] = tuple.end[1];
                packet.tuple.end[1] = tuple.end[0];
                packet.message_type = FLOW_MESSAGE_RESPONSE;
            }
            flow_meter_account(meter, &packet);
            expect_text(meter, 1, "tuple", tuples[i].text);
            flow_meter_free(meter);
        }
}

/* Both ends as text, whatever the family: the answer's first capture does not turn them. */
static const struct {
    enum flow_family family;
    uint8_t protocol;
    const char *src, *dst, *proto_name;
} ends[] = {
    { FLOW_IPV4, FLOW_PROTOCOL_UDP, "10.0.0.1", "10.0.0.2", "UDP" },
    { FLOW_IPV6, FLOW_PROTOCOL_TCP, "fd00::1", "fd00::2", "TCP" },
    { FLOW_LINK, 0, "02:00:00:00:00:01", "02:00:00:00:00:02", "ARP" },
};

static void test_ends_are_text_in_every_family(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        for (unsigned turned = 0; turned < 2; turned++) {
            struct flow_tuple tuple = turned ? tuple_of(ends[i].family, ends[i].protocol, 2, 1)
                                             : tuple_of(ends[i].family, ends[i].protocol, 1, 2);
            struct flow_packet packet;
            struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

            if (ends[i].family == FLOW_LINK)
                tuple.ident = 0x0806;
            packet = packet_of(1, tuple);
            packet.message_type = turned ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
            flow_meter_account(meter, &packet);
            expect_text(meter, 1, "src", ends[i].src);
            expect_text(meter, 1, "dst", ends[i].dst);
            expect_text(meter, 1, "proto_name", ends[i].proto_name);
            flow_meter_free(meter);
        }
}

/* As ip.addr and udp.port in Wireshark: the source's value, then the destination's, no third. */
static void test_repeated_fields_have_a_value_of_each_end(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_packet packets[] = {
        udp_packet(1, 1, 50000, 2, 53),
        packet_of(2, tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 3, 50001, 4, 53)),
    };
    static const struct {
        uint32_t frame;
        const char *repeated;
        const char *of_end[FLOW_DIRS];
    } rows[] = {
        { 1, "ip.addr", { "ip.src", "ip.dst" } },
        { 1, "port", { "srcport", "dstport" } },
        { 2, "ipv6.addr", { "ipv6.src", "ipv6.dst" } },
        { 2, "port", { "srcport", "dstport" } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_meter_account(meter, &packets[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct flow_field *field = flow_field_named(rows[i].repeated);
        struct flow_view view;

        g_assert_true(flow_meter_view(meter, rows[i].frame, true, &view));
        g_assert_true(field->row->is_repeated);
        for (unsigned nth = 0; nth < FLOW_DIRS; nth++) {
            const struct flow_field *end = flow_field_named(rows[i].of_end[nth]);
            struct flow_value value = flow_field_value_nth(field, &view, nth);
            struct flow_value want = flow_field_value(end, &view);

            g_assert_true(value.known && want.known);
            if (field->kind == FLOW_UINT16)
                g_assert_cmpuint(value.as.number, ==, want.as.number);
            else
                g_assert_true(value.as.addr == want.as.addr);
            /* A field that is not repeated has its first value alone. */
            g_assert_cmpint(flow_field_value_nth(end, &view, nth).known, ==, nth == 0);
        }
        g_assert_false(flow_field_value_nth(field, &view, FLOW_DIRS).known);
        g_assert_false(flow_field_value_nth(field, &view, UINT_MAX).known);
    }
    flow_meter_free(meter);
}

/* A number that has names has a text beside it, "NAME_name", in the same reading. */
static void test_named_numbers_have_a_text_beside_them(void)
{
    struct flow_meter *meter = talkative_meter();
    unsigned named = 0;

    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);

        g_test_message("%s", field->name);
        if (!field->row->names || field->is_name)
            continue;
        char *name = g_strconcat(field->name, "_name", NULL);
        const struct flow_field *text = flow_field_named(name);

        g_assert_nonnull(text);
        g_assert_true(text->is_name && text->kind == FLOW_TEXT && text->row == field->row);
        g_assert_cmpint((int)text->scope, ==, (int)field->scope);
        for (uint32_t frame = 1; frame <= 5; frame++) {
            struct flow_value number = ask(meter, frame, field->name, true);
            struct flow_value value = ask(meter, frame, name, true);

            g_assert_cmpint(value.known, ==, number.known);
            if (value.known)
                g_assert_cmpstr(value.as.text, ==,
                                name_in(field->row->names, (uint32_t)number.as.number));
        }
        g_free(name);
        named++;
    }
    g_assert_cmpuint(named, >, 0);
    flow_meter_free(meter);
}

/* The names of IANA's protocols and IEEE's EtherTypes. */
static void test_protocols_have_names(void)
{
    static const struct {
        enum flow_family family;
        uint8_t protocol;
        uint16_t eth_type;
        const char *name;
    } rows[] = {
        { FLOW_IPV4, 1, 0, "ICMP" },        { FLOW_IPV4, 2, 0, "IGMP" },
        { FLOW_IPV4, 4, 0, "IPIP" },        { FLOW_IPV4, 6, 0, "TCP" },
        { FLOW_IPV6, 6, 0, "TCP" },         { FLOW_IPV4, 17, 0, "UDP" },
        { FLOW_IPV4, 33, 0, "DCCP" },       { FLOW_IPV4, 41, 0, "IPv6" },
        { FLOW_IPV4, 46, 0, "RSVP" },       { FLOW_IPV4, 47, 0, "GRE" },
        { FLOW_IPV4, 50, 0, "ESP" },        { FLOW_IPV4, 51, 0, "AH" },
        { FLOW_IPV6, 58, 0, "ICMPv6" },     { FLOW_IPV4, 88, 0, "EIGRP" },
        { FLOW_IPV4, 89, 0, "OSPF" },       { FLOW_IPV4, 103, 0, "PIM" },
        { FLOW_IPV4, 112, 0, "VRRP" },      { FLOW_IPV4, 115, 0, "L2TP" },
        { FLOW_IPV4, 132, 0, "SCTP" },      { FLOW_IPV4, 136, 0, "UDP-Lite" },
        { FLOW_IPV4, 0, 0, "IP 0" },        { FLOW_IPV4, 255, 0, "IP 255" },
        { FLOW_LINK, 0, 0x0806, "ARP" },    { FLOW_LINK, 0, 0x8035, "RARP" },
        { FLOW_LINK, 0, 0x88cc, "LLDP" },   { FLOW_LINK, 0, 0x888e, "EAPOL" },
        { FLOW_LINK, 0, 0x8863, "PPPoED" }, { FLOW_LINK, 0, 0x9999, "EtherType 0x9999" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow flow = { .key = { .family = (uint8_t)rows[i].family,
                                      .protocol = rows[i].protocol,
                                      .ident = rows[i].eth_type } };
        char text[32];

        flow_protocol_text(&flow, text, sizeof text);
        g_assert_cmpstr(text, ==, rows[i].name);
    }
}

static void test_pings_show_their_identifier(void)
{
    struct flow_packet ping = packet_of(1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 2));
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    ping.tuple.ident = 7;
    ping.tuple.bits = FLOW_TUPLE_IDENT;
    flow_meter_account(meter, &ping);
    const char *text = ask_known(meter, 1, "tuple").as.text;
    g_assert_true(g_str_has_prefix(text, "ICMP 10.0.0.1 → 10.0.0.2"));
    g_assert_nonnull(strstr(text, "7"));
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/field/every-promised-field-is-there", test_every_promised_field_is_there);
    g_test_add_func("/field/scopes-show-in-names", test_scopes_show_in_names);
    g_test_add_func("/field/fields-are-found-by-name", test_fields_are_found_by_name);
    g_test_add_func("/field/names-are-fit-for-filters", test_names_are_fit_for_filters);
    g_test_add_func("/field/labels-are-short-and-tell-apart", test_labels_are_short_and_tell_apart);
    g_test_add_func("/field/help-is-a-sentence", test_help_is_a_sentence);
    g_test_add_func("/field/whole-flow-is-unknown-in-a-first-pass",
                    test_whole_flow_is_unknown_in_a_first_pass);
    g_test_add_func("/field/every-field-has-a-value-somewhere",
                    test_every_field_has_a_value_somewhere);
    g_test_add_func("/field/what-has-no-meaning-is-absent", test_what_has_no_meaning_is_absent);
    g_test_add_func("/field/tuple-is-one-line", test_tuple_is_one_line);
    g_test_add_func("/field/ends-are-text-in-every-family", test_ends_are_text_in_every_family);
    g_test_add_func("/field/repeated-fields-have-a-value-of-each-end",
                    test_repeated_fields_have_a_value_of_each_end);
    g_test_add_func("/field/named-numbers-have-a-text-beside-them",
                    test_named_numbers_have_a_text_beside_them);
    g_test_add_func("/field/protocols-have-names", test_protocols_have_names);
    g_test_add_func("/field/pings-show-their-identifier", test_pings_show_their_identifier);
    return g_test_run();
}
