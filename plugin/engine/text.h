#ifndef FLOWSTATS_TEXT_H
#define FLOWSTATS_TEXT_H

#include <flowstats/packet.h>

/* Addresses as people write them; room for every family. */
enum { FLOW_ADDR_TEXT_LEN = 48 };

void flow_addr_text(enum flow_family family, const uint8_t *addr,
                    char ret_text[FLOW_ADDR_TEXT_LEN]);

#endif
