"""Statistics > Flow Timeline: the window with pictures of flows, read by the table beside them."""
import collections
import os
import re
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
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
    """Without rows that go while they are read."""
    return sorted(int(text) for text in driver.texts(table_of(dialog), "Flow") if text)


def plot_of(dialog, view="Timeline"):
    """The picture of the page that shows."""
    return next(driver.find_all(dialog, ("filler", "panel"), f"^{view}$"))


def status(dialog):
    return next(driver.name(label) for label in driver.find_all(dialog, "label", r"^[\d,]+ flows?\b"))


def is_selected(dialog):
    """One flow is, of which all is said that hovering says."""
    return ", 1 selected: " in status(dialog)


def selected(dialog):
    """The ids of the flows that the table of the timeline shows as selected."""
    flows = driver.texts(table_of(dialog), "Flow")
    return {int(flows[row]) for row in table_of(dialog).get_selected_rows()}


def press(window, dialog, *keys, view="Timeline"):
    """Press keys in the picture."""
    assert driver.Atspi.Component.grab_focus(plot_of(dialog, view))
    window.desktop.key(*keys)


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


def test_throughput_is_that_of_the_wire(desktop, tshark, captures):
    """A capture of which each packet was cut has as much of it as the whole."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["editcap", "-s", "60", captures / "sample.pcapng", f"{folder}/cut.pcapng"],
                       check=True)
        Path(folder, "cut.pcapng").chmod(0o644)
        with driver.Wireshark(desktop, tshark.folder / "plugins", "-r",
                              f"{folder}/cut.pcapng") as wireshark:
            wireshark.wait(wireshark.frames, "packets")
            rows = rows_of(open_view(wireshark, "Over Time"), "Over Time")
    width = float(rows[1][0]) - float(rows[0][0])
    bits = sum(float(row[1]) for row in rows) * width
    wire = sum(flow["flow.up.wire_bytes"] + flow["flow.down.wire_bytes"]
               for flow in tshark.flows(captures / "sample.pcapng"))
    assert bits == pytest.approx(8 * wire, rel=1e-6)


def test_all_are_in_sight_where_many_share_a_pixel(desktop, tshark, save):
    from scapy.all import IP, UDP, Ether
    many = 3000
    capture = save("many_flows.pcap", [
        Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1000 + number, dport=9)
        for number in range(many)])
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture) as wireshark:
        dialog = open_view(wireshark)
        wireshark.wait(lambda: status(dialog).startswith("3,000 flows"), "flows")
        for height in 700, 731, 900:
            wireshark.resize(dialog, 1000, height)
            press(wireshark, dialog, "ctrl+shift+a", "Home", "ctrl+a")
            wireshark.wait(lambda: "3,000 selected" in status(dialog), "all of the picture")
        assert wireshark.quit() == (0, [])


def test_a_selected_row_becomes_a_filter(window, frames):
    dialog = open_view(window)
    table = table_of(dialog)
    row, cell = driver.row_of(table, "^7$", "Flow")
    driver.select_row(table, row)
    window.wait(lambda: is_selected(dialog), "selection")
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
    window.wait(lambda: is_selected(dialog), "selection")
    window.desktop.scroll_to(table, cell)
    with window.context_menu(cell) as menu:
        window.choose(*path, top=menu)


def test_a_prepared_filter_is_not_applied(window):
    """It stands in Wireshark's line for somebody to go on with."""
    window.filter("udp")
    shown = window.frames()
    choose_of_flow(window, 7, "Prepare as Filter", "Selected")
    window.wait(lambda: window.filter_text() == "flow.id == 7", "the filter in its line")
    assert window.frames() == shown
    choose_of_flow(window, 7, "Prepare as Filter", "Not Selected")
    window.wait(lambda: window.filter_text() == "!(flow.id == 7)", "the other one")
    assert window.frames() == shown
    window.filter("")


def test_tab_leaves_the_table(window):
    """No key is needed that closes the window: what lies behind the table is reached, too."""
    dialog = open_view(window)
    table = table_of(dialog)
    driver.select_row(table, 0)
    window.wait(lambda: is_selected(dialog), "selection")
    window.desktop.click(table.get_child_at_index(table.get_n_columns() * 2))
    window.desktop.key("Tab")
    limit = driver.find(dialog, "check box", "^Limit to display filter$")
    window.wait(lambda: "focused" in driver.states(limit), "the box behind the table")


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


