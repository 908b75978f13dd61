"""flow.field.*: statistics of any numeric field, computed anew from what tshark says of each frame."""
import collections
import json
from fractions import Fraction

import pytest

STATISTICS = ("count", "min", "mean", "max", "sum")
SPANS = ("dns.time", "http.time", "tcp.time_delta", "frame.time_delta", "icmp.resptime")
NUMBERS = ("tcp.len", "ip.ttl", "tcp.analysis.ack_rtt", "tcp.window_size_scalefactor", "udp.length")


def chosen(*names):
    return ("-o", f"flow.fields:{','.join(names)}")


def ours(name, so_far=False):
    return [f"flow.{'sofar.' if so_far else ''}field.{name}.{leaf}" for leaf in STATISTICS]


def statistics_of(values):
    """As the five fields say it; the first of them alone where there is no value."""
    if not values:
        return [0, None, None, None, None]
    return [len(values), min(values), sum(values) / len(values), max(values), sum(values)]


def is_equal(found, expected, is_span):
    if found is None or expected is None:
        return found is expected
    return abs(Fraction(found) - expected) <= (
        Fraction(1, 10 ** 9) if is_span else abs(expected) / 10 ** 5)  # 4.0 prints 6 digits


@pytest.mark.parametrize("capture, names", [
    ("sample.pcapng", ("dns.time", "http.time", "tcp.len", "ip.ttl")),
    ("sample.pcapng", ("tcp.analysis.ack_rtt", "tcp.window_size_scalefactor", "udp.length")),
    ("tunnels.pcap", ("ip.ttl", "udp.length")), ("fragments_reversed.pcap", ("udp.length", "frame.len")),
    ("port_reuse.pcap", ("tcp.len", "frame.time_delta")), ("call.pcap", ("rtp.seq", "udp.length"))])
def test_statistics_are_those_of_the_flows_frames(tshark, captures, capture, names):
    frames = tshark.fields(captures / capture, (
        "flow.id", "flow.index", *names,
        *(field for name in names for reading in (False, True) for field in ours(name, reading))),
        "-2", *chosen(*names))
    flows = collections.defaultdict(list)
    for frame in frames:
        if "flow.id" in frame:
            flows[frame["flow.id"]].append(frame)
    seen = collections.Counter()
    for packets in flows.values():
        packets.sort(key=lambda frame: int(frame["flow.index"]))
        for name in names:
            is_span = name in SPANS
            values = [[Fraction(value) for value in frame.get(name, "").split(";") if value]
                      for frame in packets]
            for number, frame in enumerate(packets, 1):
                for so_far, until in ((True, number), (False, len(packets))):
                    expected = statistics_of(sum(values[:until], []))
                    found = [frame.get(field) for field in ours(name, so_far)]
                    assert all(map(is_equal, found, expected, [is_span] * 5)), (name, found, expected)
            seen[name] += sum(map(len, values))
    assert all(seen[name] for name in names), seen


def test_a_filter_shows_the_whole_flow(tshark, captures):
    """The question too, whose answer came late."""
    frames = tshark.fields(captures / "sample.pcapng", ("flow.id", "dns.time"), "-2",
                           *chosen("dns.time"), "-Y", "flow.field.dns.time.max > 0.01")
    assert len({frame["flow.id"] for frame in frames}) == 1
    assert [frame for frame in frames if "dns.time" not in frame]


def test_nothing_is_chosen_by_default(tshark, captures):
    assert not [name for name in tshark.field_names if name.startswith("flow.field.")]
    text = tshark.run("-r", captures / "sample.pcapng", "-V", "-O", "flow").stdout
    assert "Field statistics" not in text
    chosen_text = tshark.run("-r", captures / "sample.pcapng", "-V", "-O", "flow",
                             *chosen("tcp.len")).stdout
    assert "Field statistics" in chosen_text


def test_exports_have_columns_of_the_chosen(tshark, captures):
    flow, = tshark.flows(captures / "tcp_plain.pcap", *chosen("tcp.len", "tcp.time_delta"))
    assert [flow[name] for name in ours("tcp.len")] == [11, 0, pytest.approx(1010 / 11), 600, 1010]
    assert flow["flow.field.tcp.time_delta.sum"] == pytest.approx(0.125)


