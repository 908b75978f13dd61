#include "ask.h"
#include "packets.h"

#include "all.h"
#include "among_flows.h"
#include "community_id.h"
#include "header_group.h"
#include "holes.h"
#include "member.h"
#include "quality.h"
#include "shape.h"
#include "splt.h"
#include "tunnel.h"
#include "turns.h"
#include "zeek.h"

#include <string.h>

/*
 * What every field of the groups says of a few flows, worked out by hand from
 * doc/definitions.md: a field that no row names fails a test here.
 */

#define MS   INT64_C(1000000)
#define ZERO (100 * SECOND) /* when the capture begins */

#define UP   FLOW_UP
#define DOWN FLOW_DOWN
enum { F = FLOW_TCP_FIN, S = FLOW_TCP_SYN, R = FLOW_TCP_RST, P = FLOW_TCP_PSH };
enum { A = FLOW_TCP_ACK, U = FLOW_TCP_URG, E = FLOW_TCP_ECE, C = FLOW_TCP_CWR };
enum { HEADERS = 54, SYN_OPTIONS = 20, CUT = 154 };

static const char vlan[] = "vlan", gre[] = "gre";

struct row {
    int64_t ms;
    enum flow_dir dir;
    uint8_t flags;
    uint8_t tos;
    uint8_t ttl;
    uint16_t ip_id;
    uint16_t window;
    uint32_t seq, ack, len;
};

/* Frames 1 to 14: host 1 asks host 2 three times, and has no answer to the last question. */
static const struct row connection[] = {
    { 0, UP, S | E | C, 0, 63, 100, 64000, 1000, 0, 0 },
    { 10, DOWN, S | A | E, 0, 120, 500, 32000, 5000, 1001, 0 },
    { 40, UP, A, 0, 63, 101, 1000, 1001, 5001, 0 },
    { 50, UP, P | A, 46 << 2, 63, 102, 1000, 1001, 5001, 100 },
    { 60, DOWN, A, 1, 120, 501, 2000, 5001, 1101, 0 },
    { 250, DOWN, P | A, 1, 120, 503, 2100, 5001, 1101, 300 },
    { 270, DOWN, A, 3, 120, 504, 2200, 5301, 1101, 200 },
    { 300, UP, A, 2, 63, 105, 500, 1101, 5501, 0 },
    { 6400, UP, P | A | U, 46 << 2 | 1, 61, 106, 1500, 1101, 5501, 50 },
    { 6450, DOWN, P | A, 2, 118, 505, 1900, 5501, 1151, 60 },
    { 6455, UP, P | A, 46 << 2, 63, 107, 1200, 1151, 5561, 20 },
    { 12000, UP, F | A, 10 << 2, 63, 108, 1200, 1171, 5561, 0 },
    { 12010, DOWN, F | A, 26 << 2, 120, 506, 1800, 5561, 1172, 0 },
    { 12020, UP, A, 10 << 2, 63, 109, 1200, 1172, 5562, 0 },
};

/* Frames 16 to 22: both sides repeat themselves, the server greets and resets. */
static const struct row reset[] = {
    { 20000, UP, S, 0, 64, 1, 9, 10, 0, 0 },        { 20010, UP, S, 0, 64, 2, 9, 10, 0, 0 },
    { 20020, DOWN, S | A, 0, 64, 1, 9, 70, 11, 0 }, { 20030, DOWN, S | A, 0, 64, 2, 9, 70, 11, 0 },
    { 20040, UP, A, 0, 64, 3, 9, 11, 71, 0 },       { 20055, DOWN, A, 0, 64, 3, 9, 71, 11, 10 },
    { 20060, DOWN, R | A, 0, 64, 4, 9, 81, 11, 0 },
};

/* Frames 23 to 25: one side alone; the second is late, and the third a copy of it. */
static const struct row one_side[] = {
    { 30010, UP, A, 0, 64, 1, 9, 10, 1, 0 },
    { 30007, UP, A, 0, 64, 2, 9, 10, 99, 0 },
    { 30008, UP, A, 0, 62, 2, 9, 10, 99, 0 },
};

static struct flow_packet packet_of_row(const struct row *row, uint32_t frame, uint8_t client,
                                        uint16_t from, uint16_t to)
{
    bool is_up = row->dir == FLOW_UP;
    struct flow_packet packet =
        tcp_packet(frame, is_up ? client : 2, is_up ? from : to, is_up ? 2 : client,
                   is_up ? to : from, "", row->seq, row->ack);
    struct flow_fact *fact = &packet.fact;

    fact->time_ns = ZERO + row->ms * MS;
    fact->wire_len = HEADERS + row->len + (row->flags & S ? SYN_OPTIONS : 0);
    fact->cap_len = frame == 6 ? fact->wire_len - CUT : fact->wire_len;
    fact->ip_len = fact->wire_len - 14;
    fact->payload_len = row->len;
    fact->tcp_flags = row->flags;
    fact->tcp_window = row->window;
    fact->header_words = row->flags & S ? 10 : 5;
    fact->ip_id = row->ip_id;
    fact->tos = row->tos;
    fact->ttl = row->ttl;
    fact->bits |= FLOW_FACT_IP | FLOW_FACT_IP_ID | FLOW_FACT_CHECKSUM;
    if (row->flags & S) {
        fact->bits |= FLOW_FACT_OPTIONS;
        fact->tcp_options = (struct flow_tcp_options){
            .mss = is_up ? 1460 : 1400,
            .wscale = is_up ? 2 : 3,
            .bits = FLOW_TCP_OPTION_MSS | FLOW_TCP_OPTION_WSCALE | FLOW_TCP_OPTION_SACK_PERMITTED |
                    FLOW_TCP_OPTION_TIMESTAMPS | FLOW_TCP_OPTION_FAST_OPEN,
            .tsval = frame,
        };
    }
    if (frame == 4)
        fact->record = FLOW_RECORD_CLIENT_HELLO;
    if (frame == 9)
        fact->record = FLOW_RECORD_APPLICATION_DATA;
    return packet;
}

