"""Captures that are too large to keep, written packet by packet: raw IP, a millisecond apart."""
import struct

UDP, ICMP = 17, 1
VXLAN, DNS = 4789, 53
HERE, THERE = b"\x0a\0\0\1", b"\x0a\0\0\2"


def ip(payload, protocol=UDP, source=HERE, destination=THERE, ident=0, fragment=0):
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol,
                       0, source, destination) + payload


def udp(source_port=1000, destination_port=9999, payload=b"abc"):
    return struct.pack(">HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def write(path, packets, wire_len=None):
    """How many there were."""
    count = -1
    with open(path, "wb", 1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for count, packet in enumerate(packets):
            file.write(struct.pack("<IIII", count // 1000, count % 1000 * 1000, len(packet),
                                   wire_len or len(packet)) + packet)
    return count + 1


def thousand_flows(count):
    packets = [ip(udp(1000 + i)) for i in range(1000)]
    return (packets[i % 1000] for i in range(count))


def scattered_flows(count):
    """A hundred thousand, each packet of one that was long silent."""
    packets = [ip(udp(i % 50_000, 9999 + i // 50_000)) for i in range(100_000)]
    return (packets[i * 61_803 % 100_000] for i in range(count))


def vni_each(count):
    """The same connection in as many VXLAN networks."""
    inner = bytes(12) + b"\x08\0" + ip(udp())
    return (ip(udp(1000, VXLAN, struct.pack(">II", 8 << 24, i << 8) + inner))
            for i in range(count))


def name_each(count):
    """A question for another name from another host."""
    def question(name):
        return struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\x09n%s\0" % name + b"\0\1\0\1"
    return (ip(udp(1000, DNS, question(b"%08d" % i)), source=(0x0a000000 + i).to_bytes(4, "big"))
            for i in range(count))


def short_flows(count):
    """One after the other, a dozen packets each."""
    return (ip(udp(), source=(0x0a000000 + i // 12).to_bytes(4, "big")) for i in range(count))


def flow_each(count):
    return (ip(udp(), source=(0x0a000000 + i).to_bytes(4, "big")) for i in range(count))


def lone_fragments(count):
    """The second fragment of as many datagrams; another source when the numbers are used up."""
    return (ip(b"abcdefgh", ident=i % 65536, fragment=1,
               source=(0x0a000000 + i // 65536).to_bytes(4, "big")) for i in range(count))


def icmp_errors(count):
    """As many packets of a flow, and then as many errors about it, half of count each."""
    packet = ip(udp())
    error = ip(struct.pack(">BBHI", 3, 3, 0, 0) + packet, ICMP, THERE, HERE)
    return (packet if i < count // 2 else error for i in range(count))


def one_ident(count):
    """All with the same identification, and no DF."""
    packet = ip(udp(), ident=77)
    return (packet for _ in range(count))


def deep(count):
    """Tunnels in tunnels, as many as Wireshark decodes."""
    packet = ip(udp())
    for _ in range(490):
        packet = ip(packet, protocol=4)
    return (packet for _ in range(count))
