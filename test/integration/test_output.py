"""Where exports go: a capture is never overwritten, and a file keeps what is not its content."""
import csv
import json
import os
import re
import resource
import signal
import subprocess

import pytest

from tshark import write_no_more_than

NOBODY = 65534


@pytest.fixture
def folder(tshark, request):
    """A folder that everybody may write to."""
    folder = tshark.folder / re.sub(r"\W", "_", request.node.name)
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def capture(captures, folder):
    """A capture that the user may overwrite."""
    path = folder / "in.pcap"
    path.write_bytes((captures / "tcp_plain.pcap").read_bytes())
    path.chmod(0o666)
    return path


def export(tshark, capture, target, *options, rc=0, what="csv", **of_the_process):
    return tshark.run("-n", "-q", "-r", capture, *options, "-z", f"flowstats,{what},{target}",
                      rc=rc, **of_the_process)


def give_away(path):
    """To the user that tshark runs as."""
    if os.getuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def is_export(path):
    return path.read_text().startswith("flow.") and len(path.read_text().splitlines()) == 2


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("way", ["name", "link", "hard link", "folder's link"])
@pytest.mark.parametrize("options", [(), ("-2",)])
def test_the_capture_that_is_read_is_refused(tshark, folder, capture, way, options):
    before, target = capture.read_bytes(), folder / "other"
    if way == "name":
        target = capture
    elif way == "link":
        target.symlink_to(capture)
    elif way == "hard link":
        target.hardlink_to(capture)
    else:
        target.symlink_to(folder)
        target = target / capture.name
    result = export(tshark, capture, target, *options, rc=1)
    assert f"flowstats: {target}: The program reads this file" in result.stderr
    assert capture.read_bytes() == before


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("options", [(), ("-2",)])
def test_the_capture_that_is_written_is_refused(tshark, folder, capture, options, is_there):
    """tshark opens the file of -w after it has read -z."""
    written, alone = folder / "out.pcap", folder / "alone.pcap"
    if is_there:
        written.write_text("old")
        written.chmod(0o666)
    result = export(tshark, capture, written, "-w", written, *options, rc=1)
    assert f"flowstats: {written}: The program writes this file" in result.stderr
    export(tshark, capture, folder / "flows.csv", "-w", alone, *options)
    assert written.read_bytes() == alone.read_bytes()
    assert names(folder) == ["alone.pcap", "flows.csv", "in.pcap", "out.pcap"]


@pytest.mark.parametrize("target", ["-", "/dev/stdout", "name"])
@pytest.mark.parametrize("what", ["csv", "stream"])
def test_the_capture_that_goes_to_standard_output_is_refused(tshark, folder, capture, target,
                                                             what):
    """What is written there too would be taken for packets."""
    written = folder / "out.pcap"
    target = str(written) if target == "name" else target
    with open(written, "wb") as file:
        result = subprocess.run([*tshark.as_user, "tshark", "-n", "-q", "-r", capture, "-w", "-",
                                 "-z", f"flowstats,{what},{target}"], stdout=file, text=True,
                                stderr=subprocess.PIPE, env=tshark.environment)
    assert result.returncode == 1
    assert "flowstats: standard output: The program writes the capture there" in result.stderr
    assert written.read_bytes() == b""


def test_a_pipe_takes_one_of_capture_and_flows(tshark, folder, capture):
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    result = export(tshark, capture, pipe, "-w", pipe, rc=1)
    assert f"flowstats: {pipe}: The program writes the capture there" in result.stderr


