"""Holes and Zeek's verdicts once more, from what tshark's own fields say of each packet.

It is written down from the definitions, not from the plugin: holes are sets of bytes, looked at
from the end; Zeek's sides are objects that are told of one segment after the other.
"""
import re
from dataclasses import dataclass

FIN, SYN, RST, ACK = 1, 2, 4, 16
WINDOW = 1 << 30  # the largest there is


@dataclass
class Segment:
    down: bool
    flags: int
    seq: int
    ack: int
    length: int
    window: int


def unwrap(raw, near):
    """The number with these last 32 bits that is nearest to another."""
    return near + (raw - near + (1 << 31)) % (1 << 32) - (1 << 31)


class Bytes:
    """A set of bytes of a stream, as a sorted list of [begin, end)."""

    def __init__(self):
        self.parts = []

    def add(self, begin, end):
        if begin >= end:
            return
        apart = [part for part in self.parts if part[1] < begin or part[0] > end]
        touched = [part for part in self.parts if part not in apart]
        self.parts = sorted([*apart, (min([begin, *(part[0] for part in touched)]),
                                      max([end, *(part[1] for part in touched)]))])

    def within(self, begin, end):
        return sum(max(0, min(end, b) - max(begin, a)) for a, b in self.parts)

    def holes(self, begin, end):
        """The parts of [begin, end) that are not in the set."""
        for a, b in self.parts:
            if a >= end:
                break
            if a > begin:
                yield begin, a
            begin = max(begin, b)
        if begin < end:
            yield begin, end


class Stream:
    """What one side sends, from a start on."""

    def __init__(self, start, empty):
        self.start, self.acked, self.empty = start, start + 1, empty
        self.captured, self.filled = Bytes(), Bytes()  # filled: with the numbers of FINs

    def add(self, segment):
        top = max([self.acked, *(end for _, end in self.filled.parts)])
        begin = unwrap(segment.seq + bool(segment.flags & SYN), top)
        end = begin + segment.length
        if end > top + WINDOW:
            return
        self.captured.add(max(begin, self.start + 1), end)
        self.filled.add(max(begin, self.start + 1), end + bool(segment.flags & FIN))

    def acknowledge(self, raw):
        ack = unwrap(raw, max([self.acked, *(end for begin, end in self.filled.parts
                                             if begin <= self.acked)]))
        if not (raw == 0 and ack - self.acked > 1 << 20) and ack <= self.acked + WINDOW:
            self.acked = max(self.acked, ack)

    def sums(self):
        missing = list(self.filled.holes(self.start + 1, self.acked))
        if self.empty and missing[:1] == [(self.start + 1, self.start + 2)]:
            del missing[0]  # a keep-alive, before all else
        return (sum(end - begin for begin, end in missing),
                self.captured.within(self.start + 1, 1 << 64))


def streams(segments, down):
    """Those of one direction: another SYN starts another one."""
    stream, has_sent = None, False
    for segment in segments:
        if segment.flags & RST:
            continue
        if segment.down == down:
            syn = bool(segment.flags & SYN)
            number = segment.seq if syn else segment.seq - 1
            is_far = stream and abs(unwrap(number, stream.start) - stream.start) > WINDOW
            if (not stream or is_far and not has_sent
                    or syn and (number - stream.start) % (1 << 32)):
                if stream:
                    yield stream
                stream = Stream(number, not syn and segment.length == 0)
            has_sent = True
            stream.empty = stream.empty and not syn
            stream.add(segment)
        elif segment.flags & ACK:
            if stream:
                stream.acknowledge(segment.ack)
            else:
                stream = Stream(segment.ack - 1, False)
    if stream:
        yield stream


def holes(segments, down):
    """(missed bytes, unique bytes) of a direction."""
    return tuple(map(sum, zip((0, 0), *(stream.sums() for stream in streams(segments, down)))))


class Side:
    def __init__(self, name):
        self.name, self.state, self.before = name, "inactive", None
        self.start = self.top = self.acked = 0
        self.seen, self.last, self.times = set(), {}, {}
        self.captured, self.next, self.fin, self.fins = Bytes(), 1, None, 0

    def become(self, state):
        self.before, self.state = self.state, state

    def begin(self, number, top):
        self.start, self.top, self.acked = number, top, 0

    def number(self, raw, near):
        return unwrap((raw - self.start) % (1 << 32), near)

    def is_orderly(self):
        return self.state == "established" or (self.state, self.before) == ("closed", "established")

    def size(self, other):
        if (self.state, self.before, other.state) == ("reset", "syn sent", "inactive") and (
                self.acked <= 1):
            return 0
        return max(0, max(self.top, self.acked) - 1 - (self.fins > 0))


