#include "headers.h"

#include <wiretap/wtap.h>

/*
 * To add a tunnel, write its function and its row.  Which kind is the row's?
 *   its header can be passed by what it says itself            PLAIN, with a function
 *   it has no bytes, or they are read with another header      PSEUDO
 *   it cannot be passed, and is no encapsulation               OPAQUE
 *   it cannot be passed, and carries a mirror's copies         MIRROR
 *   it quotes packets that the frame does not carry            QUOTE
 *   it cannot be passed, and is an encapsulation               no row: its name is enough
 * Return false where the next layer does not start right after the header: the
 * next header is then looked for (search.h).
 *
 * Which bits does the layer have, that the function adds to the path?
 *   its identifier names a network (VNI, key, I-SID)            shared_bits()
 *   it has none                                                fs_kind_and_ends()
 *   its identifiers change within a flow's life                label_bits()
 *   it is a tag that one direction is often captured without   vlan_bits()
 *   it is a mirror's                                           mirror_bits()
 * FLOW_LAYER_HEX as well where Wireshark shows the identifier in hexadecimal.  A
 * tag of the link that tells no networks apart is no layer of the path.
 */
struct row {
    const char *name;                       /* Wireshark's, as in display filters */
    bool (*pass)(struct fs_cursor *cursor); /* see fs_header_pass() */
    enum fs_header_kind kind;
    bool ends_in_type; /* see fs_header_ends_in_type() */
};

/* What of a layer is part of the key */

enum { SHARED_ID = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY };

static uint8_t shared_bits(uint32_t id)
{
    return id ? SHARED_ID : FLOW_LAYER_KEY; /* 0 names no network */
}

static uint8_t vlan_bits(const struct fs_cursor *cursor)
{
    return cursor->options->key_vlan ? FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY : 0;
}

static uint8_t label_bits(const struct fs_cursor *cursor)
{
    return fs_kind_and_ends(cursor) | (cursor->options->key_labels ? FLOW_LAYER_ID_KEY : 0);
}

static uint8_t mirror_bits(const struct fs_cursor *cursor)
{
    return cursor->options->key_labels ? label_bits(cursor) : 0;
}

/* Link headers */

/* Whether a header here can be the frame's link header: a later one does not replace it. */
static bool may_be_link(const struct fs_cursor *cursor)
{
    return cursor->on_link && !cursor->link.is_known;
}

static void set_link(struct fs_cursor *cursor, const uint8_t *sender, const uint8_t *receiver)
{
    cursor->link.mac[0] = sender;
    cursor->link.mac[1] = receiver;
}