@pytest.mark.parametrize("name", ["no.such", "ip.src", "http.host", "flow.bytes", "tcp.flags.syn"])
def test_what_is_no_number_is_reported_once(tshark, captures, name):
    result = tshark.run("-q", "-r", captures / "tcp_plain.pcap", "-z", "flowstats,json",
                        *chosen(name, "tcp.len", "", name))
    said, = [line for line in result.stderr.splitlines() if name in line]
    assert said == (f"tshark: flowstats: flow.fields: {name} has no statistics: there is no numeric "
                    "field of that name")
    flow = json.loads(result.stdout)
    assert flow["flow.field.tcp.len.max"] == 600
    assert not [key for key in flow if key.startswith(f"flow.field.{name}.")]


def test_no_more_than_sixteen(tshark, captures):
    names = [f"tcp.{name}" for name in (
        "srcport", "dstport", "len", "seq", "seq_raw", "nxtseq", "ack", "ack_raw", "hdr_len",
        "window_size_value", "window_size", "window_size_scalefactor", "checksum",
        "urgent_pointer", "time_relative", "time_delta", "stream")]
    flow, = tshark.flows(captures / "tcp_plain.pcap", *chosen(*names, names[0]))
    found = {name for name in names if f"flow.field.{name}.count" in flow}
    assert found == set(names[:16])


def test_sessions_one_after_another_keep_their_values(tshark, captures):
    """tshark -M begins again, where flows go on and where they end."""
    def sums(*options):
        lines = tshark.run("-n", "-q", *options, "-r", captures / "sample.pcapng", "-z",
                           "flowstats,json", *chosen("ip.ttl")).stdout.splitlines()
        return [flow["flow.field.ip.ttl.sum"] for flow in map(json.loads, lines)
                if "flow.field.ip.ttl.sum" in flow]
    whole = sums()
    assert whole and sorted(sums("-M", "7")) == sorted(whole)
    assert sum(sums("-M", "7", "-o", "flow.carry_over:FALSE")) == sum(whole)


def test_a_stream_says_the_same(tshark, captures):
    def flows(what):
        lines = tshark.run("-n", "-q", "-r", captures / "sample.pcapng", "-z", what,
                           *chosen("ip.ttl", "dns.time")).stdout.splitlines()
        return {flow["flow.id"]: [flow.get(name) for name in (*ours("ip.ttl"), *ours("dns.time"))]
                for flow in map(json.loads, lines)}
    assert flows("flowstats,stream") == flows("flowstats,json")


def test_real_numbers_have_statistics(tshark, save):
    """Milliseconds that pings took: neither the first nor the last is the least or the greatest."""
    from scapy.all import ICMP, IP, Ether
    packets = []
    for number, ms in enumerate((1.0, 0.5, 2.25, 0.75)):
        for kind, time in (8, 0), (0, ms / 1000):
            ends = ("10.0.0.1", "10.0.0.2") if kind == 8 else ("10.0.0.2", "10.0.0.1")
            packets.append(Ether() / IP(src=ends[0], dst=ends[1]) /
                           ICMP(type=kind, id=7, seq=number))
            packets[-1].time = 1000 + number + time
    path, names = save("ping_times.pcap", packets), ours("icmp.resptime")
    for options in (), ("-M", "4"):
        flow, = map(json.loads, tshark.run(
            "-n", "-q", *options, "-r", path, "-z", "flowstats,json",
            *chosen("icmp.resptime")).stdout.splitlines())
        assert [flow[name] for name in names] == pytest.approx([4, 0.5, 1.125, 2.25, 4.5])
    names = tuple(ours("icmp.resptime", so_far=True))
    frames = tshark.fields(path, names, "-2", *chosen("icmp.resptime"))
    assert [[float(frame[name]) for name in names] for frame in frames[1::2]] == [
        pytest.approx(row) for row in ([1, 1, 1, 1, 1], [2, 0.5, 0.75, 1, 1.5],
                                       [3, 0.5, 1.25, 2.25, 3.75], [4, 0.5, 1.125, 2.25, 4.5])]
