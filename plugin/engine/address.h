#ifndef FLOWSTATS_ENGINE_ADDRESS_H
#define FLOWSTATS_ENGINE_ADDRESS_H

#include <flowstats/packet.h>

/* Addresses as people write them. */

enum { FLOW_ADDR_TEXT_LEN = 48 }; /* room for those of every family */

void flow_addr_text(enum flow_family family, const uint8_t *addr,
                    char ret_text[FLOW_ADDR_TEXT_LEN]);

#endif
