#include "ask.h"
#include "packets.h"

#include "arguments.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "sink.h"

#include "community_id.h"

#include <epan/epan.h>

/*
 * What -z flowstats,parts writes of a few flows, worked out by hand from the packets
 * below.  The definitions are those of share/flowstats/parts.sql.  End 0 of a key is the
 * one with the lower port or, where ports are equal, with the lower address.
 */

#define MS INT64_C(1000000)
enum { F = FLOW_TCP_FIN, S = FLOW_TCP_SYN, R = FLOW_TCP_RST, P = FLOW_TCP_PSH };
enum { A = FLOW_TCP_ACK, U = FLOW_TCP_URG, E = FLOW_TCP_ECE, C = FLOW_TCP_CWR };

/* All begins then; a frame has so many bytes before its IP header, and so many were captured. */
#define BEGIN (1000 * SECOND)
enum { NO_TIME = -1, LINK_HEADER_LEN = 14, CAPTURED_LEN = 100 };

/* What the plugin around it says. */

static struct flow_meter *meter; /* NULL: no file was opened */
static uint32_t frames;
static enum fs_program program;
static const char *given; /* options, each by its letter */
static unsigned orphans_asked_for;
static struct fs_prefs preferences;

const struct fs_prefs *const fs_prefs = &preferences;

struct flow_meter *fs_session_meter(void)
{
    return meter;
}

uint32_t fs_session_frames(void)
{
    return frames;
}

void fs_session_keep_orphans(void)
{
    orphans_asked_for++;
}

enum fs_program fs_program(void)
{
    return program;
}

bool fs_arguments_have(char option)
{
    return strchr(given, option) != NULL;
}

const char *fs_arguments_value(char option)
{
    g_assert_cmpint(option, ==, 'r');
    return "day,1.pcap";
}

const char *epan_get_version(void)
{
    return "4.unit";
}

/* The packets */

static const char vlan[] = "vlan", vxlan[] = "vxlan", ipip[] = "ipip", gre[] = "gre";

static void set_lengths(struct flow_fact *fact, uint32_t header, uint32_t payload)
{
    fact->payload_len = payload;
    fact->ip_len = header + payload;
    fact->wire_len = LINK_HEADER_LEN + fact->ip_len;
    fact->cap_len = MIN(fact->wire_len, CAPTURED_LEN);
    fact->bits |= FLOW_FACT_IP;
}

static struct flow_packet at_ms(struct flow_packet packet, int64_t ms)
{
    if (ms == NO_TIME)
        return without_time(packet);
    packet.fact.time_ns = BEGIN + ms * MS;
    return packet;
}

/* That of host N is 02:00:00:00:00:N. */
static void set_macs(struct flow_packet *packet, uint8_t from, uint8_t to)
{
    memcpy(packet->mac[0], host_end(FLOW_LINK, from, 0).addr, FLOW_MAC_LEN);
    memcpy(packet->mac[1], host_end(FLOW_LINK, to, 0).addr, FLOW_MAC_LEN);
    packet->eth_type = 0x0800;
    packet->bits |= FLOW_PACKET_MACS | FLOW_PACKET_ETH_TYPE;
}

static void account_through(const struct flow_packet *packet, const struct flow_layer *layers,
                            uint16_t count)
{
    struct flow_packet inner = *packet;

    inner.layers = layers;
    inner.layer_count = count;
    flow_meter_account(meter, &inner);
}

static struct flow_layer tunnel(const char *name, uint8_t from, uint8_t to)
{
    struct flow_layer layer = { .name = name,
                                .family = FLOW_IPV4,
                                .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS | FLOW_LAYER_ENDS_KEY };

    memcpy(layer.end[0], host_end(FLOW_IPV4, from, 0).addr, FLOW_ADDR_LEN);
    memcpy(layer.end[1], host_end(FLOW_IPV4, to, 0).addr, FLOW_ADDR_LEN);
    return layer;
}

/* A segment that an end of the flow's key sent. */
struct segment_row {
    int64_t ms; /* since BEGIN */
    unsigned end, flags;
    uint32_t seq, ack, len;
    uint16_t window, ip_id;  /* ip_id 0: it has none */
    uint8_t words, ttl, tos; /* words: of the TCP header */
};

/* The ends of a key. */
struct ends {
    uint8_t host[2];
    uint16_t port[2];
};

static struct flow_packet packet_of_row(const struct segment_row *row, uint32_t frame,
                                        const struct ends *of)
{
    unsigned from = row->end, to = !row->end;
    struct flow_packet packet = tcp_packet(frame, of->host[from], of->port[from], of->host[to],
                                           of->port[to], "", row->seq, row->ack);
    struct flow_fact *fact = &packet.fact;

    packet = at_ms(packet, row->ms);
    set_lengths(fact, 20 + 4u * row->words, row->len);
    set_macs(&packet, of->host[from], of->host[to]);
    fact->header_words = row->words;
    fact->tcp_flags = (uint8_t)row->flags;
    fact->tcp_window = row->window;
    fact->ip_id = row->ip_id;
    fact->bits |= row->ip_id > 0 ? FLOW_FACT_IP_ID : 0;
    fact->ttl = row->ttl;
    fact->tos = row->tos;
    return packet;
}

/*
 * Frames 1 to 15: a whole connection.  The SYN comes three times and the SYN-ACK, too,
 * the last time as a copy of the one before: it has the same TSval, a millisecond later.
 * The ACK names the second SYN-ACK, which names the second SYN.  A RST comes after both
 * FINs.
 */
static const struct ends connection_ends = { { 2, 1 }, { 80, 50000 } };
static const struct segment_row connection[] = {
    { 0, 1, S | E | C, 1000, 0, 0, 64000, 10, 10, 64, 0x04 },
    { 1000, 1, S | E | C, 1000, 0, 0, 64000, 11, 10, 64, 0x04 },
    { 1001, 1, S | E | C, 1000, 0, 0, 64000, 11, 10, 63, 0x04 },
    { 1010, 0, S | A | E, 5000, 1001, 0, 32000, 700, 10, 60, 0x28 },
    { 1050, 0, S | A, 5000, 1001, 0, 32000, 701, 10, 60, 0x28 },
    { 1051, 0, S | A, 5000, 1001, 0, 32000, 705, 10, 60, 0x28 },
    { 1080, 1, A, 1001, 5001, 0, 500, 20, 8, 64, 0x05 },
    { 1100, 1, P | A, 1001, 5001, 100, 500, 21, 5, 64, 0x06 },
    { 1200, 0, A, 5001, 1101, 0, 700, 706, 5, 60, 0x2a },
    { 1300, 0, P | A | U, 5001, 1101, 300, 600, 707, 5, 58, 0x2b },
    { 1400, 1, A, 1101, 5301, 0, 510, 22, 5, 64, 0x0e },
    { 1500, 1, F | A, 1101, 5301, 0, 490, 23, 5, 64, 0x0d },
    { 1600, 0, F | A, 5301, 1102, 0, 650, 708, 5, 60, 0x48 },
    { 1700, 1, A, 1102, 5302, 0, 500, 24, 5, 64, 0x05 },
    { 1800, 0, R, 5302, 0, 0, 0, 709, 5, 60, 0x48 },
};

