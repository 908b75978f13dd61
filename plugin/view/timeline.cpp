#include "timeline.h"

#include <algorithm>
#include <cmath>

namespace
{

/* Heights of a line in pixels from which it shows more. */
const double SHOWS_LABEL = 13, SHOWS_PACKETS = 9;

/* So many packets of a flow are drawn; there are no more pixels. */
enum { PACKETS_MAX = 50000, FLOWS_WITH_PACKETS = 400 };

const double GAP = 1.4; /* lines between two groups, for the title */

} // namespace

Timeline::Timeline(Flows &flows, Choices &choices) : Plot(flows, choices)
{
    paint_flows(axisRect(), [this](QCPPainter *painter) { draw_bars(painter); });
    paint_over(axisRect(), [this](QCPPainter *painter) { draw_selection(painter); });
    xAxis->setTicker(QSharedPointer<QCPAxisTicker>(
        new UnitTicker(xAxis, "Time since the first flow began", UnitTicker::Of::Seconds)));
    yAxis->setRangeReversed(true);
    yAxis->setTicks(false);
    yAxis->grid()->setVisible(false);
    setAccessibleName(QStringLiteral("Timeline"));
    setAccessibleDescription(
        QStringLiteral("A bar for each flow, from its first packet to its "
                       "last; the table has the same flows in the same order"));
}

void Timeline::prepare()
{
    for (const char *name : { "tcp.ts_syn", "tcp.ts_ack" })
        flows().column(QString::fromUtf8(name));
    flows().column(choices().sort);
}

void Timeline::sort()
{
    const Choices &chosen = choices();
    const Column *by = flows().column(chosen.sort);
    auto group = [this, &chosen](size_t row) {
        QString src = flows().text("src", row), dst = flows().text("dst", row);
        if (chosen.group.isEmpty())
            return QString();
        return chosen.group == "host" ? src
               : src < dst            ? src + QString::fromUtf8(" ↔ ") + dst
                                      : dst + QString::fromUtf8(" ↔ ") + src;
    };
    bool is_text = by && by->kind == FLOW_PICTURE_TEXT;
    bool is_rising = is_text || chosen.sort == "start";
    std::vector<QString> groups(flows().size()), texts(is_text ? flows().size() : 0);

    m_order.clear();
    m_groups.clear();
    for (size_t row = 0; row < flows().size(); row++) {
        if (std::isnan(flows().number("start", row)))
            continue;
        m_order.push_back(row);
        if (!chosen.group.isEmpty())
            groups[row] = group(row);
        if (is_text)
            texts[row] = flows().word(by->words[row]);
    }
    std::stable_sort(m_order.begin(), m_order.end(), [&](size_t a, size_t b) {
        if (groups[a] != groups[b])
            return groups[a] < groups[b];
        if (is_text)
            return texts[a] < texts[b];
        double left = by ? by->numbers[a] : 0, right = by ? by->numbers[b] : 0;
        if (std::isnan(left) || std::isnan(right))
            return !std::isnan(left) && std::isnan(right); /* the unknown last */
        return is_rising ? left < right : left > right;
    });

    m_place.clear();
    double place = 0;
    for (size_t line = 0; line < m_order.size(); line++) {
        const QString &name = groups[m_order[line]];
        if (!chosen.group.isEmpty() && (line == 0 || name != groups[m_order[line - 1]])) {
            m_groups[static_cast<int>(line)] = name;
            place += GAP;
        }
        m_place.push_back(static_cast<float>(place));
        place += 1;
    }
}

void Timeline::build()
{
    sort();
    m_ticks.clear();
    m_line_of.assign(flows().size(), -1);
    m_start.clear();
    m_last.clear();
    for (size_t line = 0; line < m_order.size(); line++) {
        m_line_of[m_order[line]] = static_cast<int>(line);
        m_start.push_back(flows().number("start", m_order[line]));
        m_last.push_back(flows().number("last", m_order[line]));
    }
    const Column *by = flows().column(choices().sort);
    yAxis->setLabel("Flows by " + (by ? by->label.toLower() : QString("start")) +
                    (choices().group.isEmpty() ? "" : ", by " + choices().group));
}

/* What the marks mean, where there can be some. */
QString Timeline::summary() const
{
    bool is_tcp = false;

    for (size_t row = 0; row < flows().size() && !is_tcp; row++)
        is_tcp = flows().text("proto_name", row) == QLatin1String("TCP");
    return Plot::summary() +
           (is_tcp ? QString::fromUtf8(
                         " · ▨ handshake  ✕ reset  ● retransmission  ▼ gap  ■ zero window")
                   : "");
}

