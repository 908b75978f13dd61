"""What tunnels carry, computed anew from the frames of all flows: on packets, and as rows."""
import collections
import csv
import io
import re

import pytest

SUMS = ("id", "layers", "flows", "pkts", "wire_bytes", "first_frame", "last_frame")
OURS = tuple(f"flow.tunnel.{name}" for name in SUMS)
WITH_TUNNELS = ("tunnels.pcap", "tunnels_apart.pcap", "tenants_in_turn.pcap", "sample.pcapng",
                "vxlan_flood_and_learn.pcap", "fragmented_tunnel.pcap", "tcp_plain.pcap")


def tunnel_of(vni):
    """The outermost layer with ends: its kind, and the ends in any order."""
    for layer in vni.split(" › "):
        if found := re.fullmatch(r"(\w+)\((?:.*, )?(\S+)↔(\S+)\)", layer):
            return found[1], frozenset(found.groups()[1:])
    return None


def tunnels_of(frames):
    """By tunnel, in the order of their first flows: what a row says, as texts."""
    flows, tunnels = collections.defaultdict(list), {}
    for frame in frames:
        if "flow.id" in frame:
            flows[int(frame["flow.id"])].append(frame)
    for _, packets in sorted(flows.items()):
        tunnel = tunnel_of(packets[0].get("flow.vni", ""))
        if tunnel:
            tunnels.setdefault(tunnel, []).append(packets)
    rows = {}
    for tunnel, of_flows in tunnels.items():
        packets = [frame for packets in of_flows for frame in packets]
        numbers = [int(frame["frame.number"]) for frame in packets]
        rows[tunnel] = tuple(map(str, (
            len(rows), len(of_flows), len(packets), sum(int(frame["frame.len"]) for frame in packets),
            min(numbers), max(numbers))))
    return rows


@pytest.fixture(scope="session")
def frames_of(tshark, captures):
    return lambda capture, *options: tshark.fields(
        captures / capture, ("frame.number", "frame.len", "flow.id", "flow.vni", *OURS), *options)


def rows_in(tshark, capture, *rest):
    text = tshark.run("-n", "-q", "-r", capture, "-z", ",".join(("flowstats,tunnels", *rest))).stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.startswith(",".join(OURS) + "\n")
    return [tuple(row[name] for name in OURS) for row in rows]


@pytest.mark.parametrize("capture", WITH_TUNNELS)
def test_packets_know_what_their_tunnel_carries(frames_of, capture):
    frames = frames_of(capture, "-2")
    expected = tunnels_of(frames)
    assert bool(expected) == (capture != "tcp_plain.pcap")
    of_flow = {}
    for frame in frames:
        if "flow.id" not in frame:
            continue
        tunnel = tunnel_of(of_flow.setdefault(frame["flow.id"], frame.get("flow.vni", "")))
        found = tuple(frame.get(name) for name in OURS)
        if not tunnel:
            assert set(found) == {None}
            continue
        assert (found[0], *found[2:]) == expected[tunnel]
        assert tunnel_of(found[1]) == tunnel


@pytest.mark.parametrize("capture", WITH_TUNNELS)
def test_a_row_a_tunnel(tshark, captures, frames_of, capture):
    found = sorted({tuple(frame[name] for name in OURS) for frame in frames_of(capture, "-2")
                    if "flow.tunnel.id" in frame}, key=lambda row: int(row[0]))
    assert rows_in(tshark, captures / capture) == found


def test_a_filter_selects_what_is_summed(tshark, captures):
    """Three packets in two flows; two of them have the second VNI."""
    capture = captures / "tunnels_apart.pcap"
    (_, _, flows, packets, *_), = rows_in(tshark, capture, "-", "flow.vni.id == 6")
    assert (flows, packets) == ("1", "2")
    assert rows_in(tshark, capture, "-", "frame.number == 0") == []


def test_rows_go_on_from_session_to_session(tshark, captures):
    """tshark -M: the flows of each session that begins anew count once more."""
    capture = captures / "tunnels.pcap"
    text = tshark.run("-n", "-q", "-r", capture, "-M", "10", "-z", "flowstats,tunnels").stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [tuple(row[name] for name in OURS) for row in rows] == rows_in(tshark, capture)


def test_tunnels_are_not_known_on_a_first_pass(frames_of):
    assert not any(name in frame for frame in frames_of("tunnels.pcap") for name in OURS)
