#include "packets.h"

#include "path.h"

#include <glib.h>
#include <string.h>

/* Layers as the front end makes them with the default preferences. */
static const char vlan_name[] = "vlan", mpls_name[] = "mpls", vxlan_name[] = "vxlan",
                  geneve_name[] = "geneve", gre_name[] = "gre", gtp_name[] = "gtp",
                  ipip_name[] = "ipip", l2tp_name[] = "l2tp";

static struct flow_layer with_ends(struct flow_layer layer, uint8_t from, uint8_t to)
{
    struct flow_end sender = host_end(FLOW_IPV4, from, 0), receiver = host_end(FLOW_IPV4, to, 0);

    for (unsigned i = 0; i < FLOW_ADDR_LEN; i++) {
        layer.end[0][i] = sender.addr[i];
        layer.end[1][i] = receiver.addr[i];
    }
    layer.family = FLOW_IPV4;
    layer.bits |= FLOW_LAYER_ENDS;
    return layer;
}

static struct flow_layer vlan(uint32_t id)
{
    return (struct flow_layer){ .name = vlan_name, .id = { id }, .ids = 1 };
}

static struct flow_layer mpls(uint32_t label)
{
    return (struct flow_layer){ .name = mpls_name, .id = { label }, .ids = 1 };
}

static struct flow_layer shared(const char *name, uint32_t id, uint8_t from, uint8_t to)
{
    struct flow_layer layer = {
        .name = name, .id = { id }, .ids = 1, .bits = FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY
    };

    return with_ends(layer, from, to);
}

/* An identifier that changes within a flow's life. */
static struct flow_layer gtp(uint32_t teid, uint8_t from, uint8_t to)
{
    struct flow_layer layer = { .name = gtp_name,
                                .id = { teid },
                                .ids = 1,
                                .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS_KEY | FLOW_LAYER_HEX };

    return with_ends(layer, from, to);
}

static struct flow_layer gre_without_key(uint8_t from, uint8_t to)
{
    return with_ends(
        (struct flow_layer){ .name = gre_name, .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS_KEY }, from,
        to);
}

static struct flow_layer ipip(uint8_t from, uint8_t to)
{
    return with_ends(
        (struct flow_layer){ .name = ipip_name, .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS_KEY },
        from, to);
}

static struct flow_layer in_key(struct flow_layer layer)
{
    layer.bits |= FLOW_LAYER_KEY | FLOW_LAYER_ID_KEY;
    return layer;
}

static struct flow_layer over_ipv6(struct flow_layer layer)
{
    layer.family = FLOW_IPV6;
    return layer;
}

static struct flow_layer ends_not_compared(struct flow_layer layer)
{
    layer.bits &= (uint8_t)~FLOW_LAYER_ENDS_KEY;
    return layer;
}

enum { LAYERS = 3 };

static size_t count_of(const struct flow_layer *layers)
{
    size_t count = 0;

    while (count < LAYERS && layers[count].name)
        count++;
    return count;
}

#define VXLAN(id, from, to)  shared(vxlan_name, id, from, to)
#define GENEVE(id, from, to) shared(geneve_name, id, from, to)
#define GRE(key, from, to)   shared(gre_name, key, from, to)

