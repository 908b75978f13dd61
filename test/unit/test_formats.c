#include "ask.h"
#include "packets.h"

#include "cells.h"
#include "columns.h"
#include "sink.h"
#include "value_text.h"

#include "all.h"
#include "splt.h"
#include "text.h"

#include <epan/to_str.h>

/*
 * What exports write of a few flows, in the words of each tool, worked out by hand
 * from the packets below.
 */

#define MS   INT64_C(1000000)
#define UP   FLOW_UP
#define DOWN FLOW_DOWN
enum { F = FLOW_TCP_FIN, S = FLOW_TCP_SYN, P = FLOW_TCP_PSH, A = FLOW_TCP_ACK };
enum { U = FLOW_TCP_URG, E = FLOW_TCP_ECE, C = FLOW_TCP_CWR };

/* 14 November 2023, 12:05:07 in UTC. */
#define NOON (INT64_C(1699963507) * SECOND)

static const char vlan[] = "vlan", gtp[] = "gtp";

/* Wireshark's, but no protocol has been registered with it. */
void address_to_str_buf(const address *addr, char *ret_text, int size)
{
    const uint8_t *bytes = addr->data;

    g_assert_cmpint(size, ==, FS_VALUE_TEXT_LEN);
    if (addr->type == AT_ETHER)
        g_snprintf(ret_text, (unsigned)size, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1],
                   bytes[2], bytes[3], bytes[4], bytes[5]);
    else
        flow_addr_text(addr->type == AT_IPv4 ? FLOW_IPV4 : FLOW_IPV6, bytes, ret_text);
}

/* The user's choice. */
static GPtrArray *columns;

const GPtrArray *fs_columns(void)
{
    return columns;
}

/*
 * Frames 1 to 19: a connection.  The client sends three packets in a row, then one after
 * a pause, and the server four, and a fifth a second later.
 */
struct segment_row {
    int64_t ms;
    enum flow_dir dir;
    unsigned flags;
    uint32_t seq, ack, len;
    uint16_t window;
    uint8_t words; /* of the TCP header */
};

static const struct segment_row connection[] = {
    { 0, UP, S | E | C, 1000, 0, 0, 64000, 10 },   { 10, DOWN, S | A | E, 5000, 1001, 0, 32000, 8 },
    { 20, UP, A, 1001, 5001, 0, 500, 5 },          { 30, UP, P | A, 1001, 5001, 100, 500, 5 },
    { 40, UP, A, 1101, 5001, 200, 500, 5 },        { 50, UP, A, 1301, 5001, 300, 500, 5 },
    { 60, UP, P | A | U, 1601, 5001, 0, 500, 5 },  { 70, UP, A, 1601, 5001, 0, 500, 5 },
    { 80, DOWN, P | A, 5001, 1601, 1000, 700, 5 }, { 90, UP, A, 1601, 6001, 0, 500, 5 },
    { 6590, UP, P | A, 1601, 6001, 20, 500, 5 },   { 6600, DOWN, A, 6001, 1621, 400, 700, 5 },
    { 6601, DOWN, A, 6401, 1621, 400, 700, 5 },    { 6602, DOWN, P | A, 6801, 1621, 400, 700, 5 },
    { 6604, DOWN, A, 7201, 1621, 400, 700, 5 },    { 7604, DOWN, A, 7601, 1621, 100, 700, 5 },
    { 7610, UP, F | A, 1621, 7701, 0, 500, 5 },    { 7620, DOWN, F | A, 7701, 1622, 0, 700, 5 },
    { 7630, UP, A, 1622, 7702, 0, 500, 5 },
};

static void with_macs(struct flow_packet *packet, bool is_up)
{
    static const uint8_t mac[2][FLOW_MAC_LEN] = { { 2, 0x1b, 3, 4, 5, 6 },
                                                  { 0xa, 0xb, 0xc, 0xd, 0xe, 0xf } };

    packet->bits |= FLOW_PACKET_MACS;
    memcpy(packet->mac[!is_up], mac[0], FLOW_MAC_LEN);
    memcpy(packet->mac[is_up], mac[1], FLOW_MAC_LEN);
}

static void account_connection(struct flow_meter *meter)
{
    for (uint32_t i = 0; i < G_N_ELEMENTS(connection); i++) {
        const struct segment_row *row = &connection[i];
        bool is_up = row->dir == UP;
        struct flow_packet packet =
            tcp_packet(i + 1, is_up ? 1 : 2, is_up ? 50000 : 80, is_up ? 2 : 1, is_up ? 80 : 50000,
                       "", row->seq, row->ack);
        struct flow_fact *fact = &packet.fact;
        fact->time_ns = NOON + row->ms * MS;
        fact->payload_len = row->len;
        fact->header_words = row->words;
        fact->ip_len = 20 + 4u * row->words + row->len;
        fact->wire_len = fact->cap_len = 14 + fact->ip_len;
        fact->tcp_flags = (uint8_t)row->flags;
        fact->tcp_window = row->window;
        fact->bits |= FLOW_FACT_IP;
        with_macs(&packet, is_up);
        flow_meter_account(meter, &packet);
    }
}

/* Frame 20: a router says that the server cannot be reached. */
static void account_error(struct flow_meter *meter)
{
    struct flow_packet error = packet_of(20, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));

    error.fact.time_ns = NOON + 8000 * MS;
    error.fact.icmp_type = 3;
    error.fact.icmp_code = 1;
    error.quote = tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_TCP, 1, 50000, 2, 80);
    error.fact.bits |= FLOW_FACT_CHECKSUM;
    error.bits |= FLOW_PACKET_QUOTE;
    flow_meter_account(meter, &error);
}

