#include "layers.h"

#include "ip.h"

#include <engine/message.h>

#include <wiretap/wtap.h>

/* Wireshark lets no frame have more layers than its tree may be deep. */
enum { LAYERS_MAX = 512 };

#define NOWHERE SIZE_MAX

enum row_kind {
    ROW_UNKNOWN, /* no row: an encapsulation of that name, if a packet is found inside */
    ROW_PSEUDO,  /* a layer without bytes, or whose bytes another row has passed */
    ROW_OPAQUE,  /* nobody can pass it without decoding it, and it is no encapsulation */
    ROW_HEADER,  /* a header that place() passes */
    /* From here to ICMP: those that tell where the walk ends. */
    ROW_LLC,  /* a header, too; in an A-MSDU it starts a packet beside the one before */
    ROW_IPV4, /* a network header */
    ROW_IPV6, /* likewise */
    ROW_ICMP, /* what follows is no traffic */
};

struct walk {
    const packet_info *pinfo;
    const struct fs_walk_options *options;
    struct fs_walk *out;

    uint8_t *rows;              /* of the frame's layers: numbers in the table of rows */
    wmem_list_frame_t **listed; /* likewise: where they are in Wireshark's list; or NULL */
    size_t count;
    size_t layer; /* the one being passed */

    struct fs_bytes here;
    const GSList *source;      /* the buffer that here is in */
    bool lost;                 /* a layer came that nobody could pass */
    bool named;                /* that layer is in the path already */
    bool on_link;              /* only link headers and their tags so far */
    bool is_wlan;              /* the link is 802.11: its type comes with LLC */
    struct fs_bytes subframes; /* of an A-MSDU, those not walked yet; no data: none */
    uint16_t link_layers;      /* how many tags it has */

    struct fs_net nets[LAYERS_MAX]; /* from the outermost that encloses here */
    size_t depth;
    bool ends_free;  /* the innermost net's addresses are the endpoints of no layer yet */
    size_t last_net; /* the layer of the last network header that counts; NOWHERE: none */
    size_t icmp;     /* the layer of ICMP behind it; NOWHERE: none */
};

struct row {
    const char *name;
    enum row_kind kind;
    /* Pass the header at here; false where what follows is not right behind it. */
    bool (*place)(struct walk *walk);
};

static struct flow_layer path[LAYERS_MAX]; /* of the frame being walked */

static int proto_listed(wmem_list_frame_t *layer)
{
    return layer ? GPOINTER_TO_INT(wmem_list_frame_data(layer)) : -1;
}

static void begin(struct walk *walk, const packet_info *pinfo,
                  const struct fs_walk_options *options, struct fs_walk *out)
{
    memset(walk, 0, offsetof(struct walk, nets));
    walk->pinfo = pinfo;
    walk->options = options;
    walk->out = out;
    walk->on_link = true;
    walk->depth = 0;
    walk->ends_free = false;
    walk->last_net = walk->icmp = NOWHERE;
}

/* The path */

static struct flow_layer *add_layer(struct walk *walk, const char *name, uint8_t bits)
{
    if (walk->out->layer_count == LAYERS_MAX)
        return NULL;
    struct flow_layer *layer = &path[walk->out->layer_count++];

    memset(layer, 0, sizeof *layer);
    layer->name = name;
    layer->bits = bits;
    walk->on_link = false;
    /* The first layer over a network header is the tunnel between its addresses. */
    if (walk->depth > 0 && walk->ends_free) {
        const struct fs_net *net = &walk->nets[walk->depth - 1];
        memcpy(layer->end, net->addr, sizeof layer->end);
        layer->family = net->family;
        layer->bits |= FLOW_LAYER_ENDS | FLOW_LAYER_KEY;
        walk->ends_free = false;
    }
    return layer;
}

static void add_id(struct flow_layer *layer, uint32_t id)
{
    if (layer)
        layer->id[layer->ids++] = id;
}

static uint8_t vlan_bits(const struct walk *walk)
{
    return walk->options->key_vlan ? FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY : 0;
}

static uint8_t label_bits(const struct walk *walk)
{
    return walk->options->key_labels ? FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY : FLOW_LAYER_KEY;
}

enum { SHARED_ID = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY };

/* The cursor */

static const uint8_t *bytes(const struct walk *walk, uint32_t count)
{
    return fs_bytes_here(&walk->here) >= count ? walk->here.data + walk->here.at : NULL;
}

static bool pass(struct walk *walk, uint32_t count)
{
    walk->here.at += count;
    return true;
}

static void narrow(struct walk *walk, uint32_t start, uint32_t length)
{
    if (length < walk->here.end - MIN(start, walk->here.end))
        walk->here.end = start + length;
}

/* Link headers */

static void set_link(struct walk *walk, const uint8_t *sender, const uint8_t *receiver)
{
    walk->out->mac[0] = sender;
    walk->out->mac[1] = receiver;
}

/* A number under 1536 is a length: 802.3, and no EtherType.  Cooked captures have no MAC pair. */
static void set_link_type(struct walk *walk, const uint8_t *type)
{
    uint16_t number = fs_be16(type);

    if (!walk->on_link || !walk->out->mac[0])
        return;
    walk->out->eth_type = number < 1536 ? 0 : number;
    walk->out->link = walk->here;
    walk->out->has_link = true;
    walk->link_layers = walk->out->layer_count;
}

