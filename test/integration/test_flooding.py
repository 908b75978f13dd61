"""Texts chosen so that a hash without a seed meets in one slot cost what other texts cost.

What is counted is work, not time: how often the program compares two texts.
"""
import random
import re
import struct
import subprocess

import pytest
from scapy.all import IP, UDP, Ether, Raw

from recipes import A, MAC_A, MAC_B
from tshark import TOP

COUNT = 1024
DIGITS = COUNT.bit_length() - 1
# Two labels by two, that djb's hash, which GLib has for strings, does not tell apart.
SEPARATOR = " › "


def djb(text, before=5381):
    for byte in text.encode():
        before = (before * 33 + (byte - 256 if byte > 127 else byte)) & 0xffffffff
    return before


def encapsulated(labels):
    return "".join(f"mpls({label}){SEPARATOR}" for label in labels)


def colliding_pair():
    """Two pairs of labels whose texts have one hash."""
    chance, seen = random.Random(1), {}
    while True:
        labels = chance.randint(100000, 999999), chance.randint(100000, 999999)
        same = seen.setdefault(djb(encapsulated(labels), 0), labels)
        if same != labels:
            return same, labels


def chosen_from(pair):
    """Sequences of the one and the other, each sequence once."""
    return [[pair[number >> digit & 1] for digit in range(DIGITS)] for number in range(COUNT)]


def names(parts):
    """DNS queries for a name each."""
    def query(name):
        return bytes([0, 1, 1, 0, 0, 1]) + bytes(6) + bytes([len(name)]) + name + b"\0\0\1\0\1"
    return [Ether(src=MAC_A, dst=MAC_B) / IP(src=A, dst=f"10.1.{i >> 8}.{i & 255}")
            / UDP(sport=40000, dport=53) / query("".join(part).encode())
            for i, part in enumerate(parts)]


def stacks(parts):
    """A flow each below a stack of MPLS labels."""
    packets = []
    for i, part in enumerate(parts):
        labels = [label for pair in part for label in pair]
        stack = b"".join(struct.pack(">I", label << 12 | (k == len(labels)) << 8 | 64)
                         for k, label in enumerate(labels, 1))
        packets.append(Ether(src=MAC_A, dst=MAC_B, type=0x8847) / Raw(stack)
                       / IP(src=A, dst=f"10.1.{i >> 8}.{i & 255}") / UDP(sport=1000, dport=9999))
    return packets


@pytest.fixture(scope="session")
def floods(save):
    """By kind: packets with texts that collide, and with as many as long that do not."""
    chance = random.Random(2)

    def letters():
        return chance.choice("abcdefghij") + chance.choice("ABCDEFGHIJ")

    def labels():
        return chance.randint(100000, 999999), chance.randint(100000, 999999)

    def any_of(part):
        return [[part() for _ in range(DIGITS)] for _ in range(COUNT)]

    pair = colliding_pair()
    assert djb(encapsulated(pair[0])) == djb(encapsulated(pair[1]))
    return {"names": (save("flood_names.pcap", names(chosen_from(("aB", "b!")))),
                      save("calm_names.pcap", names(any_of(letters)))),
            "stacks": (save("flood_stacks.pcap", stacks(chosen_from(pair))),
                       save("calm_stacks.pcap", stacks(any_of(labels))))}


@pytest.fixture(scope="session")
def counted(tshark):
    """Runs tshark and returns how many comparisons it made."""
    library = tshark.folder / "comparisons.so"
    subprocess.run(["cc", "-O1", "-fno-builtin", "-shared", "-fPIC", TOP / "test/comparisons.c",
                    "-o", library], check=True)
    library.chmod(0o755)

    def counted(*arguments):
        result = subprocess.run(
            [*tshark.as_user, "tshark", "-n", "-q", *map(str, arguments)], text=True,
            capture_output=True, env={**tshark.environment, "LD_PRELOAD": str(library)},
            timeout=tshark.seconds)
        assert result.returncode == 0, result.stderr
        return int(re.search(r"comparisons: (\d+)", result.stderr).group(1))
    return counted


def test_a_tree_has_a_limit_of_rows(tshark, floods):
    """Wireshark's own table of them has no seed.  Each division has so many rows."""
    text = tshark.run("-n", "-q", "-r", floods["stacks"][1], "-z",
                      "flowstats.protocols,tree").stdout
    assert len(re.findall(r"^ +mpls\(", text, re.M)) == 256
    assert re.search(rf"^ *Encapsulation +{COUNT} ", text, re.M)
    assert re.search(rf"^ +others +{COUNT - 256} ", text, re.M)


@pytest.mark.parametrize("kind, options", [
    ("names", ("-o", "flow.sticky:TRUE", "-o", "flow.sticky_fields:dns.qry.name", "-z",
               "flowstats,csv")),
    ("stacks", ("-z", "flowstats,csv")),
    ("stacks", ("-M", "100", "-z", "flowstats,csv")),
    ("stacks", ("-z", "flowstats.protocols,tree")),
], ids=["sticky values", "encapsulations", "sessions", "bands of a tree"])
def test_chosen_texts_cost_as_others_do(counted, floods, kind, options):
    """1024 texts in one slot are half a million comparisons."""
    chosen, others = (counted("-r", capture, *options) for capture in floods[kind])
    assert chosen < others + COUNT * COUNT / 10, f"{chosen} against {others}"
