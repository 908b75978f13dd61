#include "ws_compat.h"

#include "builtin.h"
#include "host_name.h"
#include "plain_text.h"
#include "tcp_data.h"
#include "texts.h"
#include "transport.h"

/*
 * Wireshark's list of layers says which packets may ask for a host, and the
 * bytes say which one: the segment's own, or a buffer in which Wireshark has put
 * the message together, or decrypted it.
 */

/* What is kept of a flow. */
struct kept {
    uint32_t text;   /* in texts; 0: none (yet) */
    uint32_t others; /* packets with payload in which no protocol asks for a host */
};

/* A flow that has said so much without asking for a host is not looked at any more. */
enum { PATIENCE = 1000 };

static struct flow_texts *texts; /* of the open file */

/* Numbers of readers, from 1, by Wireshark's protocol number. */
static uint8_t *readers;
static unsigned reader_end; /* the last of those protocols has the number before it */

static void look_up_readers(void)
{
    for (size_t i = 0; i < flow_host_reader_count; i++) {
        int protocol = proto_get_id_by_filter_name(flow_host_readers[i].protocol);
        reader_end = MAX(reader_end, (unsigned)(protocol + 1));
    }
    readers = g_malloc0(reader_end);
    for (size_t i = 0; i < flow_host_reader_count; i++) {
        int protocol = proto_get_id_by_filter_name(flow_host_readers[i].protocol);
        if (protocol >= 0)
            readers[protocol] = (uint8_t)(i + 1);
    }
}

static const struct flow_host_reader *reader_of(wmem_list_frame_t *layer)
{
    unsigned protocol = GPOINTER_TO_UINT(wmem_list_frame_data(layer));
    unsigned number = protocol < reader_end ? readers[protocol] : 0;

    return number > 0 ? &flow_host_readers[number - 1] : NULL;
}

/* The first layer from here on that may ask for a host. */
static wmem_list_frame_t *next_reader(wmem_list_frame_t *layer)
{
    while (layer && !reader_of(layer))
        layer = wmem_list_frame_next(layer);
    return layer;
}

/* Go past the transport header; false where there is none, or nothing after it. */
static bool pass_header(const struct flow_extract *from, struct flow_message_bytes *message)
{
    uint32_t length;

    if (!fs_transport_header(from->packet->tuple.protocol, message->data, (uint32_t)message->length,
                             &length) ||
        length >= message->length)
        return false;
    message->data += length;
    message->length -= length;
    message->is_own = true;
    return true;
}

/* A buffer of fragments put together starts with the transport header: the ports tell. */
static bool is_datagram(const struct flow_extract *from, const struct flow_message_bytes *message)
{
    return (from->packet->fact.bits & FLOW_FACT_FRAG) && message->length >= 4 &&
           flow_be16(message->data) == from->pinfo->srcport &&
           flow_be16(message->data + 2) == from->pinfo->destport;
}

static bool read_source(const struct flow_extract *from, const struct flow_host_reader *reader,
                        struct data_source *source, struct flow_message_bytes message,
                        struct flow_host_name *ret_name)
{
    tvbuff_t *tvb = get_data_source_tvb(source);

    message.length = tvb_captured_length(tvb);
    if (message.length == 0)
        return false;
    message.data = tvb_get_ptr(tvb, 0, (int)message.length);
    if (is_datagram(from, &message) && !pass_header(from, &message))
        return false;
    /* What tells a datagram's message from other bytes is its place. */
    return (message.is_stream || message.is_own || strcmp(reader->protocol, "quic") == 0) &&
           reader->read(&message, ret_name);
}

static bool read_all(const struct flow_extract *from, const struct flow_host_reader *reader,
                     struct flow_host_name *ret_name)
{
    const struct flow_fact *fact = &from->packet->fact;
    const GSList *source = from->pinfo->data_src ? from->pinfo->data_src->next : NULL;
    struct flow_message_bytes message = {
        .is_cut = fact->cap_len < fact->wire_len,
        .is_stream = from->packet->tuple.protocol == FLOW_PROTOCOL_TCP,
    };
    struct flow_message_bytes own = message;

    own.data = from->transport;
    own.length = from->transport_len;
    if (!(fact->bits & FLOW_FACT_FRAG) && pass_header(from, &own) && reader->read(&own, ret_name))
        return true;
    for (; source; source = source->next)
        if (read_source(from, reader, source->data, message, ret_name))
            return true;
    return false;
}

static void keep(struct kept *kept, const struct flow_host_name *name)
{
    char *text = flow_plain_text((const char *)name->bytes, name->length, FLOW_HOST_NAME_MAX);

    if (!texts)
        texts = flow_texts_new();
    kept->text = flow_texts_number(texts, text);
    g_free(text);
}

static bool once(const struct flow_extract *from, void *ret_once)
{
    uint8_t protocol = from->packet->tuple.protocol;
    struct kept *kept = ret_once;
    struct flow_host_name name;

    if (protocol != FLOW_PROTOCOL_TCP && protocol != FLOW_PROTOCOL_UDP)
        return true;
    if (reader_end == 0)
        look_up_readers();
    wmem_list_frame_t *layer = next_reader(from->payload);
    if (layer && fs_tcp_is_unfinished(from))
        layer = NULL;
    if (!layer)
        return from->packet->fact.payload_len > 0 && ++kept->others == PATIENCE;
    for (; layer; layer = next_reader(wmem_list_frame_next(layer)))
        if (read_all(from, reader_of(layer), &name)) {
            keep(kept, &name);
            return true;
        }
    return false;
}

static void forget(void)
{
    flow_texts_free(texts);
    texts = NULL;
}

static struct flow_value host_of(const struct flow_asked *asked)
{
    const struct kept *kept = asked->once;
    struct flow_value value = { .known = kept && kept->text > 0 };

    if (value.known)
        value.as.text = flow_texts_at(texts, kept->text);
    return value;
}

static void summarise(const struct flow_asked *asked, char *ret_text, size_t size)
{
    struct flow_value host = host_of(asked);

    if (host.known)
        g_strlcpy(ret_text, host.as.text, size);
}

static const struct flow_row rows[] = {
    { .name = "host",
      .label = "Host",
      .help = "Name of the host that the client asked for first: the server name of TLS or QUIC, "
              "HTTP's Host, or the name in a DNS question.",
      .column = "Host",
      .value = host_of,
      .kind = FLOW_TEXT,
      .scope = FLOW_SCOPE_WHOLE },
    { .name = NULL },
};

const struct flow_group fs_host = {
    .version = FLOW_EXTENSION_VERSION,
    .once_size = sizeof(struct kept),
    .is_on = true,
    .is_quiet = true,
    .name = "host",
    .title = "Host",
    .help = "Name the host that each flow's client asked for, of TLS, QUIC, HTTP and DNS: "
            "flow.host.",
    .rows = rows,
    .once = once,
    .close = forget,
    .summary = summarise,
};
