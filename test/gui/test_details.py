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
    assert top == (0, "[Flow Statistics: flow 20, TCP 192.0.2.1:51608 → 192.0.2.2:80, http, "
                      "packet 1 of 17, 613 B up, 41 kB down, Closed, RTT 0.0441 ms]")
    assert [text.strip("[]").split(":")[0] for depth, text in rows if depth == 1] == list(SECTIONS)
    assert [text for depth, text in rows if depth == 1] == [
        "[TCP: Closed, RTT 0.0441 ms]", "[Both directions: 17 packets, 41 kB in 2.17 ms]",
        "[Up: 8 packets, 613 B]", "[Down: 9 packets, 41 kB]", "[This packet: 1, up]",
        "[TCP analysis: no retransmissions]", "[Application: http]",
        "[Identity: TCP 192.0.2.1:51608 → 192.0.2.2:80]", "[So far]"]


def test_a_tcp_packet_has_a_screenful(unfolded):
    """All unfolded but what was so far, and with one line for each group that is no core."""
    section, lines = "", 0
    for depth, text in tree_of(unfolded, 73):
        if depth <= 1:
            section = text.strip("[]").split(":")[0]
        lines += depth <= 1 or section not in (*GROUPS, "So far")
    assert 40 < lines <= 60


def test_numbers_have_names_and_counts_of_nothing_are_hidden(unfolded):
    texts = [text for _, text in tree_of(unfolded, 73)]
    assert "[State: Closed (0)]" in texts and "[Direction: up (0)]" in texts
    assert not [text for text in texts if re.search(r": 0\]$", text)]
    assert not [text for text in texts if re.search("retransmission.*: ", text, re.I)
                if not text.startswith("[TCP analysis")]
    unfolded.filter("flow.tcp.syn_retrans == 0 && flow.tcp.state_name == \"Closed\"")
    assert 73 in unfolded.frames()


def test_packets_clicked_in_any_order(unfolded, details):
    for frame in (89, 73, 99, 28, 74, 73):
        assert printed(unfolded, frame) == details(frame)


def test_expert_info_comes_first_and_folds_nothing(unfolded):
    tree_of(unfolded, 73)
    rows = tree_of(unfolded, 91)
    assert rows[1] == (1, "[Expert Info (Note/Sequence): Connection reset before any data]")
    assert (2, "[Flow: 21]") in rows


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
