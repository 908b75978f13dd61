#include "ask.h"
#include "facts.h"
#include "packets.h"

#include "core.h"
#include "quality.h"
#include "tcp_group.h"

#include <glib.h>
#include <string.h>

/*
 * Segments and datagrams between host 1 and host 2 in few words; times are
 * microseconds after the first packet.
 */

enum { US = 1000, MS = 1000 * US };

static struct flow_groups groups;

static struct flow_packet at(struct flow_packet packet, int64_t us)
{
    packet.fact.time_ns = SECOND + us * US;
    return packet;
}

/* An IPv4 packet with 20 bytes of header and TTL 64; id 0: as with DF and none. */
static struct flow_packet ip(struct flow_packet packet, uint16_t id, uint16_t checksum)
{
    packet.fact.bits |= FLOW_FACT_IP | FLOW_FACT_CHECKSUM | FLOW_FACT_DF;
    packet.fact.ip_id = id;
    packet.fact.checksum = checksum;
    packet.fact.ttl = 64;
    packet.fact.ip_len = 40 + packet.fact.payload_len;
    return packet;
}

static struct flow_packet segment(uint32_t frame, enum flow_dir dir, const char *flags,
                                  uint32_t seq, uint32_t ack, uint32_t payload)
{
    struct flow_packet packet = dir == FLOW_UP
                                    ? tcp_packet(frame, 1, 40000, 2, 80, flags, seq, ack)
                                    : tcp_packet(frame, 2, 80, 1, 40000, flags, seq, ack);

    packet.fact.payload_len = payload;
    return ip(packet, (uint16_t)(frame + 100), (uint16_t)(seq + ack + payload));
}

static struct flow_packet datagram(uint32_t frame, uint16_t id)
{
    return ip(udp_packet(frame, 1, 50000, 2, 53), id, 0x1234);
}

/* The same packet in another frame. */
static struct flow_packet again(struct flow_packet packet, uint32_t frame)
{
    packet.fact.frame = frame;
    return packet;
}

static struct flow_packet with_ttl(struct flow_packet packet, uint8_t ttl)
{
    packet.fact.ttl = ttl;
    return packet;
}

static struct flow_packet with_id(struct flow_packet packet, uint16_t id)
{
    packet.fact.ip_id = id;
    return packet;
}

static struct flow_meter *meter_of(const struct flow_packet *packets, size_t count)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (size_t i = 0; i < count; i++)
        flow_meter_account(meter, &packets[i]);
    return meter;
}

#define METER_OF(...)                                                                              \
    meter_of((struct flow_packet[]){ __VA_ARGS__ },                                                \
             sizeof((struct flow_packet[]){ __VA_ARGS__ }) / sizeof(struct flow_packet))

#define expect_copy(meter, frame, of) expect_number(meter, frame, "quality.duplicate_of", of)
#define expect_no_copy(meter, frame)  expect_absent(meter, frame, "quality.duplicate_of")

/* Whether the second of two packets is a copy of the first. */
static bool is_copy(struct flow_packet first, struct flow_packet second)
{
    struct flow_meter *meter = METER_OF(again(first, 1), again(second, 2));
    bool is = ask(meter, 2, "quality.duplicate_of", true).known;

    flow_meter_free(meter);
    return is;
}

static void test_a_mirrored_connection_is_all_copies(void)
{
    struct flow_packet syn = segment(1, FLOW_UP, "S", 100, 0, 0);
    struct flow_packet syn_ack = segment(3, FLOW_DOWN, "SA", 500, 101, 0);
    struct flow_packet ack = segment(5, FLOW_UP, "A", 101, 501, 0);
    struct flow_meter *meter =
        METER_OF(at(syn, 0), again(at(syn, 20), 2), at(syn_ack, 9000), again(at(syn_ack, 9020), 4),
                 at(ack, 9500), again(at(ack, 9600), 6), again(at(ack, 9700), 7));

    expect_no_copy(meter, 1);
    expect_copy(meter, 2, 1);
    expect_copy(meter, 4, 3);
    expect_copy(meter, 6, 5);
    expect_copy(meter, 7, 5); /* the first one, not the copy before it */
    expect_number(meter, 2, "quality.ttl_delta", 0);
    expect_absent(meter, 1, "quality.ttl_delta");
    expect_number(meter, 1, "quality.up.duplicates", 3);
    expect_number(meter, 1, "quality.down.duplicates", 1);
    expect_number(meter, 2, "sofar.quality.up.duplicates", 1);
    expect_number(meter, 1, "up.pkts", 5); /* they count all the same */
    g_assert_true(ask(meter, 2, "quality.duplicate_of", false).known);
    flow_meter_free(meter);
}

