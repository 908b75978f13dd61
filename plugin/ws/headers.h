#ifndef FLOWSTATS_HEADERS_H
#define FLOWSTATS_HEADERS_H

#include "cursor.h"

#include <engine/application.h>

/* The headers that a walk can pass.  A tunnel is added in headers.c: a function and a row. */

enum fs_header_kind {
    FS_HEADER_UNKNOWN, /* no row: an encapsulation of that name, if a packet is found inside */
    FS_HEADER_PSEUDO,  /* a layer without bytes, or whose bytes another row has passed */
    FS_HEADER_OPAQUE,  /* it cannot be passed without decoding it, and is no encapsulation */
    FS_HEADER_MIRROR,  /* unknown too, but the copy of somebody's traffic: no part of the key */
    FS_HEADER_PLAIN,   /* a header that its function passes */
    FS_HEADER_ARP,     /* an ARP message */
    /* From here to QUOTE: those that tell where the walk ends. */
    FS_HEADER_LLC,   /* passed too; in an A-MSDU it starts a packet beside the one before */
    FS_HEADER_IPV4,  /* a network header */
    FS_HEADER_IPV6,  /* a network header */
    FS_HEADER_ICMP,  /* what follows is no traffic */
    FS_HEADER_QUOTE, /* what follows is no traffic, and no flow's events: a sample, a report */
};

/* Look the names up; once, when all dissectors are registered. */
void fs_headers_register(void);

/* The rows by Wireshark's protocol number; 0 is that of the unknown. */
struct fs_header_rows {
    const uint8_t *of;
    unsigned count;
};

struct fs_header_rows fs_header_rows(void);

static inline uint8_t fs_header_row(const struct fs_header_rows *rows, int proto)
{
    return (unsigned)proto < rows->count ? rows->of[proto] : 0;
}

/* A smaller number in the place of an EtherType is a length: 802.3. */
enum { FS_ETHERTYPE_MIN = 1536 };

/* By row; read through fs_header_kind(). */
extern uint8_t fs_header_kinds[UINT8_MAX + 1];

static inline enum fs_header_kind fs_header_kind(uint8_t row)
{
    return (enum fs_header_kind)fs_header_kinds[row];
}

static inline bool fs_header_is_net(uint8_t row)
{
    return fs_header_kind(row) == FS_HEADER_IPV4 || fs_header_kind(row) == FS_HEADER_IPV6;
}

/* Pass the header at the cursor; false when the next layer does not start where this one ends. */
bool fs_header_pass(struct fs_cursor *cursor, uint8_t row);

/* Whether an EtherType ends a row's header. */
bool fs_header_ends_in_type(uint8_t row);

/* Return the application that direction knows by a protocol's number; NULL: none. */
const struct flow_application *fs_header_application(int proto);

/*
 * Go to the next subframe of an A-MSDU; false outside one, or at its end.
 * Subframes have their own addresses and length (IEEE 802.11-2020, 9.3.2.2);
 * what was found in those before does not count.
 */
bool fs_next_subframe(struct fs_cursor *cursor);

#endif
