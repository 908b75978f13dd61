"""The preference flow.columns: what exports and the table have."""
import csv
import io
import json

import pytest

CAPTURE = "windows_scaled.pcap"


@pytest.fixture(scope="session")
def header(tshark, captures):
    """The columns of the CSV export, for a value of the preference."""
    def header(columns, capture=CAPTURE):
        return tshark.run("-q", "-r", captures / capture, "-o", f"flow.columns:{columns}", "-z",
                          "flowstats,csv").stdout.splitlines()[0].split(",")
    return header


def test_names_and_patterns_in_their_order(header):
    assert header(" flow.tuple, flow.id,flow.iat.up.*,") == [
        "flow.tuple", "flow.id", "flow.iat.up.min", "flow.iat.up.max", "flow.iat.up.mean",
        "flow.iat.up.stddev"]


def test_a_column_stands_where_it_is_named_first(header):
    assert header("flow.pkts,flow.id,flow.pk*,flow.id") == ["flow.pkts", "flow.id"]


def test_groups_and_all(tshark, header):
    core, shape, everything = header("core"), header("shape"), header("all")
    assert {"flow.id", "flow.ip_bytes", "flow.pkts"} < set(core)
    assert {"flow.len.min", "flow.rate.bits", "flow.pcr"} < set(shape)
    assert not set(core) & set(shape)
    assert set(core) | set(shape) | set(header("headers")) < set(everything)
    assert len(set(everything)) == len(everything)
    # All that has a second reading is of a flow.
    assert {name for name in tshark.field_names
            if name.replace("flow.", "flow.sofar.", 1) in tshark.field_names} <= set(everything)


def test_nothing_chosen_is_what_it_was_and_rates(header):
    usual = header("")
    assert usual[:3] == ["flow.id", "flow.tuple", "flow.proto"]
    assert {f"flow.rate.{way}{what}" for what in ("bits", "pkts")
            for way in ("", "up.", "down.")} < set(usual)
    assert usual.index("flow.rate.bits") > usual.index("flow.ip_bytes")
    assert usual.index("flow.ip_bytes") > usual.index("flow.app")
    assert "flow.len.min" not in usual
    assert header(" , ") == usual


def test_json_and_the_table_have_the_same(tshark, captures):
    chosen = ("flow.id,flow.splt,flow.ip.src,flow.up.pkts,flow.iat.mean,"
              "flow.tcp.up.sack_permitted,flow.splt_delta")
    options = ("-n", "-q", "-r", captures / CAPTURE, "-o", f"flow.columns:{chosen}", "-z")
    flow = json.loads(tshark.run(*options, "flowstats,json").stdout)
    assert list(flow) == [name for name in chosen.split(",") if name in flow]
    assert flow["flow.splt"] == [">10", "<600"]
    assert flow["flow.splt_delta"] == [0, 30000]
    lines = tshark.run(*options, "flowstats,table").stdout.splitlines()
    titles, cells = ([cell.strip() for cell in line.split("|")] for line in lines if "|" in line)
    assert titles[:6] == ["#", "Flow", "First packets", "Source address", "Packets up", "Gap mean"]
    assert cells[:6] == ["1", "0", ">10 <600", "10.0.0.1", "4", "0.011667"]


@pytest.mark.parametrize("nothing", ["", " ", " , ", ",,"])
def test_the_table_of_nothing_chosen_is_the_usual_one(tshark, captures, nothing):
    table = tshark.run("-n", "-q", "-r", captures / CAPTURE, "-o", f"flow.columns:{nothing}", "-z",
                       "flowstats,table").stdout
    assert "\n# |Flow |Protocol |Source |Destination |Application |Host |Bytes |" in table


@pytest.mark.parametrize("group", ["shape", "headers", "holes", "quality", "turns", "among", "zeek",
                                   "community_id", "host", "app", "tcp.analysis"])
def test_a_group_that_is_off_says_nothing(tshark, captures, group):
    """Nor does it where it needs no state to say it, as a rank."""
    def values(is_on):
        lines = tshark.run("-q", "-r", captures / "sample.pcapng", "-o", f"flow.columns:{group}",
                           "-o", f"flow.{group.replace('.', '_')}:{is_on}", "-z", "flowstats,json").stdout
        return [json.loads(line) for line in lines.splitlines()]
    assert any(values("TRUE"))
    assert not any(values("FALSE"))


@pytest.mark.parametrize("capture", ["beacon.pcap", "late_packets.pcap", "marks_v6.pcap", CAPTURE,
                                     "sample.pcapng"])
def test_values_are_those_of_the_fields(tshark, captures, capture):
    """Of every column, on every flow, when nothing is left out; but times of day have other words."""
    instants = {name for name, kind in tshark.our_fields if kind == "FT_ABSOLUTE_TIME"}
    text = tshark.all_columns(captures / capture)
    rows = {row["flow.id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    names = tuple(name for name in next(iter(rows.values()))
                  if ".sticky." not in name and name not in instants)
    for frame in tshark.fields(captures / capture, ("flow.id", "flow.is_last", *names), "-2"):
        if "flow.is_last" not in frame:
            continue
        row = rows.pop(frame["flow.id"])
        for name in names:
            assert is_equal(row[name], frame.get(name, "")), (frame["flow.id"], name)
    assert not rows


def is_equal(cell, printed):
    """tshark prints some numbers in hexadecimal, and those with decimals in its own way."""
    if cell == printed:
        return True
    try:
        return abs(float(cell) - float(int(printed, 0) if printed[:2] == "0x" else printed)) <= (
            1e-9 * abs(float(cell)))
    except ValueError:
        return False


REFUSED = [
    ("flow.id,flow.nothing", "there is no field flow.nothing"),
    ("flow.no*", "there is no field flow.no*"),
    ("pkts", 'there is no group pkts, and names of fields begin with "flow."'),
    ("flow.sofar.pkts", "flow.sofar.pkts cannot be a column: it says what was so far at one packet"),
    ("flow.index", "flow.index cannot be a column: it is about one packet"),
    ("flow.next_frame", "flow.next_frame cannot be a column: it is about one packet"),
    ("flow.id,flow.nothing,flow.none", "there is no field flow.nothing"),
    ("flow.vni.depth",
     "flow.vni.depth cannot be a column: it has its name inside that of another one"),
    ("flow.ip.addr", "flow.ip.addr cannot be a column: it has several values at once"),
]


@pytest.mark.parametrize("columns,message", REFUSED)
@pytest.mark.parametrize("statistic", ["csv", "json", "table"])
def test_what_cannot_be_a_column_ends_tshark(tshark, captures, statistic, columns, message):
    ended = tshark.run("-q", "-r", captures / CAPTURE, "-o", f"flow.columns:{columns}", "-z",
                       f"flowstats,{statistic}", rc=1)
    assert f"flowstats: flow.columns: {message}" in ended.stderr
    assert not ended.stdout


def test_other_uses_of_tshark_go_on(tshark, captures):
    tshark.run("-q", "-r", captures / CAPTURE, "-o", "flow.columns:flow.nothing", "-z", "io,phs")
