"""Flows are written when they end, and go on from file to file of one run."""
import json
import os
import re
import shlex
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from scapy.all import ICMP, IP, TCP, UDP, Ether, IPerror, PcapWriter, Raw, UDPerror

from tshark import TOP

TIMEOUTS = ("-o", "flow.idle_timeout:2", "-o", "flow.active_timeout:5")


def stream(tshark, capture, *options, what="stream", rc=0):
    result = tshark.run("-n", "-q", "-r", capture, *options, "-z", f"flowstats,{what}", rc=rc)
    return [json.loads(line) for line in result.stdout.splitlines()]


# What Wireshark itself begins anew with each file: its analysis of TCP and its numbers.
WIRESHARKS = "flow.tcp.analysis", "flow.tcp.stream", "flow.mptcp.stream"


def without(flow, *names):
    """No field whose name begins so."""
    return {name: value for name, value in flow.items() if not name.startswith(names)}


def as_multiset(flows, *but):
    return Counter(json.dumps(without(flow, "flow.id", *but), sort_keys=True) for flow in flows)


def packet(at, *layers):
    """Seconds after some instant."""
    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    for layer in layers:
        frame /= layer
    frame.time = 1_700_000_000 + at
    return frame


def udp(at, sport, size=10, back=False):
    ends = ("10.0.0.2", "10.0.0.1") if back else ("10.0.0.1", "10.0.0.2")
    ports = (9000, sport) if back else (sport, 9000)
    return packet(at, IP(src=ends[0], dst=ends[1]), UDP(sport=ports[0], dport=ports[1]),
                  Raw(b"x" * size))


def tcp(at, flags, seq=100, ack=500, sport=40000, back=False):
    ends = ("10.0.0.2", "10.0.0.1") if back else ("10.0.0.1", "10.0.0.2")
    ports = (80, sport) if back else (sport, 80)
    return packet(at, IP(src=ends[0], dst=ends[1]),
                  TCP(sport=ports[0], dport=ports[1], flags=flags, seq=seq,
                      ack=ack if "A" in flags else 0))


def closed(at, sport=40000):
    """A connection that is Closed 3 seconds later."""
    return [tcp(at, "S", 100, sport=sport), tcp(at, "SA", 500, 101, sport, True),
            tcp(at, "A", 101, 501, sport), tcp(at + 3, "FA", 101, 501, sport),
            tcp(at + 3, "FA", 501, 102, sport, True), tcp(at + 3, "A", 102, 502, sport)]


def pairs(flows, *names):
    return [tuple(flow.get(f"flow.{name}") for name in names) for flow in flows]


# The stream is an export

def test_all_that_is_streamed_is_exported(tshark, captures):
    """With the same timeouts; in these captures nothing comes later than the linger."""
    for capture in sorted(captures.glob("*.pcap*")):
        expected = as_multiset(tshark.flows(capture, *TIMEOUTS))
        assert as_multiset(stream(tshark, capture, *TIMEOUTS)) == expected, capture.name


@pytest.mark.parametrize("name", ["tcp_plain", "port_reuse", "pings", "icmp_errors", "fragments",
                                  "fragments_reversed", "reset", "half_close"])
@pytest.mark.parametrize("what", ["stream", "json"])
def test_sessions_make_no_difference(tshark, captures, name, what):
    capture = captures / f"{name}.pcap"
    expected = as_multiset(tshark.flows(capture, *TIMEOUTS), *WIRESHARKS)
    for frames in (1, 3):
        flows = stream(tshark, capture, *TIMEOUTS, "-M", frames, what=what)
        assert as_multiset(flows, *WIRESHARKS) == expected, frames


@pytest.mark.parametrize("display_filter", ["tcp.len>0", "tcp.flags.syn==1", "frame.number>4",
                                            "flow.direction==1"])
@pytest.mark.parametrize("sessions", [(), ("-M", "100000"), ("-M", "2")])
def test_a_filter_selects_packets(tshark, captures, display_filter, sessions):
    if sessions[1:] == ("2",) and display_filter.startswith("frame"):
        pytest.skip("frames are numbered anew")
    capture = captures / "port_reuse.pcap"
    expected = stream(tshark, capture, what=f"json,-,{display_filter}")
    assert expected
    for what in ("stream", "json"):
        flows = stream(tshark, capture, *sessions, what=f"{what},-,{display_filter}")
        assert as_multiset(flows, *WIRESHARKS) == as_multiset(expected, *WIRESHARKS), what


