#!/usr/bin/python3
"""Write the captures that the tests read: generate.py FOLDER

Every capture is a function that says packet by packet what is in it, so that whoever reads a test
can work out the numbers by hand.  Times are milliseconds after START.
"""
import struct
import sys
from pathlib import Path

from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, GRE, ICMP, IP, UDP, Dot1AD, Dot1Q, Ether,
                       ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NS, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, NTP, PPP, PPPoE,
                       Raw, SCTP, STP, TCP, CookedLinux, LLC, Loopback, fragment, fragment6)
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS
from scapy.layers.vxlan import VXLAN

START = 1_700_000_000
A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
A6, B6 = "2001:db8::1", "2001:db8::2"
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
BUILDERS = {}


def capture(function):
    """Register a builder of [(milliseconds, packet), ...]; its name is the file's."""
    BUILDERS[function.__name__.rstrip("_")] = function
    return function


def eth(packet, down=False):
    source, destination = (MAC_B, MAC_A) if down else (MAC_A, MAC_B)
    return Ether(src=source, dst=destination) / packet


class Talk:
    """Packets between two ends, with IP identifications that count up on each side."""

    def __init__(self, a=A, b=B, sport=40000, dport=80, link=eth, flags="DF", ids=(1000, 5000)):
        self.ends = ((a, sport), (b, dport))
        self.link, self.flags, self.ids, self.packets = link, flags, list(ids), []

    def ip(self, down):
        source, destination = self.ends[down][0], self.ends[not down][0]
        if ":" in source:
            return IPv6(src=source, dst=destination)
        self.ids[down] += 1
        return IP(src=source, dst=destination, id=self.ids[down], flags=self.flags)

    def ports(self, down):
        return {"sport": self.ends[down][1], "dport": self.ends[not down][1]}

    def add(self, time, layer, down):
        self.packets.append((time, self.link(self.ip(down) / layer, down)))
        return self

    def tcp(self, time, flags, seq, ack=0, payload=0, down=False):
        segment = TCP(flags=flags, seq=seq, ack=ack, window=1000, **self.ports(down))
        return self.add(time, segment / (b"x" * payload) if payload else segment, down)

    def udp(self, time, payload=0, down=False):
        return self.add(time, UDP(**self.ports(down)) / (b"x" * payload), down)

    def handshake(self, time=0, rtt=(20, 5), seq=100, other=500):
        """SYN, SYN-ACK after rtt[0], ACK after rtt[1] more."""
        return (self.tcp(time, "S", seq).tcp(time + rtt[0], "SA", other, seq + 1, down=True)
                .tcp(time + sum(rtt), "A", seq + 1, other + 1))


def connection(**options):
    """A whole connection: 10 bytes up, 1000 down, closed by both."""
    return (Talk(**options).handshake()
            .tcp(30, "PA", 101, 501, payload=10)
            .tcp(60, "A", 501, 111, payload=600, down=True)
            .tcp(61, "PA", 1101, 111, payload=400, down=True)
            .tcp(80, "A", 111, 1501)
            .tcp(90, "FA", 111, 1501)
            .tcp(110, "A", 1501, 112, down=True)
            .tcp(120, "FA", 1501, 112, down=True)
            .tcp(125, "A", 112, 1502)).packets


@capture
def tcp_plain():
    return connection()


@capture
def tcp_v6():
    return connection(a=A6, b=B6)


@capture
def tcp_raw_ip():
    return connection(link=lambda packet, down: packet)


@capture
def tcp_cooked():
    return connection(link=lambda packet, down: CookedLinux(pkttype=4 * (not down)) / packet)


@capture
def tcp_loopback():
    return connection(link=lambda packet, down: Loopback() / packet)


@capture
def syn_retransmitted():
    return (Talk().tcp(0, "S", 100).tcp(1000, "S", 100).tcp(3000, "S", 100)
            .tcp(3020, "SA", 500, 101, down=True).tcp(3040, "SA", 500, 101, down=True)
            .tcp(3050, "A", 101, 501)).packets


@capture
def syn_ack_missing():
    return Talk().tcp(0, "S", 100).tcp(25, "A", 101, 501).tcp(30, "PA", 101, 501, 5).packets


@capture
def syn_missing():
    return (Talk().tcp(20, "SA", 500, 101, down=True).tcp(25, "A", 101, 501)
            .tcp(30, "PA", 101, 501, 5)).packets


@capture
def simultaneous_open():
    return (Talk(sport=5000, dport=5000).tcp(0, "S", 100).tcp(1, "S", 500, down=True)
            .tcp(21, "SA", 100, 501).tcp(22, "SA", 500, 101, down=True)
            .tcp(40, "A", 101, 501)).packets


