#include "packets.h"
#include "told.h"

#include "all.h"
#include "field.h"
#include "host.h"

/*
 * The host of the groups: it registers their preferences with Wireshark and asks
 * it for fields.  Here Wireshark writes down what it hears, and a frame has the
 * fields that a test gives it.
 */

static GHashTable *switches, *set_numbers; /* preferences: of a name, the variable */
static GArray *wanted_fields;              /* as Wireshark has it; NULL: no tree is needed */
static GHashTable *in_tree;                /* of a field's number: the GPtrArray of a tree */

/* Of protocols that share a name, each field names the others. */
static header_field_info fields[] = {
    { .abbrev = "unit.shared", .id = 0, .same_name_prev_id = -1 },
    { .abbrev = "unit.alone", .id = 1, .same_name_prev_id = -1 },
    { .abbrev = "unit.shared", .id = 2, .same_name_prev_id = 0 },
    { .abbrev = "unit.shared", .id = 3, .same_name_prev_id = 2 },
};
enum { SHARED_FIRST = 0, ALONE = 1, SHARED_SECOND = 2, SHARED_THIRD = 3 };

static module_t *const module = (module_t *)fields; /* only handed on */

void prefs_register_bool_preference(module_t *to, const char *name, const char *title,
                                    const char *description, ws_bool *variable)
{
    g_assert_true(to == module);
    g_assert_nonnull(title);
    g_assert_nonnull(description);
    g_assert_true(g_hash_table_insert(switches, (void *)name, variable));
}

void prefs_register_uint_preference(module_t *to, const char *name, const char *title,
                                    const char *description, ws_uint base, ws_uint *variable)
{
    g_assert_true(to == module);
    g_assert_cmpuint(base, ==, 10);
    g_assert_nonnull(title);
    g_assert_nonnull(description);
    g_assert_true(g_hash_table_insert(set_numbers, (void *)name, variable));
}

/* The one that was registered last, as Wireshark says. */
header_field_info *proto_registrar_get_byname(const char *name)
{
    for (size_t i = G_N_ELEMENTS(fields); i-- > 0;)
        if (g_str_equal(fields[i].abbrev, name))
            return &fields[i];
    return NULL;
}

header_field_info *proto_registrar_get_nth(unsigned number)
{
    g_assert_cmpuint(number, <, G_N_ELEMENTS(fields));
    return &fields[number];
}

void set_postdissector_wanted_hfids(dissector_handle_t handle, GArray *numbers)
{
    g_assert_null(handle);
    if (wanted_fields)
        g_array_unref(wanted_fields);
    wanted_fields = numbers;
}

GPtrArray *proto_get_finfo_ptr_array(const proto_tree *tree, const int number)
{
    g_assert_nonnull(tree);
    return g_hash_table_lookup(in_tree, GINT_TO_POINTER(number));
}

/* What the groups of this test see and say. */
struct seen {
    bool is_seen;
    uint64_t serial;
    uint32_t frame;
    packet_info *pinfo;
    const uint8_t *transport;
    uint32_t transport_len;
    void *payload;
    const GPtrArray *fields[2];
};

static struct seen extracted, kept;
static unsigned applied, closed, asked_once, asked_plain, preferences_made;
static bool is_known_now;

static void see(const struct flow_extract *from, struct seen *ret)
{
    *ret = (struct seen){ .is_seen = true,
                          .serial = from->serial,
                          .frame = from->packet->fact.frame,
                          .pinfo = from->pinfo,
                          .transport = from->transport,
                          .transport_len = from->transport_len,
                          .payload = from->payload };
    for (size_t i = 0; from->fields && i < G_N_ELEMENTS(ret->fields); i++)
        ret->fields[i] = from->fields[i];
}

static void extract(const struct flow_extract *from, void *ret_note)
{
    uint32_t *note = ret_note;

    see(from, &extracted);
    g_assert_cmpuint(*note, ==, 0);
    *note = from->packet->fact.frame;
}

