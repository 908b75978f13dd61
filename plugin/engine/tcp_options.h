#ifndef FLOWSTATS_TCP_OPTIONS_H
#define FLOWSTATS_TCP_OPTIONS_H

#include <flowstats/fact.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * What the options of a TCP header say.
 */

/*
 * Read a header's options, of which size bytes are captured.  Reading ends at
 * the end of the list, at the end of the bytes, or at a length that cannot be;
 * options before it count.  An option whose length is not its own says nothing;
 * of one that comes twice the first counts.
 */
struct flow_tcp_options flow_tcp_options_read(const uint8_t *bytes, size_t size);

/* Read the timestamps alone, which is fast where they are all that is there. */
bool flow_tcp_timestamps_read(const uint8_t *bytes, size_t size,
                              struct flow_tcp_options *ret_options);

#endif
