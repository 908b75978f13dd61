#include "builtin.h"
#include "section.h"
#include "tcp_data.h"

/* Wireshark's numbers of what a flow is to it. */
struct kept {
    uint32_t number;
    uint16_t packets; /* that did not know it */
    bool is_known;
};

/* Of the first packet alone: so a frame knows it when it is dissected for the first time. */
static bool keep_stream(const struct flow_extract *from, void *ret_once)
{
    const struct fs_tcp_data *tcp = fs_tcp_data_of(from);

    if (tcp)
        *(struct kept *)ret_once =
            (struct kept){ .number = tcp->conversation->stream, .is_known = true };
    return true;
}

/* The keys that tell connections apart come with the handshake; in version 1 with its last ACK. */
static bool keep_mptcp(const struct flow_extract *from, void *ret_once)
{
    enum { PATIENCE = 8 };
    const struct fs_tcp_data *tcp = fs_tcp_data_of(from);
    struct kept *kept = ret_once;

    if (tcp && tcp->conversation->mptcp_analysis) {
        kept->number = tcp->conversation->mptcp_analysis->stream;
        kept->is_known = true;
        return true;
    }
    return from->packet->tuple.protocol != FLOW_PROTOCOL_TCP || ++kept->packets == PATIENCE;
}

static struct flow_value number_of(const struct flow_asked *asked)
{
    const struct kept *kept = asked->once;
    struct flow_value value = { .known = kept && kept->is_known };

    if (value.known)
        value.as.number = kept->number;
    return value;
}

static const struct flow_row stream_rows[] = {
    { .name = "tcp.stream",
      .label = "TCP stream",
      .help = "Wireshark's tcp.stream of the flow's first packet, for Follow TCP Stream and for "
              "filters. Absent where Wireshark did not dissect it as TCP.",
      .value = number_of,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_FLOW,
      .section = FLOW_SECTION_IDENTITY,
      .is_late = true,
      .is_zero_shown = true },
    { .name = NULL },
};

const struct flow_group fs_tcp_stream = {
    .version = FLOW_EXTENSION_VERSION,
    .once_size = sizeof(struct kept),
    .is_on = true,
    .is_fixed = true,
    .name = "tcp_stream",
    .rows = stream_rows,
    .once = keep_stream,
};

static const struct flow_row mptcp_rows[] = {
    { .name = "mptcp.stream",
      .label = "MPTCP stream",
      .help =
          "Wireshark's mptcp.stream: all subflows of a connection of Multipath TCP have the same. "
          "Absent in other flows.",
      .value = number_of,
      .kind = FLOW_UINT32,
      .scope = FLOW_SCOPE_WHOLE,
      .is_zero_shown = true },
    { .name = NULL },
};

const struct flow_group fs_mptcp = {
    .version = FLOW_EXTENSION_VERSION,
    .once_size = sizeof(struct kept),
    .is_on = true,
    .is_quiet = true,
    .name = "mptcp",
    .title = "Multipath TCP",
    .help = "Which connection of Multipath TCP each flow is part of: flow.mptcp.stream.",
    .rows = mptcp_rows,
    .once = keep_mptcp,
};