static bool place_eth(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 14);

    if (!header)
        return false;
    if (walk->ends_free)
        add_layer(walk, "eth", FLOW_LAYER_KEY);
    walk->on_link = walk->on_link && !walk->out->has_link;
    if (walk->on_link)
        set_link(walk, header + 6, header);
    pass(walk, 14);
    set_link_type(walk, header + 12);
    return true;
}

static bool place_vlan(struct walk *walk)
{
    const uint8_t *tag = bytes(walk, 4);
    bool on_link = walk->on_link;

    if (!tag)
        return false;
    add_id(add_layer(walk, "vlan", vlan_bits(walk)), fs_be16(tag) & 0xfff);
    walk->on_link = on_link;
    pass(walk, 4);
    set_link_type(walk, tag + 2);
    return true;
}

/* radiotap and PPI both state their length here. */
static bool place_radio(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 4);

    return header && pass(walk, header[2] | (uint32_t)header[3] << 8);
}

static bool enter(struct walk *walk, const GSList *source);

/* An 802.11 data frame; one that was encrypted goes on in the next buffer. */
static bool place_wlan(struct walk *walk)
{
    enum { DATA = 2, NO_DATA = 4, QOS = 8, TO_DS = 1, FROM_DS = 2, PROTECTED = 0x40, ORDER = 0x80 };
    static const uint8_t addresses[4][2] = { { 10, 4 }, { 10, 16 }, { 16, 4 }, { 24, 16 } };
    const uint8_t *header = bytes(walk, 32);

    if (!header || (header[0] >> 2 & 3) != DATA)
        return false;
    uint8_t subtype = header[0] >> 4, flags = header[1];
    bool has_qos = subtype & QOS;
    uint32_t size = (flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) ? 30 : 24;
    if (subtype & NO_DATA)
        return false;

    const uint8_t *at = addresses[flags & (TO_DS | FROM_DS)];
    bool is_amsdu = has_qos && (header[size] & 0x80);
    if (walk->on_link && !walk->out->has_link) {
        set_link(walk, header + at[0], header + at[1]);
        walk->is_wlan = true;
    }
    pass(walk, size + (has_qos ? 2 : 0) + (has_qos && (flags & ORDER) ? 4 : 0));
    if ((flags & PROTECTED) &&
        !(walk->source && walk->source->next && enter(walk, walk->source->next)))
        return false;
    if (is_amsdu)
        walk->subframes = walk->here;
    return true;
}

/*
 * An A-MSDU's subframes have their own addresses and length (IEEE 802.11-2020,
 * 9.3.2.2).  What was found in those before does not count.
 */
static bool next_subframe(struct walk *walk)
{
    enum { HEADER = 14, ALIGNMENT = 4 };

    if (!walk->subframes.data)
        return false;
    walk->here = walk->subframes;
    const uint8_t *header = bytes(walk, HEADER);
    if (!header)
        return false;
    uint32_t size = HEADER + fs_be16(header + 12);

    walk->depth = walk->out->layer_count = 0;
    walk->on_link = true;
    walk->ends_free = walk->named = false;
    set_link(walk, header + 6, header);
    narrow(walk, walk->here.at, size);
    pass(walk, HEADER);
    walk->subframes.at += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return true;
}

/* SNAP with an EtherType is how IP and ARP travel over LLC; others have no type. */
static bool place_llc(struct walk *walk)
{
    static const uint8_t none[2];
    const uint8_t *header = bytes(walk, 8);
    bool is_snap = header && header[0] == 0xaa && header[1] == 0xaa && header[2] == 3;

    if (is_snap)
        pass(walk, 8);
    if (walk->is_wlan)
        set_link_type(walk, is_snap ? header + 6 : none);
    return is_snap;
}

static bool place_sll(struct walk *walk)
{
    bool is_v2 = walk->pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_SLL2;

    return pass(walk, is_v2 ? 20 : 16);
}

static bool place_null(struct walk *walk)
{
    return pass(walk, 4);
}

static bool place_raw(struct walk *walk)
{
    return pass(walk, 0);
}

static bool place_chdlc(struct walk *walk)
{
    return pass(walk, 4);
}

static bool place_ppp(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 4);

    if (!header)
        return false;
    if (header[0] == 0xff && header[1] == 3)
        header = walk->here.data + (walk->here.at += 2);
    return pass(walk, header[0] & 1 ? 1 : 2);
}

/* Tags and tunnels */

static bool place_mpls(struct walk *walk)
{
    const uint8_t *label;
    bool is_last;

    do {
        label = bytes(walk, 4);
        if (!label)
            return false;
        is_last = label[2] & 1;
        add_id(add_layer(walk, "mpls", vlan_bits(walk)), fs_be32(label) >> 12);
        pass(walk, 4);
    } while (!is_last);
    return true;
}

static bool place_control_word(struct walk *walk)
{
    return pass(walk, 4);
}

