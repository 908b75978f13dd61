#include "packets.h"

#include <flowstats/path.h>

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

/* An identifier that each direction chooses for itself. */
static struct flow_layer gtp(uint32_t teid, uint8_t from, uint8_t to)
{
    struct flow_layer layer = {
        .name = gtp_name, .id = { teid }, .ids = 1, .bits = FLOW_LAYER_KEY | FLOW_LAYER_HEX
    };

    return with_ends(layer, from, to);
}

static struct flow_layer gre_without_key(uint8_t from, uint8_t to)
{
    return with_ends((struct flow_layer){ .name = gre_name, .bits = FLOW_LAYER_KEY }, from, to);
}

static struct flow_layer ipip(uint8_t from, uint8_t to)
{
    return with_ends((struct flow_layer){ .name = ipip_name, .bits = FLOW_LAYER_KEY }, from, to);
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

static struct flow_layer without_ends(struct flow_layer layer)
{
    layer.bits &= (uint8_t)~FLOW_LAYER_ENDS;
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

static void test_numbers(void)
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
        { "the way back", { VXLAN(5, 1, 2) }, { VXLAN(5, 2, 1) }, true },
        { "the way back, two tunnels deep",
          { VXLAN(5, 1, 2), ipip(3, 4) },
          { VXLAN(5, 2, 1), ipip(4, 3) },
          true },
        { "another VNI", { VXLAN(5, 1, 2) }, { VXLAN(6, 1, 2) }, false },
        { "the same id in another kind", { VXLAN(5, 1, 2) }, { GENEVE(5, 1, 2) }, false },
        { "another endpoint", { VXLAN(5, 1, 2) }, { VXLAN(5, 1, 3) }, false },
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
        { "GRE key 0 is a key", { GRE(0, 1, 2) }, { gre_without_key(1, 2) }, false },
        { "TEIDs are each direction's own", { gtp(0x11, 1, 2) }, { gtp(0x22, 2, 1) }, true },
        { "their kind is in the key", { gtp(0x11, 1, 2) }, { { 0 } }, false },
        { "their endpoints are in the key", { gtp(0x11, 1, 2) }, { gtp(0x11, 1, 3) }, false },
        { "TEIDs are by preference",
          { in_key(gtp(0x11, 1, 2)) },
          { in_key(gtp(0x22, 1, 2)) },
          false },
        { "endpoints count where it has any",
          { without_ends(ipip(1, 2)) },
          { without_ends(ipip(1, 3)) },
          true },
        { "the endpoints' family", { ipip(1, 2) }, { over_ipv6(ipip(1, 2)) }, false },
    };
    struct flow_paths *paths = flow_paths_new();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint32_t left = flow_paths_number(paths, rows[i].left, count_of(rows[i].left));
        uint32_t right = flow_paths_number(paths, rows[i].right, count_of(rows[i].right));

        g_test_message("%s", rows[i].claim);
        g_assert_cmpint(left == right, ==, rows[i].same);
        g_assert_cmpuint(flow_paths_number(paths, rows[i].left, count_of(rows[i].left)), ==, left);
    }
    flow_paths_free(paths);
}

static void test_zero_is_no_key(void)
{
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer plain[] = { vlan(100), mpls(3) }, tunnel = VXLAN(0, 1, 2);

    g_assert_cmpuint(flow_paths_number(paths, NULL, 0), ==, 0);
    g_assert_cmpuint(flow_paths_number(paths, plain, 2), ==, 0);
    g_assert_cmpuint(flow_paths_number(paths, &tunnel, 1), !=, 0);
    flow_paths_free(paths);
}

/* More layers than anybody would keep on the stack. */
static void test_depth(void)
{
    enum { DEPTH = 100 };
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer there[DEPTH], back[DEPTH];
    GHashTable *seen = g_hash_table_new(NULL, NULL);

    for (uint8_t i = 0; i < DEPTH; i++) {
        there[i] = VXLAN(i, i, (uint8_t)(i + 1));
        back[i] = VXLAN(i, (uint8_t)(i + 1), i);
    }
    for (size_t depth = 1; depth <= DEPTH; depth++) {
        uint32_t number = flow_paths_number(paths, there, depth);

        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(number)));
        g_assert_cmpuint(flow_paths_number(paths, back, depth), ==, number);
    }
    g_hash_table_unref(seen);
    flow_paths_free(paths);
}

static void assert_text(const struct flow_layer *layers, size_t count, enum flow_dir dir,
                        const char *want)
{
    struct flow_paths *paths = flow_paths_new();

    g_assert_cmpstr(flow_paths_text(paths, layers, count, dir), ==, want);
    flow_paths_free(paths);
}

static void test_text(void)
{
    struct flow_layer layers[] = { vlan(100), VXLAN(5001, 1, 2) };

    assert_text(layers, 2, FLOW_UP, "vlan(100) › vxlan(5001, 10.0.0.1↔10.0.0.2)");
    assert_text(layers, 2, FLOW_DOWN, "vlan(100) › vxlan(5001, 10.0.0.2↔10.0.0.1)");
    assert_text(layers, 1, FLOW_DOWN, "vlan(100)");
    assert_text(layers, 0, FLOW_UP, NULL);
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
    struct flow_paths *paths = flow_paths_new();

    assert_text(&tunnel, 1, FLOW_UP, "ipip(10.0.0.1↔10.0.0.2)");
    assert_text(&ipv6, 1, FLOW_UP, "ipip(2001:db8::1↔fe80::2)");
    assert_text(&bare, 1, FLOW_UP, "gre");
    assert_text(&teid, 1, FLOW_UP, "gtp(0x0000beef, 10.0.0.1↔10.0.0.2)");

    const char *both = flow_paths_text(paths, &session, 1, FLOW_UP);
    g_assert_nonnull(strstr(both, "17"));
    g_assert_nonnull(strstr(both, "42"));
    flow_paths_free(paths);
}

static void test_texts_stay(void)
{
    struct flow_paths *paths = flow_paths_new();
    struct flow_layer first = vlan(1);
    const char *text = flow_paths_text(paths, &first, 1, FLOW_UP);

    for (uint32_t id = 2; id < 1000; id++) {
        struct flow_layer other = vlan(id);
        flow_paths_text(paths, &other, 1, FLOW_UP);
    }
    g_assert_cmpstr(text, ==, "vlan(1)");
    g_assert_cmpstr(flow_paths_text(paths, &first, 1, FLOW_UP), ==, "vlan(1)");
    flow_paths_free(paths);
    flow_paths_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/path/numbers-tell-encapsulations-apart", test_numbers);
    g_test_add_func("/path/zero-is-no-key", test_zero_is_no_key);
    g_test_add_func("/path/depth-does-not-matter", test_depth);
    g_test_add_func("/path/text-is-turned-with-the-flow", test_text);
    g_test_add_func("/path/text-of-other-layers", test_text_of_other_layers);
    g_test_add_func("/path/texts-stay", test_texts_stay);
    return g_test_run();
}
