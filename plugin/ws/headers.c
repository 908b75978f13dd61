#include "headers.h"

#include <flowstats/direction.h>

#include <wiretap/wtap.h>

struct row {
    const char *name; /* Wireshark's, as in display filters */
    enum fs_header_kind kind;
    bool (*pass)(struct fs_cursor *cursor); /* see fs_header_pass() */
};

/* What of a layer is part of the key */

static uint8_t vlan_bits(const struct fs_cursor *cursor)
{
    return cursor->options->key_vlan ? FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY : 0;
}

static uint8_t label_bits(const struct fs_cursor *cursor)
{
    return cursor->options->key_labels ? FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY : FLOW_LAYER_KEY;
}

enum { SHARED_ID = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY };

/* Link headers */

static void set_link(struct fs_cursor *cursor, const uint8_t *sender, const uint8_t *receiver)
{
    cursor->link.mac[0] = sender;
    cursor->link.mac[1] = receiver;
}

/* A number under 1536 is a length: 802.3, and no EtherType.  Cooked captures have no MAC pair. */
static void set_link_type(struct fs_cursor *cursor, const uint8_t *type)
{
    uint16_t number = fs_be16(type);

    if (!cursor->on_link || !cursor->link.mac[0])
        return;
    cursor->link.eth_type = number < 1536 ? 0 : number;
    cursor->link.payload = cursor->here;
    cursor->link.is_known = true;
    cursor->link.layers = cursor->path_count;
}

static bool pass_eth(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 14);

    if (!header)
        return false;
    if (cursor->ends_free)
        fs_add_layer(cursor, "eth", FLOW_LAYER_KEY);
    cursor->on_link = cursor->on_link && !cursor->link.is_known;
    if (cursor->on_link)
        set_link(cursor, header + 6, header);
    fs_skip(cursor, 14);
    set_link_type(cursor, header + 12);
    return true;
}

static bool pass_vlan(struct fs_cursor *cursor)
{
    const uint8_t *tag = fs_peek(cursor, 4);
    bool on_link = cursor->on_link;

    if (!tag)
        return false;
    fs_add_id(fs_add_layer(cursor, "vlan", vlan_bits(cursor)), fs_be16(tag) & 0xfff);
    cursor->on_link = on_link;
    fs_skip(cursor, 4);
    set_link_type(cursor, tag + 2);
    return true;
}

/* radiotap and PPI both state their length here. */
static bool pass_radio(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 4);

    return header && fs_skip(cursor, header[2] | (uint32_t)header[3] << 8);
}

/* An 802.11 data frame; one that was encrypted goes on in the next buffer. */
static bool pass_wlan(struct fs_cursor *cursor)
{
    enum { DATA = 2, NO_DATA = 4, QOS = 8, TO_DS = 1, FROM_DS = 2, PROTECTED = 0x40, ORDER = 0x80 };
    static const uint8_t addresses[4][2] = { { 10, 4 }, { 10, 16 }, { 16, 4 }, { 24, 16 } };
    const uint8_t *header = fs_peek(cursor, 32);

    if (!header || (header[0] >> 2 & 3) != DATA)
        return false;
    uint8_t subtype = header[0] >> 4, flags = header[1];
    bool has_qos = subtype & QOS;
    uint32_t size = (flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) ? 30 : 24;
    if (subtype & NO_DATA)
        return false;

    const uint8_t *at = addresses[flags & (TO_DS | FROM_DS)];
    bool is_amsdu = has_qos && (header[size] & 0x80);
    if (cursor->on_link && !cursor->link.is_known) {
        set_link(cursor, header + at[0], header + at[1]);
        cursor->is_wlan = true;
    }
    fs_skip(cursor, size + (has_qos ? 2 : 0) + (has_qos && (flags & ORDER) ? 4 : 0));
    if ((flags & PROTECTED) &&
        !(cursor->source && cursor->source->next && fs_cursor_enter(cursor, cursor->source->next)))
        return false;
    if (is_amsdu)
        cursor->subframes = cursor->here;
    return true;
}

