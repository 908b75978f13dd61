"""What test/conformance compares, and the rules that explain the differences that remain.

The reference is tshark's own decode, read from its fields, and what the definitions of our fields
make of those.  Nothing here looks at the packets' bytes.
"""
import collections
import ipaddress
import re
from decimal import Decimal

import conformance_tcp

# Differences that remain, and why ours is the right answer.  Each is proven where it is used: an
# answer that is neither tshark's nor the one that the rule predicts differs.
RULES = {
    "final destination": "a routing header or home address option changes the addresses that "
                         "Wireshark shows as source and destination; ipv6.src and ipv6.dst stay "
                         "those of the header",
    "enclosed length": "a length beyond what encloses it is limited by that",
    "longest frame": "frame.len, and so ours, ends at 2^31 - 1; capinfos counts the "
                     "length in the file",
    "FabricPath checksum": "Wireshark takes the last four bytes of a FabricPath frame for a "
                           "checksum that it need not have, and then complains of the IP length; "
                           "ours is what the headers state, and the frame holds it",
    "quoted elsewhere": "what sFlow samples, NHRP reports and OpenFlow hands to a controller is "
                        "quoted, as in ICMP errors: no packet of this capture, and the packet "
                        "list shows the outer addresses",
    "fragmented tunnel": "the frame in which Wireshark puts a datagram together and finds another "
                         "packet in it is that packet's; where it puts none together, it is the "
                         "tunnel's",
    "no packet": "what a dissector shows as an IP header that is in no list of layers, or in a "
                 "frame of a protocol that quotes packets",
    "split stream": "a dissector above TCP (VNC) makes a conversation of its own in the middle of "
                    "a connection, and tcp.stream goes by it; TCP starts one at a SYN only",
    "layers without a tree": "some dissectors stand in Wireshark's list of layers only where no "
                             "tree is built, or only where one is; flow.app and the application "
                             "that tells a direction go by the list of the first dissection",
    "ambiguous RTT": "Wireshark has an initial RTT also where repeats or stamps leave it open what "
                     "was answered, and of a SYN that a RST answered; ours is absent",
    "another SYN": "Wireshark counts from the last SYN, also where a RST or a copy came between",
    "shared stream": "Wireshark has one TCP stream, and one initial RTT, for the connections of "
                     "several tunnels on the same addresses and ports",
    "ACK of another number": "Wireshark ends the handshake also at an ACK below the SYN-ACK's "
                             "number",
    "many repeats": "of more than four SYNs or SYN-ACKs one that is not kept sets no time",
    "responder's ACK": "Wireshark ends the handshake also at a segment of the responder",
    "SYN again": "from 4.4 on a SYN that repeats its number after the end begins a stream",
    "SYN-ACK again": "from 4.4 on a SYN-ACK with another number begins a stream; here a SYN does",
    "tenants": "tcp.stream goes by addresses and ports alone: connections with the same ones in "
               "other tunnels are one stream there, or begin one at each other's SYN",
    "way back": "an ICMP error comes in the tunnels of the way back, whose identifiers and endpoints "
                "can be others than those of the flow's first packet",
    "one end": "from 4.4 on each SYN between an end and itself begins a stream",
    "instant handshake": "Wireshark takes an initial RTT of 0 for none and measures again later",
    "simultaneous open": "Wireshark counts from the other side's SYN, which is not the initiator's",
}

TRANSPORTS = {"tcp": "tcp", "udp": "udp", "udplite": "udp", "sctp": "sctp", "dccp": "dccp"}
PORTS = {"6": "tcp", "17": "udp", "136": "udp", "132": "sctp", "33": "dccp"}
HEADER_LENGTHS = {"1": 8, "58": 8, "17": 8, "136": 8, "132": 12}
EXTENSION_HEADERS = {"ipv6.hopopts", "ipv6.routing", "ipv6.fraghdr", "ipv6.dstopts", "mipv6",
                     "shim6", "ah"}
# Encapsulations that tell no flows apart, and those whose identifiers do not.
SHOWN_ONLY = {"vlan", "mpls", "erspan", "hp_erm", "aruba_erm", "jmirror"}
OWN_IDS = {"gtp", "l2tp", "l2tpv3", "pptp", "pppoe"}
# Messages with an identifier that answer: their receiver asked.
ANSWERS = {"icmp": {0, 14, 16, 18, 43}, "icmpv6": {129, 161}}
# What comes behind these is quoted.
QUOTES_ELSEWHERE = {"sflow", "nhrp", "openflow_v1", "openflow_v4", "openflow_v5", "openflow_v6"}
QUOTES = {"icmp", "icmpv6"} | QUOTES_ELSEWHERE

# What stands where other addresses than the header's count, and those that the packet list shows.
REPLACED = ("ipv6.routing.segleft", "ipv6.opt.mipv6.home_address")
SHOWN = ("_ws.col.Source", "_ws.col.Destination",  # 4.0
         "_ws.col.def_src", "_ws.col.def_dst")  # later
LINK_LENGTHS = {"eth": 14, "ethertype": 0, "vlan": 4, "ieee8021ad": 4, "raw": 0, "null": 4,
                "sll": 16}