static bool keep(const struct flow_extract *from, void *ret_once)
{
    see(from, &kept);
    asked_once++;
    *(uint32_t *)ret_once = from->packet->fact.frame;
    return is_known_now;
}

static void close_notes(void)
{
    closed++;
}

static void make_preferences(module_t *to)
{
    g_assert_true(to == module);
    preferences_made++;
}

static struct flow_value say_seven(const struct flow_asked *asked)
{
    (void)asked;
    return (struct flow_value){ .known = true, .as.number = 7 };
}

static const struct flow_row full_rows[] = {
    { .name = "unit.full.seven",
      .label = "Seven",
      .help = "Seven.",
      .value = say_seven,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_FLOW },
    { .name = NULL },
};

static uint32_t gap = 5, flag = 1;
static const struct flow_setting full_settings[] = {
    { .name = "unit_gap", .title = "Gap", .help = "A gap.", .value = &gap, .least = 2, .most = 9 },
    { .name = "unit_flag", .title = "Flag", .help = "A flag.", .value = &flag, .is_flag = true },
    { .name = NULL },
};

static const char *const full_wanted[] = { "unit.shared", "unit.alone", NULL };
static const struct flow_group full = {
    .version = FLOW_EXTENSION_VERSION,
    .note_size = sizeof(uint32_t),
    .once_size = sizeof(uint32_t),
    .is_on = true,
    .name = "unit.full-name",
    .title = "Full",
    .help = "All that a group can have.",
    .wanted = full_wanted,
    .rows = full_rows,
    .extract = extract,
    .once = keep,
    .close = close_notes,
    .settings = full_settings,
    .preferences = make_preferences,
};

/* One that has a byte of each kind, and wants no fields. */
static void extract_plain(const struct flow_extract *from, void *ret_note)
{
    g_assert_null(from->fields);
    *(uint8_t *)ret_note = 0xaa;
}

static bool keep_plain(const struct flow_extract *from, void *ret_once)
{
    g_assert_null(from->fields);
    asked_plain++;
    *(uint8_t *)ret_once = 0xbb;
    return true;
}

static const struct flow_group plain = {
    .version = FLOW_EXTENSION_VERSION,
    .note_size = 1,
    .once_size = 1,
    .is_fixed = true,
    .is_on = true,
    .name = "unit.plain",
    .title = "Plain",
    .help = "A byte of each kind.",
    .rows = (const struct flow_row[]){ { .name = NULL } },
    .extract = extract_plain,
    .once = keep_plain,
};

/* One that is off, and wants a field that there is not. */
static const char *const missing_wanted[] = { "unit.missing", "unit.alone", NULL };
static const struct flow_group missing = {
    .version = FLOW_EXTENSION_VERSION,
    .name = "unit.missing",
    .title = "Missing",
    .help = "A field of which there is none.",
    .wanted = missing_wanted,
    .rows = (const struct flow_row[]){ { .name = NULL } },
    .close = close_notes,
};

/* One whose fields the user chooses: it has a row when it was applied. */
static const char *chosen_wanted[] = { NULL, NULL };
static struct flow_row chosen_rows[2];

static void apply(void)
{
    applied++;
    chosen_rows[0] = (struct flow_row){ .name = "unit.chosen",
                                        .label = "Chosen",
                                        .help = "What was chosen.",
                                        .value = say_seven,
                                        .kind = FLOW_UINT32,
                                        .scope = FLOW_SCOPE_FLOW };
}

static const struct flow_group chosen = {
    .version = FLOW_EXTENSION_VERSION,
    .is_fixed = true,
    .is_on = true,
    .name = "unit.chosen",
    .title = "Chosen",
    .help = "A field of the user's choice.",
    .wanted = chosen_wanted,
    .rows = chosen_rows,
    .apply = apply,
};

