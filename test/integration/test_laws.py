"""What holds for every frame of every capture."""
import collections

import pytest

from conformance_rules import is_group

# What the flow is known to have so far: a later packet may add to it.
GROWING = {"flow.vni.id", "flow.eth.src", "flow.eth.dst"}
# Fragments that wait for their first one, and are accounted after their own frame.
WAITING = {"fragments_reversed.pcap": {1, 2, 4, 5}, "fragments_first_missing.pcap": {1, 2},
           "tcp_analysis_in_fragments.pcap": {7, 10, 11}, "fragmented_tunnel.pcap": {5}}


@pytest.fixture(scope="session")
def whole_names(tshark, captures):
    """Of the whole flow: unknown on a first dissection, and no matter of one packet."""
    header = tshark.all_columns(captures / "empty.pcap")
    return tshark.later_names & set(header.strip().split(","))


@pytest.fixture(scope="session")
def passes(tshark, captures, decoded):
    """Our fields of all frames of a capture, in one pass and in two."""
    def read(capture):
        return (tshark.fields(captures / capture, tshark.field_names),
                [{name: value for name, value in frame.items() if name.startswith("flow.")}
                 for frame in decoded(capture)])
    return read


def by_flow(frames):
    """The frames of each flow, in the order of accounting."""
    flows = collections.defaultdict(list)
    for number, frame in enumerate(frames, 1):
        if "flow.id" in frame:
            flows[frame["flow.id"]].append((int(frame["flow.index"]), number, frame))
    return {flow: sorted(packets, key=lambda packet: packet[0])
            for flow, packets in flows.items()}


def test_one_pass_equals_two(tshark, passes, any_capture):
    one, two = passes(any_capture)
    assert len(one) == len(two)
    for number, (first, second) in enumerate(zip(one, two), 1):
        if number in WAITING.get(any_capture, ()):
            assert first == {}
            continue
        known_at_once = {name: value for name, value in second.items()
                         if name not in GROWING | tshark.later_names}
        assert known_at_once == {name: value for name, value in first.items()
                                 if name not in GROWING}, f"frame {number}"
        for name in GROWING & set(first):
            assert set(first[name].split(";")) <= set(second[name].split(";")), f"frame {number}"


def test_last_packet_has_seen_the_whole_flow(passes, any_capture):
    _, frames = passes(any_capture)
    for packets in by_flow(frames).values():
        last = packets[-1][2]
        assert last["flow.is_last"] == "1"
        for name, value in last.items():
            if name.startswith("flow.sofar.") and name != "flow.sofar.icmp_errors":
                assert last[name.replace("sofar.", "")] == value, name


def test_whole_values_are_the_same_on_every_packet(whole_names, passes, any_capture):
    _, frames = passes(any_capture)
    for packets in by_flow(frames).values():
        wholes = [{name: value for name, value in frame.items() if name in whole_names}
                  for _, _, frame in packets]
        assert wholes[0] and all(whole == wholes[0] for whole in wholes)


def test_links_lead_along_the_flow(passes, any_capture):
    _, frames = passes(any_capture)
    for packets in by_flow(frames).values():
        assert [index for index, _, _ in packets] == list(range(1, len(packets) + 1))
        numbers = [str(number) for _, number, _ in packets]
        for i, (_, _, frame) in enumerate(packets):
            assert frame["flow.first_frame"] == numbers[0]
            assert frame["flow.last_frame"] == numbers[-1]
            assert frame.get("flow.prev_frame") == (numbers[i - 1] if i else None)
            assert frame.get("flow.next_frame") == (numbers[i + 1] if i + 1 < len(numbers)
                                                    else None)
            assert ("flow.is_first" in frame) == (i == 0)
            assert ("flow.is_last" in frame) == (i + 1 == len(numbers))