static void account_rows(struct flow_meter *meter, const struct row *rows, size_t count,
                         uint32_t frame, uint8_t client, uint16_t from, uint16_t to)
{
    for (size_t i = 0; i < count; i++) {
        struct flow_packet packet = packet_of_row(&rows[i], frame + (uint32_t)i, client, from, to);
        flow_meter_account(meter, &packet);
    }
}

/* Frame 15: host 9 says that host 2 cannot be reached. */
static void account_error(struct flow_meter *meter)
{
    struct flow_packet error = packet_of(15, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));

    error.fact.time_ns = ZERO + 12100 * MS;
    error.fact.icmp_type = 3;
    error.fact.icmp_code = 1;
    error.quote = tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_TCP, 1, 50000, 2, 80);
    error.bits |= FLOW_PACKET_QUOTE;
    flow_meter_account(meter, &error);
}

/* An Ethernet frame with a VLAN tag, GRE between hosts 8 and 9, IPv6. */
static void account_tunnelled(struct flow_meter *meter, struct flow_packet packet, uint8_t from,
                              uint8_t to)
{
    struct flow_layer layers[] = {
        { .name = vlan, .id = { 7 }, .ids = 1 },
        { .name = gre,
          .id = { 5 },
          .ids = 1,
          .family = FLOW_IPV4,
          .bits = FLOW_LAYER_ENDS | FLOW_LAYER_ID_KEY | FLOW_LAYER_KEY },
    };

    memcpy(layers[1].end[0], host_end(FLOW_IPV4, from, 0).addr, FLOW_ADDR_LEN);
    memcpy(layers[1].end[1], host_end(FLOW_IPV4, to, 0).addr, FLOW_ADDR_LEN);
    packet.layers = layers;
    packet.layer_count = 2;
    packet.bits = FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
    packet.eth_type = 0x86dd;
    packet.mac[0][5] = 0x11;
    packet.mac[1][5] = 0x22;
    packet.fact.time_ns = ZERO + 40 * SECOND;
    packet.fact.bits |= FLOW_FACT_IP;
    flow_meter_account(meter, &packet);
    if (flow_meter_wants_link(meter))
        flow_meter_link(meter, 4);
}

/* Frames 26 to 28: a datagram in two fragments, and its answer; frame 4 has set them up. */
static void account_datagrams(struct flow_meter *meter)
{
    struct flow_packet first = first_fragment(
        packet_of(26, tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 6, 40000, 7, 9999)), 77);
    struct flow_packet later = packet_of(27, tuple_of(FLOW_IPV6, FLOW_PROTOCOL_UDP, 6, 7));
    struct flow_packet answer =
        packet_of(28, tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 7, 9999, 6, 40000));

    later.fact.bits |= FLOW_FACT_FRAG;
    later.fragment = first.fragment;
    first.fact.ip_len = 9217;
    first.fact.flow_label = 0x12345;
    later.fact.flow_label = 0x12346;
    answer.fact.flow_label = 0xabcde;
    account_tunnelled(meter, first, 8, 9);
    account_tunnelled(meter, later, 8, 9);
    account_tunnelled(meter, answer, 9, 8);
}

/* Frame 29: the ports of the connection that was reset, again. */
static const struct row again[] = { { 50000, UP, S, 0, 64, 9, 9, 900, 0, 0 } };

/* Frames 30 to 32: of no IP, of no time, and of a connection of which only fragments are left. */
static void account_others(struct flow_meter *meter)
{
    struct flow_packet link = packet_of(30, tuple_of(FLOW_LINK, 0, 1, 2));
    struct flow_packet timeless = without_time(udp_packet(31, 10, 40000, 11, 9999));
    struct flow_packet fragment = later_fragment(32, FLOW_PROTOCOL_TCP, 12, 13, 99);

    timeless.fact.time_ns = 0;
    fragment.fragment.waits = false;
    flow_meter_account(meter, &link);
    flow_meter_account(meter, &timeless);
    flow_meter_account(meter, &fragment);
}

/* Frames 33 to 35: one question, one answer, one thought. */
static void account_one_of_each(struct flow_meter *meter)
{
    struct flow_packet packets[] = {
        at_second(udp_packet(33, 14, 40000, 15, 9999), 200),
        at_second(udp_packet(34, 15, 9999, 14, 40000), 206),
        at_second(udp_packet(35, 14, 40000, 15, 9999), 207),
    };

    packets[1].fact.payload_len = 2 * PAYLOAD_LEN;
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_meter_account(meter, &packets[i]);
}

static struct flow_meter *meter_of_flows(void)
{
    static struct flow_groups groups;

