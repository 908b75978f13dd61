/* A plugin of the interface's version 2, which flowstats refuses: its folds would read what is
 * gone. */
#include <ws_version.h>

#include <wireshark.h>

#include <epan/packet.h>

#include <flowstats/extension.h>

#if WIRESHARK_VERSION_MAJOR > 4 || WIRESHARK_VERSION_MINOR >= 4
#include <wsutil/plugins.h>
#endif

WS_DLL_PUBLIC_DEF const char plugin_version[] = "1";
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

static void fold(void *data, const struct flow_fact *fact, const void *note,
                 const struct flow_state *state)
{
    (void)fact, (void)note;
    *(uint64_t *)data = state->half[FLOW_UP].bytes;
}

static struct flow_value value_of(const struct flow_extension_row *row, const void *data,
                                  const struct flow_state *state, enum flow_dir dir)
{
    (void)row, (void)state, (void)dir;
    return (struct flow_value){ .known = true, .as.number = *(const uint64_t *)data };
}

static const struct flow_extension_row rows[] = {
    { .name = "bytes", .label = "Bytes", .help = "Bytes.", .value = value_of, .kind = FLOW_UINT64 },
    { .name = NULL },
};

static const struct flow_extension old = {
    .version = FLOW_EXTENSION_VERSION,
    .data_size = sizeof(uint64_t),
    .is_on = true,
    .name = "old",
    .title = "Old",
    .help = "Of version 2.",
    .rows = rows,
    .fold = fold,
};

uint32_t plugin_describe(void)
{
    return 1; /* a dissector */
}

void plugin_register(void)
{
    flow_extension_register(&old);
}
