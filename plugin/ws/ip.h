#ifndef FLOWSTATS_IP_H
#define FLOWSTATS_IP_H

#include "layers.h"

/*
 * Read the IPv4 or IPv6 header at a place, and the extension headers behind it.
 * False where Wireshark would not see a header there either, or where the
 * capture cut it before its addresses.  layers_outside is the caller's.
 */
bool fs_net_read(const struct fs_bytes *here, enum flow_family family, struct fs_net *ret_net);

#endif
