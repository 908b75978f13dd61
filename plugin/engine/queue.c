#include "queue.h"

/* Neighbours, by place + 1; of a flow that is in no queue both are 0. */
struct flow_queue_link {
    uint32_t before;
    uint32_t after;
    bool is_in;
};

enum { ENDS = 0 };

static struct flow_queue_link *link_at(struct flow_queue *queue, uint32_t number)
{
    return pages_make(&queue->links, number);
}

void flow_queue_init(struct flow_queue *queue)
{
    pages_init(&queue->links, sizeof(struct flow_queue_link));
    queue->count = 0;
}

void flow_queue_clear(struct flow_queue *queue)
{
    pages_clear(&queue->links);
}

void flow_queue_remove(struct flow_queue *queue, uint32_t flow)
{
    struct flow_queue_link *link = link_at(queue, flow + 1);

    if (!link->is_in)
        return;
    link_at(queue, link->before)->after = link->after;
    link_at(queue, link->after)->before = link->before;
    link->is_in = false;
    queue->count--;
}

void flow_queue_put(struct flow_queue *queue, uint32_t flow)
{
    struct flow_queue_link *link = link_at(queue, flow + 1), *ends = link_at(queue, ENDS);

    flow_queue_remove(queue, flow);
    *link = (struct flow_queue_link){ .before = ends->before, .after = ENDS, .is_in = true };
    link_at(queue, link->before)->after = flow + 1;
    ends->before = flow + 1;
    queue->count++;
}

bool flow_queue_first(const struct flow_queue *queue, uint32_t *ret_flow)
{
    const struct flow_queue_link *ends = pages_at(&queue->links, ENDS);

    if (!ends || ends->after == ENDS)
        return false;
    *ret_flow = ends->after - 1;
    return true;
}