/* Of the tunnelled ones: through it, from its end FROM to TO. */
static void account_tunnelled(struct flow_meter *meter, struct flow_packet packet, uint8_t from,
                              uint8_t to)
{
    struct flow_layer layers[] = {
        { .name = vlan, .id = { 17 }, .ids = 1 },
        { .name = vlan, .id = { 8 }, .ids = 1 },
        { .name = gtp,
          .id = { 5 },
          .ids = 1,
          .family = FLOW_IPV4,
          .bits = FLOW_LAYER_ENDS | FLOW_LAYER_ID_KEY | FLOW_LAYER_KEY },
    };

    memcpy(layers[2].end[0], host_end(FLOW_IPV4, from, 0).addr, FLOW_ADDR_LEN);
    memcpy(layers[2].end[1], host_end(FLOW_IPV4, to, 0).addr, FLOW_ADDR_LEN);
    packet.layers = layers;
    packet.layer_count = G_N_ELEMENTS(layers);
    flow_meter_account(meter, &packet);
}

/* Frames 21 to 24: before there was time as computers have it, and an answer of no time. */
static void account_datagrams(struct flow_meter *meter)
{
    struct flow_tuple asked = tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 3, 5000, 4, 53),
                      answered = tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 4, 53, 3, 5000);

    for (int i = 0; i < 2; i++) {
        memset(asked.end[i].addr, i == 0 ? 0xab : 0xcd, FLOW_ADDR_LEN); /* as long as can be */
        memcpy(answered.end[!i].addr, asked.end[i].addr, FLOW_ADDR_LEN);
    }
    for (int i = 0; i < 3; i++) {
        struct flow_packet packet = packet_of(21 + (uint32_t)i, asked);
        packet.fact.time_ns = -1500 * MS + i * SECOND;
        packet.fact.payload_len = i == 1 ? 0 : 30;
        packet.fact.header_words = i == 0 ? 0 : 2;
        account_tunnelled(meter, packet, 11, 12);
    }
    struct flow_packet answer = without_time(packet_of(24, answered));
    answer.fact.time_ns = 0;
    account_tunnelled(meter, answer, 12, 11);
}

/* Frames 25 to 30: after midnight, four in a row, one of them late, and two after pauses. */
static void account_night(struct flow_meter *meter)
{
    static const struct {
        int64_t ns;
        uint32_t len;
        uint8_t words;
    } rows[] = {
        { 0, 10, 3 },     { SECOND, 20, 2 },         { 900 * MS, 30, 0 },
        { SECOND, 1, 4 }, { 2 * SECOND + 1, 40, 4 }, { 5 * SECOND, 50, 4 },
    };

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_packet packet = udp_packet(25 + i, 5, 6000, 6, 7000);
        packet.fact.time_ns = NOON + 42893 * SECOND + rows[i].ns; /* 00:00:00 */
        packet.fact.payload_len = rows[i].len;
        packet.fact.header_words = rows[i].words;
        flow_meter_account(meter, &packet);
    }
}

/* Frames 31 to 36: without a time, of no transport that Zeek knows, and of no IP. */
static void account_others(struct flow_meter *meter)
{
    for (uint32_t frame = 31; frame <= 34; frame++) {
        struct flow_packet timeless = without_time(udp_packet(frame, 7, 6000, 8, 7000));
        timeless.fact.time_ns = 0;
        flow_meter_account(meter, &timeless);
    }
    struct flow_packet other = packet_of(35, tuple_of(FLOW_IPV4, UINT8_MAX, 1, 2));
    struct flow_packet link = packet_of(36, tuple_of(FLOW_LINK, 0, 1, 2));
    flow_meter_account(meter, &other);
    flow_meter_account(meter, &link);
}

/* What extensions would say, by flow. */
static const char *const sayings[][7] = {
    { "tls", NULL, "dns", NULL, NULL },
    { NULL, NULL, NULL, "s.example", NULL },
    { "h.example", NULL, NULL, "no", NULL },
    { "no", NULL, "d.example", "no", NULL },
    { "one, \"two\"", NULL, NULL, NULL, NULL },
    { "ja3s", NULL, NULL, NULL, NULL },
    { "=agent", NULL, NULL, NULL, NULL },
    { "text/html", NULL, NULL, NULL, NULL },
    { "a b", "c", "", NULL, NULL },
    { "1 2", "30", "-4", NULL, NULL },
    { "set", NULL, "set", NULL, NULL },
    { "+x", "-x", "@x", "\tx", "\rx", "=", "x" },
};

static struct flow_value say(const struct flow_asked *asked)
{
    const char *text = sayings[asked->row->number][asked->view->flow->id];
    struct flow_value value = { .known = text != NULL };

    if (asked->row->kind == FLOW_FLAG)
        value.as.number = 1;
    else
        value.as.text = text;
    return value;
}

#define SAYS(field, at, what)                                                                      \
    {                                                                                              \
        .name = field, .label = "Said", .help = "What was said.", .value = say, .number = at,      \
        .kind = what, .scope = FLOW_SCOPE_FLOW                                                     \
    }

static const struct flow_row app_rows[] = { SAYS("app", 0, FLOW_TEXT), { .name = NULL } };
static const struct flow_row sticky_rows[] = {
    SAYS("sticky.tls.handshake.extensions_server_name", 1, FLOW_TEXT),
    SAYS("sticky.http.host", 2, FLOW_TEXT),
    SAYS("sticky.dns.qry.name", 3, FLOW_TEXT),
    SAYS("sticky.tls.handshake.ja3", 4, FLOW_TEXT),
    SAYS("sticky.tls.handshake.ja3s", 5, FLOW_TEXT),
    SAYS("sticky.http.user_agent", 6, FLOW_TEXT),
    SAYS("sticky.http.content_type", 7, FLOW_TEXT),
    { .name = "sticky.texts",
      .label = "Said",
      .help = "Texts.",
      .value = say,
      .number = 8,
      .kind = FLOW_TEXT,
      .scope = FLOW_SCOPE_FLOW,
      .list = FLOW_LIST_TEXTS },
    { .name = "sticky.numbers",
      .label = "Said",
      .help = "Numbers.",
      .value = say,
      .number = 9,
      .kind = FLOW_TEXT,
      .scope = FLOW_SCOPE_FLOW,
      .list = FLOW_LIST_NUMBERS },
    SAYS("sticky.flag", 10, FLOW_FLAG),
    SAYS("sticky.formula", 11, FLOW_TEXT),
    { .name = NULL },
};

