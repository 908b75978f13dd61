"""What TCP's segments say of their connection, by the definitions, looking at all of them at once.

A model of its own, to compare the plugin's with: it knows the future and goes back and forth, where
the plugin folds segment by segment.  Segments are in the order of accounting.
"""
from collections import namedtuple

FIN, SYN, RST, ACK = 1, 2, 4, 16
NUMBERS = 2**32
COPY = 20_000_000  # nanoseconds
KEPT = 4  # SYNs and SYN-ACKs that the plugin knows apart, at least: the first three and the last
OVERTAKEN = 2**16

# at: place in the flow; time: nanoseconds or None; stamps: TSval and TSecr or None
Segment = namedtuple("Segment", "at frame time way flags seq ack length stamps")


def other(way):
    return {"up": "down", "down": "up"}[way]


def kind(segment):
    return segment.flags & (SYN | ACK)


def end(segment):
    return segment.seq + segment.length + bool(segment.flags & SYN) + bool(segment.flags & FIN)


def acknowledges(ack, syn):
    return 0 < (ack - syn.seq) % NUMBERS <= end(syn) - syn.seq


def reaches(ack, number):
    return (ack - number) % NUMBERS < NUMBERS // 2


def without_copies(segments):
    """Those that are no copies of the one before them."""
    def is_copy(before, segment):
        known = None not in (before.time, segment.time)
        same = (before.stamps is None) == (segment.stamps is None) and (
            segment.stamps is None or before.stamps[0] == segment.stamps[0])
        return known and same and abs(segment.time - before.time) < COPY
    return [segment for i, segment in enumerate(segments)
            if not i or not is_copy(segments[i - 1], segment)]


def span(start, stop):
    """Nanoseconds; none where a time is not known, or negative."""
    if start is None or stop is None or None in (start.time, stop.time) or stop.time < start.time:
        return None
    return stop.time - start.time


