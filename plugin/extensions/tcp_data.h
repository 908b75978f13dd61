#ifndef FLOWSTATS_TCP_DATA_H
#define FLOWSTATS_TCP_DATA_H

#include "tcp_conversation.h"

#include <flowstats/extension.h>

/* What Wireshark's TCP knows of a packet that it has just dissected, without a tree. */
struct fs_tcp_data {
    const struct tcp_analysis *conversation;
    uint32_t seq; /* raw, of the packet's segment */
    uint32_t ack;
};

/* NULL where the packet is no segment that TCP has dissected; else valid until the next packet. */
const struct fs_tcp_data *fs_tcp_data_of(const struct flow_extract *from);

/*
 * Return whether a protocol waits for the rest of its first message in this
 * segment.  Without a tree it stays in the list of layers, and leaves it with
 * one, for it has put nothing into it: what it says counts in the frame that
 * completes the message.
 */
bool fs_tcp_is_unfinished(const struct flow_extract *from);

#endif
