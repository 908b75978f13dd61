#include "arguments.h"
#include "cells.h"
#include "prefs.h"
#include "program.h"
#include "session.h"
#include "sink.h"

#include "community_id.h"
#include "core.h"
#include "member.h"
#include "part.h"
#include "part_columns.h"
#include "state.h"
#include "text.h"

#include <epan/epan.h>

/* The columns are those of share/flowstats/parts.sql; another number where one changes. */
enum { SCHEMA = 3 };

/* A part, or a piece of one: what it is to the parts before it, and the states of its rows. */
struct part {
    struct flow_part order;
    void *states;
};

/*
 * A row in the making.  The heading is a row, too: each cell says its name then.
 * So there is one list of columns.
 */
struct line {
    GString *out;
    const char *kind; /* NULL: the heading */
    const struct flow_capture *capture;
    const struct flow_paths *paths;
    const struct flow_key *key; /* NULL: it is about no flow */
    const struct flow *flow;    /* NULL: it is about no packet */
    struct flow_view *view;     /* likewise */
    const struct part *part;
    uint32_t encapsulation[FLOW_DIRS]; /* of what each end sent */
    bool has_encapsulation[FLOW_DIRS];
    unsigned piece;
    unsigned pieces;
};

/* A cell of the row; false where it is its name, or empty. */
static bool begins(const struct line *line, const char *name, bool is_known)
{
    if (!line->kind || !is_known)
        fs_cell_text(line->out, line->kind ? NULL : name);
    return line->kind && is_known;
}

static void number(const struct line *line, const char *name, bool is_known, uint64_t value)
{
    if (begins(line, name, is_known))
        fs_cell_number(line->out, value);
}

static void instant(const struct line *line, const char *name, bool is_known, int64_t ns)
{
    if (begins(line, name, is_known))
        fs_cell_integer(line->out, ns);
}

static void text(const struct line *line, const char *name, const char *value)
{
    if (begins(line, name, value != NULL))
        fs_cell_text(line->out, value);
}

/* The capture: only its own row says it. */

static bool is_capture(const struct line *line)
{
    return line->kind && !line->key;
}

/* Those that change what parts say. */
static char *preferences_text(void)
{
    const struct flow_setting *seed = flow_community_id.settings;

    return g_strdup_printf("flow.idle_timeout:%u flow.key_vlan:%s flow.key_labels:%s "
                           "flow.key_ends:%s flow.%s:%u",
                           fs_prefs->idle_timeout, fs_prefs->key_vlan ? "TRUE" : "FALSE",
                           fs_prefs->key_labels ? "TRUE" : "FALSE",
                           fs_prefs->key_ends ? "TRUE" : "FALSE", seed->name, *seed->value);
}

static void put_capture(const struct line *line)
{
    const struct flow_capture *capture = line->capture;
    bool is_here = is_capture(line), has_time = is_here && capture->has_time;
    char *preferences = is_here ? preferences_text() : NULL;

    number(line, "schema", is_here, SCHEMA);
    text(line, "plugin", is_here ? FLOWSTATS_VERSION : NULL);
    text(line, "wireshark", is_here ? epan_get_version() : NULL);
    text(line, "preferences", preferences);
    number(line, "frames", is_here, is_here ? fs_session_frames() : 0);
    instant(line, "capture_first", has_time, has_time ? capture->first_ns : 0);
    instant(line, "capture_last", has_time, has_time ? capture->last_ns : 0);
    g_free(preferences);
}

/* Who talks to whom */

static char *path_text(const struct line *line, uint32_t path, enum flow_dir dir)
{
    char buffer[FLOW_PATH_TEXT_LEN];

    flow_paths_text(line->paths, path, dir, buffer);
    return g_strdup(buffer);
}

static void put_kinds(const struct line *line)
{
    char *kinds = line->key && line->key->path ? path_text(line, line->key->path, FLOW_UP) : NULL;

    text(line, "kinds", kinds);
    g_free(kinds);
}