/* Of its first segments: MSS and window scale, TSval and TSecr, and which there are. */
static const struct flow_tcp_options handshake_options[] = {
    { 10, 0, 1460, 7, 15 },   { 20, 0, 1460, 7, 15 },   { 20, 0, 1460, 7, 15 },
    { 500, 10, 1400, 3, 11 }, { 540, 20, 1400, 3, 11 }, { 540, 20, 1400, 3, 11 },
    { 28, 540, 0, 0, 8 },
};

static void account_connection(void)
{
    for (uint32_t i = 0; i < G_N_ELEMENTS(connection); i++) {
        struct flow_packet packet = packet_of_row(&connection[i], 1 + i, &connection_ends);
        if (i < G_N_ELEMENTS(handshake_options)) {
            packet.fact.tcp_options = handshake_options[i];
            packet.fact.bits |= FLOW_FACT_OPTIONS;
        }
        flow_meter_account(meter, &packet);
    }
}

/*
 * Frames 16 to 22: amid a connection between equal ports.  Its first RST is survived,
 * unless the other end had spoken before.  End 1's acknowledgements are further apart
 * than numbers can tell.
 */
static const struct ends middle_ends = { { 3, 4 }, { 179, 179 } };
static const struct segment_row middle[] = {
    { 10000, 0, R, 500, 0, 0, 10, 0, 5, 30, 0 },
    { NO_TIME, 0, P | A | C, 600, 9000, 5, 800, 0, 5, 30, 0 },
    { 10200, 1, A, 9000, 605, 0, 900, 0, 5, 31, 0 },
    { 10300, 1, A, 9000, 605 + 0x70000000, 0, 910, 0, 5, 31, 0 },
    { 10400, 1, A, 9000, 605 + 0x90000000, 0, 890, 0, 5, 31, 0 },
    { 10500, 1, R, 9000, 0, 0, 0, 0, 5, 31, 0 },
    { 10600, 1, R | A | U, 9000, 605, 0, 0, 0, 5, 31, 0 },
};

static void account_middle(void)
{
    for (uint32_t i = 0; i < G_N_ELEMENTS(middle); i++) {
        struct flow_packet packet = packet_of_row(&middle[i], 16 + i, &middle_ends);
        flow_meter_account(meter, &packet);
    }
}

/*
 * Frames 23 to 32: a flow, for each SYN has the number that is known of its end.  An
 * earlier file may know another, so it may have to be cut before frames 25 and 26.  The
 * lower port sent its first segment, but is the server's: end 1 is the source.
 */
static const struct ends cut_ends = { { 7, 8 }, { 1000, 2000 } };
static const struct segment_row cut[] = {
    { 20000, 0, A, 301, 701, 4, 100, 40, 5, 20, 0x04 },
    { 20100, 1, S | A, 700, 301, 0, 200, 0, 5, 22, 0x0c },
    { 20200, 0, S, 300, 0, 0, 110, 43, 5, 21, 0x08 },
    { 20300, 1, S, 700, 0, 0, 210, 0, 5, 22, 0x10 },
    { 20400, 0, S | A, 300, 701, 0, 115, 44, 5, 21, 0x08 },
    { 20550, 1, A, 701, 301, 0, 220, 0, 5, 22, 0x10 },
    { 20600, 0, A, 301, 701 + 0x70000000, 0, 130, 45, 5, 21, 0x08 },
    { 20700, 0, A, 301, 701 + 0x90000000, 0, 140, 46, 5, 21, 0x08 },
    { 20800, 1, R, 701, 0, 0, 0, 0, 5, 22, 0x10 },
    { 20900, 0, F | A, 301, 701, 0, 150, 47, 5, 21, 0x08 },
};

/* One network both ways, of which each way has another VLAN. */
static void account_cut(void)
{
    for (uint32_t i = 0; i < G_N_ELEMENTS(cut); i++) {
        struct flow_packet packet = packet_of_row(&cut[i], 23 + i, &cut_ends);
        unsigned end = cut[i].end;
        struct flow_layer layers[] = { { .name = vlan, .id = { end ? 200 : 100 }, .ids = 1 },
                                       tunnel(vxlan, end ? 21 : 20, end ? 20 : 21) };
        layers[1].id[0] = 10;
        layers[1].ids = 1;
        layers[1].bits = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY | FLOW_LAYER_ENDS;
        account_through(&packet, layers, G_N_ELEMENTS(layers));
    }
}

/*
 * Frames 33 to 37: two datagrams in fragments, which come in the wrong order, and a whole
 * one.  There is a tunnel there, and another one back.
 */
static const struct {
    int64_t ms;
    unsigned end;
    uint32_t len, label, ident;
    uint16_t bits;
    uint8_t ttl, tos;
} datagrams[] = {
    { 30000, 1, 500, 5, 7, FLOW_FACT_FRAG, 128, 0x03 },
    { 30100, 1, 1400, 6, 7, FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG, 128, 0x03 },
    { 30200, 0, 200, 9, 8, FLOW_FACT_FRAG, 50, 0x01 },
    { 30300, 0, 1200, 9, 8, FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG, 50, 0x01 },
    { 30400, 0, 0, 10, 0, 0, 49, 0xb9 },
};

static void account_datagrams(void)
{
    for (uint32_t i = 0; i < G_N_ELEMENTS(datagrams); i++) {
        bool is_back = datagrams[i].end == 0;
        struct flow_tuple tuple =
            is_back ? tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 10, 53, 9, 5000)
                    : tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 9, 5000, 10, 53);
        struct flow_packet packet = at_ms(packet_of(33 + i, tuple), datagrams[i].ms);
        struct flow_layer layer = is_back ? tunnel(ipip, 14, 13) : tunnel(ipip, 11, 12);
        set_lengths(&packet.fact, 48, datagrams[i].len);
        packet.fact.bits |= datagrams[i].bits;
        packet.fact.flow_label = datagrams[i].label;
        packet.fact.ttl = datagrams[i].ttl;
        packet.fact.tos = datagrams[i].tos;
        packet.fragment = (struct flow_fragment){ .ident = datagrams[i].ident,
                                                  .protocol = FLOW_PROTOCOL_UDP,
                                                  .waits = true };
        account_through(&packet, &layer, 1);
    }
}

static void account_error(uint32_t frame, int64_t ms, struct flow_tuple tuple,
                          struct flow_tuple quote, unsigned type_and_code, struct flow_layer layer)
{
    struct flow_packet packet = at_ms(packet_of(frame, tuple), ms);

