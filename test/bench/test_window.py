"""The window with pictures of 100,000 flows: what opening and panning cost, in CPU time.

A benchmark, for times differ from machine to machine: FLOWSTATS_BENCH=1 runs it.
"""
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tshark import BUILD, TOP

sys.path.insert(0, str(TOP / "test" / "gui"))
import driver  # noqa: E402

FLOWS = 100_000
OPEN_S, REPAINT_S = 2.0, 0.033
REPAINTS = 40


def write_capture(path):
    """A request and an answer a flow, over 100 hosts, each flow up to 8 seconds long."""
    def record(number, microseconds, down):
        ends = (struct.pack(">4B", 10, 0, 0, number % 100), struct.pack(">4B", 192, 0, 2, 1))
        ports = (1024 + number % 60000, 9000 + number // 60000)
        source, destination = (ends, ends[::-1])[down]
        packet = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 28 + number % 800, 0, 0x4000, 64, 17, 0,
                             source, destination, ports[down], ports[not down],
                             8 + number % 800, 0)
        return microseconds, struct.pack("<IIII", 1_700_000_000 + microseconds // 1_000_000,
                                         microseconds % 1_000_000, len(packet),
                                         len(packet) + number % 800) + packet
    records = [record(number, number * 1000 + down * (number * 7919 % 8_000_000), down)
               for number in range(FLOWS) for down in (0, 1)]
    records.sort(key=lambda item: item[0])
    path.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101) +
                     b"".join(packet for _, packet in records))
    path.chmod(0o644)


def cpu(pid):
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def settled(pid):
    """The CPU time when the program has nothing more to do."""
    before = cpu(pid)
    while True:
        time.sleep(1.5)
        now = cpu(pid)
        if now - before < 0.04:
            return now
        before = now


@pytest.mark.skipif("FLOWSTATS_BENCH" not in os.environ, reason="a benchmark")
@pytest.mark.skipif(bool(driver.missing()) or not list(
    (BUILD / "plugins").glob("*/flowstats/flowstats-view.so")), reason="no window, or no Qt")
def test_opening_and_panning_are_cheap(tshark):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        capture = Path(folder) / "many.pcap"
        write_capture(capture)
        with driver.Desktop(folder) as desktop, driver.Wireshark(
                desktop, tshark.folder / "plugins", "-r", capture) as wireshark:
            pid = wireshark.process.pid
            wireshark.wait(lambda: wireshark.list.get_n_rows() == 2 * FLOWS, "packets", 120)
            assert wireshark.menu_bar
            for view in ("Timeline", "Scatter", "Who", "Over Time"):
                before = settled(pid)
                wireshark.choose("Statistics", "Flow Timeline", view)
                dialog = wireshark.dialog("^Flow Timeline")
                opened = settled(pid)
                picture = next(driver.find_all(dialog, ("filler", "panel"), f"^{view}$"))
                x, y, width, height = driver.extents(picture)
                desktop.xdotool("mousemove", x + width // 2, y + height // 2, "mousedown", 1)
                for step in range(REPAINTS):
                    desktop.xdotool("mousemove_relative", "--", 9 * (-1) ** (step // 8), 0)
                    time.sleep(0.06)
                desktop.xdotool("mouseup", 1)
                panned = settled(pid)
                costs = (opened - before, (panned - opened) / REPAINTS)
                print(f"{view}: opened in {costs[0]:.2f} s, {1000 * costs[1]:.1f} ms a repaint")
                assert costs[0] < OPEN_S and costs[1] <= REPAINT_S, view
