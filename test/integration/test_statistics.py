"""Table, CSV, JSON, conversations and frame fields say the same about the same flows."""
import csv
import io
import json
import re
import struct
from decimal import Decimal

import pytest
from scapy.all import ICMP, IP, UDP, Ether

from recipes import A, B, eth

# tshark prints these fields as dates.
PRINTED_OTHERWISE = ("start", "last", "ts_syn", "ts_syn_ack", "ts_ack")
ROWS = re.compile(r"^ *(\d+ \|.*)\|$", re.M)


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
                    tshark.as_exported(name, frame[name])), name


def table_of(text):
    """The table's rows: a dict each, by the titles of its columns."""
    titles = [title.strip() for title in re.search(r"^(# \|.*)\|$", text, re.M)[1].split("|")]
    return [dict(zip(titles, (cell.strip() for cell in row.split("|"))))
            for row in ROWS.findall(text)]


IN_TABLE = {"Flow": "id", "Protocol": "proto_name", "Application": "app", "Bytes": "bytes",
            "Packets": "pkts", "State": "tcp.state_name", "Packets up": "up.pkts",
            "Packets down": "down.pkts", "Bytes up": "up.bytes", "Bytes down": "down.bytes",
            "Payload up": "up.payload_bytes", "Payload down": "down.payload_bytes",
            "Retransmissions up": "tcp.analysis.up.retransmission",
            "Lost segments down": "tcp.analysis.down.lost_segment", "IP-ID gaps up": "up.lost",
            "End": "end_reason_name", "Encapsulation": "vni"}


@pytest.mark.parametrize("capture", ["sample.pcapng", "tunnels.pcap", "tcp_plain.pcap"])
def test_table_equals_csv(tshark, captures, capture):
    table = table_of(statistic(tshark, captures / capture, "flowstats,table"))
    rows = read_csv(statistic(tshark, captures / capture, "flowstats,csv"))
    first = Decimal(tshark.fields(captures / capture, ("frame.time_epoch",))[0]["frame.time_epoch"])
    assert len(table) == len(rows)
    for line, row in zip(sorted(table, key=lambda line: int(line["Flow"])), rows):
        for title, field in IN_TABLE.items():
            assert line[title] == (row[f"flow.{field}"] or "-"), title
        for title, field in (("RTT", "tcp.rtt"), ("Duration", "duration")):
            seconds = row[f"flow.{field}"]
            assert line[title] == (f"{float(seconds):.6f}" if seconds else "-"), title
        assert line["Start"] == f"{float(Decimal(row['flow.start']) - first):.6f}"


# Of tcp_plain's connection, what no export says in these words.
SHOWN = {"Source": "10.0.0.1:40000", "Destination": "10.0.0.2:80", "Bits/s up": "21376",
         "Bits/s down": "81280", "RTT to the responder": "0.020000",
         "RTT to the initiator": "0.005000", "Bits/s": "102656.000", "Packets/s up": "48.000"}


def test_table_shows_ends_rates_and_times(tshark, captures):
    row, = table_of(statistic(tshark, captures / "tcp_plain.pcap", "flowstats,table"))
    assert {title: row[title] for title in SHOWN} == SHOWN


def test_table_shows_numbers_of_more_than_32_bits(tshark, save):
    packets = [eth(IP(src=A, dst=B) / UDP(sport=1, dport=2) / bytes(60_000)) for _ in range(2)]
    for packet, microseconds in zip(packets, (0, 1)):
        packet.time = Decimal(1_700_000_000) + Decimal(microseconds) / 10**6
    row, = table_of(statistic(tshark, save("fast.pcap", packets), "flowstats,table"))
    assert row["Bits/s up"] == "960672000000"


def test_table_begins_with_the_largest_flow(tshark, captures):
    table = table_of(statistic(tshark, captures / "sample.pcapng", "flowstats,table"))
    assert [int(row["#"]) for row in table] == list(range(1, len(table) + 1))
    sizes = [int(row["Bytes"]) for row in table]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) > 5


