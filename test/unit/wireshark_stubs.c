#include "ws_compat.h"

#include "wireshark_stubs.h"

#include <epan/prefs-int.h>

static const char *names[WIRESHARK_NAMES_MAX];
static int name_count = 1;

bool wireshark_offload_is_seen;

int proto_get_id_by_filter_name(const char *name)
{
    for (int i = 1; i < name_count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    g_assert_cmpint(name_count, <, WIRESHARK_NAMES_MAX);
    names[name_count] = name;
    return name_count++;
}

const char *proto_get_protocol_filter_name(const int proto)
{
    return proto > 0 && proto < name_count ? names[proto] : "unknown";
}

/* A table of EtherTypes whose handles are protocol numbers. */
dissector_table_t find_dissector_table(const char *name)
{
    return (dissector_table_t)(uintptr_t)name;
}

dissector_handle_t dissector_get_uint_handle(dissector_table_t const table, const uint32_t type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } types[] = {
        { 0x0800, "ip" },         { 0x86dd, "ipv6" }, { 0x0806, "arp" }, { 0x8100, "vlan" },
        { 0x88a8, "ieee8021ad" }, { 0x8909, "cmd" },  { 0x892f, "hsr" }, { 0xf1c1, "ieee8021cb" },
        { 0x8926, "vntag" },      { 0x8847, "mpls" },
    };

    (void)table;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].type == type)
            return GINT_TO_POINTER(proto_get_id_by_filter_name(types[i].name));
    return NULL;
}

int dissector_handle_get_protocol_index(const dissector_handle_t handle)
{
    return GPOINTER_TO_INT(handle);
}

module_t *prefs_find_module(const char *name)
{
    return (module_t *)(uintptr_t)name;
}

pref_t *prefs_find_preference(module_t *module, const char *name)
{
    (void)module;
    return (pref_t *)(uintptr_t)name;
}

ws_bool prefs_get_bool_value(pref_t *preference, pref_source_t source)
{
    (void)preference;
    (void)source;
    return wireshark_offload_is_seen;
}