/* Cooked captures have no MAC pair, so their type is nobody's. */
static void set_link_type(struct fs_cursor *cursor, const uint8_t *type)
{
    uint16_t number = flow_be16(type);

    if (!cursor->on_link || !cursor->link.mac[1])
        return;
    cursor->link.eth_type = number < FS_ETHERTYPE_MIN ? 0 : number;
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
        fs_add_layer(cursor, "eth", fs_kind_and_ends(cursor));
    cursor->on_link = may_be_link(cursor);
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
    fs_add_id(fs_add_layer(cursor, "vlan", vlan_bits(cursor)), flow_be16(tag) & 0xfff);
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
    if (may_be_link(cursor)) {
        set_link(cursor, header + at[0], header + at[1]);
        cursor->llc_has_type = true;
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
    uint32_t size = HEADER + flow_be16(header + 12);

    cursor->depth = cursor->carrier_depth = cursor->path_count = 0;
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
    if (cursor->llc_has_type)
        set_link_type(cursor, is_snap ? header + 6 : none);
    return is_snap;
}

/* Of a cooked capture the sender's address is known, where it is as long as a MAC address. */
static bool pass_sll(struct fs_cursor *cursor)
{
    bool is_v2 = cursor->pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_SLL2;
    uint32_t size = is_v2 ? 20 : 16, length_at = is_v2 ? 11 : 5, address_at = is_v2 ? 12 : 6;
    const uint8_t *header = fs_peek(cursor, size);

    if (header && may_be_link(cursor) && header[length_at] == FLOW_MAC_LEN)
        set_link(cursor, header + address_at, NULL);
    return fs_skip(cursor, size);
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

/* Frame Relay: RFC 2427, or Cisco's encapsulation with an EtherType after the address. */
static bool pass_fr(struct fs_cursor *cursor)
{
    enum { LAST = 1, UI = 3, PAD = 0, SNAP = 0x80, IPV6 = 0x8e, IPV4 = 0xcc };
    enum { BRIDGED_WITH_FCS = 1, BRIDGED = 7 };
    uint32_t address = 2;
    const uint8_t *header = fs_peek(cursor, 10);

    if (!header)
        return false;
    while (address < 4 && !(header[address - 1] & LAST))
        address++;
    header += address;
    fs_skip(cursor, address + 2);
    if (header[0] != UI)
        return flow_be16(header) >= FS_ETHERTYPE_MIN;
    if (header[1] == PAD) {
        header++;
        fs_skip(cursor, 1);
    }
    if (header[1] != SNAP)
        return header[1] == IPV4 || header[1] == IPV6;
    const uint8_t *snap = fs_peek(cursor, 5);
    fs_skip(cursor, 5);
    return snap && (flow_be16(snap) == 0 || snap[4] == BRIDGED || snap[4] == BRIDGED_WITH_FCS);
}

static uint8_t turned_byte(uint8_t byte)
{
    uint8_t turned = 0;

    for (unsigned i = 0; i < 8; i++)
        turned |= (uint8_t)((byte >> i & 1) << (7 - i));
    return turned;
}

/* Captures of FDDI have the bits of each address byte in the order of the wire, or turned. */
static bool pass_fddi(struct fs_cursor *cursor)
{
    enum { HEADER = 13, ASYNCHRONOUS_LLC = 0x50, KIND = 0xf0 };
    static uint8_t turned[2 * FLOW_MAC_LEN];
    const uint8_t *header = fs_peek(cursor, HEADER);

    if (!header)
        return false;
    const uint8_t *addresses = header + 1;
    if (cursor->pinfo->rec->rec_header.packet_header.pkt_encap == WTAP_ENCAP_FDDI_BITSWAPPED) {
        for (unsigned i = 0; i < sizeof turned; i++)
            turned[i] = turned_byte(addresses[i]);
        addresses = turned;
    }
    if (may_be_link(cursor)) {
        set_link(cursor, addresses + FLOW_MAC_LEN, addresses);
        cursor->llc_has_type = true;
    }
    fs_skip(cursor, HEADER);
    return (header[0] & KIND) == ASYNCHRONOUS_LLC;
}

/* Token Ring, with the routing information that a bit of the sender's address announces. */
static bool pass_tr(struct fs_cursor *cursor)
{
    enum { HEADER = 14, KIND = 0xc0, LLC = 0x40, ROUTED = 0x80, ROUTING_LENGTH = 0x1f };
    static uint8_t sender[FLOW_MAC_LEN];
    const uint8_t *header = fs_peek(cursor, HEADER + 2);

    if (!header)
        return false;
    memcpy(sender, header + 8, sizeof sender);
    bool is_routed = sender[0] & ROUTED;
    sender[0] &= (uint8_t)~ROUTED;
    if (may_be_link(cursor)) {
        set_link(cursor, sender, header + 2);
        cursor->llc_has_type = true;
    }
    fs_skip(cursor, HEADER + (is_routed ? header[HEADER] & ROUTING_LENGTH : 0u));
    return (header[1] & KIND) == LLC;
}

static uint32_t le32(const uint8_t *data)
{
    return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

static bool pass_pktap(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 4);

    return header && fs_skip(cursor, le32(header));
}

/* The Prism header states its length; in its place there may be AVS's, a layer of its own. */
static bool pass_prism(struct fs_cursor *cursor)
{
    enum { AVS_COOKIE = 0x80211001 };
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    return fs_skip(cursor, flow_be32(header) == AVS_COOKIE ? 0 : le32(header + 4));
}

static bool pass_avs(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    return header && fs_skip(cursor, flow_be32(header + 4));
}

/* The payload among NFLOG's attributes, whose numbers have the capturing machine's byte order. */
static bool find_nflog_payload(const struct fs_cursor *cursor, bool is_little, uint32_t *ret_at,
                               uint32_t *ret_length)
{
    enum { HEADER = 4, ATTRIBUTE = 4, PAYLOAD = 9, TYPE = 0x7fff };
    const uint8_t *data = cursor->here.data + cursor->here.at;
    uint32_t at = HEADER, captured = fs_bytes_here(&cursor->here);

    while (at + ATTRIBUTE <= captured) {
        const uint8_t *attribute = data + at;
        uint32_t length =
            is_little ? attribute[0] | (uint32_t)attribute[1] << 8 : flow_be16(attribute);
        uint32_t type =
            is_little ? attribute[2] | (uint32_t)attribute[3] << 8 : flow_be16(attribute + 2);
        if (length < ATTRIBUTE)
            return false;
        if ((type & TYPE) == PAYLOAD) {
            *ret_at = at + ATTRIBUTE;
            *ret_length = length - ATTRIBUTE;
            return length <= fs_bytes_on_wire(&cursor->here) - at;
        }
        at += (length + 3) / 4 * 4;
    }
    return false;
}

static bool pass_nflog(struct fs_cursor *cursor)
{
    uint32_t at, length;

    if (!find_nflog_payload(cursor, true, &at, &length) &&
        !find_nflog_payload(cursor, false, &at, &length))
        return false;
    fs_narrow(cursor, cursor->here.at + at, length);
    return fs_skip(cursor, at);
}

/* A tag of the link that ends in an EtherType, and tells no networks apart. */
static bool pass_tag(struct fs_cursor *cursor, uint32_t size)
{
    const uint8_t *tag = fs_peek(cursor, size);

    if (!tag)
        return false;
    fs_skip(cursor, size);
    set_link_type(cursor, tag + size - 2);
    return true;
}

/* VN-Tag, HSR, the redundancy tag of 802.1CB. */
static bool pass_tag_of_6(struct fs_cursor *cursor)
{
    return pass_tag(cursor, 6);
}

/* Cisco MetaData. */
static bool pass_cmd(struct fs_cursor *cursor)
{
    return pass_tag(cursor, 8);
}

/* What looked like addresses before the tag of FabricPath are switches; the frame's own follow. */
static bool pass_fabricpath(struct fs_cursor *cursor)
{
    if (cursor->on_link)
        cursor->link = (struct fs_link){ 0 };
    return fs_skip(cursor, 2);
}

static bool pass_arp(struct fs_cursor *cursor)
{
    cursor->arp = cursor->here;
    return false;
}

/* Tags and tunnels */

static bool pass_mpls(struct fs_cursor *cursor)
{
    /* Right over IP or UDP it is a tunnel, as any other. */
    uint8_t bits = vlan_bits(cursor) | (cursor->ends_free ? fs_kind_and_ends(cursor) : 0);
    const uint8_t *label;
    bool is_last;

    do {
        label = fs_peek(cursor, 4);
        if (!label)
            return false;
        is_last = label[2] & 1;
        fs_add_id(fs_add_layer(cursor, "mpls", bits), flow_be32(label) >> 12);
        fs_skip(cursor, 4);
        bits = vlan_bits(cursor);
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
    uint32_t service = flow_be32(tag) & 0xffffff;
    fs_add_id(fs_add_layer(cursor, "pbb", shared_bits(service)), service);
    cursor->on_link = false;
    return fs_skip(cursor, 4 + 2 * FLOW_MAC_LEN + 2);
}

/* Of two service tags Wireshark lists one, and none of PBB's that follows one. */
static bool pass_service_tag(struct fs_cursor *cursor)
{
    enum { SERVICE_TAG = 0x88a8, PBB = 0x88e7 };
    const uint8_t *tag = fs_peek(cursor, 4);
    uint16_t type = tag ? flow_be16(tag + 2) : 0;

    if (!pass_vlan(cursor))
        return false;
    if (type == SERVICE_TAG)
        return pass_vlan(cursor);
    return type == PBB ? pass_pbb(cursor) : true;
}

static bool pass_pppoe(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 6);

    if (!header)
        return false;
    fs_add_id(fs_add_layer(cursor, "pppoe", label_bits(cursor)), flow_be16(header + 2));
    fs_narrow(cursor, cursor->here.at + 6, flow_be16(header + 4));
    return fs_skip(cursor, 6);
}

enum gre_flags {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080,
    GRE_VERSION = 7,
};

/* key: NULL where the header has none. */
static void add_gre(struct fs_cursor *cursor, uint16_t flags, uint16_t type, const uint8_t *key)
{
    enum { BRIDGED = 0x6558, ERSPAN = 0x88be, ERSPAN_3 = 0x22eb, PPP = 0x880b, PPTP = 1 };
    enum { NO_OPTIONS_BUT_KEY = GRE_CHECKSUM | GRE_ROUTING | GRE_SEQUENCE | GRE_VERSION };
    bool is_pptp = (flags & GRE_VERSION) == PPTP;
    uint32_t number = key ? flow_be32(key) : 0;

    if (is_pptp && type == PPP) {
        fs_add_id(fs_add_layer(cursor, "pptp", label_bits(cursor)), number & 0xffff);
        return;
    }
    if (is_pptp) { /* EoIP's version, in whose key is the packet's length */
        fs_add_layer(cursor, "gre", fs_kind_and_ends(cursor));
        return;
    }
    if (type == ERSPAN || type == ERSPAN_3) {
        fs_add_layer(cursor, "gre", mirror_bits(cursor));
        return;
    }
    if (key && type == BRIDGED && !(flags & NO_OPTIONS_BUT_KEY)) {
        fs_add_id(fs_add_layer(cursor, "nvgre", shared_bits(number >> 8)), number >> 8);
        return;
    }
    struct flow_layer *layer = fs_add_layer(cursor, "gre",
                                            number ? SHARED_ID | FLOW_LAYER_HEX
                                                   : fs_kind_and_ends(cursor) | FLOW_LAYER_HEX);
    if (key)
        fs_add_id(layer, number);
}

/* RFC 2784 and 2890; version 1 is PPTP's (RFC 2637, 4.1); RFC 7637 is NVGRE. */
static bool pass_gre(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 4);

    if (!header)
        return false;
    uint16_t flags = flow_be16(header);
    uint32_t size = 4 + (flags & (GRE_CHECKSUM | GRE_ROUTING) ? 4 : 0);
    const uint8_t *key = flags & GRE_KEY ? fs_peek(cursor, size + 4) : NULL;

    if ((flags & GRE_KEY) && !key)
        return false;
    add_gre(cursor, flags, flow_be16(header + 2), key ? key + size : NULL);
    cursor->is_gre_sequenced = flags & GRE_SEQUENCE;
    size += (flags & GRE_KEY ? 4u : 0) + (flags & GRE_SEQUENCE ? 4u : 0);
    size += (flags & GRE_VERSION) == 1 && (flags & GRE_ACK) ? 4u : 0;
    fs_skip(cursor, size);
    return !(flags & GRE_ROUTING);
}

/* Type I has no header, and GRE's has no sequence number then (draft-foschiano-erspan). */
static bool pass_erspan(struct fs_cursor *cursor)
{
    enum { TYPE_II = 1, TYPE_III = 2, SESSION = 0x3ff, HAS_SUBHEADER = 1 };

    if (!cursor->is_gre_sequenced) {
        fs_add_layer(cursor, "erspan", mirror_bits(cursor));
        return true;
    }
    const uint8_t *header = fs_peek(cursor, 12);
    if (!header)
        return false;
    fs_add_id(fs_add_layer(cursor, "erspan", mirror_bits(cursor)), flow_be16(header + 2) & SESSION);
    switch (header[0] >> 4) {
    case TYPE_II: return fs_skip(cursor, 8);
    case TYPE_III: return fs_skip(cursor, 12 + (header[11] & HAS_SUBHEADER ? 8u : 0));
    default: return false;
    }
}

/* RFC 3378. */
static bool pass_etherip(struct fs_cursor *cursor)
{
    fs_add_layer(cursor, "etherip", fs_kind_and_ends(cursor));
    return fs_skip(cursor, 2);
}

static bool pass_vxlan(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    uint32_t vni = flow_be32(header + 4) >> 8;
    fs_add_id(fs_add_layer(cursor, "vxlan", shared_bits(vni)), vni);
    return fs_skip(cursor, 8);
}

static bool pass_geneve(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    uint32_t vni = flow_be32(header + 4) >> 8;
    fs_add_id(fs_add_layer(cursor, "geneve", shared_bits(vni)), vni);
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
              flow_be32(header + 4));
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

    fs_add_layer(cursor, "teredo", fs_kind_and_ends(cursor));
    if (header && flow_be16(header) == 1) {
        fs_skip(cursor, 4u + header[2] + header[3] + 9);
        header = fs_peek(cursor, 4);
    }
    if (header && flow_be16(header) == 0)
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
        fs_add_id(fs_add_layer(cursor, "l2tpv3", label_bits(cursor)), flow_be32(header));
        return false; /* a cookie of unknown length follows */
    }
    uint16_t flags = flow_be16(header);
    if ((flags & 0xf) == 3) {
        fs_add_id(fs_add_layer(cursor, "l2tpv3", label_bits(cursor)), flow_be32(header + 4));
        return false;
    }

    uint32_t at = flags & LENGTH ? 4 : 2;
    struct flow_layer *layer = fs_add_layer(cursor, "l2tp", label_bits(cursor));
    fs_add_id(layer, flow_be16(header + at));
    fs_add_id(layer, flow_be16(header + at + 2));
    at += 4 + (flags & SEQUENCE ? 4u : 0);
    if (flags & OFFSET) {
        header = fs_peek(cursor, at + 2);
        if (!header)
            return false;
        at += 2u + flow_be16(header + at);
    }
    fs_skip(cursor, at);
    return !(flags & TYPE);
}

