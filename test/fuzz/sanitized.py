"""Wireshark's programs with the plugin built with AddressSanitizer and UBSan, and what is a find.

A find is a sanitizer's report, a signal or a broken promise in the plugin's own code, or a program
that ends by itself, or says nothing for too long, only with the plugin.
"""
import re
import resource
import shlex
import subprocess

from presets import libasan
from tshark import SOURCE_LINE, TOP, Tshark

BUILD = TOP / "build-sanitize"
CPU_SECONDS = 60
OURS = re.compile(SOURCE_LINE + r"|flowstats\.so|Dissector bug, protocol Flow"
                  r"|\b(flow|fs|pages)_\w+: assertion")
REPORT = re.compile(r"AddressSanitizer|runtime error:|Dissector bug|CRITICAL|assertion .* failed")

SWITCH, NUMBER = ("TRUE", "FALSE"), ("0", "1", "60", "4294967295")
FIELDS = {"flow.columns": ("", "all", "core", "flow.tuple,flow.len.*,shape", "no.such.field"),
          "flow.fields": ("", "tcp.len", "frame.len,tcp.len,udp.length", "no.such.field,ip.src")}
NAMES = ("", "http.host, dns.qry.name", "ip.src, frame.protocols, tcp.flags, data", "no.such.field")

TREES = ("states", "rtt", "sizes", "protocols", "directions", "responses", "conn_states", "hosts")
EXPORTS = ("csv", "json", "zeek", "quality", "cic", "nfstream", "tunnels", "parts")
STREAM = "stream"  # in one pass, and alone


def limit(seconds=CPU_SECONDS):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


class Sanitized(Tshark):
    """Wireshark's own bugs are no finds: they must not end a program before it comes to ours."""

    def __init__(self, folder, finds, seed):
        super().__init__(
            folder, BUILD, LD_PRELOAD=libasan(), WIRESHARK_DEBUG_WMEM_OVERRIDE="simple",
            G_SLICE="always-malloc", UBSAN_OPTIONS="print_stacktrace=1",
            ASAN_OPTIONS="detect_leaks=0:handle_abort=1")
        del self.environment["WIRESHARK_ABORT_ON_DISSECTOR_BUG"]
        self.bare = {**self.environment, "WIRESHARK_PLUGIN_DIR": "/nonexistent"}
        self.finds, self.seed = finds, seed
        self.fields_with_values = self.field_names
        lines = self.run("-G", "currentprefs").stdout
        self.preferences = {
            name: SWITCH if value in SWITCH else NUMBER if value.isdigit()
            else FIELDS.get(name, NAMES)
            for name, value in re.findall(r"^#?(flow\.[\w.]+): ?(.*)$", lines, re.M)}

    def execute(self, options, environment=None, out=subprocess.DEVNULL, before=limit):
        """The exit code of tshark, and what it said; a signal's number is negative."""
        with open(self.folder / "stderr", "w+b") as errors:
            process = subprocess.run([*self.as_user, "tshark", *map(str, options)], stdout=out,
                                     stderr=errors, env=environment or self.environment,
                                     preexec_fn=before, timeout=20 * CPU_SECONDS)
            errors.seek(0)
            said = errors.read().decode(errors="replace")
        assert "Usage: tshark" not in said, said.split("\n")[0]
        return process.returncode, said

    def save(self, number, said, copied, program, *options, typed=""):
        """Keep what a run read, and a script that repeats the find with the plugin as built then.

        copied: files and folders; typed: what the program reads from standard input.
        """
        self.finds.mkdir(parents=True, exist_ok=True)
        name = self.finds / f"{self.seed}-{number}"
        files = {str(path): str(name.with_name(f"{name.name}-{path.name}")) for path in copied}
        for path, kept in files.items():
            subprocess.run(["cp", "-aT", path, kept], check=True)
        environment = {key: value for key, value in self.environment.items()
                       if key not in ("HOME", "PATH", "WIRESHARK_PLUGIN_DIR")}
        command = shlex.join([*self.as_user, "env",
                              *(f"{key}={value}" for key, value in environment.items()),
                              f"WIRESHARK_PLUGIN_DIR={BUILD / 'plugins'}", program,
                              *map(str, options)])
        if typed:
            name.with_suffix(".requests").write_text(renamed(typed, files))
            command += f" <{shlex.quote(str(name.with_suffix('.requests')))}"
        script = name.with_suffix(".sh")
        script.write_text("#!/bin/sh\n" + "".join(f"# {line}\n" for line in said.splitlines())
                          + f"exec {renamed(command, files)}\n")
        script.chmod(0o755)
        print(f"find in run {number}: {script}", flush=True)


def renamed(text, files):
    for path, kept in files.items():
        text = text.replace(path, kept)
    return text


def blames_us(said):
    """Whether a sanitizer or Wireshark reports something of ours.

    What the plugin says to the user is no report, but says where it stands in a debug build.
    """
    reports = "\n".join(line for line in said.splitlines() if " flowstats: " not in line)
    return bool(OURS.search(reports) and REPORT.search(reports))
