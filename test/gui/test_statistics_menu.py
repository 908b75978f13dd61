"""The Statistics menu: flow table, trees, conversations; and what a start with -z opens."""
import collections
import csv
import re

import pytest

import driver
from driver import QUIET_OFF

TREES = {"Direction Reasons", "Handshake RTT", "Hosts", "Protocols and Encapsulations",
         "Response Times", "Sizes", "TCP States", "Zeek Connection States"}
OF_QUIET_GROUPS = {"Hosts", "Zeek Connection States"}  # which are off here: they count nothing


def table_in_tshark(tshark, capture, *rest):
    text = tshark.run("-q", *QUIET_OFF, "-r", capture, "-z",
                      ",".join(("flowstats,table", *rest))).stdout
    return [[cell.strip() for cell in line.split("|")]
            for line in re.findall(r"^ *(\d+ \|.*) \|$", text, re.M)]


def table_in(dialog):
    return driver.rows(driver.find(dialog, driver.TABLE))


def test_menu(window):
    assert window.menu_item("Statistics", "Flow Statistics")
    submenu = window.submenu(window.menu_item("Statistics", "Flow Distributions", "TCP States")
                             .get_parent().get_parent())
    assert {driver.name(item) for item in driver.children(submenu)} == TREES


def test_flow_table(window, tshark, capture):
    dialog = window.open("Statistics", "Flow Statistics")
    expected = table_in_tshark(tshark, capture)
    assert len(expected) == 23
    window.wait(lambda: sorted(table_in(dialog)) == sorted(expected), "rows as in tshark")


def test_flow_table_opens_with_the_largest_flow(window):
    """And with whole numbers: 4.0 and 4.4 print what does not fit in 32 bits with decimals."""
    dialog = window.open("Statistics", "Flow Statistics")
    table = driver.find(dialog, driver.TABLE)
    window.wait(lambda: len(driver.numbers(table, "Bytes")) == 23, "rows")
    sizes = driver.numbers(table, "Bytes")
    assert sizes == sorted(sizes, reverse=True)
    assert driver.texts(table, "#") == [str(rank) for rank in range(1, 24)]


def is_sorted(numbers):
    return numbers in (sorted(numbers), sorted(numbers, reverse=True))


def test_flow_table_sorts_by_number(window):
    dialog = window.open("Statistics", "Flow Statistics")
    window.resize(dialog, 1500, 600)
    table = driver.find(dialog, driver.TABLE)
    for column in ("Flow", "Bytes", "Packets", "Duration"):
        window.sort(table, column)
        window.wait(lambda: is_sorted([float(text) for text in driver.texts(table, column)]),
                    f"rows in the order of {column}")


def test_flow_table_under_a_filter(window, tshark, capture):
    dialog = window.open("Statistics", "Flow Statistics")
    text = "tcp.port == 80 && ip.src == 192.0.2.1"
    driver.find(dialog, "text").set_text_contents(text)
    driver.act(driver.find(dialog, driver.BUTTON, "^Apply$"), "Press")
    expected = table_in_tshark(tshark, capture, text)
    assert len(expected) == 5
    window.wait(lambda: sorted(table_in(dialog)) == sorted(expected), "rows as in tshark")


def test_tree(window, tshark, capture):
    dialog = window.open("Statistics", "Flow Distributions", "TCP States")
    states = collections.Counter(f"{flow['flow.tcp.state']} {flow['flow.tcp.state_name']}"
                                 for flow in tshark.flows(capture)
                                 if "flow.tcp.state_name" in flow)
    expected = {"TCP state": sum(states.values()), **states}
    table = driver.find(dialog, driver.TABLE)

    def counts():
        return {name: int(count) for name, count in zip(driver.texts(table),
                                                        driver.texts(table, "Count"))
                if count not in ("", "0")}
    window.wait(lambda: counts() == expected, f"counts {expected}")


@pytest.mark.parametrize("tree", sorted(TREES))
def test_every_tree_opens(window, tree):
    dialog = window.open("Statistics", "Flow Distributions", tree)
    table = driver.find(dialog, driver.TABLE)
    is_off = tree in OF_QUIET_GROUPS
    window.wait(lambda: any(text.isdigit() and (is_off or int(text))
                            for text in driver.texts(table, "Count")), "counts")