def test_table_has_columns_in_the_order_of_interest(tshark, captures):
    titles = list(table_of(statistic(tshark, captures / "sample.pcapng", "flowstats,table"))[0])
    first = ["#", "Flow", "Protocol", "Source", "Destination", "Application", "Bytes", "Packets",
             "Duration", "RTT", "State", "Retransmissions up", "Retransmissions down",
             "Lost segments up", "Lost segments down", "Start"]
    assert [title for title in titles if title in first] == first
    assert titles[:5] == first[:5] and titles[-1] == "Encapsulation"
    assert len(set(titles)) == len(titles)


def test_table_has_a_cap(tshark, captures):
    """Seven flows of 43 bytes and two of 54 and 58: the largest are shown, the rest is summed."""
    capture = captures / "ports_decide.pcap"
    whole = table_of(statistic(tshark, capture, "flowstats,table"))
    *shown, rest = table_of(statistic(tshark, capture, "flowstats,table", "-o",
                                      "flow.table_rows:3"))
    assert [row["Bytes"] for row in shown] == [row["Bytes"] for row in whole[:3]]
    assert [int(row["Flow"]) for row in whole[2:]] == sorted(int(row["Flow"]) for row in whole[2:])
    assert (rest["Protocol"], rest["Source"], rest["Duration"]) == ("… and 6 more flows", "", "-")
    for title in ("Bytes", "Packets", "Payload up"):
        assert int(rest[title]) == sum(int(row[title]) for row in whole[3:]), title


def test_table_of_several_sessions(tshark, captures):
    """tshark -M: the rows of all sessions, in one order."""
    table = table_of(statistic(tshark, captures / "port_reuse.pcap", "flowstats,table", "-M", "3"))
    flows = tshark.flows(captures / "port_reuse.pcap", "-M", "3")
    assert [int(row["Bytes"]) for row in table] == sorted(
        (flow["flow.bytes"] for flow in flows), reverse=True)
    assert sorted(int(row["Flow"]) for row in table) == [flow["flow.id"] for flow in flows]


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
    assert re.search(r"^\[2001:db8::1\]:54788 +<-> \[2001:db8::2\]:80 ", text, re.M)
    assert re.search(r"^2001:db8::1 +<-> 2001:db8::2 ", text, re.M)


WITHOUT_PORTS = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")
WITH_PORTS = (("10.0.0.1:40000", "10.0.0.2:9999"),
              ("[2001:db8::1]:40000", "[2001:db8::2]:9999"))


def conversations(text):
    """(source, destination, frames back, frames there) of each, in any order."""
    rows = re.findall(r"^(\S+) +<-> (\S+) +(\d+) .*?bytes +(\d+) ", text, re.M)
    return sorted((source, destination, int(down), int(up)) for source, destination, down, up in rows)


@pytest.mark.parametrize("capture, options, right", [
    ("fragments_reversed", (), [(*ends, 0, 3) for ends in WITH_PORTS]),
    # 2 of IPv4 | its first one, 1 of IPv6 | 2 of IPv6, the last of them the first one
    ("fragments_reversed", ("-M", "2"), [(*ends, 0, 3) for ends in WITH_PORTS]),
    ("fragments_reversed", ("-M", "2", "-o", "flow.carry_over:FALSE"),
     [(*WITHOUT_PORTS[0], 0, 2), (*WITH_PORTS[0], 0, 1), (*WITHOUT_PORTS[1], 0, 1),
      (*WITH_PORTS[1], 0, 2)]),
    ("fragments_first_missing", (),
     [(*WITHOUT_PORTS[0], 0, 2), ("10.0.0.1:1", "10.0.0.2:2", 0, 1)]),
    ("fragments_first_missing", ("-M", "1"),
     [(*WITHOUT_PORTS[0], 0, 2), ("10.0.0.1:1", "10.0.0.2:2", 0, 1)]),
    ("fragments_first_missing", ("-M", "1", "-o", "flow.carry_over:FALSE"),
     [(*WITHOUT_PORTS[0], 0, 1)] * 2 + [("10.0.0.1:1", "10.0.0.2:2", 0, 1)]),
])
def test_conversations_have_waiting_fragments_in_one_pass(tshark, captures, capture, options,
                                                          right):
    text = statistic(tshark, captures / f"{capture}.pcap", "conv,flow", *options)
    assert conversations(text) == sorted(right)