/* Turned towards end[1]: what has the same tunnels both ways has the same text both ways. */
static void put_encapsulation(const struct line *line, const char *name, enum flow_dir end)
{
    char *layers = line->key && line->key->path && line->has_encapsulation[end]
                       ? path_text(line, line->encapsulation[end], end)
                       : NULL;

    text(line, name, layers);
    g_free(layers);
}

static void put_end(const struct line *line, enum flow_dir end, const char *addr_name,
                    const char *port_name)
{
    const struct flow_end *at = line->key ? &line->key->end[end] : NULL;
    char addr[FLOW_ADDR_TEXT_LEN];

    if (at)
        flow_addr_text((enum flow_family)line->key->family, at->addr, addr);
    text(line, addr_name, at ? addr : NULL);
    number(line, port_name, at && (line->key->bits & FLOW_TUPLE_PORTS), at ? at->port : 0);
}

/* How people write it, if that end is the source. */
static void put_tuple(const struct line *line, const char *name, uint8_t source)
{
    struct flow flow = { .source = source };
    char tuple[FLOW_TUPLE_TEXT_LEN];

    if (line->key) {
        flow.key = *line->key;
        flow_tuple_text(&flow, tuple);
    }
    text(line, name, line->key ? tuple : NULL);
}

static void put_protocol(const struct line *line)
{
    struct flow flow = { 0 };
    char name[32];

    if (line->key) {
        flow.key = *line->key;
        flow_protocol_text(&flow, name, sizeof name);
    }
    text(line, "proto_name", line->key ? name : NULL);
}

static void put_key(const struct line *line)
{
    const struct flow_key *key = line->key;
    bool is_here = key != NULL;

    number(line, "family", is_here, is_here ? key->family : 0);
    number(line, "proto", is_here, is_here ? key->protocol : 0);
    put_end(line, FLOW_UP, "addr0", "port0");
    put_end(line, FLOW_DOWN, "addr1", "port1");
    number(line, "ident", is_here, is_here ? key->ident : 0);
    number(line, "has_ident", is_here, is_here && (key->bits & FLOW_TUPLE_IDENT));
    number(line, "asker", is_here, is_here ? key->asker : 0);
    put_protocol(line);
    put_tuple(line, "tuple0", 0);
    put_tuple(line, "tuple1", 1);
    put_kinds(line);
    put_encapsulation(line, "encap0", FLOW_UP);
    put_encapsulation(line, "encap1", FLOW_DOWN);
}

/* What the first packet says, which is known of a flow's first piece alone */

static void put_vni(const struct line *line, const char *name, enum flow_dir source)
{
    const struct flow *flow = line->flow;
    enum flow_dir first = flow ? flow_first_dir(flow) : FLOW_UP;
    uint32_t path = flow && line->piece <= 1 ? flow->way[first].path : 0;
    char *layers = NULL;

    if (path)
        layers = path_text(line, path, flow->source ^ first ^ source);
    text(line, name, layers);
    g_free(layers);
}

static void put_mac(const struct line *line, const char *name, enum flow_dir end)
{
    const struct flow *flow = line->flow;
    enum flow_dir dir = flow ? flow_dir_of(flow, end) : FLOW_UP;
    bool is_known = flow && line->piece <= 1 && (flow->bits & (unsigned)FLOW_MAC_UP << dir);
    char mac[FLOW_ADDR_TEXT_LEN];

    if (is_known)
        flow_addr_text(FLOW_LINK, flow->way[dir].mac, mac);
    text(line, name, is_known ? mac : NULL);
}

static void put_first_packet(const struct line *line)
{
    const struct flow *flow = line->flow;
    uint32_t path = flow && line->piece <= 1 ? flow->way[flow_first_dir(flow)].path : 0;

    put_vni(line, "vni0", FLOW_UP);
    put_vni(line, "vni1", FLOW_DOWN);
    number(line, "vni_depth", path, path ? MIN(flow_paths_depth(line->paths, path), UINT8_MAX) : 0);
    put_mac(line, "mac0", FLOW_UP);
    put_mac(line, "mac1", FLOW_DOWN);
    number(line, "eth_type", flow && line->piece <= 1 && (flow->bits & FLOW_ETH_TYPE),
           flow ? flow->eth_type : 0);
}

