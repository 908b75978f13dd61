#include <engine/application.h>

#include <glib.h>
#include <string.h>

enum {
    REQUEST = FLOW_MESSAGE_REQUEST,
    RESPONSE = FLOW_MESSAGE_RESPONSE,
    SILENT = FLOW_MESSAGE_UNKNOWN,
};

/* Literal messages. */
struct message {
    const char *claim;
    const char *application;
    int message;
    size_t length;
    const uint8_t *data;
};

#define BYTES(...)                                                                                 \
    sizeof((const uint8_t[]){ __VA_ARGS__ }), (const uint8_t[])                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define TEXT(text) sizeof(text) - 1, (const uint8_t *)(text)

#define DNS_QUESTION 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 0, 0, 1, 0, 1
#define DHCP(op, ...)                                                                              \
    BYTES([0] = op, 1, 6, 0, 0x39, 3, 0xf3, 0x26, [28] = 2, 0, 0, 0, 0, 1, [236] = 0x63, 0x82,     \
          0x53, 0x63, __VA_ARGS__)
#define TLS_RECORD(type, handshake) BYTES(type, 3, 1, 0, 6, handshake, 0, 0, 2, 3, 3)
#define DTLS_RECORD(type, epoch, handshake)                                                        \
    BYTES(type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, 14, handshake, 0, 0, 2, 0, 0, 0, 0, 0,  \
          0, 0, 2, 0xfe, 0xfd)
#define STUN_COOKIE    0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define SNMP_COMMUNITY 4, 6, 'p', 'u', 'b', 'l', 'i', 'c'
#define SNMP_PDU(tag)  tag, 11, 2, 1, 1, 2, 1, 0, 2, 1, 0, 48, 0
#define SNMP_V3        48, 13, 2, 1, 7, 2, 2, 5, 0xdc, 4, 1, 4, 2, 1, 3, 4, 2, 48, 0
#define RADIUS(code)   BYTES(code, 7, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)

#define RPC_CALL          BYTES(1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3)
#define RPC_REPLY(status) BYTES(1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, status, 0, 0, 0, 0)
#define ISAKMP_HEADER(responder, version, flags)                                                   \
    1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, responder, 33, version, 34, flags, 0, 0, 0, 0, 0, \
        0, 0, 28
#define ISAKMP(responder, version, flags) BYTES(ISAKMP_HEADER(responder, version, flags))
#define LDAP_MESSAGE(operation)           BYTES(0x30, 5, 2, 1, 1, operation, 0)
#define LDAP(claim, request, response)                                                             \
    { claim "-request", "ldap", REQUEST, LDAP_MESSAGE(request) },                                  \
    {                                                                                              \
        claim "-response", "ldap", RESPONSE, LDAP_MESSAGE(response)                                \
    }
#define SESSION 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0

