#include "pictures.h"

#include "field.h"
#include "member.h"
#include "program.h"
#include "session.h"

#include <epan/color_filters.h>
#include <epan/frame_data_sequence.h>
#include <epan/plugin_if.h>

static uint64_t generation; /* counts files opened and closed */

static struct flow_tally *asked_tally;

/* What the last question about flows saw; asked_tally, or our own. */
static struct flow_tally *seen_tally, *own_tally;

static uint64_t current_generation(void)
{
    return fs_session_meter() ? generation : 0;
}

static void next_generation(void)
{
    generation++;
}

/* The packet list.  Only Wireshark has one; there the functions below are called back at once. */

static void *displayed_of(capture_file *file, void *data)
{
    struct flow_picture_now *now = data;
    static char *filter, *path;

    g_free(filter);
    g_free(path);
    filter = g_strdup(file && file->dfilter ? file->dfilter : "");
    path = g_strdup(file && file->filename ? file->filename : "");
    now->filter = filter;
    now->path = path;
    if (!file)
        return NULL;
    now->displayed = ((uint64_t)g_str_hash(filter) << 32) ^ file->displayed_count ^
                     ((uint64_t)file->first_displayed << 16);
    now->frame = file->current_frame ? file->current_frame->num : 0;
    return NULL;
}

static void now(struct flow_picture_now *ret_now)
{
    struct flow_meter *meter = fs_session_meter();
    struct flow_view view;

    *ret_now = (struct flow_picture_now){
        .generation = current_generation(), .flow = FLOW_PICTURES_NO_FLOW, .path = "", .filter = ""
    };
    if (fs_program() == FS_WIRESHARK)
        plugin_if_get_capture_file(displayed_of, ret_now);
    if (!meter)
        return;
    /* When a file is dissected again its packets come anew, too. */
    if (flow_meter_flow_view(meter, 0, &view))
        ret_now->packets = flow_history_recorded(view.history);
    if (ret_now->frame != 0 && flow_meter_view(meter, ret_now->frame, false, &view))
        ret_now->flow = view.index;
}

static void *pass_displayed(capture_file *file, void *data)
{
    for (uint32_t frame = 1; file && file->provider.frames && frame <= file->count; frame++) {
        const frame_data *found = frame_data_sequence_find(file->provider.frames, frame);
        if (found && found->passed_dfilter)
            flow_tally_pass(data, frame);
    }
    return NULL;
}

/* Fields */

static bool kind_of(enum flow_kind kind, enum flow_picture_kind *ret_kind)
{
    switch (flow_member_of(kind)) {
    case FLOW_MEMBER_NUMBER: *ret_kind = FLOW_PICTURE_COUNT; return true;
    case FLOW_MEMBER_REAL: *ret_kind = FLOW_PICTURE_REAL; return true;
    case FLOW_MEMBER_NS:
        *ret_kind = kind == FLOW_SPAN ? FLOW_PICTURE_SPAN : FLOW_PICTURE_INSTANT;
        return true;
    case FLOW_MEMBER_TEXT: *ret_kind = FLOW_PICTURE_TEXT; return true;
    case FLOW_MEMBER_ADDR: break;
    }
    return false;
}

/* All fields of whole flows, whichever of them the user wants as columns of exports. */
static bool field(size_t number, struct flow_picture_field *ret_field)
{
    enum flow_picture_kind kind;

    for (size_t i = 0; i < flow_field_count(); i++) {
        const struct flow_field *of = flow_field_at(i);
        if (!flow_field_is_of_flow(of) || of->row->is_repeated || !kind_of(of->kind, &kind) ||
            number-- > 0)
            continue;
        *ret_field =
            (struct flow_picture_field){ .name = of->name, .label = of->label, .kind = kind };
        return true;
    }
    return false;
}

static struct flow_picture_value value_of(const struct flow_field *of, struct flow_view *view)
{
    struct flow_value value = of ? flow_field_value(of, view) : (struct flow_value){ 0 };
    struct flow_picture_value answer = { .known = value.known };
    enum flow_picture_kind kind;

    if (!value.known || !kind_of(of->kind, &kind))
        return (struct flow_picture_value){ 0 };
    switch (kind) {
    case FLOW_PICTURE_COUNT: answer.number = (double)value.as.number; break;
    case FLOW_PICTURE_REAL: answer.number = value.as.real; break;
    case FLOW_PICTURE_SPAN:
    case FLOW_PICTURE_INSTANT: answer.ns = value.as.ns; break;
    case FLOW_PICTURE_TEXT: answer.text = value.as.text; break;
    }
    return answer;
}

/* Flows */

struct reading {
    const struct flow_picture_question *question;
    const struct flow_field **fields;
    struct flow_picture_value *values;
    char **texts; /* copies: a text is valid until the next value is asked for */
};

static void read_row(struct flow_view *view, void *data)
{
    const struct reading *reading = data;
    size_t count = reading->question->count;

    for (size_t i = 0; i < count; i++) {
        struct flow_picture_value *value = &reading->values[i];
        *value = value_of(reading->fields[i], view);
        if (value->text)
            value->text = reading->texts[i] = g_strdup(value->text);
    }
    reading->question->row(view->index, reading->values, reading->question->data);
    for (size_t i = 0; i < count; i++) {
        g_free(reading->texts[i]);
        reading->texts[i] = NULL;
    }
}

static struct flow_tally *tally_of(enum flow_picture_scope scope)
{
    if (scope == FLOW_PICTURE_TALLY && asked_tally)
        return asked_tally;
    flow_tally_free(own_tally);
    own_tally = flow_tally_new(scope == FLOW_PICTURE_DISPLAYED);
    if (scope == FLOW_PICTURE_DISPLAYED)
        plugin_if_get_capture_file(pass_displayed, own_tally);
    return own_tally;
}