def test_parts_sum_to_the_whole(decoded, any_capture):
    frames = decoded(any_capture)
    wire, captured = collections.Counter(), collections.Counter()
    for frame in frames:
        if "flow.id" in frame:
            wire[frame["flow.id"]] += int(frame["frame.len"])
            captured[frame["flow.id"]] += int(frame["frame.cap_len"])
    for flow, packets in by_flow(frames).items():
        whole = packets[0][2]
        assert int(whole["flow.wire_bytes"]) == wire[flow]
        assert int(whole["flow.bytes"]) == captured[flow]
        assert int(whole["flow.pkts"]) == len(packets)
        for leaf in ("pkts", "bytes", "wire_bytes", "payload_bytes"):
            assert int(whole[f"flow.{leaf}"]) == (int(whole[f"flow.up.{leaf}"])
                                                  + int(whole[f"flow.down.{leaf}"]))


@pytest.mark.parametrize("capture", [
    "fragments", "fragments_reversed", "fragments_first_missing", "fragments_last_missing",
    "fragments_id_reused", "fragments_overlapping", "fragments_vlan", "tcp_plain",
    "unfinished_xmpp"])
def test_reassembly_changes_no_number(tshark, captures, passes, capture):
    any_capture = f"{capture}.pcap"
    off = [argument for name in ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams")
           for argument in ("-o", f"{name}:FALSE")]
    assert tshark.fields(captures / any_capture, tshark.field_names, "-2",
                         *off) == passes(any_capture)[1]


def innermost(frame, name):
    return frame[name].split(";")[-1] if name in frame else None


def ends(frame, source, destination):
    """The sender's and the receiver's value of a pair of our fields."""
    pair = frame.get(source), frame.get(destination)
    return pair[::-1] if frame["flow.direction"] == "1" else pair


# Samples that sFlow quotes, and routing headers that change the ends of a packet.
OTHER_ENDS = ("sampled.pcap", "routes.pcap")


def test_no_source_is_a_group(passes, any_capture):
    """Unless that address sent the flow's first packet."""
    _, frames = passes(any_capture)
    for packets in by_flow(frames).values():
        first = packets[0][2]
        assert not is_group(first, "src") or first["flow.direction"] == "0"


def test_walk_equals_decode(decoded, any_capture):
    compared = 0
    if any_capture in OTHER_ENDS:
        pytest.skip("the innermost addresses decoded are not those that Wireshark shows")
    for number, frame in enumerate(decoded(any_capture), 1):
        is_error = frame.get("icmp.type") in ("3", "11") or frame.get("icmpv6.type") in ("1", "3")
        if "flow.proto" not in frame or is_error:
            continue
        family = "ip" if "flow.ip.src" in frame else "ipv6"
        assert ends(frame, f"flow.{family}.src", f"flow.{family}.dst") == (
            innermost(frame, f"{family}.src"), innermost(frame, f"{family}.dst")), number
        way = "down" if frame["flow.direction"] == "1" else "up"
        for protocol, number_of in (("tcp", "6"), ("udp", "17"), ("sctp", "132")):
            if frame["flow.proto"] == number_of and f"{protocol}.srcport" in frame:
                assert ends(frame, "flow.srcport", "flow.dstport") == (
                    innermost(frame, f"{protocol}.srcport"),
                    innermost(frame, f"{protocol}.dstport")), number
        if "tcp.len" in frame:
            assert frame[f"flow.sofar.{way}.seq"] == innermost(frame, "tcp.seq_raw"), number
        if family == "ip" and innermost(frame, "ip.flags.df") == "0":
            identification = int(innermost(frame, "ip.id"), 16)
            if frame["flow.up.frags"] == frame["flow.down.frags"] == "0":
                assert int(frame[f"flow.sofar.{way}.ip_id"]) == identification, number
        compared += 1
    assert compared or any_capture in ("empty.pcap", "link_layer.pcap", "usb.pcap",
                                        "bluetooth.pcap", "link_headers_arp.pcapng",
                                        "link_unknown.pcap")


