"""tools/flows in a terminal and out of one, and what sets it up."""
import csv
import fcntl
import io
import itertools
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import textwrap
from pathlib import Path

import pytest

from tshark import BUILD, TOP

NOTHING_TO_DO = "#!/bin/sh\nexit 0\n"


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture(scope="module")
def tree(tshark):
    """A source tree that is set up and built."""
    tree = tshark.folder / "tree"
    shutil.copytree(TOP / "tools", tree / "tools")
    shutil.copytree(BUILD / "plugins", tree / "build/plugins")
    (tree / "test/captures").mkdir(parents=True)
    shutil.copy(TOP / "test/captures/sample.pcapng", tree / "test/captures")
    for tool in ("setup", "build"):
        program(tree / "tools" / tool, NOTHING_TO_DO)
    return tree


@pytest.fixture
def flows(tree):
    def flows(*arguments, rc=0, **options):
        result = subprocess.run([tree / "tools/flows", *map(str, arguments)], capture_output=True,
                                text=True, **{"stdin": subprocess.DEVNULL, **options})
        assert result.returncode == rc, result.stdout + result.stderr
        return result
    return flows


def rows(text):
    """The rows between the titles and the totals, split into cells."""
    return [[cell.strip() for cell in line.replace(" → ", "  ").split("  ") if cell.strip()]
            for line in text.splitlines()[1:-1]]


def messages(result):
    """Without the progress that a slow machine shows."""
    return re.sub(r"^tools/flows: (?:reading .*: \d+ %|drawing .*)\n", "", result.stderr, flags=re.M)


def totals(text):
    return text.splitlines()[-1]


def test_biggest_flows_come_first_in_human_units(flows):
    text = flows("--top", 3).stdout
    assert rows(text) == [
        ["TCP", "192.0.2.1:59920", "192.0.2.2:443", "tls", "36", "24.5 kB", "124 ms", "30.2 ms",
         "Closed", "0"],
        ["TCP", "192.0.2.1:47162", "192.0.2.2:80", "http", "36", "22.7 kB", "115 ms", "29.0 ms",
         "Closed", "1"],
        ["ICMP", "192.0.2.1", "192.0.2.2", "icmp", "6", "6.2 kB", "27.3 ms", "-", "-", "-"]]
    assert totals(text) == "3 of 22 flows, 167 packets, 62.6 kB in 3.48 s"


def test_readme_shows_what_is_printed(flows):
    readme = (TOP / "README.md").read_text()
    shown = re.findall(r"^    \$ tools/flows (.*)\n((?:    .*\n)+)", readme, re.M)
    assert len(shown) == 1
    for options, text in shown:
        assert flows(*options.split()).stdout == textwrap.dedent(text)


def test_totals_are_those_of_all_flows(flows, tshark, captures):
    known = tshark.flows(captures / "sample.pcapng")
    text = flows().stdout
    assert len(rows(text)) == len(known)
    assert totals(text).startswith(f"{len(known)} flows, {sum(f['flow.pkts'] for f in known)} ")


def test_is_as_wide_as_100_columns_where_there_is_no_terminal(flows):
    assert max(map(len, flows().stdout.splitlines())) <= 100