bool fs_next_subframe(struct fs_cursor *cursor)
{
    enum { HEADER = 14, ALIGNMENT = 4 };

    if (!cursor->subframes.data)
        return false;
    cursor->here = cursor->subframes;
    const uint8_t *header = fs_peek(cursor, HEADER);
    if (!header)
        return false;
    uint32_t size = HEADER + fs_be16(header + 12);

    cursor->depth = cursor->path_count = 0;
    cursor->on_link = true;
    cursor->ends_free = cursor->named = false;
    set_link(cursor, header + 6, header);
    fs_narrow(cursor, cursor->here.at, size);
    fs_skip(cursor, HEADER);
    cursor->subframes.at += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return true;
}

/* SNAP with an EtherType is how IP and ARP travel over LLC; others have no type. */
static bool pass_llc(struct fs_cursor *cursor)
{
    static const uint8_t none[2];
    const uint8_t *header = fs_peek(cursor, 8);
    bool is_snap = header && header[0] == 0xaa && header[1] == 0xaa && header[2] == 3;

    if (is_snap)
        fs_skip(cursor, 8);
    if (cursor->is_wlan)
        set_link_type(cursor, is_snap ? header + 6 : none);
    return is_snap;
}

static bool pass_sll(struct fs_cursor *cursor)
{
    bool is_v2 = cursor->pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_SLL2;

    return fs_skip(cursor, is_v2 ? 20 : 16);
}

static bool pass_null(struct fs_cursor *cursor)
{
    return fs_skip(cursor, 4);
}

static bool pass_raw(struct fs_cursor *cursor)
{
    return fs_skip(cursor, 0);
}

static bool pass_chdlc(struct fs_cursor *cursor)
{
    return fs_skip(cursor, 4);
}

static bool pass_ppp(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 4);

    if (!header)
        return false;
    if (header[0] == 0xff && header[1] == 3)
        header = cursor->here.data + (cursor->here.at += 2);
    return fs_skip(cursor, header[0] & 1 ? 1 : 2);
}

/* Tags and tunnels */

static bool pass_mpls(struct fs_cursor *cursor)
{
    const uint8_t *label;
    bool is_last;

    do {
        label = fs_peek(cursor, 4);
        if (!label)
            return false;
        is_last = label[2] & 1;
        fs_add_id(fs_add_layer(cursor, "mpls", vlan_bits(cursor)), fs_be32(label) >> 12);
        fs_skip(cursor, 4);
    } while (!is_last);
    return true;
}

static bool pass_control_word(struct fs_cursor *cursor)
{
    return fs_skip(cursor, 4);
}

/* The I-tag and the customer's addresses (802.1Q, 9.7). */
static bool pass_pbb(struct fs_cursor *cursor)
{
    const uint8_t *tag = fs_peek(cursor, 4);

    if (!tag)
        return false;
    fs_add_id(fs_add_layer(cursor, "pbb", SHARED_ID), fs_be32(tag) & 0xffffff);
    return fs_skip(cursor, 4 + 2 * FLOW_MAC_LEN + 2);
}

static bool pass_pppoe(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 6);

    if (!header)
        return false;
    fs_add_id(fs_add_layer(cursor, "pppoe", label_bits(cursor)), fs_be16(header + 2));
    fs_narrow(cursor, cursor->here.at + 6, fs_be16(header + 4));
    return fs_skip(cursor, 6);
}