static bool flows(const struct flow_picture_question *question)
{
    struct reading reading = { .question = question };

    if (!fs_session_meter() || question->generation != current_generation())
        return false;
    seen_tally = tally_of(question->scope);
    reading.fields = g_new0(const struct flow_field *, question->count);
    reading.values = g_new0(struct flow_picture_value, question->count);
    reading.texts = g_new0(char *, question->count);
    for (size_t i = 0; i < question->count; i++)
        reading.fields[i] = flow_field_named(question->fields[i]);
    flow_tally_each(seen_tally, fs_session_meter(), read_row, &reading);
    g_free(reading.fields);
    g_free(reading.values);
    g_free(reading.texts);
    return true;
}

/* Packets */

/* What a mark is told by: a count that the packet raised. */
static const struct {
    const char *field;
    enum flow_picture_mark mark;
} counts[] = {
    { "sofar.tcp.analysis.up.retransmission", FLOW_PICTURE_RETRANSMISSION },
    { "sofar.tcp.analysis.down.retransmission", FLOW_PICTURE_RETRANSMISSION },
    { "sofar.tcp.analysis.up.lost_segment", FLOW_PICTURE_GAP },
    { "sofar.tcp.analysis.down.lost_segment", FLOW_PICTURE_GAP },
    { "sofar.tcp.analysis.up.zero_window", FLOW_PICTURE_ZERO_WINDOW },
    { "sofar.tcp.analysis.down.zero_window", FLOW_PICTURE_ZERO_WINDOW },
};

/* frame: by its number in all files that were read one after the other. */
static uint8_t marks_of(uint32_t frame, uint64_t before[G_N_ELEMENTS(counts)])
{
    struct flow_meter *meter = fs_session_meter();
    struct flow_view view;
    uint8_t marks = 0;

    if (!flow_meter_view(meter, frame - flow_meter_frames(meter), false, &view))
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        const struct flow_field *of = flow_field_named(counts[i].field);
        struct flow_value value = of ? flow_field_value(of, &view) : (struct flow_value){ 0 };
        if (!value.known)
            continue;
        if (value.as.number > before[i])
            marks |= (uint8_t)(1 << counts[i].mark);
        before[i] = value.as.number;
    }
    return marks;
}

static int64_t response_of(uint32_t frame, uint32_t flow)
{
    static const struct flow_field *field;
    struct flow_meter *meter = fs_session_meter();
    struct flow_value value = { 0 };
    struct flow_view view;

    if (!field)
        field = flow_field_named("response.time");
    if (field && flow_meter_view(meter, frame - flow_meter_frames(meter), false, &view) &&
        view.index == flow)
        value = flow_field_value(field, &view);
    return value.known ? value.as.ns : -1;
}

static bool packets(uint64_t of, uint32_t flow, enum flow_picture_detail detail,
                    bool (*packet)(const struct flow_picture_packet *packet, void *data),
                    void *data)
{
    struct flow_meter *meter = fs_session_meter();
    uint64_t before[G_N_ELEMENTS(counts)] = { 0 };
    struct flow_view view;
    struct flow_fact fact;

    /* Of a flow that began in an earlier file only some packets are known. */
    if (!meter || of != current_generation() || !flow_meter_flow_view(meter, flow, &view) ||
        flow_history_forgotten(view.history, view.index) > 0)
        return false;
    for (uint32_t i = 0; flow_view_packet(&view, i, &fact); i++) {
        if (seen_tally && !flow_tally_has_passed(seen_tally, fact.frame))
            continue;
        struct flow_picture_packet out = { .time_ns = fact.time_ns,
                                           .response_ns = -1,
                                           .frame = fact.frame,
                                           .bytes = fact.wire_len,
                                           .is_down = flow_fact_dir(&fact) == FLOW_DOWN,
                                           .has_time = (fact.bits & FLOW_FACT_TIME) != 0 };
        if (detail == FLOW_PICTURE_WITH_RESPONSES && out.is_down)
            out.response_ns = response_of(fact.frame, flow);
        if (detail == FLOW_PICTURE_WITH_MARKS && fact.bits & FLOW_FACT_TCP) {
            out.marks = marks_of(fact.frame, before);
            if (fact.tcp_flags & FLOW_TCP_RST)
                out.marks |= 1 << FLOW_PICTURE_RESET;
        }
        if (!packet(&out, data))
            break;
    }
    return true;
}

/* Requests */

static void go_to(uint32_t frame)
{
    plugin_if_goto_frame(frame);
}

static void filter(const char *text)
{
    plugin_if_apply_filter(text, true);
}

static void colour(unsigned number, const char *text)
{
    char *error = NULL;

    if (text)
        color_filters_set_tmp((uint8_t)number, text, false, &error);
    else
        color_filters_reset_tmp(&error);
    g_free(error);
}

const struct flow_picture_host *fs_pictures_host(struct flow_tally *tally)
{
    static const struct flow_picture_host host = { .now = now,
                                                   .field = field,
                                                   .flows = flows,
                                                   .packets = packets,
                                                   .go_to = go_to,
                                                   .filter = filter,
                                                   .colour = colour };

    /* A window that is open already goes on with what it has seen. */
    if (tally != asked_tally)
        seen_tally = NULL;
    asked_tally = tally;
    return &host;
}

void fs_pictures_register(void)
{
    register_init_routine(next_generation);
    register_cleanup_routine(next_generation);
}
