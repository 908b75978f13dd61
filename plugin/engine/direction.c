#include <flowstats/direction.h>

#include <glib.h>
#include <string.h>

const struct flow_name flow_reason_names[] = {
    { FLOW_REASON_HANDSHAKE, "handshake" },       { FLOW_REASON_MESSAGE_TYPE, "message type" },
    { FLOW_REASON_APPLICATION, "application" },   { FLOW_REASON_PORTS, "ports" },
    { FLOW_REASON_FIRST_PACKET, "first packet" }, { 0, NULL },
};

static enum flow_message of_handshake(const struct flow_packet *packet)
{
    if (!(packet->fact.bits & FLOW_FACT_TCP) || !(packet->fact.tcp_flags & FLOW_TCP_SYN))
        return FLOW_MESSAGE_UNKNOWN;
    return packet->fact.tcp_flags & FLOW_TCP_ACK ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
}

static enum flow_message of_message_type(const struct flow_packet *packet)
{
    return (enum flow_message)packet->message_type;
}

static enum flow_message of_application(const struct flow_packet *packet)
{
    /* What a fragment carries is not all of the message. */
    if ((packet->fact.bits & FLOW_FACT_FRAG) || !packet->application)
        return FLOW_MESSAGE_UNKNOWN;
    return packet->application(packet->source);
}

/*
 * IANA's ranks (system, user, dynamic) rise with the number, so that the lower
 * rank, and within a rank the lower number, is the lower port.
 */
static enum flow_message of_ports(const struct flow_packet *packet)
{
    uint16_t sender = packet->tuple.end[0].port, receiver = packet->tuple.end[1].port;

    if (!(packet->tuple.bits & FLOW_TUPLE_PORTS) || sender == receiver)
        return FLOW_MESSAGE_UNKNOWN;
    return sender < receiver ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
}

enum flow_dir flow_direction_of(const struct flow_packet *packet, enum flow_reason *ret_reason)
{
    static const struct {
        enum flow_reason reason;
        enum flow_message (*says)(const struct flow_packet *packet);
    } rules[] = {
        { FLOW_REASON_HANDSHAKE, of_handshake },
        { FLOW_REASON_MESSAGE_TYPE, of_message_type },
        { FLOW_REASON_APPLICATION, of_application },
        { FLOW_REASON_PORTS, of_ports },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        enum flow_message message = rules[i].says(packet);
        if (message != FLOW_MESSAGE_UNKNOWN) {
            *ret_reason = rules[i].reason;
            return message == FLOW_MESSAGE_REQUEST ? FLOW_UP : FLOW_DOWN;
        }
    }
    *ret_reason = FLOW_REASON_FIRST_PACKET;
    return FLOW_UP;
}

/* A code of a protocol, and whether it asks or answers. */
struct code {
    uint16_t code;
    uint8_t message;
};

enum { REQUEST = FLOW_MESSAGE_REQUEST, RESPONSE = FLOW_MESSAGE_RESPONSE };

static enum flow_message look_up(const struct code *codes, size_t count, unsigned code)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i].code == code)
            return (enum flow_message)codes[i].message;
    return FLOW_MESSAGE_UNKNOWN;
}

#define LOOK_UP(codes, code) look_up(codes, G_N_ELEMENTS(codes), code)

enum flow_message flow_message_of_icmp(uint8_t type)
{
    static const struct code types[] = {
        { 8, REQUEST },  { 0, RESPONSE },  /* echo */
        { 13, REQUEST }, { 14, RESPONSE }, /* timestamp */
        { 15, REQUEST }, { 16, RESPONSE }, /* information */
        { 17, REQUEST }, { 18, RESPONSE }, /* address mask */
        { 10, REQUEST }, { 9, RESPONSE },  /* router solicitation, advertisement */
        { 42, REQUEST }, { 43, RESPONSE }, /* extended echo */
        { 33, REQUEST }, { 34, RESPONSE }, /* where are you, I am here */
        { 35, REQUEST }, { 36, RESPONSE }, /* mobile registration */
        { 37, REQUEST }, { 38, RESPONSE }, /* domain name */
        { 3, REQUEST }, /* errors: destination unreachable, source quench, redirect, ... */
        { 4, REQUEST },  { 5, REQUEST },   { 11, REQUEST }, { 12, REQUEST }, { 31, REQUEST },
    };

    return LOOK_UP(types, type);
}

