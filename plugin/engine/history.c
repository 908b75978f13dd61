#include "history.h"

#include "codec.h"
#include "hash.h"
#include "pages.h"
#include "sorted.h"

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

/* What a stream has besides, once there is more than one packet in it. */
struct more {
    GArray *restarts;        /* size_t: where packet 128, 256 ... begins; NULL in short flows */
    GArray *events;          /* struct event; NULL: none */
    struct flow_fact *first; /* the first packet, where it was forgotten; else NULL */
    size_t room;             /* bytes for codes */
    uint64_t wire_bytes;     /* of all packets */
    uint32_t gone_packets;   /* were forgotten */
    uint32_t gone_events;
    struct flow_codec codec; /* last: it goes on with the notes; after the last packet */
};

/* Most flows are short, and many have but one packet. */
struct stream {
    uint8_t *codes;
    struct more *more; /* NULL: there is one packet, and nothing else */
    size_t size;       /* bytes of codes */
    int64_t first_time_ns;
    uint32_t packets;
    uint32_t first_frame;
    uint32_t last_frame;
    bool has_first_time;
};

_Static_assert(sizeof(struct stream) <= 48, "kept for each flow");

struct frame {
    uint32_t flow; /* + 1; 0: none */
    uint32_t packet;
};

/* Where the last questions about a flow were. */
struct cursor {
    uint32_t flow;                 /* + 1; 0: none */
    uint32_t packets;              /* of those that are kept: that the codec has seen */
    size_t at;                     /* the code after them */
    struct flow_fact before, last; /* the last two of them */
    struct flow_codec codec;       /* last: it goes on with the notes */
};

struct error_for {
    struct flow_place place;
    uint32_t id;
};

