"""Apply as Filter and Apply as Column for a field of each type, and the filter's completion."""
import pytest

import driver

V4, V6 = 28, 48  # SYN-ACKs
ALL = 167  # packets
FIELDS = [
    # frame, title, field, and what its column shows or contains
    (V4, "Source port", "flow.srcport", "53776"),
    (V4, "Packets", "flow.pkts", "10"),
    (V4, "Bytes", "flow.bytes", "949"),
    (V4, "First frame", "flow.first_frame", "27"),
    (V4 - 1, "First packet", "flow.is_first", "True"),
    (V4, "Duration", "flow.duration", "0.071650831"),
    (V4, "Start", "flow.start", "00:24.792289403"),
    (V4, "Protocol", "flow.proto_name", "TCP"),
    (V4, "Source MAC address", "flow.eth.src", "02:00:00:00:00:01"),
    (V4, "Source address", "flow.ip.src", "192.0.2.1"),
    (V6, "Source address", "flow.ipv6.src", "2001:db8::1"),
]


@pytest.fixture(scope="module")
def window(desktop, tshark, captures):
    """A window of its own, for it gets many columns."""
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r",
                          captures / "sample.pcapng") as window:
        window.wait(window.frames, "packets")
        window.select(V4)
        window.select_detail(r"^\[Flow Statistics")
        window.choose("View", "Expand Subtrees")
        yield window
        assert window.quit() == (0, [])


@pytest.fixture
def item(window, frame, title):
    """The row of a field in the details, in sight."""
    window.select(frame)
    cell = window.select_detail(rf"^\[{title}: ")
    window.desktop.scroll_to(window.details, cell)
    return cell


@pytest.mark.parametrize("frame, title, field, value", FIELDS)
def test_filter_selects_the_packet(window, item, frame, title, field, value):
    with window.context_menu(item) as menu:
        window.choose("Apply as Filter", "Selected", top=menu)

    def is_filtered():
        frames = window.frames()
        return frame in frames and len(frames) < ALL
    window.wait(is_filtered, "filtered packets")
    assert window.filter_text().startswith(f"{field} == ")
    window.filter("")


@pytest.mark.parametrize("frame, title, field, value", FIELDS)
def test_column_shows_the_value(window, item, frame, title, field, value):
    before = driver.columns(window.list)
    with window.context_menu(item) as menu:
        window.choose("Apply as Column", top=menu)
    window.wait(lambda: len(driver.columns(window.list)) > len(before), "column")
    assert driver.columns(window.list)[len(before) - 1] == title
    assert value in driver.name(window.list.get_accessible_at(frame - 1, len(before) - 1))


def test_names_complete_in_the_filter(window):
    window.desktop.click(window.filter_entry)
    window.desktop.xdotool("type", "flow.sofar.tcp.rtt_n")
    window.desktop.key("Down", "Return")
    window.wait(lambda: window.filter_text() == "flow.sofar.tcp.rtt_net", "completed name")
    window.filter("")
