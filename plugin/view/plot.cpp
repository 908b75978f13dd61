#include "plot.h"

#include <QBuffer>
#include <QDateTime>
#include <QPageSize>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <QTimeZone>
#include <cmath>
#include <limits>
#include <utility>

namespace
{

/* Draws by a function, inside the axes or with the room beside them. */
class Canvas : public QCPLayerable
{
  public:
    Canvas(QCPAxisRect *area, const QString &layer, bool is_beside,
           std::function<void(QCPPainter *)> paint)
        : QCPLayerable(area->parentPlot(), layer), m_area(area), m_is_beside(is_beside),
          m_paint(std::move(paint))
    {
    }

  protected:
    void applyDefaultAntialiasingHint(QCPPainter *painter) const override
    {
        painter->setAntialiasing(false);
    }
    QRect clipRect() const override
    {
        return m_is_beside ? m_area->outerRect() : m_area->rect();
    }
    void draw(QCPPainter *painter) override
    {
        m_paint(painter);
    }

  private:
    QCPAxisRect *m_area;
    bool m_is_beside;
    std::function<void(QCPPainter *)> m_paint;
};

QFont font_of(int points, bool is_bold)
{
    QFont font(QStringLiteral("DejaVu Sans"), points);

    font.setBold(is_bold);
    return font;
}

QFont small_font()
{
    return font_of(8, false);
}

const double UNKNOWN = std::numeric_limits<double>::quiet_NaN();

/* A text above the axes, in as many lines as its words need. */
class Heading : public QCPTextElement
{
  public:
    using QCPTextElement::QCPTextElement;

  protected:
    QSize minimumOuterSizeHint() const override
    {
        int width = parentPlot()->width() - mMargins.left() - mMargins.right();
        QRect lines = QFontMetrics(mFont).boundingRect(QRect(0, 0, width, 0), mTextFlags, mText);

        return { 100, lines.height() + mMargins.top() + mMargins.bottom() };
    }
    QSize maximumOuterSizeHint() const override
    {
        return { QWIDGETSIZE_MAX, minimumOuterSizeHint().height() };
    }
};

/* Squares in colours and what they stand for, in as many lines as they need. */
class Legend : public QCPLayoutElement
{
  public:
    explicit Legend(QCustomPlot *plot) : QCPLayoutElement(plot) {}

    void set(const QStringList &names, const std::vector<QColor> &colours, const QColor &text)
    {
        m_names = names;
        m_colours = colours;
        m_text = text;
    }

  protected:
    QSize minimumOuterSizeHint() const override
    {
        return { 100, lay_out(parentPlot()->width(), nullptr) + 8 };
    }
    QSize maximumOuterSizeHint() const override
    {
        return { QWIDGETSIZE_MAX, minimumOuterSizeHint().height() };
    }
    void applyDefaultAntialiasingHint(QCPPainter *painter) const override
    {
        painter->setAntialiasing(false);
    }
    void draw(QCPPainter *painter) override
    {
        painter->setFont(small_font());
        lay_out(mOuterRect.width(), painter);
    }

  private:
    /* Return the height; painter: nullptr only to know it. */
    int lay_out(int width, QCPPainter *painter) const
    {
        QFontMetrics metrics(small_font());
        int side = metrics.ascent() - 2, line = metrics.height() + 3, x = 12, y = 0;

        for (int i = 0; i < m_names.size(); i++) {
            int wide = side + 6 + metrics.boundingRect(m_names[i]).width();
            if (x + wide > width - 12 && x > 12) {
                x = 12;
                y += line;
            }
            if (painter) {
                QRect square(mOuterRect.left() + x, mOuterRect.top() + y + 3, side, side);
                painter->fillRect(square, m_colours[static_cast<size_t>(i)]);
                painter->setPen(m_text);
                painter->drawText(QPointF(square.right() + 7, square.bottom() + 1), m_names[i]);
            }
            x += wide + 16;
        }
        return m_names.isEmpty() ? 0 : y + line;
    }

    QStringList m_names;
    std::vector<QColor> m_colours;
    QColor m_text;
};

void colour_axis(QCPAxis *axis, const Look &look)
{
    axis->setBasePen(QPen(look.faint));
    axis->setTickPen(QPen(look.faint));
    axis->setSubTickPen(QPen(look.faint));
    axis->setTickLabelColor(look.text);
    axis->setLabelColor(look.text);
    axis->grid()->setPen(QPen(look.grid));
    axis->grid()->setZeroLinePen(QPen(look.grid));
    axis->setTickLabelFont(font_of(8, false));
    axis->setLabelFont(font_of(9, false));
    axis->setLabelPadding(6);
    axis->setPadding(10);
    axis->setTickLength(0, 4);
    axis->setSubTickLength(0, 2);
}

} // namespace

