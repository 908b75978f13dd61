#ifndef FLOWSTATS_ENGINE_NUMBER_TEXT_H
#define FLOWSTATS_ENGINE_NUMBER_TEXT_H

#include <stdint.h>

/*
 * Numbers as files have them.  A file has as many as it has rows times columns,
 * and printf takes ten times as long for one as its digits do.
 *
 * Each answer lies within "text", and is valid as long as that.
 */

enum { FLOW_NUMBER_TEXT_LEN = 40 };

/* In decimal. */
const char *flow_integer_text(uint64_t number, char text[FLOW_NUMBER_TEXT_LEN]);

/* Nanoseconds as seconds with all nine decimals; the sign stands also before a zero. */
const char *flow_seconds_text(int64_t ns, char text[FLOW_NUMBER_TEXT_LEN]);

/* What "%.15g" prints, with a point in every locale. */
const char *flow_real_text(double real, char text[FLOW_NUMBER_TEXT_LEN]);

#endif
