#include "packets.h"

#include "stat_rows.h"
#include "value_text.h"

#include "all.h"
#include "meter.h"
#include "text.h"

#include <epan/to_str.h>

/*
 * The rows of the flow table, put into a table of Wireshark's own: what each cell shows of a
 * few flows, worked out by hand from their packets, and of which type its column is.
 */

#define MS      INT64_C(1000000)
#define LONGEST UINT32_MAX

/* The first packet is captured a second and a half after the first frame of the file. */
#define FIRST      (1700000000 * SECOND)
#define FILE_START (FIRST - 1500 * MS)

enum { NUMBER = TABLE_ITEM_UINT, LARGE = TABLE_ITEM_FLOAT, STRING = TABLE_ITEM_STRING };
enum { ROWS_MAX = 24, COLUMNS_MAX = 40 };

/* Wireshark's, but no protocol has been registered with it. */
void address_to_str_buf(const address *addr, char *ret_text, int size)
{
    enum flow_family family = addr->type == AT_ETHER  ? FLOW_LINK
                              : addr->type == AT_IPv4 ? FLOW_IPV4
                                                      : FLOW_IPV6;

    g_assert_cmpint(size, ==, FS_VALUE_TEXT_LEN);
    flow_addr_text(family, addr->data, ret_text);
}

/* What extensions would say, by flow: of any kind, the next test's. */
static const struct flow_value *sayings;

static struct flow_value say(const struct flow_asked *asked)
{
    return sayings ? sayings[asked->view->flow->id] : (struct flow_value){ .known = false };
}

static struct flow_value say_app(const struct flow_asked *asked)
{
    uint32_t id = asked->view->flow->id;

    return (struct flow_value){ .known = id < 2, .as.text = id == 0 ? "tls" : "dns" };
}

static struct flow_value say_host(const struct flow_asked *asked)
{
    return (struct flow_value){ .known = asked->view->flow->id == 1, .as.text = "müller.example" };
}

#define SAYS(field, what, function)                                                                \
    {                                                                                              \
        .name = field, .label = "Said", .help = "What was said.", .value = function, .kind = what, \
        .scope = FLOW_SCOPE_FLOW                                                                   \
    }

static const struct flow_row app_rows[] = { SAYS("app", FLOW_TEXT, say_app), { .name = NULL } };
static const struct flow_row host_rows[] = { SAYS("host", FLOW_TEXT, say_host), { .name = NULL } };
static const struct flow_row unit_rows[] = {
    SAYS("unit.number", FLOW_UINT64, say),
    SAYS("unit.flag", FLOW_FLAG, say),
    SAYS("unit.real", FLOW_DOUBLE, say),
    SAYS("unit.span", FLOW_SPAN, say),
    SAYS("unit.instant", FLOW_INSTANT, say),
    SAYS("unit.text", FLOW_TEXT, say),
    { .name = NULL },
};

static const struct flow_group extensions[] = {
    { .version = FLOW_EXTENSION_VERSION,
      .name = "app",
      .title = "App",
      .help = "The application.",
      .rows = app_rows },
    { .version = FLOW_EXTENSION_VERSION,
      .name = "host",
      .title = "Host",
      .help = "The name of the host.",
      .rows = host_rows },
    { .version = FLOW_EXTENSION_VERSION,
      .name = "unit",
      .title = "Unit",
      .help = "A value of each kind.",
      .rows = unit_rows },
};

static struct flow_groups groups;