/* The I-tag and the customer's addresses (802.1Q, 9.7). */
static bool place_pbb(struct walk *walk)
{
    const uint8_t *tag = bytes(walk, 4);

    if (!tag)
        return false;
    add_id(add_layer(walk, "pbb", SHARED_ID), fs_be32(tag) & 0xffffff);
    return pass(walk, 4 + 2 * FLOW_MAC_LEN + 2);
}

static bool place_pppoe(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 6);

    if (!header)
        return false;
    add_id(add_layer(walk, "pppoe", label_bits(walk)), fs_be16(header + 2));
    narrow(walk, walk->here.at + 6, fs_be16(header + 4));
    return pass(walk, 6);
}

/* RFC 2784 and 2890; version 1 is PPTP's (RFC 2637, 4.1); RFC 7637 is NVGRE. */
static bool place_gre(struct walk *walk)
{
    enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x0080 };
    enum { BRIDGED = 0x6558, NO_OPTIONS_BUT_KEY = CHECKSUM | ROUTING | SEQUENCE | 7 };
    const uint8_t *header = bytes(walk, 4);

    if (!header)
        return false;
    uint16_t flags = fs_be16(header), type = fs_be16(header + 2);
    bool is_pptp = (flags & 7) == 1;
    uint32_t size = 4 + (flags & (CHECKSUM | ROUTING) ? 4 : 0);
    const uint8_t *key = flags & KEY ? bytes(walk, size + 4) : NULL;

    if ((flags & KEY) && !key)
        return false;
    if (key)
        key += size;
    if (is_pptp)
        add_id(add_layer(walk, "pptp", label_bits(walk)), key ? fs_be16(key + 2) : 0);
    else if (key && type == BRIDGED && !(flags & NO_OPTIONS_BUT_KEY))
        add_id(add_layer(walk, "nvgre", SHARED_ID), fs_be32(key) >> 8);
    else if (key)
        add_id(add_layer(walk, "gre", SHARED_ID | FLOW_LAYER_HEX), fs_be32(key));
    else
        add_layer(walk, "gre", FLOW_LAYER_KEY);

    size += (flags & KEY ? 4u : 0) + (flags & SEQUENCE ? 4u : 0);
    size += is_pptp && (flags & ACK) ? 4u : 0;
    pass(walk, size);
    return !(flags & ROUTING);
}

static bool place_vxlan(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 8);

    if (!header)
        return false;
    add_id(add_layer(walk, "vxlan", SHARED_ID), fs_be32(header + 4) >> 8);
    return pass(walk, 8);
}

static bool place_geneve(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 8);

    if (!header)
        return false;
    add_id(add_layer(walk, "geneve", SHARED_ID), fs_be32(header + 4) >> 8);
    return pass(walk, 8 + (header[0] & 0x3fu) * 4);
}

/* GTP-U (3GPP TS 29.281, 5.1). */
static bool place_gtp(struct walk *walk)
{
    enum { OPTIONAL = 0x07, EXTENSION = 0x04 };
    const uint8_t *header = bytes(walk, 8);

    if (!header)
        return false;
    add_id(add_layer(walk, "gtp", label_bits(walk) | FLOW_LAYER_HEX), fs_be32(header + 4));
    pass(walk, 8);
    if (!(header[0] & OPTIONAL))
        return true;

    const uint8_t *optional = bytes(walk, 4);
    if (!optional)
        return false;
    uint8_t next = header[0] & EXTENSION ? optional[3] : 0;
    pass(walk, 4);
    while (next) {
        const uint8_t *extension = bytes(walk, 4);
        uint32_t size = extension ? extension[0] * 4u : 0;
        if (size == 0 || !bytes(walk, size))
            return false;
        next = extension[size - 1];
        pass(walk, size);
    }
    return true;
}

/* RFC 4380, 5.1.1: an authentication and an origin indication may come first. */
static bool place_teredo(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 4);

    add_layer(walk, "teredo", FLOW_LAYER_KEY);
    if (header && fs_be16(header) == 1) {
        pass(walk, 4u + header[2] + header[3] + 9);
        header = bytes(walk, 4);
    }
    if (header && fs_be16(header) == 0)
        pass(walk, 8);
    return header != NULL;
}

/* L2TPv2 (RFC 2661, 3.1), L2TPv3 over UDP and over IP (RFC 3931, 4.1). */
static bool place_l2tp(struct walk *walk)
{
    enum { TYPE = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, OVER_IP = 115 };
    const uint8_t *header = bytes(walk, 8);

    if (!header)
        return false;
    if (walk->depth > 0 && walk->nets[walk->depth - 1].payload.at == walk->here.at) {
        add_id(add_layer(walk, "l2tpv3", label_bits(walk)), fs_be32(header));
        return false; /* a cookie of unknown length follows */
    }
    uint16_t flags = fs_be16(header);
    if ((flags & 0xf) == 3) {
        add_id(add_layer(walk, "l2tpv3", label_bits(walk)), fs_be32(header + 4));
        return false;
    }

    uint32_t at = flags & LENGTH ? 4 : 2;
    struct flow_layer *layer = add_layer(walk, "l2tp", label_bits(walk));
    add_id(layer, fs_be16(header + at));
    add_id(layer, fs_be16(header + at + 2));
    at += 4 + (flags & SEQUENCE ? 4u : 0);
    if (flags & OFFSET) {
        header = bytes(walk, at + 2);
        if (!header)
            return false;
        at += 2u + fs_be16(header + at);
    }
    pass(walk, at);
    return !(flags & TYPE);
}

