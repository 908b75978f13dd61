#include "packets.h"
#include "sink.h"

#include "all.h"
#include "meter.h"
#include "quality.h"

#include <glib.h>

/*
 * The page that says how far a capture can be trusted, of a few flows each of which has one thing
 * wrong, worked out by hand from their packets.
 */

#define MS INT64_C(1000000)

static struct flow_groups groups, groups_without;

static void know_groups(void)
{
    for (size_t i = 0; flow_groups_all[i]; i++) {
        flow_groups_add(&groups, flow_groups_all[i]);
        if (flow_groups_all[i] != &flow_quality)
            flow_groups_add(&groups_without, flow_groups_all[i]);
    }
}

/* The flows: all of their packets have 100 bytes, and are whole where nothing else is said. */

static struct flow_meter *meter;
static uint32_t frame; /* the last one */

static void begin(void)
{
    meter = flow_meter_new(NULL, 0, &groups);
    frame = 0;
}

static void end(void)
{
    flow_meter_free(meter);
}

static struct flow_packet whole(struct flow_packet packet)
{
    packet.fact.bits |= FLOW_FACT_IP;
    packet.fact.cap_len = packet.fact.wire_len = 100;
    packet.fact.ip_len = 86;
    packet.fact.ttl = 64;
    packet.fact.payload_len = 0;
    return packet;
}

/* A datagram between that host and the next one, a second after what came before. */
static struct flow_packet datagram(uint8_t host, enum flow_dir dir)
{
    uint8_t next = (uint8_t)(host + 1);

    frame++;
    return whole(dir == FLOW_UP ? udp_packet(frame, host, 6000, next, 7000)
                                : udp_packet(frame, next, 7000, host, 6000));
}

static struct flow_packet segment(uint8_t host, enum flow_dir dir, const char *flags, uint32_t seq,
                                  uint32_t ack)
{
    uint8_t next = (uint8_t)(host + 1);

    frame++;
    return whole(dir == FLOW_UP ? tcp_packet(frame, host, 50000, next, 80, flags, seq, ack)
                                : tcp_packet(frame, next, 80, host, 50000, flags, seq, ack));
}

static void account(struct flow_packet packet)
{
    flow_meter_account(meter, &packet);
}

/* Nothing is wrong with these. */
static void account_talk(uint8_t host)
{
    account(datagram(host, FLOW_UP));
    account(datagram(host, FLOW_DOWN));
}

/* A handshake, with so many milliseconds to the server and back, and to the client and back. */
static void account_handshake(uint8_t host, int64_t net_ms, int64_t user_ms)
{
    struct flow_packet syn = segment(host, FLOW_UP, "S", 99, 0),
                       syn_ack = segment(host, FLOW_DOWN, "SA", 499, 100),
                       ack = segment(host, FLOW_UP, "A", 100, 500);

    syn_ack.fact.time_ns = syn.fact.time_ns + net_ms * MS;
    ack.fact.time_ns = syn_ack.fact.time_ns + user_ms * MS;
    account(syn);
    account(syn_ack);
    account(ack);
}

static void account_near_client(uint8_t host)
{
    account_handshake(host, 20, 2);
}

static void account_near_server(uint8_t host)
{
    account_handshake(host, 2, 20);
}

static void account_between(uint8_t host)
{
    account_handshake(host, 10, 10);
}

/* Five packets: one and its copy up, and one that is there three times down. */
static void account_copies(uint8_t host)
{
    for (uint16_t i = 0; i < 5; i++) {
        struct flow_packet packet = datagram(host, i < 2 ? FLOW_UP : FLOW_DOWN);
        packet.fact.bits |= FLOW_FACT_DF;
        packet.fact.ip_id = i < 2 ? 7 : 8;
        packet.fact.time_ns = SECOND + i * MS;
        account(packet);
    }
}

/* Five packets: two of three were cut up, and two of two down. */
static void account_cut(uint8_t host)
{
    for (unsigned i = 0; i < 5; i++) {
        struct flow_packet packet = datagram(host, i < 3 ? FLOW_UP : FLOW_DOWN);
        packet.fact.cap_len = i > 0 ? 60 : 100;
        account(packet);
    }
}

/* Three packets, of which the last two are stamped before the first. */
static void account_late(uint8_t host)
{
    account(at_second(datagram(host, FLOW_UP), 30));
    account(at_second(datagram(host, FLOW_DOWN), 20));
    account(at_second(datagram(host, FLOW_UP), 25));
}