def test_long_flows_with_errors_and_filters(tshark, save):
    """More packets than are kept of a flow; every third one has an ICMP error."""
    packets = []
    for number in range(2000):
        packets.append(udp(number * 0.01, 5000 + number % 3, size=number % 50 + 1,
                           back=number % 7 == 3))
        if number % 3 == 0:
            quoted = packets[-1]
            packets.append(packet(number * 0.01, IP(src=quoted[IP].dst, dst=quoted[IP].src),
                                  ICMP(type=3, code=3),
                                  IPerror(src=quoted[IP].src, dst=quoted[IP].dst),
                                  UDPerror(sport=quoted[UDP].sport, dport=quoted[UDP].dport)))
    path = save("long.pcap", packets)
    for what in ("", ",-,udp.length>20", ",-,icmp"):
        expected = as_multiset(stream(tshark, path, what=f"json{what}"))
        assert expected
        for sessions in ((), ("-M", "700")):
            assert as_multiset(stream(tshark, path, *sessions, what=f"stream{what}")) == expected
            assert as_multiset(stream(tshark, path, *sessions, what=f"json{what}")) == expected


def test_errors_without_packets_are_not_kept_for_ever(tshark, save):
    def error(at):
        return packet(at, IP(src="10.0.0.2", dst="10.0.0.1"), ICMP(type=3, code=3),
                      IPerror(src="10.0.0.1", dst="10.0.0.2"), UDPerror(sport=5000, dport=9000))
    path = save("errors_only.pcap", [udp(0, 5000), *(error(n * 0.001) for n in range(1500)),
                                     udp(2, 5000)])
    flows = stream(tshark, path)
    assert sorted(pairs(flows, "proto", "pkts", "icmp_errors")) == [(1, 1500, 0), (17, 2, 1500)]


# When flows end

def test_the_order_is_that_of_their_ends(tshark, save):
    """5 seconds of silence for what is closed, the idle timeout for the others."""
    path = save("ends.pcap", [
        udp(0, 5000),          # idle at 20
        *closed(1),            # closed at 4, told at 9
        udp(8, 5001),
        udp(9.5, 5002),
        udp(21, 5003), udp(25, 5001, back=True)])
    flows = stream(tshark, path, "-o", "flow.idle_timeout:20")
    assert pairs(flows, "srcport", "end_reason", "pkts") == [
        (40000, 3, 6), (5000, 1, 1), (5002, 4, 1), (5003, 4, 1), (5001, 4, 2)]


def test_late_segments_are_of_the_connection_for_five_seconds(tshark, save):
    """Later ones begin a flow that keeps its direction."""
    late = save("late.pcap", [*closed(0), tcp(7.9, "RA", 502, 102, back=True)])
    assert pairs(stream(tshark, late), "pkts", "end_reason") == [(7, 3)]
    later = save("later.pcap", [*closed(0), udp(8.5, 5000), tcp(9, "RA", 502, 102, back=True)])
    assert pairs(stream(tshark, later), "srcport", "pkts", "up.pkts", "end_reason") == [
        (40000, 6, 4, 3), (5000, 1, 1, 4), (40000, 1, 0, 3)]


def test_what_goes_on_after_a_timeout_keeps_its_direction(tshark, save):
    """Though the flow before was written long before; the rules would say otherwise."""
    path = save("goes_on.pcap", [udp(0, 10000), udp(30, 5000), udp(60, 10000, back=True)])
    flows = stream(tshark, path, "-o", "flow.idle_timeout:20")
    assert pairs(flows, "srcport", "up.pkts", "down.pkts", "end_reason") == [
        (10000, 1, 0, 1), (5000, 1, 0, 1), (10000, 0, 1, 4)]


def test_a_new_connection_ends_the_one_before(tshark, save):
    path = save("again.pcap", [tcp(0, "S", 100), tcp(1, "S", 9000), udp(2, 5000)])
    assert pairs(stream(tshark, path), "srcport", "end_reason") == [(40000, 3), (40000, 4),
                                                                   (5000, 4)]


@pytest.mark.parametrize("most, expected", [
    (1, [(1, 1, 5), (2, 1, 5), (1, 1, 5), (3, 1, 4)]), (2, [(2, 1, 5), (1, 2, 4), (3, 1, 4)]),
    (3, [(1, 2, 4), (2, 1, 4), (3, 1, 4)])])
def test_the_longest_silent_ends_where_there_are_too_many(tshark, save, most, expected):
    path = save("many.pcap", [udp(at, port) for at, port in ((0, 1), (1, 2), (2, 1), (3, 3))])
    flows = stream(tshark, path, "-o", f"flow.max_open:{most}")
    assert sorted(pairs(flows, "srcport", "pkts", "end_reason")) == sorted(expected)


