"""Every way of dissecting a capture says the same."""
import json
import subprocess
import tempfile
import xml.etree.ElementTree as xml
from decimal import Decimal
from pathlib import Path

import pytest

SOME = ("flow.id", "flow.index", "flow.sofar.bytes", "flow.sofar.tcp.state_name", "flow.srcport")


def rows(tshark, capture, *options):
    return tshark.fields(capture, SOME, *options)


def test_json_and_ek_and_pdml_agree_with_fields(tshark, captures):
    capture = captures / "tcp_plain.pcap"
    expected = rows(tshark, capture)

    packets = json.loads(tshark.run("-n", "-r", capture, "-T", "json", "-e", SOME[0], "-e", SOME[1],
                                    "-e", SOME[2], "-e", SOME[3], "-e", SOME[4]).stdout)
    assert [{name: values[0] for name, values in packet["_source"]["layers"].items()}
            for packet in packets] == expected

    document = xml.fromstring(tshark.run("-n", "-r", capture, "-T", "pdml").stdout)
    shown = [{field.get("name"): field.get("show") for field in packet.iter("field")}
             for packet in document.iter("packet")]
    assert [{name: frame[name] for name in SOME} for frame in shown] == expected

    lines = tshark.run("-n", "-r", capture, "-T", "ek").stdout.splitlines()
    packets = [json.loads(line) for line in lines if "layers" in line]
    assert [int(packet["layers"]["flow"]["flow_flow_index"]) for packet in packets] == [
        int(frame["flow.index"]) for frame in expected]


@pytest.mark.parametrize("capture", ["tcp_plain.pcap", "tcp_v6.pcap", "icmp_errors.pcap"])
def test_none_of_our_fields_lies_in_the_bytes(tshark, captures, capture):
    """Nor is any byte marked in a window."""
    document = xml.fromstring(tshark.run("-n", "-2", "-r", captures / capture, "-T", "pdml").stdout)
    places = {(field.get("pos"), field.get("size")) for field in document.iter("field")
              if field.get("name").startswith("flow.")}
    assert places == {("0", "0")}


def test_details_are_shown(tshark, captures):
    details = tshark.run("-n", "-V", "-2", "-r", captures / "tcp_plain.pcap").stdout
    assert ("[Flow Statistics: flow 0, TCP 10.0.0.1:40000 → 10.0.0.2:80, packet 4 of 11, "
            "334 B up, 1.3 kB down, Closed, RTT 25.0 ms]") in details
    for title in ("Identity", "This packet", "Both directions", "So far"):
        assert f"    [{title}]" in details


def details_of_frame_4(tshark, capture):
    return xml.fromstring(tshark.run("-n", "-2", "-r", capture, "-Y", "frame.number == 4", "-T",
                                     "pdml", "-J", "flow").stdout)


def shown_and_hidden(document, section):
    """The names of the fields of a section, so far or not, that are shown, and those that are not."""
    names = [], []
    for field in document.findall(f".//field[@name='flow.section.{section}']/field"):
        names[field.get("hide") == "yes"].append(field.get("name").removeprefix("flow."))
    return names


def test_what_nobody_needs_to_read_is_hidden(tshark, captures):
    """Counts of nothing, names of numbers, what is told elsewhere; on request all of it is there."""
    details = details_of_frame_4(tshark, captures / "tcp_plain.pcap")
    assert shown_and_hidden(details, "total") == (
        ["pkts", "bytes", "payload_bytes", "ip_bytes", "start", "last", "duration", "end_reason",
         "sofar.pkts", "sofar.bytes", "sofar.payload_bytes", "sofar.ip_bytes", "sofar.start",
         "sofar.last", "sofar.duration"],
        ["wire_bytes", "icmp_errors", "end_reason_name", "sofar.wire_bytes", "sofar.icmp_errors"])
    assert shown_and_hidden(details, "down") == (
        ["down.pkts", "down.bytes", "down.payload_pkts", "down.payload_bytes", "sofar.down.pkts",
         "sofar.down.bytes"],
        ["down.wire_bytes", "down.ip_bytes", "down.frags", "down.frag_pkts", "down.lost", "down.seq",
         "sofar.down.wire_bytes", "sofar.down.payload_pkts", "sofar.down.payload_bytes",
         "sofar.down.ip_bytes", "sofar.down.frags", "sofar.down.frag_pkts", "sofar.down.lost",
         "sofar.down.seq"])
    shown, hidden = shown_and_hidden(details, "identity")
    assert hidden == ["src", "dst", "tuple", "proto", "ip.addr", "ip.addr", "port", "port",
                      "eth.type", "direction_reason_name"]
    assert "tcp.stream" in shown  # though it is 0
    shown, hidden = shown_and_hidden(details, "tcp.analysis")
    assert "tcp.analysis.up.retransmission_share" in hidden  # of no packet
    assert {"tcp.analysis.down.window_full", "tcp.analysis.up.ack_rtt_mean"} < set(shown)