static const struct flow_group old = {
    .version = FLOW_EXTENSION_VERSION - 1,
    .name = "unit.old",
    .title = "Old",
    .help = "Made for another flowstats.",
    .rows = full_rows,
};

/* As many as there is room for, and one more; the first of them has too many settings. */
enum { FILLERS = FLOW_EXTENSIONS_MAX, SETTINGS = 80, SETTINGS_OF_ALL = 64 };

static struct flow_group fillers[FILLERS];
static char filler_names[FILLERS][16], setting_names[SETTINGS][16];
static struct flow_setting many_settings[SETTINGS + 1];
static uint32_t many[SETTINGS];

static void register_fillers(void)
{
    for (unsigned i = 0; i < SETTINGS; i++) {
        g_snprintf(setting_names[i], sizeof(setting_names[i]), "unit_many_%u", i);
        many_settings[i] = (struct flow_setting){ .name = setting_names[i],
                                                  .title = "Many",
                                                  .help = "One of many.",
                                                  .value = &many[i],
                                                  .most = 1 };
    }
    for (unsigned i = 0; i < FILLERS; i++) {
        g_snprintf(filler_names[i], sizeof(filler_names[i]), "unit.filler%u", i);
        fillers[i] = (struct flow_group){ .version = FLOW_EXTENSION_VERSION,
                                          .name = filler_names[i],
                                          .title = "Filler",
                                          .help = "It takes a place.",
                                          .rows = full_rows,
                                          .settings = i == 0 ? many_settings : NULL };
        flow_extension_register(&fillers[i]);
    }
}

static ws_bool *switch_of(const char *name)
{
    return g_hash_table_lookup(switches, name);
}

static ws_uint *number_of(const char *name)
{
    return g_hash_table_lookup(set_numbers, name);
}

static size_t count_built_in(void)
{
    size_t count = 0;

    while (flow_groups_all[count])
        count++;
    return count;
}

static unsigned count_settings(const struct flow_group *group)
{
    unsigned count = 0;

    while (group->settings && group->settings[count].name)
        count++;
    return count;
}

static void test_registering(void)
{
    size_t built_in = count_built_in(), room = FLOW_EXTENSIONS_MAX - built_in - 4;
    unsigned settings = count_settings(&full);
    GString *want = g_string_new(NULL);

    g_string_printf(want, "warning: flowstats: an extension is of version %u, this plugin of %d\n",
                    old.version, FLOW_EXTENSION_VERSION);
    for (size_t i = 0; i < built_in; i++) {
        const struct flow_group *group = flow_groups_all[i];
        char *name = g_strdelimit(g_strdup(group->name), ".-", '_');
        settings += count_settings(group);
        g_assert_true((switch_of(name) != NULL) == !group->is_fixed);
        if (!group->is_fixed)
            g_assert_cmpint(*switch_of(name), ==, group->is_on);
        g_free(name);
    }
    g_assert_true(*switch_of("unit_full_name"));
    g_assert_false(*switch_of("unit_missing"));
    g_assert_null(switch_of("unit_chosen"));
    g_assert_null(switch_of("unit_old"));
    g_assert_cmpuint(preferences_made, ==, 1);
    g_assert_nonnull(flow_field_named("unit.full.seven"));

    for (size_t i = 0; i < FILLERS; i++) {
        char *name = g_strdup_printf("unit_filler%zu", i);
        g_assert_true((switch_of(name) != NULL) == (i < room));
        g_free(name);
        if (i >= room)
            g_string_append_printf(
                want, "warning: flowstats: unit.filler%zu is one extension too many\n", i);
    }
    has_told(want->str);
    g_string_free(want, TRUE);

    for (unsigned i = 0; i < SETTINGS; i++)
        g_assert_true((number_of(setting_names[i]) != NULL) == (i < SETTINGS_OF_ALL - settings));
}