static void test_a_routed_copy_has_another_ttl(void)
{
    struct flow_packet packet = segment(1, FLOW_UP, "PA", 101, 501, 10);
    struct flow_meter *meter = METER_OF(packet, again(with_ttl(packet, 62), 2));

    expect_copy(meter, 2, 1);
    expect_number(meter, 2, "quality.ttl_delta", 2);
    flow_meter_free(meter);
    g_assert_true(is_copy(packet, with_ttl(packet, 66))); /* the nearer one came first */
}

static void test_what_differs_is_no_copy(void)
{
    struct flow_packet packet = segment(1, FLOW_UP, "PA", 101, 501, 10), other = packet;

    g_assert_true(is_copy(packet, other));
    g_assert_false(is_copy(packet, with_id(packet, 7)));
    other.fact.checksum++;
    g_assert_false(is_copy(packet, other));
    other = packet;
    other.fact.ip_len++;
    g_assert_false(is_copy(packet, other));
    other = packet;
    other.fact.tcp_seq++;
    g_assert_false(is_copy(packet, other));
    other = packet;
    other.fact.tcp_ack++;
    g_assert_false(is_copy(packet, other));
    other = packet;
    other.fact.tcp_flags |= FLOW_TCP_URG;
    g_assert_false(is_copy(packet, other));
    other = packet;
    other.fact.tcp_window++;
    g_assert_false(is_copy(packet, other));
    g_assert_false(is_copy(packet, without_time(packet)));
}

static void test_what_may_change_on_the_way_does_not_matter(void)
{
    struct flow_packet packet = segment(1, FLOW_UP, "PA", 101, 501, 10), other = packet;

    other.fact.tos = 46 << 2;
    other.fact.wire_len += 4; /* a tag */
    other.fact.cap_len = 60;
    g_assert_true(is_copy(packet, other));
}

static void test_the_other_direction_has_no_copies(void)
{
    struct flow_packet up = datagram(1, 7);
    struct flow_packet down = ip(udp_packet(2, 2, 53, 1, 50000), 7, 0x1234);
    struct flow_meter *meter = METER_OF(up, down);

    expect_no_copy(meter, 2);
    flow_meter_free(meter);
}

static void test_a_copy_is_near_in_time(void)
{
    struct flow_packet known = datagram(1, 7), unknown = segment(1, FLOW_UP, "PA", 101, 501, 10);

    unknown = with_id(unknown, 0);
    g_assert_true(is_copy(at(known, 0), at(known, 100000)));
    g_assert_false(is_copy(at(known, 0), at(known, 100001))); /* the same id used again */
    g_assert_true(is_copy(at(known, 100000), at(known, 0)));  /* captured out of order */
    g_assert_false(is_copy(at(known, 100001), at(known, 0)));
    g_assert_true(is_copy(at(unknown, 0), at(unknown, 5000)));
    g_assert_false(is_copy(at(unknown, 0), at(unknown, 5001)));
}

static void test_the_last_eight_packets_are_compared(void)
{
    enum { BETWEEN = 7 };
    struct flow_packet packets[BETWEEN + 4];
    size_t count = 0;

    packets[count++] = datagram(1, 100);
    for (uint32_t i = 0; i < BETWEEN; i++)
        packets[count++] = datagram(2 + i, (uint16_t)(101 + i));
    packets[count++] = datagram(9, 100);  /* the eighth before it; a copy takes no place */
    packets[count++] = datagram(10, 108); /* this one does */
    packets[count++] = datagram(11, 100);
    for (size_t i = 0; i < count; i++)
        packets[i] = at(packets[i], (int64_t)i * 10);

    struct flow_meter *meter = meter_of(packets, count);
    expect_copy(meter, 9, 1);
    expect_no_copy(meter, 10);
    expect_no_copy(meter, 11);
    expect_number(meter, 1, "quality.up.duplicates", 1);
    flow_meter_free(meter);
}

static void test_a_retransmission_has_a_new_id(void)
{
    struct flow_packet packet = segment(1, FLOW_UP, "PA", 101, 501, 10);

    g_assert_false(is_copy(at(packet, 0), at(with_id(packet, 102), 3000)));
}

