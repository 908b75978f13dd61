/*
 * load SCENARIO COUNT: account COUNT hostile packets, then look at each of them
 * again as a second pass does.  Run under callgrind to count what that costs.
 * load SCENARIO COUNT STATES: then ask for so many states at random frames
 * instead, as clicks do, and print the nanoseconds that one takes.
 */
#include "../unit/packets.h"

#include "core.h"
#include "field.h"
#include "meter.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEEP = 200 };

static struct flow_packet one_flow(uint32_t i, uint32_t count)
{
    (void)count;
    return udp_packet(i + 1, 1, 1000, 2, 53);
}

static struct flow_packet flow_each(uint32_t i, uint32_t count)
{
    struct flow_packet packet = one_flow(i, count);

    memcpy(packet.tuple.end[0].addr, &i, sizeof i);
    return packet;
}

/* As many packets of a flow, and then as many errors about it. */
static struct flow_packet errors(uint32_t i, uint32_t count)
{
    struct flow_packet packet;

    if (i < count / 2)
        return one_flow(i, count);
    packet = packet_of(i + 1, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 2, 1));
    packet.quote = one_flow(i, count).tuple;
    packet.bits |= FLOW_PACKET_QUOTE;
    return packet;
}

/* Fragments of datagrams whose first one never comes, and those whose first one comes last. */
static struct flow_packet lone_fragments(uint32_t i, uint32_t count)
{
    (void)count;
    return at_second(later_fragment(i + 1, FLOW_PROTOCOL_UDP, 1, 2, i), 1);
}

static struct flow_packet late_first(uint32_t i, uint32_t count)
{
    if (i + 1 < count)
        return at_second(later_fragment(i + 1, FLOW_PROTOCOL_UDP, 1, 2, 7), 1);
    return at_second(first_fragment(one_flow(i, count), 7), 1);
}

/* Each one a first fragment, then a later one, with the same identification. */
static struct flow_packet one_ident(uint32_t i, uint32_t count)
{
    return i % 2 ? later_fragment(i + 1, FLOW_PROTOCOL_UDP, 1, 2, 7)
                 : first_fragment(one_flow(i, count), 7);
}

/* A SYN with another number is a new connection. */
static struct flow_packet connection_each(uint32_t i, uint32_t count)
{
    (void)count;
    return tcp_packet(i + 1, 1, 1000, 2, 80, "S", i * 1000, 0);
}

static struct flow_packet deep(uint32_t i, uint32_t count)
{
    static struct flow_layer layers[DEEP];
    struct flow_packet packet = one_flow(i, count);

    for (unsigned k = 0; k < DEEP; k++)
        layers[k] = (struct flow_layer){ .name = "ipip",
                                         .end = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 } },
                                         .family = FLOW_IPV4,
                                         .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS };
    packet.layers = layers;
    packet.layer_count = DEEP;
    return packet;
}

static const struct scenario {
    const char *name;
    struct flow_packet (*packet)(uint32_t i, uint32_t count);
} scenarios[] = {
    { "one-flow", one_flow },
    { "flow-each", flow_each },
    { "errors", errors },
    { "lone-fragments", lone_fragments },
    { "late-first", late_first },
    { "one-ident", one_ident },
    { "connection-each", connection_each },
    { "deep", deep },
};

static struct flow_meter *account(const struct scenario *scenario, uint32_t count)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);

    for (uint32_t i = 0; i < count; i++) {
        struct flow_packet packet = scenario->packet(i, count);
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    return meter;
}

static void look_in_order(struct flow_meter *meter, uint32_t count)
{
    uint32_t shown = 0;

    for (uint32_t frame = 1; frame <= count; frame++) {
        struct flow_view view;
        if (!flow_meter_view(meter, frame, true, &view))
            continue;
        for (size_t i = 0; i < flow_field_count(); i++)
            flow_field_value(flow_field_at(i), &view);
        shown++;
    }
    g_print("%u packets, %u flows\n", shown, flow_meter_flows(meter));
}

static void look_at_random(struct flow_meter *meter, uint32_t count, uint32_t states)
{
    GRand *rand = g_rand_new_with_seed(1);
    clock_t start = clock(); /* CPU time */

    for (uint32_t i = 0; i < states; i++) {
        struct flow_view view;
        if (flow_meter_view(meter, (uint32_t)g_rand_int_range(rand, 1, (int)count + 1), true,
                            &view))
            flow_view_so_far(&view, &flow_core);
    }
    g_print("%.0f ns\n", (double)(clock() - start) / CLOCKS_PER_SEC * 1e9 / states);
    g_rand_free(rand);
}

static void run(const struct scenario *scenario, uint32_t count, uint32_t states)
{
    struct flow_meter *meter = account(scenario, count);

    if (states > 0)
        look_at_random(meter, count, states);
    else
        look_in_order(meter, count);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios) && (argc == 3 || argc == 4); i++)
        if (strcmp(argv[1], scenarios[i].name) == 0) {
            run(&scenarios[i], (uint32_t)strtoul(argv[2], NULL, 10),
                argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0);
            return 0;
        }
    g_printerr("usage: load SCENARIO COUNT [STATES]\n");
    return 2;
}
