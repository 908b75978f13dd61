#include "packets.h"
#include "stats_trees.h"

#include "all.h"
#include "core.h"
#include "drawing.h"
#include "field.h"
#include "session.h"

#include <epan/stats_tree.h>

/*
 * Wireshark's statistics trees of a few flows.  Wireshark is of this test: it keeps
 * the nodes of a tree, and has them shown as lines, each node below its parent with
 * one more ">".  What is to be seen is worked out by hand from the packets.
 */

#define MS INT64_C(1000000)

/* The session, and who is told before trees are drawn. */

static struct flow_meter *meter; /* NULL: no file is open */
static struct flow_groups groups;

struct call {
    void (*call)(void *data);
    void *data;
};

static GArray *takers, *fillers; /* struct call */

static void add_call(GArray *calls, void (*call)(void *data), void *data)
{
    g_array_append_vals(calls, &(struct call){ call, data }, 1);
}

/* Return whether there was one of that data. */
static bool remove_call(GArray *calls, const void *data)
{
    for (unsigned i = 0; i < calls->len; i++)
        if (g_array_index(calls, struct call, i).data == data) {
            g_array_remove_index(calls, i);
            return true;
        }
    return false;
}

static void call_all(const GArray *calls)
{
    for (unsigned i = 0; i < calls->len; i++) {
        const struct call *call = &g_array_index(calls, struct call, i);
        call->call(call->data);
    }
}

struct flow_meter *fs_session_meter(void)
{
    return meter;
}

void fs_session_attach(void (*take)(void *data), void *data)
{
    add_call(takers, take, data);
}

void fs_session_detach(void *data)
{
    g_assert_true(remove_call(takers, data));
}

void fs_drawing_before(void (*fill)(void *data), void *data)
{
    remove_call(fillers, data);
    add_call(fillers, fill, data);
}

void fs_drawing_forget(void *data)
{
    remove_call(fillers, data);
}

/* Wireshark: the trees that it knows, and those that are open. */

enum { TREES_MAX = 16 };

static struct {
    char *cli, *menu;
    stat_tree_packet_cb packet;
    stat_tree_init_cb init;
    stat_tree_cleanup_cb cleanup;
} known[TREES_MAX];
static unsigned known_count;

/* Nothing in 4.0, and from 4.4 on something that the trees do not look at. */
typedef __typeof__(stats_tree_register_plugin(NULL, NULL, NULL, 0, NULL, NULL, NULL)) of_tree;

of_tree stats_tree_register_plugin(const char *tap, const char *cli, const char *menu,
                                   unsigned flags, stat_tree_packet_cb packet,
                                   stat_tree_init_cb init, stat_tree_cleanup_cb cleanup)
{
    g_assert_cmpstr(tap, ==, "flow");
    g_assert_cmpuint(flags, ==, 0x10000); /* sorted by the first column, the name */
    g_assert_cmpuint(known_count, <, TREES_MAX);
    known[known_count].cli = g_strdup(cli);
    known[known_count].menu = g_strdup(menu);
    known[known_count].packet = packet;
    known[known_count].init = init;
    known[known_count++].cleanup = cleanup;
    return (of_tree)0;
}

/* The first node is the root. */
struct node {
    char *name;
    int parent, value;
    bool has_children;
};

struct shown {
    unsigned tree;
    GArray *nodes;
};

static void clear_node(void *node)
{
    g_free(((struct node *)node)->name);
}

static int add_node(struct shown *shown, const char *name, int parent, bool has_children)
{
    struct node node = { .name = g_strdup(name), .parent = parent, .has_children = has_children };

    g_array_append_val(shown->nodes, node);
    return (int)shown->nodes->len - 1;
}

static struct shown *shown_of(stats_tree *st)
{
    return (struct shown *)(void *)st;
}

static struct node *node_at(const struct shown *shown, int id)
{
    g_assert_cmpint(id, <, (int)shown->nodes->len);
    return &g_array_index(shown->nodes, struct node, id);
}

int stats_tree_create_node(stats_tree *st, const char *name, int parent, stat_node_datatype type,
                           ws_bool has_children)
{
    g_assert_cmpint(parent, ==, 0);
    g_assert_cmpint(type, ==, STAT_DT_INT);
    return add_node(shown_of(st), name, parent, has_children);
}

