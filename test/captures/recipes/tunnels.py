"""Encapsulations: the inner packet up and down in each."""
from scapy.all import (ARP, ESP, GRE, ICMP, IP, PPP, UDP, Dot1AD, Dot1Q, Ether, ICMPv6DestUnreach,
                       IPv6, PPPoE, Raw, SecurityAssociation)
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS
from scapy.layers.vxlan import VXLAN

from recipes import A6, A, B6, B, C, MAC_A, MAC_B, Talk, capture, connection, eth, timed


def inner(down=False, a=A, b=B):
    source, destination = (b, a) if down else (a, b)
    ports = {"sport": 9999, "dport": 40000} if down else {"sport": 40000, "dport": 9999}
    family = IPv6 if ":" in source else IP
    return family(src=source, dst=destination) / UDP(**ports) / (b"x" * 20)


T1, T2, T16, T26 = "192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:1::2"


def outer(down=False, **fields):
    return IP(src=T2 if down else T1, dst=T1 if down else T2, **fields)


def outer6(down=False, **fields):
    return IPv6(src=T26 if down else T16, dst=T16 if down else T26, **fields)


def udp_tunnel(down, port):
    return outer(down) / UDP(sport=50000 + down, dport=port)


TUNNELS = {
    "vlan": lambda p, d, n: Dot1Q(vlan=n) / p,
    "qinq": lambda p, d, n: Dot1AD(vlan=n) / Dot1Q(vlan=n + 1) / p,
    "mpls": lambda p, d, n: MPLS(label=n, s=0) / MPLS(label=n + 1, s=1) / p,
    "pppoe": lambda p, d, n: PPPoE(sessionid=n) / PPP(proto=0x21) / p,
    "gre": lambda p, d, n: outer(d) / GRE(key_present=1, key=n) / p,
    "gre_plain": lambda p, d, n: outer(d) / GRE() / p,
    "nvgre": lambda p, d, n: outer(d) / GRE(key_present=1, key=n << 8, proto=0x6558) / eth(p, d),
    "vxlan": lambda p, d, n: udp_tunnel(d, 4789) / VXLAN(vni=n, flags=8) / eth(p, d),
    "geneve": lambda p, d, n: udp_tunnel(d, 6081) / GENEVE(vni=n, proto=0x6558) / eth(p, d),
    "ipip": lambda p, d, n: outer(d, proto=4) / p,
    "4in6": lambda p, d, n: outer6(d, nh=4) / p,
    "gtp": lambda p, d, n: (outer(d) / UDP(sport=2152, dport=2152)
                            / GTP_U_Header(teid=n + 100 * d, gtp_type=255) / p),
    "vxlan_gpe": lambda p, d, n: (udp_tunnel(d, 4790) / Raw(
        b"\x0c\0\0\x01" + (n << 8).to_bytes(4, "big") + bytes(p))),
    "pbb": lambda p, d, n: Ether(src=MAC_B if d else MAC_A, dst=MAC_A if d else MAC_B,
                                 type=0x88e7) / Raw(n.to_bytes(4, "big") + bytes(eth(p, d))),
    "pptp": lambda p, d, n: (outer(d, proto=47) / Raw(
        b"\x30\x01\x88\x0b" + (len(p) + 4).to_bytes(2, "big") + (n + d).to_bytes(2, "big")
        + bytes(4) + b"\xff\x03\x00\x21" + bytes(p))),
    "l2tp": lambda p, d, n: (outer(d) / UDP(sport=1701, dport=1701)
                             / Raw(b"\x00\x02" + n.to_bytes(2, "big") + (n + d).to_bytes(2, "big")
                                   + b"\xff\x03\x00\x21" + bytes(p))),
}


@capture
def tunnels():
    """Each tunnel with both directions of the inner flow; tunnel by tunnel, 10 ms apart."""
    packets = []
    for i, wrap in enumerate(TUNNELS.values()):
        for down in (False, True):
            packet = wrap(inner(down), down, 5)
            packets.append((10 * i + down, packet if isinstance(packet, Ether)
                            else eth(packet, down)))
    return packets


