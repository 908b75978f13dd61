#include "host.h"

#include "all.h"
#include "field.h"

#include <wsutil/report_message.h>

struct hosted {
    const struct flow_group *group;
    ws_bool is_on;
    GPtrArray *wanted; /* by group->wanted[]: GArray of field numbers; NULL: none */
};

/* A setting as the user has set it: it holds when it is applied. */
struct set {
    const struct flow_setting *setting;
    union {
        ws_uint number;
        ws_bool flag;
    } as;
};

enum { SETTINGS_MAX = 64 };

static struct set set[SETTINGS_MAX];
static size_t set_count;

static struct hosted hosted[FLOW_EXTENSIONS_MAX];
static size_t hosted_count;
static struct flow_groups on;
static const struct hosted *host_of[FLOW_EXTENSIONS_MAX]; /* of those */

/* The numbers of those that want fields, of those with notes, and of those that keep once. */
static struct numbers {
    size_t count;
    uint8_t of[FLOW_EXTENSIONS_MAX];
} wanting, noting, keeping;

/* Of the packet that is being dissected. */
static struct flow_extract from;
static uint8_t *notes;
static const GPtrArray **fields_of[FLOW_EXTENSIONS_MAX]; /* of those that want some; else NULL */

static bool is_usable(const struct flow_group *group)
{
    if (group->version != FLOW_EXTENSION_VERSION) {
        report_warning("flowstats: an extension is of version %u, this plugin of %d",
                       group->version, FLOW_EXTENSION_VERSION);
        return false;
    }
    if (hosted_count == FLOW_EXTENSIONS_MAX) {
        report_warning("flowstats: %s is one extension too many", group->name);
        return false;
    }
    return true;
}

/* Names of preferences are made of letters, digits and underscores. */
static void register_preference(module_t *preferences, struct hosted *host)
{
    char *name = g_strdelimit(g_strdup(host->group->name), ".-", '_');

    prefs_register_bool_preference(preferences, name, host->group->title, host->group->help,
                                   &host->is_on); /* keeps the name */
}

static void register_setting(module_t *preferences, const struct flow_setting *setting)
{
    struct set *at = &set[set_count++];

    at->setting = setting;
    if (setting->is_flag) {
        at->as.flag = *setting->value != 0;
        prefs_register_bool_preference(preferences, setting->name, setting->title, setting->help,
                                       &at->as.flag);
    } else {
        at->as.number = *setting->value;
        prefs_register_uint_preference(preferences, setting->name, setting->title, setting->help,
                                       10, &at->as.number);
    }
}

static void register_settings(module_t *preferences, const struct flow_group *group)
{
    const struct flow_setting *setting = group->settings;

    for (; setting && setting->name && set_count < SETTINGS_MAX; setting++)
        register_setting(preferences, setting);
}

/* What is out of bounds is said, once, and then is the bound for the user, too. */
static uint32_t value_of(struct set *of)
{
    const struct flow_setting *setting = of->setting;

    if (setting->is_flag)
        return of->as.flag != 0;
    unsigned within = CLAMP(of->as.number, setting->least, setting->most);
    if (of->as.number != within)
        report_failure("flowstats: flow.%s: %u is %s than %u, which is taken", setting->name,
                       of->as.number, of->as.number > within ? "more" : "less", within);
    return of->as.number = within;
}

/* Return whether any setting is another one now. */
static bool apply_settings(void)
{
    bool is_changed = false;

    for (size_t i = 0; i < set_count; i++) {
        const struct flow_setting *setting = set[i].setting;
        uint32_t value = value_of(&set[i]);
        is_changed |= *setting->value != value;
        *setting->value = value;
    }
    return is_changed;
}

static struct hosted *add(const struct flow_group *group)
{
    struct hosted *host = &hosted[hosted_count++];

    host->group = group;
    host->is_on = group->is_on;
    flow_fields_add(group);
    return host;
}

static void register_group(module_t *preferences, const struct flow_group *group)
{
    if (!is_usable(group))
        return;
    struct hosted *host = add(group);
    if (!group->is_fixed)
        register_preference(preferences, host);
    register_settings(preferences, group);
    if (group->preferences)
        group->preferences(preferences);
}

void fs_host_register(module_t *preferences)
{
    for (size_t i = 0; flow_groups_all[i]; i++)
        register_group(preferences, flow_groups_all[i]);
    for (GSList *item = flow_extensions_registered(); item; item = item->next)
        register_group(preferences, item->data);
}

/* Fields of one name are several where protocols share it. */
static GArray *fields_named(const char *name)
{
    const header_field_info *field = proto_registrar_get_byname(name);
    GArray *numbers = field ? g_array_new(FALSE, FALSE, sizeof(int)) : NULL;

    while (field && field->same_name_prev_id != -1)
        field = proto_registrar_get_nth((unsigned)field->same_name_prev_id);
    for (; field; field = field->same_name_next)
        g_array_append_val(numbers, field->id);
    return numbers;
}

