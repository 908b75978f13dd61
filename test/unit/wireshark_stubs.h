#ifndef TEST_UNIT_WIRESHARK_H
#define TEST_UNIT_WIRESHARK_H

#include <stdbool.h>

/*
 * In place of Wireshark's own functions, which would need all its dissectors:
 * protocols are the names that anybody has asked for, so the walk runs without a
 * dissector, over bytes and a list of layers.
 */

enum { WIRESHARK_NAMES_MAX = 200 };

/* What the preference ipv6.tso_support says. */
extern bool wireshark_offload_is_seen;

#endif
