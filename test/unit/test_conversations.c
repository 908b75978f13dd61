#include "packets.h"

#include "conversations.h"
#include "drawing.h"
#include "meter.h"
#include "program.h"
#include "session.h"

#include <epan/conversation_filter.h>
#include <epan/conversation_table.h>
#include <epan/to_str.h>

/*
 * What Wireshark's tables say of conversations and endpoints.  That of conversations
 * is its own; that of endpoints writes down here what it is given, a line each time.
 * Frame N has N times a hundred bytes.
 */

enum { PROTO = 77, FIRST_ID = 7, FLAGS = 3, CLIENT = 1, SERVER = 2 };
enum { CLIENT_PORT = 50000, SERVER_PORT = 53 };

static struct flow_meter *meter;
static bool runs_once;
static GString *told;
static tap_packet_cb add_conversation, add_endpoints;
static is_filter_valid_func is_valid;
static build_filter_string_func build;
static ct_dissector_info_t *conversation_info;
static et_dissector_info_t *endpoint_info;
static unsigned attached;
static void (*taken)(void *data), (*drawn)(void *data);
static void *taken_data, *drawn_data;

struct flow_meter *fs_session_meter(void)
{
    return meter;
}

void fs_session_attach(void (*take)(void *data), void *data)
{
    attached++;
    taken = take;
    taken_data = data;
}

void fs_drawing_before(void (*fill)(void *data), void *data)
{
    drawn = fill;
    drawn_data = data;
}

bool fs_program_runs_once(void)
{
    return runs_once;
}

static void append_host(GString *text, const address *addr)
{
    const uint8_t *bytes = addr->data;

    switch (addr->type) {
    case AT_IPv4:
        g_assert_cmpint(addr->len, ==, 4);
        g_string_append_printf(text, "10.0.0.%u", bytes[3]);
        break;
    case AT_IPv6:
        g_assert_cmpint(addr->len, ==, 16);
        g_string_append_printf(text, "fd00::%u", bytes[15]);
        break;
    case AT_ETHER:
        g_assert_cmpint(addr->len, ==, 6);
        g_string_append_printf(text, "02:00:00:00:00:0%u", bytes[5]);
        break;
    default:
        g_assert_cmpint(addr->type, ==, AT_STRINGZ);
        g_assert_cmpint(addr->len, ==, (int)strlen(addr->data) + 1);
        g_string_append_printf(text, "\"%s\"", (const char *)addr->data);
        break;
    }
}

/* Who calls frees it with wmem_free(). */
char *address_to_display(wmem_allocator_t *scope, const address *addr)
{
    GString *text = g_string_new(NULL);

    g_assert_null(scope);
    append_host(text, addr);
    return g_string_free(text, FALSE);
}

void add_endpoint_table_data(conv_hash_t *hash, const address *addr, uint32_t port, ws_bool sender,
                             int frames, int bytes, et_dissector_info_t *info, endpoint_type type)
{
    g_assert_nonnull(hash);
    g_assert_cmpint(type, ==, ENDPOINT_NONE);
    endpoint_info = info;
    append_host(told, addr);
    g_string_append_printf(told, " %u %s %d, %d\n", port, sender ? "sent" : "got", frames, bytes);
}

void register_conversation_table(const int proto, ws_bool hides_ports, tap_packet_cb conversations,
                                 tap_packet_cb endpoints)
{
    g_assert_cmpint(proto, ==, PROTO);
    g_assert_false(hides_ports);
    add_conversation = conversations;
    add_endpoints = endpoints;
}

void register_conversation_filter(const char *proto, const char *title, is_filter_valid_func valid,
                                  build_filter_string_func text WS_CONVERSATION_FILTER_DATA)
{
    g_assert_cmpstr(proto, ==, "flow");
    g_assert_cmpstr(title, ==, "Flow");
    is_valid = valid;
    build = text;
}

/* Both functions of a filter, which get what was registered with them, or do not. */
typedef ws_bool (*valid_alone)(packet_info *pinfo);
typedef ws_bool (*valid_with_data)(packet_info *pinfo, void *data);
typedef char *(*build_alone)(packet_info *pinfo);
typedef char *(*build_with_data)(packet_info *pinfo, void *data);

#define AS(type, function) ((type)(void (*)(void))(function))