static const struct flow_group app = { .version = FLOW_EXTENSION_VERSION,
                                       .name = "app",
                                       .title = "App",
                                       .help = "The application.",
                                       .rows = app_rows };
static const struct flow_group sticky = { .version = FLOW_EXTENSION_VERSION,
                                          .name = "sticky",
                                          .title = "Sticky",
                                          .help = "What was said.",
                                          .rows = sticky_rows };

static struct flow_groups groups;
static struct flow_meter *meter;

static void make_meter(void)
{
    for (size_t i = 0; flow_groups_all[i]; i++)
        flow_groups_add(&groups, flow_groups_all[i]);
    flow_groups_add(&groups, &app);
    flow_groups_add(&groups, &sticky);
    flow_fields_add(&app);
    flow_fields_add(&sticky);
    meter = flow_meter_new(NULL, 0, &groups);
    account_connection(meter);
    account_error(meter);
    account_datagrams(meter);
    account_night(meter);
    account_others(meter);
    flow_meter_finish(meter);
}

/* The flows of the meter, in order. */
enum { CONNECTION, ERROR, DATAGRAMS, NIGHT, TIMELESS, OTHER, LINK, FLOWS };

/* The n-th flow as the format has it; nothing where it has none. */
static GString *row_of(const struct fs_sink *sink, unsigned n)
{
    static struct flow_view view;
    GString *out = g_string_new(NULL);

    g_assert_true(flow_meter_flow_view(meter, n, &view));
    sink->row(out, &view);
    return out;
}

static void is_text(GString *out, const char *want)
{
    g_assert_cmpstr(out->str, ==, want);
    g_string_free(out, TRUE);
}

/* JSON with apostrophes, which can be read here. */
static void is_json(GString *out, const char *want)
{
    char *text = g_strdelimit(g_strdup(want), "'", '"');

    is_text(out, text);
    g_free(text);
}

/* Cell for cell: a line says which one is wrong. */
static const char *skip_cell(const char *at, const char *name, const char *want, char end)
{
    size_t length = strlen(want);

    if (strncmp(at, want, length) != 0 || at[length] != end) {
        g_test_message("%s: not %s, but %s", name, want, at);
        g_test_fail();
        return strchr(at, end) + 1;
    }
    return at + length + 1;
}

/* A column: its name, and what it says of each flow that has a row. */
struct column {
    const char *name;
    const char *cells[6];
};

static void has_columns(const struct fs_sink *sink, const struct column *want, size_t count)
{
    GString *out = g_string_new(NULL);

    sink->begin(out);
    const char *at = out->str;
    for (size_t i = 0; i < count; i++)
        at = skip_cell(at, "heading", want[i].name, i + 1 < count ? ',' : '\n');
    g_assert_cmpstr(at, ==, "");
    g_string_free(out, TRUE);
}

static void has_cells(const struct fs_sink *sink, unsigned flow, const struct column *want,
                      size_t count, unsigned row)
{
    GString *out = row_of(sink, flow);
    const char *at = out->str;

    for (size_t i = 0; i < count; i++)
        at = skip_cell(at, want[i].name, want[i].cells[row], i + 1 < count ? ',' : '\n');
    g_assert_cmpstr(at, ==, "");
    g_string_free(out, TRUE);
}

