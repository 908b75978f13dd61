#include "stats_trees.h"

#include "drawing.h"
#include "field.h"
#include "session.h"
#include "tally.h"
#include "tap.h"
#include "texts.h"

#include <epan/stats_tree.h>
#include <stdlib.h>

/*
 * A tree counts each flow once, in each of its divisions, in the band that the
 * flow, or what passed the filter of it, is in.  Packets only note that they
 * passed; the flows are counted just before the tree is drawn, when it is known
 * which flow each of them belongs to.
 */
enum { DIVISIONS_MAX = 4, BAND_LEN = 64 };

/*
 * Numbers from a limit on, up to the next one.  Wireshark sorts the rows of a
 * tree, and by their names where it keeps no range for them: so the bands' names
 * begin with their limits, in one unit for each division, at one width.
 */
struct band {
    const char *name;
    uint64_t from;
};

struct division {
    const char *title;
    const struct band *bands; /* of the field's number; NULL: its texts are the bands */
    const char *field;
    bool has_number; /* of a field with names: its number stands before them, for it orders them */
    const char *weight; /* a flow counts as often as this field says; NULL: once */
    const char *by; /* the bands are below a row for each text of this field; NULL: they are not */
};

struct tree {
    const char *cli;
    const char *menu;
    struct division divisions[DIVISIONS_MAX];
};

static const struct band times[] = {
    { "    0 to 1 ms", 0 },
    { "    1 to 10 ms", 1000000 },
    { "   10 to 50 ms", 10000000 },
    { "   50 to 100 ms", 50000000 },
    { "  100 to 300 ms", 100000000 },
    { "  300 to 1000 ms", 300000000 },
    { " 1000 ms and more", 1000000000 },
    { NULL, 0 },
};

static const struct band durations[] = {
    { "    0 to 0.001 s", 0 },
    { "    0.001 to 0.01 s", 1000000 },
    { "    0.01 to 0.1 s", 10000000 },
    { "    0.1 to 1 s", 100000000 },
    { "    1 to 10 s", 1000000000 },
    { "   10 to 60 s", 10000000000 },
    { "   60 to 3600 s", 60000000000 },
    { " 3600 s and more", 3600000000000 },
    { NULL, 0 },
};

static const struct band sizes[] = {
    { "       0 to 1 kB", 0 },
    { "       1 to 10 kB", 1000 },
    { "      10 to 100 kB", 10000 },
    { "     100 to 1000 kB", 100000 },
    { "    1000 to 10000 kB", 1000000 },
    { "   10000 to 100000 kB", 10000000 },
    { "  100000 to 1000000 kB", 100000000 },
    { " 1000000 kB and more", 1000000000 },
    { NULL, 0 },
};

static const struct band counts[] = {
    { "     1", 1 },
    { "     2", 2 },
    { "     3 to 9", 3 },
    { "    10 to 99", 10 },
    { "   100 to 999", 100 },
    { "  1000 to 9999", 1000 },
    { " 10000 and more", 10000 },
    { NULL, 0 },
};

static const struct tree trees[] = {
    { "flowstats.states",
      "TCP States",
      { { .title = "TCP state", .field = "tcp.state", .has_number = true } } },
    { "flowstats.rtt",
      "Handshake RTT",
      { { .title = "RTT", .bands = times, .field = "tcp.rtt" },
        { .title = "RTT to the responder", .bands = times, .field = "tcp.rtt_net" },
        { .title = "RTT to the initiator", .bands = times, .field = "tcp.rtt_user" } } },
    { "flowstats.sizes",
      "Sizes",
      { { .title = "Duration", .bands = durations, .field = "duration" },
        { .title = "Bytes", .bands = sizes, .field = "bytes" },
        { .title = "Packets", .bands = counts, .field = "pkts" } } },
    { "flowstats.protocols",
      "Protocols and Encapsulations",
      { { .title = "Protocol", .field = "proto_name" },
        { .title = "Encapsulation", .field = "vni" } } },
    { "flowstats.directions",
      "Direction Reasons",
      { { .title = "Direction decided by", .field = "direction_reason", .has_number = true } } },
    { "flowstats.responses",
      "Response Times",
      { { .title = "Answers", .field = "app", .weight = "response.count" },
        { .title = "Response time", .bands = times, .field = "response.mean", .by = "app" },
        { .title = "Server", .bands = times, .field = "response.server", .by = "app" },
        { .title = "Network", .bands = times, .field = "tcp.rtt_net", .by = "app" } } },
    { "flowstats.conn_states",
      "Zeek Connection States",
      { { .title = "Connection state", .field = "zeek.conn_state" } } },
    { "flowstats.hosts", "Hosts", { { .title = "Host", .field = "host" } } },
};

