"""clang-format and clang-tidy have nothing to say, and no file says what it should not."""
import re
import shutil
import subprocess

import pytest

from tshark import BUILD, TOP

SOURCES = [path for folder in ("include", "plugin", "test/fuzz", "test/load", "test/unit")
           for pattern in ("*.[ch]", "*.cpp") for path in sorted((TOP / folder).rglob(pattern))]


VERSION = "14"  # others format otherwise, and have other opinions


def need(tool):
    if not shutil.which(tool):
        pytest.skip(f"no {tool}")
    said = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if re.search(r"version (\d+)", said)[1] != VERSION:
        pytest.skip(f"not version {VERSION} of {tool}")


def test_format():
    need("clang-format")
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *SOURCES],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_tidy():
    need("clang-tidy")
    built = (BUILD / "compile_commands.json").read_text()  # C++ where there is Qt
    sources = [path for path in SOURCES if "plugin" in path.parts and path.suffix != ".h" and
               str(path) in built]
    # The compiler's flags for optimization across files are not all clang's.
    result = subprocess.run(["clang-tidy", "--quiet", "-p", BUILD,
                             "--extra-arg=-Wno-ignored-optimization-argument", *sources],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_dissection_ends_nobody():
    """Wireshark's rule for dissectors; the one way out is that of a -z that cannot be."""
    forbidden = r"\b(g_assert\w*|abort|g_error|ws_error|printf|sprintf|strcpy|strcat|gets)\s*\("
    for path in SOURCES:
        if "plugin" in path.parts:
            assert not re.search(forbidden, path.read_text()), path


def test_every_known_mutant_is_one():
    """What a row of test/mutants.known speaks of is still in the plugin, and still tried."""
    said = subprocess.run([TOP / "test" / "mutate", "--list"], check=True, capture_output=True,
                          text=True).stdout
    assert not [line for line in said.splitlines() if line.startswith("#")]
