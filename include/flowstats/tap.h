#ifndef FLOWSTATS_TAP_H
#define FLOWSTATS_TAP_H

#include "table.h"
#include "value.h"

/*
 * What the tap "flow" hands to a listener for each frame: the flow of its
 * packet.  It comes with every dissection that runs listeners, with a tree or
 * without, and all that it points to is valid during the listener's callback.
 *
 * The struct only grows at its end, and then version does too.
 */
enum { FLOW_TAP_VERSION = 1 };

struct flow_tap {
    uint32_t version;
    uint32_t index;               /* this packet's number in its flow, from 1 */
    const struct flow *flow;      /* NULL, as the next three: the frame has no flow, or not yet */
    const struct flow_fact *fact; /* this packet */
    const struct flow_state *so_far; /* up to and including this packet */
    const struct flow_state *whole;  /* the whole flow; NULL on a first dissection too */

    /*
     * The value of any field at this packet, by its name behind "flow.", those
     * of extensions included.  A text is valid until the next value is asked for.
     */
    struct flow_value (*value)(const struct flow_tap *tap, const char *name);
    void *view; /* value()'s own */
};

#endif