@capture
def refused():
    return Talk().tcp(0, "S", 100).tcp(20, "RA", 0, 101, down=True).packets


@capture
def unanswered():
    return Talk().tcp(0, "S", 100).tcp(1000, "S", 100).packets


@capture
def reset():
    return (Talk().handshake().tcp(30, "PA", 101, 501, 5).tcp(50, "R", 501, down=True)
            .tcp(60, "A", 106, 501)).packets


@capture
def half_close():
    return (Talk().handshake().tcp(30, "FA", 101, 501, 5).tcp(50, "A", 501, 107, down=True)
            .tcp(60, "PA", 501, 107, 7, down=True).tcp(70, "A", 107, 508)
            .tcp(90, "FA", 508, 107, down=True).tcp(91, "FA", 508, 107, down=True)
            .tcp(95, "A", 107, 509)).packets


@capture
def midstream():
    one_side = Talk(sport=40001).tcp(0, "A", 1000, 2000, 10).tcp(5, "A", 1010, 2000, 10)
    both = Talk(sport=40002).tcp(10, "A", 1000, 2000, 10).tcp(30, "A", 2000, 1010, down=True)
    return one_side.packets + both.packets


@capture
def port_reuse():
    """Three connections on the same ports: closed, reused without a close, and a SYN again."""
    first = connection()
    second = Talk().handshake(1000, seq=9000, other=7000)
    third = second.tcp(2000, "S", 20000).tcp(2500, "S", 20000).packets
    return first + third


@capture
def syn_after_reset():
    """The same SYN after its connection was refused stays in the flow."""
    return (Talk().tcp(0, "S", 100).tcp(20, "RA", 0, 101, down=True).tcp(520, "S", 100)
            .tcp(540, "RA", 0, 101, down=True)).packets


@capture
def udp():
    return (Talk(sport=40000, dport=9999, flags=0).udp(0, 10).udp(10, 20, down=True)
            .udp(20, 0)).packets


@capture
def udp_lengths():
    """What a UDP header says: less than its own size, and 0 in IPv6."""
    small = eth(IP(src=A, dst=B) / UDP(sport=40000, dport=9999, len=4) / b"abcdef")
    none = eth(IPv6(src=A6, dst=B6) / UDP(sport=40000, dport=9999, len=0) / b"abcdef")
    return [(0, small), (10, none)]


@capture
def transports():
    lite = b"\x9c\x40\x27\x0f\x00\x08\x00\x00" + b"x" * 30
    dccp = b"\x9c\x40\x27\x0f\x06\x00\x00\x00" + b"\x04\x00\x00\x00" + bytes(12) + b"x" * 9
    return [
        (0, eth(IP(src=A, dst=B, proto=136) / Raw(lite))),
        (10, eth(IP(src=A, dst=B) / SCTP(sport=40000, dport=9999) / Raw(b"\x0a\x00\x00\x04"))),
        (20, eth(IP(src=A, dst=B, proto=33) / Raw(dccp))),
        (30, eth(IP(src=A, dst=B, proto=89) / Raw(b"x" * 50))),
        (40, eth(IP(src=A, dst="224.0.0.1", proto=2, ttl=1) / Raw(b"\x11\x64\xee\x9b" + bytes(4)))),
    ]


@capture
def pings():
    packets = []
    for time, ident in ((0, 1), (5, 2)):
        packets.append((time, eth(IP(src=A, dst=B) / ICMP(type=8, id=ident) / (b"x" * 40))))
        packets.append((time + 10, eth(IP(src=B, dst=A) / ICMP(type=0, id=ident) / (b"x" * 40),
                                       True)))
    echo = ICMPv6EchoRequest(id=3, data=b"x" * 40)
    packets.append((20, eth(IPv6(src=A6, dst=B6) / echo)))
    packets.append((30, eth(IPv6(src=B6, dst=A6) / ICMPv6EchoReply(id=3, data=b"x" * 40), True)))
    packets.append((40, eth(IP(src=B, dst=A) / ICMP(type=14, id=9) / bytes(12), True)))
    packets.append((50, eth(IPv6(src=A6, dst="ff02::1:ff00:2") / ICMPv6ND_NS(tgt=B6))))
    return packets


