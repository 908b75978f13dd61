"""Builds what fuzzing runs, and other tests with sanitizers."""
import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tshark import TOP


def build(preset, *targets):
    """Build targets of a CMake preset; ends with the compiler's output where that fails.

    Tests that run at the same time wait for each other.
    """
    with open(TOP / "CMakePresets.json") as presets:
        fcntl.flock(presets, fcntl.LOCK_EX)
        for command in (["cmake", "--preset", preset],
                        ["cmake", "--build", "--preset", preset, "--parallel",
                         str(os.cpu_count()), "--target", *targets]):
            result = subprocess.run(command, cwd=TOP, text=True, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT)
            if result.returncode:
                sys.exit(result.stdout)


def libasan():
    """What must be loaded before a program that loads what was built with AddressSanitizer."""
    path = subprocess.run(["gcc", "-print-file-name=libasan.so"], text=True, capture_output=True,
                          check=True).stdout
    return str(Path(path.strip()).resolve())