/* Of the connection, the error, the datagrams, the night, the timeless and the other one. */
static const struct column nfstream[] = {
    { "id", { "0", "1", "2", "3", "4", "5" } },
    { "expiration_id", { "-1", "-1", "-1", "-1", "-1", "-1" } },
    { "src_ip",
      { "10.0.0.1", "10.0.0.9", "abab:abab:abab:abab:abab:abab:abab:abab", "10.0.0.5", "10.0.0.7",
        "10.0.0.1" } },
    { "src_mac", { "02:1b:03:04:05:06", "", "", "", "", "" } },
    { "src_oui", { "02:1b:03", "", "", "", "", "" } },
    { "src_port", { "50000", "0", "5000", "6000", "6000", "0" } },
    { "dst_ip",
      { "10.0.0.2", "10.0.0.1", "cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd", "10.0.0.6", "10.0.0.8",
        "10.0.0.2" } },
    { "dst_mac", { "0a:0b:0c:0d:0e:0f", "", "", "", "", "" } },
    { "dst_oui", { "0a:0b:0c", "", "", "", "", "" } },
    { "dst_port", { "80", "0", "53", "7000", "7000", "0" } },
    { "protocol", { "6", "1", "17", "17", "17", "255" } },
    { "ip_version", { "4", "4", "6", "4", "4", "4" } },
    { "vlan_id", { "0", "0", "17", "0", "0", "0" } },
    { "tunnel_id", { "0", "0", "1", "0", "0", "0" } },
    { "bidirectional_first_seen_ms",
      { "1699963507000", "1699963515000", "-1500", "1700006400000", "0", "35000" } },
    { "bidirectional_last_seen_ms",
      { "1699963514630", "1699963515000", "500", "1700006405000", "0", "35000" } },
    { "bidirectional_duration_ms", { "7630", "0", "2000", "5000", "0", "0" } },
    { "bidirectional_packets", { "19", "1", "4", "6", "4", "1" } },
    { "bidirectional_bytes", { "4378", "120", "480", "720", "480", "120" } },
    { "src2dst_first_seen_ms",
      { "1699963507000", "1699963515000", "-1500", "1700006400000", "0", "35000" } },
    { "src2dst_last_seen_ms",
      { "1699963514630", "1699963515000", "500", "1700006405000", "0", "35000" } },
    { "src2dst_duration_ms", { "7630", "0", "2000", "5000", "0", "0" } },
    { "src2dst_packets", { "11", "1", "3", "6", "4", "1" } },
    { "src2dst_bytes", { "1234", "120", "360", "720", "480", "120" } },
    { "dst2src_first_seen_ms", { "1699963507010", "0", "0", "0", "0", "0" } },
    { "dst2src_last_seen_ms", { "1699963514620", "0", "0", "0", "0", "0" } },
    { "dst2src_duration_ms", { "7610", "0", "0", "0", "0", "0" } },
    { "dst2src_packets", { "8", "0", "1", "0", "0", "0" } },
    { "dst2src_bytes", { "3144", "0", "120", "0", "0", "0" } },
    { "bidirectional_min_ps", { "54", "120", "120", "120", "120", "120" } },
    { "bidirectional_mean_ps", { "230.421052631579", "120", "120", "120", "120", "120" } },
    { "bidirectional_stddev_ps", { "258.153768946054", "0", "0", "0", "0", "0" } },
    { "bidirectional_max_ps", { "1054", "120", "120", "120", "120", "120" } },
    { "src2dst_min_ps", { "54", "120", "120", "120", "120", "120" } },
    { "src2dst_mean_ps", { "112.181818181818", "120", "120", "120", "120", "120" } },
    { "src2dst_stddev_ps", { "101.766220507414", "0", "0", "0", "0", "0" } },
    { "src2dst_max_ps", { "354", "120", "120", "120", "120", "120" } },
    { "dst2src_min_ps", { "54", "0", "120", "0", "0", "0" } },
    { "dst2src_mean_ps", { "393", "0", "120", "0", "0", "0" } },
    { "dst2src_stddev_ps", { "323.104582803419", "0", "0", "0", "0", "0" } },
    { "dst2src_max_ps", { "1054", "0", "120", "0", "0", "0" } },
    { "bidirectional_min_piat_ms", { "1", "0", "1000", "0", "0", "0" } },
    { "bidirectional_mean_piat_ms", { "423.888888888889", "0", "1000", "1000", "0", "0" } },
    { "bidirectional_stddev_piat_ms",
      { "1534.25532382743", "0", "0", "1224.74487098334", "0", "0" } },
    { "bidirectional_max_piat_ms", { "6500", "0", "1000", "2999.999999", "0", "0" } },
    { "src2dst_min_piat_ms", { "10", "0", "1000", "0", "0", "0" } },
    { "src2dst_mean_piat_ms", { "763", "0", "1000", "1000", "0", "0" } },
    { "src2dst_stddev_piat_ms", { "2040.43595559598", "0", "0", "1224.74487098334", "0", "0" } },
    { "src2dst_max_piat_ms", { "6500", "0", "1000", "2999.999999", "0", "0" } },
    { "dst2src_min_piat_ms", { "1", "0", "0", "0", "0", "0" } },
    { "dst2src_mean_piat_ms", { "1087.14285714286", "0", "0", "0", "0", "0" } },
    { "dst2src_stddev_piat_ms", { "2423.57878825037", "0", "0", "0", "0", "0" } },
    { "dst2src_max_piat_ms", { "6520", "0", "0", "0", "0", "0" } },
    { "bidirectional_syn_packets", { "2", "0", "0", "0", "0", "0" } },
    { "bidirectional_cwr_packets", { "1", "0", "0", "0", "0", "0" } },
    { "bidirectional_ece_packets", { "2", "0", "0", "0", "0", "0" } },
    { "bidirectional_urg_packets", { "1", "0", "0", "0", "0", "0" } },
    { "bidirectional_ack_packets", { "18", "0", "0", "0", "0", "0" } },
    { "bidirectional_psh_packets", { "5", "0", "0", "0", "0", "0" } },
    { "bidirectional_rst_packets", { "0", "0", "0", "0", "0", "0" } },
    { "bidirectional_fin_packets", { "2", "0", "0", "0", "0", "0" } },
    { "src2dst_syn_packets", { "1", "0", "0", "0", "0", "0" } },
    { "src2dst_cwr_packets", { "1", "0", "0", "0", "0", "0" } },
    { "src2dst_ece_packets", { "1", "0", "0", "0", "0", "0" } },
    { "src2dst_urg_packets", { "1", "0", "0", "0", "0", "0" } },
    { "src2dst_ack_packets", { "10", "0", "0", "0", "0", "0" } },
    { "src2dst_psh_packets", { "3", "0", "0", "0", "0", "0" } },
    { "src2dst_rst_packets", { "0", "0", "0", "0", "0", "0" } },
    { "src2dst_fin_packets", { "1", "0", "0", "0", "0", "0" } },
    { "dst2src_syn_packets", { "1", "0", "0", "0", "0", "0" } },
    { "dst2src_cwr_packets", { "0", "0", "0", "0", "0", "0" } },
    { "dst2src_ece_packets", { "1", "0", "0", "0", "0", "0" } },
    { "dst2src_urg_packets", { "0", "0", "0", "0", "0", "0" } },
    { "dst2src_ack_packets", { "8", "0", "0", "0", "0", "0" } },
    { "dst2src_psh_packets", { "2", "0", "0", "0", "0", "0" } },
    { "dst2src_rst_packets", { "0", "0", "0", "0", "0", "0" } },
    { "dst2src_fin_packets", { "1", "0", "0", "0", "0", "0" } },
    { "splt_direction",
      { "\"[0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1]\"",
        "\"[0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, 0, 0, 1, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\"" } },
    { "splt_ps",
      { "\"[74, 66, 54, 154, 254, 354, 54, 54, 1054, 54, 74, 454]\"",
        "\"[120, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[120, 120, 120, 120, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[120, 120, 120, 120, 120, 120, -1, -1, -1, -1, -1, -1]\"",
        "\"[120, 120, 120, 120, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[120, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\"" } },
    { "splt_piat_ms",
      { "\"[0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 6500, 10]\"",
        "\"[0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, 1000, -100, 100, 1000.000001, 2999.999999, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1]\"",
        "\"[0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\"" } },
    { "application_name", { "tls", "", "dns", "", "", "" } },
    { "application_category_name", { "", "", "", "", "", "" } },
    { "application_is_guessed", { "0", "0", "0", "0", "0", "0" } },
    { "application_confidence", { "0", "0", "0", "0", "0", "0" } },
    { "requested_server_name", { "h.example", "", "d.example", "s.example", "", "" } },
    { "client_fingerprint", { "\"one, \"\"two\"\"\"", "", "", "", "", "" } },
    { "server_fingerprint", { "ja3s", "", "", "", "", "" } },
    { "user_agent", { "=agent", "", "", "", "", "" } },
    { "content_type", { "text/html", "", "", "", "", "" } },
};

