"""Hostile input: damaged captures, random packets, output that fails, and nobody to trust."""
import csv
import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

TEST = Path(__file__).resolve().parent.parent
sys.path += [str(TEST / "load"), str(TEST / "fuzz")]
import presets  # noqa: E402
import traffic  # noqa: E402
from sanitized import SWITCH, Sanitized, blames_us  # noqa: E402
from tshark import SOURCE_LINE, TOP, write_no_more_than  # noqa: E402


@pytest.mark.parametrize("kind, runs", [("tshark", 12), ("sharkd", 4), ("exports", 2)])
def test_hostile_input(captures, tmp_path, kind, runs):
    """A short run of the fuzzer; the folder of finds and the command are in its output."""
    if kind == "sharkd" and not shutil.which("sharkd"):
        pytest.skip("no sharkd")
    result = subprocess.run([TEST / "fuzz/run", "--kind", kind, "--runs", str(runs), "--finds",
                             tmp_path, *captures.glob("*.pcap*")], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{runs} runs ({runs} of {kind}), 0 finds" in result.stdout


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    presets.build("sanitize", "flowstats")
    with tempfile.TemporaryDirectory() as folder:
        yield Sanitized(Path(folder), tmp_path_factory.mktemp("finds"), 1)


@pytest.mark.parametrize("on", ["tcp_analysis", "app", "host", "mptcp", "sticky", None])
def test_an_extension_alone(sanitized, captures, on):
    """Where the one that is on keeps no notes of packets, an empty note was copied from NULL."""
    switches = [option for name, values in sanitized.preferences.items() if values == SWITCH
                for option in ("-o", f"{name}:{str(name == f'flow.{on}').upper()}")]
    rc, said = sanitized.execute(["-n", "-2", "-O", "flow", "-r", captures / "sample.pcapng",
                                  *switches])
    assert rc == 0 and not blames_us(said), said


def test_a_report_of_any_of_our_files_is_one_of_ours():
    """Folders that were added later went unnoticed."""
    sources = [path for folder in ("plugin", "include") for path in (TOP / folder).rglob("*")
               if path.suffix in (".c", ".cpp", ".h", ".def")]
    assert len(sources) > 150
    for path in sources:
        assert re.search(SOURCE_LINE, f"    #1 0x55d0 in name {path}:12:3"), path


def test_structures_are_at_random_and_repeat(tmp_path):
    """A seed gives one capture, which Wireshark's tools can read to its end."""
    captures = []
    for number, seed in enumerate((*range(20), 3)):
        path = tmp_path / f"{number}.pcapng"
        subprocess.run([sys.executable, TEST / "fuzz/structures.py", path, str(seed)], check=True)
        subprocess.run(["capinfos", "-c", path], check=True, capture_output=True)
        captures.append(path.read_bytes())
    assert captures[-1] == captures[3] and len(set(captures)) == 20


@pytest.mark.skipif(not shutil.which("clang"), reason="no clang")
def test_random_packets(tmp_path):
    result = subprocess.run([TEST / "fuzz/engine", "--time", "8", "--finds", tmp_path], text=True,
                            capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    for executions in re.findall(r": (\d+) executions", result.stdout):
        assert int(executions) > 1000


@pytest.mark.skipif(not shutil.which("valgrind") or not shutil.which("sharkd"),
                    reason="no valgrind or no sharkd")
def test_memory():
    """Open, dissect again, reload and close, with no error and no leak of ours."""
    result = subprocess.run([TEST / "memcheck", "--quick"], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
def test_load():
    """Right numbers, within bounds of memory, and no instructions beyond the linear."""
    result = subprocess.run([TEST / "load/run", "--quick"], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr


STATISTICS = ("flowstats,table", "flowstats,csv", "flowstats,json", "flowstats.sizes,tree",
              "conv,flow", "endpoints,flow")


def start(tshark, *arguments, **options):
    return subprocess.Popen([*tshark.as_user, "tshark", *map(str, arguments)], text=True,
                            env=tshark.environment, stderr=subprocess.PIPE, **options)


@pytest.fixture(scope="session")
def many_flows(tshark):
    """More than a pipe has room for."""
    capture = tshark.folder / "flows.pcap"
    traffic.write(capture, traffic.flow_each(20_000))
    capture.chmod(0o644)
    return capture


@pytest.mark.parametrize("what", STATISTICS)
def test_a_pipe_that_nobody_reads(tshark, many_flows, what):
    process = start(tshark, "-n", "-q", "-r", many_flows, "-z", what, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(60) in (0, 1, -signal.SIGPIPE)
    assert said == "" or "standard output: Broken pipe" in said


@pytest.mark.parametrize("what", ["flowstats,csv", "flowstats,json"])
def test_standard_output_on_a_full_disk(tshark, many_flows, what):
    with open("/dev/full", "w") as full:
        process = start(tshark, "-n", "-q", "-r", many_flows, "-z", what, stdout=full)
        assert "standard output: No space left on device" in process.stderr.read()
    assert process.wait(60) == 1


def test_no_half_of_a_file(tshark, many_flows):
    folder = tshark.folder / "half"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "flows.csv").write_text("as it was")
    (folder / "flows.csv").chmod(0o666)
    process = start(tshark, "-n", "-q", "-r", many_flows, "-z", f"flowstats,csv,{folder}/flows.csv",
                    stdout=subprocess.DEVNULL, preexec_fn=lambda: write_no_more_than(100_000))
    assert "flows.csv: File too large" in process.stderr.read()
    assert process.wait(60) == 1
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("flows.csv",
                                                                            "as it was")]


def test_statistics_many_times(tshark, captures):
    """Each says what it says alone."""
    capture = captures / "sample.pcapng"
    alone = {what: tshark.run("-n", "-q", "-r", capture, "-z", what).stdout.strip()
             for what in STATISTICS}
    once = [argument for what in STATISTICS for argument in ("-z", what)]
    again = [argument for what in STATISTICS[1:4] for argument in ("-z", what)]
    text = tshark.run("-n", "-q", "-r", capture, *once, *again * 20).stdout
    for what in STATISTICS:
        assert text.count(alone[what]) == (21 if what in STATISTICS[1:4] else 1), what


@pytest.mark.parametrize("what", ["flowstats,table,no.such.field", "conv,flow,tcp.port ==",
                                  "endpoints,flow,(", "flowstats.states,tree,\"",
                                  "flowstats.none,tree"])
def test_filters_that_do_not_compile(tshark, captures, what):
    """Wireshark ends tshark then, but before 4.6 for a tree, which it leaves out."""
    goes_on = what.startswith("flowstats.states") and tshark.version < (4, 6)
    result = tshark.run("-n", "-q", "-r", captures / "tcp_plain.pcap", "-z", what,
                        rc=0 if goes_on else 1)
    assert result.stdout == "" and re.search("is invalid|Invalid -z", result.stderr)


HOSTILE = b'\x1b[31m,"<&>\'\r\n=cmd'


@pytest.fixture(scope="session")
def hostile_strings(tshark):
    """Packets with such strings where Wireshark takes names from: DNS, DHCP, HTTP, SNAP."""
    from scapy.all import BOOTP, DHCP, DNS, DNSQR, DNSRR, IP, TCP, UDP
    name = HOSTILE.replace(b".", b"") + b".example."
    path = tshark.folder / "strings.pcap"
    traffic.write(path, [bytes(packet) for packet in (
        IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=53, dport=4000) / DNS(
            qr=1, qd=DNSQR(qname=name), an=DNSRR(rrname=name, rdata="10.0.0.2")),
        IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=4001, dport=80, flags="PA")
        / (b"GET /" + HOSTILE[:9] + b" HTTP/1.1\r\nHost: " + HOSTILE.replace(b"\r\n", b"\xff")
           + b"\r\n\r\n"),
        IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / BOOTP(op=1) / DHCP(
            options=[("message-type", 1), ("hostname", HOSTILE), "end"]))])
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("what", STATISTICS)
def test_no_string_of_a_packet_is_printed(tshark, hostile_strings, what):
    """Names are Wireshark's own; all else that the plugin says of a packet, but for the host's name,
    is numbers and addresses."""
    def run(*options):
        return tshark.run("-q", *options, "-r", hostile_strings, "-z", what).stdout

    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f]", run("-n")) is None
    text = run("-n", "-o", "flow.host:FALSE")
    assert "10.0.0.2" in text or "tree" in what
    assert "cmd" not in text and "[31m" not in text
    if what in ("flowstats,csv", "flowstats,json"):
        assert run("-N", "dmnt", "-o", "flow.host:FALSE") == text


