"""Windows that open and close again and again, and a Wireshark that is closed while it loads."""
import sys
from pathlib import Path

import pytest

import driver

sys.path.append(str(Path(__file__).resolve().parent.parent / "load"))
import traffic  # noqa: E402


@pytest.mark.parametrize("path", [("Flow Statistics",), ("Conversations",), ("Endpoints",), *(
    ("Flow Distributions", tree) for tree in ("TCP States", "Handshake RTT", "Sizes",
                                              "Direction Reasons",
                                              "Protocols and Encapsulations"))])
def test_windows_again_and_again(window, path):
    for _ in range(4):
        dialogs = [window.open("Statistics", *path) for _ in range(2)]
        for dialog in dialogs:
            window.close(dialog)
    assert window.dialogs() == []
    assert len(window.frames()) == 174


def close_while_loading(desktop, tshark, capture, export):
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture, "-z",
                          f"flowstats,csv,{export}") as wireshark:
        desktop.xdotool("search", "--sync", "--onlyvisible", "--name", "long.pcap")
        desktop.key("ctrl+q")
        assert wireshark.process.wait(60) == 0
        assert wireshark.complaints() == []


def test_closing_in_the_middle_of_a_load(desktop, tshark):
    """An export is written when all has been read, so there is none; or, where the window had read
    all before it looked at the key, all of it."""
    count, folder = 1_000_000, desktop.own_folder("closing")
    capture = tshark.folder / "long.pcap"
    traffic.write(capture, traffic.flow_each(count))
    capture.chmod(0o644)
    for attempt in range(10):
        export = folder / f"flows{attempt}.csv"
        close_while_loading(desktop, tshark, capture, export)
        if not export.exists():
            return
        with open(export) as lines:
            assert sum(1 for _ in lines) == 1 + count
    pytest.fail("the window has never been closed in the middle of a load")
