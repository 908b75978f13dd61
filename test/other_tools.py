"""What CICFlowMeter and NFStream would say of a flow's packets, with their bugs and without.

Each bug has the name that doc/other-tools.md gives it.  Without any, the numbers are those of our
exports; that each bug changes what the document says proves that the document is right.  Written
from the tools' formulas, in their order of steps, and not from ours.
"""
import math
import statistics
from dataclasses import dataclass, replace
from fractions import Fraction

NOTHING = frozenset()


@dataclass
class Packet:
    time: int  # in nanoseconds
    is_up: bool
    length: int  # of the frame on the wire
    payload: int  # as the headers state it
    captured: int  # payload bytes that are in the file
    header: int  # bytes of the transport header
    flags: int = 0
    window: int = 0
    is_v6: bool = False


FLAGS = dict(FIN=1, SYN=2, RST=4, PSH=8, ACK=16, URG=32, ECE=64, CWR=128)


def late_as_now(times):
    """A packet that is older than one before it counts at the time of that one."""
    now = []
    for time in times:
        now.append(max([time, *now[-1:]]))
    return now


class Summary:
    """commons-math's SummaryStatistics, as the columns use it: 0 where there is no sample."""

    def __init__(self, values):
        self.n, self.sum = len(values), sum(values)
        self.min, self.max = min(values, default=0), max(values, default=0)
        self.mean = self.sum / self.n if values else 0
        self.std = statistics.stdev(values) if self.n > 1 else 0


def differences(times):
    return [b - a for a, b in zip(times, times[1:])]


# CICFlowMeter

class Bulk:
    """One side's helpers of updateForwardBulk and updateBackwardBulk."""

    def __init__(self):
        self.count = self.packets = self.bytes = self.duration = 0
        self.start, self.helper_packets, self.helper_bytes, self.last = None, 0, 0, None

    def update(self, time, size):
        if self.start is None or time - self.last > 10 ** 9:
            self.start, self.last, self.helper_packets, self.helper_bytes = time, time, 1, size
            return
        self.helper_packets += 1
        self.helper_bytes += size
        if self.helper_packets == 4:
            self.count += 1
            self.packets += 4
            self.bytes += self.helper_bytes
            self.duration += time - self.start
        elif self.helper_packets > 4:
            self.packets += 1
            self.bytes += size
            self.duration += time - self.last
        self.last = time


def bulks(packets, times, bugs):
    """(forward, backward)"""
    sides = Bulk(), Bulk()
    for packet, time in zip(packets, times):
        if not packet.payload:
            continue
        # c7: two arrays with the same bytes are not the same array, so all packets go backward.
        side = 0 if packet.is_up and "c7" not in bugs else 1
        sides[1 - side].start = None
        sides[side].update(time, packet.payload)
    return sides


def active_and_idle(times, bugs):
    """Lists of microseconds."""
    active, idle = [], []
    # c4: the first packet comes before the clocks are set, so it follows a gap since 1970.
    start = end = 0 if "c4" in bugs else times[0]
    for time in times:
        if time - end > 5_000_000_000:
            if end > start or "c17" not in bugs and (start or end):
                active.append((end - start) / 1000)
            idle.append((time - end) / 1000)
            start = time
        end = time
    if "c17" not in bugs:
        active.append((end - start) / 1000)
    return active, idle