def test_what_comes_last_is_said_once(tshark, captures):
    capture = captures / "tcp_plain.pcap"

    def said(*options):
        return tshark.run("-n", "-q", "-r", capture, *options, "-z", "flowstats,stream").stderr
    assert said("-M", "2").count("are written when the capture ends") == 1
    assert "flowstats" not in said(*TIMEOUTS)


class Growing:
    """A capture that tshark reads from its standard input while it is written."""

    def __init__(self, tshark, *options):
        self.process = subprocess.Popen(
            [*tshark.as_user, "tshark", "-n", "-q", "-l", "-r", "-", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=tshark.environment)
        self.writer = PcapWriter(self.process.stdin, sync=True)

    def close(self):
        self.process.stdin.close()
        rest = self.process.stdout.read().decode()
        assert self.process.wait(60) == 0
        return rest


def test_lines_come_while_the_capture_goes_on(tshark):
    growing = Growing(tshark, *TIMEOUTS, "-z", "flowstats,stream")
    growing.writer.write([udp(0, 5000), udp(10, 5001)])
    growing.writer.write([udp(10, 5001)] * 5000)  # more than Wireshark's buffer
    first = json.loads(growing.process.stdout.readline())
    assert (first["flow.srcport"], first["flow.end_reason"]) == (5000, 1)
    assert growing.process.poll() is None
    last = json.loads(growing.close())
    assert (last["flow.srcport"], last["flow.pkts"], last["flow.end_reason"]) == (5001, 5001, 4)


def test_a_file_has_its_lines_at_once(tshark):
    folder = tshark.folder / "stream"
    folder.mkdir()
    folder.chmod(0o777)
    growing = Growing(tshark, *TIMEOUTS, "-z", f"flowstats,stream,{folder}/flows.json")
    growing.writer.write([udp(0, 5000), *[udp(10, 5001)] * 5000])
    until = time.monotonic() + 30
    while time.monotonic() < until and not (folder / "flows.json").exists() or (
            not (folder / "flows.json").read_text().endswith("\n")):
        time.sleep(0.05)
    assert [path.name for path in folder.iterdir()] == ["flows.json"]
    assert len((folder / "flows.json").read_text().splitlines()) == 1
    growing.close()
    assert len((folder / "flows.json").read_text().splitlines()) == 2


def test_a_capture_without_packets_has_a_file_without_lines(tshark, captures):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        assert stream(tshark, captures / "empty.pcap", what=f"stream,{folder}/flows.json") == []
        assert (Path(folder) / "flows.json").read_text() == ""


def test_a_full_disk_is_said_once(tshark, captures):
    """Whatever flows end after the first one that could not be written."""
    said = tshark.run("-n", "-q", "-r", captures / "sample.pcapng", "-z",
                      "flowstats,stream,/dev/full", rc=1).stderr
    assert said.count("/dev/full: No space left on device") == 1


# What is refused

@pytest.mark.parametrize("options, sentence", [
    (("-2",), "leave out -2"),
    (("-z", "flowstats,csv"), "no other statistic of flows can be made in the same run"),
    (("-z", "flowstats,table"), "no other statistic of flows can be made in the same run")])
def test_what_cannot_be_is_refused(tshark, captures, options, sentence):
    result = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", *options, "-z",
                        "flowstats,stream", rc=1)
    assert sentence in result.stderr
    assert "{" not in result.stdout


def test_the_capture_that_is_read_is_refused(tshark, captures):
    capture = captures / "tcp_plain.pcap"
    before = capture.read_bytes()
    result = tshark.run("-n", "-q", "-r", capture, "-z", f"flowstats,stream,{capture}", rc=1)
    assert f"{capture}: The program reads this file" in result.stderr
    assert capture.read_bytes() == before


# From file to file

def test_packets_go_on_with_their_flow(tshark, captures):
    """Same id, number, direction, state and values so far; no frame of an earlier session."""
    capture = captures / "tcp_plain.pcap"
    same = ("flow.id", "flow.index", "flow.direction", "flow.sofar.tcp.state", "flow.sofar.bytes",
            "flow.sofar.up.payload_bytes", "flow.sofar.tcp.rtt", "flow.time_relative")
    whole, cut = tshark.fields(capture, same), tshark.fields(capture, same, "-M", "3")
    assert cut == whole and len(whole) == 11
    links = ("flow.first_frame", "flow.prev_frame", "flow.sofar.tcp.syn_frame",
             "flow.sofar.tcp.ack_frame")
    found = [tuple(frame.get(name) for name in links)
             for frame in tshark.fields(capture, links, "-M", "3")]
    assert found == [("1", None, "1", None), ("1", "1", "1", None), ("1", "2", "1", "3"),
                     *[(None, previous, None, None) for previous in (None, "1", "2") * 3][:8]]


