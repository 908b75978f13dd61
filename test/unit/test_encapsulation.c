#include "ask.h"
#include "packets.h"

#include <glib.h>
#include <string.h>

/* Which of the flows of its ends a packet belongs to, by the tunnels that it came through. */

enum { UP = FLOW_UP, DOWN = FLOW_DOWN };

static const char vxlan_name[] = "vxlan", ipip_name[] = "ipip";

struct tunnels {
    uint32_t vni;     /* 0: no VXLAN */
    uint8_t from, to; /* 0: no IP in IP; it is outside */
};

#define VNI(number)                                                                                \
    {                                                                                              \
        .vni = (number)                                                                            \
    }
#define IPIP(sender, receiver)                                                                     \
    {                                                                                              \
        .from = (sender), .to = (receiver)                                                         \
    }

/* One packet between 10.0.0.1:50000 and 10.0.0.2:80, with 10 bytes of payload. */
struct step {
    int64_t second;
    char arrow; /* 0: no more */
    struct tunnels in;
    const char *flags; /* NULL: UDP */
    uint32_t seq, ack;
    uint32_t flow; /* that it belongs to */
};

static struct flow_packet packet_of_step(const struct step *step, uint32_t frame)
{
    uint8_t protocol = step->flags ? FLOW_PROTOCOL_TCP : FLOW_PROTOCOL_UDP;
    bool down = step->arrow == '<';
    struct flow_packet packet =
        packet_of(frame, down ? tuple_with_ports(FLOW_IPV4, protocol, 2, 80, 1, 50000)
                              : tuple_with_ports(FLOW_IPV4, protocol, 1, 50000, 2, 80));

    if (step->flags)
        make_segment(&packet.fact, step->flags, step->seq, step->ack);
    return at_second(packet, step->second);
}

static uint16_t make_layers(struct tunnels in, struct flow_layer layers[2])
{
    uint16_t count = 0;

    if (in.from != 0) {
        layers[count] =
            (struct flow_layer){ .name = ipip_name,
                                 .family = FLOW_IPV4,
                                 .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS | FLOW_LAYER_ENDS_KEY };
        memcpy(layers[count].end[0], host_end(FLOW_IPV4, in.from, 0).addr, FLOW_ADDR_LEN);
        memcpy(layers[count].end[1], host_end(FLOW_IPV4, in.to, 0).addr, FLOW_ADDR_LEN);
        count++;
    }
    if (in.vni != 0)
        layers[count++] = (struct flow_layer){ .name = vxlan_name,
                                               .id = { in.vni },
                                               .ids = 1,
                                               .bits = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY };
    return count;
}

static void account_in(struct flow_meter *meter, struct flow_packet packet, struct tunnels in)
{
    struct flow_layer layers[2];

    packet.layer_count = make_layers(in, layers);
    packet.layers = layers;
    flow_meter_account(meter, &packet);
}