/* A node is found by its name among the children of its parent, or made. */
int stats_tree_manip_node_int(manip_node_mode mode, stats_tree *st, const char *name, int parent,
                              ws_bool has_children, int value)
{
    struct shown *shown = shown_of(st);
    int id = 1;

    g_assert_cmpint(mode, ==, MN_SET);
    g_assert_true(node_at(shown, parent)->has_children);
    while (id < (int)shown->nodes->len &&
           (node_at(shown, id)->parent != parent || strcmp(node_at(shown, id)->name, name) != 0))
        id++;
    if (id == (int)shown->nodes->len)
        add_node(shown, name, parent, has_children);
    g_assert_true(node_at(shown, id)->has_children == !!has_children);
    node_at(shown, id)->value = value;
    return id;
}

/* A tree is begun again when a file is read once more. */
static void begin_tree(struct shown *shown)
{
    g_array_set_size(shown->nodes, 0);
    add_node(shown, "root", -1, true);
    known[shown->tree].init((stats_tree *)(void *)shown);
}

static struct shown *open_tree(const char *cli)
{
    struct shown *shown = g_new0(struct shown, 1);

    while (strcmp(known[shown->tree].cli, cli) != 0)
        g_assert_cmpuint(++shown->tree, <, known_count);
    shown->nodes = g_array_new(FALSE, FALSE, sizeof(struct node));
    g_array_set_clear_func(shown->nodes, clear_node);
    begin_tree(shown);
    return shown;
}

static tap_packet_status hand(struct shown *shown, uint32_t frame)
{
    packet_info pinfo = { .num = frame };

    return known[shown->tree].packet((stats_tree *)(void *)shown, &pinfo, NULL, NULL, 0);
}

static void pass(struct shown *shown, uint32_t first, uint32_t last)
{
    for (uint32_t frame = first; frame <= last; frame++)
        g_assert_cmpint(hand(shown, frame), ==, TAP_PACKET_REDRAW);
}

static void cleanup_tree(struct shown *shown)
{
    known[shown->tree].cleanup((stats_tree *)(void *)shown);
}

static void close_tree(struct shown *shown)
{
    cleanup_tree(shown);
    g_array_unref(shown->nodes);
    g_free(shown);
}

static void put_nodes(GString *out, const struct shown *shown, int parent, unsigned depth)
{
    for (int id = 1; id < (int)shown->nodes->len; id++) {
        const struct node *node = node_at(shown, id);
        if (node->parent != parent)
            continue;
        for (unsigned i = 0; i < depth; i++)
            g_string_append_c(out, '>');
        g_string_append_printf(out, "%s: %d\n", node->name, node->value);
        put_nodes(out, shown, id, depth + 1);
    }
}

/* What is shown after all trees have been drawn. */
static void shows(const struct shown *shown, const char *want)
{
    GString *out = g_string_new(NULL);

    call_all(fillers);
    put_nodes(out, shown, 0, 0);
    g_assert_cmpstr(out->str, ==, want);
    g_string_free(out, TRUE);
}

/* A capture is begun, its packets follow, and all of them pass the filter of one tree. */

static uint32_t frames; /* of the file */

static void begin_file(void)
{
    meter = flow_meter_new(NULL, 0, &groups);
    flow_meter_bound(meter, &(struct flow_bounds){ .max_open = 100 });
    frames = 0;
}

static void end_file(void)
{
    flow_meter_free(meter);
    meter = NULL;
    g_assert_cmpuint(takers->len, ==, 0);
    g_assert_cmpuint(fillers->len, ==, 0);
}

static void account(struct flow_packet packet, int64_t ns)
{
    packet.fact.frame = ++frames;
    packet.fact.time_ns = 1000 * SECOND + ns;
    flow_meter_account(meter, &packet);
}

/* A tree that all packets of the file pass. */
static void tree_shows(const char *cli, const char *want)
{
    struct shown *shown = open_tree(cli);

    pass(shown, 1, frames);
    shows(shown, want);
    close_tree(shown);
}

static struct flow_packet of_client(uint16_t port, const char *flags, uint32_t seq, uint32_t ack)
{
    struct flow_packet packet = tcp_packet(0, 1, port, 2, 80, flags, seq, ack);

    packet.fact.payload_len = 0;
    return packet;
}

static struct flow_packet of_server(uint16_t port, const char *flags, uint32_t seq, uint32_t ack)
{
    struct flow_packet packet = tcp_packet(0, 2, 80, 1, port, flags, seq, ack);

    packet.fact.payload_len = 0;
    return packet;
}

/* So long after the SYN comes the SYN-ACK, and so long after that the ACK. */
static void account_handshake(uint16_t port, int64_t net_ns, int64_t user_ns)
{
    account(of_client(port, "S", 100, 0), 0);
    account(of_server(port, "SA", 900, 101), net_ns);
    account(of_client(port, "A", 101, 901), net_ns + user_ns);
}