    packet.fact.icmp_type = (uint8_t)(type_and_code >> 8);
    packet.fact.icmp_code = (uint8_t)type_and_code;
    packet.quote = quote;
    packet.bits |= FLOW_PACKET_QUOTE;
    account_through(&packet, &layer, 1);
}

/* Frame 38: a router refuses one of them; it is through the tunnel back. */
static void account_refusal(void)
{
    account_error(38, 30500, tuple_of(FLOW_IPV6, FLOW_PROTOCOL_ICMPV6, 15, 9),
                  tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, 9, 5000, 10, 53), 0x0104,
                  tunnel(ipip, 14, 13));
}

/* Frames 39 to 41: a ping and its answer, and another answer two hours later. */
static void account_pings(void)
{
    static const int64_t ms[] = { 40000, 40100, 7240000 };

    for (uint32_t i = 0; i < G_N_ELEMENTS(ms); i++) {
        bool is_answer = i > 0;
        struct flow_packet packet =
            at_ms(packet_of(39 + i, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, is_answer ? 5 : 6,
                                             is_answer ? 6 : 5)),
                  ms[i]);
        packet.tuple.ident = 77;
        packet.tuple.bits = FLOW_TUPLE_IDENT | (is_answer ? FLOW_TUPLE_ANSWER : 0);
        packet.message_type = is_answer ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
        packet.fact.icmp_type = is_answer ? 0 : 8;
        packet.fact.bits |= FLOW_FACT_CHECKSUM;
        flow_meter_account(meter, &packet);
    }
}

/* Frames 42 to 46: ARP, without times, as long as can be.  Of end 1 the MAC address is known. */
static void account_link(void)
{
    for (uint32_t frame = 42; frame <= 46; frame++) {
        bool is_answer = frame % 2 == 0;
        struct flow_packet packet = without_time(
            packet_of(frame, tuple_of(FLOW_LINK, 0, is_answer ? 2 : 1, is_answer ? 1 : 2)));
        packet.tuple.ident = packet.eth_type = 0x0806;
        packet.message_type = is_answer ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
        packet.fact.wire_len = packet.fact.payload_len = UINT32_MAX;
        packet.bits = FLOW_PACKET_ETH_TYPE;
        if (is_answer) {
            memcpy(packet.mac[0], packet.tuple.end[0].addr, FLOW_MAC_LEN);
            packet.bits |= FLOW_PACKET_MAC_SENDER;
        }
        flow_meter_account(meter, &packet);
    }
}

/* Frames 47 to 49: ICMP errors about two flows that nothing else is known of. */
static void account_errors(void)
{
    struct flow_tuple tuple = tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 16, 17);
    struct flow_tuple segment = tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_TCP, 17, 50001, 18, 80);
    struct flow_tuple datagram = tuple_with_ports(FLOW_IPV4, FLOW_PROTOCOL_UDP, 17, 53, 19, 5000);

    account_error(47, 7250000, tuple, segment, 0x0301, tunnel(gre, 23, 24));
    account_error(48, 7250100, tuple, datagram, 0x0b00, tunnel(gre, 23, 24));
    account_error(49, 7250200, tuple, datagram, 0x0303, tunnel(gre, 23, 24));
}

/* What is to be written */

/* The rows, in their order; what is written of the whole flow comes before its pieces. */
enum {
    CONNECTION,
    MIDDLE,
    CUT,
    CUT_1,
    CUT_2,
    CUT_3,
    DATAGRAMS,
    REFUSAL,
    PING,
    LATE_PONG,
    LINK,
    ERRORS,
    SEGMENT_ERROR,
    DATAGRAM_ERROR,
    CAPTURE,
    ROWS
};

enum { TCP_ROWS = DATAGRAMS, OTHER_ROWS = SEGMENT_ERROR - TCP_ROWS, ERROR_ROWS = 2 };

/* Columns beside one another, as CSV; NULL: all are empty. */
struct section {
    const char *heading;
    const char *cells[ROWS];
};

#define OF_PART  "part,\"day,1.pcap\",,,,,,,"
#define OF_ERROR "error,\"day,1.pcap\",,,,,,,"

