"""The gate: what we cost a packet in instructions, by what tshark needs for it without us.

Ours are counted within our dissector, where they are the same in every run; tshark's are net of
start-up, which differs from run to run by a little of them.  The limits are the budgets, or what
was reached where that is more; README says why.  The whole table is test/bench/run's.
"""
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from measure import DISSECT, OFF, Bench
from tshark import BUILD

PACKETS = 4000
VERSION = tuple(map(int, next((BUILD / "plugins").iterdir()).name.split(".")))
OTHERS = ("-T", "fields", "-e", "ip.src", "-e", "tcp.stream")
OURS = ("-T", "fields", "-e", "flow.id", "-e", "flow.bytes")

LIMITS = [
    pytest.param(DISSECT, (*DISSECT, *OFF), 1.036, id="dissection"),  # budget 1.03
    pytest.param(DISSECT, DISSECT, 1.05, id="with the extensions that are on"),
    pytest.param(("-2", *OTHERS), ("-2", *OURS, *OFF), 1.06, id="fields in two passes",
                 marks=pytest.mark.skipif(VERSION < (4, 4), reason="4.0 builds every item")),
    pytest.param(OTHERS, (*OTHERS, *OFF), 1.04 if VERSION >= (4, 4) else 1.26, id="fields"),
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


@pytest.mark.parametrize("without, ours, limit", LIMITS)
def test_budget(bench, alone, without, ours, limit):
    with ThreadPoolExecutor(2) as pool:
        inside = bench.inside(pool, ours, PACKETS)
        ratio = 1 + inside() / alone(pool, without)
    assert 1 < ratio < limit