def test_bytes_of_the_wire_are_shown_where_they_are_others(tshark, captures):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cut = Path(folder) / "cut.pcap"
        subprocess.run(["editcap", "-F", "pcap", "-s", "60", captures / "tcp_plain.pcap", cut],
                       check=True)
        cut.chmod(0o644)
        details = details_of_frame_4(tshark, cut)
    for section, name in ("total", ""), ("up", "up."), ("down", "down."):
        shown, _ = shown_and_hidden(details, section)
        assert f"{name}wire_bytes" in shown
        # Of the packets so far none down was cut.
        assert (f"sofar.{name}wire_bytes" in shown) == (section != "down")


def lines_shown(tree):
    """The lines of a tree of PDML, all unfolded but what was so far and the groups that are no core."""
    lines = 0
    for child in tree:
        if child.get("hide") != "yes":
            is_one_line = child.get("name") in ("flow.section.sofar", "flow.section.app",
                                                "flow.section.tcp.analysis")
            lines += 1 if is_one_line else 1 + lines_shown(child)
    return lines


def test_a_tcp_packet_has_a_screenful(tshark, captures):
    """Whatever the packet, with its title; a window's test counts what one frame really shows."""
    most = 0
    for name in ("sample.pcapng", "tcp_analysis.pcap", "tunnels_nested.pcap", "verdicts.pcap"):
        document = xml.fromstring(tshark.run("-n", "-2", "-r", captures / name, "-Y", "tcp && !icmp",
                                             "-T", "pdml", "-J", "flow").stdout)
        for packet in document.iter("packet"):
            tree = packet.find("proto[@name='flow']")
            lines = 1 + lines_shown(tree)
            assert lines <= 60, (name, packet.find("*/field[@name='num']").get("show"))
            most = max(most, lines)
    assert most > 50


def test_sections_have_names_that_stay(tshark, captures):
    packets = json.loads(tshark.run("-n", "-2", "-r", captures / "tcp_plain.pcap", "-T", "json",
                                    "-J", "flow", "-o", "flow.app:FALSE", "-o",
                                    "flow.tcp_analysis:FALSE").stdout)
    names = [f"flow.section.{name}" for name in
             ("tcp", "total", "up", "down", "packet", "identity", "sofar")]
    for packet in packets:
        flow = packet["_source"]["layers"]["flow"]
        assert list(flow) == names
        assert list(flow["flow.section.sofar"]) == names[:4]
        assert flow["flow.section.up"]["flow.up.pkts"] == "6"


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_sections_can_be_filtered_for(tshark, captures, passes):
    of = [tshark.fields(captures / "kinds.pcap", ("frame.number",), *passes, "-Y", name)
          for name in ("flow.section.tcp", "flow.sofar.tcp.state", "flow")]
    assert of[0] == of[1] != of[2]


def root_lines(tshark, path):
    text = tshark.run("-n", "-V", "-r", path).stdout
    return [line for line in text.splitlines() if line.startswith("[Flow Statistics")]


@pytest.mark.parametrize("lengths, shown", [
    ([999], "999 B"), ([1000], "1.0 kB"), ([9949], "9.9 kB"), ([9950], "10 kB"),
    ([60_000] * 16 + [39_499], "999 kB"), ([60_000] * 16 + [39_500], "1.0 MB")])
def test_amounts_in_short(tshark, save, lengths, shown):
    from scapy.all import IP, UDP, Raw
    path = save("amounts.pcap", [IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=5000, dport=4000)
                                 / Raw(b"x" * (length - 28)) for length in lengths])
    assert f", {shown} up, 0 B down]" in root_lines(tshark, path)[-1]