# What Wireshark says of a length beyond what encloses it.
TOO_LONG = ("ip.bogus_ip_length", "ipv6.plen_exceeds_framing", "udp.length.bad")
DECODED = (
    "frame.len", "frame.cap_len", "frame.time_epoch", "frame.protocols", "frame.encap_type",
    "eth.src", "eth.dst", "eth.type", "isl.src", "isl.dst",
    "ip.src", "ip.dst", "ip.id", "ip.flags.df", "ip.flags.mf", "ip.frag_offset", "ip.proto",
    "ip.len", "ip.hdr_len", "ip.reassembled_in", "ip.reassembled.length",
    "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.plen",
    "ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ipv6.fraghdr.ident", "ipv6.reassembled.in",
    "ipv6.reassembled.length",
    *REPLACED, *SHOWN, *TOO_LONG,
    "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len", "tcp.stream", "tcp.flags.syn",
    "tcp.flags.ack", "tcp.analysis.initial_rtt", "tcp.flags", "tcp.ack_raw",
    "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr",
    "udp.srcport", "udp.dstport", "udp.length",
    "sctp.srcport", "sctp.dstport", "dccp.srcport", "dccp.dstport",
    "icmp.type", "icmp.ident", "icmpv6.type", "icmpv6.echo.identifier",
)

# What a packet of the flow tells, the first pass knows from that packet on.
GROWING = ("flow.vni.id", "flow.eth.src", "flow.eth.dst")
# What extensions take from Wireshark's decode and its verdicts, which reassembly changes.
DECODED_ABOVE = re.compile(r"flow\.(sofar\.)?(app|host|sticky|tcp\.analysis|tcp\.stream|mptcp|parent"
                           r"|parent_frame|children)\b")
# What goes by Wireshark's list of layers alone.
OF_THE_LIST = {"flow.app", "flow.sofar.app", "flow.direction_reason", "flow.direction_reason_name"}
WAYS = ("up", "down")
EDGE = 8  # packets at both ends of a flow, where a connection's state changes
ENDED = ("FinWait", "CloseWait", "Closing", "Closed", "Reset")
LONGEST = str(2**31 - 1)  # what frame.len says of all frames from there on


class Tally:
    """What some captures came to, or all."""

    def __init__(self):
        self.captures = 0
        self.frames = 0
        self.compared = collections.Counter()
        self.skipped = collections.Counter()
        self.explained = collections.Counter()
        self.differing = []
        self.outside = []
        self.names = collections.defaultdict(list)

    def compare(self, check, where, ours, reference, rule=None):
        self.compared[check] += 1
        if ours == reference:
            return True
        if rule:
            self.explained[check, rule] += 1
        else:
            self.differing.append((check, f"{where}: ours {ours}, tshark's {reference}"))
        return False

    def new_lines(self, other, most):
        """Of the differences that another one would add: at most so many lines for a check."""
        seen = collections.Counter(check for check, _ in self.differing)
        for check, line in other.differing:
            seen[check] += 1
            if seen[check] <= most:
                yield f"differs: {check}: {line}"

    def add(self, other):
        self.captures += other.captures
        self.frames += other.frames
        for counter in ("compared", "skipped", "explained"):
            getattr(self, counter).update(getattr(other, counter))
        self.differing += other.differing
        self.outside += other.outside
        for reason, names in other.names.items():
            self.names[reason] += names

    def skip_capture(self, reason, path):
        self.skipped[reason] += 1
        self.names[reason].append(str(path))

    def lines(self):
        yield f"{self.captures} captures, {self.frames} frames"
        counts = collections.Counter(check for check, _ in self.differing)
        for check, count in sorted(self.compared.items()):
            rules = [f", {number} by the rule '{rule}'"
                     for (of, rule), number in sorted(self.explained.items())
                     if of == check and number]
            yield f"{check}: {count} compared, {counts[check]} differ{''.join(rules)}"
        for reason, count in sorted(self.skipped.items()):
            names = sorted(self.names[reason])
            if count:
                yield f"skipped: {count} {reason}" + (f" ({', '.join(names)})"
                                                      if 0 < len(names) < 9 else "")
        for rule in sorted({rule for (_, rule), number in self.explained.items() if number}):
            yield f"rule '{rule}': {RULES[rule]}"
        yield f"{len(self.outside)} frames stay in an outer flow though tshark decoded an inner one"
        for where in self.outside:
            yield f"outside: {where}"


class Header:
    """The network header that a flow goes by, as tshark decoded it, and the transport behind it."""

    def __init__(self, frame, family, occurrence, before):
        self.frame, self.family, self.occurrence = frame, family, occurrence
        self.layers = before  # all of the frame's up to this header
        self.behind = []
        self.transport = None
        self.is_fragment = self.is_later = False
        self.is_completed = False  # it came out of a datagram that the frame completed

    def value(self, name):
        values = self.frame.get(f"{self.family}.{name}", "").split(";")
        return values[self.occurrence] if self.occurrence < len(values) else None

    def set_fragment(self, offset, more, occurrence):
        offsets, mores = (self.frame.get(name, "").split(";") for name in (offset, more))
        if occurrence < min(len(offsets), len(mores)):
            self.is_later = offsets[occurrence] not in ("", "0")
            self.is_fragment = self.is_later or is_true(mores[occurrence])
        return self.is_fragment

    def of_transport(self, name):
        if not self.transport:
            return None
        transport, occurrence = self.transport
        values = self.frame.get(f"{transport}.{name}", "").split(";")
        return values[occurrence] or None if occurrence < len(values) else None

    @property
    def addresses(self):
        """The sender's and the receiver's, as the packet list shows them."""
        if self.family == "ipv6" and any(name in self.frame for name in REPLACED):
            return [self.frame[name] for name in SHOWN if name in self.frame]
        return [self.value("src"), self.value("dst")]

    @property
    def nets_behind(self):
        """How many network headers the frame has behind this one."""
        return sum(layers_of(self.frame).split(":").count(net) - self.layers.count(net)
                   for net in ("ip", "ipv6")) - 1

    @property
    def protocol(self):
        """As the header states it; none where extension headers come between."""
        if EXTENSION_HEADERS & set(self.behind):
            return None
        return self.value("proto" if self.family == "ip" else "nxt")


