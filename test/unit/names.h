#ifndef TEST_UNIT_NAMES_H
#define TEST_UNIT_NAMES_H

#include <flowstats/value.h>

#include <stddef.h>

/* The name of a number in a list of names, NULL where it has none. */
static inline const char *name_in(const struct flow_name *names, uint32_t number)
{
    while (names->name && names->number != number)
        names++;
    return names->name;
}

#endif
