#include "summary.h"

#include "core.h"
#include "span.h"
#include "tcp_group.h"
#include "text.h"

#include <glib.h>

/*
 * Wireshark formats most items only when somebody looks at them, but these at
 * once: so they are made of integers, and without floating point.
 */

enum { SHORT = 16, LONG = 64 };

static const char *amount(uint64_t bytes, char text[SHORT])
{
    static const char units[] = "kMGTPE";
    uint64_t unit = 1000;
    size_t prefix = 0;

    if (bytes < 1000) {
        g_snprintf(text, SHORT, "%u B", (unsigned)bytes);
        return text;
    }
    while (bytes / unit >= 1000 || (bytes / unit == 999 && bytes % unit >= unit / 2)) {
        unit *= 1000;
        prefix++;
    }
    unsigned tenths = (unsigned)((bytes + unit / 20) / (unit / 10));
    if (tenths < 100)
        g_snprintf(text, SHORT, "%u.%u %cB", tenths / 10, tenths % 10, units[prefix]);
    else
        g_snprintf(text, SHORT, "%u %cB", (unsigned)((bytes + unit / 2) / unit), units[prefix]);
    return text;
}

/* Three digits, and all that stand before the point. */
static const char *milliseconds(int64_t ns, char text[LONG])
{
    uint64_t size = flow_span_size(ns), step = 1, scale = 1000000;
    const char *sign = ns < 0 ? "-" : "";
    int decimals = 6;

    /* A step is one of the last digit that is shown; a millisecond has scale of them. */
    for (; decimals > 0 && (size + step / 2) / step >= 1000; decimals--) {
        step *= 10;
        scale /= 10;
    }
    size = (size + step / 2) / step;
    if (decimals == 0)
        g_snprintf(text, LONG, "%s%" G_GUINT64_FORMAT, sign, size);
    else
        g_snprintf(text, LONG, "%s%u.%0*u", sign, (unsigned)(size / scale), decimals,
                   (unsigned)(size % scale));
    return text;
}

/* The whole flow where it is known, else what is known so far. */
static const struct flow_state *known_state(struct flow_view *view)
{
    const struct flow_state *whole = flow_view_whole(view, &flow_core);

    return whole ? whole : flow_view_so_far(view, &flow_core);
}

static const struct flow_tcp *known_tcp(struct flow_view *view)
{
    const struct flow_tcp *whole = flow_view_whole(view, &flow_tcp_group);

    return whole ? whole : flow_view_so_far(view, &flow_tcp_group);
}

/* "Established, RTT 12.3 ms"; empty where it is no TCP. */
static const char *state_text(struct flow_view *view, char text[LONG])
{
    struct flow_value name =
        flow_view_value(view, view->with_whole ? "tcp.state_name" : "sofar.tcp.state_name");
    char rtt[LONG];
    int64_t ns;

    *text = '\0';
    if (!name.known)
        return text;
    if (flow_tcp_span(known_tcp(view), FLOW_TCP_RTT, &ns))
        g_snprintf(text, LONG, "%s, RTT %s ms", name.as.text, milliseconds(ns, rtt));
    else
        g_snprintf(text, LONG, "%s", name.as.text);
    return text;
}

/* A text of another group's, with words before it, cut between characters; empty where it is not
 * known. */
static const char *text_value(struct flow_view *view, const char *name, const char *before,
                              char text[LONG])
{
    struct flow_value value = flow_view_value(view, name);
    const char *end;

    *text = '\0';
    if (value.known)
        g_snprintf(text, LONG, "%s%s", before, value.as.text);
    if (!g_utf8_validate(text, -1, &end))
        text[end - text] = '\0';
    return text;
}

