#!/usr/bin/python3
"""Write the captures that the tests read: generate.py FOLDER"""
import sys
from pathlib import Path

from recipes import BUILDERS, write
from recipes import (  # noqa: F401  each registers its captures
    families, flows, fragments, handshakes, headers, hosts, links, odd, quality, shape, tunnels, turns,
    verdicts)


SAMPLE = Path(__file__).resolve().parent / "sample.pcapng"
REAL = Path(__file__).resolve().parents[3] / "shared/captures"


def generate(folder):
    for name, build in BUILDERS.items():
        write(Path(folder) / name, build)


def shipped(folder):
    """The captures, written into a folder, and the sample where it is."""
    generate(folder)
    return [*sorted(Path(folder).glob("*.pcap*")), SAMPLE]


def real():
    """Real captures, where there are any beside the repository."""
    return sorted(path for path in REAL.rglob("*") if path.is_file()
                  and path.suffix in (".pcap", ".pcapng", ".cap"))


if __name__ == "__main__":
    generate(sys.argv[1])
