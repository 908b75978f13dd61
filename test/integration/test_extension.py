"""Another plugin adds to ours, with the installed headers only; Lua reads our fields and our tap."""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from tshark import BUILD, TOP, Tshark

EXAMPLES = TOP / "doc" / "examples"


@pytest.fixture(scope="module", params=["pushes", "pushes_v3"])
def extended(request):
    """tshark with flowstats and the plugin of test/extension, built with the headers of today, and
    with those of each version of the interface that flowstats still takes."""
    with tempfile.TemporaryDirectory() as folder:
        prefix, build = Path(folder, "prefix"), Path(folder, "build")
        for command in (["cmake", "--install", BUILD, "--prefix", prefix],
                        ["cmake", "-S", TOP / "test/extension", "-B", build,
                         f"-DCMAKE_PREFIX_PATH={prefix}"],
                        ["cmake", "--build", build]):
            result = subprocess.run(command, capture_output=True, text=True)
            assert result.returncode == 0, result.stdout + result.stderr
        cache = (build / "CMakeCache.txt").read_text()
        assert f"FLOWSTATS_INCLUDE:PATH={prefix}/include\n" in cache
        tshark = Tshark(folder)
        plugins, = tshark.folder.glob("plugins/*/epan")
        shutil.copy(build / f"{request.param}.so", plugins)
        shutil.copy(build / "old.so", plugins)
        yield tshark


def test_it_has_fields_in_both_readings(extended, captures):
    names = ("flow.pushes.up.count", "flow.pushes.down.count", "flow.sofar.pushes.up.count",
             "flow.sofar.pushes.down.count")
    assert set(names) <= set(extended.field_names)
    frames = extended.fields(captures / "tcp_plain.pcap", names, "-2")
    assert [tuple(int(frame[name]) for name in names) for frame in frames] == (
        [(1, 1, 0, 0)] * 3 + [(1, 1, 1, 0)] * 2 + [(1, 1, 1, 1)] * 6)
    assert extended.fields(captures / "udp.pcap", names, "-2")[0] == {}
    first, *_ = extended.fields(captures / "tcp_plain.pcap", names)
    assert first == {"flow.sofar.pushes.up.count": "0", "flow.sofar.pushes.down.count": "0"}


def test_it_has_columns_in_the_exports_and_the_table(extended, captures):
    flow, = extended.flows(captures / "tcp_plain.pcap")
    assert (flow["flow.pushes.up.count"], flow["flow.pushes.down.count"]) == (1, 1)
    header, row = extended.run("-q", "-r", captures / "tcp_plain.pcap", "-z",
                               "flowstats,csv").stdout.splitlines()
    cells = dict(zip(header.split(","), row.split(",")))
    assert (cells["flow.pushes.up.count"], cells["flow.ttl.min"]) == ("1", "")
    table = extended.run("-q", "-r", captures / "tcp_plain.pcap", "-z", "flowstats,table").stdout
    assert "Pushes up" in table and "Pushes down" in table


def test_it_is_switched_by_a_preference(extended, captures):
    capture = captures / "tcp_plain.pcap"
    assert "flow.pushes.up.count" not in extended.flows(capture, "-o", "flow.pushes:FALSE")[0]
    assert "flow.ttl.min" not in extended.flows(capture)[0]
    flow, = extended.flows(capture, "-o", "flow.ttl:TRUE")
    assert (flow["flow.ttl.min"], flow["flow.ttl.max"]) == (64, 64)
    assert flow["flow.pushes.up.count"] == 1


def test_another_version_of_the_interface_is_refused(extended, captures):
    said = extended.run("-r", captures / "empty.pcap").stderr
    for version in (2, 4):
        assert said.count(f"flowstats: an extension is of version {version}, this plugin of 3") == 1
    assert not [name for name in extended.field_names if "future" in name or "flow.old" in name]


def trees(tshark, capture, *options):
    lines = tshark.run("-n", "-q", "-r", capture, "-z", "pushes", *options).stdout.splitlines()
    return int(lines[-1].removeprefix("trees "))


def test_only_what_wants_fields_makes_trees(extended, captures):
    """And only while it is switched on."""
    capture = captures / "tcp_plain.pcap"
    assert trees(extended, capture) == 0
    assert trees(extended, capture, "-z", "flowstats,csv,/dev/null") == 0
    assert trees(extended, capture, "-o", "flow.ttl:TRUE") == 11


def test_the_tap_has_flow_and_states(extended, captures):
    def lines(*options):
        return extended.run("-n", "-q", "-r", captures / "port_reuse.pcap", "-z", "pushes",
                            *options).stdout.splitlines()[:-1]
    names = ("frame.number", "flow.id", "flow.index", "flow.direction", "flow.sofar.bytes",
             "flow.bytes", "flow.sofar.pushes.up.count")
    frames = extended.fields(captures / "port_reuse.pcap", names, "-2")
    form = "frame {} flow {} index {} dir {} bytes {} of {} pushes {}"
    assert lines("-2") == [form.format(*(frame[name] for name in names)) for frame in frames]
    assert lines() == [form.format(*(frame[name] if name != "flow.bytes" else 0 for name in names))
                       for frame in frames]


def lua(tshark, name):
    """The option that runs an example, from where tshark's user may read it."""
    return "-X", f"lua_script:{shutil.copy(EXAMPLES / name, tshark.folder)}"


def test_the_tap_is_a_lua_listener(tshark, captures):
    capture = captures / "port_reuse.pcap"
    lines = tshark.run("-n", "-q", "-r", capture, *lua(tshark, "flows.lua")).stdout.splitlines()
    assert [line.split("\t") for line in lines] == [
        [str(flow["flow.id"]), flow["flow.tuple"], str(flow["flow.bytes"])]
        for flow in tshark.flows(capture)]


def test_lua_reads_our_fields_in_the_same_frame(tshark, captures):
    capture = captures / "tcp_plain.pcap"
    frames = tshark.fields(capture, ("frame.number", "heavy.flow"), *lua(tshark, "heavy.lua"))
    expected = [frame["frame.number"] for frame in
                tshark.fields(capture, ("frame.number",), "-Y", "flow.sofar.bytes > 1000")]
    assert [frame["frame.number"] for frame in frames if "heavy.flow" in frame] == expected
    assert 0 < len(expected) < len(frames)


def test_the_guide_quotes_what_runs():
    """Every block of code in it stands in one of the examples."""
    guide = (TOP / "doc" / "extending.md").read_text()
    sources = [path.read_text() for path in [*EXAMPLES.iterdir(), *(TOP / "test/extension").glob("*.*")]]
    blocks = re.findall(r"```\w+\n(.*?)```", guide, re.S)
    assert len(blocks) >= 4
    for block in blocks:
        assert any(block in source for source in sources), block
