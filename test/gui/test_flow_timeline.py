"""Statistics > Flow Timeline: the window with pictures of flows, read by the table beside them."""
import collections
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

import driver
from tshark import BUILD

VIEWS = ["Timeline", "Over Time", "Who", "Scatter"]

pytestmark = pytest.mark.skipif(
    not list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so")),
    reason="the module was not built: no Qt")


def open_view(window, view="Timeline"):
    """Choose a view and wait for its table; the window may be there already."""
    window.choose("Statistics", "Flow Timeline", view)
    dialog = window.dialog("^Flow Timeline")
    table_of(dialog, view)
    return dialog


def table_of(dialog, view="Timeline"):
    return driver.find(dialog, "table", f"^{view} table$")


def rows_of(dialog, view="Timeline"):
    return driver.rows(table_of(dialog, view))


def ids(dialog):
    return sorted(map(int, driver.texts(table_of(dialog), "Flow")))


def plot_of(dialog, view="Timeline"):
    """The picture of the page that shows."""
    return next(driver.find_all(dialog, ("filler", "panel"), f"^{view}$"))


def status(dialog):
    return next(driver.name(label) for label in driver.find_all(dialog, "label", r"^\d+ flows"))


@pytest.fixture(scope="module")
def flows(tshark, capture):
    return sorted(tshark.flows(capture), key=lambda flow: flow["flow.start"])


def test_one_window_with_four_views(window):
    for view in VIEWS:
        dialog = open_view(window, view)
        assert len(window.dialogs()) == 1
        assert plot_of(dialog, view)


def test_rows_begin_and_end_as_the_flows(window, flows):
    rows = rows_of(open_view(window))
    assert [int(row[0]) for row in rows] == [flow["flow.id"] for flow in flows]
    base = float(flows[0]["flow.start"])
    for row, flow in zip(rows, flows):
        assert float(row[1]) == pytest.approx(flow["flow.start"] - base, abs=1e-6)
        assert float(row[2]) == pytest.approx(flow["flow.last"] - base, abs=1e-6)
        assert int(row[3]) == flow["flow.bytes"]
        assert row[6] == flow.get("flow.tcp.state_name", "")


def test_who_counts_every_flow_for_both_its_hosts(window, flows):
    dialog = open_view(window, "Who")
    total = sum(int(row[1]) for row in rows_of(dialog, "Who"))
    assert total == sum(flow["flow.bytes"] * (1 + (flow["flow.src"] != flow["flow.dst"]))
                        for flow in flows)


def test_over_time_counts_every_byte_once(window, flows):
    rows = rows_of(open_view(window, "Over Time"), "Over Time")
    width = float(rows[1][0]) - float(rows[0][0])
    bits = sum(float(row[1]) for row in rows) * width
    assert bits == pytest.approx(8 * sum(flow["flow.bytes"] for flow in flows), rel=1e-6)
    assert sum(int(row[3]) for row in rows) == len(flows)


def test_a_selected_row_becomes_a_filter(window, frames):
    dialog = open_view(window)
    table = table_of(dialog)
    row, cell = driver.row_of(table, "^7$", "Flow")
    driver.select_row(table, row)
    window.wait(lambda: status(dialog).endswith("1 selected"), "selection")
    window.desktop.scroll_to(table, cell)
    with window.context_menu(cell) as menu:
        window.choose("Apply as Filter", "Selected", top=menu)
    expected = [int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "7"]
    window.wait(lambda: window.frames() == expected, "the packets of the flow")
    assert window.filter_text() == "flow.id == 7"


def choose_of_flow(window, flow, *path):
    """Choose from the context menu of a flow's row."""
    dialog = open_view(window)
    window.resize(dialog, 1100, 1000)
    table = table_of(dialog)
    row, cell = driver.row_of(table, f"^{flow}$", "Flow")
    driver.select_row(table, row)
    window.wait(lambda: status(dialog).endswith("1 selected"), "selection")
    window.desktop.scroll_to(table, cell)
    with window.context_menu(cell) as menu:
        window.choose(*path, top=menu)


def test_a_flow_is_coloured_and_its_stream_followed(window, frames):
    first = next(int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "15")
    choose_of_flow(window, 15, "Colorize", "Color 3")
    choose_of_flow(window, 15, "Follow Stream")
    window.close(window.dialog("Follow TCP Stream"))
    assert re.fullmatch(r"tcp\.stream eq \d+", window.filter_text())
    window.select(first)
    window.choose("View", "Expand All")
    window.wait(lambda: driver.row_of(window.details, "Coloring Rule String: flow.id == 15"), "colour")
    choose_of_flow(window, 15, "Colorize", "Reset Colorization")
    window.select(first + 1)
    window.select(first)
    window.wait(lambda: not driver.row_of(window.details, "Coloring Rule String: flow.id"), "none")
    window.choose("View", "Collapse All")


def test_the_picture_follows_the_display_filter(window, flows):
    dialog = open_view(window)
    box = driver.find(dialog, "check box", "^Limit to display filter$")
    driver.act(box, "Toggle")
    try:
        window.filter("tcp")
        tcp = sorted(flow["flow.id"] for flow in flows if flow["flow.proto_name"] == "TCP")
        window.wait(lambda: ids(dialog) == tcp, "the flows of TCP")
        window.filter("tcp.flags.syn == 1")
        syns = {row[0]: row[4] for row in rows_of(dialog)}
        window.wait(lambda: {row[4] for row in rows_of(dialog)} <= {"1", "2", "3"}, "SYNs alone")
        assert len(syns) <= len(tcp)
    finally:
        driver.act(box, "Toggle")
    window.wait(lambda: len(ids(dialog)) == len(flows), "all flows")


