#ifndef FLOWSTATS_VIEW_TIMELINE_H
#define FLOWSTATS_VIEW_TIMELINE_H

#include "plot.h"

#include <map>

/* The timeline: a bar for each flow, from its first packet to its last. */
class Timeline : public Plot
{
  public:
    Timeline(Flows &flows, Choices &choices);

    void prepare() override;
    void fit() override;
    int row_at(const QPointF &place) override;
    std::set<int> rows_in(const QRectF &area) override;
    Table table() override;

  protected:
    void build() override;
    QString summary() const override;

  private:
    /* The packets of a flow, read when its bar is high enough to show them. */
    struct Ticks {
        std::vector<flow_picture_packet> packets;
    };

    void sort();
    void draw_bars(QCPPainter *painter);
    void draw_dense(QCPPainter *painter, int first, int past);
    void draw_bar(QCPPainter *painter, int line);
    void draw_packets(QCPPainter *painter, int line, const QRectF &bar);
    void draw_label(QCPPainter *painter, int line, const QRectF &bar);
    void draw_selection(QCPPainter *painter);
    void draw_mark(QCPPainter *painter, const QRectF &bar);
    const Ticks &ticks_of(size_t row);
    QRectF bar_of(int line) const;
    double line_height() const;

    std::vector<size_t> m_order;         /* line -> row, sorted */
    std::vector<int> m_line_of;          /* row -> line, -1: it has no times */
    std::vector<float> m_place;          /* line -> y, with room between groups */
    std::map<int, QString> m_groups;     /* a title before a line */
    std::vector<double> m_start, m_last; /* by line, in seconds */
    std::map<size_t, Ticks> m_ticks;     /* by row */
};

#endif
