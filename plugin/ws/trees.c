#include "trees.h"

#include "session.h"
#include "texts.h"

#include <epan/stats_tree.h>
#include <flowstats/field.h>

/*
 * A tree counts each flow once, in each of its divisions, in the band that the
 * flow is in now.  Nobody says when a tree is drawn, so a packet that moves its
 * flow to another band moves the count: after the last packet all is right,
 * also in one pass and under a filter.
 */
enum { DIVISIONS_MAX = 3, BANDS_MAX = 10, NAME_LEN = 128 };

/* Numbers from a limit on, up to the next one. */
struct band {
    const char *name;
    uint64_t from;
};

struct division {
    const char *title;
    const struct band *bands; /* of the field's number; NULL: its texts are the bands */
    const char *field;        /* NULL: the name of the protocol */
};

struct tree {
    const char *cli;
    const char *menu;
    struct division divisions[DIVISIONS_MAX];
};

static const struct band times[] = {
    { "under 1 ms", 0 },
    { "1 ms to 10 ms", 1000000 },
    { "10 ms to 50 ms", 10000000 },
    { "50 ms to 100 ms", 50000000 },
    { "100 ms to 300 ms", 100000000 },
    { "300 ms to 1 s", 300000000 },
    { "1 s and more", 1000000000 },
    { NULL, 0 },
};

static const struct band durations[] = {
    { "under 1 ms", 0 },
    { "1 ms to 10 ms", 1000000 },
    { "10 ms to 100 ms", 10000000 },
    { "100 ms to 1 s", 100000000 },
    { "1 s to 10 s", 1000000000 },
    { "10 s to 1 min", 10000000000 },
    { "1 min to 1 h", 60000000000 },
    { "1 h and more", 3600000000000 },
    { NULL, 0 },
};

static const struct band sizes[] = {
    { "under 1 kB", 0 },
    { "1 kB to 10 kB", 1000 },
    { "10 kB to 100 kB", 10000 },
    { "100 kB to 1 MB", 100000 },
    { "1 MB to 10 MB", 1000000 },
    { "10 MB to 100 MB", 10000000 },
    { "100 MB to 1 GB", 100000000 },
    { "1 GB and more", 1000000000 },
    { NULL, 0 },
};

static const struct band counts[] = {
    { "1", 1 },
    { "2", 2 },
    { "3 to 9", 3 },
    { "10 to 99", 10 },
    { "100 to 999", 100 },
    { "1000 to 9999", 1000 },
    { "10000 and more", 10000 },
    { NULL, 0 },
};

static const struct tree trees[] = {
    { "flowstats.states", "TCP States", { { "TCP state", NULL, "tcp.state_name" } } },
    { "flowstats.rtt",
      "Handshake RTT",
      { { "RTT", times, "tcp.rtt" },
        { "RTT to the responder", times, "tcp.rtt_net" },
        { "RTT to the initiator", times, "tcp.rtt_user" } } },
    { "flowstats.sizes",
      "Sizes",
      { { "Duration", durations, "duration" },
        { "Bytes", sizes, "bytes" },
        { "Packets", counts, "pkts" } } },
    { "flowstats.protocols",
      "Protocols and Encapsulations",
      { { "Protocol", NULL, NULL }, { "Encapsulation", NULL, "vni" } } },
    { "flowstats.directions",
      "Direction Reasons",
      { { "Direction decided by", NULL, "direction_reason_name" } } },
};

/* Where a flow is counted, and its state as the tree has seen it. */
struct member {
    struct flow_state state;
    uint32_t band[DIVISIONS_MAX]; /* a number of census->bands; 0: nowhere */
};

/* What one open tree knows. */
struct census {
    GPtrArray *members; /* struct member, by flow id */
    struct flow_texts *bands;
    GArray *counts[DIVISIONS_MAX]; /* int, by number of the band */
    unsigned total[DIVISIONS_MAX];
    int node[DIVISIONS_MAX];
    GArray *waiting; /* frames of fragments that are not accounted yet */
};

static GHashTable *censuses; /* by stats_tree */

static void census_free(void *data)
{
    struct census *census = data;

    g_ptr_array_unref(census->members);
    for (unsigned i = 0; i < DIVISIONS_MAX; i++)
        g_array_unref(census->counts[i]);
    flow_texts_free(census->bands);
    g_array_unref(census->waiting);
    g_free(census);
}

static struct census *census_new(void)
{
    struct census *census = g_new0(struct census, 1);

    census->members = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < DIVISIONS_MAX; i++)
        census->counts[i] = g_array_new(FALSE, TRUE, sizeof(int));
    census->bands = flow_texts_new();
    census->waiting = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return census;
}

static const char *band_of(const struct band *bands, uint64_t number)
{
    const char *name = NULL;

    for (; bands->name && number >= bands->from; bands++)
        name = bands->name;
    return name;
}

/* The band of a flow in a division, NULL for none.  text: room for a name. */
static const char *place_of(const struct division *division, struct flow_view *view,
                            char text[NAME_LEN])
{
    if (!division->field) {
        flow_protocol_text(view->flow, text, NAME_LEN);
        return text;
    }
    struct flow_value value = flow_field_value(flow_field_named(division->field), view);
    if (!value.known)
        return NULL;
    if (!division->bands)
        return value.as.text;
    return value.as.ns < 0 ? NULL : band_of(division->bands, value.as.number);
}

