#include "tcp_group.h"

#include "view.h"

const struct flow_name flow_tcp_state_names[] = {
    { FLOW_TCP_CLOSED, "Closed" },
    { FLOW_TCP_SYN_SENT, "SynSent" },
    { FLOW_TCP_SYN_RECEIVED, "SynReceived" },
    { FLOW_TCP_ESTABLISHED, "Established" },
    { FLOW_TCP_FIN_WAIT, "FinWait" },
    { FLOW_TCP_CLOSE_WAIT, "CloseWait" },
    { FLOW_TCP_CLOSING, "Closing" },
    { FLOW_TCP_RESET, "Reset" },
    { FLOW_TCP_UNKNOWN, "Unknown" },
    { 0, NULL },
};

static const struct flow_name reset_by_names[] = { { FLOW_UP, "up" },
                                                   { FLOW_DOWN, "down" },
                                                   { 0, NULL } };

/* The words that the rows' expressions are made of. */

static bool is_tcp(const struct flow_tcp *tcp)
{
    return (tcp->half[FLOW_UP].bits | tcp->half[FLOW_DOWN].bits) & FLOW_TCP_HALF_SEEN;
}

/* Where flow_tcp_span() says that it is known. */
static int64_t span(const struct flow_tcp *tcp, enum flow_tcp_span which)
{
    int64_t ns = 0;

    flow_tcp_span(tcp, which, &ns);
    return ns;
}

#define ROWS_FILE  "tcp.def"
#define ROWS_STATE struct flow_tcp
#include "rows.h"

static void fold(void *state, const struct flow_fold *from)
{
    flow_tcp_apply(state, from->fact);
}

/* No merge: what a segment means depends on those before it. */
const struct flow_group flow_tcp_group = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct flow_tcp),
    .is_on = true,
    .is_fixed = true,
    .name = "tcp",
    .title = "TCP",
    .help = "State, resets and handshake of TCP connections.",
    .rows = rows,
    .fold = fold,
};
