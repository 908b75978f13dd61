"""sharkd is asked for anything in any order: files, preferences that nobody applies, statistics."""
import json
import re

from sanitized import SWITCH, TREES, blames_us, limit
from sharkd import Failed, Sharkd
from tshark_runs import FILTERS, REASSEMBLY

SECONDS, CPU_SECONDS = 600, 120  # for an answer, on however busy a machine, and for a session
REFUSED_FILTERS = ("flow.none == 1", "flow.pkts >")
OTHER_FILTERS = ("", "tcp", "flow.id == 0", "frame.number > 5", *REFUSED_FILTERS)
TAPS = ("nstat:flowstats,table", *(f"stat:flowstats.{name}" for name in TREES), "conv:FlowStats",
        "endpt:FlowStats")
OTHER_TAPS = ("conv:TCP", "endpt:IPv4", "expert", "stat:http", "nstat:flowstats,csv",
              "stat:flowstats.none", "conv:none")
GRAPHS = ("packets", "bytes", "bits", "max:flow.pkts", "sum:flow.bytes", "avg:flow.duration",
          "min:flow.tcp.rtt", "frames:flow.id", "load:flow.duration",
          "avg:flow.sofar.bytes")
FOLLOWED = (("TCP", "tcp.stream == 0"), ("UDP", "udp.stream == 0"), ("TCP", "flow.id == 0"),
            ("HTTP", "flow.id == 1"), ("NONE", "tcp"))

# What comes nearest to ours in a server without the plugin, so that Wireshark's bugs are met there.
STOCK = (("nstat:flowstats,table", "nstat:dhcp,stat"), ("(conv|endpt):FlowStats", r"\1:TCP"),
         (r"stat:flowstats\.(?!none)\w+", "stat:http"),
         (r"flow\.(tuple|vni|tcp\.state_name)", "frame.protocols"),
         (r"flow\.(duration|delta|tcp\.rtt|sofar\.tcp\.rtt)", "frame.time_relative"),
         (r"flow\.is_last", "frame.marked"), (r"flow\.(?!none)\w[\w.]*", "frame.len"))


def in_stock_words(requests):
    text = json.dumps(requests)
    for ours, theirs in STOCK:
        text = re.sub(ours, theirs, text)
    return json.loads(text)


