#include "sink.h"

/*
 * -z flowstats,quality: one page that says how far the numbers of a capture can
 * be trusted, and what each finding means for them.  It adds up the fields of
 * the group "quality" and others, by name.
 */

/* What a flow is one of. */
enum base {
    BASE_ALL,   /* all flows */
    BASE_TCP,   /* those of TCP */
    BASE_KNOWN, /* those of TCP in which the fields are known */
    BASES
};

static const char *const base_names[BASES] = {
    [BASE_ALL] = "flows", [BASE_TCP] = "TCP flows", [BASE_KNOWN] = "TCP flows"
};

enum unit { UNIT_FLAG, UNIT_PACKETS, UNIT_BYTES };

/* One finding: fields that are added up, and a sentence for either case. */
struct subject {
    const char *title;
    const char *fields[2]; /* the second: NULL where there is one only */
    enum base base;
    enum unit unit;
    const char *found;
    const char *none;
};

/* Lines are broken where they stand in the page. */
static const struct subject subjects[] = {
    { .title = "Copies",
      .fields = { "quality.up.duplicates", "quality.down.duplicates" },
      .unit = UNIT_PACKETS,
      .found =
          "A mirror port or several capture points made copies of frames. They count in all\n"
          "packets, bytes and rates, and Wireshark takes them for retransmissions and duplicate\n"
          "ACKs. The filter !flow.quality.duplicate_of leaves them out.",
      .none = "No frame is known to be there twice. Copies that cannot be told from packets that\n"
              "were sent twice are not looked for." },
    { .title = "Cut frames",
      .fields = { "quality.up.cut_pkts", "quality.down.cut_pkts" },
      .unit = UNIT_PACKETS,
      .found = "A snapshot length cut frames. Packets, times and what headers say are right, and\n"
               "flow.wire_bytes and flow.payload_bytes are of whole packets; flow.bytes is of the\n"
               "captured part alone, and so is all that dissectors say of payload.",
      .none = "Frames were captured whole." },
    { .title = "Late packets",
      .fields = { "quality.late", NULL },
      .unit = UNIT_PACKETS,
      .found =
          "Packets are not in the order of their timestamps, as where several interfaces were\n"
          "merged. Times between packets and round-trip times are no more exact than that, and\n"
          "what looks like reordering or retransmission may be none. reordercap sorts a file.",
      .none = "Packets of each flow are in the order of their timestamps." },
    { .title = "Merged packets",
      .fields = { "quality.up.offload", "quality.down.offload" },
      .unit = UNIT_PACKETS,
      .found =
          "The capturing host's network card merges packets or splits them later (TSO, LRO), so\n"
          "packets, their lengths and the gaps between them are not those of the wire. Bytes of\n"
          "payload are right.",
      .none = "No packet is known to be larger than what the wire carried." },
    { .title = "Begin midstream",
      .fields = { "quality.midstream", NULL },
      .base = BASE_TCP,
      .found = "The capture began after these connections did, or missed their SYN. They have no\n"
               "handshake times and no window scale, and their source is decided without a SYN.",
      .none = "Each connection has a SYN." },
    { .title = "One-sided",
      .fields = { "quality.one_sided", NULL },
      .found = "Of these flows packets of one direction alone were captured. Multicast, logs and\n"
               "scans that nobody answers are so by nature; see the next line for those that are "
               "not.",
      .none = "Both directions of each flow were captured." },
    { .title = "Other side not captured",
      .fields = { "quality.unseen_side", NULL },
      .base = BASE_TCP,
      .found =
          "One side acknowledges what the capture does not have: the route back is another one,\n"
          "or half of a mirror port is missing. Counts of that direction are 0 and mean\n"
          "nothing, and there is no round-trip time.",
      .none = "No connection is known to have a side that was not captured." },
    { .title = "Missed bytes",
      .fields = { "tcp.up.missed_bytes", "tcp.down.missed_bytes" },
      .base = BASE_KNOWN,
      .unit = UNIT_BYTES,
      .found =
          "These bytes were acknowledged, but not captured: the capture dropped packets, or some\n"
          "took another path. Losses and retransmissions that Wireshark finds there may be\n"
          "the capture's own.",
      .none = "All that was acknowledged was captured." },
};

enum { SUBJECTS = G_N_ELEMENTS(subjects) };

/* By flow.quality.vantage. */
static const struct vantage {
    const char *title;
    const char *text;
} vantages[] = {
    [1] = { "near the client", "Times from request to answer have the network and the server in "
                               "them. What the client\n"
                               "sent was captured before it could be lost, what it got after." },
    [2] = { "near the server",
            "Times from request to answer are those of the server, nearly without the network. "
            "What\n"
            "the server sent was captured before it could be lost, what it got after." },
    [3] = { "between the two", "Only flow.tcp.rtt has the whole path in it: times to the client "
                               "and to the server are\n"
                               "parts of it, and losses may be on either side." },
};

enum { VANTAGES = G_N_ELEMENTS(vantages) };

struct sums {
    uint64_t flows[SUBJECTS];  /* in which it was found */
    uint64_t known[SUBJECTS];  /* in which the fields are known */
    uint64_t amount[SUBJECTS]; /* of packets or bytes */
    uint64_t vantage[VANTAGES];
    uint64_t all_flows;
    uint64_t tcp_flows;
    uint64_t pkts;
    uint64_t wire_bytes;
    bool has_group; /* the group "quality" is on */
};

