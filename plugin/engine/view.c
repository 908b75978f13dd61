#include <flowstats/view.h>

const char *flow_end_reason_name(enum flow_end_reason reason)
{
    switch (reason) {
    case FLOW_END_IDLE_TIMEOUT: return "idle timeout";
    case FLOW_END_ACTIVE_TIMEOUT: return "active timeout";
    case FLOW_END_DETECTED: return "end of flow";
    case FLOW_END_FORCED: return "end of capture";
    case FLOW_END_OPEN: break;
    }
    return NULL;
}

const struct flow_state *flow_view_so_far(struct flow_view *view)
{
    return view->fact ? flow_history_state_at(view->history, view->fact) : NULL;
}