static void know_groups(void)
{
    for (size_t i = 0; flow_groups_all[i]; i++)
        flow_groups_add(&groups, flow_groups_all[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
        flow_groups_add(&groups, &extensions[i]);
        flow_fields_add(&extensions[i]);
    }
}

/* A table that is filled */

struct shown {
    stat_tap_table *table;
    stat_tap_table_item items[COLUMNS_MAX];
    unsigned columns;
};

static struct fs_rows *rows_of(struct flow_meter *meter, const struct fs_column *columns,
                               unsigned count, unsigned limit)
{
    static struct flow_view view;
    struct fs_rows *rows = fs_rows_new(columns, count, limit);

    for (uint32_t i = 0; flow_meter_flow_view(meter, i, &view); i++)
        fs_rows_add(rows, &view, FILE_START);
    return rows;
}

static void show(struct shown *shown, struct flow_meter *meter, const struct fs_column *columns,
                 unsigned count, unsigned limit)
{
    struct fs_rows *rows = rows_of(meter, columns, count, limit);

    g_assert_cmpuint(count, <=, COLUMNS_MAX);
    shown->table = stat_tap_init_table("Flows", (int)count, 0, NULL);
    shown->columns = count;
    fs_rows_put(rows, shown->table, shown->items);
    fs_rows_free(rows);
}

/* The cell as Wireshark prints it. */
static char *cell_text(const struct shown *shown, unsigned row, unsigned column)
{
    const stat_tap_table_item_type *cell = stat_tap_get_field_data(shown->table, row, column);
    const char *format = shown->items[column].field_format;

    switch (cell->type) {
    case TABLE_ITEM_UINT:
        g_assert_cmpstr(format, ==, "%u");
        return g_strdup_printf("%u", cell->value.uint_value);
    case TABLE_ITEM_FLOAT:
        g_assert_cmpstr(format, ==, "%.0f");
        return g_strdup_printf("%.0f", cell->value.float_value);
    case TABLE_ITEM_STRING:
        g_assert_cmpstr(format, ==, "%s");
        return g_strdup(cell->value.string_value);
    default: g_assert_not_reached();
    }
}

/* The column has this type, and so has its cell; a line says which one is wrong. */
static void has_cell(const struct shown *shown, unsigned row, unsigned column, const char *title,
                     unsigned type, const char *want)
{
    char *text = cell_text(shown, row, column);

    g_assert_cmpuint(shown->items[column].type, ==, type);
    g_assert_cmpuint(stat_tap_get_field_data(shown->table, row, column)->type, ==, type);
    if (strcmp(text, want) != 0) {
        g_test_message("%s of row %u: not '%s', but '%s'", title, row, want, text);
        g_test_fail();
    }
    g_free(text);
}

static void hide(struct shown *shown)
{
    for (unsigned row = 0; row < shown->table->num_elements; row++) {
        for (unsigned i = 0; i < shown->columns; i++) {
            stat_tap_table_item_type *cell = stat_tap_get_field_data(shown->table, row, i);
            if (cell->type == TABLE_ITEM_STRING)
                g_free((char *)cell->value.string_value);
        }
        g_free(shown->table->elements[row]);
    }
    g_free(shown->table->elements);
    g_free(shown->table);
}

/* Flow 0: a connection over IPv4, which leaves IP identifications out. */
static void account_connection(struct flow_meter *meter)
{
    static const struct {
        int64_t ms;
        bool is_up;
        const char *flags;
        uint32_t seq, ack, len;
        uint16_t ip_id;
    } segments[] = {
        { 0, true, "S", 99, 0, 0, 10 },         { 20, false, "SA", 499, 100, 0, 5 },
        { 25, true, "A", 100, 500, 0, 12 },     { 30, true, "A", 100, 500, 300, 13 },
        { 1000, false, "A", 500, 400, 700, 9 }, { 2500, true, "A", 400, 1200, 0, 20 },
    };

    for (uint32_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        bool is_up = segments[i].is_up;
        struct flow_packet packet =
            tcp_packet(i + 1, is_up ? 1 : 2, is_up ? 50000 : 80, is_up ? 2 : 1, is_up ? 80 : 50000,
                       segments[i].flags, segments[i].seq, segments[i].ack);
        packet.fact.time_ns = FIRST + segments[i].ms * MS;
        packet.fact.payload_len = segments[i].len;
        packet.fact.cap_len = 54 + segments[i].len;
        packet.fact.wire_len = 58 + segments[i].len;
        packet.fact.ip_id = segments[i].ip_id;
        packet.fact.bits |= FLOW_FACT_IP_ID;
        flow_meter_account(meter, &packet);
    }
}

/* Flow 1: two datagrams over IPv6 in VXLAN in a VLAN, and the answer to them. */
static void account_datagrams(struct flow_meter *meter)
{
    static const char vlan[] = "vlan", vxlan[] = "vxlan";

    for (uint32_t i = 0; i < 3; i++) {
        bool is_up = i < 2;
        struct flow_packet packet =
            packet_of(7 + i, tuple_with_ports(FLOW_IPV6, FLOW_PROTOCOL_UDP, is_up ? 3 : 4,
                                              is_up ? 5000 : 53, is_up ? 4 : 3, is_up ? 53 : 5000));
        struct flow_layer layers[] = {
            { .name = vlan, .id = { 17 }, .ids = 1 },
            { .name = vxlan,
              .id = { 5001 },
              .ids = 1,
              .family = FLOW_IPV4,
              .bits = FLOW_LAYER_ENDS | FLOW_LAYER_ID_KEY | FLOW_LAYER_KEY },
        };
        memcpy(layers[1].end[!is_up], host_end(FLOW_IPV4, 11, 0).addr, FLOW_ADDR_LEN);
        memcpy(layers[1].end[is_up], host_end(FLOW_IPV4, 12, 0).addr, FLOW_ADDR_LEN);
        packet.layers = layers;
        packet.layer_count = G_N_ELEMENTS(layers);
        packet.fact.time_ns = FIRST + (3000 + 750 * (int64_t)i) * MS;
        flow_meter_account(meter, &packet);
    }
}

/* Flow 2: a ping without an answer, whose MAC addresses are known. */
static void account_ping(struct flow_meter *meter)
{
    struct flow_packet ping = packet_of(10, tuple_of(FLOW_IPV4, FLOW_PROTOCOL_ICMP, 5, 6));

    ping.tuple.ident = 77;
    ping.tuple.bits = FLOW_TUPLE_IDENT;
    ping.message_type = FLOW_MESSAGE_REQUEST;
    ping.bits |= FLOW_PACKET_MACS;
    memcpy(ping.mac[0], host_end(FLOW_LINK, 0x1b, 0).addr, FLOW_MAC_LEN);
    memcpy(ping.mac[1], host_end(FLOW_LINK, 0x2c, 0).addr, FLOW_MAC_LEN);
    ping.fact.time_ns = FIRST + 5000 * MS;
    flow_meter_account(meter, &ping);
}

/* Flow 3: ARP, at no time. */
static void account_arp(struct flow_meter *meter)
{
    struct flow_packet arp = without_time(packet_of(11, tuple_of(FLOW_LINK, 0, 1, 2)));

    arp.tuple.ident = 0x0806;
    arp.fact.cap_len = 42;
    flow_meter_account(meter, &arp);
}

/* Flow 4: a packet up and two down, each as large as can be, a millisecond apart. */
static void account_huge(struct flow_meter *meter)
{
    for (uint32_t i = 0; i < 3; i++) {
        struct flow_packet packet =
            i == 0 ? udp_packet(12, 7, 6000, 8, 7000) : udp_packet(12 + i, 8, 7000, 7, 6000);
        packet.fact.time_ns = FIRST + (6000 + (int64_t)i) * MS;
        packet.fact.cap_len = packet.fact.wire_len = packet.fact.payload_len = LONGEST;
        flow_meter_account(meter, &packet);
    }
}

/* A column: what it shows of the huge flow, the connection, the datagrams, the ping and ARP. */
struct column_row {
    struct fs_column column;
    unsigned type;
    const char *cells[5];
};

static const struct column_row column_rows[] = {
    { { "#", FS_CELL_RANK, NULL }, NUMBER, { "1", "2", "3", "4", "5" } },
    { { "Flow", FS_CELL_INTEGER, "id" }, NUMBER, { "4", "0", "1", "2", "3" } },
    { { "Protocol", FS_CELL_TEXT, "proto_name" }, STRING, { "UDP", "TCP", "UDP", "ICMP", "ARP" } },
    { { "Source", FS_CELL_END, "src" },
      STRING,
      { "10.0.0.7:6000", "10.0.0.1:50000", "[fd00::3]:5000", "10.0.0.5", "02:00:00:00:00:01" } },
    { { "Destination", FS_CELL_END, "dst" },
      STRING,
      { "10.0.0.8:7000", "10.0.0.2:80", "[fd00::4]:53", "10.0.0.6", "02:00:00:00:00:02" } },
    { { "Application", FS_CELL_TEXT, "app" }, STRING, { "-", "tls", "dns", "-", "-" } },
    { { "Host", FS_CELL_TEXT, "host" }, STRING, { "-", "-", "müller.example", "-", "-" } },
    { { "Bytes", FS_CELL_SUM, "bytes" }, LARGE, { "12884901885", "1324", "300", "100", "42" } },
    { { "Packets", FS_CELL_SUM, "pkts" }, NUMBER, { "3", "6", "3", "1", "1" } },
    { { "Duration", FS_CELL_SECONDS, "duration" },
      STRING,
      { "0.002000", "2.500000", "1.500000", "0.000000", "       -" } },
    /* 2^32 - 1 bytes in 2 ms; 58 and 58 and 358 and 58 in 2.5 s; 240 in 1.5 s. */
    { { "Bits/s up", FS_CELL_ROUNDED, "rate.up.bits" },
      STRING,
      { "17179869180000", "          1702", "          1280", "             -",
        "             -" } },
    { { "Bits/s down", FS_CELL_ROUNDED, "rate.down.bits" },
      STRING,
      { "34359738360000", "          2611", "           640", "             -",
        "             -" } },
    { { "RTT", FS_CELL_SECONDS, "tcp.rtt" },
      STRING,
      { "       -", "0.025000", "       -", "       -", "       -" } },
    { { "State", FS_CELL_TEXT, "tcp.state_name" }, STRING, { "-", "Established", "-", "-", "-" } },
    /* Nobody has loaded that one. */
    { { "Retransmissions up", FS_CELL_INTEGER, "tcp.analysis.up.retransmission" },
      STRING,
      { "-", "-", "-", "-", "-" } },
    { { "Start", FS_CELL_START, "start" },
      STRING,
      { "7.500000", "1.500000", "4.500000", "6.500000", "       -" } },
    { { "Packets up", FS_CELL_SUM, "up.pkts" }, NUMBER, { "1", "4", "2", "1", "1" } },
    { { "Packets down", FS_CELL_SUM, "down.pkts" }, NUMBER, { "2", "2", "1", "0", "0" } },
    { { "Bytes up", FS_CELL_SUM, "up.bytes" },
      NUMBER,
      { "4294967295", "516", "200", "100", "42" } },
    { { "Bytes down", FS_CELL_SUM, "down.bytes" },
      LARGE,
      { "8589934590", "808", "100", "0", "0" } },
    { { "Payload up", FS_CELL_SUM, "up.payload_bytes" },
      NUMBER,
      { "4294967295", "300", "20", "10", "10" } },
    { { "Payload down", FS_CELL_SUM, "down.payload_bytes" },
      LARGE,
      { "8589934590", "700", "10", "0", "0" } },
    { { "RTT to the responder", FS_CELL_SECONDS, "tcp.rtt_net" },
      STRING,
      { "       -", "0.020000", "       -", "       -", "       -" } },
    { { "RTT to the initiator", FS_CELL_SECONDS, "tcp.rtt_user" },
      STRING,
      { "       -", "0.005000", "       -", "       -", "       -" } },
    { { "End", FS_CELL_TEXT, "end_reason_name" },
      STRING,
      { "end of capture", "end of capture", "end of capture", "end of capture",
        "end of capture" } },
    /* 11, and 14 to 19; 6 to 8. */
    { { "IP-ID gaps up", FS_CELL_INTEGER, "up.lost" }, STRING, { "0", "7", "-", "0", "-" } },
    { { "IP-ID gaps down", FS_CELL_INTEGER, "down.lost" }, STRING, { "0", "3", "-", "0", "-" } },
    { { "Encapsulation", FS_CELL_TEXT, "vni" },
      STRING,
      { "-", "-", "vlan(17) › vxlan(5001, 10.0.0.11↔10.0.0.12)", "-", "-" } },
    /* Addresses are text, and so is what else a user may choose. */
    { { "Source MAC", FS_CELL_TEXT, "eth.src" },
      STRING,
      { "-", "-", "-", "02:00:00:00:00:1b", "-" } },
    { { "Source IP", FS_CELL_TEXT, "ip.src" },
      STRING,
      { "10.0.0.7", "10.0.0.1", "-", "10.0.0.5", "-" } },
    { { "Destination IPv6", FS_CELL_TEXT, "ipv6.dst" }, STRING, { "-", "-", "fd00::4", "-", "-" } },
    { { "IP protocol", FS_CELL_TEXT, "proto" }, STRING, { "17", "6", "17", "1", "-" } },
    /* Of the lengths 4294967295; 58, 358 and 758; 120. */
    { { "Mean length", FS_CELL_REAL, "len.mean" },
      STRING,
      { "4294967295.000", "       224.667", "       120.000", "       120.000",
        "       120.000" } },
};

enum { COLUMNS = G_N_ELEMENTS(column_rows) };

static void test_each_column_shows_its_flows(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct fs_column columns[COLUMNS];
    struct shown shown;

    account_connection(meter);
    account_datagrams(meter);
    account_ping(meter);
    account_arp(meter);
    account_huge(meter);
    flow_meter_finish(meter);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = column_rows[i].column;
    show(&shown, meter, columns, COLUMNS, 5);
    g_assert_cmpuint(shown.table->num_elements, ==, 5);
    for (unsigned i = 0; i < COLUMNS; i++)
        for (unsigned row = 0; row < 5; row++)
            has_cell(&shown, row, i, columns[i].title, column_rows[i].type,
                     column_rows[i].cells[row]);
    hide(&shown);
    flow_meter_free(meter);
}

/* So many flows, each of a packet, of these lengths. */
static struct flow_meter *meter_of(const uint32_t *lengths, unsigned count)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);

    for (uint32_t i = 0; i < count; i++) {
        struct flow_packet packet = udp_packet(i + 1, (uint8_t)(i + 1), 6000, 99, 7000);
        packet.fact.cap_len = lengths[i];
        flow_meter_account(meter, &packet);
    }
    flow_meter_finish(meter);
    return meter;
}

