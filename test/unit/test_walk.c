#include "extract.h"
#include "headers.h"
#include "wireshark_stubs.h"

#include <wiretap/wtap.h>

#include <glib.h>
#include <stdlib.h>

/*
 * The walk as a library: the bytes of a frame and the names of its layers go in,
 * and one line says what came out, "PATH: PROTOCOL SENDER > RECEIVER, PAYLOAD" and
 * what else there is.  Wireshark left no addresses, and the IP headers have a wrong
 * checksum, so nothing helps a walk that took the size of a header wrongly.
 */

struct frame {
    const char *layers; /* Wireshark's names, after "frame" */
    const char *bytes;  /* in hexadecimal */
    const char *says;   /* NULL: the frame belongs to no flow */
    int encapsulation;  /* 0: Ethernet */
    const char *second; /* the bytes of the buffer that a dissector added; NULL: none */
    /* Where the IP header is whose addresses Wireshark left, from the end of the last buffer. */
    unsigned left4, left6; /* 0: it left none */
    bool is_copied;        /* those of IPv4 are in no buffer */
};

static const struct fs_walk_options all_keys = { .key_vlan = true,
                                                 .key_labels = true,
                                                 .key_ends = true };

/* From text and back */

static uint8_t *bytes_of(const char *text, size_t *ret_size)
{
    GByteArray *bytes = g_byte_array_new();
    char digits[3] = "";
    size_t at = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        digits[at++ % 2] = *text;
        uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);
        if (at % 2 == 0)
            g_byte_array_append(bytes, &byte, 1);
    }
    g_assert_cmpuint(at % 2, ==, 0);
    *ret_size = bytes->len;
    return g_byte_array_free(bytes, FALSE);
}

/* An address, of whose room the rest is empty. */
static void say_address(GString *line, uint8_t family, const uint8_t *address)
{
    size_t size = family == FLOW_IPV4 ? 4 : family == FLOW_IPV6 ? FLOW_ADDR_LEN : FLOW_MAC_LEN;

    for (size_t i = size; i < FLOW_ADDR_LEN; i++)
        g_assert_cmphex(address[i], ==, 0);
    if (family == FLOW_IPV4)
        g_string_append_printf(line, "%d.%d.%d.%d", address[0], address[1], address[2], address[3]);
    else if (family == FLOW_IPV6)
        g_string_append_printf(line, "v6-%02x-%02x", address[0], address[FLOW_ADDR_LEN - 1]);
    else
        g_string_append_printf(line, "mac-%02x", address[FLOW_MAC_LEN - 1]);
}

static void say_end(GString *line, const struct flow_tuple *tuple, unsigned end)
{
    say_address(line, tuple->family, tuple->end[end].addr);
    if (tuple->bits & FLOW_TUPLE_PORTS)
        g_string_append_printf(line, ":%d", tuple->end[end].port);
}

static void say_tuple(GString *line, const struct flow_tuple *tuple)
{
    g_string_append_printf(line, "%d ", tuple->protocol);
    say_end(line, tuple, 0);
    g_string_append(line, " > ");
    say_end(line, tuple, 1);
    if (tuple->family == FLOW_LINK)
        g_string_append_printf(line, " type %04x", tuple->ident);
    else if (tuple->bits & FLOW_TUPLE_IDENT)
        g_string_append_printf(line, " id %d", tuple->ident);
}

static void say_path(GString *line, const struct flow_layer *layers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct flow_layer *layer = &layers[i];
        g_string_append_printf(line, "%s%s", i ? " " : "", layer->name);
        for (unsigned j = 0; j < layer->ids; j++)
            g_string_append_printf(line, "%c%u", j ? '/' : '=', layer->id[j]);
    }
}

static char *line_of(const struct flow_packet *packet)
{
    GString *line = g_string_new(NULL);
    bool waits = packet->fragment.len > 0 && packet->fragment.waits;

    say_path(line, packet->layers, packet->layer_count);
    g_string_append(line, line->len ? ": " : "");
    say_tuple(line, &packet->tuple);
    g_string_append_printf(line, ", %u", packet->fact.payload_len);
    if (packet->fragment.len > 0)
        g_string_append_printf(line, ", fragment %x of protocol %d at %u, %u%s%s",
                               packet->fragment.ident, packet->fragment.protocol,
                               packet->fragment.offset, packet->fragment.len,
                               packet->fragment.is_last ? ", last" : "", waits ? ", waits" : "");
    if (packet->bits & FLOW_PACKET_CARRIER) {
        bool is_first = packet->bits & FLOW_PACKET_CARRIER_FIRST;
        g_string_append_printf(line, ", %sout of %d layers, ", is_first ? "the first " : "",
                               packet->carrier_layers);
        say_tuple(line, &packet->carrier);
    }
    if (packet->bits & FLOW_PACKET_QUOTE) {
        g_string_append(line, ", quotes ");
        say_tuple(line, &packet->quote);
    }
    return g_string_free(line, FALSE);
}

/* A frame as Wireshark leaves it after its dissection */

struct dissected {
    frame_data frame;
    wtap_rec record;
    packet_info pinfo;
    uint8_t *bytes[2];
    tvbuff_t *tvb[2];
};

static void add_buffer(struct dissected *dissected, unsigned number, const char *text, size_t cut)
{
    size_t size;
    uint8_t *bytes = bytes_of(text, &size), *exact = g_memdup2(bytes, MIN(cut, size));

    g_free(bytes);
    dissected->bytes[number] = exact;
    dissected->tvb[number] = tvb_new_real_data(exact, (unsigned)MIN(cut, size), (int)size);
    add_new_data_source(&dissected->pinfo, dissected->tvb[number], "buffer");
}

static void add_layers(packet_info *pinfo, const char *names)
{
    char **name = g_strsplit(names, " ", 0);

    pinfo->layers = wmem_list_new(pinfo->pool);
    wmem_list_append(pinfo->layers, GINT_TO_POINTER(0));
    for (unsigned i = 0; name[i]; i++)
        wmem_list_append(pinfo->layers,
                         GINT_TO_POINTER(proto_get_id_by_filter_name(g_intern_string(name[i]))));
    g_strfreev(name);
}

/* IPv4 addresses stay where they are, unless a row says otherwise; IPv6 ones are copied. */
static void leave_addresses(struct dissected *dissected, const struct frame *frame)
{
    static uint8_t copies[2][FLOW_ADDR_LEN];
    unsigned last = frame->second ? 1 : 0, left = frame->left4 + frame->left6;
    unsigned captured = tvb_captured_length(dissected->tvb[last]);
    unsigned at = tvb_reported_length(dissected->tvb[last]) - left;
    packet_info *pinfo = &dissected->pinfo;

    if (left == 0 || at + (frame->left4 ? 20 : 40) > captured)
        return;
    const uint8_t *header = dissected->bytes[last] + at;
    if (frame->left4) {
        const uint8_t *pair = header + 12;
        if (frame->is_copied)
            pair = memcpy(copies, pair, 8);
        set_address(&pinfo->net_src, AT_IPv4, 4, pair);
        set_address(&pinfo->net_dst, AT_IPv4, 4, pair + 4);
        return;
    }
    memcpy(copies, header + 8, sizeof copies);
    set_address(&pinfo->net_src, AT_IPv6, FLOW_ADDR_LEN, copies[0]);
    set_address(&pinfo->net_dst, AT_IPv6, FLOW_ADDR_LEN, copies[1]);
}

static struct dissected *dissect(const struct frame *frame, size_t cut)
{
    struct dissected *dissected = g_new0(struct dissected, 1);
    packet_info *pinfo = &dissected->pinfo;

    dissected->record.rec_header.packet_header.pkt_encap =
        frame->encapsulation ? frame->encapsulation : WTAP_ENCAP_ETHERNET;
    pinfo->num = dissected->frame.num = 1;
    pinfo->fd = &dissected->frame;
    pinfo->rec = &dissected->record;
    pinfo->pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    add_layers(pinfo, frame->layers);
    add_buffer(dissected, 0, frame->bytes, cut);
    if (frame->second)
        add_buffer(dissected, 1, frame->second, SIZE_MAX);
    leave_addresses(dissected, frame);
    return dissected;
}

static void dissected_free(struct dissected *dissected)
{
    g_slist_free(dissected->pinfo.data_src);
    wmem_destroy_allocator(dissected->pinfo.pool);
    for (unsigned i = 0; i < 2 && dissected->tvb[i]; i++) {
        tvb_free(dissected->tvb[i]);
        g_free(dissected->bytes[i]);
    }
    g_free(dissected);
}

static char *says_of(struct dissected *dissected)
{
    struct flow_packet packet;
    struct fs_walk walk;

    return fs_extract(dissected->tvb[0], &dissected->pinfo, &all_keys, &walk, &packet)
               ? line_of(&packet)
               : NULL;
}

/* What the walk says of the first so many bytes, every time; NULL: no flow. */
static char *walk_says(const struct frame *frame, size_t cut)
{
    struct dissected *dissected = dissect(frame, cut);
    char *line = says_of(dissected), *again = says_of(dissected);

    g_assert_cmpstr(again, ==, line);
    g_free(again);
    dissected_free(dissected);
    return line;
}

/* The parts of frames */

#define MACS        "02000000000b 02000000000a "
#define IP4         MACS "0800 "
#define IP6         MACS "86dd "
#define BAD_SUM     "0bad "
#define ADDR4       "0a000001 0a000002 "
#define V6_A        "20010db8000000000000000000000001 "
#define V6_B        "20010db8000000000000000000000002 "
#define V6_C        "20010db8000000000000000000000055 "
#define V6_D        "20010db8000000000000000000000099 "
#define DATAGRAM    "9c40 270f 000c 0000 61626364 "
#define INNER       "4500 0020 0007 0000 4011 " BAD_SUM ADDR4 DATAGRAM
#define INNER6      "60000000 000c 11 40 " V6_A V6_B DATAGRAM
#define TAGGED      MACS "8100 104d 0800 " INNER /* with the bit DEI */
#define INNER_IS    "17 10.0.0.1:40000 > 10.0.0.2:9999, 4"
#define NOTHING6_IS "0 v6-20-01 > v6-20-02, 0"
#define INNER6_IS   "17 v6-20-01:40000 > v6-20-02:9999, 4"
/* Of length 0, all that the frame has; of the protocol, which ends a word. */
#define OUTER(protocol) "4500 0000 0001 0000 40" protocol BAD_SUM "c0000201 c0000202 "
#define OVER(port)      IP4 OUTER("11 ") "c350" port "0000 0000 "
/* A length that says nothing, so that what encloses the packet says it. */
#define ENDLESS "4500 0000 0007 0000 4011 " BAD_SUM ADDR4 "9c40 270f 0100 0000 61626364 "
#define TRAILER "ffff ffff ffff "
/* One that its checksum proves */
#define PROVEN        "4500 0020 0007 0000 4011 66c4 " ADDR4 DATAGRAM
#define LONG6         "60000000 00ff 11 40 " /* which says that it is longer than the frame */
#define LENGTH4       32
#define LENGTH6       52
#define LITE          "4500 0020 0007 0000 4088 " BAD_SUM ADDR4 DATAGRAM
#define LITE_TOO_LONG "4500 0021 0007 0000 4088 " BAD_SUM ADDR4 DATAGRAM
#define ARP_ENDS      "0001 02000000000a 0a000001 000000000000 0a000002"
#define ARP           "0001 0800 0604 " ARP_ENDS
#define TUNNEL        OVER("2328")
#define ZEROS_84                                                                                   \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000"         \
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000"