@pytest.mark.parametrize("option", ["-r", "-i"])
def test_the_pipe_that_packets_come_from_is_refused(tshark, folder, capture, option):
    """Nobody else reads it: the export would wait for ever."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    with open(os.open(pipe, os.O_RDWR), "wb", buffering=0) as writer:
        writer.write(capture.read_bytes())
        result = tshark.run("-n", "-q", option, pipe, "-z", f"flowstats,csv,{pipe}", rc=1)
    assert f"flowstats: {pipe}: The program reads the capture from there" in result.stderr


def test_the_capture_that_standard_output_appends_to_is_refused(tshark, capture):
    before = capture.read_bytes()
    with open(capture, "ab") as file:
        result = subprocess.run([*tshark.as_user, "tshark", "-n", "-q", "-r", capture, "-z",
                                 "flowstats,csv"], stdout=file, stderr=subprocess.PIPE, text=True,
                                env=tshark.environment)
    assert result.returncode == 1
    assert "standard output: The program reads the capture from there" in result.stderr
    assert capture.read_bytes() == before


def test_a_device_takes_both(tshark, capture):
    export(tshark, capture, "/dev/null", "-w", "/dev/null")


@pytest.mark.parametrize("what", ["csv", "stream"])
def test_a_written_capture_without_frames_is_refused(tshark, folder, capture, what):
    """No frame comes at which its file is seen open."""
    empty, written = folder / "empty.pcap", folder / "out.pcap"
    empty.write_bytes(capture.read_bytes()[:24])
    give_away(empty)
    result = export(tshark, empty, written, "-w", written, what=what, rc=1)
    assert f"flowstats: {written}: The program writes this file" in result.stderr
    assert not written.read_bytes().startswith(b"flow.")
    assert names(folder) == ["empty.pcap", "in.pcap", "out.pcap"]


@pytest.mark.parametrize("target", ["flows.csv", "../{folder}/flows.csv", "link.csv"])
def test_two_exports_to_one_file_are_refused(tshark, folder, capture, target):
    (folder / "link.csv").symlink_to("flows.csv")
    second = folder / target.format(folder=folder.name)
    result = export(tshark, capture, folder / "flows.csv", "-z", f"flowstats,json,{second}", rc=1)
    assert "flows.csv: Another output goes to this file" in result.stderr
    assert names(folder) == ["in.pcap", "link.csv"]


def test_two_exports_to_two_names_of_one_file_are_refused(tshark, folder, capture):
    (folder / "flows.csv").write_text("old")
    give_away(folder / "flows.csv")
    os.link(folder / "flows.csv", folder / "same.csv")
    result = export(tshark, capture, folder / "flows.csv", "-z",
                    f"flowstats,json,{folder}/same.csv", rc=1)
    assert "flows.csv: Another output goes to this file" in result.stderr
    assert (folder / "same.csv").read_text() == "old"


def test_standard_output_is_shared(tshark, capture):
    lines = export(tshark, capture, "-", "-z", "flowstats,json").stdout.splitlines()
    assert sum(line.startswith("{") for line in lines) == 1 and len(lines) == 3


def test_standard_output_by_its_path(tshark, folder, capture):
    with open(folder / "flows.csv", "w+b") as file:
        file.write(b"before\n")
        file.flush()
        subprocess.run([*tshark.as_user, "tshark", "-n", "-q", "-r", capture, "-z",
                        "flowstats,csv,/dev/stdout"], stdout=file, check=True,
                       env=tshark.environment)
    lines = (folder / "flows.csv").read_text().splitlines()
    assert lines[0] == "before" and lines[1].startswith("flow.id,") and len(lines) == 3


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_file_keeps_its_mode(tshark, folder, capture, mode):
    target = folder / "flows.csv"
    target.write_text("old")
    give_away(target)
    target.chmod(mode)
    export(tshark, capture, target)
    assert is_export(target) and target.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner(tshark, folder, capture):
    """Nobody may write to it and cannot give another one to root: it is written in place."""
    target = folder / "flows.csv"
    target.write_text("old" * 10000)
    target.chmod(0o666)
    export(tshark, capture, target)
    found = target.stat()
    assert is_export(target)
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (0, 0, 0o666)
    assert names(folder) == ["flows.csv", "in.pcap"]


def test_a_read_only_file_is_refused(tshark, folder, capture):
    target = folder / "flows.csv"
    target.write_text("old")
    target.chmod(0o444)
    result = export(tshark, capture, target, rc=1)
    assert "flows.csv: Permission denied" in result.stderr and target.read_text() == "old"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_one(tshark, folder, capture, is_there):
    """Also one whose file is not there yet."""
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)
    if is_there:
        (folder / "data/flows.csv").write_text("old")
        (folder / "data/flows.csv").chmod(0o666)
    (folder / "second").symlink_to("data/flows.csv")
    (folder / "first").symlink_to("second")
    export(tshark, capture, folder / "first")
    assert os.readlink(folder / "first") == "second"
    assert os.readlink(folder / "second") == "data/flows.csv"
    assert is_export(folder / "data/flows.csv")


def test_a_hard_link_stays_one(tshark, folder, capture):
    (folder / "flows.csv").write_text("old")
    (folder / "flows.csv").chmod(0o666)
    (folder / "same.csv").hardlink_to(folder / "flows.csv")
    export(tshark, capture, folder / "flows.csv")
    assert is_export(folder / "same.csv")


def test_a_writable_file_in_a_read_only_folder(tshark, folder, capture):
    target = folder / "fixed" / "flows.csv"
    target.parent.mkdir()
    target.write_text("old" * 10000)
    target.chmod(0o666)
    target.parent.chmod(0o555)
    export(tshark, capture, target)
    assert is_export(target) and names(target.parent) == ["flows.csv"]
    result = export(tshark, capture, target.parent / "new.csv", rc=1)
    assert "new.csv: Permission denied" in result.stderr


def test_what_a_killed_run_leaves_is_swept(tshark, folder, capture):
    """By the next run to the same target; what is another's stays, and what somebody writes now."""
    code = ("import fcntl, os, sys, time; files = [os.open(name, os.O_CREAT | os.O_RDWR, 0o666) "
            "for name in sys.argv[1:]]; fcntl.flock(files[0], fcntl.LOCK_EX); print(flush=True); "
            "time.sleep(60)")
    left, busy = folder / "flows.csv.flowstats-Ab12Cd", folder / "flows.csv.flowstats-Ef34Gh"
    others = [folder / name for name in ("flows.csv.flowstats-notes", "flows.csv.Ab12Cd",
                                         "more.csv.flowstats-Ab12Cd")]
    with subprocess.Popen([*tshark.as_user, "/usr/bin/python3", "-c", code, busy, left, *others],
                          stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        export(tshark, capture, folder / "flows.csv")
        assert names(folder) == sorted(["flows.csv", "in.pcap", busy.name,
                                        *(path.name for path in others)])
        writer.kill()
    export(tshark, capture, folder / "flows.csv")
    assert busy.name not in names(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="cannot make another user's file")
def test_what_another_users_run_leaves_stays(tshark, folder, capture):
    (folder / "flows.csv.flowstats-Ab12Cd").touch(0o644)
    export(tshark, capture, folder / "flows.csv")
    assert names(folder) == ["flows.csv", "flows.csv.flowstats-Ab12Cd", "in.pcap"]


@pytest.mark.skipif(os.getuid() != 0, reason="cannot make a file of another group")
def test_a_file_stays_with_its_group(tshark, folder, capture, monkeypatch):
    group = 4242
    target = folder / "flows.csv"
    target.write_text("old")
    os.chown(target, NOBODY, group)
    monkeypatch.setattr(tshark, "as_user", ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                                            f"--groups={group}"])
    before = target.stat()
    export(tshark, capture, target)
    after = target.stat()
    assert is_export(target) and after.st_gid == group
    assert after.st_ino != before.st_ino, "it was not replaced"