static bool has_filter(packet_info *pinfo)
{
    return _Generic(is_valid, valid_alone
                    : AS(valid_alone, is_valid)(pinfo), valid_with_data
                    : AS(valid_with_data, is_valid)(pinfo, NULL));
}

static char *filter_of(packet_info *pinfo)
{
    return _Generic(build, build_alone
                    : AS(build_alone, build)(pinfo), build_with_data
                    : AS(build_with_data, build)(pinfo, NULL));
}

/* What a table of conversations has now, a line each; and leave it empty. */
static void tell_conversations(conv_hash_t *hash)
{
    for (unsigned i = 0; hash->conv_array && i < hash->conv_array->len; i++) {
        const conv_item_t *item = &g_array_index(hash->conv_array, conv_item_t, i);
        g_assert_cmpint(item->ctype, ==, CONVERSATION_NONE);
        conversation_info = item->dissector_info;
        append_host(told, &item->src_address);
        g_string_append_printf(told, " %u > ", item->src_port);
        append_host(told, &item->dst_address);
        g_string_append_printf(
            told, " %u, flow %u: %d, %d; %d, %d; at %d.%09d, %d.%09d to %d.%09d\n", item->dst_port,
            item->conv_id, (int)item->tx_frames, (int)item->tx_bytes, (int)item->rx_frames,
            (int)item->rx_bytes, (int)item->start_abs_time.secs, item->start_abs_time.nsecs,
            (int)item->start_time.secs, item->start_time.nsecs, (int)item->stop_time.secs,
            item->stop_time.nsecs);
    }
    reset_conversation_table_data(hash);
}

static void begin(bool once)
{
    meter = flow_meter_new(NULL, FIRST_ID, NULL);
    runs_once = once;
    told = g_string_new(NULL);
    attached = 0;
    taken = drawn = NULL;
}

static void end(void)
{
    g_clear_pointer(&meter, flow_meter_free);
    g_string_free(told, TRUE);
}

static void has_told(const char *want)
{
    g_assert_cmpstr(told->str, ==, want);
    g_string_truncate(told, 0);
}

static void account(struct flow_packet packet)
{
    packet.fact.wire_len = 100 * packet.fact.frame;
    flow_meter_account(meter, &packet);
}

static struct flow_packet request(uint32_t frame)
{
    return udp_packet(frame, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT);
}

static struct flow_packet response(uint32_t frame)
{
    return udp_packet(frame, SERVER, SERVER_PORT, CLIENT, CLIENT_PORT);
}

/* Frame N is of second N, and the file begins with second 1. */
static packet_info pinfo_of(uint32_t frame)
{
    return (packet_info){ .num = frame,
                          .abs_ts = { .secs = (time_t)frame, .nsecs = 5 },
                          .rel_ts = { .secs = (time_t)frame - 1, .nsecs = 5 } };
}

static void tap(tap_packet_cb listener, conv_hash_t *hash, uint32_t frame, tap_packet_status want)
{
    packet_info pinfo = pinfo_of(frame);

    hash->flags = 0;
    g_assert_cmpint(listener(hash, &pinfo, NULL, NULL, FLAGS), ==, want);
    g_assert_cmpuint(hash->flags, ==, FLAGS);
}

/* A conversation goes from the flow's source, whoever sent the first packet that passes. */
static void test_packets_as_they_come(void)
{
    static conv_hash_t hash;

    begin(false);
    account(request(1));
    account(response(2));
    tap(add_conversation, &hash, 1, TAP_PACKET_REDRAW);
    tell_conversations(&hash);
    has_told("10.0.0.1 50000 > 10.0.0.2 53, flow 7: 1, 100; 0, 0; "
             "at 1.000000005, 0.000000005 to 0.000000005\n");
    tap(add_conversation, &hash, 2, TAP_PACKET_REDRAW);
    tell_conversations(&hash);
    has_told("10.0.0.1 50000 > 10.0.0.2 53, flow 7: 0, 0; 1, 200; "
             "at 2.000000005, 1.000000005 to 1.000000005\n");
    tap(add_endpoints, &hash, 1, TAP_PACKET_REDRAW);
    has_told("10.0.0.1 50000 sent 1, 100\n10.0.0.2 53 got 1, 100\n");
    tap(add_endpoints, &hash, 2, TAP_PACKET_REDRAW);
    has_told("10.0.0.1 50000 got 1, 200\n10.0.0.2 53 sent 1, 200\n");
    tap(add_conversation, &hash, 3, TAP_PACKET_DONT_REDRAW); /* has no flow */
    tap(add_endpoints, &hash, 3, TAP_PACKET_DONT_REDRAW);
    g_clear_pointer(&meter, flow_meter_free); /* no file is open */
    tap(add_conversation, &hash, 1, TAP_PACKET_DONT_REDRAW);
    tell_conversations(&hash);
    has_told("");
    g_assert_cmpuint(attached, ==, 0);
    g_assert_null(drawn);
    end();
}

