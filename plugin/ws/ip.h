#ifndef FLOWSTATS_IP_H
#define FLOWSTATS_IP_H

#include "ws_compat.h"

#include "bytes.h"

#include <flowstats/packet.h>

/* IP headers with their extension headers. */

enum fs_net_bits {
    FS_NET_FRAGMENT = 1 << 0,       /* ident and fragment_protocol are known */
    FS_NET_LATER_FRAGMENT = 1 << 1, /* and it is not the first */
    FS_NET_LAST_FRAGMENT = 1 << 2,  /* and none follows it in the datagram */
    FS_NET_IP_ID = 1 << 3,          /* ident is that of an IPv4 packet */
    FS_NET_DF = 1 << 4,             /* an IPv4 packet with DF */
    FS_NET_NO_LENGTH = 1 << 5,      /* the length in its IPv4 header is 0 */
};

struct fs_net {
    struct fs_bytes payload; /* what follows the header and its extensions */
    const uint8_t *start;    /* of the header, in the buffer that it was read from */
    uint32_t length;         /* of the packet with its header; what the frame holds if it says 0 */
    uint32_t flow_label;     /* IPv6's */
    uint32_t ident;
    uint32_t fragment_at;     /* where in payload.data starts what it carries of the datagram */
    uint32_t fragment_offset; /* where in the datagram that belongs, in bytes */
    uint8_t addr[2][FLOW_ADDR_LEN]; /* of the sender and the receiver, as Wireshark shows them */
    uint8_t family;                 /* FLOW_IPV4 or FLOW_IPV6 */
    uint8_t protocol;               /* of the payload */
    uint8_t fragment_protocol; /* what the fragment's header says: extension headers may follow */
    uint8_t bits;              /* enum fs_net_bits */
    uint8_t ttl;               /* or hop limit */
    uint8_t tos;               /* or traffic class */
    uint16_t layers_outside;   /* how many of the path's layers are outside it */
};

/*
 * Read the IPv4 or IPv6 header at a place, and the extension headers after it.
 * Return false where Wireshark would not see a header there either, or where the
 * capture cut it before its addresses.  layers_outside is the caller's.
 */
bool fs_net_read(const struct fs_bytes *here, enum flow_family family, struct fs_net *ret_net);

/*
 * Go on in the datagram that was reassembled from a fragment and others: read the
 * extension headers at its start.  The net is no fragment any more.
 */
void fs_net_reassembled(struct fs_net *net, const struct fs_bytes *datagram);

/*
 * Say whether a fragment's datagram has extension headers before its transport
 * header, so that only the first fragment knows what that is.
 */
bool fs_net_hides_transport(const struct fs_net *net);

#endif
