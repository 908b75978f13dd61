"""flow.tcp.analysis.* are Wireshark's verdicts: per flow and direction they sum to what filters count."""
import csv
import statistics
from pathlib import Path

import pytest

VERDICTS = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
            "duplicate_ack", "lost_segment", "ack_lost_segment", "zero_window", "window_full",
            "keep_alive", "window_update")
SHOWN = tuple(f"tcp.analysis.{verdict}" for verdict in VERDICTS)
REAL = Path(__file__).resolve().parents[3] / "shared" / "captures"


def captures_with_most(columns, each=3):
    """Of the index, by what it counts."""
    with open(REAL / "index.tsv", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t")
                if row["tshark_rc"] == "0" and float(row["tshark_wall"]) < 2]  # some take minutes
    chosen = set()
    for column in columns:
        most = sorted(rows, key=lambda row: -int(row[column]))[:each]
        chosen |= {row["#path"] for row in most if int(row[column]) > 0}
    return sorted(chosen)


def real_captures():
    if not (REAL / "index.tsv").exists():
        return []
    return captures_with_most(("retrans", "ooo", "lost", "dupack", "keepalive", "zerowin"))


def expected_of(frames):
    """By flow and direction: how many frames Wireshark shows each verdict on, and the samples."""
    expected = {}
    for frame in frames:
        if frame.get("flow.proto") != "6" or "tcp.stream" not in frame:
            continue  # TCP headers that a UDP flow carries as samples are no segments of it
        key = (int(frame["flow.id"]), frame["flow.direction_name"])
        counts, samples = expected.setdefault(key, ({verdict: 0 for verdict in VERDICTS}, []))
        for verdict, name in zip(VERDICTS, SHOWN):
            counts[verdict] += name in frame
        if "tcp.analysis.ack_rtt" in frame:
            samples.append(round(float(frame["tcp.analysis.ack_rtt"]) * 1e9))
    return expected


def compare(tshark, capture):
    frames = tshark.fields(capture, ("flow.id", "flow.direction_name", "flow.proto", "tcp.stream",
                                     "tcp.analysis.ack_rtt") + SHOWN)
    expected = expected_of(frames)
    verdicts = 0
    for flow in tshark.flows(capture):
        for direction in ("up", "down"):
            counts, samples = expected.get((flow["flow.id"], direction), ({}, []))
            prefix = f"flow.tcp.analysis.{direction}."
            where = f"{capture}: flow {flow['flow.id']} {direction}"
            for verdict, count in counts.items():
                assert flow.get(prefix + verdict, 0) == count, f"{where}: {verdict}"
            assert flow.get(prefix + "ack_rtt_count", 0) == len(samples), where
            verdicts += sum(counts.values()) + len(samples)
            if not samples:
                assert prefix + "ack_rtt_min" not in flow, where
                continue
            assert flow[prefix + "ack_rtt_min"] * 1e9 == pytest.approx(min(samples), abs=1), where
            assert flow[prefix + "ack_rtt_max"] * 1e9 == pytest.approx(max(samples), abs=1), where
            mean = statistics.mean(samples)
            assert flow[prefix + "ack_rtt_mean"] * 1e9 == pytest.approx(mean, abs=2), where
            if len(samples) > 1:
                deviation = statistics.stdev(samples)
                assert flow[prefix + "ack_rtt_stddev"] * 1e9 == pytest.approx(
                    deviation, rel=1e-6, abs=2), where
            else:
                assert prefix + "ack_rtt_stddev" not in flow, where
    return verdicts


@pytest.mark.parametrize("name", ["tcp_analysis", "tcp_analysis_in_fragments", "tcp_v6", "tunnels",
                                  "port_reuse", "midstream", "same_ends", "cut_short", "transports",
                                  "icmp_errors", "fragments_reversed", "times_back"])
def test_of_generated_captures(tshark, captures, name):
    compare(tshark, captures / f"{name}.pcap")