/* The first of all is one of ours. */
static void test_built_in_settings(void)
{
    size_t i = 0;

    while (!flow_groups_all[i]->settings)
        i++;
    const struct flow_setting *first = flow_groups_all[i]->settings;
    uint32_t before = *first->value;
    ws_uint *set = number_of(first->name);
    g_assert_false(first->is_flag);
    g_assert_cmpuint(*set, ==, before);
    *set = before < first->most ? before + 1 : before - 1;
    g_assert_true(fs_host_apply(NULL));
    g_assert_cmpuint(*first->value, ==, *set);
    *set = before;
    fs_host_apply(NULL);
    g_assert_cmpuint(*first->value, ==, before);
}

static void test_settings(void)
{
    ws_uint *gap_set = number_of("unit_gap");
    ws_bool *flag_set = switch_of("unit_flag");

    g_assert_cmpuint(*gap_set, ==, 5);
    g_assert_cmpint(*flag_set, ==, 1);
    g_assert_false(fs_host_apply(NULL));
    g_assert_cmpuint(gap, ==, 5);
    g_assert_cmpuint(flag, ==, 1);

    *gap_set = 9;
    g_assert_true(fs_host_apply(NULL)); /* also where the last one is what it was */
    g_assert_cmpuint(gap, ==, 9);
    *gap_set = 2;
    *flag_set = 0;
    g_assert_true(fs_host_apply(NULL));
    g_assert_cmpuint(gap, ==, 2);
    g_assert_cmpuint(flag, ==, 0);
    has_told("");

    *gap_set = 10;
    g_assert_true(fs_host_apply(NULL));
    has_told("failure: flowstats: flow.unit_gap: 10 is more than 9, which is taken\n");
    g_assert_cmpuint(gap, ==, 9);
    g_assert_cmpuint(*gap_set, ==, 9);
    g_assert_false(fs_host_apply(NULL));
    has_told("");
    *gap_set = 1;
    g_assert_true(fs_host_apply(NULL));
    has_told("failure: flowstats: flow.unit_gap: 1 is less than 2, which is taken\n");
    g_assert_cmpuint(gap, ==, 2);
}

static void wants(size_t count, const int want[])
{
    fs_host_apply(NULL);
    if (count == 0) {
        g_assert_null(wanted_fields);
        return;
    }
    g_assert_cmpmem(wanted_fields->data, wanted_fields->len * sizeof(int), want,
                    count * sizeof(int));
}

/* Of one name all fields are wanted, and of a group that is off none. */
static void test_wanted_fields(void)
{
    ws_bool *is_full = switch_of("unit_full_name"), *is_missing = switch_of("unit_missing");

    wants(4, (const int[]){ SHARED_FIRST, SHARED_SECOND, SHARED_THIRD, ALONE });
    has_told("");
    *is_missing = true;
    wants(5, (const int[]){ SHARED_FIRST, SHARED_SECOND, SHARED_THIRD, ALONE, ALONE });
    has_told("warning: flowstats: unit.missing wants unit.missing, which this Wireshark "
             "does not have\n");
    *is_full = false;
    wants(1, (const int[]){ ALONE });
    g_string_truncate(told, 0);
    *is_missing = false;
    wants(0, NULL); /* and Wireshark builds no tree */
    applied = 0;
    chosen_wanted[0] = "unit.alone";
    wants(1, (const int[]){ ALONE });
    g_assert_cmpuint(applied, ==, 1);
    g_assert_nonnull(flow_field_named("unit.chosen"));
    chosen_wanted[0] = NULL;
    wants(0, NULL);
    *is_full = true;
    wants(4, (const int[]){ SHARED_FIRST, SHARED_SECOND, SHARED_THIRD, ALONE });
    has_told("");
}

static uint32_t note_place(const struct flow_groups *groups, const struct flow_group *group)
{
    return groups->on[flow_groups_find(groups, group)].note_at;
}