/* What one open tree knows. */
struct census {
    stats_tree *st;
    const struct tree *tree;
    const struct flow_field *fields[DIVISIONS_MAX]; /* of its divisions */
    struct flow_tally *tally;
    struct flow_texts *rows[DIVISIONS_MAX];  /* the names of those above bands */
    struct flow_texts *bands[DIVISIONS_MAX]; /* their names, after that of their row, if any */
    GArray *counts[DIVISIONS_MAX];           /* int, by number of the band: of this file */
    GArray *kept[DIVISIONS_MAX];             /* likewise, of those before it */
    int node[DIVISIONS_MAX];
};

static GHashTable *censuses; /* by stats_tree */

static unsigned divisions_of(const struct tree *tree)
{
    unsigned count = 0;

    while (count < DIVISIONS_MAX && tree->divisions[count].title)
        count++;
    return count;
}

static void census_free(void *data)
{
    struct census *census = data;

    fs_drawing_forget(census);
    fs_session_detach(census);
    flow_tally_free(census->tally);
    for (unsigned i = 0; i < DIVISIONS_MAX; i++) {
        flow_texts_free(census->rows[i]);
        flow_texts_free(census->bands[i]);
        g_array_unref(census->counts[i]);
        g_array_unref(census->kept[i]);
    }
    g_free(census);
}

static struct census *census_new(stats_tree *st, const struct tree *tree)
{
    struct census *census = g_new0(struct census, 1);

    census->st = st;
    census->tree = tree;
    census->tally = flow_tally_new(true);
    for (unsigned i = 0; i < DIVISIONS_MAX; i++) {
        census->rows[i] = flow_texts_new();
        census->bands[i] = flow_texts_new();
        census->counts[i] = g_array_new(FALSE, TRUE, sizeof(int));
        census->kept[i] = g_array_new(FALSE, TRUE, sizeof(int));
        if (i < divisions_of(tree))
            census->fields[i] = flow_field_named(tree->divisions[i].field);
    }
    return census;
}

static const char *band_of(const struct band *bands, uint64_t number)
{
    const char *name = NULL;

    for (; bands->name && number >= bands->from; bands++)
        name = bands->name;
    return name;
}

/* "3 Established"; NULL where the number has no name. */
static const char *numbered_name(const struct flow_name *names, uint64_t number,
                                 char text[BAND_LEN])
{
    for (; names->name; names++)
        if (names->number == number) {
            g_snprintf(text, BAND_LEN, "%u %s", (unsigned)number, names->name);
            return text;
        }
    return NULL;
}

/* Where it is counted all the same. */
#define NOT_KNOWN "-"

/* The band of a flow in a division; NULL for none.  text: room for its name. */
static const char *place_of(const struct division *division, const struct flow_field *field,
                            const struct flow_value *value, char text[BAND_LEN])
{
    if (!value->known)
        return division->weight ? NOT_KNOWN : NULL;
    if (division->has_number)
        return numbered_name(field->row->names, value->as.number, text);
    if (division->bands)
        return value->as.ns < 0 ? NULL : band_of(division->bands, value->as.number);
    g_return_val_if_fail(field->kind == FLOW_TEXT, NULL);
    return value->as.text;
}

