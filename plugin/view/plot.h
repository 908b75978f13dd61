#ifndef FLOWSTATS_VIEW_PLOT_H
#define FLOWSTATS_VIEW_PLOT_H

#include "look.h"

#include <functional>
#include <set>

class QIODevice;

/* What all pictures share: title, axes, legend, colours, choices, and how they are saved. */

/* What the user chose, for all pictures. */
struct Choices {
    QString colour_by = QStringLiteral("state"); /* or another of colouring_named() */
    QString times;                               /* Over Time: "", "handshake", "response", "ack" */
    bool is_dark = false;
    QString file, filter;
    QString sort = QStringLiteral("start"); /* Timeline: a field */
    QString group;                          /* Timeline: "", "host", "conversation" */
    QString x = QStringLiteral("bytes");    /* Scatter: fields */
    QString y = QStringLiteral("duration");
    bool is_log_x = true, is_log_y = true;
    QString who = QStringLiteral("host"); /* Who: "host", "server", "port", "app", "conversation" */
    QString measure = QStringLiteral("bytes"); /* Who: "bytes", "pkts", "flows" */
};

/* The picture as a table: what people read who cannot see it, and what is saved as CSV. */
struct Table {
    QStringList columns;
    size_t rows = 0;
    std::function<QString(size_t row, int column)> cell;
    std::function<std::vector<int>(size_t row)> rows_of; /* the rows of Flows that it is about */
    std::function<int(int flows_row)> table_row;         /* the row of one flow, -1: none */
};

class Plot : public QCustomPlot
{
  public:
    Plot(Flows &flows, Choices &choices);

    /* Ask for what the picture is made of, before flows are read that cannot be asked later. */
    virtual void prepare() {}

    /* Make the picture anew: flows or choices have changed. */
    void rebuild();

    /* Show all of it. */
    virtual void fit() = 0;

    /* The row of the flow at a place, -1: none. */
    virtual int row_at(const QPointF &place) = 0;

    /* The rows of the flows in a rectangle. */
    virtual std::set<int> rows_in(const QRectF &area) = 0;

    /* The rows that a click there selects, and what hovering says there. */
    virtual std::set<int> rows_at(const QPointF &place);
    virtual QString text_at(const QPointF &place);

    virtual Table table() = 0;

    /* The rows that are selected, shared by all pictures; replot() shows them. */
    void select(const std::set<int> &rows);

    const std::set<int> &selected() const
    {
        return m_selected;
    }

    /* The packet that the packet list is at, and the row of its flow; -1: none. */
    void mark(int row, uint32_t frame);

    int marked() const
    {
        return m_marked;
    }

    /* When that packet came, since base(); NaN: unknown. */
    double marked_time() const
    {
        return m_marked_time;
    }

    /* Move what shows by a share of the axes, to the right or down; zoom around the middle. */
    void move(Qt::Orientation way, double share);
    void zoom(Qt::Orientations ways, double factor);

    /* What hovering says of a flow; a short text of several lines. */
    QString describe(int row);

    /* Write the picture, without what belongs to the packet list. */
    void save(QIODevice &device, flow_picture_format format, const QSize &size);

  protected:
    virtual void build() = 0;

    /* How many flows or the like the picture shows, for the title. */
    virtual QString summary() const;

    Flows &flows() const
    {
        return m_flows;
    }
    const Choices &choices() const
    {
        return m_choices;
    }
    const Classes &classes() const
    {
        return m_classes;
    }
    const Look &look() const
    {
        return look_of(m_choices.is_dark);
    }
    QColor colour(size_t row) const
    {
        return m_classes.colours[m_classes.of_row[row]];
    }

    /*
     * What is drawn inside the axes, and over it; nothing of it is drawn outside them.
     * What is drawn beside them is what is said of it.
     */
    using Paint = std::function<void(QCPPainter *)>;
    void paint_flows(QCPAxisRect *area, Paint paint);
    void paint_over(QCPAxisRect *area, Paint paint);
    void paint_beside(QCPAxisRect *area, Paint paint);

    /* What axes look like; for those that a picture adds. */
    void colour_axes(QCPAxisRect *area);

    /* The legend's entries. */
    void set_legend(const QStringList &names, const std::vector<QColor> &colours);

  private:
    Flows &m_flows;
    Choices &m_choices;
    Classes m_classes;
    std::set<int> m_selected;
    int m_marked = -1;
    uint32_t m_marked_frame = 0;
    double m_marked_time;
    QCPTextElement *m_title, *m_subtitle;
    QCPLayoutElement *m_legend;
};

/* Write a table as CSV (RFC 4180). */
QByteArray csv_of(const Table &table);

#endif
