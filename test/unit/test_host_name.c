#include "host_name.h"

#include <glib.h>
#include <string.h>

/*
 * Messages byte by byte.  Whole ones of real protocols, and what Wireshark makes
 * of them, are in test/integration/test_host.py.
 */

enum place { OWN, OTHER };

static const struct flow_host_reader *reader_of(const char *protocol)
{
    const struct flow_host_reader *reader = flow_host_readers;

    while (strcmp(reader->protocol, protocol) != 0)
        reader++;
    return reader;
}

static bool read_name(const char *protocol, struct flow_message_bytes message,
                      struct flow_host_name *ret_name)
{
    /* Exactly as large as it is, so that a read past the end is seen. */
    uint8_t *copy = g_memdup2(message.data, message.length);
    bool is_known;

    message.data = copy;
    is_known = reader_of(protocol)->read(&message, ret_name);
    g_free(copy);
    return is_known;
}

/* NULL: none. */
static void expect(const char *protocol, struct flow_message_bytes message, const char *want)
{
    struct flow_host_name name;
    bool is_known = read_name(protocol, message, &name);

    g_assert_cmpint(is_known, ==, want != NULL);
    if (want)
        g_assert_cmpmem(name.bytes, name.length, want, strlen(want));
}

#define BYTES(text)                                                                                \
    {                                                                                              \
        .data = (const uint8_t *)(text), .length = sizeof(text) - 1                                \
    }
#define STREAM(text)                                                                               \
    (struct flow_message_bytes)                                                                    \
    {                                                                                              \
        .data = (const uint8_t *)(text), .length = sizeof(text) - 1, .is_stream = true,            \
        .is_own = true                                                                             \
    }
#define DATAGRAM(text)                                                                             \
    (struct flow_message_bytes)                                                                    \
    {                                                                                              \
        .data = (const uint8_t *)(text), .length = sizeof(text) - 1, .is_own = true                \
    }
#define BUFFER(text)                                                                               \
    (struct flow_message_bytes)                                                                    \
    {                                                                                              \
        .data = (const uint8_t *)(text), .length = sizeof(text) - 1, .is_stream = true             \
    }

/* A ClientHello without a session: 58 bytes of body, 15 of them the name's extension. */
#define RANDOM "0123456789abcdef0123456789abcdef"
#define NAMED                                                                                      \
    "\0\0\0\x0b\0\x09\0\0\x06"                                                                     \
    "ab.org"
#define BODY                                                                                       \
    "\3\3" RANDOM "\0"                                                                             \
    "\0\2\x13\1"                                                                                   \
    "\1\0"                                                                                         \
    "\0\x0f" NAMED
#define HELLO  "\1\0\0\x3a" BODY
#define RECORD "\x16\3\1\0\x3e" HELLO

static void test_a_client_hello_names_a_server(void)
{
    expect("tls", STREAM(RECORD), "ab.org");
    expect("tls", STREAM(RECORD "\x17\3\3"), "ab.org"); /* something follows it */
    expect("tls",
           STREAM("\x16\3\1\0\x0a\1\0\0\x3a\3\3"
                  "0123"
                  "\x16\3\1\0\x34"
                  "456789abcdef0123456789abcdef"
                  "\0"
                  "\0\2\x13\1"
                  "\1\0"
                  "\0\x0f" NAMED),
           "ab.org");                                       /* in two records */
    expect("tls", STREAM("\x16\3\1\0\0" RECORD), "ab.org"); /* an empty record before it */
    expect("tls", BUFFER(HELLO), "ab.org");                 /* put together by Wireshark */
    expect("tls", BUFFER(RECORD), "ab.org");
    expect("tls", STREAM(HELLO), NULL);                           /* no stream of TLS starts so */
    expect("tls", BUFFER(HELLO "more"), NULL);                    /* no message of that length */
    expect("tls", STREAM("\x16\3\1\0\x3f\2\0\0\x3a" BODY), NULL); /* a ServerHello */
    expect("tls", STREAM("\x17\3\1\0\x3e" HELLO), NULL);          /* application data */
    expect("tls", STREAM("\x16\2\1\0\x3e" HELLO), NULL);          /* another protocol */
}

