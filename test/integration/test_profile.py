"""The profile "Flow Statistics": where it is installed, and what it shows."""
import csv
import re
import shutil
from pathlib import Path

import pytest

PROFILE = Path(__file__).resolve().parent.parent.parent / "profile"
COLUMNS = re.findall(r'"([^"]+)", "([^"]+)"', (PROFILE / "preferences").read_text())
TABLES = {name: list(csv.reader((PROFILE / name).read_text().splitlines()))
          for name in ("dfilter_buttons", "io_graphs")}
RULES = [line.split("@")[1:3] for line in (PROFILE / "colorfilters").read_text().splitlines()]
FILTERS = ([row[2] for rows in TABLES.values() for row in rows if row[2]]
           + [text for _, text in RULES])


@pytest.fixture(scope="module")
def profiled(tshark, captures):
    """tshark with the profile, on a capture with a connection of each kind."""
    profiles = tshark.folder / ".config/wireshark/profiles"
    shutil.copytree(PROFILE, profiles / "Flow Statistics")
    return lambda *options: tshark.run("-n", "-2", "-r", captures / "kinds.pcap", "-C",
                                       "Flow Statistics", *options).stdout.splitlines()


def test_is_installed_where_wireshark_looks(install, tmp_path):
    installed = install("profile", tmp_path) / "usr/share/wireshark/profiles/Flow Statistics"
    assert sorted(path.name for path in installed.iterdir()) == [
        "colorfilters", "dfilter_buttons", "io_graphs", "preferences"]


@pytest.mark.parametrize("text", sorted(set(FILTERS)))
def test_filters_compile(tshark, captures, text):
    tshark.run("-r", captures / "empty.pcap", "-Y", text)


def test_fields_are_known(tshark):
    fields = [form.split(":")[1] for _, form in COLUMNS if form.startswith("%Cus:")]
    fields += [row[6] for row in TABLES["io_graphs"] if row[6]]
    assert len(fields) >= 6 and set(fields) <= set(tshark.field_names)


def test_columns(profiled):
    assert [title for title, _ in COLUMNS] == [
        "No.", "Time", "Source", "Destination", "Protocol", "Flow", "Dir", "Flow bytes",
        "Flow duration", "RTT", "State", "Info"]
    assert profiled()[4].split()[:12] == [
        "5", "0.790000", "10.0.0.2", "→", "10.0.0.1", "TCP", "2", "down", "162", "0.610000000",
        "0.610000000", "Established"]


def test_colours_tell_the_kinds_apart(profiled):
    lines = profiled("--color", "-Y", "flow.is_first", "-T", "fields", "-e",
                     "frame.coloring_rule.name")
    assert lines == [name for name, _ in RULES] + [""]


@pytest.mark.parametrize("button, flows", [
    ("Slow handshake", "2 3"), ("Unanswered", "1"), ("Reset", "0"),
    ("One packet a flow", "0 1 2 3 4 5 6 7"), ("Big flows", ""),
])
def test_buttons(profiled, button, flows):
    text, = (row[2] for row in TABLES["dfilter_buttons"] if row[1] == button)
    found = profiled("-Y", text, "-T", "fields", "-e", "flow.id")
    assert " ".join(dict.fromkeys(found)) == flows
