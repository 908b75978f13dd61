#ifndef FLOWSTATS_WS_TCP_CONVERSATION_H
#define FLOWSTATS_WS_TCP_CONVERSATION_H

#include "ws_compat.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <flowstats/packet.h>

/* Wireshark's conversations: which one a packet belongs to, and of TCP what is known of it. */
struct fs_tcp_conversation {
    const conversation_t *conversation;
    const struct tcp_analysis *tcp; /* its data; NULL: none */
};

/* An end of a packet, as Wireshark keeps addresses; valid as long as the tuple. */
address fs_address_of(const struct flow_tuple *tuple, unsigned end);

/*
 * Look up the conversation of a TCP segment which has just been dissected.  Its
 * ports: those of the tuple, but where the packet is a fragment.
 */
struct fs_tcp_conversation fs_tcp_conversation_of(const struct flow_packet *packet, uint32_t frame,
                                                  const uint16_t port[2]);

#endif
