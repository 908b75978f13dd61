#include "history.h"

#include "codec.h"
#include "hash.h"
#include "pages.h"

#include <string.h>

/*
 * A flow's packets are a stream of codes (codec.h), read forward.  Every 128
 * packets the codec begins anew and the place is kept, so that any packet can be
 * reached in 128 steps; the price is some 30 bytes each time.  Events lie beside
 * the stream, each with the number of packets before it: so a packet's number
 * needs no search, however many errors speak of the flow.
 *
 * A second pass through the file asks for the packets of a flow in turn; a
 * cursor of the flow remembers where it was, with the packet before, for the next
 * one is mostly one step away, and its neighbour is asked for with it.
 *
 * On real captures a code has 8 to 10 bytes; the place of a frame has 8 more.
 */

enum { CURSORS = 1024 };

/* Bytes from which on a stream grows by half; before it doubles. */
enum { LONG_STREAM = 4096 };

struct event {
    uint32_t packets; /* of the flow, before it */
    uint32_t frame;
    uint8_t type;
    uint8_t code;
};

struct stream {
    uint8_t *codes;
    struct flow_codec *codec; /* after the last packet; NULL while there is only one */
    GArray *restarts;         /* size_t: where packet 128, 256 ... begins; NULL in short flows */
    GArray *events;           /* struct event; NULL: none */
    size_t size;              /* bytes of codes, and room for them */
    size_t room;
    int64_t first_time_ns;
    uint32_t packets;
    uint32_t first_frame;
    uint32_t last_frame;
    bool has_first_time;
};

struct frame {
    uint32_t flow; /* + 1; 0: none */
    uint32_t packet;
};

/* Where the last questions about a flow were. */
struct cursor {
    uint32_t flow;                 /* + 1; 0: none */
    uint32_t packets;              /* that the codec has seen */
    size_t at;                     /* the code after them */
    struct flow_fact before, last; /* the last two of them */
    struct flow_codec codec;       /* last: it goes on with the notes */
};

struct error_for {
    struct flow_place place;
    uint32_t flow;
};

struct flow_history {
    struct pages streams;     /* struct stream, by flow */
    struct pages frames;      /* struct frame, by number */
    struct pages cursors;     /* struct cursor, by flow % CURSORS */
    struct pages once;        /* once_size bytes, by flow */
    GHashTable *errors;       /* a set of struct error_for, by place */
    struct flow_codec *first; /* of any flow's first packet */
    uint8_t *code;            /* room for one */
    void *zeros;              /* note_size of them */
    struct flow_fact event;   /* the last that was asked for */
    uint64_t recorded;        /* facts of all flows */
    uint32_t note_size;
    uint32_t once_size;
};

static unsigned place_hash(const void *key)
{
    return flow_hash(key, sizeof(struct flow_place));
}

static int place_equal(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct flow_place)) == 0;
}

struct flow_history *flow_history_new(uint32_t note_size, uint32_t once_size)
{
    struct flow_history *history = g_new0(struct flow_history, 1);

    pages_init(&history->streams, sizeof(struct stream));
    pages_init(&history->frames, sizeof(struct frame));
    pages_init(&history->cursors, offsetof(struct cursor, codec) + flow_codec_size(note_size));
    pages_init(&history->once, MAX(once_size, 1));
    history->errors = g_hash_table_new_full(place_hash, place_equal, g_free, NULL);
    history->first = g_malloc(flow_codec_size(note_size));
    history->code = g_malloc(flow_code_max(note_size));
    history->zeros = g_malloc0(MAX(note_size, 1));
    history->note_size = note_size;
    history->once_size = once_size;
    return history;
}

static struct stream *stream_of(const struct flow_history *history, uint32_t flow)
{
    return flow < history->streams.count ? pages_at(&history->streams, flow) : NULL;
}

static void free_array(GArray *array)
{
    if (array)
        g_array_unref(array);
}

void flow_history_free(struct flow_history *history)
{
    if (!history)
        return;
    for (uint32_t flow = 0; flow < history->streams.count; flow++) {
        struct stream *stream = stream_of(history, flow);
        g_free(stream->codes);
        g_free(stream->codec);
        free_array(stream->restarts);
        free_array(stream->events);
    }
    pages_clear(&history->streams);
    pages_clear(&history->frames);
    pages_clear(&history->cursors);
    pages_clear(&history->once);
    g_hash_table_unref(history->errors);
    g_free(history->first);
    g_free(history->code);
    g_free(history->zeros);
    g_free(history);
}

static void reset_codec(struct flow_codec *codec, uint32_t note_size)
{
    memset(codec, 0, flow_codec_size(note_size));
    codec->note_size = note_size;
}

/* Record */

/*
 * The codec after the stream's packets.  Most flows are short, and many have but
 * one packet: only with the second one does a flow get a codec of its own.
 */