static const struct frame links[] = {
    { "eth ethertype ip udp", IP4 INNER, INNER_IS },
    { "eth ethertype vlan ethertype ip udp", TAGGED, "vlan=77: " INNER_IS },
    { "eth ethertype ieee8021ad ethertype vlan ethertype ip udp",
      MACS "88a8 0005 8100 1006 0800 " INNER, "vlan=5 vlan=6: " INNER_IS },
    { "eth ethertype ip udp", IP4 ENDLESS, INNER_IS },
    { "eth llc ip udp", MACS "0028 aaaa03 000000 0800 " INNER, INNER_IS },
    { "eth llc", MACS "0007 424203 00000000", "0 mac-0a > mac-0b type 0000, 7" },
    { "eth ethertype", MACS "05ff 0102", "0 mac-0a > mac-0b type 0000, 2" },
    { "eth ethertype", MACS "0600 0102", "0 mac-0a > mac-0b type 0600, 2" },
    { "eth ethertype", MACS "0600", "0 mac-0a > mac-0b type 0600, 0" },
    { "eth ethertype vlan ethertype lldp", MACS "8100 0005 88cc 0102",
      "vlan=5: 0 mac-0a > mac-0b type 88cc, 2" },
    { "eth ethertype arp",
      MACS "0806 0001 0800 06 04 0002 02000000000a 0a000001 02000000000b "
           "0a000002",
      "0 mac-0a > mac-0b type 0806, 28" },
    { "eth ethertype vntag ethertype ip udp", MACS "8926 00010002 0800 " INNER, INNER_IS },
    { "eth ethertype cmd ethertype ip udp", MACS "8909 0101 0001 0005 0800 " INNER, INNER_IS },
    { "sll ethertype ip udp", "0000 0001 0006 02000000000a 0000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_SLL },
    { "sll ethertype ip udp", "0800 0000 00000002 0001 00 06 02000000000a 0000 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_SLL2 },
    { "sll ethertype arp", "0000 0001 0006 02000000000a 0000 0806 0001 0800 0604 0001", NULL,
      .encapsulation = WTAP_ENCAP_SLL },
    { "eth sll ethertype arp",
      MACS "88dc 0000 0001 0006 020000000001 0000 0806 0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 88dc, 24", .encapsulation = WTAP_ENCAP_SLL }, /* who sent the frame */
    { "null ip udp", "02000000 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_NULL },
    { "raw ip udp", INNER, INNER_IS, .encapsulation = WTAP_ENCAP_RAW_IP },
    { "raw ipv6 udp", INNER6, INNER6_IS, .encapsulation = WTAP_ENCAP_RAW_IP },
    { "chdlc ip udp", "0f00 0800 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_CHDLC },
    { "ppp ip udp", "ff03 0021 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_PPP },
    { "ppp ip udp", "0021 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_PPP },
    { "ppp ip udp", "ff03 21 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_PPP },
    { "ppp ip udp", "21 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_PPP },
    { "radiotap wlan_radio wlan llc ip udp",
      "0000 0101 " /* 257 bytes */
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000 "
      "0800 0000 02000000000b 02000000000a 0200000000ff 0000 aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11_RADIOTAP },
    { "wlan llc ip udp",
      "8880 0000 02000000000b 02000000000a 0200000000ff 0000 0000 00000000 "
      "aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* QoS, HT control */
    { "wlan llc ip udp",
      "8800 0000 02000000000b 02000000000a 0200000000ff 0000 0500 aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* QoS of another class */
    { "wlan llc ip udp",
      "0880 0000 02000000000b 02000000000a 0200000000ff 0000 "
      "aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* order, no QoS */
    { "wlan llc ip udp",
      "0803 0000 0200000000f1 0200000000f2 02000000000b 0000 02000000000a "
      "aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* four addresses */
    { "wlan llc arp",
      "0800 0000 02000000000b 02000000000a 0200000000f1 0000 aaaa03 000000 0806 "
      "0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8", .encapsulation = WTAP_ENCAP_IEEE_802_11 },
    { "wlan llc arp",
      "0801 0000 0200000000f1 02000000000a 02000000000b 0000 aaaa03 000000 0806 "
      "0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8", .encapsulation = WTAP_ENCAP_IEEE_802_11 },
    { "wlan llc arp",
      "0802 0000 02000000000b 0200000000f1 02000000000a 0000 aaaa03 000000 0806 "
      "0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8", .encapsulation = WTAP_ENCAP_IEEE_802_11 },
    { "wlan llc arp",
      "0803 0000 0200000000f1 0200000000f2 02000000000b 0000 02000000000a "
      "aaaa03 000000 0806 0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8", .encapsulation = WTAP_ENCAP_IEEE_802_11 },
    { "wlan llc ip udp",
      "0840 0000 02000000000b 02000000000a 0200000000ff 0000 "
      "0102030405060708 0000000000000000",
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11,
      .second = "aaaa03 000000 0800 " INNER }, /* decrypted */

    { "pktap eth ip udp",
      "6c000000 01000000 01000000 "
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000" IP4 INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_PKTAP },
    { "pktap eth ip udp",
      "00010000 " /* 256 bytes */
      ZEROS_84 ZEROS_84 ZEROS_84 IP4 INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_PKTAP },
    { "nflog ip udp", "0200 0007 0700 0a00 61620000 2400 0900 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_NFLOG },
    { "nflog ip udp", "0200 0007 0007 000a 61620000 0024 0009 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_NFLOG },
    { "nflog ip udp", "0200 0007 2400 0900 " ENDLESS "0400 0a00", INNER_IS,
      .encapsulation = WTAP_ENCAP_NFLOG },
    { "nflog ip udp", "0200 0007 0300 0a00 2400 0900 " INNER, NULL,
      .encapsulation = WTAP_ENCAP_NFLOG }, /* an attribute that is shorter than its header */
    { "fr ip udp", "1841 03cc " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_FRELAY },
    { "fr ipv6 udp", "1841 038e " INNER6, INNER6_IS, .encapsulation = WTAP_ENCAP_FRELAY },
    { "fr ip udp", "1841 0300cc " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_FRELAY },
    { "fr ip udp", "18404041 03cc " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_FRELAY }, /* an address of 4 */
    { "fr ip udp", "184041 03cc " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_FRELAY },
    { "fr ip udp", "1841 0800 " INNER, INNER_IS, .encapsulation = WTAP_ENCAP_FRELAY }, /* Cisco's */
    { "fr eth vlan ip udp", "1841 0300 80 0080c2 0007 " TAGGED, "vlan=77: " INNER_IS,
      .encapsulation = WTAP_ENCAP_FRELAY },
    { "fr eth vlan ip udp", "1841 0300 80 0080c2 0001 " TAGGED "00000000", "vlan=77: " INNER_IS,
      .encapsulation = WTAP_ENCAP_FRELAY }, /* with a checksum */
    { "fr ip udp", "1841 0300 80 000000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_FRELAY },
    { "fddi llc ip udp", "50 02000000000b 02000000000a aaaa03 000000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_FDDI },
    { "fddi llc arp", "50 4000000000d0 400000000050 aaaa03 000000 0806 0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8", .encapsulation = WTAP_ENCAP_FDDI_BITSWAPPED },
    { "tr llc ip udp", "1040 02000000000b 02000000000a aaaa03 000000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_TOKEN_RING },
    { "tr llc arp",
      "1040 02000000000b 82000000000a 0630 0011 0020 aaaa03 000000 0806 0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8", .encapsulation = WTAP_ENCAP_TOKEN_RING },
    { "prism wlan llc ip udp",
      "44000000 90000000 "
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000"
      "0800 0000 02000000000b 02000000000a 0200000000ff 0000 aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11_PRISM },
    { "prism wlancap wlan llc ip udp",
      "80211001 00000040 "
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000"
      "0800 0000 02000000000b 02000000000a 0200000000ff 0000 aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11_PRISM },
    { "eth ethertype hsr ip udp", MACS "892f 00400001 0800 " INNER, INNER_IS },
    { "eth ethertype ieee8021cb ip udp", MACS "f1c1 00000001 0800 " INNER, INNER_IS },
    { "eth cfp eth ip udp", "020002000001 020001000002 8903 0060 " IP4 INNER, INNER_IS },
    { "eth cfp eth arp", "020002000001 020001000002 8903 0060 " MACS "0806 0001 0800 0604 0001",
      "0 mac-0a > mac-0b type 0806, 8" },
    { "wlan_radio wlan wlan_aggregate llc ip udp llc ip udp",
      "8800 0000 02000000000b 02000000000a 0200000000ff 0000 8000 "
      "02000000000c 02000000000d 0028 aaaa03 000000 0800 "
      "4500 0020 0007 0000 4011 " BAD_SUM "0a000008 0a000009 0001 0002 000c 0000 61626364 0000 "
      "02000000000b 02000000000a 0028 aaaa03 000000 0800 " INNER,
      INNER_IS,
      .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* two subframes: the second one counts */
    { "wlan_radio wlan wlan_aggregate llc ip udp llc ip udp",
      "8800 0000 02000000000b 02000000000a 0200000000ff 0000 8000 "
      "02000000000c 02000000000d 002a aaaa03 000000 0800 "
      "4500 0022 0007 0000 4011 " BAD_SUM "0a000008 0a000009 0001 0002 000e 0000 616263646566 "
      "02000000000b 02000000000a 0028 aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* the first one ends with a word */

    { "radiotap wlan llc ip udp",
      "0000 0800 00000000 0800 0000 02000000000b 02000000000a 0200000000ff 0000 "
      "aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11_RADIOTAP },
    { "wlan llc ip udp",
      "1800 0000 02000000000b 02000000000a 0200000000ff 0000 aaaa03 000000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* data and an acknowledgement */
    { "wlan llc ip udp",
      "4800 0000 02000000000b 02000000000a 0200000000ff 0000 aaaa03 000000 0800 " INNER, NULL,
      .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* a null function carries nothing */
    { "wlan wlan_aggregate llc arp",
      "8802 0000 02000000000b 0200000000f1 02000000000a 0000 8000 "
      "0200000000b2 0200000000a1 0010 aaaa03 000000 0806 0001 0800 0604 0001",
      "0 mac-a1 > mac-b2 type 0806, 8", .encapsulation = WTAP_ENCAP_IEEE_802_11 },
    { "nflog ip udp",
      "0200 0007 0400 0a00 0800 0b00 61626364 1000 0c00 616263646566676869707172 2400 0900 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_NFLOG },
    { "nflog ip udp", "0200 0007 2500 0900 " INNER, NULL,
      .encapsulation = WTAP_ENCAP_NFLOG }, /* a payload that is longer than the frame */
    { "fddi llc ip udp", "57 02000000000b 02000000000a aaaa03 000000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_FDDI }, /* with a priority */
    { "tr llc ip udp", "107f 02000000000b 02000000000a aaaa03 000000 0800 " INNER, INNER_IS,
      .encapsulation = WTAP_ENCAP_TOKEN_RING }, /* with all of the control bits */
    /* After a header that nobody can pass no tag is the link's. */
    { "eth ethertype bar ip udp", MACS "894f 0000 " PROVEN, "bar: " INNER_IS },
    { "eth ethertype bar vlan ethertype arp", MACS "894f 0000 0005 0806 " ARP,
      "0 mac-0a > mac-0b type 894f, 34" },
    { "wlan llc arp", "0800 0000 02000000000b 02000000000a 0200000000f1 0000 aaaa03 000000 0806",
      "0 mac-0a > mac-0b type 0806, 0", .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* no more */
    { "wlan wlan_aggregate llc ip udp llc ip udp",
      "8800 0000 02000000000b 02000000000a 0200000000ff 0000 8000 "
      "02000000000c 02000000000d 002b aaaa03 000000 0800 "
      "4500 0023 0007 0000 4011 " BAD_SUM
      "0a000008 0a000009 0001 0002 000f 0000 61626364656667 000000 "
      "02000000000b 02000000000a 0028 aaaa03 000000 0800 " INNER,
      INNER_IS, .encapsulation = WTAP_ENCAP_IEEE_802_11 }, /* three bytes fill a word */
};

#define GRE9_IS "gre=9: " INNER_IS
#define GRE9    "4500 0000 0001 0000 402f " BAD_SUM "0a000003 0a000002 2000 0800 00000009 " INNER
static const struct frame tunnels[] = {
    { "eth ip udp vxlan eth vlan ip udp", OVER("12b5") "0800 0000 000005 00 " TAGGED,
      "vxlan=5 vlan=77: " INNER_IS },
    { "eth ip udp geneve eth vlan ip udp", OVER("17c1") "0000 6558 000005 00 " TAGGED,
      "geneve=5 vlan=77: " INNER_IS },
    { "eth ip udp geneve eth vlan ip udp",
      OVER("17c1") "0300 6558 ffffff 00 0102 0302 0102030405060708 " TAGGED,
      "geneve=16777215 vlan=77: " INNER_IS },
    { "eth ip udp gtp ip gre ip udp", OVER("0868") "30ff 003c 00000005 " GRE9, "gtp=5 " GRE9_IS },
    { "eth ip udp gtp ip gre ip udp", OVER("0868") "32ff 0040 00000005 0001 00 00 " GRE9,
      "gtp=5 " GRE9_IS }, /* a sequence number */
    { "eth ip udp gtp ip gre ip udp", OVER("0868") "33ff 0040 00000005 0001 00 85 " GRE9,
      "gtp=5 " GRE9_IS }, /* no extension, whatever its byte says */
    { "eth ip udp gtp ip gre ip udp",
      OVER("0868") "34ff 004c 00000005 0000 00 85 01 0009 c0 02 000100020003 00 " GRE9,
      "gtp=5 " GRE9_IS },
    { "eth ip gre eth vlan ip udp", IP4 OUTER("2f ") "0000 6558 " TAGGED,
      "gre vlan=77: " INNER_IS },
    { "eth ip gre eth vlan ip udp", IP4 OUTER("2f ") "2000 6558 00000507 " TAGGED,
      "nvgre=5 vlan=77: " INNER_IS },
    { "eth ip gre eth vlan ip udp", IP4 OUTER("2f ") "3000 6558 00000507 00000001 " TAGGED,
      "gre=1287 vlan=77: " INNER_IS }, /* NVGRE numbers nothing */
    { "eth ip gre eth vlan ip udp",
      IP4 OUTER("2f ") "b000 6558 0bad 0000 00000005 00000001 " TAGGED,
      "gre=5 vlan=77: " INNER_IS },
    { "eth ip gre eth vlan ip udp", IP4 OUTER("2f ") "1000 6558 00000001 " TAGGED,
      "gre vlan=77: " INNER_IS },
    { "eth ip gre eth vlan ip udp", IP4 OUTER("2f ") "2001 6400 0032 0500 " TAGGED, /* EoIP */
      "gre vlan=77: " INNER_IS },
    { "eth ip gre ppp ip gre ip udp",
      IP4 OUTER("2f ") "3081 880b 0040 0005 00000001 00000001 ff03 0021 " GRE9, "pptp=5 " GRE9_IS },
    { "eth ip gre ppp ip gre ip udp", IP4 OUTER("2f ") "1001 880b 00000001 0021 " GRE9,
      "pptp=0 " GRE9_IS }, /* without the key that it must have */
    { "eth ip gre ppp ip gre ip udp", IP4 OUTER("2f ") "3001 880b 003e 0005 00000001 0021 " GRE9,
      "pptp=5 " GRE9_IS },
    { "eth ip gre erspan eth vlan ip udp", IP4 OUTER("2f ") "0000 88be " TAGGED,
      "gre erspan vlan=77: " INNER_IS },
    { "eth ip gre erspan eth vlan ip udp",
      IP4 OUTER("2f ") "1000 88be 00000001 1000 fc05 00000000 " TAGGED,
      "gre erspan=5 vlan=77: " INNER_IS },
    { "eth ip gre erspan eth vlan ip udp",
      IP4 OUTER("2f ") "1000 22eb 00000001 2000 0005 00000000 0000 0000 " TAGGED,
      "gre erspan=5 vlan=77: " INNER_IS },
    { "eth ip gre erspan eth vlan ip udp",
      IP4 OUTER("2f ") "1000 22eb 00000001 2000 0005 00000000 0000 0001 0000000000000000 " TAGGED,
      "gre erspan=5 vlan=77: " INNER_IS },
    { "eth ip udp l2tp ppp ip gre ip udp", OVER("06a5") "0002 0005 0006 ff03 0021 " GRE9,
      "l2tp=5/6 " GRE9_IS },
    { "eth ip udp l2tp ppp ip gre ip udp",
      OVER("06a5") "4a02 004f 0005 0006 0001 0001 0003 000000 0021 " GRE9, "l2tp=5/6 " GRE9_IS },
    { "eth ip udp teredo ipv6 ip udp", OVER("0dd8") "60000000 0020 04 40 " V6_A V6_B INNER "00",
      "teredo 4in6: " INNER_IS },
    { "eth ip udp teredo ipv6 ip udp",
      OVER("0dd8") "0000 efff 3fffffff 60000000 0020 04 40 " V6_A V6_B INNER "00",
      "teredo 4in6: " INNER_IS },
    { "eth ip udp teredo ipv6 ip udp",
      OVER("0dd8") "0001 03 04 616263 64656667 0000000000000000 00 0000 efff 3fffffff "
                   "60000000 0020 04 40 " V6_A V6_B INNER "00",
      "teredo 4in6: " INNER_IS },
    { "eth ip etherip eth vlan ip udp", IP4 OUTER("61 ") "3000 " TAGGED,
      "etherip vlan=77: " INNER_IS },
    { "eth ip ip udp", IP4 OUTER("04 ") INNER, "ipip: " INNER_IS },
    { "eth ip ipv6 udp", IP4 OUTER("29 ") INNER6, "6in4: " INNER6_IS },
    { "eth ipv6 ip udp", IP6 "60000000 0020 04 40 " V6_C V6_D INNER, "4in6: " INNER_IS },
    { "eth ipv6 ipv6 udp", IP6 "60000000 0034 29 40 " V6_C V6_D INNER6, "ip6tnl: " INNER6_IS },
    { "eth pppoes ppp ip gre ip udp", MACS "8864 1100 0005 003e 0021 " GRE9, "pppoe=5 " GRE9_IS },
    { "eth pppoes ppp mpls ip gre ip udp", MACS "8864 1100 0005 0042 0281 00006140 " GRE9,
      "pppoe=5 mpls=6 " GRE9_IS },
    /* What encloses it ends it, and not the padding of the frame. */
    { "eth pppoes ppp ip udp", MACS "8864 1100 0005 0022 0021 " ENDLESS TRAILER,
      "pppoe=5: " INNER_IS },
    { "eth ip udp vxlan eth ip udp",
      IP4 OUTER("11 ") "c350 12b5 003e 0000 0800 0000 000005 00 " IP4 ENDLESS TRAILER,
      "vxlan=5: " INNER_IS },
    { "eth mpls ip udp", MACS "8847 00005040 00006140 " INNER, "mpls=5 mpls=6: " INNER_IS },
    { "eth mpls pwethheuristic pwethcw eth vlan ip udp", MACS "8847 00005140 00000000 " TAGGED,
      "mpls=5 vlan=77: " INNER_IS },
    { "eth mpls pwethheuristic pwethnocw eth vlan ip udp", MACS "8847 00005140 " TAGGED,
      "mpls=5 vlan=77: " INNER_IS },
    { "eth ieee8021ah ip udp", MACS "88e7 00000005 02000000000d 02000000000c 0800 " INNER,
      "pbb=5: " INNER_IS },
    /* One layer of Wireshark's is a service tag and a second one, or PBB's. */
    { "eth ieee8021ad ip udp", MACS "88a8 0005 88a8 0006 0800 " INNER, "vlan=5 vlan=6: " INNER_IS },
    { "eth ieee8021ad ieee8021ad ip udp", MACS "88a8 0005 88a8 0006 88a8 0007 0800 " INNER,
      "vlan=5 vlan=6 vlan=7: " INNER_IS },
    { "eth ieee8021ad vlan ip udp",
      MACS "88a8 0005 88e7 00000007 02000000000d 02000000000c 8100 0006 0800 " INNER,
      "vlan=5 pbb=7 vlan=6: " INNER_IS },
    { "eth ip udp eth vlan ip udp", OVER("12b6") "0c00 0003 000005 00 " TAGGED,
      "vxlan=5 vlan=77: " INNER_IS },
    { "eth ip udp ip udp", OVER("12b6") "0c00 0001 000005 00 " INNER, "vxlan=5: " INNER_IS },
    { "eth ip udp ipv6 udp", OVER("12b6") "0c00 0002 000005 00 " INNER6, "vxlan=5: " INNER6_IS },
    { "eth ip udp mpls ip udp", OVER("12b6") "0c00 0005 000005 00 00006140 " INNER,
      "vxlan=5 mpls=6: " INNER_IS },
    { "eth ip udp ip udp", OVER("12b6") INNER, "ipip: " INNER_IS }, /* UDP carries it */
    { "eth ip udp mpls ip udp", OVER("19eb") "00005105 " INNER, "mpls=5: " INNER_IS },

    /* A packet in UDP that looks as if GPE said what follows */
    { "eth ip udp ip udp", OVER("12b6") "4500 0101 0007 0000 4011 " BAD_SUM ADDR4 DATAGRAM,
      "ipip: " INNER_IS },
    { "eth ip udp ipv6 udp", OVER("12b6") "60000002 000c 11 40 " V6_A V6_B DATAGRAM,
      "6in4: " INNER6_IS },
    { "eth ip gre erspan eth ip udp",
      IP4 OUTER("2f ") "1000 88be 00000001 32000000000b 02000000000a 0800 " INNER,
      "47 192.0.2.1 > 192.0.2.2, 54" }, /* a type that nobody knows */
    /* A cookie of unknown length follows, whatever the header looks like. */
    { "eth ip udp l2tp eth ip udp", OVER("06a5") "0003 0000 00000007 61626364 0800 " INNER,
      "17 192.0.2.1:50000 > 192.0.2.2:1701, 0" },
    { "eth ip l2tp eth ip udp", IP4 OUTER("73 ") "00000007 6162 02000000000a 0800 " INNER,
      "115 192.0.2.1 > 192.0.2.2, 46" },
};

/* What a header that is not cut ends: the frame, whose packet is an option, or its first buffer */
static const struct frame whole_headers[] = {
    { "eth ip udp geneve ip udp", OVER("17c1") "0800 0800 000005 00 " PROVEN,
      "17 192.0.2.1:50000 > 192.0.2.2:6081, 0" },
    { "eth vlan ip udp", MACS "8100 0005 0800 ", "vlan=5: " INNER_IS, .second = INNER,
      .left4 = LENGTH4 },
    { "eth mpls ip udp", MACS "8847 00005140 ", "mpls=5: " INNER_IS, .second = INNER,
      .left4 = LENGTH4 },
    { "eth pppoes ip udp", MACS "8864 1100 0005 0022 ", "pppoe=5: " INNER_IS, .second = INNER,
      .left4 = LENGTH4 },
    { "eth ip gre ip udp", IP4 OUTER("2f ") "0000 0800 ", "gre: " INNER_IS, .second = INNER,
      .left4 = LENGTH4 },
    { "eth ip gre ip udp", IP4 OUTER("2f ") "2000 0800 00000005 ", "gre=5: " INNER_IS,
      .second = INNER, .left4 = LENGTH4 },
    { "eth ip udp vxlan ip udp", OVER("12b5") "0800 0000 000005 00 ", "vxlan=5: " INNER_IS,
      .second = INNER, .left4 = LENGTH4 },
    { "eth ip udp geneve ip udp", OVER("17c1") "0000 0800 000005 00 ", "geneve=5: " INNER_IS,
      .second = INNER, .left4 = LENGTH4 },
    { "eth ip udp gtp ip udp", OVER("0868") "30ff 0000 00000005 ", "gtp=5: " INNER_IS,
      .second = INNER, .left4 = LENGTH4 },
    /* The addresses left are those of a header that the walk has passed in the datagram. */
    { "eth ip ip foo ip udp",
      IP4 "4500 001c 0007 0003 4004 " BAD_SUM "c0000201 c0000202 000c000061626364",
      "ipip: " INNER_IS ", fragment 7 of protocol 4 at 24, 8, last, out of 0 layers, "
      "4 192.0.2.1 > 192.0.2.2",
      .second = INNER, .left4 = LENGTH4 },
};

static const struct frame networks[] = {
    /* AH, of 24 bytes, over either family */
    { "eth ip ah udp",
      IP4 "4500 0038 0007 0000 4033 " BAD_SUM ADDR4
          "1104 0000 00000001 00000001 0102030405060708090a0b0c " DATAGRAM,
      INNER_IS },
    { "eth ipv6 ah udp",
      IP6 "60000000 0024 33 40 " V6_A V6_B
          "1104 0000 00000001 00000001 0102030405060708090a0b0c " DATAGRAM,
      INNER6_IS },
    { "eth ip ah", IP4 "4500 001c 0007 0000 4033 " BAD_SUM ADDR4 "5900 0000 00000001",
      "89 10.0.0.1 > 10.0.0.2, 0" }, /* as short as can be, and nothing after it */
    /* Source routes: loose, strict, used up, with a NOP before, an end before */
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "830b04 0a000037 0a000063 00 " DATAGRAM,
      "17 10.0.0.1:40000 > 10.0.0.99:9999, 4" },
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "01 890b08 0a000037 0a000063 " DATAGRAM,
      "17 10.0.0.1:40000 > 10.0.0.99:9999, 4" },
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "830b0c 0a000037 0a000063 00 " DATAGRAM,
      INNER_IS },
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "830b03 0a000037 0a000063 00 " DATAGRAM,
      INNER_IS },
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "830b05 0a000037 0a000063 00 " DATAGRAM,
      INNER_IS },
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "00 830b04 0a000037 0a000063 " DATAGRAM,
      INNER_IS },
    { "eth ip udp",
      IP4 "4800 002c 0007 0000 4011 " BAD_SUM ADDR4 "9404 0000 8307 04 0a000063 00 " DATAGRAM,
      "17 10.0.0.1:40000 > 10.0.0.99:9999, 4" },
    { "eth ip", IP4 "4600 0018 0007 0000 4059 " BAD_SUM ADDR4 "0101 8302",
      "89 10.0.0.1 > 10.0.0.2, 0" }, /* one without a pointer, and nothing after it */
    /* Routing headers of segment routing (the last comes first), mobility, source routes, RPL */
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 0034 2b 40 " V6_A V6_B "1104 0401 01000000 " V6_D V6_C DATAGRAM,
      "17 v6-20-01:40000 > v6-20-99:9999, 4" },
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 0034 2b 40 " V6_A V6_B "1104 0400 01000000 " V6_D V6_C DATAGRAM, INNER6_IS },
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 0024 2b 40 " V6_A V6_B "1102 0201 00000000 " V6_D DATAGRAM,
      "17 v6-20-01:40000 > v6-20-99:9999, 4" },
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 0034 2b 40 " V6_A V6_B "1104 0002 00000000 " V6_C V6_D DATAGRAM,
      "17 v6-20-01:40000 > v6-20-99:9999, 4" },
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 001c 2b 40 " V6_A V6_B "1101 0301 ee400000 0055 0099 00000000 " DATAGRAM,
      "17 v6-20-01:40000 > v6-20-99:9999, 4" },
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 001c 2b 40 " V6_A V6_B "1101 0301 00000000 0055 0099 00000000 " DATAGRAM,
      INNER6_IS }, /* shorter than its address */
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 001c 2b 40 " V6_A V6_B "1101 0301 00800000 0055 0099 00000000 " DATAGRAM,
      INNER6_IS },
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 0014 2b 40 " V6_A V6_B "1100 0901 00000000 " DATAGRAM,
      INNER6_IS }, /* a type that nobody knows */
    { "eth ipv6 ipv6.routing udp",
      IP6 "60000000 0014 2b 40 " V6_A V6_B "1100 0001 00000000 " DATAGRAM,
      INNER6_IS }, /* a source route to nowhere */
    /* The home address, after padding of one byte and of four */
    { "eth ipv6 ipv6.dstopts udp",
      IP6 "60000000 0024 3c 40 " V6_A V6_B "1102 0100 c910 " V6_C "0000 " DATAGRAM,
      "17 v6-20-55:40000 > v6-20-02:9999, 4" },
    { "eth ipv6 ipv6.dstopts udp",
      IP6 "60000000 0024 3c 40 " V6_A V6_B "1102 0102 0000 c910 " V6_C DATAGRAM,
      "17 v6-20-55:40000 > v6-20-02:9999, 4" }, /* the header ends with it */
    { "eth ipv6 ipv6.dstopts udp",
      IP6 "60000000 0024 3c 40 " V6_A V6_B "1102 00 00 c910 " V6_C "0000 " DATAGRAM,
      "17 v6-20-55:40000 > v6-20-02:9999, 4" },
    { "eth ipv6 ipv6.hopopts ipv6.dstopts mipv6 udp",
      IP6 "60000000 0024 00 40 " V6_A V6_B
          "3c00 0104 00000000 8700 0104 00000000 1100 0000 00000000 " DATAGRAM,
      INNER6_IS },
    { "eth ipv6 shim6 udp", IP6 "60000000 0014 8c 40 " V6_A V6_B "1100 0000 00000000 " DATAGRAM,
      INNER6_IS },
    /* A jumbogram's length, and of one whose option is another */
    { "eth ipv6 ipv6.hopopts udp",
      IP6 "60000000 0000 00 40 " V6_A V6_B
          "1100 c204 00000014 9c40 270f 0000 0000 61626364 " TRAILER,
      INNER6_IS },
    { "eth ipv6 ipv6.hopopts udp",
      IP6 "60000000 0000 00 40 " V6_A V6_B "1101 0502 0000 c204 0000001c 0102 0000 "
          "9c40 270f 0000 0000 61626364 " TRAILER,
      INNER6_IS }, /* after another option */
    { "eth ipv6 ipv6.hopopts udp",
      IP6 "60000000 0000 00 40 " V6_A V6_B "1100 0502 0000 0000 " DATAGRAM, NOTHING6_IS },
    { "eth ipv6 ipv6.hopopts udp",
      IP6 "60000000 0000 00 40 " V6_A V6_B "1100 c203 00000014 " DATAGRAM, NOTHING6_IS },
    { "eth ip udp", IP4 "4500 0020 0007 0000 4011 " BAD_SUM ADDR4 "9c40 270f 0000 0000 61626364 ",
      "17 10.0.0.1:40000 > 10.0.0.2:9999, 0" }, /* over IPv4 a length of 0 is wrong */
    { "eth ip udp", IP4 "4500 0020 0007 0000 4011 " BAD_SUM ADDR4 "9c40 270f 00ff 0000 61626364 ",
      INNER_IS }, /* longer than IP */
    { "eth ip", IP4 "4400 0020 0007 0000 4011 " BAD_SUM ADDR4 DATAGRAM,
      "0 mac-0a > mac-0b type 0800, 32" }, /* a header of 16 bytes */
    { "eth ip", IP4 "4500 0013 0007 0000 4011 " BAD_SUM ADDR4 DATAGRAM,
      "0 mac-0a > mac-0b type 0800, 32" }, /* a packet of 19 */

    { "eth ipv6", IP6 "60000000 0010 3b 40 " V6_A V6_B,
      "59 v6-20-01 > v6-20-02, 0" }, /* a header, and no more of 16 bytes */
};

static const struct frame fragments[] = {
    { "eth ip data", IP4 "4500 0020 0007 2000 4011 " BAD_SUM ADDR4 DATAGRAM,
      "17 10.0.0.1:40000 > 10.0.0.2:9999, 4, fragment 7 of protocol 17 at 0, 12, waits" },
    { "eth ip data", IP4 "4500 0020 0007 2001 4011 " BAD_SUM ADDR4 DATAGRAM,
      "17 10.0.0.1 > 10.0.0.2, 12, fragment 7 of protocol 17 at 8, 12, waits" },
    { "eth ip data", IP4 "4500 0020 0007 1fff 4059 " BAD_SUM ADDR4 DATAGRAM,
      "89 10.0.0.1 > 10.0.0.2, 12, fragment 7 of protocol 89 at 65528, 12, last" },
    { "eth ip data", IP4 "4500 0020 0007 0001 4033 " BAD_SUM ADDR4 DATAGRAM,
      "51 10.0.0.1 > 10.0.0.2, 12, fragment 7 of protocol 51 at 8, 12, last, waits" },
    { "eth ip ah data",
      IP4 "4500 0030 0007 2000 4033 " BAD_SUM ADDR4
          "1102 0000 00000001 00000001 01020304 " DATAGRAM,
      "17 10.0.0.1:40000 > 10.0.0.2:9999, 4, fragment 7 of protocol 51 at 0, 28, waits" },
    { "eth ipv6 ipv6.fraghdr data",
      IP6 "60000000 0014 2c 40 " V6_A V6_B "1100 0009 00012345 " DATAGRAM,
      "17 v6-20-01 > v6-20-02, 12, fragment 12345 of protocol 17 at 8, 12, waits" },
    { "eth ipv6 ipv6.fraghdr data",
      IP6 "60000000 0014 2c 40 " V6_A V6_B "3c00 0008 00012345 " DATAGRAM,
      "60 v6-20-01 > v6-20-02, 12, fragment 12345 of protocol 60 at 8, 12, last, waits" },
    { "eth ipv6 ipv6.fraghdr udp",
      IP6 "60000000 0014 2c 40 " V6_A V6_B "1100 0006 00012345 " DATAGRAM,
      INNER6_IS }, /* an atomic fragment, with reserved bits */
    /* A fragment is not looked into, whatever it looks like: no datagram holds it. */
    { "eth ip ip udp", IP4 "4500 0034 0007 2000 4004 " BAD_SUM "c0000201 c0000202 " INNER,
      "4 192.0.2.1 > 192.0.2.2, 32, fragment 7 of protocol 4 at 0, 32" },
    { "eth ip ip ip udp",
      IP4 "4500 0048 0007 2000 4004 " BAD_SUM "c0000201 c0000202 "
          "4500 0034 0007 0000 4004 " BAD_SUM "c0000203 c0000204 " INNER,
      "4 192.0.2.1 > 192.0.2.2, 52, fragment 7 of protocol 4 at 0, 52",
      .second = "4600 0034 0007 0000 4004 " BAD_SUM "c0000203 c0000204 " INNER },
    { "eth ip ip udp", IP4 "4500 001c 0007 0003 4004 " BAD_SUM "c0000201 c0000202 000c000061626364",
      "4 192.0.2.1 > 192.0.2.2, 8, fragment 7 of protocol 4 at 24, 8, last",
      .second = "ff00 0020 0007 0000 4011 " BAD_SUM ADDR4 DATAGRAM }, /* it holds no packet */
    { "eth ip ah ip udp",
      IP4 "4500 001c 0007 0005 4033 " BAD_SUM "c0000201 c0000202 000c000061626364",
      "ipip: " INNER_IS ", fragment 7 of protocol 51 at 40, 8, last, waits, out of 0 layers, "
      "51 192.0.2.1 > 192.0.2.2",
      .second = "0402 0000 00000001 00000001 01020304 " INNER },
    { "eth ipv6 ipv6.fraghdr ipv6.dstopts ip udp",
      IP6 "60000000 0010 2c 40 " V6_C V6_D "3c00 0020 00012345 000c000061626364",
      "4in6: " INNER_IS ", fragment 12345 of protocol 60 at 32, 8, last, waits, out of 0 layers, "
      "60 v6-20-55 > v6-20-99",
      .second = "0400 0104 00000000 " INNER },
    /* The last fragment of IP in IP: what it carries of the datagram is at its place there. */
    { "eth ip ip udp", IP4 "4500 001c 0007 0003 4004 " BAD_SUM "c0000201 c0000202 000c000061626364",
      "4 192.0.2.1 > 192.0.2.2, 8, fragment 7 of protocol 4 at 24, 8, last" },
    { "eth ip ip udp", IP4 "4500 001c 0007 0003 4004 " BAD_SUM "c0000201 c0000202 000c000061626364",
      "ipip: " INNER_IS ", fragment 7 of protocol 4 at 24, 8, last, out of 0 layers, "
      "4 192.0.2.1 > 192.0.2.2",
      .second = INNER },
    { "eth vlan ip ip udp",
      MACS "8100 0005 0800 4500 001c 0007 0003 4004 " BAD_SUM "c0000201 c0000202 000c000061626364",
      "vlan=5 ipip: " INNER_IS ", fragment 7 of protocol 4 at 24, 8, last, out of 1 layers, "
      "4 192.0.2.1 > 192.0.2.2",
      .second = INNER },
    /* The first one came last. */
    { "eth ip ip udp", IP4 "4500 001c 0007 2000 4004 " BAD_SUM "c0000201 c0000202 4500002000070000",
      "ipip: " INNER_IS ", fragment 7 of protocol 4 at 0, 8, the first out of 0 layers, "
      "4 192.0.2.1 > 192.0.2.2",
      .second = INNER },

    /* What has no bytes, or more than the rest of a datagram, is no part of it. */
    { "eth ip ip udp", IP4 "4500 0014 0007 2000 4004 " BAD_SUM "c0000201 c0000202",
      "4 192.0.2.1 > 192.0.2.2, 0", .second = INNER },
    { "eth ip ip udp",
      IP4 "4500 0020 0007 0003 4004 " BAD_SUM "c0000201 c0000202 ffffffff61626364 65666768",
      "4 192.0.2.1 > 192.0.2.2, 12, fragment 7 of protocol 4 at 24, 12, last", .second = INNER },
    /* One that was found where its checksum proves it, and not looked into either */
    { "eth ip udp foo ip ip udp",
      TUNNEL "ffffff 4500 0034 0007 2000 4004 46b9 0a000003 0a000004 " INNER,
      "foo: 4 10.0.0.3 > 10.0.0.4, 32, fragment 7 of protocol 4 at 0, 32" },
};

#define QUOTED        ", quotes 17 10.0.0.1:40000 > 10.0.0.2:9999"
#define QUOTED6       ", quotes 17 v6-20-01:40000 > v6-20-02:9999"
#define ICMP4         IP4 "4500 0000 0007 0000 4001 " BAD_SUM "0a000009 0a000001 "
#define ICMP4_IS      "1 10.0.0.9 > 10.0.0.1"
#define ICMP6(length) IP6 "60000000" length "3a 40 " V6_C V6_A
#define ICMP6_IS      "58 v6-20-55 > v6-20-01"
#define ERROR4(type)                                                                               \
    {                                                                                              \
        "eth ip icmp ip udp", ICMP4 type "00 0000 00000000 " INNER, ICMP4_IS ", 32" QUOTED         \
    }
#define ERROR6(type)                                                                               \
    {                                                                                              \
        "eth ipv6 icmpv6 ipv6 udp", ICMP6("003c") type "00 0000 00000000 " INNER6,                 \
            ICMP6_IS ", 52" QUOTED6                                                                \
    }
static const struct frame errors[] = {
    ERROR4("03"),
    ERROR4("04"),
    ERROR4("05"),
    ERROR4("0b"),
    ERROR4("0c"),
    { "eth ip icmp ip udp", ICMP4 "0600 0000 00000000 " INNER, ICMP4_IS ", 32" },
    { "eth ip icmp", ICMP4 "0800 0000 0005 0001 ", ICMP4_IS " id 5, 0" },
    /* The quote of an error: what that one quotes is no flow's business. */
    { "eth ip icmp ip icmp ip udp",
      ICMP4 "0300 0000 00000000 4500 0044 0007 0000 4001 " BAD_SUM "0a000001 0a000002 "
            "0300 0000 00000000 " INNER,
      ICMP4_IS ", 60, quotes 1 10.0.0.1 > 10.0.0.2" },
    { "eth ip icmp ip gre ip udp", ICMP4 "0300 0000 00000000 " GRE9,
      ICMP4_IS ", 60" QUOTED }, /* the innermost */
    ERROR6("01"),
    ERROR6("02"),
    ERROR6("03"),
    ERROR6("04"),
    { "eth ipv6 icmpv6", ICMP6("0008") "8000 0000 0005 0001 ", ICMP6_IS " id 5, 0" },
    /* Redirects: the packet alone, after a link-layer address, after two options */
    { "eth ipv6 icmpv6 ipv6 udp",
      ICMP6("0064") "8900 0000 00000000 " V6_A V6_B "0408 000000000000 " INNER6,
      ICMP6_IS ", 92" QUOTED6 },
    { "eth ipv6 icmpv6 ipv6 udp",
      ICMP6("006c") "8900 0000 00000000 " V6_A V6_B "0201 02000000000b 0408 000000000000 " INNER6,
      ICMP6_IS ", 100" QUOTED6 },
    { "eth ipv6 icmpv6 ipv6 udp",
      ICMP6("007c") "8900 0000 00000000 " V6_A V6_B
                    "0e02 0000000000000000000000000000 0201 02000000000b 0408 000000000000 " INNER6,
      ICMP6_IS ", 116" QUOTED6 },
    { "eth ipv6 icmpv6 ipv6 udp",
      ICMP6("006c") "8900 0000 00000000 " V6_A V6_B "0200 02000000000b 0408 000000000000 " INNER6,
      ICMP6_IS ", 100" }, /* no end */
};

#define SEGMENT(header, bytes)                                                                     \
    "eth ip tcp", IP4 "4500 0000 0007 4000 4006 " BAD_SUM ADDR4                                    \
                      "9c40 0050 00000001 00000001 " header " ffff 0000 0000 " bytes
#define DCCP    IP4 "4500 0000 0007 0000 4021 " BAD_SUM ADDR4 "9c40 270f "
#define DCCP_IS "33 10.0.0.1:40000 > 10.0.0.2:9999"
static const struct frame transports[] = {
    { SEGMENT("5010", "616263"), "6 10.0.0.1:40000 > 10.0.0.2:80, 3" },
    { SEGMENT("8010", "0101080a 00000001 00000002 616263"), "6 10.0.0.1:40000 > 10.0.0.2:80, 3" },
    { SEGMENT("6010", "616263"), "6 10.0.0.1:40000 > 10.0.0.2:80, 0" }, /* too long */
    { "eth ip tcp", IP4 "4500 0040 0007 4000 4006 " BAD_SUM ADDR4 "9c40 0050 00000001",
      "6 10.0.0.1:40000 > 10.0.0.2:80, 0" }, /* cut: how long its header is, nobody knows */
    { "eth ip sctp",
      IP4 "4500 0000 0007 0000 4084 " BAD_SUM ADDR4 "9c40 0b59 00000001 00000000 "
          "0101 0004",
      "132 10.0.0.1:40000 > 10.0.0.2:2905, 4" },
    /* DCCP says how long its header is, where that much was captured. */
    { "eth ip dccp", DCCP "0400 0000 0000 0001 00000000 616263", DCCP_IS ", 3" },
    { "eth ip dccp", DCCP "0300 0000 0000 0001 00000000 616263", DCCP_IS ", 7" },
    { "eth ip dccp", DCCP "03", DCCP_IS ", 0" },
    { "eth ip dccp", DCCP, DCCP_IS ", 0" },
    { "eth ip ospf", IP4 "4500 0000 0007 0000 4059 " BAD_SUM ADDR4 "0201 0004",
      "89 10.0.0.1 > 10.0.0.2, 4" },
};

/* After layers that nobody passes: where the addresses are that Wireshark left, or a proof is. */
static const struct frame found[] = {
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff " INNER,
      .left4 = LENGTH4,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff " INNER, /* none is left */
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff " PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff 4500 0020 0007 0000 4011 f978 c0a8fffe c0a8fffd " DATAGRAM,
      .says = "foo: 17 192.168.255.254:40000 > 192.168.255.253:9999, 4" }, /* a sum that carries */
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff 4500 0020 0007 0000 4011 f979 c0a8fffe c0a8fffd " DATAGRAM,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    { .layers = "eth ip udp foo ip ospf",
      .bytes = TUNNEL "ffffff 4500 0014 0007 0000 4059 6688 " ADDR4,
      .says = "foo: 89 10.0.0.1 > 10.0.0.2, 0" }, /* a header, and no more */
    { .layers = "eth ip udp foo eth vlan ip udp",
      .bytes = TUNNEL "ffffff " MACS "8100 104d 0800 " PROVEN,
      .says = "foo vlan=77: " INNER_IS },
    { .layers = "eth ip udp foo eth ipv6 udp",
      .bytes = TUNNEL "ffffff " IP6 INNER6,
      .says = "foo: " INNER6_IS },
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff " INNER6 "00",
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" }, /* its length is one byte short */
    { .layers = "eth ip udp foo ipv6",
      .bytes = TUNNEL "ffffff 60000000 0010 3b 40 " V6_A V6_B,
      .left6 = 40,
      .says = "foo: 59 v6-20-01 > v6-20-02, 0" }, /* a header, and no more of 16 bytes */
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff " INNER6 "00",
      .left6 = LENGTH6 + 1,
      .says = "foo: " INNER6_IS },
    { .layers = "eth ip udp foo ipv6 foo ipv6 udp",
      .bytes = TUNNEL "ffffff " INNER6 "00",
      .left6 = LENGTH6 + 1,
      .says = "foo: " INNER6_IS }, /* the first of two is missed, the last is there once */
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff " INNER6,
      .left6 = LENGTH6,
      .says = "foo: " INNER6_IS },
    /* The same pair of addresses twice: the last one, if both are listed. */
    { .layers = "eth ip udp foo ipv6 ipv6 udp",
      .bytes = TUNNEL "ffffff 60000000 0034 29 40 " V6_A V6_B INNER6 "00",
      .left6 = LENGTH6 + 1,
      .says = "foo: " INNER6_IS },
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff 60000000 0034 29 40 " V6_A V6_B INNER6 "00",
      .left6 = LENGTH6 + 1,
      .says = "foo: 41 v6-20-01 > v6-20-02, 52" }, /* one is listed, and the first fits */
    /* In the buffer that a dissector added */
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff",
      .second = INNER,
      .left4 = LENGTH4,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff",
      .second = "00" PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff",
      .second = "00" PROVEN,
      .left4 = LENGTH4 + 1,
      .says = "foo: " INNER_IS }, /* there is no header where they are */
    /* The addresses are those of the header that encloses it: what was decoded is quoted. */
    { .layers = "eth ip udp foo ip udp",
      .bytes = IP4 OUTER("11 ") "c350 2328 0000 0000" PROVEN,
      .left4 = 20 + 8 + LENGTH4,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    { .layers = "eth ipv6 udp foo ip udp",
      .bytes = IP6 "60000000 002b 11 40 " V6_C V6_D "c350 2328 002b 0000 ffffff" PROVEN,
      .left6 = 40 + 8 + 3 + LENGTH4,
      .says = "17 v6-20-55:50000 > v6-20-99:9000, 35" },
    /* What encloses it ends it, wherever it was found. */
    { .layers = "eth ip udp foo ip udp",
      .bytes = IP4 "4500 003f 0001 0000 4011 " BAD_SUM "c0000201 c0000202 c350 2328 0000 0000 "
                   "ffffff 4500 0026 0007 0000 4011 " BAD_SUM ADDR4
                   "9c40 270f 0100 0000 61626364 " TRAILER,
      .left4 = LENGTH4 + 6,
      .says = "foo: " INNER_IS },
    { .layers = "foo ip udp", .bytes = "61 ", .second = INNER, .left4 = LENGTH4, .says = INNER_IS },
    { .layers = "openflow_v1 eth ip udp", .bytes = "61626364 " IP4 PROVEN, .says = INNER_IS },
    /* Before the right one others that have a right checksum and cannot be: of 16 bytes, of a
     * packet of 20 with a header of 24, of 255 */
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff 4400 0020 0007 0000 4011 71c6 0a000001 " PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff 4600 0014 0007 0000 4011 65d0 " ADDR4 "00000000 " PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff 4500 00ff 0007 0000 4011 65e5 " ADDR4 PROVEN,
      .says = "foo: " INNER_IS },
    /* A layer that is not listed: the walk has come to another place than Wireshark. */
    { .layers = "eth ip udp ip udp",
      .bytes = TUNNEL "ffff " INNER,
      .left4 = LENGTH4,
      .says = "ipip: " INNER_IS },
    { .layers = "eth ip udp foo bar ip udp",
      .bytes = TUNNEL "ffffff " INNER,
      .left4 = LENGTH4,
      .says = "foo: " INNER_IS }, /* one name for layers that nobody can tell apart */
    { .layers = "eth ip l2tp ppp ip udp",
      .bytes = IP4 OUTER("73 ") "00000007 ff03 0021 " PROVEN,
      .says = "l2tpv3=7: " INNER_IS },
    { .layers = "eth ip udp l2tp ppp ip udp",
      .bytes = OVER("06a5") "0003 0000 00000007 ff03 0021 " PROVEN,
      .says = "l2tpv3=7: " INNER_IS },
    { .layers = "eth ip tcp foo ip udp", /* a message of a stream can begin anywhere */
      .bytes = IP4 OUTER("06 ") "c350 2328 00000001 00000001 5010 ffff 0000 0000 ffff " PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "foo eth ip udp", .bytes = "61626364 " IP4 PROVEN, .says = INNER_IS },
    /* From EtherType to EtherType, up to what proves itself. */
    { .layers = "foo eth ethertype ethertype arp",
      .bytes = "61626364 " MACS "0806 " ARP,
      .says = "0 mac-0a > mac-0b type 0806, 28" },
    { .layers = "foo eth ethertype vntag arp",
      .bytes = "61626364 " MACS "8926 00010002 0806 " ARP,
      .says = "0 mac-0a > mac-0b type 0806, 28" },
    { .layers = "foo eth ethertype cmd arp",
      .bytes = "61626364 " MACS "8909 0101 0001 0005 0806 " ARP,
      .says = "0 mac-0a > mac-0b type 0806, 28" },
    { .layers = "foo eth ethertype hsr arp",
      .bytes = "61626364 " MACS "892f 00400001 0806 " ARP,
      .says = "0 mac-0a > mac-0b type 0806, 28" },
    { .layers = "foo eth ethertype ieee8021cb arp",
      .bytes = "61626364 " MACS "f1c1 00000001 0806 " ARP,
      .says = "0 mac-0a > mac-0b type 0806, 28" },
    { .layers = "foo eth ethertype ieee8021ad ethertype vlan arp",
      .bytes = "61626364 " MACS "88a8 0005 8100 0006 0806 " ARP,
      .says = "vlan=5 vlan=6: 0 mac-0a > mac-0b type 0806, 28" },
    { .layers = "foo eth ethertype llc arp",
      .bytes = "61626364 " MACS "0024 aaaa03 000000 0806 " ARP,
      .says = "0 mac-0a > mac-0b type 0000, 36" },
    { .layers = "foo eth cmd arp", .bytes = "61626364 " MACS "8926 0101 0001 0005 0806 " ARP },
    { .layers = "foo eth llc arp", .bytes = "61626364 " MACS "001c " ARP },
    { .layers = "foo eth arp", .bytes = "61626364 " MACS "0806 0001 0800 0605" ARP_ENDS },
    { .layers = "foo eth arp", .bytes = "61626364 " MACS "0806 0001 0800 0604 0001 0200000000" },
    { .layers = "foo eth ip udp", .bytes = "61626364 " IP4 INNER },
    { .layers = "foo eth ip udp", .bytes = "61626364 " IP4 ENDLESS },
    /* The header fits and carries what is listed next; its checksum or length is wrong. */
    { .layers = "eth ip udp foo ip udplite",
      .bytes = TUNNEL "ffffff " LITE TRAILER,
      .says = "foo: 136 10.0.0.1:40000 > 10.0.0.2:9999, 4" },
    { .layers = "eth ip udp foo ip udplite",
      .bytes = TUNNEL "ffffff " LITE,
      .says = "foo: 136 10.0.0.1:40000 > 10.0.0.2:9999, 4" }, /* to the byte */
    { .layers = "eth ip udp foo ipv6 ipv6.hopopts udplite",
      .bytes =
          TUNNEL "ffffff 60000000 0014 00 40 " V6_A V6_B "8800 0000 0000 0000 " DATAGRAM TRAILER,
      .says = "foo: 136 v6-20-01:40000 > v6-20-02:9999, 4" },
    { .layers = "foo eth ip udplite", .bytes = "61626364 " IP4 LITE_TOO_LONG },
    { .layers = "foo eth ip udp", .bytes = "61626364 " IP4 LITE },
    { .layers = "foo eth ip", .bytes = "61626364 " IP4 LITE },
    /* Captured up to where the header would begin */
    { .layers = "foo eth ip udplite", .bytes = "61626364 " IP4 },
    { .layers = "foo eth vlan ip udplite", .bytes = "61626364 " MACS "8100 0005 0800" },
    { .layers = "foo eth vlan ipv6 udplite", .bytes = "61626364 " MACS "8100 0005 86dd" },
    { .layers = "eth ip udp foo eth ip udplite",
      .bytes = TUNNEL "ffffff " IP4,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    /* Through headers that say themselves where they end */
    { .layers = "eth ip udp foo eth mpls ip udp",
      .bytes = TUNNEL "ffffff " MACS "8847 00005040 00006140 " PROVEN,
      .says = "foo mpls=5 mpls=6: " INNER_IS },
    { .layers = "eth ip udp foo eth ethertype pppoes ppp ip udp",
      .bytes = TUNNEL "ffffff " MACS "8864 1100 0005 0022 0021 " PROVEN,
      .says = "foo pppoe=5: " INNER_IS },
    { .layers = "eth ip udp foo eth ieee8021ah ip udp",
      .bytes = TUNNEL "ffffff " MACS "88e7 00000005 02000000000d 02000000000c 0800 " PROVEN,
      .says = "foo pbb=5: " INNER_IS },
    { .layers = "eth ip udp foo eth ieee8021ad ip udp",
      .bytes = TUNNEL "ffffff " MACS "88a8 0005 88a8 0006 0800 " PROVEN,
      .says = "foo vlan=5 vlan=6: " INNER_IS },
    /* An EtherType names one that nobody can pass; a label does not. */
    { .layers = "eth ip udp foo eth ethertype bar ip udp",
      .bytes = TUNNEL "ffffff " MACS "894f 0000 " PROVEN,
      .says = "foo bar: " INNER_IS },
    { .layers = "eth ip udp foo eth mpls bar ip udp",
      .bytes = TUNNEL "ffffff " MACS "8847 00005140 0000 " PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo eth mpls hp_erm ip udp",
      .bytes = TUNNEL "ffffff " MACS "8847 00005140 0000 " PROVEN,
      .says = "foo: " INNER_IS },
    { .layers = "foo eth bar",
      .bytes = "61626364 " MACS "894f 0000",
      .says = "0 mac-0a > mac-0b type 894f, 2" },
    { .layers = "eth ip sflow ip udp",
      .bytes = TUNNEL "ffffff " PROVEN,
      .left4 = 20 + 8 + 3 + LENGTH4,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    /* What is quoted left its addresses. */
    { .layers = "eth ip udp openflow_v1 eth ip udp",
      .bytes = TUNNEL "ffffff " IP4 PROVEN,
      .left4 = LENGTH4,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    { .layers = "eth ip udp openflow_v1 eth ipv6 udp",
      .bytes = TUNNEL "ffffff " IP6 INNER6,
      .left6 = LENGTH6,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },

    /* One that the walk has passed has the addresses: it is not inside itself. */
    { .layers = "eth ip ip ip udp",
      .bytes = IP4 OUTER("04 ") INNER,
      .left4 = LENGTH4,
      .says = "ipip: " INNER_IS },
    /* The walk took another one for the first, and the last one is before it. */
    { .layers = "eth ip udp foo ip foo ip udp",
      .bytes = TUNNEL "ffffff " INNER "4500 0014 0007 0000 403b 66a2 0a000003 0a000004",
      .left4 = LENGTH4 + 20,
      .says = "foo: " INNER_IS },
    /* What looks like a header where the walk has come to, and Wireshark decoded a later one */
    { .layers = "eth ip udp ip udp",
      .bytes = TUNNEL "4500 0014 0007 0000 403b " BAD_SUM "0a000003 0a000004 " INNER,
      .left4 = LENGTH4,
      .says = "ipip: " INNER_IS },
    { .layers = "eth ip udp ipv6 udp",
      .bytes = TUNNEL "60000000 0000 3b 40 " V6_C V6_D INNER6,
      .left6 = LENGTH6,
      .says = "6in4: " INNER6_IS },
    /* After what nobody could pass, right there, but nothing proves it */
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL INNER,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    /* Too long for a proof, but the addresses are there once, whatever was missed before it. */
    { .layers = "eth ip udp foo ipv6 foo ipv6 udp",
      .bytes = TUNNEL "ffffff " LONG6 V6_A V6_B DATAGRAM,
      .left6 = LENGTH6,
      .says = "foo: " INNER6_IS },
    /* Others with one of the two addresses are not it. */
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff 60000000 0034 29 40 " V6_C V6_B LONG6 V6_A V6_B DATAGRAM,
      .left6 = LENGTH6,
      .says = "foo: " INNER6_IS },
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff 60000000 0034 29 40 " V6_A V6_C LONG6 V6_A V6_B DATAGRAM,
      .left6 = LENGTH6,
      .says = "foo: " INNER6_IS },
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff 40000000 0034 29 40 " V6_A V6_B LONG6 V6_A V6_B DATAGRAM,
      .left6 = LENGTH6,
      .says = "foo: " INNER6_IS },
    /* One that was missed before another header does not count after it. */
    { .layers = "eth ip udp foo ipv6 foo ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff 4500 007c 0007 0000 4011 6668 " ADDR4
                      "c350 2328 0000 0000 ffffff 60000000 0034 29 40 " V6_A V6_B INNER6 "00",
      .left6 = LENGTH6 + 1,
      .says = "foo foo: 41 v6-20-01 > v6-20-02, 52" },
    /* The addresses are those of IPv4 outside, and IPv6 was decoded: it is quoted. */
    { .layers = "eth ip udp foo ipv6 udp",
      .bytes = TUNNEL "ffffff " INNER6,
      .left4 = 20 + 8 + 3 + LENGTH6,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    /* Where the addresses are there is no header: it is looked for from where the walk was. */
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff " PROVEN,
      .left4 = LENGTH4 - 1,
      .says = "foo: " INNER_IS },
    { .layers = "eth ip udp foo ip udp",
      .bytes = TUNNEL "ffffff " PROVEN,
      .left4 = LENGTH4,
      .is_copied = true,
      .says = "foo: " INNER_IS },
    /* UDP says where it ends. */
    { .layers = "eth ip udp foo ip udp",
      .bytes = IP4 OUTER("11 ") "c350 2328 0008 0000 ffffff " PROVEN,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:9000, 0" },
    /* Nobody knows what a header has that says it is longer than what was captured, and what looks
     * like a packet there has to prove it. */
    { .layers = "eth ip udp geneve ip udp",
      .bytes = OVER("17c1") "0900 0800 000005 00 " PROVEN,
      .says = "geneve=5: " INNER_IS },
    { .layers = "eth ip udp geneve ip",
      .bytes = OVER("17c1") "4500 0014 0007 0000 403b " BAD_SUM ADDR4,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:6081, 0" },
    /* An extension of GTP that says it is longer than what was captured, and looks like a packet */
    { .layers = "eth ip udp gtp ip udp",
      .bytes = OVER("0868") "34ff 0000 00000005 0000 00 85 " INNER,
      .says = "17 192.0.2.1:50000 > 192.0.2.2:2152, 0" },
};

/* Where Wireshark's list is empty the addresses that it left tell what there is, but no tunnel. */
static const struct frame listed_again[] = {
    { .layers = "", .bytes = IP4 INNER, .left4 = LENGTH4, .says = INNER_IS },
    { .layers = "", .bytes = IP4 INNER },
    { .layers = "", .bytes = IP6 INNER6, .left6 = LENGTH6, .says = INNER6_IS },
    { .layers = "",
      .bytes = INNER,
      .left4 = LENGTH4,
      .says = INNER_IS,
      .encapsulation = WTAP_ENCAP_RAW_IP },
    { .layers = "", .bytes = TAGGED, .left4 = LENGTH4, .says = "vlan=77: " INNER_IS },
    { .layers = "",
      .bytes = MACS "88a8 0005 9100 0006 8100 0007 0800 " INNER,
      .left4 = LENGTH4,
      .says = "vlan=5 vlan=6 vlan=7: " INNER_IS },
    { .layers = "",
      .bytes = MACS "8101 0005 0800 " INNER,
      .left4 = LENGTH4,
      .says = INNER_IS }, /* no tag's number */
    { .layers = "", .bytes = IP4 GRE9, .left4 = LENGTH4, .says = INNER_IS },
};

/* Claims */

static void check_rows(const struct frame *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *says = walk_says(&rows[i], SIZE_MAX);
        if (g_strcmp0(says, rows[i].says) != 0)
            g_test_message("%s: %s", rows[i].layers, rows[i].bytes);
        g_assert_cmpstr(says, ==, rows[i].says);
        g_free(says);
    }
}

#define CHECK_ROWS(rows)                                                                           \
    static void test_##rows(void)                                                                  \
    {                                                                                              \
        check_rows(rows, G_N_ELEMENTS(rows));                                                      \
    }

CHECK_ROWS(links)
CHECK_ROWS(tunnels)
CHECK_ROWS(whole_headers)
CHECK_ROWS(networks)
CHECK_ROWS(fragments)
CHECK_ROWS(errors)
CHECK_ROWS(transports)
CHECK_ROWS(found)
CHECK_ROWS(listed_again)

/*
 * A snap length invents no layer: the path of a frame cut anywhere is where the
 * whole frame's begins.  The buffer is as long as what was captured, so that the
 * sanitizer sees a look past its end.
 */
static void check_cuts(const struct frame *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size;
        char *whole = walk_says(&rows[i], SIZE_MAX);

        g_free(bytes_of(rows[i].bytes, &size));
        for (size_t cut = 0; cut < size; cut++) {
            char *says = walk_says(&rows[i], cut), *colon = says ? strstr(says, ": ") : NULL;
            bool invents = colon && (!whole || strncmp(says, whole, (size_t)(colon - says)) != 0);
            if (invents)
                g_test_message("%s: %s, cut at %zu: %s", rows[i].layers, rows[i].bytes, cut, says);
            g_assert_false(invents);
            g_free(says);
        }
        g_free(whole);
    }
}

static void test_cuts(void)
{
    check_cuts(links, G_N_ELEMENTS(links));
    check_cuts(tunnels, G_N_ELEMENTS(tunnels));
    check_cuts(networks, G_N_ELEMENTS(networks));
    check_cuts(fragments, G_N_ELEMENTS(fragments));
    check_cuts(errors, G_N_ELEMENTS(errors));
    check_cuts(transports, G_N_ELEMENTS(transports));
    check_cuts(found, G_N_ELEMENTS(found));
    check_cuts(listed_again, G_N_ELEMENTS(listed_again));
}

/* An IPv6 length of 0 is the frame's only for who says so. */
static void test_offload(void)
{
    static const struct frame offloaded = {
        "eth ipv6 udp", IP6 "60000000 0000 11 40 " V6_A V6_B "9c40 270f 0000 0000 61626364", NULL
    };
    char *says = walk_says(&offloaded, SIZE_MAX);

    g_assert_cmpstr(says, ==, "17 v6-20-01 > v6-20-02, 0");
    g_free(says);
    wireshark_offload_is_seen = true;
    says = walk_says(&offloaded, SIZE_MAX);
    wireshark_offload_is_seen = false;
    g_assert_cmpstr(says, ==, INNER6_IS);
    g_free(says);
}

/* Of an A-MSDU the last subframe counts, without the tags of those before it. */
static void test_a_subframe_has_a_path_of_its_own(void)
{
    static const struct frame frame = {
        .layers = "wlan wlan_aggregate llc vlan ip udp llc ip udp",
        .bytes = "8802 0000 02000000000b 0200000000f1 02000000000a 0000 8000 "
                 "0200000000b2 0200000000a1 002c aaaa03 000000 8100 0005 0800 " INNER "0000 "
                 "0200000000b2 0200000000a1 0028 aaaa03 000000 0800 " INNER,
        .encapsulation = WTAP_ENCAP_IEEE_802_11,
    };
    char *says = walk_says(&frame, SIZE_MAX);

    g_assert_cmpstr(says, ==, INNER_IS);
    g_free(says);
}

/* How far a header is looked for, and how often others were not found before. */
static void test_a_search_ends(void)
{
    static const struct {
        unsigned far, in_vain;
        bool is_found;
    } rows[] = {
        { 1, 0, true }, { 2047, 0, true }, { 2048, 0, false }, { 1, 3, true }, { 1, 4, false }
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *layers = g_string_new("eth ip udp"), *bytes = g_string_new(TUNNEL);
        for (unsigned n = 0; n < rows[i].far; n++)
            g_string_append(bytes, "ff");
        g_string_append(bytes, PROVEN);
        for (unsigned n = 0; n < rows[i].in_vain; n++)
            g_string_append(layers, " foo ipv6");
        g_string_append(layers, " foo ip udp");
        const struct frame frame = { .layers = layers->str, .bytes = bytes->str };
        char *says = walk_says(&frame, SIZE_MAX);
        g_assert_cmpstr(says, ==,
                        rows[i].is_found ? "foo: " INNER_IS
                                         : "17 192.0.2.1:50000 > 192.0.2.2:9000, 0");
        g_free(says);
        g_string_free(layers, TRUE);
        g_string_free(bytes, TRUE);
    }
}

/* What follows the IP header, as much of it as was captured. */
static void test_the_transport_is_what_was_captured(void)
{
    const struct frame frame = { "eth ip udp", IP4 INNER, NULL };
    enum { BEFORE = 14 + 20, ALL = BEFORE + 12 };

    for (size_t cut = BEFORE; cut <= ALL; cut++) {
        struct dissected *dissected = dissect(&frame, cut);
        struct flow_packet packet;
        struct fs_walk walk;

        g_assert_true(fs_extract(dissected->tvb[0], &dissected->pinfo, &all_keys, &walk, &packet));
        g_assert_true(packet.transport == dissected->bytes[0] + BEFORE);
        g_assert_cmpuint(packet.transport_len, ==, cut - BEFORE);
        dissected_free(dissected);
    }
}

/* Where a header was cut before it says how long it is, nobody knows how long the payload is. */
static void test_the_payload_is_what_was_sent(void)
{
    static const struct {
        struct frame frame;
        unsigned told; /* bytes of the header that tell its length */
    } rows[] = {
        { { "eth ip dccp", DCCP "0400 0000 0000 0001 00000000 616263", NULL }, 5 },
        { { SEGMENT("5010", "616263"), NULL }, 13 },
    };
    enum { BEFORE = 14 + 20 };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (unsigned captured = 0; captured < 16; captured++) {
            char *says = walk_says(&rows[i].frame, BEFORE + captured);
            g_assert_true(g_str_has_suffix(says, captured < rows[i].told ? ", 0" : ", 3"));
            g_free(says);
        }
}

/* What a frame says about itself, beside who talks to whom */

static char *facts_of(const struct frame *frame)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {
        { FLOW_FACT_TIME, "time" },    { FLOW_FACT_IP, "ip" },
        { FLOW_FACT_TCP, "tcp" },      { FLOW_FACT_IP_ID, "id" },
        { FLOW_FACT_DF, "df" },        { FLOW_FACT_NO_LENGTH, "no-length" },
        { FLOW_FACT_FRAG, "frag" },    { FLOW_FACT_FIRST_FRAG, "first" },
        { FLOW_FACT_CHECKSUM, "sum" }, { FLOW_FACT_OPTIONS, "options" },
    };
    struct dissected *dissected = dissect(frame, SIZE_MAX);
    struct flow_packet packet;
    const struct flow_fact *fact = &packet.fact;
    struct fs_walk walk;
    GString *line = g_string_new(NULL);

    dissected->frame.cap_len = 99;
    dissected->frame.pkt_len = 4000000000;
    g_assert_true(fs_extract(dissected->tvb[0], &dissected->pinfo, &all_keys, &walk, &packet));
    for (size_t i = 0; i < G_N_ELEMENTS(bits); i++)
        if (fact->bits & bits[i].bit)
            g_string_append_printf(line, "%s ", bits[i].name);
    g_string_append_printf(line, "%u/%u ip %u ttl %u tos %u id %u label %x words %u sum %x",
                           fact->cap_len, fact->wire_len, fact->ip_len, fact->ttl, fact->tos,
                           fact->ip_id, fact->flow_label, fact->header_words, fact->checksum);
    if (fact->bits & FLOW_FACT_TCP)
        g_string_append_printf(line, " seq %u ack %u flags %x window %u", fact->tcp_seq,
                               fact->tcp_ack, fact->tcp_flags, fact->tcp_window);
    if (fact->bits & FLOW_FACT_OPTIONS)
        g_string_append_printf(line, " mss %u tsval %u", fact->tcp_options.mss,
                               fact->tcp_options.tsval);
    if (fact->icmp_type || fact->icmp_code)
        g_string_append_printf(line, " icmp %u/%u", fact->icmp_type, fact->icmp_code);
    if (fact->record)
        g_string_append_printf(line, " record %u", fact->record);
    if (packet.bits & FLOW_PACKET_MACS)
        g_string_append_printf(line, " from %02x to %02x", packet.mac[0][5], packet.mac[1][5]);
    if (packet.bits & FLOW_PACKET_ETH_TYPE)
        g_string_append_printf(line, " type %04x", packet.eth_type);
    if (packet.bits & FLOW_PACKET_MAC_SENDER)
        g_string_append_printf(line, " from %02x", packet.mac[0][5]);
    if (packet.message_type)
        g_string_append_printf(line, " message %u", packet.message_type);
    dissected_free(dissected);
    return g_string_free(line, FALSE);
}

#define WIRE        "99/2147483647 " /* a damaged length ends where Wireshark's frame.len does */
#define ON_THE_LINK " from 0a to 0b type "
#define TCP(layers, offset_flags, bytes)                                                           \
    "eth ip tcp" layers, IP4 "45b9 0000 1234 4000 3f06 " BAD_SUM ADDR4                             \
                             "9c40 0050 00000002 00000003 " offset_flags " 0400 beef 0000 " bytes
static const struct frame facts[] = {
    { "eth ip udp", IP4 "4502 0020 1234 0000 3f11 " BAD_SUM ADDR4 "9c40 270f 000c abcd 61626364",
      "ip id sum " WIRE "ip 32 ttl 63 tos 2 id 4660 label 0 words 2 sum abcd" ON_THE_LINK "0800" },
    { "eth ip udp", IP4 "4500 0020 1234 2000 4011 " BAD_SUM ADDR4 "9c40 270f 000c abcd 61626364",
      "ip id frag first sum " WIRE "ip 32 ttl 64 tos 0 id 4660 label 0 words 2 sum abcd" ON_THE_LINK
      "0800" },
    { "eth ip data", IP4 "4500 0020 1234 0001 4011 " BAD_SUM ADDR4 "9c40 270f 000c abcd 61626364",
      "ip id frag " WIRE "ip 32 ttl 64 tos 0 id 4660 label 0 words 0 sum 0" ON_THE_LINK "0800" },
    { "raw ipv6 udp", "6b9abcde 000c 11 ff " V6_A V6_B "9c40 270f 000c abcd 61626364",
      "ip sum " WIRE "ip 52 ttl 255 tos 185 id 0 label abcde words 2 sum abcd",
      .encapsulation = WTAP_ENCAP_RAW_IP },
    { TCP("", "5012", "616263"),
      "ip tcp df no-length sum " WIRE "ip 43 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 12 window 1024" ON_THE_LINK "0800" },
    { TCP("", "6002", "020405b4"),
      "ip tcp df no-length sum options " WIRE "ip 44 ttl 63 tos 185 id 4660 label 0 words 6 "
      "sum beef seq 2 ack 3 flags 2 window 1024 mss 1460 tsval 0" ON_THE_LINK "0800" },
    { TCP("", "6010", "020405b4"), /* after the SYN the timestamps alone */
      "ip tcp df no-length sum " WIRE "ip 44 ttl 63 tos 185 id 4660 label 0 words 6 sum beef "
      "seq 2 ack 3 flags 10 window 1024" ON_THE_LINK "0800" },
    { TCP("", "8010", "0101080a 00000007 00000008"),
      "ip tcp df no-length sum options " WIRE "ip 52 ttl 63 tos 185 id 4660 label 0 words 8 "
      "sum beef seq 2 ack 3 flags 10 window 1024 mss 0 tsval 7" ON_THE_LINK "0800" },
    { TCP("", "6010", "01010101 0101080a 00000007 00000008"), /* what follows is no option */
      "ip tcp df no-length sum " WIRE "ip 56 ttl 63 tos 185 id 4660 label 0 words 6 sum beef "
      "seq 2 ack 3 flags 10 window 1024" ON_THE_LINK "0800" },
    { TCP("", "6010", "0101080a 00000007 00000008"),
      "ip tcp df no-length sum " WIRE "ip 52 ttl 63 tos 185 id 4660 label 0 words 6 sum beef "
      "seq 2 ack 3 flags 10 window 1024" ON_THE_LINK "0800" },
    { TCP(" tls", "5018", "16 0303 0005 01 00000100"),
      "ip tcp df no-length sum " WIRE "ip 50 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024 record 1" ON_THE_LINK "0800" },
    { TCP(" tls", "5018", "17 0303 0001 00"),
      "ip tcp df no-length sum " WIRE "ip 46 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024 record 2" ON_THE_LINK "0800" },
    { TCP(" tls", "5018", "17 0303 0001"), /* a header alone */
      "ip tcp df no-length sum " WIRE "ip 45 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024" ON_THE_LINK "0800" },
    { TCP(" tls", "5018", "16 0303 0005 02 00000100"), /* a ServerHello */
      "ip tcp df no-length sum " WIRE "ip 50 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024" ON_THE_LINK "0800" },
    { TCP(" tls", "5018", "15 0303 0002 01 00"), /* an alert */
      "ip tcp df no-length sum " WIRE "ip 47 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024" ON_THE_LINK "0800" },
    { "eth ip tcp tls", IP4 "4500 0000 0007 0000 4006 " BAD_SUM ADDR4 "1703 0303 0001 00",
      "ip id no-length " WIRE "ip 27 ttl 64 tos 0 id 7 label 0 words 0 sum 0" ON_THE_LINK
      "0800" }, /* no record, but the start of a TCP header */
    { "eth ip ospf", IP4 "4500 0000 0007 0000 4059 " BAD_SUM ADDR4 "0201 0004 0000 0000",
      "ip id no-length " WIRE "ip 28 ttl 64 tos 0 id 7 label 0 words 0 sum 0" ON_THE_LINK "0800" },
    { TCP(" data", "5018", "17 0303 0001 00"), /* nobody decoded it as TLS */
      "ip tcp df no-length sum " WIRE "ip 46 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024" ON_THE_LINK "0800" },
    { TCP(" tls", "5018", "17 0403 0001 00"),
      "ip tcp df no-length sum " WIRE "ip 46 ttl 63 tos 185 id 4660 label 0 words 5 sum beef "
      "seq 2 ack 3 flags 18 window 1024" ON_THE_LINK "0800" },
    { "eth ip icmp", ICMP4 "0b01 1111 00000000 " INNER,
      "ip id no-length sum " WIRE
      "ip 60 ttl 64 tos 0 id 7 label 0 words 2 sum 1111 icmp 11/1" ON_THE_LINK "0800 message 1" },
    { "eth ip icmp", ICMP4 "08",
      "ip id no-length " WIRE "ip 21 ttl 64 tos 0 id 7 label 0 words 2 sum 0" ON_THE_LINK
      "0800 message 1" },
    { "sll ethertype ip udp", "0000 0001 0006 02000000000a 0000 0800 " INNER,
      "ip id sum " WIRE "ip 32 ttl 64 tos 0 id 7 label 0 words 2 sum 0 from 0a",
      .encapsulation = WTAP_ENCAP_SLL },
    { "sll ethertype ip udp", "0000 0001 0008 0200000000000000 0800 " INNER,
      "ip id sum " WIRE "ip 32 ttl 64 tos 0 id 7 label 0 words 2 sum 0",
      .encapsulation = WTAP_ENCAP_SLL },
    { "eth ethertype arp", MACS "0806 0001 0800 0604 0002",
      WIRE "ip 0 ttl 0 tos 0 id 0 label 0 words 0 sum 0" ON_THE_LINK "0806 message 2" },
};

static void test_facts(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        char *says = facts_of(&facts[i]);
        g_assert_cmpstr(says, ==, facts[i].says);
        g_free(says);
    }
}

/* What the application's message is, read where it is */

#define QUERY      "0101 0100 0001 0000 0000 0000 0161 00 0001 0001 "
#define QUIC_HELLO "06 00 410a 02 000106 0303"
static const struct {
    struct frame frame;
    enum flow_message says;
} messages[] = {
    { { "eth ip udp dns", OVER("0035") QUERY, NULL }, FLOW_MESSAGE_REQUEST },
    { { "eth ip udp data", OVER("0035") QUERY, NULL }, FLOW_MESSAGE_UNKNOWN },
    { { "eth ip udp foo dns", OVER("0035") QUERY, NULL }, FLOW_MESSAGE_UNKNOWN },
    { { "eth ip tcp http",
        IP4 "4500 0000 0007 4000 4006 " BAD_SUM ADDR4
            "9c40 0050 00000001 00000001 6018 ffff 0000 0000 01010101 "
            "474554202f20485454502f312e310d0a0d0a",
        NULL },
      FLOW_MESSAGE_REQUEST },
    { { "eth ip udp quic", OVER("01bb") "c0ff", NULL, .second = QUIC_HELLO },
      FLOW_MESSAGE_RESPONSE }, /* decrypted */
    /* Where the packet is in a later buffer, that one is not what was decrypted. */
    { { "eth ip udp foo ip udp quic", TUNNEL "ffffff", NULL,
        .second = "4500 0026 0007 0000 4011 " BAD_SUM ADDR4 "9c40 01bb 0012 0000 " QUIC_HELLO,
        .left4 = 38 },
      FLOW_MESSAGE_RESPONSE },
    { { "eth ip udp foo ipv6 udp quic", TUNNEL "ffffff", NULL,
        .second = "60000000 0012 11 40 " V6_A V6_B "9c40 01bb 0012 0000 " QUIC_HELLO, .left6 = 58 },
      FLOW_MESSAGE_RESPONSE },
    { { "eth ip ip udp quic",
        IP4 "4500 001e 0007 0003 4004 " BAD_SUM "c0000201 c0000202 00120000" QUIC_HELLO, NULL,
        .second = "4500 0026 0007 0000 4011 " BAD_SUM ADDR4 "9c40 01bb 0012 0000 " QUIC_HELLO },
      FLOW_MESSAGE_RESPONSE },
    { { "eth ip tcp http", /* GET, but in a TCP header that is cut */
        IP4 "4500 0040 0007 4000 4006 " BAD_SUM ADDR4 "474554202f0d0a0d0a", NULL },
      FLOW_MESSAGE_UNKNOWN },
    { { "eth ip udp ip udp dns", OVER("0035") QUERY, NULL },
      FLOW_MESSAGE_UNKNOWN }, /* the packet inside, which carries it, was not found */
    { { "eth ip sctp dns", IP4 OUTER("84 ") QUERY, NULL }, FLOW_MESSAGE_UNKNOWN },
};

static void test_application(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        struct dissected *dissected = dissect(&messages[i].frame, SIZE_MAX);
        struct flow_packet packet;
        struct fs_walk walk;

        g_assert_true(fs_extract(dissected->tvb[0], &dissected->pinfo, &all_keys, &walk, &packet));
        g_assert_cmpint(packet.application(packet.source), ==, messages[i].says);
        dissected_free(dissected);
    }
}

/* What a tunnel brings into the key, by the preferences */

enum {
    KEY = FLOW_LAYER_KEY,
    ID = FLOW_LAYER_ID_KEY,
    ENDS = FLOW_LAYER_ENDS,
    ENDS_KEY = FLOW_LAYER_ENDS_KEY,
    HEX = FLOW_LAYER_HEX,
};

static const struct key {
    const char *layers, *bytes;
    unsigned least, vlan, labels, ends; /* bits of the first layer: with no preference, with one */
} keys[] = {
    { "eth vlan ip udp", TAGGED, 0, KEY | ID, 0, 0 },
    { "eth mpls ip udp", MACS "8847 00005140 " INNER, 0, KEY | ID, 0, 0 },
    { "eth ip udp vxlan eth ip udp", OVER("12b5") "0800 0000 000005 00 " IP4 INNER, KEY | ID | ENDS,
      KEY | ID | ENDS, KEY | ID | ENDS, KEY | ID | ENDS },
    { "eth ip udp vxlan eth ip udp", OVER("12b5") "0800 0000 000000 00 " IP4 INNER, KEY | ENDS,
      KEY | ENDS, KEY | ENDS, KEY | ENDS },
    { "eth ip gre eth ip udp", IP4 OUTER("2f ") "2000 6558 05000000 " IP4 INNER, KEY | ID | ENDS,
      KEY | ID | ENDS, KEY | ID | ENDS, KEY | ID | ENDS },
    { "eth ip gre eth ip udp", IP4 OUTER("2f ") "2000 6558 00000007 " IP4 INNER, KEY | ENDS,
      KEY | ENDS, KEY | ENDS, KEY | ENDS }, /* of NVGRE the last byte tells flows, not networks */
    { "eth ip gre ip udp", IP4 OUTER("2f ") "0000 0800 " INNER, KEY | ENDS | HEX, KEY | ENDS | HEX,
      KEY | ENDS | HEX, KEY | ENDS | HEX | ENDS_KEY },
    { "eth ip gre ip udp", IP4 OUTER("2f ") "2000 0800 00000005 " INNER, KEY | ID | ENDS | HEX,
      KEY | ID | ENDS | HEX, KEY | ID | ENDS | HEX, KEY | ID | ENDS | HEX },
    { "eth ip udp gtp ip udp", OVER("0868") "30ff 0020 00000005 " INNER, KEY | ENDS | HEX,
      KEY | ENDS | HEX, KEY | ID | ENDS | HEX, KEY | ENDS | HEX | ENDS_KEY },
    { "eth ip ip udp", IP4 OUTER("04 ") INNER, KEY | ENDS, KEY | ENDS, KEY | ENDS,
      KEY | ENDS | ENDS_KEY },
    { "eth ip gre erspan eth ip udp", IP4 OUTER("2f ") "0000 88be " IP4 INNER, ENDS, ENDS,
      KEY | ID | ENDS, ENDS },
    { "eth ip hp_erm eth ip udp",
      IP4 OUTER("11 ") "c350 1efc 0000 0000 " IP4 "4500 0020 0007 0000 "
                       "4011 66c4 " ADDR4 DATAGRAM,
      ENDS, ENDS, KEY | ENDS, ENDS },
};

static unsigned first_bits(const struct key *key, struct fs_walk_options options)
{
    const struct frame frame = { .layers = key->layers, .bytes = key->bytes };
    struct dissected *dissected = dissect(&frame, SIZE_MAX);
    struct fs_walk walk;

    fs_walk(dissected->tvb[0], &dissected->pinfo, &options, &walk);
    g_assert_cmpint(walk.layer_count, >, 0);
    unsigned bits = walk.layers[0].bits;
    dissected_free(dissected);
    return bits;
}

static void test_keys(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const struct key *key = &keys[i];
        g_assert_cmphex(first_bits(key, (struct fs_walk_options){ 0 }), ==, key->least);
        g_assert_cmphex(first_bits(key, (struct fs_walk_options){ .key_vlan = true }), ==,
                        key->vlan);
        g_assert_cmphex(first_bits(key, (struct fs_walk_options){ .key_labels = true }), ==,
                        key->labels);
        g_assert_cmphex(first_bits(key, (struct fs_walk_options){ .key_ends = true }), ==,
                        key->ends);
    }
}

/* Between whom a tunnel is: the ends of the header outside of it. */
static const struct {
    struct frame frame;
    unsigned layer;
    const char *from, *to; /* NULL: between nobody */
} ends[] = {
    { { "eth ip udp vxlan eth ip udp", OVER("12b5") "0800 0000 000005 00 " IP4 INNER, NULL },
      0,
      "192.0.2.1",
      "192.0.2.2" },
    { { "eth ip udp gtp ip gre ip udp", OVER("0868") "30ff 003c 00000005 " GRE9, NULL },
      0,
      "192.0.2.1",
      "192.0.2.2" },
    { { "eth ip udp gtp ip gre ip udp", OVER("0868") "30ff 003c 00000005 " GRE9, NULL },
      1,
      "10.0.0.3",
      "10.0.0.2" },
    { { "eth ipv6 ipv6 udp", IP6 "60000000 0034 29 40 " V6_C V6_D INNER6, NULL },
      0,
      "v6-20-55",
      "v6-20-99" },
    { { "eth vlan ip udp", TAGGED, NULL }, 0, NULL, NULL },
    { { "eth pppoes ppp ip gre ip udp", MACS "8864 1100 0005 003e 0021 " GRE9, NULL },
      0,
      NULL,
      NULL },
};

static void test_ends_of_tunnels(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        struct dissected *dissected = dissect(&ends[i].frame, SIZE_MAX);
        const char *const want[] = { ends[i].from, ends[i].to };
        struct fs_walk walk;

        fs_walk(dissected->tvb[0], &dissected->pinfo, &all_keys, &walk);
        g_assert_cmpuint(walk.layer_count, >, ends[i].layer);
        const struct flow_layer *layer = &walk.layers[ends[i].layer];
        g_assert_cmpint((layer->bits & FLOW_LAYER_ENDS) != 0, ==, want[0] != NULL);
        for (unsigned end = 0; end < 2 && want[end]; end++) {
            GString *text = g_string_new(NULL);
            say_address(text, layer->family, layer->end[end]);
            g_assert_cmpstr(text->str, ==, want[end]);
            g_string_free(text, TRUE);
        }
        dissected_free(dissected);
    }
}

/* The path ends where Wireshark's list does, whatever the list says, or where it says nothing. */
static void test_many_layers(void)
{
    enum { TAGS = 600 };

    for (unsigned is_listed = 0; is_listed <= 1; is_listed++) {
        GString *layers = g_string_new(is_listed ? "eth" : "");
        GString *bytes = g_string_new(MACS "8100 ");

        for (unsigned i = 0; i < TAGS; i++) {
            g_string_append(layers, is_listed ? " vlan" : "");
            g_string_append(bytes, i < TAGS - 1 ? "0005 8100 " : "0005 0800 " INNER);
        }
        const struct frame frame = { .layers = layers->str,
                                     .bytes = bytes->str,
                                     .left4 = is_listed ? 0 : LENGTH4 };
        struct dissected *dissected = dissect(&frame, SIZE_MAX);
        struct fs_walk walk;
        fs_walk(dissected->tvb[0], &dissected->pinfo, &all_keys, &walk);
        /* The first one is eth, and the last one IP where Wireshark left its addresses. */
        g_assert_cmpint(walk.layer_count, ==, is_listed ? FS_LAYERS_MAX - 1 : FS_LAYERS_MAX - 2);
        dissected_free(dissected);
        g_string_free(layers, TRUE);
        g_string_free(bytes, TRUE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fs_headers_register();
    g_test_add_func("/walk/links", test_links);
    g_test_add_func("/walk/tunnels", test_tunnels);
    g_test_add_func("/walk/whole-headers-end-where-they-say", test_whole_headers);
    g_test_add_func("/walk/networks", test_networks);
    g_test_add_func("/walk/fragments", test_fragments);
    g_test_add_func("/walk/errors-quote-packets", test_errors);
    g_test_add_func("/walk/transports", test_transports);
    g_test_add_func("/walk/found-where-the-bytes-prove-it", test_found);
    g_test_add_func("/walk/listed-again-where-the-list-is-empty", test_listed_again);
    g_test_add_func("/walk/what-the-application-says", test_application);
    g_test_add_func("/walk/a-subframe-has-a-path-of-its-own",
                    test_a_subframe_has_a_path_of_its_own);
    g_test_add_func("/walk/a-search-ends", test_a_search_ends);
    g_test_add_func("/walk/the-transport-is-what-was-captured",
                    test_the_transport_is_what_was_captured);
    g_test_add_func("/walk/the-payload-is-what-was-sent", test_the_payload_is_what_was_sent);
    g_test_add_func("/walk/facts-of-a-frame", test_facts);
    g_test_add_func("/walk/a-cut-invents-no-layer", test_cuts);
    g_test_add_func("/walk/offload-is-seen-where-the-user-says-so", test_offload);
    g_test_add_func("/walk/keys-follow-the-preferences", test_keys);
    g_test_add_func("/walk/ends-of-tunnels", test_ends_of_tunnels);
    g_test_add_func("/walk/no-more-layers-than-wireshark-has", test_many_layers);
    return g_test_run();
}