def in_terminal(tree, columns, *arguments):
    """What a terminal of so many columns gets."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([tree / "tools/flows", *arguments], stdin=subprocess.DEVNULL,
                               stdout=its, stderr=subprocess.PIPE, text=True)
    os.close(its)
    got = b""
    try:
        while part := os.read(ours, 4096):
            got += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.communicate()[1] == "" and process.returncode == 0
    return got.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_fits_the_terminal(tree, columns):
    lines = in_terminal(tree, columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert len(lines) == 24
    assert all(line.split()[0] in ("TCP", "UDP", "ICMP", "ICMPv6", "ARP") for line in lines[1:-1])
    assert any("192.0.2.1:59920" in line and "24.5 kB" in line for line in lines)


def test_whole_words_where_there_is_room(tree):
    title = in_terminal(tree, 160, "--top", "3").splitlines()[0].split()
    assert title == ["Protocol", "Source", "Destination", "Application", "Packets", "Bytes",
                     "Duration", "RTT", "State", "Retrans."]


def test_wide_cuts_nothing_and_has_more_columns(flows):
    text = flows("--wide").stdout
    assert "…" not in text and max(map(len, text.splitlines())) > 160
    assert text.split()[0] == "Flow" and "[2001:db8::1]:54788" in text


@pytest.mark.parametrize("field, column", [
    ("rtt", "flow.tcp.rtt"), ("Packets", "flow.pkts"), ("flow.duration", "flow.duration"),
    ("up.bytes", "flow.up.bytes")])
def test_sorted_by_any_field(flows, tshark, captures, field, column):
    known = {flow["flow.tuple"].split()[1]: flow.get(column, -1)
             for flow in tshark.flows(captures / "sample.pcapng") if flow.get("flow.proto") == 6}
    sources = [row[2] for row in rows(flows("--sort", field, "-Y", "tcp", "--wide").stdout)]
    values = [known[source] for source in sources]
    assert values == sorted(values, reverse=True) and len(set(values)) >= 3


def test_texts_are_sorted_as_texts(flows):
    lines = flows("--sort", "state", "-Y", "tcp").stdout.splitlines()
    assert [line.split()[-2] for line in lines[1:-1]] == ["Closed"] * 8 + ["Reset", "SynSent"]


def test_sorting_by_what_is_no_field(flows):
    result = flows("--sort", "no.such", rc=1)
    assert messages(result) == ("tools/flows: --sort no.such: there is no such field; see "
                                "doc/reference.md\n")
    assert result.stdout == ""


def test_filter_of_whole_flows_selects_them(flows):
    assert totals(flows("-Y", "flow.bytes > 1000 && tcp").stdout).startswith("6 flows, 113 packets")


def test_filter_that_nothing_passes_is_named(flows):
    result = flows("-Y", "flow.bytes > 1000000")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.endswith("no flows in it that pass -Y flow.bytes > 1000000\n")


def test_filter_that_is_wrong_is_named(flows):
    result = flows("-Y", "tcp.port ==", rc=1)
    assert ": -Y tcp.port ==: Filter \"tcp.port ==\" is invalid" in result.stderr
    assert "-z" not in result.stderr


def test_columns_that_are_empty_everywhere_are_left_out(flows, captures):
    title = flows("-Y", "arp").stdout.splitlines()[0].split()
    assert title == ["Protocol", "Source", "Destination", "Application", "Packets", "Bytes",
                     "Duration"]


def test_standard_input_and_several_files(flows, captures):
    capture = captures / "tcp_plain.pcap"
    with open(capture, "rb") as file:
        alone = flows("-", stdin=file).stdout
    assert alone == flows(capture).stdout
    text = flows(capture, captures / "sample.pcapng", "--top", 1).stdout
    first, second = text.split("\n\n")
    assert first == f"{capture}:\n{alone}".rstrip()
    assert second.startswith(f"{captures}/sample.pcapng:\n") and "1 of 22 flows" in second


def test_filter_reads_standard_input_twice(flows, captures):
    with subprocess.Popen(["cat", captures / "sample.pcapng"], stdout=subprocess.PIPE) as cat:
        text = flows("-Y", "flow.bytes > 1000", "-", stdin=cat.stdout).stdout
    assert totals(text).startswith("7 flows, 119 packets")


def test_filter_reads_what_only_its_owner_may_read(flows, captures, tmp_path):
    capture = tmp_path / "mine.pcapng"
    shutil.copy(captures / "sample.pcapng", capture)
    capture.chmod(0o600)
    text = flows("-Y", "flow.bytes > 1000", capture).stdout
    assert totals(text).startswith("7 flows, 119 packets")


def test_csv_of_several_files_has_one_header(flows, captures):
    text = flows("--csv", captures / "tcp_plain.pcap", captures / "sample.pcapng").stdout
    records = list(csv.DictReader(io.StringIO(text)))
    assert [int(record["flow.id"]) for record in records] == [0, *range(22)]
    lines = flows("--json", captures / "tcp_plain.pcap").stdout.splitlines()
    assert [json.loads(line)["flow.id"] for line in lines] == [0]


def test_other_files_are_read_though_one_is_no_capture(flows, captures):
    result = flows(TOP / "README.md", captures / "tcp_plain.pcap", rc=1)
    assert messages(result) == (f"tools/flows: {TOP}/README.md: not a capture file that tshark "
                                "can read\n")
    assert totals(result.stdout).startswith("1 flow, 11 packets")


def cut(captures, name, packets):
    """The files of a capture that was cut every so many packets."""
    subprocess.run(["editcap", "-c", str(packets), captures / name, captures / "cut.pcapng"],
                   check=True, capture_output=True)
    files = sorted(captures.glob("cut_*.pcapng"))
    assert len(files) > 1
    return files


@pytest.mark.parametrize("options", [[], ["--csv"], ["--json"], ["-Y", "flow.bytes > 1000"]])
def test_files_in_a_row_are_one_capture(flows, captures, options):
    """Wherever they are cut, and in whatever order they are named."""
    files = cut(captures, "tcp_plain.pcap", 4)
    try:
        assert flows("--join", *options, *reversed(files)).stdout == flows(
            *options, captures / "tcp_plain.pcap").stdout
        broken = flows("--join", *options, files[0], TOP / "README.md", rc=1)
        assert broken.stdout == "" and f"{TOP}/README.md" in broken.stderr
    finally:
        for file in files:
            file.unlink()


def test_a_name_may_begin_with_a_hyphen(flows, captures, tmp_path):
    shutil.copy(captures / "tcp_plain.pcap", tmp_path / "-x.pcap")
    expected = flows(captures / "tcp_plain.pcap").stdout
    for options in (["--join"], []):
        assert flows(*options, "--", "-x.pcap", cwd=tmp_path).stdout == expected


def test_standard_input_is_one_capture(flows):
    assert flows("--join", "-", rc=1).stderr == (
        "tools/flows: --join: standard input is one capture\n")


@pytest.mark.parametrize(("arguments", "reason"), [
    (["--top"], "--top: its value is missing"),
    (["-Y"], "-Y: its value is missing"),
    (["--sort="], "--sort: its value is missing"),
    (["--nonsense"], "--nonsense: no such option"),
    (["--csv", "--top", "3"], "--top: only for the table"),
    (["--json", "--sort=rtt"], "--sort=rtt: only for the table"),
    (["--columns", "core"], "--columns: only with --csv or --json"),
    (["--view", "who"], "--view who: only with --plot"),
    (["--plot", "a.png", "b", "c"], "--plot a.png: of several captures only with --join")])
def test_what_nobody_can_mean(flows, arguments, reason):
    """The option that is wrong is named before all that there are."""
    said = flows(*arguments, rc=2).stderr
    assert said.startswith(f"tools/flows: {reason}\nusage: tools/flows ")


def test_unknown_column_is_blamed_on_the_option(flows):
    assert "sample.pcapng: --columns: there is no group nix" in flows(
        "--csv", "--columns", "nix", rc=1).stderr


def test_number_of_flows_that_is_none(flows):
    assert flows("--top", "x", rc=1).stderr == "tools/flows: --top x: not a number of flows\n"


# The words of the CSV, as flows-rows.awk reads them.

def awk(script, text, **variables):
    options = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
    return subprocess.run(["awk", *options, "-f", TOP / "tools" / script], input=text, text=True,
                          capture_output=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout


def row(**cells):
    """A line of CSV with its header, whatever the order of the columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["flow.bytes", "flow.tuple", *cells])
    writer.writeheader()
    writer.writerow({"flow.bytes": 7, "flow.tuple": "IP 253 10.0.0.1 → 10.0.0.2", **cells})
    return awk("flows-rows.awk", text.getvalue(), sort="bytes").split("\t")


