"""Fields that nobody looks at: a filter, a tap or a script takes them from a tree without text."""
import re

import pytest

PASSES = pytest.mark.parametrize("passes", [(), ("-2",)])


@PASSES
@pytest.mark.parametrize("capture, filter_text, count", [
    ("port_reuse", "flow.id == 0", 11), ("port_reuse", "flow.id == 2", 2),
    ("port_reuse", "flow.section.tcp", 16), ("port_reuse", "flow.section.shape", 16),
    ("port_reuse", "flow.section.sofar", 16), ("port_reuse", "flow", 16),
    ("port_reuse", "flow.sofar.tcp.state == 1", 4),
    ("port_reuse", 'flow.tuple contains ":40000"', 16),
    ("kinds", "flow.section.tcp", None), ("icmp_errors", "flow.icmp_error_for == 0", 2)])
def test_filters_alone(tshark, captures, capture, filter_text, count, passes):
    """As many frames as with -T fields, which makes the tree a visible one."""
    path = captures / f"{capture}.pcap"
    alone = tshark.run("-n", "-r", path, *passes, "-Y", filter_text).stdout.splitlines()
    numbers = [line.split()[0] for line in alone]
    seen = tshark.fields(path, ("frame.number",), *passes, "-Y", filter_text)
    assert numbers == [frame["frame.number"] for frame in seen]
    if count is not None:
        assert len(numbers) == count


def test_sections_alone(tshark, captures):
    """Also those of the groups that only a window shows: they stand for their fields."""
    frames = tshark.fields(captures / "sample.pcapng", tshark.section_names, "-2")
    missing = set(tshark.section_names).difference(*frames)
    assert missing == {"flow.section.mptcp", "flow.section.sticky"}, "the sample has neither"
    assert len([frame for frame in frames if "flow.section.shape" in frame]) == len(frames)


def test_a_section_asked_for_beside_all_details(tshark, captures):
    path = captures / "port_reuse.pcap"
    shown = tshark.run("-n", "-r", path, "-V", "-Y", "flow.section.shape").stdout
    assert shown.count("[Shape]") == 16
    assert "[Shape]" not in tshark.run("-n", "-r", path, "-V").stdout


@PASSES
@pytest.mark.parametrize("filter_text, count", [("flow.id == 0", 11), ("flow.section.tcp", 16)])
def test_filters_of_statistics(tshark, captures, filter_text, count, passes):
    text = tshark.run("-n", "-q", "-r", captures / "port_reuse.pcap", *passes, "-z",
                      f"io,stat,0,{filter_text}").stdout
    assert re.search(rf"<> .*\| +{count} \|", text), text


def test_filters_of_the_second_pass_know_the_whole_flow(tshark, captures):
    """On its first frame too; one pass does not know it anywhere."""
    def frames(*passes):
        return len(tshark.run("-n", "-r", captures / "port_reuse.pcap", *passes, "-Y",
                              "flow.pkts == 11").stdout.splitlines())
    assert (frames("-2"), frames()) == (11, 0)


@pytest.mark.parametrize("names", [
    ("flow.section.tcp", "flow.tcp.state"), ("flow.section.sofar", "flow.sofar.tcp.state"),
    ("flow.section.tcp", "flow.sofar.tcp.state"), ("flow.section.total", "flow.pkts")])
def test_a_field_is_there_once_with_its_section(tshark, captures, names):
    frames = tshark.fields(captures / "tcp_plain.pcap", names, "-2")
    alone = tshark.fields(captures / "tcp_plain.pcap", names[1:], "-2")
    assert [frame[names[1]] for frame in frames] == [frame[names[1]] for frame in alone]


def test_lua_takes_fields_where_nobody_looks(tshark, captures):
    script = tshark.folder / "count.lua"
    script.write_text("""
local id, tcp = Field.new("flow.id"), Field.new("flow.section.tcp")
local tap, ids, sections = Listener.new("frame"), 0, 0
function tap.packet()
    if id() and id().value == UInt64(0) or id() and tonumber(tostring(id())) == 0 then
        ids = ids + 1
    end
    sections = sections + (tcp() and 1 or 0)
end
function tap.draw() print("ids " .. ids .. " sections " .. sections) end
""")
    script.chmod(0o644)
    said = tshark.run("-n", "-q", "-X", f"lua_script:{script}", "-r",
                      captures / "port_reuse.pcap").stdout
    assert "ids 11 sections 16" in said
