#ifndef FLOWSTATS_CONVERSATIONS_H
#define FLOWSTATS_CONVERSATIONS_H

#include "ws_compat.h"

/*
 * A tab in Conversations and Endpoints, -z conv,flow and -z endpoints,flow, and
 * Conversation Filter > Flow.
 */
void fs_conversations_register(int proto);

#endif