static const struct story {
    const char *claim;
    struct step steps[8];
} stories[] = {
    { "two-tenants-take-turns",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '>', VNI(20), "S", 500, 0, 1 },
        { 1, '<', VNI(11), "SA", 9000, 101, 0 },
        { 1, '<', VNI(21), "SA", 8000, 501, 1 },
        { 1, '>', VNI(10), "A", 101, 9001, 0 },
        { 1, '>', VNI(20), "A", 501, 8001, 1 },
        { 1, '<', VNI(11), "A", 9001, 111, 0 } } },
    { "two-tenants-with-the-same-numbers-both-ways",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '>', VNI(20), "S", 100, 0, 1 },
        { 1, '<', VNI(10), "SA", 100, 101, 0 },
        { 1, '<', VNI(20), "SA", 100, 101, 1 } } },
    { "an-answer-to-nobody-here-begins-a-flow",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '<', VNI(20), "SA", 9000, 501, 1 },
        { 1, '>', VNI(20), "A", 501, 9001, 1 } } },
    { "the-way-back-has-another-identifier",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '<', VNI(11), "SA", 9000, 101, 0 },
        { 1, '>', VNI(10), "A", 101, 9001, 0 },
        { 1, '<', VNI(11), "FA", 9001, 111, 0 } } },
    { "the-same-identifier-goes-before-the-number",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '>', VNI(20), "S", 500, 0, 1 },
        { 1, '<', VNI(10), "SA", 9000, 501, 0 } } },
    { "a-syn-ack-may-acknowledge-data-of-the-syn",
      { { 1, '>', VNI(10), "S", 100, 0, 0 }, { 1, '<', VNI(11), "SA", 9000, 111, 0 } } },
    { "but-no-more-than-that",
      { { 1, '>', VNI(10), "S", 100, 0, 0 }, { 1, '<', VNI(11), "SA", 9000, 112, 1 } } },
    { "nor-less-than-the-syn",
      { { 1, '>', VNI(10), "S", 100, 0, 0 }, { 1, '<', VNI(11), "SA", 9000, 100, 1 } } },
    { "a-segment-fits-16-megabytes-on",
      { { 1, '>', VNI(10), "A", 1000, 1, 0 }, { 1, '<', VNI(11), "A", 1, 1000 + (1 << 24), 0 } } },
    { "and-16-megabytes-back",
      { { 1, '>', VNI(10), "A", 1000, 1, 0 },
        { 1, '<', VNI(11), "A", 1, 1000u - (1u << 24), 0 } } },
    { "but-not-further-on",
      { { 1, '>', VNI(10), "A", 1000, 1, 0 }, { 1, '<', VNI(11), "A", 1, 1001 + (1 << 24), 1 } } },
    { "nor-further-back",
      { { 1, '>', VNI(10), "A", 1000, 1, 0 }, { 1, '<', VNI(11), "A", 1, 999u - (1u << 24), 1 } } },
    { "the-last-sequence-number-counts",
      { { 1, '>', VNI(10), "A", 1000, 1, 0 },
        { 1, '>', VNI(10), "A", 1000 + (1 << 25), 1, 0 },
        { 1, '<', VNI(11), "A", 1, 1000 + (1 << 25), 0 } } },
    { "without-ack-a-segment-fits-none",
      { { 1, '>', VNI(10), "S", 100, 0, 0 }, { 1, '<', VNI(11), "R", 0, 101, 1 } } },
    { "a-syn-fits-none",
      { { 1, '>', VNI(10), "S", 100, 0, 0 }, { 1, '<', VNI(11), "S", 900, 0, 1 } } },
    { "a-third-identifier-is-another-flow",
      { { 1, '>', VNI(10), NULL, 0, 0, 0 },
        { 1, '<', VNI(11), NULL, 0, 0, 0 },
        { 1, '<', VNI(12), NULL, 0, 0, 1 },
        { 1, '>', VNI(13), NULL, 0, 0, 1 },
        { 1, '<', VNI(11), NULL, 0, 0, 0 } } },
    { "udp-joins-within-60-seconds",
      { { 1, '>', VNI(10), NULL, 0, 0, 0 }, { 61, '<', VNI(11), NULL, 0, 0, 0 } } },
    { "and-not-later",
      { { 1, '>', VNI(10), NULL, 0, 0, 0 }, { 62, '<', VNI(11), NULL, 0, 0, 1 } } },
    { "but-with-the-same-identifier-at-any-time",
      { { 1, '>', VNI(10), NULL, 0, 0, 0 }, { 9999, '<', VNI(10), NULL, 0, 0, 0 } } },
    { "udp-joins-the-latest-begun",
      { { 1, '>', VNI(10), NULL, 0, 0, 0 },
        { 2, '>', VNI(20), NULL, 0, 0, 1 },
        { 3, '>', VNI(10), NULL, 0, 0, 0 },
        { 4, '<', VNI(11), NULL, 0, 0, 1 },
        { 5, '<', VNI(12), NULL, 0, 0, 0 } } },
    { "of-those-that-are-not-old",
      { { 1, '>', VNI(10), NULL, 0, 0, 0 },
        { 2, '>', VNI(20), NULL, 0, 0, 1 },
        { 70, '>', VNI(10), NULL, 0, 0, 0 },
        { 80, '<', VNI(11), NULL, 0, 0, 0 } } },
    { "in-a-tunnel-or-not-are-two-flows",
      { { 1, '>', VNI(0), NULL, 0, 0, 0 },
        { 1, '<', VNI(10), NULL, 0, 0, 1 },
        { 1, '<', VNI(0), NULL, 0, 0, 0 } } },
    { "the-same-tunnel-there-and-back",
      { { 1, '>', IPIP(3, 4), NULL, 0, 0, 0 },
        { 2, '>', IPIP(5, 6), NULL, 0, 0, 1 },
        { 3, '<', IPIP(4, 3), NULL, 0, 0, 0 },
        { 4, '<', IPIP(6, 5), NULL, 0, 0, 1 },
        { 5, '>', IPIP(3, 4), NULL, 0, 0, 0 } } },
    { "another-tunnel-back",
      { { 1, '>', IPIP(3, 4), "S", 100, 0, 0 }, { 1, '<', IPIP(5, 3), "SA", 9000, 101, 0 } } },
    { "another-tunnel-with-an-answer-to-nobody-here",
      { { 1, '>', IPIP(3, 4), "S", 100, 0, 0 }, { 1, '<', IPIP(6, 5), "SA", 9000, 501, 1 } } },
    { "the-same-identifier-in-another-tunnel",
      { { 1, '>', { 10, 3, 4 }, "S", 100, 0, 0 }, { 1, '<', { 10, 6, 5 }, "SA", 9000, 501, 0 } } },
    { "the-same-tunnel-goes-before-the-same-identifier",
      { { 1, '>', { 10, 3, 4 }, NULL, 0, 0, 0 },
        { 2, '>', { 10, 5, 6 }, NULL, 0, 0, 1 },
        { 3, '<', { 10, 4, 3 }, NULL, 0, 0, 0 } } },
    { "a-new-connection-ends-both-ways",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '<', VNI(11), "SA", 9000, 101, 0 },
        { 1, '>', VNI(10), "S", 700, 0, 1 },
        { 1, '<', VNI(11), "SA", 8000, 701, 1 },
        { 1, '>', VNI(10), "A", 701, 8001, 1 } } },
    { "a-new-connection-ends-its-tenants-alone",
      { { 1, '>', VNI(10), "S", 100, 0, 0 },
        { 1, '>', VNI(20), "S", 500, 0, 1 },
        { 1, '>', VNI(10), "S", 700, 0, 2 },
        { 1, '<', VNI(11), "SA", 9000, 701, 2 },
        { 1, '<', VNI(21), "SA", 9000, 501, 1 } } },
};

