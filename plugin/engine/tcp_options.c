#include "tcp_options.h"

#include "network_order.h"

/* Options by their kind: RFC 9293, 7323, 2018 and 7413. */
enum {
    END_OF_LIST = 0,
    NO_OPERATION = 1,
    MAXIMUM_SEGMENT_SIZE = 2,
    WINDOW_SCALE = 3,
    SACK_PERMITTED = 4,
    TIMESTAMPS = 8,
    FAST_OPEN = 34,
    EXPERIMENTAL = 254, /* 2 bytes after the length say which experiment */
};

enum { FAST_OPEN_EXPERIMENT = 0xf989 };

/* A cookie has 4 to 16 bytes, an even number; a request for one has none. */
static bool is_cookie(size_t length)
{
    return length == 0 || (length >= 4 && length <= 16 && length % 2 == 0);
}

/* The bit of an option of this kind and length, its two bytes included; 0: it says nothing. */
static uint8_t bit_of(const uint8_t *option, size_t length)
{
    switch (option[0]) {
    case MAXIMUM_SEGMENT_SIZE: return length == 4 ? FLOW_TCP_OPTION_MSS : 0;
    case WINDOW_SCALE: return length == 3 ? FLOW_TCP_OPTION_WSCALE : 0;
    case SACK_PERMITTED: return length == 2 ? FLOW_TCP_OPTION_SACK_PERMITTED : 0;
    case TIMESTAMPS: return length == 10 ? FLOW_TCP_OPTION_TIMESTAMPS : 0;
    case FAST_OPEN: return is_cookie(length - 2) ? FLOW_TCP_OPTION_FAST_OPEN : 0;
    case EXPERIMENTAL:
        return length >= 4 && flow_be16(option + 2) == FAST_OPEN_EXPERIMENT && is_cookie(length - 4)
                   ? FLOW_TCP_OPTION_FAST_OPEN
                   : 0;
    default: return 0;
    }
}

static void take(struct flow_tcp_options *options, const uint8_t *option, uint8_t bit)
{
    options->bits |= bit;
    switch (bit) {
    case FLOW_TCP_OPTION_MSS: options->mss = flow_be16(option + 2); break;
    case FLOW_TCP_OPTION_WSCALE: options->wscale = option[2]; break;
    case FLOW_TCP_OPTION_TIMESTAMPS:
        options->tsval = flow_be32(option + 2);
        options->tsecr = flow_be32(option + 6);
        break;
    default: break;
    }
}

struct flow_tcp_options flow_tcp_options_read(const uint8_t *bytes, size_t size)
{
    struct flow_tcp_options options = { 0 };
    size_t at = 0;

    while (at < size && bytes[at] != END_OF_LIST) {
        if (bytes[at] == NO_OPERATION) {
            at++;
            continue;
        }
        size_t length = size - at >= 2 ? bytes[at + 1] : 0;
        if (length < 2 || length > size - at)
            break;
        uint8_t bit = bit_of(bytes + at, length);
        if (bit & ~options.bits)
            take(&options, bytes + at, bit);
        at += length;
    }
    return options;
}

bool flow_tcp_timestamps_read(const uint8_t *bytes, size_t size,
                              struct flow_tcp_options *ret_options)
{
    enum { USUAL_SIZE = 12, USUAL_START = 0x0101080a }; /* RFC 7323, appendix A */
    struct flow_tcp_options options = { 0 };

    if (size >= USUAL_SIZE && flow_be32(bytes) == USUAL_START)
        take(&options, bytes + 2, FLOW_TCP_OPTION_TIMESTAMPS);
    else if (size >= USUAL_SIZE - 2)
        options = flow_tcp_options_read(bytes, size);
    if (!(options.bits & FLOW_TCP_OPTION_TIMESTAMPS))
        return false;
    *ret_options = (struct flow_tcp_options){ .tsval = options.tsval,
                                              .tsecr = options.tsecr,
                                              .bits = FLOW_TCP_OPTION_TIMESTAMPS };
    return true;
}
