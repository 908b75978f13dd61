#include "over_time.h"

#include <algorithm>
#include <cmath>

namespace
{

enum { BINS_MAX = 400 };

/* The bins have a round width: 1, 2 or 5 times a power of ten. */
double round_width(double span)
{
    double width = std::pow(10, std::floor(std::log10(span / BINS_MAX)));

    for (double factor : { 1, 2, 5 })
        if (span / (width * factor) <= BINS_MAX)
            return width * factor;
    return width * 10;
}

} // namespace

OverTime::OverTime(Flows &flows, Choices &choices) : Plot(flows, choices)
{
    m_flows_area = new QCPAxisRect(this);
    m_times_area = new QCPAxisRect(this);
    int row = plotLayout()->rowCount();
    plotLayout()->addElement(row, 0, m_flows_area);
    plotLayout()->addElement(row + 1, 0, m_times_area);
    plotLayout()->setRowStretchFactor(row - 1, 1.4);

    /* NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): it belongs to the plot */
    auto *margins = new QCPMarginGroup(this);
    for (QCPAxisRect *area : axisRects()) {
        area->setMarginGroup(QCP::msLeft | QCP::msRight, margins);
        area->setMinimumMargins(QMargins(12, 4, 18, 4));
        area->setRangeDrag(Qt::Horizontal);
        area->setRangeZoom(Qt::Horizontal);
        area->axis(QCPAxis::atTop)->setVisible(false);
        area->axis(QCPAxis::atRight)->setVisible(false);
        for (QCPAxis *axis : area->axes())
            axis->setLayer(QStringLiteral("axes"));
        for (QCPAxis *axis : area->axes())
            axis->grid()->setLayer(QStringLiteral("grid"));
        QCPAxis *time = area->axis(QCPAxis::atBottom);
        bool is_last = area == m_times_area;
        time->setTicker(QSharedPointer<QCPAxisTicker>(new UnitTicker(
            time, is_last ? "Time since the first flow began" : "", UnitTicker::Of::Seconds)));
        time->setTickLabels(is_last);
        for (QCPAxisRect *other : axisRects())
            if (other != area)
                connect(time, QOverload<const QCPRange &>::of(&QCPAxis::rangeChanged),
                        other->axis(QCPAxis::atBottom),
                        QOverload<const QCPRange &>::of(&QCPAxis::setRange));
    }
    auto add = [](QCPAxisRect *area, const QString &label, UnitTicker::Of of) {
        QCPAxis *axis = area->axis(QCPAxis::atLeft);
        axis->setTicker(QSharedPointer<QCPAxisTicker>(new UnitTicker(axis, label, of)));
    };
    add(axisRect(), "Throughput (bit/s)", UnitTicker::Of::Counts);
    add(m_flows_area, "Flows", UnitTicker::Of::Counts);
    add(m_times_area, "Handshake RTT", UnitTicker::Of::Seconds);

    paint_flows(axisRect(), [this](QCPPainter *painter) { draw_throughput(painter); });
    paint_flows(m_flows_area, [this](QCPPainter *painter) { draw_flows(painter); });
    paint_flows(m_times_area, [this](QCPPainter *painter) { draw_times(painter); });
    paint_over(m_times_area, [this](QCPPainter *painter) { draw_selection(painter); });
    setAccessibleName(QStringLiteral("Over Time"));
    setAccessibleDescription(QStringLiteral("Throughput, live and new flows, and round-trip times; "
                                            "the table has a row for each interval"));
}

void OverTime::prepare()
{
    flows().samples();
}

