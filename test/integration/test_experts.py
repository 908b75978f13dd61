"""Expert infos: on the packets that they speak of, on no others, and off when nobody wants them."""
import re
from decimal import Decimal

import pytest

NAMES = tuple(f"flow.expert.{name}" for name in (
    "unanswered", "reset_before_data", "slow_handshake", "ip_id_gap"))
UNANSWERED, RESET, SLOW, GAP = NAMES
SUMMARIES = {UNANSWERED: "SYN without an answer of TCP",
             RESET: "Connection reset before any data", SLOW: "Slow handshake",
             GAP: "Gap in the IP identification"}


GAPS_ON = ("-o", "flow.experts_ip_id:TRUE")


def experts(tshark, capture, *options):
    """The frames with each expert info."""
    rows = tshark.fields(capture, NAMES, *options)
    found = {name: [i for i, row in enumerate(rows, 1) if name in row] for name in NAMES}
    return {name: frames for name, frames in found.items() if frames}


@pytest.mark.parametrize("capture, expected", [
    ("kinds", {RESET: [2], UNANSWERED: [3], SLOW: [6]}),
    ("unanswered", {UNANSWERED: [1]}),
    ("refused", {RESET: [2]}),
    ("syn_after_reset", {RESET: [2, 4]}),
    ("reset", {}),  # after data
    ("tcp_plain", {}),
    ("resets", {RESET: [4]}),  # not where the start is unknown, nor where it came to nothing
    ("reset_after_both_fins", {}),
    ("blind_reset", {}),
    ("ip_ids", {}),  # off by default
    ("icmp_errors", {}),
])
def test_are_on_the_right_packets(tshark, captures, capture, expected):
    assert experts(tshark, captures / f"{capture}.pcap", "-2") == expected


def test_gaps_in_the_ip_id_are_asked_for(tshark, captures):
    assert experts(tshark, captures / "ip_ids.pcap", "-2", *GAPS_ON) == {GAP: [2, 4, 6, 9]}


def test_none_of_a_connection_that_a_timeout_cut(tshark, captures):
    """There were data before the cut."""
    for timeout in ("idle", "active"):
        assert experts(tshark, captures / "reset_after_a_timeout.pcap", "-2", "-o",
                       f"flow.{timeout}_timeout:60") == {}


def test_one_pass_knows_no_whole_flow(tshark, captures):
    assert experts(tshark, captures / "kinds.pcap") == {SLOW: [6]}


def test_threshold_of_slowness(tshark, captures):
    def slow(milliseconds):
        return experts(tshark, captures / "kinds.pcap", "-o",
                       f"flow.slow_handshake:{milliseconds}").get(SLOW, [])
    assert [slow(limit) for limit in (609, 610, 200, 24, 0)] == [
        [6], [], [6, 9], [6, 9, 13, 24], []]


@pytest.mark.parametrize("capture", ["kinds", "ip_ids"])
def test_can_be_switched_off(tshark, captures, capture):
    assert experts(tshark, captures / f"{capture}.pcap", "-2", *GAPS_ON, "-o",
                   "flow.experts:FALSE") == {}


@pytest.mark.parametrize("name", NAMES)
def test_statistic_lists_them_without_a_tree(tshark, captures, name):
    capture = captures / ("ip_ids.pcap" if name == GAP else "kinds.pcap")
    text = tshark.run("-n", "-2", "-q", "-r", capture, *GAPS_ON, "-z", "expert").stdout
    sections = re.split(r"^(\w+) \(\d+\)$", text, flags=re.M)
    section, = (title for title, body in zip(sections[1::2], sections[2::2])
                if re.search(rf"Sequence +FlowStats +{SUMMARIES[name]}$", body, re.M))
    assert section == ("Chats" if name == GAP else "Notes")


def test_are_found_as_expert_infos(tshark, captures):
    frames = tshark.fields(captures / "kinds.pcap", ("frame.number",), "-2", "-Y",
                           f'_ws.expert.message == "{SUMMARIES[RESET]}"')
    assert frames == [{"frame.number": "2"}]


def test_hang_below_our_item(tshark, captures):
    details = tshark.run("-n", "-2", "-r", captures / "unanswered.pcap", "-O", "flow").stdout
    assert f"[Expert Info (Note/Sequence): {SUMMARIES[UNANSWERED]}]" in details


def saved(save, name, packets, **options):
    """The path of a capture of (milliseconds, packet)."""
    for milliseconds, packet in packets:
        packet.time = 1_700_000_000 + Decimal(str(milliseconds)) / 1000
    return save(name, [packet for _, packet in packets], **options)


def test_slow_is_what_takes_any_longer_than_the_threshold(tshark, save):
    """By a hundred nanoseconds."""
    from recipes import Talk
    talks = [Talk(sport=40000 + i).handshake(1000 * i, rtt=(500, rest))
             for i, rest in enumerate((100, 100.0001))]
    path = saved(save, "just_slow.pcap", talks[0].packets + talks[1].packets, nano=True)
    assert experts(tshark, path, "-o", "flow.slow_handshake:600") == {SLOW: [6]}


def test_a_reset_before_data_needs_the_first_packet(tshark, save):
    """Which is a SYN: what there was before an answer or an ACK, nobody knows."""
    from recipes import Talk
    talks = [Talk(sport=40000 + i) for i in range(3)]
    talks[0].tcp(0, "SA", 500, 101, down=True).tcp(1, "S", 100)
    talks[1].tcp(0, "A", 101, 501).tcp(1, "S", 100)
    talks[2].tcp(0, "S", 100).tcp(1, "SA", 500, 101, down=True)
    for talk in talks:
        talk.tcp(2, "A", 101, 501).tcp(30, "R", 501, down=True)
    packets = [packet for talk in talks for packet in talk.packets]
    path = saved(save, "reset_after_no_syn.pcap", packets)
    assert experts(tshark, path, "-2").get(RESET) == [12]


def test_a_reset_that_counts_for_nothing_has_none(tshark, save):
    """The connection goes on after somebody else's; the one that stands comes later."""
    from recipes import Talk
    talk = (Talk().handshake().tcp(30, "R", 4_000_000, down=True).tcp(40, "A", 101, 501)
            .tcp(60, "A", 501, 101, down=True).tcp(70, "R", 501, down=True))
    assert experts(tshark, saved(save, "reset_after_a_blind_one.pcap", talk.packets), "-2") == {
        RESET: [7]}


@pytest.mark.parametrize("down", [False, True])
def test_data_of_either_side_are_data(tshark, save, down):
    """A reset after a banner that the server alone sent, or a request that nobody answered."""
    from recipes import Talk
    talk = Talk().handshake().tcp(30, "PA", 501 if down else 101, 101 if down else 501, payload=10,
                                  down=down).tcp(40, "R", 111 if not down else 101)
    path = saved(save, f"reset_after_data_{down}.pcap", talk.packets)
    assert experts(tshark, path, "-2") == {}
