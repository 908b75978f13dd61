#include "host_name.h"

#include <glib.h>
#include <string.h>

/* Bytes that are read from their start on. */
struct cursor {
    const uint8_t *at;
    size_t left;
    bool is_cut; /* vectors may state more than there is */
};

static bool number(struct cursor *cursor, size_t size, size_t *ret_number)
{
    if (cursor->left < size)
        return false;
    *ret_number = 0;
    for (; size > 0; size--, cursor->left--)
        *ret_number = *ret_number << 8 | *cursor->at++;
    return true;
}

static bool skip(struct cursor *cursor, size_t size)
{
    if (cursor->left < size)
        return false;
    cursor->at += size;
    cursor->left -= size;
    return true;
}

/* A length of so many bytes, and what it is the length of (RFC 8446, 3.4). */
static bool vector(struct cursor *cursor, size_t size_of_length, struct cursor *ret_vector)
{
    size_t length;

    if (!number(cursor, size_of_length, &length) || (length > cursor->left && !cursor->is_cut))
        return false;
    *ret_vector = *cursor;
    ret_vector->left = MIN(length, cursor->left);
    return skip(cursor, ret_vector->left);
}

static bool keep(const uint8_t *bytes, size_t length, struct flow_host_name *ret_name)
{
    if (length == 0)
        return false;
    ret_name->length = MIN(length, FLOW_HOST_NAME_MAX);
    memcpy(ret_name->bytes, bytes, ret_name->length);
    return true;
}

/* TLS */

enum { TLS_HANDSHAKE = 22, TLS_CLIENT_HELLO = 1, TLS_MAJOR = 3 };

/* A list of names, each with a type (RFC 6066, 3); the first one. */
static bool server_name(struct cursor extension, struct flow_host_name *ret_name)
{
    struct cursor list, name;
    size_t type;

    extension.is_cut = false; /* half a name is none */
    return vector(&extension, 2, &list) && number(&list, 1, &type) && vector(&list, 2, &name) &&
           keep(name.at, name.left, ret_name);
}

static bool extensions(struct cursor list, struct flow_host_name *ret_name)
{
    enum { SERVER_NAME = 0 };
    struct cursor extension;
    size_t type;

    while (number(&list, 2, &type) && vector(&list, 2, &extension))
        if (type == SERVER_NAME)
            return server_name(extension, ret_name);
    return false;
}

/* The body of a ClientHello (RFC 8446, 4.1.2). */
static bool client_hello(struct cursor hello, struct flow_host_name *ret_name)
{
    enum { VERSION = 2, RANDOM = 32 };
    struct cursor passed, list;

    return skip(&hello, VERSION + RANDOM) && vector(&hello, 1, &passed) && /* session */
           vector(&hello, 2, &passed) && vector(&hello, 1, &passed) && /* ciphers, compression */
           vector(&hello, 2, &list) && extensions(list, ret_name);
}

static bool handshake(struct cursor message, struct flow_host_name *ret_name)
{
    struct cursor hello;
    size_t type;

    return number(&message, 1, &type) && type == TLS_CLIENT_HELLO && vector(&message, 3, &hello) &&
           client_hello(hello, ret_name);
}

/* Whether bytes that may be anything are a handshake message, of one piece. */
static bool is_handshake(const struct cursor *message)
{
    enum { HEADER = 4 };

    return message->left > HEADER && message->at[0] == TLS_CLIENT_HELLO &&
           ((size_t)message->at[1] << 16 | (size_t)message->at[2] << 8 | message->at[3]) ==
               message->left - HEADER &&
           message->at[HEADER] == TLS_MAJOR;
}

/* The handshake records at the start of a stream, which may hold one message in parts. */
static bool records(struct cursor stream, struct flow_host_name *ret_name)
{
    GByteArray *message = g_byte_array_new();
    struct cursor record;
    size_t type, version;
    bool is_known = false;

    while (!is_known && number(&stream, 1, &type) && type == TLS_HANDSHAKE &&
           number(&stream, 2, &version) && version >> 8 == TLS_MAJOR &&
           vector(&stream, 2, &record)) {
        g_byte_array_append(message, record.at, (unsigned)record.left);
        if (message->len > 0 && message->data[0] != TLS_CLIENT_HELLO)
            break;
        is_known =
            handshake((struct cursor){ message->data, message->len, stream.is_cut }, ret_name);
    }
    g_byte_array_unref(message);
    return is_known;
}

