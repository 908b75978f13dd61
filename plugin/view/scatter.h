#ifndef FLOWSTATS_VIEW_SCATTER_H
#define FLOWSTATS_VIEW_SCATTER_H

#include "plot.h"

/* The scatter plot: a dot for each flow, any field against any other. */
class Scatter : public Plot
{
  public:
    Scatter(Flows &flows, Choices &choices);

    void prepare() override;
    void fit() override;
    int row_at(const QPointF &place) override;
    std::set<int> rows_in(const QRectF &area) override;
    Table table() override;

  protected:
    void build() override;
    QString summary() const override;

  private:
    void set_axis(QCPAxis *axis, const Column *of, bool is_log);
    void fit_axis(QCPAxis *axis, const std::vector<double> &values);
    void draw_dots(QCPPainter *painter);
    void draw_selection(QCPPainter *painter);
    QPointF place_of(size_t dot) const;

    QString m_labels[2];
    std::vector<size_t> m_rows; /* dot -> row; flows without a value have no dot */
    std::vector<double> m_x, m_y;
};

#endif