def layers_of(frame):
    return frame.get("frame.protocols", "")


def headers_in(frame):
    """The layers, with the IP headers behind MPLS labels, which are not listed from 4.4 on."""
    layers = layers_of(frame).split(":")
    for i in [i for i, layer in enumerate(layers) if layer == "mpls"][::-1]:
        for family in ("ip", "ipv6"):
            if layers.count(family) < count(frame, f"{family}.dst"):
                layers.insert(i + 1, family)
    return layers


def count(frame, name):
    return len(frame[name].split(";")) if name in frame else 0


def is_true(text):
    return text in ("1", "True")


def headers_of(frame):
    """The innermost header, and the innermost that an ICMP error quotes; None where there is none.

    Inside a fragment nothing counts, unless it completes a datagram with another header in it.
    """
    is_completed = False
    found, part, seen = [None, None], 0, collections.Counter()
    layers = headers_in(frame)
    for i, layer in enumerate(layers):
        header = found[part]
        if layer in QUOTES and header:
            header.behind.append(layer)
            if part == 1 or layer in QUOTES_ELSEWHERE:
                break
            part = 1
            continue
        name = TRANSPORTS.get(layer, layer)
        seen[name] += 1
        if layer in ("ip", "ipv6"):
            if seen[layer] > count(frame, f"{layer}.dst"):
                seen[layer] -= 1  # listed, but its addresses are not there
                continue
            header = found[part] = Header(frame, layer, seen[layer] - 1, layers[:i])
            header.is_completed = is_completed
            if layer == "ip" and header.set_fragment("ip.frag_offset", "ip.flags.mf",
                                                     header.occurrence):
                if part == 1 or not completes_tunnel(frame, layers[i + 1:]):
                    break
                is_completed = True
        elif header:
            header.behind.append(layer)
            if layer == "ipv6.fraghdr" and header.set_fragment(
                    "ipv6.fraghdr.offset", "ipv6.fraghdr.more", seen[layer] - 1):
                if part == 1 or not completes_tunnel(frame, layers[i + 1:]):
                    break
                is_completed = True
            if layer in TRANSPORTS and not header.transport:
                header.transport = (name, seen[name] - 1)
    return found


def completes_tunnel(frame, inside):
    """Whether Wireshark put a datagram together in the frame, with another packet in it."""
    if not {"ip.reassembled.length", "ipv6.reassembled.length"} & set(frame):
        return False
    quote = min((inside.index(layer) for layer in QUOTES if layer in inside), default=len(inside))
    return bool({"ip", "ipv6"} & set(inside[:quote]))


def tracked(frame):
    return headers_of(frame)[0]


def ends(frame, source, destination):
    """The sender's and the receiver's value of a pair of our fields."""
    pair = [frame.get(source), frame.get(destination)]
    return pair[::-1] if frame["flow.direction"] == "1" else pair


def way_of(frame):
    return WAYS[int(frame["flow.direction"])]


def check_addresses(tally, where, frame, header):
    """Whether the tracked header is the innermost one; true if so."""
    family = "ip" if "flow.ip.src" in frame else "ipv6"
    ours = ends(frame, f"flow.{family}.src", f"flow.{family}.dst")
    is_same = tally.compare("addresses", where, ours, header.addresses)
    if is_same and ours != [header.value("src"), header.value("dst")]:
        tally.explained["addresses", "final destination"] += 1
    if is_same and QUOTES_ELSEWHERE & set(header.behind) and header.nets_behind:
        tally.explained["addresses", "quoted elsewhere"] += 1
    if not is_same and header.layers.count("ip") + header.layers.count("ipv6") > 0:
        tally.outside.append(f"{where}: {layers_of(frame)}")
    return is_same


def check_ports(tally, where, frame, header):
    protocol = frame["flow.proto"]
    ours = ends(frame, "flow.srcport", "flow.dstport")
    if header.protocol:
        tally.compare("protocol", where, protocol, header.protocol)
    if protocol not in PORTS:
        tally.compare("ports", where, ours, [None, None])
    elif header.of_transport("dstport"):
        tally.compare("ports", where, ours,
                      [header.of_transport("srcport"), header.of_transport("dstport")])
    else:
        tally.skipped["frames whose ports tshark does not show, for ports"] += 1


def room_of(frame, header):
    """The IP payload that the header states, and what the frame has room for; None: unknown."""
    is_v4 = header.family == "ip"
    stated, header_length = header.value("len" if is_v4 else "plen"), header.value("hdr_len")
    header_length = int(header_length or 0) if is_v4 else 40
    if is_v4 and stated == "0":
        stated = None  # segmentation offload
    stated = int(stated) - header_length * is_v4 if stated else None
    enclosed = None
    if all(layer in LINK_LENGTHS for layer in header.layers) and "isl.dst" not in frame:
        links = sum(LINK_LENGTHS[layer] for layer in header.layers)
        enclosed = int(frame["frame.len"]) - links - header_length
    elif any(expert in frame for expert in TOO_LONG):
        stated = None
    return stated, enclosed


