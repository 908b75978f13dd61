#include "tap.h"

#include "session.h"

#include <flowstats/tap.h>

static int tap_flow = -1;

static struct flow_value value_of(const struct flow_tap *tap, const char *name)
{
    const struct flow_field *field = tap->flow ? flow_field_named(name) : NULL;

    return field ? flow_field_value(field, tap->view) : (struct flow_value){ .known = false };
}

static struct flow_tap *tap_of(packet_info *pinfo)
{
    struct flow_tap *tap = wmem_new0(pinfo->pool, struct flow_tap);
    struct flow_view *view = wmem_new(pinfo->pool, struct flow_view);

    tap->version = FLOW_TAP_VERSION;
    tap->value = value_of;
    if (!fs_session_meter() ||
        !flow_meter_view(fs_session_meter(), pinfo->num, PINFO_FD_VISITED(pinfo), view))
        return tap;
    tap->view = view;
    tap->flow = view->flow;
    tap->fact = view->fact;
    tap->so_far = flow_view_so_far(view);
    tap->whole = view->whole;
    tap->index = tap->so_far->half[FLOW_UP].pkts + tap->so_far->half[FLOW_DOWN].pkts;
    return tap;
}

void fs_tap_register(void)
{
    tap_flow = register_tap(FLOW_PREFIX);
    register_tap(FS_TAP_OF_NONE);
}

/* An ICMP error whose quote was cut stays marked as one, and marked frames reach no listener. */
void fs_tap_queue(packet_info *pinfo)
{
    unsigned in_error_pkt = pinfo->flags.in_error_pkt;

    if (!have_tap_listener(tap_flow))
        return;
    pinfo->flags.in_error_pkt = 0;
    tap_queue_packet(tap_flow, pinfo, tap_of(pinfo));
    pinfo->flags.in_error_pkt = in_error_pkt & 1;
}
