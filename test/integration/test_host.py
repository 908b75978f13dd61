"""flow.host: the name that the client asked for, as Wireshark's own fields say it first."""
import hmac
import itertools

import pytest

COUNTER = itertools.count()

THEIRS = ("tls.handshake.extensions_server_name", "http.host", "dns.qry.name")


@pytest.fixture(scope="session")
def hosts(tshark, captures):
    """By flow: our name, and those that the first frame with any has in Wireshark's fields."""
    def read(capture, *options):
        flows = {}
        for frame in tshark.fields(captures / capture, ("flow.id", "flow.host", *THEIRS), "-2",
                                   *options):
            if "flow.id" not in frame:
                continue
            ours, theirs = flows.setdefault(frame["flow.id"], (frame.get("flow.host"), []))
            assert frame.get("flow.host") == ours  # on every packet
            if not theirs:
                theirs += [frame[name].split(";")[0] for name in THEIRS if name in frame]
        return flows
    return read


def test_the_host_is_what_wireshark_says_first(tshark, hosts, any_capture):
    if any_capture == "tls_host_cut.pcap" and tshark.version > (4, 0):
        pytest.skip("Wireshark reads nothing of a message that was cut")
    for flow, (ours, theirs) in hosts(any_capture).items():
        assert ours in (theirs or [None]), (flow, ours, theirs)


VALUES = [
    ("tls_host", "www.example.org"),
    ("tls_host_last", "last.example.org"),
    ("tls_host_in_two_segments", "quantum.example.org"),
    ("tls_host_in_short_records", "records.example.org"),
    ("tls_host_encrypted", "public.example.org"),
    ("tls_without_host", None),
    ("tls_host_after_starttls", "mail.example.org"),
    ("tls_host_cut", "cut.example.org"),
    ("http_host", "web.example.org"),
    ("http_host_in_two_segments", "long.example.org"),
    ("http_connect_and_tls", "inner.example.org:443"),
    ("ssdp_host", "239.255.255.250:1900"),
    ("dns_host", "one.example.org"),
    ("dns_host_over_tcp", "stream.example.org"),
    ("dns_host_is_the_root", "<Root>"),
    ("dns_host_in_fragments", "fragments.example.org"),
]


@pytest.mark.parametrize("capture,host", VALUES)
def test_host(hosts, capture, host):
    assert hosts(f"{capture}.pcap")["0"][0] == host


def test_it_needs_no_tree(tshark, captures):
    """An export reads the file once, and builds no tree."""
    assert tshark.flows(captures / "tls_host_in_two_segments.pcap")[0]["flow.host"] == (
        "quantum.example.org")


def test_a_first_pass_does_not_know(tshark, captures):
    assert all("flow.host" not in frame
               for frame in tshark.fields(captures / "tls_host.pcap", ("flow.host",)))


def test_the_first_line_of_the_tree_says_it(tshark, captures):
    lines = tshark.run("-r", captures / "tls_host.pcap", "-2", "-V", "-O", "flow").stdout
    assert ", tls, www.example.org, packet 1 of 4," in lines


def ours_of(hosts, save, talk, *options):
    """Our name of a capture's only flow; each capture has a name of its own."""
    name = f"host_{next(COUNTER)}.pcap"
    save(name, [packet for _, packet in talk.packets])
    return hosts(name, *options)["0"][0]


@pytest.mark.parametrize("body", [0, 100])
def test_a_message_that_never_ends_names_nobody(tshark, hosts, save, body):
    """With a tree and without: Wireshark waits for the rest, and says no http.host."""
    from recipes import Talk
    from recipes.hosts import say
    talk = Talk().handshake()
    say(talk, 50, b"POST / HTTP/1.1\r\nHost: never.example\r\nContent-Length: 300\r\n\r\n" +
        bytes(body), 101, 501)
    name = f"host_{next(COUNTER)}.pcap"
    capture = save(name, [packet for _, packet in talk.packets])
    assert hosts(name)["0"] == (None, [])
    assert "flow.host" not in tshark.flows(capture)[0]