static void test_nfstream(void)
{
    static const unsigned flows[] = { CONNECTION, ERROR, DATAGRAMS, NIGHT, TIMELESS, OTHER };

    has_columns(&fs_nfstream, nfstream, G_N_ELEMENTS(nfstream));
    for (unsigned i = 0; i < G_N_ELEMENTS(flows); i++)
        has_cells(&fs_nfstream, flows[i], nfstream, G_N_ELEMENTS(nfstream), i);
    is_text(row_of(&fs_nfstream, LINK), "");
}

/* It is 0 after a silence, 1 after a time, and else -1. */
static void test_expiration_of_nfstream(void)
{
    static const struct {
        struct flow_limits limits;
        const char *want;
    } rows[] = {
        { { .idle_ns = 5 * SECOND }, "0,0," },
        { { .active_ns = 5 * SECOND }, "0,1," },
        { { .idle_ns = 0 }, "0,-1," },
    };
    struct flow_meter *whole = meter;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        meter = flow_meter_new(&rows[i].limits, 0, &groups);
        account_connection(meter);
        flow_meter_finish(meter);
        GString *out = row_of(&fs_nfstream, 0);
        g_assert_true(g_str_has_prefix(out->str, rows[i].want));
        g_string_free(out, TRUE);
        flow_meter_free(meter);
    }
    meter = whole;
}

