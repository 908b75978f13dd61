#ifndef FLOWSTATS_TEXTS_H
#define FLOWSTATS_TEXTS_H

#include <stdint.h>

/* Texts of packets, each kept once, and numbered from 1 in the order of their arrival. */
struct flow_texts;

struct flow_texts *flow_texts_new(void);
void flow_texts_free(struct flow_texts *texts);

/* Forget all of them. */
void flow_texts_clear(struct flow_texts *texts);

/* Return how many texts there are; their numbers end there. */
uint32_t flow_texts_count(const struct flow_texts *texts);

/* Return the number of a text; 0 where it has none. */
uint32_t flow_texts_find(const struct flow_texts *texts, const char *text);

/* Return the number of a text, which is copied when it comes for the first time. */
uint32_t flow_texts_number(struct flow_texts *texts, const char *text);

/* Return the text of a number, valid until flow_texts_clear() and flow_texts_free(). */
const char *flow_texts_at(const struct flow_texts *texts, uint32_t number);

#endif
