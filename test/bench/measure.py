"""Measures tshark with the plugin, without it, and with Wireshark's own plugins that keep flows."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import mix
from callgrind import CALLGRIND, instructions
from tshark import Tshark

HERE = Path(__file__).resolve().parent
DISSECT = ("-q", "-z", "dhcp,stat")  # dissection, and next to nothing else
OFF = ("-o", "flow.app:FALSE", "-o", "flow.tcp_analysis:FALSE")
FIELDS = ("-T", "fields", "-e", "ip.src", "-e", "tcp.stream")
FIELDS_OF_FLOWS = ("-T", "fields", "-e", "flow.id", "-e", "flow.bytes")


class Bench:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.tshark = Tshark(folder)
        self.captures = {}
        self.environments = {
            plugin: {**self.tshark.environment, "WIRESHARK_PLUGIN_DIR": str(self.folder / plugin)}
            for plugin in ("none", "plugins", "peers")}

    def add_peers(self):
        """Make Wireshark's own plugins that keep flows known, apart from ours."""
        text = subprocess.run(["tshark", "-G", "folders"], text=True, capture_output=True).stdout
        installed = Path(re.search(r"Global Plugins:\s+(.*)", text)[1])
        epan = self.folder / "peers" / installed.name / "epan"
        epan.mkdir(parents=True)
        for name in ("transum.so", "mate.so"):
            shutil.copy(installed / "epan" / name, epan)
        for name in ("sessions.mate", "counters.lua"):
            shutil.copy(HERE / name, self.folder)

    def capture(self, shape, count):
        if (shape, count) not in self.captures:
            path = self.folder / f"{shape}-{count}.pcap"
            if shape == "real":
                mix.write_real(path, count)
            else:
                mix.write(path, shape, count)
            self.captures[shape, count] = path
        return self.captures[shape, count]

    def command(self, path, options, *tool):
        return [*self.tshark.as_user, *tool, "tshark", "-r", str(path), *options]

    def count(self, path, options, plugin, *settings):
        """Instructions of a run; settings: more of callgrind's."""
        return instructions(*self.command(path, options, *CALLGRIND, *settings),
                            env=self.environments[plugin])

    def inside(self, pool, options, count=8000):
        """A function that waits for the instructions a packet of our dissector alone.

        These are the same in every run, but for hashes, whose seeds are random.
        """
        run = pool.submit(self.count, self.capture("mix", count), options, "plugins",
                          "--toggle-collect=dissect_flow*")
        return lambda: run.result() / count

    def net(self, pool, options, plugin="none", count=8000, shape="mix"):
        """A function that waits for the instructions a packet, start-up subtracted."""
        runs = [pool.submit(self.count, self.capture(shape, packets), options, plugin)
                for packets in (count, 1)]
        return lambda: (runs[0].result() - runs[1].result()) / (count - 1)

    def environment(self, path, plugin):
        """Wireshark's own mistakes, which real captures find, end no measurement of time."""
        environment = dict(self.environments[plugin])
        if path in [made for (shape, _), made in self.captures.items() if shape == "real"]:
            del environment["WIRESHARK_ABORT_ON_DISSECTOR_BUG"]
        return environment

    def usage(self, path, options, plugin="none"):
        """CPU seconds and peak bytes of a run."""
        process = subprocess.Popen(self.command(path, options), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=self.environment(path, plugin))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, self.command(path, options)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def ratios(self, path, pairs, first, second):
        """The second command's CPU time by the first one's, in turns; each (options, plugin)."""
        self.usage(path, *first)
        return [self.usage(path, *second)[0] / self.usage(path, *first)[0] for _ in range(pairs)]
