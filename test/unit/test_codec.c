#include "facts.h"

#include "codec.h"
#include "history.h"

#include <glib.h>
#include <string.h>

/* A stream of packets as it was encoded, beside what was encoded. */
struct stream {
    GArray *facts;     /* struct flow_fact */
    GByteArray *notes; /* note_size bytes for each */
    GByteArray *codes;
    GArray *restarts; /* struct restart */
    uint32_t note_size;
    size_t longest;
};

struct restart {
    uint32_t packet;
    uint32_t at; /* in codes */
};

static struct flow_codec *codec_new(uint32_t note_size)
{
    struct flow_codec *codec = g_malloc0(flow_codec_size(note_size));

    codec->note_size = note_size;
    return codec;
}

static struct stream *stream_new(uint32_t note_size)
{
    struct stream *stream = g_new0(struct stream, 1);

    stream->facts = g_array_new(FALSE, FALSE, sizeof(struct flow_fact));
    stream->notes = g_byte_array_new();
    stream->codes = g_byte_array_new();
    stream->restarts = g_array_new(FALSE, FALSE, sizeof(struct restart));
    stream->note_size = note_size;
    return stream;
}

static void stream_free(struct stream *stream)
{
    g_array_unref(stream->facts);
    g_byte_array_unref(stream->notes);
    g_byte_array_unref(stream->codes);
    g_array_unref(stream->restarts);
    g_free(stream);
}

static const struct flow_fact *fact_at(const struct stream *stream, uint32_t packet)
{
    return &g_array_index(stream->facts, struct flow_fact, packet);
}

static const uint8_t *notes_at(const struct stream *stream, uint32_t packet)
{
    return stream->notes->data + (size_t)packet * stream->note_size;
}

/* The code's room is as long as the promise says, so that a byte more is seen. */
static void put(struct stream *stream, struct flow_codec *codec, const struct flow_fact *fact,
                const uint8_t *notes)
{
    static const uint8_t zeros[64];
    uint8_t *code = g_malloc(flow_code_max(stream->note_size));
    size_t size = flow_encode(codec, fact, notes, code);

    g_assert_cmpuint(size, >, 0);
    g_assert_cmpuint(size, <=, flow_code_max(stream->note_size));
    stream->longest = MAX(stream->longest, size);
    g_array_append_val(stream->facts, *fact);
    g_byte_array_append(stream->notes, notes ? notes : zeros, stream->note_size);
    g_byte_array_append(stream->codes, code, (unsigned)size);
    g_free(code);
}

static void mark_restart(struct stream *stream)
{
    struct restart restart = { .packet = stream->facts->len, .at = stream->codes->len };

    g_array_append_val(stream->restarts, restart);
}

/* Decode from a restart to the end, beginning anew at every restart on the way. */
static void assert_decodes_from(const struct stream *stream, unsigned first)
{
    const struct restart *restart = &g_array_index(stream->restarts, struct restart, first);
    struct flow_codec *codec = codec_new(stream->note_size);
    uint32_t at = restart->at;

    for (uint32_t packet = restart->packet; packet < stream->facts->len; packet++) {
        struct flow_fact fact;

        if (first < stream->restarts->len &&
            g_array_index(stream->restarts, struct restart, first).packet == packet) {
            memset(codec, 0, flow_codec_size(stream->note_size));
            codec->note_size = stream->note_size;
            first++;
        }
        memset(&fact, 0xa5, sizeof fact);
        at += (uint32_t)flow_decode(codec, stream->codes->data + at, &fact);
        g_assert_true(memcmp(&fact, fact_at(stream, packet), sizeof fact) == 0);
        g_assert_true(stream->note_size == 0 ||
                      memcmp(flow_codec_notes(codec, flow_fact_dir(&fact)),
                             notes_at(stream, packet), stream->note_size) == 0);
    }
    g_assert_cmpuint(at, ==, stream->codes->len);
    g_free(codec);
}

