#ifndef FLOWSTATS_GROUPS_COMMUNITY_ID_H
#define FLOWSTATS_GROUPS_COMMUNITY_ID_H

#include <flowstats/extension.h>

/* The group of one field: the Community ID of a flow, version 1, by which tools name the same flow.
 */
extern const struct flow_group flow_community_id;

#endif