static void test_what_there_is(void)
{
    static const struct {
        const char *cli, *menu;
    } want[] = {
        { "flowstats.states", "TCP States" },
        { "flowstats.rtt", "Handshake RTT" },
        { "flowstats.sizes", "Sizes" },
        { "flowstats.protocols", "Protocols and Encapsulations" },
        { "flowstats.directions", "Direction Reasons" },
        { "flowstats.responses", "Response Times" },
        { "flowstats.conn_states", "Zeek Connection States" },
        { "flowstats.hosts", "Hosts" },
    };

    g_assert_cmpuint(known_count, ==, G_N_ELEMENTS(want));
    for (unsigned i = 0; i < known_count; i++) {
        char *menu =
            g_strconcat("Flow Distributions", WS_STATS_TREE_MENU_SEPARATOR, want[i].menu, NULL);
        g_assert_cmpstr(known[i].cli, ==, want[i].cli);
        g_assert_cmpstr(known[i].menu, ==, menu);
        g_free(menu);
    }
}

/* Bands: a number, and the one that it is in. */

struct in_band {
    int64_t number;
    const char *band;
};

static const struct in_band times[] = {
    { 0, "    0 to 1 ms" },
    { 999999, "    0 to 1 ms" },
    { 1000000, "    1 to 10 ms" },
    { 9999999, "    1 to 10 ms" },
    { 10000000, "   10 to 50 ms" },
    { 49999999, "   10 to 50 ms" },
    { 50000000, "   50 to 100 ms" },
    { 99999999, "   50 to 100 ms" },
    { 100000000, "  100 to 300 ms" },
    { 299999999, "  100 to 300 ms" },
    { 300000000, "  300 to 1000 ms" },
    { 999999999, "  300 to 1000 ms" },
    { 1000000000, " 1000 ms and more" },
    { 86400 * SECOND, " 1000 ms and more" },
};

static void rtt_shows(int64_t net_ns, int64_t user_ns, const char *rtt, const char *net,
                      const char *user)
{
    char *want = g_strdup_printf("RTT: 1\n>%s: 1\n"
                                 "RTT to the responder: 1\n>%s: 1\n"
                                 "RTT to the initiator: 1\n>%s: 1\n",
                                 rtt, net, user);

    begin_file();
    account_handshake(50000, net_ns, user_ns);
    tree_shows("flowstats.rtt", want);
    end_file();
    g_free(want);
}

static void test_bands_of_round_trips(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        rtt_shows(times[i].number, 0, times[i].band, times[i].band, "    0 to 1 ms");
        rtt_shows(0, times[i].number, times[i].band, "    0 to 1 ms", times[i].band);
    }
    rtt_shows(30 * MS, 80 * MS, "  100 to 300 ms", "   10 to 50 ms", "   50 to 100 ms");
}

/* A clock that goes back: what would be negative is not known, and is in no band. */
static void test_a_round_trip_below_zero(void)
{
    begin_file();
    account_handshake(50000, -MS, 5 * MS);
    tree_shows("flowstats.rtt", "RTT: 0\n"
                                "RTT to the responder: 0\n"
                                "RTT to the initiator: 1\n>    1 to 10 ms: 1\n");
    end_file();
}

/* Of half a handshake one round trip is known, of UDP none. */
static void test_round_trips_that_are_not_known(void)
{
    begin_file();
    account(of_client(50000, "S", 100, 0), 0);
    account(of_server(50000, "SA", 900, 101), 20 * MS);
    account(udp_packet(0, 1, 50000, 2, 53), 0);
    tree_shows("flowstats.rtt", "RTT: 0\n"
                                "RTT to the responder: 1\n>   10 to 50 ms: 1\n"
                                "RTT to the initiator: 0\n");
    end_file();
}

static void sizes_show(const char *duration, const char *bytes, const char *packets)
{
    char *want = g_strdup_printf("Duration: 1\n>%s: 1\nBytes: 1\n>%s: 1\nPackets: 1\n>%s: 1\n",
                                 duration, bytes, packets);

    tree_shows("flowstats.sizes", want);
    g_free(want);
}

static const struct in_band durations[] = {
    { 0, "    0 to 0.001 s" },
    { 999999, "    0 to 0.001 s" },
    { 1000000, "    0.001 to 0.01 s" },
    { 9999999, "    0.001 to 0.01 s" },
    { 10000000, "    0.01 to 0.1 s" },
    { 99999999, "    0.01 to 0.1 s" },
    { 100000000, "    0.1 to 1 s" },
    { SECOND - 1, "    0.1 to 1 s" },
    { SECOND, "    1 to 10 s" },
    { 10 * SECOND - 1, "    1 to 10 s" },
    { 10 * SECOND, "   10 to 60 s" },
    { 60 * SECOND - 1, "   10 to 60 s" },
    { 60 * SECOND, "   60 to 3600 s" },
    { 3600 * SECOND - 1, "   60 to 3600 s" },
    { 3600 * SECOND, " 3600 s and more" },
    { 86400 * SECOND, " 3600 s and more" },
};

