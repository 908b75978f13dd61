#ifndef FLOWSTATS_BUILTIN_H
#define FLOWSTATS_BUILTIN_H

#include <flowstats/extension.h>

/* The groups that need Wireshark and come with the plugin; they use nothing that another plugin
 * could not use. */

/* flow.tcp.analysis.*: Wireshark's verdicts on segments, and its RTT samples. */
extern const struct flow_group fs_tcp_analysis;

/* flow.tcp.stream: the number that Wireshark has for the connection. */
extern const struct flow_group fs_tcp_stream;

/* flow.mptcp.stream: likewise for the connection of Multipath TCP that it is part of. */
extern const struct flow_group fs_mptcp;

/* flow.app: the deepest protocol in the flow's payload. */
extern const struct flow_group fs_app;

/* flow.host: the name of the host that the client asked for. */
extern const struct flow_group fs_host;

/* flow.sticky.*: the first value that a field of Wireshark's has in the flow. */
extern const struct flow_group fs_sticky;

/* flow.field.*: statistics of numeric fields of Wireshark's. */
extern const struct flow_group fs_fields;

#endif
