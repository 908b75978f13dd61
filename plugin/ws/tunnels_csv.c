#include "cells.h"
#include "sink.h"
#include "tunnels.h"

/* -z flowstats,tunnels: what each tunnel carried, as CSV in the words of flow.tunnel.*. */

static uint64_t number_of(struct flow_view *view, const char *name)
{
    struct flow_value value = flow_view_value(view, name);

    return value.known ? value.as.number : 0;
}

static void *sums_new(void)
{
    return flow_tunnels_new();
}

static void *sums_copy(const void *sums)
{
    struct flow_tunnels *copy = flow_tunnels_new();

    flow_tunnels_merge(copy, sums);
    return copy;
}

static void sums_free(void *sums)
{
    flow_tunnels_free(sums);
}

static void add(void *sums, struct flow_view *view)
{
    struct flow_tunneled more = { .pkts = number_of(view, "pkts"),
                                  .wire_bytes = number_of(view, "wire_bytes"),
                                  .first_frame = (uint32_t)number_of(view, "first_frame"),
                                  .last_frame = (uint32_t)number_of(view, "last_frame") };

    flow_tunnels_add(sums, view->paths, view->flow, &more);
}

/* As in the CSV of flows. */
static void end_row(GString *out)
{
    g_string_truncate(out, out->len - 1);
    g_string_append(out, "\r\n");
}

static void put_row(GString *out, const struct flow_tunnel *tunnel)
{
    char text[FLOW_PATH_TEXT_LEN];

    flow_layer_text(&tunnel->layer, FLOW_UP, text);
    fs_cell_number(out, tunnel->number);
    fs_cell_text(out, text);
    fs_cell_number(out, tunnel->flows);
    fs_cell_number(out, tunnel->pkts);
    fs_cell_number(out, tunnel->wire_bytes);
    fs_cell_number(out, tunnel->first_frame);
    fs_cell_number(out, tunnel->last_frame);
    end_row(out);
}

static void report(GString *out, const void *sums)
{
    static const char *const columns[] = {
        "id", "layers", "flows", "pkts", "wire_bytes", "first_frame", "last_frame",
    };
    const struct flow_tunnel *tunnel;

    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        g_string_append_printf(out, "flow.tunnel.%s,", columns[i]);
    end_row(out);
    for (uint32_t i = 0; (tunnel = flow_tunnels_nth(sums, i)); i++)
        put_row(out, tunnel);
}

const struct fs_sink fs_tunnels = { .cli = "flowstats,tunnels",
                                    .add = add,
                                    .report = report,
                                    .sums_new = sums_new,
                                    .sums_copy = sums_copy,
                                    .sums_free = sums_free };
