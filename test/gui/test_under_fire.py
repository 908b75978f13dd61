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


def test_closing_in_the_middle_of_a_load(desktop, tshark):
    """An export is written when all has been read, so there is none."""
    capture, export = tshark.folder / "long.pcap", desktop.own_folder("closing") / "flows.csv"
    traffic.write(capture, traffic.flow_each(1_000_000))
    capture.chmod(0o644)
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture, "-z",
                          f"flowstats,csv,{export}") as wireshark:
        desktop.xdotool("search", "--sync", "--onlyvisible", "--name", "long.pcap")
        desktop.key("ctrl+q")
        assert wireshark.process.wait(60) == 0
        assert wireshark.complaints() == []
    assert not export.exists()
