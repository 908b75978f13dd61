#ifndef FLOWSTATS_ENGINE_NUMBER_TEXT_H
#define FLOWSTATS_ENGINE_NUMBER_TEXT_H

#include <stdint.h>

/*
 * Numbers as files have them.  A file has as many as it has rows times columns,
 * and printf takes ten times as long for one as its digits do.
 *
 * Each function writes a text where there is room for FLOW_NUMBER_TEXT_LEN bytes,
 * and returns its end, as stpcpy does: where its final zero is.
 */

enum { FLOW_NUMBER_TEXT_LEN = 40 };

/* In decimal. */
char *flow_put_integer(char *at, uint64_t number);

/* Nanoseconds as seconds with all nine decimals; the sign stands also before a zero. */
char *flow_put_seconds(char *at, int64_t ns);

/* What "%.15g" prints, with a point in every locale. */
char *flow_put_real(char *at, double real);

#endif