static void test_an_id_that_other_packets_have_tells_nothing(void)
{
    struct flow_packet one = with_id(segment(1, FLOW_UP, "A", 101, 501, 0), 1);
    struct flow_packet other = with_id(segment(2, FLOW_UP, "A", 101, 502, 0), 1);
    struct flow_meter *meter = METER_OF(at(one, 0), at(other, 10), again(at(other, 20), 3));

    expect_no_copy(meter, 3);
    flow_meter_free(meter);
}

/* Acknowledgements and RSTs for each segment that came, and datagrams: also at the sender. */
static void test_without_an_id_what_can_be_sent_again_is_no_copy(void)
{
    struct flow_packet ack = with_id(segment(1, FLOW_DOWN, "A", 500, 101, 0), 0);
    struct flow_packet rst = with_id(segment(1, FLOW_DOWN, "R", 500, 0, 0), 0);
    struct flow_packet data = datagram(1, 0);
    struct flow_packet syn = with_id(segment(1, FLOW_UP, "S", 100, 0, 0), 0);
    struct flow_packet fin = with_id(segment(1, FLOW_UP, "FA", 100, 7, 0), 0);

    g_assert_false(is_copy(ack, ack));
    g_assert_false(is_copy(rst, rst));
    g_assert_false(is_copy(data, data));
    g_assert_true(is_copy(ack, with_ttl(ack, 63))); /* but a router was passed */
    g_assert_true(is_copy(rst, with_ttl(rst, 63)));
    g_assert_true(is_copy(data, with_ttl(data, 63)));
    g_assert_false(is_copy(data, with_ttl(data, 65))); /* as traceroute sends them */
    g_assert_true(is_copy(syn, syn));
    g_assert_true(is_copy(fin, fin));
}

static void test_without_an_id_what_was_asked_for_again_is_no_copy(void)
{
    struct flow_packet data = with_id(segment(2, FLOW_UP, "PA", 101, 501, 10), 0);
    struct flow_packet ack = segment(1, FLOW_DOWN, "A", 501, 101, 0);
    struct flow_meter *meter = METER_OF(at(ack, 0), at(data, 100), again(at(data, 150), 3),
                                        with_id(again(at(ack, 200), 4), 9), /* once more */
                                        again(at(data, 300), 5));

    expect_copy(meter, 3, 2);
    expect_no_copy(meter, 5);
    flow_meter_free(meter);
}

static void test_an_acknowledgements_copy_asks_for_nothing(void)
{
    struct flow_packet data = with_id(segment(2, FLOW_UP, "PA", 101, 501, 10), 0);
    struct flow_packet ack = segment(1, FLOW_DOWN, "A", 501, 101, 0);
    struct flow_meter *meter =
        METER_OF(at(ack, 0), at(data, 100), again(at(ack, 200), 3), again(at(data, 300), 4));

    expect_copy(meter, 3, 1);
    expect_copy(meter, 4, 2);
    flow_meter_free(meter);
}

static void test_later_fragments_are_no_copies(void)
{
    struct flow_packet first = datagram(1, 7), later;

    first.fact.bits |= FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG;
    first.fragment = (struct flow_fragment){ .ident = 7, .len = 1480, .protocol = 17 };
    g_assert_true(is_copy(first, first));
    later = first;
    later.fact.bits &= (uint16_t) ~(FLOW_FACT_FIRST_FRAG | FLOW_FACT_CHECKSUM);
    later.fragment.offset = 1480;
    struct flow_meter *meter = METER_OF(first, again(later, 2), again(later, 3));
    expect_number(meter, 3, "up.pkts", 3);
    expect_no_copy(meter, 3);
    flow_meter_free(meter);
}

static void test_the_window_is_a_setting(void)
{
    const struct flow_setting *window = flow_quality.settings;
    struct flow_packet unknown = with_id(segment(1, FLOW_UP, "PA", 101, 501, 10), 0);
    struct flow_packet known = datagram(1, 7);

    g_assert_cmpstr(window->name, ==, "duplicate_window");
    g_assert_cmpuint(*window->value, ==, 5);
    *window->value = 200;
    g_assert_true(is_copy(at(unknown, 0), at(unknown, 200000)));
    g_assert_true(is_copy(at(known, 0), at(known, 200000)));
    *window->value = 0;
    g_assert_false(is_copy(at(unknown, 0), at(unknown, 1)));
    g_assert_true(is_copy(at(known, 0), at(known, 100000)));
    *window->value = 5;
}

