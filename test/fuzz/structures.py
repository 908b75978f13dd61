"""Captures whose structure is at random and whose headers may lie, made from a seed.

    structures.py FILE [SEED]

A capture is a few talks (TCP, UDP, SCTP, ICMP, fragments, errors that quote them), each inside a
stack of headers in any order and on a link type of its own.  A header's length is asked of lie(),
which now and then says another.  Then frames are cut (one at each of its bytes), changed, left out,
doubled and put out of order, and their times jump or are absent.
"""
import random
import socket
import struct
import sys
from pathlib import Path

HOSTS = [socket.inet_aton(f"10.0.0.{host}") for host in (1, 2, 3)] + [
    socket.inet_aton(name) for name in ("239.1.1.1", "0.0.0.0", "255.255.255.255")]
HOSTS6 = [socket.inet_pton(socket.AF_INET6, name) for name in (
    "2001:db8::1", "2001:db8::2", "2001:db8::3", "ff02::1", "::", "2001:0:102:304::1")]
MACS = [bytes.fromhex(text) for text in ("02000000000a", "02000000000b", "ffffffffffff")]
PORTS = (53, 80, 443, 123, 1701, 2152, 3544, 4789, 6081, 4790, 5060, 40000, 40001, 65535)
START = 1_700_000_000 * 10**9
TCP_OPTIONS = [bytes.fromhex(text) for text in (
    "020405b4", "0303070101 01", "0402 0101", "080a 00000001 00000002 0101",
    "050a 00000010 00000020 0101", "1e0c 0081 0102030405060708",
    "1e14 2001 0000000100000001 00000001 0004 0000", "22 0a 0102030405060708 0101", "0000", "ff00",
    "0200", "08ff", "13 12" + 16 * "aa")]