def test_a_link_to_itself_becomes_the_file(tshark, folder, capture):
    (folder / "flows.csv").symlink_to("flows.csv")
    export(tshark, capture, folder / "flows.csv")
    assert is_export(folder / "flows.csv")


def die_after(size):
    """The signal of the first write beyond a size ends the process as SIGKILL does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_killed_run_leaves_what_the_next_one_sweeps(tshark, folder, capture):
    target = folder / "flows.csv"
    target.write_text("old")
    give_away(target)
    before = names(folder)
    export(tshark, capture, target, rc=-signal.SIGXFSZ, preexec_fn=lambda: die_after(100))
    left, = set(names(folder)) - set(before)
    assert left.startswith("flows.csv.flowstats-") and target.read_text() == "old"
    export(tshark, capture, target)
    assert names(folder) == before and is_export(target)


def test_what_cannot_be_written_leaves_the_file_as_it_was(tshark, folder, capture):
    target = folder / "flows.csv"
    target.write_text("old")
    give_away(target)
    result = export(tshark, capture, target, rc=1, preexec_fn=lambda: write_no_more_than(100))
    assert f"{target}: File too large" in result.stderr
    assert names(folder) == ["flows.csv", "in.pcap"] and target.read_text() == "old"


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_spreadsheet_is_a_formula(tshark, save, begins):
    """A text of the network that begins like one gets an apostrophe, in CSV and nowhere else."""
    from recipes import A, B, eth
    from scapy.all import IP, UDP
    name = (begins + "cmd|' /C calc'!A0").encode()
    query = bytes(12 - 8) + b"\0\1" + bytes(6) + bytes([len(name)]) + name + b"\0\0\1\0\1"
    capture = save("formula.pcap", [eth(IP(src=A, dst=B) / UDP(sport=40000, dport=53) / query)])
    options = ("-o", "flow.sticky:TRUE", "-o", "flow.sticky_fields:dns.qry.name")
    row, = csv.DictReader(export(tshark, capture, "-", *options).stdout.splitlines())
    flow = json.loads(export(tshark, capture, "-", *options, what="json").stdout)
    text = flow["flow.sticky.dns.qry.name"]
    assert text.endswith("cmd|' /C calc'!A0")
    expected = "'" + text if text[0] in "=+-@\t\r" else text
    assert row["flow.sticky.dns.qry.name"] == expected
    assert expected[0] not in "=+-@\t\r"


def test_negative_numbers_stay_numbers(tshark, captures):
    path = captures / "times_back.pcap"
    rows = list(csv.DictReader(export(tshark, path, "-").stdout.splitlines()))
    assert not [value for row in rows for value in row.values() if value.startswith("'")]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_that_the_user_gives_to_files(tshark, folder, capture, mask):
    export(tshark, capture, folder / "flows.csv", umask=mask)
    assert (folder / "flows.csv").stat().st_mode & 0o7777 == 0o666 & ~mask


@pytest.mark.parametrize("what", ["csv", "json"])
def test_a_folder_that_the_user_may_write_to_is_no_file(tshark, folder, capture, what):
    result = export(tshark, capture, folder, rc=1, what=what)
    assert f"{folder}: Is a directory" in result.stderr and names(folder) == ["in.pcap"]


def test_every_line_of_csv_ends_in_a_carriage_return(tshark, folder, captures):
    """RFC 4180, the heading's too; in the file and on standard output."""
    export(tshark, captures / "sample.pcapng", folder / "flows.csv")
    data = (folder / "flows.csv").read_bytes()
    assert data.endswith(b"\r\n") and data.count(b"\n") == data.count(b"\r\n") > 5
    shown = subprocess.run([*tshark.as_user, "tshark", "-n", "-q", "-r", captures / "sample.pcapng",
                            "-z", "flowstats,csv"], check=True, capture_output=True,
                           env=tshark.environment).stdout
    assert data in shown


