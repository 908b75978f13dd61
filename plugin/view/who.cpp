#include "who.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace
{

/* So many bars, and one for the rest. */
enum { BARS = 15 };

} // namespace

Who::Who(Flows &flows, Choices &choices) : Plot(flows, choices)
{
    paint_flows(axisRect(), [this](QCPPainter *painter) { draw_bars(painter); });
    paint_over(axisRect(), [this](QCPPainter *painter) { draw_selection(painter); });
    setAccessibleName(QStringLiteral("Who"));
    setAccessibleDescription(QStringLiteral("Bars of those with the most bytes, packets or flows; "
                                            "the table has the same bars"));
    axisRect()->setRangeZoom(Qt::Horizontal);
    axisRect()->setRangeDrag(Qt::Horizontal);
    yAxis->setRangeReversed(true);
    yAxis->setSubTicks(false);
}

/* A flow counts for both its hosts, and once for what else it belongs to. */
QStringList Who::names_of(size_t row)
{
    QString src = flows().text("src", row), dst = flows().text("dst", row);
    QString protocol = flows().text("proto_name", row), app = flows().text("app", row);
    double port = flows().number("dstport", row);

    if (choices().who == "host")
        return src == dst ? QStringList(src) : QStringList({ src, dst });
    if (choices().who == "port")
        return QStringList(std::isnan(port) ? protocol + " (no ports)"
                                            : protocol + " " + QString::number(port));
    if (choices().who == "server")
        return QStringList(flows().server(row));
    if (choices().who == "app")
        return QStringList(app.isEmpty() ? QStringLiteral("none") : app);
    return QStringList(src < dst ? src + QString::fromUtf8(" ↔ ") + dst
                                 : dst + QString::fromUtf8(" ↔ ") + src);
}

double Who::amount_of(size_t row)
{
    if (choices().measure == "flows")
        return 1;
    double amount = flows().number(choices().measure == "pkts" ? "pkts" : "bytes", row);
    return std::isnan(amount) ? 0 : amount;
}

QString Who::amount_text(double amount) const
{
    return choices().measure == "bytes" ? bytes_text(amount) : english(amount);
}

void Who::build()
{
    std::map<QString, Bar> bars;
    std::vector<Bar> all;

    for (size_t row = 0; row < flows().size(); row++)
        for (const QString &name : names_of(row)) {
            Bar &bar = bars[name];
            bar.name = name;
            bar.parts.resize(static_cast<size_t>(classes().names.size()));
            bar.parts[classes().of_row[row]] += amount_of(row);
            bar.total += amount_of(row);
            bar.rows.push_back(static_cast<int>(row));
        }
    all.reserve(bars.size());
    for (auto &named : bars)
        all.push_back(std::move(named.second));
    std::stable_sort(all.begin(), all.end(),
                     [](const Bar &a, const Bar &b) { return a.total > b.total; });
    m_all = all.size();
    m_bars.assign(all.begin(), all.begin() + static_cast<long>(std::min<size_t>(BARS, m_all)));
    if (m_all > BARS) {
        Bar rest;
        std::set<int> rows;
        rest.name = QString::number(m_all - BARS) + " others";
        rest.parts.resize(static_cast<size_t>(classes().names.size()));
        for (size_t i = BARS; i < m_all; i++) {
            for (size_t part = 0; part < rest.parts.size(); part++)
                rest.parts[part] += all[i].parts[part];
            rest.total += all[i].total;
            rows.insert(all[i].rows.begin(), all[i].rows.end());
        }
        rest.rows.assign(rows.begin(), rows.end());
        m_bars.push_back(rest);
    }

    QSharedPointer<QCPAxisTickerText> ticker(new QCPAxisTickerText);
    for (size_t i = 0; i < m_bars.size(); i++)
        ticker->addTick(static_cast<double>(i), short_name(m_bars[i].name));
    yAxis->setTicker(ticker);
    yAxis->grid()->setVisible(false);
    QString label = choices().measure == "bytes"  ? "Bytes (B)"
                    : choices().measure == "pkts" ? "Packets"
                                                  : "Flows";
    xAxis->setTicker(
        QSharedPointer<QCPAxisTicker>(new UnitTicker(xAxis, label, UnitTicker::Of::Counts)));
}

QString Who::summary() const
{
    const QString &who = choices().who;
    QString of = who == "host"     ? " hosts, a flow counts for both"
                 : who == "server" ? " hosts that were asked for, by name where it is known"
                 : who == "port"   ? " destination ports"
                 : who == "app"    ? " applications"
                                   : " conversations";

    return Plot::summary() + QString::fromUtf8(" · ") + QString::number(m_all) + of;
}

/* Those with names are compared; the rest has room as long as it does not dwarf them. */
void Who::fit()
{
    double most = 0;

    for (size_t i = 0; i < std::min<size_t>(BARS, m_bars.size()); i++)
        most = std::max(most, m_bars[i].total);
    if (m_bars.size() > BARS && m_bars[BARS].total <= 2 * most)
        most = std::max(most, m_bars[BARS].total);
    xAxis->setRange(0, most > 0 ? most * 1.12 : 1);
    yAxis->setRange(-0.6, std::max<double>(static_cast<double>(m_bars.size()), 1) - 0.4);
}