static void test_compared(void)
{
    struct {
        const char *claim;
        struct flow_layer left[LAYERS], right[LAYERS];
        bool same;
    } rows[] = {
        { "no layers", { { 0 } }, { { 0 } }, true },
        { "VLAN is not in the key", { vlan(100) }, { { 0 } }, true },
        { "VLAN ids are not in the key", { vlan(100) }, { vlan(200) }, true },
        { "MPLS labels are not in the key", { mpls(16), mpls(17) }, { mpls(900) }, true },
        { "VLAN around a tunnel is not", { vlan(1), VXLAN(5, 1, 2) }, { VXLAN(5, 1, 2) }, true },
        { "VLAN inside a tunnel is not", { VXLAN(5, 1, 2), vlan(1) }, { VXLAN(5, 1, 2) }, true },
        { "VLAN is by preference", { in_key(vlan(100)) }, { in_key(vlan(200)) }, false },
        { "its presence included", { in_key(vlan(100)) }, { { 0 } }, false },
        { "two tags are not one",
          { in_key(vlan(1)), in_key(vlan(1)) },
          { in_key(vlan(1)) },
          false },
        { "another VNI", { VXLAN(5, 1, 2) }, { VXLAN(6, 1, 2) }, false },
        { "the same id in another kind", { VXLAN(5, 1, 2) }, { GENEVE(5, 1, 2) }, false },
        { "endpoints of a layer with an identifier", { VXLAN(5, 1, 2) }, { VXLAN(5, 1, 3) }, true },
        { "endpoints of a layer without", { ipip(1, 2) }, { ipip(1, 3) }, false },
        { "the way back, endpoints not compared", { VXLAN(5, 1, 2) }, { VXLAN(5, 2, 1) }, true },
        { "the way back, endpoints compared", { ipip(1, 2) }, { ipip(2, 1) }, false },
        { "in a tunnel or not", { VXLAN(5, 1, 2) }, { { 0 } }, false },
        { "one tunnel or two", { VXLAN(5, 1, 2) }, { VXLAN(5, 1, 2), VXLAN(5, 1, 2) }, false },
        { "the order of layers",
          { VXLAN(5, 1, 2), GRE(5, 1, 2) },
          { GRE(5, 1, 2), VXLAN(5, 1, 2) },
          false },
        { "endpoints belong to their layer",
          { ipip(1, 2), ipip(3, 4) },
          { ipip(3, 4), ipip(1, 2) },
          false },
        { "a GRE key", { GRE(7, 1, 2) }, { GRE(8, 1, 2) }, false },
        { "a GRE key or none", { GRE(7, 1, 2) }, { gre_without_key(1, 2) }, false },
        { "TEIDs change", { gtp(0x11, 1, 2) }, { gtp(0x22, 1, 2) }, true },
        { "their kind is in the key", { gtp(0x11, 1, 2) }, { { 0 } }, false },
        { "their endpoints are compared", { gtp(0x11, 1, 2) }, { gtp(0x11, 1, 3) }, false },
        { "but by preference",
          { ends_not_compared(gtp(0x11, 1, 2)) },
          { ends_not_compared(gtp(0x11, 1, 3)) },
          true },
        { "TEIDs are by preference",
          { in_key(gtp(0x11, 1, 2)) },
          { in_key(gtp(0x22, 1, 2)) },
          false },
        { "the endpoints' family", { ipip(1, 2) }, { over_ipv6(ipip(1, 2)) }, false },
    };
    struct flow_paths *paths = flow_paths_new();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t left = flow_paths_compared(paths, rows[i].left, count_of(rows[i].left));
        uint32_t right = flow_paths_compared(paths, rows[i].right, count_of(rows[i].right));

        g_test_message("%s", rows[i].claim);
        g_assert_cmpint(left == right, ==, rows[i].same);
        g_assert_cmpuint(flow_paths_compared(paths, rows[i].left, count_of(rows[i].left)), ==,
                         left);
    }
    flow_paths_free(paths);
}

static void test_kinds(void)
{
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer layers[] = { VXLAN(5, 1, 2), VXLAN(6, 1, 2), ipip(1, 2), ipip(2, 1),
                                   GENEVE(5, 1, 2) };
    uint32_t kinds[G_N_ELEMENTS(layers)];

    for (size_t i = 0; i < G_N_ELEMENTS(layers); i++)
        kinds[i] = flow_paths_kinds(paths, flow_paths_compared(paths, &layers[i], 1));
    g_assert_cmpuint(kinds[0], ==, kinds[1]);
    g_assert_cmpuint(kinds[2], ==, kinds[3]);
    g_assert_cmpuint(kinds[0], !=, kinds[2]);
    g_assert_cmpuint(kinds[0], !=, kinds[4]);
    g_assert_cmpuint(flow_paths_kinds(paths, 0), ==, 0);
    flow_paths_free(paths);
}