def in_turns(connections):
    """Each is silent while all others speak; what a third of them send comes twice."""
    from scapy.all import IP, TCP, Ether, Raw
    ends = ("10.0.0.1", 40000), ("10.0.0.2", 80)

    def round_of(down, seq, ack, size, each=1):
        (source, sport), (destination, dport) = ends[::-1] if down else ends
        packet = bytearray(bytes(Ether() / IP(src=source, dst=destination) / TCP(
            sport=sport, dport=dport, flags="A", seq=seq, ack=ack) / Raw(bytes(size))))
        at = 36 if down else 34  # the client's port
        for number in range(0, connections, each):
            packet[at:at + 2] = (40000 + number).to_bytes(2, "big")
            yield bytes(packet)
    for turn in range(3):
        yield from round_of(False, 1 + 100 * turn, 1, 100)
        yield from round_of(False, 1 + 100 * turn, 1, 100, each=3)
        yield from round_of(True, 1, 101 + 100 * turn, 0)


def test_of_more_connections_than_are_remembered_at_first(tshark, save):
    assert compare(tshark, save("in_turns.pcap", in_turns(5000), linktype=1)) == 3 * (5000 + 1667)


@pytest.mark.parametrize("capture", real_captures())
def test_of_real_captures(tshark, capture):
    assert compare(tshark, REAL / capture) > 0


def test_round_trips_of_68_years_have_a_mean(tshark, captures):
    """Their sum needs more than 64 bits.  The seventh is the handshake's, of 20 ms."""
    flow, = tshark.flows(captures / "long_round_trips.pcap")
    count, least, mean, most, deviation = (
        flow[f"flow.tcp.analysis.down.ack_rtt_{name}"]
        for name in ("count", "min", "mean", "max", "stddev"))
    assert (count, least, most) == (7, 0.02, 2147483000)
    assert mean == pytest.approx((6 * 2147483000 + 0.02) / 7, abs=1e-6)
    assert deviation == pytest.approx((2147483000 - 0.02) / 7 ** 0.5, rel=1e-15)


def test_every_verdict_is_known(tshark, captures):
    """The flags of ws_compat.h, one by one."""
    flow, = tshark.flows(captures / "tcp_analysis.pcap")
    for verdict in VERDICTS:
        up, down = (flow[f"flow.tcp.analysis.{direction}.{verdict}"] for direction in ("up", "down"))
        assert up + down > 0, verdict


def test_shares_are_percent(tshark, captures):
    flow, = tshark.flows(captures / "tcp_analysis.pcap")
    for direction in ("up", "down"):
        share = 100 * flow[f"flow.tcp.analysis.{direction}.retransmission"] / (
            flow[f"flow.{direction}.pkts"])
        assert flow[f"flow.tcp.analysis.{direction}.retransmission_share"] == pytest.approx(share)
    share, = {frame["flow.tcp.analysis.down.retransmission_share"]
              for frame in tshark.fields(captures / "tcp_analysis.pcap",
                                         ("flow.tcp.analysis.down.retransmission_share",), "-2")}
    assert float(share) == pytest.approx(
        flow["flow.tcp.analysis.down.retransmission_share"])


@pytest.mark.parametrize("option", ["tcp.analyze_sequence_numbers:FALSE",
                                    "flow.tcp_analysis:FALSE"])
def test_off_is_absent(tshark, captures, option):
    flow, = tshark.flows(captures / "tcp_analysis.pcap", "-o", option)
    assert not [name for name in flow if name.startswith("flow.tcp.analysis")]
    assert flow["flow.pkts"] == 28


@pytest.mark.parametrize("ports", [(40000, 80), (80, 40000)])
def test_segments_of_one_side_are_analysed(tshark, save, ports):
    """Both directions have the fields, whichever it is that has the segments."""
    from scapy.all import IP, TCP, Ether
    packet = Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=ports[0], dport=ports[1],
                                                               flags="A", seq=1, ack=1)
    flow, = tshark.flows(save(f"one_side_{ports[0]}.pcap", [packet]))
    counts = {flow[f"flow.tcp.analysis.{side}.{verdict}"]
              for side in ("up", "down") for verdict in VERDICTS}
    assert counts == {0}