static void tell(const struct step *steps, size_t count, const struct flow_limits *limits)
{
    struct flow_meter *meter = flow_meter_new(limits, 0, NULL);

    for (uint32_t i = 0; i < count && steps[i].arrow; i++)
        account_in(meter, packet_of_step(&steps[i], i + 1), steps[i].in);
    for (uint32_t i = 0; i < count && steps[i].arrow; i++) {
        g_test_message("frame %u", i + 1);
        expect_number(meter, i + 1, "id", steps[i].flow);
    }
    flow_meter_free(meter);
}

static void test_story(const void *data)
{
    const struct story *story = data;

    tell(story->steps, G_N_ELEMENTS(story->steps), NULL);
}

/* The flow that follows a timeout knows the way back already: tenants are not mixed up. */
static void test_timeouts_keep_the_way_back(void)
{
    const struct flow_limits limits = { .active_ns = 10 * SECOND };
    static const struct step steps[] = {
        { 1, '>', VNI(10), NULL, 0, 0, 0 },  { 1, '<', VNI(11), NULL, 0, 0, 0 },
        { 1, '>', VNI(20), NULL, 0, 0, 1 },  { 1, '<', VNI(21), NULL, 0, 0, 1 },
        { 20, '>', VNI(10), NULL, 0, 0, 2 }, { 20, '>', VNI(20), NULL, 0, 0, 3 },
        { 21, '<', VNI(11), NULL, 0, 0, 2 }, { 21, '<', VNI(21), NULL, 0, 0, 3 },
        { 22, '>', VNI(10), NULL, 0, 0, 2 }, { 22, '<', VNI(11), NULL, 0, 0, 2 },
    };

    tell(steps, G_N_ELEMENTS(steps), &limits);
}

