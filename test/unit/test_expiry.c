#include "expiry.h"
#include "packets.h"

#include <glib.h>

/* A table with flows by their source port, from 0 on: flow N has its last packet at second N. */
struct world {
    struct flow_paths *paths;
    struct flow_table *table;
    struct flow_expiry *expiry;
    struct flow_limits limits;
};

static struct flow *add_flow(const struct world *world, uint32_t second)
{
    struct flow_packet packet = at_second(udp_packet(1, 1, (uint16_t)second, 2, 9000), second);
    struct flow_search search = flow_table_search(world->table, &packet, 0);
    enum flow_dir dir;
    struct flow *flow = flow_table_begin(world->table, &search, &packet, NULL, &dir);

    flow_learn(flow, &packet, dir);
    return flow;
}

static void begin(struct world *world, int64_t idle, int64_t active, uint32_t max_flows,
                  uint32_t flows)
{
    world->paths = flow_paths_new();
    world->table = flow_table_new(0, world->paths);
    world->limits = (struct flow_limits){ .idle_ns = idle * SECOND, .active_ns = active * SECOND };
    world->expiry = flow_expiry_new(&world->limits, max_flows);
    for (uint32_t i = 0; i < flows; i++)
        flow_expiry_packet(world->expiry, add_flow(world, i), i == 1);
}

static void end(struct world *world)
{
    flow_expiry_free(world->expiry);
    flow_table_free(world->table);
    flow_paths_free(world->paths);
}

static void expect_silent(const struct world *world, int64_t second, uint32_t want)
{
    uint32_t flow = UINT32_MAX;

    flow_expiry_silent(world->expiry, world->table, second * SECOND, &flow);
    g_assert_cmpuint(flow, ==, want);
}

static void test_silence_is_longer_than_the_timeout(void)
{
    static const struct {
        int64_t idle, active, second;
        uint32_t silent;
    } rows[] = {
        { 10, 0, 10, UINT32_MAX }, { 10, 0, 11, 0 },          { 0, 0, 1000, UINT32_MAX },
        { 0, 10, 11, 0 },          { 10, 5, 10, UINT32_MAX }, /* its next packet would tell */
        { 5, 10, 6, 0 },
    };
    struct world world;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        begin(&world, rows[i].idle, rows[i].active, 10, 3);
        expect_silent(&world, rows[i].second, rows[i].silent);
        end(&world);
    }
}

/* Flow 1 may be closed; its last packet is at second 1. */
static void test_a_silence_of_what_may_be_closed_is_told_once(void)
{
    struct world world;
    uint32_t flow = UINT32_MAX;

    begin(&world, 0, 0, 10, 3);
    g_assert_false(flow_expiry_lingering(world.expiry, world.table, 6 * SECOND, &flow));
    g_assert_true(flow_expiry_lingering(world.expiry, world.table, 6 * SECOND + 1, &flow));
    g_assert_cmpuint(flow, ==, 1);
    g_assert_false(flow_expiry_lingering(world.expiry, world.table, 60 * SECOND, &flow));
    flow_expiry_packet(world.expiry, flow_table_at(world.table, 1), true);
    g_assert_true(flow_expiry_lingering(world.expiry, world.table, 60 * SECOND, &flow));
    end(&world);
}

/* What has ended makes room first, then what is silent for longest. */
static void test_what_has_to_go(void)
{
    struct world world;
    uint32_t flow;

    begin(&world, 0, 0, 3, 3);
    g_assert_false(flow_expiry_surplus(world.expiry, &flow));
    flow_expiry_packet(world.expiry, add_flow(&world, 3), false);
    g_assert_true(flow_expiry_surplus(world.expiry, &flow));
    g_assert_cmpuint(flow, ==, 0);
    flow_expiry_ended(world.expiry, flow_table_at(world.table, 2));
    g_assert_true(flow_expiry_surplus(world.expiry, &flow));
    g_assert_cmpuint(flow, ==, 2);
    flow_expiry_forgotten(world.expiry, flow_table_at(world.table, 2));
    g_assert_false(flow_expiry_surplus(world.expiry, &flow));
    g_assert_true(flow_expiry_any(world.expiry, &flow));
    g_assert_cmpuint(flow, ==, 0);
    end(&world);
}

/* What has ended is neither open nor lingering, and what is forgotten is nothing. */
static void test_what_has_ended_is_silent(void)
{
    struct world world;
    uint32_t flow = UINT32_MAX;

    begin(&world, 10, 0, 3, 2);
    expect_silent(&world, 100, 0);
    flow_expiry_ended(world.expiry, flow_table_at(world.table, 0));
    expect_silent(&world, 100, 1);
    flow_expiry_ended(world.expiry, flow_table_at(world.table, 1)); /* it may be closed */
    expect_silent(&world, 100, UINT32_MAX);
    g_assert_false(flow_expiry_lingering(world.expiry, world.table, 100 * SECOND, &flow));
    g_assert_false(flow_expiry_any(world.expiry, &flow));
    end(&world);

    begin(&world, 10, 0, 1, 2);
    flow_expiry_forgotten(world.expiry, flow_table_at(world.table, 1));
    g_assert_false(flow_expiry_lingering(world.expiry, world.table, 100 * SECOND, &flow));
    flow_expiry_forgotten(world.expiry, flow_table_at(world.table, 0));
    expect_silent(&world, 100, UINT32_MAX);
    end(&world);
}

/* One flow is always kept. */
static void test_the_least_room(void)
{
    for (uint32_t max_flows = 0; max_flows < 2; max_flows++) {
        struct world world;
        uint32_t flow;

        begin(&world, 0, 0, max_flows, 1);
        g_assert_false(flow_expiry_surplus(world.expiry, &flow));
        flow_expiry_packet(world.expiry, add_flow(&world, 2), false);
        g_assert_true(flow_expiry_surplus(world.expiry, &flow));
        g_assert_cmpuint(flow, ==, 0);
        end(&world);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expiry/silence-is-longer-than-the-timeout",
                    test_silence_is_longer_than_the_timeout);
    g_test_add_func("/expiry/a-silence-of-what-may-be-closed-is-told-once",
                    test_a_silence_of_what_may_be_closed_is_told_once);
    g_test_add_func("/expiry/what-has-to-go", test_what_has_to_go);
    g_test_add_func("/expiry/what-has-ended-is-silent", test_what_has_ended_is_silent);
    g_test_add_func("/expiry/the-least-room", test_the_least_room);
    return g_test_run();
}