def test_payload_equals_decode(decoded, any_capture):
    """A packet's payload is what it adds to the payload of its flow's direction so far."""
    if any_capture in OTHER_ENDS:
        pytest.skip("the innermost lengths decoded are not those of the flow's packets")
    before = collections.Counter()
    for number, frame in enumerate(decoded(any_capture), 1):
        if {frame.get("flow.up.frags"), frame.get("flow.down.frags")} != {"0"}:
            continue
        way = "down" if frame["flow.direction"] == "1" else "up"
        so_far = int(frame[f"flow.sofar.{way}.payload_bytes"])
        payload = so_far - before[frame["flow.id"], way]
        before[frame["flow.id"], way] = so_far
        if "tcp.len" in frame:
            assert payload == int(innermost(frame, "tcp.len")), number
        elif frame.get("flow.proto") == "17" and "udp.length" in frame \
                and any_capture != "udp_lengths.pcap":
            stated = int(innermost(frame, "udp.length"))
            if stated or "flow.ip.src" in frame:  # 0 in IPv6 means the IP payload
                assert payload == max(0, stated - 8), number


def test_flows_equal_tcp_streams(decoded, any_capture):
    """One to one, wherever one TCP header is in a frame.

    But from 4.4 on a stream begins also at a SYN that repeats its number after the end, at each SYN
    between an end and itself, and at the SYN-ACK after one that answered another SYN.
    """
    if any_capture == "syn_ack_of_another_number.pcap":
        pytest.skip("a connection of two streams from 4.4 on")
    if any_capture in ("tenants_in_turn.pcap", "answer_to_nobody_here.pcap"):
        pytest.skip("tunnels with different identifiers have the same addresses and ports")
    streams, flows, states = {}, {}, {}
    for frame in decoded(any_capture):
        stream = frame.get("tcp.stream", ";")
        if ";" in stream or "flow.id" not in frame or frame.get("flow.proto") != "6":
            continue
        assert streams.setdefault(stream, frame["flow.id"]) == frame["flow.id"]
        source, destination = frame["flow.tuple"].split()[1:4:2]
        ended = {states.get(frame["flow.id"]), frame["flow.sofar.tcp.state_name"]} & {
            "FinWait", "CloseWait", "Closing", "Closed", "Reset"}
        states[frame["flow.id"]] = frame["flow.sofar.tcp.state_name"]
        if frame.get("tcp.flags.syn") == "1" and (ended or source == destination):
            flows[frame["flow.id"]] = stream
        assert flows.setdefault(frame["flow.id"], stream) == stream


def test_the_stream_is_that_of_the_first_packet(decoded, any_capture):
    """One of its streams, where a tunnel's is there, too; absent where TCP did not read it whole."""
    frames = [frame for frame in decoded(any_capture) if "flow.id" in frame]
    firsts = {frame["flow.id"]: frame for frame in frames if frame.get("flow.index") == "1"}
    for frame in frames:
        first = firsts.get(frame["flow.id"])
        if first is None or frame.get("flow.proto") != "6":
            assert first is None or "flow.tcp.stream" not in frame
            continue
        stream, streams = frame.get("flow.tcp.stream"), first.get("tcp.stream", "").split(";")
        assert stream == first.get("flow.tcp.stream")
        assert stream is None or stream in streams, frame["frame.number"]
        is_whole = streams != [""] and any_capture not in CUT
        assert (stream is not None) == is_whole, frame["frame.number"]


# Wireshark has a stream, and no verdict on a segment whose header was not captured whole.
CUT = ("malformed.pcap",)


# Where Wireshark counts from the other side's SYN, to a RST that refused, to an ACK below the number.
MEASURED_OTHERWISE = ("simultaneous_open.pcap", "refused_then_accepted.pcap", "resets.pcap",
                      "syn_ack_of_another_number.pcap")


def test_rtt_equals_initial_rtt(decoded, any_capture):
    if any_capture in MEASURED_OTHERWISE:
        return
    for frame in decoded(any_capture):
        ours, wiresharks = frame.get("flow.tcp.rtt"), frame.get("tcp.analysis.initial_rtt")
        if ours and wiresharks and ";" not in wiresharks:
            assert float(ours) == pytest.approx(float(wiresharks), abs=1e-9)
