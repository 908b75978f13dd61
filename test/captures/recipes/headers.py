"""Headers before and between tunnels: link types, tags, options, and layers that nobody passes.

What they carry ends in an Ethernet frame with a VLAN tag, or in a second tunnel, so that a header
whose size is taken wrongly shows in the path.  Where nothing is to be looked for, IP headers have a
wrong checksum, so that no search finds what the walk has missed.
"""
import socket
import struct

from scapy.all import (ARP, GRE, IP, PPP, UDP, Dot1AD, Dot1Q, Ether, IPOption, IPv6, IPv6ExtHdrFragment, PPPoE,
                       Raw, fragment, fragment6)
from scapy.layers.vxlan import VXLAN

from recipes import A6, A, B6, B, C, MAC_A, MAC_B, START, capture, capture_of, eth, pcapng, timed
from recipes.links import ACCESS_POINT, data_frame, mac, snap
from recipes.odd import enhanced, interface, section
from recipes.tunnels import T1, T16, T2, T26, TUNNELS, inner, outer, outer6, udp_tunnel


WRONG = 0xbad  # checksum


def unproven():
    packet = inner()
    packet[IP].chksum = WRONG
    return packet


def frame(packet, vlan=77, down=False):
    """What a tunnel of Ethernet carries."""
    return eth(Dot1Q(vlan=vlan) / packet, down)


def vxlan(vni, down=False, **fields):
    return (outer(down, **fields) / UDP(sport=50000 + down, dport=4789) / VXLAN(vni=vni, flags=8)
            / frame(inner(down), down=down))


def le16(*numbers):
    return struct.pack(f"<{len(numbers)}H", *numbers)


def erf(packet):
    """A record of Ethernet, two bytes of padding before the frame."""
    size = len(packet)
    return bytes(8) + bytes([2, 4]) + struct.pack(">HHH", 18 + size, 0, size) + bytes(2) + packet


def pktap(packet):
    return struct.pack("<III", 108, 1, 1) + b"en0".ljust(24, b"\0") + bytes(72) + packet


def nflog(packet):
    """A prefix of odd length, then the packet."""
    return (bytes([2, 0, 0, 0]) + le16(7, 10) + b"ab\0" + b"\0" + le16(4 + len(packet), 9) + packet
            + bytes(-len(packet) % 4))


def turned(address):
    """With the bits of each byte the other way round."""
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in mac(address))


def fabricpath(packet):
    """Addresses of two switches, a tag, and the frame with the checksum that Wireshark expects."""
    switches = bytes.fromhex("020002000001 020001000002")
    return switches + bytes.fromhex("8903 0060") + packet + bytes(4)


def bridged(packet, eth_type="0800"):
    return mac(MAC_B) + mac(MAC_A) + bytes.fromhex(eth_type) + bytes(packet)


def tag(eth_type, header):
    """A tag of the link, before another EtherType."""
    return lambda packet, last="0800": bridged(bytes.fromhex(header + last) + bytes(packet),
                                               eth_type)


def llc_snap(packet, eth_type="0800"):
    return bytes.fromhex("aaaa03 000000" + eth_type) + bytes(packet)


PRISM = struct.pack("<II", 0x44, 144) + bytes(136)
AVS = struct.pack(">II", 0x80211001, 64) + bytes(56)
Q922 = bytes.fromhex("1841")
SNAP_BRIDGED = bytes.fromhex("0300 80 0080c2 0007")

