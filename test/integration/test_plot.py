"""-z flowstats,plot: pictures without a window, compared with the numbers that they show."""
import collections
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest

from recipes import Talk, odd, write, write_pcap
from tshark import BUILD, TOP, Tshark, packet_count

sys.path.insert(0, str(TOP / "test" / "fuzz"))
from presets import build, libasan  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
MODULES = list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so"))
COLOURS = {"not TCP": "#929aa3", "Established": "#4477aa", "Closed": "#228833", "Reset": "#cc3311",
           "SynSent": "#ee7733", "SynReceived": "#ccbb44", "FinWait": "#66ccee",
           "CloseWait": "#009988", "Closing": "#aa3377", "Unknown": "#7a828a"}

MARK = "#c0143c"
SHAPES = {"tcp.analysis.retransmission": "circle", "tcp.analysis.zero_window": "rect",
          "tcp.analysis.lost_segment": "polygon"}  # that of a reset is a cross of lines

needs_module = pytest.mark.skipif(not MODULES, reason="the module was not built: no Qt")


@pytest.fixture
def plot(tshark, folder):
    def plot(capture, name, *rest, options=(), **expected):
        path = folder / name
        result = tshark.run("-n", "-q", "-r", capture, *options, "-z",
                            ",".join(("flowstats,plot", str(path), *rest)), **expected)
        assert not re.search(r"^Q\w+:", result.stderr, re.M)  # what Qt thinks is nobody's concern
        return path if path.exists() else result.stderr
    return plot


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def bars_and_ticks(path):
    """(colour, left, right, ticks) of each bar, from the top; ticks that share a pixel are one."""
    found, ticks = [], []
    for group in ET.parse(path).getroot().iter(f"{SVG}g"):
        if group.get("fill") in COLOURS.values():
            found += [(group.get("fill"), *(float(rect.get(key)) for key in ("y", "x", "width")))
                      for rect in group.findall(f"{SVG}rect") if float(rect.get("width")) != 8
                      and float(rect.get("height")) > 12]
    for line in ET.parse(path).getroot().iter(f"{SVG}polyline"):
        begin, *_, end = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        if begin[0] == end[0] and 5 < abs(begin[1] - end[1]) < 20:
            ticks.append(begin)
    return [(colour, x, x + width, sum(y < at < y + 26 for _, at in ticks))
            for colour, y, x, width in sorted(found, key=lambda bar: bar[1])]


def marks(path):
    """(tag, y of its middle) of what each mark is drawn with, in the order of time."""
    found = []
    for group in ET.parse(path).getroot().iter(f"{SVG}g"):
        if group.get("fill") != MARK or not len(group):
            continue
        shape = group[0]
        if shape.tag == f"{SVG}rect":
            y = float(shape.get("y")) + float(shape.get("height")) / 2
        elif shape.tag == f"{SVG}circle":
            y = float(shape.get("cy"))
        else:
            at = [float(y) for y in re.findall(r",(-?[\d.]+)",
                                               shape.get("points") or shape.get("d"))]
            y = (min(at) + max(at)) / 2
        tag = shape.tag.removeprefix(SVG)
        found.append(("polygon" if tag == "path" else tag, y))  # which of both: Qt's version
    return found


def bars(path):
    return [bar[:3] for bar in bars_and_ticks(path)]


def state(flow):
    return flow.get("flow.tcp.state_name", "not TCP")


def texts(path):
    return [text.text for text in ET.parse(path).getroot().iter(f"{SVG}text")]


def png_size(path):
    """Width and height of a PNG whose image data are whole."""
    data, at, packed = path.read_bytes(), 8, b""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height = struct.unpack(">II", data[at + 8:at + 16])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    assert len(zlib.decompress(packed)) > width * height
    return width, height


@needs_module
@pytest.mark.parametrize("options", [(), ("-M", "20"), ("-M", "20", "-o", "flow.carry_over:FALSE")],
                         ids=" ".join)
def test_bars_end_where_the_flow_begins_and_ends(plot, tshark, captures, options):
    """Also where tshark begins another session: as the flows of an export."""
    capture = captures / "sample.pcapng"
    flows = sorted(tshark.flows(capture, *options), key=lambda flow: flow["flow.start"])
    drawn = bars(plot(capture, "all.svg", "timeline", options=options))
    assert len(drawn) == len(flows)
    start = flows[0]["flow.start"]
    left = drawn[0][1]
    scale = (drawn[-1][1] - left) / (flows[-1]["flow.start"] - start)
    for flow, (colour, begin, end) in zip(flows, drawn):
        assert colour == COLOURS[state(flow)]
        assert begin == pytest.approx(left + scale * (flow["flow.start"] - start), abs=0.1)
        width = scale * float(flow["flow.duration"])
        assert end - begin == pytest.approx(max(width, 1), abs=0.1)


