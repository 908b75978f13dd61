#ifndef FLOWSTATS_WS_SUMMARY_H
#define FLOWSTATS_WS_SUMMARY_H

#include "section.h"
#include "view.h"

/* What the tree's folded items say in one line of those inside them. */

enum { FS_SUMMARY_LEN = 256 };

/* Write what the first line says: which flow, how large, in which state. */
void fs_summary_of_flow(struct flow_view *view, char ret_text[FS_SUMMARY_LEN]);

/* Write what a section of the core group says; empty where there is nothing to say in short. */
void fs_summary_of_section(enum flow_section section, struct flow_view *view,
                           char ret_text[FS_SUMMARY_LEN]);

/* Write what the section of another group says; empty where it says nothing. */
void fs_summary_of_group(const struct flow_group *group, struct flow_view *view,
                         char ret_text[FS_SUMMARY_LEN]);

#endif