def check_payload(tally, where, frame, header, ours):
    """What this packet added to the payload of its flow's direction."""
    protocol = frame["flow.proto"]
    if protocol == "6":
        if header.of_transport("len"):
            theirs = int(header.of_transport("len"))
            is_cut = "cfp" in header.layers and "ip.bogus_ip_length" in frame
            tally.compare("tcp.len", where, ours, theirs,
                          "FabricPath checksum" if is_cut and 0 < ours - theirs <= 4 else None)
        else:
            tally.skipped["TCP frames cut before tcp.len, for payload"] += 1
        return
    rooms = [room for room in room_of(frame, header) if room is not None]
    if EXTENSION_HEADERS & set(header.behind) or protocol == "33" or not rooms:
        tally.skipped["frames with extension headers, DCCP or no sure length, for payload"] += 1
        return
    check, stated = "IP payload", rooms[0]
    if protocol == "17":
        check, stated = "udp.length", int(header.of_transport("length") or 0)
        if stated == 0:
            tally.skipped["UDP frames without a length, for payload"] += 1
            return
    transport = HEADER_LENGTHS.get(protocol, 0)
    expected, enclosed = max(0, stated - transport), max(0, min(rooms) - transport)
    tally.compare(check, where, ours, expected,
                  "enclosed length" if ours == enclosed < expected else None)


def tunnels_of(frame):
    """What of flow.vni tells flows apart: kinds, endpoints in either order, shared identifiers."""
    tunnels = []
    layers = frame.get("flow.vni", "").split(" › ")
    for layer, inside in zip(layers, [*layers[1:], ""]):
        kind, _, rest = layer.rstrip(")").partition("(")
        if kind and kind not in SHOWN_ONLY and not inside.startswith("erspan"):
            tunnels.append((kind, *(tuple(sorted(part.split("↔"))) for part in rest.split(", ")
                                    if "↔" in part or kind not in OWN_IDS)))
    return tuple(tunnels)


def key_of(frame, header):
    """What makes two packets one flow, from tshark's fields."""
    ident = None
    for layer, kinds, name in (("icmp", range(256), "icmp.ident"),
                               ("icmpv6", (128, 129, 160, 161), "icmpv6.echo.identifier")):
        kind = int(frame.get(f"{layer}.type", "-1").split(";")[0])
        if layer in header.behind and kind in kinds:
            ident = frame.get(name, "").split(";")[0] or None
            asker = header.addresses[kind in ANSWERS[layer]]
            ident = ident and (ident, asker)
    if set(header.behind) & {"icmp", "icmpv6"} and count(frame, "icmp.type") > 1:
        return None
    pair = zip(header.addresses,
               (header.of_transport(port) for port in ("srcport", "dstport")))
    return (tuple(sorted(pair, key=str)), frame["flow.proto"], ident, tunnels_of(frame))


def times_from(frames, frame, starts, stops):
    """All times from one frame to another, of those in the frame's flow that the two say."""
    ours = [other for other in frames if other.get("flow.id") == frame["flow.id"]
            and has_time(other)]
    return {time_of(stop) - time_of(start) for start in ours if starts(start)
            for stop in ours if stops(stop)}


def initial_rtt_rule(frames, frame, ours, theirs, simultaneous):
    """Why Wireshark's initial RTT may be another one."""
    if ours is None:
        return "ambiguous RTT"
    if ours == 0:
        return "instant handshake"
    if frame["flow.id"] in simultaneous:
        return "simultaneous open"
    syn, ack = (frames[int(frame[f"flow.tcp.{name}_frame"]) - 1] for name in ("syn", "ack"))

    def is_syn(other):
        return is_true(other.get("tcp.flags.syn"))

    def is_ack(other):
        return is_true(other.get("tcp.flags.ack")) and not is_syn(other)

    if theirs in times_from(frames, frame, lambda one: one is syn, lambda one: is_ack(one)
                            and way_of(one) != way_of(syn)):
        return "responder's ACK"
    if theirs in times_from(frames, frame, lambda one: one is syn, lambda one: is_ack(one)
                            and int(one["flow.index"]) < int(ack["flow.index"])):
        return "ACK of another number"
    if theirs in times_from(frames, frame, lambda one: is_syn(one) and way_of(one) == way_of(syn),
                            lambda one: is_ack(one) and int(one["flow.index"]) <= int(
                                ack["flow.index"])):
        return "another SYN"
    return None


class Streams:
    """Our flows against tcp.stream, or the five-tuple, one to one."""

    def __init__(self, tally):
        self.tally, self.flow_of, self.stream_of, self.first_part = tally, {}, {}, {}

    def whole(self, check, flow, stream, may_start):
        """The stream, or the one that it is a part of: the rule 'split stream'."""
        if stream not in self.flow_of and flow in self.stream_of and not may_start:
            self.first_part.setdefault(stream, self.stream_of[flow])
        self.tally.explained[f"{check} of a flow", "split stream"] += stream in self.first_part
        return self.first_part.get(stream, stream)

    def compare(self, check, where, flow, stream, rule=None):
        known = self.flow_of.setdefault(stream, flow)
        self.tally.compare(f"flow of a {check}", where, flow, known)
        known = self.stream_of.setdefault(flow, stream)
        self.tally.compare(f"{check} of a flow", where, known, stream, rule)
        if rule:
            self.stream_of[flow] = stream


def new_stream(frame, before):
    """The rule by which Wireshark may begin a stream here though the flow goes on.

    before: the flow's frame before it, or nothing.
    """
    if not is_true(frame.get("tcp.flags.syn")):
        return None
    seq = f"flow.sofar.{way_of(frame)}.seq"
    if is_true(frame.get("tcp.flags.ack")) and before.get(seq, frame.get(seq)) != frame.get(seq):
        return "SYN-ACK again"
    if len(set(ends_of_flow(frame)[0])) == 1:
        return "one end"
    states = {one.get("flow.sofar.tcp.state_name") for one in (before, frame)}
    return "SYN again" if states & set(ENDED) else None


def ends_of_tenants(frames):
    """The ends and protocols that have flows in more than one encapsulation."""
    tunnels = collections.defaultdict(set)
    for frame in frames:
        *ends, path = ends_of_flow(frame)
        tunnels[tuple(ends)].add(path)
    return {ends for ends, paths in tunnels.items() if len(paths) > 1}


