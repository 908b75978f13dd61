#include "application.h"

#include "message.h"
#include "network_order.h"

#include <glib.h>
#include <string.h>

/*
 * Each function reads no byte that is not there and says what the header says,
 * for Wireshark has decided already which protocol it is.
 */

enum { REQUEST = FLOW_MESSAGE_REQUEST, RESPONSE = FLOW_MESSAGE_RESPONSE };

#define LOOK_UP(codes, code) flow_code_message(codes, G_N_ELEMENTS(codes), code)

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

static enum flow_message dhcp(const uint8_t *data, size_t length)
{
    static const struct flow_code types[] = {
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
    static const struct flow_code ops[] = { { 1, REQUEST },
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
    static const struct flow_code types[] = {
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
    static const struct flow_code modes[] = {
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
    static const struct flow_code types[] = { { 1, REQUEST },
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
    static const struct flow_code classes[] = {
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
    static const struct flow_code codes[] = {
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

enum { INTEGER = 0x02, OCTET_STRING = 0x04, SEQUENCE = 0x30 }; /* tags of BER */

/* A BER header of one tag byte and a definite length (X.690, 8.1.3); at goes to its value. */
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
    static const struct flow_code pdus[] = {
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

/* A call's third word is the version of RPC, 2; a reply's says accepted or denied (RFC 5531, 9). */
static enum flow_message rpc(const uint8_t *data, size_t length)
{
    enum { CALL = 0, REPLY = 1, VERSION = 2, DENIED = 1 };

    if (length < 12)
        return FLOW_MESSAGE_UNKNOWN;
    uint32_t type = flow_be32(data + 4), third = flow_be32(data + 8);
    if (type == CALL && third == VERSION)
        return FLOW_MESSAGE_REQUEST;
    return type == REPLY && third <= DENIED ? FLOW_MESSAGE_RESPONSE : FLOW_MESSAGE_UNKNOWN;
}

/* A bencoded string (BEP 3); at goes to its bytes, all of which are there. */
static bool bencoded_string(const uint8_t *data, size_t length, size_t *at, size_t *ret_size)
{
    size_t size = 0, end = *at;

    for (; end < length && g_ascii_isdigit(data[end]) && size <= length; end++)
        size = size * 10 + (size_t)g_ascii_digit_value((char)data[end]);
    if (end == *at || end >= length || data[end] != ':' || size > length - end - 1)
        return false;
    *at = end + 1;
    *ret_size = size;
    return true;
}

/* Go past a number (i42e) or a string. */
static bool bencoded_atom_pass(const uint8_t *data, size_t length, size_t *at)
{
    size_t size;

    if (data[*at] == 'i') {
        const uint8_t *end = memchr(data + *at, 'e', length - *at);
        if (end)
            *at = (size_t)(end - data) + 1;
        return end;
    }
    if (!bencoded_string(data, length, at, &size))
        return false;
    *at += size;
    return true;
}

/* Go past any value: a dictionary and a list have others inside, up to an e. */
static bool bencoded_pass(const uint8_t *data, size_t length, size_t *at)
{
    size_t depth = 0;

    do {
        if (*at >= length)
            return false;
        uint8_t first = data[*at];
        if (first == 'd' || first == 'l') {
            depth++;
            ++*at;
        } else if (first == 'e' && depth > 0) {
            depth--;
            ++*at;
        } else if (!bencoded_atom_pass(data, length, at)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

/* A dictionary whose key y says query, response or error (BEP 5). */
static enum flow_message bt_dht(const uint8_t *data, size_t length)
{
    static const struct flow_code types[] = { { 'q', REQUEST },
                                              { 'r', RESPONSE },
                                              { 'e', RESPONSE } };
    size_t at = 1, size;

    if (length < 1 || data[0] != 'd')
        return FLOW_MESSAGE_UNKNOWN;
    while (bencoded_string(data, length, &at, &size)) {
        bool is_type = size == 1 && data[at] == 'y';
        at += size;
        if (is_type)
            return bencoded_string(data, length, &at, &size) && size == 1 ? LOOK_UP(types, data[at])
                                                                          : FLOW_MESSAGE_UNKNOWN;
        if (!bencoded_pass(data, length, &at))
            break;
    }
    return FLOW_MESSAGE_UNKNOWN;
}

/* IKEv2 has a flag; in IKEv1 the first message alone does not know the responder's cookie. */
static enum flow_message isakmp(const uint8_t *data, size_t length)
{
    enum { RESPONDER = 8, VERSION = 17, FLAGS = 19, RESPONSE_FLAG = 0x20 };
    static const uint8_t no_cookie[8];

    if (length <= FLAGS)
        return FLOW_MESSAGE_UNKNOWN;
    switch (data[VERSION] >> 4) {
    case 1:
        return memcmp(data + RESPONDER, no_cookie, sizeof no_cookie) == 0 ? FLOW_MESSAGE_REQUEST
                                                                          : FLOW_MESSAGE_UNKNOWN;
    case 2: return message_if(data[FLAGS] & RESPONSE_FLAG);
    default: return FLOW_MESSAGE_UNKNOWN;
    }
}

/* On port 4500 a zero tells ISAKMP from ESP, whose SPI is never 0 (RFC 3948, 2.2). */
static enum flow_message isakmp_in_udp(const uint8_t *data, size_t length)
{
    enum { MARKER = 4 };

    return length < MARKER || flow_be32(data) != 0 ? FLOW_MESSAGE_UNKNOWN
                                                   : isakmp(data + MARKER, length - MARKER);
}

static enum flow_message rip(const uint8_t *data, size_t length)
{
    static const struct flow_code commands[] = { { 1, REQUEST }, { 2, RESPONSE } };

    return length < 1 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(commands, data[0]);
}

/* LDAP and CLDAP (RFC 4511, 4.2 to 4.13). */
static enum flow_message ldap(const uint8_t *data, size_t length)
{
    static const struct flow_code operations[] = {
        { 0x60, REQUEST },                      /* bindRequest */
        { 0x61, RESPONSE },                     /* bindResponse */
        { 0x42, REQUEST },                      /* unbindRequest */
        { 0x63, REQUEST },                      /* searchRequest */
        { 0x64, RESPONSE }, { 0x65, RESPONSE }, /* searchResEntry, searchResDone */
        { 0x73, RESPONSE },                     /* searchResRef */
        { 0x66, REQUEST },  { 0x67, RESPONSE }, /* modify */
        { 0x68, REQUEST },  { 0x69, RESPONSE }, /* add */
        { 0x4a, REQUEST },  { 0x6b, RESPONSE }, /* delete */
        { 0x6c, REQUEST },  { 0x6d, RESPONSE }, /* modify DN */
        { 0x6e, REQUEST },  { 0x6f, RESPONSE }, /* compare */
        { 0x50, REQUEST },                      /* abandonRequest */
        { 0x77, REQUEST },  { 0x78, RESPONSE }, /* extended */
        { 0x79, RESPONSE },                     /* intermediateResponse */
    };
    static const struct ber_step message[] = { { SEQUENCE, true }, { INTEGER, false } };
    size_t at = 0;

    if (!ber_walk(data, length, &at, message, G_N_ELEMENTS(message)) || at >= length)
        return FLOW_MESSAGE_UNKNOWN;
    return LOOK_UP(operations, data[at]);
}

/* The tag of a message is its type (RFC 4120, 5.10); inside is a sequence. */
static enum flow_message kerberos(const uint8_t *data, size_t length)
{
    static const struct flow_code types[] = {
        { 0x6a, REQUEST },  { 0x6b, RESPONSE }, /* AS-REQ, AS-REP */
        { 0x6c, REQUEST },  { 0x6d, RESPONSE }, /* TGS-REQ, TGS-REP */
        { 0x6e, REQUEST },  { 0x6f, RESPONSE }, /* AP-REQ, AP-REP */
        { 0x7e, RESPONSE },                     /* KRB-ERROR */
    };
    size_t at = 0, size;
    uint8_t tag;

    if (!ber(data, length, &at, &tag, &size) || at >= length || data[at] != SEQUENCE)
        return FLOW_MESSAGE_UNKNOWN;
    return LOOK_UP(types, tag);
}

/* Versions 0 and 1 (3GPP TS 29.060, 7.1; 32.295), where the protocol type says GTP. */
static enum flow_message gtp1(uint8_t type)
{
    static const struct flow_code types[] = {
        { 1, REQUEST },   { 2, RESPONSE },   /* Echo */
        { 3, RESPONSE },                     /* Version Not Supported */
        { 16, REQUEST },  { 17, RESPONSE },  /* Create PDP Context */
        { 18, REQUEST },  { 19, RESPONSE },  /* Update PDP Context */
        { 20, REQUEST },  { 21, RESPONSE },  /* Delete PDP Context */
        { 22, REQUEST },  { 23, RESPONSE },  /* Initiate PDP Context Activation */
        { 24, REQUEST },  { 25, RESPONSE },  /* Delete AA PDP Context, version 0 */
        { 27, REQUEST },  { 28, RESPONSE },  /* PDU Notification */
        { 29, REQUEST },  { 30, RESPONSE },  /* PDU Notification Reject */
        { 32, REQUEST },  { 33, RESPONSE },  /* Send Routeing Information for GPRS */
        { 34, REQUEST },  { 35, RESPONSE },  /* Failure Report */
        { 36, REQUEST },  { 37, RESPONSE },  /* Note MS GPRS Present */
        { 48, REQUEST },  { 49, RESPONSE },  /* Identification */
        { 50, REQUEST },  { 51, RESPONSE },  /* SGSN Context */
        { 53, REQUEST },  { 54, RESPONSE },  /* Forward Relocation */
        { 56, REQUEST },  { 57, RESPONSE },  /* Relocation Cancel */
        { 61, REQUEST },  { 62, RESPONSE },  /* UE Registration Query */
        { 96, REQUEST },  { 97, RESPONSE },  /* MBMS Notification */
        { 98, REQUEST },  { 99, RESPONSE },  /* MBMS Notification Reject */
        { 100, REQUEST }, { 101, RESPONSE }, /* Create MBMS Context */
        { 102, REQUEST }, { 103, RESPONSE }, /* Update MBMS Context */
        { 104, REQUEST }, { 105, RESPONSE }, /* Delete MBMS Context */
        { 112, REQUEST }, { 113, RESPONSE }, /* MBMS Registration */
        { 114, REQUEST }, { 115, RESPONSE }, /* MBMS De-Registration */
        { 116, REQUEST }, { 117, RESPONSE }, /* MBMS Session Start */
        { 118, REQUEST }, { 119, RESPONSE }, /* MBMS Session Stop */
        { 120, REQUEST }, { 121, RESPONSE }, /* MBMS Session Update */
        { 128, REQUEST }, { 129, RESPONSE }, /* MS Info Change Notification */
    };

    return LOOK_UP(types, type);
}

/* Version 2 (3GPP TS 29.274, 6.1): what is called a request or a response. */
static enum flow_message gtp2(uint8_t type)
{
    static const struct flow_code types[] = {
        { 1, REQUEST },   { 2, RESPONSE },   /* Echo */
        { 3, RESPONSE },                     /* Version Not Supported */
        { 32, REQUEST },  { 33, RESPONSE },  /* Create Session */
        { 34, REQUEST },  { 35, RESPONSE },  /* Modify Bearer */
        { 36, REQUEST },  { 37, RESPONSE },  /* Delete Session */
        { 38, REQUEST },  { 39, RESPONSE },  /* Change Notification */
        { 95, REQUEST },  { 96, RESPONSE },  /* Create Bearer */
        { 97, REQUEST },  { 98, RESPONSE },  /* Update Bearer */
        { 99, REQUEST },  { 100, RESPONSE }, /* Delete Bearer */
        { 101, REQUEST }, { 102, RESPONSE }, /* Delete PDN Connection Set */
        { 128, REQUEST }, { 129, RESPONSE }, /* Identification */
        { 130, REQUEST }, { 131, RESPONSE }, /* Context */
        { 133, REQUEST }, { 134, RESPONSE }, /* Forward Relocation */
        { 139, REQUEST }, { 140, RESPONSE }, /* Relocation Cancel */
        { 158, REQUEST }, { 159, RESPONSE }, /* UE Registration Query */
        { 160, REQUEST }, { 161, RESPONSE }, /* Create Forwarding Tunnel */
        { 166, REQUEST }, { 167, RESPONSE }, /* Create Indirect Data Forwarding Tunnel */
        { 168, REQUEST }, { 169, RESPONSE }, /* Delete Indirect Data Forwarding Tunnel */
        { 170, REQUEST }, { 171, RESPONSE }, /* Release Access Bearers */
        { 200, REQUEST }, { 201, RESPONSE }, /* Update PDN Connection Set */
        { 211, REQUEST }, { 212, RESPONSE }, /* Modify Access Bearers */
        { 231, REQUEST }, { 232, RESPONSE }, /* MBMS Session Start */
        { 233, REQUEST }, { 234, RESPONSE }, /* MBMS Session Update */
        { 235, REQUEST }, { 236, RESPONSE }, /* MBMS Session Stop */
    };

    return LOOK_UP(types, type);
}

static enum flow_message gtp(const uint8_t *data, size_t length)
{
    enum { IS_GTP = 0x10 };

    if (length < 2)
        return FLOW_MESSAGE_UNKNOWN;
    switch (data[0] >> 5) {
    case 0:
    case 1: return data[0] & IS_GTP ? gtp1(data[1]) : FLOW_MESSAGE_UNKNOWN;
    case 2: return gtp2(data[1]);
    default: return FLOW_MESSAGE_UNKNOWN;
    }
}

/* 3GPP TS 29.244, 7.3. */
static enum flow_message pfcp(const uint8_t *data, size_t length)
{
    static const struct flow_code types[] = {
        { 1, REQUEST },   { 2, RESPONSE },  /* Heartbeat */
        { 3, REQUEST },   { 4, RESPONSE },  /* PFD Management */
        { 5, REQUEST },   { 6, RESPONSE },  /* Association Setup */
        { 7, REQUEST },   { 8, RESPONSE },  /* Association Update */
        { 9, REQUEST },   { 10, RESPONSE }, /* Association Release */
        { 11, RESPONSE },                   /* Version Not Supported */
        { 12, REQUEST },  { 13, RESPONSE }, /* Node Report */
        { 14, REQUEST },  { 15, RESPONSE }, /* Session Set Deletion */
        { 16, REQUEST },  { 17, RESPONSE }, /* Session Set Modification */
        { 50, REQUEST },  { 51, RESPONSE }, /* Session Establishment */
        { 52, REQUEST },  { 53, RESPONSE }, /* Session Modification */
        { 54, REQUEST },  { 55, RESPONSE }, /* Session Deletion */
        { 56, REQUEST },  { 57, RESPONSE }, /* Session Report */
    };
    enum { VERSION = 1 };

    return length < 2 || data[0] >> 5 != VERSION ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(types, data[1]);
}

/* A cookie answers either side, and data goes both ways. */
static enum flow_message wireguard(const uint8_t *data, size_t length)
{
    static const struct flow_code types[] = { { 1, REQUEST }, { 2, RESPONSE } };

    if (length < 4 || data[1] || data[2] || data[3])
        return FLOW_MESSAGE_UNKNOWN;
    return LOOK_UP(types, data[0]);
}

/* A reset has key 0, and a session id follows. */
static enum flow_message openvpn(const uint8_t *data, size_t length)
{
    static const struct flow_code resets[] = {
        { 1 << 3, REQUEST },  { 2 << 3, RESPONSE }, /* client's, server's of version 1 */
        { 7 << 3, REQUEST },  { 8 << 3, RESPONSE }, /* version 2 */
        { 10 << 3, REQUEST },                       /* the client's of version 3 */
    };

    return length < 9 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(resets, data[0]);
}

static bool are_all(const uint8_t *data, size_t count, bool (*is)(uint8_t byte))
{
    for (size_t i = 0; i < count; i++)
        if (!is(data[i]))
            return false;
    return true;
}

static bool is_letter(uint8_t byte)
{
    return g_ascii_isalpha(byte);
}

static bool is_digit(uint8_t byte)
{
    return g_ascii_isdigit(byte);
}

/* A verb of four letters, or a number of three digits; 0xx acknowledges one (RFC 3435, 2.4). */
static enum flow_message mgcp(const uint8_t *data, size_t length)
{
    enum { VERB = 4, NUMBER = 3 };

    if (length > VERB && are_all(data, VERB, is_letter) && data[VERB] == ' ')
        return FLOW_MESSAGE_REQUEST;
    if (length > NUMBER && are_all(data, NUMBER, is_digit) && data[NUMBER] == ' ' && data[0] != '0')
        return FLOW_MESSAGE_RESPONSE;
    return FLOW_MESSAGE_UNKNOWN;
}

/* The class of a code; 0.00 is an empty message, which either side sends (RFC 7252, 3). */
static enum flow_message coap(const uint8_t *data, size_t length)
{
    enum { VERSION = 1, EMPTY = 0 };
    static const struct flow_code classes[] = {
        { 0, REQUEST }, { 2, RESPONSE }, { 4, RESPONSE }, { 5, RESPONSE }
    };

    if (length < 4 || data[0] >> 6 != VERSION || data[1] == EMPTY)
        return FLOW_MESSAGE_UNKNOWN;
    return LOOK_UP(classes, data[1] >> 5);
}

/* Only what a client sends to the port of TFTP; the rest goes between ports of its own. */
static enum flow_message tftp(const uint8_t *data, size_t length)
{
    static const struct flow_code opcodes[] = { { 1, REQUEST }, { 2, REQUEST } }; /* RRQ, WRQ */

    return length < 2 ? FLOW_MESSAGE_UNKNOWN : LOOK_UP(opcodes, flow_be16(data));
}

/* How long messages on a stream are. */

enum { LENGTH16 = 2, LENGTH32 = 4 };

/* A length of 2 bytes before the message (RFC 1035, 4.2.2; OpenVPN). */
static size_t length16_size(const uint8_t *data, size_t length)
{
    return length < LENGTH16 ? 0 : LENGTH16 + (size_t)flow_be16(data);
}

/* One of 4 bytes, whose first bit is reserved (RFC 4120, 7.2.2). */
static size_t length32_size(const uint8_t *data, size_t length)
{
    return length < LENGTH32 ? 0 : LENGTH32 + (size_t)(flow_be32(data) & INT32_MAX);
}

/* In a record mark that bit is set in the last fragment (RFC 5531, 11); others have no end yet. */
static size_t rpc_size(const uint8_t *data, size_t length)
{
    return length > 0 && (data[0] & 0x80) ? length32_size(data, length) : 0;
}

static size_t tls_size(const uint8_t *data, size_t length)
{
    return length < 5 ? 0 : 5 + flow_be16(data + 3);
}

static size_t stun_size(const uint8_t *data, size_t length)
{
    return length < 4 ? 0 : 20 + flow_be16(data + 2);
}

static size_t radius_size(const uint8_t *data, size_t length)
{
    return length < 4 ? 0 : flow_be16(data + 2);
}

static size_t ber_size(const uint8_t *data, size_t length)
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
    const char *last = g_strstr_len(header, (gssize)length, end);
    if (last) {
        gssize header_size = last + strlen(end) - header;
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
    { "dns", dns, length16_size, LENGTH16 },
    { "mdns", dns, NULL, 0 },
    { "llmnr", dns, NULL, 0 },
    { "nbns", dns, NULL, 0 },
    { "dhcp", dhcp, NULL, 0 },
    { "dhcpv6", dhcpv6, NULL, 0 },
    { "ntp", ntp, NULL, 0 },
    { "http", http, text_size, 0 },
    { "ssdp", http, NULL, 0 },
    { "tls", tls, tls_size, 0 },
    { "dtls", dtls, NULL, 0 },
    { "quic", quic, NULL, 0 },
    { "stun", stun, stun_size, 0 },
    { "classicstun", stun, NULL, 0 }, /* RFC 3489, without the cookie */
    { "sip", sip, text_size, 0 },
    { "radius", radius, radius_size, 0 },
    { "snmp", snmp, ber_size, 0 },
    { "rpc", rpc, rpc_size, LENGTH32 },
    { "bt-dht", bt_dht, NULL, 0 },
    { "isakmp", isakmp, NULL, 0 },
    { "udpencap", isakmp_in_udp, NULL, 0 },
    { "rip", rip, NULL, 0 },
    { "ripng", rip, NULL, 0 },
    { "ldap", ldap, ber_size, 0 },
    { "cldap", ldap, NULL, 0 },
    { "gtp", gtp, NULL, 0 },
    { "gtpv2", gtp, NULL, 0 },
    { "pfcp", pfcp, NULL, 0 },
    { "wg", wireguard, NULL, 0 },
    { "openvpn", openvpn, length16_size, LENGTH16 },
    { "mgcp", mgcp, NULL, 0 },
    { "coap", coap, NULL, 0 },
    { "kerberos", kerberos, length32_size, LENGTH32 },
    { "tftp", tftp, NULL, 0 },
};
const size_t flow_application_count = G_N_ELEMENTS(flow_applications);

static enum flow_message on_stream_says(const struct flow_application *application,
                                        const uint8_t *data, size_t length)
{
    size_t prefix = application->tcp_prefix;
    size_t size = application->tcp_size ? application->tcp_size(data, length) : 0;

    if (size < prefix || size == 0 || size > length)
        return FLOW_MESSAGE_UNKNOWN;
    return application->says(data + prefix, length - prefix);
}

enum flow_message flow_application_message(const struct flow_application *application,
                                           bool on_stream, const uint8_t *data, size_t length)
{
    return on_stream ? on_stream_says(application, data, length) : application->says(data, length);
}
