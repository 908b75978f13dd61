#include "ws_compat.h"

#include "builtin.h"
#include "plain_text.h"
#include "texts.h"

#include <wsutil/report_message.h>

/*
 * The first value of each chosen field stands on the whole flow.  Values are
 * long and few: a text is kept once and has a number, and so has what one
 * packet says of all the fields.  A packet's note is that number.
 */

#define PREFIX "sticky."

enum { FIELDS_MAX = 16, ROWS_MAX = 64, TEXT_MAX = 256 };

/* By field: the number of a text; 0: none. */
struct values {
    uint32_t text[FIELDS_MAX];
};

static const char *chosen = "tls.handshake.extensions_server_name, http.host, dns.qry.name";

static const char *wanted[FIELDS_MAX + 1];

/* A field keeps its row for the program's life, also while it is not chosen. */
static struct flow_row rows[ROWS_MAX + 1];
static size_t row_count;
static int field_of_row[ROWS_MAX]; /* in wanted; negative: not chosen */

static struct flow_texts *texts; /* of the open file */
static GArray *said;             /* struct values, by note - 1 */

/* Texts */

/* Takes the text. */
static uint32_t number_of(char *text)
{
    if (!texts)
        texts = flow_texts_new();
    uint32_t number = flow_texts_number(texts, text);
    g_free(text);
    return number;
}

/* As Wireshark shows it. */
static char *text_of(wmem_allocator_t *scope, field_info *field)
{
    const char *shown =
        fvalue_to_string_repr(scope, WS_FIELD_VALUE(field), FTREPR_DISPLAY, field->hfinfo->display);

    return flow_plain_text(shown ? shown : "", shown ? strlen(shown) : 0, TEXT_MAX);
}

static void extract(const struct flow_extract *from, void *ret_note)
{
    struct values values = { { 0 } };
    bool has_any = false;

    for (size_t i = 0; wanted[i]; i++)
        if (from->fields[i]) {
            values.text[i] = number_of(text_of(from->pinfo->pool, from->fields[i]->pdata[0]));
            has_any = true;
        }
    if (!has_any)
        return;
    if (!said)
        said = g_array_new(FALSE, FALSE, sizeof values);
    g_array_append_val(said, values);
    *(uint32_t *)ret_note = said->len;
}

static void fold(void *state, const struct flow_fold *from)
{
    struct values *first = state;
    uint32_t number = *(const uint32_t *)from->note;

    if (number == 0)
        return;
    const struct values *now = &g_array_index(said, struct values, number - 1);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        if (first->text[i] == 0)
            first->text[i] = now->text[i];
}

static void forget(void)
{
    flow_texts_free(texts);
    if (said)
        g_array_unref(said);
    texts = NULL;
    said = NULL;
}

static struct flow_value first_of(const struct flow_asked *asked)
{
    const struct values *first = asked->state;
    int field = field_of_row[asked->row->number];
    uint32_t number = field >= 0 ? first->text[field] : 0;
    struct flow_value value = { .known = number > 0 };

    if (value.known)
        value.as.text = flow_texts_at(texts, number);
    return value;
}

/* Preferences */

static void register_preferences(module_t *module)
{
    prefs_register_string_preference(
        module, "sticky_fields", "Sticky fields",
        "Names of fields, with commas between them, at most 16. The first value that each has in "
        "a flow stands on all frames of it, as flow.sticky.NAME, while \"Sticky values\" is on.",
        &chosen);
}

/* Return whether a field of that name can be sticky; warn of another one, once for each name. */
static bool is_usable(const char *name)
{
    static GHashTable *reported;

    if (proto_registrar_get_byname(name) && !g_str_has_prefix(name, "flow."))
        return true;
    if (!reported)
        reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_add(reported, g_strdup(name)))
        report_warning(
            "flowstats: flow.sticky_fields: %s cannot be a sticky field: there is no such "
            "field",
            name);
    return false;
}

static const char *field_of(const struct flow_row *row)
{
    return row->name + strlen(PREFIX);
}

/* The row of a field, which has one from now on; NULL where there are too many. */
static struct flow_row *row_of(const char *name)
{
    struct flow_row *row = rows;

    while (row->name && strcmp(field_of(row), name) != 0)
        row++;
    if (row->name || row_count == ROWS_MAX)
        return row->name ? row : NULL;
    *row = (struct flow_row){
        .name = g_strconcat(PREFIX, name, NULL),
        .label = g_strdup_printf("%s (sticky)", proto_registrar_get_byname(name)->name),
        .help = g_strdup_printf("First value of %s in the flow.", name),
        .value = first_of,
        .kind = FLOW_TEXT,
        .scope = FLOW_SCOPE_MEASURE,
        .number = (uint32_t)row_count++,
    };
    return row;
}

static void choose(const char *name, size_t *count)
{
    const struct flow_row *row;

    if (!*name || !is_usable(name) || *count == FIELDS_MAX)
        return;
    row = row_of(name);
    if (!row || field_of_row[row->number] >= 0)
        return;
    field_of_row[row->number] = (int)*count;
    wanted[(*count)++] = field_of(row);
}

static void apply(void)
{
    char **names = g_strsplit(chosen, ",", -1);
    size_t count = 0;

    for (size_t i = 0; i < ROWS_MAX; i++)
        field_of_row[i] = -1;
    for (char **name = names; *name; name++)
        choose(g_strstrip(*name), &count);
    wanted[count] = NULL;
    g_strfreev(names);
}

const struct flow_group fs_sticky = {
    .version = FLOW_EXTENSION_VERSION,
    .state_size = sizeof(struct values),
    .note_size = sizeof(uint32_t),
    .name = "sticky",
    .title = "Sticky values",
    .help = "Let the first value of each sticky field stand on all frames of its flow. Makes "
            "Wireshark build a tree of every packet, which costs more than all else here.",
    .wanted = wanted,
    .rows = rows,
    .extract = extract,
    .fold = fold,
    .close = forget,
    .preferences = register_preferences,
    .apply = apply,
};