@capture
def tunnels6():
    """IPv6 inside: 6in4, ip6tnl, and Teredo."""
    six = [inner(down, A6, B6) for down in (False, True)]
    wraps = [lambda p, d: outer(d, proto=41) / p, lambda p, d: outer6(d, nh=41) / p,
             lambda p, d: outer(d) / UDP(sport=3544, dport=3544) / p]
    return [(10 * i + down, eth(wrap(six[down], down), down))
            for i, wrap in enumerate(wraps) for down in (0, 1)]


@capture
def tunnels_apart():
    """The same ends and ports in VXLAN 5 and 6 and without: three flows."""
    vxlan = TUNNELS["vxlan"]
    return timed([eth(vxlan(inner(), False, 5)), eth(vxlan(inner(), False, 6)), eth(inner()),
                  eth(vxlan(inner(True), True, 6), True)])


@capture
def tunnels_deep():
    """IP in IP, a hundred times."""
    packet = inner()
    for _ in range(100):
        packet = IP(src=B, dst=C) / packet
    return timed([eth(packet)])


@capture
def tunnels_nested():
    """VLAN, VXLAN, and GRE inside it."""
    return timed([eth(Dot1Q(vlan=100) / TUNNELS["vxlan"](
        IP(src=C, dst=B) / GRE(key_present=1, key=9) / inner(), False, 5001))])


@capture
def vlan_one_way():
    return timed([eth(Dot1Q(vlan=7) / inner()), eth(inner(True), True)])


def each_way(up, down, tunnel="vxlan"):
    """A link on which each direction has its own identifier."""
    return lambda packet, is_down=False: eth(
        TUNNELS[tunnel](packet, is_down, down if is_down else up), is_down)


@capture
def vnis_each_way():
    """VNI 10 there and 11 back: one connection."""
    return connection(link=each_way(10, 11))


@capture
def gre_keys_each_way():
    return connection(link=each_way(10, 11, "gre"))


@capture
def bridged_gre_key_one_way():
    """Ethernet over GRE with a key there, as NVGRE has it, and none back: one connection."""
    def link(packet, down=False):
        key = {} if down else {"key_present": 1, "key": 10 << 8}
        return eth(outer(down) / GRE(proto=0x6558, **key) / eth(packet, down), down)
    return connection(link=link)


@capture
def tenants_in_turn():
    """Two tenants with the same addresses and ports, packet by packet: VNIs 10, 11 and 20, 21."""
    first = connection(link=each_way(10, 11))
    second = (Talk(link=each_way(20, 21)).handshake(seq=7000, other=90000)
              .tcp(30, "PA", 7001, 90001, payload=10)).packets
    return [packet for pair in zip(first, second) for packet in pair]


@capture
def answer_to_nobody_here():
    """One tenant's SYN, and another tenant's connection from its SYN-ACK on: two flows."""
    talk = Talk(link=each_way(10, 10)).tcp(0, "S", 100)
    talk.link = each_way(20, 20)
    return talk.tcp(20, "SA", 500, 9001, down=True).tcp(25, "A", 9001, 501).packets


@capture
def teid_changed():
    """A GTP tunnel gets another identifier while the flow inside goes on."""
    gtp = TUNNELS["gtp"]
    return timed([eth(gtp(inner(), False, 5)), eth(gtp(inner(), False, 6))])


@capture
def vxlan_flood_and_learn():
    """The first packet goes to a group of tunnel ends, the answer to one of them."""
    query = IP(src=T1, dst="239.1.1.1") / UDP(sport=50000, dport=4789) / VXLAN(vni=5, flags=8)
    return timed([eth(query / eth(inner())), eth(TUNNELS["vxlan"](inner(True), True, 5), True)])


@capture
def errors_each_way():
    """Two tenants; an ICMP error comes back in the VNI of the way back of the first."""
    query, answer = inner(), inner(True)
    error = IP(src=B, dst=A) / ICMP(type=3, code=3) / query
    first, second = each_way(10, 11), each_way(20, 21)
    return timed([first(query), first(answer, True), second(query), second(answer, True),
                  first(error, True)])