static void test_cut_frames_are_counted_each_way(void)
{
    struct flow_packet packets[] = { datagram(1, 7), datagram(2, 8), datagram(3, 9) };

    packets[0].fact.cap_len = packets[0].fact.wire_len;
    packets[1].fact.cap_len = 96;
    packets[1].fact.wire_len = 1514;
    packets[2].fact.cap_len = 100;
    packets[2].fact.wire_len = 90; /* a damaged file says so */
    struct flow_meter *meter = meter_of(packets, 3);
    expect_number(meter, 1, "quality.up.cut_pkts", 1);
    expect_number(meter, 1, "quality.up.cut_bytes", 1418);
    expect_number(meter, 1, "quality.down.cut_pkts", 0);
    expect_number(meter, 1, "sofar.quality.up.cut_pkts", 0);
    flow_meter_free(meter);
}

static void test_a_side_that_was_not_captured(void)
{
    struct flow_meter *meter =
        METER_OF(segment(1, FLOW_UP, "A", 101, 501, 0), segment(2, FLOW_UP, "A", 101, 501, 10),
                 segment(3, FLOW_UP, "A", 111, 901, 0), segment(4, FLOW_DOWN, "A", 901, 111, 0));

    g_assert_true(ask(meter, 2, "sofar.quality.one_sided", true).known);
    expect_absent(meter, 2, "sofar.quality.unseen_side");
    g_assert_true(ask(meter, 3, "sofar.quality.unseen_side", true).known);
    expect_absent(meter, 1, "quality.one_sided");
    expect_absent(meter, 1, "quality.unseen_side");
    g_assert_true(ask(meter, 1, "quality.midstream", true).known);
    flow_meter_free(meter);
}

static void test_nobody_answers_a_scan(void)
{
    struct flow_meter *meter =
        METER_OF(segment(1, FLOW_UP, "S", 100, 0, 0), segment(2, FLOW_UP, "S", 100, 0, 0),
                 segment(3, FLOW_UP, "RA", 101, 501, 0));

    g_assert_true(ask(meter, 1, "quality.one_sided", true).known);
    expect_absent(meter, 1, "quality.unseen_side");
    expect_absent(meter, 1, "quality.midstream");
    flow_meter_free(meter);
}

static void test_an_acknowledged_syn_was_answered(void)
{
    struct flow_meter *meter =
        METER_OF(segment(1, FLOW_UP, "S", 100, 0, 0), segment(2, FLOW_UP, "A", 101, 501, 0));

    g_assert_true(ask(meter, 1, "quality.unseen_side", true).known);
    flow_meter_free(meter);
}

static void test_a_datagram_has_no_other_side_and_no_beginning(void)
{
    struct flow_meter *meter = METER_OF(datagram(1, 7));

    g_assert_true(ask(meter, 1, "quality.one_sided", true).known);
    expect_absent(meter, 1, "quality.unseen_side");
    expect_absent(meter, 1, "quality.midstream");
    expect_absent(meter, 1, "quality.vantage");
    flow_meter_free(meter);
}

static void test_late_packets_and_by_how_much(void)
{
    struct flow_meter *meter =
        METER_OF(at(datagram(1, 1), 100), at(datagram(2, 2), 300), at(datagram(3, 3), 300),
                 at(datagram(4, 4), 250), at(datagram(5, 5), 120), at(datagram(6, 6), 299),
                 without_time(datagram(7, 7)), at(datagram(8, 8), 400));

    expect_number(meter, 1, "quality.late", 3);
    expect_ns(meter, 1, "quality.late_max", 180 * US);
    expect_number(meter, 3, "sofar.quality.late", 0);
    expect_absent(meter, 3, "sofar.quality.late_max");
    expect_ns(meter, 4, "sofar.quality.late_max", 50 * US);
    flow_meter_free(meter);
}

static void announce(struct flow_packet *packet, uint16_t mss)
{
    packet->fact.bits |= FLOW_FACT_OPTIONS;
    packet->fact.tcp_options = (struct flow_tcp_options){ .mss = mss, .bits = FLOW_TCP_OPTION_MSS };
}