static const struct message messages[] = {
    { "query", "dns", REQUEST, BYTES(0x12, 0x34, 0x01, 0x00, DNS_QUESTION) },
    { "answer", "dns", RESPONSE, BYTES(0x12, 0x34, 0x81, 0x80, DNS_QUESTION) },
    { "query", "mdns", REQUEST, BYTES(0, 0, 0, 0, DNS_QUESTION) },
    { "announcement", "mdns", RESPONSE, BYTES(0, 0, 0x84, 0, DNS_QUESTION) },
    { "query", "llmnr", REQUEST, BYTES(7, 7, 0, 0, DNS_QUESTION) },
    { "answer", "llmnr", RESPONSE, BYTES(7, 7, 0x80, 0, DNS_QUESTION) },
    { "query", "nbns", REQUEST, BYTES(7, 7, 0x01, 0x10, DNS_QUESTION) },
    { "answer", "nbns", RESPONSE, BYTES(7, 7, 0x85, 0, DNS_QUESTION) },

    { "discover", "dhcp", REQUEST, DHCP(1, 53, 1, 1, 255) },
    { "offer", "dhcp", RESPONSE, DHCP(2, 53, 1, 2, 255) },
    { "request", "dhcp", REQUEST, DHCP(1, 53, 1, 3, 255) },
    { "decline", "dhcp", REQUEST, DHCP(1, 53, 1, 4, 255) },
    { "ack", "dhcp", RESPONSE, DHCP(2, 53, 1, 5, 255) },
    { "nak", "dhcp", RESPONSE, DHCP(2, 53, 1, 6, 255) },
    { "release", "dhcp", REQUEST, DHCP(1, 53, 1, 7, 255) },
    { "inform", "dhcp", REQUEST, DHCP(1, 53, 1, 8, 255) },
    { "force-renew", "dhcp", RESPONSE, DHCP(2, 53, 1, 9, 255) },
    { "lease-query", "dhcp", REQUEST, DHCP(1, 53, 1, 10, 255) },
    { "lease-unassigned", "dhcp", RESPONSE, DHCP(2, 53, 1, 11, 255) },
    { "lease-unknown", "dhcp", RESPONSE, DHCP(2, 53, 1, 12, 255) },
    { "lease-active", "dhcp", RESPONSE, DHCP(2, 53, 1, 13, 255) },
    { "type-after-other-options", "dhcp", RESPONSE,
      DHCP(2, 0, 0, 54, 4, 10, 0, 0, 1, 53, 1, 5, 255) },
    { "bootp-request", "dhcp", REQUEST, DHCP(1, 255) },
    { "bootp-reply", "dhcp", RESPONSE, DHCP(2, 255) },

    { "solicit", "dhcpv6", REQUEST, BYTES(1, 0, 1, 2, 0, 8, 0, 2, 0, 0) },
    { "advertise", "dhcpv6", RESPONSE, BYTES(2, 0, 1, 2, 0, 8, 0, 2, 0, 0) },
    { "request", "dhcpv6", REQUEST, BYTES(3, 0, 1, 2) },
    { "confirm", "dhcpv6", REQUEST, BYTES(4, 0, 1, 2) },
    { "renew", "dhcpv6", REQUEST, BYTES(5, 0, 1, 2) },
    { "rebind", "dhcpv6", REQUEST, BYTES(6, 0, 1, 2) },
    { "reply", "dhcpv6", RESPONSE, BYTES(7, 0, 1, 2) },
    { "release", "dhcpv6", REQUEST, BYTES(8, 0, 1, 2) },
    { "decline", "dhcpv6", REQUEST, BYTES(9, 0, 1, 2) },
    { "reconfigure", "dhcpv6", RESPONSE, BYTES(10, 0, 1, 2) },
    { "information-request", "dhcpv6", REQUEST, BYTES(11, 0, 1, 2) },
    { "relay-forward", "dhcpv6", REQUEST, BYTES(12, 0, 0xfe, 0x80) },
    { "relay-reply", "dhcpv6", RESPONSE, BYTES(13, 0, 0xfe, 0x80) },
    { "lease-query", "dhcpv6", REQUEST, BYTES(14, 0, 1, 2) },
    { "lease-query-reply", "dhcpv6", RESPONSE, BYTES(15, 0, 1, 2) },
    { "unheard-of", "dhcpv6", SILENT, BYTES(200, 0, 1, 2) },

    { "symmetric-active", "ntp", REQUEST, BYTES(0x21, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "symmetric-passive", "ntp", RESPONSE, BYTES(0x22, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "client", "ntp", REQUEST, BYTES(0xe3, 0, 6, 0xec, 0, 0, 0, 0) },
    { "server", "ntp", RESPONSE, BYTES(0x24, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "broadcast", "ntp", RESPONSE, BYTES(0x25, 2, 6, 0xe9, 0, 0, 0, 0) },
    { "reserved", "ntp", SILENT, BYTES(0x20, 2, 6, 0xe9) },
    { "control", "ntp", SILENT, BYTES(0x16, 2, 0, 1) },
    { "private", "ntp", SILENT, BYTES(0x17, 0, 3, 42) },

    { "get", "http", REQUEST, TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
    { "post", "http", REQUEST, TEXT("POST /form HTTP/1.0\r\n\r\n") },
    { "options", "http", REQUEST, TEXT("OPTIONS * HTTP/1.1\r\n\r\n") },
    { "connect", "http", REQUEST, TEXT("CONNECT a:443 HTTP/1.1\r\n\r\n") },
    { "hyphenated-method", "http", REQUEST, TEXT("VERSION-CONTROL /a HTTP/1.1\r\n") },
    { "ok", "http", RESPONSE, TEXT("HTTP/1.1 200 OK\r\n\r\n") },
    { "not-found", "http", RESPONSE, TEXT("HTTP/1.0 404 Not Found\r\n\r\n") },
    { "middle-of-a-body", "http", SILENT, TEXT("<p>GET this</p>") },
    { "words-of-a-body", "http", SILENT, TEXT(" AND SO ON") },
    { "binary-body", "http", SILENT, BYTES(0x1f, 0x8b, 8, 0, 0, 0) },

    { "search", "ssdp", REQUEST, TEXT("M-SEARCH * HTTP/1.1\r\n\r\n") },
    { "notify", "ssdp", REQUEST, TEXT("NOTIFY * HTTP/1.1\r\n\r\n") },
    { "found", "ssdp", RESPONSE, TEXT("HTTP/1.1 200 OK\r\n\r\n") },

    { "client-hello", "tls", REQUEST, TLS_RECORD(22, 1) },
    { "server-hello", "tls", RESPONSE, TLS_RECORD(22, 2) },
    { "certificate", "tls", SILENT, TLS_RECORD(22, 11) },
    { "change-cipher-spec", "tls", SILENT, BYTES(20, 3, 3, 0, 1, 1) },
    { "application-data", "tls", SILENT, TLS_RECORD(23, 1) },
    { "alert", "tls", SILENT, BYTES(21, 3, 3, 0, 2, 1, 0) },

    { "client-hello", "dtls", REQUEST, DTLS_RECORD(22, 0, 1) },
    { "server-hello", "dtls", RESPONSE, DTLS_RECORD(22, 0, 2) },
    { "certificate", "dtls", SILENT, DTLS_RECORD(22, 0, 11) },
    { "application-data", "dtls", SILENT, DTLS_RECORD(23, 1, 1) },
    { "another-type-of-record", "dtls", SILENT, DTLS_RECORD(20, 0, 1) },
    { "encrypted-handshake-is-no-hello", "dtls", SILENT, DTLS_RECORD(22, 1, 1) },

    { "client-hello", "quic", REQUEST, BYTES(6, 0, 0x41, 0x0a, 1, 0, 1, 6, 3, 3) },
    { "server-hello-after-ack", "quic", RESPONSE,
      BYTES(2, 0, 0x40, 0x64, 0, 0, 6, 0, 0x40, 0x5a, 2, 0, 0, 0x56, 3, 3) },
    { "server-hello-after-ack-of-ranges", "quic", RESPONSE,
      BYTES(2, 9, 0, 2, 0, 9, 8, 9, 8, 6, 0, 4, 2, 0, 0, 0) },
    { "server-hello-after-ack-with-ecn", "quic", RESPONSE,
      BYTES(3, 9, 0, 0, 0, 9, 8, 9, 6, 0, 4, 2, 0, 0, 0) },
    { "client-hello-after-padding-and-ping", "quic", REQUEST,
      BYTES(0, 0, 0, 1, 0, 6, 0, 4, 1, 0, 0, 0) },
    { "client-hello-in-shuffled-pieces", "quic", REQUEST,
      BYTES(6, 4, 3, 9, 9, 9, 1, 6, 0, 4, 1, 0, 0, 3) },
    { "middle-of-a-client-hello", "quic", SILENT, BYTES(6, 0x41, 0, 2, 1, 1) },
    { "ack-alone", "quic", SILENT, BYTES(2, 0, 0, 0, 0) },
    { "connection-close", "quic", SILENT, BYTES(0x1c, 0, 6, 0) },

    { "binding-request", "stun", REQUEST, BYTES(0, 1, STUN_COOKIE) },
    { "binding-success", "stun", RESPONSE, BYTES(1, 1, STUN_COOKIE) },
    { "binding-error", "stun", RESPONSE, BYTES(1, 0x11, STUN_COOKIE) },
    { "binding-indication", "stun", SILENT, BYTES(0, 0x11, STUN_COOKIE) },
    { "allocate-request", "stun", REQUEST, BYTES(0, 3, STUN_COOKIE) },
    { "allocate-success", "stun", RESPONSE, BYTES(1, 3, STUN_COOKIE) },
    { "data-indication", "stun", SILENT, BYTES(0, 0x17, STUN_COOKIE) },
    { "binding-request", "classicstun", REQUEST, BYTES(0, 1, 0, 8, 1, 2, 3, 4) },
    { "binding-success", "classicstun", RESPONSE, BYTES(1, 1, 0, 8, 1, 2, 3, 4) },
    { "channel-data-is-no-request", "stun", SILENT, BYTES(0x40, 1, 0, 4, 1, 2, 3, 4) },

    { "invite", "sip", REQUEST, TEXT("INVITE sip:bob@a SIP/2.0\r\n") },
    { "register", "sip", REQUEST, TEXT("REGISTER sip:a SIP/2.0\r\n") },
    { "ringing", "sip", RESPONSE, TEXT("SIP/2.0 180 Ringing\r\n") },
    { "ok", "sip", RESPONSE, TEXT("SIP/2.0 200 OK\r\n") },
    { "keep-alive", "sip", SILENT, TEXT("\r\n\r\n") },

    { "access-request", "radius", REQUEST, RADIUS(1) },
    { "access-accept", "radius", RESPONSE, RADIUS(2) },
    { "access-reject", "radius", RESPONSE, RADIUS(3) },
    { "accounting-request", "radius", REQUEST, RADIUS(4) },
    { "accounting-response", "radius", RESPONSE, RADIUS(5) },
    { "access-challenge", "radius", RESPONSE, RADIUS(11) },
    { "status-server", "radius", REQUEST, RADIUS(12) },
    { "disconnect-request", "radius", REQUEST, RADIUS(40) },
    { "disconnect-ack", "radius", RESPONSE, RADIUS(41) },
    { "disconnect-nak", "radius", RESPONSE, RADIUS(42) },
    { "coa-request", "radius", REQUEST, RADIUS(43) },
    { "coa-ack", "radius", RESPONSE, RADIUS(44) },
    { "coa-nak", "radius", RESPONSE, RADIUS(45) },
    { "unheard-of", "radius", SILENT, RADIUS(250) },

    { "get", "snmp", REQUEST, BYTES(48, 24, 2, 1, 0, SNMP_COMMUNITY, SNMP_PDU(0xa0)) },
    { "get-next", "snmp", REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa1)) },
    { "response", "snmp", RESPONSE, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa2)) },
    { "set", "snmp", REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa3)) },
    { "get-bulk", "snmp", REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa5)) },
    { "inform", "snmp", REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa6)) },
    { "trap", "snmp", REQUEST, BYTES(48, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa7)) },
    { "trap-of-version-1", "snmp", REQUEST,
      BYTES(48, 24, 2, 1, 0, SNMP_COMMUNITY, SNMP_PDU(0xa4)) },
    { "response-with-long-lengths", "snmp", RESPONSE,
      BYTES(48, 0x82, 0, 28, 2, 1, 1, 4, 0x81, 6, 'p', 'u', 'b', 'l', 'i', 'c', SNMP_PDU(0xa2)) },
    { "get-with-lengths-of-three-octets", "snmp", REQUEST,
      BYTES(48, 0x83, 0, 0, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa0)) },
    { "response-with-lengths-of-four-octets", "snmp", RESPONSE,
      BYTES(48, 0x84, 0, 0, 0, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa2)) },
    { "response-with-a-community-of-256-octets", "snmp", RESPONSE,
      BYTES(48, 0x82, 1, 20, 2, 1, 1, 4, 0x82, 1, 0, [11 + 256] = SNMP_PDU(0xa2)) },
    { "lengths-of-five-octets-are-none", "snmp", SILENT,
      BYTES(48, 0x85, 0, 0, 0, 0, 24, 2, 1, 1, SNMP_COMMUNITY, SNMP_PDU(0xa2)) },
    { "get-of-version-3", "snmp", REQUEST,
      BYTES(48, 41, 2, 1, 3, SNMP_V3, 48, 17, 4, 0, 4, 0, SNMP_PDU(0xa0)) },
    { "response-of-version-3", "snmp", RESPONSE,
      BYTES(48, 41, 2, 1, 3, SNMP_V3, 48, 17, 4, 0, 4, 0, SNMP_PDU(0xa2)) },
    { "report-of-version-3", "snmp", RESPONSE,
      BYTES(48, 41, 2, 1, 3, SNMP_V3, 48, 17, 4, 0, 4, 0, SNMP_PDU(0xa8)) },
    { "response-in-a-context", "snmp", RESPONSE,
      BYTES(48, 47, 2, 1, 3, SNMP_V3, 48, 23, 4, 3, 0x80, 0, 1, 4, 3, 'c', 't', 'x',
            SNMP_PDU(0xa2)) },
    { "encrypted", "snmp", SILENT, BYTES(48, 28, 2, 1, 3, SNMP_V3, 4, 4, 0xa0, 0xa0, 0xa2, 0xa2) },
    { "not-snmp", "snmp", SILENT, BYTES(0x31, 3, 2, 1, 1) },

    { "call", "rpc", REQUEST, RPC_CALL },
    { "accepted", "rpc", RESPONSE, RPC_REPLY(0) },
    { "denied", "rpc", RESPONSE, RPC_REPLY(1) },
    { "reply-of-no-status", "rpc", SILENT, RPC_REPLY(2) },
    { "call-of-another-version", "rpc", SILENT, BYTES(1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 3) },
    { "neither-call-nor-reply", "rpc", SILENT, BYTES(1, 2, 3, 4, 0, 0, 0, 2, 0, 0, 0, 2) },

    { "ping", "bt-dht", REQUEST, TEXT("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe") },
    { "pong", "bt-dht", RESPONSE, TEXT("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re") },
    { "error", "bt-dht", RESPONSE, TEXT("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee") },
    { "nodes-in-lists", "bt-dht", RESPONSE,
      TEXT("d2:ip6:aaaaaa1:rd2:id2:ab6:valuesl6:axje.u6:idhtnmee1:t1:a1:v4:LT011:y1:re") },
    { "y-inside-a-value-is-no-type", "bt-dht", SILENT, TEXT("d1:ad1:y1:qe1:t2:aae") },
    { "type-of-two-letters", "bt-dht", SILENT, TEXT("d1:y2:qre") },
    { "type-that-is-a-number", "bt-dht", SILENT, TEXT("d1:yi1ee") },
    { "a-list", "bt-dht", SILENT, TEXT("l1:y1:qe") },
    { "length-without-end", "bt-dht", SILENT, TEXT("d99999999999999999999999999:y1:qe") },
    { "length-without-digits", "bt-dht", SILENT, TEXT("d:i1e1:y1:qe") },
    { "end-without-beginning", "bt-dht", SILENT, TEXT("d1:aee1:y1:qe") },

    { "request-of-version-2", "isakmp", REQUEST, ISAKMP(7, 0x20, 0x08) },
    { "response-of-version-2", "isakmp", RESPONSE, ISAKMP(7, 0x20, 0x20) },
    { "response-of-the-initiator", "isakmp", RESPONSE, ISAKMP(7, 0x20, 0x28) },
    { "first-request-of-version-2", "isakmp", REQUEST, ISAKMP(0, 0x20, 0x08) },
    { "first-message-of-version-1", "isakmp", REQUEST, ISAKMP(0, 0x10, 0) },
    { "later-message-of-version-1", "isakmp", SILENT, ISAKMP(7, 0x10, 0x20) },
    { "another-version", "isakmp", SILENT, ISAKMP(0, 0x30, 0x20) },
    { "request-on-4500", "udpencap", REQUEST, BYTES(0, 0, 0, 0, ISAKMP_HEADER(7, 0x20, 0x08)) },
    { "response-on-4500", "udpencap", RESPONSE, BYTES(0, 0, 0, 0, ISAKMP_HEADER(7, 0x20, 0x20)) },
    { "esp", "udpencap", SILENT, BYTES(0, 0, 1, 0, ISAKMP_HEADER(7, 0x20, 0x20)) },
    { "keep-alive", "udpencap", SILENT, BYTES(0xff) },

    { "request", "rip", REQUEST, BYTES(1, 2, 0, 0, 0, 0, 0, 0) },
    { "response", "rip", RESPONSE, BYTES(2, 2, 0, 0, 0, 2, 0, 0) },
    { "request", "ripng", REQUEST, BYTES(1, 1, 0, 0) },
    { "response", "ripng", RESPONSE, BYTES(2, 1, 0, 0) },
    { "trace-on", "rip", SILENT, BYTES(3, 1, 0, 0) },

    LDAP("bind", 0x60, 0x61),
    LDAP("modify", 0x66, 0x67),
    LDAP("add", 0x68, 0x69),
    LDAP("delete", 0x4a, 0x6b),
    LDAP("modify-dn", 0x6c, 0x6d),
    LDAP("compare", 0x6e, 0x6f),
    LDAP("extended", 0x77, 0x78),
    LDAP("search", 0x63, 0x64),
    { "search-done", "ldap", RESPONSE, LDAP_MESSAGE(0x65) },
    { "search-reference", "ldap", RESPONSE, LDAP_MESSAGE(0x73) },
    { "intermediate", "ldap", RESPONSE, LDAP_MESSAGE(0x79) },
    { "unbind", "ldap", REQUEST, LDAP_MESSAGE(0x42) },
    { "abandon", "ldap", REQUEST, LDAP_MESSAGE(0x50) },
    { "unheard-of", "ldap", SILENT, LDAP_MESSAGE(0x7f) },
    { "search-with-long-lengths", "ldap", REQUEST,
      BYTES(0x30, 0x84, 0, 0, 0, 10, 2, 2, 1, 7, 0x63, 0x84, 0, 0, 0, 0) },
    { "sasl-wrapped", "ldap", SILENT, BYTES(0, 0, 1, 0, 0x30, 5, 2, 1, 1, 0x63) },
    { "search", "cldap", REQUEST, LDAP_MESSAGE(0x63) },
    { "entry", "cldap", RESPONSE, LDAP_MESSAGE(0x64) },
    { "with-a-user", "cldap", SILENT, BYTES(0x30, 8, 2, 1, 1, 4, 1, 'u', 0x63, 0) },

    { "as-req", "kerberos", REQUEST, BYTES(0x6a, 5, 0x30, 3, 0xa1, 1, 5) },
    { "as-rep", "kerberos", RESPONSE, BYTES(0x6b, 5, 0x30, 3, 0xa0, 1, 5) },
    { "tgs-req", "kerberos", REQUEST, BYTES(0x6c, 0x81, 0x85, 0x30, 0x81, 0x82, 0xa1, 3) },
    { "tgs-rep", "kerberos", RESPONSE, BYTES(0x6d, 0x82, 1, 4, 0x30, 0x82, 1, 0, 0xa0, 3) },
    { "ap-req", "kerberos", REQUEST, BYTES(0x6e, 5, 0x30, 3, 0xa0, 1, 5) },
    { "ap-rep", "kerberos", RESPONSE, BYTES(0x6f, 5, 0x30, 3, 0xa0, 1, 5) },
    { "error", "kerberos", RESPONSE, BYTES(0x7e, 5, 0x30, 3, 0xa0, 1, 5) },
    { "safe", "kerberos", SILENT, BYTES(0x74, 5, 0x30, 3, 0xa0, 1, 5) },
    { "version-4", "kerberos", SILENT, BYTES(4, 2, 'u', 's', 'e', 'r', 0) },
    { "no-sequence", "kerberos", SILENT, BYTES(0x6b, 5, 4, 3, 'a', 'b', 'c') },

    { "echo-request", "gtp", REQUEST, BYTES(0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0) },
    { "echo-response", "gtp", RESPONSE, BYTES(0x32, 2, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0) },
    { "create-pdp-context-request", "gtp", REQUEST, BYTES(0x32, 16, 0, 4, 0, 0, 0, 0) },
    { "create-pdp-context-response", "gtp", RESPONSE, BYTES(0x32, 17, 0, 4, 0, 0, 0, 1) },
    { "delete-pdp-context-request-of-version-0", "gtp", REQUEST, BYTES(0x1e, 20, 0, 0, 0, 1) },
    { "user-data", "gtp", SILENT, BYTES(0x30, 255, 0, 4, 0, 0, 0, 1, 1, 2, 3, 4) },
    { "error-indication", "gtp", SILENT, BYTES(0x32, 26, 0, 4, 0, 0, 0, 0) },
    { "gtp-prime", "gtp", SILENT, BYTES(0x0e, 1, 0, 0, 0, 1) },
    { "another-version", "gtp", SILENT, BYTES(0x70, 1, 0, 4, 0, 0, 0, 0) },
    { "create-session-request", "gtpv2", REQUEST, BYTES(0x48, 32, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0) },
    { "create-session-response", "gtpv2", RESPONSE, BYTES(0x48, 33, 0, 8, 0, 0, 0, 1, 0, 0, 1, 0) },
    { "create-bearer-request", "gtpv2", REQUEST, BYTES(0x48, 95, 0, 8, 0, 0, 0, 1, 0, 0, 1, 0) },
    { "create-bearer-response", "gtpv2", RESPONSE, BYTES(0x48, 96, 0, 8, 0, 0, 0, 1, 0, 0, 1, 0) },
    { "a-response-of-version-1", "gtpv2", SILENT, BYTES(0x48, 17, 0, 8, 0, 0, 0, 1) },

    { "heartbeat-request", "pfcp", REQUEST, BYTES(0x20, 1, 0, 4, 0, 0, 1, 0) },
    { "heartbeat-response", "pfcp", RESPONSE, BYTES(0x20, 2, 0, 4, 0, 0, 1, 0) },
    { "session-establishment-request", "pfcp", REQUEST, BYTES(0x21, 50, 0, 12, 0, 0, 0, 0) },
    { "session-establishment-response", "pfcp", RESPONSE, BYTES(0x21, 51, 0, 12, 0, 0, 0, 0) },
    { "session-report-request", "pfcp", REQUEST, BYTES(0x21, 56, 0, 12, 0, 0, 0, 0) },
    { "another-version", "pfcp", SILENT, BYTES(0x40, 2, 0, 4, 0, 0, 1, 0) },
    { "unheard-of", "pfcp", SILENT, BYTES(0x20, 99, 0, 4, 0, 0, 1, 0) },

    { "initiation", "wg", REQUEST, BYTES(1, 0, 0, 0, 7, 7, 7, 7) },
    { "response", "wg", RESPONSE, BYTES(2, 0, 0, 0, 7, 7, 7, 7) },
    { "cookie", "wg", SILENT, BYTES(3, 0, 0, 0, 7, 7, 7, 7) },
    { "data", "wg", SILENT, BYTES(4, 0, 0, 0, 7, 7, 7, 7) },
    { "reserved-bytes", "wg", SILENT, BYTES(2, 0, 1, 0, 7, 7, 7, 7) },

    { "client-reset", "openvpn", REQUEST, BYTES(1 << 3, SESSION) },
    { "server-reset", "openvpn", RESPONSE, BYTES(2 << 3, SESSION) },
    { "client-reset-of-version-2", "openvpn", REQUEST, BYTES(7 << 3, SESSION) },
    { "server-reset-of-version-2", "openvpn", RESPONSE, BYTES(8 << 3, SESSION) },
    { "client-reset-of-version-3", "openvpn", REQUEST, BYTES(10 << 3, SESSION) },
    { "soft-reset", "openvpn", SILENT, BYTES(3 << 3 | 1, SESSION) },
    { "control", "openvpn", SILENT, BYTES(4 << 3, SESSION) },
    { "data", "openvpn", SILENT, BYTES(6 << 3 | 2, SESSION) },
    { "reset-of-a-later-key", "openvpn", SILENT, BYTES(8 << 3 | 1, SESSION) },

    { "verb", "mgcp", REQUEST, TEXT("CRCX 1204 aaln/1@gw MGCP 1.0\r\n") },
    { "verb-in-small-letters", "mgcp", REQUEST, TEXT("ntfy 2002 aaln/1@gw MGCP 1.0\r\n") },
    { "ok", "mgcp", RESPONSE, TEXT("200 1204 OK\r\n") },
    { "provisional", "mgcp", RESPONSE, TEXT("100 1204 Pending\r\n") },
    { "acknowledges-a-response", "mgcp", SILENT, TEXT("000 1204\r\n") },
    { "long-word", "mgcp", SILENT, TEXT("VERBS 1204\r\n") },
    { "long-number", "mgcp", SILENT, TEXT("2000 1204\r\n") },

    { "get", "coap", REQUEST, BYTES(0x40, 1, 0x12, 0x34) },
    { "delete", "coap", REQUEST, BYTES(0x40, 4, 0x12, 0x34) },
    { "content", "coap", RESPONSE, BYTES(0x60, 0x45, 0x12, 0x34) },
    { "not-found", "coap", RESPONSE, BYTES(0x60, 0x84, 0x12, 0x34) },
    { "unavailable", "coap", RESPONSE, BYTES(0x60, 0xa3, 0x12, 0x34) },
    { "empty", "coap", SILENT, BYTES(0x60, 0, 0x12, 0x34) },
    { "reserved-class", "coap", SILENT, BYTES(0x60, 0x21, 0x12, 0x34) },
    { "signal", "coap", SILENT, BYTES(0x60, 0xe1, 0x12, 0x34) },
    { "another-version", "coap", SILENT, BYTES(0x80, 0x45, 0x12, 0x34) },

    { "read", "tftp", REQUEST, BYTES(0, 1, 'f', 0, 'o', 'c', 't', 'e', 't', 0) },
    { "write", "tftp", REQUEST, BYTES(0, 2, 'f', 0, 'o', 'c', 't', 'e', 't', 0) },
    { "data", "tftp", SILENT, BYTES(0, 3, 0, 1, 'x') },
    { "a-type-of-four-bytes", "rpc", SILENT,
      BYTES(1, 2, 3, 4, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3) },
    { "acknowledgement", "tftp", SILENT, BYTES(0, 4, 0, 1) },
    { "error", "tftp", SILENT, BYTES(0, 5, 0, 1, 'x', 0) },
    { "options", "tftp", SILENT, BYTES(0, 6, 't', 0, '1', 0) },
};