static const struct section sections[] = {
    { "kind,capture,schema,plugin,wireshark,preferences,frames,capture_first,capture_last",
      { [CONNECTION] = OF_PART,
        [MIDDLE] = OF_PART,
        [CUT] = OF_PART,
        [CUT_1] = OF_PART,
        [CUT_2] = OF_PART,
        [CUT_3] = OF_PART,
        [DATAGRAMS] = OF_PART,
        [REFUSAL] = OF_PART,
        [PING] = OF_PART,
        [LATE_PONG] = OF_PART,
        [LINK] = OF_PART,
        [ERRORS] = OF_PART,
        [SEGMENT_ERROR] = OF_ERROR,
        [DATAGRAM_ERROR] = OF_ERROR,
        [CAPTURE] =
            "capture,\"day,1.pcap\",3," FLOWSTATS_VERSION ",4.unit,"
            "flow.idle_timeout:3600 flow.key_vlan:FALSE flow.key_labels:FALSE "
            "flow.key_ends:TRUE flow.community_id_seed:0,50,1000000000000,8250200000000" } },
    { "family,proto,addr0,port0,addr1,port1,ident,has_ident,asker,proto_name,tuple0,tuple1,kinds,"
      "encap0,encap1",
      { [CONNECTION] = "1,6,10.0.0.2,80,10.0.0.1,50000,0,0,0,TCP,"
                       "TCP 10.0.0.2:80 → 10.0.0.1:50000,TCP 10.0.0.1:50000 → 10.0.0.2:80,,,",
        [MIDDLE] = "1,6,10.0.0.3,179,10.0.0.4,179,0,0,0,TCP,"
                   "TCP 10.0.0.3:179 → 10.0.0.4:179,TCP 10.0.0.4:179 → 10.0.0.3:179,,,",
#define OF_CUT                                                                                     \
    "1,6,10.0.0.7,1000,10.0.0.8,2000,0,0,0,TCP,"                                                   \
    "TCP 10.0.0.7:1000 → 10.0.0.8:2000,TCP 10.0.0.8:2000 → 10.0.0.7:1000,"                     \
    "vxlan,vxlan(10),vxlan(10)"
        [CUT] = OF_CUT,
        [CUT_1] = OF_CUT,
        [CUT_2] = OF_CUT,
        [CUT_3] = OF_CUT,
        [DATAGRAMS] = "2,17,fd00::a,53,fd00::9,5000,0,0,0,UDP,"
                      "UDP [fd00::a]:53 → [fd00::9]:5000,UDP [fd00::9]:5000 → [fd00::a]:53,"
                      "ipip,ipip(10.0.0.14↔10.0.0.13),ipip(10.0.0.12↔10.0.0.11)",
        [REFUSAL] = "2,58,fd00::9,,fd00::f,,0,0,0,ICMPv6,"
                    "ICMPv6 fd00::9 → fd00::f,ICMPv6 fd00::f → fd00::9,"
                    "ipip,,ipip(10.0.0.13↔10.0.0.14)",
#define OF_PINGS                                                                                   \
    "1,1,10.0.0.5,,10.0.0.6,,77,1,1,ICMP,"                                                         \
    "ICMP 10.0.0.5 → 10.0.0.6 id 77,ICMP 10.0.0.6 → 10.0.0.5 id 77,,,"
        [PING] = OF_PINGS,
        [LATE_PONG] = OF_PINGS,
        [LINK] = "0,0,02:00:00:00:00:01,,02:00:00:00:00:02,,2054,0,0,ARP,"
                 "ARP 02:00:00:00:00:01 → 02:00:00:00:00:02,"
                 "ARP 02:00:00:00:00:02 → 02:00:00:00:00:01,,,",
        [ERRORS] = "1,1,10.0.0.16,,10.0.0.17,,0,0,0,ICMP,"
                   "ICMP 10.0.0.16 → 10.0.0.17,ICMP 10.0.0.17 → 10.0.0.16,"
                   "gre,gre(10.0.0.23↔10.0.0.24),",
        /* The error comes back as what end 0 sends, and what end 1 sends. */
        [SEGMENT_ERROR] = "1,6,10.0.0.18,80,10.0.0.17,50001,0,0,0,TCP,"
                          "TCP 10.0.0.18:80 → 10.0.0.17:50001,TCP 10.0.0.17:50001 → 10.0.0.18:80,"
                          "gre,gre(10.0.0.23↔10.0.0.24),",
        [DATAGRAM_ERROR] = "1,17,10.0.0.17,53,10.0.0.19,5000,0,0,0,UDP,"
                           "UDP 10.0.0.17:53 → 10.0.0.19:5000,UDP 10.0.0.19:5000 → 10.0.0.17:53,"
                           "gre,,gre(10.0.0.24↔10.0.0.23)" } },
    { "flow,piece,pieces,source,reason,continues,begin_ns,begin_frame,flow_last_ns,first_frame,"
      "last_frame",
      { [CONNECTION] = "100,0,1,1,1,0,1000000000000,1,1001800000000,1,15",
        [MIDDLE] = "101,0,1,0,5,0,1010000000000,16,1010600000000,16,22",
        [CUT] = "102,0,3,1,4,0,1020000000000,23,1020900000000,23,32",
        [CUT_1] = "102,1,3,1,4,0,1020000000000,23,1020900000000,23,24",
        [CUT_2] = "102,2,3,1,4,0,1020200000000,25,1020900000000,25,25",
        [CUT_3] = "102,3,3,1,4,0,1020300000000,26,1020900000000,26,32",
        [DATAGRAMS] = "103,0,1,1,5,0,1030100000000,34,1030400000000,33,37",
        [REFUSAL] = "104,0,1,1,5,0,1030500000000,38,1030500000000,38,38",
        [PING] = "105,0,1,1,2,0,1040000000000,39,1040100000000,39,40",
        [LATE_PONG] = "106,0,1,1,2,1,8240000000000,41,8240000000000,41,41",
        [LINK] = "107,0,1,0,2,0,,42,,42,46",
        [ERRORS] = "108,0,1,0,5,0,8250000000000,47,8250200000000,47,49" } },
    { "vni0,vni1,vni_depth,mac0,mac1,eth_type",
      { [CONNECTION] = ",,,02:00:00:00:00:02,02:00:00:00:00:01,2048",
        [MIDDLE] = ",,,02:00:00:00:00:03,02:00:00:00:00:04,2048",
#define BEGIN_OF_CUT                                                                               \
    "\"vlan(100) › vxlan(10, 10.0.0.20↔10.0.0.21)\","                                          \
    "\"vlan(100) › vxlan(10, 10.0.0.21↔10.0.0.20)\",2,02:00:00:00:00:07,02:00:00:00:00:08,2048"
        [CUT] = BEGIN_OF_CUT,
        [CUT_1] = BEGIN_OF_CUT,
        [DATAGRAMS] = "ipip(10.0.0.12↔10.0.0.11),ipip(10.0.0.11↔10.0.0.12),1,,,",
        [REFUSAL] = "ipip(10.0.0.13↔10.0.0.14),ipip(10.0.0.14↔10.0.0.13),1,,,",
        [LINK] = ",,,,02:00:00:00:00:02,2054",
        [ERRORS] = "gre(10.0.0.23↔10.0.0.24),gre(10.0.0.24↔10.0.0.23),1,,," } },
};

/*
 * A column: its cells in the rows of TCP, of other flows and of errors, with blanks in
 * between; "-" is an empty one.  NULL, and the row of the capture: all are empty.
 */
struct column {
    const char *name;
    const char *of_tcp, *of_others, *of_errors;
};

