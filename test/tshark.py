"""tshark with the plugin of the build tree."""
import functools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("FLOWSTATS_BUILD", TOP / "build"))
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# How reports of sanitizers and of valgrind name a line of the plugin, in whichever of its folders.
SOURCE_LINE = r"/(?:plugin/\w+|include/flowstats)/\w+\.(?:c|cpp|h|def):\d+"
SECOND_LOOK = " Needs a second look (-2)."  # what the help of such a field ends with
DAMAGED = (2, 14)  # how tshark ends where a capture is cut short or damaged: before 4.6, and since


def packet_count(path):
    """How many packets a capture has."""
    text = subprocess.run(["capinfos", "-Mc", "-T", "-r", path], text=True, check=True,
                          capture_output=True).stdout
    return int(text.split("\t")[1])


def write_no_more_than(size):
    """For a child process: a file that grows larger fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Tshark:
    """Runs tshark; root becomes nobody, for root's tshark loads no plugins from a build tree."""

    seconds = 120  # the time limit of a run
    reads_damaged = False  # whether a capture may be cut short or damaged

    def __init__(self, folder, build=BUILD, **environment):
        """The plugin of a build tree; environment: more variables, such as a sanitizer needs."""
        self.folder = Path(folder)
        self.folder.chmod(0o755)
        self.as_user = NOBODY if 0 in (os.getuid(), os.getgid()) else []
        shutil.copytree(build / "plugins", self.folder / "plugins")
        cache = self.folder / "cache"  # of fonts: it is said on standard error where there is none
        cache.mkdir()
        cache.chmod(0o777)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(cache), "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "WIRESHARK_PLUGIN_DIR": str(self.folder / "plugins"),
            "WIRESHARK_EXTCAP_DIR": "/nonexistent", "WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1",
            **environment,
        }
        assert "flowstats.so" in self.run("-G", "plugins").stdout, "tshark did not load the plugin"

    def run(self, *arguments, rc=0, **options):
        """Run it and return the finished process; rc: the exit code that is expected."""
        result = subprocess.run([*self.as_user, "tshark", *map(str, arguments)], text=True,
                                capture_output=True, env=self.environment, timeout=self.seconds,
                                errors="replace", **options)
        is_as_expected = result.returncode in (rc, *(DAMAGED if self.reads_damaged else ()))
        assert is_as_expected, f"{arguments}: {result.returncode}\n{result.stderr}"
        return result

    @functools.cached_property
    def version(self):
        """Major and minor."""
        return tuple(map(int, re.search(r"(\d+)\.(\d+)", self.run("--version").stdout).groups()))

    @functools.lru_cache(maxsize=None)
    def fields(self, capture, names, *options):
        """A dict a frame of its fields with a value: strings as tshark prints them, lists joined."""
        wanted = [argument for name in names for argument in ("-e", name)]
        lines = self.run("-n", "-r", capture, *options, "-T", "fields", "-E", "separator=/t",
                         "-E", "aggregator=;", *wanted).stdout.splitlines()
        return [{name: {"True": "1", "False": "0"}.get(value, value)
                 for name, value in zip(names, line.split("\t")) if value} for line in lines]

    @functools.cached_property
    def listed(self):
        """The lines of -G fields about our own, each a list of its columns."""
        lines = (line.split("\t") for line in self.run("-G", "fields").stdout.splitlines())
        return [line for line in lines if line[0] == "F" and line[2].startswith("flow.")]

    @functools.cached_property
    def our_fields(self):
        """(name, type) of all that begin with "flow."."""
        return [(line[2], line[3]) for line in self.listed]

    @functools.cached_property
    def real_names(self):
        """Those of real numbers."""
        return {name for name, kind in self.our_fields if kind == "FT_DOUBLE"}

    def as_exported(self, name, text):
        """What tshark prints of a field, in the words of our exports.

        They have 15 digits of a real number, as tshark had before 4.6; it has all since.  From 4.4
        on it escapes backslashes.
        """
        if name == "flow.eth.type":
            return str(int(text, 0))
        if name in self.real_names:
            return f"{float(text):.15g}"
        return text.replace("\\\\", "\\") if self.version >= (4, 4) else text

    @functools.cached_property
    def field_names(self):
        """Those with values; sections and the filters of expert infos have none."""
        return tuple(name for name, kind in self.our_fields if kind != "FT_NONE")

    @functools.cached_property
    def later_names(self):
        """Those that stand only where a frame is dissected again, as their help says."""
        return {line[2] for line in self.listed if line[-1].endswith(SECOND_LOOK)}

    @functools.cached_property
    def section_names(self):
        return tuple(name for name, _ in self.our_fields if name.startswith("flow.section."))

    def all_columns(self, capture, *options):
        """What -z flowstats,csv says with all columns that there are."""
        return self.run("-n", "-q", "-r", capture, *options, "-o", "flow.columns:all", "-z",
                        "flowstats,csv").stdout

    def flows(self, capture, *options):
        """What -z flowstats,json says: a dict a flow."""
        lines = self.run("-n", "-q", "-r", capture, *options, "-z", "flowstats,json").stdout
        return [json.loads(line) for line in lines.splitlines()]