def test_columns_are_found_by_name():
    assert row() == ["0", "7.000000000", "", "2", "", "IP 253", "10.0.0.1", "10.0.0.2", "", "", "",
                     "", "", "7", *[""] * 8, "\n"]


@pytest.mark.parametrize("text, shown", [
    ('a "b", c', 'a "b", c'), ("a\nb", "a b"), ("a\r\nb", "a b"), ("\x1b[2Ja\tb", "?[2Ja?b"),
    ("é→", "é→")])
def test_texts_of_packets_cannot_move_cells_or_cursor(text, shown):
    assert row(**{"flow.app": text})[8] == shown


def cells(line, **variables):
    lines = awk("flows-table.awk", line, width=0, wide="", top="", **variables).splitlines()
    return lines[1].split("  ")


@pytest.mark.parametrize("bytes, text", [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99949, "99.9 kB"), (99950, "100 kB"),
    (999499, "999 kB"), (999500, "1.0 MB"), (1500000, "1.5 MB"), (18446744073709551615, "18.4 EB")])
def test_bytes_in_units(bytes, text):
    line = "\t".join(["0", "0", "", "1", "0", "TCP", "a", "b", "", "", "1", "", "", str(bytes),
                      *[""] * 9]) + "\n"
    assert cells(line)[-1].strip() == text


