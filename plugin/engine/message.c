#include "message.h"

#include <glib.h>

enum { REQUEST = FLOW_MESSAGE_REQUEST, RESPONSE = FLOW_MESSAGE_RESPONSE };

enum flow_message flow_code_message(const struct flow_code *codes, size_t count, unsigned code)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i].code == code)
            return (enum flow_message)codes[i].message;
    return FLOW_MESSAGE_UNKNOWN;
}

#define LOOK_UP(codes, code) flow_code_message(codes, G_N_ELEMENTS(codes), code)

enum icmp_kind {
    PLAIN,
    IDENT, /* it has an identifier */
    ERROR,
};

struct icmp_type {
    uint8_t message; /* enum flow_message */
    uint8_t kind;    /* enum icmp_kind */
};

static const struct icmp_type icmp_types[UINT8_MAX + 1] = {
    [8] = { REQUEST, IDENT },  [0] = { RESPONSE, IDENT },  /* echo */
    [13] = { REQUEST, IDENT }, [14] = { RESPONSE, IDENT }, /* timestamp */
    [15] = { REQUEST, IDENT }, [16] = { RESPONSE, IDENT }, /* information */
    [17] = { REQUEST, IDENT }, [18] = { RESPONSE, IDENT }, /* address mask */
    [42] = { REQUEST, IDENT }, [43] = { RESPONSE, IDENT }, /* extended echo */
    [10] = { REQUEST, PLAIN }, [9] = { RESPONSE, PLAIN },  /* router solicitation, advertisement */
    [33] = { REQUEST, PLAIN }, [34] = { RESPONSE, PLAIN }, /* where are you, I am here */
    [35] = { REQUEST, PLAIN }, [36] = { RESPONSE, PLAIN }, /* mobile registration */
    [37] = { REQUEST, PLAIN }, [38] = { RESPONSE, PLAIN }, /* domain name */
    [3] = { REQUEST, ERROR },                              /* destination unreachable */
    [4] = { REQUEST, ERROR },                              /* source quench */
    [5] = { REQUEST, ERROR },                              /* redirect */
    [11] = { REQUEST, ERROR },                             /* time exceeded */
    [12] = { REQUEST, ERROR },                             /* parameter problem */
    [31] = { REQUEST, ERROR },                             /* datagram conversion error */
};

/* All types before 128 are errors (RFC 4443, 2.1). */
static const struct icmp_type icmpv6_types[UINT8_MAX + 1] = {
    [128] = { REQUEST, IDENT },  [129] = { RESPONSE, IDENT }, /* echo */
    [160] = { REQUEST, IDENT },  [161] = { RESPONSE, IDENT }, /* extended echo */
    [130] = { RESPONSE, PLAIN }, [131] = { REQUEST, PLAIN },  /* multicast listener query, report */
    [132] = { REQUEST, PLAIN },  [143] = { REQUEST, PLAIN },  /* done, report of version 2 */
    [133] = { REQUEST, PLAIN },  [134] = { RESPONSE, PLAIN }, /* router discovery */
    [135] = { REQUEST, PLAIN },  [136] = { RESPONSE, PLAIN }, /* neighbour discovery */
    [137] = { REQUEST, PLAIN },                               /* redirect: it quotes in an option */
    [139] = { REQUEST, PLAIN },  [140] = { RESPONSE, PLAIN }, /* node information */
    [141] = { REQUEST, PLAIN },  [142] = { RESPONSE, PLAIN }, /* inverse neighbour discovery */
    [144] = { REQUEST, PLAIN },  [145] = { RESPONSE, PLAIN }, /* home agent address discovery */
    [146] = { REQUEST, PLAIN },  [147] = { RESPONSE, PLAIN }, /* mobile prefix */
    [148] = { REQUEST, PLAIN },  [149] = { RESPONSE, PLAIN }, /* certification path */
    [152] = { REQUEST, PLAIN },  [151] = { RESPONSE, PLAIN }, /* multicast router discovery */
    [157] = { REQUEST, PLAIN },  [158] = { RESPONSE, PLAIN }, /* duplicate address */
};

static struct icmp_type icmp_type(uint8_t protocol, uint8_t type)
{
    enum { FIRST_INFORMATIONAL = 128 };
    static const struct icmp_type error = { REQUEST, ERROR }, unknown;

    if (protocol == FLOW_PROTOCOL_ICMP)
        return icmp_types[type];
    if (protocol == FLOW_PROTOCOL_ICMPV6)
        return type > 0 && type < FIRST_INFORMATIONAL ? error : icmpv6_types[type];
    return unknown;
}

enum flow_message flow_message_of_icmp(uint8_t protocol, uint8_t type)
{
    return (enum flow_message)icmp_type(protocol, type).message;
}

bool flow_icmp_has_ident(uint8_t protocol, uint8_t type)
{
    return icmp_type(protocol, type).kind == IDENT;
}

bool flow_icmp_is_error(uint8_t protocol, uint8_t type)
{
    return icmp_type(protocol, type).kind == ERROR;
}

enum flow_message flow_message_of_arp(uint16_t opcode)
{
    static const struct flow_code opcodes[] = {
        { 1, REQUEST }, { 2, RESPONSE }, /* ARP */
        { 3, REQUEST }, { 4, RESPONSE }, /* RARP */
        { 8, REQUEST }, { 9, RESPONSE }, /* InARP */
    };

    return LOOK_UP(opcodes, opcode);
}

static enum flow_message of_sctp(const uint8_t *header, size_t length)
{
    enum { FIRST_CHUNK = 12 };
    static const struct flow_code chunks[] = {
        { 1, REQUEST },
        { 2, RESPONSE }, /* INIT, INIT ACK */
        { 10, REQUEST },
        { 11, RESPONSE }, /* COOKIE ECHO, COOKIE ACK */
    };

    return length > FIRST_CHUNK ? LOOK_UP(chunks, header[FIRST_CHUNK]) : FLOW_MESSAGE_UNKNOWN;
}

static enum flow_message of_dccp(const uint8_t *header, size_t length)
{
    enum { TYPE = 8 };
    static const struct flow_code types[] = { { 0, REQUEST }, { 1, RESPONSE } };

    return length > TYPE ? LOOK_UP(types, header[TYPE] >> 1 & 0xfu) : FLOW_MESSAGE_UNKNOWN;
}

enum flow_message flow_message_of_handshake(uint8_t protocol, const uint8_t *header, size_t length)
{
    switch (protocol) {
    case FLOW_PROTOCOL_SCTP: return of_sctp(header, length);
    case FLOW_PROTOCOL_DCCP: return of_dccp(header, length);
    default: return FLOW_MESSAGE_UNKNOWN;
    }
}
