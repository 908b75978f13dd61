"""Live captures on the loopback interface while programs talk, bounded in packets and seconds."""
import csv
import http.server
import json
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

CAPABLE = ["--inh-caps=+net_raw,+net_admin", "--ambient-caps=+net_raw,+net_admin"]
REQUESTS = 30
POLL_SECONDS = 1.5  # how long dumpcap may let packets lie, and more


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 10_000)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def folder(tshark):
    folder = tshark.folder / "live"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    yield folder
    for path in folder.iterdir():
        path.unlink()


def running_sockets():
    with open("/proc/net/packet") as lines:
        return sum(line.split()[5] == "1" for line in lines if line[0] != "s")


class Live:
    """tshark as it captures on the loopback interface."""

    def __init__(self, tshark, port, *options):
        before = running_sockets()
        as_user = [tshark.as_user[0], *CAPABLE, *tshark.as_user[1:]] if tshark.as_user else []
        self.process = subprocess.Popen(
            [*as_user, "tshark", "-n", "-i", "lo", "-f", f"tcp port {port}", "-a", "duration:60",
             *map(str, options)], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=tshark.environment)
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if "Capturing on" in line:
                while running_sockets() == before and self.process.poll() is None:
                    time.sleep(0.05)
                time.sleep(POLL_SECONDS)  # until its filter is set, too
                return
        self.process.wait()
        if re.search(r"permission|privilege|There are no interfaces", self.said):
            pytest.skip("this user may not capture on the loopback interface")
        pytest.fail(self.said)

    def stop(self):
        time.sleep(POLL_SECONDS)
        self.process.send_signal(signal.SIGINT)
        output, said = self.process.stdout.read(), self.process.stderr.read()
        assert self.process.wait(60) == 0, self.said + said
        assert "dropped" not in said, said
        return output


def talk(server, requests=REQUESTS):
    for _ in range(requests):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}", timeout=20) as page:
            assert len(page.read()) == 10_000


def flows_in(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader(lines))


def test_nothing_is_lost(tshark, server, folder):
    """What is said live is what the file of the same packets says."""
    names = ("frame.number", "flow.id", "flow.index", "flow.sofar.bytes")
    file, live_flows, read_flows = (folder / name for name in ("a.pcapng", "live.csv", "read.csv"))
    live = Live(tshark, server.server_port, "-l", "-P", "-w", file, "-T", "fields",
                *(argument for name in names for argument in ("-e", name)), "-z",
                f"flowstats,csv,{live_flows}")
    lines = []
    talk(server)
    for line in live.process.stdout:
        lines.append(line.rstrip("\n").split("\t"))
        if int(lines[-1][1]) == REQUESTS - 1 and len(lines) > 6 * REQUESTS:
            break
    lines += [line.split("\t") for line in live.stop().splitlines()]
    frames = tshark.fields(file, names, "-z", f"flowstats,csv,{read_flows}")
    assert lines == [[frame[name] for name in names] for frame in frames]
    assert flows_in(live_flows) == flows_in(read_flows)
    assert len(flows_in(live_flows)) == REQUESTS

    grown = {}
    for _, flow, index, size in lines:
        before = grown.get(flow, (0, 0))
        assert int(index) == before[0] + 1 and int(size) > before[1]
        grown[flow] = int(index), int(size)


def test_a_ring_of_files(tshark, server, folder):
    """Where flows end with their file, what is said live is what the files say."""
    flows = folder / "ring.csv"
    live = Live(tshark, server.server_port, "-q", "-b", "packets:50", "-w", folder / "ring.pcapng",
                "-o", "flow.carry_over:FALSE", "-z", f"flowstats,csv,{flows}")
    talk(server)
    live.stop()
    files = sorted(folder.glob("ring_*"))
    assert len(files) > 3
    expected = []
    for file in files:
        tshark.run("-n", "-q", "-r", file, "-z", f"flowstats,csv,{folder}/read.csv")
        expected += flows_in(folder / "read.csv")
    for ident, flow in enumerate(expected):
        flow["flow.id"] = str(ident)
    assert flows_in(flows) == expected


def without_analysis(flow):
    """Wireshark begins its own anew with each file."""
    return {name: value for name, value in flow.items()
            if value != "" and not name.startswith(("flow.tcp.analysis", "flow.tcp.stream", "flow.id"))}


def merged(folder):
    """The files of a ring, one after the other."""
    files = sorted(folder.glob("ring_*"))
    assert len(files) > 3
    subprocess.run(["mergecap", "-a", "-w", folder / "whole.pcapng", *files], check=True)
    (folder / "whole.pcapng").chmod(0o644)
    return folder / "whole.pcapng"


def test_flows_go_on_in_the_files_of_a_ring(tshark, server, folder):
    """As if they were one file."""
    flows = folder / "ring.csv"
    live = Live(tshark, server.server_port, "-q", "-b", "packets:50", "-w", folder / "ring.pcapng",
                "-z", f"flowstats,csv,{flows}")
    talk(server)
    live.stop()
    tshark.run("-n", "-q", "-r", merged(folder), "-z", f"flowstats,csv,{folder}/read.csv")
    assert sorted(flow["flow.id"] for flow in flows_in(flows)) == sorted(
        str(ident) for ident in range(REQUESTS))
    assert sorted(map(str, map(without_analysis, flows_in(flows)))) == sorted(
        map(str, map(without_analysis, flows_in(folder / "read.csv"))))


def test_a_stream_ends_with_what_is_open(tshark, server, folder):
    """Each flow is written once, through the files of a ring; the open one when tshark is stopped."""
    live = Live(tshark, server.server_port, "-q", "-b", "packets:50", "-w", folder / "ring.pcapng",
                "-z", "flowstats,stream")
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        talk(server)
        lines = live.stop().splitlines()
        connection.send(b"x")
    flows = [json.loads(line) for line in lines]
    frames = tshark.fields(merged(folder), ("frame.number",))
    assert sum(flow["flow.pkts"] for flow in flows) == len(frames)
    assert sorted(flow["flow.id"] for flow in flows) == list(range(REQUESTS + 1))
    assert [flow["flow.tcp.state_name"] for flow in flows
            if flow["flow.end_reason"] == 4] == ["Established"]


def test_stop_and_start_again(tshark, server, folder):
    for requests in (1, 3):
        live = Live(tshark, server.server_port, "-q", "-z", f"flowstats,csv,{folder}/flows.csv")
        talk(server, requests)
        live.stop()
        flows = flows_in(folder / "flows.csv")
        assert [flow["flow.id"] for flow in flows] == [str(i) for i in range(requests)]
        assert {flow["flow.end_reason"] for flow in flows} <= {"3", "4"}


def test_sessions_of_a_long_capture(tshark, server, folder):
    """-M begins a new session every so many packets; no packet is lost between them."""
    file, flows = folder / "sessions.pcapng", folder / "sessions.csv"
    live = Live(tshark, server.server_port, "-q", "-M", "100", "-w", file, "-z",
                f"flowstats,csv,{flows}")
    talk(server, 100)
    live.stop()
    frames = tshark.fields(file, ("frame.number",))
    assert len(frames) > 600
    assert sum(int(flow["flow.pkts"]) for flow in flows_in(flows)) == len(frames)
    ids = [int(flow["flow.id"]) for flow in flows_in(flows)]
    assert sorted(ids) == list(range(100))
