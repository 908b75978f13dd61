#ifndef FLOWSTATS_VIEW_OVER_TIME_H
#define FLOWSTATS_VIEW_OVER_TIME_H

#include "plot.h"

/* Over time: throughput, live and new flows, and round-trip times, one below the other. */
class OverTime : public Plot
{
  public:
    OverTime(Flows &flows, Choices &choices);

    void prepare() override;
    void fit() override;
    int row_at(const QPointF &place) override;
    std::set<int> rows_in(const QRectF &area) override;
    Table table() override;

  protected:
    void build() override;
    QString summary() const override;

  private:
    void count();
    void draw_throughput(QCPPainter *painter);
    void draw_flows(QCPPainter *painter);
    void draw_times(QCPPainter *painter);
    void draw_steps(QCPPainter *painter, const std::vector<double> &values, const QColor &colour);
    void draw_selection(QCPPainter *painter);
    QPointF dot_of(size_t dot) const;

    QCPAxisRect *m_flows_area, *m_times_area;
    double m_width = 1;                         /* of a bin, in seconds */
    std::vector<std::vector<double>> m_bits;    /* by class and bin, a second */
    std::vector<double> m_total, m_live, m_new; /* by bin */
    std::vector<size_t> m_dots;                 /* rows with a round-trip time */
    std::vector<QPointF> m_times;               /* of the dots: start and round-trip time */
};

#endif
