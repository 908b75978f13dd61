#ifndef FLOWSTATS_WS_PICTURES_H
#define FLOWSTATS_WS_PICTURES_H

#include "ws_compat.h"

#include "tally.h"
#include "view/pictures.h"

/* What the module of pictures is told: the values of the open file's flows, by field name. */

void fs_pictures_register(void);

/* The host that the module is handed; tally: for FLOW_PICTURE_TALLY, NULL for none. */
const struct flow_picture_host *fs_pictures_host(struct flow_tally *tally);

#endif
