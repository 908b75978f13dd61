"""How far a capture can be trusted: values by hand, the fields by another way, and the page."""
import collections
import csv
import io

import pytest

# (capture, frame or None for every frame, field, value or None for absent)
VALUES = [
    ("span_copies", 1, "duplicate_of", None),
    ("span_copies", 2, "duplicate_of", "1"),
    ("span_copies", 2, "ttl_delta", "0"),
    ("span_copies", 22, "duplicate_of", "21"),
    ("span_copies", None, "up.duplicates", "6"),
    ("span_copies", None, "down.duplicates", "5"),
    ("span_routed", None, "up.duplicates", "6"),
    ("span_routed", None, "down.duplicates", "5"),
    ("span_routed", 2, "ttl_delta", "1"),
    ("span_routed", 1, "ttl_delta", None),
    ("span_copies_v6", None, "up.duplicates", "3"),  # of SYN, payload and FIN
    ("span_copies_v6", None, "down.duplicates", "4"),  # of SYN-ACK, twice payload and FIN
    ("span_routed_v6", None, "up.duplicates", "6"),
    ("span_routed_v6", None, "down.duplicates", "5"),
    ("span_routed_v6", 2, "ttl_delta", "2"),
    ("span_thrice", None, "up.duplicates", "12"),
    ("span_thrice", 3, "duplicate_of", "1"),
    ("span_late", 3, "duplicate_of", "1"),
    ("span_late", 4, "duplicate_of", None),  # 101 ms
    ("no_copies_dns", None, "up.duplicates", "0"),
    ("no_copies_datagrams_v6", None, "up.duplicates", "0"),
    ("no_copies_id_again", None, "up.duplicates", "0"),
    ("no_copies_tcp", None, "up.duplicates", "0"),
    ("no_copies_tcp", None, "down.duplicates", "0"),
    ("no_copies_asked_for", None, "up.duplicates", "0"),
    ("no_copies_asked_for", None, "down.duplicates", "0"),
    ("route_back_unseen", None, "one_sided", "1"),
    ("route_back_unseen", None, "unseen_side", "1"),
    ("route_back_unseen", None, "midstream", None),
    ("route_back_unseen", None, "vantage", None),
    ("group_one_sided", None, "one_sided", "1"),
    ("group_one_sided", None, "unseen_side", None),
    ("tcp_plain", None, "one_sided", None),
    ("tcp_plain", None, "unseen_side", None),
    ("tcp_plain", None, "midstream", None),
    ("tcp_plain", None, "up.cut_pkts", "0"),
    ("tcp_plain", None, "up.duplicates", "0"),
    ("tcp_plain", None, "late", "0"),
    ("tcp_plain", None, "late_max", None),
    ("tcp_plain", None, "vantage_name", "between"),  # 20 ms to the server, 5 to the client
    ("midstream", None, "midstream", "1"),
    ("snap_length", None, "up.cut_pkts", "1"),
    ("snap_length", None, "up.cut_bytes", "4"),  # 54 + 10, of which 60
    ("snap_length", None, "down.cut_pkts", "2"),
    ("snap_length", None, "down.cut_bytes", str(54 + 600 - 60 + 54 + 400 - 60)),
    ("out_of_order_times", None, "late", "2"),
    ("out_of_order_times", None, "late_max", "0.180000000"),
    ("offload_by_size", None, "up.offload", "2"),
    ("offload_by_mss", None, "up.offload", "1"),
    ("offload_by_mss", None, "down.offload", "0"),
    ("vantage_client", None, "vantage", "1"),
    ("vantage_client", None, "vantage_name", "client"),
    ("vantage_server", None, "vantage", "2"),
    ("vantage_server", None, "vantage_name", "server"),
    ("link_layer", None, "up.duplicates", None),  # a link-layer flow
]


@pytest.mark.parametrize("capture,frame,field,value", VALUES)
def test_values_by_hand(tshark, captures, capture, frame, field, value):
    frames = tshark.fields(captures / f"{capture}.pcap", (f"flow.quality.{field}",), "-2")
    for got in frames if frame is None else [frames[frame - 1]]:
        assert got.get(f"flow.quality.{field}") == value


def test_copies_are_known_on_the_first_dissection(tshark, captures):
    once, again = (tshark.fields(captures / "span_routed.pcap", (
        "flow.quality.duplicate_of", "flow.quality.ttl_delta"), *passes) for passes in ([], ["-2"]))
    assert once == again
    assert [frame.get("flow.quality.duplicate_of") for frame in once[:4]] == [None, "1", None, "3"]