    if (groups.count == 0)
        for (size_t i = 0; flow_groups_all[i]; i++)
            flow_groups_add(&groups, flow_groups_all[i]);
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    account_rows(meter, connection, G_N_ELEMENTS(connection), 1, 1, 50000, 80);
    account_error(meter);
    account_rows(meter, reset, G_N_ELEMENTS(reset), 16, 3, 50001, 443);
    account_rows(meter, one_side, G_N_ELEMENTS(one_side), 23, 4, 50002, 80);
    account_datagrams(meter);
    account_rows(meter, again, G_N_ELEMENTS(again), 29, 3, 50001, 443);
    account_others(meter);
    account_one_of_each(meter);
    flow_meter_finish(meter);
    return meter;
}

/* Numbers in decimal, times in nanoseconds, addresses in hexadecimal; NULL: absent. */
static const struct {
    uint32_t frame;
    const char *name;
    const char *value;
} values[] = {
    /* core */
    { 14, "id", "0" },
    { 15, "id", "1" },
    { 29, "id", "5" },
    { 2, "src", "10.0.0.1" },
    { 2, "dst", "10.0.0.2" },
    { 2, "proto_name", "TCP" },
    { 2, "tuple", "TCP 10.0.0.1:50000 → 10.0.0.2:80" },
    { 2, "proto", "6" },
    { 2, "ip.src", "0a000001" },
    { 2, "ip.dst", "0a000002" },
    { 26, "ip.src", NULL },
    { 26, "ip.dst", NULL },
    { 2, "ipv6.src", NULL },
    { 2, "ipv6.dst", NULL },
    { 26, "ipv6.src", "fd000000000000000000000000000006" },
    { 26, "ipv6.dst", "fd000000000000000000000000000007" },
    { 2, "srcport", "50000" },
    { 2, "dstport", "80" },
    { 15, "srcport", NULL },
    { 15, "dstport", NULL },
    { 2, "ip.addr", "0a000001 0a000002" },
    { 26, "ip.addr", NULL },
    { 2, "ipv6.addr", NULL },
    { 26, "ipv6.addr", "fd000000000000000000000000000006 fd000000000000000000000000000007" },
    { 2, "port", "50000 80" },
    { 15, "port", NULL },
    { 2, "eth.src", NULL },
    { 2, "eth.dst", NULL },
    { 26, "eth.src", "000000000011" },
    { 26, "eth.dst", "000000000022" },
    { 2, "eth.type", NULL },
    { 26, "eth.type", "34525" },
    { 2, "vni", NULL },
    { 26, "vni", "vlan(7) › gre(5, 10.0.0.8↔10.0.0.9)" },
    { 2, "vni.depth", NULL },
    { 26, "vni.depth", "2" },
    { 2, "vni.name", NULL },
    { 26, "vni.name", "vlan gre" },
    { 2, "vni.id", NULL },
    { 26, "vni.id", "7 5" },
    { 2, "direction_reason", "1" },
    { 23, "direction_reason", "4" },
    { 27, "first_frame", "26" },
    { 26, "last_frame", "28" },
    { 4, "direction", "0" },
    { 5, "direction", "1" },
    { 9, "index", "9" },
    { 19, "index", "4" },
    { 1, "is_first", "1" },
    { 2, "is_first", NULL },
    { 13, "is_last", NULL },
    { 14, "is_last", "1" },
    { 5, "time_relative", "60000000" },
    { 1, "delta", NULL },
    { 5, "delta", "10000000" },
    { 24, "delta", "-3000000" },
    { 16, "prev_frame", NULL },
    { 17, "prev_frame", "16" },
    { 17, "next_frame", "18" },
    { 22, "next_frame", NULL },
    { 14, "icmp_error_for", NULL },
    { 15, "icmp_error_for", "0" },
    { 1, "pkts", "14" },
    { 1, "bytes", "1372" },
    { 1, "wire_bytes", "1526" },
    { 1, "payload_bytes", "730" },
    { 1, "ip_bytes", "1330" },
    { 1, "start", "100000000000" },
    { 1, "last", "112020000000" },
    { 1, "duration", "12020000000" },
    { 1, "icmp_errors", "1" },
    { 16, "icmp_errors", "0" },
    { 1, "icmp_error_frame", "15" },
    { 16, "icmp_error_frame", NULL },
    { 1, "icmp_error_type", "3" },
    { 16, "icmp_error_type", NULL },
    { 1, "icmp_error_code", "1" },
    { 16, "icmp_error_code", NULL },
    { 1, "end_reason", "3" },
    { 1, "up.pkts", "8" },
    { 1, "down.pkts", "6" },
    { 1, "up.bytes", "622" },
    { 1, "down.bytes", "750" },
    { 1, "up.wire_bytes", "622" },
    { 1, "down.wire_bytes", "904" },
    { 1, "up.payload_pkts", "3" },
    { 1, "down.payload_pkts", "3" },
    { 16, "up.payload_pkts", "0" },
    { 16, "down.payload_pkts", "1" },
    { 1, "up.payload_bytes", "170" },
    { 1, "down.payload_bytes", "560" },
    { 1, "up.ip_bytes", "510" },
    { 1, "down.ip_bytes", "820" },
    { 1, "up.frags", "0" },
    { 26, "up.frags", "2" },
    { 26, "down.frags", "0" },
    { 26, "up.frag_pkts", "1" },
    { 26, "down.frag_pkts", "0" },
    { 1, "up.ip_id", "109" },
    { 1, "down.ip_id", "506" },
    { 26, "up.ip_id", NULL },
    { 26, "down.ip_id", NULL },
    { 1, "up.lost", "2" },
    { 1, "down.lost", "1" },
    { 26, "up.lost", NULL },
    { 26, "down.lost", NULL },
    { 1, "up.seq", "1172" },
    { 1, "down.seq", "5561" },
    { 26, "up.seq", NULL },
    { 26, "down.seq", NULL },

    /* tcp */
    { 1, "tcp.state", "0" },
    { 16, "tcp.state", "7" },
    { 26, "tcp.state", NULL },
    { 1, "tcp.reset_by", NULL },
    { 16, "tcp.reset_by", "1" },
    { 1, "tcp.reset_frame", NULL },
    { 16, "tcp.reset_frame", "22" },
    { 1, "tcp.rtt", "40000000" },
    { 1, "tcp.rtt_net", "10000000" },
    { 1, "tcp.rtt_user", "30000000" },
    { 1, "tcp.connect_time", "40000000" },
    { 23, "tcp.rtt", NULL },
    { 23, "tcp.rtt_net", NULL },
    { 23, "tcp.rtt_user", NULL },
    { 23, "tcp.connect_time", NULL },
    { 1, "tcp.ts_syn", "100000000000" },
    { 1, "tcp.ts_syn_ack", "100010000000" },
    { 1, "tcp.ts_ack", "100040000000" },
    { 23, "tcp.ts_syn", NULL },
    { 23, "tcp.ts_syn_ack", NULL },
    { 23, "tcp.ts_ack", NULL },
    { 5, "tcp.syn_frame", "1" },
    { 5, "tcp.syn_ack_frame", "2" },
    { 5, "tcp.ack_frame", "3" },
    { 23, "tcp.syn_frame", NULL },
    { 23, "tcp.syn_ack_frame", NULL },
    { 23, "tcp.ack_frame", NULL },
    { 1, "tcp.syn_retrans", "0" },
    { 16, "tcp.syn_retrans", "1" },
    { 26, "tcp.syn_retrans", NULL },
    { 1, "tcp.syn_ack_retrans", "0" },
    { 16, "tcp.syn_ack_retrans", "1" },
    { 26, "tcp.syn_ack_retrans", NULL },

    /* shape */
    { 1, "len.min", "54" },
    { 1, "len.up.min", "54" },
    { 1, "len.down.min", "54" },
    { 23, "len.down.min", NULL },
    { 1, "len.max", "354" },
    { 1, "len.up.max", "154" },
    { 1, "len.down.max", "354" },
    { 23, "len.down.max", NULL },
    { 1, "len.mean", "109" },
    { 1, "len.up.mean", "77.75" },
    { 1, "len.down.mean", "150.666667" },
    { 23, "len.down.mean", NULL },
    { 1, "len.stddev", "89.8503029" },
    { 1, "len.up.stddev", "35.4310195" },
    { 1, "len.down.stddev", "124.846573" },
    { 15, "len.stddev", NULL },
    { 15, "len.up.stddev", NULL },
    { 1, "payload.min", "20" },
    { 1, "payload.up.min", "20" },
    { 1, "payload.down.min", "60" },
    { 23, "payload.min", NULL },
    { 1, "payload.max", "300" },
    { 1, "payload.up.max", "100" },
    { 1, "payload.down.max", "300" },
    { 23, "payload.max", NULL },
    { 1, "payload.mean", "121.666667" },
    { 1, "payload.up.mean", "56.6666667" },
    { 1, "payload.down.mean", "186.666667" },
    { 23, "payload.mean", NULL },
    { 1, "payload.stddev", "107.408876" },
    { 1, "payload.up.stddev", "40.4145188" },
    { 1, "payload.down.stddev", "120.554275" },
    { 16, "payload.stddev", NULL },
    { 16, "payload.down.stddev", NULL },
    { 1, "iat.min", "5000000" },
    { 1, "iat.up.min", "10000000" },
    { 1, "iat.down.min", "20000000" },
    { 15, "iat.min", NULL },
    { 1, "iat.max", "6100000000" },
    { 1, "iat.up.max", "6100000000" },
    { 1, "iat.down.max", "6180000000" },
    { 15, "iat.max", NULL },
    { 1, "iat.mean", "924615385" },
    { 1, "iat.up.mean", "1717142857" },
    { 1, "iat.down.mean", "2400000000" },
    { 15, "iat.mean", NULL },
    { 1, "iat.stddev", "2177239710" },
    { 1, "iat.up.stddev", "2810237026" },
    { 1, "iat.down.stddev", "3175885703" },
    { 15, "iat.stddev", NULL },
    { 1, "active.count", "3" },
    { 1, "active.min", "20000000" },
    { 1, "active.max", "300000000" },
    { 1, "active.mean", "125000000" },
    { 1, "active.stddev", "152561463" },
    { 16, "active.stddev", NULL },
    { 1, "idle.count", "2" },
    { 16, "idle.count", "0" },
    { 1, "idle.min", "5545000000" },
    { 16, "idle.min", NULL },
    { 1, "idle.max", "6100000000" },
    { 16, "idle.max", NULL },
    { 1, "idle.mean", "5822500000" },
    { 16, "idle.mean", NULL },
    { 1, "idle.stddev", "392444264" },
    { 16, "idle.stddev", NULL },
    { 1, "rate.bits", "1015.6406" },
    { 1, "rate.up.bits", "413.976705" },
    { 1, "rate.down.bits", "601.663894" },
    { 15, "rate.bits", NULL },
    { 1, "rate.pkts", "1.16472546" },
    { 1, "rate.up.pkts", "0.665557404" },
    { 1, "rate.down.pkts", "0.499168053" },
    { 15, "rate.pkts", NULL },
    { 1, "rate.peak", "8576" },
    { 1, "rate.up.peak", "2688" },
    { 1, "rate.down.peak", "5888" },
    { 23, "rate.down.peak", NULL },
    { 1, "rate.up.goodput", "212.334114" },
    { 1, "rate.down.goodput", "722.580645" },
    { 16, "rate.down.goodput", NULL },
    { 1, "pcr", "-0.534246575" },
    { 23, "pcr", NULL },
    { 1, "splt", ">100 <300 <200 >50 <60 >20" },
    { 23, "splt", NULL },
    { 1, "splt_delta", "0 200000 20000 6130000 50000 5000" },
    { 23, "splt_delta", NULL },

    /* headers */
    { 1, "up.ttl_min", "61" },
    { 1, "down.ttl_min", "118" },
    { 23, "down.ttl_min", NULL },
    { 1, "up.ttl_max", "63" },
    { 1, "down.ttl_max", "120" },
    { 23, "down.ttl_max", NULL },
    { 1, "up.hops", "1" },
    { 1, "down.hops", "8" },
    { 23, "down.hops", NULL },
    { 1, "up.dscp", "10" },
    { 1, "down.dscp", "26" },
    { 23, "down.dscp", NULL },
    { 1, "up.dscp_changes", "4" },
    { 1, "down.dscp_changes", "1" },
    { 1, "up.ect0", "1" },
    { 1, "down.ect0", "1" },
    { 16, "up.ect0", "0" },
    { 1, "up.ect1", "1" },
    { 1, "down.ect1", "2" },
    { 1, "up.ce", "0" },
    { 1, "down.ce", "1" },
    { 1, "up.flow_label", NULL },
    { 26, "up.flow_label", "74565" },
    { 26, "down.flow_label", "703710" },
    { 1, "up.flow_label_changes", NULL },
    { 26, "up.flow_label_changes", "1" },
    { 26, "down.flow_label_changes", "0" },
    { 1, "tcp.up.flags", "251" },
    { 1, "tcp.down.flags", "91" },
    { 23, "tcp.down.flags", NULL },
    { 1, "tcp.up.syn", "1" },
    { 16, "tcp.up.syn", "2" },
    { 16, "tcp.down.syn", "2" },
    { 26, "tcp.up.syn", NULL },
    { 1, "tcp.up.fin", "1" },
    { 1, "tcp.down.fin", "1" },
    { 16, "tcp.up.fin", "0" },
    { 26, "tcp.up.fin", NULL },
    { 16, "tcp.up.rst", "0" },
    { 16, "tcp.down.rst", "1" },
    { 26, "tcp.up.rst", NULL },
    { 1, "tcp.up.psh", "3" },
    { 1, "tcp.down.psh", "2" },
    { 26, "tcp.up.psh", NULL },
    { 1, "tcp.up.ack", "7" },
    { 1, "tcp.down.ack", "6" },
    { 26, "tcp.up.ack", NULL },
    { 1, "tcp.up.urg", "1" },
    { 1, "tcp.down.urg", "0" },
    { 26, "tcp.up.urg", NULL },
    { 1, "tcp.up.ece", "1" },
    { 1, "tcp.down.ece", "1" },
    { 16, "tcp.up.ece", "0" },
    { 26, "tcp.up.ece", NULL },
    { 1, "tcp.up.cwr", "1" },
    { 1, "tcp.down.cwr", "0" },
    { 26, "tcp.up.cwr", NULL },
    { 1, "tcp.up.win_init", "64000" },
    { 1, "tcp.down.win_init", "32000" },
    { 23, "tcp.down.win_init", NULL },
    { 1, "tcp.up.win_min", "2000" },
    { 1, "tcp.down.win_min", "14400" },
    { 23, "tcp.up.win_min", NULL },
    { 1, "tcp.up.win_max", "6000" },
    { 1, "tcp.down.win_max", "17600" },
    { 23, "tcp.up.win_max", NULL },
    { 1, "tcp.up.mss", "1460" },
    { 1, "tcp.down.mss", "1400" },
    { 23, "tcp.up.mss", NULL },
    { 1, "tcp.up.wscale", "2" },
    { 1, "tcp.down.wscale", "3" },
    { 23, "tcp.up.wscale", NULL },
    { 1, "tcp.up.sack_permitted", "1" },
    { 1, "tcp.down.sack_permitted", "1" },
    { 23, "tcp.up.sack_permitted", NULL },
    { 1, "tcp.up.timestamps", "1" },
    { 1, "tcp.down.timestamps", "1" },
    { 23, "tcp.up.timestamps", NULL },
    { 1, "tcp.up.fast_open", "1" },
    { 1, "tcp.down.fast_open", "1" },
    { 23, "tcp.up.fast_open", NULL },

    /* holes */
    { 1, "tcp.up.missed_bytes", "0" },
    { 1, "tcp.down.missed_bytes", "0" },
    { 26, "tcp.up.missed_bytes", NULL },
    { 1, "tcp.up.unique_bytes", "170" },
    { 1, "tcp.down.unique_bytes", "560" },
    { 26, "tcp.up.unique_bytes", NULL },

    /* turns */
    { 1, "turns", "5" },
    { 1, "up.turns", "3" },
    { 1, "down.turns", "2" },
    { 1, "response.count", "2" },
    { 16, "response.count", "0" },
    { 26, "response.count", "1" },
    { 1, "response.first", "200000000" },
    { 1, "response.min", "50000000" },
    { 1, "response.mean", "125000000" },
    { 1, "response.max", "200000000" },
    { 1, "response.stddev", "106066017" },
    { 16, "response.first", NULL },
    { 16, "response.min", NULL },
    { 16, "response.mean", NULL },
    { 16, "response.max", NULL },
    { 16, "response.stddev", NULL },
    { 1, "response.server", "40000000" },
    { 16, "response.server", NULL },
    { 1, "response.upload_max", "0" },
    { 16, "response.upload_max", NULL },
    { 1, "response.download_max", "20000000" },
    { 23, "response.download_max", NULL },
    { 6, "response.time", "200000000" },
    { 7, "response.time", NULL },
    { 10, "response.time", "50000000" },
    { 6, "response.request_frame", "4" },
    { 7, "response.request_frame", NULL },
    { 4, "response.answer_frame", "6" },
    { 9, "response.answer_frame", "10" },
    { 11, "response.answer_frame", NULL },
    { 1, "think.count", "2" },
    { 16, "think.count", "0" },
    { 1, "think.first", "6130000000" },
    { 1, "think.min", "5000000" },
    { 1, "think.mean", "3067500000" },
    { 1, "think.max", "6130000000" },
    { 1, "think.stddev", "4331029035" },
    { 16, "think.first", NULL },
    { 16, "think.min", NULL },
    { 16, "think.mean", NULL },
    { 16, "think.max", NULL },
    { 16, "think.stddev", NULL },
    { 1, "greeting", NULL },
    { 16, "greeting", "15000000" },
    { 1, "request.wait", "10000000" },
    { 16, "request.wait", NULL },
    { 1, "request.unanswered", "1" },
    { 16, "request.unanswered", NULL },
    { 1, "tls.setup_time", "6350000000" },
    { 16, "tls.setup_time", NULL },

    /* quality */
    { 24, "quality.duplicate_of", NULL },
    { 25, "quality.duplicate_of", "24" },
    { 24, "quality.ttl_delta", NULL },
    { 25, "quality.ttl_delta", "2" },
    { 23, "quality.up.duplicates", "1" },
    { 23, "quality.down.duplicates", "0" },
    { 1, "quality.up.cut_pkts", "0" },
    { 1, "quality.down.cut_pkts", "1" },
    { 1, "quality.up.cut_bytes", "0" },
    { 1, "quality.down.cut_bytes", "154" },
    { 1, "quality.one_sided", NULL },
    { 15, "quality.one_sided", "1" },
    { 1, "quality.unseen_side", NULL },
    { 23, "quality.unseen_side", "1" },
    { 1, "quality.midstream", NULL },
    { 23, "quality.midstream", "1" },
    { 26, "quality.midstream", NULL },
    { 1, "quality.late", "0" },
    { 23, "quality.late", "2" },
    { 1, "quality.late_max", NULL },
    { 23, "quality.late_max", "3000000" },
    { 1, "quality.up.offload", "0" },
    { 26, "quality.up.offload", "1" },
    { 26, "quality.down.offload", "0" },
    { 1, "quality.vantage", "3" },
    { 23, "quality.vantage", NULL },

    /* zeek, community_id */
    { 1, "zeek.conn_state", "SF" },
    { 1, "zeek.history", "ShADadFf" },
    { 26, "zeek.history", "Dd" },
    { 1, "zeek.missed_bytes", "0" },
    { 26, "zeek.missed_bytes", NULL },
    { 1, "community_id", "1:jFryvin7b0RtSlPCZ3QhbbsOrZc=" },

    /* among, tunnel */
    { 1, "rank", "1" },
    { 1, "share", "44.4897959" },
    { 1, "live", "1" },
    { 15, "live", "1" },
    { 14, "live_tcp", "0" },
    { 13, "live_tcp", "1" },
    { 20, "live_tcp", "1" },
    { 1, "reuse", "0" },
    { 29, "reuse", "1" },
    { 1, "prev_flow", NULL },
    { 29, "prev_flow", "2" },
    { 1, "parent", NULL },
    { 26, "parent", "0" },
    { 1, "parent_frame", NULL },
    { 26, "parent_frame", "4" },
    { 1, "children", "1" },
    { 26, "children", "0" },
    { 1, "first_file", "1" },
    { 1, "last_file", "1" },
    { 1, "tunnel.id", NULL },
    { 26, "tunnel.id", "0" },
    { 26, "tunnel.layers", "gre(10.0.0.8↔10.0.0.9)" },
    { 26, "tunnel.flows", "1" },
    { 26, "tunnel.pkts", "3" },
    { 26, "tunnel.wire_bytes", "360" },
    { 26, "tunnel.first_frame", "26" },
    { 26, "tunnel.last_frame", "28" },
    { 1, "tunnel.layers", NULL },
    { 1, "tunnel.flows", NULL },
    { 1, "tunnel.pkts", NULL },
    { 1, "tunnel.wire_bytes", NULL },
    { 1, "tunnel.first_frame", NULL },
    { 1, "tunnel.last_frame", NULL },

    /* What has no meaning */
    { 30, "proto", NULL },
    { 30, "ip_bytes", NULL },
    { 30, "icmp_errors", NULL },
    { 30, "up.ip_bytes", NULL },
    { 30, "up.frags", NULL },
    { 30, "up.frag_pkts", NULL },
    { 30, "up.lost", NULL },
    { 30, "tcp.state", NULL },
    { 30, "up.dscp_changes", NULL },
    { 30, "up.ect0", NULL },
    { 30, "up.ect1", NULL },
    { 30, "up.ce", NULL },
    { 30, "quality.up.duplicates", NULL },
    { 30, "quality.up.offload", NULL },
    { 30, "zeek.conn_state", NULL },
    { 30, "community_id", NULL },
    { 31, "time_relative", NULL },
    { 31, "delta", NULL },
    { 31, "start", NULL },
    { 31, "last", NULL },
    { 31, "duration", NULL },
    { 31, "active.count", NULL },
    { 31, "active.min", NULL },
    { 31, "active.max", NULL },
    { 31, "active.mean", NULL },
    { 31, "idle.count", NULL },
    { 31, "rate.bits", NULL },
    { 31, "rate.pkts", NULL },
    { 31, "rate.peak", NULL },
    { 31, "iat.min", NULL },
    { 31, "splt_delta", NULL },
    { 31, "splt", ">10" },
    { 31, "len.max", "120" },
    { 32, "end_reason", "4" },
    { 30, "zeek.history", NULL },
    { 30, "quality.duplicate_of", NULL },
    { 30, "quality.ttl_delta", NULL },

    /* One packet, one letter */
    { 15, "active.count", "1" },
    { 15, "active.min", "0" },
    { 15, "active.max", "0" },
    { 15, "active.mean", "0" },
    { 15, "active.stddev", NULL },
    { 15, "idle.count", "0" },
    { 15, "rate.peak", "960" },
    { 15, "rate.up.peak", "960" },
    { 15, "len.mean", "120" },
    { 15, "splt", ">10" },
    { 15, "splt_delta", "0" },
    { 29, "zeek.conn_state", "S0" },
    { 29, "zeek.history", "S" },
    { 29, "rank", "10" },
    { 15, "rank", "6" },
    { 32, "rank", "9" },

    /* Statistics of one */
    { 33, "idle.min", "6000000000" },
    { 33, "response.min", "6000000000" },
    { 33, "think.min", "1000000000" },
    { 33, "iat.up.min", "7000000000" },
    { 33, "payload.down.min", "20" },
    { 33, "len.down.min", "120" },
    { 33, "idle.max", "6000000000" },
    { 33, "response.max", "6000000000" },
    { 33, "think.max", "1000000000" },
    { 33, "iat.up.max", "7000000000" },
    { 33, "payload.down.max", "20" },
    { 33, "len.down.max", "120" },
    { 33, "idle.mean", "6000000000" },
    { 33, "response.mean", "6000000000" },
    { 33, "think.mean", "1000000000" },
    { 33, "iat.up.mean", "7000000000" },
    { 33, "payload.down.mean", "20" },
    { 33, "len.down.mean", "120" },
    { 33, "idle.count", "1" },
    { 33, "response.count", "1" },
    { 33, "think.count", "1" },
    { 33, "response.first", "6000000000" },
    { 33, "think.first", "1000000000" },
    { 33, "idle.stddev", NULL },
    { 33, "response.stddev", NULL },
    { 33, "think.stddev", NULL },
    { 33, "iat.up.stddev", NULL },
    { 33, "payload.down.stddev", NULL },
    { 33, "len.down.stddev", NULL },
    { 33, "response.server", NULL },
    { 33, "active.count", "2" },
    { 33, "iat.stddev", "3535533906" },
    { 33, "payload.stddev", "5.77350269" },
    { 33, "active.stddev", "707106781" },
};

