"""The profile "Flow Statistics", chosen in the window as a user does after the installation."""
from pathlib import Path

import pytest

import driver

DATA = Path("/usr/share/wireshark")


@pytest.fixture(scope="module")
def data(desktop, install):
    """Wireshark's own data files, with the profile installed among them."""
    folder = install("profile", desktop.own_folder("data")) / "usr/share/wireshark"
    for path in DATA.iterdir():
        if path.name != "profiles":
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def profiled(desktop, tshark, captures, data):
    with driver.Wireshark(desktop, tshark.folder / "plugins", "-r", captures / "kinds.pcap",
                          environment={"WIRESHARK_DATA_DIR": str(data)}) as window:
        window.wait(window.frames, "packets")
        yield window
        assert window.quit() == (0, [])


@pytest.fixture(scope="module", autouse=True)
def chosen(profiled):
    profiled.choose_profile("Flow Statistics")
    profiled.wait(lambda: "State" in driver.columns(profiled.list), "columns of the profile")


def test_columns(profiled):
    titles = ["Flow", "Dir", "Application", "Host", "Flow bytes", "Flow duration", "RTT", "State",
              "Info"]
    profiled.wait(lambda: driver.columns(profiled.list)[5:] == titles, "columns")
    for title, values in (("State", ["Reset", "Reset", "SynSent", "Established"]),
                          ("Flow bytes", ["108", "108", "54", "162"])):
        profiled.wait(lambda: driver.texts(profiled.list, title)[:4] == values, title)
    for title, width in (("RTT", 100), ("State", 95), ("Application", 90)):
        profiled.wait(lambda: driver.extents(next(driver.cells(profiled.list, title)))[2] == width,
                      f"the profile's width of {title}")


def test_buttons(profiled):
    driver.act(driver.find(profiled.main, driver.BUTTON, "^Slow handshake$"), "Press")
    profiled.wait(lambda: profiled.frames() == list(range(4, 10)), "packets of slow handshakes")
    profiled.filter("")


def test_colours(profiled):
    profiled.select(3)
    profiled.choose("View", "Expand All")
    assert "[Coloring Rule Name: Flow: SYN without an answer]" in driver.texts(profiled.details)


def test_graphs(profiled):
    dialog = profiled.open("Statistics", "I/O Graphs")
    graphs = driver.find(dialog, driver.TABLE)
    profiled.wait(lambda: len(driver.texts(graphs, "Graph Name")) == 7, "graphs of the profile")
    assert driver.texts(graphs, "Y Field")[:2] == ["flow.tcp.rtt", "flow.tcp.rtt"]
    profiled.close(dialog)