@needs_module
@pytest.mark.parametrize("carry_over", ["TRUE", "FALSE"])
def test_ticks_are_those_of_the_flow(plot, tshark, captures, carry_over):
    """Of the last session alone: of flows that began before it not all packets are there any more."""
    capture = captures / "sample.pcapng"
    options = ("-M", "50", "-o", f"flow.carry_over:{carry_over}")
    flows = sorted(tshark.flows(capture, *options), key=lambda flow: flow["flow.start"])
    times = [float(frame["frame.time_epoch"]) for frame in
             tshark.fields(capture, ("frame.time_epoch",))]
    begin = times[len(times) // 50 * 50]
    drawn = bars_and_ticks(plot(capture, "late.svg", options=options))
    assert len(drawn) == len(flows)
    for flow, (*_, ticks) in zip(flows, drawn):
        if float(flow["flow.start"]) < begin:
            assert ticks == 0
        else:
            assert 0 < ticks <= flow["flow.pkts"]


@needs_module
def test_marks_are_what_wireshark_says_of_the_packets(plot, tshark, folder):
    """A shape for each, above the bar for packets up and below it for those down."""
    talk = (Talk().handshake(rtt=(1000, 1000))
            .tcp(3000, "PA", 101, 501, payload=10).tcp(4000, "PA", 501, 111, payload=10, down=True)
            .tcp(5000, "A", 111, 511)
            .tcp(6000, "PA", 101, 511, payload=10).tcp(7000, "PA", 501, 111, payload=10, down=True)
            .tcp(8000, "PA", 200, 511, payload=10).tcp(9000, "PA", 700, 111, payload=10, down=True)
            .tcp(10000, "A", 210, 511, window=0).tcp(11000, "A", 710, 111, down=True, window=0)
            .tcp(12000, "R", 210, window=0))
    capture = folder / "mishaps.pcap"
    write_pcap(capture, talk.packets)
    capture.chmod(0o644)
    expected = []
    for frame in tshark.fields(capture, ("flow.direction", "tcp.flags.reset", *SHAPES)):
        shapes = ["polyline"] if frame["tcp.flags.reset"] in ("1", "True") else [
            shape for field, shape in SHAPES.items() if field in frame]
        expected += [(shape, frame["flow.direction"] == "1") for shape in shapes]
    assert sorted(collections.Counter(expected).values()) == [1] * 7
    drawn = marks(plot(capture, "x.svg"))
    middle = sum(y for _, y in drawn[:2]) / 2  # one is up, the other one down
    assert [(shape, y > middle) for shape, y in drawn] == expected


@needs_module
def test_a_packet_without_a_time_has_no_tick(plot, tshark, folder):
    """Nor is it one of 1970, where the capture begins here."""
    up, down = [packet for _, packet in Talk(dport=9999).udp(0, 9).udp(0, 1, True).packets]
    capture = folder / "some_times.pcapng"
    write(capture, lambda: [
        odd.section(), odd.interface(1), odd.enhanced(0, 0, up), odd.enhanced(0, 10**6, up),
        odd.simple(down), odd.enhanced(0, 2 * 10**6, up)])
    capture.chmod(0o644)
    flow, = tshark.flows(capture)
    assert (flow["flow.up.pkts"], flow["flow.down.pkts"], float(flow["flow.start"])) == (3, 1, 0)
    (*_, ticks), = bars_and_ticks(plot(capture, "x.svg"))
    assert ticks == 3


@needs_module
def test_a_filtered_picture_has_the_ticks_that_passed(plot, captures):
    path = plot(captures / "sample.pcapng", "syn.svg", "timeline", "tcp.flags.syn == 1")
    ticks = [bar[3] for bar in bars_and_ticks(path)]
    assert len(ticks) == 10 and set(ticks) == {1, 2}


@needs_module
def test_columns_of_exports_do_not_matter(plot, captures):
    paths = [plot(captures / "sample.pcapng", f"{number}.svg", options=("-o", f"flow.columns:{of}"))
             for number, of in enumerate(["", "flow.id"])]
    assert texts(paths[0]) == texts(paths[1])


@needs_module
@pytest.mark.parametrize("view", ["timeline", "time", "who", "scatter"])
def test_groups_that_are_off_say_nothing(plot, tshark, captures, view):
    preferences = tshark.run("-G", "currentprefs").stdout
    off = [argument for name in re.findall(r"^#?(flow\.\w+): TRUE$", preferences, re.M)
           for argument in ("-o", f"{name}:FALSE")]
    assert "flow.turns:FALSE" in off
    assert "sample.pcapng" in texts(plot(captures / "sample.pcapng", "off.svg", view, options=off))


@needs_module
def test_the_picture_says_what_it_shows(plot, tshark, captures):
    flows = tshark.flows(captures / "sample.pcapng")
    words = texts(plot(captures / "sample.pcapng", "words.svg"))
    assert "sample.pcapng" in words
    assert any(word.startswith(f"{len(flows)} flows · ") and re.search(
        r" · from 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d\d UTC$", word) for word in words)
    assert "Time since the first flow began (s)" in words
    counts = collections.Counter(map(state, flows))
    assert {f"{name} · {count}" for name, count in counts.items()} <= set(words)
    assert any(re.match(r"192\.0\.2\.1:\d+ → 192\.0\.2\.2:80 · http · ", word) for word in words)


@needs_module
def test_a_filter_with_commas_leaves_its_flows(plot, tshark, captures):
    ports = {80, 81}
    expected = sorted(COLOURS[state(flow)] for flow in tshark.flows(captures / "sample.pcapng")
                      if ports & {flow.get("flow.srcport"), flow.get("flow.dstport")} and
                      flow["flow.proto_name"] == "TCP")
    path = plot(captures / "sample.pcapng", "few.svg", "timeline", "tcp.port in {80,81}")
    assert sorted(colour for colour, *_ in bars(path)) == expected
    assert any(f"{len(expected)} flows" in word and word.endswith("filter: tcp.port in {80,81}")
               for word in texts(path))


@needs_module
def test_time_0_is_that_of_all_flows(plot, tshark, captures):
    """Under a filter too, whose flow begins later."""
    flows = tshark.flows(captures / "sample.pcapng")
    zero = min(float(flow["flow.start"]) for flow in flows)
    late, = [flow for flow in flows if flow.get("flow.dstport") == 81]
    begin, end = (float(late[key]) - zero for key in ("flow.start", "flow.last"))
    assert begin > end - begin > 0.002
    words = texts(plot(captures / "sample.pcapng", "late.svg", "timeline", "tcp.port == 81"))
    assert "Time since the first flow began (ms)" in words
    ticks = [float(word) / 1000 for word in words if re.fullmatch(r"\d+(\.\d+)?", word)]
    room = (end - begin) * 0.05
    assert ticks and all(begin - room < tick < end + room for tick in ticks)


@needs_module
@pytest.mark.parametrize("view", ["timeline", "time", "who", "scatter"])
def test_every_view_in_every_format(plot, captures, view):
    capture = captures / "sample.pcapng"
    assert png_size(plot(capture, f"{view}.png", view)) == (2200, 1400)
    assert "sample.pcapng" in texts(plot(capture, f"{view}.svg", view))
    pdf = plot(capture, f"{view}.pdf", view).read_bytes()
    assert pdf.startswith(b"%PDF") and pdf.rstrip().endswith(b"%%EOF")


# What is not freed, and why; all else is a leak.
LEAKS = """
# Its cache lasts as long as the program.
leak:libfontconfig
# Those of fonts, faces and glyphs, too, of Qt 6.
leak:QFontDatabasePrivate
leak:QFontCache
leak:QFont::QFont
leak:QFreetypeFace
leak:QFontEngineFT
leak:libharfbuzz
leak:libfreetype
# So does Qt's application, which cannot be ended and started again.
leak:start_without_window
# What is registered is Wireshark's from then on.
leak:register_flow
"""


@pytest.fixture(scope="module")
def sanitized():
    """tshark with the plugin and the module of a build with sanitizers."""
    build("sanitize", "flowstats", "flowstats-view")
    with tempfile.TemporaryDirectory() as folder:
        leaks = Path(folder) / "leaks"
        leaks.write_text(LEAKS)
        tshark = Tshark(folder, TOP / "build-sanitize", LD_PRELOAD=libasan(), XDG_CACHE_HOME=folder,
                        UBSAN_OPTIONS="print_stacktrace=1", ASAN_OPTIONS="detect_leaks=0")
        tshark.environment.update(
            ASAN_OPTIONS="detect_leaks=1:fast_unwind_on_malloc=0",
            LSAN_OPTIONS=f"suppressions={leaks}:print_suppressions=0")
        yield tshark


@needs_module
@pytest.mark.parametrize("name", ["sample.pcapng", "nothing.pcap", "one.pcap", "kinds.pcap"])
@pytest.mark.parametrize("view", ["timeline", "time", "who", "scatter"])
def test_drawing_is_clean_under_sanitizers(sanitized, captures, save, folder, view, name):
    """And leaks nothing: with an error tshark's exit code is another."""
    from scapy.all import IP, UDP
    save("nothing.pcap", [])
    save("one.pcap", [IP(src="192.0.2.1", dst="192.0.2.2") / UDP()])
    path = folder / "picture.png"
    said = sanitized.run("-n", "-q", "-r", captures / name, "-z",
                         f"flowstats,plot,{path},{view}").stderr
    assert png_size(path) == (2200, 1400)
    assert "runtime error" not in said and "Sanitizer" not in said


@needs_module
def test_the_rest_dwarfs_nobody(plot, save):
    """The bars with names fill the picture, and that of the rest has its number."""
    from scapy.all import IP, UDP
    path = plot(save("hosts.pcap", [IP(src=f"192.0.2.{i}", dst=f"198.51.100.{i}") / UDP()
                                    for i in range(1, 101)]), "hosts.svg", "who")
    words = texts(path)
    assert "185 others" in words
    assert words.count("28 B") == 15 and "5.18 kB" in words
    assert {"Bytes (B)", "25"} <= set(words)  # an axis for 28 bytes


@needs_module
def test_long_captures_have_days(plot, save):
    from scapy.all import IP, UDP
    packets = [IP(src="192.0.2.1", dst=f"198.51.100.{day + 1}") / UDP() for day in range(10)]
    for day, packet in enumerate(packets):
        packet.time = day * 86400
    words = texts(plot(save("ten_days.pcap", packets), "ten_days.svg"))
    assert "Time since the first flow began (d)" in words and "8" in words


@needs_module
def test_files_one_after_the_other_become_one_picture(plot, tshark, captures):
    path = plot(captures / "sample.pcapng", "twice.svg", options=("-M", "20"))
    flows = tshark.flows(captures / "sample.pcapng", "-M", "20")
    assert any(word.startswith(f"{len(flows)} flows") for word in texts(path))


@needs_module
def test_flows_over_time_end_with_their_file(plot, captures):
    """It counts each packet, and those of files before are gone.  Qt draws axes in any order."""
    words = [sorted(texts(plot(captures / "sample.pcapng", f"{carry_over}.svg", "time",
                               options=("-M", "20", "-o", f"flow.carry_over:{carry_over}"))))
             for carry_over in ("TRUE", "FALSE")]
    assert words[0] == words[1]


@needs_module
def test_a_filter_without_a_view(plot, captures):
    words = texts(plot(captures / "sample.pcapng", "few.svg", "", "tcp.port == 81"))
    assert any(word.startswith("1 flow ") and word.endswith("filter: tcp.port == 81")
               for word in words)


@needs_module
def test_a_capture_that_is_written_is_no_picture(plot, captures, folder):
    said = plot(captures / "tcp_plain.pcap", "x.png", options=("-w", folder / "x.png"), rc=1)
    assert packet_count(folder / "x.png") == 11, said


@needs_module
def test_a_capture_without_a_name(tshark, captures, folder):
    with open(captures / "tcp_plain.pcap") as file:
        tshark.run("-n", "-q", "-r", "-", "-z", f"flowstats,plot,{folder}/x.SVG", stdin=file)
    words = texts(folder / "x.SVG")
    assert "flows" in words and any(word.startswith("1 flow") for word in words)


@needs_module
def test_a_capture_without_flows(plot, captures, save):
    path = plot(save("nothing.pcap", []), "nothing.svg")
    assert any(word.startswith("0 flows") for word in texts(path))


@needs_module
@pytest.mark.parametrize("rest, words", [
    (("x.gif",), "must end with .png, .pdf or .svg"),
    (("png",), "must end with .png, .pdf or .svg"),
    (("x.png", "pie"), "there is no view pie"),
    (("x.png", "who", "tcp.nonsense =="), "flowstats: -z flowstats,plot,"),
    (("nowhere/x.png",), "No such file"),
])
def test_what_cannot_be_drawn_is_said_at_once(plot, captures, rest, words):
    said = plot(captures / "sample.pcapng", *rest, rc=1)
    assert words in said and said.count("flowstats: ") == 1


@needs_module
def test_a_picture_without_room_is_said(tshark, captures, folder):
    (folder / "x.png").symlink_to("/dev/full")
    said = tshark.run("-q", "-r", captures / "sample.pcapng", "-z",
                      f"flowstats,plot,{folder}/x.png", rc=1).stderr
    assert said == f"tshark: flowstats: {folder}/x.png: No space left on device\n"


def test_without_the_module_the_message_says_what_is_missing(tshark, captures, folder):
    for path in (tshark.folder / "plugins").glob("*/flowstats"):
        path.rename(path.parent / "away")
    try:
        said = tshark.run("-q", "-r", captures / "sample.pcapng", "-z",
                          f"flowstats,plot,{folder}/x.png", rc=1).stderr
    finally:
        for path in (tshark.folder / "plugins").glob("*/away"):
            path.rename(path.parent / "flowstats")
    assert "flowstats-view" in said and "Qt and QCustomPlot" in said


def test_the_plugin_itself_knows_no_qt():
    plugin, = (BUILD / "plugins").glob("*/epan/flowstats.so")
    assert "Qt" not in subprocess.run(["ldd", plugin], capture_output=True, text=True).stdout