def test_no_other_stream_is_followed_where_the_packet_is_not_displayed(window):
    """Wireshark stays at the packet where it is, and would follow that one's."""
    window.filter("flow.id == 7")
    window.select(window.wait(window.frames, "packets")[0])
    choose_of_flow(window, 15, "Follow Stream")
    table = table_of(open_view(window))
    driver.select_row(table, driver.row_of(table, "^7$", "Flow")[0])  # whose packet is there
    time.sleep(3)  # as long as it tries
    assert not [name for name in map(driver.name, window.dialogs()) if "Follow" in name]
    assert window.filter_text() == "flow.id == 7"


def test_the_first_packet_is_the_first_displayed_one_on_wish(window, frames):
    dialog = open_view(window)
    box = driver.find(dialog, "check box", "^Limit to display filter$")
    window.filter("flow.id == 1")
    window.select(window.wait(window.frames, "packets")[0])
    first, expected, *_ = [int(frame["frame.number"]) for frame in frames
                           if frame["flow.id"] == "7"]
    driver.act(box, "Toggle")
    try:
        window.filter(f"flow.id in {{1, 7}} && frame.number != {first}")
        window.wait(lambda: ids(dialog) == [1, 7], "two flows")
        choose_of_flow(window, 7, "Go to First Packet")  # opens the window that is open again
        window.wait(lambda: window.frame() == expected, "the first displayed packet")
    finally:
        driver.act(box, "Toggle")


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
        if is_selected(dialog):
            break
    window.wait(lambda: is_selected(dialog), "selection")
    first = next(int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "7")
    window.wait(lambda: window.frame() == first, "the first packet")
    driver.act(driver.find(dialog, "check box", "^Limit to display filter$"), "Toggle")


def test_a_double_click_shows_all_and_selects_nothing(sample):
    """Its second release is where another flow is by then."""
    dialog = open_view(sample)
    sample.resize(dialog, 1100, 900)
    x, y, width, height = driver.extents(plot_of(dialog))

    def click(above, times):
        sample.desktop.xdotool("mousemove", x + width // 3, y + above,
                               "click", "--repeat", times, "--delay", 60, 1)
    place = next(above for above in range(60, height // 2, 4)
                 if click(above, 1) or is_selected(dialog))
    press(sample, dialog, "ctrl+shift+a", *["Right"] * 15, "ctrl+a")
    sample.wait(lambda: status(dialog) == "22 flows", "a picture without flows")
    click(place + 100, 1)  # so that the next is not the second of a double click, if it is fast
    click(place, 2)
    press(sample, dialog, "End")  # what no key of the picture is; it comes after the click
    assert status(dialog) == "22 flows"
    press(sample, dialog, "ctrl+a")
    sample.wait(lambda: "22 selected" in status(dialog), "all of the picture")


def test_keys_in_the_table_select_and_go_to_the_first_packet(window, frames):
    dialog = open_view(window)
    window.select(1)
    table = table_of(dialog)
    row, cell = driver.row_of(table, "^7$", "Flow")
    window.desktop.scroll_to(table, cell)
    window.desktop.click(cell)
    window.wait(lambda: is_selected(dialog), "selection")
    for key, ids in (("Down", {8}), ("shift+Down", {8, 9}), ("Up", {8}), ("Up", {7})):
        window.desktop.key(key)
        window.wait(lambda: selected(dialog) == ids, f"selection of {ids}")
    window.desktop.key("Return")
    first = next(int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "7")
    window.wait(lambda: window.frame() == first, "the first packet")


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
        handshakes = collections.defaultdict(list)
        for flow in flows:
            if "flow.tcp.rtt" in flow:
                done = int((float(flow["flow.tcp.ts_ack"]) - base) / width)
                handshakes[done].append(float(flow["flow.tcp.rtt"]))
        assert {number: float(row[4]) for number, row in enumerate(rows) if row[4] != "-"} == {
            number: pytest.approx(sum(times) / len(times), rel=1e-4)
            for number, times in handshakes.items()}
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


@pytest.fixture
def sample(desktop, tshark, captures):
    """A window of its own, with the sample; ends without complaints."""
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r",
                          captures / "sample.pcapng") as wireshark:
        wireshark.wait(wireshark.frames, "packets")
        yield wireshark
        assert wireshark.quit() == (0, [])


