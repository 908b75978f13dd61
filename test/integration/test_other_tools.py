"""Exports in other tools' columns: their formulas without their bugs equal ours, with them not."""
import ast
import collections
import csv
import io
import math
from fractions import Fraction

import pytest
from scapy.all import IP, UDP

import other_tools
from other_tools import Packet
from recipes import A, B, eth

CIC_NAMES = ("Flow ID", "Src IP", "Src Port", "Dst IP", "Dst Port", "Protocol", "Timestamp")
CIC_COLUMNS = (
    "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,"
    "Total Bwd packets,Total Length of Fwd Packet,Total Length of Bwd Packet,Fwd Packet Length Max,"
    "Fwd Packet Length Min,Fwd Packet Length Mean,Fwd Packet Length Std,Bwd Packet Length Max,"
    "Bwd Packet Length Min,Bwd Packet Length Mean,Bwd Packet Length Std,Flow Bytes/s,"
    "Flow Packets/s,Flow IAT Mean,Flow IAT Std,Flow IAT Max,Flow IAT Min,Fwd IAT Total,"
    "Fwd IAT Mean,Fwd IAT Std,Fwd IAT Max,Fwd IAT Min,Bwd IAT Total,Bwd IAT Mean,Bwd IAT Std,"
    "Bwd IAT Max,Bwd IAT Min,Fwd PSH Flags,Bwd PSH Flags,Fwd URG Flags,Bwd URG Flags,"
    "Fwd Header Length,Bwd Header Length,Fwd Packets/s,Bwd Packets/s,Packet Length Min,"
    "Packet Length Max,Packet Length Mean,Packet Length Std,Packet Length Variance,FIN Flag Count,"
    "SYN Flag Count,RST Flag Count,PSH Flag Count,ACK Flag Count,URG Flag Count,CWR Flag Count,"
    "ECE Flag Count,Down/Up Ratio,Average Packet Size,Fwd Segment Size Avg,Bwd Segment Size Avg,"
    "Fwd Bytes/Bulk Avg,Fwd Packet/Bulk Avg,Fwd Bulk Rate Avg,Bwd Bytes/Bulk Avg,"
    "Bwd Packet/Bulk Avg,Bwd Bulk Rate Avg,Subflow Fwd Packets,Subflow Fwd Bytes,"
    "Subflow Bwd Packets,Subflow Bwd Bytes,FWD Init Win Bytes,Bwd Init Win Bytes,"
    "Fwd Act Data Pkts,Fwd Seg Size Min,Active Mean,Active Std,Active Max,Active Min,Idle Mean,"
    "Idle Std,Idle Max,Idle Min,Label")

DECODED = ("frame.len", "frame.cap_len", "frame.time_epoch", "tcp.flags", "tcp.window_size_value",
           "tcp.hdr_len", "tcp.srcport", "udp.srcport")
CORE = ("flow.id", "flow.index", "flow.direction", "flow.proto", "flow.up.frags",
        "flow.down.frags", "flow.sofar.up.payload_bytes", "flow.sofar.down.payload_bytes",
        "flow.ipv6.src", "flow.ip.src")


def innermost(frame, name, default):
    return int(frame[name].split(";")[-1], 0) if name in frame else default


def packet_of(frame, payload):
    seconds, _, decimals = frame["frame.time_epoch"].partition(".")
    length, captured = int(frame["frame.len"]), int(frame["frame.cap_len"])
    return Packet(time=int(seconds) * 10 ** 9 + int(decimals.ljust(9, "0")),
                  is_up=frame["flow.direction"] == "0", length=length, payload=payload,
                  captured=max(0, payload - (length - captured)),
                  header=innermost(frame, "tcp.hdr_len", 8),
                  flags=innermost(frame, "tcp.flags", 0) & 0xff,
                  window=innermost(frame, "tcp.window_size_value", 0),
                  is_v6="flow.ipv6.src" in frame)


@pytest.fixture(scope="session")
def packets_of(tshark, captures):
    """The packets of each IP flow of a capture, by id; None where Wireshark does not show them all."""
    def read(capture):
        flows = collections.defaultdict(list)
        for frame in tshark.fields(captures / capture, CORE + DECODED, "-2"):
            if "flow.proto" in frame:
                flows[int(frame["flow.id"])].append(frame)
        return {ident: (frames[0]["flow.proto"], decoded(frames))
                for ident, frames in sorted(flows.items())}
    return read


