"""Distributions: a flow at each limit of a band, and one just below it."""
import collections
import re

import pytest
from scapy.all import DNS, DNSQR, IP, TCP, UDP

from recipes import A, B, START, eth

UNITS = {"": 1, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9, "kB": 1e3, "MB": 1e6, "GB": 1e9}
NO_TIMEOUTS = ("-o", "flow.idle_timeout:0", "-o", "flow.active_timeout:0")
TIMES = (1_000, 10_000, 50_000, 100_000, 300_000, 1_000_000)  # µs, as all below


def at(microseconds, packet):
    packet = eth(packet)
    packet.time = START + microseconds / 1e6
    return packet


def handshake(port, net, user):
    up, down = {"sport": port, "dport": 80}, {"sport": 80, "dport": port}
    return [at(0, IP(src=A, dst=B) / TCP(**up, flags="S", seq=100)),
            at(net, IP(src=B, dst=A) / TCP(**down, flags="SA", seq=500, ack=101)),
            at(net + user, IP(src=A, dst=B) / TCP(**up, flags="A", seq=101, ack=501))]


def handshakes():
    """Each round trip to the responder at a limit or below it; those to the initiator differ."""
    return [packet for i, limit in enumerate(TIMES) for below in (0, 1)
            for packet in handshake(40000 + 2 * i + below, limit - below, 7_000 * i + 3)]


def datagrams(port, sizes, spacing=0):
    return [at(spacing * i, IP(src=A, dst=B) / UDP(sport=port, dport=9999) / bytes(size - 42))
            for i, size in enumerate(sizes)]


def long_and_short():
    limits = (1_000, 10_000, 100_000, 10**6, 10**7, 60 * 10**6, 3600 * 10**6)
    return [packet for i, limit in enumerate(limits) for below in (0, 1)
            for packet in datagrams(40000 + 2 * i + below, (60, 60), limit - below)]


def large_and_small():
    sizes = [(999,), (1000,), (9999,), (10000,), (50000, 49999), (50000, 50000)]
    return [packet for i, of_one in enumerate(sizes) for packet in datagrams(40000 + i, of_one)]


def many_and_few():
    return [packet for i, count in enumerate((1, 2, 3, 9, 10, 99, 100, 999, 1000))
            for packet in datagrams(40000 + i, count * [60])]


def limits_of(label):
    """The numbers of a band: from one on, below the other."""
    numbers = [(float(number), unit) for number, unit in re.findall(r"([\d.]+) ?(\w*)?", label)
               if unit in UNITS or not unit or unit in ("to", "and")]
    numbers = [(number, unit if unit in UNITS else "") for number, unit in numbers]
    low, high = numbers[0], numbers[-1]
    unit = low[1] or high[1]
    if label.startswith("under"):
        return 0, low[0] * UNITS[unit]
    if label.endswith("and more"):
        unit = re.search(r"(\w*) and more", label)[1]
        return low[0] * UNITS.get(unit, 1), float("inf")
    if len(numbers) == 1:
        return low[0], low[0] + 1
    return low[0] * UNITS[unit], high[0] * UNITS[high[1]] + (0 if high[1] else 1)


def bands(text, division):
    """The rows of a part of a tree: what each is called, and how many it counts."""
    rows = re.search(rf"^{division}  .*\n((?: .*\n)*)", text, re.M)[1]
    return [(label.strip(), int(count)) for label, count in re.findall(r"^ +(\S.*?)  +(\d+) ", rows,
                                                                       re.M)]


@pytest.mark.parametrize("packets, tree, division, field, factor", [
    (handshakes, "rtt", "RTT", "flow.tcp.rtt", 1e9),
    (handshakes, "rtt", "RTT to the responder", "flow.tcp.rtt_net", 1e9),
    (handshakes, "rtt", "RTT to the initiator", "flow.tcp.rtt_user", 1e9),
    (long_and_short, "sizes", "Duration", "flow.duration", 1e9),
    (large_and_small, "sizes", "Bytes", "flow.bytes", 1),
    (many_and_few, "sizes", "Packets", "flow.pkts", 1)])
def test_bands_begin_at_their_limits(tshark, save, packets, tree, division, field, factor):
    capture = save(f"{packets.__name__}.pcap", packets(), nano=True)
    text = tshark.run("-n", "-q", "-r", capture, *NO_TIMEOUTS, "-z",
                      f"flowstats.{tree},tree").stdout
    values = [round(flow[field] * factor) for flow in tshark.flows(capture, *NO_TIMEOUTS)]
    found = bands(text, division)
    assert sum(count for _, count in found) == len(values) > 0
    for label, count in found:
        low, high = limits_of(label)
        assert count == sum(low <= value < high for value in values), label