/* And joins what comes back another way all the same. */
static void test_timeouts_leave_the_way_back_open(void)
{
    const struct flow_limits limits = { .active_ns = 10 * SECOND };
    static const struct step steps[] = {
        { 1, '>', VNI(10), NULL, 0, 0, 0 },  { 1, '<', VNI(11), NULL, 0, 0, 0 },
        { 20, '>', VNI(10), NULL, 0, 0, 1 }, { 21, '<', VNI(12), NULL, 0, 0, 1 },
        { 22, '<', VNI(11), NULL, 0, 0, 2 }, { 23, '<', VNI(12), NULL, 0, 0, 1 },
    };

    tell(steps, G_N_ELEMENTS(steps), &limits);
}

/* A million VNIs on one pair of ends: the work for a packet has a bound. */
static void test_candidates_are_bounded(void)
{
    enum { VNIS = 5000, ISN = 1000 };
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    uint32_t frame = 0, latest_but_31 = VNIS - FLOW_TABLE_CANDIDATES;

    for (uint32_t i = 0; i < VNIS; i++) {
        struct step syn = { 1, '>', VNI(0), "S", i * ISN, 0, 0 };
        account_in(meter, packet_of_step(&syn, ++frame), (struct tunnels){ .vni = i + 1 });
    }
    g_assert_cmpuint(flow_meter_flows(meter), ==, VNIS);
    const struct step answers[] = {
        /* of the oldest, with another identifier: not looked for; with its own: at once */
        { 1, '<', VNI(999999), "SA", 1, 1, VNIS },
        { 1, '<', VNI(1), "SA", 1, 1, 0 },
        { 1, '<', VNI(888888), "SA", 1, (latest_but_31 - 1) * ISN + 1, VNIS + 1 },
        { 1, '<', VNI(777777), "SA", 1, latest_but_31 * ISN + 1, latest_but_31 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        account_in(meter, packet_of_step(&answers[i], ++frame), answers[i].in);
        expect_number(meter, frame, "id", answers[i].flow);
    }
    flow_meter_free(meter);
}

/* What is said in doc/definitions.md, word by word and flow by flow. */
struct model_flow {
    uint32_t vni[2]; /* sent by each end; 0: none yet */
    uint32_t seq[2];
    uint32_t base[2];
    bool has_base[2], has_syn[2];
    int64_t last;
    bool is_over;
};

static bool model_fits(const struct model_flow *flow, unsigned sender, const struct step *step)
{
    uint32_t ack = step->ack, flags = step->flags ? flags_of(step->flags) : 0;

    if (!step->flags)
        return step->second - flow->last <= 60;
    if (!(flags & FLOW_TCP_ACK))
        return false;
    if ((flags & FLOW_TCP_SYN) && flow->has_syn[!sender])
        return ack - flow->base[!sender] >= 1 && ack - flow->base[!sender] <= 1 + PAYLOAD_LEN;
    return ack - flow->seq[!sender] + (1 << 24) <= 2 << 24;
}

/* The rules of which a flow has to meet one, the first first. */
static bool model_meets(unsigned rule, const struct model_flow *flow, unsigned sender,
                        const struct step *step)
{
    bool is_open = flow->vni[sender] == 0;

    switch (rule) {
    case 0: return flow->vni[sender] == step->in.vni;
    case 1: return is_open && flow->vni[!sender] == step->in.vni;
    default: return is_open && model_fits(flow, sender, step);
    }
}

static uint32_t model_find(const GArray *flows, unsigned sender, const struct step *step)
{
    for (unsigned rule = 0; rule < 3; rule++)
        for (uint32_t i = flows->len; i-- > 0;) {
            const struct model_flow *flow = &g_array_index(flows, struct model_flow, i);
            if (!flow->is_over && model_meets(rule, flow, sender, step))
                return i;
        }
    return flows->len;
}

static void model_learn(struct model_flow *flow, unsigned sender, const struct step *step)
{
    uint8_t flags = step->flags ? flags_of(step->flags) : 0;

    flow->vni[sender] = step->in.vni;
    flow->last = MAX(flow->last, step->second);
    flow->seq[sender] = step->seq;
    if (flags & FLOW_TCP_SYN)
        flow->base[sender] = step->seq;
    else if (!flow->has_base[sender])
        flow->base[sender] = step->seq - 1;
    flow->has_base[sender] = true;
    flow->has_syn[sender] |= (flags & FLOW_TCP_SYN) != 0;
    if ((flags & FLOW_TCP_ACK) && !flow->has_base[!sender]) {
        flow->base[!sender] = step->ack - 1;
        flow->has_base[!sender] = true;
    }
}

static uint32_t model_account(GArray *flows, const struct step *step)
{
    unsigned sender = step->arrow == '<';
    uint32_t found = model_find(flows, sender, step);
    struct model_flow *flow = &g_array_index(flows, struct model_flow, found);

    if (found < flows->len && step->flags && strcmp(step->flags, "S") == 0 &&
        flow->has_base[sender] && flow->base[sender] != step->seq) {
        flow->is_over = true;
        found = flows->len;
    }
    if (found == flows->len)
        g_array_set_size(flows, found + 1);
    model_learn(&g_array_index(flows, struct model_flow, found), sender, step);
    return found;
}

static struct step random_step(GRand *rand, bool is_tcp, int64_t second)
{
    static const char *const flags[] = { "S", "SA", "A", "R", "A" };
    static const uint32_t numbers[] = { 0, 1, 5, 11, 1u << 25, 1u << 26, (1u << 26) + 7 };
    struct step step = { .second = second, .arrow = g_rand_boolean(rand) ? '<' : '>' };

    step.in.vni = (uint32_t)g_rand_int_range(rand, 1, 6);
    if (is_tcp) {
        step.flags = flags[g_rand_int_range(rand, 0, G_N_ELEMENTS(flags))];
        step.seq = numbers[g_rand_int_range(rand, 0, G_N_ELEMENTS(numbers))];
        step.ack = numbers[g_rand_int_range(rand, 0, G_N_ELEMENTS(numbers))];
    }
    return step;
}

static void test_the_index_finds_what_a_search_finds(void)
{
    enum { ROUNDS = 400, STEPS = 60 };
    GRand *rand = g_rand_new_with_seed(13);

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        GArray *flows = g_array_new(FALSE, TRUE, sizeof(struct model_flow));
        int64_t second = 0;

        for (uint32_t frame = 1; frame <= STEPS; frame++) {
            struct step step = random_step(rand, round % 2, second);
            uint32_t want = model_account(flows, &step);

            second += g_rand_int_range(rand, 0, 40);
            account_in(meter, packet_of_step(&step, frame), step.in);
            expect_number(meter, frame, "id", want);
        }
        g_array_unref(flows);
        flow_meter_free(meter);
        if (g_test_failed())
            break;
    }
    g_rand_free(rand);
}

