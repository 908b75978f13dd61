#include "packets.h"

#include "facts.h"
#include "part.h"

#include <glib.h>
#include <string.h>

/* A segment from an end of the key. */
static struct flow_fact segment(unsigned end, unsigned flags, uint32_t seq, uint32_t ack)
{
    return (struct flow_fact){ .frame = 1,
                               .cap_len = FRAME_LEN,
                               .bits = (uint16_t)(FLOW_FACT_TCP | (end ? FLOW_FACT_DOWN : 0)),
                               .tcp_flags = (uint8_t)flags,
                               .tcp_seq = seq,
                               .tcp_ack = ack };
}

enum {
    SYN = FLOW_TCP_SYN,
    ACK = FLOW_TCP_ACK,
    RST = FLOW_TCP_RST,
    FIN = FLOW_TCP_FIN,
    SYN_ACK = SYN | ACK,
    SEGMENTS_OF_ROW = 4,
};

static void test_a_part_says_what_it_is_to_a_handshake(void)
{
    static const struct {
        enum flow_part_handshake expected;
        struct {
            unsigned end, flags;
            uint32_t seq, ack, len;
        } segments[SEGMENTS_OF_ROW];
    } rows[] = {
        { FLOW_PART_NO_SYN, { { 0, ACK, 1, 1, 0 }, { 1, ACK, 1, 1, 0 } } },
        { FLOW_PART_NO_SYN, { { 0, RST, 1, 0, 0 } } },
        { FLOW_PART_SYNS, { { 0, SYN, 7, 0, 0 } } },
        { FLOW_PART_SYNS, { { 1, SYN, 7, 0, 0 }, { 1, SYN, 7, 0, 0 } } },
        { FLOW_PART_MIXED, { { 0, SYN, 7, 0, 0 }, { 0, SYN, 8, 0, 0 } } },
        { FLOW_PART_SYNS, { { 0, SYN, 7, 0, 5 }, { 0, SYN, 7, 0, 5 } } },
        { FLOW_PART_MIXED, { { 0, SYN, 7, 0, 5 }, { 0, SYN, 7, 0, 4 } } },
        { FLOW_PART_MIXED, { { 0, SYN | FIN, 7, 0, 0 }, { 0, SYN, 7, 0, 0 } } },
        { FLOW_PART_MIXED,
          { { 0, SYN, 7, 0, 0 }, { 1, SYN_ACK, 20, 8, 0 }, { 1, SYN_ACK, 20, 9, 0 } } },
        { FLOW_PART_MIXED, { { 0, SYN, 7, 0, 0 }, { 0, SYN_ACK, 20, 8, 0 } } },
        { FLOW_PART_OPENS,
          { { 1, SYN, 7, 0, 0 }, { 0, SYN_ACK, 20, 8, 0 }, { 1, ACK, 8, 21, 0 } } },
        { FLOW_PART_OPENS,
          { { 0, SYN, 7, 0, 0 }, { 1, SYN_ACK, 20, 8, 0 }, { 0, ACK, 8, 21, 0 } } },
        { FLOW_PART_OPENS, { { 0, SYN, 7, 0, 0 }, { 1, RST | ACK, 0, 8, 0 } } },
        { FLOW_PART_OPENS, { { 0, SYN, 7, 0, 0 }, { 1, SYN_ACK, 20, 8, 0 }, { 0, SYN, 7, 0, 0 } } },
        { FLOW_PART_MIXED, { { 0, SYN, 7, 0, 0 }, { 1, SYN, 20, 0, 0 } } },
        { FLOW_PART_MIXED,
          { { 0, SYN, 7, 0, 0 }, { 1, SYN_ACK, 20, 8, 0 }, { 1, SYN_ACK, 30, 8, 0 } } },
        { FLOW_PART_ANSWERS, { { 1, SYN_ACK, 20, 8, 0 }, { 0, ACK, 8, 21, 0 } } },
        { FLOW_PART_ANSWERS, { { 1, SYN_ACK, 20, 8, 0 }, { 1, SYN_ACK, 20, 8, 0 } } },
        { FLOW_PART_MIXED, { { 1, SYN_ACK, 20, 8, 0 }, { 0, SYN, 7, 0, 0 } } },
        { FLOW_PART_MIXED, { { 1, SYN_ACK, 20, 8, 0 }, { 0, SYN_ACK, 7, 21, 0 } } },
        { FLOW_PART_MIXED, { { 0, ACK, 8, 21, 0 }, { 1, SYN_ACK, 20, 8, 0 } } },
        { FLOW_PART_MIXED, { { 0, SYN | RST, 7, 0, 0 } } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_part part = { 0 };
        for (unsigned k = 0; k < SEGMENTS_OF_ROW && rows[i].segments[k].flags; k++) {
            struct flow_fact fact = segment(rows[i].segments[k].end, rows[i].segments[k].flags,
                                            rows[i].segments[k].seq, rows[i].segments[k].ack);
            fact.payload_len = rows[i].segments[k].len;
            flow_part_apply(&part, &fact);
        }
        if (flow_part_handshake_of(&part) != rows[i].expected)
            g_error("row %zu", i);
    }
}

/* A segment of a frame, captured as many seconds after the epoch, with so many bytes. */
static struct flow_fact at(uint32_t frame, struct flow_fact fact, uint32_t payload_len)
{
    fact.frame = frame;
    fact.time_ns = frame * SECOND;
    fact.bits |= FLOW_FACT_TIME;
    fact.payload_len = payload_len;
    return fact;
}

static void test_a_part_keeps_what_others_go_by(void)
{
    struct flow_part part = { 0 };
    const struct flow_part_half *client = &part.half[FLOW_DOWN], *server = &part.half[FLOW_UP];
    const struct flow_fact facts[] = {
        at(3, (struct flow_fact){ .bits = FLOW_FACT_FRAG | FLOW_FACT_FOLLOWS }, 8),
        at(4, (struct flow_fact){ .bits = FLOW_FACT_EVENT }, 0),
        at(5, segment(1, SYN, 100, 0), 3),
        at(6, segment(0, SYN_ACK, 900, 104), 0),
        at(7, segment(1, ACK, 104, 901), 0),
        at(8, segment(1, ACK, 104, 902), 20),
        at(9, segment(0, FIN | ACK, 901, 124), 0),
        at(10, segment(0, FIN | ACK, 901, 124), 0),
        at(11, segment(1, RST | ACK, 124, 5000), 0),
        at(12, segment(1, RST, 125, 0), 0),
        at(13, (struct flow_fact){ .bits = FLOW_FACT_EVENT }, 0),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
        flow_part_apply(&part, &facts[i]);

    g_assert_cmpuint(part.packets, ==, 8);
    g_assert_cmpuint(part.segments, ==, 8);
    g_assert_cmpuint(part.first_frame, ==, 3);
    g_assert_cmpuint(part.begin_frame, ==, 5);
    g_assert_cmpint(part.begin_ns, ==, 5 * SECOND);
    g_assert_cmpuint(part.last_frame, ==, 12);
    g_assert_cmpuint(part.last_rst, ==, 12);
    g_assert_cmpuint(part.lead_seq, ==, 100);
    g_assert_cmpuint(part.lead_flags, ==, SYN);
    g_assert_cmpuint(part.answer_seq, ==, 900);
    g_assert_cmpuint(part.answer_ack, ==, 104);
    g_assert_cmpuint(part.bits, ==, FLOW_PART_TIME | FLOW_PART_LEAD_DOWN | FLOW_PART_ANSWER_UP);
    g_assert_cmpint(flow_part_lead(&part), ==, FLOW_DOWN);

    g_assert_cmpuint(part.tcp.syn[0].frame, ==, 5);
    g_assert_cmpuint(part.tcp.syn_ack[0].frame, ==, 6);
    g_assert_cmpuint(part.tcp.ack.frame, ==, 7);
    g_assert_cmpuint(part.tcp.state, ==, FLOW_TCP_RESET);

    g_assert_cmpuint(client->bits, ==,
                     FLOW_PART_SYN | FLOW_PART_OPEN | FLOW_PART_BASE | FLOW_PART_ACK |
                         FLOW_PART_ACKS | FLOW_PART_DATA | FLOW_PART_VOICE);
    g_assert_cmpuint(client->syns, ==, 1);
    g_assert_cmpuint(client->syn_seq, ==, 100);
    g_assert_cmpuint(client->syn_end, ==, 104);
    g_assert_cmpuint(client->number, ==, 100);
    g_assert_cmpuint(client->base, ==, 100);
    g_assert_cmpuint(client->first_ack.frame, ==, 7);
    g_assert_cmpint(client->first_ack.ns, ==, 7 * SECOND);
    g_assert_cmpuint(client->first_ack.ack, ==, 901);
    g_assert_cmpuint(client->first_ack.bits, ==, FLOW_TCP_SENT_TIME);
    g_assert_cmpuint(client->ack_low, ==, 901);
    g_assert_cmpuint(client->ack_high, ==, 902);
    g_assert_cmpuint(client->fin_frame, ==, 0);

    g_assert_cmpuint(server->bits, ==,
                     FLOW_PART_OPEN | FLOW_PART_BASE | FLOW_PART_ACK | FLOW_PART_ACKS |
                         FLOW_PART_VOICE);
    g_assert_cmpuint(server->syns, ==, 0);
    g_assert_cmpuint(server->number, ==, 900);
    g_assert_cmpuint(server->base, ==, 900);
    g_assert_cmpuint(server->first_ack.frame, ==, 9);
    g_assert_cmpuint(server->ack_low, ==, 104);
    g_assert_cmpuint(server->ack_high, ==, 124);
    g_assert_cmpuint(server->fin_frame, ==, 9);
}

/* Without SYNs numbers are learnt from the first segment of a side, or from the other's word. */
static void test_a_part_learns_numbers_amid_a_connection(void)
{
    struct flow_part part = { 0 };
    struct flow_fact data = segment(0, ACK, 700, 300), answer = segment(1, 0, 305, 0);
    struct flow_fact syn_rst = segment(0, SYN | RST, 1, 0);

    flow_part_apply(&part, &data);
    g_assert_cmpuint(part.half[0].base, ==, 699);
    g_assert_cmpuint(part.half[1].base, ==, 299);
    g_assert_cmpuint(part.bits, ==, 0);
    g_assert_cmpuint(part.half[0].bits, ==,
                     FLOW_PART_BASE | FLOW_PART_ACK | FLOW_PART_ACKS | FLOW_PART_VOICE);
    g_assert_cmpuint(part.half[0].first_ack.bits, ==, 0); /* no time */

    flow_part_apply(&part, &answer);
    g_assert_cmpuint(part.half[1].base, ==, 299);
    g_assert_cmpuint(part.half[1].bits, ==, FLOW_PART_BASE); /* neither data nor flags */

    flow_part_apply(&part, &syn_rst);
    g_assert_cmpuint(part.bits, ==, FLOW_PART_SYN_RST);
    g_assert_cmpuint(part.half[0].number, ==, 1);
    g_assert_cmpuint(part.half[0].base, ==, 1);
    g_assert_cmpuint(part.half[0].syns, ==, 0);
}

/* An end that goes on after its RST survived it, unless the other one has spoken before. */
static void test_what_a_rst_means_amid_a_connection(void)
{
    for (unsigned end = 0; end < FLOW_DIRS; end++) {
        struct flow_part part = { 0 };
        const struct flow_fact facts[] = { at(1, segment(end, RST, 500, 0), 0),
                                           at(2, segment(end, ACK, 600, 1), 5) };

        for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
            flow_part_apply(&part, &facts[i]);
        g_assert_cmpuint(part.tcp.rst_count, ==, 0);
        g_assert_cmpuint(part.tcp_amid.rst_count, ==, 1);
        g_assert_cmpuint(part.tcp_amid.rst[0].frame, ==, 1);
    }
}

static void test_a_syn_may_begin_another_flow_where_no_number_is_sure(void)
{
    struct flow_fact syn = segment(0, SYN, 7, 0), data = segment(0, ACK, 8, 21);
    struct flow_fact other = segment(1, SYN, 20, 0),
                     later = { .bits = FLOW_FACT_FRAG | FLOW_FACT_FOLLOWS };
    struct flow_part part = { 0 };

    g_assert_false(flow_part_is_over(&part, &syn)); /* it begins with it */
    flow_part_apply(&part, &later);                 /* a fragment that came before its first one */
    g_assert_false(flow_part_is_over(&part, &syn));
    flow_part_apply(&part, &syn);
    g_assert_false(flow_part_is_over(&part, &syn));
    g_assert_true(flow_part_is_over(&part, &other));
    part = (struct flow_part){ 0 };
    flow_part_apply(&part, &data);
    g_assert_true(flow_part_is_over(&part, &syn));
    g_assert_false(flow_part_is_over(&part, &data));
}

static void test_parts_count_as_the_whole(void)
{
    enum { FACTS = 40, ROUNDS = 2000 };
    GRand *rand = g_rand_new_with_seed(20);

    for (int round = 0; round < ROUNDS; round++) {
        struct flow_part whole = { 0 }, parts[2] = { 0 };
        int cut = g_rand_int_range(rand, 0, FACTS);
        for (int i = 0; i < FACTS; i++) {
            struct flow_fact fact = random_fact(rand, (uint32_t)i + 1);
            flow_part_apply(&whole, &fact);
            flow_part_apply(&parts[i >= cut], &fact);
        }
        g_assert_cmpuint(parts[0].segments + parts[1].segments, ==, whole.segments);
        for (enum flow_dir end = FLOW_UP; end < FLOW_DIRS; end++)
            g_assert_cmpuint(parts[0].half[end].syns + parts[1].half[end].syns, ==,
                             whole.half[end].syns);
    }
    g_rand_free(rand);
}

/* Every acknowledgement lies between the earliest and the latest, as numbers that go round. */
static void test_acknowledgements_have_bounds(void)
{
    struct flow_part part = { 0 };
    static const uint32_t acks[] = { 0xfffffff0, 0x10, 0xffffff00, 0x100, 0xffffff80, 0x80 };

    for (size_t i = 0; i < G_N_ELEMENTS(acks); i++) {
        struct flow_fact fact = segment(1, ACK, 1, acks[i]);
        flow_part_apply(&part, &fact);
    }
    g_assert_cmpuint(part.half[1].ack_low, ==, 0xffffff00);
    g_assert_cmpuint(part.half[1].ack_high, ==, 0x100);
    g_assert_false(part.half[1].bits & FLOW_PART_WIDE);

    struct flow_fact far = segment(1, ACK, 1, 0x70000000), farther = segment(1, ACK, 1, 0x90000000);
    flow_part_apply(&part, &far);
    flow_part_apply(&part, &farther);
    g_assert_true(part.half[1].bits & FLOW_PART_WIDE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/part/says-what-it-is-to-a-handshake",
                    test_a_part_says_what_it_is_to_a_handshake);
    g_test_add_func("/part/keeps-what-others-go-by", test_a_part_keeps_what_others_go_by);
    g_test_add_func("/part/learns-numbers-amid-a-connection",
                    test_a_part_learns_numbers_amid_a_connection);
    g_test_add_func("/part/what-a-rst-means-amid-a-connection",
                    test_what_a_rst_means_amid_a_connection);
    g_test_add_func("/part/a-syn-may-begin-another-flow-where-no-number-is-sure",
                    test_a_syn_may_begin_another_flow_where_no_number_is_sure);
    g_test_add_func("/part/parts-count-as-the-whole", test_parts_count_as_the_whole);
    g_test_add_func("/part/acknowledgements-have-bounds", test_acknowledgements_have_bounds);
    return g_test_run();
}