def test_kept_strings_are_escaped(tshark, hostile_strings):
    """Sticky values are strings of packets, shown as Wireshark shows them."""
    options = ("-n", "-r", hostile_strings, "-o", "flow.sticky:TRUE")
    host = "flow.sticky.http.host"
    flows = tshark.flows(hostile_strings, *options[3:])
    assert [flow[host] for flow in flows if host in flow] == ["\\x1b[31m,\"<&>'\ufffd=cmd"]
    texts = [tshark.run(*options, *more).stdout for more in (
        ("-q", "-z", "flowstats,csv"), ("-q", "-z", "flowstats,table"),
        ("-2", "-T", "fields", "-e", host), ("-2", "-T", "pdml"))]
    assert all(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text) is None for text in texts)
    rows = csv.DictReader(io.StringIO(texts[0], newline=""))
    assert [row[host] for row in rows] == [flow.get(host, "") for flow in flows]
    shown = xml.fromstring(texts[3]).iter("field")
    assert flows[1][host] in [field.get("show") for field in shown if field.get("name") == host]


def test_texts_need_no_escape(tshark, captures):
    """In a terminal, CSV, JSON or XML; but for the host's name, which is the packet's own."""
    merged = tshark.folder / "merged.pcapng"
    subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", merged, *captures.glob("*.pcap*")],
                   check=True)
    merged.chmod(0o644)
    flows = tshark.flows(merged)
    assert len(flows) > 50
    for flow in flows:
        for name, value in flow.items():
            if isinstance(value, str) and name != "flow.host":
                assert re.fullmatch("[-\\w .:/(),\\[\\]→↔›…]*", value), value


