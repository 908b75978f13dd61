#include "tcp_options.h"

#include <glib.h>
#include <string.h>

#define MSS       2, 4, 0x05, 0xb4
#define WSCALE    3, 3, 7
#define SACK_OK   4, 2
#define STAMPS    8, 10, 0, 0, 0, 9, 0, 0, 0, 4
#define COOKIE    34, 10, 1, 2, 3, 4, 5, 6, 7, 8
#define NOP       1
#define END       0
#define ALL_BYTES MSS, SACK_OK, STAMPS, NOP, WSCALE, COOKIE

enum {
    HAS_MSS = FLOW_TCP_OPTION_MSS,
    HAS_WSCALE = FLOW_TCP_OPTION_WSCALE,
    HAS_SACK = FLOW_TCP_OPTION_SACK_PERMITTED,
    HAS_STAMPS = FLOW_TCP_OPTION_TIMESTAMPS,
    HAS_FAST_OPEN = FLOW_TCP_OPTION_FAST_OPEN,
    HAS_ALL = HAS_MSS | HAS_WSCALE | HAS_SACK | HAS_STAMPS | HAS_FAST_OPEN,
};

static const struct {
    const char *claim;
    uint8_t bytes[40];
    uint8_t size;
    struct flow_tcp_options said;
} rows[] = {
    { "none", { 0 }, 0, { 0 } },
    { "an-empty-list", { END, END, END, END }, 4, { 0 } },
    { "nothing-but-nops", { NOP, NOP, NOP, NOP }, 4, { 0 } },
    { "all-of-a-syn", { ALL_BYTES }, 30, { 9, 4, 1460, 7, HAS_ALL } },
    { "in-any-order",
      { COOKIE, WSCALE, NOP, STAMPS, SACK_OK, MSS },
      30,
      { 9, 4, 1460, 7, HAS_ALL } },
    { "a-scale-of-0-is-one", { NOP, 3, 3, 0 }, 4, { 0, 0, 0, 0, HAS_WSCALE } },
    { "large-numbers",
      { 2, 4, 0xff, 0xff, 8, 10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 3, 255 },
      17,
      { UINT32_MAX, UINT32_MAX, 65535, 255, HAS_MSS | HAS_STAMPS | HAS_WSCALE } },
    { "unknown-options-are-passed",
      { 30, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, MSS },
      16,
      { 0, 0, 1460, 0, HAS_MSS } },
    { "after-the-end-nothing-counts", { WSCALE, END, MSS }, 8, { 0, 0, 0, 7, HAS_WSCALE } },
    { "the-first-of-two-counts",
      { MSS, 2, 4, 0, 9, STAMPS, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1 },
      28,
      { 9, 4, 1460, 0, HAS_MSS | HAS_STAMPS } },

    /* Lengths that lie */
    { "a-length-of-0-ends-it", { WSCALE, 99, 0, MSS }, 9, { 0, 0, 0, 7, HAS_WSCALE } },
    { "a-length-of-1-ends-it", { WSCALE, 99, 1, MSS }, 9, { 0, 0, 0, 7, HAS_WSCALE } },
    { "a-length-past-the-end-ends-it",
      { WSCALE, 8, 11, 0, 0, 0, 9, 0, 0, 0, 4 },
      11,
      { 0, 0, 0, 7, HAS_WSCALE } },
    { "the-greatest-length-ends-it", { WSCALE, 2, 255, 5, 180 }, 7, { 0, 0, 0, 7, HAS_WSCALE } },
    { "an-option-without-a-length-ends-it", { WSCALE, 2 }, 4, { 0, 0, 0, 7, HAS_WSCALE } },
    { "another-length-than-its-own-says-nothing",
      { 2, 3, 5, 3, 4, 7, 7, 4, 3, 0, 8, 9, 0, 0, 0, 9, 0, 0, 0, MSS },
      23,
      { 0, 0, 1460, 0, HAS_MSS } },
    { "after-one-that-says-nothing-its-second-counts",
      { 2, 2, MSS },
      6,
      { 0, 0, 1460, 0, HAS_MSS } },

    /* Fast Open */
    { "a-request-for-a-cookie", { 34, 2, NOP, NOP }, 4, { 0, 0, 0, 0, HAS_FAST_OPEN } },
    { "the-shortest-cookie", { 34, 6, 1, 2, 3, 4 }, 6, { 0, 0, 0, 0, HAS_FAST_OPEN } },
    { "the-longest-cookie", { 34, 18 }, 18, { 0, 0, 0, 0, HAS_FAST_OPEN } },
    { "a-longer-one-is-none", { 34, 20 }, 20, { 0 } },
    { "nor-is-a-shorter", { 34, 4, 1, 2 }, 4, { 0 } },
    { "nor-one-of-odd-length", { 34, 7, 1, 2, 3, 4, 5 }, 7, { 0 } },
    { "its-experiment", { 254, 4, 0xf9, 0x89 }, 4, { 0, 0, 0, 0, HAS_FAST_OPEN } },
    { "its-experiment-with-a-cookie", { 254, 12, 0xf9, 0x89 }, 12, { 0, 0, 0, 0, HAS_FAST_OPEN } },
    { "another-experiment", { 254, 4, 0xf9, 0x88 }, 4, { 0 } },
    { "an-experiment-without-its-number", { 254, 3, 0xf9 }, 3, { 0 } },
};

