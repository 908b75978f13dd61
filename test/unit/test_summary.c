#include "packets.h"
#include "summary.h"

#include "all.h"
#include "core.h"
#include "field.h"
#include "groups.h"
#include "holes.h"
#include "meter.h"

#include <glib.h>
#include <string.h>

/*
 * What the tree says in one line of a flow and of its sections, at a packet that is dissected
 * for the first time and again, worked out by hand from the packets.
 */

#define MS INT64_C(1000000)

/* What extensions would say: of the whole flow, and so far. */
static const char *const apps[] = { "http", NULL, "ping", NULL };
static const char *const hosts[] = { NULL, "müller.example", "both.example", NULL };
static const char *long_app, *long_host; /* where they are set, those of all flows */

static struct flow_value text_of(const char *text)
{
    return (struct flow_value){ .known = text != NULL, .as.text = text };
}

/* What the first three packets are of nobody knows yet. */
static struct flow_value say_app(const struct flow_asked *asked)
{
    if (!asked->is_whole)
        return text_of(asked->view->packet < 3 ? NULL : "later http");
    return text_of(long_app ? long_app : apps[asked->view->flow->id]);
}

static struct flow_value say_host(const struct flow_asked *asked)
{
    return text_of(long_host ? long_host : hosts[asked->view->flow->id]);
}

/* Wireshark's verdicts, by direction. */
static struct flow_value retransmissions[FLOW_DIRS];

static struct flow_value say_retransmissions(const struct flow_asked *asked)
{
    return retransmissions[asked->dir];
}

static const struct flow_row app_rows[] = { { .name = "app",
                                              .label = "App",
                                              .help = "The application.",
                                              .value = say_app,
                                              .kind = FLOW_TEXT,
                                              .scope = FLOW_SCOPE_MEASURE },
                                            { .name = NULL } };
static const struct flow_row host_rows[] = { { .name = "host",
                                               .label = "Host",
                                               .help = "The name of the host.",
                                               .value = say_host,
                                               .kind = FLOW_TEXT,
                                               .scope = FLOW_SCOPE_WHOLE },
                                             { .name = NULL } };
static const struct flow_row analysis_rows[] = { { .name = "tcp.analysis.*.retransmission",
                                                   .label = "Retransmissions",
                                                   .help = "Segments that were sent again.",
                                                   .value = say_retransmissions,
                                                   .kind = FLOW_UINT32,
                                                   .scope = FLOW_SCOPE_MEASURE,
                                                   .ways = FLOW_WAYS_EACH },
                                                 { .name = NULL } };

/* A group that counts packets, keeps a number once, and says what it was asked about. */
static void count(void *state, const struct flow_fold *from)
{
    *(uint32_t *)state += !(from->fact->bits & FLOW_FACT_EVENT);
}

static void tell(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const uint32_t *packets = asked->state, *once = asked->once;

    g_assert_cmpuint(size, ==, FS_SUMMARY_LEN);
    g_assert_cmpuint(asked->dir, ==, FLOW_DIRS);
    g_assert_null(asked->row);
    g_assert_null(asked->fact);
    g_snprintf(ret_text, size, "%u %s of flow %u, once %u", *packets,
               asked->is_whole ? "in all" : "so far", asked->view->flow->id, once ? *once : 0);
}

static const struct flow_row no_rows[] = { { .name = NULL } };
static const struct flow_group app = { .version = FLOW_EXTENSION_VERSION,
                                       .name = "app",
                                       .title = "App",
                                       .help = "The application.",
                                       .rows = app_rows };
static const struct flow_group host = { .version = FLOW_EXTENSION_VERSION,
                                        .name = "host",
                                        .title = "Host",
                                        .help = "The name of the host.",
                                        .rows = host_rows };
static const struct flow_group analysis = { .version = FLOW_EXTENSION_VERSION,
                                            .name = "tcp.analysis",
                                            .title = "Analysis",
                                            .help = "Wireshark's verdicts.",
                                            .rows = analysis_rows };