def test_a_negative_time_is_in_no_band(tshark, save):
    """The final ACK is stamped before the SYN-ACK: one clock, two threads."""
    capture = save("backwards.pcap", handshake(40000, 20_000, -5_000))
    flow, = tshark.flows(capture)
    text = tshark.run("-n", "-q", "-r", capture, "-z", "flowstats.rtt,tree").stdout
    for name, division in (("rtt_net", "RTT to the responder"), ("rtt_user", "RTT to the initiator"),
                           ("rtt", "RTT")):
        in_bands = sum(count for _, count in bands(text, division))
        assert in_bands == (flow.get(f"flow.tcp.{name}", -1) >= 0), name


def tree_of(text):
    """A tree's rows by their indentation: {division: {row: count or {band: count}}}."""
    divisions, above = {}, {}
    for indent, name, count in re.findall(r"^( *)(\S.*?)  +(\d+)\b", text, re.M):
        depth = {0: 0, 1: 1}.get(len(indent), 2)
        above = {level: row for level, row in above.items() if level < depth} | {depth: name}
        divisions[tuple(above[level] for level in sorted(above))] = int(count)
    return divisions


def answers():
    """DNS, and a protocol without a name: an answer at each limit of the bands, and one below it."""
    packets = []
    for i, limit in enumerate(TIMES):
        for below in (0, 1):
            for ours, server in ((40000, 53), (41000, 9999)):
                port = ours + 2 * i + below
                message = DNS(id=port, qd=DNSQR(qname="a.example")) if server == 53 else b"what"
                packets += [at(0, IP(src=A, dst=B) / UDP(sport=port, dport=server) / message),
                            at(limit - below, IP(src=B, dst=A) / UDP(sport=server, dport=port)
                               / message)]
    return packets


def connections():
    """A handshake, and an answer after as long again as the way to the server takes."""
    packets = []
    for i, limit in enumerate(TIMES):
        port = 40000 + i
        packets += [*handshake(port, 10_000 * (i % 2), 1_000), at(20_000, IP(src=A, dst=B) / TCP(
            sport=port, dport=80, flags="PA", seq=101, ack=501) / b"GET / HTTP/1.1\r\n\r\n"), at(
                20_000 + limit, IP(src=B, dst=A) / TCP(sport=80, dport=port, flags="PA", seq=501,
                                                      ack=119)
                / b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    return packets


@pytest.mark.parametrize("packets", [answers, connections, None])
def test_response_times_are_by_application(tshark, save, captures, packets):
    capture = (save(f"{packets.__name__}.pcap", packets(), nano=True) if packets
               else captures / "sample.pcapng")
    tree = tree_of(tshark.run("-n", "-q", "-r", capture, "-z", "flowstats.responses,tree").stdout)
    flows = tshark.flows(capture, "-o", "flow.columns:core,app,turns,tcp")
    apps = {flow.get("flow.app", "-") for flow in flows}
    for app in apps | {None}:
        of_app = [flow for flow in flows if app in (flow.get("flow.app", "-"), None)]
        row = () if app is None else (app,)
        assert tree.get(("Answers", *row), 0) == sum(
            flow.get("flow.response.count", 0) for flow in of_app)
        for division, field in (("Response time", "response.mean"), ("Network", "tcp.rtt_net"),
                                ("Server", "response.server")):
            values = [round(1e9 * flow[f"flow.{field}"]) for flow in of_app if f"flow.{field}" in flow]
            assert tree.get((division, *row), 0) == len(values)
            for found, count in tree.items():
                if found[:-1] == (division, *row) and app:
                    low, high = limits_of(found[-1])
                    assert count == sum(low <= value < high for value in values), found
            bands_of = [count for found, count in tree.items() if found[:-1] == (division, *row)]
            assert sum(bands_of) == len(values)
    assert packets is not answers or {app for app in apps} == {"dns", "-"}
    assert tree["Response time",] > 0


@pytest.mark.parametrize("tree, field, capture", [
    ("conn_states", "flow.zeek.conn_state", "verdicts.pcap"),
    ("conn_states", "flow.zeek.conn_state", "sample.pcapng"),
    ("hosts", "flow.host", "sample.pcapng")])
def test_trees_of_texts_count_flows(tshark, captures, tree, field, capture):
    text = tshark.run("-n", "-q", "-r", captures / capture, "-z", f"flowstats.{tree},tree").stdout
    rows = {name[1]: count for name, count in tree_of(text).items() if len(name) == 2}
    flows = tshark.flows(captures / capture, "-o", f"flow.columns:{field}")
    assert rows == collections.Counter(flow[field] for flow in flows if field in flow)
    assert rows and sum(rows.values()) == tree_of(text)[next(iter(tree_of(text)))]
