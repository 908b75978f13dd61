"""flow.community_id: equal to the published examples, to Wireshark's own, and to its definition."""
import base64
import hashlib
import ipaddress

# As published with the specification, of the flows of community_id.pcap; the last has no IP.
PUBLISHED = [
    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:d/FP5EW3wiY1vCndhwleRRKHowQ=",
    "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=",
    "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:YHxtAirCG//0OzkcVAukqKQN9xM=",
    "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=",
    "1:2ObVBgIn28oZvibYZhZMBgh7WdQ=", "1:hLZd0XGWojozrvxqE0dWB1iM6R0=",
    "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=",
    "1:pkvHqCL88/tg1k4cPigmZXUtL00=", None,
]
# With seed 1, of the first two.
PUBLISHED_WITH_SEED = ["1:3V71V58M3Ksw/yuFALMcW0LAHvc=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="]

# Wireshark names what a sample quotes, and the next hop of a routing header; a flow's ends are those
# that Wireshark's packet list shows.
NAMED_OTHERWISE = {"sampled.pcap", "routes.pcap"}


def of_flows(tshark, path, *options):
    """The field on the first packet of each flow."""
    frames = tshark.fields(path, ("flow.is_first", "flow.community_id"), *options)
    return [frame.get("flow.community_id") for frame in frames if "flow.is_first" in frame]


def test_published_examples(tshark, captures):
    assert of_flows(tshark, captures / "community_id.pcap") == PUBLISHED


def test_seed(tshark, captures):
    assert of_flows(tshark, captures / "community_id.pcap", "-o",
                    "flow.community_id_seed:1")[:2] == PUBLISHED_WITH_SEED


def test_a_setting_out_of_bounds_is_said(tshark, captures):
    path = captures / "community_id.pcap"
    assert of_flows(tshark, path, "-o", "flow.community_id_seed:70000") == \
        of_flows(tshark, path, "-o", "flow.community_id_seed:65535")
    for chosen, said in (("community_id_seed:70000", "70000 is more than 65535"),
                         ("splt_packets:0", "0 is less than 1")):
        run = tshark.run("-q", "-r", path, "-o", f"flow.{chosen}")
        name = chosen.partition(":")[0]
        assert run.stderr.splitlines() == [f"tshark: flowstats: flow.{name}: {said}, which is taken"]
    at_the_bounds = (f"flow.{name}" for name in (
        "community_id_seed:0", "community_id_seed:65535", "splt_packets:1", "splt_packets:64"))
    options = [word for setting in at_the_bounds for word in ("-o", setting)]
    assert tshark.run("-q", "-r", path, *options).stderr == ""


def test_every_packet_of_a_flow_has_it(tshark, captures):
    frames = tshark.fields(captures / "community_id.pcap", ("flow.id", "flow.community_id"))
    by_flow = {}
    for frame in frames:
        assert by_flow.setdefault(frame["flow.id"],
                                  frame.get("flow.community_id")) == frame.get("flow.community_id")


def by_definition(frame):
    """Of TCP, UDP and SCTP with ports, of other protocols without."""
    protocol = int(frame["flow.proto"])
    ends = sorted((ipaddress.ip_address(frame[f"flow.{end}"]).packed,
                   int(frame.get(f"flow.{end}port", "0")).to_bytes(2, "big"))
                  for end in ("src", "dst"))
    data = bytes(2) + ends[0][0] + ends[1][0] + bytes([protocol, 0])
    data += ends[0][1] + ends[1][1] if protocol in (6, 17, 132) else b""
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def is_comparable(frame):
    """Whether Wireshark names the flow, too.  It names each ICMP message, each fragment by itself,
    takes UDP-Lite (136) for UDP, and knows no ports where UDP's length is too small."""
    is_whole = frame["flow.up.frags"] == frame["flow.down.frags"] == "0"
    is_first = frame["flow.proto"] not in ("1", "58") or frame["flow.index"] == "1"
    has_length = int(frame.get("udp.length", "8").split(";")[-1]) >= 8
    return (is_whole and is_first and has_length and frame["flow.proto"] != "136"
            and "communityid" in frame)


def test_all_flows(tshark, captures, any_capture):
    """Equal to the definition and to Wireshark's own."""
    names = ("flow.index", "flow.src", "flow.dst", "flow.srcport", "flow.dstport", "flow.proto",
             "flow.up.frags", "flow.down.frags", "flow.community_id", "communityid", "udp.length")
    for frame in tshark.fields(captures / any_capture, names, "--enable-protocol", "communityid",
                               "-2"):
        if "flow.community_id" not in frame:
            continue
        if frame["flow.proto"] not in ("1", "58"):
            assert frame["flow.community_id"] == by_definition(frame), frame
        if any_capture not in NAMED_OTHERWISE and is_comparable(frame):
            assert frame["flow.community_id"] == frame["communityid"].split(";")[-1], frame