/* A hello of 256 bytes, and one of 65536, which states its length in three bytes, behind padding.
 */
static void test_a_long_hello_is_one_message(void)
{
    static const uint32_t lengths[] = { 0x100, 0x10000 };
    /* What comes before the padding's extension, and that one's header */
    static const char start[] = "\3\3" RANDOM "\0\0\2\x13\1\1\0";
    enum { START = sizeof start - 1, LIST = 2, PADDING = 4, NAME = sizeof NAMED - 1 };

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        uint32_t list = lengths[i] - START - LIST, padding = list - PADDING - NAME;
        GByteArray *bytes = g_byte_array_new();
        const uint8_t header[] = { 1, (uint8_t)(lengths[i] >> 16), (uint8_t)(lengths[i] >> 8),
                                   (uint8_t)lengths[i] };
        const uint8_t lists[] = { (uint8_t)(list >> 8),    (uint8_t)list,   0, 21,
                                  (uint8_t)(padding >> 8), (uint8_t)padding };
        g_byte_array_append(bytes, header, sizeof header);
        g_byte_array_append(bytes, (const uint8_t *)start, START);
        g_byte_array_append(bytes, lists, sizeof lists);
        g_byte_array_set_size(bytes, bytes->len + padding);
        g_byte_array_append(bytes, (const uint8_t *)NAMED, NAME);
        expect("tls",
               (struct flow_message_bytes){
                   .data = bytes->data, .length = bytes->len, .is_stream = true },
               "ab.org");
        g_byte_array_unref(bytes);
    }
}

/* The name is the last that it has: whether it was cut, or goes on, it is not there. */
static void test_half_a_hello_names_nobody(void)
{
    static const char record[] = RECORD;

    for (size_t length = 0; length < sizeof record; length++) {
        struct flow_message_bytes message = { .data = (const uint8_t *)record,
                                              .length = length,
                                              .is_cut = length % 2 == 0,
                                              .is_stream = true,
                                              .is_own = true };
        expect("tls", message, length == sizeof record - 1 ? "ab.org" : NULL);
    }
}

static void test_a_cut_hello_has_what_came_before_the_cut(void)
{
    /* The name first, and another extension after it, which is not all there. */
    static const char record[] = "\x16\3\1\1\0\1\0\0\xfc\3\3" RANDOM "\0"
                                 "\0\2\x13\1"
                                 "\1\0"
                                 "\0\xd1" NAMED "\0\x33\0\xbd";
    struct flow_message_bytes message = BYTES(record);

    message.length = sizeof record - 1;
    expect("tls", message, NULL);
    message.is_cut = true;
    expect("tls", message, "ab.org");
}

