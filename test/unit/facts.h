#ifndef TEST_UNIT_FACTS_H
#define TEST_UNIT_FACTS_H

#include <flowstats/fact.h>

#include <glib.h>

/* Random facts: whatever bits, ordinary numbers and extremes. */

/* Mostly small, sometimes anything, sometimes the ends of the range. */
static inline uint32_t random_number(GRand *rand)
{
    static const uint32_t extremes[] = { 0, 1, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX };

    switch (g_rand_int(rand) % 4) {
    case 0: return extremes[g_rand_int(rand) % G_N_ELEMENTS(extremes)];
    case 1: return g_rand_int(rand);
    default: return g_rand_int(rand) % 1500;
    }
}

/* Any time, as far from the one before as can be; most differ by microseconds. */
static inline int64_t random_time(GRand *rand)
{
    static const int64_t extremes[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX };
    int64_t anything = (int64_t)((uint64_t)g_rand_int(rand) << 32 | (uint64_t)g_rand_int(rand));

    switch (g_rand_int(rand) % 8) {
    case 0: return extremes[g_rand_int(rand) % G_N_ELEMENTS(extremes)];
    case 1: return anything;
    default: return INT64_C(1700000000000000000) + (int64_t)g_rand_int(rand) * 1000;
    }
}

static inline struct flow_tcp_options random_options(GRand *rand)
{
    return (struct flow_tcp_options){ .tsval = g_rand_int(rand),
                                      .tsecr = g_rand_int(rand),
                                      .mss = (uint16_t)g_rand_int(rand),
                                      .wscale = (uint8_t)g_rand_int(rand),
                                      .bits = (uint8_t)g_rand_int(rand) };
}

/* A packet's fact: all members, known or not, but for those that only their bit makes. */
static inline struct flow_fact random_fact(GRand *rand, uint32_t frame)
{
    struct flow_fact fact = {
        .frame = frame,
        .cap_len = random_number(rand),
        .wire_len = random_number(rand),
        .ip_len = random_number(rand),
        .payload_len = random_number(rand),
        .flow_label = g_rand_int(rand) % 4 ? 0 : g_rand_int(rand) & 0xfffff,
        .tcp_seq = random_number(rand),
        .tcp_ack = random_number(rand),
        .tcp_window = (uint16_t)random_number(rand),
        .ip_id = (uint16_t)random_number(rand),
        .checksum = (uint16_t)random_number(rand),
        .bits = (uint16_t)(g_rand_int(rand) & 0xfff & ~(unsigned)FLOW_FACT_EVENT),
        .tcp_flags = (uint8_t)(g_rand_int(rand) & g_rand_int(rand)),
        .header_words = (uint8_t)(g_rand_int(rand) % 16),
        .ttl = (uint8_t)g_rand_int(rand),
        .tos = (uint8_t)g_rand_int(rand),
        .icmp_type = (uint8_t)(g_rand_int(rand) & g_rand_int(rand)),
        .icmp_code = (uint8_t)(g_rand_int(rand) & g_rand_int(rand)),
        .record = (uint8_t)(g_rand_int(rand) % 3),
    };

    if (fact.bits & FLOW_FACT_TIME)
        fact.time_ns = random_time(rand);
    if (fact.bits & FLOW_FACT_OPTIONS)
        fact.tcp_options = random_options(rand);
    return fact;
}

/* An error about a flow, as a history keeps it. */
static inline struct flow_fact random_event(GRand *rand, uint32_t frame)
{
    return (struct flow_fact){ .frame = frame,
                               .bits = FLOW_FACT_EVENT,
                               .icmp_type = (uint8_t)g_rand_int(rand),
                               .icmp_code = (uint8_t)g_rand_int(rand) };
}

/* Half of the bytes are zero, as notes' are. */
static inline void random_notes(GRand *rand, uint8_t *ret_notes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        ret_notes[i] = g_rand_boolean(rand) ? (uint8_t)g_rand_int(rand) : 0;
}

#endif