def test_a_click_on_a_bar_selects_the_flow_and_goes_to_its_first_packet(window, frames):
    dialog = open_view(window)
    window.select(1)
    window.filter("flow.id == 7")
    driver.act(driver.find(dialog, "check box", "^Limit to display filter$"), "Toggle")
    window.wait(lambda: ids(dialog) == [7], "one flow")
    # Fitted, its bar is in the middle of the axes, which begin below title and legend.
    x, y, width, height = driver.extents(plot_of(dialog))
    for above in range(-30, 80, 8):
        window.desktop.xdotool("mousemove", x + width // 2, y + height // 2 + above, "click", 1)
        if status(dialog).endswith("1 selected"):
            break
    window.wait(lambda: status(dialog).endswith("1 selected"), "selection")
    first = next(int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "7")
    window.wait(lambda: window.frame() == first, "the first packet")
    driver.act(driver.find(dialog, "check box", "^Limit to display filter$"), "Toggle")


def test_keys_do_what_the_mouse_does(window, frames):
    dialog = open_view(window)
    window.select(1)
    table = table_of(dialog)
    _, cell = driver.row_of(table, "^7$", "Flow")
    window.desktop.scroll_to(table, cell)
    window.desktop.click(cell)
    window.wait(lambda: status(dialog).endswith("1 selected"), "selection")
    window.desktop.key("Return")
    first = next(int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "7")
    window.wait(lambda: window.frame() == first, "the first packet")
    window.desktop.key("shift+Tab", "plus", "Right", "Down", "minus", "Home")
    assert window.complaints() == []


def test_the_file_goes_and_comes_under_an_open_window(window, flows):
    for view in VIEWS:
        dialog = open_view(window, view)
        window.choose("View", "Reload")
        window.wait(lambda: len(window.frames()) > 0, "packets")
    dialog = open_view(window)
    window.wait(lambda: len(ids(dialog)) == len(flows), "all flows again")


def test_two_hundred_windows(window):
    for number in range(200):
        window.close(open_view(window, VIEWS[number % 4]))


def test_hosts_and_answers_where_these_groups_are_on(desktop, tshark, captures):
    """The mean of an interval is that of its answers."""
    capture = captures / "sample.pcapng"
    flows = sorted(tshark.flows(capture, "-o", "flow.columns:all"),
                   key=lambda flow: flow["flow.start"])
    base = float(flows[0]["flow.start"])
    answers = [(float(frame["frame.time_epoch"]) - base, float(frame["flow.response.time"]))
               for frame in tshark.fields(capture, ("frame.time_epoch", "flow.response.time"))
               if "flow.response.time" in frame]
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture) as wireshark:
        wireshark.wait(wireshark.frames, "packets")
        dialog = open_view(wireshark)
        wireshark.wait(lambda: len(ids(dialog)) == len(flows), "flows")
        assert [row[10] for row in rows_of(dialog)] == [flow.get("flow.host", "") for flow in flows]
        rows = rows_of(open_view(wireshark, "Over Time"), "Over Time")
        width = float(rows[1][0]) - float(rows[0][0])
        expected = collections.defaultdict(list)
        for time, seconds in answers:
            expected[int(time / width)].append(seconds)
        shown = {number: float(row[5]) for number, row in enumerate(rows) if row[5] != "-"}
        assert len(shown) > 5
        assert shown == {number: pytest.approx(sum(times) / len(times), rel=1e-5)
                         for number, times in expected.items()}
        handshakes = [float(row[4]) for row in rows if row[4] != "-"]
        assert sum(handshakes) == pytest.approx(
            sum(float(flow["flow.tcp.rtt"]) for flow in flows if "flow.tcp.rtt" in flow), rel=1e-4)
        servers = {flow.get("flow.host") or flow["flow.dst"] for flow in flows}
        dialog = open_view(wireshark, "Who")
        wireshark.desktop.click(driver.find(dialog, "combo box", "^Hosts$"))
        wireshark.desktop.key("Down", "Return")
        wireshark.wait(lambda: {row[0] for row in rows_of(dialog, "Who")} == servers, "servers")
        assert wireshark.complaints() == []


def test_a_live_capture_grows_in_the_picture(desktop, tshark, captures):
    """What is captured comes from a pipe."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["editcap", "-F", "pcap", captures / "sample.pcapng", f"{folder}/pcap"],
                       check=True)
        data = (Path(folder) / "pcap").read_bytes()
        pipe = Path(folder) / "pipe"
        os.mkfifo(pipe)
        pipe.chmod(0o644)
        with driver.Wireshark(desktop, tshark.folder / "plugins", "-k", "-i", pipe) as wireshark:
            with pipe.open("wb", buffering=0) as out:
                out.write(data[:len(data) // 2])
                wireshark.wait(wireshark.frames, "packets", 60)
                dialog = open_view(wireshark)
                before = wireshark.wait(lambda: ids(dialog), "flows")
                out.write(data[len(data) // 2:])
                wireshark.wait(lambda: len(ids(dialog)) > len(before), "more flows")
            wireshark.wait(lambda: len(ids(dialog)) == 22, "all flows")
            for view in VIEWS:
                open_view(wireshark, view)
            assert [line for line in wireshark.complaints() if "Capture MESSAGE" not in line] == []


def test_a_closed_file_leaves_an_empty_window(desktop, tshark, capture):
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture) as wireshark:
        wireshark.wait(wireshark.frames, "packets")
        dialog = open_view(wireshark)
        table = table_of(dialog)
        wireshark.wait(lambda: table.get_n_rows() > 20, "flows")
        wireshark.choose("File", "Close")
        wireshark.wait(lambda: table.get_n_rows() == 0, "an empty table")
        for view in VIEWS:
            open_view(wireshark, view)
        assert re.match("0 flows", status(dialog))
        assert wireshark.quit() == (0, [])