static const struct flow_application *application_of(const char *name)
{
    for (size_t i = 0; i < flow_application_count; i++)
        if (strcmp(flow_applications[i].name, name) == 0)
            return &flow_applications[i];
    return NULL;
}

/* In memory of exactly that size, so that the sanitizers see a byte too far. */
static int read_exactly(const char *name, bool on_stream, const uint8_t *data, size_t length)
{
    uint8_t *copy = g_malloc(length + 1); /* g_malloc(0) would be NULL */
    uint8_t *exact = length > 0 ? g_memdup2(data, length) : copy;
    int message = (int)flow_application_message(application_of(name), on_stream, exact, length);

    if (exact != copy)
        g_free(exact);
    g_free(copy);
    return message;
}

static void test_message(const void *data)
{
    const struct message *message = data;
    const char *name = message->application;

    g_assert_cmpint(read_exactly(name, false, message->data, message->length), ==,
                    message->message);

    /* A message that is cut says the same or nothing, and is not read past its end. */
    for (size_t length = 0; length < message->length; length++) {
        int said = read_exactly(name, false, message->data, length);
        g_assert_true(said == SILENT || said == message->message);
    }
    g_assert_cmpint(read_exactly(name, false, message->data, 0), ==, SILENT);
}

/* How much of a datagram must be captured at the least: of all messages above. */
static const struct {
    const char *application;
    size_t request, response; /* bytes; 0: none says so */
} shortest[] = {
    { "dns", 3, 3 },        { "mdns", 3, 3 },        { "llmnr", 3, 3 },    { "nbns", 3, 3 },
    { "dhcp", 1, 1 },       { "dhcpv6", 1, 1 },      { "ntp", 1, 1 },      { "http", 4, 5 },
    { "ssdp", 7, 5 },       { "tls", 6, 6 },         { "dtls", 14, 14 },   { "quic", 5, 11 },
    { "stun", 2, 2 },       { "classicstun", 2, 2 }, { "sip", 7, 4 },      { "radius", 1, 1 },
    { "snmp", 14, 14 },     { "rpc", 12, 12 },       { "bt-dht", 55, 46 }, { "isakmp", 20, 20 },
    { "udpencap", 24, 24 }, { "rip", 1, 1 },         { "ripng", 1, 1 },    { "ldap", 6, 6 },
    { "cldap", 6, 6 },      { "gtp", 2, 2 },         { "gtpv2", 2, 2 },    { "pfcp", 2, 2 },
    { "wg", 4, 4 },         { "openvpn", 9, 9 },     { "mgcp", 5, 4 },     { "coap", 4, 4 },
    { "kerberos", 3, 3 },   { "tftp", 2, 0 },
};