void Timeline::fit()
{
    double end = m_last.empty() ? 1 : *std::max_element(m_last.begin(), m_last.end());
    double begin = m_start.empty() ? 0 : *std::min_element(m_start.begin(), m_start.end());
    double room = end > begin ? (end - begin) * 0.02 : 0.5;

    xAxis->setRange(begin - room, end + room);
    yAxis->setRange(-0.7, m_place.empty() ? 1 : m_place.back() + 1.7);
}

double Timeline::line_height() const
{
    return std::abs(yAxis->coordToPixel(1) - yAxis->coordToPixel(0));
}

QRectF Timeline::bar_of(int line) const
{
    auto i = static_cast<size_t>(line);
    double left = xAxis->coordToPixel(m_start[i]), right = xAxis->coordToPixel(m_last[i]);
    double height = std::min(line_height() * 0.78, 26.0);
    double middle = yAxis->coordToPixel(m_place[i] + 0.5F);

    /* A flow of one packet is a pixel wide at least, but it stays where it is. */
    return { left, middle - height / 2, std::max(right - left, 1.0), height };
}

namespace
{

/*
 * A line of pixels in which each is painted once: what lies under one pixel is
 * one bar.  Finding the next pixel that is free takes a step or two.
 */
class PixelLine
{
  public:
    explicit PixelLine(int width) : m_next(static_cast<size_t>(width) + 1) {}

    void clear()
    {
        for (size_t i = 0; i < m_next.size(); i++)
            m_next[i] = static_cast<int>(i);
    }

    /* Call back for the runs of free pixels, and take them. */
    template <typename Run> void paint(int left, int right, Run run)
    {
        int last = static_cast<int>(m_next.size()) - 2;

        left = std::max(left, 0);
        right = std::min(right, last);
        for (int i = free_from(left); i <= right; i = free_from(i)) {
            int begin = i;
            while (i <= right && m_next[static_cast<size_t>(i)] == i) {
                m_next[static_cast<size_t>(i)] = right + 1;
                i++;
            }
            run(begin, i - begin);
        }
    }

  private:
    int free_from(int i)
    {
        int found = i;

        while (m_next[static_cast<size_t>(found)] != found)
            found = m_next[static_cast<size_t>(found)];
        while (m_next[static_cast<size_t>(i)] != i) {
            int next = m_next[static_cast<size_t>(i)];
            m_next[static_cast<size_t>(i)] = found;
            i = next;
        }
        return found;
    }

    std::vector<int> m_next;
};

} // namespace

/* More lines than pixels: the first flow of a pixel has it. */
void Timeline::draw_dense(QCPPainter *painter, int first, int past)
{
    QRect area = axisRect()->rect();
    PixelLine pixels(area.width());
    int y = INT_MIN;

    for (int line = first; line < past; line++) {
        auto i = static_cast<size_t>(line);
        int place =
            std::max(static_cast<int>(std::floor(yAxis->coordToPixel(m_place[i]))), area.top());
        if (place != y) {
            pixels.clear();
            y = place;
        }
        double left = xAxis->coordToPixel(m_start[i]) - area.left();
        double right = xAxis->coordToPixel(m_last[i]) - area.left();
        if (right < 0 || left > area.width())
            continue;
        QColor colour = this->colour(m_order[i]);
        pixels.paint(static_cast<int>(std::max(left, 0.0)),
                     static_cast<int>(std::min(right, static_cast<double>(area.width()))),
                     [&](int from, int width) {
                         painter->fillRect(QRect(area.left() + from, y, width, 1), colour);
                     });
    }
}

const Timeline::Ticks &Timeline::ticks_of(size_t row)
{
    auto found = m_ticks.find(row);

    if (found != m_ticks.end())
        return found->second;
    if (m_ticks.size() >= FLOWS_WITH_PACKETS)
        m_ticks.clear();
    Ticks &ticks = m_ticks[row];
    flows().packets(
        row, FLOW_PICTURE_WITH_MARKS,
        [](const flow_picture_packet *packet, void *data) {
            auto *of = static_cast<Ticks *>(data);
            of->packets.push_back(*packet);
            return of->packets.size() < PACKETS_MAX;
        },
        &ticks);
    return ticks;
}

