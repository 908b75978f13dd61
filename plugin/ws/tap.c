#include "tap.h"

#include "session.h"

#include <flowstats/tap.h>

static int tap_flow = -1;

static struct flow_tap *tap_of(packet_info *pinfo)
{
    struct flow_tap *tap = wmem_new0(pinfo->pool, struct flow_tap);
    struct flow_view *view = wmem_new(pinfo->pool, struct flow_view);
    bool has_whole = PINFO_FD_VISITED(pinfo);

    tap->version = FLOW_TAP_VERSION;
    if (!fs_session_meter() || !flow_meter_view(fs_session_meter(), pinfo->num, has_whole, view))
        return tap;
    tap->flow = view->flow->id;
    tap->index = view->packet + 1;
    tap->has_whole = has_whole;
    tap->fact = view->fact;
    tap->view = view;
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
