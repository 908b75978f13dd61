#ifndef FLOWSTATS_VIEW_FLOWS_H
#define FLOWSTATS_VIEW_FLOWS_H

#include "pictures.h"

#include <QHash>
#include <QString>
#include <QStringList>
#include <deque>
#include <vector>

/* The flows that pictures are made of: copies of their values, a column for each field. */

/* A column: numbers (times in seconds), or texts that are kept once each. */
struct Column {
    QString name;
    QString label;
    flow_picture_kind kind = FLOW_PICTURE_COUNT;
    std::vector<double> numbers; /* NaN: unknown; an instant: since base() */
    std::vector<uint32_t> words; /* of a text: which of Flows::word(), 0: unknown */
};

/* A packet of a row's flow. */
struct Sample {
    double time; /* since base() */
    uint32_t row;
    uint32_t bytes : 31;
    uint32_t is_down : 1;
};

/* An answer of a row's flow. */
struct Answer {
    double time; /* since base() */
    double wait; /* since the request, in seconds */
    uint32_t row;
};

class Flows
{
  public:
    explicit Flows(const flow_picture_host *host);

    /* Read all columns anew, of the flows of the present generation. */
    void read(flow_picture_scope scope);

    /* Read in addition to what is there: the flows of one more file. */
    void add(flow_picture_scope scope);

    void clear();

    size_t size() const
    {
        return m_flow.size();
    }

    uint64_t generation() const
    {
        return m_generation;
    }

    /* When the first of all flows began, which is time 0. */
    int64_t base() const
    {
        return m_base;
    }

    /* Seconds from the base to a moment; both can be any time. */
    double since_base(int64_t ns) const;

    /* The column of a field, read when it is first asked for, and kept; nullptr: there is none. */
    const Column *column(const QString &name);

    double number(const char *name, size_t row);
    QString text(const char *name, size_t row);

    QString word(uint32_t number) const
    {
        return m_words[static_cast<int>(number)];
    }

    /* The number of the flow for the plugin, and the row that has it; -1: none. */
    uint32_t flow(size_t row) const
    {
        return m_flow[row];
    }
    int row(uint32_t flow) const;

    /* Call back for the packets of a row's flow; until packet() returns false. */
    using PacketCall = bool (*)(const flow_picture_packet *packet, void *data);
    bool packets(size_t row, flow_picture_detail detail, PacketCall packet, void *data) const;

    /* When a packet of a row's flow came, since base(); NaN: unknown. */
    double time_of(size_t row, uint32_t frame) const;

    /* All packets, flow by flow; read when they are first asked for, and with all that follows. */
    const std::vector<Sample> &samples();

    /* The answers among them. */
    const std::vector<Answer> &answers()
    {
        samples();
        return m_answers;
    }

    /* The name of the host that was asked for, else the destination's address. */
    QString server(size_t row);

    /* "10.0.0.1:40000 → 10.0.0.2:80" */
    QString ends(size_t row);

    /* All that there are, for axes. */
    std::vector<flow_picture_field> fields() const;

    const flow_picture_host *host() const
    {
        return m_host;
    }

  private:
    void begin_at(int64_t ns);
    bool collect(const std::vector<size_t> &columns, flow_picture_scope scope, bool with_rows);
    void put(Column &column, const flow_picture_value &value);
    uint32_t word_number(const char *text);
    static void take_row(uint32_t flow, const flow_picture_value *values, void *data);

    const flow_picture_host *m_host;
    flow_picture_scope m_scope = FLOW_PICTURE_ALL;
    uint64_t m_generation = 0;
    int64_t m_base = 0;
    bool m_has_base = false;
    bool m_wants_samples = false;
    size_t m_sampled = 0; /* so many rows */
    size_t m_first =
        0; /* the first row of the file that can be asked; of earlier ones all is here */
    std::vector<Sample> m_samples;
    std::vector<Answer> m_answers;
    std::vector<uint32_t> m_flow;
    std::deque<Column> m_columns; /* which stay where they are when one is added */
    QHash<QString, size_t> m_number_of;
    QStringList m_words;
    QHash<QByteArray, uint32_t> m_word_of;
};

#endif