static void test_zero_is_no_key(void)
{
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer plain[] = { vlan(100), mpls(3) }, tunnel = VXLAN(0, 1, 2);

    g_assert_cmpuint(flow_paths_compared(paths, NULL, 0), ==, 0);
    g_assert_cmpuint(flow_paths_compared(paths, plain, 2), ==, 0);
    g_assert_cmpuint(flow_paths_compared(paths, &tunnel, 1), !=, 0);
    g_assert_cmpuint(flow_paths_kinds(paths, flow_paths_compared(paths, &tunnel, 1)), !=, 0);
    g_assert_cmpuint(flow_paths_shown(paths, NULL, 0), ==, 0);
    flow_paths_free(paths);
}

static void test_turned(void)
{
    struct {
        const char *claim;
        struct flow_layer there[LAYERS], back[LAYERS];
        bool same;
    } rows[] = {
        { "nothing", { { 0 } }, { { 0 } }, true },
        { "identifiers alone", { VXLAN(5, 1, 2) }, { VXLAN(5, 2, 1) }, true },
        { "another identifier", { VXLAN(5, 1, 2) }, { VXLAN(6, 2, 1) }, false },
        { "endpoints", { ipip(1, 2) }, { ipip(2, 1) }, true },
        { "other endpoints", { ipip(1, 2) }, { ipip(3, 1) }, false },
        { "two tunnels deep", { ipip(1, 2), ipip(3, 4) }, { ipip(2, 1), ipip(4, 3) }, true },
        { "one of them as before", { ipip(1, 2), ipip(3, 4) }, { ipip(2, 1), ipip(3, 4) }, false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_paths *paths = flow_paths_new();
        uint32_t there = flow_paths_compared(paths, rows[i].there, count_of(rows[i].there));
        uint32_t back = flow_paths_compared(paths, rows[i].back, count_of(rows[i].back));
        uint32_t turned = G_MAXUINT32;
        bool found = flow_paths_turned(paths, there, &turned);

        g_test_message("%s", rows[i].claim);
        g_assert_cmpint(found && turned == back, ==, rows[i].same);
        flow_paths_free(paths);
    }
}

/* Asking for the way back keeps nothing. */
static void test_turned_of_what_never_came(void)
{
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer there = ipip(1, 2), back = ipip(2, 1), next = ipip(3, 4);
    uint32_t first = flow_paths_compared(paths, &there, 1), turned;

    g_assert_false(flow_paths_turned(paths, first, &turned));
    g_assert_cmpuint(flow_paths_compared(paths, &next, 1), ==,
                     flow_paths_compared(paths, &next, 1));
    g_assert_false(flow_paths_turned(paths, first, &turned));
    g_assert_cmpuint(flow_paths_compared(paths, &back, 1), !=, first);
    g_assert_true(flow_paths_turned(paths, first, &turned));
    flow_paths_free(paths);
}

static void test_same_ids(void)
{
    struct {
        const char *claim;
        struct flow_layer left[LAYERS], right[LAYERS];
        bool same;
    } rows[] = {
        { "no layers have none", { { 0 } }, { { 0 } }, false },
        { "endpoints are none", { ipip(1, 2) }, { ipip(1, 2) }, false },
        { "one", { VXLAN(5, 1, 2) }, { VXLAN(5, 3, 4) }, true },
        { "another", { VXLAN(5, 1, 2) }, { VXLAN(6, 1, 2) }, false },
        { "one, and other endpoints",
          { gtp(1, 1, 2), VXLAN(5, 1, 2) },
          { gtp(2, 3, 4), VXLAN(5, 1, 2) },
          true },
        { "a second one differs",
          { GRE(1, 1, 2), VXLAN(5, 1, 2) },
          { GRE(1, 1, 2), VXLAN(6, 1, 2) },
          false },
    };
    struct flow_paths *paths = flow_paths_new();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t left = flow_paths_compared(paths, rows[i].left, count_of(rows[i].left));
        uint32_t right = flow_paths_compared(paths, rows[i].right, count_of(rows[i].right));

        g_test_message("%s", rows[i].claim);
        g_assert_cmpint(flow_paths_have_same_ids(paths, left, right), ==, rows[i].same);
    }
    flow_paths_free(paths);
}