/* A column of three values, and what it shows. */
struct value_row {
    enum fs_cell cell;
    const char *field;
    struct flow_value values[3];
    unsigned type;
    const char *cells[3];
};

#define N(value)                                                                                   \
    {                                                                                              \
        .known = true, .as.number = value                                                          \
    }
#define R(value)                                                                                   \
    {                                                                                              \
        .known = true, .as.real = value                                                            \
    }
#define T(value)                                                                                   \
    {                                                                                              \
        .known = true, .as.ns = value                                                              \
    }
#define S(value)                                                                                   \
    {                                                                                              \
        .known = true, .as.text = value                                                            \
    }
#define NONE                                                                                       \
    {                                                                                              \
        .known = false, .as.number = 5                                                             \
    }

static const struct value_row value_rows[] = {
    /* Integers of 32 bits are integers, larger ones floats. */
    { FS_CELL_INTEGER,
      "unit.number",
      { N(0), N(UINT32_MAX), N(7) },
      NUMBER,
      { "0", "4294967295", "7" } },
    { FS_CELL_INTEGER,
      "unit.number",
      { N(UINT64_C(4294967296)), N(0), N(7) },
      LARGE,
      { "4294967296", "0", "7" } },
    { FS_CELL_SUM,
      "unit.number",
      { N(1), N(2), N(UINT64_C(4294967296)) },
      LARGE,
      { "1", "2", "4294967296" } },
    /* One that is absent makes them strings of one width. */
    { FS_CELL_INTEGER, "unit.number", { NONE, N(0), N(7) }, STRING, { "-", "0", "7" } },
    { FS_CELL_INTEGER,
      "unit.number",
      { N(UINT64_C(4294967296)), N(12), NONE },
      STRING,
      { "4294967296", "        12", "         -" } },
    { FS_CELL_SUM,
      "unit.number",
      { NONE, N(1), N(UINT64_MAX) },
      STRING,
      { "                   -", "                   1", "18446744073709551615" } },
    { FS_CELL_INTEGER, "unit.number", { NONE, NONE, NONE }, STRING, { "-", "-", "-" } },
    { FS_CELL_INTEGER, "unit.flag", { N(1), NONE, N(1) }, STRING, { "1", "-", "1" } },
    /* Halves are rounded up, and what no rate can be is cut. */
    { FS_CELL_ROUNDED, "unit.real", { R(0.0), R(0.49), R(0.5) }, NUMBER, { "0", "0", "1" } },
    { FS_CELL_ROUNDED,
      "unit.real",
      { R(2.5), R(1.4), R(4294967295.4) },
      NUMBER,
      { "3", "1", "4294967295" } },
    { FS_CELL_ROUNDED,
      "unit.real",
      { R(4294967295.5), R(1.0), R(0.0) },
      LARGE,
      { "4294967296", "1", "0" } },
    { FS_CELL_ROUNDED,
      "unit.real",
      { R(8.5e18), R(9e18), R(1e300) },
      LARGE,
      { "8500000000000000000", "9000000000000000000", "9000000000000000000" } },
    { FS_CELL_ROUNDED, "unit.real", { R(10.2), NONE, R(9.9) }, STRING, { "10", " -", "10" } },
    /* Reals have three decimals, seconds six, and both are strings. */
    { FS_CELL_REAL,
      "unit.real",
      { R(0.0004), R(1234.5678), R(-1.5) },
      STRING,
      { "   0.000", "1234.568", "  -1.500" } },
    { FS_CELL_REAL, "unit.real", { R(1.0), NONE, R(2.0) }, STRING, { "1.000", "    -", "2.000" } },
    { FS_CELL_SECONDS,
      "unit.span",
      { T(0), T(1499), T(1501) },
      STRING,
      { "0.000000", "0.000001", "0.000002" } },
    { FS_CELL_SECONDS,
      "unit.span",
      { T(8640000 * SECOND + 1000), T(-2500000001), NONE },
      STRING,
      { "8640000.000001", "     -2.500000", "             -" } },
    /* A file that another one was merged into may begin later than its flows. */
    { FS_CELL_START,
      "unit.instant",
      { T(FILE_START), T(FILE_START - 1500 * MS), T(FILE_START + 3600 * SECOND) },
      STRING,
      { "   0.000000", "  -1.500000", "3600.000000" } },
    /* A damaged file may say anything: what is too far apart is as far as can be. */
    { FS_CELL_START,
      "unit.instant",
      { T(INT64_MIN), T(INT64_MAX), NONE },
      STRING,
      { "-9223372036.854776", " 7523372038.354776", "                 -" } },
    /* Texts stand on the left, as long as they are. */
    { FS_CELL_TEXT, "unit.text", { S("a"), NONE, S("longer") }, STRING, { "a", "-", "longer" } },
    { FS_CELL_TEXT, "unit.text", { S(""), S(" b"), S("…") }, STRING, { "", " b", "…" } },
    /* Whatever a number is shown as. */
    { FS_CELL_TEXT,
      "unit.span",
      { T(1500 * MS), NONE, T(1) },
      STRING,
      { "1.500000000", "-", "0.000000001" } },
};