/* ICMP errors travel back, and their encapsulation is that of the way back. */
static void test_errors_find_their_flow(void)
{
    static const struct {
        const char *claim;
        struct step steps[4];
        struct tunnels in;
        bool found;
        uint32_t flow;
    } rows[] = {
        { "the way back's own",
          { { 1, '>', VNI(10), "S", 1, 0, 0 }, { 1, '<', VNI(11), "SA", 9, 2, 0 } },
          VNI(11),
          true,
          0 },
        { "the same identifier, of nobody back yet",
          { { 1, '>', VNI(10), NULL, 0, 0, 0 }, { 1, '>', VNI(20), NULL, 0, 0, 1 } },
          VNI(10),
          true,
          0 },
        { "the latest begun",
          { { 1, '>', VNI(10), NULL, 0, 0, 0 }, { 1, '>', VNI(20), NULL, 0, 0, 1 } },
          VNI(30),
          true,
          1 },
        { "the same tunnel",
          { { 1, '>', IPIP(3, 4), NULL, 0, 0, 0 }, { 1, '>', IPIP(5, 6), NULL, 0, 0, 1 } },
          IPIP(4, 3),
          true,
          0 },
        { "nobody's",
          { { 1, '>', VNI(10), NULL, 0, 0, 0 }, { 1, '<', VNI(11), NULL, 0, 0, 0 } },
          VNI(12),
          false,
          0 },
        { "outside", { { 1, '>', VNI(10), NULL, 0, 0, 0 } }, VNI(0), false, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        struct flow_packet error = packet_of(9, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));

        g_test_message("%s", rows[i].claim);
        for (uint32_t n = 0; rows[i].steps[n].arrow; n++) {
            struct flow_packet packet = packet_of_step(&rows[i].steps[n], n + 1);
            account_in(meter, packet, rows[i].steps[n].in);
            error.quote = n == 0 ? packet.tuple : error.quote;
        }
        error.bits |= FLOW_PACKET_QUOTE;
        account_in(meter, error, rows[i].in);
        struct flow_value value = ask(meter, 9, "icmp_error_for", true);
        g_assert_cmpint(value.known, ==, rows[i].found);
        if (rows[i].found)
            g_assert_cmpuint(value.as.number, ==, rows[i].flow);
        flow_meter_free(meter);
    }
}

