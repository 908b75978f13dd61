"""One Wireshark window, shared by all tests here, and what tshark says of the same capture."""
import functools
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

import driver
from driver import QUIET_OFF


@pytest.fixture(scope="session")
def desktop():
    lacks = driver.missing()
    if lacks:
        pytest.skip(f"the window is not tested, for this machine lacks {', '.join(lacks)}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with driver.Desktop(folder) as desktop:
            yield desktop


@pytest.fixture(scope="session")
def capture(captures):
    """The recorded sample, and after it a flow with silences of 3, 17 and 2 seconds."""
    path = captures / "window.pcapng"
    subprocess.run(["mergecap", "-a", "-w", path, captures / "sample.pcapng",
                    captures / "gaps.pcap"], check=True)
    path.chmod(0o644)
    return path


@pytest.fixture(scope="session")
def wireshark(desktop, tshark, capture):
    with driver.Wireshark(desktop, tshark.folder / "plugins", *QUIET_OFF, "-r", capture) as wireshark:
        wireshark.wait(wireshark.frames, "packets")
        yield wireshark
        assert wireshark.quit() == (0, [])


@pytest.fixture
def window(wireshark):
    yield wireshark
    for dialog in wireshark.dialogs():
        wireshark.close(dialog)
    if wireshark.filter_text():
        wireshark.filter("")
    assert wireshark.complaints() == []


@pytest.fixture(scope="session")
def frames(tshark, capture):
    """tshark's fields of every frame when dissected again."""
    return tshark.fields(capture, ("frame.number", "flow.id", "flow.bytes", "flow.is_last"), "-2")


@pytest.fixture(scope="session")
def details(tshark, capture):
    """The (depth, text) rows of the tree of a frame in tshark, which is dissected again."""
    @functools.lru_cache(maxsize=None)
    def trees(*options):
        text = tshark.run("-2", "-r", capture, "-V", "-O", "flow", *QUIET_OFF, *options).stdout
        parts = re.split(r"^Frame (\d+): .*\n", text, flags=re.M)[1:]
        return dict(zip(map(int, parts[::2]), parts[1::2]))

    def rows(frame, *options):
        lines = trees(*options)[frame].rstrip().splitlines()
        ours = lines[next(i for i, line in enumerate(lines) if line.startswith("[Flow Stat")):]
        return [((len(line) - len(line.lstrip())) // 4, line.strip()) for line in ours]
    return rows
