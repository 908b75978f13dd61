"""Flows that other flows set up: the data of FTP and TFTP, and the media of a call."""
import hashlib

from scapy.all import UDP, Raw

from recipes import A, B, C, Talk, capture, connection, eth


def lines(*texts):
    return "\r\n".join([*texts, ""]).encode()


class Spoken(Talk):
    """A TCP connection whose ends say lines, each acknowledging all that came before."""

    def __init__(self, **options):
        super().__init__(**options)
        self.handshake()
        self.next = [101, 501]

    def say(self, time, text, down=False):
        data = lines(text)
        self.tcp(time, "PA", self.next[down], self.next[not down], down=down)
        self.packets[-1] = (time, self.packets[-1][1] / Raw(data))
        self.next[down] += len(data)
        return self


def later(packets, by):
    return [(time + by, packet) for time, packet in packets]


@capture
def ftp():
    """Two files, one fetched by the client and one sent by the server, and a stranger's flow."""
    control = (Spoken(sport=40000, dport=21)
               .say(40, "220 ready", down=True).say(50, "PASV")
               .say(60, "227 Entering Passive Mode (10,0,0,2,195,80)", down=True)  # 50000
               .say(70, "RETR one").say(80, "150 opening", down=True)
               .say(300, "226 done", down=True)
               .say(400, "PORT 10,0,0,1,156,66").say(410, "200 fine", down=True)  # 40002
               .say(420, "RETR two").say(430, "150 opening", down=True))
    return sorted([*control.packets, *later(connection(sport=40001, dport=50000), 100),
                   *later(connection(sport=40009, dport=50009), 101),
                   *later(connection(a=B, b=A, sport=20, dport=40002), 500)],
                  key=lambda packet: packet[0])


@capture
def tftp():
    """The server answers from another port."""
    ask = Talk(sport=40000, dport=69)
    ask.add(0, UDP(**ask.ports(False)) / Raw(b"\0\1file\0octet\0"), False)
    data = Talk(sport=40000, dport=50000)
    data.add(10, UDP(**data.ports(True)) / Raw(b"\0\3\0\1" + bytes(512)), True)
    data.add(20, UDP(**data.ports(False)) / Raw(b"\0\4\0\1"), False)
    data.add(30, UDP(**data.ports(True)) / Raw(b"\0\3\0\2" + bytes(100)), True)
    data.add(40, UDP(**data.ports(False)) / Raw(b"\0\4\0\2"), False)
    return [*ask.packets, *data.packets]


def sdp(host, port):
    return lines("v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0",
                 f"m=audio {port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000")


def sip(first, host, body=b"", method="INVITE"):
    kind = ["Content-Type: application/sdp"] if body else []
    return lines(first, f"Via: SIP/2.0/UDP {A}:5060;branch=z9hG4bK1", "From: <sip:a@a>;tag=1",
                 f"To: <sip:b@b>{';tag=2' if host != A else ''}", "Call-ID: 1@a", f"CSeq: 1 {method}",
                 "Max-Forwards: 70", f"Contact: <sip:x@{host}>", *kind,
                 f"Content-Length: {len(body)}", "") + body


def rtp(number):
    return (b"\x80\0" + number.to_bytes(2, "big") + (160 * number).to_bytes(4, "big") + b"abcd"
            + bytes(160))


@capture
def call():
    """A call by SIP, whose media go between A and a third host; and its RTCP."""
    talk = Talk(sport=5060, dport=5060)
    media = Talk(b=C, sport=6000, dport=7000)
    control = Talk(b=C, sport=6001, dport=7001)

    def say(time, data, down=False):
        talk.add(time, UDP(**talk.ports(down)) / Raw(data), down)

    say(0, sip("INVITE sip:b@b SIP/2.0", A, sdp(A, 6000)))
    say(10, sip("SIP/2.0 180 Ringing", B), down=True)
    say(20, sip("SIP/2.0 200 OK", B, sdp(C, 7000)), down=True)
    say(30, sip("ACK sip:b@b SIP/2.0", A, method="ACK"))
    for number in range(4):
        for down in (False, True):
            media.add(40 + 20 * number + down, UDP(**media.ports(down)) / Raw(rtp(number)), down)
    control.add(200, UDP(**control.ports(False)) / Raw(
        bytes([0x80, 201, 0, 1]) + b"abcd" + bytes([0x81, 202, 0, 3]) + b"abcd\1\4name\0\0"), False)
    return sorted([*talk.packets, *media.packets, *control.packets], key=lambda packet: packet[0])


def mp_capable(*keys):
    return [(30, b"\0\x81" + b"".join(keys))]


def mp_join(key):
    """To the connection of the one who has that key, by its token."""
    return [(30, b"\x10\1" + hashlib.sha1(key).digest()[:4] + b"rand")]


@capture
def mptcp():
    """A connection of two subflows, one of its own with one, and one of plain TCP between them."""
    def begun(talk, time, key, other):
        return (talk.tcp(time, "S", 100, options=mp_capable(key))
                .tcp(time + 10, "SA", 500, 101, options=mp_capable(other), down=True)
                .tcp(time + 20, "A", 101, 501, options=mp_capable(key, other)))

    first = begun(Talk(), 0, b"client_1", b"server_1")
    plain = Talk(sport=40001).handshake(100)
    joined = (Talk(a=C, sport=40002).tcp(200, "S", 100, options=mp_join(b"server_1"))
              .tcp(210, "SA", 500, 101, down=True).tcp(220, "A", 101, 501))
    second = begun(Talk(sport=40003), 300, b"client_2", b"server_2")
    return [packet for talk in (first, plain, joined, second) for packet in talk.packets]
