"""tshark reads a capture in one pass or two, with random preferences, fields and statistics."""
from sanitized import EXPORTS, SWITCH, TREES, blames_us

REASSEMBLY = ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams",
              "tcp.reassemble_out_of_order", "tcp.analyze_sequence_numbers", "tcp.check_checksum",
              "tcp.try_heuristic_first", "tcp.no_subdissector_on_error", "ip.check_checksum",
              "udp.try_heuristic_first", "udp.check_checksum", "sctp.reassembly", "sctp.checksum")
FILTERS = ("flow.bytes > 1000", "flow.tcp.state_name == \"Reset\" || flow.tuple contains \"UDP\"",
           "flow.sofar.tcp.rtt < 1 && flow.delta >= 0", "flow.vni matches \"x\"", "!flow.is_last",
           "flow.tunnel.pkts > 1 || flow.rank < 3")
STATISTICS = ("flowstats,table", "flowstats,table,ip", *(f"flowstats,{name}" for name in EXPORTS),
              "flowstats,csv,-,flow.index > 2", "flowstats,json,/dev/null,frame.len > 100",
              "flowstats,stream,/dev/null", "flowstats,tunnels,-,udp",
              *(f"flowstats.{name},tree" for name in TREES),
              "conv,flow", "endpoints,flow", "conv,flow,tcp")
VIEWS = ("timeline", "time", "who", "scatter")
DISABLED = ("tcp", "udp", "ip", "ipv6", "eth", "vlan", "gre", "icmp", "http", "dns", "flow")


class TsharkRuns:
    def __init__(self, tshark, inputs):
        self.tshark, self.inputs = tshark, inputs
        self.preferences = {**tshark.preferences, **dict.fromkeys(REASSEMBLY, SWITCH)}
        self.has_pictures = any(tshark.folder.rglob("flowstats-view.so"))

    def statistics(self, chance, folder, two_passes):
        if not two_passes and chance.random() < 0.2:
            return ["flowstats,stream", "flowstats,stream,/dev/null,tcp"][:chance.randint(1, 2)]
        chosen = chance.sample(STATISTICS, chance.choice((0, 1, 3, len(STATISTICS))))
        tables = [name for name in chosen if name.startswith("flowstats,table")]
        chosen = [name for name in chosen if name not in tables[1:]]  # tshark takes one
        if self.has_pictures and chance.random() < 0.2:
            chosen.append(f"flowstats,plot,{folder}/picture.svg,{chance.choice(VIEWS)}")
        return chosen

    def options(self, chance):
        """The options of this run: those that any tshark knows, and those of the plugin."""
        general, ours = ["-n"], []
        two_passes = chance.random() < 0.5
        if two_passes:
            general.append("-2")
        for name, values in self.preferences.items():
            if chance.random() < 0.3:
                (ours if name.startswith("flow.") else general).extend(
                    ("-o", f"{name}:{chance.choice(values)}"))
        if chance.random() < 0.1:
            protocol = chance.choice(DISABLED)
            (ours if protocol == "flow" else general).extend(("--disable-protocol", protocol))
        if chance.random() < 0.3:
            ours += ["-Y", chance.choice(FILTERS)]
        if chance.random() < 0.2:
            general += (["-R", chance.choice(("tcp || udp", "frame.len > 80", "ip.flags.mf == 0"))]
                        if two_passes else ["-M", chance.choice(("300", "2000"))])
        shown = chance.choice(("fields", "details", "columns", "pdml", "nothing"))
        if shown == "fields":
            ours += ["-T", "fields"]
            fields = self.tshark.fields_with_values
            for name in chance.sample(fields, chance.randint(1, len(fields))):
                ours += ["-e", name]
        else:
            ours += {"details": ["-O", "flow"], "columns": [], "pdml": ["-T", "pdml", "-J", "flow"],
                     "nothing": ["-q"]}[shown]
        for statistic in self.statistics(chance, self.tshark.folder, two_passes):
            ours += ["-z", statistic]
        return general, ours

    def run(self, number, chance):
        """One run; False when it is a find."""
        capture = self.tshark.folder / "input.pcapng"
        self.inputs.write(chance, capture)
        general, ours = self.options(chance)
        options = ["-r", capture, *general]
        rc, said = self.tshark.execute(options + ours)
        is_find = blames_us(said)
        if not is_find and rc < 0:
            is_find = self.tshark.execute([*options, "-V"], self.tshark.bare)[0] >= 0
            said = f"exit code {rc}, 0 without the plugin\n{said}"
        if is_find:
            self.tshark.save(number, said, [capture], "tshark", *options, *ours)
        return not is_find
