#include "zeek.h"

#include "segments.h"

#include <glib.h>
#include <string.h>

/* The numbers of a connection whose SYNs are 99 and 499. */
#define HANDSHAKE UP("S", 99, 0, 0), DOWN("SA", 499, 100, 0), UP("A", 100, 500, 0)
#define CLOSE     UP("FA", 100, 500, 0), DOWN("FA", 500, 101, 0), UP("A", 101, 501, 0)

static const struct {
    const char *claim;
    struct segment segments[SEGMENTS_MAX];
    const char *conn_state;
    const char *history;
    uint64_t missed;
    uint64_t size[FLOW_DIRS];
} rows[] = {
    { "a byte is data, and none is none",
      { HANDSHAKE, UP("A", 100, 500, 1), DOWN("A", 500, 101, 1) },
      "S1",
      "ShADd",
      0,
      { 1, 1 } },

    /* conn_state, in the order of the rules */
    { "REJ: a SYN is answered by a RST",
      { UP("S", 99, 0, 0), DOWN("RA", 0, 100, 0) },
      "REJ",
      "Sr",
      0,
      { 0, 0 } },
    { "REJ: so is a SYN-ACK of the originator",
      { UP("SA", 99, 500, 0), DOWN("RA", 500, 100, 0) },
      "REJ",
      "Hr",
      0,
      { 0, 0 } },
    { "REJ: both reset, and nothing was sent",
      { UP("S", 99, 0, 0), UP("R", 100, 0, 0), DOWN("R", 0, 0, 0) },
      "REJ",
      "SRr",
      0,
      { 0, 0 } },
    { "RSTR: both reset, but data was sent",
      { HANDSHAKE, UP("A", 100, 500, 10), UP("R", 110, 0, 0), DOWN("R", 500, 0, 0) },
      "RSTR",
      "ShADRr",
      0,
      { 10, 0 } },
    { "RSTRH: a SYN-ACK and a RST of the responder, and no SYN",
      { DOWN("SA", 499, 100, 0), DOWN("R", 500, 0, 0) },
      "RSTRH",
      "^hr",
      0,
      { 0, 0 } },
    { "RSTRH: the originator was joined in the middle",
      { UP("A", 100, 500, 10), DOWN("R", 500, 0, 0) },
      "RSTRH",
      "Dr",
      0,
      { 10, 0 } },
    { "RSTR: the responder resets an established connection",
      { HANDSHAKE, DOWN("RA", 500, 100, 0) },
      "RSTR",
      "ShAr",
      0,
      { 0, 0 } },
    { "RSTOS0: a SYN and then a RST, and no SYN-ACK",
      { UP("S", 99, 0, 0), UP("R", 100, 0, 0) },
      "RSTOS0",
      "SR",
      0,
      { 0, 0 } },
    { "OTH: a RST of the originator after more than a SYN",
      { UP("S", 99, 0, 0), UP("A", 100, 500, 0), UP("R", 100, 0, 0) },
      "OTH",
      "SAR",
      0,
      { 0, 0 } },
    { "OTH: a RST of the originator alone", { UP("R", 100, 0, 0) }, "OTH", "R", 0, { 0, 0 } },
    { "RSTO: the originator resets an established connection",
      { HANDSHAKE, UP("RA", 100, 500, 0) },
      "RSTO",
      "ShAR",
      0,
      { 0, 0 } },
    { "SF: both close", { HANDSHAKE, CLOSE }, "SF", "ShAFf", 0, { 0, 0 } },
    { "SF: both close, and a RST after that changes nothing",
      { HANDSHAKE, CLOSE, UP("R", 101, 0, 0), DOWN("R", 501, 0, 0) },
      "SF",
      "ShAFfRr",
      0,
      { 0, 0 } },
    { "SF: a FIN, a RST of the same side, and the other's FIN",
      { HANDSHAKE, UP("FA", 100, 500, 0), UP("R", 101, 0, 0), DOWN("FA", 500, 101, 0) },
      "SF",
      "ShAFRf",
      0,
      { 0, 0 } },
    { "SH: a SYN and a FIN, and no SYN-ACK",
      { UP("S", 99, 0, 0), UP("F", 100, 0, 0) },
      "SH",
      "SF",
      0,
      { 0, 0 } },
    { "S2: the originator closes",
      { HANDSHAKE, UP("FA", 100, 500, 0) },
      "S2",
      "ShAF",
      0,
      { 0, 0 } },
    { "SHR: a SYN-ACK and a FIN of the responder, and no SYN",
      { DOWN("SA", 499, 100, 0), DOWN("FA", 500, 100, 0) },
      "SHR",
      "^hf",
      0,
      { 0, 0 } },
    { "S3: the responder closes",
      { HANDSHAKE, DOWN("FA", 500, 100, 0) },
      "S3",
      "ShAf",
      0,
      { 0, 0 } },
    { "S0: a SYN, and no answer", { UP("S", 99, 0, 0) }, "S0", "S", 0, { 0, 0 } },
    { "S0: an ACK before the SYN-ACK is none",
      { UP("S", 99, 0, 0), DOWN("A", 500, 100, 0) },
      "S0",
      "Sa",
      0,
      { 0, 0 } },
    { "S1: a SYN-ACK establishes a connection",
      { UP("S", 99, 0, 0), DOWN("SA", 499, 100, 0) },
      "S1",
      "Sh",
      0,
      { 0, 0 } },
    { "S1: so do two SYNs", { UP("S", 99, 0, 0), DOWN("S", 499, 0, 0) }, "S1", "Ss", 0, { 0, 0 } },
    { "S1: and a SYN-ACK and the ACK to it, without a SYN",
      { DOWN("SA", 499, 100, 0), UP("A", 100, 500, 0) },
      "S1",
      "^hA",
      0,
      { 0, 0 } },
    { "OTH: joined in the middle",
      { UP("A", 100, 500, 10), DOWN("A", 500, 110, 0) },
      "OTH",
      "Da",
      0,
      { 10, 0 } },
    { "S0: a SYN after data from the middle, of one side",
      { UP("A", 100, 500, 10), UP("S", 8999, 0, 0) },
      "S0",
      "DS",
      0,
      { 0, 0 } },

    /* history */
    { "^: the first packet goes down, not the first with a letter",
      { UP("", 100, 0, 0), DOWN("RA", 0, 100, 0) },
      "RSTRH",
      "r",
      0,
      { 0, 0 } },
    { "a SYN that is sent again is one",
      { UP("S", 99, 0, 0), UP("S", 99, 0, 0) },
      "S0",
      "S",
      0,
      { 0, 0 } },
    { "a FIN with another number is another",
      { HANDSHAKE, UP("FA", 100, 500, 0), UP("FA", 100, 500, 0), UP("FA", 100, 500, 5) },
      "S2",
      "ShAFF",
      0,
      { 5, 0 } },
    { "a RST with another number is another",
      { HANDSHAKE, UP("R", 100, 0, 0), UP("R", 100, 0, 0), UP("R", 120, 0, 0) },
      "RSTO",
      "ShARR",
      0,
      { 0, 0 } },
    { "I: a FIN with RST; Q: a SYN with FIN",
      { UP("SF", 99, 0, 0), UP("FR", 100, 0, 0), UP("FR", 200, 0, 0), UP("SF", 99, 0, 0) },
      "OTH",
      "QI",
      0,
      { 0, 0 } },
    { "all three flags are an I", { UP("SFR", 99, 0, 0) }, "OTH", "I", 0, { 0, 0 } },
    { "a segment without flags and payload is no letter",
      { UP("", 100, 0, 0) },
      "OTH",
      NULL,
      0,
      { 0, 0 } },
    { "T: a retransmission, of which the 10th is told again",
      { HANDSHAKE, UP("A", 100, 500, 9), UP("A", 100, 500, 9), UP("A", 100, 500, 9),
        UP("A", 100, 500, 9), UP("A", 100, 500, 9), UP("A", 100, 500, 9), UP("A", 100, 500, 9),
        UP("A", 100, 500, 9), UP("A", 100, 500, 9), UP("A", 100, 500, 9), UP("A", 100, 500, 9) },
      "S1",
      "ShADTT",
      0,
      { 9, 0 } },
    { "a retransmission with new data is none",
      { HANDSHAKE, UP("A", 100, 500, 9), UP("A", 100, 500, 10) },
      "S1",
      "ShAD",
      0,
      { 10, 0 } },
    { "data out of order is one",
      { HANDSHAKE, UP("A", 110, 500, 10), UP("A", 100, 500, 10) },
      "S1",
      "ShADT",
      0,
      { 20, 0 } },
    { "W: a zero window",
      { HANDSHAKE, { FLOW_DOWN, "A", 500, 100, 0, true } },
      "S1",
      "ShAaw",
      0,
      { 0, 0 } },
    { "not in a RST",
      { HANDSHAKE, { FLOW_DOWN, "RA", 500, 100, 0, true } },
      "RSTR",
      "ShAr",
      0,
      { 0, 0 } },
    { "nor when the other side has closed",
      { HANDSHAKE, UP("FA", 100, 500, 0), { FLOW_DOWN, "A", 500, 101, 0, true } },
      "S2",
      "ShAFa",
      0,
      { 0, 0 } },
    { "a segment with all: data, zero window, retransmission, gap",
      { HANDSHAKE, UP("A", 100, 500, 10), { FLOW_UP, "A", 100, 520, 10, true } },
      "S1",
      "ShADWTg",
      20,
      { 10, 20 } },

    /* gaps */
    { "G: the side whose data is missing",
      { HANDSHAKE, UP("A", 120, 500, 10), DOWN("A", 500, 130, 0) },
      "S1",
      "ShADaG",
      20,
      { 30, 0 } },
    { "late data stays missed",
      { HANDSHAKE, DOWN("A", 500, 120, 0), UP("A", 100, 500, 20) },
      "S1",
      "ShAaGD",
      20,
      { 20, 0 } },
    { "the last acknowledgement comes with a FIN: the gap is told",
      { HANDSHAKE, DOWN("FA", 500, 120, 0) },
      "S3",
      "ShAfG",
      20,
      { 20, 0 } },
    { "with a RST it is not", { HANDSHAKE, DOWN("RA", 500, 120, 0) }, "RSTR", "ShAr", 0, { 0, 0 } },
    { "an acknowledged FIN is no gap",
      { HANDSHAKE, UP("FA", 100, 500, 0), DOWN("A", 500, 101, 0) },
      "S2",
      "ShAFa",
      0,
      { 0, 0 } },
    { "nor is it if another FIN has come, but then the first one's number is",
      { HANDSHAKE, UP("FA", 100, 500, 0), DOWN("A", 500, 101, 0), UP("FA", 101, 500, 0),
        DOWN("A", 500, 102, 0) },
      "S2",
      "ShAFaFG",
      1,
      { 1, 0 } },
    { "a connection from the middle has no gaps",
      { UP("A", 100, 500, 10), DOWN("A", 500, 110, 0), DOWN("A", 500, 150, 0) },
      "OTH",
      "Da",
      0,
      { 50, 0 } },

    { "a side that is joined in the middle starts with its own first segment",
      { DOWN("SA", 499, 100, 0), UP("A", 120, 500, 10), DOWN("A", 500, 130, 0) },
      "S1",
      "^hDa",
      0,
      { 10, 0 } },

    /* sizes */
    { "a SYN and a FIN are no data", { HANDSHAKE, CLOSE }, "SF", "ShAFf", 0, { 0, 0 } },
    { "a RST far away moves no size",
      { HANDSHAKE, UP("A", 100, 500, 10), UP("R", 100 + (2u << 20), 0, 0) },
      "RSTO",
      "ShADR",
      0,
      { 10, 0 } },
    { "numbers wrap",
      { UP("S", UINT32_MAX - 10, 0, 0), DOWN("SA", 499, UINT32_MAX - 9, 0),
        UP("A", UINT32_MAX - 9, 500, 30), DOWN("A", 500, 20, 0) },
      "S1",
      "ShDa",
      0,
      { 30, 0 } },
};