static struct flow_codec *codec_of(const struct flow_history *history, struct stream *stream)
{
    struct flow_fact fact;

    if (!stream->codec) {
        stream->codec = g_malloc(flow_codec_size(history->note_size));
        reset_codec(stream->codec, history->note_size);
        if (stream->packets > 0)
            flow_decode(stream->codec, stream->codes, &fact);
    }
    return stream->codec;
}

static void append(struct stream *stream, const uint8_t *code, size_t size)
{
    if (stream->size + size > stream->room) {
        size_t more = stream->room < LONG_STREAM ? stream->room : stream->room / 2;
        stream->room = MAX(stream->room + more, stream->size + size);
        stream->codes = g_realloc(stream->codes, stream->room);
    }
    memcpy(stream->codes + stream->size, code, size);
    stream->size += size;
}

/* A flow's first packet is encoded by a codec that is not kept. */
static size_t encode_first(struct flow_history *history, const struct flow_fact *fact,
                           const void *notes)
{
    reset_codec(history->first, history->note_size);
    return flow_encode(history->first, fact, notes, history->code);
}

static size_t encode_next(struct flow_history *history, struct stream *stream,
                          const struct flow_fact *fact, const void *notes)
{
    struct flow_codec *codec = codec_of(history, stream);

    if (stream->packets % FLOW_HISTORY_STRIDE == 0) {
        if (!stream->restarts)
            stream->restarts = g_array_new(FALSE, FALSE, sizeof(size_t));
        g_array_append_val(stream->restarts, stream->size);
        reset_codec(codec, history->note_size);
    }
    return flow_encode(codec, fact, notes, history->code);
}

static struct stream *begin_stream(struct flow_history *history, const struct flow_fact *first)
{
    struct stream *stream = pages_add(&history->streams);

    *stream = (struct stream){ .first_frame = first->frame,
                               .first_time_ns = first->time_ns,
                               .has_first_time = first->bits & FLOW_FACT_TIME };
    return stream;
}

uint32_t flow_history_record(struct flow_history *history, uint32_t flow,
                             const struct flow_fact *fact, const void *notes)
{
    struct stream *stream = stream_of(history, flow);
    size_t size;

    g_return_val_if_fail(flow <= history->streams.count, 0);
    if (stream) {
        size = encode_next(history, stream, fact, notes);
    } else {
        stream = begin_stream(history, fact);
        size = encode_first(history, fact, notes);
    }
    append(stream, history->code, size);
    history->recorded++;
    stream->last_frame = fact->frame;
    *(struct frame *)pages_make(&history->frames, fact->frame) =
        (struct frame){ .flow = flow + 1, .packet = stream->packets };
    return stream->packets++;
}

void flow_history_record_event(struct flow_history *history, uint32_t flow,
                               const struct flow_fact *event)
{
    struct stream *stream = stream_of(history, flow);

    g_return_if_fail(stream);
    struct event kept = { .packets = stream->packets,
                          .frame = event->frame,
                          .type = event->icmp_type,
                          .code = event->icmp_code };
    if (!stream->events)
        stream->events = g_array_new(FALSE, FALSE, sizeof(struct event));
    g_array_append_val(stream->events, kept);
    history->recorded++;
}

/* Find */

bool flow_history_find(const struct flow_history *history, uint32_t frame,
                       struct flow_place *ret_place)
{
    const struct frame *found = pages_at(&history->frames, frame);

    if (!found || !found->flow)
        return false;
    *ret_place = (struct flow_place){ .flow = found->flow - 1, .packet = found->packet };
    return true;
}

uint32_t flow_history_packets(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? stream->packets : 0;
}

static uint32_t events_of(const struct stream *stream)
{
    return stream->events ? stream->events->len : 0;
}

uint64_t flow_history_recorded(const struct flow_history *history)
{
    return history->recorded;
}

uint32_t flow_history_facts(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? stream->packets + events_of(stream) : 0;
}

static const struct event *event_at(const struct stream *stream, uint32_t number)
{
    return &g_array_index(stream->events, struct event, number);
}

