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
    /* What an axis shows: numbers, or words side by side. */
    struct Scale {
        QStringList words;
        std::vector<double> values; /* by row */
        bool is_log = false;
    };

    Scale scale_of(const Column &of, bool is_log) const;
    void set_axis(QCPAxis *axis, const Column &of, const Scale &scale);
    void fit_axis(QCPAxis *axis, const std::vector<double> &values, bool has_words);
    void draw_dots(QCPPainter *painter);
    void draw_selection(QCPPainter *painter);
    QPointF place_of(size_t dot) const;

    QString m_labels[2];
    bool m_has_words[2] = { false, false };
    std::vector<size_t> m_rows; /* dot -> row; flows without a value have no dot */
    std::vector<double> m_x, m_y;
};

#endif