/* A header like TCP's and, in the first segment, STT's own (draft-davie-stt). */
static bool pass_stt(struct fs_cursor *cursor)
{
    fs_add_layer(cursor, "stt", fs_kind_and_ends(cursor));
    return fs_skip(cursor, 20 + 18);
}

/* Transport headers, of tunnels: that of the tracked packet is not passed. */

/*
 * VXLAN-GPE is no layer in Wireshark's list, only what it carries is: a packet or
 * a frame right over UDP, which its header names (draft-ietf-nvo3-vxlan-gpe, 3).
 * Where UDP carries a packet itself, that starts with its version; a label of MPLS
 * has in the same place the time to live, and before it bytes that GPE leaves empty.
 */
static bool is_vxlan_gpe(const struct fs_cursor *cursor, const uint8_t *header)
{
    enum { MPLS = 5 };
    static const struct {
        const char *name;
        uint8_t next, version;
    } carried[] = { { "ip", 1, 4 },
                    { "ipv6", 2, 6 },
                    { "eth", 3, 0xff },
                    { "nsh", 4, 0xff },
                    { "mpls", MPLS, 0xff } };
    const struct fs_listing *listing = cursor->listing;

    if (cursor->at + 1 >= listing->count)
        return false;
    int next = fs_proto_listed(listing->layer[cursor->at + 1]);
    for (size_t i = 0; i < G_N_ELEMENTS(carried); i++)
        if (header[3] == carried[i].next)
            return header[0] >> 4 != carried[i].version &&
                   !(header[3] == MPLS && flow_be16(header + 1)) &&
                   proto_get_id_by_filter_name(carried[i].name) == next;
    return false;
}