static void test_families(void)
{
    static const struct {
        enum flow_family family;
        uint8_t bits;
        bool once;
        const char *want;
    } rows[] = {
        { FLOW_LINK, 0, false,
          "02:00:00:00:00:01 0 sent 1, 100\n02:00:00:00:00:02 0 got 1, 100\n" },
        { FLOW_IPV4, 0, false, "10.0.0.1 0 sent 1, 100\n10.0.0.2 0 got 1, 100\n" },
        { FLOW_IPV6, 0, false, "fd00::1 0 sent 1, 100\nfd00::2 0 got 1, 100\n" },
        { FLOW_IPV6, FLOW_TUPLE_PORTS, false, "fd00::1 8 sent 1, 100\nfd00::2 9 got 1, 100\n" },
        { FLOW_IPV4, 0, true, "10.0.0.1 0 sent 1, 100\n10.0.0.2 0 got 1, 100\n" },
        { FLOW_IPV4, FLOW_TUPLE_PORTS, true,
          "\"10.0.0.1:8\" 8 sent 1, 100\n\"10.0.0.2:9\" 9 got 1, 100\n" },
        { FLOW_IPV6, FLOW_TUPLE_PORTS, true,
          "\"[fd00::1]:8\" 8 sent 1, 100\n\"[fd00::2]:9\" 9 got 1, 100\n" },
    };
    static conv_hash_t hashes[G_N_ELEMENTS(rows)];

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool has_ports = rows[i].bits & FLOW_TUPLE_PORTS;
        begin(rows[i].once);
        account(packet_of(1, has_ports
                                 ? tuple_with_ports(rows[i].family, FLOW_PROTOCOL_UDP, 1, 8, 2, 9)
                                 : tuple_of(rows[i].family, 47, 1, 2)));
        tap(add_endpoints, &hashes[i], 1, TAP_PACKET_REDRAW);
        if (rows[i].once)
            drawn(drawn_data);
        has_told(rows[i].want);
        end();
    }
}

/* Packets are added when their flows are known: those that passed, each way by itself. */
static void test_flows_when_all_is_read(void)
{
    static conv_hash_t hash, other;

    begin(true);
    account(request(1));
    account(response(2));
    account(request(3));
    account(udp_packet(4, 5, CLIENT_PORT, SERVER, SERVER_PORT));
    account(request(5)); /* does not pass */
    for (uint32_t frame = 1; frame < 5; frame++)
        tap(add_conversation, &hash, frame, TAP_PACKET_REDRAW);
    g_assert_null(hash.conv_array);
    g_assert_cmpuint(attached, ==, 1);
    g_assert_true(taken == drawn && taken_data == drawn_data);
    taken(taken_data);
    tell_conversations(&hash);
    has_told("\"10.0.0.1:50000\" 50000 > \"10.0.0.2:53\" 53, flow 7: 2, 400; 1, 200; "
             "at 1.000000000, 0.000000000 to 2.000000000\n"
             "\"10.0.0.5:50000\" 50000 > \"10.0.0.2:53\" 53, flow 8: 1, 400; 0, 0; "
             "at 4.000000000, 3.000000000 to 3.000000000\n");
    /* Another listener, by whose filter only the answer passes. */
    tap(add_endpoints, &other, 2, TAP_PACKET_REDRAW);
    g_assert_cmpuint(attached, ==, 2);
    drawn(drawn_data);
    has_told("\"10.0.0.1:50000\" 50000 got 1, 200\n\"10.0.0.2:53\" 53 sent 1, 200\n");
    end();
}