# The link type of each, and how a packet is written on it; those with addresses take an EtherType.
LINKS = {
    "erf": (197, lambda *p: erf(bridged(*p))),
    "pktap": (258, lambda *p: pktap(bridged(*p))),
    "fr, bridged": (107, lambda *p: Q922 + SNAP_BRIDGED + bridged(*p)),
    "fddi": (10, lambda *p: b"\x50" + turned(MAC_B) + turned(MAC_A) + llc_snap(*p)),
    "tr": (6, lambda *p: b"\x10\x40" + mac(MAC_B) + mac(MAC_A) + llc_snap(*p)),
    "tr, source-routed": (6, lambda *p: (b"\x10\x40" + mac(MAC_B) + b"\x82" + mac(MAC_A)[1:]
                                         + bytes.fromhex("0630 0011 0020") + llc_snap(*p))),
    "vntag": (1, tag("8926", "00010002")),
    "cmd": (1, tag("8909", "010100010005")),
    "hsr": (1, tag("892f", "00400001")),
    "802.1cb": (1, tag("f1c1", "00000001")),
    "fabricpath": (1, lambda *p: fabricpath(bridged(*p))),
    "prism": (119, lambda p: PRISM + bytes(data_frame() / snap(p))),
    "avs": (119, lambda p: AVS + bytes(data_frame() / snap(p))),
    "nflog": (239, lambda p: nflog(bytes(p))),
    "fr": (107, lambda p: Q922 + b"\x03\xcc" + bytes(p)),
    "fr of Cisco": (107, lambda p: Q922 + b"\x08\x00" + bytes(p)),
}
WITH_ADDRESSES = 11  # of them, the first so many


@pcapng
def link_headers():
    """VXLAN 1, 2, 3 ... on each link, an interface each."""
    blocks = [section()] + [interface(linktype) for linktype, _ in LINKS.values()]
    return blocks + [enhanced(i, (START + i) * 10**6, write(vxlan(i + 1, chksum=WRONG)))
                     for i, (_, write) in enumerate(LINKS.values())]


def arp(opcode):
    return (bytes.fromhex(f"0001 0800 06 04 {opcode:04x}") + mac(MAC_A) + bytes([10, 0, 0, 1])
            + mac(MAC_B) + bytes([10, 0, 0, 2]))


@pcapng
def link_headers_arp():
    """An ARP reply on each link that has two addresses: it goes down."""
    chosen = list(LINKS.values())[:WITH_ADDRESSES]
    blocks = [section()] + [interface(linktype) for linktype, _ in chosen]
    return blocks + [enhanced(i, (START + i) * 10**6, write(arp(2), "0806"))
                     for i, (_, write) in enumerate(chosen)]


@capture_of(147)
def link_unknown():
    """A link of the user's own, before Ethernet: VXLAN 5, then an ARP reply."""
    reply = Ether(src=MAC_A, dst=MAC_B, type=0x806) / Raw(arp(2))
    return timed([b"abcd" + bytes(eth(vxlan(5))), b"abcd" + bytes(reply)])


def trill(packet):
    return Ether(src=MAC_A, dst=MAC_B, type=0x22f3) / Raw(bytes.fromhex("0006 0001 0002")
                                                          + bytes(packet))


@capture
def tunnels_unknown():
    """VLANs and tunnels before, between and inside layers without a row."""
    nsh = bytes.fromhex("0fc2 0203 00000101")  # no metadata, Ethernet follows
    return timed([
        trill(eth(Dot1Q(vlan=7) / Dot1Q(vlan=8) / vxlan(5))),
        Ether(src=MAC_A, dst=MAC_B) / Dot1Q(vlan=9, type=0x22f3) / Raw(
            bytes.fromhex("0006 0001 0002") + bytes(eth(vxlan(6)))),
        eth(udp_tunnel(False, 4790) / Raw(b"\x0c\0\0\x04" + b"\0\0\7\0" + nsh
                                          + bytes(frame(inner(), vlan=10)))),
        # in a pseudowire of L2TPv3, two IPv6 headers with the same pair of addresses; with a
        # trailer, the length proves nothing, but what the first one carries does
        *(eth(outer(proto=115) / Raw(b"\0\0\0\7" + b"\xff\3\0\x57" + bytes(
            IPv6(src=A6, dst=B6) / inner(a=A6, b=B6)) + trailer)) for trailer in (b"", b"abc")),
    ])