/* How many events came before a packet. */
static uint32_t events_before_packet(const struct stream *stream, uint32_t packet)
{
    uint32_t low = 0, high = events_of(stream);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (event_at(stream, middle)->packets <= packet)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many events are among the first so many facts. */
static uint32_t events_before_fact(const struct stream *stream, uint32_t fact)
{
    uint32_t low = 0, high = events_of(stream);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (event_at(stream, middle)->packets + middle < fact)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t flow_history_facts_until(const struct flow_history *history, uint32_t flow,
                                  uint32_t packet)
{
    const struct stream *stream = stream_of(history, flow);

    return packet + 1 + (stream ? events_before_packet(stream, packet) : 0);
}

/* Read */

static void restart(const struct flow_history *history, const struct stream *stream,
                    struct cursor *cursor, uint32_t packet)
{
    uint32_t stride = packet / FLOW_HISTORY_STRIDE;

    reset_codec(&cursor->codec, history->note_size);
    cursor->packets = stride * FLOW_HISTORY_STRIDE;
    cursor->at = stride > 0 ? g_array_index(stream->restarts, size_t, stride - 1) : 0;
}

static void step(const struct flow_history *history, const struct stream *stream,
                 struct cursor *cursor)
{
    if (cursor->packets % FLOW_HISTORY_STRIDE == 0)
        reset_codec(&cursor->codec, history->note_size);
    cursor->before = cursor->last;
    cursor->at += flow_decode(&cursor->codec, stream->codes + cursor->at, &cursor->last);
    cursor->packets++;
}

/* The flow's cursor, its last packet being that one. */
static struct cursor *move_to(struct flow_history *history, const struct stream *stream,
                              uint32_t flow, uint32_t packet)
{
    struct cursor *cursor = pages_make(&history->cursors, flow % CURSORS);
    uint32_t stride = packet / FLOW_HISTORY_STRIDE * FLOW_HISTORY_STRIDE;

    if (cursor->flow != flow + 1 || cursor->packets > packet + 1 || cursor->packets < stride) {
        /* From the packet before on, so that it is there too. */
        restart(history, stream, cursor, packet > 0 ? packet - 1 : 0);
        cursor->flow = flow + 1;
    }
    while (cursor->packets != packet + 1)
        step(history, stream, cursor);
    return cursor;
}

static const struct flow_fact *packet_fact(struct flow_history *history,
                                           const struct stream *stream, uint32_t flow,
                                           uint32_t packet, uint32_t number, const void **ret_notes)
{
    struct cursor *cursor = move_to(history, stream, flow, packet);

    cursor->last.flow = flow;
    cursor->last.ordinal = number;
    *ret_notes = flow_codec_notes(&cursor->codec, flow_fact_dir(&cursor->last));
    return &cursor->last;
}

static const struct flow_fact *event_fact(struct flow_history *history, const struct stream *stream,
                                          uint32_t flow, uint32_t event, uint32_t number,
                                          const void **ret_notes)
{
    const struct event *kept = event_at(stream, event);

    history->event = (struct flow_fact){ .frame = kept->frame,
                                         .flow = flow,
                                         .ordinal = number,
                                         .bits = FLOW_FACT_EVENT,
                                         .icmp_type = kept->type,
                                         .icmp_code = kept->code };
    *ret_notes = history->zeros;
    return &history->event;
}

const struct flow_fact *flow_history_fact(struct flow_history *history, uint32_t flow,
                                          uint32_t number, const void **ret_notes)
{
    const struct stream *stream = stream_of(history, flow);

    if (!stream || number >= stream->packets + events_of(stream))
        return NULL;
    uint32_t events = events_before_fact(stream, number);
    bool is_event =
        events < events_of(stream) && event_at(stream, events)->packets + events == number;
    return is_event ? event_fact(history, stream, flow, events, number, ret_notes)
                    : packet_fact(history, stream, flow, number - events, number, ret_notes);
}

bool flow_history_packet(struct flow_history *history, uint32_t flow, uint32_t packet,
                         struct flow_fact *ret_fact)
{
    const struct stream *stream = stream_of(history, flow);

    if (!stream || packet >= stream->packets)
        return false;
    struct cursor *cursor = pages_make(&history->cursors, flow % CURSORS);
    bool is_before = cursor->flow == flow + 1 && cursor->packets == packet + 2;
    *ret_fact = is_before ? cursor->before : move_to(history, stream, flow, packet)->last;
    ret_fact->flow = flow;
    ret_fact->ordinal = packet + events_before_packet(stream, packet);
    return true;
}

uint32_t flow_history_first_frame(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? stream->first_frame : 0;
}

uint32_t flow_history_last_frame(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? stream->last_frame : 0;
}

bool flow_history_first_time(const struct flow_history *history, uint32_t flow,
                             int64_t *ret_time_ns)
{
    const struct stream *stream = stream_of(history, flow);

    if (!stream || !stream->has_first_time)
        return false;
    *ret_time_ns = stream->first_time_ns;
    return true;
}

void *flow_history_once(struct flow_history *history, uint32_t flow)
{
    return history->once_size > 0 ? pages_make(&history->once, flow) : NULL;
}

void flow_history_record_error_for(struct flow_history *history, struct flow_place place,
                                   uint32_t flow)
{
    struct error_for *error = g_new(struct error_for, 1);

    *error = (struct error_for){ .place = place, .flow = flow };
    g_hash_table_add(history->errors, error);
}

bool flow_history_error_for(const struct flow_history *history, struct flow_place place,
                            uint32_t *ret_flow)
{
    const struct error_for *error = g_hash_table_lookup(history->errors, &place);

    if (error)
        *ret_flow = error->flow;
    return error != NULL;
}
