"""Turns of flows, computed anew from what tshark says of each frame; and its own response times."""
import collections
import itertools
import statistics
from fractions import Fraction

import pytest

DECODED = ("frame.number", "frame.time_epoch", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags",
           "http.time", "dns.time", "smb2.time")

CORE = ("flow.id", "flow.index", "flow.direction", "flow.proto", "flow.direction_reason",
        "flow.sofar.up.payload_bytes", "flow.sofar.down.payload_bytes",
        "flow.sofar.up.frags", "flow.sofar.down.frags",
        "flow.sofar.up.frag_pkts", "flow.sofar.down.frag_pkts",
        "flow.tcp.rtt_net", "flow.sofar.tcp.rtt_net")

FIN, SYN, RST, ACK = 1, 2, 4, 16
FAR = 2 ** 30
UP, DOWN = 0, 1


def is_ours(name):
    leaf = name.removeprefix("flow.").removeprefix("sofar.")
    return (leaf.startswith(("response.", "think.", "greeting", "request.", "tls.setup_time"))
            or leaf.endswith("turns"))


def nanoseconds(text):
    seconds, _, decimals = text.partition(".")
    return int(seconds) * 10 ** 9 + int(decimals.ljust(9, "0"))


def last_of(frame, name):
    return frame[name].split(";")[-1]


@pytest.fixture(scope="session")
def flows_of(tshark, captures):
    """The packets of each flow in the order of accounting, with direction, time and payload."""
    def read(capture):
        ours = tuple(name for name in tshark.field_names if is_ours(name))
        flows = collections.defaultdict(list)
        for frame in tshark.fields(captures / capture, (*CORE, *ours, *DECODED), "-2"):
            if "flow.id" in frame:
                flows[frame["flow.id"]].append(frame)
        for packets in flows.values():
            packets.sort(key=lambda frame: int(frame["flow.index"]))
            before = collections.Counter()
            for frame in packets:
                way = int(frame["flow.direction"])
                for leaf in ("payload_bytes", "frags", "frag_pkts"):
                    so_far = int(frame.get(f"flow.sofar.{('up', 'down')[way]}.{leaf}", "0"))
                    frame[leaf], before[way, leaf] = so_far - before[way, leaf], so_far
                frame["way"] = way
                time = frame.get("frame.time_epoch")
                frame["ns"] = nanoseconds(time) if time else None
        return flows
    return read


def distance(later, earlier):
    """Between two sequence numbers, either way round."""
    return (later - earlier + 2 ** 31) % 2 ** 32 - 2 ** 31


def with_new_payload(packets):
    """Those that bring some."""
    tops, syns, has_begun = {}, {}, set()
    for frame in packets:
        way, payload = frame["way"], frame["payload_bytes"]
        if frame["frags"] > frame["frag_pkts"]:
            continue
        if frame.get("flow.proto") != "6":
            if payload:
                yield frame
            continue
        if "tcp.flags" not in frame:
            continue
        flags = int(last_of(frame, "tcp.flags"), 16)
        seq, ack = int(last_of(frame, "tcp.seq_raw")), int(last_of(frame, "tcp.ack_raw"))
        if flags & RST:
            continue
        if flags & SYN:
            if way not in has_begun and syns.get(way) != seq:
                syns[way], tops[way] = seq, seq + 1
        else:
            has_begun.add(way)
            if not payload:
                tops.setdefault(way, seq)
        if flags & ACK:
            tops.setdefault(1 - way, ack)
        end = seq + payload + bool(flags & SYN)
        if payload and not (way in tops and -FAR <= distance(end, tops[way]) <= 0):
            tops[way] = end
            yield frame


def span(earlier, later):
    """From one packet to another; None where it is not known, or negative."""
    known = earlier["ns"] is not None and later["ns"] is not None
    return later["ns"] - earlier["ns"] if known and later["ns"] >= earlier["ns"] else None


def runs(packets):
    return [list(run) for _, run in itertools.groupby(packets, key=lambda frame: frame["way"])]


def waits(turns, way):
    """Before the turns of that direction: (the answer, what it answers, the time or None)."""
    return [(answer[0], question[-1], span(question[-1], answer[0]))
            for question, answer in itertools.pairwise(turns) if answer[0]["way"] == way]


def of_samples(name, samples):
    return {f"{name}.count": len(samples), f"{name}.first": samples[0] if samples else None,
            f"{name}.min": min(samples, default=None), f"{name}.max": max(samples, default=None),
            f"{name}.mean": Fraction(sum(samples), len(samples)) if samples else None,
            f"{name}.stddev": statistics.stdev(samples) if len(samples) > 1 else None}


def seconds_of(text):
    return nanoseconds(text) if text is not None else None


def is_hidden(packets):
    """Whether Wireshark shows TCP in another frame than the first fragment, or not all of it."""
    return packets[0].get("flow.proto") == "6" and any(
        frame["frags"] or ("tcp.seq_raw" in frame) != ("tcp.flags" in frame) for frame in packets)


