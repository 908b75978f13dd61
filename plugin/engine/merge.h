#ifndef FLOWSTATS_ENGINE_MERGE_H
#define FLOWSTATS_ENGINE_MERGE_H

/*
 * How a row's values of two parts of a flow, in two files, make the value of both;
 * a value that is not known counts for nothing.
 */
enum flow_merge {
    FLOW_MERGE_NONE, /* it takes more than the values, or cannot be told */
    FLOW_MERGE_SUM,
    FLOW_MERGE_LEAST,
    FLOW_MERGE_GREATEST,
    FLOW_MERGE_FIRST, /* the earlier one */
    FLOW_MERGE_LAST,
    FLOW_MERGE_BITS, /* those of both */
};

#endif
