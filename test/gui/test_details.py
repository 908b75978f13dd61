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


SECTIONS = ("TCP", "Both directions", "Up", "Down", "This packet", "TCP analysis", "Application",
            "Identity", "So far")
GROUPS = ("TCP analysis", "Application")


def printed(window, frame):
    """These rows as tshark prints them: only a window says in short what is in a section."""
    titles, inner = "|".join(SECTIONS), []
    for depth, text in tree_of(window, frame):
        is_section = depth == 1 or (depth == 2 and inner and inner[-1][1] == "[So far]")
        is_section |= depth == 2 and any(text == "[So far]" for _, text in inner)
        inner.append((depth, re.sub(rf"^\[({titles}): .*\]$", r"[\1]", text) if is_section
                      else text))
    return inner


@pytest.fixture(scope="module")
def unfold(wireshark):
    """Unfold our tree, and no other."""
    wireshark.select(104)
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
    top, *rows = tree_of(unfolded, 104)
    assert top == (0, "[Flow Statistics: flow 15, TCP 192.0.2.1:47162 → 192.0.2.2:80, http, "
                      "packet 1 of 36, 1.3 kB up, 21 kB down, Closed, RTT 29.0 ms]")
    assert [text.strip("[]").split(":")[0] for depth, text in rows if depth == 1] == list(SECTIONS)
    assert [text for depth, text in rows if depth == 1] == [
        "[TCP: Closed, RTT 29.0 ms]", "[Both directions: 36 packets, 23 kB in 115 ms]",
        "[Up: 18 packets, 1.3 kB]", "[Down: 18 packets, 21 kB, 1 retransmission]",
        "[This packet: 1, up]", "[TCP analysis: 1 retransmission]", "[Application: http]",
        "[Identity: TCP 192.0.2.1:47162 → 192.0.2.2:80]", "[So far]"]


def test_a_tcp_packet_has_a_screenful(unfolded):
    """All unfolded but what was so far, and with one line for each group that is no core."""
    section, lines = "", 0
    for depth, text in tree_of(unfolded, 104):
        if depth <= 1:
            section = text.strip("[]").split(":")[0]
        lines += depth <= 1 or section not in (*GROUPS, "So far")
    assert 40 < lines <= 60


def test_numbers_have_names_and_counts_of_nothing_are_hidden(unfolded):
    texts = [text for _, text in tree_of(unfolded, 104)]
    assert "[State: Closed (0)]" in texts and "[Direction: up (0)]" in texts
    assert not [text for text in texts if re.search(r": 0\]$", text)]
    assert "[Retransmissions down: 1]" in texts
    assert not [text for text in texts if text.startswith(("[Retransmissions up", "[SYN retrans"))]
    unfolded.filter("flow.tcp.syn_retrans == 0 && flow.tcp.state_name == \"Closed\"")
    assert 104 in unfolded.frames()


def test_packets_clicked_in_any_order(unfolded, details):
    for frame in (140, 104, 174, 28, 105, 104):
        assert printed(unfolded, frame) == details(frame)


def test_expert_info_comes_first_and_folds_nothing(unfolded):
    tree_of(unfolded, 104)
    rows = tree_of(unfolded, 165)
    assert rows[1] == (1, "[Expert Info (Note/Sequence): Connection reset before any data]")
    assert (2, "[Flow: 20]") in rows


@pytest.mark.parametrize("link, frame", [("Next", 105), ("Last", 140), ("SYN-ACK", 105)])
def test_double_click_on_a_link_goes_there(unfolded, link, frame):
    unfolded.select(104)
    cell = unfolded.select_detail(rf"^\[{link} frame: {frame}\]")
    unfolded.desktop.scroll_to(unfolded.details, cell)
    unfolded.desktop.click(cell, times=2)
    unfolded.wait(lambda: unfolded.frame() == frame, f"frame {frame} after a double click")


def test_reload_keeps_the_values(unfolded, details):
    unfolded.choose("View", "Reload")
    assert printed(unfolded, 174) == details(174)
    assert printed(unfolded, 104) == details(104)


def test_values_follow_a_preference(unfolded, details):
    unfolded.select(170)
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
        for frame in (168, 170):
            assert printed(unfolded, frame) == details(frame, "-o", f"flow.idle_timeout:{seconds}")


def test_ignored_packets_do_not_count(unfolded, details):
    for total in ("packet 1 of 35, 1.3 kB up, 20 kB down", "packet 1 of 36, 1.3 kB up, 21 kB down"):
        unfolded.select(133)
        unfolded.choose("Edit", "Ignore/Unignore.*")
        unfolded.select(104)
        wait_for_root(unfolded, total)
    assert printed(unfolded, 140) == details(140)