static void test_offload_is_told_by_the_receivers_size(void)
{
    struct flow_packet packets[] = {
        segment(1, FLOW_UP, "S", 100, 0, 0),         segment(2, FLOW_DOWN, "SA", 500, 101, 0),
        segment(3, FLOW_UP, "A", 101, 501, 1460),    segment(4, FLOW_UP, "A", 1561, 501, 1461),
        segment(5, FLOW_DOWN, "A", 501, 101, 65495), segment(6, FLOW_DOWN, "A", 501, 101, 1461),
    };

    announce(&packets[0], 65495); /* as on loopback: no wire is passed */
    announce(&packets[1], 1460);
    struct flow_meter *meter = meter_of(packets, 6);
    expect_number(meter, 1, "quality.up.offload", 1);
    expect_number(meter, 3, "sofar.quality.up.offload", 0);
    expect_number(meter, 1, "quality.down.offload", 0);
    flow_meter_free(meter);
}

/* No size is announced by 0, and the least one by 1. */
static void test_offload_is_told_by_the_least_size(void)
{
    for (uint16_t mss = 0; mss < 2; mss++) {
        struct flow_packet packets[] = {
            segment(1, FLOW_UP, "S", 100, 0, 0),
            segment(2, FLOW_DOWN, "SA", 500, 101, 0),
            segment(3, FLOW_UP, "A", 101, 501, 2),
        };

        announce(&packets[1], mss);
        struct flow_meter *meter = meter_of(packets, 3);
        expect_number(meter, 1, "quality.up.offload", mss);
        flow_meter_free(meter);
    }
}

static void test_offload_is_told_by_the_ip_length(void)
{
    struct flow_packet packets[] = { datagram(1, 1), datagram(2, 2), datagram(3, 3),
                                     segment(4, FLOW_UP, "A", 101, 501, 2920) };

    packets[0].fact.ip_len = 9216;
    packets[1].fact.ip_len = 9217;
    packets[2].fact.bits |= FLOW_FACT_NO_LENGTH;
    struct flow_meter *meter = meter_of(packets, 4);
    expect_number(meter, 1, "quality.up.offload", 2);
    expect_number(meter, 4, "quality.up.offload", 0); /* no SYN told what is too large */
    flow_meter_free(meter);
}

/* The capture point by the times between SYN, SYN-ACK and ACK, in microseconds; 0: not known. */
static uint64_t vantage_of(int64_t responder, int64_t initiator)
{
    struct flow_meter *meter =
        METER_OF(at(segment(1, FLOW_UP, "S", 100, 0, 0), 0),
                 at(segment(2, FLOW_DOWN, "SA", 500, 101, 0), responder),
                 at(segment(3, FLOW_UP, "A", 101, 501, 0), responder + initiator));
    struct flow_value value = ask(meter, 1, "quality.vantage", true);

    flow_meter_free(meter);
    return value.known ? value.as.number : 0;
}

static void test_the_capture_point_is_told_by_the_handshake(void)
{
    enum { UNKNOWN, CLIENT, SERVER, BETWEEN };

    g_assert_cmpuint(vantage_of(20000, 100), ==, CLIENT);
    g_assert_cmpuint(vantage_of(9000, 1000), ==, CLIENT);
    g_assert_cmpuint(vantage_of(8999, 1000), ==, BETWEEN);
    g_assert_cmpuint(vantage_of(1000, 8999), ==, BETWEEN);
    g_assert_cmpuint(vantage_of(1000, 9000), ==, SERVER);
    g_assert_cmpuint(vantage_of(0, 9000), ==, SERVER);
    g_assert_cmpuint(vantage_of(0, 0), ==, UNKNOWN);
}

static void test_the_capture_point_is_known_from_the_third_packet_on(void)
{
    struct flow_meter *meter = METER_OF(at(segment(1, FLOW_UP, "S", 100, 0, 0), 0),
                                        at(segment(2, FLOW_DOWN, "SA", 500, 101, 0), 20000),
                                        at(segment(3, FLOW_UP, "A", 101, 501, 0), 20010));

    expect_absent(meter, 2, "sofar.quality.vantage");
    expect_absent(meter, 1, "sofar.quality.vantage");
    expect_number(meter, 3, "sofar.quality.vantage", 1);
    expect_text(meter, 1, "quality.vantage_name", "client");
    flow_meter_free(meter);
}

