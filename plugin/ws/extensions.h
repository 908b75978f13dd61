#ifndef FLOWSTATS_EXTENSIONS_H
#define FLOWSTATS_EXTENSIONS_H

#include "ws_compat.h"

#include <flowstats/extension.h>

/* The host of the extensions: which there are, which are switched on, and what they see. */

/* A preference and the fields for each registered extension; once, when all plugins are loaded. */
void fs_extensions_register(module_t *preferences);

/* Preferences have changed, or a file is about to be opened: which fields of Wireshark's to want.
 */
void fs_extensions_apply(dissector_handle_t post_dissector);

/* Those that are switched on now; the answer stands until the next question. */
const struct flow_extensions *fs_extensions_choose(void);

/* Let each take its note of the packet; valid until the next packet. */
void fs_extensions_extract(packet_info *pinfo, proto_tree *tree, struct flow_packet *packet);

/* No note and no data of a file are left. */
void fs_extensions_close(void);

#endif
