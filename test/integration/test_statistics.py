"""Table, CSV, JSON, conversations and frame fields say the same about the same flows."""
import csv
import io
import json
import re
import struct

import pytest

from tshark import as_exported

# tshark prints these fields as dates.
PRINTED_OTHERWISE = ("start", "last", "ts_syn", "ts_syn_ack", "ts_ack")
ROWS = re.compile(r"^ *(\d+) \|(.*)\|$", re.M)


def statistic(tshark, capture, what, *options, rc=0):
    return tshark.run("-n", "-q", "-r", capture, *options, "-z", what, rc=rc).stdout


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_equals_json_equals_last_frame(tshark, captures, decoded, any_capture):
    capture, table = captures / any_capture, tshark.folder / "csv"
    table.mkdir(exist_ok=True)
    table.chmod(0o777)
    table = table / any_capture
    flows = tshark.flows(capture, "-z", f"flowstats,csv,{table}")
    rows = read_csv(table.read_bytes().decode())
    frames = {int(frame["flow.id"]): frame for frame in decoded(any_capture)
              if "flow.is_last" in frame}
    assert sorted(frames) == [flow["flow.id"] for flow in flows]
    assert len(rows) == len(flows)
    for flow, row in zip(flows, rows):
        frame = frames[flow["flow.id"]]
        for name in row:
            assert (name in flow) == (name in frame) == bool(row[name]), name
            if name in flow and isinstance(flow[name], str):
                assert flow[name] == row[name] == frame[name]
            elif name in flow and not name.endswith(PRINTED_OTHERWISE):
                assert flow[name] == float(row[name]) == float(
                    as_exported(name, frame[name])), name


def test_table_equals_csv(tshark, captures):
    capture = captures / "sample.pcapng"
    table = ROWS.findall(statistic(tshark, capture, "flowstats,table"))
    rows = read_csv(statistic(tshark, capture, "flowstats,csv"))
    assert len(table) == len(rows)
    for (ident, line), row in zip(table, rows):
        cells = [cell.strip() for cell in line.split("|")]
        assert ident == row["flow.id"]
        assert cells[6:8] == [row["flow.up.pkts"], row["flow.down.pkts"]]
        assert cells[8:12] == [row[f"flow.{name}"] for name in (
            "up.bytes", "down.bytes", "up.payload_bytes", "down.payload_bytes")]
        assert cells[14] == (row["flow.tcp.state_name"] or "-")
        assert (cells[15] == "-") == (row["flow.tcp.rtt"] == "")


def test_table_has_a_cap(tshark, captures):
    text = statistic(tshark, captures / "ports_decide.pcap", "flowstats,table", "-o",
                     "flow.table_rows:3")
    assert len(ROWS.findall(text)) == 3
    assert "… and 6 more flows" in text


def test_sums_equal_capinfos_and_conversations(tshark, captures):
    capture = captures / "tcp_plain.pcap"
    flow, = tshark.flows(capture)
    conversations = statistic(tshark, capture, "conv,tcp")
    ours = statistic(tshark, capture, "conv,flow")
    for text in (conversations, ours):
        assert re.search(rf"5\s+{flow['flow.down.wire_bytes']} bytes\s+6\s+"
                         rf"{flow['flow.up.wire_bytes']} bytes", text.replace(",", "")), text


def test_conversations_keep_flows_apart(tshark, captures):
    text = statistic(tshark, captures / "tunnels_apart.pcap", "conv,flow")
    assert text.count("<->") == 3


@pytest.mark.parametrize("options, printed", [
    ("conv,flow", r"^10\.0\.0\.1:40000 +<-> 10\.0\.0\.2:80 "),
    ("endpoints,flow", r"^10\.0\.0\.1:40000 "), ("endpoints,flow", r"^10\.0\.0\.2:80 "),
])
def test_conversations_and_endpoints_have_ports(tshark, captures, options, printed):
    assert re.search(printed, statistic(tshark, captures / "tcp_plain.pcap", options), re.M)