/*
 * Wireshark finds a tree's rows by a hash that is not seeded, so texts of
 * packets have a limited number of rows, and a last one for all others.
 */
static uint32_t number_of(struct flow_texts *bands, const char *band)
{
    enum { TEXTS_MAX = 256 };
    uint32_t number = flow_texts_find(bands, band);

    if (number > 0)
        return number;
    return flow_texts_number(bands, flow_texts_count(bands) < TEXTS_MAX ? band : "others");
}

static void add(GArray *sums, uint32_t band, int more)
{
    if (band >= sums->len)
        g_array_set_size(sums, band + 1);
    g_array_index(sums, int, band) += more;
}

/* The number of a band below the row of the flow: of a text that begins with the row's number. */
static uint32_t number_below(struct census *census, unsigned division, struct flow_view *view,
                             const char *band)
{
    struct flow_value by = flow_view_value(view, census->tree->divisions[division].by);
    char text[BAND_LEN];

    g_snprintf(text, sizeof text, "%u %s",
               number_of(census->rows[division], by.known ? by.as.text : NOT_KNOWN), band);
    return flow_texts_number(census->bands[division], text);
}

static int weight_of(const struct division *division, struct flow_view *view)
{
    struct flow_value weight = flow_view_value(view, division->weight);

    return weight.known ? (int)MIN(weight.as.number, G_MAXINT) : 0;
}

static void count_in(struct census *census, unsigned number, struct flow_view *view)
{
    const struct division *division = &census->tree->divisions[number];
    int weight = division->weight ? weight_of(division, view) : 1;
    struct flow_value value = flow_field_value(census->fields[number], view);
    char text[BAND_LEN];
    const char *place = place_of(division, census->fields[number], &value, text);

    if (place && weight > 0)
        add(census->counts[number],
            division->by ? number_below(census, number, view, place)
                         : number_of(census->bands[number], place),
            weight);
}

static void count(struct flow_view *view, void *data)
{
    struct census *census = data;

    for (unsigned i = 0; i < divisions_of(census->tree); i++)
        count_in(census, i, view);
}

static void count_all(struct census *census)
{
    for (unsigned i = 0; i < DIVISIONS_MAX; i++) {
        g_array_set_size(census->counts[i], 0);
        g_array_append_vals(census->counts[i], census->kept[i]->data, census->kept[i]->len);
    }
    flow_tally_each(census->tally, fs_session_meter(), count, census);
}

/* The band's name; *ret_row: the number of the row above it. */
static const char *read_below(const struct census *census, unsigned division, uint32_t band,
                              uint32_t *ret_row)
{
    char *name;

    *ret_row = (uint32_t)strtoul(flow_texts_at(census->bands[division], band), &name, 10);
    return name + 1;
}

/* Bands that nothing is in any more are set to 0, for Wireshark removes no node. */
static void fill_bands(struct census *census, unsigned division)
{
    const GArray *flows = census->counts[division];

    for (uint32_t band = 1; band < flows->len; band++)
        set_stat_node(census->st, flow_texts_at(census->bands[division], band),
                      census->node[division], FALSE, g_array_index(flows, int, band));
}

/* A row has the sum of its bands. */
static void fill_rows(struct census *census, unsigned division)
{
    const GArray *flows = census->counts[division];
    GArray *sums = g_array_new(FALSE, TRUE, sizeof(int));
    uint32_t row;

    for (uint32_t band = 1; band < flows->len; band++) {
        read_below(census, division, band, &row);
        add(sums, row, g_array_index(flows, int, band));
    }
    for (uint32_t band = 1; band < flows->len; band++) {
        const char *name = read_below(census, division, band, &row);
        int node = set_stat_node(census->st, flow_texts_at(census->rows[division], row),
                                 census->node[division], TRUE, g_array_index(sums, int, row));
        set_stat_node(census->st, name, node, FALSE, g_array_index(flows, int, band));
    }
    g_array_unref(sums);
}