static const struct flow_group counting = { .version = FLOW_EXTENSION_VERSION,
                                            .state_size = sizeof(uint32_t),
                                            .once_size = sizeof(uint32_t),
                                            .name = "unit.counting",
                                            .title = "Counting",
                                            .help = "It counts packets.",
                                            .rows = no_rows,
                                            .fold = count,
                                            .summary = tell };
static const struct flow_group silent = { .version = FLOW_EXTENSION_VERSION,
                                          .name = "unit.silent",
                                          .title = "Silent",
                                          .help = "It says nothing.",
                                          .rows = no_rows };
/* Never switched on. */
static const struct flow_group off = { .version = FLOW_EXTENSION_VERSION,
                                       .state_size = sizeof(uint32_t),
                                       .name = "unit.off",
                                       .title = "Off",
                                       .help = "It is off.",
                                       .rows = no_rows,
                                       .fold = count,
                                       .summary = tell };

static struct flow_groups groups;

static void know_groups(void)
{
    static const struct flow_group *const others[] = { &app, &host, &analysis, &counting, &silent };

    for (size_t i = 0; flow_groups_all[i]; i++)
        flow_groups_add(&groups, flow_groups_all[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        flow_groups_add(&groups, others[i]);
        flow_fields_add(others[i]);
    }
}

/* The flows of the tests */

/* Flow 0, frames 1 to 6: a connection whose server says more than its client. */
static void account_connection(struct flow_meter *meter)
{
    static const struct {
        int64_t ms;
        bool is_up;
        const char *flags;
        uint32_t seq, ack, len;
    } segments[] = {
        { 0, true, "S", 99, 0, 0 },
        { 20, false, "SA", 499, 100, 0 },
        { 25, true, "A", 100, 500, 0 },
        { 30, true, "A", 100, 500, 946 },
        { 1000, false, "A", 500, 1046, 5000 },
        { 2500, true, "A", 1046, 5500, 0 },
    };

    for (uint32_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        bool is_up = segments[i].is_up;
        struct flow_packet packet =
            tcp_packet(i + 1, is_up ? 1 : 2, is_up ? 50000 : 80, is_up ? 2 : 1, is_up ? 80 : 50000,
                       segments[i].flags, segments[i].seq, segments[i].ack);
        packet.fact.time_ns = SECOND + segments[i].ms * MS;
        packet.fact.payload_len = segments[i].len;
        packet.fact.cap_len = 54 + segments[i].len;
        flow_meter_account(meter, &packet);
    }
}

/* Flow 1, frames 7 to 9: a datagram over IPv6 and two answers; the last of them before both. */
static void account_datagrams(struct flow_meter *meter)
{
    static const int64_t seconds[] = { 11, 12, 10 };

    for (uint32_t i = 0; i < 3; i++) {
        bool is_up = i == 0;
        struct flow_packet packet =
            packet_of(7 + i, tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, is_up ? 3 : 4,
                                              is_up ? 5000 : 53, is_up ? 4 : 3, is_up ? 53 : 5000));
        packet = at_second(packet, seconds[i]);
        flow_meter_account(meter, &packet);
    }
}

/* Flow 2, frame 10: a ping; and flow 3, frame 11: ARP at no time. */
static void account_others(struct flow_meter *meter)
{
    struct flow_packet ping = packet_of(10, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 5, 6)),
                       arp = without_time(packet_of(11, tuple_of(FLOW_LINK, 0, 1, 2)));

    ping.tuple.ident = 77;
    ping.tuple.bits = FLOW_TUPLE_IDENT;
    ping.message_type = FLOW_MESSAGE_REQUEST;
    arp.tuple.ident = 0x0806;
    arp.fact.cap_len = 42;
    flow_meter_account(meter, &ping);
    flow_meter_account(meter, &arp);
}

static struct flow_meter *make_meter(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    account_connection(meter);
    account_datagrams(meter);
    account_others(meter);
    flow_meter_finish(meter);
    return meter;
}

