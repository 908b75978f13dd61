"""sharkd is a host like the others: it answers what tshark and Wireshark show, and nothing ends it."""
import json
import shutil

import pytest

from sharkd import Failed, Sharkd

pytestmark = pytest.mark.skipif(not shutil.which("sharkd"), reason="no sharkd")

TABLE = "nstat:flowstats,table"


@pytest.fixture
def sharkd(tshark):
    with Sharkd(tshark) as sharkd:
        yield sharkd
        assert sharkd.close() == 0


def rows_of(tap):
    return tap["tables"][0]["i"]


def values_of(node, found):
    """All (label, filter) of a frame's details."""
    for child in node:
        found.append((child.get("l"), child.get("f")))
        values_of(child.get("n", []), found)
    return found


def details(sharkd, frame):
    return values_of(sharkd.ask("frame", frame=frame, proto=True)["tree"], [])


def test_frames_know_the_whole_flow(sharkd, captures):
    sharkd.load(captures / "tcp_plain.pcap")
    assert sharkd.columns("flow.id", "flow.pkts", "flow.sofar.pkts") == [
        ["0", "11", str(number)] for number in range(1, 12)]
    assert sharkd.columns("flow.pkts", filter="flow.is_last") == [["11"]]


def test_a_frame_has_our_details_in_any_order(sharkd, captures):
    sharkd.load(captures / "tcp_plain.pcap")
    for frame in (9, 2, 11, 1):
        filters = [text for _, text in details(sharkd, frame)]
        assert "flow.pkts == 11" in filters
        assert f"flow.sofar.pkts == {frame}" in filters


def test_filters_are_checked_and_completed(sharkd):
    assert sharkd.ask("check", filter="flow.pkts > 3") == {"status": "OK"}
    with pytest.raises(Failed, match="flow.none"):
        sharkd.ask("check", filter="flow.none")
    assert "flow.tcp.rtt" in {row["f"] for row in sharkd.ask("complete", field="flow.tcp.rt")[
        "field"]}
    assert [row["f"] for row in sharkd.ask("complete", pref="flow.idle_t")["pref"]] == [
        "flow.idle_timeout"]


def test_statistics_are_those_of_tshark(tshark, sharkd, captures):
    sharkd.load(captures / "port_reuse.pcap")
    flows = tshark.flows(captures / "port_reuse.pcap")
    taps = {tap["tap"]: tap for tap in sharkd.taps(TABLE, "stat:flowstats.states",
                                                   "conv:FlowStats")}
    titles = [column["c"] for column in taps[TABLE]["fields"]]
    rows = [dict(zip(titles, row)) for row in rows_of(taps[TABLE])]
    assert sorted((row["Flow"], row["Packets up"], row["Packets down"]) for row in rows) == [
        (flow["flow.id"], flow["flow.up.pkts"], flow["flow.down.pkts"]) for flow in flows]
    states, = taps["stats:flowstats.states"]["stats"]
    assert states["count"] == len(flows) == 3
    assert [(row["txf"], row["rxf"], row["txb"], row["rxb"])
            for row in taps["conv:FlowStats"]["convs"]] == [
        tuple(flow[f"flow.{name}"] for name in ("up.pkts", "down.pkts", "up.bytes", "down.bytes"))
        for flow in flows]


@pytest.mark.parametrize("capture, conversation, endpoint", [
    ("tcp_plain", "flow.id==0 && ip.addr==10.0.0.1 && flow.id==0 && ip.addr==10.0.0.2",
     "(flow.srcport==80 || flow.dstport==80) && ip.addr==10.0.0.2"),
    ("tcp_v6", "flow.id==0 && ipv6.addr==2001:db8::1 && flow.id==0 && ipv6.addr==2001:db8::2",
     "(flow.srcport==80 || flow.dstport==80) && ipv6.addr==2001:db8::2"),
    ("link_layer",
     "flow.id==0 && eth.addr==02:00:00:00:00:0a && flow.id==0 && eth.addr==02:00:00:00:00:0b",
     "eth.addr==02:00:00:00:00:0b"),
])
def test_a_conversation_has_a_filter(sharkd, captures, capture, conversation, endpoint):
    sharkd.load(captures / f"{capture}.pcap")
    ends, talks = sharkd.taps("conv:FlowStats", "endpt:FlowStats")
    if "hosts" not in ends:
        ends, talks = talks, ends
    assert talks["convs"][0]["filter"] == conversation
    assert ends["hosts"][1]["filter"] == endpoint