static void test_a_column_has_the_type_of_its_values(void)
{
    static const uint32_t lengths[] = { 300, 200, 100 };
    struct flow_meter *meter = meter_of(lengths, 3);

    for (size_t i = 0; i < G_N_ELEMENTS(value_rows); i++) {
        const struct value_row *row = &value_rows[i];
        struct fs_column column = { "Value", row->cell, row->field };
        struct shown shown;
        sayings = row->values;
        show(&shown, meter, &column, 1, 3);
        for (unsigned n = 0; n < 3; n++)
            has_cell(&shown, n, 0, row->field, row->type, row->cells[n]);
        hide(&shown);
    }
    sayings = NULL;
    flow_meter_free(meter);
}

static void test_each_kind_has_its_cell(void)
{
    static const enum fs_cell cells[] = {
        [FLOW_UINT8] = FS_CELL_INTEGER,  [FLOW_UINT16] = FS_CELL_INTEGER,
        [FLOW_UINT32] = FS_CELL_INTEGER, [FLOW_UINT64] = FS_CELL_INTEGER,
        [FLOW_HEX16] = FS_CELL_INTEGER,  [FLOW_HEX32] = FS_CELL_INTEGER,
        [FLOW_FRAME] = FS_CELL_INTEGER,  [FLOW_FLAG] = FS_CELL_INTEGER,
        [FLOW_DOUBLE] = FS_CELL_REAL,    [FLOW_SPAN] = FS_CELL_SECONDS,
        [FLOW_INSTANT] = FS_CELL_START,  [FLOW_TEXT] = FS_CELL_TEXT,
        [FLOW_ADDR_MAC] = FS_CELL_TEXT,  [FLOW_ADDR_IPV4] = FS_CELL_TEXT,
        [FLOW_ADDR_IPV6] = FS_CELL_TEXT,
    };

    for (unsigned kind = 0; kind < G_N_ELEMENTS(cells); kind++)
        g_assert_cmpuint(fs_cell_of((enum flow_kind)kind), ==, cells[kind]);
}

