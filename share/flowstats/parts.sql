-- The columns of -z flowstats,parts, as DuckDB reads them.  A row is
--   kind 'part'      a flow of the capture, or a piece of one that an earlier file may cut,
--   kind 'error'     ICMP errors about a flow that the capture has no packet of before them,
--   kind 'capture'   the capture itself: the last row; where it is missing, rows are missing.
-- 0 and 1 are the ends of the key in its own order; times are nanoseconds since the epoch, frames
-- those of the capture.  What a column counts is said in plugin/groups/part.h and tcp.h; those that rows
-- of fields make (plugin/groups/*.def) are what the fields are, of this part.
CREATE OR REPLACE TABLE parts (
  kind VARCHAR, capture VARCHAR,
  -- of the row of the capture (schema 3)
  schema BIGINT, plugin VARCHAR, wireshark VARCHAR, preferences VARCHAR, frames BIGINT,
  capture_first BIGINT, capture_last BIGINT,
  -- who talks to whom, and through which tunnels
  family BIGINT, proto BIGINT, addr0 VARCHAR, port0 BIGINT, addr1 VARCHAR, port1 BIGINT,
  ident BIGINT, has_ident BOOLEAN, asker BIGINT, proto_name VARCHAR, tuple0 VARCHAR, tuple1 VARCHAR,
  kinds VARCHAR, encap0 VARCHAR, encap1 VARCHAR,
  -- which flow of the capture; pieces > 1: also in so many pieces, and piece 0 is all of it
  flow BIGINT, piece BIGINT, pieces BIGINT, source BIGINT, reason BIGINT, continues BOOLEAN,
  begin_ns BIGINT, begin_frame BIGINT, flow_last_ns BIGINT, first_frame BIGINT, last_frame BIGINT,
  -- what its first packet says; vni0, where end 0 is the source
  vni0 VARCHAR, vni1 VARCHAR, vni_depth BIGINT, mac0 VARCHAR, mac1 VARCHAR, eth_type BIGINT,
-- columns: made by test/reference.py
  start BIGINT, last BIGINT, icmp_errors BIGINT, icmp_error_frame BIGINT, icmp_error_type BIGINT,
  icmp_error_code BIGINT, pkts0 BIGINT, pkts1 BIGINT, bytes0 UBIGINT, bytes1 UBIGINT, wire_bytes0 UBIGINT,
  wire_bytes1 UBIGINT, payload_pkts0 BIGINT, payload_pkts1 BIGINT, payload_bytes0 UBIGINT,
  payload_bytes1 UBIGINT, ip_bytes0 UBIGINT, ip_bytes1 UBIGINT, frags0 BIGINT, frags1 BIGINT,
  frag_pkts0 BIGINT, frag_pkts1 BIGINT, ip_id0 BIGINT, ip_id1 BIGINT, lost0 BIGINT, lost1 BIGINT, seq0 BIGINT,
  seq1 BIGINT, first_ip_id0 BIGINT, first_ip_id1 BIGINT, len_min0 BIGINT, len_min1 BIGINT, len_min BIGINT,
  len_max0 BIGINT, len_max1 BIGINT, len_max BIGINT, payload_min0 BIGINT, payload_min1 BIGINT,
  payload_min BIGINT, payload_max0 BIGINT, payload_max1 BIGINT, payload_max BIGINT, len_squares0 UBIGINT,
  len_squares1 UBIGINT, len_squares_high0 UBIGINT, len_squares_high1 UBIGINT, payload_squares0 UBIGINT,
  payload_squares1 UBIGINT, payload_squares_high0 UBIGINT, payload_squares_high1 UBIGINT, ttl_min0 BIGINT,
  ttl_min1 BIGINT, ttl_max0 BIGINT, ttl_max1 BIGINT, dscp0 BIGINT, dscp1 BIGINT, dscp_changes0 BIGINT,
  dscp_changes1 BIGINT, ect00 BIGINT, ect01 BIGINT, ect10 BIGINT, ect11 BIGINT, ce0 BIGINT, ce1 BIGINT,
  flow_label0 BIGINT, flow_label1 BIGINT, flow_label_changes0 BIGINT, flow_label_changes1 BIGINT,
  tcp_flags0 BIGINT, tcp_flags1 BIGINT, tcp_syn0 BIGINT, tcp_syn1 BIGINT, tcp_fin0 BIGINT, tcp_fin1 BIGINT,
  tcp_rst0 BIGINT, tcp_rst1 BIGINT, tcp_psh0 BIGINT, tcp_psh1 BIGINT, tcp_ack0 BIGINT, tcp_ack1 BIGINT,
  tcp_urg0 BIGINT, tcp_urg1 BIGINT, tcp_ece0 BIGINT, tcp_ece1 BIGINT, tcp_cwr0 BIGINT, tcp_cwr1 BIGINT,
  tcp_win_init0 BIGINT, tcp_win_init1 BIGINT, first_dscp0 BIGINT, first_dscp1 BIGINT, last_label0 BIGINT,
  last_label1 BIGINT, tcp_raw_win_min0 BIGINT, tcp_raw_win_min1 BIGINT, tcp_raw_win_max0 BIGINT,
  tcp_raw_win_max1 BIGINT, tcp_options0 BIGINT, tcp_options1 BIGINT, tcp_option_mss0 BIGINT,
  tcp_option_mss1 BIGINT, tcp_option_wscale0 BIGINT, tcp_option_wscale1 BIGINT, quality_cut_pkts0 BIGINT,
  quality_cut_pkts1 BIGINT, quality_cut_bytes0 UBIGINT, quality_cut_bytes1 UBIGINT, first_community_id VARCHAR,
-- end of columns
  -- TCP: the handshake; handshake is 0 no SYN, 1 SYNs alone, 2 opens, 3 answers, 4 mixed
  segments BIGINT, handshake BIGINT, connects BOOLEAN, lead BIGINT, lead_seq BIGINT,
  answer_seq BIGINT, answer_ack BIGINT, initiator BIGINT, done BOOLEAN, syns BIGINT,
  syn_acks_kept BIGINT, syn_acks BIGINT, answer BIGINT, first_syn_ns BIGINT, syn_ns BIGINT,
  syn_frame BIGINT, syn_ack_ns BIGINT, syn_ack_frame BIGINT, ack_ns BIGINT, ack_frame BIGINT,
  rtt_ns BIGINT, rtt_net_ns BIGINT, rtt_user_ns BIGINT, connect_ns BIGINT, syn_ack_retrans BIGINT,
  -- the state, and RSTs that stand: of these packets alone, and (amid) after others of both ends
  state BIGINT, undisturbed BIGINT, ended BOOLEAN, last_rst BIGINT, rst_by BIGINT,
  rst_frame BIGINT, rst_senders BIGINT, amid_rst_by BIGINT, amid_rst_frame BIGINT,
  amid_rst_senders BIGINT,
  -- what each end sent
  seen0 BOOLEAN, ack0 BOOLEAN, answered0 BOOLEAN, data0 BOOLEAN, voice0 BOOLEAN, nsyn0 BIGINT,
  syn_seq0 BIGINT, syn_end0 BIGINT, number0 BIGINT, base0 BIGINT, ack_ns0 BIGINT,
  ack_frame0 BIGINT, ack_number0 BIGINT, ack_low0 BIGINT, ack_high0 BIGINT, acks_wide0 BOOLEAN,
  fin_frame0 BIGINT, fin_end0 BIGINT, fin_acked0 BOOLEAN,
  seen1 BOOLEAN, ack1 BOOLEAN, answered1 BOOLEAN, data1 BOOLEAN, voice1 BOOLEAN, nsyn1 BIGINT,
  syn_seq1 BIGINT, syn_end1 BIGINT, number1 BIGINT, base1 BIGINT, ack_ns1 BIGINT,
  ack_frame1 BIGINT, ack_number1 BIGINT, ack_low1 BIGINT, ack_high1 BIGINT, acks_wide1 BOOLEAN,
  fin_frame1 BIGINT, fin_end1 BIGINT, fin_acked1 BOOLEAN);
