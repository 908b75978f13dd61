#ifndef FLOWSTATS_CAPTURE_HOST_H
#define FLOWSTATS_CAPTURE_HOST_H

/* A capture that pictures are asked for, in place of the plugin; what it is told is noted. */

#include "flows.h"

#include <QVariant>

#include <glib.h>

struct CapturedFlow {
    uint32_t number;
    QHash<QString, QVariant> values; /* by field: a text, a number, or ns as an integer */
    std::vector<flow_picture_packet> packets;
    std::vector<bool> is_displayed = {}; /* by packet; those past its end are */
};

const int64_t MS = 1000000;

/* When the flows of a test begin. */
const int64_t BEGIN = INT64_C(1700000000) * 1000 * MS;

inline flow_picture_packet packet_at(uint32_t frame, int64_t ms, uint32_t bytes, bool is_down,
                                     unsigned marks = 0, int64_t response_ms = -1)
{
    return { BEGIN + ms * MS,
             response_ms < 0 ? -1 : response_ms * MS,
             frame,
             bytes,
             uint8_t(marks),
             is_down,
             true };
}

class CaptureHost
{
  public:
    CaptureHost()
    {
        there_is() = this;
    }
    ~CaptureHost()
    {
        there_is() = nullptr;
    }
    CaptureHost(const CaptureHost &) = delete;
    CaptureHost &operator=(const CaptureHost &) = delete;

    std::vector<CapturedFlow> flows;
    flow_picture_now now = { 1, 1, 1, FLOW_PICTURES_NO_FLOW, 0, "/captures/a.pcap", "" };

    QStringList asked;  /* the fields of each question about flows */
    int handed_out = 0; /* packets */
    QStringList done;   /* "go 7", "filter flow.id == 1" */

    const flow_picture_host *host() const
    {
        static const flow_picture_host host = { say_now,     say_field,      say_flows,
                                                say_packets, note_the_frame, note_filter,
                                                note_colour };
        return &host;
    }

  private:
    static CaptureHost *&there_is()
    {
        static CaptureHost *one;
        return one;
    }

    static void say_now(flow_picture_now *ret_now)
    {
        *ret_now = there_is()->now;
    }

    static bool say_field(size_t number, flow_picture_field *ret_field)
    {
        static const flow_picture_field fields[] = {
            { "id", "Flow", FLOW_PICTURE_COUNT },
            { "first_frame", "First Frame", FLOW_PICTURE_COUNT },
            { "src", "Source", FLOW_PICTURE_TEXT },
            { "dst", "Destination", FLOW_PICTURE_TEXT },
            { "srcport", "Source Port", FLOW_PICTURE_COUNT },
            { "dstport", "Destination Port", FLOW_PICTURE_COUNT },
            { "proto_name", "Protocol", FLOW_PICTURE_TEXT },
            { "app", "Application", FLOW_PICTURE_TEXT },
            { "host", "Host", FLOW_PICTURE_TEXT },
            { "tcp.state_name", "TCP State", FLOW_PICTURE_TEXT },
            { "start", "Start", FLOW_PICTURE_INSTANT },
            { "last", "Last", FLOW_PICTURE_INSTANT },
            { "duration", "Duration", FLOW_PICTURE_SPAN },
            { "bytes", "Bytes", FLOW_PICTURE_COUNT },
            { "pkts", "Packets", FLOW_PICTURE_COUNT },
            { "up.bytes", "Bytes Up", FLOW_PICTURE_COUNT },
            { "down.bytes", "Bytes Down", FLOW_PICTURE_COUNT },
            { "entropy", "Entropy", FLOW_PICTURE_REAL },
            { "tcp.rtt", "RTT", FLOW_PICTURE_SPAN },
            { "tcp.ts_syn", "Time of SYN", FLOW_PICTURE_INSTANT },
            { "tcp.ts_ack", "Time of ACK", FLOW_PICTURE_INSTANT },
            { "tcp.analysis.up.ack_rtt_mean", "ACK RTT Up", FLOW_PICTURE_SPAN },
            { "tcp.analysis.down.ack_rtt_mean", "ACK RTT Down", FLOW_PICTURE_SPAN },
        };

        if (number >= std::size(fields))
            return false;
        *ret_field = fields[number];
        return true;
    }

    static flow_picture_kind kind_of(const QString &name)
    {
        flow_picture_field field;
        for (size_t i = 0; say_field(i, &field); i++)
            if (name == QLatin1String(field.name))
                return field.kind;
        g_error("nobody has a field %s", name.toUtf8().constData());
    }

    bool is_shown(const CapturedFlow &flow, size_t packet) const
    {
        return m_scope != FLOW_PICTURE_DISPLAYED || packet >= flow.is_displayed.size() ||
               flow.is_displayed[packet];
    }

    bool has_some(const CapturedFlow &flow) const
    {
        for (size_t i = 0; i < flow.packets.size(); i++)
            if (is_shown(flow, i))
                return true;
        return m_scope != FLOW_PICTURE_DISPLAYED;
    }

