"""Flows of every protocol: handshakes, states, directions, counters and time."""
from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, ICMP, IP, LLC, NTP, SCTP, STP, TCP, UDP,
                       CookedLinux, Dot1Q, Ether, ICMPv6DestUnreach, ICMPv6EchoReply,
                       ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, IPv6, Loopback, Raw)

from recipes import A6, A, B6, B, C, MAC_A, MAC_B, Talk, capture, connection, eth, timed



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
def tcp_cooked_vlan():
    """A tag behind a link header that has one MAC address."""
    return connection(link=lambda packet, down: CookedLinux(pkttype=4 * (not down), proto=0x8100)
                      / Dot1Q(vlan=5) / packet)


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
def kinds():
    """A connection of each kind that the profile's colours tell apart, and one of UDP."""
    talks = [Talk(sport=40000 + i) for i in range(8)]
    talks[0].tcp(0, "S", 100).tcp(20, "RA", 0, 101, down=True)
    talks[1].tcp(100, "S", 100)
    talks[2].handshake(time=200, rtt=(590, 20))
    talks[3].handshake(time=1000, rtt=(190, 20))
    talks[4].tcp(1300, "A", 100, 500, payload=10)
    talks[5].packets = [(1400 + time, packet) for time, packet in connection(sport=40005)]
    talks[6].handshake(time=1600)
    talks[7].udp(1700, 10)
    return [packet for talk in talks for packet in talk.packets]


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
def tcp_analysis():
    """Every verdict of Wireshark's TCP analysis, at least once; the comments say where.

    For 4.6 nothing is out of order that comes more than an RTT after the other side's last segment.
    """
    scale = {"options": [("WScale", 0)]}
    return (Talk().tcp(0, "S", 100, **scale).tcp(20, "SA", 500, 101, down=True, **scale)
            .tcp(25, "A", 101, 501)
            .tcp(30, "PA", 101, 501, 10)
            .tcp(50, "A", 501, 111, down=True)
            .tcp(60, "A", 501, 111, 100, down=True)
            .tcp(61, "A", 701, 111, 100, down=True)   # a lost segment before it
            .tcp(62, "A", 111, 601)
            .tcp(63, "A", 801, 111, 100, down=True)
            .tcp(64, "A", 111, 601)                   # duplicate ACK
            .tcp(65, "A", 901, 111, 100, down=True)
            .tcp(66, "A", 111, 601)                   # duplicate ACK
            .tcp(67, "A", 601, 111, 100, down=True)   # fast retransmission
            .tcp(68, "A", 111, 1001)
            .tcp(200, "A", 501, 111, 100, down=True)  # spurious retransmission
            .tcp(210, "PA", 111, 1001, 50)
            .tcp(600, "PA", 111, 1001, 50)            # retransmission
            .tcp(690, "A", 1001, 161, down=True)
            .tcp(700, "PA", 261, 1001, 50)
            .tcp(701, "PA", 161, 1001, 100)           # out of order
            .tcp(720, "A", 1001, 311, down=True)
            .tcp(730, "A", 1001, 311, down=True, window=500)  # window update
            .tcp(740, "PA", 311, 1001, 500)           # window full
            .tcp(750, "A", 1001, 811, down=True, window=0)    # zero window
            .tcp(800, "A", 1001, 811, down=True, window=2000)
            .tcp(2000, "A", 810, 1001)                # keep-alive
            .tcp(2020, "A", 1001, 811, down=True, window=2000)
            .tcp(2100, "A", 1001, 9000, down=True)    # ACK of a lost segment
            ).packets


@capture
def unfinished_xmpp():
    """For Wireshark the first half of a message, and no other comes; tagged and not."""
    def segments(port):
        segment = TCP(sport=port, dport=5222, flags="PA", seq=100, ack=500) / (b"x" * 20)
        return IP(src=A, dst=B) / segment, IPv6(src=A6, dst=B6) / segment
    return timed([*map(eth, segments(40000)),
                  *(eth(Dot1Q(vlan=5) / Dot1Q(vlan=6) / packet) for packet in segments(40001))])


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
def pings_both_ways():
    """Two hosts ping each other with one identifier: two flows, each with its answer."""
    packets = []
    for down in (False, True):
        source, destination = (B, A) if down else (A, B)
        request = IP(src=source, dst=destination) / ICMP(type=8, id=7) / (b"x" * 40)
        answer = IP(src=destination, dst=source) / ICMP(type=0, id=7) / (b"x" * 40)
        packets += [eth(request, down), eth(answer, not down)]
    return timed(packets)


@capture
def server_with_the_higher_port():
    """A connection from port 2000 to 9000, with five seconds between its segments."""
    return (Talk(sport=2000, dport=9000).handshake()
            .tcp(5000, "A", 501, 101, down=True).tcp(10000, "A", 101, 501)
            .tcp(15000, "A", 501, 101, down=True)).packets


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


def segment(sport, dport, payload):
    return message(sport, dport, payload, TCP, flags="PA", seq=1, ack=1)


LDAP_DONE = bytes.fromhex("300c0201016507" "0a0100" "0400" "0400")
KERBEROS_ERROR = bytes.fromhex(
    "7e40303ea003020105a10302011ea411180f32303236303130313030303030305aa505020300000"
    "0a603020119a9061b04412e4558aa123010a003020102a10930071b056b7262")


