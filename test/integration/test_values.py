"""Values worked out by hand: a row is a capture, a frame, a field and what it must say."""
import pytest

# The whole connection is frames of 54 bytes and their payload of 10, 600 and 400.
CONNECTION_UP, CONNECTION_DOWN = 6 * 54 + 10, 5 * 54 + 1000

# (capture, frame or None for every frame, field, value or None for absent)
WHOLE = [
    ("tcp_plain", None, "flow.id", "0"),
    ("tcp_plain", None, "flow.tuple", "TCP 10.0.0.1:40000 → 10.0.0.2:80"),
    ("tcp_plain", None, "flow.proto", "6"),
    ("tcp_plain", None, "flow.ip.src", "10.0.0.1"),
    ("tcp_plain", None, "flow.ip.dst", "10.0.0.2"),
    ("tcp_plain", None, "flow.ipv6.src", None),
    ("tcp_plain", None, "flow.srcport", "40000"),
    ("tcp_plain", None, "flow.dstport", "80"),
    ("tcp_plain", None, "flow.eth.src", "02:00:00:00:00:0a"),
    ("tcp_plain", None, "flow.eth.dst", "02:00:00:00:00:0b"),
    ("tcp_plain", None, "flow.eth.type", "0x0800"),
    ("tcp_plain", None, "flow.vni", None),
    ("tcp_plain", None, "flow.direction_reason", "1"),
    ("tcp_plain", None, "flow.direction_reason_name", "handshake"),
    ("tcp_plain", None, "flow.pkts", "11"),
    ("tcp_plain", None, "flow.up.pkts", "6"),
    ("tcp_plain", None, "flow.down.pkts", "5"),
    ("tcp_plain", None, "flow.bytes", str(CONNECTION_UP + CONNECTION_DOWN)),
    ("tcp_plain", None, "flow.up.bytes", str(CONNECTION_UP)),
    ("tcp_plain", None, "flow.down.wire_bytes", str(CONNECTION_DOWN)),
    ("tcp_plain", None, "flow.payload_bytes", "1010"),
    ("tcp_plain", None, "flow.down.payload_bytes", "1000"),
    ("tcp_plain", None, "flow.down.payload_pkts", "2"),
    ("tcp_plain", None, "flow.up.payload_pkts", "1"),
    ("tcp_plain", None, "flow.up.frags", "0"),
    ("tcp_plain", None, "flow.up.ip_id", None),  # all have DF
    ("tcp_plain", None, "flow.up.lost", "0"),
    ("tcp_plain", None, "flow.up.seq", "112"),
    ("tcp_plain", None, "flow.down.seq", "1501"),
    ("tcp_plain", None, "flow.duration", "0.125000000"),
    ("tcp_plain", None, "flow.tcp.rtt", "0.025000000"),
    ("tcp_plain", None, "flow.tcp.rtt_net", "0.020000000"),
    ("tcp_plain", None, "flow.tcp.rtt_user", "0.005000000"),
    ("tcp_plain", None, "flow.tcp.connect_time", "0.025000000"),
    ("tcp_plain", None, "flow.tcp.syn_frame", "1"),
    ("tcp_plain", None, "flow.tcp.syn_ack_frame", "2"),
    ("tcp_plain", None, "flow.tcp.ack_frame", "3"),
    ("tcp_plain", None, "flow.tcp.syn_retrans", "0"),
    ("tcp_plain", None, "flow.tcp.state", "0"),
    ("tcp_plain", None, "flow.tcp.state_name", "Closed"),
    ("tcp_plain", None, "flow.end_reason", "3"),
    ("tcp_plain", None, "flow.end_reason_name", "end of flow"),
    ("tcp_plain", None, "flow.first_frame", "1"),
    ("tcp_plain", None, "flow.last_frame", "11"),
    ("tcp_plain", None, "flow.icmp_errors", "0"),
    ("tcp_plain", 1, "flow.is_first", "1"),
    ("tcp_plain", 2, "flow.is_first", None),
    ("tcp_plain", 11, "flow.is_last", "1"),
    ("tcp_plain", 10, "flow.is_last", None),
    ("tcp_plain", 1, "flow.direction", "0"),
    ("tcp_plain", 2, "flow.direction", "1"),
    ("tcp_plain", 2, "flow.direction_name", "down"),
    ("tcp_plain", 5, "flow.index", "5"),
    ("tcp_plain", 1, "flow.prev_frame", None),
    ("tcp_plain", 5, "flow.prev_frame", "4"),
    ("tcp_plain", 5, "flow.next_frame", "6"),
    ("tcp_plain", 11, "flow.next_frame", None),
    ("tcp_plain", 1, "flow.delta", None),
    ("tcp_plain", 4, "flow.delta", "0.005000000"),
    ("tcp_plain", 4, "flow.time_relative", "0.030000000"),
    ("tcp_plain", 4, "flow.sofar.payload_bytes", "10"),
    ("tcp_plain", 4, "flow.sofar.down.seq", "500"),
    ("tcp_plain", 1, "flow.sofar.down.seq", None),
    ("tcp_plain", 2, "flow.sofar.tcp.rtt", None),
    ("tcp_plain", 2, "flow.sofar.tcp.rtt_net", "0.020000000"),
    ("tcp_plain", 3, "flow.sofar.tcp.rtt", "0.025000000"),
    ("tcp_v6", None, "flow.tuple", "TCP [2001:db8::1]:40000 → [2001:db8::2]:80"),
    ("tcp_v6", None, "flow.up.lost", None),
    ("tcp_v6", None, "flow.up.ip_id", None),
    ("tcp_v6", None, "flow.payload_bytes", "1010"),
    ("tcp_v6", None, "flow.eth.type", "0x86dd"),
    ("tcp_raw_ip", None, "flow.payload_bytes", "1010"),
    ("tcp_raw_ip", None, "flow.eth.src", None),
    ("tcp_cooked", None, "flow.payload_bytes", "1010"),
    ("tcp_cooked", None, "flow.eth.src", None),
    *[("link_headers", frame, "flow.eth.src", "02:00:00:00:00:0a") for frame in range(1, 14)],
    *[("link_headers", frame, "flow.eth.dst", "02:00:00:00:00:0b") for frame in range(1, 14)],
    *[("link_headers", frame, "flow.eth.type", "0x0800") for frame in range(1, 14)],
    *[("link_headers", frame, "flow.eth.src", None) for frame in range(14, 17)],
    ("link_headers_arp", None, "flow.id", "0"),  # one MAC pair, and ARP
    ("link_headers_arp", None, "flow.eth.src", "02:00:00:00:00:0b"),
    ("link_headers_arp", None, "flow.eth.type", "0x0806"),
    ("link_headers_arp", None, "flow.direction", "1"),
    ("link_headers_arp", None, "flow.direction_reason_name", "message type"),
    ("link_unknown", 1, "flow.eth.src", "02:00:00:00:00:0a"),
    ("link_unknown", 2, "flow.eth.src", "02:00:00:00:00:0b"),
    ("link_unknown", 2, "flow.eth.type", "0x0806"),
    ("link_unknown", 2, "flow.direction", "1"),
    ("service_tags", 1, "flow.eth.type", "0x0800"),
    ("service_tags", 3, "flow.eth.type", "0x88e7"),
    ("service_tags", 4, "flow.eth.type", "0x0806"),
    ("service_tags", 4, "flow.direction", "1"),
    ("addresses_overwritten", 1, "flow.tuple", "UDP 192.0.2.1:213 → 192.0.2.2:213"),
    ("addresses_overwritten", 2, "flow.proto", "47"),
    ("addresses_overwritten", 2, "flow.ip.src", "192.0.2.1"),
    ("addresses_overwritten", 3, "flow.tuple", "UDP 192.0.2.1:573 → 192.0.2.2:573"),
    ("sampled", None, "flow.tuple", "UDP 192.0.2.1:50000 → 192.0.2.2:6343"),
    ("sampled", None, "flow.vni", None),
    *[("fragmented_tunnel", frame, "flow.tuple", "UDP 10.0.0.1:40000 → 10.0.0.2:9999")
      for frame in (1, 4, 6)],
    *[("fragmented_tunnel", frame, "flow.vni", "gtp(0x00000005, 192.0.2.1↔192.0.2.2)")
      for frame in (1, 4, 6)],
    ("fragmented_tunnel", 1, "flow.up.payload_bytes", "1100"),
    ("fragmented_tunnel", 1, "flow.down.payload_bytes", "500"),
    ("fragmented_tunnel", 1, "flow.up.frags", "0"),
    ("fragmented_tunnel", 1, "flow.pkts", "3"),
    *[("fragmented_tunnel", frame, "flow.tuple", "UDP 192.0.2.1:2152 → 192.0.2.2:2152")
      for frame in (2, 3, 5)],  # 5 waits for its first fragment, the frame that completes
    ("fragmented_tunnel", 2, "flow.vni", None),
    ("fragmented_tunnel", 2, "flow.up.frags", "2"),
    ("fragmented_tunnel", 2, "flow.down.frags", "1"),
    ("wlan_fields", None, "flow.eth.src", "02:00:00:00:00:0a"),
    ("wlan_fields", None, "flow.eth.dst", "02:00:00:00:00:0b"),
    ("wlan_fields", None, "flow.vni", "gre(0x00000009, 10.0.0.3↔10.0.0.2)"),
    ("cooked2_vlan", 1, "flow.vni", "vlan(5)"),
    ("cooked2_vlan", 2, "flow.payload_bytes", "40"),
    ("cooked2_vlan", 3, "flow.vni", "nsh"),
    *[("routes", frame, "flow.tuple", f"UDP [2001:db8::{source}]:40000 → [2001:db8::{last}]:9999")
      for frame, source, last in ((1, 1, 99), (2, 1, 2), (3, 1, 99), (4, 1, 99), (5, 1, 99),
                                  (6, 55, 2))],
    *[("routes", frame, "flow.ip.dst", last)
      for frame, last in ((7, "10.0.0.99"), (8, "10.0.0.2"), (9, "10.0.0.99"))],
    ("tcp_cooked_vlan", None, "flow.payload_bytes", "1010"),
    ("tcp_cooked_vlan", None, "flow.vni", "vlan(5)"),
    ("tcp_cooked_vlan", None, "flow.eth.src", None),
    ("tcp_cooked_vlan", None, "flow.eth.type", None),
    ("tcp_loopback", None, "flow.payload_bytes", "1010"),
    ("syn_retransmitted", None, "flow.tcp.syn_retrans", "2"),
    ("syn_retransmitted", None, "flow.tcp.syn_ack_retrans", "1"),
    ("syn_retransmitted", None, "flow.tcp.rtt", None),
    ("syn_retransmitted", None, "flow.tcp.rtt_net", None),
    ("syn_retransmitted", None, "flow.tcp.rtt_user", None),
    ("syn_retransmitted", None, "flow.tcp.syn_ack_frame", "4"),
    ("syn_retransmitted", None, "flow.tcp.connect_time", "3.050000000"),
    ("syn_retransmitted", None, "flow.tcp.syn_frame", "3"),
    ("syn_retransmitted_with_stamps", None, "flow.tcp.rtt_net", "0.030000000"),
    ("syn_retransmitted_with_stamps", None, "flow.tcp.rtt_user", "0.005000000"),
    ("syn_retransmitted_with_stamps", None, "flow.tcp.rtt", "0.035000000"),
    ("syn_retransmitted_with_stamps", None, "flow.tcp.connect_time", "3.035000000"),
    ("syn_retransmitted_with_stamps", None, "flow.tcp.syn_frame", "4"),
    ("syn_retransmitted_with_stamps", None, "flow.tcp.syn_ack_frame", "5"),
    ("syn_retransmitted_with_stamps", 3, "flow.sofar.tcp.rtt_net", "0.020000000"),
    ("syn_retransmitted_with_stamps", 4, "flow.sofar.tcp.syn_frame", "2"),
    ("syn_retransmitted_with_stamps", 5, "flow.sofar.tcp.syn_ack_frame", "3"),
    ("syn_ack_of_first_syn", None, "flow.tcp.rtt_net", None),
    ("syn_ack_of_first_syn", None, "flow.tcp.rtt", None),
    ("syn_ack_of_first_syn", None, "flow.tcp.rtt_user", "0.001000000"),
    ("syn_ack_of_first_syn", None, "flow.tcp.syn_frame", "2"),
    ("syn_ack_retransmitted", None, "flow.tcp.rtt_net", None),  # not 21.02 s
    ("syn_ack_retransmitted", None, "flow.tcp.rtt", None),
    ("syn_ack_retransmitted", None, "flow.tcp.rtt_user", "0.005000000"),
    ("syn_ack_retransmitted", None, "flow.tcp.syn_ack_frame", "3"),
    ("syn_ack_retransmitted", 2, "flow.sofar.tcp.rtt_net", "0.020000000"),
    ("syn_ack_of_another_number", None, "flow.tcp.syn_ack_frame", "3"),
    ("syn_ack_of_another_number", None, "flow.tcp.syn_ack_retrans", "0"),
    ("syn_ack_of_another_number", None, "flow.tcp.ack_frame", "5"),
    ("syn_ack_of_another_number", None, "flow.tcp.rtt", "0.025000000"),
    ("syn_stamped_after_its_syn_ack", None, "flow.tcp.rtt_net", None),
    ("syn_stamped_after_its_syn_ack", None, "flow.tcp.rtt", None),
    ("syn_stamped_after_its_syn_ack", None, "flow.tcp.rtt_user", "0.005000000"),
    ("syn_stamped_after_its_syn_ack", None, "flow.tcp.syn_frame", "2"),
    ("mirrored_twice", None, "flow.pkts", "8"),
    ("mirrored_twice", None, "flow.tcp.syn_retrans", "1"),
    ("mirrored_twice", None, "flow.tcp.rtt_net", "0.019000000"),
    ("mirrored_twice", None, "flow.tcp.rtt_user", "0.005000000"),
    ("mirrored_twice", None, "flow.tcp.rtt", "0.024000000"),
    ("fast_open", None, "flow.tcp.rtt_net", "0.020000000"),
    ("fast_open", None, "flow.tcp.rtt", "0.025000000"),
    ("fast_open", None, "flow.payload_bytes", "49"),
    ("one_sided", None, "flow.tcp.state_name", "Established"),
    ("one_sided", None, "flow.tcp.rtt_user", None),
    ("half_open_discovery", None, "flow.tcp.state_name", "Established"),
    ("half_open_discovery", None, "flow.tcp.reset_by", None),
    ("half_open_discovery", 3, "flow.sofar.tcp.reset_by", "0"),
    ("half_open_discovery", 3, "flow.sofar.tcp.reset_by_name", "up"),
    ("half_open_discovery", 3, "flow.sofar.tcp.reset_frame", "3"),
    ("half_open_discovery", 4, "flow.sofar.tcp.reset_frame", None),
    ("half_open_discovery", None, "flow.tcp.rtt_net", None),
    ("half_open_discovery", None, "flow.tcp.rtt_user", "0.005000000"),
    ("blind_reset", None, "flow.tcp.reset_frame", "7"),
    ("blind_reset", None, "flow.tcp.reset_by_name", "up"),
    ("blind_reset", 5, "flow.sofar.tcp.reset_frame", "4"),
    ("blind_reset", 5, "flow.sofar.tcp.reset_by", "1"),
    ("blind_reset", 6, "flow.sofar.tcp.reset_by", None),
    ("overtaken_by_reset", None, "flow.tcp.reset_frame", "4"),
    ("reset_after_both_fins", None, "flow.tcp.reset_by", None),
    ("reset_after_both_fins", None, "flow.end_reason", "3"),
    ("refused", None, "flow.tcp.reset_by", "1"),
    ("refused", None, "flow.tcp.reset_by_name", "down"),
    ("refused", None, "flow.tcp.reset_frame", "2"),
    ("refused", 1, "flow.sofar.tcp.reset_by", None),
    ("refused_then_accepted", None, "flow.tcp.syn_retrans", "1"),
    ("refused_then_accepted", None, "flow.tcp.rtt", "0.025000000"),
    ("refused_then_accepted", None, "flow.tcp.connect_time", "0.525000000"),
    ("refused_then_accepted", None, "flow.tcp.reset_frame", None),
    ("udp", None, "flow.tcp.reset_by", None),
    ("syn_ack_missing", None, "flow.tcp.rtt", "0.025000000"),
    ("syn_ack_missing", None, "flow.tcp.rtt_net", None),
    ("syn_missing", None, "flow.tcp.rtt", None),
    ("syn_missing", None, "flow.tcp.rtt_user", "0.005000000"),
    ("syn_missing", None, "flow.tuple", "TCP 10.0.0.1:40000 → 10.0.0.2:80"),
    ("simultaneous_open", None, "flow.tcp.rtt_net", "0.022000000"),
    ("simultaneous_open", None, "flow.tcp.rtt", "0.040000000"),
    ("refused", None, "flow.tcp.state_name", "Reset"),
    ("refused", None, "flow.tcp.rtt", None),
    ("unanswered", None, "flow.tcp.state_name", "SynSent"),
    ("unanswered", None, "flow.end_reason", "4"),
    ("reset", None, "flow.end_reason", "3"),
    ("midstream", 1, "flow.tcp.state_name", "Unknown"),
    ("midstream", 3, "flow.tcp.state_name", "Established"),
    ("port_reuse", 1, "flow.id", "0"),
    ("port_reuse", 13, "flow.id", "1"),
    ("port_reuse", 16, "flow.id", "2"),
    ("port_reuse", 17, "flow.id", "2"),
    ("port_reuse", 13, "flow.end_reason", "3"),  # replaced
    ("port_reuse", 16, "flow.end_reason", "4"),
    ("syn_after_reset", None, "flow.id", "0"),
    ("syn_after_reset", None, "flow.tcp.syn_retrans", "1"),
    ("syn_after_reset", None, "flow.tcp.state_name", "Reset"),
    ("udp", None, "flow.up.payload_bytes", "10"),
    ("udp", None, "flow.up.payload_pkts", "1"),
    ("udp", None, "flow.down.payload_bytes", "20"),
    ("udp", None, "flow.up.ip_id", "1002"),
    ("udp", None, "flow.tcp.state", None),
    ("udp", None, "flow.tcp.rtt", None),
    ("udp", None, "flow.up.seq", None),
    ("udp", None, "flow.direction_reason_name", "first packet"),
    ("udp", None, "flow.direction_reason", "5"),
    ("groups", 1, "flow.direction_reason", "6"),
    ("groups", 1, "flow.dstport", "5353"),
    ("groups", 4, "flow.ip.dst", "10.0.0.255"),
    ("groups", 7, "flow.eth.dst", "ff:ff:ff:ff:ff:ff"),
    ("udp_lengths", 1, "flow.payload_bytes", "0"),
    ("udp_lengths", 2, "flow.payload_bytes", "6"),
    ("transports", 1, "flow.payload_bytes", "30"),
    ("transports", 1, "flow.srcport", "40000"),
    ("transports", 2, "flow.payload_bytes", "4"),
    ("transports", 2, "flow.dstport", "9999"),
    ("transports", 3, "flow.payload_bytes", "9"),
    ("transports", 3, "flow.proto", "33"),
    ("transports", 4, "flow.payload_bytes", "50"),
    ("transports", 4, "flow.srcport", None),
    ("transports", 4, "flow.direction_reason_name", "first packet"),
    ("transports", 4, "flow.tuple", "OSPF 10.0.0.1 → 10.0.0.2"),
    ("transports", 5, "flow.payload_bytes", "8"),
    ("pings", 1, "flow.tuple", "ICMP 10.0.0.1 → 10.0.0.2 id 1"),
    ("pings", 1, "flow.id", "0"),
    ("pings", 2, "flow.id", "0"),
    ("pings", 3, "flow.id", "1"),
    ("pings", 1, "flow.payload_bytes", "80"),
    ("pings", 5, "flow.tuple", "ICMPv6 2001:db8::1 → 2001:db8::2 id 3"),
    ("pings", 5, "flow.pkts", "2"),
    ("pings", 7, "flow.direction_name", "down"),
    ("pings", 7, "flow.ip.src", "10.0.0.1"),
    ("pings", 7, "flow.direction_reason_name", "message type"),
    ("pings", 8, "flow.direction_reason_name", "group address"),
    *[("pings_both_ways", frame, "flow.id", str(frame // 3)) for frame in range(1, 5)],
    *[("pings_both_ways", frame, "flow.direction", str((frame + 1) % 2)) for frame in range(1, 5)],
    ("icmp_errors", 1, "flow.pkts", "2"),
    ("icmp_errors", 1, "flow.icmp_errors", "2"),
    ("icmp_errors", 1, "flow.sofar.icmp_errors", "0"),
    ("icmp_errors", 3, "flow.sofar.icmp_errors", "1"),
    ("icmp_errors", 1, "flow.icmp_error_frame", "4"),
    ("icmp_errors", 1, "flow.icmp_error_type", "3"),
    ("icmp_errors", 1, "flow.icmp_error_code", "3"),
    ("icmp_errors", 1, "flow.sofar.icmp_error_type", None),
    ("icmp_errors", 3, "flow.sofar.icmp_error_type", "3"),
    ("icmp_errors", 5, "flow.icmp_error_type", "1"),  # ICMPv6: destination unreachable
    ("icmp_errors", 5, "flow.icmp_error_code", "4"),
    ("icmp_errors", 2, "flow.icmp_error_type", None),
    ("icmp_errors", 2, "flow.icmp_error_for", "0"),
    ("icmp_errors", 2, "flow.tuple", "ICMP 10.0.0.2 → 10.0.0.1"),
    ("icmp_errors", 2, "flow.index", "1"),
    ("icmp_errors", 3, "flow.index", "2"),
    ("icmp_errors", 5, "flow.icmp_errors", "1"),
    ("icmp_errors", 6, "flow.icmp_error_for", "2"),
    ("icmp_errors", 7, "flow.icmp_error_for", None),
    ("link_layer", 1, "flow.tuple", "ARP 02:00:00:00:00:0a → 02:00:00:00:00:0b"),
    ("link_layer", 2, "flow.id", "0"),
    ("link_layer", 2, "flow.direction_name", "down"),
    ("link_layer", 1, "flow.direction_reason_name", "message type"),
    ("link_layer", 1, "flow.up.payload_bytes", "56"),  # with the tagged one
    ("link_layer", 1, "flow.up.frags", None),
    ("link_layer", 1, "flow.icmp_errors", None),
    ("link_layer", 1, "flow.proto", None),
    ("link_layer", 3, "flow.eth.type", "0x88cc"),
    ("link_layer", 4, "flow.eth.type", "0x0000"),
    ("link_layer", 5, "flow.id", "0"),
    ("ip_ids", None, "flow.up.lost", "258"),  # 2 + 4 + 126 + 126; not 0, 128, 65535
    ("ip_ids", 3, "flow.sofar.up.ip_id", "65533"),
    ("ip_ids", 4, "flow.sofar.up.lost", "6"),
    ("ip_ids", None, "flow.up.ip_id", "383"),
    ("offload_and_padding", None, "flow.up.payload_bytes", "3001"),
    ("offload_and_padding", 2, "flow.sofar.up.seq", "3001"),
    ("cut_short", 1, "flow.up.payload_bytes", "300"),  # frames 1 to 3, whose header says so
    ("cut_short", 1, "flow.up.wire_bytes", "462"),
    ("cut_short", 1, "flow.up.bytes", str(60 + 54 + 47)),
    ("cut_short", 4, "flow.tuple", "TCP 10.0.0.1 → 10.0.0.2"),
    ("cut_short", 5, "flow.tuple", "IPv4 02:00:00:00:00:0a → 02:00:00:00:00:0b"),
    ("cut_short", 6, "flow.id", None),
    ("enormous_length", 1, "flow.wire_bytes", str(2 ** 31 - 1)),
    ("enormous_length", 1, "flow.payload_bytes", "3"),
    ("same_ends", 1, "flow.direction_name", "up"),
    ("same_ends", 2, "flow.direction_name", "down"),
    ("same_ends", None, "flow.pkts", "3"),
    ("times_back", None, "flow.duration", "0.250000000"),
    ("times_back", 2, "flow.delta", "-0.050000000"),
    ("times_back", 2, "flow.time_relative", "-0.050000000"),
    ("times_back", 2, "flow.sofar.duration", "0.050000000"),
    ("fragments", None, "flow.up.payload_bytes", "3000"),
    ("fragments", 1, "flow.up.frags", "3"),
    ("fragments", None, "flow.up.frag_pkts", "1"),
    ("fragments", 2, "flow.srcport", "40000"),
    ("fragments", 1, "flow.sofar.up.payload_bytes", "1472"),
    ("fragments_reversed", 1, "flow.id", "0"),
    ("fragments_reversed", 3, "flow.index", "3"),
    ("fragments_reversed", 1, "flow.index", "1"),
    ("fragments_reversed", None, "flow.up.payload_bytes", "3000"),
    ("fragments_first_missing", 1, "flow.tuple", "UDP 10.0.0.1 → 10.0.0.2"),
    ("fragments_first_missing", 1, "flow.up.payload_bytes", "1528"),
    ("fragments_first_missing", 1, "flow.up.frag_pkts", "0"),
    ("fragments_first_missing", 3, "flow.id", "1"),
    ("fragments_last_missing", None, "flow.up.payload_bytes", "2952"),
    ("fragments_id_reused", 1, "flow.srcport", "40000"),
    ("fragments_id_reused", 3, "flow.srcport", "40000"),
    ("fragments_id_reused", 4, "flow.srcport", "41000"),
    ("fragments_id_reused", 6, "flow.srcport", "41000"),
    ("fragments_overlapping", None, "flow.up.frags", "4"),
    ("fragments_vlan", None, "flow.up.payload_bytes", "3000"),
    ("fragments_vlan", None, "flow.vni", "vlan(7)"),
    ("tunnels_deep", 1, "flow.vni", " › ".join(["ipip(10.0.0.2↔10.0.0.3)"] * 33 + ["…"])),
    ("tunnels_apart", 1, "flow.id", "0"),
    ("tunnels_apart", 2, "flow.id", "1"),
    ("tunnels_apart", 3, "flow.id", "2"),
    ("tunnels_apart", 4, "flow.id", "1"),
    ("tunnels_nested", None, "flow.vni",
     "vlan(100) › vxlan(5001, 192.0.2.1↔192.0.2.2) › gre(0x00000009, 10.0.0.3↔10.0.0.2)"),
    ("vlan_one_way", None, "flow.pkts", "2"),
    ("vnis_each_way", None, "flow.id", "0"),
    ("vnis_each_way", None, "flow.vni", "vxlan(10, 192.0.2.1↔192.0.2.2)"),
    ("vnis_each_way", None, "flow.tcp.state_name", "Closed"),
    ("vnis_each_way", None, "flow.tcp.rtt_net", "0.020000000"),
    ("bridged_gre_key_one_way", None, "flow.id", "0"),
    ("bridged_gre_key_one_way", None, "flow.vni", "nvgre(10, 192.0.2.1↔192.0.2.2)"),
    ("bridged_gre_key_one_way", None, "flow.tcp.rtt_net", "0.020000000"),
    ("gre_keys_each_way", None, "flow.id", "0"),
    ("gre_keys_each_way", None, "flow.pkts", "11"),
    *[("tenants_in_turn", frame, "flow.id", str((frame + 1) % 2)) for frame in range(1, 9)],
    ("tenants_in_turn", 1, "flow.vni", "vxlan(10, 192.0.2.1↔192.0.2.2)"),
    ("tenants_in_turn", 4, "flow.vni", "vxlan(20, 192.0.2.1↔192.0.2.2)"),
    ("tenants_in_turn", 2, "flow.pkts", "4"),
    ("answer_to_nobody_here", 1, "flow.id", "0"),
    ("answer_to_nobody_here", 2, "flow.id", "1"),
    ("answer_to_nobody_here", 3, "flow.id", "1"),
    ("vxlan_flood_and_learn", None, "flow.pkts", "2"),
    ("vxlan_flood_and_learn", None, "flow.vni", "vxlan(5, 192.0.2.1↔239.1.1.1)"),
    ("errors_each_way", 5, "flow.icmp_error_for", "0"),
    ("errors_each_way", 1, "flow.icmp_errors", "1"),
    ("errors_each_way", 3, "flow.icmp_errors", "0"),
    ("arp_in_vxlan", 2, "flow.tuple", "UDP 192.0.2.1:50000 → 192.0.2.2:4789"),
    ("error_in_tunnel", 3, "flow.icmp_error_for", "1"),
    ("error_in_tunnel", 2, "flow.icmp_errors", "1"),
    ("error_in_tunnel", 1, "flow.icmp_errors", "0"),
    ("errors_behind_mpls", 1, "flow.vni", "mpls(5) › mpls(6)"),
    ("errors_behind_mpls", 2, "flow.icmp_error_for", "0"),
    ("errors_behind_mpls", 1, "flow.icmp_errors", "1"),
    ("errors_behind_mpls", 4, "flow.icmp_error_for", "2"),
    ("errors_behind_mpls", 4, "flow.tuple", "ICMPv6 2001:db8::2 → 2001:db8::1"),
    ("mpls_behind_unknown", 1, "flow.ip.src", "10.0.0.1"),
    ("mpls_behind_unknown", 2, "flow.ipv6.src", "2001:db8::1"),
    ("answer_in_pieces", 1, "flow.direction_reason_name", "ports"),
    ("extension_headers", None, "flow.id", "0"),
    ("extension_headers", None, "flow.up.payload_bytes", "100"),
    ("extension_headers", None, "flow.up.frags", "0"),
    ("offload_v6", 1, "flow.payload_bytes", "3000"),
    ("offload_v6", 1, "flow.srcport", "40000"),
    ("offload_v6", 2, "flow.payload_bytes", "70000"),
    ("offload_v6", 2, "flow.dstport", "9999"),
    ("bad_checksums", None, "flow.payload_bytes", "1010"),
    ("bad_checksums", None, "flow.tcp.rtt", "0.025000000"),
    ("bad_checksums", None, "flow.tcp.state_name", "Closed"),
    ("malformed", 1, "flow.tuple", "IPv4 02:00:00:00:00:0a → 02:00:00:00:00:0b"),
    ("malformed", 2, "flow.payload_bytes", "34"),  # tcp.len
    ("malformed", 3, "flow.payload_bytes", "0"),
    ("malformed", 4, "flow.payload_bytes", "30"),
    ("malformed", 4, "flow.direction_reason_name", "application"),
    ("duplicates", None, "flow.pkts", "22"),
    ("duplicates", None, "flow.payload_bytes", "2020"),
    ("duplicates", None, "flow.tcp.syn_retrans", "1"),
    ("duplicates", None, "flow.tcp.rtt_net", "0.020000000"),
    ("sctp_bundle", None, "flow.payload_bytes", "44"),
    ("sctp_bundle", None, "flow.tuple", "SCTP 10.0.0.1:40000 → 10.0.0.2:2905"),
    ("interfaces", None, "flow.pkts", "2"),
    ("interfaces", None, "flow.duration", "1.000000000"),
    ("interfaces", None, "flow.eth.src", "02:00:00:00:00:0a"),
    ("no_times", None, "flow.start", None),
    ("no_times", None, "flow.duration", None),
    ("no_times", 2, "flow.delta", None),
    ("no_times", None, "flow.tcp.rtt", None),
    ("no_times", None, "flow.tcp.syn_ack_frame", None),
    ("no_times", None, "flow.tcp.state_name", "Closed"),
    ("wlan", 1, "flow.pkts", "2"),
    ("wlan", 1, "flow.eth.src", "02:00:00:00:00:0a"),
    ("wlan", 2, "flow.eth.dst", "02:00:00:00:00:0b"),
    ("wlan", 1, "flow.eth.type", "0x0800"),
    ("wlan", 3, "flow.id", None),
    ("wlan", 4, "flow.id", None),
    ("radiotap", None, "flow.pkts", "2"),
    ("radiotap", None, "flow.payload_bytes", "40"),
    ("amsdu", None, "flow.tuple", "UDP 10.0.0.1:40002 → 10.0.0.2:9999"),
    ("amsdu", None, "flow.vni", None),
    ("amsdu", None, "flow.payload_bytes", "20"),
    ("amsdu", None, "flow.eth.dst", "02:00:00:00:00:0b"),
    ("ppp", None, "flow.up.payload_bytes", "60"),
    ("ppp", None, "flow.eth.src", None),
    ("chdlc", None, "flow.up.payload_bytes", "20"),
    ("cooked2", None, "flow.up.payload_bytes", "20"),
    ("cooked2", None, "flow.eth.src", "02:00:00:00:00:0a"),
    ("cooked2", None, "flow.eth.dst", None),
    ("raw_v4", None, "flow.up.payload_bytes", "20"),
    ("usb", None, "flow.id", None),
    ("bluetooth", None, "flow.id", None),
]

# What Wireshark decodes only if asked to.
ESP_KEY = '"0x000102030405060708090a0b0c0d0e0f"'
OPTIONS = {
    "offload_v6": ("-o", "ipv6.tso_support:TRUE"),
    "bad_checksums": ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"),
    "tunnels_other": ("-o", "ip.try_heuristic_first:TRUE", "-d", "l2tp.pw_type==0,ppp"),
    "mirror_of_hp": ("-d", "udp.port==7932,hp_erm"),
    "tunnels_unknown": ("-d", "l2tp.pw_type==0,ppp"),
    "link_unknown": ("-o", 'uat:user_dlts:"User 0 (DLT=147)","eth_withoutfcs","4","","0",""'),
    "esp": ("-o", "esp.enable_encryption_decode:TRUE", "-o",
            f'uat:esp_sa:"IPv4","*","*","*","AES-CBC [RFC3602]",{ESP_KEY},"NULL",""'),
}

# The state after every segment.
STATES = {
    "tcp_plain": "1 2 3 3 3 3 3 4 5 6 0",
    "syn_retransmitted": "1 1 1 2 2 3",
    "syn_ack_missing": "1 3 3",
    "syn_missing": "2 3 3",
    "simultaneous_open": "1 2 2 3 3",
    "refused": "1 7",
    "reset": "1 2 3 3 7 7",
    "half_close": "1 2 3 4 5 5 5 6 6 0",
    "midstream": "8 8 8 3",
    "syn_after_reset": "1 7 7 7",
    "syn_ack_of_another_number": "1 1 2 2 3",
    "syn_stamped_after_its_syn_ack": "2 2 3",
    "mirrored_twice": "1 1 2 2 3 3 3 3",
    "fast_open": "1 2 3",
    "one_sided": "2 3 3",
    "half_open_discovery": "1 1 7 1 2 3",
    "blind_reset": "1 2 3 7 7 3 7",
    "overtaken_by_reset": "1 2 3 7 7 7",
    "reset_after_both_fins": "1 2 3 4 6 0",
    "refused_then_accepted": "1 7 7 2 3",
    "same_ends": "1 2 3",
}

# The encapsulation and the packets of each flow, in the order of generate.TUNNELS.
ENDS = "192.0.2.1↔192.0.2.2"
TUNNELS = [
    # VLAN, QinQ and MPLS are no part of the key, VXLAN and VXLAN-GPE are of one kind
    ("vlan(5)", "6"),
    ("pppoe(5)", "2"), (f"gre(0x00000005, {ENDS})", "2"), (f"gre({ENDS})", "2"),
    (f"nvgre(5, {ENDS})", "2"), (f"vxlan(5, {ENDS})", "4"), (f"geneve(5, {ENDS})", "2"),
    (f"ipip({ENDS})", "2"), ("4in6(2001:db8:1::1↔2001:db8:1::2)", "2"),
    (f"gtp(0x00000005, {ENDS})", "2"), ("pbb(5)", "2"),
    (f"pptp(5, {ENDS})", "2"), (f"l2tp(5/5, {ENDS})", "2"),
]
TUNNELS_OTHER = [(f"l2tpv3(7, {ENDS})", "2"), (f"stt({ENDS})", "1"), (f"capwap.data({ENDS})", "1"),
                 (f"gre({ENDS}) › erspan(5)", "1"), ("nsh", "1"), ("trill", "1")]
# Whatever the link is, the tunnel on it is seen, and the tag inside that.
LINK_HEADERS = [(f"vxlan({n}, {ENDS}) › vlan(77)", "1") for n in range(1, 17)]
LINK_UNKNOWN = [(f"vxlan(5, {ENDS}) › vlan(77)", "1"), (None, "1")]
TUNNELS_UNKNOWN = [(f"trill › vlan(7) › vlan(8) › vxlan(5, {ENDS}) › vlan(77)", "1"),
                   (f"vlan(9) › trill › vxlan(6, {ENDS}) › vlan(77)", "1"),
                   (f"vxlan(7, {ENDS}) › nsh › vlan(10)", "1"),
                   (f"l2tpv3(7, {ENDS}) › ip6tnl(2001:db8::1↔2001:db8::2)", "2")]
TUNNELS_AFTER_UNKNOWN = [
    (f"trill › mpls(5) › mpls(6) › vxlan(1, {ENDS}) › vlan(77)", "1"),
    (f"trill › pppoe(5) › vxlan(2, {ENDS}) › vlan(77)", "1"),
    (f"trill › pbb(5) › vxlan(3, {ENDS}) › vlan(77)", "1"),
    (f"trill › nsh › vxlan(4, {ENDS}) › vlan(77)", "1"),
    ("trill › vxlan(5, 2001:db8:1::1↔2001:db8:1::2) › vlan(77)", "1"),
    (f"nsh › vxlan(6, {ENDS}) › vlan(77)", "1")]
SERVICE_TAGS = [(f"vlan(5) › vlan(6) › vxlan(1, {ENDS}) › vlan(77)", "1"),
                (f"vlan(5) › vlan(6) › vlan(7) › vxlan(2, {ENDS}) › vlan(77)", "1"),
                (f"vlan(5) › pbb(9) › vlan(77) › vxlan(3, {ENDS}) › vlan(77)", "1"),
                ("vlan(5) › vlan(6)", "1")]
# The mirror is not the network: what two devices mirror is one flow.
MIRRORS = [(f"gre(192.0.2.1↔192.0.2.9) › {erspan} › vxlan({vni}, {ENDS}) › vlan(77)", "2")
           for vni, erspan in enumerate(["erspan"] + 3 * ["erspan(5)"], 1)]
MIRROR_OF_HP = [("hp_erm(192.0.2.1↔192.0.2.9) › vlan(77)", "2")]
GRE9 = "gre(0x00000009, 10.0.0.3↔10.0.0.2)"
TUNNELS_OPTIONS = [
    (f"geneve(5, {ENDS}) › vlan(77)", "1"), (f"gtp(0x00000005, {ENDS}) › {GRE9}", "1"),
    (f"gre(0x00000005, {ENDS}) › vlan(77)", "1"), (f"pptp(5, {ENDS}) › {GRE9}", "1"),
    (f"l2tp(5/6, {ENDS}) › {GRE9}", "1"),
    (f"teredo({ENDS}) › ip6tnl(2001:db8::1↔2001:db8::3)", "1"),
    (f"vlan(5) › {GRE9}", "1"), (f"pppoe(5) › {GRE9}", "1"), (f"etherip({ENDS}) › vlan(77)", "1")]
GPE_FLAGS = [(f"vxlan({vni}, {ENDS}){tag}", count) for vni in (13, 9, 1)
             for tag, count in ((" › vlan(77)", "2"), ("", "1"))]  # IPv4 with the tag and without
FRAGMENTED_TUNNEL6 = [(None, "1"), ("ip6tnl(2001:db8:1::1↔2001:db8:1::2)", "1")]
FRAGMENTED_TUNNEL_VLAN = [("vlan(5)", "1"), (f"vlan(5) › vxlan(5, {ENDS}) › vlan(77)", "1")]
ESP = [(f"esp({ENDS})", "1"), (None, "1")]  # in transport mode ESP is the protocol of the flow
TUNNELS6 = [(f"6in4({ENDS})", "2"), ("ip6tnl(2001:db8:1::1↔2001:db8:1::2)", "2"),
            (f"teredo({ENDS})", "2")]


@pytest.mark.parametrize("capture", sorted({row[0] for row in WHOLE}))
def test_values(tshark, captures, capture):
    frames = tshark.fields(next(captures.glob(f"{capture}.*")), tshark.field_names, "-2",
                           *OPTIONS.get(capture, ()))
    wrong = [(frame, field, value, row.get(field))
             for _, wanted, field, value in (row for row in WHOLE if row[0] == capture)
             for frame, row in enumerate(frames, 1)
             if wanted in (None, frame) and row.get(field) != value]
    assert not wrong, "frame, field, expected, got"


@pytest.mark.parametrize("capture", STATES)
def test_tcp_states(tshark, captures, capture):
    frames = tshark.fields(captures / f"{capture}.pcap", ("flow.sofar.tcp.state",))
    assert " ".join(frame["flow.sofar.tcp.state"] for frame in frames) == STATES[capture]


@pytest.mark.parametrize("capture, expected", [
    ("tunnels", TUNNELS), ("tunnels6", TUNNELS6), ("tunnels_other", TUNNELS_OTHER), ("esp", ESP),
    ("link_headers", LINK_HEADERS), ("link_unknown", LINK_UNKNOWN), ("mirrors", MIRRORS),
    ("mirror_of_hp", MIRROR_OF_HP),
    ("tunnels_unknown", TUNNELS_UNKNOWN), ("tunnels_options", TUNNELS_OPTIONS),
    ("tunnels_after_unknown", TUNNELS_AFTER_UNKNOWN), ("service_tags", SERVICE_TAGS),
    ("gpe_flags", GPE_FLAGS), ("fragmented_tunnel_vlan", FRAGMENTED_TUNNEL_VLAN),
    ("fragmented_tunnel6", FRAGMENTED_TUNNEL6)])
def test_tunnels(tshark, captures, capture, expected):
    frames = tshark.fields(next(captures.glob(f"{capture}.pcap*")),
                           ("flow.id", "flow.vni", "flow.pkts"), "-2", *OPTIONS.get(capture, ()))
    flows = {frame["flow.id"]: (frame.get("flow.vni"), frame["flow.pkts"]) for frame in frames}
    assert list(flows.values()) == expected


@pytest.mark.parametrize("capture", ["fragmented_tunnel", "fragmented_tunnel_vlan"])
def test_a_tunnel_keeps_its_fragments_without_reassembly(tshark, captures, capture):
    frames = tshark.fields(captures / f"{capture}.pcap", ("flow.vni", "ip.flags.mf",
                                                          "ip.frag_offset"), "-2",
                           "-o", "ip.defragment:FALSE")
    fragments = [frame for frame in frames
                 if frame["ip.flags.mf"].split(";")[0] in ("1", "True")
                 or frame["ip.frag_offset"].split(";")[0] != "0"]
    assert fragments and {frame.get("flow.vni") for frame in fragments} <= {None, "vlan(5)"}


def directions(tshark, capture):
    names = ("flow.direction_name", "flow.direction_reason_name")
    return [tuple(frame.values()) for frame in tshark.fields(capture, names)]


@pytest.mark.parametrize("capture, count", [("answers_first", 9), ("answers_first_too", 18)])
def test_answers_tell_the_direction(tshark, captures, capture, count):
    said = directions(tshark, captures / f"{capture}.pcap")
    assert said == [("down", "application")] * count


def test_requests_tell_the_direction(tshark, captures):
    up, down = ("up", "application"), ("down", "application")
    assert directions(tshark, captures / "rpc_calls.pcap") == [up, up, down]
    assert directions(tshark, captures / "requests_from_servers_ports.pcap") == [up, up]


def test_handshakes_tell_the_direction(tshark, captures):
    up, down = ("up", "handshake"), ("down", "handshake")
    assert directions(tshark, captures / "handshakes_in_the_middle.pcap") == [
        up, down, up, down, ("down", "ports"), up, down, ("down", "ports")]


def test_a_group_is_never_the_source(tshark, captures):
    assert directions(tshark, captures / "groups.pcap") == (
        [("up", "group address")] * 8 + [("down", "ports")] * 2 + [("down", "handshake")])


def test_ports_tell_the_direction(tshark, captures):
    names = ("flow.direction_name", "flow.direction_reason_name", "flow.dstport")
    frames = tshark.fields(captures / "ports_decide.pcap", names)
    assert [tuple(frame.values()) for frame in frames] == [
        ("down", "ports", "80"), ("up", "ports", "80"), ("down", "ports", "1024"),
        ("down", "ports", "49151"), ("up", "ports", "49151"), ("up", "ports", "2000"),
        ("down", "ports", "2000"), ("up", "ports", "50000"), ("up", "first packet", "777")]
    assert directions(tshark, captures / "udp_ports_decide.pcap") == (
        [("down", "ports")] * 2 + [("up", "first packet")] * 5)


def test_key_preferences(tshark, captures):
    """What is shown only is part of the key when the user says so."""
    def flows(capture, option):
        frames = tshark.fields(captures / capture, ("flow.id",), "-o", option)
        return len({frame["flow.id"] for frame in frames})
    assert flows("vlan_one_way.pcap", "flow.key_vlan:TRUE") == 2
    assert flows("tunnels.pcap", "flow.key_vlan:TRUE") == len(TUNNELS) + 2  # VLAN, QinQ, MPLS
    assert flows("handover.pcap", "flow.key_ends:TRUE") == 2
    assert flows("handover.pcap", "flow.key_ends:FALSE") == 1
    # TEID, call id and session differ each way, as they may
    assert flows("tunnels.pcap", "flow.key_labels:TRUE") == len(TUNNELS)
    assert flows("teid_changed.pcap", "flow.key_labels:FALSE") == 1
    assert flows("teid_changed.pcap", "flow.key_labels:TRUE") == 2


@pytest.mark.parametrize("option, ids, reasons", [
    ("flow.idle_timeout:10", "0 0 1 1 1 1 1", "1 1 4 4 4 4 4"),
    ("flow.idle_timeout:2", "0 1 2 2 2 2 2", "1 1 4 4 4 4 4"),
    ("flow.active_timeout:5", "0 0 1 1 1 2 2", "2 2 2 2 2 4 4"),
    ("flow.idle_timeout:0", "0 0 0 0 0 0 0", "4 4 4 4 4 4 4"),
])
def test_timeouts(tshark, captures, option, ids, reasons):
    frames = tshark.fields(captures / "gaps.pcap", ("flow.id", "flow.end_reason"), "-2",
                           "-o", option)
    assert " ".join(frame["flow.id"] for frame in frames) == ids
    assert " ".join(frame["flow.end_reason"] for frame in frames) == reasons


@pytest.mark.parametrize("option", ["flow.idle_timeout:4", "flow.active_timeout:4"])
def test_timeouts_keep_the_source(tshark, captures, option):
    """Whoever sends first after a timeout, and whatever the ports would say."""
    frames = tshark.fields(captures / "server_with_the_higher_port.pcap",
                           ("flow.id", "flow.srcport", "flow.direction_reason", "flow.direction"),
                           "-o", option)
    assert " ".join(frame["flow.id"] for frame in frames) == "0 0 0 1 2 3"
    assert {frame["flow.srcport"] for frame in frames} == {"2000"}
    assert {frame["flow.direction_reason"] for frame in frames} == {"1"}
    assert " ".join(frame["flow.direction"] for frame in frames) == "0 1 0 1 0 1"