def test_control_characters_are_escaped(hosts, save):
    from recipes.hosts import client_hello, named, records, sent
    for name, shown in ((b"a\nb\x7f.org", "a\\x0ab\\x7f.org"), (b"x" * 300, "x" * 255),
                        ("é".encode() * 150, "é" * 127)):
        ours = ours_of(hosts, save, sent(records(client_hello(named(name)))))
        assert ours.replace("\\\\", "\\") == shown  # some tshark escapes backslashes, too


def test_who_says_too_much_else_is_not_asked_any_more(hosts, save):
    """A flow without such a protocol in 1000 packets with payload is given up."""
    from recipes import Talk
    from recipes.hosts import client_hello, named, records, say
    for count, host in ((998, "late.example.org"), (1000, None)):
        talk = Talk(dport=9999).handshake()
        for i in range(count):
            talk.tcp(50 + i, "PA", 501 + i, 101, payload=1, down=True)
        say(talk, 5000, records(client_hello(named(b"late.example.org"))), 101, 501 + count)
        assert ours_of(hosts, save, talk) == host


# QUIC: RFC 9001, 5 and appendix A

def expand(secret, label, length):
    info = length.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\0"
    return hmac.digest(secret, info + b"\1", "sha256")[:length]


def initial(frames, connection=bytes(range(8)), number=0):
    """A client's Initial packet, protected."""
    ciphers = pytest.importorskip("cryptography.hazmat.primitives.ciphers")
    aead = pytest.importorskip("cryptography.hazmat.primitives.ciphers.aead")
    salt = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
    secret = expand(hmac.digest(salt, connection, "sha256"), b"client in", 32)
    key, iv, hp = (expand(secret, label, length)
                   for label, length in ((b"quic key", 16), (b"quic iv", 12), (b"quic hp", 16)))
    frames = frames.ljust(1150, b"\0")
    header = (b"\xc3\0\0\0\1" + bytes([len(connection)]) + connection + b"\0\0"
              + (0x4000 | (len(frames) + 20)).to_bytes(2, "big") + number.to_bytes(4, "big"))
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = aead.AESGCM(key).encrypt(nonce, frames, header)
    ecb = ciphers.Cipher(ciphers.algorithms.AES(hp), ciphers.modes.ECB()).encryptor()
    mask = ecb.update(sealed[:16])
    protected = bytes(a ^ b for a, b in zip(header[-4:], mask[1:]))
    return bytes([header[0] ^ mask[0] & 15]) + header[1:-4] + protected + sealed


def crypto(message, *parts):
    """CRYPTO frames of those parts of a message, with a PING between them."""
    return b"\1".join(b"\6" + (0x4000 | start).to_bytes(2, "big")
                      + (0x4000 | end - start).to_bytes(2, "big") + message[start:end]
                      for start, end in parts)


@pytest.mark.parametrize("parts", [
    [[(0, None)]],
    [[(60, None), (0, 20), (20, 60)]],  # shuffled, as some clients do
    [[(0, 1000)], [(1000, None)]],  # in two packets, each in a datagram of its own
])
def test_quic(hosts, save, parts):
    from recipes import Talk
    from recipes.hosts import KEY_SHARE, VERSIONS, client_hello, named
    from scapy.all import UDP, Raw
    extensions = ([KEY_SHARE] if len(parts) > 1 else []) + [VERSIONS, named(b"quic.example.org")]
    message = client_hello(*extensions)
    talk = Talk(dport=443)
    for number, of_packet in enumerate(parts):
        whole = [(start, len(message) if end is None else end) for start, end in of_packet]
        talk.add(number, UDP(**talk.ports(False))
                 / Raw(initial(crypto(message, *whole), number=number)), False)
    assert ours_of(hosts, save, talk) == "quic.example.org"