void OverTime::count()
{
    const std::vector<Sample> &samples = flows().samples();
    double end = 0;

    for (size_t row = 0; row < flows().size(); row++)
        if (!std::isnan(flows().number("last", row)))
            end = std::max(end, flows().number("last", row));
    m_width = round_width(std::max(end, 1e-6));
    size_t bins = static_cast<size_t>(end / m_width) + 1;
    auto bin_of = [this, bins](double time) {
        return std::min(bins - 1, static_cast<size_t>(std::max(time, 0.0) / m_width));
    };

    m_bits.assign(static_cast<size_t>(classes().names.size()), std::vector<double>(bins));
    m_total.assign(bins, 0);
    m_new.assign(bins, 0);
    m_live.assign(bins + 1, 0);
    m_dots.clear();
    m_times.clear();
    for (const Sample &sample : samples) {
        double bits = sample.bytes * 8.0 / m_width;
        m_bits[classes().of_row[sample.row]][bin_of(sample.time)] += bits;
        m_total[bin_of(sample.time)] += bits;
    }
    for (size_t row = 0; row < flows().size(); row++) {
        double start = flows().number("start", row), last = flows().number("last", row);
        if (std::isnan(start))
            continue;
        m_new[bin_of(start)]++;
        m_live[bin_of(start)]++;
        m_live[bin_of(last) + 1]--;
        double rtt = flows().number("tcp.rtt", row);
        if (!std::isnan(rtt)) {
            m_dots.push_back(row);
            m_times.emplace_back(start, rtt);
        }
    }
    for (size_t bin = 1; bin <= bins; bin++)
        m_live[bin] += m_live[bin - 1];
    m_live.resize(bins);
}

void OverTime::build()
{
    count();
}

QString OverTime::summary() const
{
    return Plot::summary() + QString::fromUtf8(" · intervals of ") + seconds_text(m_width);
}

void OverTime::fit()
{
    auto top = [](const std::vector<double> &values) {
        double most = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
        return most > 0 ? most * 1.08 : 1;
    };
    std::vector<double> times;

    for (const QPointF &dot : m_times)
        times.push_back(dot.y());
    xAxis->setRange(-m_width, m_width * (static_cast<double>(m_total.size()) + 1));
    yAxis->setRange(0, top(m_total));
    m_flows_area->axis(QCPAxis::atLeft)->setRange(0, top(m_live));
    m_times_area->axis(QCPAxis::atLeft)->setRange(0, top(times));
}

/* Each interval is a column, in which the classes stand one on the other. */
void OverTime::draw_throughput(QCPPainter *painter)
{
    for (size_t bin = 0; bin < m_total.size(); bin++) {
        double left = xAxis->coordToPixel(static_cast<double>(bin) * m_width);
        double right = xAxis->coordToPixel(static_cast<double>(bin + 1) * m_width);
        double sum = 0;
        if (right < axisRect()->left() || left > axisRect()->right())
            continue;
        for (size_t part = 0; part < m_bits.size(); part++) {
            double bottom = yAxis->coordToPixel(sum);
            sum += m_bits[part][bin];
            double top = yAxis->coordToPixel(sum);
            if (bottom > top)
                painter->fillRect(QRectF(left, top, std::max(right - left, 1.0), bottom - top),
                                  classes().colours[part]);
        }
    }
}

void OverTime::draw_steps(QCPPainter *painter, const std::vector<double> &values,
                          const QColor &colour)
{
    QCPAxis *x = m_flows_area->axis(QCPAxis::atBottom), *y = m_flows_area->axis(QCPAxis::atLeft);
    QPolygonF line;

    for (size_t bin = 0; bin < values.size(); bin++) {
        double top = y->coordToPixel(values[bin]);
        line << QPointF(x->coordToPixel(static_cast<double>(bin) * m_width), top)
             << QPointF(x->coordToPixel(static_cast<double>(bin + 1) * m_width), top);
    }
    painter->setPen(QPen(colour, 1.4));
    painter->setBrush(Qt::NoBrush);
    painter->drawPolyline(line);
}

