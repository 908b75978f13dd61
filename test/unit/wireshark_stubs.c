#include "ws_compat.h"

#include "setup.h"
#include "wireshark_stubs.h"

#include <epan/prefs-int.h>

static const char *names[WIRESHARK_NAMES_MAX];
static int name_count = 1;

bool wireshark_offload_is_seen;

/* It has every protocol but one that is newer. */
int proto_get_id_by_filter_name(const char *name)
{
    if (strcmp(name, "rtag") == 0)
        return -1;
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

/*
 * Tables whose handles are protocol numbers.  That of IP has no UDP, so that the walk finds
 * none by it: a header that was passed wrongly shows.
 */
dissector_table_t find_dissector_table(const char *name)
{
    return (dissector_table_t)(uintptr_t)name;
}

dissector_handle_t dissector_get_uint_handle(dissector_table_t const table, const uint32_t number)
{
    static const struct {
        const char *table;
        uint16_t number;
        const char *name;
    } entries[] = {
        { "ethertype", 0x0800, "ip" },     { "ethertype", 0x86dd, "ipv6" },
        { "ethertype", 0x0806, "arp" },    { "ethertype", 0x8100, "vlan" },
        { "ethertype", 0x8847, "mpls" },   { "ethertype", 0x88a8, "ieee8021ad" },
        { "ethertype", 0x8864, "pppoes" }, { "ethertype", 0x88e7, "ieee8021ah" },
        { "ethertype", 0x8909, "cmd" },    { "ethertype", 0x892f, "hsr" },
        { "ethertype", 0x8926, "vntag" },  { "ethertype", 0xf1c1, "ieee8021cb" },
        { "ethertype", 0x894f, "bar" },    { "ip.proto", 136, "udplite" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++)
        if (entries[i].number == number && strcmp(entries[i].table, (const char *)table) == 0)
            return GINT_TO_POINTER(proto_get_id_by_filter_name(entries[i].name));
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

/* No dissector has seen a packet before. */
bool fs_is_known_to(const packet_info *pinfo, const struct flow_packet *packet, int proto)
{
    (void)pinfo;
    (void)packet;
    (void)proto;
    return false;
}