@pytest.mark.parametrize("capture", ["fragments_reversed", "fragments_first_missing",
                                     "tcp_analysis_in_fragments", "tunnels_apart", "tcp_plain"])
@pytest.mark.parametrize("what", ["conv,flow", "endpoints,flow", "conv,flow,frame.number > 1",
                                  "flowstats.protocols,tree"])
def test_one_pass_says_what_two_say(tshark, captures, capture, what):
    result = tshark.run("-n", "-q", "-r", captures / f"{capture}.pcap", "-z", what)
    assert result.stdout == statistic(tshark, captures / f"{capture}.pcap", what, "-2")
    assert result.stderr == ""


def test_conversations_begin_with_the_source_of_the_flow(tshark, captures):
    text = statistic(tshark, captures / "tcp_plain.pcap", "conv,flow,ip.src == 10.0.0.2")
    assert conversations(text) == [("10.0.0.1:40000", "10.0.0.2:80", 5, 0)]


def test_conversations_have_their_time(tshark, captures):
    """Start since the first frame, and duration, in seconds."""
    text = statistic(tshark, captures / "port_reuse.pcap", "conv,flow")
    times = re.findall(r"^10\.0\.0\.1:40000 .* (\d+\.\d+) +(\d+\.\d+)\s*$", text, re.M)
    assert [tuple(map(float, pair)) for pair in times] == [(0, 0.125), (1, 0.025), (2, 0.5)]


def endpoints(tshark, capture):
    """The table, where bytes are numbers; since 4.6 tshark names their unit."""
    return statistic(tshark, capture, "endpoints,flow").replace(",", "").replace(" bytes", "")


def test_conversations_sum_more_bytes_than_an_int_holds(tshark, save):
    """Three packets that say they had 2^31 - 1 bytes on the wire, as a cut capture may."""
    packets = [eth(IP(src=A, dst=B) / UDP(sport=1, dport=2) / b"abc") for _ in range(3)]
    for packet in packets:
        packet.wirelen = 2**31 - 1
    text = endpoints(tshark, save("long.pcap", packets))
    assert f" {3 * (2**31 - 1)} " in text or " 6442 MB " in text


def test_filter_selects_the_packets_that_are_measured(tshark, captures):
    """Measures are those of the packets that pass; who the flow is does not change."""
    capture = captures / "port_reuse.pcap"
    flows = [json.loads(line) for line in statistic(
        tshark, capture, "flowstats,json,-,tcp.len > 0 && ip.addr in {10.0.0.1, 10.0.0.9}"
    ).splitlines()]
    assert [(flow["flow.id"], flow["flow.pkts"], flow["flow.payload_bytes"], flow["flow.up.bytes"])
            for flow in flows] == [(0, 3, 1010, 64)]
    assert "flow.tcp.rtt" not in flows[0]
    row = table_of(statistic(tshark, capture, "flowstats,table,tcp.len > 0"))[0]
    assert (row["Packets up"], row["Packets down"]) == ("1", "2")


@pytest.mark.parametrize("length", [46, 66])
def test_an_error_whose_quote_is_cut_passes_a_filter(tshark, save, length):
    """Wireshark goes on to mark its frame as a quote, and hands it to nobody."""
    quote = IP(src=A, dst=B) / UDP(sport=1, dport=2) / bytes(50)
    whole = bytes(eth(IP(src=B, dst=A) / ICMP(type=3, code=3) / bytes(quote)))
    packet = Ether(whole[:length])
    packet.wirelen = len(whole)
    capture = save(f"quote_{length}.pcap", [packet])
    flow = json.loads(statistic(tshark, capture, "flowstats,json,-,frame"))
    assert (flow["flow.proto"], flow["flow.pkts"]) == (1, 1)


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