def calls(log):
    """The files that were looked at, and the other system calls that reach out."""
    found = set()
    for line in log.read_text(errors="replace").splitlines():
        if match := re.search(r"\b(\w+)\((?:AT_FDCWD, )?(\"[^\"]*\")?", line):
            found.add((match.group(1), (match.group(2) or "").strip('"')))
    return found


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_nothing_but_the_named_file_is_opened(tshark, captures):
    """Against tshark without the plugin: no other file, no program, no socket.

    But for the program's own command line, which says whether it reads twice.
    """
    folder = tshark.folder / "trace"
    folder.mkdir()
    folder.chmod(0o777)

    def traced(plugins, *options):
        log = folder / "log"
        log.unlink(missing_ok=True)
        result = subprocess.run(
            [*tshark.as_user, "strace", "-f", "-o", log, "-e",
             "trace=%file,%network,execve,execveat,fork,vfork,clone,clone3", "tshark", "-n", "-2",
             "-V", "-r", captures / "sample.pcapng", *map(str, options)],
            capture_output=True, text=True,
            env={**tshark.environment, "WIRESHARK_PLUGIN_DIR": str(plugins)})
        if "ptrace" in result.stderr:
            pytest.skip("this machine lets nobody trace a program")
        assert result.returncode == 0, result.stderr
        return calls(log)

    # 4.6 looks for more where there is a folder of plugins, even an empty one.
    plugins, bare = tshark.folder / "plugins", tshark.folder / "bare"
    for path in plugins.glob("*/epan"):
        (bare / path.relative_to(plugins)).mkdir(parents=True)
    more = traced(plugins, "-z", f"flowstats,csv,{folder}/flows.csv") - traced(bare)
    ours = {(call, path) for call, path in more if not path.startswith(str(plugins))}
    assert {call for call, _ in ours} <= {"openat", "unlink", "rename", "readlink", "access",
                                          "newfstatat", "lstat", "stat"}
    assert {path for _, path in ours if not path.startswith(f"{folder}/flows.csv")} <= {
        "/proc/self/cmdline", *(str(path) for path in (folder, *folder.parents))}
    assert ("rename", ) in {call[:1] for call in ours}