static struct cursor cursor_of(const struct flow_message_bytes *message)
{
    return (struct cursor){ message->data, message->length, message->is_cut };
}

static bool tls(const struct flow_message_bytes *message, struct flow_host_name *ret_name)
{
    struct cursor all = cursor_of(message);

    if (!message->is_own && is_handshake(&all))
        return handshake(all, ret_name);
    return all.left > 0 && all.at[0] == TLS_HANDSHAKE && records(all, ret_name);
}

/* QUIC */

/* An integer of variable length (RFC 9000, 16). */
static bool varint(struct cursor *cursor, uint64_t *ret_value)
{
    if (cursor->left == 0)
        return false;
    size_t size = (size_t)1 << (*cursor->at >> 6);
    if (cursor->left < size)
        return false;
    *ret_value = *cursor->at & 0x3f;
    for (size_t i = 1; i < size; i++)
        *ret_value = *ret_value << 8 | cursor->at[i];
    return skip(cursor, size);
}

/* Largest acknowledged, delay, count of ranges, first range, the ranges, and ECN's counts. */
static bool skip_ack(struct cursor *cursor, bool has_ecn)
{
    uint64_t value, left = 4;

    for (unsigned i = 0; left > 0; i++, left--) {
        if (!varint(cursor, &value))
            return false;
        if (i == 2)
            left += MIN(value, cursor->left) * 2 + (has_ecn ? 3 : 0);
    }
    return true;
}

/* The stream that the CRYPTO frames of one packet hold, in whatever order they come. */
struct crypto {
    GByteArray *bytes;
    GByteArray *is_there; /* of each of them */
};

static bool add_crypto(struct crypto *crypto, struct cursor *cursor)
{
    enum { STREAM_MAX = 1 << 16 };
    uint64_t offset, size;

    if (!varint(cursor, &offset) || !varint(cursor, &size) || size > cursor->left ||
        offset > STREAM_MAX - size)
        return false;
    unsigned end = (unsigned)(offset + size), before = crypto->bytes->len;
    if (end > before) {
        g_byte_array_set_size(crypto->bytes, end);
        g_byte_array_set_size(crypto->is_there, end);
        memset(crypto->is_there->data + before, 0, end - before);
    }
    if (size > 0) {
        memcpy(crypto->bytes->data + offset, cursor->at, size);
        memset(crypto->is_there->data + offset, 1, size);
    }
    return skip(cursor, size);
}

/* The frames that a client's Initial packet can have (RFC 9000, 12.4); it ends where others come.
 */
static void frames(struct cursor packet, struct crypto *crypto)
{
    enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, GOOGLES_CRYPTO = 8 };
    size_t type;

    while (number(&packet, 1, &type)) {
        /* Each byte is a frame, and most bytes of such a packet are. */
        while (type == PADDING && packet.left > 0 && *packet.at == PADDING)
            skip(&packet, 1);
        if (type == PADDING || type == PING)
            continue;
        if (type == ACK || type == ACK_ECN) {
            if (!skip_ack(&packet, type == ACK_ECN))
                return;
        } else if ((type != CRYPTO && type != GOOGLES_CRYPTO) || !add_crypto(crypto, &packet)) {
            return;
        }
    }
}

/* How many bytes there are from the start of the stream on without a hole. */
static size_t contiguous(const struct crypto *crypto)
{
    const uint8_t *is_there = crypto->is_there->data;
    size_t length = crypto->is_there->len;
    const uint8_t *hole = length > 0 ? memchr(is_there, 0, length) : NULL;

    return hole ? (size_t)(hole - is_there) : length;
}

static bool quic(const struct flow_message_bytes *message, struct flow_host_name *ret_name)
{
    struct cursor all = cursor_of(message);
    struct crypto crypto;
    bool is_known;

    if (message->is_own)
        return false; /* encrypted */
    if (is_handshake(&all))
        return handshake(all, ret_name);
    crypto.bytes = g_byte_array_new();
    crypto.is_there = g_byte_array_new();
    frames(all, &crypto);
    is_known = handshake(
        (struct cursor){ crypto.bytes->data, contiguous(&crypto), message->is_cut }, ret_name);
    g_byte_array_unref(crypto.bytes);
    g_byte_array_unref(crypto.is_there);
    return is_known;
}

