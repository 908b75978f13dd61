"""What all capture recipes are made of: START, the two ends, and packets between them.

Every capture is a function that says packet by packet what is in it, so that whoever reads a test
can work out the numbers by hand.  Times are milliseconds after START.
"""
import struct

from scapy.all import IP, TCP, UDP, CookedLinux, Ether, IPv6, Loopback

START = 1_700_000_000
A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
A6, B6 = "2001:db8::1", "2001:db8::2"
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
BUILDERS = {}  # by the file's name
LINKTYPES = {IP: 101, IPv6: 101, CookedLinux: 113, Loopback: 0}  # Ethernet else


def capture(function, linktype=None):
    """Register a builder of [(milliseconds, packet), ...]; its name is the file's."""
    function.linktype = linktype
    assert f"{function.__name__}.pcap" not in BUILDERS
    BUILDERS[f"{function.__name__}.pcap"] = function
    return function


def capture_of(linktype):
    """The same, of packets whose class does not tell their link type."""
    return lambda function: capture(function, linktype)


def pcapng(function):
    """Register a builder of a pcapng file's blocks: [(type, body), ...]."""
    BUILDERS[f"{function.__name__}.pcapng"] = function
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

    def tcp(self, time, flags, seq, ack=0, payload=0, down=False, window=1000, **fields):
        segment = TCP(flags=flags, seq=seq, ack=ack, window=window, **fields, **self.ports(down))
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


def timed(packets, first=0, step=1):
    return [(first + step * i, packet) for i, packet in enumerate(packets)]


def cut(packet, length):
    return bytes(packet)[:length], len(packet)


def write(path, build):
    if path.suffix == ".pcapng":
        path.write_bytes(b"".join(block(*parts) for parts in build()))
        return
    packets = build()
    linktype = build.linktype
    if linktype is None:
        linktype = LINKTYPES.get(type(packets[0][1]) if packets else Ether, 1)
    write_pcap(path, packets, linktype)


def write_pcap(path, packets, linktype=1):
    with open(path, "wb", 1 << 20) as file:  # scapy's writers take link type 0 for none
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype))
        for milliseconds, packet in packets:
            data, length = packet if isinstance(packet, tuple) else (bytes(packet), None)
            file.write(struct.pack("<IIII", START + milliseconds // 1000,
                                   milliseconds % 1000 * 1000, len(data), length or len(data))
                       + data)


def block(kind, body):
    """One of pcapng's (draft-ietf-opsawg-pcapng, 3.1), padded."""
    body += bytes(-len(body) % 4)
    length = (len(body) + 12).to_bytes(4, "little")
    return kind.to_bytes(4, "little") + length + body + length
