#include "ws_compat.h"

#include "cells.h"
#include "sink.h"

#include "core.h"
#include "span.h"
#include "text.h"

#include <groups/header_group.h>
#include <groups/shape.h>
#include <groups/splt.h>
#include <stdlib.h>

/*
 * NFStream's columns, with numbers that are right: doc/other-tools.md says which
 * of its own are not.  Its source is ours; sizes are those of frames, as with its
 * accounting_mode 0.  What no sample tells is 0, as it is there.
 */

#define NS_IN_MS 1e6

/* What the columns are made of. */
struct nfstream {
    struct flow_view *view;
    const struct flow *flow;
    const struct flow_state *core;
    struct shape_state shape;
    struct headers_state headers;
    struct splt_state first; /* frames, those without payload too */
    enum flow_dir dir;       /* what a column is about; FLOW_DIRS: both directions */
    uint32_t number;         /* what its row says */
};

static void fold_first(void *state, const struct flow_fold *from)
{
    if (!(from->fact->bits & FLOW_FACT_EVENT))
        flow_splt_add(state, from->fact, from->fact->wire_len);
}

static const struct flow_group first_group = { .state_size = sizeof(struct splt_state),
                                               .fold = fold_first };

struct column {
    const char *name;
    void (*put)(GString *out, const struct nfstream *n);
    uint32_t number; /* what put() likes */
};

/* Who: its src is our source, its dst our destination. */

static void put_id(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, n->flow->id);
}

/* IPFIX's 1 and 2, idle and active timeout, are 0 and 1 here, and all else is -1. */
static void put_expiration(GString *out, const struct nfstream *n)
{
    struct flow_value reason = flow_view_value(n->view, "end_reason");

    if (reason.known && (reason.as.number == 1 || reason.as.number == 2))
        fs_cell_number(out, reason.as.number - 1);
    else
        fs_cell_text(out, "-1");
}

static void put_address(GString *out, const struct nfstream *n)
{
    char text[FLOW_ADDR_TEXT_LEN];

    flow_addr_text((enum flow_family)n->flow->key.family,
                   flow_end_of(n->flow, (enum flow_dir)n->number)->addr, text);
    fs_cell_text(out, text);
}

static void put_mac_bytes(GString *out, const struct nfstream *n, int bytes)
{
    static const char *const names[] = { [FLOW_UP] = "eth.src", [FLOW_DOWN] = "eth.dst" };
    struct flow_value mac = flow_view_value(n->view, names[n->number]);
    char text[3 * FLOW_MAC_LEN + 1] = "";

    for (int i = 0; mac.known && i < bytes; i++)
        g_snprintf(text + MAX(3 * i - 1, 0), 4, "%s%02x", i > 0 ? ":" : "", mac.as.addr[i]);
    fs_cell_text(out, text);
}

static void put_mac(GString *out, const struct nfstream *n)
{
    put_mac_bytes(out, n, FLOW_MAC_LEN);
}

static void put_oui(GString *out, const struct nfstream *n)
{
    put_mac_bytes(out, n, 3);
}

static void put_port(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, flow_end_of(n->flow, (enum flow_dir)n->number)->port);
}

static void put_protocol(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, n->flow->key.protocol);
}

static void put_version(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, n->flow->key.family == FLOW_IPV4 ? 4 : 6);
}

/* What follows a word in the text of the encapsulation; NULL where it does not have the word. */
static const char *encapsulation_after(const struct nfstream *n, const char *word)
{
    struct flow_value vni = flow_view_value(n->view, "vni");
    const char *at = vni.known ? strstr(vni.as.text, word) : NULL;

    return at ? at + strlen(word) : NULL;
}

/* The outermost one. */
static void put_vlan(GString *out, const struct nfstream *n)
{
    const char *number = encapsulation_after(n, "vlan(");

    fs_cell_number(out, number ? strtoul(number, NULL, 10) : 0);
}

/* Its numbers are nDPI's: 1 is GTP, and 0 all that it does not look into by default. */
static void put_tunnel(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, encapsulation_after(n, "gtp") ? 1 : 0);
}

static const struct column identity[] = {
    { "id", put_id, 0 },
    { "expiration_id", put_expiration, 0 },
    { "src_ip", put_address, FLOW_UP },
    { "src_mac", put_mac, FLOW_UP },
    { "src_oui", put_oui, FLOW_UP },
    { "src_port", put_port, FLOW_UP },
    { "dst_ip", put_address, FLOW_DOWN },
    { "dst_mac", put_mac, FLOW_DOWN },
    { "dst_oui", put_oui, FLOW_DOWN },
    { "dst_port", put_port, FLOW_DOWN },
    { "protocol", put_protocol, 0 },
    { "ip_version", put_version, 0 },
    { "vlan_id", put_vlan, 0 },
    { "tunnel_id", put_tunnel, 0 },
    { NULL, NULL, 0 },
};