def test_a_place_in_over_time_is_an_interval(sample, tshark, captures):
    """Hovering says its numbers, a click selects its flows: those of a row of the table."""
    flows = sorted(tshark.flows(captures / "sample.pcapng"), key=lambda flow: flow["flow.start"])
    dialog = open_view(sample, "Over Time")
    sample.resize(dialog, 1100, 900)
    rows = rows_of(dialog, "Over Time")
    width, base = float(rows[1][0]) - float(rows[0][0]), float(flows[0]["flow.start"])
    alive = [{flow["flow.id"] for flow in flows
              if flow["flow.start"] - base < number * width + width
              and flow["flow.last"] - base >= number * width} for number in range(len(rows))]
    x, y, *size = driver.extents(plot_of(dialog, "Over Time"))

    def said():
        return next((driver.name(tip) for shown in sample.windows()
                     for tip in driver.find_all(shown, ("tool tip", "label"), "live flow")), None)
    for part in (0.2, 0.5):  # in the throughput, and in the flows below it
        sample.desktop.xdotool("mousemove", x + 3, y + 3, "mousemove", x + size[0] // 3,
                               y + int(size[1] * part))
        text = sample.wait(said, "what hovering says")
        live = int(re.search(r"([\d,]+) live flow", text).group(1))
        assert live in map(len, alive) and "bit/s" in text
        sample.desktop.xdotool("click", 1)
        sample.wait(lambda: " selected" in status(dialog), "selection")
        dialog = open_view(sample)
        chosen = selected(dialog)
        assert chosen and any(chosen == those if part == 0.5 else chosen <= those
                              for those in alive if len(those) == live)
        dialog = open_view(sample, "Over Time")


def in_time(rows, low, high):
    return {int(row[0]) for row in rows if float(row[1]) <= high and float(row[2]) >= low}