/* From memory of its own, so that a look past the end is found out. */
static struct flow_tcp_options read_alone(const uint8_t *bytes, size_t size)
{
    uint8_t *own = g_memdup2(bytes, size);
    struct flow_tcp_options options = flow_tcp_options_read(own, size);

    g_free(own);
    return options;
}

static void assert_said(struct flow_tcp_options said, struct flow_tcp_options expected)
{
    g_assert_cmphex(said.bits, ==, expected.bits);
    g_assert_true(memcmp(&said, &expected, sizeof said) == 0);
}

static void test_options(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].claim);
        assert_said(read_alone(rows[i].bytes, rows[i].size), rows[i].said);
    }
}

/* An option counts from the byte on that completes it. */
static void test_cut_at_every_byte(void)
{
    static const uint8_t bytes[] = { ALL_BYTES };
    static const struct {
        size_t from;
        uint8_t bits;
    } steps[] = { { 0, 0 },
                  { 4, HAS_MSS },
                  { 6, HAS_MSS | HAS_SACK },
                  { 16, HAS_MSS | HAS_SACK | HAS_STAMPS },
                  { 20, HAS_MSS | HAS_SACK | HAS_STAMPS | HAS_WSCALE },
                  { 30, HAS_ALL } };

    for (size_t size = 0, step = 0; size <= sizeof bytes; size++) {
        step += step + 1 < G_N_ELEMENTS(steps) && steps[step + 1].from == size;
        g_assert_cmphex(read_alone(bytes, size).bits, ==, steps[step].bits);
    }
}

static void assert_timestamps(const uint8_t *bytes, size_t size)
{
    struct flow_tcp_options options = { .tsval = 77, .mss = 66 }, all = read_alone(bytes, size);
    uint8_t *own = g_memdup2(bytes, size);
    bool has = flow_tcp_timestamps_read(own, size, &options);

    g_free(own);
    g_assert_cmpint(has, ==, (all.bits & HAS_STAMPS) != 0);
    if (has)
        assert_said(options, (struct flow_tcp_options){ all.tsval, all.tsecr, 0, 0, HAS_STAMPS });
    else
        assert_said(options, (struct flow_tcp_options){ .tsval = 77, .mss = 66 });
}

/* The short way and the long one say the same, wherever the bytes are cut. */
static void test_timestamps_alone(void)
{
    static const uint8_t usual[] = { NOP, NOP, STAMPS, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 };

    for (size_t size = 0; size <= sizeof usual; size++)
        assert_timestamps(usual, size);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_timestamps(rows[i].bytes, rows[i].size);
}

static void test_any_bytes(void)
{
    static const uint8_t likely[] = { 0, 1, 2, 3, 4, 8, 10, 34, 254, 1, 1, 8, 10 };
    GRand *rand = g_rand_new_with_seed(42);
    uint8_t bytes[40];

    for (unsigned round = 0; round < 20000; round++) {
        size_t size = g_rand_int(rand) % (sizeof bytes + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = g_rand_boolean(rand) ? likely[g_rand_int(rand) % sizeof likely]
                                            : (uint8_t)g_rand_int(rand);
        assert_timestamps(bytes, size);
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/tcp-options/say-what-they-say", test_options);
    g_test_add_func("/tcp-options/cut-at-every-byte", test_cut_at_every_byte);
    g_test_add_func("/tcp-options/timestamps-alone", test_timestamps_alone);
    g_test_add_func("/tcp-options/any-bytes", test_any_bytes);
    return g_test_run();
}