/* An error is no packet of the flow: its way stays open. */
static void test_errors_teach_nothing(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    const struct step there = { 1, '>', VNI(10), NULL, 0, 0, 0 },
                      back = { 2, '<', VNI(11), NULL, 0, 0, 0 };
    struct flow_packet request = packet_of_step(&there, 1);
    struct flow_packet error = packet_of(2, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));

    error.quote = request.tuple;
    error.bits |= FLOW_PACKET_QUOTE;
    account_in(meter, request, there.in);
    account_in(meter, error, (struct tunnels){ .vni = 12 });
    account_in(meter, packet_of_step(&back, 3), back.in);
    expect_number(meter, 2, "icmp_error_for", 0);
    expect_number(meter, 3, "id", 0);
    flow_meter_free(meter);
}

/* Requests and answers tell the directions between an end and itself. */
static void test_between_an_end_and_itself(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    static const struct {
        enum flow_message message;
        uint32_t vni, flow;
        int dir;
    } rows[] = {
        { FLOW_MESSAGE_REQUEST, 10, 0, UP },    { FLOW_MESSAGE_REQUEST, 20, 1, UP },
        { FLOW_MESSAGE_RESPONSE, 20, 1, DOWN }, { FLOW_MESSAGE_RESPONSE, 11, 0, DOWN },
        { FLOW_MESSAGE_REQUEST, 10, 0, UP },    { FLOW_MESSAGE_RESPONSE, 11, 0, DOWN },
    };

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_packet packet = packet_of(i + 1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 1));
        packet.message_type = (uint8_t)rows[i].message;
        account_in(meter, packet, (struct tunnels){ .vni = rows[i].vni });
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        expect_number(meter, i + 1, "id", rows[i].flow);
        expect_number(meter, i + 1, "direction", (unsigned)rows[i].dir);
    }
    flow_meter_free(meter);
}

