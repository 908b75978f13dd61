#include "community_id.h"
#include "sink.h"
#include "value_text.h"
#include "zeek.h"

#include "field.h"
#include <wsutil/json_dumper.h>

/* A member of the log is one of our fields, a number or a text; the others are NULL. */
struct member {
    const char *name; /* Zeek's */
    const char *field;
    bool (*number)(struct flow_view *view, enum flow_dir dir, uint64_t *ret_number);
    const char *(*text)(struct flow_view *view);
    enum flow_dir dir; /* of a number */
};

static bool port_of(struct flow_view *view, enum flow_dir sender, uint64_t *ret_number)
{
    uint16_t ports[FLOW_DIRS];

    *ret_number =
        flow_icmp_ports(view, ports) ? ports[sender] : flow_end_of(view->flow, sender)->port;
    return true;
}

static bool size_of(struct flow_view *view, enum flow_dir dir, uint64_t *ret_number)
{
    const struct zeek_state *state = flow_view_whole(view, &flow_zeek);

    *ret_number = state ? zeek_size(state, dir) : 0;
    return state != NULL;
}

static bool ip_bytes_of(struct flow_view *view, enum flow_dir dir, uint64_t *ret_number)
{
    const struct zeek_state *state = flow_view_whole(view, &flow_zeek);

    *ret_number = state ? state->half[dir].ip_bytes : 0;
    return state != NULL;
}

/* Zeek writes it of every connection. */
static bool missed_bytes_of(struct flow_view *view, enum flow_dir dir _U_, uint64_t *ret_number)
{
    const struct zeek_state *state = flow_view_whole(view, &flow_zeek);

    *ret_number = state ? state->missed_bytes : 0;
    return state != NULL;
}

static const char *protocol_of(struct flow_view *view)
{
    static const char *const names[UINT8_MAX + 1] = {
        [FLOW_PROTOCOL_ICMP] = "icmp",
        [FLOW_PROTOCOL_TCP] = "tcp",
        [FLOW_PROTOCOL_UDP] = "udp",
        [FLOW_PROTOCOL_ICMPV6] = "icmp",
    };
    const char *name = names[view->flow->key.protocol];

    return name ? name : "unknown_transport";
}

static const struct member members[] = {
    { .name = "ts", .field = "start" },
    { .name = "uid", .field = "zeek.uid" },
    { .name = "id.orig_h", .field = "src" },
    { .name = "id.orig_p", .number = port_of, .dir = FLOW_UP },
    { .name = "id.resp_h", .field = "dst" },
    { .name = "id.resp_p", .number = port_of, .dir = FLOW_DOWN },
    { .name = "proto", .text = protocol_of },
    { .name = "service", .field = "app" },
    { .name = "duration", .field = "duration" },
    { .name = "orig_bytes", .number = size_of, .dir = FLOW_UP },
    { .name = "resp_bytes", .number = size_of, .dir = FLOW_DOWN },
    { .name = "conn_state", .field = "zeek.conn_state" },
    { .name = "missed_bytes", .number = missed_bytes_of },
    { .name = "history", .field = "zeek.history" },
    { .name = "orig_pkts", .field = "up.pkts" },
    { .name = "orig_ip_bytes", .number = ip_bytes_of, .dir = FLOW_UP },
    { .name = "resp_pkts", .field = "down.pkts" },
    { .name = "resp_ip_bytes", .number = ip_bytes_of, .dir = FLOW_DOWN },
    { .name = "ip_proto", .field = "proto" },
    { .name = "orig_l2_addr", .field = "eth.src" },
    { .name = "resp_l2_addr", .field = "eth.dst" },
    { .name = "community_id", .field = "community_id" },
};

/* Return the text of a member's value, NULL where it is not known. */
static const char *field_text(const struct member *member, struct flow_view *view,
                              char room[FS_VALUE_TEXT_LEN], bool *ret_is_number)
{
    const struct flow_field *field = flow_field_named(member->field);
    struct flow_value value = { .known = false };

    if (field)
        value = flow_field_value(field, view);
    return value.known ? fs_value_text(field->kind, &value, room, ret_is_number) : NULL;
}

static const char *member_text(const struct member *member, struct flow_view *view,
                               char room[FS_VALUE_TEXT_LEN], bool *ret_is_number)
{
    struct flow_value value = { .known = true };

    *ret_is_number = false;
    if (member->text)
        return member->text(view);
    if (member->field)
        return field_text(member, view, room, ret_is_number);
    if (!member->number(view, member->dir, &value.as.number))
        return NULL;
    return fs_value_text(FLOW_UINT64, &value, room, ret_is_number);
}

static void put(json_dumper *dumper, const struct member *member, struct flow_view *view)
{
    char room[FS_VALUE_TEXT_LEN];
    bool is_number;
    const char *text = member_text(member, view, room, &is_number);

    if (!text)
        return;
    json_dumper_set_member_name(dumper, member->name);
    if (is_number)
        json_dumper_value_anyf(dumper, "%s", text);
    else
        json_dumper_value_string(dumper, text);
}

static void row(GString *out, struct flow_view *view)
{
    json_dumper dumper = { .output_string = out };

    if (view->flow->key.family == FLOW_LINK)
        return;
    json_dumper_begin_object(&dumper);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
        put(&dumper, &members[i], view);
    json_dumper_end_object(&dumper);
    json_dumper_finish(&dumper);
}

const struct fs_sink fs_conn_log = { .cli = "flowstats,zeek", .row = row };