/* A header like TCP's and, in the first segment, STT's own (draft-davie-stt). */
static bool place_stt(struct walk *walk)
{
    add_layer(walk, "stt", FLOW_LAYER_KEY);
    return pass(walk, 20 + 18);
}

/* Transport headers, of tunnels: that of the tracked packet is not passed. */

/*
 * VXLAN-GPE is no layer in Wireshark's list, only what it carries is: a packet
 * or a frame right behind UDP, whose payload starts with its header
 * (draft-ietf-nvo3-vxlan-gpe, 3).
 */
static void pass_vxlan_gpe(struct walk *walk)
{
    enum { FLAGS = 0x0c, IPV4 = 1, IPV6 = 2, ETHERNET = 3, NSH = 4 };
    const uint8_t *header = bytes(walk, 8);
    const char *next =
        walk->layer + 1 < walk->count
            ? proto_get_protocol_filter_name(proto_listed(walk->listed[walk->layer + 1]))
            : "";

    if (!header || (header[0] & FLAGS) != FLAGS || header[1] || header[2])
        return;
    if ((header[3] == IPV4 && strcmp(next, "ip") == 0) ||
        (header[3] == IPV6 && strcmp(next, "ipv6") == 0) ||
        (header[3] == ETHERNET && strcmp(next, "eth") == 0) ||
        (header[3] == NSH && strcmp(next, "nsh") == 0))
        place_vxlan(walk);
}

static bool place_udp(struct walk *walk)
{
    const uint8_t *header = bytes(walk, 8);

    if (!header)
        return false;
    if (fs_be16(header + 4) >= 8)
        narrow(walk, walk->here.at, fs_be16(header + 4));
    pass(walk, 8);
    pass_vxlan_gpe(walk);
    return true;
}

/* What comes out of a stream need not lie behind this segment's header. */
static bool place_stream(struct walk *walk)
{
    (void)walk;
    return false;
}

static const struct row rows[] = {
    [0] = { "", ROW_UNKNOWN, NULL },
    { "ethertype", ROW_PSEUDO, NULL },
    { "eth", ROW_HEADER, place_eth },
    { "vlan", ROW_HEADER, place_vlan },
    { "ieee8021ad", ROW_HEADER, place_vlan },
    { "ip", ROW_IPV4, NULL },
    { "ipv6", ROW_IPV6, NULL },
    { "icmp", ROW_ICMP, NULL },
    { "icmpv6", ROW_ICMP, NULL },
    { "tcp", ROW_HEADER, place_stream },
    { "udp", ROW_HEADER, place_udp },
    { "udplite", ROW_HEADER, place_udp },
    { "sctp", ROW_HEADER, place_stream },
    { "dccp", ROW_HEADER, place_stream },

    /* read with the header that they extend */
    { "ipv6.hopopts", ROW_PSEUDO, NULL },
    { "ipv6.routing", ROW_PSEUDO, NULL },
    { "ipv6.fraghdr", ROW_PSEUDO, NULL },
    { "ipv6.dstopts", ROW_PSEUDO, NULL },
    { "mipv6", ROW_PSEUDO, NULL },
    { "shim6", ROW_PSEUDO, NULL },
    { "ah", ROW_PSEUDO, NULL },

    { "sll", ROW_HEADER, place_sll },
    { "null", ROW_HEADER, place_null },
    { "raw", ROW_HEADER, place_raw },
    { "chdlc", ROW_HEADER, place_chdlc },
    { "ppp", ROW_HEADER, place_ppp },
    { "llc", ROW_LLC, place_llc },
    { "radiotap", ROW_HEADER, place_radio },
    { "ppi", ROW_HEADER, place_radio },
    { "wlan_radio", ROW_PSEUDO, NULL },
    { "wlan", ROW_HEADER, place_wlan },
    { "wlan_aggregate", ROW_OPAQUE, NULL },
    { "data", ROW_OPAQUE, NULL },
    { "prism", ROW_OPAQUE, NULL },
    { "pktap", ROW_OPAQUE, NULL },
    { "user_dlt", ROW_OPAQUE, NULL },
    { "pcap_pktdata", ROW_PSEUDO, NULL },
    { "6lowpan", ROW_OPAQUE, NULL },

    { "mpls", ROW_HEADER, place_mpls },
    { "pwethheuristic", ROW_PSEUDO, NULL },
    { "pwethnocw", ROW_PSEUDO, NULL },
    { "pwethcw", ROW_HEADER, place_control_word },
    { "ieee8021ah", ROW_HEADER, place_pbb },
    { "pppoes", ROW_HEADER, place_pppoe },
    { "gre", ROW_HEADER, place_gre },
    { "vxlan", ROW_HEADER, place_vxlan },
    { "geneve", ROW_HEADER, place_geneve },
    { "gtp", ROW_HEADER, place_gtp },
    { "teredo", ROW_HEADER, place_teredo },
    { "l2tp", ROW_HEADER, place_l2tp },
    { "stt", ROW_HEADER, place_stt },
};