/* Whose value no person can work out; what they are made of has tests of its own. */
static const char *const elsewhere[] = { "zeek.uid" };

static void append_hex(GString *text, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
}

static void append_value(GString *text, enum flow_kind kind, const struct flow_value *value)
{
    switch (flow_member_of(kind)) {
    case FLOW_MEMBER_NUMBER:
        g_string_append_printf(text, "%" G_GUINT64_FORMAT, value->as.number);
        break;
    case FLOW_MEMBER_REAL: g_string_append_printf(text, "%.9g", value->as.real); break;
    case FLOW_MEMBER_NS: g_string_append_printf(text, "%" G_GINT64_FORMAT, value->as.ns); break;
    case FLOW_MEMBER_TEXT: g_string_append(text, value->as.text); break;
    case FLOW_MEMBER_ADDR: append_hex(text, value->as.addr, flow_addr_len(kind)); break;
    }
}

/* All values of a field, with blanks between them; NULL: none. */
static char *text_of(struct flow_view *view, const struct flow_field *field)
{
    GString *text = g_string_new(NULL);
    unsigned count = field->row->is_repeated ? 4 : 1, found = 0;

    for (unsigned i = 0; i < count; i++) {
        struct flow_value value = flow_field_value_nth(field, view, i);
        if (!value.known)
            continue;
        g_string_append(text, found++ > 0 ? " " : "");
        append_value(text, field->kind, &value);
    }
    return g_string_free(text, found == 0);
}