/* The part among those of its file */

static void put_place(const struct line *line)
{
    const struct flow *flow = line->flow;
    bool is_here = flow != NULL;
    const struct flow_part *part = line->part ? &line->part->order : NULL;

    number(line, "flow", is_here, is_here ? flow->id : 0);
    number(line, "piece", is_here, line->piece);
    number(line, "pieces", is_here, line->pieces);
    number(line, "source", is_here, is_here ? flow->source : 0);
    number(line, "reason", is_here, is_here ? flow->reason : 0);
    number(line, "continues", is_here, is_here && (flow->bits & FLOW_CONTINUES));
    instant(line, "begin_ns", part && (part->bits & FLOW_PART_TIME), part ? part->begin_ns : 0);
    number(line, "begin_frame", part && part->begin_frame > 0, part ? part->begin_frame : 0);
    instant(line, "flow_last_ns", is_here && (flow->bits & FLOW_TIME), is_here ? flow->last_ns : 0);
    number(line, "first_frame", part && part->first_frame > 0, part ? part->first_frame : 0);
    number(line, "last_frame", part && part->first_frame > 0, part ? part->last_frame : 0);
}

/* What rows say */

static void put_column(const struct line *line, const struct flow_part_column *column)
{
    struct flow_value value = { .known = false };

    /* Errors without packets count for core alone. */
    if (line->part && (line->flow || column->group == &flow_core))
        value = flow_part_value(column, line->part->states, line->view);
    switch (flow_member_of(column->row->kind)) {
    case FLOW_MEMBER_NS: instant(line, column->name, value.known, value.as.ns); break;
    case FLOW_MEMBER_TEXT: text(line, column->name, value.known ? value.as.text : NULL); break;
    case FLOW_MEMBER_NUMBER: number(line, column->name, value.known, value.as.number); break;
    case FLOW_MEMBER_REAL: /* what is rounded cannot be added up exactly */
    case FLOW_MEMBER_ADDR: text(line, column->name, NULL); break;
    }
}

static void put_columns(const struct line *line)
{
    const struct flow_part_column *column;

    for (size_t i = 0; (column = flow_part_column(i)); i++)
        put_column(line, column);
}

/* TCP */

/* The name of an end's column; valid until the next one. */
static const char *of_end(const char *name, enum flow_dir end)
{
    static char text_of_end[32];

    g_snprintf(text_of_end, sizeof text_of_end, "%s%u", name, (unsigned)end);
    return text_of_end;
}

static bool sent_time(const struct flow_tcp_sent *sent)
{
    return sent && (sent->bits & FLOW_TCP_SENT_TIME);
}

static void put_moment(const struct line *line, const struct flow_tcp *tcp,
                       enum flow_tcp_moment moment, const char *ns_name, const char *frame_name)
{
    const struct flow_tcp_sent *sent = tcp ? flow_tcp_moment(tcp, moment) : NULL;

    instant(line, ns_name, sent_time(sent), sent ? sent->ns : 0);
    number(line, frame_name, sent_time(sent), sent ? sent->frame : 0);
}

static void put_span(const struct line *line, const struct flow_tcp *tcp, enum flow_tcp_span span,
                     const char *name)
{
    int64_t ns = 0;
    bool is_known = tcp && flow_tcp_span(tcp, span, &ns);

    instant(line, name, is_known, ns);
}

/* The first RST that stands, and which ends sent those that do: a bit each. */
static void put_rsts(const struct line *line, const struct flow_tcp *tcp, const char *by_name,
                     const char *frame_name, const char *senders_name)
{
    unsigned senders = 0;
    bool is_known = tcp && tcp->rst_count > 0;

    for (uint8_t i = 0; tcp && i < tcp->rst_count; i++)
        senders |= 1u << flow_tcp_rst_dir(&tcp->rst[i]);
    number(line, by_name, is_known, is_known ? flow_tcp_rst_dir(&tcp->rst[0]) : 0);
    number(line, frame_name, is_known, is_known ? tcp->rst[0].frame : 0);
    number(line, senders_name, tcp != NULL, senders);
}