enum { ROWS = G_N_ELEMENTS(rows) };

/* By Wireshark's protocol number: the row, and from 1 the number among flow_applications. */
static GByteArray *row_of, *application_number;
static uint8_t kinds[ROWS]; /* enum row_kind, by row */
static int proto_eth, proto_vlan, proto_arp, proto_mpls, proto_ipv4, proto_ipv6;

static enum row_kind kind_of(uint8_t row)
{
    return (enum row_kind)kinds[row];
}

static uint8_t row_in(const GByteArray *known, int proto)
{
    return (unsigned)proto < known->len ? known->data[proto] : 0;
}

static uint8_t row_of_proto(int proto)
{
    return row_in(row_of, proto);
}

static void register_row(GByteArray *known, const char *name, size_t row)
{
    int proto = proto_get_id_by_filter_name(name);

    if (proto < 0)
        return; /* this Wireshark does not have it, so no frame will */
    if ((unsigned)proto >= known->len) {
        unsigned length = known->len;
        g_byte_array_set_size(known, (unsigned)proto + 1);
        memset(known->data + length, 0, known->len - length);
    }
    known->data[proto] = (uint8_t)row;
}

void fs_layers_register(void)
{
    row_of = g_byte_array_new();
    application_number = g_byte_array_new();
    for (size_t i = 0; i < ROWS; i++)
        kinds[i] = (uint8_t)rows[i].kind;
    for (size_t i = 1; i < ROWS; i++)
        register_row(row_of, rows[i].name, i);
    for (size_t i = 0; i < flow_application_count; i++)
        register_row(application_number, flow_applications[i].name, i + 1);
    proto_eth = proto_get_id_by_filter_name("eth");
    proto_vlan = proto_get_id_by_filter_name("vlan");
    proto_arp = proto_get_id_by_filter_name("arp");
    proto_mpls = proto_get_id_by_filter_name("mpls");
    proto_ipv4 = proto_get_id_by_filter_name("ip");
    proto_ipv6 = proto_get_id_by_filter_name("ipv6");
}

/* Buffers */

static bool bytes_of(const GSList *source, struct fs_bytes *ret_bytes)
{
    tvbuff_t *tvb = get_data_source_tvb(source->data);
    uint32_t captured = tvb_captured_length(tvb);

    if (captured == 0)
        return false;
    ret_bytes->data = tvb_get_ptr(tvb, 0, (int)captured);
    ret_bytes->at = 0;
    ret_bytes->cap = captured;
    ret_bytes->end = tvb_reported_length(tvb);
    return true;
}

static bool enter(struct walk *walk, const GSList *source)
{
    if (!bytes_of(source, &walk->here))
        return false;
    walk->source = source;
    return true;
}

static bool enter_frame(struct walk *walk, tvbuff_t *frame)
{
    walk->source = walk->pinfo->data_src;
    walk->here.cap = tvb_captured_length(frame);
    walk->here.end = tvb_reported_length(frame);
    if (walk->here.cap > 0)
        walk->here.data = tvb_get_ptr(frame, 0, (int)walk->here.cap);
    return walk->here.cap > 0;
}

/* Network headers */

static const char *ip_in_ip(enum flow_family outer, enum flow_family inner)
{
    if (outer == FLOW_IPV4)
        return inner == FLOW_IPV4 ? "ipip" : "6in4";
    return inner == FLOW_IPV4 ? "4in6" : "ip6tnl";
}

static bool encloses(const struct fs_net *net, const struct fs_bytes *here)
{
    if (net->payload.data != here->data)
        return true; /* here's buffer came from what the net carries */
    return here->at >= net->payload.at && here->at < net->payload.end;
}

static bool add_net(struct walk *walk, enum flow_family family)
{
    struct fs_net *read = &walk->nets[walk->depth];

    if (walk->depth == LAYERS_MAX || !fs_net_read(&walk->here, family, read))
        return false;
    /* A header beside another one is not inside it. */
    while (walk->depth > 0 && !encloses(&walk->nets[walk->depth - 1], &walk->here)) {
        walk->depth--;
        walk->out->layer_count = walk->nets[walk->depth].layers_outside;
        walk->ends_free = false;
    }
    if (walk->depth > 0 && walk->ends_free)
        add_layer(walk, ip_in_ip((enum flow_family)walk->nets[walk->depth - 1].family, family),
                  FLOW_LAYER_KEY);

    struct fs_net *net = &walk->nets[walk->depth++];
    if (net != read)
        *net = *read;
    net->layers_outside = walk->out->layer_count;
    walk->ends_free = true;
    walk->here = net->payload;
    walk->lost = walk->named = walk->on_link = false;
    return true;
}

/* Wireshark points at the source address of the last IPv4 header it decoded. */
static bool find_ipv4(struct walk *walk)
{
    const uint8_t *address = walk->pinfo->net_src.data;
    struct fs_bytes before = walk->here;

    if (walk->pinfo->net_src.type != AT_IPv4)
        return false;
    for (const GSList *source = walk->pinfo->data_src; source; source = source->next) {
        if (!enter(walk, source))
            continue;
        const struct fs_bytes *here = &walk->here;
        if (address < here->data + 12 || address >= here->data + here->cap)
            continue;
        if (here->data == before.data)
            walk->here.end = before.end;
        walk->here.at = (uint32_t)(address - here->data) - 12;
        return add_net(walk, FLOW_IPV4);
    }
    return false;
}

