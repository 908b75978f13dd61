"""The rooms and their doors: who may include whom."""
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PUBLIC, ENGINE, GROUPS, ADAPTERS, EXTENSIONS = (TOP / path for path in (
    "include/flowstats", "plugin/engine", "plugin/groups", "plugin/ws", "plugin/extensions"))

# What other plugins include; each sees those before it.
FACE = ["fact", "packet", "value", "extension", "tap"]
# The rooms of the engine, each on those before it; the groups stand on all up to the rows.
BEFORE_GROUPS = ["hash", "network_order", "span", "member", "sorted", "pages", "samples", "texts",
                 "plain_text", "number_text", "host_name", "codec", "tcp_options", "message",
                 "application", "direction", "address", "key", "path", "table", "tunnels", "queue",
                 "expiry", "fragments", "orphans", "history", "links", "groups", "evaluate", "text",
                 "section", "merge", "view", "rows"]
AFTER_GROUPS = ["field", "meter", "tally"]
# What adapters may stand on, each on those before it; plugin.c opens all doors.
GROUND = ["ws_compat", "arguments", "clock", "prefs", "bytes", "ip", "transport",
          "tcp_conversation", "cursor", "headers", "search", "run", "listing", "walk", "setup",
          "payload", "program", "host", "session", "tap", "files", "output", "target", "drawing",
          "value_text", "cells", "columns", "sink", "summary", "stat_rows", "pictures",
          "picture_module"]
# The only libraries of the engine and the groups.
LIBRARIES = {"glib.h", "string.h", "stdbool.h", "stddef.h", "stdint.h", "arpa/inet.h",
             "ws2tcpip.h", "math.h"}
OF_WIRESHARK_OR_GLIB = ("glib", "gmodule", "epan/", "wiretap/", "wsutil/", "cfile", "wireshark.h",
                        "ws_version.h")
STANDARD_C = {f"{name}.h" for name in (
    "assert", "ctype", "errno", "float", "inttypes", "limits", "locale", "math", "setjmp", "signal",
    "stdalign", "stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string", "time")}


def sources(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in (".c", ".h"))


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def room(name):
    return Path(name).stem


def test_all_rooms_are_known():
    assert {path.stem for path in sources(PUBLIC)} == set(FACE)
    assert {path.stem for path in sources(ENGINE)} == {*BEFORE_GROUPS, *AFTER_GROUPS}


@pytest.mark.parametrize("name", FACE)
def test_public_headers_look_back_only(name):
    """And need GLib alone, which plugins share."""
    for header in includes(PUBLIC / f"{name}.h"):
        assert header in ("stdbool.h", "stddef.h", "stdint.h", "glib.h") or (
            room(header) in FACE[:FACE.index(name)]), header


def is_known_to_all(header):
    return header in LIBRARIES or (
        header.startswith("flowstats/") and room(header) in FACE)


@pytest.mark.parametrize("path", sources(ENGINE), ids=lambda path: path.name)
def test_engine_looks_back_only(path):
    groups = {group.stem for group in sources(GROUPS)}
    order = [*BEFORE_GROUPS, *AFTER_GROUPS]
    before = order[:order.index(path.stem) + (path.suffix == ".c")]
    for header in includes(path):
        is_group = path.stem in AFTER_GROUPS and room(header) in groups
        assert is_known_to_all(header) or is_group or room(header) in before, header


@pytest.mark.parametrize("path", sources(GROUPS), ids=lambda path: path.name)
def test_groups_stand_on_the_engine(path):
    groups = {group.stem for group in sources(GROUPS)}
    for header in includes(path):
        is_rows = header.endswith(".def") and (GROUPS / header).exists()
        assert is_known_to_all(header) or is_rows or room(header) in groups or (
            room(header) in BEFORE_GROUPS), header


def test_adapters_do_not_know_one_another():
    adapters = {path.stem for path in sources(ADAPTERS)}
    for path in sources(ADAPTERS):
        if path.stem == "plugin":
            continue
        for header in includes(path):
            if "/" in header or room(header) not in adapters:
                continue
            ground = GROUND[:GROUND.index(path.stem) + 1] if path.stem in GROUND else GROUND
            assert room(header) == path.stem or room(header) in ground, f"{path.name}: {header}"


def test_extensions_use_what_others_could_use():
    """But for what saves writing it again, and for a row that the tree shows among the core's own."""
    for path in sources(EXTENSIONS):
        for header in includes(path):
            ours = header.startswith("flowstats/") or not header.startswith(("epan/", "wsutil/"))
            assert not ours or header in ("flowstats/extension.h", "builtin.h", "ws_compat.h",
                                          "tcp_data.h", "samples.h", "texts.h", "clock.h",
                                          "transport.h", "tcp_conversation.h", "host_name.h",
                                          "plain_text.h", "section.h", "math.h"), (
                                              f"{path.name}: {header}")


def test_systems_are_told_apart_in_a_room_of_their_own():
    """The plugin is made for Windows too: what C, GLib and Wireshark do not have stands there."""
    folders = [TOP / "include", TOP / "plugin", PUBLIC, ADAPTERS, ENGINE, GROUPS, EXTENSIONS]
    for folder in folders[2:]:
        for path in sources(folder):
            alien = {header for header in includes(path) if header not in STANDARD_C
                     and not header.startswith(OF_WIRESHARK_OR_GLIB)
                     and not any((ours / header).exists() for ours in folders)}
            if path.name == "address.c":
                assert alien == {"arpa/inet.h", "ws2tcpip.h"}
            elif path.stem not in ("files_posix", "files_windows"):
                assert not alien, f"{path.name}: {alien}"


def test_versions_are_told_apart_in_one_file():
    for folder in ADAPTERS, ENGINE, GROUPS, EXTENSIONS:
        for path in sources(folder):
            if path.name == "ws_compat.h":
                continue
            for line in path.read_text().splitlines():
                assert not re.match(r"\s*#\s*(el)?if.*(WSV|WIRESHARK)", line), (
                    f"{path.name}: {line}")


def test_pictures_know_values_and_neither_the_engine_nor_wireshark():
    """C++ alone, on Qt and its own rooms; the plugin sees one header of it."""
    view = TOP / "plugin" / "view"
    own = {path.name for path in view.glob("*.h")}
    for path in [*view.glob("*.h"), *view.glob("*.cpp")]:
        for header in includes(path):
            assert header in own or header.startswith("Q") or header == "qcustomplot.h" or (
                "." not in header) or header.startswith("std"), f"{path.name}: {header}"
    seen = {header for path in sources(ADAPTERS) for header in includes(path)
            if header.startswith("view/")}
    assert seen == {"view/pictures.h"}