static void count(stats_tree *st, struct census *census, unsigned division, uint32_t band,
                  int change)
{
    GArray *sums = census->counts[division];

    if (band >= sums->len)
        g_array_set_size(sums, band + 1);
    int *sum = &g_array_index(sums, int, band);
    *sum += change;
    set_stat_node(st, flow_texts_at(census->bands, band), census->node[division], FALSE, *sum);
}

/*
 * Wireshark finds a tree's rows by a hash that is not seeded, so texts of
 * packets have a limited number of rows, and a last one for all others.
 */
static uint32_t number_of(struct census *census, const char *band)
{
    enum { TEXTS_MAX = 256 };
    uint32_t number = flow_texts_find(census->bands, band);

    if (number > 0)
        return number;
    return flow_texts_number(census->bands,
                             flow_texts_count(census->bands) < TEXTS_MAX ? band : "others");
}

static void move(stats_tree *st, struct census *census, unsigned division,
                 const struct division *of, struct member *member, struct flow_view *view)
{
    char text[NAME_LEN];
    const char *place = place_of(of, view, text);
    uint32_t band = place ? number_of(census, place) : 0;
    uint32_t before = member->band[division];

    if (band == before)
        return;
    if (before > 0)
        count(st, census, division, before, -1);
    if (band > 0)
        count(st, census, division, band, 1);
    member->band[division] = band;
    census->total[division] += (band > 0) - (unsigned)(before > 0);
    set_stat_node(st, of->title, 0, TRUE, (int)census->total[division]);
}

static struct member *member_of(struct census *census, uint32_t flow)
{
    if (flow >= census->members->len)
        g_ptr_array_set_size(census->members, (int)flow + 1);
    void **member = &census->members->pdata[flow];
    if (!*member)
        *member = g_new0(struct member, 1);
    return *member;
}

static void see(stats_tree *st, const struct tree *tree, struct census *census,
                struct flow_view *view)
{
    struct member *member = member_of(census, view->flow->id);

    flow_state_apply(&member->state, view->fact);
    view->whole = &member->state;
    view->extensions = NULL; /* no data of theirs lie behind it */
    for (unsigned i = 0; i < DIVISIONS_MAX && tree->divisions[i].title; i++)
        move(st, census, i, &tree->divisions[i], member, view);
}

/* Fragments that have been accounted since their own frame was dissected. */
static void see_waiting(stats_tree *st, const struct tree *tree, struct census *census)
{
    struct flow_view view;

    for (unsigned i = 0; i < census->waiting->len;) {
        uint32_t frame = g_array_index(census->waiting, uint32_t, i);
        if (flow_meter_view(fs_session_meter(), frame, false, &view)) {
            see(st, tree, census, &view);
            g_array_remove_index(census->waiting, i);
        } else {
            i++;
        }
    }
}

static tap_packet_status packet(stats_tree *st, packet_info *pinfo, const struct tree *tree)
{
    struct census *census = g_hash_table_lookup(censuses, st);
    struct flow_view view;

    if (!census)
        return TAP_PACKET_DONT_REDRAW;
    see_waiting(st, tree, census);
    if (flow_meter_view(fs_session_meter(), pinfo->num, false, &view))
        see(st, tree, census, &view);
    else if (flow_meter_is_waiting(fs_session_meter(), pinfo->num))
        g_array_append_val(census->waiting, pinfo->num);
    return TAP_PACKET_REDRAW;
}

static void init(stats_tree *st, const struct tree *tree)
{
    struct census *census = census_new();

    g_hash_table_replace(censuses, st, census);
    for (unsigned i = 0; i < DIVISIONS_MAX && tree->divisions[i].title; i++) {
        const struct division *division = &tree->divisions[i];
        census->node[i] = stats_tree_create_node(st, division->title, 0, STAT_DT_INT, TRUE);
        for (const struct band *band = division->bands; band && band->name; band++)
            zero_stat_node(st, band->name, census->node[i], FALSE);
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
        return packet(st, pinfo, &trees[n]);                                                       \
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

void fs_trees_register(void)
{
    static const struct {
        stat_tree_packet_cb packet;
        stat_tree_init_cb init;
    } callbacks[] = { { packet_0, init_0 },
                      { packet_1, init_1 },
                      { packet_2, init_2 },
                      { packet_3, init_3 },
                      { packet_4, init_4 } };
    _Static_assert(G_N_ELEMENTS(callbacks) == G_N_ELEMENTS(trees), "callbacks for each tree");

    censuses = g_hash_table_new_full(NULL, NULL, NULL, census_free);
    for (size_t i = 0; i < G_N_ELEMENTS(trees); i++) {
        char *name =
            g_strconcat("Flow Statistics", WS_STATS_TREE_MENU_SEPARATOR, trees[i].menu, NULL);
        stats_tree_register_plugin(FLOW_PREFIX, trees[i].cli, name, 0, callbacks[i].packet,
                                   callbacks[i].init, cleanup);
        g_free(name);
    }
}
