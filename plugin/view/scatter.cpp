#include "scatter.h"

#include <algorithm>
#include <cmath>

Scatter::Scatter(Flows &flows, Choices &choices) : Plot(flows, choices)
{
    paint_flows(axisRect(), [this](QCPPainter *painter) { draw_dots(painter); });
    paint_over(axisRect(), [this](QCPPainter *painter) { draw_selection(painter); });
    setAccessibleName(QStringLiteral("Scatter"));
    setAccessibleDescription(QStringLiteral("A dot for each flow, one field against another; the "
                                            "table has the same values"));
}

void Scatter::prepare()
{
    flows().column(choices().x);
    flows().column(choices().y);
}

void Scatter::set_axis(QCPAxis *axis, const Column *of, bool is_log)
{
    bool is_time = of && (of->kind == FLOW_PICTURE_SPAN || of->kind == FLOW_PICTURE_INSTANT);
    auto unit = is_time                               ? UnitTicker::Of::Seconds
                : of && of->kind == FLOW_PICTURE_REAL ? UnitTicker::Of::Reals
                                                      : UnitTicker::Of::Counts;
    bool is_bytes = of && of->name.contains(QLatin1String("bytes"));
    QString label = of ? of->label + (is_bytes && !is_log ? " (B)" : "") : QString();

    axis->setScaleType(is_log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    axis->setTicker(is_log ? QSharedPointer<QCPAxisTicker>(new LogTicker(unit, is_bytes ? "B" : ""))
                           : QSharedPointer<QCPAxisTicker>(new UnitTicker(axis, label, unit)));
    axis->setLabel(label);
    axis->grid()->setSubGridVisible(false);
    axis->setSubTicks(true);
}

/* Where a logarithm is asked for, what is not above 0 has no place. */
void Scatter::build()
{
    const Column *x = flows().column(choices().x), *y = flows().column(choices().y);

    m_rows.clear();
    m_x.clear();
    m_y.clear();
    if (!x || !y)
        return;
    for (size_t row = 0; row < flows().size(); row++) {
        double left = x->numbers[row], up = y->numbers[row];
        if (std::isnan(left) || std::isnan(up) || (choices().is_log_x && left <= 0) ||
            (choices().is_log_y && up <= 0))
            continue;
        m_rows.push_back(row);
        m_x.push_back(left);
        m_y.push_back(up);
    }
    set_axis(xAxis, x, choices().is_log_x);
    set_axis(yAxis, y, choices().is_log_y);
    m_labels[0] = x->label;
    m_labels[1] = y->label;
}

QString Scatter::summary() const
{
    QString text = Plot::summary();

    if (m_rows.size() == classes().of_row.size())
        return text;
    return QString::number(m_rows.size()) + " of " + text + " have both values" +
           (xAxis->scaleType() == QCPAxis::stLogarithmic ||
                    yAxis->scaleType() == QCPAxis::stLogarithmic
                ? ", above 0"
                : "");
}

void Scatter::fit_axis(QCPAxis *axis, const std::vector<double> &values)
{
    bool is_log = axis->scaleType() == QCPAxis::stLogarithmic;

    if (values.empty()) {
        axis->setRange(is_log ? 1 : 0, 10);
        return;
    }
    auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (is_log) {
        double room = std::pow(std::max(*high / *low, 2.0), 0.06);
        axis->setRange(*low / room, *high * room);
    } else {
        double room = std::max(*high - *low, std::max(std::abs(*high), 1e-9) * 0.1) * 0.05;
        axis->setRange(*low - room, *high + room);
    }
}

void Scatter::fit()
{
    fit_axis(xAxis, m_x);
    fit_axis(yAxis, m_y);
}

QPointF Scatter::place_of(size_t dot) const
{
    return { xAxis->coordToPixel(m_x[dot]), yAxis->coordToPixel(m_y[dot]) };
}

/* Of the dots of one colour that lie on one pixel the first is drawn. */
void Scatter::draw_dots(QCPPainter *painter)
{
    QRect area = axisRect()->rect().adjusted(-6, -6, 6, 6);
    auto width = static_cast<size_t>(area.width()) + 1;
    std::vector<uint16_t> painted(width * (static_cast<size_t>(area.height()) + 1));
    double radius = m_rows.size() > 5000 ? 2 : 4;

    painter->setAntialiasing(m_rows.size() <= 5000);
    painter->setPen(Qt::NoPen);
    std::vector<QColor> colours = classes().colours;
    for (QColor &colour : colours)
        colour.setAlphaF(m_rows.size() > 5000 ? 0.6F : 0.75F);
    for (size_t dot = 0; dot < m_rows.size(); dot++) {
        QPointF place = place_of(dot);
        if (!area.contains(place.toPoint()))
            continue;
        QPoint pixel = place.toPoint() - area.topLeft();
        uint8_t number = classes().of_row[m_rows[dot]];
        uint16_t &here =
            painted[static_cast<size_t>(pixel.y()) * width + static_cast<size_t>(pixel.x())];
        if (here & (1 << number))
            continue;
        here = static_cast<uint16_t>(here | (1 << number));
        if (m_rows.size() > 5000) {
            painter->fillRect(
                QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius),
                colours[number]);
            continue;
        }
        painter->setBrush(colours[number]);
        painter->drawEllipse(place, radius, radius);
    }
}

void Scatter::draw_selection(QCPPainter *painter)
{
    painter->setAntialiasing(true);
    painter->setBrush(Qt::NoBrush);
    for (size_t dot = 0; dot < m_rows.size(); dot++) {
        int row = static_cast<int>(m_rows[dot]);
        bool is_selected = selected().count(row) > 0;
        if (!is_selected && row != marked())
            continue;
        painter->setPen(QPen(is_selected ? look().selection : look().mark, is_selected ? 2 : 1.5));
        painter->drawEllipse(place_of(dot), 6, 6);
    }
}

int Scatter::row_at(const QPointF &place)
{
    double nearest = 8;
    int best = -1;

    for (size_t dot = 0; dot < m_rows.size(); dot++) {
        QPointF way = place_of(dot) - place;
        double distance = std::hypot(way.x(), way.y());
        if (distance < nearest) {
            nearest = distance;
            best = static_cast<int>(m_rows[dot]);
        }
    }
    return best;
}

std::set<int> Scatter::rows_in(const QRectF &area)
{
    std::set<int> rows;

    for (size_t dot = 0; dot < m_rows.size(); dot++)
        if (area.contains(place_of(dot)))
            rows.insert(static_cast<int>(m_rows[dot]));
    return rows;
}

Table Scatter::table()
{
    Table table;

    table.columns = QStringList({ "Flow", m_labels[0], m_labels[1], "Ends" });
    table.rows = m_rows.size();
    table.cell = [this](size_t dot, int number) {
        size_t row = m_rows[dot];
        switch (number) {
        case 0: return QString::number(flows().number("id", row), 'f', 0);
        case 1: return number_text(*flows().column(choices().x), m_x[dot]);
        case 2: return number_text(*flows().column(choices().y), m_y[dot]);
        default: return flows().ends(row);
        }
    };
    table.rows_of = [this](size_t dot) {
        return std::vector<int>({ static_cast<int>(m_rows[dot]) });
    };
    table.table_row = [this](int row) {
        auto found = std::lower_bound(m_rows.begin(), m_rows.end(), static_cast<size_t>(row));
        return found != m_rows.end() && *found == static_cast<size_t>(row)
                   ? static_cast<int>(found - m_rows.begin())
                   : -1;
    };
    return table;
}