/* Many more layers than are kept: each still tells, but for endpoints that far inside. */
static void test_depth(void)
{
    enum { DEPTH = 500 };
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer *layers = g_new0(struct flow_layer, DEPTH);
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    uint32_t turned;

    for (uint32_t i = 0; i < DEPTH; i++)
        layers[i] = in_key(VXLAN(i, 1, 2));
    for (size_t depth = 1; depth <= DEPTH; depth++) {
        uint32_t number = flow_paths_compared(paths, layers, depth);
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(number)));
    }
    uint32_t all = flow_paths_compared(paths, layers, DEPTH);
    g_assert_false(g_hash_table_add(seen, GUINT_TO_POINTER(all)));
    g_assert_true(flow_paths_turned(paths, all, &turned));
    g_assert_cmpuint(turned, ==, all);
    g_assert_true(flow_paths_have_same_ids(paths, all, all));
    layers[DEPTH - 1].id[0] = 7;
    uint32_t other = flow_paths_compared(paths, layers, DEPTH);
    g_assert_cmpuint(other, !=, all);
    g_assert_false(flow_paths_have_same_ids(paths, all, other));
    g_assert_cmpuint(flow_paths_kinds(paths, other), ==, flow_paths_kinds(paths, all));
    g_hash_table_unref(seen);
    g_free(layers);
    flow_paths_free(paths);
}

/* What of a hostile stack is kept has a bound; how deep it is stays known. */
static void test_what_is_kept_is_bounded(void)
{
    enum { DEPTH = 500, RECORD_MIN = sizeof(char *) };
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer *layers = g_new0(struct flow_layer, DEPTH), layer;
    size_t at = 0, kept = 0;

    for (uint32_t i = 0; i < DEPTH; i++)
        layers[i] = in_key(mpls(100000 + i));
    uint32_t shown = flow_paths_shown(paths, layers, DEPTH);
    g_assert_cmpuint(flow_paths_depth(paths, shown), ==, DEPTH);
    for (; flow_paths_next(paths, shown, &at, &layer); kept++)
        g_assert_cmpuint(layer.id[0], ==, 100000 + kept);
    g_assert_cmpuint(kept, >=, 60);
    g_assert_cmpuint(kept * RECORD_MIN, <=, FLOW_PATH_BYTES);
    g_assert_cmpuint(at, <=, FLOW_PATH_BYTES);
    g_free(layers);
    flow_paths_free(paths);
}

static void assert_text(const struct flow_layer *layers, size_t count, enum flow_dir dir,
                        const char *want)
{
    struct flow_paths *paths = flow_paths_new();
    char text[FLOW_PATH_TEXT_LEN];

    flow_paths_text(paths, flow_paths_shown(paths, layers, count), dir, text);
    g_assert_cmpstr(text, ==, want);
    flow_paths_free(paths);
}

static void test_text(void)
{
    struct flow_layer layers[] = { vlan(100), VXLAN(5001, 1, 2) };

    assert_text(layers, 2, FLOW_UP, "vlan(100) › vxlan(5001, 10.0.0.1↔10.0.0.2)");
    assert_text(layers, 2, FLOW_DOWN, "vlan(100) › vxlan(5001, 10.0.0.2↔10.0.0.1)");
    assert_text(layers, 1, FLOW_DOWN, "vlan(100)");
    assert_text(layers, 0, FLOW_UP, "");
}

static void test_text_of_other_layers(void)
{
    struct flow_layer ipv6 = { .name = ipip_name,
                               .end = { { 0x20, 1, 0xd, 0xb8, [15] = 1 },
                                        { 0xfe, 0x80, [15] = 2 } },
                               .family = FLOW_IPV6,
                               .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS };
    struct flow_layer session = { .name = l2tp_name, .id = { 17, 42 }, .ids = 2 };
    struct flow_layer bare = { .name = gre_name, .bits = FLOW_LAYER_KEY };
    struct flow_layer teid = gtp(0xbeef, 1, 2), tunnel = ipip(1, 2);

    assert_text(&tunnel, 1, FLOW_UP, "ipip(10.0.0.1↔10.0.0.2)");
    assert_text(&ipv6, 1, FLOW_UP, "ipip(2001:db8::1↔fe80::2)");
    assert_text(&bare, 1, FLOW_UP, "gre");
    assert_text(&teid, 1, FLOW_UP, "gtp(0x0000beef, 10.0.0.1↔10.0.0.2)");
    assert_text(&session, 1, FLOW_UP, "l2tp(17/42)");
}

