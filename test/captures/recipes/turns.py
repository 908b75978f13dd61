"""Conversations in which one side waits for the other: requests, answers, silence."""
from scapy.all import DNS, DNSQR, DNSRR, Raw, TCP, UDP

from recipes import Talk, capture


def say(talk, time, text, seq, ack, down=False, flags="PA"):
    """A segment with a text."""
    return talk.add(time, TCP(flags=flags, seq=seq, ack=ack, window=1000, **talk.ports(down))
                    / Raw(text), down)


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: www.example.org\r\n\r\n".encode()


def answer(text):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text


@capture
def requests():
    """Three requests over HTTP, answered after 30, 150 and 70 ms; the second one is sent again."""
    talk, up, down = Talk().handshake(), 101, 501
    for time, path, wait in ((30, "/", 30), (500, "/slow", 150), (900, "/third", 70)):
        say(talk, time, get(path), up, down)
        if path == "/slow":
            say(talk, time + 100, get(path), up, down)
        up += len(get(path))
        say(talk, time + wait, answer(path.encode()), down, up, down=True)
        down += len(answer(path.encode()))
        talk.tcp(time + wait + 10, "A", up, down)
    return talk.packets


@capture
def a_hanging_server():
    """It greets after 15 ms, answers after 10, acknowledges a second command, and no more."""
    talk = Talk(dport=25).handshake()
    say(talk, 40, b"220 mail ESMTP\r\n", 501, 101, down=True)
    say(talk, 100, b"EHLO client\r\n", 101, 517)
    say(talk, 110, b"250 mail\r\n", 517, 114, down=True)
    say(talk, 200, b"MAIL FROM:<a@b>\r\n", 114, 527)
    talk.tcp(220, "A", 527, 131, down=True)
    talk.tcp(60_200, "A", 130, 527, payload=1).tcp(60_220, "A", 527, 131, down=True)  # keep-alive
    return talk.tcp(90_000, "RA", 131, 527).packets


@capture
def a_good_bye():
    """MySQL's way: the last command is not answered, and the client closes at once."""
    return (Talk(dport=3306).handshake().tcp(60, "PA", 501, 101, payload=80, down=True)
            .tcp(80, "PA", 101, 581, payload=100).tcp(120, "PA", 581, 201, payload=11, down=True)
            .tcp(200, "PA", 201, 592, payload=5).tcp(201, "FA", 206, 592)
            .tcp(221, "FA", 592, 207, down=True).tcp(226, "A", 207, 593)).packets


@capture
def questions():
    """Four names, asked one after another, of which the last is not answered."""
    talk = Talk(dport=53)
    for i, wait in enumerate((25, 5, 180, None)):
        question = DNS(id=i, rd=1, qd=DNSQR(qname=f"host{i}.example.org"))
        talk.add(1000 * i, UDP(**talk.ports(False)) / question, False)
        if wait:
            reply = DNS(id=i, qr=1, rd=1, qd=question.qd,
                        an=DNSRR(rrname=question.qd.qname, ttl=60, rdata="192.0.2.1"))
            talk.add(1000 * i + wait, UDP(**talk.ports(True)) / reply, True)
    return talk.packets


@capture
def an_upload():
    """A turn up of 30 segments in 290 ms, some of them twice, and an answer 40 ms after it."""
    talk = Talk().handshake()
    for i in range(30):
        talk.tcp(30 + 10 * i, "A", 101 + 1000 * i, 501, payload=1000)
        if i % 7 == 6:
            talk.tcp(35 + 10 * i, "A", 501, 101 + 1000 * (i + 1), down=True)
            talk.tcp(36 + 10 * i, "A", 101 + 1000 * (i - 1), 501, payload=1000)
    return talk.tcp(360, "PA", 501, 30_101, payload=20, down=True).packets