@capture
def tunnels_after_unknown():
    """After a layer without a row: what only its own header leads past, another such layer, and IP
    headers with a trailer or a wrong checksum."""
    nsh = bytes.fromhex("0fc2 0201 00000101")  # IPv4 follows
    vxlan6 = outer6() / UDP(sport=50000, dport=4789) / VXLAN(vni=5, flags=8) / frame(inner())
    return timed([
        trill(eth(TUNNELS["mpls"](vxlan(1), False, 5))),
        trill(eth(TUNNELS["pppoe"](vxlan(2), False, 5))),
        trill(TUNNELS["pbb"](vxlan(3), False, 5)),
        trill(bridged(nsh + bytes(vxlan(4)), "894f")),
        trill(bytes(eth(vxlan6)) + bytes(4)),
        bridged(nsh + bytes(vxlan(6, chksum=WRONG)), "894f"),
    ])


@capture
def service_tags():
    """What Wireshark has as one layer: two service tags, and the tag of PBB after one."""
    def tagged(*following):
        packet = following[-1]
        for vlan in following[-2::-1]:
            packet = Dot1AD(vlan=vlan) / packet
        return eth(packet)
    pbb = Raw((9).to_bytes(4, "big") + bytes(frame(vxlan(3, chksum=WRONG))))
    return timed([tagged(5, 6, vxlan(1, chksum=WRONG)), tagged(5, 6, 7, vxlan(2, chksum=WRONG)),
                  eth(Dot1AD(vlan=5, type=0x88e7) / pbb),
                  tagged(5, 6, ARP(op=2, psrc=A, pdst=B))])


def erspan(header, sequence, kind, down, sender, vni):
    mirror = IP(src=sender, dst="192.0.2.9")
    fields = {"seqnum_present": 1, "sequence_number": 1} if sequence else {}
    copy = eth(vxlan(vni, down, chksum=WRONG), down)
    return eth(mirror / GRE(proto=kind, **fields) / Raw(bytes.fromhex(header) + bytes(copy)))


@capture
def mirrors():
    """ERSPAN of types I, II, III and III with a subheader; two devices mirror one connection."""
    kinds = [("", False, 0x88be), ("10000005 00000000", True, 0x88be),
             ("20000005 00000000 00000000", True, 0x22eb),
             ("20000005 00000000 00000001 0000000000000000", True, 0x22eb)]
    return timed([erspan(*kind, down, T2 if down else T1, vni)
                  for vni, kind in enumerate(kinds, 1) for down in (False, True)])


@capture
def mirror_of_hp():
    """A mirror over UDP, whose header Wireshark alone passes; two devices mirror one connection."""
    return timed([eth(IP(src=sender, dst="192.0.2.9") / UDP(sport=50000, dport=7932) / Raw(
        bytes(12) + bytes(frame(inner(down), down=down)))) for down, sender in ((False, T1),
                                                                                (True, T2))])


@capture
def tunnels_options():
    """Each tunnel with the options, indications and fields that its header may have."""
    gre = IP(src=C, dst=B, chksum=WRONG) / GRE(key_present=1, key=9) / inner()
    geneve = bytes.fromhex("0200 6558 000005 00 0102 0301 01020304")
    gtp = (bytes.fromhex("36ff") + struct.pack(">HI", len(gre) + 12, 5)
           + bytes.fromhex("000100 85" "01 0009 c0" "01 0001 00"))
    authentication = b"\0\1" + bytes([3, 4]) + b"abc" + b"defg" + bytes(8) + b"\0"
    origin = bytes.fromhex("0000 efff 3fffffff")
    packets = [
        udp_tunnel(False, 6081) / Raw(geneve + bytes(frame(unproven()))),
        outer() / UDP(sport=2152, dport=2152) / Raw(gtp + bytes(gre)),
        outer() / GRE(chksum_present=1, key_present=1, key=5, seqnum_present=1, sequence_number=1,
                      proto=0x6558) / frame(unproven()),
        outer(proto=47) / Raw(b"\x30\x81\x88\x0b" + struct.pack(">HHII", len(gre) + 4, 5, 1, 1)
                              + b"\xff\3\0\x21" + bytes(gre)),
        outer() / UDP(sport=1701, dport=1701) / Raw(
            struct.pack(">HHHHHHH", 0x4a02, 22 + len(gre), 5, 6, 1, 1, 4) + bytes(4)
            + b"\xff\3\0\x21" + bytes(gre)),
        outer() / UDP(sport=3544, dport=3544) / Raw(authentication + origin + bytes(
            IPv6(src=A6, dst="2001:db8::3") / inner(a=A6, b=B6))),
        Dot1Q(vlan=5, id=1) / gre,
        PPPoE(sessionid=5) / PPP(b"\x21" + bytes(gre)),
        outer(proto=97) / Raw(b"\x30\0" + bytes(frame(unproven()))),
    ]
    return timed([eth(packet) for packet in packets])