@pytest.mark.parametrize("capture", ["span_copies", "span_routed", "span_thrice"])
def test_a_filter_leaves_the_copies_out_in_one_pass(tshark, captures, capture):
    """The rows are those of the capture without copies, but for what names frames."""
    def flows(capture, filter=""):
        text = tshark.run("-n", "-q", "-r", captures / f"{capture}.pcap", "-z",
                          f"flowstats,csv,-{filter}").stdout
        return list(csv.DictReader(io.StringIO(text)))
    clean, = flows("tcp_plain")
    mirrored, = flows(capture, ",!flow.quality.duplicate_of")
    assert {name: value for name, value in mirrored.items() if not name.endswith("_frame")} == \
        {name: value for name, value in clean.items() if not name.endswith("_frame")}
    assert mirrored["flow.pkts"] == "11"


def test_the_window_is_a_preference(tshark, captures):
    field = "flow.quality.up.duplicates"
    flow, = {frame[field] for frame in tshark.fields(
        captures / "no_copies_id_again.pcap", (field,), "-2", "-o", "flow.duplicate_window:200")}
    assert flow == "1"
    flow, = {frame[field] for frame in tshark.fields(
        captures / "span_copies_v6.pcap", (field,), "-2", "-o", "flow.duplicate_window:0")}
    assert flow == "0"


# Recomputed from Wireshark's own fields.

DECODED = ("frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "ip.id", "ip.ttl",
           "ip.len", "ip.frag_offset", "ipv6.hlim", "ipv6.plen", "ipv6.fraghdr.offset",
           "tcp.checksum", "udp.checksum", "icmp.checksum", "icmpv6.checksum", "tcp.seq_raw",
           "tcp.ack_raw", "tcp.flags", "tcp.len", "tcp.window_size_value", "ip.proto", "ipv6.nxt",
           "flow.id", "flow.direction", "flow.proto", "flow.vni", "flow.end_reason")
OURS = tuple(f"flow.quality.{name}" for name in (
    "duplicate_of", "ttl_delta", "up.duplicates", "down.duplicates", "up.cut_pkts",
    "down.cut_pkts", "up.cut_bytes", "down.cut_bytes", "one_sided", "midstream", "late",
    "late_max", "unseen_side"))
SYN, FIN, RST, ACK = 2, 1, 4, 16


def nanoseconds(text):
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


def plain_flows(frames):
    """Flows all of whose frames have one network header: no tunnels, quotes or fragments."""
    flows = collections.defaultdict(list)
    odd = set()
    for frame in frames:
        if "flow.id" not in frame:
            continue
        flows[frame["flow.id"]].append(frame)
        if any(";" in frame.get(name, "") for name in DECODED) or "flow.vni" in frame \
                or "ipv6.fraghdr.offset" in frame or frame.get("ip.frag_offset", "0") != "0" \
                or "frame.time_epoch" not in frame:
            odd.add(frame["flow.id"])
    return [flow for ident, flow in flows.items() if ident not in odd]


def identity(frame):
    """What is the same in a packet and its copy."""
    return tuple(frame.get(name) for name in (
        "flow.direction", "ip.id", "ip.len", "ipv6.plen", "tcp.checksum", "udp.checksum",
        "icmp.checksum", "icmpv6.checksum", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags",
        "tcp.window_size_value"))


def number(frame, name):
    return int(frame.get(name, "0"), 0)


def is_stream(frame):
    """Whether TCP sends it once, unless asked for again."""
    return "tcp.seq_raw" in frame and (number(frame, "tcp.len") > 0
                                       or number(frame, "tcp.flags") & (SYN | FIN))


def hops(frame):
    return number(frame, "ip.ttl" if "ip.ttl" in frame else "ipv6.hlim")


def questions(flow, copies):
    """By frame number: how often the other side had acknowledged the same again until then."""
    last, asked, until = {}, collections.Counter(), {}
    for frame in flow:
        way = frame["flow.direction"]
        until[frame["frame.number"]] = asked["1" if way == "0" else "0"]
        if "tcp.seq_raw" not in frame or number(frame, "tcp.flags") & RST \
                or frame["frame.number"] in copies:
            continue
        ack = number(frame, "tcp.ack_raw") if number(frame, "tcp.flags") & ACK else 0
        asked[way] += last.get(way) == number(frame, "tcp.ack_raw") and not is_stream(frame)
        last[way] = ack
    return until