def test_keys_zoom_and_move_and_select_what_is_in_sight(sample):
    """The flows that Ctrl+A selects are those of the part of the picture that keys chose."""
    dialog = open_view(sample)
    rows = rows_of(dialog)
    everything = {int(row[0]) for row in rows}
    end = max(float(row[2]) for row in rows)
    # A fitted picture has room of a fiftieth at both ends.
    middle, width = end / 2, end * 1.04

    def expect(*keys, ids=None, share=1.0, shift=0.0):
        press(sample, dialog, *keys, "ctrl+a")
        if ids is not None:
            sample.wait(lambda: selected(dialog) == ids, f"flows after {keys}")
            return
        half, at = width * share / 2, middle + width * share * shift
        inner, outer = (in_time(rows, at - half + edge, at + half - edge)
                        for edge in (width * share / 200, -width * share / 200))
        assert outer != everything
        sample.wait(lambda: inner <= selected(dialog) <= outer, f"flows after {keys}")
    expect(ids=everything)
    expect(*["x"] * 8, share=0.8 ** 8)
    expect(*["Right"] * 6, share=0.8 ** 8, shift=0.6)
    expect(*["Left"] * 9, *["shift+Left"] * 10, share=0.8 ** 8, shift=-0.4)
    expect(*["Right"] * 4, *["shift+x"] * 8, ids=everything)
    # The rows in the middle, with an even number of them.
    press(sample, dialog, *["y"] * 10, "ctrl+a")
    few = sample.wait(lambda: len(selected(dialog)) < 6 and sorted(selected(dialog)), "few rows")
    order = [int(row[0]) for row in rows]
    assert order[len(order) // 2] in few
    assert few == sorted(order[order.index(few[0]):order.index(few[-1]) + 1])
    press(sample, dialog, *["Down"] * 10, "ctrl+a")
    sample.wait(lambda: min(selected(dialog), default=0) > max(few), "rows below")
    expect("Home", ids=everything)
    press(sample, dialog, *["plus"] * 4, "ctrl+a")
    sample.wait(lambda: 0 < len(selected(dialog)) < len(everything), "a rectangle of flows")
    expect(*["minus"] * 4, ids=everything)
    press(sample, dialog, "ctrl+shift+a")
    sample.wait(lambda: status(dialog) == f"{len(everything)} flows", "no selection")


@pytest.mark.parametrize("view", VIEWS)
def test_keys_open_the_menu_of_what_is_in_sight(sample, view):
    """A rectangle of the mouse, by keys: zoomed into, selected, and filtered by."""
    dialog = open_view(sample, view)
    press(sample, dialog, *["x"] * 3, "ctrl+a", view=view)
    count = sample.wait(lambda: re.search(r"(\d+) selected", status(dialog)), "selection").group(1)
    with sample.opening_menus() as menu:
        for keys in ("Menu",), ("Down", "Right"):
            sample.desktop.key(*keys)
            sample.wait(menu, f"menu of {keys}")
    sample.desktop.key("Return")
    text = sample.wait(lambda: sample.filter_text(), "filter")
    assert len(re.findall(r"\d+", text)) == int(count)
    sample.wait(lambda: 0 < len(sample.frames()) < 167, "the packets of these flows")
    shown = sample.wait(sample.frames, "packets")
    sample.select(shown[-1])
    press(sample, dialog, "Return", view=view)
    sample.wait(lambda: sample.frame() == shown[0], "the first packet")


def test_a_group_and_the_protocol_go_under_an_open_window(sample):
    for view in VIEWS[::-1]:
        dialog = open_view(sample, view)
    items = {}

    def choose_preference(*names):
        """From the menu of the protocol in the packet details."""
        sample.select(1)
        if all(name in items and items[name].get_n_actions() for name in names):
            driver.act(items[names[0]], "Press")
            return
        # Qt 5 finds them in one menu only, and a later Qt 6 forgets them with their menu.
        with sample.context_menu(sample.select_detail(r"^\[Flow Statistics")) as menu:
            for name in names:
                items[name] = sample.menu_item("Protocol Preferences", name, top=menu)
            driver.act(items[names[0]], "Press")

    def hosts():
        return [row[10] for row in rows_of(dialog)]
    before = sample.wait(lambda: any(hosts()) and hosts(), "hosts")
    for expected in ([""] * len(before), before):
        choose_preference("Host", "Disable FlowStats")
        sample.wait(lambda: hosts() == expected, "hosts by the preference")
    driver.select_row(table_of(dialog), 13)
    sample.wait(lambda: is_selected(dialog), "selection")
    choose_preference("Disable FlowStats")
    sample.wait(lambda: status(dialog) == "0 flows", "no flows")
    for view in VIEWS:
        dialog = open_view(sample, view)
        press(sample, dialog, "ctrl+a", "plus", "Right", "Home", "Return", view=view)
        assert status(dialog) == "0 flows"


def test_profiles_change_under_an_open_window(desktop, tshark, captures):
    """One in which the protocol is off, and one in which it is on."""
    with tempfile.TemporaryDirectory() as profile:
        (Path(profile) / "disabled_protos").write_text("flow\n")
        with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", captures / "sample.pcapng",
                              profile=profile) as wireshark:
            wireshark.wait(wireshark.frames, "packets")
            dialog = open_view(wireshark)
            wireshark.wait(lambda: status(dialog) == "0 flows", "no flows")
            for title, count in (("Default", 22), ("Chosen", 0), ("Default", 22)):
                wireshark.choose_profile(title)
                for view in VIEWS[::-1]:
                    dialog = open_view(wireshark, view)
                wireshark.wait(lambda: status(dialog).startswith(f"{count} flows"), "flows")
                if count:
                    driver.select_row(table_of(dialog), 13)
                    wireshark.wait(lambda: is_selected(dialog), "selection")
            assert wireshark.quit() == (0, [])


def ask_to_save(window, dialog, path):
    driver.act(driver.find(dialog, driver.BUTTON, "^Save As"), "Press")
    asking = window.dialog("^Save Picture of Flows")
    driver.find(asking, "text").set_text_contents(str(path))
    driver.act(driver.find(asking, driver.BUTTON, "^Save$"), "Press")