/* Of the last IPv6 header it keeps only copies of the addresses: where they stand once, it is. */
static bool find_ipv6(struct walk *walk)
{
    const address *sender = &walk->pinfo->net_src, *receiver = &walk->pinfo->net_dst;
    struct fs_bytes hit;
    const GSList *hit_source = NULL;
    unsigned hits = 0;

    if (sender->type != AT_IPv6 || receiver->type != AT_IPv6)
        return false;
    do {
        for (; fs_bytes_here(&walk->here) >= 40; walk->here.at++) {
            const uint8_t *header = walk->here.data + walk->here.at;
            if (header[0] >> 4 != 6 || memcmp(header + 8, sender->data, FLOW_ADDR_LEN) != 0 ||
                memcmp(header + 24, receiver->data, FLOW_ADDR_LEN) != 0)
                continue;
            hit = walk->here;
            hit_source = walk->source;
            hits++;
        }
        walk->source = walk->source ? walk->source->next : NULL;
    } while (walk->source && enter(walk, walk->source));

    if (hits != 1)
        return false;
    walk->here = hit;
    walk->source = hit_source;
    return add_net(walk, FLOW_IPV6);
}

/* Whether the header found is the one that Wireshark decoded last. */
static bool is_last_decoded(const struct walk *walk, enum flow_family family)
{
    const uint8_t *header = walk->here.data + walk->here.at;
    const address *source = &walk->pinfo->net_src;

    if (family == FLOW_IPV4)
        return source->type == AT_IPv4 && (const uint8_t *)source->data == header + 12;
    return source->type == AT_IPv6 && memcmp(source->data, header + 8, 16) == 0;
}

static bool place_net(struct walk *walk, size_t layer, enum flow_family family)
{
    uint32_t needed = family == FLOW_IPV4 ? 20 : 40;
    bool is_last = layer == walk->last_net;
    /* What an ICMP error quotes may have left its own addresses behind. */
    bool can_check = is_last && walk->icmp == NOWHERE;

    if (!walk->lost && fs_bytes_here(&walk->here) >= needed &&
        (!can_check || is_last_decoded(walk, family)) && add_net(walk, family))
        return true;
    if (is_last && (family == FLOW_IPV4 ? find_ipv4(walk) : find_ipv6(walk)))
        return true;
    walk->lost = true;
    return false;
}

/* The loop */

static void place_unknown(struct walk *walk, size_t layer)
{
    bool is_link = walk->on_link && layer == 0;

    if (!is_link && !walk->named) {
        add_layer(walk, proto_get_protocol_filter_name(proto_listed(walk->listed[layer])),
                  FLOW_LAYER_KEY);
        walk->named = true;
    }
    walk->lost = true;
}

/* Pass the layers from one to another; false at an IP fragment, into which nobody looks. */
static bool run(struct walk *walk, size_t from, size_t to)
{
    for (size_t i = from; i <= to; i++) {
        uint8_t row = walk->rows[i];
        enum row_kind kind = kind_of(row);

        walk->layer = i;
        switch (kind) {
        case ROW_PSEUDO: break;
        case ROW_OPAQUE: walk->lost = true; break;
        case ROW_LLC:
            walk->lost = (!next_subframe(walk) && walk->lost) || !rows[row].place(walk);
            break;
        case ROW_HEADER: walk->lost = walk->lost || !rows[row].place(walk); break;
        case ROW_IPV4:
        case ROW_IPV6:
            if (place_net(walk, i, kind == ROW_IPV4 ? FLOW_IPV4 : FLOW_IPV6) &&
                (walk->nets[walk->depth - 1].bits & FS_NET_FRAGMENT))
                return false;
            break;
        case ROW_ICMP:
        case ROW_UNKNOWN: place_unknown(walk, i); break;
        }
    }
    return true;
}

static bool is_net(uint8_t row)
{
    enum row_kind kind = kind_of(row);

    return kind == ROW_IPV4 || kind == ROW_IPV6;
}

/* ICMP errors carry what they quote behind a header of 8 bytes; redirects of ICMPv6 in an option.
 */
static bool find_quote(const struct fs_net *net, struct fs_bytes *ret_quote)
{
    enum { REDIRECT = 137, REDIRECT_HEADER = 40, REDIRECTED = 4 };
    struct fs_bytes here = net->payload;
    const uint8_t *icmp = here.data + here.at;
    uint32_t captured = fs_bytes_here(&here);

    if (captured < 8)
        return false;
    if (flow_icmp_is_error(net->protocol, icmp[0])) {
        here.at += 8;
    } else if (net->protocol == FLOW_PROTOCOL_ICMPV6 && icmp[0] == REDIRECT) {
        uint32_t at = REDIRECT_HEADER;
        while (at + 8 <= captured && icmp[at] != REDIRECTED && icmp[at + 1] > 0)
            at += icmp[at + 1] * 8u;
        if (at + 8 > captured || icmp[at] != REDIRECTED)
            return false;
        here.at += at + 8;
    } else {
        return false;
    }
    *ret_quote = here;
    return true;
}