    static bool say_flows(const flow_picture_question *question)
    {
        CaptureHost *self = there_is();
        QStringList names;

        if (question->generation != self->now.generation || self->now.generation == 0)
            return false;
        self->m_scope = question->scope;
        for (size_t i = 0; i < question->count; i++)
            names += QString::fromUtf8(question->fields[i]);
        self->asked += names.join(' ');
        for (const CapturedFlow &flow : self->flows) {
            std::vector<flow_picture_value> values(question->count);
            QList<QByteArray> texts;
            if (!self->has_some(flow))
                continue;
            for (size_t i = 0; i < question->count; i++) {
                QVariant value = flow.values.value(names[int(i)]);
                flow_picture_kind kind = kind_of(names[int(i)]);
                values[i].known = value.isValid();
                if (kind == FLOW_PICTURE_TEXT) {
                    texts += value.toString().toUtf8();
                    values[i].text = texts.last().constData();
                } else if (kind == FLOW_PICTURE_SPAN || kind == FLOW_PICTURE_INSTANT) {
                    values[i].ns = value.toLongLong();
                } else {
                    values[i].number = value.toDouble();
                }
            }
            question->row(flow.number, values.data(), question->data);
        }
        return true;
    }

    static bool say_packets(uint64_t generation, uint32_t number, flow_picture_detail detail,
                            bool (*call)(const flow_picture_packet *packet, void *data), void *data)
    {
        CaptureHost *self = there_is();

        for (const CapturedFlow &flow : self->flows) {
            if (generation != self->now.generation || flow.number != number)
                continue;
            for (size_t i = 0; i < flow.packets.size(); i++) {
                flow_picture_packet packet = flow.packets[i];
                if (detail != FLOW_PICTURE_WITH_MARKS)
                    packet.marks = 0;
                if (detail != FLOW_PICTURE_WITH_RESPONSES)
                    packet.response_ns = -1;
                if (!self->is_shown(flow, i))
                    continue;
                self->handed_out++;
                if (!call(&packet, data))
                    break;
            }
            return true;
        }
        return false;
    }

    static void note_the_frame(uint32_t frame)
    {
        there_is()->done += "go " + QString::number(frame);
    }
    static void note_filter(const char *text)
    {
        there_is()->done += QStringLiteral("filter ") + text;
    }
    static void note_colour(unsigned number, const char *filter)
    {
        there_is()->done +=
            "colour " + QString::number(number) + " " + (filter ? filter : "(none)");
    }

    flow_picture_scope m_scope = FLOW_PICTURE_ALL;
};

/* A flow of TCP with all that pictures want; others take away or change what they want. */
inline CapturedFlow tcp_flow(uint32_t number, int64_t start_ms, int64_t last_ms, double bytes)
{
    CapturedFlow flow = { number, {}, {} };

    flow.values = {
        { "id", number },
        { "first_frame", 10 * number + 1 },
        { "src", "192.0.2.1" },
        { "dst", "192.0.2.2" },
        { "srcport", 40000 + number },
        { "dstport", 80 },
        { "proto_name", "TCP" },
        { "app", "http" },
        { "tcp.state_name", "Established" },
        { "start", qlonglong(BEGIN + start_ms * MS) },
        { "last", qlonglong(BEGIN + last_ms * MS) },
        { "duration", qlonglong((last_ms - start_ms) * MS) },
        { "bytes", bytes },
        { "pkts", 2 },
        { "up.bytes", bytes / 4 },
        { "down.bytes", bytes * 3 / 4 },
    };
    flow.packets = { packet_at(10 * number + 1, start_ms, uint32_t(bytes / 4), false),
                     packet_at(10 * number + 5, last_ms, uint32_t(bytes * 3 / 4), true) };
    return flow;
}

inline CapturedFlow udp_flow(uint32_t number, int64_t start_ms, int64_t last_ms, double bytes)
{
    CapturedFlow flow = tcp_flow(number, start_ms, last_ms, bytes);

    flow.values["proto_name"] = "UDP";
    flow.values["dstport"] = 53;
    flow.values.remove("app");
    flow.values.remove("tcp.state_name");
    return flow;
}

/* What is said, and what is right, a line each. */
inline void expect(const QStringList &said, const QStringList &right)
{
    QByteArray is = said.join('\n').toUtf8(), should_be = right.join('\n').toUtf8();

    g_assert_cmpstr(is.constData(), ==, should_be.constData());
}

inline void expect(const QString &said, const char *right)
{
    QByteArray is = said.toUtf8();

    g_assert_cmpstr(is.constData(), ==, right);
}

/* Qt draws all the same, and says what cannot be done then; what it says of painters is an error.
 */
inline void do_without_a_screen()
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    qInstallMessageHandler([](QtMsgType, const QMessageLogContext &, const QString &text) {
        if (text.contains("painter", Qt::CaseInsensitive) || text.contains("unbalanced"))
            g_error("%s", text.toUtf8().constData());
    });
}

/* What others keep for as long as the program runs; all else that is not freed is a leak. */
extern "C" const char *__lsan_default_suppressions();
extern "C" const char *__lsan_default_suppressions()
{
    return "leak:libfontconfig\nleak:QFontDatabase\nleak:QFontCache\nleak:QFont::QFont\n"
           "leak:QFreetypeFace\nleak:QFontEngineFT\nleak:libharfbuzz\nleak:libfreetype\n"
           "leak:libqoffscreen\n";
}

/* Who made what is not freed is found through libraries without frame pointers. */
extern "C" const char *__asan_default_options();
extern "C" const char *__asan_default_options()
{
    return "fast_unwind_on_malloc=0:malloc_context_size=14";
}

#endif
