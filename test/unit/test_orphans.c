#include "meter.h"
#include "orphans.h"
#include "packets.h"

#include <glib.h>

static struct flow_orphan_flow flow_of(uint16_t port, uint32_t sender)
{
    struct flow_orphan_flow flow = { .sender = sender };

    flow.key.end[0].port = port;
    return flow;
}

static struct flow_fact error(uint32_t frame, uint8_t type, uint8_t code)
{
    return (struct flow_fact){
        .frame = frame, .bits = FLOW_FACT_EVENT, .icmp_type = type, .icmp_code = code
    };
}

/* Errors about one flow are one, with the last error's frame, type and code. */
static void test_errors_about_a_flow_are_kept_as_one(void)
{
    struct flow_orphans *orphans = flow_orphans_new();
    struct flow_orphan_flow first = flow_of(1, 0), other_port = flow_of(2, 0);
    struct flow_orphan_flow other_way = flow_of(1, 1);
    struct flow_fact errors[] = { error(1, 3, 1), error(2, 3, 3), error(3, 11, 1),
                                  error(4, 3, 13) };

    flow_orphans_add(orphans, &first, &errors[0]);
    flow_orphans_add(orphans, &other_port, &errors[1]);
    flow_orphans_add(orphans, &first, &errors[2]);
    flow_orphans_add(orphans, &other_way, &errors[3]);

    const struct flow_orphan *orphan = flow_orphans_nth(orphans, 0);
    g_assert_cmpuint(orphan->flow.key.end[0].port, ==, 1);
    g_assert_cmpuint(orphan->errors, ==, 2);
    g_assert_cmpuint(orphan->frame, ==, 3);
    g_assert_cmpuint(orphan->type, ==, 11);
    g_assert_cmpuint(orphan->code, ==, 1);
    g_assert_cmpuint(flow_orphans_nth(orphans, 1)->errors, ==, 1);
    g_assert_cmpuint(flow_orphans_nth(orphans, 2)->flow.sender, ==, 1);
    g_assert_null(flow_orphans_nth(orphans, 3));
    flow_orphans_free(orphans);
}

static void test_they_are_in_the_order_of_their_first_errors(void)
{
    struct flow_orphans *orphans = flow_orphans_new();

    for (uint16_t count = 0; count < 100; count++) {
        struct flow_orphan_flow flow = flow_of((uint16_t)(1000 - count), 0);
        struct flow_fact last = error(count, 3, 1);
        g_assert_null(flow_orphans_nth(orphans, count));
        flow_orphans_add(orphans, &flow, &last);
        g_assert_cmpuint(flow_orphans_nth(orphans, count)->flow.key.end[0].port, ==, 1000 - count);
        g_assert_cmpuint(flow_orphans_nth(orphans, 0)->flow.key.end[0].port, ==, 1000);
    }
    g_assert_null(flow_orphans_nth(orphans, UINT32_MAX));
    flow_orphans_free(orphans);
    flow_orphans_free(NULL);
}

/* Errors about a flow of the capture are that flow's. */
static void test_a_meter_keeps_them_where_it_is_to(void)
{
    for (unsigned keeps = 0; keeps < 2; keeps++) {
        const struct flow_bounds bounds = { .max_open = 10, .keeps_orphans = keeps };
        struct flow_meter *meter = flow_meter_new(NULL, 0, NULL);
        struct flow_packet packet = udp_packet(1, 1, 50000, 2, 53);
        struct flow_packet about = packet_of(2, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 9, 1));

        about.bits = FLOW_PACKET_QUOTE;
        about.fact.icmp_type = 3;
        about.fact.icmp_code = 1;
        about.quote = packet.tuple;
        flow_meter_bound(meter, &bounds);
        flow_meter_account(meter, &packet);
        flow_meter_account(meter, &about);
        g_assert_null(flow_meter_orphan(meter, 0));
        about.fact.frame = 3;
        about.quote.end[0].port = 50001;
        flow_meter_account(meter, &about);
        const struct flow_orphan *orphan = flow_meter_orphan(meter, 0);
        g_assert_true((orphan != NULL) == keeps);
        if (orphan) {
            g_assert_cmpuint(orphan->errors, ==, 1);
            g_assert_cmpuint(orphan->frame, ==, 3);
            g_assert_cmpuint(orphan->type, ==, 3);
            g_assert_cmpuint(orphan->code, ==, 1);
        }
        g_assert_null(flow_meter_orphan(meter, 1));
        flow_meter_free(meter);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/orphans/errors-about-a-flow-are-kept-as-one",
                    test_errors_about_a_flow_are_kept_as_one);
    g_test_add_func("/orphans/they-are-in-the-order-of-their-first-errors",
                    test_they_are_in_the_order_of_their_first_errors);
    g_test_add_func("/orphans/a-meter-keeps-them-where-it-is-to",
                    test_a_meter_keeps_them_where_it_is_to);
    return g_test_run();
}
