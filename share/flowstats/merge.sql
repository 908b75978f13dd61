-- Put the parts of flows together: the table `parts` (parts.sql) of all captures of one sensor, with a
-- column `file` that tells them apart, in; the view `merged` out.  DuckDB's SQL.  What is exact, and
-- what is absent rather than wrong, is in doc/scale.md.
--
-- A part goes on with the flow of its key, or begins another one.  What only TCP's order of segments
-- tells is carried from part to part, one after the other; the rest are sums, firsts and lasts.  How
-- a column merges is said by the row of its field (plugin/groups/*.def), and written here from there.

-- Numbers of TCP are of 32 bits and go round.
CREATE OR REPLACE MACRO reaches(number, from_number) AS
  ((number - from_number + 4294967296) % 4294967296) < 2147483648;
CREATE OR REPLACE MACRO of_end(which, zero, one) AS CASE which WHEN 0 THEN zero WHEN 1 THEN one END;
CREATE OR REPLACE MACRO span(from_ns, to_ns) AS
  CASE WHEN to_ns >= from_ns AND to_ns::HUGEINT - from_ns <= 9223372036854775807 THEN to_ns - from_ns END;

-- The captures in the order of time, and how many frames came before each.
CREATE OR REPLACE TEMP TABLE files AS
  SELECT file, row_number() OVER by_time AS number, capture_last,
         coalesce(sum(frames) OVER (by_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS before,
         split_part(split_part(preferences, 'idle_timeout:', 2), ' ', 1)::BIGINT * 1000000000 AS idle_ns
  FROM parts WHERE kind = 'capture' WINDOW by_time AS (ORDER BY capture_first, capture_last, capture, file);

-- The parts with the key that parts of a flow share, but for those that nobody can put together here:
-- whose addresses several tunnels have, so that it is not sure which packets were one flow's, and
-- fragments whose first one may be in another file.  They are missing, and `untold` counts them.
CREATE OR REPLACE TEMP TABLE keyed AS
  WITH based AS (
    SELECT *, concat_ws('|', family, proto, addr0, coalesce(port0, -1), addr1, coalesce(port1, -1), ident,
                        has_ident, asker, kinds) AS ends,
           concat_ws('|', family, proto, least(addr0, addr1), greatest(addr0, addr1)) AS hosts,
           coalesce(frags0 + frags1 > 0, false) AS is_fragmented
    FROM parts WHERE kind <> 'capture'),
  tunnels AS (
    SELECT ends, NOT (min(least(encap0, encap1)) = max(greatest(encap0, encap1))
                      OR bool_and(encap0 = encap1 AND encap1 IS NOT NULL)
                      OR bool_and(encap0 IS NOT NULL AND encap1 IS NOT NULL) AND count(DISTINCT concat(encap0, ' ', encap1)) = 1)
                  AS is_mixed
    FROM based WHERE kinds IS NOT NULL GROUP BY ends),
  torn AS (
    SELECT DISTINCT later.hosts FROM based later JOIN based first ON later.hosts = first.hosts AND later.file <> first.file
    WHERE first.frag_pkts0 + first.frag_pkts1 > 0
      AND (later.is_fragmented AND later.port0 IS NULL OR later.first_frame < later.begin_frame OR later.begin_frame IS NULL AND later.is_fragmented))
  SELECT based.*, concat_ws('|', ends, encap0, CASE WHEN encap1 <> encap0 OR encap0 IS NULL THEN encap1 END) AS key,
         bool_or(coalesce(is_mixed, false) OR is_fragmented AND torn.hosts IS NOT NULL) OVER (PARTITION BY key) AS is_untold
  FROM based LEFT JOIN tunnels USING (ends) LEFT JOIN torn USING (hosts);
CREATE OR REPLACE TEMP VIEW untold AS SELECT count(*) AS parts FROM keyed WHERE is_untold;

-- The parts of each key in their order.  Errors without a flow in their file come before its packets.
CREATE OR REPLACE TEMP TABLE p AS
  SELECT keyed.*, files.number, files.before, files.idle_ns,
         row_number() OVER by_place AS place, row_number() OVER by_key AS n,
         coalesce(idle_ns > 0 AND lag(files.number) OVER by_key < files.number AND begin_ns > lag(flow_last_ns) OVER by_key
                  AND begin_ns::HUGEINT - lag(flow_last_ns) OVER by_key > idle_ns, false) AS is_late,
         {'initiator': initiator, 'done': done, 'kept': syn_acks_kept, 'syn_acks': syn_acks, 'answer': answer,
          'answer_seq': answer_seq, 'syns': syns, 'first_syn': first_syn_ns, 'syn': syn_ns,
          'syn_frame': syn_frame + before, 'syn_ack': syn_ack_ns, 'syn_ack_frame': syn_ack_frame + before,
          'ack': ack_ns, 'ack_frame': ack_frame + before, 'rtt': rtt_ns, 'rtt_net': rtt_net_ns,
          'rtt_user': rtt_user_ns, 'connect': connect_ns, 'retrans': syn_ack_retrans} AS hand
  FROM keyed JOIN files USING (file) WHERE NOT is_untold
  WINDOW by_place AS (PARTITION BY key ORDER BY files.number, kind = 'part', flow, piece),
         by_key AS (PARTITION BY key, kind ORDER BY files.number, flow, piece);

-- A handshake (a), and what the part after it makes of it.  NULL: it cannot be told any more.
-- A part without SYN has the ACK that ends it, or goes on without.
CREATE OR REPLACE MACRO acked(a, last_rst, ns, frame, number) AS
  CASE WHEN a.done OR a.initiator IS NULL THEN a
       WHEN frame IS NULL
         THEN {'initiator': a.initiator, 'done': false, 'kept': a.kept, 'syn_acks': a.syn_acks, 'answer': a.answer,
               'answer_seq': a.answer_seq, 'syns': CASE WHEN last_rst IS NULL OR a.kept > 0 THEN a.syns END, 'first_syn': a.first_syn,
               'syn': a.syn, 'syn_frame': a.syn_frame, 'syn_ack': a.syn_ack, 'syn_ack_frame': a.syn_ack_frame,
               'ack': a.ack, 'ack_frame': a.ack_frame, 'rtt': a.rtt, 'rtt_net': a.rtt_net, 'rtt_user': a.rtt_user,
               'connect': a.connect, 'retrans': a.retrans}
       WHEN a.kept > 0 AND reaches(number, a.answer_seq + 1) IS NOT TRUE THEN NULL
       -- Of several SYN-ACKs the ACK may name one.
       WHEN a.syn_acks > 1
         THEN {'initiator': a.initiator, 'done': true, 'kept': a.kept, 'syn_acks': a.syn_acks, 'answer': a.answer,
               'answer_seq': a.answer_seq, 'syns': a.syns, 'first_syn': a.first_syn,
               'syn': NULL, 'syn_frame': NULL, 'syn_ack': NULL, 'syn_ack_frame': NULL, 'ack': ns, 'ack_frame': frame,
               'rtt': NULL, 'rtt_net': NULL, 'rtt_user': NULL, 'connect': span(a.first_syn, ns), 'retrans': a.retrans}
       ELSE {'initiator': a.initiator, 'done': true, 'kept': a.kept, 'syn_acks': a.syn_acks, 'answer': a.answer,
             'answer_seq': a.answer_seq, 'syns': a.syns, 'first_syn': a.first_syn,
             'syn': a.syn, 'syn_frame': a.syn_frame, 'syn_ack': a.syn_ack, 'syn_ack_frame': a.syn_ack_frame,
             'ack': ns, 'ack_frame': frame,
             'rtt': CASE WHEN a.kept = 0 AND a.syns = 1 AND last_rst IS NULL
                           OR a.kept > 0 AND a.rtt_net IS NOT NULL AND span(a.syn_ack, ns) IS NOT NULL THEN span(a.syn, ns) END,
             'rtt_net': a.rtt_net, 'rtt_user': span(a.syn_ack, ns), 'connect': span(a.first_syn, ns), 'retrans': a.retrans} END;
-- SYNs, and the SYN-ACK in another part (b).
CREATE OR REPLACE MACRO answered(a, b) AS
  {'initiator': b.initiator, 'done': b.done, 'kept': b.kept, 'syn_acks': b.syn_acks, 'answer': b.answer,
   'answer_seq': b.answer_seq, 'syns': a.syns, 'first_syn': a.first_syn,
   'syn': CASE WHEN b.answer < 4 THEN a.syn END, 'syn_frame': CASE WHEN b.answer < 4 THEN a.syn_frame END,
   'syn_ack': b.syn_ack, 'syn_ack_frame': b.syn_ack_frame, 'ack': b.ack, 'ack_frame': b.ack_frame,
   'rtt': CASE WHEN b.answer = 0 AND a.syns = 1 AND span(a.syn, b.syn_ack) IS NOT NULL AND b.rtt_user IS NOT NULL
                 THEN span(a.syn, b.ack) END,
   'rtt_net': CASE WHEN b.answer = 0 AND a.syns = 1 THEN span(a.syn, b.syn_ack) END, 'rtt_user': b.rtt_user,
   'connect': span(a.first_syn, b.ack), 'retrans': b.retrans};
-- SYNs, and the same SYN again (b): which of them is answered is not sure.
CREATE OR REPLACE MACRO repeated(a, b, is_last) AS
  {'initiator': b.initiator, 'done': b.done, 'kept': b.kept, 'syn_acks': b.syn_acks, 'answer': b.answer,
   'answer_seq': b.answer_seq, 'syns': NULL, 'first_syn': a.first_syn,
   'syn': CASE WHEN is_last THEN b.syn END, 'syn_frame': CASE WHEN is_last THEN b.syn_frame END,
   'syn_ack': b.syn_ack, 'syn_ack_frame': b.syn_ack_frame, 'ack': b.ack, 'ack_frame': b.ack_frame,
   'rtt': NULL, 'rtt_net': NULL, 'rtt_user': b.rtt_user, 'connect': span(a.first_syn, b.ack), 'retrans': b.retrans};

-- What is carried along the parts of a TCP key, and what each part alone would carry.
CREATE OR REPLACE TEMP TABLE tcp AS
  SELECT * EXCLUDE (capture, addr0, addr1, tuple0, tuple1, proto_name, kinds, encap0, encap1, vni0, vni1, mac0, mac1, ends, hosts), {
      'b0': coalesce(number0, base0), 'b1': coalesce(number1, base1),
      's0': segments > 0 AND seen0, 's1': segments > 0 AND seen1, 'k0': segments > 0 AND ack0, 'k1': segments > 0 AND ack1,
      'r0': segments > 0 AND answered0, 'r1': segments > 0 AND answered1, 'y0': coalesce(nsyn0, 0), 'y1': coalesce(nsyn1, 0),
      'h': hand, 'is_known': true, 'only_syns': segments > 0 AND handshake = 1, 'lead': lead, 'seq': of_end(lead, syn_seq0, syn_seq1),
      'seq_end': of_end(lead, syn_end0, syn_end1), 'open': undisturbed, 'f0': fin_end0, 'f1': fin_end1,
      'd0': segments > 0 AND fin_acked0, 'd1': segments > 0 AND fin_acked1, 'e': segments > 0 AND ended,
      'knows_rst': true, 'rst_by': rst_by, 'rst_frame': rst_frame + before, 'senders': coalesce(rst_senders, 0)} AS alone
  FROM p WHERE proto = 6 AND kind = 'part';

CREATE OR REPLACE TEMP TABLE folded AS
WITH RECURSIVE fold AS (
  SELECT key, n, true AS is_used, 0 AS flowno, source, reason, NULL::BIGINT AS cause,
         CASE WHEN pieces > 1 THEN number * 4294967296 + flow END AS taken, alone AS c
  FROM tcp WHERE n = 1
  UNION ALL
  SELECT key, n, is_used, flowno, CASE cause WHEN 3 THEN lead ELSE source_before END, CASE cause WHEN 3 THEN 1 ELSE reason_before END,
    cause, taken, CASE
      WHEN NOT is_used THEN c
      WHEN cause IS NOT NULL OR NOT (c.s0 OR c.s1) THEN alone
      WHEN segments = 0 THEN c
      ELSE {
        'b0': coalesce(number0, c.b0, base0), 'b1': coalesce(number1, c.b1, base1),
        's0': c.s0 OR seen0, 's1': c.s1 OR seen1, 'k0': c.k0 OR ack0, 'k1': c.k1 OR ack1,
        'r0': CASE WHEN is_answer OR is_repeat THEN answered0 ELSE c.r0 END,
        'r1': CASE WHEN is_answer OR is_repeat THEN answered1 ELSE c.r1 END,
        'y0': c.y0 + nsyn0, 'y1': c.y1 + nsyn1, 'h': h, 'is_known': h IS NOT NULL,
        'only_syns': is_repeat AND handshake = 1, 'lead': c.lead, 'seq': c.seq, 'seq_end': c.seq_end,
        'open': CASE WHEN c.open = 3 THEN 3 WHEN is_answer OR is_repeat OR handshake = 0 AND c.open = 0 THEN undisturbed
                     WHEN handshake <> 0 THEN NULL
                     WHEN c.open = 8 THEN CASE WHEN (c.k0 OR ack0) AND (c.k1 OR ack1) THEN 3 ELSE 8 END
                     WHEN h IS NULL OR NOT c.is_known THEN NULL
                     WHEN h.done AND NOT c.h.done THEN 3
                     WHEN c.open = 2 AND of_end(1 - h.initiator, data0 AND c.r0, data1 AND c.r1) THEN 3
                     ELSE c.open END,
        'f0': coalesce(c.f0, fin_end0), 'f1': coalesce(c.f1, fin_end1),
        'd0': CASE WHEN c.f0 IS NULL THEN fin_acked0 WHEN c.d0 THEN true WHEN acks_wide1 THEN NULL
                   ELSE coalesce(reaches(ack_low1, c.f0) OR reaches(ack_high1, c.f0), false) END,
        'd1': CASE WHEN c.f1 IS NULL THEN fin_acked1 WHEN c.d1 THEN true WHEN acks_wide0 THEN NULL
                   ELSE coalesce(reaches(ack_low0, c.f1) OR reaches(ack_high0, c.f1), false) END,
        'e': c.e OR coalesce(last_rst > greatest(CASE WHEN c.f0 IS NULL THEN fin_frame0 ELSE 0 END,
                                                 CASE WHEN c.f1 IS NULL THEN fin_frame1 ELSE 0 END), false)
                    AND coalesce(c.f0, fin_end0) IS NOT NULL AND coalesce(c.f1, fin_end1) IS NOT NULL,
        'knows_rst': knows_rst, 'rst_by': CASE WHEN c.senders > 0 THEN c.rst_by WHEN stands THEN amid_rst_by END,
        'rst_frame': CASE WHEN c.senders > 0 THEN c.rst_frame WHEN stands THEN amid_rst_frame + before END,
        'senders': CASE WHEN c.senders > 0 OR stands THEN c.senders | rst_senders | amid_rst_senders ELSE 0 END} END
  FROM (
    SELECT *, CASE WHEN NOT c.is_known THEN NULL
                   WHEN handshake = 0 THEN acked(c.h, last_rst, of_end(c.h.initiator, ack_ns0, ack_ns1),
                     of_end(c.h.initiator, ack_frame0, ack_frame1) + before, of_end(c.h.initiator, ack_number0, ack_number1))
                   WHEN is_answer THEN answered(c.h, hand)
                   WHEN is_repeat THEN repeated(c.h, hand, syn_ack_ns IS NULL OR syn_ns <= syn_ack_ns AND c.y0 + c.y1 + nsyn0 + nsyn1 <= 4) END AS h,
      -- A RST is undone by later words of its sender: whether these were late, nobody knows here.
      c.knows_rst AND NOT ((c.senders & 1) > 0 AND voice0 OR (c.senders & 2) > 0 AND voice1)
        AND (c.senders > 0 OR c.s0 AND c.s1 OR rst_frame IS NOT DISTINCT FROM amid_rst_frame) AS knows_rst,
      -- After both FINs a RST ends what is closed already.
      coalesce(amid_rst_frame < CASE WHEN c.f0 IS NOT NULL AND c.f1 IS NOT NULL THEN 0 WHEN c.f0 IS NOT NULL THEN fin_frame1
                                     WHEN c.f1 IS NOT NULL THEN fin_frame0 END, amid_rst_frame IS NOT NULL) AS stands
    FROM (
      SELECT *, CASE WHEN is_used THEN starts END AS cause, flowno_before + (is_used AND starts IS NOT NULL)::INT AS flowno,
        CASE WHEN is_used AND piece = 0 AND pieces > 1 THEN in_file ELSE taken_before END AS taken,
        c.only_syns AND handshake = 3 AND lead <> c.lead AND reaches(answer_ack, c.seq + 1)
          AND reaches(c.seq_end, answer_ack) AS is_answer,
        c.only_syns AND handshake IN (1, 2) AND lead = c.lead AND lead_seq = c.seq
          AND of_end(lead, syn_end0, syn_end1) = c.seq_end AS is_repeat
      FROM (
        SELECT *, CASE WHEN pieces = 1 THEN true WHEN piece = 0 THEN starts IS NOT NULL
                       ELSE in_file IS DISTINCT FROM taken_before END AS is_used
        FROM (
          SELECT p.*, a.c, a.source AS source_before, a.reason AS reason_before, a.flowno AS flowno_before, a.taken AS taken_before, p.number * 4294967296 + p.flow AS in_file,
            CASE WHEN p.connects AND of_end(p.lead, a.c.b0, a.c.b1) <> p.lead_seq THEN 3
                 WHEN p.continues AND p.piece <= 1 OR p.is_late THEN 1 END AS starts
          FROM fold a JOIN tcp p ON p.key = a.key AND p.n = a.n + 1 WHERE p.n > 1)))))
SELECT * FROM fold;

-- What lies between two parts of a flow is added to what the later one counts.
CREATE OR REPLACE MACRO gap(id, id_before) AS
  CASE WHEN (id - id_before + 65536) % 65536 BETWEEN 1 AND 127 THEN (id - id_before + 65536) % 65536 - 1 ELSE 0 END;

CREATE OR REPLACE MACRO change(value, value_before) AS coalesce((value <> value_before)::INT, 0);

-- Which flow of its key each part belongs to.
CREATE OR REPLACE TEMP TABLE q AS
  WITH told AS (
    SELECT p.*, is_used, flowno, cause, c, folded.source AS its_source, folded.reason AS its_reason FROM p JOIN folded USING (key, n)
    WHERE kind = 'part' AND proto = 6
    UNION ALL BY NAME
    SELECT p.*, true AS is_used, sum((continues OR is_late)::INT) OVER by_n AS flowno, CASE WHEN continues OR is_late THEN 1 END AS cause,
           first_value(source) OVER by_n AS its_source, first_value(reason) OVER by_n AS its_reason
    FROM p WHERE kind = 'part' AND proto <> 6 WINDOW by_n AS (PARTITION BY key ORDER BY n)
    UNION ALL BY NAME
    SELECT p.*, true AS is_used FROM p WHERE kind = 'error'),
  placed AS (
    SELECT * REPLACE (last_value(flowno IGNORE NULLS) OVER (PARTITION BY key ORDER BY place) AS flowno) FROM told WHERE is_used)
  SELECT * REPLACE (
    lost0 + coalesce(gap(first_ip_id0, lag(ip_id0 IGNORE NULLS) OVER by_flow), 0) AS lost0,
    lost1 + coalesce(gap(first_ip_id1, lag(ip_id1 IGNORE NULLS) OVER by_flow), 0) AS lost1,
    dscp_changes0 + change(first_dscp0, lag(dscp0 IGNORE NULLS) OVER by_flow) AS dscp_changes0,
    dscp_changes1 + change(first_dscp1, lag(dscp1 IGNORE NULLS) OVER by_flow) AS dscp_changes1,
    flow_label_changes0 + change(flow_label0, lag(last_label0 IGNORE NULLS) OVER by_flow) AS flow_label_changes0,
    flow_label_changes1 + change(flow_label1, lag(last_label1 IGNORE NULLS) OVER by_flow) AS flow_label_changes1)
  FROM placed WHERE flowno IS NOT NULL WINDOW by_flow AS (PARTITION BY key, flowno ORDER BY place);

-- The flows: what their parts say together.
CREATE OR REPLACE TEMP TABLE sums AS
  SELECT key, flowno, first(family ORDER BY place) AS family, first(proto ORDER BY place) AS proto, first(proto_name ORDER BY place) AS proto_name,
    first(tuple0 ORDER BY place) AS tuple0, first(tuple1 ORDER BY place) AS tuple1, first(addr0 ORDER BY place) AS addr0, first(addr1 ORDER BY place) AS addr1,
    first(port0 ORDER BY place) AS port0, first(port1 ORDER BY place) AS port1, first(its_source ORDER BY place) AS source, first(its_reason ORDER BY place) AS reason,
    first(mac0 ORDER BY place) AS first_mac0, first(mac1 ORDER BY place) AS first_mac1, arg_min(mac0, place) AS mac0, arg_min(mac1, place) AS mac1,
    first(eth_type ORDER BY place) AS eth_type, first(vni0 ORDER BY place) AS vni0, first(vni1 ORDER BY place) AS vni1,
    first({'number': number, 'frame': coalesce(begin_frame, 4294967296), 'flow': flow} ORDER BY place) AS born, first(cause ORDER BY place) AS cause,
    arg_min(first_frame + before, place) AS first_frame, arg_max(last_frame + before, place) AS last_frame,
    arg_max(c, place) AS c, bool_or(segments > 0) AS is_tcp,
-- sums: made by test/reference.py
    min(start) AS start, max(last) AS last, sum(icmp_errors)::BIGINT AS icmp_errors,
    arg_max(icmp_error_frame + before, place) AS icmp_error_frame,
    arg_max(icmp_error_type, place) AS icmp_error_type, arg_max(icmp_error_code, place) AS icmp_error_code,
    sum(pkts0)::BIGINT AS pkts0, sum(pkts1)::BIGINT AS pkts1, sum(bytes0)::BIGINT AS bytes0,
    sum(bytes1)::BIGINT AS bytes1, sum(wire_bytes0)::BIGINT AS wire_bytes0,
    sum(wire_bytes1)::BIGINT AS wire_bytes1, sum(payload_pkts0)::BIGINT AS payload_pkts0,
    sum(payload_pkts1)::BIGINT AS payload_pkts1, sum(payload_bytes0)::BIGINT AS payload_bytes0,
    sum(payload_bytes1)::BIGINT AS payload_bytes1, sum(ip_bytes0)::BIGINT AS ip_bytes0,
    sum(ip_bytes1)::BIGINT AS ip_bytes1, sum(frags0)::BIGINT AS frags0, sum(frags1)::BIGINT AS frags1,
    sum(frag_pkts0)::BIGINT AS frag_pkts0, sum(frag_pkts1)::BIGINT AS frag_pkts1,
    arg_max(ip_id0, place) AS ip_id0, arg_max(ip_id1, place) AS ip_id1, sum(lost0)::BIGINT AS lost0,
    sum(lost1)::BIGINT AS lost1, arg_max(seq0, place) AS seq0, arg_max(seq1, place) AS seq1,
    arg_min(first_ip_id0, place) AS first_ip_id0, arg_min(first_ip_id1, place) AS first_ip_id1,
    min(len_min0) AS len_min0, min(len_min1) AS len_min1, min(len_min) AS len_min, max(len_max0) AS len_max0,
    max(len_max1) AS len_max1, max(len_max) AS len_max, min(payload_min0) AS payload_min0,
    min(payload_min1) AS payload_min1, min(payload_min) AS payload_min, max(payload_max0) AS payload_max0,
    max(payload_max1) AS payload_max1, max(payload_max) AS payload_max, sum(len_squares0) AS len_squares0,
    sum(len_squares1) AS len_squares1, sum(len_squares_high0) AS len_squares_high0,
    sum(len_squares_high1) AS len_squares_high1, sum(payload_squares0) AS payload_squares0,
    sum(payload_squares1) AS payload_squares1, sum(payload_squares_high0) AS payload_squares_high0,
    sum(payload_squares_high1) AS payload_squares_high1, min(ttl_min0) AS ttl_min0, min(ttl_min1) AS ttl_min1,
    max(ttl_max0) AS ttl_max0, max(ttl_max1) AS ttl_max1, arg_max(dscp0, place) AS dscp0,
    arg_max(dscp1, place) AS dscp1, sum(dscp_changes0)::BIGINT AS dscp_changes0,
    sum(dscp_changes1)::BIGINT AS dscp_changes1, sum(ect00)::BIGINT AS ect00, sum(ect01)::BIGINT AS ect01,
    sum(ect10)::BIGINT AS ect10, sum(ect11)::BIGINT AS ect11, sum(ce0)::BIGINT AS ce0, sum(ce1)::BIGINT AS ce1,
    arg_min(flow_label0, place) AS flow_label0, arg_min(flow_label1, place) AS flow_label1,
    sum(flow_label_changes0)::BIGINT AS flow_label_changes0,
    sum(flow_label_changes1)::BIGINT AS flow_label_changes1, bit_or(tcp_flags0) AS tcp_flags0,
    bit_or(tcp_flags1) AS tcp_flags1, sum(tcp_syn0)::BIGINT AS tcp_syn0, sum(tcp_syn1)::BIGINT AS tcp_syn1,
    sum(tcp_fin0)::BIGINT AS tcp_fin0, sum(tcp_fin1)::BIGINT AS tcp_fin1, sum(tcp_rst0)::BIGINT AS tcp_rst0,
    sum(tcp_rst1)::BIGINT AS tcp_rst1, sum(tcp_psh0)::BIGINT AS tcp_psh0, sum(tcp_psh1)::BIGINT AS tcp_psh1,
    sum(tcp_ack0)::BIGINT AS tcp_ack0, sum(tcp_ack1)::BIGINT AS tcp_ack1, sum(tcp_urg0)::BIGINT AS tcp_urg0,
    sum(tcp_urg1)::BIGINT AS tcp_urg1, sum(tcp_ece0)::BIGINT AS tcp_ece0, sum(tcp_ece1)::BIGINT AS tcp_ece1,
    sum(tcp_cwr0)::BIGINT AS tcp_cwr0, sum(tcp_cwr1)::BIGINT AS tcp_cwr1,
    arg_min(tcp_win_init0, place) AS tcp_win_init0, arg_min(tcp_win_init1, place) AS tcp_win_init1,
    arg_min(first_dscp0, place) AS first_dscp0, arg_min(first_dscp1, place) AS first_dscp1,
    arg_max(last_label0, place) AS last_label0, arg_max(last_label1, place) AS last_label1,
    min(tcp_raw_win_min0) AS tcp_raw_win_min0, min(tcp_raw_win_min1) AS tcp_raw_win_min1,
    max(tcp_raw_win_max0) AS tcp_raw_win_max0, max(tcp_raw_win_max1) AS tcp_raw_win_max1,
    arg_max(tcp_options0, place) AS tcp_options0, arg_max(tcp_options1, place) AS tcp_options1,
    arg_max(tcp_option_mss0, place) AS tcp_option_mss0, arg_max(tcp_option_mss1, place) AS tcp_option_mss1,
    arg_max(tcp_option_wscale0, place) AS tcp_option_wscale0,
    arg_max(tcp_option_wscale1, place) AS tcp_option_wscale1,
    sum(quality_cut_pkts0)::BIGINT AS quality_cut_pkts0, sum(quality_cut_pkts1)::BIGINT AS quality_cut_pkts1,
    sum(quality_cut_bytes0)::BIGINT AS quality_cut_bytes0,
    sum(quality_cut_bytes1)::BIGINT AS quality_cut_bytes1,
    arg_min(first_community_id, place) AS first_community_id,
-- end of sums
    any_value(idle_ns) AS idle_ns
  FROM q GROUP BY key, flowno;

-- The flows, with the columns of -z flowstats,csv: times as timestamps, spans as seconds.
CREATE OR REPLACE MACRO up(source, zero, one) AS CASE source WHEN 0 THEN zero ELSE one END;
CREATE OR REPLACE MACRO instant(ns) AS make_timestamp_ns(ns);
CREATE OR REPLACE MACRO seconds(ns) AS (ns::DECIMAL(19, 0) * 0.000000001::DECIMAL(10, 9))::DECIMAL(20, 9);
CREATE OR REPLACE MACRO rate(amount, ns) AS CASE WHEN ns > 0 THEN amount / (ns / 1e9) END;

-- Means and deviations as samples.c has them: of exact sums, rounded once; absent where these go past 128 bits.
CREATE OR REPLACE MACRO wide(low, high) AS low + high::HUGEINT * 18446744073709551616;
CREATE OR REPLACE MACRO digits(number, place) AS (number // place % 4294967296)::DOUBLE;
CREATE OR REPLACE MACRO rounded(number) AS
  ((digits(number, 79228162514264337593543950336) * 4294967296 + digits(number, 18446744073709551616)) * 4294967296
   + digits(number, 4294967296)) * 4294967296 + digits(number, 1);
CREATE OR REPLACE MACRO mean(total, n) AS CASE WHEN n > 0 THEN total::DOUBLE / n END;
CREATE OR REPLACE MACRO deviation(total, n, squares) AS
  CASE WHEN n > 1 THEN sqrt(rounded(n * squares - total::HUGEINT * total) / n / (n - 1)) END;

-- What headers say: the hops that are between a sender and the capture, and options of TCP (header_group.c).
CREATE OR REPLACE MACRO hops(ttl) AS CASE WHEN ttl <= 32 THEN 32 WHEN ttl <= 64 THEN 64 WHEN ttl <= 128 THEN 128 ELSE 255 END - ttl;
CREATE OR REPLACE MACRO option(options, mask, what) AS CASE WHEN options & mask > 0 THEN what END;
CREATE OR REPLACE MACRO scaled(win, options, wscale, other_options) AS
  CASE WHEN options & 2 > 0 AND other_options & 2 > 0 THEN win << wscale WHEN options & 2 = 0 OR other_options & 2 = 0 THEN win END;

CREATE OR REPLACE TEMP VIEW merged AS
  WITH totalled AS (
    SELECT *, pkts0 + pkts1 AS pkts, wire_bytes0 + wire_bytes1 AS wire_bytes,
      payload_pkts0 + payload_pkts1 AS payload_pkts, payload_bytes0 + payload_bytes1 AS payload_bytes
    FROM sums),
  closed AS (
    SELECT *, c.f0 IS NOT NULL AND c.f1 IS NOT NULL AS are_both, CASE WHEN c.is_known THEN c.h END AS h,
      CASE WHEN last IS NOT NULL THEN least(last::HUGEINT - start, 9223372036854775807)::BIGINT END AS ns,
      lead(cause) OVER (PARTITION BY key ORDER BY flowno) AS next_cause, (SELECT max(capture_last) FROM files) AS end_ns,
      TRY(deviation(wire_bytes0, pkts0, wide(len_squares0, len_squares_high0))) AS len_stddev0,
      TRY(deviation(wire_bytes1, pkts1, wide(len_squares1, len_squares_high1))) AS len_stddev1,
      TRY(deviation(wire_bytes, pkts, wide(len_squares0 + len_squares1, len_squares_high0 + len_squares_high1))) AS len_stddev,
      TRY(deviation(payload_bytes0, payload_pkts0, wide(payload_squares0, payload_squares_high0))) AS payload_stddev0,
      TRY(deviation(payload_bytes1, payload_pkts1, wide(payload_squares1, payload_squares_high1))) AS payload_stddev1,
      TRY(deviation(payload_bytes, payload_pkts,
                    wide(payload_squares0 + payload_squares1, payload_squares_high0 + payload_squares_high1))) AS payload_stddev,
      scaled(tcp_raw_win_min0, tcp_options0, tcp_option_wscale0, tcp_options1) AS win_min0,
      scaled(tcp_raw_win_min1, tcp_options1, tcp_option_wscale1, tcp_options0) AS win_min1,
      scaled(tcp_raw_win_max0, tcp_options0, tcp_option_wscale0, tcp_options1) AS win_max0,
      scaled(tcp_raw_win_max1, tcp_options1, tcp_option_wscale1, tcp_options0) AS win_max1,
      up(source, tcp_options0, tcp_options1) AS up_options, up(source, tcp_options1, tcp_options0) AS down_options
    FROM totalled),
  ended AS (
    SELECT *, CASE WHEN NOT is_tcp THEN NULL WHEN NOT c.knows_rst THEN NULL WHEN c.senders > 0 THEN 7 WHEN c.e THEN 0
                   WHEN c.f0 IS NULL AND c.f1 IS NULL THEN c.open WHEN c.d0 IS NULL OR c.d1 IS NULL THEN NULL
                   WHEN c.d0 AND c.d1 THEN 0 WHEN are_both THEN 6 WHEN c.d0 OR c.d1 THEN 5 ELSE 4 END AS state
    FROM closed),
  reasoned AS (
    SELECT *, CASE WHEN is_tcp AND state IS NULL THEN NULL WHEN is_tcp AND state IN (0, 7) THEN 3
                   WHEN next_cause IS NOT NULL THEN next_cause
                   WHEN idle_ns > 0 AND end_ns > last AND end_ns::HUGEINT - last > idle_ns THEN 1 ELSE 4 END AS end_reason,
      CASE WHEN h.rtt <= 0 OR h.rtt IS NULL OR h.rtt_net IS NULL OR h.rtt_user IS NULL THEN NULL
           WHEN h.rtt_user <= h.rtt // 10 THEN 1 WHEN h.rtt_net <= h.rtt // 10 THEN 2 ELSE 3 END AS vantage
    FROM ended)
  SELECT born,
    up(source, tuple0, tuple1) AS "flow.tuple", CASE WHEN family > 0 THEN proto END AS "flow.proto", proto_name AS "flow.proto_name",
    up(source, addr0, addr1) AS "flow.src", up(source, addr1, addr0) AS "flow.dst",
    CASE WHEN family = 1 THEN up(source, addr0, addr1) END AS "flow.ip.src", CASE WHEN family = 1 THEN up(source, addr1, addr0) END AS "flow.ip.dst",
    CASE WHEN family = 2 THEN up(source, addr0, addr1) END AS "flow.ipv6.src", CASE WHEN family = 2 THEN up(source, addr1, addr0) END AS "flow.ipv6.dst",
    up(source, port0, port1) AS "flow.srcport", up(source, port1, port0) AS "flow.dstport",
    -- Where the first packet had one address alone, a packet of the other end tells the other.
    CASE WHEN first_mac0 IS NOT NULL OR first_mac1 IS NOT NULL THEN up(source, mac0, mac1) END AS "flow.eth.src",
    CASE WHEN first_mac0 IS NOT NULL OR first_mac1 IS NOT NULL THEN up(source, mac1, mac0) END AS "flow.eth.dst",
    eth_type AS "flow.eth.type", up(source, vni0, vni1) AS "flow.vni",
    reason AS "flow.direction_reason",
    ['handshake', 'message type', 'application', 'ports', 'first packet', 'group address'][reason] AS "flow.direction_reason_name",
    first_frame AS "flow.first_frame", last_frame AS "flow.last_frame",
    pkts AS "flow.pkts", bytes0 + bytes1 AS "flow.bytes", wire_bytes AS "flow.wire_bytes",
    payload_bytes AS "flow.payload_bytes", ip_bytes0 + ip_bytes1 AS "flow.ip_bytes",
    seconds(ns) AS "flow.duration",
    end_reason AS "flow.end_reason", [NULL, 'idle timeout', 'active timeout', 'end of flow', 'end of capture'][end_reason + 1] AS "flow.end_reason_name",
-- fields: made by test/reference.py
    instant(start) AS "flow.start", instant(last) AS "flow.last", icmp_errors AS "flow.icmp_errors",
    icmp_error_frame AS "flow.icmp_error_frame", icmp_error_type AS "flow.icmp_error_type",
    icmp_error_code AS "flow.icmp_error_code", up(source, pkts0, pkts1) AS "flow.up.pkts",
    up(source, pkts1, pkts0) AS "flow.down.pkts", up(source, bytes0, bytes1) AS "flow.up.bytes",
    up(source, bytes1, bytes0) AS "flow.down.bytes",
    up(source, wire_bytes0, wire_bytes1) AS "flow.up.wire_bytes",
    up(source, wire_bytes1, wire_bytes0) AS "flow.down.wire_bytes",
    up(source, payload_pkts0, payload_pkts1) AS "flow.up.payload_pkts",
    up(source, payload_pkts1, payload_pkts0) AS "flow.down.payload_pkts",
    up(source, payload_bytes0, payload_bytes1) AS "flow.up.payload_bytes",
    up(source, payload_bytes1, payload_bytes0) AS "flow.down.payload_bytes",
    up(source, ip_bytes0, ip_bytes1) AS "flow.up.ip_bytes",
    up(source, ip_bytes1, ip_bytes0) AS "flow.down.ip_bytes", up(source, frags0, frags1) AS "flow.up.frags",
    up(source, frags1, frags0) AS "flow.down.frags", up(source, frag_pkts0, frag_pkts1) AS "flow.up.frag_pkts",
    up(source, frag_pkts1, frag_pkts0) AS "flow.down.frag_pkts", up(source, ip_id0, ip_id1) AS "flow.up.ip_id",
    up(source, ip_id1, ip_id0) AS "flow.down.ip_id", up(source, lost0, lost1) AS "flow.up.lost",
    up(source, lost1, lost0) AS "flow.down.lost", up(source, seq0, seq1) AS "flow.up.seq",
    up(source, seq1, seq0) AS "flow.down.seq", up(source, len_min0, len_min1) AS "flow.len.up.min",
    up(source, len_min1, len_min0) AS "flow.len.down.min", len_min AS "flow.len.min",
    up(source, len_max0, len_max1) AS "flow.len.up.max", up(source, len_max1, len_max0) AS "flow.len.down.max",
    len_max AS "flow.len.max", up(source, payload_min0, payload_min1) AS "flow.payload.up.min",
    up(source, payload_min1, payload_min0) AS "flow.payload.down.min", payload_min AS "flow.payload.min",
    up(source, payload_max0, payload_max1) AS "flow.payload.up.max",
    up(source, payload_max1, payload_max0) AS "flow.payload.down.max", payload_max AS "flow.payload.max",
    up(source, ttl_min0, ttl_min1) AS "flow.up.ttl_min", up(source, ttl_min1, ttl_min0) AS "flow.down.ttl_min",
    up(source, ttl_max0, ttl_max1) AS "flow.up.ttl_max", up(source, ttl_max1, ttl_max0) AS "flow.down.ttl_max",
    up(source, dscp0, dscp1) AS "flow.up.dscp", up(source, dscp1, dscp0) AS "flow.down.dscp",
    up(source, dscp_changes0, dscp_changes1) AS "flow.up.dscp_changes",
    up(source, dscp_changes1, dscp_changes0) AS "flow.down.dscp_changes",
    up(source, ect00, ect01) AS "flow.up.ect0", up(source, ect01, ect00) AS "flow.down.ect0",
    up(source, ect10, ect11) AS "flow.up.ect1", up(source, ect11, ect10) AS "flow.down.ect1",
    up(source, ce0, ce1) AS "flow.up.ce", up(source, ce1, ce0) AS "flow.down.ce",
    up(source, flow_label0, flow_label1) AS "flow.up.flow_label",
    up(source, flow_label1, flow_label0) AS "flow.down.flow_label",
    up(source, flow_label_changes0, flow_label_changes1) AS "flow.up.flow_label_changes",
    up(source, flow_label_changes1, flow_label_changes0) AS "flow.down.flow_label_changes",
    up(source, tcp_flags0, tcp_flags1) AS "flow.tcp.up.flags",
    up(source, tcp_flags1, tcp_flags0) AS "flow.tcp.down.flags",
    up(source, tcp_syn0, tcp_syn1) AS "flow.tcp.up.syn", up(source, tcp_syn1, tcp_syn0) AS "flow.tcp.down.syn",
    up(source, tcp_fin0, tcp_fin1) AS "flow.tcp.up.fin", up(source, tcp_fin1, tcp_fin0) AS "flow.tcp.down.fin",
    up(source, tcp_rst0, tcp_rst1) AS "flow.tcp.up.rst", up(source, tcp_rst1, tcp_rst0) AS "flow.tcp.down.rst",
    up(source, tcp_psh0, tcp_psh1) AS "flow.tcp.up.psh", up(source, tcp_psh1, tcp_psh0) AS "flow.tcp.down.psh",
    up(source, tcp_ack0, tcp_ack1) AS "flow.tcp.up.ack", up(source, tcp_ack1, tcp_ack0) AS "flow.tcp.down.ack",
    up(source, tcp_urg0, tcp_urg1) AS "flow.tcp.up.urg", up(source, tcp_urg1, tcp_urg0) AS "flow.tcp.down.urg",
    up(source, tcp_ece0, tcp_ece1) AS "flow.tcp.up.ece", up(source, tcp_ece1, tcp_ece0) AS "flow.tcp.down.ece",
    up(source, tcp_cwr0, tcp_cwr1) AS "flow.tcp.up.cwr", up(source, tcp_cwr1, tcp_cwr0) AS "flow.tcp.down.cwr",
    up(source, tcp_win_init0, tcp_win_init1) AS "flow.tcp.up.win_init",
    up(source, tcp_win_init1, tcp_win_init0) AS "flow.tcp.down.win_init",
    up(source, quality_cut_pkts0, quality_cut_pkts1) AS "flow.quality.up.cut_pkts",
    up(source, quality_cut_pkts1, quality_cut_pkts0) AS "flow.quality.down.cut_pkts",
    up(source, quality_cut_bytes0, quality_cut_bytes1) AS "flow.quality.up.cut_bytes",
    up(source, quality_cut_bytes1, quality_cut_bytes0) AS "flow.quality.down.cut_bytes",
-- end of fields
    nullif(first_community_id, 'none') AS "flow.community_id",
    mean(wire_bytes, pkts) AS "flow.len.mean", mean(up(source, wire_bytes0, wire_bytes1), up(source, pkts0, pkts1)) AS "flow.len.up.mean",
    mean(up(source, wire_bytes1, wire_bytes0), up(source, pkts1, pkts0)) AS "flow.len.down.mean",
    len_stddev AS "flow.len.stddev", up(source, len_stddev0, len_stddev1) AS "flow.len.up.stddev",
    up(source, len_stddev1, len_stddev0) AS "flow.len.down.stddev",
    mean(payload_bytes, payload_pkts) AS "flow.payload.mean",
    mean(up(source, payload_bytes0, payload_bytes1), up(source, payload_pkts0, payload_pkts1)) AS "flow.payload.up.mean",
    mean(up(source, payload_bytes1, payload_bytes0), up(source, payload_pkts1, payload_pkts0)) AS "flow.payload.down.mean",
    payload_stddev AS "flow.payload.stddev", up(source, payload_stddev0, payload_stddev1) AS "flow.payload.up.stddev",
    up(source, payload_stddev1, payload_stddev0) AS "flow.payload.down.stddev",
    CASE WHEN payload_bytes > 0 THEN (up(source, payload_bytes0, payload_bytes1)::DOUBLE - up(source, payload_bytes1, payload_bytes0)) / payload_bytes END AS "flow.pcr",
    CASE WHEN (pkts0 > 0) <> (pkts1 > 0) THEN 1 END AS "flow.quality.one_sided",
    CASE WHEN (coalesce(tcp_syn0, 0) + coalesce(tcp_syn1, 0)) = 0 AND is_tcp THEN 1 END AS "flow.quality.midstream",
    vantage AS "flow.quality.vantage", ['client', 'server', 'between'][vantage] AS "flow.quality.vantage_name",
    up(source, hops(ttl_max0), hops(ttl_max1)) AS "flow.up.hops", up(source, hops(ttl_max1), hops(ttl_max0)) AS "flow.down.hops",
    up(source, win_min0, win_min1) AS "flow.tcp.up.win_min", up(source, win_min1, win_min0) AS "flow.tcp.down.win_min",
    up(source, win_max0, win_max1) AS "flow.tcp.up.win_max", up(source, win_max1, win_max0) AS "flow.tcp.down.win_max",
    option(up_options, 1, up(source, tcp_option_mss0, tcp_option_mss1)) AS "flow.tcp.up.mss",
    option(down_options, 1, up(source, tcp_option_mss1, tcp_option_mss0)) AS "flow.tcp.down.mss",
    option(up_options, 2, up(source, tcp_option_wscale0, tcp_option_wscale1)) AS "flow.tcp.up.wscale",
    option(down_options, 2, up(source, tcp_option_wscale1, tcp_option_wscale0)) AS "flow.tcp.down.wscale",
    option(up_options, 4, 1) AS "flow.tcp.up.sack_permitted", option(down_options, 4, 1) AS "flow.tcp.down.sack_permitted",
    option(up_options, 8, 1) AS "flow.tcp.up.timestamps", option(down_options, 8, 1) AS "flow.tcp.down.timestamps",
    option(up_options, 16, 1) AS "flow.tcp.up.fast_open", option(down_options, 16, 1) AS "flow.tcp.down.fast_open",
    state AS "flow.tcp.state",
    ['Closed', 'SynSent', 'SynReceived', 'Established', 'FinWait', 'CloseWait', 'Closing', 'Reset', 'Unknown'][state + 1] AS "flow.tcp.state_name",
    CASE WHEN state = 7 THEN (c.rst_by <> source)::INT END AS "flow.tcp.reset_by",
    CASE WHEN state = 7 THEN up(source, ['up', 'down'][c.rst_by + 1], ['down', 'up'][c.rst_by + 1]) END AS "flow.tcp.reset_by_name",
    CASE WHEN state = 7 THEN c.rst_frame END AS "flow.tcp.reset_frame",
    seconds(h.rtt) AS "flow.tcp.rtt", seconds(h.rtt_net) AS "flow.tcp.rtt_net", seconds(h.rtt_user) AS "flow.tcp.rtt_user",
    seconds(h.connect) AS "flow.tcp.connect_time",
    instant(h.syn) AS "flow.tcp.ts_syn", instant(h.syn_ack) AS "flow.tcp.ts_syn_ack", instant(h.ack) AS "flow.tcp.ts_ack",
    h.syn_frame AS "flow.tcp.syn_frame", h.syn_ack_frame AS "flow.tcp.syn_ack_frame", h.ack_frame AS "flow.tcp.ack_frame",
    CASE WHEN is_tcp THEN greatest(c.y0 - 1, 0) + greatest(c.y1 - 1, 0) END AS "flow.tcp.syn_retrans",
    CASE WHEN is_tcp THEN h.retrans END AS "flow.tcp.syn_ack_retrans",
    rate(8.0 * wire_bytes, ns) AS "flow.rate.bits", rate(8.0 * up(source, wire_bytes0, wire_bytes1), ns) AS "flow.rate.up.bits",
    rate(8.0 * up(source, wire_bytes1, wire_bytes0), ns) AS "flow.rate.down.bits",
    rate(pkts::DOUBLE, ns) AS "flow.rate.pkts", rate(up(source, pkts0, pkts1)::DOUBLE, ns) AS "flow.rate.up.pkts",
    rate(up(source, pkts1, pkts0)::DOUBLE, ns) AS "flow.rate.down.pkts"
  FROM reasoned;