/* What the flow says of its tunnels: the first packet's path, and each way's own. */
static void test_paths_are_known_each_way(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    static const struct step steps[] = {
        { 1, '<', { 11, 4, 3 }, "SA", 9000, 101, 0 },
        { 1, '>', { 10, 3, 4 }, "A", 101, 9001, 0 },
        { 1, '>', { 10, 3, 4 }, "A", 101, 9001, 0 },
    };
    static const uint32_t vni[FLOW_DIRS] = { 10, 11 };
    struct flow_view view;
    struct flow_layer layer;

    account_in(meter, packet_of_step(&steps[0], 1), steps[0].in);
    g_assert_true(flow_meter_view(meter, 1, true, &view));
    g_assert_cmpuint(view.flow->way[UP].path, ==, 0);
    for (uint32_t i = 1; i < G_N_ELEMENTS(steps); i++)
        account_in(meter, packet_of_step(&steps[i], i + 1), steps[i].in);
    expect_text(meter, 2, "vni", "ipip(10.0.0.3↔10.0.0.4) › vxlan(11)");
    g_assert_true(flow_meter_view(meter, 2, true, &view));
    g_assert_cmpint((int)flow_first_dir(view.flow), ==, DOWN);
    for (unsigned dir = 0; dir < FLOW_DIRS; dir++) {
        size_t at = 0;
        g_assert_cmpuint(flow_paths_depth(view.paths, view.flow->way[dir].path), ==, 2);
        g_assert_true(flow_paths_next(view.paths, view.flow->way[dir].path, &at, &layer));
        g_assert_cmpstr(layer.name, ==, ipip_name);
        g_assert_true(flow_paths_next(view.paths, view.flow->way[dir].path, &at, &layer));
        g_assert_cmpuint(layer.id[0], ==, vni[dir]);
    }
    flow_meter_free(meter);
}

/*
 * Fragmented tunnels: the frame that completes a datagram is a packet of the
 * connection inside, the others are the tunnel's.  'H' is the datagram's first
 * fragment, '1' and '$' the others; the last letter's frame completes it.
 */
static struct flow_packet outer_fragment(char letter, uint32_t frame)
{
    struct flow_packet packet = letter == 'H'
                                    ? first_fragment(udp_packet(frame, 8, 2152, 9, 2152), 7)
                                    : later_fragment(frame, FLOW_PROTOCOL_UDP, 8, 9, 7);

    packet.fragment.offset = letter == 'H' ? 0 : letter == '1' ? 8 : 16;
    packet.fragment.len = 8;
    packet.fragment.is_last = letter == '$';
    return packet;
}

static struct flow_packet completing(char letter, uint32_t frame)
{
    struct flow_packet outer = outer_fragment(letter, frame),
                       packet = udp_packet(frame, 1, 50000, 2, 53);

    packet.carrier = outer.tuple;
    packet.fragment = outer.fragment;
    packet.bits |= FLOW_PACKET_CARRIER | (letter == 'H' ? FLOW_PACKET_CARRIER_FIRST : 0);
    return packet;
}

static void account_fragmented(struct flow_meter *meter, const char *letters)
{
    uint32_t frame = 1;

    for (; letters[frame]; frame++) {
        struct flow_packet packet = outer_fragment(letters[frame - 1], frame);
        flow_meter_account(meter, &packet);
    }
    struct flow_packet packet = completing(letters[frame - 1], frame);
    flow_meter_account(meter, &packet);
}

static void test_fragmented_tunnels(void)
{
    static const char *const orders[] = { "H1$", "H$1", "1H$", "$1H", "1$H" };

    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

        g_test_message("%s", orders[i]);
        account_fragmented(meter, orders[i]);
        g_assert_cmpuint(flow_meter_flows(meter), ==, 2);
        for (uint32_t frame = 1; frame <= 2; frame++) {
            expect_number(meter, frame, "srcport", 2152);
            expect_number(meter, frame, "pkts", 2);
            expect_number(meter, frame, "up.frags", 2);
        }
        expect_number(meter, 3, "srcport", 50000);
        expect_number(meter, 3, "pkts", 1);
        expect_number(meter, 3, "up.frags", 0);

        /* The datagram is over: but for a copy, what comes next is the next one's. */
        struct flow_packet copy = outer_fragment('$', 4), next = outer_fragment('$', 5);
        next.fragment.offset = 24;
        flow_meter_account(meter, &copy);
        flow_meter_account(meter, &next);
        expect_number(meter, 4, "srcport", 2152);
        g_assert_true(flow_meter_is_waiting(meter, 5));
        flow_meter_free(meter);
    }
}

/* Its other fragments were not captured, or are the flow's of the connection inside. */
static void test_no_empty_flow_of_a_tunnel(void)
{
    static const char *const orders[] = { "H", "$" };

    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

        account_fragmented(meter, orders[i]);
        g_assert_cmpuint(flow_meter_flows(meter), ==, 1);
        expect_number(meter, 1, "srcport", 50000);
        flow_meter_free(meter);
    }
}