/* HTTP, and what looks like it: lines */

/* A line without its end; false where it has none, but at the end of what is whole. */
static bool line(struct cursor *text, bool may_end, struct cursor *ret_line)
{
    const uint8_t *end = text->left > 0 ? memchr(text->at, '\n', text->left) : NULL;

    if (!end && (!may_end || text->left == 0))
        return false;
    *ret_line = *text;
    ret_line->left = end ? (size_t)(end - text->at) : text->left;
    skip(text, ret_line->left + (end ? 1 : 0));
    if (ret_line->left > 0 && ret_line->at[ret_line->left - 1] == '\r')
        ret_line->left--;
    return true;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* The value of a header of that name, without the blanks around it. */
static bool header_value(struct cursor header, const char *name, struct flow_host_name *ret_name)
{
    size_t length = strlen(name);

    if (header.left <= length || g_ascii_strncasecmp((const char *)header.at, name, length) != 0 ||
        header.at[length] != ':')
        return false;
    skip(&header, length + 1);
    while (header.left > 0 && is_blank(*header.at))
        skip(&header, 1);
    while (header.left > 0 && is_blank(header.at[header.left - 1]))
        header.left--;
    return keep(header.at, header.left, ret_name);
}

/* A method and a blank, or the version of an answer. */
static bool starts_http(const struct cursor *text)
{
    size_t letters = 0;

    while (letters < text->left && (g_ascii_isupper(text->at[letters]) || text->at[letters] == '-'))
        letters++;
    return letters >= 3 && letters < text->left &&
           (text->at[letters] == ' ' || (letters == 4 && text->at[letters] == '/'));
}

static bool http(const struct flow_message_bytes *message, struct flow_host_name *ret_name)
{
    struct cursor text = cursor_of(message), header;
    struct flow_host_name name = { .length = 0 };
    bool may_end = !message->is_stream && !message->is_cut;

    if (!starts_http(&text))
        return false;
    while (line(&text, may_end, &header) && header.left > 0)
        if (name.length == 0)
            header_value(header, "host", &name);
    /* On a stream an empty line ends the headers. */
    if (name.length == 0 || (header.left > 0 && message->is_stream && !message->is_cut))
        return false;
    *ret_name = name;
    return true;
}

/* DNS */

/* Labels, up to the root's (RFC 1035, 3.1); the first name of a message has nothing to point to. */
static bool labels(struct cursor *message, struct flow_host_name *ret_name)
{
    static const char root[] = "<Root>"; /* in Wireshark's words */
    struct cursor label;
    size_t length = 0;

    while (message->left > 0 && *message->at < 0x40 && vector(message, 1, &label)) {
        if (label.left == 0)
            return length > 0 || keep((const uint8_t *)root, strlen(root), ret_name);
        if (length + 1 + label.left > FLOW_HOST_NAME_MAX)
            return false;
        if (length > 0)
            ret_name->bytes[length++] = '.';
        memcpy(ret_name->bytes + length, label.at, label.left);
        length += label.left;
        ret_name->length = length;
    }
    return false;
}

static bool dns(const struct flow_message_bytes *message, struct flow_host_name *ret_name)
{
    enum { ID_AND_FLAGS = 4, COUNTS = 6, TYPE_AND_CLASS = 4 };
    struct cursor all = cursor_of(message), query = all;
    struct flow_host_name name = { .length = 0 };
    size_t questions;

    all.is_cut = false;
    if (message->is_stream && !vector(&all, 2, &query))
        return false;
    query.is_cut = false; /* half a name is none */
    if (!skip(&query, ID_AND_FLAGS) || !number(&query, 2, &questions) || questions == 0 ||
        !skip(&query, COUNTS) || !labels(&query, &name) ||
        (!message->is_cut && query.left < TYPE_AND_CLASS))
        return false;
    *ret_name = name;
    return true;
}

const struct flow_host_reader flow_host_readers[] = {
    { "tls", tls }, { "quic", quic }, { "http", http }, { "ssdp", http },
    { "dns", dns }, { "mdns", dns },  { "llmnr", dns },
};

const size_t flow_host_reader_count = G_N_ELEMENTS(flow_host_readers);
