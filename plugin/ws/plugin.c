#include "ws_compat.h"

#include "builtin.h"
#include "columns.h"
#include "conversations.h"
#include "experts.h"
#include "export.h"
#include "extract.h"
#include "headers.h"
#include "host.h"
#include "menu.h"
#include "plot.h"
#include "prefs.h"
#include "reminder.h"
#include "session.h"
#include "setup.h"
#include "stat_table.h"
#include "stats_trees.h"
#include "stream.h"
#include "tap.h"
#include "tree.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = FLOWSTATS_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

static int proto_flow = -1;
static protocol_t *protocol;
static dissector_handle_t post_dissector;

static void account(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    struct fs_walk_options options = { .key_vlan = fs_prefs->key_vlan,
                                       .key_labels = fs_prefs->key_labels,
                                       .key_ends = fs_prefs->key_ends };
    struct fs_walk walk;
    struct flow_packet packet;

    fs_session_first_dissection(pinfo->num);
    if (!fs_extract(tvb, pinfo, &options, &walk, &packet))
        return;
    fs_host_extract(pinfo, tree, &packet);
    flow_meter_account(fs_session_meter(), &packet);
    fs_host_keep_once(flow_meter_once(fs_session_meter(), pinfo->num));
    if (flow_meter_wants_link(fs_session_meter()))
        flow_meter_link(fs_session_meter(), fs_setup_frame(pinfo, &packet));
}

/* Expert infos hang below our item, so a filter that names them asks for it too. */
static bool is_wanted(proto_tree *tree)
{
    return tree && (proto_field_is_referenced(tree, proto_flow) ||
                    proto_field_is_referenced(tree, proto_expert));
}

/* Add our item and the expert infos; tree: NULL where our item is not asked for. */
static void show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool visited)
{
    proto_item *item = NULL;
    struct flow_view view;

    if (!flow_meter_view(fs_session_meter(), pinfo->num, visited, &view))
        return;
    unsigned experts = fs_experts_of(&view);
    if (tree)
        item = fs_tree_add_root(tree, tvb, &view);
    /* Before the fields: the item of an expert info becomes a subtree of Wireshark's own type. */
    fs_experts_add(pinfo, item, experts);
    if (item)
        fs_tree_add_fields(item, tvb, &view, fs_prefs->show_sofar);
}

/* A frame is accounted when first seen, in order; it is shown as often as asked, in any order. */
static int dissect_flow(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    bool visited = PINFO_FD_VISITED(pinfo);

    if (!proto_is_protocol_enabled(protocol))
        return 0;
    fs_reminder_dissected(visited);
    if (!visited) {
        account(tvb, pinfo, tree);
    } else {
        fs_session_later_dissection();
        fs_stat_table_later_dissection(fs_session_is_last(pinfo->num));
    }
    fs_tap_queue(pinfo);
    if (!is_wanted(tree))
        tree = NULL;
    if (tree || fs_experts_are_heard())
        show(tvb, pinfo, tree, visited);
    return (int)pinfo->fd->cap_len;
}

/*
 * Preferences have changed, or may have: sharkd and Lua can set them without a
 * word to us, so they are also applied when a file is opened.  In between, what
 * was set and not applied changes nothing.
 */
static void apply_preferences(void)
{
    fs_prefs_apply();
    if (fs_host_apply(post_dissector) && fs_session_meter())
        flow_meter_forget_states(fs_session_meter());
    fs_tree_register_more();
    fs_columns_applied();
    fs_stat_table_apply();
}

static void register_flow(void)
{
    proto_flow = proto_register_protocol("Flow Statistics", "FlowStats", FLOW_PREFIX);
    protocol = find_protocol_by_id(proto_flow);
    /* A handle of no protocol: Wireshark notes no layer for it, which costs a sixth of all. */
    post_dissector = create_dissector_handle(dissect_flow, -1);
    fs_host_register(fs_prefs_register(proto_flow, apply_preferences));
    fs_tree_register(proto_flow);
    fs_experts_register(proto_flow);
    fs_session_register(apply_preferences);
    fs_reminder_register();
    fs_tap_register();
    fs_export_register();
    fs_stream_register();
    fs_stat_table_register();
    fs_stats_trees_register();
    fs_conversations_register(proto_flow);
    fs_plot_register();
    fs_menu_register(proto_flow);
    register_postdissector(post_dissector);
}

static void hand_off_flow(void)
{
    fs_headers_register();
    apply_preferences();
}

uint32_t plugin_describe(void)
{
    return FS_PLUGIN_DESCRIPTION;
}

void plugin_register(void)
{
    static proto_plugin plugin = { register_flow, hand_off_flow };

    flow_extension_register(&fs_tcp_stream);
    flow_extension_register(&fs_mptcp);
    flow_extension_register(&fs_tcp_analysis);
    flow_extension_register(&fs_app);
    flow_extension_register(&fs_host);
    flow_extension_register(&fs_sticky);
    flow_extension_register(&fs_fields);
    proto_register_plugin(&plugin);
}