/* The tunnel's flow is in the layers outside of it alone. */
static void test_a_carrier_has_the_layers_outside(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
    struct flow_layer layers[2];
    struct flow_packet early = outer_fragment('$', 1), packet = completing('H', 2);

    make_layers((struct tunnels){ 10, 3, 4 }, layers);
    early.layers = packet.layers = layers;
    early.layer_count = packet.carrier_layers = 1;
    packet.layer_count = 2;
    flow_meter_account(meter, &early);
    flow_meter_account(meter, &packet);
    expect_text(meter, 1, "vni", "ipip(10.0.0.3↔10.0.0.4)");
    expect_text(meter, 2, "vni", "ipip(10.0.0.3↔10.0.0.4) › vxlan(10)");
    flow_meter_free(meter);
}

/* What the message inside says of its direction says nothing of the tunnel's. */
static void test_a_carrier_says_nothing(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        struct flow_packet early = outer_fragment('$', 1), packet = completing('H', 2);

        packet.message_type = i == 0 ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_UNKNOWN;
        packet.handshake = i == 1 ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_UNKNOWN;
        flow_meter_account(meter, &early);
        flow_meter_account(meter, &packet);
        expect_number(meter, 1, "up.pkts", 1);
        expect_number(meter, 2, "down.pkts", 1);
        flow_meter_free(meter);
    }
}

/* Beside one of the same addresses outside; each shows the tunnel that it came through. */
static void test_lone_fragments_stay_in_their_tunnel(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    account_in(meter, at_second(later_fragment(1, FLOW_PROTOCOL_UDP, 1, 2, 7), 0),
               (struct tunnels){ 10, 3, 4 });
    account_in(meter, at_second(later_fragment(2, FLOW_PROTOCOL_UDP, 1, 2, 7), 0),
               (struct tunnels){ 0 });
    account_in(meter, at_second(udp_packet(3, 8, 50000, 9, 53), 61), (struct tunnels){ 0 });
    expect_text(meter, 1, "vni", "ipip(10.0.0.3↔10.0.0.4) › vxlan(10)");
    expect_absent(meter, 2, "vni");
    for (uint32_t frame = 1; frame <= 2; frame++)
        expect_number(meter, frame, "pkts", 1);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        char *path = g_strdup_printf("/encapsulation/%s", stories[i].claim);
        g_test_add_data_func(path, &stories[i], test_story);
        g_free(path);
    }
    g_test_add_func("/encapsulation/timeouts-keep-the-way-back", test_timeouts_keep_the_way_back);
    g_test_add_func("/encapsulation/timeouts-leave-the-way-back-open",
                    test_timeouts_leave_the_way_back_open);
    g_test_add_func("/encapsulation/candidates-are-bounded", test_candidates_are_bounded);
    g_test_add_func("/encapsulation/the-index-finds-what-a-search-finds",
                    test_the_index_finds_what_a_search_finds);
    g_test_add_func("/encapsulation/errors-find-their-flow", test_errors_find_their_flow);
    g_test_add_func("/encapsulation/errors-teach-nothing", test_errors_teach_nothing);
    g_test_add_func("/encapsulation/between-an-end-and-itself", test_between_an_end_and_itself);
    g_test_add_func("/encapsulation/paths-are-known-each-way", test_paths_are_known_each_way);
    g_test_add_func("/encapsulation/fragmented-tunnels", test_fragmented_tunnels);
    g_test_add_func("/encapsulation/no-empty-flow-of-a-tunnel", test_no_empty_flow_of_a_tunnel);
    g_test_add_func("/encapsulation/a-carrier-has-the-layers-outside",
                    test_a_carrier_has_the_layers_outside);
    g_test_add_func("/encapsulation/a-carrier-says-nothing", test_a_carrier_says_nothing);
    g_test_add_func("/encapsulation/lone-fragments-stay-in-their-tunnel",
                    test_lone_fragments_stay_in_their_tunnel);
    return g_test_run();
}