static size_t shortest_of(const char *application, int message)
{
    size_t least = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        if (messages[i].message != message || strcmp(messages[i].application, application) != 0)
            continue;
        size_t length = 1;
        while (length < messages[i].length &&
               read_exactly(application, false, messages[i].data, length) != message)
            length++;
        least = least == 0 ? length : MIN(least, length);
    }
    return least;
}

static void test_the_shortest_that_tells(void)
{
    g_assert_cmpuint(G_N_ELEMENTS(shortest), ==, flow_application_count);
    for (size_t i = 0; i < G_N_ELEMENTS(shortest); i++) {
        g_test_message("%s", shortest[i].application);
        g_assert_cmpuint(shortest_of(shortest[i].application, REQUEST), ==, shortest[i].request);
        g_assert_cmpuint(shortest_of(shortest[i].application, RESPONSE), ==, shortest[i].response);
    }
}

/* The message type of DHCP decides; BOOTP's operation stands in where it is not captured. */
static const struct message dhcp_types[] = {
    { "at once", "dhcp", RESPONSE, DHCP(1, 53, 1, 2, 255) },
    { "after padding", "dhcp", RESPONSE, DHCP(1, 0, 0, 0, 53, 1, 2, 255) },
    { "after another option", "dhcp", RESPONSE, DHCP(1, 50, 4, 53, 1, 1, 1, 53, 1, 2) },
    { "after an empty option", "dhcp", RESPONSE, DHCP(1, 80, 0, 53, 1, 2) },
    { "not after the end", "dhcp", REQUEST, DHCP(1, 255, 53, 1, 2) },
    { "cut before its value", "dhcp", REQUEST, DHCP(1, 53, 1) },
    { "cut inside another option", "dhcp", REQUEST, DHCP(1, 50, 200, 53, 1, 2) },
};

