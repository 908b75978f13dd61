#include "over_time.h"

#include <algorithm>
#include <cmath>

namespace
{

enum { BINS_MAX = 400 };

/* More dots than that are drawn without a shape. */
enum { SHAPES_MAX = 5000 };

/* The height in pixels of the names of lines and dots, which stand above their area. */
enum { NAMES = 16 };

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

/* All areas have the same time, which stands below the last one. */
void OverTime::set_up(QCPAxisRect *area)
{
    QCPAxis *time = area->axis(QCPAxis::atBottom);
    bool is_last = area == m_times_area;

    area->setMarginGroup(QCP::msLeft | QCP::msRight, m_margins);
    area->setMinimumMargins(QMargins(12, area == axisRect() ? 4 : NAMES, 18, 4));
    area->setRangeDrag(Qt::Horizontal);
    area->setRangeZoom(Qt::Horizontal);
    area->axis(QCPAxis::atTop)->setVisible(false);
    area->axis(QCPAxis::atRight)->setVisible(false);
    for (QCPAxis *axis : area->axes()) {
        axis->setLayer(QStringLiteral("axes"));
        axis->grid()->setLayer(QStringLiteral("grid"));
    }
    time->setTicker(QSharedPointer<QCPAxisTicker>(new UnitTicker(
        time, is_last ? "Time since the first flow began" : "", UnitTicker::Of::Seconds)));
    time->setTickLabels(is_last);
    for (QCPAxisRect *other : axisRects())
        if (other != area)
            connect(time, QOverload<const QCPRange &>::of(&QCPAxis::rangeChanged),
                    other->axis(QCPAxis::atBottom),
                    QOverload<const QCPRange &>::of(&QCPAxis::setRange));
}

OverTime::OverTime(Flows &flows, Choices &choices) : Plot(flows, choices)
{
    m_flows_area = new QCPAxisRect(this);
    m_times_area = new QCPAxisRect(this);
    int row = plotLayout()->rowCount();
    plotLayout()->addElement(row, 0, m_flows_area);
    plotLayout()->addElement(row + 1, 0, m_times_area);
    plotLayout()->setRowStretchFactor(row - 1, 1.3);
    plotLayout()->setRowStretchFactor(row + 1, 1.2);

    m_margins = new QCPMarginGroup(this);
    for (QCPAxisRect *area : axisRects())
        set_up(area);
    auto add = [](QCPAxisRect *area, const QString &label, UnitTicker::Of of) {
        QCPAxis *axis = area->axis(QCPAxis::atLeft);
        axis->setTicker(QSharedPointer<QCPAxisTicker>(new UnitTicker(axis, label, of)));
    };
    add(axisRect(), "Throughput (bit/s)", UnitTicker::Of::Counts);
    add(m_flows_area, "Flows", UnitTicker::Of::Counts);
    QCPAxis *times = m_times_area->axis(QCPAxis::atLeft);
    times->setScaleType(QCPAxis::stLogarithmic);
    times->setTicker(QSharedPointer<QCPAxisTicker>(new LogTicker(UnitTicker::Of::Seconds, "")));
    times->setLabel(QStringLiteral("Times"));

    paint_flows(axisRect(), [this](QCPPainter *painter) { draw_throughput(painter); });
    paint_flows(m_flows_area, [this](QCPPainter *painter) { draw_flows(painter); });
    paint_flows(m_times_area, [this](QCPPainter *painter) { draw_times(painter); });
    paint_beside(m_flows_area, [this](QCPPainter *painter) { draw_names_of_flows(painter); });
    paint_beside(m_times_area, [this](QCPPainter *painter) { draw_names_of_times(painter); });
    paint_over(axisRect(), [this](QCPPainter *painter) { draw_lives(painter); });
    paint_over(m_times_area, [this](QCPPainter *painter) { draw_selection(painter); });
    for (QCPAxisRect *area : axisRects())
        paint_over(area, [this, area](QCPPainter *painter) { draw_mark(painter, area); });
    setAccessibleName(QStringLiteral("Over Time"));
    setAccessibleDescription(
        QStringLiteral("Throughput, live and new flows, round-trip and response times; "
                       "the table has a row for each interval"));
}

void OverTime::prepare()
{
    flows().samples();
    for (const char *name :
         { "tcp.ts_ack", "tcp.analysis.up.ack_rtt_mean", "tcp.analysis.down.ack_rtt_mean" })
        flows().column(QString::fromUtf8(name));
}

const char *OverTime::name_of(Took what)
{
    switch (what) {
    case Took::Handshake: return "handshake RTT";
    case Took::Response: return "response time";
    case Took::Ack: return "ACK RTT, mean of a flow";
    }
    return "";
}

/* Packets have a direction each, flows have most of one. */
bool OverTime::is_by_way() const
{
    return colouring_named(choices().colour_by) == Colouring::Direction;
}

/* What the columns of the throughput are made of: the classes, or both directions. */
void OverTime::set_parts()
{
    if (!is_by_way()) {
        m_colours = classes().colours;
        m_names = classes().names;
        return;
    }
    double bytes[2] = { 0, 0 };
    for (const Sample &sample : flows().samples())
        bytes[sample.is_down] += sample.bytes;
    m_colours = { colour_number(1), colour_number(0) };
    m_names = QStringList({ "up", "down" });
    set_legend({ QString::fromUtf8("up · ") + bytes_text(bytes[0]),
                 QString::fromUtf8("down · ") + bytes_text(bytes[1]) },
               m_colours);
}

size_t OverTime::bin_of(double time) const
{
    return std::min(m_total.size() - 1, static_cast<size_t>(std::max(time, 0.0) / m_width));
}

void OverTime::count_packets()
{
    m_bits.assign(m_colours.size(), std::vector<double>(m_total.size()));
    for (const Sample &sample : flows().samples()) {
        double bits = sample.bytes * 8.0 / m_width;
        size_t part = is_by_way() ? sample.is_down : classes().of_row[sample.row];
        m_bits[part][bin_of(sample.time)] += bits;
        m_total[bin_of(sample.time)] += bits;
    }
}

void OverTime::add_dot(double time, double seconds, size_t row, Took what)
{
    static const char *const names[] = { "handshake", "response", "ack" };
    const QString &wanted = choices().times;
    auto number = static_cast<int>(what);

    if (std::isnan(seconds) || std::isnan(time))
        return;
    m_sums[number][bin_of(time)] += seconds;
    m_counts[number][bin_of(time)]++;
    /* Where there is a logarithm, what took no time has no place. */
    if (seconds > 0 && (wanted.isEmpty() || wanted == QLatin1String(names[number])))
        m_dots.push_back({ time, seconds, row, what });
}

void OverTime::count_times()
{
    m_dots.clear();
    for (int what = 0; what < TOOK; what++) {
        m_sums[what].assign(m_total.size(), 0);
        m_counts[what].assign(m_total.size(), 0);
    }
    for (size_t row = 0; row < flows().size(); row++) {
        double start = flows().number("start", row);
        for (const char *name :
             { "tcp.analysis.up.ack_rtt_mean", "tcp.analysis.down.ack_rtt_mean" })
            add_dot(start, flows().number(name, row), row, Took::Ack);
    }
    for (const Answer &answer : flows().answers())
        add_dot(answer.time, answer.wait, answer.row, Took::Response);
    for (size_t row = 0; row < flows().size(); row++)
        add_dot(flows().number("tcp.ts_ack", row), flows().number("tcp.rtt", row), row,
                Took::Handshake);
}

void OverTime::count()
{
    double end = 0;

    for (size_t row = 0; row < flows().size(); row++)
        end = std::fmax(end, flows().number("last", row));
    /* Packets of one instant are no throughput; a second is what people think in. */
    m_width = end > 0 ? round_width(std::max(end, 1e-6)) : 1;
    size_t bins = static_cast<size_t>(end / m_width) + 1;
    m_total.assign(bins, 0);
    m_new.assign(bins, 0);
    m_live.assign(bins + 1, 0);
    set_parts();
    count_packets();
    count_times();
    for (size_t row = 0; row < flows().size(); row++) {
        double start = flows().number("start", row), last = flows().number("last", row);
        if (std::isnan(start))
            continue;
        m_new[bin_of(start)]++;
        m_live[bin_of(start)]++;
        m_live[bin_of(last) + 1]--;
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
    double least = 1, most = 0;

    for (const Dot &dot : m_dots) {
        least = std::min(least, dot.seconds);
        most = std::max(most, dot.seconds);
    }
    xAxis->setRange(-m_width, m_width * (static_cast<double>(m_total.size()) + 1));
    yAxis->setRange(0, top(m_total));
    m_flows_area->axis(QCPAxis::atLeft)->setRange(0, top(m_live));
    /* So much that there are powers of ten to read, and not what lies between them. */
    double bottom = std::min(least / 1.3, most / 32);
    m_times_area->axis(QCPAxis::atLeft)
        ->setRange(m_dots.empty() ? 1e-3 : bottom, m_dots.empty() ? 1 : most * 1.5);
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
                                  m_colours[part]);
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
    draw_steps(painter, m_live, colour_number(0));
    draw_steps(painter, m_new, colour_number(1));
}

void OverTime::draw_names_of_flows(QCPPainter *painter)
{
    QRect area = m_flows_area->rect();
    int x = area.right() - 90, y = area.top() - NAMES / 2;
    size_t number = 0;

    painter->setFont(QFont(QStringLiteral("DejaVu Sans"), 8));
    for (const char *name : { "live", "new" }) {
        painter->setPen(QPen(colour_number(number++), 1.4));
        painter->drawLine(QLineF(x, y, x + 12, y));
        painter->setPen(look().text);
        painter->drawText(QPointF(x + 15, y + 4), QString::fromUtf8(name));
        x += 46;
    }
}

QPointF OverTime::place_of(const Dot &dot) const
{
    return { m_times_area->axis(QCPAxis::atBottom)->coordToPixel(dot.time),
             m_times_area->axis(QCPAxis::atLeft)->coordToPixel(dot.seconds) };
}

/* What took the time is told by the shape. */
void OverTime::draw_dot(QCPPainter *painter, const QPointF &place, Took what,
                        const QColor &colour) const
{
    QPointF right(3, 0), down(0, 3);

    painter->setPen(what == Took::Handshake ? QPen(Qt::NoPen) : QPen(colour, 1.2));
    painter->setBrush(what == Took::Handshake ? QBrush(colour) : QBrush(Qt::NoBrush));
    switch (what) {
    case Took::Handshake: painter->drawEllipse(place, 2.5, 2.5); break;
    case Took::Response:
        painter->drawPolygon(
            QPolygonF({ place - right, place - down, place + right, place + down }));
        break;
    case Took::Ack:
        painter->drawLine(QLineF(place - right, place + right));
        painter->drawLine(QLineF(place - down, place + down));
        break;
    }
}

void OverTime::draw_names_of_times(QCPPainter *painter)
{
    QFont font(QStringLiteral("DejaVu Sans"), 8);
    QFontMetrics metrics(font);
    std::set<Took> drawn;
    QRect area = m_times_area->rect();
    int x = area.right() - 6, y = area.top() - NAMES / 2;

    painter->setFont(font);
    painter->setAntialiasing(true);
    for (const Dot &dot : m_dots)
        drawn.insert(dot.what);
    for (auto what = drawn.rbegin(); what != drawn.rend(); ++what) {
        QString name = QString::fromUtf8(name_of(*what));
        x -= metrics.boundingRect(name).width();
        painter->setPen(look().text);
        painter->drawText(QPointF(x, y + 4), name);
        draw_dot(painter, QPointF(x - 9, y), *what, look().text);
        x -= 30;
    }
}

/* Where there are too many for shapes, the first of those that share a pixel is drawn. */
void OverTime::draw_times(QCPPainter *painter)
{
    QRect area = m_times_area->rect().adjusted(-4, -4, 4, 4);
    auto width = static_cast<size_t>(area.width());
    std::vector<bool> painted(width * static_cast<size_t>(area.height()));
    bool with_shapes = m_dots.size() <= SHAPES_MAX;

    painter->setAntialiasing(with_shapes);
    for (const Dot &dot : m_dots) {
        QPointF place = place_of(dot);
        if (!area.contains(place.toPoint()))
            continue;
        QColor colour = is_by_way() ? look().faint : this->colour(dot.row);
        if (with_shapes) {
            draw_dot(painter, place, dot.what, colour);
            continue;
        }
        QPoint pixel = place.toPoint() - area.topLeft();
        auto here = static_cast<size_t>(pixel.y()) * width + static_cast<size_t>(pixel.x());
        if (!painted[here])
            painter->fillRect(QRectF(place.x() - 1, place.y() - 1, 2, 2), colour);
        painted[here] = true;
    }
}

void OverTime::draw_selection(QCPPainter *painter)
{
    painter->setBrush(Qt::NoBrush);
    for (const Dot &dot : m_dots)
        if (selected().count(static_cast<int>(dot.row)) > 0) {
            painter->setPen(QPen(look().selection, 1.5));
            painter->drawEllipse(place_of(dot), 5, 5);
        }
}

/* When the flows that are selected lived. */
void OverTime::draw_lives(QCPPainter *painter)
{
    QRectF area = axisRect()->rect();

    for (int row : selected()) {
        double left = xAxis->coordToPixel(flows().number("start", static_cast<size_t>(row)));
        double right = xAxis->coordToPixel(flows().number("last", static_cast<size_t>(row)));
        QRectF life(left, area.top() + 1, std::max(right - left, 2.0), 4);
        painter->fillRect(life & area, look().selection);
    }
}

/* The time of the packet that the packet list is at. */
void OverTime::draw_mark(QCPPainter *painter, const QCPAxisRect *area)
{
    double x = xAxis->coordToPixel(marked_time());

    if (std::isnan(marked_time()) || x < area->left() || x > area->right())
        return;
    painter->setPen(QPen(look().mark, 1));
    painter->drawLine(QPointF(x, area->top()), QPointF(x, area->bottom()));
}

/* The dot at a place; -1: none. */
int OverTime::dot_at(const QPointF &place) const
{
    double nearest = 7;
    int best = -1;

    for (size_t dot = 0; dot < m_dots.size(); dot++) {
        QPointF way = place_of(m_dots[dot]) - place;
        if (std::hypot(way.x(), way.y()) < nearest) {
            nearest = std::hypot(way.x(), way.y());
            best = static_cast<int>(dot);
        }
    }
    return best;
}

/* The interval at a place in the throughput or in the numbers of flows; -1: none. */
int OverTime::bin_at(const QPointF &place) const
{
    double bin = std::floor(xAxis->pixelToCoord(place.x()) / m_width);

    if (!axisRect()->rect().contains(place.toPoint()) &&
        !m_flows_area->rect().contains(place.toPoint()))
        return -1;
    return bin >= 0 && bin < static_cast<double>(m_total.size()) ? static_cast<int>(bin) : -1;
}

/* The part of an interval's throughput at a place; -1: none. */
int OverTime::part_at(const QPointF &place, int bin) const
{
    double height = yAxis->pixelToCoord(place.y()), sum = 0;

    if (!axisRect()->rect().contains(place.toPoint()) || height < 0)
        return -1;
    for (size_t part = 0; part < m_bits.size(); part++) {
        sum += m_bits[part][static_cast<size_t>(bin)];
        if (height < sum)
            return static_cast<int>(part);
    }
    return -1;
}

/* The flows that live in an interval. */
std::vector<int> OverTime::rows_of(size_t bin) const
{
    double from = static_cast<double>(bin) * m_width;
    std::vector<int> rows;

    for (size_t row = 0; row < flows().size(); row++)
        if (flows().number("start", row) < from + m_width && flows().number("last", row) >= from)
            rows.push_back(static_cast<int>(row));
    return rows;
}

int OverTime::row_at(const QPointF &place)
{
    int dot = dot_at(place);

    return dot < 0 ? -1 : static_cast<int>(m_dots[static_cast<size_t>(dot)].row);
}

/* Of a part of a column those of its class, else all of the interval. */
std::set<int> OverTime::rows_at(const QPointF &place)
{
    int bin = bin_at(place);
    std::set<int> rows;

    if (bin < 0)
        return Plot::rows_at(place);
    int part = is_by_way() ? -1 : part_at(place, bin);
    for (int row : rows_of(static_cast<size_t>(bin)))
        if (part < 0 || classes().of_row[static_cast<size_t>(row)] == part)
            rows.insert(row);
    return rows;
}

QString OverTime::text_at(const QPointF &place)
{
    int number = dot_at(place), bin = bin_at(place);

    if (bin >= 0) {
        auto i = static_cast<size_t>(bin);
        int part = part_at(place, bin);
        QString text = QString::fromUtf8("%1 – %2\n")
                           .arg(seconds_text(bin * m_width), seconds_text((bin + 1) * m_width));
        if (part >= 0)
            text += m_names[part] + ": " + rate_text(m_bits[static_cast<size_t>(part)][i]) + " of ";
        return text + rate_text(m_total[i]) + "\n" + counted(m_live[i], "live flow") + ", " +
               QString::number(m_new[i], 'f', 0) + " new";
    }
    if (number < 0)
        return {};
    const Dot &dot = m_dots[static_cast<size_t>(number)];
    return describe(static_cast<int>(dot.row)) + "\n" + seconds_text(dot.seconds) + " " +
           QString::fromUtf8(name_of(dot.what));
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

QString OverTime::mean_of(size_t bin, int what) const
{
    double count = m_counts[what][bin];

    return count > 0 ? QString::number(m_sums[what][bin] / count, 'g', 6) : QStringLiteral("-");
}

Table OverTime::table()
{
    Table table;

    table.columns = QStringList({ "From (s)", "Throughput (bit/s)", "Live flows", "New flows",
                                  "Handshake RTT (s)", "Response time (s)", "ACK RTT (s)" });
    table.rows = m_total.size();
    table.cell = [this](size_t bin, int column) {
        switch (column) {
        case 0: return QString::number(static_cast<double>(bin) * m_width, 'g', 12);
        case 1: return QString::number(m_total[bin], 'g', 9);
        case 2: return QString::number(m_live[bin], 'f', 0);
        case 3: return QString::number(m_new[bin], 'f', 0);
        default: return mean_of(bin, column - 4);
        }
    };
    table.rows_of = [this](size_t bin) { return rows_of(bin); };
    table.table_row = [](int) { return -1; };
    return table;
}