def decoded(frames):
    frames.sort(key=lambda frame: int(frame["flow.index"]))
    shown = {"6": "tcp.window_size_value", "17": "udp.srcport"}.get(frames[0]["flow.proto"])
    if (any(frames[0][f"flow.{way}.frags"] != "0" for way in ("up", "down"))
            or any("frame.time_epoch" not in frame or shown and shown not in frame
                   for frame in frames)):
        return None
    packets, before = [], [0, 0]
    for frame in frames:
        way = int(frame["flow.direction"])
        so_far = int(frame[f"flow.sofar.{('up', 'down')[way]}.payload_bytes"])
        packets.append(packet_of(frame, so_far - before[way]))
        before[way] = so_far
    return packets


@pytest.fixture(scope="session")
def exported(tshark, captures):
    def read(capture, kind, *options):
        text = tshark.run("-n", "-q", "-r", captures / capture, *options, "-z",
                          f"flowstats,{kind}").stdout
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return read


def is_equal(cell, value):
    if isinstance(value, list):
        ours = ast.literal_eval(cell)
        return len(ours) == len(value) and all(map(is_equal, map(str, ours), value))
    if not math.isfinite(value):
        return False
    # Real numbers have 15 digits; times since the epoch are exact.
    tolerance = max(2e-6, 1e-9 * min(abs(value), 10 ** 6), 1e-13 * abs(value))
    return abs(Fraction(cell) - Fraction(value)) <= tolerance


def differing(row, want):
    """The columns in which two rows differ; those of the export are texts."""
    return {name for name, value in want.items() if not is_equal(row[name], value)}


def test_cic_without_its_bugs_equals_ours(packets_of, exported, any_capture):
    flows = [packets for proto, packets in packets_of(any_capture).values() if proto in ("6", "17")]
    rows = exported(any_capture, "cic")
    assert len(rows) == len(flows)
    for row, packets in zip(rows, flows):
        if packets:
            want = other_tools.cic(packets)
            assert list(row)[:7] == list(CIC_NAMES) and len(row) == 84
            assert set(row) == set(want) | {*CIC_NAMES, "Label"}
            assert not differing(row, want), row["Flow ID"]


def test_nfstream_without_its_bugs_equals_ours(packets_of, exported, any_capture):
    flows = packets_of(any_capture)
    rows = exported(any_capture, "nfstream")
    assert [int(row["id"]) for row in rows] == list(flows)
    for row, (_, packets) in zip(rows, flows.values()):
        if packets:
            want = other_tools.nfstream(packets)
            assert set(want) <= set(row) and len(row) == 89
            assert not differing(row, want), row["id"]


# What each bug changes, and a capture on which it does.
LENGTHS = {"Packet Length Mean", "Packet Length Std", "Packet Length Variance",
           "Average Packet Size"}
CIC_BUGS = [
    ("c1", "beacon.pcap", LENGTHS),
    ("c2", "tcp_plain.pcap", {"Fwd PSH Flags", "Bwd PSH Flags"}),
    ("c3", "tcp_plain.pcap", {"Down/Up Ratio"}),
    ("c4", "bulk_and_chat.pcap", {
        *(f"Subflow {way} {what}" for way in ("Fwd", "Bwd") for what in ("Packets", "Bytes")),
        "Bwd Bulk Rate Avg", *(f"Idle {what}" for what in ("Mean", "Max", "Min"))}),
    ("c7", "bulk_up.pcap", {
        f"{way} {what} Avg" for way in ("Fwd", "Bwd")
        for what in ("Bytes/Bulk", "Packet/Bulk", "Bulk Rate")}),
    ("c8", "windows_scaled.pcap", {"Bwd Init Win Bytes"}),
    ("c10", "tcp_v6.pcap", {
        "Flow Duration", "Flow Bytes/s", "Flow Packets/s", "Fwd Packets/s", "Bwd Packets/s",
        *(f"{way} IAT {what}" for way in ("Flow", "Fwd", "Bwd")
          for what in ("Mean", "Std", "Max", "Min")), "Fwd IAT Total", "Bwd IAT Total",
        *(f"Active {what}" for what in ("Mean", "Max", "Min")), "Fwd PSH Flags", "Bwd PSH Flags",
        *(f"{flag} Flag Count" for flag in ("FIN", "SYN", "PSH", "ACK")),
        "FWD Init Win Bytes", "Bwd Init Win Bytes"}),
    ("c12", "same_instant.pcap", {"Flow Bytes/s", "Flow Packets/s"}),
    ("c13", "snapped.pcap", {
        *(f"{way} Packet Length {what}" for way in ("Fwd", "Bwd")
          for what in ("Max", "Mean", "Std")), "Fwd Segment Size Avg", "Bwd Segment Size Avg",
        "Total Length of Fwd Packet", "Total Length of Bwd Packet", "Flow Bytes/s",
        "Packet Length Max", *LENGTHS, "Subflow Fwd Bytes", "Subflow Bwd Bytes"}),
    ("c15", "beacon.pcap", {"Fwd Act Data Pkts"}),
    ("c17", "pauses.pcap", {"Active Mean", "Active Std", "Active Min"}),
]