void fs_summary_of_flow(struct flow_view *view, char ret_text[FS_SUMMARY_LEN])
{
    const struct flow_state *state = known_state(view);
    char tuple[FLOW_TUPLE_TEXT_LEN], of[SHORT] = "", up[SHORT], down[SHORT], tcp[LONG], app[LONG],
                                     host[LONG];

    flow_tuple_text(view->flow, tuple);
    if (view->with_whole)
        g_snprintf(of, sizeof of, " of %u", flow_state_pkts(state));
    state_text(view, tcp);
    text_value(view, view->with_whole ? "app" : "sofar.app", ", ", app);
    text_value(view, "host", ", ", host);
    g_snprintf(ret_text, FS_SUMMARY_LEN, "flow %u, %s%s%s, packet %u%s, %s up, %s down%s%s",
               view->flow->id, tuple, app, host, view->packet + 1, of,
               amount(state->half[FLOW_UP].bytes, up), amount(state->half[FLOW_DOWN].bytes, down),
               *tcp ? ", " : "", tcp);
}

/* "12 packets, 3.4 kB, 2 retransmissions" */
static void half_text(struct flow_view *view, enum flow_dir dir, char ret_text[FS_SUMMARY_LEN])
{
    static const char *const retransmissions[] = {
        [FLOW_UP] = "tcp.analysis.up.retransmission",
        [FLOW_DOWN] = "tcp.analysis.down.retransmission",
    };
    const struct flow_half *half = &known_state(view)->half[dir];
    char bytes[SHORT], again[LONG] = "";
    struct flow_value value = flow_view_value(view, retransmissions[dir]);

    if (value.known && value.as.number > 0)
        g_snprintf(again, sizeof again, ", %u retransmission%s", (unsigned)value.as.number,
                   value.as.number == 1 ? "" : "s");
    g_snprintf(ret_text, FS_SUMMARY_LEN, "%u packet%s, %s%s", half->pkts,
               half->pkts == 1 ? "" : "s", amount(half->bytes, bytes), again);
}

static void total_text(struct flow_view *view, char ret_text[FS_SUMMARY_LEN])
{
    const struct flow_state *state = known_state(view);
    char bytes[SHORT], duration[LONG] = "", ms[LONG];

    if (state->bits & FLOW_STATE_TIME)
        g_snprintf(duration, sizeof duration, " in %s ms",
                   milliseconds(flow_span(state->start_ns, state->last_ns), ms));
    g_snprintf(ret_text, FS_SUMMARY_LEN, "%u packet%s, %s%s", flow_state_pkts(state),
               flow_state_pkts(state) == 1 ? "" : "s",
               amount(state->half[FLOW_UP].bytes + state->half[FLOW_DOWN].bytes, bytes), duration);
}

void fs_summary_of_section(enum flow_section section, struct flow_view *view,
                           char ret_text[FS_SUMMARY_LEN])
{
    *ret_text = '\0';
    switch (section) {
    case FLOW_SECTION_TCP: state_text(view, ret_text); break;
    case FLOW_SECTION_TOTAL: total_text(view, ret_text); break;
    case FLOW_SECTION_UP: half_text(view, FLOW_UP, ret_text); break;
    case FLOW_SECTION_DOWN: half_text(view, FLOW_DOWN, ret_text); break;
    case FLOW_SECTION_IDENTITY: flow_tuple_text(view->flow, ret_text); break;
    case FLOW_SECTION_PACKET:
        if (view->fact)
            g_snprintf(ret_text, FS_SUMMARY_LEN, "%u, %s", view->packet + 1,
                       flow_fact_dir(view->fact) == FLOW_UP ? "up" : "down");
        break;
    case FLOW_SECTION_GROUP:
    case FLOW_SECTION_EACH:
    case FLOW_SECTIONS: break;
    }
}

void fs_summary_of_group(const struct flow_group *group, struct flow_view *view,
                         char ret_text[FS_SUMMARY_LEN])
{
    struct flow_asked asked = { .view = view, .dir = FLOW_DIRS, .is_whole = view->with_whole };

    *ret_text = '\0';
    if (!group->summary)
        return;
    asked.state = flow_asked_state(&asked, group);
    asked.once = flow_view_once(view, group);
    if (asked.state)
        group->summary(&asked, ret_text, FS_SUMMARY_LEN);
}
