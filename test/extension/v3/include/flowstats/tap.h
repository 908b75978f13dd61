#ifndef FLOWSTATS_TAP_H
#define FLOWSTATS_TAP_H

#include "extension.h"

/*
 * What the tap "flow" hands to a listener for each frame: the flow of its
 * packet.  It comes with every dissection that runs listeners, with a tree or
 * without, and all that it points to is valid during the listener's callback.
 *
 * The struct only grows at its end, and then version does too.
 */
enum { FLOW_TAP_VERSION = 2 };

struct flow_tap {
    uint32_t version;
    uint32_t index;   /* this packet's number in its flow, from 1 */
    const void *none; /* NULL: where listeners of version 1 found the flow, they see that none is */
    const struct flow_fact *fact; /* this packet; NULL: the frame has no flow, or not yet */
    struct flow_view *view;       /* for flow_view_value(): any field at this packet, by name */
    uint32_t flow;                /* the flow's id */
    bool has_whole;               /* the whole flow is known: not on a first dissection */
};

#endif
