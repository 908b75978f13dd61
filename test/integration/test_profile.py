"""The profile "Flow Statistics": where it is installed, and what it shows."""
import csv
import re
import shutil
from pathlib import Path

import pytest

from recipes import Talk

PROFILE = Path(__file__).resolve().parent.parent.parent / "profile"
COLUMNS = re.findall(r'"([^"]+)", "([^"]+)"', (PROFILE / "preferences").read_text())
WIDTHS = re.findall(r'"([^"]+)", (\d+)', (PROFILE / "recent").read_text())


def table(path):
    """The rows of one of Wireshark's lists, each a list of texts."""
    return [[cell.replace(r"\x22", '"') for cell in row]
            for row in csv.reader(path.read_text().splitlines())]


TABLES = {name: table(PROFILE / name) for name in ("dfilter_buttons", "io_graphs", "plots")}
RULES = [line.split("@")[1:3] for line in (PROFILE / "colorfilters").read_text().splitlines()
         if line.startswith("@")]
OURS = [name for name, _ in RULES if name.startswith("Flow: ")]
FILTERS = ([row[3 if name == "plots" else 2] for name, rows in TABLES.items() for row in rows]
           + [text for _, text in RULES])


@pytest.fixture(scope="module")
def profiled(tshark, captures):
    """tshark with the profile, on a capture with a connection of each kind."""
    profiles = tshark.folder / ".config/wireshark/profiles"
    shutil.copytree(PROFILE, profiles / "Flow Statistics")

    def run(*options, capture=captures / "kinds.pcap"):
        return tshark.run("-n", "-2", "-r", capture, "-C", "Flow Statistics",
                          *options).stdout.splitlines()
    return run


def test_is_installed_where_wireshark_looks(install, tmp_path):
    installed = install("profile", tmp_path) / "usr/share/wireshark/profiles/Flow Statistics"
    assert sorted(path.name for path in installed.iterdir()) == [
        "colorfilters", "dfilter_buttons", "io_graphs", "plots", "preferences", "recent"]


def test_graphs_of_times_have_the_unit_that_wireshark_leaves_out(tshark, install, tmp_path):
    """From 4.4 on it writes at the axis what a time is in, and a factor would make it untrue."""
    folder = install("profile", tmp_path) / "usr/share/wireshark/profiles/Flow Statistics"
    installed = table(folder / "io_graphs")
    times = [row for row in installed if row[6] in ("flow.tcp.rtt", "flow.delta")]
    is_without_units = tshark.version < (4, 2)
    assert {row[8] for row in times} == {"1000" if is_without_units else "1"}
    assert {row[1].endswith(" (ms)") for row in times} == {is_without_units}
    assert [[row[1].replace(" (ms)", ""), *row[2:8]] for row in installed] == [
        row[1:8] for row in TABLES["io_graphs"]]


@pytest.mark.parametrize("text", sorted(set(filter(None, FILTERS))))
def test_filters_compile(tshark, captures, text):
    tshark.run("-r", captures / "empty.pcap", "-Y", text)


def test_fields_are_known(tshark):
    fields = [form.split(":")[1] for _, form in COLUMNS if form.startswith("%Cus:")]
    fields += [row[6] for name in ("io_graphs", "plots") for row in TABLES[name] if row[6]]
    assert len(fields) >= 6 and set(fields) <= set(tshark.field_names)


def test_columns(profiled):
    assert [title for title, _ in COLUMNS] == [
        "No.", "Time", "Source", "Destination", "Protocol", "Flow", "Dir", "Application",
        "Host", "Flow bytes", "Flow duration", "RTT", "State", "Info"]
    assert profiled("-Y", "frame.number == 5")[0].split()[:12] == [
        "5", "0.790000", "10.0.0.2", "→", "10.0.0.1", "TCP", "2", "down", "162", "0.610000000",
        "0.610000000", "Established"]


def test_widths_are_of_the_columns_in_their_order():
    """Wireshark 4.0 looks for a column's width by its format, later ones by its place too."""
    assert [form for form, _ in WIDTHS] == [form.removesuffix(":0:R") for _, form in COLUMNS]


def test_colours_tell_the_kinds_apart(profiled):
    lines = profiled("--color", "-Y", "flow.is_first", "-T", "fields", "-e",
                     "frame.coloring_rule.name")
    assert lines == [*OURS, "HTTP", "HTTP", "HTTP", "UDP"]


def test_our_colours_come_before_wiresharks_own():
    names = [name for name, _ in RULES]
    own = ["Bad TCP", "ICMP errors", "TCP RST", "HTTP", "TCP SYN/FIN", "TCP", "UDP"]
    assert names[:len(OURS)] == OURS and len(OURS) == 4
    assert [name for name in names if name in own] == own


@pytest.mark.parametrize("payload, down, colour", [
    (10, False, "HTTP"), (10, True, "Flow: reset"), (0, False, "Flow: reset"),
])
def test_a_client_that_has_its_answer_may_reset(profiled, save, payload, down, colour):
    """What is told is a reset before any data, or by the server."""
    talk = Talk().handshake().tcp(100, "PA", 101, 501, payload)
    path = save("profile_resets.pcap", [packet for _, packet in talk.tcp(
        200, "R", *((501, 101) if down else (101 + payload, 501)), down=down).packets])
    assert profiled("--color", "-Y", "flow.is_first", "-T", "fields", "-e",
                    "frame.coloring_rule.name", capture=path) == [colour]


@pytest.mark.parametrize("button, flows", [
    ("Slow handshake", "2 3"), ("Unanswered", "1"), ("Reset", "0"),
    ("One packet a flow", "0 1 2 3 4 5 6 7"), ("Big flows", ""),
])
def test_buttons(profiled, button, flows):
    text, = (row[2] for row in TABLES["dfilter_buttons"] if row[1] == button)
    found = profiled("-Y", text, "-T", "fields", "-e", "flow.id")
    assert " ".join(dict.fromkeys(found)) == flows
