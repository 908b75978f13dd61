"""flow.sticky.*: the first value of a field in a flow, on every frame of it."""
import json

import pytest

ON = ("-o", "flow.sticky:TRUE")
HOST = "flow.sticky.http.host"


def fields(names):
    return ("-o", f"flow.sticky_fields:{names}")


def test_off_by_default(tshark, captures):
    assert {HOST, "flow.sticky.dns.qry.name", "flow.sofar.sticky.http.host",
            "flow.sticky.tls.handshake.extensions_server_name"} <= set(tshark.field_names)
    for flow in tshark.flows(captures / "sample.pcapng"):
        assert not [name for name in flow if "sticky" in name]


def test_every_frame_has_the_flows_value(tshark, captures):
    """The SYN too, when dissected again; so far it stands from the first value on."""
    names = ("flow.id", "http.host", "dns.qry.name", HOST, "flow.sticky.dns.qry.name",
             "flow.sofar.sticky.http.host")
    frames = tshark.fields(captures / "sample.pcapng", names, "-2", *ON)
    firsts = {}
    for frame in frames:
        first = firsts.setdefault(frame.get("flow.id"), {})
        for name in ("http.host", "dns.qry.name"):
            if name in frame:
                first.setdefault(name, frame[name].split(";")[0])
        assert frame.get("flow.sofar.sticky.http.host") == first.get("http.host")
    assert sum("http.host" in first for first in firsts.values()) >= 3
    assert any("dns.qry.name" in first for first in firsts.values())
    for frame in frames:
        for name in ("http.host", "dns.qry.name"):
            assert frame.get(f"flow.sticky.{name}") == firsts[frame.get("flow.id")].get(name)


def test_a_filter_shows_the_whole_flow(tshark, captures):
    name, = {flow[HOST] for flow in tshark.flows(captures / "sample.pcapng", *ON)
             if flow["flow.id"] == 10}
    shown = tshark.fields(captures / "sample.pcapng", ("flow.id", "tcp.flags.syn"), "-2", *ON, "-Y",
                          f'{HOST} contains "{name}" && flow.id == 10')
    assert [frame["tcp.flags.syn"] for frame in shown][:2] == ["1", "1"]
    assert len(shown) == 10


def test_any_field_can_be_chosen(tshark, captures):
    flow, = tshark.flows(captures / "tcp_plain.pcap", *ON, *fields("ip.ttl, tcp.flags ,ip.src"))
    assert (flow["flow.sticky.ip.ttl"], flow["flow.sticky.tcp.flags"],
            flow["flow.sticky.ip.src"]) == ("64", "0x0002", "10.0.0.1")
    assert HOST not in flow


def test_unknown_names_are_reported_once_and_skipped(tshark, captures):
    result = tshark.run("-q", "-r", captures / "tcp_plain.pcap", "-z", "flowstats,json", *ON,
                        *fields("no.such, ip.ttl,,no.such"))
    said, = [line for line in result.stderr.splitlines() if "no.such" in line]
    assert said == ("tshark: flowstats: flow.sticky_fields: no.such cannot be a sticky field: there "
                    "is no such field")
    assert json.loads(result.stdout)["flow.sticky.ip.ttl"] == "64"


@pytest.mark.parametrize("character, shown, size", [("x", "x", 256), ("é", "\N{REPLACEMENT CHARACTER}" * 2, 255)])
def test_long_values_are_cut_between_characters(tshark, save, character, shown, size):
    """A host is ASCII for Wireshark: what is not has a replacement character of three bytes."""
    from scapy.all import IP, TCP, Ether
    host = (character * 400).encode()
    path = save("long_host.pcap", Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(
        sport=40000, dport=80, flags="PA") / (b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"))
    flow, = tshark.flows(path, *ON)
    assert len(flow[HOST].encode()) == size
    assert (shown * 400).startswith(flow[HOST])


def test_control_characters_are_escaped(tshark, save):
    from scapy.all import IP, TCP, Ether
    path = save("evil_host.pcap", Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(
        sport=40000, dport=80, flags="PA") / b"GET / HTTP/1.1\r\nHost: a\x1b[2Jb\x07\r\n\r\n")
    said = tshark.run("-q", "-r", path, "-z", "flowstats,csv", *ON).stdout
    assert not set(said) & {"\x1b", "\x07"}


def test_sessions_one_after_another_keep_their_values(tshark, captures):
    """tshark -M begins again, and the rows of before still have theirs."""
    def hosts(*options):
        lines = tshark.run("-n", "-q", *options, "-r", captures / "sample.pcapng", "-z",
                           "flowstats,json", *ON).stdout.splitlines()
        return sorted({flow[HOST] for flow in map(json.loads, lines) if HOST in flow})
    assert hosts("-M", "50") == hosts() != []
    assert hosts("-M", "7") == hosts()


def test_a_field_twice_is_one_and_ours_are_none(tshark, captures):
    result = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-z", "flowstats,csv", *ON,
                        *fields("ip.ttl,flow.id,ip.ttl,ip.src"))
    columns = [name for name in result.stdout.splitlines()[0].split(",") if ".sticky." in name]
    assert columns.count("flow.sticky.ip.ttl") == 1 and "flow.sticky.ip.src" in columns
    assert "flow.sticky_fields: flow.id cannot be a sticky field" in result.stderr
    flow, = tshark.flows(captures / "tcp_plain.pcap", *ON, *fields("ip.ttl,ip.ttl,ip.src"))
    assert (flow["flow.sticky.ip.ttl"], flow["flow.sticky.ip.src"]) == ("64", "10.0.0.1")


def test_no_more_than_sixteen(tshark, captures):
    names = [f"ip.{name}" for name in (
        "version", "hdr_len", "dsfield", "len", "id", "flags", "frag_offset", "ttl", "proto",
        "checksum", "src", "dst", "addr", "src_host", "dst_host", "host", "dsfield.dscp")]
    flow, = tshark.flows(captures / "tcp_plain.pcap", *ON, *fields(",".join(names)))
    assert [name for name in names if f"flow.sticky.{name}" in flow] == names[:16]