Plot::Plot(Flows &flows, Choices &choices)
    : m_flows(flows), m_choices(choices), m_marked_time(UNKNOWN)
{
    m_title = new Heading(this, QString(), font_of(11, true));
    m_subtitle = new Heading(this, QString(), font_of(8, false));
    m_legend = new Legend(this);
    for (auto *text : { m_title, m_subtitle })
        text->setTextFlags(Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap);
    m_title->setMargins(QMargins(12, 8, 8, 0));
    m_subtitle->setMargins(QMargins(12, 0, 8, 2));

    plotLayout()->insertRow(0);
    plotLayout()->insertRow(0);
    plotLayout()->insertRow(0);
    plotLayout()->addElement(0, 0, m_title);
    plotLayout()->addElement(1, 0, m_subtitle);
    plotLayout()->addElement(2, 0, m_legend);
    plotLayout()->setRowSpacing(2);
    plotLayout()->setRowStretchFactor(0, 0.001);
    plotLayout()->setRowStretchFactor(1, 0.001);
    plotLayout()->setRowStretchFactor(2, 0.001);
    m_legend->setLayer(QStringLiteral("legend"));
    axisRect()->setMinimumMargins(QMargins(12, 4, 18, 8));

    addLayer(QStringLiteral("flows"), layer(QStringLiteral("main")));
    addLayer(QStringLiteral("over"), layer(QStringLiteral("flows")));
    layer(QStringLiteral("over"))->setMode(QCPLayer::lmBuffered);
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    setNoAntialiasingOnDrag(true);
    setMinimumSize(320, 200);
}

QString Plot::summary() const
{
    return counted(static_cast<double>(m_flows.size()), "flow");
}

void Plot::rebuild()
{
    const Look &look = look_of(m_choices.is_dark);

    m_classes = classes_of(m_flows, colouring_named(m_choices.colour_by));
    m_selected.clear();
    m_marked = -1;
    m_marked_time = UNKNOWN;
    setBackground(QBrush(look.background));
    for (QCPAxisRect *area : axisRects())
        colour_axes(area);
    QStringList entries;
    for (int i = 0; i < m_classes.names.size(); i++)
        entries += m_classes.names[i] + QString::fromUtf8(" · ") +
                   (m_classes.are_bytes ? bytes_text(m_classes.amounts[static_cast<size_t>(i)])
                                        : english(m_classes.amounts[static_cast<size_t>(i)]));
    set_legend(entries, m_classes.colours);
    build();

    QDateTime start = QDateTime::fromMSecsSinceEpoch(m_flows.base() / 1000000).toUTC();
    QString subtitle = summary();
    if (m_flows.size() > 0)
        subtitle += QString::fromUtf8(" · from ") +
                    start.toString(QStringLiteral("yyyy-MM-dd hh:mm:ss.zzz")) + " UTC";
    if (!m_choices.filter.isEmpty())
        subtitle += QString::fromUtf8(" · filter: ") + m_choices.filter;
    m_title->setText(m_choices.file);
    m_subtitle->setText(subtitle);
    m_title->setTextColor(look.text);
    m_subtitle->setTextColor(look.faint);
}

void Plot::set_legend(const QStringList &names, const std::vector<QColor> &colours)
{
    static_cast<Legend *>(m_legend)->set(names, colours, look().text);
}

void Plot::paint_flows(QCPAxisRect *area, Paint paint)
{
    new Canvas(area, QStringLiteral("flows"), false, std::move(paint));
}

void Plot::paint_over(QCPAxisRect *area, Paint paint)
{
    new Canvas(area, QStringLiteral("over"), false, std::move(paint));
}

void Plot::paint_beside(QCPAxisRect *area, Paint paint)
{
    new Canvas(area, QStringLiteral("legend"), true, std::move(paint));
}

void Plot::colour_axes(QCPAxisRect *area)
{
    for (QCPAxis *axis : area->axes())
        colour_axis(axis, look());
}

std::set<int> Plot::rows_at(const QPointF &place)
{
    int row = row_at(place);

    return row < 0 ? std::set<int>() : std::set<int>({ row });
}

QString Plot::text_at(const QPointF &place)
{
    int row = row_at(place);

    return row < 0 ? QString() : describe(row);
}

void Plot::select(const std::set<int> &rows)
{
    m_selected = rows;
    layer(QStringLiteral("over"))->replot();
}

