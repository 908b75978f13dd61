#ifndef FLOWSTATS_WS_PICTURE_MODULE_H
#define FLOWSTATS_WS_PICTURE_MODULE_H

#include "ws_compat.h"

#include "view/pictures.h"

/*
 * The module that draws flows: it lies beside the plugin's folder, and is loaded
 * when it is first asked for, so that nobody else pays for Qt.
 */

/* Return the module; NULL where there is none: then *ret_error says why, and stays. */
const struct flow_picture_module *fs_picture_module(const char **ret_error);

#endif