def opened_by_both(frames):
    """The flows with a SYN from either side."""
    senders = collections.defaultdict(set)
    for frame in frames:
        if is_true(frame.get("tcp.flags.syn")) and not is_true(frame.get("tcp.flags.ack")):
            senders[frame.get("flow.id")].add(frame.get("flow.direction"))
    return {flow for flow, directions in senders.items() if len(directions) == 2}


def check_ip(tally, where, frame):
    """Every packet whose IP addresses tshark decoded is in an IP flow."""
    if count(frame, "ip.dst") + count(frame, "ipv6.dst") == 0:
        return
    is_packet = {"ip", "ipv6"} & set(layers_of(frame).split(":"))
    tally.compare("decoded IP addresses", where, "flow.proto" in frame, True,
                  None if is_packet else "no packet")


def check_decode(tally, capture, frames, headers, growth):
    """Each frame's flow against the decode of that frame."""
    streams, tuples = Streams(tally), Streams(tally)
    simultaneous, tenants = opened_by_both(frames), ends_of_tenants(frames)
    flows_of = collections.defaultdict(set)
    for frame in frames:
        flows_of[frame.get("tcp.stream")].add(frame.get("flow.id"))
    for number, (frame, header) in enumerate(zip(frames, headers), 1):
        where = f"{capture} frame {number}"
        check_ip(tally, where, frame)
        if "flow.proto" not in frame:
            tally.compare("network header", where, "none", header.family if header else "none")
            if not header and "eth.src" in frame and layers_of(frame).startswith("eth:"):
                tally.compare("link-layer flow", where, "flow.id" in frame, True)
            check_link(tally, where, frame)
            continue
        if not header:
            tally.compare("network header", where, frame["flow.tuple"], "none")
            continue
        if not check_addresses(tally, where, frame, header):
            continue
        check_link(tally, where, frame)
        if header.is_fragment:
            continue
        check_ports(tally, where, frame, header)
        check_payload(tally, where, frame, header, growth[number])
        stream = header.of_transport("stream")
        if frame["flow.proto"] != "6":
            key = key_of(frame, header)
            if key and not (frame["flow.proto"] in PORTS and not header.of_transport("dstport")):
                tuples.compare("five-tuple", where, frame["flow.id"], key)
        elif stream:
            whole = streams.whole("stream", frame["flow.id"], (stream, tunnels_of(frame)),
                                  is_true(header.of_transport("flags.syn")))
            before = frames[int(frame["flow.prev_frame"]) - 1] if "flow.prev_frame" in frame else {}
            is_tenant = ends_of_flow(frame)[:2] in tenants
            streams.compare("stream", where, frame["flow.id"], whole,
                            "tenants" if is_tenant else new_stream(frame, before))
        if "tcp.analysis.initial_rtt" in frame:
            if frame["tcp.analysis.initial_rtt"].count(";") == 0 and frame["flow.proto"] == "6":
                ours, theirs = (Decimal(frame[name]) if name in frame else None for name in
                                ("flow.tcp.rtt", "tcp.analysis.initial_rtt"))
                is_shared = len(flows_of[frame.get("tcp.stream")]) > 1
                rule = (None if ours == theirs
                        else "tenants" if ends_of_flow(frame)[:2] in tenants
                        else "shared stream" if is_shared
                        else initial_rtt_rule(frames, frame, ours, theirs, simultaneous))
                tally.compare("initial_rtt", where, ours, theirs, rule)
            else:
                tally.skipped["frames with several TCP headers, for initial_rtt"] += 1


def check_link(tally, where, frame):
    """The outermost link header of a flow's first packet."""
    if frame.get("flow.index") != "1" or not frame.get("frame.protocols", "").startswith("eth:"):
        return
    link = "isl" if "isl.dst" in frame else "eth"  # Wireshark has ISL inside its layer eth
    if link == "eth" and layers_of(frame).split(":").count("eth") != count(frame, "eth.dst"):
        tally.skipped["frames whose outermost link header is not shown as Ethernet"] += 1
    elif f"{link}.dst" in frame:
        tally.compare("link addresses", where, ends(frame, "flow.eth.src", "flow.eth.dst"),
                      [frame[f"{link}.{end}"].split(";")[0] for end in ("src", "dst")])
    if frame["frame.protocols"].startswith("eth:ethertype:ip") and "eth.type" in frame:
        tally.compare("EtherType", where, int(frame.get("flow.eth.type", "-1"), 0),
                      int(frame["eth.type"].split(";")[0], 0))


def check_datagrams(tally, capture, frames, headers):
    """All fragments that Wireshark put together are of one flow, that of their first."""
    members, firsts = collections.defaultdict(list), collections.Counter()
    for number, (frame, header) in enumerate(zip(frames, headers), 1):
        if header and header.is_fragment:
            is_v4 = header.family == "ip"
            ident = header.value("id") if is_v4 else frame.get("ipv6.fraghdr.ident")
            key = (*sorted(header.addresses, key=str), ident)
            firsts[key] += not header.is_later
            into = frame.get("ip.reassembled_in" if is_v4 else "ipv6.reassembled.in", str(number))
            members[into.split(";")[0], key].append((number, frame))
    for (_, key), fragments in members.items():
        if firsts[key] > 1:
            tally.skipped["fragments of an identification that is used again"] += len(fragments)
            continue
        flows = {frame.get("flow.id") for _, frame in fragments}
        tally.compare("flow of a datagram", f"{capture} frames {[n for n, _ in fragments]}",
                      flows, {fragments[0][1].get("flow.id")})