def divide(of, by, bugs):
    return (of // by if "c4" in bugs else of / by) if by else 0


def cic(packets, bugs=NOTHING):
    """The numbers of one flow, by column; those that name the flow are not among them."""
    if "c13" in bugs:
        packets = [replace(packet, payload=packet.captured) for packet in packets]
    if "c10" in bugs and packets[0].is_v6:  # milliseconds, taken for microseconds; no flags
        packets = [replace(packet, time=packet.time // 10 ** 6 * 1000, flags=0, window=0)
                   for packet in packets]
    clock = late_as_now([packet.time for packet in packets])
    start, last = min(packet.time for packet in packets), max(clock)
    seconds = (last - start) / 10 ** 9
    up, down = ([packet for packet in packets if packet.is_up is way] for way in (True, False))
    row = {"Flow Duration": (last - start) / 1000, "Total Fwd Packet": len(up),
           "Total Bwd packets": len(down),
           "Total Length of Fwd Packet": sum(packet.payload for packet in up),
           "Total Length of Bwd Packet": sum(packet.payload for packet in down)}
    for way, some in (("Fwd", up), ("Bwd", down)):
        sizes = Summary([packet.payload for packet in some])
        row |= {f"{way} Packet Length Max": sizes.max, f"{way} Packet Length Min": sizes.min,
                f"{way} Packet Length Mean": sizes.mean, f"{way} Packet Length Std": sizes.std,
                f"{way} Segment Size Avg": sizes.mean}
        gaps = Summary([gap / 1000 for gap in
                        differences(late_as_now([packet.time for packet in some]))])
        row |= {f"{way} IAT Total": gaps.sum, f"{way} IAT Mean": gaps.mean,
                f"{way} IAT Std": gaps.std, f"{way} IAT Max": gaps.max, f"{way} IAT Min": gaps.min}
        counted = [packet for packet in some if "c2" not in bugs or packet is packets[0]]
        for name in ("PSH", "URG"):
            row[f"{way} {name} Flags"] = sum(1 for packet in counted if packet.flags & FLAGS[name])
        row[f"{way} Header Length"] = sum(packet.header for packet in some)
        row[f"{way} Packets/s"] = len(some) / seconds if seconds else 0
    total = sum(packet.payload for packet in packets)
    nothing = math.nan if "c12" in bugs else 0  # 0 divided by 0, and infinite else
    row["Flow Bytes/s"] = total / seconds if seconds else nothing
    row["Flow Packets/s"] = len(packets) / seconds if seconds else nothing
    gaps = Summary([gap / 1000 for gap in differences(clock)])
    row |= {"Flow IAT Mean": gaps.mean, "Flow IAT Std": gaps.std, "Flow IAT Max": gaps.max,
            "Flow IAT Min": gaps.min}
    # c1: firstPacket() adds the first length twice.
    sizes = Summary([packet.payload for packet in [*packets[:1] * ("c1" in bugs), *packets]])
    row |= {"Packet Length Min": sizes.min, "Packet Length Max": sizes.max,
            "Packet Length Mean": sizes.mean, "Packet Length Std": sizes.std,
            "Packet Length Variance": sizes.std ** 2,
            "Average Packet Size": sizes.sum / len(packets)}
    for name, bit in FLAGS.items():
        row[f"{name} Flag Count"] = sum(1 for packet in packets if packet.flags & bit)
    row["Down/Up Ratio"] = (0 if not up else len(down) // len(up) if "c3" in bugs
                            else len(down) / len(up))
    for way, bulk in zip(("Fwd", "Bwd"), bulks(packets, clock, bugs)):
        row |= {f"{way} Bytes/Bulk Avg": divide(bulk.bytes, bulk.count, bugs),
                f"{way} Packet/Bulk Avg": divide(bulk.packets, bulk.count, bugs),
                f"{way} Bulk Rate Avg": divide(bulk.bytes, bulk.duration / 10 ** 9, bugs)}
    # c4: with a parenthesis at the wrong place every packet begins a subflow.
    subflows = (len(packets) if "c4" in bugs
                else 1 + sum(1 for gap in differences(clock) if gap > 10 ** 9))
    for way, some in (("Fwd", up), ("Bwd", down)):
        row[f"Subflow {way} Packets"] = divide(len(some), subflows, bugs)
        row[f"Subflow {way} Bytes"] = divide(sum(packet.payload for packet in some), subflows, bugs)
    row["FWD Init Win Bytes"] = up[0].window if up else 0
    row["Bwd Init Win Bytes"] = down[-1 if "c8" in bugs else 0].window if down else 0
    row["Fwd Act Data Pkts"] = sum(1 for packet in up if packet.payload
                                   and ("c15" not in bugs or packet is not packets[0]))
    row["Fwd Seg Size Min"] = min((packet.header for packet in up if packet.header), default=0)
    for name, periods in zip(("Active", "Idle"), active_and_idle(clock, bugs)):
        periods = Summary(periods)
        row |= {f"{name} Mean": periods.mean, f"{name} Std": periods.std,
                f"{name} Max": periods.max, f"{name} Min": periods.min}
    return row


def cic_pieces(packets, bugs):
    """The flows that CICFlowMeter makes of one of ours, each with its own forward direction."""
    pieces = [[]]
    for packet in packets:
        begun = pieces[-1]
        if begun and (begun[-1].flags & FLAGS["FIN"] and "c5" in bugs
                      or packet.time - begun[0].time > 120 * 10 ** 9 and "c11" in bugs):
            pieces.append([])
        pieces[-1].append(packet)
    if "c6" in bugs:
        for piece in pieces:
            piece[:] = [replace(packet, is_up=packet.is_up is piece[0].is_up) for packet in piece]
    # c5: what is a single packet at the end is not written.
    return [piece for piece in pieces if "c5" not in bugs or len(piece) > 1]


# NFStream

def welford(values):
    """(mean, stddev) as its engine computes them, value by value."""
    mean = squares = 0.0
    for n, value in enumerate(map(float, values), 1):
        delta = value - mean
        mean += delta / n
        squares += delta * (value - mean)
    return mean, math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else 0


def in_ms(packets, bugs):
    return [packet.time // 10 ** 6 if "n1" in bugs else Fraction(packet.time, 10 ** 6)
            for packet in packets]


def gaps_in_ms(times, bugs):
    if "n2" in bugs:  # 64 bits without a sign
        return [(b - a) % 2 ** 64 for a, b in zip(times, times[1:])]
    return differences(late_as_now(times))


def nfstream(packets, bugs=NOTHING):
    """The numbers of one flow, by column; those that name the flow are not among them."""
    if "n6" in bugs and not packets[0].is_up:
        packets = [replace(packet, is_up=not packet.is_up) for packet in packets]
    row = {}
    for prefix, some in (("bidirectional", packets),
                         ("src2dst", [packet for packet in packets if packet.is_up]),
                         ("dst2src", [packet for packet in packets if not packet.is_up])):
        times = in_ms(some, bugs)
        sizes = [packet.length % 2 ** 16 if "n3" in bugs else packet.length for packet in some]
        # Both directions know the earliest time; one direction, its first packet's.
        first = min(times) if some and prefix == "bidirectional" else times[0] if some else 0
        last = max(times, default=0)
        row |= {f"{prefix}_first_seen_ms": first, f"{prefix}_last_seen_ms": last,
                f"{prefix}_duration_ms": last - first, f"{prefix}_packets": len(some),
                f"{prefix}_bytes": sum(sizes)}
        for name, values in (("ps", sizes), ("piat_ms", gaps_in_ms(times, bugs))):
            mean, stddev = welford(values)
            row |= {f"{prefix}_min_{name}": min(values, default=0), f"{prefix}_mean_{name}": mean,
                    f"{prefix}_stddev_{name}": stddev,
                    f"{prefix}_max_{name}": max(values, default=0)}
        for name, bit in FLAGS.items():
            row[f"{prefix}_{name.lower()}_packets"] = sum(1 for packet in some
                                                          if packet.flags & bit)
    first = packets[:20]
    times = in_ms(first, bugs)
    gaps = [(b - a) % 2 ** 64 if "n2" in bugs else b - a for a, b in zip(times, times[1:])]
    filler = [-1] * (20 - len(first))
    row["splt_direction"] = [0 if packet.is_up else 1 for packet in first] + filler
    row["splt_ps"] = [packet.length % 2 ** 16 if "n3" in bugs else packet.length
                      for packet in first] + filler
    row["splt_piat_ms"] = [0, *gaps] + filler
    return row
