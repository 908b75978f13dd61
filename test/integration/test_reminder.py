"""Who asks for the whole flow where nobody can know it is told so, once, on standard error."""
import shlex

import pytest

AGAIN = "a single pass does not know the whole flow: read the file twice with -2"
SAID = [
    ("-Y 'flow.bytes > 1000'", f"flow.bytes: {AGAIN}, or use flow.sofar.bytes"),
    ("-nY'flow.bytes > 1000'", f"flow.bytes: {AGAIN}, or use flow.sofar.bytes"),
    ("--disable-protocol=sip -Y flow.is_last", f"flow.is_last: {AGAIN}"),
    ("--color --disable-proto sip -Y flow.is_last", f"flow.is_last: {AGAIN}"),
    ("-c 99 -d tcp.port==9999,http -u s -Y flow.is_last", f"flow.is_last: {AGAIN}"),
    ("-q -z 'io,stat,0,MAX(flow.tcp.rtt)flow.tcp.rtt'",
     f"flow.tcp.rtt: {AGAIN}, or use flow.sofar.tcp.rtt"),
    ("-q -z flowstats,csv,/dev/null,flow.pkts==1", f"flow.pkts: {AGAIN}, or use flow.sofar.pkts"),
    ("-T fields -e flow.is_last -e flow.id", f"flow.is_last: {AGAIN}"),
    ("-T fields -eflow.up.bytes -e flow.is_last -Y flow.pkts",
     f"flow.is_last, flow.pkts, flow.up.bytes: {AGAIN}, or use flow.sofar.pkts, "
     "flow.sofar.up.bytes"),
    ("-t ad -2 -R 'flow.pkts == 1' -Y flow.bytes",
     "flow.pkts: a read filter (-R) comes before the whole flow is known: filter with -Y instead "
     "of -R, or use flow.sofar.pkts"),
]
UNSAID = [
    "", "-V", "-2 -Y 'flow.bytes > 1000'", "-2 -T fields -e flow.bytes", "-Y 'flow.sofar.bytes > 9'",
    "-Y flow.id", "-Y 'frame contains \"flow.bytes\"'",
    r"""-Y 'frame contains "a\"flow.bytes"'""", "-Q -Y flow.bytes",
    "-o 'gui.column.format:\"Bytes\",\"%Cus:flow.bytes\"'", "-q -z flowstats,csv",
    "--capture-comment flow.bytes -w /dev/null", "--disable-protocol flow -Y flow.bytes",
    "--hexdump noascii -Y ip",
]


def warnings(result):
    return [line.removeprefix("tshark: flowstats: ") for line in result.stderr.splitlines()
            if "flowstats" in line]


@pytest.mark.parametrize("options, warning", SAID)
def test_whole_flow_in_a_single_pass(tshark, captures, options, warning):
    result = tshark.run(*shlex.split(options), "-r", captures / "sample.pcapng")
    assert warnings(result) == [warning]


@pytest.mark.parametrize("options", UNSAID)
def test_what_needs_no_second_pass(tshark, captures, options):
    assert warnings(tshark.run("-r", captures / "sample.pcapng", *shlex.split(options))) == []


@pytest.mark.parametrize("words", [("flow.bytes", ">", "1000"), ("--", "flow.bytes > 1000")])
def test_filter_after_all_options(tshark, captures, words):
    result = tshark.run("-r", captures / "sample.pcapng", *words)
    assert warnings(result) == [f"flow.bytes: {AGAIN}, or use flow.sofar.bytes"]
    assert result.stdout == ""


def test_file_without_packets(tshark, captures):
    assert warnings(tshark.run("-r", captures / "empty.pcap", "-Y", "flow.bytes")) == []


def test_once_for_many_sessions(tshark, captures):
    result = tshark.run("-r", captures / "sample.pcapng", "-M", "10", "-Y", "flow.bytes")
    assert len(warnings(result)) == 1


def test_help_says_which_fields_need_a_second_look(tshark, captures):
    """No other field is absent in a single pass, and none of these is there."""
    needing = tshark.later_names
    once, twice = (set().union(*tshark.fields(captures / "sample.pcapng", tshark.field_names,
                                              *options)) for options in ([], ["-2"]))
    assert len(twice - once) > 50
    assert twice - once <= needing and not needing & once


def test_live_captures_cannot_be_read_twice(tshark, captures):
    with open(captures / "sample.pcapng") as file:
        result = tshark.run("-i", "-", "-Y", "flow.bytes", stdin=file)
    assert warnings(result) == [
        "flow.bytes: a live capture does not know the whole flow: write a file and read it twice "
        "with -2, or use flow.sofar.bytes"]