def save(window, dialog, path):
    ask_to_save(window, dialog, path)
    return window.wait(lambda: path.exists() and path, f"{path.name}")


def luminance(colour):
    """How bright it is for the eye (WCAG 2)."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours_of(path):
    """The background of a picture, and the colours of its texts."""
    root = ET.parse(path).getroot()
    svg = "{http://www.w3.org/2000/svg}"
    background = next(group.get("fill") for group in root.iter(f"{svg}g")
                      if (area := group.find(f"{svg}rect")) is not None and area.get("x") == "0")
    return background, {text.get("fill") for text in root.iter(f"{svg}text")}


# What Qt itself reads where the desktop is KDE's.
DARK_DESKTOP = "".join(f"[Colors:{of}]\nBackgroundNormal=35,38,41\nForegroundNormal=239,240,241\n"
                       for of in ("Window", "View", "Button", "Selection"))


def test_pictures_are_dark_in_a_dark_desktop_and_light_on_wish(desktop, tshark, captures):
    """Texts are read well in both."""
    settings, saved = desktop.own_folder("dark"), desktop.own_folder("saved")
    (settings / "kdeglobals").write_text(DARK_DESKTOP)
    environment = {"XDG_CURRENT_DESKTOP": "KDE", "KDE_FULL_SESSION": "true",
                   "KDE_SESSION_VERSION": "5", "XDG_CONFIG_DIRS": str(settings)}
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", captures / "sample.pcapng",
                          environment=environment) as wireshark:
        wireshark.wait(wireshark.frames, "packets")
        dialog = open_view(wireshark)
        box = driver.find(dialog, "check box", "^Dark$")
        assert "checked" in driver.states(box)
        for is_dark in (True, False):
            for view in VIEWS:
                dialog = open_view(wireshark, view)
                path = save(wireshark, dialog, saved / f"{view}-{is_dark}.svg")
                background, texts = colours_of(path)
                assert (luminance(background) < 0.05) == is_dark
                assert len(texts) > 1
                assert min(contrast(background, text) for text in texts) > 4.5
            driver.act(box, "Toggle")
        rc, complaints = wireshark.quit()
        # Qt 6 looks for a service of a real desktop.
        assert rc == 0 and [line for line in complaints if "portal" not in line] == []


def answer(window, words, button):
    """What a box of the window says goes when a button of it is pressed."""
    def box():
        return next((box for box in window.windows()
                     for _ in driver.find_all(box, "label", words)), None)
    shown = window.wait(box, f"box that says {words}")
    driver.act(driver.find(shown, driver.BUTTON, f"^{button}$"), "Press")
    window.wait(lambda: not box(), "end of a box")


def test_nothing_is_saved_over_what_was_not_meant(desktop, tshark, captures):
    """The capture, a file whose ending was left to the dialog, and where nobody may write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        capture, old, away = folder / "capture.csv", folder / "old.png", folder / "away"
        capture.write_bytes((captures / "sample.pcapng").read_bytes())
        (folder / "same.csv").symlink_to(capture)
        old.write_text("old")
        away.mkdir(mode=0o555)
        away.chmod(0o555)
        for path in capture, old:
            path.chmod(0o666)
        with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture) as wireshark:
            wireshark.wait(wireshark.frames, "packets")
            dialog = open_view(wireshark)
            for path in capture, folder / "same.csv":
                ask_to_save(wireshark, dialog, path)
                answer(wireshark, "This is the capture that is open$", "OK")
            ask_to_save(wireshark, dialog, folder / "old")
            answer(wireshark, "old.png already exists", "&?No")
            assert old.read_text() == "old"
            ask_to_save(wireshark, dialog, away / "new.png")
            answer(wireshark, "Permission denied|not writable|Could not|denied", "OK")
            ask_to_save(wireshark, dialog, folder / "old")
            answer(wireshark, "old.png already exists", "&?Yes")
            wireshark.wait(lambda: old.read_bytes()[:4] == b"\x89PNG", "a picture")
            assert capture.read_bytes() == (captures / "sample.pcapng").read_bytes()
            assert wireshark.quit() == (0, [])