/* When a frame is dissected. */
enum reading { FIRST, AGAIN };

static struct flow_view *view_at(struct flow_meter *meter, uint32_t frame, enum reading reading)
{
    static struct flow_view view;

    g_assert_true(flow_meter_view(meter, frame, reading == AGAIN, &view));
    return &view;
}

/* Room that holds what was said before. */
static char *used_room(void)
{
    static char text[FS_SUMMARY_LEN];

    memset(text, 'x', sizeof text - 1);
    return text;
}

static void test_the_first_line(void)
{
    static const struct {
        uint32_t frame;
        enum reading reading;
        const char *want;
    } rows[] = {
        { 1, FIRST,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, packet 1, 54 B up, 0 B down, SynSent" },
        { 2, FIRST,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, packet 2, 54 B up, 54 B down, "
          "SynReceived" },
        { 3, FIRST,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, packet 3, 108 B up, 54 B down, "
          "Established, RTT 25.0 ms" },
        { 4, FIRST,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, later http, packet 4, 1.1 kB up, 54 B down, "
          "Established, RTT 25.0 ms" },
        { 5, FIRST,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, later http, packet 5, 1.1 kB up, 5.1 kB "
          "down, Established, RTT 25.0 ms" },
        /* Wherever it is in the flow. */
        { 1, AGAIN,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, http, packet 1 of 6, 1.2 kB up, 5.1 kB "
          "down, Established, RTT 25.0 ms" },
        { 6, AGAIN,
          "flow 0, TCP 10.0.0.1:50000 → 10.0.0.2:80, http, packet 6 of 6, 1.2 kB up, 5.1 kB "
          "down, Established, RTT 25.0 ms" },
        { 8, FIRST, "flow 1, UDP [fd00::3]:5000 → [fd00::4]:53, packet 2, 100 B up, 100 B down" },
        { 8, AGAIN,
          "flow 1, UDP [fd00::3]:5000 → [fd00::4]:53, müller.example, packet 2 of 3, 100 B up, "
          "200 B down" },
        { 10, AGAIN,
          "flow 2, ICMP 10.0.0.5 → 10.0.0.6 id 77, ping, both.example, packet 1 of 1, 100 B up, "
          "0 B down" },
        { 11, FIRST,
          "flow 3, ARP 02:00:00:00:00:01 → 02:00:00:00:00:02, packet 1, 42 B up, 0 B down" },
        { 11, AGAIN,
          "flow 3, ARP 02:00:00:00:00:01 → 02:00:00:00:00:02, packet 1 of 1, 42 B up, 0 B down" },
    };
    struct flow_meter *meter = make_meter();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = used_room();
        fs_summary_of_flow(view_at(meter, rows[i].frame, rows[i].reading), text);
        g_assert_cmpstr(text, ==, rows[i].want);
    }
    flow_meter_free(meter);
}

/* Texts have 61 bytes at most, and no character of them is cut in two. */
static void test_long_names_are_cut_between_characters(void)
{
    static const struct {
        unsigned letters;
        const char *last;
        const char *want; /* of the last */
    } rows[] = {
        { 60, "", "" },   { 60, "b", "b" }, { 60, "bc", "b" }, { 59, "é", "é" },
        { 60, "é", "" },  { 58, "€", "€" }, { 59, "€", "" },   { 60, "€", "" },
        { 57, "😀", "😀" }, { 58, "😀", "" },  { 60, "😀", "" },   { 100, "é", NULL },
    };
    struct flow_meter *meter = make_meter();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *letters = g_strnfill(rows[i].letters, 'a'), *text = used_room();
        char *name = g_strconcat(letters, rows[i].last, NULL),
             *shown = rows[i].want ? g_strconcat(letters, rows[i].want, NULL) : g_strndup(name, 61);
        char *want = g_strdup_printf("flow 3, ARP 02:00:00:00:00:01 → 02:00:00:00:00:02, %s, q, "
                                     "packet 1 of 1, 42 B up, 0 B down",
                                     shown);
        long_app = name;
        long_host = "q";
        fs_summary_of_flow(view_at(meter, 11, AGAIN), text);
        g_assert_cmpstr(text, ==, want);
        g_free(want);
        g_free(shown);
        g_free(name);
        g_free(letters);
    }
    long_app = long_host = NULL;
    flow_meter_free(meter);
}

