#include "builtin.h"
#include "section.h"
#include "tcp_data.h"

/* A connection of Wireshark's and a flow are the same where neither is cut (definitions, TCP). */

struct kept {
    uint32_t stream;
    bool is_known;
};

static bool once(const struct flow_extract *from, void *ret_once)
{
    struct kept *kept = ret_once;

    if (from->packet->tuple.protocol != FLOW_PROTOCOL_TCP)
        return true;
    const struct fs_tcp_data *tcp = fs_tcp_data_of(from);
    if (!tcp)
        return false; /* a fragment, or its header was cut off */
    kept->stream = tcp->conversation->stream;
    kept->is_known = true;
    return true;
}

static struct flow_value stream_of(const struct flow_asked *asked)
{
    const struct kept *kept = asked->once;
    struct flow_value value = { .known = kept && kept->is_known };

    if (value.known)
        value.as.number = kept->stream;
    return value;
}

static const struct flow_row rows[] = {
    { .name = "tcp.stream",
      .label = "TCP stream",
      .help = "Wireshark's tcp.stream of the flow's first segment, for Follow TCP Stream and for "
              "filters.",
      .value = stream_of,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_FLOW,
      .section = FLOW_SECTION_IDENTITY,
      .is_late = true },
    { .name = NULL },
};

const struct flow_group fs_tcp_stream = {
    .version = FLOW_EXTENSION_VERSION,
    .once_size = sizeof(struct kept),
    .is_on = true,
    .is_fixed = true,
    .name = "tcp_stream",
    .rows = rows,
    .once = once,
};
