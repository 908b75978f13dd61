"""The gate: what we cost a packet in instructions, by what tshark needs for it without us.

Ours are counted within our dissector, where they are the same in every run; tshark's are net of
start-up, which differs from run to run by a little of them.  The limits are what was reached, and
a little more; from 4.4 on Wireshark dissects with fewer instructions, so ours are a larger share.
The whole table is test/bench/run's.
"""
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from measure import DISSECT, FIELDS, FIELDS_OF_FLOWS, OFF, Bench

sys.path.append(str(Path(__file__).resolve().parent.parent / "load"))

import traffic  # noqa: E402

PACKETS = 4000

# What is run without the plugin and with it, and the limits with 4.0 and from 4.4 on.
LIMITS = [
    pytest.param(DISSECT, (*DISSECT, *OFF), (1.06, 1.09), id="dissection"),
    pytest.param(DISSECT, DISSECT, (1.07, 1.11), id="with the extensions that are on"),
    pytest.param(("-2", *FIELDS), ("-2", *FIELDS_OF_FLOWS, *OFF), (None, 1.12),
                 id="fields in two passes"),
    pytest.param(FIELDS, (*FIELDS, *OFF), (1.065, 1.08), id="fields"),
]


@pytest.fixture(scope="module")
def bench():
    with tempfile.TemporaryDirectory() as folder:
        yield Bench(folder)


@pytest.fixture(scope="module")
def alone(bench):
    """What tshark needs for a packet without us, counted once for the same options."""
    known = {}

    def count(pool, options):
        if options not in known:
            known[options] = bench.net(pool, options, count=PACKETS)()
        return known[options]
    return count


@pytest.mark.parametrize("without, ours, limits", LIMITS)
def test_budget(bench, alone, without, ours, limits):
    limit = limits[bench.tshark.version >= (4, 4)]
    if not limit:
        pytest.skip("4.0 builds every item")
    with ThreadPoolExecutor(2) as pool:
        inside = bench.inside(pool, ours, PACKETS)
        ratio = 1 + inside() / alone(pool, without)
    assert 1 < ratio < limit


@pytest.mark.parametrize("statistic, listener", [
    ("conv,flow", "add_conversation*"), ("flowstats.sizes,tree", "packet_2*"),
])
def test_a_waiting_fragment_costs_no_more_where_many_wait(bench, statistic, listener):
    """What each listener of ours does at a frame, where 64 wait and where 2048 do."""
    def cost(count):
        path = bench.folder / f"lone-{count}.pcap"
        traffic.write(path, traffic.lone_fragments(count))
        return bench.count(path, ("-q", "-z", statistic), "plugins",
                           f"--toggle-collect={listener}") / count
    few, many = cost(64), cost(2048)
    assert 0 < many <= few