/* The longest ends and names leave room for the packet's number, and what comes last is cut. */
static void test_a_line_has_an_end(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 4000000000, &groups);
    struct flow_tuple tuple =
        tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDPLITE, 1, 65535, 2, 65534);
    char *name = g_strnfill(100, 'n'), *shown = g_strnfill(61, 'n');

    memset(tuple.end[0].addr, 0xab, FLOW_ADDR_LEN);
    memset(tuple.end[1].addr, 0xcd, FLOW_ADDR_LEN);
    struct flow_packet packet = packet_of(1, tuple);
    flow_meter_account(meter, &packet);
    char *all = g_strdup_printf("flow 4000000000, UDP-Lite "
                                "[abab:abab:abab:abab:abab:abab:abab:abab]:65535 → "
                                "[cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd:cdcd]:65534, %s, %s, "
                                "packet 1 of 1, 100 B up, 0 B down",
                                shown, shown);
    char *want = g_strndup(all, FS_SUMMARY_LEN - 1), *text = used_room();
    long_app = long_host = name;
    fs_summary_of_flow(view_at(meter, 1, AGAIN), text);
    g_assert_cmpstr(text, ==, want);
    long_app = long_host = NULL;
    g_free(want);
    g_free(all);
    g_free(shown);
    g_free(name);
    flow_meter_free(meter);
}

/* Numbers of any size: ARP's flow in a state that somebody chose; other groups know nothing. */
static struct flow_view *view_of_state(struct flow_meter *meter, struct flow_state *state)
{
    static struct flow_selection selection;
    static uint64_t nothing[1024];
    struct flow_view *view = view_at(meter, 11, AGAIN);

    for (size_t i = 0; i < groups.count; i++) {
        g_assert_cmpuint(groups.on[i].group->state_size, <=, sizeof nothing);
        selection.states[i] = groups.on[i].group == &flow_core ? (void *)state : nothing;
        selection.folded |= 1u << i;
    }
    view->selection = &selection;
    return view;
}

static const char *section_text(enum flow_section section, struct flow_view *view)
{
    char *text = used_room();

    fs_summary_of_section(section, view, text);
    return text;
}

/* Two digits, or all before the point; halves are rounded up. */
static void test_amounts(void)
{
    static const struct {
        uint64_t bytes;
        const char *want;
    } rows[] = {
        { 0, "0 B" },
        { 1, "1 B" },
        { 999, "999 B" },
        { 1000, "1.0 kB" },
        { 1049, "1.0 kB" },
        { 1050, "1.1 kB" },
        { 9949, "9.9 kB" },
        { 9950, "10 kB" },
        { 10499, "10 kB" },
        { 10500, "11 kB" },
        { 999499, "999 kB" },
        { 999500, "1.0 MB" },
        { 1000000, "1.0 MB" },
        { 1049999, "1.0 MB" },
        { 1050000, "1.1 MB" },
        { 9949999, "9.9 MB" },
        { 9950000, "10 MB" },
        { 99499999, "99 MB" },
        { 99500000, "100 MB" },
        { 999499999, "999 MB" },
        { 999500000, "1.0 GB" },
        { UINT64_C(4294967296), "4.3 GB" },
        { UINT64_C(999499999999), "999 GB" },
        { UINT64_C(999500000000), "1.0 TB" },
        { UINT64_C(999499999999999), "999 TB" },
        { UINT64_C(999500000000000), "1.0 PB" },
        { UINT64_C(999499999999999999), "999 PB" },
        { UINT64_C(999500000000000000), "1.0 EB" },
        { UINT64_C(17900000000000000000), "18 EB" },
    };
    struct flow_meter *meter = make_meter();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_state state = { .half = { [FLOW_UP] = { .bytes = rows[i].bytes, .pkts = 7 } } };
        char *want = g_strdup_printf("7 packets, %s", rows[i].want);
        g_assert_cmpstr(section_text(FLOW_SECTION_UP, view_of_state(meter, &state)), ==, want);
        g_assert_cmpstr(section_text(FLOW_SECTION_DOWN, view_of_state(meter, &state)), ==,
                        "0 packets, 0 B");
        g_free(want);
    }
    flow_meter_free(meter);
}

