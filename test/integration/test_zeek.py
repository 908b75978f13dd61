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
        if protocol == TCP and (has_fragments(frames[0])
                                or not all("tcp.window_size_value" in frame for frame in frames)):
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