/* Six packets: one of two is larger up than any wire carries, and four down have no length. */
static void account_merged(uint8_t host)
{
    struct flow_packet largest = datagram(host, FLOW_UP), larger = datagram(host, FLOW_UP);

    largest.fact.ip_len = 9216;
    larger.fact.ip_len = 9217;
    account(largest);
    account(larger);
    for (unsigned i = 0; i < 4; i++) {
        struct flow_packet packet = datagram(host, FLOW_DOWN);
        packet.fact.bits |= FLOW_FACT_NO_LENGTH;
        account(packet);
    }
}

/* Two packets of a connection that was there before. */
static void account_midstream(uint8_t host)
{
    account(segment(host, FLOW_UP, "A", 1000, 5000));
    account(segment(host, FLOW_DOWN, "A", 5000, 1000));
}

/* Three packets of the client, which got 300 bytes that nobody sees. */
static void account_unseen_side(uint8_t host)
{
    account(segment(host, FLOW_UP, "S", 99, 0));
    account(segment(host, FLOW_UP, "A", 100, 501));
    account(segment(host, FLOW_UP, "A", 100, 801));
}

/* Four packets: a handshake near the client, and an answer to so many bytes that nobody sees. */
static void account_missed(uint8_t host, uint32_t bytes)
{
    account_near_client(host);
    account(segment(host, FLOW_DOWN, "A", 500, 100 + bytes));
}

/* A SYN and its answer, in fragments: where they end in the stream is not known. */
static void account_fragments(uint8_t host, bool is_answer_whole)
{
    struct flow_packet answer = segment(host, FLOW_DOWN, "SA", 499, 100);

    account(first_fragment(segment(host, FLOW_UP, "S", 99, 0), 1));
    account(is_answer_whole ? answer : first_fragment(answer, 2));
}

/* Add that flow to sums, so often. */
static void add(void *sums, uint32_t flow, unsigned times)
{
    static struct flow_view view;

    g_assert_true(flow_meter_flow_view(meter, flow, &view));
    for (unsigned i = 0; i < times; i++)
        fs_trust.add(sums, &view);
}

static char *report_of(const void *sums)
{
    GString *out = g_string_new(NULL);

    fs_trust.report(out, sums);
    return g_string_free(out, FALSE);
}

/* The page of all flows, each once. */
static char *page(void)
{
    void *sums = fs_trust.sums_new();

    flow_meter_finish(meter);
    for (uint32_t i = 0; i < flow_meter_flows(meter); i++)
        add(sums, i, 1);
    char *text = report_of(sums);
    fs_trust.sums_free(sums);
    return text;
}

static void is_text(char *text, const char *want)
{
    g_assert_cmpstr(text, ==, want);
    g_free(text);
}

/* A line of the page, and what stands right after it. */
static void has_line(const char *text, const char *line)
{
    char *whole_line = g_strdup_printf("\n%s\n", line);

    if (!strstr(text, whole_line)) {
        g_test_message("no '%s' in %s", line, text);
        g_test_fail();
    }
    g_free(whole_line);
}

static void test_a_capture_without_flows(void)
{
    begin();
    is_text(page(), "How far this capture can be trusted\n\n"
                    "Flows: 0 (TCP: 0)  Packets: 0  Bytes on the wire: 0\n");
    end();
}

/* A connection and datagrams that are all right. */
static void test_nothing_is_found(void)
{
    static const char want[] =
        "How far this capture can be trusted\n"
        "\n"
        "Flows: 2 (TCP: 1)  Packets: 5  Bytes on the wire: 500\n"
        "\n"
        "Copies: none\n"
        "    No frame is known to be there twice. Copies that cannot be told from packets that\n"
        "    were sent twice are not looked for.\n"
        "\n"
        "Cut frames: none\n"
        "    Frames were captured whole.\n"
        "\n"
        "Late packets: none\n"
        "    Packets of each flow are in the order of their timestamps.\n"
        "\n"
        "Merged packets: none\n"
        "    No packet is known to be larger than what the wire carried.\n"
        "\n"
        "Begin midstream: none\n"
        "    Each connection has a SYN.\n"
        "\n"
        "One-sided: none\n"
        "    Both directions of each flow were captured.\n"
        "\n"
        "Other side not captured: none\n"
        "    No connection is known to have a side that was not captured.\n"
        "\n"
        "Missed bytes: none\n"
        "    All that was acknowledged was captured.\n"
        "\n"
        "Capture point: between the two, by 1 of 1 TCP handshakes (100.0 %)\n"
        "    Only flow.tcp.rtt has the whole path in it: times to the client and to the server "
        "are\n"
        "    parts of it, and losses may be on either side.\n";

    begin();
    account_between(1);
    account_talk(3);
    is_text(page(), want);
    end();
}

