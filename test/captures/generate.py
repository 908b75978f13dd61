#!/usr/bin/python3
"""Write the captures that the tests read: generate.py FOLDER"""
import sys
from pathlib import Path

from recipes import BUILDERS, write
from recipes import flows, fragments, links, odd, tunnels  # noqa: F401  each registers its captures


def generate(folder):
    for name, build in BUILDERS.items():
        write(Path(folder) / name, build)


if __name__ == "__main__":
    generate(sys.argv[1])