static const struct column counters[] = {
    { "start",
      "1000000000000 1010000000000 1020000000000 1020000000000 1020200000000 1020300000000",
      "1030000000000 1030500000000 1040000000000 8240000000000 - 8250000000000", NULL },
    { "last", "1001800000000 1010600000000 1020900000000 1020100000000 1020200000000 1020900000000",
      "1030400000000 1030500000000 1040100000000 8240000000000 - 8250200000000", NULL },
    { "icmp_errors", "0 0 0 0 0 0", "1 0 0 0 - 0", "1 2" },
    { "icmp_error_frame", NULL, "38 - - - - -", "47 49" },
    { "icmp_error_type", NULL, "1 - - - - -", "3 3" },
    { "icmp_error_code", NULL, "4 - - - - -", "1 3" },
    { "pkts0", "7 2 6 1 1 4", "3 0 1 1 2 3", "0 0" },
    { "pkts1", "8 5 4 1 0 3", "2 1 1 0 3 0", "0 0" },
    { "bytes0", "484 113 328 58 54 216", "262 0 100 100 200 300", "0 0" },
    { "bytes1", "550 270 216 54 0 162", "200 100 100 0 300 0", "0 0" },
    { "wire_bytes0", "738 113 328 58 54 216", "1586 0 120 120 8589934590 360", "0 0" },
    { "wire_bytes1", "604 270 216 54 0 162", "2024 120 120 0 12884901885 0", "0 0" },
    { "payload_pkts0", "1 1 1 1 0 0", "2 0 1 1 2 3", "0 0" },
    { "payload_pkts1", "1 0 0 0 0 0", "2 1 1 0 3 0", "0 0" },
    { "payload_bytes0", "300 5 4 4 0 0", "1400 0 10 10 8589934590 30", "0 0" },
    { "payload_bytes1", "100 0 0 0 0 0", "1900 10 10 0 12884901885 0", "0 0" },
    { "ip_bytes0", "640 85 244 44 40 160", "1544 0 0 0 - 0", "0 0" },
    { "ip_bytes1", "492 200 160 40 0 120", "1996 0 0 0 - 0", "0 0" },
    { "frags0", "0 0 0 0 0 0", "2 0 0 0 - 0", "0 0" },
    { "frags1", "0 0 0 0 0 0", "2 0 0 0 - 0", "0 0" },
    { "frag_pkts0", "0 0 0 0 0 0", "1 0 0 0 - 0", "0 0" },
    { "frag_pkts1", "0 0 0 0 0 0", "1 0 0 0 - 0", "0 0" },
    { "ip_id0", "709 - 47 40 43 47", NULL, NULL },
    { "ip_id1", "24 - - - - -", NULL, NULL },
    { "lost0", "3 0 2 0 0 0", "- - 0 0 - 0", "0 0" },
    { "lost1", "8 0 0 0 0 0", "- - 0 0 - 0", "0 0" },
    { "seq0", "5302 600 301 301 300 301", NULL, NULL },
    { "seq1", "1102 9000 701 700 - 701", NULL, NULL },
    { "first_ip_id0", "700 - 40 40 43 44", NULL, NULL },
    { "first_ip_id1", "10 - - - - -", NULL, NULL },
    { "len_min0", "54 54 54 58 54 54", "62 - 120 120 4294967295 120", NULL },
    { "len_min1", "54 54 54 54 - 54", "562 120 120 - 4294967295 -", NULL },
    { "len_min", "54 54 54 54 54 54", "62 120 120 120 4294967295 120", NULL },
    { "len_max0", "354 59 58 58 54 54", "1262 - 120 120 4294967295 120", NULL },
    { "len_max1", "154 54 54 54 - 54", "1462 120 120 - 4294967295 -", NULL },
    { "len_max", "354 59 58 58 54 54", "1462 120 120 120 4294967295 120", NULL },
    { "payload_min0", "300 5 4 4 - -", "200 - 10 10 4294967295 10", NULL },
    { "payload_min1", "100 - - - - -", "500 10 10 - 4294967295 -", NULL },
    { "payload_min", "100 5 4 4 - -", "200 10 10 10 4294967295 10", NULL },
    { "payload_max0", "300 5 4 4 - -", "1200 - 10 10 4294967295 10", NULL },
    { "payload_max1", "100 - - - - -", "1400 10 10 - 4294967295 -", NULL },
    { "payload_max", "300 5 4 4 - -", "1400 10 10 10 4294967295 10", NULL },
    /* In two words of 64 bits: of ARP 2 and 3 times 2^64 - 2^33 + 1. */
    { "len_squares0", "150492 6397 17944 3364 2916 11664",
      "1665132 0 14400 14400 18446744056529682434 43200", NULL },
    { "len_squares1", "53248 14580 11664 2916 0 8748",
      "2453288 14400 14400 0 18446744047939747843 0", NULL },
    { "len_squares_high0", "0 0 0 0 0 0", "0 0 0 0 1 0", NULL },
    { "len_squares_high1", "0 0 0 0 0 0", "0 0 0 0 2 0", NULL },
    { "payload_squares0", "90000 25 16 16 0 0", "1480000 0 100 100 18446744056529682434 300",
      NULL },
    { "payload_squares1", "10000 0 0 0 0 0", "2210000 100 100 0 18446744047939747843 0", NULL },
    { "payload_squares_high0", "0 0 0 0 0 0", "0 0 0 0 1 0", NULL },
    { "payload_squares_high1", "0 0 0 0 0 0", "0 0 0 0 2 0", NULL },
    { "ttl_min0", "58 30 20 20 21 21", "49 - - - - -", NULL },
    { "ttl_min1", "63 31 22 22 - 22", "128 - - - - -", NULL },
    { "ttl_max0", "60 30 21 20 21 21", "50 - - - - -", NULL },
    { "ttl_max1", "64 31 22 22 - 22", "128 - - - - -", NULL },
    { "dscp0", "18 0 2 1 2 2", "46 - - - - -", NULL },
    { "dscp1", "1 0 4 3 - 4", "0 - - - - -", NULL },
    { "dscp_changes0", "1 0 1 0 0 0", "1 0 0 0 - 0", NULL },
    { "dscp_changes1", "2 0 1 0 0 0", "0 0 0 0 - 0", NULL },
    { "ect00", "1 0 0 0 0 0", "0 0 0 0 - 0", NULL },
    { "ect01", "2 0 0 0 0 0", "0 0 0 0 - 0", NULL },
    { "ect10", "0 0 0 0 0 0", "3 0 0 0 - 0", NULL },
    { "ect11", "3 0 0 0 0 0", "0 0 0 0 - 0", NULL },
    { "ce0", "1 0 0 0 0 0", "0 0 0 0 - 0", NULL },
    { "ce1", "0 0 0 0 0 0", "2 0 0 0 - 0", NULL },
    { "flow_label0", NULL, "9 - - - - -", NULL },
    { "flow_label1", NULL, "5 - - - - -", NULL },
    { "flow_label_changes0", NULL, "1 0 - - - -", NULL },
    { "flow_label_changes1", NULL, "1 0 - - - -", NULL },
    { "tcp_flags0", "127 156 19 16 2 19", NULL, NULL },
    { "tcp_flags1", "219 52 22 18 - 22", NULL, NULL },
    { "tcp_syn0", "3 0 2 0 1 1", NULL, NULL },
    { "tcp_syn1", "3 0 2 1 0 1", NULL, NULL },
    { "tcp_fin0", "1 0 1 0 0 1", NULL, NULL },
    { "tcp_fin1", "1 0 0 0 0 0", NULL, NULL },
    { "tcp_rst0", "1 1 0 0 0 0", NULL, NULL },
    { "tcp_rst1", "0 2 1 0 0 1", NULL, NULL },
    { "tcp_psh0", "1 1 0 0 0 0", NULL, NULL },
    { "tcp_psh1", "1 0 0 0 0 0", NULL, NULL },
    { "tcp_ack0", "6 1 5 1 0 4", NULL, NULL },
    { "tcp_ack1", "5 4 2 1 0 1", NULL, NULL },
    { "tcp_urg0", "1 0 0 0 0 0", NULL, NULL },
    { "tcp_urg1", "0 1 0 0 0 0", NULL, NULL },
    { "tcp_ece0", "1 0 0 0 0 0", NULL, NULL },
    { "tcp_ece1", "3 0 0 0 0 0", NULL, NULL },
    { "tcp_cwr0", "0 1 0 0 0 0", NULL, NULL },
    { "tcp_cwr1", "3 0 0 0 0 0", NULL, NULL },
    { "tcp_win_init0", "32000 10 100 100 110 115", NULL, NULL },
    { "tcp_win_init1", "64000 900 200 200 - 210", NULL, NULL },
    { "first_dscp0", "10 0 1 1 2 2", "0 - - - - -", NULL },
    { "first_dscp1", "1 0 3 3 - 4", "0 - - - - -", NULL },
    { "last_label0", NULL, "10 - - - - -", NULL },
    { "last_label1", NULL, "6 - - - - -", NULL },
    { "tcp_raw_win_min0", "600 800 100 100 - 130", NULL, NULL },
    { "tcp_raw_win_min1", "490 890 220 - - 220", NULL, NULL },
    { "tcp_raw_win_max0", "700 800 150 100 - 150", NULL, NULL },
    { "tcp_raw_win_max1", "510 910 220 - - 220", NULL, NULL },
    { "tcp_options0", "11 - 0 - 0 0", NULL, NULL },
    { "tcp_options1", "15 - 0 0 - 0", NULL, NULL },
    { "tcp_option_mss0", "1400 - 0 - 0 0", NULL, NULL },
    { "tcp_option_mss1", "1460 - 0 0 - 0", NULL, NULL },
    { "tcp_option_wscale0", "3 - 0 - 0 0", NULL, NULL },
    { "tcp_option_wscale1", "7 - 0 0 - 0", NULL, NULL },
    { "quality_cut_pkts0", "1 0 0 0 0 0", "2 0 1 1 2 3", NULL },
    { "quality_cut_pkts1", "1 0 0 0 0 0", "2 1 1 0 3 0", NULL },
    { "quality_cut_bytes0", "254 0 0 0 0 0", "1324 0 20 20 8589934390 60", NULL },
    { "quality_cut_bytes1", "54 0 0 0 0 0", "1824 20 20 0 12884901585 0", NULL },
    /* Made of the tuples by another program; the type of the refusal was not captured. */
    { "first_community_id",
      "1:jFryvin7b0RtSlPCZ3QhbbsOrZc= 1:p7cdZJafeCjOW9kvOPn2idnvlkE= "
      "1:v+Cdy3BcxdYRuezuG9bwyAaXOks= 1:v+Cdy3BcxdYRuezuG9bwyAaXOks= "
      "1:v+Cdy3BcxdYRuezuG9bwyAaXOks= 1:v+Cdy3BcxdYRuezuG9bwyAaXOks=",
      "1:ehzBlHtbKMmKW3zsuYY+WPvMQVE= none 1:1iV4LthTdUrG4+BetFF+KidFCz0= "
      "1:1iV4LthTdUrG4+BetFF+KidFCz0= none none",
      NULL },
    { "segments", "15 7 10 2 1 7", "0 0 0 0 0 0", "0 0" },
};