/* Of the connection, the datagrams, the night and the timeless. */
static const struct column cic[] = {
    { "Flow ID",
      { "10.0.0.1-10.0.0.2-50000-80-6",
        "abab:abab:abab:abab:abab:abab:abab:abab-cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd-5000-53-"
        "17",
        "10.0.0.5-10.0.0.6-6000-7000-17", "10.0.0.7-10.0.0.8-6000-7000-17" } },
    { "Src IP", { "10.0.0.1", "abab:abab:abab:abab:abab:abab:abab:abab", "10.0.0.5", "10.0.0.7" } },
    { "Src Port", { "50000", "5000", "6000", "6000" } },
    { "Dst IP", { "10.0.0.2", "cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd", "10.0.0.6", "10.0.0.8" } },
    { "Dst Port", { "80", "53", "7000", "7000" } },
    { "Protocol", { "6", "17", "17", "17" } },
    { "Timestamp",
      { "14/11/2023 12:05:07 PM", "31/12/1969 11:59:58 PM", "15/11/2023 12:00:00 AM", "" } },
    { "Flow Duration", { "7630000", "2000000", "5000000", "0" } },
    { "Total Fwd Packet", { "11", "3", "6", "4" } },
    { "Total Bwd packets", { "8", "1", "0", "0" } },
    { "Total Length of Fwd Packet", { "620", "60", "151", "40" } },
    { "Total Length of Bwd Packet", { "2700", "10", "0", "0" } },
    { "Fwd Packet Length Max", { "300", "30", "50", "10" } },
    { "Fwd Packet Length Min", { "0", "0", "1", "10" } },
    { "Fwd Packet Length Mean", { "56.3636363636364", "20", "25.1666666666667", "10" } },
    { "Fwd Packet Length Std",
      { "102.691063610494", "17.3205080756888", "18.4436077454132", "0" } },
    { "Bwd Packet Length Max", { "1000", "10", "0", "0" } },
    { "Bwd Packet Length Min", { "0", "10", "0", "0" } },
    { "Bwd Packet Length Mean", { "337.5", "10", "0", "0" } },
    { "Bwd Packet Length Std", { "324.862608321909", "0", "0", "0" } },
    { "Flow Bytes/s", { "435.124508519004", "35", "30.2", "0" } },
    { "Flow Packets/s", { "2.49017038007864", "2", "1.2", "0" } },
    { "Flow IAT Mean", { "423888.888888889", "1000000", "1000000", "0" } },
    { "Flow IAT Std", { "1534255.32382743", "0", "1224744.87098334", "0" } },
    { "Flow IAT Max", { "6500000", "1000000", "2999999.999", "0" } },
    { "Flow IAT Min", { "1000", "1000000", "0", "0" } },
    { "Fwd IAT Total", { "7630000", "2000000", "5000000", "0" } },
    { "Fwd IAT Mean", { "763000", "1000000", "1000000", "0" } },
    { "Fwd IAT Std", { "2040435.95559598", "0", "1224744.87098334", "0" } },
    { "Fwd IAT Max", { "6500000", "1000000", "2999999.999", "0" } },
    { "Fwd IAT Min", { "10000", "1000000", "0", "0" } },
    { "Bwd IAT Total", { "7610000", "0", "0", "0" } },
    { "Bwd IAT Mean", { "1087142.85714286", "0", "0", "0" } },
    { "Bwd IAT Std", { "2423578.78825037", "0", "0", "0" } },
    { "Bwd IAT Max", { "6520000", "0", "0", "0" } },
    { "Bwd IAT Min", { "1000", "0", "0", "0" } },
    { "Fwd PSH Flags", { "3", "0", "0", "0" } },
    { "Bwd PSH Flags", { "2", "0", "0", "0" } },
    { "Fwd URG Flags", { "1", "0", "0", "0" } },
    { "Bwd URG Flags", { "0", "0", "0", "0" } },
    { "Fwd Header Length", { "240", "16", "68", "0" } },
    { "Bwd Header Length", { "172", "0", "0", "0" } },
    { "Fwd Packets/s", { "1.44167758846658", "1.5", "1.2", "0" } },
    { "Bwd Packets/s", { "1.04849279161206", "0.5", "0", "0" } },
    { "Packet Length Min", { "0", "0", "1", "10" } },
    { "Packet Length Max", { "1000", "30", "50", "10" } },
    { "Packet Length Mean", { "174.736842105263", "17.5", "25.1666666666667", "10" } },
    { "Packet Length Std", { "259.301806589512", "15", "18.4436077454132", "0" } },
    { "Packet Length Variance", { "67237.4269005848", "225", "340.166666666667", "0" } },
    { "FIN Flag Count", { "2", "0", "0", "0" } },
    { "SYN Flag Count", { "2", "0", "0", "0" } },
    { "RST Flag Count", { "0", "0", "0", "0" } },
    { "PSH Flag Count", { "5", "0", "0", "0" } },
    { "ACK Flag Count", { "18", "0", "0", "0" } },
    { "URG Flag Count", { "1", "0", "0", "0" } },
    { "CWR Flag Count", { "1", "0", "0", "0" } },
    { "ECE Flag Count", { "2", "0", "0", "0" } },
    { "Down/Up Ratio", { "0.727272727272727", "0.333333333333333", "0", "0" } },
    { "Average Packet Size", { "174.736842105263", "17.5", "25.1666666666667", "10" } },
    { "Fwd Segment Size Avg", { "56.3636363636364", "20", "25.1666666666667", "10" } },
    { "Bwd Segment Size Avg", { "337.5", "10", "0", "0" } },
    { "Fwd Bytes/Bulk Avg", { "0", "0", "61", "0" } },
    { "Fwd Packet/Bulk Avg", { "0", "0", "4", "0" } },
    { "Fwd Bulk Rate Avg", { "0", "0", "61", "0" } },
    { "Bwd Bytes/Bulk Avg", { "1700", "0", "0", "0" } },
    { "Bwd Packet/Bulk Avg", { "5", "0", "0", "0" } },
    { "Bwd Bulk Rate Avg", { "1693.22709163347", "0", "0", "0" } },
    { "Subflow Fwd Packets", { "5.5", "3", "2", "4" } },
    { "Subflow Fwd Bytes", { "310", "60", "50.3333333333333", "40" } },
    { "Subflow Bwd Packets", { "4", "1", "0", "0" } },
    { "Subflow Bwd Bytes", { "1350", "10", "0", "0" } },
    { "FWD Init Win Bytes", { "64000", "0", "0", "0" } },
    { "Bwd Init Win Bytes", { "32000", "0", "0", "0" } },
    { "Fwd Act Data Pkts", { "4", "2", "6", "4" } },
    { "Fwd Seg Size Min", { "20", "8", "8", "0" } },
    { "Active Mean", { "565000", "2000000", "5000000", "0" } },
    { "Active Std", { "671751.44212722", "0", "0", "0" } },
    { "Active Max", { "1040000", "2000000", "5000000", "0" } },
    { "Active Min", { "90000", "2000000", "5000000", "0" } },
    { "Idle Mean", { "6500000", "0", "0", "0" } },
    { "Idle Std", { "0", "0", "0", "0" } },
    { "Idle Max", { "6500000", "0", "0", "0" } },
    { "Idle Min", { "6500000", "0", "0", "0" } },
    { "Label", { "NeedManualLabel", "NeedManualLabel", "NeedManualLabel", "NeedManualLabel" } },
};

static void test_cic(void)
{
    static const unsigned flows[] = { CONNECTION, DATAGRAMS, NIGHT, TIMELESS };

    has_columns(&fs_cic, cic, G_N_ELEMENTS(cic));
    for (unsigned i = 0; i < G_N_ELEMENTS(flows); i++)
        has_cells(&fs_cic, flows[i], cic, G_N_ELEMENTS(cic), i);
    is_text(row_of(&fs_cic, ERROR), "");
    is_text(row_of(&fs_cic, OTHER), "");
    is_text(row_of(&fs_cic, LINK), "");
}

