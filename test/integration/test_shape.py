"""Shape and headers of flows, computed anew from what tshark says of each frame."""
import collections
import math
import statistics
from fractions import Fraction

import pytest

IDLE_GAP = 5 * 10 ** 9  # flow.idle_gap, in nanoseconds
INTERVAL = 10 ** 9  # flow.peak_interval

DECODED = ("frame.len", "frame.time_epoch", "tcp.len", "icmp.type", "icmpv6.type", "ip.ttl",
           "ipv6.hlim", "ip.dsfield.dscp", "ip.dsfield.ecn", "ipv6.tclass.dscp",
           "ipv6.tclass.ecn", "ipv6.flow", "ip.len", "ipv6.plen", "tcp.flags",
           "tcp.window_size_value",
           "tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.sack_perm",
           "tcp.options.timestamp.tsval", "tcp.options.tfo")

CORE = ("flow.id", "flow.index", "flow.direction", "flow.pkts", "flow.proto", "flow.up.frags",
        "flow.down.frags", "flow.sofar.up.payload_bytes", "flow.sofar.down.payload_bytes",
        "flow.ip.src", "flow.ipv6.src")

FLAGS = dict(fin=1, syn=2, rst=4, psh=8, ack=16, urg=32, ece=64, cwr=128)


def is_ours(name):
    """Whether a field is of the groups that are tested here; core's IP bytes are too."""
    leaf = name.removeprefix("flow.").removeprefix("sofar.")
    return (leaf.startswith(("len.", "payload.", "iat.", "active.", "idle.", "rate.", "splt", "pcr"))
            or leaf.endswith("ip_bytes") or is_of_headers(leaf))


def is_of_headers(leaf):
    parts = leaf.split(".")
    return ((len(parts) == 2 and parts[1] in ("ttl_min", "ttl_max", "hops", "dscp", "dscp_changes",
                                              "ect0", "ect1", "ce", "flow_label",
                                              "flow_label_changes"))
            or (len(parts) == 3 and parts[0] == "tcp" and parts[1] in ("up", "down")
                and parts[2] in (*FLAGS, "flags", "win_init", "win_min", "win_max", "mss",
                                 "wscale", "sack_permitted", "timestamps", "fast_open")))


def nanoseconds(text):
    seconds, _, decimals = text.partition(".")
    return int(seconds) * 10 ** 9 + int(decimals.ljust(9, "0"))


@pytest.fixture(scope="session")
def flows_of(tshark, captures):
    """The packets of each flow of a capture in the order of accounting, payload and all."""
    def read(capture):
        ours = tuple(name for name in tshark.field_names if is_ours(name))
        flows = collections.defaultdict(list)
        for frame in tshark.fields(captures / capture, (*CORE, *ours, *DECODED), "-2"):
            if "flow.id" in frame:
                flows[frame["flow.id"]].append(frame)
        for packets in flows.values():
            packets.sort(key=lambda frame: int(frame["flow.index"]))
            before = [0, 0]
            for frame in packets:
                way = int(frame["flow.direction"])
                so_far = int(frame[f"flow.sofar.{('up', 'down')[way]}.payload_bytes"])
                frame["payload"], before[way] = so_far - before[way], so_far
        return flows
    return read


# What numbers make of samples: absent is None.

def numbers(name, samples):
    return {f"{name}.min": min(samples, default=None), f"{name}.max": max(samples, default=None),
            f"{name}.mean": Fraction(sum(samples), len(samples)) if samples else None,
            f"{name}.stddev": statistics.stdev(samples) if len(samples) > 1 else None}


def spans(name, samples):
    return {leaf: None if value is None else Fraction(value) / 10 ** 9
            for leaf, value in numbers(name, samples).items()}


def running_maxima(times):
    latest = []
    for time in times:
        latest.append(max([time, *latest[-1:]]))
    return latest


def gaps(times):
    clock = running_maxima(times)
    return [later - earlier for earlier, later in zip(clock, clock[1:])]


def periods(times):
    """Lengths of the runs of packets without a long gap, and the long gaps."""
    clock = running_maxima(times)
    runs, idle = [[clock[0]]], []
    for earlier, later in zip(clock, clock[1:]):
        if later - earlier > IDLE_GAP:
            idle.append(later - earlier)
            runs.append([])
        runs[-1].append(later)
    return [run[-1] - run[0] for run in runs], idle