static void put_handshake(const struct line *line, const struct flow_part *part)
{
    const struct flow_tcp *tcp = part ? &part->tcp : NULL;
    bool is_here = part != NULL, has_initiator = tcp && (tcp->bits & FLOW_TCP_INITIATOR);
    bool is_answered = is_here && (part->bits & (FLOW_PART_ANSWER_UP | FLOW_PART_ANSWER_DOWN));

    number(line, "handshake", is_here, is_here ? flow_part_handshake_of(part) : 0);
    number(line, "connects", is_here, is_here && flow_part_connects(part));
    number(line, "lead", is_here, is_here ? flow_part_lead(part) : 0);
    number(line, "lead_seq", is_here, is_here ? part->lead_seq : 0);
    number(line, "answer_seq", is_answered && !(part->bits & FLOW_PART_OTHER_ANSWER),
           is_here ? part->answer_seq : 0);
    number(line, "answer_ack", is_answered && !(part->bits & FLOW_PART_OTHER_ANSWER),
           is_here ? part->answer_ack : 0);
    number(line, "initiator", has_initiator,
           has_initiator && (tcp->bits & FLOW_TCP_INITIATOR_DOWN) ? 1 : 0);
    number(line, "done", is_here, is_here && (tcp->bits & FLOW_TCP_HANDSHAKE_DONE));
    number(line, "syns", is_here, is_here ? tcp->syns : 0);
    number(line, "syn_acks_kept", is_here, is_here ? tcp->syn_ack_count : 0);
    number(line, "syn_acks", is_here, is_here ? tcp->syn_acks : 0);
    number(line, "answer", is_here, is_here ? tcp->answer : 0);
    instant(line, "first_syn_ns", is_here && sent_time(&tcp->syn[0]), is_here ? tcp->syn[0].ns : 0);
    put_moment(line, tcp, FLOW_TCP_MOMENT_SYN, "syn_ns", "syn_frame");
    put_moment(line, tcp, FLOW_TCP_MOMENT_SYN_ACK, "syn_ack_ns", "syn_ack_frame");
    put_moment(line, tcp, FLOW_TCP_MOMENT_ACK, "ack_ns", "ack_frame");
    put_span(line, tcp, FLOW_TCP_RTT, "rtt_ns");
    put_span(line, tcp, FLOW_TCP_RTT_NET, "rtt_net_ns");
    put_span(line, tcp, FLOW_TCP_RTT_USER, "rtt_user_ns");
    put_span(line, tcp, FLOW_TCP_CONNECT_TIME, "connect_ns");
    number(line, "syn_ack_retrans", is_here, is_here ? tcp->syn_ack_retrans : 0);
}

/* NULL: there are none. */
static const struct flow_part *segments_of(const struct line *line)
{
    return line->part && line->part->order.segments > 0 ? &line->part->order : NULL;
}

static void put_tcp(const struct line *line)
{
    const struct flow_part *part = segments_of(line);

    number(line, "segments", line->part != NULL, part ? part->segments : 0);
    put_handshake(line, part);
    number(line, "state", part != NULL, part ? part->tcp.state : 0);
    number(line, "undisturbed", part != NULL, part ? part->tcp.undisturbed : 0);
    number(line, "ended", part != NULL, part && (part->tcp.bits & FLOW_TCP_ENDED));
    number(line, "last_rst", part && part->last_rst > 0, part ? part->last_rst : 0);
    put_rsts(line, part ? &part->tcp : NULL, "rst_by", "rst_frame", "rst_senders");
    put_rsts(line, part ? &part->tcp_amid : NULL, "amid_rst_by", "amid_rst_frame",
             "amid_rst_senders");
}