@pytest.mark.parametrize("text, written", [
    ('a"b', '"a""b"'), ("a,b", '"a,b"'), ("ab", "ab"), ('"', '""""'), ("a b", "a b")])
def test_what_csv_must_quote_is_quoted(tshark, save, text, written):
    from recipes import A, B, eth
    from scapy.all import IP, TCP
    capture = save("quoted.pcap", [eth(IP(src=A, dst=B) / TCP(sport=40000, dport=80, flags="PA") / (
        f"GET / HTTP/1.1\r\nHost: {text}\r\n\r\n").encode())])
    options = ("-o", "flow.sticky:TRUE", "-o", "flow.sticky_fields:http.host")
    head, row = export(tshark, capture, "-", *options).stdout.splitlines()[:2]
    assert f",{written}," in f",{row},"
    assert next(csv.DictReader([head, row]))["flow.sticky.http.host"] == text


def test_negative_times_keep_their_sign(tshark, save):
    """The final ACK is stamped before the SYN-ACK."""
    from recipes import A, B, START, eth
    from scapy.all import IP, UDP
    packets = [eth(IP(src=A, dst=B) / UDP(sport=40000, dport=9999) / b"x") for _ in range(2)]
    packets[0].time, packets[1].time = START, START - 0.25
    capture = save("negative.pcap", packets)
    _, second = tshark.fields(capture, ("flow.delta", "flow.time_relative"))
    assert second == {"flow.delta": "-0.250000000", "flow.time_relative": "-0.250000000"}