def shape_of(packets):
    """All fields of the groups shape and splt, by their name below "flow."."""
    want = {}
    times = [nanoseconds(frame["frame.time_epoch"]) for frame in packets]
    clock = running_maxima(times)
    duration = Fraction(max(times) - min(times), 10 ** 9)
    for way, suffix in ((None, ""), ("0", ".up"), ("1", ".down")):
        chosen = [i for i, frame in enumerate(packets) if way in (None, frame["flow.direction"])]
        lengths = [int(packets[i]["frame.len"]) for i in chosen]
        payloads = [packets[i]["payload"] for i in chosen if packets[i]["payload"]]
        want |= numbers(f"len{suffix}", lengths)
        want |= numbers(f"payload{suffix}", payloads)
        want |= spans(f"iat{suffix}", gaps([times[i] for i in chosen]))
        want[f"rate{suffix}.bits"] = 8 * sum(lengths) / duration if duration else None
        want[f"rate{suffix}.pkts"] = len(lengths) / duration if duration else None
        bins = collections.Counter()
        for i in chosen:
            bins[(clock[i] - clock[0]) // INTERVAL] += int(packets[i]["frame.len"])
        want[f"rate{suffix}.peak"] = 8 * max(bins.values()) if bins else None
        if way and packets[0].get("flow.proto") != "6":  # TCP's comes from another group
            own = running_maxima([times[i] for i in chosen])
            talking = [time for time, i in zip(own, chosen) if packets[i]["payload"]]
            seconds = Fraction(max(talking, default=0) - min(talking, default=0), 10 ** 9)
            want[f"rate{suffix}.goodput"] = 8 * sum(payloads) / seconds if seconds else None
    active, idle = periods(times)
    want |= spans("active", active) | spans("idle", idle)
    want |= {"active.count": len(active), "idle.count": len(idle)}
    up, down = (sum(frame["payload"] for frame in packets if frame["flow.direction"] == way)
                for way in "01")
    want["pcr"] = Fraction(up - down, up + down) if up + down else None
    first = [(frame, time) for frame, time in zip(packets, times) if frame["payload"]][:20]
    want["splt"] = " ".join(f"{'><'[int(frame['flow.direction'])]}{frame['payload']}"
                            for frame, _ in first) or None
    want["splt_delta"] = " ".join(
        str(int(math.copysign(1, after - before)) * ((abs(after - before) + 500) // 1000))
        for before, after in zip([first[0][1], *(time for _, time in first)],
                                 (time for _, time in first))) if first else None
    return want


def is_equal(printed, wanted):
    if printed is None or wanted is None:
        return printed is wanted
    if isinstance(wanted, str):
        return printed == wanted
    return math.isclose(float(int(printed, 0) if printed.startswith("0x") else printed),
                        float(wanted), rel_tol=1e-9, abs_tol=1.01e-9)


def readings(packets):
    """What is to be equal: name prefixes, the frame that says it, and of how many packets."""
    yield "flow.", packets[0], packets
    step = max(1, len(packets) // 40)
    for count in range(1, len(packets) + 1, step):
        yield "flow.sofar.", packets[count - 1], packets[:count]


def compare(packets, oracle):
    for prefix, frame, some in readings(packets):
        for leaf, wanted in oracle(some).items():
            printed = frame.get(prefix + leaf)
            assert is_equal(printed, wanted), (frame["flow.id"], len(some), prefix + leaf, printed,
                                               wanted and str(wanted))


def test_shape_equals_what_frames_say(flows_of, any_capture):
    for packets in flows_of(any_capture).values():
        if all("frame.time_epoch" in frame for frame in packets):
            compare(packets, shape_of)


def of_sender(packets, way):
    return [frame for frame in packets if frame["flow.direction"] == str(way)]


def innermost(frame, name):
    return frame[name].split(";")[-1]


def changes(values):
    return sum(before != after for before, after in zip(values, values[1:]))


def ip_headers(way, family, mine):
    """Of the packets of one direction."""
    ttl_name, tos = ("ip.ttl", "ip.dsfield") if family == "ip" else ("ipv6.hlim", "ipv6.tclass")
    ttls = [int(innermost(frame, ttl_name)) for frame in mine]
    dscps = [int(innermost(frame, f"{tos}.dscp"), 0) for frame in mine]
    ecns = [int(innermost(frame, f"{tos}.ecn"), 0) for frame in mine]
    want = {"ttl_min": min(ttls, default=None), "ttl_max": max(ttls, default=None),
            "hops": min(begin - max(ttls) for begin in (32, 64, 128, 255) if begin >= max(ttls))
            if ttls else None,
            "dscp": dscps[-1] if dscps else None, "dscp_changes": changes(dscps),
            "ect0": ecns.count(2), "ect1": ecns.count(1), "ce": ecns.count(3),
            "flow_label": None, "flow_label_changes": None}
    if family == "ipv6":
        labels = [int(innermost(frame, "ipv6.flow"), 0) for frame in mine]
        want |= {"flow_label": labels[0] if labels else None,
                 "flow_label_changes": changes(labels)}
    return {f"{way}.{leaf}": value for leaf, value in want.items()}


def lengths(family, mine):
    """The sum of their IP lengths; None where one is 0, for then the frame alone tells."""
    stated = [int(innermost(frame, "ip.len" if family == "ip" else "ipv6.plen")) for frame in mine]
    return sum(stated) + (40 * len(stated) if family == "ipv6" else 0) if all(stated) else None


def tcp_headers(way, mine):
    flags = [int(innermost(frame, "tcp.flags"), 16) for frame in mine]
    union = 0
    for each in flags:
        union |= each & 0xff
    return {f"tcp.{way}.{name}": sum(1 for each in flags if each & bit)
            for name, bit in FLAGS.items()} | {
        f"tcp.{way}.flags": union if mine else None,
        f"tcp.{way}.win_init": int(innermost(mine[0], "tcp.window_size_value")) if mine else None}


def is_error(frame):
    return (any(kind in ("3", "4", "5", "11", "12")
                for kind in frame.get("icmp.type", "").split(";"))
            or any(int(kind) < 5 for kind in frame.get("icmpv6.type", "5").split(";")))


def is_decoded(frame, family, is_tcp):
    """Whether Wireshark shows what a flow's own headers say, and nothing inside them."""
    return ("ip.ttl" if family == "ip" else "ipv6.hlim") in frame and not is_error(frame) and (
        not is_tcp or "tcp.flags" in frame and "tcp.window_size_value" in frame)


def headers_of(family, is_tcp):
    def oracle(packets):
        want = {}
        for number, way in enumerate(("up", "down")):
            mine = of_sender(packets, number)
            want |= ip_headers(way, family, mine)
            want[f"{way}.ip_bytes"] = lengths(family, mine)
            if is_tcp:
                want |= tcp_headers(way, mine)
        want["ip_bytes"] = lengths(family, packets)
        return {leaf: value for leaf, value in want.items()
                if value is not None or not leaf.endswith("ip_bytes")}
    return oracle


# Frames whose innermost headers are quoted, not sent.
QUOTING = {"sampled.pcap"}


def test_headers_equal_what_frames_say(flows_of, any_capture):
    for packets in () if any_capture in QUOTING else flows_of(any_capture).values():
        family = "ip" if "flow.ip.src" in packets[0] else "ipv6"
        is_tcp = packets[0].get("flow.proto") == "6"
        is_whole = packets[0].get("flow.up.frags") == packets[0].get("flow.down.frags") == "0"
        if is_whole and all(is_decoded(frame, family, is_tcp) for frame in packets):
            compare(packets, headers_of(family, is_tcp))


def syn_options(frame):
    """What the options of a SYN say, by the field that has it; a flag is True or None."""
    def number(name):
        return int(innermost(frame, name), 0) if name in frame else None
    wscale = number("tcp.options.wscale.shift")
    return {"mss": number("tcp.options.mss_val"),
            "wscale": wscale if wscale is None else min(wscale, 14),
            "sack_permitted": 1 if "tcp.options.sack_perm" in frame else None,
            "timestamps": 1 if "tcp.options.timestamp.tsval" in frame else None,
            "fast_open": 1 if "tcp.options.tfo" in frame else None}


def options_of(packets):
    syns, want = {}, {}
    for number, way in enumerate(("up", "down")):
        mine = [frame for frame in of_sender(packets, number)
                if int(innermost(frame, "tcp.flags"), 16) & FLAGS["syn"]]
        if mine:
            syns[way] = syn_options(mine[-1])
        nothing = dict.fromkeys(("mss", "wscale", "sack_permitted", "timestamps", "fast_open"))
        want |= {f"tcp.{way}.{leaf}": value for leaf, value in syns.get(way, nothing).items()}
    scales = [options["wscale"] for options in syns.values()]
    for number, way in enumerate(("up", "down")):
        windows = [int(innermost(frame, "tcp.window_size_value"))
                   for frame in of_sender(packets, number)
                   if not int(innermost(frame, "tcp.flags"), 16) & (FLAGS["syn"] | FLAGS["rst"])]
        is_known = windows and (None in scales or len(scales) == 2)
        shift = 0 if None in scales or not is_known else syns[way]["wscale"]
        want |= {f"tcp.{way}.win_min": min(windows) << shift if is_known else None,
                 f"tcp.{way}.win_max": max(windows) << shift if is_known else None}
    return want


def test_options_equal_what_frames_say(flows_of, any_capture):
    for packets in flows_of(any_capture).values():
        family = "ip" if "flow.ip.src" in packets[0] else "ipv6"
        is_whole = packets[0].get("flow.up.frags") == packets[0].get("flow.down.frags") == "0"
        if (packets[0].get("flow.proto") == "6" and is_whole
                and all(is_decoded(frame, family, True) for frame in packets)):
            compare(packets, options_of)


# Worked out by hand from the recipes.
VALUES = [
    ("beacon", "iat.up.stddev", "0.002043016"),  # 12 gaps of 9.998 s and 11 of 10.002 s
    ("beacon", "iat.up.mean", "9.999913043"),
    ("beacon", "active.count", "24"),
    ("beacon", "active.max", "0.020000000"),
    ("beacon", "idle.min", "9.978000000"),
    ("beacon", "splt", " ".join([">32 <48"] * 10)),
    ("bulk_and_chat", "payload.down.mean", "1448"),
    ("bulk_and_chat", "payload.down.stddev", "0"),
    ("bulk_and_chat", "pcr", "-1"),
    ("bulk_and_chat", "splt", " ".join(["<1448"] * 20)),
    ("bulk_and_chat", "splt_delta", " ".join(["0", *["1000"] * 19])),
    ("pauses", "active.count", "3"),
    ("pauses", "active.mean", "2.333333333"),  # 2, 5 and 0 s
    ("pauses", "idle.max", "7.000000000"),
    ("late_packets", "iat.mean", "0.183333333"),  # from 1000 to 2100 ms in 6 gaps
    ("late_packets", "iat.min", "0.000000000"),
    ("late_packets", "splt_delta", "0 100000 -50000 70000 -220000 1200000 -110000"),
    ("late_packets", "rate.peak", "2880"),  # in the first second 5 packets: 150 bytes and 5 headers of 42
    ("marks", "up.dscp_changes", "2"),
    ("marks", "up.dscp", "46"),
    ("marks", "down.dscp", "10"),
    ("marks", "up.ttl_min", "57"),
    ("marks", "up.hops", "4"),
    ("marks", "down.hops", "12"),
    ("marks", "up.ce", "1"),
    ("marks", "ip_bytes", "288"),
    ("marks_v6", "up.flow_label", "0x000abcde"),
    ("marks_v6", "up.flow_label_changes", "1"),
    ("marks_v6", "down.ect1", "2"),
    ("marks_v6", "ip_bytes", "340"),
    ("windows_scaled", "tcp.up.flags", "0x001e"),
    ("windows_scaled", "tcp.up.win_init", "64240"),
    ("windows_scaled", "tcp.up.win_min", "51200"),  # 400 << 7
    ("windows_scaled", "tcp.down.win_max", "36000"),  # 9000 << 2
    ("windows_scaled", "tcp.down.win_min", "0"),
    ("windows_scaled", "tcp.down.mss", "1400"),
    ("windows_of_one_that_scales", "tcp.up.win_min", "400"),
    ("windows_without_a_syn_ack", "tcp.up.win_min", None),
    ("syn_options_change", "tcp.up.mss", None),
    ("syn_options_change", "tcp.down.wscale", "14"),
    ("syn_options_change", "tcp.up.win_max", "64240"),
    ("fast_open_accepted", "tcp.down.fast_open", "1"),
    ("fast_open_accepted", "tcp.up.sack_permitted", None),
]


@pytest.mark.parametrize("capture,leaf,value", VALUES)
def test_value(flows_of, capture, leaf, value):
    assert flows_of(f"{capture}.pcap")["0"][0].get(f"flow.{leaf}") == value


# What each preference changes.
SETTINGS = [
    ("pauses", "flow.idle_gap:4999", "flow.idle.count", "3"),
    ("pauses", "flow.idle_gap:0", "flow.idle.count", "4"),  # the least is 1 ms
    ("late_packets", "flow.peak_interval:2000", "flow.rate.peak", "2296"),  # 574 bytes in 2 s
    ("windows_scaled", "flow.splt_packets:1", "flow.splt", ">10"),
    ("windows_scaled", "flow.splt_empty:TRUE", "flow.splt", ">0 <0 >0 >10 <0 <600 >0"),
]


@pytest.mark.parametrize("capture,setting,name,value", SETTINGS)
def test_setting(tshark, captures, capture, setting, name, value):
    frames = tshark.fields(captures / f"{capture}.pcap", (name,), "-2", "-o", setting)
    assert frames[0][name] == value
