"""A flow among the others, computed anew from the frames of all flows."""
import collections
import struct
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


def test_tenants_with_the_same_ports_follow_nobody(tshark, save):
    """A connection is over when another one begins on its ports in its own network."""
    from scapy.all import IP, TCP, UDP, Ether
    from scapy.layers.vxlan import VXLAN

    def of(tenant, flags, seq, ack=0, down=False):
        ends = [("192.0.2.1", 40000), ("192.0.2.2", 80)][::-1 if down else 1]
        return (Ether() / IP(src="203.0.113.1", dst="203.0.113.2") / UDP(sport=50000, dport=4789) /
                VXLAN(vni=tenant) / Ether() / IP(src=ends[0][0], dst=ends[1][0]) /
                TCP(sport=ends[0][1], dport=ends[1][1], flags=flags, seq=seq, ack=ack))

    names = ("flow.id", "flow.live_tcp", "flow.reuse", "flow.prev_flow")
    packets = [of(10, "S", 100), of(20, "S", 500), of(10, "SA", 900, 101, True),
               of(20, "SA", 1900, 501, True), of(10, "S", 7000), of(20, "R", 501),
               # those that were joined in the middle are open from their second side on
               of(30, "A", 1, 1), of(40, "A", 1, 1), of(40, "A", 1, 1, True), of(30, "A", 1, 1, True)]
    frames = tshark.fields(save("tenants_alike.pcap", packets), names, "-2")
    assert [[frame.get(name, "") for name in names] for frame in frames] == [
        ["0", "1", "0", ""], ["1", "2", "0", ""], ["0", "2", "0", ""], ["1", "2", "0", ""],
        ["2", "2", "1", "0"], ["1", "1", "0", ""], ["3", "1", "0", ""], ["4", "1", "0", ""],
        ["4", "2", "0", ""], ["3", "3", "0", ""]]


SETUP = ("ftp-data.setup-frame", "rtp.setup-frame", "rtcp.setup-frame")


def test_parents_are_what_wireshark_links(tshark, captures, any_capture):
    """Where a dissector shows the frame that set its conversation up, that is a flow's parent."""
    names = ("frame.number", "flow.id", "flow.index", "flow.parent", "flow.parent_frame",
             "flow.children", "flow.tuple", *SETUP)
    frames = [frame for frame in tshark.fields(captures / any_capture, names, "-2")
              if "flow.id" in frame]
    flows = by_flow(frames)
    flow_of = {frame["frame.number"]: frame["flow.id"] for frame in frames}
    for flow, packets in flows.items():
        parents = {(frame.get("flow.parent"), frame.get("flow.parent_frame")) for frame in packets}
        setup = {number for frame in packets for name in SETUP for number in
                 frame.get(name, "").split(";") if flow_of.get(number, str(flow)) != str(flow)}
        (parent, parent_frame), = parents
        assert not setup or setup == {parent_frame}
        assert parent == (parent_frame and flow_of[parent_frame]) != str(flow)
        children = [packets for packets in flows.values()
                    if packets[0].get("flow.parent") == str(flow)]
        assert {frame["flow.children"] for frame in packets} == {str(len(children))}


@pytest.mark.parametrize("capture, parents", [
    ("ftp.pcap", {1: ("0", "6"), 3: ("0", "32")}),
    ("tftp.pcap", {1: ("0", "1")}),
    ("call.pcap", {1: ("0", "1"), 2: ("0", "1")}),
    ("tenants_in_turn.pcap", {}),  # the same ends twice: to Wireshark it is one conversation
    ("port_reuse.pcap", {}),
])
def test_parents(tshark, captures, capture, parents):
    names = ("flow.id", "flow.parent", "flow.parent_frame")
    found = {int(frame["flow.id"]): (frame["flow.parent"], frame["flow.parent_frame"])
             for frame in tshark.fields(captures / capture, names) if "flow.parent" in frame}
    assert found == parents


def sent(*ends, payload, is_lite=False):
    """A packet of UDP from one (address, port) to another, or of UDP-Lite, all of it covered."""
    from scapy.all import IP, UDP, Ether
    source, destination = ends
    return (Ether() / IP(src=source[0], dst=destination[0], proto=136 if is_lite else 17) /
            UDP(sport=source[1], dport=destination[1], len=0 if is_lite else None) / payload)