/* From the first packet of two to the second one; each is of 100 bytes. */
static void test_bands_of_durations(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(durations); i++) {
        begin_file();
        account(udp_packet(0, 1, 50000, 2, 53), 0);
        account(udp_packet(0, 2, 53, 1, 50000), durations[i].number);
        sizes_show(durations[i].band, "       0 to 1 kB", "     2");
        end_file();
    }
}

static const struct in_band sizes[] = {
    { 0, "       0 to 1 kB" },
    { 999, "       0 to 1 kB" },
    { 1000, "       1 to 10 kB" },
    { 9999, "       1 to 10 kB" },
    { 10000, "      10 to 100 kB" },
    { 99999, "      10 to 100 kB" },
    { 100000, "     100 to 1000 kB" },
    { 999999, "     100 to 1000 kB" },
    { 1000000, "    1000 to 10000 kB" },
    { 9999999, "    1000 to 10000 kB" },
    { 10000000, "   10000 to 100000 kB" },
    { 99999999, "   10000 to 100000 kB" },
    { 100000000, "  100000 to 1000000 kB" },
    { 999999999, "  100000 to 1000000 kB" },
    { 1000000000, " 1000000 kB and more" },
    { UINT32_MAX, " 1000000 kB and more" },
};

/* The captured bytes of one packet. */
static void test_bands_of_bytes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct flow_packet packet = udp_packet(0, 1, 50000, 2, 53);
        packet.fact.cap_len = (uint32_t)sizes[i].number;
        begin_file();
        account(packet, 0);
        sizes_show("    0 to 0.001 s", sizes[i].band, "     1");
        end_file();
    }
}

static const struct in_band counts[] = {
    { 1, "     1" },
    { 2, "     2" },
    { 3, "     3 to 9" },
    { 9, "     3 to 9" },
    { 10, "    10 to 99" },
    { 99, "    10 to 99" },
    { 100, "   100 to 999" },
    { 999, "   100 to 999" },
    { 1000, "  1000 to 9999" },
    { 9999, "  1000 to 9999" },
    { 10000, " 10000 and more" },
    { 10001, " 10000 and more" },
};

/* Packets without a byte, all at once. */
static void test_bands_of_packets(void)
{
    struct flow_packet packet = udp_packet(0, 1, 50000, 2, 53);

    packet.fact.cap_len = 0;
    begin_file();
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        while (frames < counts[i].number)
            account(packet, 0);
        sizes_show("    0 to 0.001 s", "       0 to 1 kB", counts[i].band);
    }
    end_file();
}

/* Texts and numbered names */

/* A connection of so many of these segments; the last ACK is of the second FIN. */
static void account_connection(uint16_t port, unsigned segments)
{
    const struct flow_packet all[] = {
        of_client(port, "S", 100, 0),    of_server(port, "SA", 900, 101),
        of_client(port, "A", 101, 901),  of_client(port, "FA", 101, 901),
        of_server(port, "FA", 901, 102), of_client(port, "A", 102, 902),
    };

    g_assert_cmpuint(segments, <=, G_N_ELEMENTS(all));
    for (unsigned i = 0; i < segments; i++)
        account(all[i], i * MS);
}

/* The numbers stand before the names; UDP has no state. */
static void test_states(void)
{
    begin_file();
    account_connection(50000, 3);
    account_connection(50001, 1);
    account_connection(50002, 6);
    account_connection(50003, 3);
    account_connection(50004, 2);
    account_connection(50005, 4);
    account(udp_packet(0, 1, 50000, 2, 53), 0);
    tree_shows("flowstats.states", "TCP state: 6\n"
                                   ">3 Established: 2\n"
                                   ">1 SynSent: 1\n"
                                   ">0 Closed: 1\n"
                                   ">2 SynReceived: 1\n"
                                   ">4 FinWait: 1\n");
    end_file();
}

