"""The packet list: columns, filters and the conversation filter."""
import pytest

import driver

FLOW = "15"


@pytest.fixture(scope="session")
def of_flow(frames):
    """The frames of one flow."""
    return [int(frame["frame.number"]) for frame in frames if frame["flow.id"] == FLOW]


def test_column_sorts_by_number(window, frames):
    window.select(104)
    window.choose("View", "Expand All")
    window.select_detail(r"^\[Bytes: 22746\]")
    window.choose("Analyze", "Apply as Column")
    window.wait(lambda: "Bytes" in driver.columns(window.list), "column")
    expected = [int(frame["flow.bytes"]) for frame in frames]

    def shown():
        return driver.numbers(window.list, "Bytes")
    window.wait(lambda: shown() == expected, "values")
    for is_descending in (False, True):
        window.sort(window.list, "Bytes")
        window.wait(lambda: shown() == sorted(expected, reverse=is_descending), "sorted list")
    window.sort(window.list, "No.")
    in_order = [int(frame["frame.number"]) for frame in frames]
    window.wait(lambda: window.frames() == in_order, "order of the capture")


def test_filters_by_flow_and_whole_flow(window, frames, of_flow):
    window.filter(f"flow.id == {FLOW}")
    assert window.frames() == of_flow
    window.filter("flow.bytes > 1400")
    assert window.frames() == [int(frame["frame.number"]) for frame in frames
                               if int(frame["flow.bytes"]) > 1400]
    assert of_flow[0] in window.frames(), "the SYN"


def test_conversation_filter(window, of_flow):
    window.select(of_flow[3])
    window.choose("Analyze", "Conversation Filter", "Flow")
    window.wait(lambda: window.frames() == of_flow, "the packets of the flow")
    assert window.filter_text() == f"flow.id == {FLOW}"


def test_context_menu_colours_and_filters(window, of_flow):
    window.filter("tcp.port == 80")
    cell = window.select(of_flow[0])
    window.desktop.scroll_to(window.list, cell)
    with window.context_menu(cell) as menu:
        window.choose("Colorize Conversation", "Flow", "Color 3.*", top=menu)
        window.choose("Conversation Filter", "Flow", top=menu)
    window.wait(lambda: window.frames() == of_flow, "the packets of the flow")
    window.select(of_flow[-1])
    window.choose("View", "Expand All")
    rule = f"[Coloring Rule String: flow.id == {FLOW}]"
    window.wait(lambda: rule in driver.texts(window.details), "the flow's colour")
    window.choose("View", "Colorize Conversation", "Reset Colorization")
