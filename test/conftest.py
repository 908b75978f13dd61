"""The fixtures of all tests: tshark with the plugin, the captures, and what tshark says of them."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tshark import TOP, Tshark

sys.path.insert(0, str(TOP / "test" / "captures"))


@pytest.fixture(scope="session")
def tshark():
    with tempfile.TemporaryDirectory() as folder:
        yield Tshark(folder)


@pytest.fixture(scope="session")
def captures():
    """Folder of the generated captures and of the recorded sample, readable for all."""
    import generate
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        generate.generate(folder)
        shutil.copy(generate.SAMPLE, folder)
        for path in Path(folder).iterdir():
            path.chmod(0o644)
        yield Path(folder)


@pytest.fixture(scope="session")
def save(captures):
    """Writes scapy's packets beside the captures, for a test that needs its own; returns the path."""
    saved = set()

    def save(name, packets, **options):
        from scapy.all import wrpcap
        assert name in saved or not (captures / name).exists(), "another capture has this name"
        saved.add(name)
        wrpcap(str(captures / name), packets, **options)
        (captures / name).chmod(0o644)
        return captures / name
    return save


@pytest.fixture(scope="session")
def install():
    """Installs a part of flowstats below a folder, from a build tree that builds nothing."""
    def install(component, folder):
        with tempfile.TemporaryDirectory() as tree:
            for command in (["cmake", "-S", TOP, "-B", tree, "-DBUILD_TESTING=OFF"],
                            ["cmake", "--install", tree, "--component", component]):
                subprocess.run(command, check=True, capture_output=True,
                               env={**os.environ, "DESTDIR": str(folder)})
        return Path(folder)
    return install


# Wireshark's own decode, to compare with.
DECODED = ("frame.len", "frame.cap_len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport",
           "tcp.dstport", "udp.srcport", "udp.dstport", "sctp.srcport", "sctp.dstport",
           "tcp.seq_raw", "tcp.len", "tcp.stream", "tcp.flags.syn", "ip.id", "ip.flags.df",
           "udp.length", "icmp.type", "icmpv6.type", "tcp.analysis.initial_rtt")


@pytest.fixture(scope="session")
def decoded(tshark, captures):
    """All frames of a capture dissected again, with our fields and Wireshark's."""
    return lambda capture: tshark.fields(captures / capture, tshark.field_names + DECODED, "-2")


def pytest_generate_tests(metafunc):
    """A test with the argument any_capture runs once for every capture."""
    if "any_capture" in metafunc.fixturenames:
        import generate
        metafunc.parametrize("any_capture", [*generate.BUILDERS, "sample.pcapng"])