static bool pass_udp(struct fs_cursor *cursor)
{
    const uint8_t *header = fs_peek(cursor, 8);

    if (!header)
        return false;
    if (flow_be16(header + 4) >= 8)
        fs_narrow(cursor, cursor->here.at, flow_be16(header + 4));
    fs_skip(cursor, 8);
    const uint8_t *payload = fs_peek(cursor, 8);
    return payload && is_vxlan_gpe(cursor, payload) ? pass_vxlan(cursor) : true;
}

/* A reassembled message does not start in this segment, so the walk cannot go on here. */
static bool pass_stream(struct fs_cursor *cursor)
{
    (void)cursor;
    return false;
}

static const struct row rows[] = {
    [0] = { "", NULL, FS_HEADER_UNKNOWN, false },
    { "ethertype", NULL, FS_HEADER_PSEUDO, false },
    { "eth", pass_eth, FS_HEADER_PLAIN, true },
    { "vlan", pass_vlan, FS_HEADER_PLAIN, true },
    { "ieee8021ad", pass_service_tag, FS_HEADER_PLAIN, true },
    { "ip", NULL, FS_HEADER_IPV4, false },
    { "ipv6", NULL, FS_HEADER_IPV6, false },
    { "icmp", NULL, FS_HEADER_ICMP, false },
    { "icmpv6", NULL, FS_HEADER_ICMP, false },
    { "sflow", NULL, FS_HEADER_QUOTE, false },
    { "nhrp", NULL, FS_HEADER_QUOTE, false },
    { "openflow_v1", NULL, FS_HEADER_QUOTE, false },
    { "openflow_v4", NULL, FS_HEADER_QUOTE, false },
    { "openflow_v5", NULL, FS_HEADER_QUOTE, false },
    { "openflow_v6", NULL, FS_HEADER_QUOTE, false },
    { "tcp", pass_stream, FS_HEADER_PLAIN, false },
    { "arp", pass_arp, FS_HEADER_ARP, false },
    { "udp", pass_udp, FS_HEADER_PLAIN, false },
    { "udplite", pass_udp, FS_HEADER_PLAIN, false },
    { "sctp", pass_stream, FS_HEADER_PLAIN, false },
    { "dccp", pass_stream, FS_HEADER_PLAIN, false },

    /* read with the header that they extend */
    { "ipv6.hopopts", NULL, FS_HEADER_PSEUDO, false },
    { "ipv6.routing", NULL, FS_HEADER_PSEUDO, false },
    { "ipv6.fraghdr", NULL, FS_HEADER_PSEUDO, false },
    { "ipv6.dstopts", NULL, FS_HEADER_PSEUDO, false },
    { "mipv6", NULL, FS_HEADER_PSEUDO, false },
    { "shim6", NULL, FS_HEADER_PSEUDO, false },
    { "ah", NULL, FS_HEADER_PSEUDO, false },

    { "sll", pass_sll, FS_HEADER_PLAIN, false },
    { "erf", NULL, FS_HEADER_PSEUDO, false }, /* Wireshark's file reader has passed it */
    { "pktap", pass_pktap, FS_HEADER_PLAIN, false },
    { "nflog", pass_nflog, FS_HEADER_PLAIN, false },
    { "fr", pass_fr, FS_HEADER_PLAIN, false },
    { "fddi", pass_fddi, FS_HEADER_PLAIN, false },
    { "tr", pass_tr, FS_HEADER_PLAIN, false },
    { "prism", pass_prism, FS_HEADER_PLAIN, false },
    { "wlancap", pass_avs, FS_HEADER_PLAIN, false },
    { "null", pass_null, FS_HEADER_PLAIN, false },
    { "raw", pass_raw, FS_HEADER_PLAIN, false },
    { "chdlc", pass_chdlc, FS_HEADER_PLAIN, false },
    { "ppp", pass_ppp, FS_HEADER_PLAIN, false },
    { "llc", pass_llc, FS_HEADER_LLC, true },
    { "radiotap", pass_radio, FS_HEADER_PLAIN, false },
    { "ppi", pass_radio, FS_HEADER_PLAIN, false },
    { "wlan_radio", NULL, FS_HEADER_PSEUDO, false },
    { "wlan", pass_wlan, FS_HEADER_PLAIN, false },
    { "wlan_aggregate", NULL, FS_HEADER_OPAQUE, false },
    { "data", NULL, FS_HEADER_OPAQUE, false },
    { "user_dlt", NULL, FS_HEADER_OPAQUE, false },
    { "pcap_pktdata", NULL, FS_HEADER_PSEUDO, false },
    { "6lowpan", NULL, FS_HEADER_OPAQUE, false },

    { "vntag", pass_tag_of_6, FS_HEADER_PLAIN, true },
    { "hsr", pass_tag_of_6, FS_HEADER_PLAIN, true },
    { "ieee8021cb", pass_tag_of_6, FS_HEADER_PLAIN, true },
    { "rtag", pass_tag_of_6, FS_HEADER_PLAIN, true }, /* the same, since 4.2 */
    { "prp", NULL, FS_HEADER_PSEUDO, false },         /* a trailer */
    { "cmd", pass_cmd, FS_HEADER_PLAIN, true },
    { "cfp", pass_fabricpath, FS_HEADER_PLAIN, false },

    { "mpls", pass_mpls, FS_HEADER_PLAIN, false },
    { "pwethheuristic", NULL, FS_HEADER_PSEUDO, false },
    { "pwethnocw", NULL, FS_HEADER_PSEUDO, false },
    { "pwethcw", pass_control_word, FS_HEADER_PLAIN, false },
    { "ieee8021ah", pass_pbb, FS_HEADER_PLAIN, true },
    { "pppoes", pass_pppoe, FS_HEADER_PLAIN, false },
    { "gre", pass_gre, FS_HEADER_PLAIN, false },
    { "vxlan", pass_vxlan, FS_HEADER_PLAIN, false },
    { "geneve", pass_geneve, FS_HEADER_PLAIN, false },
    { "gtp", pass_gtp, FS_HEADER_PLAIN, false },
    { "teredo", pass_teredo, FS_HEADER_PLAIN, false },
    { "l2tp", pass_l2tp, FS_HEADER_PLAIN, false },
    { "etherip", pass_etherip, FS_HEADER_PLAIN, false },
    { "erspan", pass_erspan, FS_HEADER_PLAIN, false },
    { "hp_erm", NULL, FS_HEADER_MIRROR, false },
    { "aruba_erm", NULL, FS_HEADER_MIRROR, false },
    { "jmirror", NULL, FS_HEADER_MIRROR, false },
    { "stt", pass_stt, FS_HEADER_PLAIN, false },
};