/* One flow by each rule, and a second one by its ports: an answer of a system port is sure. */
static void test_directions(void)
{
    struct flow_packet ping = packet_of(0, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 1, 2)),
                       query = udp_packet(0, 1, 5000, 2, 5000),
                       announcement = udp_packet(0, 1, 5353, 3, 5353);

    ping.message_type = FLOW_MESSAGE_REQUEST;
    let_say(&query, FLOW_MESSAGE_REQUEST);
    announcement.tuple.end[1].addr[0] = 224;
    begin_file();
    account(udp_packet(0, 2, 53, 1, 50000), 0);
    account(ping, 0);
    account(query, 0);
    account(udp_packet(0, 3, 7000, 4, 7000), 0);
    account(of_client(50000, "S", 100, 0), 0);
    account(announcement, 0);
    account(udp_packet(0, 2, 53, 1, 50001), 0);
    tree_shows("flowstats.directions", "Direction decided by: 7\n"
                                       ">4 ports: 2\n"
                                       ">2 message type: 1\n"
                                       ">3 application: 1\n"
                                       ">5 first packet: 1\n"
                                       ">1 handshake: 1\n"
                                       ">6 group address: 1\n");
    end_file();
}

/* Two of three flows are in one tunnel. */
static void test_protocols(void)
{
    static const char ipip[] = "ipip";
    struct flow_layer layer = { .name = ipip,
                                .family = FLOW_IPV4,
                                .bits = FLOW_LAYER_KEY | FLOW_LAYER_ENDS | FLOW_LAYER_ENDS_KEY };
    struct flow_packet one = udp_packet(0, 1, 50000, 2, 53),
                       other = tcp_packet(0, 1, 50000, 2, 80, "S", 1, 0);

    memcpy(layer.end[0], host_end(FLOW_IPV4, 11, 0).addr, FLOW_ADDR_LEN);
    memcpy(layer.end[1], host_end(FLOW_IPV4, 12, 0).addr, FLOW_ADDR_LEN);
    one.layers = other.layers = &layer;
    one.layer_count = other.layer_count = 1;
    begin_file();
    account(one, 0);
    account(other, 0);
    account(udp_packet(0, 3, 50000, 4, 53), 0);
    tree_shows("flowstats.protocols", "Protocol: 3\n"
                                      ">UDP: 2\n"
                                      ">TCP: 1\n"
                                      "Encapsulation: 2\n"
                                      ">ipip(10.0.0.11↔10.0.0.12): 2\n");
    end_file();
}

/* A question with an answer, one without, and a frame that has no IP. */
static void test_connection_states(void)
{
    begin_file();
    account(udp_packet(0, 1, 50000, 2, 53), 0);
    account(udp_packet(0, 2, 53, 1, 50000), MS);
    account(udp_packet(0, 1, 50001, 2, 53), 0);
    account(packet_of(0, tuple_of(FLOW_LINK, 0, 1, 2)), 0);
    tree_shows("flowstats.conn_states", "Connection state: 2\n>SF: 1\n>S0: 1\n");
    end_file();
}

/* Hosts and applications are those of this test: named by ports. */

static struct flow_value host_of(const struct flow_asked *asked)
{
    struct flow_view *view = asked->view;

    g_snprintf(view->text, sizeof view->text, "host %u", view->flow->key.end[1].port);
    return (struct flow_value){ .known = view->flow->key.end[0].port == 443,
                                .as.text = view->text };
}

enum { ROWS_MAX = 256, FIRST_PORT = 10000 };

static struct flow_value application_of(const struct flow_asked *asked)
{
    struct flow_view *view = asked->view;
    unsigned port = view->flow->key.end[0].port;

    switch (port) {
    case 53: return (struct flow_value){ .known = true, .as.text = "dns" };
    case 80: return (struct flow_value){ .known = true, .as.text = "http" };
    case 123: return (struct flow_value){ .known = true, .as.text = "ntp" };
    }
    g_snprintf(view->text, sizeof view->text, "app %u", port);
    return (struct flow_value){ .known = port >= FIRST_PORT, .as.text = view->text };
}

static const struct flow_row host_rows[] = { { .name = "host",
                                               .label = "Host",
                                               .help = "Host.",
                                               .value = host_of,
                                               .kind = FLOW_TEXT,
                                               .scope = FLOW_SCOPE_FLOW },
                                             { .name = NULL } };
static const struct flow_row application_rows[] = { { .name = "app",
                                                      .label = "Application",
                                                      .help = "Application.",
                                                      .value = application_of,
                                                      .kind = FLOW_TEXT,
                                                      .scope = FLOW_SCOPE_FLOW },
                                                    { .name = NULL } };
static const struct flow_group host_group = { .version = FLOW_EXTENSION_VERSION,
                                              .name = "host",
                                              .rows = host_rows };
static const struct flow_group application_group = { .version = FLOW_EXTENSION_VERSION,
                                                     .name = "app",
                                                     .rows = application_rows };