@capture
def icmp_errors():
    """Port unreachable for a UDP flow, in both families, and for a flow that nobody has seen."""
    query = IP(src=A, dst=B, id=7) / UDP(sport=40000, dport=9999) / (b"x" * 20)
    query6 = IPv6(src=A6, dst=B6) / UDP(sport=40000, dport=9999) / (b"x" * 20)
    stray = IP(src=A, dst=C, id=8) / UDP(sport=1, dport=2)
    return [
        (0, eth(query)),
        (10, eth(IP(src=B, dst=A) / ICMP(type=3, code=3) / query, True)),
        (20, eth(query)),
        (30, eth(IP(src=B, dst=A) / ICMP(type=3, code=3) / query, True)),
        (40, eth(query6)),
        (50, eth(IPv6(src=B6, dst=A6) / ICMPv6DestUnreach(code=4) / query6, True)),
        (60, eth(IP(src=C, dst=A) / ICMP(type=3, code=3) / stray, True)),
    ]


@capture
def link_layer():
    arp = ARP(hwsrc=MAC_A, hwdst="00:00:00:00:00:00", psrc=A, pdst=B)
    return [
        (0, Ether(src=MAC_A, dst=MAC_B) / arp),
        (5, Ether(src=MAC_B, dst=MAC_A) / ARP(op=2, hwsrc=MAC_B, hwdst=MAC_A, psrc=B, pdst=A)),
        (10, Ether(src=MAC_A, dst="01:80:c2:00:00:0e", type=0x88cc) / Raw(bytes(46))),
        (20, Ether(src=MAC_A, dst="01:80:c2:00:00:00", type=38) / LLC() / STP()),
        (30, Ether(src=MAC_A, dst=MAC_B) / Dot1Q(vlan=5) / arp),
    ]


@capture
def ip_ids():
    """Gaps, a wrap-around, jumps that do not count, and packets with DF between them."""
    def packet(time, ip_id, flags=0):
        return (time, eth(IP(src=A, dst=B, id=ip_id, flags=flags) / UDP(sport=40000, dport=9999)))
    return [packet(time, *ip_id) for time, ip_id in enumerate(
        [(65530,), (65533,), (777, "DF"), (2,), (2,), (129,), (257,), (256,), (383,)])]


@capture
def offload_and_padding():
    """IP length 0 means the frame's; Ethernet's padding is no payload."""
    big = eth(IP(src=A, dst=B, len=0) / TCP(sport=40000, dport=80, flags="A", seq=1, ack=1)
              / (b"x" * 3000))
    small = eth(IP(src=A, dst=B) / TCP(sport=40000, dport=80, flags="A", seq=3001, ack=1) / b"y")
    return [(0, big), (10, Ether(bytes(small) + bytes(60 - len(small))))]


def cut(packet, length):
    return bytes(packet)[:length], len(packet)


@capture
def cut_short():
    """A snap length inside each header: what is there counts, nothing is invented."""
    packet = eth(IP(src=A, dst=B, id=5) / TCP(sport=40000, dport=80, flags="A", seq=1, ack=1)
                 / (b"x" * 100))
    return [(time, cut(packet, length))
            for time, length in enumerate([60, 54, 47, 36, 30, 13])]


@capture
def enormous_length():
    """A damaged length on the wire, beyond what Wireshark shows as frame.len."""
    packet = bytes(eth(IP(src=A, dst=B) / UDP(sport=40000, dport=9999) / b"xyz"))
    return [(0, (packet, 0xffffff00))]


@capture
def same_ends():
    """One address and port at both ends: the flags alone tell who speaks."""
    return (Talk(b=A, sport=5000, dport=5000).tcp(0, "S", 100).tcp(1, "SA", 500, 101, down=True)
            .tcp(2, "A", 101, 501)).packets


@capture
def times_back():
    return (Talk(sport=40000, dport=9999, flags=0).udp(100, 1).udp(50, 1, down=True)
            .udp(300, 1).udp(200, 1)).packets


@capture
def gaps():
    """Packets 0, 3, 20, 22, 24, 26 and 28 seconds after the start."""
    talk = Talk(sport=40000, dport=9999, flags=0)
    for time in (0, 3000, 20000, 22000, 24000, 26000, 28000):
        talk.udp(time, 1)
    return talk.packets


# Fragments: a datagram of 3000 payload bytes in pieces of 1480, 1480 and 48 bytes behind IP.

def pieces(ident=77, link=eth, sport=40000):
    datagram = IP(src=A, dst=B, id=ident) / UDP(sport=sport, dport=9999) / (b"x" * 3000)
    return [link(piece) for piece in fragment(datagram, fragsize=1480)]


def pieces6(ident=77):
    datagram = (IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=ident)
                / UDP(sport=40000, dport=9999) / (b"x" * 3000))
    return [eth(piece) for piece in fragment6(datagram, 1280)]


def timed(packets, first=0, step=1):
    return [(first + step * i, packet) for i, packet in enumerate(packets)]


@capture
def fragments():
    return timed(pieces()) + timed(pieces6(), 10)


