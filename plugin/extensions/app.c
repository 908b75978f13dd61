#include "ws_compat.h"

#include "builtin.h"
#include "tcp_data.h"
#include "transport.h"

/*
 * Wireshark lists a frame's layers in one flat list, even when they are side by
 * side.  What follows the tracked header is taken as a chain of
 * protocols in each other, up to one that is in it already (the next message of
 * a stream) or that is mere content: what a media type or an ASN.1 object
 * identifier names.
 */

struct note {
    uint16_t depth; /* 0: no application */
    uint16_t name;  /* in names */
};

enum role {
    APPLICATION,
    CONTENT,   /* an application only where nothing carries it */
    MESSAGE,   /* what it carries is a quote, no payload */
    TRANSPORT, /* headers between the tracked one and the payload */
    NOTHING,   /* data that nobody could dissect, and post-dissectors */
};

enum { DEPTH_MAX = 16 };

static GByteArray *roles;  /* enum role, by Wireshark's protocol number; past the end too */
static GPtrArray *names;   /* Wireshark's own */
static GHashTable *places; /* in names, by protocol number; from 1 */

static void set_role(int protocol, enum role role)
{
    unsigned length = roles->len;

    if (protocol < 0)
        return;
    if ((unsigned)protocol >= length) {
        g_byte_array_set_size(roles, (unsigned)protocol + 1);
        memset(roles->data + length, APPLICATION, roles->len - length);
    }
    roles->data[protocol] = (uint8_t)role;
}

static void set_content(const char *table _U_, ftenum_t type _U_, void *key _U_, void *entry,
                        void *data _U_)
{
    dissector_handle_t handle = dtbl_entry_get_handle(entry);

    if (handle)
        set_role(dissector_handle_get_protocol_index(handle), CONTENT);
}

static const struct {
    const char *name;
    enum role role;
} known_roles[] = {
    { "eth", TRANSPORT },          { "ethertype", TRANSPORT },    { "vlan", TRANSPORT },
    { "ieee8021ad", TRANSPORT },   { "llc", TRANSPORT },          { "sll", TRANSPORT },
    { "wlan", TRANSPORT },         { "wlan_radio", TRANSPORT },   { "radiotap", TRANSPORT },
    { "ppi", TRANSPORT },          { "tcp", TRANSPORT },          { "udp", TRANSPORT },
    { "udplite", TRANSPORT },      { "sctp", TRANSPORT },         { "dccp", TRANSPORT },
    { "ah", TRANSPORT },           { "ipv6.hopopts", TRANSPORT }, { "ipv6.routing", TRANSPORT },
    { "ipv6.fraghdr", TRANSPORT }, { "ipv6.dstopts", TRANSPORT }, { "mipv6", TRANSPORT },
    { "shim6", TRANSPORT },        { "icmp", MESSAGE },           { "icmpv6", MESSAGE },
    { "media", CONTENT },          { "gss-api", CONTENT },        { "ntlmssp", CONTENT },
    { "data", NOTHING },           { "mate", NOTHING },           { "transum", NOTHING },
    { "communityid", NOTHING },    { "snort", NOTHING },          { "prp", NOTHING },
};

static enum role role_of(int protocol)
{
    return (unsigned)protocol < roles->len ? (enum role)roles->data[protocol] : APPLICATION;
}

static uint16_t place_of(int protocol)
{
    unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(places, GINT_TO_POINTER(protocol)));

    if (place == 0 && names->len < UINT16_MAX) {
        g_ptr_array_add(names, (void *)proto_get_protocol_filter_name(protocol));
        place = names->len;
        g_hash_table_insert(places, GINT_TO_POINTER(protocol), GUINT_TO_POINTER(place));
    }
    return (uint16_t)(place > 0 ? place - 1 : 0);
}

static bool is_in(const int *chain, unsigned depth, int protocol)
{
    for (unsigned i = 0; i < depth; i++)
        if (chain[i] == protocol)
            return true;
    return false;
}

/*
 * Some dissectors take whatever comes on their port, and put nothing into the
 * tree where it is not theirs: how a message starts tells.  It starts the
 * segment, or a buffer of segments put together.
 */

/* A method and a space, or the version. */
static bool starts_http(const char *data, size_t length)
{
    size_t letters = 0;

    while (letters < length && (g_ascii_isupper(data[letters]) || data[letters] == '-'))
        letters++;
    return letters >= 3 && letters < length &&
           (data[letters] == ' ' || (letters == 4 && data[letters] == '/'));
}