static const char *const conn_log[] = {
    "{'ts':1699963507.000000000,'uid':'C1BfH5MVMEiU9iVllT','id.orig_h':'10.0.0.1',"
    "'id.orig_p':50000,'id.resp_h':'10.0.0.2','id.resp_p':80,'proto':'tcp',"
    "'service':'tls','duration':7.630000000,'orig_bytes':620,'resp_bytes':2700,"
    "'conn_state':'SF','missed_bytes':0,'history':'ShADdFf','orig_pkts':11,"
    "'orig_ip_bytes':1080,'resp_pkts':8,'resp_ip_bytes':3032,'ip_proto':6,"
    "'orig_l2_addr':'02:1b:03:04:05:06','resp_l2_addr':'0a:0b:0c:0d:0e:0f',"
    "'community_id':'1:jFryvin7b0RtSlPCZ3QhbbsOrZc='}\n",
    "{'ts':1699963515.000000000,'uid':'C0jMLuLaR1MoEqNWsA','id.orig_h':'10.0.0.9',"
    "'id.orig_p':3,'id.resp_h':'10.0.0.1','id.resp_p':1,'proto':'icmp',"
    "'duration':0.000000000,'orig_bytes':10,'resp_bytes':0,'conn_state':'OTH',"
    "'missed_bytes':0,'orig_pkts':1,'orig_ip_bytes':0,'resp_pkts':0,'resp_ip_bytes':0,"
    "'ip_proto':1,'community_id':'1:FutSOBs/xBc7wkuFbYH/sZyfZw8='}\n",
    "{'ts':-1.500000000,'uid':'C0EjCO4Qx9cm6UViMr',"
    "'id.orig_h':'abab:abab:abab:abab:abab:abab:abab:abab','id.orig_p':5000,"
    "'id.resp_h':'cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd','id.resp_p':53,'proto':'udp',"
    "'service':'dns','duration':2.000000000,'orig_bytes':60,'resp_bytes':10,"
    "'conn_state':'SF','missed_bytes':0,'history':'Dd','orig_pkts':3,'orig_ip_bytes':0,"
    "'resp_pkts':1,'resp_ip_bytes':0,'ip_proto':17,"
    "'community_id':'1:1BWKdGoDG0sGVCkxzVXUSGcM95k='}\n",
    "{'ts':1700006400.000000000,'uid':'C0fCnugcVXJx62Ym1j','id.orig_h':'10.0.0.5',"
    "'id.orig_p':6000,'id.resp_h':'10.0.0.6','id.resp_p':7000,'proto':'udp',"
    "'duration':5.000000000,'orig_bytes':151,'resp_bytes':0,'conn_state':'S0',"
    "'missed_bytes':0,'history':'D','orig_pkts':6,'orig_ip_bytes':0,'resp_pkts':0,"
    "'resp_ip_bytes':0,'ip_proto':17,'community_id':'1:COP+bov7QkOzhoIsF+UiDF4m2Ng='}\n",
    "{'uid':'C0553BcRa5JhZgYKcp','id.orig_h':'10.0.0.7','id.orig_p':6000,"
    "'id.resp_h':'10.0.0.8','id.resp_p':7000,'proto':'udp','orig_bytes':40,"
    "'resp_bytes':0,'conn_state':'S0','missed_bytes':0,'history':'D','orig_pkts':4,"
    "'orig_ip_bytes':0,'resp_pkts':0,'resp_ip_bytes':0,'ip_proto':17,"
    "'community_id':'1:Q2cOutKwh06uIrU3IQlmY99cXWc='}\n",
    "{'ts':35.000000000,'uid':'C001r6zqZw9DAHAZZH','id.orig_h':'10.0.0.1','id.orig_p':0,"
    "'id.resp_h':'10.0.0.2','id.resp_p':0,'proto':'unknown_transport',"
    "'duration':0.000000000,'orig_bytes':10,'resp_bytes':0,'conn_state':'OTH',"
    "'missed_bytes':0,'orig_pkts':1,'orig_ip_bytes':0,'resp_pkts':0,'resp_ip_bytes':0,"
    "'ip_proto':255,'community_id':'1:tMwuJmYVaATQcuCoC2THtWJpum0='}\n",
    "",
};

static void test_conn_log(void)
{
    for (unsigned i = 0; i < FLOWS; i++)
        is_json(row_of(&fs_conn_log, i), conn_log[i]);
}

static void choose_columns(void)
{
    static const char *const names[] = {
        "id",           "ip.src",         "ipv6.src",
        "eth.dst",      "srcport",        "start",
        "duration",     "len.mean",       "eth.type",
        "tcp.up.flags", "sticky.texts",   "sticky.numbers",
        "sticky.flag",  "sticky.formula", "sticky.tls.handshake.ja3",
    };

    columns = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_ptr_array_add(columns, (void *)flow_field_named(names[i]));
}

static const char csv_heading[] =
    "flow.id,flow.ip.src,flow.ipv6.src,flow.eth.dst,"
    "flow.srcport,flow.start,flow.duration,flow.len.mean,"
    "flow.eth.type,flow.tcp.up.flags,flow.sticky.texts,flow.sticky.numbers,"
    "flow.sticky.flag,flow.sticky.formula,flow.sticky.tls.handshake.ja3"
    "\r\n";

static const char *const csv[] = {
    "0,10.0.0.1,,0a:0b:0c:0d:0e:0f,50000,1699963507.000000000,7.630000000,230.421052631579,,251,a "
    "b,1 2,1,'+x,\"one, \"\"two\"\"\"\r\n",
    "1,10.0.0.9,,,,1699963515.000000000,0.000000000,120,,,c,30,,'-x,\r\n",
    "2,,abab:abab:abab:abab:abab:abab:abab:abab,,5000,-1.500000000,2.000000000,120,,,,'-4,1,'@x,"
    "\r\n",
    "3,10.0.0.5,,,6000,1700006400.000000000,5.000000000,120,,,,,,'\tx,\r\n",
    "4,10.0.0.7,,,6000,,,120,,,,,,\"'\rx\",\r\n",
    "5,10.0.0.1,,,,35.000000000,0.000000000,120,,,,,,'=,\r\n",
    "6,,,,,36.000000000,0.000000000,120,,,,,,x,\r\n",
};

static void test_csv(void)
{
    GString *out = g_string_new(NULL);

    fs_csv.begin(out);
    is_text(out, csv_heading);
    for (unsigned i = 0; i < FLOWS; i++)
        is_text(row_of(&fs_csv, i), csv[i]);
}

