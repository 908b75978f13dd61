#ifndef FLOWSTATS_WS_COLUMNS_H
#define FLOWSTATS_WS_COLUMNS_H

#include "field.h"

/*
 * The columns of exports: which fields of a flow there are, and in which order.
 */

/* Return the fields, struct flow_field; valid as long as the program runs. */
const GPtrArray *fs_columns(void);

#endif
