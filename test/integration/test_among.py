"""A flow among the others, computed anew from the frames of all flows."""
import collections
from fractions import Fraction

import pytest

OPEN = {str(state) for state in range(1, 7)}
FIELDS = ("flow.id", "flow.index", "flow.rank", "flow.share", "flow.live", "flow.live_tcp",
          "flow.reuse", "flow.prev_flow", "frame.len", "frame.number", "flow.sofar.tcp.state")


@pytest.fixture(scope="session")
def frames_of(tshark, captures):
    return lambda capture: [frame for frame in tshark.fields(captures / capture, FIELDS, "-2")
                            if "flow.id" in frame]


def by_flow(frames):
    flows = collections.defaultdict(list)
    for frame in frames:
        flows[int(frame["flow.id"])].append(frame)
    return {flow: sorted(packets, key=lambda frame: int(frame["flow.index"]))
            for flow, packets in sorted(flows.items())}


def test_rank_and_share_are_by_bytes(frames_of, any_capture):
    flows = by_flow(frames_of(any_capture))
    sizes = {flow: sum(int(frame["frame.len"]) for frame in packets)
             for flow, packets in flows.items()}
    order = sorted(sizes, key=lambda flow: (-sizes[flow], flow))
    total = sum(sizes.values())
    for flow, packets in flows.items():
        for frame in packets:
            assert int(frame["flow.rank"]) == order.index(flow) + 1
            share = Fraction(100 * sizes[flow], total)
            assert float(frame["flow.share"]) == pytest.approx(float(share), rel=1e-5)


def test_live_flows_have_begun_and_are_not_over(frames_of, any_capture):
    frames = frames_of(any_capture)
    spans = [(int(packets[0]["frame.number"]), int(packets[-1]["frame.number"]))
             for packets in by_flow(frames).values()]
    for frame in frames:
        number = int(frame["frame.number"])
        assert int(frame["flow.live"]) == sum(first <= number <= last for first, last in spans)


def test_open_connections_are_those_whose_state_is_one_of_an_open_one(frames_of, any_capture):
    frames = frames_of(any_capture)
    followed = {frame["flow.prev_flow"]: int(frame["frame.number"])
                for frame in frames if frame["flow.index"] == "1" and "flow.prev_flow" in frame}
    states = {}
    for frame in sorted(frames, key=lambda frame: int(frame["frame.number"])):
        if "flow.sofar.tcp.state" in frame:
            states[frame["flow.id"]] = frame["flow.sofar.tcp.state"]
        number = int(frame["frame.number"])
        live = [flow for flow, state in states.items()
                if state in OPEN and followed.get(flow, number + 1) > number]
        assert int(frame["flow.live_tcp"]) == len(live), frame["frame.number"]


def test_who_had_the_ports_before(frames_of):
    flows = by_flow(frames_of("port_reuse.pcap"))
    assert [packets[0].get("flow.prev_flow") for packets in flows.values()][0] is None
    assert any("flow.prev_flow" in packets[0] for packets in flows.values())
    for flow, packets in flows.items():
        before = int(packets[0]["flow.reuse"])
        assert ("flow.prev_flow" in packets[0]) == (before > 0)
        if before:
            previous = int(packets[0]["flow.prev_flow"])
            assert previous < flow
            assert int(flows[previous][0]["flow.reuse"]) == before - 1
