"""Holes, Zeek's verdicts and conn.log, compared with a model that reads tshark's own fields."""
import collections
import json

import pytest

from zeek_model import Connection, Segment, holes

TCP, UDP = "6", "17"
OURS = [f"flow.{reading}{name}" for reading in ("", "sofar.") for name in (
    "zeek.conn_state", "zeek.history", "zeek.missed_bytes", "tcp.up.missed_bytes",
    "tcp.down.missed_bytes", "tcp.up.unique_bytes", "tcp.down.unique_bytes")]
NAMES = ("flow.id", "flow.index", "flow.direction", "flow.proto", "flow.up.frags",
         "flow.down.frags", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.len",
         "tcp.window_size_value", *OURS)


def innermost(frame, name, base=10):
    """The last of several: that of the innermost header."""
    return int(frame.get(name, "0").split(";")[-1], base)


def flows(tshark, path):
    """The frames of each flow, in the order of accounting."""
    found = collections.defaultdict(list)
    for frame in tshark.fields(path, NAMES, "-2"):
        if "flow.id" in frame:
            found[frame["flow.id"]].append(frame)
    return [sorted(frames, key=lambda frame: int(frame["flow.index"]))
            for frames in found.values()]


def has_fragments(frame):
    return frame.get("flow.up.frags", "0") != "0" or frame.get("flow.down.frags", "0") != "0"


def segment(frame):
    return Segment(frame["flow.direction"] == "1", innermost(frame, "tcp.flags", 16),
                   innermost(frame, "tcp.seq_raw"), innermost(frame, "tcp.ack_raw"),
                   innermost(frame, "tcp.len"), innermost(frame, "tcp.window_size_value"))


def said(frame, sofar):
    return {name.replace("flow.sofar.", "flow.", 1): value for name, value in frame.items()
            if name in OURS and name.startswith("flow.sofar.") == sofar}


def is_decoded(frames):
    """Whether tshark says all of each segment; of damaged ones it leaves out a part."""
    return all(name in frame for frame in frames for name in NAMES if name.startswith("tcp."))


def of_tcp(frames):
    """What is to be said after each packet of a connection."""
    connection, segments = Connection(), []
    for frame in frames:
        segments.append(segment(frame))
        connection.add(segments[-1])
        (up_missed, up_unique), (down_missed, down_unique) = (
            holes(segments, down) for down in (False, True))
        said = {"flow.zeek.conn_state": connection.conn_state(),
                "flow.zeek.history": connection.history,
                "flow.zeek.missed_bytes": str(connection.missed),
                "flow.tcp.up.missed_bytes": str(up_missed),
                "flow.tcp.down.missed_bytes": str(down_missed),
                "flow.tcp.up.unique_bytes": str(up_unique),
                "flow.tcp.down.unique_bytes": str(down_unique)}
        yield {name: value for name, value in said.items() if value}


def of_udp(frames):
    """A letter for each side; who sent."""
    history = ""
    for frame in frames:
        letter = "Dd"[int(frame["flow.direction"])]
        history = history or ("^" if letter == "d" else "")
        history += letter * (letter not in history)
        state = "SF" if "D" in history and "d" in history else "S0" if "D" in history else "SHR"
        yield {"flow.zeek.conn_state": state, "flow.zeek.history": history}


def of_others(frames):
    is_ip = "flow.proto" in frames[0]
    return ({"flow.zeek.conn_state": "OTH"} if is_ip else {} for _ in frames)


def compare(tshark, path):
    """Compare both readings of all frames; return how many flows were compared."""
    compared = 0
    for frames in flows(tshark, path):
        protocol = frames[0].get("flow.proto")
        if protocol == TCP and (has_fragments(frames[0]) or not is_decoded(frames)):
            continue
        rule = {TCP: of_tcp, UDP: of_udp}.get(protocol, of_others)
        expected = list(rule(frames))
        for frame, so_far in zip(frames, expected):
            assert said(frame, sofar=True) == so_far, frame
            assert said(frame, sofar=False) == expected[-1], frame
        compared += 1
    return compared


def test_the_model_says_the_same_of_every_packet(tshark, captures, any_capture):
    compare(tshark, captures / any_capture)


# By the source's port: conn_state, history, missed bytes and unique bytes up.
VERDICTS = {
    40000: ("S0", "S", 0, 0),
    40001: ("REJ", "Sr", 0, 0),
    40002: ("S1", "ShA", 0, 0),
    40003: ("SF", "ShAFf", 0, 0),
    40004: ("S2", "ShAF", 0, 0),
    40005: ("S3", "ShAf", 0, 0),
    40006: ("RSTO", "ShAR", 0, 0),
    40007: ("RSTR", "ShADr", 0, 10),
    40008: ("RSTOS0", "SR", 0, 0),
    40009: ("RSTRH", "^hr", 0, 0),
    40010: ("SH", "SF", 0, 0),
    40011: ("SHR", "^hf", 0, 0),
    40012: ("OTH", "Da", 0, 10),
    40013: ("S1", "ShADTaG", 200, 100),
    40014: ("S1", "ShAaGD", 0, 100),
    40015: ("S1", "ShAaw", 0, 0),
}