QRectF Who::area_of(int bar) const
{
    double top = yAxis->coordToPixel(bar - 0.36), bottom = yAxis->coordToPixel(bar + 0.36);
    double left = xAxis->coordToPixel(0);
    double right = xAxis->coordToPixel(m_bars[static_cast<size_t>(bar)].total);

    return { left, top, std::max(right - left, 1.0), bottom - top };
}

void Who::draw_bars(QCPPainter *painter)
{
    painter->setFont(QFont(QStringLiteral("DejaVu Sans"), 8));
    for (int i = 0; i < static_cast<int>(m_bars.size()); i++) {
        const Bar &bar = m_bars[static_cast<size_t>(i)];
        QRectF area = area_of(i);
        double sum = 0;
        for (size_t part = 0; part < bar.parts.size(); part++) {
            double left = xAxis->coordToPixel(sum),
                   right = xAxis->coordToPixel(sum + bar.parts[part]);
            painter->fillRect(QRectF(left, area.top(), right - left, area.height()),
                              classes().colours[part]);
            sum += bar.parts[part];
        }
        draw_amount(painter, area, amount_text(bar.total));
    }
}

/* Beside the bar; of one that goes on out of sight, over its broken end. */
void Who::draw_amount(QCPPainter *painter, const QRectF &bar, const QString &amount)
{
    QRectF axes = axisRect()->rect();
    double width = painter->fontMetrics().boundingRect(amount).width() + 12.0;
    double x = bar.right(), top = bar.top(), bottom = bar.bottom();

    if (bar.left() < axes.right() && bar.right() > axes.right()) {
        x = axes.right() - width;
        painter->fillRect(QRectF(QPointF(x, top), QPointF(axes.right() + 1, bottom)),
                          look().background);
        painter->setPen(QPen(look().background, 2));
        for (int gap : { 6, 12 })
            painter->drawLine(QPointF(x - gap - 4, bottom), QPointF(x - gap + 2, top));
    }
    painter->setPen(look().text);
    painter->drawText(QRectF(x + 6, top - 4, 200, bottom - top + 8),
                      Qt::AlignVCenter | Qt::AlignLeft, amount);
}

void Who::draw_selection(QCPPainter *painter)
{
    painter->setBrush(Qt::NoBrush);
    for (int i = 0; i < static_cast<int>(m_bars.size()); i++) {
        const std::vector<int> &rows = m_bars[static_cast<size_t>(i)].rows; /* sorted */
        QRectF area = area_of(i).adjusted(-1, -2, 2, 2);
        if (std::any_of(rows.begin(), rows.end(),
                        [this](int row) { return selected().count(row); })) {
            painter->setPen(QPen(look().selection, 2));
            painter->drawRect(area);
        }
        if (std::binary_search(rows.begin(), rows.end(), marked())) {
            painter->setPen(QPen(look().mark, 1));
            painter->drawRect(area.adjusted(2, 2, -2, -2));
        }
    }
}

int Who::bar_at(const QPointF &place) const
{
    for (int i = 0; i < static_cast<int>(m_bars.size()); i++)
        if (area_of(i).adjusted(-200, 0, 60, 0).contains(place))
            return i;
    return -1;
}

/* A bar is of many flows, so no place is one flow's. */
int Who::row_at(const QPointF &)
{
    return -1;
}

std::set<int> Who::rows_at(const QPointF &place)
{
    int bar = bar_at(place);

    if (bar < 0)
        return {};
    const std::vector<int> &rows = m_bars[static_cast<size_t>(bar)].rows;
    return { rows.begin(), rows.end() };
}

std::set<int> Who::rows_in(const QRectF &area)
{
    std::set<int> rows;

    for (int i = 0; i < static_cast<int>(m_bars.size()); i++)
        if (area.intersects(area_of(i)))
            rows.insert(m_bars[static_cast<size_t>(i)].rows.begin(),
                        m_bars[static_cast<size_t>(i)].rows.end());
    return rows;
}

QString Who::text_at(const QPointF &place)
{
    int bar = bar_at(place);

    if (bar < 0)
        return {};
    const Bar &of = m_bars[static_cast<size_t>(bar)];
    QString amount = choices().measure == "bytes"  ? bytes_text(of.total)
                     : choices().measure == "pkts" ? counted(of.total, "packet")
                                                   : QString();
    return of.name + (amount.isEmpty() ? "" : "\n" + amount) + "\n" +
           counted(static_cast<double>(of.rows.size()), "flow");
}

Table Who::table()
{
    Table table;

    table.columns = QStringList({ "Name",
                                  choices().measure == "bytes"  ? "Bytes"
                                  : choices().measure == "pkts" ? "Packets"
                                                                : "Count",
                                  "Flows" });
    table.rows = m_bars.size();
    table.cell = [this](size_t row, int column) {
        const Bar &bar = m_bars[row];
        return column == 0   ? bar.name
               : column == 1 ? QString::number(bar.total, 'f', 0)
                             : QString::number(bar.rows.size());
    };
    table.rows_of = [this](size_t row) { return m_bars[row].rows; };
    table.table_row = [](int) { return -1; };
    return table;
}