def test_conversations_have_ports_in_ipv6_and_none_where_there_are_none(tshark, captures):
    text = statistic(tshark, captures / "sample.pcapng", "conv,flow", "-n")
    assert re.search(r"^\[2001:db8::1\]:33000 +<-> \[2001:db8::2\]:80 ", text, re.M)
    assert re.search(r"^2001:db8::1 +<-> 2001:db8::2 ", text, re.M)


def test_filter_selects_the_packets_that_are_measured(tshark, captures):
    """Measures are those of the packets that pass; who the flow is does not change."""
    capture = captures / "port_reuse.pcap"
    flows = [json.loads(line) for line in statistic(
        tshark, capture, "flowstats,json,-,tcp.len > 0 && ip.addr in {10.0.0.1, 10.0.0.9}"
    ).splitlines()]
    assert [(flow["flow.id"], flow["flow.pkts"], flow["flow.payload_bytes"], flow["flow.up.bytes"])
            for flow in flows] == [(0, 3, 1010, 64)]
    assert "flow.tcp.rtt" not in flows[0]
    assert ROWS.findall(statistic(tshark, capture, "flowstats,table,tcp.len > 0"))[0][1].split(
        "|")[6:8] == ["1 ", "2 "]


def test_waiting_fragments_count_in_one_pass(tshark, captures):
    flows = tshark.flows(captures / "fragments_reversed.pcap")
    assert [(flow["flow.pkts"], flow["flow.payload_bytes"]) for flow in flows] == [(3, 3000)] * 2
    lone = tshark.flows(captures / "fragments_first_missing.pcap")
    assert [(flow["flow.pkts"], flow.get("flow.srcport")) for flow in lone] == [(2, None), (1, 1)]


@pytest.mark.parametrize("capture, count", [("empty", 0), ("link_layer", 3)])
def test_captures_without_much(tshark, captures, capture, count):
    path = captures / f"{capture}.pcap"
    assert len(tshark.flows(path)) == count
    assert len(read_csv(statistic(tshark, path, "flowstats,csv"))) == count
    assert len(ROWS.findall(statistic(tshark, path, "flowstats,table"))) == count


def test_files_appear_whole_or_not_at_all(tshark, captures):
    capture, target = captures / "tcp_plain.pcap", tshark.folder / "out"
    target.mkdir(exist_ok=True)
    target.chmod(0o777)
    statistic(tshark, capture, f"flowstats,csv,{target}/flows.csv")
    assert len(read_csv((target / "flows.csv").read_text())) == 1
    assert [path.name for path in target.iterdir()] == ["flows.csv"]


@pytest.mark.parametrize("what, said", [
    ("flowstats,csv,/nonexistent/flows.csv", "/nonexistent/flows.csv: No such file"),
    ("flowstats,csv,/", "/: Is a directory"),
    ("flowstats,csv,-,no.such.field", "no.such.field"),
    ("flowstats,json,-,tcp.port ==", "tcp.port =="),
    ("flowstats,csvx", "there is no such statistic"),
])
def test_errors_at_the_start(tshark, captures, what, said):
    result = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-z", what, rc=1)
    assert said in result.stderr and result.stdout == ""


@pytest.mark.parametrize("what", ["flowstats,csv,/dev/full", "flowstats,json,/dev/full"])
def test_a_full_disk_ends_in_exit_code_1(tshark, captures, what):
    result = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-z", "io,stat,0", "-z",
                        what, rc=1)
    assert "/dev/full: No space left on device" in result.stderr
    assert "IO Statistics" in result.stdout  # everything was drawn


@pytest.mark.parametrize("tree, capture, counts", [
    ("states", "port_reuse", {"TCP state": 3, "Closed": 1, "Established": 1, "SynSent": 1}),
    ("rtt", "port_reuse", {"RTT": 2, "10 ms to 50 ms": 2}),
    ("sizes", "port_reuse", {"Duration": 3, "100 ms to 1 s": 2, "Bytes": 3, "1 kB to 10 kB": 1}),
    ("sizes", "fragments_reversed", {"Packets": 2, "3 to 9": 2}),
    ("protocols", "tunnels_apart", {"Protocol": 3, "UDP": 3, "Encapsulation": 2}),
    ("directions", "ports_decide", {"Direction decided by": 9, "ports": 8, "first packet": 1}),
])
def test_trees_count_each_flow_once(tshark, captures, tree, capture, counts):
    text = statistic(tshark, captures / f"{capture}.pcap", f"flowstats.{tree},tree")
    first = {}
    for name, number in re.findall(r"^ ?(\S.*?)  +(\d+) ", text, re.M):
        first.setdefault(name, int(number))
    assert {name: first.get(name) for name in counts} == counts