static void assert_decodes(const struct stream *stream)
{
    for (unsigned i = 0; i < stream->restarts->len; i++)
        assert_decodes_from(stream, i);
}

/* Frames follow one another, jump, or come out of order. */
static uint32_t random_frame(GRand *rand, uint32_t last)
{
    switch (g_rand_int(rand) % 6) {
    case 0: return random_number(rand);
    case 1: return last - g_rand_int(rand) % 300;
    case 2: return last + g_rand_int(rand) % 300;
    default: return last + 1;
    }
}

/* Like the one before in the most: what flows are made of. */
static struct flow_fact similar_fact(GRand *rand, const struct flow_fact *last, uint32_t frame)
{
    struct flow_fact fact = *last, other = random_fact(rand, frame);

    fact.frame = frame;
    fact.bits ^= g_rand_int(rand) % 3 ? 0 : FLOW_FACT_DOWN;
    switch (g_rand_int(rand) % 12) {
    case 0: fact.cap_len = other.cap_len; break;
    case 1: fact.wire_len = other.wire_len; break;
    case 2: fact.ip_len = other.ip_len; break;
    case 3: fact.payload_len = other.payload_len; break;
    case 4: fact.flow_label = other.flow_label; break;
    case 5: fact.tcp_seq += fact.payload_len; break;
    case 6: fact.tcp_ack = other.tcp_ack; break;
    case 7: fact.tcp_flags = other.tcp_flags; break;
    case 8: fact.checksum = other.checksum; break;
    case 9: fact.ip_id++; break;
    case 10: fact.icmp_code = other.icmp_code; break;
    default: return other;
    }
    return fact;
}

static struct stream *random_stream(uint32_t note_size, uint32_t packets, uint32_t seed)
{
    struct stream *stream = stream_new(note_size);
    struct flow_codec *codec = codec_new(note_size);
    GRand *rand = g_rand_new_with_seed(seed);
    struct flow_fact fact = random_fact(rand, 1);
    uint8_t notes[64] = { 0 };

    for (uint32_t i = 0; i < packets; i++) {
        if (i == 0 || g_rand_int(rand) % 128 == 0) {
            memset(codec, 0, flow_codec_size(note_size));
            codec->note_size = note_size;
            mark_restart(stream);
        }
        if (g_rand_int(rand) % 3 == 0)
            random_notes(rand, notes, note_size);
        fact = similar_fact(rand, &fact, random_frame(rand, fact.frame));
        put(stream, codec, &fact, g_rand_int(rand) % 8 ? notes : NULL);
    }
    g_rand_free(rand);
    g_free(codec);
    return stream;
}

/* Whatever facts and notes, whatever their order, and from any beginning. */
static void test_decoding_gives_what_was_encoded(void)
{
    enum { PACKETS = 4000 };

    for (uint32_t note_size = 0; note_size <= 64; note_size++) {
        struct stream *stream = random_stream(note_size, PACKETS, note_size + 1);

        g_test_message("%u bytes of notes, longest code %u", note_size, (unsigned)stream->longest);
        assert_decodes(stream);
        stream_free(stream);
    }
}

/* Each bit combination that a fact can have, one after the other and each after nothing. */
static void test_all_bits(void)
{
    enum { BITS = 1 << 12 };
    GRand *rand = g_rand_new_with_seed(7);
    struct stream *in_turn = stream_new(0);
    struct flow_codec *codec = codec_new(0);

    mark_restart(in_turn);
    for (unsigned bits = 0; bits < BITS; bits++) {
        struct stream *alone = stream_new(0);
        struct flow_codec *anew = codec_new(0);
        struct flow_fact fact = random_fact(rand, bits);

        fact.bits = (uint16_t)bits;
        fact.time_ns = bits & FLOW_FACT_TIME ? random_time(rand) : 0;
        fact.tcp_options =
            bits & FLOW_FACT_OPTIONS ? random_options(rand) : (struct flow_tcp_options){ 0 };
        put(in_turn, codec, &fact, NULL);
        mark_restart(alone);
        put(alone, anew, &fact, NULL);
        assert_decodes(alone);
        stream_free(alone);
        g_free(anew);
    }
    assert_decodes(in_turn);
    stream_free(in_turn);
    g_free(codec);
    g_rand_free(rand);
}