enum flow_message flow_message_of_icmpv6(uint8_t type)
{
    static const struct code types[] = {
        { 128, REQUEST },  { 129, RESPONSE }, /* echo */
        { 130, RESPONSE }, { 131, REQUEST },  /* multicast listener query, report */
        { 132, REQUEST },  { 143, REQUEST },  /* done, report of version 2 */
        { 133, REQUEST },  { 134, RESPONSE }, /* router solicitation, advertisement */
        { 135, REQUEST },  { 136, RESPONSE }, /* neighbour solicitation, advertisement */
        { 137, REQUEST },                     /* redirect */
        { 139, REQUEST },  { 140, RESPONSE }, /* node information */
        { 141, REQUEST },  { 142, RESPONSE }, /* inverse neighbour discovery */
        { 144, REQUEST },  { 145, RESPONSE }, /* home agent address discovery */
        { 146, REQUEST },  { 147, RESPONSE }, /* mobile prefix */
        { 148, REQUEST },  { 149, RESPONSE }, /* certification path */
        { 152, REQUEST },  { 151, RESPONSE }, /* multicast router solicitation, advertisement */
        { 157, REQUEST },  { 158, RESPONSE }, /* duplicate address request, confirmation */
        { 160, REQUEST },  { 161, RESPONSE }, /* extended echo */
    };

    return type > 0 && type < 128 ? FLOW_MESSAGE_REQUEST : LOOK_UP(types, type);
}

enum flow_message flow_message_of_arp(uint16_t opcode)
{
    static const struct code opcodes[] = {
        { 1, REQUEST }, { 2, RESPONSE }, /* ARP */
        { 3, REQUEST }, { 4, RESPONSE }, /* RARP */
        { 8, REQUEST }, { 9, RESPONSE }, /* InARP */
    };

    return LOOK_UP(opcodes, opcode);
}

/*
 * Rule 3.  Each function reads no byte that is not there and says what the
 * header says, for Wireshark has decided already which protocol it is.
 */

static bool starts_with(const uint8_t *data, size_t length, const char *word)
{
    size_t size = strlen(word);

    return length >= size && memcmp(data, word, size) == 0;
}

static enum flow_message message_if(bool response)
{
    return response ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_REQUEST;
}

static enum flow_message dns(const uint8_t *data, size_t length)
{
    return length < 3 ? FLOW_MESSAGE_UNKNOWN : message_if(data[2] & 0x80);
}

/* Over TCP a message follows its length (RFC 1035, 4.2.2). */
static enum flow_message dns_over_tcp(const uint8_t *data, size_t length)
{
    return length < 2 ? FLOW_MESSAGE_UNKNOWN : dns(data + 2, length - 2);
}

static enum flow_message dhcp(const uint8_t *data, size_t length)
{
    static const struct code types[] = {
        { 1, REQUEST },   /* DISCOVER */
        { 2, RESPONSE },  /* OFFER */
        { 3, REQUEST },   /* REQUEST */
        { 4, REQUEST },   /* DECLINE */
        { 5, RESPONSE },  /* ACK */
        { 6, RESPONSE },  /* NAK */
        { 7, REQUEST },   /* RELEASE */
        { 8, REQUEST },   /* INFORM */
        { 9, RESPONSE },  /* FORCERENEW */
        { 10, REQUEST },  /* LEASEQUERY */
        { 11, RESPONSE }, /* LEASEUNASSIGNED */
        { 12, RESPONSE }, /* LEASEUNKNOWN */
        { 13, RESPONSE }, /* LEASEACTIVE */
    };
    static const struct code ops[] = { { 1, REQUEST },
                                       { 2, RESPONSE } }; /* BOOTREQUEST, BOOTREPLY */
    enum { OPTIONS = 240, PAD = 0, MESSAGE_TYPE = 53, END = 255 };

    for (size_t at = OPTIONS; at < length && data[at] != END;) {
        if (data[at] == PAD) {
            at++;
            continue;
        }
        if (at + 2 >= length)
            break;
        if (data[at] == MESSAGE_TYPE)
            return LOOK_UP(types, data[at + 2]);
        at += 2u + data[at + 1];
    }
    return length < 1 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(ops, data[0]);
}