def test_verdicts(tshark, captures):
    """The last one's hole was filled late: only Zeek still counts it."""
    frames = tshark.fields(captures / "verdicts.pcap", (
        "flow.is_last", "flow.srcport", "flow.zeek.conn_state", "flow.zeek.history",
        "flow.tcp.up.missed_bytes", "flow.tcp.up.unique_bytes", "flow.zeek.missed_bytes"), "-2")
    said = {int(frame["flow.srcport"]): frame for frame in frames if "flow.is_last" in frame}
    assert said.keys() == VERDICTS.keys()
    for port, (state, history, missed, unique) in VERDICTS.items():
        assert said[port]["flow.zeek.conn_state"] == state
        assert said[port]["flow.zeek.history"] == history
        assert said[port]["flow.tcp.up.missed_bytes"] == str(missed)
        assert said[port]["flow.tcp.up.unique_bytes"] == str(unique)
        assert said[port]["flow.zeek.missed_bytes"] == ("100" if port == 40014 else str(missed))


def test_the_packet_that_reset_the_connection(tshark, captures):
    """So far, a verdict is that of the moment."""
    frames = tshark.fields(captures / "verdicts.pcap", ("flow.srcport", "flow.sofar.zeek.conn_state"))
    assert [frame["flow.sofar.zeek.conn_state"] for frame in frames
            if frame["flow.srcport"] == "40006"] == ["S0", "S1", "S1", "RSTO"]


def conn_log(tshark, path, *options, then=""):
    lines = tshark.run("-n", "-q", "-r", path, *options, "-z", f"flowstats,zeek{then}").stdout
    return [json.loads(line) for line in lines.splitlines()]


def test_conn_log(tshark, captures):
    """The connection of tcp_plain: 54 bytes of headers a frame, 14 of them Ethernet's."""
    assert conn_log(tshark, captures / "tcp_plain.pcap") == [{
        "ts": 1700000000.0, "uid": "C0imkfYoMv8UCuKtvT", "id.orig_h": "10.0.0.1",
        "id.orig_p": 40000, "id.resp_h": "10.0.0.2", "id.resp_p": 80, "proto": "tcp",
        "duration": 0.125, "orig_bytes": 10, "resp_bytes": 1000, "conn_state": "SF",
        "missed_bytes": 0, "history": "ShADdFaf", "orig_pkts": 6, "orig_ip_bytes": 6 * 40 + 10,
        "resp_pkts": 5, "resp_ip_bytes": 5 * 40 + 1000, "ip_proto": 6,
        "orig_l2_addr": "02:00:00:00:00:0a", "resp_l2_addr": "02:00:00:00:00:0b",
        "community_id": "1:3k1SoWXs/FltHw2aBCgUTgbDQF4=",
    }]


def test_conn_log_is_of_ip_flows(tshark, captures):
    """ICMP has its types for ports; the last frame, LLDP, is not in it."""
    log = conn_log(tshark, captures / "community_id.pcap")
    flows = tshark.flows(captures / "community_id.pcap")
    assert len(log) == len(flows) - 1
    assert [(flow["id.orig_p"], flow["id.resp_p"]) for flow in log if flow["proto"] == "icmp"] == [
        (8, 0), (11, 0), (135, 136), (3, 0), (1, 4), (128, 129), (133, 134), (134, 133)]
    assert {flow["proto"] for flow in log} == {"tcp", "udp", "icmp", "unknown_transport"}


@pytest.mark.parametrize("capture", ["sample.pcapng", "verdicts.pcap", "community_id.pcap"])
def test_uid_is_the_same_in_every_run(tshark, captures, capture):
    """And no two flows have one; also where a part of the packets is left out."""
    log = conn_log(tshark, captures / capture)
    uids = [flow["uid"] for flow in log]
    assert len(set(uids)) == len(uids)
    assert all(len(uid) == 18 and uid.isalnum() and uid[0] == "C" for uid in uids)
    some = conn_log(tshark, captures / capture, then=",-,flow.index > 1")
    assert {flow["uid"] for flow in some} <= set(uids)


def test_sizes_are_those_that_the_model_says(tshark, captures):
    log = conn_log(tshark, captures / "verdicts.pcap")
    sizes = {flow["id.orig_p"]: (flow["orig_bytes"], flow["resp_bytes"]) for flow in log}
    assert sizes[40003] == (0, 0)  # neither SYN nor FIN is data
    assert sizes[40013] == (300, 0)  # what was missed is in it, what was sent twice is not
    assert sizes[40014] == (100, 0)


def test_without_the_group_nothing_is_made_up(tshark, captures):
    log = conn_log(tshark, captures / "tcp_plain.pcap", "-o", "flow.zeek:FALSE")
    assert [name for flow in log for name in flow if name in (
        "conn_state", "history", "orig_bytes", "missed_bytes")] == []