enum { ROWS = G_N_ELEMENTS(rows) };

/* By Wireshark's protocol number: the row, and from 1 the number among flow_applications. */
static GByteArray *row_of, *application_of;
uint8_t fs_header_kinds[UINT8_MAX + 1];

struct fs_header_rows fs_header_rows(void)
{
    return (struct fs_header_rows){ row_of->data, row_of->len };
}

bool fs_header_pass(struct fs_cursor *cursor, uint8_t row)
{
    return rows[row].pass(cursor);
}

bool fs_header_ends_in_type(uint8_t row)
{
    return rows[row].ends_in_type;
}

const struct flow_application *fs_header_application(int proto)
{
    uint8_t number =
        proto >= 0 && (unsigned)proto < application_of->len ? application_of->data[proto] : 0;

    return number > 0 ? &flow_applications[number - 1] : NULL;
}

static void register_number(GByteArray *numbers, const char *name, size_t number)
{
    int proto = proto_get_id_by_filter_name(name);

    if (proto < 0)
        return; /* this Wireshark does not have it, so no frame will */
    if ((unsigned)proto >= numbers->len) {
        unsigned length = numbers->len;
        g_byte_array_set_size(numbers, (unsigned)proto + 1);
        memset(numbers->data + length, 0, numbers->len - length);
    }
    numbers->data[proto] = (uint8_t)number;
}

void fs_headers_register(void)
{
    row_of = g_byte_array_new();
    application_of = g_byte_array_new();
    for (size_t i = 0; i < ROWS; i++)
        fs_header_kinds[i] = (uint8_t)rows[i].kind;
    for (size_t i = 1; i < ROWS; i++)
        register_number(row_of, rows[i].name, i);
    for (size_t i = 0; i < flow_application_count; i++)
        register_number(application_of, flow_applications[i].name, i + 1);
}
