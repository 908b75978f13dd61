#ifndef FLOWSTATS_SEARCH_H
#define FLOWSTATS_SEARCH_H

#include "cursor.h"

/*
 * Where a listed header is when a layer before it could not be passed: only a
 * place where the bytes prove it is taken.
 */

/*
 * Go to the header of a layer, from the cursor's place on, also in the buffers
 * after it.  What proves it is the chain from there: the listed headers follow one
 * another, each EtherType names the next one, up to an IP header whose checksum or
 * length is right or which carries the next listed layer, to an ARP message, or to
 * a header without a row that an EtherType names.  False where there is none; the
 * cursor stays where it was.
 */
bool fs_search(struct fs_cursor *cursor, size_t layer);

#endif
