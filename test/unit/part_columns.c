#include "part_columns.h"

#include <stdio.h>

/* Print the columns of parts that rows make: test/reference.py writes SQL of them. */

static const char *const merges[] = {
    [FLOW_MERGE_SUM] = "sum",     [FLOW_MERGE_LEAST] = "least", [FLOW_MERGE_GREATEST] = "greatest",
    [FLOW_MERGE_FIRST] = "first", [FLOW_MERGE_LAST] = "last",   [FLOW_MERGE_BITS] = "bits",
};

static const char *type_of(enum flow_kind kind)
{
    switch (kind) {
    case FLOW_UINT64: return "long";
    case FLOW_FRAME: return "frame";
    case FLOW_SPAN: return "span";
    case FLOW_INSTANT: return "instant";
    case FLOW_TEXT: return "text";
    case FLOW_UINT8:
    case FLOW_UINT16:
    case FLOW_UINT32:
    case FLOW_HEX16:
    case FLOW_HEX32:
    case FLOW_FLAG: return "number";
    case FLOW_DOUBLE:
    case FLOW_ADDR_MAC:
    case FLOW_ADDR_IPV4:
    case FLOW_ADDR_IPV6: break;
    }
    return "none";
}

/* The column, its type, how it merges, its end, and the row's name; of what is no field, none. */
int main(void)
{
    static const char *const ends[] = { [FLOW_UP] = "0", [FLOW_DOWN] = "1", [FLOW_DIRS] = "" };
    const struct flow_part_column *column;

    for (size_t i = 0; (column = flow_part_column(i)); i++)
        printf("%s\t%s\t%s\t%s\t%s\n", column->name, type_of(column->row->kind),
               merges[column->row->merge], ends[column->end],
               column->row->scope == FLOW_SCOPE_PART ? "" : column->row->name);
    return 0;
}
