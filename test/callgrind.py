"""Instructions, as valgrind's callgrind counts them."""
import re
import subprocess

CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def instructions(*command, **options):
    """Of a command that has CALLGRIND before its program."""
    result = subprocess.run(list(map(str, command)), text=True, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, errors="replace", **options)
    assert result.returncode == 0, result.stderr
    return int(re.search(r"Collected : (\d+)", result.stderr)[1])
