"""A display filter on whole flows that stands while a file is read is applied again after that."""
import pytest

import driver


@pytest.fixture
def filtered(desktop, tshark, capture):
    """A window that is started with a display filter."""
    opened = []

    def filtered(text):
        window = driver.Wireshark(desktop, tshark.folder / "plugins", "-r", capture, "-Y", text)
        opened.append(window)
        return window
    yield filtered
    for window in opened:
        window.kill()


@pytest.fixture(scope="session")
def big(frames):
    return [int(frame["frame.number"]) for frame in frames if int(frame["flow.bytes"]) > 1400]


def test_list_has_the_packets_after_loading_and_reloading(filtered, big):
    """Each time the text is another one to Wireshark, which would not filter again by the same."""
    text = "flow.bytes > 1400"
    window = filtered(text)
    window.wait(lambda: window.frames() == big, "the packets of big flows")
    assert window.filter_text() == text + " "
    for ending in ("", " ", ""):
        window.choose("View", "Reload")
        window.wait(lambda: window.filter_text() == text + ending, "filter after reloading")
        window.wait(lambda: window.frames() == big, "the packets of big flows")
    assert window.quit() == (0, [])


@pytest.mark.parametrize("text", ["flow.sofar.bytes > 1400", 'frame contains "flow.bytes"'])
def test_other_filters_are_left_alone(filtered, text):
    window = filtered(text)
    window.wait(lambda: window.filter_text() == text, "filter")
    window.choose("View", "Reload")
    window.wait(lambda: "enabled" in driver.states(window.menu_item("View", "Reload")), "reload")
    assert window.filter_text() == text
    assert window.quit() == (0, [])