static void free_numbers(void *numbers)
{
    if (numbers)
        g_array_unref(numbers);
}

/* Those of a group that is off too: it may have been on when the open file was. */
static void look_up_wanted(struct hosted *host, GArray *all)
{
    host->wanted = g_ptr_array_new_with_free_func(free_numbers);
    for (const char *const *name = host->group->wanted; *name; name++) {
        GArray *numbers = fields_named(*name);
        g_ptr_array_add(host->wanted, numbers);
        if (!host->is_on)
            continue;
        if (numbers)
            g_array_append_vals(all, numbers->data, numbers->len);
        else
            report_warning("flowstats: %s wants %s, which this Wireshark does not have",
                           host->group->name, *name);
    }
}

bool fs_host_apply(dissector_handle_t post_dissector)
{
    bool is_changed = apply_settings();
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int));

    for (size_t i = 0; i < hosted_count; i++) {
        struct hosted *host = &hosted[i];
        if (host->group->apply) {
            host->group->apply();
            flow_fields_add(host->group);
        }
        if (host->wanted)
            g_ptr_array_unref(host->wanted);
        host->wanted = NULL;
        if (host->group->wanted)
            look_up_wanted(host, all);
    }
    /* It keeps the array; none at all, and no tree is built for us. */
    set_postdissector_wanted_hfids(post_dissector, all->len > 0 ? all : NULL);
    if (all->len == 0)
        g_array_unref(all);
    return is_changed;
}

static void add_number(struct numbers *numbers, bool is_one, uint8_t number)
{
    if (is_one)
        numbers->of[numbers->count++] = number;
}

static void choose(struct hosted *host)
{
    const struct flow_group *group = host->group;
    uint8_t number = (uint8_t)on.count;

    if (!flow_groups_add(&on, group))
        return;
    host_of[number] = host;
    fields_of[number] = NULL;
    add_number(&wanting, group->wanted != NULL, number);
    add_number(&noting, group->note_size > 0, number);
    add_number(&keeping, group->once_size > 0, number);
}

/* A group that wants fields of the user's choice has nothing to do where none is chosen. */
static bool is_idle(const struct flow_group *group)
{
    return group->wanted && !group->wanted[0];
}

const struct flow_groups *fs_host_choose(void)
{
    on = (struct flow_groups){ .count = 0 };
    wanting.count = noting.count = keeping.count = 0;
    for (size_t i = 0; i < hosted_count; i++)
        if (hosted[i].is_on && !is_idle(hosted[i].group))
            choose(&hosted[i]);
    notes = g_realloc(notes, on.note_size);
    return &on;
}

static const GPtrArray *found_in(proto_tree *tree, const GArray *numbers)
{
    for (unsigned i = 0; numbers && i < numbers->len; i++) {
        const GPtrArray *found = proto_get_finfo_ptr_array(tree, g_array_index(numbers, int, i));
        if (found && found->len > 0)
            return found;
    }
    return NULL;
}

static const GPtrArray **find_fields(packet_info *pinfo, proto_tree *tree, const GPtrArray *wanted)
{
    const GPtrArray **fields = wmem_alloc0_array(pinfo->pool, const GPtrArray *, wanted->len);

    for (unsigned i = 0; tree && i < wanted->len; i++)
        fields[i] = found_in(tree, wanted->pdata[i]);
    return fields;
}

static void take_notes(struct flow_packet *packet)
{
    memset(notes, 0, on.note_size);
    for (size_t i = 0; i < noting.count; i++) {
        unsigned number = noting.of[i];
        const struct flow_group_place *place = &on.on[number];
        from.fields = fields_of[number];
        place->group->extract(&from, notes + place->note_at);
    }
    packet->notes = notes;
    packet->note_size = (uint16_t)on.note_size;
}

void fs_host_extract(packet_info *pinfo, proto_tree *tree, struct flow_packet *packet)
{
    from.packet = packet;
    from.pinfo = pinfo;
    from.serial++;
    from.transport = packet->transport;
    from.transport_len = packet->transport_len;
    from.payload = packet->payload;
    for (size_t i = 0; i < wanting.count; i++) {
        unsigned number = wanting.of[i];
        fields_of[number] = find_fields(pinfo, tree, host_of[number]->wanted);
    }
    if (noting.count > 0)
        take_notes(packet);
}

void fs_host_keep_once(void *once)
{
    for (size_t i = 0; once && i < keeping.count; i++) {
        unsigned number = keeping.of[i];
        const struct flow_group_place *place = &on.on[number];
        if (flow_once_is_known(once, number))
            continue;
        from.fields = fields_of[number];
        if (place->group->once(&from, (uint8_t *)once + place->once_at))
            flow_once_set_known(once, number);
    }
}

void fs_host_close(void)
{
    for (size_t i = 0; i < hosted_count; i++)
        if (hosted[i].group->close)
            hosted[i].group->close();
}
