#include "address.h"

#include <arpa/inet.h>
#include <glib.h>

void flow_addr_text(enum flow_family family, const uint8_t *addr, char ret_text[FLOW_ADDR_TEXT_LEN])
{
    switch (family) {
    case FLOW_LINK:
        g_snprintf(ret_text, FLOW_ADDR_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", addr[0], addr[1],
                   addr[2], addr[3], addr[4], addr[5]);
        break;
    case FLOW_IPV4: inet_ntop(AF_INET, addr, ret_text, FLOW_ADDR_TEXT_LEN); break;
    case FLOW_IPV6: inet_ntop(AF_INET6, addr, ret_text, FLOW_ADDR_TEXT_LEN); break;
    }
}
