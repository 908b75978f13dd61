"""The conformance check over the project's captures and, where they are, over many real ones."""
import os
import subprocess
from pathlib import Path

import pytest

import generate

CONFORMANCE = Path(__file__).resolve().parent.parent / "conformance"


def conforms(*arguments):
    result = subprocess.run([CONFORMANCE, *map(str, arguments)], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_own_captures(captures):
    assert "addresses: 0 compared" not in conforms("--alone", captures)


@pytest.mark.skipif(not generate.real(), reason="no folder of real captures beside the repository")
def test_real_captures():
    print(conforms("--seconds", os.environ.get("FLOWSTATS_CONFORMANCE_SECONDS", "600"),
                   generate.REAL))