def test_trees_follow_their_filter(tshark, captures):
    text = statistic(tshark, captures / "port_reuse.pcap", "flowstats.sizes,tree,tcp.len > 0")
    assert re.search(r"^ 3 to 9 +1 ", text, re.M) and re.search(r"^Packets +1 ", text, re.M)


def test_a_hundred_thousand_flows(tshark):
    """Each a datagram of 3 bytes from another address; the table stops at its rows and says so."""
    count, capture = 100_000, tshark.folder / "many.pcap"
    with open(capture, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for i in range(count):
            packet = (struct.pack(">BBHHHBBH4s4s", 0x45, 0, 31, 0, 0, 64, 17, 0,
                                  (0x0a000000 + i).to_bytes(4, "big"), b"\xc0\0\2\1")
                      + struct.pack(">HHHH", 40000, 9999, 11, 0) + b"abc")
            file.write(struct.pack("<IIII", i, 0, len(packet), len(packet)) + packet)
    capture.chmod(0o644)
    flows = tshark.flows(capture)
    assert [flow["flow.id"] for flow in flows] == list(range(count))
    assert {flow["flow.payload_bytes"] for flow in flows} == {3}
    assert flows[-1]["flow.ip.src"] == "10.1.134.159"
    table = statistic(tshark, capture, "flowstats,table", "-o", "flow.table_rows:99000")
    assert len(ROWS.findall(table)) == 99_000
    last = [cell.strip() for cell in table.splitlines()[-2].split("|")]
    assert last[1] == "… and 1000 more flows"
    assert last[7:13] == ["1000", "0", "31000", "0", "3000", "0"]


COUNTS = r" +(\d+) +(\d+)" * 3  # packets and bytes: all, sent, received


def test_endpoints_sent_what_they_sent(tshark, captures):
    """The connection: 6 frames up with 10 bytes of payload, 5 down with 1000."""
    text = statistic(tshark, captures / "tcp_plain.pcap", "endpoints,flow")
    found = {end: tuple(map(int, counts)) for end, *counts in
             re.findall(rf"^(\S+:\d+){COUNTS}", text, re.M)}
    assert found == {"10.0.0.1:40000": (11, 1604, 6, 334, 5, 1270),
                     "10.0.0.2:80": (11, 1604, 5, 1270, 6, 334)}


def test_conversations_and_endpoints_count_bytes_of_the_wire(tshark, captures):
    """Cut to 60, 54 and 47 bytes of 154 each, and once more where the ports are cut off."""
    capture = captures / "cut_short.pcap"
    text = statistic(tshark, capture, "conv,flow").replace(",", "")
    assert re.search(r"^10\.0\.0\.1:40000 +<-> 10\.0\.0\.2:80 +0 0 bytes +3 462 bytes +3 462 ", text,
                     re.M)
    text = statistic(tshark, capture, "endpoints,flow")
    assert re.search(r"^10\.0\.0\.1:40000 +3 +462 +3 +462 +0 +0 ", text, re.M)
    assert re.search(r"^10\.0\.0\.2:80 +3 +462 +0 +0 +3 +462 ", text, re.M)


def test_waiting_fragments_are_exported_where_a_session_ends(tshark, captures):
    """tshark -M: those whose first one would come in the next session are flows of this one."""
    for size in ("1", "2", "3"):
        flows = tshark.flows(captures / "fragments_first_missing.pcap", "-M", size)
        assert sum(flow["flow.pkts"] for flow in flows) == 3


def test_a_table_is_asked_for_once(tshark, captures):
    result = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-z", "flowstats,table", "-z",
                        "flowstats,table", rc=1)
    assert "-z flowstats,table can be given once" in result.stderr and result.stdout == ""
