"""Captures for the benchmark: a seeded mix of conversations, few long flows, or many short ones.

Each conversation is built once; its copies change the two addresses by the same number in opposite
directions, which keeps every checksum right.  Where ../shared/captures is, there is a mix of real
captures, too.
"""
import datetime
import functools
import heapq
import hmac
import itertools
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, DNSRROPT, GRE, ICMP, IP, NTP, TCP, UDP,
                       Dot1Q, IPv6, Raw, fragment)
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS
from scapy.layers.snmp import SNMP, SNMPget, SNMPresponse, SNMPvarbind
from scapy.layers.vxlan import VXLAN

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "captures"))
import generate  # noqa: E402
from recipes import Talk, eth, write_pcap  # noqa: E402
from recipes.tunnels import outer  # noqa: E402

SEED = 1
A, B = "10.64.64.1", "10.128.64.2"
A6, B6 = "2001:db8::4040:4001", "2001:db8:1::4080:4002"
REACH = 0x3f00, 0x3f  # how far an address may move in its last 16 bits, and in those before


def stream(messages, dport, a=A, b=B, link=eth, mss=1400):
    """A TCP connection that carries messages, each (down, bytes); a list of (time, packet)."""
    talk = Talk(a=a, b=b, dport=dport, link=link).handshake()
    time, sent = 30, [101, 501]
    for down, data in messages:
        for at in range(0, len(data), mss):
            piece = data[at:at + mss]
            time += 1
            talk.add(time, TCP(flags="PA", seq=sent[down], ack=sent[not down], window=1000,
                               **talk.ports(down)) / piece, down)
            sent[down] += len(piece)
            if at // mss % 2:
                talk.tcp(time + 1, "A", sent[not down], sent[down], down=not down)
        time += 20
    return (talk.tcp(time, "FA", *sent).tcp(time + 10, "FA", sent[1], sent[0] + 1, down=True)
            .tcp(time + 11, "A", sent[0] + 1, sent[1] + 1)).packets


def record(kind, data):
    """A TLS record."""
    return struct.pack(">BHH", kind, 0x0303, len(data)) + data


def hello(kind, extensions):
    suites = b"\0\x04\xc0\x2b\xc0\x2f\x01\0" if kind == 1 else b"\xc0\x2b\0"
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + suites
    body += struct.pack(">H", len(extensions)) + extensions
    return record(22, struct.pack(">I", kind << 24 | len(body)) + body)


REQUEST = (b"GET /index.html HTTP/1.1\r\nHost: www.example\r\n"
           b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\r\n"
           b"Accept: text/html,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
           b"Accept-Encoding: gzip, deflate\r\nCookie: a=b; c=d\r\nConnection: keep-alive\r\n\r\n")
ANSWER = (b"HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nServer: nginx/1.22.1\r\n"
          b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"
          b"Last-Modified: Mon, 13 Nov 2023 10:00:00 GMT\r\nETag: \"5f-1\"\r\n"
          b"Cache-Control: max-age=60\r\nConnection: keep-alive\r\n\r\n")