@capture
def answers_first_too():
    """The same of more protocols; that of RPC is in rpc_calls()."""
    cookies = bytes(range(1, 17))
    ike = cookies + bytes.fromhex("29202320" "00000001" "00000024" "00000008" "00004000")
    dht = b"d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re"
    rip = bytes.fromhex("02020000" "00020000" "0a000000" "ff000000" "00000000" "00000001")
    ripng = bytes.fromhex("02010000") + bytes(20)
    stun = bytes.fromhex("01010000") + bytes(range(16))  # RFC 3489
    pdp = bytes.fromhex("32110006" "00000001" "00010000" "0180")
    session = bytes.fromhex("4821000e" "00000001" "00000100" "020002001000")
    heartbeat = bytes.fromhex("2002000c" "00000100" "00600004" "e8000000")
    wireguard = b"\x02\0\0\0" + bytes(88)
    reset = bytes([8 << 3]) + bytes(range(8)) + b"\x01" + bytes(4) + bytes(8) + bytes(4)
    coap = bytes.fromhex("60450001" "ff") + b"21.5"
    return timed([
        message(500, 100, ike), message(4500, 100, bytes(4) + ike), message(6881, 100, dht),
        message(520, 100, rip), message(521, 100, ripng), message(3478, 100, stun),
        segment(389, 30, LDAP_DONE), message(389, 100, LDAP_DONE),
        message(2123, 100, pdp), message(2123, 101, session), message(8805, 100, heartbeat),
        message(51820, 100, wireguard), message(1194, 100, reset),
        segment(1194, 30, len(reset).to_bytes(2, "big") + reset),
        message(2427, 100, b"200 1204 OK\r\n"), message(5683, 100, coap),
        message(88, 100, KERBEROS_ERROR),
        segment(88, 30, len(KERBEROS_ERROR).to_bytes(4, "big") + KERBEROS_ERROR),
    ])


@capture
def rpc_calls():
    """From reserved ports to higher ones, as NFS clients call; a server answers from elsewhere."""
    call = bytes.fromhex("01020304" "00000000" "00000002" "000186a3" "00000003") + bytes(20)
    mark = (0x80000000 | len(call)).to_bytes(4, "big")
    reply = call[:4] + bytes.fromhex("00000001") + bytes(16)
    elsewhere = eth(IP(src=C, dst=B) / UDP(sport=40000, dport=1022) / reply)
    return timed([message(1022, 40000, call), segment(900, 2049, mark + call), elsewhere])


@capture
def requests_from_servers_ports():
    """A trap, and a read request from a port whose packets would be answers otherwise."""
    trap = bytes.fromhex("301b02010104067075626c6963a70e020101020100020100300306010000")
    return timed([message(162, 40000, trap), message(69, 40000, b"\0\1f\0octet\0")])


@capture
def handshakes_in_the_middle():
    """The sender of each has the lower port; an SCTP packet per chunk, and a DCCP packet per type."""
    def sctp(kind):
        chunk = bytes([kind, 0]) + (20).to_bytes(2, "big") + bytes(16)
        return eth(IP(src=A, dst=B, proto=132)
                   / Raw((100 + kind).to_bytes(2, "big") + (40000).to_bytes(2, "big") + bytes(8)
                         + chunk))

    def dccp(kind):
        header = bytes([7, 0, 0, 0, kind << 1 | 1, 0, 0, 1]) + bytes(16)
        return eth(IP(src=A, dst=B, proto=33)
                   / Raw((200 + kind).to_bytes(2, "big") + (40000).to_bytes(2, "big") + header))
    return timed([*map(sctp, (1, 2, 10, 11, 4)), *map(dccp, (0, 1, 2))])


@capture
def groups():
    """To groups, of messages that would go down; the last three are no groups or not proven."""
    everybody = "ff:ff:ff:ff:ff:ff"
    def to(address, mac, sport=67, dport=40000):
        return Ether(src=MAC_A, dst=mac) / IP(src=A, dst=address) / UDP(sport=sport, dport=dport)
    return timed([
        to("224.0.0.251", "01:00:5e:00:00:fb", 5353, 5353) / DNS(qr=1),
        to("239.255.255.250", "01:00:5e:7f:ff:fa"), to("255.255.255.255", everybody),
        to("10.0.0.255", everybody),
        eth(IPv6(src=A6, dst="ff02::fb") / UDP(sport=53, dport=40000)),
        eth(IPv6(src=A6, dst="ff02::1") / ICMPv6ND_NA(tgt=A6)),
        Ether(src=MAC_A, dst=everybody) / ARP(op=2, hwsrc=MAC_A, hwdst=MAC_A, psrc=A, pdst=A),
        Ether(src=MAC_A, dst="01:80:c2:00:00:0e", type=0x88cc) / Raw(bytes(46)),
        to("10.0.1.255", MAC_B), to("10.0.0.77", everybody),
        Ether(src=MAC_A, dst=MAC_B) / IP(src=A, dst="239.0.0.1") / TCP(sport=80, dport=999,
                                                                       flags="SA"),
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
    return timed([eth(IP(src=A, dst=B) / TCP(sport=s, dport=d, flags="A") / b"x")
                  for s, d in pairs])


@capture
def udp_ports_decide():
    """Only a system port that sends to an ephemeral one answers; the rest goes by the sender."""
    pairs = [(1023, 32768), (70, 65535), (1023, 32767), (1024, 32768), (40000, 70), (50000, 40000),
             (1022, 2050)]
    return timed([eth(IP(src=A, dst=B) / UDP(sport=s, dport=d) / b"x") for s, d in pairs])