static void test_quic_puts_crypto_frames_together(void)
{
    /* An ACK of two ranges, padding, the end of the hello, a PING, its start. */
#define START                                                                                      \
    "\1\0\0\x3a\3\3" RANDOM "\0"                                                                   \
    "\0\2\x13\1"                                                                                   \
    "\1\0"
#define END        "\0\x0f" NAMED
#define AFTER_TYPE "\0\0\x3a" BODY
    expect("quic", BUFFER("\2\5\0\1\0\0\0\0\0\6\x2d\x11" END "\1\6\0\x2d" START "\0\0"), "ab.org");
    expect("quic", BUFFER("\6\0\x2d" START "\6\x2d\x11" END), "ab.org");
    expect("quic", BUFFER("\6\0\x2d" START "\6\x2d\x12" END), NULL); /* it states a byte more */
    expect("quic", BUFFER("\6\0\x2d" START "\6\x2e\x11" END), NULL); /* a byte between them lacks */
    expect("quic",
           BUFFER("\6\0\x0a\1\0\0\x3a\3\3"
                  "0123"
                  "\6\x0b\x33"
                  "56789abcdef0123456789abcdef"
                  "\0"
                  "\0\2\x13\1"
                  "\1\0" END),
           NULL); /* or one that says nothing */
    expect("quic", BUFFER("\6\0\x2d" START "\x1c\6\x2d\x11" END), NULL); /* it is closed */
    expect("quic", BUFFER("\6\0\x3e" HELLO "\x1c"), "ab.org");
    expect("quic", BUFFER("\x8\0\x3e" HELLO), "ab.org"); /* as Google's T050 and T051 call it */
    expect("quic", BUFFER("\x7\0\x3e" HELLO), NULL);
    expect("quic", BUFFER("\6\0\1\1\6\1\x3d" AFTER_TYPE), "ab.org"); /* a frame of one byte */
    expect("quic", BUFFER("\6\0\0\6\0\x3e" HELLO), "ab.org");        /* and of none */
    expect("quic", BUFFER("\6\x40\0\x40\x3e" HELLO), "ab.org");      /* longer integers */
    expect("quic", BUFFER("\6\x80\0\0\0\x80\0\0\x3e" HELLO), "ab.org");
    expect("quic", BUFFER("\6\xc0\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x3e" HELLO), "ab.org");
    expect("quic", BUFFER("\2\5\0\0\0\6\0\x3e" HELLO), "ab.org"); /* one range, without counts */
    expect("quic", BUFFER("\3\5\0\0\0\1\2\3\6\0\x3e" HELLO), "ab.org"); /* with those of ECN */
    expect("quic", BUFFER("\3\5\0\1\0\1\1\1\2\3\6\0\x3e" HELLO), "ab.org");
    expect("quic", BUFFER("\3\5\0\0\0\1\2\6\0\x3e" HELLO), NULL); /* one of them lacks */
    /* Its last byte is the last that there is room for, and one behind it. */
    expect("quic", BUFFER("\6\x80\0\xff\xff\1x\6\0\x3e" HELLO), "ab.org");
    expect("quic", BUFFER("\6\x80\0\xff\xff\2xx\6\0\x3e" HELLO), NULL);
    expect("quic", BUFFER("\6\x80\1\0\0\0\6\0\x3e" HELLO), "ab.org");
    expect("quic", BUFFER("\6\x80\1\0\1\0\6\0\x3e" HELLO), NULL);
    expect("quic", BUFFER("\6\0"), NULL);
    expect("quic", BUFFER("\6\0\x40"), NULL);
    expect("quic", BUFFER(HELLO), "ab.org");          /* put together by Wireshark */
    expect("quic", DATAGRAM("\6\0\x3e" HELLO), NULL); /* what is on the wire is encrypted */
    expect("quic", BUFFER("\6\xff\xff\xff\xff\xff\xff\xff\xff\x3e" HELLO), NULL);
    expect("quic", BUFFER("\2\xff\xff\xff\xff\xff\xff\xff\xff\0\xff\xff\xff\xff\xff\xff\xff\xff"),
           NULL);
}

static void test_http_has_a_host(void)
{
    expect("http", STREAM("GET / HTTP/1.1\r\nHost: a.org\r\n\r\n"), "a.org");
    expect("http", STREAM("GET / HTTP/1.1\nhOST:\t a.org:80 \t\n\nbody"), "a.org:80");
    expect("http", STREAM("GET / HTTP/1.1\nHost: a.org\n\n"), "a.org");
    expect("http", STREAM("HTTP/1.1 200 OK\r\nHost: a.org\r\n\r\n"), "a.org");
    expect("http", STREAM("PUT"), NULL);
    expect("http", STREAM("GO / HTTP/1.1\r\nHost: a.org\r\n\r\n"), NULL); /* too short a method */
    expect("http", STREAM("HTTPS/1.1 200 OK\r\nHost: a.org\r\n\r\n"), NULL);
    expect("http", STREAM("GET/1.1 200 OK\r\nHost: a.org\r\n\r\n"), NULL);
    expect("http", STREAM("M-SEARCH * HTTP/1.1\r\nA: b\r\nHost:a.org\r\nHost: b.org\r\n\r\n"),
           "a.org");
    expect("http", STREAM("GET / HTTP/1.1\r\nHost: a.org\r\n"), NULL); /* they go on */
    expect("http", STREAM("GET / HTTP/1.1\r\nHost: a.org"), NULL);
    expect("http", STREAM("GET / HTTP/1.1\r\n\r\nHost: a.org\r\n\r\n"), NULL); /* in the body */
    expect("http", STREAM("GET / HTTP/1.1\r\nX-Host: a.org\r\nHosts: b\r\n\r\n"), NULL);
    expect("http", STREAM("GET / HTTP/1.1\r\nHost:  \r\n\r\n"), NULL);
    expect("http", STREAM("go on\r\nHost: a.org\r\n\r\n"), NULL);
    expect("http", STREAM("HTTP/1.1 200 OK\r\nServer: a.org\r\n\r\n"), NULL);
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost: a.org\r\n"), "a.org"); /* it is all */
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost: a.org"), "a.org");
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost: a"), "a");
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost: \t"), NULL);
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost:"), NULL);
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost"), NULL);
    expect("ssdp", DATAGRAM("NOTIFY * HTTP/1.1\r\nHost=a.org"), NULL);
}