def test_files_are_numbered(tshark, captures):
    """As packets know them so far, and at the end; without a row of files there is one."""
    capture = captures / "port_reuse.pcap"
    names = ("flow.id", "flow.first_file", "flow.last_file")
    whole = tshark.fields(capture, names, "-2")
    assert {(frame["flow.first_file"], frame["flow.last_file"]) for frame in whole} == {("1", "1")}
    at = tshark.fields(capture, names, "-M", "2")
    assert not any("flow.last_file" in frame for frame in at)
    files = {}
    for number, frame in enumerate(at):
        files.setdefault(int(frame["flow.id"]), []).append(number // 2 + 1)
        assert frame["flow.first_file"] == str(files[int(frame["flow.id"])][0])
    assert len(files) > 1 and max(numbers[-1] for numbers in files.values()) > 2
    columns = ("-o", "flow.columns:flow.id,flow.first_file,flow.last_file")
    for what in ("json", "stream"):
        rows = stream(tshark, capture, *columns, "-M", "2", what=what)
        assert {row["flow.id"]: (row["flow.first_file"], row["flow.last_file"]) for row in rows} == {
            flow: (numbers[0], numbers[-1]) for flow, numbers in files.items()}


@pytest.mark.parametrize("ring", [(), ("-b", "packets:4")])
def test_files_of_a_live_capture_are_numbered(tshark, captures, ring):
    """Wireshark begins sessions without a packet between those of its files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        os.mkfifo(folder / "pipe")
        (folder / "pipe").chmod(0o666)
        written = ("-w", folder / "ring.pcapng", *ring) if ring else ()
        columns = "flow.columns:flow.first_frame,flow.last_frame,flow.first_file,flow.last_file"
        with subprocess.Popen(
                [*tshark.as_user, "tshark", "-n", "-q", "-i", folder / "pipe", *written, "-o",
                 columns, "-z", f"flowstats,json,{folder}/flows.json"], env=tshark.environment,
                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as live:
            (folder / "pipe").write_bytes((captures / "port_reuse.pcap").read_bytes())
            said = live.stderr.read().decode()
        if "permission" in said:
            pytest.skip("this user may not capture")
        rows = [json.loads(line) for line in (folder / "flows.json").read_text().splitlines()]
    for row in rows:
        for end in ("first", "last"):
            expected = (row[f"flow.{end}_frame"] - 1) // 4 + 1 if ring else 1
            assert row[f"flow.{end}_file"] == expected
    assert max(row["flow.last_file"] for row in rows) > len(ring)


def test_flows_can_end_with_their_file(tshark, captures):
    capture = captures / "tcp_plain.pcap"
    flows = tshark.flows(capture, "-M", "3", "-o", "flow.carry_over:FALSE", "-o",
                         "flow.columns:core,flow.first_file,flow.last_file")
    assert pairs(flows, "id", "first_file", "last_file") == [(i, i + 1, i + 1) for i in range(4)]
    assert pairs(flows, "id", "pkts", "first_frame") == [(0, 3, 1), (1, 3, 1), (2, 3, 1), (3, 2, 1)]
    assert {flow["flow.end_reason"] for flow in flows} == {4}
    streamed = stream(tshark, capture, "-M", "3", "-o", "flow.carry_over:FALSE", "-o",
                      "flow.columns:core,flow.first_file,flow.last_file")
    assert as_multiset(streamed) == as_multiset(flows)


def test_so_many_flows_go_on(tshark, save):
    """Those that are silent for longest do not."""
    path = save("seams.pcap", [udp(0, 1), udp(1, 2), udp(2, 3), udp(3, 1), udp(4, 3), udp(5, 2)])
    flows = tshark.flows(path, "-M", "3", "-o", "flow.max_open:2")
    assert pairs(flows, "id", "srcport", "pkts", "end_reason") == [
        (0, 1, 1, 5), (1, 2, 2, 4), (2, 3, 2, 4), (3, 1, 1, 4)]




def test_jq_reads_a_stream(tshark, save):
    """The recipe of doc/scale.md."""
    path = save("for_jq.pcap", [udp(0, 5000, size=100), udp(0.5, 5001), udp(2, 5000, size=200)])
    recipe, = re.findall(r"```sh\n(tshark .*\n *jq .*\n)```", (TOP / "doc/scale.md").read_text())
    tshark_part, jq_part = recipe.split("|\n")
    words = shlex.split(tshark_part.replace("capture.pcapng", str(path)))
    lines = tshark.run(*words[1:]).stdout
    words = shlex.split(jq_part)
    result = subprocess.run(words, input=lines, text=True, capture_output=True, check=True)
    assert result.stdout == "10.0.0.1\t384\n"  # two frames: 2 * (14 + 20 + 8) + 100 + 200