static void test_choosing(void)
{
    ws_bool *is_full = switch_of("unit_full_name");
    const struct flow_groups *groups = fs_host_choose();
    size_t count = groups->count;

    g_assert_true(groups->on[0].group == flow_groups_all[0]);
    g_assert_true(flow_groups_have(groups, &full));
    g_assert_true(flow_groups_have(groups, &plain));
    g_assert_false(flow_groups_have(groups, &missing));
    g_assert_false(flow_groups_have(groups, &chosen)); /* it has nothing to do */
    g_assert_cmpuint(note_place(groups, &full), ==, 0);
    g_assert_cmpuint(note_place(groups, &plain), ==, 4);

    *is_full = false;
    groups = fs_host_choose();
    g_assert_cmpuint(groups->count, ==, count - 1);
    g_assert_false(flow_groups_have(groups, &full));
    g_assert_cmpuint(note_place(groups, &plain), ==, 0);
    chosen_wanted[0] = "unit.alone";
    groups = fs_host_choose();
    g_assert_true(flow_groups_have(groups, &chosen));
    chosen_wanted[0] = NULL;
    *is_full = true;
    g_assert_cmpuint(fs_host_choose()->count, ==, count);
}

static wmem_allocator_t *pool;
static packet_info dissection;
static proto_tree tree;
static const uint8_t segment[20];

static void has_fields(const GPtrArray *shared, const GPtrArray *alone)
{
    g_assert_true(extracted.fields[0] == shared);
    g_assert_true(extracted.fields[1] == alone);
}

/* The frame is dissected, with a tree or without one: its packet, which is there until the next. */
static struct flow_packet dissect(uint32_t frame, proto_tree *with)
{
    static struct flow_packet packet;

    packet = udp_packet(frame, 1, 50000, 2, 53);
    packet.transport = segment;
    packet.transport_len = (uint32_t)sizeof(segment);
    packet.payload = &packet;
    dissection = (packet_info){ .pool = pool, .num = frame };
    extracted = (struct seen){ .is_seen = false };
    fs_host_extract(&dissection, with, &packet);
    return packet;
}

static void has_notes(const struct flow_packet *packet, const uint8_t want[], size_t size)
{
    g_assert_cmpmem(packet->notes, packet->note_size, want, size);
}

static void test_extracting(void)
{
    GPtrArray *of_first = g_ptr_array_new(), *of_second = g_ptr_array_new(),
              *of_alone = g_ptr_array_new();

    fs_host_choose();
    g_ptr_array_add(of_second, &tree);
    g_ptr_array_add(of_alone, &tree);
    struct flow_packet packet = dissect(3, &tree);
    uint64_t serial = extracted.serial;
    g_assert_true(extracted.is_seen);
    g_assert_cmpuint(extracted.frame, ==, 3);
    g_assert_true(extracted.pinfo == &dissection);
    g_assert_true(extracted.transport == segment);
    g_assert_cmpuint(extracted.transport_len, ==, sizeof(segment));
    g_assert_nonnull(extracted.payload);
    has_fields(NULL, NULL);
    has_notes(&packet, (const uint8_t[]){ 3, 0, 0, 0, 0xaa }, 5);

    /* An array can be empty, and what has the name may be the second one. */
    g_hash_table_insert(in_tree, GINT_TO_POINTER(SHARED_FIRST), of_first);
    g_hash_table_insert(in_tree, GINT_TO_POINTER(SHARED_SECOND), of_second);
    dissect(4, &tree);
    g_assert_cmpuint(extracted.serial, ==, serial + 1);
    has_fields(of_second, NULL);
    g_hash_table_insert(in_tree, GINT_TO_POINTER(ALONE), of_alone);
    dissect(5, &tree);
    has_fields(of_second, of_alone);
    g_ptr_array_add(of_first, &tree);
    dissect(6, &tree);
    has_fields(of_first, of_alone);
    dissect(7, NULL); /* nobody built one */
    has_fields(NULL, NULL);

    g_hash_table_remove_all(in_tree);
    g_ptr_array_unref(of_first);
    g_ptr_array_unref(of_second);
    g_ptr_array_unref(of_alone);
}

