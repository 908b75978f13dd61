#ifndef TEST_UNIT_ASK_H
#define TEST_UNIT_ASK_H

#include "field.h"
#include "meter.h"

#include <glib.h>

/*
 * Ask a meter about a frame by a field's name.  Dissected again, unless the
 * question says first.  A text is valid until the next question.
 */
static inline struct flow_value ask(struct flow_meter *meter, uint32_t frame, const char *name,
                                    bool again)
{
    static struct flow_view view;
    const struct flow_field *field = flow_field_named(name);

    if (!field)
        g_test_message("no field %s", name);
    if (!field || !flow_meter_view(meter, frame, again, &view))
        return (struct flow_value){ .known = false };
    return flow_field_value(field, &view);
}

static inline struct flow_value ask_known(struct flow_meter *meter, uint32_t frame,
                                          const char *name)
{
    struct flow_value value = ask(meter, frame, name, true);

    if (!value.known) {
        g_test_message("frame %u: no %s", frame, name);
        g_test_fail();
    }
    return value;
}

/* The preference of a group, which has it. */
static inline const struct flow_setting *setting_named(const struct flow_group *group,
                                                       const char *name)
{
    const struct flow_setting *setting = group->settings;

    while (g_strcmp0(setting->name, name) != 0)
        setting++;
    return setting;
}

#define expect_number(meter, frame, name, want)                                                    \
    g_assert_cmpuint(ask_known(meter, frame, name).as.number, ==, want)
#define expect_ns(meter, frame, name, want)                                                        \
    g_assert_cmpint(ask_known(meter, frame, name).as.ns, ==, want)
#define expect_text(meter, frame, name, want)                                                      \
    g_assert_cmpstr(ask_known(meter, frame, name).as.text, ==, want)
#define expect_absent(meter, frame, name)       g_assert_false(ask(meter, frame, name, true).known)
#define expect_absent_first(meter, frame, name) g_assert_false(ask(meter, frame, name, false).known)

#endif
