#include "transport.h"

#include <flowstats/packet.h>

bool fs_has_ports(uint8_t protocol)
{
    switch (protocol) {
    case FLOW_PROTOCOL_TCP:
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_UDPLITE:
    case FLOW_PROTOCOL_SCTP:
    case FLOW_PROTOCOL_DCCP: return true;
    default: return false;
    }
}

/* Echo, timestamp, information, mask, extended echo. */
bool fs_transport_header(uint8_t protocol, const uint8_t *header, uint32_t captured,
                         uint32_t *ret_length)
{
    switch (protocol) {
    case FLOW_PROTOCOL_TCP: return fs_tcp_header(header, captured, ret_length);
    case FLOW_PROTOCOL_DCCP:
        if (captured <= 4)
            return false;
        *ret_length = header[4] * 4u;
        return true;
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_UDPLITE:
    case FLOW_PROTOCOL_ICMP:
    case FLOW_PROTOCOL_ICMPV6: *ret_length = 8; return true;
    case FLOW_PROTOCOL_SCTP: *ret_length = 12; return true;
    default: *ret_length = 0; return true;
    }
}

uint32_t fs_checksum_at(uint8_t protocol)
{
    switch (protocol) {
    case FLOW_PROTOCOL_TCP: return 16;
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_UDPLITE:
    case FLOW_PROTOCOL_DCCP: return 6;
    case FLOW_PROTOCOL_ICMP:
    case FLOW_PROTOCOL_ICMPV6: return 2;
    default: return 0;
    }
}
