#include "address.h"

#include "number_text.h"

#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif
#include <glib.h>

/* The C library prints four numbers, which takes five times as long. */
static void ipv4_text(const uint8_t addr[4], char *at)
{
    for (unsigned i = 0; i < 4; i++)
        at = flow_put_integer(i > 0 ? g_stpcpy(at, ".") : at, addr[i]);
}

void flow_addr_text(enum flow_family family, const uint8_t *addr, char ret_text[FLOW_ADDR_TEXT_LEN])
{
    switch (family) {
    case FLOW_LINK:
        g_snprintf(ret_text, FLOW_ADDR_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", addr[0], addr[1],
                   addr[2], addr[3], addr[4], addr[5]);
        break;
    case FLOW_IPV4: ipv4_text(addr, ret_text); break;
    case FLOW_IPV6: inet_ntop(AF_INET6, addr, ret_text, FLOW_ADDR_TEXT_LEN); break;
    }
}