@pytest.mark.parametrize("bug,capture,columns", CIC_BUGS, ids=[row[0] for row in CIC_BUGS])
def test_a_bug_of_cic_changes_what_the_document_says(packets_of, exported, bug, capture, columns):
    changed = set()
    for row, (_, packets) in zip(exported(capture, "cic"), packets_of(capture).values()):
        changed |= differing(row, other_tools.cic(packets, {bug}))
    assert changed == columns


# How many flows CICFlowMeter makes of one, and what the first of them is missing.
PIECES = [
    ("c5", "tcp_plain.pcap", [8, 2]),  # the first FIN is the eighth segment; the last ACK is not written
    ("c11", "beacon.pcap", [25, 23]),  # what comes 120 s after the first packet
    ("c6", "syn_missing.pcap", [3]),
]


@pytest.mark.parametrize("bug,capture,pieces", PIECES)
def test_a_bug_of_cic_makes_other_flows(packets_of, exported, bug, capture, pieces):
    (_, packets), = packets_of(capture).values()
    row, = exported(capture, "cic")
    assert not differing(row, other_tools.cic(packets))
    made = other_tools.cic_pieces(packets, {bug})
    assert [len(piece) for piece in made] == pieces
    assert differing(row, other_tools.cic(made[0])) >= {"Total Fwd Packet"}


def of_ways(*columns):
    return {f"{way}_{column}" for way in ("bidirectional", "src2dst", "dst2src")
            for column in columns}


GAPS = {f"{what}_piat_ms" for what in ("min", "mean", "stddev", "max")}
NFSTREAM_BUGS = [
    ("n1", "sample.pcapng", of_ways(*GAPS, "duration_ms", "first_seen_ms", "last_seen_ms")
     | {"splt_piat_ms"}),
    ("n2", "late_packets.pcap", of_ways(*GAPS) - {f"src2dst_{gap}" for gap in GAPS}
     | {"splt_piat_ms"}),
    ("n3", "offload_v6.pcap", {
        f"{way}_{what}" for way in ("bidirectional", "src2dst")
        for what in ("bytes", "min_ps", "mean_ps", "max_ps")} | {"splt_ps"}),
    ("n6", "syn_missing.pcap", {
        f"{way}_{what}" for way in ("src2dst", "dst2src")
        for what in ("first_seen_ms", "last_seen_ms", "duration_ms", "packets", "bytes", "max_ps",
                     "mean_ps", "stddev_ps", "min_piat_ms", "mean_piat_ms", "max_piat_ms",
                     "syn_packets", "ack_packets", "psh_packets")} | {"splt_direction"}),
]


@pytest.mark.parametrize("bug,capture,columns", NFSTREAM_BUGS, ids=[row[0] for row in NFSTREAM_BUGS])
def test_a_bug_of_nfstream_changes_what_the_document_says(packets_of, exported, bug, capture,
                                                          columns):
    changed = set()
    for row, (_, packets) in zip(exported(capture, "nfstream"), packets_of(capture).values()):
        if packets:
            changed |= differing(row, other_tools.nfstream(packets, {bug}))
    assert changed == columns


def test_they_have_their_names_in_their_order(exported):
    assert list(exported("tcp_plain.pcap", "cic")[0]) == CIC_COLUMNS.split(",")
    row = list(exported("tcp_plain.pcap", "nfstream")[0])
    assert row[:14] == ("id expiration_id src_ip src_mac src_oui src_port dst_ip dst_mac dst_oui "
                        "dst_port protocol ip_version vlan_id tunnel_id").split()
    assert row[14:19] == [f"bidirectional_{what}" for what in (
        "first_seen_ms", "last_seen_ms", "duration_ms", "packets", "bytes")]
    assert row[29:33] == ["bidirectional_min_ps", "bidirectional_mean_ps",
                          "bidirectional_stddev_ps", "bidirectional_max_ps"]
    assert row[53:56] == ["bidirectional_syn_packets", "bidirectional_cwr_packets",
                          "bidirectional_ece_packets"]
    assert row[77:] == ("splt_direction splt_ps splt_piat_ms application_name "
                        "application_category_name application_is_guessed application_confidence "
                        "requested_server_name client_fingerprint server_fingerprint user_agent "
                        "content_type").split()