/* RFC 2784 and 2890; version 1 is PPTP's (RFC 2637, 4.1); RFC 7637 is NVGRE. */
static bool pass_gre(struct fs_cursor *cursor)
{
    enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x0080 };
    enum { BRIDGED = 0x6558, NO_OPTIONS_BUT_KEY = CHECKSUM | ROUTING | SEQUENCE | 7 };
    const uint8_t *header = fs_peek(cursor, 4);

    if (!header)
        return false;
    uint16_t flags = fs_be16(header), type = fs_be16(header + 2);
    bool is_pptp = (flags & 7) == 1;
    uint32_t size = 4 + (flags & (CHECKSUM | ROUTING) ? 4 : 0);
    const uint8_t *key = flags & KEY ? fs_peek(cursor, size + 4) : NULL;

    if ((flags & KEY) && !key)
        return false;
    if (key)
        key += size;
    if (is_pptp)
        fs_add_id(fs_add_layer(cursor, "pptp", label_bits(cursor)), key ? fs_be16(key + 2) : 0);
    else if (key && type == BRIDGED && !(flags & NO_OPTIONS_BUT_KEY))
        fs_add_id(fs_add_layer(cursor, "nvgre", SHARED_ID), fs_be32(key) >> 8);
    else if (key)
        fs_add_id(fs_add_layer(cursor, "gre", SHARED_ID | FLOW_LAYER_HEX), fs_be32(key));
    else
        fs_add_layer(cursor, "gre", FLOW_LAYER_KEY);

    size += (flags & KEY ? 4u : 0) + (flags & SEQUENCE ? 4u : 0);
    size += is_pptp && (flags & ACK) ? 4u : 0;
    fs_skip(cursor, size);
    return !(flags & ROUTING);
}

static bool pass_vxlan(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    fs_add_id(fs_add_layer(cursor, "vxlan", SHARED_ID), fs_be32(header + 4) >> 8);
    return fs_skip(cursor, 8);
}

static bool pass_geneve(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    fs_add_id(fs_add_layer(cursor, "geneve", SHARED_ID), fs_be32(header + 4) >> 8);
    return fs_skip(cursor, 8 + (header[0] & 0x3fu) * 4);
}

/* GTP-U (3GPP TS 29.281, 5.1). */
static bool pass_gtp(struct fs_cursor *cursor)
{
    enum { OPTIONAL = 0x07, EXTENSION = 0x04 };
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    fs_add_id(fs_add_layer(cursor, "gtp", label_bits(cursor) | FLOW_LAYER_HEX),
              fs_be32(header + 4));
    fs_skip(cursor, 8);
    if (!(header[0] & OPTIONAL))
        return true;

    const uint8_t *optional = fs_peek(cursor, 4);
    if (!optional)
        return false;
    uint8_t next = header[0] & EXTENSION ? optional[3] : 0;
    fs_skip(cursor, 4);
    while (next) {
        const uint8_t *extension = fs_peek(cursor, 4);
        uint32_t size = extension ? extension[0] * 4u : 0;
        if (size == 0 || !fs_peek(cursor, size))
            return false;
        next = extension[size - 1];
        fs_skip(cursor, size);
    }
    return true;
}

/* RFC 4380, 5.1.1: an authentication and an origin indication may come first. */
static bool pass_teredo(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 4);

    fs_add_layer(cursor, "teredo", FLOW_LAYER_KEY);
    if (header && fs_be16(header) == 1) {
        fs_skip(cursor, 4u + header[2] + header[3] + 9);
        header = fs_peek(cursor, 4);
    }
    if (header && fs_be16(header) == 0)
        fs_skip(cursor, 8);
    return header != NULL;
}

/* L2TPv2 (RFC 2661, 3.1), L2TPv3 over UDP and over IP (RFC 3931, 4.1). */
static bool pass_l2tp(struct fs_cursor *cursor)
{
    enum { TYPE = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200 };
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    if (cursor->depth > 0 && cursor->nets[cursor->depth - 1].payload.at == cursor->here.at) {
        fs_add_id(fs_add_layer(cursor, "l2tpv3", label_bits(cursor)), fs_be32(header));
        return false; /* a cookie of unknown length follows */
    }
    uint16_t flags = fs_be16(header);
    if ((flags & 0xf) == 3) {
        fs_add_id(fs_add_layer(cursor, "l2tpv3", label_bits(cursor)), fs_be32(header + 4));
        return false;
    }

    uint32_t at = flags & LENGTH ? 4 : 2;
    struct flow_layer *layer = fs_add_layer(cursor, "l2tp", label_bits(cursor));
    fs_add_id(layer, fs_be16(header + at));
    fs_add_id(layer, fs_be16(header + at + 2));
    at += 4 + (flags & SEQUENCE ? 4u : 0);
    if (flags & OFFSET) {
        header = fs_peek(cursor, at + 2);
        if (!header)
            return false;
        at += 2u + fs_be16(header + at);
    }
    fs_skip(cursor, at);
    return !(flags & TYPE);
}

