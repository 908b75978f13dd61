"""Connections that begin and end in every way, and flows that other tools have named."""
from scapy.all import (ICMP, IP, SCTP, TCP, UDP, Ether, ICMPv6DestUnreach, ICMPv6EchoReply,
                       ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS,
                       ICMPv6TimeExceeded, IPv6)

from recipes import Talk, capture, eth, timed


def attempt(port):
    return Talk(sport=port).tcp(0, "S", 100)


def established(port):
    return Talk(sport=port).handshake()


@capture
def verdicts():
    """A connection for each conn_state, on ports 40000 and up, one after the other."""
    talks = [
        attempt(40000),
        attempt(40001).tcp(10, "RA", 0, 101, down=True),
        established(40002),
        established(40003).tcp(30, "FA", 101, 501).tcp(40, "FA", 501, 102, down=True),
        established(40004).tcp(30, "FA", 101, 501),
        established(40005).tcp(30, "FA", 501, 101, down=True),
        established(40006).tcp(30, "RA", 101, 501),
        established(40007).tcp(30, "PA", 101, 501, payload=10).tcp(40, "RA", 501, 111, down=True),
        attempt(40008).tcp(10, "R", 101),
        Talk(sport=40009).tcp(0, "SA", 500, 101, down=True).tcp(10, "R", 501, down=True),
        attempt(40010).tcp(10, "F", 101),
        Talk(sport=40011).tcp(0, "SA", 500, 101, down=True).tcp(10, "FA", 501, 101, down=True),
        Talk(sport=40012).tcp(0, "A", 101, 501, payload=10).tcp(10, "A", 501, 111, down=True),
        # 200 bytes up are not in the capture, and 100 that were sent twice.
        established(40013).tcp(30, "A", 301, 501, payload=100).tcp(31, "A", 301, 501, payload=100)
        .tcp(40, "A", 501, 401, down=True),
        # The capture has the data after its acknowledgement.
        established(40014).tcp(30, "A", 501, 201, down=True).tcp(31, "A", 101, 501, payload=100),
        established(40015).tcp(30, "A", 501, 101, down=True, window=0),
    ]
    return [(1000 * second + time, packet) for second, talk in enumerate(talks)
            for time, packet in talk.packets]


LINKS = "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea"


def both(a, b, up, down):
    """A packet each way."""
    header = IPv6 if ":" in a else IP
    return [eth(header(src=a, dst=b) / up), eth(header(src=b, dst=a) / down, down=True)]


@capture
def community_id():
    """The flows of the examples that are published with the specification."""
    host, asked = "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:410:0:2c0:dfff:fe47:33e"
    quote = IPv6(src=host, dst=asked) / UDP(sport=41077, dport=33441) / bytes(12)
    return timed([
        *both("128.232.110.120", "66.35.250.204", TCP(sport=34855, dport=80, flags="S", seq=1),
              TCP(sport=80, dport=34855, flags="SA", seq=1, ack=2)),
        *both("192.168.1.52", "8.8.8.8", UDP(sport=54585, dport=53) / b"x",
              UDP(sport=53, dport=54585) / b"x"),
        *both("192.168.170.8", "192.168.170.56", SCTP(sport=7, dport=7), SCTP(sport=7, dport=7)),
        *both("192.168.0.89", "192.168.0.1", ICMP(type=8, id=512), ICMP(type=0, id=512)),
        eth(IP(src="10.1.12.1", dst="10.1.12.2", proto=46) / (b"\x10" + bytes(7))),
        eth(IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=11, code=0)
            / IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=30000, dport=13000)),
        *both("2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a",
              TCP(sport=63943, dport=25, flags="S", seq=1),
              TCP(sport=25, dport=63943, flags="SA", seq=1, ack=2)),
        *both(*LINKS, ICMPv6ND_NS(tgt=LINKS[1]), ICMPv6ND_NA(tgt=LINKS[1])),
        eth(IPv6(src="3ffe:501:1800:2345::2", dst=host) / ICMPv6TimeExceeded() / quote),
        eth(IPv6(src=asked, dst=host) / ICMPv6DestUnreach(code=4) / quote),
        *both(host, "3ffe:501:0:1001::2", ICMPv6EchoRequest(id=0x7620), ICMPv6EchoReply(id=0x7620)),
        eth(IPv6(src=LINKS[0], dst="ff02::2") / ICMPv6ND_RS()),
        eth(IPv6(src=LINKS[1], dst="ff02::1") / ICMPv6ND_RA()),
        Ether(src="02:00:00:00:00:0a", dst="01:80:c2:00:00:0e", type=0x88cc) / bytes(20),
    ])
