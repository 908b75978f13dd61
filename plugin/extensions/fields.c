#include "ws_compat.h"

#include "builtin.h"
#include "clock.h"
#include "samples.h"

#include <wsutil/report_message.h>

#include <math.h>

/*
 * Statistics of the numeric fields that a preference names.  A packet can have
 * many values: a packet's note is a number, and where the values of that number
 * end is kept beside them.
 */

#define PREFIX "field."

enum { CHOSEN_MAX = 16, FIELDS_MAX = 64, ROWS_EACH = 5 };

/* How the values of a field are summed up. */
enum kind {
    KIND_NONE, /* they are no numbers */
    KIND_WHOLE,
    KIND_REAL, /* and what does not fit in 64 bits with a sign */
    KIND_SPAN, /* in nanoseconds */
};

/* A field keeps its number and its rows for the program's life, also while it is not chosen. */
struct field {
    const char *name;
    enum kind kind;
    bool is_chosen;
};

static const char *chosen = "";

static const char *wanted[CHOSEN_MAX + 1];
static uint32_t field_of_wanted[CHOSEN_MAX];

static struct field fields[FIELDS_MAX];
static uint32_t field_count;
static struct flow_row rows[FIELDS_MAX * ROWS_EACH + 1];

struct value {
    union {
        int64_t whole;
        double real;
    } as;
    uint32_t field;
};

static GArray *values; /* struct value: of the open file */
static GArray *ends;   /* uint32_t: where those of a note end, by note - 1 */

/* Reals are summed with what rounding left, so that the order of packets hardly matters. */
struct reals {
    uint64_t count;
    double min;
    double max;
    double sum;
    double rest;
};

struct sums {
    union {
        struct flow_samples whole;
        struct reals real;
    } as;
    uint32_t field; /* its number + 1; 0: of none yet */
    uint32_t unused;
};

/* In the order in which the fields came. */
struct state {
    struct sums sums[CHOSEN_MAX];
};

/* Extract */

static enum kind kind_of(enum ftenum type)
{
    switch ((int)type) {
    case FT_UINT8:
    case FT_UINT16:
    case FT_UINT24:
    case FT_UINT32:
    case FT_INT8:
    case FT_INT16:
    case FT_INT24:
    case FT_INT32:
    case FT_INT40:
    case FT_INT48:
    case FT_INT56:
    case FT_INT64: return KIND_WHOLE;
    case FT_UINT40:
    case FT_UINT48:
    case FT_UINT56:
    case FT_UINT64:
    case FT_FLOAT:
    case FT_DOUBLE: return KIND_REAL;
    case FT_RELATIVE_TIME: return KIND_SPAN;
    default: return KIND_NONE;
    }
}

/* Read a value of a field of that kind; false where it is of another, or no number. */
static bool read_value(field_info *info, enum kind kind, struct value *ret_value)
{
    enum ftenum type = info->hfinfo->type;
    fvalue_t *value = WS_FIELD_VALUE(info);

    if (kind_of(type) != kind)
        return false;
    switch ((int)type) {
    case FT_UINT8:
    case FT_UINT16:
    case FT_UINT24:
    case FT_UINT32: ret_value->as.whole = fvalue_get_uinteger(value); return true;
    case FT_INT8:
    case FT_INT16:
    case FT_INT24:
    case FT_INT32: ret_value->as.whole = fvalue_get_sinteger(value); return true;
    case FT_INT40:
    case FT_INT48:
    case FT_INT56:
    case FT_INT64: ret_value->as.whole = fvalue_get_sinteger64(value); return true;
    case FT_UINT40:
    case FT_UINT48:
    case FT_UINT56:
    case FT_UINT64: ret_value->as.real = (double)fvalue_get_uinteger64(value); return true;
    case FT_FLOAT:
    case FT_DOUBLE:
        ret_value->as.real = fvalue_get_floating(value);
        return isfinite(ret_value->as.real);
    case FT_RELATIVE_TIME: return fs_ns_of(fvalue_get_time(value), &ret_value->as.whole);
    default: return false;
    }
}

static void extract_field(const GPtrArray *found, uint32_t field)
{
    struct value value = { .field = field };

    for (unsigned i = 0; i < found->len; i++)
        if (read_value(found->pdata[i], fields[field].kind, &value))
            g_array_append_val(values, value);
}

static void extract(const struct flow_extract *from, void *ret_note)
{
    if (!values) {
        values = g_array_new(FALSE, FALSE, sizeof(struct value));
        ends = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    }
    uint32_t before = values->len;
    for (size_t i = 0; wanted[i]; i++)
        if (from->fields[i])
            extract_field(from->fields[i], field_of_wanted[i]);
    if (values->len == before)
        return;
    g_array_append_val(ends, values->len);
    *(uint32_t *)ret_note = ends->len;
}

static void forget(void)
{
    if (values) {
        g_array_unref(values);
        g_array_unref(ends);
    }
    values = ends = NULL;
}

/* Fold */