/* Which flows are shown */

static const struct fs_column few[] = {
    { "#", FS_CELL_RANK, NULL },
    { "Flow", FS_CELL_INTEGER, "id" },
    { "Bytes", FS_CELL_SUM, "bytes" },
    { "Source", FS_CELL_END, "src" },
    { "Protocol", FS_CELL_TEXT, "proto_name" },
    { "Said", FS_CELL_SUM, "unit.number" },
    { "Duration", FS_CELL_SECONDS, "duration" },
};

/* Eight flows; what is the same size stands in the order in which it began. */
static const uint32_t sizes[] = { 50, 70, 10, 70, 90, 50, 20, 90 };

/* By limit: the flows that are shown, the bytes of the others, and what was said of these. */
static const struct limit_row {
    unsigned limit;
    unsigned shown;
    const char *flows[8];
    const char *rest;
    const char *bytes;
    const char *sum;
} limit_rows[] = {
    { 0, 0, { NULL }, "… and 8 more flows", "450", "8589934608" },
    { 1, 1, { "4" }, "… and 7 more flows", "360", "8589934603" },
    { 2, 2, { "4", "7" }, "… and 6 more flows", "270", "8589934603" },
    { 3, 3, { "4", "7", "1" }, "… and 5 more flows", "200", "8589934603" },
    { 4, 4, { "4", "7", "1", "3" }, "… and 4 more flows", "130", "8589934603" },
    { 5, 5, { "4", "7", "1", "3", "0" }, "… and 3 more flows", "80", "4294967308" },
    { 6, 6, { "4", "7", "1", "3", "0", "5" }, "… and 2 more flows", "30", "13" },
    { 7, 7, { "4", "7", "1", "3", "0", "5", "6" }, "… and 1 more flows", "10", "-" },
};