/* Packets up are ticks above the middle, those down below it; what went wrong is marked. */
void Timeline::draw_packets(QCPPainter *painter, int line, const QRectF &bar)
{
    QRect area = axisRect()->rect();
    double middle = bar.center().y(), last[2] = { -1e9, -1e9 };
    QColor colour = this->colour(m_order[static_cast<size_t>(line)]);

    painter->setPen(QPen(choices().is_dark ? colour.lighter(140) : colour.darker(135), 1));
    for (const flow_picture_packet &packet : ticks_of(m_order[static_cast<size_t>(line)]).packets) {
        double x = xAxis->coordToPixel(flows().since_base(packet.time_ns));
        if (!packet.has_time || x < area.left() || x > area.right())
            continue;
        if (x - last[packet.is_down] >= 1) {
            painter->drawLine(QPointF(x, middle),
                              QPointF(x, packet.is_down ? bar.bottom() : bar.top()));
            last[packet.is_down] = x;
        }
        if (packet.marks == 0)
            continue;
        double side = std::min(bar.height() / 4, 4.0);
        double y = packet.is_down ? bar.bottom() : bar.top();
        painter->save();
        painter->setAntialiasing(true);
        painter->setPen(Qt::NoPen);
        painter->setBrush(look().mark);
        if (packet.marks & (1 << FLOW_PICTURE_RESET)) {
            painter->setPen(QPen(look().mark, 1.6));
            painter->drawLine(QPointF(x - side, y - side), QPointF(x + side, y + side));
            painter->drawLine(QPointF(x - side, y + side), QPointF(x + side, y - side));
        } else if (packet.marks & (1 << FLOW_PICTURE_RETRANSMISSION)) {
            painter->drawEllipse(QPointF(x, y), side, side);
        } else if (packet.marks & (1 << FLOW_PICTURE_ZERO_WINDOW)) {
            painter->drawRect(QRectF(x - side, y - side, 2 * side, 2 * side));
        } else {
            double turn = packet.is_down ? -side : side;
            painter->drawPolygon(
                QPolygonF({ { x - side, y - turn }, { x + side, y - turn }, { x, y + turn } }));
        }
        painter->restore();
    }
}

void Timeline::draw_label(QCPPainter *painter, int line, const QRectF &bar)
{
    auto row = m_order[static_cast<size_t>(line)];
    QRect area = axisRect()->rect();
    QString app = flows().text("app", row);
    QString text = flows().ends(row) + QString::fromUtf8(" · ") +
                   (app.isEmpty() ? flows().text("proto_name", row) : app) +
                   QString::fromUtf8(" · ") + bytes_text(flows().number("bytes", row));
    double width = painter->fontMetrics().boundingRect(text).width() + 12.0;
    double left = std::max(bar.left(), static_cast<double>(area.left()));
    double right = std::min(bar.right(), static_cast<double>(area.right()));
    double x = right + 8;

    if (x + width > area.right()) {
        x = left - width;
        if (x < area.left())
            return; /* no room beside a bar that fills the picture; hovering says it */
    }
    painter->drawText(QRectF(x, bar.top() - 4, width, bar.height() + 8),
                      Qt::AlignVCenter | Qt::AlignLeft, text);
}

void Timeline::draw_bar(QCPPainter *painter, int line)
{
    auto row = m_order[static_cast<size_t>(line)];
    QRectF bar = bar_of(line);
    QRectF area = axisRect()->rect();
    bool with_packets = line_height() >= SHOWS_PACKETS && m_order.size() > 0;
    QColor colour = this->colour(row), body = colour;

    if (with_packets) {
        body.setAlphaF(0.55F);
        /* The handshake is lighter than the rest. */
        double syn = flows().number("tcp.ts_syn", row), ack = flows().number("tcp.ts_ack", row);
        painter->fillRect(bar & area, body);
        if (!std::isnan(syn) && !std::isnan(ack)) {
            QRectF handshake(QPointF(xAxis->coordToPixel(syn), bar.top()),
                             QPointF(xAxis->coordToPixel(ack), bar.bottom()));
            painter->fillRect(handshake & area, QBrush(look().background, Qt::BDiagPattern));
        }
        draw_packets(painter, line, bar);
    } else {
        painter->fillRect(bar & area.adjusted(-2, 0, 2, 0), colour);
    }
}

void Timeline::draw_bars(QCPPainter *painter)
{
    auto at = [this](double y) {
        return static_cast<int>(std::lower_bound(m_place.begin(), m_place.end(), y) -
                                m_place.begin());
    };
    int first = std::max(0, at(yAxis->range().lower) - 1), past = at(yAxis->range().upper);

    if (line_height() < 1) {
        draw_dense(painter, first, past);
        return;
    }
    for (int line = first; line < past; line++) {
        auto i = static_cast<size_t>(line);
        if (m_last[i] >= xAxis->range().lower && m_start[i] <= xAxis->range().upper)
            draw_bar(painter, line);
    }
    QFont font(QStringLiteral("DejaVu Sans"), 8);
    painter->setFont(font);
    painter->setPen(look().faint);
    for (int line = first; line < past && line_height() >= SHOWS_LABEL; line++) {
        QRectF bar = bar_of(line);
        if (bar.right() >= axisRect()->left() && bar.left() <= axisRect()->right())
            draw_label(painter, line, bar);
    }
    if (line_height() * GAP < SHOWS_LABEL)
        return;
    font.setBold(true);
    painter->setFont(font);
    painter->setPen(look().text);
    for (const auto &[line, name] : m_groups) {
        double y = yAxis->coordToPixel(m_place[static_cast<size_t>(line)] - 0.3F);
        painter->drawText(QPointF(axisRect()->left() + 6, y), name);
    }
}