static void add_to_sum(struct reals *reals, double real)
{
    double sum = reals->sum + real;

    /* Neumaier's: what the smaller one lost */
    reals->rest +=
        fabs(reals->sum) >= fabs(real) ? reals->sum - sum + real : real - sum + reals->sum;
    reals->sum = sum;
}

static void add_reals(struct reals *reals, const struct reals *more)
{
    reals->min = reals->count > 0 ? MIN(reals->min, more->min) : more->min;
    reals->max = reals->count > 0 ? MAX(reals->max, more->max) : more->max;
    reals->count += more->count;
    add_to_sum(reals, more->sum);
    reals->rest += more->rest;
}

static void add_value(struct sums *sums, const struct value *value)
{
    if (fields[value->field].kind == KIND_REAL) {
        struct reals one = {
            .count = 1, .min = value->as.real, .max = value->as.real, .sum = value->as.real
        };
        add_reals(&sums->as.real, &one);
    } else {
        flow_samples_add(&sums->as.whole, value->as.whole);
    }
}

/* The sums of a field, which begin with its first value; NULL: too many others have begun. */
static struct sums *sums_of(struct state *state, uint32_t field)
{
    for (struct sums *sums = state->sums; sums < state->sums + CHOSEN_MAX; sums++) {
        if (sums->field == 0)
            sums->field = field + 1;
        if (sums->field == field + 1)
            return sums;
    }
    return NULL;
}

static void fold(void *state, const struct flow_fold *from)
{
    uint32_t number = *(const uint32_t *)from->note;

    if (number == 0)
        return;
    uint32_t begin = number > 1 ? g_array_index(ends, uint32_t, number - 2) : 0;
    for (uint32_t i = begin; i < g_array_index(ends, uint32_t, number - 1); i++) {
        const struct value *value = &g_array_index(values, struct value, i);
        struct sums *sums = sums_of(state, value->field);
        if (sums)
            add_value(sums, value);
    }
}

static void merge(void *state, const void *later)
{
    const struct state *more = later;

    for (unsigned i = 0; i < CHOSEN_MAX && more->sums[i].field > 0; i++) {
        struct sums *sums = sums_of(state, more->sums[i].field - 1);
        if (!sums)
            continue;
        if (fields[sums->field - 1].kind == KIND_REAL)
            add_reals(&sums->as.real, &more->sums[i].as.real);
        else
            flow_samples_merge(&sums->as.whole, &more->sums[i].as.whole);
    }
}

/* Values */

enum statistic { COUNT, MINIMUM, MEAN, MAXIMUM, SUM };

static const struct {
    const char *name;
    const char *label;
    const char *help;
} statistics[ROWS_EACH] = {
    [COUNT] = { "count", "count", "Number of values of %s in the flow." },
    [MINIMUM] = { "min", "minimum", "Least value of %s in the flow." },
    [MEAN] = { "mean", "mean", "Mean of the values of %s in the flow." },
    [MAXIMUM] = { "max", "maximum", "Greatest value of %s in the flow." },
    [SUM] = { "sum", "sum", "Sum of the values of %s in the flow." },
};

static struct flow_value real_value(double real)
{
    return (struct flow_value){ .known = true, .as.real = real };
}

static struct flow_value real_statistic(const struct reals *reals, enum statistic statistic)
{
    double sum = reals->sum + reals->rest;

    switch (statistic) {
    case COUNT: return (struct flow_value){ .known = true, .as.number = reals->count };
    case MINIMUM: return real_value(reals->min);
    case MEAN: return real_value(sum / (double)reals->count);
    case MAXIMUM: return real_value(reals->max);
    case SUM: break;
    }
    return real_value(sum);
}

static double sum_of(const struct flow_samples *samples)
{
    return ldexp((double)(int64_t)samples->sum[1], 64) + (double)samples->sum[0];
}

static struct flow_value whole_statistic(const struct flow_samples *samples,
                                         enum statistic statistic)
{
    double mean = 0;

    switch (statistic) {
    case COUNT: return (struct flow_value){ .known = true, .as.number = samples->count };
    case MINIMUM: return real_value((double)samples->min);
    case MEAN: flow_samples_mean(samples, &mean); return real_value(mean);
    case MAXIMUM: return real_value((double)samples->max);
    case SUM: break;
    }
    /* Both parts of a small negative sum are large. */
    return real_value(samples->sum[1] == UINT64_MAX ? -(double)(0 - samples->sum[0])
                                                    : sum_of(samples));
}

/* A sum of more than 292 years is not known. */
static struct flow_value span_statistic(const struct flow_samples *samples,
                                        enum statistic statistic)
{
    struct flow_value value = { .known = true };

    switch (statistic) {
    case COUNT: value.as.number = samples->count; break;
    case MINIMUM: value.as.ns = samples->min; break;
    case MEAN: flow_samples_mean_rounded(samples, &value.as.ns); break;
    case MAXIMUM: value.as.ns = samples->max; break;
    case SUM:
        value.as.ns = (int64_t)samples->sum[0];
        value.known = samples->sum[1] == (value.as.ns < 0 ? UINT64_MAX : 0);
        break;
    }
    return value;
}