@capture
def fragments_reversed():
    return timed(pieces()[::-1]) + timed(pieces6()[::-1], 10)


@capture
def fragments_first_missing():
    """Two lone fragments; then, 61 s later, a packet that lets them be counted."""
    return timed(pieces()[1:]) + Talk(sport=1, dport=2).udp(61100, 1).packets


@capture
def fragments_last_missing():
    return timed(pieces()[:2])


@capture
def fragments_id_reused():
    """The same identification again, from another port: each datagram has its own flow."""
    return timed(pieces()) + timed(pieces(sport=41000), 10)


@capture
def fragments_overlapping():
    packets = pieces()
    return timed([packets[0], packets[1], packets[1], packets[2]])


@capture
def fragments_vlan():
    return timed(pieces(link=lambda packet: Ether(src=MAC_A, dst=MAC_B) / Dot1Q(vlan=7) / packet))


# Encapsulations: INNER up and down in each.

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
def tunnels_nested():
    """VLAN, VXLAN, and GRE inside it."""
    return timed([eth(Dot1Q(vlan=100) / TUNNELS["vxlan"](
        IP(src=C, dst=B) / GRE(key_present=1, key=9) / inner(), False, 5001))])


@capture
def vlan_one_way():
    return timed([eth(Dot1Q(vlan=7) / inner()), eth(inner(True), True)])


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
def extension_headers():
    def packet(*headers):
        layer = IPv6(src=A6, dst=B6)
        for header in headers:
            layer = layer / header
        return eth(layer / UDP(sport=40000, dport=9999) / (b"x" * 20))
    return timed([packet(), packet(IPv6ExtHdrHopByHop()), packet(IPv6ExtHdrDestOpt()),
                  packet(IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()),
                  packet(IPv6ExtHdrFragment(id=5))])


# Direction: in each the first packet captured is the answer.

def message(sport, dport, payload, transport=UDP, **fields):
    return eth(IP(src=B, dst=A) / transport(sport=sport, dport=dport, **fields) / payload)


@capture
def answers_first():
    name = DNSQR(qname="a.example")
    dns = DNS(id=1, qr=1, qd=name, an=DNSRR(rrname="a.example", rdata=A))
    tls = bytes.fromhex("160303002a" "02000026" "0303") + bytes(32) + bytes.fromhex("00" "1301" "00")
    radius = bytes([2, 1, 0, 20]) + bytes(16)
    snmp = bytes.fromhex("301b02010004067075626c6963a20e020101020100020100300306010000")
    stun = bytes.fromhex("01010000" "2112a442") + bytes(12)
    sip = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    http = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    offer = (BOOTP(op=2, xid=1, chaddr=b"\x02\x00\x00\x00\x00\x0a")
             / DHCP(options=[("message-type", "offer"), "end"]))
    # the ports alone would say the opposite, but for those that Wireshark knows by them
    return timed([
        message(53, 50, dns), message(67, 68, offer), message(123, 100, NTP(mode=4)),
        message(443, 30, tls, TCP, flags="PA", seq=1, ack=1),
        message(5060, 1500, sip), message(1812, 1024, radius), message(161, 100, snmp),
        message(3478, 2000, stun), message(80, 30, http, TCP, flags="PA", seq=1, ack=1),
    ])


@capture
def answer_in_pieces():
    """The start of a long answer: without a tree Wireshark lists HTTP here, with one it does not."""
    http = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 1000
    return timed([message(80, 30, http, TCP, flags="A", seq=1, ack=1)])


@capture
def ports_decide():
    """(sender, receiver): up unless the sender is the server."""
    pairs = [(80, 40000), (40000, 80), (1024, 1025), (49151, 49152), (49152, 49151), (3000, 2000),
             (2000, 3000), (60000, 50000), (777, 777)]
    return timed([eth(IP(src=A, dst=B) / UDP(sport=s, dport=d) / b"x") for s, d in pairs])


@capture
def empty():
    return []


def write(path, packets):
    first = packets[0][1] if packets else Ether()
    linktype = {IP: 101, IPv6: 101, CookedLinux: 113, Loopback: 0}.get(type(first), 1)
    with open(path, "wb") as file:  # scapy's writers take link type 0 for none
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype))
        for milliseconds, packet in packets:
            data, length = packet if isinstance(packet, tuple) else (bytes(packet), None)
            file.write(struct.pack("<IIII", START + milliseconds // 1000, milliseconds % 1000 * 1000,
                                   len(data), length or len(data)) + data)


def generate(folder):
    for name, build in BUILDERS.items():
        write(Path(folder) / f"{name}.pcap", build())


if __name__ == "__main__":
    generate(sys.argv[1])