/* Three digits, and all before the point: nanoseconds, and what they are in milliseconds. */
static void test_durations(void)
{
    static const struct {
        int64_t ns;
        const char *want;
    } rows[] = {
        { 0, "0.000000" },
        { 1, "0.000001" },
        { 999, "0.000999" },
        { 1000, "0.00100" },
        { 1004, "0.00100" },
        { 1005, "0.00101" },
        { 9994, "0.00999" },
        { 9995, "0.0100" },
        { 44149, "0.0441" },
        { 44150, "0.0442" },
        { 99949, "0.0999" },
        { 99950, "0.100" },
        { 999499, "0.999" },
        { 999500, "1.00" },
        { 1234999, "1.23" },
        { 1235000, "1.24" },
        { 9994999, "9.99" },
        { 9995000, "10.0" },
        { 25000000, "25.0" },
        { 99949999, "99.9" },
        { 99950000, "100" },
        { 100499999, "100" },
        { 100500000, "101" },
        { 999499999, "999" },
        { 999500000, "1000" },
        { 1500 * MS, "1500" },
        { INT64_C(4294967296) * MS, "4294967296" },
        { INT64_MAX, "9223372036855" },
    };
    struct flow_meter *meter = make_meter();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_state state = { .half = { [FLOW_DOWN] = { .bytes = 50, .pkts = 2 } },
                                    .start_ns = -(rows[i].ns / 3),
                                    .last_ns = rows[i].ns - rows[i].ns / 3,
                                    .bits = FLOW_STATE_TIME };
        char *want = g_strdup_printf("2 packets, 50 B in %s ms", rows[i].want);
        g_assert_cmpstr(section_text(FLOW_SECTION_TOTAL, view_of_state(meter, &state)), ==, want);
        g_free(want);
    }
    flow_meter_free(meter);
}

/* The longest words that numbers make. */
static void test_the_largest_numbers_have_room(void)
{
    struct flow_meter *meter = make_meter();
    struct flow_state state = { .half = { [FLOW_UP] = { .bytes = UINT64_C(999499999999999999),
                                                        .pkts = UINT32_MAX - 5 },
                                          [FLOW_DOWN] = { .bytes = 1, .pkts = 5 } },
                                .start_ns = INT64_MIN,
                                .last_ns = INT64_MAX,
                                .bits = FLOW_STATE_TIME };
    struct flow_view *view = view_of_state(meter, &state);
    char *text = used_room();

    retransmissions[FLOW_UP] = (struct flow_value){ .known = true, .as.number = UINT32_MAX };
    g_assert_cmpstr(section_text(FLOW_SECTION_UP, view), ==,
                    "4294967290 packets, 999 PB, 4294967295 retransmissions");
    retransmissions[FLOW_UP].known = false;
    /* The one byte down makes it more. */
    g_assert_cmpstr(section_text(FLOW_SECTION_TOTAL, view), ==,
                    "4294967295 packets, 1.0 EB in 9223372036855 ms");
    fs_summary_of_flow(view, text);
    g_assert_cmpstr(text, ==,
                    "flow 3, ARP 02:00:00:00:00:01 → 02:00:00:00:00:02, packet 1 of 4294967295, "
                    "999 PB up, 1 B down");
    flow_meter_free(meter);
}