/* A header like TCP's and, in the first segment, STT's own (draft-davie-stt). */
static bool pass_stt(struct fs_cursor *cursor)
{
    fs_add_layer(cursor, "stt", FLOW_LAYER_KEY);
    return fs_skip(cursor, 20 + 18);
}

/* Transport headers, of tunnels: that of the tracked packet is not passed. */

/*
 * VXLAN-GPE is no layer in Wireshark's list, only what it carries is: a packet
 * or a frame right behind UDP, whose payload starts with its header
 * (draft-ietf-nvo3-vxlan-gpe, 3).
 */
static void pass_vxlan_gpe(struct fs_cursor *cursor)
{
    enum { FLAGS = 0x0c, IPV4 = 1, IPV6 = 2, ETHERNET = 3, NSH = 4 };
    const uint8_t *header = fs_peek(cursor, 8);
    const char *next = cursor->at + 1 < cursor->listing->count
                           ? proto_get_protocol_filter_name(
                                 fs_proto_listed(cursor->listing->layer[cursor->at + 1]))
                           : "";

    if (!header || (header[0] & FLAGS) != FLAGS || header[1] || header[2])
        return;
    if ((header[3] == IPV4 && strcmp(next, "ip") == 0) ||
        (header[3] == IPV6 && strcmp(next, "ipv6") == 0) ||
        (header[3] == ETHERNET && strcmp(next, "eth") == 0) ||
        (header[3] == NSH && strcmp(next, "nsh") == 0))
        pass_vxlan(cursor);
}

static bool pass_udp(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    if (fs_be16(header + 4) >= 8)
        fs_narrow(cursor, cursor->here.at, fs_be16(header + 4));
    fs_skip(cursor, 8);
    pass_vxlan_gpe(cursor);
    return true;
}

/* What comes out of a stream need not lie behind this segment's header. */
static bool pass_stream(struct fs_cursor *cursor)
{
    (void)cursor;
    return false;
}

