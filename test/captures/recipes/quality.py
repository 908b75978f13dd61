"""Captures that cannot be trusted in one way each, and some that only look so."""
from scapy.all import DNS, DNSQR, IP, TCP, UDP, IPv6

from recipes import A6, A, B6, B, Talk, capture, connection, cut, eth


def mirrored(packets, routers=0, after=1):
    """Each packet and a copy of it, a millisecond later, as it is after so many routers."""
    copies = []
    for time, packet in packets:
        copy = packet.copy()
        for header, member in ((IP, "ttl"), (IPv6, "hlim")):
            if header in copy:
                setattr(copy[header], member, getattr(copy[header], member) - routers)
        copies += [(time, packet), (time + after, copy)]
    return sorted(copies, key=lambda item: item[0])


@capture
def span_copies():
    return mirrored(connection())


@capture
def span_routed():
    return mirrored(connection(), routers=1)


@capture
def span_copies_v6():
    """No IP identification: an empty segment may as well have been sent twice."""
    return mirrored(connection(a=A6, b=B6))


@capture
def span_routed_v6():
    return mirrored(connection(a=A6, b=B6), routers=2)


@capture
def span_thrice():
    """The third is a copy of the first, as the second is."""
    return [(time, packet) for time, packet in connection() for _ in range(3)]


@capture
def span_late():
    """Copies up to 100 ms later, told by their IP identification."""
    return [(time + late, packet) for (time, packet), late in zip(
        Talk(sport=50000, dport=53, flags=0).udp(0, 30).udp(0, 30).packets * 2, (0, 1, 100, 102))]


def dns(time, ident, source=A, destination=B, network=None):
    query = UDP(sport=50000, dport=53) / DNS(id=7, qd=DNSQR(qname="example.com"))
    network = network or IP(src=source, dst=destination, id=ident)
    return time, eth(network / query)


@capture
def no_copies_dns():
    """The same question again and again, with the same checksum: each has its own IP identification."""
    return [dns(0, 1), dns(2, 2), dns(4, 3), dns(5000, 4)]


@capture
def no_copies_datagrams_v6():
    """The same message thrice within 4 ms, as programs that count send it; nothing tells it from a
    copy."""
    return [(time, eth(IPv6(src=A6, dst=B6) / UDP(sport=50000, dport=8125) / b"visits:1|c"))
            for time in (0, 2, 4)]


@capture
def no_copies_id_again():
    """The sender's IP identification has come round: the same datagram, 101 ms later."""
    return [dns(0, 9), dns(101, 9)]


@capture
def no_copies_tcp():
    """A retransmission within 3 ms, keep-alives, and RSTs without an identification for each of the
    segments that came."""
    talk = Talk().handshake()
    talk.tcp(30, "PA", 101, 501, payload=10).tcp(33, "PA", 101, 501, payload=10)
    talk.tcp(40, "A", 501, 111, down=True)
    talk.tcp(1040, "A", 110, 501).tcp(1060, "A", 501, 111, down=True)
    talk.tcp(2040, "A", 110, 501).tcp(2060, "A", 501, 111, down=True)
    resets = [(3000 + time, eth(IP(src=A, dst=B, id=0, flags="DF")
                                / TCP(sport=40000, dport=80, seq=111, flags="R")))
              for time in (0, 1, 1)]
    return talk.packets + resets


@capture
def no_copies_asked_for():
    """IPv6: what got lost after the capture point is sent again within 3 ms, as it was."""
    talk = Talk(a=A6, b=B6).handshake(rtt=(1, 1))
    talk.tcp(10, "A", 101, 501, payload=100).tcp(10, "A", 201, 501, payload=100)
    talk.tcp(11, "A", 501, 101, down=True).tcp(11, "A", 501, 101, down=True)
    return talk.tcp(12, "A", 101, 501, payload=100).packets


@capture
def route_back_unseen():
    """The client's packets alone, and what it acknowledges grows."""
    return [(time, packet) for time, packet in connection() if packet[IP].src == A]


@capture
def group_one_sided():
    """Nobody answers, and nobody was meant to."""
    return [(time, eth(IP(src=A, dst="239.1.1.1", id=time + 1) / UDP(sport=5004, dport=5004)
                       / (b"x" * 100))) for time in (0, 20, 40)]


@capture
def snap_length():
    return [(time, cut(packet, 60)) for time, packet in connection()]


@capture
def out_of_order_times():
    """50 and 180 ms before the latest."""
    talk = Talk(sport=50000, dport=5001)
    for time in (100, 300, 300, 250, 120, 400):
        talk.udp(time, 20)
    return talk.packets


@capture
def offload_by_size():
    """An IPv4 length of 0, and more than jumbo frames hold: IP lengths 9216 and 9217."""
    talk = Talk(sport=50000, dport=5001)
    talk.udp(0, 9216 - 28).udp(1, 9217 - 28)
    packets = talk.packets
    return packets + [(2, eth(IP(src=A, dst=B, id=77, len=0) / UDP(sport=50000, dport=5001, len=108)
                              / (b"x" * 100)))]


@capture
def offload_by_mss():
    """Two full segments up, then three of them in one frame; down as large as it may be."""
    talk = Talk().tcp(0, "S", 100, options=[("MSS", 1400)])
    talk.tcp(20, "SA", 500, 101, down=True, options=[("MSS", 1460)]).tcp(25, "A", 101, 501)
    talk.tcp(30, "A", 101, 501, payload=1460).tcp(30, "A", 1561, 501, payload=1460)
    talk.tcp(31, "A", 3021, 501, payload=4380)
    return talk.tcp(50, "A", 501, 7401, payload=1400, down=True).packets


@capture
def vantage_client():
    return Talk().handshake(rtt=(20, 2)).packets


@capture
def vantage_server():
    return Talk().handshake(rtt=(2, 20)).packets
