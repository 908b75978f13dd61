"""Captures in parts: -z flowstats,parts, share/flowstats/merge.sql, and tools/flows-many."""
import csv
import io
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tshark import BUILD, TOP, packet_count

SHARE = TOP / "share/flowstats"
MANY = TOP / "tools/many"
SEED = int(os.environ.get("FLOWSTATS_SEED", "1"))

# Where another capture than the one in hand says something, Wireshark itself reads otherwise: whom a
# reply without its call is to.  And editcap gives a time to packets that have none.
OTHERWISE = {"rpc_calls.pcap", "no_times.pcapng"}
# What may be absent where the packets of a handshake, or a RST and what follows, lie in two files.
MAY_BE_ABSENT = {
    *(f"flow.tcp.{name}" for name in (
        "rtt", "rtt_net", "rtt_user", "connect_time", "ts_syn", "ts_syn_ack", "ts_ack", "syn_frame",
        "syn_ack_frame", "ack_frame", "syn_ack_retrans", "state", "state_name", "reset_by",
        "reset_by_name", "reset_frame")),
    "flow.end_reason", "flow.end_reason_name", "flow.quality.vantage", "flow.quality.vantage_name"}
TIMES = ["flow.start", "flow.last", "flow.tcp.ts_syn", "flow.tcp.ts_syn_ack", "flow.tcp.ts_ack"]

pytestmark = pytest.mark.skipif(
    not (MANY / "node_modules/@duckdb").exists() or not shutil.which("node") or
    not shutil.which("parallel"), reason="tools/setup --many has not been run")


def duckdb(sql):
    return subprocess.run(["node", MANY / "duckdb.mjs"], input=sql, text=True, check=True,
                          capture_output=True).stdout


def load(files):
    """The table of parts from CSV files, each a file of its own, or what a group of them is."""
    groups = [files if isinstance(files, list) else [files] for files in files]
    yield (SHARE / "parts.sql").read_text()
    yield "CREATE TABLE loaded AS SELECT *, ''::VARCHAR AS file FROM parts;"
    for group in groups:
        for path in group:
            yield f"COPY parts FROM '{path}' (HEADER);"
            yield f"INSERT INTO loaded SELECT *, '{path}' FROM parts; TRUNCATE parts;"
    yield "DROP TABLE parts; ALTER TABLE loaded RENAME TO parts;"


def as_csv(flows):
    """SQL that writes flows in the words of -z flowstats,csv, into a file that $OUT stands for."""
    times = ", ".join(f'epoch_ns("{name}") AS "{name}"' for name in TIMES)
    return f"COPY (SELECT * REPLACE ({times}) FROM {flows}) TO '$OUT' (HEADER);"


def rows_of(sql, folder):
    out = folder / f"{random.random()}.csv"
    said = duckdb(sql.replace("$OUT", str(out)))
    return list(csv.DictReader(out.open())), said


NUMBERED = ('(SELECT row_number() OVER (ORDER BY born) - 1 AS "flow.id", * EXCLUDE (born) FROM merged '
            'ORDER BY 1)')


def merge(files, folder):
    """The flows of parts, and how many parts are in none."""
    sql = [*load(files), (SHARE / "merge.sql").read_text(), "SELECT parts FROM untold;",
           as_csv(NUMBERED)]
    flows, said = rows_of("\n".join(sql), folder)
    return flows, int(said)


def exported(name, value):
    """A value of -z flowstats,csv as DuckDB writes it."""
    if name in TIMES and value:
        return str(int(value.replace(".", "")))
    return value


def same(left, right):
    """Whether a value of the whole is that of its parts: of a real number the export has 15 digits."""
    if left == right:
        return True
    try:
        return left == f"{float(right):.15g}"
    except ValueError:
        return False


def in_order(flows):
    return sorted(flows, key=lambda flow: (int(flow["flow.first_frame"]), flow["flow.tuple"]))


