#ifndef FLOWSTATS_VIEW_WHO_H
#define FLOWSTATS_VIEW_WHO_H

#include "plot.h"

/* Who: the hosts, ports, applications or conversations with the most, as bars. */
class Who : public Plot
{
  public:
    Who(Flows &flows, Choices &choices);

    void fit() override;
    int row_at(const QPointF &place) override;
    std::set<int> rows_in(const QRectF &area) override;
    std::set<int> rows_at(const QPointF &place) override;
    QString text_at(const QPointF &place) override;
    Table table() override;

  protected:
    void build() override;
    QString summary() const override;

  private:
    /* A bar, made of the classes of flows by which it is coloured. */
    struct Bar {
        QString name;
        double total = 0;
        std::vector<double> parts;
        std::vector<int> rows;
    };

    QStringList names_of(size_t row);
    double amount_of(size_t row);
    QString amount_text(double amount) const;
    int bar_at(const QPointF &place) const;
    void draw_bars(QCPPainter *painter);
    void draw_amount(QCPPainter *painter, const QRectF &bar, const QString &amount);
    void draw_selection(QCPPainter *painter);
    QRectF area_of(int bar) const;

    std::vector<Bar> m_bars;
    size_t m_all = 0; /* bars, before the small ones became one */
};

#endif