static void test_a_flow_without_times(void)
{
    static conv_hash_t hash;

    begin(true);
    account(without_time(packet_of(1, tuple_of(FLOW_IPV4, 47, CLIENT, SERVER))));
    tap(add_conversation, &hash, 1, TAP_PACKET_REDRAW);
    drawn(drawn_data);
    tell_conversations(&hash);
    has_told("10.0.0.1 0 > 10.0.0.2 0, flow 7: 1, 100; 0, 0; "
             "at 0.000000000, 0.000000000 to 0.000000000\n");
    end();
}

/* Captures can say anything: what is too far from the file's start is as far as can be said. */
static void test_a_flow_that_is_far(void)
{
    static conv_hash_t hash;
    struct flow_packet packet = packet_of(1, tuple_of(FLOW_IPV4, 47, CLIENT, SERVER));

    begin(true);
    packet.fact.time_ns = INT64_MIN;
    account(packet);
    tap(add_conversation, &hash, 1, TAP_PACKET_REDRAW);
    drawn(drawn_data);
    const nstime_t start = g_array_index(hash.conv_array, conv_item_t, 0).start_time;
    g_assert_cmpint(start.secs, ==, INT64_MIN / SECOND);
    g_assert_cmpint(start.nsecs, ==, INT64_MIN % SECOND);
    tell_conversations(&hash);
    g_string_truncate(told, 0);
    end();
}

/* Of the second file what passed there, and none of what passed in the first one. */
static void test_files_one_after_the_other(void)
{
    static conv_hash_t hash;

    begin(true);
    account(request(1));
    account(request(2));
    tap(add_endpoints, &hash, 1, TAP_PACKET_REDRAW);
    tap(add_endpoints, &hash, 2, TAP_PACKET_REDRAW);
    flow_meter_end_file(meter, 2, false);
    taken(taken_data);
    g_string_truncate(told, 0);
    flow_meter_begin_file(meter);
    account(at_second(udp_packet(1, 8, CLIENT_PORT, SERVER, SERVER_PORT), 3));
    account(at_second(udp_packet(2, 9, CLIENT_PORT, SERVER, SERVER_PORT), 4));
    tap(add_endpoints, &hash, 2, TAP_PACKET_REDRAW);
    g_assert_cmpuint(attached, ==, 1);
    flow_meter_finish(meter);
    taken(taken_data);
    g_assert_null(strstr(told->str, "10.0.0.8"));
    g_assert_nonnull(strstr(told->str, "\"10.0.0.9:50000\" 50000 sent 1, 200\n"));
    end();
}

/* Wireshark counts in int: what is more comes in parts. */
static void test_many_bytes(void)
{
    static const struct {
        uint32_t bytes;
        const char *want;
    } rows[] = {
        { 0, "10.0.0.1 0 sent 1, 0\n10.0.0.2 0 got 1, 0\n" },
        { INT_MAX, "10.0.0.1 0 sent 1, 2147483647\n10.0.0.2 0 got 1, 2147483647\n" },
        { INT_MAX + 1u, "10.0.0.1 0 sent 1, 2147483647\n10.0.0.2 0 got 1, 2147483647\n"
                        "10.0.0.1 0 sent 0, 1\n10.0.0.2 0 got 0, 1\n" },
        { 3000000000u, "10.0.0.1 0 sent 1, 2147483647\n10.0.0.2 0 got 1, 2147483647\n"
                       "10.0.0.1 0 sent 0, 852516353\n10.0.0.2 0 got 0, 852516353\n" },
    };
    static conv_hash_t hashes[G_N_ELEMENTS(rows)];

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_packet packet = packet_of(1, tuple_of(FLOW_IPV4, 47, CLIENT, SERVER));
        begin(true);
        packet.fact.wire_len = rows[i].bytes;
        flow_meter_account(meter, &packet);
        tap(add_endpoints, &hashes[i], 1, TAP_PACKET_REDRAW);
        drawn(drawn_data);
        has_told(rows[i].want);
        end();
    }
}

/* Adds a packet, so that Wireshark has what asks for filters. */
static void learn_filters(void)
{
    static conv_hash_t hash;

    begin(false);
    account(request(1));
    tap(add_conversation, &hash, 1, TAP_PACKET_REDRAW);
    tell_conversations(&hash);
    tap(add_endpoints, &hash, 1, TAP_PACKET_REDRAW);
    end();
}