class Connection:
    """All that the definitions say of these segments."""

    def __init__(self, segments):
        self.segments = segments
        self.rsts = [one for one in segments if one.flags & RST]
        self.plain = [one for one in segments if not one.flags & RST]
        syns = [one for one in self.plain if kind(one) == SYN]
        answers = [one for one in self.plain if kind(one) == SYN | ACK]
        self.initiator = (syns[0].way if syns else other(answers[0].way) if answers else None)
        self.syns = {way: [syn for syn in syns if syn.way == way] for way in ("up", "down")}
        self.own = self.syns.get(self.initiator, [])
        self.counting = [one for one in answers if self.counts(one)]
        self.syn_acks = [one for one in self.counting if one.way != self.initiator]
        self.syn_retrans = sum(max(0, len(sent) - 1) for sent in self.syns.values())
        self.syn_ack_retrans = sum(max(0, sum(one.way == way for one in self.counting) - 1)
                                   for way in ("up", "down"))
        self.ack = self.find_ack()
        self.find_answer()

    def counts(self, syn_ack):
        asked = self.syns[other(syn_ack.way)]
        if asked:
            return any(acknowledges(syn_ack.ack, syn) for syn in asked)
        return syn_ack.way != self.initiator

    def find_ack(self):
        """Where the SYN-ACK is in the file after an ACK that answers it, that ACK stands."""
        if not self.own and not self.syn_acks:
            return None
        first = min(self.own[:1] + self.syn_acks[:1])
        for one in self.plain:
            if one.way != self.initiator or kind(one) != ACK or one.at < first.at:
                continue
            if not self.syn_acks or any(reaches(one.ack, syn_ack.seq + 1)
                                        for syn_ack in self.syn_acks):
                return one
        return None

    def find_answer(self):
        """The SYN-ACK, the SYN and what is known for sure of the two."""
        before = [one for one in self.syn_acks if not self.ack or one.at < self.ack.at]
        if not before and self.syn_acks and span(self.syn_acks[0], self.ack) is not None:
            before = self.syn_acks[:1]
        self.before = distinct = without_copies(before)
        self.answer = before[0] if before else None
        self.is_named = False
        if self.ack and self.ack.stamps and len(distinct) > 1:
            named = [one for one in distinct if one.stamps and one.stamps[0] == self.ack.stamps[1]]
            if len(named) == 1:
                self.answer, self.is_named = named[0], True
        timed = [one for one in self.own if one.time is not None]
        until = self.answer.time if self.answer else None
        early = [one for one in timed if until is not None and one.time <= until]
        self.syn = (early or timed or [None])[-1]
        refusals = [one.at for one in self.rsts if one.way != self.initiator and one.flags & ACK
                    and not (self.before and self.before[0].at < one.at)
                    and not (self.ack and self.ack.at < one.at)
                    and any(syn.at < one.at and acknowledges(one.ack, syn) for syn in self.own)]
        self.refused = max(refusals, default=-1)
        self.fresh = [one for one in without_copies(self.own) if one.at > self.refused]

    def is_syns_answer(self):
        if self.syn is None or self.answer is None or self.syn.at < self.refused:
            return False
        early = [one for one in self.fresh if one.at < self.answer.at or (
            None not in (one.time, self.answer.time) and one.time <= self.answer.time)]
        if self.answer is self.before[0] and len(early) == 1:
            return True
        if not self.syn.stamps or not self.answer.stamps:
            return False
        tsval, tsecr = self.syn.stamps[0], self.answer.stamps[1]
        same = [one for one in without_copies(self.own) if one.stamps and one.stamps[0] == tsval]
        echoed = [one for one in self.before if one.at < self.answer.at and one.stamps
                  and one.stamps[1] == tsecr]
        return tsval == tsecr and len(same) == 1 and not echoed

    @property
    def rtt_net(self):
        return span(self.syn, self.answer) if self.is_syns_answer() else None

    @property
    def rtt_user(self):
        return span(self.answer, self.ack) if self.is_named or len(self.before) == 1 else None

    @property
    def rtt(self):
        if not self.answer:
            return span(self.syn, self.ack) if len(self.fresh) == 1 else None
        return None if None in (self.rtt_net, self.rtt_user) else self.rtt_net + self.rtt_user

    def first_fins(self):
        return [fin for fin in (next((one for one in self.plain if one.way == way
                                      and one.flags & FIN), None) for way in ("up", "down")) if fin]

    def is_undone(self, rst):
        for later in self.plain:
            if later.way != rst.way or later.at < rst.at:
                continue
            if later.flags & SYN:
                return True
            others = [one for one in self.segments if one.way != rst.way and one.at < later.at]
            went_on = any(one.at > rst.at and not one.flags & RST for one in others)
            overtaken = (rst.seq - end(later)) % NUMBERS < OVERTAKEN
            if (went_on or not others) and not overtaken and (
                    later.flags & (ACK | FIN) or later.length):
                return True
        return False

    def standing(self):
        """The RSTs that reset the connection, and whether one ended it in order."""
        fins = self.first_fins()
        closed_from = max(fin.at for fin in fins) if len(fins) == 2 else float("inf")
        early = [rst for rst in self.rsts if rst.at < closed_from]
        return ([rst for rst in early if not self.is_undone(rst)],
                any(rst.at > closed_from for rst in self.rsts))

    def is_established(self):
        answered = {syn_ack.way for syn_ack in self.counting}
        if self.ack or len(answered) == 2:
            return True
        first = self.syn_acks[0].at if self.syn_acks else float("inf")
        if any(one.way != self.initiator and one.length and not one.flags & SYN and one.at > first
               for one in self.plain):
            return True
        opened = min((one.at for one in self.plain if one.flags & SYN), default=float("inf"))
        return len({one.way for one in self.plain if kind(one) == ACK and one.at < opened}) == 2

    @property
    def state(self):
        standing, ended = self.standing()
        if standing:
            return "Reset"
        fins = self.first_fins()
        if ended or not self.plain:
            return "Closed"
        acked = [fin for fin in fins if any(
            one.way != fin.way and one.at > fin.at and one.flags & ACK
            and reaches(one.ack, end(fin)) for one in self.plain)]
        if fins:
            return {(2, 2): "Closed", (2, 1): "Closing", (2, 0): "Closing", (1, 1): "CloseWait",
                    (1, 0): "FinWait"}[len(fins), len(acked)]
        if self.is_established():
            return "Established"
        if self.counting or all(self.syns.values()):
            return "SynReceived"
        return "SynSent" if self.own else "Unknown"

    @property
    def reset(self):
        """Who sent the first RST that stands, and its frame."""
        standing, _ = self.standing()
        return (standing[0].way, standing[0].frame) if standing else (None, None)
