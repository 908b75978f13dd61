#ifndef FLOWSTATS_ENGINE_QUEUE_H
#define FLOWSTATS_ENGINE_QUEUE_H

#include "pages.h"

/*
 * Flows by their place, in the order in which they were last put into a queue.
 * All operations take the same time, however many flows there are.
 */
struct flow_queue {
    struct pages links; /* struct flow_queue_link, by place + 1; the first one is of the ends */
    uint32_t count;
};

void flow_queue_init(struct flow_queue *queue);
void flow_queue_clear(struct flow_queue *queue);

/* Put a flow at the end, where it is in the queue or not. */
void flow_queue_put(struct flow_queue *queue, uint32_t flow);

/* Take a flow out; nothing where it is not in. */
void flow_queue_remove(struct flow_queue *queue, uint32_t flow);

/* Return whether the queue has a flow, and which one is the first. */
bool flow_queue_first(const struct flow_queue *queue, uint32_t *ret_flow);

#endif