/* 256 hosts have a row each, and two more share the last one; all but the first have one flow. */
static void test_many_hosts(void)
{
    struct shown *shown = open_tree("flowstats.hosts");
    GString *want = g_string_new("Host: 260\n");

    begin_file();
    for (uint16_t i = 0; i < ROWS_MAX + 2; i++)
        account(udp_packet(0, 1, FIRST_PORT + i, 2, 443), 0);
    account(udp_packet(0, 3, FIRST_PORT, 2, 443), 0);
    account(udp_packet(0, 3, FIRST_PORT + ROWS_MAX, 2, 443), 0);
    account(udp_packet(0, 3, FIRST_PORT, 2, 53), 0); /* of no host */
    for (uint16_t i = 0; i < ROWS_MAX; i++)
        g_string_append_printf(want, ">host %d: %d\n", FIRST_PORT + i, i == 0 ? 2 : 1);
    g_string_append(want, ">others: 3\n");
    pass(shown, 1, frames);
    shows(shown, want->str);
    close_tree(shown);
    end_file();
    g_string_free(want, TRUE);
}

/* Response times */

/* A packet with payload of a client or its server. */
static void account_talk(bool is_answer, uint16_t client, uint16_t server, int64_t ms)
{
    account(is_answer ? udp_packet(0, 2, server, 1, client) : udp_packet(0, 1, client, 2, server),
            ms * MS);
}

/* Of a handshake, a request and its answer that long after it; the server is that port. */
static void account_exchange(uint16_t server, int64_t net_us, int64_t answer_ms)
{
    struct flow_packet packets[] = {
        tcp_packet(0, 1, 50000, 2, server, "S", 100, 0),
        tcp_packet(0, 2, server, 1, 50000, "SA", 900, 101),
        tcp_packet(0, 1, 50000, 2, server, "A", 101, 901),
        tcp_packet(0, 1, 50000, 2, server, "A", 101, 901),
        tcp_packet(0, 2, server, 1, 50000, "A", 901, 111),
    };

    for (size_t i = 0; i < 3; i++)
        packets[i].fact.payload_len = 0;
    account(packets[0], 0);
    account(packets[1], net_us * 1000);
    account(packets[2], net_us * 1000 + MS);
    account(packets[3], 500 * MS);
    account(packets[4], (500 + answer_ms) * MS);
}

/*
 * Flow 0: DNS, answers after 20 and 40 ms, 30 on average.  Flow 1: HTTP over 2 ms,
 * an answer after 60: 58 are the server's.  Flow 2: NTP, no answer.  Flow 3: nobody
 * knows what, over 0.5 ms, an answer after 300: 299.5 are the server's.
 * Flow 4: DNS, an answer after 5 s.
 */
static void test_responses(void)
{
    begin_file();
    account_talk(false, 50000, 53, 0);
    account_talk(true, 50000, 53, 20);
    account_talk(false, 50000, 53, 100);
    account_talk(true, 50000, 53, 140);
    account_exchange(80, 2000, 60);
    account_talk(false, 50001, 123, 0);
    account_exchange(9999, 500, 300);
    account_talk(false, 50002, 53, 0);
    account_talk(true, 50002, 53, 5000);
    tree_shows("flowstats.responses", "Answers: 5\n"
                                      ">dns: 3\n"
                                      ">http: 1\n"
                                      ">-: 1\n"
                                      "Response time: 4\n"
                                      ">dns: 2\n"
                                      ">>   10 to 50 ms: 1\n"
                                      ">> 1000 ms and more: 1\n"
                                      ">http: 1\n"
                                      ">>   50 to 100 ms: 1\n"
                                      ">-: 1\n"
                                      ">>  300 to 1000 ms: 1\n"
                                      "Server: 2\n"
                                      ">http: 1\n"
                                      ">>   50 to 100 ms: 1\n"
                                      ">-: 1\n"
                                      ">>  100 to 300 ms: 1\n"
                                      "Network: 2\n"
                                      ">http: 1\n"
                                      ">>    1 to 10 ms: 1\n"
                                      ">-: 1\n"
                                      ">>    0 to 1 ms: 1\n");
    end_file();
}

/* A line for each of 256 applications, with one flow each, and for two that share the last one. */
static void put_applications(GString *out, unsigned total, const char *title, const char *band)
{
    g_string_append_printf(out, "%s: %u\n", title, total);
    for (unsigned i = 0; i < ROWS_MAX && total > 0; i++)
        g_string_append_printf(out, ">app %u: 1\n%s%s", FIRST_PORT + i, band, *band ? "1\n" : "");
    if (total > 0)
        g_string_append_printf(out, ">others: 2\n%s%s", band, *band ? "2\n" : "");
}