static void fill(void *data)
{
    struct census *census = data;

    count_all(census);
    for (unsigned i = 0; i < divisions_of(census->tree); i++) {
        int total = 0;
        for (uint32_t band = 1; band < census->counts[i]->len; band++)
            total += g_array_index(census->counts[i], int, band);
        if (census->tree->divisions[i].by)
            fill_rows(census, i);
        else
            fill_bands(census, i);
        set_stat_node(census->st, census->tree->divisions[i].title, 0, TRUE, total);
    }
}

/* The file is about to be closed, and another one comes: its counts are kept. */
static void take(void *data)
{
    struct census *census = data;

    count_all(census);
    for (unsigned i = 0; i < DIVISIONS_MAX; i++) {
        g_array_set_size(census->kept[i], 0);
        g_array_append_vals(census->kept[i], census->counts[i]->data, census->counts[i]->len);
    }
    flow_tally_go_on(census->tally, fs_session_meter());
}

static tap_packet_status packet(stats_tree *st, packet_info *pinfo)
{
    struct census *census = g_hash_table_lookup(censuses, st);

    if (!census)
        return TAP_PACKET_DONT_REDRAW;
    fs_drawing_before(fill, census);
    flow_tally_pass(census->tally, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void init(stats_tree *st, const struct tree *tree)
{
    struct census *census = census_new(st, tree);

    g_hash_table_replace(censuses, st, census);
    fs_session_attach(take, census);
    for (unsigned i = 0; i < divisions_of(tree); i++) {
        const char *title = tree->divisions[i].title;
        census->node[i] = stats_tree_create_node(st, title, 0, STAT_DT_INT, TRUE);
    }
}

static void cleanup(stats_tree *st)
{
    g_hash_table_remove(censuses, st);
}

/* Wireshark's callbacks do not say which tree they are for: each tree has its own. */
#define CALLBACKS(n)                                                                               \
    static tap_packet_status packet_##n(stats_tree *st, packet_info *pinfo,                        \
                                        epan_dissect_t *edt _U_, const void *tapped _U_,           \
                                        tap_flags_t flags _U_)                                     \
    {                                                                                              \
        return packet(st, pinfo);                                                                  \
    }                                                                                              \
    static void init_##n(stats_tree *st)                                                           \
    {                                                                                              \
        init(st, &trees[n]);                                                                       \
    }
CALLBACKS(0)
CALLBACKS(1)
CALLBACKS(2)
CALLBACKS(3)
CALLBACKS(4)
CALLBACKS(5)
CALLBACKS(6)
CALLBACKS(7)

void fs_stats_trees_register(void)
{
    static const struct {
        stat_tree_packet_cb packet;
        stat_tree_init_cb init;
    } callbacks[] = { { packet_0, init_0 }, { packet_1, init_1 }, { packet_2, init_2 },
                      { packet_3, init_3 }, { packet_4, init_4 }, { packet_5, init_5 },
                      { packet_6, init_6 }, { packet_7, init_7 } };
    _Static_assert(G_N_ELEMENTS(callbacks) == G_N_ELEMENTS(trees), "callbacks for each tree");

    censuses = g_hash_table_new_full(NULL, NULL, NULL, census_free);
    unsigned by_name = ST_SORT_COL_NAME << ST_FLG_SRTCOL_SHIFT;
    for (size_t i = 0; i < G_N_ELEMENTS(trees); i++) {
        char *name =
            g_strconcat("Flow Distributions", WS_STATS_TREE_MENU_SEPARATOR, trees[i].menu, NULL);
        stats_tree_register_plugin(FLOW_PREFIX, trees[i].cli, name, by_name, callbacks[i].packet,
                                   callbacks[i].init, cleanup);
        g_free(name);
    }
}