def nodes_of(text):
    """(name, count) of all rows of a tree, from top to bottom."""
    return [(name, int(count)) for name, count in re.findall(r"^ *(\S.*?)  +(\d+) ", text, re.M)]


def test_bands_of_a_tree_are_in_their_order_and_empty_ones_left_out(tshark, captures, save):
    """Flows of 1, 2, 4 and 12 packets of 43 bytes, a millisecond apart: none is long or large."""
    packets = []
    for port, count in enumerate((12, 1, 4, 2)):
        for i in range(count):
            packets.append(eth(IP(src=A, dst=B) / UDP(sport=1000 + port, dport=9) / b"x"))
            packets[-1].time = i / 1000
    text = statistic(tshark, save("sizes.pcap", packets), "flowstats.sizes,tree")
    assert nodes_of(text) == [
        ("Duration", 4), ("0 to 0.001 s", 1), ("0.001 to 0.01 s", 2), ("0.01 to 0.1 s", 1),
        ("Bytes", 4), ("0 to 1 kB", 4),
        ("Packets", 4), ("1", 1), ("2", 1), ("3 to 9", 1), ("10 to 99", 1)]


@pytest.mark.parametrize("tree, capture, counts", [
    ("states", "port_reuse", {"TCP state": 3, "0 Closed": 1, "1 SynSent": 1, "3 Established": 1}),
    ("rtt", "port_reuse", {"RTT": 2, "10 to 50 ms": 2}),
    ("sizes", "port_reuse", {"Duration": 3, "0.1 to 1 s": 2, "Bytes": 3, "1 to 10 kB": 1}),
    ("sizes", "fragments_reversed", {"Packets": 2, "3 to 9": 2}),
    ("protocols", "tunnels_apart", {"Protocol": 3, "UDP": 3, "Encapsulation": 2}),
    ("directions", "ports_decide", {"Direction decided by": 9, "4 ports": 8, "5 first packet": 1}),
    ("conn_states", "port_reuse", {"Connection state": 3, "SF": 1, "S0": 1, "OTH": None}),
])
def test_trees_count_each_flow_once(tshark, captures, tree, capture, counts):
    text = statistic(tshark, captures / f"{capture}.pcap", f"flowstats.{tree},tree")
    first = {}
    for name, number in nodes_of(text):
        first.setdefault(name, number)
    assert {name: first.get(name) for name in counts} == counts


@pytest.mark.parametrize("carry_over, states", [
    ("TRUE", [("0 Closed", 1), ("1 SynSent", 1), ("3 Established", 1)]),
    ("FALSE", [("1 SynSent", 3), ("3 Established", 3), ("5 CloseWait", 2)]),
])
def test_trees_count_the_flows_of_all_sessions(tshark, captures, carry_over, states):
    text = statistic(tshark, captures / "port_reuse.pcap", "flowstats.states,tree", "-M", "3", "-o",
                     f"flow.carry_over:{carry_over}")
    assert nodes_of(text) == [("TCP state", sum(count for _, count in states)), *states]


def test_trees_follow_their_filter(tshark, captures):
    text = statistic(tshark, captures / "port_reuse.pcap", "flowstats.sizes,tree,tcp.len > 0")
    assert re.search(r"^ +3 to 9 +1 ", text, re.M) and re.search(r"^Packets +1 ", text, re.M)


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
    assert len(ROWS.findall(table)) == 99_000 + 1  # how many more there are
    last = [cell.strip() for cell in table.splitlines()[-2].split("|")]
    assert "… and 1000 more flows" in last
    assert last[7:9] == ["31000", "1000"]  # bytes and packets
    assert "3000" in last[9:]  # payload up


COUNTS = r" +(\d+) +(\d+)" * 3  # packets and bytes: all, sent, received


def test_endpoints_sent_what_they_sent(tshark, captures):
    """The connection: 6 frames up with 10 bytes of payload, 5 down with 1000."""
    text = endpoints(tshark, captures / "tcp_plain.pcap")
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
    text = endpoints(tshark, capture)
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