/* Each answers once, after 20 ms. */
static void test_many_applications(void)
{
    GString *want = g_string_new(NULL);

    begin_file();
    for (uint16_t i = 0; i < ROWS_MAX + 2; i++) {
        account_talk(false, 50000, FIRST_PORT + i, 0);
        account_talk(true, 50000, FIRST_PORT + i, 20);
    }
    put_applications(want, ROWS_MAX + 2, "Answers", "");
    put_applications(want, ROWS_MAX + 2, "Response time", ">>   10 to 50 ms: ");
    put_applications(want, 0, "Server", "");
    put_applications(want, 0, "Network", "");
    tree_shows("flowstats.responses", want->str);
    end_file();
    g_string_free(want, TRUE);
}

/* The group that counts answers is off. */
static void test_answers_that_nobody_counts(void)
{
    static struct flow_groups few;

    flow_groups_add(&few, &flow_core);
    flow_groups_add(&few, &application_group);
    meter = flow_meter_new(NULL, 0, &few);
    frames = 0;
    account_talk(false, 50000, 53, 0);
    account_talk(true, 50000, 53, 20);
    tree_shows("flowstats.responses", "Answers: 0\nResponse time: 0\nServer: 0\nNetwork: 0\n");
    end_file();
}

/* Who passes a tree's filter, and when */

/* Flow 0 has packets at 0, 5 ms and 20 s, and flow 1 one at 1 s. */
static void account_three_and_one(void)
{
    account(udp_packet(0, 1, 50000, 2, 53), 0);
    account(udp_packet(0, 2, 53, 1, 50000), 5 * MS);
    account(udp_packet(0, 1, 50001, 2, 53), SECOND);
    account(udp_packet(0, 1, 50000, 2, 53), 20 * SECOND);
}

/* A flow is counted by what passed of it; it leaves a band, which stays, for another one. */
static void test_flows_are_those_of_a_filter(void)
{
    struct shown *shown = open_tree("flowstats.sizes");

    shows(shown, "Duration: 0\nBytes: 0\nPackets: 0\n");
    begin_file();
    account_three_and_one();
    pass(shown, 1, 2);
    shows(shown, "Duration: 1\n>    0.001 to 0.01 s: 1\n"
                 "Bytes: 1\n>       0 to 1 kB: 1\n"
                 "Packets: 1\n>     2: 1\n");
    pass(shown, 4, 4);
    shows(shown, "Duration: 1\n>    0.001 to 0.01 s: 0\n>   10 to 60 s: 1\n"
                 "Bytes: 1\n>       0 to 1 kB: 1\n"
                 "Packets: 1\n>     2: 0\n>     3 to 9: 1\n");
    shows(shown, "Duration: 1\n>    0.001 to 0.01 s: 0\n>   10 to 60 s: 1\n"
                 "Bytes: 1\n>       0 to 1 kB: 1\n"
                 "Packets: 1\n>     2: 0\n>     3 to 9: 1\n");
    close_tree(shown);
    end_file();
}

/* Two windows of one tree with a filter each, of which one is closed. */
static void test_two_trees_of_a_kind(void)
{
    struct shown *one = open_tree("flowstats.conn_states"),
                 *other = open_tree("flowstats.conn_states");

    begin_file();
    account_three_and_one();
    pass(one, 1, 2);
    pass(other, 3, 3);
    shows(one, "Connection state: 1\n>SF: 1\n");
    shows(other, "Connection state: 1\n>S0: 1\n");
    close_tree(one);
    pass(other, 4, 4); /* up, and nothing back */
    shows(other, "Connection state: 2\n>S0: 2\n");
    cleanup_tree(other);
    g_assert_cmpint(hand(other, 1), ==, TAP_PACKET_DONT_REDRAW);
    close_tree(other);
    end_file();
}

static void test_a_tree_begins_again(void)
{
    struct shown *shown = open_tree("flowstats.conn_states");

    begin_file();
    account_three_and_one();
    pass(shown, 1, 4);
    shows(shown, "Connection state: 2\n>SF: 1\n>S0: 1\n");
    begin_tree(shown);
    g_assert_cmpuint(takers->len, ==, 1);
    pass(shown, 3, 3);
    shows(shown, "Connection state: 1\n>S0: 1\n");
    close_tree(shown);
    end_file();
}

/* Files one after the other */

/* A meter ends with its file. */
static void go_to_another_file(void)
{
    flow_meter_finish(meter);
    call_all(takers);
    flow_meter_free(meter);
    begin_file();
}

