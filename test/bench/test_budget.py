"""The gate: what a packet costs in instructions, which are the same on every machine.

The budgets are 3 %, and 5 % with the extensions, of what dissection costs in real captures.  The
packets of this mix are cheap to dissect, so the same instructions are a larger share of them; the
limits are what was reached (1.036 and 1.065), and what two starts of tshark can differ by.  The
whole table is test/bench/run's.
"""
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from measure import DISSECT, OFF, Bench

PACKETS = 8000


@pytest.fixture(scope="module")
def costs():
    """Instructions a packet of dissection alone: without the plugin, with it, with extensions."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        bench = Bench(folder)
        runs = [bench.net(pool, DISSECT, count=PACKETS),
                bench.net(pool, (*DISSECT, *OFF), "plugins", PACKETS),
                bench.net(pool, DISSECT, "plugins", PACKETS)]
        return [run() for run in runs]


def test_dissection_alone(costs):
    assert costs[1] / costs[0] < 1.08


def test_with_the_extensions_that_are_on(costs):
    assert costs[2] / costs[0] < 1.11