def copies_of(flow):
    """{frame number: the original's number}; grows frame by frame, as questions needs it."""
    copies = {}
    for at, frame in enumerate(flow):
        way = [seen for seen in flow[:at] if seen["flow.direction"] == frame["flow.direction"]
               and seen["frame.number"] not in copies][-8:]
        twins = [seen for seen in way if identity(seen) == identity(frame)]
        if "ip.len" not in frame and "ipv6.plen" not in frame:
            continue
        counts = number(frame, "ip.id") != 0 and not any(
            seen.get("ip.id") == frame["ip.id"] for seen in way if seen not in twins)
        until = questions(flow[:at + 1], copies)
        for seen in reversed(twins):
            apart = abs(nanoseconds(frame["frame.time_epoch"])
                        - nanoseconds(seen["frame.time_epoch"]))
            unasked = until[seen["frame.number"]] == until[frame["frame.number"]]
            if apart <= 100_000_000 and counts or apart <= 5_000_000 and (
                    hops(frame) < hops(seen) or is_stream(frame) and unasked):
                copies[frame["frame.number"]] = seen["frame.number"]
                break
    return copies


def expected_of(flow, copies):
    """The values of the whole flow."""
    latest, late, acks = None, [], set()
    for frame in flow:
        now = nanoseconds(frame["frame.time_epoch"])
        if latest is not None and now < latest:
            late.append(latest - now)
        latest = now if latest is None else max(latest, now)
        flags = number(frame, "tcp.flags")
        if "tcp.seq_raw" in frame and not flags & RST and frame["frame.number"] not in copies:
            acks.add(number(frame, "tcp.ack_raw") if flags & ACK else 0)
    is_ip = "flow.proto" in flow[0]
    one_sided = len({frame["flow.direction"] for frame in flow}) == 1
    segments = [frame for frame in flow if "tcp.seq_raw" in frame]
    values = {"one_sided": "1" if one_sided else None,
              "unseen_side": "1" if one_sided and len(acks) > 1 else None,
              "midstream": "1" if segments and not any(
                  number(frame, "tcp.flags") & SYN for frame in segments) else None,
              "late": str(len(late)),
              "late_max": f"{max(late) / 1e9:.9f}" if late else None}
    for bit, way in (("0", "up"), ("1", "down")):
        half = [frame for frame in flow if frame["flow.direction"] == bit]
        cut = [number(frame, "frame.len") - number(frame, "frame.cap_len") for frame in half]
        values[f"{way}.duplicates"] = str(sum(
            frame["frame.number"] in copies for frame in half)) if is_ip else None
        values[f"{way}.cut_pkts"] = str(sum(missing > 0 for missing in cut))
        values[f"{way}.cut_bytes"] = str(sum(missing for missing in cut if missing > 0))
    return values


def test_fields_equal_what_wiresharks_say(tshark, captures, any_capture):
    frames = tshark.fields(captures / any_capture, DECODED + OURS, "-2", "-o",
                           "tcp.relative_sequence_numbers:false")
    for flow in plain_flows(frames):
        copies = copies_of(flow)
        values = expected_of(flow, copies)
        for frame in flow:
            what = any_capture, frame["frame.number"]
            assert frame.get("flow.quality.duplicate_of") == copies.get(frame["frame.number"]), what
            for name, value in values.items():
                assert frame.get(f"flow.quality.{name}") == value, (what, name)


# The page

def page(tshark, *captures, filter="", rc=0):
    return tshark.run("-n", "-q", "-r", captures[0], "-z", f"flowstats,quality{filter}",
                      rc=rc).stdout


def test_the_page_says_what_was_found(tshark, captures):
    text = page(tshark, captures / "span_copies.pcap")
    assert "Flows: 1 (TCP: 1)  Packets: 22  Bytes on the wire: 3208\n" in text
    assert "\nCopies: 11 of 22 packets (50.0 %), in 1 of 1 flows (100.0 %)\n" in text
    assert "!flow.quality.duplicate_of" in text
    assert "\nBegin midstream: none\n" in text
    assert "\nCapture point: between the two, by 1 of 1 TCP handshakes (100.0 %)\n" in text