/* A long text ends after a whole layer, and says so: 33 times 25 bytes and the separators are 985.
 */
static void test_text_is_bounded(void)
{
    enum { DEPTH = 200 };
    struct flow_layer *layers = g_new0(struct flow_layer, DEPTH);
    struct flow_paths *paths = flow_paths_new();
    char text[FLOW_PATH_TEXT_LEN];

    for (uint32_t i = 0; i < DEPTH; i++)
        layers[i] = ipip(1, 2);
    for (size_t depth = 1; depth <= DEPTH; depth++) {
        flow_paths_text(paths, flow_paths_shown(paths, layers, depth), FLOW_UP, text);
        g_assert_true(g_str_has_suffix(text, depth <= 33 ? "ipip(10.0.0.1↔10.0.0.2)"
                                                         : "ipip(10.0.0.1↔10.0.0.2) › …"));
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_cmpuint(strlen(text), <=, FLOW_PATH_TEXT_BYTES + strlen(" › …"));
    }
    g_free(layers);
    flow_paths_free(paths);
    flow_paths_free(NULL);
}

/* Not even the first layer fits: no separator stands alone. */
static void test_a_layer_too_long_is_left_out(void)
{
    static char name[FLOW_PATH_TEXT_BYTES + 2];
    struct flow_layer layers[] = { { .name = name }, vlan(100) };

    for (size_t length = FLOW_PATH_TEXT_BYTES - 1; length <= FLOW_PATH_TEXT_BYTES + 1; length++) {
        bool fits = length <= FLOW_PATH_TEXT_BYTES;
        memset(name, 'a', length);
        char *two = g_strconcat(fits ? name : "", fits ? " › …" : "…", NULL);
        assert_text(layers, 1, FLOW_UP, fits ? name : "…");
        assert_text(layers, 2, FLOW_UP, two);
        g_free(two);
    }
}

/* Names and identifiers, as values. */
static void test_layers_are_read(void)
{
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer layers[] = { vlan(100), VXLAN(5001, 1, 2), ipip(3, 4) }, layer;
    uint32_t shown = flow_paths_shown(paths, layers, G_N_ELEMENTS(layers));
    size_t at = 0;

    g_assert_cmpuint(flow_paths_depth(paths, shown), ==, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(layers); i++) {
        g_assert_true(flow_paths_next(paths, shown, &at, &layer));
        g_assert_cmpstr(layer.name, ==, layers[i].name);
        g_assert_cmpuint(layer.ids, ==, layers[i].ids);
        g_assert_cmpuint(layer.id[0], ==, layers[i].id[0]);
        g_assert_true(memcmp(layer.end, layers[i].end, sizeof layer.end) == 0);
    }
    g_assert_false(flow_paths_next(paths, shown, &at, &layer));
    at = 0;
    g_assert_false(flow_paths_next(paths, 0, &at, &layer));
    g_assert_cmpuint(flow_paths_depth(paths, 0), ==, 0);
    flow_paths_free(paths);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/path/compared-paths-tell-encapsulations-apart", test_compared);
    g_test_add_func("/path/kinds-are-the-same-both-ways", test_kinds);
    g_test_add_func("/path/zero-is-no-key", test_zero_is_no_key);
    g_test_add_func("/path/turned-is-the-way-back", test_turned);
    g_test_add_func("/path/turned-keeps-nothing", test_turned_of_what_never_came);
    g_test_add_func("/path/same-identifiers-whatever-the-endpoints", test_same_ids);
    g_test_add_func("/path/depth-does-not-matter", test_depth);
    g_test_add_func("/path/what-is-kept-is-bounded", test_what_is_kept_is_bounded);
    g_test_add_func("/path/text-is-turned-with-the-flow", test_text);
    g_test_add_func("/path/text-of-other-layers", test_text_of_other_layers);
    g_test_add_func("/path/text-is-bounded", test_text_is_bounded);
    g_test_add_func("/path/a-layer-too-long-is-left-out", test_a_layer_too_long_is_left_out);
    g_test_add_func("/path/layers-are-read", test_layers_are_read);
    return g_test_run();
}