/* A flow that has each of them: ten flows, five of them TCP, of 35 packets. */
static void test_all_is_found(void)
{
    static const char want[] =
        "How far this capture can be trusted\n"
        "\n"
        "Flows: 10 (TCP: 5)  Packets: 35  Bytes on the wire: 3500\n"
        "\n"
        "Copies: 3 of 35 packets (8.6 %), in 1 of 10 flows (10.0 %)\n"
        "    A mirror port or several capture points made copies of frames. They count in all\n"
        "    packets, bytes and rates, and Wireshark takes them for retransmissions and duplicate\n"
        "    ACKs. The filter !flow.quality.duplicate_of leaves them out.\n"
        "\n"
        "Cut frames: 4 of 35 packets (11.4 %), in 1 of 10 flows (10.0 %)\n"
        "    A snapshot length cut frames. Packets, times and what headers say are right, and\n"
        "    flow.wire_bytes and flow.payload_bytes are of whole packets; flow.bytes is of the\n"
        "    captured part alone, and so is all that dissectors say of payload.\n"
        "\n"
        "Late packets: 2 of 35 packets (5.7 %), in 1 of 10 flows (10.0 %)\n"
        "    Packets are not in the order of their timestamps, as where several interfaces were\n"
        "    merged. Times between packets and round-trip times are no more exact than that, and\n"
        "    what looks like reordering or retransmission may be none. reordercap sorts a file.\n"
        "\n"
        "Merged packets: 5 of 35 packets (14.3 %), in 1 of 10 flows (10.0 %)\n"
        "    The capturing host's network card merges packets or splits them later (TSO, LRO), so\n"
        "    packets, their lengths and the gaps between them are not those of the wire. Bytes of\n"
        "    payload are right.\n"
        "\n"
        "Begin midstream: 1 of 5 TCP flows (20.0 %)\n"
        "    The capture began after these connections did, or missed their SYN. They have no\n"
        "    handshake times and no window scale, and their source is decided without a SYN.\n"
        "\n"
        "One-sided: 2 of 10 flows (20.0 %)\n"
        "    Of these flows packets of one direction alone were captured. Multicast, logs and\n"
        "    scans that nobody answers are so by nature; see the next line for those that are "
        "not.\n"
        "\n"
        "Other side not captured: 1 of 5 TCP flows (20.0 %)\n"
        "    One side acknowledges what the capture does not have: the route back is another one,\n"
        "    or half of a mirror port is missing. Counts of that direction are 0 and mean\n"
        "    nothing, and there is no round-trip time.\n"
        "\n"
        "Missed bytes: 1300 bytes, in 2 of 5 TCP flows (40.0 %)\n"
        "    These bytes were acknowledged, but not captured: the capture dropped packets, or "
        "some\n"
        "    took another path. Losses and retransmissions that Wireshark finds there may be\n"
        "    the capture's own.\n"
        "\n"
        "Capture point: near the client, by 2 of 3 TCP handshakes (66.7 %)\n"
        "    Times from request to answer have the network and the server in them. What the "
        "client\n"
        "    sent was captured before it could be lost, what it got after.\n";

    begin();
    account_copies(1);
    account_cut(3);
    account_late(5);
    account_merged(7);
    account_midstream(9);
    account(datagram(11, FLOW_UP));
    account_unseen_side(13);
    account_missed(15, 1000);
    account_near_client(17);
    account_near_server(19);
    is_text(page(), want);
    end();
}

/* What is about connections is left out, and a link-layer flow has no headers to look at. */
static void test_a_capture_without_connections(void)
{
    static const char want[] =
        "How far this capture can be trusted\n"
        "\n"
        "Flows: 2 (TCP: 0)  Packets: 3  Bytes on the wire: 300\n"
        "\n"
        "Copies: none\n"
        "    No frame is known to be there twice. Copies that cannot be told from packets that\n"
        "    were sent twice are not looked for.\n"
        "\n"
        "Cut frames: none\n"
        "    Frames were captured whole.\n"
        "\n"
        "Late packets: none\n"
        "    Packets of each flow are in the order of their timestamps.\n"
        "\n"
        "Merged packets: none\n"
        "    No packet is known to be larger than what the wire carried.\n"
        "\n"
        "One-sided: 1 of 2 flows (50.0 %)\n"
        "    Of these flows packets of one direction alone were captured. Multicast, logs and\n"
        "    scans that nobody answers are so by nature; see the next line for those that are "
        "not.\n"
        "\n"
        "Capture point: not known\n"
        "    No TCP handshake tells which times have the network in them.\n";
    struct flow_packet arp;

    begin();
    account_talk(1);
    arp = whole(packet_of(++frame, tuple_of(FLOW_LINK, 0, 1, 2)));
    arp.fact.bits &= (uint16_t)~FLOW_FACT_IP;
    account(arp);
    is_text(page(), want);
    end();
}