class Half:
    """The counters of one direction, as tshark's fields give them."""

    def __init__(self):
        self.counts = collections.Counter()
        self.ip_id = self.seq = None
        self.seq_known = True

    def add(self, frame, header, growth):
        self.counts.update({"pkts": 1, "bytes": int(frame["frame.cap_len"]),
                            "wire_bytes": int(frame["frame.len"]), "payload_pkts": int(growth > 0)})
        if not header:
            return
        if header.is_fragment:
            self.counts.update({"frags": 1, "frag_pkts": int(not header.is_later)})
        if header.family == "ip" and not is_true(header.value("flags.df")):
            ident = int(header.value("id"), 0)
            if self.ip_id is not None and 0 < (ident - self.ip_id) % 65536 < 128:
                self.counts["lost"] += (ident - self.ip_id) % 65536 - 1
            self.ip_id = ident
        # Of a fragment tshark shows none, and of a header that its IP packet cuts short none or,
        # from 4.6 on, its start.
        self.seq = header.of_transport("seq_raw")
        self.seq_known = self.seq is not None and header.of_transport("len") is not None

    def expected(self, frame):
        """The leaves that the frame has, and those that it must have."""
        leaves = {name: str(self.counts[name]) for name in ("pkts", "bytes", "wire_bytes",
                                                            "payload_pkts")}
        if "flow.proto" in frame:
            leaves.update({name: str(self.counts[name]) for name in ("frags", "frag_pkts")})
        if "flow.ip.src" in frame:
            leaves["lost"] = str(self.counts["lost"])
            leaves["ip_id"] = None if self.ip_id is None else str(self.ip_id)
        if frame.get("flow.proto") == "6" and self.seq_known:
            leaves["seq"] = self.seq
        return leaves


def number_of(text):
    return None if text is None else str(int(text, 0))


def check_counters(tally, where, frame, halves):
    for way, half in halves.items():
        for leaf, value in half.expected(frame).items():
            ours = number_of(frame.get(f"flow.sofar.{way}.{leaf}"))
            tally.compare(leaf, f"{where} {way}", ours, value)
    for leaf in ("pkts", "bytes", "wire_bytes", "payload_bytes"):
        halves_of_ours = [int(frame[f"flow.sofar.{way}.{leaf}"]) for way in WAYS]
        tally.compare("both directions", f"{where} {leaf}", frame.get(f"flow.sofar.{leaf}"),
                      str(sum(halves_of_ours)))


def ends_of_flow(frame):
    """What a quoted header tells of a flow, whatever the direction."""
    family = "ip" if "flow.ip.src" in frame else "ipv6"
    return (tuple(sorted([(frame.get(f"flow.{family}.{end}"), frame.get(f"flow.{end}port"))
                          for end in ("src", "dst")], key=str)),
            frame.get("flow.proto"), tunnels_of(frame))


def quoted_ends(quoted):
    """The same of a quoted header; none where tshark does not show all of it."""
    protocol, frame = quoted.protocol, quoted.frame
    if protocol not in PORTS or not quoted.of_transport("dstport"):
        return None  # nor of one whose ports a later fragment does not have
    return (tuple(sorted([(quoted.value(end), quoted.of_transport(f"{end}port"))
                          for end in ("src", "dst")], key=str)), protocol, tunnels_of(frame))


def kinds_of(ends):
    """The same with the kinds of the tunnels alone."""
    return (*ends[:2], tuple(kind for kind, *_ in ends[2]))


def is_error(frame):
    kinds = [int(frame.get(f"{layer}.type", "-1").split(";")[0]) for layer in ("icmp", "icmpv6")]
    return kinds[0] in (3, 4, 5, 11, 12) or 0 < kinds[1] < 128 or kinds[1] == 137


def time_of(frame):
    """Seconds; of an impossible fraction tshark prints all nanoseconds, in 4.4 in parentheses."""
    seconds, nanoseconds = re.match(r"(-?\d+)\D+(\d+)", frame["frame.time_epoch"]).groups()
    fraction = Decimal(int(nanoseconds)) / 10**9
    return Decimal(seconds) + (-fraction if seconds.startswith("-") else fraction)


def has_time(frame):
    """Ours count nanoseconds: beyond the year 2116 there is no time, which damaged files reach."""
    return "frame.time_epoch" in frame and abs(time_of(frame)) < 2**62 // 10**9


def check_times(tally, where, frame, times):
    """times: of the flow's packets so far."""
    now = times[-1]
    tally.compare("duration", where, Decimal(frame.get("flow.sofar.duration", "-1")),
                  max(times) - min(times))
    tally.compare("time_relative", where, Decimal(frame.get("flow.time_relative", "NaN")),
                  now - times[0])
    if len(times) > 1:
        tally.compare("delta", where, Decimal(frame.get("flow.delta", "NaN")), now - times[-2])


def is_group(frame, end):
    """Whether this end of the frame's flow is a group address; TCP, SCTP and DCCP have none."""
    if frame.get("flow.proto") in ("6", "33", "132"):
        return False
    address = frame.get(f"flow.ip.{end}") or frame.get(f"flow.ipv6.{end}")
    if address:
        return ipaddress.ip_address(address).is_multicast or address == "255.255.255.255"
    return int(frame[f"flow.eth.{end}"][:2], 16) & 1 == 1