/* Of flows 0 to 7. */
static const struct flow_value numbers[] = { N(UINT32_MAX), NONE,          NONE,  NONE,
                                             N(5),          N(UINT32_MAX), N(13), NONE };

/* What a cell says but for the blanks on its left. */
static void has_bare_cell(const struct shown *shown, unsigned row, unsigned column,
                          const char *want)
{
    char *text = cell_text(shown, row, column);

    g_assert_cmpstr(g_strchug(text), ==, want);
    g_free(text);
}

static void test_the_largest_are_shown_and_the_others_summed_up(void)
{
    struct flow_meter *meter = meter_of(sizes, G_N_ELEMENTS(sizes));

    sayings = numbers;
    for (size_t i = 0; i < G_N_ELEMENTS(limit_rows); i++) {
        const struct limit_row *row = &limit_rows[i];
        struct shown shown;
        show(&shown, meter, few, G_N_ELEMENTS(few), row->limit);
        g_assert_cmpuint(shown.table->num_elements, ==, row->shown + 1);
        for (unsigned n = 0; n < row->shown; n++) {
            g_assert_cmpuint(stat_tap_get_field_data(shown.table, n, 0)->value.uint_value, ==,
                             n + 1);
            has_bare_cell(&shown, n, 1, row->flows[n]);
            has_bare_cell(&shown, n, 4, "UDP");
        }
        g_assert_cmpuint(stat_tap_get_field_data(shown.table, row->shown, 0)->value.uint_value, ==,
                         row->shown + 1);
        has_bare_cell(&shown, row->shown, 1, "-"); /* no number that can be added up */
        has_bare_cell(&shown, row->shown, 2, row->bytes);
        has_bare_cell(&shown, row->shown, 3, row->rest);
        has_bare_cell(&shown, row->shown, 4, "");
        has_bare_cell(&shown, row->shown, 5, row->sum);
        has_bare_cell(&shown, row->shown, 6, "-");
        hide(&shown);
    }
    sayings = NULL;
    flow_meter_free(meter);
}