/* Likewise, of TCP alone. */
static const struct {
    const char *name, *cells;
} tcp_columns[] = {
    { "handshake", "2 0 4 4 1 2" },
    { "connects", "1 0 0 0 1 1" },
    { "lead", "1 0 0 0 0 1" },
    { "lead_seq", "1000 500 301 301 300 700" },
    /* Where SYN-ACKs differ there is no answer. */
    { "answer_seq", "5000 - - 700 - 300" },
    { "answer_ack", "1001 - - 301 - 701" },
    { "initiator", "1 - 0 0 0 1" },
    { "done", "1 0 1 0 0 1" },
    { "syns", "2 0 1 0 1 1" },
    { "syn_acks_kept", "3 0 1 1 0 1" },
    { "syn_acks", "2 0 1 1 0 1" },
    { "answer", "1 0 0 0 0 0" },
    { "first_syn_ns", "1000000000000 - 1020200000000 - 1020200000000 1020300000000" },
    { "syn_ns", "1001001000000 - 1020200000000 - 1020200000000 1020300000000" },
    { "syn_frame", "3 - 25 - 25 26" },
    { "syn_ack_ns", "1001050000000 - 1020100000000 1020100000000 - 1020400000000" },
    { "syn_ack_frame", "5 - 24 24 - 27" },
    { "ack_ns", "1001080000000 - 1020600000000 - - 1020550000000" },
    { "ack_frame", "7 - 29 - - 28" },
    { "rtt_ns", "79000000 - - - - 250000000" },
    { "rtt_net_ns", "49000000 - - - - 100000000" },
    { "rtt_user_ns", "30000000 - 500000000 - - 150000000" },
    { "connect_ns", "1080000000 - 400000000 - - 250000000" },
    { "syn_ack_retrans", "2 0 0 0 0 0" },
    { "state", "0 7 7 2 1 7" },
    { "undisturbed", "0 3 4 2 1 4" },
    { "ended", "1 0 0 0 0 0" },
    { "last_rst", "15 22 31 - - 31" },
    { "rst_by", "- 1 1 - - 1" },
    { "rst_frame", "- 21 31 - - 31" },
    { "rst_senders", "0 2 2 0 0 2" },
    { "amid_rst_by", "- 0 1 - - 1" },
    { "amid_rst_frame", "- 16 31 - - 31" },
    { "amid_rst_senders", "0 3 2 0 0 2" },
    { "seen0", "1 1 1 1 1 1" },
    { "ack0", "1 1 1 1 0 1" },
    { "answered0", "1 0 1 0 0 1" },
    { "data0", "1 1 1 1 0 0" },
    { "voice0", "1 1 1 1 1 1" },
    { "nsyn0", "0 0 1 0 1 0" },
    { "syn_seq0", "- - 300 - 300 -" },
    { "syn_end0", "- - 301 - 301 -" },
    { "number0", "5000 - 300 - 300 300" },
    { "base0", "5000 499 300 300 300 300" },
    { "ack_ns0", "1001200000000 - 1020000000000 1020000000000 - 1020600000000" },
    { "ack_frame0", "9 17 23 23 - 29" },
    { "ack_number0", "1101 9000 701 701 - 1879048893" },
    { "ack_low0", "1001 9000 - 701 - -" },
    { "ack_high0", "1102 9000 - 701 - -" },
    { "acks_wide0", "0 0 1 0 0 1" },
    { "fin_frame0", "13 - 32 - - 32" },
    { "fin_end0", "5302 - 302 - - 302" },
    { "fin_acked0", "1 0 0 0 0 0" },
    { "seen1", "1 1 1 1 0 1" },
    { "ack1", "1 1 1 0 0 1" },
    { "answered1", "0 0 1 1 0 0" },
    { "data1", "1 0 0 0 0 0" },
    { "voice1", "1 1 1 1 0 1" },
    { "nsyn1", "3 0 1 0 0 1" },
    { "syn_seq1", "1000 - 700 - - 700" },
    { "syn_end1", "1001 - 701 - - 701" },
    { "number1", "1000 - 700 700 - 700" },
    { "base1", "1000 8999 700 700 - 700" },
    { "ack_ns1", "1001080000000 1010200000000 1020550000000 - - 1020550000000" },
    { "ack_frame1", "7 18 28 - - 28" },
    { "ack_number1", "5001 605 301 - - 301" },
    { "ack_low1", "5001 - 301 301 - 301" },
    { "ack_high1", "5302 - 301 301 - 301" },
    { "acks_wide1", "0 1 0 0 0 0" },
    { "fin_frame1", "12 - - - - -" },
    { "fin_end1", "1102 - - - - -" },
    { "fin_acked1", "1 0 0 0 0 0" },
};

