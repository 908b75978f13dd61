#ifndef FLOWSTATS_ENGINE_SECTION_H
#define FLOWSTATS_ENGINE_SECTION_H

/* The parts of the tree that show the fields of the core group; any other group is one part. */
enum flow_section {
    FLOW_SECTION_GROUP, /* the part of the row's own group */
    FLOW_SECTION_IDENTITY,
    FLOW_SECTION_PACKET,
    FLOW_SECTION_TOTAL,
    FLOW_SECTION_UP,
    FLOW_SECTION_DOWN,
    FLOW_SECTION_EACH, /* of rows, not of fields: up or down, as the field's direction is */
    FLOW_SECTION_TCP,
    FLOW_SECTIONS
};

#endif
