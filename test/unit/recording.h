#ifndef FLOWSTATS_RECORDING_H
#define FLOWSTATS_RECORDING_H

/*
 * What a picture draws, a line for each shape: its kind, its places, relative to an area,
 * its brush and its pen: "rect 0,10 50x12 #4477aa -", "text 8,14 #1f2933 GET".
 */

#include "capture_host.h"
#include "plot.h"

#include <QPaintEngine>

class RecordingEngine : public QPaintEngine
{
  public:
    RecordingEngine() : QPaintEngine(AllFeatures) {}

    QPointF origin;
    QStringList lines;

    bool begin(QPaintDevice *) override
    {
        return true;
    }
    bool end() override
    {
        return true;
    }
    Type type() const override
    {
        return User;
    }
    void updateState(const QPaintEngineState &state) override
    {
        if (state.state() & DirtyPen)
            m_pen = state.pen();
        if (state.state() & DirtyBrush)
            m_brush = state.brush();
        if (state.state() & DirtyHints)
            m_is_smooth = state.renderHints() & QPainter::Antialiasing;
        if (state.state() & DirtyFont)
            m_font = state.font();
    }
    void drawRects(const QRectF *rects, int count) override
    {
        for (int i = 0; i < count; i++)
            note("rect", place(rects[i].topLeft()) + size(rects[i]));
    }
    void drawEllipse(const QRectF &rect) override
    {
        note("ellipse", place(rect.center()) + size(rect));
    }
    void drawLines(const QLineF *these, int count) override
    {
        for (int i = 0; i < count; i++)
            lines += "line " + place(these[i].p1()) + " " + place(these[i].p2()) + " " + pen();
    }
    void drawPolygon(const QPointF *points, int count, PolygonDrawMode mode) override
    {
        QStringList places;

        for (int i = 0; i < count; i++)
            places += place(points[i]);
        note(mode == PolylineMode ? "polyline" : "polygon", places.join(' '));
    }
    void drawPath(const QPainterPath &path) override
    {
        note("path", place(path.boundingRect().topLeft()) + size(path.boundingRect()));
    }
    void drawTextItem(const QPointF &at, const QTextItem &item) override
    {
        lines += "text " + place(at) + " " + m_pen.color().name() +
                 (m_font.bold() ? " bold " : " ") + item.text();
    }
    void drawPixmap(const QRectF &, const QPixmap &, const QRectF &) override {}

  private:
    static QString number(double of)
    {
        double tenths = std::round(of * 10) / 10;
        return QString::number(tenths == 0 ? 0 : tenths);
    }
    QString place(const QPointF &at) const
    {
        return number(at.x() - origin.x()) + "," + number(at.y() - origin.y());
    }
    static QString size(const QRectF &rect)
    {
        return " " + number(rect.width()) + "x" + number(rect.height());
    }
    static QString colour(const QColor &of)
    {
        return of.alpha() == 255 ? of.name() : of.name() + "/" + number(of.alphaF());
    }
    QString pen() const
    {
        return m_pen.style() == Qt::NoPen ? QStringLiteral("-")
                                          : colour(m_pen.color()) + ":" + number(m_pen.widthF()) +
                                                (m_is_smooth ? "~" : "");
    }
    QString brush() const
    {
        return m_brush.style() == Qt::NoBrush        ? QStringLiteral("-")
               : m_brush.style() == Qt::SolidPattern ? colour(m_brush.color())
                                                     : "////" + colour(m_brush.color());
    }
    void note(const QString &what, const QString &where)
    {
        lines += what + " " + where + " " + brush() + " " + pen();
    }

    QPen m_pen;
    QBrush m_brush;
    QFont m_font;
    bool m_is_smooth = false;
};

class Recording : public QPaintDevice
{
  public:
    explicit Recording(const QSize &size) : m_size(size) {}

    RecordingEngine *engine()
    {
        return &m_engine;
    }
    QPaintEngine *paintEngine() const override
    {
        return &m_engine;
    }

  protected:
    int metric(PaintDeviceMetric metric) const override
    {
        switch (metric) {
        case PdmWidth: return m_size.width();
        case PdmHeight: return m_size.height();
        case PdmDevicePixelRatio: return 1;
        case PdmDevicePixelRatioScaled: return int(QPaintDevice::devicePixelRatioFScale());
        case PdmNumColors: return INT_MAX;
        case PdmDepth: return 32;
        default: return 96;
        }
    }

  private:
    QSize m_size;
    mutable RecordingEngine m_engine;
};

/* All that is drawn, axes, texts and all. */
inline QStringList drawing_of(Plot &plot, const QPointF &origin)
{
    Recording recording(plot.size());
    QCPPainter painter;

    recording.engine()->origin = origin;
    painter.begin(&recording);
    painter.setModes(QCPPainter::pmVectorized | QCPPainter::pmNoCaching);
    plot.toPainter(&painter, plot.width(), plot.height());
    painter.end();
    return recording.engine()->lines;
}

/* Leave only what a picture draws itself: neither axes nor what stands above them. */
inline void hide_all_else(Plot &plot)
{
    for (QCPAxisRect *area : plot.axisRects())
        for (QCPAxis *axis : area->axes()) {
            axis->setVisible(false);
            axis->grid()->setVisible(false);
        }
    for (int row = 0; row < 3; row++)
        plot.plotLayout()->element(row, 0)->setVisible(false);
    plot.setBackground(QBrush(Qt::NoBrush));
}

/* That in which one of an axis is a pixel, from its left or its top on, and 0,0 is the corner. */
inline void in_pixels(QCPAxisRect *area)
{
    area->axis(QCPAxis::atBottom)->setRange(0, area->width());
    area->axis(QCPAxis::atLeft)->setRange(0, area->height());
}

/* A picture of a capture, drawn once so that it has its size. */
template <typename Picture> struct Drawn {
    explicit Drawn(CaptureHost &capture, const Choices &chosen = {})
        : choices(chosen), flows(capture.host()), plot(flows, choices)
    {
        plot.prepare();
        plot.resize(800, 600);
        plot.show();
        read();
    }
    void read()
    {
        flows.read(FLOW_PICTURE_ALL);
        again();
    }
    void again()
    {
        plot.rebuild();
        plot.fit();
        plot.replot();
    }
    QStringList shapes(QCPAxisRect *area = nullptr)
    {
        area = area ? area : plot.axisRect();
        hide_all_else(plot);
        return drawing_of(plot, area->topLeft());
    }
    QStringList words()
    {
        QStringList words;
        for (const QString &line : drawing_of(plot, {}))
            if (line.startsWith("text "))
                words += line.section(' ', 2);
        return words;
    }
    QStringList cells()
    {
        return QString::fromUtf8(csv_of(plot.table())).split("\r\n");
    }

    Choices choices;
    Flows flows;
    Picture plot;
};

/* Only what it draws itself, at its place. */
template <typename Picture> void make_bare(Drawn<Picture> &drawn)
{
    hide_all_else(drawn.plot);
    drawn.plot.replot();
}

#endif