/* An arrow to the packet that the packet list is at. */
void Timeline::draw_mark(QCPPainter *painter, const QRectF &bar)
{
    double x = xAxis->coordToPixel(marked_time()), tip = bar.top() - 2;

    if (std::isnan(marked_time()) || x < bar.left() - 1 || x > bar.right() + 1)
        return;
    painter->drawLine(QPointF(x, bar.top()), QPointF(x, bar.bottom()));
    painter->save();
    painter->setAntialiasing(true);
    painter->setBrush(look().mark);
    painter->drawPolygon(QPolygonF({ { x - 4, tip - 7 }, { x + 4, tip - 7 }, { x, tip } }));
    painter->restore();
}

void Timeline::draw_selection(QCPPainter *painter)
{
    auto outline = [this, painter](int row, const QColor &colour, double width) {
        if (row < 0 || static_cast<size_t>(row) >= m_line_of.size() ||
            m_line_of[static_cast<size_t>(row)] < 0)
            return;
        QRectF bar = bar_of(m_line_of[static_cast<size_t>(row)]);
        bar.setHeight(std::max(bar.height(), 3.0));
        bar &= QRectF(axisRect()->rect()).adjusted(-9, -9, 9, 9);
        if (bar.isEmpty())
            return;
        painter->setPen(QPen(colour, width));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(bar.adjusted(-2, -2, 2, 2));
        if (row == marked())
            draw_mark(painter, bar);
    };

    for (int row : selected())
        outline(row, look().selection, 2);
    outline(marked(), look().mark, 1);
}

int Timeline::row_at(const QPointF &place)
{
    double y = yAxis->pixelToCoord(place.y()), reach = std::max(1.0, 3 / line_height());
    int best = -1;
    double nearest = 6; /* pixels */

    auto from = std::lower_bound(m_place.begin(), m_place.end(), y - reach - 1) - m_place.begin();
    for (auto line = static_cast<int>(from);
         line < static_cast<int>(m_place.size()) && m_place[static_cast<size_t>(line)] < y + reach;
         line++) {
        QRectF bar = bar_of(line);
        double dx = std::max({ bar.left() - place.x(), place.x() - bar.right(), 0.0 });
        double dy = std::max({ bar.top() - place.y(), place.y() - bar.bottom(), 0.0 });
        if (std::hypot(dx, dy) < nearest) {
            nearest = std::hypot(dx, dy);
            best = static_cast<int>(m_order[static_cast<size_t>(line)]);
        }
    }
    return best;
}

std::set<int> Timeline::rows_in(const QRectF &area)
{
    std::set<int> rows;
    /* QCustomPlot's upright axes begin a pixel above their rectangle. */
    QRectF reach = area.adjusted(0, -1, 0, 0);

    for (size_t line = 0; line < m_order.size(); line++)
        if (reach.intersects(bar_of(static_cast<int>(line))))
            rows.insert(static_cast<int>(m_order[line]));
    return rows;
}

Table Timeline::table()
{
    static const char *const columns[] = { "id",   "start",   "last",           "bytes",
                                           "pkts", "tcp.rtt", "tcp.state_name", "app" };
    Table table;

    table.columns = QStringList({ "Flow", "Start (s)", "Last (s)", "Bytes", "Packets", "RTT (s)",
                                  "State", "Application", "Protocol", "Ends", "Host" });
    table.rows = m_order.size();
    table.cell = [this](size_t line, int number) {
        size_t row = m_order[line];
        switch (number - static_cast<int>(std::size(columns))) {
        case 0: return flows().text("proto_name", row);
        case 1: return flows().ends(row);
        case 2: return flows().text("host", row);
        default: break;
        }
        const Column *column = flows().column(QString::fromUtf8(columns[number]));
        return column ? cell_text(flows(), *column, row) : QString();
    };
    table.rows_of = [this](size_t line) {
        return std::vector<int>({ static_cast<int>(m_order[line]) });
    };
    table.table_row = [this](int row) { return m_line_of[static_cast<size_t>(row)]; };
    return table;
}
