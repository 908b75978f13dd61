/*
 * A plugin beside flowstats: two groups of measures and a listener to its tap.
 *
 * flow.pushes.*: how many segments of a flow have the PSH flag; no tree needed.
 * flow.ttl.*: the least and the greatest TTL; wants ip.ttl, so it is off at first.
 * -z pushes: a line for each frame, from the tap.
 */
#include <ws_version.h>

#include <wireshark.h>

#include <epan/packet.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>

#include <flowstats/extension.h>
#include <flowstats/tap.h>

#include <stdio.h>

#if WIRESHARK_VERSION_MAJOR > 4 || WIRESHARK_VERSION_MINOR >= 4
#include <wsutil/plugins.h>
#define VALUE_OF(field) ((field)->value)
#else
#define VALUE_OF(field) (&(field)->value)
#endif

WS_DLL_PUBLIC_DEF const char plugin_version[] = "1";
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

/* flow.pushes.*: what a fact has needs no note. */

static void fold_push(void *state, const struct flow_fold *from)
{
    uint32_t *pushes = state;

    if ((from->fact->bits & FLOW_FACT_TCP) && (from->fact->tcp_flags & FLOW_TCP_PSH))
        pushes[flow_fact_dir(from->fact)]++;
}

static void merge_pushes(void *state, const void *later)
{
    uint32_t *pushes = state;
    const uint32_t *more = later;

    pushes[FLOW_UP] += more[FLOW_UP];
    pushes[FLOW_DOWN] += more[FLOW_DOWN];
}

static struct flow_value count_of(const struct flow_asked *asked)
{
    const uint32_t *pushes = asked->state;
    bool is_tcp = flow_view_value(asked->view, "proto").as.number == FLOW_PROTOCOL_TCP;

    return (struct flow_value){ .known = is_tcp, .as.number = pushes[asked->dir] };
}

static const struct flow_row push_rows[] = {
    { .name = "pushes.*.count",
      .label = "Pushes",
      .help = "Segments with the PSH flag.",
      .column = "Pushes",
      .value = count_of,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_MEASURE,
      .ways = FLOW_WAYS_EACH },
    { .name = NULL },
};

static const struct flow_group pushes = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = FLOW_DIRS * sizeof(uint32_t),
    .is_on = true,
    .name = "pushes",
    .title = "Pushes",
    .help = "Count segments with the PSH flag.",
    .rows = push_rows,
    .fold = fold_push,
    .merge = merge_pushes,
};

/* flow.ttl.*: a note of one byte, from a field that Wireshark decoded; 0 is none. */

struct ttl {
    uint8_t least;
    uint8_t greatest;
};

static void extract_ttl(const struct flow_extract *from, void *ret_note)
{
    const GPtrArray *found = from->fields[0];

    if (found) {
        field_info *innermost = found->pdata[found->len - 1];
        *(uint8_t *)ret_note = (uint8_t)fvalue_get_uinteger(VALUE_OF(innermost));
    }
}

static void fold_ttl(void *state, const struct flow_fold *from)
{
    struct ttl *ttl = state;
    uint8_t now = *(const uint8_t *)from->note;

    if (now == 0)
        return;
    ttl->least = ttl->least == 0 ? now : MIN(ttl->least, now);
    ttl->greatest = MAX(ttl->greatest, now);
}

static struct flow_value ttl_of(const struct flow_asked *asked)
{
    const struct ttl *ttl = asked->state;

    return (struct flow_value){ .known = ttl->least > 0,
                                .as.number = asked->row->number ? ttl->greatest : ttl->least };
}

static const char *const wanted_of_ttl[] = { "ip.ttl", NULL };

static const struct flow_row ttl_rows[] = {
    { .name = "ttl.min",
      .label = "TTL minimum",
      .help = "Least TTL.",
      .value = ttl_of,
      .kind = FLOW_UINT8,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = "ttl.max",
      .label = "TTL maximum",
      .help = "Greatest TTL.",
      .value = ttl_of,
      .kind = FLOW_UINT8,
      .number = 1,
      .scope = FLOW_SCOPE_MEASURE },
    { .name = NULL },
};

static const struct flow_group ttl = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct ttl),
    .note_size = sizeof(uint8_t),
    .name = "ttl",
    .title = "TTL",
    .help = "Keep the least and the greatest TTL. Makes Wireshark build trees.",
    .wanted = wanted_of_ttl,
    .rows = ttl_rows,
    .extract = extract_ttl,
    .fold = fold_ttl,
};

/* A group of another version of the interface: refused, and nothing else happens. */
static const struct flow_group from_the_future = { .version = FLOW_EXTENSION_VERSION + 1,
                                                   .name = "future" };

/* The tap */

static unsigned trees; /* frames that were dissected with one */

static int see_tree(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)tvb, (void)pinfo, (void)data;
    trees += tree != NULL;
    return 0;
}

static tap_packet_status print_frame(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *tapped, tap_flags_t flags)
{
    const struct flow_tap *tap = tapped;

    (void)data, (void)edt, (void)flags;
    if (tap->version < 2 || !tap->fact)
        return TAP_PACKET_DONT_REDRAW;
    printf("frame %u flow %u index %u dir %u bytes %lu of %lu pushes %lu\n", pinfo->num, tap->flow,
           tap->index, flow_fact_dir(tap->fact),
           (unsigned long)flow_view_value(tap->view, "sofar.bytes").as.number,
           (unsigned long)flow_view_value(tap->view, "bytes").as.number,
           (unsigned long)flow_view_value(tap->view, "sofar.pushes.up.count").as.number);
    return TAP_PACKET_DONT_REDRAW;
}

static void print_trees(void *data)
{
    (void)data;
    printf("trees %u\n", trees);
}

#if WIRESHARK_VERSION_MAJOR > 4 || WIRESHARK_VERSION_MINOR >= 6
static bool listen_to_flows(const char *argument, void *data)
#else
static void listen_to_flows(const char *argument, void *data)
#endif
{
    static int listener;
    GString *error = register_tap_listener("flow", &listener, NULL, TL_REQUIRES_NOTHING, NULL,
                                           print_frame, print_trees, NULL);

    (void)argument, (void)data;
    if (error) { /* flowstats is not there */
        fprintf(stderr, "%s\n", error->str);
        g_string_free(error, TRUE);
    }
#if WIRESHARK_VERSION_MAJOR > 4 || WIRESHARK_VERSION_MINOR >= 6
    return true;
#endif
}

static void register_pushes(void)
{
    stat_tap_ui ui = { .group = REGISTER_STAT_GROUP_GENERIC,
                       .cli_string = "pushes",
                       .tap_init_cb = listen_to_flows };
    int proto = proto_register_protocol("Pushes", "Pushes", "pushes");

    register_stat_tap_ui(&ui, NULL);
    register_postdissector(register_dissector("pushes", see_tree, proto));
}

static void hand_off(void) {}

uint32_t plugin_describe(void)
{
    return 1; /* a dissector */
}

void plugin_register(void)
{
    static proto_plugin plugin = { register_pushes, hand_off };

    flow_extension_register(&pushes);
    flow_extension_register(&ttl);
    flow_extension_register(&from_the_future);
    proto_register_plugin(&plugin);
}