def check_flow(tally, where, packets, headers, growth):
    """One flow's packets in the order of accounting, with what each must say."""
    numbers = [str(number) for number, _ in packets]
    first, last = packets[0][1], packets[-1][1]
    tally.compare("no source is a group", where,
                  is_group(first, "src") and way_of(first) == "down", False)
    halves, times = {way: Half() for way in WAYS}, []
    have_times = all(has_time(frame) for _, frame in packets)
    tally.skipped["frames of flows with packets without a time, for times"] += (
        0 if have_times else len(packets))
    for at, (number, frame) in enumerate(packets):
        halves[way_of(frame)].add(frame, headers[number - 1], growth[number])
        place = f"{where} frame {number}"
        check_counters(tally, place, frame, halves)
        if have_times:
            times.append(time_of(frame))
            check_times(tally, place, frame, times)
        links = {"index": str(at + 1), "first_frame": numbers[0], "last_frame": numbers[-1],
                 "prev_frame": numbers[at - 1] if at else None,
                 "next_frame": numbers[at + 1] if at + 1 < len(numbers) else None,
                 "is_first": None if at else "1",
                 "is_last": "1" if at + 1 == len(numbers) else None}
        tally.compare("links", place, {leaf: frame.get(f"flow.{leaf}") for leaf in links}, links)
    for name, value in last.items():
        if name.startswith("flow.sofar.") and name != "flow.sofar.icmp_errors":
            tally.compare("last so far against whole", f"{where} {name}", value,
                          last.get(name.replace("sofar.", "")))
    whole = {name: value for name, value in last.items() if name.startswith("flow.")
             and name.replace("flow.", "flow.sofar.", 1) in last}
    for number, frame in packets:
        tally.compare("whole the same in every packet", f"{where} frame {number}",
                      {name: frame.get(name) for name in whole}, whole)


def segment_of(at, number, frame, header):
    """A segment from tshark's fields; none where it does not show all of it, or of several."""
    values = [header and header.of_transport(name) for name in ("flags", "seq_raw", "ack_raw")]
    length = header and header.of_transport("len")
    stamps = [frame.get(f"tcp.options.timestamp.{name}") for name in ("tsval", "tsecr")]
    if None in values or length is None or header.is_fragment or (
            count(frame, "tcp.srcport") > 1 or ";" in str(stamps)):
        return None
    time = int(time_of(frame) * 10**9) if has_time(frame) else None
    return conformance_tcp.Segment(at, number, time, way_of(frame),
                                   *(int(value, 0) & 0xff if value is values[0] else int(value, 0)
                                     for value in values), int(length),
                                   None if None in stamps else tuple(map(int, stamps)))


def seconds_of(frame, name):
    """Our own, in nanoseconds."""
    return int(Decimal(frame[name]) * 10**9) if name in frame else None


def connection_of_ours(frame, prefix):
    tcp = f"{prefix}.tcp"
    by = frame.get(f"{tcp}.reset_by")
    links = {name: int(frame[f"{tcp}.{name}_frame"]) if f"{tcp}.{name}_frame" in frame else None
             for name in ("syn", "syn_ack", "ack", "reset")}
    return {"state": frame.get(f"{tcp}.state_name"), **links,
            "reset by": by and WAYS[int(by)],
            **{name: seconds_of(frame, f"{tcp}.{name}") for name in ("rtt", "rtt_net", "rtt_user")},
            **{name: int(frame[f"{tcp}.{name}"]) for name in ("syn_retrans", "syn_ack_retrans")}}


def connection_of_model(model):
    moments = {"syn": model.syn, "syn_ack": model.answer, "ack": model.ack}
    return {"state": model.state, "reset": model.reset[1], "reset by": model.reset[0],
            **{name: one.frame if one and one.time is not None else None
               for name, one in moments.items()},
            "rtt": model.rtt, "rtt_net": model.rtt_net, "rtt_user": model.rtt_user,
            "syn_retrans": model.syn_retrans, "syn_ack_retrans": model.syn_ack_retrans}


def check_connection(tally, where, packets, headers):
    """The handshake and the state by a model of its own; so far of the first and the last packets.

    packets: of one TCP flow, in the order of accounting.
    """
    if packets[0][1].get("flow.proto") != "6":
        return
    segments = [segment_of(at, number, frame, headers[number - 1])
                for at, (number, frame) in enumerate(packets)]
    if None in segments:
        tally.skipped["frames of TCP flows of which tshark does not show each header"] += len(packets)
        return
    edges = {*range(min(EDGE, len(packets))), *range(max(0, len(packets) - EDGE), len(packets))}
    for at in sorted(edges):
        number, frame = packets[at]
        model = conformance_tcp.Connection(segments[:at + 1])
        ours, expected = difference(connection_of_ours(frame, "flow.sofar"),
                                    connection_of_model(model))
        is_many = max(len(model.own), len(model.syn_acks)) > conformance_tcp.KEPT and not any(
            ours.values())
        tally.compare("connection", f"{where} frame {number}", ours, expected,
                      "many repeats" if is_many else None)


def check_flows(tally, capture, frames, headers, growth):
    flows = collections.defaultdict(list)
    for number, frame in enumerate(frames, 1):
        if "flow.id" in frame:
            flows[frame["flow.id"]].append((number, frame))
    tally.compare("flow ids", capture, sorted(map(int, flows)), list(range(len(flows))))
    for flow, packets in flows.items():
        packets.sort(key=lambda packet: int(packet[1]["flow.index"]))
        check_flow(tally, f"{capture} flow {flow}", packets, headers, growth)
        check_connection(tally, f"{capture} flow {flow}", packets, headers)
    check_errors(tally, capture, frames, flows)
    check_quotes(tally, capture, frames, flows)
    return flows