def assert_same_flows(merged, untold, whole, what):
    """All columns but those that may be absent; all flows but those that are not told."""
    kept = {(flow["flow.first_frame"], flow["flow.tuple"]) for flow in merged}
    told = [flow for flow in whole if (flow["flow.first_frame"], flow["flow.tuple"]) in kept]
    assert len(told) == len(merged), what
    assert len(told) == len(whole) or untold > 0, what
    for left, right in zip(in_order(told), in_order(merged)):
        for name, value in right.items():
            if name == "flow.id" or (value == "" and name in MAY_BE_ABSENT):
                continue
            assert same(exported(name, left[name]), value), (what, left["flow.tuple"], name)


@pytest.fixture(scope="module")
def folder():
    """For captures and parts: tshark may run as nobody."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def cut(path, places, folder):
    """The files that a capture becomes when it is cut after these packets."""
    edges = [0, *places, packet_count(path)]
    files = []
    for number, (begin, end) in enumerate(zip(edges, edges[1:])):
        file = folder / f"{path.stem}-{'-'.join(map(str, places))}.{number}.pcapng"
        subprocess.run(["editcap", "-r", path, file, f"{begin + 1}-{end}"], check=True,
                       capture_output=True)
        file.chmod(0o644)
        files.append(file)
    return files


def parts_of(tshark, path, *options):
    out = path.parent / f"{path.name}.csv"
    tshark.run("-n", "-q", "-r", path, *options, "-z", f"flowstats,parts,{out}")
    return out


def whole_of(tshark, path, *options):
    """Its flows with all columns that there are: each that merges has to be as it is here."""
    return list(csv.DictReader(io.StringIO(tshark.all_columns(path, *options))))


def capture_row(path):
    return [row for row in csv.DictReader(path.open()) if row["kind"] == "capture"][0]


def overlap(files):
    spans = [(row["capture_first"], row["capture_last"]) for row in map(capture_row, files)]
    return any(not last or not first or int(last) > int(first)
               for (_, last), (first, _) in zip(spans, spans[1:]))


def check(tshark, path, places, folder):
    files = [parts_of(tshark, file) for file in cut(path, places, folder)]
    if not overlap(files):
        assert_same_flows(*merge(files, folder), whole_of(tshark, path), (path.name, places))


@pytest.fixture(scope="module")
def places(captures):
    """Of each capture that is small: the numbers of packets after which it can be cut."""
    import generate
    counts = {name: packet_count(captures / name) for name in generate.BUILDERS
              if name not in OTHERWISE}
    return {name: range(1, count) for name, count in counts.items() if 2 <= count <= 200}


def check_all(tshark, captures, folder, cuts):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda cut: check(tshark, captures / cut[0], cut[1], folder), cuts))


# Each of these is cut after each packet where FLOWSTATS_CUTS=all; else a sample of all cuts is.
def sample(cuts, size):
    cuts = list(cuts)
    if os.environ.get("FLOWSTATS_CUTS") == "all":
        return cuts
    return random.Random(SEED).sample(cuts, min(size, len(cuts)))


def test_captures_in_two_files_are_as_whole(tshark, captures, folder, places):
    cuts = [(name, [place]) for name in places for place in places[name]]
    check_all(tshark, captures, folder, sample(cuts, 12))


def test_captures_in_three_files_are_as_whole(tshark, captures, folder, places):
    rand = random.Random(SEED)
    cuts = [(name, sorted(rand.sample(places[name], 2))) for name in places if len(places[name]) > 1]
    check_all(tshark, captures, folder, sample(cuts, 4))


@pytest.mark.parametrize("name", ["tcp_plain.pcap", "simultaneous_open.pcap", "port_reuse.pcap",
                                  "icmp_errors.pcap"])
def test_captures_cut_after_each_packet_are_as_whole(tshark, captures, folder, name):
    count = packet_count(captures / name)
    check(tshark, captures / name, list(range(1, count)), folder)


def test_a_capture_in_one_file_has_everything(tshark, captures, folder):
    """What may be absent at a seam is there without one, and so is each flow."""
    path = captures / "sample.pcapng"
    shutil.copy(path, folder / "whole.pcapng")
    whole = whole_of(tshark, path)
    flows, untold = merge([parts_of(tshark, folder / "whole.pcapng")], folder)
    assert untold == 0 and len(flows) == len(whole)
    for left, right in zip(whole, flows):
        for name, value in right.items():
            assert same(exported(name, left[name]), value), name


def test_what_has_no_time_has_empty_cells(tshark, captures, folder):
    shutil.copy(captures / "no_times.pcapng", folder)
    part, capture = csv.DictReader(parts_of(tshark, folder / "no_times.pcapng").open())
    times = {name: value for name, value in part.items() if name.endswith("_ns")}
    assert set(times.values()) == {""} and len(times) == 10
    assert (part["state"], part["syns"], capture["capture_first"]) == ("0", "1", "")


def test_idle_timeouts_cut_at_seams_as_elsewhere(tshark, captures, folder):
    options = ("-o", "flow.idle_timeout:1")
    path = captures / "sample.pcapng"
    whole = whole_of(tshark, path, *options)
    for place in (20, 60, 100, 160):
        files = [parts_of(tshark, file, *options) for file in cut(path, [place], folder)]
        assert_same_flows(*merge(files, folder), whole, place)


# A later fragment of a datagram, its first one, and a packet that is whole.
LATER, FIRST, WHOLE = {"frag": 175}, {"flags": "MF"}, {}


@pytest.mark.parametrize("protocol, before, after, expected", [
    *((protocol, [(0, LATER)], [(100, LATER)], [1, 1]) for protocol in (1, 6, 17, 50, 132, 170)),
    (170, [(0, LATER)], [(40, LATER), (80, WHOLE)], [3]),
    (17, [(0, WHOLE)], [(50, LATER), (70, FIRST)], [1, 2]),
    (17, [(0, WHOLE)], [(50, FIRST), (70, LATER)], [3]),
])
def test_idle_timeouts_cut_fragments_at_seams_as_elsewhere(tshark, save, folder, protocol, before,
                                                           after, expected):
    """A later fragment asks for its flow itself where none comes that tells it."""
    from scapy.all import IP, Ether
    packets = []
    for second, kind in [*before, *after]:
        packet = Ether(src="aa:bb:cc:00:00:01", dst="aa:bb:cc:00:00:02") / IP(
            src="10.0.0.1", dst="10.0.0.2", proto=protocol, id=7, **kind) / bytes(64)
        packet.time = 1700000000 + second
        packets.append(packet)
    times = "_".join(str(second) for second, _ in [*before, *after])
    path = save(f"idle_fragments_{protocol}_{times}_{len(expected)}.pcap", packets)
    options = ("-o", "flow.idle_timeout:60")
    whole = whole_of(tshark, path, *options)
    assert [int(flow["flow.pkts"]) for flow in whole] == expected
    files = [parts_of(tshark, file, *options) for file in cut(path, [len(before)], folder)]
    merged, untold = merge(files, folder)
    assert untold == 0
    assert_same_flows(merged, untold, whole, path.name)


def test_parts_can_be_put_together_in_any_order(tshark, captures, folder):
    """And in groups: what is merged is the set of them."""
    files = [parts_of(tshark, file) for file in cut(captures / "sample.pcapng", [40, 90], folder)]
    flows = [merge(order, folder) for order in (
        files, files[::-1], [[files[2], files[0]], files[1]], [[files[1], files[2], files[0]]])]
    assert all(other == flows[0] for other in flows[1:])


def test_the_columns_are_those_that_the_table_has(tshark, captures, folder):
    shutil.copy(captures / "sample.pcapng", folder / "columns.pcapng")
    heading = parts_of(tshark, folder / "columns.pcapng").read_text().split("\n", 1)[0].split(",")
    sql = (SHARE / "parts.sql").read_text()
    said = duckdb(sql + "SELECT column_name FROM (DESCRIBE parts);")
    assert said.split() == heading
    assert f"(schema {capture_row(folder / 'columns.pcapng.csv')['schema']})" in sql


def test_what_does_not_merge_is_named(tshark, captures, folder):
    """A column of the whole is in flows.parquet, or in the document's list of those that are not."""
    shutil.copy(captures / "sample.pcapng", folder / "named.pcapng")
    merged = merge([parts_of(tshark, folder / "named.pcapng")], folder)[0][0].keys()
    text = (TOP / "doc/scale.md").read_text().split("Not in `flows.parquet`")[1].split("\n\n|")[1]
    absent = re.findall(r"`(flow\.[\w.*]+)`", text.split("\n\n")[0])
    for name in whole_of(tshark, folder / "named.pcapng")[0]:
        assert (name in merged) != any(fnmatch(name, pattern) for pattern in absent), name