@pytest.mark.parametrize("seconds, text", [
    ("0.000000000", "0 s"), ("0.000000001", "1 ns"), ("0.000000999", "999 ns"),
    ("0.000048000", "48.0 µs"), ("0.000999499", "999 µs"), ("0.000999500", "1.00 ms"),
    ("0.018200000", "18.2 ms"), ("0.999500000", "1.00 s"), ("59.940000000", "59.9 s"),
    ("59.960000000", "1 min 00 s"), ("3599.600000000", "1 h 00 min"),
    ("90000.000000000", "1 d 01 h"), ("-0.002000000", "-2.00 ms")])
def test_times_in_units(seconds, text):
    line = "\t".join(["0", "0", "", "1", "0", "TCP", "a", "b", "", "", "1", "", "", "5", "", "", "",
                      seconds, *[""] * 5]) + "\n"
    assert cells(line)[-1].strip() == text


# Setting up, where the programs that it calls are ours.

@pytest.fixture
def machine(tree, tmp_path):
    """A machine without any of the packages; runs a tool on it, without a terminal."""
    tmp_path.chmod(0o755)
    for path in itertools.takewhile(Path(tempfile.gettempdir()).__ne__, tmp_path.parents):
        path.chmod(0o755)
    programs = {"dpkg-query": "exit 1", "apt-get": f'echo "$*" >>{tmp_path}/apt', "sudo": "exit 1",
                "id": "echo 1000"}

    def run(*command, rc=0, **replaced):
        for name, text in {**programs, **replaced}.items():
            program(tmp_path / name.replace("_", "-"), f"#!/bin/sh\n{text}\n")
        result = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, text=True,
                                capture_output=True,
                                env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
        assert result.returncode == rc, result.stdout + result.stderr
        apt = tmp_path / "apt"
        return result.stderr, apt.read_text() if apt.exists() else ""
    return run


SETUP = TOP / "tools/setup"
NEEDED = ("build-essential cmake pkg-config libglib2.0-dev wireshark-dev libwireshark-dev tshark")


def test_without_rights_it_says_what_an_administrator_has_to_run(machine):
    said, installed = machine(SETUP, rc=1)
    assert said.startswith(f"flowstats needs these packages: {NEEDED}")
    assert ("an administrator has to run\n    apt-get update && apt-get install -y "
            f"--no-install-recommends {NEEDED}") in said
    assert installed == ""


@pytest.mark.parametrize("user", [{"id": "echo 0"}, {"sudo": '[ "$1" != -n ] || shift\n"$@"'}])
def test_with_rights_and_no_terminal_it_installs(machine, user):
    said, installed = machine(SETUP, **user)
    assert f"needs these packages: {NEEDED}" in said and "installing" in said
    assert installed.splitlines()[0].endswith(" update")
    assert " install -y --no-install-recommends build-essential cmake " in installed


def test_what_takes_long_says_how_far_it_is(machine):
    said, _ = machine(SETUP, id="echo 0", apt_get="echo 'Setting up cmake'; sleep 2.5")
    assert said.count("tools/setup: Setting up cmake\n") == 1


def test_what_failed_is_shown(machine):
    said, _ = machine(SETUP, rc=1, id="echo 0", apt_get="echo 'E: no network' >&2; exit 100")
    assert said.endswith("E: no network\ntools/setup: the packages could not be installed\n")


def test_reading_that_takes_long_is_told(tree, captures):
    tshark = tree / "tools/tshark"
    shutil.move(tshark, tree / "tools/quick")
    program(tshark, '#!/bin/sh\n[ "$1" = -G ] || sleep 2.5\nexec "$(dirname "$0")/quick" "$@"\n')
    try:
        result = subprocess.run([tree / "tools/flows", captures / "tcp_plain.pcap"], text=True,
                                capture_output=True, stdin=subprocess.DEVNULL)
    finally:
        shutil.move(tree / "tools/quick", tshark)
    assert result.stderr == f"tools/flows: reading {captures}/tcp_plain.pcap: 0 %\n"
    assert totals(result.stdout).startswith("1 flow, 11 packets")