def test_what_is_saved_is_what_the_name_says(sample):
    saved = sample.desktop.own_folder("formats")
    dialog = open_view(sample, "Who")
    for ending, begin in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml"),
                          ("csv", b"Name,Bytes,Flows\r\n")):
        data = save(sample, dialog, saved / f"who.{ending}").read_bytes()
        assert data.startswith(begin)
    lines = [line.split(",") for line in data.decode().splitlines()[1:]]
    assert lines == rows_of(dialog, "Who")


MARK = bytes.fromhex("c0143c")  # of the packet that is selected in the packet list


def marked_pixels(window, dialog, view):
    """The places of pixels in the colour of the mark: (x, y) in the picture."""
    x, y, width, height = driver.extents(plot_of(dialog, view))
    data = subprocess.run(["import", "-silent", "-window", "root", "-crop",
                           f"{width}x{height}+{x}+{y}", "+repage", "-depth", "8", "rgb:-"],
                          env=window.desktop.environment, capture_output=True, check=True).stdout
    return [(i // 3 % width, i // 3 // width) for i in range(0, len(data), 3)
            if data[i:i + 3] == MARK]


def test_the_packet_of_the_packet_list_is_marked_in_every_view(sample, tshark, captures):
    """Where there is a time axis, at its time; and nowhere in what is saved."""
    times = {int(frame["frame.number"]): float(frame["frame.time_epoch"]) for frame in tshark.fields(
        captures / "sample.pcapng", ("frame.number", "frame.time_epoch"))}
    frames = collections.deque([1, 11, 104])  # of different hosts; the first one is selected
    for view in VIEWS:
        dialog = open_view(sample, view)
        sample.resize(dialog, 1100, 900)
        places = {}

        def is_marked(frame):
            """By a line, or by a circle; and not as another packet is."""
            pixels = marked_pixels(sample, dialog, view)
            columns = collections.Counter(x for x, _ in pixels).most_common(1)
            if not columns or (columns[0][1] <= 12 and view != "Scatter") or pixels in places.values():
                return False
            places[frame] = pixels
            return True
        for frame in frames:
            sample.select(frame)
            sample.wait(lambda: is_marked(frame), f"mark of {frame} in {view}")
        frames.rotate(1)  # what is selected now is the first mark that the next view has
        if view in ("Timeline", "Over Time"):
            first, middle, last = (collections.Counter(x for x, _ in places[frame])
                                   .most_common(1)[0][0] for frame in (1, 11, 104))
            share = (times[11] - times[1]) / (times[104] - times[1])
            assert (middle - first) / (last - first) == pytest.approx(share, abs=0.01)
        path = save(sample, dialog, sample.desktop.own_folder(f"mark-{view[0]}") / "x.svg")
        lines = re.findall(r'stroke="#c0143c"[^>]*>\s*<(?:polyline|rect|circle|ellipse)', path.read_text())
        assert lines == [] or view == "Timeline"  # whose resets are crosses


def test_words_stand_beside_an_axis(sample, tshark, captures):
    """Any field against any other: also names, in alphabetical order."""
    dialog = open_view(sample, "Scatter")
    sample.desktop.click(driver.find(dialog, "combo box", r"^Duration \(flow.duration\)$"))
    sample.desktop.xdotool("type", "Application (flow.app)")
    sample.desktop.key("Return")
    flows = tshark.flows(captures / "sample.pcapng", "-o", "flow.columns:all")
    apps = {flow["flow.id"]: flow["flow.app"] for flow in flows if "flow.app" in flow}
    sample.wait(lambda: driver.columns(table_of(dialog, "Scatter"))[2] == "Application", "words")
    assert {int(row[0]): row[2] for row in rows_of(dialog, "Scatter")} == apps
    root = ET.parse(save(sample, dialog, sample.desktop.own_folder("words") / "x.svg")).getroot()
    places = {text.text: float(text.get("y"))
              for text in root.iter("{http://www.w3.org/2000/svg}text")}
    words = sorted(set(apps.values()), reverse=True)
    assert sorted(words, key=places.get) == words