@pytest.mark.parametrize("options, why", [
    (("-o", "flow.active_timeout:60", "-z", "flowstats,parts"), "set it to 0"),
    (("-z", "flowstats,parts,-,tcp"), "leave out the filter"),
    (("-M", "10", "-z", "flowstats,parts"), "leave out -b and -M"),
])
def test_what_parts_cannot_be_made_with(tshark, captures, options, why):
    result = tshark.run("-n", "-q", "-r", captures / "sample.pcapng", *options, rc=1)
    assert why in result.stderr and result.stdout == ""


# tools/flows-many

@pytest.fixture(scope="module")
def ring(captures, folder):
    """The sample in three files, as a sensor's ring."""
    files = cut(captures / "sample.pcapng", [50, 110], folder)
    (folder / "ring").mkdir()
    return [Path(shutil.move(file, folder / "ring")) for file in files]


@pytest.fixture(scope="module")
def tool(folder):
    """The path of tools/flows-many in a source tree that is set up and built."""
    tree = folder / "tree"
    shutil.copytree(TOP / "tools", tree / "tools", ignore=shutil.ignore_patterns("node_modules"))
    (tree / "tools/many/node_modules").symlink_to(MANY / "node_modules")
    shutil.copytree(SHARE, tree / "share/flowstats")
    shutil.copytree(BUILD / "plugins", tree / "build/plugins")
    for name in ("setup", "build"):
        (tree / "tools" / name).write_text("#!/bin/sh\n")
    return tree / "tools/flows-many"