def invite(caller, called, media):
    """By SIP, to a call whose media are awaited at (address, port)."""
    sdp = (f"v=0\r\no=u 1 1 IN IP4 {media[0]}\r\ns=-\r\nc=IN IP4 {media[0]}\r\nt=0 0\r\n"
           f"m=audio {media[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")
    return sent(caller, called, payload=(
        f"INVITE sip:b@{called[0]} SIP/2.0\r\nVia: SIP/2.0/UDP {caller[0]};branch=z9hG4bK1\r\n"
        f"From: <sip:a@{caller[0]}>;tag=1\r\nTo: <sip:b@{called[0]}>\r\nCall-ID: {caller[0]}\r\n"
        f"CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(sdp)}\r\n\r\n{sdp}"))


REPORT = struct.pack(">BBHIIIIII", 0x80, 200, 6, 1, 1, 2, 3, 4, 5)  # of RTCP
CALLER, CALLED = ("192.0.2.10", 5060), ("198.51.100.20", 5060)


def parents_of(tshark, path):
    frames = tshark.fields(path, ("flow.id", "flow.parent", "flow.parent_frame"))
    return [(frame["flow.id"], frame.get("flow.parent"), frame.get("flow.parent_frame"))
            for frame in frames]


@pytest.mark.parametrize("is_lite", [False, True])
@pytest.mark.parametrize("is_to_be_asked", [False, True])
def test_media_may_begin_at_the_end_that_was_announced(tshark, save, is_to_be_asked, is_lite):
    """It sends first, with its own UDP; RTSP and SIP say where it is to be found."""
    media = "192.0.2.10"
    ends = [(media, 20001), ("198.51.100.20", 30001)][::-1 if is_to_be_asked else 1]
    path = save(f"media_first_{is_to_be_asked}_{is_lite}.pcap", [
        invite(CALLER, CALLED, (media, 20000)), sent(*ends, payload=REPORT, is_lite=is_lite),
        sent(*ends[::-1], payload=REPORT, is_lite=is_lite)])
    assert parents_of(tshark, path) == [("0", None, None), *[("1", "0", "1")] * 2]


def test_of_two_announced_ends_the_one_that_is_sent_to_tells(tshark, save):
    ends = ("192.0.2.10", 20001), ("203.0.113.30", 30001)
    for asked in (ends, ends[::-1]):
        path = save(f"both_announced_{asked[0][1]}.pcap", [
            invite(CALLER, CALLED, ("192.0.2.10", 20000)),
            invite(("203.0.113.30", 5060), CALLED, ("203.0.113.30", 30000)),
            sent(*asked, payload=REPORT)])
        announced = "2" if asked == ends else "1"
        *_, parents = parents_of(tshark, path)
        assert parents == ("2", str(int(announced) - 1), announced)


def test_subflows_have_the_stream_of_their_connection(tshark, captures):
    """Wireshark shows it on segments with the option."""
    frames = tshark.fields(captures / "mptcp.pcap", ("flow.id", "flow.mptcp.stream", "mptcp.stream"),
                           "-2")
    assert {(frame["flow.id"], frame.get("flow.mptcp.stream")) for frame in frames} == {
        ("0", "0"), ("1", None), ("2", "0"), ("3", "1")}
    shown = [frame for frame in frames if "mptcp.stream" in frame]
    assert len(shown) >= 7
    assert all(frame["mptcp.stream"] == frame["flow.mptcp.stream"] for frame in shown)


@pytest.mark.parametrize("capture", ["mptcp.pcap", "tcp_plain.pcap"])
def test_a_stream_is_known_in_the_tree(tshark, captures, capture):
    text = tshark.run("-2", "-r", captures / capture, "-V", "-O", "flow").stdout
    assert "TCP stream: 0" in text and "MPTCP" not in text
    text = tshark.run("-2", "-r", captures / capture, "-V", "-O", "flow", "-Y",
                      "flow.mptcp.stream").stdout
    assert ("MPTCP stream: 1" in text) == (capture == "mptcp.pcap")


@pytest.mark.parametrize("group, fields", [
    ("among", ("reuse", "prev_flow", "parent", "parent_frame", "children", "rank", "live")),
    ("mptcp", ("mptcp.stream",)), ("tunnel", ("tunnel.id", "tunnel.flows")),
    ("community_id", ("community_id",)), ("turns", ("response.time", "response.answer_frame"))])
@pytest.mark.parametrize("capture", ["ftp.pcap", "mptcp.pcap", "tunnels.pcap"])
def test_a_group_that_is_off_says_nothing(tshark, captures, group, fields, capture):
    names = ("flow.id", *(f"flow.{name}" for name in fields))
    frames = tshark.fields(captures / capture, names, "-2", "-o", f"flow.{group}:FALSE")
    assert frames and not any(name in frame for frame in frames for name in names[1:])
