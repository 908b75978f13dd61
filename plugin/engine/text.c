#include "text.h"

#include "number_text.h"

#include <glib.h>
#include <string.h>

/* Room for an address in brackets and a port. */
enum { END_TEXT_LEN = FLOW_ADDR_TEXT_LEN + FLOW_NUMBER_TEXT_LEN };

/* Write an end of the flow where there is room for it; return where its text ends. */
static char *put_end(char *at, const struct flow *flow, enum flow_dir sender)
{
    const struct flow_end *end = flow_end_of(flow, sender);
    bool has_port = flow->key.bits & FLOW_TUPLE_PORTS;
    bool is_bracketed = has_port && flow->key.family == FLOW_IPV6;

    at = g_stpcpy(at, is_bracketed ? "[" : "");
    flow_addr_text(flow->key.family, end->addr, at);
    at += strlen(at);
    return has_port ? flow_put_integer(g_stpcpy(at, is_bracketed ? "]:" : ":"), end->port) : at;
}

void flow_end_text(const struct flow *flow, enum flow_dir sender, char *ret_text, size_t size)
{
    char text[END_TEXT_LEN];

    put_end(text, flow, sender);
    g_strlcpy(ret_text, text, size);
}

void flow_protocol_text(const struct flow *flow, char *ret_text, size_t size)
{
    static const char *const ip[256] = {
        [1] = "ICMP",   [2] = "IGMP",    [4] = "IPIP",   [6] = "TCP",        [17] = "UDP",
        [33] = "DCCP",  [41] = "IPv6",   [46] = "RSVP",  [47] = "GRE",       [50] = "ESP",
        [51] = "AH",    [58] = "ICMPv6", [88] = "EIGRP", [89] = "OSPF",      [103] = "PIM",
        [112] = "VRRP", [115] = "L2TP",  [132] = "SCTP", [136] = "UDP-Lite",
    };
    static const struct {
        uint16_t type;
        const char *name;
    } link[] = {
        { 0x0000, "802.3" }, { 0x0800, "IPv4" }, { 0x0806, "ARP" },    { 0x8035, "RARP" },
        { 0x86dd, "IPv6" },  { 0x8809, "Slow" }, { 0x8863, "PPPoED" }, { 0x8864, "PPPoES" },
        { 0x888e, "EAPOL" }, { 0x88cc, "LLDP" }, { 0x88f7, "PTP" },
    };

    if (flow->key.family != FLOW_LINK) {
        if (ip[flow->key.protocol])
            g_strlcpy(ret_text, ip[flow->key.protocol], size);
        else
            g_snprintf(ret_text, size, "IP %u", flow->key.protocol);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(link); i++)
        if (link[i].type == flow->key.ident) {
            g_strlcpy(ret_text, link[i].name, size);
            return;
        }
    g_snprintf(ret_text, size, "EtherType 0x%04x", flow->key.ident);
}

enum { PROTOCOL_TEXT_LEN = 32 };

static void make_tuple_text(const struct flow *flow, char ret_text[FLOW_TUPLE_TEXT_LEN])
{
    char ident[16] = "", *at;

    if (flow->key.bits & FLOW_TUPLE_IDENT)
        g_snprintf(ident, sizeof ident, " id %u", flow->key.ident);
    /* Together they are shorter than the text; printf would take as long again as all of them. */
    flow_protocol_text(flow, ret_text, PROTOCOL_TEXT_LEN);
    at = put_end(g_stpcpy(ret_text + strlen(ret_text), " "), flow, FLOW_UP);
    at = put_end(g_stpcpy(at, " → "), flow, FLOW_DOWN);
    g_stpcpy(at, ident);
}

/* It is asked for at every packet that is shown, and depends on nothing but key and source. */
void flow_tuple_text(const struct flow *flow, char ret_text[FLOW_TUPLE_TEXT_LEN])
{
    enum { RECENT = 256 };
    static struct {
        struct flow_key key;
        uint8_t source;
        char text[FLOW_TUPLE_TEXT_LEN];
    } recent[RECENT];
    unsigned slot = flow->id % RECENT;

    if (!*recent[slot].text || recent[slot].source != flow->source ||
        !flow_key_equal(&recent[slot].key, &flow->key)) {
        recent[slot].key = flow->key;
        recent[slot].source = flow->source;
        make_tuple_text(flow, recent[slot].text);
    }
    g_stpcpy(ret_text, recent[slot].text);
}