/* Each member, alone, at the ends of its range and back. */
static void test_extremes_of_every_member(void)
{
    static const struct {
        const char *name;
        size_t at, size;
    } members[] = {
#define MEMBER(name)                                                                               \
    { #name, offsetof(struct flow_fact, name), sizeof(((struct flow_fact *)NULL)->name) }
        MEMBER(time_ns),
        MEMBER(frame),
        MEMBER(cap_len),
        MEMBER(wire_len),
        MEMBER(ip_len),
        MEMBER(flow_label),
        MEMBER(tcp_seq),
        MEMBER(tcp_ack),
        MEMBER(payload_len),
        MEMBER(tcp_window),
        MEMBER(ip_id),
        MEMBER(checksum),
        MEMBER(tcp_flags),
        MEMBER(header_words),
        MEMBER(ttl),
        MEMBER(tos),
        MEMBER(icmp_type),
        MEMBER(icmp_code),
        MEMBER(record),
        MEMBER(tcp_options.tsval),
        MEMBER(tcp_options.tsecr),
        MEMBER(tcp_options.mss),
        MEMBER(tcp_options.wscale),
        MEMBER(tcp_options.bits),
#undef MEMBER
    };
    static const uint64_t values[] = {
        0, UINT64_MAX, 1, INT64_MAX, (uint64_t)INT64_MIN, 0x80, UINT64_C(0x8000800080008000), 0
    };

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        struct stream *stream = stream_new(0);
        struct flow_codec *codec = codec_new(0);

        g_test_message("%s", members[i].name);
        mark_restart(stream);
        for (size_t n = 0; n < G_N_ELEMENTS(values); n++)
            for (unsigned dir = 0; dir < FLOW_DIRS; dir++) {
                struct flow_fact fact = { .frame = (uint32_t)n };

                fact.bits = FLOW_FACT_TIME | FLOW_FACT_TCP | FLOW_FACT_IP | FLOW_FACT_OPTIONS;
                fact.bits |= dir ? FLOW_FACT_DOWN : 0;
                memcpy((uint8_t *)&fact + members[i].at, &values[n], members[i].size);
                put(stream, codec, &fact, NULL);
            }
        assert_decodes(stream);
        stream_free(stream);
        g_free(codec);
    }
}

/* Encoding and decoding leave a codec in the same place: one can go on from the other. */
static void test_a_codec_goes_on_where_decoding_ended(void)
{
    enum { PACKETS = 300, NOTES = 24 };
    struct flow_codec *encoding = codec_new(NOTES), *decoding = codec_new(NOTES);
    GRand *rand = g_rand_new_with_seed(3);
    uint8_t code[256], notes[NOTES];
    struct flow_fact fact;

    g_assert_cmpuint(sizeof code, >=, flow_code_max(NOTES));
    for (uint32_t i = 0; i < PACKETS; i++) {
        struct flow_fact next = random_fact(rand, i);

        random_notes(rand, notes, NOTES);
        flow_encode(encoding, &next, notes, code);
        flow_decode(decoding, code, &fact);
        g_assert_cmpint(encoding->time_ns, ==, decoding->time_ns);
        g_assert_cmpuint(encoding->frame, ==, decoding->frame);
        g_assert_true(memcmp(encoding->notes, decoding->notes, sizeof notes * FLOW_DIRS) == 0);
    }
    g_free(encoding);
    g_free(decoding);
    g_rand_free(rand);
}