def test_the_table_is_answered_as_often_as_asked(sharkd, captures):
    """Asked for twice in one request, it ended the server."""
    sharkd.load(captures / "port_reuse.pcap")
    once, = sharkd.taps(TABLE)
    assert len(rows_of(once)) == 3
    assert sharkd.taps(TABLE, TABLE) == [once, once]
    assert sharkd.taps(TABLE) == [once]


def test_trees_are_answered_as_often_as_asked(tshark, captures):
    """And nothing of those before is read again: the C library overwrites what is freed."""
    with Sharkd(tshark, env={**tshark.environment, "MALLOC_PERTURB_": "165"}) as sharkd:
        sharkd.load(captures / "port_reuse.pcap")
        for _ in range(3):
            trees = sharkd.taps("stat:flowstats.states", "stat:flowstats.sizes")
            assert [tree["stats"][0]["count"] for tree in trees] == [3, 3]
        assert sharkd.close() == 0


def test_statistics_are_of_the_file_that_is_open(sharkd, captures):
    for capture, flows in (("port_reuse", 3), ("tcp_plain", 1), ("empty", 0), ("port_reuse", 3)):
        sharkd.load(captures / f"{capture}.pcap")
        tap, = sharkd.taps(TABLE)
        assert len(rows_of(tap)) == flows, capture


def test_graphs_and_streams(sharkd, captures):
    sharkd.load(captures / "tcp_plain.pcap")
    graphs = sharkd.ask("iograph", interval=1000, graph0="packets", filter0="flow.is_last",
                        graph1="max:flow.pkts", filter1="flow.pkts")["iograph"]
    assert [graph["items"] for graph in graphs] == [[1], [11]]
    stream = sharkd.ask("follow", follow="TCP", filter="flow.id == 0")
    assert (stream["sbytes"], stream["cbytes"]) == (10, 1000)


def test_numbers_begin_again_with_each_file(sharkd, captures):
    """They went on as in tshark -M."""
    for _ in range(2):
        sharkd.load(captures / "port_reuse.pcap")
        assert [ident for ident, in sharkd.columns("flow.id")] == ["0"] * 11 + ["1"] * 3 + ["2"] * 2


def test_a_preference_holds_from_the_next_file_on(sharkd, captures):
    """sharkd sets it and tells nobody, so what is open stays as it is."""
    capture = captures / "port_reuse.pcap"
    sharkd.load(capture)
    before = sharkd.columns("flow.id"), details(sharkd, 1)
    for name, value in (("flow.show_sofar", "FALSE"), ("flow.key_vlan", "TRUE"),
                        ("flow.tcp_analysis", "FALSE"), ("flow.sticky", "TRUE"),
                        ("flow.table_rows", "1"), ("flow.sticky_fields", "tcp.port")):
        sharkd.set(name, value)
    assert (sharkd.columns("flow.id"), details(sharkd, 1)) == before
    assert len(rows_of(sharkd.taps(TABLE)[0])) == 3
    sharkd.load(capture)
    labels = [label for label, _ in details(sharkd, 1)]
    assert "Source or Destination Port (sticky): 40000" in labels
    assert not [label for label in labels if "so far" in label.lower()]
    assert len(rows_of(sharkd.taps(TABLE)[0])) == 2  # a row, and how many more there are