/* When and how much */

enum moment { FIRST_SEEN, LAST_SEEN, DURATION };

static void put_moment(GString *out, const struct nfstream *n)
{
    const struct shape_clock *clock = n->dir < FLOW_DIRS ? &n->shape.half[n->dir].clock : NULL;
    int64_t first_ns = clock ? clock->first_ns : n->core->start_ns;
    int64_t last_ns = clock ? clock->latest_ns : n->core->last_ns;

    switch ((enum moment)n->number) {
    case FIRST_SEEN: fs_cell_ms(out, first_ns); break;
    case LAST_SEEN: fs_cell_ms(out, last_ns); break;
    case DURATION: fs_cell_ms(out, flow_span(first_ns, last_ns)); break;
    }
}

static struct flow_samples lengths_of(const struct nfstream *n, enum flow_dir dir)
{
    const struct shape_half *half = n->shape.half;

    return dir < FLOW_DIRS ? half[dir].len
                           : flow_shape_both(&half[FLOW_UP].len, &half[FLOW_DOWN].len);
}

static void put_packets(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, lengths_of(n, n->dir).count);
}

static void put_bytes(GString *out, const struct nfstream *n)
{
    fs_cell_number(out, lengths_of(n, n->dir).sum[0]);
}

static const struct column counters[] = {
    { "first_seen_ms", put_moment, FIRST_SEEN },
    { "last_seen_ms", put_moment, LAST_SEEN },
    { "duration_ms", put_moment, DURATION },
    { "packets", put_packets, 0 },
    { "bytes", put_bytes, 0 },
    { NULL, NULL, 0 },
};

enum statistic { MINIMUM, MEAN, DEVIATION, MAXIMUM };

static void put_statistic(GString *out, const struct flow_samples *samples,
                          enum statistic statistic, double unit)
{
    double real = 0;

    switch (statistic) {
    case MINIMUM: real = (double)samples->min; break;
    case MEAN: real = flow_mean(*samples); break;
    case DEVIATION: real = flow_stddev(*samples); break;
    case MAXIMUM: real = (double)samples->max; break;
    }
    fs_cell_real(out, real / unit);
}

static void put_size(GString *out, const struct nfstream *n)
{
    struct flow_samples lengths = lengths_of(n, n->dir);

    put_statistic(out, &lengths, (enum statistic)n->number, 1);
}

static const struct column sizes[] = {
    { "min_ps", put_size, MINIMUM },
    { "mean_ps", put_size, MEAN },
    { "stddev_ps", put_size, DEVIATION },
    { "max_ps", put_size, MAXIMUM },
    { NULL, NULL, 0 },
};

static void put_gap(GString *out, const struct nfstream *n)
{
    const struct flow_samples *gaps =
        n->dir < FLOW_DIRS ? &n->shape.half[n->dir].clock.gaps : &n->shape.clock.gaps;

    put_statistic(out, gaps, (enum statistic)n->number, NS_IN_MS);
}

static const struct column gaps[] = {
    { "min_piat_ms", put_gap, MINIMUM },
    { "mean_piat_ms", put_gap, MEAN },
    { "stddev_piat_ms", put_gap, DEVIATION },
    { "max_piat_ms", put_gap, MAXIMUM },
    { NULL, NULL, 0 },
};

static void put_flag(GString *out, const struct nfstream *n)
{
    uint64_t count = 0;

    for (enum flow_dir one = FLOW_UP; one < FLOW_DIRS; one++)
        if (n->dir == one || n->dir == FLOW_DIRS)
            count += n->headers.half[one].flag_count[g_bit_nth_lsf(n->number, -1)];
    fs_cell_number(out, count);
}

static const struct column flags[] = {
    { "syn_packets", put_flag, FLOW_TCP_SYN },
    { "cwr_packets", put_flag, FLOW_TCP_CWR },
    { "ece_packets", put_flag, FLOW_TCP_ECE },
    { "urg_packets", put_flag, FLOW_TCP_URG },
    { "ack_packets", put_flag, FLOW_TCP_ACK },
    { "psh_packets", put_flag, FLOW_TCP_PSH },
    { "rst_packets", put_flag, FLOW_TCP_RST },
    { "fin_packets", put_flag, FLOW_TCP_FIN },
    { NULL, NULL, 0 },
};

/* The first packets, as lists; -1 stands where there is none. */

enum list { DIRECTIONS, LENGTHS, GAPS };

static void put_item(GString *list, const struct splt_state *first, uint32_t at, enum list what)
{
    switch (what) {
    case DIRECTIONS: fs_cell_number(list, first->down >> at & 1); break;
    case LENGTHS: fs_cell_number(list, first->len[at]); break;
    case GAPS:
        fs_cell_ms(list,
                   at > 0 && first->untimed == 0 ? first->time_ns[at] - first->time_ns[at - 1] : 0);
        break;
    }
}