/* A walk of its own along the same layers, from any place in the same buffer. */
static void branch(const struct walk *walk, struct fs_walk *out, struct walk *ret_branch)
{
    begin(ret_branch, walk->pinfo, walk->options, out);
    ret_branch->rows = walk->rows;
    ret_branch->listed = walk->listed;
    ret_branch->count = walk->count;
    ret_branch->source = walk->source;
}

/* The innermost header that an error quotes: the walk goes on where the quote starts. */
static void walk_quote(const struct walk *walk, size_t icmp)
{
    struct fs_walk nobody = { .layer_count = walk->out->layer_count }; /* the path is shared */
    struct walk quoted;
    size_t last = NOWHERE;

    branch(walk, &nobody, &quoted);
    for (size_t i = icmp + 1; i < walk->count && kind_of(walk->rows[i]) != ROW_ICMP; i++)
        if (is_net(walk->rows[i]))
            last = i;
    if (last == NOWHERE || !find_quote(walk->out->net, &quoted.here))
        return;
    run(&quoted, icmp + 1, last);
    if (quoted.depth > 0) {
        walk->out->quote = quoted.nets[quoted.depth - 1];
        walk->out->has_quote = true;
    }
}

/* Which layers the walk ends at, and where a quote starts. */
static inline void note_layer(uint8_t row, size_t layer, size_t *last_net, size_t *icmp)
{
    enum row_kind kind = kind_of(row);

    if (kind < ROW_LLC || kind > ROW_ICMP)
        return;
    if (kind == ROW_LLC)
        *icmp = NOWHERE; /* no quote has a link header */
    else if (*icmp != NOWHERE)
        return;
    else if (kind != ROW_ICMP)
        *last_net = layer;
    else if (*last_net != NOWHERE)
        *icmp = layer;
}

/* The frame's layers behind "frame" itself, and which of them the walk ends at. */
static void list_layers(struct walk *walk)
{
    const GByteArray known = *row_of; /* a copy need not be read again behind every call */
    size_t count = 0, last_net = NOWHERE, icmp = NOWHERE;
    wmem_list_frame_t *frame = wmem_list_head(walk->pinfo->layers);

    for (frame = frame ? wmem_list_frame_next(frame) : NULL; frame && count < LAYERS_MAX;
         frame = wmem_list_frame_next(frame), count++) {
        uint8_t row = row_in(&known, proto_listed(frame));

        walk->listed[count] = frame;
        walk->rows[count] = row;
        note_layer(row, count, &last_net, &icmp);
    }
    walk->count = count;
    walk->last_net = last_net;
    walk->icmp = icmp;
}

static bool carries_ethernet(const struct walk *walk, size_t layer)
{
    while (layer < walk->count && kind_of(walk->rows[layer]) == ROW_PSEUDO)
        layer++;
    if (layer == walk->count || walk->rows[layer] >= ROWS)
        return false;
    return rows[walk->rows[layer]].place == place_eth ||
           rows[walk->rows[layer]].place == place_control_word;
}

/* Where no IP header is listed, the addresses that Wireshark left are those of the unlisted one. */
static enum flow_family family_left_behind(const struct walk *walk)
{
    int type = walk->pinfo->net_src.type;

    if (walk->last_net != NOWHERE)
        return FLOW_LINK;
    return type == AT_IPv4 ? FLOW_IPV4 : type == AT_IPv6 ? FLOW_IPV6 : FLOW_LINK;
}

static int proto_of(enum flow_family family)
{
    return family == FLOW_IPV4 ? proto_ipv4 : proto_ipv6;
}

static void list(struct walk *walk, int proto)
{
    size_t layer = walk->count++;

    walk->listed[layer] = NULL;
    walk->rows[layer] = row_of_proto(proto);
    note_layer(walk->rows[layer], layer, &walk->last_net, &walk->icmp);
}

static bool is_tag(const uint8_t *type)
{
    uint16_t number = fs_be16(type);

    return number == 0x8100 || number == 0x88a8 || number == 0x9100;
}

/*
 * From 4.4 on the list is empty where TCP reassembles nothing and what it
 * carries asks for more.  The addresses are left: the link header, its tags and
 * the header that has them are listed again, but no tunnel.
 */
static void list_again(struct walk *walk)
{
    enum flow_family family = family_left_behind(walk);
    const uint8_t *type = walk->here.data + 12, *end = walk->here.data + walk->here.cap;

    if (family == FLOW_LINK)
        return;
    if (walk->pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_ETHERNET) {
        list(walk, proto_eth);
        for (; end - type >= 4 && is_tag(type) && walk->count < LAYERS_MAX - 1; type += 4)
            list(walk, proto_vlan);
    }
    list(walk, proto_of(family));
}

/*
 * The family of the IP header behind an MPLS label stack, which Wireshark finds
 * by its first nibble; FLOW_LINK where there is none, or it is listed.
 */
static enum flow_family unlisted_behind_mpls(const struct walk *walk, size_t mpls)
{
    struct fs_walk nobody = { 0 };
    struct fs_net net = { 0 };
    struct walk ahead;