static void test_sections(void)
{
    static const struct {
        uint32_t frame;
        enum reading reading;
        enum flow_section section;
        const char *want;
    } rows[] = {
        { 1, FIRST, FLOW_SECTION_TCP, "SynSent" },
        { 2, FIRST, FLOW_SECTION_TCP, "SynReceived" },
        { 3, FIRST, FLOW_SECTION_TCP, "Established, RTT 25.0 ms" },
        { 2, AGAIN, FLOW_SECTION_TCP, "Established, RTT 25.0 ms" },
        { 8, FIRST, FLOW_SECTION_TCP, "" },
        { 8, AGAIN, FLOW_SECTION_TCP, "" },
        { 1, FIRST, FLOW_SECTION_TOTAL, "1 packet, 54 B in 0.000000 ms" },
        { 2, FIRST, FLOW_SECTION_TOTAL, "2 packets, 108 B in 20.0 ms" },
        { 1, AGAIN, FLOW_SECTION_TOTAL, "6 packets, 6.3 kB in 2500 ms" },
        { 7, FIRST, FLOW_SECTION_TOTAL, "1 packet, 100 B in 0.000000 ms" },
        { 8, FIRST, FLOW_SECTION_TOTAL, "2 packets, 200 B in 1000 ms" },
        { 7, AGAIN, FLOW_SECTION_TOTAL, "3 packets, 300 B in 2000 ms" }, /* from 10 to 12 s */
        { 11, FIRST, FLOW_SECTION_TOTAL, "1 packet, 42 B" },
        { 11, AGAIN, FLOW_SECTION_TOTAL, "1 packet, 42 B" },
        { 1, FIRST, FLOW_SECTION_UP, "1 packet, 54 B" },
        { 1, FIRST, FLOW_SECTION_DOWN, "0 packets, 0 B" },
        { 1, AGAIN, FLOW_SECTION_UP, "4 packets, 1.2 kB" },
        { 1, AGAIN, FLOW_SECTION_DOWN, "2 packets, 5.1 kB" },
        { 7, AGAIN, FLOW_SECTION_UP, "1 packet, 100 B" },
        { 7, AGAIN, FLOW_SECTION_DOWN, "2 packets, 200 B" },
        { 1, AGAIN, FLOW_SECTION_IDENTITY, "TCP 10.0.0.1:50000 → 10.0.0.2:80" },
        { 2, AGAIN, FLOW_SECTION_IDENTITY, "TCP 10.0.0.1:50000 → 10.0.0.2:80" },
        { 10, FIRST, FLOW_SECTION_IDENTITY, "ICMP 10.0.0.5 → 10.0.0.6 id 77" },
        { 1, FIRST, FLOW_SECTION_PACKET, "1, up" },
        { 2, FIRST, FLOW_SECTION_PACKET, "2, down" },
        { 6, AGAIN, FLOW_SECTION_PACKET, "6, up" },
        /* These are no parts of the tree of core. */
        { 1, AGAIN, FLOW_SECTION_GROUP, "" },
        { 1, AGAIN, FLOW_SECTION_EACH, "" },
        { 1, AGAIN, FLOW_SECTIONS, "" },
    };
    struct flow_meter *meter = make_meter();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpstr(
            section_text(rows[i].section, view_at(meter, rows[i].frame, rows[i].reading)), ==,
            rows[i].want);
    flow_meter_free(meter);
}

static void test_a_flow_by_itself_is_at_no_packet(void)
{
    static struct flow_view view;
    struct flow_meter *meter = make_meter();

    g_assert_true(flow_meter_flow_view(meter, 0, &view));
    g_assert_cmpstr(section_text(FLOW_SECTION_PACKET, &view), ==, "");
    g_assert_cmpstr(section_text(FLOW_SECTION_TOTAL, &view), ==, "6 packets, 6.3 kB in 2500 ms");
    flow_meter_free(meter);
}

