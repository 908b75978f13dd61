#ifndef FLOWSTATS_WS_COMPAT_H
#define FLOWSTATS_WS_COMPAT_H

/* Every difference between Wireshark 4.0, 4.4 and 4.6; included first by all that know Wireshark. */

#include <ws_version.h>

#define WSV(major, minor)                                                                          \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                          \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#include <wireshark.h>

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

/* What kind of plugin this is; 4.0 does not ask. */
#if WSV(4, 4)
#define FS_PLUGIN_DESCRIPTION (WS_PLUGIN_DESC_DISSECTOR | WS_PLUGIN_DESC_TAP_LISTENER)
#else
#define FS_PLUGIN_DESCRIPTION 0
#endif

#endif
