#ifndef FLOWSTATS_WS_COMPAT_H
#define FLOWSTATS_WS_COMPAT_H

/* Every difference between Wireshark 4.0, 4.4 and 4.6; all that know Wireshark include it first. */

#include <ws_version.h>

#define WSV(major, minor)                                                                          \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                          \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#include <wireshark.h>

#include <epan/dfilter/dfilter.h>
#include <epan/epan_dissect.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/tap.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if WSV(4, 4)
#include <wsutil/plugins.h>
#endif

/* The types of booleans and integers in callbacks and preferences. */
#if WSV(4, 4)
typedef bool ws_bool;
typedef unsigned ws_uint;
#else
typedef gboolean ws_bool;
typedef guint ws_uint;
#endif

/* Whether a tree is one that somebody may look at, and not only one to take values from. */
static inline bool ws_tree_is_visible(proto_tree *tree)
{
    return PTREE_DATA(tree)->visible;
}

/* The value of a struct field_info. */
#if WSV(4, 4)
#define WS_FIELD_VALUE(field) ((field)->value)
#else
#define WS_FIELD_VALUE(field) (&(field)->value)
#endif

/* What kind of plugin this is; 4.0 does not ask. */
#if WSV(4, 4)
#define FS_PLUGIN_DESCRIPTION (WS_PLUGIN_DESC_DISSECTOR | WS_PLUGIN_DESC_TAP_LISTENER)
#else
#define FS_PLUGIN_DESCRIPTION 0
#endif

/* The result of a -z callback.  Before 4.6 it had none: a program without windows ended here. */
#if WSV(4, 6)
typedef bool ws_stat_init_ret;
#define WS_STAT_INIT_OK   return true
#define WS_STAT_INIT_FAIL return false
#else
typedef void ws_stat_init_ret;
#define WS_STAT_INIT_OK   return
#define WS_STAT_INIT_FAIL exit(EXIT_FAILURE)
#endif

/* Why a display filter does not compile: what dfilter_compile() makes and its caller frees. */
#if WSV(4, 4)
typedef df_error_t ws_filter_error;
#define ws_filter_error_free(error) df_error_free(&(error))
#else
typedef char ws_filter_error;
#define ws_filter_error_free(error) g_free(error)
#endif

/* The list of a frame's layers lacks the IP header after an MPLS label stack. */
#define WS_MPLS_HIDES_IP WSV(4, 4)

/* How the path of a statistics tree names its submenu. */
#if WSV(4, 4)
#define WS_STATS_TREE_MENU_SEPARATOR "//"
#else
#define WS_STATS_TREE_MENU_SEPARATOR "/"
#endif

/* Conversation filters: their functions get what was registered with them from 4.4 on. */
#if WSV(4, 4)
#define WS_CONVERSATION_FILTER_DATA , void *data _U_
#define ws_register_conversation_filter(proto, name, is_valid, build)                              \
    register_conversation_filter(proto, name, is_valid, build, NULL)
#else
#define WS_CONVERSATION_FILTER_DATA
#define ws_register_conversation_filter register_conversation_filter
#endif

/* The flags of struct tcp_acked, which no header installs: the same from 4.0 to 4.6. */
enum {
    WS_TCP_RETRANSMISSION = 0x0001,
    WS_TCP_LOST_PACKET = 0x0002,
    WS_TCP_ACK_LOST_PACKET = 0x0004,
    WS_TCP_KEEP_ALIVE = 0x0008,
    WS_TCP_DUPLICATE_ACK = 0x0010,
    WS_TCP_ZERO_WINDOW = 0x0020,
    WS_TCP_OUT_OF_ORDER = 0x0200,
    WS_TCP_FAST_RETRANSMISSION = 0x0400,
    WS_TCP_WINDOW_UPDATE = 0x0800,
    WS_TCP_WINDOW_FULL = 0x1000,
    WS_TCP_SPURIOUS_RETRANSMISSION = 0x4000,
};

#endif