static void test_the_group_is_off(void)
{
    meter = flow_meter_new(NULL, 0, &groups_without);
    frame = 0;
    account_near_client(1);
    is_text(page(), "How far this capture can be trusted\n\n"
                    "Flows: 1 (TCP: 1)  Packets: 3  Bytes on the wire: 300\n\n"
                    "The preference flow.quality is off: nothing is known.\n");
    end();
}

/* A direction in fragments says nothing of missed bytes, two say nothing at all. */
static void test_fragments_hide_what_was_missed(void)
{
    char *text;

    begin();
    account_fragments(1, false);
    text = page();
    has_line(text, "Flows: 1 (TCP: 1)  Packets: 2  Bytes on the wire: 200");
    has_line(text, "Begin midstream: none");
    g_assert_null(strstr(text, "Missed bytes"));
    g_free(text);

    account_missed(3, 50);
    account_fragments(5, true);
    text = page();
    has_line(text, "Flows: 3 (TCP: 3)  Packets: 8  Bytes on the wire: 800");
    has_line(text, "Missed bytes: 50 bytes, in 1 of 2 TCP flows (50.0 %)");
    g_free(text);
    end();
}

/* Flows of a packet that was cut, and of one that was not. */
static void test_shares(void)
{
    static const struct {
        unsigned cut, all;
        const char *want;
    } rows[] = {
        { 1, 1, "100.0" },      { 2000, 2000, "100.0" }, { 1, 2, "50.0" },   { 1, 3, "33.3" },
        { 2, 3, "66.7" },       { 1, 8, "12.5" },        { 9, 1000, "0.9" }, { 10, 1000, "1.0" },
        { 3, 2000, "0.2" }, /* a half is rounded up */
        { 1, 668, "0.1" },      { 1, 1000, "0.1" },      { 1, 2001, "0.1" }, /* it is there */
        { 1998, 2000, "99.9" }, { 1999, 2000, "99.9" },                      /* it is not all */
    };
    struct flow_packet cut;

    begin();
    cut = datagram(1, FLOW_UP);
    cut.fact.cap_len = 99;
    account(cut);
    account(datagram(3, FLOW_UP));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        void *sums = fs_trust.sums_new();
        add(sums, 0, rows[i].cut);
        add(sums, 1, rows[i].all - rows[i].cut);
        char *text = report_of(sums),
             *want = g_strdup_printf("Cut frames: %u of %u packets (%s %%), in %u of %u flows "
                                     "(%s %%)",
                                     rows[i].cut, rows[i].all, rows[i].want, rows[i].cut,
                                     rows[i].all, rows[i].want);
        has_line(text, want);
        g_free(want);
        g_free(text);
        fs_trust.sums_free(sums);
    }
    end();
}

