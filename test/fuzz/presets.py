"""Builds what fuzzing runs."""
import os
import subprocess
import sys

from tshark import TOP


def build(preset, *targets):
    """Build targets of a CMake preset; ends with the compiler's output where that fails."""
    for command in (["cmake", "--preset", preset],
                    ["cmake", "--build", "--preset", preset, "--parallel",
                     str(os.cpu_count()), "--target", *targets]):
        result = subprocess.run(command, cwd=TOP, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        if result.returncode:
            sys.exit(result.stdout)