static void expect_value(struct flow_view *view, uint32_t frame, const struct flow_field *field,
                         const char *value)
{
    char *text = text_of(view, field);

    if (g_strcmp0(text, value) != 0) {
        g_test_message("%s of frame %u is %s, not %s%s", field->name, frame, text ? text : "absent",
                       value ? value : "absent", view->fact ? "" : ", as its flow is exported");
        g_test_fail();
    }
    g_free(text);
}

/* At a frame, and where the flow alone is asked about, as exports do. */
static void test_values_are_as_defined(void)
{
    struct flow_meter *meter = meter_of_flows();

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        const struct flow_field *field = flow_field_named(values[i].name);
        struct flow_view view;
        g_assert_nonnull(field);
        g_assert_true(flow_meter_view(meter, values[i].frame, true, &view));
        expect_value(&view, values[i].frame, field, values[i].value);
        if (!flow_field_is_of_flow(field))
            continue;
        g_assert_true(flow_meter_flow_view(meter, view.flow->id, &view));
        expect_value(&view, values[i].frame, field, values[i].value);
    }
    flow_meter_free(meter);
}

/* The line of a group in the tree. */
static const struct {
    uint32_t frame;
    const struct flow_group *group;
    const char *text;
} summaries[] = {
    { 1, &flow_shape, "frames of 54 to 354 bytes, mean gap 924.615 ms" },
    { 15, &flow_shape, "frames of 120 bytes" },
    { 1, &flow_splt, ">100 <300 <200 >50 <60 >20" },
    { 1, &flow_headers, "1 hops up, 8 hops down" },
    { 23, &flow_headers, "0 hops up" },
    { 1, &flow_holes, "0 B up and 0 B down missed" },
    { 26, &flow_holes, "" },
    { 1, &flow_turns, "5 turns, 2 answers after 125.000 ms on average" },
    { 16, &flow_turns, "1 turn" },
    { 23, &flow_turns, "0 turns" },
    { 26, &flow_turns, "2 turns, 1 answer after 0.000 ms" },
    { 1, &flow_quality, "1 cut" },
    { 16, &flow_quality, "nothing noticed" },
    { 23, &flow_quality, "1 copies, 2 late, one-sided, midstream" },
    { 26, &flow_quality, "3 cut, 1 merged" },
    { 1, &flow_zeek, "SF ShADadFf" },
    { 15, &flow_zeek, "OTH" },
    { 30, &flow_zeek, "C0GAIxVoXCyWuzcNiJ" },
    { 1, &flow_community_id, "1:jFryvin7b0RtSlPCZ3QhbbsOrZc=" },
    { 30, &flow_community_id, "" },
    { 1, &flow_among_flows, "rank 1, 44.5 %" },
    { 26, &flow_tunnel_group, "gre(10.0.0.8↔10.0.0.9)" },
    { 1, &flow_tunnel_group, "" },
};

