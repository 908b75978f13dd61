#ifndef FLOWSTATS_SORTED_H
#define FLOWSTATS_SORTED_H

#include <glib.h>
#include <stdint.h>

/* Return how many of sorted numbers (uint32_t) are less than that one. */
static inline uint32_t flow_sorted_less(const GArray *numbers, uint64_t number)
{
    uint32_t low = 0, high = numbers->len;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g_array_index(numbers, uint32_t, middle) < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