    if (mpls + 1 < walk->count &&
        (is_net(walk->rows[mpls + 1]) || carries_ethernet(walk, mpls + 1)))
        return FLOW_LINK;
    branch(walk, &nobody, &ahead);
    ahead.here = walk->here;
    if (!run(&ahead, 0, mpls))
        return FLOW_LINK;
    if (ahead.lost)
        return family_left_behind(walk);
    if (fs_bytes_here(&ahead.here) == 0)
        return FLOW_LINK;
    enum flow_family family = ahead.here.data[ahead.here.at] >> 4 == 4 ? FLOW_IPV4 : FLOW_IPV6;
    return fs_net_read(&ahead.here, family, &net) ? family : FLOW_LINK;
}

/* Complete the list by what that header is. */
static void list_behind_mpls(struct walk *walk)
{
    for (size_t i = 0; WS_MPLS_HIDES_IP && i < walk->count && walk->count < LAYERS_MAX; i++) {
        if (proto_listed(walk->listed[i]) != proto_mpls)
            continue;
        enum flow_family family = unlisted_behind_mpls(walk, i);
        if (family == FLOW_LINK)
            continue;
        for (size_t k = walk->count++; k > i + 1; k--) {
            walk->rows[k] = walk->rows[k - 1];
            walk->listed[k] = walk->listed[k - 1];
        }
        walk->listed[i + 1] = walk->listed[i];
        walk->rows[++i] = row_of_proto(proto_of(family));
        walk->last_net = walk->icmp = NOWHERE;
        for (size_t k = 0; k < walk->count; k++)
            note_layer(walk->rows[k], k, &walk->last_net, &walk->icmp);
    }
}

/* Nothing but link headers and tags: a link-layer flow, if any. */
static void finish_link(struct walk *walk)
{
    walk->out->layer_count = walk->link_layers;
    walk->out->payload = walk->listed[0];
    for (size_t i = 0; i < walk->count; i++)
        walk->out->is_arp = walk->out->is_arp || proto_listed(walk->listed[i]) == proto_arp;
}

static void finish_net(struct walk *walk)
{
    const struct fs_net *net = &walk->nets[walk->depth - 1];

    walk->out->net = net;
    walk->out->layer_count = net->layers_outside;
    walk->out->source = walk->source;
    if (!walk->lost && walk->listed[walk->last_net])
        walk->out->payload = wmem_list_frame_next(walk->listed[walk->last_net]);
    if (walk->icmp != NOWHERE)
        walk_quote(walk, walk->icmp);
}

void fs_walk(tvbuff_t *tvb, const packet_info *pinfo, const struct fs_walk_options *options,
             struct fs_walk *ret_walk)
{
    static uint8_t row[LAYERS_MAX];
    static wmem_list_frame_t *listed[LAYERS_MAX];
    static struct walk walk; /* ret_walk points into it */

    memset(ret_walk, 0, offsetof(struct fs_walk, link));
    ret_walk->layers = path;
    begin(&walk, pinfo, options, ret_walk);
    walk.rows = row;
    walk.listed = listed;
    list_layers(&walk);
    if (!enter_frame(&walk, tvb))
        return;
    list_behind_mpls(&walk);
    if (walk.count == 0)
        list_again(&walk);
    if (walk.count == 0)
        return;

    run(&walk, 0, walk.last_net != NOWHERE ? walk.last_net : walk.count - 1);
    if (walk.depth > 0)
        finish_net(&walk);
    else
        finish_link(&walk);
}

/* The first protocol that the tracked packet carries, if it is one that tells the direction. */
static const struct flow_application *application_of(const struct fs_walk *walk)
{
    wmem_list_frame_t *layer = walk->payload;

    for (; layer; layer = wmem_list_frame_next(layer)) {
        uint8_t row = row_of_proto(proto_listed(layer));
        uint8_t number = row_in(application_number, proto_listed(layer));
        if (number > 0)
            return &flow_applications[number - 1];
        if (kind_of(row) != ROW_PSEUDO && kind_of(row) != ROW_HEADER)
            return NULL;
    }
    return NULL;
}

/* What follows the transport header. */
static bool find_segment(const struct fs_net *net, struct fs_bytes *ret_segment)
{
    *ret_segment = net->payload;
    switch (net->protocol) {
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_UDPLITE: ret_segment->at += 8; return true;
    case FLOW_PROTOCOL_TCP:
        if (fs_bytes_here(ret_segment) <= 12)
            return false;
        ret_segment->at += (uint32_t)(ret_segment->data[ret_segment->at + 12] >> 4) * 4;
        return true;
    default: return false;
    }
}

bool fs_find_message(const struct fs_walk *walk, struct fs_message *ret_message)
{
    const GSList *next = walk->source ? walk->source->next : NULL;

    ret_message->application = application_of(walk);
    if (!ret_message->application || !find_segment(walk->net, &ret_message->bytes))
        return false;
    /* That of QUIC is in the next buffer, decrypted. */
    if (next && strcmp(ret_message->application->name, "quic") == 0)
        bytes_of(next, &ret_message->bytes);
    return true;
}