@capture
def gpe_flags():
    """VXLAN-GPE without the bit that says its next protocol counts: Wireshark decodes it so."""
    def gpe(flags, following, packet):
        return eth(udp_tunnel(False, 4790) / Raw(bytes([flags, 0, 0, following, 0, 0, flags + 1, 0])
                                                 + bytes(packet)))
    return timed([gpe(flags, *carried) for flags in (0x0c, 0x08, 0)
                  for carried in ((3, frame(unproven())), (1, inner()), (2, inner(a=A6, b=B6)))])


@capture
def addresses_overwritten():
    """What IPX, CLNP, VINES and 6LoWPAN carry has addresses that the packet list shows."""
    ipx = b"\xff\xff" + struct.pack(">H", 34) + b"\0\x11" + bytes(24) + b"abcd"
    clnp = bytes.fromhex("81 0b 01 0a 1c 000f 0000 01 aa") + b"abcd"
    vines = bytes.fromhex("0000 ffff 0016 00 00") + bytes(12) + b"abcd"
    return timed([eth(outer(chksum=WRONG) / UDP(sport=213, dport=213) / Raw(ipx)),
                  eth(outer(chksum=WRONG) / GRE(proto=0xfe) / Raw(clnp)),
                  eth(outer(chksum=WRONG) / UDP(sport=573, dport=573) / Raw(vines))])


@capture
def sampled():
    """sFlow: what its samples show is no packet of this capture."""
    packet = bytes(frame(inner()))
    record = struct.pack(">IIIIII", 1, 16 + len(packet), 1, len(packet), 4, len(packet)) + packet
    sample = struct.pack(">IIIIIIII", 1, 5, 100, 100, 0, 1, 2, 1) + record
    head = struct.pack(">II4sIIII", 5, 1, bytes([192, 0, 2, 1]), 0, 1, 1, 2)
    body = 2 * (struct.pack(">II", 1, len(sample)) + sample)
    return timed([eth(outer() / UDP(sport=50000, dport=6343) / Raw(head + body))])


def gtp(down, size, station=T2):
    packet = IP(src=B if down else A, dst=A if down else B) / UDP(
        sport=9999 if down else 40000, dport=40000 if down else 9999) / (b"x" * size)
    ends = (station, T1) if down else (T1, station)
    return IP(src=ends[0], dst=ends[1], id=9) / UDP(sport=2152, dport=2152) / Raw(
        bytes.fromhex("30ff") + struct.pack(">HI", len(packet), 5) + bytes(packet))


@capture
def handover():
    """One flow in GTP-U to one base station, then to another."""
    return timed([eth(gtp(down, 100, station), down) for station in (T2, "192.0.2.3")
                  for down in (False, True)])


@capture
def fragmented_tunnel():
    """A datagram whole; one in three fragments, in order; the answer in two, the last one first."""
    three, two = fragment(gtp(False, 1000), 400), fragment(gtp(True, 500), 400)
    return timed([eth(gtp(False, 100)), *map(eth, three), *(eth(p, True) for p in two[::-1])])