static const char *const json[] = {
    "{'flow.id':0,'flow.ip.src':'10.0.0.1','flow.eth.dst':'0a:0b:0c:0d:0e:0f',"
    "'flow.srcport':50000,'flow.start':1699963507.000000000,'flow.duration':7.630000000,"
    "'flow.len.mean':230.421052631579,'flow.tcp.up.flags':251,"
    "'flow.sticky.texts':['a','b'],'flow.sticky.numbers':[1,2],'flow.sticky.flag':true,"
    "'flow.sticky.formula':'+x','flow.sticky.tls.handshake.ja3':'one, \\'two\\''}\n",
    "{'flow.id':1,'flow.ip.src':'10.0.0.9','flow.start':1699963515.000000000,"
    "'flow.duration':0.000000000,'flow.len.mean':120,'flow.sticky.texts':['c'],"
    "'flow.sticky.numbers':[30],'flow.sticky.formula':'-x'}\n",
    "{'flow.id':2,'flow.ipv6.src':'abab:abab:abab:abab:abab:abab:abab:abab',"
    "'flow.srcport':5000,'flow.start':-1.500000000,'flow.duration':2.000000000,"
    "'flow.len.mean':120,'flow.sticky.texts':[],'flow.sticky.numbers':[-4],"
    "'flow.sticky.flag':true,'flow.sticky.formula':'@x'}\n",
    "{'flow.id':3,'flow.ip.src':'10.0.0.5','flow.srcport':6000,"
    "'flow.start':1700006400.000000000,'flow.duration':5.000000000,'flow.len.mean':120,"
    "'flow.sticky.formula':'\\tx'}\n",
    "{'flow.id':4,'flow.ip.src':'10.0.0.7','flow.srcport':6000,'flow.len.mean':120,"
    "'flow.sticky.formula':'\\rx'}\n",
    "{'flow.id':5,'flow.ip.src':'10.0.0.1','flow.start':35.000000000,"
    "'flow.duration':0.000000000,'flow.len.mean':120,'flow.sticky.formula':'='}\n",
    "{'flow.id':6,'flow.start':36.000000000,'flow.duration':0.000000000,"
    "'flow.len.mean':120,'flow.sticky.formula':'x'}\n",
};

static void test_json(void)
{
    for (unsigned i = 0; i < FLOWS; i++)
        is_json(row_of(&fs_json, i), json[i]);
}

/* What is counted twice is there twice, and a copy stays what it was. */
static void test_tunnels(void)
{
    static const char heading[] = "flow.tunnel.id,flow.tunnel.layers,flow.tunnel.flows,"
                                  "flow.tunnel.pkts,flow.tunnel.wire_bytes,"
                                  "flow.tunnel.first_frame,flow.tunnel.last_frame\r\n";
    static struct flow_view view;
    void *sums = fs_tunnels.sums_new();
    GString *want = g_string_new(heading), *out = g_string_new(NULL);

    fs_tunnels.report(out, sums);
    g_assert_cmpstr(out->str, ==, heading);
    for (unsigned i = 0; flow_meter_flow_view(meter, i, &view); i++)
        fs_tunnels.add(sums, &view);
    void *copy = fs_tunnels.sums_copy(sums);
    flow_meter_flow_view(meter, DATAGRAMS, &view);
    fs_tunnels.add(sums, &view);
    g_string_append(want, "0,gtp(10.0.0.11↔10.0.0.12),1,4,480,21,24\r\n");
    g_string_truncate(out, 0);
    fs_tunnels.report(out, copy);
    is_text(out, want->str);
    g_string_assign(want, heading);
    g_string_append(want, "0,gtp(10.0.0.11↔10.0.0.12),2,8,960,21,24\r\n");
    out = g_string_new(NULL);
    fs_tunnels.report(out, sums);
    is_text(out, want->str);
    g_string_free(want, TRUE);
    fs_tunnels.sums_free(copy);
    fs_tunnels.sums_free(sums);
}

/* One cell of each kind: NAME(out, VALUE) appends it. */
static void test_cells(void)
{
    GString *out = g_string_new(NULL);

    fs_cell_text(out, NULL);
    fs_cell_text(out, "a");
    fs_cell_text(out, "a,b");
    fs_cell_text(out, "a\"b");
    fs_cell_text(out, "a\nb");
    fs_cell_text(out, "a\rb");
    fs_cell_number(out, UINT64_MAX);
    fs_cell_integer(out, INT64_MIN);
    fs_cell_real(out, 0.25);
    fs_cell_us(out, 0);
    fs_cell_us(out, 1);
    fs_cell_us(out, 1000);
    fs_cell_us(out, -1500);
    fs_cell_us(out, -1);
    fs_cell_us(out, INT64_MIN);
    fs_cell_ms(out, 1);
    fs_cell_ms(out, 2000000);
    fs_cell_ms(out, 10100000);
    fs_cells_end(out);
    is_text(out, ",a,\"a,b\",\"a\"\"b\",\"a\nb\",\"a\rb\",18446744073709551615,"
                 "-9223372036854775808,0.25,0,0.001,1,-1.5,-0.001,-9223372036854775.808,"
                 "0.000001,2,10.1\n");
}

/* Where there is no room for a value there is made some. */
static void test_values_find_room(void)
{
    GString *out = g_string_sized_new(1);

    for (unsigned i = 0; i < 100; i++)
        fs_value_append(out, FLOW_INSTANT, (struct flow_value){ .as.ns = INT64_MIN });
    g_assert_cmpuint(out->len, ==, 2100);
    g_assert_cmpuint(strlen(out->str), ==, 2100);
    g_string_free(out, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    *setting_named(&flow_splt, "splt_packets")->value = 12;
    make_meter();
    choose_columns();
    g_test_add_func("/formats/nfstream", test_nfstream);
    g_test_add_func("/formats/nfstream-expiration", test_expiration_of_nfstream);
    g_test_add_func("/formats/cic", test_cic);
    g_test_add_func("/formats/conn-log", test_conn_log);
    g_test_add_func("/formats/csv", test_csv);
    g_test_add_func("/formats/json", test_json);
    g_test_add_func("/formats/tunnels", test_tunnels);
    g_test_add_func("/formats/cells", test_cells);
    g_test_add_func("/formats/values-find-room", test_values_find_room);
    int failed = g_test_run();
    g_ptr_array_unref(columns);
    flow_meter_free(meter);
    return failed;
}
