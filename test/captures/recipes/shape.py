"""Flows that have a shape: beacons, bulk and chat, pauses, late packets, marks and options."""
from scapy.all import IP, IPv6, Raw, UDP

from recipes import A, A6, B, B6, Talk, capture, connection, cut, eth

OPTIONS = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (100, 0)), ("NOP", None), ("WScale", 7)]
ANSWER = [("MSS", 1400), ("SAckOK", b""), ("Timestamp", (900, 100)), ("NOP", None), ("WScale", 2)]


@capture
def beacon():
    """A question every 10 s, 1 ms early or late; each is answered after 20 ms."""
    talk = Talk(dport=53)
    for i in range(24):
        time = 10_000 * i + (-1) ** i
        talk.udp(time + 1, payload=32, down=False).udp(time + 21, payload=48, down=True)
    return talk.packets


@capture
def bulk_and_chat():
    """Two connections: one sends 40 full segments in a row, the other a few bytes in turn."""
    bulk, chat = Talk().handshake(), Talk(sport=40001, dport=6667).handshake(time=3)
    for i in range(40):
        bulk.tcp(40 + i, "A", 501 + 1448 * i, 101, payload=1448, down=True)
        if i % 2:
            bulk.tcp(41 + i, "A", 101, 501 + 1448 * (i + 1))
    for i in range(10):
        chat.tcp(40 + 700 * i, "PA", 101 + 20 * i, 501 + 30 * i, payload=20)
        chat.tcp(340 + 700 * i, "PA", 501 + 30 * i, 121 + 20 * i, payload=30, down=True)
    return sorted(bulk.packets + chat.packets, key=lambda packet: packet[0])


@capture
def pauses():
    """Gaps of 6, exactly 5 and 7 s: the second is no idle period."""
    return (Talk(dport=5060).udp(0, 10).udp(2000, 10).udp(8000, 20, down=True).udp(13_000, 10)
            .udp(20_000, 10)).packets


@capture
def late_packets():
    """Packets that are older than those before them, and one that is older than the first."""
    return (Talk(dport=5060).udp(1000, 10).udp(1100, 20, down=True).udp(1050, 30).udp(1120, 40)
            .udp(900, 50, down=True).udp(2100, 60).udp(1990, 70, down=True)).packets


def scaled(answer):
    """A handshake with options, and windows that change."""
    return (Talk().tcp(0, "S", 100, window=64240, options=OPTIONS)
            .tcp(20, "SA", 500, 101, down=True, window=65535, options=answer)
            .tcp(25, "A", 101, 501, window=502)
            .tcp(30, "PA", 101, 501, payload=10, window=400)
            .tcp(50, "A", 501, 111, down=True, window=9000)
            .tcp(60, "PA", 501, 111, payload=600, down=True, window=0)
            .tcp(70, "RA", 111, 1101, window=0)).packets


@capture
def windows_scaled():
    return scaled(ANSWER)


@capture
def windows_of_one_that_scales():
    """The answer has no window scale, so neither side scales."""
    return scaled(ANSWER[:3])


@capture
def windows_without_a_syn_ack():
    return [packet for i, packet in enumerate(scaled(ANSWER)) if i != 1]


@capture
def syn_options_change():
    """A SYN that is sent again without options, and one that asks for more than 14."""
    return (Talk().tcp(0, "S", 100, window=64240, options=OPTIONS)
            .tcp(1000, "S", 100, window=64240)
            .tcp(1020, "SA", 500, 101, down=True, window=65535, options=[("WScale", 15)])
            .tcp(1025, "A", 101, 501, window=64240)).packets


@capture
def fast_open_accepted():
    """A request for a cookie, and a cookie with data."""
    first = (Talk().tcp(0, "S", 100, options=[("MSS", 1460), (34, b"")])
             .tcp(20, "SA", 500, 101, down=True, options=[("MSS", 1460), (34, b"cookie12")])
             .tcp(25, "A", 101, 501))
    second = (Talk(sport=40001).tcp(1000, "S", 100, payload=5, options=[(34, b"cookie12")])
              .tcp(1020, "SA", 500, 106, down=True, options=[("MSS", 1460)])
              .tcp(1025, "A", 106, 501))
    return first.packets + second.packets


@capture
def marks():
    """DSCP and ECN change on the way; TTLs tell of two routes."""
    def packet(time, ttl, dscp, ecn, down=False):
        source, destination = (B, A) if down else (A, B)
        ports = {"sport": 5060, "dport": 40000} if down else {"sport": 40000, "dport": 5060}
        return time, eth(IP(src=source, dst=destination, ttl=ttl, tos=dscp << 2 | ecn) / UDP(**ports)
                         / Raw(b"x" * 20), down)

    return [packet(0, 60, 46, 2), packet(10, 60, 46, 3), packet(20, 116, 0, 1, down=True),
            packet(30, 57, 0, 2), packet(40, 57, 46, 0), packet(50, 116, 10, 3, down=True)]


@capture
def marks_v6():
    """Flow labels that change, too."""
    def packet(time, label, dscp, down=False):
        source, destination = (B6, A6) if down else (A6, B6)
        ports = {"sport": 5060, "dport": 40000} if down else {"sport": 40000, "dport": 5060}
        return time, eth(IPv6(src=source, dst=destination, hlim=63, fl=label, tc=dscp << 2 | 1)
                         / UDP(**ports) / Raw(b"x" * 20), down)

    return [packet(0, 0xabcde, 0), packet(10, 0xabcde, 8), packet(20, 0, 0, down=True),
            packet(30, 0x12345, 8), packet(40, 0x1, 0, down=True)]


@capture
def bulk_up():
    """An upload: 6 segments in a row, an answer, 3 more, a pause, and 5 more."""
    talk = Talk(dport=5001).handshake()
    for i, time in enumerate([40, 41, 42, 43, 44, 46, 60, 61, 62, 3000, 3001, 3002, 3003, 3004]):
        talk.tcp(time, "PA", 101 + 1000 * i, 501, payload=1000)
        if i == 5:
            talk.tcp(50, "PA", 501, 6101, payload=20, down=True)
    return talk.packets


@capture
def same_instant():
    """A question and its answer at one time, so that no rate is known."""
    return Talk(dport=53).udp(0, 20).udp(0, 40, down=True).packets


@capture
def snapped():
    """No more than 60 bytes of each frame were captured."""
    return [(time, cut(packet, 60)) for time, packet in connection()]
