#include "codec.h"

#include <glib.h>
#include <string.h>

/*
 * A code starts with two bytes of marks: what is not as expected follows, in the
 * order of the marks.  Expected are the numbers of the last packet of the same
 * direction, the sequence number after it, and so on: expected_of() says it all.
 * Numbers are written seven bits a byte, least significant first (LEB128),
 * differences with the sign in the lowest bit (zigzag).
 */
enum mark {
    MARK_DOWN = 1 << 0,
    MARK_BITS = 1 << 1,
    MARK_NEXT_FRAME = 1 << 2, /* the frame follows that of the packet before: nothing is written */
    MARK_MICROSECONDS = 1 << 3, /* the time's difference is written in them */
    MARK_PAYLOAD = 1 << 4,
    MARK_IP_LEN = 1 << 5,
    MARK_WIRE_LEN = 1 << 6,
    MARK_CAP_LEN = 1 << 7,
    MARK_SEQ = 1 << 8,
    MARK_ACK = 1 << 9,
    MARK_WINDOW = 1 << 10,
    MARK_FLAGS = 1 << 11,
    MARK_IP_ID = 1 << 12,
    MARK_CHECKSUM = 1 << 13, /* it is not 0: none can be expected */
    MARK_RARE = 1 << 14,     /* a byte of enum rare follows */
    MARK_NOTES = 1 << 15,
};

/* What seldom changes. */
enum rare {
    RARE_TTL = 1 << 0,
    RARE_TOS = 1 << 1,
    RARE_HEADER_WORDS = 1 << 2,
    RARE_FLOW_LABEL = 1 << 3,
    RARE_RECORD = 1 << 4,
    RARE_OPTIONS = 1 << 5,
    RARE_ICMP = 1 << 6,
};

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

static uint64_t get_number(const uint8_t **at)
{
    const uint8_t *byte = *at;
    uint64_t number = *byte & 0x7f;

    for (unsigned shift = 7; *byte++ & 0x80; shift += 7)
        number |= (uint64_t)(*byte & 0x7f) << shift;
    *at = byte;
    return number;
}

static uint64_t zigzag(int64_t difference)
{
    return ((uint64_t)difference << 1) ^ (uint64_t)(difference >> 63);
}

static int64_t unzigzag(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

/* Differences of 32 bits and less wrap around, so that none is longer than the number. */
static uint8_t *put_difference(uint8_t *at, uint32_t number, uint32_t expected)
{
    return put_number(at, zigzag((int32_t)(number - expected)));
}

static uint32_t get_difference(const uint8_t **at, uint32_t expected)
{
    return expected + (uint32_t)unzigzag(get_number(at));
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static void get_bytes(const uint8_t **at, void *ret_bytes, size_t size)
{
    memcpy(ret_bytes, *at, size);
    *at += size;
}

/* The sequence number that follows a segment. */
static uint32_t next_seq(const struct flow_fact *segment)
{
    bool syn = segment->tcp_flags & FLOW_TCP_SYN, fin = segment->tcp_flags & FLOW_TCP_FIN;

    return segment->tcp_seq +
           (segment->bits & FLOW_FACT_TCP ? segment->payload_len + syn + fin : 0);
}

/* Hosts count, but for those that always send 0. */
static uint16_t expected_ip_id(const struct flow_fact *last)
{
    return last->ip_id ? (uint16_t)(last->ip_id + 1) : 0;
}

/* A capture that cuts frames cuts all at one length. */
static uint32_t expected_cap_len(const struct flow_fact *last, uint32_t wire_len)
{
    return last->cap_len < last->wire_len && last->cap_len < wire_len ? last->cap_len : wire_len;
}

/*
 * Eight bytes of notes take a byte that marks those that are not 0, and these.
 * They are read and written as words: there is room for whole ones.
 */
static uint8_t *put_notes(uint8_t *at, const uint8_t *notes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint8_t *marks = at++;
        unsigned marked = 0;
        uint64_t word;
        memcpy(&word, notes + i, sizeof word);
        word = GUINT64_FROM_LE(word);
        for (unsigned mark = 1; word; word >>= 8, mark <<= 1)
            if (word & 0xff) {
                marked |= mark;
                *at++ = (uint8_t)word;
            }
        *marks = (uint8_t)marked;
    }
    return at;
}

static void get_notes(const uint8_t **at, uint8_t *ret_notes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += sizeof(uint64_t)) {
        unsigned marks = *(*at)++;
        uint64_t word = 0;
        for (unsigned shift = 0; marks; marks >>= 1, shift += 8) {
            uint64_t byte = marks & 1 ? *(*at)++ : 0;
            word |= byte << shift;
        }
        word = GUINT64_TO_LE(word);
        memcpy(ret_notes + i, &word, sizeof word);
    }
}

