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


def between(payloads, port, **tcp):
    """Segments of a client, one after another."""
    from scapy.all import IP, TCP, Ether
    seq = 100
    for payload in payloads:
        yield Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(
            sport=40000, dport=port, flags="PA", seq=seq, ack=1, **tcp) / payload
        seq += len(payload)


SMB = b"\xffSMB" + bytes([0x72]) + bytes(27) + bytes(3)
SMB2 = b"\xfeSMB" + bytes([64, 0]) + bytes(58) + bytes([36, 0]) + bytes(34)


def in_session(message):
    return len(message).to_bytes(4, "big") + message


@pytest.mark.parametrize("messages, app", [([SMB], "smb"), ([SMB2], "smb2"),
                                           ([SMB, SMB2], "smb"), ([SMB2, SMB], "smb2")])
@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_of_two_that_are_equally_deep_the_first(tshark, save, messages, app, passes):
    path = save(f"equally_deep_{app}_{len(messages)}.pcap",
                list(between(map(in_session, messages), 445)))
    flow, = tshark.flows(path, *passes)
    assert flow["flow.app"] == app


STARTS = [(b"GET / HTTP/1.1\r\n\r\n", "http"), (b"M-SEARCH * HTTP/1.1\r\n\r\n", "http"),
          (b"PUT", None), (b"GE / HTTP/1.1\r\n\r\n", None), (b"get / HTTP/1.1\r\n\r\n", None),
          (b"xGET / HTTP/1.1\r\n\r\n", None), (b"HTTP/1.1 204 OK\r\n\r\n", "http"),
          (b"HTTPS/1.1 204 OK\r\n\r\n", None), (b"RTP/1.1 204 OK\r\n\r\n", None)]


def test_a_message_of_http_starts_as_one(tshark, save):
    """A method of three letters or more and a blank, or the version."""
    from scapy.all import IP, TCP, Ether
    path = save("http_starts.pcap", [
        Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=40000 + number, dport=80, flags="PA",
                                                           seq=100, ack=1) / payload
        for number, (payload, _) in enumerate(STARTS)])
    assert [(payload, flow.get("flow.app")) for (payload, _), flow in
            zip(STARTS, tshark.flows(path))] == STARTS


def test_a_message_counts_where_it_is_complete(tshark, save):
    """The first half is nobody's, whether Wireshark makes a tree of it or not."""
    query = bytes.fromhex("0007 0100 0001 0000 0000 0000 0161 00 0001 0001")
    message = len(query).to_bytes(2, "big") + query
    frames = list(between((message[:9], message[9:]), 53))
    for count, apps in (1, [None]), (2, [None, "dns"]):
        path = save(f"dns_in_{count}.pcap", frames[:count])
        shown = tshark.fields(path, ("flow.sofar.app",))
        assert [frame.get("flow.sofar.app") for frame in shown] == apps
        flow, = tshark.flows(path)
        assert flow.get("flow.app") == apps[-1]


def test_a_first_half_that_comes_last_completes_its_message(tshark, save):
    """Where Wireshark puts segments out of order together."""
    from scapy.all import IP, TCP, Ether
    message = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    frames = [Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(
        sport=40000, dport=80, flags=flags, seq=seq, ack=flags != "S") / payload
        for flags, seq, payload in (("S", 99, b""), ("PA", 110, message[10:]),
                                    ("PA", 100, message[:10]))]
    path = save("http_out_of_order.pcap", frames)
    options = ("-o", "tcp.reassemble_out_of_order:TRUE")
    shown = tshark.fields(path, ("flow.sofar.app", "http.host"), *options)
    assert [(frame.get("flow.sofar.app"), frame.get("http.host")) for frame in shown] == [
        (None, None), (None, None), ("http", "x")]
    flow, = tshark.flows(path, *options)
    assert (flow["flow.app"], flow["flow.host"]) == ("http", "x")


CHAIN = """
local function layer(n)
    local proto = Proto("chain" .. n, "Layer " .. n)
    local inner = n < %d and layer(n + 1)
    function proto.dissector(buffer, pinfo, tree)
        tree:add(proto, buffer())
        if inner then inner:call(buffer, pinfo, tree) end
    end
    return proto.dissector
end
DissectorTable.get("udp.port"):add(9999, layer(1))
"""


@pytest.mark.parametrize("layers, app", [(1, 1), (15, 15), (16, 16), (17, 16), (20, 16)])
def test_so_deep_it_is_looked(tshark, save, layers, app):
    from scapy.all import IP, UDP, Ether
    path = save("chain.pcap", [Ether() / IP(src="10.0.0.1", dst="10.0.0.2") /
                               UDP(sport=50000, dport=9999) / b"chain"])
    script = tshark.folder / f"chain_{layers}.lua"
    script.write_text(CHAIN % layers)
    script.chmod(0o644)
    flow, = tshark.flows(path, "-X", f"lua_script:{script}")
    assert flow["flow.app"] == f"chain{app}"


def test_off_is_absent(tshark, captures):
    for flow in tshark.flows(captures / "answers_first.pcap", "-o", "flow.app:FALSE"):
        assert "flow.app" not in flow
