#include "flows.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace
{

const double NS_IN_S = 1e9;

const size_t NO_COLUMN = SIZE_MAX;

/* What every picture needs; the others are read when they are asked for. */
const char *const always[] = { "id",         "first_frame", "src",   "dst",  "srcport",
                               "dstport",    "proto_name",  "app",   "host", "tcp.state_name",
                               "start",      "last",        "bytes", "pkts", "up.bytes",
                               "down.bytes", "tcp.rtt" };

} // namespace

Flows::Flows(const flow_picture_host *host) : m_host(host)
{
    clear();
    for (const char *name : always)
        column(QString::fromUtf8(name));
}

void Flows::clear()
{
    m_flow.clear();
    m_samples.clear();
    m_answers.clear();
    m_sampled = m_first = 0;
    m_words = QStringList(QString());
    m_word_of.clear();
    m_has_base = false;
    m_base = 0;
    for (Column &column : m_columns) {
        column.numbers.clear();
        column.words.clear();
    }
}

uint32_t Flows::word_number(const char *text)
{
    QByteArray key(text);
    auto found = m_word_of.constFind(key);

    if (found != m_word_of.constEnd())
        return *found;
    m_words.append(QString::fromUtf8(key));
    return *m_word_of.insert(key, static_cast<uint32_t>(m_words.size() - 1));
}

void Flows::put(Column &column, const flow_picture_value &value)
{
    double number = std::numeric_limits<double>::quiet_NaN();

    if (column.kind == FLOW_PICTURE_TEXT) {
        column.words.push_back(value.known ? word_number(value.text) : 0);
        return;
    }
    if (value.known) {
        switch (column.kind) {
        case FLOW_PICTURE_COUNT:
        case FLOW_PICTURE_REAL: number = value.number; break;
        case FLOW_PICTURE_SPAN: number = static_cast<double>(value.ns) / NS_IN_S; break;
        case FLOW_PICTURE_INSTANT: number = since_base(value.ns); break;
        case FLOW_PICTURE_TEXT: break;
        }
    }
    column.numbers.push_back(number);
}

namespace
{

/* Let the rows have no value up to that one. */
void fill(Column &column, size_t rows)
{
    if (column.kind == FLOW_PICTURE_TEXT)
        column.words.resize(rows, 0);
    else
        column.numbers.resize(rows, std::numeric_limits<double>::quiet_NaN());
}

/* When the first flow of all began, whatever is shown of them. */
struct Earliest {
    int64_t ns = std::numeric_limits<int64_t>::max();
};

void look_at_start(uint32_t flow, const flow_picture_value *values, void *data)
{
    auto *earliest = static_cast<Earliest *>(data);

    (void)flow;
    if (values[0].known && values[0].ns < earliest->ns)
        earliest->ns = values[0].ns;
}

} // namespace

struct Collection {
    Flows *flows;
    const std::vector<size_t> *columns;
    bool with_rows;
};

void Flows::take_row(uint32_t flow, const flow_picture_value *values, void *data)
{
    auto *collection = static_cast<Collection *>(data);
    Flows *self = collection->flows;

    if (collection->with_rows)
        self->m_flow.push_back(flow);
    for (size_t i = 0; i < collection->columns->size(); i++)
        self->put(self->m_columns[(*collection->columns)[i]], values[i]);
}

bool Flows::collect(const std::vector<size_t> &columns, flow_picture_scope scope, bool with_rows)
{
    std::vector<QByteArray> names;
    std::vector<const char *> fields;
    Collection collection = { this, &columns, with_rows };

    names.reserve(columns.size());
    for (size_t number : columns)
        names.push_back(m_columns[number].name.toUtf8());
    fields.reserve(names.size());
    for (const QByteArray &name : names)
        fields.push_back(name.constData());

    flow_picture_question question = {};
    question.generation = m_generation;
    question.scope = scope;
    question.fields = fields.data();
    question.count = fields.size();
    question.row = take_row;
    question.data = &collection;
    return m_host->flows(&question);
}

void Flows::read(flow_picture_scope scope)
{
    clear();
    add(scope);
}

/* A flow that began before the others may end after them, and be read later. */
void Flows::begin_at(int64_t ns)
{
    if (m_has_base && ns >= m_base)
        return;
    double later = m_has_base ? -since_base(ns) : 0;
    for (Column &column : m_columns)
        for (double &number : column.numbers)
            number += column.kind == FLOW_PICTURE_INSTANT ? later : 0;
    for (Sample &sample : m_samples)
        sample.time += later;
    for (Answer &answer : m_answers)
        answer.time += later;
    m_base = ns;
    m_has_base = true;
}

