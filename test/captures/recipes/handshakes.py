"""TCP connections whose handshake or end takes some thought: numbers, stamps, repeats, RSTs."""
from recipes import Talk, capture


def stamps(tsval, tsecr=0):
    return {"options": [("NOP", None), ("NOP", None), ("Timestamp", (tsval, tsecr))]}


@capture
def syn_retransmitted_with_stamps():
    """The SYN-ACK echoes the second SYN, the ACK names the second SYN-ACK."""
    return (Talk().tcp(0, "S", 100, **stamps(1)).tcp(1000, "S", 100, **stamps(2))
            .tcp(1020, "SA", 500, 101, down=True, **stamps(71, 2))
            .tcp(3000, "S", 100, **stamps(3))
            .tcp(3030, "SA", 500, 101, down=True, **stamps(72, 3))
            .tcp(3035, "A", 101, 501, **stamps(4, 72))
            .tcp(3040, "PA", 101, 501, 5, **stamps(5, 72))).packets


@capture
def syn_ack_of_first_syn():
    """Servers echo the first SYN's TSval in every SYN-ACK: it proves nothing."""
    return (Talk().tcp(0, "S", 100, **stamps(1)).tcp(1000, "S", 100, **stamps(2))
            .tcp(1001, "SA", 500, 101, down=True, **stamps(71, 1))
            .tcp(1002, "A", 101, 501, **stamps(4, 71))).packets


@capture
def syn_ack_retransmitted():
    """One SYN, and an answer that its sender's own clock repeats until it is acknowledged."""
    return (Talk().tcp(0, "S", 100, **stamps(1))
            .tcp(20, "SA", 500, 101, down=True, **stamps(71, 1))
            .tcp(21020, "SA", 500, 101, down=True, **stamps(72, 1))
            .tcp(21025, "A", 101, 501, **stamps(2, 72))).packets


@capture
def syn_ack_of_another_number():
    return (Talk().tcp(0, "S", 100).tcp(10, "SA", 700, 4242, down=True)
            .tcp(20, "SA", 500, 101, down=True).tcp(24, "A", 101, 400)
            .tcp(25, "A", 101, 501)).packets


@capture
def syn_stamped_after_its_syn_ack():
    """Two capture ports: the SYN's clock is 1 ms late."""
    return (Talk().tcp(20, "SA", 500, 101, down=True).tcp(21, "S", 100)
            .tcp(25, "A", 101, 501)).packets


@capture
def mirrored_twice():
    """Each frame comes again after a millisecond."""
    packets = Talk().handshake().tcp(30, "PA", 101, 501, 10).packets
    return [(time + late, packet) for time, packet in packets for late in (0, 1)]


@capture
def fast_open():
    """Data on the SYN and on the SYN-ACK; the cookie is an option of this SYN."""
    cookie = {"options": [(34, b"12345678")]}
    return (Talk().tcp(0, "S", 100, payload=40, **cookie)
            .tcp(20, "SA", 500, 141, payload=9, down=True).tcp(25, "A", 141, 510)).packets


@capture
def one_sided():
    """The initiator's segments were not captured; its payload is seen in the acknowledgements."""
    return (Talk().tcp(20, "SA", 500, 101, down=True).tcp(60, "A", 501, 111, 600, down=True)
            .tcp(61, "PA", 1101, 111, 400, down=True)).packets


@capture
def half_open_discovery():
    """RFC 9293, 3.5.1: an old connection's challenge ACK, a RST for it, and the SYN again."""
    return (Talk().tcp(0, "S", 100).tcp(20, "A", 77777, 66666, down=True).tcp(21, "R", 66666)
            .handshake(1000)).packets


@capture
def blind_reset():
    """RFC 5961: somebody else's RST, far from the numbers in use; the connection goes on."""
    return (Talk().handshake().tcp(30, "R", 4000000, down=True).tcp(40, "PA", 101, 501, 10)
            .tcp(60, "A", 501, 111, down=True).tcp(70, "R", 111)).packets


@capture
def overtaken_by_reset():
    """Data that the RST has overtaken on its way undoes nothing."""
    return (Talk().handshake().tcp(30, "R", 901, down=True).tcp(40, "PA", 101, 501, 10)
            .tcp(60, "A", 501, 111, 400, down=True)).packets


@capture
def reset_after_both_fins():
    return (Talk().handshake().tcp(30, "FA", 501, 101, down=True).tcp(50, "FA", 101, 502)
            .tcp(51, "R", 102)).packets


@capture
def refused_then_accepted():
    """Nobody listens yet when the first SYN comes; the same SYN is accepted later."""
    return (Talk().tcp(0, "S", 100).tcp(20, "RA", 0, 101, down=True).handshake(500)).packets


@capture
def resets():
    """Without data: one after a handshake, one joined in the middle; and one that came to nothing."""
    talks = [Talk(sport=40000 + i) for i in range(3)]
    talks[0].handshake().tcp(30, "R", 501, down=True)
    talks[1].tcp(100, "A", 101, 501).tcp(120, "R", 501, down=True)
    talks[2].tcp(200, "S", 100).tcp(220, "RA", 0, 101, down=True).handshake(700)
    return [packet for talk in talks for packet in talk.packets]


@capture
def reset_after_a_timeout():
    """After a silence that a timeout may cut: what there was before it, the rest does not know."""
    return (Talk().handshake().tcp(30, "PA", 101, 501, 10).tcp(100000, "S", 100)
            .tcp(100020, "R", 501, down=True)).packets