static void put_list(GString *out, const struct nfstream *n)
{
    GString *list = g_string_new("[");

    for (uint32_t i = 0; i < flow_splt_packets(); i++) {
        if (i < n->first.count)
            put_item(list, &n->first, i, (enum list)n->number);
        else
            fs_cell_text(list, "-1");
        g_string_append_c(list, ' ');
    }
    g_string_truncate(list, list->len - 2);
    g_string_append_c(list, ']');
    fs_cell_text(out, list->str);
    g_string_free(list, TRUE);
}

static const struct column splt[] = {
    { "splt_direction", put_list, DIRECTIONS },
    { "splt_ps", put_list, LENGTHS },
    { "splt_piat_ms", put_list, GAPS },
    { NULL, NULL, 0 },
};

/* What the application said: Wireshark's opinion, as far as our fields tell. */

enum { NAMES_MAX = 3 };

/* By text: fields whose first known value it is. */
static const char *const names_of[][NAMES_MAX] = {
    { "app" },
    { "sticky.tls.handshake.extensions_server_name", "sticky.http.host", "sticky.dns.qry.name" },
    { "sticky.tls.handshake.ja3" },
    { "sticky.tls.handshake.ja3s" },
    { "sticky.http.user_agent" },
    { "sticky.http.content_type" },
};

enum application { NAME, SERVER_NAME, CLIENT_FINGERPRINT, SERVER_FINGERPRINT, USER_AGENT, CONTENT };

static void put_said(GString *out, const struct nfstream *n)
{
    struct flow_value value = { .known = false };

    for (int i = 0; i < NAMES_MAX && !value.known && names_of[n->number][i]; i++)
        value = flow_view_value(n->view, names_of[n->number][i]);
    fs_cell_text(out, value.known ? value.as.text : "");
}

static void put_nothing(GString *out, const struct nfstream *n _U_)
{
    fs_cell_text(out, "");
}

static void put_zero(GString *out, const struct nfstream *n _U_)
{
    fs_cell_number(out, 0);
}

static const struct column application[] = {
    { "application_name", put_said, NAME },
    { "application_category_name", put_nothing, 0 },
    { "application_is_guessed", put_zero, 0 },
    { "application_confidence", put_zero, 0 },
    { "requested_server_name", put_said, SERVER_NAME },
    { "client_fingerprint", put_said, CLIENT_FINGERPRINT },
    { "server_fingerprint", put_said, SERVER_FINGERPRINT },
    { "user_agent", put_said, USER_AGENT },
    { "content_type", put_said, CONTENT },
    { NULL, NULL, 0 },
};

/* The order of all columns: some are there for both directions together, and for each. */
static const struct {
    const struct column *columns;
    bool is_each_way;
} parts[] = {
    { identity, false }, { counters, true }, { sizes, true },        { gaps, true },
    { flags, true },     { splt, false },    { application, false },
};

static const struct {
    const char *prefix;
    enum flow_dir dir;
} ways[] = {
    { "bidirectional_", FLOW_DIRS },
    { "src2dst_", FLOW_UP },
    { "dst2src_", FLOW_DOWN },
};

/* n: NULL for the heading. */
static void put_way(GString *out, struct nfstream *n, const struct column *columns,
                    const char *prefix, enum flow_dir dir)
{
    char name[64];

    for (const struct column *column = columns; column->name; column++) {
        g_snprintf(name, sizeof name, "%s%s", prefix, column->name);
        if (!n) {
            fs_cell_text(out, name);
            continue;
        }
        n->dir = dir;
        n->number = column->number;
        column->put(out, n);
    }
}

static void put_parts(GString *out, struct nfstream *n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!parts[i].is_each_way)
            put_way(out, n, parts[i].columns, "", FLOW_DIRS);
        for (size_t k = 0; parts[i].is_each_way && k < G_N_ELEMENTS(ways); k++)
            put_way(out, n, parts[i].columns, ways[k].prefix, ways[k].dir);
    }
    fs_cells_end(out);
}

static void begin(GString *out)
{
    put_parts(out, NULL);
}

/* It knows IP alone. */
static void row(GString *out, struct flow_view *view)
{
    struct nfstream n = { .view = view, .flow = view->flow };

    if (view->flow->key.family == FLOW_LINK)
        return;
    n.core = flow_view_whole(view, &flow_core);
    flow_view_fold(view, &flow_shape, &n.shape);
    flow_view_fold(view, &flow_headers, &n.headers);
    flow_view_fold(view, &first_group, &n.first);
    put_parts(out, &n);
}

const struct fs_sink fs_nfstream = {
    .cli = "flowstats,nfstream",
    .begin = begin,
    .row = row,
    .needs_facts = true,
};