static bool starts_xmpp(const char *data, size_t length)
{
    return length > 0 && data[0] == '<';
}

static struct {
    const char *name;
    bool (*starts)(const char *data, size_t length);
    int protocol; /* looked up with the roles */
} lax[] = {
    { .name = "http", .starts = starts_http },
    { .name = "xmpp", .starts = starts_xmpp },
};

static bool is_started(const struct flow_extract *from,
                       bool (*starts)(const char *data, size_t length))
{
    uint32_t header = 0;
    const GSList *source = from->pinfo->data_src ? from->pinfo->data_src->next : NULL;

    (void)fs_tcp_header(from->transport, from->transport_len, &header);
    if (from->transport_len > header &&
        starts((const char *)from->transport + header, from->transport_len - header))
        return true;
    for (; source; source = source->next) {
        tvbuff_t *tvb = get_data_source_tvb(source->data);
        uint32_t length = tvb_captured_length(tvb);
        if (length > 0 && starts((const char *)tvb_get_ptr(tvb, 0, (int)length), length))
            return true;
    }
    return false;
}

static void look_up_roles(void)
{
    roles = g_byte_array_new();
    names = g_ptr_array_new();
    places = g_hash_table_new(NULL, NULL);
    dissector_table_foreach("media_type", set_content, NULL);
    dissector_table_foreach("ber.oid", set_content, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(known_roles); i++)
        set_role(proto_get_id_by_filter_name(known_roles[i].name), known_roles[i].role);
    for (size_t i = 0; i < G_N_ELEMENTS(lax); i++)
        lax[i].protocol = proto_get_id_by_filter_name(lax[i].name);
}

/* Whether the first protocol over TCP found something of its own. */
static bool is_its_own(const struct flow_extract *from, int protocol)
{
    if (from->packet->tuple.protocol != FLOW_PROTOCOL_TCP)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(lax); i++)
        if (lax[i].protocol == protocol)
            return is_started(from, lax[i].starts);
    return true;
}

static void extract(const struct flow_extract *from, void *ret_note)
{
    struct note *note = ret_note;
    int chain[DEPTH_MAX];
    unsigned depth = 0;

    if (!from->payload)
        return;
    if (!roles)
        look_up_roles();
    for (wmem_list_frame_t *layer = from->payload; layer && depth < DEPTH_MAX;
         layer = wmem_list_frame_next(layer)) {
        int protocol = GPOINTER_TO_INT(wmem_list_frame_data(layer));
        enum role role = role_of(protocol);
        if (role == TRANSPORT && depth == 0)
            continue;
        if (role == NOTHING || (role == CONTENT && depth > 0) || is_in(chain, depth, protocol))
            break;
        chain[depth++] = protocol;
        if (role == MESSAGE)
            break;
    }
    if (depth > 0 && is_its_own(from, chain[0]) && !fs_tcp_is_unfinished(from))
        *note = (struct note){ .depth = (uint16_t)depth, .name = place_of(chain[depth - 1]) };
}

static void fold(void *state, const struct flow_fold *from)
{
    struct note *deepest = state;
    const struct note *note = from->note;

    if (note->depth > deepest->depth)
        *deepest = *note;
}

/* The deeper one counts, the earlier of two that are equally deep. */
static void merge(void *state, const void *later)
{
    struct note *deepest = state;
    const struct note *note = later;

    if (note->depth > deepest->depth)
        *deepest = *note;
}

static struct flow_value name_of(const struct flow_asked *asked)
{
    const struct note *deepest = asked->state;
    struct flow_value value = { .known = deepest->depth > 0 };

    if (value.known)
        value.as.text = names->pdata[deepest->name];
    return value;
}

static void summarise(const struct flow_asked *asked, char *ret_text, size_t size)
{
    struct flow_value name = name_of(asked);

    if (name.known)
        g_strlcpy(ret_text, name.as.text, size);
}

static const struct flow_row rows[] = {
    { .name = "app",
      .label = "Application",
      .help =
          "Deepest protocol in the flow's payload, as Wireshark's filters name it; the first of "
          "those that are equally deep. Content that another protocol carries is none.",
      .column = "Application",
      .value = name_of,
      .kind = FLOW_TEXT,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = NULL },
};

const struct flow_group fs_app = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct note),
    .note_size = sizeof(struct note),
    .is_on = true,
    .name = "app",
    .title = "Application",
    .help = "Name the deepest protocol that Wireshark found in the payload of each flow: flow.app.",
    .rows = rows,
    .extract = extract,
    .fold = fold,
    .merge = merge,
    .summary = summarise,
};
