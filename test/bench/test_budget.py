"""The gate: what we cost a packet in instructions, by what tshark needs for it without us.

Ours are counted within our dissector, where they are the same in every run; tshark's are net of
start-up, which differs from run to run by a little of them.  The limits are what was reached, and
a little more; from 4.4 on Wireshark dissects with fewer instructions, so ours are a larger share.
The whole table is test/bench/run's.
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

IS_OLD = VERSION < (4, 4)

LIMITS = [
    pytest.param(DISSECT, (*DISSECT, *OFF), 1.037 if IS_OLD else 1.05, id="dissection"),
    pytest.param(DISSECT, DISSECT, 1.05 if IS_OLD else 1.07, id="with the extensions that are on"),
    pytest.param(("-2", *OTHERS), ("-2", *OURS, *OFF), 1.08, id="fields in two passes",
                 marks=pytest.mark.skipif(IS_OLD, reason="4.0 builds every item")),
    pytest.param(OTHERS, (*OTHERS, *OFF), 1.26 if IS_OLD else 1.04, id="fields"),
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
