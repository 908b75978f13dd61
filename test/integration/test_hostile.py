"""Hostile input: damaged captures, random packets, output that fails, and nobody to trust."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TEST = Path(__file__).resolve().parent.parent


def test_damaged_captures(captures, tmp_path):
    """A short run of the fuzzer; FOLDER of finds and the command are in its output."""
    result = subprocess.run([TEST / "fuzz/run", "--runs", "12", "--finds", tmp_path,
                             *captures.glob("*.pcap*")], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "12 mutated runs, 0 finds" in result.stdout


@pytest.mark.skipif(not shutil.which("clang"), reason="no clang")
def test_random_packets(tmp_path):
    result = subprocess.run([TEST / "fuzz/engine", "--time", "8", "--finds", tmp_path], text=True,
                            capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    for executions in re.findall(r": (\d+) executions", result.stdout):
        assert int(executions) > 1000


@pytest.mark.skipif(not shutil.which("valgrind") or not shutil.which("sharkd"),
                    reason="no valgrind or no sharkd")
def test_memory():
    """Open, dissect again, reload and close, with no error and no leak of ours."""
    result = subprocess.run([TEST / "memcheck", "--quick"], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
def test_load():
    """Right numbers, within bounds of memory, and no instructions beyond the linear."""
    result = subprocess.run([TEST / "load/run", "--quick"], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