/* A line that is whole is believed, whatever the snap length has cut behind it. */
static void test_a_cut_message_has_its_whole_lines(void)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a.org\r\nAccept: text/html\r\n\r\n";
    size_t known = strstr(text, "Accept") - text;

    for (unsigned is_stream = 0; is_stream < 2; is_stream++)
        for (size_t length = 0; length < sizeof text; length++) {
            struct flow_message_bytes message = { .data = (const uint8_t *)text,
                                                  .length = length,
                                                  .is_cut = true,
                                                  .is_stream = is_stream,
                                                  .is_own = true };
            expect("http", message, length >= known ? "a.org" : NULL);
        }
}

#define QUESTIONS(count) "\0\7\1\0\0" count "\0\0\0\0\0\0"

static void test_dns_asks_for_a_name(void)
{
    expect("dns", DATAGRAM(QUESTIONS("\1") "\1a\3org\0\0\1\0\1"), "a.org");
    expect("dns", DATAGRAM(QUESTIONS("\2") "\1a\3org\0\0\1\0\1\1b\xc0\x0e\0\1\0\1"), "a.org");
    expect("mdns", DATAGRAM(QUESTIONS("\1") "\1a\5local\0\0\1\0\1"), "a.local");
    expect("dns", DATAGRAM(QUESTIONS("\1") "\1a\0\0\1\0\1"), "a");
    expect("dns", DATAGRAM(QUESTIONS("\1") "\0\0\2\0\1"), "<Root>");
    expect("dns", DATAGRAM(QUESTIONS("\0") "\1a\3org\0\0\1\0\1"), NULL);
    expect("dns", DATAGRAM(QUESTIONS("\1") "\1a\3org\0\0\1\0"), NULL);
    expect("dns", DATAGRAM(QUESTIONS("\1") "\1a\3or"), NULL);
    expect("dns", DATAGRAM(QUESTIONS("\1") "\xc0\x0c\0\1\0\1"), NULL); /* points to itself */
    expect("dns", DATAGRAM(QUESTIONS("\1") "\x41\1\0\0\1\0\1"), NULL);
    expect("dns", STREAM("\0\x17" QUESTIONS("\1") "\1a\3org\0\0\1\0\1"), "a.org");
    expect("dns", STREAM("\0\x18" QUESTIONS("\1") "\1a\3org\0\0\1\0\1"), NULL);
    expect("dns", STREAM("\0\x17" QUESTIONS("\1") "\1a\3org\0\0\1\0\1\0"), "a.org");
}

/* A name up to its root is believed, where the snap length has cut what follows. */
static void test_a_cut_question_has_its_name(void)
{
    static const char text[] = QUESTIONS("\1") "\1a\3org\0\0\1\0\1";
    enum { NAMED_BY = 12 + 7 };

    for (size_t length = 0; length < sizeof text; length++)
        for (unsigned is_cut = 0; is_cut < 2; is_cut++) {
            struct flow_message_bytes message = { .data = (const uint8_t *)text,
                                                  .length = length,
                                                  .is_cut = is_cut };
            bool is_known = length >= (is_cut ? NAMED_BY : sizeof text - 1);
            expect("dns", message, is_known ? "a.org" : NULL);
        }
}