void OverTime::draw_flows(QCPPainter *painter)
{
    const struct {
        const std::vector<double> &values;
        QColor colour;
        QString name;
    } lines[] = { { m_live, colour_number(0), QStringLiteral("live") },
                  { m_new, colour_number(1), QStringLiteral("new") } };
    QRect area = m_flows_area->rect();
    int x = area.right() - 90;

    painter->setFont(QFont(QStringLiteral("DejaVu Sans"), 8));
    for (const auto &line : lines) {
        draw_steps(painter, line.values, line.colour);
        painter->drawLine(QLineF(x, area.top() + 9, x + 12, area.top() + 9));
        painter->setPen(look().text);
        painter->drawText(QPointF(x + 15, area.top() + 13), line.name);
        x += 46;
    }
}

QPointF OverTime::dot_of(size_t dot) const
{
    return { m_times_area->axis(QCPAxis::atBottom)->coordToPixel(m_times[dot].x()),
             m_times_area->axis(QCPAxis::atLeft)->coordToPixel(m_times[dot].y()) };
}

void OverTime::draw_times(QCPPainter *painter)
{
    QSet<QPair<int, int>> painted;

    painter->setPen(Qt::NoPen);
    painter->setAntialiasing(m_dots.size() <= 5000);
    for (size_t dot = 0; dot < m_dots.size(); dot++) {
        QPointF place = dot_of(dot);
        QPair<int, int> pixel(place.toPoint().x(), place.toPoint().y());
        if (painted.contains(pixel))
            continue;
        painted.insert(pixel);
        painter->setBrush(colour(m_dots[dot]));
        if (m_dots.size() <= 5000)
            painter->drawEllipse(place, 2.5, 2.5);
        else
            painter->fillRect(QRectF(place.x() - 1, place.y() - 1, 2, 2), colour(m_dots[dot]));
    }
}

void OverTime::draw_selection(QCPPainter *painter)
{
    painter->setBrush(Qt::NoBrush);
    for (size_t dot = 0; dot < m_dots.size(); dot++)
        if (selected().count(static_cast<int>(m_dots[dot])) > 0) {
            painter->setPen(QPen(look().selection, 1.5));
            painter->drawEllipse(dot_of(dot), 5, 5);
        }
}

int OverTime::row_at(const QPointF &place)
{
    double nearest = 7;
    int best = -1;

    for (size_t dot = 0; dot < m_dots.size(); dot++) {
        QPointF way = dot_of(dot) - place;
        if (std::hypot(way.x(), way.y()) < nearest) {
            nearest = std::hypot(way.x(), way.y());
            best = static_cast<int>(m_dots[dot]);
        }
    }
    return best;
}

/* The flows that live in that time. */
std::set<int> OverTime::rows_in(const QRectF &area)
{
    double from = xAxis->pixelToCoord(area.left()), to = xAxis->pixelToCoord(area.right());
    std::set<int> rows;

    for (size_t row = 0; row < flows().size(); row++)
        if (flows().number("start", row) <= to && flows().number("last", row) >= from)
            rows.insert(static_cast<int>(row));
    return rows;
}

Table OverTime::table()
{
    Table table;

    table.columns = QStringList({ "From (s)", "Throughput (bit/s)", "Live flows", "New flows" });
    table.rows = m_total.size();
    table.cell = [this](size_t bin, int column) {
        switch (column) {
        case 0: return QString::number(static_cast<double>(bin) * m_width, 'g', 12);
        case 1: return QString::number(m_total[bin], 'g', 9);
        case 2: return QString::number(m_live[bin], 'f', 0);
        default: return QString::number(m_new[bin], 'f', 0);
        }
    };
    table.rows_of = [this](size_t bin) {
        double from = static_cast<double>(bin) * m_width;
        std::vector<int> rows;
        for (size_t row = 0; row < flows().size(); row++)
            if (flows().number("start", row) < from + m_width &&
                flows().number("last", row) >= from)
                rows.push_back(static_cast<int>(row));
        return rows;
    };
    table.table_row = [](int) { return -1; };
    return table;
}
