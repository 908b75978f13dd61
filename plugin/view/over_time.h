#ifndef FLOWSTATS_VIEW_OVER_TIME_H
#define FLOWSTATS_VIEW_OVER_TIME_H

#include "plot.h"

/* Over time: throughput, live and new flows, and how long things took, one below the other. */
class OverTime : public Plot
{
  public:
    OverTime(Flows &flows, Choices &choices);

    void prepare() override;
    void fit() override;
    int row_at(const QPointF &place) override;
    std::set<int> rows_at(const QPointF &place) override;
    QString text_at(const QPointF &place) override;
    std::set<int> rows_in(const QRectF &area) override;
    Table table() override;

  protected:
    void build() override;
    QString summary() const override;

  private:
    /* How long something took, at the time when that was known; a mean at its flow's start. */
    enum class Took { Handshake, Response, Ack };
    enum { TOOK = 3 };
    struct Dot {
        double time, seconds;
        size_t row;
        Took what;
    };

    static const char *name_of(Took what);
    void set_up(QCPAxisRect *area);
    void count();
    void count_packets();
    void count_times();
    void add_dot(double time, double seconds, size_t row, Took what);
    bool is_by_way() const;
    void set_parts();
    size_t bin_of(double time) const;
    QString mean_of(size_t bin, int what) const;
    void draw_throughput(QCPPainter *painter);
    void draw_flows(QCPPainter *painter);
    void draw_names_of_flows(QCPPainter *painter);
    void draw_times(QCPPainter *painter);
    void draw_steps(QCPPainter *painter, const std::vector<double> &values, const QColor &colour);
    void draw_selection(QCPPainter *painter);
    void draw_lives(QCPPainter *painter);
    void draw_mark(QCPPainter *painter, const QCPAxisRect *area);
    void draw_dot(QCPPainter *painter, const QPointF &place, Took what, const QColor &colour) const;
    void draw_names_of_times(QCPPainter *painter);
    QPointF place_of(const Dot &dot) const;
    int dot_at(const QPointF &place) const;
    int bin_at(const QPointF &place) const;
    int part_at(const QPointF &place, int bin) const;
    std::vector<int> rows_of(size_t bin) const;

    QCPAxisRect *m_flows_area, *m_times_area;
    QCPMarginGroup *m_margins;
    double m_width = 1;                               /* of a bin, in seconds */
    std::vector<QColor> m_colours;                    /* of the parts of the throughput */
    QStringList m_names;                              /* of those */
    std::vector<std::vector<double>> m_bits;          /* by part and bin, a second */
    std::vector<double> m_total, m_live, m_new;       /* by bin */
    std::vector<double> m_sums[TOOK], m_counts[TOOK]; /* of what took time, by bin */
    std::vector<Dot> m_dots;
};

#endif