static void test_summaries(void)
{
    struct flow_meter *meter = meter_of_flows();

    for (size_t i = 0; i < G_N_ELEMENTS(summaries); i++) {
        const struct flow_group *group = summaries[i].group;
        struct flow_view view;
        char text[128] = "";
        g_assert_true(flow_meter_view(meter, summaries[i].frame, true, &view));
        struct flow_asked asked = {
            .state = flow_view_whole(&view, group),
            .view = &view,
            .dir = FLOW_DIRS,
            .is_whole = true,
        };
        group->summary(&asked, text, sizeof text);
        g_test_message("%s of frame %u", group->name, summaries[i].frame);
        g_assert_cmpstr(text, ==, summaries[i].text);
    }
    flow_meter_free(meter);
}

/* The core group's sections have lines of their own (summary.c). */
static void test_every_group_has_a_summary(void)
{
    for (size_t i = 0; flow_groups_all[i]; i++)
        if (!flow_groups_all[i]->is_fixed)
            g_assert_nonnull(flow_groups_all[i]->summary);
}

static bool is_stated(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].value && strcmp(values[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        if (strcmp(elsewhere[i], name) == 0)
            return true;
    return false;
}

/* So far a measure is what it is as a whole, and names are those of numbers (test_field.c). */
static void test_every_field_has_a_stated_value(void)
{
    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *field = flow_field_at(i);
        if (field->is_name || g_str_has_prefix(field->name, "sofar.") || is_stated(field->name))
            continue;
        g_test_message("no value of %s is stated", field->name);
        g_test_fail();
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; flow_groups_all[i]; i++)
        flow_fields_add(flow_groups_all[i]);
    g_test_add_func("/values/are-as-defined", test_values_are_as_defined);
    g_test_add_func("/values/every-field-has-a-stated-one", test_every_field_has_a_stated_value);
    g_test_add_func("/values/summaries", test_summaries);
    g_test_add_func("/values/every-group-has-a-summary", test_every_group_has_a_summary);
    return g_test_run();
}