static void test_rows(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct zeek_state state = { 0 };
        g_test_message("%s", rows[i].claim);
        fold_segments(&flow_zeek, &state, rows[i].segments);
        g_assert_cmpstr(zeek_conn_state(&state), ==, rows[i].conn_state);
        g_assert_cmpstr(state.history, ==, rows[i].history ? rows[i].history : "");
        g_assert_cmpuint(state.missed_bytes, ==, rows[i].missed);
        g_assert_cmpuint(zeek_size(&state, FLOW_UP), ==, rows[i].size[FLOW_UP]);
        g_assert_cmpuint(zeek_size(&state, FLOW_DOWN), ==, rows[i].size[FLOW_DOWN]);
    }
}

/* New RSTs for ever: a letter each, until there is no room. */
static void test_history_has_an_end(void)
{
    struct zeek_state state = { 0 };

    for (uint32_t i = 0; i < 100; i++) {
        struct segment rst[] = { UP("R", i, 0, 0), NO_MORE_SEGMENTS };
        fold_segments(&flow_zeek, &state, rst);
    }
    g_assert_cmpuint(strlen(state.history), ==, ZEEK_HISTORY_LEN);
    g_assert_cmpstr(zeek_conn_state(&state), ==, "OTH");
}

static void test_other_protocols(void)
{
    static const struct {
        uint8_t protocol;
        unsigned up, down;
        const char *conn_state, *history;
    } flows[] = {
        { FLOW_PROTOCOL_UDP, 1, 0, "S0", "D" },     { FLOW_PROTOCOL_UDP, 0, 2, "SHR", "^d" },
        { FLOW_PROTOCOL_UDP, 3, 2, "SF", "Dd" },    { FLOW_PROTOCOL_ICMP, 1, 1, "OTH", "" },
        { FLOW_PROTOCOL_UDPLITE, 1, 1, "OTH", "" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
        struct zeek_state state = { 0 };
        for (unsigned n = 0; n < flows[i].up + flows[i].down; n++) {
            struct flow_fact fact = { .payload_len = 7,
                                      .ip_len = 35,
                                      .bits =
                                          FLOW_FACT_IP | (n < flows[i].up ? 0 : FLOW_FACT_DOWN) };
            struct flow_fold from = { .fact = &fact,
                                      .family = FLOW_IPV4,
                                      .protocol = flows[i].protocol };
            flow_zeek.fold(&state, &from);
        }
        g_assert_cmpstr(zeek_conn_state(&state), ==, flows[i].conn_state);
        g_assert_cmpstr(state.history, ==, flows[i].history);
        g_assert_cmpuint(zeek_size(&state, FLOW_UP), ==, 7 * flows[i].up);
        g_assert_cmpuint(state.half[FLOW_DOWN].ip_bytes, ==, 35 * flows[i].down);
    }
}

static void test_fragments_make_no_gap(void)
{
    struct zeek_state state = { 0 };
    const struct segment handshake[] = { HANDSHAKE, NO_MORE_SEGMENTS };
    const struct segment answer[] = { DOWN("A", 500, 120, 0), NO_MORE_SEGMENTS };
    struct flow_fact first = fact_of(&(struct segment)UP("A", 100, 500, 8));
    struct flow_fact later = { .bits = FLOW_FACT_FRAG, .payload_len = 12 };

    fold_segments(&flow_zeek, &state, handshake);
    first.bits |= FLOW_FACT_FRAG | FLOW_FACT_FIRST_FRAG;
    fold_fact(&flow_zeek, &state, &first);
    fold_fact(&flow_zeek, &state, &later);
    fold_segments(&flow_zeek, &state, answer);
    g_assert_cmpstr(state.history, ==, "ShADa");
    g_assert_cmpuint(state.missed_bytes, ==, 0);
    g_assert_cmpuint(zeek_size(&state, FLOW_UP), ==, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/zeek/rows", test_rows);
    g_test_add_func("/zeek/history-has-an-end", test_history_has_an_end);
    g_test_add_func("/zeek/other-protocols", test_other_protocols);
    g_test_add_func("/zeek/fragments-make-no-gap", test_fragments_make_no_gap);
    return g_test_run();
}
