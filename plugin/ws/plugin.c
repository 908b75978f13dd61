#include "ws_compat.h"

#include "extract.h"
#include "prefs.h"
#include "tree.h"

#include <flowstats/meter.h>

WS_DLL_PUBLIC_DEF const char plugin_version[] = FLOWSTATS_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

static int proto_flow = -1;
static struct flow_meter *meter; /* of the open file */

/*
 * Whether a pass through all frames is over is told once, when a file has been
 * read; not when it is dissected again.  So the number of its frames is kept:
 * the pass is over when that frame has been accounted again.
 */
static uint32_t frames_seen, frames_of_file;

static int64_t seconds(unsigned count)
{
    return (int64_t)count * 1000000000;
}

static void open_file(void)
{
    struct flow_limits limits = { .idle_ns = seconds(fs_prefs->idle_timeout),
                                  .active_ns = seconds(fs_prefs->active_timeout) };

    meter = flow_meter_new(&limits);
    frames_seen = 0;
}

static void close_file(void)
{
    flow_meter_free(meter);
    meter = NULL;
}

static void file_was_read(void)
{
    frames_of_file = frames_seen;
    if (meter)
        flow_meter_finish(meter);
}

static void account(tvbuff_t *tvb, packet_info *pinfo)
{
    struct fs_walk_options options = { .key_vlan = fs_prefs->key_vlan,
                                       .key_labels = fs_prefs->key_labels };
    struct flow_packet packet;

    frames_seen = MAX(frames_seen, pinfo->num);
    if (fs_extract(tvb, pinfo, &options, &packet))
        flow_meter_account(meter, &packet);
}

/* A frame is accounted when first seen, in order; it is shown as often as asked, in any order. */
static int dissect_flow(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    bool visited = PINFO_FD_VISITED(pinfo);
    struct flow_view view;

    if (!visited)
        account(tvb, pinfo);
    else if (frames_of_file > 0 && frames_seen == frames_of_file)
        flow_meter_finish(meter);
    if (tree && proto_field_is_referenced(tree, proto_flow) &&
        flow_meter_view(meter, pinfo->num, visited, &view))
        fs_tree_add(tree, tvb, pinfo, &view, fs_prefs->show_sofar);
    return (int)tvb_captured_length(tvb);
}

static void register_flow(void)
{
    proto_flow = proto_register_protocol("Flow Statistics", "FlowStats", FLOW_PREFIX);
    fs_prefs_register(proto_flow);
    fs_tree_register(proto_flow);
    register_init_routine(open_file);
    register_cleanup_routine(close_file);
    register_postseq_cleanup_routine(file_was_read);
    register_postdissector(register_dissector(FLOW_PREFIX, dissect_flow, proto_flow));
}

uint32_t plugin_describe(void)
{
    return FS_PLUGIN_DESCRIPTION;
}

void plugin_register(void)
{
    static proto_plugin plugin = { register_flow, fs_layers_register };

    proto_register_plugin(&plugin);
}