def web(size):
    return [(False, REQUEST), (True, ANSWER % size + b"<p>" * (size // 3) + b" " * (size % 3))]


def certificate(name):
    """An X.509 certificate with what a server's has in it, always the same."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in (
        (NameOID.COUNTRY_NAME, "XX"), (NameOID.ORGANIZATION_NAME, "Example"),
        (NameOID.COMMON_NAME, name))])
    start = datetime.datetime(2023, 1, 1)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = (x509.CertificateBuilder(subject, subject, key.public_key(), 7, start,
                                       start + datetime.timedelta(days=365))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
               .add_extension(x509.BasicConstraints(False, None), True)
               .add_extension(usage, False)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    return builder.sign(key, None).public_bytes(Encoding.DER)


def chain():
    """The certificates of a server and of who signed it, as a handshake message has them."""
    def sized(data):
        return len(data).to_bytes(3, "big") + data
    names = sized(b"".join(sized(certificate(name)) for name in ("www.example", "ca.example")))
    return b"\x0b" + sized(names)


HOST = b"www.example"
SERVER_NAME = struct.pack(">HHHBH", 0, len(HOST) + 5, len(HOST) + 3, 0, len(HOST)) + HOST


def tls(size):
    """TLS 1.2, whose handshake can be read."""
    offers = (SERVER_NAME + struct.pack(">HHHHH", 10, 6, 4, 29, 23)  # groups
              + struct.pack(">HHHHH", 13, 6, 4, 0x0403, 0x0804)  # signatures
              + struct.pack(">HHHBB", 16, 5, 3, 2, 104) + b"2")  # ALPN
    exchange = b"\x0c\0\0\x6c\x03\0\x1d\x20" + bytes(32) + b"\x08\x07\0\x40" + bytes(64)
    return [(False, hello(1, offers)),
            (True, hello(2, struct.pack(">HHB", 0xff01, 1, 0)) + record(22, chain())
             + record(22, exchange) + record(22, b"\x0e\0\0\0")),
            (False, record(22, b"\x10\0\0\x21\x20" + bytes(32)) + record(20, b"\1")
             + record(22, bytes(range(40)))),
            (True, record(20, b"\1") + record(22, bytes(range(40)))),
            (False, record(23, bytes(300))),
            (True, b"".join(record(23, bytes(4000)) for _ in range(max(1, size // 4000))))]


def expand(secret, label, length):
    """HKDF-Expand-Label (RFC 8446, 7.1)."""
    info = struct.pack(">HB", length, len(label) + 6) + b"tls13 " + label + b"\0"
    return HKDFExpand(SHA256(), length, info).derive(secret)


def initial(way, destination, source, message):
    """A QUIC Initial packet of 1200 bytes (RFC 9001, 5)."""
    salt = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
    secret = expand(hmac.digest(salt, CLIENT_ID, "sha256"), way, 32)
    key, vector, mask_key = (expand(secret, label, length) for label, length in (
        (b"quic key", 16), (b"quic iv", 12), (b"quic hp", 16)))
    head = (b"\xc3\0\0\0\1" + bytes([len(destination)]) + destination + bytes([len(source)])
            + source + b"\0")
    room = 1200 - len(head) - 2
    head += struct.pack(">HI", 0x4000 | room, 0)
    frames = b"\x06\0" + struct.pack(">H", 0x4000 | len(message)) + message
    sealed = AESGCM(key).encrypt(vector, frames.ljust(room - 4 - 16, b"\0"), head)
    mask = Cipher(AES(mask_key), ECB()).encryptor().update(sealed[:16])
    number = bytes(mask[1 + i] for i in range(4))
    return bytes([head[0] ^ mask[0] & 0x0f]) + head[1:-4] + number + sealed


CLIENT_ID, OWN_ID = bytes(range(8)), bytes(range(8, 16))


def quic(count):
    """The handshake as far as it can be read, and so many packets that cannot."""
    talk = Talk(a=A, b=B, dport=443)
    for time, down, data in (
            (0, False, initial(b"client in", CLIENT_ID, OWN_ID, hello(1, SERVER_NAME)[5:])),
            (20, True, initial(b"server in", OWN_ID, b"\1" * 8, hello(2, b"")[5:])),
            *((30 + i, i % 4 > 0, b"\x40" + (OWN_ID if i % 4 else b"\1" * 8)
               + bytes(1100 if i % 4 else 30)) for i in range(count))):
        talk.add(time, UDP(**talk.ports(down)) / data, down)
    return talk.packets


def shell():
    """The start of an SSH connection, up to the exchange of algorithms."""
    banner = b"SSH-2.0-OpenSSH_9.2\r\n"
    lists = b"".join(struct.pack(">I", len(name)) + name for name in (
        b"curve25519-sha256", b"ssh-ed25519", *[b"aes128-ctr"] * 2, *[b"hmac-sha2-256"] * 2,
        *[b"none"] * 2, b"", b""))
    offer = b"\x14" + bytes(16) + lists + bytes(5)
    padding = 8 - (len(offer) + 5) % 8 + 8
    packet = struct.pack(">IB", len(offer) + padding + 1, padding) + offer + bytes(padding)
    return [(False, banner), (True, banner), (False, packet), (True, packet)]


def exchange(dport, query, answer, a=A, b=B, link=eth):
    """A datagram each way."""
    talk = Talk(a=a, b=b, dport=dport, link=link, flags=0)
    for time, message, down in ((0, query, False), (15, answer, True)):
        talk.add(time, UDP(**talk.ports(down)) / message, down)
    return talk.packets


def names(a=A, b=B, link=eth):
    question, size = DNSQR(qname="www.example"), DNSRROPT(rclass=1232)
    answers = (DNSRR(rrname="www.example", type="CNAME", rdata="web.example", ttl=60)
               / DNSRR(rrname="web.example", rdata="10.9.9.9", ttl=60)
               / DNSRR(rrname="web.example", rdata="10.9.9.8", ttl=60))
    return exchange(53, DNS(id=7, rd=1, qd=question, ar=size),
                    DNS(id=7, qr=1, rd=1, ra=1, qd=question, an=answers, ar=size), a, b, link)


def snmp():
    variable = [SNMPvarbind(oid="1.3.6.1.2.1.1.3.0")]
    return exchange(161, SNMP(PDU=SNMPget(varbindlist=variable)),
                    SNMP(PDU=SNMPresponse(varbindlist=variable)))


def sip():
    head = (b"Via: SIP/2.0/UDP a.example\r\nFrom: <sip:a@a.example>;tag=1\r\n"
            b"To: <sip:b@b.example>\r\nCall-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\n"
            b"Content-Length: 0\r\n\r\n")
    return exchange(5060, Raw(b"OPTIONS sip:b@b.example SIP/2.0\r\n" + head),
                    Raw(b"SIP/2.0 200 OK\r\n" + head))


NTP_START = 3_908_988_800


def clock():
    """With a time of its own: scapy would take the time of day."""
    return exchange(123, *(NTP(mode=mode, orig=NTP_START, sent=NTP_START) for mode in (3, 4)))


def pings():
    talk = Talk(flags=0)
    for number in range(4):
        for kind in (8, 0):
            talk.add(100 * number + 10 * (not kind),
                     ICMP(type=kind, id=7, seq=number) / bytes(56), not kind)
    return talk.packets


def refused():
    query = IP(src=A, dst=B) / UDP(sport=40000, dport=33434) / bytes(12)
    return [(0, eth(query)),
            (5, eth(IP(src=B, dst=A) / ICMP(type=3, code=3) / bytes(query)[:28], True))]


def pieces():
    datagram = IP(src=A, dst=B, id=9) / UDP(sport=40000, dport=9999) / bytes(4000)
    return [(i, eth(piece)) for i, piece in enumerate(fragment(datagram, fragsize=1480))]


def calls():
    """Twenty packets of RTP each way, of which Wireshark knows UDP only."""
    talk = Talk(sport=40010, dport=40020, flags=0)
    for number in range(40):
        talk.add(20 * number, UDP(**talk.ports(number % 2))
                 / struct.pack(">BBHII", 0x80, 8, number, 160 * number, 1) / bytes(160), number % 2)
    return talk.packets


def vlan(packet, down):
    return eth(Dot1Q(vlan=100) / packet, down)


def vxlan(packet, down):
    return eth(outer(down) / UDP(sport=50000, dport=4789) / VXLAN(vni=5001, flags=8)
               / eth(packet, down), down)


def gre(packet, down):
    return eth(outer(down) / GRE(key_present=1, key=7) / packet, down)


def gtp(packet, down):
    return eth(outer(down) / UDP(sport=2152, dport=2152)
               / GTP_U_Header(teid=9 + down, gtp_type=255) / packet, down)


def mpls(packet, down):
    return eth(MPLS(label=16, s=1) / packet, down)


def dhcp():
    client = b"\2\0\0\0\0\x0a"
    return exchange(67, BOOTP(op=1, xid=1, chaddr=client) / DHCP(options=[
        ("message-type", "request"), "end"]), BOOTP(op=2, xid=1, chaddr=client) / DHCP(options=[
            ("message-type", "ack"), "end"]))


def arp():
    return [(0, eth(ARP(op=1, psrc=A, pdst=B))), (1, eth(ARP(op=2, psrc=B, pdst=A), True))]


def conversations():
    """(how often, packets): what a network of offices sends."""
    return [
        (14, names()), (4, names(A6, B6)), (6, stream(web(9000), 80)),
        (1, stream(web(60000), 80)), (10, stream(tls(12000), 443)), (1, stream(tls(90000), 443)),
        (4, stream(tls(12000), 443, A6, B6)), (6, quic(12)), (2, stream(shell(), 22)),
        (2, snmp()), (1, sip()),
        (2, clock()), (1, dhcp()), (2, arp()), (2, pings()),
        (1, refused()), (1, pieces()), (1, calls()), (2, stream(tls(12000), 443, link=vlan)),
        (2, stream(web(9000), 80, link=vxlan)), (1, names(link=vxlan)),
        (1, stream(web(9000), 80, link=gre)), (1, stream(tls(12000), 443, link=gtp)),
        (1, stream(tls(12000), 443, link=mpls)),
    ]


class Template:
    """A conversation as bytes, and where in each packet its addresses end."""

    def __init__(self, packets):
        four, six = bytes(IP(src=A, dst=B))[12:20], bytes(IPv6(src=A6, dst=B6))[8:40]
        ends = [(four[:4], 1), (four[4:], -1), (six[:16], 1), (six[16:], -1)]
        self.packets = [(time, bytes(packet),
                         [(at + len(end) - 4, sign) for end, sign in ends
                          for at in occurrences(bytes(packet), end)])
                        for time, packet in packets]

    def copy(self, start, number):
        """The copy of that number."""
        low, high = number % REACH[0], number // REACH[0] % REACH[1]
        for time, data, places in self.packets:
            changed = bytearray(data)
            for at, sign in places:
                words = struct.unpack_from(">HH", changed, at)
                struct.pack_into(">HH", changed, at, words[0] + sign * high, words[1] + sign * low)
            yield start + time, bytes(changed)


def occurrences(data, part):
    at = data.find(part)
    while at >= 0:
        yield at
        at = data.find(part, at + 1)


@functools.cache
def weighted_templates():
    return tuple(zip(*((weight, Template(packets)) for weight, packets in conversations())))


def mix(count):
    """So many packets, about two hundred conversations at a time."""
    rand = random.Random(SEED)
    weights, templates = weighted_templates()
    copies = itertools.count()

    def begin(now):
        template = rand.choices(templates, weights)[0]
        return template.copy(now + rand.randrange(1000), next(copies))

    open_now = []
    for number in range(200):
        talk = begin(0)
        open_now.append((*next(talk), number, talk))
    heapq.heapify(open_now)
    for _ in range(count):
        time, data, number, talk = open_now[0]
        yield time, data
        following = next(talk, None)
        if following is None:
            talk = begin(time)
            following = next(talk)
        heapq.heapreplace(open_now, (*following, number, talk))


def elephants(count, flows=4):
    """So many packets in few connections."""
    packets = [[bytes(eth(IP(src=A, dst=B, id=1, flags="DF")
                          / TCP(sport=40000 + flow, dport=443, flags="A", seq=1, ack=1)
                          / bytes(200)))] for flow in range(flows)]
    for number in range(count):
        data = bytearray(packets[number % flows][0])
        data[38:42] = (1 + 200 * (number // flows)).to_bytes(4, "big")  # sequence number
        yield number, bytes(data)


def mice(count):
    """So many flows of one packet."""
    template = bytearray(bytes(eth(IP(src=A, dst=B) / UDP(sport=40000, dport=9999) / bytes(32))))
    template[40:42] = bytes(2)  # no checksum
    for number in range(count):
        template[28:30] = (number >> 14).to_bytes(2, "big")  # the end of the source's address
        template[34:36] = (40000 + (number & 0x3fff)).to_bytes(2, "big")  # and its port
        yield number // 100, bytes(template)


def crowd(count, flows=40_000):
    """So many packets in connections of which each is silent while all others speak: a round of
    data, and a round of its acknowledgements."""
    def segment(down, size):
        ends, ports = ((B, A), (443, 40000)) if down else ((A, B), (40000, 443))
        return bytearray(bytes(eth(IP(src=ends[0], dst=ends[1], id=1, flags="DF") / TCP(
            sport=ports[0], dport=ports[1], flags="A", seq=1, ack=1) / bytes(size), down)))
    data, answer = segment(False, 200), segment(True, 0)
    for number in range(count):
        turn, client = number // flows, (number * 61_803 % flows).to_bytes(2, "big")
        packet = answer if turn % 2 else data
        at_address, at_number = (32, 42) if turn % 2 else (28, 38)
        packet[at_address:at_address + 2] = client  # the end of its address
        packet[at_number:at_number + 4] = (1 + 200 * ((turn + 1) // 2)).to_bytes(4, "big")
        yield number // 100, bytes(packet)


SHAPES = {"mix": mix, "elephants": elephants, "mice": mice, "crowd": crowd}


def write(path, shape, count):
    write_pcap(path, SHAPES[shape](count))


def write_real(path, count, each=200):
    """So many packets of real captures, the first ones of each, in an order that chance chooses."""
    captures = generate.real()
    random.Random(SEED).shuffle(captures)
    with tempfile.TemporaryDirectory() as folder:
        parts, packets = [], 0
        for number, capture in enumerate(captures):
            part = Path(folder) / f"{number}.pcapng"
            if packets >= count or subprocess.run(
                    ["editcap", "-F", "pcapng", "-r", capture, part, f"1-{each}"],
                    stderr=subprocess.DEVNULL).returncode:
                continue
            parts.append(part)
            packets += packets_in(part)
        merged = Path(folder) / "merged.pcapng"
        subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", merged, *parts], check=True)
        subprocess.run(["editcap", "-F", "pcapng", "-r", merged, path, f"1-{count}"], check=True,
                       stderr=subprocess.DEVNULL)


def packets_in(capture):
    said = subprocess.run(["capinfos", "-TMrc", capture], check=True, text=True,
                          capture_output=True).stdout
    return int(said.split("\t")[1])