/* Where more than half of the handshakes were captured. */
static void test_capture_points(void)
{
    static const char client[] = "    Times from request to answer have the network and the server "
                                 "in them. What the client\n"
                                 "    sent was captured before it could be lost, what it got "
                                 "after.",
                      server[] = "    Times from request to answer are those of the server, nearly "
                                 "without the network. What\n"
                                 "    the server sent was captured before it could be lost, what "
                                 "it got after.",
                      between[] = "    Only flow.tcp.rtt has the whole path in it: times to the "
                                  "client and to the server are\n"
                                  "    parts of it, and losses may be on either side.",
                      each[] = "    flow.quality.vantage says it of each.",
                      none[] = "    No TCP handshake tells which times have the network in them.";
    static const struct {
        unsigned client, server, between;
        const char *where;
        const char *what;
    } rows[] = {
        { 0, 0, 0, "not known", none },
        { 1, 0, 0, "near the client, by 1 of 1 TCP handshakes (100.0 %)", client },
        { 0, 1, 0, "near the server, by 1 of 1 TCP handshakes (100.0 %)", server },
        { 0, 0, 1, "between the two, by 1 of 1 TCP handshakes (100.0 %)", between },
        { 1, 1, 0, "not the same for most flows", each },
        { 0, 1, 1, "not the same for most flows", each },
        { 1, 0, 1, "not the same for most flows", each },
        { 1, 1, 1, "not the same for most flows", each },
        { 2, 1, 0, "near the client, by 2 of 3 TCP handshakes (66.7 %)", client },
        { 1, 2, 0, "near the server, by 2 of 3 TCP handshakes (66.7 %)", server },
        { 0, 1, 2, "between the two, by 2 of 3 TCP handshakes (66.7 %)", between },
        { 2, 0, 1, "near the client, by 2 of 3 TCP handshakes (66.7 %)", client },
        { 1, 2, 1, "not the same for most flows", each },
        { 1, 1, 3, "between the two, by 3 of 5 TCP handshakes (60.0 %)", between },
    };

    begin();
    account_near_client(1);
    account_near_server(3);
    account_between(5);
    account_midstream(7); /* it tells nothing */
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        void *sums = fs_trust.sums_new();
        add(sums, 0, rows[i].client);
        add(sums, 1, rows[i].server);
        add(sums, 2, rows[i].between);
        add(sums, 3, 7);
        char *text = report_of(sums),
             *want = g_strdup_printf("\nCapture point: %s\n%s\n", rows[i].where, rows[i].what);
        g_assert_true(g_str_has_suffix(text, want));
        g_free(want);
        g_free(text);
        fs_trust.sums_free(sums);
    }
    end();
}

/* Sums of more than 32 bits: the largest frames, and all that one acknowledgement can be ahead. */
static void test_sums_are_large(void)
{
    void *sums = fs_trust.sums_new();
    struct flow_packet packet;

    begin();
    account_missed(1, 1 << 30);
    packet = datagram(3, FLOW_UP);
    packet.fact.wire_len = UINT32_MAX;
    account(packet);
    add(sums, 0, 5);
    add(sums, 1, 3);
    char *text = report_of(sums);
    /* Five times 400 bytes and three times 2^32 - 1. */
    has_line(text, "Flows: 8 (TCP: 5)  Packets: 23  Bytes on the wire: 12884903885");
    has_line(text, "Missed bytes: 5368709120 bytes, in 5 of 5 TCP flows (100.0 %)");
    has_line(text, "Cut frames: 3 of 23 packets (13.0 %), in 3 of 8 flows (37.5 %)");
    g_free(text);
    fs_trust.sums_free(sums);
    end();
}

/* Of a page that is made while the capture goes on. */
static void test_a_copy_stays_as_it_was(void)
{
    static const char one[] = "Flows: 1 (TCP: 0)  Packets: 2  Bytes on the wire: 200",
                      two[] = "Flows: 2 (TCP: 0)  Packets: 4  Bytes on the wire: 400";
    void *sums = fs_trust.sums_new(), *copy;
    char *text;

    begin();
    account_talk(1);
    add(sums, 0, 1);
    copy = fs_trust.sums_copy(sums);
    add(sums, 0, 1);
    text = report_of(copy);
    has_line(text, one);
    g_free(text);
    text = report_of(sums);
    has_line(text, two);
    g_free(text);
    fs_trust.sums_free(sums);
    fs_trust.sums_free(copy);
    end();
}

/* It adds flows up, and writes none of them. */
static void test_it_has_no_rows(void)
{
    g_assert_cmpstr(fs_trust.cli, ==, "flowstats,quality");
    g_assert_true(!fs_trust.begin && !fs_trust.row && !fs_trust.end && !fs_trust.obstacle);
    g_assert_false(fs_trust.has_columns || fs_trust.needs_facts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    know_groups();
    g_test_add_func("/trust/a-capture-without-flows", test_a_capture_without_flows);
    g_test_add_func("/trust/nothing-is-found", test_nothing_is_found);
    g_test_add_func("/trust/all-is-found", test_all_is_found);
    g_test_add_func("/trust/a-capture-without-connections", test_a_capture_without_connections);
    g_test_add_func("/trust/the-group-is-off", test_the_group_is_off);
    g_test_add_func("/trust/fragments-hide-what-was-missed", test_fragments_hide_what_was_missed);
    g_test_add_func("/trust/shares", test_shares);
    g_test_add_func("/trust/capture-points", test_capture_points);
    g_test_add_func("/trust/sums-are-large", test_sums_are_large);
    g_test_add_func("/trust/a-copy-stays-as-it-was", test_a_copy_stays_as_it_was);
    g_test_add_func("/trust/it-has-no-rows", test_it_has_no_rows);
    return g_test_run();
}