CONTENTS = (b"", b"x", b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n",
            bytes.fromhex("0001 0100 0001 0000 0000 0000 07") + b"example\3org\0\0\1\0\1",
            bytes.fromhex("16 0301 0005 01 000001 00"), bytes(1400), b"SSH-2.0-x\r\n", bytes(8))


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Maker:
    """What is chosen for a capture; the odds of a lie are those of the whole capture."""

    def __init__(self, chance):
        self.chance = chance
        self.lies = chance.choice((0, 0, 0.01, 0.05, 0.2))

    def odds(self, share):
        return self.chance.random() < share

    def number(self, bits):
        """Often a small one, so that identifiers meet."""
        return self.chance.choice((self.chance.getrandbits(bits), self.chance.randint(0, 3)))

    def lie(self, true, bits=16):
        """A length, or a number of words or of headers, that a header says."""
        most = (1 << bits) - 1
        if not self.odds(self.lies):
            return true & most
        return self.chance.choice((0, 1, true - 1, true + 1, true // 2, true * 2, true + 255, most,
                                   most - 1, 1 << (bits - 1), self.number(bits))) & most

    def some(self, most):
        return self.chance.randbytes(self.chance.randint(0, most))

    # Headers of IP: ends is (source, destination); the family is that of the addresses.

    def ends(self, family=None):
        hosts = HOSTS6 if (family or self.chance.choice((4, 4, 6))) == 6 else HOSTS
        return tuple(self.chance.sample(hosts[:3] if self.odds(0.9) else hosts, 2))

    def ip4(self, ends, protocol, payload, fragment=0, ident=None):
        options = b""
        if self.odds(0.1):
            options = self.chance.choice((
                b"\x94\4\0\0", b"\x83\7\4" + HOSTS[2] + b"\0", b"\x89\x0b\x08" + HOSTS[0] + HOSTS[2]
                + b"\0", b"\x44\x0c\5\0" + bytes(8), b"\x01\x01\x07\x00", b"\x83\x27\xff\0"))
            options = bytes([options[0], self.lie(options[1], 8)]) + options[2:]
        words = self.lie(5 + len(options) // 4, 4)
        head = struct.pack(">BBHHHBBH4s4s", 0x40 | words, self.number(8),
                           self.lie(20 + len(options) + len(payload)),
                           self.number(16) if ident is None else ident, fragment,
                           self.chance.choice((64, 64, 1, 255)), protocol, 0, *ends) + options
        if self.odds(0.9):
            head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        return head + payload

    def ip6(self, ends, protocol, payload, extensions=()):
        for kind, extension in reversed(extensions):
            payload, protocol = bytes([protocol]) + extension + payload, kind
        head = struct.pack(">IHBB", 0x60000000 | self.number(20), self.lie(len(payload)), protocol,
                           self.chance.choice((64, 1)))
        return head + b"".join(ends) + payload

    def extensions(self):
        """(kind, all of it but the first byte) of a chain of headers."""
        chain = []
        while self.odds(0.5) and len(chain) < 12:
            kind = self.chance.choice((0, 60, 43, 44, 51, 60, 135, 139, 140, 253))
            if kind == 44:
                rest = b"\0" + struct.pack(">HI", self.chance.choice((0, 0, 1, 8, 0xfff9)),
                                           self.number(32))
            elif kind == 51:
                rest = bytes([self.lie(4, 8)]) + bytes(22)
            elif kind == 43:
                count = self.chance.randint(0, 3)
                rest = bytes([self.lie(2 * count, 8), self.chance.choice((0, 2, 3, 4, 9)),
                              self.lie(min(count, 1), 8)]) + bytes([self.lie(max(count - 1, 0), 8),
                                                                    0, 0, 0])
                rest += b"".join(self.chance.choice(HOSTS6) for _ in range(count))
            else:
                words = self.chance.choice((0, 0, 1, 2))
                option = self.chance.choice((b"\1\4", b"\xc9\x10", b"\xc2\4", b"\x05\2", b"\0\0"))
                rest = bytes([self.lie(words, 8)]) + option[:1] + bytes([self.lie(option[1], 8)])
                rest += self.chance.choice((HOSTS6[2], bytes(16)))
                rest = rest.ljust(7 + 8 * words, b"\0")[:7 + 8 * words]
            chain.append((kind, rest))
        return chain

    def ip(self, ends, protocol, payload, extensions=()):
        if len(ends[0]) == 4:
            return self.ip4(ends, protocol, payload)
        return self.ip6(ends, protocol, payload, extensions)

    def udp(self, ports, payload):
        return struct.pack(">HHHH", *ports, self.lie(8 + len(payload)), 0) + payload

    def tcp(self, ports, seq, ack, flags, payload):
        options = b"".join(self.chance.sample(TCP_OPTIONS, self.chance.choice((0, 0, 1, 2))))
        if options and self.odds(self.lies):
            options = options[:1] + bytes([self.lie(options[1], 8)]) + options[2:]
        options += bytes(-len(options) % 4)
        return struct.pack(">HHIIBBHHH", *ports, seq & 0xffffffff, ack & 0xffffffff,
                           self.lie(5 + len(options) // 4, 4) << 4, flags, self.number(16), 0,
                           self.number(16) if flags & 0x20 else 0) + options + payload

    # Talks: [(down, packet), ...] with IP outermost.

    def talk(self):
        ends = self.ends()
        extensions = self.extensions() if self.odds(0.3) else ()
        ports = (self.chance.choice(PORTS), self.chance.choice(PORTS))

        def packets(protocol, segments):
            return [(down, self.ip(ends[::-1] if down else ends, protocol, segment, extensions))
                    for down, segment in segments]

        def each_way(down):
            return ports[::-1] if down else ports

        kind = self.chance.choice(("tcp", "tcp", "tcp", "udp", "udp", "sctp", "ping", "other"))
        if kind == "tcp":
            return packets(6, self.connection(each_way))
        if kind == "udp":
            protocol = self.chance.choice((17, 17, 17, 136))
            return packets(protocol, [
                (down, self.udp(each_way(down), self.chance.choice(CONTENTS)))
                for down in self.chance.choices((False, True), k=self.chance.randint(1, 6))])
        if kind == "sctp":
            chunk = struct.pack(">BBHIHHI", 0, 3, self.lie(20), 1, 0, 0, 0) + b"abcd"
            return packets(132, [(down, struct.pack(">HHII", *each_way(down), 1, 0) + chunk)
                                 for down in (False, True)])
        if kind == "ping":
            six = len(ends[0]) == 16
            return packets(58 if six else 1, [
                (down, struct.pack(">BBHHH", (129 - (not down) if six else 8 * (not down)), 0, 0,
                                   self.number(16), self.number(16)) + b"abcd")
                for down in (False, True)])
        return packets(self.number(8), [(False, self.some(60))])

    def connection(self, each_way):
        """Segments with the numbers of two ends, not all in a sensible order."""
        next_seq = [self.chance.choice((100, 0xfffffff0, self.number(32))) for _ in range(2)]
        handshake = [(False, 0x02), (True, 0x12), (False, 0x10)]
        segments = handshake[:self.chance.choice((0, 1, 2, 3, 3))]
        segments += [(self.odds(0.5), self.chance.choice((0x10, 0x18, 0x18, 0x18, 0x11, 0x14, 0x04,
                                                          0x02, 0x38, 0xd8, 0, 0xff)))
                     for _ in range(self.chance.randint(0, 14))]
        made = []
        for down, flags in segments:
            payload = self.chance.choice(CONTENTS) if flags & 0x08 else b""
            moved = self.chance.choice((0, 0, 0, 0, 0, -1, 10, -1400, 1 << 31))
            made.append((down, self.tcp(each_way(down), next_seq[down] + moved,
                                        next_seq[not down] if flags & 0x10 else 0, flags, payload)))
            next_seq[down] += len(payload) + bool(flags & 3)
        return made

    # Each wrapper returns (packet, down) -> packets, for all packets of a talk.

    def gre(self, proto, packet, key):
        bits, fields = 0, b""
        if self.odds(0.2):
            bits, fields = 0x8000, bytes(4)
        if self.odds(0.05):
            bits, fields = bits | 0xc000, bytes(4) + bytes([0, 2, 0, self.lie(4, 8)]) + bytes(8)
        if key is not None:
            bits, fields = bits | 0x2000, fields + struct.pack(">I", key)
        if self.odds(0.2):
            bits, fields = bits | 0x1000, fields + bytes(4)
        return struct.pack(">HH", bits, proto) + fields + packet

    def outer(self, protocol, header):
        """In IP with the ends of a tunnel."""
        ends = self.ends()
        extensions = self.extensions() if self.odds(0.1) else ()
        return lambda packet, down: [self.ip(ends[::-1] if down else ends, protocol,
                                             header(packet, down), extensions)]

    def in_udp(self, port, header):
        source = self.chance.choice((port, 50000))
        return self.outer(17, lambda packet, down: self.udp((source, port), header(packet, down)))

    def ppp(self, packet):
        return self.chance.choice((b"\xff\3\0", b"\0", b"")) + self.ppp_type(packet) + packet

    @staticmethod
    def ppp_type(packet):
        return b"\x57" if packet[:1] >= b"\x60" else b"\x21"

    def gtp(self, packet, teid):
        if not self.odds(0.3):
            return struct.pack(">BBHI", 0x30, 255, self.lie(len(packet)), teid) + packet
        more = b"".join(bytes([kind, self.lie(1, 8)]) + b"\0\0" for kind in (0x85, 0xc0))[1:]
        fields = b"\0\0\0\x85" + more + b"\0"
        return struct.pack(">BBHI", 0x34, 255, self.lie(len(packet) + len(fields)),
                           teid) + fields + packet

    def l2tp(self, packet, tunnel, session):
        body = self.ppp(packet)
        if self.odds(0.3):
            return struct.pack(">HHHHHHH", 0x4a02, self.lie(18 + len(body)), tunnel, session, 1, 1,
                               self.lie(4)) + bytes(4) + body
        return struct.pack(">HHH", 2, tunnel, session) + body

    def teredo(self, packet):
        head = b""
        if self.odds(0.3):
            head += b"\0\1" + bytes([self.lie(3, 8), self.lie(4, 8)]) + b"abcdefg" + bytes(9)
        if self.odds(0.3):
            head += bytes.fromhex("0000 efff 3fffffff")
        return head + packet

    def geneve(self, proto, packet, vni):
        options = bytes.fromhex("0102 03 01 01020304") * self.chance.choice((0, 0, 1, 3))
        return bytes([self.lie(len(options) // 4, 6), 0]) + struct.pack(
            ">HI", proto, vni << 8) + options + packet

    def erspan(self, frame, session):
        kind = self.chance.choice((1, 2, 3))
        if kind == 1:
            return self.gre(0x88be, frame, None)
        header = struct.pack(">HH", kind << 12, session & 0x3ff) + bytes(4)
        if kind == 3:
            bits = self.number(1)
            header += bytes(3) + bytes([bits]) + bytes(8 * bits)
        proto = 0x88be if kind == 2 else 0x22eb
        return struct.pack(">HH", 0x1000, proto) + bytes(4) + header + frame

    def quote(self):
        """Each packet comes before an ICMP error that quotes it."""
        senders = self.chance.choice(HOSTS), self.chance.choice(HOSTS6)
        most = self.chance.choice((8, 28, 40, 48, 128, 1400))

        def wrap(packet, down):
            six = packet[0] >> 4 == 6
            kind = self.chance.choice((1, 2, 3, 4) if six else (3, 4, 5, 11, 12))
            quoted = packet[:most]
            head = struct.pack(">BBHBBH", kind, self.chance.randint(0, 5), 0, 0,
                               self.lie(0, 8), self.chance.choice((0, 1400)))
            more = b"\x20\0\0\0\0\x08\1\1\0\0\x51\x40" if self.odds(0.1) else b""
            source = packet[8:24] if six else packet[12:16]
            error = self.ip((senders[six], source.ljust(16 if six else 4, b"\0")),
                            58 if six else 1, head + quoted + more)
            return self.chance.choice(([packet, error], [error]))
        return wrap

    def fragments(self):
        """Of IP packets, in any order: some lone, some lapping over, some lost."""
        size = self.chance.choice((8, 24, 64, 400))
        ident = self.chance.choice((None, 7))

        def wrap(packet, down):
            six = packet[0] >> 4 == 6
            header = 40 if six else 4 * (packet[0] & 15)
            body = packet[header:]
            if len(packet) < header or len(body) <= size or header < 20:
                return [packet]
            number, pieces = self.number(16) if ident is None else ident, []
            for place in range(0, min(len(body), 40 * size), size):
                lap = self.chance.choice((0, 0, 0, 0, 8))
                piece = body[place:place + size + lap]
                more = place + size < len(body)
                if self.odds(0.05):
                    place = self.chance.choice((0, place + 8, 65528))
                if six:
                    pieces.append(packet[:4] + struct.pack(">HB", self.lie(8 + len(piece)), 44)
                                  + packet[7:40] + struct.pack(">BBHI", packet[6], 0, place | more,
                                                               number) + piece)
                else:
                    head = packet[:2] + struct.pack(">HHH", self.lie(header + len(piece)), number,
                                                    more << 13 | place // 8) + packet[8:10]
                    head += b"\0\0" + packet[12:header]
                    pieces.append(head[:10] + struct.pack(">H", checksum(head)) + head[12:] + piece)
            return [self.chance.choice(pieces)] if self.odds(0.1) else self.damaged_order(pieces)
        return wrap

    def damaged_order(self, items):
        """Of a list: as it is, backwards, shuffled, with doubles, or with one missing."""
        items = list(items)
        way = self.chance.randrange(8)
        if way == 0:
            items.reverse()
        elif way == 1:
            self.chance.shuffle(items)
        elif way == 2:
            items = [item for item in items for _ in range(1 + self.odds(0.3))]
        elif way == 3 and items:
            del items[self.chance.randrange(len(items))]
        elif way == 4 and len(items) > 1:
            place = self.chance.randrange(len(items) - 1)
            items[place:place + 2] = items[place + 1], items[place]
        return items

    def ether(self, tags):
        """In Ethernet, with tags before the packet."""
        ends = self.chance.sample(MACS, 2)

        def wrap(packet, down):
            eth_type, body = tags(packet)
            head = (ends[down] + ends[not down])
            if self.odds(0.05):  # 802.3 with a length
                body = b"\xaa\xaa\3\0\0\0" + eth_type + body
                eth_type = struct.pack(">H", self.lie(len(body)))
            return [(head + eth_type + body).ljust(self.chance.choice((14, 60)), b"\0")]
        return wrap

    @staticmethod
    def ether_type(packet):
        return b"\x86\xdd" if packet[:1] >= b"\x60" else b"\x08\0"

    def tagged(self):
        """VLANs, labels and sessions, as many and in whatever order."""
        stack = self.chance.choices(("vlan", "qinq", "mpls", "pppoe", "none", "none", "pbb",
                                     "odd"), (6, 3, 3, 2, 6, 1, 1, 1),
                                    k=self.chance.choice((1, 1, 2, 3, 8)))
        ids = [self.number(12) for _ in stack]

        def wrap(packet):
            eth_type, body = self.ether_type(packet), packet
            for kind, ident in zip(stack, ids):
                if kind in ("vlan", "qinq"):
                    body = struct.pack(">H", ident) + eth_type + body
                    eth_type = b"\x81\0" if kind == "vlan" else self.chance.choice((b"\x88\xa8",
                                                                                    b"\x91\0"))
                elif kind == "mpls":
                    labels = self.chance.randint(1, 4)
                    body = b"".join(
                        struct.pack(">I", (ident + i) << 12 | (i == labels - 1) << 8 | 64)
                        for i in range(labels)) + body
                    eth_type = b"\x88\x47"
                elif kind == "pppoe":
                    body = b"\x11\0" + struct.pack(">HH", ident, self.lie(
                        len(body) + 2)) + b"\0" + self.ppp_type(packet) + body
                    eth_type = b"\x88\x64"
                elif kind == "pbb":
                    body = struct.pack(">I", ident) + MACS[0] + MACS[1] + eth_type + body
                    eth_type = b"\x88\xe7"
                elif kind == "odd":
                    body = bytes.fromhex("0fc2 0201 00000101") + body
                    eth_type = b"\x89\x4f"
            return eth_type, body
        return wrap

    def pseudowire(self):
        """A frame behind labels, with a control word or none."""
        label, word = self.number(16), self.chance.choice((b"", bytes(4)))
        ends = self.chance.sample(MACS, 2)
        return lambda frame, down: [ends[down] + ends[not down] + b"\x88\x47" + struct.pack(
            ">I", label << 12 | 0x100 | 64) + word + frame]

    def wrapper(self, kind):
        """(how to wrap, what it becomes) for an IP packet ("ip") or a frame ("eth")."""
        ident = self.number(16)
        if kind == "ip":
            return self.chance.choice((
                lambda: (self.outer(47, lambda packet, down: self.gre(
                    int.from_bytes(self.ether_type(packet), "big"), packet,
                    ident if ident % 2 else None)), "ip"),
                lambda: (self.outer(4, lambda packet, down: packet), "ip"),
                lambda: (self.outer(41, lambda packet, down: packet), "ip"),
                lambda: (self.in_udp(2152, lambda packet, down: self.gtp(
                    packet, ident + down)), "ip"),
                lambda: (self.in_udp(1701, lambda packet, down: self.l2tp(
                    packet, ident, down)), "ip"),
                lambda: (self.in_udp(3544, lambda packet, down: self.teredo(packet)), "ip"),
                lambda: (self.in_udp(6081, lambda packet, down: self.geneve(
                    int.from_bytes(self.ether_type(packet), "big"), packet, ident)), "ip"),
                lambda: (self.in_udp(4790, lambda packet, down: struct.pack(
                    ">BHBI", 0x0c, 0, 1 + (packet[:1] >= b"\x60"), ident << 8) + packet), "ip"),
                lambda: (self.outer(47, lambda packet, down: b"\x30\1\x88\x0b" + struct.pack(
                    ">HHI", self.lie(len(packet) + 3), ident, 1) + b"\xff\3\0" + self.ppp_type(
                        packet) + packet), "ip"),
                lambda: (self.outer(51, lambda packet, down: bytes([
                    4 if packet[:1] < b"\x60" else 41, self.lie(4, 8)]) + bytes(22)
                    + packet), "ip"),
                lambda: (self.quote(), "ip"),
                lambda: (self.fragments(), "ip"),
                lambda: (self.ether(self.tagged()), "eth"),
                lambda: (self.ether(self.tagged()), "eth"),
            ))()
        return self.chance.choice((
            lambda: (self.in_udp(4789, lambda frame, down: struct.pack(
                ">BBHI", 8, 0, 0, (ident + down * (ident & 1)) << 8) + frame), "ip"),
            lambda: (self.in_udp(6081, lambda frame, down: self.geneve(
                0x6558, frame, ident)), "ip"),
            lambda: (self.outer(47, lambda frame, down: self.gre(0x6558, frame, ident)), "ip"),
            lambda: (self.outer(47, lambda frame, down: self.erspan(frame, ident)), "ip"),
            lambda: (self.outer(97, lambda frame, down: b"\x30\0" + frame), "ip"),
            lambda: (self.outer(115, lambda frame, down: struct.pack(">I", ident) + frame), "ip"),
            lambda: (self.pseudowire(), "eth"),
        ))()

    # Links: (link type, what it carries, how).

    def mac_frame(self, packet, down):
        """802.11: with quality of service, with four addresses, with several packets in a frame."""
        body = b"\xaa\xaa\3\0\0\0" + self.ether_type(packet) + packet
        flags = self.chance.choice((1, 2, 3, 1, 2)) | (0x40 if self.odds(0.05) else 0)
        addresses = MACS[1] + MACS[0] + MACS[1] + bytes(2) + (MACS[0] if flags & 3 == 3 else b"")
        way = self.chance.randrange(4)
        if way == 0:
            return bytes([0x08, flags]) + b"\0\0" + addresses + body
        if way == 1:
            return bytes([0x88, flags]) + b"\0\0" + addresses + b"\0\0" + body
        if way == 2:
            return bytes([0x88, flags | 0x80]) + b"\0\0" + addresses + bytes(6) + body
        parts = [MACS[1] + MACS[0] + struct.pack(">H", self.lie(len(body))) + body
                 for _ in range(self.chance.choice((1, 2, 3)))]
        joined = b"".join(part + bytes(-len(part) % 4) for part in parts)
        return bytes([0x88, flags]) + b"\0\0" + addresses + b"\x80\0" + joined

    def link(self):
        choice = self.chance.choice
        mac = MACS[0] + b"\0\0"
        links = [
            *[(1, "eth", lambda frame, down: frame)] * 8,
            (101, "ip", lambda packet, down: packet),
            (12, "ip", lambda packet, down: packet),
            (0, "ip", lambda packet, down: struct.pack("<I", 2 if packet[0] < 0x60 else choice(
                (24, 28, 30))) + packet),
            (113, "ip", lambda packet, down: struct.pack(">HHH", 4 * down, 1, self.lie(6)) + mac
             + self.ether_type(packet) + packet),
            (276, "ip", lambda packet, down: self.ether_type(packet) + struct.pack(
                ">HIHBB", 0, 2, 1, 4 * down, self.lie(6, 8)) + mac + packet),
            (113, "ip", lambda packet, down: struct.pack(">HHH", 4 * down, 1, 6) + mac
             + b"\x81\0\0\5" + self.ether_type(packet) + packet),
            (105, "ip", self.mac_frame), (105, "ip", self.mac_frame),
            (127, "ip", lambda packet, down: b"\0\0" + struct.pack("<HI", self.lie(8), 0)
             + self.mac_frame(packet, down)),
            (9, "ip", lambda packet, down: self.ppp(packet)),
            (104, "ip", lambda packet, down: b"\x0f\0" + self.ether_type(packet) + packet),
            (107, "ip", lambda packet, down: b"\x18\x41\3" + (
                b"\xcc" if packet[0] < 0x60 else b"\x8e") + packet),
            (119, "ip", lambda packet, down: struct.pack("<II", 0x44, self.lie(144, 32))
             + bytes(136) + self.mac_frame(packet, down)),
            (239, "ip", lambda packet, down: bytes([2 if packet[0] < 0x60 else 10, 0, 0, 0])
             + struct.pack("<HH", self.lie(4 + len(packet)), 9) + packet + bytes(-len(packet) % 4)),
            (197, "eth", lambda frame, down: bytes(8) + bytes([2, 4]) + struct.pack(
                ">HHH", self.lie(18 + len(frame)), 0, self.lie(len(frame))) + bytes(2) + frame),
            (258, "eth", lambda frame, down: struct.pack("<III", self.lie(108, 32), 1, 1)
             + b"en0".ljust(24, b"\0") + bytes(72) + frame),
            (147, "eth", lambda frame, down: b"abcd" + frame),
        ]
        return choice(links)

    def conversation(self):
        """(link type, [frame, ...]): a talk in its stack on its link."""
        linktype, carries, put = self.link()
        wraps, kind = [], "ip"
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 3, 5, 9, 30))):
            wrap, kind = self.wrapper(kind)
            wraps.append(wrap)
        while kind != carries:
            wrap, kind = ((self.ether(self.tagged()), "eth") if carries == "eth"
                          else self.wrapper(kind))
            wraps.append(wrap)
        frames = self.talk()
        for wrap in wraps:
            frames = [(down, made) for down, packet in frames for made in wrap(packet, down)
                      if made and len(made) < 60_000][:200]
        return linktype, [put(packet, down) for down, packet in frames]

    # Mutations of whole frames: (link type, bytes, length on the wire).

    def cut_everywhere(self, frame):
        """A frame at each of its bytes, as cut by a snap length, or as if it had been so short."""
        linktype, data, length = frame
        on_wire = self.odds(0.5)
        return [(linktype, data[:end], end if on_wire else length)
                for end in range(min(len(data), 400) + 1)]

    def changed(self, frame):
        linktype, data, length = frame
        if not data:
            return frame
        data = bytearray(data)
        for _ in range(self.chance.choice((1, 1, 2, 5))):
            place = self.chance.randrange(min(len(data), self.chance.choice((60, 200, 65536))))
            data[place] = self.chance.choice((0, 1, 0x7f, 0x80, 0xff, data[place] ^ 1,
                                              data[place] ^ 0x80, self.number(8)))
        return linktype, bytes(data), length

    def frames(self):
        talks = [self.conversation() for _ in range(self.chance.choice((1, 2, 4, 8)))]
        if len(talks) > 1 and self.odds(0.2):  # the same once more, where it may meet itself
            talks.append(talks[0])
        talks = [[(linktype, data, len(data)) for data in self.damaged_order(frames)]
                 for linktype, frames in talks]
        if self.odds(0.3):
            frames = [frame for talk in talks for frame in talk]
        else:
            frames = []
            while any(talks):
                frames.append(self.chance.choice([talk for talk in talks if talk]).pop(0))
        share = self.chance.choice((0, 0, 0.05, 0.3))
        frames = [self.changed(frame) if self.odds(share) else frame for frame in frames]
        if frames and self.odds(0.3):
            place = self.chance.randrange(len(frames))
            frames[place:place] = self.cut_everywhere(frames[place])
        return self.damaged_order(frames)

    def times(self, count):
        """Nanoseconds since 1970, and None for a frame without."""
        time, way = START, self.chance.choice(("steady", "steady", "odd", "absent", "wild"))
        for _ in range(count):
            if way == "absent" and self.odds(0.3):
                yield None
                continue
            if way == "wild":
                time = self.chance.choice((0, 1, START, 2**32 * 10**9, 2**63 - 1, 2**62, 2**63,
                                           2**64 - 1, self.chance.getrandbits(64)))
            elif way == "odd" and self.odds(0.2):
                time += self.chance.choice((-10**9, -10**14, 2147483000 * 10**9, -1, 0, 10**12,
                                            -2147483000 * 10**9))
            time = max(time, 0) + self.chance.choice((0, 10**3, 10**6, 10**8))
            yield time % 2**64


def block(kind, body):
    """One of pcapng's (draft-ietf-opsawg-pcapng, 3.1), padded."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


SECTION, INTERFACE, SIMPLE, ENHANCED = 0x0a0d0d0a, 1, 3, 6


def section():
    return block(SECTION, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))


def interface(linktype, resolution):
    return block(INTERFACE, struct.pack("<HHIHHB3xHH", linktype, 0, 0, 9, 1, resolution, 0, 0))


def write(chance, path):
    """A capture as pcapng, with an interface for each link type; in it all is chance's."""
    maker = Maker(chance)
    frames = maker.frames()
    resolution = chance.choice((9, 9, 9, 6, 3, 0, 0x80 | 10))
    # Simple packets are of the first interface, and of the last section.
    numbers, blocks = {}, [section()]
    for linktype in dict.fromkeys(linktype for linktype, _, _ in frames):
        numbers[linktype] = len(numbers)
        blocks.append(interface(linktype, resolution))
    first = next(iter(numbers), None)
    for (linktype, data, length), time in zip(frames, maker.times(len(frames))):
        if maker.odds(0.02):
            length = chance.choice((0, 1, length + 1, 0xffffff00))
        if time is None and linktype == first and len(data) == length:
            blocks.append(block(SIMPLE, struct.pack("<I", length) + data))
            continue
        ticks = time or 0
        if not resolution & 0x80 and maker.odds(0.9):
            ticks //= 10 ** (9 - resolution)
        blocks.append(block(ENHANCED, struct.pack("<IIIII", numbers[linktype], ticks >> 32,
                                                  ticks & 0xffffffff, len(data), length) + data))
    path.write_bytes(b"".join(blocks))


if __name__ == "__main__":
    write(random.Random(sys.argv[2] if len(sys.argv) > 2 else "1"), Path(sys.argv[1]))