def turns_of(packets, rtt_net):
    """What a row of packets says, by the name below "flow."; times in nanoseconds."""
    turns = runs(with_new_payload(packets))
    want = {"turns": len(turns)}
    for way, name in enumerate(("up", "down")):
        own = [turn for turn in turns if turn[0]["way"] == way]
        want[f"{name}.turns"] = len(own)
        lengths = [span(turn[0], frame) or 0 for turn in own for frame in turn]
        want[f"response.{name}load_max"] = max(lengths, default=None)
    for way, name in ((DOWN, "response"), (UP, "think")):
        samples = [wait for _, _, wait in waits(turns, way) if wait is not None]
        want |= of_samples(name, samples)
    least = want["response.min"]
    want["response.server"] = (None if None in (least, rtt_net) else max(0, least - rtt_net))
    return want


def is_as_wanted(got, want):
    if want is None or got is None:
        return got is None and want is None
    if "." not in got:
        return int(got) == want
    return abs(nanoseconds(got) - want) <= 1  # statistics.stdev is a float


def test_every_number_of_turns_is_what_the_frames_say(flows_of, any_capture):
    for flow, packets in flows_of(any_capture).items():
        if is_hidden(packets):
            continue
        for n in {*range(1, min(len(packets), 40) + 1), len(packets)}:
            frame = packets[n - 1]
            want = turns_of(packets[:n], seconds_of(frame.get("flow.sofar.tcp.rtt_net")))
            for leaf, value in want.items():
                assert is_as_wanted(frame.get(f"flow.sofar.{leaf}"), value), (flow, n, leaf, value)
        want = turns_of(packets, seconds_of(packets[0].get("flow.tcp.rtt_net")))
        for frame, (leaf, value) in itertools.product(packets, want.items()):
            assert is_as_wanted(frame.get(f"flow.{leaf}"), value), (flow, leaf, value)


def test_links_join_questions_and_answers(flows_of, any_capture):
    for flow, packets in flows_of(any_capture).items():
        if is_hidden(packets):
            continue
        turns = runs(with_new_payload(packets))
        answers = waits(turns, DOWN)
        time = {answer["frame.number"]: wait for answer, _, wait in answers}
        request = {answer["frame.number"]: question["frame.number"]
                   for answer, question, _ in answers}
        reply = {question: answer for answer, question in request.items()}
        for frame in packets:
            number = frame["frame.number"]
            assert is_as_wanted(frame.get("flow.response.time"), time.get(number)), (flow, number)
            assert frame.get("flow.response.request_frame") == request.get(number), (flow, number)
            assert frame.get("flow.response.answer_frame") == reply.get(number), (flow, number)


def test_wireshark_measures_the_same_where_one_request_is_open(flows_of):
    """Its http.time and dns.time; each answer is one segment."""
    compared = 0
    for capture in ("requests.pcap", "questions.pcap"):
        for frame in itertools.chain(*flows_of(capture).values()):
            theirs = frame.get("http.time") or frame.get("dns.time")
            if theirs:
                assert nanoseconds(theirs) == nanoseconds(frame["flow.response.time"])
                compared += 1
    assert compared == 6


VALUES = [
    ("requests", "turns", "6"),
    ("requests", "response.count", "3"),
    ("requests", "response.first", "0.030000000"),
    ("requests", "response.max", "0.150000000"),
    ("requests", "response.mean", "0.083333333"),  # 30, 150 and 70 ms
    ("requests", "response.server", "0.010000000"),  # 20 ms of 30 on the way
    ("requests", "think.count", "2"),
    ("requests", "think.mean", "0.345000000"),  # 440 and 250 ms
    ("requests", "request.wait", "0.005000000"),
    ("requests", "request.unanswered", None),
    ("a_hanging_server", "greeting", "0.015000000"),
    ("a_hanging_server", "request.wait", None),
    ("a_hanging_server", "request.unanswered", "1"),
    ("a_hanging_server", "up.turns", "2"),
    ("a_hanging_server", "response.max", "0.010000000"),
    ("a_good_bye", "request.unanswered", None),
    ("a_good_bye", "greeting", "0.035000000"),
    ("questions", "request.unanswered", "1"),
    ("questions", "response.mean", "0.070000000"),
    ("an_upload", "response.upload_max", "0.290000000"),
    ("an_upload", "response.first", "0.040000000"),
    ("an_upload", "turns", "2"),
    ("tls_setup_in_segments", "tls.setup_time", "0.065000000"),  # 30 to 95 ms
]


@pytest.mark.parametrize("capture,leaf,value", VALUES)
def test_value(flows_of, capture, leaf, value):
    assert flows_of(f"{capture}.pcap")["0"][0].get(f"flow.{leaf}") == value
