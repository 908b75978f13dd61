#include "ask.h"
#include "packets.h"

#include "core.h"

#include <glib.h>

/* What a list of rows becomes: the functions, the table and the fields. */

struct rows_half {
    uint64_t pkts;
};

struct rows_state {
    struct rows_half half[FLOW_DIRS];
    uint64_t facts;
};

static bool is_v4(const struct flow_view *view)
{
    return view->flow->key.family == FLOW_IPV4;
}

static const struct flow_name measure_names[] = { { 3, "three" }, { 0, NULL } };

#define ROWS_FILE  "rows.def"
#define ROWS_STATE struct rows_state
#define ROWS_HALF  struct rows_half
#include "rows.h"

static void fold(void *state, const struct flow_fold *from)
{
    struct rows_state *rows_state = state;

    rows_state->half[flow_fact_dir(from->fact)].pkts++;
    rows_state->facts++;
}

static const struct flow_group rows_group = { .version = FLOW_EXTENSION_VERSION,
                                              .state_size = sizeof(struct rows_state),
                                              .name = "unit",
                                              .rows = rows,
                                              .fold = fold };

/* Three packets of one flow, frames 1 and 2 up, 3 down. */
static struct flow_meter *three_packets(void)
{
    static struct flow_groups groups;
    struct flow_packet packets[] = {
        udp_packet(1, 1, 50000, 2, 53),
        udp_packet(2, 1, 50000, 2, 53),
        udp_packet(3, 2, 53, 1, 50000),
    };

    if (groups.count == 0) {
        flow_groups_add(&groups, &flow_core);
        flow_groups_add(&groups, &rows_group);
    }
    struct flow_meter *meter = flow_meter_new(NULL, 0, &groups);
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++)
        flow_meter_account(meter, &packets[i]);
    return meter;
}

static void test_each_kind_has_its_member(void)
{
    struct flow_meter *meter = three_packets();

    expect_number(meter, 1, "unit.flow", 8);
    expect_number(meter, 2, "unit.packet", 2);
    expect_number(meter, 2, "unit.even", 1);
    expect_absent(meter, 3, "unit.even");
    expect_number(meter, 1, "unit.whole", 3);
    expect_number(meter, 1, "unit.measure", 3);
    g_assert_cmpfloat(ask_known(meter, 1, "unit.real").as.real, ==, 1.0 / 3);
    g_assert_cmpfloat(ask_known(meter, 2, "sofar.unit.real").as.real, ==, 0.5);
    expect_absent(meter, 1, "sofar.unit.real");
    expect_ns(meter, 1, "unit.span", -5);
    expect_ns(meter, 1, "unit.instant", INT64_MIN);
    expect_text(meter, 1, "sofar.unit.text", "text");
    expect_number(meter, 1, "unit.hex", 2);
    g_assert_cmpuint(ask_known(meter, 1, "unit.addr4").as.addr[3], ==, 1);
    expect_absent(meter, 1, "unit.addr6");
    expect_absent(meter, 1, "unit.mac");
    flow_meter_free(meter);
}

/* Absent where the list does not have the name of the number. */
static void test_names_are_looked_up(void)
{
    struct flow_meter *meter = three_packets();

    expect_text(meter, 1, "unit.measure_name", "three");
    expect_text(meter, 3, "sofar.unit.measure_name", "three");
    expect_absent(meter, 2, "sofar.unit.measure_name");
    flow_meter_free(meter);
}

static void test_each_way_has_its_field(void)
{
    struct flow_meter *meter = three_packets();

    expect_number(meter, 1, "unit.each.up.pkts", 2);
    expect_number(meter, 1, "unit.each.down.pkts", 1);
    expect_number(meter, 1, "sofar.unit.each.down.pkts", 0);
    g_assert_null(flow_field_named("unit.each.pkts"));
    expect_number(meter, 1, "unit.all.up.pkts", 2);
    expect_number(meter, 1, "unit.all.pkts", 3);
    expect_number(meter, 2, "sofar.unit.all.pkts", 2);
    expect_number(meter, 2, "unit.end_up", FLOW_UP);
    expect_number(meter, 2, "unit.end_down", FLOW_DOWN);
    expect_number(meter, 1, "up.unit_half", 2);
    expect_absent(meter, 2, "sofar.down.unit_half");
    g_assert_cmpint((int)flow_field_named("down.unit_half")->section, ==, FLOW_SECTION_DOWN);
    g_assert_cmpint((int)flow_field_named("unit.all.pkts")->dir, ==, FLOW_DIRS);
    flow_meter_free(meter);
}

/* What follows the definition is in the row; what does not is zero. */
static void test_further_members_are_kept(void)
{
    const struct flow_field *nth = flow_field_named("unit.nth");

    g_assert_cmpstr(flow_field_named("unit.flow")->row->column, ==, "Flow");
    g_assert_null(nth->row->column);
    g_assert_true(nth->row->is_repeated && nth->row->is_hidden && !nth->row->is_zero_shown);
    g_assert_true(flow_field_named("unit.all.pkts")->row->is_zero_shown);
    g_assert_cmpint((int)flow_field_named("unit.text")->row->list, ==, FLOW_LIST_TEXTS);
    g_assert_cmpuint(flow_field_named("unit.hex")->row->number, ==, 7);
    g_assert_cmpint((int)flow_field_named("unit.hex")->section, ==, FLOW_SECTION_GROUP);
}

static void test_values_end_where_one_is_unknown(void)
{
    struct flow_meter *meter = three_packets();
    const struct flow_field *nth = flow_field_named("unit.nth");
    struct flow_view view;
    unsigned values = 0;

    g_assert_true(flow_meter_view(meter, 1, true, &view));
    for (struct flow_value value; (value = flow_field_value_nth(nth, &view, values)).known;
         values++)
        g_assert_cmpuint(value.as.number, ==, values * 10);
    g_assert_cmpuint(values, ==, 3);
    flow_meter_free(meter);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    flow_fields_add(&rows_group);
    g_test_add_func("/rows/each-kind-has-its-member", test_each_kind_has_its_member);
    g_test_add_func("/rows/names-are-looked-up", test_names_are_looked_up);
    g_test_add_func("/rows/each-way-has-its-field", test_each_way_has_its_field);
    g_test_add_func("/rows/further-members-are-kept", test_further_members_are_kept);
    g_test_add_func("/rows/values-end-where-one-is-unknown", test_values_end_where_one_is_unknown);
    return g_test_run();
}