@pytest.mark.parametrize("capture,line", [
    ("midstream", "Begin midstream: 2 of 2 TCP flows (100.0 %)"),
    ("route_back_unseen", "Other side not captured: 1 of 1 TCP flows (100.0 %)"),
    ("group_one_sided", "One-sided: 1 of 1 flows (100.0 %)"),
    ("snap_length", "Cut frames: 3 of 11 packets (27.3 %), in 1 of 1 flows (100.0 %)"),
    ("out_of_order_times", "Late packets: 2 of 6 packets (33.3 %), in 1 of 1 flows (100.0 %)"),
    ("offload_by_size", "Merged packets: 2 of 3 packets (66.7 %), in 1 of 1 flows (100.0 %)"),
    ("vantage_client", "Capture point: near the client, by 1 of 1 TCP handshakes (100.0 %)"),
    ("vantage_server", "Capture point: near the server, by 1 of 1 TCP handshakes (100.0 %)"),
    ("out_of_order_times", "Capture point: not known"),
    ("tcp_plain", "Copies: none"),
    ("tcp_plain", "Missed bytes: none"),
    ("one_sided", "Missed bytes: 10 bytes, in 1 of 1 TCP flows (100.0 %)"),
])
def test_each_finding_has_its_line_and_a_sentence(tshark, captures, capture, line):
    lines = page(tshark, captures / f"{capture}.pcap").splitlines()
    assert line in lines
    assert lines[lines.index(line) + 1].startswith("    ")


@pytest.mark.parametrize("cut, share", [(1, "0.1"), (2499, "99.9"), (2500, "100.0")])
def test_a_share_that_is_there_is_not_0_and_one_that_is_not_all_not_100(tshark, save, cut, share):
    from scapy.all import IP, UDP
    packets = [IP(bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / b"xy"))] * (2500 - cut)
    longer = packets[0].copy() if packets else IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / b"xy"
    longer.wirelen = 100
    text = page(tshark, save(f"cut_{cut}.pcap", [*packets, *[longer] * cut]))
    assert f"\nCut frames: {cut} of 2500 packets ({share} %), in 1 of 1 flows" in text


@pytest.mark.parametrize("rtts, said", [
    ([(20, 2), (2, 20)], "not the same for most flows"),
    ([(20, 2), (2, 20), (2, 20)], "near the server, by 2 of 3 TCP handshakes (66.7 %)"),
    ([(20, 2), (20, 2), (2, 20)], "near the client, by 2 of 3 TCP handshakes (66.7 %)"),
])
def test_the_page_says_where_most_flows_were_captured(tshark, save, rtts, said):
    from recipes import Talk
    timed = [timed for port, rtt in enumerate(rtts)
             for timed in Talk(sport=40000 + port).handshake(100 * port, rtt).packets]
    for milliseconds, packet in timed:
        packet.time = milliseconds / 1000
    path = save(f"vantages_{len(rtts)}_{rtts[1][0]}.pcap", [packet for _, packet in timed])
    assert f"\nCapture point: {said}\n" in page(tshark, path)


def test_the_page_obeys_its_filter(tshark, captures):
    text = page(tshark, captures / "span_copies.pcap", filter=",-,!flow.quality.duplicate_of")
    assert "Packets: 11 " in text and "\nCopies: none\n" in text


def test_the_page_goes_to_a_file(tshark, captures):
    folder = tshark.folder / "page"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    assert page(tshark, captures / "tcp_plain.pcap", filter=f",{folder}/page.txt") == ""
    assert (folder / "page.txt").read_text().startswith("How far this capture can be trusted\n")


def test_the_page_says_that_the_group_is_off(tshark, captures):
    text = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-o", "flow.quality:FALSE",
                      "-z", "flowstats,quality").stdout
    assert "flow.quality is off" in text and "none" not in text


def test_the_page_is_short_where_there_is_nothing(tshark, captures):
    text = page(tshark, captures / "tcp_plain.pcap", filter=",-,frame.number>99")
    assert text == "How far this capture can be trusted\n\n" \
                   "Flows: 0 (TCP: 0)  Packets: 0  Bytes on the wire: 0\n"


def test_the_page_adds_up_sessions(tshark, captures):
    """tshark -M begins anew after so many packets; its sums are those of all of them."""
    text = tshark.run("-n", "-q", "-r", captures / "span_copies.pcap", "-M", "8", "-z",
                      "flowstats,quality").stdout
    assert "Packets: 22 " in text
    assert "\nCopies: 11 of 22 packets (50.0 %)" in text
