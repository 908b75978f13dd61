"""Statistics > Flow Timeline: the window with pictures of flows, read by the table beside them."""
import re

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