/* Where Wireshark has looked, and found some. */
static void test_retransmissions(void)
{
    static const struct {
        struct flow_value up, down;
        const char *want_up, *want_down;
    } rows[] = {
        { { .known = true, .as.number = 0 },
          { .known = true, .as.number = 1 },
          "4 packets, 1.2 kB",
          "2 packets, 5.1 kB, 1 retransmission" },
        { { .known = true, .as.number = 2 },
          { .known = false, .as.number = 3 },
          "4 packets, 1.2 kB, 2 retransmissions",
          "2 packets, 5.1 kB" },
        { { .known = true, .as.number = 1 },
          { .known = true, .as.number = 12 },
          "4 packets, 1.2 kB, 1 retransmission",
          "2 packets, 5.1 kB, 12 retransmissions" },
    };
    struct flow_meter *meter = make_meter();
    struct flow_view *view = view_at(meter, 4, AGAIN);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        retransmissions[FLOW_UP] = rows[i].up;
        retransmissions[FLOW_DOWN] = rows[i].down;
        g_assert_cmpstr(section_text(FLOW_SECTION_UP, view), ==, rows[i].want_up);
        g_assert_cmpstr(section_text(FLOW_SECTION_DOWN, view), ==, rows[i].want_down);
    }
    /* On a first dissection the whole flow's are not known. */
    g_assert_cmpstr(section_text(FLOW_SECTION_UP, view_at(meter, 4, FIRST)), ==,
                    "3 packets, 1.1 kB");
    memset(retransmissions, 0, sizeof retransmissions);
    flow_meter_free(meter);
}

static const char *group_text(const struct flow_group *group, struct flow_view *view)
{
    char *text = used_room();

    fs_summary_of_group(group, view, text);
    return text;
}

static void test_groups_speak_for_themselves(void)
{
    struct flow_meter *meter = make_meter();
    size_t number = flow_groups_find(&groups, &counting);
    uint8_t *once = flow_meter_once(meter, 8);

    flow_once_set_known(once, number);
    *(uint32_t *)(void *)(once + groups.on[number].once_at) = 33;
    g_assert_cmpstr(group_text(&counting, view_at(meter, 2, AGAIN)), ==,
                    "6 in all of flow 0, once 0");
    g_assert_cmpstr(group_text(&counting, view_at(meter, 2, FIRST)), ==,
                    "2 so far of flow 0, once 0");
    g_assert_cmpstr(group_text(&counting, view_at(meter, 8, AGAIN)), ==,
                    "3 in all of flow 1, once 33");
    g_assert_cmpstr(group_text(&silent, view_at(meter, 8, AGAIN)), ==, "");
    g_assert_cmpstr(group_text(&off, view_at(meter, 8, AGAIN)), ==, "");
    g_assert_cmpstr(group_text(&flow_holes, view_at(meter, 6, AGAIN)), ==,
                    "0 B up and 0 B down missed");
    g_assert_cmpstr(group_text(&flow_holes, view_at(meter, 8, AGAIN)), ==, ""); /* no TCP */
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    know_groups();
    g_test_add_func("/summary/the-first-line", test_the_first_line);
    g_test_add_func("/summary/long-names-are-cut-between-characters",
                    test_long_names_are_cut_between_characters);
    g_test_add_func("/summary/a-line-has-an-end", test_a_line_has_an_end);
    g_test_add_func("/summary/amounts", test_amounts);
    g_test_add_func("/summary/durations", test_durations);
    g_test_add_func("/summary/the-largest-numbers-have-room", test_the_largest_numbers_have_room);
    g_test_add_func("/summary/sections", test_sections);
    g_test_add_func("/summary/a-flow-by-itself-is-at-no-packet",
                    test_a_flow_by_itself_is_at_no_packet);
    g_test_add_func("/summary/retransmissions", test_retransmissions);
    g_test_add_func("/summary/groups-speak-for-themselves", test_groups_speak_for_themselves);
    return g_test_run();
}