@pytest.fixture(scope="module")
def flows_many(tool):
    def flows_many(*arguments, rc=0, **environment):
        result = subprocess.run([tool, *map(str, arguments)], text=True, capture_output=True,
                                timeout=300, env={**os.environ, **environment})
        assert result.returncode == rc, result.stderr
        return result.stderr
    return flows_many


def flows_of(parquet, folder):
    return rows_of(as_csv(f"read_parquet('{parquet}')"), folder)[0]


@pytest.fixture(scope="module")
def merged(flows_many, ring, folder):
    """What a run made of the ring, and what it said."""
    said = flows_many("--out", folder / "merged", "--jobs", 2, folder / "ring")
    return folder / "merged", said


def test_many_files_are_as_one(tshark, captures, folder, merged):
    out, said = merged
    assert "3 captures, 3 of them new" in said and "flows in" in said
    assert_same_flows(flows_of(out / "flows.parquet", folder), 0,
                      whole_of(tshark, captures / "sample.pcapng"), "ring")
    assert sorted(path.name for path in out.iterdir()) == ["flows.parquet", "parts"]


def test_a_second_run_reads_new_files_alone(flows_many, ring, folder, merged):
    out, _ = merged
    before = (out / "flows.parquet").read_bytes()
    times = {path: path.stat().st_mtime_ns for path in out.glob("parts/*.parquet")}
    said = flows_many("--out", out, folder / "ring")
    assert "3 captures, 0 of them new" in said
    assert {path: path.stat().st_mtime_ns for path in out.glob("parts/*.parquet")} == times
    assert (out / "flows.parquet").read_bytes() == before


def test_what_a_killed_run_left_is_gone_on_with(tool, flows_many, ring, folder, merged):
    """A task that was killed has written nothing, and another run makes the same of it."""
    out = folder / "killed"
    with subprocess.Popen([tool, "--out", out, "--jobs", "1", folder / "ring"],
                          stderr=subprocess.DEVNULL, start_new_session=True) as run:
        for _ in range(600):
            if list(out.glob("parts/*.parquet")):
                break
            time.sleep(.05)
        os.killpg(run.pid, 9)
    assert not (out / "flows.parquet").exists()
    said = flows_many("--out", out, folder / "ring")
    assert int(re.search(r"(\d) of them new", said)[1]) < 3
    assert (out / "flows.parquet").read_bytes() == (merged[0] / "flows.parquet").read_bytes()