/* Without a flow that is left over there is no last row. */
static void test_where_all_fit_there_is_no_rest(void)
{
    static const char *const flows[] = { "4", "7", "1", "3", "0", "5", "6", "2" };
    struct flow_meter *meter = meter_of(sizes, G_N_ELEMENTS(sizes));

    for (unsigned limit = 8; limit < 10; limit++) {
        struct shown shown;
        show(&shown, meter, few, G_N_ELEMENTS(few), limit);
        g_assert_cmpuint(shown.table->num_elements, ==, 8);
        for (unsigned n = 0; n < 8; n++)
            has_cell(&shown, n, 1, "Flow", NUMBER, flows[n]);
        has_cell(&shown, 7, 3, "Source", STRING, "10.0.0.3:6000");
        hide(&shown);
    }
    flow_meter_free(meter);
}

/* A flow is as large as both of its directions. */
static void test_the_way_back_counts(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct flow_packet one = udp_packet(1, 1, 6000, 2, 7000),
                       back = udp_packet(2, 2, 7000, 1, 6000),
                       other = udp_packet(3, 3, 6000, 4, 7000);
    struct shown shown;

    one.fact.cap_len = back.fact.cap_len = 80;
    flow_meter_account(meter, &one);
    flow_meter_account(meter, &back);
    flow_meter_account(meter, &other); /* 100 bytes */
    show(&shown, meter, few, G_N_ELEMENTS(few), 2);
    has_cell(&shown, 0, 1, "Flow", NUMBER, "0");
    has_cell(&shown, 0, 2, "Bytes", NUMBER, "160");
    has_cell(&shown, 1, 1, "Flow", NUMBER, "1");
    hide(&shown);
    flow_meter_free(meter);
}