static enum flow_message dhcpv6(const uint8_t *data, size_t length)
{
    static const struct code types[] = {
        { 1, REQUEST },   /* SOLICIT */
        { 2, RESPONSE },  /* ADVERTISE */
        { 3, REQUEST },   /* REQUEST */
        { 4, REQUEST },   /* CONFIRM */
        { 5, REQUEST },   /* RENEW */
        { 6, REQUEST },   /* REBIND */
        { 7, RESPONSE },  /* REPLY */
        { 8, REQUEST },   /* RELEASE */
        { 9, REQUEST },   /* DECLINE */
        { 10, RESPONSE }, /* RECONFIGURE */
        { 11, REQUEST },  /* INFORMATION-REQUEST */
        { 12, REQUEST },  /* RELAY-FORW */
        { 13, RESPONSE }, /* RELAY-REPL */
        { 14, REQUEST },  /* LEASEQUERY */
        { 15, RESPONSE }, /* LEASEQUERY-REPLY */
    };

    return length < 1 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(types, data[0]);
}

static enum flow_message ntp(const uint8_t *data, size_t length)
{
    static const struct code modes[] = {
        { 1, REQUEST },  { 2, RESPONSE }, /* symmetric active, passive */
        { 3, REQUEST },  { 4, RESPONSE }, /* client, server */
        { 5, RESPONSE },                  /* broadcast */
    };

    return length < 1 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(modes, data[0] & 7u);
}

/* A method of HTTP, SIP and their kin is a token in capitals that a space ends. */
static bool starts_with_method(const uint8_t *data, size_t length)
{
    size_t at = 0;

    while (at < length && (g_ascii_isupper(data[at]) || data[at] == '-' || data[at] == '_'))
        at++;
    return at > 0 && at < length && data[at] == ' ';
}

static enum flow_message http(const uint8_t *data, size_t length)
{
    if (starts_with(data, length, "HTTP/"))
        return FLOW_MESSAGE_RESPONSE;
    return starts_with_method(data, length) ? FLOW_MESSAGE_REQUEST : FLOW_MESSAGE_UNKNOWN;
}

static enum flow_message sip(const uint8_t *data, size_t length)
{
    if (starts_with(data, length, "SIP/"))
        return FLOW_MESSAGE_RESPONSE;
    return starts_with_method(data, length) ? FLOW_MESSAGE_REQUEST : FLOW_MESSAGE_UNKNOWN;
}

static enum flow_message hello(uint8_t handshake_type)
{
    static const struct code types[] = { { 1, REQUEST },
                                         { 2, RESPONSE } }; /* ClientHello, ServerHello */

    return LOOK_UP(types, handshake_type);
}

enum { TLS_HANDSHAKE = 22 };

static enum flow_message tls(const uint8_t *data, size_t length)
{
    if (length < 6 || data[0] != TLS_HANDSHAKE)
        return FLOW_MESSAGE_UNKNOWN;
    /* An encrypted record is no hello, whatever its first byte: it does not state its own length.
     */
    if (length >= 9 && (data[6] << 16 | data[7] << 8 | data[8]) + 4 > (data[3] << 8 | data[4]))
        return FLOW_MESSAGE_UNKNOWN;
    return hello(data[5]);
}

static enum flow_message dtls(const uint8_t *data, size_t length)
{
    /* From epoch 1 on the handshake is encrypted. */
    if (length < 14 || data[0] != TLS_HANDSHAKE || data[3] || data[4])
        return FLOW_MESSAGE_UNKNOWN;
    return hello(data[13]);
}

/* A QUIC variable-length integer (RFC 9000, 16); false at the end of the data. */
static bool varint(const uint8_t *data, size_t length, size_t *at, uint64_t *ret_value)
{
    if (*at >= length)
        return false;
    size_t size = (size_t)1 << (data[*at] >> 6);
    if (size > length - *at)
        return false;

    uint64_t value = data[*at] & 0x3f;
    for (size_t i = 1; i < size; i++)
        value = value << 8 | data[*at + i];
    *at += size;
    *ret_value = value;
    return true;
}

/* Largest acknowledged, delay, count of ranges, first range, the ranges, and ECN's counts. */
static bool quic_ack_skip(const uint8_t *data, size_t length, size_t *at, bool has_ecn)
{
    uint64_t value, left = 4;

    for (unsigned i = 0; left > 0; i++, left--) {
        if (!varint(data, length, at, &value))
            return false;
        if (i == 2)
            left += MIN(value, length) * 2 + (has_ecn ? 3 : 0);
    }
    return true;
}

