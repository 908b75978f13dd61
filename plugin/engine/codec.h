#ifndef FLOWSTATS_ENGINE_CODEC_H
#define FLOWSTATS_ENGINE_CODEC_H

#include <flowstats/fact.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * One packet's fact and notes as few bytes: what differs from what was to be
 * expected after the flow's packets before it.
 *
 * A codec remembers those packets; encoding and decoding the same packets from
 * the same beginning move it the same way.  All zero bytes, but for note_size,
 * is a beginning.
 */
struct flow_codec {
    struct flow_fact last[FLOW_DIRS]; /* the last packet of each direction */
    int64_t time_ns;                  /* of the last packet that has a time */
    uint32_t frame;                   /* of the last packet */
    uint32_t note_size;
    uint8_t notes[]; /* of the last packet of each direction, aligned for any type */
};

/* What the notes of one direction take. */
static inline size_t flow_codec_room(uint32_t note_size)
{
    return ((size_t)note_size + 7) / 8 * 8;
}

static inline size_t flow_codec_size(uint32_t note_size)
{
    return sizeof(struct flow_codec) + FLOW_DIRS * flow_codec_room(note_size);
}

/* Return how many bytes a packet takes at the most. */
static inline size_t flow_code_max(uint32_t note_size)
{
    return 128 + (size_t)note_size + (note_size + 7) / 8;
}

/*
 * Write a packet and return the number of its bytes; notes: note_size bytes, or
 * NULL for zeros.  The fact's flow and ordinal are not written.  What its bits do
 * not call known is written, too, but for time_ns and tcp_options.
 */
size_t flow_encode(struct flow_codec *codec, const struct flow_fact *fact, const void *notes,
                   uint8_t *ret_code);

/*
 * Read a packet and return the number of its bytes.  ret_fact gets all but flow
 * and ordinal, which become 0; the notes are those of the packet's direction in
 * the codec.
 */
size_t flow_decode(struct flow_codec *codec, const uint8_t *code, struct flow_fact *ret_fact);

/* The notes of the last packet of a direction. */
static inline const void *flow_codec_notes(const struct flow_codec *codec, enum flow_dir dir)
{
    return codec->notes + (size_t)dir * flow_codec_room(codec->note_size);
}

#endif
