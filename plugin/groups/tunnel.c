#include "tunnel.h"

#include "among.h"
#include "tunnels.h"
#include "view.h"

/* NULL where the flow came through none, or a flow was forgotten that may have been in it. */
static const struct flow_tunnel *tunnel(const struct flow_view *view)
{
    if (view->capture->is_partial || view->capture->is_between)
        return NULL;
    return flow_tunnels_find(flow_among_tunnels(view->among), view->paths, view->flow);
}

static const char *text_of(struct flow_view *view)
{
    flow_layer_text(&tunnel(view)->layer, FLOW_UP, view->text);
    return view->text;
}

#define ROWS_FILE  "tunnel.def"
#define ROWS_STATE void
#include "rows.h"

static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    if (asked->is_whole && tunnel(asked->view))
        g_strlcpy(ret_text, text_of(asked->view), size);
}

/* No state of its own: what it knows is not folded of one flow. */
const struct flow_group flow_tunnel_group = {
    .version = FLOW_EXTENSION_VERSION,
    .is_on = true,
    .is_quiet = true,
    .name = "tunnel",
    .title = "Tunnel",
    .help = "Which tunnel each flow came through, and how many flows, packets and bytes did.",
    .rows = rows,
    .summary = summary,
};