@capture
def fragmented_tunnel_vlan():
    """In a VLAN, which the outer and the inner packet share, and Ethernet with another inside."""
    datagram = outer(id=9) / UDP(sport=50000, dport=4789) / VXLAN(vni=5, flags=8) / eth(
        Dot1Q(vlan=77) / IP(src=A, dst=B) / UDP(sport=40000, dport=9999) / (b"x" * 1000))
    return timed([eth(Dot1Q(vlan=5) / piece) for piece in fragment(datagram, 800)])


@capture
def fragmented_tunnel6():
    """IPv6 in IPv6, in two fragments."""
    datagram = (IPv6(src=T16, dst=T26) / IPv6ExtHdrFragment(id=9)
                / IPv6(src=A6, dst=B6) / UDP(sport=40000, dport=9999) / (b"x" * 1500))
    return timed([eth(piece) for piece in fragment6(datagram, 1280)])


@capture
def routes():
    """Headers with a routing header or a home address, which change the ends of the flow."""
    def routing(kind, left, fields, addresses):
        data = bytes.fromhex(fields) + b"".join(addresses)
        return bytes([17, len(data) // 8, kind, left]) + data

    def six(header, next_header=43):
        packet = bytes(UDP(sport=40000, dport=9999, chksum=1) / (b"x" * 20))
        return eth(IPv6(src=A6, dst=B6, nh=next_header) / Raw(header + packet))

    def four(option):
        return eth(IP(src=A, dst=B, options=[IPOption(option)]) / UDP(sport=40000, dport=9999)
                   / (b"x" * 20))

    last, other = (socket.inet_pton(socket.AF_INET6, name) for name in ("2001:db8::99",
                                                                        "2001:db8::55"))
    home = bytes.fromhex("1102 0100 c910") + other + bytes(2)
    v4 = bytes([10, 0, 0, 55, 10, 0, 0, 99])
    return timed([
        six(routing(4, 1, "01000000", [last, other])),   # segment routing: the last comes first
        six(routing(4, 0, "01000000", [last, other])),   # used up
        six(routing(2, 1, "00000000", [last])),          # mobility
        six(routing(0, 2, "00000000", [other, last])),   # source route
        six(routing(3, 1, "ee400000", [other[14:], last[14:], bytes(4)])),  # RPL, padded
        six(home, 60),
        four(b"\x83\x0b\x04" + v4 + b"\0"),            # loose source route
        four(b"\x83\x0b\x0c" + v4 + b"\0"),            # used up
        four(b"\x89\x0b\x08" + v4 + b"\0"),            # strict
    ])


@capture_of(276)
def cooked2_vlan():
    """LINUX_SLL2 with a tag, of a device whose address is longer than a MAC address, with NSH."""
    head = "{} 0000 00000002 0001 04 {:02x} 02000000000a 0000"
    return timed([bytes.fromhex(head.format("8100", 6)) + bytes(Dot1Q(vlan=5) / inner()),
                  bytes.fromhex(head.format("0800", 8)) + bytes(inner()),
                  bytes.fromhex(head.format("894f", 6) + "0fc2 0201 00000101") + bytes(inner())])


@capture_of(105)
def wlan_fields():
    """Quality of service with an HT control field; four addresses."""
    gre = IP(src=C, dst=B, chksum=WRONG) / GRE(key_present=1, key=9) / inner()
    qos = data_frame(subtype=8)
    qos.FCfield = qos.FCfield | 0x80
    stations = (ACCESS_POINT, "02:00:00:00:00:fe", MAC_B)
    four = bytes.fromhex("0803 0000") + b"".join(map(mac, stations))
    return timed([bytes(qos) + bytes(2) + bytes(4) + bytes(snap(gre)),
                  four + bytes(2) + mac(MAC_A) + bytes(snap(gre))])
