#ifndef FLOWSTATS_GROUPS_QUALITY_H
#define FLOWSTATS_GROUPS_QUALITY_H

#include <flowstats/extension.h>

/*
 * The group that says how far a capture can be trusted: copies of frames, cut
 * frames, a side or a beginning that was not captured, packets out of order or
 * merged, and where the capture was made.
 */
extern const struct flow_group flow_quality;

/* What a copy is compared with: so many latest packets of a direction. */
enum { QUALITY_SEEN = 8 };

/* A packet that was no copy itself. */
struct quality_seen {
    int64_t time_ns;
    uint32_t frame; /* 0: none yet */
    uint32_t ip_len;
    uint32_t seq;
    uint32_t ack;
    uint32_t other_repeats; /* of the other side, when this packet came */
    uint16_t ip_id;
    uint16_t checksum;
    uint16_t window;
    uint16_t bits; /* enum flow_fact_bits: those that say what is known */
    uint8_t flags;
    uint8_t ttl;
    uint8_t unused[2];
};

_Static_assert(sizeof(struct quality_seen) == 40, "a state holds sixteen of them");

enum quality_half_bits {
    QUALITY_ACK = 1 << 0,       /* ack is known */
    QUALITY_ACK_MOVED = 1 << 1, /* the acknowledgement number was another one before */
    QUALITY_MSS = 1 << 2,       /* mss is known */
};

/* What one side sends. */
struct quality_half {
    struct quality_seen seen[QUALITY_SEEN]; /* a ring; next is the oldest */
    uint64_t cut_bytes;
    uint32_t pkts;
    uint32_t duplicates;
    uint32_t cut_pkts;
    uint32_t offload;
    uint32_t ack;     /* of the last segment but RSTs; 0 of a SYN without ACK */
    uint32_t repeats; /* duplicate acknowledgements, as RFC 5681 has them */
    uint16_t mss;     /* the greatest segment that this side receives, as it announced last */
    uint8_t next;
    uint8_t bits; /* enum quality_half_bits */
    uint8_t unused[4];
};

enum quality_bits {
    QUALITY_TIME = 1 << 0, /* latest_ns is known */
    QUALITY_TCP = 1 << 1,  /* a segment came */
    QUALITY_SYN = 1 << 2,  /* one with SYN */
};

struct quality_state {
    struct quality_half half[FLOW_DIRS];
    int64_t latest_ns;
    int64_t late_max_ns;
    uint32_t late;
    uint32_t copy_of;  /* the frame that the last packet is a copy of; 0: it is none */
    uint8_t ttl_delta; /* of such a copy */
    uint8_t bits;      /* enum quality_bits */
    uint8_t unused[6];
};

#endif
