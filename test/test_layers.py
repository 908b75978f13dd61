"""The rooms and their doors: who may include whom."""
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PUBLIC, ENGINE, ADAPTERS, EXTENSIONS = (TOP / path for path in (
    "include/flowstats", "plugin/engine", "plugin/ws", "plugin/extensions"))

# Each engine room sees only those before it.
ROOMS = ["fact", "packet", "path", "key", "state", "value", "extension", "table",
         "fragments", "history", "tap", "view", "meter", "tally", "field"]
# Engine headers that are nobody's business outside the engine.
PRIVATE = {"hash", "pages", "samples", "tcp", "text", "texts"}
# Those that adapters see and other plugins do not, with those of them that each sees itself.
INNER = {"message": (), "application": ("message",), "direction": ()}
# What adapters may stand on, each on those before it; plugin.c opens all doors.
GROUND = ["ws_compat", "arguments", "clock", "prefs", "bytes", "ip", "transport", "cursor",
          "headers", "search", "run", "listing", "walk", "payload", "program", "host", "session",
          "tap", "output", "drawing", "value_text", "columns", "sink", "summary"]


def sources(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in (".c", ".h"))


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def room(name):
    return Path(name).stem


def test_all_rooms_are_known():
    assert sorted(path.stem for path in PUBLIC.iterdir()) == sorted(ROOMS)
    assert {path.stem for path in ENGINE.glob("*.h")} == PRIVATE | set(INNER)


@pytest.mark.parametrize("name", ROOMS)
def test_public_headers_look_back_only(name):
    for header in includes(PUBLIC / f"{name}.h"):
        assert header in ("stdbool.h", "stddef.h", "stdint.h") or (
            room(header) in ROOMS[:ROOMS.index(name)] or (name, header) == (
                "extension", "glib.h")), header  # which plugins share


def test_the_engine_knows_glib_and_no_wireshark():
    allowed = {"glib.h", "string.h", "stdbool.h", "stddef.h", "stdint.h", "arpa/inet.h",
               "math.h", "fields.def"}
    for path in sources(ENGINE):
        for header in includes(path):
            own = header.startswith("flowstats/") or room(header) in PRIVATE | set(INNER)
            assert own or header in allowed, f"{path.name}: {header}"


@pytest.mark.parametrize("name", [name for name in ROOMS if (ENGINE / f"{name}.c").exists()])
def test_engine_sources_look_back_only(name):
    for header in includes(ENGINE / f"{name}.c"):
        if header.startswith("flowstats/"):
            assert room(header) in ROOMS[:ROOMS.index(name) + 1], header


@pytest.mark.parametrize("name", INNER)
def test_what_tells_the_direction_is_the_packet_alone(name):
    for path in ENGINE / f"{name}.h", ENGINE / f"{name}.c":
        for header in includes(path):
            assert header in ("glib.h", "string.h", "flowstats/packet.h") or (
                room(header) in (name, *INNER[name])), f"{path.name}: {header}"


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
    for path in sources(EXTENSIONS):
        for header in includes(path):
            ours = header.startswith("flowstats/") or not header.startswith(("epan/", "wsutil/"))
            assert not ours or header in ("flowstats/extension.h", "builtin.h", "ws_compat.h",
                                          "tcp_data.h", "samples.h", "texts.h", "transport.h",
                                          "host_name.h", "plain_text.h"), (
                                              f"{path.name}: {header}")


def test_versions_are_told_apart_in_one_file():
    for path in sources(ADAPTERS) + sources(ENGINE) + sources(EXTENSIONS):
        if path.name != "ws_compat.h":
            for line in path.read_text().splitlines():
                assert not re.match(r"\s*#\s*(el)?if.*(WSV|WIRESHARK)", line), f"{path.name}: {line}"