/* Wireshark takes two of them at once. */
static void test_filters_of_conversations(void)
{
    static const struct {
        int type;
        const char *want[3];
    } rows[] = {
        { AT_IPv4,
          { "flow.id==4294967295 && ip.src", "flow.id==4294967295 && ip.dst",
            "flow.id==4294967295 && ip.addr" } },
        { AT_IPv6,
          { "flow.id==4294967295 && ipv6.src", "flow.id==4294967295 && ipv6.dst",
            "flow.id==4294967295 && ipv6.addr" } },
        { AT_ETHER,
          { "flow.id==4294967295 && eth.src", "flow.id==4294967295 && eth.dst",
            "flow.id==4294967295 && eth.addr" } },
    };
    static const conv_filter_type_e types[] = { CONV_FT_SRC_ADDRESS, CONV_FT_DST_ADDRESS,
                                                CONV_FT_ANY_ADDRESS };

    learn_filters();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        conv_item_t item = { .src_address = { .type = rows[i].type }, .conv_id = UINT32_MAX };
        const char *filters[3];
        for (size_t which = 0; which < 3; which++)
            filters[which] = conversation_info->get_filter_type(&item, types[which]);
        for (size_t which = 0; which < 3; which++)
            g_assert_cmpstr(filters[which], ==, rows[i].want[which]);
        g_assert_cmpstr(conversation_info->get_filter_type(&item, CONV_FT_SRC_PORT), ==,
                        CONV_FILTER_INVALID);
    }
}

static void test_filters_of_endpoints(void)
{
    static const struct {
        int type;
        uint16_t port;
        const char *want;
    } rows[] = {
        { AT_IPv4, 53, "(flow.srcport==53 || flow.dstport==53) && ip.addr" },
        { AT_IPv6, 65535, "(flow.srcport==65535 || flow.dstport==65535) && ipv6.addr" },
        { AT_IPv4, 0, "ip.addr" },
        { AT_IPv6, 0, "ipv6.addr" },
        { AT_ETHER, 0, "eth.addr" },
    };

    learn_filters();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        endpoint_item_t item = { .myaddress = { .type = rows[i].type }, .port = rows[i].port };
        g_assert_cmpstr(endpoint_info->get_filter_type(&item, CONV_FT_ANY_ADDRESS), ==,
                        rows[i].want);
        g_assert_cmpstr(endpoint_info->get_filter_type(&item, CONV_FT_SRC_ADDRESS), ==,
                        CONV_FILTER_INVALID);
    }
}

static void test_filter_of_a_packet(void)
{
    packet_info with = pinfo_of(2), without = pinfo_of(3);

    begin(false);
    account(request(1));
    account(udp_packet(2, 5, CLIENT_PORT, SERVER, SERVER_PORT));
    g_assert_true(has_filter(&with));
    char *filter = filter_of(&with);
    g_assert_cmpstr(filter, ==, "flow.id == 8");
    g_free(filter);
    g_assert_false(has_filter(&without));
    g_assert_null(filter_of(&without));
    g_clear_pointer(&meter, flow_meter_free);
    g_assert_false(has_filter(&with));
    g_assert_null(filter_of(&with));
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fs_conversations_register(PROTO);
    g_test_add_func("/conversations/packets-as-they-come", test_packets_as_they_come);
    g_test_add_func("/conversations/families", test_families);
    g_test_add_func("/conversations/flows-when-all-is-read", test_flows_when_all_is_read);
    g_test_add_func("/conversations/a-flow-without-times", test_a_flow_without_times);
    g_test_add_func("/conversations/a-flow-that-is-far", test_a_flow_that_is_far);
    g_test_add_func("/conversations/files-one-after-the-other", test_files_one_after_the_other);
    g_test_add_func("/conversations/many-bytes", test_many_bytes);
    g_test_add_func("/conversations/filters-of-conversations", test_filters_of_conversations);
    g_test_add_func("/conversations/filters-of-endpoints", test_filters_of_endpoints);
    g_test_add_func("/conversations/filter-of-a-packet", test_filter_of_a_packet);
    return g_test_run();
}
