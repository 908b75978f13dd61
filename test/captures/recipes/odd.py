"""Odd input: cut, damaged, offloaded, out of time."""
import struct

from scapy.all import (IP, TCP, UDP, Ether, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                       IPv6ExtHdrHopByHop, Jumbo, SCTPChunkData, SCTP)

from recipes import (A6, A, B6, B, START, Talk, capture, connection, cut, eth, pcapng,
                     timed)


@capture
def offload_and_padding():
    """IP length 0 means the frame's; Ethernet's padding is no payload."""
    big = eth(IP(src=A, dst=B, len=0) / TCP(sport=40000, dport=80, flags="A", seq=1, ack=1)
              / (b"x" * 3000))
    small = eth(IP(src=A, dst=B) / TCP(sport=40000, dport=80, flags="A", seq=3001, ack=1) / b"y")
    return [(0, big), (10, Ether(bytes(small) + bytes(60 - len(small))))]


@capture
def offload_v6():
    """Payload length 0: of 3000 bytes of TCP, then of a jumbogram that has its own length."""
    tcp = TCP(sport=40000, dport=80, flags="A", seq=1, ack=1) / (b"x" * 3000)
    jumbo = (IPv6(src=A6, dst=B6, plen=0)
             / IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=8 + 8 + 70000)])
             / UDP(sport=40000, dport=9999, len=0, chksum=1) / (b"x" * 70000))
    return timed([eth(IPv6(src=A6, dst=B6, plen=0) / tcp), cut(eth(jumbo), 200)])


@capture
def bad_checksums():
    """The whole connection, as a card that computes the checksums later shows it."""
    packets = connection()
    for _, packet in packets:
        packet[IP].chksum = packet[TCP].chksum = 0xbad
    return packets


@capture
def malformed():
    """An IP header of 12 bytes, a TCP header of 16, UDP of 3, and DNS that is none."""
    def packet(layer, **fields):
        return eth(IP(src=A, dst=B, **fields) / layer / (b"x" * 30))
    return timed([packet(UDP(sport=40000, dport=9999), ihl=3),
                  packet(TCP(sport=40000, dport=80, flags="A", seq=1, ack=1, dataofs=4)),
                  packet(UDP(sport=40000, dport=9999, len=3)),
                  packet(UDP(sport=40000, dport=53))])


@capture
def duplicates():
    """Every frame twice, as a mirror port gives them: each counts."""
    return [packet for packet in connection() for _ in range(2)]


@capture
def sctp_bundle():
    chunks = SCTPChunkData(tsn=1, data=b"abc") / SCTPChunkData(tsn=2, data=b"defgh")
    return timed([eth(IP(src=A, dst=B) / SCTP(sport=40000, dport=2905) / chunks)])


SECTION, INTERFACE, SIMPLE, ENHANCED = 0x0a0d0d0a, 1, 3, 6


def section():
    return SECTION, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)


def interface(linktype, resolution=6):
    """resolution: digits after the second."""
    return INTERFACE, struct.pack("<HHI", linktype, 0, 0) + struct.pack("<HHB3xHH", 9, 1,
                                                                        resolution, 0, 0)


def enhanced(number, ticks, packet):
    data = bytes(packet)
    return ENHANCED, struct.pack("<IIIII", number, ticks >> 32, ticks & 0xffffffff, len(data),
                                 len(data)) + data


def simple(packet):
    """One without a time."""
    return SIMPLE, struct.pack("<I", len(packet)) + bytes(packet)


@pcapng
def interfaces():
    """One flow seen on Ethernet, in microseconds, and as raw IP, in nanoseconds, a second later."""
    packets = [packet for _, packet in Talk(sport=40000, dport=9999).udp(0, 1).udp(0, 1, True)
               .packets]
    return [section(), interface(1), interface(101, 9),
            enhanced(0, START * 10**6, packets[0]),
            enhanced(1, (START + 1) * 10**9, packets[1][IP])]


@pcapng
def no_times():
    """A connection in simple packet blocks, which have no time."""
    return [section(), interface(1), *(simple(packet) for _, packet in connection())]


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
def long_round_trips():
    """Six ACKs that each come 68 years (2147483000 s) after their segment."""
    talk = Talk().handshake()
    for i in range(6):
        talk.tcp(30, "PA", 101 + 10 * i, 501, payload=10)
        talk.tcp(30 + 2147483000 * 1000, "A", 501, 111 + 10 * i, down=True)
    return talk.packets


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


@capture
def empty():
    return []
