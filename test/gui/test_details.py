"""The packet details: what a click on a packet shows, whatever was clicked before."""
import re

import pytest

import driver

ROOT = r"^\[Flow Statistics"


def tree_of(window, frame):
    """Our rows of the packet details, all of them unfolded."""
    window.select(frame)
    rows = driver.tree_rows(window.details)
    return rows[next(i for i, (_, text) in enumerate(rows) if text.startswith("[Flow Stat")):]


def printed(window, frame):
    """These rows as tshark prints them: only a window says in short what is in a section."""
    return [(depth, re.sub(r"^\[(Up|Down|TCP): .*\]$", r"[\1]", text))
            for depth, text in tree_of(window, frame)]


@pytest.fixture(scope="module")
def unfold(wireshark):
    """Unfold our tree, and no other."""
    wireshark.select(73)
    wireshark.choose("View", "Collapse All")
    wireshark.select_detail(ROOT)
    wireshark.choose("View", "Expand Subtrees")


@pytest.fixture
def unfolded(window, unfold):
    return window


def wait_for_root(window, text):
    """Wait until the first line of our tree has the text."""
    window.wait(lambda: driver.row_of(window.details, f"{ROOT}.*{text}"), text)


def test_subtrees(unfolded):
    top, *rows = tree_of(unfolded, 73)
    assert top == (0, "[Flow Statistics: flow 20, TCP 192.0.2.1:51608 → 192.0.2.2:80, packet 1 "
                      "of 17, 613 B up, 41 kB down, Closed, RTT 0.0441 ms]")
    assert [text.strip("[]").split(":")[0] for depth, text in rows if depth == 1] == [
        "Identity", "This packet", "Both directions", "Up", "Down", "TCP", "TCP analysis",
        "Application", "So far"]
    for summary in ("[Up: 8 packets, 613 B]", "[TCP: Closed, RTT 0.0441 ms]",
                    "[Up: 1 packet, 74 B]", "[TCP: SynSent]"):
        assert summary in [text for _, text in rows]


def test_packets_clicked_in_any_order(unfolded, details):
    for frame in (89, 73, 99, 28, 74, 73):
        assert printed(unfolded, frame) == details(frame)


def test_expert_info_comes_first_and_folds_nothing(unfolded):
    tree_of(unfolded, 73)
    rows = tree_of(unfolded, 91)
    assert rows[1] == (1, "[Expert Info (Note/Sequence): Connection reset before any data]")
    assert (1, "[Identity]") in rows and (2, "[Flow: 21]") in rows


@pytest.mark.parametrize("link, frame", [("Next", 74), ("Last", 89), ("SYN-ACK", 74)])
def test_double_click_on_a_link_goes_there(unfolded, link, frame):
    unfolded.select(73)
    cell = unfolded.select_detail(rf"^\[{link} frame: {frame}\]")
    unfolded.desktop.scroll_to(unfolded.details, cell)
    unfolded.desktop.click(cell, times=2)
    unfolded.wait(lambda: unfolded.frame() == frame, f"frame {frame} after a double click")


def test_reload_keeps_the_values(unfolded, details):
    unfolded.choose("View", "Reload")
    assert printed(unfolded, 99) == details(99)
    assert printed(unfolded, 73) == details(73)


def test_values_follow_a_preference(unfolded, details):
    unfolded.select(95)
    preference = None
    for seconds, index in ((10, "1 of 5"), (0, "3 of 7")):
        if preference and preference.get_n_actions():
            driver.act(preference, "Press")
        else:  # Qt 5 finds it in one menu only, and a later Qt 6 forgets it with its menu
            with unfolded.context_menu(unfolded.select_detail(ROOT)) as menu:
                preference = unfolded.menu_item("Protocol Preferences", "Idle timeout.*", top=menu)
                driver.act(preference, "Press")
        editor = driver.find(unfolded.main, "label", "^Idle timeout").get_parent()
        driver.find(editor, "text").set_text_contents(str(seconds))
        driver.act(driver.find(editor, driver.BUTTON, "^OK$"), "Press")
        wait_for_root(unfolded, f"packet {index},")
        for frame in (93, 95):
            assert printed(unfolded, frame) == details(frame, "-o", f"flow.idle_timeout:{seconds}")


def test_ignored_packets_do_not_count(unfolded, details):
    for total in ("packet 1 of 16, 613 B up, 33 kB down", "packet 1 of 17, 613 B up, 41 kB down"):
        unfolded.select(80)
        unfolded.choose("Edit", "Ignore/Unignore.*")
        unfolded.select(73)
        wait_for_root(unfolded, total)
    assert printed(unfolded, 89) == details(89)
