#include "community_id.h"

#include "view.h"

#include <string.h>

static uint32_t seed;

/* What the identifier is made of, in the order of the packet's sender and receiver. */
struct tuple {
    const uint8_t *addr[2];
    uint16_t port[2];
    uint8_t addr_len;
    uint8_t protocol;
    bool has_ports;
    bool is_ordered; /* it is never turned round */
};

/* ICMP has types for ports: a message's own, and that of what answers it or is answered. */
struct icmp_pair {
    uint8_t type[2];
};

static const struct icmp_pair icmp_pairs[] = {
    { { 8, 0 } },   /* echo */
    { { 13, 14 } }, /* timestamp */
    { { 15, 16 } }, /* information */
    { { 17, 18 } }, /* address mask */
    { { 10, 9 } },  /* router solicitation and advertisement */
    { { 0, 0 } },
};

static const struct icmp_pair icmpv6_pairs[] = {
    { { 128, 129 } }, /* echo */
    { { 133, 134 } }, /* router solicitation and advertisement */
    { { 135, 136 } }, /* neighbour solicitation and advertisement */
    { { 130, 131 } }, /* listener query and report */
    { { 139, 140 } }, /* node information */
    { { 144, 145 } }, /* home agent address discovery */
    { { 0, 0 } },
};

static bool find_answer(const struct icmp_pair *pairs, uint8_t type, uint8_t *ret_answer)
{
    for (; pairs->type[0] != pairs->type[1]; pairs++)
        for (int i = 0; i < 2; i++)
            if (pairs->type[i] == type) {
                *ret_answer = pairs->type[!i];
                return true;
            }
    return false;
}

/* Which of a flow's packets carry the numbers of the tuple: FLOW_FACT_CHECKSUM comes after them. */
static bool read_icmp(struct tuple *tuple, const struct icmp_pair *pairs,
                      const struct flow_fact *first)
{
    uint8_t answer = first->icmp_code;

    tuple->is_ordered = !find_answer(pairs, first->icmp_type, &answer);
    tuple->port[0] = first->icmp_type;
    tuple->port[1] = answer;
    tuple->has_ports = true;
    return first->bits & FLOW_FACT_CHECKSUM;
}

static bool read_ports(struct tuple *tuple, const struct flow *flow, enum flow_dir sender)
{
    for (int i = 0; i < 2; i++)
        tuple->port[i] = flow_end_of(flow, i == 0 ? sender : !sender)->port;
    tuple->has_ports = true;
    return flow->key.bits & FLOW_TUPLE_PORTS;
}

/* Other protocols have none, though some of them have ports. */
static bool read_protocol(struct tuple *tuple, const struct flow *flow,
                          const struct flow_fact *first)
{
    switch (tuple->protocol) {
    case FLOW_PROTOCOL_TCP:
    case FLOW_PROTOCOL_UDP:
    case FLOW_PROTOCOL_SCTP: return read_ports(tuple, flow, flow_fact_dir(first));
    case FLOW_PROTOCOL_ICMP: return read_icmp(tuple, icmp_pairs, first);
    case FLOW_PROTOCOL_ICMPV6: return read_icmp(tuple, icmpv6_pairs, first);
    default: return true;
    }
}

static bool read_tuple(struct flow_view *view, struct tuple *ret_tuple)
{
    const struct flow_key *key = &view->flow->key;
    struct flow_fact first;

    if (key->family == FLOW_LINK || !flow_view_packet(view, 0, &first))
        return false;
    *ret_tuple =
        (struct tuple){ .addr_len = key->family == FLOW_IPV4 ? 4 : 16, .protocol = key->protocol };
    for (int i = 0; i < 2; i++)
        ret_tuple->addr[i] =
            flow_end_of(view->flow, i == 0 ? flow_fact_dir(&first) : !flow_fact_dir(&first))->addr;
    return read_protocol(ret_tuple, view->flow, &first);
}

bool flow_icmp_ports(struct flow_view *view, uint16_t ret_ports[FLOW_DIRS])
{
    struct tuple tuple;
    struct flow_fact first;
    uint8_t protocol = view->flow->key.protocol;

    if ((protocol != FLOW_PROTOCOL_ICMP && protocol != FLOW_PROTOCOL_ICMPV6) ||
        !read_tuple(view, &tuple) || !flow_view_packet(view, 0, &first))
        return false;
    ret_ports[flow_fact_dir(&first)] = tuple.port[0];
    ret_ports[!flow_fact_dir(&first)] = tuple.port[1];
    return true;
}

/* Return which end comes first: the one with the smaller address and, if equal, port. */
static int first_end(const struct tuple *tuple)
{
    int order = memcmp(tuple->addr[0], tuple->addr[1], tuple->addr_len);

    if (tuple->is_ordered)
        return 0;
    return order > 0 || (order == 0 && tuple->port[0] > tuple->port[1]);
}

static void add_number(GChecksum *sum, uint16_t number)
{
    uint8_t bytes[] = { (uint8_t)(number >> 8), (uint8_t)number };

    g_checksum_update(sum, bytes, sizeof bytes);
}

static void add_tuple(GChecksum *sum, const struct tuple *tuple)
{
    int first = first_end(tuple);
    uint8_t protocol[] = { tuple->protocol, 0 };

    g_checksum_update(sum, tuple->addr[first], tuple->addr_len);
    g_checksum_update(sum, tuple->addr[!first], tuple->addr_len);
    g_checksum_update(sum, protocol, sizeof protocol);
    if (tuple->has_ports) {
        add_number(sum, tuple->port[first]);
        add_number(sum, tuple->port[!first]);
    }
}

/* Return the identifier, in the view's text; NULL where it is not known. */
static const char *text_of(struct flow_view *view)
{
    struct tuple tuple;
    uint8_t digest[20];
    gsize length = sizeof digest;

    if (!read_tuple(view, &tuple))
        return NULL;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
    add_number(sum, (uint16_t)seed);
    add_tuple(sum, &tuple);
    g_checksum_get_digest(sum, digest, &length);
    g_checksum_free(sum);
    char *base64 = g_base64_encode(digest, length);
    g_stpcpy(g_stpcpy(view->text, "1:"), base64);
    g_free(base64);
    return view->text;
}

#define ROWS_FILE  "community_id.def"
#define ROWS_STATE void
#include "rows.h"

static void summary(const struct flow_asked *asked, char *ret_text, size_t size)
{
    const char *text = text_of(asked->view);

    if (text)
        g_strlcpy(ret_text, text, size);
}

static const struct flow_setting settings[] = {
    { .name = "community_id_seed",
      .title = "Community ID seed",
      .help = "The number that Community IDs are made with: that of the tools whose logs are to be "
              "joined. 0 is what they use unless told otherwise.",
      .value = &seed,
      .most = UINT16_MAX },
    { .name = NULL },
};

const struct flow_group flow_community_id = {
    .version = FLOW_EXTENSION_VERSION,
    .is_on = true,
    .is_quiet = true,
    .name = "community_id",
    .title = "Community ID",
    .help = "The name of a flow that Zeek, Suricata and other tools give it, too: "
            "flow.community_id.",
    .rows = rows,
    .settings = settings,
    .summary = summary,
};