static const struct row rows[] = {
    [0] = { "", FS_HEADER_UNKNOWN, NULL },
    { "ethertype", FS_HEADER_PSEUDO, NULL },
    { "eth", FS_HEADER_PLAIN, pass_eth },
    { "vlan", FS_HEADER_PLAIN, pass_vlan },
    { "ieee8021ad", FS_HEADER_PLAIN, pass_vlan },
    { "ip", FS_HEADER_IPV4, NULL },
    { "ipv6", FS_HEADER_IPV6, NULL },
    { "icmp", FS_HEADER_ICMP, NULL },
    { "icmpv6", FS_HEADER_ICMP, NULL },
    { "tcp", FS_HEADER_PLAIN, pass_stream },
    { "udp", FS_HEADER_PLAIN, pass_udp },
    { "udplite", FS_HEADER_PLAIN, pass_udp },
    { "sctp", FS_HEADER_PLAIN, pass_stream },
    { "dccp", FS_HEADER_PLAIN, pass_stream },

    /* read with the header that they extend */
    { "ipv6.hopopts", FS_HEADER_PSEUDO, NULL },
    { "ipv6.routing", FS_HEADER_PSEUDO, NULL },
    { "ipv6.fraghdr", FS_HEADER_PSEUDO, NULL },
    { "ipv6.dstopts", FS_HEADER_PSEUDO, NULL },
    { "mipv6", FS_HEADER_PSEUDO, NULL },
    { "shim6", FS_HEADER_PSEUDO, NULL },
    { "ah", FS_HEADER_PSEUDO, NULL },

    { "sll", FS_HEADER_PLAIN, pass_sll },
    { "null", FS_HEADER_PLAIN, pass_null },
    { "raw", FS_HEADER_PLAIN, pass_raw },
    { "chdlc", FS_HEADER_PLAIN, pass_chdlc },
    { "ppp", FS_HEADER_PLAIN, pass_ppp },
    { "llc", FS_HEADER_LLC, pass_llc },
    { "radiotap", FS_HEADER_PLAIN, pass_radio },
    { "ppi", FS_HEADER_PLAIN, pass_radio },
    { "wlan_radio", FS_HEADER_PSEUDO, NULL },
    { "wlan", FS_HEADER_PLAIN, pass_wlan },
    { "wlan_aggregate", FS_HEADER_OPAQUE, NULL },
    { "data", FS_HEADER_OPAQUE, NULL },
    { "prism", FS_HEADER_OPAQUE, NULL },
    { "pktap", FS_HEADER_OPAQUE, NULL },
    { "user_dlt", FS_HEADER_OPAQUE, NULL },
    { "pcap_pktdata", FS_HEADER_PSEUDO, NULL },
    { "6lowpan", FS_HEADER_OPAQUE, NULL },

    { "mpls", FS_HEADER_PLAIN, pass_mpls },
    { "pwethheuristic", FS_HEADER_PSEUDO, NULL },
    { "pwethnocw", FS_HEADER_PSEUDO, NULL },
    { "pwethcw", FS_HEADER_PLAIN, pass_control_word },
    { "ieee8021ah", FS_HEADER_PLAIN, pass_pbb },
    { "pppoes", FS_HEADER_PLAIN, pass_pppoe },
    { "gre", FS_HEADER_PLAIN, pass_gre },
    { "vxlan", FS_HEADER_PLAIN, pass_vxlan },
    { "geneve", FS_HEADER_PLAIN, pass_geneve },
    { "gtp", FS_HEADER_PLAIN, pass_gtp },
    { "teredo", FS_HEADER_PLAIN, pass_teredo },
    { "l2tp", FS_HEADER_PLAIN, pass_l2tp },
    { "stt", FS_HEADER_PLAIN, pass_stt },
};

/* Rows behind these are those of flow_applications. */
enum { ROWS = G_N_ELEMENTS(rows) };

static GByteArray *row_of; /* by Wireshark's protocol number */
uint8_t fs_header_kinds[UINT8_MAX + 1];

struct fs_header_rows fs_header_rows(void)
{
    return (struct fs_header_rows){ row_of->data, row_of->len };
}

bool fs_header_pass(struct fs_cursor *cursor, uint8_t row)
{
    return rows[row].pass(cursor);
}

const struct flow_application *fs_header_application(uint8_t row)
{
    return row >= ROWS ? &flow_applications[row - ROWS] : NULL;
}

static void register_row(const char *name, size_t row)
{
    int proto = proto_get_id_by_filter_name(name);

    if (proto < 0)
        return; /* this Wireshark does not have it, so no frame will */
    if ((unsigned)proto >= row_of->len) {
        unsigned length = row_of->len;
        g_byte_array_set_size(row_of, (unsigned)proto + 1);
        memset(row_of->data + length, 0, row_of->len - length);
    }
    row_of->data[proto] = (uint8_t)row;
}

void fs_headers_register(void)
{
    row_of = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(fs_header_kinds); i++)
        fs_header_kinds[i] = i < ROWS ? (uint8_t)rows[i].kind : FS_HEADER_APPLICATION;
    for (size_t i = 1; i < ROWS; i++)
        register_row(rows[i].name, i);
    for (size_t i = 0; i < flow_application_count; i++)
        register_row(flow_applications[i].name, ROWS + i);
}