struct flow_history {
    struct pages streams;     /* struct stream, by flow */
    struct pages frames;      /* struct frame, by number in the file */
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
    uint32_t frames_before; /* in earlier files */
    GArray *file_ends;      /* uint32_t: the frames until the end of each of them */
    uint32_t files_before;  /* before all of these, by their number */
    uint32_t pages_gone;    /* so many pages of frames were forgotten */
    bool is_bounded;
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
    history->file_ends = g_array_new(FALSE, FALSE, sizeof(uint32_t));
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

static uint32_t gone_packets(const struct stream *stream)
{
    return stream->more ? stream->more->gone_packets : 0;
}

static uint32_t gone_events(const struct stream *stream)
{
    return stream->more ? stream->more->gone_events : 0;
}

static uint32_t kept_of(const struct stream *stream)
{
    return stream->packets - gone_packets(stream);
}

static void clear_more(struct more *more)
{
    g_clear_pointer(&more->restarts, free_array);
    g_clear_pointer(&more->events, free_array);
    more->room = 0;
}

static void clear_codes(struct stream *stream)
{
    g_clear_pointer(&stream->codes, g_free);
    stream->size = 0;
}

static void free_stream(struct stream *stream)
{
    clear_codes(stream);
    if (!stream->more)
        return;
    clear_more(stream->more);
    g_free(stream->more->first);
    g_clear_pointer(&stream->more, g_free);
}

void flow_history_free(struct flow_history *history)
{
    if (!history)
        return;
    for (uint32_t flow = 0; flow < history->streams.count; flow++)
        free_stream(stream_of(history, flow));
    pages_clear(&history->streams);
    pages_clear(&history->frames);
    pages_clear(&history->cursors);
    pages_clear(&history->once);
    g_hash_table_unref(history->errors);
    g_array_unref(history->file_ends);
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

/* What a stream has besides its first packet; made when it is first asked for. */
static struct more *more_of(const struct flow_history *history, struct stream *stream)
{
    struct flow_fact first = { .wire_len = 0 };
    struct more *more = stream->more;

    if (!more) {
        more = stream->more =
            g_malloc0(offsetof(struct more, codec) + flow_codec_size(history->note_size));
        more->room = stream->size;
        more->codec.note_size = history->note_size;
        if (stream->size > 0)
            flow_decode(&more->codec, stream->codes, &first);
        more->wire_bytes = first.wire_len;
    }
    return more;
}

/* A flow's first packet is encoded by a codec that is not kept. */
static void append_first(struct flow_history *history, struct stream *stream,
                         const struct flow_fact *fact, const void *notes)
{
    reset_codec(history->first, history->note_size);
    stream->size = flow_encode(history->first, fact, notes, history->code);
    stream->codes = g_memdup2(history->code, stream->size);
}

static void begin_stride(const struct flow_history *history, const struct stream *stream,
                         struct more *more)
{
    if (!more->restarts)
        more->restarts = g_array_new(FALSE, FALSE, sizeof(size_t));
    if (stream->size > 0)
        g_array_append_val(more->restarts, stream->size);
    reset_codec(&more->codec, history->note_size);
}

static void append(struct flow_history *history, struct stream *stream,
                   const struct flow_fact *fact, const void *notes)
{
    struct more *more = more_of(history, stream);

    if ((stream->packets - more->gone_packets) % FLOW_HISTORY_STRIDE == 0)
        begin_stride(history, stream, more);
    size_t size = flow_encode(&more->codec, fact, notes, history->code);
    if (stream->size + size > more->room) {
        more->room += more->room < LONG_STREAM ? more->room : more->room / 2;
        more->room = MAX(more->room, stream->size + size);
        stream->codes = g_realloc(stream->codes, more->room);
    }
    memcpy(stream->codes + stream->size, history->code, size);
    stream->size += size;
    more->wire_bytes += fact->wire_len;
}

/* The next one, or that of a flow that was forgotten. */
static struct stream *begin_stream(struct flow_history *history, uint32_t flow,
                                   const struct flow_fact *first)
{
    struct stream *stream = stream_of(history, flow);

    if (!stream)
        stream = pages_add(&history->streams);
    *stream = (struct stream){ .first_frame = first->frame,
                               .first_time_ns = first->time_ns,
                               .has_first_time = first->bits & FLOW_FACT_TIME };
    return stream;
}

/* The packets of the latest frames: those of this page and the one before. */
static void forget_frames(struct flow_history *history, uint32_t page)
{
    for (; history->pages_gone + 1 < page; history->pages_gone++)
        pages_forget(&history->frames, history->pages_gone);
}

/* A fragment that waited may be of a frame that is found no more. */
static void index_frame(struct flow_history *history, uint32_t frame, uint32_t flow,
                        uint32_t packet)
{
    uint32_t number = frame - history->frames_before, page = number / PAGE_ITEMS;

    if (frame <= history->frames_before || page < history->pages_gone)
        return;
    if (history->is_bounded)
        forget_frames(history, page);
    *(struct frame *)pages_make(&history->frames, number) =
        (struct frame){ .flow = flow + 1, .packet = packet };
}

uint32_t flow_history_record(struct flow_history *history, uint32_t flow,
                             const struct flow_fact *fact, const void *notes)
{
    struct stream *stream = stream_of(history, flow);

    g_return_val_if_fail(flow <= history->streams.count, 0);
    if (stream && stream->packets > 0) {
        append(history, stream, fact, notes);
    } else {
        stream = begin_stream(history, flow, fact);
        append_first(history, stream, fact, notes);
    }
    history->recorded++;
    stream->last_frame = fact->frame;
    index_frame(history, fact->frame, flow, stream->packets);
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
    struct more *more = more_of(history, stream);
    if (!more->events)
        more->events = g_array_new(FALSE, FALSE, sizeof(struct event));
    g_array_append_val(more->events, kept);
    history->recorded++;
}

/* Find */

bool flow_history_find(const struct flow_history *history, uint32_t frame,
                       struct flow_place *ret_place)
{
    const struct frame *found = frame > history->frames_before
                                    ? pages_at(&history->frames, frame - history->frames_before)
                                    : NULL;

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
    return stream->more && stream->more->events ? stream->more->events->len : 0;
}

uint64_t flow_history_recorded(const struct flow_history *history)
{
    return history->recorded;
}

uint32_t flow_history_facts(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? stream->packets + gone_events(stream) + events_of(stream) : 0;
}

static const struct event *event_at(const struct stream *stream, uint32_t number)
{
    return &g_array_index(stream->more->events, struct event, number);
}

/* How many of the events that are kept came before a packet. */
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

/* How many of the events that are kept are among the first so many facts. */
static uint32_t events_before_fact(const struct stream *stream, uint32_t fact)
{
    uint32_t low = 0, high = events_of(stream);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (event_at(stream, middle)->packets + gone_events(stream) + middle < fact)
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

    return packet + 1 + (stream ? gone_events(stream) + events_before_packet(stream, packet) : 0);
}

/* Read */

static void restart(const struct flow_history *history, const struct stream *stream,
                    struct cursor *cursor, uint32_t packet)
{
    uint32_t stride = packet / FLOW_HISTORY_STRIDE;

    reset_codec(&cursor->codec, history->note_size);
    cursor->packets = stride * FLOW_HISTORY_STRIDE;
    cursor->at = stride > 0 ? g_array_index(stream->more->restarts, size_t, stride - 1) : 0;
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
                              uint32_t flow, uint32_t number)
{
    struct cursor *cursor = pages_make(&history->cursors, flow % CURSORS);
    uint32_t packet = number - gone_packets(stream);
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

static uint32_t gone_facts(const struct stream *stream)
{
    return gone_packets(stream) + gone_events(stream);
}

const struct flow_fact *flow_history_fact(struct flow_history *history, uint32_t flow,
                                          uint32_t number, const void **ret_notes)
{
    const struct stream *stream = stream_of(history, flow);

    if (!stream || number >= flow_history_facts(history, flow) || number < gone_facts(stream))
        return NULL;
    uint32_t events = events_before_fact(stream, number), all = events + gone_events(stream);
    bool is_event = events < events_of(stream) && event_at(stream, events)->packets + all == number;
    return is_event ? event_fact(history, stream, flow, events, number, ret_notes)
                    : packet_fact(history, stream, flow, number - all, number, ret_notes);
}

bool flow_history_packet(struct flow_history *history, uint32_t flow, uint32_t packet,
                         struct flow_fact *ret_fact)
{
    const struct stream *stream = stream_of(history, flow);

    if (stream && stream->more && stream->more->first && packet == 0) {
        *ret_fact = *stream->more->first;
        return true;
    }
    if (!stream || packet >= stream->packets || packet < gone_packets(stream))
        return false;
    struct cursor *cursor = pages_make(&history->cursors, flow % CURSORS);
    bool is_before =
        cursor->flow == flow + 1 && cursor->packets == packet - gone_packets(stream) + 2;
    *ret_fact = is_before ? cursor->before : move_to(history, stream, flow, packet)->last;
    ret_fact->flow = flow;
    ret_fact->ordinal = flow_history_facts_until(history, flow, packet) - 1;
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

uint64_t flow_history_wire_bytes(struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);
    struct flow_fact first;

    if (stream && stream->more)
        return stream->more->wire_bytes;
    return flow_history_packet(history, flow, 0, &first) ? first.wire_len : 0;
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
                                   uint32_t id)
{
    struct error_for *error = g_new(struct error_for, 1);

    if (history->is_bounded)
        g_hash_table_remove_all(history->errors);
    *error = (struct error_for){ .place = place, .id = id };
    g_hash_table_add(history->errors, error);
}

bool flow_history_error_for(const struct flow_history *history, struct flow_place place,
                            uint32_t *ret_id)
{
    const struct error_for *error = g_hash_table_lookup(history->errors, &place);

    if (error)
        *ret_id = error->id;
    return error != NULL;
}

/* Forget */

void flow_history_bound(struct flow_history *history)
{
    history->is_bounded = true;
}

static void forget_cursor(struct flow_history *history, uint32_t flow)
{
    struct cursor *cursor = pages_make(&history->cursors, flow % CURSORS);

    if (cursor->flow == flow + 1)
        cursor->flow = 0;
}

static void forget_events(struct more *more, uint32_t count)
{
    if (count > 0)
        g_array_remove_range(more->events, 0, count);
    more->gone_events += count;
}

static void keep_first(struct flow_history *history, uint32_t flow, struct more *more)
{
    struct flow_fact first;

    if (!more->first && flow_history_packet(history, flow, 0, &first))
        more->first = g_memdup2(&first, sizeof first);
}

/* Up to where the codec began anew. */
static void forget_codes(struct stream *stream, uint32_t strides)
{
    GArray *restarts = stream->more->restarts;

    g_return_if_fail(restarts && strides <= restarts->len);
    size_t begin = g_array_index(restarts, size_t, strides - 1);
    stream->size -= begin;
    memmove(stream->codes, stream->codes + begin, stream->size);
    g_array_remove_range(restarts, 0, strides);
    for (unsigned i = 0; i < restarts->len; i++)
        g_array_index(restarts, size_t, i) -= begin;
}

void flow_history_forget(struct flow_history *history, uint32_t flow, uint32_t packets)
{
    struct stream *stream = stream_of(history, flow);
    uint32_t gone = stream ? packets - gone_packets(stream) : 0;

    g_return_if_fail(!stream || (packets >= gone_packets(stream) && packets <= stream->packets));
    if (!stream)
        return;
    bool is_all = packets == stream->packets;
    g_return_if_fail(is_all || gone % FLOW_HISTORY_STRIDE == 0);
    struct more *more = more_of(history, stream);
    keep_first(history, flow, more);
    forget_cursor(history, flow);
    forget_events(more, events_before_packet(stream, packets));
    if (is_all) {
        clear_codes(stream);
        clear_more(more);
    } else if (gone > 0) {
        forget_codes(stream, gone / FLOW_HISTORY_STRIDE);
    }
    more->gone_packets = packets;
}

uint32_t flow_history_kept(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? kept_of(stream) : 0;
}

uint32_t flow_history_forgotten(const struct flow_history *history, uint32_t flow)
{
    const struct stream *stream = stream_of(history, flow);

    return stream ? gone_facts(stream) : 0;
}

void flow_history_forget_flow(struct flow_history *history, uint32_t flow)
{
    struct stream *stream = stream_of(history, flow);

    if (!stream)
        return;
    forget_cursor(history, flow);
    free_stream(stream);
    *stream = (struct stream){ .packets = 0 };
    if (history->once_size > 0)
        memset(flow_history_once(history, flow), 0, history->once_size);
}

void flow_history_begin_file(struct flow_history *history, uint32_t frames)
{
    for (uint32_t page = 0; page < history->frames.pages->len; page++)
        pages_forget(&history->frames, page);
    history->pages_gone = 0;
    history->frames_before += frames;
    if (frames > 0) /* a live capture begins some more, in which nothing comes */
        g_array_append_val(history->file_ends, history->frames_before);
    g_hash_table_remove_all(history->errors);
}

uint32_t flow_history_frames_before(const struct flow_history *history)
{
    return history->frames_before;
}

void flow_history_number_files(struct flow_history *history, uint32_t files_before)
{
    history->files_before = files_before;
}

uint32_t flow_history_file(const struct flow_history *history, uint32_t frame)
{
    return history->files_before + flow_sorted_less(history->file_ends, frame) + 1;
}