static const struct sums *find_sums(const struct state *state, uint32_t field)
{
    for (const struct sums *sums = state->sums; sums < state->sums + CHOSEN_MAX; sums++)
        if (sums->field == field + 1)
            return sums;
    return NULL;
}

static struct flow_value value_of(const struct flow_asked *asked)
{
    uint32_t field = asked->row->number / ROWS_EACH;
    enum statistic statistic = (enum statistic)(asked->row->number % ROWS_EACH);
    const struct sums *sums = find_sums(asked->state, field);

    if (!sums) /* a field that is chosen and did not come was counted all the same */
        return (struct flow_value){ .known = statistic == COUNT && fields[field].is_chosen };
    switch (fields[field].kind) {
    case KIND_REAL: return real_statistic(&sums->as.real, statistic);
    case KIND_SPAN: return span_statistic(&sums->as.whole, statistic);
    case KIND_WHOLE:
    case KIND_NONE: break;
    }
    return whole_statistic(&sums->as.whole, statistic);
}

/* Preferences */

static void register_preferences(module_t *module)
{
    prefs_register_string_preference(
        module, "fields", "Fields with statistics",
        "Names of numeric fields of Wireshark, with commas between them, at most 16. How many "
        "values "
        "each has in a flow, their minimum, mean, maximum and sum stand on all frames of it, as "
        "flow.field.NAME.max. While there are any, Wireshark builds a tree of every packet, which "
        "costs more than all else here.",
        &chosen);
}

/* Return the kind of a field's values; warn where it has none, once for each name. */
static enum kind usable_kind(const char *name)
{
    static GHashTable *reported;
    const header_field_info *info = proto_registrar_get_byname(name);
    enum kind kind = info && !g_str_has_prefix(name, "flow.") ? kind_of(info->type) : KIND_NONE;

    if (kind != KIND_NONE)
        return kind;
    if (!reported)
        reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_add(reported, g_strdup(name)))
        report_warning("flowstats: flow.fields: %s has no statistics: there is no numeric field of "
                       "that name",
                       name);
    return KIND_NONE;
}

/* Fill in the help, which has room for the name. */
static char *help_of(enum statistic statistic, const char *name)
{
    char **parts = g_strsplit(statistics[statistic].help, "%s", 2);
    char *help = g_strconcat(parts[0], name, parts[1], NULL);

    g_strfreev(parts);
    return help;
}

static void add_rows(uint32_t number)
{
    const struct field *field = &fields[number];

    for (enum statistic i = COUNT; i <= SUM; i++)
        rows[number * ROWS_EACH + i] = (struct flow_row){
            .name = g_strconcat(PREFIX, field->name, ".", statistics[i].name, NULL),
            .label = g_strconcat(field->name, " ", statistics[i].label, NULL),
            .help = help_of(i, field->name),
            .value = value_of,
            .number = number * ROWS_EACH + i,
            .kind = i == COUNT                 ? FLOW_UINT64
                    : field->kind == KIND_SPAN ? FLOW_SPAN
                                               : FLOW_DOUBLE,
            .scope = FLOW_SCOPE_MEASURE,
            .is_late = true,
        };
}

/* The number of a field, which has rows from now on; false where there are too many. */
static bool find_or_add(const char *name, enum kind kind, uint32_t *ret_number)
{
    uint32_t number = 0;

    while (number < field_count && strcmp(fields[number].name, name) != 0)
        number++;
    if (number == FIELDS_MAX)
        return false;
    if (number == field_count) {
        field_count++;
        fields[number] = (struct field){ .name = g_strdup(name), .kind = kind };
        add_rows(number);
    }
    *ret_number = number;
    return true;
}

static void choose(const char *name, size_t *count)
{
    enum kind kind = *name && *count < CHOSEN_MAX ? usable_kind(name) : KIND_NONE;
    uint32_t number;

    if (kind == KIND_NONE || !find_or_add(name, kind, &number) || fields[number].is_chosen)
        return;
    fields[number].is_chosen = true;
    field_of_wanted[*count] = number;
    wanted[(*count)++] = fields[number].name;
}

static void apply(void)
{
    char **names = g_strsplit(chosen, ",", -1);
    size_t count = 0;

    for (uint32_t i = 0; i < field_count; i++)
        fields[i].is_chosen = false;
    for (char **name = names; *name; name++)
        choose(g_strstrip(*name), &count);
    wanted[count] = NULL;
    g_strfreev(names);
}

const struct flow_group fs_fields = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct state),
    .note_size = sizeof(uint32_t),
    .is_on = true,
    .is_fixed = true,
    .name = "field",
    .title = "Field statistics",
    .wanted = wanted,
    .rows = rows,
    .extract = extract,
    .fold = fold,
    .merge = merge,
    .close = forget,
    .preferences = register_preferences,
    .apply = apply,
};