void Flows::add(flow_picture_scope scope)
{
    flow_picture_now now = {};
    const char *start = "start";
    Earliest earliest;
    flow_picture_question question = {};
    std::vector<size_t> all;

    m_host->now(&now);
    m_generation = now.generation;
    m_scope = scope;
    question.generation = m_generation;
    question.fields = &start;
    question.count = 1;
    question.row = look_at_start;
    question.data = &earliest;
    if (!m_host->flows(&question))
        return;
    if (earliest.ns != std::numeric_limits<int64_t>::max())
        begin_at(earliest.ns);
    m_first = size();
    for (size_t i = 0; i < m_columns.size(); i++)
        all.push_back(i);
    collect(all, scope, true);
    if (m_wants_samples)
        samples();
}

const std::vector<Sample> &Flows::samples()
{
    m_wants_samples = true;
    for (; m_sampled < size(); m_sampled++)
        packets(
            m_sampled, FLOW_PICTURE_WITH_RESPONSES,
            [](const flow_picture_packet *packet, void *data) {
                auto *self = static_cast<Flows *>(data);
                double time = self->since_base(packet->time_ns);
                auto row = static_cast<uint32_t>(self->m_sampled);
                if (!packet->has_time)
                    return true;
                self->m_samples.push_back(
                    { time, row, packet->bytes & INT32_MAX, packet->is_down });
                if (packet->response_ns >= 0)
                    self->m_answers.push_back(
                        { time, static_cast<double>(packet->response_ns) / NS_IN_S, row });
                return true;
            },
            this);
    return m_samples;
}

const Column *Flows::column(const QString &name)
{
    auto found = m_number_of.constFind(name);
    flow_picture_field field = {};
    Column column;

    if (found != m_number_of.constEnd())
        return *found < m_columns.size() ? &m_columns[*found] : nullptr;
    for (size_t i = 0; m_host->field(i, &field); i++) {
        if (name != QString::fromUtf8(field.name))
            continue;
        column.name = name;
        column.label = QString::fromUtf8(field.label);
        column.kind = field.kind;
        m_columns.push_back(column);
        m_number_of.insert(name, m_columns.size() - 1);
        /* Flows that cannot be asked any more have no such value. */
        fill(m_columns.back(), m_first);
        if (size() > 0)
            collect({ m_columns.size() - 1 }, m_scope, false);
        fill(m_columns.back(), size());
        return &m_columns.back();
    }
    m_number_of.insert(name, NO_COLUMN);
    return nullptr;
}

double Flows::number(const char *name, size_t row)
{
    const Column *of = column(QString::fromUtf8(name));

    if (!of || row >= of->numbers.size())
        return std::numeric_limits<double>::quiet_NaN();
    return of->numbers[row];
}

QString Flows::text(const char *name, size_t row)
{
    const Column *of = column(QString::fromUtf8(name));

    return of && row < of->words.size() ? word(of->words[row]) : QString();
}

int Flows::row(uint32_t flow) const
{
    auto found = std::lower_bound(m_flow.begin() + static_cast<long>(m_first), m_flow.end(), flow);

    return found != m_flow.end() && *found == flow ? static_cast<int>(found - m_flow.begin()) : -1;
}

bool Flows::packets(size_t row, flow_picture_detail detail, PacketCall packet, void *data) const
{
    return row >= m_first && m_host->packets(m_generation, m_flow[row], detail, packet, data);
}

double Flows::since_base(int64_t ns) const
{
    auto moment = static_cast<uint64_t>(ns), base = static_cast<uint64_t>(m_base);

    return ns < m_base ? -static_cast<double>(base - moment) / NS_IN_S
                       : static_cast<double>(moment - base) / NS_IN_S;
}

double Flows::time_of(size_t row, uint32_t frame) const
{
    struct Wanted {
        uint32_t frame;
        const Flows *flows;
        double time;
    } wanted = { frame, this, std::numeric_limits<double>::quiet_NaN() };

    packets(
        row, FLOW_PICTURE_PLAIN,
        [](const flow_picture_packet *packet, void *data) {
            auto *of = static_cast<Wanted *>(data);
            if (packet->frame == of->frame && packet->has_time)
                of->time = of->flows->since_base(packet->time_ns);
            return packet->frame < of->frame;
        },
        &wanted);
    return wanted.time;
}

QString Flows::server(size_t row)
{
    QString host = text("host", row);

    return host.isEmpty() ? text("dst", row) : host;
}

QString Flows::ends(size_t row)
{
    auto end = [this, row](const char *address, const char *port) {
        QString text = this->text(address, row);
        double number = this->number(port, row);
        if (std::isnan(number))
            return text;
        return (text.contains(':') ? "[" + text + "]" : text) + ":" + QString::number(number);
    };

    return end("src", "srcport") + QString::fromUtf8(" → ") + end("dst", "dstport");
}

std::vector<flow_picture_field> Flows::fields() const
{
    std::vector<flow_picture_field> fields;
    flow_picture_field field = {};

    for (size_t i = 0; m_host->field(i, &field); i++)
        fields.push_back(field);
    return fields;
}