def test_a_header_that_is_cut_has_no_verdict(tshark, save):
    """Wherever it is: what Wireshark shows of a retransmission is what is counted."""
    from scapy.all import IP, TCP, Ether
    options = [("Timestamp", (7, 9)), ("NOP", None), ("NOP", None)]
    packet = Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(
        sport=40000, dport=80, flags="PA", seq=100, ack=1, options=options) / (b"x" * 50)
    assert len(packet) == 14 + 20 + 32 + 50
    for length in 34 + 14, 34 + 20, 34 + 31, 34 + 32, 34 + 33:
        cut = Ether(bytes(packet)[:length])
        cut.wirelen = len(packet)
        path = save(f"cut_retransmission_at_{length}.pcap", [packet, packet, cut])
        compare(tshark, path)
        flow, = tshark.flows(path)
        assert flow["flow.tcp.analysis.up.retransmission"] == 1 + (length >= 34 + 32), length


def packet_in(frame):
    """An OpenFlow message with a frame that a switch hands on."""
    size = len(frame)
    return (bytes([1, 10]) + (18 + size).to_bytes(2, "big") + bytes(4) + b"\xff" * 4 +
            size.to_bytes(2, "big") + bytes([0, 1, 0, 0]) + bytes(frame))


def test_conversations_of_one_frame_are_told_apart(tshark, save):
    """60 connections, and 200 others that report packets of them all: the same host and ports."""
    from scapy.all import IP, TCP, Ether

    def segment(host, payload=b""):
        return Ether() / IP(src="10.0.0.1", dst=host) / TCP(sport=40000, dport=6653, flags="A",
                                                           seq=100, ack=1) / payload
    shown = [segment(f"10.1.0.{n}") for n in range(1, 61)]
    payload = b"".join(map(packet_in, shown))
    path = save("openflow.pcap", shown + [segment(f"10.2.0.{n}", payload) for n in range(1, 201)])
    frames = tshark.fields(path, ("flow.id", "flow.dst", "flow.tcp.stream", "tcp.stream", "ip.dst"))
    assert [frame["flow.id"] for frame in frames] == [str(n) for n in range(260)]
    assert all(len(frame["ip.dst"].split(";")) == 61 for frame in frames[60:])
    for frame in frames:
        assert frame["flow.dst"] == frame["ip.dst"].split(";")[0]
        assert frame["flow.tcp.stream"] == frame["tcp.stream"].split(";")[0]


def test_a_connection_is_no_other_protocols(tshark, save):
    """Whose ends are the same, and whose payload has the length of a TCP header in its place."""
    from scapy.all import IP, TCP, UDP, Ether
    ends = Ether() / IP(src="10.0.0.1", dst="10.0.0.2")
    path = save("same_ends_udp.pcap", [
        ends / TCP(sport=40000, dport=9999, flags="A", seq=100, ack=1),
        ends / UDP(sport=40000, dport=9999) / (bytes(4) + b"\x50" + bytes(20))])
    tcp, udp = tshark.flows(path)
    assert tcp["flow.tcp.stream"] == 0
    assert "flow.tcp.stream" not in udp


def test_absent_in_other_flows(tshark, captures):
    for flow in tshark.flows(captures / "udp.pcap"):
        assert not [name for name in flow if name.startswith("flow.tcp.analysis")]


def test_a_filter_of_a_statistic_takes_the_verdicts_of_its_packets(tshark, captures):
    path = captures / "tcp_analysis.pcap"
    whole, = tshark.flows(path)
    lines = tshark.run("-n", "-q", "-r", path, "-z",
                       "flowstats,csv,-,tcp.srcport == 40000").stdout.splitlines()
    up, = csv.DictReader(lines)
    for verdict in VERDICTS:
        assert int(up[f"flow.tcp.analysis.up.{verdict}"]) == whole[f"flow.tcp.analysis.up.{verdict}"]
        assert int(up[f"flow.tcp.analysis.down.{verdict}"]) == 0
