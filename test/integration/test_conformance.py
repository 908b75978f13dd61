"""The conformance check over the project's captures and, where they are, over many real ones."""
import os
import subprocess
from pathlib import Path

import pytest

CONFORMANCE = Path(__file__).resolve().parent.parent / "conformance"
REAL = CONFORMANCE.parent.parent.parent / "shared/captures"
HAS_REAL = REAL.is_dir() and any(REAL.iterdir())


def conforms(*arguments):
    result = subprocess.run([CONFORMANCE, *map(str, arguments)], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_own_captures(captures):
    assert "addresses: 0 compared" not in conforms("--alone", captures)


@pytest.mark.skipif(not HAS_REAL, reason="no folder of real captures beside the repository")
def test_real_captures():
    print(conforms("--seconds", os.environ.get("FLOWSTATS_CONFORMANCE_SECONDS", "600"), REAL))