static bool is_zero(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static unsigned rare_of(const struct flow_fact *fact, const struct flow_fact *last)
{
    return (fact->ttl != last->ttl ? RARE_TTL : 0) | (fact->tos != last->tos ? RARE_TOS : 0) |
           (fact->header_words != last->header_words ? RARE_HEADER_WORDS : 0) |
           (fact->flow_label != last->flow_label ? RARE_FLOW_LABEL : 0) |
           (fact->record != last->record ? RARE_RECORD : 0) |
           (fact->bits & FLOW_FACT_OPTIONS ? RARE_OPTIONS : 0) |
           (fact->icmp_type != last->icmp_type || fact->icmp_code != last->icmp_code ? RARE_ICMP
                                                                                     : 0);
}

/* Whether anything of enum rare, or the flags, may differ; asked of every packet, so at a glance.
 */
static bool has_other_bytes(const struct flow_fact *fact, const struct flow_fact *last)
{
    enum { SIZE = offsetof(struct flow_fact, record) + 1 - offsetof(struct flow_fact, tcp_flags) };

    return memcmp(&fact->tcp_flags, &last->tcp_flags, SIZE) != 0 ||
           fact->flow_label != last->flow_label || (fact->bits & FLOW_FACT_OPTIONS);
}

static uint8_t *put_rare(uint8_t *at, const struct flow_fact *fact, unsigned rare)
{
    *at++ = (uint8_t)rare;
    if (rare & RARE_TTL)
        *at++ = fact->ttl;
    if (rare & RARE_TOS)
        *at++ = fact->tos;
    if (rare & RARE_HEADER_WORDS)
        *at++ = fact->header_words;
    if (rare & RARE_FLOW_LABEL)
        at = put_number(at, fact->flow_label);
    if (rare & RARE_RECORD)
        *at++ = fact->record;
    if (rare & RARE_OPTIONS)
        at = put_bytes(at, &fact->tcp_options, sizeof fact->tcp_options);
    if (rare & RARE_ICMP) {
        *at++ = fact->icmp_type;
        *at++ = fact->icmp_code;
    }
    return at;
}

static void get_rare(const uint8_t **at, struct flow_fact *fact)
{
    unsigned rare = *(*at)++;

    if (rare & RARE_TTL)
        fact->ttl = *(*at)++;
    if (rare & RARE_TOS)
        fact->tos = *(*at)++;
    if (rare & RARE_HEADER_WORDS)
        fact->header_words = *(*at)++;
    if (rare & RARE_FLOW_LABEL)
        fact->flow_label = (uint32_t)get_number(at);
    if (rare & RARE_RECORD)
        fact->record = *(*at)++;
    if (rare & RARE_OPTIONS)
        get_bytes(at, &fact->tcp_options, sizeof fact->tcp_options);
    if (rare & RARE_ICMP) {
        fact->icmp_type = *(*at)++;
        fact->icmp_code = *(*at)++;
    }
}

/* Options are not expected again, so they are not remembered. */
static void remember(struct flow_codec *codec, const struct flow_fact *fact)
{
    struct flow_fact *last = &codec->last[flow_fact_dir(fact)];

    *last = *fact;
    last->flow = last->ordinal = 0;
    memset(&last->tcp_options, 0, sizeof last->tcp_options);
    codec->frame = fact->frame;
    if (fact->bits & FLOW_FACT_TIME)
        codec->time_ns = fact->time_ns;
}

static uint8_t *put_time(uint8_t *at, const struct flow_codec *codec, const struct flow_fact *fact,
                         unsigned *marks)
{
    /* Wraps around: two times may be further apart than a difference can say. */
    int64_t difference = (int64_t)((uint64_t)fact->time_ns - (uint64_t)codec->time_ns);

    if (difference % 1000 == 0) {
        *marks |= MARK_MICROSECONDS;
        difference /= 1000;
    }
    return put_number(at, zigzag(difference));
}

static int64_t get_time(const uint8_t **at, const struct flow_codec *codec, unsigned marks)
{
    int64_t difference = unzigzag(get_number(at));

    if (marks & MARK_MICROSECONDS)
        difference *= 1000;
    return (int64_t)((uint64_t)codec->time_ns + (uint64_t)difference);
}

size_t flow_encode(struct flow_codec *codec, const struct flow_fact *fact, const void *notes,
                   uint8_t *ret_code)
{
    enum flow_dir dir = flow_fact_dir(fact);
    const struct flow_fact *last = &codec->last[dir];
    uint8_t *at = ret_code + 2;
    unsigned marks = dir == FLOW_DOWN ? MARK_DOWN : 0;

    if ((fact->bits ^ last->bits) & ~FLOW_FACT_DOWN) {
        marks |= MARK_BITS;
        at = put_number(at, fact->bits);
    }
    if (fact->frame == codec->frame + 1)
        marks |= MARK_NEXT_FRAME;
    else
        at = put_difference(at, fact->frame, codec->frame);
    if (fact->bits & FLOW_FACT_TIME)
        at = put_time(at, codec, fact, &marks);
    if (fact->payload_len != last->payload_len) {
        marks |= MARK_PAYLOAD;
        at = put_number(at, fact->payload_len);
    }
    if (fact->ip_len - fact->payload_len != last->ip_len - last->payload_len) {
        marks |= MARK_IP_LEN;
        at = put_difference(at, fact->ip_len, fact->payload_len);
    }
    if (fact->wire_len - fact->payload_len != last->wire_len - last->payload_len) {
        marks |= MARK_WIRE_LEN;
        at = put_difference(at, fact->wire_len, fact->payload_len);
    }
    if (fact->cap_len != expected_cap_len(last, fact->wire_len)) {
        marks |= MARK_CAP_LEN;
        at = put_number(at, fact->cap_len);
    }
    if (fact->tcp_seq != next_seq(last)) {
        marks |= MARK_SEQ;
        at = put_difference(at, fact->tcp_seq, next_seq(last));
    }
    if (fact->tcp_ack != last->tcp_ack) {
        marks |= MARK_ACK;
        at = put_difference(at, fact->tcp_ack, next_seq(&codec->last[!dir]));
    }
    if (fact->tcp_window != last->tcp_window) {
        marks |= MARK_WINDOW;
        at = put_difference(at, fact->tcp_window, last->tcp_window);
    }
    bool is_other = has_other_bytes(fact, last);
    if (is_other && fact->tcp_flags != last->tcp_flags) {
        marks |= MARK_FLAGS;
        *at++ = fact->tcp_flags;
    }
    if (fact->ip_id != expected_ip_id(last)) {
        marks |= MARK_IP_ID;
        at = put_number(at, fact->ip_id);
    }
    if (fact->checksum) {
        marks |= MARK_CHECKSUM;
        at = put_bytes(at, &fact->checksum, sizeof fact->checksum);
    }
    unsigned rare = is_other ? rare_of(fact, last) : 0;
    if (rare) {
        marks |= MARK_RARE;
        at = put_rare(at, fact, rare);
    }
    uint8_t *kept = codec->notes + dir * flow_codec_room(codec->note_size);
    if (notes ? memcmp(notes, kept, codec->note_size) != 0 : !is_zero(kept, codec->note_size)) {
        marks |= MARK_NOTES;
        if (notes)
            memcpy(kept, notes, codec->note_size);
        else
            memset(kept, 0, codec->note_size);
        at = put_notes(at, kept, codec->note_size);
    }
    ret_code[0] = (uint8_t)marks;
    ret_code[1] = (uint8_t)(marks >> 8);
    remember(codec, fact);
    return (size_t)(at - ret_code);
}

size_t flow_decode(struct flow_codec *codec, const uint8_t *code, struct flow_fact *ret_fact)
{
    const uint8_t *at = code + 2;
    unsigned marks = code[0] | (unsigned)code[1] << 8;
    enum flow_dir dir = marks & MARK_DOWN ? FLOW_DOWN : FLOW_UP;
    const struct flow_fact *last = &codec->last[dir];
    struct flow_fact fact = *last;

    fact.bits = marks & MARK_BITS ? (uint16_t)get_number(&at) : last->bits;
    if (dir == FLOW_DOWN)
        fact.bits |= FLOW_FACT_DOWN;
    fact.frame = marks & MARK_NEXT_FRAME ? codec->frame + 1 : get_difference(&at, codec->frame);
    fact.time_ns = fact.bits & FLOW_FACT_TIME ? get_time(&at, codec, marks) : 0;
    if (marks & MARK_PAYLOAD)
        fact.payload_len = (uint32_t)get_number(&at);
    fact.ip_len = marks & MARK_IP_LEN ? get_difference(&at, fact.payload_len)
                                      : fact.payload_len + last->ip_len - last->payload_len;
    fact.wire_len = marks & MARK_WIRE_LEN ? get_difference(&at, fact.payload_len)
                                          : fact.payload_len + last->wire_len - last->payload_len;
    fact.cap_len =
        marks & MARK_CAP_LEN ? (uint32_t)get_number(&at) : expected_cap_len(last, fact.wire_len);
    fact.tcp_seq = marks & MARK_SEQ ? get_difference(&at, next_seq(last)) : next_seq(last);
    if (marks & MARK_ACK)
        fact.tcp_ack = get_difference(&at, next_seq(&codec->last[!dir]));
    if (marks & MARK_WINDOW)
        fact.tcp_window = (uint16_t)get_difference(&at, last->tcp_window);
    if (marks & MARK_FLAGS)
        fact.tcp_flags = *at++;
    fact.ip_id = marks & MARK_IP_ID ? (uint16_t)get_number(&at) : expected_ip_id(last);
    fact.checksum = 0;
    if (marks & MARK_CHECKSUM)
        get_bytes(&at, &fact.checksum, sizeof fact.checksum);
    if (marks & MARK_RARE)
        get_rare(&at, &fact);
    if (marks & MARK_NOTES)
        get_notes(&at, codec->notes + dir * flow_codec_room(codec->note_size), codec->note_size);
    remember(codec, &fact);
    *ret_fact = fact;
    return (size_t)(at - code);
}