void Plot::mark(int row, uint32_t frame)
{
    if (row == m_marked && frame == m_marked_frame)
        return;
    m_marked = row;
    m_marked_frame = frame;
    m_marked_time = row < 0 ? UNKNOWN : m_flows.time_of(static_cast<size_t>(row), frame);
    layer(QStringLiteral("over"))->replot();
}

void Plot::move(Qt::Orientation way, double share)
{
    QCPAxis *axis = way == Qt::Horizontal ? xAxis : yAxis;
    QRect area = axisRect()->rect();
    double pixels = share * (way == Qt::Horizontal ? area.width() : area.height());

    if (!(axisRect()->rangeDrag() & way))
        return;
    axis->setRange(axis->pixelToCoord(axis->coordToPixel(axis->range().lower) + pixels),
                   axis->pixelToCoord(axis->coordToPixel(axis->range().upper) + pixels));
}

void Plot::zoom(Qt::Orientations ways, double factor)
{
    QPoint middle = axisRect()->center();

    ways &= axisRect()->rangeZoom();
    if (ways & Qt::Horizontal)
        xAxis->scaleRange(factor, xAxis->pixelToCoord(middle.x()));
    if (ways & Qt::Vertical)
        yAxis->scaleRange(factor, yAxis->pixelToCoord(middle.y()));
}

QString Plot::describe(int row)
{
    auto i = static_cast<size_t>(row);
    QString text = m_flows.text("proto_name", i) + " " + m_flows.ends(i);
    QString state = m_flows.text("tcp.state_name", i), app = m_flows.text("app", i);
    QString host = m_flows.text("host", i);
    double rtt = m_flows.number("tcp.rtt", i);

    if (!host.isEmpty())
        text += "\n" + host;
    text += "\n" + bytes_text(m_flows.number("bytes", i)) + ", " +
            counted(m_flows.number("pkts", i), "packet") + ", " +
            seconds_text(m_flows.number("last", i) - m_flows.number("start", i));
    if (!std::isnan(rtt))
        text += "\nRTT " + seconds_text(rtt);
    if (!state.isEmpty())
        text += "\n" + state;
    if (!app.isEmpty())
        text += "\n" + app;
    return text;
}

void Plot::save(QIODevice &device, flow_picture_format format, const QSize &size)
{
    auto draw = [this, &size](QPaintDevice *on, double scale, QCPPainter::PainterModes modes) {
        QCPPainter painter;
        painter.begin(on);
        painter.setModes(modes);
        painter.scale(scale, scale);
        toPainter(&painter, size.width(), size.height());
        painter.end();
    };
    int marked = std::exchange(m_marked, -1);
    double marked_time = std::exchange(m_marked_time, UNKNOWN);

    switch (format) {
    case FLOW_PICTURE_PNG: {
        QImage image(size * 2, QImage::Format_RGB32);
        image.fill(look().background);
        draw(&image, 2, QCPPainter::pmNoCaching);
        image.setDotsPerMeterX(7559); /* 192 dots an inch */
        image.setDotsPerMeterY(7559);
        image.save(&device, "PNG");
        break;
    }
    case FLOW_PICTURE_PDF: {
        QPdfWriter writer(&device);
        writer.setTitle(m_choices.file);
        writer.setResolution(96);
        writer.setPageSize(QPageSize(QSizeF(size) * 0.75, QPageSize::Point));
        writer.setPageMargins(QMarginsF(0, 0, 0, 0));
        draw(&writer, 1, QCPPainter::pmVectorized | QCPPainter::pmNoCaching);
        break;
    }
    case FLOW_PICTURE_SVG: {
        QSvgGenerator generator;
        generator.setOutputDevice(&device);
        generator.setTitle(m_choices.file);
        generator.setResolution(96);
        generator.setSize(size);
        generator.setViewBox(QRect(QPoint(0, 0), size));
        draw(&generator, 1, QCPPainter::pmVectorized | QCPPainter::pmNoCaching);
        break;
    }
    }
    m_marked = marked;
    m_marked_time = marked_time;
}

QByteArray csv_of(const Table &table)
{
    auto line = [](const QStringList &cells) {
        QStringList quoted;
        for (QString cell : cells)
            quoted += cell.contains(QRegularExpression(QStringLiteral("[\",\r\n]")))
                          ? "\"" + cell.replace("\"", "\"\"") + "\""
                          : cell;
        return quoted.join(',').toUtf8() + "\r\n";
    };
    QByteArray text = line(table.columns);

    for (size_t row = 0; row < table.rows; row++) {
        QStringList cells;
        for (int column = 0; column < table.columns.size(); column++)
            cells += table.cell(row, column);
        text += line(cells);
    }
    return text;
}
