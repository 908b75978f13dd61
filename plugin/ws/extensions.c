#include "extensions.h"

#include <flowstats/field.h>
#include <wsutil/wslog.h>

struct hosted {
    const struct flow_extension *extension;
    ws_bool is_on;
    GPtrArray *wanted; /* by extension->wanted[]: GArray of field numbers; NULL: none */
};

static struct hosted hosted[FLOW_EXTENSIONS_MAX];
static size_t hosted_count;
static struct flow_extensions on;
static const struct hosted *host_of[FLOW_EXTENSIONS_MAX]; /* of those */
static uint8_t *notes;                                    /* of the packet being dissected */

static bool is_usable(const struct flow_extension *extension)
{
    if (extension->version != FLOW_EXTENSION_VERSION) {
        ws_warning("flowstats: an extension is of version %u, this plugin of %d",
                   extension->version, FLOW_EXTENSION_VERSION);
        return false;
    }
    if (hosted_count == FLOW_EXTENSIONS_MAX) {
        ws_warning("flowstats: %s is one extension too many", extension->name);
        return false;
    }
    return true;
}

/* Names of preferences are made of letters, digits and underscores. */
static void register_preference(module_t *preferences, struct hosted *host)
{
    char *name = g_strdelimit(g_strdup(host->extension->name), ".-", '_');

    prefs_register_bool_preference(preferences, name, host->extension->title, host->extension->help,
                                   &host->is_on); /* keeps the name */
}

void fs_extensions_register(module_t *preferences)
{
    for (GSList *item = flow_extensions_registered(); item; item = item->next) {
        const struct flow_extension *extension = item->data;
        if (!is_usable(extension))
            continue;
        struct hosted *host = &hosted[hosted_count++];
        host->extension = extension;
        host->is_on = extension->is_on;
        register_preference(preferences, host);
        if (extension->preferences)
            extension->preferences(preferences);
        flow_fields_add(extension);
    }
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

/* Fields that nobody wants yet too: an extension of the open file may have been switched off. */
static void look_up_wanted(struct hosted *host, GArray *all)
{
    host->wanted = g_ptr_array_new_with_free_func(free_numbers);
    for (const char *const *name = host->extension->wanted; *name; name++) {
        GArray *numbers = fields_named(*name);
        g_ptr_array_add(host->wanted, numbers);
        if (!host->is_on)
            continue;
        if (numbers)
            g_array_append_vals(all, numbers->data, numbers->len);
        else
            ws_warning("flowstats: %s wants %s, which this Wireshark does not have",
                       host->extension->name, *name);
    }
}

void fs_extensions_apply(dissector_handle_t post_dissector)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int));

    for (size_t i = 0; i < hosted_count; i++) {
        struct hosted *host = &hosted[i];
        if (host->extension->apply) {
            host->extension->apply();
            flow_fields_add(host->extension);
        }
        if (host->wanted)
            g_ptr_array_unref(host->wanted);
        host->wanted = NULL;
        if (host->extension->wanted)
            look_up_wanted(host, all);
    }
    /* It keeps the array; none at all, and no tree is built for us. */
    set_postdissector_wanted_hfids(post_dissector, all->len > 0 ? all : NULL);
    if (all->len == 0)
        g_array_unref(all);
}

const struct flow_extensions *fs_extensions_choose(void)
{
    on = (struct flow_extensions){ .count = 0 };
    for (size_t i = 0; i < hosted_count; i++)
        if (hosted[i].is_on) {
            host_of[on.count] = &hosted[i];
            flow_extensions_add(&on, hosted[i].extension);
        }
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

static const GPtrArray **fields_of(packet_info *pinfo, proto_tree *tree, const GPtrArray *wanted)
{
    const GPtrArray **fields = wmem_alloc0_array(pinfo->pool, const GPtrArray *, wanted->len);

    for (unsigned i = 0; tree && i < wanted->len; i++)
        fields[i] = found_in(tree, wanted->pdata[i]);
    return fields;
}

void fs_extensions_extract(packet_info *pinfo, proto_tree *tree, struct flow_packet *packet)
{
    static struct flow_extract from;

    if (on.note_size == 0)
        return;
    memset(notes, 0, on.note_size);
    from.packet = packet;
    from.pinfo = pinfo;
    from.serial++;
    for (size_t i = 0; i < on.count; i++) {
        const struct flow_extension *extension = on.on[i].extension;
        const GPtrArray *wanted = host_of[i]->wanted;
        if (extension->note_size == 0)
            continue;
        from.fields = wanted ? fields_of(pinfo, tree, wanted) : NULL;
        extension->extract(&from, notes + on.on[i].note_at);
    }
    packet->notes = notes;
    packet->note_size = (uint16_t)on.note_size;
}

void fs_extensions_close(void)
{
    for (size_t i = 0; i < hosted_count; i++)
        if (hosted[i].extension->close)
            hosted[i].extension->close();
}
