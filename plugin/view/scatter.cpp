#include "scatter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace
{

/* About so many words stand beside an axis. */
enum { WORDS = 16 };

} // namespace

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

/* Words have the places 0, 1, 2 ... in alphabetical order, and no logarithm. */
Scatter::Scale Scatter::scale_of(const Column &of, bool is_log) const
{
    std::map<QString, double> places;
    Scale scale;

    scale.is_log = is_log && of.kind != FLOW_PICTURE_TEXT;
    scale.values = of.numbers;
    for (uint32_t word : of.words)
        if (word != 0)
            places[flows().word(word)] = 0;
    for (auto &[word, place] : places) {
        place = scale.words.size();
        scale.words.append(word);
    }
    for (uint32_t word : of.words)
        scale.values.push_back(word == 0 ? std::numeric_limits<double>::quiet_NaN()
                                         : places[flows().word(word)]);
    return scale;
}

void Scatter::set_axis(QCPAxis *axis, const Column &of, const Scale &scale)
{
    bool is_time = of.kind == FLOW_PICTURE_SPAN || of.kind == FLOW_PICTURE_INSTANT;
    bool is_bytes = of.name.contains(QLatin1String("bytes")),
         is_text = of.kind == FLOW_PICTURE_TEXT;
    auto unit = is_time                        ? UnitTicker::Of::Seconds
                : of.kind == FLOW_PICTURE_REAL ? UnitTicker::Of::Reals
                                               : UnitTicker::Of::Counts;
    QString label = of.label + (is_bytes && !scale.is_log ? " (B)" : "");
    QSharedPointer<QCPAxisTicker> ticker;

    if (is_text)
        ticker.reset(new WordTicker(scale.words));
    else if (scale.is_log)
        ticker.reset(new LogTicker(unit, is_bytes ? "B" : ""));
    else
        ticker.reset(new UnitTicker(axis, label, unit));
    if (is_text)
        ticker->setTickCount(WORDS);
    axis->setScaleType(scale.is_log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    axis->setTicker(ticker);
    axis->setLabel(label);
    axis->setTickLabelRotation(is_text && axis == xAxis ? 30 : 0);
    axis->grid()->setSubGridVisible(false);
    axis->setSubTicks(true);
}

/* Where a logarithm is asked for, what is not above 0 has no place. */
void Scatter::build()
{
    const Column *columns[] = { flows().column(choices().x), flows().column(choices().y) };

    m_rows.clear();
    m_x.clear();
    m_y.clear();
    if (!columns[0] || !columns[1])
        return;
    Scale x = scale_of(*columns[0], choices().is_log_x);
    Scale y = scale_of(*columns[1], choices().is_log_y);
    for (size_t row = 0; row < flows().size(); row++) {
        double left = x.values[row], up = y.values[row];
        if (std::isnan(left) || std::isnan(up) || (x.is_log && left <= 0) || (y.is_log && up <= 0))
            continue;
        m_rows.push_back(row);
        m_x.push_back(left);
        m_y.push_back(up);
    }
    set_axis(xAxis, *columns[0], x);
    set_axis(yAxis, *columns[1], y);
    for (int i = 0; i < 2; i++) {
        m_labels[i] = columns[i]->label;
        m_has_words[i] = columns[i]->kind == FLOW_PICTURE_TEXT;
    }
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

void Scatter::fit_axis(QCPAxis *axis, const std::vector<double> &values, bool has_words)
{
    bool is_log = axis->scaleType() == QCPAxis::stLogarithmic;

    if (values.empty()) {
        axis->setRange(is_log ? 1 : 0, 10);
        return;
    }
    auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (has_words) {
        axis->setRange(*low - 0.7, *high + 0.7);
    } else if (is_log) {
        double room = std::pow(std::max(*high / *low, 2.0), 0.06);
        axis->setRange(*low / room, *high * room);
    } else {
        double room = std::max(*high - *low, std::max(std::abs(*high), 1e-9) * 0.1) * 0.05;
        axis->setRange(*low - room, *high + room);
    }
}

void Scatter::fit()
{
    fit_axis(xAxis, m_x, m_has_words[0]);
    fit_axis(yAxis, m_y, m_has_words[1]);
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
        case 1: return cell_text(flows(), *flows().column(choices().x), row);
        case 2: return cell_text(flows(), *flows().column(choices().y), row);
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