/* Reading */

/* The cells of a row, as they are written: commas in quotes are no ends. */
static GPtrArray *cells_of(const char *row)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    bool is_quoted = false;
    const char *begin = row;

    for (const char *at = row;; at++) {
        is_quoted ^= *at == '"';
        if (*at && (*at != ',' || is_quoted))
            continue;
        g_ptr_array_add(cells, g_strndup(begin, (size_t)(at - begin)));
        if (!*at)
            return cells;
        begin = at + 1;
    }
}

static GPtrArray *names;       /* of columns, as they are to be */
static GPtrArray *wants[ROWS]; /* their cells in each row, likewise */

/* Add the words to so many rows, one each; NULL: add empty cells. */
static void want_words(unsigned row, unsigned count, const char *words)
{
    char **each = words ? g_strsplit(words, " ", -1) : NULL;

    g_assert_true(!each || g_strv_length(each) == count);
    for (unsigned i = 0; i < count; i++) {
        bool is_empty = !each || g_str_equal(each[i], "-");
        g_ptr_array_add(wants[row + i], g_strdup(is_empty ? "" : each[i]));
    }
    g_strfreev(each);
}

static void want_column(const char *name, const char *of_tcp, const char *of_others,
                        const char *of_errors)
{
    g_ptr_array_add(names, g_strdup(name));
    want_words(CONNECTION, TCP_ROWS, of_tcp);
    want_words(DATAGRAMS, OTHER_ROWS, of_others);
    want_words(SEGMENT_ERROR, ERROR_ROWS, of_errors);
    want_words(CAPTURE, 1, NULL);
}

static void want_section(const struct section *section)
{
    GPtrArray *heading = cells_of(section->heading);
    unsigned count = heading->len;

    g_ptr_array_extend_and_steal(names, heading);
    for (unsigned row = 0; row < ROWS; row++) {
        GPtrArray *cells = cells_of(section->cells[row] ? section->cells[row] : "");
        while (!section->cells[row] && cells->len < count)
            g_ptr_array_add(cells, g_strdup(""));
        g_assert_cmpuint(cells->len, ==, count);
        g_ptr_array_extend_and_steal(wants[row], cells);
    }
}

static void want_all(void)
{
    names = g_ptr_array_new_with_free_func(g_free);
    for (unsigned row = 0; row < ROWS; row++)
        wants[row] = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
        want_section(&sections[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(counters); i++)
        want_column(counters[i].name, counters[i].of_tcp, counters[i].of_others,
                    counters[i].of_errors);
    for (size_t i = 0; i < G_N_ELEMENTS(tcp_columns); i++)
        want_column(tcp_columns[i].name, tcp_columns[i].cells, NULL, NULL);
}

static void want_nothing_more(void)
{
    g_ptr_array_unref(names);
    for (unsigned row = 0; row < ROWS; row++)
        g_ptr_array_unref(wants[row]);
}

/* Cell for cell: a message says which one is wrong. */
static void has_cells(const char *row, unsigned number, const GPtrArray *want)
{
    GPtrArray *cells = cells_of(row);

    g_assert_cmpuint(cells->len, ==, want->len);
    for (unsigned i = 0; i < want->len; i++)
        if (!g_str_equal(cells->pdata[i], want->pdata[i])) {
            g_test_message("row %u, %s: not %s, but %s", number, (const char *)names->pdata[i],
                           (const char *)want->pdata[i], (const char *)cells->pdata[i]);
            g_test_fail();
        }
    g_ptr_array_unref(cells);
}

static void has_cell(const char *row, const char *name, const char *want)
{
    GPtrArray *cells = cells_of(row);
    unsigned number = 0;

    g_assert_true(g_ptr_array_find_with_equal_func(names, name, g_str_equal, &number));
    g_assert_cmpstr(cells->pdata[number], ==, want);
    g_ptr_array_unref(cells);
}

/* The rows of the meter, an empty one after the last line break. */
static char **written_rows(void)
{
    static struct flow_view view;
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; meter && flow_meter_flow_view(meter, i, &view); i++)
        fs_parts.row(out, &view);
    fs_parts.end(out);
    char **rows = g_strsplit(out->str, "\n", -1);
    g_string_free(out, TRUE);
    return rows;
}

/* The claims */

static void open_capture(void)
{
    static const struct flow_limits limits = { .idle_ns = 3600 * SECOND };

    preferences = (struct fs_prefs){ .idle_timeout = 3600, .key_ends = true };
    frames = 50;
    meter = flow_meter_new(&limits, 100, NULL);
    flow_meter_bound(meter, &(struct flow_bounds){ .keeps_orphans = true });
}

static void close_capture(void)
{
    flow_meter_free(meter);
    meter = NULL;
}

static void test_a_heading_names_the_columns(void)
{
    GString *out = g_string_new(NULL);

    fs_parts.begin(out);
    g_assert_true(g_str_has_suffix(out->str, "\n"));
    g_string_truncate(out, out->len - 1);
    has_cells(out->str, 0, names);
    g_string_free(out, TRUE);
}

static void test_rows_are_as_defined(void)
{
    open_capture();
    account_connection();
    account_middle();
    account_cut();
    account_datagrams();
    account_refusal();
    account_pings();
    account_link();
    account_errors();
    flow_meter_finish(meter);

    char **rows = written_rows();
    g_assert_cmpuint(g_strv_length(rows), ==, ROWS + 1);
    for (unsigned row = 0; row < ROWS; row++)
        has_cells(rows[row], row, wants[row]);
    g_assert_cmpstr(rows[ROWS], ==, "");
    g_strfreev(rows);
    close_capture();
}

/* Some row says more than that there is nothing. */
static void test_every_column_has_a_stated_value(void)
{
    for (unsigned i = 0; i < names->len; i++) {
        bool is_stated = false;
        for (unsigned row = 0; row < ROWS; row++)
            is_stated |=
                *(const char *)wants[row]->pdata[i] && !g_str_equal(wants[row]->pdata[i], "0");
        if (is_stated)
            continue;
        g_test_message("no value of %s is stated", (const char *)names->pdata[i]);
        g_test_fail();
    }
}

/* Only the row of the capture, which tells that nothing is missing. */
static void test_no_capture_has_a_row_all_the_same(void)
{
    uint32_t *seed = setting_named(&flow_community_id, "community_id_seed")->value;

    preferences = (struct fs_prefs){ .key_vlan = true, .key_labels = true };
    frames = 0;
    *seed = 7;
    char **rows = written_rows();
    *seed = 0;
    g_assert_cmpuint(g_strv_length(rows), ==, 2);
    has_cell(rows[0], "kind", "capture");
    has_cell(rows[0], "frames", "0");
    has_cell(rows[0], "capture_first", "");
    has_cell(rows[0], "capture_last", "");
    has_cell(rows[0], "preferences",
             "flow.idle_timeout:0 flow.key_vlan:TRUE flow.key_labels:TRUE flow.key_ends:FALSE "
             "flow.community_id_seed:7");
    g_strfreev(rows);
}