static void test_flow_and_ordinal_are_not_written(void)
{
    struct flow_codec *encoding = codec_new(0), *decoding = codec_new(0);
    struct flow_fact fact = { .frame = 1, .flow = 77, .ordinal = 99, .cap_len = 60 }, read;
    uint8_t code[256];

    for (unsigned i = 0; i < 3; i++) {
        flow_encode(encoding, &fact, NULL, code);
        flow_decode(decoding, code, &read);
        g_assert_cmpuint(read.flow, ==, 0);
        g_assert_cmpuint(read.ordinal, ==, 0);
        g_assert_cmpuint(read.cap_len, ==, 60);
    }
    g_free(encoding);
    g_free(decoding);
}

/* A time or options that their bit does not call known are not written, and disturb nothing. */
static void test_the_unknown_is_not_written(void)
{
    struct flow_codec *encoding = codec_new(0), *decoding = codec_new(0);
    GRand *rand = g_rand_new_with_seed(4);
    uint8_t code[256];

    for (uint32_t i = 0; i < 1000; i++) {
        struct flow_fact fact = random_fact(rand, i), given = fact, read;

        if (!(fact.bits & FLOW_FACT_TIME))
            given.time_ns = random_time(rand);
        if (!(fact.bits & FLOW_FACT_OPTIONS))
            given.tcp_options = random_options(rand);
        flow_encode(encoding, &given, NULL, code);
        flow_decode(decoding, code, &read);
        g_assert_true(memcmp(&read, &fact, sizeof fact) == 0);
    }
    g_free(encoding);
    g_free(decoding);
    g_rand_free(rand);
}

/* What is exactly as expected is two bytes: the marks. Only the time cannot be expected. */
static void test_the_expected_takes_two_bytes_and_a_time(void)
{
    struct flow_codec *codec = codec_new(0);
    struct flow_fact fact = { .frame = 1,
                              .bits = FLOW_FACT_TIME | FLOW_FACT_IP,
                              .cap_len = 1000,
                              .wire_len = 1000,
                              .ip_len = 986,
                              .ttl = 64 };
    uint8_t code[256];

    flow_encode(codec, &fact, NULL, code);
    fact.frame++;
    fact.time_ns += 63000; /* microseconds that fit seven bits with their sign */
    g_assert_cmpuint(flow_encode(codec, &fact, NULL, code), ==, 3);
    g_free(codec);
}

/* What changes takes its own bytes, and what stays takes none. */
static void test_a_change_takes_its_own_bytes(void)
{
    enum { EXPECTED = 3, RARE = EXPECTED + 1 };
    const struct flow_fact first = { .frame = 1,
                                     .bits = FLOW_FACT_TIME | FLOW_FACT_IP,
                                     .cap_len = 1000,
                                     .wire_len = 1000,
                                     .ip_len = 986,
                                     .ttl = 64 };
    struct flow_fact changed[8];
    const size_t sizes[G_N_ELEMENTS(changed)] = { EXPECTED, RARE + 1, RARE + 1, RARE + 1,
                                                  RARE + 1, RARE + 1, RARE + 2, RARE + 2 };

    for (size_t i = 0; i < G_N_ELEMENTS(changed); i++)
        changed[i] = first;
    changed[1].ttl = 63;
    changed[2].tos = 4;
    changed[3].header_words = 5;
    changed[4].flow_label = 6;
    changed[5].record = 1;
    changed[6].icmp_type = 3;
    changed[7].icmp_code = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(changed); i++) {
        struct flow_codec *codec = codec_new(0);
        uint8_t code[256];

        flow_encode(codec, &first, NULL, code);
        for (unsigned n = 0; n < 2; n++) { /* and the second time it is expected */
            changed[i].frame++;
            changed[i].time_ns += 63000;
            g_assert_cmpuint(flow_encode(codec, &changed[i], NULL, code), ==,
                             n == 0 ? sizes[i] : EXPECTED);
        }
        g_free(codec);
    }
}

