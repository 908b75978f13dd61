"""Clients that ask for a host by its name: in TLS, in HTTP, in DNS."""
from scapy.all import DNS, DNSQR, IP, TCP, UDP, Raw, fragment

from recipes import A, B, Talk, capture, cut, eth


def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def extension(kind, data):
    return kind.to_bytes(2, "big") + vector(2, data)


def named(host):
    return extension(0, vector(2, b"\0" + vector(2, host)))


def client_hello(*extensions):
    """The handshake message (RFC 8446, 4.1.2)."""
    body = (b"\3\3" + bytes(range(32)) + vector(1, bytes(32)) + vector(2, b"\x13\1\x13\2")
            + vector(1, b"\0") + vector(2, b"".join(extensions)))
    return b"\1" + vector(3, body)


def records(message, size=16384):
    return b"".join(b"\x16\3\1" + vector(2, message[i:i + size])
                    for i in range(0, len(message), size))


VERSIONS = extension(43, b"\2\3\4")
KEY_SHARE = extension(51, vector(2, b"\x11\xec" + vector(2, bytes(1216))))  # X25519MLKEM768
GROUPS = extension(10, vector(2, b"\x11\xec\0\x1d"))


def sent(data, size=1400, dport=443, first=101, other=501):
    """A handshake, and data in segments."""
    talk = Talk(dport=dport).handshake()
    for i, at in enumerate(range(0, len(data), size)):
        talk.add(30 + i, TCP(flags="PA", seq=first + at, ack=other, window=1000,
                             **talk.ports(False)) / Raw(data[at:at + size]), False)
    return talk


def say(talk, time, data, seq, ack, down=False):
    return talk.add(time, TCP(flags="PA", seq=seq, ack=ack, window=1000, **talk.ports(down))
                    / Raw(data), down)


@capture
def tls_host():
    return sent(records(client_hello(VERSIONS, named(b"www.example.org"), GROUPS))).packets


@capture
def tls_host_last():
    """Extensions come in any order: clients shuffle them."""
    return sent(records(client_hello(GROUPS, VERSIONS, extension(0x4a4a, b"\0"),
                                     named(b"last.example.org")))).packets


@capture
def tls_host_in_two_segments():
    """A large key share before it: the name is in the second segment."""
    return sent(records(client_hello(KEY_SHARE, GROUPS, VERSIONS,
                                     named(b"quantum.example.org"))), size=1200).packets


@capture
def tls_host_in_short_records():
    return sent(records(client_hello(VERSIONS, named(b"records.example.org")), size=70)).packets


@capture
def tls_host_encrypted():
    """Encrypted ClientHello (draft-ietf-tls-esni): the outer name is what anybody can read."""
    hidden = extension(0xfe0d, b"\0\0\1\0\1\7" + vector(2, bytes(32)) + vector(2, bytes(200)))
    return sent(records(client_hello(hidden, VERSIONS, named(b"public.example.org")))).packets


@capture
def tls_without_host():
    return sent(records(client_hello(VERSIONS, GROUPS))).packets


@capture
def tls_host_after_starttls():
    talk = Talk(dport=25).handshake()
    say(talk, 40, b"220 mail\r\n", 501, 101, down=True)
    say(talk, 50, b"STARTTLS\r\n", 101, 511)
    say(talk, 60, b"220 go on\r\n", 511, 111, down=True)
    say(talk, 70, records(client_hello(VERSIONS, named(b"mail.example.org"))), 111, 522)
    return talk.packets


@capture
def tls_setup_in_segments():
    """Records that wait for their second segments, as a ClientHello with such a key does."""
    hello = records(client_hello(VERSIONS, named(b"slow.example.org"), KEY_SHARE))
    data = b"\x17\3\3" + vector(2, bytes(2000))
    talk = sent(hello)
    at = 101 + len(hello)
    say(talk, 60, records(b"\2" + vector(3, b"\3\3" + bytes(68))), 501, at, down=True)
    last = b"\x17\3\3" + vector(2, b"x")
    for time, segment in ((95, data[:1400]), (96, data[1400:]), (200, last)):
        say(talk, time, segment, at, 578)
        at += len(segment)
    return talk.packets


@capture
def tls_host_cut():
    """Captured up to the middle of the extensions; the name had come before."""
    talk = sent(records(client_hello(named(b"cut.example.org"), KEY_SHARE, VERSIONS)))
    *before, (time, packet) = talk.packets
    return [*before, (time, cut(packet, 400))]


def request(method, path, *headers):
    return "\r\n".join((f"{method} {path} HTTP/1.1", *headers, "", "")).encode()


@capture
def http_host():
    """Blanks around it, letters of either case; a second request asks for another host."""
    first = request("GET", "/", "Accept: */*", "HOST: \t web.example.org", "X-Host: none")
    second = request("GET", "/", "Host: other.example.org")
    return say(sent(first, dport=80), 100, second, 101 + len(first), 501).packets


@capture
def http_host_in_two_segments():
    return sent(request("GET", "/" + "x" * 300, "Host: long.example.org"), size=310,
                dport=80).packets


@capture
def http_connect_and_tls():
    """A proxy is asked first: its name stays, whatever goes through the tunnel."""
    connect = request("CONNECT", "inner.example.org:443", "Host: inner.example.org:443")
    talk = sent(connect, dport=8080)
    yes = b"HTTP/1.1 200 Connection established\r\n\r\n"
    say(talk, 50, yes, 501, 101 + len(connect), down=True)
    hello = records(client_hello(VERSIONS, named(b"within.example.org")))
    return say(talk, 60, hello, 101 + len(connect), 501 + len(yes)).packets


@capture
def ssdp_host():
    talk = Talk(b="239.255.255.250", sport=50000, dport=1900)
    search = request("M-SEARCH", "*", "HOST: 239.255.255.250:1900", "MAN: \"ssdp:discover\"")
    return talk.add(0, UDP(sport=50000, dport=1900) / Raw(search), False).packets


def question(*names, **options):
    return DNS(id=7, rd=1, qd=[DNSQR(qname=name) for name in names], **options)


@capture
def dns_host():
    """Two questions of one flow: the first one stays."""
    talk = Talk(dport=53)
    for time, name in ((0, "one.example.org"), (1000, "two.example.org")):
        talk.add(time, UDP(**talk.ports(False)) / question(name), False)
    return talk.packets


@capture
def dns_host_over_tcp():
    return sent(vector(2, bytes(question("stream.example.org"))), dport=53).packets


@capture
def dns_host_is_the_root():
    talk = Talk(dport=53)
    return talk.add(0, UDP(**talk.ports(False)) / question("."), False).packets


@capture
def dns_host_in_fragments():
    """Of an answer alone, which repeats the question."""
    reply = question("fragments.example.org", qr=1) / Raw(bytes(2000))
    packet = IP(src=A, dst=B, id=9) / UDP(sport=53, dport=40000) / reply
    return [(i, eth(part)) for i, part in enumerate(fragment(packet, 1000))]