/* A file that was opened, and has nothing in it, likewise. */
static void test_an_empty_capture_has_no_times(void)
{
    open_capture();
    char **rows = written_rows();
    g_assert_cmpuint(g_strv_length(rows), ==, 2);
    has_cell(rows[0], "capture_first", "");
    has_cell(rows[0], "capture_last", "");
    g_strfreev(rows);
    close_capture();
}

/* As flow.vni.depth, which has one byte. */
static void test_many_layers_are_255(void)
{
    struct flow_packet packet = udp_packet(1, 1, 5000, 2, 53);
    struct flow_layer layers[300];

    for (uint32_t i = 0; i < G_N_ELEMENTS(layers); i++)
        layers[i] = (struct flow_layer){ .name = vlan, .id = { i }, .ids = 1 };
    open_capture();
    account_through(&packet, layers, G_N_ELEMENTS(layers));
    char **rows = written_rows();
    has_cell(rows[0], "vni_depth", "255");
    g_strfreev(rows);
    close_capture();
}

/* Of each end a SYN, and no SYN-ACK: in an earlier file either may have had another number. */
static void test_two_syns_are_two_pieces(void)
{
    const struct flow_packet syns[] = { tcp_packet(1, 1, 5000, 2, 80, "S", 100, 0),
                                        tcp_packet(2, 2, 80, 1, 5000, "S", 900, 0) };

    open_capture();
    for (size_t i = 0; i < G_N_ELEMENTS(syns); i++)
        flow_meter_account(meter, &syns[i]);
    char **rows = written_rows();
    g_assert_cmpuint(g_strv_length(rows), ==, 5);
    has_cell(rows[0], "piece", "0");
    has_cell(rows[0], "pieces", "2");
    has_cell(rows[1], "lead_seq", "100");
    has_cell(rows[1], "last_frame", "1");
    has_cell(rows[2], "piece", "2");
    has_cell(rows[2], "lead_seq", "900");
    has_cell(rows[2], "first_frame", "2");
    g_strfreev(rows);
    close_capture();
}

/* What sends nothing but a RST was seen, and says nothing. */
static void test_a_rst_may_be_all(void)
{
    struct flow_packet rst = tcp_packet(1, 1, 5000, 2, 80, "R", 100, 0);

    rst.fact.payload_len = 0;
    open_capture();
    flow_meter_account(meter, &rst);
    char **rows = written_rows();
    has_cell(rows[0], "last_rst", "1");
    has_cell(rows[0], "rst_by", "1");
    has_cell(rows[0], "seen1", "1");
    has_cell(rows[0], "voice1", "0");
    has_cell(rows[0], "seen0", "0");
    has_cell(rows[0], "ack_frame1", "");
    g_strfreev(rows);
    close_capture();
}

/* After a timeout a flow has packets one way; the tunnel back is the one that it had before. */
static void test_a_tunnel_outlives_a_timeout(void)
{
    const struct flow_packet ask = udp_packet(1, 1, 5000, 2, 53),
                             answer = udp_packet(2, 2, 53, 1, 5000),
                             late = udp_packet(7300, 1, 5000, 2, 53);
    const struct flow_layer there = tunnel(ipip, 11, 12), back = tunnel(ipip, 14, 13);

    open_capture();
    account_through(&ask, &there, 1);
    account_through(&answer, &back, 1);
    account_through(&late, &there, 1);
    char **rows = written_rows();
    g_assert_cmpuint(g_strv_length(rows), ==, 4);
    has_cell(rows[1], "continues", "1");
    has_cell(rows[1], "pkts0", "0");
    has_cell(rows[1], "encap0", "ipip(10.0.0.14↔10.0.0.13)");
    has_cell(rows[1], "encap1", "ipip(10.0.0.12↔10.0.0.11)");
    g_strfreev(rows);
    close_capture();
}

static const struct {
    enum fs_program program;
    const char *given, *filter;
    unsigned active_timeout;
    const char *answer; /* NULL: none */
} obstacles[] = {
    { FS_TSHARK, "r", NULL, 0, NULL },
    { FS_WIRESHARK, "r", NULL, 0, "only tshark writes parts, of one file" },
    { FS_SHARKD, "", NULL, 0, "only tshark writes parts, of one file" },
    { FS_TSHARK, "rb", NULL, 0, "parts are of one file: leave out -b and -M" },
    { FS_TSHARK, "rM", NULL, 0, "parts are of one file: leave out -b and -M" },
    { FS_TSHARK, "rbM", NULL, 0, "parts are of one file: leave out -b and -M" },
    { FS_TSHARK, "r", "tcp", 0, "parts are of all packets: leave out the filter" },
    { FS_TSHARK, "r", NULL, 1,
      "flow.active_timeout cuts a flow by its beginning, which may be in another file: "
      "set it to 0" },
};

/* Errors about unknown flows are kept where somebody will write them. */
static void test_what_stands_in_the_way(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(obstacles); i++) {
        program = obstacles[i].program;
        given = obstacles[i].given;
        preferences = (struct fs_prefs){ .active_timeout = obstacles[i].active_timeout };
        orphans_asked_for = 0;
        g_assert_cmpstr(fs_parts.obstacle(obstacles[i].filter), ==, obstacles[i].answer);
        g_assert_cmpuint(orphans_asked_for, ==, obstacles[i].answer ? 0 : 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    want_all();
    g_test_add_func("/parts/a-heading-names-the-columns", test_a_heading_names_the_columns);
    g_test_add_func("/parts/rows-are-as-defined", test_rows_are_as_defined);
    g_test_add_func("/parts/every-column-has-a-stated-value", test_every_column_has_a_stated_value);
    g_test_add_func("/parts/no-capture-has-a-row-all-the-same",
                    test_no_capture_has_a_row_all_the_same);
    g_test_add_func("/parts/an-empty-capture-has-no-times", test_an_empty_capture_has_no_times);
    g_test_add_func("/parts/many-layers-are-255", test_many_layers_are_255);
    g_test_add_func("/parts/two-syns-are-two-pieces", test_two_syns_are_two_pieces);
    g_test_add_func("/parts/a-rst-may-be-all", test_a_rst_may_be_all);
    g_test_add_func("/parts/a-tunnel-outlives-a-timeout", test_a_tunnel_outlives_a_timeout);
    g_test_add_func("/parts/what-stands-in-the-way", test_what_stands_in_the_way);
    int failed = g_test_run();
    want_nothing_more();
    return failed;
}
