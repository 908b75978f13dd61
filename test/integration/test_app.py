"""flow.app: the deepest protocol in a flow's payload, the same with a tree and without."""
import pytest
from test_tcp_analysis import REAL, captures_with_most

# capture, and the applications of its flows in the order of their numbers
FLOWS = [
    ("answers_first", ["dns", "dhcp", "ntp", "tls", "sip", "radius", "snmp", "stun", "http"]),
    ("pings", ["icmp", "icmp", "icmpv6", "icmp", "icmpv6"]),
    ("icmp_errors", [None, "icmp", None, "icmpv6", "icmp"]),  # what they quote is no payload
    ("link_layer", ["arp", "lldp", "stp"]),
    ("transports", [None, None, None, "ospf", "igmp"]),
    ("tcp_plain", [None]),  # port 80, and no HTTP
    ("udp", [None]),
]


@pytest.mark.parametrize("name, apps", FLOWS)
def test_of_generated_captures(tshark, captures, name, apps):
    path = captures / f"{name}.pcap"
    assert [flow.get("flow.app") for flow in tshark.flows(path)] == apps


def test_it_is_the_flows(tshark, captures):
    """On the packets without payload too, and so far only from the first message on."""
    frames = tshark.fields(captures / "sample.pcapng",
                           ("flow.id", "flow.index", "flow.app", "flow.sofar.app", "tcp.len"), "-2")
    http = [frame for frame in frames if frame["flow.id"] == "10"]
    assert {frame["flow.app"] for frame in http} == {"http"}
    assert [frame.get("flow.sofar.app") for frame in http] == [None] * 3 + ["http"] * (len(http) - 3)


def real_captures():
    return captures_with_most(("quic", "gtp", "dupack", "rst", "ipfrag", "unidir_udp"), 2) if (
        REAL.exists()) else []


@pytest.mark.parametrize("capture", real_captures())
def test_trees_change_nothing(tshark, capture):
    frames = tshark.fields(REAL / capture, ("flow.id", "flow.sofar.app"))
    with_tree = {int(frame["flow.id"]): frame.get("flow.sofar.app") for frame in frames
                 if "flow.id" in frame}
    assert with_tree == {flow["flow.id"]: flow.get("flow.app")
                         for flow in tshark.flows(REAL / capture)}


def test_off_is_absent(tshark, captures):
    for flow in tshark.flows(captures / "answers_first.pcap", "-o", "flow.app:FALSE"):
        assert "flow.app" not in flow