/* Two files with flows, one without, and one more: what was counted stays. */
static void test_counts_of_files_add_up(void)
{
    struct shown *shown = open_tree("flowstats.conn_states");

    begin_file();
    account_three_and_one();
    pass(shown, 1, 4);
    go_to_another_file();
    shows(shown, "Connection state: 2\n>SF: 1\n>S0: 1\n");
    account(udp_packet(0, 1, 50000, 2, 53), 0);
    account(udp_packet(0, 1, 50001, 2, 53), 0);
    account(udp_packet(0, 1, 50002, 2, 53), 0); /* does not pass, though a frame 3 did before */
    pass(shown, 1, 2);
    shows(shown, "Connection state: 4\n>SF: 1\n>S0: 3\n");
    go_to_another_file();
    go_to_another_file();
    account(udp_packet(0, 1, 50000, 2, 53), 0);
    account(udp_packet(0, 2, 53, 1, 50000), 0);
    pass(shown, 1, 2);
    shows(shown, "Connection state: 5\n>SF: 2\n>S0: 3\n");
    close_tree(shown);
    end_file();
}

/* A meter goes on: one connection is over when the file is, another one goes on. */
static void test_flows_that_go_on_are_counted_once(void)
{
    struct shown *shown = open_tree("flowstats.states");

    begin_file();
    account(of_client(50000, "S", 100, 0), 0);
    account(of_client(50000, "S", 50000100, 0), 100 * SECOND);
    account_connection(50001, 1);
    pass(shown, 1, 2);
    shows(shown, "TCP state: 2\n>1 SynSent: 2\n");
    flow_meter_end_file(meter, frames, true);
    call_all(takers);
    flow_meter_begin_file(meter);
    frames = 0;
    account(of_server(50000, "SA", 900, 50000101), 101 * SECOND);
    pass(shown, 1, 1);
    shows(shown, "TCP state: 2\n>1 SynSent: 1\n>2 SynReceived: 1\n");
    close_tree(shown);
    end_file();
}

static void know_groups(void)
{
    for (size_t i = 0; flow_groups_all[i]; i++)
        flow_groups_add(&groups, flow_groups_all[i]);
    flow_groups_add(&groups, &host_group);
    flow_groups_add(&groups, &application_group);
    flow_fields_add(&host_group);
    flow_fields_add(&application_group);
}

static void forget_trees(void)
{
    for (unsigned i = 0; i < known_count; i++) {
        g_free(known[i].cli);
        g_free(known[i].menu);
    }
    g_array_unref(takers);
    g_array_unref(fillers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    takers = g_array_new(FALSE, FALSE, sizeof(struct call));
    fillers = g_array_new(FALSE, FALSE, sizeof(struct call));
    know_groups();
    fs_stats_trees_register();
    g_test_add_func("/stats_trees/what-there-is", test_what_there_is);
    g_test_add_func("/stats_trees/bands/round-trips", test_bands_of_round_trips);
    g_test_add_func("/stats_trees/bands/a-round-trip-below-zero", test_a_round_trip_below_zero);
    g_test_add_func("/stats_trees/bands/unknown-round-trips", test_round_trips_that_are_not_known);
    g_test_add_func("/stats_trees/bands/durations", test_bands_of_durations);
    g_test_add_func("/stats_trees/bands/bytes", test_bands_of_bytes);
    g_test_add_func("/stats_trees/bands/packets", test_bands_of_packets);
    g_test_add_func("/stats_trees/states", test_states);
    g_test_add_func("/stats_trees/directions", test_directions);
    g_test_add_func("/stats_trees/protocols", test_protocols);
    g_test_add_func("/stats_trees/connection-states", test_connection_states);
    g_test_add_func("/stats_trees/many-hosts", test_many_hosts);
    g_test_add_func("/stats_trees/responses", test_responses);
    g_test_add_func("/stats_trees/many-applications", test_many_applications);
    g_test_add_func("/stats_trees/answers-that-nobody-counts", test_answers_that_nobody_counts);
    g_test_add_func("/stats_trees/flows-are-those-of-a-filter", test_flows_are_those_of_a_filter);
    g_test_add_func("/stats_trees/two-of-a-kind", test_two_trees_of_a_kind);
    g_test_add_func("/stats_trees/one-begins-again", test_a_tree_begins_again);
    g_test_add_func("/stats_trees/counts-of-files-add-up", test_counts_of_files_add_up);
    g_test_add_func("/stats_trees/flows-that-go-on-are-counted-once",
                    test_flows_that_go_on_are_counted_once);
    int failed = g_test_run();
    forget_trees();
    return failed;
}