/* What the user chose may have no text: nothing then says how many are left over. */
static void test_a_table_of_numbers_has_a_rest_without_words(void)
{
    static const struct fs_column bytes[] = { { "Bytes", FS_CELL_SUM, "bytes" } };
    struct flow_meter *meter = meter_of(sizes, G_N_ELEMENTS(sizes));
    struct shown shown;

    show(&shown, meter, bytes, 1, 1);
    g_assert_cmpuint(shown.table->num_elements, ==, 2);
    has_cell(&shown, 0, 0, "Bytes", NUMBER, "90");
    has_cell(&shown, 1, 0, "Bytes", NUMBER, "360");
    hide(&shown);
    flow_meter_free(meter);
}

/* The first text tells, wherever it stands. */
static void test_the_first_text_says_how_many_are_left_over(void)
{
    static const struct fs_column ends[] = { { "Source", FS_CELL_END, "src" },
                                             { "Destination", FS_CELL_END, "dst" } };
    struct flow_meter *meter = meter_of(sizes, G_N_ELEMENTS(sizes));
    struct shown shown;

    show(&shown, meter, ends, G_N_ELEMENTS(ends), 1);
    has_cell(&shown, 0, 0, "Source", STRING, "10.0.0.5:6000");
    has_cell(&shown, 0, 1, "Destination", STRING, "10.0.0.99:7000");
    has_cell(&shown, 1, 0, "Source", STRING, "… and 7 more flows");
    has_cell(&shown, 1, 1, "Destination", STRING, "");
    hide(&shown);
    flow_meter_free(meter);
}

static void test_no_flows_have_no_rows(void)
{
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    struct shown shown;

    show(&shown, meter, few, G_N_ELEMENTS(few), 3);
    g_assert_cmpuint(shown.table->num_elements, ==, 0);
    hide(&shown);
    flow_meter_free(meter);
}

/* Of a table that was closed before it was filled. */
static void test_rows_can_be_forgotten(void)
{
    struct flow_meter *meter = meter_of(sizes, G_N_ELEMENTS(sizes));

    fs_rows_free(rows_of(meter, few, G_N_ELEMENTS(few), 5));
    fs_rows_free(NULL);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    know_groups();
    g_test_add_func("/stat-rows/each-column-shows-its-flows", test_each_column_shows_its_flows);
    g_test_add_func("/stat-rows/a-column-has-the-type-of-its-values",
                    test_a_column_has_the_type_of_its_values);
    g_test_add_func("/stat-rows/each-kind-has-its-cell", test_each_kind_has_its_cell);
    g_test_add_func("/stat-rows/the-largest-are-shown-and-the-others-summed-up",
                    test_the_largest_are_shown_and_the_others_summed_up);
    g_test_add_func("/stat-rows/where-all-fit-there-is-no-rest",
                    test_where_all_fit_there_is_no_rest);
    g_test_add_func("/stat-rows/the-way-back-counts", test_the_way_back_counts);
    g_test_add_func("/stat-rows/a-table-of-numbers-has-a-rest-without-words",
                    test_a_table_of_numbers_has_a_rest_without_words);
    g_test_add_func("/stat-rows/the-first-text-says-how-many-are-left-over",
                    test_the_first_text_says_how_many_are_left_over);
    g_test_add_func("/stat-rows/no-flows-have-no-rows", test_no_flows_have_no_rows);
    g_test_add_func("/stat-rows/rows-can-be-forgotten", test_rows_can_be_forgotten);
    return g_test_run();
}