static struct flow_fact segment(uint32_t frame, int64_t time_ns, enum flow_dir dir, uint32_t len)
{
    return (struct flow_fact){ .time_ns = time_ns,
                               .frame = frame,
                               .cap_len = 66 + len,
                               .wire_len = 66 + len,
                               .ip_len = 52 + len,
                               .payload_len = len,
                               .tcp_flags = FLOW_TCP_ACK,
                               .header_words = 8,
                               .ttl = dir == FLOW_DOWN ? 57 : 64,
                               .bits = (uint16_t)(FLOW_FACT_TIME | FLOW_FACT_TCP | FLOW_FACT_IP |
                                                  FLOW_FACT_DF | FLOW_FACT_CHECKSUM |
                                                  (dir == FLOW_DOWN ? FLOW_FACT_DOWN : 0)) };
}

/*
 * A plain download: two full segments down, one ACK up, other flows' frames in
 * between, a new checksum and identification in each, a window that moves.
 */
static void test_a_download_takes_ten_bytes_a_packet(void)
{
    enum { PACKETS = 6000, MSS = 1448 };
    GRand *rand = g_rand_new_with_seed(5);
    struct flow_codec *codec = codec_new(0);
    uint32_t seq = g_rand_int(rand), request = g_rand_int(rand), frame = 1;
    uint16_t ids[FLOW_DIRS] = { 1000, 50000 };
    int64_t time_ns = INT64_C(1700000000000000000);
    struct stream *stream = stream_new(0);

    for (uint32_t i = 0; i < PACKETS; i++) {
        enum flow_dir dir = i % 3 == 2 ? FLOW_UP : FLOW_DOWN;
        struct flow_fact fact = segment(frame, time_ns, dir, dir == FLOW_DOWN ? MSS : 0);

        if (i % FLOW_HISTORY_STRIDE == 0) {
            memset(codec, 0, flow_codec_size(0));
            mark_restart(stream);
        }
        fact.tcp_seq = dir == FLOW_DOWN ? seq : request;
        fact.tcp_ack = dir == FLOW_DOWN ? request : seq;
        fact.tcp_window = dir == FLOW_DOWN ? 501 : (uint16_t)(2000 + g_rand_int(rand) % 60);
        fact.ip_id = ids[dir]++;
        fact.checksum = (uint16_t)(1 + g_rand_int(rand) % UINT16_MAX);
        put(stream, codec, &fact, NULL);
        seq += fact.payload_len;
        frame += 1 + g_rand_int(rand) % 3;
        time_ns += (int64_t)(g_rand_int(rand) % 300) * 1000;
    }
    g_test_message("%.2f bytes a packet", (double)stream->codes->len / PACKETS);
    g_assert_cmpuint(stream->codes->len, <=, 10 * PACKETS);
    assert_decodes(stream);
    stream_free(stream);
    g_free(codec);
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/codec/decoding-gives-what-was-encoded", test_decoding_gives_what_was_encoded);
    g_test_add_func("/codec/all-bits", test_all_bits);
    g_test_add_func("/codec/extremes-of-every-member", test_extremes_of_every_member);
    g_test_add_func("/codec/a-codec-goes-on-where-decoding-ended",
                    test_a_codec_goes_on_where_decoding_ended);
    g_test_add_func("/codec/flow-and-ordinal-are-not-written",
                    test_flow_and_ordinal_are_not_written);
    g_test_add_func("/codec/the-unknown-is-not-written", test_the_unknown_is_not_written);
    g_test_add_func("/codec/the-expected-takes-two-bytes-and-a-time",
                    test_the_expected_takes_two_bytes_and_a_time);
    g_test_add_func("/codec/a-change-takes-its-own-bytes", test_a_change_takes_its_own_bytes);
    g_test_add_func("/codec/a-download-takes-ten-bytes-a-packet",
                    test_a_download_takes_ten_bytes_a_packet);
    return g_test_run();
}