class Connection:
    """A TCP connection as Zeek sees it."""

    def __init__(self):
        self.orig, self.resp = Side("orig"), Side("resp")
        self.history, self.missed, self.partial, self.count = "", 0, False, 0

    def letter(self, side, letter):
        if len(self.history) < 31:
            self.history += letter if side is self.orig else letter.lower()

    def scaled(self, side, letter):
        side.times[letter] = side.times.get(letter, 0) + 1
        if re.fullmatch("10*", str(side.times[letter])):
            self.letter(side, letter)

    def once(self, side, mark, letter):
        if mark not in side.seen:
            self.letter(side, letter)
        elif letter in "SHFR" and side.last[mark] != self.told:
            self.letter(side, letter)
        side.seen.add(mark)
        side.last[mark] = self.told

    def note(self, side, segment, number):
        control = segment.flags & (SYN | FIN | RST)
        self.told = number + (segment.length if control == FIN else 0)
        if control & FIN and control & RST:
            self.once(side, "I", "I")
        elif control in (SYN | FIN, SYN | RST):
            self.once(side, "Q", "Q")
        elif control == SYN:
            self.once(side, "SYN", "H" if segment.flags & ACK else "S")
        elif control:
            letter = "F" if control == FIN else "R"
            self.once(side, letter, letter)
        elif segment.length:
            self.once(side, "D", "D")
        elif segment.flags & ACK:
            self.once(side, "A", "A")

    def add(self, segment):
        side, peer = (self.resp, self.orig) if segment.down else (self.orig, self.resp)
        syn, fin, rst, ack = (bool(segment.flags & bit) for bit in (SYN, FIN, RST, ACK))
        span = (0 if rst else segment.length) + syn + fin
        if self.count == 0:
            self.partial = not syn
            self.history = "^" if segment.down else ""
        self.count += 1

        if syn and (side.state in ("inactive", "partial", "established")
                    or side.state in ("syn sent", "syn ack sent") and segment.seq != side.start
                    or (side.state, side.before) == ("reset", "inactive")):
            side.begin(segment.seq, span)
        elif side.state == "inactive":
            side.begin((segment.seq - 1) % (1 << 32), 1)
        number = side.number(segment.seq, side.top)
        self.note(side, segment, number)
        if segment.window == 0 and not rst and peer.state != "closed" and side.state != "reset":
            self.scaled(side, "W")
        if fin:
            side.fins += 1
            side.fin = number + syn + segment.length

        acknowledged = 0
        if ack and peer.state == "inactive":
            peer.begin((segment.ack - 1) % (1 << 32), 0)
        elif ack:
            acknowledged = peer.number(segment.ack, peer.acked)
            broken = segment.ack == 0 and acknowledged - peer.acked > 1 << 20
            if not rst and not broken:
                peer.acked = max(peer.acked, acknowledged)
            if broken:
                acknowledged = 0

        end = number + span
        if (syn or rst) and abs(end - side.top) > 1 << 20:
            pass
        elif fin and side.top == 1 or side.state != "reset" and end > side.top:
            side.top = end
        elif side.state != "reset" and segment.length:
            self.scaled(side, "T")

        self.step(side, peer, syn, fin, rst, ack, segment)
        if not rst:
            self.gaps(side, peer, acknowledged)
            begin = max(number + syn, 1)
            side.captured.add(begin, number + syn + segment.length)

    def step(self, side, peer, syn, fin, rst, ack, segment):
        if side.state == "inactive":
            if syn and side is self.orig:
                side.become("syn ack sent" if ack else "syn sent")
            elif syn:
                if peer.state == "syn sent" or peer.state == "syn ack sent" and not ack:
                    peer.become("established")
                side.become("established")
            if fin:
                side.become("closed")
            if rst:
                side.become("reset")
            if not syn and not fin and not rst:
                if side is self.resp and segment.length == 0 and peer.state == "syn sent":
                    return
                side.become("established" if ack and peer.state == "established" else "partial")
        elif side.state in ("syn sent", "syn ack sent"):
            if fin:
                side.become("closed")
            if rst:
                side.become("reset")
        elif side.state in ("established", "partial"):
            if syn and not ack and side.state == "partial" and peer.state == "inactive":
                side.become("syn sent")
            if fin and not rst:
                side.become("closed")
                if (peer.state, peer.before) == ("reset", "closed"):
                    peer.become("closed")
            if rst:
                side.become("reset")
        elif side.state == "closed" and rst and peer.state != "closed":
            side.become("reset")

    def gaps(self, side, peer, acknowledged):
        if peer.fin is not None:
            acknowledged = min(acknowledged, peer.fin)
        if acknowledged <= peer.next or acknowledged > max(
                [peer.next, *(end for _, end in peer.captured.parts)]) + WINDOW:
            return
        missing = list(peer.captured.holes(peer.next, acknowledged))
        peer.next = acknowledged
        if self.partial and acknowledged <= 2:
            return
        if side.is_orderly() and peer.is_orderly():
            for begin, end in missing:
                self.missed += end - begin
                self.scaled(peer, "G")

    def conn_state(self):
        orig, resp = self.orig, self.resp
        orig_unseen, resp_unseen = (side.state in ("inactive", "partial") for side in (orig, resp))
        if resp.state == "reset":
            if orig.state in ("syn sent", "syn ack sent") or (
                    orig.state == "reset" and orig.size(resp) == resp.size(orig) == 0):
                return "REJ"
            return "RSTRH" if orig_unseen else "RSTR"
        if orig.state == "reset":
            if not resp_unseen:
                return "RSTO"
            return "RSTOS0" if re.fullmatch(r"\^?S[^HAFGIQ]*R.*", self.history) else "OTH"
        if orig.state == "closed":
            return "SF" if resp.state == "closed" else "SH" if resp_unseen else "S2"
        if resp.state == "closed":
            return "SHR" if orig_unseen else "S3"
        if (orig.state, resp.state) == ("syn sent", "inactive"):
            return "S0"
        return "S1" if orig.state == resp.state == "established" else "OTH"