@pytest.mark.parametrize("rtt_ns, shown", [
    (0, "0.000000"), (7, "0.000007"), (44_149, "0.0441"), (44_150, "0.0442"), (999_500, "1.00"),
    (25_000_000, "25.0"), (999_499_999, "999"), (999_500_000, "1000"), (1_500_000_000, "1500"),
    (-2_340_000, None)])
def test_rtt_in_short(tshark, save, rtt_ns, shown):
    """Three digits, and all before the point; a negative one is absent."""
    from scapy.all import IP, TCP
    ends = {"sport": 40000, "dport": 80}
    packets = [IP(src="10.0.0.1", dst="10.0.0.2") / TCP(flags="S", seq=100, **ends),
               IP(src="10.0.0.2", dst="10.0.0.1") / TCP(flags="SA", seq=500, ack=101, sport=80,
                                                        dport=40000),
               IP(src="10.0.0.1", dst="10.0.0.2") / TCP(flags="A", seq=101, ack=501, **ends)]
    for packet, ns in zip(packets, (0, 0, rtt_ns)):
        packet.time = Decimal(1_700_000_000) + Decimal(ns) / 10**9
    path = save("rtt.pcap", packets, nano=True)
    rtt = f", RTT {shown} ms" if shown else ""
    assert root_lines(tshark, path)[-1].endswith(f", Established{rtt}]")


def test_filter_sees_the_whole_flow_in_two_passes(tshark, captures):
    capture = captures / "port_reuse.pcap"
    big = tshark.fields(capture, ("frame.number",), "-2", "-Y", "flow.bytes > 1000")
    assert [frame["frame.number"] for frame in big] == [str(n) for n in range(1, 12)]
    assert tshark.fields(capture, ("frame.number",), "-Y", "flow.bytes > 1000") == []
    one_each = tshark.fields(capture, ("flow.id", "flow.pkts"), "-2", "-Y", "flow.is_last")
    assert [tuple(frame.values()) for frame in one_each] == [("0", "11"), ("1", "3"), ("2", "2")]
    slow = tshark.fields(capture, ("flow.id",), "-2", "-Y",
                         "flow.bytes > 1000 && flow.tcp.rtt > 0.01 && tcp.flags.syn == 1")
    assert len(slow) == 2


def test_rejected_frames_are_counted(tshark, captures):
    """As in Wireshark's own TCP analysis; the records of their reused frame numbers are replaced."""
    frames = tshark.fields(captures / "tcp_plain.pcap", ("flow.id", "flow.pkts", "flow.index"),
                           "-2", "-R", "tcp.len > 0")
    assert [frame["flow.id"] for frame in frames] == ["0"] * 3
    assert [frame["flow.index"] for frame in frames] == ["4", "5", "6"]
    assert {frame["flow.pkts"] for frame in frames} == {"11"}


def test_sessions_go_on_numbering(tshark, captures):
    """-M begins a new session every so many frames; the ids of flows go on, and rows are kept."""
    capture = captures / "pings.pcap"
    frames = tshark.fields(capture, ("flow.id",), "-M", "3")
    ids = [int(frame["flow.id"]) for frame in frames]
    assert ids == sorted(ids) and len(set(ids)) > 3
    flows = tshark.flows(capture, "-M", "3")
    assert [flow["flow.id"] for flow in flows] == list(range(len(set(ids))))
    assert sum(flow["flow.pkts"] for flow in flows) == len(frames)


def test_disabled_protocol_adds_nothing(tshark, captures):
    frames = rows(tshark, captures / "tcp_plain.pcap", "--disable-protocol", "flow")
    assert frames == [{}] * 11


def test_without_so_far_values(tshark, captures):
    """Trees are without them; what is named is never missing."""
    for is_shown in (True, False):
        options = captures / "tcp_plain.pcap", "-o", f"flow.show_sofar:{str(is_shown).upper()}"
        assert ("[So far]" in tshark.run("-V", "-r", *options).stdout) == is_shown
        assert rows(tshark, *options)[3]["flow.sofar.bytes"] == "226"


@pytest.mark.parametrize("name", ["frame_number", "time"])
def test_no_field_shares_a_name(tshark, name):
    assert f"flow.{name}" not in tshark.field_names
    assert len(set(tshark.field_names)) == len(tshark.field_names)