@pytest.mark.parametrize("preference", ["sticky", "app", "tcp_analysis"])
@pytest.mark.parametrize("value", ["TRUE", "FALSE"])
def test_an_extension_that_is_set_and_not_applied(sharkd, captures, preference, value):
    """It ended with SIGSEGV at the next file."""
    for capture in ("sample.pcapng", "tcp_plain.pcap"):
        sharkd.set(f"flow.{preference}", value)
        sharkd.load(captures / capture)
        assert sharkd.columns("flow.pkts")


@pytest.mark.parametrize("capture", ["sample.pcapng", "tcp_plain.pcap"])
def test_fields_are_chosen_from_the_next_file_on(sharkd, captures, capture):
    for before, names in (("", "tcp.len"), ("tcp.len", "frame.len,tcp.len"), ("frame.len", ""),
                          ("", "frame.cap_len")):
        sharkd.set("flow.fields", before)
        sharkd.load(captures / capture)
        shown = details(sharkd, 1)
        sharkd.set("flow.fields", names)
        assert details(sharkd, 1) == shown
        sharkd.load(captures / capture)
        labels = [label for label, _ in details(sharkd, 1)]
        for name in ("tcp.len", "frame.len", "frame.cap_len"):
            has_any = any(label.startswith(f"{name} maximum:") for label in labels)
            is_tcp = capture == "tcp_plain.pcap" or name != "tcp.len"
            assert has_any == (name in names and is_tcp), (name, names)
    sharkd.set("flow.fields", "")


def test_a_field_that_is_chosen_later_is_a_column(sharkd, captures):
    sharkd.set("flow.columns", "all")
    sharkd.load(captures / "tcp_plain.pcap")
    sharkd.set("flow.fields", "frame.len")
    sharkd.load(captures / "tcp_plain.pcap")
    table, = sharkd.taps(TABLE)
    assert [column["c"] for column in table["fields"] if column["c"].startswith("frame.len max")]


def test_columns_that_cannot_be_are_told_once(tshark, captures, tmp_path):
    """When a file is opened: sharkd sets a preference without a word to us."""
    heard = tmp_path / "heard"
    with open(heard, "w") as stderr, Sharkd(tshark, stderr=stderr) as sharkd:
        for names in ("flow.id,flow.none", "flow.id,flow.none", "flow.id", "flow.no*"):
            sharkd.set("flow.columns", names)
            sharkd.load(captures / "tcp_plain.pcap")
        assert sharkd.close() == 0
    said = [line for line in heard.read_text().splitlines() if "flowstats: " in line]
    assert said == [f"sharkd: flowstats: flow.columns: there is no field {name}"
                    for name in ("flow.none", "flow.no*")]


def test_errors_are_answers(sharkd, captures):
    with pytest.raises(Failed):
        sharkd.ask("load", file="/nonexistent")
    sharkd.load(captures / "tcp_plain.pcap")
    for request in ({"tap0": "stat:flowstats.none"}, {"tap0": "nstat:flowstats,csv"}):
        with pytest.raises(Failed, match="not found"):
            sharkd.ask("tap", **request)
    with pytest.raises(Failed):
        sharkd.ask("frames", filter="flow.none == 1")
    with pytest.raises(Failed):
        sharkd.ask("setconf", name="flow.none", value="1")
    assert sharkd.ask("status")["frames"] == 11


def test_lua_sets_a_preference_without_applying_it(tshark, captures):
    script = tshark.folder / "set.lua"
    script.write_text("""
local listener = Listener.new("frame")
local asked = Field.new("flow.id")
function listener.packet(pinfo)
    if set_preference and pinfo.number == 2 then
        set_preference("flow.sticky", true)
        set_preference("flow.key_vlan", true)
        set_preference("flow.columns", "flow.bytes")
    end
end
""")
    script.chmod(0o644)
    capture = captures / "port_reuse.pcap"
    for options in ((), ("-o", "flow.columns:flow.id,flow.pkts,flow.tcp.state")):
        lines = tshark.run("-n", "-q", *options, "-X", f"lua_script:{script}", "-r", capture, "-z",
                           "flowstats,json").stdout.splitlines()
        assert [json.loads(line) for line in lines] == tshark.flows(capture, *options)