/* Where the data of a CRYPTO frame starts in its stream; at goes to the data. */
static bool quic_crypto(const uint8_t *data, size_t length, size_t *at, uint64_t *ret_offset,
                        uint64_t *ret_size)
{
    return varint(data, length, at, ret_offset) && varint(data, length, at, ret_size);
}

/*
 * The frames of a decrypted Initial packet, up to the CRYPTO frame with the
 * start of the stream: clients shuffle them (RFC 9000, 19).
 */
static enum flow_message quic(const uint8_t *data, size_t length)
{
    enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6 };
    uint64_t offset, size;
    size_t at = 0;

    while (at < length) {
        uint8_t type = data[at++];
        if (type == PADDING || type == PING)
            continue;
        if (type == ACK || type == ACK_ECN) {
            if (!quic_ack_skip(data, length, &at, type == ACK_ECN))
                break;
            continue;
        }
        if (type != CRYPTO || !quic_crypto(data, length, &at, &offset, &size))
            break;
        if (offset == 0 && size > 0)
            return at < length ? hello(data[at]) : FLOW_MESSAGE_UNKNOWN;
        if (size > length - at)
            break;
        at += size;
    }
    return FLOW_MESSAGE_UNKNOWN;
}

static enum flow_message stun(const uint8_t *data, size_t length)
{
    static const struct code classes[] = {
        { 0x000, REQUEST },
        { 0x100, RESPONSE }, /* success */
        { 0x110, RESPONSE }, /* error */
    };

    /* TURN's channel data starts with other bits (RFC 8656, 12.4). */
    if (length < 2 || (data[0] & 0xc0))
        return FLOW_MESSAGE_UNKNOWN;
    return LOOK_UP(classes, (data[0] & 1u) << 8 | (data[1] & 0x10u));
}

static enum flow_message radius(const uint8_t *data, size_t length)
{
    static const struct code codes[] = {
        { 1, REQUEST },                                      /* Access-Request */
        { 2, RESPONSE },                                     /* Access-Accept */
        { 3, RESPONSE },                                     /* Access-Reject */
        { 4, REQUEST },                                      /* Accounting-Request */
        { 5, RESPONSE },                                     /* Accounting-Response */
        { 11, RESPONSE },                                    /* Access-Challenge */
        { 12, REQUEST },                                     /* Status-Server */
        { 40, REQUEST },                                     /* Disconnect-Request, ACK, NAK */
        { 41, RESPONSE }, { 42, RESPONSE }, { 43, REQUEST }, /* CoA-Request, ACK, NAK */
        { 44, RESPONSE }, { 45, RESPONSE },
    };

    return length < 1 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(codes, data[0]);
}

/* A BER header of one tag byte and a definite length (X.690, 8.1.3); at goes behind it. */
static bool ber(const uint8_t *data, size_t length, size_t *at, uint8_t *ret_tag, size_t *ret_size)
{
    if (length < 2 || *at > length - 2)
        return false;
    *ret_tag = data[(*at)++];
    *ret_size = data[(*at)++];
    if (*ret_size >= 0x80) {
        size_t octets = *ret_size & 0x7f;
        if (octets == 0 || octets > 4 || octets > length - *at)
            return false;
        for (*ret_size = 0; octets > 0; octets--)
            *ret_size = *ret_size << 8 | data[(*at)++];
    }
    return true;
}

/* What comes before the PDU: each element has this tag and is passed, or entered. */
struct ber_step {
    uint8_t tag;
    bool enter;
};

static bool ber_walk(const uint8_t *data, size_t length, size_t *at, const struct ber_step *steps,
                     size_t count)
{
    uint8_t tag;
    size_t size;

    for (size_t i = 0; i < count; i++) {
        if (!ber(data, length, at, &tag, &size) || tag != steps[i].tag)
            return false;
        if (steps[i].enter)
            continue;
        if (size > length - *at)
            return false;
        *at += size;
    }
    return true;
}