def test_they_name_the_flow(exported):
    row, = exported("tcp_plain.pcap", "cic")
    assert [row[name] for name in CIC_NAMES] == [
        "10.0.0.1-10.0.0.2-40000-80-6", "10.0.0.1", "40000", "10.0.0.2", "80", "6",
        "14/11/2023 10:13:20 PM"]
    assert row["Label"] == "NeedManualLabel"
    row, = exported("tcp_cooked_vlan.pcap", "nfstream")
    assert (row["src_ip"], row["dst_port"], row["vlan_id"], row["ip_version"]) == (
        "10.0.0.1", "80", "5", "4")


@pytest.mark.parametrize("seconds, said", [
    (0, "01/01/1970 12:00:00 AM"), (43_199, "01/01/1970 11:59:59 AM"),
    (43_200, "01/01/1970 12:00:00 PM"), (1_709_208_000, "29/02/2024 12:00:00 PM"),
])
def test_cic_has_a_clock_of_twelve_hours(exported, save, seconds, said):
    packet = eth(IP(src=A, dst=B) / UDP())
    packet.time = seconds
    save(f"clock_{seconds}.pcap", [packet])
    row, = exported(f"clock_{seconds}.pcap", "cic")
    assert row["Timestamp"] == said


def test_a_pause_of_cic_is_longer_than_a_second(exported, save):
    """Of 7 packets in a row 4 are a bulk, and the others another subflow."""
    packets = [eth(IP(src=A, dst=B) / UDP() / b"x") for _ in range(7)]
    for packet, time in zip(packets, (0, 1, 2, 3, 4.5, 5.5, 6.5)):
        packet.time = 1_700_000_000 + time
    save("exact_pauses.pcap", packets)
    row, = exported("exact_pauses.pcap", "cic")
    assert [row[name] for name in ("Fwd Packet/Bulk Avg", "Fwd Bytes/Bulk Avg", "Fwd Bulk Rate Avg",
                                   "Subflow Fwd Packets")] == ["4", "4", "1.33333333333333", "3.5"]


@pytest.mark.parametrize("kind", ["cic", "nfstream"])
def test_flows_end_with_their_file(exported, kind):
    """Their facts are needed, which go with it."""
    rows = exported("port_reuse.pcap", kind, "-M", "3")
    assert rows == exported("port_reuse.pcap", kind, "-M", "3", "-o", "flow.carry_over:FALSE")
    assert len(rows) == 8


NFSTREAM_VALUES = [
    ("tcp_v6", (), {"ip_version": "6", "vlan_id": "0", "tunnel_id": "0", "expiration_id": "-1",
                    "src_mac": "02:00:00:00:00:0a", "dst_oui": "02:00:00"}),
    ("pauses", ("flow.idle_timeout:1",), {"expiration_id": "0"}),
    ("pauses", ("flow.active_timeout:1",), {"expiration_id": "1"}),
    ("http_host", (), {"application_name": "http", "requested_server_name": "", "user_agent": "",
                       "application_confidence": "0"}),
    ("http_host", ("flow.sticky:TRUE",), {"requested_server_name": "web.example.org"}),
]


@pytest.mark.parametrize("capture, preferences, values", NFSTREAM_VALUES)
def test_nfstream_says_who_and_why(exported, capture, preferences, values):
    options = (word for preference in preferences for word in ("-o", preference))
    row = exported(f"{capture}.pcap", "nfstream", *options)[0]
    assert {name: row[name] for name in values} == values


def test_nfstream_knows_gtp(exported):
    rows = exported("tunnels.pcap", "nfstream")
    assert [row["id"] for row in rows if row["tunnel_id"] != "0"] == ["9"]
    assert [row["id"] for row in rows if row["vlan_id"] != "0"] == ["0"]


def test_switched_off_groups_change_nothing(exported):
    off = ("-o", "flow.shape:FALSE", "-o", "flow.headers:FALSE", "-o", "flow.splt:FALSE")
    for kind in ("cic", "nfstream"):
        assert exported("tcp_plain.pcap", kind, *off) == exported("tcp_plain.pcap", kind)


def test_a_filter_leaves_packets_out(tshark, captures):
    text = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-z",
                      "flowstats,cic,-,tcp.len>0").stdout
    row, = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["Total Fwd Packet"], row["Total Bwd packets"], row["Flow Duration"],
            row["SYN Flag Count"]) == ("1", "2", "31000", "0")