@capture
def arp_in_vxlan():
    """A frame of the link inside a tunnel is a packet of the tunnel's flow."""
    return timed([eth(TUNNELS["vxlan"](inner(), False, 5)),
                  eth(udp_tunnel(False, 4789) / VXLAN(vni=5, flags=8) / Ether(src=MAC_A, dst=MAC_B)
                      / ARP(psrc=A, pdst=B))])


@capture
def error_in_tunnel():
    """An ICMP error inside a VXLAN speaks of the flow in that VXLAN."""
    vxlan, query = TUNNELS["vxlan"], inner()
    error = IP(src=B, dst=A) / ICMP(type=3, code=3) / query
    return timed([eth(query), eth(vxlan(query, False, 5)), eth(vxlan(error, True, 5), True)])


@capture
def errors_behind_mpls():
    """The IP headers behind the labels, which no list of layers names from 4.4 on."""
    def labelled(*packets):
        return [eth(TUNNELS["mpls"](packet, False, 5)) for packet in packets]
    query, query6 = inner(), inner(False, A6, B6)
    return timed(labelled(query, IP(src=B, dst=A) / ICMP(type=3, code=3) / query, query6,
                          IPv6(src=B6, dst=A6) / ICMPv6DestUnreach(code=4) / query6))


@capture
def mpls_behind_unknown():
    """Labels inside a header that the walk does not know (NSH)."""
    tag = Ether(src=MAC_A, dst=MAC_B, type=0x894f) / Raw(bytes.fromhex("0fc2 0205 00000101"))
    return timed([tag / TUNNELS["mpls"](packet, False, 5)
                  for packet in (inner(), inner(False, A6, B6))])


# Encapsulations that are not named in the rules of the key, or whose header hides its length.


def stt(p, d):
    """One segment: a header like TCP's, whose ports start the tunnel, and STT's own."""
    frame = bytes(eth(p, d))
    segment = (50000).to_bytes(2, "big") + (7471).to_bytes(2, "big")
    segment += (len(frame) + 18 << 16).to_bytes(4, "big") + bytes(4) + b"\x50\x18" + bytes(6)
    return outer(d, proto=6) / Raw(segment + bytes(18) + frame)


OTHERS = {
    "l2tpv3_udp": lambda p, d: (outer(d) / UDP(sport=1701, dport=1701)
                                / Raw(b"\0\x03\0\0" + b"\0\0\0\x07" + b"\xff\x03\0\x21" + bytes(p))),
    "l2tpv3_ip": lambda p, d: outer(d, proto=115) / Raw(b"\0\0\0\x07" + b"\xff\x03\0\x21" + bytes(p)),
    "stt": stt,
    "capwap": lambda p, d: (udp_tunnel(d, 5247) / Raw(
        bytes.fromhex("00100000 00000000") + bytes(eth(p, d)))),
    "erspan": lambda p, d: outer(d) / GRE(proto=0x88be, seqnum_present=1, sequence_number=1) / Raw(
        bytes.fromhex("10000005 00000000") + bytes(eth(p, d))),
    "nsh": lambda p, d: Raw(bytes.fromhex("0fc2 0201 00000101") + bytes(p)),
    "trill": lambda p, d: Raw(bytes.fromhex("0006 0001 0002") + bytes(eth(p, d))),
}
ETHERTYPES = {"nsh": 0x894f, "trill": 0x22f3}


@capture
def tunnels_other():
    """One packet up in each."""
    return timed([Ether(src=MAC_A, dst=MAC_B, type=ETHERTYPES.get(name, 0x800))
                  / wrap(inner(), False) for name, wrap in OTHERS.items()])


ESP_KEY = bytes(range(16))


@capture
def esp():
    """The same datagram both ways, in tunnel mode and in transport mode, by one key."""
    security = {"crypt_algo": "AES-CBC", "crypt_key": ESP_KEY, "auth_algo": "NULL"}
    tunnel = SecurityAssociation(ESP, spi=5, tunnel_header=outer(), **security)
    transport = SecurityAssociation(ESP, spi=6, **security)
    return timed([eth(protect.encrypt(inner(), iv=bytes(16))) for protect in (tunnel, transport)])