static void put_half_tcp(const struct line *line, enum flow_dir end)
{
    static const struct flow_part none;
    const struct flow_part *part = segments_of(line);
    const struct flow_part_half *half = part ? &part->half[end] : &none.half[end];
    const struct flow_tcp_half *tcp = part ? &part->tcp.half[end] : &none.tcp.half[end];
    bool is_here = part != NULL, has_syn = half->bits & FLOW_PART_SYN;
    bool has_acks = (half->bits & FLOW_PART_ACKS) && !(half->bits & FLOW_PART_WIDE);
    bool has_ack = half->bits & FLOW_PART_ACK, has_fin = tcp->bits & FLOW_TCP_HALF_FIN;

    number(line, of_end("seen", end), is_here, (tcp->bits & FLOW_TCP_HALF_SEEN) != 0);
    number(line, of_end("ack", end), is_here, (tcp->bits & FLOW_TCP_HALF_ACK) != 0);
    number(line, of_end("answered", end), is_here, (tcp->bits & FLOW_TCP_HALF_SYN_ACK) != 0);
    number(line, of_end("data", end), is_here, (half->bits & FLOW_PART_DATA) != 0);
    number(line, of_end("voice", end), is_here, (half->bits & FLOW_PART_VOICE) != 0);
    number(line, of_end("nsyn", end), is_here, half->syns);
    number(line, of_end("syn_seq", end), has_syn, half->syn_seq);
    number(line, of_end("syn_end", end), has_syn, half->syn_end);
    number(line, of_end("number", end), half->bits & FLOW_PART_OPEN, half->number);
    number(line, of_end("base", end), half->bits & FLOW_PART_BASE, half->base);
    instant(line, of_end("ack_ns", end), has_ack && sent_time(&half->first_ack),
            half->first_ack.ns);
    number(line, of_end("ack_frame", end), has_ack, half->first_ack.frame);
    number(line, of_end("ack_number", end), has_ack, half->first_ack.ack);
    number(line, of_end("ack_low", end), has_acks, half->ack_low);
    number(line, of_end("ack_high", end), has_acks, half->ack_high);
    number(line, of_end("acks_wide", end), is_here, (half->bits & FLOW_PART_WIDE) != 0);
    number(line, of_end("fin_frame", end), has_fin, half->fin_frame);
    number(line, of_end("fin_end", end), has_fin, tcp->fin_end);
    number(line, of_end("fin_acked", end), is_here, (tcp->bits & FLOW_TCP_HALF_FIN_ACKED) != 0);
}

static void put(const struct line *line)
{
    text(line, "kind", line->kind);
    text(line, "capture", line->kind ? fs_arguments_value('r') : NULL);
    put_capture(line);
    put_key(line);
    put_place(line);
    put_first_packet(line);
    put_columns(line);
    put_tcp(line);
    for (enum flow_dir end = FLOW_UP; end < FLOW_DIRS; end++)
        put_half_tcp(line, end);
    fs_cells_end(line->out);
}

static void begin(GString *out)
{
    put(&(struct line){ .out = out });
}

/* A fact as its end sent it, which is not changed by what is decided to be up. */
static struct flow_fact as_sent(const struct flow *flow, const struct flow_fact *fact)
{
    struct flow_fact sent = *fact;

    if (flow->source == 1 && !(fact->bits & FLOW_FACT_EVENT))
        sent.bits ^= FLOW_FACT_DOWN;
    return sent;
}

static void begin_part(struct part *part)
{
    part->order = (struct flow_part){ 0 };
    flow_part_states_clear(part->states);
}

static void part_apply(struct part *part, const struct flow_key *key, const struct flow_fact *fact)
{
    flow_part_apply(&part->order, fact);
    flow_part_states_apply(part->states, key, fact);
}

/* Put the flow in one row, and return in how many pieces it may have to be cut. */
static unsigned put_whole(const struct line *flow, struct part *part)
{
    struct line line = *flow;
    struct flow_part piece = { 0 };
    unsigned pieces = 1;
    const void *notes;
    const struct flow_fact *fact;

    for (uint32_t i = 0;
         (fact = flow_history_fact(line.view->history, line.view->index, i, &notes)); i++) {
        struct flow_fact sent = as_sent(line.flow, fact);
        if (flow_part_is_over(&piece, &sent)) {
            pieces++;
            piece = (struct flow_part){ 0 };
        }
        flow_part_apply(&piece, &sent);
        part_apply(part, line.key, &sent);
    }
    line.pieces = pieces;
    line.part = part;
    put(&line);
    return pieces;
}