def test_sensors_are_merged_each_for_itself_and_errors_are_named(flows_many, ring, folder, merged):
    top = folder / "sensors"
    for sensor in ("east", "it's west"):
        shutil.copytree(folder / "ring", top / sensor)
    (top / "east" / "no capture.pcap").write_bytes(bytes(300))
    (top / "it's west" / "cut short.pcapng").write_bytes(ring[0].read_bytes()[:2500])
    said = flows_many("--out", folder / "both", top, rc=1)
    assert "no capture.pcap: " in said and "cut short.pcapng: " in said
    assert "2 captures could not be read" in said
    for sensor in ("east", "it's west"):
        assert ((folder / "both" / sensor / "flows.parquet").read_bytes() ==
                (merged[0] / "flows.parquet").read_bytes())
    said = flows_many("--sensor", "north", "--out", folder / "both", *ring)
    assert (folder / "both" / "north" / "flows.parquet").exists() and "0 of them new" in said


def test_what_has_no_order_or_other_preferences_is_refused(flows_many, captures, ring, folder):
    overlapping = [*ring, captures / "sample.pcapng"]
    said = flows_many("--out", folder / "refused", *overlapping, rc=1)
    assert "files of one sensor that overlap in time have no order" in said
    other = ("--out", folder / "refused", "-o", "flow.idle_timeout:60")
    assert "was begun with other preferences" in flows_many(*other, *ring, rc=1)
    with (folder / "refused/parts/parts.sql").open("a") as columns:
        columns.write("-- and more\n")
    assert "another version" in flows_many("--out", folder / "refused", *ring, rc=1)
    (folder / "refused/parts/parts.sql").unlink()
    (folder / "refused/parts/preferences").unlink()  # and if nobody had noticed
    later = cut(captures / "sample.pcapng", [150], folder)[1]
    said = flows_many(*other, ring[0], later, rc=1)
    assert "flow.idle_timeout:60" in said and "read all with the same" in said


def test_a_users_own_folders_stay(flows_many, ring, folder):
    """What the tool clears away lies in its own folder, whose name no sensor can have."""
    out = folder / "own"
    for sensor in ("work.lan", "b"):
        flows_many("--sensor", sensor, "--out", out, *ring)
    assert {path.name for path in out.glob("*/flows.parquet") for path in path.parents[:1]} == {
        "work.lan", "b"}
    assert "--sensor parts: " in flows_many("--sensor", "parts", "--out", out, *ring, rc=1)
    shutil.copytree(folder / "ring", folder / "with parts/parts")
    top = folder / "with parts"
    assert "a subfolder is called parts" in flows_many("--out", out, top, rc=1)
    said = flows_many("--out", top, top, rc=1)
    assert "is not of this tool" in said and len(list(top.rglob("*"))) == 4
    flows_many("--sensor", "c", "--out", out, top)


def test_links_are_followed_and_names_may_be_in_capitals(flows_many, ring, folder, merged):
    top = folder / "links"
    (top / "east").mkdir(parents=True)
    (top / "west").symlink_to(folder / "ring")
    (top / "east/A.PCAP").symlink_to(ring[0])
    (top / "east/b.CAP").symlink_to(ring[1])
    (top / "east/c.Pcapng.1").symlink_to(ring[2])
    (top / "east/again").symlink_to(top / "east")  # a loop
    (top / "east/self.pcap").symlink_to("self.pcap")
    (top / "east/gone.pcap").symlink_to("nowhere")
    said = flows_many("--out", folder / "linked", top / "east", "--sensor", "east")
    assert "3 captures, " in said and "loop" not in said and "links" not in said
    shutil.rmtree(folder / "linked")
    said = flows_many("--out", folder / "linked", top)
    assert "6 captures, 3 of them new" in said
    for sensor in ("east", "west"):
        assert ((folder / "linked" / sensor / "flows.parquet").read_bytes() ==
                (merged[0] / "flows.parquet").read_bytes())


def test_flows_may_lie_beside_their_captures(flows_many, ring, folder, merged):
    for place, captures, out in (("beside", "", ""), ("above", "ring", "")):
        shutil.copytree(folder / "ring", folder / place / captures)
        for new in (3, 0):
            said = flows_many("--out", folder / place / out, folder / place / captures)
            assert f"3 captures, {new} of them new" in said and "waiting" not in said
        assert ((folder / place / "flows.parquet").read_bytes() ==
                (merged[0] / "flows.parquet").read_bytes())