def test_tshark_before_a_build_builds(tree, captures):
    unbuilt = tree.parent / "unbuilt"
    shutil.copytree(tree / "tools", unbuilt / "tools")
    program(unbuilt / "tools/build", f"#!/bin/sh\nmkdir -p {unbuilt}/build\n"
            f"cp -r {tree}/build/plugins {unbuilt}/build\n")
    for _ in range(2):
        result = subprocess.run([unbuilt / "tools/tshark", "-r", captures / "tcp_plain.pcap", "-c1",
                                 "-Tfields", "-eflow.id"], text=True, capture_output=True)
        assert (result.returncode, result.stdout) == (0, "0\n")
        program(unbuilt / "tools/build", "#!/bin/sh\nexit 1\n")


def test_tshark_is_found_where_tools_are_in_the_path(tree, captures):
    path = f"{tree}/tools:{os.environ['PATH']}"
    result = subprocess.run(["tshark", "-r", captures / "tcp_plain.pcap", "-c1", "-Tfields",
                             "-eflow.id"], text=True, capture_output=True, timeout=60,
                            env={**os.environ, "PATH": path})
    assert (result.returncode, result.stdout) == (0, "0\n")


def test_an_installed_plugin_is_no_second_one(tree, tshark, captures):
    """Wireshark says so of a plugin that it finds in two places, and takes one of them."""
    home = tshark.folder / "with-plugin"
    shutil.copytree(tree / "build/plugins", home / ".local/lib/wireshark/plugins")
    result = subprocess.run([*tshark.as_user, tree / "tools/tshark", "-G", "plugins"], text=True,
                            capture_output=True, env={**os.environ, "HOME": str(home)})
    assert "flowstats" not in result.stderr
    assert f"{tree}/build/plugins/" in result.stdout and str(home) not in result.stdout


@pytest.mark.skipif(not list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so")),
                    reason="the module was not built: no Qt")
def test_plot_draws_a_capture_under_its_name(flows, captures, tmp_path):
    private = tmp_path / "private name.pcapng"
    shutil.copy(captures / "sample.pcapng", private)
    private.chmod(0o600)
    picture = tmp_path / "flows.svg"
    assert flows("--plot", picture, "--view", "scatter", "-Y", "tcp", private).stdout == ""
    text = picture.read_text()
    assert ">private name.pcapng<" in text and "filter: tcp<" in text


@pytest.mark.skipif(not list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so")),
                    reason="the module was not built: no Qt")
def test_plot_draws_joined_captures_as_one(flows, captures, tmp_path):
    capture, picture = captures / "sample.pcapng", tmp_path / "flows.svg"
    flows("--plot", picture, "--join", capture, capture)
    assert ">2 captures<" in picture.read_text()
    broken = flows("--plot", picture, "--join", capture, TOP / "README.md", rc=1)
    assert "README.md" in broken.stderr


@pytest.mark.parametrize("way", ["name", "symbolic link", "hard link"])
@pytest.mark.parametrize("options", [(), ("--join",)])
def test_plot_leaves_the_capture_alone(flows, captures, tmp_path, way, options):
    capture = tmp_path / "capture.png"
    data = (captures / "tcp_plain.pcap").read_bytes()
    capture.write_bytes(data)
    picture = capture if way == "name" else tmp_path / "picture.png"
    if way == "symbolic link":
        picture.symlink_to(capture)
    elif way == "hard link":
        picture.hardlink_to(capture)
    said = flows(*options, "--plot", picture, "--", capture, rc=1).stderr
    assert said == f"tools/flows: {picture}: this is the capture that is read\n"
    assert capture.read_bytes() == data


@pytest.mark.skipif(not list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so")),
                    reason="the module was not built: no Qt")
def test_plot_that_cannot_be_written(flows, tmp_path):
    picture = tmp_path / "nowhere/x.png"
    assert flows("--plot", picture, rc=1).stderr == f"tools/flows: {picture}: no such folder\n"
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "folder.png/flows.png").mkdir()
    assert messages(flows("--plot", tmp_path / "folder.png", rc=1)) == (
        f"tools/flows: {tmp_path}/folder.png: cannot be written\n")
    assert f": --plot {tmp_path}/x.gif: the name of the file must end with" in messages(
        flows("--plot", tmp_path / "x.gif", rc=1))


@pytest.mark.parametrize("arguments", [("--view", "who"), ("--plot", "a.png", "b", "c"),
                                       ("--plot", "a.png", "--top", "3"), ("--plot",)])
def test_plot_that_nobody_can_mean(flows, arguments):
    flows(*arguments, rc=2)
