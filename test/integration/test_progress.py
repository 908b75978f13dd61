"""What the tools say on a terminal while something takes long."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from tshark import TOP

COLUMNS = 40
SCRIPT = """
. tools/progress.sh
trap 'end_progress; exit 1' INT TERM
log=$1
printf 'early\\n[ 49%%] Building C object a/long/path/of/some.c.o\\n' >"$log"
progress "tools/x: compiling what has a long name" last_line_of_log sleep "$2"
"""


@pytest.fixture
def terminal():
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, COLUMNS, 0, 0))
    yield ours, theirs
    os.close(ours)


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_progress_is_one_line_that_goes(terminal, tmp_path, is_interrupted):
    """Its end is cut where the terminal ends: a line that wraps could not be taken back."""
    ours, theirs = terminal

    def take_terminal():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in the background ignores it
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    seconds = "30" if is_interrupted else "3.5"
    run = subprocess.Popen(["sh", "-c", SCRIPT, "sh", tmp_path / "log", seconds], cwd=TOP,
                           stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal)
    os.close(theirs)
    said = b""
    while b"tools/x" not in said:
        said += os.read(ours, 4096)
    if is_interrupted:
        os.write(ours, b"\x03")
    assert run.wait(20) == is_interrupted
    try:
        while more := os.read(ours, 4096):
            said += more
    except OSError:
        pass  # how a terminal whose program has ended says so
    line = "tools/x: compiling what has a long name: [ 49%"[:COLUMNS - 1]
    first, *lines, last = re.split(r"\r\x1b\[K", said.decode())
    assert lines and set(lines) <= {line, f"{line}^C"}
    assert first == last == ""


def test_progress_says_the_files_name(tmp_path):
    """Elsewhere a line; of a path its end, which tells files apart."""
    run = subprocess.run(["sh", "-c", SCRIPT, "sh", tmp_path / "log", "2.5"], cwd=TOP, text=True,
                         capture_output=True, check=True)
    assert run.stderr == ("tools/x: compiling what has a long name: "
                          "[ 49%] Building C object some.c.o\n")


def test_what_ends_at_once_is_not_waited_for(tmp_path):
    """The shell that says how far it is may not have begun when it has to end."""
    script = SCRIPT.splitlines()
    script[-1:] = ['for _ in $(seq 200); do progress "tools/x" last_line_of_log true; done; echo done']
    result = subprocess.run(["sh", "-c", "\n".join(script), "sh", tmp_path / "log"], cwd=TOP, text=True,
                            capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")