def test_a_preference_with_a_slip_can_be_given_again(flows_many, ring, folder):
    out = folder / "slipped"
    said = flows_many("--out", out, "-o", "flow.idle_timeout:abc", *ring, rc=1)
    assert "3 captures could not be read" in said or "flow.idle_timeout" in said
    flows_many("--out", out, "-o", "flow.idle_timeout:60", *ring)
    assert "was begun with other preferences" in flows_many("--out", out, *ring, rc=1)


def test_one_is_told_as_one_and_names_may_begin_with_a_hyphen(tool, ring, folder):
    (folder / "hyphen").mkdir()
    shutil.copy(ring[0], folder / "hyphen/-x.pcapng")
    result = subprocess.run([tool, "--out", "out", "--", "-x.pcapng"], text=True, timeout=300,
                            capture_output=True, cwd=folder / "hyphen", check=True)
    assert "1 capture, 1 of them new" in result.stderr


def test_parts_that_are_damaged_are_named(flows_many, ring, folder):
    out = folder / "damaged"
    flows_many("--out", out, *ring)
    damaged = sorted(out.glob("parts/*.parquet"))[1]
    whole = damaged.read_bytes()
    for bytes_ in (whole[:400], whole[:4] + bytes(2000) + whole[2004:]):
        damaged.write_bytes(bytes_)
        said = flows_many("--out", out, *ring, rc=1)
        assert f"{damaged} is damaged: delete it" in said
    damaged.unlink()
    assert "1 of them new" in flows_many("--out", out, *ring)


@pytest.mark.parametrize("arguments", [
    [], ["--out", "x"], ["x"], ["--executor", "k8s", "--out", "x", "y"],
    ["--jobs", "0", "--out", "x", "y"], ["--what"]])
def test_misuse_is_told(flows_many, arguments):
    assert "usage: tools/flows-many" in flows_many(*arguments, rc=2)


SLURM = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={port}
SlurmdPort={next_port}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def is_idle(environment):
    for _ in range(40):
        said = subprocess.run(["sinfo", "-h"], text=True, capture_output=True, env=environment)
        if " idle " in said.stdout:
            return True
        time.sleep(.5)
    return False


@pytest.fixture
def slurm():
    """A cluster of this machine alone; its environment."""
    programs = ("munged", "slurmctld", "slurmd")
    if os.getuid() != 0 or not all(map(shutil.which, (*programs, "sbatch"))):
        pytest.skip("Slurm's daemons are started by root, and come with tools/setup --slurm")
    with tempfile.TemporaryDirectory() as name:
        folder, daemons = Path(name), []
        for below in ("state", "spool"):
            (folder / below).mkdir()
        (folder / "munge.key").write_bytes(os.urandom(1024))
        (folder / "munge.key").chmod(0o400)
        port = random.SystemRandom().randrange(20000, 30000)
        (folder / "slurm.conf").write_text(SLURM.format(
            host=os.uname().nodename.split(".")[0], folder=folder, port=port, next_port=port + 1,
            cpus=os.cpu_count()))
        environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        munged = [f"--{what}={folder}/munge.{what[:3]}" for what in ("pid-file", "log-file",
                                                                    "seed-file")]
        try:
            for command in (["munged", "--force", "--foreground", f"--key-file={folder}/munge.key",
                             f"--socket={folder}/munge.socket", *munged],
                            ["slurmctld", "-D"], ["slurmd", "-D"]):
                daemons.append(subprocess.Popen(command, env=environment,
                                                stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL))
                time.sleep(.5)
            if not is_idle(environment):
                pytest.skip("Slurm cannot be started here")
            yield environment
        finally:
            for daemon in reversed(daemons):
                daemon.terminate()
                daemon.wait()


def test_a_cluster_makes_the_same_bytes(flows_many, slurm, ring, folder, merged):
    out = folder / "cluster"
    flows_many("--executor", "slurm", "--out", out, folder / "ring", **slurm)
    files = sorted(path.relative_to(out) for path in out.rglob("*.parquet"))
    assert len(files) == 4
    for file in files:
        assert (out / file).read_bytes() == (merged[0] / file).read_bytes(), file