static enum flow_message snmp(const uint8_t *data, size_t length)
{
    enum { INTEGER = 0x02, OCTET_STRING = 0x04, SEQUENCE = 0x30 };
    static const struct code pdus[] = {
        { 0xa0, REQUEST },  /* GetRequest */
        { 0xa1, REQUEST },  /* GetNextRequest */
        { 0xa2, RESPONSE }, /* Response */
        { 0xa3, REQUEST },  /* SetRequest */
        { 0xa4, REQUEST },  /* Trap */
        { 0xa5, REQUEST },  /* GetBulkRequest */
        { 0xa6, REQUEST },  /* InformRequest */
        { 0xa7, REQUEST },  /* Trap of version 2 */
        { 0xa8, RESPONSE }, /* Report */
    };
    static const struct ber_step message[] = { { SEQUENCE, true }, { INTEGER, true } };
    static const struct ber_step community[] = { { OCTET_STRING, false } };
    static const struct ber_step scoped[] = {
        { SEQUENCE, false },     /* global data */
        { OCTET_STRING, false }, /* security parameters */
        { SEQUENCE, true },      /* scoped PDU; encrypted, it is an octet string */
        { OCTET_STRING, false }, /* context engine */
        { OCTET_STRING, false }, /* context name */
    };
    enum { VERSION_2C = 1 };
    size_t at = 0;

    if (!ber_walk(data, length, &at, message, G_N_ELEMENTS(message)) || at >= length)
        return FLOW_MESSAGE_UNKNOWN;
    uint8_t version = data[at++];
    if (version <= VERSION_2C ? !ber_walk(data, length, &at, community, G_N_ELEMENTS(community))
                              : !ber_walk(data, length, &at, scoped, G_N_ELEMENTS(scoped)))
        return FLOW_MESSAGE_UNKNOWN;
    return at < length ? LOOK_UP(pdus, data[at]) : FLOW_MESSAGE_UNKNOWN;
}

/* How long messages on a stream are. */

static size_t be16(const uint8_t *data)
{
    return (size_t)data[0] << 8 | data[1];
}

static size_t dns_size(const uint8_t *data, size_t length)
{
    return length < 2 ? 0 : 2 + be16(data);
}

static size_t tls_size(const uint8_t *data, size_t length)
{
    return length < 5 ? 0 : 5 + be16(data + 3);
}

static size_t stun_size(const uint8_t *data, size_t length)
{
    return length < 4 ? 0 : 20 + be16(data + 2);
}

static size_t radius_size(const uint8_t *data, size_t length)
{
    return length < 4 ? 0 : be16(data + 2);
}

static size_t snmp_size(const uint8_t *data, size_t length)
{
    size_t at = 0, size;
    uint8_t tag;

    return ber(data, length, &at, &tag, &size) ? at + size : 0;
}

/*
 * HTTP and SIP: the header, and a body of the length that it states.  Without
 * one a request has no body, and that of a response ends who knows where.
 */
static size_t text_size(const uint8_t *data, size_t length)
{
    static const char end[] = "\r\n\r\n", body[] = "\r\ncontent-length:";
    static const char coding[] = "\r\ntransfer-encoding:";
    size_t size = 0;

    if (!starts_with(data, length, "HTTP/") && !starts_with(data, length, "SIP/") &&
        !starts_with_method(data, length))
        return 0;
    char *header = g_ascii_strdown((const char *)data, (gssize)length);
    const char *behind = g_strstr_len(header, (gssize)length, end);
    if (behind) {
        gssize header_size = behind + strlen(end) - header;
        const char *stated = g_strstr_len(header, header_size, body);
        bool is_coded = g_strstr_len(header, header_size, coding);
        if (!is_coded && (stated || starts_with_method(data, length)))
            size = (size_t)header_size;
        if (size > 0 && stated)
            size += (size_t)MIN(g_ascii_strtoull(stated + strlen(body), NULL, 10), UINT32_MAX);
    }
    g_free(header);
    return size;
}

const struct flow_application flow_applications[] = {
    { "dns", dns, dns_over_tcp, dns_size },
    { "mdns", dns, NULL, NULL },
    { "llmnr", dns, NULL, NULL },
    { "nbns", dns, NULL, NULL },
    { "dhcp", dhcp, NULL, NULL },
    { "dhcpv6", dhcpv6, NULL, NULL },
    { "ntp", ntp, NULL, NULL },
    { "http", http, http, text_size },
    { "ssdp", http, NULL, NULL },
    { "tls", tls, tls, tls_size },
    { "dtls", dtls, NULL, NULL },
    { "quic", quic, NULL, NULL },
    { "stun", stun, stun, stun_size },
    { "sip", sip, sip, text_size },
    { "radius", radius, radius, radius_size },
    { "snmp", snmp, snmp, snmp_size },
};
const size_t flow_application_count = G_N_ELEMENTS(flow_applications);