class SharkdRuns:
    def __init__(self, tshark, inputs):
        self.tshark, self.inputs = tshark, inputs

    # Each returns the method and the parameters of a request.

    def load(self, chance):
        if chance.random() < 0.05:
            return "load", {"file": chance.choice(("/nonexistent", "/dev/null", "/etc/passwd"))}
        return "load", {"file": str(chance.choice(self.files))}

    def set(self, chance):
        name, values = chance.choice([*self.tshark.preferences.items(),
                                      ("flow.sticky", SWITCH), ("flow.app", SWITCH),
                                      (chance.choice(REASSEMBLY), SWITCH),
                                      ("flow.none", SWITCH)])
        return "setconf", {"name": name, "value": chance.choice(values)}

    def frames(self, chance):
        asked = {f"column{i}": f"{name}:1" for i, name in enumerate(chance.sample(
            self.tshark.fields_with_values, chance.choice((0, 1, 5, 30))))}
        if chance.random() < 0.6:
            asked["filter"] = chance.choice(FILTERS + OTHER_FILTERS)
        for name in ("skip", "limit"):
            if chance.random() < 0.2:
                asked[name] = chance.choice((1, 3, 100))
        return "frames", asked

    def frame(self, chance):
        number = chance.choice((1, 2, 3, chance.randint(1, 300), 4294967295))
        asked = {name: True for name in ("proto", "columns", "bytes", "color", "hidden")
                 if name == "proto" or chance.random() < 0.2}
        if chance.random() < 0.2:
            asked["ref_frame"] = chance.randint(0, 5)
        return "frame", {"frame": number, **asked}

    def tap(self, chance):
        known = TAPS + (chance.choice(OTHER_TAPS), )
        chosen = chance.choices(known, k=chance.choice((1, 2, 5, 15)))
        if chance.random() < 0.3:
            chosen = chosen[:1] * 2
        asked = {f"tap{i}": tap for i, tap in enumerate(chosen)}
        if chance.random() < 0.3:
            asked["filter"] = chance.choice(FILTERS + OTHER_FILTERS)
        return "tap", asked

    @staticmethod
    def iograph(chance):
        """Where one of several graphs is refused, sharkd 4.0 goes on to feed the others, freed."""
        asked = {"interval": chance.choice((1, 100, 1000, 60000))}
        if chance.random() < 0.1:
            return "iograph", {**asked, "graph0": chance.choice(("max:flow.none", "packets")),
                               "filter0": chance.choice(REFUSED_FILTERS)}
        for i in range(chance.choice((1, 2, 5))):
            asked[f"graph{i}"] = chance.choice(GRAPHS)
            if chance.random() < 0.7:
                asked[f"filter{i}"] = chance.choice(("flow.pkts", "flow.duration", "tcp", *FILTERS))
        return "iograph", asked

    @staticmethod
    def follow(chance):
        protocol, text = chance.choice(FOLLOWED)
        return "follow", {"follow": protocol, "filter": text}

    @staticmethod
    def small(chance):
        return chance.choice((
            ("status", {}), ("analyse", {}), ("info", {}), ("dumpconf", {"pref": "flow.sticky"}),
            ("dumpconf", {}), ("check", {"filter": chance.choice(FILTERS + OTHER_FILTERS)}),
            ("check", {"field": chance.choice(("flow.pkts", "flow.", "flow.none"))}),
            ("complete", {"field": chance.choice(("flow.", "flow.tcp.", "fl"))}),
            ("complete", {"pref": chance.choice(("flow.", "flow.idle_t"))}),
            ("intervals", {"interval": 100, "filter": chance.choice(FILTERS)}),
            ("setcomment", {"frame": chance.randint(1, 5), "comment": "a"})))

    def requests(self, chance):
        """A session; a file is loaded soon, for without one most requests are refused."""
        kinds = (self.load, self.set, self.frames, self.frame, self.tap, self.iograph, self.follow,
                 self.small)
        early = [chance.choice((self.set, self.set, self.small, self.tap, self.frames))
                 for _ in range(chance.choice((0, 1, 2, 6)))]
        rest = chance.choices(kinds, (3, 5, 4, 5, 6, 2, 1, 3), k=chance.randint(5, 30))
        return [kind(chance) for kind in (*early, self.load, *rest)]

    def execute(self, requests, environment):
        """What was wrong with the answers, "" for nothing, and what the server said."""
        wrong = ""
        with (open(self.tshark.folder / "stderr", "w+b") as errors,
              Sharkd(self.tshark, env=environment, stderr=errors,
                     preexec_fn=lambda: limit(CPU_SECONDS)) as sharkd):
            sharkd.seconds = SECONDS
            try:
                for method, parameters in requests:
                    try:
                        sharkd.ask(method, **parameters)
                    except Failed:
                        pass
                rc = sharkd.close()
                if rc:
                    wrong = f"exit code {rc}"
            except (AssertionError, OSError, ValueError) as error:
                wrong = f"{type(error).__name__}: {error}"
            errors.seek(0)
            return wrong, errors.read().decode(errors="replace")

    def run(self, number, chance):
        self.files = [self.tshark.folder / f"file{i}.pcapng" for i in range(3)]
        for path in self.files:
            self.inputs.write(chance, path)
        requests = self.requests(chance)
        wrong, said = self.execute(requests, self.tshark.environment)
        is_find = blames_us(said) or (
            wrong and not self.execute(in_stock_words(requests), self.tshark.bare)[0])
        if is_find:
            lines = [json.dumps({"jsonrpc": "2.0", "id": i, "method": method, "params": parameters})
                     for i, (method, parameters) in enumerate(requests, 1)]
            self.tshark.save(number, f"{wrong}\n{said}", self.files, "sharkd", "-",
                             typed="\n".join(lines) + "\n")
        return not is_find