static void put_pieces(const struct line *flow, unsigned pieces, struct part *piece)
{
    struct line line = *flow;
    const void *notes;
    const struct flow_fact *fact;

    line.part = piece;
    line.pieces = pieces;
    line.piece = 1;
    begin_part(piece);
    for (uint32_t i = 0;
         (fact = flow_history_fact(line.view->history, line.view->index, i, &notes)); i++) {
        struct flow_fact sent = as_sent(line.flow, fact);
        if (flow_part_is_over(&piece->order, &sent)) {
            put(&line);
            line.piece++;
            begin_part(piece);
        }
        part_apply(piece, line.key, &sent);
    }
    put(&line);
}

static void row(GString *out, struct flow_view *view)
{
    const struct flow *flow = view->flow;
    struct line line = { .out = out,
                         .kind = "part",
                         .capture = view->capture,
                         .paths = view->paths,
                         .key = &flow->key,
                         .flow = flow,
                         .view = view };
    struct part part = { .states = flow_part_states_new() };

    for (enum flow_dir end = FLOW_UP; end < FLOW_DIRS; end++) {
        enum flow_dir dir = flow_dir_of(flow, end);
        line.encapsulation[end] = flow_encapsulation(flow, dir);
        line.has_encapsulation[end] = flow->bits & (unsigned)FLOW_KNOWN_UP << dir;
    }
    unsigned pieces = put_whole(&line, &part);
    if (pieces > 1)
        put_pieces(&line, pieces, &part);
    g_free(part.states);
}

static void put_orphan(const struct line *error, const struct flow_orphan *orphan)
{
    struct line line = *error;
    unsigned sender = orphan->flow.sender;
    struct part part = { .states = flow_part_states_new() };
    struct flow flow = { .key = orphan->flow.key };
    struct flow_view view = { .flow = &flow };

    *(struct flow_state *)flow_part_state(part.states, &flow_core) =
        (struct flow_state){ .icmp_errors = orphan->errors,
                             .icmp_error_frame = orphan->frame,
                             .icmp_error_type = orphan->type,
                             .icmp_error_code = orphan->code };
    line.key = &flow.key;
    line.view = &view;
    line.part = &part;
    line.has_encapsulation[sender] = true;
    line.has_encapsulation[!sender] = false;
    line.encapsulation[sender] = orphan->flow.encapsulation;
    put(&line);
    g_free(part.states);
}

/* The row of the capture comes last: without it the rows are not all there. */
static void end(GString *out)
{
    static const struct flow_capture empty;
    struct flow_meter *meter = fs_session_meter();
    struct line line = { .out = out, .capture = meter ? flow_meter_capture(meter) : &empty };
    const struct flow_orphan *orphan;

    line.kind = "error";
    line.paths = meter ? flow_meter_paths(meter) : NULL;
    for (unsigned i = 0; meter && (orphan = flow_meter_orphan(meter, i)); i++)
        put_orphan(&line, orphan);
    put(&(struct line){ .out = out, .kind = "capture", .capture = line.capture });
}

static const char *obstacle(const char *filter)
{
    if (fs_program() != FS_TSHARK)
        return "only tshark writes parts, of one file";
    if (fs_arguments_have('b') || fs_arguments_have('M'))
        return "parts are of one file: leave out -b and -M";
    if (filter)
        return "parts are of all packets: leave out the filter";
    if (fs_prefs->active_timeout > 0)
        return "flow.active_timeout cuts a flow by its beginning, which may be in another file: "
               "set it to 0";
    fs_session_keep_orphans();
    return NULL;
}

const struct fs_sink fs_parts = {
    .cli = "flowstats,parts",
    .begin = begin,
    .row = row,
    .end = end,
    .needs_facts = true,
    .obstacle = obstacle,
};