static void test_dhcp_type_goes_before_operation(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(dhcp_types); i++) {
        g_test_message("%s", dhcp_types[i].claim);
        g_assert_cmpint(read_exactly("dhcp", false, dhcp_types[i].data, dhcp_types[i].length), ==,
                        dhcp_types[i].message);
    }
}

/* Messages with random bytes in them are read within their bounds, too. */
static void test_random_messages(void)
{
    GRand *rand = g_rand_new_with_seed(3);

    for (unsigned round = 0; round < 200; round++)
        for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
            uint8_t *copy = g_memdup2(messages[i].data, messages[i].length);

            for (unsigned changes = 0; changes < 3; changes++)
                copy[g_rand_int(rand) % messages[i].length] = (uint8_t)g_rand_int(rand);
            int said = read_exactly(messages[i].application, round % 2, copy,
                                    g_rand_int(rand) % (messages[i].length + 1));
            g_assert_true(said == SILENT || said == REQUEST || said == RESPONSE);
            g_free(copy);
        }
    g_rand_free(rand);
}

static void test_random_bytes(void)
{
    GRand *rand = g_rand_new_with_seed(4);
    uint8_t data[64];

    for (unsigned round = 0; round < 500; round++)
        for (size_t i = 0; i < flow_application_count; i++) {
            for (size_t at = 0; at < sizeof data; at++)
                data[at] = (uint8_t)(g_rand_int(rand) & (round % 2 ? 0xff : 0x8f));
            size_t length = g_rand_int(rand) % (sizeof data + 1);
            read_exactly(flow_applications[i].name, false, data, length);
            read_exactly(flow_applications[i].name, true, data, length);
        }
    g_rand_free(rand);
}