/* Each packet is a copy of an earlier frame or of none, and the sums say how many. */
static void test_copies_add_up_whatever_comes(void)
{
    GRand *rand = g_rand_new_with_seed(16);
    struct quality_state state = { 0 };
    uint32_t copies = 0;

    for (uint32_t frame = 1; frame <= 20000; frame++) {
        struct flow_fact fact = random_fact(rand, frame);
        struct flow_fold from = { .fact = &fact, .family = FLOW_IPV4, .protocol = 6 };
        for (unsigned sent = 0; sent < 2; sent++) { /* many a packet twice */
            fact.frame = frame * 2 + sent;
            flow_quality.fold(&state, &from);
            g_assert_cmpuint(state.copy_of, <, fact.frame);
            copies += state.copy_of > 0;
            if (g_rand_boolean(rand))
                break;
        }
    }
    g_assert_cmpuint(copies, >, 1000);
    g_assert_cmpuint(state.half[FLOW_UP].duplicates + state.half[FLOW_DOWN].duplicates, ==, copies);
    g_assert_cmpint(state.late_max_ns, ==, INT64_MAX); /* no time is too far away to be told */
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_groups_add(&groups, &flow_core);
    flow_groups_add(&groups, &flow_tcp_group);
    flow_groups_add(&groups, &flow_quality);
    flow_fields_add(&flow_tcp_group);
    flow_fields_add(&flow_quality);
    g_test_add_func("/quality/a-mirrored-connection-is-all-copies",
                    test_a_mirrored_connection_is_all_copies);
    g_test_add_func("/quality/a-routed-copy-has-another-ttl", test_a_routed_copy_has_another_ttl);
    g_test_add_func("/quality/what-differs-is-no-copy", test_what_differs_is_no_copy);
    g_test_add_func("/quality/what-may-change-on-the-way-does-not-matter",
                    test_what_may_change_on_the_way_does_not_matter);
    g_test_add_func("/quality/the-other-direction-has-no-copies",
                    test_the_other_direction_has_no_copies);
    g_test_add_func("/quality/a-copy-is-near-in-time", test_a_copy_is_near_in_time);
    g_test_add_func("/quality/the-last-eight-packets-are-compared",
                    test_the_last_eight_packets_are_compared);
    g_test_add_func("/quality/a-retransmission-has-a-new-id", test_a_retransmission_has_a_new_id);
    g_test_add_func("/quality/an-id-that-other-packets-have-tells-nothing",
                    test_an_id_that_other_packets_have_tells_nothing);
    g_test_add_func("/quality/without-an-id-what-can-be-sent-again-is-no-copy",
                    test_without_an_id_what_can_be_sent_again_is_no_copy);
    g_test_add_func("/quality/without-an-id-what-was-asked-for-again-is-no-copy",
                    test_without_an_id_what_was_asked_for_again_is_no_copy);
    g_test_add_func("/quality/an-acknowledgements-copy-asks-for-nothing",
                    test_an_acknowledgements_copy_asks_for_nothing);
    g_test_add_func("/quality/later-fragments-are-no-copies", test_later_fragments_are_no_copies);
    g_test_add_func("/quality/the-window-is-a-setting", test_the_window_is_a_setting);
    g_test_add_func("/quality/cut-frames-are-counted-each-way",
                    test_cut_frames_are_counted_each_way);
    g_test_add_func("/quality/a-side-that-was-not-captured", test_a_side_that_was_not_captured);
    g_test_add_func("/quality/nobody-answers-a-scan", test_nobody_answers_a_scan);
    g_test_add_func("/quality/an-acknowledged-syn-was-answered",
                    test_an_acknowledged_syn_was_answered);
    g_test_add_func("/quality/a-datagram-has-no-other-side-and-no-beginning",
                    test_a_datagram_has_no_other_side_and_no_beginning);
    g_test_add_func("/quality/late-packets-and-by-how-much", test_late_packets_and_by_how_much);
    g_test_add_func("/quality/offload-is-told-by-the-receivers-size",
                    test_offload_is_told_by_the_receivers_size);
    g_test_add_func("/quality/offload-is-told-by-the-ip-length",
                    test_offload_is_told_by_the_ip_length);
    g_test_add_func("/quality/the-capture-point-is-told-by-the-handshake",
                    test_the_capture_point_is_told_by_the_handshake);
    g_test_add_func("/quality/the-capture-point-is-known-from-the-third-packet-on",
                    test_the_capture_point_is_known_from_the_third_packet_on);
    g_test_add_func("/quality/copies-add-up-whatever-comes", test_copies_add_up_whatever_comes);
    g_test_add_func("/quality/offload-is-told-by-the-least-size",
                    test_offload_is_told_by_the_least_size);
    return g_test_run();
}