def test_conversations(window, frames):
    dialog = window.open("Statistics", "Conversations")
    kinds = driver.find(dialog, "tree")
    row, _ = driver.row_of(kinds, "^FlowStats$", "Protocol")
    tick = kinds.get_accessible_at(row, 0)
    window.desktop.scroll_to(kinds, tick)
    window.desktop.click(tick)
    tab = driver.find(dialog, "page tab", "^FlowStats")
    assert driver.name(tab) == "FlowStats · 23"
    driver.act(tab, "Press")
    table = window.wait(lambda: next((tree for tree in list(driver.find_all(dialog, "tree"))[1:]
                                      if driver.extents(tree)[2] > 0 and
                                      tree.get_n_rows() == 23), None), "our conversations")
    # Two pings between the same ends: flows 2 and 6.
    row = next(i for i, row in enumerate(driver.rows(table))
               if row[:4] == ["192.0.2.1", "0", "192.0.2.2", "0"] and row[5] == "588 bytes")
    driver.select_row(table, row)
    with window.context_menu(table.get_accessible_at(row, 0)) as menu:
        window.choose("Apply as Filter", "Selected", "A ↔ B", top=menu)
    expected = [int(frame["frame.number"]) for frame in frames if frame["flow.id"] == "2"]
    window.wait(lambda: window.frames() == expected, "the packets of the flow")
    assert "flow.id==2" in window.filter_text()


def sources_in(dialog):
    return driver.texts(driver.find(dialog, driver.TABLE), "Source")


def test_open_windows_outlive_the_file(window):
    """Rows that two tables share stay readable when the packets are read again."""
    first = window.open("Statistics", "Flow Statistics")
    second = window.open("Statistics", "Flow Statistics")
    window.open("Statistics", "Flow Distributions", "Sizes")
    expected = sources_in(first)
    assert len(expected) == 23
    window.choose("View", "Reload")
    window.wait(lambda: len(window.frames()) == 174, "packets")
    assert sources_in(second) == expected
    window.close(first)
    assert sources_in(second) == expected
    assert sources_in(window.open("Statistics", "Flow Statistics")) == expected


def test_start_with_statistics(desktop, tshark, capture):
    """An export that cannot be written shows a box; the rest goes on."""
    file = desktop.own_folder("export") / "flows.csv"
    with driver.Wireshark(desktop, tshark.folder / "plugins", *QUIET_OFF, "-r", capture,
                          "-z", "flowstats,csv,/nonexistent/flows.csv",
                          "-z", f"flowstats,csv,{file}", "-z", "flowstats,table") as wireshark:
        box = wireshark.wait(lambda: next((window for window in wireshark.windows() if any(
            "/nonexistent/flows.csv" in driver.name(label)
            for label in driver.find_all(window, "label"))), None), "error box", 60)
        wireshark.close(box)
        table = wireshark.dialog("Flow Statistics")
        expected = table_in_tshark(tshark, capture)
        wireshark.wait(lambda: sorted(table_in(table)) == sorted(expected), "rows as in tshark")
        assert wireshark.quit() == (0, [])
    with open(file, newline="") as lines:
        exported = list(csv.DictReader(lines))
    assert [(row["flow.id"], row["flow.bytes"], row["flow.end_reason"]) for row in exported] == [
        tuple(str(flow[f"flow.{name}"]) for name in ("id", "bytes", "end_reason"))
        for flow in tshark.flows(capture)]


def test_expert_information(window, tshark, capture):
    text = tshark.run("-n", "-2", "-q", "-r", capture, "-z", "expert").stdout
    expected = re.findall(r"^ +(\d+) +Sequence +FlowStats +(.*)$", text, re.M)
    assert expected
    dialog = window.open("Analyze", "Expert Information")
    table = driver.find(dialog, driver.TABLE)

    def ours():
        return sorted((row[4], row[1]) for row in driver.rows(table) if row[3] == "FlowStats")
    window.wait(lambda: ours() == sorted(expected), "expert infos as in tshark")
