#include "queue.h"

enum { RANDOM_STEPS = 5000, FLOWS = 40 };

static void expect_first(const struct flow_queue *queue, uint32_t want)
{
    uint32_t flow = UINT32_MAX;

    g_assert_true(flow_queue_first(queue, &flow));
    g_assert_cmpuint(flow, ==, want);
}

static void test_first_put_first(void)
{
    struct flow_queue queue;
    uint32_t flow;

    flow_queue_init(&queue);
    g_assert_false(flow_queue_first(&queue, &flow));
    flow_queue_put(&queue, 5);
    flow_queue_put(&queue, 3000);
    flow_queue_put(&queue, 0);
    expect_first(&queue, 5);
    flow_queue_put(&queue, 5);
    expect_first(&queue, 3000);
    flow_queue_remove(&queue, 3000);
    expect_first(&queue, 0);
    flow_queue_remove(&queue, 3000);
    flow_queue_remove(&queue, 7);
    g_assert_cmpuint(queue.count, ==, 2);
    flow_queue_remove(&queue, 0);
    flow_queue_remove(&queue, 5);
    g_assert_false(flow_queue_first(&queue, &flow));
    g_assert_cmpuint(queue.count, ==, 0);
    flow_queue_clear(&queue);
}

/* As a list that is searched. */
static void test_as_a_list(void)
{
    GRand *rand = g_rand_new_with_seed(1);
    GQueue list = G_QUEUE_INIT;
    struct flow_queue queue;
    uint32_t first;

    flow_queue_init(&queue);
    for (unsigned i = 0; i < RANDOM_STEPS; i++) {
        uint32_t flow = g_rand_int(rand) % FLOWS;
        g_queue_remove(&list, GUINT_TO_POINTER(flow));
        if (g_rand_boolean(rand)) {
            g_queue_push_tail(&list, GUINT_TO_POINTER(flow));
            flow_queue_put(&queue, flow);
        } else {
            flow_queue_remove(&queue, flow);
        }
        g_assert_cmpuint(queue.count, ==, list.length);
        g_assert_true(flow_queue_first(&queue, &first) == (list.length > 0));
        if (list.length > 0)
            g_assert_cmpuint(first, ==, GPOINTER_TO_UINT(g_queue_peek_head(&list)));
    }
    g_queue_clear(&list);
    flow_queue_clear(&queue);
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/first-put-first", test_first_put_first);
    g_test_add_func("/queue/as-a-list", test_as_a_list);
    return g_test_run();
}
