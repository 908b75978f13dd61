#include "among_flows.h"

#include "among.h"
#include "links.h"
#include "view.h"

#define NO_FLOW UINT32_MAX

/* Whether the flow is among all flows: none was forgotten, and none is to come. */
static bool has_all(const struct flow_view *view)
{
    return !view->capture->is_partial && !view->capture->is_between;
}

static bool has_share(const struct flow_view *view, double *ret_percent)
{
    return has_all(view) && flow_among_share(view->among, view->index, ret_percent);
}

static double share(const struct flow_view *view)
{
    double percent = 0;

    has_share(view, &percent);
    return percent;
}

/* Its id. */
static uint32_t prev_flow(const struct flow_view *view)
{
    uint32_t flow = NO_FLOW;

    flow_among_earlier(view->among, view->index, &flow);
    return flow;
}

static uint32_t parent_frame(const struct flow_view *view)
{
    return flow_links_parent(view->links, view->index, &(uint32_t){ 0 });
}

/* Its id. */
static uint32_t parent(const struct flow_view *view)
{
    uint32_t flow = NO_FLOW;

    flow_links_parent(view->links, view->index, &flow);
    return flow;
}

#define ROWS_FILE  "among_flows.def"
#define ROWS_STATE void
#include "rows.h"

/* "rank 3, 12.5 %" */
static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    double percent;

    if (!asked->is_whole || !has_share(asked->view, &percent))
        return;
    unsigned permille = (unsigned)(percent * 10 + 0.5);
    g_snprintf(ret_text, size, "rank %u, %u.%u %%",
               flow_among_rank(asked->view->among, asked->view->index), permille / 10,
               permille % 10);
}

/* No state of its own: what it knows is not folded of one flow. */
const struct flow_group flow_among_flows = {
    .version = FLOW_EXTENSION_VERSION,
    .is_on = true,
    .is_quiet = true,
    .name = "among",
    .title = "Among flows",
    .help = "A flow among the others: its rank and share by bytes, how many are alive, which "
            "flow had its ports before, and which one set it up.",
    .rows = rows,
    .summary = summary,
};