/* Four labels of 63 bytes and the dots are one byte more than a name has. */
static void test_a_name_of_dns_has_255_bytes(void)
{
    for (unsigned last = 61; last <= 63; last++) {
        GByteArray *message = g_byte_array_new();
        struct flow_host_name name;

        g_byte_array_append(message, (const uint8_t *)QUESTIONS("\1"), 12);
        for (unsigned i = 0; i < 4; i++) {
            uint8_t label[64];
            memset(label, 'a', sizeof label);
            label[0] = (uint8_t)(i < 3 ? 63 : last);
            g_byte_array_append(message, label, 1u + label[0]);
        }
        g_byte_array_append(message, (const uint8_t *)"\0\0\1\0\1", 5);
        struct flow_message_bytes all = { .data = message->data, .length = message->len };
        g_assert_cmpint(read_name("dns", all, &name), ==, 3 * 64 + last <= FLOW_HOST_NAME_MAX);
        g_byte_array_unref(message);
    }
}

/* Whatever bytes come, no reader reads past them, and what it finds is in bounds. */
static void test_any_bytes(void)
{
    static const char *const seeds[] = { RECORD, HELLO, "\6\0\x3e" HELLO,
                                         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                         QUESTIONS("\1") "\1a\3org\0\0\1\0\1" };
    static const size_t sizes[] = { sizeof RECORD, sizeof HELLO, sizeof HELLO + 3, 28, 24 };
    GRand *rand = g_rand_new_with_seed(1);

    for (unsigned i = 0; i < 200000; i++) {
        unsigned seed = g_rand_int(rand) % G_N_ELEMENTS(seeds);
        size_t length = g_rand_int(rand) % sizes[seed];
        uint8_t bytes[128];
        struct flow_host_name name = { .length = 1 };

        memcpy(bytes, seeds[seed], length);
        for (unsigned k = g_rand_int(rand) % 4; k > 0 && length > 0; k--)
            bytes[g_rand_int(rand) % length] = (uint8_t)g_rand_int(rand);
        struct flow_message_bytes message = { .data = bytes,
                                              .length = length,
                                              .is_cut = g_rand_boolean(rand),
                                              .is_stream = g_rand_boolean(rand),
                                              .is_own = g_rand_boolean(rand) };
        const char *protocol =
            flow_host_readers[g_rand_int(rand) % flow_host_reader_count].protocol;
        if (read_name(protocol, message, &name))
            g_assert_true(name.length > 0 && name.length <= FLOW_HOST_NAME_MAX);
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-name/a-client-hello-names-a-server", test_a_client_hello_names_a_server);
    g_test_add_func("/host-name/a-long-hello-is-one-message", test_a_long_hello_is_one_message);
    g_test_add_func("/host-name/half-a-hello-names-nobody", test_half_a_hello_names_nobody);
    g_test_add_func("/host-name/a-cut-hello-has-what-came-before-the-cut",
                    test_a_cut_hello_has_what_came_before_the_cut);
    g_test_add_func("/host-name/quic-puts-crypto-frames-together",
                    test_quic_puts_crypto_frames_together);
    g_test_add_func("/host-name/http-has-a-host", test_http_has_a_host);
    g_test_add_func("/host-name/a-cut-message-has-its-whole-lines",
                    test_a_cut_message_has_its_whole_lines);
    g_test_add_func("/host-name/a-cut-question-has-its-name", test_a_cut_question_has_its_name);
    g_test_add_func("/host-name/dns-asks-for-a-name", test_dns_asks_for_a_name);
    g_test_add_func("/host-name/a-name-of-dns-has-255-bytes", test_a_name_of_dns_has_255_bytes);
    g_test_add_func("/host-name/any-bytes", test_any_bytes);
    return g_test_run();
}