/* Each protocol has one row, and messages of both directions above; TFTP's answers tell nothing. */
static void test_every_application_has_a_row(void)
{
    for (size_t a = 0; a < flow_application_count; a++) {
        const char *name = flow_applications[a].name;
        unsigned requests = 0, responses = 0;

        for (size_t m = 0; m < G_N_ELEMENTS(messages); m++)
            if (strcmp(messages[m].application, name) == 0) {
                requests += messages[m].message == REQUEST;
                responses += messages[m].message == RESPONSE;
            }
        g_test_message("%s", name);
        g_assert_true(application_of(name) == &flow_applications[a]);
        g_assert_cmpuint(requests, >, 0);
        g_assert_cmpuint(responses > 0, ==, strcmp(name, "tftp") != 0);
    }
}

/* On a stream only a message that is whole in its segment tells. */
static const struct message whole_messages[] = {
    { "query", "dns", REQUEST, BYTES(0, 21, 0x12, 0x34, 1, 0, DNS_QUESTION) },
    { "answer", "dns", RESPONSE, BYTES(0, 21, 0x12, 0x34, 0x81, 0x80, DNS_QUESTION) },
    { "request", "http", REQUEST, TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
    { "with-a-body", "http", RESPONSE,
      TEXT("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nbody of mine") },
    { "request", "sip", REQUEST, TEXT("BYE sip:bob@a SIP/2.0\r\n\r\n") },
    { "response", "sip", RESPONSE, TEXT("SIP/2.0 200 OK\r\ncontent-length:0\r\n\r\n") },
    { "client-hello", "tls", REQUEST, TLS_RECORD(22, 1) },
    { "server-hello", "tls", RESPONSE, TLS_RECORD(22, 2) },
    { "request", "stun", REQUEST, BYTES(0, 1, STUN_COOKIE) },
    { "response", "stun", RESPONSE, BYTES(1, 1, STUN_COOKIE) },
    { "request", "radius", REQUEST, RADIUS(1) },
    { "accept", "radius", RESPONSE, RADIUS(2) },
    { "get", "snmp", REQUEST, BYTES(48, 24, 2, 1, 0, SNMP_COMMUNITY, SNMP_PDU(0xa0)) },
    { "response", "snmp", RESPONSE, BYTES(48, 24, 2, 1, 0, SNMP_COMMUNITY, SNMP_PDU(0xa2)) },
    { "call", "rpc", REQUEST,
      BYTES(0x80, 0, 0, 16, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3) },
    { "reply", "rpc", RESPONSE,
      BYTES(0x80, 0, 0, 16, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0) },
    { "search", "ldap", REQUEST, LDAP_MESSAGE(0x63) },
    { "entry", "ldap", RESPONSE, LDAP_MESSAGE(0x64) },
    { "client-reset", "openvpn", REQUEST, BYTES(0, 14, 7 << 3, SESSION) },
    { "server-reset", "openvpn", RESPONSE, BYTES(0, 14, 8 << 3, SESSION) },
    { "as-req", "kerberos", REQUEST, BYTES(0, 0, 0, 7, 0x6a, 5, 0x30, 3, 0xa1, 1, 5) },
    { "as-rep", "kerberos", RESPONSE, BYTES(0, 0, 0, 7, 0x6b, 5, 0x30, 3, 0xa0, 1, 5) },
};

static void test_whole_message(const void *data)
{
    const struct message *message = data;
    const char *name = message->application;

    g_assert_cmpint(read_exactly(name, true, message->data, message->length), ==, message->message);
    for (size_t length = 0; length < message->length; length++)
        g_assert_cmpint(read_exactly(name, true, message->data, length), ==, SILENT);
}

static const struct message silent_on_streams[] = {
    { "no-end-in-sight", "http", SILENT, TEXT("HTTP/1.1 200 OK\r\n\r\n") },
    { "chunks", "http", SILENT,
      TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n") },
    { "chunks-of-a-request", "http", SILENT,
      TEXT("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") },
    { "chunks-whatever-the-length-says", "http", SILENT,
      TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n") },
    { "a-record-goes-on", "rpc", SILENT,
      BYTES(0, 0, 0, 16, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0) },
    { "shorter-than-it-can-be", "rpc", SILENT, BYTES(0x80, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 1) },
    { "datagrams-only", "tftp", SILENT, BYTES(0, 1, 'f', 0, 'o', 'c', 't', 'e', 't', 0) },
};

static void test_silent_on_streams(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(silent_on_streams); i++) {
        const struct message *message = &silent_on_streams[i];

        g_test_message("%s", message->claim);
        g_assert_cmpint(read_exactly(message->application, true, message->data, message->length),
                        ==, SILENT);
    }
}

/* Whatever can speak on a stream has messages of both directions above. */
static void test_every_stream_is_tested(void)
{
    for (size_t a = 0; a < flow_application_count; a++) {
        unsigned count = 0;

        for (size_t m = 0; m < G_N_ELEMENTS(whole_messages); m++)
            count += strcmp(whole_messages[m].application, flow_applications[a].name) == 0;
        g_test_message("%s", flow_applications[a].name);
        g_assert_cmpuint(count, ==, flow_applications[a].tcp_size ? 2 : 0);
    }
}

static void add_messages(const char *transport, const struct message *first, size_t count,
                         GTestDataFunc test)
{
    for (size_t i = 0; i < count; i++) {
        char *path = g_strdup_printf("/application/%s-over-%s/%s", first[i].application, transport,
                                     first[i].claim);
        g_test_add_data_func(path, &first[i], test);
        g_free(path);
    }
}

/* All message types of GTP, in the order of the standards: 3GPP TS 29.060, 7.1; 29.274, 6.1. */
static const struct {
    const char *application;
    uint8_t first_byte;
    uint8_t requests[64], responses[64]; /* 0: no more */
} gtp_versions[] = {
    { "gtp",
      0x32,
      { 1,  16, 18, 20, 22,  24,  27,  29,  32,  34,  36,  48,  50, 53,
        56, 61, 96, 98, 100, 102, 104, 112, 114, 116, 118, 120, 128 },
      { 2,  3,  17, 19, 21, 23,  25,  28,  30,  33,  35,  37,  49,  51,
        54, 57, 62, 97, 99, 101, 103, 105, 113, 115, 117, 119, 121, 129 } },
    { "gtpv2",
      0x48,
      { 1,   32,  34,  36,  38,  95,  97,  99,  101, 128, 130, 133,
        139, 158, 160, 166, 168, 170, 200, 211, 231, 233, 235 },
      { 2,   3,   33,  35,  37,  39,  96,  98,  100, 102, 129, 131,
        134, 140, 159, 161, 167, 169, 171, 201, 212, 232, 234, 236 } },
};

static bool is_among(uint8_t type, const uint8_t types[64])
{
    return type > 0 && memchr(types, type, 64);
}

static void test_types_of_gtp(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(gtp_versions); i++)
        for (unsigned type = 0; type <= UINT8_MAX; type++) {
            const uint8_t message[12] = { gtp_versions[i].first_byte, (uint8_t)type, 0, 4 };
            bool asks = is_among((uint8_t)type, gtp_versions[i].requests);
            bool answers = is_among((uint8_t)type, gtp_versions[i].responses);
            g_assert_cmpint(
                read_exactly(gtp_versions[i].application, false, message, sizeof message), ==,
                asks      ? REQUEST
                : answers ? RESPONSE
                          : SILENT);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    add_messages("udp", messages, G_N_ELEMENTS(messages), test_message);
    add_messages("tcp", whole_messages, G_N_ELEMENTS(whole_messages), test_whole_message);
    g_test_add_func("/application/types-of-gtp", test_types_of_gtp);
    g_test_add_func("/application/silent-on-streams", test_silent_on_streams);
    g_test_add_func("/application/every-stream-is-tested", test_every_stream_is_tested);
    g_test_add_func("/application/dhcp-type-goes-before-operation",
                    test_dhcp_type_goes_before_operation);
    g_test_add_func("/application/the-shortest-that-tells", test_the_shortest_that_tells);
    g_test_add_func("/application/every-application-has-a-row", test_every_application_has_a_row);
    g_test_add_func("/application/changed-messages-are-read-within-bounds", test_random_messages);
    g_test_add_func("/application/random-bytes-are-read-within-bounds", test_random_bytes);
    return g_test_run();
}