/* Off, a group sees nothing; the notes of others are there as before. */
static void test_extracting_of_a_group_that_is_off(void)
{
    ws_bool *is_full = switch_of("unit_full_name");

    fs_host_choose();
    dissect(7, &tree);
    *is_full = false;
    fs_host_choose();
    struct flow_packet packet = dissect(8, &tree);
    g_assert_false(extracted.is_seen);
    has_notes(&packet, (const uint8_t[]){ 0xaa }, 1);
    *is_full = true;
    fs_host_choose();
    packet = dissect(9, &tree);
    has_notes(&packet, (const uint8_t[]){ 9, 0, 0, 0, 0xaa }, 5);
}

/* It is asked by packet after packet, until it knows. */
static void test_keeping_once(void)
{
    const struct flow_groups *groups = fs_host_choose();
    size_t number = flow_groups_find(groups, &full);
    uint64_t once[8] = { 0 };
    GPtrArray *of_alone = g_ptr_array_new();

    g_ptr_array_add(of_alone, &tree);
    g_hash_table_insert(in_tree, GINT_TO_POINTER(ALONE), of_alone);
    asked_once = asked_plain = 0;
    is_known_now = false;
    dissect(11, &tree);
    fs_host_keep_once(NULL); /* the packet has no flow */
    g_assert_cmpuint(asked_once, ==, 0);
    fs_host_keep_once(once);
    g_assert_cmpuint(kept.frame, ==, 11);
    g_assert_true(kept.fields[1] == of_alone);
    g_assert_false(flow_once_is_known(once, number));
    is_known_now = true;
    dissect(12, &tree);
    fs_host_keep_once(once);
    g_assert_true(flow_once_is_known(once, number));
    const uint8_t *bytes = (const uint8_t *)once + groups->on[number].once_at;
    g_assert_cmpmem(bytes, 5, ((const uint8_t[]){ 12, 0, 0, 0, 0xbb }), 5);
    dissect(13, &tree);
    fs_host_keep_once(once);
    g_assert_cmpuint(asked_once, ==, 2);
    g_assert_cmpuint(asked_plain, ==, 1);
    g_hash_table_remove_all(in_tree);
    g_ptr_array_unref(of_alone);
}

/* Also those that are off: they may have been on. */
static void test_closing(void)
{
    closed = 0;
    fs_host_close();
    g_assert_cmpuint(closed, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    switches = g_hash_table_new(g_str_hash, g_str_equal); /* it keeps the names */
    set_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    in_tree = g_hash_table_new(NULL, NULL);
    told = g_string_new(NULL);
    pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    for (size_t i = G_N_ELEMENTS(fields); i-- > 0;)
        if (fields[i].same_name_prev_id != -1)
            fields[fields[i].same_name_prev_id].same_name_next = &fields[i];
    flow_extension_register(&full);
    flow_extension_register(&plain);
    flow_extension_register(&missing);
    flow_extension_register(&chosen);
    flow_extension_register(&old);
    register_fillers();
    fs_host_register(module);
    g_test_add_func("/host/registering", test_registering);
    g_test_add_func("/host/built-in-settings", test_built_in_settings);
    g_test_add_func("/host/settings", test_settings);
    g_test_add_func("/host/wanted-fields", test_wanted_fields);
    g_test_add_func("/host/choosing", test_choosing);
    g_test_add_func("/host/extracting", test_extracting);
    g_test_add_func("/host/extracting-of-a-group-that-is-off",
                    test_extracting_of_a_group_that_is_off);
    g_test_add_func("/host/keeping-once", test_keeping_once);
    g_test_add_func("/host/closing", test_closing);
    int failed = g_test_run();
    wmem_destroy_allocator(pool);
    return failed;
}
