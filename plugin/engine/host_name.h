#ifndef FLOWSTATS_HOST_NAME_H
#define FLOWSTATS_HOST_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The name of the host that an application's message asks for: which protocols
 * have one, and where.  A protocol is a row and a function.
 */
enum { FLOW_HOST_NAME_MAX = 255 };

struct flow_host_name {
    uint8_t bytes[FLOW_HOST_NAME_MAX]; /* as sent; no text yet */
    size_t length;
};

struct flow_message_bytes {
    const uint8_t *data;
    size_t length;
    bool is_cut;    /* the frame was captured in part: what there is may end anywhere */
    bool is_stream; /* of TCP; else a datagram's */
    bool is_own;    /* what the transport header is followed by; else another buffer of
                       Wireshark's, put together or decrypted */
};

struct flow_host_reader {
    const char *protocol; /* Wireshark's filter name */
    /*
     * Find the name that a message asks for, which is whole unless it is cut.
     * False where there is none, or the bytes are no such message.
     */
    bool (*read)(const struct flow_message_bytes *message, struct flow_host_name *ret_name);
};

extern const struct flow_host_reader flow_host_readers[];
extern const size_t flow_host_reader_count;

#endif
