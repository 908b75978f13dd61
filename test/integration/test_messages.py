"""What tshark says of us: which option or file is meant, and nothing of our sources."""
import subprocess

import pytest

CAPTURE = "tcp_plain.pcap"


@pytest.mark.parametrize("statistic, said", [
    ("flowstats,csv,tcp.port==443",
     "flowstats: -z flowstats,csv,tcp.port==443: a filter stands where the file is expected; for "
     "standard output write -z flowstats,csv,-,tcp.port==443"),
    ("flowstats,json,ip && !udp,tcp",
     "flowstats: -z flowstats,json,ip && !udp,tcp: a filter stands where the file is expected; for "
     "standard output write -z flowstats,json,-,ip && !udp,tcp"),
    ("flowstats,csv,/nonexistent/x", "flowstats: /nonexistent/x: No such file or directory"),
    ("flowstats,csv,-,tcp.port==", "flowstats: -z flowstats,csv,-,tcp.port==: "),
    ("flowstats,csvs", "flowstats: -z flowstats,csvs: there is no such statistic"),
])
def test_errors_name_the_option_or_the_file(tshark, captures, statistic, said):
    result = tshark.run("-q", "-r", captures / CAPTURE, "-z", statistic, rc=1)
    lines = [line for line in result.stderr.splitlines() if "Running as" not in line]
    assert lines[0].startswith("tshark: " + said)
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["tcp", "a=b.csv", "tcp.port==x y", "flows of today.csv"])
def test_names_of_files_that_are_no_filters(tshark, captures, name):
    folder = tshark.folder / "written"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    tshark.run("-q", "-r", captures / CAPTURE, "-z", f"flowstats,csv,{name}", cwd=folder)
    assert (folder / name).read_text().startswith("flow.id,")


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_reader_that_goes_away_hears_nothing(tshark, captures, format):
    """The pipe is closed before tshark writes into it."""
    process = subprocess.Popen(
        [*tshark.as_user, "tshark", "-q", "-r", captures / CAPTURE, "-z", f"flowstats,{format}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=tshark.environment)
    process.stdout.close()
    assert "flowstats" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() != 0
