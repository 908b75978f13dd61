"""IP fragments.  A datagram of 3000 payload bytes is cut in 1480, 1480 and 48 bytes behind IP."""
from scapy.all import IP, TCP, UDP, Dot1Q, Ether, IPv6, IPv6ExtHdrFragment, fragment, fragment6

from recipes import A6, A, B6, B, MAC_A, MAC_B, Talk, capture, eth, timed


def pieces(ident=77, link=eth, sport=40000):
    datagram = IP(src=A, dst=B, id=ident) / UDP(sport=sport, dport=9999) / (b"x" * 3000)
    return [link(piece) for piece in fragment(datagram, fragsize=1480)]


def pieces6(ident=77):
    datagram = (IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=ident)
                / UDP(sport=40000, dport=9999) / (b"x" * 3000))
    return [eth(piece) for piece in fragment6(datagram, 1280)]


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


@capture
def tcp_analysis_in_fragments():
    """Segments in three fragments each, one of them sent again, in and out of order."""
    packets = Talk().handshake().packets
    for number, (time, seq, order) in enumerate([(30, 101, (0, 1, 2)), (40, 1101, (2, 0, 1)),
                                                 (900, 101, (1, 2, 0))]):
        segment = IP(src=A, dst=B, id=7 + number) / TCP(sport=40000, dport=80, flags="A", seq=seq,
                                                        ack=501, window=1000) / (b"x" * 1000)
        pieces_of_it = fragment(segment, 400)
        packets += [(time + i, eth(pieces_of_it[piece])) for i, piece in enumerate(order)]
    return packets + Talk().tcp(950, "A", 501, 2101, down=True).packets