def check_errors(tally, capture, frames, flows):
    """ICMP errors and the flows that they speak of point to each other."""
    errors = collections.defaultdict(list)
    for number, frame in enumerate(frames, 1):
        if "flow.icmp_error_for" in frame:
            errors[frame["flow.icmp_error_for"]].append(str(number))
    for flow, packets in flows.items():
        last = packets[-1][1]
        if "flow.proto" in last:
            tally.compare("ICMP errors", f"{capture} flow {flow}",
                          (last.get("flow.icmp_errors"), last.get("flow.icmp_error_frame")),
                          (str(len(errors[flow])), errors[flow][-1] if errors[flow] else None))


def check_quotes(tally, capture, frames, flows):
    """The flow that an error speaks of has the quoted ends; one that is known is found."""
    ends_of = {flow: ends_of_flow(packets[0][1]) for flow, packets in flows.items()}
    known = set()
    for number, frame in enumerate(frames, 1):
        flow, quoted = frame.get("flow.icmp_error_for"), headers_of(frame)[1]
        if quoted and is_error(frame) and frame.get("flow.proto") in ("1", "58"):
            ends = quoted_ends(quoted)
            if ends and (flow or ends in known):
                ours = ends_of.get(flow, ((), "none known", ()))
                tally.compare("quoted flow", f"{capture} frame {number}", ours, ends,
                              "way back" if kinds_of(ours) == kinds_of(ends) else None)
        if frame.get("flow.index") == "1":
            known.add(ends_of[frame["flow.id"]])


def growth_of(frames):
    """By frame number, what each packet added to the payload of its flow's direction."""
    order = sorted((int(frame["flow.id"]), int(frame["flow.index"]), number)
                   for number, frame in enumerate(frames, 1) if "flow.id" in frame)
    before, growth = {}, {}
    for flow, _, number in order:
        way = way_of(frames[number - 1])
        so_far = int(frames[number - 1][f"flow.sofar.{way}.payload_bytes"])
        growth[number] = so_far - before.get((flow, way), 0)
        before[flow, way] = so_far
    return growth


def wire_bytes_of(frames):
    """By our flows' sums, and frame.len of the frames without a flow."""
    sums = {frame["flow.id"]: int(frame["flow.wire_bytes"]) for frame in frames
            if "flow.id" in frame}
    return sum(sums.values()) + sum(int(frame["frame.len"]) for frame in frames
                                    if "flow.id" not in frame)


def ours_of(frame):
    return {name: value for name, value in frame.items() if name.startswith("flow.")}


def apart_from_decode(frame):
    return {name: value for name, value in ours_of(frame).items() if not DECODED_ABOVE.match(name)}


def difference(ours, reference):
    """Two dicts' differing values only, which is what one wants to read."""
    names = sorted(name for name in set(ours) | set(reference)
                   if ours.get(name) != reference.get(name))
    return tuple({name: answers.get(name) for name in names} for answers in (ours, reference))


def is_part(values, known):
    """Whether all of these values are there, in their order."""
    rest = iter(known.split(";"))
    return all(value in rest for value in values.split(";") if value)


def check_one_pass(tally, check, capture, one, two, headers, later):
    """One pass against two: the fields that a first pass knows, all but the later ones."""
    tally.compare(f"{check}, frames", capture, len(one), len(two))
    for number, (first, frame, header) in enumerate(zip(one, two, headers), 1):
        if header and header.is_fragment and not first:
            tally.skipped["fragments accounted after their own frame, for one pass"] += 1
            continue
        known = {name: value for name, value in ours_of(frame).items() if name not in later}
        for name in GROWING:
            if is_part(first.get(name, ""), known.get(name) or ""):
                known.pop(name, None)
                first.pop(name, None)
        ours, reference = difference(first, known)
        is_listed_else = set(ours) <= OF_THE_LIST
        tally.compare(check, f"{capture} frame {number}", ours, reference,
                      "layers without a tree" if is_listed_else else None)


def check_without_tree(tally, tshark, capture, rows, flows):
    """-q -z flowstats,json builds no tree; two: each flow's packets with their whole values."""
    tally.compare("without a tree, flows", capture, len(rows), len(flows))
    for row in rows:
        packets = flows.get(str(row["flow.id"]))
        if not packets:
            continue
        last = packets[-1][1]
        shared = {name for name in row if name in last}
        ours = {name: str(row[name]) for name in shared if ".ts_" not in name
                and name not in ("flow.start", "flow.last")}
        tally.compare("without a tree", f"{capture} flow {row['flow.id']}", *difference(
            ours, {name: tshark.as_exported(name, last[name]) for name in ours}))


def check_reassembly(tally, capture, frames, apart):
    """Reassembly on against off."""
    headers = [tracked(frame) for frame in frames]
    has_tunnels = any(header and header.is_completed for header in headers)
    rule = "fragmented tunnel" if has_tunnels else None
    tally.compare("reassembly off, frames", capture, len(apart), len(frames))
    for number, (frame, other) in enumerate(zip(frames, apart), 1):
        tally.compare("reassembly off", f"{capture} frame {number}",
                      *difference(apart_from_decode(other), apart_from_decode(frame)), rule)


def check_capture(tally, capture, two, size):
    """Everything that one run of two passes tells; returns what the other runs compare with."""
    headers, growth = [tracked(frame) for frame in two], growth_of(two)
    tally.frames += len(two)
    if size:
        packets = [frame for frame in two if "frame.encap_type" in frame]
        tally.skipped["records that are no packets, for capinfos"] += len(two) - len(packets)
        has_longest = any(frame["frame.len"] == LONGEST for frame in packets)
        tally.compare("capinfos", capture, (len(packets), wire_bytes_of(packets)), size,
                      "longest frame" if has_longest else None)
    check_decode(tally, capture, two, headers, growth)
    check_datagrams(tally, capture, two, headers)
    return headers, check_flows(tally, capture, two, headers, growth)