/* Adding up */

static uint64_t number_of(struct flow_view *view, const char *name)
{
    struct flow_value value = flow_view_value(view, name);

    return value.known ? value.as.number : 0;
}

static void add_subject(struct sums *sums, unsigned number, struct flow_view *view)
{
    const struct subject *subject = &subjects[number];
    uint64_t amount = 0;
    bool is_known = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(subject->fields) && subject->fields[i]; i++) {
        struct flow_value value = flow_view_value(view, subject->fields[i]);
        is_known |= value.known;
        amount += value.known ? value.as.number : 0;
    }
    sums->known[number] += is_known;
    sums->flows[number] += amount > 0;
    sums->amount[number] += amount;
}

static void add(void *of, struct flow_view *view)
{
    struct sums *sums = of;
    uint64_t vantage = number_of(view, "quality.vantage");

    sums->all_flows++;
    sums->tcp_flows += flow_view_value(view, "tcp.state").known;
    sums->pkts += number_of(view, "pkts");
    sums->wire_bytes += number_of(view, "wire_bytes");
    sums->has_group |= flow_view_value(view, "quality.up.cut_pkts").known;
    sums->vantage[vantage < VANTAGES ? vantage : 0]++;
    for (unsigned i = 0; i < SUBJECTS; i++)
        add_subject(sums, i, view);
}

/* Writing */

static void put_count(GString *out, uint64_t count, uint64_t whole, const char *what)
{
    /* A share that is there is never said to be 0, and one that is not all never 100. */
    uint64_t permille = (uint64_t)((double)count * 1000 / (double)whole + 0.5);
    uint64_t shown = count == whole ? 1000 : CLAMP(permille, 1, 999);

    g_string_append_printf(out,
                           "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s (%" G_GUINT64_FORMAT
                           ".%" G_GUINT64_FORMAT " %%)",
                           count, whole, what, shown / 10, shown % 10);
}

/* Each line of a text, indented. */
static void put_text(GString *out, const char *text)
{
    char **lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++)
        g_string_append_printf(out, "    %s\n", *line);
    g_strfreev(lines);
}

static void put_subject(GString *out, const struct sums *sums, unsigned number)
{
    const struct subject *subject = &subjects[number];
    const uint64_t whole[BASES] = { [BASE_ALL] = sums->all_flows,
                                    [BASE_TCP] = sums->tcp_flows,
                                    [BASE_KNOWN] = sums->known[number] };

    if (whole[subject->base] == 0)
        return;
    g_string_append_printf(out, "\n%s: ", subject->title);
    if (sums->flows[number] == 0) {
        g_string_append(out, "none\n");
        put_text(out, subject->none);
        return;
    }
    if (subject->unit == UNIT_PACKETS)
        put_count(out, sums->amount[number], sums->pkts, "packets");
    else if (subject->unit == UNIT_BYTES)
        g_string_append_printf(out, "%" G_GUINT64_FORMAT " bytes", sums->amount[number]);
    if (subject->unit != UNIT_FLAG)
        g_string_append(out, ", in ");
    put_count(out, sums->flows[number], whole[subject->base], base_names[subject->base]);
    g_string_append_c(out, '\n');
    put_text(out, subject->found);
}

static void put_vantage(GString *out, const struct sums *sums)
{
    uint64_t known = 0;
    unsigned most = 1;

    for (unsigned i = 1; i < VANTAGES; i++) {
        known += sums->vantage[i];
        most = sums->vantage[i] > sums->vantage[most] ? i : most;
    }
    g_string_append(out, "\nCapture point: ");
    if (known == 0) {
        g_string_append(out, "not known\n");
        put_text(out, "No TCP handshake tells which times have the network in them.");
    } else if (sums->vantage[most] * 2 <= known) {
        g_string_append(out, "not the same for most flows\n");
        put_text(out, "flow.quality.vantage says it of each.");
    } else {
        g_string_append_printf(out, "%s, by ", vantages[most].title);
        put_count(out, sums->vantage[most], known, "TCP handshakes");
        g_string_append_c(out, '\n');
        put_text(out, vantages[most].text);
    }
}

static void report(GString *out, const void *of)
{
    const struct sums *sums = of;

    g_string_append(out, "How far this capture can be trusted\n\n");
    g_string_append_printf(out,
                           "Flows: %" G_GUINT64_FORMAT " (TCP: %" G_GUINT64_FORMAT
                           ")  Packets: %" G_GUINT64_FORMAT
                           "  Bytes on the wire: %" G_GUINT64_FORMAT "\n",
                           sums->all_flows, sums->tcp_flows, sums->pkts, sums->wire_bytes);
    if (sums->all_flows > 0 && !sums->has_group) {
        g_string_append(out, "\nThe preference flow.quality is off: nothing is known.\n");
        return;
    }
    if (sums->all_flows == 0)
        return;
    for (unsigned i = 0; i < SUBJECTS; i++)
        put_subject(out, sums, i);
    put_vantage(out, sums);
}

static void *sums_new(void)
{
    return g_new0(struct sums, 1);
}

static void *sums_copy(const void *sums)
{
    return g_memdup2(sums, sizeof(struct sums));
}

const struct fs_sink fs_trust = { .cli = "flowstats,quality",
                                  .add = add,
                                  .report = report,
                                  .sums_new = sums_new,
                                  .sums_copy = sums_copy,
                                  .sums_free = g_free };
