"""What is printed of a field selects the frame again, as Apply as Filter and Copy as Filter need."""
import collections

import pytest

CAPTURES = ("sample.pcapng", "icmp_errors.pcap", "tunnels.pcap", "a_hanging_server.pcap",
            "fast_open_accepted.pcap", "answer_in_pieces.pcap", "late_packets.pcap",
            "one_sided.pcap", "ftp.pcap", "mptcp.pcap", "port_reuse.pcap")
NUMBERS = ("FT_UINT", "FT_DOUBLE", "FT_FRAMENUM", "FT_RELATIVE_TIME", "FT_ETHER", "FT_IPv4", "FT_IPv6")


@pytest.fixture(scope="module")
def types(tshark):
    """The names of the fields of each type, but for those of the extension that is off."""
    names = collections.defaultdict(list)
    for name, kind in tshark.our_fields:
        if name in tshark.field_names and ".sticky." not in name:
            names[kind].append(name)
    return names


def as_filter(kind, name, values):
    """A filter for a field's value, or for each of those that a repeated field has."""
    if kind == "FT_BOOLEAN":
        return f"{name} == True"
    if kind == "FT_DOUBLE":  # printed with six digits
        low, high = sorted(float(values) * (1 + part) for part in (-1e-5, 1e-5))
        return f"{name} >= {low:.9f} && {name} <= {high:.9f}"
    quote = "" if kind.startswith(NUMBERS) else '"'
    return " && ".join(f"{name} == {quote}{value}{quote}" for value in values.split(";"))


@pytest.mark.parametrize("kind", [
    "FT_UINT8", "FT_UINT16", "FT_UINT32", "FT_UINT64", "FT_DOUBLE", "FT_FRAMENUM", "FT_BOOLEAN",
    "FT_RELATIVE_TIME", "FT_ABSOLUTE_TIME", "FT_STRING", "FT_ETHER", "FT_IPv4", "FT_IPv6"])
def test_printed_values_select_their_frame(tshark, decoded, captures, types, kind):
    left = set(types[kind])
    for capture in CAPTURES:
        # every field once, each on the first frame that has it
        filters = []
        for number, frame in enumerate(decoded(capture), 1):
            for name in sorted(left & set(frame)):
                filters.append((number, as_filter(kind, name, frame[name])))
                left.remove(name)
        numbers = sorted({number for number, _ in filters})
        tests = [" && ".join([f"frame.number == {number}", *(text for of, text in filters
                                                            if of == number)])
                 for number in numbers]
        if tests:
            frames = tshark.fields(captures / capture, ("frame.number",), "-2", "-Y",
                                   " || ".join(f"({test})" for test in tests))
            assert [int(frame["frame.number"]) for frame in frames] == numbers
    assert not left, "fields that no frame has"


def test_every_type_is_tested(types):
    marks = test_printed_values_select_their_frame.pytestmark
    assert sorted(types) == sorted(marks[0].args[1])
